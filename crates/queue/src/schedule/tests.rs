use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tegami_mail::note;
use tegami_store::DueRow;

use super::*;
use crate::gate::{Admission, Gate, Open, Scope};
use crate::outcome::Outcome;

const START: Timestamp = Timestamp::UNIX_EPOCH;

/// A job ended, and what came of it is durable.
fn finish(dispatcher: &mut Dispatcher, group: &Group) {
    dispatcher.settled(group);
    dispatcher.ended(group);
}

fn at(milliseconds: u64) -> Timestamp {
    later(START, Duration::from_millis(milliseconds))
}

fn facts(priority: Priority, account: &str) -> Facts {
    Facts { priority, account: Some(account.to_owned()), ..Facts::default() }
}

fn row(message: u128, recipient: u32, next_hop: &str, due: Timestamp, facts: &Facts) -> DueRow {
    let id = RowId { message: QueueId::from_bits(message), recipient };
    DueRow { id, due, next_hop: next_hop.to_owned(), facts: facts.clone() }
}

fn number(message: QueueId) -> u128 {
    u128::from_be_bytes(message.to_bytes())
}

/// Runs a dispatcher over a script: rows as `message/next-hop@due`, jobs that each take one second.
fn check(limits: Limits, rows: &[(u128, u32, &str, u64)], seconds: u64, expected: &Expect) {
    let mut dispatcher = Dispatcher::new(limits, Arc::new(Open));
    let facts = Facts::default();
    let rows: Vec<_> = rows.iter().map(|(m, r, hop, due)| row(*m, *r, hop, at(due * 1000), &facts)).collect();
    let mut text = String::new();
    let mut running: Vec<Group> = Vec::new();
    for second in 0..seconds {
        for group in running.drain(..) {
            finish(&mut dispatcher, &group);
        }
        if second == 0 {
            dispatcher.offer(0, rows.clone(), at(0));
            dispatcher.offer(0, rows.clone(), at(0));
        }
        let mut line = Vec::new();
        let end = loop {
            match dispatcher.next(at(second * 1000)) {
                Next::Job(group) => {
                    let places: Vec<_> = group.ids.iter().map(|row| row.recipient.to_string()).collect();
                    let message = number(group.message);
                    line.push(format!("{message}[{}]>{}", places.join(","), group.next_hop));
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

/// A world in which jobs take time: tells when each message began.
struct World {
    dispatcher: Dispatcher,
    now: u64,
    /// By the moment they end.
    running: BTreeMap<(u64, u64), Group>,
    began: BTreeMap<u128, u64>,
    jobs: u64,
}

impl World {
    fn new(limits: Limits, gate: Arc<dyn Gate>) -> Self {
        let dispatcher = Dispatcher::new(limits, gate);
        Self { dispatcher, now: 0, running: BTreeMap::new(), began: BTreeMap::new(), jobs: 0 }
    }

    fn offer(&mut self, rows: impl IntoIterator<Item = DueRow>) {
        self.dispatcher.offer(0, rows, at(self.now));
    }

    /// Begins what may begin; each job takes as long as `takes` says.
    fn begin(&mut self, takes: impl Fn(&Group) -> u64) -> Next {
        loop {
            match self.dispatcher.next(at(self.now)) {
                Next::Job(group) => {
                    self.jobs += 1;
                    self.began.entry(number(group.message)).or_insert(self.now);
                    self.running.insert((self.now + takes(&group), self.jobs), group);
                }
                end => return end,
            }
        }
    }

    /// Goes to the next moment at which something happens, if there is one.
    fn go_on(&mut self, next: &Next) -> bool {
        let ends = self.running.first_key_value().map(|((at, _), _)| *at);
        let wakes = match next {
            Next::WaitUntil(moment) => u64::try_from((moment.as_nanosecond() + 999_999) / 1_000_000).ok(),
            _ => None,
        };
        let Some(now) = [ends, wakes].into_iter().flatten().min() else { return false };
        self.now = self.now.max(now);
        while let Some(entry) = self.running.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let group = entry.remove();
            finish(&mut self.dispatcher, &group);
        }
        true
    }

    fn run(&mut self, until: u64, takes: impl Fn(&Group) -> u64) {
        while self.now < until {
            let next = self.begin(&takes);
            if !self.go_on(&next) {
                break;
            }
        }
    }
}

/// A campaign: one account, bulk, a third of it to one large provider, the rest to many domains.
fn campaign(messages: u128, priority: Priority) -> impl Iterator<Item = DueRow> {
    let facts = facts(priority, "news");
    (0..messages).map(move |message| {
        let hop = if message % 3 == 0 { "big.test".to_owned() } else { format!("d{}.test", message % 5_000) };
        row(message, 0, &hop, START, &facts)
    })
}

/// How long, at the longest, a message waited of those that come one by one while a campaign is under way, each job taking a second.
fn longest_wait(campaign_priority: Priority, priority: Priority, hops: &[&str]) -> u64 {
    let mut world = World::new(Limits::default(), Arc::new(Open));
    world.offer(campaign(50_000, campaign_priority));
    let mut came = BTreeMap::new();
    let single = facts(priority, "shop");
    for (n, hop) in (0_u32..).zip(hops.iter().cycle().take(60)) {
        let message = 1_000_000 + u128::from(n);
        world.run((u64::from(n) + 1) * 137, |_| 1000);
        world.offer([row(message, 0, hop, START, &single)]);
        came.insert(message, world.now);
    }
    world.run(100_000, |_| 1000);
    came.iter().map(|(message, came)| world.began[message] - came).max().unwrap()
}

#[test]
fn transactional_mail_does_not_wait_for_a_campaign() {
    use Priority::{Bulk, Normal, Transactional};
    // Not a millisecond, also where the campaign fills the same lane: places are kept for it.
    assert_eq!(longest_wait(Bulk, Transactional, &["big.test", "d7.test", "elsewhere.test"]), 0);
    assert_eq!(longest_wait(Normal, Transactional, &["big.test", "d7.test", "elsewhere.test"]), 0);
    // Who is not transactional waits for a place: one job's time, and his turn among two accounts.
    assert!(longest_wait(Bulk, Normal, &["big.test", "elsewhere.test"]) <= 1000);
    assert!(longest_wait(Normal, Normal, &["big.test", "elsewhere.test"]) <= 1000);
    assert!(longest_wait(Bulk, Bulk, &["big.test", "elsewhere.test"]) <= 1000);
    // Even behind transactional mail that fills everything, others have their share.
    assert!(longest_wait(Transactional, Bulk, &["elsewhere.test"]) <= 2000);
}

#[test]
fn accounts_take_turns_by_weight() {
    let limits = Limits { jobs: 1, jobs_per_lane: 1, recipients_per_job: 1 };
    let weights = BTreeMap::from([("c".to_owned(), 3)]);
    let mut dispatcher = Dispatcher::new(limits, Arc::new(Open)).with_weights(weights);
    for (n, account) in (0..).zip(["a", "b", "c"]) {
        let facts = facts(Priority::Normal, account);
        dispatcher.offer(0, (0..50).map(|m| row(n * 100 + m, 0, "x.test", START, &facts)), START);
    }
    let mut order = String::new();
    for _ in 0..20 {
        let Next::Job(group) = dispatcher.next(START) else { panic!() };
        order.push_str(group.facts.account.as_deref().unwrap());
        finish(&mut dispatcher, &group);
    }
    assert_eq!(order.matches('c').count(), 12, "{order}");
    assert_eq!(order.matches('a').count(), 4, "{order}");
}

#[test]
fn lanes_of_one_account_take_turns() {
    let mut world = World::new(Limits { jobs: 8, jobs_per_lane: 8, recipients_per_job: 1 }, Arc::new(Open));
    let facts = facts(Priority::Normal, "a");
    world.offer((0..1000).map(|m| row(m, 0, "big.test", START, &facts)));
    world.offer([row(5000, 0, "small.test", START, &facts)]);
    world.begin(|_| 1000);
    assert_eq!(world.began.get(&5000), Some(&0));
}

/// A gate that tests steer.
#[derive(Debug, Default)]
struct Steered(Mutex<Steering>);

#[derive(Debug, Default)]
struct Steering {
    /// Lanes by next hop, where they are not the next hop itself.
    lanes: BTreeMap<String, String>,
    rooms: BTreeMap<String, usize>,
    held_accounts: BTreeSet<String>,
    /// Milliseconds between the jobs of a lane.
    pace: BTreeMap<String, u64>,
    next: BTreeMap<String, u64>,
    admitted: u64,
    asked: u64,
    finished: u64,
}

impl Gate for Steered {
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str> {
        let steering = self.0.lock().unwrap();
        Arc::from(steering.lanes.get(job.next_hop).map_or(job.next_hop, String::as_str))
    }

    fn room(&self, lane: &str) -> Option<usize> {
        self.0.lock().unwrap().rooms.get(lane).copied()
    }

    fn admit(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        let mut steering = self.0.lock().unwrap();
        steering.asked += 1;
        let now = u64::try_from(now.as_millisecond()).unwrap();
        if job.facts.account.as_ref().is_some_and(|account| steering.held_accounts.contains(account)) {
            return Admission::Held { scope: Scope::Flow, because: note!("queue-no-result") };
        }
        if let Some(pace) = steering.pace.get(lane).copied() {
            let next = steering.next.get(lane).copied().unwrap_or_default();
            if next > now {
                let because = note!("queue-no-result");
                return Admission::NotBefore { until: at(next), scope: Scope::Lane, because };
            }
            steering.next.insert(lane.to_owned(), now + pace);
        }
        steering.admitted += 1;
        Admission::Go
    }

    fn look(&self, _: &str, _: &GateFacts<'_>, _: Timestamp) -> Admission {
        Admission::Go
    }

    fn finished(&self, _: &str, _: &GateFacts<'_>, _: Option<&Outcome>, _: Timestamp) {
        self.0.lock().unwrap().finished += 1;
    }
}

#[test]
fn a_lane_that_is_slowed_down_keeps_its_pace_and_costs_nobody_a_turn() {
    let gate = Arc::new(Steered::default());
    gate.0.lock().unwrap().pace.insert("slow.test".to_owned(), 100);
    let mut world = World::new(Limits::default(), Arc::clone(&gate) as Arc<dyn Gate>);
    for account in ["a", "b", "c"] {
        let facts = facts(Priority::Normal, account);
        let base = u128::from(account.as_bytes()[0]) * 100_000;
        world.offer((0..30_000).map(|m| row(base + m, 0, "slow.test", START, &facts)));
    }
    let other = facts(Priority::Bulk, "d");
    world.offer((0..1000).map(|m| row(m, 0, "fast.test", START, &other)));
    world.run(10_000, |_| 90);
    let slow = world.began.keys().filter(|message| **message >= 100_000).count();
    assert_eq!(slow, 100);
    let fast = world.began.keys().filter(|message| **message < 1000).count();
    assert!(fast >= 990, "{fast}: nine at once, each 90 ms");
    let asked = gate.0.lock().unwrap().asked;
    assert!(asked < 1500, "{asked} questions for {} jobs", slow + fast);
    let survey = world.dispatcher.survey();
    let lane = survey.lanes.iter().find(|lane| &*lane.lane == "slow.test").unwrap();
    assert_eq!(lane.rows, 90_000 - 100);
    assert_eq!(lane.stopped.as_ref().unwrap().until, Some(at(10_000)));
}

#[test]
fn what_is_held_waits_until_the_gate_changes() {
    let gate = Arc::new(Steered::default());
    gate.0.lock().unwrap().held_accounts.insert("a".to_owned());
    let mut world = World::new(TIGHT, Arc::clone(&gate) as Arc<dyn Gate>);
    for (n, account) in (0..).zip(["a", "b"]) {
        let facts = facts(Priority::Normal, account);
        world.offer((0..5).map(|m| row(n * 100 + m, 0, "x.test", START, &facts)));
    }
    world.run(60_000, |_| 100);
    assert_eq!(world.began.len(), 5);
    assert!(world.began.keys().all(|message| *message >= 100));
    assert_eq!(world.dispatcher.next(at(60_000)), Next::Idle);
    let survey = world.dispatcher.survey();
    let wait = &survey.lanes[0].waits[0];
    assert_eq!((survey.rows, wait.until), (5, None));
    assert_eq!(wait.flow.as_ref().unwrap().1.account.as_deref(), Some("a"));

    gate.0.lock().unwrap().held_accounts.clear();
    world.dispatcher.gate_changed();
    world.run(120_000, |_| 100);
    assert_eq!(world.began.len(), 10);
    assert!(world.dispatcher.is_empty());
    assert_eq!(world.dispatcher.survey().lanes, []);
}

#[test]
fn rows_follow_their_next_hop_into_another_lane() {
    let gate = Arc::new(Steered::default());
    let mut world = World::new(TIGHT, Arc::clone(&gate) as Arc<dyn Gate>);
    let facts = facts(Priority::Normal, "a");
    world.offer((0..20).map(|m| row(m, 0, if m % 2 == 0 { "a.test" } else { "b.test" }, START, &facts)));
    world.begin(|_| 100);
    assert_eq!(world.running.len(), 3);
    {
        let mut steering = gate.0.lock().unwrap();
        steering.lanes = ["a.test", "b.test"].map(|hop| (hop.to_owned(), "provider".to_owned())).into();
        steering.rooms.insert("provider".to_owned(), 1);
    }
    let next = Next::Idle;
    world.go_on(&next);
    for _ in 0..17 {
        let next = world.begin(|_| 100);
        let lanes: Vec<_> = world.running.values().map(|group| group.lane.to_string()).collect();
        assert_eq!(lanes, ["provider"]);
        world.go_on(&next);
    }
    assert!(world.dispatcher.is_empty());
}

#[test]
fn rows_leave_the_line_of_a_lane_where_they_do_not_belong_any_more() {
    let gate = Arc::new(Steered::default());
    let lead_to = |place: &str| {
        let lanes = ["a.test", "b.test"].map(|hop| (hop.to_owned(), "big".to_owned()));
        let mut steering = gate.0.lock().unwrap();
        steering.lanes = lanes.into();
        steering.lanes.insert("b.test".to_owned(), place.to_owned());
    };
    lead_to("big");
    gate.0.lock().unwrap().pace.insert("big".to_owned(), 3_600_000);
    let mut world = World::new(TIGHT, Arc::clone(&gate) as Arc<dyn Gate>);
    let facts = facts(Priority::Normal, "a");
    world.offer((0..4).map(|m| row(m, 0, "a.test", START, &facts)));
    world.offer((4..6).map(|m| row(m, 0, "b.test", START, &facts)));
    world.offer([row(6, 0, "b.test", at(60_000), &facts)]);
    world.run(100, |_| 100);
    assert_eq!(world.began.keys().copied().collect::<Vec<_>>(), [0], "one in an hour");

    lead_to("small");
    world.dispatcher.moved(["b.test".to_owned()]);
    world.run(200, |_| 100);
    assert_eq!(world.began.keys().copied().collect::<Vec<_>>(), [0, 4, 5]);
    world.run(60_100, |_| 100);
    assert_eq!(world.began.get(&6), Some(&60_000), "what was not due yet follows");

    lead_to("big");
    world.dispatcher.moved(["b.test".to_owned()]);
    world.run(4 * 3_600_000, |_| 100);
    assert!(world.dispatcher.is_empty());
    assert_eq!(world.dispatcher.survey().lanes, []);
}

fn altered<const N: usize>(rows: [(u128, &str); N]) -> BTreeMap<String, Vec<RowId>> {
    let mut altered: BTreeMap<String, Vec<RowId>> = BTreeMap::new();
    for (message, hop) in rows {
        let id = RowId { message: QueueId::from_bits(message), recipient: 0 };
        altered.entry(hop.to_owned()).or_default().push(id);
    }
    altered
}

#[test]
fn altered_rows_leave_a_full_lane_and_a_closed_gate() {
    let gate = Arc::new(Steered::default());
    gate.0.lock().unwrap().held_accounts.insert("held".to_owned());
    gate.0.lock().unwrap().rooms.insert("full.test".to_owned(), 1);
    let mut dispatcher = Dispatcher::new(TIGHT, Arc::clone(&gate) as Arc<dyn Gate>);
    let (open, held) = (facts(Priority::Normal, "open"), facts(Priority::Normal, "held"));
    let rows = [
        row(1, 0, "full.test", START, &open),
        row(2, 0, "full.test", START, &open),
        row(3, 0, "shut.test", START, &held),
    ];
    dispatcher.offer(0, rows, START);
    let Next::Job(first) = dispatcher.next(START) else { panic!() };
    assert_eq!((number(first.message), dispatcher.next(START)), (1, Next::Idle));

    dispatcher.altered(&altered([(1, "full.test"), (2, "full.test"), (3, "shut.test")]));
    assert_eq!(dispatcher.len(), 1, "what is under way stays known");
    let rows = [
        row(1, 0, "free.test", START, &open),
        row(2, 0, "free.test", START, &open),
        row(3, 0, "free.test", START, &open),
    ];
    dispatcher.offer(0, rows, START);
    let Next::Job(second) = dispatcher.next(START) else { panic!() };
    let Next::Job(third) = dispatcher.next(START) else { panic!() };
    assert_eq!((number(second.message), number(third.message)), (2, 3));
    assert_eq!((&*second.lane, &*third.lane), ("free.test", "free.test"));

    for group in [first, second, third] {
        finish(&mut dispatcher, &group);
    }
    assert_eq!(dispatcher.next(START), Next::Idle);
    assert_eq!((dispatcher.len(), dispatcher.flows(), dispatcher.under_way()), (0, 0, 0));
    assert_eq!(dispatcher.survey().lanes, []);
}

#[test]
fn altered_rows_are_not_taken_for_what_they_were() {
    let mut dispatcher = Dispatcher::new(TIGHT, Arc::new(Open));
    let facts = Facts::default();
    dispatcher.offer(0, [row(1, 0, "a.test", at(0), &facts), row(2, 0, "a.test", at(5000), &facts)], START);
    dispatcher.altered(&altered([(2, "a.test")]));
    assert_eq!(dispatcher.len(), 1, "what is altered is found again in the store");
    dispatcher.offer(0, [row(2, 0, "a.test", at(0), &facts)], at(1));
    let Next::Job(first) = dispatcher.next(at(1)) else { panic!() };
    let Next::Job(second) = dispatcher.next(at(1)) else { panic!() };
    assert_eq!((number(first.message), number(second.message)), (1, 2));
    finish(&mut dispatcher, &first);
    finish(&mut dispatcher, &second);
    assert_eq!((dispatcher.len(), dispatcher.flows(), dispatcher.under_way()), (0, 0, 0));
}

/// One thing that happens to a dispatcher.
#[derive(Clone, Debug)]
enum Event {
    Offer { message: u128, recipients: u32, hop: usize, account: usize, priority: usize, due: u64 },
    Pass(u64),
    Room { hop: usize, room: usize },
    Pace { hop: usize, pace: u64 },
    Lane { hop: usize, to: usize, told: bool },
    Hold(usize),
    Release,
    Altered { hop: usize, to: usize, every: u128, named: bool },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let offer = (0..300_u128, 1..5_u32, 0..4_usize, 0..3_usize, 0..3_usize, 0..3_000_u64).prop_map(
        |(message, recipients, hop, account, priority, due)| Event::Offer {
            message,
            recipients,
            hop,
            account,
            priority,
            due,
        },
    );
    let one = prop_oneof![
        10 => offer,
        4 => (1..800_u64).prop_map(Event::Pass),
        1 => (0..4_usize, 1..5_usize).prop_map(|(hop, room)| Event::Room { hop, room }),
        1 => (0..4_usize, prop_oneof![Just(0), 1..200_u64]).prop_map(|(hop, pace)| Event::Pace { hop, pace }),
        1 => (0..4_usize, 0..4_usize, any::<bool>()).prop_map(|(hop, to, told)| Event::Lane { hop, to, told }),
        1 => (0..3_usize).prop_map(Event::Hold),
        1 => Just(Event::Release),
        1 => (0..4_usize, 0..4_usize, 1..4_u128, any::<bool>())
            .prop_map(|(hop, to, every, named)| Event::Altered { hop, to, every, named }),
    ];
    prop::collection::vec(one, 0..150)
}

const HOPS: [&str; 4] = ["a.test", "b.test", "c.test", "d.test"];
const ACCOUNTS: [&str; 3] = ["x", "y", "z"];

/// What must be true at every moment.
struct Model {
    world: World,
    gate: Arc<Steered>,
    limits: Limits,
    /// Rows that wait, with hop, facts and due time, as the store would have them.
    stored: BTreeMap<RowId, DueRow>,
    came_out: BTreeSet<RowId>,
}

impl Model {
    fn new(limits: Limits) -> Self {
        let gate = Arc::new(Steered::default());
        let world = World::new(limits, Arc::clone(&gate) as Arc<dyn Gate>);
        Self { world, gate, limits, stored: BTreeMap::new(), came_out: BTreeSet::new() }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Offer { message, recipients, hop, account, priority, due } => {
                let facts = facts(PRIORITIES[priority], ACCOUNTS[account]);
                for recipient in 0..recipients {
                    let row = row(message, recipient, HOPS[hop], at(self.world.now + due), &facts);
                    if !self.came_out.contains(&row.id) {
                        self.stored.entry(row.id).or_insert(row);
                    }
                }
                self.offer_all();
            }
            Event::Pass(milliseconds) => self.pass(self.world.now + milliseconds),
            Event::Room { hop, room } => {
                self.gate.0.lock().unwrap().rooms.insert(HOPS[hop].to_owned(), room);
            }
            Event::Pace { hop, pace } => {
                self.gate.0.lock().unwrap().pace.insert(HOPS[hop].to_owned(), pace);
            }
            Event::Lane { hop, to, told } => {
                self.gate.0.lock().unwrap().lanes.insert(HOPS[hop].to_owned(), HOPS[to].to_owned());
                if told {
                    self.world.dispatcher.moved([HOPS[hop].to_owned()]);
                }
            }
            Event::Hold(account) => {
                self.gate.0.lock().unwrap().held_accounts.insert(ACCOUNTS[account].to_owned());
            }
            Event::Release => {
                self.gate.0.lock().unwrap().held_accounts.clear();
                self.world.dispatcher.gate_changed();
            }
            Event::Altered { hop, to, every, named } => {
                let chosen =
                    |row: &DueRow| row.next_hop == HOPS[hop] && number(row.id.message).is_multiple_of(every);
                let mut altered = BTreeMap::new();
                for row in self.stored.values_mut().filter(|row| chosen(row)) {
                    altered.entry(HOPS[hop].to_owned()).or_insert_with(Vec::new).push(row.id);
                    HOPS[to].clone_into(&mut row.next_hop);
                    row.due = row.due.min(at(self.world.now));
                }
                match named {
                    true => self.world.dispatcher.altered(&altered),
                    false => self.world.dispatcher.all_altered(),
                }
                self.offer_all();
            }
        }
        self.pass(self.world.now);
    }

    /// Everything again and again: what is known is ignored.
    fn offer_all(&mut self) {
        let rows: Vec<DueRow> = self.stored.values().cloned().collect();
        self.world.offer(rows);
    }

    fn pass(&mut self, until: u64) {
        loop {
            let next = self.begin();
            let ends = self.world.running.first_key_value().map(|((at, _), _)| *at);
            let wakes = match &next {
                Next::WaitUntil(moment) => Some(u64::try_from(moment.as_millisecond()).unwrap() + 1),
                _ => None,
            };
            let soonest = [ends, wakes].into_iter().flatten().min();
            if soonest.is_none_or(|soonest| soonest > until) {
                self.world.now = self.world.now.max(until);
                return;
            }
            self.world.go_on(&next);
        }
    }

    fn begin(&mut self) -> Next {
        loop {
            match self.world.dispatcher.next(at(self.world.now)) {
                Next::Job(group) => {
                    self.began(&group);
                    self.world.jobs += 1;
                    let takes = 50 + (number(group.message) * 37 % 400) as u64;
                    self.world.running.insert((self.world.now + takes, self.world.jobs), group);
                    self.check_limits();
                }
                end => return end,
            }
        }
    }

    fn began(&mut self, group: &Group) {
        assert!(!group.ids.is_empty() && group.ids.len() <= self.limits.recipients_per_job);
        for id in &group.ids {
            let row = self.stored.remove(id).expect("what comes out was offered, and comes out once");
            assert!(row.due <= at(self.world.now), "nothing begins before its time");
            assert_eq!((&row.next_hop, &row.facts), (&group.next_hop, &*group.facts));
            assert_eq!(id.message, group.message);
            assert!(self.came_out.insert(*id));
        }
        let steering = self.gate.0.lock().unwrap();
        let lane = steering.lanes.get(&group.next_hop).unwrap_or(&group.next_hop);
        assert_eq!(*group.lane, **lane, "a job is counted in the lane that is true when it begins");
        let account = group.facts.account.clone().unwrap();
        assert!(!steering.held_accounts.contains(&account), "nothing passes a closed gate");
    }

    fn check_limits(&self) {
        let running = self.world.running.values();
        assert!(running.len() <= self.limits.jobs);
        assert_eq!(running.len(), self.world.dispatcher.under_way());
        let modest =
            self.world.running.values().filter(|group| group.facts.priority != Priority::Transactional);
        assert!(modest.count() <= Limits::open_to(Priority::Bulk, self.limits.jobs));
    }

    /// Opens every gate and lets time pass: everything must come out.
    fn end(mut self) {
        {
            let mut steering = self.gate.0.lock().unwrap();
            steering.held_accounts.clear();
            steering.rooms.clear();
            steering.pace.clear();
        }
        self.world.dispatcher.gate_changed();
        self.pass(self.world.now + 1_000_000);
        assert!(self.stored.is_empty(), "left behind: {:?}", self.stored.keys());
        let dispatcher = &self.world.dispatcher;
        assert_eq!((dispatcher.len(), dispatcher.flows(), dispatcher.under_way()), (0, 0, 0));
        assert_eq!(dispatcher.survey().lanes, [], "nothing is kept of what is over");
        let steering = self.gate.0.lock().unwrap();
        assert_eq!(steering.admitted, self.world.jobs, "every Go is a job");
    }
}

proptest! {
    /// Whatever happens: what is offered comes out once, in time, within the limits, through open gates only, and nothing is lost.
    #[test]
    fn nothing_is_lost_and_no_limit_is_exceeded(events in events(), jobs in 1..20_usize, per_lane in 1..10_usize) {
        let mut model = Model::new(Limits { jobs, jobs_per_lane: per_lane, recipients_per_job: 2 });
        for event in &events {
            model.happen(event);
        }
        model.end();
    }

    /// With lanes that do not change, no lane ever has more jobs than its room.
    #[test]
    fn no_lane_has_more_jobs_than_room(
        rows in prop::collection::vec((0..100_u128, 0..4_usize, 0..3_usize, 0..3_usize), 0..300),
        rooms in prop::collection::vec(1..12_usize, 4),
    ) {
        let gate = Arc::new(Steered::default());
        gate.0.lock().unwrap().rooms =
            HOPS.iter().zip(&rooms).map(|(hop, room)| ((*hop).to_owned(), *room)).collect();
        let limits = Limits { jobs: 25, jobs_per_lane: 99, recipients_per_job: 9 };
        let mut world = World::new(limits, Arc::clone(&gate) as Arc<dyn Gate>);
        world.offer(rows.iter().enumerate().map(|(n, (message, hop, account, priority))| {
            let facts = facts(PRIORITIES[*priority], ACCOUNTS[*account]);
            row(*message, u32::try_from(n).unwrap(), HOPS[*hop], START, &facts)
        }));
        loop {
            let next = world.begin(|group| 10 + (number(group.message) % 7) as u64);
            for (hop, room) in HOPS.iter().zip(&rooms) {
                let running = || world.running.values().filter(|group| *group.lane == **hop);
                prop_assert!(running().count() <= *room);
                let modest = running().filter(|group| group.facts.priority != Priority::Transactional).count();
                prop_assert!(modest <= Limits::open_to(Priority::Bulk, *room));
                // No room is left idle while somebody may use it.
                let waits = world.dispatcher.survey().lanes.iter().any(|lane| *lane.lane == **hop && lane.rows > 0);
                if waits && world.running.len() < Limits::open_to(Priority::Bulk, limits.jobs) {
                    prop_assert!(running().count() >= Limits::open_to(Priority::Bulk, *room));
                }
            }
            if !world.go_on(&next) {
                break;
            }
        }
        prop_assert!(world.dispatcher.is_empty());
    }
}
