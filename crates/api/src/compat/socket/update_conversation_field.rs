//! `UpdateConversationField`: transfer, join, leave, close, note. All items of a request are one change: all or none.
//!
//! The envelope's metadata is kept with what changed; a `ClientMessageId` in it makes a repeat harmless.

use super::super::identity::{dialog_named, user_named};
use super::envelope::{Failure, OneOrMany, Out, Request, TextOrNumber, body, respond_sentence};
use super::publish_event::client_message_id;
use super::session::Session;
use antiphon_app::AccountView;
use antiphon_app::update::{FieldChange, Update, UpdateDone, UpdateError, UpdateErrorKind};
use antiphon_domain::conversation::{Delay, ResponseTimeKind};
use antiphon_domain::{ConversationId, DialogNumber, Role, SkillId, Timestamp, UserId};
use serde::Deserialize;

/// Most changes of one request.
const MAX_CHANGES: usize = 20;
/// Longest cause of a close, in characters.
const MAX_CAUSE: usize = 200;

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
    role: Option<String>,
    user_id: Option<TextOrNumber>,
    dialog_id: Option<String>,
    skill: Option<TextOrNumber>,
    ttr_type: Option<String>,
    value: Option<i64>,
    closed_cause: Option<String>,
    dialog: Option<DialogIn>,
    time: Option<TextOrNumber>,
    note: Option<String>,
    topic: Option<String>,
    csat_rate: Option<TextOrNumber>,
    till_when: Option<i64>,
    delay_till: Option<i64>,
    delay: Option<DelayIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DelayIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    till_when: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DialogIn {
    dialog_id: Option<String>,
    state: Option<String>,
    closed_cause: Option<String>,
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Body = body(request)?;
    let id = asked.conversation_id.or(asked.dialog_id).ok_or_else(|| Failure::missing("conversationId: name the conversation"))?;
    let (conversation, _) =
        dialog_named(&id).ok_or_else(|| Failure::not_found(format!("conversationId: there is no conversation {id:?}")))?;
    let fields = asked.conversation_field.map(OneOrMany::into_vec).unwrap_or_default();
    if fields.is_empty() || fields.len() > MAX_CHANGES {
        return Err(Failure::bad_request(format!("conversationField: name 1 to {MAX_CHANGES} changes")));
    }
    let view = session.view();
    let read = |field| read_field(field, conversation, &view, session.caller.id());
    let changes = fields.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let client_id = request.metadata.as_deref().map_or(Ok(None), client_message_id)?;
    let update = Update { conversation, changes, metadata: request.metadata.as_deref().map(Into::into), client_id };
    let done = session.shared.app.update_with(&session.caller, update).await.map_err(refused)?;
    let sentence = match done {
        UpdateDone::Added => "OK Agent added successfully",
        UpdateDone::Removed => "OK Agent removed successfully",
        UpdateDone::Closed => "OK Conversation resolved successfully",
        UpdateDone::Changed => "OK Conversation updated successfully",
    };
    out.push(respond_sentence(request, 200, sentence));
    Ok(())
}

