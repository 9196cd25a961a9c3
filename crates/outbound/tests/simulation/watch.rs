//! What must hold at every moment of a story.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tegami_mail::Clock;
use tegami_queue::shaping::{PathKey, Shaping};
use tegami_queue::{Deliver, Job, Limits, Outcome, RecipientOutcome};
use tegami_store::{BoxFuture, Priority, QueueId, QueueRow, RecipientState, RowId, Store};

use crate::gate::{Admitted, Standing};
use crate::network::Wire;
use crate::plan::Ending;
use crate::time::pass;
use crate::world::World;

/// No story has so many attempts.
const MOST_ATTEMPTS: usize = 20_000;

/// How the last status of a row begins that an operator took out.
const DROPPED: &str = "Taken out of the queue";

/// What was seen so far.
#[derive(Default)]
pub(crate) struct Watch {
    /// What must not be, in words.
    pub(crate) broken: Vec<String>,
    /// When receivers first heard of a sender and recipient.
    pub(crate) greeted: BTreeMap<(usize, String, String), Duration>,
    /// What receivers took.
    pub(crate) takes: Vec<Take>,
    /// Messages that were accepted: their place among the letters, and Message-ID.
    pub(crate) accepted: Vec<(usize, QueueId, String)>,
    /// Message-IDs of messages that were refused, or of which nobody can say.
    pub(crate) refused: BTreeSet<String>,
    pub(crate) unsure: BTreeSet<String>,
    /// Present process, counted from 1, and how earlier ones ended.
    pub(crate) life: usize,
    pub(crate) ends: Vec<Ending>,
    began: Option<Timestamp>,
    /// When an operator last began or ended something.
    pub(crate) operated: Option<Timestamp>,
    jobs: BTreeMap<u64, Running>,
    /// What attempts of this process came to: the recipient, the attempts before, and whether it was delivered.
    results: Vec<(RowId, u32, bool)>,
    last_job: u64,
    /// When there was last no room for another job, and for another one to a next hop.
    full: Option<Timestamp>,
    full_hops: BTreeMap<String, Timestamp>,
    pub(crate) attempts: usize,
    /// The standing rules of the operator, and when one was lifted last.
    pub(crate) rules: BTreeMap<String, Standing>,
    pub(crate) eased: Option<Timestamp>,
    /// What the gate let go and no attempt has taken up yet, by its number.
    pub(crate) admissions: BTreeMap<u64, Admitted>,
    /// When messages went on each path.
    pub(crate) gone: BTreeMap<PathKey, Vec<Timestamp>>,
    /// Of these, so many were not tried after all.
    pub(crate) put_back: BTreeMap<PathKey, usize>,
    /// Until when nothing may go on a path, because its end said that it was too much.
    pub(crate) quiet: BTreeMap<PathKey, Timestamp>,
    /// When that was heard last.
    complained: BTreeMap<PathKey, Timestamp>,
    /// Until when the gate stops lanes and next hops, and when jobs in a lane last ended.
    stopped: BTreeMap<String, Timestamp>,
    pub(crate) freed: BTreeMap<String, Timestamp>,
}

/// A receiver has a message for somebody.
pub(crate) struct Take {
    pub(crate) message_id: String,
    pub(crate) recipient: String,
    life: usize,
    job: Option<u64>,
    wire: Arc<Wire>,
    /// The `250` ends with this octet of the connection.
    told_at: Option<u64>,
}

impl Take {
    /// Our side has read the whole `250`.
    fn is_known(&self) -> bool {
        self.told_at.is_some_and(|octets| self.wire.has_read(octets))
    }
}

/// A job under way.
struct Running {
    message_id: String,
    next_hop: String,
    rows: Vec<(RowId, String)>,
    began: Timestamp,
    sender: String,
    admitted: Option<Admitted>,
    /// Recipients of whom a host said once and for all that there is no such user.
    answered: Vec<(String, Arc<Wire>, u64)>,
    weary: Vec<Weary>,
}

/// Somewhere it was said that it is too much.
#[derive(Clone)]
struct Weary {
    wire: Arc<Wire>,
    said: Timestamp,
    /// The reply ends with this octet of the connection.
    octet: u64,
    /// When the job began that heard it; the earliest of those that it may have been.
    began: Timestamp,
}

/// The real deliverer, with somebody who looks over its shoulder.
pub(crate) struct Watched<D> {
    pub(crate) world: Arc<World>,
    pub(crate) inner: D,
    /// What is learned is written down after each attempt.
    pub(crate) learned: Option<(Arc<Shaping>, Arc<dyn Store>)>,
}

