//! `DELETE …/apps/{id}`.

use crate::ask::Ask;
use crate::error::ApiError;
use antiphon_app::administration::AppGuard;
use antiphon_domain::Privilege;
use http::StatusCode;

/// Removes an outside program: it can't sign in any more, and its source is off. What it wrote stays. Needs `manage_sources`.
#[utoipa::path(delete, path = "/api/v1/accounts/{account}/apps/{id}", tag = "apps", responses((status = 204)))]
pub(crate) async fn remove_app(ask: Ask) -> Result<StatusCode, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let expected = ask.expected()?;
    let guard = expected.as_ref().map_or(AppGuard::Anything, AppGuard::Unchanged);
    ask.app().remove_connector_app(&ask.act()?, &ask.id::<String>("app")?, guard).await?;
    Ok(StatusCode::NO_CONTENT)
}
