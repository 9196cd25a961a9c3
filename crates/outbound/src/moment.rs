//! The present instant, as the timers know it.

use std::time::Instant;

/// Now. Sessions and timers must agree about it: where a test stops the time of the timers, it stops this one too.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
