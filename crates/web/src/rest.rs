//! The body of a request as it comes from the network. Who sends it too slowly is not waited for, since his place is lost to others meanwhile. And who is
//! refused before it has come whole must still hear why: a connection that is closed over unread octets is reset, and the answer is lost with
//! it (RFC 9112 section 9.6).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// How many octets make up for a second of silence: a client that sends one now and then is as bad as one that sends none.
const RATE: u64 = 512;

/// How much is read and thrown away, in octets, and for how long.
const MOST: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// The body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("hardly anything came for {} seconds", .0.as_secs())]
pub(crate) struct TooSlow(Duration);

/// A body that is read to its end, by the handler or after it.
pub(crate) struct Rest {
    /// `None` once it has ended.
    body: Option<Incoming>,
    /// How long the client may be silent.
    silence: Duration,
    /// When it has been too slow. Runs since somebody first waited for it.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Rest {
    pub(crate) fn of(body: Incoming, silence: Duration) -> Self {
        Self { body: Some(body), silence, deadline: None }
    }

    fn came(&mut self, octets: usize) {
        let Some(deadline) = &mut self.deadline else { return };
        let earned = Duration::from_millis(octets as u64 * 1000 / RATE);
        let until = (deadline.deadline() + earned).min(Instant::now() + self.silence);
        deadline.as_mut().reset(until);
    }

    fn is_too_slow(&mut self, context: &mut Context<'_>) -> bool {
        let silence = self.silence;
        self.deadline.get_or_insert_with(|| Box::pin(sleep(silence))).as_mut().poll(context).is_ready()
    }
}

impl Body for Rest {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(context) else {
            if !self.is_too_slow(context) {
                return Poll::Pending;
            }
            self.body = None;
            return Poll::Ready(Some(Err(TooSlow(self.silence).into())));
        };
        match &frame {
            Some(Ok(frame)) => self.came(frame.data_ref().map_or(0, Bytes::len)),
            _ => self.body = None,
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(PATIENCE, discard(body)));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut left = MOST;
    while let Some(Ok(frame)) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}
