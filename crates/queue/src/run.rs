//! The loop that keeps delivery going.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_store::{
    BoxFuture, DueRow, Facts, Lease, MessageRow, NodeId, QueueId, QueueRow, RecipientState, RowId, Store,
    StoreError,
};
use tokio::task::{Id, JoinSet};

use crate::batch::{Clerk, Done, Settled, Tried};
use crate::control::Control;
use crate::gate::{Gate, Open};
use crate::here::Here;
use crate::outcome::{Job, Outcome};
use crate::schedule::{Dispatcher, Group, Limits, Next, later};
use crate::settle::Settler;

/// Whoever hands messages to other hosts.
pub trait Deliver: Send + Sync + 'static {
    /// Tries a job once, all its recipients in as few transactions as it takes, and tells how it went. Never fails: what goes
    /// wrong is the outcome. Where the job has no content, it is read from the store.
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
    /// Jobs of an account for each job of an account that is not named.
    pub weights: BTreeMap<String, u32>,
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
            weights: BTreeMap::new(),
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
    /// The last row that the store has shown of each shard: everything before it is known.
    seen: BTreeMap<u16, (Timestamp, RowId)>,
    /// Rows due before this moment have been asked for, or are being.
    seen_until: Timestamp,
    poll_at: Timestamp,
    rescan_at: Timestamp,
    attempts: JoinSet<Result<Tried, StoreError>>,
    /// With what [`Control::alterations`] said when they began.
    under_way: BTreeMap<Id, (Group, u64)>,
    ready: Vec<Done>,
    settling: JoinSet<Result<Settled, StoreError>>,
    /// Until then outcomes gather before they are committed.
    settle_at: Option<Timestamp>,
}