impl<D: Deliver> Deliver for Watched<D> {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let number = self.world.attempt_begins(&job);
            if self.world.watch().attempts > MOST_ATTEMPTS {
                self.world.broken("attempt follows attempt without end".to_owned());
                pass(Duration::from_secs(86_400)).await;
            }
            let outcome = self.inner.attempt(job).await;
            self.world.attempt_ends(number, &outcome);
            if let Some((shaping, store)) = self.learned.clone() {
                tokio::spawn(async move { drop(shaping.write(store.as_ref()).await) });
            }
            outcome
        })
    }
}

impl World {
    pub(crate) fn life_begins(&self) {
        self.begin_life();
        let now = self.now();
        let mut watch = self.watch();
        watch.life += 1;
        watch.began = Some(now);
        watch.jobs.clear();
        watch.results.clear();
        (watch.full, watch.full_hops) = (None, BTreeMap::new());
        // What was counted in a process ends with it, and a kill forgets the last complaints.
        watch.admissions.clear();
        watch.gone.clear();
        watch.put_back.clear();
        watch.stopped.clear();
        watch.freed.clear();
        watch.complained.clear();
        if watch.ends.last() != Some(&Ending::Closed) {
            watch.quiet.clear();
        }
    }

    pub(crate) fn jobs_under_way(&self) -> usize {
        self.watch().jobs.len()
    }

    /// A process that had time to end has written everything down.
    pub(crate) fn check_written(&self) {
        let results = std::mem::take(&mut self.watch().results);
        for (id, attempts, delivered) in results {
            let row = self.disk.row(id);
            let written = row.as_ref().is_some_and(|row| match delivered {
                true => row.state == RecipientState::Delivered,
                false => row.attempts > attempts,
            });
            let dropped =
                row.is_some_and(|row| row.last_status.is_some_and(|status| status.starts_with(DROPPED)));
            if !written && !dropped {
                self.broken(format!("the result of an attempt was not written down: {id:?}"));
            }
        }
    }

    fn attempt_begins(&self, job: &Job) -> u64 {
        let rows: Vec<_> = job.rows.iter().map(|row| (row.id, row.path.address.to_string())).collect();
        let message_id = job.message.summary.message_id.clone();
        self.tell(|| {
            let names: Vec<_> = rows.iter().map(|(id, name)| format!("{name}#{}", id.recipient)).collect();
            format!("attempt of {message_id} for {}", names.join(" "))
        });
        for what in self.faults_of(job) {
            self.broken(format!("{what}: {message_id} for {rows:?}"));
        }
        let (now, limits) = (self.now(), self.plan.jobs);
        let mut watch = self.watch();
        watch.attempts += 1;
        watch.last_job += 1;
        let number = watch.last_job;
        let admitted = watch.admitted(job.number);
        let without_leave = admitted.is_none();
        let running = Running {
            message_id,
            next_hop: job.next_hop.clone(),
            rows,
            began: now,
            sender: job.reverse_path.to_string().trim_matches(['<', '>']).to_owned(),
            admitted,
            answered: Vec::new(),
            weary: Vec::new(),
        };
        watch.jobs.insert(number, running);
        watch.note_fullness(&job.next_hop, now, limits);
        drop(watch);
        if without_leave {
            self.broken(format!("an attempt that no gate let go, to {}", job.next_hop));
        }
        number
    }

    /// What is wrong with beginning this job now.
    fn faults_of(&self, job: &Job) -> Vec<String> {
        let (now, limits) = (self.now(), self.plan.jobs);
        let mut faults = Vec::new();
        let watch = self.watch();
        if watch.jobs.len() >= limits.jobs {
            faults.push("more jobs than allowed".to_owned());
        }
        let lane = watch.next_admitted(job).map(|admitted| &admitted.lane);
        let shaped = self.plan.shape.is_some();
        let same = |running: &&Running| match &running.admitted {
            Some(admitted) if shaped => Some(&admitted.lane) == lane,
            _ => running.next_hop == job.next_hop,
        };
        let beside = watch.jobs.values().filter(same).count();
        if beside >= self.jobs_beside(job, &watch) {
            faults.push("more jobs to one next hop than allowed".to_owned());
        }
        if job.rows.is_empty() || job.rows.len() > limits.recipients_per_job {
            faults.push(format!("a job of {} recipients", job.rows.len()));
        }
        for row in &job.rows {
            if watch.jobs.values().any(|running| running.rows.iter().any(|(id, _)| *id == row.id)) {
                faults.push("a recipient in two jobs at once".to_owned());
            }
            match self.disk.row(row.id) {
                // Somebody may act between the last look at a row and the attempt.
                Some(_) if watch.operated.is_some_and(|at| now <= at + self.patience()) => {}
                Some(kept) if kept.state == RecipientState::Queued => {
                    if (kept.due, kept.attempts) != (row.due, row.attempts) {
                        faults.push("an attempt with an old row".to_owned());
                    }
                }
                other => faults
                    .push(format!("an attempt for a recipient that is {:?}", other.map(|row| row.state))),
            }
            if now < row.due {
                faults.push("an attempt before it is due".to_owned());
            }
            // What was held is tried once more when it is let go.
            if row.due > row.expires && !self.plan.is_operated() {
                faults.push("an attempt after expiry".to_owned());
            }
            let lane = watch.next_admitted(job).map(|admitted| Arc::clone(&admitted.lane));
            let begin = watch.could_begin(row, &job.next_hop, lane.as_deref());
            let late = now.duration_since(begin);
            if late > self.patience() {
                faults.push(format!("an attempt {late:#} late"));
            }
        }
        faults
    }

