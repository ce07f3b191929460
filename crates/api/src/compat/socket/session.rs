//! One agent connection, from the upgrade to its close: frames in, frames out, and nothing while nothing happens.
//!
//! Requests are worked on strictly in order, and announcements between them, so that a response always precedes what it
//! causes. One timer per connection serves idleness and the session's end; it fires once in the idle limit, not per frame.
//! A client that does not read is not written to: its announcements are lost, it is told so, and the store fills the gap.

use super::super::Shared;
use super::super::pace::{Pace, Verdict};
use super::super::render::Protocol;
use super::envelope::{self, Failure, Out};
use super::presence::Place;
use super::subscriptions::Subscriptions;
use super::{notify, requests};
use antiphon_app::ports::bus::{Heard, Topic, Tuner};
use antiphon_app::session::{AuthError, Authenticated};
use antiphon_app::{AccountView, Caller};
use antiphon_domain::{ConversationId, DialogNumber, Privilege, Sequence, Timestamp};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{FutureExt, SinkExt};
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
    /// The session was ended, or what its user may do changed.
    SessionEnded,
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
            Gone::Abuse => Some((1008, "far more requests than the limits allow")),
            Gone::TooLarge => Some((1009, "the frame is too large")),
            Gone::StoreAway => Some((1013, "the store is unavailable; connect again in a few seconds")),
        }
    }
}

/// What a connection is made with.
pub(super) struct Opening {
    /// What all connections share.
    pub shared: Arc<Shared>,
    /// Who.
    pub authenticated: Authenticated,
    /// With which token.
    pub bearer: Box<str>,
    /// Which version they speak.
    pub protocol: Protocol,
    /// Their place among the account's sockets.
    pub place: Place,
}

/// The state of a connection.
pub(super) struct Session {
    pub shared: Arc<Shared>,
    pub caller: Caller,
    pub protocol: Protocol,
    pub place: Place,
    pub subscriptions: Option<Box<Subscriptions>>,
    tuner: Box<dyn Tuner>,
    bearer: Box<str>,
    token_hash: [u8; 32],
    ends_at: Timestamp,
    pace: Pace,
    /// Something that a person may have done came since the session was last checked: clients send pings and `GetClock` by themselves.
    active: bool,
}

impl Session {
    /// A session and what it hears; it hears what concerns its user from the start.
    pub(super) fn new(opening: Opening) -> (Self, mpsc::Receiver<Heard>) {
        let Opening { shared, authenticated, bearer, protocol, place } = opening;
        let listener = shared.app.bus().listen();
        let ends_at = shared.app.session_ends_at(&authenticated.caller, &authenticated.session);
        let caller = authenticated.caller;
        listener.tuner.add(Topic::User(caller.account.clone(), caller.id()));
        let session = Self {
            shared,
            caller,
            protocol,
            place,
            subscriptions: None,
            tuner: listener.tuner,
            bearer,
            token_hash: authenticated.session.token_hash,
            ends_at,
            pace: Pace::default(),
            active: false,
        };
        (session, listener.heard)
    }

    /// The account's configuration as it stands.
    pub(super) fn view(&self) -> Arc<AccountView> {
        let directory = self.shared.app.directory();
        Arc::clone(directory.account(&self.caller.account).expect("accounts are never taken away"))
    }

    /// What the connection is subscribed to; made now if there was nothing yet.
    pub(super) fn subscriptions(&mut self) -> &mut Subscriptions {
        self.subscriptions.get_or_insert_default()
    }

