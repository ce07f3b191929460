//! Making and changing custom profiles. The built-in ones never change.

use super::{Act, AdminError, AdminErrorKind, Changes, Revision, expect_revision, validate};
use crate::App;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::{Privilege, Profile};
use std::sync::Arc;

/// A profile to be made.
#[derive(Clone, Debug)]
pub struct NewProfile {
    /// Unique in the account: `^[a-z0-9_]{1,40}$`. Users name it; it never changes.
    pub name: String,
    /// Names of privileges.
    pub privileges: Vec<String>,
}

/// Changes of a profile; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ProfilePatch {
    /// Names of privileges: all that it has from now on.
    pub privileges: Option<Vec<String>>,
}

impl App {
    /// Makes a custom profile.
    ///
    /// # Errors
    /// Without `manage_users`, for unknown privileges or ones the caller lacks, and for a name in use.
    pub async fn create_profile(self: &Arc<Self>, act: &Act<'_>, new: NewProfile) -> Result<Arc<Profile>, AdminError> {
        act.require(Privilege::ManageUsers)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return view.profiles.get(&*answer).cloned().ok_or_else(|| AdminError::not_found("profile"));
        }
        let name = validate::text("name", &new.name, 1, 40)?;
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Err(AdminError::invalid("name", "must consist of lower-case letters, digits and underscores"));
        }
        if view.profiles.contains_key(&name) {
            return Err(AdminError::taken("name", "there is a profile of that name").remedy("choose another name"));
        }
        let profile = Profile { name, privileges: privileges(act, &new.privileges)? };
        self.put_profile(act, profile, None).await
    }

    /// Changes a custom profile.
    ///
    /// # Errors
    /// As for making one; besides when there is none, when it is built in, and when it is no longer the one that was read.
    pub async fn update_profile(
        self: &Arc<Self>,
        act: &Act<'_>,
        name: &str,
        patch: ProfilePatch,
        expected: Option<&Revision>,
    ) -> Result<Arc<Profile>, AdminError> {
        act.require(Privilege::ManageUsers)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.profiles.get(name).cloned().ok_or_else(|| AdminError::not_found("profile"))?;
        if Profile::builtin().iter().any(|builtin| builtin.name == name) {
            return Err(
                AdminError::new(AdminErrorKind::Unfit, "the built-in profiles can't be changed").remedy("make a profile of your own")
            );
        }
        if !act.by.covers(&before) {
            return Err(AdminError::new(AdminErrorKind::Forbidden, "the profile has privileges that you don't have"));
        }
        expect_revision(expected, Revision::from(&*before))?;
        let Some(names) = patch.privileges else { return Ok(before) };
        let profile = Profile { name: before.name.clone(), privileges: privileges(act, &names)? };
        if profile == *before {
            return Ok(before);
        }
        self.put_profile(act, profile, Some(&before)).await
    }

    async fn put_profile(self: &Arc<Self>, act: &Act<'_>, profile: Profile, before: Option<&Profile>) -> Result<Arc<Profile>, AdminError> {
        let now = self.clock().now();
        let names = |profile: &Profile| profile.privileges.iter().map(|privilege| privilege.name()).collect::<Vec<_>>();
        let mut changes = Changes::default();
        changes.note("privileges", before.map(names), names(&profile));
        let action = if before.is_some() { "profile.updated" } else { "profile.created" };
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutProfile(profile.clone()));
        unit.write(self.audit(act, now, action, ("profile", profile.name.clone()), changes));
        if before.is_none() {
            self.remember(act, &mut unit, &profile.name, now);
        }
        self.commit_configuration(unit).await?;
        Ok(Arc::new(profile))
    }
}

fn privileges(act: &Act<'_>, names: &[String]) -> Result<Vec<Privilege>, AdminError> {
    let mut privileges = Vec::new();
    for name in names {
        let Some(privilege) = Privilege::from_name(name) else {
            let known: Vec<&str> = Privilege::ALL.iter().map(|privilege| privilege.name()).collect();
            return Err(AdminError::invalid("privileges", format!("there is no privilege `{name}`"))
                .remedy(format!("known are {}", known.join(", "))));
        };
        if !act.by.may(privilege) {
            return Err(AdminError { field: Some("privileges".to_owned()), ..AdminError::forbidden(privilege) });
        }
        privileges.push(privilege);
    }
    privileges.sort_unstable();
    privileges.dedup();
    Ok(privileges)
}
