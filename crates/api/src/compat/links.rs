//! `GenerateURLForUploadFile` and `GenerateURLForDownloadFile`, for whoever asks: short signed links to the file store.

use super::socket::envelope::{Failure, Request, TextOrNumber, body};
use antiphon_app::App;
use antiphon_app::files::{FileError, FileOwner, Link};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Upload {
    file_size: Option<TextOrNumber>,
    file_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Download {
    relative_path: Option<String>,
}

/// A link as it is answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkWire {
    relative_path: String,
    query_params: QueryParams,
}

#[derive(Serialize)]
struct QueryParams {
    temp_url_sig: String,
    temp_url_expires: String,
}

impl From<Link> for LinkWire {
    fn from(link: Link) -> Self {
        let query_params = QueryParams { temp_url_sig: link.signature, temp_url_expires: link.expires_s.to_string() };
        Self { relative_path: link.path, query_params }
    }
}

pub(super) async fn upload(app: &App, owner: &FileOwner<'_>, request: &Request<'_>) -> Result<Link, Failure> {
    let asked: Upload = body(request)?;
    let size = asked.file_size.ok_or_else(|| Failure::missing("fileSize: bytes"))?.into_text();
    let size = size.parse().map_err(|_| Failure::bad_request("fileSize: must be a number of bytes"))?;
    let file_type = asked.file_type.ok_or_else(|| Failure::missing("fileType: for example JPEG"))?;
    app.upload_link(owner, &file_type, size).await.map_err(refused)
}

pub(super) async fn download(app: &Arc<App>, owner: &FileOwner<'_>, request: &Request<'_>) -> Result<Link, Failure> {
    let asked: Download = body(request)?;
    let path = asked.relative_path.ok_or_else(|| Failure::missing("relativePath: the file's path"))?;
    app.download_link(owner, &path).await.map_err(refused)
}

fn refused(error: FileError) -> Failure {
    match error {
        FileError::TooLarge(_) => Failure::bad_request(format!("fileSize: {error}")),
        FileError::BadType(sentence) => Failure::bad_request(sentence),
        FileError::NotFound => Failure::not_found("relativePath: there is no such file"),
        FileError::NotReady => Failure::not_found("relativePath: the file is not here yet"),
        FileError::Lapsed | FileError::PreviewTooLarge(_) => Failure::bad_request(error.to_string()),
        FileError::BadLink | FileError::SwitchedOff => Failure::forbidden(error.to_string()),
        FileError::Unavailable(_) => Failure::unavailable(),
    }
}
