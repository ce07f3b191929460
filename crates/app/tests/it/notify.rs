//! Notifications to installed apps: everything that is committed, to whoever wants it, in order, at least once.

use antiphon_app::administration::notifications::{Redrive, Redriven, Standing};
use antiphon_app::administration::{Act, AdminErrorKind, AppGuard, ConnectorAppInput};
use antiphon_app::ports::net::NetError;
use antiphon_app::ports::store::{
    AuditRow, NotificationAbout, NotificationKind, NotificationList, NotificationRow, NotificationState, UnitOfWork, Write,
};
use antiphon_app::ports::{Clock, Store};
use antiphon_app::publish::{DialogRef, Publish};
use antiphon_app::update::FieldChange;
use antiphon_domain::account::SignatureForm;
use antiphon_domain::{AcceptStatus, AccountSettings, Audience, EventBody, Role, RowId};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;
use futures_util::FutureExt;
use serde_json::{Value, json};

const APP: &str = "my-app";

/// Every kind to an address of its own at one host; `more` goes into each endpoint.
fn endpoints(host: &str, more: Value) -> Value {
    let one = |kind: NotificationKind, path: &str| {
        let mut endpoint = json!({"endpoint": format!("https://{host}/{path}")});
        endpoint.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        (kind.name().to_owned(), endpoint)
    };
    let all = [
        one(NotificationKind::Content, "content"),
        one(NotificationKind::Rich, "rich"),
        one(NotificationKind::Accept, "accept"),
        one(NotificationKind::ChatState, "chat"),
        one(NotificationKind::Conversation, "state"),
    ];
    Value::Object(all.into_iter().collect())
}

/// The product with an app that keeps notifications for an hour, and takes them.
async fn by_time() -> TestApp {
    let test = TestApp::start().await;
    test.net.at("https://app.test/", answer(200, "\"OK\""));
    test.install(APP, json!({"webhooks": endpoints("app.test", json!({})), "retention_time_s": 3600})).await;
    test
}

/// Waits until an address was told so much: all of it.
async fn told(test: &TestApp, url: &str, count: usize) -> Vec<String> {
    loop {
        let told = test.net.told(url);
        if told.len() >= count {
            return told;
        }
        tokio::task::yield_now().await;
    }
}

/// The same, moving the clock to the next time that somebody waits for while nothing else happens.
async fn told_in_time(test: &TestApp, url: &str, count: usize) -> Vec<String> {
    loop {
        quiet(test).await;
        let told = test.net.told(url);
        if told.len() >= count {
            return told;
        }
        if let Some(at) = test.clock.next_wake() {
            test.clock.advance(at.since(test.clock.now()).max(1));
        }
    }
}

