//! The real DNS, asked by hickory with its cache.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError as HickoryDnsError, NetError};
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors};
use hickory_resolver::proto::op::{DnsRequestOptions, DnsResponse, Message, Metadata, Query, ResponseCode};
use hickory_resolver::proto::rr::{self, Name, RData};
use hickory_resolver::proto::serialize::binary::BinEncodable;
use hickory_resolver::{NameServerPool, PoolContext, ResponseCache, TlsConfig, TokioResolver, TtlConfig};

use crate::{
    Answer, BoxFuture, Data, DnsError, DnsName, Kept, MxHost, Record, RecordType, Resolver, Security,
    Service, wire,
};

/// Names that hickory answers itself (RFC 6761, RFC 7686): a server that was named by the user is asked for them too.
const SPECIAL: [&str; 4] = ["localhost", "invalid", "onion", "127.in-addr.arpa"];

/// How patiently to ask, and what to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemOptions {
    /// For one attempt.
    pub timeout: Duration,
    /// At least 1.
    pub attempts: usize,
    /// Who says whether answers are secure.
    pub dnssec: Dnssec,
    /// Answers that are kept, positive and negative, as long as their TTL allows.
    pub cache_entries: u64,
}

/// Who says whether answers are secure (RFC 4035 section 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dnssec {
    /// [`Dnssec::TrustAd`] where every server is on this machine and does more than pass questions on, else [`Dnssec::Off`].
    #[default]
    Auto,
    /// We ourselves, down from the root's key (RFC 4035 section 5). The servers have to hand on signatures: where one of them strips them, whatever is signed
    /// is bogus here.
    Validate,
    /// The servers, by their AD bit (RFC 6840 section 5.8). Worth as much as the way to them: whoever can change their answers can set the bit.
    TrustAd,
    /// Nobody: every answer is [`Security::Insecure`].
    Off,
}

impl Dnssec {
    /// Docker's own forwarder: it is at a loopback address, and hands on the bits of servers that are anywhere.
    const FORWARDER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

    /// What [`Dnssec::Auto`] means with these servers.
    fn with(self, servers: &[NameServerConfig]) -> Self {
        let near = |server: &NameServerConfig| server.ip.is_loopback() && server.ip != Self::FORWARDER;
        match self {
            Self::Auto if !servers.is_empty() && servers.iter().all(near) => Self::TrustAd,
            Self::Auto => Self::Off,
            chosen => chosen,
        }
    }
}

/// Why there is no resolver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SystemError {
    /// The machine's configuration cannot be used: its owner has to name a server.
    #[error("the machine's resolver configuration (/etc/resolv.conf) cannot be used: {0}")]
    Configuration(String),
    /// The resolver could not be built.
    #[error("the resolver cannot start: {0}")]
    Start(String),
}

/// Asks the machine's resolvers, or one that was named. Clones share the cache.
#[derive(Clone)]
pub struct SystemResolver {
    resolver: TokioResolver,
    /// Where a server was named: the door around hickory's own answers.
    direct: Option<NameServerPool<TokioRuntimeProvider>>,
    /// Where the servers are believed that answers are secure: hickory reads no AD bit.
    trusted: Option<Trusted>,
}

/// Servers whose AD bit counts, and what they said.
#[derive(Clone)]
struct Trusted {
    pool: NameServerPool<TokioRuntimeProvider>,
    cache: ResponseCache,
    attempts: usize,
}

impl Trusted {
    /// Asks for the records with the DO bit, which also says that the AD bit is understood (RFC 6840 section 5.7).
    async fn ask(&self, query: Query) -> Result<Message, NetError> {
        if let Some(known) = self.cache.get(&query, Instant::now()) {
            return known;
        }
        let mut options = DnsRequestOptions::default();
        options.edns_set_dnssec_ok = true;
        let mut attempt = 1;
        let answer = loop {
            let response = self.pool.lookup(query.clone(), options).first_answer().await;
            let answer = response.and_then(|response| Ok(HickoryDnsError::from_response(response)?));
            match answer {
                Err(NetError::Timeout) if attempt < self.attempts => attempt += 1,
                answer => break answer.map(DnsResponse::into_message),
            }
        };
        self.cache.insert(query, answer.clone(), Instant::now());
        answer
    }
}

impl Default for SystemOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            attempts: 2,
            dnssec: Dnssec::default(),
            cache_entries: 16_384,
        }
    }
}

