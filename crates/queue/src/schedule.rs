//! When a recipient is tried again, and which work comes next. Pure: time is an argument, nothing sleeps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_store::{QueueId, QueueRow, RowId};

use crate::gate::{Admission, Gate, GateFacts};

/// A gate that says "not before" is not asked again sooner.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);

/// How long and how often delivery is tried (RFC 5321 section 4.5.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Waiting times after the first, second … failed attempt; the last one repeats. The first is short because most transient
    /// failures are: a restarted host, a greylisting server, which wants five minutes and is met by the first two together.
    pub delays: Vec<Duration>,
    /// So long after acceptance delivery is given up: four to five days by the RFC.
    pub lifetime: Duration,
    /// So long after acceptance the sender is told once that the message is late (RFC 3461 section 4.1, DELAY); `None` for never.
    pub warn_after: Option<Duration>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self {
            delays: [1, 5, 15, 30, 60, 120, 240].map(minutes).to_vec(),
            lifetime: minutes(5 * 24 * 60),
            warn_after: Some(minutes(240)),
        }
    }
}

impl RetryPolicy {
    /// When delivery is given up.
    pub fn expires(&self, accepted_at: Timestamp) -> Timestamp {
        later(accepted_at, self.lifetime)
    }

    /// The next attempt after `attempts` failed ones, or `None` when it is time to give up. The last attempt is made at the
    /// moment of expiry. Up to a tenth is added, drawn from the message's identifier and not from the recipient's place, so that messages
    /// deferred together come apart while the recipients of one message stay in one transaction.
    pub fn next_attempt(
        &self,
        row: RowId,
        attempts: u32,
        now: Timestamp,
        expires: Timestamp,
    ) -> Option<Timestamp> {
        if now >= expires {
            return None;
        }
        let last = self.delays.len().saturating_sub(1);
        let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(last).min(last);
        let delay = self.delays.get(place).copied().unwrap_or(Duration::from_secs(3600));
        let jitter = delay.mul_f64(0.1 * chance(row.message, attempts));
        Some(later(now, delay.saturating_add(jitter)).min(expires))
    }

    /// Whether an attempt that begins at `now` and fails is late enough for a warning.
    pub fn is_late(&self, accepted_at: Timestamp, now: Timestamp) -> bool {
        self.warn_after.is_some_and(|delay| now >= later(accepted_at, delay))
    }
}

/// A number from 0 to 1 that is always the same for a message and attempt (the finaliser of splitmix64).
fn chance(message: QueueId, attempts: u32) -> f64 {
    let [.., a, b, c, d, e, f, g, h] = message.to_bytes();
    let mut bits = u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ (u64::from(attempts) << 32);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let high = u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap_or_default();
    f64::from(high) / f64::from(u32::MAX)
}

/// `moment` + `duration`, stopping at the end of time.
pub(crate) fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// How much may go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attempts under way at once.
    pub jobs: usize,
    /// Attempts under way at once in one lane, where the gate does not say otherwise.
    pub jobs_per_lane: usize,
    /// Recipients in one transaction; RFC 5321 section 4.5.3.1.8 guarantees 100.
    pub recipients_per_job: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { jobs: 200, jobs_per_lane: 10, recipients_per_job: 100 }
    }
}

/// Recipients of one message that share a next hop and are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The shard whose lease covers them.
    pub shard: u16,
    /// The message.
    pub message: QueueId,
    /// The next hop they share.
    pub next_hop: String,
    /// The lane in which the job is counted.
    pub lane: Arc<str>,
    /// The recipients, in their order.
    pub rows: Vec<QueueRow>,
}

/// What the dispatcher says.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Do this now, and say [`Dispatcher::finished`] afterwards.
    Job(Group),
    /// Nothing may begin before this moment unless a job finishes or rows are offered.
    WaitUntil(Timestamp),
    /// Nothing to do until a job finishes or rows are offered.
    Idle,
}

