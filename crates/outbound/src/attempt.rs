//! One attempt: destination, terms, then host after host until every recipient is settled or no host is left.

mod visit;

use std::net::SocketAddr;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Envelope, Host, StoredNote, note};
use tegami_queue::{Failure, Peer, RecipientOutcome, Stage};

use crate::Courier;
use crate::destination::{Destination, MailHost, Way};
use crate::failure::ENCRYPTION_NEEDED;
use crate::ledger::{Ledger, Setback, Tried, Verdict};
use crate::moment;
use crate::record::{AttemptRecord, HostTry, RecipientRecord};
use crate::terms::Terms;

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
#[derive(Clone, Debug)]
struct Target {
    host: Host,
    preference: Option<u16>,
    address: SocketAddr,
}

/// The attempt under way.
struct Tour<'a> {
    courier: &'a Courier,
    parcel: &'a Parcel,
    terms: &'a Terms,
    ledger: Ledger,
    tries: Vec<HostTry>,
}

pub(crate) async fn attempt(parcel: &Parcel, courier: &Courier) -> AttemptReport {
    let began_at = courier.clock.now();
    let smarthost = courier.settings.route(&parcel.envelope, &parcel.next_hop);
    let terms = Terms::new(&courier.settings, smarthost, &parcel.envelope);
    let destination = courier.plan(&parcel.envelope, &parcel.next_hop).await;
    let ledger = Ledger::new(&parcel.envelope.forward_paths);
    let mut tour = Tour { courier, parcel, terms: &terms, ledger, tries: Vec::new() };
    let tried = match hosts(&destination, &terms) {
        Ok(hosts) => tour.run(hosts).await,
        Err(failure) => {
            tour.ledger.host_failed(Setback { failure, peer: None, host: None });
            Tried::All
        }
    };
    let Tour { ledger, tries, .. } = tour;
    report(parcel, began_at, destination, tries, ledger.close(tried))
}

/// The hosts that may get this message. REQUIRETLS wants to know that the DNS named the right ones: without DNSSEC a forged MX record would
/// lead to a host with a perfectly good certificate (RFC 8689 section 4.2.1).
fn hosts(destination: &Destination, terms: &Terms) -> Result<Vec<MailHost>, Failure> {
    let mut hosts = destination.hosts.clone()?;
    if terms.require_tls && destination.way == Way::Mx {
        hosts.retain(|host| host.secure);
        if hosts.is_empty() {
            let detail = note!("outbound-requiretls-insecure-mx", domain = destination.next_hop);
            return Err(Failure::without_reply(Stage::TlsPolicy, ENCRYPTION_NEEDED, detail));
        }
    }
    Ok(hosts)
}

impl Tour<'_> {
    /// Host after host (RFC 5321 section 5.1): on to the next where one cannot be reached, will not speak with us, or refuses for now.
    async fn run(&mut self, hosts: Vec<MailHost>) -> Tried {
        let targets = self.targets(hosts);
        let limit = self.courier.settings.limits.connections;
        let tried = if targets.len() > limit { Tried::Some } else { Tried::All };
        for target in targets.into_iter().take(limit) {
            if self.ledger.is_settled() {
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
        let all = hosts.into_iter().flat_map(|MailHost { host, preference, addresses, .. }| {
            addresses.into_iter().map(move |ip| Target {
                host: host.clone(),
                preference,
                address: SocketAddr::new(ip, port),
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
    AttemptReport { began_at, record, recipients }
}
