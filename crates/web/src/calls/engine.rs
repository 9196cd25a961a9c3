//! Makes the requests that are due: many at the same time, few to the same host, so that one slow receiver holds nobody back.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tegami_queue::{CALLS_WAITING, Call, CallState, CallSubject, EventData, Reason};
use tegami_store::{EventKind, NewEvent, StoreError, Table};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::body::{self, NoBody};
use super::feed::Feed;
use super::lines::{Again, Bounds, Lines};
use super::{Calls, metrics, retry};

/// Requests under way.
const TOGETHER: usize = 256;
/// Some megabytes of keys at most.
const BOUNDS: Bounds = Bounds { all: 20_000, host: 500, under_way: 8 };
/// Requests under way with a whole message as their body.
const LARGE: usize = 16;
/// How often it looks for what others have written.
const LOOK: Duration = Duration::from_secs(1);
/// How often it walks through all rows that are due, though nothing is known to be left.
const SWEEP: Duration = Duration::from_secs(300);
/// Rows that others write are due when they are written; their commit comes at most so much later.
const SLACK: Duration = Duration::from_secs(10);
/// How long requests are kept that are over: three days.
const KEPT: Duration = Duration::from_secs(3 * 24 * 3600);
/// How often they are forgotten.
const FORGET: Duration = Duration::from_secs(3600);
/// Where the store fails, the next try waits so long.
const REST: Duration = Duration::from_secs(5);
/// How long requests under way may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// Rows that are read at once.
const BATCH: usize = 500;

/// An attempt that is over.
struct Ended {
    host: String,
    key: String,
    again: Again,
}

pub(super) struct Engine {
    calls: Arc<Calls>,
    feed: Feed,
    lines: Lines,
    flight: JoinSet<Ended>,
    large: Arc<Semaphore>,
    walk: Walk,
    swept: Instant,
    /// Rows that are due until then were looked for.
    found: Option<Timestamp>,
    forgot: Option<Instant>,
    looked: Instant,
}

/// The walk through all rows that are due, which finds what had no room in memory.
enum Walk {
    /// Nothing is left that anybody knows of.
    Over,
    /// It begins once there is room.
    Wanted,
    /// It goes on after this key.
    After(String),
}

impl Engine {
    pub(super) fn new(calls: Arc<Calls>) -> Self {
        Self {
            feed: Feed::new(Arc::clone(&calls)),
            calls,
            lines: Lines::new(BOUNDS),
            flight: JoinSet::new(),
            large: Arc::new(Semaphore::new(LARGE)),
            walk: Walk::Wanted,
            swept: Instant::now(),
            found: None,
            forgot: None,
            looked: Instant::now(),
        }
    }

