//! Notifications to installed apps: bodies and headers as the Connector API's webhooks have them, version 3.
//!
//! One change per call, compact, and such that a receiver who parses the body and writes it again gets the same bytes: many
//! check the signature over that. Nothing here decides who is told, or when.

mod plain;
#[cfg(test)]
mod tests;
mod wire;

use super::identity::{dialog_id, pid};
use super::render::{self, Files};
use antiphon_app::AccountView;
use antiphon_app::ports::NotificationWire;
use antiphon_app::ports::notifications::{Addressee, News};
use antiphon_domain::account::SignatureForm;
use antiphon_domain::event::Party;
use antiphon_domain::{Conversation, ConversationId, Dialog, DialogNumber, Event, Originator};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use plain::plain;
use wire::{Change, Details, DialogDetails, EventWire, MessageChange, Notification, ParticipantWire, Rating, StateResult};

const ACCOUNT: HeaderName = HeaderName::from_static("x-liveperson-account-id");
const CLIENT: HeaderName = HeaderName::from_static("x-liveperson-client-id");
const SIGNATURE: HeaderName = HeaderName::from_static("x-liveperson-signature");

/// The words of the published protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Webhooks;

impl NotificationWire for Webhooks {
    fn body(&self, view: &AccountView, news: News<'_>) -> Bytes {
        let text = match news {
            News::Event { conversation, event } => message(event_change(view, conversation, event)),
            News::ChatState { conversation, dialog, party, state } => message(chat_change(view, conversation, dialog, party, state)),
            News::State(conversation) => Notification::of("cqm.ExConversationChangeNotification", state_change(view, conversation)),
        };
        text.into()
    }

    fn headers(&self, to: Addressee<'_>, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let values = [
            (ACCOUNT, to.account.as_str().to_owned()),
            (CLIENT, to.client_id.to_owned()),
            (SIGNATURE, signature(to.form, to.secret, body)),
        ];
        for (name, value) in values {
            // Ids are plain letters, digits and marks, and a signature is made of such.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        headers
    }

    fn secret_headers(&self) -> &'static [&'static str] {
        &["x-liveperson-signature"]
    }
}

/// The signature of a body: the secret's bytes are the key as they are.
fn signature(form: SignatureForm, secret: &str, body: &[u8]) -> String {
    let digest = |sha256: bool| -> Vec<u8> {
        if sha256 {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any length is a key");
            mac.update(body);
            mac.finalize().into_bytes().to_vec()
        } else {
            let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).expect("any length is a key");
            mac.update(body);
            mac.finalize().into_bytes().to_vec()
        }
    };
    match form {
        SignatureForm::Sha1Base64 => format!("sha1={}", STANDARD.encode(digest(false))),
        SignatureForm::Sha1Hex => format!("sha1={}", hex::encode(digest(false))),
        SignatureForm::Sha256Base64 => format!("sha256={}", STANDARD.encode(digest(true))),
        SignatureForm::Sha256Hex => format!("sha256={}", hex::encode(digest(true))),
    }
}

fn message(change: MessageChange<'_>) -> String {
    Notification::of("ms.MessagingEventNotification", change)
}

fn event_change<'a>(view: &AccountView, conversation: ConversationId, event: &'a Event) -> MessageChange<'a> {
    let says = EventWire::of(render::event_wire(&event.body, no_files()));
    MessageChange {
        sequence: Some(event.sequence),
        server_timestamp: Some(event.at.0),
        message_audience: Some(render::audience(event.audience)),
        metadata: event.metadata.as_deref().and_then(plain),
        ..bare_change(view, conversation, event.dialog, event.originator, says)
    }
}

/// What is known of files' states belongs to our own clients.
fn no_files() -> &'static Files {
    static NONE: std::sync::LazyLock<Files> = std::sync::LazyLock::new(Files::new);
    &NONE
}

/// A chat state: neither numbered nor timed.
fn chat_change<'a>(view: &AccountView, it: &Conversation, dialog: DialogNumber, party: Party, state: &'a str) -> MessageChange<'a> {
    let originator = Originator { party, role: render::role_in(it, dialog, party) };
    bare_change(view, it.id, dialog, originator, EventWire::ChatState { chat_state: state })
}

