//! The loop that keeps delivery going.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_store::{
    BoxFuture, Lease, NewMessage, NodeId, QueueRow, RecipientState, RowId, SettleOp, Settlement, Store,
    StoreError,
};
use tokio::task::{Id, JoinSet};

use crate::control::{Control, fresh_rows};
use crate::fate;
use crate::gate::{Gate, GateFacts, Open};
use crate::here::Here;
use crate::outcome::{Job, Outcome};
use crate::schedule::{Dispatcher, Group, Limits, Next, later};
use crate::settle::Settler;

/// Whoever hands messages to other hosts.
pub trait Deliver: Send + Sync + 'static {
    /// Tries a job once, all its recipients in as few transactions as it takes, and tells how it went. Never fails: what goes
    /// wrong is the outcome. The content is read from the store when it is needed.
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome>;
}

/// How the loop runs.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// This process.
    pub node: NodeId,
    /// How much at once.
    pub limits: Limits,
    /// Who may set out.
    pub gate: Arc<dyn Gate>,
    /// How long a lease holds without renewal; it is renewed after a third of that.
    pub lease: Duration,
    /// The store is asked at least so often, and so far ahead.
    pub poll: Duration,
    /// The engine has one shard, as the embedded one has: what intake accepts then goes to the loop without being read back.
    pub one_shard: bool,
}

impl RunSettings {
    /// The usual values for a node.
    pub fn new(node: NodeId) -> Self {
        let seconds = Duration::from_secs;
        Self {
            node,
            limits: Limits::default(),
            gate: Arc::new(Open),
            lease: seconds(60),
            poll: seconds(30),
            one_shard: true,
        }
    }
}

/// Why the loop ended. What was accepted is safe in the store; what was under way is tried again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// Another node has the lease: this one must not touch the queue any more.
    #[error("another node took over the queue")]
    LeaseLost,
    /// The store cannot go on; the process has to start anew.
    #[error("the store cannot go on: {0}")]
    Store(StoreError),
}

/// The loop: claims a lease, takes due recipients, has them delivered, settles the outcomes.
pub struct Postman {
    store: Arc<dyn Store>,
    settler: Arc<Settler>,
    deliver: Arc<dyn Deliver>,
    clock: Arc<dyn Clock>,
    control: Arc<Control>,
    settings: RunSettings,
    dispatcher: Dispatcher,
    leases: BTreeMap<u16, Lease>,
    renew_at: Timestamp,
    /// Rows due before this moment have been asked for.
    seen_until: Timestamp,
    poll_at: Timestamp,
    attempts: JoinSet<Done>,
    under_way: BTreeMap<Id, Group>,
    ready: Vec<Done>,
    settling: JoinSet<Result<Settled, StoreError>>,
}

/// A finished attempt with the group it was for.
struct Done {
    group: Group,
    result: Result<Tried, StoreError>,
}

/// How it went, and the copy for mailboxes here that is born with it.
type Tried = (Outcome, Option<NewMessage>);

/// What a commit settled.
struct Settled {
    groups: Vec<Group>,
    /// The rows of DSNs that were born with it.
    born: Vec<QueueRow>,
    /// The earliest moment at which one of the deferred rows is due.
    next_due: Option<Timestamp>,
}

/// Rows asked for at once beside those already known.
const PAGE: usize = 1000;
/// No more rows are held in memory than this; the others wait in the store.
const MOST: usize = 20_000;
/// Outcomes in one commit.
const COMMIT: usize = 64;

impl Postman {
    /// Nothing runs before [`Postman::run`].
    pub fn new(
        store: Arc<dyn Store>,
        settler: Arc<Settler>,
        deliver: Arc<dyn Deliver>,
        clock: Arc<dyn Clock>,
        control: Arc<Control>,
        settings: RunSettings,
    ) -> Self {
        Self {
            store,
            settler,
            deliver,
            clock,
            control,
            dispatcher: Dispatcher::new(settings.limits, Arc::clone(&settings.gate)),
            settings,
            leases: BTreeMap::new(),
            renew_at: Timestamp::MIN,
            seen_until: Timestamp::MIN,
            poll_at: Timestamp::MIN,
            attempts: JoinSet::new(),
            under_way: BTreeMap::new(),
            ready: Vec::new(),
            settling: JoinSet::new(),
        }
    }

