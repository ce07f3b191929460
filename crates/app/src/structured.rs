//! Structured content on its way through the core: checked when it is published, shown as text where a channel has no better form,
//! and found again behind what a consumer types. The arithmetic is in [`antiphon_content::rich`].

use crate::channel::{Adapted, Channel, Keys, OutboundContent};
use crate::{AccountView, App};
use antiphon_content::rich::{
    Adaptation, Answer, Offered, Outline, Page, Presentation, Problem, QuickReplies, Reading, Rich, Rules, Words, read, read_quick_replies,
};
use antiphon_domain::{Account, Content, ConversationId, DialogNumber, Event, EventBody, Sequence, Source, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Most hosts from which pictures may come.
const IMAGE_HOSTS: usize = 100;
/// Most choices that one payload brings back.
const TAPS: usize = 100;

/// A language that we have sentences in.
///
/// # Errors
/// A sentence that names those that there are.
pub fn language(text: &str) -> Result<String, String> {
    let known = Words::languages().find(|known| known.eq_ignore_ascii_case(text.trim()));
    known.map(str::to_owned).ok_or_else(|| format!("must be one of {}", Words::languages().collect::<Vec<_>>().join(", ")))
}

/// Hosts, as they are compared: small letters, no scheme, no port, no wildcards.
///
/// # Errors
/// A sentence that names the first that is none.
pub fn image_hosts(hosts: &[String]) -> Result<Vec<String>, String> {
    if hosts.len() > IMAGE_HOSTS {
        return Err(format!("has {} hosts; at most {IMAGE_HOSTS} are allowed", hosts.len()));
    }
    let host = |text: &String| {
        let host = text.trim().to_ascii_lowercase();
        let proper =
            |label: &str| !label.is_empty() && label.len() < 64 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let good = host.len() <= 253 && host.split('.').all(proper);
        good.then_some(host).ok_or_else(|| format!("`{text}` is no host; give it like cdn.example.com, without https:// and wildcards"))
    };
    hosts.iter().map(host).collect()
}

/// Checks what an author offers.
///
/// # Errors
/// A sentence: the first problem with its place, and how many more there are.
pub(crate) fn check(content: &Content, max_bytes: usize, image_hosts: &[String], now: Timestamp) -> Result<(), String> {
    let mut all = problems(content, max_bytes, image_hosts, now).into_iter().map(|problem| problem.to_string());
    match (all.next(), all.count()) {
        (None, _) => Ok(()),
        (Some(first), 0) => Err(first),
        (Some(first), more) => Err(format!("{first} (and {more} more)")),
    }
}

/// Everything that is wrong with what an author offers; paths begin with `content` or `quickReplies`.
fn problems(content: &Content, max_bytes: usize, image_hosts: &[String], now: Timestamp) -> Vec<Problem> {
    let rules = Rules { max_bytes, image_hosts, now_s: now.0.div_euclid(1_000) };
    let (body, replies) = parts(content, &rules);
    let body = body.map(|reading| reading.errors).unwrap_or_default();
    let replies = replies.map(|reading| reading.errors).unwrap_or_default();
    let under = |root: &'static str| move |problem: Problem| Problem { path: format!("{root}{}", problem.path), ..problem };
    body.into_iter().map(under("content")).chain(replies.into_iter().map(under("quickReplies"))).collect()
}

/// What a tapped choice of a message comes back with, but for the choice's place: which message it belongs to.
pub(crate) fn token(conversation: ConversationId, dialog: DialogNumber, sequence: Sequence) -> Arc<str> {
    format!("a.{conversation}.{}.{sequence}", dialog.0).into()
}

/// What came back from a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tapped {
    /// Choices, by their places.
    Choices(Vec<usize>),
    /// A day, for the question of that number.
    Day(usize),
    /// More choices are wanted, from that place on.
    More(usize),
}

/// Back from what a tap brought: the message, and what was tapped in it. Several choices come with a space between two.
pub(crate) fn read_token(payload: &str) -> Option<(ConversationId, DialogNumber, Sequence, Tapped)> {
    let mut read: Option<(ConversationId, DialogNumber, Sequence, Tapped)> = None;
    for token in payload.split(' ').take(TAPS + 1) {
        let (conversation, dialog, sequence, tapped) = read_one(token)?;
        match (&mut read, tapped) {
            (None, tapped) => read = Some((conversation, dialog, sequence, tapped)),
            (Some((of, in_dialog, at, Tapped::Choices(places))), Tapped::Choices(more))
                if (*of, *in_dialog, *at) == (conversation, dialog, sequence) && places.len() < TAPS =>
            {
                places.extend(more);
            }
            _ => return None,
        }
    }
    read
}