fn bare_change<'a>(
    view: &AccountView,
    conversation: ConversationId,
    dialog: DialogNumber,
    originator: Originator,
    event: EventWire<'a>,
) -> MessageChange<'a> {
    let id = pid(view, originator.party);
    MessageChange {
        sequence: None,
        originator_id: id.clone(),
        originator_metadata: ParticipantWire { id, role: originator.role.name(), state: None },
        server_timestamp: None,
        event,
        conversation_id: conversation.to_string(),
        dialog_id: dialog_id(conversation, dialog),
        message_audience: None,
        metadata: None,
    }
}

/// A conversation's whole state.
fn state_change<'a>(view: &'a AccountView, it: &'a Conversation) -> Change<StateResult<'a>> {
    let skill = render::skill_id(it.skill);
    let details = Details {
        participants: participants(view, it),
        dialogs: it.dialogs.iter().map(|dialog| dialog_details(view, it.id, dialog)).collect(),
        brand_id: view.account.id.as_str(),
        state: render::open_or_close(it.main().open),
        stage: render::open_or_close(it.open),
        close_reason: it.closed_by.map(|by| by.name()),
        start_ts: it.started_at.0,
        end_ts: it.ended_at.map(|at| at.0),
        meta_data_last_update_ts: it.updated_at.0,
        ttr: wire::Ttr { ttr_type: it.response_time.0.name(), value: it.response_time.1 },
        delay: it.delay.as_ref().map(|delay| wire::Delay { kind: &delay.kind, till_when: delay.till.0 }),
        manual_ettr: it.manual_due.map(|at| at.0),
        csat: it.rating.map(|rating| Rating {
            csat_rate: rating.stars,
            csat_resolution_confirmation: rating.resolved,
            status: rating.status.name(),
        }),
        conversation_handler_details: wire::Handler { account_id: view.account.id.as_str(), skill_id: skill.clone() },
        skill_id: skill,
    };
    Change {
        kind: "UPSERT",
        result: StateResult { conv_id: it.id.to_string(), effective_ttr: effective_ttr(it), conversation_details: details },
    }
}

/// Until when an answer is owed, and while nobody waits for one until when it would have been: `-1` once all is over.
fn effective_ttr(it: &Conversation) -> i64 {
    if !it.main().open {
        return -1;
    }
    let turn = it.last_consumer_at.unwrap_or(it.started_at);
    it.due_at().unwrap_or_else(|| turn.plus_s(it.response_time.1)).0
}

/// Everybody who takes part in any dialog, each once, the main dialog's first.
fn participants(view: &AccountView, it: &Conversation) -> Vec<ParticipantWire> {
    let mut seen = Vec::new();
    for participant in it.dialogs.iter().flat_map(|dialog| &dialog.participants).filter(|participant| !participant.suggested) {
        if !seen.contains(&(participant.party, participant.role)) {
            seen.push((participant.party, participant.role));
        }
    }
    seen.into_iter().map(|(party, role)| ParticipantWire { id: pid(view, party), role: role.name(), state: None }).collect()
}

fn dialog_details<'a>(view: &AccountView, conversation: ConversationId, dialog: &'a Dialog) -> DialogDetails<'a> {
    let participants = dialog.participants.iter().filter(|participant| !participant.suggested);
    DialogDetails {
        dialog_id: dialog_id(conversation, dialog.number),
        participants_details: participants
            .map(|participant| ParticipantWire { id: pid(view, participant.party), role: participant.role.name(), state: Some("ACTIVE") })
            .collect(),
        dialog_type: render::dialog_type(dialog.kind),
        channel_type: "MESSAGING",
        meta_data: dialog.app.as_deref().map(|app_install_id| wire::DialogMetadata { app_install_id }),
        state: render::open_or_close(dialog.open),
        creation_ts: dialog.created_at.0,
        end_ts: dialog.ended_at.map(|at| at.0),
        meta_data_last_update_ts: dialog.updated_at.0,
        closed_by: dialog.closed_by.map(|by| by.name()),
        closed_cause: dialog.closed_cause.as_deref(),
    }
}
