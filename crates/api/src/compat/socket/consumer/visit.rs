//! A consumer's connection: whose it is, what they asked to be told about, and whether their token still holds.

use super::super::connection::{self, Allowed, Gone, Peer};
use super::super::envelope::{self, Failure, Out};
use super::super::subscriptions::Subscriptions;
use super::presence::{Place, Waiting};
use super::{notify, requests};
use crate::compat::Shared;
use crate::compat::pace::Pace;
use antiphon_app::consumers::Client;
use antiphon_app::identity::TokenError;
use antiphon_app::ports::bus::{Heard, Topic, Tuner};
use antiphon_app::{AccountView, ConsumerCaller};
use antiphon_domain::{AccountId, Timestamp};
use axum::extract::ws::WebSocket;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a connection is made with.
pub(super) struct Opening {
    /// In which account.
    pub account: AccountId,
    /// Their token, where it came with the upgrade.
    pub token: Option<String>,
    /// What their program says of itself.
    pub client: Client,
    /// Where they come from.
    pub address: IpAddr,
}

/// Whose a connection is.
pub(super) struct Known {
    /// The consumer.
    pub caller: ConsumerCaller,
    token: Box<str>,
    ends_at: Option<Timestamp>,
    _place: Place,
}

/// The state of a connection.
pub(super) struct Visit {
    pub shared: Arc<Shared>,
    pub account: AccountId,
    pub address: IpAddr,
    /// What is subscribed to. `seen` holds the dialogs whose events are told.
    pub subscriptions: Subscriptions,
    /// Whose it is; nothing but the way to say so is open before.
    known: Option<Box<Known>>,
    client: Client,
    waiting: Option<Waiting>,
    deadline: Timestamp,
    tuner: Box<dyn Tuner>,
    pace: Pace,
}

impl Visit {
    pub(super) fn new(shared: Arc<Shared>, opening: Opening, waiting: Waiting) -> (Self, mpsc::Receiver<Heard>) {
        let listener = shared.app.bus().listen();
        let deadline = shared.app.clock().now().plus_ms(shared.limits.introduction_ms);
        let Opening { account, token: _, client, address } = opening;
        let visit = Self {
            shared,
            account,
            address,
            subscriptions: Subscriptions::default(),
            known: None,
            client,
            waiting: Some(waiting),
            deadline,
            tuner: listener.tuner,
            pace: Pace::default(),
        };
        (visit, listener.heard)
    }

    /// The account's configuration as it stands.
    pub(super) fn view(&self) -> Arc<AccountView> {
        let directory = self.shared.app.directory();
        Arc::clone(directory.account(&self.account).expect("accounts are never taken away"))
    }

    /// The consumer, once they said who they are.
    pub(super) fn caller(&self) -> Result<&ConsumerCaller, Failure> {
        let known = self.known.as_deref().map(|known| &known.caller);
        known.ok_or_else(|| {
            Failure::unauthorized("Consumer token is missing", "send InitConnection with a ConsumerAuthentication header first")
        })
    }

    /// Takes what the program says of itself.
    pub(super) fn introduce(&mut self, client: Client) {
        if let Some(known) = &mut self.known {
            known.caller.client = client.clone();
        }
        self.client = client;
    }

