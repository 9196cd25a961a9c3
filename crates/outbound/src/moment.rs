//! The present instant, as the timers know it.

use std::time::{Duration, Instant};

/// Now. Sessions and timers must agree about it: where a test stops the time of the timers, it stops this one too.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What comes before a deadline; `None` where it would come later.
pub(crate) async fn before<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline.into(), work).await.ok(),
        None => Some(work.await),
    }
}

/// How much of `span` is left before a deadline.
pub(crate) fn left(deadline: Option<Instant>, span: Duration) -> Duration {
    deadline.map_or(span, |deadline| span.min(deadline.saturating_duration_since(now())))
}

/// Whether a deadline has passed.
pub(crate) fn passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= now())
}
