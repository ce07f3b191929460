//! Rings, capacity, transfers, closing, and what a restart does to them.

use antiphon_app::ports::Store;
use antiphon_app::update::{FieldChange, UpdateDone, UpdateErrorKind};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::routing::Availability;
use antiphon_domain::{AccountSettings, Role, SkillId, UserId};
use antiphon_testkit::TestApp;

fn remove(user: i64) -> FieldChange {
    FieldChange::Remove { role: Role::AssignedAgent, user: UserId(user), dialog: DialogNumber::MAIN }
}

#[tokio::test]
async fn a_waiting_conversation_rings_and_is_accepted() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    assert_eq!(conversation.assigned_agent(), Some(agent.id()));
    let stored = test.conversations().await.remove(0);
    assert_eq!(stored, *conversation, "what is in memory is what is stored");
    assert!(test.store.routing(&test.account()).await.expect("reads").tasks.is_empty());
}

#[tokio::test]
async fn capacity_is_never_exceeded_and_freed_places_are_used() {
    let test = TestApp::start().await;
    let agent = test.arrive("agent1").await;
    for n in 0..5 {
        test.receive(&format!("say m{n} +{n} hello")).await;
    }
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(test.accept(&agent).await);
    }
    assert!(test.app.rings_of(&agent.account, agent.id()).await.is_empty(), "three of three places are taken");
    let done = test.app.update(&agent, held[0].id, vec![FieldChange::Close { cause: None }]).await;
    assert_eq!(done, Ok(UpdateDone::Closed));
    let next = test.accept(&agent).await;
    assert!(held.iter().all(|conversation| conversation.id != next.id));
}

#[tokio::test]
async fn auto_accept_assigns_without_a_ring() {
    let test = TestApp::start_with(AccountSettings { auto_accept: true, ..AccountSettings::default() }).await;
    let agent = test.arrive("agent1").await;
    let mut listener = test.listen(antiphon_app::ports::bus::Topic::User(agent.account.clone(), agent.id()));
    test.receive("say m1 +1 hello").await;
    let assigned = TestApp::hear(&mut listener, |heard| match heard {
        antiphon_app::ports::bus::Heard::That(antiphon_app::ports::bus::Announcement::Conversation(moved)) => moved.after.assigned_agent(),
        _ => None,
    })
    .await;
    assert_eq!(assigned, agent.id());
}

#[tokio::test]
async fn a_transfer_moves_it_to_another_skill_and_agent() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let first = test.arrive("agent1").await;
    let conversation = test.accept(&first).await;
    let second = test.arrive("agent2").await;
    let done = test.app.update(&first, conversation.id, vec![FieldChange::Skill(Some(SkillId(2))), remove(1)]).await;
    assert_eq!(done, Ok(UpdateDone::Removed));
    let taken = test.accept(&second).await;
    assert_eq!((taken.id, taken.skill, taken.assigned_agent()), (conversation.id, Some(SkillId(2)), Some(second.id())));
}

#[tokio::test]
async fn a_bad_item_fails_the_whole_request() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let before = test.conversations().await.remove(0);
    let manager = test.caller("manager1");
    let outcome = test.app.update(&manager, conversation.id, vec![remove(2), FieldChange::Skill(Some(SkillId(2)))]).await;
    assert_eq!(outcome.map_err(|error| error.kind), Err(UpdateErrorKind::NoSuchAgent));
    let outcome = test.app.update(&manager, conversation.id, vec![FieldChange::Skill(Some(SkillId(77)))]).await;
    assert_eq!(outcome.map_err(|error| error.kind), Err(UpdateErrorKind::NoSuchSkill));
    assert_eq!(test.conversations().await.remove(0), before);
}

#[tokio::test]
async fn agents_change_only_what_they_take_part_in() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let conversation = test.accept(&agent).await;
    let other = test.caller("agent2");
    let close = vec![FieldChange::Close { cause: None }];
    let outcome = test.app.update(&other, conversation.id, close.clone()).await;
    assert_eq!(outcome.map_err(|error| error.kind), Err(UpdateErrorKind::Forbidden));
    let join = vec![FieldChange::Add { role: Role::Manager, user: other.id(), dialog: DialogNumber::MAIN }];
    assert_eq!(test.app.update(&other, conversation.id, join).await.map_err(|error| error.kind), Err(UpdateErrorKind::Forbidden));
    let manager = test.caller("manager1");
    assert_eq!(test.app.update(&manager, conversation.id, close).await, Ok(UpdateDone::Closed));
}

#[tokio::test]
async fn after_closing_the_next_message_opens_a_new_conversation() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    let agent = test.arrive("agent1").await;
    let closed = test.accept(&agent).await;
    test.app.update(&agent, closed.id, vec![FieldChange::Close { cause: None }]).await.expect("closes");
    test.receive("say m2 +1 one more thing").await;
    let next = test.accept(&agent).await;
    assert_ne!(next.id, closed.id);
    assert!(!next.first && next.consumer == closed.consumer);
}

#[tokio::test]
async fn the_last_socket_gone_then_time_returns_what_waits() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    test.receive("say m2 +2 hello").await;
    let agent = test.arrive("agent1").await;
    let waiting = test.accept(&agent).await;
    let answered = test.accept(&agent).await;
    test.net.otherwise(antiphon_testkit::net::answer(200, "v1"));
    test.write(&agent, &answered, "here you are").await.expect("publishes");
    let mut listener = test.listen(antiphon_app::ports::bus::Topic::Account(agent.account.clone()));
    test.app.sockets_changed(&agent.account, agent.id(), 0, 0).await;
    while test
        .app
        .agent_seats(&agent.account)
        .await
        .iter()
        .any(|seat| seat.user == agent.id() && seat.availability != Availability::Offline)
    {
        test.clock.advance(1_000);
        tokio::task::yield_now().await;
    }
    test.clock.advance(15 * 60 * 1_000);
    let returned = TestApp::hear(&mut listener, |heard| match heard {
        antiphon_app::ports::bus::Heard::That(antiphon_app::ports::bus::Announcement::Conversation(moved))
            if moved.after.assigned_agent().is_none() =>
        {
            Some(moved.after.id)
        }
        _ => None,
    })
    .await;
    assert_eq!(returned, waiting.id);
    let kept = test.conversations().await.into_iter().find(|c| c.id == answered.id).expect("is there");
    assert_eq!(kept.assigned_agent(), Some(agent.id()), "nobody waits there");
}

#[tokio::test]
async fn a_restart_rings_again_and_forgets_no_seat() {
    let test = TestApp::start().await;
    test.receive("say m1 +1 hello").await;
    test.receive("say m2 +2 hello").await;
    let agent = test.arrive("agent1").await;
    let held = test.accept(&agent).await;
    test.ring(&agent).await;
    let test = test.restart().await;
    let agent = test.arrive("agent1").await;
    let second = test.accept(&agent).await;
    assert_ne!(second.id, held.id);
    let seat = test.app.agent_seats(&agent.account).await.into_iter().find(|seat| seat.user == agent.id()).expect("is there");
    assert_eq!((seat.open, seat.ringing), (2, 0));
}
