//! The rotation of DKIM keys: new ones are published, seen by everybody, put to use; the old ones are kept as long as mail that they signed may be on its
//! way, revoked, and taken away.
//!
//! | stage | its record | ends when |
//! | --- | --- | --- |
//! | coming | the key | all servers of the zone show it: then it signs, and those that signed are retired |
//! | retired | the key | the longest time that a message waits here or in a receiver's cache has passed |
//! | revoking | `p=` | all servers of the zone show that |
//! | revoked | `p=` | caches have forgotten the key |
//! | leaving | none | no server of the zone shows one: then the key is forgotten |
//!
//! Each stage stands in the row of its key before anything is published for it, so that whoever stops anywhere goes on from there.

use std::time::Duration;

use jiff::Timestamp;
use tegami_store::{DkimKeyRow, KeyTurn};

/// How long the stages last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From the last signature with a key until it is revoked.
    pub retired: Duration,
    /// From its revocation until its record goes.
    pub revoked: Duration,
}

/// What has to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing is on its way: a rotation may begin.
    Begin,
    /// The records of these selectors have to be published as their stages want them.
    Publish(Vec<String>),
    /// The new keys can sign.
    Switch,
    /// Wait until then, for these selectors.
    Wait {
        /// Until when.
        until: Timestamp,
        /// For whose sake.
        selectors: Vec<String>,
    },
    /// These are in a new stage.
    Turn(Vec<String>, KeyTurn),
    /// These can be forgotten.
    Forget(Vec<String>),
}

/// The next step of a domain's rotation. `shown` tells whether all servers of the zone show a key's record as its stage wants it.
pub fn next(rows: &[DkimKeyRow], shown: impl Fn(&DkimKeyRow) -> bool, pace: Pace, now: Timestamp) -> Step {
    let names = |which: &dyn Fn(&DkimKeyRow) -> bool| -> Vec<String> {
        rows.iter().filter(|row| which(row)).map(|row| row.selector.clone()).collect()
    };
    let in_stage = |turn: KeyTurn| names(&|row| row.turn == Some(turn));
    let hidden = |row: &DkimKeyRow| {
        let wants = [KeyTurn::Coming, KeyTurn::Revoking, KeyTurn::Leaving];
        row.turn.is_some_and(|turn| wants.contains(&turn)) && !shown(row)
    };
    let leaving = names(&|row| row.turn == Some(KeyTurn::Leaving) && shown(row));
    if !leaving.is_empty() {
        return Step::Forget(leaving);
    }
    let hidden = names(&hidden);
    if !hidden.is_empty() {
        return Step::Publish(hidden);
    }
    if !in_stage(KeyTurn::Coming).is_empty() {
        return Step::Switch;
    }
    let revoking = in_stage(KeyTurn::Revoking);
    if !revoking.is_empty() {
        return Step::Turn(revoking, KeyTurn::Revoked { since: now });
    }
    let waits = |row: &DkimKeyRow| match row.turn {
        Some(KeyTurn::Retired { since }) => since.checked_add(pace.retired).ok(),
        Some(KeyTurn::Revoked { since }) => since.checked_add(pace.revoked).ok(),
        _ => None,
    };
    let is_due = |row: &DkimKeyRow| waits(row).is_some_and(|until| until <= now);
    let retired = |row: &DkimKeyRow| matches!(row.turn, Some(KeyTurn::Retired { .. }));
    let due = names(&|row| retired(row) && is_due(row));
    if !due.is_empty() {
        return Step::Turn(due, KeyTurn::Revoking);
    }
    let due = names(&|row| !retired(row) && is_due(row));
    if !due.is_empty() {
        return Step::Turn(due, KeyTurn::Leaving);
    }
    match rows.iter().filter_map(waits).min() {
        Some(until) => Step::Wait { until, selectors: names(&|row| waits(row).is_some()) },
        None => Step::Begin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn row(selector: &str, active: bool, turn: Option<KeyTurn>) -> DkimKeyRow {
        DkimKeyRow {
            domain: "example.org".into(),
            selector: selector.into(),
            algorithm: "rsa-sha256".into(),
            record: "v=DKIM1; p=".into(),
            created_at: Timestamp::UNIX_EPOCH,
            active,
            turn,
        }
    }

    #[test]
    fn steps() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let ago = |hours: u32| now - HOUR * hours;
        let pace = Pace { retired: HOUR * 5, revoked: HOUR };
        let check = |turns: &[Option<KeyTurn>], shown: bool, step: Step| {
            let mut rows = vec![row("s0", true, None)];
            rows.extend((1..).zip(turns).map(|(n, turn)| row(&format!("s{n}"), false, *turn)));
            assert_eq!(next(&rows, |_| shown, pace, now), step, "{turns:?} {shown}");
        };
        let one = || vec!["s1".to_owned()];
        check(&[], true, Step::Begin);
        check(&[None], false, Step::Begin);
        check(&[Some(KeyTurn::Coming)], false, Step::Publish(one()));
        check(&[Some(KeyTurn::Coming)], true, Step::Switch);
        let retired = |hours| Some(KeyTurn::Retired { since: ago(hours) });
        check(&[retired(4)], true, Step::Wait { until: now + HOUR, selectors: one() });
        check(&[retired(5)], false, Step::Turn(one(), KeyTurn::Revoking));
        check(&[Some(KeyTurn::Revoking)], false, Step::Publish(one()));
        check(&[Some(KeyTurn::Revoking)], true, Step::Turn(one(), KeyTurn::Revoked { since: now }));
        let revoked = |hours| Some(KeyTurn::Revoked { since: ago(hours) });
        check(&[revoked(0)], true, Step::Wait { until: now + HOUR, selectors: one() });
        check(&[revoked(1)], true, Step::Turn(one(), KeyTurn::Leaving));
        check(&[Some(KeyTurn::Leaving)], false, Step::Publish(one()));
        check(&[Some(KeyTurn::Leaving)], true, Step::Forget(one()));
        // An old rotation does not stop a new one, and both go on.
        check(&[retired(4), Some(KeyTurn::Coming)], true, Step::Switch);
        check(&[retired(5), retired(4)], true, Step::Turn(one(), KeyTurn::Revoking));
    }
}
