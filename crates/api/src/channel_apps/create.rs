//! `POST …/channel-apps`.

use super::{ChannelApp, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use crate::given;
use antiphon_app::administration::{self, Revision};
use antiphon_domain::Privilege;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A channel app to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChannelApp {
    channel: String,
    /// Unique in the account and channel.
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    credentials: Option<BTreeMap<String, serde_json::Value>>,
}

/// Makes a channel app. Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/channel-apps", tag = "channel apps", request_body = NewChannelApp, responses((status = 201, body = ChannelApp)))]
pub(crate) async fn create_channel_app(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let new: NewChannelApp = ask.json()?;
    let credentials = given::values("credentials", new.credentials)?;
    let new = administration::NewChannelApp { channel: new.channel, name: new.name, credentials };
    let app = ask.app().create_channel_app(&ask.act()?, new).await?;
    Ok(tagged(StatusCode::CREATED, Revision::from(&*app), shown(&ask, &app)))
}
