//! Profiles: named sets of privileges.

mod create;
mod list;
mod show;
mod update;

use crate::state::Api;
use antiphon_domain as domain;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_profiles, create::create_profile))
        .routes(routes!(show::show_profile, update::update_profile))
}

/// A named set of privileges.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    /// Its name: users carry it.
    id: String,
    name: String,
    /// Built-in ones never change.
    builtin: bool,
    privileges: Vec<String>,
}

fn shown(profile: &domain::Profile) -> Profile {
    Profile {
        id: profile.name.clone(),
        name: profile.name.clone(),
        builtin: domain::Profile::builtin().iter().any(|builtin| builtin.name == profile.name),
        privileges: profile.privileges.iter().map(|privilege| privilege.name().to_owned()).collect(),
    }
}
