//! `PATCH …/channel-apps/{id}`.

use super::{ChannelApp, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{ChannelAppPatch, Revision};
use antiphon_domain::{ChannelAppId, Privilege};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Changes of a channel app; what is not given stays, also inside `credentials`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelAppChanges {
    name: Option<String>,
    /// Null removes a value.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    credentials: Option<BTreeMap<String, serde_json::Value>>,
}

/// Changes a channel app. Needs `manage_sources`.
#[utoipa::path(patch, path = "/api/v1/accounts/{account}/channel-apps/{id}", tag = "channel apps", request_body = ChannelAppChanges, responses((status = 200, body = ChannelApp)))]
pub(crate) async fn update_channel_app(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let id: ChannelAppId = ask.id("channel app")?;
    let changes: ChannelAppChanges = ask.json()?;
    let patch = ChannelAppPatch { name: changes.name, credentials: given::values("credentials", changes.credentials)? };
    let app = ask.app().update_channel_app(&ask.act()?, id, patch, ask.expected()?.as_ref()).await?;
    Ok(tagged(StatusCode::OK, Revision::from(&*app), shown(&ask, &app)))
}
