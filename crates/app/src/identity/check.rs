//! Believing tokens: of apps, and of consumers. A signature is verified once; everything that may change meanwhile (the time,
//! the account, the app's installation) is looked at each time.

use super::{AppIdentity, ConsumerClaims, ConsumerIdentity, TokenError, jwt};
use crate::App;
use crate::ports::store::KeyUse;
use antiphon_domain::{AccountId, ConsumerId, SourceId, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Who signs tokens of apps and of users, as they say.
pub(super) const ISSUER: &str = "Sentinel";
/// Who signs tokens of visitors, as they say.
pub(super) const VISITOR_ISSUER: &str = "Idp";
/// The channel of apps: an app is a source of it, with its client id as address.
pub const APP_CHANNEL: &str = "connector_api";

/// The claims of a token whose signature was right.
pub(super) enum Checked {
    App(AppClaims),
    Consumer(SpokenFor),
    Visitor(Visitor),
}

/// An app's token.
#[derive(Deserialize)]
pub(super) struct AppClaims {
    aud: Option<String>,
    azp: Option<String>,
    scope: Option<String>,
    iss: Option<String>,
    exp: Option<i64>,
}

/// A consumer that an app speaks for.
#[derive(Deserialize)]
pub(super) struct SpokenFor {
    account_id: Option<String>,
    ext_consumer_id: Option<String>,
    lp_consumer_id: Option<String>,
}

/// A consumer who comes over the web.
#[derive(Deserialize)]
pub(super) struct Visitor {
    aud: Option<String>,
    iss: Option<String>,
    sub: Option<String>,
    exp: Option<i64>,
    /// The source that they come over.
    src: Option<String>,
    #[serde(rename = "lp.ext")]
    vouched: Option<Vouched>,
}

/// Who vouches for a visitor, and what else they say.
#[derive(Deserialize)]
struct Vouched {
    sub: String,
    iss: String,
    /// Our own record, opaque to clients.
    #[serde(rename = "lp_sdes", default)]
    claims: String,
}

impl App {
    /// The app whose token this is.
    ///
    /// # Errors
    /// See [`TokenError`]; `Claim` and `WrongIssuer` tell that a rightly signed token lacks what it must say.
    pub fn check_app_token(&self, account: &AccountId, token: &str) -> Result<AppIdentity, TokenError> {
        self.believed_app(account, token).inspect_err(|error| self.token_refused(account, "app", error))
    }

    /// The consumer whose token this is: one that an app speaks for, or a visitor.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn check_consumer_token(&self, account: &AccountId, token: &str) -> Result<ConsumerIdentity, TokenError> {
        self.believed_consumer(account, token).inspect_err(|error| self.token_refused(account, "consumer", error))
    }

    fn believed_app(&self, account: &AccountId, token: &str) -> Result<AppIdentity, TokenError> {
        let checked = self.checked(token, &[KeyUse::App, KeyUse::AppFixed])?;
        let Checked::App(claims) = &*checked else { return Err(TokenError::UnknownKey) };
        if !claims.iss.as_deref().ok_or(TokenError::Claim("iss"))?.eq_ignore_ascii_case(ISSUER) {
            return Err(TokenError::WrongIssuer);
        }
        let aud = claims.aud.as_deref().ok_or(TokenError::Claim("aud"))?;
        let client_id = claims.azp.as_deref().ok_or(TokenError::Claim("azp"))?;
        let scope = claims.scope.as_deref().ok_or(TokenError::Claim("scope"))?;
        let expires_at = seconds(claims.exp.ok_or(TokenError::Claim("exp"))?);
        if self.clock.now() >= expires_at {
            return Err(TokenError::Expired);
        }
        let directory = self.directory();
        let view = directory.account(account).filter(|_| aud == account.as_str()).ok_or(TokenError::WrongAccount)?;
        let app = view.connector_apps.get(client_id).filter(|app| app.enabled).ok_or(TokenError::NoSuchApp)?;
        let source = directory.source_at(APP_CHANNEL, client_id).filter(|(owner, _)| owner.account.id == *account);
        Ok(AppIdentity {
            account: account.clone(),
            client_id: app.client_id.clone(),
            scopes: scope.split_ascii_whitespace().map(str::to_owned).collect(),
            source: source.map(|(_, source)| source.id),
            expires_at,
        })
    }

    fn believed_consumer(&self, account: &AccountId, token: &str) -> Result<ConsumerIdentity, TokenError> {
        let checked = self.checked(token, &[KeyUse::Consumer, KeyUse::Visitor])?;
        self.directory().account(account).ok_or(TokenError::WrongAccount)?;
        match &*checked {
            Checked::Consumer(claims) => spoken_for(account, claims),
            Checked::Visitor(claims) => visitor(account, claims, self.clock.now()),
            Checked::App(_) => Err(TokenError::UnknownKey),
        }
    }

    /// The claims of a token that was signed with a key of one of these uses.
    fn checked(&self, token: &str, uses: &[KeyUse]) -> Result<Arc<Checked>, TokenError> {
        let key: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some((_, known)) = self.identity.checked.get(&key).filter(|(purpose, _)| uses.contains(purpose)) {
            return Ok(known);
        }
        let (purpose, parts) = self.verified(token, uses)?;
        let checked = Arc::new(match purpose {
            KeyUse::App | KeyUse::AppFixed => Checked::App(parts.claims()?),
            KeyUse::Consumer => Checked::Consumer(parts.claims()?),
            KeyUse::Visitor => Checked::Visitor(parts.claims()?),
            KeyUse::Anonymous | KeyUse::User => return Err(TokenError::UnknownKey),
        });
        self.identity.checked.insert(key, (purpose, Arc::clone(&checked)));
        Ok(checked)
    }

    /// The use that a token was signed for, out of some, with the token taken apart.
    pub(super) fn verified<'t>(&self, token: &'t str, uses: &[KeyUse]) -> Result<(KeyUse, jwt::Parts<'t>), TokenError> {
        let parts = jwt::Parts::of(token)?;
        // Said by the token, but compared with the one algorithm that all our keys are for: `none` and keyed hashes never get here.
        if parts.header.alg != "RS256" {
            return Err(TokenError::Algorithm);
        }
        let kid = parts.header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
        let mut known = false;
        for purpose in uses {
            if let Some(key) = self.identity.keys.find(*purpose, kid) {
                known = true;
                if key.signed(&parts) {
                    return Ok((*purpose, parts));
                }
            }
        }
        Err(if known { TokenError::Forged } else { TokenError::UnknownKey })
    }

    pub(super) fn token_refused(&self, account: &AccountId, kind: &'static str, error: &TokenError) {
        metrics::counter!("antiphon_refused_tokens_total", "kind" => kind, "reason" => error.code()).increment(1);
        if *error != TokenError::Missing && self.directory().account(account).is_some() {
            let id = format!("{kind}/{}", error.code());
            self.audit_often(account, "token.refused", ("token", &id), || serde_json::json!({"reason": error.to_string()}));
        }
    }
}

