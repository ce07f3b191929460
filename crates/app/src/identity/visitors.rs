//! Consumers who come by themselves, over the web: anonymous ones, who get an identity that can be kept for a month, and those
//! for whom one of the brand's log-ins vouches.

use super::brand::{BrandError, Vouched};
use super::check::{APP_CHANNEL, VISITOR_ISSUER};
use super::consumers::NamedBy;
use super::{ConsumerClaims, MOST_VISITOR_TOKEN, TokenError};
use crate::ports::store::KeyUse;
use crate::widget::Widget;
use crate::{AccountView, App, Unavailable};
use antiphon_domain::{AccountId, ConsumerId, Source, SourceId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The channel of visitors.
pub const WEB_CHANNEL: &str = "web";
/// How long an anonymous identity can be kept, in seconds.
const ANONYMOUS_S: i64 = 730 * 3600;
/// How long an anonymous identity lives before it is renewed or exchanged, in seconds.
const ANONYMOUS_TOKEN_S: i64 = 600;
/// How long a token lives that another one was exchanged for, in seconds.
const EXCHANGED_S: i64 = 24 * 3600;

/// No token for a visitor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VisitorError {
    /// There is no such account.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Nothing that visitors could come over.
    #[error("the account has no active source of the channel web; an administrator can connect one")]
    NoWebSource,
    /// The path names nothing that visitors could come over.
    #[error("there is no active source `{0}`: name a source of the channel web, or an installed app, by its id or address")]
    NoSuchConnector(String),
    /// The source is for visitors whom the brand vouches for.
    #[error("visitors of the source `{0}` have to be signed in: present a token of one of the account's identity providers")]
    SignInRequired(String),
    /// What they came with is not believed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// None of the account's identity providers is the issuer.
    #[error("no identity provider of the account has the issuer `{0}`; an administrator can add one")]
    NoSuchProvider(String),
    /// The keys of the identity provider can't be had for now.
    #[error("the keys of the identity provider can't be fetched: {0}")]
    KeysUnavailable(String),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<BrandError> for VisitorError {
    fn from(error: BrandError) -> Self {
        match error {
            BrandError::Token(error) => Self::Token(error),
            BrandError::NoSuchProvider(issuer) => Self::NoSuchProvider(issuer),
            BrandError::KeysUnavailable(problem) => Self::KeysUnavailable(problem),
        }
    }
}

/// The claims of an anonymous identity.
#[derive(Deserialize)]
struct Anonymous {
    aud: String,
    sub: String,
    exp: i64,
    /// When it was first given.
    first: i64,
}

impl App {
    /// A token for a visitor whom nobody knows, over the account's web source.
    ///
    /// # Errors
    /// See [`VisitorError`].
    pub async fn sign_up_visitor(&self, account: &str) -> Result<String, VisitorError> {
        let view = self.account_named(account)?;
        let source = web_source(&view)?;
        for_strangers(source)?;
        self.visitor_token(&view.account.id, self.ids.consumer(), source.id, None, ANONYMOUS_S).await
    }

    /// An anonymous identity, to be exchanged for a visitor's token; `earlier` is one that is to be kept.
    ///
    /// # Errors
    /// See [`VisitorError`].
    pub async fn anonymous_identity(&self, account: &str, earlier: Option<&str>) -> Result<String, VisitorError> {
        let view = self.account_named(account)?;
        let account = &view.account.id;
        let now_s = self.now_s();
        let (sub, first) = match earlier {
            None => (self.ids.pid().to_string(), now_s),
            Some(token) => {
                let kept =
                    self.kept_identity(account, token, now_s).inspect_err(|error| self.token_refused(account, "anonymous", error))?;
                (kept.sub, kept.first)
            }
        };
        let claims = json!({
            "sub": sub,
            "aud": audience(account),
            "iss": VISITOR_ISSUER,
            "iat": now_s,
            "exp": now_s + ANONYMOUS_TOKEN_S,
            "first": first,
        });
        Ok(self.sign_token(account, KeyUse::Anonymous, &claims).await?)
    }

    /// An anonymous identity that may be renewed: also one that has ended, within a month of its first beginning.
    fn kept_identity(&self, account: &AccountId, token: &str, now_s: i64) -> Result<Anonymous, TokenError> {
        let claims: Anonymous = self.verified(token, &[KeyUse::Anonymous])?.1.claims()?;
        if claims.aud != audience(account) {
            return Err(TokenError::WrongAccount);
        }
        if now_s >= claims.first.saturating_add(ANONYMOUS_S) {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// A token for the visitor whose identity this is: an anonymous one, or one that a log-in of the brand's signed.
    /// `connector` names the source that they come over; the account's web source when `None`.
    ///
    /// # Errors
    /// See [`VisitorError`].
    pub async fn exchange_identity(&self, account: &str, connector: Option<&str>, token: &str) -> Result<String, VisitorError> {
        let view = self.account_named(account)?;
        let source = match connector {
            Some(named) => named_source(&view, named)?,
            None => web_source(&view)?,
        };
        let exchanged = self.exchanged(&view, source, token).await;
        if let Err(VisitorError::Token(error)) = &exchanged {
            self.token_refused(&view.account.id, "identity", error);
        }
        exchanged
    }

    async fn exchanged(&self, view: &AccountView, source: &Source, token: &str) -> Result<String, VisitorError> {
        let account = &view.account.id;
        match self.verified(token, &[KeyUse::Anonymous]) {
            Ok((_, parts)) => {
                let claims: Anonymous = parts.claims()?;
                if claims.aud != audience(account) {
                    return Err(TokenError::WrongAccount.into());
                }
                for_strangers(source)?;
                if self.now_s() >= claims.exp {
                    return Err(TokenError::Expired.into());
                }
                let consumer = self.derived_consumer(account, NamedBy::Ourselves, &claims.sub).await?;
                self.visitor_token(account, consumer, source.id, None, EXCHANGED_S).await
            }
            Err(TokenError::UnknownKey | TokenError::Algorithm | TokenError::Forged) => {
                // Not ours, so it must be the brand's: their keys may bear any name and sign in another way.
                let vouched = self.vouched(view, token).await?;
                let consumer = self.derived_consumer(account, NamedBy::Provider(&vouched.issuer), &vouched.subject).await?;
                self.visitor_token(account, consumer, source.id, Some(vouched), EXCHANGED_S).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn visitor_token(
        &self,
        account: &AccountId,
        consumer: ConsumerId,
        source: SourceId,
        vouched: Option<Vouched>,
        lives_s: i64,
    ) -> Result<String, VisitorError> {
        let now_s = self.now_s();
        let mut claims = json!({
            "sub": consumer.to_string(),
            "aud": audience(account),
            "iss": VISITOR_ISSUER,
            "iat": now_s,
            "exp": now_s + lives_s,
            "src": source.to_string(),
        });
        let kind = if vouched.is_some() { "vouched" } else { "anonymous" };
        if let Some(mut vouched) = vouched {
            loop {
                claims["lp.ext"] = extension(&vouched)?;
                if token_length(&claims) <= MOST_VISITOR_TOKEN || vouched.claims == ConsumerClaims::default() {
                    break;
                }
                // Published clients copy no longer token than this, so what the brand tells beyond is left out, last first.
                metrics::counter!("antiphon_shortened_tokens_total").increment(1);
                if vouched.claims.attributes.pop().is_none() {
                    vouched.claims = ConsumerClaims::default();
                }
            }
        }
        let token = self.sign_token(account, KeyUse::Visitor, &claims).await?;
        metrics::counter!("antiphon_consumer_tokens_total", "kind" => kind).increment(1);
        Ok(token)
    }

    fn now_s(&self) -> i64 {
        self.clock.now().0.div_euclid(1000)
    }

    fn account_named(&self, account: &str) -> Result<Arc<AccountView>, VisitorError> {
        let id = account.parse::<AccountId>().map_err(|_| VisitorError::NoSuchAccount)?;
        self.directory().account(&id).cloned().ok_or(VisitorError::NoSuchAccount)
    }
}

fn audience(account: &AccountId) -> String {
    format!("acc:{account}")
}

/// Who vouches, and what else they say: the last as a text that is opaque to clients.
fn extension(vouched: &Vouched) -> Result<Value, VisitorError> {
    let claims = serde_json::to_string(&vouched.claims).map_err(|error| Unavailable(error.to_string()))?;
    Ok(json!({"sub": vouched.subject, "iss": vouched.issuer, "lp_sdes": claims}))
}

/// How long a token of these claims is, about: its header and signature are always the same.
fn token_length(claims: &Value) -> usize {
    const HEADER_AND_SIGNATURE: usize = 430;
    HEADER_AND_SIGNATURE + super::jwt::encoded_length(claims)
}

/// Where visitors come who name no source: the account's only web source, or its first.
fn web_source(view: &AccountView) -> Result<&Arc<Source>, VisitorError> {
    let mut active = view.sources.values().filter(|source| source.enabled && source.channel == WEB_CHANNEL);
    active.next().ok_or(VisitorError::NoWebSource)
}

/// Whether visitors whom nobody vouches for may come over a source.
pub(crate) fn takes_strangers(source: &Source) -> bool {
    source.channel != WEB_CHANNEL || !Widget::of(source).sign_in_required
}

fn for_strangers(source: &Source) -> Result<(), VisitorError> {
    if takes_strangers(source) { Ok(()) } else { Err(VisitorError::SignInRequired(source.address.clone())) }
}

/// The source that a path names, by id or address.
fn named_source<'v>(view: &'v AccountView, name: &str) -> Result<&'v Arc<Source>, VisitorError> {
    let hosted = |source: &&Arc<Source>| source.enabled && (source.channel == WEB_CHANNEL || source.channel == APP_CHANNEL);
    let by_id = name.parse::<SourceId>().ok().and_then(|id| view.sources.get(&id)).filter(hosted);
    let found = by_id.or_else(|| view.sources.values().filter(hosted).find(|source| source.address == name));
    found.ok_or_else(|| VisitorError::NoSuchConnector(name.chars().take(80).collect()))
}
