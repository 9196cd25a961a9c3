//! One attempt: destination, terms, then host after host until every recipient is settled or no host is left.

mod shaped;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Envelope, Host, StoredNote, note};
use tegami_queue::{Failure, Peer, RecipientOutcome};
use tokio::sync::OnceCell;

use crate::Courier;
use crate::destination::{Destination, MailHost, Way};
use crate::failover::{self, Kind};
use crate::failure;
use crate::ledger::{Bearing, Ledger, Setback, Tried, Verdict};
use crate::memory::Remembered;
use crate::moment;
use crate::policy::TlsDemand;
use crate::record::{AttemptRecord, HostTry, RecipientRecord, RouteRecord, Turn};
use crate::route::{Course, Route};
use crate::shape::Shape;
use crate::terms::Terms;
use crate::tls_policy::{Finder, HostPolicy, no_authentic_host};

/// A message for recipients who share a next hop.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// MAIL and RCPT; all forward-paths belong to `next_hop`.
    pub envelope: Envelope,
    /// The recipients' domain or literal.
    pub next_hop: Host,
    /// The message's tags: routes may be for some of them.
    pub tags: Vec<String>,
    /// The content, CRLF line ends.
    pub content: Bytes,
}

/// What came of one attempt.
#[derive(Clone, Debug)]
pub struct AttemptReport {
    /// When it began.
    pub began_at: Timestamp,
    /// The evidence.
    pub record: AttemptRecord,
    /// The result for each forward-path of the envelope, in its order.
    pub recipients: Vec<RecipientReport>,
    /// Nothing was tried, because it has to wait until then: told to who asks again, and no attempt.
    pub put_back: Option<Timestamp>,
}

/// The result for one recipient.
#[derive(Clone, Debug)]
pub struct RecipientReport {
    /// The host that decided, as far as one was reached.
    pub peer: Option<Peer>,
    /// How it went.
    pub outcome: RecipientOutcome,
}

/// One address of one host.
#[derive(Clone)]
struct Target {
    host: Arc<MailHost>,
    address: SocketAddr,
    /// How long it may take to connect.
    patience: Duration,
    /// The terms with the host, found when it is first visited; `None` where it must not be used.
    approach: Arc<OnceCell<Option<Arc<Approach>>>>,
}

/// On what terms one host is spoken with.
struct Approach {
    policy: HostPolicy,
    terms: Terms,
}

/// A way with its terms.
#[derive(Clone, Debug)]
struct Leg<'a> {
    course: Course<'a>,
    terms: Terms,
}

impl Leg<'_> {
    fn kind(&self) -> Kind {
        if self.course.smarthost().is_some() { Kind::Smarthost } else { Kind::Direct }
    }
}

/// What is told of one way: everything before its first host.
#[derive(Debug)]
struct Chapter {
    before_host: usize,
    way: Option<Way>,
    steps: Vec<StoredNote>,
}

/// The attempt on one of its ways.
struct Tour<'a> {
    courier: &'a Courier,
    parcel: &'a Parcel,
    /// The way that is taken now.
    leg: &'a Leg<'a>,
    terms: &'a Terms,
    policies: &'a Finder<'a>,
    /// The route has more than one way.
    several: bool,
    /// This way is the first.
    first: bool,
    shape: Option<&'a Shape>,
    log: &'a mut Log,
    /// When all has to be over.
    deadline: Option<Instant>,
    /// Addresses of this way that were not asked, because they failed a moment ago.
    resting: Vec<Remembered>,
}

/// What the attempt has come to, over all its ways.
struct Log {
    ledger: Ledger,
    tries: Vec<HostTry>,
    chapters: Vec<Chapter>,
    /// Somebody has to wait until then.
    put_back: Option<Timestamp>,
}

