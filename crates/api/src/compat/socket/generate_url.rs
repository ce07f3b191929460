//! `GenerateURLForUploadFile` and `GenerateURLForDownloadFile`: short signed links to the file store.

use super::envelope::{Failure, Out, Request, TextOrNumber, body, respond};
use super::session::Session;
use antiphon_app::files::{FileError, FileOwner, Link};
use serde::{Deserialize, Serialize};

/// Clients transform no answer of this name.
const TYPE: &str = ".ams.ms.GenerateURL$Response";

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkWire {
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

pub(super) async fn upload(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Upload = body(request)?;
    let size = asked.file_size.ok_or_else(|| Failure::missing("fileSize: bytes"))?.into_text();
    let size = size.parse().map_err(|_| Failure::bad_request("fileSize: must be a number of bytes"))?;
    let file_type = asked.file_type.ok_or_else(|| Failure::missing("fileType: for example JPEG"))?;
    let link = session.shared.app.upload_link(&FileOwner::User(&session.caller), &file_type, size).await.map_err(refused)?;
    out.push(respond(request, 200, TYPE, LinkWire::from(link)));
    Ok(())
}

pub(super) async fn download(session: &mut Session, request: &Request<'_>, out: &mut Out) -> Result<(), Failure> {
    let asked: Download = body(request)?;
    let path = asked.relative_path.ok_or_else(|| Failure::missing("relativePath: the file's path"))?;
    let link = session.shared.app.download_link(&FileOwner::User(&session.caller), &path).await.map_err(refused)?;
    out.push(respond(request, 200, TYPE, LinkWire::from(link)));
    Ok(())
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
