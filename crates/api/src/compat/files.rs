//! The file store: one `PUT` or `GET` for each signed link.
//!
//! The link is all the right there is. What is served can't run: its type is what its bytes show, only pictures are shown
//! in place, and the page it would be is sandboxed. An upload is answered with an empty body, as page clients need it.

use super::Shared;
use antiphon_app::files::{FileError, Served};
use axum::body::{self, Body};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde::Deserialize;
use std::sync::Arc;

/// What browsers show in place; everything else is downloaded.
const SHOWN: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

#[derive(Deserialize)]
pub(super) struct Signed {
    #[serde(default)]
    temp_url_sig: String,
    #[serde(default)]
    temp_url_expires: String,
}

/// Takes an upload: 201, 401 for a bad link.
pub(super) async fn put(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let path = path_of(&uri);
    let upload = match shared.app.check_upload(path, &signed.temp_url_sig, &signed.temp_url_expires).await {
        Ok(upload) => upload,
        Err(error) => return refused(error),
    };
    let most = upload.most;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > most) {
        return refused(FileError::TooLarge(most));
    }
    let Ok(_permit) = shared.uploads.try_acquire() else {
        metrics::counter!("antiphon_uploads_refused_total").increment(1);
        return explain(StatusCode::SERVICE_UNAVAILABLE, "too many uploads at once; try again in a few seconds");
    };
    let read = body::to_bytes(body, usize::try_from(most).unwrap_or(usize::MAX));
    let bytes = match shared.within(shared.limits.upload_ms, read).await {
        Some(Ok(bytes)) => bytes,
        Some(Err(_)) => return refused(FileError::TooLarge(most)),
        None => return explain(StatusCode::REQUEST_TIMEOUT, "the upload took too long"),
    };
    match shared.app.put_file(upload, bytes).await {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(error) => refused(error),
    }
}

/// Gives a file: 401 for a bad link.
pub(super) async fn get(State(shared): State<Arc<Shared>>, uri: Uri, Query(signed): Query<Signed>) -> Response {
    let path = path_of(&uri);
    let served = match shared.app.get_file(path, &signed.temp_url_sig, &signed.temp_url_expires).await {
        Ok(found) => found,
        Err(error) => return refused(error),
    };
    let Served { bytes, content_type, name } = served;
    let shown = SHOWN.contains(&content_type.as_str());
    let name = name.as_deref().unwrap_or_else(|| path.rsplit('/').next().unwrap_or("file"));
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let text = |value: &str| HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, text(&content_type));
    headers.insert(header::CONTENT_DISPOSITION, disposition(shown, name));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600, immutable"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The path as it was signed: the docs of the protocol double its first slash.
fn path_of(uri: &Uri) -> &str {
    let path = uri.path();
    if path.starts_with("//") { &path[1..] } else { path }
}

fn disposition(shown: bool, name: &str) -> HeaderValue {
    let plain: String = name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%;".contains(c) { c } else { '_' }).take(120).collect();
    let encoded: String = name.chars().take(120).flat_map(encode).collect();
    let kind = if shown { "inline" } else { "attachment" };
    let value = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// A character of a file's name as RFC 5987 wants it.
fn encode(c: char) -> Vec<char> {
    if c.is_ascii_alphanumeric() || "-._~".contains(c) {
        return vec![c];
    }
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().flat_map(|byte| format!("%{byte:02X}").chars().collect::<Vec<_>>()).collect()
}

fn refused(error: FileError) -> Response {
    let status = match &error {
        FileError::BadLink => StatusCode::UNAUTHORIZED,
        FileError::NotFound | FileError::NotReady => StatusCode::NOT_FOUND,
        FileError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        FileError::BadType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        FileError::SwitchedOff => StatusCode::FORBIDDEN,
        FileError::Lapsed | FileError::PreviewTooLarge(_) => StatusCode::BAD_REQUEST,
        FileError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let message = match error {
        FileError::Unavailable(_) => "the file store is unavailable; try again in a few seconds".to_owned(),
        other => other.to_string(),
    };
    explain(status, &message)
}

fn explain(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "error": { "message": message } }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_safely_into_the_header() {
        let check = |shown: bool, name: &str, expected: &str| assert_eq!(disposition(shown, name), expected);
        check(true, "a.png", "inline; filename=\"a.png\"; filename*=UTF-8''a.png");
        check(false, "ü \"x\".txt", "attachment; filename=\"___x_.txt\"; filename*=UTF-8''%C3%BC%20%22x%22.txt");
        check(false, "a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab");
    }
}
