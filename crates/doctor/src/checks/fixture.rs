//! Worlds in which a check comes out so or so: a good one, and what is changed in it.

mod hosts;
pub(crate) mod letter;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use rustls_pki_types::CertificateDer;
use tegami_auth::dkim::{PrivateKey, Selector};
use tegami_auth::finding::State;
use tegami_dns::{BoxFuture, DnsError, DnsName, RecordType, Resolver as _, ZoneResolver};
use tegami_mail::{Domain, Reply, hex};
use tegami_proto::smtp::client::Capabilities;

pub(crate) use hosts::{answered, certificate as certificate_of};
pub(crate) use letter::Letter;

use crate::own::{Own, Relay};
use crate::probe::{
    Document, HelloSeen, OfferSeen, OwnSeen, PortSeen, Probes, RelaySeen, ServerAnswer, SmtpSeen, StartTls,
    TlsSeen, Unprobed,
};
use crate::rdap::{Registered, Registration};
use crate::{About, Asked, Case, Contact, Finding, Known, OwnKey, Reach};

/// A check, how it comes out, and in which world.
pub(crate) struct Fixture {
    pub(crate) check: &'static str,
    /// The worst state among the check's findings.
    pub(crate) state: State,
    /// Lines that are added to the base zone; `- text` takes away the lines of it that begin so.
    pub(crate) zone: &'static str,
    /// What else is other than in the base.
    change: fn(&mut World),
    /// What is other in the message.
    letter: fn(&mut Letter),
}

impl Fixture {
    pub(crate) const fn new(check: &'static str, state: State, zone: &'static str) -> Self {
        Self { check, state, zone, change: |_| {}, letter: |_| {} }
    }

    pub(crate) const fn pass(check: &'static str, zone: &'static str) -> Self {
        Self::new(check, State::Pass, zone)
    }

    pub(crate) const fn info(check: &'static str, zone: &'static str) -> Self {
        Self::new(check, State::Info, zone)
    }

    pub(crate) const fn warn(check: &'static str, zone: &'static str) -> Self {
        Self::new(check, State::Warn, zone)
    }

    pub(crate) const fn fail(check: &'static str, zone: &'static str) -> Self {
        Self::new(check, State::Fail, zone)
    }

    pub(crate) const fn unknown(check: &'static str, zone: &'static str) -> Self {
        Self::new(check, State::Unknown, zone)
    }

    pub(crate) const fn na(check: &'static str, zone: &'static str) -> Self {
        Self::new(check, State::NotApplicable, zone)
    }

    /// With more that is other than in the base.
    pub(crate) const fn with(self, change: fn(&mut World)) -> Self {
        Self { change, ..self }
    }

    /// With another message.
    pub(crate) const fn letter(self, letter: fn(&mut Letter)) -> Self {
        Self { letter, ..self }
    }

    /// Everything that is found in this world about `example.com`; where the check is one of messages, about the message.
    pub(crate) async fn findings(&self) -> Vec<Finding> {
        let mut world = World::base();
        (self.change)(&mut world);
        (self.letter)(&mut world.letter);
        match crate::catalogue::find(self.check).map(|check| check.about) {
            Some(About::Message) => world.examine_message(self.zone).await,
            Some(About::Own | About::Path) => world.examine_own(self.zone).await,
            _ => world.examine(self.zone).await,
        }
    }
}

