//! Requests signed one by one with a bot's keys: the `Authorization` header of OAuth 1.0a (RFC 5849), HMAC-SHA1 or HMAC-SHA256.
//!
//! What was signed is put together again from the request as it came; secrets are compared nowhere but through the signature, in
//! constant time. A request without such a header goes on untouched.

use super::Shared;
use super::asker::Asker;
use super::failure::{failed, too_fast, unavailable};
use antiphon_app::ports::store::BotKey;
use antiphon_app::session::{SignInError, Signature, Signed};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, StatusCode, header};
use std::collections::BTreeMap;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Longest header that is looked at, in bytes.
const MOST_HEADER: usize = 4 << 10;
/// Most parameters of a signed request.
const MOST_PARAMETERS: usize = 100;

/// The header's parameters, decoded.
struct Given(BTreeMap<String, String>);

impl Given {
    fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("oauth") || header.len() > MOST_HEADER {
            return None;
        }
        let pair = |pair: &str| {
            let (name, value) = pair.trim().split_once('=')?;
            Some((decoded(name.trim())?, decoded(value.trim().strip_prefix('"')?.strip_suffix('"')?)?))
        };
        let pairs: Option<Vec<_>> = rest.split(',').filter(|part| !part.trim().is_empty()).map(pair).collect();
        let pairs = pairs?;
        let count = pairs.len();
        let given: BTreeMap<_, _> = pairs.into_iter().collect();
        // A parameter that comes twice could be signed as one and read as the other.
        (given.len() == count).then_some(Self(given))
    }

    fn get(&self, name: &str) -> Result<&str, String> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| format!("{name} is missing"))
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.extend(hex::decode(pair).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn encoded(text: &str) -> String {
    let mut to = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(char::from(byte)),
            other => to.push_str(&format!("%{other:02X}")),
        }
    }
    to
}

/// Everything that is signed, but for the place: sorted and encoded.
fn normalized(given: &Given, query: &str) -> Option<String> {
    let own = given.0.iter().filter(|(name, _)| !matches!(name.as_str(), "realm" | "oauth_signature"));
    let mut pairs: Vec<(String, String)> = own.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (encoded(&name), encoded(&value))));
    pairs.sort();
    let joined: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (joined.len() <= MOST_PARAMETERS).then(|| joined.join("&"))
}

/// Whether one of these texts has the signature.
fn is_right(given: &str, sha256: bool, keys: &BotKey, texts: &[String]) -> bool {
    let key = format!("{}&{}", encoded(&keys.secret), encoded(&keys.access_token_secret));
    texts.iter().fold(false, |right, text| {
        let made = if sha256 {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("any length is a key");
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        } else {
            let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).expect("any length is a key");
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        };
        right | bool::from(made.as_bytes().ct_eq(given.as_bytes()))
    })
}

/// What may have been signed: clients know us under our public name or under the one that they called, with or without TLS.
fn texts(method: &str, hosts: &[&str], path: &str, parameters: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for (scheme, port) in [("https", ":443"), ("http", ":80")] {
        for host in hosts {
            let host = host.to_ascii_lowercase();
            let host = host.strip_suffix(port).unwrap_or(&host);
            texts.push(format!("{method}&{}&{}", encoded(&format!("{scheme}://{host}{path}")), encoded(parameters)));
        }
    }
    texts.dedup();
    texts
}

/// Believes a signed request: what follows finds a bearer token in the place of the signature, and the log-in finds who signed.
pub(super) async fn believe(State(shared): State<Arc<Shared>>, asker: Asker, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("oauth ")) {
        return next.run(request).await;
    }
    let wrong = |what: &str| failed(&shared, StatusCode::UNAUTHORIZED, 10, &format!("Authorization: {what}"));
    let Some(given) = Given::read(header) else { return wrong("the OAuth parameters can't be read") };
    let claim = match Claim::of(&shared, &request, &given) {
        Ok(claim) => claim,
        Err(what) => return wrong(&what),
    };
    let signed = match who(&shared, asker, &claim).await {
        Ok(signed) => signed,
        Err(No::Wrong(what)) => return wrong(&what),
        Err(No::TooFast(seconds)) => return too_fast(&shared, "too many signed requests are refused; wait and try again", seconds),
        Err(No::Unavailable) => return unavailable(&shared),
    };
    if !request.uri().path().ends_with("/login") {
        let bearer = match shared.app.session_of_signer(&signed, &asker.address.to_string()).await {
            Ok(bearer) => bearer,
            Err(SignInError::Unavailable(_)) => return unavailable(&shared),
            Err(error) => return wrong(&error.to_string()),
        };
        if let Ok(value) = HeaderValue::from_str(&format!("Bearer {bearer}")) {
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
    }
    request.extensions_mut().insert(signed);
    next.run(request).await
}