impl SystemResolver {
    /// Asks whom the machine asks (`/etc/resolv.conf`). Its search list and the hosts file are not used: names in mail
    /// are absolute (RFC 5321 section 2.3.5).
    ///
    /// # Errors
    /// A [`SystemError`] where the machine names no server.
    pub fn from_system(options: &SystemOptions) -> Result<Self, SystemError> {
        let (config, _) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|error| SystemError::Configuration(error.to_string()))?;
        Self::build(config.name_servers, None, options, TrustAnchors::default())
    }

    /// Asks this server and no other, by UDP, and by TCP where an answer does not fit.
    ///
    /// # Errors
    /// A [`SystemError`] where the resolver cannot be built.
    pub fn from_server(server: SocketAddr, options: &SystemOptions) -> Result<Self, SystemError> {
        Self::from_server_with(server, options, TrustAnchors::default())
    }

    /// The same, with other keys than the root's own at the top of what is validated.
    fn from_server_with(
        server: SocketAddr,
        options: &SystemOptions,
        anchors: TrustAnchors,
    ) -> Result<Self, SystemError> {
        let connections =
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].into_iter().map(|mut connection| {
                connection.port = server.port();
                connection
            });
        let server = NameServerConfig::new(server.ip(), true, connections.collect());
        let options =
            SystemOptions { dnssec: options.dnssec.with(std::slice::from_ref(&server)), ..options.clone() };
        let direct = pool(std::slice::from_ref(&server), &options)?;
        Self::build(vec![server], Some(direct), &options, anchors)
    }

    fn build(
        servers: Vec<NameServerConfig>,
        direct: Option<NameServerPool<TokioRuntimeProvider>>,
        options: &SystemOptions,
        anchors: TrustAnchors,
    ) -> Result<Self, SystemError> {
        let options = &SystemOptions { dnssec: options.dnssec.with(&servers), ..options.clone() };
        let trusted = match options.dnssec {
            Dnssec::TrustAd => {
                let cache = ResponseCache::new(
                    options.cache_entries,
                    TtlConfig::from_opts(&hickory_options(options)),
                );
                Some(Trusted { pool: pool(&servers, options)?, cache, attempts: options.attempts })
            }
            _ => None,
        };
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(hickory_options(options));
        if options.dnssec == Dnssec::Validate {
            builder = builder.with_trust_anchor(Arc::new(anchors));
        }
        let resolver = builder.build().map_err(|error| SystemError::Start(error.to_string()))?;
        Ok(Self { resolver, direct, trusted })
    }

    async fn ask(&self, name: &DnsName, kind: RecordType) -> Kept {
        let (records, said) = match self.records(name, kind).await {
            Ok(found) => found,
            Err(Refusal { error, ttl }) => return Kept { result: Err(error), ttl },
        };
        let mut result = read_answer(name, kind, &records);
        if let Some(said) = said {
            match &mut result {
                Ok(answer) if said.authentic_data => answer.security = Security::Secure,
                // An alias that leads nowhere.
                Err(DnsError::NoData) if said.response_code == ResponseCode::NXDomain => {
                    result = Err(DnsError::NxDomain);
                }
                _ => {}
            }
        }
        // Of all records, because the aliases on the way are among them.
        let shortest = records.iter().map(|record| time_to_live(record.ttl)).min();
        let ttl = shortest.filter(|_| result.is_ok()).unwrap_or_default();
        Kept { result, ttl }
    }

    /// The answer section, and what the servers say of it where they are believed.
    async fn records(
        &self,
        name: &DnsName,
        kind: RecordType,
    ) -> Result<(Vec<rr::Record>, Option<Metadata>), Refusal> {
        let mut hickory_name = Name::from_labels(name.labels().collect::<Vec<_>>()).map_err(|error| {
            Refusal { error: DnsError::Malformed(error.to_string()), ttl: Duration::ZERO }
        })?;
        hickory_name.set_fqdn(true);
        let hickory_kind = rr::RecordType::from(kind.code());
        if let Some(trusted) = &self.trusted
            && (self.direct.is_some() || !is_special(name))
        {
            let message = trusted.ask(Query::query(hickory_name, hickory_kind)).await;
            let message = message.map_err(|error| refusal(&error))?;
            return Ok((message.answers, Some(message.metadata)));
        }
        let records = match &self.direct {
            Some(pool) if is_special(name) => {
                let query = Query::query(hickory_name, hickory_kind);
                let response = pool
                    .lookup(query, DnsRequestOptions::default())
                    .first_answer()
                    .await
                    .and_then(|response| Ok(HickoryDnsError::from_response(response)?));
                response.map_err(|error| refusal(&error))?.into_message().answers
            }
            _ => {
                let lookup = self.resolver.lookup(hickory_name, hickory_kind).await;
                lookup.map_err(|error| refusal(&error))?.answers().to_vec()
            }
        };
        Ok((records, None))
    }
}

