//! `ConsumerRequestConversation`: a consumer opens a conversation.
//!
//! Real clients send empty strings, `null` and numbers in the place of strings: all of that is as good as absent, or as its
//! text. A campaign that nobody knows does not fail the request; it leads where the source says.

use super::Done;
use crate::compat::socket::envelope::{Failure, Request, TextOrNumber, body};
use antiphon_app::consumers::{Open, OpenError, OpenErrorKind};
use antiphon_app::{App, ConsumerCaller};
use antiphon_domain::conversation::ResponseTimeKind;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The skill that stands for "any".
const ANY_SKILL: &str = "-1";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    brand_id: Option<TextOrNumber>,
    channel_type: Option<String>,
    ttr_def_name: Option<String>,
    skill_id: Option<TextOrNumber>,
    #[serde(borrow)]
    campaign_info: Option<&'a RawValue>,
    #[serde(borrow)]
    conversation_context: Option<&'a RawValue>,
}

/// What the request asks for.
pub(in crate::compat) fn read(request: &Request<'_>, caller: &ConsumerCaller, key: Option<&str>) -> Result<Open, Failure> {
    let asked: Body<'_> = body(request)?;
    let text = |value: Option<TextOrNumber>| value.map(TextOrNumber::into_text).filter(|text| !text.is_empty());
    if text(asked.brand_id).is_some_and(|brand| brand != caller.account.as_str()) {
        return Err(Failure::bad_request("brandId: must be the account that the request is made to"));
    }
    if asked.channel_type.is_some_and(|kind| !kind.is_empty() && kind != "MESSAGING") {
        return Err(Failure::bad_request("channelType: must be MESSAGING"));
    }
    let urgency = |name: String| {
        ResponseTimeKind::from_name(&name).ok_or_else(|| Failure::bad_request("ttrDefName: must be NORMAL, URGENT or PRIORITIZED"))
    };
    let skill = |id: String| id.parse().map_err(|_| Failure::bad_request(format!("skillId: {id:?} is no skill's id (digits, or -1)")));
    Ok(Open {
        profile: None,
        skill: text(asked.skill_id).filter(|id| id != ANY_SKILL).map(skill).transpose()?,
        campaign: object(asked.campaign_info),
        context: object(asked.conversation_context),
        response_time: asked.ttr_def_name.filter(|name| !name.is_empty()).map(urgency).transpose()?,
        idempotency_key: key.map(str::to_owned),
    })
}

fn object(raw: Option<&RawValue>) -> Option<Arc<str>> {
    raw.map(RawValue::get).filter(|json| json.starts_with('{')).map(Into::into)
}

pub(in crate::compat) async fn open(app: &Arc<App>, caller: &ConsumerCaller, request: Open) -> Result<Done, Failure> {
    let opened = app.open_conversation(caller, request).await.map_err(|error| refused(caller, error))?;
    Ok(Done::Opened(opened.conversation))
}

/// The documented sentence for a second conversation.
pub(in crate::compat) fn already_open(caller: &ConsumerCaller) -> Failure {
    let user = caller.consumer;
    let sentence = format!("Consumer request conversation failed: User {user} already has open conversation. Can't open another one.");
    Failure::sentence(400, sentence)
}

fn refused(caller: &ConsumerCaller, error: OpenError) -> Failure {
    match error.kind {
        OpenErrorKind::AlreadyOpen(_) => already_open(caller),
        OpenErrorKind::SourceOff | OpenErrorKind::SignInRequired => Failure::forbidden(error.message),
        OpenErrorKind::NoSuchSkill | OpenErrorKind::Invalid => Failure::bad_request(error.message),
        OpenErrorKind::IdempotencyMismatch => Failure::conflict(error.message),
        OpenErrorKind::Unavailable => Failure::unavailable(),
    }
}
