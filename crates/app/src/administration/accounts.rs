//! Making accounts: only whoever runs the installation does that.

use super::{Act, AdminError, AdminErrorKind, By, Changes, validate};
use crate::App;
use crate::ports::store::{UnitOfWork, Write};
use antiphon_domain::account::Network;
use antiphon_domain::{Account, AccountSettings};
use std::sync::Arc;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Shown to people.
    pub name: String,
    /// IANA zone.
    pub timezone: String,
    /// Private networks that its outbound calls may reach.
    pub allow_private_endpoints: Vec<Network>,
}

impl App {
    /// Makes the account that the act names.
    ///
    /// # Errors
    /// For a signed-in caller, for bad values, and when there is one of that id.
    pub async fn create_account(self: &Arc<Self>, act: &Act<'_>, new: NewAccount) -> Result<Account, AdminError> {
        let By::Installation(id) = act.by else {
            return Err(AdminError::new(AdminErrorKind::Forbidden, "accounts are made by whoever runs the installation"));
        };
        let _acting = self.acting().await;
        if self.directory().account(id).is_some() {
            return Err(AdminError::taken("id", "there is an account of that id").remedy("choose another id"));
        }
        let now = self.clock().now();
        let account = Account {
            id: id.clone(),
            name: validate::text("name", &new.name, 1, 80)?,
            timezone: validate::timezone("timezone", &new.timezone)?,
            default_skill: None,
            allow_private_endpoints: new.allow_private_endpoints,
            settings: AccountSettings::default(),
            created_at: now,
        };
        let mut changes = Changes::default();
        changes.note("name", None::<String>, account.name.clone());
        let mut unit = UnitOfWork::new(id.clone());
        unit.write(Write::PutAccount(account.clone()));
        unit.write(self.audit(act, now, "account.created", ("account", id.to_string()), changes));
        self.commit_configuration(unit).await?;
        Ok(account)
    }
}
