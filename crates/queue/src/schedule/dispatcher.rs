//! Which work comes next. Pure: time is an argument, nothing sleeps.
//!
//! ```text
//!   priority ──► account ──► lane ──► flow ──► message
//!   16 : 4 : 1   in turn,    with     same      in the order in which
//!                weighted    room     facts     they became due
//! ```
//!
//! All rows that are due are known here, by name only (about 90 octets each): none can hide behind others that wait for a slow or closed lane. The few
//! that were just accepted lie here whole, so that they need not be read back.
//!
//! A *bin* is what one account, with one priority, has for one lane. A bin that has work stands either in the ring of its account or, when its lane
//! is full, asleep or held, in the line of that lane; a lane that gets room sends back as many bins as it has room for. That is how no turn is spent
//! on asking closed lanes, and why no wake-up is lost: whoever waits stands in the line of what it waits for.

mod books;
mod moving;
mod part;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Note;
use tegami_store::{DueRow, Facts, Priority, QueueId, QueueRow, RowId};

use self::part::{Account, Bin, BinState, Flow, FlowKey, FlowState, Key, Lane, Sleeper};
use super::slab::Slab;
use super::turn::{ByPriority, PRIORITIES, Turn, place};
use super::{Group, LaneState, Limits, Next, Survey, Wait, later};
use crate::gate::{Admission, Gate, GateFacts, Scope};

/// A gate that says "not before" is not asked again sooner.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
/// No more rows than this lie here whole.
const MOST_FRESH: usize = 5_000;
/// What one job costs an account of weight 1.
const JOB: u64 = 5_040;

/// Hands out work: takes rows, gives groups, keeps to the limits and to what the gate says, lets priorities, accounts and lanes take turns.
#[derive(Debug)]
pub struct Dispatcher {
    limits: Limits,
    gate: Arc<dyn Gate>,
    weights: BTreeMap<String, u32>,
    /// Every row that waits here or is under way; offered again, it is ignored.
    known: HashSet<Key>,
    /// Rows that lie here whole.
    fresh: HashMap<Key, QueueRow>,
    /// Rows whose moment has not come, with their flows.
    future: BTreeSet<(i64, Key, u32)>,
    /// What a gate put to sleep, by the moment of waking.
    sleeping: BTreeSet<(i64, Sleeper)>,
    /// What a gate holds.
    held: BTreeSet<Sleeper>,
    /// With the number of flows that have them.
    facts: BTreeMap<Arc<Facts>, u32>,
    flows: Slab<Flow>,
    flow_numbers: HashMap<FlowKey, u32>,
    /// All flows by next hop.
    hops: BTreeSet<(Arc<str>, u32)>,
    bins: Slab<Bin>,
    bin_numbers: HashMap<(u32, u32), u32>,
    lanes: Slab<Lane>,
    lane_numbers: HashMap<Arc<str>, u32>,
    accounts: Slab<Account>,
    account_numbers: BTreeMap<(Priority, Option<String>), u32>,
    /// Accounts with bins in their rings, by what they have spent.
    ready: ByPriority<BTreeSet<(u64, u32)>>,
    /// What the account whose turn came last had spent.
    spent: ByPriority<u64>,
    turn: Turn,
    /// The account that has its turn at this moment: it stands in line again afterwards.
    in_turn: Option<u32>,
    under_way: usize,
    /// Jobs so far.
    begun: u64,
}

impl Dispatcher {
    /// Without work.
    pub fn new(limits: Limits, gate: Arc<dyn Gate>) -> Self {
        Self {
            limits,
            gate,
            weights: BTreeMap::new(),
            known: HashSet::new(),
            fresh: HashMap::new(),
            future: BTreeSet::new(),
            sleeping: BTreeSet::new(),
            held: BTreeSet::new(),
            facts: BTreeMap::new(),
            flows: Slab::default(),
            flow_numbers: HashMap::new(),
            hops: BTreeSet::new(),
            bins: Slab::default(),
            bin_numbers: HashMap::new(),
            lanes: Slab::default(),
            lane_numbers: HashMap::new(),
            accounts: Slab::default(),
            account_numbers: BTreeMap::new(),
            ready: ByPriority::default(),
            spent: ByPriority::default(),
            turn: Turn::default(),
            in_turn: None,
            under_way: 0,
            begun: 0,
        }
    }

