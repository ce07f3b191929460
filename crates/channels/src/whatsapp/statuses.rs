//! What became of our messages: `{"id":"wamid.B","status":"failed","recipient_id":"…","biz_opaque_callback_data":"dlv_…","errors":[…]}`.
//!
//! Acceptance says little here: that a window was closed, or that somebody is not on the channel, comes minutes later in such a status.

use super::errors;
use super::inbound::{Change, Item, at};
use crate::kit::errors::{self as kit_errors, Class, Row};
use crate::kit::json;
use antiphon_app::channel::{InboundKind, ReceiptOf, TryAgain};
use antiphon_domain::DeliveryStatus;
use antiphon_domain::delivery::Reason;
use antiphon_domain::source::HealthState;
use serde_json::Value;

pub(super) fn items(change: &Change<'_>, status: &Value, items: &mut Vec<Item>) {
    let (Some(id), Some(word)) = (json::text(&status["id"]), json::text(&status["status"])) else {
        items.push(Err(change.dead("malformed", "A status has no id or no status.")));
        return;
    };
    let key = format!("{id}:{word}");
    let came = at(&status["timestamp"]);
    let reached = match word.as_str() {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" | "played" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed,
        "deleted" | "warning" => {
            items.push(Ok(change.item(key, came, InboundKind::Ignored("status_of_no_consequence"))));
            return;
        }
        other => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
            items.push(Err(change.dead("unknown_item", &format!("The message {id} has an unknown status: {other}."))));
            return;
        }
    };
    let delivery = status["biz_opaque_callback_data"].as_str().and_then(|ours| ours.parse().ok());
    let of = ReceiptOf::Ids { vendor_ids: vec![id], delivery };
    let failed = (reached == DeliveryStatus::Failed).then(|| failure(&status["errors"][0]));
    let (reason, again, source) = match failed {
        Some(failed) => (Some(failed.reason), failed.again, failed.source),
        None => (None, None, None),
    };
    let health = source.map(|state| {
        let sentence = reason.as_ref().map(|reason| format!("{} {}", reason.message, reason.remedy.as_deref().unwrap_or_default()));
        change.item(format!("{key}:health"), came, InboundKind::Health { state, message: sentence.unwrap_or_default() })
    });
    let kind = InboundKind::Receipt { of, status: reached, reason, opted_out: false, again };
    items.push(Ok(change.item(key, came, kind)));
    items.extend(health.map(Ok));
}

struct Failure {
    reason: Reason,
    again: Option<TryAgain>,
    /// The number or its account is at fault, not this message.
    source: Option<HealthState>,
}

fn row_of(error: &Value) -> (Option<&'static Row>, String) {
    let code = json::integer(&error["code"]);
    let row = code.and_then(|code| kit_errors::find(errors::TABLE, code, None));
    (row, code.map(|code| code.to_string()).unwrap_or_default())
}

fn state_of(class: Class) -> Option<HealthState> {
    match class {
        Class::Reauthorise => Some(HealthState::NeedsReauthorisation),
        Class::Source(_) => Some(HealthState::Failing),
        _ => None,
    }
}

fn failure(error: &Value) -> Failure {
    let (row, code) = row_of(error);
    if let Some(row) = row {
        return Failure { reason: row.reason(&code), again: row.again(), source: state_of(row.class) };
    }
    let reason = Reason {
        code: "rejected".into(),
        vendor_code: Some(if code.is_empty() { "failed".into() } else { code.into() }),
        message: "WhatsApp could not deliver the message.".into(),
        remedy: Some("The channel log shows what WhatsApp says.".into()),
    };
    Failure { reason, again: None, source: None }
}

/// An error of the number or its account: what state that is, and a sentence.
pub(super) fn of_account(error: &Value) -> (HealthState, String) {
    let (row, code) = row_of(error);
    match row {
        Some(row) => (state_of(row.class).unwrap_or(HealthState::Failing), format!("{} {}", row.message, row.remedy)),
        None => (HealthState::Failing, format!("WhatsApp reports trouble with the number (code {code}). The channel log shows more.")),
    }
}
