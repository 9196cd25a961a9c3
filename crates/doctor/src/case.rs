//! What an examination has at hand: somebody to ask, and what the asker told.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_auth::dkim::Selector;
use tegami_auth::received::{self, Hop, Tls};
use tegami_auth::spf::{self, survey::Survey};
use tegami_auth::verify::Verdicts;
use tegami_auth::{dkim, dmarc, is_on_the_internet};
use tegami_dns::{DnsName, Resolver};
use tegami_mail::mime::{self, Parsed};
use tegami_mail::{Address, Body, Domain, HeaderError, HeaderLimits, HeaderSection};
use tokio::sync::OnceCell;

use crate::checks::bulk::Numbers;
use crate::checks::dane::TlsaRecords;
use crate::checks::dkim::Keys;
use crate::checks::dns::ZoneFacts;
use crate::checks::ip::Reverse;
use crate::checks::mx::MailHosts;
use crate::checks::rbl::Lists;
use crate::checks::smtp::Visits;
use crate::checks::sts::{Announced, Sts};
use crate::{Asked, Probes};

/// Addresses of a domain's mail hosts that are taken for its senders, where nobody told who sends.
pub const MAX_SOURCES: usize = 4;

/// Which addresses can be somebody's mail host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of the Internet.
    Internet,
    /// Those, and the ranges of documentation (RFC 5737, RFC 3849): zone text is full of them.
    Documentation,
    /// Every address: a laboratory lives on loopback.
    Everywhere,
}

impl Reach {
    /// Whether mail can go to and come from the address.
    pub fn has(self, ip: IpAddr) -> bool {
        match self {
            Self::Internet => is_on_the_internet(ip),
            Self::Documentation => is_on_the_internet(ip) || is_for_documentation(ip),
            Self::Everywhere => true,
        }
    }
}

fn is_for_documentation(ip: IpAddr) -> bool {
    let ranges = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];
    let own = tegami_auth::Network::from(ip);
    ranges.iter().any(|text| tegami_auth::Network::parse(text).is_ok_and(|range| range.covers(&own)))
}

/// What mail means to a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Nobody told: what is published decides.
    #[default]
    Untold,
    /// It sends mail.
    Sends,
    /// It sends thousands of messages a day: what the large providers ask of bulk senders counts.
    SendsBulk,
    /// It sends none.
    SendsNone,
}

/// An MTA-STS policy that was seen before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StsBefore {
    /// Its identifier in the record.
    pub id: String,
    /// The file.
    pub policy: Vec<u8>,
}

/// What the asker told.
#[derive(Clone, Debug)]
pub struct Known {
    /// The hour.
    pub now: Timestamp,
    /// What mail means to the domain.
    pub purpose: Purpose,
    /// Selectors that are or were in use.
    pub selectors: Vec<Selector>,
    /// Addresses that send for the domain.
    pub sources: Vec<IpAddr>,
    /// What these addresses say after EHLO, as they say it.
    pub helo: Option<String>,
    /// Hosts that are ours: what would be impolite towards strangers may be tried there.
    pub own_hosts: Vec<Domain>,
    /// Domains that stand in its MAIL FROM; none where nobody told.
    pub mail_from: Vec<Domain>,
    /// The keys that sign its mail here.
    pub keys: Vec<OwnKey>,
    /// The MTA-STS policy that was seen before, where somebody remembers it.
    pub sts_before: Option<StsBefore>,
    /// Which addresses count.
    pub reach: Reach,
    /// What our own log says of the domain's mail.
    pub numbers: Option<Numbers>,
    /// What these addresses have sent of late, where somebody counts.
    pub volume: Option<Volume>,
    /// A zone that tells the network of an address by TXT records, such as `origin.asn.cymru.com`; who keeps it learns who is asked about.
    pub origins: Option<DnsName>,
    /// The lists of reputation that may be asked.
    pub lists: Arc<Lists>,
}

/// What has been sent of late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// When the first message left.
    pub since: Option<Timestamp>,
    /// Messages of each day, by provider; the last entry is today, the one before it yesterday.
    pub days: Vec<(String, Vec<u64>)>,
}

