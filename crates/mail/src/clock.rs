//! How the acting rooms are told the time.

use jiff::Timestamp;

/// Somebody who knows what time it is. The acting rooms hold one; the pure rooms take a [`Timestamp`] as an argument.
/// A simulated clock is what lets five days of retries pass in a millisecond.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_the_machine_does_not_stand_in_the_past() {
        assert!(SystemClock.now() > Timestamp::from_second(1_700_000_000).unwrap());
    }
}
