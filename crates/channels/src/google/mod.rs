//! What Google's messaging channels share: service accounts, the handshake of webhooks, signatures, refusals, cards. It is no channel.

pub(crate) mod cards;
pub(crate) mod errors;
pub(crate) mod service_account;

use crate::kit::{http, json, mac};
use antiphon_app::channel::{Answer, Keys, RawRequest, Refusal};
use antiphon_app::ports::net::NetRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The header that carries the signature of a webhook.
pub(crate) const SIGNATURE: &str = "x-goog-signature";
/// The longest handshake secret that is echoed.
const SECRET_MAX: usize = 1_000;

/// The name under which calls find the bearer token.
pub(crate) const PASS: &str = "access_token";

/// A call with a JSON body, signed in.
pub(crate) fn call(keys: &Keys, method: ::http::Method, url: String, body: &Value) -> NetRequest {
    let mut request = http::post(url, "application/json", if body.is_null() { String::new() } else { body.to_string() });
    request.method = method;
    http::authorize(&mut request, &format!("Bearer {}", keys.credential(PASS).unwrap_or_default()));
    request
}

/// The secrets with which webhooks are signed: while one is changed both are live.
fn secrets(keys: &Keys) -> impl Iterator<Item = &str> {
    ["client_token", "client_token_previous"].into_iter().filter_map(|name| keys.credential(name))
}

/// Whether the header's signature is that of these bytes.
pub(crate) fn check(request: &RawRequest, keys: &Keys, signed: &[u8]) -> Result<(), Refusal> {
    if keys.credential("client_token").is_none() {
        return Err(Refusal::NoSecret("client_token"));
    }
    let header = http::header(&request.headers, SIGNATURE).ok_or(Refusal::BadSignature("the X-Goog-Signature header is missing"))?;
    let given = STANDARD.decode(header).map_err(|_| Refusal::BadSignature("the X-Goog-Signature header is not base64"))?;
    let known = secrets(keys).fold(false, |known, secret| known | mac::equal(&mac::hmac_sha512(secret.as_bytes(), signed), &given));
    if known { Ok(()) } else { Err(Refusal::BadSignature("the signature does not fit the body")) }
}

/// Google checks a webhook's address: who sends the client token gets the secret back as it came.
pub(crate) fn handshake(request: &RawRequest, keys: &Keys) -> Option<Result<Answer, Refusal>> {
    if request.method != ::http::Method::POST || request.headers.contains_key(SIGNATURE) {
        return None;
    }
    let body = json::read(&request.body).ok()?;
    let (given, secret) = (body["clientToken"].as_str()?, body["secret"].as_str()?);
    let given = mac::sha256(given.as_bytes());
    // Hashes compare in constant time whatever the lengths.
    let known = secrets(keys).fold(false, |known, own| known | mac::equal(&mac::sha256(own.as_bytes()), &given));
    Some(match (keys.credential("client_token"), known && secret.len() <= SECRET_MAX) {
        (None, _) => Err(Refusal::NoSecret("client_token")),
        (Some(_), false) => Err(Refusal::BadToken),
        (Some(_), true) => Ok(Answer { status: 200, content_type: "text/plain", body: secret.to_owned() }),
    })
}
