//! The vendor's webhook signatures, as the signer computes them. Nothing is verified here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// `X-Twilio-Signature` over a URL and the form's parameters: sorted by name in byte order, name and value appended.
#[must_use]
pub fn signature(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = params.iter().collect();
    sorted.sort();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The lower-case hexadecimal SHA-256 of a JSON body, which goes into the URL as `bodySHA256`.
#[must_use]
pub fn body_sha256(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// How the port stands in the signed URL; the vendor itself is not consistent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortInSignature {
    /// As configured.
    #[default]
    AsConfigured,
    /// Left out.
    Without,
    /// Always written, the scheme's own where none is configured.
    With,
}

/// The URL that is signed: fragment off, port as asked.
#[must_use]
pub fn signed_url(url: &str, port: PortInSignature) -> String {
    let url = url.split('#').next().unwrap_or_default();
    if port == PortInSignature::AsConfigured {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A colon inside brackets belongs to an IPv6 address, not to a port.
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = authority[host_end..].rfind(':').map(|at| at + host_end);
    let host = &authority[..colon.unwrap_or(authority.len())];
    match port {
        PortInSignature::With if colon.is_none() => {
            let number = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
            format!("{scheme}://{host}:{number}{path}")
        }
        PortInSignature::Without => format!("{scheme}://{host}{path}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sim_twilio_auth_token_00000000000";
    const FORM: &str = "AccountSid=AC00000000000000000000000000000001&Body=Hi+there+%26+bye&From=%2B15550002222&MessageSid=SM00000000000000000000000000000001&NumMedia=0&To=%2B15550001111";

    fn params(form: &str) -> Vec<(String, String)> {
        let mut all: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        all.reverse();
        all
    }

    #[test]
    fn form_signatures_match_the_published_vectors() {
        let url = "https://hooks.example.test/twilio/in?channel=7";
        assert_eq!(signature(KEY, url, &params(FORM)), "P82i9GL2SFgoezxxejpILJPnjjA=");
        let with_port = signed_url(url, PortInSignature::With);
        assert_eq!(with_port, "https://hooks.example.test:443/twilio/in?channel=7");
        assert_eq!(signature(KEY, &with_port, &params(FORM)), "vNU2HHcb8aCLzkYC878JQHYa4o0=");
        assert_eq!(signed_url(&with_port, PortInSignature::Without), url);
    }

    #[test]
    fn json_signature_matches_the_published_vector() {
        let digest = body_sha256(br#"{"eventType":"onMessageAdded","index":0}"#);
        assert_eq!(digest, "73d903f7e66dce5a1c0263471364c8ff97026cbfc394f0cafb664edb63f0d287");
        let url = format!("https://hooks.example.test/twilio/json?bodySHA256={digest}");
        assert_eq!(signature(KEY, &url, &[]), "gi9Fx18vA6/HMCYyZhxgq4Hlh8I=");
    }

    #[test]
    fn names_are_sorted_by_byte_order() {
        let names = ["Body", "From", "SmsSid", "To", "ToCity", "body"];
        let forward: Vec<_> = names.iter().map(|n| ((*n).to_owned(), "x".to_owned())).collect();
        let joined: String = names.iter().map(|n| format!("{n}x")).collect();
        assert_eq!(signature("k", "u", &forward), signature("k", &format!("u{joined}"), &[]));
    }

    #[test]
    fn any_change_changes_the_signature() {
        let url = "https://hooks.example.test/twilio/in?channel=7";
        let right = signature(KEY, url, &params(FORM));
        let mut longer = params(FORM);
        longer[0].1.push('x');
        assert_ne!(signature(KEY, url, &longer), right);
        assert_ne!(signature("another tenant", url, &params(FORM)), right);
        assert_ne!(signature(KEY, &format!("{url}&"), &params(FORM)), right);
    }

    #[test]
    fn ports_are_found_beside_ipv6_addresses() {
        let check = |url, port, expected| assert_eq!(signed_url(url, port), expected);
        check("http://[::1]/x#rc=2", PortInSignature::With, "http://[::1]:80/x");
        check("http://[::1]:81/x", PortInSignature::Without, "http://[::1]/x");
        check("http://h:81?q=a:b", PortInSignature::With, "http://h:81?q=a:b");
    }
}
