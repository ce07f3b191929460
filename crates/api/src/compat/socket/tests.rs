//! Announcements that are repeated, late or lost: the client must not be able to tell.

use super::super::render::Protocol;
use super::super::{CompatLimits, CompatState, Shared};
use super::connection::{Gone, Peer};
use super::envelope::Out;
use super::notify;
use super::session::{Opening, Session};
use antiphon_app::ports::bus::Heard;
use antiphon_app::session::SignIn;
use antiphon_app::update::FieldChange;
use antiphon_domain::{Conversation, Role};
use antiphon_testkit::TestApp;
use antiphon_testkit::app::{ACCOUNT, PASSWORD};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

struct Connection {
    session: Session,
    heard: mpsc::Receiver<Heard>,
}

fn shared(test: &TestApp) -> Arc<Shared> {
    Arc::new(Shared::new(CompatState {
        app: Arc::clone(&test.app),
        public_host: "antiphon.test".into(),
        shutdown: watch::channel(false).1,
        secure_cookies: false,
        trusted_proxies: Vec::new(),
        limits: CompatLimits::default(),
    }))
}

impl Connection {
    async fn open(test: &TestApp, shared: &Arc<Shared>, login: &str) -> Self {
        let how = SignIn::Password { login: login.into(), password: PASSWORD.into(), browser: false };
        let signed_in = test.app.sign_in(ACCOUNT, how, "127.0.0.1").await.unwrap_or_else(|error| panic!("{error}"));
        let authenticated = test.app.authenticate(&signed_in.bearer).await.expect("the session is there");
        let caller = &authenticated.caller;
        let place = shared.presence.enter(&test.app, &caller.account, caller.id(), 10).expect("there is room");
        let opening =
            Opening { shared: Arc::clone(shared), authenticated, bearer: signed_in.bearer.into(), protocol: Protocol::V21, place };
        let (session, heard) = Session::new(opening);
        Self { session, heard }
    }

    async fn ask(&mut self, name: &str, body: Value) -> Vec<Value> {
        let mut out = Out::new();
        let frame = json!({ "kind": "req", "id": "1", "type": name, "body": body }).to_string();
        self.session.frame(&frame, &mut out).await.expect("the connection goes on");
        parse(out)
    }

    /// Tells what was heard, in the order that `arrange` makes of it.
    async fn tell(&mut self, arrange: impl Fn(Vec<Heard>) -> Vec<Heard>) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Ok(next) = self.heard.try_recv() {
            heard.push(next);
        }
        let mut out = Out::new();
        for next in arrange(heard) {
            notify::tell(&mut self.session, next, &mut out).await.expect("the connection goes on");
        }
        parse(out)
    }
}

fn parse(out: Out) -> Vec<Value> {
    out.iter().map(|frame| serde_json::from_str(frame).expect("JSON")).collect()
}

/// What a client holds after all frames: its conversations, the events it saw, and whether the order was right throughout.
#[derive(Debug, Default, PartialEq)]
struct Held {
    conversations: BTreeMap<String, Value>,
    events: BTreeMap<String, Vec<u64>>,
    gone: BTreeSet<String>,
}

impl Held {
    fn take(&mut self, frames: &[Value]) {
        for frame in frames {
            let body = &frame["body"];
            if frame["type"] == notify::CONVERSATION_CHANGE {
                for change in body["changes"].as_array().expect("a list") {
                    let id = change["result"]["convId"].as_str().expect("an id").to_owned();
                    if change["type"] == "DELETE" {
                        assert!(self.conversations.remove(&id).is_some(), "a DELETE of what was never there");
                        self.gone.insert(id);
                    } else {
                        let result = &change["result"];
                        let before = self.conversations.insert(id.clone(), result.clone());
                        let at = |result: &Value| result["lastUpdateTime"].as_i64();
                        assert!(before.is_none_or(|before| at(&before) <= at(result)), "an older state after a newer one");
                        assert!(!self.gone.contains(&id), "back after a DELETE");
                    }
                }
            } else if frame["type"] == ".ams.ms.OnlineEventDistribution" {
                let id = body["conversationId"].as_str().expect("an id").to_owned();
                assert!(self.conversations.contains_key(&id), "an event before its UPSERT or after its DELETE");
                let seen = self.events.entry(id).or_default();
                let sequence = body["sequence"].as_u64().expect("a sequence");
                assert_eq!(sequence, seen.last().map_or(sequence, |last| last + 1), "a gap or an inversion");
                seen.push(sequence);
            }
        }
    }
}

/// A conversation of agent1 in which a manager takes part, then much happens, then it closes or not.
async fn history(test: &TestApp, joined: &Conversation, closes: bool) {
    let agent = test.caller("agent1");
    for number in 0..5 {
        test.receive(&format!("say h{number} +49151 more")).await;
        test.write(&agent, joined, "answer").await.expect("published");
        test.clock.advance(10);
    }
    if closes {
        test.app.update(&agent, joined.id, vec![FieldChange::Close { cause: None }]).await.expect("closed");
    }
}

