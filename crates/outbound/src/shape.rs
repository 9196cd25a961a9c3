//! What the shaper has to say in one attempt: from where it leaves, over how many connections, and what it hears.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tegami_mail::{Clock, Host, Note, Reply};
use tegami_queue::gate::Gate;
use tegami_queue::shaping::{Course, Door, Heard, Open, PathKey, Shaping, SourceTerms};
use tegami_queue::{Failure, Stage};

use crate::destination::MailHost;
use crate::policy::Settings;
use crate::record::HostTry;
use crate::route::Route;

/// How one attempt is shaped. An attempt that passed no gate has none.
pub(crate) struct Shape {
    shaping: Arc<Shaping>,
    clock: Arc<dyn Clock>,
    course: Course,
    began_at: Timestamp,
}

/// Who names a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A route of ours.
    Settings,
    /// An MX record.
    Mx,
    /// The next hop: it is a literal, or has no MX record.
    NextHop,
}

/// Whether there is room for a connection.
pub(crate) enum Room {
    /// This one is counted until it is dropped.
    Counted(Open),
    /// There is none.
    Full,
}

impl Shape {
    pub(crate) fn new(shaping: Arc<Shaping>, clock: Arc<dyn Clock>, course: Course) -> Self {
        Self { began_at: clock.now(), shaping, clock, course }
    }

    /// The address and name that the attempt leaves from.
    pub(crate) fn source(&self) -> &SourceTerms {
        &self.course.source
    }

    /// The route of a message for which the source has no more room today, and why.
    pub(crate) fn overflow(&self, settings: &Settings) -> Option<(Route, Note)> {
        settings.overflow(&self.course)
    }

    /// Learns where a next hop leads. Tells whether that is another place than the one whose limits the attempt was let go by.
    pub(crate) fn learn(&self, next_hop: &Host, hosts: &[MailHost]) -> bool {
        // Of hosts with the best preference always the same one, in whatever order they are tried.
        let best = hosts.iter().filter_map(|host| host.preference).min();
        let names = hosts.iter().filter(|host| best.is_some() && host.preference == best);
        let Some(host) = names.map(|host| host.host.to_string()).min() else { return false };
        self.shaping.learn(&next_hop.to_string(), &host, self.clock.now());
        let place = self.shaping.place(&next_hop.to_string());
        place != self.course.path.place
    }

    /// The path to a host. A host that no MX record named is where the next hop itself leads.
    pub(crate) fn path(&self, host: &Host, by: Named) -> PathKey {
        let source = &self.course.path.source;
        match by {
            Named::Settings => self.shaping.path_through(source, &host.to_string()),
            Named::Mx => self.shaping.path_to(source, &host.to_string()),
            Named::NextHop => self.course.path.clone(),
        }
    }

    pub(crate) fn connect(&self, path: &PathKey) -> Room {
        self.shaping.connect(path, self.clock.now()).map_or(Room::Full, Room::Counted)
    }

    /// Recipients of one transaction, and messages of one connection.
    pub(crate) fn sizes(&self, path: &PathKey) -> (usize, usize) {
        let limits = self.shaping.limits(path);
        let whole = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        (whole(limits.recipients), whole(limits.messages_per_connection))
    }

    pub(crate) fn taken(&self, path: &PathKey) {
        self.hear(path, Heard::Taken);
    }

    /// What a host said that did not take something.
    pub(crate) fn refused(&self, path: &PathKey, host: &str, failure: &Failure) {
        let Some(reply) = &failure.reply else { return };
        let (verdict, reply) = (failure.verdict(Some(host)), line(reply));
        self.hear(path, Heard::Said { verdict: &verdict, host, reply: &reply });
    }

    /// The hosts are through. Where none opened its door, that is told too.
    pub(crate) fn over(&self, path: impl Fn(&HostTry) -> Option<PathKey>, tries: &[HostTry]) {
        let closed = !tries.is_empty() && tries.iter().all(|entry| !entry.connected);
        let Some(last) = tries.last().filter(|_| closed) else { return };
        let Some(failure) = last.failure.as_ref().filter(|failure| failure.stage == Stage::Connect) else {
            return;
        };
        let door = if failure.detail.id == "outbound-connect-refused" { Door::Refused } else { Door::Silent };
        let reply = match door {
            Door::Refused => "connection refused",
            Door::Silent => "no connection",
        };
        if let Some(path) = path(last) {
            self.hear(&path, Heard::Closed { door, host: &last.host, reply });
        }
    }

    fn hear(&self, path: &PathKey, heard: Heard<'_>) {
        self.shaping.hear(path, heard, self.began_at, self.clock.now());
    }
}

/// The address to bind for a connection to `peer`, where the source names one.
pub(crate) fn bound(source: &SourceTerms, peer: IpAddr) -> Option<IpAddr> {
    match peer {
        IpAddr::V4(_) => source.v4.map(IpAddr::V4),
        IpAddr::V6(_) => source.v6.map(IpAddr::V6),
    }
}

/// A reply in one line, as people quote it.
fn line(reply: &Reply) -> String {
    let enhanced = reply.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
    format!("{} {enhanced}{}", reply.code, reply.lines.join(" "))
}
