//! A bot, whole: it signs in with its keys, takes conversations of its skills, answers what it knows, and hands over what it
//! does not, with a reason that the agent sees. It speaks the published agent socket.
//!
//! Set up by the environment: ANTIPHON_HOST, ANTIPHON_ACCOUNT, CA_FILE, BOT_LOGIN, BOT_APP_KEY, BOT_SECRET, BOT_ACCESS_TOKEN,
//! BOT_ACCESS_TOKEN_SECRET, BOT_PEOPLE_SKILL (the number of the skill that people answer).
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;

/// What the bot knows: words, and what it says when one of them is in the consumer's text. Anything else goes to a person.
const ANSWERS: [(&[&str], &str); 2] = [
    (&["hello", "hi", "morning"], "Hello! Ask me for our opening hours, or for a person."),
    (&["hours", "open", "closed"], "We are open Monday to Friday, 9:00 to 18:00."),
];

fn env(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

struct Bot {
    socket: tokio_tungstenite::WebSocketStream<tokio_rustls::client::TlsStream<TcpStream>>,
    me: String,
    people_skill: String,
    mine: HashSet<String>,
    serial: u64,
}

/// What was answered already, per dialog: after a reconnect the history comes again.
type Answered = HashMap<String, i64>;
/// Signs in and opens the socket. Every service is found under the one host that one changes to move.
async fn connect() -> Result<Bot> {
    let (host, account) = (env("ANTIPHON_HOST")?, env("ANTIPHON_ACCOUNT")?);
    let pem = std::fs::read(env("CA_FILE")?).context("CA_FILE can't be read")?;
    let authorities = reqwest::Certificate::from_pem_bundle(&pem)?;
    let client = authorities.into_iter().fold(reqwest::Client::builder(), reqwest::ClientBuilder::add_root_certificate).build()?;
    let discovery = format!("https://{host}/api/account/{account}/service/baseURI.json?version=1.0");
    let services: Value = client.get(discovery).send().await?.error_for_status()?.json().await?;
    let service = |name: &str| {
        let found = services["baseURIs"].as_array().into_iter().flatten().find(|one| one["service"] == name);
        found.and_then(|one| one["baseURI"].as_str()).with_context(|| format!("discovery does not name {name}"))
    };
    let keys = json!({
        "username": env("BOT_LOGIN")?, "appKey": env("BOT_APP_KEY")?, "secret": env("BOT_SECRET")?,
        "accessToken": env("BOT_ACCESS_TOKEN")?, "accessTokenSecret": env("BOT_ACCESS_TOKEN_SECRET")?,
    });
    let login = format!("https://{}/api/account/{account}/login?v=1.3", service("agentVep")?);
    let session: Value = client.post(login).json(&keys).send().await?.error_for_status()?.json().await?;
    let bearer = session["bearer"].as_str().context("the log-in gave no bearer")?;
    let me = format!("{account}.{}", session["config"]["userId"].as_str().context("the log-in gave no user")?);

    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let at = service("facadeMsg")?;
    let (name, port) = at.rsplit_once(':').unwrap_or((at, "443"));
    let stream = TcpStream::connect((name, port.parse()?)).await?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from(name.to_owned())?, stream).await?;
    let url = format!("wss://{at}/ws_api/account/{account}/messaging/brand/{bearer}?v=2.1");
    let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
    let mut bot = Bot { socket, me: me.clone(), people_skill: env("BOT_PEOPLE_SKILL")?, mine: HashSet::new(), serial: 0 };
    for (kind, body) in [
        (".ams.aam.SubscribeExConversations", json!({ "agentIds": [me], "convState": ["OPEN"] })),
        (".ams.routing.SubscribeRoutingTasks", json!({ "channelType": "MESSAGING", "agentId": me, "brandId": account })),
        (".ams.routing.SetAgentState", json!({ "availability": "ONLINE", "channels": ["MESSAGING"], "agentUserId": me })),
    ] {
        bot.ask(kind, body, Value::Null).await?;
    }
    println!("online");
    Ok(bot)
}

impl Bot {
    /// Sends a request. Its response comes back through `hear`, like everything else: the bot has one loop and no callbacks.
    async fn ask(&mut self, kind: &str, body: Value, metadata: Value) -> Result<()> {
        self.serial += 1;
        // The id of a question for history says whose, so that the answer needs no table.
        let id = if kind.ends_with("QueryMessages") { body["dialogId"].to_string() } else { self.serial.to_string() };
        let frame = json!({ "kind": "req", "id": id, "type": kind, "body": body, "metadata": metadata });
        Ok(self.socket.send(Message::text(frame.to_string())).await?)
    }

    /// Works until the socket closes.
    async fn run(&mut self, answered: &mut Answered) -> Result<()> {
        let mut alive = tokio::time::interval(Duration::from_secs(30));
        loop {
            tokio::select! {
                _ = alive.tick() => self.ask(".GetClock", json!({}), Value::Null).await?,
                message = self.socket.next() => match message.context("the socket closed")?? {
                    Message::Text(text) => self.hear(serde_json::from_str(&text)?, answered).await?,
                    Message::Close(close) => bail!("the server closed the socket: {close:?}"),
                    _ => {}
                },
            }
        }
    }

