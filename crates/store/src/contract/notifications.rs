//! Notifications to apps: queued with their cause, taken lane by lane, settled, listed, put back, swept.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::Store;
use antiphon_app::ports::store::{
    NewNotifications, NotificationAbout, NotificationKind, NotificationList, NotificationRow, NotificationState, NotificationTries,
    UnitOfWork, Write,
};
use antiphon_domain::conversation::ClosedBy;
use antiphon_domain::{Conversation, ConversationId, DialogNumber, NotificationId, Timestamp, UserId};
use std::sync::Arc;

const APP: &str = "first-app";
const OTHER_APP: &str = "other.app";
const DAY_MS: i64 = 24 * 3600 * 1000;

fn news(conversation: ConversationId, sequence: u64, to: &[(&str, u64)]) -> NewNotifications {
    NewNotifications {
        conversation,
        kind: NotificationKind::Content,
        about: NotificationAbout::Event { dialog: DialogNumber::MAIN, sequence },
        at: Timestamp(to[0].1 as i64),
        to: to.iter().map(|(app, id)| (Arc::from(*app), NotificationId(*id))).collect(),
    }
}

async fn add(store: &dyn Store, conversation: ConversationId, id: u64) {
    commit(store, [Write::AddNotifications(news(conversation, id, &[(APP, id)]))]).await;
}

fn outcome(id: u64, state: NotificationState, tries: NotificationTries) -> Write {
    Write::PutNotificationOutcome { app: APP.into(), id: NotificationId(id), state, tries }
}

fn tries() -> NotificationTries {
    NotificationTries {
        attempts: 3,
        at: Some(Timestamp(77)),
        status: Some(503),
        duration_ms: 12,
        endpoint: Some(9),
        error: Some("answered 503".into()),
        requeued_at: Some(Timestamp(5)),
    }
}

fn ids(rows: &[NotificationRow]) -> Vec<u64> {
    rows.iter().map(|row| row.id.0).collect()
}

/// The whole queue of the first app, by lanes, read in small pages.
async fn queue(store: &dyn Store) -> Vec<(ConversationId, Vec<u64>)> {
    let account = account_id();
    let mut queue: Vec<(ConversationId, Vec<u64>)> = Vec::new();
    loop {
        let after = queue.last().map(|(lane, _)| *lane);
        let lanes = store.notification_lanes(&account, APP, after, 2).await.expect("reads");
        if lanes.is_empty() {
            return queue;
        }
        for lane in lanes {
            let mut found = Vec::new();
            loop {
                let after = found.last().copied().map(NotificationId);
                let page = store.waiting_notifications(&account, APP, lane, after, 2).await.expect("reads");
                if page.is_empty() {
                    break;
                }
                found.extend(ids(&page));
            }
            queue.push((lane, found));
        }
    }
}

/// What an app was to be told comes back as it was, however the conversation moved on.
pub async fn news_come_back_as_committed(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let mut conversation = open_conversation(&*store, 1, 1, Some(4), 10).await;
    let was = conversation.version;
    conversation.assign(UserId(7), None, Timestamp(20)).expect("nobody has it");
    let then = conversation.clone();
    let state = NewNotifications {
        conversation: then.id,
        kind: NotificationKind::Conversation,
        about: NotificationAbout::State(Arc::new(then.clone())),
        at: Timestamp(20),
        to: vec![(APP.into(), NotificationId(u64::MAX - 1)), (OTHER_APP.into(), NotificationId(1))],
    };
    let unit = [put(&conversation, was), Write::AddNotifications(state), Write::AddNotifications(news(then.id, 0, &[(APP, 3)]))];
    commit(&*store, unit).await;
    let was = conversation.version;
    conversation.close(ClosedBy::Agent, None, None, Timestamp(30)).expect("it is open");
    commit(&*store, [put(&conversation, was)]).await;

    let expected = Conversation { last_content: None, ..then };
    for (app, id) in [(APP, u64::MAX - 1), (OTHER_APP, 1)] {
        let row = store.notification(&account_id(), app, NotificationId(id)).await.expect("reads").expect("is there");
        assert_eq!(row.about, NotificationAbout::State(Arc::new(expected.clone())));
        assert_eq!((row.kind, row.at, row.state), (NotificationKind::Conversation, Timestamp(20), NotificationState::Waiting));
        assert_eq!((row.conversation, row.tries), (expected.id, NotificationTries::default()));
    }
    let event = store.notification(&account_id(), APP, NotificationId(3)).await.expect("reads").expect("is there");
    assert_eq!(event.about, NotificationAbout::Event { dialog: DialogNumber::MAIN, sequence: 0 });
    for (account, app, id) in [(account_id(), OTHER_APP, 3), (other_account_id(), APP, 3), (account_id(), APP, 4)] {
        assert_eq!(store.notification(&account, app, NotificationId(id)).await.expect("reads"), None);
    }
}

