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
    for url in request.urls.iter().flat_map(|url| port_variants(url)) {
        for suffix in covered(request, &url) {
            for token in &tokens {
                let expected = mac::hmac_sha1(token.as_bytes(), &[url.as_bytes(), &suffix].concat());
                if mac::equal(&expected, &given) {
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

/// The URL as given, without its port, and with it: the vendor is inconsistent about ports.
fn port_variants(url: &str) -> Vec<String> {
    let mut variants = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return variants };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let port_at = authority.rfind(':').filter(|&colon| {
        let digits = &authority[colon + 1..];
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    match port_at {
        Some(colon) => variants.push(format!("{scheme}://{}{path}", &authority[..colon])),
        None if scheme == "https" => variants.push(format!("{scheme}://{authority}:443{path}")),
        None if scheme == "http" => variants.push(format!("{scheme}://{authority}:80{path}")),
        None => {}
    }
    variants
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