impl Resolver for SystemResolver {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(async move { self.ask(name, kind).await.result })
    }

    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(self.ask(name, kind))
    }
}

impl std::fmt::Debug for SystemResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SystemResolver").finish_non_exhaustive()
    }
}

fn is_special(name: &DnsName) -> bool {
    name.ancestors().any(|text| SPECIAL.contains(&text))
        || *name == DnsName::reverse(Ipv6Addr::LOCALHOST.into())
}

fn pool(
    servers: &[NameServerConfig],
    options: &SystemOptions,
) -> Result<NameServerPool<TokioRuntimeProvider>, SystemError> {
    let tls = TlsConfig::new().map_err(|error| SystemError::Start(error.to_string()))?;
    let context = PoolContext::new(hickory_options(options), tls);
    Ok(NameServerPool::from_config(servers.to_vec(), context.into(), TokioRuntimeProvider::default()))
}

fn hickory_options(options: &SystemOptions) -> ResolverOpts {
    let mut hickory = ResolverOpts::default();
    hickory.timeout = options.timeout;
    // Hickory counts the repetitions.
    hickory.attempts = options.attempts.saturating_sub(1);
    hickory.validate = options.dnssec == Dnssec::Validate;
    hickory.cache_size = options.cache_entries;
    hickory.use_hosts_file = ResolveHosts::Never;
    hickory
}

/// Follows the CNAMEs of an answer section and takes the records at their end.
pub(crate) fn read_answer(
    name: &DnsName,
    kind: RecordType,
    records: &[rr::Record],
) -> Result<Answer, DnsError> {
    let owned: Vec<(DnsName, &rr::Record)> =
        records.iter().filter_map(|record| Some((name_of(&record.name)?, record))).collect();
    let (aliases, mut secure) =
        if kind == RecordType::Cname { (Vec::new(), true) } else { chain(name, kind, &owned)? };
    let end = aliases.last().unwrap_or(name);
    let mut answers = Vec::new();
    for (owner, record) in &owned {
        if owner == end && u16::from(record.record_type()) == kind.code() {
            secure &= proven(record.proof)?;
            let data = data_of(kind, &record.data).ok_or_else(|| unreadable(kind))?;
            answers.push(Record { name: owner.clone(), ttl: time_to_live(record.ttl), data });
        }
    }
    if answers.is_empty() {
        return Err(DnsError::NoData);
    }
    let security = if secure { Security::Secure } else { Security::Insecure };
    Ok(Answer { records: answers, aliases, security })
}

/// Whether a record is proven. One that is disproven fails the whole answer.
fn proven(proof: Proof) -> Result<bool, DnsError> {
    if proof == Proof::Bogus { Err(DnsError::Bogus) } else { Ok(proof == Proof::Secure) }
}

/// A TTL with its highest bit set means zero (RFC 2181 section 8).
pub(crate) fn time_to_live(seconds: u32) -> Duration {
    Duration::from_secs(if seconds > i32::MAX.unsigned_abs() { 0 } else { seconds.into() })
}

/// The CNAME targets from `name` on, and whether every link is proven.
fn chain(
    name: &DnsName,
    kind: RecordType,
    owned: &[(DnsName, &rr::Record)],
) -> Result<(Vec<DnsName>, bool), DnsError> {
    let (mut aliases, mut secure) = (Vec::<DnsName>::new(), true);
    loop {
        let end = aliases.last().unwrap_or(name);
        let link = owned.iter().find_map(|(owner, record)| match &record.data {
            RData::CNAME(target) if owner == end => Some((record.proof, target)),
            _ => None,
        });
        let Some((proof, target)) = link else { return Ok((aliases, secure)) };
        let target = name_of(target).ok_or_else(|| unreadable(kind))?;
        if aliases.contains(&target) || target == *name {
            return Err(DnsError::Malformed(format!("the CNAME chain of {name} has no end")));
        }
        secure &= proven(proof)?;
        aliases.push(target);
    }
}

