//! Making and changing skills.

use super::{Act, AdminError, Changes, Revision, expect_revision, later, validate};
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::account::SkillSurvey;
use antiphon_domain::{Privilege, Skill, SkillId};
use std::sync::Arc;

/// A skill to be made.
#[derive(Clone, Debug)]
pub struct NewSkill {
    /// Unique in the account without regard to case, 1 to 80 characters.
    pub name: String,
    /// At most 500 characters.
    pub description: String,
    /// Whether it takes new conversations.
    pub enabled: bool,
    /// The app that asks its consumers after a conversation; nothing: as the account says; empty: nobody. At most 100 characters.
    pub survey_app: Option<String>,
}

/// Changes of a skill; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct SkillPatch {
    /// See [`NewSkill`].
    pub name: Option<String>,
    /// See [`NewSkill`].
    pub description: Option<String>,
    /// See [`NewSkill`].
    pub enabled: Option<bool>,
    /// See [`NewSkill`].
    pub survey_app: Option<Option<String>>,
}

impl App {
    /// Makes a skill.
    ///
    /// # Errors
    /// Without `manage_skills`, for bad values, and for a name in use.
    pub async fn create_skill(self: &Arc<Self>, act: &Act<'_>, new: NewSkill) -> Result<Arc<Skill>, AdminError> {
        act.require(Privilege::ManageSkills)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        if let Some(answer) = self.answered_before(act).await? {
            return answer.parse().ok().and_then(|id| view.skills.get(&id).cloned()).ok_or_else(|| AdminError::not_found("skill"));
        }
        let now = self.clock().now();
        let last = view.skills.keys().next_back().map_or(0, |id| id.0);
        let skill = Skill {
            id: SkillId(last + 1),
            name: unused_name(&new.name, None, &view)?,
            description: validate::text("description", &new.description, 0, 500)?,
            enabled: new.enabled,
            survey: survey_of(new.survey_app.as_deref())?,
            created_at: now,
            updated_at: now,
        };
        let mut changes = Changes::default();
        changes.note("name", None::<String>, skill.name.clone());
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutSkill(skill.clone()));
        unit.write(self.audit(act, now, "skill.created", ("skill", skill.id.to_string()), changes));
        self.remember(act, &mut unit, &skill.id.to_string(), now);
        self.commit_configuration(unit).await?;
        Ok(Arc::new(skill))
    }

    /// Changes a skill.
    ///
    /// # Errors
    /// As for making one; besides when there is none, and when it is no longer the one that was read.
    pub async fn update_skill(
        self: &Arc<Self>,
        act: &Act<'_>,
        id: SkillId,
        patch: SkillPatch,
        expected: Option<&Revision>,
    ) -> Result<Arc<Skill>, AdminError> {
        act.require(Privilege::ManageSkills)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = view.skills.get(&id).cloned().ok_or_else(|| AdminError::not_found("skill"))?;
        expect_revision(expected, Revision::from(&*before))?;
        let mut skill = Skill::clone(&before);
        if let Some(name) = patch.name {
            skill.name = unused_name(&name, Some(id), &view)?;
        }
        if let Some(description) = patch.description {
            skill.description = validate::text("description", &description, 0, 500)?;
        }
        if let Some(enabled) = patch.enabled {
            skill.enabled = enabled;
        }
        if let Some(app) = patch.survey_app {
            skill.survey = survey_of(app.as_deref())?;
        }
        let mut changes = Changes::default();
        changes.note("name", before.name.clone(), skill.name.clone());
        changes.note("description", before.description.clone(), skill.description.clone());
        changes.note("enabled", before.enabled, skill.enabled);
        changes.note("survey_app", before.survey.setting(), skill.survey.setting());
        if changes.is_empty() {
            return Ok(before);
        }
        let now = self.clock().now();
        skill.updated_at = later(before.updated_at, now);
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutSkill(skill.clone()));
        unit.write(self.audit(act, now, "skill.updated", ("skill", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        Ok(Arc::new(skill))
    }
}

/// Nothing: as the account says; an empty text: nobody.
fn survey_of(app: Option<&str>) -> Result<SkillSurvey, AdminError> {
    let app = app.map(|app| validate::text("survey_app", app, 0, 100)).transpose()?;
    Ok(SkillSurvey::of(app.as_deref()))
}

fn unused_name(name: &str, own: Option<SkillId>, view: &AccountView) -> Result<String, AdminError> {
    let name = validate::text("name", name, 1, 80)?;
    let taken = view.skills.values().any(|skill| Some(skill.id) != own && skill.name.to_lowercase() == name.to_lowercase());
    if taken { Err(AdminError::taken("name", "there is a skill of that name").remedy("choose another name")) } else { Ok(name) }
}
