//! The TLSA records of the mail hosts of a domain (RFC 7672 section 2.2), looked up once.

use std::time::Duration;

use futures_util::future::join_all;
use tegami_auth::dane::{self, Records};
use tegami_dns::{Data, DnsError, DnsName, RecordType, Security, Tlsa};

use crate::case::DomainCase;
use crate::checks::mx::MailHost;

/// TLSA records of one host.
#[derive(Clone, Debug)]
pub struct TlsaOfHost {
    /// The host.
    pub host: DnsName,
    /// Where they lie.
    pub name: DnsName,
    /// As published; else why there are none.
    pub published: Result<Vec<Tlsa>, DnsError>,
    /// Whether DNSSEC vouches for them.
    pub secure: bool,
    /// Whether DNSSEC vouches for the host's addresses, without which nobody asks for TLSA records.
    pub host_secure: bool,
    /// What of them can be used.
    pub records: Records,
    /// How long they may be kept.
    pub ttl: Duration,
}

/// TLSA records of all mail hosts.
#[derive(Clone, Debug)]
pub struct TlsaRecords(Vec<TlsaOfHost>);

impl TlsaRecords {
    pub(crate) async fn find(case: &DomainCase) -> Self {
        let hosts = case.hosts().await.real();
        let found = join_all(hosts.map(|host| TlsaOfHost::find(case, host))).await;
        Self(found.into_iter().flatten().collect())
    }

    /// One for each host.
    pub fn iter(&self) -> impl Iterator<Item = &TlsaOfHost> {
        self.0.iter()
    }

    /// Of this host.
    pub fn of(&self, host: &DnsName) -> Option<&TlsaOfHost> {
        self.0.iter().find(|found| found.host == *host)
    }
}

impl TlsaOfHost {
    /// At the end of a secure chain of aliases, else at the host's own name (RFC 7672 section 2.2.2).
    async fn find(case: &DomainCase, host: &MailHost) -> Option<Self> {
        let end = host.aliases.last().filter(|_| host.secure);
        let mut found = None;
        for base in end.into_iter().chain([&host.name]) {
            let name = dane::record_name(base.as_str(), 25)?;
            let one = Self::at(case, host, name).await;
            let decided = one.published.is_ok() || one.broken();
            found = Some(one);
            if decided {
                break;
            }
        }
        found
    }

    async fn at(case: &DomainCase, host: &MailHost, name: DnsName) -> Self {
        let mut found = Self {
            host: host.name.clone(),
            published: Ok(Vec::new()),
            secure: false,
            host_secure: host.secure && !host.addresses.is_empty(),
            records: Records::default(),
            ttl: Duration::ZERO,
            name,
        };
        match case.resolver().lookup(&found.name, RecordType::Tlsa).await {
            Ok(answer) => {
                found.secure = answer.security == Security::Secure;
                found.ttl = answer.ttl();
                let records = answer.records.into_iter();
                let tlsa: Vec<Tlsa> = records
                    .filter_map(|record| if let Data::Tlsa(tlsa) = record.data { Some(tlsa) } else { None })
                    .collect();
                found.records = Records::read(tlsa.iter().cloned());
                found.published = Ok(tlsa);
            }
            Err(error) => found.published = Err(error),
        }
        found
    }

    /// There is no answer, and not even the answer that there is nothing.
    pub fn broken(&self) -> bool {
        matches!(&self.published, Err(error) if !error.is_void())
    }

    /// There are records.
    pub fn exist(&self) -> bool {
        matches!(&self.published, Ok(records) if !records.is_empty())
    }

    /// Senders that know DANE deliver only over TLS.
    pub fn demands(&self) -> bool {
        self.exist() && self.secure && self.host_secure
    }
}
