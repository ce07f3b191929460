//! The log-in of the demo's shop: a key of its own, and tokens signed with it as brands sign them (ES256).

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(super) struct SignIn {
    key: EcdsaKeyPair,
    pem: String,
}

impl SignIn {
    /// With a key that nobody else has.
    pub(super) fn new() -> std::io::Result<Self> {
        let failed = |_| std::io::Error::other("no key could be made for the shop's log-in");
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
        let der: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(failed)?;
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()));
        Ok(Self { key, pem })
    }

    pub(super) fn public_key_pem(&self) -> &str {
        &self.pem
    }

    /// A token of these claims; `None` where the system has no randomness.
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT", "kid": "shop" })), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
    }
}
