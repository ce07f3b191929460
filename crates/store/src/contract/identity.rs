//! Keys of the admin API, signing keys, account secrets, the brand's log-ins, feature grants.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{CommitError, GrantsOf, KeyUse, UnitOfWork, Write};
use antiphon_domain::{ApiKeyId, Timestamp, UserId};

/// Keys come back oldest first with their private parts, whichever account they came with; none is ever replaced, and none lies open.
pub async fn signing_keys_are_the_installations_and_never_replaced(harness: &dyn Harness) {
    let mut subject = harness.open().await;
    let store = subject.store();
    assert_eq!(store.signing_keys().await.expect("reads"), []);
    let (second, first) = (signing_key(KeyUse::App, "k1", 20), signing_key(KeyUse::Consumer, "k1", 10));
    commit(&*store, [Write::AddSigningKey(second.clone())]).await;
    let elsewhere = UnitOfWork { account: other_account_id(), writes: vec![Write::AddSigningKey(first.clone())] };
    store.commit(elsewhere).await.expect("the same id for another use is another key");
    let again = signing_key(KeyUse::App, "k1", 30);
    assert_eq!(attempt(&*store, [Write::AddSigningKey(again)]).await, Err(CommitError::Taken("id")));
    assert_eq!(store.signing_keys().await.expect("reads"), [first.clone(), second.clone()]);
    drop(store);
    subject.reopen().await;
    let store = subject.store();
    assert_eq!(store.signing_keys().await.expect("reads"), [first.clone(), second]);
    assert!(!subject.bytes().windows(11).any(|window| window == b"very-secret"), "a private key lies open on disk");
    commit(&*store, [Write::DeleteSigningKey { purpose: KeyUse::App, id: "k1".into() }]).await;
    assert_eq!(store.signing_keys().await.expect("reads"), [first]);
}

/// A secret is an account's own, comes back, and is never replaced.
pub async fn an_account_keeps_its_secrets(harness: &dyn Harness) {
    let mut subject = harness.open().await;
    let store = subject.store();
    assert_eq!(store.account_secret(&account_id(), "consumers").await.expect("reads"), None);
    let secret = *b"very-secret-8 of thirty-two byte";
    let add = |secret| Write::AddAccountSecret { purpose: "consumers", secret };
    commit(&*store, [add(secret)]).await;
    assert_eq!(attempt(&*store, [add([7; 32])]).await, Err(CommitError::Taken("purpose")));
    let other = UnitOfWork { account: other_account_id(), writes: vec![add([9; 32])] };
    store.commit(other).await.expect("another account has its own");
    drop(store);
    subject.reopen().await;
    let store = subject.store();
    assert_eq!(store.account_secret(&account_id(), "consumers").await.expect("reads"), Some(secret));
    assert_eq!(store.account_secret(&other_account_id(), "consumers").await.expect("reads"), Some([9; 32]));
    assert_eq!(store.account_secret(&account_id(), "else").await.expect("reads"), None);
    assert!(!subject.bytes().windows(11).any(|window| window == b"very-secret"), "a secret lies open on disk");
}

/// Both are part of the directory; a second put replaces the first.
pub async fn identity_providers_and_features_come_back(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let grant = |feature: &str, granted| Write::PutFeatureGrant { feature: feature.into(), granted };
    commit(
        &*store,
        [
            Write::PutAccount(account(account_id())),
            Write::PutIdentityProvider(identity_provider("https://shop.example/a")),
            Write::PutIdentityProvider(identity_provider("https://shop.example/bc")),
            grant("b", true),
            grant("a", true),
            grant("a", false),
        ],
    )
    .await;
    let mut changed = identity_provider("https://shop.example/a");
    changed.enabled = false;
    commit(&*store, [Write::PutIdentityProvider(changed.clone())]).await;
    let rows = store.directory().await.expect("reads").accounts.remove(0);
    assert_eq!(rows.identity_providers, [changed, identity_provider("https://shop.example/bc")]);
    assert_eq!(rows.feature_grants, [("a".to_owned(), false), ("b".to_owned(), true)]);
}

