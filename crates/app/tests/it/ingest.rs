//! Taking webhooks in: once, in order, and nothing acknowledged that is not stored.

use antiphon_app::ports::bus::{Announcement, Heard, Topic};
use antiphon_app::ports::{Clock, Store};
use antiphon_domain::{Content, EventBody, FileState};
use antiphon_testkit::TestApp;
use antiphon_testkit::net::answer;

#[tokio::test]
async fn a_message_opens_a_conversation_and_the_next_ones_join_it() {
    let test = TestApp::start().await;
    assert_eq!(test.receive("say m1 +1 hello").await.status, 200);
    assert_eq!(test.receive("say m2 +1 are you there?\nsay m3 +2 me too").await.status, 200);
    let conversations = test.conversations().await;
    assert_eq!(conversations.len(), 2);
    let first = conversations.iter().find(|c| c.main().next_sequence == 2).expect("two events");
    assert_eq!(test.texts(first).await, ["hello", "are you there?"]);
    assert_eq!(first.skill, Some(antiphon_domain::SkillId(1)), "the account's default skill");
}

#[tokio::test]
async fn a_repeat_is_answered_with_success_and_changes_nothing() {
    let test = TestApp::start().await;
    for _ in 0..3 {
        assert_eq!(test.receive("say m1 +1 hello\nsay m1 +1 hello").await.status, 200);
    }
    let conversations = test.conversations().await;
    assert_eq!(conversations.len(), 1);
    assert_eq!(test.texts(&conversations[0]).await, ["hello"]);
    assert_eq!(conversations[0].version, 2, "opened, one event");
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_leaves_no_trace() {
    let test = TestApp::start().await;
    assert_eq!(test.receive_signed("say m1 +1 hello", "wrong").await.status, 401);
    assert!(test.conversations().await.is_empty());
    assert!(test.store.dead_letters(&test.account(), None, 10).await.expect("reads").is_empty());
}

#[tokio::test]
async fn what_is_signed_but_unusable_becomes_a_dead_letter_and_costs_nothing_else() {
    let test = TestApp::start().await;
    assert_eq!(test.receive("nonsense\nsay m1 +1 hello").await.status, 200);
    assert_eq!(test.conversations().await.len(), 1);
    let letters = test.store.dead_letters(&test.account(), None, 10).await.expect("reads");
    assert_eq!(letters.iter().map(|letter| &*letter.code).collect::<Vec<_>>(), ["malformed"]);
}

#[tokio::test]
async fn many_at_once_for_one_consumer_keep_one_conversation_without_gaps() {
    let test = std::sync::Arc::new(TestApp::start().await);
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..200 {
        let test = std::sync::Arc::clone(&test);
        calls.spawn(async move { test.receive(&format!("say m{} +{} text {n}", n % 150, n % 3)).await.status });
    }
    while let Some(status) = calls.join_next().await {
        assert_eq!(status.expect("no panic"), 200);
    }
    let conversations = test.conversations().await;
    assert_eq!(conversations.len(), 3);
    let mut total = 0;
    for conversation in &conversations {
        let events =
            test.store.events(&test.account(), conversation.id, antiphon_domain::id::DialogNumber::MAIN, 0, 1_000).await.expect("reads");
        let sequences: Vec<u64> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, (0..events.len() as u64).collect::<Vec<_>>());
        total += events.len();
    }
    assert_eq!(total, 150, "each vendor id once");
}