/// Waits until the store has done what it was asked, and what follows from it has begun: otherwise the clock would outrun the product.
async fn quiet(test: &TestApp) {
    for _ in 0..3 {
        test.store.commit(UnitOfWork::new(test.account())).await.expect("commits");
        test.store.notifications(&test.account(), APP, NotificationList::All(None), 1).await.expect("reads");
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

/// Waits until it is stored that the app's first notification of a kind was tried so often.
async fn tried(test: &TestApp, kind: NotificationKind, attempts: u32) {
    loop {
        let rows = log(test, 0).await;
        if rows.iter().find(|row| row.kind == kind).is_some_and(|row| row.tries.attempts >= attempts) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// The next try comes in that time, with a tenth more at most, and not before.
async fn tries_again_in(test: &TestApp, url: &str, wait_ms: i64) {
    let before = test.net.told(url).len();
    test.clock.advance(wait_ms - 1);
    settle().await;
    assert_eq!(test.net.told(url).len(), before, "not before {wait_ms} ms");
    test.clock.advance(1 + wait_ms / 10);
    told(test, url, before + 1).await;
}

/// Lets whatever goes on by itself go on.
async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

/// The app's notifications, oldest first, once so many are settled.
async fn log(test: &TestApp, settled: usize) -> Vec<NotificationRow> {
    loop {
        let mut rows = test.store.notifications(&test.account(), APP, NotificationList::All(None), 200).await.expect("reads");
        rows.reverse();
        if rows.iter().filter(|row| row.state != NotificationState::Waiting).count() >= settled {
            return rows;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn everything_that_happens_is_told_where_it_belongs() {
    let test = by_time().await;
    test.receive("say k1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.write(&agent, &conversation, "good day").await.expect("publishes");
    let note = Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::AgentsAndManagers,
        body: EventBody::text("a note"),
        metadata: None,
        client_message_id: None,
    };
    test.app.publish(&agent, note.clone()).await.expect("publishes");
    let read = Publish { body: EventBody::Accept { status: AcceptStatus::Read, sequences: vec![0] }, ..note };
    test.app.publish(&agent, read).await.expect("publishes");
    test.app.chat_state(&agent, DialogRef::main(conversation.id), "COMPOSING").await.expect("is announced");
    told(&test, "https://app.test/chat", 1).await;
    test.app.update(&agent, conversation.id, vec![FieldChange::Close { cause: None }]).await.expect("closes");

    assert_eq!(told(&test, "https://app.test/state", 3).await, ["state open", "state open agent 1", "state closed agent 1"]);
    assert_eq!(told(&test, "https://app.test/content", 3).await, ["event 0 hello", "event 1 good day", "event 2 a note"]);
    assert_eq!(told(&test, "https://app.test/accept", 1).await, ["event 3 READ"]);
    assert_eq!(test.net.told("https://app.test/chat"), ["chat COMPOSING"]);
    let order: Vec<String> = test.net.told("https://app.test/").into_iter().filter(|body| !body.starts_with("chat")).collect();
    let expected =
        ["state open", "event 0 hello", "state open agent 1", "event 1 good day", "event 2 a note", "event 3 READ", "state closed agent 1"];
    assert_eq!(order, expected);
    for call in test.net.calls().iter().filter(|call| call.url.starts_with("https://app.test/")) {
        assert_eq!(call.headers["x-app"], APP);
        assert_eq!(call.headers["x-secret"], "secret-of-my-app");
    }
    let rows = log(&test, 7).await;
    assert!(rows.iter().all(|row| row.state == NotificationState::Delivered && row.tries.status == Some(200)), "{rows:?}");
    assert_eq!(rows.len(), 7, "chat states are not stored");
}

#[tokio::test]
async fn only_what_is_wanted_is_told_and_nothing_to_an_app_that_is_off() {
    let test = TestApp::start().await;
    test.net.at("https://", answer(200, ""));
    let content = NotificationKind::Content.name();
    test.install(APP, json!({"webhooks": {content: {"endpoint": "https://app.test/content"}}})).await;
    test.install("other", json!({"webhooks": {"cqm.ExConversationChangeNotification": {"endpoint": "https://other.test/"}}})).await;
    test.install("silent", json!({})).await;
    test.receive("say k1 +1 hello").await;
    told(&test, "https://app.test/content", 1).await;
    assert_eq!(told(&test, "https://other.test/", 1).await, ["state open"]);
    let account = test.account();
    let off = ConnectorAppInput {
        client_id: Some(APP.to_owned()),
        name: APP.to_owned(),
        client_secret: None,
        keep_secret_s: 0,
        skill: None,
        settings: json!({"webhooks": {content: {"endpoint": "https://app.test/content"}}}).to_string(),
        enabled: false,
    };
    test.app.put_connector_app(&Act::installation(&account), off.clone(), AppGuard::Anything).await.expect("is stored");
    test.receive("say k2 +1 unheard").await;
    test.app
        .put_connector_app(&Act::installation(&account), ConnectorAppInput { enabled: true, ..off }, AppGuard::Anything)
        .await
        .expect("is stored");
    test.receive("say k3 +1 heard").await;
    assert_eq!(told(&test, "https://app.test/", 2).await, ["event 0 hello", "event 2 heard"]);
    assert_eq!(log(&test, 2).await.len(), 2, "what happened while it was off is not its business");
}

#[tokio::test]
async fn an_account_without_such_apps_writes_nothing() {
    let test = TestApp::start().await;
    test.install(APP, json!({})).await;
    test.receive("say k1 +1 hello").await;
    settle().await;
    assert!(test.store.notifications(&test.account(), APP, NotificationList::All(None), 9).await.expect("reads").is_empty());
}

#[tokio::test]
async fn custom_headers_go_along_and_never_over_the_protocols_own() {
    let test = TestApp::start().await;
    test.net.at("https://app.test/", answer(201, ""));
    let headers = json!({"headers": [{"header_name": "X-Env", "header_value": "dev"}, {"header_name": "X-App", "header_value": "forged"}]});
    test.install(APP, json!({"webhooks": endpoints("app.test", headers), "signature": "sha256_hex"})).await;
    test.receive("say k1 +1 hello").await;
    told(&test, "https://app.test/", 2).await;
    for call in test.net.calls() {
        for (name, value) in [("x-env", "dev"), ("x-app", APP), ("x-form", "sha256_hex")] {
            assert_eq!(call.headers[name], value);
        }
        assert_eq!((call.method.as_str(), call.redirects, call.timeout_ms), ("POST", 0, 5_000));
    }
    assert_eq!(log(&test, 2).await[0].tries.status, Some(201));
}

#[tokio::test]
async fn an_app_without_a_signature_of_its_own_has_the_accounts() {
    let settings = AccountSettings { notification_signature: SignatureForm::Sha256Base64, ..AccountSettings::default() };
    let test = TestApp::start_with(settings).await;
    test.net.at("https://", answer(200, ""));
    test.install(APP, json!({"webhooks": endpoints("app.test", json!({}))})).await;
    test.install("own", json!({"webhooks": endpoints("own.test", json!({})), "signature": "sha1_hex"})).await;
    test.receive("say k1 +1 hello").await;
    told(&test, "https://app.test/", 2).await;
    told(&test, "https://own.test/", 2).await;
    for call in test.net.calls() {
        let expected = if call.url.contains("own") { "sha1_hex" } else { "sha256_base64" };
        assert_eq!(call.headers["x-form"], expected, "{}", call.url);
    }
}

/// Conformance: the number of retries, half a minute apart, per kind.
#[tokio::test]
async fn by_number_each_kind_is_tried_again_by_itself() {
    let test = TestApp::start().await;
    test.net.at("https://app.test/content", answer(500, "")).at("https://app.test/state", answer(200, ""));
    test.install(APP, json!({"webhooks": endpoints("app.test", json!({"max_retries": 2}))})).await;
    test.receive("say k1 +1 hello").await;
    assert_eq!(told(&test, "https://app.test/state", 1).await, ["state open"], "the other kind does not wait");
    for attempt in 1..=2 {
        tried(&test, NotificationKind::Content, attempt).await;
        tries_again_in(&test, "https://app.test/content", 30_000).await;
    }
    let rows = log(&test, 2).await;
    let dropped = &rows[1];
    assert_eq!((dropped.state, dropped.tries.attempts, dropped.tries.status), (NotificationState::Dropped, 3, Some(500)));
    assert!(dropped.tries.error.as_deref().is_some_and(|error| error.contains("500")), "{dropped:?}");
    for other in [204, 302, 404] {
        test.net.at("https://app.test/content", answer(other, ""));
        let before = test.net.told("https://app.test/content").len();
        test.receive(&format!("say k{other} +1 again")).await;
        told_in_time(&test, "https://app.test/content", before + 3).await;
    }
}

/// Conformance: kept for a time, doubling pauses, the whole conversation in order.
#[tokio::test]
async fn by_time_an_outage_loses_nothing_and_keeps_the_order() {
    let test = by_time().await;
    test.net.at("https://app.test/", Err(NetError::NoConnection("refused".into())));
    for number in 0..4 {
        test.receive(&format!("say k{number} +1 text {number}")).await;
    }
    for (attempt, wait_ms) in [(1, 2_000), (2, 4_000), (3, 8_000)] {
        tried(&test, NotificationKind::Conversation, attempt).await;
        tries_again_in(&test, "https://app.test/", wait_ms).await;
    }
    assert_eq!(test.net.told("https://app.test/"), ["state open"; 4], "the first one holds the others back");
    test.net.at("https://app.test/", answer(200, ""));
    assert_eq!(
        told_in_time(&test, "https://app.test/content", 4).await,
        ["event 0 text 0", "event 1 text 1", "event 2 text 2", "event 3 text 3"]
    );
    assert!(log(&test, 5).await.iter().all(|row| row.state == NotificationState::Delivered));
}

#[tokio::test]
async fn by_time_what_is_too_old_is_dropped_and_says_so() {
    let test = TestApp::start().await;
    test.net.at("https://app.test/", answer(503, ""));
    test.install(APP, json!({"webhooks": endpoints("app.test", json!({})), "retention_time_s": 10})).await;
    test.receive("say k1 +1 old").await;
    told_in_time(&test, "https://app.test/", 3).await;
    let rows = loop {
        told_in_time(&test, "https://", 0).await;
        let rows = log(&test, 0).await;
        if rows.iter().all(|row| row.state == NotificationState::Dropped) {
            break rows;
        }
        if let Some(at) = test.clock.next_wake() {
            test.clock.advance(at.since(test.clock.now()).max(1));
        }
    };
    assert!(rows[0].tries.error.as_deref().is_some_and(|error| error.contains("in the time that the app allows")), "{rows:?}");
    test.net.at("https://app.test/", answer(200, ""));
    test.receive("say k2 +1 new").await;
    assert_eq!(told_in_time(&test, "https://app.test/content", 1).await, ["event 1 new"]);
}

/// Conformance: precedence of the time over the number, and the exemption by zero.
#[tokio::test]
async fn by_time_zero_retries_exempt_a_kind() {
    let test = TestApp::start().await;
    let mut hooks = endpoints("app.test", json!({"max_retries": 1}));
    hooks[NotificationKind::Conversation.name()]["max_retries"] = json!(0);
    test.install(APP, json!({"webhooks": hooks, "retention_time_s": 3600})).await;
    test.net.at("https://app.test/state", answer(500, "")).at("https://app.test/content", answer(500, ""));
    test.receive("say k1 +1 hello").await;
    told_in_time(&test, "https://app.test/content", 5).await;
    assert_eq!(test.net.told("https://app.test/state").len(), 1, "an exempt failure is let go");
    let agent = test.arrive("agent1").await;
    test.accept(&agent).await;
    test.net
        .at("https://app.test/", answer(200, ""))
        .at("https://app.test/state", answer(200, ""))
        .at("https://app.test/content", answer(200, ""));
    told_in_time(&test, "https://app.test/state", 2).await;
    let rows = log(&test, 3).await;
    let states: Vec<NotificationState> = rows.iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        [NotificationState::Dropped, NotificationState::Delivered, NotificationState::Delivered],
        "kept while the app fails anyway"
    );
}

#[tokio::test]
async fn a_dead_app_delays_no_other_app_and_no_channel() {
    let test = by_time().await;
    test.install("dead", json!({"webhooks": endpoints("dead.test", json!({})), "retention_time_s": 60})).await;
    test.net.at("https://dead.test/", Err(NetError::Timeout(5_000)));
    for number in 0..20 {
        test.receive(&format!("say k{number} +{number} hi")).await;
    }
    assert_eq!(told(&test, "https://app.test/", 40).await.len(), 40);
    told(&test, "https://dead.test/", 5).await;
    settle().await;
    let calls = test.net.told("https://dead.test/").len();
    assert!((5..=16).contains(&calls), "{calls} calls before it was left alone");
}

#[tokio::test]
async fn what_waits_survives_a_restart() {
    let test = by_time().await;
    test.net.at("https://app.test/", answer(500, ""));
    for number in 0..150 {
        test.receive(&format!("say k{number} +{} text {number}", number % 2)).await;
    }
    told(&test, "https://app.test/", 2).await;
    // What changed meanwhile does not change what was.
    let agent = test.arrive("agent1").await;
    test.accept(&agent).await;
    let restarted = test.clock.now();
    let test = test.restart().await;
    let before = test.net.calls().len();
    test.net.at("https://app.test/", answer(200, ""));
    told_in_time(&test, "https://app.test/content", 150).await;
    for source in ["+0", "+1"] {
        let conversations = test.conversations().await;
        let mut of = Vec::new();
        for conversation in conversations {
            if test.store.consumer(&test.account(), conversation.consumer).await.expect("reads").is_some_and(|it| it.address == source) {
                of = test.texts(&conversation).await;
            }
        }
        let told: Vec<String> =
            test.net.told("https://app.test/content").iter().filter_map(|body| Some(body.splitn(3, ' ').nth(2)?.to_owned())).collect();
        let told: Vec<String> = told.into_iter().filter(|text| of.contains(text)).collect();
        assert_eq!(told, of, "in order, and each once");
    }
    // Time passes meanwhile, and an agent who stays away gives back what was accepted: news of its own.
    let states = |rows: &[NotificationRow]| -> Vec<String> {
        let mut states: Vec<String> = rows
            .iter()
            .filter_map(|row| match &row.about {
                NotificationAbout::State(state) if row.state == NotificationState::Delivered => Some(state),
                _ => None,
            })
            .map(|state| format!("state open{}", state.assigned_agent().map(|agent| format!(" agent {agent}")).unwrap_or_default()))
            .collect();
        states.sort();
        states
    };
    let rows = loop {
        quiet(&test).await;
        let rows = log(&test, 0).await;
        if rows.iter().all(|row| row.state != NotificationState::Waiting) {
            break rows;
        }
        // Something waits for its next try.
        if let Some(at) = test.clock.next_wake() {
            test.clock.advance(at.since(test.clock.now()).max(1));
        }
    };
    let calls = test.net.calls();
    let told = calls[before..].iter().filter(|call| call.url.ends_with("/state"));
    let mut told: Vec<String> = told.map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    told.sort();
    assert_eq!(told, states(&rows), "each once");
    let old: Vec<NotificationRow> = rows.into_iter().filter(|row| row.at <= restarted).collect();
    assert_eq!(states(&old), ["state open", "state open", "state open agent 1"], "as they were when they happened");
}

#[tokio::test]
async fn a_caller_who_goes_away_loses_no_notification() {
    let test = by_time().await;
    test.receive("say k1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    told(&test, "https://app.test/state", 2).await;
    // The store is busy for a while, so that the commit is on its way when nobody waits for its answer any more.
    let mut much = UnitOfWork::new(test.account());
    for row in 0..20_000 {
        much.write(Write::AddAudit(AuditRow {
            id: RowId(row),
            at: test.clock.now(),
            by: None,
            by_key: None,
            action: "much".into(),
            object_kind: "row".into(),
            object_id: "1".into(),
            detail: "{}".into(),
        }));
    }
    assert!(test.store.commit(much).now_or_never().is_none());
    assert!(test.write(&agent, &conversation, "left alone").now_or_never().is_none());
    test.write(&agent, &conversation, "waited for").await.expect("publishes");
    let told = told(&test, "https://app.test/content", 3).await;
    assert_eq!(told, ["event 0 hello", "event 1 left alone", "event 2 waited for"]);
}

#[tokio::test]
async fn chat_states_are_let_go_while_the_app_is_in_trouble() {
    let test = by_time().await;
    test.receive("say k1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    told(&test, "https://app.test/state", 2).await;
    test.net.at("https://app.test/", answer(500, ""));
    test.write(&agent, &conversation, "nobody hears").await.expect("publishes");
    told(&test, "https://app.test/content", 2).await;
    settle().await;
    test.app.chat_state(&agent, DialogRef::main(conversation.id), "COMPOSING").await.expect("is announced");
    settle().await;
    assert!(test.net.told("https://app.test/chat").is_empty());
}

#[tokio::test]
async fn what_nobody_is_shown_makes_no_news() {
    let test = by_time().await;
    test.receive("say k1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    told(&test, "https://app.test/state", 2).await;
    test.app.update(&agent, conversation.id, vec![FieldChange::Note("for colleagues".into())]).await.expect("is noted");
    let manager = test.caller("manager1");
    let join = FieldChange::Add { role: Role::Manager, user: manager.id(), dialog: antiphon_domain::DialogNumber::MAIN };
    test.app.update(&manager, conversation.id, vec![join]).await.expect("joins");
    told(&test, "https://app.test/state", 3).await;
    assert_eq!(log(&test, 4).await.len(), 4);
}

#[tokio::test]
async fn a_range_of_time_is_told_again_before_what_came_since() {
    let test = by_time().await;
    let from = test.clock.now();
    test.receive("say k1 +1 one").await;
    test.receive("say k2 +1 two").await;
    log(&test, 3).await;
    test.clock.advance(60_000);
    let to = test.clock.now();
    test.receive("say k3 +1 three").await;
    log(&test, 4).await;
    let account = test.account();
    let act = Act::installation(&account);
    let range = Redrive { from, to, only_dropped: true, after: None };
    let none = test.app.redrive_notifications(&act, APP, range).await.expect("is allowed");
    assert_eq!(none, Redriven { queued: 0, next: None }, "nothing was given up");
    test.net.at("https://app.test/", answer(500, ""));
    test.receive("say k4 +1 four").await;
    told(&test, "https://app.test/", 5).await;
    let again = test.app.redrive_notifications(&act, APP, Redrive { only_dropped: false, ..range }).await.expect("is allowed");
    assert_eq!(again, Redriven { queued: 3, next: None });
    test.net.at("https://app.test/", answer(200, ""));
    let before = test.net.told("https://app.test/").len();
    let told = told_in_time(&test, "https://app.test/", before + 4).await;
    assert_eq!(told[before..], ["state open", "event 0 one", "event 1 two", "event 3 four"]);
    let rows = log(&test, 5).await;
    assert_eq!(rows.iter().filter(|row| row.tries.requeued_at.is_some()).count(), 3);
    for bad in [Redrive { from: to, ..range }, Redrive { from: to, to: from, ..range }] {
        let error = test.app.redrive_notifications(&act, APP, bad).await.expect_err("the range is empty");
        assert_eq!(error.field.as_deref(), Some("to"));
    }
    let error = test.app.redrive_notifications(&act, "nobody", range).await.expect_err("there is no such app");
    assert_eq!(error.kind, AdminErrorKind::NotFound);
}

#[tokio::test]
async fn the_state_of_an_app_shows_what_goes_wrong() {
    let test = by_time().await;
    let status = |test: &TestApp| {
        let (app, account) = (std::sync::Arc::clone(&test.app), test.account());
        async move { app.app_status(&account, APP).await.expect("there is the app") }
    };
    let well = status(&test).await;
    assert_eq!((well.standing, well.since, well.waiting, well.endpoints.len()), (Some(Standing::Up), None, 0, 5));
    test.net.at("https://app.test/", answer(500, ""));
    let failed_at = test.clock.now();
    for number in 0..10 {
        test.receive(&format!("say k{number} +{number} hi")).await;
    }
    let failed = loop {
        let status = status(&test).await;
        if status.paused_until.is_some() {
            break status;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((failed.standing, failed.since, failed.waiting), (Some(Standing::Failed), Some(failed_at), 20));
    let state = failed.endpoints.iter().find(|endpoint| endpoint.kind == NotificationKind::Conversation).expect("there is one");
    assert!(state.failing >= 5 && state.fared.failed_at == Some(failed_at), "{state:?}");
    assert!(state.fared.error.as_deref().is_some_and(|error| error.contains("answered 500")), "{state:?}");
    test.net.at("https://app.test/", answer(200, ""));
    told_in_time(&test, "https://app.test/content", 10).await;
    log(&test, 20).await;
    let well = status(&test).await;
    assert_eq!((well.standing, well.waiting, well.paused_until), (Some(Standing::Up), 0, None));
    assert!(test.app.app_status(&test.account(), "nobody").await.is_err());
}

#[tokio::test]
async fn a_test_calls_every_endpoint_and_tells_what_came_back() {
    let test = by_time().await;
    test.net.at("https://app.test/rich", answer(404, "")).at("https://app.test/chat", Err(NetError::Timeout(5_000)));
    let account = test.account();
    let act = Act::installation(&account);
    let calls = test.app.test_app(&act, APP, None).await.expect("is allowed");
    let found: Vec<_> = calls.iter().map(|call| (call.kind, call.status, call.error.is_none())).collect();
    assert_eq!(
        found,
        [
            (NotificationKind::Content, Some(200), true),
            (NotificationKind::Rich, Some(404), false),
            (NotificationKind::Accept, Some(200), true),
            (NotificationKind::ChatState, None, false),
            (NotificationKind::Conversation, Some(200), true),
        ]
    );
    assert_eq!(test.net.told("https://app.test/content"), ["event 0 This is a test of the app's notifications."]);
    assert_eq!(test.net.told("https://app.test/state"), ["state open"]);
    assert!(test.conversations().await.is_empty());
    let one = test.app.test_app(&act, APP, Some(NotificationKind::Accept)).await.expect("is allowed");
    assert_eq!(one.len(), 1);
    let audited = test.store.audit(&account, None, 9).await.expect("reads");
    assert_eq!(audited.iter().filter(|row| *row.action == *"app.tested").count(), 2);
    test.install("silent", json!({})).await;
    let error = test.app.test_app(&act, "silent", None).await.expect_err("it has no endpoints");
    assert_eq!(error.kind, AdminErrorKind::Unfit);
    let manager = test.caller("manager1");
    assert_eq!(test.app.test_app(&Act::of(&manager), APP, None).await.expect_err("may not").kind, AdminErrorKind::Forbidden);
}
