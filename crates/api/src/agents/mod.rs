//! Agents: users as routing sees them.

mod colleagues;
mod list;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::list_agents)).routes(routes!(colleagues::list_colleagues))
}
