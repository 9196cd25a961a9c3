//! What was counted a moment ago is not counted again: a client that fetches a picture three times opened a message once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// So long, in seconds.
const MOMENT: i64 = 10;
/// No more are remembered.
const MOST: usize = 10_000;

/// Visits of the last moments.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<BTreeMap<String, Timestamp>>);

impl Recent {
    /// Whether this is new; from then on it is not, for a moment.
    pub(crate) fn is_new(&self, visit: String, now: Timestamp) -> bool {
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |at: Timestamp| now.duration_since(at).as_secs() < MOMENT;
        if visits.get(&visit).copied().is_some_and(is_fresh) {
            return false;
        }
        if visits.len() >= MOST {
            visits.retain(|_, at| is_fresh(*at));
            if visits.len() >= MOST {
                visits.clear();
            }
        }
        visits.insert(visit, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_passes() {
        let recent = Recent::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut found = Vec::new();
        for (visit, second) in [("a", 0), ("a", 9), ("b", 9), ("a", 10), ("a", 19)] {
            found.push(recent.is_new(visit.to_owned(), at(second)));
        }
        assert_eq!(found, [true, false, true, true, false]);
        for number in 0..2 * MOST {
            recent.is_new(number.to_string(), at(20));
        }
        assert!(recent.0.lock().unwrap().len() <= MOST);
    }
}
