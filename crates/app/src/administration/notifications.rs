//! Notifications to apps, as an administrator sees them: where an app stands, what it was told, a test, and sending again.

use super::{Act, AdminError, AdminErrorKind, Changes};
use crate::notify::{Notified, fingerprint};
use crate::ports::store::{NotificationAbout, NotificationKind, NotificationRow, NotificationState, UnitOfWork, Write};
use crate::{AccountView, App};
use antiphon_domain::conversation::{Draft, Opening, ResponseTimeKind};
use antiphon_domain::event::Party;
use antiphon_domain::{
    AcceptStatus, AccountId, Audience, ConsumerId, Content, Conversation, DialogNumber, EventBody, NotificationId, Originator, Privilege,
    Role, SourceId, Timestamp,
};
use serde_json::json;
use std::sync::Arc;

pub use crate::notify::{Fared, Standing, TestCall, ToldRequest};

/// Waiting notifications are counted up to this.
pub const COUNTED: usize = 10_000;
/// Rows that one commit puts back.
const BITE: usize = 1_000;
/// Rows that one request puts back.
const MOST: usize = 50_000;

/// Where an app stands.
#[derive(Clone, Debug)]
pub struct AppStatus {
    /// Whether it takes what it is told; `None` while it is told nothing.
    pub standing: Option<Standing>,
    /// Since when, unless it was never otherwise.
    pub since: Option<Timestamp>,
    /// It is left alone until then.
    pub paused_until: Option<Timestamp>,
    /// How many notifications wait, up to [`COUNTED`]; beyond that, one more.
    pub waiting: usize,
    /// Its endpoints.
    pub endpoints: Vec<EndpointStatus>,
}

/// How one of an app's endpoints fares.
#[derive(Clone, Debug)]
pub struct EndpointStatus {
    /// What it is told.
    pub kind: NotificationKind,
    /// Its address.
    pub url: String,
    /// Conversations whose notifications failed since the last one that worked.
    pub failing: usize,
    /// Calls under way.
    pub under_way: usize,
    /// It is left alone until then.
    pub paused_until: Option<Timestamp>,
    /// How it fared lately.
    pub fared: Fared,
}

/// What is to be sent again.
#[derive(Clone, Copy, Debug)]
pub struct Redrive {
    /// Caused at or after.
    pub from: Timestamp,
    /// Caused before.
    pub to: Timestamp,
    /// Only what was given up.
    pub only_dropped: bool,
    /// Only after this one: the next part of a long range.
    pub after: Option<NotificationId>,
}

/// What will be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redriven {
    /// How many.
    pub queued: usize,
    /// The range has more: ask again, after this one.
    pub next: Option<NotificationId>,
}

impl App {
    /// Where an app stands.
    ///
    /// # Errors
    /// When there is no such app, or the store can't be read.
    pub async fn app_status(&self, account: &AccountId, client_id: &str) -> Result<AppStatus, AdminError> {
        let directory = self.directory();
        let view = directory.account(account).ok_or_else(|| AdminError::not_found("account"))?;
        if !view.connector_apps.contains_key(client_id) {
            return Err(AdminError::not_found("app"));
        }
        let waiting = self.store().count_waiting_notifications(account, client_id, COUNTED + 1).await?;
        let told = view.notified.iter().find(|app| *app.client_id == *client_id);
        Ok(self.notifier.status(told, waiting, self.clock().now()))
    }

