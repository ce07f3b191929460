//! Inactivity of people: whose browser reports nothing that a person did for the account's idle time is signed out, open
//! sockets or not. Bots and log-ins by keys are not concerned, and a program's requests count as what its user does.

use super::{AuthError, Authenticated};
use crate::ports::store::{Session, SessionKind, UnitOfWork, Write};
use crate::{App, Caller};
use antiphon_domain::{Timestamp, User, UserKind};
use std::sync::Arc;

/// Reports within this time after one another change nothing, in milliseconds: tabs report on their own.
const GRAIN_MS: i64 = 5_000;

/// What inactivity will do to a browser's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleLogOut {
    /// The account's idle time, in milliseconds.
    pub after_ms: i64,
    /// What is left of it, in milliseconds.
    pub left_ms: i64,
}

impl App {
    /// When a session ends, if nobody does anything from now on. An open socket keeps a program's session until its last hour.
    pub fn session_ends_at(&self, caller: &Caller, session: &Session) -> Timestamp {
        let idle = self.browser_idle_ms(caller, session).map(|idle| session.seen_at.plus_ms(idle));
        idle.map_or(session.expires_at, |idle| idle.min(session.expires_at))
    }

    /// How long a person may do nothing in this session; nothing where inactivity does not end it.
    pub fn idle_log_out(&self, authenticated: &Authenticated) -> Option<IdleLogOut> {
        let Authenticated { caller, session } = authenticated;
        let after_ms = self.browser_idle_ms(caller, session)?;
        Some(IdleLogOut { after_ms, left_ms: session.seen_at.plus_ms(after_ms).since(self.clock.now()).max(0) })
    }

    /// A person did something in their browser.
    ///
    /// # Errors
    /// Nothing could be stored.
    pub async fn report_activity(self: &Arc<Self>, authenticated: &mut Authenticated) -> Result<(), AuthError> {
        let now = self.clock.now();
        let Authenticated { caller, session } = authenticated;
        if session.kind == SessionKind::Browser && now.since(session.seen_at) >= GRAIN_MS {
            let age = self.sessions.age();
            session.seen_at = now;
            self.renew_session(age, &caller.account, session.clone()).await?;
        }
        Ok(())
    }

    /// Whether inactivity has ended a session.
    pub(super) fn is_idle(self: &Arc<Self>, caller: &Caller, session: &Session, now: Timestamp) -> bool {
        match session.kind {
            SessionKind::Browser => self.browser_idle_ms(caller, session).is_some_and(|idle| session.seen_at.plus_ms(idle) <= now),
            SessionKind::Program if is_person(&caller.user) => {
                now.since(session.seen_at) > self.idle_ms(caller) && !self.has_socket(caller)
            }
            SessionKind::Program | SessionKind::Keys | SessionKind::App => false,
        }
    }

    /// Ends a browser's session that inactivity has ended, so that a longer idle time does not bring it back.
    pub(super) async fn end_idle(&self, caller: &Caller, session: &Session) {
        let mut unit = UnitOfWork::new(caller.account.clone());
        unit.write(Write::DeleteSession(session.token_hash));
        match self.commit(unit).await {
            Ok(_) => self.sessions_ended(&caller.account, caller.id()),
            // It is refused all the same, and goes when its day is over.
            Err(error) => tracing::warn!(%error, "an idle session could not be ended in the store"),
        }
    }

    fn browser_idle_ms(&self, caller: &Caller, session: &Session) -> Option<i64> {
        (session.kind == SessionKind::Browser && is_person(&caller.user)).then(|| self.idle_ms(caller))
    }

    fn idle_ms(&self, caller: &Caller) -> i64 {
        let directory = self.directory();
        directory.account(&caller.account).map_or(0, |view| view.account.settings.idle_logout_s.saturating_mul(1_000))
    }

    fn has_socket(self: &Arc<Self>, caller: &Caller) -> bool {
        let state = self.account_state(&caller.account);
        state.dispatcher.look(|router| router.agent(caller.id()).is_some_and(|seat| seat.sockets > 0)).unwrap_or(false)
    }
}

fn is_person(user: &User) -> bool {
    user.kind == UserKind::Human
}
