//! Ids from a seed: the same test makes the same ids.

use antiphon_app::ports::Ids;
use antiphon_domain::{ConsumerId, ConversationId, Pid, Timestamp};
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicU64, Ordering};

/// Key pairs that were made beforehand: making one takes long, and no test needs it to be a secret.
const KEYS: [&[u8]; 4] =
    [include_bytes!("keys/1.der"), include_bytes!("keys/2.der"), include_bytes!("keys/3.der"), include_bytes!("keys/4.der")];

/// Ids from a counter that starts at the seed, and keys in turn.
pub struct SeededIds(AtomicU64, AtomicU64);

impl SeededIds {
    /// Ids that start at a seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed), AtomicU64::new(0))
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn mixed(&self) -> u64 {
        // A round of splitmix64: spreads the counter over all bits.
        let mut z = self.next().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.mixed().to_be_bytes()));
        bytes
    }
}

impl Ids for SeededIds {
    fn conversation(&self, now: Timestamp) -> ConversationId {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&now.0.to_be_bytes()[2..]);
        id[6..14].copy_from_slice(&self.next().to_be_bytes());
        id[6] = 0x70 | (id[6] & 0x0f);
        id[8] = 0x80 | (id[8] & 0x3f);
        ConversationId(id)
    }

    fn pid(&self) -> Pid {
        let mut id = [0; 16];
        id.copy_from_slice(&self.bytes()[..16]);
        Pid(id)
    }

    fn consumer(&self) -> ConsumerId {
        ConsumerId(self.bytes())
    }

    fn ascending(&self, now: Timestamp) -> u64 {
        (u64::try_from(now.0).unwrap_or(0) << 22) | (self.next() & 0x3f_ffff)
    }

    fn ascending_from(&self, at: Timestamp) -> u64 {
        u64::try_from(at.0).unwrap_or(0) << 22
    }

    fn dice(&self) -> u64 {
        self.mixed()
    }

    fn token(&self) -> [u8; 32] {
        self.bytes()
    }

    fn signing_key(&self) -> BoxFuture<'static, Vec<u8>> {
        let key = KEYS[usize::try_from(self.1.fetch_add(1, Ordering::Relaxed) % 4).unwrap_or(0)].to_vec();
        Box::pin(std::future::ready(key))
    }
}
