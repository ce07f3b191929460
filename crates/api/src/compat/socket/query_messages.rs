//! `QueryMessages`: a dialog's stored events from a sequence on, ascending. `SubscribeMessagingEvents` is the same here.
//!
//! The bound is inclusive in spite of its name: with 0 clients expect the first event. Read in pages; a long dialog is cut
//! at a limit of events and bytes, and the client asks again from the last sequence it got.

use super::super::identity::dialog_named;
use super::super::render;
use super::envelope::{Failure, Out, Request, TextOrNumber, body, respond};
use super::notify::files_of;
use super::session::Session;
use antiphon_app::publish::DialogRef;
use antiphon_app::query::ReadRefused;
use antiphon_domain::event::Party;
use antiphon_domain::{ConversationId, DialogNumber, Event, Sequence};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Events read at once.
const PAGE: usize = 500;
/// Most events of one answer.
const MAX_EVENTS: usize = 10_000;
/// Most bytes of one answer.
const MAX_BYTES: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    dialog_id: Option<String>,
    conversation_id: Option<String>,
    newer_than_sequence: Option<TextOrNumber>,
    from_seq: Option<TextOrNumber>,
}

pub(super) async fn answer(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Body = body(request)?;
    let (conversation, dialog) = read_dialog(asked.dialog_id.as_deref(), asked.conversation_id.as_deref())?;
    let from = asked.newer_than_sequence.or(asked.from_seq).map_or(Ok(0), read_sequence)?;
    let (records, next) = read(session, conversation, dialog, from).await?;
    let records = RawValue::from_string(records).map_err(|_| Failure::unavailable())?;
    out.push(respond(request, 200, ".ams.ms.QueryMessages$Response", records));
    // What was answered is not announced once more.
    if let Some(next) = next
        && takes_part(session, conversation, dialog).await
    {
        let seen = session.subscriptions().seen.entry((conversation, dialog)).or_insert(next);
        *seen = next.max(*seen);
    }
    Ok(())
}

/// The dialog that a request names; without one, the main dialog of the conversation that it names.
pub(in crate::compat) fn read_dialog(dialog: Option<&str>, conversation: Option<&str>) -> Result<(ConversationId, DialogNumber), Failure> {
    let text = dialog.or(conversation).ok_or_else(|| Failure::missing("dialogId: name the dialog"))?;
    dialog_named(text).ok_or_else(|| Failure::not_found(format!("dialogId: there is no dialog {text:?}")))
}

pub(super) fn read_sequence(value: TextOrNumber) -> Result<Sequence, Failure> {
    match value {
        // Some clients start below the first sequence.
        TextOrNumber::Number(number) => Ok(number.max(0).unsigned_abs()),
        TextOrNumber::Text(text) => text.parse().map_err(|_| Failure::bad_request("newerThanSequence: must be a sequence, from 0")),
    }
}

/// The events as JSON, and the sequence after the last one when the dialog was read to its end.
async fn read(
    session: &Session,
    conversation: ConversationId,
    dialog: DialogNumber,
    from: Sequence,
) -> Result<(String, Option<Sequence>), Failure> {
    let app = &session.shared.app;
    let view = session.view();
    let mut list = String::from("[");
    let (mut next, mut count) = (from, 0);
    loop {
        let page = app.events(&session.caller, DialogRef { conversation, number: dialog }, next, PAGE).await.map_err(refused)?;
        let events: Vec<&Event> = page.iter().map(|event| &**event).collect();
        let files = files_of(session, &events).await.map_err(|_| Failure::unavailable())?;
        for event in &page {
            if !append(&mut list, &render::event(&view, session.protocol, conversation, event, &files), count) {
                return Ok((list + "]", None));
            }
            count += 1;
            next = after(event);
        }
        if page.len() < PAGE || count >= MAX_EVENTS {
            let end = page.len() < PAGE;
            return Ok((list + "]", end.then_some(next)));
        }
    }
}

fn append(list: &mut String, record: &str, count: usize) -> bool {
    if count > 0 && list.len() + record.len() > MAX_BYTES {
        return false;
    }
    if count > 0 {
        list.push(',');
    }
    list.push_str(record);
    true
}

fn after(event: &Event) -> Sequence {
    event.sequence + 1
}

async fn takes_part(session: &Session, conversation: ConversationId, dialog: DialogNumber) -> bool {
    let me = Party::User(session.caller.id());
    let Ok(it) = session.shared.app.conversation(&session.caller, conversation).await else { return false };
    let in_it = it.dialog(dialog).filter(|dialog| dialog.open).map_or(&[][..], |dialog| &dialog.participants);
    in_it.iter().any(|participant| participant.party == me && !participant.suggested)
        && session.subscriptions.as_ref().is_none_or(|subscriptions| subscriptions.tells_of(conversation))
}

/// Why a read was refused, in the socket's words.
pub(super) fn refused(refused: ReadRefused) -> Failure {
    match refused {
        ReadRefused::NotFound => Failure::not_found("dialogId: there is no such dialog"),
        ReadRefused::Forbidden => Failure::forbidden("you take no part in this conversation, and may not see all conversations"),
        ReadRefused::Unavailable(_) => Failure::unavailable(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogs_and_sequences_are_read() {
        let id = "019aff00-0102-7304-8506-0708090a0b0c";
        let main = (id.parse().expect("a UUID"), DialogNumber::MAIN);
        assert_eq!(read_dialog(Some(id), None), Ok(main));
        assert_eq!(read_dialog(None, Some(id)), Ok(main));
        assert_eq!(read_dialog(None, None), Err(Failure::missing("dialogId: name the dialog")));
        assert_eq!(read_dialog(Some("x"), None), Err(Failure::not_found(r#"dialogId: there is no dialog "x""#)));
        assert_eq!(read_sequence(TextOrNumber::Number(-1)), Ok(0));
        assert_eq!(read_sequence(TextOrNumber::Text("7".into())), Ok(7));
        assert!(read_sequence(TextOrNumber::Text("x".into())).is_err());
    }
}
