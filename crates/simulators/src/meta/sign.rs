//! The vendor's signatures and its way of writing JSON, as the signer does it. Nothing is verified here but the proof of calls.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

fn sha256(key: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// `X-Hub-Signature-256`: `sha256=` and 64 lower-case digits.
#[must_use]
pub fn signature_256(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(sha256(app_secret, body)))
}

/// The legacy `X-Hub-Signature`: `sha1=` and 40 lower-case digits.
#[must_use]
pub fn signature_sha1(app_secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(app_secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

/// `appsecret_proof` of a token.
#[must_use]
pub fn appsecret_proof(app_secret: &str, access_token: &str) -> String {
    hex::encode(sha256(app_secret, access_token.as_bytes()))
}

/// A `signed_request` for the deauthorisation and data-deletion callbacks.
#[must_use]
pub fn signed_request(app_secret: &str, payload: &str) -> String {
    let encoded = URL_SAFE_NO_PAD.encode(payload);
    let mac = URL_SAFE_NO_PAD.encode(sha256(app_secret, encoded.as_bytes()));
    format!("{mac}.{encoded}")
}

/// Rewrites JSON text as the vendor does before it signs: everything beyond ASCII as `\uXXXX` (lower case), `/` as `\/`.
/// Both occur only inside strings, so the text needs no parsing.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 16);
    let mut units = [0_u16; 2];
    for sign in json.chars() {
        match sign {
            '/' => out.push_str("\\/"),
            sign if sign.is_ascii() => out.push(sign),
            sign => {
                for unit in sign.encode_utf16(&mut units) {
                    // Writing into a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sim_app_secret_0123456789abcdef";
    const M1: &str = r#"{"object":"page","entry":[{"id":"1001","time":1767225600000,"messaging":[{"sender":{"id":"2002"},"recipient":{"id":"1001"},"timestamp":1767225600000,"message":{"mid":"m_sim_1","text":"hello"}}]}]}"#;

    #[test]
    fn signatures_match_the_published_vectors() {
        assert_eq!(M1.len(), 196);
        assert_eq!(signature_256(KEY, M1.as_bytes()), "sha256=a1020ff767b0e60c2b15da64d24ea9bf4d234523b8faf0890ee1eccaac9abc2c");
        assert_eq!(signature_sha1(KEY, M1.as_bytes()), "sha1=79d31a36c65405b950cd8176b269c6a9f5ee58d8");
    }

    #[test]
    fn the_signed_text_is_the_escaped_one() {
        let plain = r#"{"object":"page","entry":[{"id":"1001","messaging":[{"message":{"mid":"m_sim_2","text":"café / 😀"}}]}]}"#;
        let body = escaped(plain);
        assert_eq!(
            body,
            r#"{"object":"page","entry":[{"id":"1001","messaging":[{"message":{"mid":"m_sim_2","text":"caf\u00e9 \/ \ud83d\ude00"}}]}]}"#
        );
        assert_eq!(body.len(), 120);
        assert_eq!(signature_256(KEY, body.as_bytes()), "sha256=2b9c17eff8a351dd29eb597dc2250cb1290b1534b0f458e86f88a31f3c56a80f");
        assert_eq!(signature_256(KEY, plain.as_bytes()), "sha256=837bbd856702140d7d6dac4c00d88bc9248c61484e2cefb3544693fd19e1c048");
        let back: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(back, serde_json::from_str::<serde_json::Value>(plain).unwrap());
    }

    #[test]
    fn proof_and_signed_request_match_the_published_vectors() {
        assert_eq!(appsecret_proof(KEY, "EAASIMTOKEN"), "c731df0d3cc4ce5e88639dc7085019d0cfea08ff5fe875e490393b637f45998c");
        assert_eq!(
            signed_request(KEY, r#"{"algorithm":"HMAC-SHA256","issued_at":1767225600,"user_id":"9009"}"#),
            "-OWs4tWmbUWN7r_sVQDyBy8UQsDettirjJ0O2R0lL3Y.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc2NzIyNTYwMCwidXNlcl9pZCI6IjkwMDkifQ"
        );
    }

    #[test]
    fn any_change_changes_the_signature() {
        let right = signature_256(KEY, M1.as_bytes());
        assert_ne!(signature_256(KEY, format!("{M1} ").as_bytes()), right);
        assert_ne!(signature_256("another tenant", M1.as_bytes()), right);
        assert_eq!(right.len(), 71);
        assert!(right["sha256=".len()..].bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    }
}
