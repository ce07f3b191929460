//! `[files]`: where the bytes of files lie. Secrets never appear in a message.

use super::optional;
use crate::document::{Place, Problems, Section};
use crate::paths;
use antiphon_store::blobs::{BucketKey, BucketSettings};
use std::path::{Path, PathBuf};

/// Where the bytes of files lie.
#[derive(Clone, Debug)]
pub struct Files {
    /// Where.
    pub place: FilePlace,
    /// After how many hours an upload that nobody published is deleted; 0: never.
    pub orphan_hours: u32,
}

/// A folder or a bucket.
#[derive(Clone, Debug)]
pub enum FilePlace {
    /// A folder; none means the one in the data folder.
    Folder(Option<PathBuf>),
    /// A bucket that speaks S3.
    Bucket(BucketSettings),
}

impl Files {
    /// The folder, unless they lie in a bucket.
    pub fn folder(&self, data: &Path) -> Option<PathBuf> {
        match &self.place {
            FilePlace::Folder(folder) => Some(folder.clone().unwrap_or_else(|| data.join(paths::FILES))),
            FilePlace::Bucket(_) => None,
        }
    }

    pub(super) fn read(mut section: Section, problems: &mut Problems) -> Option<Self> {
        let store = section.text("store", problems);
        let folder = optional(section.text("folder", problems)).map(|(folder, _)| folder.into());
        let bucket = bucket(&mut section, problems);
        let hours = section.number("orphan_hours", 0, 24 * 365, problems);
        let key = section.key("store");
        let bucket_key = section.key("s3_bucket");
        section.finish(problems);
        let (store, place) = store?;
        let place = match (store.trim(), bucket) {
            ("folder", _) => FilePlace::Folder(folder),
            ("s3", Some(bucket)) if bucket.bucket.is_empty() => {
                problems.add(&place, bucket_key, "files.store is s3: name the bucket");
                return None;
            }
            ("s3", bucket) => FilePlace::Bucket(bucket?),
            (other, _) => {
                problems.add(&place, key, format!("must be folder or s3, is {other:?}"));
                return None;
            }
        };
        Some(Self { place, orphan_hours: u32::try_from(hours?).ok()? })
    }
}

/// The bucket as it is set, whether it is used or not.
fn bucket(section: &mut Section, problems: &mut Problems) -> Option<BucketSettings> {
    let before = problems.0.len();
    let bucket = optional(section.text("s3_bucket", problems)).map(|(bucket, _)| bucket).unwrap_or_default();
    let region = section.text("s3_region", problems);
    let endpoint = optional(section.text("s3_endpoint", problems));
    let prefix = section.text("s3_prefix", problems);
    let id = optional(section.text("s3_access_key_id", problems));
    let secret = secret(section, problems);
    let path_style = section.flag("s3_path_style", problems);
    let allow_http = section.flag("s3_allow_http", problems);
    if let Some((address, place)) = &endpoint {
        let plain = address.starts_with("http://");
        if !plain && !address.starts_with("https://") {
            problems.add(place, section.key("s3_endpoint"), "must begin with https:// (or http://, with s3_allow_http)");
        } else if plain && allow_http == Some(false) {
            problems.add(
                place,
                section.key("s3_endpoint"),
                "is plain http: use https://, or switch s3_allow_http on inside a private network",
            );
        }
    }
    let key = match (id, secret) {
        (Some((id, _)), Some((secret, _))) => Some(BucketKey { id, secret }),
        (Some((_, place)), None) => {
            problems.add(&place, section.key("s3_access_key_id"), "has no secret: give s3_secret_access_key or s3_secret_access_key_file");
            None
        }
        (None, Some((_, place))) => {
            problems.add(&place, section.key("s3_secret_access_key"), "belongs to no key: give s3_access_key_id");
            None
        }
        (None, None) => None,
    };
    if problems.0.len() > before {
        return None;
    }
    Some(BucketSettings {
        bucket,
        region: region?.0.trim().to_owned(),
        endpoint: endpoint.map(|(endpoint, _)| endpoint),
        prefix: prefix?.0.trim().trim_matches('/').to_owned(),
        key,
        path_style: path_style?,
        allow_http: allow_http?,
        extra_ca: None,
    })
}

/// The secret itself, or what is in the file that holds it.
fn secret(section: &mut Section, problems: &mut Problems) -> Option<(String, Place)> {
    let given = optional(section.text("s3_secret_access_key", problems));
    let (path, place) = match optional(section.text("s3_secret_access_key_file", problems)) {
        None => return given,
        Some(file) => file,
    };
    let key = section.key("s3_secret_access_key_file");
    if given.is_some() {
        problems.add(&place, key, "s3_secret_access_key is given too: give one of them");
        return given;
    }
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Some((text.trim().to_owned(), place)),
        Ok(_) => {
            problems.add(&place, key, format!("{path} is empty"));
            None
        }
        Err(error) => {
            problems.add(&place, key, format!("{path} can't be read: {error}"));
            None
        }
    }
}