/// Why a signature is not believed.
enum No {
    Wrong(String),
    TooFast(u64),
    Unavailable,
}

/// What a signed request says, and what its signature must be one of.
struct Claim<'a> {
    signature: Signature<'a>,
    proof: &'a str,
    sha256: bool,
    account: String,
    texts: Vec<String>,
}

impl<'a> Claim<'a> {
    fn of(shared: &Shared, request: &Request, given: &'a Given) -> Result<Self, String> {
        let sha256 = match given.get("oauth_signature_method")? {
            "HMAC-SHA1" => false,
            "HMAC-SHA256" => true,
            _ => return Err("oauth_signature_method must be HMAC-SHA1 or HMAC-SHA256".to_owned()),
        };
        if given.0.get("oauth_version").is_some_and(|version| version != "1.0") {
            return Err("oauth_version must be 1.0".to_owned());
        }
        let made_at_s = given.get("oauth_timestamp")?.parse().map_err(|_| "oauth_timestamp must be seconds")?;
        let (app_key, access_token) = (given.get("oauth_consumer_key")?, given.get("oauth_token")?);
        let signature = Signature { app_key, access_token, nonce: given.get("oauth_nonce")?, made_at_s };
        let uri = request.uri();
        let account = uri.path().split('/').skip_while(|part| *part != "account").nth(1).unwrap_or_default();
        let parameters = normalized(given, uri.query().unwrap_or_default()).ok_or("there are too many parameters")?;
        let named = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).or(uri.host());
        let hosts: Vec<&str> = named.into_iter().chain([shared.public_host.as_str()]).collect();
        let texts = texts(request.method().as_str(), &hosts, uri.path(), &parameters);
        Ok(Self { signature, proof: given.get("oauth_signature")?, sha256, account: account.to_owned(), texts })
    }
}

async fn who(shared: &Shared, asker: Asker, claim: &Claim<'_>) -> Result<Signed, No> {
    let right = |keys: &BotKey| is_right(claim.proof, claim.sha256, keys, &claim.texts);
    let known = shared.app.knows_signer(&claim.account, claim.signature);
    if !known {
        admitted(shared, asker)?;
    }
    match shared.app.believe_signature(&claim.account, claim.signature, &asker.address.to_string(), right).await {
        Ok(signed) => Ok(signed),
        Err(SignInError::Unavailable(_)) => Err(No::Unavailable),
        Err(_) => {
            if known {
                admitted(shared, asker)?;
            }
            Err(No::Wrong("the keys or the signature are wrong, the time is not now, or the request came before".to_owned()))
        }
    }
}

/// Whether an address may try now: unknown keys and wrong signatures count as log-ins.
fn admitted(shared: &Shared, asker: Asker) -> Result<(), No> {
    let (limits, now_us) = (&shared.limits, shared.app.clock().ticks_us());
    let step_us = 60_000_000 / u64::from(limits.sign_ins_per_min.get());
    let admitted = shared.sign_ins.admit(asker.address, now_us, step_us, limits.sign_ins_at_once);
    if admitted { Ok(()) } else { Err(No::TooFast(step_us.div_ceil(1_000_000) + 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of the standard, 3.4.1.1 and what surrounds it, but for its form body.
    #[test]
    fn what_is_signed_is_put_together_as_the_standard_says() {
        let header = r#"OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D""#;
        let given = Given::read(header).expect("a header");
        assert_eq!(given.get("oauth_signature"), Ok("bYT5CMsGcbgUdFHObYMEfcx6bsw="));
        let parameters = normalized(&given, "b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q").expect("few");
        assert_eq!(
            parameters,
            "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2&oauth_nonce=7d8f3e4a&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_token=kkk9d7dh3k39sjv7"
        );
        let signed = texts("POST", &["EXAMPLE.COM:80"], "/request", &parameters);
        let expected = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7";
        assert!(signed.iter().any(|text| text == expected), "{signed:?}");
    }

    #[test]
    fn a_header_that_says_something_twice_or_nothing_is_refused() {
        let check = |header: &str, good: bool| assert_eq!(Given::read(header).is_some(), good, "{header}");
        check(r#"OAuth a="1",b="%2B""#, true);
        check(r#"oauth a="1""#, true);
        check(r#"OAuth a="1", a="2""#, false);
        check("OAuth a=1", false);
        check(r#"OAuth a="%2""#, false);
        check(r#"OAuth a="%zz""#, false);
        check("Bearer x", false);
        check(&format!("OAuth a=\"{}\"", "x".repeat(MOST_HEADER)), false);
    }
}
