//! New ids and randomness, from the operating system.

use antiphon_app::ports::Ids;
use antiphon_domain::{ConsumerId, ConversationId, Pid, Timestamp};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use futures_util::future::BoxFuture;
use rand::TryRngCore;
use rand::rngs::OsRng;
use std::sync::{Mutex, PoisonError};

/// Ids that one millisecond has room for; the last bits of an ascending id.
const COUNTER_BITS: u32 = 22;

/// Ids from time and the operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemIds {
    last: Mutex<u64>,
}

impl SystemIds {
    /// A new maker of ids. A process needs one only: two could give the same ascending id.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next number in time's order: milliseconds, then a counter. A clock that is set back does not make it fall.
    fn next(&self, now: Timestamp) -> u64 {
        let ms = u64::try_from(now.0).unwrap_or(0);
        // Each millisecond starts somewhere in the first half of its room, so that a process that starts twice within a
        // millisecond, or after its clock was set back, hardly meets its old ids.
        let fresh = (ms << COUNTER_BITS) | (random_u64() >> (64 - COUNTER_BITS + 1));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if fresh >> COUNTER_BITS > *last >> COUNTER_BITS { fresh } else { *last + 1 };
        *last
    }
}

/// Fills bytes that nobody can guess.
pub fn fill(bytes: &mut [u8]) {
    // Without randomness no secret is safe: ending the task is all that is left.
    OsRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

fn random_u64() -> u64 {
    u64::from_be_bytes(random())
}

impl Ids for SystemIds {
    fn conversation(&self, now: Timestamp) -> ConversationId {
        // 48 bits of milliseconds, and the counter's 22 bits where version 7 has its first random ones: ascending within a millisecond too.
        let next = self.next(now);
        let mut rest: [u8; 10] = random();
        let counter = next & ((1 << COUNTER_BITS) - 1);
        let (high, low) = (counter >> 10, counter & 0x3ff);
        rest[0] = (high >> 8).to_be_bytes()[7];
        rest[1] = high.to_be_bytes()[7];
        // The two highest bits of the third byte become the variant.
        rest[2] = (low >> 4).to_be_bytes()[7];
        rest[3] = ((low & 0xf) << 4).to_be_bytes()[7] | rest[3] & 0xf;
        ConversationId(uuid::Builder::from_unix_timestamp_millis(next >> COUNTER_BITS, &rest).into_uuid().into_bytes())
    }

    fn pid(&self) -> Pid {
        Pid(uuid::Builder::from_random_bytes(random()).into_uuid().into_bytes())
    }

    fn consumer(&self) -> ConsumerId {
        ConsumerId(random())
    }

    fn ascending(&self, now: Timestamp) -> u64 {
        self.next(now)
    }

    fn ascending_from(&self, at: Timestamp) -> u64 {
        u64::try_from(at.0).unwrap_or(0) << COUNTER_BITS
    }

    fn dice(&self) -> u64 {
        random_u64()
    }

    fn token(&self) -> [u8; 32] {
        random()
    }

    fn signing_key(&self) -> BoxFuture<'static, Vec<u8>> {
        Box::pin(async { tokio::task::spawn_blocking(new_signing_key).await.expect("making a key does not panic") })
    }
}

fn new_signing_key() -> Vec<u8> {
    // Like randomness itself: without it nothing that is signed is safe.
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("the library makes keys of this size");
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("a key that was just made is written down");
    pkcs8.as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn ascending_ids_ascend_even_when_the_clock_is_set_back() {
        let ids = SystemIds::new();
        let mut last = 0;
        for step in [0, 0, 0, 1, 1, 5, -1000, -1000, 6] {
            let id = ids.ascending(NOW.plus_ms(step));
            assert!(id > last, "{step}");
            last = id;
        }
        assert_eq!(last >> COUNTER_BITS, 1_800_000_000_006);
    }

    #[test]
    fn conversations_are_version_7_and_ascend() {
        let ids = SystemIds::new();
        let made: Vec<ConversationId> = (0..5000).map(|_| ids.conversation(NOW)).collect();
        assert!(made.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let uuid = uuid::Uuid::from_bytes(made[0].0);
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(
            u64::from_be_bytes([0, 0, made[0].0[0], made[0].0[1], made[0].0[2], made[0].0[3], made[0].0[4], made[0].0[5]]),
            1_800_000_000_000
        );
    }

    #[tokio::test]
    async fn signing_keys_are_rsa_of_2048_bits_and_differ() {
        let ids = SystemIds::new();
        let (one, other) = (ids.signing_key().await, ids.signing_key().await);
        assert_ne!(one, other);
        assert_eq!(RsaKeyPair::from_pkcs8(&one).expect("a key pair").public_modulus_len(), 256);
    }

    #[test]
    fn what_must_not_be_guessed_differs() {
        let ids = SystemIds::new();
        assert_ne!(ids.token(), ids.token());
        assert_ne!(ids.pid(), ids.pid());
        assert_ne!(ids.consumer(), ids.consumer());
        assert_ne!(ids.dice(), ids.dice());
    }
}