fn seconds(at: i64) -> Timestamp {
    Timestamp(at.saturating_mul(1000))
}

fn spoken_for(account: &AccountId, claims: &SpokenFor) -> Result<ConsumerIdentity, TokenError> {
    let owner = claims.account_id.as_deref().ok_or(TokenError::Claim("account_id"))?;
    let external_id = claims.ext_consumer_id.clone().ok_or(TokenError::Claim("ext_consumer_id"))?;
    let consumer = claims.lp_consumer_id.as_deref().and_then(|id| id.parse().ok()).ok_or(TokenError::Claim("lp_consumer_id"))?;
    if owner != account.as_str() {
        return Err(TokenError::WrongAccount);
    }
    Ok(ConsumerIdentity {
        account: account.clone(),
        consumer,
        source: None,
        external_id,
        issuer: None,
        authenticated: true,
        claims: ConsumerClaims::default(),
        expires_at: None,
    })
}

fn visitor(account: &AccountId, claims: &Visitor, now: Timestamp) -> Result<ConsumerIdentity, TokenError> {
    if claims.iss.as_deref().ok_or(TokenError::Claim("iss"))? != VISITOR_ISSUER {
        return Err(TokenError::WrongIssuer);
    }
    let aud = claims.aud.as_deref().ok_or(TokenError::Claim("aud"))?;
    let consumer: ConsumerId = claims.sub.as_deref().and_then(|sub| sub.parse().ok()).ok_or(TokenError::Claim("sub"))?;
    let source: SourceId = claims.src.as_deref().and_then(|source| source.parse().ok()).ok_or(TokenError::Claim("src"))?;
    let expires_at = seconds(claims.exp.ok_or(TokenError::Claim("exp"))?);
    if now >= expires_at {
        return Err(TokenError::Expired);
    }
    if aud.strip_prefix("acc:") != Some(account.as_str()) {
        return Err(TokenError::WrongAccount);
    }
    let told = match claims.vouched.as_ref().map(|vouched| vouched.claims.as_str()) {
        None | Some("") => ConsumerClaims::default(),
        Some(text) => serde_json::from_str(text).map_err(|_| TokenError::Claim("lp.ext"))?,
    };
    Ok(ConsumerIdentity {
        account: account.clone(),
        consumer,
        source: Some(source),
        external_id: claims.vouched.as_ref().map_or_else(|| consumer.to_string(), |vouched| vouched.sub.clone()),
        issuer: claims.vouched.as_ref().map(|vouched| vouched.iss.clone()),
        authenticated: claims.vouched.is_some(),
        claims: told,
        expires_at: Some(expires_at),
    })
}