    /// How long nobody need wonder where an attempt is.
    fn patience(&self) -> SignedDuration {
        let trouble = if self.plan.store_trouble > 0.0 { 60 } else { 0 };
        let latency = SignedDuration::try_from(self.plan.store_latency).unwrap();
        SignedDuration::from_secs(1 + trouble) + latency * 20
    }

    fn attempt_ends(&self, number: u64, outcome: &Outcome) {
        let mut broken = Vec::new();
        let (now, limits) = (self.now(), self.plan.jobs);
        let mut watch = self.watch();
        watch.note_fullness(&outcome.job.next_hop, now, limits);
        let Some(running) = watch.jobs.remove(&number) else { return };
        watch.hear(&running, self, outcome.put_back.is_some(), now);
        let mut told = Vec::new();
        for (row, address) in &running.rows {
            let result = outcome.recipients.iter().find(|result| result.row == *row);
            let before = outcome.job.rows.iter().find(|of| of.id == *row).map(|row| row.attempts);
            let delivered =
                matches!(result.map(|result| &result.outcome), Some(RecipientOutcome::Delivered { .. }));
            // What is put back is no attempt.
            if outcome.put_back.is_none() {
                watch.results.push((*row, before.unwrap_or_default(), delivered));
            }
            let of_job = |take: &&Take| {
                take.job == Some(number)
                    && take.message_id == running.message_id
                    && take.recipient == *address
            };
            let take = watch.takes.iter().find(of_job);
            let known = take.is_some_and(Take::is_known);
            let word = match result.map(|result| &result.outcome) {
                Some(RecipientOutcome::Delivered { .. }) => {
                    if take.is_none() {
                        broken.push(format!("delivered, but nobody took it: {address}"));
                    }
                    "delivered".to_owned()
                }
                Some(RecipientOutcome::Failed(failure)) => {
                    if known {
                        broken.push(format!("failed, though the receiver said that it took it: {address}"));
                    }
                    format!("failed {:?} {}", failure.stage, failure.enhanced())
                }
                Some(RecipientOutcome::PossiblyDelivered(_)) => {
                    if known {
                        broken.push(format!("possibly delivered, though it is known to be: {address}"));
                    }
                    "possibly delivered".to_owned()
                }
                None => {
                    broken.push(format!("no result: {address}"));
                    "nothing".to_owned()
                }
            };
            told.push(format!("{address} {word}"));
        }
        drop(watch);
        self.tell(|| format!("result of {}: {}", running.message_id, told.join(", ")));
        broken.into_iter().for_each(|what| self.broken(what));
    }

    /// How many jobs of a lane, or to one next hop where nothing shapes, may go on at once.
    fn jobs_beside(&self, job: &Job, watch: &Watch) -> usize {
        let place =
            watch.next_admitted(job).and_then(|admitted| admitted.path.as_ref()).map(|path| &path.place);
        let table = self.plan.shape.as_ref().zip(place).and_then(|(plan, place)| plan.table(place));
        match (table.and_then(|table| table.connections.as_ref()), place) {
            (Some(limit), _) => limit.limit as usize,
            (None, Some(_)) => usize::MAX,
            (None, None) => self.plan.jobs.jobs_per_lane,
        }
    }

