//! API keys: what programs use this API with. No key opens these: whoever administers them has signed in.

mod create;
mod list;
mod revoke;
mod show;
mod update;

use crate::ask::Ask;
use crate::error::ApiError;
use crate::state::Api;
use antiphon_domain as domain;
use antiphon_domain::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::list_api_keys, create::create_api_key)).routes(routes!(
        show::show_api_key,
        update::update_api_key,
        revoke::revoke_api_key
    ))
}

/// A key of this API, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// `key_` and 16 hex digits; no secret.
    id: String,
    name: String,
    /// In whose name it acts.
    user_id: String,
    /// What it opens: `users:read`, `users:write` and so on; writing opens reading, too.
    scopes: Vec<String>,
    /// Where it may be used from, as `address/prefix`; empty: everywhere.
    networks: Vec<String>,
    /// How its secret begins.
    beginning: String,
    /// Refused from then on, UTC milliseconds; null: never.
    #[schema(required)]
    expires_at: Option<i64>,
    /// Null: never so far.
    #[schema(required)]
    last_used_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

fn shown(ask: &Ask, key: &domain::ApiKey) -> Result<ApiKey, ApiError> {
    Ok(ApiKey {
        id: key.id.to_string(),
        name: key.name.clone(),
        user_id: key.user.to_string(),
        scopes: key.scopes.iter().map(ToString::to_string).collect(),
        networks: key.networks.iter().map(ToString::to_string).collect(),
        beginning: key.beginning.clone(),
        expires_at: key.expires_at.map(|at| at.0),
        last_used_at: ask.app().api_key_used(&*ask.view()?, key.id).map(|at| at.0),
        created_at: key.created_at.0,
        updated_at: key.updated_at.0,
    })
}

fn scopes(names: &[String]) -> Result<Vec<Scope>, ApiError> {
    let known = || Scope::all().map(|scope| scope.to_string()).collect::<Vec<_>>().join(", ");
    let bad = |name: &str| ApiError::invalid("scopes", format!("there is no scope `{name}`")).remedy(format!("there are {}", known()));
    names.iter().map(|name| Scope::from_name(name).ok_or_else(|| bad(name))).collect()
}
