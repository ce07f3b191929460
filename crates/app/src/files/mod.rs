//! Files: signed links for people, apps and vendors, uploads and downloads.
//!
//! Here: the use cases. `types` says what is taken, `owner` who may have what, `small` makes thumbnails, `orphans` clears away
//! what nobody ever published.

mod orphans;
mod owner;
mod small;
mod types;

pub use owner::FileOwner;
pub use small::{THUMBNAIL_TYPE, thumbnail_path};
pub use types::{file_type_of, shown_type};

pub(crate) use orphans::run as clear_orphans;

use crate::channel::OutboundFile;
use crate::identity::WEB_CHANNEL;
use crate::ports::store::{UnitOfWork, Write};
use crate::widget::Widget;
use crate::{App, Unavailable};
use antiphon_content::picture::{PREVIEW_BYTES, is_preview};
use antiphon_domain::{AccountId, Content, FileId, FileState, Source, StoredFile, Timestamp};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use types::Taker;

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

/// A link's upload that was found right, before its body is read.
#[derive(Clone, Debug)]
pub struct Upload {
    account: AccountId,
    file: StoredFile,
    /// The most bytes that are taken.
    pub most: u64,
}

/// A file as it is given to whoever holds a link.
#[derive(Clone, Debug)]
pub struct Served {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its media type, as its bytes showed it.
    pub content_type: String,
    /// Its name, if one was given.
    pub name: Option<String>,
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
    /// It was uploaded so long ago, without being published, that it is about to be deleted.
    #[error("the file was not published in time; upload it again")]
    Lapsed,
    /// The account takes no files.
    #[error("file sharing is switched off for this account")]
    SwitchedOff,
    /// Larger than allowed, in bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Not a type that is taken.
    #[error("{0}")]
    BadType(String),
    /// The preview is larger than allowed, in bytes.
    #[error("the preview is larger than {0} bytes; leave it out and one is made")]
    PreviewTooLarge(usize),
    /// Nothing could be stored.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The path clients know a file by; the published platform's form.
pub fn path_of(account: &str, id: FileId, file_type: &str) -> String {
    format!("/v1/AUTH_async-images/{account}/{id}.{file_type}")
}

/// The account of a path of that form.
fn account_of(path: &str) -> Option<AccountId> {
    path.strip_prefix("/v1/AUTH_async-images/")?.split('/').next()?.parse().ok()
}

/// What the visitors of a source may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitorFiles {
    /// Largest file.
    pub max_bytes: u64,
    /// The wire's names of the types that are taken, with their media types.
    pub types: Vec<(&'static str, &'static str)>,
}

/// Whether a source's setting lets its visitors send files.
fn takes_files(source: &Source) -> bool {
    source.channel != WEB_CHANNEL || Widget::of(source).attachments
}

impl App {
    /// Announces an upload; the link takes one file.
    ///
    /// # Errors
    /// `SwitchedOff`, `BadType`, `TooLarge`, or the store is unavailable.
    pub async fn upload_link(&self, owner: &FileOwner<'_>, file_type: &str, size: u64) -> Result<Link, FileError> {
        let account = owner.account();
        let directory = self.directory();
        let switched_off = directory.account(account).is_some_and(|view| {
            let source = owner.source().and_then(|source| view.sources.get(&source));
            !view.account.settings.file_sharing || source.is_some_and(|source| !takes_files(source))
        });
        if switched_off {
            return Err(FileError::SwitchedOff);
        }
        let (file_type, media_type) = owner.taker().announced(file_type)?;
        let most = self.largest(account, owner.taker());
        if size > most {
            return Err(FileError::TooLarge(most));
        }
        let now = self.clock.now();
        let id = FileId(self.ids.ascending(now));
        let path = path_of(account.as_str(), id, file_type);
        let mut unit = UnitOfWork::new(account.clone());
        unit.write(Write::PutFile(StoredFile {
            id,
            path: path.clone(),
            state: FileState::Pending,
            declared_type: Some(media_type.to_owned()),
            content_type: None,
            name: None,
            size: None,
            sha256: None,
            fetch: None,
            shown_in: None,
            created_at: now,
            owner: Some(owner.party()),
            also_shown: Vec::new(),
            picture: None,
        }));
        self.commit(unit).await.map_err(Unavailable::from)?;
        Ok(self.link("PUT", &path, now.plus_s(self.limits.link_s)))
    }

