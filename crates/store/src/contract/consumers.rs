//! Consumers, their search, their consents.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{CommitError, Write};
use antiphon_domain::consent::{Consent, ConsentKind, ConsentProof};
use antiphon_domain::{Consumer, ConsumerId, RowId, Timestamp, UserId};

/// By address they come with their open conversation, and whether they ever had one.
pub async fn consumers_are_found_by_address_and_id(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    assert!(store.consumer_at(&account, SOURCE, &consumer(1).address).await.expect("reads").is_none());
    commit(&*store, [Write::PutConsumer(consumer(1))]).await;
    let at = store.consumer_at(&account, SOURCE, &consumer(1).address).await.expect("reads").expect("is there");
    assert_eq!((at.consumer, at.open, at.had_one), (consumer(1), None, false));
    let by_id = store.consumer_state(&account, consumer_id(1)).await.expect("reads").expect("is there");
    assert_eq!((by_id.consumer, by_id.open, by_id.had_one), (consumer(1), None, false));
    assert!(store.consumer_state(&account, consumer_id(2)).await.expect("reads").is_none());
    let mut open = open_conversation(&*store, 1, 1, None, 10).await;
    let at = store.consumer_at(&account, SOURCE, &consumer(1).address).await.expect("reads").expect("is there");
    assert_eq!((at.open, at.had_one), (Some(open.id), true));
    let was = open.version;
    open.close(antiphon_domain::conversation::ClosedBy::Agent, None, None, Timestamp(20)).expect("closes");
    commit(&*store, [put(&open, was)]).await;
    let at = store.consumer_at(&account, SOURCE, &consumer(1).address).await.expect("reads").expect("is there");
    assert_eq!((at.open, at.had_one), (None, true));
    let renamed = Consumer { name: Some("Otto".to_owned()), opted_out: true, ..consumer(1) };
    commit(&*store, [Write::PutConsumer(renamed.clone())]).await;
    assert_eq!(store.consumer(&account, consumer_id(1)).await.expect("reads"), Some(renamed));
    assert_eq!(store.consumer(&account, consumer_id(2)).await.expect("reads"), None);
}

/// Two units that both make the consumer of an address: the second is told to look again.
pub async fn two_makers_of_one_consumer_are_told_apart(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let twin = Consumer { id: ConsumerId([200; 32]), ..consumer(1) };
    let (first, second) = tokio::join!(
        attempt(&*store, [Write::PutConsumer(consumer(1))]),
        attempt(&*store, [once("SM9", 1), Write::PutConsumer(twin.clone())])
    );
    let mut results = [first, second];
    results.sort_by_key(Result::is_err);
    assert_eq!(results, [Ok(()), Err(CommitError::Conflict)]);
}

/// Any part of a name or address, in any case, short or long, after a change of name too; paged by id.
pub async fn consumers_are_found_by_text(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let account = account_id();
    for number in 0..40 {
        commit(&*store, [Write::PutConsumer(consumer(number))]).await;
    }
    let mut expected: Vec<ConsumerId> = (0..40).map(consumer_id).collect();
    expected.sort_unstable();
    let ids = |found: Vec<Consumer>| found.into_iter().map(|consumer| consumer.id).collect::<Vec<_>>();
    let mut paged = Vec::new();
    while let Some(page) =
        Some(store.consumers(&account, "", paged.last().copied(), 7).await.expect("reads")).filter(|page| !page.is_empty())
    {
        paged.extend(ids(page));
    }
    assert_eq!(paged, expected);
    for text in ["frida", "FRIDA", "Müller", "müll", "fr", "Ü", "0012", "+4915100", "12", "a 7 m", "nobody", "\"", "\" OR \"", "%", "_"]
    {
        let folded = text.to_lowercase();
        let has = |consumer: &Consumer| {
            consumer.name.as_deref().unwrap_or_default().to_lowercase().contains(&folded) || consumer.address.contains(&folded)
        };
        let mut expected: Vec<ConsumerId> = (0..40).map(consumer).filter(has).map(|consumer| consumer.id).collect();
        expected.sort_unstable();
        let mut paged = Vec::new();
        while let Some(page) =
            Some(store.consumers(&account, text, paged.last().copied(), 3).await.expect("reads")).filter(|page| !page.is_empty())
        {
            paged.extend(ids(page));
        }
        assert_eq!(paged, expected, "{text:?}");
    }
    let renamed = Consumer { name: Some("Wilhelmine".to_owned()), ..consumer(1) };
    commit(&*store, [Write::PutConsumer(renamed)]).await;
    assert_eq!(ids(store.consumers(&account, "helmi", None, 9).await.expect("reads")), vec![consumer_id(1)]);
    assert!(store.consumers(&account, "frida 1 m", None, 9).await.expect("reads").is_empty(), "the earlier name is forgotten");
}

/// The ledger keeps every entry with its proof, newest first.
pub async fn consents_come_newest_first(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let entry =
        |id: u64, kind, proof| Consent { id: RowId(id), source: SOURCE, consumer: consumer_id(1), kind, proof, at: Timestamp(id as i64) };
    let entries = [
        entry(1, ConsentKind::OptOut, ConsentProof::Keyword("STOP".to_owned())),
        entry(2, ConsentKind::OptIn, ConsentProof::Administrator { by: UserId(7), proof: "signed form".to_owned() }),
        entry(u64::MAX - 1, ConsentKind::OptOut, ConsentProof::Vendor("21610".to_owned())),
    ];
    for consent in entries.iter().rev() {
        commit(&*store, [Write::AddConsent(consent.clone())]).await;
    }
    let other = Consent { consumer: consumer_id(2), ..entries[0].clone() };
    commit(&*store, [Write::AddConsent(other.clone())]).await;
    let mut expected = entries.to_vec();
    expected.reverse();
    assert_eq!(store.consents(&account_id(), consumer_id(1)).await.expect("reads"), expected);
    assert_eq!(store.consents(&account_id(), consumer_id(2)).await.expect("reads"), vec![other.clone()]);
    assert_eq!(attempt(&*store, [Write::AddConsent(other)]).await, Err(CommitError::Conflict), "entries are only ever added");
}
