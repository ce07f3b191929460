//! `POST …/apps/{id}/secret`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_domain::Privilege;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the secret is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecret {
    /// For how many seconds the old secret goes on being accepted; at most 30 days, a day when not given.
    #[serde(default = "a_day")]
    keep_secret_s: i64,
}

fn a_day() -> i64 {
    86_400
}

/// A secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewSecret {
    client_id: String,
    client_secret: String,
    /// Until when the old one is accepted.
    #[schema(required)]
    previous_secret_until: Option<i64>,
}

/// Gives an outside program a new secret, and shows it this once. Needs `manage_sources`.
#[utoipa::path(post, path = "/api/v1/accounts/{account}/apps/{id}/secret", tag = "apps", request_body = RotateSecret, responses((status = 200, body = NewSecret)))]
pub(crate) async fn rotate_app_secret(ask: Ask) -> Result<Json<NewSecret>, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let id: String = ask.id("app")?;
    let wanted: RotateSecret = ask.json()?;
    let app = ask.app().rotate_client_secret(&ask.act()?, &id, wanted.keep_secret_s).await?;
    Ok(Json(NewSecret {
        client_id: app.client_id.clone(),
        client_secret: app.client_secret.clone(),
        previous_secret_until: app.previous_secret.as_ref().map(|(_, until)| until.0),
    }))
}
