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

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Note;
use tegami_store::{DueRow, Facts, Priority, QueueId, QueueRow, RowId};

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

/// A row's name in 20 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    message: [u8; 16],
    recipient: [u8; 4],
}

impl From<RowId> for Key {
    fn from(row: RowId) -> Self {
        Self { message: row.message.to_bytes(), recipient: row.recipient.to_be_bytes() }
    }
}

impl From<Key> for RowId {
    fn from(key: Key) -> Self {
        let message = QueueId::from_bytes(key.message);
        Self { message, recipient: u32::from_be_bytes(key.recipient) }
    }
}

/// What the rows of a flow share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FlowKey {
    bin: u32,
    shard: u16,
    next_hop: Arc<str>,
    facts: Arc<Facts>,
}

/// What a gate can put to sleep or hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sleeper {
    Lane(u32),
    Flow(u32),
}

/// Rows with the same lane, next hop and facts.
#[derive(Debug)]
struct Flow {
    key: FlowKey,
    rows: VecDeque<Key>,
    /// Rows whose moment has not come.
    future: u32,
    state: FlowState,
}

impl Flow {
    /// Takes the rows of a message from the front: rows of one message come together.
    fn pop_message(&mut self, message: [u8; 16], most: usize) -> Vec<Key> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(key) = self.rows.pop_front_if(|key| key.message == message)
        {
            taken.push(key);
        }
        taken
    }
}

#[derive(Debug, PartialEq, Eq)]
enum FlowState {
    /// Has no rows that are due.
    Empty,
    /// Stands in its bin.
    Ready,
    /// The gate said so.
    Stopped(Box<Wait>),
}

/// What one account has for one lane.
#[derive(Debug)]
struct Bin {
    account: u32,
    lane: u32,
    /// Flows that are ready, in turn.
    ready: VecDeque<u32>,
    /// All flows.
    flows: u32,
    state: BinState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BinState {
    /// Has no flow that is ready.
    Empty,
    /// Stands in the ring of its account.
    InRing,
    /// Stands at the front of that ring, and the lane keeps room for it.
    Called,
    /// Stands in the line of its lane.
    InLine,
}

/// What leads to one receiver.
#[derive(Debug)]
struct Lane {
    name: Arc<str>,
    under_way: usize,
    /// Bins that were called and have not come yet.
    called: usize,
    bins: u32,
    stopped: Option<Box<Wait>>,
    line: Option<Box<Line>>,
}

/// Bins that wait for room in a lane.
#[derive(Debug, Default)]
struct Line {
    bins: ByPriority<VecDeque<u32>>,
    turn: Turn,
}

/// An account's mail of one priority.
#[derive(Debug)]
struct Account {
    priority: Priority,
    name: Option<String>,
    spent: u64,
    /// Bins with work, in turn.
    ring: VecDeque<u32>,
    bins: u32,
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

    /// Somebody altered these rows, by the next hop they had: no row is taken for what it was any more, and of these, those that wait are
    /// forgotten, wherever they wait; the store knows them. Those under way stay known. Looks once at the rows that wait for these next hops.
    pub fn altered(&mut self, rows: &BTreeMap<String, Vec<RowId>>) {
        self.fresh.clear();
        let keys: HashSet<Key> = rows.values().flatten().copied().map(Key::from).collect();
        if !keys.is_empty() {
            self.forget(|next_hop| rows.contains_key(next_hop), |key| keys.contains(key));
        }
    }

    /// Somebody altered more rows than anybody can name: all that wait are forgotten.
    pub fn all_altered(&mut self) {
        self.fresh.clear();
        self.forget(|_| true, |_| true);
    }

    fn forget(&mut self, is_concerned: impl Fn(&str) -> bool, is_meant: impl Fn(&Key) -> bool) {
        let later: Vec<_> = self.future.extract_if(.., |(_, key, _)| is_meant(key)).collect();
        for (_, key, number) in later {
            self.known.remove(&key);
            if let Some(flow) = self.flows.get_mut(number) {
                flow.future = flow.future.saturating_sub(1);
            }
            self.drop_if_over(number);
        }
        let concerned = self.flows.iter().filter(|(_, flow)| is_concerned(&flow.key.next_hop));
        let concerned: Vec<u32> = concerned.map(|(number, _)| number).collect();
        for number in concerned {
            self.forget_waiting(number, &is_meant);
        }
    }

