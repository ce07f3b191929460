//! One connection, from the upgrade to its close: frames in, frames out, and nothing while nothing happens. The same for agents
//! and consumers; a [`Peer`] is what they differ in.
//!
//! Requests are worked on strictly in order, and announcements between them, so that a response always precedes what it
//! causes. One timer per connection serves idleness and the session's end; it fires once in the idle limit, not per frame.
//! A client that does not read is not written to: its announcements are lost, it is told so, and the store fills the gap.

use super::super::Shared;
use super::super::pace::{Pace, Verdict};
use super::envelope::{self, Failure, Out, Request};
use antiphon_app::ports::bus::Heard;
use antiphon_domain::Timestamp;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{FutureExt, SinkExt};
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::mpsc;

/// Announcements that are worked on before what they cause is flushed.
const BATCH: usize = 64;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// The client went, or no longer reads.
    Client,
    /// The server stops.
    Shutdown,
    /// Nothing came for too long.
    Idle,
    /// The session or token was ended, or what its user may do changed.
    SessionEnded,
    /// The identity of a consumer whom nobody vouches for has ended, and can be extended.
    IdentityEnded,
    /// A consumer never said who they are.
    Unknown,
    /// Far more than the limits allow.
    Abuse,
    /// A frame beyond the hard limit.
    TooLarge,
    /// The store can't be read, so nothing more can be promised.
    StoreAway,
}

impl Gone {
    fn close(self) -> Option<(u16, &'static str)> {
        match self {
            Gone::Client => None,
            Gone::Shutdown => Some((1001, "the server stops")),
            Gone::Idle => Some((1000, "nothing came for too long")),
            Gone::SessionEnded => Some((4401, "the session has ended; sign in again")),
            Gone::IdentityEnded => Some((4407, "the identity has ended; extend it")),
            Gone::Unknown => Some((4401, "no token came in time; send InitConnection first")),
            Gone::Abuse => Some((1008, "far more requests than the limits allow")),
            Gone::TooLarge => Some((1009, "the frame is too large")),
            Gone::StoreAway => Some((1013, "the store is unavailable; connect again in a few seconds")),
        }
    }
}

/// What differs between agents' connections and consumers'.
pub(super) trait Peer: Send {
    /// What all connections share.
    fn shared(&self) -> &Arc<Shared>;
    /// When [`Peer::check`] is next due, whatever comes.
    fn checked_at(&self) -> Timestamp;
    /// Checks whether the connection may go on.
    fn check(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Answers a text frame: exactly one response.
    fn frame(&mut self, text: &str, out: &mut Out) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Tells what was announced.
    fn tell(&mut self, heard: Heard, out: &mut Out) -> impl Future<Output = Result<(), Gone>> + Send;
}

/// How many requests a connection may make: so many a second on average, and so many at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub per_second: NonZeroU32,
    pub at_once: u32,
}

/// Reads a frame if the limits allow; what they don't is answered here.
pub(super) fn admit<'a>(
    shared: &Shared,
    pace: &mut Pace,
    allowed: Allowed,
    text: &'a str,
    out: &mut Out,
) -> Result<Option<Request<'a>>, Gone> {
    let step_us = 1_000_000 / u64::from(allowed.per_second.get());
    let id = || envelope::read(text).map_or_else(|(id, _)| id, |request| Some(request.id));
    match pace.admit(shared.app.clock().ticks_us(), step_us, allowed.at_once) {
        Verdict::Admitted => {}
        Verdict::Slower => {
            let details = format!("at most {} requests a second; wait a second and send again", allowed.per_second);
            out.push(envelope::respond_failure(id().as_deref(), &Failure::too_many(details)));
            metrics::counter!("antiphon_socket_refused_total", "reason" => "rate").increment(1);
            return Ok(None);
        }
        Verdict::Abuse => return Err(Gone::Abuse),
    }
    let most = shared.limits.frame_bytes;
    if text.len() > most {
        let details = format!("the frame has {} bytes; at most {most} are taken", text.len());
        out.push(envelope::respond_failure(id().as_deref(), &Failure::too_large(details)));
        return Ok(None);
    }
    match envelope::read(text) {
        Ok(request) => Ok(Some(request)),
        Err((id, failure)) => {
            out.push(envelope::respond_failure(id.as_deref(), &failure));
            Ok(None)
        }
    }
}

