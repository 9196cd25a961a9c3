//! Makes the requests that are due: many at the same time, few to the same host, so that one slow receiver holds nobody back.

use std::collections::{BTreeMap, BTreeSet};
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
use super::{Calls, metrics, retry};

/// Requests under way.
const TOGETHER: usize = 256;
/// The same, to one host.
const PER_HOST: usize = 8;
/// The same, with a whole message as their body.
const LARGE: usize = 16;
/// How often it looks for what others have written.
const LOOK: Duration = Duration::from_secs(1);
/// How often it looks at all rows, not only at those that are due.
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

/// The requests to one host.
#[derive(Default)]
struct Line {
    /// Keys, in the order in which they are due.
    waiting: BTreeSet<String>,
    under_way: usize,
}

/// An attempt that is over.
struct Ended {
    host: String,
    key: String,
    /// Under which it waits again, if it does.
    next: Option<String>,
}

pub(super) struct Engine {
    calls: Arc<Calls>,
    feed: Feed,
    lines: BTreeMap<String, Line>,
    /// Keys of the rows that wait in a line or are under way.
    known: BTreeSet<String>,
    flight: JoinSet<Ended>,
    large: Arc<Semaphore>,
    version: Option<u64>,
    swept: Option<Instant>,
    forgot: Option<Instant>,
    looked: Instant,
}

impl Engine {
    pub(super) fn new(calls: Arc<Calls>) -> Self {
        Self {
            feed: Feed::new(Arc::clone(&calls)),
            calls,
            lines: BTreeMap::new(),
            known: BTreeSet::new(),
            flight: JoinSet::new(),
            large: Arc::new(Semaphore::new(LARGE)),
            version: None,
            swept: None,
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
            calls.metrics.waiting(self.known.len());
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
                    self.take(call.key(), &call.url);
                }
                more
            }
            Err(error) => {
                tracing::error!(%error, "events cannot be told to webhooks at present");
                false
            }
        };
        if let Err(error) = self.discover().await {
            tracing::error!(%error, "requests to webhooks and routes cannot be read at present");
        }
        self.forget().await;
        more
    }

    /// Takes in rows that others have written.
    async fn discover(&mut self) -> Result<(), StoreError> {
        let sweep = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        let version = self.calls.store.version(Table::Calls);
        if !sweep && version.is_some() && version == self.version {
            return Ok(());
        }
        let now = self.calls.clock.now();
        let place = |moment: Timestamp| {
            let micros = u64::try_from(moment.as_microsecond()).unwrap_or_default();
            format!("{CALLS_WAITING}{micros:020}")
        };
        let mut after = if sweep { None } else { now.checked_sub(SLACK).ok().map(place) };
        let end = place(now.saturating_add(LOOK).unwrap_or(now));
        loop {
            let rows = self.calls.store.scan(Table::Calls, CALLS_WAITING, after.as_deref(), BATCH).await?;
            let whole = rows.len() >= BATCH;
            after = rows.last().map(|(key, _)| key.clone());
            for (key, row) in rows {
                if let Some(url) = row.get("url").and_then(serde_json::Value::as_str) {
                    self.take(key, url);
                }
            }
            let over = !sweep && after.as_ref().is_none_or(|after| *after > end);
            if !whole || over {
                break;
            }
        }
        if sweep {
            self.swept = Some(Instant::now());
        }
        self.version = version;
        Ok(())
    }

    fn take(&mut self, key: String, url: &str) {
        if self.known.insert(key.clone()) {
            self.lines.entry(host_of(url)).or_default().waiting.insert(key);
        }
    }

    /// Begins what is due, host by host in turn.
    fn begin(&mut self) {
        let micros = u64::try_from(self.calls.clock.now().as_microsecond()).unwrap_or_default();
        let due = format!("{CALLS_WAITING}{micros:020}~");
        loop {
            let mut began = false;
            for (host, line) in &mut self.lines {
                if self.flight.len() >= TOGETHER {
                    return;
                }
                let next =
                    line.waiting.first().filter(|key| **key <= due && line.under_way < PER_HOST).cloned();
                let Some(key) = next else { continue };
                line.waiting.remove(&key);
                line.under_way += 1;
                began = true;
                let (calls, large) = (Arc::clone(&self.calls), Arc::clone(&self.large));
                self.flight.spawn(attempt(calls, large, host.clone(), key));
            }
            if !began {
                return;
            }
        }
    }

    fn end(&mut self, ended: Option<Ended>) {
        let Some(Ended { host, key, next }) = ended else { return };
        self.known.remove(&key);
        if let Some(line) = self.lines.get_mut(&host) {
            line.under_way = line.under_way.saturating_sub(1);
            if let Some(next) = next
                && self.known.insert(next.clone())
            {
                line.waiting.insert(next);
            }
            if line.under_way == 0 && line.waiting.is_empty() {
                self.lines.remove(&host);
            }
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
    let next = match made {
        Ok(Ok(next)) => next,
        Ok(Err(error)) => {
            tracing::error!(%error, key, "a request cannot be made or written down; it is made again");
            tokio::time::sleep(REST).await;
            Some(key.clone())
        }
        Err(_) => {
            tracing::error!(key, "a request cannot be made; it waits for the next look at all of them");
            None
        }
    };
    Ended { host, key, next }
}

/// Gives back the key under which it waits again.
async fn make(calls: &Calls, large: &Semaphore, host: &str, key: &str) -> Result<Option<String>, StoreError> {
    // Whoever had it made again, or removed it, has changed the row.
    let Some(call) = calls.find(key).await? else { return Ok(None) };
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
    // Told before it is over: a crash between the two has it made, and told, once more.
    if let Some(event) = told(&next, host) {
        calls.store.record(vec![event]).await?;
    }
    calls.store.change(call.becomes(&next)).await?;
    calls.metrics.count(&next, began.elapsed());
    log(&next, host);
    Ok((next.state == CallState::Waiting).then(|| next.key()))
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
