//! The record and the policy of a domain, looked up once.

use std::time::Duration;

use futures_util::future::join;
use tegami_auth::mta_sts::{
    self, MAX_OCTETS, Mode, POLICY_PATH, Policy, PolicyError, RECORD_LABEL, Record, RecordError,
};
use tegami_dns::{Data, DnsError, DnsName, RecordType};
use tegami_mail::Domain;

use crate::case::DomainCase;
use crate::probe::{Document, Unprobed};

/// What the TXT records at `_mta-sts` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announced {
    /// There is a policy.
    Policy(Record),
    /// There is none.
    Nothing,
    /// Something that announces nothing.
    Broken(RecordError),
    /// The DNS did not say.
    Unknown(DnsError),
}

/// Why there is no policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfetched {
    /// The host that serves it has no address, and nobody was asked.
    NoHost,
    /// The DNS did not say whether it has one.
    Dns(DnsError),
    /// There is no answer.
    Probe(Unprobed),
}

/// MTA-STS of a domain.
#[derive(Clone, Debug)]
pub struct Sts {
    /// What is announced.
    pub announced: Announced,
    /// The TXT records that look like an announcement.
    pub texts: Vec<String>,
    /// How long they may be kept.
    pub ttl: Duration,
    /// Their name.
    pub record_name: String,
    /// The host that serves the policy.
    pub host: Option<Domain>,
    /// The answer of that host.
    pub fetched: Result<Document, Unfetched>,
    /// The policy in it, where the answer is one that senders read.
    pub policy: Option<Result<Policy, PolicyError>>,
}

impl Sts {
    pub(crate) async fn find(case: &DomainCase) -> Self {
        let record_name = format!("{RECORD_LABEL}.{}", case.domain);
        let host = mta_sts::policy_host(&case.domain);
        let ((announced, texts, ttl), fetched) =
            join(announced(case, &record_name), fetch(case, host.as_ref())).await;
        let policy = fetched.as_ref().ok().filter(|document| document.status == 200);
        let policy = policy.map(|document| Policy::parse(&document.body));
        Self { announced, texts, ttl, record_name, host, fetched, policy }
    }

    /// The policy that senders keep to.
    pub fn policy(&self) -> Option<&Policy> {
        let announced = matches!(self.announced, Announced::Policy(_));
        self.policy.as_ref().filter(|_| announced)?.as_ref().ok()
    }

    /// Whether senders that know MTA-STS deliver to nobody but who keeps to the policy.
    pub fn enforces(&self) -> bool {
        self.policy().is_some_and(|policy| policy.mode == Mode::Enforce)
    }

    /// Whether anything was meant.
    pub fn meant(&self) -> bool {
        !matches!(self.announced, Announced::Nothing) || !matches!(self.fetched, Err(Unfetched::NoHost))
    }
}

async fn announced(case: &DomainCase, name: &str) -> (Announced, Vec<String>, Duration) {
    let nothing = |announced| (announced, Vec::new(), Duration::ZERO);
    let Ok(name) = DnsName::parse(name) else { return nothing(Announced::Nothing) };
    let answer = match case.resolver().lookup(&name, RecordType::Txt).await {
        Ok(answer) => answer,
        Err(error) if error.is_void() => return nothing(Announced::Nothing),
        Err(error) => return nothing(Announced::Unknown(error)),
    };
    let texts = answer.records.iter().filter_map(|record| match &record.data {
        Data::Txt(text) => Some(text.as_ref()),
        _ => None,
    });
    let texts: Vec<&[u8]> = texts.collect();
    let alike = |text: &&&[u8]| text.to_ascii_lowercase().starts_with(b"v=sts");
    let shown: Vec<String> =
        texts.iter().filter(alike).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    let announced = match mta_sts::find(texts.iter().copied()) {
        Ok(record) => Announced::Policy(record),
        Err(RecordError::None) if shown.is_empty() => Announced::Nothing,
        Err(error) => Announced::Broken(error),
    };
    (announced, shown, answer.ttl())
}

async fn fetch(case: &DomainCase, host: Option<&Domain>) -> Result<Document, Unfetched> {
    let host = host.ok_or(Unfetched::NoHost)?;
    let name = DnsName::from(host);
    let (v4, v6) =
        join(case.resolver().lookup(&name, RecordType::A), case.resolver().lookup(&name, RecordType::Aaaa))
            .await;
    match (v4, v6) {
        (Err(one), Err(two)) if one.is_void() && two.is_void() => return Err(Unfetched::NoHost),
        (Err(one), Err(two)) => return Err(Unfetched::Dns(if one.is_void() { two } else { one })),
        _ => {}
    }
    case.probes.https(host, POLICY_PATH, MAX_OCTETS).await.map_err(Unfetched::Probe)
}
