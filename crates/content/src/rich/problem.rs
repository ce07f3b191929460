//! What is wrong, or unwise, in structured content: where, by a stable code, with the limit and what was found.

use serde::Serialize;
use std::fmt::{Display, Formatter};

/// One problem at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where, as a JSON pointer into the content: `/elements/0/title`. Empty: the content as a whole.
    pub path: String,
    /// What kind of problem.
    pub code: Code,
    /// What is allowed, where that is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// What was found, where that is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<i64>,
    /// The problem and its remedy, in a sentence.
    pub message: String,
}

/// The kinds of problems. Names are stable: programs tell them apart by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not JSON at all.
    NotJson,
    /// The whole is too large.
    TooLarge,
    /// Elements lie too deep in one another.
    TooDeep,
    /// Too many elements in all.
    TooManyElements,
    /// A property that has to be there is not.
    Missing,
    /// A property that does not exist here.
    UnknownProperty,
    /// A value of the wrong JSON type.
    WrongType,
    /// An element or action that does not exist.
    UnknownType,
    /// An element that may not stand here.
    NotAllowedHere,
    /// A text that is too long.
    TooLong,
    /// More items than allowed.
    TooMany,
    /// Fewer items than needed.
    TooFew,
    /// A number that is too small or too large.
    OutOfRange,
    /// A text that is none of the possible ones.
    BadValue,
    /// An address that is none, or of a scheme that is not allowed.
    BadAddress,
    /// An image that is not fetched over https.
    NotHttps,
    /// An image on a host that the account does not allow.
    HostNotAllowed,
    /// A time that is over.
    InThePast,
    /// A name that must be unique stands twice.
    Duplicate,
    /// Two lists that must be equally long are not.
    Unequal,
    /// Something was understood although it is not said: a warning.
    Inferred,
    /// Longer than every client shows: a warning.
    Long,
    /// Something that is ignored: a warning.
    Ignored,
    /// Something that was changed so that it can be shown: a warning.
    Adjusted,
}

impl Code {
    /// Its name, as programs know it.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
