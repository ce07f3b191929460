//! Files: signed links for people, apps and vendors, uploads and downloads.

use crate::channel::OutboundFile;
use crate::ports::store::{UnitOfWork, Write};
use crate::{App, Caller, Unavailable};
use antiphon_content::sniff::sniff;
use antiphon_domain::{AccountId, FileId, FileState, Privilege, StoredFile, Timestamp};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// A signed link's parts; clients join them to `https://HOST{path}?temp_url_sig=…&temp_url_expires=…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The file's path, with a leading slash.
    pub path: String,
    /// 40 hex digits.
    pub signature: String,
    /// When it ends, in epoch seconds.
    pub expires_s: i64,
}

/// Why a file could not be taken or given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The link is wrong or has ended.
    #[error("the link is wrong or has ended; ask for a new one")]
    BadLink,
    /// No such file, or it is not the caller's to see.
    #[error("there is no such file")]
    NotFound,
    /// It is announced but not here.
    #[error("the file is not here yet")]
    NotReady,
    /// Larger than allowed, in bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Not a type that is taken.
    #[error("{0}")]
    BadType(String),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The types that agents may upload, as named on the published wire, with their media types.
const TYPES: [(&str, &str); 16] = [
    ("JPEG", "image/jpeg"),
    ("JPG", "image/jpeg"),
    ("PNG", "image/png"),
    ("GIF", "image/gif"),
    ("WEBP", "image/webp"),
    ("PDF", "application/pdf"),
    ("TXT", "text/plain"),
    ("DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("PPTX", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("MP4", "video/mp4"),
    ("3GP", "video/3gpp"),
    ("OGG", "audio/ogg"),
    ("MP3", "audio/mpeg"),
    ("AMR", "audio/amr"),
    ("WAV", "audio/wav"),
];

/// The wire's type name of a file: by media type, else by the name's ending, else `FILE`.
pub fn file_type_of(media_type: Option<&str>, name: Option<&str>) -> String {
    let essence = media_type.map(|media_type| media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let by_type = TYPES.iter().find(|(_, known)| essence.as_deref() == Some(*known));
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_uppercase());
    let by_name = || TYPES.iter().find(|(known, _)| ending.as_deref() == Some(*known));
    by_type.or_else(by_name).map_or("FILE", |(known, _)| known).to_owned()
}

/// The path clients know a file by; the published platform's form.
pub fn path_of(account: &str, id: FileId, file_type: &str) -> String {
    format!("/v1/AUTH_async-images/{account}/{id}.{file_type}")
}

/// Structured content as text, for channels and lists that show nothing else: its texts and titles, a line each.
pub fn plain_text_of(json: &str) -> Option<String> {
    fn collect(value: &serde_json::Value, lines: &mut Vec<String>, depth: usize) {
        if depth > 16 {
            return;
        }
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, lines, depth + 1)),
            serde_json::Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.trim().is_empty());
                let own = match members.get("type").and_then(serde_json::Value::as_str) {
                    Some("text") => text("text"),
                    Some("button" | "submitButton") => text("title"),
                    Some("map" | "image") => text("tooltip").or_else(|| text("alt")),
                    _ => text("title"),
                };
                lines.extend(own.map(str::to_owned));
                if let Some(elements) = members.get("elements") {
                    collect(elements, lines, depth + 1);
                }
            }
            _ => {}
        }
    }
    let mut lines = Vec::new();
    collect(&serde_json::from_str(json).ok()?, &mut lines, 0);
    (!lines.is_empty()).then(|| lines.join("\n"))
}

