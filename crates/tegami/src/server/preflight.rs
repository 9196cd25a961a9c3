//! Our own mail with the eyes of its receivers, before it leaves: the same judgement that a test inbox gives, of the message as it is signed, from the addresses
//! that it leaves from.

pub(crate) mod watch;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tegami_auth::finding::State;
use tegami_auth::iprev::IprevResult;
use tegami_auth::received::Tls;
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::{self, Client};
use tegami_dns::{Data, DnsName, RecordType, Resolver};
use tegami_doctor::preflight::FAMILY;
use tegami_doctor::probe::NoProbes;
use tegami_doctor::rbl::Lists;
use tegami_doctor::{Arrival, Case, Examination, Finding, MAX_SOURCES, OwnKey, settle};
use tegami_mail::{Address, Clock, Domain, EnhancedStatusCode, Envelope, Note, ReversePath, note};
use tegami_outbound::Settings;
use tegami_queue::shaping::{Sources, Wanted};
use tegami_queue::{Departure, Kept, KeyRing, Preflight, SignerSource, Unfit};
use tegami_store::BoxFuture;

use super::practice::Practice;
use super::{Rooms, outbound_settings, returns};
use crate::command::Failure;
use crate::command::reach;
use crate::config::Config;

/// An address that a message leaves from, and the name that it says there in EHLO.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    ip: IpAddr,
    helo: String,
}

/// Where a message leaves from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// From these addresses.
    From(Vec<Place>),
    /// Through this smarthost, whose address nobody tells.
    Through(String),
    /// From an address that the machine chooses, and our name leads to none.
    Somewhere,
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Everything that a test inbox looks at, but for what only a request to somebody's server would tell.
    Whole,
    /// What receivers refuse for.
    Decisive,
}

/// What receivers would make of a message.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(crate) examination: Examination,
    way: Way,
    reverse_path: ReversePath,
}

impl Judgement {
    /// Whether something fails.
    pub(crate) fn fails(&self) -> bool {
        self.examination.count(State::Fail) > 0
    }

    /// As a test inbox keeps it, and from where the message would leave.
    pub(crate) fn to_json(&self) -> Value {
        let mut told = tegami_doctor::json::report(&self.examination);
        let places = match &self.way {
            Way::From(places) => places.iter().map(|one| json!({"ip": one.ip, "helo": one.helo})).collect(),
            Way::Through(_) | Way::Somewhere => Vec::new(),
        };
        let through = match &self.way {
            Way::Through(host) => Some(host),
            Way::From(_) | Way::Somewhere => None,
        };
        let leaves = json!({"mail_from": self.reverse_path, "from": places, "through": through});
        if let Some(members) = told.as_object_mut() {
            members.insert("leaves".to_owned(), leaves);
        }
        told
    }
}

/// Who looks at our own mail.
pub(crate) struct Desk {
    practice: Practice,
    lists: Arc<Lists>,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyRing>,
    hostname: Domain,
    sources: Sources,
    /// Those that are named without a table of their own.
    plain: Vec<IpAddr>,
    settings: Settings,
}

impl Desk {
    /// Of a server with this configuration.
    pub(crate) fn new(rooms: &Rooms, practice: &Practice, config: &Config) -> Self {
        Self {
            practice: practice.clone(),
            lists: Arc::clone(&config.blocklists),
            clock: Arc::clone(&rooms.clock),
            keys: Arc::clone(&rooms.keys),
            hostname: config.hostname.clone(),
            sources: config.shaping.sources.clone(),
            plain: config.delivery.sources.clone(),
            settings: outbound_settings(config, reach(config)),
        }
    }

    /// What receivers would make of it, looked at as a test inbox does.
    pub(crate) async fn judge(&self, departure: &Departure) -> Judgement {
        self.look(departure, Depth::Whole).await
    }

    /// Whether receivers would refuse it, as far as checks say that decide.
    async fn glance(&self, departure: &Departure) -> Judgement {
        self.look(departure, Depth::Decisive).await
    }