    /// Believes a token, and takes a place for its consumer.
    ///
    /// # Errors
    /// What the client is told, and how the connection ends then.
    pub(super) async fn identify(&mut self, token: &str) -> Result<(), (Failure, Gone)> {
        let refuse = |title, details: String, gone| (Failure::unauthorized(title, details), gone);
        let identity = self.shared.app.check_consumer_token(&self.account, token).map_err(|error| {
            let gone = if error == TokenError::Expired && !is_vouched(token) { Gone::IdentityEnded } else { Gone::SessionEnded };
            refuse("Consumer token is invalid", error.to_string(), gone)
        })?;
        let caller = ConsumerCaller::of(&identity, self.client.clone()).ok_or_else(|| {
            refuse("Consumer token is invalid", "this token is for an app that speaks for its consumer".to_owned(), Gone::SessionEnded)
        })?;
        if let Some(known) = &mut self.known {
            if known.caller.consumer != caller.consumer {
                let details = "the connection is another consumer's; open one for each".to_owned();
                return Err(refuse("Consumer token is invalid", details, Gone::SessionEnded));
            }
            (known.caller, known.token, known.ends_at) = (caller, token.into(), identity.expires_at);
            return Ok(());
        }
        let limits = &self.shared.limits;
        let most = (limits.consumer_sockets, limits.sockets_of_consumer);
        let place = self.shared.visitors.enter(&self.shared.app, &self.account, caller.consumer, most);
        let place = place.ok_or_else(|| (Failure::too_many("there are as many connections as there may be"), Gone::Abuse))?;
        self.waiting = None;
        self.tuner.add(Topic::Consumer(self.account.clone(), caller.consumer));
        if place.first
            && let Err(error) = self.shared.app.consumer_presence(&self.account, caller.consumer, true).await
        {
            tracing::debug!(account = %self.account, %error, "agents were not told that a consumer came");
        }
        self.known = Some(Box::new(Known { caller, token: token.into(), ends_at: identity.expires_at, _place: place }));
        Ok(())
    }

    /// An id for a new subscription.
    pub(super) fn new_subscription_id(&self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.shared.app.ids().token()[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    fn recheck(&self) -> Result<(), Gone> {
        let Some(known) = &self.known else { return Err(Gone::Unknown) };
        self.shared.app.check_consumer_token(&self.account, &known.token).map(|_| ()).map_err(|error| match error {
            TokenError::Expired if !known.caller.authenticated => Gone::IdentityEnded,
            _ => Gone::SessionEnded,
        })
    }
}

/// Whether a token says that somebody vouches for its consumer. Only good for choosing a code: it is read without being believed.
fn is_vouched(token: &str) -> bool {
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims: Option<serde_json::Value> = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
    claims.is_some_and(|claims| claims.get("lp.ext").is_some())
}

impl Peer for Visit {
    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn checked_at(&self) -> Timestamp {
        match &self.known {
            Some(known) => known.ends_at.unwrap_or(Timestamp(i64::MAX)),
            None => self.deadline,
        }
    }

    async fn check(&mut self) -> Result<(), Gone> {
        self.recheck()
    }

    async fn frame(&mut self, text: &str, out: &mut Out) -> Result<(), Gone> {
        let limits = &self.shared.limits;
        let allowed = Allowed { per_second: limits.consumer_requests_per_second, at_once: limits.consumer_requests_at_once };
        let Some(request) = connection::admit(&self.shared, &mut self.pace, allowed, text, out)? else { return Ok(()) };
        match requests::answer(self, &request, out).boxed().await {
            Ok(()) => Ok(()),
            Err((failure, gone)) => {
                out.push(envelope::respond_failure(Some(&request.id), &failure));
                gone.map_or(Ok(()), Err)
            }
        }
    }

    async fn tell(&mut self, heard: Heard, out: &mut Out) -> Result<(), Gone> {
        notify::tell(self, heard, out).await
    }
}

/// Serves a connection until it ends.
pub(super) async fn run(mut socket: WebSocket, shared: Arc<Shared>, mut opening: Opening, waiting: Waiting) {
    let token = opening.token.take();
    let (mut visit, mut heard) = Visit::new(shared, opening, waiting);
    let refused = match token {
        Some(token) => visit.identify(&token).await.err().map(|(_, gone)| gone),
        None => None,
    };
    let gone = match refused {
        Some(gone) => {
            connection::close(&mut socket, &visit, gone).await;
            gone
        }
        None => connection::serve(&mut socket, &mut visit, &mut heard).await,
    };
    tracing::debug!(account = %visit.account, ?gone, "consumer socket ends");
}
