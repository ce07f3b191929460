//! What users sign in with, as administrators set it: passwords and locks.

use super::{Act, AdminError, Changes};
use crate::App;
use crate::ports::store::{Login, UnitOfWork, Write};
use antiphon_domain::login::{LoginPolicy, Weakness};
use antiphon_domain::{Privilege, UserId};
use std::sync::Arc;

/// A user who can't sign in yet.
pub(super) fn empty(user: UserId) -> Login {
    Login { user, password_hash: None, history: Vec::new(), failures: 0, locked_until: None, last_login_at: None, api_keys: Vec::new() }
}

/// A broken rule of the password policy, as a sentence for whoever chose the password.
pub fn weakness_sentence(weakness: Weakness, policy: &LoginPolicy) -> String {
    match weakness {
        Weakness::TooShort => format!("It must have at least {} characters.", policy.min_length),
        Weakness::TooLong => "It must have at most 256 characters.".to_owned(),
        Weakness::Run => {
            let most = policy.max_run;
            format!("It must not repeat a character, or run through a sequence such as abcd or 4321, for more than {most} characters.")
        }
        Weakness::TooFewClasses => format!("It must mix at least {} of letters, digits and other characters.", policy.min_classes),
        Weakness::ContainsLogin => "It must not contain the log-in name.".to_owned(),
        Weakness::Common => "It must not begin with a phrase that everybody tries first.".to_owned(),
    }
}

impl App {
    /// Sets another user's password and lifts their lock.
    ///
    /// # Errors
    /// Without `manage_users`, when there is no such user or they are above the caller, and when the password breaks the policy.
    pub async fn set_password(self: &Arc<Self>, act: &Act<'_>, id: UserId, password: &str) -> Result<(), AdminError> {
        act.require(Privilege::ManageUsers)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let user = view.users.get(&id).ok_or_else(|| AdminError::not_found("user"))?;
        self.refuse_above(act, user, &view)?;
        let before = self.login_of(act, id).await?;
        let hash = self.new_password_hash("new_password", password, &user.login, Some(&before)).await?;
        let policy = LoginPolicy::default();
        let history = before.password_hash.iter().chain(&before.history).take(policy.history).cloned().collect();
        let login = Login { password_hash: Some(hash), history, failures: 0, locked_until: None, ..before };
        let mut changes = Changes::default();
        changes.masked("password");
        let now = self.clock().now();
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutLogin(login));
        unit.write(self.audit(act, now, "user.password_set", ("user", id.to_string()), changes));
        self.commit_act(unit).await
    }

    /// Lifts the lock that failed log-ins put on a user.
    ///
    /// # Errors
    /// Without `manage_users`, and when there is no such user or they are above the caller.
    pub async fn unlock_user(self: &Arc<Self>, act: &Act<'_>, id: UserId) -> Result<(), AdminError> {
        act.require(Privilege::ManageUsers)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let user = view.users.get(&id).ok_or_else(|| AdminError::not_found("user"))?;
        self.refuse_above(act, user, &view)?;
        let before = self.login_of(act, id).await?;
        if before.failures == 0 && before.locked_until.is_none() {
            return Ok(());
        }
        let mut changes = Changes::default();
        changes.note("locked_until", before.locked_until.map(|until| until.0), None::<i64>);
        let now = self.clock().now();
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutLogin(Login { failures: 0, locked_until: None, ..before }));
        unit.write(self.audit(act, now, "user.unlocked", ("user", id.to_string()), changes));
        self.commit_act(unit).await
    }

    pub(super) async fn login_of(&self, act: &Act<'_>, id: UserId) -> Result<Login, AdminError> {
        Ok(self.store().login(act.by.account(), id).await?.unwrap_or_else(|| empty(id)))
    }

    /// The hash of a password that keeps the policy; `before` is what the user signed in with until now.
    pub(super) async fn new_password_hash(
        &self,
        field: &str,
        password: &str,
        login: &str,
        before: Option<&Login>,
    ) -> Result<String, AdminError> {
        let policy = LoginPolicy::default();
        let broken = policy.weaknesses(password, login);
        if !broken.is_empty() {
            let sentences: Vec<String> = broken.into_iter().map(|weakness| weakness_sentence(weakness, &policy)).collect();
            return Err(AdminError::invalid(field, sentences.join("\n")).remedy("choose another password"));
        }
        if let Some(before) = before {
            for hash in before.password_hash.iter().chain(&before.history).take(policy.history) {
                if self.secrets().check_password(password, hash).await {
                    let message = format!("It must not be one of the last {} passwords.", policy.history);
                    return Err(AdminError::invalid(field, message).remedy("choose another password"));
                }
            }
        }
        Ok(self.secrets().hash_password(password).await)
    }
}
