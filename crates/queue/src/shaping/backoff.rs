//! Slowing down when a provider says that it is too much, and coming back with care: additive increase, multiplicative decrease.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::failure::Cause;

use crate::schedule::later;

/// The whole, in thousandths.
pub(super) const FULL: u16 = 1000;
/// Never less than this, or nobody would find out that it has become better.
const FLOOR: u16 = 50;
/// What one step of recovery gives back.
const STEP: u16 = 100;
/// Changes that are remembered.
const CHANGES: usize = 8;
/// So many attempts in a row, each begun after the one before it failed, must find no open door before it counts.
const CLOSED_DOORS: u32 = 3;
/// The longest pause before a door that does not open: shorter than after words, because the trouble may be our own line's.
const LONGEST_AT_DOOR: Duration = Duration::from_secs(600);
/// The first pause before a door that does not open.
const FIRST_AT_DOOR: Duration = Duration::from_secs(60);
/// After so long without a further complaint all is forgiven, whether mail was there to try it or not.
const FORGIVEN: Duration = Duration::from_secs(24 * 3600);

/// How a provider is backed off from, as its table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// The first pause.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
    /// So long must go well before a step up.
    pub recover: Duration,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Why, as the classifier sees it.
    pub cause: Cause,
    /// Who said it.
    pub host: String,
    /// The reply, or what happened where there was none.
    pub reply: String,
}

/// A change of pace with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// The share of the limits in use from then on, in thousandths.
    pub share: u16,
    /// Nothing goes before this moment.
    pub until: Option<Timestamp>,
    /// What led to it; `None` for a step of recovery.
    pub evidence: Option<Evidence>,
}

/// Where the pace to one provider stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// The share of the limits in use, in thousandths.
    share: u16,
    /// Messages a minute that went when it became too much: the base of the share where no rate is set.
    base: Option<u32>,
    paused_until: Option<Timestamp>,
    /// Complaints that no recovery has answered yet.
    complaints: u32,
    /// The last change.
    changed_at: Timestamp,
    /// The last complaint that counted.
    complained_at: Timestamp,
    /// One connection only, until something is taken again.
    probing: bool,
    closed_doors: u32,
    door_failed_at: Timestamp,
    changes: VecDeque<Change>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            share: FULL,
            base: None,
            paused_until: None,
            complaints: 0,
            changed_at: Timestamp::MIN,
            complained_at: Timestamp::MIN,
            probing: false,
            closed_doors: 0,
            door_failed_at: Timestamp::MIN,
            changes: VecDeque::new(),
        }
    }
}

impl Backoff {
    /// The share of the limits in use, in thousandths.
    pub fn share(&self) -> u16 {
        self.share
    }

    /// Messages a minute that the share is taken of, where no rate is set.
    pub fn base(&self) -> Option<u32> {
        self.base
    }

