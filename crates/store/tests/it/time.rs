//! Simulated time. The timers of a test that begins with `start_paused` do not run with the clock on the wall: they stand still while any task
//! can go on, and jump to the next moment that somebody waits for once none can. So whoever lets a day pass here waits for no time at all.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

/// Lets simulated time pass, for this task. Panics where the timers run with the clock on the wall, so that no test can sleep in truth.
pub(crate) async fn pass(span: Duration) {
    if span.is_zero() {
        return;
    }
    // Timers can be advanced only where they stand still; others answer with a panic. By nothing, and without the yield that would follow.
    let advance = pin!(tokio::time::advance(Duration::ZERO));
    let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
    tokio::time::sleep(span).await;
}