pub(crate) async fn attempt(
    parcel: &Parcel,
    least: TlsDemand,
    courier: &Courier,
    shape: Option<&Shape>,
) -> AttemptReport {
    let began_at = courier.clock.now();
    let settings = &courier.settings;
    let overflow = shape.and_then(|shape| shape.overflow(settings));
    let (route, step) = match &overflow {
        Some((route, step)) => (Some(route), Some(step.clone())),
        None => {
            let route = settings.route(&parcel.envelope, &parcel.next_hop, &parcel.tags);
            (route, route.map(Route::step))
        }
    };
    let courses = route.map_or_else(|| vec![Course::Direct], Route::courses);
    let leg = |course: Course<'_>| Terms::new(settings, course.smarthost(), &parcel.envelope).at_least(least);
    let legs: Vec<Leg<'_>> = courses.into_iter().map(|course| Leg { course, terms: leg(course) }).collect();
    let steps = step.map(StoredNote::from).into_iter().collect();
    let mut log = Log {
        ledger: Ledger::new(&parcel.envelope.forward_paths),
        tries: Vec::new(),
        chapters: vec![Chapter { before_host: 0, way: None, steps }],
        put_back: None,
    };
    let mut tried = Tried::Some;
    let deadline = settings.limits.deadline();
    for (at, leg) in legs.iter().enumerate() {
        let found = courier.find(leg.course, route, &parcel.next_hop);
        let Some(destination) = moment::before(deadline, found).await else {
            log.time_is_up();
            break;
        };
        log.arrive(&destination);
        let (several, first) = (legs.len() > 1, at == 0);
        tried =
            go(leg, Plan { parcel, courier, destination, several, first, shape, deadline }, &mut log).await;
        let goes_on = log.put_back.is_none() && !moment::passed(deadline);
        let Some(next) = legs.get(at + 1).filter(|_| goes_on) else { break };
        if log.turn(tried, leg.kind(), next).is_none() {
            break;
        }
    }
    report(parcel, began_at, route, log, tried)
}

/// What one way is gone with.
struct Plan<'a> {
    parcel: &'a Parcel,
    courier: &'a Courier,
    destination: Destination,
    several: bool,
    first: bool,
    shape: Option<&'a Shape>,
    deadline: Option<Instant>,
}

/// One way, host after host.
async fn go(leg: &Leg<'_>, plan: Plan<'_>, log: &mut Log) -> Tried {
    let Plan { parcel, courier, destination, several, first, shape, deadline } = plan;
    let policies = Finder::new(courier, &parcel.content, &destination, &leg.terms);
    let Some(hosts) = moment::before(deadline, hosts(&destination, &leg.terms, &policies)).await else {
        log.time_is_up();
        return Tried::Some;
    };
    match hosts {
        Ok(hosts) => {
            let (terms, policies, resting) = (&leg.terms, &policies, Vec::new());
            let before = log.tries.len();
            let mut tour =
                Tour { courier, parcel, leg, terms, policies, several, first, shape, log, deadline, resting };
            let tried = tour.run(hosts).await;
            tour.tell_shape(before);
            tried
        }
        Err(failure) => {
            log.ledger.host_failed(Setback { failure, peer: None, host: None });
            Tried::All
        }
    }
}

/// The hosts that may get this message. REQUIRETLS wants to know that the right ones were named, by DNSSEC or by MTA-STS: else a forged MX record would
/// lead to a host with a perfectly good certificate (RFC 8689 section 4.2.1).
async fn hosts(
    destination: &Destination,
    terms: &Terms,
    policies: &Finder<'_>,
) -> Result<Vec<MailHost>, Failure> {
    let hosts = destination.hosts.clone()?;
    if !terms.require_tls {
        return Ok(hosts);
    }
    let mut authentic = Vec::with_capacity(hosts.len());
    for host in hosts {
        if policies.is_authentic(&host).await {
            authentic.push(host);
        }
    }
    if authentic.is_empty() { Err(no_authentic_host(destination)) } else { Ok(authentic) }
}

impl Log {
    /// What is not settled is told that the time of the attempt is over.
    fn time_is_up(&mut self) {
        let failure = failure::of_deadline();
        self.ledger.host_failed(Setback { failure, peer: None, host: None });
    }

    /// The hosts of a way were found, or not.
    fn arrive(&mut self, destination: &Destination) {
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.way = Some(destination.way);
            chapter.steps.extend(destination.steps.iter().cloned().map(StoredNote::from));
        }
    }

    /// Opens the next way for those whom it may help, and tells why. `None` where it helps nobody.
    fn turn(&mut self, tried: Tried, kind: Kind, next: &Leg<'_>) -> Option<()> {
        let turned = self.ledger.turn(tried, |setback| bearing(setback, kind));
        let (setback, step) = match (&turned, next.course) {
            (Ok(setback), Course::Direct) => (setback, note!("outbound-turn-direct")),
            (Ok(setback), Course::Through(smarthost)) => {
                (setback, note!("outbound-turn-smarthost", relay = smarthost.name))
            }
            (Err(Some(setback)), _) => (setback.as_ref(), note!("outbound-turn-none")),
            (Err(None), _) => return None,
        };
        let host = setback.peer.as_ref().map(|peer| peer.host.as_str());
        let meaning = setback.failure.verdict(host).meaning;
        let (before_host, way) = (self.tries.len(), None);
        self.chapters.push(Chapter { before_host, way, steps: vec![meaning, step.into()] });
        turned.ok().map(drop)
    }
}