/// The queue goes by conversations, each in order; what is settled is no longer in it, and comes back on request.
pub async fn notifications_wait_in_lanes(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let lane = conversation_id;
    for (number, id) in [(2, 5), (1, 2), (1, 9), (3, 1 << 63), (1, 7), (3, 6), (2, u64::MAX)] {
        add(&*store, lane(number), id).await;
    }
    commit(&*store, [Write::AddNotifications(news(lane(9), 0, &[(OTHER_APP, 4)]))]).await;
    let elsewhere = UnitOfWork { account: other_account_id(), writes: vec![Write::AddNotifications(news(lane(8), 0, &[(APP, 3)]))] };
    store.commit(elsewhere).await.expect("commits");
    assert_eq!(queue(&*store).await, vec![(lane(1), vec![2, 7, 9]), (lane(2), vec![5, u64::MAX]), (lane(3), vec![6, 1 << 63])]);
    assert_eq!(store.count_waiting_notifications(&account, APP, 100).await.expect("reads"), 7);
    assert_eq!(store.count_waiting_notifications(&account, APP, 4).await.expect("reads"), 4);

    let failed = NotificationTries { error: Some("refused".into()), ..tries() };
    let settled = [
        outcome(2, NotificationState::Delivered, tries()),
        outcome(6, NotificationState::Dropped, failed.clone()),
        outcome(1 << 63, NotificationState::Delivered, tries()),
        outcome(5, NotificationState::Waiting, tries()),
    ];
    commit(&*store, settled).await;
    assert_eq!(queue(&*store).await, vec![(lane(1), vec![7, 9]), (lane(2), vec![5, u64::MAX])]);
    let tried = store.waiting_notifications(&account, APP, lane(2), None, 1).await.expect("reads");
    assert_eq!(tried[0].tries, tries(), "a try is remembered while it waits");

    // One that waits, and one that is not there, change nothing.
    let again = vec![NotificationId(6), NotificationId(7), NotificationId(8)];
    commit(&*store, [Write::RequeueNotifications { app: APP.into(), ids: again, at: Timestamp(99) }]).await;
    assert_eq!(queue(&*store).await, vec![(lane(1), vec![7, 9]), (lane(2), vec![5, u64::MAX]), (lane(3), vec![6])]);
    let back = store.notification(&account, APP, NotificationId(6)).await.expect("reads").expect("is there");
    assert_eq!(back.tries, NotificationTries { attempts: 0, requeued_at: Some(Timestamp(99)), ..failed });
    let untouched = store.notification(&account, APP, NotificationId(7)).await.expect("reads").expect("is there");
    assert_eq!(untouched.tries, NotificationTries::default());
}

/// The lists that an administrator pages through, and the range that is put back.
pub async fn notifications_are_listed(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    for id in 1..=8u64 {
        add(&*store, conversation_id(1 + (id % 2) as u32), id).await;
    }
    let dropped = [3, 4, 7].map(|id| outcome(id, NotificationState::Dropped, tries()));
    commit(&*store, dropped.into_iter().chain([outcome(1, NotificationState::Delivered, tries())])).await;
    let page = |list, limit| {
        let (store, account) = (Arc::clone(&store), account.clone());
        async move { ids(&store.notifications(&account, APP, list, limit).await.expect("reads")) }
    };
    assert_eq!(page(NotificationList::All(None), 99).await, [8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(page(NotificationList::All(Some(NotificationId(7))), 2).await, [6, 5]);
    assert_eq!(page(NotificationList::Dropped(None), 2).await, [7, 4]);
    assert_eq!(page(NotificationList::Dropped(Some(NotificationId(4))), 2).await, [3]);
    assert_eq!(page(NotificationList::Waiting(None), 99).await, [2, 6, 8, 5]);
    let (first, second) = (conversation_id(1), conversation_id(2));
    assert_eq!(page(NotificationList::Waiting(Some((first, NotificationId(6)))), 99).await, [8, 5]);
    assert_eq!(page(NotificationList::Waiting(Some((second, NotificationId(5)))), 99).await, Vec::<u64>::new());

    use NotificationState::{Delivered, Dropped, Waiting};
    let range = store.notification_range(&account, APP, NotificationId(1), NotificationId(5), 3).await.expect("reads");
    let found: Vec<_> = range.into_iter().map(|(id, state)| (id.0, state)).collect();
    assert_eq!(found, [(1, Delivered), (2, Waiting), (3, Dropped)]);
    assert!(store.notification_range(&account, OTHER_APP, NotificationId(0), NotificationId(99), 9).await.expect("reads").is_empty());
}

/// They are kept as long as the channel log, whatever became of them.
pub async fn old_notifications_are_swept(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    commit(&*store, [Write::PutAccount(account(account_id()))]).await;
    let kept_ms = account(account_id()).settings.channel_log_days * DAY_MS;
    for (id, app) in [(10, APP), (20, OTHER_APP), (30, APP), (40, OTHER_APP)] {
        commit(&*store, [Write::AddNotifications(news(conversation_id(1), id, &[(app, id)]))]).await;
    }
    commit(&*store, [outcome(10, NotificationState::Delivered, tries())]).await;
    assert_eq!(store.sweep(Timestamp(kept_ms + 10), 1_000).await.expect("sweeps").rows, 0);
    assert_eq!(store.sweep(Timestamp(kept_ms + 25), 1_000).await.expect("sweeps").rows, 2);
    let left = |app: &'static str| {
        let store = Arc::clone(&store);
        async move { ids(&store.notifications(&account_id(), app, NotificationList::All(None), 9).await.expect("reads")) }
    };
    assert_eq!((left(APP).await, left(OTHER_APP).await), (vec![30], vec![40]));
    assert_eq!(store.sweep(Timestamp(kept_ms + 99), 1_000).await.expect("sweeps").rows, 2);
}
