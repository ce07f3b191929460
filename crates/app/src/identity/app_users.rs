//! Users who sign in to apps: the app sends them here, they show who they are, and it gets a code that it exchanges for a
//! session of theirs and for something that renews it.
//!
//! Nobody is ever sent to an address that the app did not register. A code is worth something once, for a minute, for the app it was
//! made for; shown twice, everything that came of it ends. Of codes and renewals only hashes are kept.

use super::check::ISSUER;
use super::{AppTokenError, CODE_S, ID_TOKEN_S, Manifest, RENEWAL_S, USER_TOKEN_S};
use crate::ports::store::{
    AppGrant, AppGrantKind, AuditRow, CommitError, ConnectorApp, GrantsOf, KeyUse, Session, SessionApp, SessionKind, UnitOfWork, Write,
};
use crate::session::{Proven, SignIn, SignInError, hash};
use crate::{AccountView, App, Caller, Unavailable};
use antiphon_domain::{AccountId, Privilege, RowId, Timestamp, User};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Longest state that an app gets back, in bytes.
const MOST_STATE: usize = 2_048;
/// Longest nonce, in bytes.
const MOST_NONCE: usize = 256;
/// How used codes are told apart from callers' idempotency keys.
const USED_CODES: &str = "used-code";

/// What an app asks for when it sends a user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The app.
    pub client_id: Option<&'a str>,
    /// Where the user goes back to; may be left out when the app has one address only.
    pub redirect_uri: Option<&'a str>,
    /// Must be `code`.
    pub response_type: Option<&'a str>,
    /// Goes back to the app as it is.
    pub state: Option<&'a str>,
    /// The SHA-256 of a secret that the exchange must show.
    pub challenge: Option<&'a str>,
    /// How the challenge was made.
    pub challenge_method: Option<&'a str>,
    /// Stands in the description of the user that the app gets.
    pub nonce: Option<&'a str>,
}

/// A sign-in that may go on.
#[derive(Clone, Debug)]
pub struct SignInPlan {
    /// The app's name for people.
    pub app_name: String,
    /// The account's name.
    pub account_name: String,
    /// Where the user goes back to.
    pub redirect_uri: String,
    app: Arc<ConnectorApp>,
    named: bool,
    state: Option<String>,
    challenge: Option<String>,
    nonce: Option<String>,
}

/// Why a sign-in does not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// Nobody may be sent anywhere.
    #[error("client_id: there is no such app in this account, or it is switched off")]
    NoSuchApp,
    /// Nobody may be sent there.
    #[error("redirect_uri: {0}")]
    Redirect(&'static str),
    /// The app is told: the address that the user is sent back to.
    #[error("the app is told what is wrong")]
    Back(String),
}

