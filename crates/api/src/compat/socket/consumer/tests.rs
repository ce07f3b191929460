//! Announcements that are repeated, late or lost: a consumer's client must not be able to tell, and never hears of notes.

use super::notify::{self, CONVERSATION_CHANGE};
use super::visit::{Opening, Visit};
use crate::compat::socket::connection::Peer;
use crate::compat::socket::envelope::Out;
use crate::compat::{CompatLimits, CompatState, Shared};
use antiphon_app::consumers::Client;
use antiphon_app::ports::bus::Heard;
use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_app::ports::{Clock, Store};
use antiphon_app::publish::{DialogRef, Publish};
use antiphon_app::update::FieldChange;
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{Audience, Conversation, EventBody, Source, SourceId};
use antiphon_testkit::TestApp;
use antiphon_testkit::app::ACCOUNT;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

struct Connection {
    visit: Visit,
    heard: mpsc::Receiver<Heard>,
}

/// What a client holds: the last state of its conversation, whether it is gone, and the events in the order in which they came.
#[derive(Debug, Default, PartialEq)]
struct Held {
    state: Option<Value>,
    gone: bool,
    events: Vec<(u64, String)>,
}

impl Held {
    fn take(&mut self, frames: &[Value]) {
        for change in
            frames.iter().flat_map(|frame| frame["body"]["changes"].as_array().expect("a list").iter().map(move |one| (frame, one)))
        {
            match change {
                (frame, change) if frame["type"] == CONVERSATION_CHANGE => {
                    assert!(!self.gone, "back after a DELETE");
                    self.gone = change["type"] == "DELETE";
                    let at = |result: &Value| result["lastUpdateTime"].as_i64();
                    assert!(
                        self.state.as_ref().is_none_or(|before| at(before) <= at(&change["result"])),
                        "an older state after a newer one"
                    );
                    self.state = Some(change["result"].clone());
                }
                // That somebody types has no number, and comes or not.
                (_, event) if event["event"]["type"] == "ChatStateEvent" => {}
                (_, event) => {
                    assert!(self.state.is_some() && !self.gone, "an event before its UPSERT or after its DELETE");
                    let sequence = event["sequence"].as_u64().expect("a sequence");
                    assert!(self.events.last().is_none_or(|(last, _)| *last < sequence), "twice, or out of order");
                    self.events.push((sequence, event["event"]["message"].as_str().unwrap_or("").to_owned()));
                }
            }
        }
    }
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

async fn visitor(test: &TestApp) -> String {
    let mut unit = UnitOfWork::new(test.account());
    let now = test.clock.now();
    unit.write(Write::PutSource(Source {
        id: SourceId(77),
        channel: "web".into(),
        name: "Shop".into(),
        address: "shop".into(),
        skill: None,
        app: None,
        enabled: true,
        api_base_url: None,
        credentials: Default::default(),
        settings: Default::default(),
        health: Health { state: HealthState::Unknown, message: String::new(), since: now },
        created_at: now,
        updated_at: now,
    }));
    test.store.commit(unit).await.expect("the source is stored");
    test.app.reload_directory().await.expect("it is loaded");
    test.app.sign_up_visitor(ACCOUNT).await.expect("the account has a web source")
}

impl Connection {
    async fn open(test: &TestApp, shared: &Arc<Shared>, token: &str) -> Self {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let opening = Opening { account: test.account(), token: None, client: Client::default(), address };
        let waiting = shared.visitors.wait(10).expect("there is room");
        let (mut visit, heard) = Visit::new(Arc::clone(shared), opening, waiting);
        visit.identify(token).await.unwrap_or_else(|(failure, _)| panic!("{failure:?}"));
        Self { visit, heard }
    }

    async fn ask(&mut self, name: &str, body: Value) -> Vec<Value> {
        let mut out = Out::new();
        let frame = json!({ "kind": "req", "id": "1", "type": name, "body": body }).to_string();
        self.visit.frame(&frame, &mut out).await.expect("the connection goes on");
        let frames = parse(out);
        assert_eq!((&frames[0]["kind"], &frames[0]["code"]), (&json!("resp"), &json!(200)), "{frames:?}");
        frames
    }

