//! What installed apps are told: signed notifications per second, to one endpoint and to a hundred.
//!
//! The causes are consumers' messages, sent as fast as notifications arrive: the figure is what arrives, with everything that
//! caused it on the same cores. Written from the published description, not from our code: two readings show a mistake.

use crate::http::Connection;
use crate::product::{self, Server};
use crate::scenarios::CONVERSATIONS;
use crate::{sms, stored};
use anyhow::{Result, ensure};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The secret of every app.
pub const SECRET: &str = "bench-secret-of-the-apps";
/// One signature in so many is checked: the baseline's sink checks none.
const CHECKED: u64 = 64;
/// Causes are held back while so many notifications are on their way.
const ON_THEIR_WAY: u64 = 10_000;
/// Connections that bring causes.
const CONNECTIONS: u64 = 64;
/// How long the last notifications may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes notifications.
#[derive(Default)]
pub struct Hooks {
    /// How many were taken.
    pub taken: AtomicU64,
    /// How many had a wrong signature, or made no sense.
    pub bad: AtomicU64,
    /// Whether to keep what the first app is told, for the crash loop.
    pub remembers: AtomicBool,
    /// Per conversation, the texts in the order of their arrival.
    told: Mutex<HashMap<String, Vec<(u64, String)>>>,
}

impl Hooks {
    /// Starts one on a free port of loopback; it lives as long as the runtime.
    pub async fn start() -> Result<(Arc<Self>, SocketAddr)> {
        let hooks = Arc::new(Self::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = axum::Router::new().route("/hook/{app}", axum::routing::post(take)).with_state(hooks.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((hooks, address))
    }

    /// What was told of each conversation: sequence and text, in the order of arrival.
    pub fn told(&self) -> HashMap<String, Vec<(u64, String)>> {
        self.told.lock().expect("no holder panics").clone()
    }

    fn check(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).expect("any length is a key");
        mac.update(body);
        let expected = format!("sha1={}", base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()));
        headers.get("x-liveperson-signature").and_then(|value| value.to_str().ok()) == Some(&expected)
    }

    fn remember(&self, body: &[u8]) -> Option<()> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let change = &body["body"]["changes"][0];
        let text = change["event"]["message"].as_str()?.to_owned();
        let (conversation, sequence) = (change["conversationId"].as_str()?.to_owned(), change["sequence"].as_u64()?);
        self.told.lock().expect("no holder panics").entry(conversation).or_default().push((sequence, text));
        Some(())
    }
}

async fn take(State(hooks): State<Arc<Hooks>>, Path(app): Path<u64>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let number = hooks.taken.fetch_add(1, Ordering::Relaxed);
    let remembers = hooks.remembers.load(Ordering::Relaxed) && app == 0;
    let good =
        (!number.is_multiple_of(CHECKED) && !remembers || hooks.check(&headers, &body)) && (!remembers || hooks.remember(&body).is_some());
    if !good {
        hooks.bad.fetch_add(1, Ordering::Relaxed);
    }
    StatusCode::OK
}

/// Adds apps to a bootstrap file, each told of content at an endpoint of its own, and keeping what can't be handed over for an hour.
pub fn with_apps(bootstrap: &str, apps: u64, hooks: SocketAddr) -> String {
    let text = bootstrap.replacen("timezone = ", "allow_private_endpoints = [\"127.0.0.0/8\"]\ntimezone = ", 1);
    (0..apps).fold(text, |text, app| {
        let endpoint = format!("{{ endpoint = \"http://{hooks}/hook/{app}\" }}");
        let told = format!("[account.app.webhooks]\n\"ms.MessagingEventNotification.ContentEvent\" = {endpoint}\n");
        with_app(&text, &format!("app{app}"), &format!("retention_time_s = 3600\n{told}"))
    })
}

/// Adds one app to a bootstrap file, with further lines of its own.
pub fn with_app(bootstrap: &str, client_id: &str, lines: &str) -> String {
    format!("{bootstrap}\n[[account.app]]\nclient_id = \"{client_id}\"\nclient_secret = \"{SECRET}\"\nname = \"{client_id}\"\n{lines}")
}

async fn stage(binary: &std::path::Path, folder: &std::path::Path, apps: u64) -> Result<(Server, Arc<Hooks>)> {
    let (hooks, address) = Hooks::start().await?;
    let bootstrap = folder.join("bootstrap.toml");
    // Nothing is sent to consumers here: the vendor's address is nobody's.
    std::fs::write(&bootstrap, with_apps(&product::bootstrap(1, 1, address), apps, address))?;
    let server = product::start(binary, &folder.join("data"), "127.0.0.1:0", Some(&bootstrap)).await?;
    Ok((server, hooks))
}

