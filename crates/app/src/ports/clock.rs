//! Time and chance, passed in: no use case reads a clock or draws a number by itself.

use antiphon_domain::{ConsumerId, ConversationId, Pid, Timestamp};
use futures_util::future::BoxFuture;

/// The time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Resolves when that time has come; at once when it is past.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'static, ()>;
    /// A monotonic reading in microseconds, for measuring durations only.
    fn ticks_us(&self) -> u64;
}

/// New ids and random numbers.
pub trait Ids: Send + Sync {
    /// A new conversation's id: UUID version 7 of that time.
    fn conversation(&self, now: Timestamp) -> ConversationId;
    /// A new user's permanent id.
    fn pid(&self) -> Pid;
    /// A new consumer's id.
    fn consumer(&self) -> ConsumerId;
    /// An id that ascends in time and never repeats: for deliveries, files and rows of logs.
    fn ascending(&self, now: Timestamp) -> u64;
    /// The lowest id that [`Ids::ascending`] gives at that time.
    fn ascending_from(&self, at: Timestamp) -> u64;
    /// A random number, for jitter and tokens of no consequence.
    fn dice(&self) -> u64;
    /// 32 bytes that nobody can guess, for bearer tokens.
    fn token(&self) -> [u8; 32];
    /// A fresh RSA key pair of 2048 bits in PKCS#8; slow, off the async threads.
    fn signing_key(&self) -> BoxFuture<'static, Vec<u8>>;
}
