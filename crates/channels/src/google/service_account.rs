//! A service account: its key signs a claim, and for the claim there is a token that lives an hour.
//!
//! Public reference: <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>.

use crate::kit::{errors, form, http, json, settings};
use antiphon_app::channel::{Disposition, Keys, Pass, SendError};
use antiphon_app::ports::net::Net;
use antiphon_domain::Timestamp;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json as object};

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const LIFE_S: i64 = 3_600;
/// A token of which nobody says how long it lives is used this long.
const SHORT_LIFE_S: i64 = 600;
const REMEDY: &str = "Make a new key for the service account at Google, and paste its JSON into the source.";

fn unusable(what: &str) -> SendError {
    let message = format!("The source's service_account_json {what}.");
    errors::error(Disposition::NeedsReauthorisation, "source_misconfigured", &message, Some(REMEDY))
}

/// Buys a token for a scope.
pub(crate) async fn sign_in(keys: &Keys, scope: &str, now: Timestamp, net: &dyn Net) -> Result<Pass, SendError> {
    let account = keys.credential("service_account_json").ok_or_else(|| unusable("is missing"))?;
    let account: Value = serde_json::from_str(account).map_err(|_| unusable("is not JSON"))?;
    let token_uri = json::text(&account["token_uri"]).unwrap_or_else(|| TOKEN_URI.to_owned());
    let assertion = assertion(&account, scope, &token_uri, now)?;
    let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
    let call = http::post(address(keys, &token_uri), "application/x-www-form-urlencoded", form::encode(fields));
    // Nothing is sent by it, so that a repeat does no harm.
    let answer = net.call(call).await.map_err(|problem| errors::harmless(errors::from_net(&problem)))?;
    let body = json::read(&answer.body).unwrap_or(Value::Null);
    if let Some(token) = json::text(&body["access_token"]).filter(|_| answer.status == 200) {
        let lives_s = json::integer(&body["expires_in"]).unwrap_or(SHORT_LIFE_S).clamp(60, LIFE_S);
        return Ok(Pass { token, until: now.plus_s(lives_s) });
    }
    let mut refused = match answer.status {
        400 | 401 | 403 => errors::error(
            Disposition::NeedsReauthorisation,
            "not_authorised",
            "Google does not accept the service account's key: it was deleted, belongs to another account, or this server's clock is wrong.",
            Some(REMEDY),
        ),
        status => errors::harmless(errors::from_status(status, http::retry_after(&answer, now))),
    };
    refused.reason.vendor_code = json::text(&body["error"]).map(Into::into).or(refused.reason.vendor_code);
    Err(refused)
}

/// Where the token is asked for: the account's own address, at the source's substitute for the vendor's hosts if it has one.
fn address(keys: &Keys, token_uri: &str) -> String {
    let origin_end = token_uri.find("://").and_then(|at| token_uri[at + 3..].find('/').map(|slash| at + 3 + slash));
    let (host, path) = token_uri.split_at(origin_end.unwrap_or(token_uri.len()));
    format!("{}{path}", settings::base(keys, host))
}

fn assertion(account: &Value, scope: &str, token_uri: &str, now: Timestamp) -> Result<String, SendError> {
    let field = |name: &str| json::text(&account[name]).ok_or_else(|| unusable(&format!("has no {name}")));
    let issued = now.0.div_euclid(1_000);
    let mut header = object!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = json::text(&account["private_key_id"]) {
        header["kid"] = id.into();
    }
    let claims = object!({ "iss": field("client_email")?, "scope": scope, "aud": token_uri, "iat": issued, "exp": issued + LIFE_S });
    let unsigned = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let pem = field("private_key")?;
    let base64: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(base64).map_err(|_| unusable("has a private_key that is not PEM"))?;
    let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| unusable("has a private_key that is no RSA key"))?;
    let mut signature = vec![0; pair.public_modulus_len()];
    // This kind of signature is the same whatever the random numbers; they only blind the arithmetic.
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), unsigned.as_bytes(), &mut signature)
        .map_err(|_| unusable("has a private_key that does not sign"))?;
    Ok(format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
