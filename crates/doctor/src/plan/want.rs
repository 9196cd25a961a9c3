//! What is wanted, whatever is published.

use std::net::IpAddr;
use std::time::Duration;

use tegami_auth::dmarc::Policy;
use tegami_auth::mta_sts::{self, Mode};
use tegami_auth::spf::Qualifier;
use tegami_auth::{dane, tls_rpt};
use tegami_dns::{Data, DnsName, MxHost, Record, RecordType, Service as Srv, Tlsa, TxtData};
use tegami_mail::Domain;

use super::Purpose;
use super::service::Chosen;

/// A server that mail leaves from and comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub hostname: Domain,
    /// The addresses that mail leaves from, each with the name that it says in EHLO.
    pub addresses: Vec<(Domain, IpAddr)>,
}

/// Where mail to the domain goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Receive {
    /// To this server, beside what is published where that names it already.
    #[default]
    Usual,
    /// To this server alone.
    Here,
    /// To a provider alone.
    Service(Chosen),
    /// Where it goes now.
    AsItIs,
    /// Nowhere (RFC 7505).
    Nowhere,
}

/// How far a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It signs.
    Signs,
    /// It does not sign, or not yet; its record lets what it signed be verified.
    Spare,
    /// It is revoked (RFC 6376 section 3.6.1): nothing that it signed is believed any more.
    Revoked,
    /// It shall be there no more.
    Gone,
}

/// A DKIM key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Under which domain its record lies.
    pub domain: String,
    /// Its selector.
    pub selector: String,
    /// The text of its record.
    pub record: String,
    /// How far it is.
    pub state: KeyState,
}

/// How strict the DMARC policy shall be, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// At least so strict.
    AtLeast(Policy),
    /// One stage further than it is.
    Next,
}

/// What a domain is for.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// The domain.
    pub domain: Domain,
    /// This server; `None` where there is none.
    pub server: Option<Server>,
    /// Where its mail goes.
    pub receive: Receive,
    /// This server sends for it.
    pub sends: bool,
    /// These send for it too.
    pub services: Vec<Chosen>,
    /// Keys of this server.
    pub keys: Vec<Key>,
    /// How the SPF record shall end; as it does now, where nothing is said.
    pub spf_end: Option<Qualifier>,
    /// How strict the DMARC policy shall be; as it is now, where nothing is said.
    pub dmarc: Option<Stage>,
    /// Where DMARC reports shall go; as they do now, else to the postmaster.
    pub dmarc_reports: Option<String>,
    /// What the policy about TLS says that this server serves; `None` where it serves none.
    pub sts: Option<Mode>,
    /// Whether reports about TLS are asked for.
    pub tls_rpt: bool,
    /// Where they shall go; as they do now, else to the postmaster.
    pub tls_reports: Option<String>,
    /// What the mail host shows, and will show next.
    pub tlsa: Vec<Tlsa>,
    /// Its zone is signed, whatever the resolver says: some cannot tell.
    pub signed: bool,
    /// Ports where mail programs submit: with TLS from the first octet, with STARTTLS.
    pub submission: (Option<u16>, Option<u16>),
    /// The label of links that lead here, where some do.
    pub links: Option<String>,
    /// The host of return paths, where they have another one than the domain.
    pub bounces: Option<String>,
    /// Records that are wished for by name.
    pub also: Vec<Record>,
    /// How long new records may be kept.
    pub ttl: Duration,
}

impl Wishes {
    /// A domain that this server sends for, with what everybody needs: MX, addresses, SPF, keys, DMARC.
    pub fn usual(domain: Domain, server: Server, keys: Vec<Key>) -> Self {
        Self {
            domain,
            server: Some(server),
            receive: Receive::Usual,
            sends: true,
            services: Vec::new(),
            keys,
            spf_end: None,
            dmarc: None,
            dmarc_reports: None,
            sts: None,
            tls_rpt: false,
            tls_reports: None,
            tlsa: Vec::new(),
            signed: false,
            submission: (None, None),
            links: None,
            bounces: None,
            also: Vec::new(),
            ttl: Duration::from_secs(3_600),
        }
    }

    /// Whether mail to the domain comes to this server.
    pub fn receives_here(&self) -> bool {
        matches!(self.receive, Receive::Usual | Receive::Here) && self.server.is_some()
    }

    /// The policy about TLS that this server serves for the domain.
    pub fn policy(&self) -> Option<String> {
        let server = self.server.as_ref()?;
        self.sts.map(|mode| super::policy_text(&server.hostname, mode))
    }

    /// The names that this server says in EHLO, its own first.
    pub(super) fn hosts(&self) -> Vec<&Domain> {
        let Some(server) = &self.server else { return Vec::new() };
        let mut hosts = vec![&server.hostname];
        for (name, _) in &server.addresses {
            if !hosts.contains(&name) {
                hosts.push(name);
            }
        }
        hosts
    }