/// Rows asked for at once.
const PAGE: usize = 5_000;
/// Beyond so many rows, or pairs of next hop and facts, the rest waits in the store: a bound for memory, far above what is needed so that no lane
/// hides another.
const MOST_ROWS: usize = 3_000_000;
const MOST_FLOWS: usize = 500_000;
/// So often everything that is due is asked for again, known or not: should a row ever be lost from sight, it is not for long.
const RESCAN: Duration = Duration::from_secs(3600);
/// So long outcomes gather before they are committed, unless there are many …
const GATHER: Duration = Duration::from_millis(10);
/// … which is so many.
const FEW: usize = 64;
/// Outcomes in one commit.
const COMMIT: usize = 256;
/// While so many outcomes wait for the disk, no attempt begins.
const MOST_READY: usize = 1_000;

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
            dispatcher: Dispatcher::new(settings.limits, Arc::clone(&settings.gate))
                .with_weights(settings.weights.clone()),
            settings,
            leases: BTreeMap::new(),
            renew_at: Timestamp::MIN,
            seen: BTreeMap::new(),
            seen_until: Timestamp::MIN,
            poll_at: Timestamp::MIN,
            rescan_at: Timestamp::MIN,
            attempts: JoinSet::new(),
            under_way: BTreeMap::new(),
            ready: Vec::new(),
            settling: JoinSet::new(),
            settle_at: None,
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
                Some(settled) = self.settling.join_next() => self.note_settled(settled).await?,
                Some(done) = self.attempts.join_next_with_id() => self.collect(done),
                () = control.rung() => {}
                () = tokio::time::sleep(pause) => {}
            }
            self.settle_ready(true);
            // One commit wakes many sessions, and each rings: the loop goes round once for all of them.
            tokio::task::yield_now().await;
        }
    }

    /// Does everything that is due at this moment, what becomes due meanwhile included, and gives back when the next row is due. For callers
    /// that own the clock.
    ///
    /// # Errors
    /// A [`RunError`].
    pub async fn run_due(&mut self) -> Result<Option<Timestamp>, RunError> {
        self.rewind(Timestamp::MIN);
        loop {
            self.begin_what_is_due().await?;
            if self.is_quiet() {
                if self.poll_at > self.clock.now() || self.control.is_paused() || self.control.is_closing() {
                    return self.next_due().await;
                }
                continue;
            }
            tokio::select! {
                biased;
                Some(settled) = self.settling.join_next() => self.note_settled(settled).await?,
                Some(done) = self.attempts.join_next_with_id() => self.collect(done),
                else => {}
            }
            self.settle_ready(false);
        }
    }

    fn is_quiet(&self) -> bool {
        self.attempts.is_empty() && self.ready.is_empty() && self.settling.is_empty()
    }

    async fn begin_what_is_due(&mut self) -> Result<(), RunError> {
        let now = self.clock.now();
        self.control.go_round();
        if let Some(hands) = self.control.take_hands() {
            (self.settler, self.deliver) = (hands.settler, hands.deliver);
            self.dispatcher.set_weights(hands.weights);
        }
        self.renew(now).await?;
        for asks in self.control.take_surveys() {
            // Who asked may have gone away.
            let _ = asks.send(self.dispatcher.survey());
        }
        if self.control.is_paused() || self.control.is_closing() {
            return Ok(());
        }
        if let Some(from) = self.control.take_asked() {
            self.rewind(from);
        }
        if now >= self.rescan_at {
            self.rewind(Timestamp::MIN);
            self.rescan_at = later(now, RESCAN);
        }
        self.gather(now).await?;
        // After the shelf was emptied: what lay there may have been altered too.
        self.forget_altered(now).await?;
        self.dispatcher.moved(self.settings.gate.moved());
        if self.control.take_gate_changed() {
            self.dispatcher.gate_changed();
        }
        // A receiver's place is free when its attempt ends, not when the disk has heard of it; but the disk must keep pace.
        while self.ready.len() < MOST_READY
            && let Next::Job(group) = self.dispatcher.next(now)
        {
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

    /// Has the store asked again for what is due from that moment on.
    fn rewind(&mut self, from: Timestamp) {
        if from > self.seen_until {
            return;
        }
        let first = RowId { message: QueueId::from_bits(0), recipient: 0 };
        self.seen.retain(|_, (due, row)| {
            if *due >= from {
                (*due, *row) = (from, first);
            }
            from > Timestamp::MIN
        });
        self.poll_at = Timestamp::MIN;
    }

    /// Takes what is new: from the shelf always, from the store when it is time.
    async fn gather(&mut self, now: Timestamp) -> Result<(), RunError> {
        let mut stored = Vec::new();
        if now >= self.poll_at && self.has_room() {
            let until = later(now, self.settings.poll);
            let mut full = false;
            for (shard, lease) in &self.leases {
                let after = self.seen.get(shard).copied();
                let rows = self.store.due(lease, after, until, PAGE).await.map_err(fatal)?;
                full |= rows.len() >= PAGE;
                if let Some(last) = rows.last() {
                    self.seen.insert(*shard, (last.due, last.id));
                }
                stored.push((*shard, rows));
            }
            self.seen_until = until;
            // After a full page the next one is asked for as soon as what can begin has begun.
            self.poll_at = if full { now } else { until };
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

    /// What was altered no longer waits where it did: few rows are read at once, many come with the others that are due.
    async fn forget_altered(&mut self, now: Timestamp) -> Result<(), RunError> {
        let Some(altered) = self.control.take_altered() else { return Ok(()) };
        if altered.are_many() {
            self.dispatcher.all_altered();
            self.rewind(Timestamp::MIN);
            return Ok(());
        }
        self.dispatcher.altered(&altered.rows);
        let ids: Vec<RowId> = altered.rows.into_values().flatten().collect();
        match altered.oldest {
            Some(oldest) if ids.len() > PAGE => self.rewind(oldest.min(now)),
            _ => self.read_anew(ids, now).await?,
        }
        Ok(())
    }

    /// Offers rows as they are by now.
    async fn read_anew(&mut self, ids: Vec<RowId>, now: Timestamp) -> Result<(), RunError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut rows = self.store.rows(ids).await.map_err(fatal)?;
        // The store has not been asked yet for what is due later.
        rows.retain(|row| row.state == RecipientState::Queued && row.due <= self.seen_until);
        self.offer_fresh(rows, now);
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.dispatcher.len() < MOST_ROWS && self.dispatcher.flows() < MOST_FLOWS
    }

    /// Which shard fresh rows belong to is plain where there is one; else, and when too much is held already, the store
    /// is asked.
    fn offer_fresh(&mut self, fresh: Vec<QueueRow>, now: Timestamp) {
        let Some(first) = fresh.iter().map(|row| row.due).min() else { return };
        match self.leases.keys().next() {
            Some(shard) if self.settings.one_shard && self.has_room() => {
                self.dispatcher.offer_fresh(*shard, fresh, now);
            }
            _ => self.rewind(first),
        }
    }

    fn begin(&mut self, group: Group) {
        let (store, deliver) = (Arc::clone(&self.store), Arc::clone(&self.deliver));
        let (settler, clock) = (Arc::clone(&self.settler), Arc::clone(&self.clock));
        let (kept, alterations) = (group.clone(), self.control.alterations());
        let fresh = self.control.take_message(group.message, group.ids.len());
        let task = self.attempts.spawn(async move {
            attempt(store.as_ref(), &settler, deliver.as_ref(), clock.as_ref(), &group, fresh).await
        });
        self.under_way.insert(task.id(), (kept, alterations));
    }

    fn collect(&mut self, ended: Result<(Id, Result<Tried, StoreError>), tokio::task::JoinError>) {
        let mut next = Some(ended);
        while let Some(ended) = next.take() {
            let (id, result) = ended.unwrap_or_else(|broken| {
                // A bug in delivery must not take the message with it: the recipients are tried again later.
                tracing::error!(%broken, "an attempt broke off");
                (broken.id(), Err(StoreError::Unusable(broken.to_string())))
            });
            if let Some((group, alterations)) = self.under_way.remove(&id) {
                let done = Done { group, alterations, result };
                self.tell_gate(&done);
                self.dispatcher.ended(&done.group);
                if let Some(done) = self.put_back(done) {
                    self.ready.push(done);
                }
            }
            next = self.attempts.try_join_next_with_id();
        }
    }

    /// Takes back what was not tried after all, so that it waits in the lane where it belongs. Gives back everything else.
    fn put_back(&mut self, done: Done) -> Option<Done> {
        let Ok(Tried { went: Some((outcome, _)), strays }) = &done.result else { return Some(done) };
        let Some(until) = outcome.put_back else { return Some(done) };
        self.dispatcher.settled(&done.group);
        let rows = &outcome.job.rows;
        if !strays.is_empty() || done.alterations != self.control.alterations() {
            // They may belong elsewhere by now: the store knows.
            let oldest = rows.iter().chain(strays).map(|row| row.due).min();
            self.rewind(oldest.unwrap_or(Timestamp::MIN));
            return None;
        }
        let due = |row: &QueueRow| DueRow {
            id: row.id,
            due: until,
            next_hop: row.next_hop.clone(),
            facts: Facts::clone(&row.facts),
        };
        let rows: Vec<DueRow> = rows.iter().map(due).collect();
        self.dispatcher.offer(done.group.shard, rows, self.clock.now());
        None
    }

    fn tell_gate(&self, done: &Done) {
        let Done { group, result, .. } = done;
        let went = result.as_ref().ok().and_then(|tried| tried.went.as_ref());
        let outcome = went.map(|(outcome, _)| outcome);
        self.settings.gate.finished(&group.lane, &group.gate_facts(), outcome, self.clock.now());
    }

    /// Commits what is ready, one commit at a time: while one is being synced, the next one gathers. While attempts are under way and few outcomes are
    /// ready, it waits a moment for more: a sync costs the same for one as for hundreds, and nobody waits for it.
    fn settle_ready(&mut self, patient: bool) {
        let Some(shard) = self.ready.first().map(|done| done.group.shard) else { return };
        let Some(lease) = self.leases.get(&shard).cloned() else { return };
        if !self.settling.is_empty() {
            return;
        }
        if patient && self.ready.len() < FEW && !self.attempts.is_empty() {
            let now = self.clock.now();
            if now < *self.settle_at.get_or_insert_with(|| later(now, GATHER)) {
                return;
            }
        }
        self.settle_at = None;
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
            let clerk = Clerk { store: &*store, settler: &settler, clock: &*clock, control: &control };
            clerk.settle(&lease, batch).await
        });
    }

    async fn note_settled(
        &mut self,
        settled: Result<Result<Settled, StoreError>, tokio::task::JoinError>,
    ) -> Result<(), RunError> {
        let settled = settled
            .map_err(|broken| RunError::Store(StoreError::Unusable(broken.to_string())))?
            .map_err(fatal)?;
        for group in &settled.groups {
            self.dispatcher.settled(group);
        }
        let now = self.clock.now();
        if settled.alterations != self.control.alterations() {
            let fresh = settled.fresh.iter().map(|row| row.id);
            let ids = fresh.chain(settled.deferred.iter().map(|(_, row)| row.id)).collect();
            return self.read_anew(ids, now).await;
        }
        // One settlement is under way at a time, so a born row that the store showed meanwhile is still known.
        self.offer_fresh(settled.fresh, now);
        // The store has been asked for all that is due until then, and would not show these.
        for (shard, row) in settled.deferred {
            if row.due <= self.seen_until {
                self.dispatcher.offer(shard, [row], now);
            }
        }
        Ok(())
    }

    /// How long nothing can happen by itself.
    fn until_next(&self) -> Duration {
        let now = self.clock.now();
        let mut wake = self.settle_at.map_or(self.renew_at, |at| at.min(self.renew_at));
        if !self.control.is_paused() && !self.control.is_closing() {
            let poll_at = Some(self.poll_at).filter(|_| self.has_room());
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
    fresh: Option<(MessageRow, Bytes)>,
) -> Result<Tried, StoreError> {
    let (rows, strays) = present_rows(store, group).await?;
    if rows.is_empty() {
        return Ok(Tried { went: None, strays });
    }
    let (message, content) = match fresh {
        Some((message, content)) => (message, Some(content)),
        None => (store.message(group.message).await?, None),
    };
    let reverse_path = settler.reverse_path(&message);
    let number = Some(group.number);
    let job = Job { number, message, next_hop: group.next_hop.clone(), reverse_path, rows, content };
    let went = match settler.deliver_here(job, clock.now()).await? {
        Here::Elsewhere(job) => (deliver.attempt(*job).await, None),
        Here::Done(done) => *done,
    };
    Ok(Tried { went: Some(went), strays })
}

/// The rows of a group as they are now, and those that go elsewhere by now. What was held or dropped meanwhile is in neither.
async fn present_rows(
    store: &dyn Store,
    group: &Group,
) -> Result<(Vec<QueueRow>, Vec<QueueRow>), StoreError> {
    if !group.rows.is_empty() {
        return Ok((group.rows.clone(), Vec::new()));
    }
    let mut rows = store.rows(group.ids.clone()).await?;
    rows.retain(|row| row.state == RecipientState::Queued);
    Ok(rows.into_iter().partition(|row| row.next_hop == group.next_hop))
}