#[tokio::test]
async fn media_is_announced_at_once_and_fetched_after() {
    let test = TestApp::start().await;
    let mut listener = test.listen(Topic::Account(test.account()));
    test.net.then(answer(500, "")).then(answer(200, "\u{89}not really a picture"));
    assert_eq!(test.receive("picture p1 +1 http://vendor.test/p1").await.status, 200);
    let conversation = test.conversations().await.remove(0);
    let last = conversation.last_content.clone().expect("there is content");
    let EventBody::Content(Content::File { path, .. }) = &last.body else { panic!("a file") };
    test.net.called(1).await;
    // The first try failed, so it waits for its time; let it come.
    while test.net.calls().len() < 2 {
        match test.clock.next_wake() {
            Some(at) => test.clock.advance(at.since(antiphon_app::ports::Clock::now(&*test.clock)).max(1)),
            None => tokio::task::yield_now().await,
        }
        tokio::task::yield_now().await;
    }
    let state = TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::File(file)) => Some(file.state.clone()),
        _ => None,
    })
    .await;
    assert_eq!(state, FileState::Ready);
    let file = test.store.file(&test.account(), path).await.expect("reads").expect("is there");
    assert_eq!(file.shown_in, Some((conversation.id, antiphon_domain::id::DialogNumber::MAIN, 0)));
}

#[tokio::test]
async fn the_brands_native_message_is_shown_under_the_sources_external_user() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    test.receive("echo native1 +1 written in the vendor's inbox").await;
    let conversation = test.conversations().await.remove(0);
    let last = conversation.last_content.clone().expect("there is content");
    assert_eq!(last.originator.party, antiphon_domain::event::Party::External(antiphon_domain::SourceId(1)));
    assert_eq!(conversation.waiting_since, None, "the brand has answered");
}

#[tokio::test]
async fn a_copy_that_overtakes_the_answer_to_its_send_is_no_native_message() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.net.then(answer(200, "v1")).hold(true);
    test.write(&agent, &conversation, "good morning").await.expect("writes");
    test.net.called(1).await;
    let copy = test.receive("echo v1 +1 good morning");
    let answered = async {
        // What is not waited for is stored meanwhile.
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
        test.net.hold(false);
    };
    assert_eq!(tokio::join!(copy, answered).0.status, 200);
    assert_eq!(test.texts(&conversation).await, ["hello", "good morning"]);
}

#[tokio::test]
async fn a_source_that_is_off_answers_and_buries() {
    let test = TestApp::start().await;
    let directory = test.app.directory();
    let (_, source) = directory.source(antiphon_domain::SourceId(1)).expect("is there");
    let mut unit = antiphon_app::ports::store::UnitOfWork::new(test.account());
    unit.write(antiphon_app::ports::store::Write::PutSource(antiphon_domain::Source { enabled: false, ..(**source).clone() }));
    test.store.commit(unit).await.expect("commits");
    test.app.reload_directory().await.expect("reloads");
    assert_eq!(test.receive("say m1 +1 hello").await.status, 200);
    assert_eq!(test.receive_signed("say m1 +1 hello", "wrong").await.status, 401, "verified all the same");
    let letters = test.store.dead_letters(&test.account(), None, 10).await.expect("reads");
    assert_eq!(letters.iter().map(|letter| &*letter.code).collect::<Vec<_>>(), ["source_off"]);
}

/// The receipts and notes of a conversation's main dialog: kind, what they are about, metadata.
async fn notes(test: &TestApp, conversation: &antiphon_domain::Conversation) -> Vec<(&'static str, Vec<u64>, String)> {
    let events = test.store.events(&test.account(), conversation.id, antiphon_domain::id::DialogNumber::MAIN, 0, 100).await.expect("reads");
    let note = |event: antiphon_domain::Event| match event.body {
        EventBody::Accept { status, sequences } => {
            Some((status.name(), sequences, event.metadata.as_deref().unwrap_or_default().to_owned()))
        }
        EventBody::Content(_) => None,
    };
    events.into_iter().filter_map(note).collect()
}