    async fn look(&self, departure: &Departure, depth: Depth) -> Judgement {
        // Links of a message that somebody shall read are not tried: that would count as a click, or unsubscribe the reader.
        let case = Case { probes: Arc::new(NoProbes), ..self.practice.case(self.clock.now(), &self.lists) };
        let way = self.way(departure, case.resolver()).await;
        let places: Vec<Option<&Place>> = match &way {
            Way::From(places) => places.iter().map(Some).collect(),
            Way::Through(_) | Way::Somewhere => vec![None],
        };
        let (mut findings, mut subject) = (Vec::<Finding>::new(), String::new());
        for place in places {
            let arrival = self.arrive(departure, place, &case).await;
            let seen = match depth {
                Depth::Whole => tegami_doctor::message(&arrival, case.clone(), &|_| {}).await,
                Depth::Decisive => tegami_doctor::part_of_message(&arrival, &[FAMILY], case.clone()).await,
            };
            // What does not depend on the address is told once.
            let new = seen.findings.into_iter().filter(|finding| !findings.contains(finding));
            findings.extend(new.collect::<Vec<_>>());
            subject = seen.subject;
        }
        if let Some(why) = way.unseen(&self.hostname) {
            findings.iter_mut().filter(|finding| depends_on_address(finding)).for_each(|finding| {
                finding.note = why.clone();
            });
        }
        let findings = settle(findings, &subject);
        let examination = Examination {
            subject,
            findings,
            questions: case.asked.questions(),
            sts: None,
            probes: Vec::new(),
        };
        Judgement { examination, way, reverse_path: departure.reverse_path.clone() }
    }

    /// From where it leaves, as far as that is known before.
    async fn way(&self, departure: &Departure, resolver: &dyn Resolver) -> Way {
        let message = &departure.message;
        let (envelope, tags) = (Envelope::new(departure.reverse_path.clone(), []), &message.summary.tags);
        let relay = |to: &Address| -> Option<String> {
            let route = self.settings.route(&envelope, to.host(), tags)?;
            Some(route.first_smarthost()?.host.to_string())
        };
        // Where one recipient is reached directly, that recipient's host sees our address.
        let relays: Option<Vec<String>> = departure.recipients.iter().map(relay).collect();
        if let Some(relay) = relays.and_then(|relays| relays.into_iter().next()) {
            return Way::Through(relay);
        }
        let parameters = &message.envelope_parameters;
        let wanted = Wanted {
            message: message.id,
            account: message.origin.account(),
            domain: &message.domain,
            tags,
            leaves_from: parameters.leaves_from.as_ref(),
        };
        let mut places = Vec::new();
        for source in self.sources.for_message(&wanted) {
            let helo = source.ehlo.clone().unwrap_or_else(|| self.hostname.to_string());
            let of_source = source.v4.map(IpAddr::V4).into_iter().chain(source.v6.map(IpAddr::V6));
            places.extend(of_source.map(|ip| Place { ip, helo: helo.clone() }));
        }
        let named = |ip: IpAddr| Place { ip, helo: self.hostname.to_string() };
        if places.is_empty() {
            places.extend(self.plain.iter().copied().map(named));
        }
        // Behind a translation of addresses, receivers see another one: that of our name.
        places.retain(|place| self.practice.reach.has(place.ip));
        if places.is_empty() {
            let own = addresses_of(&self.hostname, resolver).await;
            places.extend(own.into_iter().filter(|ip| self.practice.reach.has(*ip)).map(named));
        }
        places.truncate(MAX_SOURCES);
        if places.is_empty() { Way::Somewhere } else { Way::From(places) }
    }