fn read_one(token: &str) -> Option<(ConversationId, DialogNumber, Sequence, Tapped)> {
    let mut parts = token.strip_prefix("a.")?.split('.');
    let mut next = || parts.next();
    let (conversation, dialog, sequence, place) = (next()?, next()?, next()?, next()?);
    let tapped = match place.split_at_checked(1)? {
        ("m", from) => Tapped::More(from.parse().ok()?),
        ("d", number) => Tapped::Day(number.parse().ok()?),
        _ => Tapped::Choices(vec![place.parse().ok()?]),
    };
    let read = (conversation.parse().ok()?, DialogNumber(dialog.parse().ok()?), sequence.parse().ok()?, tapped);
    next().is_none().then_some(read)
}

/// The sentences that an account's consumers read.
pub(crate) fn words(account: &Account) -> Words {
    Words::of(&account.settings.consumer_language, &account.timezone)
}

/// What can be chosen in a message, in the order of the numbers and taps under which it was shown.
pub(crate) fn offered(account: &Account, event: &Event) -> Offered {
    shown(event).map(|outline| outline.offered(&words(account))).unwrap_or_default()
}

/// A message of structured content on its way to its consumer; nothing when it is none, or was kept before it was checked.
pub(crate) fn presentation(account: &Account, conversation: ConversationId, event: &Event, page: Page) -> Option<Presentation> {
    let token = token(conversation, event.dialog, event.sequence);
    Some(Presentation { outline: shown(event)?, words: words(account), token, page })
}

/// What a message shows, as of when it was published: later it counts the same.
fn shown(event: &Event) -> Option<Outline> {
    let EventBody::Content(content) = &event.body else { return None };
    let about = event.metadata.as_deref().and_then(|metadata| serde_json::from_str::<Vec<Value>>(metadata).ok()).unwrap_or_default();
    Some(outline(content, &about)?.at(event.at.0.div_euclid(1_000)))
}

/// What it shows.
pub(crate) fn outline(content: &Content, about: &[Value]) -> Option<Outline> {
    // What was good when it was published stays readable, whatever time it is now.
    let (body, replies) = parts(content, &Rules { max_bytes: usize::MAX, image_hosts: &[], now_s: i64::MIN });
    let replies = replies.and_then(|reading| reading.content);
    match content {
        Content::Text { text, .. } => replies.map(|replies| Outline::of_text(text, Some(&replies))),
        Content::Rich { .. } => Some(Outline::of(&body?.content?, replies.as_ref(), about)),
        Content::File { .. } => None,
    }
}

/// What a tap or a typed text chose in a message.
pub(crate) fn answer(offered: &Offered, tapped: Option<&Tapped>, text: &str) -> Option<Answer> {
    match tapped {
        Some(Tapped::Choices(places)) => offered.all(places),
        Some(Tapped::Day(number)) => offered.day(*number, text),
        Some(Tapped::More(_)) => None,
        None => offered.typed(text).map(|mut answer| {
            answer.metadata.push(serde_json::json!({"type": "InputMode", "mode": "typed", "text": text}));
            answer
        }),
    }
}

/// What a channel of an account would make of content.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The messages, each in the channel's form; empty where the channel's clients draw the content themselves.
    pub made: Adaptation,
    /// Whether the channel's clients draw the content themselves.
    pub neutral: bool,
}

impl App {
    /// What a channel, or one source of it, would make of content, before anybody sends it.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn preview(
        &self,
        view: &AccountView,
        channel: &dyn Channel,
        source: Option<&Arc<Source>>,
        content: &Content,
        about: &[Value],
    ) -> Result<Preview, Vec<Problem>> {
        let now = self.clock.now();
        let problems = problems(content, self.limits.rich_bytes, &view.account.settings.image_hosts, now);
        if !problems.is_empty() {
            return Err(problems);
        }
        let can = channel.capabilities(&source.map_or_else(Keys::default, |source| view.keys(source)));
        if can.structured.neutral {
            return Ok(Preview { made: Adaptation::default(), neutral: true });
        }
        let outline = match content {
            Content::Text { text, .. } => outline(content, about).unwrap_or_else(|| Outline::of_text(text, None)),
            _ => outline(content, about).unwrap_or_default(),
        };
        let outline = outline.at(now.0.div_euclid(1_000));
        let shown = Presentation { outline, words: words(&view.account), token: "0".into(), page: Page::First };
        Ok(Preview { made: shown.native(&can.text, &can.structured), neutral: false })
    }

    /// A further page of what a message offers, and which text page comes after it.
    pub(crate) fn page(
        &self,
        view: &AccountView,
        source: &Arc<Source>,
        conversation: ConversationId,
        event: &Event,
        page: Page,
    ) -> Option<Adapted> {
        let channel = self.channel(&source.channel)?;
        let shown = presentation(&view.account, conversation, event, page)?;
        Some(channel.adapt(&OutboundContent::Structured(Box::new(shown)), &channel.capabilities(&view.keys(source))))
    }
}