/// Hands out work: takes rows, gives groups, keeps to the limits, and lets the next hops take turns, so that ten thousand messages for one slow
/// domain do not hold up the one for another.
#[derive(Debug)]
pub struct Dispatcher {
    limits: Limits,
    /// Every row that waits here or is under way; offered again, it is ignored.
    known: BTreeSet<RowId>,
    /// Rows whose moment has not come.
    future: BTreeSet<(Timestamp, RowId)>,
    future_rows: BTreeMap<RowId, (u16, QueueRow)>,
    gate: Arc<dyn Gate>,
    lanes: BTreeMap<Arc<str>, Lane>,
    /// Lanes that have waiting groups and room for one more job, in turn.
    turn: VecDeque<Arc<str>>,
    /// Groups that the gate holds.
    held: Vec<Group>,
    under_way: usize,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<Group>,
    under_way: usize,
    in_turn: bool,
}

impl Dispatcher {
    /// Without work.
    pub fn new(limits: Limits, gate: Arc<dyn Gate>) -> Self {
        Self {
            limits,
            known: BTreeSet::new(),
            future: BTreeSet::new(),
            future_rows: BTreeMap::new(),
            gate,
            lanes: BTreeMap::new(),
            turn: VecDeque::new(),
            held: Vec::new(),
            under_way: 0,
        }
    }

    /// Takes rows of a shard's queue. Those already known are ignored, so the same rows may be offered again and again.
    pub fn offer(&mut self, shard: u16, rows: impl IntoIterator<Item = QueueRow>, now: Timestamp) {
        for row in rows {
            if !self.known.insert(row.id) {
                continue;
            }
            if row.due > now {
                self.future.insert((row.due, row.id));
                self.future_rows.insert(row.id, (shard, row));
            } else {
                self.enqueue(shard, row);
            }
        }
    }

    /// What to do now.
    pub fn next(&mut self, now: Timestamp) -> Next {
        self.wake(now);
        if self.under_way < self.limits.jobs
            && let Some(group) = self.take_turn(now)
        {
            return Next::Job(group);
        }
        self.wakes_at().map_or(Next::Idle, Next::WaitUntil)
    }

