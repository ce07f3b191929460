//! What nobody goes on with is closed: surveys without an answer, and conversations whose consumer has not answered for long.
//!
//! Once a minute it is looked for those in which nothing happened for the account's time. There are no timers that a restart could
//! lose: the store's own order, by last change, tells which ones are due.

use crate::App;
use crate::ports::store::{ConversationCursor, ConversationFilter};
use crate::update::{Actor, FieldChange, Update, UpdateErrorKind};
use antiphon_domain::{AccountId, AccountSettings, Conversation, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// How often it is looked.
const PAUSE_MS: i64 = 60_000;
/// How many are read at a time.
const PAGE: usize = 100;

/// What becomes idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// A survey whose consumer does not answer.
    Survey,
    /// A conversation whose consumer was answered and says nothing more.
    Conversation,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Survey, Kind::Conversation];

    fn idle_s(self, settings: &AccountSettings) -> i64 {
        match self {
            Kind::Survey => settings.survey_idle_s,
            Kind::Conversation => settings.auto_close_s,
        }
    }

    /// Whether time closes it. Who still owes the consumer an answer, or said when one is due, is not let off by time.
    fn is_over(self, it: &Conversation) -> bool {
        match self {
            Kind::Survey => it.in_survey(),
            Kind::Conversation => it.main().open && it.waiting_since.is_none() && it.manual_due.is_none(),
        }
    }

    fn cause(self) -> &'static str {
        match self {
            Kind::Survey => "Nobody answered",
            Kind::Conversation => "Idle",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Survey => "survey",
            Kind::Conversation => "conversation",
        }
    }
}

/// Up to which change it was looked, by account and kind, and for which time that was.
type Looked = HashMap<(AccountId, Kind), (i64, Timestamp)>;

/// Closes what is idle until the product stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let mut looked = Looked::new();
    loop {
        let timer = app.clock.sleep_until(app.clock.now().plus_ms(PAUSE_MS));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = timer => {}
        }
        let views: Vec<_> = app.directory().accounts().cloned().collect();
        for view in views {
            for kind in Kind::ALL {
                let idle_s = kind.idle_s(&view.account.settings);
                if let Err(error) = look(&app, &view.account.id, kind, idle_s, &mut looked).await {
                    tracing::warn!(account = %view.account.id, kind = kind.name(), error, "what is idle was not closed; trying again in a minute");
                }
            }
        }
    }
}

/// Closes what became idle since the last look: what did not close then closes after another change only.
async fn look(app: &Arc<App>, account: &AccountId, kind: Kind, idle_s: i64, looked: &mut Looked) -> Result<(), String> {
    let since = app.clock.now().plus_s(-idle_s);
    let key = (account.clone(), kind);
    let updated_from = looked.get(&key).filter(|(of, _)| *of == idle_s).map(|(_, to)| *to);
    let survey = kind == Kind::Survey;
    let filter = ConversationFilter {
        open: (!survey).then_some(true),
        in_survey: survey,
        updated_from,
        updated_to: Some(since),
        ..ConversationFilter::default()
    };
    let mut after = None;
    loop {
        let page = app.store.conversations(account, &filter, after, PAGE).await.map_err(|error| error.to_string())?;
        after = page.last().map(|last| ConversationCursor { updated_at: last.updated_at, id: last.id });
        let full = page.len() == PAGE;
        for it in page.into_iter().filter(|it| kind.is_over(it)) {
            close(app, account, kind, &it, since).await?;
        }
        if !full {
            looked.insert(key, (idle_s, since));
            return Ok(());
        }
    }
}

async fn close(app: &Arc<App>, account: &AccountId, kind: Kind, it: &Conversation, since: Timestamp) -> Result<(), String> {
    let change = FieldChange::CloseIdle { since, cause: kind.cause().into() };
    let state = app.account_state(account);
    match state.dispatcher.update(Actor::System, Update::new(it.id, vec![change])).await {
        Ok(_) => {
            metrics::counter!("antiphon_idle_closed_total", "kind" => kind.name()).increment(1);
            Ok(())
        }
        // It ended meanwhile.
        Err(error) if error.kind == UpdateErrorKind::Closed => Ok(()),
        Err(error) => Err(error.message),
    }
}
