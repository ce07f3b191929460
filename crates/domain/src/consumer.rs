//! The person outside, as one channel address at one source knows them.

use crate::{ConsumerId, SourceId, Timestamp};
use std::sync::Arc;

/// A consumer: (account, source, channel address). The same person on another source is another consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Stable for this source and address.
    pub id: ConsumerId,
    /// Where they write.
    pub source: SourceId,
    /// Their address in the channel: a phone number in E.164, a page-scoped id …
    pub address: String,
    /// From the channel's profile, where it tells.
    pub name: Option<String>,
    /// From the channel's profile: an address that expires.
    pub avatar_url: Option<String>,
    /// Whether they withdrew their consent for this source.
    pub opted_out: bool,
    /// When we first heard from them.
    pub created_at: Timestamp,
    /// Whether the channel's profile was asked for, and when.
    pub profile_checked_at: Option<Timestamp>,
    /// What the channel told about how they came, before they wrote: a JSON array, kept with their next message.
    pub context: Option<String>,
    /// What their own program said about them; only where consumers come to us over our own protocols.
    pub profile: Option<Arc<ConsumerProfile>>,
}

/// What a consumer's own program says about them. Nothing in it is believed unless `claims` says the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerProfile {
    /// Given name.
    pub first_name: Option<Arc<str>>,
    /// Family name.
    pub last_name: Option<Arc<str>>,
    /// A picture's address.
    pub avatar_url: Option<Arc<str>>,
    /// A background picture's address.
    pub background_url: Option<Arc<str>>,
    /// In their program's words.
    pub role: Option<Arc<str>>,
    /// In their program's words.
    pub description: Option<Arc<str>>,
    /// The brand's own id of them.
    pub external_id: Option<Arc<str>>,
    /// A phone number.
    pub phone: Option<Arc<str>>,
    /// An e-mail address.
    pub email: Option<Arc<str>>,
    /// Where their program can be woken up: a JSON object.
    pub push: Option<Arc<str>>,
    /// Engagement attributes: a JSON array of typed objects.
    pub attributes: Option<Arc<str>>,
    /// What the brand signed about them.
    pub claims: Option<Claims>,
}

/// What the brand, or whoever signs for it, vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who signed.
    pub issuer: Arc<str>,
    /// How sure they are, in their words; empty when they say nothing.
    pub level: Arc<str>,
    /// Engagement attributes: a JSON array of typed objects.
    pub attributes: Arc<str>,
}