fn read_field(field: Field, conversation: ConversationId, view: &AccountView, me: UserId) -> Result<FieldChange, Failure> {
    let kind = field.kind.as_deref();
    match field.field.as_deref() {
        // For agents both end everything, without a survey; the end of the dialog alone begins one.
        Some("ConversationStateField" | "Stage") => match field.conversation_state.as_deref() {
            Some("CLOSE") => Ok(FieldChange::Close { cause: read_cause(field.closed_cause)? }),
            _ => Err(Failure::bad_request("conversationState: must be CLOSE; a closed conversation is not opened again")),
        },
        Some("DialogChange") => {
            let dialog = field.dialog.ok_or_else(|| Failure::missing("dialog: say which dialog changes, and how"))?;
            if kind.is_some_and(|kind| kind != "UPDATE") {
                return Err(Failure::not_offered("DialogChange: this server takes type UPDATE only; it begins surveys by itself"));
            }
            let number = read_dialog(dialog.dialog_id.or(field.dialog_id), conversation)?;
            match dialog.state.as_deref() {
                Some("CLOSE") => Ok(FieldChange::CloseDialog { dialog: number, cause: read_cause(dialog.closed_cause)? }),
                // Without a state it only attaches the request's metadata.
                None => Ok(FieldChange::Tag(number)),
                Some(_) => Err(Failure::bad_request("dialog.state: must be CLOSE; a closed dialog is not opened again")),
            }
        }
        Some("ParticipantsChange") => {
            let role = field
                .role
                .as_deref()
                .and_then(Role::from_name)
                .ok_or_else(|| Failure::bad_request(format!("role: must be one of {}", Role::ALL.map(Role::name).join(", "))))?;
            let user = match field.user_id.map(TextOrNumber::into_text) {
                None => me,
                Some(text) => user_named(view, &text).ok_or_else(|| Failure::bad_request(format!("userId: there is no user {text:?}")))?,
            };
            let dialog = read_dialog(field.dialog_id, conversation)?;
            match kind {
                Some("ADD") => Ok(FieldChange::Add { role, user, dialog }),
                Some("REMOVE") => Ok(FieldChange::Remove { role, user, dialog }),
                Some("SUGGEST") if role == Role::AssignedAgent => Ok(FieldChange::Suggest(user)),
                Some("SUGGEST") => Err(Failure::bad_request("role: only an ASSIGNED_AGENT can be suggested")),
                _ => Err(Failure::bad_request("type: must be ADD, REMOVE or SUGGEST for ParticipantsChange")),
            }
        }
        Some("Skill") => {
            let skill = field.skill.map(TextOrNumber::into_text).ok_or_else(|| Failure::missing("skill: name the skill's id"))?;
            Ok(FieldChange::Skill(read_skill(&skill)?))
        }
        Some("TTRField") => {
            let kind = field.ttr_type.as_deref().and_then(ResponseTimeKind::from_name);
            let kind = kind.ok_or_else(|| Failure::bad_request("ttrType: must be NORMAL, URGENT, PRIORITIZED or CUSTOM"))?;
            let seconds = match (kind, field.value) {
                (ResponseTimeKind::Custom, None) => return Err(Failure::missing("value: seconds, for ttrType CUSTOM")),
                (ResponseTimeKind::Custom, Some(seconds)) => seconds,
                (kind, None | Some(0)) => view.account.settings.response_time_of(kind),
                (_, Some(seconds)) => seconds,
            };
            Ok(FieldChange::ResponseTime(kind, seconds))
        }
        Some("ManualETTR") => {
            let time = field.time.ok_or_else(|| Failure::missing("time: when the answer is due, in ms; 0: as the response time says"))?;
            let time: i64 = time.into_text().parse().map_err(|_| Failure::bad_request("time: must be a time in ms"))?;
            Ok(FieldChange::Due((time > 0).then_some(Timestamp(time))))
        }
        Some("DelayField") => {
            let nested = field.delay.unwrap_or(DelayIn { kind: None, till_when: None });
            let till = field.till_when.or(field.delay_till).or(nested.till_when).filter(|till| *till > 0);
            let kind = field.kind.filter(|kind| kind != "UPDATE").or(nested.kind).unwrap_or_else(|| "HOLIDAY".to_owned());
            if kind.chars().count() > MAX_CAUSE {
                return Err(Failure::bad_request(format!("type: at most {MAX_CAUSE} characters")));
            }
            Ok(FieldChange::Delay(till.map(|till| Delay { kind: kind.into(), till: Timestamp(till) })))
        }
        Some("Note") => {
            let note = field.note.ok_or_else(|| Failure::missing("note: the text, or an empty one to take it away"))?;
            Ok(FieldChange::Note(note.into()))
        }
        Some("TopicField") => {
            let topic = field.topic.ok_or_else(|| Failure::missing("topic: the text, or an empty one to take it away"))?;
            Ok(FieldChange::Topic(topic.into()))
        }
        Some("CSATRate") => Err(match field.csat_rate {
            Some(_) => Failure::forbidden("field: CSATRate is for the conversation's consumer"),
            None => Failure::missing("csatRate: 1 to 5; and it is for the conversation's consumer"),
        }),
        Some(other) => Err(Failure::bad_request(format!("field: {other:?} is no field of a conversation"))),
        None => Err(Failure::missing("field: say what changes, for example ParticipantsChange")),
    }
}