/// A key of ours: what has to be published for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// Its selector.
    pub selector: Selector,
    /// The text of its record ([`tegami_auth::dkim::PrivateKey::dns_record`]).
    pub record: String,
}

impl Known {
    /// Nothing but the hour.
    pub fn nothing(now: Timestamp, reach: Reach) -> Self {
        Self {
            now,
            purpose: Purpose::Untold,
            selectors: Vec::new(),
            sources: Vec::new(),
            helo: None,
            own_hosts: Vec::new(),
            mail_from: Vec::new(),
            keys: Vec::new(),
            sts_before: None,
            reach,
            numbers: None,
            volume: None,
            origins: None,
            lists: Arc::default(),
        }
    }
}

/// What an examination has at hand.
#[derive(Clone)]
pub struct Case {
    /// The DNS.
    pub asked: Arc<Asked>,
    /// Everything else.
    pub probes: Arc<dyn Probes>,
    /// What the asker told.
    pub known: Known,
}

impl Case {
    /// The DNS, as a plain resolver.
    pub fn resolver(&self) -> &dyn Resolver {
        &*self.asked
    }
}

/// The examination of a domain, with what several checks need: looked up once.
pub struct DomainCase {
    case: Case,
    /// Whose.
    pub domain: Domain,
    /// The same, for questions.
    pub name: DnsName,
    hosts: OnceCell<MailHosts>,
    spf: OnceCell<Survey>,
    dmarc: OnceCell<dmarc::Discovery>,
    sources: OnceCell<Vec<IpAddr>>,
    dkim: OnceCell<Keys>,
    zone: OnceCell<ZoneFacts>,
    visits: OnceCell<Visits>,
    sts: OnceCell<Sts>,
    tlsa: OnceCell<TlsaRecords>,
}

impl Deref for DomainCase {
    type Target = Case;
    fn deref(&self) -> &Case {
        &self.case
    }
}

impl DomainCase {
    /// The examination of this domain.
    pub fn new(domain: Domain, case: Case) -> Self {
        let name = DnsName::from(&domain);
        Self {
            case,
            domain,
            name,
            hosts: OnceCell::new(),
            spf: OnceCell::new(),
            dmarc: OnceCell::new(),
            sources: OnceCell::new(),
            dkim: OnceCell::new(),
            zone: OnceCell::new(),
            visits: OnceCell::new(),
            sts: OnceCell::new(),
            tlsa: OnceCell::new(),
        }
    }

    /// Its DKIM keys, as far as their selectors are known.
    pub(crate) async fn dkim(&self) -> &Keys {
        self.dkim.get_or_init(|| Box::pin(Keys::find(self))).await
    }

    /// Where its mail goes (RFC 5321 section 5.1).
    pub async fn hosts(&self) -> &MailHosts {
        self.hosts.get_or_init(|| MailHosts::find(&self.name, self.resolver())).await
    }

    /// Its SPF record, walked whole.
    pub async fn spf(&self) -> &Survey {
        self.spf.get_or_init(|| spf::survey(self.domain.as_str(), self.resolver())).await
    }

    /// The DMARC policy that applies to it.
    pub async fn dmarc(&self) -> &dmarc::Discovery {
        self.dmarc.get_or_init(|| dmarc::discover(&self.domain, self.resolver())).await
    }

    /// The zone that has it, with its name servers.
    pub(crate) async fn zone(&self) -> &ZoneFacts {
        self.zone.get_or_init(|| ZoneFacts::find(self)).await
    }

    /// The addresses that send for it: those that the asker told, else those of its mail hosts that its SPF record permits too, at most
    /// [`MAX_SOURCES`].
    pub async fn sources(&self) -> &[IpAddr] {
        self.sources.get_or_init(|| self.likely_sources()).await
    }

