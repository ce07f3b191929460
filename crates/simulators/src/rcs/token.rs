//! Service accounts and their tokens: a correctly signed claim buys one that lives an hour of virtual time.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::RcsSim;
use crate::kit::respond::Fields;
use crate::kit::{SimError, lock};

const LIFE_MS: i64 = 3_600_000;
const SKEW_S: i64 = 300;
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/rcsbusinessmessaging";

/// What the vendor knows of a service account.
pub(crate) struct Account {
    email: String,
    public: Vec<u8>,
}

impl Account {
    /// A new account and the JSON of its key.
    pub fn new(agent: &str) -> Result<(Self, String), SimError> {
        let failed = |_| SimError("service_account: the system makes no RSA key".into());
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der = pair.as_der().map_err(failed)?;
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
        let email = format!("{agent}@simulated.iam.gserviceaccount.test");
        let json = json!({ "type": "service_account", "client_email": email, "private_key_id": "sim-1", "private_key": pem, "token_uri": TOKEN_URI });
        Ok((Self { email, public: pair.public_key().as_ref().to_vec() }, json.to_string()))
    }
}

impl RcsSim {
    /// The answer of the token's address: status and body.
    pub(super) fn mint(&self, body: &[u8]) -> (u16, Value) {
        match self.claim(body) {
            Ok(agent) => {
                let token = self.ids().sid("ya29.");
                lock(&self.inner.state).tokens.insert(token.clone(), (agent, self.now_ms() + LIFE_MS));
                (200, json!({ "access_token": token, "expires_in": LIFE_MS / 1_000 - 1, "token_type": "Bearer" }))
            }
            Err(why) => (400, json!({ "error": "invalid_grant", "error_description": why })),
        }
    }

    /// The agent whose account signed the claim.
    fn claim(&self, body: &[u8]) -> Result<String, &'static str> {
        let fields = Fields::parse(body);
        if fields.get("grant_type") != Some("urn:ietf:params:oauth:grant-type:jwt-bearer") {
            return Err("unsupported grant_type");
        }
        let assertion = fields.get("assertion").unwrap_or_default();
        let (unsigned, signature) = assertion.rsplit_once('.').ok_or("the assertion is no JWT")?;
        let (header, claims) = unsigned.split_once('.').ok_or("the assertion is no JWT")?;
        let read = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
        let (header, claims) = (read(header).ok_or("bad header")?, read(claims).ok_or("bad claims")?);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "bad signature")?;
        let now = self.now_ms().div_euclid(1_000);
        let (issued, expires) = (claims["iat"].as_i64().unwrap_or_default(), claims["exp"].as_i64().unwrap_or_default());
        if header["alg"] != "RS256" || claims["aud"] != TOKEN_URI || claims["scope"] != SCOPE {
            return Err("wrong algorithm, audience or scope");
        }
        if (issued - now).abs() > SKEW_S || expires <= now || expires > issued + 3_600 {
            return Err("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe");
        }
        let state = lock(&self.inner.state);
        let (agent, known) =
            state.agents.iter().find(|(_, agent)| claims["iss"] == agent.account.email.as_str()).ok_or("unknown account")?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &known.account.public);
        key.verify(unsigned.as_bytes(), &signature).map_err(|_| "Invalid JWT Signature.")?;
        Ok(agent.clone())
    }
}