impl App {
    /// Announces an upload; the link takes one file.
    ///
    /// # Errors
    /// `BadType`, `TooLarge`, or the store is unavailable.
    pub async fn upload_link(&self, caller: &Caller, file_type: &str, size: u64) -> Result<Link, FileError> {
        let file_type = file_type.trim().to_ascii_uppercase();
        let Some((_, media_type)) = TYPES.iter().find(|(known, _)| *known == file_type) else {
            let known: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
            return Err(FileError::BadType(format!("fileType: one of {}", known.join(", "))));
        };
        if size > self.limits.file_bytes {
            return Err(FileError::TooLarge(self.limits.file_bytes));
        }
        let now = self.clock.now();
        let id = FileId(self.ids.ascending(now));
        let path = path_of(caller.account.as_str(), id, &file_type);
        let mut unit = UnitOfWork::new(caller.account.clone());
        unit.write(Write::PutFile(StoredFile {
            id,
            path: path.clone(),
            state: FileState::Pending,
            declared_type: Some((*media_type).to_owned()),
            content_type: None,
            name: None,
            size: None,
            sha256: None,
            fetch: None,
            shown_in: None,
            created_at: now,
        }));
        self.commit(unit).await.map_err(Unavailable::from)?;
        Ok(self.link("PUT", &path, now.plus_s(self.limits.link_s)))
    }

    /// A link to read a file that the caller may see: one of a conversation that they may see.
    ///
    /// # Errors
    /// `NotFound`, or the store is unavailable.
    pub async fn download_link(self: &Arc<Self>, caller: &Caller, path: &str) -> Result<Link, FileError> {
        let file = self.store.file(&caller.account, path).await.map_err(Unavailable::from)?.ok_or(FileError::NotFound)?;
        if let Some((conversation, _, _)) = file.shown_in
            && !caller.may(Privilege::ViewAllConversations)
        {
            self.conversation(caller, conversation).await.map_err(|refused| match refused {
                crate::query::ReadRefused::Unavailable(error) => FileError::Unavailable(error),
                _ => FileError::NotFound,
            })?;
        }
        Ok(self.link("GET", path, self.clock.now().plus_s(self.limits.link_s)))
    }

    /// Checks an upload's link before its body is read.
    ///
    /// # Errors
    /// `BadLink`.
    pub fn check_upload(&self, path: &str, signature: &str, expires: &str) -> Result<(), FileError> {
        self.check_link("PUT", path, signature, expires)
    }

    /// Takes an upload.
    ///
    /// # Errors
    /// `BadLink`, `NotFound`, `TooLarge`, or nothing could be stored.
    pub async fn put_file(&self, path: &str, signature: &str, expires: &str, bytes: Bytes) -> Result<(), FileError> {
        self.check_link("PUT", path, signature, expires)?;
        let (account, mut file) = self.file_at(path).await?;
        if file.state == FileState::Ready {
            return Err(FileError::BadLink);
        }
        if bytes.len() as u64 > self.limits.file_bytes {
            return Err(FileError::TooLarge(self.limits.file_bytes));
        }
        fill_in(&mut file, &bytes);
        self.blobs.put(path, bytes).await.map_err(|error| Unavailable(error.to_string()))?;
        let mut unit = UnitOfWork::new(account);
        unit.write(Write::PutFile(file));
        Ok(self.commit(unit).await.map_err(Unavailable::from)?)
    }

    /// Gives a file to whoever holds a link.
    ///
    /// # Errors
    /// `BadLink`, `NotFound`, `NotReady`, or the file store is unavailable.
    pub async fn get_file(&self, path: &str, signature: &str, expires: &str) -> Result<(StoredFile, Bytes), FileError> {
        self.check_link("GET", path, signature, expires)?;
        let (_, file) = self.file_at(path).await?;
        if file.state != FileState::Ready {
            return Err(FileError::NotReady);
        }
        let bytes = self.blobs.get(path).await.map_err(|error| Unavailable(error.to_string()))?.ok_or(FileError::NotFound)?;
        Ok((file, bytes))
    }

    /// A ready file for a vendor: with its bytes, and a link that lives hours. The error is a sentence.
    pub(crate) async fn outbound_file(&self, account: &AccountId, path: &str) -> Result<OutboundFile, String> {
        let file = self.store.file(account, path).await.map_err(|error| error.to_string())?;
        let file = file.filter(|file| file.state == FileState::Ready).ok_or("The attached file is not there any more.")?;
        let bytes = self.blobs.get(path).await.map_err(|error| error.to_string())?.ok_or("The attached file's bytes are gone.")?;
        let link = self.link("GET", path, self.clock.now().plus_s(self.limits.vendor_link_s));
        Ok(OutboundFile {
            url: format!("{}{}?temp_url_sig={}&temp_url_expires={}", self.public_url, link.path, link.signature, link.expires_s),
            content_type: file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            name: file.name.unwrap_or_else(|| path.rsplit('/').next().unwrap_or("file").to_owned()),
            bytes,
        })
    }

