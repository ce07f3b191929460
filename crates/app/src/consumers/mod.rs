//! What consumers do who come to us over our own protocols: present themselves, open a conversation, write, close, rate, read.
//!
//! The counterpart of `ingest`, where a channel speaks for them. Every use case takes a [`ConsumerCaller`], whom somebody
//! else has authenticated, and lets them reach their own conversations only. Start at [`open`].

pub mod open;
pub mod profile;
mod read;
mod write;

use crate::identity::ConsumerIdentity;
use crate::live::KnownConsumer;
use crate::ports::store::ReadError;
use crate::{AccountState, App};
use antiphon_domain::consumer::Claims;
use antiphon_domain::{AccountId, ConsumerId, SourceId};
use std::sync::Arc;

pub use open::{Open, OpenError, OpenErrorKind, Opened};
pub use profile::ProfileUpdate;

/// How sure we are of somebody whom the brand vouches for, in the published words.
const LEVEL: &str = "loa1";

/// An authenticated consumer of our own protocols.
#[derive(Clone, Debug)]
pub struct ConsumerCaller {
    /// In which account.
    pub account: AccountId,
    /// Who.
    pub consumer: ConsumerId,
    /// Over which source they come.
    pub source: SourceId,
    /// As whom the source knows them: the outside program's own id of them, or the subject of what the brand signed.
    pub address: Arc<str>,
    /// Whether somebody vouches for who they are.
    pub authenticated: bool,
    /// What that somebody says about them.
    pub claims: Option<Arc<Claims>>,
    /// What their program says of itself.
    pub client: Client,
}

/// What a consumer's program says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Device, system, versions: a JSON object.
    pub properties: Option<Arc<str>>,
    /// What it can do, by the published names, for example `MULTI_DIALOG`.
    pub features: Vec<Arc<str>>,
}

impl ConsumerCaller {
    /// Whom a token speaks for, as a caller; `None` for one whose source somebody else has to name.
    pub fn of(identity: &ConsumerIdentity, client: Client) -> Option<Self> {
        let claims = identity.issuer.as_ref().map(|issuer| Claims {
            issuer: issuer.as_str().into(),
            level: LEVEL.into(),
            attributes: serde_json::Value::Array(identity.attributes()).to_string().into(),
        });
        Some(Self {
            account: identity.account.clone(),
            consumer: identity.consumer,
            source: identity.source?,
            address: identity.external_id.as_str().into(),
            authenticated: identity.authenticated,
            claims: claims.map(Arc::new),
            client,
        })
    }

    /// Keeps their idempotency keys apart from everybody else's.
    pub(crate) fn key(&self) -> Arc<str> {
        format!("consumer:{}", self.consumer).into()
    }

    /// Whether their program said that it can do this.
    pub(crate) fn can(&self, feature: &str) -> bool {
        self.client.features.iter().any(|known| **known == *feature)
    }
}

impl App {
    /// The caller as known or as stored, with their open conversation. Hold the consumer's lock.
    async fn known_caller(&self, state: &AccountState, caller: &ConsumerCaller) -> Result<Option<KnownConsumer>, ReadError> {
        let remembered = state.live.known(caller.source, &caller.address);
        if let Some(known) = remembered.filter(|known| known.consumer.id == caller.consumer) {
            return Ok(Some(known));
        }
        let stored = self.store.consumer_state(&caller.account, caller.consumer).await?;
        Ok(stored.map(|at| KnownConsumer { consumer: Arc::new(at.consumer), open: at.open, had_one: at.had_one }))
    }
}
