//! `[http]`: how often and how much one may ask. The other bounds of the HTTP interface keep their defaults.

use crate::document::{Problems, Section};
use antiphon_api::ApiLimits;
use antiphon_api::compat::CompatLimits;
use std::num::NonZeroU32;

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
        let body_kib = number("body_kib", 16, 1 << 20);
        let webhook_kib = number("webhook_kib", 16, 1 << 20);
        section.finish(problems);
        let (sign_ins, socket_requests) = (sign_ins?, socket_requests?);
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
                ..CompatLimits::default()
            },
        })
    }
}
