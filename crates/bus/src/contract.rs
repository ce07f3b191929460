//! What every bus must do, whatever carries it. Each backend's own tests call this suite.
//!
//! It waits only for what must come: that nothing else came is seen by what comes next.

use antiphon_app::ports::bus::{Announcement, Bus, Heard, Listener, Topic};
use antiphon_domain::{ConsumerId, ConversationId, UserId};

pub(crate) fn account(id: &str) -> Topic {
    Topic::Account(id.parse().expect(id))
}

pub(crate) fn user(id: &str, user: i64) -> Topic {
    Topic::User(id.parse().expect(id), UserId(user))
}

/// An announcement that can be told from others.
pub(crate) fn numbered(number: u8) -> Announcement {
    Announcement::Consumer(ConsumerId([number; 32]))
}

/// What is heard next: the announcement's number, `None` for "some were missed".
pub(crate) async fn next(listener: &mut Listener) -> Option<u8> {
    match listener.heard.recv().await.expect("the bus lives") {
        Heard::That(Announcement::Consumer(ConsumerId([number, ..]))) => Some(number),
        Heard::That(other) => panic!("nobody announced {other:?}"),
        Heard::Missed => None,
    }
}

/// The suite for buses that lose nothing while nobody lags.
pub(crate) async fn check(bus: &dyn Bus) {
    only_what_was_tuned_in_is_heard(bus).await;
    several_topics_are_heard_once(bus).await;
    one_announcer_is_heard_in_order(bus).await;
    a_listener_that_left_disturbs_nobody(bus).await;
}

async fn only_what_was_tuned_in_is_heard(bus: &dyn Bus) {
    let conversation = Topic::Conversation(ConversationId([3; 16]));
    let (mut one, mut other) = (bus.listen(), bus.listen());
    one.tuner.add(user("a", 1));
    one.tuner.add(conversation.clone());
    other.tuner.add(user("a", 2));
    bus.announce(&[user("a", 1)], numbered(1));
    bus.announce(&[user("b", 1)], numbered(2));
    bus.announce(&[account("a")], numbered(3));
    bus.announce(std::slice::from_ref(&conversation), numbered(4));
    bus.announce(&[user("a", 2)], numbered(5));
    assert_eq!((next(&mut one).await, next(&mut one).await), (Some(1), Some(4)));
    assert_eq!(next(&mut other).await, Some(5));
    one.tuner.remove(&conversation);
    bus.announce(&[conversation], numbered(6));
    bus.announce(&[user("a", 1)], numbered(7));
    assert_eq!(next(&mut one).await, Some(7));
}

async fn several_topics_are_heard_once(bus: &dyn Bus) {
    let mut listener = bus.listen();
    listener.tuner.add(account("a"));
    listener.tuner.add(user("a", 1));
    listener.tuner.add(user("a", 1));
    bus.announce(&[account("a"), user("a", 1), user("a", 1)], numbered(1));
    bus.announce(&[account("a")], numbered(2));
    assert_eq!((next(&mut listener).await, next(&mut listener).await), (Some(1), Some(2)));
    listener.tuner.remove(&user("a", 1));
    bus.announce(&[user("a", 1)], numbered(3));
    bus.announce(&[account("a"), user("a", 1)], numbered(4));
    assert_eq!(next(&mut listener).await, Some(4));
}

async fn one_announcer_is_heard_in_order(bus: &dyn Bus) {
    let mut listener = bus.listen();
    listener.tuner.add(account("a"));
    (0..200).for_each(|number| bus.announce(&[account("a")], numbered(number)));
    for number in 0..200 {
        assert_eq!(next(&mut listener).await, Some(number));
    }
}

async fn a_listener_that_left_disturbs_nobody(bus: &dyn Bus) {
    let (mut stays, leaves, deaf) = (bus.listen(), bus.listen(), bus.listen());
    for listener in [&stays, &leaves, &deaf] {
        listener.tuner.add(account("a"));
    }
    drop(leaves);
    // Half of a listener may go first: its queue, and later its tuner.
    drop(deaf.heard);
    bus.announce(&[account("a")], numbered(1));
    drop(deaf.tuner);
    bus.announce(&[account("a")], numbered(2));
    assert_eq!((next(&mut stays).await, next(&mut stays).await), (Some(1), Some(2)));
}

/// The suite for a bus whose listeners may lag `length` announcements behind.
pub(crate) async fn check_lagging(bus: &dyn Bus, length: u8) {
    let mut listener = bus.listen();
    listener.tuner.add(account("a"));
    (0..length + 3).for_each(|number| bus.announce(&[account("a")], numbered(number)));
    for number in 0..length {
        assert_eq!(next(&mut listener).await, Some(number));
    }
    // The loss is told although nothing was announced after it, and before anything that is.
    assert_eq!(next(&mut listener).await, None);
    bus.announce(&[account("a")], numbered(100));
    assert_eq!(next(&mut listener).await, Some(100));
}