    /// A link to read a file that its owner may have, or the thumbnail of one: a picture that is small itself is its own.
    ///
    /// # Errors
    /// `NotFound`, or the store is unavailable.
    pub async fn download_link(self: &Arc<Self>, owner: &FileOwner<'_>, path: &str) -> Result<Link, FileError> {
        let until = self.clock.now().plus_s(self.limits.link_s);
        let Some(picture) = small::picture_of(path) else {
            self.file_of(owner, path).await?;
            return Ok(self.link("GET", path, until));
        };
        let file = self.file_of(owner, picture).await?;
        match file.picture {
            Some(shrunk) if shrunk.thumbnail => Ok(self.link("GET", path, until)),
            _ => Ok(self.link("GET", picture, until)),
        }
    }

    /// Checks an upload's link before its body is read.
    ///
    /// # Errors
    /// `BadLink`, `NotFound`, or the store is unavailable.
    pub async fn check_upload(&self, path: &str, signature: &str, expires: &str) -> Result<Upload, FileError> {
        self.check_link("PUT", path, signature, expires)?;
        let (account, file) = self.file_at(path).await?;
        if file.state != FileState::Pending || file.owner.is_none() {
            return Err(FileError::BadLink);
        }
        let most = self.largest(&account, owner::taker_of(file.owner));
        Ok(Upload { account, file, most })
    }

    /// Takes an upload. What its bytes show decides whether it is one that is taken.
    ///
    /// # Errors
    /// `TooLarge`, `BadType`, `BadLink` when another upload was faster, or nothing could be stored.
    pub async fn put_file(&self, upload: Upload, bytes: Bytes) -> Result<(), FileError> {
        let Upload { account, mut file, most } = upload;
        if bytes.len() as u64 > most {
            return Err(FileError::TooLarge(most));
        }
        let media_type = owner::taker_of(file.owner).told_by(&bytes, file.declared_type.as_deref())?;
        // Whoever came first while this body arrived is who the link was for.
        let current = self.store.file(&account, &file.path).await.map_err(Unavailable::from)?.ok_or(FileError::NotFound)?;
        if current.state != FileState::Pending {
            return Err(FileError::BadLink);
        }
        file.content_type = Some(media_type.to_owned());
        self.keep(&mut file, bytes).await?;
        let mut unit = UnitOfWork::new(account);
        unit.write(Write::PutFile(file));
        Ok(self.commit(unit).await.map_err(Unavailable::from)?)
    }

    /// Gives a file or a thumbnail to whoever holds a link.
    ///
    /// # Errors
    /// `BadLink`, `NotFound`, `NotReady`, or the file store is unavailable.
    pub async fn get_file(&self, path: &str, signature: &str, expires: &str) -> Result<Served, FileError> {
        self.check_link("GET", path, signature, expires)?;
        let picture = small::picture_of(path);
        let (_, file) = self.file_at(picture.unwrap_or(path)).await?;
        if file.state != FileState::Ready {
            return Err(FileError::NotReady);
        }
        let bytes = self.blobs.get(path).await.map_err(|error| Unavailable(error.to_string()))?.ok_or(FileError::NotFound)?;
        let content_type = match picture {
            Some(_) => THUMBNAIL_TYPE.to_owned(),
            None => file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        };
        Ok(Served { bytes, content_type, name: file.name })
    }