    /// The postmaster, whom every domain with mail has (RFC 5321 section 4.5.1).
    pub(super) fn postmaster(&self) -> String {
        format!("mailto:postmaster@{}", self.domain)
    }
}

/// Records of one type at one name that shall be there, as they would be if nothing were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The owner name.
    pub name: DnsName,
    /// The type.
    pub kind: RecordType,
    /// The records; none where there shall be none.
    pub data: Vec<Data>,
    /// What they are for.
    pub purpose: Purpose,
}

/// Gathers wants; a name that is none is left out, because a selector or label can make one too long.
struct Wants(Vec<Want>);

impl Wants {
    fn add(&mut self, name: &str, kind: RecordType, data: Vec<Data>, purpose: Purpose) {
        if let Ok(name) = DnsName::parse(name) {
            self.0.push(Want { name, kind, data, purpose });
        }
    }

    fn text(&mut self, name: &str, text: &str, purpose: Purpose) {
        self.add(name, RecordType::Txt, vec![txt(text)], purpose);
    }
}

/// What has to be published so that the wishes come true.
pub fn want(wishes: &Wishes) -> Vec<Want> {
    let mut wants = Wants(Vec::new());
    mail(wishes, &mut wants);
    hosts(wishes, &mut wants);
    senders(wishes, &mut wants);
    keys(wishes, &mut wants);
    policies(wishes, &mut wants);
    below(wishes, &mut wants);
    for record in &wishes.also {
        let kind = record.data.kind();
        let (name, data) = (record.name.clone(), vec![record.data.clone()]);
        wants.0.push(Want { name, kind, data, purpose: Purpose::Wished });
    }
    wants.0
}

fn mail(wishes: &Wishes, wants: &mut Wants) {
    let host = |preference, name: &str| {
        DnsName::parse(name).ok().map(|exchange| Data::Mx(MxHost { preference, exchange }))
    };
    let hosts: Vec<Data> = match &wishes.receive {
        Receive::AsItIs => return,
        Receive::Nowhere => vec![Data::Mx(MxHost { preference: 0, exchange: DnsName::root() })],
        Receive::Usual | Receive::Here => {
            let server = wishes.server.as_ref();
            server.and_then(|server| host(10, server.hostname.as_str())).into_iter().collect()
        }
        Receive::Service(chosen) => {
            let hosts = chosen.hosts(&wishes.domain).into_iter();
            hosts.filter_map(|(preference, name)| host(preference, &name)).collect()
        }
    };
    if !hosts.is_empty() {
        wants.add(wishes.domain.as_str(), RecordType::Mx, hosts, Purpose::Mail);
    }
}

fn hosts(wishes: &Wishes, wants: &mut Wants) {
    for (name, ip) in wishes.server.iter().flat_map(|server| &server.addresses) {
        let (kind, data) = match ip {
            IpAddr::V4(ip) => (RecordType::A, Data::A(*ip)),
            IpAddr::V6(ip) => (RecordType::Aaaa, Data::Aaaa(*ip)),
        };
        wants.add(name.as_str(), kind, vec![data], Purpose::Host);
        let (reverse, name) = (DnsName::reverse(*ip), DnsName::from(name));
        wants.add(reverse.as_str(), RecordType::Ptr, vec![Data::Ptr(name)], Purpose::Host);
    }
}

/// SPF: naming the host keeps the record right when its addresses change; the HELO name gets a record of its own (RFC 7208 section 2.3).
fn senders(wishes: &Wishes, wants: &mut Wants) {
    let domain = wishes.domain.as_str();
    wants.text(domain, &fresh_spf(wishes), Purpose::Spf);
    if wishes.sends {
        for host in wishes.hosts() {
            wants.text(host.as_str(), "v=spf1 a -all", Purpose::HostSpf);
        }
    }
}

/// The terms of an SPF record that let everybody send who shall.
pub(super) fn spf_terms(wishes: &Wishes) -> Vec<String> {
    let own = wishes.hosts().into_iter().filter(|_| wishes.sends).map(|host| format!("a:{host}"));
    let services = wishes.services.iter().flat_map(|chosen| chosen.spf(&wishes.domain));
    own.chain(services).collect()
}

/// The record as it is where none is published.
pub(super) fn fresh_spf(wishes: &Wishes) -> String {
    let end = wishes.spf_end.map_or("-all".to_owned(), super::spf::all);
    let terms = spf_terms(wishes);
    let words = std::iter::once("v=spf1".to_owned()).chain(terms).chain([end]);
    words.collect::<Vec<_>>().join(" ")
}

