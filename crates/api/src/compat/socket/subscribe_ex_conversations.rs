//! `SubscribeExConversations`: conversations that match a filter, now and from now on.
//!
//! The response comes first, then the snapshot (perhaps empty), then what changes. All of the account, or other agents'
//! conversations, need the privilege to see them.

use super::super::identity::user_named;
use super::envelope::{Failure, OneOrMany, Out, Request, TextOrNumber, body, respond, respond_sentence};
use super::resync;
use super::session::Session;
use super::subscriptions::{ConversationSubscription, Filter, MAX_SUBSCRIPTIONS, States};
use antiphon_app::AccountView;
use antiphon_domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Most agents of one filter.
const MAX_AGENTS: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    conv_state: Option<OneOrMany<String>>,
    stage: Option<OneOrMany<String>>,
    agent_ids: Option<OneOrMany<Option<TextOrNumber>>>,
    min_last_updated_time: Option<i64>,
    max_last_updated_time: Option<i64>,
    consumer_id: Option<String>,
    conversation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    subscription_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscribed<'a> {
    subscription_id: &'a str,
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let filter = read_filter(body(request)?, &session.view(), session.caller.id())?;
    refuse_others(session, &filter)?;
    if session.subscriptions().conversations.len() >= MAX_SUBSCRIPTIONS {
        return Err(Failure::too_many(format!("at most {MAX_SUBSCRIPTIONS} subscriptions on one connection; unsubscribe from one first")));
    }
    let id = session.new_subscription_id();
    session.subscriptions().conversations.push(ConversationSubscription::new(id.clone(), filter));
    // Heard before it is read: what changes in between is told once, by its version.
    session.tune();
    let at = out.len();
    if resync::snapshot(session, out).await.is_err() {
        session.subscriptions().conversations.pop();
        session.tune();
        out.truncate(at);
        return Err(Failure::unavailable());
    }
    let response = respond(request, 200, ".ams.aam.SubscribeExConversations$Response", Subscribed { subscription_id: &id });
    out.insert(at, response);
    Ok(())
}

/// `UpdateExConversationSubscription`: another filter for a subscription. What matched the old one and not the new one is told
/// as gone with its next change; the snapshot of the new one comes at once.
pub(super) async fn change(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let id =
        body::<Changed>(request)?.subscription_id.ok_or_else(|| Failure::missing("subscriptionId: name the subscription to change"))?;
    let filter = read_filter(body(request)?, &session.view(), session.caller.id())?;
    refuse_others(session, &filter)?;
    let before = session.subscriptions().conversations.iter().position(|subscription| *subscription.id == *id);
    let before = before.ok_or_else(|| Failure::not_found("subscriptionId: this connection has no such subscription"))?;
    let old = session.subscriptions().conversations.remove(before);
    session.subscriptions().conversations.push(ConversationSubscription::new(id, filter));
    session.tune();
    let at = out.len();
    if resync::snapshot(session, out).await.is_err() {
        session.subscriptions().conversations.pop();
        session.subscriptions().conversations.push(old);
        session.tune();
        out.truncate(at);
        return Err(Failure::unavailable());
    }
    out.insert(at, respond_sentence(request, 200, "OK Subscription updated successfully"));
    Ok(())
}

fn refuse_others(session: &Session, filter: &Filter) -> Result<(), Failure> {
    if session.sees_all() || filter.agents == [session.caller.id()] {
        return Ok(());
    }
    Err(Failure::forbidden(
        "agentIds: you may subscribe to your own conversations only, so name yourself; others need the privilege view_all_conversations",
    ))
}

fn read_filter(body: Body, view: &AccountView, me: UserId) -> Result<Filter, Failure> {
    let agents = body.agent_ids.map(OneOrMany::into_vec).unwrap_or_default();
    if agents.len() > MAX_AGENTS {
        return Err(Failure::bad_request(format!("agentIds: at most {MAX_AGENTS} agents")));
    }
    let mut ids = Vec::new();
    for agent in agents {
        // Clients that connect with a ready-made token don't know their own id and send null for it.
        let id = match agent.map(TextOrNumber::into_text) {
            None => me,
            Some(text) => user_named(view, &text).ok_or_else(|| Failure::bad_request(format!("agentIds: there is no user {text:?}")))?,
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let parse = |name: &str, text: String| Failure::bad_request(format!("{name}: {text:?} is no id of this kind"));
    Ok(Filter {
        state: read_states("convState", body.conv_state)?,
        stage: read_states("stage", body.stage)?,
        agents: ids,
        updated_from: body.min_last_updated_time.map(Timestamp),
        updated_to: body.max_last_updated_time.map(Timestamp),
        consumer: body.consumer_id.map(|text| text.parse().map_err(|_| parse("consumerId", text))).transpose()?,
        conversation: body.conversation_id.map(|text| text.parse().map_err(|_| parse("conversationId", text))).transpose()?,
    })
}

pub(super) fn read_states(name: &str, list: Option<OneOrMany<String>>) -> Result<States, Failure> {
    let list = list.map(OneOrMany::into_vec).unwrap_or_default();
    if list.is_empty() {
        return Ok(States::ANY);
    }
    let mut states = States { open: false, close: false };
    for state in list {
        match state.as_str() {
            "OPEN" => states.open = true,
            "CLOSE" => states.close = true,
            // Known to clients; nothing is ever in it.
            "LOCKED" => {}
            other => return Err(Failure::bad_request(format!("{name}: {other:?} is none of OPEN, CLOSE, LOCKED"))),
        }
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixtures;

    fn read(text: &str) -> Result<Filter, Failure> {
        let body = serde_json::from_str(text).expect(text);
        read_filter(body, &fixtures::view(), UserId(77))
    }

    #[test]
    fn filters_of_all_known_clients_are_read() {
        let any = Filter {
            state: States::ANY,
            stage: States::ANY,
            agents: vec![],
            updated_from: None,
            updated_to: None,
            consumer: None,
            conversation: None,
        };
        let open = States { open: true, close: false };
        let check = |text: &str, expected: &Filter| assert_eq!(read(text).as_ref(), Ok(expected), "{text}");
        check("{}", &any);
        check(r#"{"agentIds":null,"brandId":"12","convState":[]}"#, &any);
        check(r#"{"convState":["OPEN"]}"#, &Filter { state: open, ..any.clone() });
        check(r#"{"convState":"OPEN","stage":["OPEN","CLOSE"]}"#, &Filter { state: open, ..any.clone() });
        check(r#"{"stage":["OPEN","LOCKED"]}"#, &Filter { stage: open, ..any.clone() });
        let own = Filter { agents: vec![UserId(77)], ..any.clone() };
        check(r#"{"agentIds":["12.77"]}"#, &own);
        check(r#"{"agentIds":"12.77"}"#, &own);
        check(r#"{"agentIds":["4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d","12.77",null]}"#, &own);
        check(r#"{"agentIds":[null]}"#, &own);
        let bounds = Filter { updated_from: Some(Timestamp(0)), updated_to: Some(Timestamp(9)), ..any.clone() };
        check(r#"{"minLastUpdatedTime":0,"maxLastUpdatedTime":9}"#, &bounds);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: &str| assert_eq!(read(text), Err(Failure::bad_request(expected)), "{text}");
        check(r#"{"agentIds":["12.9"]}"#, r#"agentIds: there is no user "12.9""#);
        check(r#"{"convState":["OPENED"]}"#, r#"convState: "OPENED" is none of OPEN, CLOSE, LOCKED"#);
        check(r#"{"conversationId":"x"}"#, r#"conversationId: "x" is no id of this kind"#);
    }
}
