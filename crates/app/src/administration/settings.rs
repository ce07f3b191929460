//! Changing an account's settings.

use super::{Act, AdminError, Changes, Revision, expect_revision, validate};
use crate::App;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::account::SignatureForm;
use antiphon_domain::conversation::ResponseTimeKind;
use antiphon_domain::{Account, Privilege, SkillId};
use std::sync::Arc;

/// A day in seconds.
const DAY_S: i64 = 24 * 3600;

/// The settings that are numbers, with their least and most, in the order in which they are changed. Each of their faces keeps these.
pub const SETTING_BOUNDS: [(&str, i64, i64); 14] = [
    ("ring_expiration_s", 5, DAY_S),
    ("offline_after_s", 0, DAY_S),
    ("return_to_queue_after_s", 0, 7 * DAY_S),
    ("response_time_s", 1, 30 * DAY_S),
    ("urgent_response_time_s", 1, 30 * DAY_S),
    ("prioritized_response_time_s", 1, 30 * DAY_S),
    ("suggestion_s", 10, 7 * DAY_S),
    ("survey_idle_s", 60, 90 * DAY_S),
    ("auto_close_s", 25 * 60, 90 * DAY_S),
    ("idle_logout_s", 60, DAY_S),
    ("channel_log_days", 1, 400),
    ("consumer_file_kib", 1, 1 << 20),
    ("agent_file_kib", 1, 1 << 20),
    ("max_sockets", 1, 200_000),
];

/// Changes of an account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct SettingsPatch {
    /// Shown to people.
    pub name: Option<String>,
    /// IANA zone.
    pub timezone: Option<String>,
    /// Where conversations go whose entry point names no skill.
    pub default_skill: Option<Option<SkillId>>,
    /// Private networks that outbound calls may reach, as `address/prefix`; all of them.
    pub allow_private_endpoints: Option<Vec<String>>,
    /// Offers are assigned at once.
    pub auto_accept: Option<bool>,
    /// 5 s to a day.
    pub ring_expiration_s: Option<i64>,
    /// 0 s to a day.
    pub offline_after_s: Option<i64>,
    /// 0 s to seven days.
    pub return_to_queue_after_s: Option<i64>,
    /// 1 s to 30 days.
    pub response_time_s: Option<i64>,
    /// 1 s to 30 days.
    pub urgent_response_time_s: Option<i64>,
    /// 1 s to 30 days.
    pub prioritized_response_time_s: Option<i64>,
    /// Any but the one that is set by hand.
    pub default_response_time: Option<ResponseTimeKind>,
    /// 10 s to seven days.
    pub suggestion_s: Option<i64>,
    /// The app that asks consumers after a conversation, if any.
    pub survey_app: Option<Option<String>>,
    /// A minute to 90 days.
    pub survey_idle_s: Option<i64>,
    /// 25 minutes to 90 days.
    pub auto_close_s: Option<i64>,
    /// A minute to a day.
    pub idle_logout_s: Option<i64>,
    /// How notifications to apps are signed.
    pub notification_signature: Option<SignatureForm>,
    /// See [`antiphon_domain::AccountSettings::consumer_language`].
    pub consumer_language: Option<String>,
    /// See [`antiphon_domain::AccountSettings::image_hosts`].
    pub image_hosts: Option<Vec<String>>,
    /// 1 to 400 days.
    pub channel_log_days: Option<i64>,
    /// 1 to 200,000.
    pub max_sockets: Option<u32>,
    /// Whether files may be uploaded.
    pub file_sharing: Option<bool>,
    /// 1 KiB to 1 GiB.
    pub consumer_file_kib: Option<i64>,
    /// 1 KiB to 1 GiB.
    pub agent_file_kib: Option<i64>,
}

