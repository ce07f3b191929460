//! `X-Hub-Signature-256`, and the signed requests of Meta's app-level callbacks.
//!
//! HMAC-SHA256 with the app secret over the body's bytes as they came. Meta escapes characters in its own way and signs that, so
//! a body that was decoded and encoded again, or inflated by a proxy, rightly fails.

use crate::kit::{form, http, mac};
use antiphon_app::channel::{Keys, RawRequest, Refusal, Verified};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The app-level callbacks that come as a form with a signed request: the tail of their address.
pub const SIGNED_REQUEST_TAILS: [&str; 2] = ["deauthorize", super::deletion::TAIL];

pub fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    // During a reset both secrets are live.
    let secrets: Vec<&str> = ["app_secret", "app_secret_previous"].into_iter().filter_map(|name| keys.credential(name)).collect();
    if keys.credential("app_secret").is_none() {
        return Err(Refusal::NoSecret("app_secret"));
    }
    if SIGNED_REQUEST_TAILS.contains(&request.tail.as_str()) {
        let fields = form::pairs(&request.body);
        let signed = form::first(&fields, "signed_request").ok_or(Refusal::BadSignature("the field signed_request is missing"))?;
        let known = secrets.iter().any(|secret| signed_payload(&signed, secret.as_bytes()).is_some());
        return if known { Ok(Verified { request }) } else { Err(Refusal::BadSignature("the signature of signed_request is wrong")) };
    }
    let header =
        http::header(&request.headers, "x-hub-signature-256").ok_or(Refusal::BadSignature("the X-Hub-Signature-256 header is missing"))?;
    let given = digest(header).ok_or(Refusal::BadSignature("the X-Hub-Signature-256 header is not sha256= and 64 hex digits"))?;
    let known = secrets.iter().any(|secret| mac::equal(&mac::hmac_sha256(secret.as_bytes(), &request.body), &given));
    if known { Ok(Verified { request }) } else { Err(Refusal::BadSignature("the signature does not fit the body")) }
}

/// The header's digest. Upper-case digits are refused: Meta sends lower-case ones, and one form is enough.
fn digest(header: &str) -> Option<[u8; 32]> {
    let digits = header.strip_prefix("sha256=").filter(|digits| digits.len() == 64)?;
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(digits).ok()?.try_into().ok()
}

/// The payload of a signed request (`<signature>.<payload>`, both base64url), if the secret signed it.
pub fn signed_payload(signed: &str, secret: &[u8]) -> Option<Vec<u8>> {
    let (signature, payload) = signed.split_once('.')?;
    let given: [u8; 32] = URL_SAFE_NO_PAD.decode(signature).ok()?.try_into().ok()?;
    let known = mac::equal(&mac::hmac_sha256(secret, payload.as_bytes()), &given);
    if known { URL_SAFE_NO_PAD.decode(payload).ok() } else { None }
}

/// Proof that who calls with a token knows the app's secret too.
pub fn appsecret_proof(token: &str, secret: &str) -> String {
    hex::encode(mac::hmac_sha256(secret.as_bytes(), token.as_bytes()))
}
