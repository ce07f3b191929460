//! The compact form of signed tokens: three parts of base64url with dots between. Pure but for the keys' arithmetic.
//!
//! A token is taken apart without believing any of it; its claims are read only by whoever verified the signature.

use super::{MOST_TOKEN, TokenError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A token taken apart, not verified.
pub(super) struct Parts<'t> {
    /// What it says about its signature: nothing to rely on.
    pub header: Header,
    /// What was signed.
    pub signed: &'t [u8],
    /// The signature.
    pub signature: Vec<u8>,
    claims: Vec<u8>,
}

/// A token's header.
#[derive(Deserialize)]
pub(super) struct Header {
    pub alg: String,
    pub kid: Option<String>,
    /// Extensions that must be understood: we understand none.
    crit: Option<serde_json::Value>,
}

impl<'t> Parts<'t> {
    /// Takes a token apart.
    pub fn of(token: &'t str) -> Result<Self, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > MOST_TOKEN {
            return Err(TokenError::Malformed("it is too long"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(TokenError::Malformed("it has not three parts"));
        };
        match parts.count() {
            0 => {}
            2 => return Err(TokenError::Malformed("it is encrypted; only signed tokens are accepted")),
            _ => return Err(TokenError::Malformed("it has not three parts")),
        }
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed("a part is not base64url"));
        let signed = token.get(..header.len() + 1 + claims.len()).unwrap_or_default().as_bytes();
        let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| TokenError::Malformed("its header names no algorithm"))?;
        if header.crit.is_some() {
            return Err(TokenError::Malformed("its header demands extensions"));
        }
        Ok(Self { header, signed, claims: bytes(claims)?, signature: bytes(signature)? })
    }

    /// The claims. Only for tokens whose signature was verified, and for finding the key to verify it with.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        serde_json::from_slice(&self.claims).map_err(|_| TokenError::Malformed("its claims have the wrong form"))
    }
}

/// What is to be signed: header and claims in the compact form.
pub(super) fn unsigned(kid: &str, claims: &serde_json::Value) -> String {
    let header = serde_json::json!({"kid": kid, "typ": "JWT", "alg": "RS256"});
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(plain(&value.to_string()));
    format!("{}.{}", part(&header), part(claims))
}

/// How long these claims are in the compact form.
pub(super) fn encoded_length(claims: &serde_json::Value) -> usize {
    plain(&claims.to_string()).len().div_ceil(3) * 4
}

/// The signed token.
pub(super) fn signed(unsigned: &str, signature: &[u8]) -> String {
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The same JSON in letters for which both alphabets of base64 agree: published clients read tokens with the browser's
/// `atob`, which knows no `-` and no `_`. Those come only from `>`, `?`, `~`, DEL and what is not ASCII, and JSON has
/// these in texts only, where they may be escaped.
fn plain(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() && !matches!(letter, '>' | '?' | '~' | '\u{7f}') {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(token: &str, expected: &str) {
        let found = Parts::of(token).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(found.contains(expected), "{token}: {found}");
    }

    #[test]
    fn what_is_no_signed_token_is_named() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let header = part(r#"{"alg":"RS256"}"#);
        assert!(Parts::of(&format!("{header}.e30.AAAA")).is_ok());
        check("", "missing");
        check("a.b", "three parts");
        check("a.b.c.d", "three parts");
        check("a.b.c.d.e", "encrypted");
        check(&format!("{header}.e30.A+A/"), "base64url");
        check(&format!("{header}.e30.AA=="), "base64url");
        check(&format!("{}.e30.AAAA", part("{}")), "algorithm");
        check(&format!("{}.e30.AAAA", part("[]")), "algorithm");
        check(&format!("{}.e30.AAAA", part(r#"{"alg":"RS256","crit":["b64"]}"#)), "extensions");
        check(&"a".repeat(MOST_TOKEN + 1), "too long");
    }

    #[test]
    fn claims_survive_the_browsers_decoder() {
        let claims = serde_json::json!({"a": "~?>\u{7f}", "b": "Söhne 😀", "c>": [1]});
        let token = unsigned("k", &claims);
        assert!(!token.contains(['-', '_']), "{token}");
        let parts = format!("{token}.AAAA");
        let parts = Parts::of(&parts).expect("a token");
        assert_eq!(parts.claims::<serde_json::Value>(), Ok(claims));
        assert_eq!(parts.header.kid.as_deref(), Some("k"));
    }
}
