//! Accounts and what belongs to them, log-ins, sessions, secrets.

use super::Harness;
use super::fixtures::*;
use antiphon_app::ports::store::{CommitError, ConnectorApp, UnitOfWork, Write};
use antiphon_domain::{Privilege, Profile, SkillId, Timestamp, UserId};

fn connector_app() -> ConnectorApp {
    ConnectorApp {
        client_id: "my-connector".to_owned(),
        name: "My connector".to_owned(),
        client_secret: "very-secret-6".to_owned(),
        previous_secret: Some(("very-secret-9".to_owned(), Timestamp(12))),
        skill: Some(SkillId(4)),
        settings: "{\"retention\":3600}".to_owned(),
        enabled: true,
        removed: true,
        created_at: Timestamp(13),
        updated_at: Timestamp(14),
    }
}

/// The directory gives back every field, and a second put replaces the first.
pub async fn accounts_come_back_with_everything_in_them(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    assert!(store.directory().await.expect("reads").accounts.is_empty());
    let profile = Profile { name: "lead".to_owned(), privileges: vec![Privilege::ViewAudit, Privilege::ManageUsers] };
    let first = [
        Write::PutAccount(account(account_id())),
        Write::PutSkill(skill(4, "General")),
        Write::PutSkill(skill(9, "Bicycles")),
        Write::PutProfile(profile.clone()),
        Write::PutUser(user(1, "agent1")),
        Write::PutUser(user(2, "agent2")),
        Write::PutSource(source(5, "+15005550006")),
        Write::PutChannelApp(channel_app(6, "Acme app")),
        Write::PutConnectorApp(connector_app()),
    ];
    commit(&*store, first).await;
    let second = UnitOfWork { account: other_account_id(), writes: vec![Write::PutAccount(account(other_account_id()))] };
    store.commit(second).await.expect("the unit is committed");
    let renamed = antiphon_domain::Skill { name: "All else".to_owned(), ..skill(4, "General") };
    let moved = antiphon_domain::Source { enabled: false, address: "+15005550007".to_owned(), ..source(5, "+15005550006") };
    commit(&*store, [Write::PutSkill(renamed.clone()), Write::PutSource(moved.clone())]).await;

    let directory = store.directory().await.expect("reads");
    assert_eq!(directory.accounts.len(), 2);
    let rows = &directory.accounts[0];
    assert_eq!(rows.account, account(account_id()));
    assert_eq!(rows.skills, vec![renamed, skill(9, "Bicycles")]);
    assert_eq!(rows.profiles, vec![profile]);
    assert_eq!(rows.users, vec![user(1, "agent1"), user(2, "agent2")]);
    assert!(rows.sources == vec![moved], "sources come back");
    assert!(rows.channel_apps == vec![channel_app(6, "Acme app")], "channel apps come back");
    assert!(rows.connector_apps == vec![connector_app()], "connector apps come back");
    assert_eq!(directory.accounts[1].account.id, other_account_id());
    assert!(directory.accounts[1].skills.is_empty());
}

