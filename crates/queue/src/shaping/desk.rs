//! The shaper, shared: the gate of the schedule, the counter of connections, and what is kept on the disk.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::{Note, note};
use tegami_store::{Facts, QueueId, Store, StoreError, Table};

use super::shaper::{Because, Course, Heard, Limits, PathKey, PathView, Shaper, ShapingSettings, Wait};
use super::source::Wanted;
use super::terms::{Terms, smarthost_place};
use crate::gate::{Admission, Gate, GateFacts, Scope};
use crate::outcome::Outcome;
use crate::schedule::later;

/// How often what changed is written down. A crash forgets so much at most.
pub const WRITTEN_EVERY: Duration = Duration::from_secs(5);
/// Rows read at once.
const PAGE: usize = 1000;

/// Says through which smarthost a job goes first, where the routes send it through one.
pub type Relay = dyn Fn(&GateFacts<'_>) -> Option<String> + Send + Sync;

/// The shaper of a server. A lane is a path of it.
#[derive(Default)]
pub struct Shaping {
    state: Mutex<State>,
    /// Asked without the lock of the state: routes are walked for every job.
    relay: RwLock<Option<Arc<Relay>>>,
}

#[derive(Default)]
struct State {
    shaper: Shaper,
    /// How those jobs travel that were let go, by number.
    under_way: BTreeMap<u64, Course>,
    /// The latest moment that anybody told.
    now: Timestamp,
}

impl State {
    fn at(&mut self, now: Timestamp) -> &mut Shaper {
        self.now = self.now.max(now);
        &mut self.shaper
    }
}

impl fmt::Debug for Shaping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shaping").finish_non_exhaustive()
    }
}

impl Shaping {
    /// Without any history.
    pub fn new(settings: ShapingSettings) -> Self {
        let state = State { shaper: Shaper::new(settings), ..State::default() };
        Self { state: Mutex::new(state), relay: RwLock::default() }
    }

    /// With routes that lead through smarthosts: what goes through one is shaped as the smarthost wants it, not as the recipient's provider does.
    #[must_use]
    pub fn with_relay(self, relay: Box<Relay>) -> Self {
        self.relay_through(relay);
        self
    }

    /// Goes by other settings and routes from now on; what was heard and counted stays.
    pub fn reload(&self, settings: ShapingSettings, relay: Box<Relay>, now: Timestamp) {
        self.relay_through(relay);
        self.state().at(now).reload(settings, now);
    }

    fn relay_through(&self, relay: Box<Relay>) {
        *self.relay.write().unwrap_or_else(PoisonError::into_inner) = Some(relay.into());
    }

