//! Seeing a use case through: once begun it runs to its end, also when whoever asked goes away or gives up waiting.
//!
//! A commit can't be called back, and what follows it (rings, deliveries, announcements, what is held in memory) must not depend
//! on somebody waiting for the answer. Whoever stays waits in place: that costs no task.

use crate::App;
use futures_util::future::BoxFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A use case under way; dropped before its end, it goes on in the background.
pub struct SeenThrough<T: Send + 'static> {
    app: Arc<App>,
    work: Option<BoxFuture<'static, T>>,
    begun: bool,
}

impl App {
    /// Runs something to its end once it has begun, whether or not anybody waits for it.
    pub fn see_through<T: Send + 'static>(self: &Arc<Self>, work: impl Future<Output = T> + Send + 'static) -> SeenThrough<T> {
        SeenThrough { app: Arc::clone(self), work: Some(Box::pin(work)), begun: false }
    }
}

impl<T: Send + 'static> Future for SeenThrough<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.begun = true;
        // Taken out while it runs: what panicked is not gone on with.
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for SeenThrough<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && self.begun
            && tokio::runtime::Handle::try_current().is_ok()
        {
            metrics::counter!("antiphon_callers_gone_total").increment(1);
            self.app.spawn(async move {
                work.await;
            });
        }
    }
}
