//! The brand's own log-ins: tokens that they signed are believed as far as the account's identity providers say.
//!
//! A token's issuer is read before anything is verified, to find whose keys to verify it with; nothing else of it is.

use super::provider_keys::{KeySource, ProviderKey};
use super::{ConsumerClaims, MOST_EXTERNAL_ID, TokenError, jwt};
use crate::ports::store::{IdentityProvider, ProviderKeys};
use crate::{AccountView, App};
use serde::Deserialize;
use serde_json::Value;

/// How far the brand's clock may differ from ours, in seconds.
const LEEWAY_S: i64 = 60;
/// Longest text that is taken over from a token, in characters.
const MOST_CLAIM: usize = 256;
/// Most engagement attributes that are taken over from a token.
const MOST_ATTRIBUTES: usize = 20;

/// Whom a log-in of the brand's vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vouched {
    pub issuer: String,
    pub subject: String,
    pub claims: ConsumerClaims,
}

/// Why nobody is vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BrandError {
    Token(TokenError),
    NoSuchProvider(String),
    KeysUnavailable(String),
}

impl From<TokenError> for BrandError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: Option<String>,
    aud: Option<Audience>,
    iat: Option<f64>,
    exp: Option<f64>,
    nbf: Option<f64>,
    #[serde(default)]
    given_name: Value,
    #[serde(default)]
    family_name: Value,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    gender: Value,
    #[serde(default)]
    preferred_username: Value,
    #[serde(default)]
    phone_number: Value,
    #[serde(default)]
    lp_sdes: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

#[derive(Deserialize)]
struct Issuer {
    iss: Option<String>,
}

impl App {
    /// Whom this token vouches for.
    pub(super) async fn vouched(&self, view: &AccountView, token: &str) -> Result<Vouched, BrandError> {
        let parts = jwt::Parts::of(token)?;
        let issuer = parts.claims::<Issuer>()?.iss.ok_or(TokenError::Claim("iss"))?;
        let provider = view.identity_providers.get(&issuer).filter(|provider| provider.enabled);
        let provider = provider.ok_or_else(|| BrandError::NoSuchProvider(issuer.chars().take(200).collect()))?;
        if !matches!(parts.header.alg.as_str(), "RS256" | "ES256") {
            return Err(TokenError::Algorithm.into());
        }
        self.verify_with(view, provider, &parts).await?;
        let claims: Claims = parts.claims()?;
        check(&claims, provider, view, self.clock.now().0.div_euclid(1000))?;
        let subject = claims.sub.clone().ok_or(TokenError::Claim("sub"))?;
        Ok(Vouched { issuer, subject, claims: told(claims) })
    }

    async fn verify_with(&self, view: &AccountView, provider: &IdentityProvider, parts: &jwt::Parts<'_>) -> Result<(), BrandError> {
        let kid = parts.header.kid.as_deref();
        let keys: KeySource = match &provider.keys {
            ProviderKeys::Pem(pem) => match ProviderKey::from_pem(pem) {
                Some(key) => KeySource::from(vec![key]),
                None => return Err(BrandError::KeysUnavailable("its public key is no key".to_owned())),
            },
            ProviderKeys::Jwks(url) => self.provider_keys(view, url, kid).await.map_err(BrandError::KeysUnavailable)?,
        };
        let mut known = false;
        for key in keys.iter().filter(|key| key.fits(&parts.header.alg, kid)) {
            known = true;
            if key.signed(parts) {
                return Ok(());
            }
        }
        Err(BrandError::Token(if known { TokenError::Forged } else { TokenError::UnknownKey }))
    }
}

fn check(claims: &Claims, provider: &IdentityProvider, view: &AccountView, now_s: i64) -> Result<(), TokenError> {
    if claims.iss != provider.issuer {
        return Err(TokenError::WrongIssuer);
    }
    let number = |value: Option<f64>, name| value.filter(|at| at.is_finite() && at.abs() < 1e13).ok_or(TokenError::Claim(name));
    let (exp, iat) = (number(claims.exp, "exp")?, number(claims.iat, "iat")?);
    let now = now_s as f64;
    let leeway = LEEWAY_S as f64;
    if now >= exp + leeway {
        return Err(TokenError::Expired);
    }
    let not_before = claims.nbf.unwrap_or(iat).max(iat);
    if not_before > now + leeway {
        return Err(TokenError::TooEarly);
    }
    let named = |name: &str| claims.aud.as_ref().is_some_and(|aud| aud.names(name));
    let meant = match (&provider.audience, &claims.aud) {
        (Some(audience), _) => named(audience),
        // Without a setting, a token that names an audience must mean us: one for another party of the same log-in is not for us.
        (None, Some(_)) => named(view.account.id.as_str()) || named(&format!("acc:{}", view.account.id)),
        (None, None) => true,
    };
    if !meant {
        return Err(TokenError::WrongAudience);
    }
    let subject = claims.sub.as_deref().ok_or(TokenError::Claim("sub"))?;
    if !(1..=MOST_EXTERNAL_ID).contains(&subject.chars().count()) || subject.chars().any(char::is_control) {
        return Err(TokenError::Claim("sub"));
    }
    Ok(())
}

/// What is taken over of a token's claims; what has another form is left out.
fn told(claims: Claims) -> ConsumerClaims {
    let text = |value: Value| match value {
        Value::String(text) if (1..=MOST_CLAIM).contains(&text.chars().count()) => Some(text),
        _ => None,
    };
    let attributes = match claims.lp_sdes {
        Value::Array(items) => items.into_iter().filter(|item| item["type"].is_string()).take(MOST_ATTRIBUTES).collect(),
        _ => Vec::new(),
    };
    ConsumerClaims {
        given_name: text(claims.given_name),
        family_name: text(claims.family_name),
        email: text(claims.email),
        gender: text(claims.gender),
        preferred_username: text(claims.preferred_username),
        phone_number: text(claims.phone_number),
        attributes,
    }
}