    /// An id for a new subscription.
    pub(super) fn new_subscription_id(&self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.shared.app.ids().token()[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// The next sequence of a dialog that the client has not seen, if it gets that dialog's events.
    pub(super) fn seen(&self, key: (ConversationId, DialogNumber)) -> Option<Sequence> {
        self.subscriptions.as_ref()?.seen.get(&key).copied()
    }

    /// Whether the caller may be told of every conversation of the account.
    pub(super) fn sees_all(&self) -> bool {
        self.caller.may(Privilege::ViewAllConversations)
    }

    /// Listens to the whole account while something asks for it, else only to what concerns the user.
    pub(super) fn tune(&self) {
        let account = Topic::Account(self.caller.account.clone());
        let me = self.caller.id();
        let wide = self.subscriptions.as_ref().is_some_and(|subscriptions| {
            subscriptions.extensions.sources
                || subscriptions.extensions.consumers
                || subscriptions.conversations.iter().any(|subscription| subscription.filter.agents != [me])
        });
        if wide {
            self.tuner.add(account);
        } else {
            self.tuner.remove(&account);
        }
    }

    /// Takes the caller's user and profile from the configuration anew.
    ///
    /// # Errors
    /// When the user is gone or may do other things than before: what was allowed at a subscription would no longer be true.
    pub(super) fn refresh_caller(&mut self) -> Result<(), Gone> {
        let view = self.view();
        let user = view.users.get(&self.caller.id()).filter(|user| user.enabled).ok_or(Gone::SessionEnded)?;
        let profile = view.profile_of(user);
        if profile.privileges != self.caller.profile.privileges {
            return Err(Gone::SessionEnded);
        }
        self.caller.user = Arc::clone(user);
        self.caller.profile = profile;
        Ok(())
    }

    /// Answers one text frame.
    pub(super) async fn frame(&mut self, text: &str, out: &mut Out) -> Result<(), Gone> {
        let limits = &self.shared.limits;
        let step_us = 1_000_000 / u64::from(limits.requests_per_second.get());
        match self.pace.admit(self.shared.app.clock().ticks_us(), step_us, limits.requests_at_once) {
            Verdict::Admitted => {}
            Verdict::Slower => {
                let id = envelope::read(text).map_or_else(|(id, _)| id, |request| Some(request.id));
                let details = format!("at most {} requests a second; wait a second and send again", limits.requests_per_second);
                out.push(envelope::respond_failure(id.as_deref(), &Failure::too_many(details)));
                metrics::counter!("antiphon_socket_refused_total", "reason" => "rate").increment(1);
                return Ok(());
            }
            Verdict::Abuse => return Err(Gone::Abuse),
        }
        if text.len() > limits.frame_bytes {
            let details = format!("the frame has {} bytes; at most {} are taken", text.len(), limits.frame_bytes);
            let id = envelope::read(text).map_or_else(|(id, _)| id, |request| Some(request.id));
            out.push(envelope::respond_failure(id.as_deref(), &Failure::too_large(details)));
            return Ok(());
        }
        match envelope::read(text) {
            Ok(request) => {
                self.active |= !matches!(request.name.as_str(), "GetClock" | "KeepAlive");
                // Boxed, so that a connection that only waits is small.
                if let Err(failure) = requests::answer(self, &request, out).await {
                    out.push(envelope::respond_failure(Some(&request.id), &failure));
                }
            }
            Err((id, failure)) => out.push(envelope::respond_failure(id.as_deref(), &failure)),
        }
        Ok(())
    }

    /// Checks whether the session still holds; a request since the last check keeps a program's session awake, a browser's is
    /// kept by what the person does there, which comes another way.
    pub(super) async fn check_session(&mut self) -> Result<(), Gone> {
        let app = &self.shared.app;
        let session = if std::mem::take(&mut self.active) {
            match app.authenticate(&self.bearer).await {
                Ok(authenticated) => Some(authenticated.session),
                Err(AuthError::Unavailable(_)) => return Ok(()),
                Err(_) => None,
            }
        } else {
            match app.store().session(self.token_hash).await {
                Ok(found) => found.map(|(_, session)| session),
                Err(_) => return Ok(()),
            }
        };
        let ends_at = session.map(|session| app.session_ends_at(&self.caller, &session));
        match ends_at.filter(|at| *at > app.clock().now()) {
            Some(at) => self.ends_at = at,
            None => {
                // Whether by its time or by inactivity: who authenticates now puts it away.
                let _ = app.authenticate(&self.bearer).await;
                return Err(Gone::SessionEnded);
            }
        }
        self.refresh_caller()
    }
}

/// Serves a connection until it ends.
pub(super) async fn run(mut socket: WebSocket, opening: Opening) {
    let (mut session, mut heard) = Session::new(opening);
    session.place.report().await;
    let gone = serve(&mut socket, &mut session, &mut heard).await;
    tracing::debug!(account = %session.caller.account, user = %session.caller.id(), ?gone, "agent socket ends");
    if let Some((code, reason)) = gone.close() {
        let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        // Who does not read any more does not get it.
        let _ = patiently(&session, async { socket.send(close).await }).await;
    }
}

async fn serve(socket: &mut WebSocket, session: &mut Session, heard: &mut mpsc::Receiver<Heard>) -> Gone {
    let shared = Arc::clone(&session.shared);
    let clock = shared.app.clock();
    let idle_ms = shared.limits.idle_ms;
    let mut shutdown = shared.shutdown.clone();
    let mut last = clock.now();
    let mut timer = clock.sleep_until(last.plus_ms(idle_ms).min(session.ends_at));
    if *shutdown.borrow() {
        return Gone::Shutdown;
    }
    let mut out = Out::new();
    loop {
        let done = tokio::select! {
            frame = socket.recv() => {
                last = clock.now();
                match frame {
                    Some(Ok(Message::Text(text))) => session.frame(&text, &mut out).boxed().await,
                    Some(Ok(Message::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                        Ok(text) => session.frame(text, &mut out).boxed().await,
                        Err(_) => session.frame("", &mut out).boxed().await,
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                    Some(Ok(Message::Close(_))) | None => Err(Gone::Client),
                    Some(Err(error)) => Err(if is_too_large(&error) { Gone::TooLarge } else { Gone::Client }),
                }
            }
            first = heard.recv() => match first {
                Some(first) => hear(session, first, heard, &mut out).boxed().await,
                None => Err(Gone::Shutdown),
            },
            _ = shutdown.changed() => Err(Gone::Shutdown),
            () = &mut timer => {
                let now = clock.now();
                let checked = match now >= last.plus_ms(idle_ms) {
                    true => Err(Gone::Idle),
                    false => session.check_session().boxed().await,
                };
                timer = clock.sleep_until(last.plus_ms(idle_ms).min(session.ends_at.max(now.plus_ms(1_000))));
                checked
            }
        };
        let sent = match out.is_empty() {
            true => Ok(()),
            false => flush(socket, session, &mut out).boxed().await,
        };
        if let Err(gone) = done.and(sent) {
            return gone;
        }
    }
}

/// Tells what was heard, and what else waits already.
async fn hear(session: &mut Session, first: Heard, heard: &mut mpsc::Receiver<Heard>, out: &mut Out) -> Result<(), Gone> {
    notify::tell(session, first, out).await?;
    for _ in 1..BATCH {
        let Ok(next) = heard.try_recv() else { break };
        notify::tell(session, next, out).await?;
    }
    Ok(())
}

async fn flush(socket: &mut WebSocket, session: &Session, out: &mut Out) -> Result<(), Gone> {
    let frames = std::mem::take(out);
    patiently(session, async {
        for frame in frames {
            socket.feed(Message::Text(frame)).await?;
        }
        SinkExt::<Message>::flush(socket).await
    })
    .await
}

/// Waits for a send, but not for ever. The timer is made only when the send does not succeed at once.
async fn patiently<E>(session: &Session, send: impl Future<Output = Result<(), E>>) -> Result<(), Gone> {
    let mut send = pin!(send);
    let at_once = std::future::poll_fn(|context| Poll::Ready(send.as_mut().poll(context))).await;
    if let Poll::Ready(sent) = at_once {
        return sent.map_err(|_| Gone::Client);
    }
    let clock = session.shared.app.clock();
    let patience = clock.sleep_until(clock.now().plus_ms(session.shared.limits.send_ms));
    let mut shutdown = session.shared.shutdown.clone();
    tokio::select! {
        sent = send => sent.map_err(|_| Gone::Client),
        () = patience => Err(Gone::Client),
        _ = shutdown.changed() => Err(Gone::Shutdown),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long") || error.to_string().contains("too large")
}
