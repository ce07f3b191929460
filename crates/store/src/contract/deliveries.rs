//! Deliveries and files.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{DeliveryFilter, UnitOfWork, Write};
use antiphon_domain::delivery::Reason;
use antiphon_domain::file::FileFetch;
use antiphon_domain::{AccountId, Delivery, DeliveryId, DeliveryStatus, DialogNumber, FileId, FileState, SourceId, StoredFile, Timestamp};

fn ids(deliveries: Vec<Delivery>) -> Vec<u64> {
    deliveries.into_iter().map(|delivery| delivery.id.0).collect()
}

/// A delivery is replaced as it climbs, and found by id, vendor id, event, conversation, status and source.
pub async fn deliveries_climb_and_are_found(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let (here, there) = (conversation_id(1), conversation_id(2));
    for id in 1..=9u64 {
        let conversation = if id < 8 { here } else { there };
        commit(&*store, [Write::PutDelivery(delivery(id, conversation, id / 2))]).await;
    }
    let mut sent = delivery(3, here, 1);
    sent.handed_over_at = Some(Timestamp(70));
    sent.attempts = 2;
    sent.vendor_id = Some("SM3".into());
    assert!(sent.climb(DeliveryStatus::Sent, None, Timestamp(80)));
    commit(&*store, [Write::PutDelivery(sent.clone())]).await;
    assert_eq!(store.delivery(&account, DeliveryId(3)).await.expect("reads").as_ref(), Some(&sent));
    assert_eq!(store.delivery_by_vendor_id(&account, SOURCE, "SM3").await.expect("reads"), Some(sent.clone()));
    assert_eq!(store.delivery_by_vendor_id(&account, SourceId(1), "SM3").await.expect("reads"), None);
    let reason = Reason {
        code: "opted_out".into(),
        vendor_code: Some("21610".into()),
        message: "They said STOP.".into(),
        remedy: Some("Wait for START.".into()),
    };
    for (id, status) in
        [(1, DeliveryStatus::Read), (2, DeliveryStatus::Delivered), (4, DeliveryStatus::Unknown), (5, DeliveryStatus::Failed)]
    {
        let changed = Delivery { status, reason: Some(reason.clone()), ..delivery(id, here, id / 2) };
        commit(&*store, [Write::PutDelivery(changed.clone())]).await;
        assert_eq!(store.delivery(&account, DeliveryId(id)).await.expect("reads"), Some(changed));
    }
    let moved = Delivery { source: SourceId(1), ..delivery(9, there, 8) };
    commit(&*store, [Write::PutDelivery(moved)]).await;

    assert_eq!(ids(store.unread_deliveries(&account, here, Timestamp(3)).await.expect("reads")), vec![2, 3]);
    assert_eq!(ids(store.unread_deliveries(&account, here, Timestamp(99)).await.expect("reads")), vec![2, 3, 4]);
    assert_eq!(ids(store.deliveries_of_events(&account, here, DialogNumber::MAIN, 1, 2).await.expect("reads")), vec![2, 3, 4, 5]);
    assert!(store.deliveries_of_events(&account, here, DialogNumber(1), 0, 9).await.expect("reads").is_empty());
    let none = DeliveryFilter::default();
    let all = ids(store.deliveries(&account, &none, None, 99).await.expect("reads"));
    assert_eq!(all, vec![9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(ids(store.deliveries(&account, &none, Some(DeliveryId(7)), 2).await.expect("reads")), vec![6, 5]);
    let in_there = DeliveryFilter { conversation: Some(there), ..none.clone() };
    assert_eq!(ids(store.deliveries(&account, &in_there, None, 99).await.expect("reads")), vec![9, 8]);
    let queued = DeliveryFilter { status: Some(DeliveryStatus::Queued), ..none.clone() };
    assert_eq!(ids(store.deliveries(&account, &queued, None, 99).await.expect("reads")), vec![9, 8, 7, 6]);
    let over = DeliveryFilter { source: Some(SOURCE), ..none.clone() };
    assert_eq!(ids(store.deliveries(&account, &over, Some(DeliveryId(8)), 2).await.expect("reads")), vec![7, 6]);
    let both = DeliveryFilter { conversation: Some(here), status: Some(DeliveryStatus::Queued), source: Some(SOURCE) };
    assert_eq!(ids(store.deliveries(&account, &both, None, 99).await.expect("reads")), vec![7, 6]);
    let failed = DeliveryFilter { status: Some(DeliveryStatus::Failed), source: Some(SourceId(1)), ..none.clone() };
    assert!(store.deliveries(&account, &failed, None, 99).await.expect("reads").is_empty());
    // A conversation's come by its events: a later part of an earlier event stands with its event.
    commit(&*store, [Write::PutDelivery(delivery(20, here, 1))]).await;
    let in_here = DeliveryFilter { conversation: Some(here), ..none };
    assert_eq!(ids(store.deliveries(&account, &in_here, None, 99).await.expect("reads")), vec![7, 6, 5, 4, 20, 3, 2, 1]);
    assert_eq!(ids(store.deliveries(&account, &in_here, Some(DeliveryId(4)), 2).await.expect("reads")), vec![20, 3]);
    assert_eq!(ids(store.deliveries(&account, &in_here, Some(DeliveryId(20)), 2).await.expect("reads")), vec![3, 2]);
    assert!(store.deliveries(&account, &in_here, Some(DeliveryId(999)), 2).await.expect("reads").is_empty());
}

/// A read watermark reaches the newest deliveries of a conversation, not all that there ever were.
pub async fn a_watermark_looks_at_the_newest(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let sent = |id: u64| Write::PutDelivery(Delivery { status: DeliveryStatus::Sent, ..delivery(id, conversation_id(1), id) });
    commit(&*store, (1..=520).map(sent)).await;
    let unread = ids(store.unread_deliveries(&account_id(), conversation_id(1), Timestamp(i64::MAX)).await.expect("reads"));
    assert_eq!(unread, (21..=520).collect::<Vec<_>>());
}

/// The outbox holds what is queued of all accounts, account by account and by id, whatever order it came in.
pub async fn the_outbox_is_in_order(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let order = [5, 1, u64::MAX - 1, 3, 1 << 63, 2];
    for (at, id) in order.into_iter().enumerate() {
        let account = if at % 2 == 0 { account_id() } else { other_account_id() };
        let unit = UnitOfWork { account, writes: vec![Write::PutDelivery(delivery(id, conversation_id(1), 0))] };
        store.commit(unit).await.expect("commits");
    }
    let cancelled = Delivery { status: DeliveryStatus::Cancelled, ..delivery(3, conversation_id(1), 0) };
    store.commit(UnitOfWork { account: other_account_id(), writes: vec![Write::PutDelivery(cancelled)] }).await.expect("commits");
    let mut seen: Vec<(AccountId, u64)> = Vec::new();
    loop {
        let after = seen.last().map(|(account, id)| (account.clone(), DeliveryId(*id)));
        let page = store.outbox(after, 2).await.expect("reads");
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|(account, delivery)| (account, delivery.id.0)));
    }
    let of = |account: AccountId| seen.iter().filter(|(other, _)| *other == account).map(|(_, id)| *id).collect::<Vec<_>>();
    assert_eq!(of(account_id()), vec![5, 1 << 63, u64::MAX - 1]);
    assert_eq!(of(other_account_id()), vec![1, 2]);
    assert!(seen.is_sorted_by_key(|(account, _)| *account != seen[0].0), "account by account: {seen:?}");
}

