//! What a consumer does not get as its author meant it.

use serde::Serialize;

/// One thing that is shown otherwise than it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Where it stands in the content, as a JSON pointer; empty: beside the content, or all of it.
    pub path: String,
    /// What it is: `card`, `carousel`, `quick_replies`, `list`, `times`, `day`, `map`, `link`, `image`, `button`, `file`.
    pub from: &'static str,
    /// What it became: `card`, `text`, `list`, `buttons`, `link` and the like.
    pub to: &'static str,
    /// Why, as a stable code: `not_supported`, `too_many`, `too_long`, `uniformity`, `labels`, `not_reported`, `no_return_path` …
    pub reason: &'static str,
    /// What is missing: `image`, `link`, `text`, `button`, `answer`.
    pub lost: Vec<&'static str>,
    /// The same in a sentence.
    pub message: String,
}

impl Loss {
    /// Something that became something else.
    pub fn new(from: &'static str, to: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { from, to, reason, message: message.into(), ..Self::default() }
    }

    /// At a place of the content.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Without something.
    #[must_use]
    pub fn without(mut self, lost: &'static str) -> Self {
        self.lost.push(lost);
        self
    }
}
