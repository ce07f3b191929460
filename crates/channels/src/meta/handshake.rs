//! Meta checks a webhook's address: the challenge goes back exactly as it came, but only to who knows the token.

use crate::kit::{form, mac};
use antiphon_app::channel::{Answer, Keys, RawRequest, Refusal};

/// The longest challenge that is echoed.
const CHALLENGE_MAX: usize = 1_000;

/// Answers the check.
pub fn answer(request: &RawRequest, keys: &Keys) -> Result<Answer, Refusal> {
    let query = form::pairs(request.query.as_bytes());
    let expected = keys.credential("verify_token").ok_or(Refusal::NoSecret("verify_token"))?;
    let given = form::first(&query, "hub.verify_token").unwrap_or_default();
    let challenge = form::first(&query, "hub.challenge").unwrap_or_default();
    let subscribes = form::first(&query, "hub.mode").is_some_and(|mode| mode == "subscribe");
    // Hashes compare in constant time whatever the lengths.
    let knows = mac::equal(&mac::sha256(given.as_bytes()), &mac::sha256(expected.as_bytes()));
    if !subscribes || !knows || challenge.is_empty() || challenge.len() > CHALLENGE_MAX {
        return Err(Refusal::BadToken);
    }
    Ok(Answer { status: 200, content_type: "text/plain", body: challenge.into_owned() })
}