    /// Nothing goes before this moment.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.paused_until.filter(|until| *until > now)
    }

    /// Whether one connection at a time finds out if it has become better.
    pub fn is_probing(&self) -> bool {
        self.probing
    }

    /// Whether everything is as if nothing had ever been said.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.share == FULL
            && self.base.is_none()
            && self.paused_until(now).is_none()
            && !self.probing
            && self.closed_doors == 0
    }

    /// The last changes, oldest first.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// The complaint that the present pace goes back to.
    pub fn reason(&self) -> Option<&Change> {
        self.changes.iter().rev().find(|change| change.evidence.is_some())
    }

    /// The provider says that it is too much. Of attempts that went on at the same time one complaint counts: those begun before
    /// the last one tell nothing new. `pace` is what went in the last minute. Tells whether it counted.
    pub fn too_much(
        &mut self,
        evidence: Evidence,
        pace: u32,
        manners: &Manners,
        began_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        if began_at <= self.complained_at {
            return false;
        }
        let pause = doubled(manners.first_pause, self.complaints).min(manners.longest_pause);
        self.base = self.base.or(Some(pace.max(6)));
        self.cut(evidence, pause, now);
        true
    }

    /// No host of the provider opened its door in an attempt. Tells whether that changed anything.
    pub fn closed(
        &mut self,
        evidence: Evidence,
        door: Door,
        pace: u32,
        began_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        if began_at <= self.door_failed_at {
            return false;
        }
        self.door_failed_at = now;
        self.closed_doors = self.closed_doors.saturating_add(1);
        let Some(again) = self.closed_doors.checked_sub(CLOSED_DOORS) else { return false };
        let pause = doubled(FIRST_AT_DOOR, again).min(LONGEST_AT_DOOR);
        match door {
            Door::Refused => {
                self.base = self.base.or(Some(pace.max(6)));
                self.cut(evidence, pause, now);
            }
            Door::Silent => {
                self.probing = true;
                self.pause(Some(evidence), pause, now);
            }
        }
        true
    }

    /// Mail was taken in an attempt begun at `began_at`. Tells whether that changed anything. Where no rate is set, the one that was found goes
    /// on growing when its whole is given back, and is dropped when nothing comes near it any more.
    pub fn taken(&mut self, pace: u32, manners: &Manners, began_at: Timestamp, now: Timestamp) -> bool {
        let was_probing = self.probing || self.closed_doors > 0;
        if began_at > self.complained_at && began_at > self.door_failed_at {
            self.probing = false;
            self.closed_doors = 0;
        }
        let since = self.changed_at.max(self.paused_until.unwrap_or(Timestamp::MIN));
        let whole = self.share == FULL && self.base.is_none();
        if whole || began_at <= self.complained_at || now < later(since, manners.recover) {
            return was_probing && !self.probing;
        }
        self.paused_until = None;
        self.changed_at = now;
        self.complaints = self.complaints.saturating_sub(1);
        if self.share < FULL {
            self.share = self.share.saturating_add(STEP).min(FULL);
            self.note(Change { at: now, share: self.share, until: None, evidence: None });
        } else {
            self.base =
                self.base.map(|base| base.saturating_add((base / 10).max(1))).filter(|base| pace >= base / 2);
        }
        true
    }

    /// The server answered, whatever it said about one message or one recipient.
    pub fn answered(&mut self, began_at: Timestamp) {
        if began_at > self.door_failed_at {
            self.closed_doors = 0;
        }
    }

    /// Forgives what is a day old. Tells whether that changed anything.
    pub fn forgive(&mut self, now: Timestamp) -> bool {
        let since = self.changed_at.max(self.paused_until.unwrap_or(Timestamp::MIN)).max(self.door_failed_at);
        if self.is_quiet(now) || now < later(since, FORGIVEN) {
            return false;
        }
        *self = Self { changes: std::mem::take(&mut self.changes), ..Self::default() };
        self.note(Change { at: now, share: FULL, until: None, evidence: None });
        true
    }

    fn cut(&mut self, evidence: Evidence, pause: Duration, now: Timestamp) {
        self.share = (self.share / 2).max(FLOOR);
        self.complaints = self.complaints.saturating_add(1);
        self.complained_at = now;
        self.probing = true;
        self.pause(Some(evidence), pause, now);
    }

    fn pause(&mut self, evidence: Option<Evidence>, pause: Duration, now: Timestamp) {
        let until = later(now, pause);
        self.paused_until = Some(until);
        self.changed_at = now;
        self.note(Change { at: now, share: self.share, until: Some(until), evidence });
    }

    fn note(&mut self, change: Change) {
        if self.changes.len() >= CHANGES {
            // The complaint that explains the present pace is kept as long as it explains it.
            let kept = usize::from(self.changes.front().is_some_and(|first| self.reason() == Some(first)));
            self.changes.remove(kept);
        }
        self.changes.push_back(change);
    }
}

