//! `X-Telegram-Bot-Api-Secret-Token`: a shared secret, not a signature. Nothing covers the body but TLS.

use crate::kit::{http, mac};
use antiphon_app::channel::{Keys, RawRequest, Refusal, Verified};

pub(super) const HEADER: &str = "x-telegram-bot-api-secret-token";

pub(super) fn verify<'a>(request: &'a RawRequest, keys: &Keys) -> Result<Verified<'a>, Refusal> {
    if keys.credential("secret_token").is_none() {
        return Err(Refusal::NoSecret("secret_token"));
    }
    let given =
        http::header(&request.headers, HEADER).ok_or(Refusal::BadSignature("the X-Telegram-Bot-Api-Secret-Token header is missing"))?;
    // Hashes compare in constant time whatever the lengths.
    let given = mac::sha256(given.as_bytes());
    let live = ["secret_token", "secret_token_previous"].into_iter().filter_map(|name| keys.credential(name));
    let known = live.fold(false, |known, secret| known | mac::equal(&mac::sha256(secret.as_bytes()), &given));
    if known { Ok(Verified { request }) } else { Err(Refusal::BadSignature("the X-Telegram-Bot-Api-Secret-Token header is wrong")) }
}