    /// Runs until [`Control::close`], then finishes what is under way.
    ///
    /// # Errors
    /// A [`RunError`]; attempts under way are dropped then, because nothing about them could be written down.
    pub async fn run(mut self) -> Result<(), RunError> {
        loop {
            self.begin_what_is_due().await?;
            if self.control.is_closing() && self.is_quiet() {
                return Ok(());
            }
            let pause = self.until_next();
            let control = Arc::clone(&self.control);
            // One settlement is under way at a time, so looking at it first keeps nothing else waiting.
            tokio::select! {
                biased;
                Some(settled) = self.settling.join_next() => self.note_settled(settled)?,
                Some(done) = self.attempts.join_next_with_id() => self.collect(done),
                () = control.rung() => {}
                () = tokio::time::sleep(pause) => {}
            }
            self.settle_ready();
        }
    }

    /// Does everything that is due at this moment, what becomes due meanwhile included, and gives back when the next row is due. For callers
    /// that own the clock.
    ///
    /// # Errors
    /// A [`RunError`].
    pub async fn run_due(&mut self) -> Result<Option<Timestamp>, RunError> {
        self.poll_at = Timestamp::MIN;
        loop {
            self.begin_what_is_due().await?;
            if self.is_quiet() {
                return self.next_due().await;
            }
            tokio::select! {
                biased;
                Some(settled) = self.settling.join_next() => self.note_settled(settled)?,
                Some(done) = self.attempts.join_next_with_id() => self.collect(done),
                else => {}
            }
            self.settle_ready();
        }
    }

    fn is_quiet(&self) -> bool {
        self.attempts.is_empty() && self.ready.is_empty() && self.settling.is_empty()
    }

    async fn begin_what_is_due(&mut self) -> Result<(), RunError> {
        let now = self.clock.now();
        self.renew(now).await?;
        if self.control.is_paused() || self.control.is_closing() {
            return Ok(());
        }
        let early = self.control.take_next_due().is_some_and(|due| due <= self.seen_until);
        if self.control.take_asked() || early {
            self.poll_at = Timestamp::MIN;
        }
        self.gather(now).await?;
        if self.control.take_gate_changed() {
            self.dispatcher.gate_changed();
        }
        while let Next::Job(group) = self.dispatcher.next(now) {
            self.begin(group);
        }
        self.control.metrics().dispatcher(self.dispatcher.len(), self.dispatcher.under_way());
        Ok(())
    }

    async fn renew(&mut self, now: Timestamp) -> Result<(), RunError> {
        if now < self.renew_at {
            return Ok(());
        }
        let leases = self.store.claim(&self.settings.node, now, self.settings.lease).await.map_err(fatal)?;
        let leases: BTreeMap<u16, Lease> = leases.into_iter().map(|lease| (lease.shard, lease)).collect();
        let kept = |held: &Lease| leases.get(&held.shard).is_some_and(|lease| lease.epoch == held.epoch);
        if !self.leases.values().all(kept) {
            return Err(RunError::LeaseLost);
        }
        self.leases = leases;
        self.renew_at = later(now, self.settings.lease / 3);
        Ok(())
    }

    /// Takes what is new: from the shelf always, from the store when it is time.
    async fn gather(&mut self, now: Timestamp) -> Result<(), RunError> {
        let until = later(now, self.settings.poll);
        let mut stored = Vec::new();
        if now >= self.poll_at && self.dispatcher.len() < MOST {
            let mut full = false;
            for (shard, lease) in &self.leases {
                let most = self.dispatcher.len() + PAGE;
                let due = self.store.due(lease, None, until, most).await.map_err(fatal)?;
                let due = due.into_iter().map(|row| row.id).collect();
                let mut rows = self.store.rows(due).await.map_err(fatal)?;
                rows.retain(|row| row.state == RecipientState::Queued);
                full |= rows.len() >= most;
                stored.push((*shard, rows));
            }
            // A full page means that there is more; it is asked for again soon.
            self.seen_until = until;
            self.poll_at = if full { later(now, Duration::from_millis(100)) } else { until };
        }
        // The shelf is emptied after the store was asked and before its rows are offered: see `control`.
        for (shard, rows) in stored {
            let (fresh, rows) = self.control.take(rows);
            self.offer_fresh(fresh, now);
            self.dispatcher.offer(shard, rows, now);
        }
        let (fresh, _) = self.control.take(Vec::new());
        self.offer_fresh(fresh, now);
        Ok(())
    }

