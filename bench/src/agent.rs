//! An agent's client: log-in and the brand socket, as much of it as load and checks need.
//!
//! It must never keep state about conversations: whoever uses it does.

use crate::http;
use crate::product::{ACCOUNT, PASSWORD};
use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// How long an answer may take before it counts as lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after being told to be slower.
const SLOWER: Duration = Duration::from_millis(200);

/// A log-in's result.
#[derive(Clone)]
pub struct Session {
    /// Goes into the socket's path, and as bearer to the admin API.
    pub bearer: String,
    /// `<account>.<user>`, as the socket names its users.
    pub old_id: String,
}

/// Logs in with the password of all bench users.
pub async fn log_in(address: SocketAddr, login: &str) -> Result<Session> {
    let body = json!({ "username": login, "password": PASSWORD });
    let (status, answer) = http::json(address, "POST", &format!("/api/account/{ACCOUNT}/login?v=1.3"), None, Some(&body)).await?;
    let bearer = answer["bearer"].as_str().with_context(|| format!("log-in of {login} failed with {status}: {answer}"))?.to_owned();
    let user = answer["config"]["userId"].as_str().context("no user id in the log-in's answer")?;
    Ok(Session { bearer, old_id: format!("{ACCOUNT}.{user}") })
}

/// Opens the brand socket only, for scenarios that count sockets.
pub async fn open_socket(address: SocketAddr, bearer: &str) -> Result<tokio_tungstenite::WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}/ws_api/account/{ACCOUNT}/messaging/brand/{bearer}?v=2.1");
    Ok(tokio_tungstenite::client_async(url, stream).await?.0)
}

/// A notification and the moment it arrived.
pub type Notification = (Instant, Value);

type Pending = Arc<Mutex<HashMap<String, oneshot::Sender<Value>>>>;

/// A connected socket. Requests may be made from many tasks at once.
pub struct Agent {
    out: mpsc::UnboundedSender<Message>,
    pending: Pending,
    next: AtomicU64,
    /// While set, frames are counted and not parsed, so that a listener costs little.
    pub counts_only: Arc<AtomicBool>,
    /// Frames that came while only counting.
    pub frames: Arc<AtomicU64>,
    session: Session,
}

