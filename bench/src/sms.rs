//! Inbound text messages as the telephone vendor signs and posts them (form fields, HMAC-SHA1 over URL and sorted fields).
//!
//! Written from the vendor's description, not from our connector: two readings show a mistake.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::net::SocketAddr;

/// Our number, which is the source's address.
pub const NUMBER: &str = "+15005550006";
/// The account at the vendor.
pub const ACCOUNT_SID: &str = "AC00000000000000000000000000000bec";
/// The key that signs webhooks.
pub const AUTH_TOKEN: &str = "bench_auth_token_000000000000000";

/// Makes signed webhook requests for one server.
#[derive(Clone)]
pub struct Signer {
    host: String,
    keyed: Hmac<Sha1>,
}

impl Signer {
    /// A signer for the server at this address, whose public URL is plain http on it.
    pub fn new(address: SocketAddr) -> Self {
        Self { host: address.to_string(), keyed: Hmac::new_from_slice(AUTH_TOKEN.as_bytes()).expect("any length is a key") }
    }

    /// The whole request of one message. `id` makes the vendor's id; the same id is the same message.
    pub fn request(&self, id: &str, from: &str, text: &str) -> Vec<u8> {
        let path = "/webhooks/twilio_sms/%2B15005550006";
        let sid = format!("SM{id:0>32}");
        // In the byte order of their names, as the signature wants them.
        let fields = [
            ("AccountSid", ACCOUNT_SID),
            ("ApiVersion", "2010-04-01"),
            ("Body", text),
            ("From", from),
            ("MessageSid", &sid),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsMessageSid", &sid),
            ("SmsSid", &sid),
            ("SmsStatus", "received"),
            ("To", NUMBER),
        ];
        let mut mac = self.keyed.clone();
        mac.update(b"http://");
        mac.update(self.host.as_bytes());
        mac.update(path.as_bytes());
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(400));
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
            form.append_pair(name, value);
        }
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        let body = form.finish();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        )
        .into_bytes()
    }
}

/// The telephone number of the n-th consumer.
pub fn consumer(number: u64) -> String {
    format!("+1415{:07}", 1_000_000 + number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_over_url_and_sorted_fields() {
        let address: SocketAddr = "127.0.0.1:8080".parse().expect("an address");
        let request = String::from_utf8(Signer::new(address).request("1", "+14151000001", "hi there")).expect("text");
        let mut mac = Hmac::<Sha1>::new_from_slice(AUTH_TOKEN.as_bytes()).expect("a key");
        let sid = format!("SM{:0>32}", 1);
        mac.update(
            format!(
                "http://127.0.0.1:8080/webhooks/twilio_sms/%2B15005550006AccountSid{ACCOUNT_SID}ApiVersion2010-04-01Bodyhi thereFrom+14151000001MessageSid{sid}NumMedia0NumSegments1SmsMessageSid{sid}SmsSid{sid}SmsStatusreceivedTo{NUMBER}"
            )
            .as_bytes(),
        );
        let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        assert!(request.contains(&format!("X-Twilio-Signature: {expected}\r\n")), "{request}");
        assert!(request.contains("Body=hi+there&From=%2B14151000001"), "{request}");
    }
}
