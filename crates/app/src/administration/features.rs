//! Feature grants: features of the published platform that an account has or has not. Kept for programs that ask.

use super::{Act, AdminError, Changes};
use crate::ports::store::{UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::Privilege;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most features of an account that are switched otherwise than by default.
const MOST_GRANTS: usize = 500;
/// Longest name of a feature, in characters.
const MOST_NAME: usize = 100;

impl App {
    /// Switches features.
    ///
    /// # Errors
    /// Without `manage_settings`, and for names that are none.
    pub async fn grant_features(self: &Arc<Self>, act: &Act<'_>, wanted: BTreeMap<String, bool>) -> Result<Arc<AccountView>, AdminError> {
        act.require(Privilege::ManageSettings)?;
        let _acting = self.acting().await;
        let view = self.administered(act)?;
        let mut changes = Changes::default();
        let mut unit = UnitOfWork::new(act.by.account().clone());
        for (feature, granted) in wanted {
            let plain = feature.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
            if !plain || !(1..=MOST_NAME).contains(&feature.len()) {
                let problem = format!("must be 1 to {MOST_NAME} letters, digits, dots, dashes and underscores");
                return Err(AdminError::invalid("compoundFeatureID", problem));
            }
            let before = view.feature_grants.get(&feature).copied();
            if before != Some(granted) {
                changes.note(&feature, before, granted);
                unit.write(Write::PutFeatureGrant { feature: feature.into(), granted });
            }
        }
        if changes.is_empty() {
            return Ok(view);
        }
        if view.feature_grants.len() + unit.writes.len() > MOST_GRANTS {
            return Err(AdminError::invalid("compoundFeatureID", format!("an account keeps at most {MOST_GRANTS} features")));
        }
        let now = self.clock().now();
        unit.write(self.audit(act, now, "features.granted", ("account", act.by.account().to_string()), changes));
        self.commit_configuration(unit).await?;
        self.administered(act)
    }
}