/// Keys are part of the directory, with their last use, which no change of theirs forgets and no other account sets.
pub async fn api_keys_come_back_until_they_are_gone(harness: &dyn Harness) {
    let mut subject = harness.open().await;
    let store = subject.store();
    let elsewhere = |writes| UnitOfWork { account: other_account_id(), writes };
    let keys = [api_key(1, "Export"), api_key(u64::MAX, "Staff")];
    commit(&*store, [Write::PutAccount(account(account_id())), Write::PutApiKey(keys[0].clone()), Write::PutApiKey(keys[1].clone())]).await;
    assert_eq!(attempt(&*store, [Write::PutApiKey(api_key(3, "Export"))]).await, Err(CommitError::Taken("name")));
    let same_secret = antiphon_domain::ApiKey { hash: keys[0].hash, ..api_key(4, "Other") };
    let refused = store.commit(elsewhere(vec![Write::PutApiKey(same_secret)])).await;
    assert_eq!(refused, Err(CommitError::Taken("hash")), "a secret names one key of the installation");
    commit(&*store, [Write::ApiKeyUsed(keys[0].id, Timestamp(50)), Write::ApiKeyUsed(keys[0].id, Timestamp(40))]).await;
    store.commit(elsewhere(vec![Write::ApiKeyUsed(keys[0].id, Timestamp(99))])).await.expect("commits");
    store.commit(elsewhere(vec![Write::DeleteApiKey(keys[0].id)])).await.expect("commits");
    let renamed = antiphon_domain::ApiKey { name: "Reports".to_owned(), networks: Vec::new(), ..keys[0].clone() };
    commit(&*store, [Write::PutApiKey(renamed.clone())]).await;
    drop(store);
    subject.reopen().await;
    let store = subject.store();
    let rows = store.directory().await.expect("reads").accounts.remove(0);
    assert_eq!(rows.api_keys, [(renamed, Some(Timestamp(50))), (keys[1].clone(), None)]);
    commit(&*store, [Write::DeleteApiKey(ApiKeyId(1)), Write::ApiKeyUsed(ApiKeyId(1), Timestamp(60))]).await;
    let rows = store.directory().await.expect("reads").accounts.remove(0);
    assert_eq!(rows.api_keys, [(keys[1].clone(), None)], "what is gone is not brought back by its use");
}

/// A grant is found by its token's hash in whichever account, renewed while it is there, and ends alone, with its app, or with its user's
/// sessions.
pub async fn what_users_let_apps_have_begins_and_ends(harness: &dyn Harness) {
    let mut subject = harness.open().await;
    let store = subject.store();
    let grants = [app_grant(1, 7, "desk", 100), app_grant(2, 7, "desk", 100), app_grant(3, 7, "crm", 100), app_grant(4, 8, "desk", 100)];
    commit(&*store, grants.clone().map(Write::AddAppGrant)).await;
    drop(store);
    subject.reopen().await;
    let store = subject.store();
    let left = async || {
        let mut left = Vec::new();
        for token in 1..=5 {
            if let Some((account, grant)) = store.app_grant([token; 32]).await.expect("reads") {
                assert_eq!(account, account_id());
                left.push((token, grant.expires_at.0));
            }
        }
        left
    };
    for grant in &grants {
        assert_eq!(store.app_grant(grant.token_hash).await.expect("reads"), Some((account_id(), grant.clone())));
    }
    commit(&*store, [Write::RenewAppGrant(app_grant(2, 7, "desk", 200)), Write::RenewAppGrant(app_grant(5, 7, "desk", 200))]).await;
    assert_eq!(left().await, [(1, 100), (2, 200), (3, 100), (4, 100)]);
    let of = |token| Write::EndAppGrants(GrantsOf::Token([token; 32]));
    let elsewhere = [of(1), Write::EndAppGrants(GrantsOf::App("desk".into())), Write::EndSessions { user: UserId(7), keep: None }];
    let elsewhere = UnitOfWork { account: other_account_id(), writes: elsewhere.into() };
    store.commit(elsewhere).await.expect("commits");
    assert_eq!(left().await.len(), 4, "another account ends nothing");
    commit(&*store, [of(1)]).await;
    assert_eq!(left().await, [(2, 200), (3, 100), (4, 100)]);
    commit(&*store, [Write::EndAppGrants(GrantsOf::App("crm".into()))]).await;
    assert_eq!(left().await, [(2, 200), (4, 100)]);
    commit(&*store, [Write::EndSessions { user: UserId(7), keep: None }]).await;
    assert_eq!(left().await, [(4, 100)]);
    store.sweep(Timestamp(100), 1_000).await.expect("sweeps");
    assert_eq!(left().await, []);
}
