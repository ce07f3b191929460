//! A small stand-in of a bucket that speaks S3, on loopback: one bucket, addressed by path, whose requests must be signed with its key.
//!
//! It knows what the file store uses: put, get, delete, and the second version of the list. It checks each signature from the request
//! alone, by a second reading of the public description, so that a mistake in either shows.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, StatusCode, Uri};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bucket's name.
pub const BUCKET: &str = "files-of-a-test";
/// Its region.
pub const REGION: &str = "nowhere-1";
/// The name of its key.
pub const KEY_ID: &str = "AKIDTEST";
/// The secret of its key.
pub const SECRET: &str = "a-secret-that-must-never-be-shown";

/// The stand-in. It ends with the test.
pub struct Bucket {
    address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Inside {
    objects: BTreeMap<String, Bytes>,
    /// So many requests to come are answered with 503.
    faults: usize,
    refused: usize,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Bucket {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("it has an address");
        let inside = Arc::<Mutex<Inside>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inside));
        let serving = tokio::spawn(async move {
            // It ends when it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, inside, serving }
    }

    /// Its address, as a URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every key in it, in order.
    pub fn keys(&self) -> Vec<String> {
        self.inside().objects.keys().cloned().collect()
    }

    /// Puts something in that is not of our making.
    pub fn put(&self, key: &str, bytes: &'static [u8]) {
        self.inside().objects.insert(key.to_owned(), Bytes::from_static(bytes));
    }

    /// Answers so many requests to come with 503.
    pub fn fail(&self, requests: usize) {
        self.inside().faults = requests;
    }

    /// How many requests were refused because of their signature.
    pub fn refused(&self) -> usize {
        self.inside().refused
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(inside): State<Arc<Mutex<Inside>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 64 << 20).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
    if inside.faults > 0 {
        inside.faults -= 1;
        return error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    }
    if let Err(code) = check_signature(&parts.method, &parts.uri, &parts.headers, &body) {
        inside.refused += 1;
        return error(StatusCode::FORBIDDEN, code);
    }
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != BUCKET {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    match (&parts.method, key) {
        (&Method::GET, "") => list(&inside.objects, parts.uri.query().unwrap_or_default()),
        (&Method::GET, key) => match inside.objects.get(key) {
            Some(bytes) => ([("last-modified", LAST_MODIFIED), ("etag", "\"1\"")], bytes.clone()).into_response(),
            None => error(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        (&Method::PUT, key) if !key.is_empty() => {
            inside.objects.insert(key.to_owned(), body);
            ([("etag", "\"1\"")], "").into_response()
        }
        (&Method::DELETE, key) if !key.is_empty() => {
            inside.objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

const LAST_MODIFIED: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

fn error(status: StatusCode, code: &str) -> Response {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    (status, [("content-type", "application/xml")], body).into_response()
}

/// Two a page, so that pages are followed.
fn list(objects: &BTreeMap<String, Bytes>, query: &str) -> Response {
    const PAGE: usize = 2;
    let query: BTreeMap<String, String> = pairs(query).into_iter().map(|(name, value)| (decoded(&name), decoded(&value))).collect();
    let value = |name: &str| query.get(name).map_or("", String::as_str);
    if value("list-type") != "2" {
        return error(StatusCode::BAD_REQUEST, "InvalidArgument");
    }
    let after = if value("continuation-token").is_empty() { value("start-after") } else { value("continuation-token") };
    let mut found = objects.iter().filter(|(key, _)| key.as_str() > after && key.starts_with(value("prefix")));
    let page: Vec<_> = found.by_ref().take(PAGE).collect();
    let more = found.next().is_some();
    let mut xml =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    let _ = write!(xml, "<Name>{BUCKET}</Name><KeyCount>{}</KeyCount><IsTruncated>{more}</IsTruncated>", page.len());
    if let Some((last, _)) = page.last().filter(|_| more) {
        let _ = write!(xml, "<NextContinuationToken>{last}</NextContinuationToken>");
    }
    for (key, bytes) in page {
        let _ = write!(
            xml,
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"1\"</ETag><Size>{}</Size></Contents>",
            bytes.len()
        );
    }
    xml.push_str("</ListBucketResult>");
    ([("content-type", "application/xml")], xml).into_response()
}

fn check_signature(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = text("authorization").strip_prefix("AWS4-HMAC-SHA256 ").ok_or("AccessDenied")?;
    let field = |name: &str| given.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    let scope = field("Credential").strip_prefix(KEY_ID).and_then(|rest| rest.strip_prefix('/')).ok_or("InvalidAccessKeyId")?;
    let day = scope.split('/').next().unwrap_or_default();
    if scope != format!("{day}/{REGION}/s3/aws4_request") {
        return Err("AuthorizationHeaderMalformed");
    }
    let hash = text("x-amz-content-sha256");
    if hash != hex::encode(Sha256::digest(body)) {
        return Err("XAmzContentSHA256Mismatch");
    }
    let signed = field("SignedHeaders");
    let canonical_headers: String = signed.split(';').map(|name| format!("{name}:{}\n", text(name).trim())).collect();
    let mut query = pairs(uri.query().unwrap_or_default());
    query.sort();
    let query = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let canonical = format!("{method}\n{}\n{query}\n{canonical_headers}\n{signed}\n{hash}", uri.path());
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", text("x-amz-date"), hex::encode(Sha256::digest(canonical)));
    let key = [day, REGION, "s3", "aws4_request"].iter().fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part));
    if hex::encode(mac(&key, &to_sign)) == field("Signature") { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Names and values of a query, as they are encoded.
fn pairs(query: &str) -> Vec<(String, String)> {
    let split =
        |pair: &str| pair.split_once('=').map_or((pair.to_owned(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()));
    query.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = || [rest.clone().next(), rest.clone().nth(1)];
        match (byte, digits()) {
            (b'%', [Some(high), Some(low)]) => {
                let digits = [high, low];
                let value = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(value.unwrap_or(b'%'));
                rest.nth(1);
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
