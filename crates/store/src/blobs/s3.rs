//! The bytes of files in a bucket that speaks S3: Amazon's own, or one of the many that speak like it.
//!
//! The bucket may be shared: nothing outside the prefix is read, listed or deleted. Faults of the bucket are tried again for a while
//! below here; what comes up is an error that lasted. Secrets are never shown, not even in errors.

use super::{BucketSettings, segments};
use antiphon_app::ports::Blobs;
use antiphon_app::ports::blobs::{Blob, BlobError};
use antiphon_domain::Timestamp;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{Certificate, ClientOptions};
use object_store::path::Path;
use object_store::{BackoffConfig, Error, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use std::time::Duration;

/// How long one call may take, and how long a connection may take to be made.
const CALL: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(5);
/// How often, and for how long in all, a call is tried again.
const RETRIES: usize = 4;
const RETRYING: Duration = Duration::from_secs(20);

/// A bucket of files.
pub struct BucketBlobs {
    bucket: AmazonS3,
    prefix: String,
    name: String,
}

impl BucketBlobs {
    /// Prepares to use a bucket. Nothing is called yet.
    ///
    /// # Errors
    /// A sentence, when the settings don't make an address.
    pub fn open(settings: &BucketSettings) -> Result<Self, BlobError> {
        let mut options = ClientOptions::new().with_allow_http(settings.allow_http).with_timeout(CALL).with_connect_timeout(CONNECT);
        if let Some(pem) = &settings.extra_ca {
            for certificate in Certificate::from_pem_bundle(pem).map_err(|error| failed(&settings.bucket, &error))? {
                options = options.with_root_certificate(certificate);
            }
        }
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_virtual_hosted_style_request(!settings.path_style)
            .with_disable_bulk_delete(true)
            .with_client_options(options)
            .with_allow_http(settings.allow_http)
            .with_retry(RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: RETRYING });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        if let Some(key) = &settings.key {
            builder = builder.with_access_key_id(&key.id).with_secret_access_key(&key.secret);
        }
        let bucket = builder.build().map_err(|error| failed(&settings.bucket, &error))?;
        let prefix = settings.prefix.trim_matches('/').to_owned();
        if !prefix.is_empty() {
            segments(&prefix)?;
        }
        Ok(Self { bucket, prefix, name: settings.name() })
    }

    fn place(&self, key: &str) -> Result<Path, BlobError> {
        let key = segments(key)?.join("/");
        let whole = if self.prefix.is_empty() { key } else { format!("{}/{key}", self.prefix) };
        Path::parse(&whole).map_err(|_| BlobError(format!("{whole:?} is no key of a bucket")))
    }

    fn blob(&self, about: &ObjectMeta) -> Option<Blob> {
        let whole = about.location.as_ref();
        let key = if self.prefix.is_empty() { whole } else { whole.strip_prefix(&self.prefix)?.strip_prefix('/')? };
        Some(Blob { key: format!("/{key}"), written_at: Timestamp(about.last_modified.timestamp_millis()) })
    }

    fn failed(&self, error: &Error) -> BlobError {
        failed(&self.name, error)
    }
}

impl Blobs for BucketBlobs {
    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            let place = self.place(key)?;
            self.bucket.put(&place, bytes.into()).await.map(|_| ()).map_err(|error| self.failed(&error))
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, BlobError>> {
        Box::pin(async move {
            let place = self.place(key)?;
            let found = match self.bucket.get(&place).await {
                Ok(found) => found,
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(self.failed(&error)),
            };
            found.bytes().await.map(Some).map_err(|error| self.failed(&error))
        })
    }

    fn list<'a>(&'a self, after: Option<&'a str>, limit: usize) -> BoxFuture<'a, Result<Vec<Blob>, BlobError>> {
        Box::pin(async move {
            let prefix = Path::parse(&self.prefix).map_err(|_| BlobError(format!("{:?} is no prefix", self.prefix)))?;
            let below = Some(&prefix).filter(|_| !self.prefix.is_empty());
            let mut listed = match after {
                Some(after) => self.bucket.list_with_offset(below, &self.place(after)?),
                None => self.bucket.list(below),
            };
            let mut page = Vec::new();
            while page.len() < limit
                && let Some(about) = listed.try_next().await.map_err(|error| self.failed(&error))?
            {
                page.extend(self.blob(&about));
            }
            Ok(page)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BlobError>> {
        Box::pin(async move {
            let place = self.place(key)?;
            match self.bucket.delete(&place).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(self.failed(&error)),
            }
        })
    }
}

/// The error in its own words. The library keeps keys out of them; signatures of requests are not secrets that outlive them.
fn failed(name: &str, error: &Error) -> BlobError {
    BlobError(format!("{name}: {error}"))
}
