//! `AgentRequestConversation`: an agent begins a conversation with a consumer whom the account knows, and has it from then on.

use super::envelope::{Failure, Out, Request, TextOrNumber, body, respond};
use super::publish_event::client_message_id;
use super::session::Session;
use antiphon_app::opening::{OpenByAgent, OpenByAgentError, OpenByAgentErrorKind};
use antiphon_domain::conversation::ResponseTimeKind;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    consumer_id: Option<String>,
    channel_type: Option<String>,
    skill_id: Option<TextOrNumber>,
    ttr_def_name: Option<String>,
    #[serde(borrow)]
    campaign_info: Option<&'a RawValue>,
    #[serde(borrow)]
    conversation_context: Option<&'a RawValue>,
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked = read(request)?;
    let consumer = asked.consumer;
    let begun = session.shared.app.open_by_agent(&session.caller, asked).await.map_err(|error| refused(&consumer.to_string(), error))?;
    let body = serde_json::json!({ "conversationId": begun.to_string() });
    out.push(respond(request, 200, "cm.RequestConversationResponse", body));
    Ok(())
}

fn read(request: &Request<'_>) -> Result<OpenByAgent, Failure> {
    let asked: Body<'_> = body(request)?;
    let consumer = asked.consumer_id.filter(|id| !id.is_empty());
    let consumer = consumer.ok_or_else(|| Failure::missing("consumerId: name the consumer to begin a conversation with"))?;
    if asked.channel_type.is_some_and(|kind| !kind.is_empty() && kind != "MESSAGING") {
        return Err(Failure::bad_request("channelType: must be MESSAGING"));
    }
    let skill = asked.skill_id.map(TextOrNumber::into_text).filter(|id| !id.is_empty() && id != "-1");
    let skill = skill.map(|id| id.parse().map_err(|_| Failure::bad_request(format!("skillId: {id:?} is no skill's id (digits, or -1)"))));
    let urgency = asked.ttr_def_name.filter(|name| !name.is_empty()).map(|name| {
        ResponseTimeKind::from_name(&name).ok_or_else(|| Failure::bad_request("ttrDefName: must be NORMAL, URGENT or PRIORITIZED"))
    });
    Ok(OpenByAgent {
        consumer: consumer.parse().map_err(|_| Failure::not_found(format!("consumerId: there is no consumer {consumer:?}")))?,
        skill: skill.transpose()?,
        context: object(asked.conversation_context),
        campaign: object(asked.campaign_info),
        response_time: urgency.transpose()?,
        client_id: request.metadata.as_deref().map_or(Ok(None), client_message_id)?,
    })
}

fn object(raw: Option<&RawValue>) -> Option<Arc<str>> {
    raw.map(RawValue::get).filter(|json| json.starts_with('{')).map(Into::into)
}

fn refused(consumer: &str, error: OpenByAgentError) -> Failure {
    match error.kind {
        // The documented sentence for a second conversation, in the form that agents get it.
        OpenByAgentErrorKind::AlreadyOpen(_) => Failure::sentence(
            400,
            format!("Agent request conversation failed: User {consumer} already has open conversation. Can't open another one."),
        ),
        OpenByAgentErrorKind::Forbidden | OpenByAgentErrorKind::OptedOut => Failure::forbidden(error.message),
        OpenByAgentErrorKind::NoSuchConsumer => Failure::not_found(error.message),
        OpenByAgentErrorKind::NoSuchSkill | OpenByAgentErrorKind::SourceOff | OpenByAgentErrorKind::Invalid => {
            Failure::bad_request(error.message)
        }
        OpenByAgentErrorKind::Busy => Failure::too_many(error.message),
        OpenByAgentErrorKind::IdempotencyMismatch => Failure::conflict(error.message),
        OpenByAgentErrorKind::Unavailable => Failure::unavailable(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope;
    use super::*;

    fn asked(body: &str) -> Result<OpenByAgent, Failure> {
        let frame = format!(r#"{{"id":"1","type":"cm.AgentRequestConversation","body":{body}}}"#);
        read(&envelope::read(&frame).expect("a request"))
    }

    #[test]
    fn what_is_asked_is_read_and_what_is_wrong_is_named() {
        let consumer = "07".repeat(32);
        let body = format!(
            r#"{{"channelType":"MESSAGING","consumerId":"{consumer}","skillId":2,"conversationContext":{{"type":"ProactiveContext"}}}}"#
        );
        let read = asked(&body).expect("a request");
        assert_eq!((read.consumer.to_string(), read.skill.map(|skill| skill.0)), (consumer, Some(2)));
        assert_eq!(read.context.as_deref(), Some(r#"{"type":"ProactiveContext"}"#));
        let missing = Failure::missing("consumerId: name the consumer to begin a conversation with");
        assert_eq!(asked(r#"{"ttrDefName":"NORMAL"}"#).err(), Some(missing));
        assert_eq!(asked(r#"{"consumerId":"x"}"#).err(), Some(Failure::not_found(r#"consumerId: there is no consumer "x""#)));
    }
}
