//! How the acting rooms are told the time.

use jiff::Timestamp;

/// Somebody who knows what time it is. The acting rooms hold one; the pure rooms take a [`Timestamp`] as an argument.
/// A simulated clock is what lets five days of retries pass in a millisecond.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}
