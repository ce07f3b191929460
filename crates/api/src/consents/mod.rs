//! The ledger of consent, per number and consumer.

mod list;
mod record;

use crate::state::Api;
use antiphon_domain::consent::{Consent as Entry, ConsentKind, ConsentProof};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The endpoints.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::list_consents, record::record_consent))
}

/// Given or withdrawn.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// The consumer may be written to.
    OptIn,
    /// The consumer must not be written to.
    OptOut,
}

impl From<Direction> for ConsentKind {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::OptIn => Self::OptIn,
            Direction::OptOut => Self::OptOut,
        }
    }
}

/// How we know.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evidence {
    /// The consumer wrote a word.
    Keyword,
    /// The channel said so.
    Vendor,
    /// Somebody recorded it.
    Administrator,
}

/// One entry; entries are only ever added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consent {
    id: String,
    kind: Direction,
    how: Evidence,
    #[schema(required)]
    keyword: Option<String>,
    #[schema(required)]
    proof: Option<String>,
    /// A user's id.
    #[schema(required)]
    by: Option<String>,
    at: i64,
}

fn shown(entry: &Entry) -> Consent {
    let (how, keyword, proof, by) = match &entry.proof {
        ConsentProof::Keyword(word) => (Evidence::Keyword, Some(word.clone()), None, None),
        ConsentProof::Vendor(words) => (Evidence::Vendor, None, Some(words.clone()), None),
        ConsentProof::Administrator { by, proof } => (Evidence::Administrator, None, Some(proof.clone()), Some(by.to_string())),
    };
    let kind = match entry.kind {
        ConsentKind::OptIn => Direction::OptIn,
        ConsentKind::OptOut => Direction::OptOut,
    };
    Consent { id: entry.id.to_string(), kind, how, keyword, proof, by, at: entry.at.0 }
}
