//! Listening: accepts connections, speaks TLS where it must, and hands requests to the router with the connection they came over.
//!
//! Every connection holds a [`Guard`] until its last byte, upgraded ones included: so open connections are counted, bounded,
//! and waited for when the server stops.

use antiphon_api::Connection;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
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
            router.clone().call(request)
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
