//! `X-Viber-Content-Signature`, or the parameter `sig`: HMAC-SHA256 with the token over the body's bytes as they came, in lower-case hex.

use crate::kit::{form, http, mac};
use antiphon_app::channel::{Keys, RawRequest, Refusal, Verified};

pub(super) const HEADER: &str = "x-viber-content-signature";

pub(super) fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    let token = keys.credential("auth_token").ok_or(Refusal::NoSecret("auth_token"))?;
    let query = form::pairs(request.query.as_bytes());
    let in_query = form::first(&query, "sig");
    let given = match request.headers.contains_key(HEADER) {
        true => http::header(&request.headers, HEADER),
        false => in_query.as_deref(),
    };
    let given = given.ok_or(Refusal::BadSignature("the X-Viber-Content-Signature header is missing"))?;
    let given = digest(given).ok_or(Refusal::BadSignature("the X-Viber-Content-Signature header is not 64 lower-case hex digits"))?;
    match mac::equal(&mac::hmac_sha256(token.as_bytes(), &request.body), &given) {
        true => Ok(Verified { request }),
        false => Err(Refusal::BadSignature("the signature does not fit the body")),
    }
}

/// Upper-case digits are refused: Viber sends lower-case ones, and one form is enough.
fn digest(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(digits).ok()?.try_into().ok()
}