    /// When the first of the rows that wait for their moment is due.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        self.future.first().map(|(due, _)| *due)
    }

    /// A job ended and its outcome is settled: its rows are forgotten (those deferred come back from the store).
    pub fn finished(&mut self, lane: &str, rows: &[RowId]) {
        for row in rows {
            self.known.remove(row);
        }
        self.under_way = self.under_way.saturating_sub(1);
        let Some((name, known)) = self.lanes.get_key_value(lane) else { return };
        let (name, over) = (Arc::clone(name), known.waiting.is_empty() && known.under_way <= 1);
        if over {
            self.lanes.remove(lane);
        } else if let Some(known) = self.lanes.get_mut(lane) {
            known.under_way = known.under_way.saturating_sub(1);
            self.give_turn(&name);
        }
    }

    /// The gate may let pass what it held.
    pub fn gate_changed(&mut self) {
        for group in std::mem::take(&mut self.held) {
            let Group { shard, rows, .. } = group;
            for row in rows {
                self.enqueue(shard, row);
            }
        }
    }

    /// How many rows wait here or are under way.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no rows wait here or are under way.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many jobs are under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Moves rows whose moment has come to their next hops.
    fn wake(&mut self, now: Timestamp) {
        while let Some((due, row)) = self.future.first().copied().filter(|(due, _)| *due <= now) {
            self.future.remove(&(due, row));
            if let Some((shard, row)) = self.future_rows.remove(&row) {
                self.enqueue(shard, row);
            }
        }
    }

    /// Puts a row beside others of its message where there is room, else into a group of its own.
    fn enqueue(&mut self, shard: u16, row: QueueRow) {
        let name = self.gate.lane(&GateFacts {
            message: row.id.message,
            next_hop: &row.next_hop,
            facts: &row.facts,
        });
        let most = self.gate.recipients(&name).unwrap_or(usize::MAX).min(self.limits.recipients_per_job);
        let lane = self.lanes.entry(Arc::clone(&name)).or_default();
        // Rows of one message come together, so its group is the last one, if there is one.
        match lane.waiting.back_mut() {
            Some(group)
                if group.message == row.id.message
                    && group.next_hop == row.next_hop
                    && group.rows.len() < most =>
            {
                group.rows.push(row);
            }
            _ => lane.waiting.push_back(Group {
                shard,
                message: row.id.message,
                next_hop: row.next_hop.clone(),
                lane: Arc::clone(&name),
                rows: vec![row],
            }),
        }
        self.give_turn(&name);
    }

    /// Lets a lane stand in line, once, if it has work and room.
    fn give_turn(&mut self, name: &Arc<str>) {
        if let Some(lane) = self.lanes.get_mut(name)
            && !lane.in_turn
            && !lane.waiting.is_empty()
            && lane.under_way < self.gate.room(name).unwrap_or(self.limits.jobs_per_lane)
        {
            lane.in_turn = true;
            self.turn.push_back(Arc::clone(name));
        }
    }

    fn take_turn(&mut self, now: Timestamp) -> Option<Group> {
        while let Some(name) = self.turn.pop_front() {
            let Some(lane) = self.lanes.get_mut(&name) else { continue };
            lane.in_turn = false;
            let Some(mut group) = lane.waiting.pop_front() else { continue };
            let Some(facts) = group.rows.first().map(|row| Arc::clone(&row.facts)) else { continue };
            let job = GateFacts { message: group.message, next_hop: &group.next_hop, facts: &facts };
            match self.gate.admit(&name, &job, now) {
                Admission::Go => {
                    lane.under_way += 1;
                    self.under_way += 1;
                    self.give_turn(&name);
                    group.rows.sort_by_key(|row| row.id);
                    return Some(group);
                }
                Admission::NotBefore { until, .. } => {
                    let until = until.max(later(now, SHORTEST_WAIT));
                    for row in group.rows {
                        self.future.insert((until, row.id));
                        self.future_rows.insert(row.id, (group.shard, row));
                    }
                }
                Admission::Held { .. } => self.held.push(group),
            }
            self.give_turn(&name);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use tegami_mail::{Address, ForwardPath};
    use tegami_store::RecipientState;

    use super::*;
    use crate::gate::Open;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: u64) -> Timestamp {
        later(START, Duration::from_secs(seconds))
    }

    fn row(message: u128, recipient: u32, next_hop: &str, due: Timestamp) -> QueueRow {
        QueueRow {
            id: RowId { message: QueueId::from_bits(message), recipient },
            path: ForwardPath::from(Address::parse(&format!("r{recipient}@{next_hop}")).unwrap()),
            next_hop: next_hop.to_owned(),
            state: RecipientState::Queued,
            due,
            expires: RetryPolicy::default().expires(START),
            accepted_at: START,
            attempts: 0,
            last_status: None,
            hold_reason: None,
            facts: Arc::default(),
        }
    }

    #[test]
    fn five_days_of_retries() {
        let policy = RetryPolicy::default();
        let row = row(1, 0, "example.net", START);
        let (mut now, mut attempts, mut waits) = (START, 0, Vec::new());
        loop {
            attempts += 1;
            let Some(next) = policy.next_attempt(row.id, attempts, now, row.expires) else { break };
            waits.push((next.duration_since(now).as_secs() / 60).to_string());
            now = next;
        }
        assert_eq!(now, row.expires, "the last attempt is made at the moment of expiry");
        expect!["35 attempts, minutes between them: 1 5 15 31 63 130 254 244 240 245 262 262 254 263 256 246 244 252 245 257 257 248 248 257 258 240 250 250 263 256 261 251 247 129"]
            .assert_eq(&format!("{attempts} attempts, minutes between them: {}", waits.join(" ")));
    }

    #[test]
    fn a_warning_is_due_after_four_hours() {
        let policy = RetryPolicy::default();
        assert!(!policy.is_late(START, at(4 * 3600 - 1)));
        assert!(policy.is_late(START, at(4 * 3600)));
        assert!(!RetryPolicy { warn_after: None, ..policy }.is_late(START, Timestamp::MAX));
    }

    proptest! {
        #[test]
        fn retries_go_forward_and_end(message: u128, attempts in 1..10_000_u32, seconds in 0..600_000_u64) {
            let policy = RetryPolicy::default();
            let id = RowId { message: QueueId::from_bits(message), recipient: 0 };
            let expires = policy.expires(START);
            match policy.next_attempt(id, attempts, at(seconds), expires) {
                Some(next) => prop_assert!(next > at(seconds) && next <= expires),
                None => prop_assert!(at(seconds) >= expires),
            }
        }
    }

    /// Runs a dispatcher over a script: rows as `message/next-hop@due`, jobs that each take one second.
    fn check(limits: Limits, rows: &[(u128, u32, &str, u64)], seconds: u64, expected: &Expect) {
        let mut dispatcher = Dispatcher::new(limits, Arc::new(Open));
        let rows: Vec<_> = rows.iter().map(|(m, r, hop, due)| row(*m, *r, hop, at(*due))).collect();
        let mut text = String::new();
        let mut running: Vec<Group> = Vec::new();
        for second in 0..seconds {
            for group in running.drain(..) {
                let ids: Vec<_> = group.rows.iter().map(|row| row.id).collect();
                dispatcher.finished(&group.lane, &ids);
            }
            if second == 0 {
                dispatcher.offer(0, rows.clone(), at(0));
                dispatcher.offer(0, rows.clone(), at(0));
            }
            let mut line = Vec::new();
            let end = loop {
                match dispatcher.next(at(second)) {
                    Next::Job(group) => {
                        let places: Vec<_> =
                            group.rows.iter().map(|row| row.id.recipient.to_string()).collect();
                        let number = u128::from_be_bytes(group.message.to_bytes());
                        line.push(format!("{number}[{}]>{}", places.join(","), group.next_hop));
                        running.push(group);
                    }
                    Next::WaitUntil(due) => break format!("wait until {}", due.as_second()),
                    Next::Idle => break "idle".to_owned(),
                }
            };
            line.push(end);
            text.push_str(&format!("{second}: {}\n", line.join(" ")));
        }
        assert!(dispatcher.is_empty() || !running.is_empty());
        expected.assert_eq(&text);
    }

    const TIGHT: Limits = Limits { jobs: 3, jobs_per_lane: 2, recipients_per_job: 2 };

    #[test]
    fn recipients_of_one_message_and_next_hop_go_together() {
        let rows = [(1, 0, "a.test", 0), (1, 1, "b.test", 0), (1, 2, "a.test", 0), (1, 3, "a.test", 0)];
        check(
            TIGHT,
            &rows,
            2,
            &expect![[r#"
                0: 1[0,2]>a.test 1[1]>b.test 1[3]>a.test idle
                1: idle
            "#]],
        );
    }

    #[test]
    fn a_busy_next_hop_does_not_hold_up_another() {
        let mut rows: Vec<_> = (1..=6).map(|message| (message, 0, "slow.test", 0)).collect();
        rows.extend([(7, 0, "other.test", 0), (8, 0, "other.test", 3)]);
        check(
            TIGHT,
            &rows,
            5,
            &expect![[r#"
                0: 1[0]>slow.test 7[0]>other.test 2[0]>slow.test wait until 3
                1: 3[0]>slow.test 4[0]>slow.test wait until 3
                2: 5[0]>slow.test 6[0]>slow.test wait until 3
                3: 8[0]>other.test idle
                4: idle
            "#]],
        );
    }

    proptest! {
        /// Whatever is offered comes out once, within the limits.
        #[test]
        fn every_row_comes_out_once(rows in prop::collection::vec((0..20_u128, 0..4_u32, 0..3_usize, 0..50_u64), 0..200)) {
            let hops = ["a.test", "b.test", "c.test"];
            let rows: Vec<_> = rows.into_iter().map(|(m, r, hop, due)| row(m, r, hops[hop], at(due))).collect();
            let distinct: BTreeSet<RowId> = rows.iter().map(|row| row.id).collect();
            let mut dispatcher = Dispatcher::new(TIGHT, Arc::new(Open));
            dispatcher.offer(0, rows, START);
            let (mut seen, mut running) = (Vec::new(), VecDeque::new());
            for second in 0..1000 {
                while let Next::Job(group) = dispatcher.next(at(second)) {
                    seen.extend(group.rows.iter().map(|row| row.id));
                    prop_assert!(group.rows.len() <= TIGHT.recipients_per_job);
                    running.push_back(group);
                }
                prop_assert!(dispatcher.under_way() <= TIGHT.jobs);
                for hop in hops {
                    prop_assert!(running.iter().filter(|group| group.next_hop == hop).count() <= TIGHT.jobs_per_lane);
                }
                if let Some(group) = running.pop_front() {
                    let ids: Vec<_> = group.rows.iter().map(|row| row.id).collect();
                    dispatcher.finished(&group.lane, &ids);
                }
            }
            prop_assert!(dispatcher.is_empty());
            prop_assert_eq!(seen.len(), distinct.len());
            prop_assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), distinct);
        }
    }
}
