//! What must not be read in the log is masked: values that are known to be secret wherever they stand, and whatever stands
//! under a name that secrets have. Pure.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// Longest part of a request or answer that is kept, in bytes.
pub(super) const KEPT: usize = 4 * 1024;
/// So much more is looked at, so that a secret that is cut in two is still known by its whole.
const MARGIN: usize = 4 * 1024;
/// What stands in a secret's place.
const HIDDEN: &str = "•••";
/// Shorter values would mask what is no secret.
const SHORTEST: usize = 4;
/// Parts of the names of headers and query parameters that carry proofs of who calls.
const SECRET_NAMES: [&str; 9] = ["authorization", "cookie", "signature", "token", "secret", "password", "api-key", "api_key", "apikey"];

/// The secrets of a source and its app.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// As they are, and as they look in a form or query; the longest first, so that none is masked by a part of it.
    secrets: Vec<String>,
}

impl Mask {
    /// Masks these values.
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut both: Vec<String> = Vec::new();
        for secret in secrets.into_iter().filter(|secret| secret.len() >= SHORTEST) {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            if encoded != secret {
                both.push(encoded);
            }
            both.push(secret);
        }
        both.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets: both }
    }

    /// A text without the known secrets.
    pub(super) fn text(&self, text: &str) -> Arc<str> {
        self.masked(text).into()
    }

    fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN).into();
            }
        }
        text
    }

    /// An address without known secrets and without the values of telling parameters.
    pub(super) fn url(&self, url: &str) -> Arc<str> {
        let Some((address, query)) = url.split_once('?') else { return self.text(url) };
        let mut shown = String::with_capacity(url.len());
        shown.push_str(address);
        for (at, pair) in query.split('&').enumerate() {
            shown.push(if at == 0 { '?' } else { '&' });
            match pair.split_once('=') {
                Some((name, value)) if tells(name) && !value.is_empty() => {
                    shown.push_str(name);
                    shown.push('=');
                    shown.push_str(HIDDEN);
                }
                _ => shown.push_str(pair),
            }
        }
        self.text(&shown)
    }

    /// Headers and body as they are kept.
    pub(super) fn message(&self, headers: &http::HeaderMap, body: &[u8]) -> Arc<str> {
        let looked_at = &body[..body.len().min(KEPT + MARGIN)];
        let mut text = String::with_capacity(looked_at.len() + headers.len() * 48 + 1);
        for (name, value) in headers {
            let value = if tells(name.as_str()) { HIDDEN } else { value.to_str().unwrap_or("(not text)") };
            text.push_str(name.as_str());
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        text.push('\n');
        match std::str::from_utf8(looked_at) {
            Ok(body) => text.push_str(body),
            // Cut within a character.
            Err(error) if error.error_len().is_none() && looked_at.len() < body.len() => {
                text.push_str(std::str::from_utf8(&looked_at[..error.valid_up_to()]).unwrap_or_default());
            }
            Err(_) => {
                let _ = write!(text, "({} bytes that are not text)", body.len());
            }
        }
        let masked = self.masked(&text);
        if masked.len() <= KEPT && looked_at.len() == body.len() {
            return masked.into();
        }
        let end = masked.floor_char_boundary(KEPT);
        [&masked[..end], "…"].concat().into()
    }
}

/// Whether what stands under a name proves who calls.
fn tells(name: &str) -> bool {
    let bytes = name.as_bytes();
    let begins = |at: usize, part: &str| bytes.get(at..at + part.len()).is_some_and(|own| own.eq_ignore_ascii_case(part.as_bytes()));
    // Every telling part begins with one of these letters.
    let may_begin = |byte: &u8| matches!(byte | 0x20, b'a' | b'c' | b's' | b't' | b'p');
    let starts = bytes.iter().enumerate().filter(|(_, byte)| may_begin(byte));
    starts.into_iter().any(|(at, _)| SECRET_NAMES.iter().any(|part| begins(at, part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        Mask::new(["s3cret/key".to_owned(), "s3cret/key-longer".to_owned(), "abc".to_owned()])
    }

    #[test]
    fn known_secrets_are_masked_wherever_they_stand() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(&*mask().text(text), expected);
        }
        check("a=s3cret/key&b", "a=•••&b");
        check("a=s3cret%2Fkey&b", "a=•••&b");
        check("a=s3cret/key-longer", "a=•••");
        check("abc is too short to be told from a word", "abc is too short to be told from a word");
    }

    #[test]
    fn an_address_hides_what_proves_who_calls() {
        #[track_caller]
        fn check(url: &str, expected: &str) {
            assert_eq!(&*mask().url(url), expected);
        }
        check("https://a.test/hook", "https://a.test/hook");
        check("https://a.test/hook?delivery=1", "https://a.test/hook?delivery=1");
        check(
            "https://a.test/hook?hub.mode=subscribe&hub.verify_token=wrong-guess&hub.challenge=1",
            "https://a.test/hook?hub.mode=subscribe&hub.verify_token=•••&hub.challenge=1",
        );
        check("https://a.test/x?access_token=a&Signature=b&token=", "https://a.test/x?access_token=•••&Signature=•••&token=");
        check("https://a.test/s3cret%2Fkey/x?y", "https://a.test/•••/x?y");
    }

    #[test]
    fn a_message_is_its_headers_and_body_within_bounds() {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", "text/plain".parse().expect("a value"));
        headers.insert("x-hub-signature-256", "sha256=00".parse().expect("a value"));
        headers.insert("authorization", "Basic eDp5".parse().expect("a value"));
        headers.insert("x-line-signature", "eDp5".parse().expect("a value"));
        let text = mask().message(&headers, b"hello s3cret/key");
        let expected = "content-type: text/plain\nx-hub-signature-256: •••\nauthorization: •••\nx-line-signature: •••\n\nhello •••";
        assert_eq!(&*text, expected);
        let none = http::HeaderMap::new();
        assert_eq!(&*mask().message(&none, &[0xff, 0xfe, 0x00]), "\n(3 bytes that are not text)");
        let long = mask().message(&none, "ä".repeat(10_000).as_bytes());
        assert!(long.len() <= KEPT + '…'.len_utf8() && long.ends_with("ä…"), "{}", long.len());
        let cut = mask().message(&none, ["x".repeat(KEPT - 5), "s3cret/key".to_owned(), "y".repeat(20_000)].concat().as_bytes());
        assert!(!cut.contains("s3c"), "a secret at the cut is masked before it is cut: {}", &cut[KEPT - 20..]);
    }
}
