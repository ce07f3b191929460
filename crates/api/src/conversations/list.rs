//! `GET …/conversations`.

use super::{ConversationSummary, Place, READERS, shown};
use crate::ask::Ask;
use crate::error::ApiError;
use crate::page::Page;
use antiphon_app::ports::store::ConversationFilter;
use axum::Json;

/// Longest text to search for, in characters.
const MOST_TEXT: usize = 200;

/// Conversations, newest change first: all of them with `view_all_conversations`, else those that the caller serves.
///
/// `agent` is a user's id, `me`, or `none` for those without an agent; `q` finds consumers by name or address.
#[utoipa::path(get, path = "/api/v1/accounts/{account}/conversations", tag = "conversations",
    params(("state" = Option<String>, Query), ("agent" = Option<String>, Query), ("skill" = Option<String>, Query),
        ("consumer" = Option<String>, Query), ("q" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<ConversationSummary>)))]
pub(crate) async fn list_conversations(ask: Ask) -> Result<Json<Page<ConversationSummary>>, ApiError> {
    ask.require(&READERS)?;
    let mut query = ask.query()?;
    let page = query.page()?;
    let mut filter = ConversationFilter {
        open: query.one_of("state", &[("open", true), ("closed", false)])?,
        skill: query.parsed("skill")?,
        consumer: query.parsed("consumer")?,
        text: query.text("q").map(|text| text.chars().take(MOST_TEXT).collect()),
        ..ConversationFilter::default()
    };
    match query.text("agent").as_deref() {
        None => {}
        Some("me") => filter.involving = Some(ask.caller().id()),
        Some("none") => filter.unassigned = true,
        Some(user) => filter.involving = Some(crate::given::id("agent", user)?),
    }
    query.finish()?;
    let after = page.after::<Place>()?.map(|place| place.0);
    let rows = ask.app().conversations(ask.caller(), filter, after, page.limit + 1).await?;
    let rows = Page::of(rows, page.limit, |row| format!("{} {}", row.updated_at, row.id), |row| row);
    let mut items = Vec::with_capacity(rows.items.len());
    for row in &rows.items {
        items.push(shown(&ask, row).await?);
    }
    Ok(Json(Page { items, next: rows.next }))
}
