//! One attempt: destination, terms, then host after host until every recipient is settled or no host is left.

mod shaped;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Envelope, Host, StoredNote};
use tegami_queue::{Failure, Peer, RecipientOutcome};
use tokio::sync::OnceCell;

use crate::Courier;
use crate::destination::{Destination, MailHost};
use crate::ledger::{Ledger, Setback, Tried, Verdict};
use crate::moment;
use crate::policy::TlsDemand;
use crate::record::{AttemptRecord, HostTry, RecipientRecord};
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
    /// The terms with the host, found when it is first visited; `None` where it must not be used.
    approach: Arc<OnceCell<Option<Arc<Approach>>>>,
}

/// On what terms one host is spoken with.
struct Approach {
    policy: HostPolicy,
    terms: Terms,
}

/// The attempt under way.
struct Tour<'a> {
    courier: &'a Courier,
    parcel: &'a Parcel,
    terms: &'a Terms,
    policies: &'a Finder<'a>,
    ledger: Ledger,
    tries: Vec<HostTry>,
    shape: Option<&'a Shape>,
    /// It goes through a smarthost.
    relayed: bool,
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
    let smarthost = courier.settings.route(&parcel.envelope, &parcel.next_hop);
    let terms = Terms::new(&courier.settings, smarthost, &parcel.envelope).at_least(least);
    let destination = courier.plan(&parcel.envelope, &parcel.next_hop).await;
    let ledger = Ledger::new(&parcel.envelope.forward_paths);
    let policies = Finder::new(courier, &parcel.content, &destination, &terms);
    let relayed = smarthost.is_some();
    let mut tour = Tour {
        courier,
        parcel,
        terms: &terms,
        policies: &policies,
        ledger,
        tries: Vec::new(),
        shape,
        relayed,
        put_back: None,
    };
    let tried = match hosts(&destination, &terms, &policies).await {
        Ok(hosts) => tour.run(hosts).await,
        Err(failure) => {
            tour.ledger.host_failed(Setback { failure, peer: None, host: None });
            Tried::All
        }
    };
    tour.tell_shape();
    let Tour { ledger, tries, put_back, .. } = tour;
    AttemptReport { put_back, ..report(parcel, began_at, destination, tries, ledger.close(tried)) }
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

impl Tour<'_> {
    /// Host after host (RFC 5321 section 5.1): on to the next where one cannot be reached, will not speak with us, or refuses for now.
    async fn run(&mut self, hosts: Vec<MailHost>) -> Tried {
        if self.belongs_elsewhere(&hosts) {
            return Tried::Some;
        }
        let targets = self.targets(hosts);
        let limit = self.courier.settings.limits.connections;
        let tried = if targets.len() > limit { Tried::Some } else { Tried::All };
        for target in targets.into_iter().take(limit) {
            if self.ledger.is_settled() || self.put_back.is_some() {
                break;
            }
            self.visit(&target).await;
        }
        tried
    }

    /// Every address of every host; those that could not be reached a moment ago last.
    fn targets(&self, hosts: Vec<MailHost>) -> Vec<Target> {
        let now = moment::now();
        let port = self.terms.port;
        let all = hosts.into_iter().flat_map(|host| {
            let (host, approach) = (Arc::new(host), Arc::default());
            let addresses = host.addresses.clone().into_iter();
            addresses.map(move |ip| Target {
                host: Arc::clone(&host),
                address: SocketAddr::new(ip, port),
                approach: Arc::clone(&approach),
            })
        });
        let (failing, mut good): (Vec<_>, Vec<_>) =
            all.partition(|target| self.courier.memory.is_failing(target.address, now));
        good.extend(failing);
        good
    }
}

fn report(
    parcel: &Parcel,
    began_at: Timestamp,
    destination: Destination,
    hosts: Vec<HostTry>,
    verdicts: Vec<Verdict>,
) -> AttemptReport {
    let paths = parcel.envelope.forward_paths.iter();
    let recipients = paths
        .zip(&verdicts)
        .map(|(path, verdict)| {
            RecipientRecord::new(path.address.to_string(), verdict.host, &verdict.outcome, &hosts)
        })
        .collect();
    let record = AttemptRecord {
        next_hop: destination.next_hop.to_string(),
        way: destination.way,
        steps: destination.steps.into_iter().map(StoredNote::from).collect(),
        hosts,
        recipients,
    };
    let recipients =
        verdicts.into_iter().map(|Verdict { outcome, peer, .. }| RecipientReport { peer, outcome }).collect();
    AttemptReport { began_at, record, recipients, put_back: None }
}