    fn forget_waiting(&mut self, number: u32, is_meant: impl Fn(&Key) -> bool) {
        let Some(flow) = self.flows.get_mut(number) else { return };
        let known = &mut self.known;
        flow.rows.retain(|key| !(is_meant(key) && known.remove(key)));
        self.wait_for_nothing_if_empty(number);
    }

    /// These next hops lead elsewhere by now: what waits for them waits from now on where it belongs, and not until the turn of a lane comes that has
    /// nothing to do with it any more. Rows whose moment has not come follow when it comes.
    pub fn moved(&mut self, next_hops: impl IntoIterator<Item = String>) {
        for next_hop in next_hops {
            let next_hop: Arc<str> = next_hop.into();
            let flows = self.hops.range((Arc::clone(&next_hop), 0)..=(next_hop, u32::MAX));
            for number in flows.map(|(_, number)| *number).collect::<Vec<_>>() {
                let rows = self.flows.get_mut(number).map(|flow| std::mem::take(&mut flow.rows));
                for key in rows.into_iter().flatten() {
                    let own = self.flow_by_now(number, key);
                    self.enqueue(own, key);
                }
                self.wait_for_nothing_if_empty(number);
            }
        }
    }

    /// The flow of a row of this flow, as things are now.
    fn flow_by_now(&mut self, number: u32, key: Key) -> u32 {
        let Some(flow) = self.flows.get(number) else { return number };
        let lane = self.bins.get(flow.key.bin).and_then(|bin| self.lanes.get(bin.lane));
        let FlowKey { shard, next_hop, facts, .. } = &flow.key;
        let message = QueueId::from_bytes(key.message);
        let job = GateFacts { number: None, message, next_hop, facts };
        if lane.is_some_and(|lane| self.gate.lane(&job) == lane.name) {
            return number;
        }
        let (shard, next_hop, facts) = (*shard, Arc::clone(next_hop), Arc::clone(facts));
        self.flow(shard, message, &next_hop, &facts)
    }

