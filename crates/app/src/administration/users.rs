//! Making and changing users.

use super::{Act, AdminError, AdminErrorKind, Changes, Revision, expect_revision, later, logins, validate};
use crate::ports::store::{BotKey, Login, UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::{Privilege, SkillId, User, UserId, UserKind};
use std::sync::Arc;

/// Most users of an account.
const MOST_USERS: usize = 20_000;
/// Most keys of one user.
const MOST_KEYS: usize = 8;

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique in the account without regard to case, without spaces.
    pub login: String,
    /// What consumers and colleagues see; the log-in name when empty.
    pub nickname: String,
    /// For administrators.
    pub full_name: String,
    /// For resets and notices.
    pub email: Option<String>,
    /// Person or program.
    pub kind: UserKind,
    /// Name of a profile within the caller's own privileges.
    pub profile: String,
    /// Whose conversations the user is offered.
    pub skills: Vec<SkillId>,
    /// How many at once, 0 to 1,000.
    pub max_conversations: u32,
    /// Whether they can sign in.
    pub enabled: bool,
    /// Must keep the policy; a user without one signs in with keys, or not at all.
    pub password: Option<String>,
    /// For programs.
    pub api_keys: Vec<BotKey>,
}

/// Changes of a user; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    /// See [`NewUser`].
    pub login: Option<String>,
    /// See [`NewUser`].
    pub nickname: Option<String>,
    /// See [`NewUser`].
    pub full_name: Option<String>,
    /// See [`NewUser`].
    pub email: Option<Option<String>>,
    /// See [`NewUser`].
    pub kind: Option<UserKind>,
    /// See [`NewUser`].
    pub profile: Option<String>,
    /// See [`NewUser`].
    pub skills: Option<Vec<SkillId>>,
    /// See [`NewUser`].
    pub max_conversations: Option<u32>,
    /// See [`NewUser`].
    pub enabled: Option<bool>,
    /// All keys that the user has from now on.
    pub api_keys: Option<Vec<BotKey>>,
}