#[tokio::test]
async fn a_reaction_is_shown_at_its_message_and_asks_for_nothing() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    test.net.then(answer(200, "v1"));
    let mut listener = test.listen(Topic::Account(test.account()));
    let sequence = test.write(&agent, &conversation, "hi").await.expect("publishes");
    TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::Deliveries(moved)) => moved.iter().any(|delivery| delivery.vendor_id.is_some()).then_some(()),
        _ => None,
    })
    .await;
    test.receive("say m2 +1 thanks").await;
    let before = test.conversations().await.remove(0);
    test.receive("reacts r1 +1 v1\nreacts r1 +1 v1").await;
    test.receive("reacts r2 +1 of-another-conversation").await;
    let after = test.conversations().await.remove(0);
    let like = r#"[{"action":"react","emoji":"👍","type":"Reaction"}]"#.to_owned();
    assert_eq!(notes(&test, &after).await, [("ENRICH", vec![sequence], like.clone()), ("ENRICH", vec![sequence + 1], like)], "each once");
    let unread = |c: &antiphon_domain::Conversation| c.main().participants.iter().map(|p| p.unread).collect::<Vec<_>>();
    assert_eq!(
        (after.waiting_since, after.last_consumer_at, unread(&after)),
        (before.waiting_since, before.last_consumer_at, unread(&before))
    );
}

#[tokio::test]
async fn a_reaction_opens_nothing_and_how_somebody_came_goes_with_their_first_words() {
    let test = TestApp::start().await;
    assert_eq!(test.receive("reacts r1 +1 v1\ncomes c1 +1 summer\ncomes c1 +1 summer\ncomes c2 +1 sale").await.status, 200);
    assert!(test.conversations().await.is_empty());
    test.receive("say m1 +1 hello\nsay m2 +1 again").await;
    let conversation = test.conversations().await.remove(0);
    let events = test.store.events(&test.account(), conversation.id, antiphon_domain::id::DialogNumber::MAIN, 0, 100).await.expect("reads");
    let metadata: Vec<Option<&str>> = events.iter().map(|event| event.metadata.as_deref()).collect();
    assert_eq!(metadata, [Some(r#"[{"ref":"summer","type":"Referral"},{"ref":"sale","type":"Referral"}]"#), None]);
    let consumer = test.store.consumer(&test.account(), conversation.consumer).await.expect("reads").expect("is there");
    assert_eq!(consumer.context, None, "told once");
    test.receive("comes c3 +1 winter").await;
    assert_eq!(notes(&test, &conversation).await, [("ENRICH", vec![1], r#"[{"ref":"winter","type":"Referral"}]"#.to_owned())]);
}

#[tokio::test]
async fn what_webhooks_failed_to_bring_is_fetched_once_and_nothing_older() {
    let test = TestApp::start().await;
    let directory = test.app.directory();
    let (_, source) = directory.source(antiphon_domain::SourceId(1)).expect("is there");
    let mut listed = (**source).clone();
    listed.settings.insert("catch_up".into(), "on".into());
    test.clock.advance(3_600_000);
    listed.updated_at = test.clock.now();
    let mut unit = antiphon_app::ports::store::UnitOfWork::new(test.account());
    unit.write(antiphon_app::ports::store::Write::PutSource(listed));
    test.store.commit(unit).await.expect("commits");
    test.app.reload_directory().await.expect("reloads");
    test.clock.advance(600_000);
    let at = |seconds: i64| test.clock.now().plus_s(seconds).0;
    test.receive("say m2 +1 came by itself").await;
    let list = format!(
        "{} say m0 +1 before the source was like this\n{} say m1 +1 missed\n{} say m2 +1 came by itself\n{} say m3 +1 just now\n",
        at(-700),
        at(-500),
        at(-400),
        at(100)
    );
    test.net.otherwise(answer(200, &list));
    let conversation = test.conversations().await.remove(0);
    // Some rounds later even what was too young at first is there, and nothing twice.
    while test.texts(&conversation).await.len() < 3 {
        test.clock.advance(60_000);
        tokio::task::yield_now().await;
    }
    assert!(test.net.calls()[0].url.starts_with("http://vendor.test/list/"), "{}", test.net.calls()[0].url);
    for _ in 0..100 {
        test.clock.advance(60_000);
        tokio::task::yield_now().await;
    }
    assert_eq!(test.texts(&conversation).await, ["came by itself", "missed", "just now"]);
    assert_eq!(test.conversations().await.len(), 1);
}
