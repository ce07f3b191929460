//! Keys of the admin API, signing keys, account secrets, the brand's log-ins, feature grants and what users let apps have.

use super::super::failure::Failure;
use super::super::reader::View;
use super::super::rows::codec::unordered;
use super::super::rows::identity as rows;
use antiphon_app::ports::store::{AppGrant, IdentityProvider, KeyUse, SigningKey};
use antiphon_domain::{AccountId, ApiKey, ApiKeyId, Timestamp};
use rusqlite::{OptionalExtension, params};

pub const APP_GRANT: &str = "SELECT account, data FROM app_grants WHERE token_hash = ?1";

impl View<'_> {
    pub fn signing_keys(&self) -> Result<Vec<SigningKey>, Failure> {
        let sql = "SELECT purpose, id, created_at, sealed FROM signing_keys ORDER BY created_at, purpose, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found = statement.query([])?;
        let mut keys = Vec::new();
        while let Some(row) = found.next()? {
            let (purpose, id): (String, String) = (row.get(0)?, row.get(1)?);
            let purpose = KeyUse::from_name(&purpose).ok_or_else(|| Failure::corrupt("a signing key has an unknown use"))?;
            let pkcs8 = self.shared.secrets.open(&rows::key_context(purpose, &id), &row.get::<_, Vec<u8>>(3)?)?;
            keys.push(SigningKey { purpose, id, created_at: Timestamp(row.get(2)?), pkcs8 });
        }
        Ok(keys)
    }

    pub fn app_grant(&self, token_hash: [u8; 32]) -> Result<Option<(AccountId, AppGrant)>, Failure> {
        let mut statement = self.connection.prepare_cached(APP_GRANT)?;
        let found: Option<(i64, Vec<u8>)> = statement.query_row([token_hash], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((number, data)) = found else { return Ok(None) };
        let account = self.shared.accounts.id(self.connection, number)?;
        Ok(Some((account, rows::decode_grant(token_hash, &data)?)))
    }

    pub fn account_secret(&self, account: &AccountId, purpose: &str) -> Result<Option<[u8; 32]>, Failure> {
        let Some(number) = self.account(account)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached("SELECT sealed FROM account_secrets WHERE account = ?1 AND purpose = ?2")?;
        let sealed: Option<Vec<u8>> = statement.query_row(params![number, purpose], |row| row.get(0)).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.unseal(account, "account_secrets", "secret", &purpose, &sealed)?;
        plain.try_into().map(Some).map_err(|_| Failure::corrupt("a secret of an account has not 32 bytes"))
    }

    pub(super) fn identity_providers(&self, number: i64) -> Result<Vec<IdentityProvider>, Failure> {
        self.all(number, "SELECT issuer, data FROM identity_providers WHERE account = ?1 ORDER BY issuer", |row| {
            rows::decode_provider(row.get(0)?, &row.get::<_, Vec<u8>>(1)?)
        })
    }

    pub(super) fn api_keys(&self, number: i64) -> Result<Vec<(ApiKey, Option<Timestamp>)>, Failure> {
        self.all(number, "SELECT id, name, hash, used_at, data FROM api_keys WHERE account = ?1 ORDER BY id", |row| {
            let id = ApiKeyId(unordered(row.get(0)?));
            let key = rows::decode_api_key(id, row.get(1)?, row.get(2)?, &row.get::<_, Vec<u8>>(4)?)?;
            Ok((key, row.get::<_, Option<i64>>(3)?.map(Timestamp)))
        })
    }

    pub(super) fn feature_grants(&self, number: i64) -> Result<Vec<(String, bool)>, Failure> {
        let sql = "SELECT feature, granted FROM feature_grants WHERE account = ?1 ORDER BY feature";
        self.all(number, sql, |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
