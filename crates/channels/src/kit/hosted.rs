//! What all channels have in common whose consumers come to us over our own protocols: no vendor calls us, and none is called.
//!
//! Such a connector only declares what its clients can show. Whatever would reach a vendor is refused, so that a webhook
//! addressed to one of its sources, or a delivery made by mistake, is seen and goes nowhere.

use antiphon_app::channel::{DeadLetter, Disposition, InboundItem, Refusal, SendError};
use antiphon_content::{Capabilities, MediaLimits, MediaRule, Signals, Structured, TextLimit, Unit};
use antiphon_domain::delivery::Reason;

/// The longest text of one message, in characters: what the published protocol takes.
const TEXT_MAX: u32 = 5_000;
/// The largest file, in bytes.
const FILE_MAX: u64 = 25 << 20;

/// What clients of our own protocols can show: everything that those protocols carry.
pub fn capabilities() -> Capabilities {
    let types = ["image/*", "audio/*", "video/*", "text/*", "application/*"].map(|mime| MediaRule::new(mime, FILE_MAX)).to_vec();
    Capabilities {
        text: TextLimit { max: TEXT_MAX, unit: Unit::Codepoint, segments: false },
        caption_max: TEXT_MAX,
        structured: Structured { neutral: true, ..Structured::default() },
        media: MediaLimits { types, max_bytes: FILE_MAX, max_per_message: 1 },
        signals: Signals { typing_out: true, seen_out: true, typing_in: true, delivered: true, read: true },
        window: None,
        consent_keywords: false,
        native_messages: false,
    }
}

/// No webhook of such a channel is ever right.
pub fn refuse() -> Refusal {
    Refusal::BadSignature("the channel has no webhooks")
}

/// Nothing is in a webhook that there can't be.
pub fn nothing() -> Vec<Result<InboundItem, DeadLetter>> {
    Vec::new()
}

/// Nothing is ever handed to a vendor.
pub fn no_vendor() -> SendError {
    SendError {
        disposition: Disposition::Failed,
        reason: Reason {
            code: "no_vendor".into(),
            vendor_code: None,
            message: "This channel's consumers fetch their messages themselves; nothing is sent to anybody.".into(),
            remedy: None,
        },
    }
}
