//! What nobody goes on with is closed in time, and nothing else is.

use antiphon_app::administration::{Act, SettingsPatch};
use antiphon_app::ports::{Clock, Store};
use antiphon_app::update::FieldChange;
use antiphon_domain::conversation::ClosedBy;
use antiphon_domain::{Conversation, Timestamp};
use antiphon_testkit::TestApp;

const DAY_MS: i64 = 24 * 3_600_000;

async fn now(test: &TestApp, it: &Conversation) -> Conversation {
    test.store.conversation(&test.account(), it.id).await.expect("reads").expect("it is there")
}

/// Moves the clock minute by minute over a look or two, and lets the product work.
async fn minutes(test: &TestApp, count: usize) {
    for _ in 0..count {
        test.clock.advance(60_000);
        for _ in 0..20 {
            test.store.commit(antiphon_app::ports::store::UnitOfWork::new(test.account())).await.expect("commits");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_answered_conversation_is_closed_after_a_week_without_a_word_also_after_a_restart() {
    let test = TestApp::start().await;
    let agent = test.arrive("agent1").await;
    test.receive("say k1 +1 hello").await;
    let answered = test.accept(&agent).await;
    test.write(&agent, &answered, "hi").await.expect("publishes");
    test.receive("say k2 +2 hello").await;
    let owed = test.accept(&agent).await;
    test.receive("say k3 +3 hello").await;
    let promised = test.accept(&agent).await;
    test.write(&agent, &promised, "tomorrow").await.expect("publishes");
    let due = FieldChange::Due(Some(Timestamp(test.clock.now().0 + DAY_MS)));
    test.app.update(&agent, promised.id, vec![due]).await.expect("updates");

    test.clock.advance(7 * DAY_MS - 180_000);
    minutes(&test, 1).await;
    assert!(now(&test, &answered).await.open, "not a week yet");
    let test = test.restart().await;
    minutes(&test, 4).await;
    let closed = now(&test, &answered).await;
    assert_eq!((closed.open, closed.main().closed_by, closed.dialogs.len()), (false, Some(ClosedBy::System), 1), "and no survey");
    assert_eq!(closed.main().closed_cause.as_deref(), Some("Idle"));
    for it in [&owed, &promised] {
        assert!(now(&test, it).await.open, "an answer is owed");
    }
    // The next message opens a new one.
    test.receive("say k4 +1 me again").await;
    assert_eq!(test.conversations().await.iter().filter(|it| it.consumer == closed.consumer).count(), 2);
}

#[tokio::test]
async fn what_is_answered_later_is_closed_a_week_after_that_and_a_changed_time_counts_at_once() {
    let test = TestApp::start().await;
    let agent = test.arrive("agent1").await;
    test.receive("say k1 +1 hello").await;
    let first = test.accept(&agent).await;
    test.clock.advance(8 * DAY_MS);
    minutes(&test, 2).await;
    test.write(&agent, &first, "at last").await.expect("publishes");
    minutes(&test, 2).await;
    assert!(now(&test, &first).await.open);
    test.clock.advance(2 * DAY_MS);
    minutes(&test, 2).await;
    assert!(now(&test, &first).await.open);
    let patch = SettingsPatch { auto_close_s: Some(DAY_MS / 1_000), ..SettingsPatch::default() };
    test.app.update_settings(&Act::installation(&test.account()), patch, None).await.expect("the settings are changed");
    minutes(&test, 2).await;
    assert!(!now(&test, &first).await.open, "a day is over");
}

#[tokio::test]
async fn nobody_but_the_product_closes_for_idleness() {
    let test = TestApp::start().await;
    let agent = test.arrive("agent1").await;
    test.receive("say k1 +1 hello").await;
    let it = test.accept(&agent).await;
    let change = FieldChange::CloseIdle { since: Timestamp(i64::MAX), cause: "Idle".into() };
    let refused = test.app.update(&agent, it.id, vec![change]).await.expect_err("is refused");
    assert_eq!(refused.kind, antiphon_app::update::UpdateErrorKind::Forbidden);
}
