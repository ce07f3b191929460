//! From a vendor's refusal to what the outbox does about it. Each connector brings its table; this file reads it.
//!
//! Our codes (`Reason::code`) are the same for all channels:
//! `opted_out`, `unreachable`, `window_closed`, `not_authorised`, `source_misconfigured`, `policy_block`, `not_owner`,
//! `throttled`, `vendor_unavailable`, `no_connection`, `outcome_unknown`, `media_unreachable`, `media_unsupported`,
//! `media_too_large`, `address_forbidden`, `rejected`, `filtered`, `malformed`, `cancelled`.

use antiphon_app::channel::{Disposition, SendError, TryAgain};
use antiphon_app::ports::net::NetError;
use antiphon_domain::delivery::Reason;

/// How often what was taken and then failed is tried again where the table gives no number.
const MORE: u32 = 2;
/// And after how long, in milliseconds.
const AFTER_MS: i64 = 60_000;

/// What a vendor's code means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Transient: again, with growing gaps; at most so many times more, if a number is given.
    Retry(Option<u32>),
    /// As `Retry`, so many times more, and not before so many milliseconds: what is in the way takes a while to pass.
    Later(u32, i64),
    /// Again later, and the whole source slows down; for so many milliseconds at least, if a number is given.
    Throttle(Option<i64>),
    /// The credential is dead.
    Reauthorise,
    /// Never retry this message.
    Permanent,
    /// Never retry this message, and tell the administrator: every message of the source fares so. The source pauses for so many
    /// milliseconds, if a number is given.
    Source(Option<i64>),
    /// Never retry, and the consumer can't or must not be written to any more.
    Stop,
}

/// The finer code of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sub {
    /// The row holds when there is none.
    Absent,
    /// The row holds for any that no other row names, and for none.
    Any,
    /// The row holds for this one.
    Is(i64),
}

/// A row of a vendor's error table.
#[derive(Debug)]
pub struct Row {
    /// The codes it speaks of.
    pub codes: &'static [(i64, Sub)],
    /// What follows.
    pub class: Class,
    /// Our stable code.
    pub reason: &'static str,
    /// What happened, in a sentence.
    pub message: &'static str,
    /// What to do about it, in a sentence.
    pub remedy: &'static str,
}

impl Row {
    /// The reason for people, with the vendor's code beside ours.
    pub fn reason(&self, vendor_code: &str) -> Reason {
        Reason {
            code: self.reason.into(),
            vendor_code: Some(vendor_code.into()),
            message: self.message.into(),
            remedy: Some(self.remedy.into()),
        }
    }

    /// The send error. What the answer's `Retry-After` asks for goes before what the table says.
    pub fn error(&self, vendor_code: &str, after_ms: Option<i64>) -> SendError {
        let disposition = match self.class {
            Class::Retry(more) => Disposition::Retry { after_ms, max_attempts: more.map(|more| more + 1) },
            Class::Later(more, least_ms) => {
                Disposition::Retry { after_ms: Some(after_ms.unwrap_or(least_ms).max(least_ms)), max_attempts: Some(more + 1) }
            }
            Class::Source(pause_ms) => Disposition::Misconfigured { pause_ms },
            Class::Throttle(least) => Disposition::Throttled { after_ms: after_ms.or(least) },
            Class::Reauthorise => Disposition::NeedsReauthorisation,
            Class::Permanent => Disposition::Failed,
            Class::Stop => Disposition::OptedOut,
        };
        SendError { disposition, reason: self.reason(vendor_code) }
    }
}

impl Row {
    /// What to do where the code comes after the message was taken.
    pub fn again(&self) -> Option<TryAgain> {
        let (more, after_ms) = match self.class {
            Class::Retry(more) => (more.unwrap_or(MORE), AFTER_MS),
            Class::Later(more, least_ms) => (more, least_ms),
            Class::Throttle(None) => (MORE, AFTER_MS),
            // An answer that comes a day late may do harm: people decide whether it still goes out.
            Class::Throttle(Some(_)) | Class::Source(_) | Class::Reauthorise | Class::Permanent | Class::Stop => return None,
        };
        Some(TryAgain { after_ms, max_attempts: more + 1 })
    }
}

/// The row for a code: an exact one before a general one.
pub fn find(table: &'static [Row], code: i64, sub: Option<i64>) -> Option<&'static Row> {
    let named = |wanted: Sub| table.iter().find(|row| row.codes.contains(&(code, wanted)));
    let exact = match sub {
        Some(sub) => named(Sub::Is(sub)),
        None => named(Sub::Absent),
    };
    exact.or_else(|| named(Sub::Any))
}

/// A send error of our own.
pub fn error(disposition: Disposition, code: &str, message: &str, remedy: Option<&str>) -> SendError {
    let reason = Reason { code: code.into(), vendor_code: None, message: message.into(), remedy: remedy.map(Into::into) };
    SendError { disposition, reason }
}

/// What no answer means for a call that sends: certain only where nothing was written.
pub fn from_net(problem: &NetError) -> SendError {
    match problem {
        NetError::Forbidden(_) => error(
            Disposition::Failed,
            "address_forbidden",
            "The address to call is not allowed.",
            Some("Check the source's API address, or allow its network in the account's private endpoints."),
        ),
        NetError::NoConnection(_) => error(
            Disposition::Retry { after_ms: None, max_attempts: None },
            "no_connection",
            "The channel could not be reached.",
            Some("Nothing to do: it is tried again. If it lasts, check this server's network."),
        ),
        NetError::Timeout(_) | NetError::Broken(_) | NetError::TooLarge(_) => unknown(),
    }
}

/// The send may have arrived.
pub fn unknown() -> SendError {
    error(
        Disposition::Unknown,
        "outcome_unknown",
        "The channel gave no usable answer, so the message may or may not have arrived.",
        Some("Wait for a receipt, or ask the consumer, before sending it again."),
    )
}

/// What an HTTP status means for a call that sends, when the body says nothing that a table knows.
pub fn from_status(status: u16, after_ms: Option<i64>) -> SendError {
    let mut error = match status {
        401 => error(
            Disposition::NeedsReauthorisation,
            "not_authorised",
            "The channel does not accept the source's credentials.",
            Some("Renew the credentials of the source."),
        ),
        408 | 504 => unknown(),
        429 => error(
            Disposition::Throttled { after_ms },
            "throttled",
            "The channel asks to slow down.",
            Some("Nothing to do: it is tried again."),
        ),
        500.. => error(
            Disposition::Retry { after_ms, max_attempts: None },
            "vendor_unavailable",
            "The channel has a fault at the moment.",
            Some("Nothing to do: it is tried again."),
        ),
        // Success without a usable body: it was taken, but we don't know its id.
        200..=299 => unknown(),
        _ => error(Disposition::Failed, "rejected", "The channel refused the message.", Some("The channel log shows the refusal.")),
    };
    if !(200..300).contains(&status) {
        error.reason.vendor_code = Some(format!("HTTP {status}").into());
    }
    error
}

/// As [`from_net`] and [`from_status`], for calls that only read or signal: they can be repeated without harm.
pub fn harmless(mut problem: SendError) -> SendError {
    if problem.disposition == Disposition::Unknown {
        problem = error(
            Disposition::Retry { after_ms: None, max_attempts: None },
            "vendor_unavailable",
            "The channel gave no usable answer.",
            Some("Nothing to do: it is tried again."),
        );
    }
    problem
}