fn read_dialog(text: Option<String>, conversation: ConversationId) -> Result<DialogNumber, Failure> {
    let Some(text) = text else { return Ok(DialogNumber::MAIN) };
    match dialog_named(&text) {
        Some((of, number)) if of == conversation => Ok(number),
        _ => Err(Failure::not_found(format!("dialogId: the conversation has no dialog {text:?}"))),
    }
}

fn read_skill(text: &str) -> Result<Option<SkillId>, Failure> {
    if text == "-1" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Failure::bad_request(format!("skill: {text:?} is no skill's id (up to ten digits, or -1)")))
}

pub(in crate::compat) fn read_cause(cause: Option<String>) -> Result<Option<std::sync::Arc<str>>, Failure> {
    if cause.as_ref().is_some_and(|cause| cause.chars().count() > MAX_CAUSE) {
        return Err(Failure::bad_request(format!("closedCause: at most {MAX_CAUSE} characters")));
    }
    Ok(cause.map(Into::into))
}

pub(in crate::compat) fn refused(error: UpdateError) -> Failure {
    match error.kind {
        UpdateErrorKind::NotFound => Failure::not_found(error.message),
        UpdateErrorKind::Forbidden => Failure::forbidden(error.message),
        UpdateErrorKind::Closed => Failure::closed(),
        UpdateErrorKind::NoSuchAgent => Failure::sentence(400, "Agent does not exist in conversation"),
        UpdateErrorKind::AlreadyThere | UpdateErrorKind::NoSuchUser | UpdateErrorKind::NoSuchSkill | UpdateErrorKind::Invalid => {
            Failure::bad_request(error.message)
        }
        UpdateErrorKind::IdempotencyMismatch => Failure::conflict(error.message),
        UpdateErrorKind::Unavailable => Failure::unavailable(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::fixtures;

    fn read(text: &str) -> Result<Vec<FieldChange>, Failure> {
        let body: Body = serde_json::from_str(&format!(r#"{{"conversationField":{text}}}"#)).expect(text);
        let view = fixtures::view();
        let conversation = fixtures::conversation().id;
        let fields = body.conversation_field.expect("some").into_vec();
        fields.into_iter().map(|field| read_field(field, conversation, &view, UserId(77))).collect()
    }

    #[test]
    fn fields_of_all_known_clients_are_read() {
        let check = |text: &str, expected: &[FieldChange]| assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        let (me, other, dialog) = (UserId(77), UserId(88), DialogNumber::MAIN);
        check(r#"{"field":"ConversationStateField","conversationState":"CLOSE"}"#, &[FieldChange::Close { cause: None }]);
        check(r#"[{"field":"Stage","conversationState":"CLOSE"}]"#, &[FieldChange::Close { cause: None }]);
        check(
            r#"[{"field":"ParticipantsChange","type":"REMOVE","role":"ASSIGNED_AGENT","userId":"12.77"},{"field":"Skill","type":"UPDATE","skill":"66"}]"#,
            &[FieldChange::Remove { role: Role::AssignedAgent, user: me, dialog }, FieldChange::Skill(Some(SkillId(66)))],
        );
        check(
            r#"[{"field":"ParticipantsChange","type":"SUGGEST","userId":"12.88","role":"ASSIGNED_AGENT"},{"field":"Skill","skill":-1}]"#,
            &[FieldChange::Suggest(other), FieldChange::Skill(None)],
        );
        check(
            r#"[{"field":"ParticipantsChange","type":"ADD","role":"MANAGER","userId":"4d4d4d4d-4d4d-4d4d-4d4d-4d4d4d4d4d4d"}]"#,
            &[FieldChange::Add { role: Role::Manager, user: me, dialog }],
        );
        check(
            r#"[{"field":"ParticipantsChange","type":"ADD","role":"READER"}]"#,
            &[FieldChange::Add { role: Role::Reader, user: me, dialog }],
        );
        check(r#"{"field":"TTRField","ttrType":"CUSTOM","value":1800}"#, &[FieldChange::ResponseTime(ResponseTimeKind::Custom, 1800)]);
        check(r#"{"field":"TTRField","ttrType":"URGENT"}"#, &[FieldChange::ResponseTime(ResponseTimeKind::Urgent, 300)]);
        check(
            r#"{"field":"TTRField","ttrType":"PRIORITIZED","value":0}"#,
            &[FieldChange::ResponseTime(ResponseTimeKind::Prioritized, 600)],
        );
        check(r#"{"field":"ManualETTR","time":1700}"#, &[FieldChange::Due(Some(Timestamp(1_700)))]);
        check(r#"{"field":"ManualETTR","time":"0"}"#, &[FieldChange::Due(None)]);
        check(
            r#"[{"field":"Note","note":"n"},{"field":"TopicField","topic":""}]"#,
            &[FieldChange::Note("n".into()), FieldChange::Topic("".into())],
        );
        let night = FieldChange::Delay(Some(Delay { kind: "NIGHT".into(), till: Timestamp(5) }));
        check(r#"{"field":"DelayField","type":"NIGHT","tillWhen":5}"#, std::slice::from_ref(&night));
        check(r#"{"field":"DelayField","delay":{"type":"NIGHT","tillWhen":5}}"#, &[night]);
        check(r#"{"field":"DelayField"}"#, &[FieldChange::Delay(None)]);
        let id = fixtures::conversation().id;
        check(
            &format!(r#"[{{"field":"DialogChange","type":"UPDATE","dialog":{{"dialogId":"{id}","state":"CLOSE","closedCause":"Done"}}}}]"#),
            &[FieldChange::CloseDialog { dialog, cause: Some("Done".into()) }],
        );
        let survey = crate::compat::identity::dialog_id(id, DialogNumber(1));
        check(
            &format!(r#"[{{"field":"DialogChange","type":"UPDATE","dialog":{{"dialogId":"{survey}"}}}}]"#),
            &[FieldChange::Tag(DialogNumber(1))],
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expected: Failure| assert_eq!(read(text), Err(expected), "{text}");
        check("{}", Failure::missing("field: say what changes, for example ParticipantsChange"));
        check(r#"{"field":"X"}"#, Failure::bad_request(r#"field: "X" is no field of a conversation"#));
        check(
            r#"{"field":"ConversationStateField","conversationState":"OPEN"}"#,
            Failure::bad_request("conversationState: must be CLOSE; a closed conversation is not opened again"),
        );
        check(
            r#"{"field":"ParticipantsChange","type":"ADD","role":"MANAGER","userId":"12.9"}"#,
            Failure::bad_request(r#"userId: there is no user "12.9""#),
        );
        check(r#"{"field":"Skill","skill":"x"}"#, Failure::bad_request(r#"skill: "x" is no skill's id (up to ten digits, or -1)"#));
        check(r#"{"field":"CSATRate","csatRate":5}"#, Failure::forbidden("field: CSATRate is for the conversation's consumer"));
        check(
            r#"{"field":"DialogChange","type":"CREATE","dialog":{}}"#,
            Failure::not_offered("DialogChange: this server takes type UPDATE only; it begins surveys by itself"),
        );
        check(r#"{"field":"Note"}"#, Failure::missing("note: the text, or an empty one to take it away"));
        check(r#"{"field":"ManualETTR","time":"soon"}"#, Failure::bad_request("time: must be a time in ms"));
    }
}
