//! Channel apps: the brand's apps at vendors, with app-wide secrets.

mod create;
mod list;
mod show;
mod update;

use crate::ask::Ask;
use crate::sources::{Credential, masked};
use crate::state::Api;
use antiphon_domain as domain;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_channel_apps, create::create_channel_app))
        .routes(routes!(show::show_channel_app, update::update_channel_app))
}

/// The brand's app at a vendor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelApp {
    /// `app_` and 16 hex digits.
    id: String,
    channel: String,
    name: String,
    /// Of secrets only whether they are set.
    credentials: BTreeMap<String, Credential>,
    /// What to enter at the vendor.
    webhook_url: String,
    created_at: i64,
    updated_at: i64,
}

fn shown(ask: &Ask, app: &domain::ChannelApp) -> ChannelApp {
    let kind = ask.app().channel(&app.channel).map(|channel| channel.describe());
    ChannelApp {
        id: app.id.to_string(),
        channel: app.channel.clone(),
        name: app.name.clone(),
        credentials: masked(kind.map_or(&[], |kind| kind.app_credentials), &app.credentials),
        webhook_url: format!("{}/webhooks/{}/app/{}", ask.app().public_url(), app.channel, app.id),
        created_at: app.created_at.0,
        updated_at: app.updated_at.0,
    }
}
