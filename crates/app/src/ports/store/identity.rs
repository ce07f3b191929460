//! What the store keeps of identities: the keys that tokens are signed with, and who vouches for consumers.

use antiphon_domain::Timestamp;

/// What a signing key is for. A token signed for one use is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyUse {
    /// Tokens of apps, in their first form: one key, never renewed.
    AppFixed,
    /// Tokens of apps, in their second form.
    App,
    /// Consumers that an app speaks for: these tokens never expire.
    Consumer,
    /// Consumers that come by themselves, over the web.
    Visitor,
    /// Anonymous identities that are exchanged for a visitor's token.
    Anonymous,
    /// What an app learns of the user who signed in to it.
    User,
}

impl KeyUse {
    /// All of them.
    pub const ALL: [KeyUse; 6] = [Self::AppFixed, Self::App, Self::Consumer, Self::Visitor, Self::Anonymous, Self::User];

    /// Its name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::AppFixed => "app_fixed",
            Self::App => "app",
            Self::Consumer => "consumer",
            Self::Visitor => "visitor",
            Self::Anonymous => "anonymous",
            Self::User => "user",
        }
    }

    /// Back from [`KeyUse::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.name() == name)
    }
}

/// A key of the installation.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// What it is for.
    pub purpose: KeyUse,
    /// Its id, unique in its use; tokens carry it.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The RSA key pair in PKCS#8; stored sealed.
    pub pkcs8: Vec<u8>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("purpose", &self.purpose).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A log-in of the brand's whose signed identities we accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    /// What its tokens name as issuer; unique in the account.
    pub issuer: String,
    /// Where its public keys come from.
    pub keys: ProviderKeys,
    /// What its tokens must name as audience, where they name one; the account's id otherwise.
    pub audience: Option<String>,
    /// One that is off vouches for nobody.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a provider's public keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderKeys {
    /// A set of keys behind an address.
    Jwks(String),
    /// One public key, in PEM.
    Pem(String),
}
