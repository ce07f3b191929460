//! Apps whose endpoints mean no good, told by the real binary over real connections: one that hangs, one that drips, one that redirects
//! for ever, one that answers with gigabytes. Each is cut off, and who behaves is told everything in order meanwhile.

use crate::run::{BOOTSTRAP, Folder, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than anything here takes; only a test that would hang meets it.
const GUARD: Duration = Duration::from_secs(60);
/// Between two bytes of the endpoint that drips.
const DRIP: Duration = Duration::from_millis(20);
/// What an endpoint may get rid of before it notices that nobody reads: the buffers of both ends.
const BUFFERS: u64 = 32 << 20;
const CONSUMERS: usize = 8;
const TEXTS: usize = 3;

/// What one endpoint saw.
struct Endpoint {
    address: SocketAddr,
    /// A line for each connection that the other end cut off.
    cut: Mutex<Receiver<u64>>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Serves each request with a function of the stream and the request; what that returns is told when the connection was cut off.
fn endpoint(answer: impl Fn(&mut TcpStream, &str) -> Option<u64> + Send + Sync + 'static) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (tell, cut) = channel();
    let requests: Arc<Mutex<Vec<String>>> = Arc::default();
    let (answer, seen) = (Arc::new(answer), Arc::clone(&requests));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (answer, seen, tell) = (Arc::clone(&answer), Arc::clone(&seen), Sender::clone(&tell));
            std::thread::spawn(move || {
                while let Some(request) = request(&mut stream) {
                    seen.lock().expect("no holder panics").push(request.clone());
                    if let Some(bytes) = answer(&mut stream, &request) {
                        let _ = tell.send(bytes);
                        return;
                    }
                }
            });
        }
    });
    Endpoint { address, cut: Mutex::new(cut), requests }
}

/// The next whole request of a connection.
fn request(stream: &mut TcpStream) -> Option<String> {
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok();
            if body.len() >= head.lines().find_map(length).unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(length) => read.extend_from_slice(&chunk[..length]),
        }
    }
}

/// Waits until the other end closes.
fn until_closed(stream: &mut TcpStream) {
    while !matches!(stream.read(&mut [0; 64]), Ok(0) | Err(_)) {}
}

fn hangs() -> Endpoint {
    endpoint(|stream, _| {
        until_closed(stream);
        Some(0)
    })
}

fn drips() -> Endpoint {
    endpoint(|stream, _| {
        stream.set_read_timeout(Some(DRIP)).expect("a duration");
        let mut dripped = 0;
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").ok()?;
        loop {
            // The wait for what never comes is the pause between two drops.
            let over = matches!(stream.read(&mut [0; 64]), Ok(0));
            if over || stream.write_all(b"x").is_err() {
                return Some(dripped);
            }
            dripped += 1;
        }
    })
}

fn redirects() -> Endpoint {
    endpoint(|stream, request| {
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{host}/again\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).is_err().then_some(0)
    })
}

fn floods() -> Endpoint {
    endpoint(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8589934592\r\n\r\n").ok()?;
        let mut written = 0;
        let block = vec![b'x'; 64 << 10];
        while stream.write_all(&block).is_ok() {
            written += block.len() as u64;
        }
        Some(written)
    })
}

/// Says 200 and hands on what it was told: conversation and text.
fn behaves() -> (Endpoint, Receiver<(String, String)>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let endpoint = endpoint(move |stream, request| {
        let (_, body) = request.split_once("\r\n\r\n").unwrap_or_default();
        let body: Value = serde_json::from_str(body).expect("JSON");
        let change = &body["body"]["changes"][0];
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let _ = tell.lock().expect("no holder panics").send((text(&change["conversationId"]), text(&change["event"]["message"])));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\"OK\"").is_err().then_some(0)
    });
    (endpoint, told)
}

