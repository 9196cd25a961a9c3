//! Requests to somebody's URL: what happened to a message, what a route forwards, copies for an archive.
//!
//! ```text
//!   events ─► Feed ─► rows of Table::Calls ◄─ routes, in the commit of the message
//!               │            │
//!               └► counts    └► Engine ─► body ─► Caller ─► row: done, again later, or given up
//! ```
//!
//! A row is written in the commit of what it tells of, and is gone from those that wait only in the commit that says what came of it: each
//! request is made at least once, whenever the process dies. Receivers know a second one by its content.

mod body;
mod engine;
mod feed;
mod key;
mod lines;
mod log;
mod metrics;
mod retry;
mod signature;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tegami_mail::Clock;
use tegami_queue::Caller;
use tegami_store::{EventFilter, EventKind, QueueId, Store, StoreError};
use tokio::sync::{Mutex, Notify, watch};

pub(crate) use self::body::{Body, NoBody};
pub(crate) use self::engine::without_credentials;

pub(crate) use self::key::RenewError;
pub use self::log::{AgainError, CallFilter};
pub use self::metrics::Metrics as CallMetrics;
pub use self::signature::Signature;

/// What requests are made by.
#[derive(Clone, Debug)]
pub struct CallSettings {
    /// How long after each attempt that was not answered well the next one is made; after the last of them nothing follows.
    pub retry: Vec<Duration>,
    /// How receivers reach this server, such as `https://mail.example.org`, without a slash at its end.
    pub base_url: String,
    /// What signatures are made with, where the configuration says so; otherwise a key is made once and kept.
    pub signing_key: Option<String>,
}

impl CallSettings {
    /// The usual schedule: again after 5, 10 and 15 minutes, one, two and four hours.
    pub fn new(base_url: String) -> Self {
        let minutes = [5, 10, 15, 60, 120, 240];
        Self {
            retry: minutes.map(|minutes| Duration::from_secs(minutes * 60)).to_vec(),
            base_url,
            signing_key: None,
        }
    }
}

/// The desk at which requests are made, and whoever wants to know of them asks.
pub struct Calls {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) caller: Arc<dyn Caller>,
    settings: RwLock<Arc<CallSettings>>,
    key: Mutex<Option<String>>,
    /// Attempts write what came of them side by side; whoever has one made again is alone.
    again: tokio::sync::RwLock<()>,
    metrics: CallMetrics,
    wake: Notify,
    /// Everybody for whom messages were accepted that were told of lately.
    accepted: Mutex<VecDeque<(QueueId, Arc<[String]>)>>,
    /// How many events were seen to: one more than the number of the last; `None` while nobody sees to them.
    seen: watch::Sender<Option<u64>>,
}

/// How long somebody who asks for figures waits until the newest events are among them.
const CATCH_UP: Duration = Duration::from_secs(2);

impl Calls {
    /// A desk over these rooms. Nothing is asked before [`Calls::run`].
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        caller: Arc<dyn Caller>,
        settings: CallSettings,
    ) -> Self {
        Self {
            store,
            clock,
            caller,
            settings: RwLock::new(Arc::new(settings)),
            key: Mutex::default(),
            accepted: Mutex::default(),
            again: tokio::sync::RwLock::default(),
            metrics: CallMetrics::default(),
            wake: Notify::new(),
            seen: watch::Sender::new(None),
        }
    }

    /// Goes by other settings from now on.
    pub fn replace(&self, settings: CallSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// What is counted.
    pub fn metrics(&self) -> &CallMetrics {
        &self.metrics
    }

    /// Looks at once for events and rows that are new, instead of within a second.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Counts events, writes the requests that tell of them, and makes all requests that are due, until `shutdown`.
    pub async fn run(self: &Arc<Self>, shutdown: impl Future<Output = ()> + Send) {
        engine::Engine::new(Arc::clone(self)).run(shutdown).await;
        self.seen.send_replace(None);
    }

    /// Waits, though not for long, until everything that has happened is counted: whoever sees an event finds it in the figures too.
    pub(crate) async fn catch_up(&self) -> Result<(), StoreError> {
        let mut seen = self.seen.subscribe();
        if seen.borrow().is_none() {
            return Ok(());
        }
        let newest = EventFilter { descending: true, limit: 1, ..EventFilter::default() };
        let newest = self.store.events(newest).await?.first().map(|event| event.seq);
        let Some(newest) = newest else { return Ok(()) };
        let reached = |seen: &Option<u64>| seen.is_none_or(|seen| seen > newest);
        if !reached(&seen.borrow()) {
            self.wake();
            let _ = tokio::time::timeout(CATCH_UP, seen.wait_for(reached)).await;
        }
        Ok(())
    }

    /// Everybody for whom a message was accepted. The event of each of them names all, so what was read for one serves the others.
    pub(crate) async fn accepted_for(&self, message: QueueId) -> Result<Arc<[String]>, StoreError> {
        /// Events of one message that are read for its recipients.
        const PLENTY: usize = 5000;
        /// Messages whose recipients are remembered.
        const MOST: usize = 16;
        let mut known = self.accepted.lock().await;
        if let Some((_, all)) = known.iter().find(|(id, _)| *id == message) {
            return Ok(Arc::clone(all));
        }
        let filter = EventFilter { message: Some(message), limit: PLENTY, ..EventFilter::default() };
        let events = self.store.events(filter).await?.into_iter().map(|event| event.event);
        let accepted = events.filter(|event| event.kind == EventKind::Accepted);
        let all: Arc<[String]> = accepted.filter_map(|event| event.recipient).collect();
        known.truncate(MOST - 1);
        known.push_front((message, Arc::clone(&all)));
        Ok(all)
    }

    pub(crate) fn settings(&self) -> Arc<CallSettings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }
}
