//! Carries out units of work inside the writer's transaction: first everything that a unit expects is checked, then all of
//! it is written, so that a refused unit has touched nothing.

pub mod notifications;

use super::failure::Failure;
use super::prepare::Prepared;
use super::rows::codec::{ordered, place};
use super::rows::consumer::{fetch_at_column, unshown_at_column};
use super::rows::conversation::{CLOSED, ConversationRow, Members, number};
use super::rows::delivery::status_column;
use super::search;
use super::shared::Shared;
use antiphon_app::ports::store::{Answered, CommitError, GrantsOf, Write};
use antiphon_domain::routing::Availability;
use antiphon_domain::{AccountId, Consumer, ConversationId, Delivery, SourceId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// For how long an idempotency key is remembered, in milliseconds.
pub const ANSWER_MS: i64 = 24 * 3600 * 1000;

pub const SEEN: &str = "SELECT i.source, i.key FROM guards g JOIN guard_items i ON i.item = g.item WHERE g.account = ?1 AND g.hash = ?2";
pub const OPEN_OF: &str = "SELECT id FROM conversations WHERE account = ?1 AND consumer = ?2 AND class > 0";
pub const BEFORE: &str = "SELECT version, class, skill, consumer, members FROM conversations WHERE account = ?1 AND id = ?2";
pub const HOLDER: &str = "SELECT id FROM consumers WHERE account = ?1 AND source = ?2 AND address = ?3";
pub const MESSAGE: &str =
    "UPDATE conversations SET version = ?3, updated_at = ?4, last_content = ?5, state = ?6 WHERE account = ?1 AND id = ?2";
pub const KEY_USED: &str = "UPDATE api_keys SET used_at = max(coalesce(used_at, ?3), ?3) WHERE account = ?1 AND id = ?2";
pub const END_GRANTS_OF_USER: &str = "DELETE FROM app_grants WHERE account = ?1 AND user = ?2";
pub const END_GRANTS_OF_APP: &str = "DELETE FROM app_grants WHERE account = ?1 AND app = ?2";

/// The units of one transaction.
pub struct Batch<'a> {
    pub connection: &'a Connection,
    pub shared: &'a Shared,
    /// Accounts that got their number in this transaction.
    pub new_accounts: Vec<(AccountId, i64)>,
    /// Whether anything was written.
    pub dirty: bool,
}

/// A conversation's row before a unit.
struct Before {
    version: i64,
    class: i64,
    skill: i64,
    same_consumer: bool,
    members: Vec<u8>,
}

/// Whether a unit was committed or refused; the outer error is one that nobody expected.
pub type Outcome = Result<Result<(), CommitError>, Failure>;