/// Unique values are refused with their field's name, in every spelling; what frees a value lets the next one have it.
pub async fn unique_values_are_refused_by_name(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let taken = |field| Err(CommitError::Taken(field));
    commit(&*store, [Write::PutUser(user(1, "Agent"))]).await;
    assert_eq!(attempt(&*store, [Write::PutUser(user(2, "aGENT"))]).await, taken("login"));
    commit(&*store, [Write::PutUser(user(1, "agent"))]).await;
    commit(&*store, [Write::PutSource(source(5, "+1"))]).await;
    assert_eq!(attempt(&*store, [Write::PutSource(source(6, "+1"))]).await, taken("address"));
    // The address is unique over the installation, not only in the account.
    let elsewhere = UnitOfWork { account: other_account_id(), writes: vec![Write::PutSource(source(7, "+1"))] };
    assert_eq!(store.commit(elsewhere.clone()).await, taken("address"));
    let off = antiphon_domain::Source { enabled: false, ..source(5, "+1") };
    commit(&*store, [Write::PutSource(off)]).await;
    store.commit(elsewhere).await.expect("the address is free");
    assert_eq!(attempt(&*store, [Write::PutSource(source(5, "+1"))]).await, taken("address"));
    commit(&*store, [Write::PutChannelApp(channel_app(1, "App"))]).await;
    assert_eq!(attempt(&*store, [Write::PutChannelApp(channel_app(2, "App"))]).await, taken("name"));
    commit(&*store, [Write::PutSkill(skill(1, "General"))]).await;
    assert_eq!(attempt(&*store, [Write::PutSkill(skill(2, "General"))]).await, taken("name"));
    commit(&*store, [Write::PutFile(file(1, "/a"))]).await;
    assert_eq!(attempt(&*store, [Write::PutFile(file(2, "/a"))]).await, taken("path"));
    // Nothing of a refused unit stays, and its neighbours in the batch do not suffer.
    let (refused, fine) = tokio::join!(
        attempt(&*store, [Write::PutUser(user(8, "eight")), Write::PutUser(user(9, "agent"))]),
        attempt(&*store, [Write::PutUser(user(10, "ten"))]),
    );
    assert_eq!((refused, fine), (taken("login"), Ok(())));
    commit(&*store, [Write::PutAccount(account(account_id()))]).await;
    let directory = store.directory().await.expect("reads");
    assert_eq!(directory.accounts[0].users.iter().map(|user| user.id.0).collect::<Vec<_>>(), vec![1, 10]);
}

/// The same ids in two accounts are two things.
pub async fn nothing_crosses_accounts(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    let mine = open_conversation(&*store, 1, 1, None, 10).await;
    let (here, there) = (account_id(), other_account_id());
    commit(
        &*store,
        [once("SM1", 1), Write::PutDelivery(delivery(1, mine.id, 0)), Write::PutFile(file(1, "/a")), Write::PutLogin(login(1))],
    )
    .await;
    let other = UnitOfWork { account: there.clone(), writes: vec![once("SM1", 1), Write::PutConsumer(consumer(1))] };
    store.commit(other).await.expect("another account's guard is another guard");
    assert!(store.conversation(&here, mine.id).await.expect("reads").is_some());
    assert_eq!(store.conversation(&there, mine.id).await.expect("reads"), None);
    assert!(store.events(&there, mine.id, antiphon_domain::DialogNumber::MAIN, 0, 9).await.expect("reads").is_empty());
    assert!(store.changes(&there, mine.id, 0, 9).await.expect("reads").is_empty());
    assert!(store.conversations(&there, &Default::default(), None, 9).await.expect("reads").is_empty());
    assert_eq!(store.delivery(&there, antiphon_domain::DeliveryId(1)).await.expect("reads"), None);
    assert_eq!(store.file(&there, "/a").await.expect("reads"), None);
    assert_eq!(store.login(&there, UserId(1)).await.expect("reads"), None);
    let at = store.consumer_at(&there, SOURCE, &consumer(1).address).await.expect("reads").expect("is there");
    assert_eq!((at.open, at.had_one), (None, false));
    let found = store.consumers(&there, "+491510", None, 9).await.expect("reads");
    assert_eq!(found.len(), 1);
}

/// No secret can be found in what is stored, and all come back.
pub async fn secrets_are_sealed(harness: &dyn Harness) {
    let mut subject = harness.open().await;
    let store = subject.store();
    commit(
        &*store,
        [
            Write::PutAccount(account(account_id())),
            Write::PutSource(source(5, "+1")),
            Write::PutChannelApp(channel_app(6, "App")),
            Write::PutConnectorApp(connector_app()),
            Write::PutLogin(login(1)),
            Write::AddDeadLetter(dead_letter(3)),
        ],
    )
    .await;
    drop(store);
    subject.reopen().await;
    let store = subject.store();
    let rows = store.directory().await.expect("reads").accounts.remove(0);
    assert_eq!(rows.sources[0].credentials["auth_token"], "very-secret-3");
    assert_eq!(rows.channel_apps[0].credentials["app_secret"], "very-secret-4");
    assert_eq!(rows.connector_apps[0].client_secret, "very-secret-6");
    assert_eq!(rows.connector_apps[0].previous_secret, connector_app().previous_secret);
    assert!(store.login(&account_id(), UserId(1)).await.expect("reads") == Some(login(1)), "keys come back");
    assert_eq!(store.dead_letter(&account_id(), antiphon_domain::RowId(3)).await.expect("reads"), Some(dead_letter(3)));
    let bytes = subject.bytes();
    assert!(bytes.windows(7).any(|window| window == b"Support"), "the scan reads what is stored");
    assert!(!bytes.windows(11).any(|window| window == b"very-secret"), "a secret lies open on disk");
}