    async fn hear(&mut self, frame: Value, answered: &mut Answered) -> Result<()> {
        let kind = frame["type"].as_str().unwrap_or_default().to_owned();
        let body = &frame["body"];
        let changes = body["changes"].as_array().cloned().unwrap_or_default();
        if frame["kind"] == "resp" {
            if frame["code"].as_i64().is_some_and(|code| code > 399) {
                eprintln!("refused: {frame}");
            }
            // What was said before the conversation became ours: only the last thing the consumer said still waits.
            let events = body.as_array().filter(|_| kind.ends_with("QueryMessages$Response"));
            if let Some(last) = events.and_then(|events| events.iter().rfind(|event| event["event"]["type"] != "AcceptStatusEvent")) {
                self.consider(last, answered).await?;
            }
        } else if kind.ends_with(".RoutingTaskNotification") {
            for ring in changes.iter().flat_map(|change| change["result"]["ringsDetails"].as_array().into_iter().flatten()) {
                if ring["ringState"] == "WAITING" {
                    let accept = json!({ "ringId": ring["ringId"], "ringState": "ACCEPTED" });
                    self.ask(".ams.routing.UpdateRingState", accept, Value::Null).await?;
                }
            }
        } else if kind.ends_with(".ExConversationChangeNotification") {
            for change in &changes {
                let id = change["result"]["convId"].as_str().unwrap_or_default().to_owned();
                if change["type"] == "DELETE" {
                    self.mine.remove(&id);
                } else if self.mine.insert(id.clone()) {
                    self.ask(".ams.ms.QueryMessages", json!({ "dialogId": id, "newerThanSequence": 0 }), Value::Null).await?;
                }
            }
        } else if kind.ends_with(".OnlineEventDistribution") {
            self.consider(body, answered).await?;
        }
        Ok(())
    }

    /// Answers an event, once.
    async fn consider(&mut self, event: &Value, answered: &mut Answered) -> Result<()> {
        let dialog = event["dialogId"].as_str().unwrap_or_default().to_owned();
        let said = event["event"]["message"].as_str().unwrap_or_default().to_lowercase();
        let sequence = event["sequence"].as_i64().unwrap_or(-1);
        let asks = event["originatorMetadata"]["role"] == "CONSUMER" && event["event"]["type"] == "ContentEvent";
        if !asks || !self.mine.contains(&dialog) || answered.get(&dialog).is_some_and(|last| *last >= sequence) {
            return Ok(());
        }
        answered.insert(dialog.clone(), sequence);
        self.publish(&dialog, json!({ "type": "AcceptStatusEvent", "status": "READ", "sequenceList": [sequence] }), Value::Null).await?;
        let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric()).collect();
        match ANSWERS.iter().find(|(known, _)| known.iter().any(|word| words.contains(word))) {
            // The client's own id makes a repeat after a lost connection harmless.
            Some((_, answer)) => {
                let id = json!([{ "type": "ClientMessageId", "id": format!("{dialog}:{sequence}") }]);
                self.publish(&dialog, text(answer), id).await
            }
            None => self.hand_over(&dialog, &format!("the bot does not know what to say to “{said}”")).await,
        }
    }

    /// Gives the conversation to people. The reason travels with the change and with the last message.
    async fn hand_over(&mut self, conversation: &str, reason: &str) -> Result<()> {
        let short: String = reason.chars().take(64).collect();
        let metadata = json!([
            { "type": "ActionReason", "reason": short, "reasonId": "unknown_request" },
            { "type": "BotResponse", "externalConversationId": conversation, "intents": [{ "id": "unknown", "name": "unknown", "confidence": "LOW" }] },
        ]);
        self.publish(conversation, text("One moment, I am getting a colleague."), metadata.clone()).await?;
        let change = json!({ "conversationId": conversation, "conversationField": [
            { "field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT", "userId": self.me },
            { "field": "Skill", "type": "UPDATE", "skill": self.people_skill },
        ] });
        println!("handed over {conversation}: {reason}");
        self.ask(".ams.cm.UpdateConversationField", change, metadata).await
    }

    async fn publish(&mut self, dialog: &str, event: Value, metadata: Value) -> Result<()> {
        self.ask(".ams.ms.PublishEvent", json!({ "dialogId": dialog, "event": event }), metadata).await
    }
}

fn text(message: &str) -> Value {
    json!({ "type": "ContentEvent", "contentType": "text/plain", "message": message })
}

/// A new connection takes up where the last one ended; the pauses grow to half a minute.
#[tokio::main]
async fn main() {
    let (mut answered, mut pause) = (Answered::new(), Duration::from_secs(1));
    loop {
        let began = std::time::Instant::now();
        let ended = async { connect().await?.run(&mut answered).await };
        ended.await.unwrap_or_else(|error| eprintln!("{error:#}"));
        pause = if began.elapsed().as_secs() > 60 { Duration::from_secs(1) } else { (pause * 2).min(Duration::from_secs(30)) };
        tokio::time::sleep(pause).await;
    }
}
