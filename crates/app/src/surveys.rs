//! Surveys that nobody answers any more are closed: by looking, once a minute, for those in which nothing happened for the
//! account's time. There are no timers that a restart could lose; the store's own order tells which ones are due.

use crate::App;
use crate::ports::store::ConversationFilter;
use crate::update::{Actor, FieldChange, Update, UpdateErrorKind};
use antiphon_domain::{AccountId, ConversationId};
use std::sync::Arc;

/// How often it is looked.
const PAUSE_MS: i64 = 60_000;
/// How many are closed of one account at a time.
const AT_ONCE: usize = 100;

/// Closes idle surveys until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    loop {
        let timer = app.clock.sleep_until(app.clock.now().plus_ms(PAUSE_MS));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = timer => {}
        }
        let accounts: Vec<(AccountId, i64)> =
            app.directory().accounts().map(|view| (view.account.id.clone(), view.account.settings.survey_idle_s)).collect();
        for (account, idle_s) in accounts {
            if let Err(error) = close_idle(&app, &account, idle_s).await {
                tracing::warn!(account = %account, error, "idle surveys were not closed; trying again in a minute");
            }
        }
    }
}

async fn close_idle(app: &Arc<App>, account: &AccountId, idle_s: i64) -> Result<(), String> {
    let before = app.clock.now().plus_s(-idle_s);
    let filter = ConversationFilter { in_survey: true, updated_to: Some(before), ..ConversationFilter::default() };
    loop {
        let idle = app.store.conversations(account, &filter, None, AT_ONCE).await.map_err(|error| error.to_string())?;
        for survey in &idle {
            close(app, account, survey.id).await?;
        }
        if idle.len() < AT_ONCE {
            return Ok(());
        }
    }
}

async fn close(app: &Arc<App>, account: &AccountId, survey: ConversationId) -> Result<(), String> {
    let change = FieldChange::Close { cause: Some("Nobody answered".into()) };
    let state = app.account_state(account);
    match state.dispatcher.update(Actor::System, Update::new(survey, vec![change])).await {
        Ok(_) => {
            metrics::counter!("antiphon_surveys_expired_total").increment(1);
            Ok(())
        }
        // It ended meanwhile.
        Err(error) if error.kind == UpdateErrorKind::Closed => Ok(()),
        Err(error) => Err(error.message),
    }
}