    async fn likely_sources(&self) -> Vec<IpAddr> {
        if !self.known.sources.is_empty() {
            return self.known.sources.clone();
        }
        let receiving = self.hosts().await.real().flat_map(|host| host.addresses.iter().copied());
        let mut receiving: Vec<_> = receiving.filter(|ip| self.known.reach.has(*ip)).collect();
        receiving.sort_unstable();
        receiving.dedup();
        let mut sources = Vec::new();
        for ip in receiving.into_iter().take(2 * MAX_SOURCES) {
            if sources.len() < MAX_SOURCES && self.permits(ip).await {
                sources.push(ip);
            }
        }
        sources
    }

    /// Whether the SPF record of the domain permits the address.
    pub async fn permits(&self, ip: IpAddr) -> bool {
        let null = tegami_mail::ReversePath::Null;
        let domain = self.domain.as_str();
        let request =
            spf::Request { ip, helo: domain, mail_from: &null, receiver: "unknown", now: self.known.now };
        let identity = spf::Identity::MailFrom;
        let verdict = spf::check_host(&request, identity, "", domain, self.resolver()).await;
        verdict.result == spf::SpfResult::Pass
    }

    /// Sessions with its mail hosts. They may take longer than a family has: who asks for them says so ([`Family::patient`](
    /// crate::catalogue::Family)).
    pub async fn visits(&self) -> &Visits {
        self.visits.get_or_init(|| Visits::make(self)).await
    }

    /// Its MTA-STS policy (RFC 8461).
    pub async fn sts(&self) -> &Sts {
        self.sts.get_or_init(|| Sts::find(self)).await
    }

    /// The same as it was seen, where somebody has looked and there was one.
    pub(crate) fn sts_seen(&self) -> Option<StsBefore> {
        let Sts { announced: Announced::Policy(record), fetched: Ok(document), .. } = self.sts.get()? else {
            return None;
        };
        Some(StsBefore { id: record.id().to_owned(), policy: document.body.clone() })
    }

    /// The TLSA records of its mail hosts (RFC 7672).
    pub async fn tlsa(&self) -> &TlsaRecords {
        self.tlsa.get_or_init(|| TlsaRecords::find(self)).await
    }

    /// Whether it sends mail: as the asker told, else unless its SPF record permits nobody.
    pub async fn sends(&self) -> bool {
        match self.known.purpose {
            Purpose::Sends | Purpose::SendsBulk => true,
            Purpose::SendsNone => false,
            Purpose::Untold => {
                let record = self.spf().await.tree.text.as_deref().map(<[u8]>::to_ascii_lowercase);
                record.is_none_or(|record| record.trim_ascii() != b"v=spf1 -all")
            }
        }
    }

    /// Whether it takes mail.
    pub async fn receives(&self) -> bool {
        self.hosts().await.receives()
    }
}

/// The examination of an address that sends mail.
pub struct AddressCase {
    case: Case,
    /// Which.
    pub ip: IpAddr,
    /// The domains that it sends for, where they are known.
    pub domains: Vec<Domain>,
    reverse: OnceCell<Reverse>,
    helo: OnceCell<Option<String>>,
}

impl Deref for AddressCase {
    type Target = Case;
    fn deref(&self) -> &Case {
        &self.case
    }
}

impl AddressCase {
    /// The examination of this address.
    pub fn new(ip: IpAddr, domains: Vec<Domain>, case: Case) -> Self {
        Self { case, ip, domains, reverse: OnceCell::new(), helo: OnceCell::new() }
    }

    /// Its names.
    pub(crate) async fn reverse(&self) -> &Reverse {
        self.reverse.get_or_init(|| Reverse::find(self.ip, self.resolver())).await
    }

    /// What it says after EHLO: as the asker told, else what its greeting calls it, where it takes mail and nobody has looked yet.
    pub(crate) async fn helo(&self) -> Option<&str> {
        self.helo.get_or_init(|| self.learn_helo()).await.as_deref()
    }

