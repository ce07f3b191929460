//! The private certificate authority of an installation without a public name: `ca.pem` for clients to trust, and its key.
//!
//! It signs only our own server's certificates. The key never leaves the folder.

use crate::adapters::ids;
use crate::adapters::master_key::write_private;
use antiphon_domain::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::{Path, PathBuf};

/// The authority's certificate, for clients.
pub const CA: &str = "ca.pem";
const KEY: &str = "ca.key";
const DAY_MS: i64 = 24 * 3600 * 1000;
const LIFETIME_MS: i64 = 20 * 365 * DAY_MS;

/// The authority can't be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The disk refuses.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// One of the two files is there without the other.
    #[error("{0} is missing beside its partner: put it back, or remove both and let clients trust the new ca.pem")]
    Half(PathBuf),
    /// The files are something else.
    #[error("the private authority can't be used: {0}")]
    Bad(#[from] rcgen::Error),
}

/// An authority that signs our certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// Opens the authority of a folder, or makes a new one.
    ///
    /// # Errors
    /// See [`AuthorityError`].
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, AuthorityError> {
        let (certificate, key) = (folder.join(CA), folder.join(KEY));
        match (certificate.exists(), key.exists()) {
            (true, true) => {}
            (false, false) => make(folder, &certificate, &key, now)?,
            (true, false) => return Err(AuthorityError::Half(key)),
            (false, true) => return Err(AuthorityError::Half(certificate)),
        }
        let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| AuthorityError::Io { path: path.to_owned(), error });
        let pem = read(&certificate)?;
        let issuer = Issuer::from_ca_cert_pem(&pem, KeyPair::from_pem(&read(&key)?)?)?;
        let der = <CertificateDer as rustls_pki_types::pem::PemObject>::from_pem_slice(pem.as_bytes());
        Ok(Self { issuer, certificate: der.map_err(|_| rcgen::Error::CouldNotParseCertificate)? })
    }

    /// Makes a certificate for names and addresses, with its chain and key.
    ///
    /// # Errors
    /// When a host is no name or address.
    pub fn issue(
        &self,
        hosts: &[String],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(hosts)?;
        params.serial_number = Some(serial());
        params.distinguished_name = named("Antiphon server");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, from, to);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((vec![certificate.der().clone(), self.certificate.clone()], key))
    }
}

fn make(folder: &Path, certificate: &Path, key: &Path, now: Timestamp) -> Result<(), AuthorityError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| AuthorityError::Io { path, error }
    };
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.serial_number = Some(serial());
    params.distinguished_name = named(&format!("Antiphon private authority {}", hex::encode(&pair.public_key_raw()[1..5])));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    valid(&mut params, now.plus_ms(-DAY_MS), now.plus_ms(LIFETIME_MS));
    let made = params.self_signed(&pair)?;
    write_private(key, pair.serialize_pem().as_bytes()).map_err(io(key))?;
    std::fs::write(certificate, made.pem()).map_err(io(certificate))
}

fn named(name: &str) -> DistinguishedName {
    let mut full = DistinguishedName::new();
    full.push(DnType::CommonName, name);
    full
}

fn serial() -> SerialNumber {
    let mut bytes = [0; 16];
    ids::fill(&mut bytes);
    // Positive, and of full length.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// A certificate is valid from and to the beginnings of days.
fn valid(params: &mut CertificateParams, from: Timestamp, to: Timestamp) {
    let (year, month, day) = civil(from.0.div_euclid(DAY_MS));
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = civil(to.0.div_euclid(DAY_MS));
    params.not_after = rcgen::date_time_ymd(year, month, day);
}

/// Year, month and day of a number of days since 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i32, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (i32::try_from(year).unwrap_or(9999), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(59), (1970, 3, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_454), (2026, 1, 1));
        assert_eq!(civil(-1), (1969, 12, 31));
    }

    #[test]
    fn half_an_authority_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Authority::open(folder.path(), Timestamp(1_800_000_000_000)).expect("a new one");
        std::fs::remove_file(folder.path().join(KEY)).expect("it was made");
        let refused = Authority::open(folder.path(), Timestamp(1_800_000_000_000)).err().expect("its key is gone").to_string();
        assert!(refused.contains("ca.key is missing"), "{refused}");
    }
}
