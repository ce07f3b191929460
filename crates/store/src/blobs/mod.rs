//! Where the bytes of files are: a local folder, or a bucket that speaks S3.
//!
//! A key is a path such as `/v1/AUTH_async-images/acc/name.jpg`. A key with an empty, dotted or strange segment is refused by every
//! file store, not repaired: nothing outside the folder or the bucket's prefix is ever touched.

pub mod contract;
mod folder;
#[cfg(feature = "s3")]
mod s3;
mod settings;

pub use folder::FolderBlobs;
#[cfg(feature = "s3")]
pub use s3::BucketBlobs;
pub use settings::{BucketKey, BucketSettings};

use antiphon_app::ports::Blobs;
use antiphon_app::ports::blobs::BlobError;
use std::sync::Arc;

/// The longest segment of a key, in bytes.
const SEGMENT: usize = 200;
/// The most segments of a key.
const SEGMENTS: usize = 16;

/// Prepares to use a bucket. Nothing is called yet.
///
/// # Errors
/// When the settings make no address, or this program was built without buckets.
#[cfg(feature = "s3")]
pub fn open_bucket(settings: &BucketSettings) -> Result<Arc<dyn Blobs>, BlobError> {
    Ok(Arc::new(BucketBlobs::open(settings)?))
}

/// Refuses: this program was built without buckets.
///
/// # Errors
/// Always.
#[cfg(not(feature = "s3"))]
pub fn open_bucket(settings: &BucketSettings) -> Result<Arc<dyn Blobs>, BlobError> {
    let name = settings.name();
    Err(BlobError(format!("{name}: this program was built without the feature s3; take a release build, or a folder")))
}

/// Whether a key is one.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_key(key: &str) -> Result<(), BlobError> {
    segments(key).map(|_| ())
}

/// The segments of a key.
fn segments(key: &str) -> Result<Vec<&str>, BlobError> {
    let refused = || BlobError(format!("{key:?} is no key: it wants /-separated segments of letters, digits, '-', '_' and inner '.'"));
    let segments: Vec<&str> = key.strip_prefix('/').unwrap_or(key).split('/').collect();
    let fits = |segment: &&str| {
        (1..=SEGMENT).contains(&segment.len())
            && !segment.starts_with('.')
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    if segments.len() > SEGMENTS || !segments.iter().all(fits) {
        return Err(refused());
    }
    Ok(segments)
}