    async fn learn_helo(&self) -> Option<String> {
        // In the examination of a domain the sessions with its hosts are had already, and one is enough.
        if self.known.helo.is_some() || !self.domains.is_empty() {
            return self.known.helo.clone();
        }
        let name = self.reverse().await.names.as_ref().ok()?.first()?;
        let host = Domain::parse(name.as_str()).ok()?;
        let seen = self.probes.smtp(&host, self.ip).await.ok()?;
        let first = seen.greeting.lines.first()?.split_whitespace().next()?;
        Some(first.to_owned())
    }
}

/// A message as it arrived, with what the receiver made of it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Header section and body, as they came.
    pub content: Vec<u8>,
    /// What the receiver found out, which knows the connection too.
    pub verdicts: Verdicts,
    /// Whether anybody told the return path; else the null one of the verdicts is supposed.
    pub mail_from_told: bool,
    /// Whether the connection was encrypted.
    pub tls: Tls,
    /// The forward-paths, where they are known.
    pub recipients: Vec<Address>,
    /// What MAIL declared of the body; `None` where nobody knows.
    pub body: Option<Body>,
    /// Whether MAIL asked for SMTPUTF8 (RFC 6531); `None` where nobody knows.
    pub smtputf8: Option<bool>,
    /// The keys that we signed it with ourselves, by their domains: what has to be published is known of them.
    pub keys: Vec<(Domain, OwnKey)>,
}

/// The examination of a message.
pub struct MessageCase<'m> {
    case: Case,
    /// As it came.
    pub arrival: &'m Arrival,
    /// What it is called in findings: its Message-ID, else `message`.
    pub subject: String,
    /// Its header section; empty where it is beyond all measure.
    pub section: HeaderSection<'m>,
    /// Why the header section was not read.
    pub excess: Option<HeaderError>,
    /// The octets behind the header section.
    pub body: &'m [u8],
    /// What people see of it.
    pub mime: Parsed,
    /// The hosts that it came through, in the order of time.
    pub hops: Vec<Hop>,
    /// When it arrived: as the host that received it says, else now.
    pub arrived: Timestamp,
    /// What its signatures say of themselves, in the order of the verdicts.
    pub claims: Vec<Option<dkim::Claim>>,
    /// The domain of the one author, where there is one.
    pub author: Option<Domain>,
}

impl Deref for MessageCase<'_> {
    type Target = Case;
    fn deref(&self) -> &Case {
        &self.case
    }
}

impl<'m> MessageCase<'m> {
    /// The examination of this message.
    pub fn new(arrival: &'m Arrival, case: Case) -> Self {
        let (section, body, excess) =
            match HeaderSection::parse_content(&arrival.content, HeaderLimits::GENEROUS) {
                Ok((section, body)) => (section, body, None),
                Err(error) => {
                    let (_, body) = tegami_mail::header::split(&arrival.content);
                    (HeaderSection::default(), body, Some(error))
                }
            };
        let mime = mime::parse(&arrival.content);
        let subject = mime.message_id.as_ref().map_or_else(|| "message".to_owned(), |id| format!("<{id}>"));
        let claims = section.all("DKIM-Signature").map(|field| dkim::Claim::read(field.value_raw)).collect();
        let author = Domain::parse(&arrival.verdicts.dmarc.author_domain).ok();
        let hops = received::chain(&section, Some(arrival.verdicts.ip));
        let arrived = hops.iter().rfind(|hop| hop.verified).and_then(|hop| hop.at).unwrap_or(case.known.now);
        Self { case, arrival, subject, section, excess, body, mime, hops, arrived, claims, author }
    }

    /// What the receiver found out.
    pub fn verdicts(&self) -> &'m Verdicts {
        &self.arrival.verdicts
    }

    /// Whether it went to many: its sender says so, or it has the fields of a list.
    pub fn is_bulk(&self) -> bool {
        let precedence = self.section.first("Precedence").map(|field| field.text().to_ascii_lowercase());
        self.known.purpose == Purpose::SendsBulk
            || ["List-Unsubscribe", "List-Id", "Feedback-ID"]
                .iter()
                .any(|name| self.section.first(name).is_some())
            || precedence.is_some_and(|word| matches!(word.trim(), "bulk" | "list"))
    }
}
