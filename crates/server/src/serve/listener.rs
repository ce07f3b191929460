//! Listening: accepts connections, speaks TLS where it must, and hands requests to the router with the connection they came over.
//!
//! Every connection holds a [`Guard`] until its last byte, upgraded ones included: so open connections are counted, bounded,
//! and waited for when the server stops.

use antiphon_api::Connection;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tower::Service;

/// Longer TLS handshakes are given up.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A request's head must fit in here; so must what is read ahead of a body.
const BUFFER: usize = 64 << 10;
/// After an error of accepting (most likely: too many open files) we wait, for the system to recover.
const AFTER_ERROR: Duration = Duration::from_millis(50);

/// What all listeners share.
#[derive(Clone)]
pub struct Acceptor {
    /// Who answers.
    pub router: Router,
    /// Places for connections.
    pub places: Arc<Semaphore>,
    /// How long a request's head may take.
    pub header_timeout: Duration,
    /// Turns true when no more is to be accepted.
    pub shutdown: watch::Receiver<bool>,
    /// Held by every connection: closed when the last one ends.
    pub open: mpsc::Sender<()>,
}

/// Held as long as a connection lives.
struct Guard {
    _place: OwnedSemaphorePermit,
    _open: mpsc::Sender<()>,
}

impl Acceptor {
    /// Accepts until shutdown.
    pub async fn run(mut self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = told(&mut self.shutdown) => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    metrics::counter!("antiphon_connections_total").increment(1);
                    let guard = Guard { _place: place, _open: self.open.clone() };
                    tokio::spawn(self.clone().connection(stream, peer, tls.clone(), guard));
                }
                Err(error) => {
                    metrics::counter!("antiphon_accept_errors_total").increment(1);
                    tracing::warn!(%error, "a connection could not be accepted");
                    pause().await;
                }
            }
        }
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, guard: Guard) {
        // Small frames must not wait for each other; a refusal only costs speed.
        let _ = stream.set_nodelay(true);
        let connection = Connection { peer: peer.ip().to_canonical(), https: tls.is_some() };
        match tls {
            None => self.serve(Guarded { io: stream, _guard: guard }, connection).await,
            Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(io)) => self.serve(Guarded { io, _guard: guard }, connection).await,
                Ok(Err(_)) | Err(_) => metrics::counter!("antiphon_tls_handshakes_failed_total").increment(1),
            },
        }
    }

    async fn serve<I>(mut self, io: Guarded<I>, connection: Connection)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(connection);
            let mut router = router.clone();
            // A panic costs its own request, and says nothing about itself to the outside.
            let answering = AssertUnwindSafe(async move { router.call(request).await }).catch_unwind();
            async move {
                Ok::<_, Infallible>(match answering.await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(never)) => match never {},
                    Err(_panic) => failed(),
                })
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.header_timeout).max_buf_size(BUFFER);
        let mut serving = std::pin::pin!(http.serve_connection(TokioIo::new(io), service).with_upgrades());
        let result = tokio::select! {
            result = serving.as_mut() => result,
            () = told(&mut self.shutdown) => {
                // What is under way is answered; an idle connection ends at once.
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended with an error");
        }
    }
}

/// The answer to a request whose handler panicked; the panic itself has been reported by its hook.
fn failed() -> Response<Body> {
    metrics::counter!("antiphon_panics_total").increment(1);
    tracing::error!("a request ended in a panic: please report it with the lines above");
    let mut response = Response::new(Body::from(r#"{"code":"internal","message":"something went wrong on our side"}"#));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Resolves when the server is to stop.
async fn told(shutdown: &mut watch::Receiver<bool>) {
    // Whoever could tell us is gone: that is a stop too.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

#[expect(clippy::disallowed_methods, reason = "the listener stands outside of the use cases and their clock")]
async fn pause() {
    tokio::time::sleep(AFTER_ERROR).await;
}

/// A stream that keeps its guard wherever it is moved to.
struct Guarded<I> {
    io: I,
    _guard: Guard,
}

impl<I: AsyncRead + Unpin> AsyncRead for Guarded<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Guarded<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn listening(router: Router, places: usize) -> (SocketAddr, watch::Sender<bool>, mpsc::Receiver<()>) {
        let (stop, shutdown) = watch::channel(false);
        let (open, closed) = mpsc::channel(1);
        let places = Arc::new(Semaphore::new(places));
        let acceptor = Acceptor { router, places, header_timeout: Duration::from_secs(5), shutdown, open };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(acceptor.run(listener, None));
        (address, stop, closed)
    }

    async fn ask(stream: &mut TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") && stream.read_buf(&mut answer).await.expect("it answers") > 0 {}
        String::from_utf8(answer).expect("text")
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_request() {
        async fn broken() -> &'static str {
            panic!("on purpose")
        }
        let router = Router::new().route("/broken", get(broken)).route("/well", get(|| async { "{well}" }));
        let (address, _stop, _closed) = listening(router, 10).await;
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let answer = ask(&mut stream, "/broken").await;
        assert!(answer.starts_with("HTTP/1.1 500") && !answer.contains("on purpose"), "{answer}");
        assert!(ask(&mut stream, "/well").await.ends_with("{well}"), "the connection lives");
    }

    #[tokio::test]
    async fn a_connection_beyond_the_bound_waits_for_its_turn() {
        let router = Router::new().route("/", get(|| async { "{well}" }));
        let (address, _stop, _closed) = listening(router, 1).await;
        let mut first = TcpStream::connect(address).await.expect("it listens");
        assert!(ask(&mut first, "/").await.ends_with("{well}"));
        let mut second = TcpStream::connect(address).await.expect("the system takes it");
        drop(first);
        assert!(ask(&mut second, "/").await.ends_with("{well}"));
    }

    #[tokio::test]
    async fn stopping_answers_what_is_under_way_and_ends_idle_connections() {
        let (entered, mut is_in) = mpsc::channel(1);
        let (go, wait) = watch::channel(false);
        let slow = move || {
            let (entered, mut wait) = (entered.clone(), wait.clone());
            async move {
                entered.send(()).await.expect("the test listens");
                wait.wait_for(|go| *go).await.expect("the test lives");
                "{slow}"
            }
        };
        let router = Router::new().route("/slow", get(slow)).route("/well", get(|| async { "{well}" }));
        let (address, stop, mut closed) = listening(router, 10).await;
        let mut idle = TcpStream::connect(address).await.expect("it listens");
        assert!(ask(&mut idle, "/well").await.ends_with("{well}"));
        let mut busy = TcpStream::connect(address).await.expect("it listens");
        let answering = tokio::spawn(async move { ask(&mut busy, "/slow").await });
        is_in.recv().await.expect("the request came in");
        stop.send_replace(true);
        assert_eq!(idle.read(&mut [0; 16]).await.expect("it is closed in order"), 0);
        go.send_replace(true);
        assert!(answering.await.expect("no panic").ends_with("{slow}"));
        assert_eq!(closed.recv().await, None, "every connection has ended");
    }
}