    /// What an app was called with for a notification: made again from what was committed, so it is the same. `None` when that was
    /// erased meanwhile, or the app has no such endpoint any more.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn told_request(
        &self,
        view: &AccountView,
        client_id: &str,
        row: &NotificationRow,
    ) -> Result<Option<ToldRequest>, AdminError> {
        let Some(to) = view.notified.iter().find(|app| *app.client_id == *client_id) else { return Ok(None) };
        let event = match &row.about {
            NotificationAbout::State(_) => None,
            NotificationAbout::Event { dialog, sequence } => {
                let events = self.store().events(&view.account.id, row.conversation, *dialog, *sequence, 1).await?;
                match events.into_iter().next().filter(|event| event.sequence == *sequence) {
                    Some(event) => Some(event),
                    None => return Ok(None),
                }
            }
        };
        Ok(self.notifier.request(self, view, to, row, event.as_ref()))
    }

    /// Whether an app's notifications of that kind still go where this one went.
    pub fn is_told_there(&self, view: &AccountView, client_id: &str, row: &NotificationRow) -> Option<String> {
        let to = view.notified.iter().find(|app| *app.client_id == *client_id)?;
        let endpoint = to.endpoint(row.kind)?;
        let same = row.tries.endpoint.is_none_or(|called| called == fingerprint(&endpoint.url));
        same.then(|| endpoint.url.clone())
    }

    /// Calls an app's endpoints with a made-up notification each: all of them, or those of one kind.
    ///
    /// # Errors
    /// Without `manage_sources`, when there is no such app, and when it is told nothing.
    pub async fn test_app(
        self: &Arc<Self>,
        act: &Act<'_>,
        client_id: &str,
        kind: Option<NotificationKind>,
    ) -> Result<Vec<TestCall>, AdminError> {
        act.require(Privilege::ManageSources)?;
        let view = self.administered(act)?;
        let to = told(&view, client_id)?;
        let kinds: Vec<NotificationKind> =
            NotificationKind::ALL.into_iter().filter(|of| to.endpoint(*of).is_some() && kind.is_none_or(|kind| kind == *of)).collect();
        if kinds.is_empty() {
            return Err(AdminError::new(AdminErrorKind::Unfit, "the app has no endpoint for this").remedy("set one in its settings"));
        }
        let now = self.clock().now();
        let mut unit = UnitOfWork::new(act.by.account().clone());
        unit.write(self.audit(act, now, "app.tested", ("app", client_id.to_owned()), Changes::default()));
        self.commit_act(unit).await?;
        let conversation = made_up(&view, self.ids().conversation(now), now);
        let calls = kinds.into_iter().map(|kind| self.notifier.test(self, &view, to, kind, &conversation));
        Ok(futures_util::future::join_all(calls).await)
    }

    /// Puts settled notifications of a range of time back into the queue, before whatever came since in their conversations.
    ///
    /// # Errors
    /// Without `manage_sources`, when there is no such app, when it is told nothing, for a range that makes no sense, and when
    /// nothing can be stored.
    pub async fn redrive_notifications(self: &Arc<Self>, act: &Act<'_>, client_id: &str, what: Redrive) -> Result<Redriven, AdminError> {
        act.require(Privilege::ManageSources)?;
        let view = self.administered(act)?;
        told(&view, client_id)?;
        if what.from >= what.to {
            return Err(AdminError::invalid("to", "must be later than from"));
        }
        let account = act.by.account();
        let now = self.clock().now();
        let begin = what.after.map_or(self.ids().ascending_from(what.from), |after| after.0.saturating_add(1));
        let end = NotificationId(self.ids().ascending_from(what.to));
        let mut changes = Changes::default();
        changes.note("from", None::<i64>, what.from.0);
        changes.note("to", None::<i64>, what.to.0);
        changes.note("only_dropped", None::<bool>, what.only_dropped);
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(self.audit(act, now, "app.notifications_redriven", ("app", client_id.to_owned()), changes));
        let mut done = Redriven { queued: 0, next: None };
        let mut from = NotificationId(begin);
        loop {
            // What is settled in memory only would be put back under its old outcome.
            self.notifier.store_outcomes(self).await;
            let page = self.store().notification_range(account, client_id, from, end, BITE).await?;
            let last = page.last().map(|(id, _)| *id);
            let wanted = |state: &NotificationState| match state {
                NotificationState::Dropped => true,
                NotificationState::Delivered => !what.only_dropped,
                NotificationState::Waiting => false,
            };
            let full = page.len() >= BITE;
            let ids: Vec<NotificationId> = page.into_iter().filter(|(_, state)| wanted(state)).map(|(id, _)| id).collect();
            done.queued += ids.len();
            if !ids.is_empty() {
                unit.write(Write::RequeueNotifications { app: client_id.into(), ids, at: now });
            }
            if !unit.writes.is_empty() {
                self.commit_act(std::mem::replace(&mut unit, UnitOfWork::new(account.clone()))).await?;
            }
            match last {
                Some(last) if full && done.queued >= MOST => {
                    done.next = Some(last);
                    break;
                }
                Some(last) if full => from = NotificationId(last.0.saturating_add(1)),
                _ => break,
            }
        }
        self.notifier.reload(account, client_id);
        Ok(done)
    }
}

fn told<'a>(view: &'a AccountView, client_id: &str) -> Result<&'a Arc<Notified>, AdminError> {
    if !view.connector_apps.contains_key(client_id) {
        return Err(AdminError::not_found("app"));
    }
    let told = view.notified.iter().find(|app| *app.client_id == *client_id);
    told.ok_or_else(|| {
        AdminError::new(AdminErrorKind::Unfit, "the app is switched off, or has no endpoints").remedy("enable it, and set where it is told")
    })
}

/// A conversation that nobody has, for tests.
fn made_up(view: &AccountView, id: antiphon_domain::ConversationId, now: Timestamp) -> Conversation {
    let consumer = ConsumerId([0; 32]);
    let opening = Opening {
        id,
        account: view.account.id.clone(),
        consumer,
        source: SourceId(0),
        skill: view.account.default_skill,
        response_time: (ResponseTimeKind::Normal, view.account.settings.response_time_s),
        first: true,
        by: Party::Consumer(consumer),
        origin: None,
    };
    Conversation::open(opening, now).0
}

/// What a test tells of each kind of event.
pub(crate) fn test_event(conversation: &Conversation, kind: NotificationKind, now: Timestamp) -> Option<antiphon_domain::Event> {
    let text = "This is a test of the app's notifications.";
    let rich = || json!({"type": "vertical", "elements": [{"type": "text", "text": text}]}).to_string();
    let mut conversation = conversation.clone();
    let mut say = |body| {
        let originator = Originator { party: Party::System, role: Role::Controller };
        let draft = Draft { originator, vendor_at: None, audience: Audience::All, body, metadata: None };
        conversation.append(DialogNumber::MAIN, draft, now).ok()
    };
    match kind {
        NotificationKind::Content => say(EventBody::text(text)),
        NotificationKind::Rich => say(EventBody::Content(Content::Rich { json: rich().into(), quick_replies: None })),
        NotificationKind::Accept => {
            say(EventBody::text(text))?;
            say(EventBody::Accept { status: AcceptStatus::Accept, sequences: vec![0] })
        }
        NotificationKind::ChatState | NotificationKind::Conversation => None,
    }
}