    async fn file_at(&self, path: &str) -> Result<(AccountId, StoredFile), FileError> {
        let account: AccountId = path.split('/').nth(3).and_then(|account| account.parse().ok()).ok_or(FileError::NotFound)?;
        let file = self.store.file(&account, path).await.map_err(Unavailable::from)?.ok_or(FileError::NotFound)?;
        Ok((account, file))
    }

    fn link(&self, method: &str, path: &str, until: Timestamp) -> Link {
        let expires_s = until.0.div_euclid(1000);
        let mac = self.secrets.sign("file-link", format!("{method}\n{path}\n{expires_s}").as_bytes());
        Link { path: path.to_owned(), signature: hex::encode(&mac[..20]), expires_s }
    }

    fn check_link(&self, method: &str, path: &str, signature: &str, expires: &str) -> Result<(), FileError> {
        let expires_s: i64 = expires.parse().map_err(|_| FileError::BadLink)?;
        let expected = self.link(method, path, Timestamp(expires_s.saturating_mul(1000))).signature;
        let right: bool = expected.as_bytes().ct_eq(signature.as_bytes()).into();
        if right && expires_s.saturating_mul(1000) > self.clock.now().0 { Ok(()) } else { Err(FileError::BadLink) }
    }
}

/// What the bytes say about a file; it is ready then.
pub(crate) fn fill_in(file: &mut StoredFile, bytes: &Bytes) {
    file.size = Some(bytes.len() as u64);
    file.sha256 = Some(Sha256::digest(bytes).into());
    // Content decides; what was declared is only believed for types that can't be told apart by their bytes and can do no harm.
    let declared = file.declared_type.as_deref().filter(|declared| !is_active(declared)).map(str::to_owned);
    file.content_type = sniff(bytes).map(str::to_owned).or(declared).or_else(|| Some("application/octet-stream".to_owned()));
    file.state = FileState::Ready;
}

/// Types that a browser would run.
fn is_active(media_type: &str) -> bool {
    ["html", "xml", "svg", "javascript", "ecmascript", "x-shockwave"].iter().any(|active| media_type.to_ascii_lowercase().contains(active))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_told_by_media_type_then_by_name() {
        assert_eq!(file_type_of(Some("image/JPEG; q=1"), None), "JPEG");
        assert_eq!(file_type_of(Some("application/x-unknown"), Some("a.b.pdf")), "PDF");
        assert_eq!(file_type_of(None, Some("noending")), "FILE");
    }

    #[test]
    fn structured_content_reads_as_lines() {
        let json = r#"{"type":"vertical","elements":[{"type":"text","text":"Hello"},{"type":"horizontal","elements":[{"type":"button","title":"Yes"}]}]}"#;
        assert_eq!(plain_text_of(json).as_deref(), Some("Hello\nYes"));
        assert_eq!(plain_text_of("{}"), None);
        assert_eq!(plain_text_of("no json"), None);
    }

    #[test]
    fn declared_types_that_browsers_run_are_not_believed() {
        let mut file = StoredFile {
            id: FileId(1),
            path: "/v1/AUTH_async-images/1/x".into(),
            state: FileState::Pending,
            declared_type: Some("image/svg+xml".into()),
            content_type: None,
            name: None,
            size: None,
            sha256: None,
            fetch: None,
            shown_in: None,
            created_at: Timestamp(0),
        };
        fill_in(&mut file, &Bytes::from_static(b"\x01\x02\x03"));
        assert_eq!(file.content_type.as_deref(), Some("application/octet-stream"));
        assert_eq!(file.size, Some(3));
    }
}
