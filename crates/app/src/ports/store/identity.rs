//! What the store keeps of identities: the keys that tokens are signed with, who vouches for consumers, and what users let apps have.

use antiphon_domain::{Timestamp, UserId};

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

/// What a user who signed in lets an app have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppGrant {
    /// SHA-256 of what the app shows: that itself is nowhere.
    pub token_hash: [u8; 32],
    /// The app's client id.
    pub app: String,
    /// Who signed in.
    pub user: UserId,
    /// What it is.
    pub kind: AppGrantKind,
    /// When they signed in.
    pub created_at: Timestamp,
    /// Worth nothing from then on.
    pub expires_at: Timestamp,
}

/// The two things that an app gets from a user's signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppGrantKind {
    /// A code, exchanged once.
    Code {
        /// Where the user was sent back to, if the app named it: it must name the same again.
        redirect_uri: Option<String>,
        /// The SHA-256, in base64url, of what only the beginner of the sign-in can show.
        challenge: Option<String>,
        /// What the app wants to find in the user's description.
        nonce: Option<String>,
    },
    /// Renews the app's sessions.
    Renewal,
}

/// Which grants end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantsOf {
    /// This one.
    Token([u8; 32]),
    /// All that an app has.
    App(std::sync::Arc<str>),
}