/// A session is found by its token's hash in whichever account, replaced, renewed while it is there, and ended.
pub async fn sessions_begin_and_end(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    commit(&*store, [Write::PutSession(session(1, 7, 100))]).await;
    assert_eq!(store.session([1; 32]).await.expect("reads"), Some((account_id(), session(1, 7, 100))));
    commit(&*store, [Write::PutSession(session(1, 7, 200))]).await;
    assert_eq!(store.session([1; 32]).await.expect("reads"), Some((account_id(), session(1, 7, 200))));
    assert_eq!(store.session([2; 32]).await.expect("reads"), None);
    let elsewhere = UnitOfWork { account: other_account_id(), writes: vec![Write::DeleteSession([1; 32])] };
    store.commit(elsewhere).await.expect("commits");
    assert!(store.session([1; 32]).await.expect("reads").is_some(), "another account can't end it");
    commit(&*store, [Write::PutSession(session(3, 7, 200)), Write::PutSession(session(4, 8, 200))]).await;
    commit(&*store, [Write::EndSessions { user: UserId(7), keep: Some([1; 32]) }]).await;
    assert_eq!(store.session([3; 32]).await.expect("reads"), None);
    assert!(store.session([1; 32]).await.expect("reads").is_some(), "the one that stays");
    assert!(store.session([4; 32]).await.expect("reads").is_some(), "another user's");
    commit(&*store, [Write::RenewSession(session(1, 7, 300))]).await;
    assert_eq!(store.session([1; 32]).await.expect("reads"), Some((account_id(), session(1, 7, 300))));
    let elsewhere = UnitOfWork { account: other_account_id(), writes: vec![Write::RenewSession(session(1, 7, 400))] };
    store.commit(elsewhere).await.expect("commits");
    assert_eq!(store.session([1; 32]).await.expect("reads"), Some((account_id(), session(1, 7, 300))), "another account can't renew it");
    commit(&*store, [Write::DeleteSession([1; 32])]).await;
    assert_eq!(store.session([1; 32]).await.expect("reads"), None);
}

/// Log-ins and the hashes of applied bootstrap values come back, and are replaced.
pub async fn log_ins_and_applied_values_come_back(harness: &dyn Harness) {
    let subject = harness.open().await;
    let store = subject.store();
    assert!(store.login(&account_id(), UserId(1)).await.expect("reads").is_none());
    commit(&*store, [Write::PutLogin(login(1))]).await;
    assert!(store.login(&account_id(), UserId(1)).await.expect("reads") == Some(login(1)), "comes back");
    let mut changed = login(1);
    changed.api_keys.clear();
    changed.password_hash = None;
    commit(&*store, [Write::PutLogin(changed.clone())]).await;
    assert!(store.login(&account_id(), UserId(1)).await.expect("reads") == Some(changed), "is replaced");
    assert!(store.applied(&account_id()).await.expect("reads").is_empty());
    let applied = |path: &str, hash| Write::Applied { path: path.into(), hash: [hash; 32] };
    commit(&*store, [applied("user/b", 1), applied("user/a", 2), applied("user/b", 3)]).await;
    let expected = vec![("user/a".to_owned(), [2; 32]), ("user/b".to_owned(), [3; 32])];
    assert_eq!(store.applied(&account_id()).await.expect("reads"), expected);
}