    pub(super) async fn run(mut self, shutdown: impl Future<Output = ()> + Send) {
        let mut shutdown = pin!(shutdown);
        let mut look = true;
        loop {
            // Attempts that end one after the other must not keep it from looking.
            if look || self.looked.elapsed() >= LOOK {
                look = self.look().await;
            }
            self.begin();
            let calls = Arc::clone(&self.calls);
            calls.metrics.waiting(self.lines.len());
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = self.flight.join_next() => self.end(ended.ok()),
                () = std::future::ready(()), if look => {}
                () = calls.wake.notified() => look = true,
                () = tokio::time::sleep_until(self.looked + LOOK) => look = true,
            }
        }
        // What does not end in time is made again by the next process.
        let rest = async { while self.flight.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, rest).await;
    }

    /// Takes in what is new; `true` where more is there already.
    async fn look(&mut self) -> bool {
        self.looked = Instant::now();
        let more = match self.feed.step().await {
            Ok((new, more)) => {
                for call in new {
                    self.lines.take(call.key(), &host_of(&call.url));
                }
                more
            }
            Err(error) => {
                tracing::error!(%error, "events cannot be told to webhooks at present");
                false
            }
        };
        let read = match self.discover().await {
            Ok(()) => self.walk().await,
            Err(error) => Err(error),
        };
        let goes_on = read.unwrap_or_else(|error| {
            tracing::error!(%error, "requests to webhooks and routes cannot be read at present");
            false
        });
        self.forget().await;
        more || goes_on
    }

    /// Takes in rows whose time has come since the last look: those that others have written, and those that wait again.
    async fn discover(&mut self) -> Result<(), StoreError> {
        let now = self.calls.clock.now();
        let late = now.checked_sub(SLACK).unwrap_or(now);
        let until = now.saturating_add(LOOK).unwrap_or(now);
        let end = place(until);
        let mut after = Some(place(self.found.map_or(late, |found| found.min(late))));
        while let Some(key) = after {
            after = self.page(Some(&key), &end).await?;
        }
        self.found = Some(until);
        Ok(())
    }

    /// One step of the walk; `true` where it goes on at once.
    async fn walk(&mut self) -> Result<bool, StoreError> {
        if self.swept.elapsed() >= SWEEP || self.lines.left_some() && matches!(self.walk, Walk::Over) {
            self.swept = Instant::now();
            self.walk = Walk::Wanted;
        }
        let after = match std::mem::replace(&mut self.walk, Walk::Wanted) {
            Walk::After(key) => Some(key),
            Walk::Wanted if self.lines.has_room() => {
                self.lines.forget_left();
                None
            }
            rest => {
                self.walk = rest;
                return Ok(false);
            }
        };
        let now = self.calls.clock.now();
        let end = place(now.saturating_add(LOOK).unwrap_or(now));
        let next = self.page(after.as_deref(), &end).await?;
        self.walk = match next {
            Some(key) => Walk::After(key),
            None if self.lines.left_some() => Walk::Wanted,
            None => Walk::Over,
        };
        Ok(matches!(self.walk, Walk::After(_)))
    }

    /// Takes in a page of rows up to `end`, and tells after which key the next one begins, if there is one.
    async fn page(&mut self, after: Option<&str>, end: &str) -> Result<Option<String>, StoreError> {
        let rows = self.calls.store.scan(Table::Calls, CALLS_WAITING, after, BATCH).await?;
        let whole = rows.len() >= BATCH;
        let last = rows.last().map(|(key, _)| key.clone());
        for (key, row) in rows {
            if key.as_str() > end {
                return Ok(None);
            }
            if let Some(url) = row.get("url").and_then(serde_json::Value::as_str) {
                self.lines.take(key, &host_of(url));
            }
        }
        Ok(last.filter(|_| whole))
    }

    /// Begins what is due, host by host in turn.
    fn begin(&mut self) {
        let due = format!("{}~", place(self.calls.clock.now()));
        let room = TOGETHER.saturating_sub(self.flight.len());
        for (host, key) in self.lines.begin(&due, room) {
            let (calls, large) = (Arc::clone(&self.calls), Arc::clone(&self.large));
            self.flight.spawn(attempt(calls, large, host, key));
        }
    }

    fn end(&mut self, ended: Option<Ended>) {
        if let Some(Ended { host, key, again }) = ended {
            self.lines.end(&host, &key, again);
        }
    }

    async fn forget(&mut self) {
        if self.forgot.is_some_and(|forgot| forgot.elapsed() < FORGET) {
            return;
        }
        self.forgot = Some(Instant::now());
        let Ok(before) = self.calls.clock.now().checked_sub(KEPT) else { return };
        match self.calls.forget(before).await {
            Ok(0) => {}
            Ok(calls) => tracing::debug!(calls, "requests that are over were forgotten"),
            Err(error) => tracing::warn!(%error, "requests that are over cannot be forgotten"),
        }
        if let Err(error) = crate::statistics::forget(&*self.calls.store, self.calls.clock.now()).await {
            tracing::warn!(%error, "old statistics cannot be forgotten");
        }
    }
}

/// One attempt, up to the commit of what came of it. It ends in any case.
async fn attempt(calls: Arc<Calls>, large: Arc<Semaphore>, host: String, key: String) -> Ended {
    let made = AssertUnwindSafe(make(&calls, &large, &host, &key)).catch_unwind().await;
    let again = match made {
        Ok(Ok(again)) => again,
        Ok(Err(error)) => {
            tracing::error!(%error, key, "a request cannot be made or written down; it is made again");
            tokio::time::sleep(REST).await;
            Again::Now
        }
        Err(_) => {
            tracing::error!(key, "a request cannot be made; it waits for the next look at all of them");
            Again::WhenFound
        }
    };
    Ended { host, key, again }
}

