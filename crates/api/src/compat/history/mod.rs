//! The history of conversations, for connectors and bots: searches by conversation and by consumer, and agents' states now.
//!
//! Every answer comes from the same store as the sockets'. Who may not see a conversation gets an answer without it. The
//! shapes are described in `docs/reference/history.md`.

mod agents;
mod asked;
mod attributes;
mod participants;
mod story;
mod surveys;
mod times;
mod transfers;

pub(super) use agents::status;

use super::Shared;
use antiphon_app::history::MOST_OF_CONSUMER;
use antiphon_app::query::ReadRefused;
use antiphon_app::session::AuthError;
use antiphon_app::{AccountView, Caller};
use antiphon_domain::{ConsumerId, ConversationId};
use axum::Json;
use axum::body::{self, Body};
use axum::extract::{OriginalUri, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Largest body of a search, in bytes.
const MAX_BODY: usize = 64 << 10;
/// Most conversations of one answer, and most ids of one question.
const MOST: usize = 100;
/// How many conversations of a consumer an answer holds when nobody says.
const USUAL: usize = 50;

/// What every search takes in its query; anything else is passed over.
#[derive(Deserialize)]
pub(super) struct Paging {
    offset: Option<usize>,
    limit: Option<usize>,
    sort: Option<String>,
}

impl Paging {
    fn bounds(&self) -> Result<(usize, usize), Refused> {
        let (offset, limit) = (self.offset.unwrap_or(0), self.limit.unwrap_or(USUAL));
        if !(1..=MOST).contains(&limit) {
            return Err(Refused::bad(format!("limit: from 1 to {MOST}")));
        }
        if offset + limit > MOST_OF_CONSUMER {
            return Err(Refused::bad(format!("offset: together with limit at most {MOST_OF_CONSUMER}")));
        }
        Ok((offset, limit))
    }

    /// Whether the earliest start comes first.
    fn ascending(&self) -> Result<bool, Refused> {
        match self.sort.as_deref() {
            None | Some("" | "start" | "start:desc" | "end" | "end:desc") => Ok(false),
            Some("start:asc" | "end:asc") => Ok(true),
            Some(_) => Err(Refused::bad("sort: start or end, with :asc or :desc")),
        }
    }
}

/// Why a search was refused.
pub(super) struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    fn unavailable() -> Self {
        let message = "the store is unavailable; try again in a few seconds".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, message }
    }

    fn with(status: StatusCode, message: &str) -> Self {
        Self { status, message: message.to_owned() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = self.status.canonical_reason().unwrap_or_default();
        let error = json!({ "message": self.message, "internalCode": self.status.as_u16(), "responseStatus": status });
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// `POST …/conversations/conversation/search`: one conversation, or up to a hundred, by id.
pub(super) async fn by_conversation(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (caller, view) = admitted(&shared, &account, &headers).await?;
    let asked: asked::ByConversation = read(&shared, body).await?;
    let parts = asked.content_to_retrieve.parts();
    let mut ids = asked.conversation_ids.unwrap_or_default();
    ids.extend(asked.conversation_id);
    if ids.is_empty() || ids.len() > MOST {
        return Err(Refused::bad(format!("conversationId: name one, or up to {MOST} in conversationIds")));
    }
    let (offset, limit) = paging.bounds()?;
    let mut stories = Vec::new();
    for id in ids {
        // An id of another form names no conversation of ours.
        let Ok(id) = id.parse::<ConversationId>() else { continue };
        match shared.app.history(&caller, id, parts.wanted()).await {
            Ok(story) => stories.push(story),
            Err(ReadRefused::NotFound | ReadRefused::Forbidden) => {}
            Err(ReadRefused::Unavailable(_)) => return Err(Refused::unavailable()),
        }
    }
    stories.sort_by_key(|story| (story.conversation.started_at, story.conversation.id));
    if !paging.ascending()? {
        stories.reverse();
    }
    let count = stories.len();
    let page = stories.iter().skip(offset).take(limit).map(|story| story::record(&shared.app, &view, story, parts)).collect();
    Ok(answer(&uri, count, page))
}

/// `POST …/conversations/consumer/search`: a consumer's conversations, paged.
pub(super) async fn by_consumer(
    State(shared): State<Arc<Shared>>,
    Path(account): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (caller, view) = admitted(&shared, &account, &headers).await?;
    let asked: asked::ByConsumer = read(&shared, body).await?;
    let parts = asked.content_to_retrieve.parts();
    let open = asked.open()?;
    let consumer = asked.consumer.unwrap_or_default();
    if consumer.is_empty() {
        return Err(Refused::bad("consumer: name the consumer by id"));
    }
    let (offset, limit) = paging.bounds()?;
    let ascending = paging.ascending()?;
    let Ok(consumer) = consumer.parse::<ConsumerId>() else { return Ok(answer(&uri, 0, Vec::new())) };
    let page = (offset, limit, ascending);
    let told = shared.app.histories_of_consumer(&caller, consumer, open, page, parts.wanted()).await;
    let (count, stories) = told.map_err(|_| Refused::unavailable())?;
    let records = stories.iter().map(|story| story::record(&shared.app, &view, story, parts)).collect();
    Ok(answer(&uri, count, records))
}

fn answer(uri: &http::Uri, count: usize, records: Vec<Value>) -> Response {
    let metadata = json!({
        "count": count,
        "self": { "rel": "self", "href": uri.path_and_query().map_or("", |path| path.as_str()) },
        "shardsStatusResult": { "partialResult": false },
    });
    Json(json!({ "_metadata": metadata, "conversationHistoryRecords": records })).into_response()
}

/// The signed-in user behind the bearer token.
async fn admitted(shared: &Shared, account: &str, headers: &HeaderMap) -> Result<(Caller, Arc<AccountView>), Refused> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let caller = match shared.app.authenticate(bearer).await {
        Ok(authenticated) if authenticated.caller.account.as_str() == account => authenticated.caller,
        Ok(_) => return Err(Refused::with(StatusCode::UNAUTHORIZED, "the session belongs to another account")),
        Err(AuthError::Unavailable(_)) => return Err(Refused::unavailable()),
        Err(error) => return Err(Refused::with(StatusCode::UNAUTHORIZED, &error.to_string())),
    };
    let directory = shared.app.directory();
    let view = directory.account(&caller.account).ok_or_else(Refused::unavailable)?;
    Ok((caller, Arc::clone(view)))
}

async fn read<T: for<'a> Deserialize<'a>>(shared: &Shared, body: Body) -> Result<T, Refused> {
    let bytes = match shared.within(shared.limits.body_ms, body::to_bytes(body, MAX_BODY)).await {
        Some(Ok(bytes)) => bytes,
        Some(Err(_)) => return Err(Refused::with(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")),
        None => return Err(Refused::with(StatusCode::REQUEST_TIMEOUT, "the body took too long to arrive")),
    };
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| Refused::bad(format!("the body is no search of this kind: {error}")))
}