    /// Which shard fresh rows belong to is plain where there is one; else, and when too much is held already, the store
    /// is asked.
    fn offer_fresh(&mut self, fresh: Vec<QueueRow>, now: Timestamp) {
        match self.leases.keys().next() {
            _ if fresh.is_empty() => {}
            Some(shard) if self.settings.one_shard && self.dispatcher.len() < 2 * MOST => {
                self.dispatcher.offer(*shard, fresh, now);
            }
            _ => self.poll_at = self.poll_at.min(later(now, Duration::from_millis(100))),
        }
    }

    fn begin(&mut self, group: Group) {
        let (store, deliver) = (Arc::clone(&self.store), Arc::clone(&self.deliver));
        let (settler, clock) = (Arc::clone(&self.settler), Arc::clone(&self.clock));
        let kept = group.clone();
        let task = self.attempts.spawn(async move {
            let result = attempt(store.as_ref(), &settler, deliver.as_ref(), clock.as_ref(), &group).await;
            Done { group, result }
        });
        self.under_way.insert(task.id(), kept);
    }

    fn collect(&mut self, done: Result<(Id, Done), tokio::task::JoinError>) {
        let mut done = Some(done);
        while let Some(next) = done.take() {
            match next {
                Ok((id, finished)) => {
                    self.under_way.remove(&id);
                    self.tell_gate(&finished);
                    self.ready.push(finished);
                }
                Err(broken) => {
                    // A bug in delivery must not take the message with it: the recipients are tried again later.
                    tracing::error!(%broken, "an attempt broke off");
                    if let Some(group) = self.under_way.remove(&broken.id()) {
                        let result = Err(StoreError::Unusable(broken.to_string()));
                        let broken = Done { group, result };
                        self.tell_gate(&broken);
                        self.ready.push(broken);
                    }
                }
            }
            done = self.attempts.try_join_next_with_id();
        }
    }

    fn tell_gate(&self, done: &Done) {
        let Done { group, result } = done;
        let Some(facts) = group.rows.first().map(|row| Arc::clone(&row.facts)) else { return };
        let job = GateFacts { message: group.message, next_hop: &group.next_hop, facts: &facts };
        let outcome = result.as_ref().ok().map(|(outcome, _)| outcome);
        self.settings.gate.finished(&group.lane, &job, outcome, self.clock.now());
    }

    /// Commits what is ready, one commit at a time: while one is being synced, the next one gathers.
    fn settle_ready(&mut self) {
        let Some(shard) = self.ready.first().map(|done| done.group.shard) else { return };
        let Some(lease) = self.leases.get(&shard).cloned() else { return };
        if !self.settling.is_empty() {
            return;
        }
        let mut batch = Vec::new();
        let mut rest = Vec::new();
        for done in self.ready.drain(..) {
            let fits = done.group.shard == shard && batch.len() < COMMIT;
            if fits { batch.push(done) } else { rest.push(done) }
        }
        self.ready = rest;
        let (store, settler) = (Arc::clone(&self.store), Arc::clone(&self.settler));
        let (clock, control) = (Arc::clone(&self.clock), Arc::clone(&self.control));
        self.settling.spawn(async move {
            settle(store.as_ref(), &settler, clock.as_ref(), &control, &lease, batch).await
        });
    }

    fn note_settled(
        &mut self,
        settled: Result<Result<Settled, StoreError>, tokio::task::JoinError>,
    ) -> Result<(), RunError> {
        let settled = settled
            .map_err(|broken| RunError::Store(StoreError::Unusable(broken.to_string())))?
            .map_err(fatal)?;
        for group in settled.groups {
            let rows: Vec<RowId> = group.rows.iter().map(|row| row.id).collect();
            self.dispatcher.finished(&group.lane, &rows);
        }
        // One settlement is under way at a time, so a born row that the store showed meanwhile is still known.
        self.offer_fresh(settled.born, self.clock.now());
        if settled.next_due.is_some_and(|due| due <= self.seen_until) {
            self.poll_at = Timestamp::MIN;
        }
        Ok(())
    }

