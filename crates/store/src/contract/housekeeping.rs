//! Logs, reopening, backup, closing.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{AuditRow, ChannelLogFilter, CommitError, Write};
use antiphon_domain::{ApiKeyId, DeliveryId, RowId, Timestamp, UserId};

/// Dead letters, channel log and audit: newest first, paged, filtered, redriven.
pub async fn logs_are_paged_newest_first(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let audit = |id: u64| AuditRow {
        id: RowId(id),
        at: Timestamp(id as i64),
        by: (id.is_multiple_of(2)).then_some(UserId(7)),
        by_key: (id.is_multiple_of(3)).then_some(ApiKeyId(id)),
        action: "user.created".into(),
        object_kind: "user".into(),
        object_id: "9".into(),
        detail: "{\"login\":\"x\"}".into(),
    };
    for id in [3, 1, 2, 60, 30, 20] {
        commit(
            &*store,
            [Write::AddDeadLetter(dead_letter(id)), Write::AddAudit(audit(id)), Write::AddChannelLog(channel_log(id, 5).into())],
        )
        .await;
    }
    let letters = store.dead_letters(&account, None, 2).await.expect("reads");
    assert_eq!(letters, vec![dead_letter(60), dead_letter(30)]);
    let letters = store.dead_letters(&account, Some(RowId(30)), 9).await.expect("reads");
    assert_eq!(letters.iter().map(|row| row.id.0).collect::<Vec<_>>(), vec![20, 3, 2, 1]);
    commit(&*store, [Write::MarkRedriven(RowId(2), Timestamp(99))]).await;
    let redriven = store.dead_letter(&account, RowId(2)).await.expect("reads").expect("is there");
    assert_eq!(redriven.redriven_at, Some(Timestamp(99)));
    assert_eq!(store.dead_letter(&account, RowId(4)).await.expect("reads"), None);
    assert_eq!(store.audit(&account, None, 2).await.expect("reads"), vec![audit(60), audit(30)]);
    assert_eq!(store.audit(&account, Some(RowId(2)), 9).await.expect("reads"), vec![audit(1)]);

    let (source, conversation, delivery) = (Some(SOURCE), Some(conversation_id(1)), Some(DeliveryId(9)));
    let none = ChannelLogFilter::default();
    for (filter, expected) in [
        (none.clone(), vec![60, 30, 20, 3, 2, 1]),
        (ChannelLogFilter { source, ..none.clone() }, vec![60, 30, 20, 2]),
        (ChannelLogFilter { conversation, ..none.clone() }, vec![60, 20]),
        (ChannelLogFilter { delivery, ..none.clone() }, vec![60, 30, 20]),
        (ChannelLogFilter { source, conversation, delivery, inbound: None }, vec![60, 20]),
        (ChannelLogFilter { delivery: Some(DeliveryId(8)), ..none.clone() }, vec![]),
        (ChannelLogFilter { inbound: Some(true), ..none.clone() }, vec![60, 30, 3]),
        (ChannelLogFilter { inbound: Some(false), ..none.clone() }, vec![20, 2, 1]),
        (ChannelLogFilter { source, inbound: Some(false), ..none.clone() }, vec![20, 2]),
        (ChannelLogFilter { conversation, inbound: Some(true), ..none.clone() }, vec![60]),
        (ChannelLogFilter { delivery, inbound: Some(false), ..none.clone() }, vec![20]),
    ] {
        let mut found = Vec::new();
        while let Some(row) = store.channel_log(&account, &filter, found.last().copied().map(RowId), 1).await.expect("reads").pop() {
            assert_eq!(row, channel_log(row.id.0, 5));
            found.push(row.id.0);
        }
        assert_eq!(found, expected, "{filter:?}");
    }
}

/// What was acknowledged is there after closing and opening again, guards included.
pub async fn everything_is_there_after_reopening(harness: &dyn Harness) {
    let mut subject = harness.open().await;
    let store = subject.store();
    let conversation = open_conversation(&*store, 1, 1, Some(4), 10).await;
    commit(&*store, [once("SM1", 1), Write::PutAccount(account(account_id())), Write::PutDelivery(delivery(1, conversation.id, 0))]).await;
    drop(store);
    for _ in 0..2 {
        subject.reopen().await;
        let store = subject.store();
        assert_eq!(store.conversation(&account_id(), conversation.id).await.expect("reads").as_ref(), Some(&conversation));
        assert_eq!(attempt(&*store, [once("SM1", 1)]).await, Err(CommitError::Duplicate));
        assert_eq!(store.directory().await.expect("reads").accounts.len(), 1);
        assert_eq!(store.outbox(None, 9).await.expect("reads").len(), 1);
        assert!(store.consumer_at(&account_id(), SOURCE, &consumer(1).address).await.expect("reads").is_some());
        assert_eq!(store.consumers(&account_id(), "+491510", None, 9).await.expect("reads").len(), 1);
        store.ready().await.expect("is ready");
    }
}

/// A backup taken while units are committed is whole: each conversation has all its events.
pub async fn a_backup_is_a_store(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let mut conversation = open_conversation(&*store, 1, 1, None, 10).await;
    let folder = tempfile::TempDir::new().expect("a folder");
    let target = folder.path().join("copy.db");
    let writing = async {
        for number in 0..50 {
            let was = conversation.version;
            let event = consumer_writes(&mut conversation, &format!("number {number}"), 11);
            commit(&*store, [put(&conversation, was), add(&conversation, &event)]).await;
        }
    };
    let (copied, ()) = tokio::join!(store.backup(&target), writing);
    copied.expect("copies");
    assert!(std::fs::metadata(&target).expect("is there").len() > 0);
    assert!(store.backup(&target).await.is_err(), "a backup never overwrites");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left behind");
}

/// After closing, commits and reads are unavailable; those that were accepted are answered.
pub async fn a_closed_store_is_unavailable(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let one = |number: u32| attempt(&*store, [once(&format!("SM{number}"), 1)]);
    let accepted = futures_util::future::join_all((0..20).map(one));
    let (results, ()) = tokio::join!(accepted, store.close());
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(CommitError::Unavailable(_)))));
    assert!(matches!(attempt(&*store, [once("late", 1)]).await, Err(CommitError::Unavailable(_))));
    assert!(store.ready().await.is_err());
    assert!(store.sweep(Timestamp(0), 9).await.is_err());
    assert!(store.directory().await.is_err());
    store.close().await;
}
