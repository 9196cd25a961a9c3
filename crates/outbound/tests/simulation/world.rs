//! One story's world: the time, chance, what is durable, and what was seen.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use tegami_mail::Clock;
use tokio::time::Instant;

use crate::model::{Call, Disk, Lot, Mishap, Weather};
use crate::network::Roads;
use crate::plan::Plan;
use crate::watch::Watch;

/// Shared by everything in a story; one thread runs it.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) plan: Plan,
    pub(crate) disk: Arc<Disk>,
    pub(crate) watch: Mutex<Watch>,
    pub(crate) roads: Mutex<Roads>,
    rng: Mutex<Rng>,
    time: Mutex<Time>,
    story: Option<Mutex<Vec<String>>>,
}

/// The moment at which the present process began, by both clocks.
#[derive(Clone, Copy)]
struct Time {
    began: Timestamp,
    instant: Option<Instant>,
}

thread_local! {
    /// Panics of this thread, in words: a task that panics takes nobody else with it, and must not be overlooked.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes panics beside printing them.
pub(crate) fn watch_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.with_borrow_mut(|panics| panics.push(info.to_string()));
            usual(info);
        }));
    });
}

pub(crate) fn panics() -> Vec<String> {
    PANICS.take()
}

/// When every story begins.
pub(crate) fn beginning() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

impl World {
    pub(crate) fn new(seed: u64, told: bool) -> Arc<Self> {
        let mut rng = Rng::with_seed(seed);
        let plan = Plan::new(&mut rng);
        Arc::new(Self {
            seed,
            disk: Arc::default(),
            watch: Mutex::default(),
            roads: Mutex::default(),
            rng: Mutex::new(rng),
            time: Mutex::new(Time { began: beginning(), instant: None }),
            story: told.then(Mutex::default),
            plan,
        })
    }

    /// A process begins; its runtime's time stands still until somebody waits.
    pub(crate) fn begin_life(&self) {
        self.time.lock().unwrap().instant = Some(Instant::now());
    }

    /// It ended, and for a while nothing runs.
    pub(crate) fn end_life(&self, down: Duration) {
        let began = self.now() + down;
        *self.time.lock().unwrap() = Time { began, instant: None };
    }

    pub(crate) fn since_beginning(&self) -> Duration {
        Duration::try_from(self.now().duration_since(beginning())).unwrap()
    }

    pub(crate) fn chance(&self, chance: f64) -> bool {
        chance > 0.0 && self.rng.lock().unwrap().f64() < chance
    }

    /// The upper end excluded.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.rng.lock().unwrap().usize(0..end)
    }

    pub(crate) fn span(&self, most: Duration) -> Duration {
        most.mul_f64(self.rng.lock().unwrap().f64())
    }

    pub(crate) fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap()
    }

    /// Adds a line to the story, where it is told.
    pub(crate) fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(story) = &self.story {
            let seconds = self.since_beginning().as_secs_f64();
            let line = format!("{seconds:>12.3} {}", line());
            story.lock().unwrap().push(line);
        }
    }

    pub(crate) fn story(&self) -> Vec<String> {
        self.story.as_ref().map(|story| story.lock().unwrap().clone()).unwrap_or_default()
    }

    /// Something that must not be.
    pub(crate) fn broken(&self, what: String) {
        self.tell(|| format!("BROKEN: {what}"));
        self.watch().broken.push(what);
    }

    /// From here on the machine itself is well, so that the story comes to its end.
    pub(crate) fn is_calm(&self) -> bool {
        let last = self.plan.letters.iter().map(|letter| letter.at).max().unwrap_or_default();
        self.since_beginning() > last + self.plan.retry.lifetime
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let Time { began, instant } = *self.time.lock().unwrap();
        began + instant.map(|instant| instant.elapsed()).unwrap_or_default()
    }
}

impl Weather for World {
    fn lot(&self, call: Call) -> Lot {
        let plan = &self.plan;
        let mut lot = Lot::default();
        if !plan.store_latency.is_zero() {
            let most = if self.chance(0.9) { plan.store_latency / 10 } else { plan.store_latency };
            (lot.before, lot.after) = (self.span(most), self.span(most));
        }
        if call == Call::Write && !self.is_calm() && self.chance(plan.store_trouble) {
            let mishaps = [Mishap::Full, Mishap::Full, Mishap::UnsureKept, Mishap::UnsureLost];
            lot.mishap = Some(mishaps[self.below(mishaps.len())]);
            self.tell(|| format!("disk: {:?}", lot.mishap));
        }
        lot
    }
}

/// Somebody who tells the hour, for the parts that want their own handle.
pub(crate) struct Hour(pub(crate) Arc<World>);

impl Clock for Hour {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) struct Skies(pub(crate) Arc<World>);

impl Weather for Skies {
    fn lot(&self, call: Call) -> Lot {
        self.0.lot(call)
    }
}
