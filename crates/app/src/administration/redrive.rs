//! Working through a dead letter again, after its cause was mended.

use super::{Act, AdminError, AdminErrorKind, Changes};
use crate::App;
use crate::ports::store::{DeadLetterRow, UnitOfWork, Write};
use antiphon_domain::{Privilege, RowId};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Dead letters are worked through one after the other, so that nobody works through one twice. Not the lock of the
/// other acts: what is taken in may itself change how a source fares.
static REDRIVES: Mutex<()> = Mutex::const_new(());

impl App {
    /// Takes in what the kept request holds, as if it came now; what was stored before is not stored again. What is
    /// still unusable becomes a new dead letter.
    ///
    /// # Errors
    /// Without `view_channel_log`, when there is no such letter or it was worked through already, and when nothing can be stored.
    pub async fn redrive_dead_letter(self: &Arc<Self>, act: &Act<'_>, id: RowId) -> Result<DeadLetterRow, AdminError> {
        act.require(Privilege::ViewChannelLog)?;
        let _one_at_a_time = REDRIVES.lock().await;
        let view = self.administered(act)?;
        let account = act.by.account();
        let mut letter = self.store().dead_letter(account, id).await?.ok_or_else(|| AdminError::not_found("dead letter"))?;
        if letter.redriven_at.is_some() {
            return Err(AdminError::new(AdminErrorKind::Unfit, "this dead letter was worked through already")
                .remedy("what was still unusable then is a newer dead letter"));
        }
        if self.channel(&letter.channel).is_none() {
            return Err(AdminError::new(AdminErrorKind::Unfit, format!("this server has no connector for the channel {}", letter.channel)));
        }
        self.redrive(&view, &letter).await?;
        let now = self.clock().now();
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::MarkRedriven(id, now));
        unit.write(self.audit(act, now, "dead_letter.redriven", ("dead_letter", id.to_string()), Changes::default()));
        self.commit_act(unit).await?;
        letter.redriven_at = Some(now);
        Ok(letter)
    }
}