/// Serves a connection until it ends, and closes it.
pub(super) async fn serve(socket: &mut WebSocket, peer: &mut impl Peer, heard: &mut mpsc::Receiver<Heard>) -> Gone {
    let gone = talk(socket, peer, heard).await;
    close(socket, peer, gone).await;
    gone
}

/// Closes a connection with the code that says why.
pub(super) async fn close(socket: &mut WebSocket, peer: &impl Peer, gone: Gone) {
    if let Some((code, reason)) = gone.close() {
        let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        // Who does not read any more does not get it.
        let _ = patiently(peer.shared(), async { socket.send(close).await }).await;
    }
}

async fn talk(socket: &mut WebSocket, peer: &mut impl Peer, heard: &mut mpsc::Receiver<Heard>) -> Gone {
    let shared = Arc::clone(peer.shared());
    let clock = shared.app.clock();
    let idle_ms = shared.limits.idle_ms;
    let mut shutdown = shared.shutdown.clone();
    let mut last = clock.now();
    let mut timer = clock.sleep_until(last.plus_ms(idle_ms).min(peer.checked_at()));
    let mut timer_at = peer.checked_at();
    if *shutdown.borrow() {
        return Gone::Shutdown;
    }
    let mut out = Out::new();
    loop {
        let done = tokio::select! {
            frame = socket.recv() => {
                last = clock.now();
                match frame {
                    Some(Ok(Message::Text(text))) => peer.frame(&text, &mut out).boxed().await,
                    Some(Ok(Message::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                        Ok(text) => peer.frame(text, &mut out).boxed().await,
                        Err(_) => peer.frame("", &mut out).boxed().await,
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                    Some(Ok(Message::Close(_))) | None => Err(Gone::Client),
                    Some(Err(error)) => Err(if is_too_large(&error) { Gone::TooLarge } else { Gone::Client }),
                }
            }
            first = heard.recv() => match first {
                Some(first) => hear(peer, first, heard, &mut out).boxed().await,
                None => Err(Gone::Shutdown),
            },
            _ = shutdown.changed() => Err(Gone::Shutdown),
            () = &mut timer => {
                let now = clock.now();
                let checked = match now >= last.plus_ms(idle_ms) {
                    true => Err(Gone::Idle),
                    false => peer.check().boxed().await,
                };
                timer_at = peer.checked_at();
                timer = clock.sleep_until(last.plus_ms(idle_ms).min(timer_at.max(now.plus_ms(1_000))));
                checked
            }
        };
        // A frame may have brought a token that ends sooner than what the timer waits for.
        if peer.checked_at() < timer_at {
            timer_at = peer.checked_at();
            timer = clock.sleep_until(last.plus_ms(idle_ms).min(timer_at));
        }
        let sent = match out.is_empty() {
            true => Ok(()),
            false => flush(socket, &shared, &mut out).boxed().await,
        };
        if let Err(gone) = done.and(sent) {
            return gone;
        }
    }
}

/// Tells what was heard, and what else waits already.
async fn hear(peer: &mut impl Peer, first: Heard, heard: &mut mpsc::Receiver<Heard>, out: &mut Out) -> Result<(), Gone> {
    peer.tell(first, out).await?;
    for _ in 1..BATCH {
        let Ok(next) = heard.try_recv() else { break };
        peer.tell(next, out).await?;
    }
    Ok(())
}

async fn flush(socket: &mut WebSocket, shared: &Shared, out: &mut Out) -> Result<(), Gone> {
    let frames = std::mem::take(out);
    patiently(shared, async {
        for frame in frames {
            socket.feed(Message::Text(frame)).await?;
        }
        SinkExt::<Message>::flush(socket).await
    })
    .await
}

/// Waits for a send, but not for ever. The timer is made only when the send does not succeed at once.
async fn patiently<E>(shared: &Shared, send: impl Future<Output = Result<(), E>>) -> Result<(), Gone> {
    let mut send = pin!(send);
    let at_once = std::future::poll_fn(|context| Poll::Ready(send.as_mut().poll(context))).await;
    if let Poll::Ready(sent) = at_once {
        return sent.map_err(|_| Gone::Client);
    }
    let clock = shared.app.clock();
    let patience = clock.sleep_until(clock.now().plus_ms(shared.limits.send_ms));
    let mut shutdown = shared.shutdown.clone();
    tokio::select! {
        sent = send => sent.map_err(|_| Gone::Client),
        () = patience => Err(Gone::Client),
        _ = shutdown.changed() => Err(Gone::Shutdown),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long") || error.to_string().contains("too large")
}