/// A request with headers, answered with JSON.
fn call(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(&server.http).expect("it listens");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n", server.http);
    stream.write_all(format!("{head}{headers}content-length: {length}\r\n\r\n{body}").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

/// Lets each consumer write their texts over the Send API, in turn.
fn write(server: &Server) {
    let path = "/sentinel/api/account/acme/app/token?grant_type=client_credentials&client_id=good&client_secret=a-secret-of-an-app";
    let app = text(&call(server, "POST", path, &[], "").1["access_token"]);
    let mut lines = Vec::new();
    for number in 0..CONSUMERS {
        let who = json!({"ext_consumer_id": number.to_string()}).to_string();
        let consumer = text(&call(server, "POST", "/api/account/acme/consumer", &[("authorization", &app)], &who).1["token"]);
        let open = json!([
            {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": {}},
            {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation", "body": {"brandId": "acme"}},
        ]);
        let headers = [("authorization", &*app), ("x-lp-on-behalf", &consumer)];
        let (status, opened) = call(server, "POST", "/api/account/acme/messaging/consumer/conversation?v=3", &headers, &open.to_string());
        assert_eq!(status, 200, "{opened}");
        lines.push((text(&opened[1]["body"]["conversationId"]), consumer));
    }
    for number in 0..TEXTS {
        for (conversation, consumer) in &lines {
            let event = json!({"type": "ContentEvent", "contentType": "text/plain", "message": number.to_string()});
            let body = json!({"kind": "req", "id": "3", "type": "ms.PublishEvent", "body": {"dialogId": conversation, "event": event}});
            let headers = [("authorization", &*app), ("x-lp-on-behalf", consumer)];
            let path = "/api/account/acme/messaging/consumer/conversation/send?v=3";
            let (status, answer) = call(server, "POST", path, &headers, &body.to_string());
            assert_eq!(status, 200, "{answer}");
        }
    }
}

#[test]
fn endpoints_that_mean_no_good_are_cut_off_and_harm_nobody() {
    let (good, told) = behaves();
    let evil = [("hangs", hangs()), ("drips", drips()), ("redirects", redirects()), ("floods", floods())];
    let mut bootstrap = BOOTSTRAP.replacen("timezone = ", "allow_private_endpoints = [\"127.0.0.0/8\"]\ntimezone = ", 1);
    for (client_id, endpoint) in [("good", &good)].into_iter().chain(evil.iter().map(|(name, endpoint)| (*name, endpoint))) {
        let hook = format!("\"ms.MessagingEventNotification.ContentEvent\" = {{ endpoint = \"http://{}/hook\" }}", endpoint.address);
        bootstrap += &format!(
            "\n[[account.app]]\nclient_id = \"{client_id}\"\nclient_secret = \"a-secret-of-an-app\"\nname = \"{client_id}\"\nretention_time_s = 3600\n[account.app.webhooks]\n{hook}\n"
        );
    }
    let folder = Folder::new();
    let bootstrap = folder.write("bootstrap.toml", &bootstrap);
    let config = folder.write("antiphon.toml", "[limits]\nnotification_timeout_ms = 500\nnotifications_per_endpoint = 4\n");
    let server = Server::start(&folder.path("data"), &["--bootstrap", &bootstrap, "--config", &config]);
    write(&server);

    // Who behaves is told everything, each conversation's texts in order.
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..CONSUMERS * TEXTS {
        let (conversation, text) = told.recv_timeout(GUARD).expect("it is told everything");
        texts.entry(conversation).or_default().push(text);
    }
    let in_order: Vec<String> = (0..TEXTS).map(|number| number.to_string()).collect();
    assert_eq!(texts.len(), CONSUMERS);
    assert!(texts.values().all(|texts| *texts == in_order), "{texts:?}");

    // Who does not is cut off, whatever comes of it, and no redirect is followed.
    let most = AtomicU64::new(0);
    for (name, endpoint) in evil.iter().filter(|(name, _)| *name != "redirects") {
        let sent = endpoint.cut.lock().expect("no holder panics").recv_timeout(GUARD).unwrap_or_else(|_| panic!("{name} was not cut off"));
        most.fetch_max(sent, Ordering::Relaxed);
    }
    assert!(most.load(Ordering::Relaxed) <= BUFFERS, "{most:?} bytes were read of an answer that nobody needs");
    for (name, endpoint) in &evil {
        let requests = endpoint.requests.lock().expect("no holder panics").clone();
        assert!(!requests.is_empty() && requests.iter().all(|request| request.starts_with("POST /hook ")), "{name}: {requests:?}");
    }

    // And the administrator sees who is in trouble, and why.
    let credentials = json!({"username": "admin", "password": "correct-horse-9A"}).to_string();
    let bearer = format!("Bearer {}", text(&call(&server, "POST", "/api/account/acme/login", &[], &credentials).1["bearer"]));
    for (client_id, expected) in [("good", "up"), ("hangs", "failed"), ("drips", "failed"), ("redirects", "failed")] {
        let path = format!("/api/v1/accounts/acme/apps/{client_id}/state");
        let shown = || call(&server, "GET", &path, &[("authorization", &bearer)], "").1;
        // What was cut off is written down a moment later.
        let state =
            (0..200).map(|_| shown()).find(|state| state["state"] == expected).unwrap_or_else(|| panic!("{client_id}: {}", shown()));
        assert_eq!(state["endpoints"][0]["last_error"].is_string(), expected == "failed", "{client_id}: {state}");
    }
    assert_eq!(server.get("/readyz").0, 200);
    assert_eq!(server.end(), Some(0));
}
