//! Whether an agent can write into a conversation right now, and if not, why: read by the composer, and kept by publish.

use crate::App;
use antiphon_content::capabilities::TextLimit;
use antiphon_domain::source::HealthState;
use antiphon_domain::{Consumer, Conversation, Timestamp};

/// What the composer shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Composer {
    /// Whether writing makes sense.
    pub enabled: bool,
    /// A stable code when it does not: `closed`, `opted_out`, `window_closed`, `source_off`, `source_broken`,
    /// `no_source`, `in_survey`.
    pub code: Option<&'static str>,
    /// The same in a sentence.
    pub reason: Option<String>,
    /// How much text one message of the channel holds; longer ones are split.
    pub text: Option<TextLimit>,
    /// When the reply window closes, if it does.
    pub window_closes_at: Option<Timestamp>,
    /// Whether the channel has templates, which go out although the window is closed.
    pub templates: bool,
}

impl App {
    /// The composer's state for a conversation.
    pub fn composer(&self, conversation: &Conversation, consumer: &Consumer) -> Composer {
        let directory = self.directory();
        let view = directory.account(&conversation.account);
        let source = view.and_then(|view| view.sources.get(&conversation.source));
        let (Some(view), Some(source)) = (view, source) else {
            return disabled(None, "no_source", "The page or number of this conversation is no longer connected.".to_owned());
        };
        let Some(channel) = self.channel(&source.channel) else {
            return disabled(None, "no_source", "This server has no connector for the conversation's channel.".to_owned());
        };
        let can = channel.capabilities(&view.keys(source));
        let text = Some(can.text);
        let templates = channel.templates().is_some();
        if !conversation.open {
            return disabled(text, "closed", "The conversation is closed. When the consumer writes again, a new one begins.".to_owned());
        }
        if consumer.opted_out {
            return disabled(text, "opted_out", "The consumer asked for no more messages on this number.".to_owned());
        }
        if !source.enabled {
            return disabled(text, "source_off", format!("{} is switched off. An administrator can switch it on again.", source.name));
        }
        if source.health.state == HealthState::NeedsReauthorisation {
            let reason = format!("{} must be connected again by an administrator. {}", source.name, source.health.message);
            return disabled(text, "source_broken", reason.trim().to_owned());
        }
        let window_closes_at = can
            .window
            .as_ref()
            .zip(conversation.last_consumer_at)
            .map(|(window, last)| last.plus_s(i64::from(window.longest_hours()) * 3600));
        if can.window.is_some() && window_closes_at.is_none_or(|closes| closes <= self.clock.now()) {
            let reason = "The channel's reply window is closed: the consumer must write first.".to_owned();
            return Composer { window_closes_at, templates, ..disabled(text, "window_closed", reason) };
        }
        if conversation.in_survey() {
            let reason = "The conversation has ended and its survey is under way.".to_owned();
            return Composer { window_closes_at, ..disabled(text, "in_survey", reason) };
        }
        Composer { enabled: true, code: None, reason: None, text, window_closes_at, templates }
    }
}

fn disabled(text: Option<TextLimit>, code: &'static str, reason: String) -> Composer {
    Composer { enabled: false, code: Some(code), reason: Some(reason), text, window_closes_at: None, templates: false }
}
