//! Sessions that wait a few seconds for the next message to the same host.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use prometheus_client::metrics::gauge::Gauge;
use tegami_mail::Host;
use tegami_queue::shaping::PathKey;

use crate::drive::Link;
use crate::moment;
use crate::policy::TlsDemand;
use crate::terms::Terms;
use crate::tls_policy::Trust;

/// Messages that one session carries where nobody says otherwise: servers grow tired, and transcripts grow long.
pub(crate) const MESSAGES: usize = 100;

/// What must be the same for a session to be used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    address: SocketAddr,
    host: Host,
    implicit_tls: bool,
    demand: TlsDemand,
    /// What authenticated the host: a session under one domain's TLSA records is none under another's.
    trust: Trust,
    user: Option<String>,
    /// The source that it leaves from, by name; `None` where the settings have one for all.
    source: Option<Arc<str>>,
}

impl Key {
    pub(crate) fn new(address: SocketAddr, host: &Host, terms: &Terms, source: Option<Arc<str>>) -> Self {
        Self {
            address,
            host: host.clone(),
            implicit_tls: terms.implicit_tls,
            demand: terms.demand,
            trust: terms.trust.clone(),
            user: terms.credentials.as_ref().map(|credentials| credentials.username.clone()),
            source,
        }
    }
}

/// Idle sessions.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Idle>,
    count: Gauge,
}

#[derive(Default)]
struct Idle {
    /// Oldest first.
    parked: Vec<Parked>,
    /// A task waits for the end of somebody's time.
    watched: bool,
}

struct Parked {
    key: Key,
    link: Link,
    until: Instant,
}

impl Pool {
    /// Tells by `count` how many sessions wait.
    pub(crate) fn counting(count: Gauge) -> Self {
        Self { idle: Mutex::default(), count }
    }

    /// The session that was used last, if there is one for this key.
    pub(crate) fn take(&self, key: &Key) -> Option<Link> {
        let mut idle = self.idle();
        let at = idle.parked.iter().rposition(|parked| parked.key == *key)?;
        self.count.dec();
        Some(idle.parked.remove(at).link)
    }

    /// Takes an idle session that is counted on this path, to make room for a new one.
    pub(crate) fn evict(&self, path: &PathKey) -> Option<Link> {
        let mut idle = self.idle();
        let on_path = |link: &Link| link.room.as_ref().is_some_and(|room| room.path() == path);
        let at = idle.parked.iter().position(|parked| on_path(&parked.link))?;
        self.count.dec();
        Some(idle.parked.remove(at).link)
    }

    /// Keeps a session for `span`, then says QUIT. Where there are too many, the oldest goes.
    pub(crate) fn park(self: &Arc<Self>, key: Key, link: Link, span: Duration, most: usize) {
        if span.is_zero() || most == 0 || !link.is_open() || !link.session().is_ready() {
            link.leave();
            return;
        }
        let (oldest, watched) = {
            let mut idle = self.idle();
            idle.parked.push(Parked { key, link, until: moment::now() + span });
            self.count.inc();
            let oldest = (idle.parked.len() > most).then(|| idle.parked.remove(0).link);
            (oldest, std::mem::replace(&mut idle.watched, true))
        };
        if let Some(link) = oldest {
            self.count.dec();
            link.leave();
        }
        if !watched {
            tokio::spawn(watch(Arc::downgrade(self)));
        }
    }

    /// Takes all that wait.
    pub(crate) fn drain(&self) -> Vec<Link> {
        let mut idle = self.idle();
        self.count.set(0);
        std::mem::take(&mut idle.parked).into_iter().map(|parked| parked.link).collect()
    }

    /// Takes those whose time is over, and tells whose end comes next; where nobody waits any more, nobody watches.
    fn expired(&self, now: Instant) -> (Vec<Link>, Option<Instant>) {
        let mut idle = self.idle();
        let (over, parked): (Vec<_>, Vec<_>) =
            std::mem::take(&mut idle.parked).into_iter().partition(|parked| parked.until <= now);
        let next = parked.iter().map(|parked| parked.until).min();
        (idle.parked, idle.watched) = (parked, next.is_some());
        self.count.set(i64::try_from(idle.parked.len()).unwrap_or(i64::MAX));
        (over.into_iter().map(|parked| parked.link).collect(), next)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends each session when its time is over, for as long as any waits: one task for all of them, because every message parks one.
async fn watch(pool: Weak<Pool>) {
    loop {
        let Some((over, next)) = pool.upgrade().map(|pool| pool.expired(moment::now())) else { return };
        over.into_iter().for_each(Link::leave);
        let Some(next) = next else { return };
        tokio::time::sleep_until(next.into()).await;
    }
}
