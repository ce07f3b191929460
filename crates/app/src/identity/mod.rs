//! Identity: tokens of apps, consumers and users, how they are made and how they are believed.
//!
//! A token is a signed statement in the compact form of RFC 7515. It is verified before it is read, with the key that its
//! header names among the keys of one use: whatever was signed for another use is forged. Nothing here may accept an
//! algorithm but the one that the key is for, and no refused token may cost more than bounded work and bounded audit rows.

mod app_users;
mod brand;
mod check;
mod consumers;
mod issue;
mod jwt;
mod keys;
mod manifest;
mod provider_keys;
mod refusals;
mod visitors;

pub use app_users::{AppTokens, Asked, AskedError, CodeError, Renewed, SignInPlan};
pub use check::APP_CHANNEL;
pub use issue::{AppTokenError, ConsumerTokenError, IssuedAppToken};
pub use keys::PublicKey;
pub use manifest::Manifest;
pub use provider_keys::is_public_key;
pub(crate) use visitors::takes_strangers;
pub use visitors::{VisitorError, WEB_CHANNEL};

use crate::Unavailable;
use crate::ports::store::KeyUse;
use antiphon_domain::{AccountId, ConsumerId, SourceId, Timestamp};
use moka::sync::Cache;
use serde_json::{Value, json};
use std::sync::Arc;

/// Longest token that is looked at, in bytes.
pub const MOST_TOKEN: usize = 8 << 10;
/// Longest id that an app may give a consumer, in characters.
pub const MOST_EXTERNAL_ID: usize = 250;
/// Longest token of a visitor, in bytes: published clients copy no longer one.
const MOST_VISITOR_TOKEN: usize = 2_048;
/// How long an app's token lives, in seconds.
pub const APP_TOKEN_S: i64 = 3600;
/// How long an app has to exchange the code that it got, in seconds.
pub const CODE_S: i64 = 60;
/// How long what an app holds for a user lives, in seconds.
pub const USER_TOKEN_S: i64 = 3600;
/// How long it may be renewed, counted from the last time, in seconds.
pub const RENEWAL_S: i64 = 30 * 24 * 3600;
/// How long the description of the user lives that an app gets, in seconds.
pub const ID_TOKEN_S: i64 = 600;
/// Checked tokens that are remembered, so that a signature is verified once and not with every request.
const MOST_CHECKED: u64 = 50_000;
/// Accounts whose consumer secret is held in memory.
const MOST_SECRETS: u64 = 10_000;

/// What the process holds for the checks.
pub(crate) struct Identity {
    keys: keys::Keys,
    checked: Cache<[u8; 32], (KeyUse, Arc<check::Checked>)>,
    consumer_secrets: Cache<AccountId, [u8; 32]>,
    provider_keys: provider_keys::Fetched,
    refusals: refusals::Refusals,
}

impl Identity {
    /// With the keys that there are.
    ///
    /// # Errors
    /// When a stored key can't be used.
    pub(crate) fn new(keys: Vec<crate::ports::store::SigningKey>) -> Result<Self, Unavailable> {
        Ok(Self {
            keys: keys::Keys::new(keys)?,
            checked: Cache::new(MOST_CHECKED),
            consumer_secrets: Cache::new(MOST_SECRETS),
            provider_keys: provider_keys::Fetched::default(),
            refusals: refusals::Refusals::default(),
        })
    }
}

/// An app, as its token says and as it is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppIdentity {
    /// In which account.
    pub account: AccountId,
    /// Which app.
    pub client_id: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The source that its conversations come over.
    pub source: Option<SourceId>,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// A consumer, as their token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerIdentity {
    /// In which account.
    pub account: AccountId,
    /// Who: the same for the same person whenever they come back.
    pub consumer: ConsumerId,
    /// The source they come over; for consumers that an app speaks for, the app's.
    pub source: Option<SourceId>,
    /// What the app, or the brand's log-in, calls them; their own id for anonymous visitors.
    pub external_id: String,
    /// Which of the brand's log-ins vouches for them.
    pub issuer: Option<String>,
    /// Whether somebody vouches for them.
    pub authenticated: bool,
    /// What the brand's log-in tells of them.
    pub claims: ConsumerClaims,
    /// When the token ends; tokens of consumers that an app speaks for never do.
    pub expires_at: Option<Timestamp>,
}

impl ConsumerIdentity {
    /// What the brand's log-in tells of them as engagement attributes: typed objects, its own behind those that are made of its claims.
    pub fn attributes(&self) -> Vec<Value> {
        let mut attributes = Vec::new();
        let claims = &self.claims;
        if self.issuer.is_some() {
            let mut info = json!({"customerId": self.external_id});
            set(&mut info, "userName", &claims.preferred_username);
            set(&mut info, "imei", &claims.phone_number);
            attributes.push(json!({"type": "ctmrinfo", "info": info}));
            let mut personal = json!({});
            set(&mut personal, "firstname", &claims.given_name);
            set(&mut personal, "lastname", &claims.family_name);
            set(&mut personal, "gender", &claims.gender);
            if let Some(email) = &claims.email {
                personal["contacts"] = json!([{"email": email}]);
            }
            if personal.as_object().is_some_and(|members| !members.is_empty()) {
                attributes.push(json!({"type": "personal", "personal": personal}));
            }
        }
        attributes.extend(claims.attributes.iter().cloned());
        attributes
    }
}

fn set(object: &mut Value, name: &str, text: &Option<String>) {
    if let Some(text) = text {
        object[name] = json!(text);
    }
}

/// What the brand's log-in tells of a consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ConsumerClaims {
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// As the brand spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// The name they sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Engagement attributes, as the brand signed them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Value>,
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("the token is missing")]
    Missing,
    /// It is no signed token, or too long.
    #[error("the token is no signed token in compact form: {0}")]
    Malformed(&'static str),
    /// It names another algorithm than its key is for, `none` among them.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// It names a key that there is not for this use.
    #[error("the token was signed with a key that is not known for this use")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the token's signature is wrong")]
    Forged,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
    /// It begins later, or was signed in the future.
    #[error("the token is not valid yet")]
    TooEarly,
    /// A claim is missing or has the wrong form.
    #[error("the token's claim `{0}` is missing or has the wrong form")]
    Claim(&'static str),
    /// Another issuer signed it.
    #[error("the token names another issuer")]
    WrongIssuer,
    /// It is for another account, or there is no such account.
    #[error("the token is for another account")]
    WrongAccount,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    WrongAudience,
    /// The app that it names is not installed, or switched off.
    #[error("the app is not installed or switched off")]
    NoSuchApp,
}

impl TokenError {
    /// A stable name, for metrics and the audit trail.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed(_) => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::TooEarly => "too_early",
            Self::Claim(_) => "claim",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAccount => "wrong_account",
            Self::WrongAudience => "wrong_audience",
            Self::NoSuchApp => "no_such_app",
        }
    }
}