    /// A flow that is left without rows. One that stands in its bin goes when its turn comes.
    fn wait_for_nothing_if_empty(&mut self, number: u32) {
        let Some(flow) = self.flows.get_mut(number).filter(|flow| flow.rows.is_empty()) else { return };
        if let FlowState::Stopped(wait) = &flow.state {
            let sleeper = Sleeper::Flow(number);
            match wait.until {
                Some(until) => self.sleeping.remove(&(nanos(until), sleeper)),
                None => self.held.remove(&sleeper),
            };
            flow.state = FlowState::Empty;
        }
        self.drop_if_over(number);
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

    /// A job ended and its outcome is settled: [`Dispatcher::ended`] and [`Dispatcher::settled`] in one.
    pub fn finished(&mut self, group: &Group) {
        self.settled(group);
        self.ended(group);
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

    /// The number of a flow; a new one where there was none.
    fn flow(&mut self, shard: u16, message: QueueId, next_hop: &str, facts: &Facts) -> u32 {
        let lane = self.lane(&self.gate.lane(&GateFacts { number: None, message, next_hop, facts }));
        let account = self.account(facts);
        let bin = self.bin(account, lane);
        let known = self.facts.get_key_value(facts).map(|(known, _)| Arc::clone(known));
        let facts = known.unwrap_or_else(|| Arc::new(facts.clone()));
        let key = FlowKey { bin, shard, next_hop: Arc::from(next_hop), facts: Arc::clone(&facts) };
        if let Some(number) = self.flow_numbers.get(&key) {
            return *number;
        }
        *self.facts.entry(facts).or_default() += 1;
        if let Some(bin) = self.bins.get_mut(bin) {
            bin.flows += 1;
        }
        let flow = Flow { key: key.clone(), rows: VecDeque::new(), future: 0, state: FlowState::Empty };
        let number = self.flows.insert(flow);
        self.hops.insert((Arc::clone(&key.next_hop), number));
        self.flow_numbers.insert(key, number);
        number
    }

    fn account(&mut self, facts: &Facts) -> u32 {
        let whose = (facts.priority, facts.account.clone());
        if let Some(number) = self.account_numbers.get(&whose) {
            return *number;
        }
        let (priority, name) = whose.clone();
        let account = Account { priority, name, spent: 0, ring: VecDeque::new(), bins: 0 };
        let number = self.accounts.insert(account);
        self.account_numbers.insert(whose, number);
        number
    }

    fn bin(&mut self, account: u32, lane: u32) -> u32 {
        if let Some(number) = self.bin_numbers.get(&(account, lane)) {
            return *number;
        }
        let bin = Bin { account, lane, ready: VecDeque::new(), flows: 0, state: BinState::Empty };
        let number = self.bins.insert(bin);
        self.bin_numbers.insert((account, lane), number);
        if let Some(account) = self.accounts.get_mut(account) {
            account.bins += 1;
        }
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.bins += 1;
        }
        number
    }

    fn lane(&mut self, name: &Arc<str>) -> u32 {
        if let Some(number) = self.lane_numbers.get(name) {
            return *number;
        }
        let lane =
            Lane { name: Arc::clone(name), under_way: 0, called: 0, bins: 0, stopped: None, line: None };
        let number = self.lanes.insert(lane);
        self.lane_numbers.insert(Arc::clone(name), number);
        number
    }

    /// More became known of where a message goes: its rows move to another lane.
    fn change_lane(&mut self, flow_number: u32, bin_number: u32, message: QueueId) {
        let Some(flow) = self.flows.get_mut(flow_number) else { return };
        let moved = flow.pop_message(message.to_bytes(), usize::MAX);
        let FlowKey { shard, next_hop, facts, .. } = flow.key.clone();
        if flow.rows.is_empty() {
            flow.state = FlowState::Empty;
        } else if let Some(bin) = self.bins.get_mut(bin_number) {
            bin.ready.push_front(flow_number);
        }
        let number = self.flow(shard, message, &next_hop, &facts);
        for key in moved {
            self.enqueue(number, key);
        }
        self.drop_if_over(flow_number);
    }

    /// Forgets a flow without rows.
    fn drop_if_over(&mut self, number: u32) {
        let Some(flow) = self.flows.get(number) else { return };
        if flow.state != FlowState::Empty || flow.future > 0 || !flow.rows.is_empty() {
            return;
        }
        let Some(flow) = self.flows.remove(number) else { return };
        self.flow_numbers.remove(&flow.key);
        let FlowKey { bin, facts, next_hop, .. } = flow.key;
        self.hops.remove(&(next_hop, number));
        if let Some(flows) = self.facts.get_mut(&facts) {
            *flows = flows.saturating_sub(1);
            if *flows == 0 {
                self.facts.remove(&facts);
            }
        }
        if let Some(bin) = self.bins.get_mut(bin) {
            bin.flows = bin.flows.saturating_sub(1);
        }
        self.drop_bin_if_over(bin);
    }

    fn drop_bin_if_over(&mut self, number: u32) {
        let Some(bin) = self.bins.get(number) else { return };
        if bin.flows > 0 || bin.state != BinState::Empty {
            return;
        }
        let Some(bin) = self.bins.remove(number) else { return };
        self.bin_numbers.remove(&(bin.account, bin.lane));
        if let Some(lane) = self.lanes.get_mut(bin.lane) {
            lane.bins = lane.bins.saturating_sub(1);
        }
        self.drop_lane_if_over(bin.lane);
        let Some(account) = self.accounts.get_mut(bin.account) else { return };
        account.bins = account.bins.saturating_sub(1);
        if account.bins == 0
            && let Some(account) = self.accounts.remove(bin.account)
        {
            self.account_numbers.remove(&(account.priority, account.name));
        }
    }

    fn drop_lane_if_over(&mut self, number: u32) {
        let Some(lane) = self.lanes.get(number) else { return };
        if lane.bins == 0
            && lane.under_way == 0
            && lane.stopped.is_none()
            && let Some(lane) = self.lanes.remove(number)
        {
            self.lane_numbers.remove(&lane.name);
        }
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