async fn prepared(test: &TestApp) -> Arc<Conversation> {
    let agent = test.arrive("agent1").await;
    test.receive("say k1 +49151 hello").await;
    let conversation = test.accept(&agent).await;
    let manager = test.caller("manager1");
    let join = FieldChange::Add { role: Role::Manager, user: manager.id(), dialog: antiphon_domain::DialogNumber::MAIN };
    test.app.update(&manager, conversation.id, vec![join]).await.expect("joined");
    conversation
}

async fn compare(closes: bool, arrange: impl Fn(Vec<Heard>) -> Vec<Heard>) {
    let test = TestApp::start().await;
    let conversation = prepared(&test).await;
    let shared = shared(&test);
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(&test, &shared, "manager1").await;
        let frames = connection.ask("cqm.SubscribeExConversations", json!({ "convState": ["OPEN"] })).await;
        assert_eq!(frames[0]["kind"], "resp");
        let mut held = Held::default();
        held.take(&frames[1..]);
        assert_eq!(held.conversations.len(), 1);
        both.push((connection, held));
    }
    history(&test, &conversation, closes).await;
    let (mut good, mut expected) = both.remove(0);
    let (mut bad, mut actual) = both.remove(0);
    expected.take(&good.tell(|heard| heard).await);
    actual.take(&bad.tell(arrange).await);
    assert_eq!(expected.conversations.is_empty(), closes);
    assert_eq!(expected.events[&conversation.id.to_string()], (1..=10).collect::<Vec<u64>>());
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn repeated_announcements_are_told_once() {
    for closes in [false, true] {
        compare(closes, |heard| heard.into_iter().flat_map(|one| [one.clone(), one]).collect()).await;
    }
}

#[tokio::test]
async fn late_announcements_change_nothing() {
    for closes in [false, true] {
        compare(closes, |heard| heard.into_iter().rev().collect()).await;
    }
}

#[tokio::test]
async fn what_was_lost_is_read_from_the_store() {
    compare(false, |_| vec![Heard::Missed]).await;
    compare(false, |heard| heard.into_iter().take(3).chain([Heard::Missed]).collect()).await;
    compare(false, |heard| heard.into_iter().skip(4).collect()).await;
    compare(false, |heard| [Heard::Missed].into_iter().chain(heard).collect()).await;
}

#[tokio::test]
async fn a_close_that_was_lost_is_told_with_the_events_before_it() {
    compare(true, |_| vec![Heard::Missed]).await;
}

#[tokio::test]
async fn a_new_conversation_that_was_lost_is_found() {
    let test = TestApp::start().await;
    let shared = shared(&test);
    let mut manager = Connection::open(&test, &shared, "manager1").await;
    manager.ask("cqm.SubscribeExConversations", json!({ "convState": ["OPEN"] })).await;
    test.receive("say k1 +49151 hello").await;
    let mut held = Held::default();
    held.take(&manager.tell(|_| vec![Heard::Missed]).await);
    assert_eq!(held.conversations.len(), 1);
    assert_eq!(manager.tell(|_| vec![Heard::Missed]).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_became_ones_own_meanwhile_is_told_before_what_was_said_in_it() {
    let test = TestApp::start().await;
    let shared = shared(&test);
    let agent = test.arrive("agent1").await;
    let mut connection = Connection::open(&test, &shared, "agent1").await;
    connection.ask("cqm.SubscribeExConversations", json!({ "agentIds": [format!("12.{}", agent.id())], "convState": ["OPEN"] })).await;
    test.receive("say k1 +49151 hello").await;
    let conversation = test.accept(&agent).await;
    test.write(&agent, &conversation, "answer").await.expect("published");
    let mut held = Held::default();
    // The last announcement comes first: it brings the conversation and what was said.
    held.take(&connection.tell(|heard| heard.into_iter().rev().collect()).await);
    assert_eq!(held.events[&conversation.id.to_string()].last(), Some(&1));
}

#[tokio::test]
async fn what_was_queried_is_not_announced_again() {
    let test = TestApp::start().await;
    let shared = shared(&test);
    let conversation = prepared(&test).await;
    let mut manager = Connection::open(&test, &shared, "manager1").await;
    manager.ask("cqm.SubscribeExConversations", json!({ "convState": ["OPEN"] })).await;
    history(&test, &conversation, false).await;
    let frames = manager.ask("ms.QueryMessages", json!({ "dialogId": conversation.id.to_string() })).await;
    assert_eq!(frames[0]["body"].as_array().map(Vec::len), Some(11));
    let told = manager.tell(|heard| heard).await;
    assert!(told.iter().all(|frame| frame["type"] == notify::CONVERSATION_CHANGE), "{told:?}");
}

#[tokio::test]
async fn what_a_user_may_do_is_checked_when_it_changes() {
    let test = TestApp::start().await;
    let shared = shared(&test);
    let mut agent = Connection::open(&test, &shared, "agent1").await;
    let refused = agent.ask("cqm.SubscribeExConversations", json!({})).await;
    assert_eq!(refused[0]["code"], 403);
    assert!(agent.session.refresh_caller().is_ok());
    agent.session.caller.profile = test.caller("manager1").profile;
    assert_eq!(agent.session.refresh_caller(), Err(Gone::SessionEnded));
}