    /// How long nothing can happen by itself.
    fn until_next(&self) -> Duration {
        let now = self.clock.now();
        let mut wake = self.renew_at;
        if !self.control.is_paused() && !self.control.is_closing() {
            let poll_at = Some(self.poll_at).filter(|_| self.dispatcher.len() < MOST);
            wake = [poll_at, self.dispatcher.wakes_at()].into_iter().flatten().fold(wake, Timestamp::min);
        }
        Duration::try_from(wake.duration_since(now)).unwrap_or_default().max(Duration::from_millis(1))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, RunError> {
        let mut next: Option<Timestamp> = None;
        for lease in self.leases.values() {
            let due = self.store.next_due(lease).await.map_err(fatal)?;
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next)
    }
}

fn fatal(error: StoreError) -> RunError {
    match error {
        StoreError::Fenced => RunError::LeaseLost,
        error => RunError::Store(error),
    }
}

/// One attempt: here where the mailboxes are here, else by whoever delivers.
async fn attempt(
    store: &dyn Store,
    settler: &Settler,
    deliver: &dyn Deliver,
    clock: &dyn Clock,
    group: &Group,
) -> Result<Tried, StoreError> {
    let message = store.message(group.message).await?;
    let reverse_path = settler.reverse_path(&message);
    let job = Job { message, next_hop: group.next_hop.clone(), reverse_path, rows: group.rows.clone() };
    Ok(match settler.deliver_here(job, clock.now()).await? {
        Here::Elsewhere(job) => (deliver.attempt(*job).await, None),
        Here::Done(done) => *done,
    })
}

/// Turns outcomes into one settlement and commits it. While the disk is full it waits: the peers have these messages, and nobody else
/// will write that down.
async fn settle(
    store: &dyn Store,
    settler: &Settler,
    clock: &dyn Clock,
    control: &Control,
    lease: &Lease,
    batch: Vec<Done>,
) -> Result<Settled, StoreError> {
    let now = clock.now();
    let mut whole = Settlement { at: Some(now), ..Settlement::default() };
    let mut groups = Vec::with_capacity(batch.len());
    let mut lines = Vec::new();
    for done in batch {
        match done.result {
            Ok((outcome, copy)) => {
                let took = Duration::try_from(now.duration_since(outcome.began_at)).unwrap_or_default();
                control.metrics().attempt_took(took);
                let about = fate::About::of(&outcome.job.message);
                let settlement = settler.settle(outcome, now).await?;
                lines.extend(about.fates(&settlement.events));
                whole.extend_with(settlement);
                whole.born.extend(copy);
            }
            Err(error) => whole.ops.extend(set_aside(&done.group, &error, now)),
        }
        groups.push(done.group);
    }
    let next_due = next_due(&whole);
    lines.extend(whole.born.iter().flat_map(fate::kept));
    let born: Vec<QueueRow> = whole.born.iter().flat_map(fresh_rows).collect();
    loop {
        match store.settle(lease, whole.clone()).await {
            Ok(()) => {
                control.tell(&lines);
                return Ok(Settled { groups, born, next_due });
            }
            Err(StoreError::Full(why)) => {
                tracing::error!(why, "the disk is full: outcomes wait to be written");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// A group whose message could not be read, or whose attempt broke off: tried again in five minutes.
fn set_aside(group: &Group, error: &StoreError, now: Timestamp) -> Vec<SettleOp> {
    tracing::error!(message = %group.message, %error, "a message could not be worked on");
    let due = later(now, Duration::from_secs(300));
    let defer = |row: &QueueRow| SettleOp::Defer { row: row.id, due, status: error.to_string() };
    group.rows.iter().map(defer).collect()
}

fn next_due(settlement: &Settlement) -> Option<Timestamp> {
    let deferred = settlement.ops.iter().filter_map(|op| match op {
        SettleOp::Defer { due, .. } => Some(*due),
        _ => None,
    });
    deferred.min()
}

/// Joining settlements.
trait ExtendWith {
    fn extend_with(&mut self, other: Self);
}

impl ExtendWith for Settlement {
    fn extend_with(&mut self, other: Self) {
        self.ops.extend(other.ops);
        self.attempts.extend(other.attempts);
        self.events.extend(other.events);
        self.born.extend(other.born);
        self.suppressions.extend(other.suppressions);
    }
}
