//! One call: judge the address, send, follow redirects as far as allowed, and read a bounded answer in a bounded time.

use crate::guarded::AccountNet;
use crate::resolve::{Refused, refusal_text};
use antiphon_app::ports::net::{NetAnswer, NetError, NetRequest};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, header};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use url::{Host, Url};

/// The most that is reserved ahead for an answer that announces its length.
const RESERVED: u64 = 64 << 10;

/// A scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: Host<String>,
    port: u16,
}

impl Origin {
    /// The origin of an address; `None` when it is no http or https address with a host.
    pub fn parse(address: &str) -> Option<Self> {
        Self::of(&Url::parse(address).ok()?)
    }

    fn of(url: &Url) -> Option<Self> {
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        matches!(url.scheme(), "http" | "https").then(|| Self { scheme: url.scheme().to_owned(), host, port })
    }
}

/// Makes the call.
pub(crate) async fn call(net: &AccountNet, request: NetRequest) -> Result<NetAnswer, NetError> {
    let progress = Progress::default();
    let timeout_ms = request.timeout_ms;
    let result = match tokio::time::timeout(Duration::from_millis(timeout_ms), follow(net, request, &progress)).await {
        Ok(answer) => answer,
        Err(_) if progress.certainly_nothing_sent() => Err(NetError::NoConnection(format!("none within {timeout_ms} ms"))),
        Err(_) => Err(NetError::Timeout(timeout_ms)),
    };
    metrics::counter!("antiphon_outbound_calls_total", "outcome" => outcome(&result)).increment(1);
    result
}

/// The metric's word for how a call ended.
fn outcome(result: &Result<NetAnswer, NetError>) -> &'static str {
    match result {
        Ok(_) => "answered",
        Err(NetError::Forbidden(_)) => "forbidden",
        Err(NetError::NoConnection(_)) => "no_connection",
        Err(NetError::Timeout(_)) => "timeout",
        Err(NetError::Broken(_)) => "broken",
        Err(NetError::TooLarge(_)) => "too_large",
    }
}

/// How far a call has come. Only a body tells: it is asked for when there is a connection, and not before. A request without one
/// counts as sent from the start, so that doubt never turns into "not sent".
#[derive(Default)]
struct Progress {
    body_asked_for: Arc<AtomicBool>,
    has_body: AtomicBool,
    redirected: AtomicBool,
}

impl Progress {
    fn certainly_nothing_sent(&self) -> bool {
        self.has_body.load(Ordering::Acquire) && !self.body_asked_for.load(Ordering::Acquire) && !self.redirected.load(Ordering::Acquire)
    }
}

async fn follow(net: &AccountNet, request: NetRequest, progress: &Progress) -> Result<NetAnswer, NetError> {
    let NetRequest { mut method, url, mut headers, mut body, max_answer_bytes, cut_answer, mut redirects, .. } = request;
    let most = Most { bytes: max_answer_bytes, cut: cut_answer };
    let mut url = Url::parse(&url).map_err(|error| NetError::Forbidden(format!("not an absolute URL: {error}")))?;
    loop {
        let answer = one(net, &method, &url, headers.clone(), body.clone(), most, progress).await.map_err(|error| {
            // The first host was reached before this one was not.
            if progress.redirected.load(Ordering::Acquire) && error.certainly_not_sent() {
                NetError::Broken(format!("after a redirect: {error}"))
            } else {
                error
            }
        })?;
        let Some(next) = target(&url, &answer).filter(|_| redirects > 0) else { return Ok(answer) };
        let elsewhere = Origin::of(&next) != Origin::of(&url);
        match answer.status {
            301..=303 if method != Method::GET && method != Method::HEAD => {
                (method, body) = (Method::GET, Bytes::new());
                headers.remove(header::CONTENT_TYPE);
            }
            // What was written for one host is not handed to another.
            307 | 308 if elsewhere && !body.is_empty() => return Ok(answer),
            _ => {}
        }
        if elsewhere {
            headers = without_credentials(&headers);
        }
        progress.redirected.store(true, Ordering::Release);
        redirects -= 1;
        url = next;
    }
}

/// Where an answer redirects to.
fn target(from: &Url, answer: &NetAnswer) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    from.join(answer.headers.get(header::LOCATION)?.to_str().ok()?).ok()
}

