//! Files that travel in conversations.

use crate::{ConversationId, DialogNumber, FileId, Sequence, SourceId, Timestamp};

/// Where a file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Announced, its bytes not here yet.
    Pending,
    /// Here.
    Ready,
    /// Will not come; the reason is a sentence for the agent.
    Failed(String),
}

/// A file and where it belongs. The bytes are in the blob store under `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Ours.
    pub id: FileId,
    /// The path clients know it by (`/v1/AUTH_async-images/{account}/…`), unique in the installation; also the blob's key.
    pub path: String,
    /// Where it stands.
    pub state: FileState,
    /// What the uploader or vendor said it is.
    pub declared_type: Option<String>,
    /// What its bytes say it is.
    pub content_type: Option<String>,
    /// Its name, if one was given.
    pub name: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// SHA-256 of its bytes.
    pub sha256: Option<[u8; 32]>,
    /// For inbound media: where to fetch it from.
    pub fetch: Option<FileFetch>,
    /// The event that shows it; none between an upload and its publish.
    pub shown_in: Option<(ConversationId, DialogNumber, Sequence)>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How inbound media is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFetch {
    /// The source whose connector knows how.
    pub source: SourceId,
    /// The vendor's address or media id.
    pub url: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When to try next.
    pub next_at: Timestamp,
}
