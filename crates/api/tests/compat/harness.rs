//! A product behind a loopback listener, and a client that speaks the protocol.

use antiphon_api::compat::{CompatLimits, CompatState, Webhooks, routes};
use antiphon_app::ports::Store;
use antiphon_app::ports::store::{UnitOfWork, Write};
use antiphon_domain::source::{Health, HealthState};
use antiphon_domain::{AccountSettings, Source, SourceId, Timestamp};
use antiphon_testkit::TestApp;
use antiphon_testkit::app::{ACCOUNT, PASSWORD};
use axum::Router;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tower::ServiceExt;

/// Longer than anything here takes; only a test that would hang meets it.
const GUARD: Duration = Duration::from_secs(30);

/// The served product.
pub struct Served {
    pub test: TestApp,
    pub address: SocketAddr,
    pub router: Router,
    pub shutdown: watch::Sender<bool>,
}

pub async fn serve() -> Served {
    serve_with(AccountSettings::default(), CompatLimits::default()).await
}

pub async fn serve_with(settings: AccountSettings, limits: CompatLimits) -> Served {
    serve_over(TestApp::start_telling(settings, Arc::new(Webhooks)).await, limits).await
}

async fn serve_over(test: TestApp, limits: CompatLimits) -> Served {
    let (shutdown, receiver) = watch::channel(false);
    let router = routes(CompatState {
        app: test.app.clone(),
        public_host: "antiphon.test:8443".into(),
        shutdown: receiver,
        secure_cookies: true,
        trusted_proxies: Vec::new(),
        limits,
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("an address");
    let service = router.clone();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Served { test, address, router, shutdown }
}

/// An answer: status, headers, body.
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

impl Served {
    /// The server stopped, and started again over the same store.
    pub async fn restart(self) -> Served {
        serve_over(self.test.restart().await, CompatLimits::default()).await
    }

    pub async fn call(&self, request: http::Request<axum::body::Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(http::Request::get(path).body(axum::body::Body::empty()).expect("a request")).await
    }

    pub async fn post(&self, path: &str, cookie: &str, body: Value) -> Answer {
        let request = http::Request::post(path).header("content-type", "application/json").header("cookie", cookie);
        self.call(request.body(body.to_string().into()).expect("a request")).await
    }

    /// Logs a user in; returns the body.
    pub async fn login(&self, login: &str) -> Value {
        let answer =
            self.post(&format!("/api/account/{ACCOUNT}/login?v=1.3"), "", json!({ "username": login, "password": PASSWORD })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Connects a user's socket.
    pub async fn connect(&self, login: &str) -> Client {
        self.connect_as(login, "2.1").await
    }

    pub async fn connect_as(&self, login: &str, version: &str) -> Client {
        let bearer = self.login(login).await["bearer"].as_str().expect("a bearer").to_owned();
        self.try_connect(&bearer, version, &[]).await.expect("the upgrade succeeds")
    }

    /// A visitor's token, over a source of the web that is connected for it.
    pub async fn visitor(&self) -> String {
        self.connect_web().await;
        self.test.app.sign_up_visitor(ACCOUNT).await.expect("the account has a web source")
    }

    async fn connect_web(&self) {
        let now = Timestamp(0);
        let mut unit = UnitOfWork::new(self.test.account());
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
        self.test.store.commit(unit).await.expect("the source is stored");
        self.test.app.reload_directory().await.expect("it is loaded");
    }

    /// Connects a consumer whose token comes in the header.
    pub async fn visit(&self, token: &str) -> Client {
        self.visit_with(token, "").await
    }

    /// The same with the features that their program has.
    pub async fn visit_with(&self, token: &str, features: &str) -> Client {
        let authorization = format!("jwt {token}");
        let properties = format!(r#"{{"type":".ClientProperties","features":[{features}]}}"#);
        let headers = [("authorization", &*authorization), ("client-properties", &*properties)];
        self.try_socket("consumer?v=3", &headers).await.expect("the upgrade succeeds")
    }

    /// Connects a consumer who has not said who they are.
    pub async fn visit_nameless(&self) -> Client {
        self.try_socket("consumer?v=3", &[]).await.expect("the upgrade succeeds")
    }

    /// Tries to connect; the error is the HTTP status.
    pub async fn try_connect(&self, bearer: &str, version: &str, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        self.try_socket(&format!("brand/{bearer}?v={version}"), headers).await
    }

    pub async fn try_socket(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
        let url = format!("ws://{}/ws_api/account/{ACCOUNT}/messaging/{path}", self.address);
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header value"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Client { socket, next_id: 0, waiting: VecDeque::new(), code: None }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }
}

/// A client that speaks the protocol as the published ones do.
pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
    waiting: VecDeque<Value>,
    code: Option<u16>,
}

impl Client {
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the socket takes it");
    }

    /// The next frame from the wire: JSON, or the close code.
    async fn read(&mut self) -> Result<Value, u16> {
        loop {
            let frame = tokio::time::timeout(GUARD, self.socket.next()).await.expect("a frame comes");
            match frame {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(close))) => return Err(close.map_or(1005, |close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(self.code.unwrap_or(1006)),
            }
        }
    }

    /// The next frame of any kind.
    pub async fn any(&mut self) -> Value {
        self.read().await.expect("the socket is open")
    }

    /// Waits for the answer to a ping; a close counts as one.
    pub async fn pong(&mut self) {
        loop {
            match tokio::time::timeout(GUARD, self.socket.next()).await.expect("a frame comes") {
                Some(Ok(Message::Pong(_))) | Some(Err(_)) | None => return,
                Some(Ok(Message::Close(close))) => self.code = close.map(|close| close.code.into()),
                Some(Ok(Message::Text(text))) => self.waiting.push_back(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Pings, and waits for the answer.
    pub async fn pong_after_ping(&mut self) {
        self.socket.send(Message::Ping(Default::default())).await.expect("sent");
        self.pong().await;
    }

    /// The code with which the server closes; frames before it are skipped.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.read().await {
                return code;
            }
        }
    }

    /// Asks, and returns the response; notifications that come before it wait.
    pub async fn ask(&mut self, name: &str, body: Value) -> Value {
        self.ask_with(name, body, Value::Null).await
    }

    pub async fn ask_with(&mut self, name: &str, body: Value, metadata: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id.to_string();
        let frame = json!({ "kind": "req", "id": id, "type": name, "body": body, "headers": true, "metadata": metadata });
        self.send_text(&frame.to_string()).await;
        loop {
            let frame = self.read().await.expect("the socket is open");
            if frame["kind"] == "resp" {
                assert_eq!(frame["reqId"], id);
                return frame;
            }
            self.waiting.push_back(frame);
        }
    }

    /// Asks, and expects success of that type; returns the body.
    pub async fn must(&mut self, name: &str, body: Value, code: u16, kind: &str) -> Value {
        let response = self.ask(name, body).await;
        assert_eq!((&response["code"], &response["type"]), (&json!(code), &json!(kind)), "{response}");
        response["body"].clone()
    }

    /// The next notification.
    pub async fn heard(&mut self) -> Value {
        let frame = match self.waiting.pop_front() {
            Some(frame) => frame,
            None => self.read().await.expect("the socket is open"),
        };
        assert_eq!(frame["kind"], "notification", "{frame}");
        frame
    }

    /// The next notification, which must be of that type; returns its body.
    pub async fn hear(&mut self, kind: &str) -> Value {
        let frame = self.heard().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame["body"].clone()
    }

    /// Tells what comes next in a few words: `UPSERT`, `DELETE`, `event 3`, `ring WAITING`, `state ONLINE`.
    pub async fn next(&mut self) -> String {
        brief(&self.heard().await)
    }

    /// Everything that comes until the agent's own state changes to that one: the caller changes it to mark the end.
    pub async fn until_state(&mut self, state: &str) -> Vec<String> {
        let mut list = Vec::new();
        loop {
            let next = self.next().await;
            if next == format!("state {state}") {
                return list;
            }
            list.push(next);
        }
    }

    pub async fn subscribe(&mut self, body: Value) -> (String, Value) {
        let subscribed = self.must(SUBSCRIBE, body, 200, ".ams.aam.SubscribeExConversations$Response").await;
        let snapshot = self.hear(CHANGES).await;
        assert_eq!(snapshot["subscriptionId"], subscribed["subscriptionId"]);
        (subscribed["subscriptionId"].as_str().expect("an id").to_owned(), snapshot["changes"].clone())
    }

    pub async fn publish(&mut self, dialog: &str, text: &str) -> Value {
        let event = json!({ "type": "ContentEvent", "contentType": "text/plain", "message": text });
        self.must(PUBLISH, json!({ "dialogId": dialog, "event": event }), 200, ".ams.ms.PublishEvent$Response").await
    }
}

pub const SUBSCRIBE: &str = ".ams.aam.SubscribeExConversations";
pub const PUBLISH: &str = ".ams.ms.PublishEvent";
pub const UPDATE: &str = ".ams.cm.UpdateConversationField";
pub const CHANGES: &str = ".ams.aam.ExConversationChangeNotification";
pub const EVENT: &str = ".ams.ms.OnlineEventDistribution";
pub const OWN_CHANGES: &str = "cqm.ExConversationChangeNotification";
pub const OWN_EVENTS: &str = "ms.MessagingEventNotification";
pub const RING: &str = ".ams.routing.RoutingTaskNotification";
pub const STATE: &str = ".ams.routing.AgentStateNotification";
pub const SENTENCE: &str = ".ReqBody$StringResp";
pub const ERROR: &str = ".ReqBody$ErrorResp";

pub fn brief(frame: &Value) -> String {
    let body = &frame["body"];
    match frame["type"].as_str().unwrap_or("") {
        CHANGES => body["changes"].as_array().expect("a list").iter().map(|one| text(&one["type"])).collect::<Vec<_>>().join(" "),
        OWN_CHANGES => body["changes"].as_array().expect("a list").iter().map(|one| text(&one["type"])).collect::<Vec<_>>().join(" "),
        OWN_EVENTS => body["changes"].as_array().expect("a list").iter().map(own_event).collect::<Vec<_>>().join(", "),
        EVENT if body.get("sequence").is_some() => format!("event {}", body["sequence"]),
        EVENT => format!("chat {}", text(&body["event"]["chatState"])),
        RING => format!("ring {}", text(&body["changes"][0]["result"]["ringsDetails"][0]["ringState"])),
        STATE => format!("state {}", text(&body["changes"][0]["result"]["availability"])),
        other => other.to_owned(),
    }
}

fn own_event(record: &Value) -> String {
    match record.get("sequence") {
        Some(sequence) => format!("event {sequence}"),
        None => format!("chat {}", text(&record["event"]["chatState"])),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("?").to_owned()
}
