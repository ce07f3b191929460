//! Configuration, log-ins, sessions, remembered answers.

use super::super::failure::Failure;
use super::super::prepare::context;
use super::super::reader::View;
use super::super::rows::configuration::{self as rows, SourceColumns};
use antiphon_app::ports::store::{AccountRows, Answered, ConnectorApp, DirectoryRows, Login, Session};
use antiphon_domain::{Account, AccountId, ChannelApp, ChannelAppId, Pid, Profile, Skill, SkillId, Source, SourceId, User, UserId};
use rusqlite::{OptionalExtension, Row, params};
use std::sync::Arc;

pub const LOGIN: &str = "SELECT data, sealed FROM logins WHERE account = ?1 AND user = ?2";
pub const SESSION: &str = "SELECT account, data FROM sessions WHERE token_hash = ?1";
pub const ANSWERED: &str = "SELECT asked, answer FROM answers WHERE account = ?1 AND caller = ?2 AND key = ?3";

impl View<'_> {
    pub fn directory(&self) -> Result<DirectoryRows, Failure> {
        let mut statement = self.connection.prepare_cached("SELECT number, id, data FROM accounts WHERE data IS NOT NULL ORDER BY id")?;
        let accounts: Vec<(i64, String, Vec<u8>)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
        let mut directory = DirectoryRows::default();
        for (number, id, data) in accounts {
            let id: AccountId = id.parse().map_err(|_| Failure::corrupt("an account's id is malformed"))?;
            let account = rows::decode_account(id, &data)?;
            directory.accounts.push(self.account_rows(number, account)?);
        }
        Ok(directory)
    }

    fn account_rows(&self, number: i64, account: Account) -> Result<AccountRows, Failure> {
        let id = account.id.clone();
        Ok(AccountRows {
            skills: self.all(number, "SELECT id, name, data FROM skills WHERE account = ?1 ORDER BY id", skill)?,
            profiles: self.all(number, "SELECT name, data FROM profiles WHERE account = ?1 ORDER BY name", profile)?,
            users: self.all(number, "SELECT id, pid, data FROM users WHERE account = ?1 ORDER BY id", user)?,
            sources: self.all(
                number,
                "SELECT id, channel, address, enabled, data, sealed FROM sources WHERE account = ?1 ORDER BY id",
                |row| self.source(&id, row),
            )?,
            channel_apps: self.all(
                number,
                "SELECT id, channel, name, data, sealed FROM channel_apps WHERE account = ?1 ORDER BY id",
                |row| self.channel_app(&id, row),
            )?,
            connector_apps: self.all(
                number,
                "SELECT client_id, data, sealed FROM connector_apps WHERE account = ?1 ORDER BY client_id",
                |row| self.connector_app(&id, row),
            )?,
            identity_providers: self.identity_providers(number)?,
            feature_grants: self.feature_grants(number)?,
            api_keys: self.api_keys(number)?,
            account,
        })
    }

    pub(super) fn all<T>(&self, number: i64, sql: &str, read: impl Fn(&Row<'_>) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([number])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    pub(super) fn unseal(
        &self,
        account: &AccountId,
        table: &str,
        column: &str,
        id: &dyn std::fmt::Display,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        Ok(self.shared.secrets.open(&context(account, table, column, id), sealed)?)
    }

    fn source(&self, account: &AccountId, row: &Row<'_>) -> Result<Source, Failure> {
        let columns =
            SourceColumns { id: SourceId(row.get::<_, i64>(0)? as u64), channel: row.get(1)?, address: row.get(2)?, enabled: row.get(3)? };
        let credentials = self.unseal(account, "sources", "credentials", &columns.id, &row.get::<_, Vec<u8>>(5)?)?;
        rows::decode_source(columns, &row.get::<_, Vec<u8>>(4)?, &credentials)
    }

    fn channel_app(&self, account: &AccountId, row: &Row<'_>) -> Result<ChannelApp, Failure> {
        let id = ChannelAppId(row.get::<_, i64>(0)? as u64);
        let credentials = self.unseal(account, "channel_apps", "credentials", &id, &row.get::<_, Vec<u8>>(4)?)?;
        rows::decode_channel_app(id, row.get(1)?, row.get(2)?, &row.get::<_, Vec<u8>>(3)?, &credentials)
    }

    fn connector_app(&self, account: &AccountId, row: &Row<'_>) -> Result<ConnectorApp, Failure> {
        let client_id: String = row.get(0)?;
        let secret = self.unseal(account, "connector_apps", "client_secret", &client_id, &row.get::<_, Vec<u8>>(2)?)?;
        rows::decode_connector_app(client_id, &row.get::<_, Vec<u8>>(1)?, &secret)
    }

    pub fn applied(&self, account: &AccountId) -> Result<Vec<(String, [u8; 32])>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(Vec::new()) };
        self.all(number, "SELECT path, hash FROM applied WHERE account = ?1 ORDER BY path", |row| Ok((row.get(0)?, row.get(1)?)))
    }

    pub fn login(&self, account: &AccountId, user: UserId) -> Result<Option<Login>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(LOGIN)?;
        let found: Option<(Vec<u8>, Vec<u8>)> =
            statement.query_row(params![number, user.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((data, sealed)) = found else { return Ok(None) };
        let keys = self.unseal(account, "logins", "api_keys", &user, &sealed)?;
        rows::decode_login(user, &data, &keys).map(Some)
    }

    pub fn session(&self, token_hash: [u8; 32]) -> Result<Option<(AccountId, Session)>, Failure> {
        let mut statement = self.connection.prepare_cached(SESSION)?;
        let found: Option<(i64, Vec<u8>)> = statement.query_row([token_hash], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((number, data)) = found else { return Ok(None) };
        let account = self.shared.accounts.id(self.connection, number)?;
        Ok(Some((account, rows::decode_session(token_hash, &data)?)))
    }

    pub fn answered(&self, account: &AccountId, caller: &str, key: &str) -> Result<Option<Answered>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(ANSWERED)?;
        let found = statement
            .query_row(params![number, caller, key], |row| {
                Ok(Answered { asked: row.get(0)?, answer: Arc::from(row.get_ref(1)?.as_str()?) })
            })
            .optional()?;
        Ok(found)
    }
}

fn skill(row: &Row<'_>) -> Result<Skill, Failure> {
    rows::decode_skill(SkillId(row.get(0)?), row.get(1)?, &row.get::<_, Vec<u8>>(2)?)
}

fn profile(row: &Row<'_>) -> Result<Profile, Failure> {
    rows::decode_profile(row.get(0)?, &row.get::<_, Vec<u8>>(1)?)
}

fn user(row: &Row<'_>) -> Result<User, Failure> {
    rows::decode_user(UserId(row.get(0)?), Pid(row.get(1)?), &row.get::<_, Vec<u8>>(2)?)
}
