//! `UpdateConversationField` by a consumer: close, rate, ask for haste. What agents may change besides is refused.

use super::Done;
use crate::compat::identity::dialog_named;
use crate::compat::socket::envelope::{Failure, OneOrMany, Request, TextOrNumber, body};
use crate::compat::socket::publish_event::client_message_id;
use crate::compat::socket::update_conversation_field::{read_cause, refused};
use antiphon_app::update::{FieldChange, Update, UpdateDone};
use antiphon_app::{AccountView, App, ConsumerCaller};
use antiphon_domain::conversation::{Rating, RatingStatus, ResponseTimeKind};
use antiphon_domain::{ConversationId, DialogNumber};
use serde::Deserialize;
use std::sync::Arc;

/// Most changes of one request.
const MAX_CHANGES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    conversation_id: Option<String>,
    dialog_id: Option<String>,
    conversation_field: Option<OneOrMany<Field>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    field: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    conversation_state: Option<String>,
    closed_cause: Option<String>,
    dialog: Option<DialogIn>,
    csat_rate: Option<TextOrNumber>,
    csat_resolution_confirmation: Option<bool>,
    status: Option<String>,
    ttr_type: Option<String>,
    value: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DialogIn {
    dialog_id: Option<String>,
    state: Option<String>,
    closed_cause: Option<String>,
}

pub(super) async fn update(app: &Arc<App>, caller: &ConsumerCaller, request: &Request<'_>, key: Option<&str>) -> Result<Done, Failure> {
    let asked: Body = body(request)?;
    let id = asked.conversation_id.or(asked.dialog_id).ok_or_else(|| Failure::missing("conversationId: name the conversation"))?;
    let named = dialog_named(&id).ok_or_else(|| Failure::not_found(format!("conversationId: there is no conversation {id:?}")));
    let (conversation, _) = named?;
    let fields = asked.conversation_field.map(OneOrMany::into_vec).unwrap_or_default();
    if fields.is_empty() || fields.len() > MAX_CHANGES {
        return Err(Failure::bad_request(format!("conversationField: name 1 to {MAX_CHANGES} changes")));
    }
    let directory = app.directory();
    let view = directory.account(&caller.account).ok_or_else(Failure::unavailable)?;
    let changes = fields.into_iter().map(|field| read_field(field, conversation, view)).collect::<Result<Vec<_>, _>>()?;
    let own = request.metadata.as_deref().map_or(Ok(None), client_message_id)?;
    let update =
        Update { conversation, changes, metadata: request.metadata.as_deref().map(Into::into), client_id: key.map(str::to_owned).or(own) };
    let done = app.update_as_consumer(caller, update).await.map_err(refused)?;
    Ok(Done::Said(match done {
        UpdateDone::Closed => "OK Conversation resolved successfully",
        _ => "OK Conversation updated successfully",
    }))
}

fn read_field(field: Field, conversation: ConversationId, view: &AccountView) -> Result<FieldChange, Failure> {
    match field.field.as_deref() {
        // Ends the main dialog; whether a survey follows is decided there.
        Some("ConversationStateField") => {
            must_close(field.conversation_state.as_deref(), "conversationState")?;
            Ok(FieldChange::CloseDialog { dialog: DialogNumber::MAIN, cause: read_cause(field.closed_cause)? })
        }
        Some("Stage") => {
            must_close(field.conversation_state.as_deref(), "conversationState")?;
            Ok(FieldChange::Close { cause: read_cause(field.closed_cause)? })
        }
        Some("DialogChange") => {
            let dialog = field.dialog.ok_or_else(|| Failure::missing("dialog: say which dialog changes, and how"))?;
            if field.kind.as_deref().is_some_and(|kind| kind != "UPDATE") {
                return Err(Failure::not_offered("DialogChange: this server takes type UPDATE only"));
            }
            must_close(dialog.state.as_deref(), "dialog.state")?;
            let number = match dialog.dialog_id {
                None => DialogNumber::MAIN,
                Some(text) => match dialog_named(&text) {
                    Some((of, number)) if of == conversation => number,
                    _ => return Err(Failure::not_found(format!("dialogId: the conversation has no dialog {text:?}"))),
                },
            };
            Ok(FieldChange::CloseDialog { dialog: number, cause: read_cause(dialog.closed_cause)? })
        }
        Some("CSATRate") => read_rating(field).map(FieldChange::Rate),
        Some("TTRField") => {
            let kind = field.ttr_type.as_deref().and_then(ResponseTimeKind::from_name);
            let kind = kind.ok_or_else(|| Failure::bad_request("ttrType: must be NORMAL, URGENT, PRIORITIZED or CUSTOM"))?;
            Ok(FieldChange::ResponseTime(kind, field.value.unwrap_or(view.account.settings.response_time_s)))
        }
        Some(known @ ("ParticipantsChange" | "Skill" | "ManualETTR" | "DelayField" | "Note" | "TopicField")) => {
            Err(Failure::forbidden(format!("field: {known} is for agents; you are a consumer")))
        }
        Some(other) => Err(Failure::bad_request(format!("field: {other:?} is no field of a conversation"))),
        None => Err(Failure::missing("field: say what changes, for example ConversationStateField")),
    }
}

