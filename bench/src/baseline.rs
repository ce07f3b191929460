//! The two baselines that the product is compared with, in the same minutes on the same machine.
//!
//! *Ingest*: check an HMAC-SHA256 over 600 bytes and append one row to SQLite (WAL, FULL, unique key) through one group-committing
//! writer. *Client*: kept-alive POSTs of the HTTP client to a local sink. They must stay as bare as this.

use crate::load::{self, Make, Outcome};
use crate::product;
use anyhow::{Context, Result};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::Connection;
use sha2::Sha256;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

const SECRET: &[u8] = b"baseline-secret";
const BODY_BYTES: usize = 600;
/// The most rows in one commit.
const BATCH: usize = 512;

struct Row {
    id: Vec<u8>,
    body: Bytes,
    done: oneshot::Sender<bool>,
}

/// Serves the ingest baseline on a free port, until killed.
pub async fn serve(folder: &Path) -> Result<()> {
    let database = Connection::open(folder.join("baseline.db"))?;
    database.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
         CREATE TABLE message (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, body BLOB NOT NULL);",
    )?;
    let (writer, rows) = mpsc::channel(4096);
    std::thread::spawn(move || write(database, rows));
    let router = axum::Router::new().route("/ingest", axum::routing::post(ingest)).with_state(writer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn ingest(State(writer): State<mpsc::Sender<Row>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let given = headers.get("x-signature").and_then(|value| hex::decode(value.as_bytes()).ok()).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length is a key");
    mac.update(&body);
    if mac.verify_slice(&given).is_err() || body.len() < 32 {
        return StatusCode::UNAUTHORIZED;
    }
    let (done, stored) = oneshot::channel();
    let row = Row { id: body[..32].to_vec(), body, done };
    match writer.send(row).await {
        Ok(()) if stored.await == Ok(true) => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Takes what is queued, commits it together, then answers each.
fn write(mut database: Connection, mut rows: mpsc::Receiver<Row>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        match rows.blocking_recv() {
            Some(row) => batch.push(row),
            None => return,
        }
        while batch.len() < BATCH
            && let Ok(row) = rows.try_recv()
        {
            batch.push(row);
        }
        let stored = append(&mut database, &batch).is_ok();
        for row in batch.drain(..) {
            // Whoever asked may have gone; that is his right.
            let _ = row.done.send(stored);
        }
    }
}

fn append(database: &mut Connection, batch: &[Row]) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO message (id, body) VALUES (?1, ?2)")?;
        for row in batch {
            insert.execute((&row.id, &row.body[..]))?;
        }
    }
    transaction.commit()
}

/// Measures the ingest baseline at so many connections.
pub async fn ingest_rate(connections: usize, time: Duration) -> Result<Outcome> {
    let folder = tempfile::tempdir()?;
    let server = product::spawn_self(&["baseline-server", &folder.path().to_string_lossy()]).await?;
    let make: Make = Arc::new(|number| {
        let mut body = format!("{number:032}").into_bytes();
        body.resize(BODY_BYTES, b'x');
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length is a key");
        mac.update(&body);
        let signature = hex::encode(mac.finalize().into_bytes());
        let mut request =
            format!("POST /ingest HTTP/1.1\r\nHost: baseline\r\nX-Signature: {signature}\r\nContent-Length: {BODY_BYTES}\r\n\r\n")
                .into_bytes();
        request.extend_from_slice(&body);
        request
    });
    load::closed(server.address, connections, time, 200, make).await
}

/// Measures the client baseline: POSTs per second at so many in flight.
pub async fn client_rate(in_flight: usize, time: Duration) -> Result<f64> {
    let sink = product::spawn_self(&["sink-server"]).await?;
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(in_flight).build()?;
    let url = format!("http://{}/2010-04-01/Accounts/AC0/Messages.json", sink.address);
    let count = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut workers = Vec::new();
    for _ in 0..in_flight {
        let (client, url, count) = (client.clone(), url.clone(), count.clone());
        workers.push(tokio::spawn(async move {
            while started.elapsed() < time {
                let body = "To=%2B15005550100&From=%2B15005550006&Body=baseline";
                let answer = client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body).send().await?;
                answer.error_for_status()?.bytes().await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<(), reqwest::Error>(())
        }));
    }
    for worker in workers {
        worker.await?.context("the client baseline failed")?;
    }
    Ok(count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}
