//! Sealing that is quick and seals nothing from anybody: only its shape is right.

use antiphon_app::ports::Secrets;
use antiphon_app::ports::secrets::SealBroken;
use futures_util::future::BoxFuture;
use sha2::{Digest, Sha256};

/// Secrets for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestSecrets;

fn pad(context: &str) -> [u8; 32] {
    Sha256::digest(context.as_bytes()).into()
}

impl Secrets for TestSecrets {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let pad = pad(context);
        let body = plain.iter().enumerate().map(|(at, byte)| byte ^ pad[at % 32]);
        pad[..8].iter().copied().chain(body).collect()
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealBroken> {
        let pad = pad(context);
        let body = sealed.strip_prefix(&pad[..8]).ok_or(SealBroken)?;
        Ok(body.iter().enumerate().map(|(at, byte)| byte ^ pad[at % 32]).collect())
    }

    fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(purpose.as_bytes()).chain_update([0]).chain_update(message).finalize().into()
    }

    fn hash_password<'a>(&'a self, password: &'a str) -> BoxFuture<'a, String> {
        Box::pin(std::future::ready(format!("{:x?}", pad(password))))
    }

    fn check_password<'a>(&'a self, password: &'a str, hash: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(format!("{:x?}", pad(password)) == hash))
    }
}