/// Why nothing is exchanged or renewed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The app itself is refused.
    #[error(transparent)]
    App(#[from] AppTokenError),
    /// What it shows is worth nothing, in a sentence.
    #[error("{0}")]
    Worthless(&'static str),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What an app gets for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTokens {
    /// The user's session, for a while.
    pub access_token: String,
    /// Renews it.
    pub refresh_token: String,
    /// Who signed in, signed.
    pub id_token: String,
    /// Seconds until the session ends.
    pub expires_in_s: i64,
}

/// What an app shows besides its secret.
#[derive(Clone, Copy, Debug)]
pub enum Renewed<'a> {
    /// A code, with the address and the secret that belong to it.
    Code {
        /// The code.
        code: &'a str,
        /// The address that was named when the user was sent here.
        redirect_uri: Option<&'a str>,
        /// What the challenge was made of.
        verifier: Option<&'a str>,
    },
    /// What came with the last session.
    Token(&'a str),
}

impl App {
    /// Looks at what an app asks for when it sends a user.
    ///
    /// # Errors
    /// See [`AskedError`].
    pub fn plan_sign_in(&self, account: &str, asked: Asked<'_>) -> Result<SignInPlan, AskedError> {
        let directory = self.directory();
        let view = account.parse::<AccountId>().ok().and_then(|id| directory.account(&id)).ok_or(AskedError::NoSuchApp)?;
        let app = asked.client_id.and_then(|id| view.connector_apps.get(id)).filter(|app| app.enabled).ok_or(AskedError::NoSuchApp)?;
        let manifest = Manifest::read(&app.settings);
        let redirect_uri = manifest.redirect_uri(asked.redirect_uri).ok_or(AskedError::Redirect(match asked.redirect_uri {
            Some(_) => "is none of the addresses that the app registered; they are compared letter by letter",
            None if manifest.redirect_uris.is_empty() => "the app registered no address that users may be sent back to",
            None => "the app registered several addresses: name one of them",
        }))?;
        let state = asked.state.filter(|state| state.len() <= MOST_STATE);
        let back = |error, description| Err(AskedError::Back(failed(redirect_uri, state, error, description)));
        if asked.state.is_some_and(|state| state.len() > MOST_STATE) {
            return back("invalid_request", "state is too long");
        }
        match asked.response_type {
            Some("code") => {}
            None => return back("invalid_request", "response_type is missing"),
            Some(_) => return back("unsupported_response_type", "response_type must be code"),
        }
        if !manifest.allows("authorization_code") {
            return back("unauthorized_client", "the app's grant types do not include authorization_code");
        }
        if asked.nonce.is_some_and(|nonce| nonce.len() > MOST_NONCE) {
            return back("invalid_request", "nonce is too long");
        }
        match (asked.challenge, asked.challenge_method) {
            (None, None) => {}
            (Some(challenge), Some("S256")) if is_challenge(challenge) => {}
            (Some(_), Some("S256")) => return back("invalid_request", "code_challenge must be a SHA-256 in base64url"),
            _ => return back("invalid_request", "code_challenge_method must be S256, with a code_challenge"),
        }
        Ok(SignInPlan {
            app_name: manifest.display_name.clone().unwrap_or_else(|| app.name.clone()),
            account_name: view.account.name.clone(),
            redirect_uri: redirect_uri.to_owned(),
            app: Arc::clone(app),
            named: asked.redirect_uri.is_some(),
            state: state.map(str::to_owned),
            challenge: asked.challenge.map(str::to_owned),
            nonce: asked.nonce.map(str::to_owned),
        })
    }

    /// Signs a user in to an app; returns where they are sent, with the code.
    ///
    /// # Errors
    /// As [`App::sign_in`].
    pub async fn sign_in_to_app(
        &self,
        account: &str,
        plan: &SignInPlan,
        login: String,
        password: String,
        remote: &str,
    ) -> Result<String, SignInError> {
        let how = SignIn::Password { login, password, browser: true };
        let Proven { view, user, login } = self.prove(account, &how, remote).await?;
        let now = self.clock.now();
        let code = hex::encode(self.ids.token());
        let grant = AppGrant {
            token_hash: hash(&code),
            app: plan.app.client_id.clone(),
            user: user.id,
            kind: AppGrantKind::Code {
                redirect_uri: plan.named.then(|| plan.redirect_uri.clone()),
                challenge: plan.challenge.clone(),
                nonce: plan.nonce.clone(),
            },
            created_at: now,
            expires_at: now.plus_s(CODE_S),
        };
        let mut unit = UnitOfWork::new(view.account.id.clone());
        unit.write(Write::PutLogin(login)).write(Write::AddAppGrant(grant));
        unit.write(Write::AddAudit(self.login_audit(&user, "login.succeeded", remote, now)));
        unit.write(Write::AddAudit(self.app_audit(&user, "app.user_signed_in", &plan.app.client_id, remote, now)));
        self.commit(unit).await.map_err(Unavailable::from)?;
        Ok(with(&plan.redirect_uri, &[("code", &code), ("state", plan.state.as_deref().unwrap_or_default())]))
    }

    /// Exchanges a code, or renews what an app holds for a user.
    ///
    /// # Errors
    /// See [`CodeError`].
    pub async fn exchange_for_app(
        self: &Arc<Self>,
        account: &str,
        client_id: &str,
        client_secret: &str,
        shown: Renewed<'_>,
        remote: &str,
    ) -> Result<AppTokens, CodeError> {
        let (account, app) = self.authenticated_app(account, client_id, client_secret, remote)?;
        let manifest = Manifest::read(&app.settings);
        if !manifest.allows("authorization_code") {
            return Err(AppTokenError::NotAllowed.into());
        }
        let found = match shown {
            Renewed::Code { code, redirect_uri, verifier } => self.exchange(&account, &app, code, redirect_uri, verifier, remote).await,
            Renewed::Token(token) => self.renew(&account, &app, token).await,
        };
        let outcome = if found.is_ok() { "issued" } else { "refused" };
        metrics::counter!("antiphon_user_tokens_total", "outcome" => outcome).increment(1);
        if let Err(CodeError::Worthless(reason)) = &found {
            self.audit_often(&account, "app.user_token_refused", ("app", client_id), || json!({"remote": remote, "reason": reason}));
        }
        found
    }

    async fn exchange(
        self: &Arc<Self>,
        account: &AccountId,
        app: &ConnectorApp,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        remote: &str,
    ) -> Result<AppTokens, CodeError> {
        let unknown = CodeError::Worthless("the code is unknown, was made for another app, or has expired");
        let (code_hash, now) = (hash(code), self.clock.now());
        let key = hex::encode(code_hash);
        if let Some(used) = self.store.answered(account, USED_CODES, &key).await.map_err(Unavailable::from)? {
            return self.code_came_again(account, app, &used.answer, remote).await;
        }
        let found = self.store.app_grant(code_hash).await.map_err(Unavailable::from)?;
        let grant = found.filter(|(owner, grant)| owner == account && grant.app == app.client_id && grant.expires_at > now);
        let Some((_, AppGrant { kind: AppGrantKind::Code { redirect_uri: named, challenge, nonce }, user, .. })) = grant else {
            return Err(unknown);
        };
        let manifest = Manifest::read(&app.settings);
        let same_address = match (&named, redirect_uri) {
            (Some(named), given) => given == Some(named),
            (None, None) => true,
            // Left out at the beginning: there was only one.
            (None, Some(given)) => manifest.redirect_uri(None) == Some(given),
        };
        if !same_address {
            return Err(CodeError::Worthless("redirect_uri is not the one that the user was sent back to"));
        }
        let proven = match (&challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                let made = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
                made.as_bytes().ct_eq(challenge.as_bytes()).into()
            }
            // A verifier without a challenge: somebody took the challenge out of the request on its way.
            _ => false,
        };
        if !proven {
            return Err(CodeError::Worthless("code_verifier does not belong to the code_challenge"));
        }
        let (view, user) = self.user_of(account, user).ok_or(unknown)?;
        let id_token = self.id_token(&view, &user, app, nonce.as_deref(), now).await?;
        let refresh_token = hex::encode(self.ids.token());
        let renewal = AppGrant {
            token_hash: hash(&refresh_token),
            app: app.client_id.clone(),
            user: user.id,
            kind: AppGrantKind::Renewal,
            created_at: now,
            expires_at: now.plus_s(RENEWAL_S),
        };
        let mut unit = UnitOfWork::new(account.clone());
        // Whoever is second is told so by the store.
        let answer = hex::encode(renewal.token_hash).into();
        unit.write(Write::Remember { caller: USED_CODES.into(), key: key.into(), asked: code_hash, answer, at: now });
        unit.write(Write::EndAppGrants(GrantsOf::Token(code_hash)));
        let access_token = self.session_for_app(&mut unit, &renewal, now);
        unit.write(Write::AddAppGrant(renewal));
        unit.write(Write::AddAudit(self.app_audit(&user, "app.user_token_issued", &app.client_id, remote, now)));
        match self.commit(unit).await {
            Ok(()) => Ok(AppTokens { access_token, refresh_token, id_token, expires_in_s: USER_TOKEN_S }),
            Err(CommitError::Answered(used)) => self.code_came_again(account, app, &used.answer, remote).await,
            Err(error) => Err(Unavailable::from(error).into()),
        }
    }

    /// A code that comes again was seen by somebody else: nobody keeps what came of it.
    async fn code_came_again<T>(
        self: &Arc<Self>,
        account: &AccountId,
        app: &ConnectorApp,
        renewal: &str,
        remote: &str,
    ) -> Result<T, CodeError> {
        let mut token_hash = [0; 32];
        if hex::decode_to_slice(renewal, &mut token_hash).is_ok()
            && let Some((_, grant)) = self.store.app_grant(token_hash).await.map_err(Unavailable::from)?
            && let Some((_, user)) = self.user_of(account, grant.user)
        {
            let mut unit = UnitOfWork::new(account.clone());
            unit.write(Write::EndAppGrants(GrantsOf::Token(token_hash)));
            let audit = self.app_audit(&user, "app.user_tokens_ended", &app.client_id, remote, self.clock.now());
            unit.write(Write::AddAudit(audit));
            self.commit(unit).await.map_err(Unavailable::from)?;
            self.sessions_ended(account, user.id);
        }
        Err(CodeError::Worthless("the code was used before; what came of it has ended"))
    }

    async fn renew(self: &Arc<Self>, account: &AccountId, app: &ConnectorApp, token: &str) -> Result<AppTokens, CodeError> {
        let now = self.clock.now();
        let found = self.store.app_grant(hash(token)).await.map_err(Unavailable::from)?;
        let grant = found.map(|(owner, grant)| (owner == *account && grant.app == app.client_id && grant.expires_at > now, grant));
        let unknown = CodeError::Worthless("the refresh token is unknown, was made for another app, or has expired");
        let Some((true, grant @ AppGrant { kind: AppGrantKind::Renewal, .. })) = grant else { return Err(unknown) };
        let (view, user) = self.user_of(account, grant.user).ok_or(unknown)?;
        let id_token = self.id_token(&view, &user, app, None, now).await?;
        let mut unit = UnitOfWork::new(account.clone());
        let access_token = self.session_for_app(&mut unit, &grant, now);
        unit.write(Write::RenewAppGrant(AppGrant { expires_at: now.plus_s(RENEWAL_S), ..grant }));
        self.commit(unit).await.map_err(Unavailable::from)?;
        Ok(AppTokens { access_token, refresh_token: token.to_owned(), id_token, expires_in_s: USER_TOKEN_S })
    }

    /// Begins a session that the app holds; returns its token.
    fn session_for_app(&self, unit: &mut UnitOfWork, renewal: &AppGrant, now: Timestamp) -> String {
        let bearer = hex::encode(self.ids.token());
        unit.write(Write::PutSession(Session {
            token_hash: hash(&bearer),
            // Nothing that a browser holds: no page can forge its requests, and no token guards it.
            csrf_hash: self.ids.token(),
            user: renewal.user,
            created_at: now,
            seen_at: now,
            expires_at: now.plus_s(USER_TOKEN_S),
            kind: SessionKind::App,
            app: Some(SessionApp { client_id: renewal.app.clone(), grant: renewal.token_hash }),
        }));
        bearer
    }

    async fn id_token(
        &self,
        view: &AccountView,
        user: &Arc<User>,
        app: &ConnectorApp,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<String, Unavailable> {
        let caller = Caller { account: view.account.id.clone(), user: Arc::clone(user), profile: view.profile_of(user), key: None };
        let now_s = now.0.div_euclid(1000);
        let mut claims = json!({
            "sub": user.id.to_string(),
            "aud": app.client_id,
            "iss": ISSUER,
            "iat": now_s,
            "exp": now_s + ID_TOKEN_S,
            "is_admin": caller.may(Privilege::ManageUsers) && caller.may(Privilege::ManageSources),
            "is_lpa": false,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        self.sign_token(&view.account.id, KeyUse::User, &claims).await
    }

    fn user_of(&self, account: &AccountId, user: antiphon_domain::UserId) -> Option<(Arc<AccountView>, Arc<User>)> {
        let view = Arc::clone(self.directory().account(account)?);
        let user = view.users.get(&user).filter(|user| user.enabled).cloned()?;
        Some((view, user))
    }

    fn app_audit(&self, user: &User, action: &'static str, client_id: &str, remote: &str, now: Timestamp) -> AuditRow {
        AuditRow {
            id: RowId(self.ids.ascending(now)),
            at: now,
            by: Some(user.id),
            by_key: None,
            action: action.into(),
            object_kind: "app".into(),
            object_id: client_id.into(),
            detail: json!({ "remote": remote }).to_string().into(),
        }
    }
}

/// An address with what the app is told; empty values are left out.
fn with(address: &str, told: &[(&str, &str)]) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return address.to_owned() };
    url.query_pairs_mut().extend_pairs(told.iter().filter(|(_, value)| !value.is_empty()));
    url.into()
}

fn failed(address: &str, state: Option<&str>, error: &str, description: &str) -> String {
    with(address, &[("error", error), ("error_description", description), ("state", state.unwrap_or_default())])
}

/// A SHA-256 in base64url.
fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_app_is_told_joins_what_its_address_has() {
        let check = |address: &str, expected: &str| assert_eq!(with(address, &[("code", "a b"), ("state", "")]), expected);
        check("https://app.example/back", "https://app.example/back?code=a+b");
        check("https://app.example/back?x=1", "https://app.example/back?x=1&code=a+b");
        check("com.example.app:/back", "com.example.app:/back?code=a+b");
    }

    #[test]
    fn a_challenge_is_a_digest() {
        assert!(is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c"));
        assert!(!is_challenge("plain text that is long enough to be one...."));
    }
}