fn must_close(state: Option<&str>, member: &str) -> Result<(), Failure> {
    if state == Some("CLOSE") {
        return Ok(());
    }
    Err(Failure::bad_request(format!("{member}: must be CLOSE; what is closed is not opened again")))
}

fn read_rating(field: Field) -> Result<Rating, Failure> {
    let stars = match field.csat_rate.map(TextOrNumber::into_text) {
        None => None,
        Some(text) => {
            let stars = text.parse().ok().filter(|stars| (1..=5).contains(stars));
            Some(stars.ok_or_else(|| Failure::bad_request("csatRate: from 1 to 5"))?)
        }
    };
    let status = RatingStatus::from_name(field.status.as_deref().unwrap_or(RatingStatus::Filled.name()));
    let status = status.ok_or_else(|| Failure::bad_request("status: must be FILLED, PARTIALLY_FILLED or SKIPPED"))?;
    Ok(Rating { stars, resolved: field.csat_resolution_confirmation, status })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixtures;

    #[test]
    fn each_change_that_is_a_consumers_is_read_and_no_other() {
        let conversation: ConversationId = "019aff00-0102-7304-8506-0708090a0b0c".parse().expect("an id");
        let view = fixtures::view();
        let read = |text: &str| read_field(serde_json::from_str(text).expect(text), conversation, &view);
        let check = |text: &str, expected: FieldChange| assert_eq!(read(text), Ok(expected), "{text}");
        let main = DialogNumber::MAIN;
        check(r#"{"field":"ConversationStateField","conversationState":"CLOSE"}"#, FieldChange::CloseDialog { dialog: main, cause: None });
        check(r#"{"field":"Stage","conversationState":"CLOSE"}"#, FieldChange::Close { cause: None });
        check(
            r#"{"field":"DialogChange","type":"UPDATE","dialog":{"dialogId":"019aff00-0102-7304-8506-0708090a0b0c","state":"CLOSE","closedCause":"Closed by consumer"}}"#,
            FieldChange::CloseDialog { dialog: main, cause: Some("Closed by consumer".into()) },
        );
        let rating = |stars, resolved, status| FieldChange::Rate(Rating { stars, resolved, status });
        check(
            r#"{"field":"CSATRate","csatRate":5,"csatResolutionConfirmation":true,"status":"FILLED"}"#,
            rating(Some(5), Some(true), RatingStatus::Filled),
        );
        check(r#"{"field":"CSATRate","status":"SKIPPED"}"#, rating(None, None, RatingStatus::Skipped));
        check(r#"{"field":"TTRField","ttrType":"URGENT","value":300}"#, FieldChange::ResponseTime(ResponseTimeKind::Urgent, 300));
        let refuse = |text: &str, part: &str| {
            let failure = format!("{:?}", read(text).expect_err(text));
            assert!(failure.contains(part), "{text}: {failure}");
        };
        refuse(r#"{"field":"Skill","skill":"2"}"#, "is for agents");
        refuse(r#"{"field":"ParticipantsChange","type":"ADD","role":"READER"}"#, "is for agents");
        refuse(r#"{"field":"CSATRate","csatRate":6}"#, "csatRate");
        refuse(r#"{"field":"Stage","conversationState":"OPEN"}"#, "conversationState");
        refuse(r#"{"field":"DialogChange","dialog":{"dialogId":"AAAA"}}"#, "dialog.state");
        refuse(r#"{"field":"Mood"}"#, "no field");
    }
}