impl Batch<'_> {
    /// Checks and writes one unit.
    pub fn unit(&mut self, account: &AccountId, writes: &[Prepared]) -> Outcome {
        let account_number = self.account(account)?;
        let mut befores = Vec::new();
        if let Err(refusal) = self.check(account_number, writes, &mut befores)? {
            return Ok(Err(refusal));
        }
        self.dirty |= !writes.is_empty();
        let mut befores = befores.into_iter();
        for write in writes {
            let before = match write.write {
                Write::PutConversation { .. } => befores.next().flatten(),
                _ => None,
            };
            self.write(account_number, write, before)?;
        }
        Ok(Ok(()))
    }

    fn account(&mut self, id: &AccountId) -> Result<i64, Failure> {
        if let Some(number) = self.shared.accounts.cached(id) {
            return Ok(number);
        }
        if let Some((_, number)) = self.new_accounts.iter().find(|(known, _)| known == id) {
            return Ok(*number);
        }
        let found = self
            .connection
            .prepare_cached("SELECT number FROM accounts WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get::<_, i64>(0))
            .optional()?;
        let number = match found {
            Some(number) => number,
            None => {
                self.dirty = true;
                self.connection.prepare_cached("INSERT INTO accounts (id) VALUES (?1)")?.insert([id.as_str()])?
            }
        };
        self.new_accounts.push((id.clone(), number));
        Ok(number)
    }

    /// Looks at everything that the unit expects. Fills `befores` with one entry per conversation that it puts.
    fn check(&self, account: i64, writes: &[Prepared], befores: &mut Vec<Option<Before>>) -> Outcome {
        for (index, prepared) in writes.iter().enumerate() {
            let refusal = match &prepared.write {
                Write::Once { source, key, .. } => self.seen(account, *source, key, prepared.hash, &writes[..index])?,
                Write::Remember { caller, key, at, .. } => self.answered(account, caller, key, *at, &writes[..index])?,
                Write::PutConversation { was, .. } => match &prepared.row {
                    Some(row) => self.stale(account, row, *was, &writes[..index], befores)?,
                    None => None,
                },
                Write::PutConsumer(consumer) => self.address_moved(account, consumer)?,
                _ => None,
            };
            if let Some(refusal) = refusal {
                return Ok(Err(refusal));
            }
        }
        Ok(Ok(()))
    }

    fn seen(
        &self,
        account: i64,
        source: SourceId,
        key: &str,
        hash: Option<i64>,
        earlier: &[Prepared],
    ) -> Result<Option<CommitError>, Failure> {
        let twice = earlier.iter().any(|other| match &other.write {
            Write::Once { source: s, key: k, .. } => other.hash == hash && *s == source && **k == *key,
            _ => false,
        });
        if twice {
            return Ok(Some(CommitError::Duplicate));
        }
        let mut statement = self.connection.prepare_cached(SEEN)?;
        let mut rows = statement.query(params![account, hash])?;
        while let Some(row) = rows.next()? {
            let same_source = row.get::<_, i64>(0)? == source.0 as i64;
            if same_source && row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)? == key {
                return Ok(Some(CommitError::Duplicate));
            }
        }
        Ok(None)
    }

    fn answered(&self, account: i64, caller: &str, key: &str, at: Timestamp, earlier: &[Prepared]) -> Result<Option<CommitError>, Failure> {
        let twice = earlier.iter().find_map(|other| match &other.write {
            Write::Remember { caller: c, key: k, asked, answer, .. } if **c == *caller && **k == *key => {
                Some(Answered { asked: *asked, answer: answer.clone() })
            }
            _ => None,
        });
        if let Some(answered) = twice {
            return Ok(Some(CommitError::Answered(answered)));
        }
        let mut statement =
            self.connection.prepare_cached("SELECT asked, answer, at FROM answers WHERE account = ?1 AND caller = ?2 AND key = ?3")?;
        let found = statement
            .query_row(params![account, caller, key], |row| {
                Ok((Answered { asked: row.get(0)?, answer: Arc::from(row.get::<_, String>(1)?) }, row.get::<_, i64>(2)?))
            })
            .optional()?;
        Ok(found.and_then(|(answered, then)| (at.0.saturating_sub(then) < ANSWER_MS).then_some(CommitError::Answered(answered))))
    }

    fn stale(
        &self,
        account: i64,
        row: &ConversationRow,
        was: u64,
        earlier: &[Prepared],
        befores: &mut Vec<Option<Before>>,
    ) -> Result<Option<CommitError>, Failure> {
        let same_unit = earlier.iter().rev().filter_map(|other| other.row.as_deref());
        let (version, was_open) = match same_unit.clone().find(|other| other.id == row.id) {
            // The same unit puts it twice: the row before the second one is what the first one wrote.
            Some(other) => {
                befores.push(Some(Before::of(other, row)));
                (other.version, other.class > CLOSED)
            }
            None => {
                let before = self.before(account, row)?;
                let seen = before.as_ref().map_or((0, false), |before| (before.version, before.class > CLOSED));
                befores.push(before);
                seen
            }
        };
        if version != number(was) {
            return Ok(Some(CommitError::Conflict));
        }
        if row.class > CLOSED && !was_open {
            let mut statement = self.connection.prepare_cached(OPEN_OF)?;
            let open: Option<[u8; 16]> = statement.query_row(params![account, row.consumer.0], |row| row.get(0)).optional()?;
            // One that an earlier write of this unit closed, or opened, counts as it will be.
            let stored_is_open =
                open.is_some_and(|id| same_unit.clone().find(|other| other.id.0 == id).is_none_or(|other| other.class > CLOSED));
            let opened_here = same_unit.clone().any(|other| other.consumer == row.consumer && other.class > CLOSED && other.id != row.id);
            if stored_is_open || opened_here {
                return Ok(Some(CommitError::Conflict));
            }
        }
        Ok(None)
    }

    fn before(&self, account: i64, row: &ConversationRow) -> Result<Option<Before>, Failure> {
        let mut statement = self.connection.prepare_cached(BEFORE)?;
        let found = statement
            .query_row(params![account, row.id.0], |columns| {
                Ok(Before {
                    version: columns.get(0)?,
                    class: columns.get(1)?,
                    skill: columns.get(2)?,
                    same_consumer: columns.get_ref(3)?.as_blob()? == row.consumer.0,
                    members: columns.get(4)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    /// Two ingests that both make the same consumer: the second one has to look again.
    fn address_moved(&self, account: i64, consumer: &Consumer) -> Result<Option<CommitError>, Failure> {
        let mut statement = self.connection.prepare_cached(HOLDER)?;
        let holder: Option<[u8; 32]> =
            statement.query_row(params![account, consumer.source.0 as i64, consumer.address], |row| row.get(0)).optional()?;
        Ok(holder.filter(|id| *id != consumer.id.0).map(|_| CommitError::Conflict))
    }

    fn run(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, Failure> {
        Ok(self.connection.prepare_cached(sql)?.execute(parameters)?)
    }

    fn write(&self, account: i64, prepared: &Prepared, before: Option<Before>) -> Result<(), Failure> {
        let Prepared { data, sealed, hash, .. } = prepared;
        match &prepared.write {
            Write::Once { source, key, at } => {
                let item = self
                    .connection
                    .prepare_cached("INSERT INTO guard_items (account, hash, source, key, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .insert(params![account, hash, source.0 as i64, &**key, at.0])?;
                self.run("INSERT INTO guards (account, hash, item) VALUES (?1, ?2, ?3)", params![account, hash, item])?;
            }
            Write::Remember { caller, key, asked, answer, at } => {
                self.run(
                    "INSERT OR REPLACE INTO answers (account, caller, key, asked, answer, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![account, &**caller, &**key, asked, &**answer, at.0],
                )?;
            }
            Write::PutConversation { .. } => {
                if let Some(row) = &prepared.row {
                    self.put_conversation(account, row, before)?;
                }
            }
            Write::AddEvent { conversation, event } => {
                self.run(
                    "INSERT INTO events (account, conversation, dialog, sequence, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![account, conversation.0, event.dialog.0, number(event.sequence), data],
                )?;
            }
            Write::AddChange { conversation, change } => {
                self.run(
                    "INSERT INTO changes (account, conversation, version, data) VALUES (?1, ?2, ?3, ?4)",
                    params![account, conversation.0, number(change.version), data],
                )?;
            }
            Write::PutConsumer(consumer) => self.put_consumer(account, consumer, data)?,
            Write::PutTask(task) => {
                self.run(
                    "INSERT OR REPLACE INTO tasks (account, conversation, data) VALUES (?1, ?2, ?3)",
                    params![account, task.conversation.0, data],
                )?;
            }
            Write::DeleteTask(conversation) => {
                self.run("DELETE FROM tasks WHERE account = ?1 AND conversation = ?2", params![account, conversation.0])?;
            }
            Write::PutAgentState { user, availability, last_assigned_at } => {
                self.run(
                    "INSERT OR REPLACE INTO agent_states (account, user, availability, last_assigned_at) VALUES (?1, ?2, ?3, ?4)",
                    params![account, user.0, place(&Availability::ALL, availability), last_assigned_at.0],
                )?;
            }
            Write::PutDelivery(delivery) => self.put_delivery(account, delivery, *hash, data)?,
            Write::PutFile(file) => {
                let values = params![account, ordered(file.id.0), file.path, fetch_at_column(file), unshown_at_column(file), data];
                let updated = self
                    .run("UPDATE files SET path = ?3, fetch_at = ?4, unshown_at = ?5, data = ?6 WHERE account = ?1 AND id = ?2", values)?;
                if updated == 0 {
                    self.run("INSERT INTO files (account, id, path, fetch_at, unshown_at, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", values)?;
                }
            }
            Write::DropUnshownFile(id) => {
                self.run("DELETE FROM files WHERE account = ?1 AND id = ?2 AND unshown_at IS NOT NULL", params![account, ordered(id.0)])?;
            }
            Write::AddConsent(consent) => {
                self.run(
                    "INSERT INTO consents (account, consumer, id, data) VALUES (?1, ?2, ?3, ?4)",
                    params![account, consent.consumer.0, ordered(consent.id.0), data],
                )?;
            }
            Write::AddDeadLetter(letter) => {
                self.run(
                    "INSERT INTO dead_letters (account, id, redriven_at, data, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![account, ordered(letter.id.0), letter.redriven_at.map(|at| at.0), data, sealed],
                )?;
            }
            Write::MarkRedriven(id, at) => {
                self.run("UPDATE dead_letters SET redriven_at = ?3 WHERE account = ?1 AND id = ?2", params![account, ordered(id.0), at.0])?;
            }
            Write::AddChannelLog(entry) => {
                self.run(
                    "INSERT INTO channel_log (account, id, at, source, conversation, delivery, inbound, data)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        account,
                        ordered(entry.id.0),
                        entry.at.0,
                        entry.source.map(|source| source.0 as i64),
                        entry.conversation.map(|conversation| conversation.0),
                        entry.delivery.map(|delivery| ordered(delivery.0)),
                        entry.inbound,
                        data
                    ],
                )?;
            }
            Write::AddAudit(entry) => {
                self.run("INSERT INTO audit (account, id, data) VALUES (?1, ?2, ?3)", params![account, ordered(entry.id.0), data])?;
            }
            Write::PutAccount(_) => {
                self.run("UPDATE accounts SET data = ?2 WHERE number = ?1", params![account, data])?;
            }
            Write::PutSkill(skill) => {
                self.run(
                    "INSERT INTO skills (account, id, name, data) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (account, id) DO UPDATE SET name = excluded.name, data = excluded.data",
                    params![account, skill.id.0, skill.name, data],
                )?;
            }
            Write::PutProfile(profile) => {
                self.run(
                    "INSERT OR REPLACE INTO profiles (account, name, data) VALUES (?1, ?2, ?3)",
                    params![account, profile.name, data],
                )?;
            }
            Write::PutUser(user) => {
                self.run(
                    "INSERT INTO users (account, id, login_folded, pid, data) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (account, id) DO UPDATE SET login_folded = excluded.login_folded, pid = excluded.pid, data = excluded.data",
                    params![account, user.id.0, user.login.to_lowercase(), user.pid.0, data],
                )?;
            }
            Write::PutLogin(login) => {
                self.run(
                    "INSERT OR REPLACE INTO logins (account, user, data, sealed) VALUES (?1, ?2, ?3, ?4)",
                    params![account, login.user.0, data, sealed],
                )?;
            }
            Write::PutSource(source) => {
                self.run(
                    "INSERT INTO sources (account, id, channel, address, enabled, data, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (account, id) DO UPDATE SET channel = excluded.channel, address = excluded.address,
                     enabled = excluded.enabled, data = excluded.data, sealed = excluded.sealed",
                    params![account, source.id.0 as i64, source.channel, source.address, source.enabled, data, sealed],
                )?;
            }
            Write::PutChannelApp(app) => {
                self.run(
                    "INSERT INTO channel_apps (account, id, channel, name, data, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (account, id) DO UPDATE SET channel = excluded.channel, name = excluded.name, data = excluded.data,
                     sealed = excluded.sealed",
                    params![account, app.id.0 as i64, app.channel, app.name, data, sealed],
                )?;
            }
            Write::PutConnectorApp(app) => {
                self.run(
                    "INSERT OR REPLACE INTO connector_apps (account, client_id, data, sealed) VALUES (?1, ?2, ?3, ?4)",
                    params![account, app.client_id, data, sealed],
                )?;
            }
            Write::PutApiKey(key) => {
                self.run(
                    "INSERT INTO api_keys (account, id, name, hash, data) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (account, id) DO UPDATE SET name = excluded.name, hash = excluded.hash, data = excluded.data",
                    params![account, ordered(key.id.0), key.name, key.hash, data],
                )?;
            }
            Write::DeleteApiKey(id) => {
                self.run("DELETE FROM api_keys WHERE account = ?1 AND id = ?2", params![account, ordered(id.0)])?;
            }
            Write::ApiKeyUsed(id, at) => {
                self.run(KEY_USED, params![account, ordered(id.0), at.0])?;
            }
            Write::AddSigningKey(key) => {
                self.run(
                    "INSERT INTO signing_keys (purpose, id, created_at, sealed) VALUES (?1, ?2, ?3, ?4)",
                    params![key.purpose.name(), key.id, key.created_at.0, sealed],
                )?;
            }
            Write::DeleteSigningKey { purpose, id } => {
                self.run("DELETE FROM signing_keys WHERE purpose = ?1 AND id = ?2", params![purpose.name(), &**id])?;
            }
            Write::AddAccountSecret { purpose, .. } => {
                self.run("INSERT INTO account_secrets (account, purpose, sealed) VALUES (?1, ?2, ?3)", params![account, purpose, sealed])?;
            }
            Write::PutIdentityProvider(provider) => {
                self.run(
                    "INSERT OR REPLACE INTO identity_providers (account, issuer, data) VALUES (?1, ?2, ?3)",
                    params![account, provider.issuer, data],
                )?;
            }
            Write::PutFeatureGrant { feature, granted } => {
                self.run(
                    "INSERT OR REPLACE INTO feature_grants (account, feature, granted) VALUES (?1, ?2, ?3)",
                    params![account, &**feature, granted],
                )?;
            }
            Write::AddNotifications(new) => self.add_notifications(account, new, data)?,
            Write::PutNotificationOutcome { app, id, state, .. } => self.settle_notification(account, app, *id, *state, data)?,
            Write::RequeueNotifications { app, ids, at } => self.requeue_notifications(account, app, ids, *at)?,
            Write::AddAppGrant(grant) => {
                self.run(
                    "INSERT INTO app_grants (token_hash, account, app, user, expires_at, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![grant.token_hash, account, grant.app, grant.user.0, grant.expires_at.0, data],
                )?;
            }
            Write::RenewAppGrant(grant) => {
                self.run(
                    "UPDATE app_grants SET expires_at = ?3, data = ?4 WHERE token_hash = ?1 AND account = ?2",
                    params![grant.token_hash, account, grant.expires_at.0, data],
                )?;
            }
            Write::EndAppGrants(GrantsOf::Token(hash)) => {
                self.run("DELETE FROM app_grants WHERE token_hash = ?1 AND account = ?2", params![hash, account])?;
            }
            Write::EndAppGrants(GrantsOf::App(app)) => {
                self.run(END_GRANTS_OF_APP, params![account, &**app])?;
            }
            Write::PutSession(session) => {
                self.run(
                    "INSERT OR REPLACE INTO sessions (token_hash, account, user, expires_at, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![session.token_hash, account, session.user.0, session.expires_at.0, data],
                )?;
            }
            Write::RenewSession(session) => {
                self.run(
                    "UPDATE sessions SET expires_at = ?3, data = ?4 WHERE token_hash = ?1 AND account = ?2",
                    params![session.token_hash, account, session.expires_at.0, data],
                )?;
            }
            Write::DeleteSession(token_hash) => {
                self.run("DELETE FROM sessions WHERE token_hash = ?1 AND account = ?2", params![token_hash, account])?;
            }
            Write::EndSessions { user, keep } => {
                self.run(
                    "DELETE FROM sessions WHERE account = ?1 AND user = ?2 AND token_hash IS NOT ?3",
                    params![account, user.0, keep.as_ref().map(|hash| &hash[..])],
                )?;
                self.run(END_GRANTS_OF_USER, params![account, user.0])?;
            }
            Write::Applied { path, hash } => {
                self.run("INSERT OR REPLACE INTO applied (account, path, hash) VALUES (?1, ?2, ?3)", params![account, &**path, hash])?;
            }
        }
        Ok(())
    }

    fn put_conversation(&self, account: i64, row: &ConversationRow, before: Option<Before>) -> Result<(), Failure> {
        match &before {
            None => {
                self.run(
                    "INSERT INTO conversations (account, id, version, class, updated_at, skill, consumer, last_content, members, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        account,
                        row.id.0,
                        row.version,
                        row.class,
                        row.updated_at,
                        row.skill,
                        row.consumer.0,
                        row.last_content,
                        row.members,
                        row.state
                    ],
                )?;
            }
            // A message in a conversation whose place did not change: only one index moves.
            Some(before)
                if before.class == row.class && before.skill == row.skill && before.same_consumer && before.members == row.members =>
            {
                self.run(MESSAGE, params![account, row.id.0, row.version, row.updated_at, row.last_content, row.state])?;
            }
            Some(_) => {
                self.run(
                    "UPDATE conversations SET version = ?3, class = ?4, updated_at = ?5, skill = ?6, consumer = ?7, last_content = ?8,
                     members = ?9, state = ?10 WHERE account = ?1 AND id = ?2",
                    params![
                        account,
                        row.id.0,
                        row.version,
                        row.class,
                        row.updated_at,
                        row.skill,
                        row.consumer.0,
                        row.last_content,
                        row.members,
                        row.state
                    ],
                )?;
            }
        }
        let unchanged = before.as_ref().is_some_and(|before| before.members == row.members);
        if unchanged {
            return Ok(());
        }
        if let Some(before) = before {
            let old = Members::decode(&before.members)?;
            for (user, _) in &old.users {
                self.run(
                    "DELETE FROM members WHERE account = ?1 AND user = ?2 AND class = ?3 AND at = ?4 AND conversation = ?5",
                    params![account, user.0, old.class, old.at, row.id.0],
                )?;
            }
        }
        let new = Members::decode(&row.members)?;
        for (user, assigned) in &new.users {
            self.run(
                "INSERT INTO members (account, user, class, at, conversation, assigned) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![account, user.0, new.class, new.at, row.id.0, assigned],
            )?;
        }
        Ok(())
    }

    fn put_consumer(&self, account: i64, consumer: &Consumer, data: &[u8]) -> Result<(), Failure> {
        let known: Option<(i64, bool)> = self
            .connection
            .prepare_cached("SELECT number, source, address, name FROM consumers WHERE account = ?1 AND id = ?2")?
            .query_row(params![account, consumer.id.0], |row| {
                let same = row.get_ref(2)?.as_str()? == consumer.address && row.get_ref(3)?.as_str_or_null()? == consumer.name.as_deref();
                Ok((row.get(0)?, same))
            })
            .optional()?;
        let source = consumer.source.0 as i64;
        let (number, same_text) = match known {
            Some((number, same_text)) => {
                self.run(
                    "UPDATE consumers SET source = ?2, address = ?3, name = ?4, data = ?5 WHERE number = ?1",
                    params![number, source, consumer.address, consumer.name, data],
                )?;
                (number, same_text)
            }
            None => {
                let number = self
                    .connection
                    .prepare_cached("INSERT INTO consumers (account, id, source, address, name, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                    .insert(params![account, consumer.id.0, source, consumer.address, consumer.name, data])?;
                (number, false)
            }
        };
        if !same_text {
            self.run(
                "INSERT OR REPLACE INTO consumer_text (rowid, scope, name, address) VALUES (?1, ?2, ?3, ?4)",
                params![
                    number,
                    search::scope(account),
                    search::indexed(consumer.name.as_deref().unwrap_or_default()),
                    search::indexed(&consumer.address)
                ],
            )?;
        }
        Ok(())
    }

    fn put_delivery(&self, account: i64, delivery: &Delivery, vendor_hash: Option<i64>, data: &[u8]) -> Result<(), Failure> {
        let id = ordered(delivery.id.0);
        let status = status_column(delivery.status);
        let place = (delivery.conversation, i64::from(delivery.dialog.0), number(delivery.sequence), delivery.source.0 as i64);
        let before = self
            .connection
            .prepare_cached(
                "SELECT conversation, dialog, sequence, source, status, vendor_hash FROM deliveries WHERE account = ?1 AND id = ?2",
            )?
            .query_row(params![account, id], |row| {
                let place = (ConversationId(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?);
                Ok((place, row.get::<_, i64>(4)?, row.get::<_, Option<i64>>(5)?))
            })
            .optional()?;
        match before {
            Some(before) if before == (place, status, vendor_hash) => {
                self.run("UPDATE deliveries SET data = ?3 WHERE account = ?1 AND id = ?2", params![account, id, data])?;
                return Ok(());
            }
            Some(before) if before.0 == place => {
                self.run(
                    "UPDATE deliveries SET status = ?3, vendor_hash = ?4, data = ?5 WHERE account = ?1 AND id = ?2",
                    params![account, id, status, vendor_hash, data],
                )?;
                return Ok(());
            }
            Some(_) => {
                self.run("DELETE FROM deliveries WHERE account = ?1 AND id = ?2", params![account, id])?;
            }
            None => {}
        }
        let (conversation, dialog, sequence, source) = place;
        self.run(
            "INSERT INTO deliveries (account, id, conversation, dialog, sequence, source, status, vendor_hash, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![account, id, conversation.0, dialog, sequence, source, status, vendor_hash, data],
        )?;
        Ok(())
    }
}

impl Before {
    /// What a row that the same unit wrote earlier is to the next one.
    fn of(earlier: &ConversationRow, row: &ConversationRow) -> Self {
        Before {
            version: earlier.version,
            class: earlier.class,
            skill: earlier.skill,
            same_consumer: earlier.consumer == row.consumer,
            members: earlier.members.clone(),
        }
    }
}
