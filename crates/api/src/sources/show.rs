//! `GET …/sources/{id}`.

use super::{Source, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::{Privilege, SourceId};
use axum::response::Response;
use http::StatusCode;

/// One source. Needs `manage_sources`.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/sources/{id}", tag = "sources", responses((status = 200, body = Source)))]
pub(crate) async fn show_source(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&[Privilege::ManageSources])?;
    let view = ask.view()?;
    let source = view.sources.get(&ask.id::<SourceId>("source")?).ok_or_else(|| ApiError::not_found("source"))?;
    Ok(tagged(StatusCode::OK, Revision::from(&**source), shown(&ask, source)))
}
