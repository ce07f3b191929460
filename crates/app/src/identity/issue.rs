//! Making tokens: for apps that know their secret, and for the consumers that they speak for.

use super::check::ISSUER;
use super::consumers::NamedBy;
use super::{APP_TOKEN_S, AppIdentity, MOST_EXTERNAL_ID, Manifest};
use crate::ports::store::{ConnectorApp, KeyUse};
use crate::{App, Unavailable};
use antiphon_domain::{AccountId, Timestamp};
use serde_json::json;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// An app's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedAppToken {
    /// The token.
    pub token: String,
    /// Seconds until it ends.
    pub expires_in_s: i64,
}

/// No token for an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppTokenError {
    /// Account, client id or secret is wrong: not told which.
    #[error("account, client id or client secret is wrong")]
    UnknownOrWrong,
    /// The app knows its secret, but is switched off.
    #[error("the app is switched off; an administrator can switch it on")]
    Disabled,
    /// The app knows its secret, but its manifest leaves this way of getting tokens out.
    #[error("the app's grant types do not include this one")]
    NotAllowed,
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// No token for a consumer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsumerTokenError {
    /// The name that the app gave is empty or too long.
    #[error("the consumer's id must have 1 to {MOST_EXTERNAL_ID} characters and no control characters")]
    BadName,
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl App {
    /// A token for an app that knows its secret. `fixed` asks for the first form, whose key is never renewed.
    ///
    /// # Errors
    /// See [`AppTokenError`].
    pub async fn issue_app_token(
        &self,
        account: &str,
        client_id: &str,
        client_secret: &str,
        fixed: bool,
        remote: &str,
    ) -> Result<IssuedAppToken, AppTokenError> {
        let (account, app) = self.authenticated_app(account, client_id, client_secret, remote)?;
        let manifest = Manifest::read(&app.settings);
        if !manifest.allows("client_credentials") {
            return Err(AppTokenError::NotAllowed);
        }
        let now_s = self.clock.now().0.div_euclid(1000);
        let claims = json!({
            "aud": account.as_str(),
            "azp": app.client_id,
            "scope": manifest.scope,
            "iss": ISSUER,
            "iat": now_s,
            "exp": now_s + APP_TOKEN_S,
        });
        let purpose = if fixed { KeyUse::AppFixed } else { KeyUse::App };
        let token = self.sign_token(&account, purpose, &claims).await?;
        metrics::counter!("antiphon_app_tokens_total", "outcome" => "issued").increment(1);
        self.audit_often(&account, "app.token_issued", ("app", client_id), || json!({"remote": remote}));
        Ok(IssuedAppToken { token, expires_in_s: APP_TOKEN_S })
    }

    /// The app that knows this secret.
    pub(super) fn authenticated_app(
        &self,
        account: &str,
        client_id: &str,
        client_secret: &str,
        remote: &str,
    ) -> Result<(AccountId, Arc<ConnectorApp>), AppTokenError> {
        let directory = self.directory();
        let view = account.parse::<AccountId>().ok().and_then(|id| directory.account(&id));
        let app = view.and_then(|view| view.connector_apps.get(client_id));
        let right = app.filter(|app| knows(app, client_secret, self.clock.now()));
        let found = match (view, right) {
            (Some(view), Some(app)) if app.enabled => Ok((view.account.id.clone(), Arc::clone(app))),
            (Some(_), Some(_)) => Err(AppTokenError::Disabled),
            _ => Err(AppTokenError::UnknownOrWrong),
        };
        if let (Err(error), Some(view)) = (&found, view) {
            // Client ids that nobody installed are told apart by no row: anybody can make them up.
            let id = app.map_or("", |app| app.client_id.as_str());
            self.audit_often(&view.account.id, "app.token_refused", ("app", id), || json!({"remote": remote, "reason": error.to_string()}));
        }
        if found.is_err() {
            metrics::counter!("antiphon_app_tokens_total", "outcome" => "refused").increment(1);
        }
        found
    }

    /// A token for a consumer that an app speaks for: the same name always means the same consumer, and the token never expires.
    ///
    /// # Errors
    /// See [`ConsumerTokenError`].
    pub async fn issue_consumer_token(&self, app: &AppIdentity, external_id: &str) -> Result<String, ConsumerTokenError> {
        let length = external_id.chars().count();
        if !(1..=MOST_EXTERNAL_ID).contains(&length) || external_id.chars().any(char::is_control) {
            return Err(ConsumerTokenError::BadName);
        }
        let consumer = self.derived_consumer(&app.account, NamedBy::App, external_id).await?;
        let claims = json!({
            "account_id": app.account.as_str(),
            "ext_consumer_id": external_id,
            "lp_consumer_id": consumer.to_string(),
        });
        let token = self.sign_token(&app.account, KeyUse::Consumer, &claims).await?;
        metrics::counter!("antiphon_consumer_tokens_total", "kind" => "app").increment(1);
        Ok(token)
    }
}

/// Whether a secret is one of the app's that live.
fn knows(app: &ConnectorApp, secret: &str, now: Timestamp) -> bool {
    let same = |own: &str| bool::from(own.as_bytes().ct_eq(secret.as_bytes()));
    let previous = app.previous_secret.as_ref().filter(|(_, until)| *until > now);
    same(&app.client_secret) | previous.is_some_and(|(own, _)| same(own))
}