impl App {
    /// Makes a user, with what they sign in with.
    ///
    /// # Errors
    /// Without `manage_users`, for bad values, for a profile above the caller's own, and for a log-in name in use.
    pub async fn create_user(self: &Arc<Self>, act: &Act<'_>, new: NewUser) -> Result<Arc<User>, AdminError> {
        act.require(Privilege::ManageUsers)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return answer.parse().ok().and_then(|id| view.users.get(&id).cloned()).ok_or_else(|| AdminError::not_found("user"));
        }
        if view.users.len() >= MOST_USERS {
            return Err(AdminError::new(AdminErrorKind::Unfit, format!("an account has at most {MOST_USERS} users")));
        }
        let now = self.clock().now();
        let login = unused_login(&new.login, None, &view)?;
        let nickname = if new.nickname.trim().is_empty() { login.clone() } else { new.nickname };
        let user = User {
            id: UserId(view.users.keys().next_back().map_or(0, |id| id.0) + 1),
            pid: self.ids().pid(),
            nickname: validate::text("nickname", &nickname, 1, 80)?,
            full_name: validate::text("full_name", &new.full_name, 0, 120)?,
            email: new.email.map(|email| validate::email("email", &email)).transpose()?,
            kind: new.kind,
            profile: grantable(act, &new.profile, &view)?,
            skills: skills(&new.skills, &view)?,
            max_conversations: capacity(new.max_conversations)?,
            enabled: new.enabled,
            created_at: now,
            updated_at: now,
            login,
        };
        let mut login = Login { api_keys: keys(new.api_keys)?, ..logins::empty(user.id) };
        if let Some(password) = &new.password {
            login = self.new_password("password", login, &user, password).await?;
        }
        let mut changes = Changes::default();
        changes.note("login", None::<String>, user.login.clone());
        changes.note("profile", None::<String>, user.profile.clone());
        if login.password_hash.is_some() {
            changes.masked("password");
        }
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutUser(user.clone())).write(Write::PutLogin(login));
        unit.write(self.audit(act, now, "user.created", ("user", user.id.to_string()), changes));
        self.remember(act, &mut unit, &user.id.to_string(), now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(user))
    }

    /// Changes a user.
    ///
    /// # Errors
    /// As for making one; besides when there is none, when they are above the caller, when nobody would be left who
    /// may manage users, and when they are no longer the one that was read.
    pub async fn update_user(
        self: &Arc<Self>,
        act: &Act<'_>,
        id: UserId,
        patch: UserPatch,
        expected: Option<&Revision>,
    ) -> Result<Arc<User>, AdminError> {
        act.require(Privilege::ManageUsers)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.users.get(&id).cloned().ok_or_else(|| AdminError::not_found("user"))?;
        self.refuse_above(act, &before, &view)?;
        expect_revision(expected, Revision::from(&*before))?;
        let mut user = User::clone(&before);
        let mut changes = Changes::default();
        if let Some(login) = patch.login {
            user.login = unused_login(&login, Some(id), &view)?;
        }
        if let Some(nickname) = patch.nickname {
            user.nickname = validate::text("nickname", &nickname, 1, 80)?;
        }
        if let Some(full_name) = patch.full_name {
            user.full_name = validate::text("full_name", &full_name, 0, 120)?;
        }
        if let Some(email) = patch.email {
            user.email = email.map(|email| validate::email("email", &email)).transpose()?;
        }
        if let Some(kind) = patch.kind {
            user.kind = kind;
        }
        if let Some(profile) = patch.profile {
            user.profile = grantable(act, &profile, &view)?;
        }
        if let Some(wanted) = patch.skills {
            user.skills = skills(&wanted, &view)?;
        }
        if let Some(most) = patch.max_conversations {
            user.max_conversations = capacity(most)?;
        }
        if let Some(enabled) = patch.enabled {
            user.enabled = enabled;
        }
        refuse_last_manager(&before, &user, &view)?;
        changes.note("login", before.login.clone(), user.login.clone());
        changes.note("nickname", before.nickname.clone(), user.nickname.clone());
        changes.note("full_name", before.full_name.clone(), user.full_name.clone());
        changes.note("email", before.email.clone(), user.email.clone());
        changes.note("kind", format!("{:?}", before.kind), format!("{:?}", user.kind));
        changes.note("profile", before.profile.clone(), user.profile.clone());
        changes.note("skill_ids", ids(&before.skills), ids(&user.skills));
        changes.note("max_conversations", before.max_conversations, user.max_conversations);
        changes.note("enabled", before.enabled, user.enabled);
        let mut unit = UnitOfWork::new(act.by.account().clone());
        if let Some(wanted) = patch.api_keys {
            let login = self.login_of(act, id).await?;
            unit.write(Write::PutLogin(Login { api_keys: keys(wanted)?, ..login })).write(Write::EndSessions { user: id, keep: None });
            changes.masked("api_keys");
        }
        if changes.is_empty() {
            return Ok(before);
        }
        let now = self.clock().now();
        user.updated_at = later(before.updated_at, now);
        unit.write(Write::PutUser(user.clone()));
        unit.write(self.audit(act, now, "user.updated", ("user", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        self.sessions_ended(act.by.account(), id);
        Ok(Arc::new(user))
    }

    /// Refuses to touch somebody who may more than the caller: their password would lift the caller.
    pub(super) fn refuse_above(&self, act: &Act<'_>, user: &User, view: &AccountView) -> Result<(), AdminError> {
        if act.by.covers(&view.profile_of(user)) {
            return Ok(());
        }
        Err(AdminError::new(AdminErrorKind::Forbidden, "the user has privileges that you don't have").remedy("ask an administrator"))
    }
}

fn ids(skills: &[SkillId]) -> Vec<String> {
    skills.iter().map(ToString::to_string).collect()
}

fn unused_login(login: &str, own: Option<UserId>, view: &AccountView) -> Result<String, AdminError> {
    let login = validate::login("login", login)?;
    match view.user_by_login(&login) {
        Some(user) if Some(user.id) != own => {
            Err(AdminError::taken("login", "there is a user of that log-in name").remedy("choose another one"))
        }
        _ => Ok(login),
    }
}

fn grantable(act: &Act<'_>, name: &str, view: &AccountView) -> Result<String, AdminError> {
    let Some(profile) = view.profiles.get(name) else {
        let known: Vec<&str> = view.profiles.keys().map(String::as_str).collect();
        return Err(
            AdminError::invalid("profile", format!("there is no profile `{name}`")).remedy(format!("there are {}", known.join(", ")))
        );
    };
    if act.by.covers(profile) {
        return Ok(name.to_owned());
    }
    let refused = AdminError::new(AdminErrorKind::Forbidden, "the profile has privileges that you don't have");
    Err(AdminError { field: Some("profile".to_owned()), ..refused }.remedy("ask an administrator"))
}

fn skills(wanted: &[SkillId], view: &AccountView) -> Result<Vec<SkillId>, AdminError> {
    let mut skills = Vec::with_capacity(wanted.len());
    for skill in wanted {
        let skill = validate::skill("skill_ids", *skill, view)?;
        if !skills.contains(&skill) {
            skills.push(skill);
        }
    }
    Ok(skills)
}

fn capacity(most: u32) -> Result<u32, AdminError> {
    validate::within("max_conversations", i64::from(most), 0, 1_000).map(|_| most)
}

fn keys(keys: Vec<BotKey>) -> Result<Vec<BotKey>, AdminError> {
    if keys.len() > MOST_KEYS {
        return Err(AdminError::invalid("api_keys", format!("a user has at most {MOST_KEYS} keys")));
    }
    for (index, key) in keys.iter().enumerate() {
        let values = [
            ("app_key", &key.app_key),
            ("secret", &key.secret),
            ("access_token", &key.access_token),
            ("access_token_secret", &key.access_token_secret),
        ];
        for (name, value) in values {
            validate::text(&format!("api_keys[{index}].{name}"), value, 8, 256)?;
        }
    }
    Ok(keys)
}

/// An account that nobody can administer any more would need the command line.
fn refuse_last_manager(before: &User, after: &User, view: &AccountView) -> Result<(), AdminError> {
    let manages = |user: &User| user.enabled && user.kind == UserKind::Human && view.profile_of(user).allows(Privilege::ManageUsers);
    if !manages(before) || manages(after) || view.users.values().any(|other| other.id != before.id && manages(other)) {
        return Ok(());
    }
    let field = if after.enabled { "profile" } else { "enabled" };
    Err(AdminError::invalid(field, "nobody would be left who may manage users").remedy("give another user that privilege first"))
}
