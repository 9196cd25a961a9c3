//! The TLSA records of a mail host (RFC 7672 section 2.2).

use std::sync::Arc;

use tegami_auth::dane::{self, Records, Usage};
use tegami_dns::{Answer, Data, DnsError, DnsName, RecordType, Resolver, Security, Tlsa};
use tegami_mail::{Domain, note};
use tegami_report::tls_rpt::{self, PolicyType};

use super::{DaneTrust, HostPolicy, PolicySource, Trust};
use crate::policy::TlsDemand;

/// Asks for the records of one host.
pub(super) struct Search<'a> {
    pub(super) resolver: &'a dyn Resolver,
    pub(super) port: u16,
    /// The recipient's domain.
    pub(super) domain: &'a Domain,
    pub(super) host: &'a Domain,
}

/// What there is.
pub(super) enum Found {
    /// No records that DNSSEC vouches for: DANE does not apply.
    Absent,
    Records(Box<Published>),
    /// It could not be found out. Whoever forges answers can bring that about, so the host is not used (RFC 7672 section 2.2.3).
    Failed {
        name: DnsName,
        error: DnsError,
    },
}

/// Records that DNSSEC vouches for.
pub(super) struct Published {
    base: Domain,
    host: Domain,
    tlsa: Vec<Tlsa>,
    records: Records,
    names: Vec<Domain>,
}

impl Search<'_> {
    pub(super) async fn run(&self) -> Found {
        match self.find().await {
            Ok(Some(published)) => Found::Records(Box::new(published)),
            Ok(None) => Found::Absent,
            Err((name, error)) => Found::Failed { name, error },
        }
    }

    async fn find(&self) -> Result<Option<Published>, (DnsName, DnsError)> {
        for base in self.candidates().await? {
            let Some(name) = dane::record_name(base.as_str(), self.port) else { continue };
            let answer = self.ask(&name, RecordType::Tlsa).await?;
            let Some(answer) = answer.filter(|answer| answer.security == Security::Secure) else { continue };
            let tlsa: Vec<Tlsa> = answer
                .records
                .into_iter()
                .filter_map(|record| if let Data::Tlsa(tlsa) = record.data { Some(tlsa) } else { None })
                .collect();
            let records = Records::read(tlsa.iter().cloned());
            let names = self.names(&base, &records).await;
            return Ok(Some(Published { base, host: self.host.clone(), tlsa, records, names }));
        }
        Ok(None)
    }

    /// The names below which TLSA records may lie, the preferred one first (RFC 7672 section 2.2.2): the end of a secure chain of aliases, then the host's own
    /// name. Where the chain leaves what DNSSEC protects, the host's own name alone, if at least that link is protected. Hosts outside are not asked for
    /// TLSA records at all: some name servers answer such questions with errors.
    async fn candidates(&self) -> Result<Vec<Domain>, (DnsName, DnsError)> {
        let host = DnsName::from(self.host);
        let answer = match self.ask(&host, RecordType::A).await {
            Ok(None) => self.ask(&host, RecordType::Aaaa).await,
            // One version of IP may fail while the other serves.
            Err(error) => match self.ask(&host, RecordType::Aaaa).await {
                Ok(Some(answer)) => Ok(Some(answer)),
                _ => Err(error),
            },
            found => found,
        }?;
        let Some(answer) = answer else { return Ok(Vec::new()) };
        let end = answer.aliases.last().and_then(|alias| Domain::parse(alias.as_str()).ok());
        match (answer.security, end) {
            (Security::Secure, None) => Ok(vec![self.host.clone()]),
            (Security::Secure, Some(end)) => Ok(vec![end, self.host.clone()]),
            (Security::Insecure, None) => Ok(Vec::new()),
            (Security::Insecure, Some(_)) => {
                let link = self.ask(&host, RecordType::Cname).await?;
                let secure = link.is_some_and(|link| link.security == Security::Secure);
                Ok(secure.then(|| self.host.clone()).into_iter().collect())
            }
        }
    }

    /// The names that certificates under DANE-TA may have. The recipient's domain as it is known at the end of its aliases is asked for only where it matters.
    async fn names(&self, base: &Domain, records: &Records) -> Vec<Domain> {
        if !records.usable.iter().any(|record| record.usage == Usage::DaneTa) {
            return Vec::new();
        }
        let answer = self.resolver.lookup(&DnsName::from(self.domain), RecordType::Mx).await.ok();
        let answer = answer.filter(|answer| answer.security == Security::Secure);
        let expanded = answer.and_then(|answer| Domain::parse(answer.aliases.last()?.as_str()).ok());
        dane::references(base, Some(self.domain), expanded.as_ref())
    }

    /// `None` where the DNS says that there is nothing.
    async fn ask(&self, name: &DnsName, kind: RecordType) -> Result<Option<Answer>, (DnsName, DnsError)> {
        match self.resolver.lookup(name, kind).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_void() => Ok(None),
            Err(error) => Err((name.clone(), error)),
        }
    }
}

impl Published {
    /// With records of which none can be used, encryption is demanded and nobody authenticated (RFC 7672 section 2.2).
    pub(super) fn policy(self, domain: &Domain) -> HostPolicy {
        let mut steps =
            vec![note!("outbound-dane-found", host = self.host, base = self.base, count = self.tlsa.len())];
        steps.extend(self.records.unusable.iter().map(|(record, why)| why.note(record)));
        let told = Some((domain.clone(), report_policy(&self.host, &self.tlsa)));
        let usable = !self.records.usable.is_empty();
        if !usable {
            steps.push(note!("outbound-dane-none-usable", host = self.host));
        }
        let trust = DaneTrust { base: self.base, records: self.records.usable, names: self.names };
        HostPolicy {
            source: PolicySource::Dane,
            demand: if usable { TlsDemand::Verified } else { TlsDemand::Encrypted },
            trust: if usable { Trust::Dane(Arc::new(trust)) } else { Trust::WebPki },
            steps,
            told,
            unnamed: false,
        }
    }
}

/// The policy in the words of reports: for DANE it belongs to the host (RFC 8460 section 4.4).
pub(super) fn report_policy(host: &Domain, records: &[Tlsa]) -> tls_rpt::Policy {
    tls_rpt::Policy {
        policy_type: PolicyType::Tlsa,
        policy_string: records.iter().map(dane::presentation).collect(),
        policy_domain: host.to_string(),
        mx_host: Vec::new(),
    }
}
