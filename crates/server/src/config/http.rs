//! `[http]`: how often and how much one may ask. The other bounds of the HTTP interface keep their defaults.

use crate::document::{Problems, Section};
use antiphon_api::ApiLimits;
use antiphon_api::compat::{CompatLimits, Rate};
use std::num::NonZeroU32;

/// How much more may come at once than in a second.
const TWICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// The bounds of the HTTP interface.
#[derive(Clone, Debug)]
pub struct Http {
    /// Of the admin API and the webhooks.
    pub api: ApiLimits,
    /// Of the compatible protocols.
    pub compat: CompatLimits,
}

impl Http {
    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let mut number = |key, least, most| section.number(key, least, most, problems).and_then(|number| u32::try_from(number).ok());
        let requests_per_s = number("requests_per_s", 1, 1_000_000).and_then(NonZeroU32::new);
        let requests_burst = number("requests_burst", 1, 1_000_000).and_then(NonZeroU32::new);
        let sign_ins = number("sign_ins_per_min", 1, 1_000_000).and_then(NonZeroU32::new);
        let socket_requests = number("socket_requests_per_s", 1, 1_000_000).and_then(NonZeroU32::new);
        let app_requests = number("app_requests_per_s", 1, 1_000_000).and_then(NonZeroU32::new);
        let app_request_characters = number("app_request_characters", 100, 1_000_000);
        let app_request_kib = number("app_request_kib", 1, 10_240);
        let app_tokens = number("app_tokens_per_min", 1, 1_000_000);
        let consumer_tokens = number("consumer_tokens_per_min", 1, 10_000_000);
        let visitor_tokens = number("visitor_tokens_per_min", 1, 1_000_000);
        let body_kib = number("body_kib", 16, 1 << 20);
        let webhook_kib = number("webhook_kib", 16, 1 << 20);
        section.finish(problems);
        let (sign_ins, socket_requests, app_requests) = (sign_ins?, socket_requests?, app_requests?);
        let (app_tokens, consumer_tokens, visitor_tokens) = (app_tokens?, consumer_tokens?, visitor_tokens?);
        Some(Self {
            api: ApiLimits {
                requests_per_s: requests_per_s?,
                requests_burst: requests_burst?,
                sign_ins_per_min: sign_ins,
                sign_ins_burst: sign_ins,
                body_bytes: usize::try_from(body_kib?).ok()? << 10,
                webhook_bytes: usize::try_from(webhook_kib?).ok()? << 10,
                ..ApiLimits::default()
            },
            compat: CompatLimits {
                requests_per_second: socket_requests,
                requests_at_once: socket_requests.get().saturating_mul(4),
                sign_ins_per_min: sign_ins,
                sign_ins_at_once: sign_ins.get(),
                sends_per_second: app_requests,
                sends_at_once: app_requests.saturating_mul(TWICE),
                request_characters: usize::try_from(app_request_characters?).ok()?,
                request_bytes: usize::try_from(app_request_kib?).ok()? << 10,
                app_tokens_per_address: Rate::new(app_tokens, app_tokens),
                app_tokens_per_app: Rate::new(app_tokens, app_tokens),
                consumer_tokens_per_app: Rate::new(consumer_tokens, consumer_tokens.div_ceil(6)),
                visitor_tokens_per_address: Rate::new(visitor_tokens, visitor_tokens.saturating_mul(2)),
                ..CompatLimits::default()
            },
        })
    }
}
