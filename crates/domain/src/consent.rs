//! The ledger of consent, per number and consumer.

use crate::{ConsumerId, RowId, SourceId, Timestamp, UserId};

/// Given or withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentKind {
    /// The consumer may be written to.
    OptIn,
    /// The consumer must not be written to.
    OptOut,
}

/// How we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentProof {
    /// The consumer wrote this word.
    Keyword(String),
    /// The channel told us, or refused a send for it.
    Vendor(String),
    /// An administrator recorded it, with what proves it.
    Administrator {
        /// Who.
        by: UserId,
        /// In their words.
        proof: String,
    },
}

/// One entry; entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Its row.
    pub id: RowId,
    /// For which number.
    pub source: SourceId,
    /// Whose.
    pub consumer: ConsumerId,
    /// Given or withdrawn.
    pub kind: ConsentKind,
    /// How we know.
    pub proof: ConsentProof,
    /// When.
    pub at: Timestamp,
}
