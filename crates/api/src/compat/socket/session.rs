//! An agent's connection: who they are, what they asked to be told about, and whether their session still holds.
//!
//! How frames come and go is in [`connection`].

use super::super::Shared;
use super::super::pace::Pace;
use super::super::render::Protocol;
use super::connection::{self, Allowed, Gone, Peer};
use super::envelope::{self, Out};
use super::presence::Place;
use super::subscriptions::Subscriptions;
use super::{notify, requests};
use antiphon_app::ports::bus::{Heard, Topic, Tuner};
use antiphon_app::session::{AuthError, Authenticated};
use antiphon_app::{AccountView, Caller};
use antiphon_domain::{ConversationId, DialogNumber, Privilege, Sequence, Timestamp};
use axum::extract::ws::WebSocket;
use futures_util::FutureExt;
use std::sync::Arc;
use tokio::sync::mpsc;

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

impl Peer for Session {
    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn checked_at(&self) -> Timestamp {
        self.ends_at
    }

    async fn check(&mut self) -> Result<(), Gone> {
        self.check_session().await
    }

    async fn frame(&mut self, text: &str, out: &mut Out) -> Result<(), Gone> {
        let limits = &self.shared.limits;
        let allowed = Allowed { per_second: limits.requests_per_second, at_once: limits.requests_at_once };
        let Some(request) = connection::admit(&self.shared, &mut self.pace, allowed, text, out)? else { return Ok(()) };
        self.active |= !matches!(request.name.as_str(), "GetClock" | "KeepAlive");
        // Boxed, so that a connection that only waits is small.
        if let Err(failure) = requests::answer(self, &request, out).boxed().await {
            out.push(envelope::respond_failure(Some(&request.id), &failure));
        }
        Ok(())
    }

    async fn tell(&mut self, heard: Heard, out: &mut Out) -> Result<(), Gone> {
        notify::tell(self, heard, out).await
    }
}

/// Serves a connection until it ends.
pub(super) async fn run(mut socket: WebSocket, opening: Opening) {
    let (mut session, mut heard) = Session::new(opening);
    session.place.report().await;
    let gone = connection::serve(&mut socket, &mut session, &mut heard).await;
    tracing::debug!(account = %session.caller.account, user = %session.caller.id(), ?gone, "agent socket ends");
}