impl Agent {
    /// Connects with a session; notifications come out of the receiver, which ends with the socket.
    pub async fn connect(address: SocketAddr, session: &Session) -> Result<(Self, mpsc::UnboundedReceiver<Notification>)> {
        let (mut write, mut read) = open_socket(address, &session.bearer).await?.split();
        let (out, mut outgoing) = mpsc::unbounded_channel();
        let (notify, notifications) = mpsc::unbounded_channel();
        let pending = Pending::default();
        let (counts_only, frames) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                if write.send(message).await.is_err() {
                    break;
                }
            }
        });
        let (waiting, only, count) = (pending.clone(), counts_only.clone(), frames.clone());
        let pong = out.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = read.next().await {
                let arrived = Instant::now();
                match message {
                    Message::Text(_) if only.load(Ordering::Relaxed) => {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Message::Text(text) => {
                        let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
                        match value["reqId"].as_str() {
                            Some(id) => {
                                if let Some(answer) = waiting.lock().expect("no holder panics").remove(id) {
                                    let _ = answer.send(value);
                                }
                            }
                            None => {
                                let _ = notify.send((arrived, value));
                            }
                        }
                    }
                    Message::Ping(_) => {
                        // The library queued the pong; any write flushes it.
                        let _ = pong.send(Message::Pong(Default::default()));
                    }
                    Message::Close(_) => break,
                    _ => {}
                }
            }
            waiting.lock().expect("no holder panics").clear();
        });
        Ok((Self { out, pending, next: AtomicU64::new(1), counts_only, frames, session: session.clone() }, notifications))
    }

    /// Sends a request and gives the whole response; waits and asks again when told to be slower.
    pub async fn request(&self, kind: &str, body: Value, metadata: Option<Value>) -> Result<Value> {
        loop {
            let response = self.request_once(kind, body.clone(), metadata.clone()).await?;
            if response["code"] != 429 {
                return Ok(response);
            }
            tokio::time::sleep(SLOWER).await;
        }
    }

    async fn request_once(&self, kind: &str, body: Value, metadata: Option<Value>) -> Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let mut frame = json!({ "kind": "req", "id": id, "type": kind, "body": body });
        if let Some(metadata) = metadata {
            frame["metadata"] = metadata;
        }
        let (answer, answered) = oneshot::channel();
        self.pending.lock().expect("no holder panics").insert(id, answer);
        self.out.send(Message::text(frame.to_string())).context("the socket is closed")?;
        tokio::time::timeout(ANSWER_TIMEOUT, answered).await.context("no answer in time")?.context("the socket closed before the answer")
    }

    /// The same, and any code above 399 is an error.
    pub async fn demand(&self, kind: &str, body: Value) -> Result<Value> {
        let response = self.request(kind, body, None).await?;
        if response["code"].as_u64().unwrap_or(500) > 399 {
            bail!("{kind} was refused: {response}");
        }
        Ok(response["body"].clone())
    }

    /// Online, subscribed to rings and to its own conversations, or to all of the account's.
    pub async fn start_work(&self, everything: bool, availability: &str) -> Result<()> {
        let mut filter = json!({ "convState": ["OPEN"] });
        if !everything {
            filter["agentIds"] = json!([self.session.old_id]);
        }
        self.demand(".ams.aam.SubscribeExConversations", filter).await?;
        let routing = json!({ "channelType": "MESSAGING", "agentId": self.session.old_id, "brandId": ACCOUNT });
        self.demand(".ams.routing.SubscribeRoutingTasks", routing).await?;
        let state = json!({ "availability": availability, "channels": ["MESSAGING"], "agentUserId": self.session.old_id });
        self.demand(".ams.routing.SetAgentState", state).await?;
        Ok(())
    }

    /// Accepts every waiting ring in a notification, without waiting for the answers.
    pub fn accept_rings(self: &Arc<Self>, notification: &Value) {
        for ring in rings(notification) {
            let agent = self.clone();
            tokio::spawn(async move {
                // A ring that is gone meanwhile is no mistake of ours.
                let _ = agent.request(".ams.routing.UpdateRingState", json!({ "ringId": ring, "ringState": "ACCEPTED" }), None).await;
            });
        }
    }

    /// Publishes a text; `key` makes repeating it harmless.
    pub async fn publish(&self, dialog: &str, text: &str, key: Option<&str>) -> Result<u64> {
        let body = json!({ "dialogId": dialog, "event": { "type": "ContentEvent", "contentType": "text/plain", "message": text } });
        let metadata = key.map(|key| json!([{ "type": "ClientMessageId", "id": key }]));
        let response = self.request(".ams.ms.PublishEvent", body, metadata).await?;
        if response["code"] != 200 {
            bail!("publishing was refused: {response}");
        }
        response["body"]["sequence"].as_u64().context("no sequence in the answer")
    }
}

/// The waiting rings of a routing notification.
fn rings(notification: &Value) -> Vec<String> {
    if notification["type"] != ".ams.routing.RoutingTaskNotification" {
        return Vec::new();
    }
    let changes = notification["body"]["changes"].as_array().into_iter().flatten();
    changes
        .flat_map(|change| change["result"]["ringsDetails"].as_array().into_iter().flatten())
        .filter(|ring| ring["ringState"] == "WAITING")
        .filter_map(|ring| ring["ringId"].as_str().map(str::to_owned))
        .collect()
}

/// The conversations that a notification reports as matching now.
pub fn conversations(notification: &Value) -> Vec<String> {
    if notification["type"] != ".ams.aam.ExConversationChangeNotification" {
        return Vec::new();
    }
    let changes = notification["body"]["changes"].as_array().into_iter().flatten();
    changes
        .filter(|change| change["type"] == "UPSERT")
        .filter_map(|change| change["result"]["convId"].as_str().map(str::to_owned))
        .collect()
}
