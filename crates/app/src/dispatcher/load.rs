//! Rebuilding a dispatcher from the store.

use super::Command;
use crate::{AccountView, App, Unavailable};
use antiphon_domain::routing::{Input, Router, RoutingSettings};
use antiphon_domain::{AccountId, Privilege, User, UserId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The sockets that the process holds: they outlive a rebuild.
#[derive(Default)]
pub(super) struct Sockets(HashMap<UserId, (u32, u32)>);

impl Sockets {
    pub(super) fn note(&mut self, commands: &[Command]) {
        for command in commands {
            if let Command::Sockets { agent, open, listening } = command {
                if *open == 0 {
                    self.0.remove(agent);
                } else {
                    self.0.insert(*agent, (*open, *listening));
                }
            }
        }
    }
}

/// Loads until it works or the product stops (`None`).
pub(super) async fn until_loaded(
    app: &Arc<App>,
    account: &AccountId,
    sockets: &Sockets,
    stopping: &mut watch::Receiver<bool>,
) -> Option<Router> {
    let mut wait_ms = 50;
    loop {
        match load(app, account, sockets).await {
            Ok(router) => return Some(router),
            Err(error) => tracing::warn!(account = %account, %error, "the dispatcher can't be loaded; trying again"),
        }
        let again = app.clock.sleep_until(app.clock.now().plus_ms(wait_ms));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return None,
            () = again => {}
        }
        wait_ms = (wait_ms * 2).min(2_000);
    }
}

async fn load(app: &Arc<App>, account: &AccountId, sockets: &Sockets) -> Result<Router, Unavailable> {
    let rows = app.store.routing(account).await?;
    let directory = app.directory();
    let view = directory.account(account).ok_or_else(|| Unavailable(format!("account {account} is not configured yet")))?;
    let now = app.clock.now();
    let mut router = Router::new(RoutingSettings::of(&view.account.settings));
    for user in view.users.values() {
        router.apply(agent_input(view, user), now);
    }
    for (user, availability, last_assigned_at) in rows.agents {
        router.restore_agent(user, availability, last_assigned_at, now);
    }
    for (conversation, agent) in rows.assigned {
        router.apply(Input::Seat(conversation, agent), now);
    }
    for (agent, (open, listening)) in &sockets.0 {
        router.apply(Input::Sockets { agent: *agent, open: *open, listening: *listening }, now);
    }
    // Rings are offers of the moment: those that were out are void, so everything starts waiting, and the first tick offers it.
    for task in rows.tasks {
        router.restore_task(task);
    }
    Ok(router)
}

/// A user as the router sees them: who may not handle conversations, or is disabled, has no room.
pub(super) fn agent_input(view: &AccountView, user: &User) -> Input {
    let handles = user.enabled && view.profile_of(user).allows(Privilege::HandleConversations);
    Input::Agent {
        agent: user.id,
        max_conversations: if handles { user.max_conversations } else { 0 },
        skills: user.skills.iter().copied().filter(|skill| view.skills.get(skill).is_some_and(|skill| skill.enabled)).collect(),
    }
}