    /// A receiver is offered a recipient, who is so many already in this transaction.
    pub(crate) fn offered(&self, host: usize, wire: &Arc<Wire>, sender: &str, recipient: &str, count: usize) {
        let mut broken = Vec::new();
        let mut watch = self.watch();
        if let Some(job) = watch.job_of(sender, recipient) {
            if !self.plan.permits(&job.next_hop, host) {
                let name = &self.plan.hosts[host].name;
                broken.push(format!("{name} is offered {recipient}, who goes to {}", job.next_hop));
            }
            let admitted = job.admitted.as_ref().and_then(|admitted| admitted.path.as_ref());
            if admitted.is_some_and(|path| *path.source != *wire.source) {
                broken.push(format!("{recipient} leaves from {:?} instead of {admitted:?}", wire.source));
            }
            let known =
                |(about, wire, octet): &(String, Arc<Wire>, u64)| about == recipient && wire.has_read(*octet);
            if job.answered.iter().any(known) {
                broken.push(format!("{recipient} is offered again, though the answer is known"));
            }
        }
        drop(watch);
        let table = self.plan.shape.as_ref().zip(wire.place.as_ref());
        let table = table.and_then(|(plan, place)| plan.table(place));
        let limit = table
            .and_then(|table| table.recipients.as_ref())
            .map_or(usize::MAX, |limit| limit.limit as usize);
        if count > limit.min(self.plan.outbound.limits.recipients) {
            broken.push(format!("{count} recipients in one transaction with {}", wire.peer));
        }
        broken.into_iter().for_each(|what| self.broken(what));
    }

    /// A receiver has said that there is no such user, with the last octet so far.
    pub(crate) fn answered(&self, wire: &Arc<Wire>, sender: &str, recipient: &str) {
        if let Some(job) = self.watch().job_of(sender, recipient) {
            job.answered.push((recipient.to_owned(), Arc::clone(wire), wire.written()));
        }
    }

    /// A receiver has said that it is too much, with the last octet so far.
    pub(crate) fn said_too_much(&self, sender: &str, wire: &Arc<Wire>) {
        let now = self.now();
        let mut watch = self.watch();
        let jobs = watch.jobs.values().filter(|running| running.sender == sender);
        let Some(began) = jobs.map(|running| running.began).min() else { return };
        for job in watch.jobs.values_mut().filter(|running| running.sender == sender) {
            job.weary.push(Weary { wire: Arc::clone(wire), said: now, octet: wire.written(), began });
        }
    }

    /// A connection has carried so many messages.
    pub(crate) fn carried(&self, wire: &Wire, messages: usize) {
        let table = self.plan.shape.as_ref().zip(wire.place.as_ref());
        let table = table.and_then(|(plan, place)| plan.table(place));
        let limit = table.and_then(|table| table.messages_per_connection.as_ref());
        if limit.is_some_and(|limit| messages > limit.limit as usize) {
            self.broken(format!("{messages} messages over one connection with {}", wire.peer));
        }
    }

    /// What arrives is what was accepted, to the last octet.
    pub(crate) fn check_content(&self, message_id: &str, received: &[u8]) {
        let kept = self.disk.content(message_id);
        let mut plain = Vec::with_capacity(received.len());
        for line in received.split_inclusive(|octet| *octet == b'\n') {
            // RFC 5321 section 4.5.2.
            match line.strip_prefix(b".") {
                Some(b"\r\n") => break,
                Some(rest) => plain.extend_from_slice(rest),
                None => plain.extend_from_slice(line),
            }
        }
        if kept.is_none_or(|kept| kept != plain) {
            self.broken(format!("{message_id} arrives as something else"));
        }
    }

    /// A receiver takes a message for somebody; the number is for [`World::acknowledge`].
    pub(crate) fn take(&self, message_id: &str, recipient: &str, wire: Arc<Wire>) -> usize {
        self.tell(|| format!("{} takes {message_id} for {recipient}", wire.peer));
        let mut broken = Vec::new();
        let mut watch = self.watch();
        let concerns = |running: &Running| {
            running.message_id == message_id && running.rows.iter().any(|(_, name)| name == recipient)
        };
        let job = watch.jobs.iter().find(|(_, running)| concerns(running)).map(|(number, _)| *number);
        let life = watch.life;
        for earlier in &watch.takes {
            if earlier.message_id != message_id || earlier.recipient != recipient {
                continue;
            }
            let ending = watch.ends.get(earlier.life - 1);
            if job.is_some() && earlier.job == job {
                broken.push("twice in one attempt");
            } else if earlier.is_known() && earlier.life == life {
                broken.push("twice, though the first time was known");
            } else if earlier.is_known() && ending == Some(&Ending::Closed) {
                broken.push("twice, though the process had time to write it down");
            }
        }
        watch.takes.push(Take {
            message_id: message_id.to_owned(),
            recipient: recipient.to_owned(),
            life,
            job,
            wire,
            told_at: None,
        });
        let number = watch.takes.len() - 1;
        drop(watch);
        broken.into_iter().for_each(|what| self.broken(format!("{message_id} for {recipient} {what}")));
        number
    }

