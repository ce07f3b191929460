//! The names of things. Each id has one textual form, the one that is used on the wire and in URLs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadId {
    /// What was expected, in words, for example "a conversation id (UUID)".
    pub expected: &'static str,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}", self.expected)
    }
}

impl std::error::Error for BadId {}

/// A tenant's id: `^[a-zA-Z0-9_]{1,20}$`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let fits = (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if fits { Ok(Self(text.into())) } else { Err(BadId { expected: "an account id (1 to 20 letters, digits or underscores)" }) }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account {}", self.0)
    }
}

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let digits = text.len() <= 10 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                match text.parse() {
                    Ok(number) if digits => Ok(Self(number)),
                    _ => Err(BadId { expected: $expected }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

numeric_id!(
    /// A user's number, unique in its account. The published sockets call `<account>.<number>` the old id.
    UserId,
    "a user id (up to ten digits)"
);
numeric_id!(
    /// A skill's number, unique in its account; at most ten digits, because clients of the published protocol assume that.
    SkillId,
    "a skill id (up to ten digits)"
);

macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = BadId { expected: $expected };
                let digits = text.strip_prefix($prefix).ok_or(bad.clone())?;
                if digits.len() != 16 || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                    return Err(bad);
                }
                u64::from_str_radix(digits, 16).map(Self).map_err(|_| bad)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:016x}"), self.0)
            }
        }
    };
}

prefixed_id!(
    /// A connected page or number: `src_` and 16 hex digits.
    SourceId, "src_", "a source id (src_ and 16 hex digits)"
);
prefixed_id!(
    /// The brand's app at a vendor with app-wide secrets: `app_` and 16 hex digits.
    ChannelAppId, "app_", "a channel app id (app_ and 16 hex digits)"
);
prefixed_id!(
    /// One outbound part on its way to a channel: `dlv_` and 16 hex digits; ascending in time.
    DeliveryId, "dlv_", "a delivery id (dlv_ and 16 hex digits)"
);
prefixed_id!(
    /// A stored file: `file_` and 16 hex digits; ascending in time.
    FileId, "file_", "a file id (file_ and 16 hex digits)"
);
prefixed_id!(
    /// One notification to one app: `ntf_` and 16 hex digits; ascending in time.
    NotificationId, "ntf_", "a notification id (ntf_ and 16 hex digits)"
);
prefixed_id!(
    /// A key of the admin API: `key_` and 16 hex digits. It is no secret.
    ApiKeyId, "key_", "an API key's id (key_ and 16 hex digits)"
);
prefixed_id!(
    /// A row of a log that the administrator pages through (dead letters, channel log, audit, consents): `row_` and 16 hex digits; ascending in time.
    RowId, "row_", "a row id (row_ and 16 hex digits)"
);

/// A conversation's id and at the same time that of its main dialog: a UUID (version 7, so ascending in time).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId(pub [u8; 16]);

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_uuid(&self.0, f)
    }
}

impl fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_uuid(&self.0, f)
    }
}

impl FromStr for ConversationId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        parse_uuid(text).map(Self).ok_or(BadId { expected: "a conversation id (UUID)" })
    }
}

/// A user's permanent UUID, the "PId" of the published protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(pub [u8; 16]);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_uuid(&self.0, f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_uuid(&self.0, f)
    }
}

impl FromStr for Pid {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        parse_uuid(text).map(Self).ok_or(BadId { expected: "a user's UUID" })
    }
}

/// A consumer's id: 32 random bytes, written as 64 hex digits. Stable per (account, source, channel address).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerId(pub [u8; 32]);

impl fmt::Display for ConsumerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&digits(byte));
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for ConsumerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ConsumerId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = BadId { expected: "a consumer id (64 hex digits)" };
        let mut bytes = [0u8; 32];
        if text.len() != 64 {
            return Err(bad);
        }
        unhex(text.as_bytes(), &mut bytes).ok_or(bad)?;
        Ok(Self(bytes))
    }
}

/// Which dialog of a conversation: its place in the order of creation. The main dialog is number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialogNumber(pub u16);

impl DialogNumber {
    /// The main dialog, created with the conversation.
    pub const MAIN: DialogNumber = DialogNumber(0);
}

/// An event's place in its dialog's total order: from 0, without gaps.
pub type Sequence = u64;

/// How often an object changed; a commit on a stale version is refused.
pub type Version = u64;

/// A byte as two hexadecimal digits.
fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

fn fmt_uuid(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at..at + 2].copy_from_slice(&digits(*byte));
        at += 2;
    }
    f.write_str(std::str::from_utf8(&text).unwrap_or_default())
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let raw = text.as_bytes();
    if raw.len() != 36 || [8, 13, 18, 23].iter().any(|&dash| raw[dash] != b'-') {
        return None;
    }
    let mut digits = [0u8; 32];
    let mut at = 0;
    for (index, &byte) in raw.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            continue;
        }
        digits[at] = byte;
        at += 1;
    }
    let mut bytes = [0u8; 16];
    unhex(&digits, &mut bytes)?;
    Some(bytes)
}

fn unhex(digits: &[u8], out: &mut [u8]) -> Option<()> {
    for (pair, byte) in digits.chunks_exact(2).zip(out) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_reads_back_what_it_writes() {
        let conversation = ConversationId([0x01, 0x9a, 0xff, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(conversation.to_string(), "019aff00-0102-0304-0506-0708090a0b0c");
        assert_eq!(conversation.to_string().parse(), Ok(conversation));
        let consumer = ConsumerId([7; 32]);
        assert_eq!(consumer.to_string().parse(), Ok(consumer));
        assert_eq!(SourceId(255).to_string(), "src_00000000000000ff");
        assert_eq!("src_00000000000000ff".parse(), Ok(SourceId(255)));
        assert_eq!("77".parse(), Ok(UserId(77)));
    }

    #[test]
    fn texts_that_are_no_ids_are_refused() {
        for text in ["", "has space", "way_too_long_for_an_account", "ünï"] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
        for text in ["", "-1", "12345678901", "7x", "+7"] {
            assert!(text.parse::<UserId>().is_err(), "{text}");
        }
        assert!("src_00000000000000FF".parse::<SourceId>().is_err());
        assert!("src_+0000000000000ff".parse::<SourceId>().is_err());
        assert!("019aff00x0102-0304-0506-0708090a0b0c".parse::<ConversationId>().is_err());
        assert!("é".repeat(32).parse::<ConsumerId>().is_err());
    }
}