/// Every fixture of every family.
pub(crate) fn all() -> Vec<Fixture> {
    [
        super::dns::fixtures(),
        super::mx::fixtures(),
        super::ip::fixtures(),
        super::helo::fixtures(),
        super::spf::fixtures(),
        super::dkim::fixtures(),
        super::dmarc::fixtures(),
        super::tlsrpt::fixtures(),
        super::sts::fixtures(),
        super::dane::fixtures(),
        super::tls::fixtures(),
        super::srv::fixtures(),
        super::smtp::fixtures(),
        super::rbl::fixtures(),
        super::rep::fixtures(),
        super::bimi::fixtures(),
        super::msg::fixtures(),
        super::ct::fixtures(),
        super::bulk::fixtures(),
        super::path::fixtures(),
        super::own::fixtures(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What is not in the zone.
pub(crate) struct World {
    pub(crate) known: Known,
    pub(crate) table: Table,
    pub(crate) letter: Letter,
    pub(crate) own: Own,
    /// Whose domain is examined.
    pub(crate) domain: Domain,
}

/// What the probes see. Servers that are not named here answer from the zone, with authority.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) smtp: BTreeMap<String, Result<SmtpSeen, Unprobed>>,
    pub(crate) offers: BTreeMap<String, Vec<OfferSeen>>,
    pub(crate) own: BTreeMap<String, OwnSeen>,
    pub(crate) own_ports: BTreeMap<String, Vec<PortSeen>>,
    /// By `host/path`.
    pub(crate) https: BTreeMap<String, Result<Document, Unprobed>>,
    /// Changes to the zone as one server tells it, in the form of [`Fixture::zone`]; or it does not answer. `$LAME` has no authority,
    /// `$NOTCP` answers no question by TCP.
    pub(crate) servers: BTreeMap<IpAddr, Result<String, Unprobed>>,
    /// By `GET url` and `POST url`.
    pub(crate) requests: BTreeMap<String, Result<Document, Unprobed>>,
    /// What the registry says of the domain; nobody asks it where there is nothing here.
    pub(crate) registration: Option<Result<Registration, Unprobed>>,
    /// What the registry says of addresses.
    pub(crate) rdap: Option<Result<Registration, Unprobed>>,
    /// By the address of the host.
    pub(crate) greetings: BTreeMap<IpAddr, Result<HelloSeen, Unprobed>>,
    pub(crate) relays: BTreeMap<String, Result<RelaySeen, Unprobed>>,
    /// Theirs, by host; ours is the hour of the fixtures.
    pub(crate) clocks: BTreeMap<String, Result<Timestamp, Unprobed>>,
    pub(crate) source: Option<IpAddr>,
    zone: String,
    /// The zone of each server that was asked, read once.
    read: Mutex<BTreeMap<IpAddr, ZoneResolver>>,
}

/// The certificates of the hosts, made once.
struct Made {
    mx1: (CertificateDer<'static>, String),
    mx2: (CertificateDer<'static>, String),
    rsa: Arc<PrivateKey>,
    ed25519: Arc<PrivateKey>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| Made {
    mx1: certificate("mx1.example.com"),
    mx2: certificate("mx2.example.com"),
    rsa: Arc::new(PrivateKey::generate_rsa_2048().unwrap()),
    ed25519: Arc::new(PrivateKey::generate_ed25519().unwrap()),
});

/// A certificate for the name, valid for three months around the hour of the fixtures, and the SHA-256 of its key.
fn certificate(name: &str) -> (CertificateDer<'static>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 10, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), hex(digest(&SHA256, &key.subject_public_key_info()).as_ref()))
}

impl World {
    /// The good world.
    pub(crate) fn base() -> Self {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let known = Known {
            selectors: ["s2026", "e2026"].iter().map(|name| Selector::parse(name).unwrap()).collect(),
            sources: vec!["192.0.2.10".parse().unwrap(), "2001:db8::10".parse().unwrap()],
            helo: Some("mx1.example.com".to_owned()),
            keys: [("s2026", &MADE.rsa), ("e2026", &MADE.ed25519)]
                .map(|(name, record)| OwnKey {
                    selector: Selector::parse(name).unwrap(),
                    record: record.dns_record(),
                })
                .to_vec(),
            ..Known::nothing(now, Reach::Documentation)
        };
        let registration = Registration {
            name: "example.com".to_owned(),
            registered: Some("1995-08-14T04:00:00Z".parse().unwrap()),
            expires: Some("2027-08-13T04:00:00Z".parse().unwrap()),
            status: vec!["client transfer prohibited".to_owned()],
            by: Some("Example Registrar".to_owned()),
        };
        let mut table = Table { registration: Some(Ok(registration)), ..Table::default() };
        for (host, made) in [("mx1.example.com", &MADE.mx1), ("mx2.example.com", &MADE.mx2)] {
            table.smtp.insert(host.to_owned(), Ok(session(host, made.0.clone())));
        }
        let policy = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmx: mx2.example.com\r\nmax_age: 1296000\r\n";
        let document = Document {
            status: 200,
            content_type: "text/plain".to_owned(),
            location: None,
            body: policy.as_bytes().to_vec(),
            certificate: None,
        };
        table.https.insert("mta-sts.example.com/.well-known/mta-sts.txt".to_owned(), Ok(document));
        let domain = Domain::parse("example.com").unwrap();
        let mut world = Self { known, table, letter: Letter::base(), own: Own::nothing(), domain };
        world.make_own();
        world
    }

    /// The good installation, and the good network around it.
    fn make_own(&mut self) {
        for (name, hosts, line) in
            [("Alpha", "alpha.test", 1), ("Beta", "beta.test", 2), ("Gamma", "gamma.test", 3)]
        {
            let smtp = format!("smtp.{hosts}");
            self.own.contacts.extend(Contact::parse_list(&format!("{name} {hosts} {smtp}")).unwrap());
            let mut put = |last: u8, seen: HelloSeen| {
                let ip: IpAddr = format!("203.0.113.{line}{last}").parse().unwrap();
                self.table.greetings.insert(ip, Ok(seen));
            };
            put(1, greeting(&format!("220 mx.{hosts} ESMTP"), None));
            let answer = format!("{smtp} at your service, [192.0.2.10]");
            put(2, greeting(&format!("220 {smtp} ESMTP"), Some(&answer)));
        }
        self.table.source = Some("192.0.2.10".parse().unwrap());
        self.own.hostname = Some(Domain::parse("mx1.example.com").unwrap());
        self.own.sources = vec!["192.0.2.10".parse().unwrap(), "2001:db8::10".parse().unwrap()];
        let mut domain = crate::own::OwnDomain::new(Domain::parse("example.com").unwrap());
        domain.keys = vec![(Selector::parse("e2026").unwrap(), MADE.ed25519.dns_record())];
        self.own.domains = vec![domain];
        self.own.certificate = vec![MADE.mx1.0.clone()];
        let host = tegami_mail::Host::parse("smtp.alpha.test").unwrap();
        self.own.relays = vec![Relay { name: "ses".to_owned(), host, port: 587, domains: Vec::new() }];
        let tls = self.smtp("mx1.example.com").tls.clone();
        let relay = RelaySeen {
            ip: "203.0.113.12".parse().unwrap(),
            tls,
            auth: Some(Reply::plain(235, "Authentication successful")),
        };
        self.table.relays.insert("ses".to_owned(), Ok(relay));
        self.own.clocks = ["www.alpha.test", "www.beta.test", "www.gamma.test"]
            .iter()
            .map(|host| Domain::parse(host).unwrap())
            .collect();
        self.clocks("2026-11-21T12:00:02Z");
    }

    /// What all clocks tell.
    pub(crate) fn clocks(&mut self, hour: &str) {
        let hour: Timestamp = hour.parse().unwrap();
        self.table.clocks = self.own.clocks.iter().map(|host| (host.to_string(), Ok(hour))).collect();
    }

    /// The local address of every connection.
    pub(crate) fn local(&mut self, ip: &str) {
        let ip: IpAddr = ip.parse().unwrap();
        self.table.source = Some(ip);
        self.table.greetings.values_mut().flatten().for_each(|seen| seen.local = ip);
    }

    /// What the relay does, to be changed.
    pub(crate) fn relay(&mut self) -> &mut RelaySeen {
        self.table.relays.get_mut("ses").unwrap().as_mut().unwrap()
    }

    /// What is found in this world with these changes to the zone.
    pub(crate) async fn examine(self, delta: &str) -> Vec<Finding> {
        let domain = self.domain.clone();
        crate::domain(&domain, self.case(delta).0, &|_| {}).await.findings
    }

    /// The same of this installation.
    pub(crate) async fn examine_own(self, delta: &str) -> Vec<Finding> {
        let (case, own) = self.case(delta);
        crate::installation(own, case, &|_| {}).await.findings
    }

    fn case(mut self, delta: &str) -> (Case, Own) {
        self.table.zone = changed(&base_zone(), delta);
        let resolver = ZoneResolver::from_text(&self.table.zone).unwrap();
        let case = Case {
            asked: Arc::new(Asked::new(Arc::new(resolver))),
            probes: Arc::new(self.table),
            known: self.known,
        };
        (case, self.own)
    }

    /// What is found about the message in this world with these changes to the zone.
    pub(crate) async fn examine_message(mut self, delta: &str) -> Vec<Finding> {
        self.table.zone = changed(&base_zone(), delta);
        let resolver = ZoneResolver::from_text(&self.table.zone).unwrap();
        let arrival = self.letter.arrive(&resolver, self.known.now).await;
        let case = Case {
            asked: Arc::new(Asked::new(Arc::new(resolver))),
            probes: Arc::new(self.table),
            known: self.known,
        };
        crate::message(&arrival, case, &|_| {}).await.findings
    }

    /// What a request (`GET url`, `POST url`) is answered.
    pub(crate) fn answers(&mut self, request: &str, status: u16, body: &str) {
        let document = Document {
            status,
            content_type: "text/html".to_owned(),
            location: None,
            body: body.as_bytes().to_vec(),
            certificate: None,
        };
        self.table.requests.insert(request.to_owned(), Ok(document));
    }

    /// The session with a host, to be changed.
    pub(crate) fn smtp(&mut self, host: &str) -> &mut SmtpSeen {
        self.table.smtp.get_mut(host).unwrap().as_mut().unwrap()
    }
}

/// A connection to a host that greets so, and answers so to EHLO.
pub(crate) fn greeting(text: &str, answer: Option<&str>) -> HelloSeen {
    HelloSeen {
        greeting: text.to_owned(),
        answer: answer.map(|line| vec![line.to_owned(), "STARTTLS".to_owned()]),
        local: "192.0.2.10".parse().unwrap(),
    }
}

/// A session in which everything is well.
fn session(host: &str, certificate: CertificateDer<'static>) -> SmtpSeen {
    let ip = if host.starts_with("mx1") { "192.0.2.10" } else { "198.51.100.20" };
    let lines = ["SIZE 52428800", "8BITMIME", "PIPELINING", "SMTPUTF8", "ENHANCEDSTATUSCODES"];
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let offered = |more: &[&str]| {
        let name = std::iter::once(host.to_owned());
        let all: Vec<String> =
            name.chain(lines.iter().cloned()).chain(more.iter().map(ToString::to_string)).collect();
        Capabilities::read(&all)
    };
    SmtpSeen {
        host: host.to_owned(),
        ip: ip.parse().unwrap(),
        connected_after: Duration::from_millis(20),
        greeted_after: Duration::from_millis(60),
        greeting: Reply::plain(220, format!("{host} ESMTP")),
        offered: Some(offered(&["STARTTLS"])),
        tls: StartTls::Done(Box::new(TlsSeen {
            version: "TLSv1.3".to_owned(),
            cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
            chain: vec![certificate],
            trusted: Ok(()),
            asked_for_ours: false,
        })),
        offered_under_tls: Some(offered(&[])),
        transcript: vec![format!("< 220 {host} ESMTP")],
    }
}

/// The good zone.
fn base_zone() -> String {
    let rsa = MADE.rsa.dns_record();
    let (one, two) = rsa.split_at(200);
    format!(
        r#"$ORIGIN .
{lists}
$ORIGIN example.com.
example.com. SOA ns1.example.net. hostmaster.example.com. 2026112101 7200 3600 1209600 3600
example.com. NS ns1.example.net.
example.com. NS ns2.example.org.
example.com. DNSKEY 257 3 13 AQIDBAUGBwg=
example.com. DS 5154 13 2 2AE8C36E140AFB85B7D9D9149E3F61F25FC0A55173E4F4326436CB48A96C2685
example.com. NSEC3PARAM 1 0 0 -
example.com. MX 10 mx1.example.com.
example.com. MX 20 mx2.example.com.
mx1 A 192.0.2.10
mx1 AAAA 2001:db8::10
mx1 TXT "v=spf1 a -all"
mx2 A 198.51.100.20
mx2 TXT "v=spf1 a -all"
example.com. TXT "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 ~all"
s2026._domainkey TXT "{one}" "{two}"
e2026._domainkey TXT "{ed25519}"
_dmarc TXT "v=DMARC1; p=quarantine; sp=quarantine; np=reject; rua=mailto:dmarc@example.com"
_mta-sts TXT "v=STSv1; id=20261121000000;"
mta-sts A 192.0.2.80
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tlsrpt@example.com"
_25._tcp.mx1 TLSA 3 1 1 {tlsa1}
_25._tcp.mx2 TLSA 3 1 1 {tlsa2}
example.com. CAA 0 issue "letsencrypt.org"
com. NS a.gtld.test.
com. SOA a.gtld.test. nobody.gtld.test. 1 1800 900 604800 900
a.gtld.test. A 192.0.2.53
alpha.test. MX 10 mx.alpha.test.
mx.alpha.test. A 203.0.113.11
smtp.alpha.test. A 203.0.113.12
beta.test. MX 10 mx.beta.test.
mx.beta.test. A 203.0.113.21
smtp.beta.test. A 203.0.113.22
gamma.test. MX 10 mx.gamma.test.
mx.gamma.test. A 203.0.113.31
smtp.gamma.test. A 203.0.113.32
ns1.example.net. A 203.0.113.1
ns2.example.org. A 198.51.100.2
10.2.0.192.in-addr.arpa. PTR mx1.example.com.
20.100.51.198.in-addr.arpa. PTR mx2.example.com.
0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR mx1.example.com.
$SECURE example.com.
"#,
        lists = super::rbl::test_entries(),
        ed25519 = MADE.ed25519.dns_record(),
        tlsa1 = MADE.mx1.1,
        tlsa2 = MADE.mx2.1,
    )
}

/// A zone with lines added, and lines taken away by how they begin.
fn changed(zone: &str, delta: &str) -> String {
    let lines = || delta.lines().map(str::trim).filter(|line| !line.is_empty());
    let gone: Vec<&str> = lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let kept = zone.lines().filter(|line| !gone.iter().any(|gone| line.starts_with(gone)));
    let marks = ["- ", "$LAME", "$NOTCP"];
    let added = lines().filter(|line| !marks.iter().any(|mark| line.starts_with(mark)));
    kept.chain(added).collect::<Vec<_>>().join("\n")
}

impl Probes for Table {
    fn rdap<'a>(&'a self, what: Registered<'a>) -> BoxFuture<'a, Result<Registration, Unprobed>> {
        let said = match what {
            Registered::Domain(_) => &self.registration,
            Registered::Address(_) => &self.rdap,
        };
        Box::pin(async { said.clone().unwrap_or(Err(Unprobed::Off)) })
    }

    fn smtp<'a>(&'a self, host: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>> {
        let seen = self.smtp.get(host.as_str()).cloned().unwrap_or(Err(Unprobed::Refused));
        Box::pin(async move { seen.map(|seen| SmtpSeen { ip, ..seen }) })
    }

    fn offers<'a>(&'a self, host: &'a Domain, _: IpAddr) -> BoxFuture<'a, Result<Vec<OfferSeen>, Unprobed>> {
        Box::pin(async { self.offers.get(host.as_str()).cloned().ok_or(Unprobed::Off) })
    }

    fn own<'a>(
        &'a self,
        host: &'a Domain,
        _: IpAddr,
        _: &'a Domain,
    ) -> BoxFuture<'a, Result<OwnSeen, Unprobed>> {
        Box::pin(async { self.own.get(host.as_str()).cloned().ok_or(Unprobed::Off) })
    }

    fn own_ports<'a>(
        &'a self,
        host: &'a Domain,
        _: IpAddr,
    ) -> BoxFuture<'a, Result<Vec<PortSeen>, Unprobed>> {
        Box::pin(async { self.own_ports.get(host.as_str()).cloned().ok_or(Unprobed::Off) })
    }

    fn https<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        _: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        let found = self.https.get(&format!("{host}{path}")).cloned().unwrap_or(Err(Unprobed::Refused));
        Box::pin(async move { found })
    }

    fn ask_server<'a>(
        &'a self,
        server: IpAddr,
        name: &'a DnsName,
        kind: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
        Box::pin(async move {
            let delta = self.servers.get(&server).cloned().unwrap_or(Ok(String::new()))?;
            let read = || ZoneResolver::from_text(&changed(&self.zone, &delta)).unwrap();
            let zone = self.read.lock().unwrap().entry(server).or_insert_with(read).clone();
            let mut kept = zone.lookup_to_keep(name, kind).await;
            let truncated = kept.result.as_ref().is_ok_and(|answer| {
                answer.records.iter().map(|record| record.data.to_string().len()).sum::<usize>() > 1200
            });
            if truncated && delta.contains("$NOTCP") {
                kept.result = Err(DnsError::Network("connection refused".to_owned()));
            }
            Ok(ServerAnswer { kept, authoritative: !delta.contains("$LAME"), truncated })
        })
    }

    fn request<'a>(
        &'a self,
        url: &'a str,
        form: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        let method = if form.is_some() { "POST" } else { "GET" };
        let found = self.requests.get(&format!("{method} {url}")).cloned().unwrap_or(Err(Unprobed::Off));
        Box::pin(async move { found })
    }

    fn greet<'a>(&'a self, to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        let seen = self.greetings.get(&to.ip()).cloned().unwrap_or(Err(Unprobed::Refused));
        Box::pin(async move { seen })
    }

    fn hello<'a>(&'a self, to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        self.greet(to)
    }

    fn relay<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<RelaySeen, Unprobed>> {
        let seen = self.relays.get(name).cloned().unwrap_or(Err(Unprobed::Refused));
        Box::pin(async move { seen })
    }

    fn clock<'a>(&'a self, host: &'a Domain) -> BoxFuture<'a, Result<(Timestamp, Timestamp), Unprobed>> {
        let seen = self.clocks.get(host.as_str()).cloned().unwrap_or(Err(Unprobed::Refused));
        Box::pin(async move { Ok((seen?, "2026-11-21T12:00:00Z".parse().unwrap())) })
    }

    fn source(&self, _: IpAddr) -> Result<IpAddr, Unprobed> {
        self.source.ok_or(Unprobed::Off)
    }
}