/// Files come back by path in every state; those still to be fetched come soonest first, of all accounts.
pub async fn files_are_found_and_fetched(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let pending = |id: u64, next_at: i64| StoredFile {
        state: FileState::Pending,
        shown_in: None,
        fetch: Some(FileFetch { source: SOURCE, url: "https://example.com/m".to_owned(), attempts: 1, next_at: Timestamp(next_at) }),
        ..file(id, &format!("/v1/{id}"))
    };
    commit(&*store, [Write::PutFile(file(1, "/v1/1")), Write::PutFile(pending(2, 30)), Write::PutFile(pending(3, 10))]).await;
    let upload = StoredFile { state: FileState::Pending, ..file(4, "/v1/4") };
    commit(&*store, [Write::PutFile(upload)]).await;
    let elsewhere = UnitOfWork { account: other_account_id(), writes: vec![Write::PutFile(pending(5, 20))] };
    store.commit(elsewhere).await.expect("commits");
    assert_eq!(store.file(&account, "/v1/1").await.expect("reads"), Some(file(1, "/v1/1")));
    assert_eq!(store.file(&account, "/v1/2").await.expect("reads"), Some(pending(2, 30)));
    assert_eq!(store.file(&account, "/v1/9").await.expect("reads"), None);
    let waiting = store.pending_files(9).await.expect("reads");
    let expected = vec![(account.clone(), pending(3, 10)), (other_account_id(), pending(5, 20)), (account.clone(), pending(2, 30))];
    assert_eq!(waiting, expected);
    assert_eq!(store.pending_files(1).await.expect("reads").len(), 1);
    let failed = StoredFile { state: FileState::Failed("too large".to_owned()), ..pending(3, 10) };
    commit(&*store, [Write::PutFile(failed.clone()), Write::PutFile(StoredFile { state: FileState::Ready, ..pending(2, 30) })]).await;
    assert_eq!(store.file(&account, "/v1/3").await.expect("reads"), Some(failed));
    assert_eq!(store.pending_files(9).await.expect("reads").len(), 1);
}

/// Uploads that no event shows are found by age, of all accounts, and only they can be forgotten.
pub async fn unshown_files_age_and_go(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    let upload = |id: u64, at: i64| StoredFile { shown_in: None, created_at: Timestamp(at), ..file(id, &format!("/v1/{id}")) };
    commit(&*store, [Write::PutFile(upload(1, 30)), Write::PutFile(upload(2, 10)), Write::PutFile(file(3, "/v1/3"))]).await;
    store.commit(UnitOfWork { account: other_account_id(), writes: vec![Write::PutFile(upload(4, 20))] }).await.expect("commits");
    let ids = |found: Vec<(_, StoredFile)>| found.into_iter().map(|(_, file)| file.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.unshown_files(Timestamp(30), 9).await.expect("reads")), [2, 4], "oldest first, and the bound is not in it");
    assert_eq!(ids(store.unshown_files(Timestamp(31), 1).await.expect("reads")), [2]);
    let shown = StoredFile { shown_in: Some((conversation_id(1), DialogNumber::MAIN, 0)), ..upload(2, 10) };
    commit(&*store, [Write::PutFile(shown.clone())]).await;
    let drop = [Write::DropUnshownFile(FileId(1)), Write::DropUnshownFile(FileId(2)), Write::DropUnshownFile(FileId(4))];
    commit(&*store, drop).await;
    assert_eq!(store.file(&account, "/v1/1").await.expect("reads"), None);
    assert_eq!(store.file(&account, "/v1/2").await.expect("reads"), Some(shown), "shown by now");
    assert_eq!(ids(store.unshown_files(Timestamp(99), 9).await.expect("reads")), [4], "another account's");
}
