//! `X-Twilio-Signature`: what it covers, and in which of its variants it is accepted.
//!
//! HMAC-SHA1 with the account's primary auth token over the URL as it is configured at the vendor; for forms followed by the
//! parameters sorted by the bytes of their names, each as name and decoded value. Other bodies are covered by their SHA-256, which
//! the signed URL carries as `bodySHA256`. <https://www.twilio.com/docs/usage/webhooks/webhooks-security>
//!
//! Trying variants is safe: only who knows the token can make any of them.

use crate::kit::{form, http, mac};
use antiphon_app::channel::{Keys, RawRequest, Refusal, Verified};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const HEADER: &str = "x-twilio-signature";

pub(super) fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    // During a rotation both tokens are live.
    let tokens: Vec<&str> = ["auth_token", "auth_token_previous"].into_iter().filter_map(|name| keys.credential(name)).collect();
    if keys.credential("auth_token").is_none() {
        return Err(Refusal::NoSecret("auth_token"));
    }
    let given = http::header(&request.headers, HEADER).ok_or(Refusal::BadSignature("the X-Twilio-Signature header is missing"))?;
    let given: [u8; 20] = STANDARD
        .decode(given)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Refusal::BadSignature("the X-Twilio-Signature header is not the base64 of a SHA-1"))?;
    let mut text = Vec::new();
    for url in &request.urls {
        // The same for each variant, which differ in the port only.
        let suffixes = covered(request, url);
        for url in port_variants(url) {
            for suffix in &suffixes {
                text.clear();
                url.iter().for_each(|piece| text.extend_from_slice(piece.as_bytes()));
                text.extend_from_slice(suffix);
                if tokens.iter().any(|token| mac::equal(&mac::hmac_sha1(token.as_bytes(), &text), &given)) {
                    return Ok(Verified { request });
                }
            }
        }
    }
    Err(Refusal::BadSignature("the signature does not fit the URL and the parameters"))
}

/// What may follow the URL in the signed text. Empty when nothing that covers the whole request can.
fn covered(request: &RawRequest, url: &str) -> Vec<Vec<u8>> {
    if let Some(digest) = query_value(url, "bodySHA256") {
        let fits = hex::decode(digest).is_ok_and(|digest| mac::equal(&digest, &mac::sha256(&request.body)));
        return if fits { vec![Vec::new()] } else { Vec::new() };
    }
    if request.body.is_empty() {
        return vec![Vec::new()];
    }
    let declared = http::header(&request.headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let is_form = declared.is_empty() || declared.starts_with("application/x-www-form-urlencoded");
    // Any other body would stand outside the signature.
    if is_form { parameter_variants(&form::pairs(&request.body)) } else { Vec::new() }
}

/// The parameters as the vendor's signer strings them together. Where names repeat its own libraries disagree:
/// each distinct value with its name, or the name once before all values.
fn parameter_variants(pairs: &[form::Pair<'_>]) -> Vec<Vec<u8>> {
    let mut sorted: Vec<&form::Pair<'_>> = pairs.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    let mut each = Vec::new();
    let mut once = Vec::new();
    let mut once_sorted = Vec::new();
    let mut repeated = false;
    for group in sorted.chunk_by(|one, other| one.0 == other.0) {
        let name = group[0].0.as_ref();
        let mut values: Vec<&[u8]> = group.iter().map(|(_, value)| value.as_ref()).collect();
        once.extend_from_slice(name);
        values.iter().for_each(|value| once.extend_from_slice(value));
        repeated |= values.len() > 1;
        values.sort_unstable();
        once_sorted.extend_from_slice(name);
        values.iter().for_each(|value| once_sorted.extend_from_slice(value));
        values.dedup();
        for value in values {
            each.extend_from_slice(name);
            each.extend_from_slice(value);
        }
    }
    if repeated { vec![each, once, once_sorted] } else { vec![each] }
}

/// The URL as given, and without its port, or with it: the vendor is inconsistent about ports. Each in pieces.
fn port_variants(url: &str) -> impl Iterator<Item = [&str; 3]> {
    let other = url.split_once("://").and_then(|(scheme, rest)| {
        let authority_at = url.len() - rest.len();
        let path_at = rest.find(['/', '?', '#']).map_or(url.len(), |at| authority_at + at);
        let path = &url[path_at..];
        let port_at = url[authority_at..path_at].rfind(':').map(|colon| authority_at + colon).filter(|&colon| {
            let digits = &url[colon + 1..path_at];
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        match (port_at, scheme) {
            (Some(colon), _) => Some([&url[..colon], "", path]),
            (None, "https") => Some([&url[..path_at], ":443", path]),
            (None, "http") => Some([&url[..path_at], ":80", path]),
            (None, _) => None,
        }
    });
    std::iter::once([url, "", ""]).chain(other)
}

fn query_value<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Signs as the vendor does; for the tables.
#[cfg(test)]
pub(super) fn sign(url: &str, body: &[u8], token: &str) -> String {
    let suffix = parameter_variants(&form::pairs(body)).remove(0);
    STANDARD.encode(mac::hmac_sha1(token.as_bytes(), &[url.as_bytes(), &suffix].concat()))
}