    /// The receiver has said `250`, with this last octet.
    pub(crate) fn acknowledge(&self, takes: &[usize], octet: u64) {
        let mut watch = self.watch();
        for take in takes {
            watch.takes[*take].told_at = Some(octet);
        }
    }
}

impl Watch {
    fn note_fullness(&mut self, next_hop: &str, now: Timestamp, limits: Limits) {
        // Some places are kept for transactional mail.
        let full = |count: usize, places: usize| count >= Limits::open_to(Priority::Normal, places);
        if full(self.jobs.len(), limits.jobs) {
            self.full = Some(now);
        }
        let beside = self.jobs.values().filter(|running| running.next_hop == next_hop).count();
        if full(beside, limits.jobs_per_lane) {
            self.full_hops.insert(next_hop.to_owned(), now);
        }
    }

    /// The first moment at which nothing stood in the way of an attempt.
    fn could_begin(&self, row: &QueueRow, next_hop: &str, lane: Option<&str>) -> Timestamp {
        let hop = self.full_hops.get(next_hop).copied();
        let lane = lane.unwrap_or_default();
        // Sent elsewhere, mail no longer waits for what it waited for.
        let rerouted = row.path.address.host().to_string() != next_hop;
        let operated = self.operated.filter(|_| rerouted || !self.stopped.is_empty());
        let stops = [self.stopped.get(next_hop), self.stopped.get(lane), self.freed.get(lane)];
        let moments = [self.began, self.full, self.eased, operated, hop].into_iter();
        moments.chain(stops.map(Option::<&Timestamp>::copied)).flatten().fold(row.due, Timestamp::max)
    }

    /// The gate stops a lane, and with it what goes to this next hop.
    pub(crate) fn stop(&mut self, lane: &str, next_hop: &str, until: Timestamp) {
        for name in [lane, next_hop] {
            let stopped = self.stopped.entry(name.to_owned()).or_insert(until);
            *stopped = until.max(*stopped);
        }
    }

    /// What the gate has said of a job, once.
    pub(crate) fn admitted(&mut self, job: Option<u64>) -> Option<Admitted> {
        self.admissions.remove(&job?)
    }

    fn next_admitted(&self, job: &Job) -> Option<&Admitted> {
        self.admissions.get(&job.number?)
    }

    /// What the shaper must have learned from an attempt: where it was too much, nothing goes for a while. Complaints that were said to attempts
    /// begun before the last one was heard tell nothing new.
    fn hear(&mut self, running: &Running, world: &World, put_back: bool, now: Timestamp) {
        let Some(plan) = &world.plan.shape else { return };
        let path = running.admitted.as_ref().and_then(|admitted| admitted.path.as_ref());
        if let Some(path) = path.filter(|_| put_back) {
            *self.put_back.entry(path.clone()).or_default() += 1;
        }
        // Where it may have been another job that was told, nobody need know of it before that one ends.
        let others = || self.jobs.values().flat_map(|other| &other.weary);
        let twin =
            |one: &&Weary, other: &Weary| Arc::ptr_eq(&one.wire, &other.wire) && one.octet == other.octet;
        let heard = running.weary.iter().filter(|one| !others().any(|other| twin(one, other)));
        let heard: Vec<Weary> = heard.cloned().collect();
        for Weary { wire, said, octet, began } in heard {
            let (Some(place), true) = (&wire.place, wire.has_read(octet)) else { continue };
            let path = PathKey { source: wire.source.as_str().into(), place: place.as_str().into() };
            let pause = plan.table(place).and_then(|table| table.first_pause).unwrap_or(1);
            if self.complained.get(&path).is_none_or(|last| began > *last) {
                let until = said + Duration::from_secs(60 * u64::from(pause));
                let quiet = self.quiet.entry(path.clone()).or_insert(until);
                *quiet = until.max(*quiet);
            }
            self.complained.insert(path, now);
        }
    }

    /// The one job that a receiver speaks with, where that is plain.
    fn job_of(&mut self, sender: &str, recipient: &str) -> Option<&mut Running> {
        let mut jobs = self.jobs.values_mut().filter(|running| {
            running.sender == sender && running.rows.iter().any(|(_, name)| name == recipient)
        });
        let job = jobs.next()?;
        jobs.next().is_none().then_some(job)
    }
}
