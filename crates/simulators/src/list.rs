//! The only list of simulated channels: one line each.

use std::sync::Arc;

use crate::kit::Kit;
use crate::simulator::Vendor;
use crate::{facebook_messenger, telegram, twilio_sms, viber};

/// A simulated channel.
pub(crate) struct Kind {
    pub channel: &'static str,
    pub title: &'static str,
    pub build: fn(Arc<Kit>) -> Arc<dyn Vendor>,
}

pub(crate) const CHANNELS: &[Kind] = &[
    Kind { channel: "twilio_sms", title: "SMS", build: twilio_sms::build },
    Kind { channel: "facebook_messenger", title: "Messenger", build: facebook_messenger::build },
    Kind { channel: "telegram", title: "Telegram", build: telegram::build },
    Kind { channel: "rcs", title: "RCS", build: crate::rcs::build },
    Kind { channel: "whatsapp", title: "WhatsApp", build: crate::whatsapp::build },
    Kind { channel: "instagram", title: "Instagram", build: crate::instagram::build },
    Kind { channel: "line", title: "LINE", build: crate::line::build },
    Kind { channel: "cm_sms", title: "SMS (CM.com)", build: crate::cm_sms::build },
    Kind { channel: "viber", title: "Viber", build: viber::build },
];

/// The ids of all simulated channels.
#[must_use]
pub fn channels() -> Vec<&'static str> {
    CHANNELS.iter().map(|kind| kind.channel).collect()
}
