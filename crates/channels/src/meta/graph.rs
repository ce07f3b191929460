//! Calls to the Graph API: addresses, the token, the proof, and reading what comes back.

use super::{refusal, signature};
use crate::kit::errors::{self as kit_errors, Row};
use crate::kit::{form, http, json, settings};
use antiphon_app::channel::{Disposition, Keys, SendError};
use antiphon_app::ports::net::{Net, NetAnswer, NetRequest};
use antiphon_domain::Timestamp;
use serde_json::Value;

/// The vendor's API host.
pub const HOST: &str = "https://graph.facebook.com";
/// Pinned: an unversioned call gets the app's oldest usable version.
pub const VERSION: &str = "v25.0";
/// Meta fetches or takes a file before it answers; videos take it up to 75 s.
pub const MEDIA_TIMEOUT_MS: u64 = 90_000;

/// The Graph API as one source calls it.
#[derive(Clone, Copy)]
pub struct Graph<'a> {
    /// With what.
    pub keys: &'a Keys,
    /// Where, unless the source has a substitute.
    pub host: &'static str,
    /// The credential that allows it.
    pub token: &'static str,
    /// The channel's codes.
    pub table: &'static [Row],
    /// The product's name in the usage headers.
    pub product: &'static str,
}

impl Graph<'_> {
    fn token(&self) -> Result<&str, SendError> {
        self.keys.credential(self.token).ok_or_else(|| {
            kit_errors::error(
                Disposition::NeedsReauthorisation,
                "source_misconfigured",
                &format!("The source lacks the credential {}.", self.token),
                Some("Enter it in the source's credentials."),
            )
        })
    }

    /// The address of a call, with the proof of the app's secret where the app demands one.
    pub fn address(&self, path: &str, query: &[(&str, &str)]) -> Result<String, SendError> {
        let base = settings::base(self.keys, self.host);
        let version = settings::value(self.keys, "graph_version").unwrap_or(VERSION);
        let mut query = query.to_vec();
        let proof = match self.keys.credential("app_secret").filter(|_| settings::flag(self.keys, "require_appsecret_proof", false)) {
            Some(secret) => signature::appsecret_proof(self.token()?, secret),
            None => String::new(),
        };
        if !proof.is_empty() {
            query.push(("appsecret_proof", &proof));
        }
        let mark = if query.is_empty() { "" } else { "?" };
        Ok(format!("{base}/{version}/{path}{mark}{}", form::encode(query)))
    }

    /// The token goes into a header: addresses end up in logs.
    pub fn authorized(&self, mut request: NetRequest) -> Result<NetRequest, SendError> {
        http::authorize(&mut request, &format!("Bearer {}", self.token()?));
        Ok(request)
    }

    /// A call that only reads, or that can be repeated without harm.
    pub async fn harmless(&self, request: NetRequest, net: &dyn Net) -> Result<Value, SendError> {
        let call = self.authorized(request)?;
        let answer = net.call(call).await.map_err(|problem| kit_errors::harmless(kit_errors::from_net(&problem)))?;
        let body = read(&answer);
        if !(200..300).contains(&answer.status) || !body.is_object() {
            return Err(kit_errors::harmless(self.refused(&answer, &body, None)));
        }
        Ok(body)
    }

    /// What a refusal means; `now` where somebody will wait as long as it asks for.
    pub fn refused(&self, answer: &NetAnswer, body: &Value, now: Option<Timestamp>) -> SendError {
        refusal::of(self.table, answer, body, now.and_then(|now| refusal::asked(answer, self.product, now)))
    }
}

/// The answer's JSON, or nothing.
pub fn read(answer: &NetAnswer) -> Value {
    json::read(&answer.body).unwrap_or(Value::Null)
}
