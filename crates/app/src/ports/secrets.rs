//! Sealing and signing with the master key, and passwords.

use futures_util::future::BoxFuture;

/// Something sealed could not be opened: another master key, or damage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed data can't be opened: the master key is another one, or the data is damaged")]
pub struct SealBroken;

/// Envelope encryption and keyed hashes.
pub trait Secrets: Send + Sync {
    /// Seals bytes so that they open only for the same context (account, table, column).
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8>;
    /// Opens what was sealed.
    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken>;
    /// A keyed hash (HMAC-SHA256) for links and tokens; `purpose` keeps uses apart.
    fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32];
    /// Hashes a password (Argon2id); slow on purpose, off the async threads.
    fn hash_password<'a>(&'a self, password: &'a str) -> BoxFuture<'a, String>;
    /// Checks a password against its hash; slow on purpose.
    fn check_password<'a>(&'a self, password: &'a str, hash: &'a str) -> BoxFuture<'a, bool>;
}