    /// Tells what was heard, in the order that `arrange` makes of it.
    async fn tell(&mut self, arrange: impl Fn(Vec<Heard>) -> Vec<Heard>) -> Vec<Value> {
        let heard: Vec<Heard> = std::iter::from_fn(|| self.heard.try_recv().ok()).collect();
        let mut out = Out::new();
        for next in arrange(heard) {
            notify::tell(&mut self.visit, next, &mut out).await.expect("the connection goes on");
        }
        parse(out)
    }
}

fn parse(out: Out) -> Vec<Value> {
    out.iter().map(|frame| serde_json::from_str(frame).expect("JSON")).collect()
}

/// The agent writes to the consumer and notes for colleagues, and perhaps closes.
async fn history(test: &TestApp, it: &Conversation, closes: bool) {
    let agent = test.caller("agent1");
    for number in 0..5 {
        test.write(&agent, it, &format!("answer {number}")).await.expect("published");
        let note = Publish {
            dialog: DialogRef::main(it.id),
            audience: Audience::AgentsAndManagers,
            body: EventBody::text("a note"),
            metadata: None,
            client_message_id: None,
        };
        test.app.publish(&agent, note).await.expect("published");
        test.clock.advance(10);
    }
    if closes {
        test.app.update(&agent, it.id, vec![FieldChange::Close { cause: None }]).await.expect("closed");
    }
}

async fn compare(closes: bool, arrange: impl Fn(Vec<Heard>) -> Vec<Heard>) {
    let test = TestApp::start().await;
    let token = visitor(&test).await;
    let shared = shared(&test);
    let agent = test.arrive("agent1").await;
    let mut first = Connection::open(&test, &shared, &token).await;
    let opened = first.ask("cm.ConsumerRequestConversation", json!({})).await;
    let id = opened[0]["body"]["conversationId"].as_str().expect("an id").to_owned();
    let it = test.accept(&agent).await;
    first
        .ask(
            "ms.PublishEvent",
            json!({ "dialogId": id, "event": { "type": "ContentEvent", "contentType": "text/plain", "message": "hello" } }),
        )
        .await;
    drop(first);
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(&test, &shared, &token).await;
        let mut held = Held::default();
        held.take(&connection.ask("cqm.SubscribeExConversations", json!({ "convState": ["OPEN"] })).await[1..]);
        held.take(&connection.ask("ms.SubscribeMessagingEvents", json!({ "dialogId": id, "fromSeq": 0 })).await[1..]);
        assert_eq!(held.events, [(0, "hello".to_owned())]);
        both.push((connection, held));
    }
    history(&test, &it, closes).await;
    let (mut good, mut expected) = both.remove(0);
    let (mut bad, mut actual) = both.remove(0);
    expected.take(&good.tell(|heard| heard).await);
    actual.take(&bad.tell(arrange).await);
    let told: Vec<&str> = expected.events.iter().map(|(_, text)| &**text).collect();
    assert_eq!(told, ["hello", "answer 0", "answer 1", "answer 2", "answer 3", "answer 4"], "and no note");
    assert_eq!(expected.gone, closes);
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
    for closes in [false, true] {
        compare(closes, |_| vec![Heard::Missed]).await;
        compare(closes, |heard| heard.into_iter().take(3).chain([Heard::Missed]).collect()).await;
        compare(closes, |heard| heard.into_iter().skip(4).collect()).await;
        compare(closes, |heard| [Heard::Missed].into_iter().chain(heard).collect()).await;
    }
}

#[tokio::test]
async fn a_new_conversation_that_was_lost_is_found() {
    let test = TestApp::start().await;
    let token = visitor(&test).await;
    let shared = shared(&test);
    let mut one = Connection::open(&test, &shared, &token).await;
    let mut other = Connection::open(&test, &shared, &token).await;
    one.ask("cqm.SubscribeExConversations", json!({ "convState": ["OPEN"] })).await;
    other.ask("cm.ConsumerRequestConversation", json!({})).await;
    let mut held = Held::default();
    held.take(&one.tell(|_| vec![Heard::Missed]).await);
    assert!(held.state.is_some());
    assert_eq!(one.tell(|_| vec![Heard::Missed]).await, Vec::<Value>::new());
}
