//! `GET …/conversations/{id}`.

use super::{ConversationSummary, READERS, shown};
use crate::ask::{Ask, tagged};
use crate::error::ApiError;
use antiphon_app::administration::Revision;
use antiphon_domain::ConversationId;
use axum::response::Response;
use http::StatusCode;

/// One conversation, if the caller may see it.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/conversations/{id}", tag = "conversations", responses((status = 200, body = ConversationSummary)))]
pub(crate) async fn show_conversation(ask: Ask) -> Result<Response, ApiError> {
    ask.require(&READERS)?;
    let id: ConversationId = ask.id("conversation")?;
    let conversation = ask.app().conversation(ask.caller(), id).await?;
    Ok(tagged(StatusCode::OK, Revision(conversation.version.to_string()), shown(&ask, &conversation).await?))
}
