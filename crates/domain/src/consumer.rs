//! The person outside, as one channel address at one source knows them.

use crate::{ConsumerId, SourceId, Timestamp};

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
}