/// How a door stayed closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The host refused the connection: it does not want us now.
    Refused,
    /// Nobody answered, or the line is down, which may be ours.
    Silent,
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times.min(16)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const MANNERS: Manners =
        Manners { first_pause: MINUTE, longest_pause: Duration::from_secs(1800), recover: MINUTE };

    fn at(seconds: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds))
    }

    fn said(reply: &str) -> Evidence {
        Evidence { cause: Cause::Rate, host: "mx.example.net".into(), reply: reply.into() }
    }

    #[test]
    fn halves_pauses_and_comes_back_by_tenths() {
        let mut backoff = Backoff::default();
        let mut told = String::new();
        let mut tell = |now: u64, backoff: &Backoff| {
            let until = backoff.paused_until(at(now)).map(|until| until.as_second());
            told += &format!("{now}: share {} paused until {until:?}\n", backoff.share());
        };
        assert!(backoff.too_much(said("421 4.7.28"), 40, &MANNERS, at(99), at(100)));
        tell(100, &backoff);
        assert!(!backoff.too_much(said("421 4.7.28"), 40, &MANNERS, at(98), at(101)), "begun before");
        tell(101, &backoff);
        assert!(backoff.too_much(said("421 4.7.28"), 40, &MANNERS, at(160), at(161)));
        tell(161, &backoff);
        for now in (200..1200).step_by(50) {
            if backoff.taken(3, &MANNERS, at(now - 1), at(now)) {
                tell(now, &backoff);
            }
        }
        expect![[r#"
            100: share 500 paused until Some(160)
            101: share 500 paused until Some(160)
            161: share 250 paused until Some(281)
            200: share 250 paused until Some(281)
            350: share 350 paused until None
            450: share 450 paused until None
            550: share 550 paused until None
            650: share 650 paused until None
            750: share 750 paused until None
            850: share 850 paused until None
            950: share 950 paused until None
            1050: share 1000 paused until None
            1150: share 1000 paused until None
        "#]]
        .assert_eq(&told);
        assert!(backoff.is_quiet(at(1200)) && backoff.base().is_none());
    }

    #[test]
    fn a_door_counts_when_it_is_closed_three_times_in_a_row() {
        let mut backoff = Backoff::default();
        let closed = |backoff: &mut Backoff, began, now| {
            backoff.closed(said("connection refused"), Door::Refused, 9, at(began), at(now))
        };
        assert!(!closed(&mut backoff, 1, 10));
        assert!(!closed(&mut backoff, 2, 11), "went on at the same time as the first");
        assert!(!closed(&mut backoff, 12, 13));
        backoff.answered(at(14));
        assert!(!closed(&mut backoff, 15, 16));
        assert!(!closed(&mut backoff, 17, 18));
        assert!(closed(&mut backoff, 19, 20));
        assert_eq!((backoff.share(), backoff.paused_until(at(20))), (500, Some(at(80))));
    }

    #[test]
    fn a_day_forgives() {
        let mut backoff = Backoff::default();
        backoff.too_much(said("421"), 9, &MANNERS, at(1), at(2));
        assert!(!backoff.forgive(at(3600)));
        assert!(backoff.forgive(at(2 + 60 + 86_400)));
        assert!(backoff.is_quiet(at(90_000)));
    }

    proptest! {
        #[test]
        fn recovery_is_monotone(
            complaints in 1..12_u64,
            waits in proptest::collection::vec((0..400_u64, 0..60_u64), 1..200),
        ) {
            let mut backoff = Backoff::default();
            let mut now = 1;
            for _ in 0..complaints {
                backoff.too_much(said("421"), 30, &MANNERS, at(now), at(now + 1));
                now += 2;
            }
            let (mut share, mut until) = (backoff.share(), backoff.paused_until(at(now)));
            prop_assert!(share >= FLOOR);
            let mut steps = 0;
            let begin = now;
            for (wait, took) in waits {
                now += wait + took;
                backoff.taken(9, &MANNERS, at(now - took), at(now));
                prop_assert!(backoff.share() >= share, "a success never slows down");
                prop_assert!(backoff.paused_until(at(now)) <= until, "nor prolongs a pause");
                steps += u64::from(backoff.share() > share);
                prop_assert!(steps * 60 <= now - begin, "one step a minute at most");
                (share, until) = (backoff.share(), backoff.paused_until(at(now)));
            }
        }

        #[test]
        fn comes_back_from_the_disk_as_it_was(replies in proptest::collection::vec("[ -~]{0,40}", 0..20)) {
            let mut backoff = Backoff::default();
            for (now, reply) in (1..).step_by(10).zip(&replies) {
                backoff.too_much(said(reply), 30, &MANNERS, at(now), at(now + 1));
            }
            prop_assert!(backoff.changes().count() <= CHANGES);
            let kept = serde_json::to_value(&backoff).unwrap();
            prop_assert_eq!(serde_json::from_value::<Backoff>(kept).unwrap(), backoff);
        }
    }
}
