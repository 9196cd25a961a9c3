//! The time of the machine. The pure rooms must not know it, so it stands in the first room that acts by the hour.

use jiff::Timestamp;
use tegami_mail::Clock;

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