fn unreadable(kind: RecordType) -> DnsError {
    DnsError::Malformed(format!("a {kind} record cannot be read"))
}

fn data_of(kind: RecordType, rdata: &RData) -> Option<Data> {
    Some(match rdata {
        RData::CNAME(name) => Data::Cname(name_of(name)?),
        RData::MX(mx) => Data::Mx(MxHost { preference: mx.preference, exchange: name_of(&mx.exchange)? }),
        RData::NS(name) => Data::Ns(name_of(name)?),
        RData::PTR(name) => Data::Ptr(name_of(name)?),
        RData::SRV(srv) => Data::Srv(Service {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: name_of(&srv.target)?,
        }),
        RData::SOA(soa) => {
            let seconds = |number: i32| u32::try_from(number).unwrap_or_default();
            let numbers =
                [soa.serial, seconds(soa.refresh), seconds(soa.retry), seconds(soa.expire), soa.minimum];
            Data::Soa(name_of(&soa.mname)?, name_of(&soa.rname)?, numbers)
        }
        RData::Unknown { rdata, .. } => wire::data(kind, &rdata.anything)?,
        // Without names the octets are the same in every message.
        other => wire::data(kind, &other.to_bytes().ok()?)?,
    })
}

pub(crate) fn name_of(name: &Name) -> Option<DnsName> {
    DnsName::from_labels(name.iter()).ok()
}

/// Reads the octets of an answer as it would have come from a name server: the question it repeats, answered.
///
/// # Errors
/// As [`Resolver::lookup`].
pub(crate) fn read_message(octets: &[u8]) -> Result<Answer, DnsError> {
    let message = Message::from_vec(octets).map_err(|error| DnsError::Malformed(error.to_string()))?;
    let question = message.queries.first().and_then(|query| {
        let kind = RecordType::from_code(query.query_type().into())?;
        Some((name_of(query.name())?, kind))
    });
    let (name, kind) = question.ok_or_else(|| DnsError::Malformed("no question of ours".to_owned()))?;
    read_answer(&name, kind, &message.answers)
}

/// Why there are no records, and how long that holds.
struct Refusal {
    error: DnsError,
    ttl: Duration,
}

fn refusal(error: &NetError) -> Refusal {
    let seconds = match error {
        NetError::Dns(HickoryDnsError::NoRecordsFound(none)) => none.negative_ttl.unwrap_or(0),
        _ => 0,
    };
    Refusal { error: failure(error), ttl: time_to_live(seconds) }
}

/// Keeps apart what mail treats apart.
fn failure(error: &NetError) -> DnsError {
    let absence = |code: ResponseCode| {
        if code == ResponseCode::NXDomain { DnsError::NxDomain } else { DnsError::NoData }
    };
    match error {
        NetError::Dns(HickoryDnsError::NoRecordsFound(none)) => absence(none.response_code),
        NetError::Dns(HickoryDnsError::Nsec { proof: Proof::Bogus, .. } | HickoryDnsError::DnssecBogus) => {
            DnsError::Bogus
        }
        NetError::Dns(HickoryDnsError::Nsec { response, .. }) => absence(response.response_code),
        NetError::Dns(HickoryDnsError::ResponseCode(ResponseCode::Refused)) => DnsError::Refused,
        NetError::Dns(HickoryDnsError::ResponseCode(ResponseCode::ServFail)) => DnsError::ServFail,
        NetError::Timeout => DnsError::Timeout,
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => DnsError::Network(error.to_string()),
        other => DnsError::Malformed(other.to_string()),
    }
}

#[cfg(test)]
mod signed;

#[cfg(test)]
mod tests {
    use hickory_resolver::net::NoRecords;
    use hickory_resolver::proto::rr::rdata;

    use super::*;

    fn record(owner: &str, data: RData, proof: Proof) -> rr::Record {
        let mut record = rr::Record::from_rdata(Name::from_ascii(owner).unwrap(), 60, data);
        record.proof = proof;
        record
    }