    /// Gives accounts a larger share than others: so many jobs for each job of an account that is not named.
    #[must_use]
    pub fn with_weights(self, weights: BTreeMap<String, u32>) -> Self {
        Self { weights, ..self }
    }

    /// Other weights from now on.
    pub fn set_weights(&mut self, weights: BTreeMap<String, u32>) {
        self.weights = weights;
    }

    /// Takes rows of a shard's queue. Those already known are ignored, so the same rows may be offered again and again.
    pub fn offer(&mut self, shard: u16, rows: impl IntoIterator<Item = DueRow>, now: Timestamp) {
        for row in rows {
            self.take(shard, row.id, row.due, &row.next_hop, &row.facts, now);
        }
    }

    /// Takes rows that lie in memory anyway, and keeps some of them whole.
    pub fn offer_fresh(&mut self, shard: u16, rows: impl IntoIterator<Item = QueueRow>, now: Timestamp) {
        for row in rows {
            if self.take(shard, row.id, row.due, &row.next_hop, &row.facts, now)
                && self.fresh.len() < MOST_FRESH
            {
                self.fresh.insert(Key::from(row.id), row);
            }
        }
    }

    /// What to do now.
    pub fn next(&mut self, now: Timestamp) -> Next {
        self.wake(nanos(now));
        match self.pick(now) {
            Some(group) => Next::Job(group),
            None => self.wakes_at().map_or(Next::Idle, Next::WaitUntil),
        }
    }

