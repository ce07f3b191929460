//! HTTPS: the certificate, given or made by a private authority, and its renewal while the server runs.

mod authority;

pub use authority::CA;

use authority::Authority;

use antiphon_app::ports::Clock;
use antiphon_domain::Timestamp;
use anyhow::Context;
use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DAY_MS: i64 = 24 * 3600 * 1000;
/// A certificate of our own lives so long …
const LIFETIME_DAYS: i64 = 90;
/// … and a new one is made so often.
const RENEW_AFTER_DAYS: i64 = 30;

/// What HTTPS presents. Swapped while connections go on.
pub struct Certificate {
    current: ArcSwap<CertifiedKey>,
    origin: Origin,
}

enum Origin {
    /// Files of whoever runs it; read again when they are renewed.
    Given(PathBuf, PathBuf),
    /// Made by our private authority for these hosts.
    Own(Box<Authority>, Vec<String>),
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a given certificate chain and key.
    ///
    /// # Errors
    /// Names the file that can't be read or does not fit.
    pub fn given(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let loaded = load(certificate, key)?;
        Ok(Self { current: ArcSwap::from_pointee(loaded), origin: Origin::Given(certificate.to_owned(), key.to_owned()) })
    }

    /// Opens or makes the private authority in a folder, and makes a certificate for the hosts.
    ///
    /// # Errors
    /// When the folder can't be written or holds something else.
    pub fn own(folder: &Path, hosts: Vec<String>, now: Timestamp) -> anyhow::Result<Self> {
        let authority = Authority::open(folder, now)?;
        let first = issue(&authority, &hosts, now)?;
        Ok(Self { current: ArcSwap::from_pointee(first), origin: Origin::Own(Box::new(authority), hosts) })
    }

    fn renew(&self, now: Timestamp) -> anyhow::Result<()> {
        let next = match &self.origin {
            Origin::Given(certificate, key) => load(certificate, key)?,
            Origin::Own(authority, hosts) => issue(authority, hosts, now)?,
        };
        self.current.store(Arc::new(next));
        Ok(())
    }

    /// Renews for ever: our own certificate monthly, a given one by reading its files every day.
    pub async fn keep_fresh(self: Arc<Self>, clock: Arc<dyn Clock>) {
        let days = match &self.origin {
            Origin::Given(..) => 1,
            Origin::Own(..) => RENEW_AFTER_DAYS,
        };
        loop {
            clock.sleep_until(clock.now().plus_ms(days * DAY_MS)).await;
            match self.renew(clock.now()) {
                Ok(()) => tracing::info!("the certificate was renewed"),
                Err(error) => tracing::error!(error = format!("{error:#}"), "the certificate could not be renewed: the old one stays"),
            }
        }
    }

    /// The TLS settings of the listener: TLS 1.2 or newer, HTTP/1.1.
    ///
    /// # Errors
    /// Never with our own choice of ciphers; kept because the library says so.
    pub fn server_config(self: &Arc<Self>) -> anyhow::Result<rustls::ServerConfig> {
        let builder = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = builder.with_safe_default_protocol_versions()?.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// When the first certificate of a PEM file ends.
///
/// # Errors
/// When it can't be read.
pub fn expiry(path: &Path) -> anyhow::Result<Timestamp> {
    let der = CertificateDer::from_pem_file(path)?;
    let (_, read) = x509_parser::parse_x509_certificate(&der).map_err(|error| anyhow::anyhow!("no certificate: {error}"))?;
    Ok(Timestamp(read.validity().not_after.timestamp().saturating_mul(1000)))
}

fn load(certificate: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let name = |path: &Path| path.display().to_string();
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|found| found.collect::<Result<Vec<_>, _>>())
        .with_context(|| format!("tls.certificate: {} can't be read as PEM", name(certificate)))?;
    anyhow::ensure!(!chain.is_empty(), "tls.certificate: {} holds no certificate", name(certificate));
    let key_der = PrivateKeyDer::from_pem_file(key).with_context(|| format!("tls.key: {} can't be read as PEM", name(key)))?;
    let certified = CertifiedKey::from_der(chain, key_der, &aws_lc_rs::default_provider());
    certified.with_context(|| format!("tls.key: {} does not fit {}", name(key), name(certificate)))
}

fn issue(authority: &Authority, hosts: &[String], now: Timestamp) -> anyhow::Result<CertifiedKey> {
    // From a day ago, because clients' clocks differ.
    let (chain, key) = authority.issue(hosts, now.plus_ms(-DAY_MS), now.plus_ms(LIFETIME_DAYS * DAY_MS))?;
    Ok(CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn the_authority_stays_and_the_certificate_changes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), "chat.example".to_owned()];
        let first = Certificate::own(folder.path(), hosts.clone(), NOW).expect("a new authority");
        let ca = std::fs::read(folder.path().join("ca.pem")).expect("it was made");
        let before = first.current.load_full();
        first.renew(NOW.plus_ms(40 * DAY_MS)).expect("the same authority");
        assert_ne!(before.cert[0], first.current.load_full().cert[0]);
        let second = Certificate::own(folder.path(), hosts, NOW.plus_ms(DAY_MS)).expect("the authority is there");
        assert_eq!(std::fs::read(folder.path().join("ca.pem")).expect("still there"), ca);
        Arc::new(second).server_config().expect("our own ciphers");
    }

    #[test]
    fn a_given_certificate_is_read_and_problems_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authority = Authority::open(folder.path(), NOW).expect("a new authority");
        let (certificate, key) = (folder.path().join("ca.pem"), folder.path().join("ca.key"));
        Certificate::given(&certificate, &key).expect("a pair");
        let missing = Certificate::given(&folder.path().join("none.pem"), &key).expect_err("no file");
        assert!(format!("{missing:#}").contains("tls.certificate"), "{missing:#}");
        let swapped = Certificate::given(&certificate, &certificate).expect_err("no key");
        assert!(format!("{swapped:#}").contains("tls.key"), "{swapped:#}");
        drop(authority);
    }
}