    /// What a job is to the shaper: whose it is, and its place or next hop.
    fn hop<'a>(&self, job: &GateFacts<'a>) -> (Wanted<'a>, String) {
        let relay = self.relay.read().unwrap_or_else(PoisonError::into_inner).clone();
        let host = relay.and_then(|relay| relay(job));
        let hop = host.map_or_else(|| job.next_hop.to_owned(), |host| smarthost_place(&host));
        (wanted(job.message, job.facts), hop)
    }

    /// Why a job would wait now; nothing is counted.
    pub fn wait(&self, job: &GateFacts<'_>, now: Timestamp) -> Option<Wait> {
        let (wanted, hop) = self.hop(job);
        self.state().at(now).wait(&wanted, &hop, now)
    }

    /// How a message travels: as it was let go, else (for what did not pass the gate) as it would be now.
    pub fn course(&self, job: &GateFacts<'_>, now: Timestamp) -> Course {
        if let Some(course) = job.number.and_then(|number| self.state().under_way.get(&number).cloned()) {
            return course;
        }
        let (wanted, hop) = self.hop(job);
        self.state().at(now).course(&wanted, &hop, now)
    }

    /// The path from a source to an MX host.
    pub fn path_to(&self, source: &Arc<str>, host: &str) -> PathKey {
        PathKey { source: Arc::clone(source), place: self.state().shaper.place_of_host(host) }
    }

    /// The path from a source to a smarthost.
    pub fn path_through(&self, source: &Arc<str>, host: &str) -> PathKey {
        PathKey { source: Arc::clone(source), place: smarthost_place(host).into() }
    }

    /// The MX records of a next hop lead to this host.
    pub fn learn(&self, next_hop: &str, host: &str, now: Timestamp) {
        self.state().at(now).learn(next_hop, host, now);
    }

    /// The limits of a path now.
    pub fn limits(&self, path: &PathKey) -> Limits {
        self.state().shaper.limits(path)
    }

    /// The terms of a place, and what people call it.
    pub fn terms(&self, place: &str) -> (String, Arc<Terms>) {
        let state = self.state();
        (state.shaper.title(place), Arc::clone(state.shaper.terms(place)))
    }

    /// The right to one more connection, where there is room for it.
    pub fn connect(self: &Arc<Self>, path: &PathKey, now: Timestamp) -> Option<Open> {
        let fits = self.state().at(now).connect(path, now);
        fits.then(|| Open { shaping: Arc::clone(self), path: path.clone() })
    }

    /// Something was heard in an attempt begun at `began_at`.
    pub fn hear(&self, path: &PathKey, heard: Heard<'_>, began_at: Timestamp, now: Timestamp) {
        let mut state = self.state();
        if !state.at(now).hear(path, heard, began_at, now) {
            return;
        }
        let view = state.shaper.view_of_path(path, now);
        drop(state);
        let Some(view) = view else { return };
        let reply =
            view.changes.last().and_then(|change| change.evidence.as_ref()).map(|told| told.reply.as_str());
        let until = view.paused_until.map(tracing::field::display);
        tracing::info!(
            source = view.source,
            place = view.place,
            share = view.share,
            per_minute = view.limits.per_minute,
            until,
            reply,
            "the pace changed"
        );
    }

    /// Every path that something is known of.
    pub fn view(&self, now: Timestamp) -> Vec<PathView> {
        self.state().at(now).view(now)
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<ShapingSettings> {
        Arc::clone(self.state().shaper.settings())
    }

    /// Takes up what was written once.
    ///
    /// # Errors
    /// What the store says.
    pub async fn restore(&self, store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let rows = store.scan(Table::Shaping, "", after.as_deref(), PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            self.state().at(now).restore(rows, now);
        }
    }

    /// Writes down what changed since the last time.
    ///
    /// # Errors
    /// What the store says; what could not be written is lost, which costs a memory and no mail.
    pub async fn write(&self, store: &dyn Store) -> Result<(), StoreError> {
        let lines = self.state().shaper.take_changes();
        let (mut put, mut delete) = (Vec::new(), Vec::new());
        for (key, value) in lines {
            match value {
                Some(value) => put.push((key, value)),
                None => delete.push(key),
            }
        }
        if !put.is_empty() {
            store.put(Table::Shaping, put).await?;
        }
        if !delete.is_empty() {
            store.delete(Table::Shaping, delete).await?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wanted(message: QueueId, facts: &Facts) -> Wanted<'_> {
    Wanted {
        message,
        account: facts.account.as_deref(),
        domain: &facts.sender_domain,
        tags: &facts.tags,
        leaves_from: facts.leaves_from.as_ref(),
    }
}

/// An open connection; counted until it is dropped.
#[derive(Debug)]
pub struct Open {
    shaping: Arc<Shaping>,
    path: PathKey,
}

impl Open {
    /// The path that it is counted on.
    pub fn path(&self) -> &PathKey {
        &self.path
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shaping.state().shaper.disconnect(&self.path);
    }
}

impl Gate for Shaping {
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str> {
        let (wanted, hop) = self.hop(job);
        let state = self.state();
        state.shaper.queue_of(&wanted, &hop, state.now).lane()
    }

    fn place(&self, next_hop: &str) -> Arc<str> {
        let state = self.state();
        state.shaper.place(next_hop, state.now)
    }

    fn moved(&self) -> Vec<String> {
        self.state().shaper.take_moved()
    }

    fn room(&self, lane: &str) -> Option<usize> {
        let path = PathKey::of_lane(lane)?;
        usize::try_from(self.limits(&path).connections).ok()
    }

    fn recipients(&self, lane: &str) -> Option<usize> {
        let path = PathKey::of_lane(lane)?;
        usize::try_from(self.limits(&path).recipients).ok()
    }

    fn admit(&self, _: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        let (wanted, hop) = self.hop(job);
        let mut state = self.state();
        match state.at(now).begin(&wanted, &hop, now) {
            Ok(course) => {
                if let Some(number) = job.number {
                    state.under_way.insert(number, course);
                }
                Admission::Go
            }
            Err(wait) => not_before(&wait, now),
        }
    }

    fn look(&self, _: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        self.wait(job, now).map_or(Admission::Go, |wait| not_before(&wait, now))
    }

    fn finished(&self, _: &str, job: &GateFacts<'_>, outcome: Option<&Outcome>, now: Timestamp) {
        let mut state = self.state();
        let Some(course) = job.number.and_then(|number| state.under_way.remove(&number)) else { return };
        match outcome.is_some_and(|outcome| outcome.put_back.is_some()) {
            true => state.at(now).take_back(&course, now),
            false => state.at(now).end(&course, now),
        }
    }
}

/// All of a lane shares its path, so what one waits for the others wait for.
fn not_before(wait: &Wait, now: Timestamp) -> Admission {
    let until = wait.until.unwrap_or_else(|| later(now, Duration::from_secs(1)));
    Admission::NotBefore { until, scope: Scope::Lane, because: wait.note() }
}

impl Wait {
    /// For people.
    pub fn note(&self) -> Note {
        let place = &self.place;
        let until =
            self.until.map(|until| until.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default();
        match &self.because {
            Because::BackedOff { change } => {
                let evidence = change.as_ref().and_then(|change| change.evidence.as_ref());
                let (reply, host) =
                    evidence.map(|told| (told.reply.as_str(), told.host.as_str())).unwrap_or_default();
                note!("queue-wait-backed-off", place = place, until = until, reply = reply, host = host)
            }
            Because::Rate { limit, per: "hour" } => {
                note!("queue-wait-rate-hour", place = place, until = until, limit = limit)
            }
            Because::Rate { limit, .. } => {
                note!("queue-wait-rate-minute", place = place, until = until, limit = limit)
            }
            Because::Connections { limit } => note!("queue-wait-connections", place = place, limit = limit),
            Because::WarmUp { day, allowance } => {
                let source = &self.source;
                note!(
                    "queue-wait-warm-up",
                    place = place,
                    until = until,
                    source = source,
                    day = day,
                    allowance = allowance
                )
            }
        }
    }
}
