//! Requests that are due, by host. As many are held in memory as its bounds allow, also where a receiver is down for days; the others stay in their
//! table until there is room.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// How much is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Requests of all hosts that are held.
    pub(super) all: usize,
    /// The same, of one host, without those under way.
    pub(super) host: usize,
    /// Requests under way to one host.
    pub(super) under_way: usize,
}

/// The requests to one host.
#[derive(Debug, Default)]
struct Line {
    /// Keys, in the order in which they are due.
    waiting: BTreeSet<String>,
    under_way: usize,
}

#[derive(Debug)]
pub(super) struct Lines {
    bounds: Bounds,
    lines: BTreeMap<String, Line>,
    /// The host that was served last: the next turn is of the one behind it.
    turn: Option<String>,
    /// Keys of all that wait in a line or are under way.
    held: BTreeSet<String>,
    /// Hosts with requests that found no room in their line.
    left: BTreeSet<String>,
    /// Some found no room at all.
    crowded: bool,
}

impl Lines {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            lines: BTreeMap::new(),
            turn: None,
            held: BTreeSet::new(),
            left: BTreeSet::new(),
            crowded: false,
        }
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Takes a request in, where there is room for it.
    pub(super) fn take(&mut self, key: String, host: &str) {
        if self.held.contains(&key) {
            return;
        }
        if self.held.len() >= self.bounds.all {
            self.crowded = true;
            return;
        }
        let line = self.lines.entry(host.to_owned()).or_default();
        if line.waiting.len() >= self.bounds.host {
            self.left.insert(host.to_owned());
            return;
        }
        self.held.insert(key.clone());
        line.waiting.insert(key);
    }

    /// At most `room` that are to be begun now, host by host in turn.
    pub(super) fn begin(&mut self, due: &str, room: usize) -> Vec<(String, String)> {
        let mut begun = Vec::new();
        // Hosts in a row that begin nothing.
        let mut idle = 0;
        while begun.len() < room && idle < self.lines.len() {
            let behind = self.turn.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let Some((host, line)) = self.lines.range_mut::<str, _>((behind, Bound::Unbounded)).next() else {
                self.turn = None;
                continue;
            };
            self.turn = Some(host.clone());
            let free = line.under_way < self.bounds.under_way;
            let Some(key) = line.waiting.first().filter(|key| free && key.as_str() <= due).cloned() else {
                idle += 1;
                continue;
            };
            idle = 0;
            line.waiting.remove(&key);
            line.under_way += 1;
            begun.push((host.clone(), key));
        }
        begun
    }

    /// One is over, or waits `again`.
    pub(super) fn end(&mut self, host: &str, key: &str, again: Again) {
        let Some(line) = self.lines.get_mut(host) else { return };
        line.under_way = line.under_way.saturating_sub(1);
        match again {
            Again::Now => {
                line.waiting.insert(key.to_owned());
            }
            Again::WhenFound => {
                self.held.remove(key);
            }
        }
        if line.under_way == 0 && line.waiting.is_empty() {
            self.lines.remove(host);
        }
    }

    /// Whether some were left in the table.
    pub(super) fn left_some(&self) -> bool {
        self.crowded || !self.left.is_empty()
    }

    /// Whether some of those that were left would find room: not one place, but enough to be worth a walk through the table.
    pub(super) fn has_room(&self) -> bool {
        if self.crowded {
            return self.held.len() <= self.bounds.all / 2;
        }
        let short = |host: &String| {
            self.lines.get(host).is_none_or(|line| line.waiting.len() <= self.bounds.host / 2)
        };
        self.left.is_empty() || self.left.iter().any(short)
    }

    /// A walk through the table begins: it will see who finds no room.
    pub(super) fn forget_left(&mut self) {
        self.left.clear();
        self.crowded = false;
    }
}

/// What becomes of a request whose attempt has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing was written down: the same attempt is made again.
    Now,
    /// It is over, or its row is found when it is due.
    WhenFound,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { all: 6, host: 4, under_way: 2 };

    fn begun(lines: &mut Lines, room: usize) -> String {
        let begun = lines.begin("w.9", room);
        begun.iter().map(|(host, key)| format!("{host}:{key} ")).collect()
    }

    #[test]
    fn one_host_takes_no_more_than_its_part() {
        let mut lines = Lines::new(BOUNDS);
        (0..9).for_each(|n| lines.take(format!("w.{n}"), "slow"));
        lines.take("w.5b".to_owned(), "good");
        assert_eq!((lines.len(), lines.left_some(), lines.has_room()), (5, true, false));
        assert_eq!(begun(&mut lines, 9), "good:w.5b slow:w.0 slow:w.1 ");
        // Half of the line is free.
        assert!(lines.has_room());
        lines.forget_left();
        (0..9).for_each(|n| lines.take(format!("w.{n}"), "slow"));
        assert_eq!(lines.len(), 6);
        lines.take("w.6b".to_owned(), "good");
        assert!(lines.left_some() && !lines.has_room(), "it is full");
        lines.end("slow", "w.0", Again::WhenFound);
        lines.end("slow", "w.1", Again::Now);
        lines.end("good", "w.5b", Again::WhenFound);
        assert_eq!((lines.len(), lines.has_room()), (4, false));
        assert_eq!(begun(&mut lines, 1), "slow:w.1 ");
        lines.end("slow", "w.1", Again::WhenFound);
        assert!(lines.has_room());
    }

    #[test]
    fn busy_hosts_leave_a_turn_to_the_others() {
        let mut lines = Lines::new(BOUNDS);
        for (n, host) in ["a", "b", "a", "b"].into_iter().enumerate() {
            lines.take(format!("w.{n}"), host);
        }
        assert_eq!(begun(&mut lines, 2), "a:w.0 b:w.1 ");
        lines.take("w.7".to_owned(), "z");
        lines.end("a", "w.0", Again::WhenFound);
        assert_eq!(begun(&mut lines, 1), "z:w.7 ");
        assert_eq!(begun(&mut lines, 9), "a:w.2 b:w.3 ");
    }

    #[test]
    fn what_is_not_due_waits_and_hosts_take_turns() {
        let mut lines = Lines::new(BOUNDS);
        for (key, host) in [("w.1", "a"), ("w.2", "a"), ("w.3", "b"), ("w.95", "b")] {
            lines.take(key.to_owned(), host);
        }
        assert_eq!(begun(&mut lines, 9), "a:w.1 b:w.3 a:w.2 ");
        assert_eq!(begun(&mut lines, 9), "");
        lines.take("w.1".to_owned(), "a");
        assert_eq!(lines.len(), 4, "it is under way");
    }
}