    /// The message as a receiver gets it from there. Where the address is not known, what depends on it stays open.
    async fn arrive(&self, departure: &Departure, place: Option<&Place>, case: &Case) -> Arrival {
        let unspecified = Place { ip: IpAddr::from([0, 0, 0, 0]), helo: String::new() };
        let Place { ip, helo } = place.unwrap_or(&unspecified);
        let client = Client {
            ip: *ip,
            helo,
            mail_from: &departure.reverse_path,
            receiver: self.hostname.as_str(),
            now: case.known.now,
        };
        let mut early = verify::early(&client, case.resolver()).await;
        if place.is_none() {
            early.iprev.result = IprevResult::TempError;
            early.spf_helo.result = SpfResult::TempError;
            early.spf_mail_from.result = SpfResult::TempError;
        }
        let verdicts = verify::message(&client, early, &departure.content, case.resolver()).await;
        let keys = verdicts.dkim.iter().filter_map(|verdict| self.key(&verdict.domain, &verdict.selector));
        let parameters = &departure.message.envelope_parameters;
        Arrival {
            keys: keys.collect(),
            content: departure.content.to_vec(),
            verdicts,
            mail_from_told: true,
            // Every large receiver offers TLS, and it is taken wherever it is offered.
            tls: Tls::Used,
            recipients: departure.recipients.clone(),
            body: Some(parameters.body),
            smtputf8: Some(parameters.smtputf8),
        }
    }

    /// A key of ours, by what a signature says of it.
    fn key(&self, domain: &str, selector: &str) -> Option<(Domain, OwnKey)> {
        let domain = Domain::parse(domain).ok()?;
        let signers = self.keys.signers(&domain);
        let signer = signers
            .into_iter()
            .find(|signer| signer.domain == domain && signer.selector.as_str() == selector)?;
        let key = OwnKey { selector: signer.selector, record: signer.key.dns_record() };
        Some((domain, key))
    }
}

impl Way {
    /// Why nobody knows the address.
    fn unseen(&self, hostname: &Domain) -> Option<Note> {
        match self {
            Self::From(_) => None,
            Self::Through(relay) => Some(note!("preflight-relayed", relay = relay)),
            Self::Somewhere => Some(note!("preflight-somewhere", hostname = hostname)),
        }
    }
}

/// Whether a finding stays open because nobody knows the address.
fn depends_on_address(finding: &Finding) -> bool {
    const OF_ADDRESS: &[&str] = &["msg.spf", "msg.ptr-helo-tls", "msg.both-pass", "msg.dmarc", "msg.aligned"];
    finding.state == State::Unknown && OF_ADDRESS.contains(&finding.check.id)
}

/// The addresses that a name leads to.
async fn addresses_of(name: &Domain, resolver: &dyn Resolver) -> Vec<IpAddr> {
    let name = DnsName::from(name);
    let mut addresses = Vec::new();
    for kind in [RecordType::A, RecordType::Aaaa] {
        let Ok(answer) = resolver.lookup(&name, kind).await else { continue };
        addresses.extend(answer.records.iter().filter_map(|record| match &record.data {
            Data::A(ip) => Some(IpAddr::V4(*ip)),
            Data::Aaaa(ip) => Some(IpAddr::V6(*ip)),
            _ => None,
        }));
    }
    addresses
}

/// A post desk that keeps nothing: what is submitted there is only seen.
#[derive(Default)]
pub(crate) struct Rehearsal {
    seen: Mutex<Option<Departure>>,
}

impl Rehearsal {
    /// What would have left.
    pub(crate) fn take(&self) -> Option<Departure> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Preflight for Rehearsal {
    fn is_strict(&self) -> bool {
        true
    }

    fn admit(&self, departure: Departure) -> BoxFuture<'_, Result<(), Unfit>> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(departure);
        // Nothing is wrong with it; it shall not be kept.
        let stopped = Unfit {
            check: String::new(),
            status: EnhancedStatusCode::new(5, 7, 1),
            sentence: String::new(),
            note: note!("preflight-rehearsal"),
        };
        Box::pin(async { Err(stopped) })
    }

    fn kept(&self, _kept: Kept) {}
}

/// Rooms like these whose post desk keeps nothing, and what would have left them.
///
/// # Errors
/// A key of return paths cannot be used.
pub(crate) async fn rehearse(rooms: &Rooms, config: &Config) -> Result<(Rooms, Arc<Rehearsal>), Failure> {
    let stage = rooms.renewed(config).await?;
    returns::follow(&stage, config).await;
    let rehearsal = Arc::new(Rehearsal::default());
    stage.intake.show_to(Arc::clone(&rehearsal) as Arc<dyn Preflight>);
    Ok((stage, rehearsal))
}
