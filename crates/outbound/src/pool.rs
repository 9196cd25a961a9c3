//! Sessions that wait a few seconds for the next message to the same host.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tegami_mail::Host;
use tegami_queue::shaping::PathKey;

use crate::drive::Link;
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

/// Idle sessions, oldest first.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Idle>,
    count: Gauge,
}

#[derive(Default)]
struct Idle {
    next: u64,
    links: Vec<(u64, Key, Link)>,
}

impl Pool {
    /// Tells by `count` how many sessions wait.
    pub(crate) fn counting(count: Gauge) -> Self {
        Self { idle: Mutex::default(), count }
    }

    /// The session that was used last, if there is one for this key.
    pub(crate) fn take(&self, key: &Key) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.links.iter().rposition(|(_, other, _)| other == key)?;
        self.count.dec();
        Some(idle.links.remove(at).2)
    }

    /// Takes an idle session that is counted on this path, to make room for a new one.
    pub(crate) fn evict(&self, path: &PathKey) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let on_path = |link: &Link| link.room.as_ref().is_some_and(|room| room.path() == path);
        let at = idle.links.iter().position(|(.., link)| on_path(link))?;
        self.count.dec();
        Some(idle.links.remove(at).2)
    }

    /// Keeps a session for `span`, then says QUIT. Where there are too many, the oldest goes.
    pub(crate) fn park(self: &Arc<Self>, key: Key, link: Link, span: Duration, most: usize) {
        if span.is_zero() || most == 0 || !link.is_open() || !link.session().is_ready() {
            link.leave();
            return;
        }
        let (number, oldest) = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let number = idle.next;
            idle.next += 1;
            idle.links.push((number, key, link));
            self.count.inc();
            let oldest = if idle.links.len() > most { Some(idle.links.remove(0).2) } else { None };
            (number, oldest)
        };
        if let Some(link) = oldest {
            self.count.dec();
            link.leave();
        }
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(span).await;
            let Some(pool) = pool.upgrade() else { return };
            if let Some(link) = pool.remove(number) {
                link.leave();
            }
        });
    }

    /// Takes all that wait.
    pub(crate) fn drain(&self) -> Vec<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.set(0);
        std::mem::take(&mut idle.links).into_iter().map(|(_, _, link)| link).collect()
    }

    fn remove(&self, number: u64) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.links.iter().position(|(other, ..)| *other == number)?;
        self.count.dec();
        Some(idle.links.remove(at).2)
    }
}
