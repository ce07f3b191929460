//! Signing in and out, sessions, and passwords. What inactivity does is in `idle`.

mod cache;
mod idle;
mod signed;

pub(crate) use cache::SessionCache;
pub use idle::IdleLogOut;
pub(crate) use signed::Signers;
pub use signed::{Signature, Signed};

use crate::ports::bus::{Announcement, Topic};
use crate::ports::store::{AuditRow, BotKey, Login, Session, SessionKind, UnitOfWork, Write};
use crate::{AccountView, App, Caller, Unavailable};
use antiphon_domain::login::{LoginPolicy, Weakness};
use antiphon_domain::{AccountId, RowId, Timestamp, User, UserId};
use cache::Age;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What somebody signs in with.
#[derive(Clone)]
pub enum SignIn {
    /// A person's way.
    Password {
        /// Log-in name.
        login: String,
        /// Password.
        password: String,
        /// The session will be a browser's, and end when the person does nothing for a while.
        browser: bool,
    },
    /// A bot's way.
    Keys {
        /// Log-in name.
        login: String,
        /// All four keys.
        keys: BotKey,
    },
}

/// Signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// Who.
    pub caller: Caller,
    /// The bearer token: 64 hex digits, shown this once.
    pub bearer: String,
    /// The token that guards against forged requests: 64 hex digits.
    pub csrf: String,
    /// When the session ends.
    pub expires_at: Timestamp,
}

/// Not signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Account, name or password is wrong: not told which.
    #[error("account, log-in name or password is wrong")]
    UnknownOrWrong,
    /// Too many failures.
    #[error("too many failed log-ins; wait, or ask an administrator to unlock you")]
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A user who has shown who they are.
pub(crate) struct Proven {
    /// Their account.
    pub view: Arc<AccountView>,
    /// The user.
    pub user: Arc<User>,
    /// What they sign in with, for the commit that lets them in.
    pub login: Login,
}

/// No valid session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is none with that token.
    #[error("there is no such session; sign in")]
    NoSession,
    /// It ended.
    #[error("the session has ended; sign in again")]
    Expired,
    /// The guard token is wrong.
    #[error("the request lacks the session's csrf token")]
    BadCsrf,
    /// The store can't be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a password was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The current one is wrong.
    #[error("the current password is wrong")]
    WrongCurrent,
    /// The new one breaks rules: a sentence each.
    #[error("the new password is not good enough")]
    Weak(Vec<String>),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A valid session.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Who.
    pub caller: Caller,
    /// Their session.
    pub session: Session,
}

