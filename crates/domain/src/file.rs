//! Files that travel in conversations.

use crate::event::Party;
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
    /// The event that showed it first; none between an upload and its publish.
    pub shown_in: Option<Place>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who uploaded it: a user or a consumer. None for what came over a channel.
    pub owner: Option<Party>,
    /// Later events that show it too, oldest first; see [`StoredFile::show`].
    pub also_shown: Vec<Place>,
    /// What can be said of it if it is a picture.
    pub picture: Option<Picture>,
}

/// An event's place.
pub type Place = (ConversationId, DialogNumber, Sequence);

/// A picture, and what stands for it while it is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels, as it is meant to be seen.
    pub width: u32,
    /// In pixels, as it is meant to be seen.
    pub height: u32,
    /// A data URL of a few kilobytes.
    pub preview: String,
    /// Whether a smaller copy lies beside it. A picture that is small itself has none.
    pub thumbnail: bool,
}

/// How many events besides the first are remembered to show a file. Beyond that the oldest are forgotten.
const ALSO_SHOWN: usize = 32;

impl StoredFile {
    /// Notes that an event shows it.
    pub fn show(&mut self, place: Place) {
        if self.shown_in.is_none() {
            self.shown_in = Some(place);
        } else if self.places().all(|known| known != place) {
            self.also_shown.push(place);
            let surplus = self.also_shown.len().saturating_sub(ALSO_SHOWN);
            self.also_shown.drain(..surplus);
        }
    }

    /// The events that show it.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.shown_in.iter().chain(&self.also_shown).copied()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_remembers_where_it_is_shown_each_once_and_not_for_ever() {
        let mut file = StoredFile {
            id: FileId(1),
            path: "/v1/a".to_owned(),
            state: FileState::Ready,
            declared_type: None,
            content_type: None,
            name: None,
            size: None,
            sha256: None,
            fetch: None,
            shown_in: None,
            created_at: Timestamp(0),
            owner: None,
            also_shown: Vec::new(),
            picture: None,
        };
        let place = |sequence| (ConversationId([1; 16]), DialogNumber::MAIN, sequence);
        for sequence in [3, 3, 4, 3, 4] {
            file.show(place(sequence));
        }
        assert_eq!(file.places().collect::<Vec<_>>(), [place(3), place(4)]);
        (0..100).for_each(|sequence| file.show(place(sequence)));
        assert_eq!((file.shown_in, file.also_shown.len()), (Some(place(3)), ALSO_SHOWN));
        assert!(file.places().any(|known| known == place(99)));
    }
}
