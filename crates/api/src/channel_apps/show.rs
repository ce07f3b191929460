//! `GET …/channel-apps/{id}`.

use super::{ChannelApp, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::{ChannelAppId, Privilege};
use axum::response::Response;
use http::StatusCode;

/// One channel app. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/channel-apps/{id}", tag = "channel apps", responses((status = 200, body = ChannelApp)))]
pub(crate) async fn show_channel_app(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let view = ask.view()?;
    let app = view.channel_apps.get(&ask.id::<ChannelAppId>("channel app")?).ok_or_else(|| ApiError::not_found("channel app"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**app), shown(&ask, app)))
}