impl Tour<'_> {
    /// Host after host (RFC 5321 section 5.1): on to the next where one cannot be reached, will not speak with us, or refuses for now.
    async fn run(&mut self, hosts: Vec<MailHost>) -> Tried {
        if self.belongs_elsewhere(&hosts) {
            return Tried::Some;
        }
        let targets = self.targets(hosts);
        let limit = self.courier.settings.limits.connections;
        let (mut tried, count) =
            (if targets.len() > limit { Tried::Some } else { Tried::All }, targets.len());
        self.resting.clear();
        for target in targets.into_iter().take(limit) {
            if self.log.ledger.is_settled() || self.log.put_back.is_some() {
                break;
            }
            if !moment::passed(self.deadline) {
                self.visit(&target).await;
            }
        }
        if moment::passed(self.deadline) {
            self.log.time_is_up();
            return Tried::Some;
        }
        if !self.resting.is_empty() {
            tried = Tried::Some;
        }
        if self.resting.len() == count.min(limit) {
            let rests = self.resting.iter().map(|remembered| remembered.rests).min().unwrap_or_default();
            let failure = failure::of_rest(&self.parcel.next_hop, rests);
            self.log.ledger.host_failed(Setback { failure, peer: None, host: None });
        }
        tried
    }

    /// Every address of every host.
    fn targets(&self, hosts: Vec<MailHost>) -> Vec<Target> {
        let (settings, port) = (&self.courier.settings, self.terms.port);
        let all = hosts.into_iter().flat_map(|host| {
            let (host, approach) = (Arc::new(host), Arc::default());
            let addresses = host.addresses.clone().into_iter();
            addresses.map(move |ip| Target {
                host: Arc::clone(&host),
                address: SocketAddr::new(ip, port),
                patience: settings.connect_timeout.min(settings.connect_timeout_before_others),
                approach: Arc::clone(&approach),
            })
        });
        let mut targets: Vec<Target> = all.collect();
        if let Some(last) = targets.last_mut() {
            last.patience = settings.connect_timeout;
        }
        targets
    }

    /// Tells that an address is not asked, because it failed a moment ago.
    fn rests(&mut self, target: &Target, remembered: Remembered) {
        if let Some(chapter) = self.log.chapters.last_mut() {
            let (host, ip, failures) = (&target.host.host, target.address.ip(), remembered.failures);
            let seconds = remembered.rests.as_secs();
            let step =
                note!("outbound-host-rests", host = host, ip = ip, failures = failures, seconds = seconds);
            chapter.steps.extend([step.into(), remembered.why.clone()]);
        }
        self.resting.push(remembered);
    }

    /// Whether another way may do better after this refusal.
    fn bearing(&self, setback: &Setback) -> Bearing {
        if self.several { bearing(setback, self.leg.kind()) } else { Bearing::Mail }
    }
}

fn bearing(setback: &Setback, kind: Kind) -> Bearing {
    let host = setback.peer.as_ref().map(|peer| peer.host.as_str());
    if failover::goes_on(&setback.failure, host, kind) { Bearing::Way } else { Bearing::Mail }
}

fn report(
    parcel: &Parcel,
    began_at: Timestamp,
    route: Option<&Route>,
    log: Log,
    tried: Tried,
) -> AttemptReport {
    let Log { ledger, tries: hosts, chapters, put_back } = log;
    let verdicts = ledger.close(tried);
    let paths = parcel.envelope.forward_paths.iter();
    let recipients = paths
        .zip(&verdicts)
        .map(|(path, verdict)| {
            RecipientRecord::new(path.address.to_string(), verdict.host, &verdict.outcome, &hosts)
        })
        .collect();
    let mut chapters = chapters.into_iter();
    let first = chapters.next();
    let way = first.as_ref().and_then(|first| first.way).unwrap_or(Way::Smarthost);
    let record = AttemptRecord {
        next_hop: parcel.next_hop.to_string(),
        way,
        route: route.map(|route| RouteRecord { name: route.name.clone(), order: route.order }),
        steps: first.map(|first| first.steps).unwrap_or_default(),
        hosts,
        turns: chapters.map(|Chapter { before_host, way, steps }| Turn { before_host, way, steps }).collect(),
        recipients,
    };
    let recipients =
        verdicts.into_iter().map(|Verdict { outcome, peer, .. }| RecipientReport { peer, outcome }).collect();
    AttemptReport { began_at, record, recipients, put_back }
}