impl App {
    /// Changes the account's settings.
    ///
    /// # Errors
    /// Without `manage_settings`, for bad values, and when they are no longer the ones that were read.
    pub async fn update_settings(
        self: &Arc<Self>,
        act: &Act<'_>,
        patch: SettingsPatch,
        expected: Option<&Revision>,
    ) -> Result<Account, AdminError> {
        act.require(Privilege::ManageSettings)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let before = &view.account;
        expect_revision(expected, Revision::from(before))?;
        let mut account = before.clone();
        if let Some(name) = patch.name {
            account.name = validate::text("name", &name, 1, 80)?;
        }
        if let Some(timezone) = patch.timezone {
            account.timezone = validate::timezone("timezone", &timezone)?;
        }
        if let Some(skill) = patch.default_skill {
            account.default_skill = skill.map(|skill| validate::skill("default_skill_id", skill, &view)).transpose()?;
        }
        if let Some(networks) = patch.allow_private_endpoints {
            account.allow_private_endpoints =
                networks.iter().map(|text| validate::network("allow_private_endpoints", text)).collect::<Result<_, _>>()?;
        }
        let settings = &mut account.settings;
        if let Some(on) = patch.auto_accept {
            settings.auto_accept = on;
        }
        if let Some(on) = patch.file_sharing {
            settings.file_sharing = on;
        }
        let numbers = [
            (patch.ring_expiration_s, &mut settings.ring_expiration_s),
            (patch.offline_after_s, &mut settings.offline_after_s),
            (patch.return_to_queue_after_s, &mut settings.return_to_queue_after_s),
            (patch.response_time_s, &mut settings.response_time_s),
            (patch.urgent_response_time_s, &mut settings.urgent_response_time_s),
            (patch.prioritized_response_time_s, &mut settings.prioritized_response_time_s),
            (patch.suggestion_s, &mut settings.suggestion_s),
            (patch.survey_idle_s, &mut settings.survey_idle_s),
            (patch.auto_close_s, &mut settings.auto_close_s),
            (patch.idle_logout_s, &mut settings.idle_logout_s),
            (patch.channel_log_days, &mut settings.channel_log_days),
            (patch.consumer_file_kib, &mut settings.consumer_file_kib),
            (patch.agent_file_kib, &mut settings.agent_file_kib),
        ];
        for ((wanted, place), (field, least, most)) in numbers.into_iter().zip(SETTING_BOUNDS) {
            if let Some(wanted) = wanted {
                *place = validate::within(field, wanted, least, most)?;
            }
        }
        if let Some(kind) = patch.default_response_time {
            if kind == ResponseTimeKind::Custom {
                return Err(AdminError::invalid("default_response_time", "must be NORMAL, URGENT or PRIORITIZED: CUSTOM is set by hand"));
            }
            settings.default_response_time = kind;
        }
        if let Some(form) = patch.notification_signature {
            settings.notification_signature = form;
        }
        if let Some(language) = patch.consumer_language {
            settings.consumer_language =
                crate::structured::language(&language).map_err(|what| AdminError::invalid("consumer_language", what))?;
        }
        if let Some(hosts) = patch.image_hosts {
            settings.image_hosts = crate::structured::image_hosts(&hosts).map_err(|what| AdminError::invalid("image_hosts", what))?;
        }
        if let Some(app) = patch.survey_app {
            settings.survey_app = app.map(|app| validate::text("survey_app", &app, 1, 100)).transpose()?;
        }
        if let Some(most) = patch.max_sockets {
            let (field, least, highest) = SETTING_BOUNDS[SETTING_BOUNDS.len() - 1];
            validate::within(field, i64::from(most), least, highest)?;
            settings.max_sockets = most;
        }
        let changes = differences(before, &account);
        if changes.is_empty() {
            return Ok(account);
        }
        let now = self.clock().now();
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(Write::PutAccount(account.clone()));
        unit.write(self.audit(act, now, "settings.updated", ("account", account.id.to_string()), changes));
        self.commit_configuration(unit).await?;
        Ok(account)
    }
}

fn differences(before: &Account, after: &Account) -> Changes {
    let mut changes = Changes::default();
    let networks = |account: &Account| account.allow_private_endpoints.iter().map(ToString::to_string).collect::<Vec<_>>();
    let skill = |account: &Account| account.default_skill.map(|skill| skill.to_string());
    changes.note("name", before.name.clone(), after.name.clone());
    changes.note("timezone", before.timezone.clone(), after.timezone.clone());
    changes.note("default_skill_id", skill(before), skill(after));
    changes.note("allow_private_endpoints", networks(before), networks(after));
    let (old, new) = (&before.settings, &after.settings);
    changes.note("auto_accept", old.auto_accept, new.auto_accept);
    changes.note("ring_expiration_s", old.ring_expiration_s, new.ring_expiration_s);
    changes.note("offline_after_s", old.offline_after_s, new.offline_after_s);
    changes.note("return_to_queue_after_s", old.return_to_queue_after_s, new.return_to_queue_after_s);
    changes.note("response_time_s", old.response_time_s, new.response_time_s);
    changes.note("urgent_response_time_s", old.urgent_response_time_s, new.urgent_response_time_s);
    changes.note("prioritized_response_time_s", old.prioritized_response_time_s, new.prioritized_response_time_s);
    changes.note("default_response_time", old.default_response_time.name(), new.default_response_time.name());
    changes.note("suggestion_s", old.suggestion_s, new.suggestion_s);
    changes.note("survey_app", old.survey_app.clone(), new.survey_app.clone());
    changes.note("survey_idle_s", old.survey_idle_s, new.survey_idle_s);
    changes.note("auto_close_s", old.auto_close_s, new.auto_close_s);
    changes.note("idle_logout_s", old.idle_logout_s, new.idle_logout_s);
    changes.note("notification_signature", old.notification_signature.name(), new.notification_signature.name());
    changes.note("channel_log_days", old.channel_log_days, new.channel_log_days);
    changes.note("max_sockets", old.max_sockets, new.max_sockets);
    changes.note("file_sharing", old.file_sharing, new.file_sharing);
    changes.note("consumer_file_kib", old.consumer_file_kib, new.consumer_file_kib);
    changes.note("agent_file_kib", old.agent_file_kib, new.agent_file_kib);
    changes.note("consumer_language", old.consumer_language.clone(), new.consumer_language.clone());
    changes.note("image_hosts", old.image_hosts.clone(), new.image_hosts.clone());
    changes
}
