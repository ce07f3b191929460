//! Duplicates, remembered answers, and their ageing.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{Answered, CommitError, Swept, UnitOfWork, Write};
use antiphon_domain::{SourceId, Timestamp};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn remember(key: &str, asked: u8, answer: &str, at: i64) -> Write {
    Write::Remember { caller: "user 7".into(), key: key.into(), asked: [asked; 32], answer: answer.into(), at: Timestamp(at) }
}

/// The same key of the same source is refused, in the same unit, the same batch, and later; another source's is not.
pub async fn a_vendors_item_is_stored_once(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    commit(&*store, [once("SM1", 1)]).await;
    assert_eq!(attempt(&*store, [once("SM1", 2)]).await, Err(CommitError::Duplicate));
    commit(&*store, [Write::Once { source: SourceId(1), key: "SM1".into(), at: Timestamp(2) }]).await;
    assert_eq!(attempt(&*store, [once("SM2", 3), once("SM2", 3)]).await, Err(CommitError::Duplicate));
    commit(&*store, [once("SM2", 3)]).await;
    let repeats = futures_util::future::join_all((0..50).map(|_| attempt(&*store, [once("SM3", 4)]))).await;
    assert_eq!(repeats.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(repeats.iter().all(|result| matches!(result, Ok(()) | Err(CommitError::Duplicate))));
}

/// Keys with the same hash are different keys.
pub async fn colliding_hashes_are_told_apart(harness: &dyn Harness) {
    let subject = harness.open_with_colliding_hashes().await;
    let store = subject.store();
    for key in ["a", "b", "c", "a longer one", ""] {
        commit(&*store, [once(key, 1)]).await;
    }
    for key in ["a", "b", "c", "a longer one", ""] {
        assert_eq!(attempt(&*store, [once(key, 2)]).await, Err(CommitError::Duplicate), "{key:?}");
    }
    commit(&*store, [once("d", 1), once("e", 1)]).await;
    let conversation = open_conversation(&*store, 1, 1, None, 10).await;
    for (id, vendor_id) in [(1, "one"), (2, "two"), (3, "three")] {
        let delivery = antiphon_domain::Delivery { vendor_id: Some(vendor_id.into()), ..delivery(id, conversation.id, 0) };
        commit(&*store, [Write::PutDelivery(delivery)]).await;
    }
    let found = store.delivery_by_vendor_id(&account_id(), SOURCE, "two").await.expect("reads").expect("is there");
    assert_eq!(found.id.0, 2);
    assert_eq!(store.delivery_by_vendor_id(&account_id(), SOURCE, "four").await.expect("reads"), None);
}

/// A caller's key gives the same answer for a day, and only to that caller.
pub async fn an_answer_is_given_again(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let first = Answered { asked: [1; 32], answer: "created 1".into() };
    commit(&*store, [remember("k", 1, "created 1", 1_000)]).await;
    assert_eq!(attempt(&*store, [remember("k", 2, "created 2", 2_000)]).await, Err(CommitError::Answered(first.clone())));
    assert_eq!(store.answered(&account_id(), "user 7", "k").await.expect("reads"), Some(first));
    assert_eq!(store.answered(&account_id(), "user 8", "k").await.expect("reads"), None);
    assert_eq!(store.answered(&other_account_id(), "user 7", "k").await.expect("reads"), None);
    let in_one = attempt(&*store, [remember("l", 1, "x", 1), remember("l", 1, "y", 1)]).await;
    assert!(matches!(in_one, Err(CommitError::Answered(_))));
    // A day later the key is free again.
    commit(&*store, [remember("k", 3, "created 3", 1_000 + DAY_MS)]).await;
    let again = store.answered(&account_id(), "user 7", "k").await.expect("reads").expect("is there");
    assert_eq!(&*again.answer, "created 3");
}

/// Guards go after 35 days, answers after one, sessions when they expire, the channel log when the account says so.
pub async fn aged_out_rows_are_swept(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let now = 100 * DAY_MS;
    commit(&*store, [Write::PutAccount(account(account_id()))]).await;
    commit(&*store, [once("old", now - 36 * DAY_MS), once("young", now - 34 * DAY_MS)]).await;
    commit(&*store, [remember("old", 1, "x", now - DAY_MS), remember("young", 1, "x", now - DAY_MS + 1)]).await;
    commit(&*store, [Write::PutSession(session(1, 7, now)), Write::PutSession(session(2, 7, now + 1))]).await;
    commit(
        &*store,
        [
            Write::AddChannelLog(channel_log(1, now - 8 * DAY_MS).into()),
            Write::AddChannelLog(channel_log(2, now - 7 * DAY_MS - 1).into()),
            Write::AddChannelLog(channel_log(3, now - 6 * DAY_MS).into()),
        ],
    )
    .await;
    assert_eq!(store.sweep(Timestamp(now), 1_000).await, Ok(Swept { rows: 5, more: false }));
    assert_eq!(store.sweep(Timestamp(now), 1_000).await, Ok(Swept { rows: 0, more: false }));
    commit(&*store, [once("old", now)]).await;
    assert_eq!(attempt(&*store, [once("young", now)]).await, Err(CommitError::Duplicate));
    assert_eq!(store.answered(&account_id(), "user 7", "old").await.expect("reads"), None);
    assert!(store.answered(&account_id(), "user 7", "young").await.expect("reads").is_some());
    assert_eq!(store.session([1; 32]).await.expect("reads"), None);
    assert!(store.session([2; 32]).await.expect("reads").is_some());
    let log = store.channel_log(&account_id(), &Default::default(), None, 10).await.expect("reads");
    assert_eq!(log.iter().map(|row| row.id.0).collect::<Vec<_>>(), vec![3]);
}

/// The channel log holds no more rows than it may, of all accounts together: the oldest go, some at a time.
pub async fn the_channel_log_is_bounded(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    for account in [account_id(), other_account_id()] {
        let rows = (1..=500).map(|id| Write::AddChannelLog(channel_log(id, 1).into()));
        store.commit(UnitOfWork { account, writes: rows.collect() }).await.expect("commits");
    }
    assert_eq!(store.sweep(Timestamp(2), 1_000).await, Ok(Swept { rows: 0, more: false }));
    let mut gone = 0;
    loop {
        let swept = store.sweep(Timestamp(2), 300).await.expect("sweeps");
        gone += swept.rows;
        if !swept.more {
            break;
        }
    }
    assert_eq!(gone, 700);
    assert!(store.channel_log(&account_id(), &Default::default(), None, 9).await.expect("reads").is_empty());
    let left = store.channel_log(&other_account_id(), &Default::default(), None, 999).await.expect("reads");
    assert_eq!((left.len(), left.last().map(|row| row.id.0)), (300, Some(201)));
}