    /// A file's content, ready to be shown in an event: completed from what is stored. The given one names the path and what the
    /// publisher says about it.
    ///
    /// # Errors
    /// `NotFound` also for what the publisher may not have, `NotReady`, `Lapsed`, `PreviewTooLarge`, or the store is unavailable.
    pub(crate) async fn file_to_show(self: &Arc<Self>, owner: &FileOwner<'_>, given: &Content) -> Result<(Content, StoredFile), FileError> {
        let Content::File { path, caption, file_type, preview, .. } = given else { return Err(FileError::NotFound) };
        let file = self.file_of(owner, path).await?;
        if file.state != FileState::Ready {
            return Err(FileError::NotReady);
        }
        if file.shown_in.is_none() && self.has_lapsed(&file) {
            return Err(FileError::Lapsed);
        }
        if preview.as_ref().is_some_and(|preview| preview.len() > PREVIEW_BYTES * 4 / 3 + 64) {
            return Err(FileError::PreviewTooLarge(PREVIEW_BYTES));
        }
        // What is no picture inside a data URL would load something from somewhere: ours stands in its place.
        let given = preview.clone().filter(|preview| is_preview(preview));
        let preview = given.or_else(|| file.picture.as_ref().map(|picture| picture.preview.as_str().into()));
        let file_type = shown_type(file_type, file.content_type.as_deref()).into();
        let content = Content::File { file: file.id, path: Arc::clone(path), caption: Arc::clone(caption), file_type, preview };
        Ok((content, file))
    }

    /// Keeps a file's bytes, and fills in what they say about it; it is ready then. Its type, if it has one, was told before.
    pub(crate) async fn keep(&self, file: &mut StoredFile, bytes: Bytes) -> Result<(), Unavailable> {
        file.size = Some(bytes.len() as u64);
        file.sha256 = Some(Sha256::digest(&bytes).into());
        if file.content_type.is_none() {
            file.content_type = Some(types::served_as(&bytes, file.declared_type.as_deref()));
        }
        self.blobs.put(&file.path, bytes.clone()).await.map_err(|error| Unavailable(error.to_string()))?;
        self.shrink_picture(file, &bytes).await?;
        file.state = FileState::Ready;
        Ok(())
    }

    /// A ready file for a vendor: with its bytes, and a link that lives hours. The error is a sentence.
    pub(crate) async fn outbound_file(&self, account: &AccountId, path: &str) -> Result<OutboundFile, String> {
        let file = self.store.file(account, path).await.map_err(|error| error.to_string())?;
        let file = file.filter(|file| file.state == FileState::Ready).ok_or("The attached file is not there any more.")?;
        let bytes = self.blobs.get(path).await.map_err(|error| error.to_string())?.ok_or("The attached file's bytes are gone.")?;
        let until = self.clock.now().plus_s(self.limits.vendor_link_s);
        let address = |path: &str| {
            let link = self.link("GET", path, until);
            format!("{}{}?temp_url_sig={}&temp_url_expires={}", self.public_url, link.path, link.signature, link.expires_s)
        };
        let small = file.picture.as_ref().is_some_and(|picture| picture.thumbnail);
        Ok(OutboundFile {
            url: address(path),
            thumbnail_url: small.then(|| address(&small::thumbnail_path(path))),
            content_type: file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            name: file.name.unwrap_or_else(|| path.rsplit('/').next().unwrap_or("file").to_owned()),
            bytes,
        })
    }

    /// What the visitors of a source may send; `None` where they may send no files.
    pub fn files_of_visitors(&self, account: &AccountId, source: &Source) -> Option<VisitorFiles> {
        let directory = self.directory();
        let shared = directory.account(account)?.account.settings.file_sharing;
        let types: Vec<_> = Taker::Consumer.types().collect();
        let max_bytes = self.largest(account, Taker::Consumer);
        (shared && takes_files(source)).then_some(VisitorFiles { max_bytes, types })
    }

    /// The most bytes that an account takes of somebody.
    fn largest(&self, account: &AccountId, taker: Taker) -> u64 {
        let directory = self.directory();
        let settings = directory.account(account).map(|view| &view.account.settings);
        let kib = settings.map(|settings| match taker {
            Taker::User => settings.agent_file_kib,
            Taker::Consumer => settings.consumer_file_kib,
        });
        kib.and_then(|kib| u64::try_from(kib).ok()).map_or(u64::MAX, |kib| kib << 10).min(self.limits.file_bytes)
    }

    async fn file_at(&self, path: &str) -> Result<(AccountId, StoredFile), FileError> {
        let account = account_of(path).ok_or(FileError::NotFound)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_account() {
        assert_eq!(account_of(&path_of("12", FileId(1), "PNG")).map(|account| account.to_string()).as_deref(), Some("12"));
        assert_eq!(account_of("/v1/AUTH_other/12/x.PNG"), None);
        assert_eq!(account_of("/v1/AUTH_async-images/../x.PNG"), None);
    }
}