fn keys(wishes: &Wishes, wants: &mut Wants) {
    for Key { domain, selector, record, state } in &wishes.keys {
        let name = format!("{selector}._domainkey.{domain}");
        match state {
            KeyState::Signs => wants.text(&name, record, Purpose::Key),
            KeyState::Spare => wants.text(&name, record, Purpose::SpareKey),
            KeyState::Revoked => wants.text(&name, "v=DKIM1; p=", Purpose::OldKey),
            KeyState::Gone => wants.add(&name, RecordType::Txt, Vec::new(), Purpose::OldKey),
        }
    }
    for (label, target) in wishes.services.iter().flat_map(|chosen| chosen.keys(&wishes.domain)) {
        if let Ok(target) = DnsName::parse(&target) {
            let name = format!("{label}.{}", wishes.domain);
            wants.add(&name, RecordType::Cname, vec![Data::Cname(target)], Purpose::ServiceKey);
        }
    }
}

fn policies(wishes: &Wishes, wants: &mut Wants) {
    let domain = &wishes.domain;
    let reports = wishes.dmarc_reports.clone().unwrap_or_else(|| wishes.postmaster());
    let strictness = match wishes.dmarc {
        Some(Stage::AtLeast(policy)) => policy,
        Some(Stage::Next) | None => Policy::None,
    };
    let dmarc = format!("v=DMARC1; p={}; rua={reports}", strictness.as_str());
    wants.text(&format!("_dmarc.{domain}"), &dmarc, Purpose::Dmarc);
    if let Some(other) = super::dmarc::other_domain(wishes, &reports) {
        wants.text(&format!("{domain}._report._dmarc.{other}"), "v=DMARC1;", Purpose::Reports);
    }
    if let (true, Some(text)) = (wishes.receives_here(), wishes.policy()) {
        let id = super::policy_id(&text);
        let name = format!("{}.{domain}", mta_sts::RECORD_LABEL);
        wants.text(&name, &format!("v=STSv1; id={id};"), Purpose::Sts);
        let target = wishes.server.iter().map(|server| Data::Cname(DnsName::from(&server.hostname)));
        let name = mta_sts::policy_host(domain).map(|name| name.to_string()).unwrap_or_default();
        wants.add(&name, RecordType::Cname, target.collect(), Purpose::StsHost);
    }
    if wishes.tls_rpt {
        let reports = wishes.tls_reports.clone().unwrap_or_else(|| wishes.postmaster());
        let name = format!("{}.{domain}", tls_rpt::RECORD_LABEL);
        wants.text(&name, &format!("v=TLSRPTv1; rua={reports}"), Purpose::TlsReports);
    }
}

fn below(wishes: &Wishes, wants: &mut Wants) {
    let Some(server) = &wishes.server else { return };
    let (domain, hostname) = (&wishes.domain, DnsName::from(&server.hostname));
    if !wishes.tlsa.is_empty() && wishes.receives_here() {
        let data = wishes.tlsa.iter().cloned().map(Data::Tlsa).collect();
        let name = dane::record_name(server.hostname.as_str(), 25).map(|name| name.to_string());
        wants.add(&name.unwrap_or_default(), RecordType::Tlsa, data, Purpose::Tlsa);
    }
    let (implicit, starttls) = wishes.submission;
    for (service, port) in [("_submissions._tcp", implicit), ("_submission._tcp", starttls)] {
        if let Some(port) = port {
            let target = hostname.clone();
            let data = Data::Srv(Srv { priority: 0, weight: 1, port, target });
            wants.add(&format!("{service}.{domain}"), RecordType::Srv, vec![data], Purpose::Submission);
        }
    }
    if let Some(host) = &wishes.bounces {
        let mx = Data::Mx(MxHost { preference: 10, exchange: hostname.clone() });
        wants.add(host, RecordType::Mx, vec![mx], Purpose::Bounces);
        let own: Vec<String> = wishes.hosts().into_iter().map(|host| format!("a:{host}")).collect();
        wants.text(host, &format!("v=spf1 {} -all", own.join(" ")), Purpose::BounceSpf);
    }
    if let Some(label) = &wishes.links {
        let name = format!("{label}.{domain}");
        wants.add(&name, RecordType::Cname, vec![Data::Cname(hostname)], Purpose::Links);
    }
}

/// A TXT record of this text, cut where strings have to end (RFC 1035 section 3.3): after a blank where there is one near, so that no word is torn.
pub(super) fn txt(text: &str) -> Data {
    let (mut rest, mut strings) = (text.as_bytes(), Vec::new());
    while rest.len() > LONGEST {
        let begin = rest.get(..LONGEST).unwrap_or(rest);
        let blank = begin.iter().rposition(|octet| *octet == b' ').map(|at| at + 1);
        let (string, left) = rest.split_at(blank.filter(|at| *at > LONGEST / 2).unwrap_or(LONGEST));
        strings.push(string);
        rest = left;
    }
    strings.push(rest);
    Data::Txt(TxtData::join(strings))
}

/// The longest character-string.
const LONGEST: usize = 255;