/// Notifications that arrived per second, while each message of a consumer is told to so many apps.
pub async fn delivered(binary: &std::path::Path, apps: u64, time: Duration) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let (server, hooks) = stage(binary, folder.path(), apps).await?;
    stored::open_conversations(server.address, CONVERSATIONS).await?;
    let opening = CONVERSATIONS * apps;
    arrive(&hooks, opening).await?;
    let signer = sms::Signer::new(server.address);
    let (caused, started) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (hooks, signer, caused, address) = (hooks.clone(), signer.clone(), caused.clone(), server.address);
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            while started.elapsed() < time {
                let told = caused.load(Ordering::Relaxed) * apps + opening;
                if told.saturating_sub(hooks.taken.load(Ordering::Relaxed)) > ON_THEIR_WAY {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    continue;
                }
                let number = caused.fetch_add(1, Ordering::Relaxed);
                let text = "A message of ordinary length, as people send them.";
                let request = signer.request(&format!("hook{number}"), &sms::consumer(number % CONVERSATIONS), text);
                let answer = connection.send(&request).await?;
                ensure!(answer.status == 200, "a webhook was answered with {}", answer.status);
            }
            Ok(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    let total = caused.load(Ordering::Relaxed) * apps;
    arrive(&hooks, opening + total).await?;
    let took = started.elapsed();
    ensure!(hooks.bad.load(Ordering::Relaxed) == 0, "some notifications were wrongly signed");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let arrived = hooks.taken.load(Ordering::Relaxed);
    ensure!(arrived == opening + total, "{arrived} notifications arrived instead of {}", opening + total);
    Ok(total as f64 / took.as_secs_f64())
}

async fn arrive(hooks: &Hooks, wanted: u64) -> Result<()> {
    let started = Instant::now();
    while hooks.taken.load(Ordering::Relaxed) < wanted {
        ensure!(started.elapsed() < PATIENCE, "only {} of {wanted} notifications arrived", hooks.taken.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// What the first app was told of each conversation must be what is stored: everything, in order, and again only from where it
/// had been told before.
pub fn compare(told: &HashMap<String, Vec<(u64, String)>>, stored: &[stored::Conversation]) -> Vec<String> {
    let mut problems = Vec::new();
    for conversation in stored {
        let told = told.get(&conversation.id).map_or(&[][..], Vec::as_slice);
        let expected: Vec<(u64, &str)> = conversation.texts.iter().map(|stored| (stored.sequence, stored.text.as_str())).collect();
        let mut place = 0;
        for (sequence, text) in told {
            match expected.iter().position(|stored| *stored == (*sequence, text.as_str())) {
                None => problems.push(format!("told and not stored: `{text}` at {sequence} of {}", conversation.id)),
                Some(at) if at > place => {
                    problems.push(format!(
                        "told too early: `{text}` at {sequence} of {}, {} before it were not",
                        conversation.id,
                        at - place
                    ));
                    place = at + 1;
                }
                Some(at) => place = place.max(at + 1),
            }
        }
        if place < expected.len() {
            let (id, count) = (&conversation.id, expected.len() - place);
            problems.push(format!("never told: {count} texts of {id}, from `{}` on", expected[place].1));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::{Conversation, Stored};

    #[track_caller]
    fn check(told: &[u64], expected: &[&str]) {
        let texts = (0..4).map(|at| Stored { sequence: at, role: "CONSUMER".into(), text: format!("t{at}") }).collect();
        let stored = Conversation { id: "c".into(), texts, gaps: Vec::new() };
        let told = HashMap::from([("c".to_owned(), told.iter().map(|at| (*at, format!("t{at}"))).collect())]);
        let found = compare(&told, &[stored]);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected)), "{found:?}");
    }

    #[test]
    fn repeats_are_fine_and_losses_and_leaps_are_not() {
        check(&[0, 1, 2, 3], &[]);
        check(&[0, 1, 0, 1, 2, 3, 3], &[]);
        check(&[0, 1, 2], &["never told: 1"]);
        check(&[], &["never told: 4"]);
        check(&[0, 2, 1, 3], &["told too early"]);
        check(&[0, 1, 2, 3, 9], &["told and not stored"]);
    }

    #[test]
    fn the_bootstrap_file_gets_its_apps() {
        let address: SocketAddr = "127.0.0.1:9".parse().expect("an address");
        let text = with_apps(&product::bootstrap(1, 1, address), 2, address);
        assert_eq!(text.matches("[[account.app]]").count(), 2);
        assert_eq!(text.matches("allow_private_endpoints").count(), 1);
        assert!(text.find("allow_private_endpoints") < text.find("[[account.skill]]"), "{text}");
    }
}