type Parts = (Option<Reading<Rich>>, Option<Reading<QuickReplies>>);

fn parts(content: &Content, rules: &Rules<'_>) -> Parts {
    match content {
        Content::Text { quick_replies, .. } => (None, quick_replies.as_deref().map(|json| read_quick_replies(json, rules))),
        Content::Rich { json, quick_replies } => {
            (Some(read(json, rules)), quick_replies.as_deref().map(|json| read_quick_replies(json, rules)))
        }
        Content::File { .. } => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(replies: &str) -> Content {
        Content::Text { text: "Shall we?".into(), quick_replies: Some(replies.into()) }
    }

    fn rich(json: &str) -> Content {
        Content::Rich { json: json.into(), quick_replies: None }
    }

    #[test]
    fn problems_are_told_with_their_place() {
        let check = |content: &Content, expected: Result<(), &str>| {
            assert_eq!(super::check(content, 10_000, &[], Timestamp(0)), expected.map_err(str::to_owned));
        };
        check(&Content::text("hi"), Ok(()));
        check(&rich(r#"{"type":"vertical","elements":[]}"#), Ok(()));
        check(&rich(r#"{"type":"button","title":""}"#), Err("content/title: is empty; give a text"));
        check(&rich(r#"{"type":"map","la":100,"lo":200}"#), Err("content/la: must lie between -90 and 90 (and 1 more)"));
        check(&text(r#"{"type":"quickReplies","replies":[]}"#), Err("quickReplies/replies: has 0 items; at least 1 are needed"));
        let both = Content::Rich { json: r#"{"type":"text","text":"a"}"#.into(), quick_replies: Some("[]".into()) };
        check(&both, Err("quickReplies: must be an object"));
    }

    #[test]
    fn what_is_offered_is_shown_and_found() {
        let content =
            text(r#"{"type":"quickReplies","itemsPerRow":8,"replies":[{"type":"button","title":"Yes"},{"type":"button","title":"No"}]}"#);
        let offered = outline(&content, &[]).expect("an outline").offered(&Words::default());
        assert_eq!(answer(&offered, None, "2").and_then(|answer| answer.says).as_deref(), Some("No"));
        assert_eq!((outline(&Content::text("hi"), &[]), outline(&rich("[]"), &[])), (None, None));
    }

    #[test]
    fn pictures_come_from_the_hosts_that_are_named() {
        let picture = rich(r#"{"type":"image","url":"https://evil.test/x.png"}"#);
        let hosts = image_hosts(&["CDN.shop.test".to_owned()]).expect("a host");
        let refused = super::check(&picture, 10_000, &hosts, Timestamp(0)).expect_err("another host");
        assert!(refused.starts_with("content/url: the account does not allow images from evil.test"), "{refused}");
        for bad in ["", "https://a.test", "*.a.test", "a b", "a..test", "a.test:80"] {
            assert!(image_hosts(&[bad.to_owned()]).is_err(), "{bad}");
        }
        assert_eq!((language("DE").as_deref(), language("xx").is_err()), (Ok("de"), true));
    }

    #[test]
    fn tokens_say_which_message_and_which_choice() {
        let id = ConversationId([7; 16]);
        let of = super::token(id, DialogNumber(1), 345);
        let check = |payload: &str, expected: Option<Tapped>| {
            assert_eq!(read_token(payload), expected.map(|tapped| (id, DialogNumber(1), 345, tapped)), "{payload}");
        };
        check(&format!("{of}.12"), Some(Tapped::Choices(vec![12])));
        check(&format!("{of}.12 {of}.3"), Some(Tapped::Choices(vec![12, 3])));
        check(&format!("{of}.m20"), Some(Tapped::More(20)));
        check(&format!("{of}.d0"), Some(Tapped::Day(0)));
        assert!(format!("{of}.m255").len() <= 64);
        let elsewhere = super::token(ConversationId([8; 16]), DialogNumber(1), 345);
        let many = vec![format!("{of}.1"); TAPS + 1].join(" ");
        for bad in ["", "a.", "a.x.0.1.2", "b.1", "USER_PAYLOAD", &format!("{of}.1.1"), &format!("{of}.1x"), &format!("{of}.m"), &many] {
            check(bad, None);
        }
        check(&format!("{of}.1 {elsewhere}.2"), None);
        check(&format!("{of}.1 {of}.m2"), None);
    }
}