    /// When something becomes due or wakes up by itself.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let future = self.future.first().map(|(at, _, _)| *at);
        let sleeping = self.sleeping.first().map(|(at, _)| *at);
        [future, sleeping].into_iter().flatten().min().map(moment)
    }

    /// A job ended: its place in the lane is free for another one. Its rows stay known until [`Dispatcher::settled`].
    pub fn ended(&mut self, group: &Group) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(number) = self.lane_numbers.get(&group.lane).copied() {
            if let Some(lane) = self.lanes.get_mut(number) {
                lane.under_way = lane.under_way.saturating_sub(1);
            }
            self.call(number);
            self.drop_lane_if_over(number);
        }
    }

    /// What came of a job is durable: its rows are forgotten (those deferred come back from the store).
    pub fn settled(&mut self, group: &Group) {
        for row in &group.ids {
            self.known.remove(&Key::from(*row));
        }
    }

    /// The gate may let pass what it kept back, or may have more room: it is asked about everything again.
    pub fn gate_changed(&mut self) {
        let sleeping = std::mem::take(&mut self.sleeping).into_iter().map(|(_, sleeper)| sleeper);
        for sleeper in std::mem::take(&mut self.held).into_iter().chain(sleeping) {
            self.start(sleeper);
        }
        let lines: Vec<u32> =
            self.lanes.iter().filter(|(_, lane)| lane.line.is_some()).map(|(number, _)| number).collect();
        for number in lines {
            self.call(number);
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

    /// How many pairs of next hop and facts are known: what memory depends on beside the rows.
    pub fn flows(&self) -> usize {
        self.flows.len()
    }

    /// What waits where, and for what.
    pub fn survey(&self) -> Survey {
        let mut waiting: BTreeMap<u32, (usize, Vec<Wait>)> = BTreeMap::new();
        for (_, flow) in self.flows.iter() {
            let Some(bin) = self.bins.get(flow.key.bin) else { continue };
            let (rows, waits) = waiting.entry(bin.lane).or_default();
            *rows += flow.rows.len();
            if let FlowState::Stopped(wait) = &flow.state
                && waits.len() < Survey::MOST_WAITS
            {
                waits.push((**wait).clone());
            }
        }
        let lanes = self.lanes.iter().map(|(number, lane)| {
            let (rows, waits) = waiting.remove(&number).unwrap_or_default();
            let stopped = lane.stopped.as_deref().cloned();
            LaneState { lane: Arc::clone(&lane.name), rows, under_way: lane.under_way, stopped, waits }
        });
        Survey {
            rows: self.known.len(),
            future: self.future.len(),
            under_way: self.under_way,
            lanes: lanes.collect(),
        }
    }

    /// Whether the row was new.
    fn take(
        &mut self,
        shard: u16,
        row: RowId,
        due: Timestamp,
        next_hop: &str,
        facts: &Facts,
        now: Timestamp,
    ) -> bool {
        let key = Key::from(row);
        if !self.known.insert(key) {
            return false;
        }
        let number = self.flow(shard, row.message, next_hop, facts);
        if due > now {
            self.future.insert((nanos(due), key, number));
            if let Some(flow) = self.flows.get_mut(number) {
                flow.future += 1;
            }
        } else {
            self.enqueue(number, key);
        }
        true
    }

    fn enqueue(&mut self, number: u32, key: Key) {
        let Some(flow) = self.flows.get_mut(number) else { return };
        flow.rows.push_back(key);
        if flow.state == FlowState::Empty {
            self.make_ready(number);
        }
    }

    /// A flow that has rows stands in its bin, and the bin in the ring of its account.
    fn make_ready(&mut self, number: u32) {
        let Some(flow) = self.flows.get_mut(number) else { return };
        flow.state = FlowState::Ready;
        let bin_number = flow.key.bin;
        let Some(bin) = self.bins.get_mut(bin_number) else { return };
        bin.ready.push_back(number);
        if bin.state == BinState::Empty {
            bin.state = BinState::InRing;
            self.put_in_ring(bin_number);
        }
    }

    /// A bin stands in its account's ring: called ones in front.
    fn put_in_ring(&mut self, bin_number: u32) {
        let Some(bin) = self.bins.get(bin_number) else { return };
        let Some(account) = self.accounts.get_mut(bin.account) else { return };
        if account.ring.is_empty() && self.in_turn != Some(bin.account) {
            let at = place(account.priority);
            // Who had nothing to do has saved up nothing.
            account.spent = account.spent.max(self.spent.get(at).copied().unwrap_or_default());
            if let Some(ready) = self.ready.get_mut(at) {
                ready.insert((account.spent, bin.account));
            }
        }
        if bin.state == BinState::Called {
            account.ring.push_front(bin_number);
        } else {
            account.ring.push_back(bin_number);
        }
    }

    /// Moves rows whose moment has come to their flows, and wakes what slept long enough.
    fn wake(&mut self, now: i64) {
        while let Some((_, key, number)) = self.future.first().copied().filter(|(at, _, _)| *at <= now) {
            self.future.pop_first();
            if let Some(flow) = self.flows.get_mut(number) {
                flow.future = flow.future.saturating_sub(1);
            }
            let own = self.flow_by_now(number, key);
            self.enqueue(own, key);
            self.drop_if_over(number);
        }
        while let Some((_, sleeper)) = self.sleeping.first().copied().filter(|(at, _)| *at <= now) {
            self.sleeping.pop_first();
            self.start(sleeper);
        }
    }

    /// A lane or flow goes on.
    fn start(&mut self, sleeper: Sleeper) {
        match sleeper {
            Sleeper::Lane(number) => {
                if let Some(lane) = self.lanes.get_mut(number) {
                    lane.stopped = None;
                }
                self.call(number);
                self.drop_lane_if_over(number);
            }
            Sleeper::Flow(number) => {
                let Some(flow) = self.flows.get_mut(number) else { return };
                flow.state = FlowState::Empty;
                if flow.rows.is_empty() {
                    self.drop_if_over(number);
                } else {
                    self.make_ready(number);
                }
            }
        }
    }

    /// The next job, if one may begin.
    fn pick(&mut self, now: Timestamp) -> Option<Group> {
        loop {
            let open = self.limits.open(self.under_way);
            let mut waits = [false; 3];
            for ((waits, ready), open) in waits.iter_mut().zip(&self.ready).zip(open) {
                *waits = open && !ready.is_empty();
            }
            let chosen = self.turn.choose(waits)?;
            let (spent, number) = self.ready.get_mut(chosen)?.pop_first()?;
            if let Some(now) = self.spent.get_mut(chosen) {
                *now = spent;
            }
            self.in_turn = Some(number);
            let bin = self.accounts.get_mut(number).and_then(|account| account.ring.pop_front());
            let group = bin.and_then(|bin| self.open_bin(bin, now));
            if group.is_some() {
                self.turn.charge(chosen);
                self.charge(number);
            }
            self.in_turn = None;
            self.stand_again(chosen, number);
            if group.is_some() {
                return group;
            }
        }
    }

    fn charge(&mut self, number: u32) {
        let Some(account) = self.accounts.get_mut(number) else { return };
        let weight = account.name.as_ref().and_then(|name| self.weights.get(name)).copied().unwrap_or(1);
        account.spent += JOB / u64::from(weight.max(1));
    }

    /// An account whose turn is over stands in line again while it has bins in its ring.
    fn stand_again(&mut self, at: usize, number: u32) {
        let Some(account) = self.accounts.get(number) else { return };
        if !account.ring.is_empty()
            && let Some(ready) = self.ready.get_mut(at)
        {
            ready.insert((account.spent, number));
        }
    }

    /// Takes a group out of a bin whose turn it is; without one, the bin stands where it has to wait.
    fn open_bin(&mut self, number: u32, now: Timestamp) -> Option<Group> {
        let lane_number = self.bins.get(number)?.lane;
        let called = self.bins.get(number)?.state == BinState::Called;
        if called && let Some(lane) = self.lanes.get_mut(lane_number) {
            lane.called = lane.called.saturating_sub(1);
        }
        let group = self.look_into(number, lane_number, called, now);
        if group.is_none() && called {
            // The room that was kept for this bin is another's.
            self.call(lane_number);
        }
        self.drop_bin_if_over(number);
        group
    }

    fn look_into(&mut self, number: u32, lane_number: u32, called: bool, now: Timestamp) -> Option<Group> {
        loop {
            let priority = self.priority(number)?;
            let lane = self.lanes.get(lane_number)?;
            if lane.stopped.is_some() || !self.has_room(lane, lane.under_way, priority) {
                self.stand_in_line(number, lane_number, priority, called);
                return None;
            }
            let name = Arc::clone(&lane.name);
            let bin = self.bins.get_mut(number)?;
            let Some(flow_number) = bin.ready.pop_front() else {
                bin.state = BinState::Empty;
                return None;
            };
            let flow = self.flows.get_mut(flow_number)?;
            let Some(first) = flow.rows.front() else {
                // Its rows were altered and forgotten.
                flow.state = FlowState::Empty;
                self.drop_if_over(flow_number);
                continue;
            };
            let message = QueueId::from_bytes(first.message);
            let FlowKey { next_hop, facts, .. } = flow.key.clone();
            let number_of_job = Some(self.begun + 1);
            let job = GateFacts { number: number_of_job, message, next_hop: &next_hop, facts: &facts };
            if *self.gate.lane(&job) != *name {
                self.change_lane(flow_number, number, message);
                continue;
            }
            match self.gate.admit(&name, &job, now) {
                Admission::Go => return self.begin(flow_number, number, lane_number),
                Admission::NotBefore { until, scope, because } => {
                    let until = until.max(later(now, SHORTEST_WAIT));
                    self.stop(flow_number, number, lane_number, scope, Some(until), because);
                }
                Admission::Held { scope, because } => {
                    self.stop(flow_number, number, lane_number, scope, None, because);
                }
            }
        }
    }

    fn priority(&self, bin: u32) -> Option<Priority> {
        Some(self.accounts.get(self.bins.get(bin)?.account)?.priority)
    }

    /// Whether one more job of this priority may begin in a lane in which so many are counted.
    fn has_room(&self, lane: &Lane, counted: usize, priority: Priority) -> bool {
        let room = self.gate.room(&lane.name).unwrap_or(self.limits.jobs_per_lane).max(1);
        counted < Limits::open_to(priority, room)
    }

    fn stand_in_line(&mut self, number: u32, lane_number: u32, priority: Priority, in_front: bool) {
        let (Some(bin), Some(lane)) = (self.bins.get_mut(number), self.lanes.get_mut(lane_number)) else {
            return;
        };
        bin.state = BinState::InLine;
        let line = lane.line.get_or_insert_default();
        if let Some(line) = line.bins.get_mut(place(priority)) {
            if in_front {
                line.push_front(number);
            } else {
                line.push_back(number);
            }
        }
    }

    /// Calls as many bins out of a lane's line as it has room for.
    fn call(&mut self, lane_number: u32) {
        while let Some(number) = self.call_one(lane_number) {
            if let Some(bin) = self.bins.get_mut(number) {
                bin.state = BinState::Called;
            }
            self.put_in_ring(number);
        }
    }

    fn call_one(&mut self, lane_number: u32) -> Option<u32> {
        let lane = self.lanes.get(lane_number)?;
        let line = lane.line.as_ref()?;
        if lane.stopped.is_some() {
            return None;
        }
        let mut waits = [false; 3];
        for (waits, (line, priority)) in waits.iter_mut().zip(line.bins.iter().zip(PRIORITIES)) {
            *waits = !line.is_empty() && self.has_room(lane, lane.under_way + lane.called, priority);
        }
        let lane = self.lanes.get_mut(lane_number)?;
        let line = lane.line.as_mut()?;
        let chosen = line.turn.choose(waits)?;
        line.turn.charge(chosen);
        let number = line.bins.get_mut(chosen)?.pop_front()?;
        lane.called += 1;
        if line.bins.iter().all(VecDeque::is_empty) {
            lane.line = None;
        }
        Some(number)
    }

    /// The gate keeps a flow, or its whole lane, back.
    fn stop(
        &mut self,
        flow_number: u32,
        bin_number: u32,
        lane_number: u32,
        scope: Scope,
        until: Option<Timestamp>,
        because: Note,
    ) {
        let (Some(flow), Some(bin), Some(lane)) =
            (self.flows.get_mut(flow_number), self.bins.get_mut(bin_number), self.lanes.get_mut(lane_number))
        else {
            return;
        };
        let FlowKey { next_hop, facts, .. } = flow.key.clone();
        let sleeper = match scope {
            Scope::Lane => {
                bin.ready.push_front(flow_number);
                lane.stopped = Some(Box::new(Wait { until, because, flow: None }));
                Sleeper::Lane(lane_number)
            }
            Scope::Flow => {
                let whose = Some((next_hop, facts));
                flow.state = FlowState::Stopped(Box::new(Wait { until, because, flow: whose }));
                Sleeper::Flow(flow_number)
            }
        };
        match until {
            Some(until) => self.sleeping.insert((nanos(until), sleeper)),
            None => self.held.insert(sleeper),
        };
    }

    /// Takes the first message's rows out of a flow.
    fn begin(&mut self, flow_number: u32, bin_number: u32, lane_number: u32) -> Option<Group> {
        let most = self.gate.recipients(&self.lanes.get(lane_number)?.name).unwrap_or(usize::MAX);
        let most = most.min(self.limits.recipients_per_job).max(1);
        let flow = self.flows.get_mut(flow_number)?;
        let message = flow.rows.front()?.message;
        let mut keys = flow.pop_message(message, most);
        let over = flow.rows.is_empty();
        let FlowKey { shard, next_hop, facts, .. } = flow.key.clone();
        let bin = self.bins.get_mut(bin_number)?;
        if over {
            flow.state = FlowState::Empty;
            // A long campaign leaves no empty room behind.
            flow.rows = VecDeque::new();
        } else {
            bin.ready.push_back(flow_number);
        }
        bin.state = if bin.ready.is_empty() { BinState::Empty } else { BinState::InRing };
        let again = !bin.ready.is_empty();
        let lane = self.lanes.get_mut(lane_number)?;
        lane.under_way += 1;
        let lane = Arc::clone(&lane.name);
        self.under_way += 1;
        self.begun += 1;
        if again {
            self.put_in_ring(bin_number);
        }
        self.drop_if_over(flow_number);
        keys.sort_unstable();
        let whole: Vec<QueueRow> = keys.iter().filter_map(|key| self.fresh.remove(key)).collect();
        let rows = if whole.len() == keys.len() { whole } else { Vec::new() };
        let ids = keys.into_iter().map(RowId::from).collect();
        let message = QueueId::from_bytes(message);
        let next_hop = next_hop.to_string();
        Some(Group { number: self.begun, shard, message, next_hop, lane, facts, ids, rows })
    }
}

/// Nanoseconds since 1970, which reach to the year 2262.
fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn moment(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::MAX)
}
