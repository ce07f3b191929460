//! Which bucket files lie in. Known to every build, so that one without buckets can say what it lacks.

use std::fmt;

/// Which bucket, and with what it is opened.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// The bucket's name.
    pub bucket: String,
    /// The region it lies in; a name of its own with most that are not Amazon's.
    pub region: String,
    /// Its host, as a URL; none means Amazon's in that region.
    pub endpoint: Option<String>,
    /// What every key in the bucket begins with; may be empty.
    pub prefix: String,
    /// Who is asking. Without a key the machine's own role is used.
    pub key: Option<BucketKey>,
    /// Whether the bucket's name stands in the path (`https://host/bucket`) and not in the host.
    pub path_style: bool,
    /// Whether plain http will do.
    pub allow_http: bool,
    /// Certificates (PEM) of authorities that are trusted besides the system's.
    pub extra_ca: Option<Vec<u8>>,
}

impl BucketSettings {
    /// The place for people, without anything secret.
    pub fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix.trim_matches('/'))
    }
}

/// A key of the bucket's owner. Its secret is never shown.
#[derive(Clone)]
pub struct BucketKey {
    /// Its name.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl fmt::Debug for BucketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketKey").field("id", &self.id).finish_non_exhaustive()
    }
}
