//! Conversations, events, changes: versions, order, atomicity.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{CommitError, Write};
use antiphon_domain::conversation::{ClosedBy, Draft, Rating, RatingStatus, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::routing::{Availability, Ring, RingState, Task};
use antiphon_domain::{
    AcceptStatus, Audience, Change, ChangeKind, Content, DialogNumber, Event, EventBody, FileId, Originator, Role, SkillId, Timestamp,
    UserId,
};
use std::sync::Arc;

/// Every field of every kind of event and of the conversation comes back, with the last content.
pub async fn a_conversation_comes_back_as_it_was(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let mut conversation = open_conversation(&*store, 1, 1, Some(4), 10).await;
    assert_eq!(store.conversation(&account, conversation.id).await.expect("reads").as_ref(), Some(&conversation));
    let agent = Originator { party: Party::User(UserId(7)), role: Role::AssignedAgent };
    let quick: Option<Arc<str>> = Some("{\"type\":\"quickReplies\"}".into());
    let bodies = [
        EventBody::Content(Content::Text { text: "answer".into(), quick_replies: quick.clone() }),
        EventBody::Content(Content::File {
            file: FileId(9),
            path: "/v1/AUTH_async-images/acc/a.jpg".into(),
            caption: "look".into(),
            file_type: "JPEG".into(),
            preview: Some("data:image/png;base64,AA==".into()),
        }),
        EventBody::Content(Content::Rich { json: "{\"type\":\"vertical\"}".into(), quick_replies: quick }),
        EventBody::Accept { status: AcceptStatus::Read, sequences: vec![0, 2] },
        EventBody::text("a note"),
    ];
    let was = conversation.version;
    let change = conversation.assign(UserId(7), Some(Party::System), Timestamp(11)).expect("assigns");
    let mut writes = vec![Write::AddChange { conversation: conversation.id, change }];
    let mut events: Vec<Arc<Event>> = conversation.last_content.iter().cloned().collect();
    for (at, body) in bodies.into_iter().enumerate() {
        let draft = Draft {
            originator: agent,
            vendor_at: (at % 2 == 0).then_some(Timestamp(at as i64)),
            audience: if at == 4 { Audience::AgentsAndManagers } else { Audience::All },
            body,
            metadata: (at % 2 == 1).then(|| "[{\"type\":\"x\"}]".into()),
        };
        let event = Arc::new(conversation.append(DialogNumber::MAIN, draft, Timestamp(20 + at as i64)).expect("appends"));
        writes.push(add(&conversation, &event));
        events.push(event);
    }
    conversation.change_response_time(ResponseTimeKind::Urgent, 60, None, Timestamp(30)).expect("changes");
    writes.push(put(&conversation, was));
    commit(&*store, writes).await;
    assert_eq!(store.conversation(&account, conversation.id).await.expect("reads").as_ref(), Some(&conversation));
    let stored = store.events(&account, conversation.id, DialogNumber::MAIN, 0, 100).await.expect("reads");
    assert_eq!(stored, events.iter().map(|event| Event::clone(event)).collect::<Vec<_>>());

    let was = conversation.version;
    conversation.close(ClosedBy::Agent, Some("solved".into()), Some(Party::User(UserId(7))), Timestamp(40)).expect("closes");
    commit(&*store, [put(&conversation, was)]).await;
    assert_eq!(store.conversation(&account, conversation.id).await.expect("reads"), Some(conversation));
    assert_eq!(store.conversation(&account, conversation_id(99)).await.expect("reads"), None);
}

/// Whoever commits on a version that has moved on is refused, also within one batch; a new id must be new.
pub async fn a_stale_version_is_a_conflict(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let first = open_conversation(&*store, 1, 1, None, 10).await;
    let (mut left, mut right) = (first.clone(), first.clone());
    let one = consumer_writes(&mut left, "one", 11);
    let two = consumer_writes(&mut right, "two", 12);
    let (a, b) = tokio::join!(
        attempt(&*store, [put(&left, first.version), add(&left, &one)]),
        attempt(&*store, [put(&right, first.version), add(&right, &two)])
    );
    assert_eq!((a, b), (Ok(()), Err(CommitError::Conflict)));
    assert_eq!(store.conversation(&account_id(), first.id).await.expect("reads"), Some(left.clone()));
    assert_eq!(attempt(&*store, [put(&first, 0)]).await, Err(CommitError::Conflict), "it is not new");
    let (unknown, _) = conversation(2, 2, None, 10);
    assert_eq!(attempt(&*store, [put(&unknown, 1)]).await, Err(CommitError::Conflict), "there is none of that version");
    // One unit may move a conversation twice.
    let was = left.version;
    let event = consumer_writes(&mut left, "three", 13);
    let middle = left.clone();
    let again = consumer_writes(&mut left, "four", 14);
    commit(&*store, [put(&middle, was), add(&middle, &event), put(&left, middle.version), add(&left, &again)]).await;
    assert_eq!(store.conversation(&account_id(), first.id).await.expect("reads"), Some(left));
}

/// A consumer's second open conversation is a conflict, also in one unit; after a close, and in the unit that closes, it is not.
pub async fn only_one_conversation_is_open_per_consumer(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let mut first = open_conversation(&*store, 1, 1, None, 10).await;
    let (second, _) = conversation(2, 1, None, 11);
    assert_eq!(attempt(&*store, [put(&second, 0)]).await, Err(CommitError::Conflict));
    let (third, _) = conversation(3, 2, None, 11);
    let (fourth, _) = conversation(4, 2, None, 11);
    assert_eq!(attempt(&*store, [put(&third, 0), put(&fourth, 0)]).await, Err(CommitError::Conflict));
    let racing = tokio::join!(attempt(&*store, [put(&third, 0)]), attempt(&*store, [put(&fourth, 0)]));
    assert_eq!(racing, (Ok(()), Err(CommitError::Conflict)));
    let was = first.version;
    first.close(ClosedBy::Consumer, None, None, Timestamp(12)).expect("closes");
    commit(&*store, [put(&first, was), put(&second, 0)]).await;
    let at = store.consumer_at(&account_id(), SOURCE, &consumer(1).address).await.expect("reads").expect("is there");
    assert_eq!(at.open, Some(second.id));
}

/// Whatever a unit holds before or behind the refused write: nothing of it stays, and its guard is still free.
pub async fn a_refused_unit_leaves_nothing(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let first = open_conversation(&*store, 1, 1, None, 10).await;
    let mut stale = first.clone();
    stale.version += 5;
    let before = subject.store().conversation(&account, first.id).await.expect("reads");
    let event = Arc::new(Event { sequence: 1, ..Event::clone(first.last_content.as_ref().expect("has content")) });
    let doomed = || {
        vec![
            once("SM7", 1),
            Write::PutConsumer(consumer(9)),
            Write::PutTask(Task::new(first.id, consumer_id(1), None, Timestamp(1))),
            Write::PutDelivery(delivery(7, first.id, 0)),
            add(&first, &event),
            put(&stale, stale.version),
        ]
    };
    assert_eq!(attempt(&*store, doomed()).await, Err(CommitError::Conflict));
    let mut twice = doomed();
    twice.pop();
    twice.push(add(&first, &event));
    assert_eq!(attempt(&*store, twice).await, Err(CommitError::Conflict), "the same place twice, found only while writing");
    assert_eq!(store.consumer(&account, consumer_id(9)).await.expect("reads"), None);
    assert!(store.routing(&account).await.expect("reads").tasks.is_empty());
    assert_eq!(store.delivery(&account, antiphon_domain::DeliveryId(7)).await.expect("reads"), None);
    assert_eq!(store.events(&account, first.id, DialogNumber::MAIN, 0, 9).await.expect("reads").len(), 1);
    assert_eq!(store.conversation(&account, first.id).await.expect("reads"), before);
    commit(&*store, [once("SM7", 2)]).await;
}

/// A unit whose trouble shows only while it is written does not harm those that share its transaction.
pub async fn a_poisoned_unit_fails_alone(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let first = open_conversation(&*store, 1, 1, None, 10).await;
    let taken = first.last_content.clone().expect("has content");
    let unit = |number: u32| {
        let mut writes = vec![once(&format!("SM{number}"), 1), Write::PutConsumer(consumer(u8::try_from(number).expect("small") + 10))];
        if number == 10 {
            writes.push(add(&first, &taken));
        }
        writes
    };
    let results = futures_util::future::join_all((0..20).map(|number| attempt(&*store, unit(number)))).await;
    for (number, result) in results.into_iter().enumerate() {
        let expected = if number == 10 { Err(CommitError::Conflict) } else { Ok(()) };
        assert_eq!(result, expected, "{number}");
        let consumer = store.consumer(&account_id(), consumer_id(u8::try_from(number).expect("small") + 10)).await.expect("reads");
        assert_eq!(consumer.is_some(), number != 10, "{number}");
    }
}

/// Events come from a sequence on, in order; a taken place is a conflict.
pub async fn events_are_in_order_without_gaps(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let mut conversation = open_conversation(&*store, 1, 1, None, 10).await;
    for number in 1..30 {
        let was = conversation.version;
        let event = consumer_writes(&mut conversation, &format!("number {number}"), 10 + number);
        commit(&*store, [put(&conversation, was), add(&conversation, &event)]).await;
    }
    let mut from = 0;
    loop {
        let page = store.events(&account, conversation.id, DialogNumber::MAIN, from, 7).await.expect("reads");
        for event in &page {
            assert_eq!(event.sequence, from);
            from += 1;
        }
        if page.len() < 7 {
            break;
        }
    }
    assert_eq!(from, 30);
    assert!(store.events(&account, conversation.id, DialogNumber(1), 0, 7).await.expect("reads").is_empty());
    let last = conversation.last_content.clone().expect("has content");
    assert_eq!(attempt(&*store, [add(&conversation, &last)]).await, Err(CommitError::Conflict));
}

/// Every kind of change comes back, after a version, in order.
pub async fn changes_come_back_in_order(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let id = conversation_id(1);
    let kinds = [
        ChangeKind::Opened,
        ChangeKind::SkillChanged { from: None, to: Some(SkillId(4)) },
        ChangeKind::AgentAssigned(UserId(1)),
        ChangeKind::AgentRemoved(UserId(2)),
        ChangeKind::AgentSuggested(UserId(3)),
        ChangeKind::Joined(UserId(4), Role::Manager),
        ChangeKind::Left(UserId(5), Role::Reader),
        ChangeKind::ResponseTimeChanged(ResponseTimeKind::Custom, -5),
        ChangeKind::Closed(ClosedBy::System),
        ChangeKind::DialogOpened(DialogNumber(1)),
        ChangeKind::DialogClosed(DialogNumber(1), ClosedBy::Consumer),
        ChangeKind::DialogTagged(DialogNumber(1)),
        ChangeKind::Rated(Rating { stars: Some(5), resolved: Some(false), status: RatingStatus::PartiallyFilled }),
        ChangeKind::Rated(Rating { stars: None, resolved: None, status: RatingStatus::Skipped }),
        ChangeKind::NoteChanged,
        ChangeKind::TopicChanged,
        ChangeKind::DelayChanged(Some(Timestamp(9))),
        ChangeKind::DueChanged(None),
        ChangeKind::SuggestionEnded(UserId(6)),
        ChangeKind::RingEnded { agent: UserId(7), offered_at: Timestamp(-3), state: RingState::Expired },
    ];
    let by =
        [Some(Party::System), None, Some(Party::User(UserId(1))), Some(Party::External(SOURCE)), Some(Party::Consumer(consumer_id(1)))];
    let changes: Vec<Change> = kinds
        .into_iter()
        .enumerate()
        .map(|(at, kind)| Change {
            version: 2 * at as u64 + 1,
            at: Timestamp(at as i64),
            kind,
            by: by[at % by.len()],
            metadata: (at % 2 == 0).then(|| r#"[{"type":"ActionReason","reason":"ä"}]"#.into()),
        })
        .collect();
    for change in changes.iter().rev() {
        commit(&*store, [Write::AddChange { conversation: id, change: change.clone() }]).await;
    }
    assert_eq!(store.changes(&account_id(), id, 0, 100).await.expect("reads"), changes);
    assert_eq!(store.changes(&account_id(), id, 3, 2).await.expect("reads"), changes[2..4]);
}

/// Many writers to few conversations, each retrying on conflict: every text is there once, in one order without gaps.
pub async fn racing_writers_lose_nothing(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    for number in 0..3 {
        open_conversation(&*store, number, u8::try_from(number).expect("small"), None, 10).await;
    }
    let writer = |writer: u32| {
        let store = Arc::clone(&store);
        let account = account.clone();
        async move {
            for number in 0..10u32 {
                let id = conversation_id((writer + number) % 3);
                loop {
                    let mut conversation = store.conversation(&account, id).await.expect("reads").expect("is there");
                    let was = conversation.version;
                    let event = consumer_writes(&mut conversation, &format!("{writer}/{number}"), 11);
                    let key = format!("SM{writer}/{number}");
                    match attempt(&*store, [once(&key, 1), put(&conversation, was), add(&conversation, &event)]).await {
                        Ok(()) => break,
                        Err(error) => assert_eq!(error, CommitError::Conflict),
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
    };
    futures_util::future::join_all((0..20).map(writer)).await;
    let mut texts = Vec::new();
    for number in 0..3 {
        let conversation = store.conversation(&account, conversation_id(number)).await.expect("reads").expect("is there");
        let events = store.events(&account, conversation.id, DialogNumber::MAIN, 0, 1_000).await.expect("reads");
        assert!(events.iter().enumerate().all(|(at, event)| event.sequence == at as u64), "no gaps");
        assert_eq!(conversation.main().next_sequence, events.len() as u64);
        assert_eq!(conversation.last_content.as_deref(), events.last());
        texts.extend(events.into_iter().map(|event| event.body));
    }
    assert_eq!(texts.len(), 203);
    for writer in 0..20 {
        for number in 0..10 {
            let text = EventBody::text(format!("{writer}/{number}"));
            assert_eq!(texts.iter().filter(|body| **body == text).count(), 1, "{writer}/{number}");
        }
    }
}

/// Tasks with everything in them, agents' states, and who has which conversation.
pub async fn routing_is_rebuilt(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let mut taken = open_conversation(&*store, 1, 1, Some(4), 10).await;
    let waiting = open_conversation(&*store, 2, 2, Some(4), 10).await;
    let was = taken.version;
    taken.assign(UserId(7), None, Timestamp(11)).expect("assigns");
    taken.join(DialogNumber::MAIN, UserId(8), Role::Manager, Timestamp(12)).expect("joins");
    let ring = Ring { conversation: waiting.id, offered_at: Timestamp(13), agent: UserId(9), expires_at: Timestamp(14) };
    let task = Task {
        reserved: Some((UserId(9), Timestamp(15))),
        declined: vec![(UserId(7), Timestamp(16)), (UserId(8), Timestamp(17))],
        ring: Some(ring),
        last_offer: Some(Timestamp(13)),
        due_at: Some(Timestamp(3_610)),
        ..Task::new(waiting.id, waiting.consumer, Some(SkillId(4)), Timestamp(10))
    };
    let state = |user, availability, at| Write::PutAgentState { user: UserId(user), availability, last_assigned_at: Timestamp(at) };
    let plain = Task::new(taken.id, taken.consumer, None, Timestamp(10));
    commit(&*store, [Write::PutTask(plain), Write::PutTask(task.clone()), state(7, Availability::Online, 11)]).await;
    commit(&*store, [put(&taken, was), Write::DeleteTask(taken.id), state(7, Availability::BackSoon, 12), state(8, Availability::Away, 0)])
        .await;
    let routing = store.routing(&account).await.expect("reads");
    assert_eq!(routing.tasks, vec![task]);
    let agents = vec![(UserId(7), Availability::BackSoon, Timestamp(12)), (UserId(8), Availability::Away, Timestamp(0))];
    assert_eq!(routing.agents, agents);
    assert_eq!(routing.assigned, vec![(taken.id, UserId(7))]);
    let was = taken.version;
    taken.close(ClosedBy::Agent, None, None, Timestamp(20)).expect("closes");
    commit(&*store, [put(&taken, was)]).await;
    assert!(store.routing(&account).await.expect("reads").assigned.is_empty(), "a closed one takes no place");
}
