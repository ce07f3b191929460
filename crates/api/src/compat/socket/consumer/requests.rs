//! What a consumer's connection may ask. The few things that only a socket can do are here and in `subscribe`; everything else
//! is what `compat::consumer` fulfils for the Send API too.

use super::super::connection::Gone;
use super::super::envelope::{Failure, Out, Request, respond};
use super::super::publish_event::client_message_id;
use super::client::introduction;
use super::subscribe;
use super::visit::Visit;
use crate::compat::consumer::{Done, fulfil};
use crate::compat::links::LinkWire;
use antiphon_domain::DialogNumber;
use serde_json::json;
use serde_json::value::RawValue;

/// The type of responses whose body is a bare string.
pub(super) const STRING_RESPONSE: &str = "StringResponse";

/// What a client is told, and whether the connection ends then.
pub(super) type Refused = (Failure, Option<Gone>);

/// Answers a request: exactly one response, pushed here or made of the failure.
pub(super) async fn answer(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Refused> {
    metrics::counter!("antiphon_consumer_requests_total").increment(1);
    match request.name.as_str() {
        "GetClock" => out.push(respond(request, 200, "GetClockResponse", json!({ "currentTime": visit.shared.app.clock().now().0 }))),
        "KeepAlive" => out.push(respond(request, 200, STRING_RESPONSE, "OK")),
        "InitConnection" => introduce(visit, request, out).await?,
        _ => known(visit, request, out).await.map_err(|failure| (failure, None))?,
    }
    Ok(())
}

/// `InitConnection`: whose the connection is, and with which program. It may come again, with a token that lives longer.
async fn introduce(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Refused> {
    let said = introduction(request.headers, visit.address);
    if let Some(client) = said.client {
        visit.introduce(client);
    }
    match said.token {
        Some(token) => visit.identify(&token).await.map_err(|(failure, gone)| (failure, Some(gone)))?,
        None => visit.caller().map(|_| ()).map_err(|failure| (failure, None))?,
    }
    out.push(respond(request, 200, "InitConnectionResponse", json!({})));
    Ok(())
}

/// What only somebody whom we know may ask.
async fn known(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let caller = visit.caller()?.clone();
    match request.name.as_str() {
        "SubscribeExConversations" => subscribe::conversations(visit, request, out).await,
        "UnsubscribeExConversations" => subscribe::no_conversations(visit, request, out),
        "SubscribeMessagingEvents" | "QueryMessages" => subscribe::events(visit, request, out).await,
        "GetUserProfile" => match named_user(visit, request)? {
            Some(profile) => {
                out.push(respond(request, 200, "userprofile.GetUserProfileResponse", profile));
                Ok(())
            }
            None => own_profile(visit, request, out).await,
        },
        _ => {
            let app = &visit.shared.app;
            // The program's own id of the request makes it harmless to repeat.
            let key = request.metadata.as_deref().map_or(Ok(None), client_message_id)?;
            let done = fulfil(app, &caller, request, key.as_deref()).await?;
            out.push(match done {
                Done::Published(sequence) => respond(request, 200, "ms.PublishEventResponse", json!({ "sequence": sequence })),
                Done::Opened(conversation) => {
                    // Who opened it here wants to hear of it here.
                    visit.subscriptions.seen.entry((conversation, DialogNumber::MAIN)).or_insert(0);
                    respond(request, 200, "cm.RequestConversationResponse", json!({ "conversationId": conversation.to_string() }))
                }
                Done::Said(sentence) => respond(request, 200, STRING_RESPONSE, sentence),
                Done::Linked(link) => respond(request, 200, "ms.GenerateURLResponse", LinkWire::from(link)),
            });
            Ok(())
        }
    }
}

/// `GetUserProfile` of whoever serves the consumer: what consumers may see of them, which is their nickname. Only by the id that
/// stands in what they wrote: nobody can guess it. `None` when the request names nobody, or the consumer.
fn named_user(visit: &Visit, request: &Request<'_>) -> Result<Option<serde_json::Value>, Failure> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Named {
        Id(String),
        #[serde(rename_all = "camelCase")]
        Object {
            user_id: Option<String>,
        },
    }
    let named = match serde_json::from_str(request.body.map_or("{}", RawValue::get)) {
        Ok(Named::Id(id)) => Some(id),
        Ok(Named::Object { user_id }) => user_id,
        Err(_) => return Err(Failure::bad_request("body: must be an id, or an object with userId")),
    };
    let Some(pid) = named.and_then(|id| id.to_ascii_lowercase().parse().ok()) else { return Ok(None) };
    let directory = visit.shared.app.directory();
    let user = directory.account(&visit.account).and_then(|view| view.user_by_pid(pid)).map(|user| user.nickname.clone());
    let nickname = user.ok_or_else(|| Failure::not_found("nobody has this id"))?;
    Ok(Some(json!({"userId": pid.to_string(), "firstName": nickname, "lastName": "", "avatarUrl": "", "role": "", "description": ""})))
}

/// `GetUserProfile`: what is known about the consumer themselves, as a list of engagement attributes. No other consumer's.
async fn own_profile(visit: &mut Visit, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let caller = visit.caller()?;
    let consumer = visit.shared.app.own_profile(caller).await.map_err(|_| Failure::unavailable())?;
    let profile = consumer.as_ref().and_then(|consumer| consumer.profile.as_deref());
    let lists =
        profile.into_iter().flat_map(|profile| [profile.attributes.as_ref(), profile.claims.as_ref().map(|claims| &claims.attributes)]);
    let attributes: Vec<Box<RawValue>> =
        lists.flatten().flat_map(|json| serde_json::from_str::<Vec<Box<RawValue>>>(json).unwrap_or_default()).collect();
    out.push(respond(request, 200, "userprofile.GetUserProfileResponse", attributes));
    Ok(())
}