/// What is kept of a token.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl App {
    /// Signs a user in.
    ///
    /// # Errors
    /// `UnknownOrWrong`, `Locked`, or the store is unavailable.
    pub async fn sign_in(self: &Arc<Self>, account: &str, how: SignIn, remote: &str) -> Result<SignedIn, SignInError> {
        let Proven { view, user, login } = self.prove(account, &how, remote).await?;
        let (id, now) = (&view.account.id, self.clock.now());
        let (bearer, csrf) = (hex::encode(self.ids.token()), hex::encode(self.ids.token()));
        let session = Session {
            token_hash: hash(&bearer),
            csrf_hash: hash(&csrf),
            user: user.id,
            created_at: now,
            seen_at: now,
            expires_at: now.plus_s(self.limits.session_s),
            kind: match how {
                SignIn::Password { browser: true, .. } => SessionKind::Browser,
                SignIn::Password { browser: false, .. } => SessionKind::Program,
                SignIn::Keys { .. } => SessionKind::Keys,
            },
            app: None,
        };
        let expires_at = session.expires_at;
        let mut unit = UnitOfWork::new(id.clone());
        unit.write(Write::PutLogin(login)).write(Write::PutSession(session)).write(Write::AddAudit(self.login_audit(
            &user,
            "login.succeeded",
            remote,
            now,
        )));
        self.commit(unit).await.map_err(Unavailable::from)?;
        let profile = view.profile_of(&user);
        Ok(SignedIn { caller: Caller { account: id.clone(), user, profile, key: None }, bearer, csrf, expires_at })
    }

    /// Whoever shows these is that user. Failures are counted, written down, and lock the user for a while when they are many.
    pub(crate) async fn prove(&self, account: &str, how: &SignIn, remote: &str) -> Result<Proven, SignInError> {
        let now = self.clock.now();
        let directory = self.directory();
        let (SignIn::Password { login, .. } | SignIn::Keys { login, .. }) = how;
        let view = account.parse::<AccountId>().ok().and_then(|id| directory.account(&id).cloned());
        let user = view.as_ref().and_then(|view| view.user_by_login(login)).filter(|user| user.enabled).cloned();
        let (Some(view), Some(user)) = (view, user) else {
            // As slow as a wrong password, so that nobody learns which names exist.
            if let SignIn::Password { password, .. } = how {
                self.secrets.hash_password(password).await;
            }
            return Err(SignInError::UnknownOrWrong);
        };
        let id = &view.account.id;
        let stored = self.store.login(id, user.id).await.map_err(Unavailable::from)?;
        let mut record = stored.ok_or(SignInError::UnknownOrWrong)?;
        if let Some(until) = record.locked_until.filter(|until| *until > now) {
            return Err(SignInError::Locked { until });
        }
        let right = match how {
            SignIn::Password { password, .. } => match &record.password_hash {
                Some(hash) => self.secrets.check_password(password, hash).await,
                None => false,
            },
            SignIn::Keys { keys, .. } => record.api_keys.iter().any(|own| same_keys(own, keys)),
        };
        let policy = LoginPolicy::default();
        if !right {
            record.locked_until = policy.after_failure(record.failures, now);
            record.failures = if record.locked_until.is_some() { 0 } else { record.failures + 1 };
            let locked = record.locked_until;
            metrics::counter!("antiphon_failed_logins_total").increment(1);
            self.store_login(id, &user, record, if locked.is_some() { "login.locked" } else { "login.failed" }, remote).await?;
            return Err(locked.map_or(SignInError::UnknownOrWrong, |until| SignInError::Locked { until }));
        }
        record.failures = 0;
        record.locked_until = None;
        record.last_login_at = Some(now);
        Ok(Proven { view, user, login: record })
    }

    async fn store_login(&self, account: &AccountId, user: &User, record: Login, action: &str, remote: &str) -> Result<(), Unavailable> {
        let now = self.clock.now();
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::PutLogin(record)).write(Write::AddAudit(self.login_audit(user, action, remote, now)));
        Ok(self.commit(unit).await?)
    }

    pub(crate) fn login_audit(&self, user: &User, action: &str, remote: &str, now: Timestamp) -> AuditRow {
        AuditRow {
            id: RowId(self.ids.ascending(now)),
            at: now,
            by: Some(user.id),
            by_key: None,
            action: action.into(),
            object_kind: "user".into(),
            object_id: user.id.to_string().into(),
            detail: serde_json::json!({ "remote": remote }).to_string().into(),
        }
    }

    /// Checks a bearer token.
    ///
    /// # Errors
    /// `NoSession`, `Expired`, or the store can't be read.
    pub async fn authenticate(self: &Arc<Self>, bearer: &str) -> Result<Authenticated, AuthError> {
        if bearer.len() != 64 || !bearer.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(AuthError::NoSession);
        }
        let key = hash(bearer);
        let age = self.sessions.age();
        let (account, mut session) = match self.sessions.get(&key) {
            Some(known) => known,
            None => {
                let found = self.store.session(key).await.map_err(Unavailable::from)?.ok_or(AuthError::NoSession)?;
                if let Some(app) = &found.1.app {
                    // The session of an app ends with what the user let it have.
                    self.store.app_grant(app.grant).await.map_err(Unavailable::from)?.ok_or(AuthError::NoSession)?;
                }
                found
            }
        };
        let now = self.clock.now();
        let directory = self.directory();
        let view = directory.account(&account).ok_or(AuthError::NoSession)?;
        let user = view.users.get(&session.user).filter(|user| user.enabled).ok_or(AuthError::NoSession)?;
        let installed = |client_id: &str| view.connector_apps.get(client_id).is_some_and(|app| app.enabled);
        if session.app.as_ref().is_some_and(|app| !installed(&app.client_id)) {
            return Err(AuthError::NoSession);
        }
        let caller = Caller { account, user: Arc::clone(user), profile: view.profile_of(user), key: None };
        let idle = self.is_idle(&caller, &session, now);
        if session.expires_at <= now || idle {
            self.sessions.forget(&key);
            if idle && session.kind == SessionKind::Browser {
                self.end_idle(&caller, &session).await;
            }
            return Err(AuthError::Expired);
        }
        // A browser's page asks by itself, too: only what the person does counts, and that is reported.
        if session.kind != SessionKind::Browser && now.since(session.seen_at) > 60_000 {
            session.seen_at = now;
            self.renew_session(age, &caller.account, session.clone()).await?;
        } else {
            self.sessions.put(age, caller.account.clone(), session.clone());
        }
        Ok(Authenticated { caller, session })
    }

    /// Whether a guard token is the session's.
    pub fn check_csrf(&self, session: &Session, csrf: &str) -> bool {
        hash(csrf).ct_eq(&session.csrf_hash).into()
    }

    /// Keeps a session alive. It is no sign of a person at a browser.
    ///
    /// # Errors
    /// As [`App::authenticate`], and `BadCsrf`.
    pub async fn refresh(self: &Arc<Self>, bearer: &str, csrf: &str) -> Result<(), AuthError> {
        let age = self.sessions.age();
        let authenticated = self.authenticate(bearer).await?;
        if !self.check_csrf(&authenticated.session, csrf) {
            return Err(AuthError::BadCsrf);
        }
        let now = self.clock.now();
        let mut session = authenticated.session;
        if session.kind != SessionKind::Browser {
            session.seen_at = now;
        }
        session.expires_at = now.plus_s(self.limits.session_s);
        Ok(self.renew_session(age, &authenticated.caller.account, session).await?)
    }

    /// Stores a session as it is now, unless it has ended since `age` was taken.
    async fn renew_session(&self, age: Age, account: &AccountId, session: Session) -> Result<(), Unavailable> {
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::RenewSession(session.clone()));
        self.commit(unit).await?;
        self.sessions.put(age, account.clone(), session);
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When nothing could be stored; an unknown token is no error.
    pub async fn sign_out(self: &Arc<Self>, bearer: &str) -> Result<(), Unavailable> {
        let Ok(authenticated) = self.authenticate(bearer).await else { return Ok(()) };
        let key = authenticated.session.token_hash;
        let Caller { account, user, .. } = authenticated.caller;
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::DeleteSession(key));
        self.commit(unit).await?;
        self.sessions_ended(&account, user.id);
        Ok(())
    }

    /// Forgets what is remembered of sessions, and lets the user's open connections check whether theirs still stands.
    pub(crate) fn sessions_ended(&self, account: &AccountId, user: UserId) {
        self.sessions.clear();
        self.bus.announce(&[Topic::User(account.clone(), user)], Announcement::Sessions(user));
    }

    /// Changes the caller's own password and ends their other sessions; the given one stays.
    ///
    /// # Errors
    /// `WrongCurrent`, `Weak` with a sentence per broken rule, or nothing could be stored.
    pub async fn change_password(
        self: &Arc<Self>,
        caller: &Caller,
        keep: Option<[u8; 32]>,
        current: &str,
        new: &str,
    ) -> Result<(), ChangeError> {
        let record = self.store.login(&caller.account, caller.id()).await.map_err(Unavailable::from)?;
        let record = record.ok_or(ChangeError::WrongCurrent)?;
        let right = match &record.password_hash {
            Some(hash) => self.secrets.check_password(current, hash).await,
            None => false,
        };
        if !right {
            return Err(ChangeError::WrongCurrent);
        }
        let record = self.with_password(record, &caller.user, new).await?;
        let now = self.clock.now();
        let mut unit = UnitOfWork::new(caller.account.clone());
        unit.write(Write::PutLogin(record)).write(Write::EndSessions { user: caller.id(), keep });
        unit.write(Write::AddAudit(self.login_audit(&caller.user, "user.password_changed", "", now)));
        self.commit(unit).await.map_err(Unavailable::from)?;
        self.sessions_ended(&caller.account, caller.id());
        Ok(())
    }

    /// A log-in record with a new password that keeps the policy.
    ///
    /// # Errors
    /// `Weak` with a sentence per broken rule.
    pub async fn with_password(&self, mut record: Login, user: &User, new: &str) -> Result<Login, ChangeError> {
        let policy = LoginPolicy::default();
        let mut broken: Vec<String> =
            policy.weaknesses(new, &user.login).into_iter().map(|weakness| weakness_sentence(weakness, &policy)).collect();
        if broken.is_empty() {
            for earlier in record.password_hash.iter().chain(&record.history).take(policy.history) {
                if self.secrets.check_password(new, earlier).await {
                    broken.push(format!("It must not be one of the last {} passwords.", policy.history));
                    break;
                }
            }
        }
        if !broken.is_empty() {
            return Err(ChangeError::Weak(broken));
        }
        if let Some(old) = record.password_hash.take() {
            record.history.insert(0, old);
            record.history.truncate(policy.history);
        }
        record.password_hash = Some(self.secrets.hash_password(new).await);
        record.failures = 0;
        record.locked_until = None;
        Ok(record)
    }
}

fn same_keys(own: &BotKey, given: &BotKey) -> bool {
    let pairs = [
        (&own.app_key, &given.app_key),
        (&own.secret, &given.secret),
        (&own.access_token, &given.access_token),
        (&own.access_token_secret, &given.access_token_secret),
    ];
    pairs.iter().fold(true, |same, (own, given)| same & bool::from(own.as_bytes().ct_eq(given.as_bytes())))
}

/// What is wrong with a password, in a sentence.
pub fn weakness_sentence(weakness: Weakness, policy: &LoginPolicy) -> String {
    match weakness {
        Weakness::TooShort => format!("It needs at least {} characters.", policy.min_length),
        Weakness::TooLong => "It may have at most 256 characters.".to_owned(),
        Weakness::Run => format!("It must not repeat or count up or down more than {} characters in a row.", policy.max_run),
        Weakness::TooFewClasses => format!("It needs {} of these: letters, digits, other characters.", policy.min_classes),
        Weakness::ContainsLogin => "It must not contain the log-in name.".to_owned(),
        Weakness::Common => "It is one of the passwords that everybody tries first.".to_owned(),
    }
}