async fn make(calls: &Calls, large: &Semaphore, host: &str, key: &str) -> Result<Again, StoreError> {
    // Whoever had it made again, or removed it, has changed the row.
    let Some(call) = calls.find(key).await? else { return Ok(Again::WhenFound) };
    let _room = match &call.subject {
        CallSubject::Event { .. } => None,
        _ => large.acquire().await.ok(),
    };
    let (at, began) = (calls.clock.now(), Instant::now());
    let next = match body::post(calls, &call).await {
        Ok(post) => {
            let result = calls.caller.post(post).await;
            retry::after(&call, at, began.elapsed(), result, &calls.settings().retry)
        }
        Err(NoBody::Gone(why)) => retry::pointless(&call, at, why),
        Err(NoBody::Store(error)) => return Err(error),
    };
    // Nobody has it made again between the look and the commit.
    let _still = calls.again.read().await;
    match calls.find(key).await? {
        Some(row) if row == call => {}
        // Somebody had it made again meanwhile: what came of this attempt is nobody's.
        Some(_) => return Ok(Again::Now),
        None => return Ok(Again::WhenFound),
    }
    calls.store.tell(told(&next, host).into_iter().collect(), call.becomes(&next)).await?;
    calls.metrics.count(&next, began.elapsed());
    log(&next, host);
    Ok(Again::WhenFound)
}

/// A line for what was given up; what goes well, or may yet, is seen in the counters and in the list of requests.
fn log(call: &Call, host: &str) {
    let tells = metrics::word(&call.subject);
    let last = call.attempts.last();
    let status = last.and_then(|attempt| attempt.status);
    let said = last.map(|attempt| beginning(&attempt.said)).unwrap_or_default();
    let (id, domain, attempts) = (&call.id, &call.domain, call.attempts.len());
    match call.state {
        CallState::Failed => {
            tracing::warn!(target: "tegami::calls", id, domain, host, tells, status, said, attempts, "given up");
        }
        _ => tracing::debug!(target: "tegami::calls", id, domain, host, tells, status, attempts, "attempted"),
    }
}

fn beginning(said: &str) -> String {
    said.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The event that a message was posted to the URL of a route, or cannot be.
fn told(call: &Call, host: &str) -> Option<NewEvent> {
    let CallSubject::Forward { message, recipient } = &call.subject else { return None };
    let kind = match call.state {
        CallState::Waiting => return None,
        CallState::Done => EventKind::Delivered,
        CallState::Failed => EventKind::Failed,
    };
    let last = call.attempts.last()?;
    let data = EventData {
        code: last.status.unwrap_or(499),
        message: beginning(&last.said),
        reason: (kind == EventKind::Failed).then_some(Reason::Generic),
        mx_host: Some(host.to_owned()),
        attempt: u32::try_from(call.attempts.len()).unwrap_or(u32::MAX),
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of one attempt")]
        session_seconds: last.duration_ms as f64 / 1000.0,
        url: Some(without_credentials(&call.url)),
        ..EventData::default()
    };
    Some(NewEvent {
        kind,
        at: call.due.min(last.at.saturating_add(Duration::from_millis(last.duration_ms)).unwrap_or(last.at)),
        domain: call.domain.clone(),
        message: Some(*message),
        recipient: Some(recipient.clone()),
        data: data.to_json(),
    })
}

/// Where the rows of a moment begin.
fn place(moment: Timestamp) -> String {
    let micros = u64::try_from(moment.as_microsecond()).unwrap_or_default();
    format!("{CALLS_WAITING}{micros:020}")
}

/// What stands between `//` and the path, without credentials.
fn host_of(url: &str) -> String {
    let authority = url.split_once("//").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next();
    let authority = authority.unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase()
}

/// A URL as it may be shown.
pub(crate) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("//") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}//{host}{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_credentials() {
        for (url, host, shown) in [
            ("https://Example.net:8443/a?b=@", "example.net:8443", "https://Example.net:8443/a?b=@"),
            ("http://me:p@ss@example.net/x@y", "example.net", "http://example.net/x@y"),
            ("http://me@example.net", "example.net", "http://example.net"),
        ] {
            assert_eq!((host_of(url).as_str(), without_credentials(url).as_str()), (host, shown));
        }
    }
}
