//! An app as notifications see it: enabled, with at least one endpoint.

use crate::connector_app::{ConnectorAppSettings, Endpoint};
use crate::ports::notifications::Addressee;
use crate::ports::store::{ConnectorApp, NotificationKind};
use antiphon_domain::account::SignatureForm;
use antiphon_domain::{AccountId, Timestamp};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// For how long a notification is kept when its app sets no retention time: the server may be down, or the endpoint left alone
/// for a while. In milliseconds.
pub(crate) const KEPT_MS: i64 = 3_600_000;

/// Who is told.
pub struct Notified {
    /// Of which account.
    pub account: AccountId,
    /// The app's client id.
    pub client_id: Arc<str>,
    /// Where, and how often.
    pub settings: ConnectorAppSettings,
    secret: String,
    form: SignatureForm,
    fingerprints: [u32; NotificationKind::ALL.len()],
}

impl std::fmt::Debug for Notified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notified").field("account", &self.account).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Notified {
    /// The app as it is configured; `None` when it is not to be told anything.
    pub(crate) fn of(account: &AccountId, app: &ConnectorApp, form: SignatureForm) -> Option<Self> {
        let settings = ConnectorAppSettings::read(&app.settings);
        if !app.enabled || !settings.wants_any() {
            return None;
        }
        let fingerprints = NotificationKind::ALL.map(|kind| settings.endpoint(kind).map_or(0, |endpoint| fingerprint(&endpoint.url)));
        Some(Self {
            account: account.clone(),
            client_id: app.client_id.as_str().into(),
            form: settings.signature.unwrap_or(form),
            settings,
            secret: app.client_secret.clone(),
            fingerprints,
        })
    }

    /// Where notifications of a kind go.
    pub(crate) fn endpoint(&self, kind: NotificationKind) -> Option<&Arc<Endpoint>> {
        self.settings.endpoint(kind)
    }

    /// Tells endpoints of the app apart; kinds with the same address share one.
    pub(crate) fn fingerprint(&self, kind: NotificationKind) -> u32 {
        self.fingerprints[kind as usize]
    }

    /// Whether time counts, not the number of tries: the second, newer way.
    pub(crate) fn by_time(&self) -> bool {
        self.settings.retention_s.is_some()
    }

    /// Until when a notification of that age is kept.
    pub(crate) fn kept_until(&self, at: Timestamp) -> Timestamp {
        at.plus_ms(self.settings.retention_s.map_or(KEPT_MS, |seconds| seconds * 1000))
    }

    /// How often a notification is tried again when the number counts.
    pub(crate) fn retries(&self, kind: NotificationKind) -> u32 {
        self.endpoint(kind).and_then(|endpoint| endpoint.max_retries).map_or(0, u32::from)
    }

    /// Whether failures of that kind are let go although time counts.
    pub(crate) fn is_exempt(&self, kind: NotificationKind) -> bool {
        self.by_time() && self.endpoint(kind).is_some_and(|endpoint| endpoint.max_retries == Some(0))
    }

    /// Whom a call is made to, and signed for.
    pub(crate) fn addressee(&self) -> Addressee<'_> {
        Addressee { account: &self.account, client_id: &self.client_id, secret: &self.secret, form: self.form }
    }
}

/// A short name for an address, which may itself be secret.
pub(crate) fn fingerprint(url: &str) -> u32 {
    let hash = Sha256::digest(url.as_bytes());
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}
