//! What users sign in with, as administrators set it: passwords and locks.

use super::{Act, AdminError, Changes};
use crate::App;
use crate::ports::store::{Login, UnitOfWork, Write};
use crate::session::ChangeError;
use antiphon_domain::{Privilege, User, UserId};
use std::sync::Arc;

/// A user who can't sign in yet.
pub(super) fn empty(user: UserId) -> Login {
    Login { user, password_hash: None, history: Vec::new(), failures: 0, locked_until: None, last_login_at: None, api_keys: Vec::new() }
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
        let login = self.new_password("new_password", before, user, password).await?;
        let mut changes = Changes::default();
        changes.masked("password");
        let now = self.clock().now();
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutLogin(login)).write(Write::EndSessions { user: id, keep: None });
        unit.write(self.audit(act, now, "user.password_set", ("user", id.to_string()), changes));
        self.commit_act(unit).await?;
        self.sessions_ended(act.by.account(), id);
        Ok(())
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

    /// The record with a new password that keeps the policy; `field` is what a refusal names.
    pub(super) async fn new_password(&self, field: &str, before: Login, user: &User, password: &str) -> Result<Login, AdminError> {
        self.with_password(before, user, password).await.map_err(|error| match error {
            ChangeError::Weak(sentences) => AdminError::invalid(field, sentences.join("\n")).remedy("choose another password"),
            ChangeError::WrongCurrent => AdminError::invalid(field, error.to_string()),
            ChangeError::Unavailable(unavailable) => unavailable.into(),
        })
    }
}
