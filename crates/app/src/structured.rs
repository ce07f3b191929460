//! Structured content on its way through the core: checked when it is published, shown as text where a channel has no better form,
//! and found again behind what a consumer types. The arithmetic is in [`antiphon_content::rich`].

use antiphon_content::rich::{Offered, Outline, Problem, QuickReplies, Reading, Rich, Rules, Words, read, read_quick_replies};
use antiphon_domain::{Content, ConversationId, DialogNumber, Sequence, Timestamp};
use std::sync::Arc;

/// Checks what an author offers.
///
/// # Errors
/// A sentence: the first problem with its place, and how many more there are.
pub(crate) fn check(content: &Content, max_bytes: usize, now: Timestamp) -> Result<(), String> {
    let rules = Rules { max_bytes, image_hosts: &[], now_s: now.0.div_euclid(1_000) };
    let (body, replies) = parts(content, &rules);
    let body = body.map(|reading| reading.errors).unwrap_or_default();
    let replies = replies.map(|reading| reading.errors).unwrap_or_default();
    let of_replies = |problem: &Problem| problem.to_string().replacen("content", "quickReplies", 1);
    let mut all = body.iter().map(Problem::to_string).chain(replies.iter().map(of_replies));
    match (all.next(), all.count()) {
        (None, _) => Ok(()),
        (Some(first), 0) => Err(first),
        (Some(first), more) => Err(format!("{first} (and {more} more)")),
    }
}

/// What a tapped choice of a message comes back with, but for the choice's place: which message it belongs to.
pub(crate) fn token(conversation: ConversationId, dialog: DialogNumber, sequence: Sequence) -> Arc<str> {
    format!("a.{conversation}.{}.{sequence}", dialog.0).into()
}

/// Back from a token: the message, and the choice's place in it.
pub(crate) fn read_token(token: &str) -> Option<(ConversationId, DialogNumber, Sequence, usize)> {
    let mut parts = token.strip_prefix("a.")?.split('.');
    let mut next = || parts.next();
    let (conversation, dialog, sequence, place) = (next()?, next()?, next()?, next()?);
    let read = (conversation.parse().ok()?, DialogNumber(dialog.parse().ok()?), sequence.parse().ok()?, place.parse().ok()?);
    next().is_none().then_some(read)
}

/// What can be chosen in it, in the order of the numbers and taps under which it was shown.
pub(crate) fn offered(content: &Content) -> Offered {
    outline(content).map(|outline| outline.offered(&Words::default())).unwrap_or_default()
}

/// What it shows; nothing when it is no structured content, or was kept before it was checked.
pub(crate) fn outline(content: &Content) -> Option<Outline> {
    // What was good when it was published stays readable, whatever time it is now.
    let (body, replies) = parts(content, &Rules { max_bytes: usize::MAX, image_hosts: &[], now_s: i64::MIN });
    let replies = replies.and_then(|reading| reading.content);
    match content {
        Content::Text { text, .. } => replies.map(|replies| Outline::of_text(text, Some(&replies))),
        Content::Rich { .. } => Some(Outline::of(&body?.content?, replies.as_ref(), &[])),
        Content::File { .. } => None,
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
            assert_eq!(super::check(content, 10_000, Timestamp(0)), expected.map_err(str::to_owned));
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
        assert_eq!(offered(&content).typed("2").and_then(|answer| answer.says).as_deref(), Some("No"));
        assert_eq!((outline(&Content::text("hi")), offered(&Content::text("hi"))), (None, Offered::default()));
        assert_eq!(outline(&rich("[]")), None);
    }

    #[test]
    fn tokens_say_which_message_and_which_choice() {
        let id = ConversationId([7; 16]);
        let token = format!("{}.12", super::token(id, DialogNumber(1), 345));
        assert_eq!(read_token(&token), Some((id, DialogNumber(1), 345, 12)));
        assert!(token.len() <= 64, "{token}");
        for bad in ["", "a.", "a.x.0.1.2", "b.1", "USER_PAYLOAD", &format!("{token}.1"), &format!("{token}x")] {
            assert_eq!(read_token(bad), None, "{bad}");
        }
    }
}
