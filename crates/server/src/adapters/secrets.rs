//! Envelope encryption, keyed hashes and passwords.
//!
//! Each account has its own data key, drawn anew by each process. What is sealed carries its data key along, itself sealed with the
//! master key: `version, wrapped data key, nonce, sealed bytes`. So another master key only has to wrap the data keys again.
//! The context (account, table, column, row) is bound to the sealed bytes: moved elsewhere they do not open.

use super::master_key::MasterKey;
use super::{ids, passwords};
use antiphon_app::ports::Secrets;
use antiphon_app::ports::secrets::SealBroken;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use futures_util::future::BoxFuture;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 24;
/// A nonce, a key and a tag.
const WRAPPED: usize = NONCE + 32 + 16;
/// Data keys kept open; beyond, the memory of them starts afresh.
const MOST_KEYS: usize = 4096;
/// Passwords hashed at once: each takes a processor and 19 MiB for a while.
const AT_ONCE: usize = 2;

type DataKey = Zeroizing<[u8; 32]>;
type Wrapped = [u8; WRAPPED];

/// Sealing with the master key.
pub struct SealedSecrets {
    wrapping: XChaCha20Poly1305,
    signing: DataKey,
    /// The data key that an account seals with in this process.
    own: Mutex<HashMap<String, (Wrapped, XChaCha20Poly1305)>>,
    /// Data keys met while opening.
    met: Mutex<HashMap<Wrapped, XChaCha20Poly1305>>,
    hashing: Semaphore,
}

impl SealedSecrets {
    /// Derives what is needed from the master key.
    pub fn new(master: MasterKey) -> Self {
        let derive = |purpose: &str| Zeroizing::new(keyed_hash(master.as_slice(), purpose.as_bytes()));
        Self {
            wrapping: cipher(&derive("antiphon wrapping 1")),
            signing: derive("antiphon signing 1"),
            own: Mutex::default(),
            met: Mutex::default(),
            hashing: Semaphore::new(AT_ONCE),
        }
    }

    /// The data key of an account, and how it is carried along.
    fn own_key(&self, account: &str) -> (Wrapped, XChaCha20Poly1305) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = own.get(account) {
            return known.clone();
        }
        let mut key: DataKey = Zeroizing::new([0; 32]);
        ids::fill(key.as_mut_slice());
        let mut wrapped = [0; WRAPPED];
        wrapped.copy_from_slice(&encrypt(&self.wrapping, account, key.as_slice()));
        let made = (wrapped, cipher(&key));
        if own.len() >= MOST_KEYS {
            own.clear();
        }
        own.insert(account.to_owned(), made.clone());
        made
    }

    fn opening_key(&self, account: &str, wrapped: &Wrapped) -> Result<XChaCha20Poly1305, SealBroken> {
        if let Some(known) = self.met.lock().unwrap_or_else(PoisonError::into_inner).get(wrapped) {
            return Ok(known.clone());
        }
        let plain = Zeroizing::new(decrypt(&self.wrapping, account, wrapped)?);
        let mut key: DataKey = Zeroizing::new([0; 32]);
        key.copy_from_slice(plain.get(..32).ok_or(SealBroken)?);
        let opened = cipher(&key);
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() >= MOST_KEYS {
            met.clear();
        }
        met.insert(*wrapped, opened.clone());
        Ok(opened)
    }
}

fn cipher(key: &DataKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_slice().try_into().expect("a key has 32 bytes"))
}

fn encrypt(cipher: &XChaCha20Poly1305, context: &str, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    ids::fill(&mut nonce);
    let payload = Payload { msg: plain, aad: context.as_bytes() };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("sealing fails only beyond 256 GiB");
    [&nonce[..], &sealed].concat()
}

fn decrypt(cipher: &XChaCha20Poly1305, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(SealBroken)?;
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context.as_bytes() }).map_err(|_| SealBroken)
}

fn keyed_hash(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// The account of a context: what stands before its first slash.
fn account_of(context: &str) -> &str {
    context.split('/').next().unwrap_or(context)
}

impl Secrets for SealedSecrets {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let (wrapped, cipher) = self.own_key(account_of(context));
        [&[VERSION][..], &wrapped, &encrypt(&cipher, context, plain)].concat()
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let (VERSION, rest) = sealed.split_first().map(|(version, rest)| (*version, rest)).ok_or(SealBroken)? else {
            return Err(SealBroken);
        };
        let (wrapped, rest) = rest.split_first_chunk::<WRAPPED>().ok_or(SealBroken)?;
        decrypt(&self.opening_key(account_of(context), wrapped)?, context, rest)
    }

    fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        keyed_hash(&keyed_hash(self.signing.as_slice(), purpose.as_bytes()), message)
    }

    fn hash_password<'a>(&'a self, password: &'a str) -> BoxFuture<'a, String> {
        Box::pin(async move {
            let _turn = self.hashing.acquire().await;
            let password = Zeroizing::new(password.to_owned());
            tokio::task::spawn_blocking(move || passwords::hash(&password)).await.expect("hashing does not panic")
        })
    }

    fn check_password<'a>(&'a self, password: &'a str, hash: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let _turn = self.hashing.acquire().await;
            let (password, hash) = (Zeroizing::new(password.to_owned()), hash.to_owned());
            tokio::task::spawn_blocking(move || passwords::check(&password, &hash)).await.unwrap_or(false)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(byte: u8) -> SealedSecrets {
        SealedSecrets::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_only_in_its_place_with_its_key() {
        let one = secrets(1);
        let sealed = one.seal("acme/sources/credentials/7", b"hush");
        assert!(!sealed.windows(4).any(|bytes| bytes == b"hush"));
        // Another process with the same key.
        assert_eq!(secrets(1).open("acme/sources/credentials/7", &sealed).as_deref(), Ok(&b"hush"[..]));
        for elsewhere in ["acme/sources/credentials/8", "acme/logins/credentials/7", "other/sources/credentials/7", ""] {
            assert_eq!(one.open(elsewhere, &sealed), Err(SealBroken), "{elsewhere}");
        }
        assert_eq!(secrets(2).open("acme/sources/credentials/7", &sealed), Err(SealBroken));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(one.open("acme/sources/credentials/7", &damaged), Err(SealBroken), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(one.open("acme/sources/credentials/7", &sealed[..length]), Err(SealBroken), "length {length}");
        }
        assert_ne!(sealed, one.seal("acme/sources/credentials/7", b"hush"));
    }

    #[test]
    fn signatures_keep_uses_and_keys_apart() {
        let one = secrets(1);
        assert_eq!(one.sign("link", b"x"), secrets(1).sign("link", b"x"));
        assert_ne!(one.sign("link", b"x"), one.sign("token", b"x"));
        assert_ne!(one.sign("link", b"x"), one.sign("link", b"y"));
        assert_ne!(one.sign("link", b"x"), secrets(2).sign("link", b"x"));
    }

    #[tokio::test]
    async fn passwords_are_hashed_with_argon2id() {
        let one = secrets(1);
        let hash = one.hash_password("correct-horse-9A").await;
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(one.check_password("correct-horse-9A", &hash).await);
        assert!(!one.check_password("correct-horse-9B", &hash).await);
        assert!(!one.check_password("correct-horse-9A", "no hash at all").await);
    }
}
