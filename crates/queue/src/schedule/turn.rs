//! Weighted turns between the priorities (stride scheduling): in any stretch in which all of them wait, each begins its share of the jobs.

use tegami_store::Priority;

/// Of 21 jobs that begin while all priorities wait, 16 are transactional, 4 normal and 1 is bulk: who waits at a screen hardly waits, and a
/// campaign never stands still.
const STRIDES: [u64; 3] = [1, 4, 16];

/// One value for each priority, most urgent first.
pub(super) type ByPriority<T> = [T; 3];

/// All of them.
pub(super) const PRIORITIES: ByPriority<Priority> =
    [Priority::Transactional, Priority::Normal, Priority::Bulk];

/// The place of a priority in [`ByPriority`].
pub(super) const fn place(priority: Priority) -> usize {
    match priority {
        Priority::Transactional => 0,
        Priority::Normal => 1,
        Priority::Bulk => 2,
    }
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turn {
    passes: ByPriority<u64>,
    now: u64,
}

impl Turn {
    /// The one among those that wait whose turn it is; the more urgent one where two are equal.
    pub(super) fn choose(&mut self, waits: ByPriority<bool>) -> Option<usize> {
        // Who did not wait has saved up nothing.
        let candidates = self.passes.iter_mut().zip(waits).enumerate().filter(|(_, (_, waits))| *waits);
        let (chosen, pass) = candidates
            .map(|(place, (pass, _))| {
                *pass = (*pass).max(self.now);
                (place, *pass)
            })
            .min_by_key(|(place, pass)| (*pass, *place))?;
        self.now = pass;
        Some(chosen)
    }

    /// The chosen one has had its turn.
    pub(super) fn charge(&mut self, place: usize) {
        if let (Some(pass), Some(stride)) = (self.passes.get_mut(place), STRIDES.get(place)) {
            *pass += stride;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(waits: ByPriority<bool>, count: usize) -> String {
        let mut turn = Turn::default();
        let mut text = String::new();
        for _ in 0..count {
            let Some(chosen) = turn.choose(waits) else { break };
            turn.charge(chosen);
            text.push_str(["T", "n", "b"][chosen]);
        }
        text
    }

    #[test]
    fn shares_are_kept() {
        assert_eq!(turns([true, true, true], 42), "TnbTTTTnTTTTnTTTTnTTTTnbTTTTnTTTTnTTTTnTTT");
        assert_eq!(turns([false, true, true], 10), "nbnnnnbnnn");
        assert_eq!(turns([false, false, true], 3), "bbb");
        assert_eq!(turns([false, false, false], 3), "");
    }

    #[test]
    fn who_comes_late_has_saved_up_nothing_and_waits_for_nobody() {
        let mut turn = Turn::default();
        for _ in 0..1000 {
            assert_eq!(turn.choose([false, false, true]), Some(2));
            turn.charge(2);
        }
        // At once, and not a thousand times in a row.
        let mut bulk = 0;
        for round in 0..34 {
            let chosen = turn.choose([true, false, true]).unwrap();
            assert!(round > 0 || chosen == 0);
            bulk += usize::from(chosen == 2);
            turn.charge(chosen);
        }
        assert_eq!(bulk, 1);
    }
}