    fn security(alias: Proof, address: Proof) -> Security {
        let target = RData::CNAME(rdata::CNAME(Name::from_ascii("mx.example.org.").unwrap()));
        let records = [
            record("mx.example.org.", RData::A(rdata::A::new(192, 0, 2, 1)), address),
            record("www.example.org.", target, alias),
            record("unasked.example.org.", RData::A(rdata::A::new(192, 0, 2, 2)), Proof::Insecure),
        ];
        let answer =
            read_answer(&DnsName::parse("www.example.org").unwrap(), RecordType::A, &records).unwrap();
        assert_eq!((answer.records.len(), answer.aliases.len()), (1, 1));
        answer.security
    }

    #[test]
    fn an_answer_is_secure_where_every_link_is_proven() {
        assert_eq!(security(Proof::Secure, Proof::Secure), Security::Secure);
        assert_eq!(security(Proof::Insecure, Proof::Secure), Security::Insecure);
        assert_eq!(security(Proof::Secure, Proof::Indeterminate), Security::Insecure);
        assert_eq!(proven(Proof::Bogus), Err(DnsError::Bogus));
    }

    #[test]
    fn a_bit_counts_by_itself_only_where_it_cannot_be_changed_on_the_way() {
        let servers = |ips: &[&str]| {
            let server = |ip: &&str| NameServerConfig::new(ip.parse().unwrap(), true, Vec::new());
            ips.iter().map(server).collect::<Vec<_>>()
        };
        assert_eq!(Dnssec::Auto.with(&servers(&["127.0.0.53"])), Dnssec::TrustAd);
        assert_eq!(Dnssec::Auto.with(&servers(&["127.0.0.1", "::1"])), Dnssec::TrustAd);
        assert_eq!(Dnssec::Auto.with(&servers(&["127.0.0.1", "192.0.2.53"])), Dnssec::Off);
        assert_eq!(Dnssec::Auto.with(&servers(&["127.0.0.11"])), Dnssec::Off);
        assert_eq!(Dnssec::Auto.with(&servers(&[])), Dnssec::Off);
        assert_eq!(Dnssec::TrustAd.with(&servers(&["192.0.2.53"])), Dnssec::TrustAd);
        assert_eq!(Dnssec::Validate.with(&servers(&["127.0.0.1"])), Dnssec::Validate);
    }

    #[test]
    fn a_ttl_that_no_server_may_send_is_zero() {
        assert_eq!(time_to_live(0x7fff_ffff), Duration::from_secs(0x7fff_ffff));
        assert_eq!(time_to_live(0x8000_0000), Duration::ZERO);
    }

    #[test]
    fn a_chain_without_end_is_malformed() {
        let to = |target: &str| RData::CNAME(rdata::CNAME(Name::from_ascii(target).unwrap()));
        let records = [record("a.", to("b."), Proof::default()), record("b.", to("a."), Proof::default())];
        let answer = read_answer(&DnsName::parse("a").unwrap(), RecordType::A, &records);
        assert!(matches!(answer, Err(DnsError::Malformed(_))), "{answer:?}");
    }

    #[test]
    fn failures_are_kept_apart() {
        let absence = |code| NetError::from(NoRecords::new(Query::new(), code));
        let code = |code| NetError::Dns(HickoryDnsError::ResponseCode(code));
        assert_eq!(failure(&absence(ResponseCode::NXDomain)), DnsError::NxDomain);
        assert_eq!(failure(&absence(ResponseCode::NoError)), DnsError::NoData);
        assert_eq!(failure(&code(ResponseCode::ServFail)), DnsError::ServFail);
        assert_eq!(failure(&code(ResponseCode::Refused)), DnsError::Refused);
        assert_eq!(failure(&NetError::Dns(HickoryDnsError::DnssecBogus)), DnsError::Bogus);
        assert_eq!(failure(&NetError::Timeout), DnsError::Timeout);
        assert!(matches!(failure(&code(ResponseCode::NotImp)), DnsError::Malformed(_)));
        assert!(matches!(failure(&NetError::NoConnections), DnsError::Network(_)));
    }

    /// Whatever the machine names, the answer is a resolver or a sentence about its configuration.
    #[test]
    fn the_machine_names_its_servers_or_is_told_so() {
        let resolver = tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async { SystemResolver::from_system(&SystemOptions::default()) });
        assert!(matches!(resolver, Ok(_) | Err(SystemError::Configuration(_))), "{resolver:?}");
    }
}