/// The headers that say nothing about who calls: a key may stand in a header of any name.
fn without_credentials(headers: &HeaderMap) -> HeaderMap {
    let harmless = [header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE, header::RANGE, header::USER_AGENT];
    headers.iter().filter(|(name, _)| harmless.contains(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Judges all of an address that can be judged without resolving. WHATWG parsing has already turned every spelling of a version 4
/// address (decimal, octal, hexadecimal, shortened, with a dot at the end, in full-width digits) into the address itself.
fn judge(url: &Url, net: &AccountNet) -> Result<bool, NetError> {
    let forbidden = |why: &str| Err(NetError::Forbidden(why.to_owned()));
    let Some(origin) = Origin::of(url) else { return forbidden("only http and https addresses with a host are called") };
    if origin.port == 0 {
        return forbidden("the port must be from 1 to 65535");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return forbidden("the address must not carry a user name or password");
    }
    if net.trusted.as_ref() == Some(&origin) {
        return Ok(true);
    }
    let literal = match &origin.host {
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
        Host::Domain(_) => None,
    };
    match literal.and_then(|address| net.reach.refusal(address).map(|what| (address, what))) {
        Some((address, what)) => Err(NetError::Forbidden(refusal_text(&origin.host.to_string(), address, what))),
        None => Ok(false),
    }
}

/// How much of an answer is read, and whether more is cut off or an error.
#[derive(Clone, Copy)]
struct Most {
    bytes: u64,
    cut: bool,
}

async fn one(
    net: &AccountNet,
    method: &Method,
    url: &Url,
    headers: HeaderMap,
    body: Bytes,
    most: Most,
    progress: &Progress,
) -> Result<NetAnswer, NetError> {
    let trusted = judge(url, net)?;
    let client = if trusted { &net.open } else { net.guarded.as_ref().map_err(|why| NetError::NoConnection(why.clone()))? };
    let mut request = client.request(method.clone(), url.clone()).headers(headers);
    progress.has_body.store(!body.is_empty(), Ordering::Release);
    if !body.is_empty() {
        let asked = Arc::clone(&progress.body_asked_for);
        request = request.header(header::CONTENT_LENGTH, body.len());
        request = request.body(reqwest::Body::wrap_stream(futures_util::stream::once(async move {
            asked.store(true, Ordering::Release);
            Ok::<Bytes, std::convert::Infallible>(body)
        })));
    } else if matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        request = request.header(header::CONTENT_LENGTH, 0);
    }
    let mut answer = request.send().await.map_err(|error| failure(&error, progress))?;
    let status = answer.status().as_u16();
    let headers = std::mem::take(answer.headers_mut());
    if answer.content_length().is_some_and(|length| length > most.bytes) && *method != Method::HEAD && !most.cut {
        return Err(NetError::TooLarge(most.bytes));
    }
    let reserved = answer.content_length().unwrap_or(0).min(RESERVED).min(most.bytes);
    let mut read = BytesMut::with_capacity(usize::try_from(reserved).unwrap_or(0));
    while let Some(chunk) = answer.chunk().await.map_err(|error| NetError::Broken(chain(&error)))? {
        // Counted after decompression: a small answer can't unfold into a large one.
        if (read.len() + chunk.len()) as u64 > most.bytes {
            if !most.cut {
                return Err(NetError::TooLarge(most.bytes));
            }
            let room = usize::try_from(most.bytes).unwrap_or(usize::MAX).saturating_sub(read.len());
            read.extend_from_slice(&chunk[..room.min(chunk.len())]);
            break;
        }
        read.extend_from_slice(&chunk);
    }
    Ok(NetAnswer { status, headers, body: read.freeze() })
}

/// What a failed send means for the question whether the other side got it.
fn failure(error: &reqwest::Error, progress: &Progress) -> NetError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(Refused(why)) = inner.downcast_ref::<Refused>() {
            return NetError::Forbidden(why.clone());
        }
        cause = inner.source();
    }
    if error.is_connect() || error.is_builder() || progress.certainly_nothing_sent() {
        return NetError::NoConnection(chain(error));
    }
    NetError::Broken(chain(error))
}

/// An error with its causes, without the address: addresses may carry secrets.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut parts = Vec::new();
    let mut cause = error.source();
    if cause.is_none() {
        parts.push(error.to_string());
    }
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !parts.last().is_some_and(|last: &String| last.ends_with(&text)) {
            parts.push(text);
        }
        cause = inner.source();
    }
    parts.join(": ")
}
