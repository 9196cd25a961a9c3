//! The one door to the DNS.

use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Answer, Data, DnsError, DnsName, MxHost, RecordType};

/// A boxed future, so that resolvers can stand behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a question got, and for how long it may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// As [`Resolver::lookup`].
    pub result: Result<Answer, DnsError>,
    /// The shortest TTL on the way to the records, aliases included; where there are none, what the zone's SOA record
    /// says (RFC 2308 section 5). Zero: not at all.
    pub ttl: Duration,
}

/// Somebody who answers questions. Only [`Resolver::lookup`] must be written; the typed questions follow from it.
pub trait Resolver: Send + Sync {
    /// Asks for the records of one type at one name, following CNAMEs.
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>>;

    /// The same question, for those who keep what they learn. A resolver that knows how long there will be *no* records, or how
    /// long an alias holds, says so here; without, neither is kept.
    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(async move {
            let result = self.lookup(name, kind).await;
            let ttl = match &result {
                Ok(answer) if answer.aliases.is_empty() => answer.ttl(),
                _ => Duration::ZERO,
            };
            Kept { result, ttl }
        })
    }
}

impl<R: Resolver + ?Sized> Resolver for Arc<R> {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        (**self).lookup(name, kind)
    }

    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        (**self).lookup_to_keep(name, kind)
    }
}

/// The typed questions, for every resolver.
impl dyn Resolver + '_ {
    /// TXT records, each with its character-strings joined.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub async fn txt(&self, name: &DnsName) -> Result<Vec<Vec<u8>>, DnsError> {
        self.pick(name, RecordType::Txt, |data| {
            if let Data::Txt(text) = data { Some(text.into_octets()) } else { None }
        })
        .await
    }

    /// MX records by ascending preference.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub async fn mx(&self, name: &DnsName) -> Result<Vec<MxHost>, DnsError> {
        let mut hosts = self
            .pick(name, RecordType::Mx, |data| if let Data::Mx(host) = data { Some(host) } else { None })
            .await?;
        hosts.sort();
        Ok(hosts)
    }

    /// IPv4 addresses.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub async fn a(&self, name: &DnsName) -> Result<Vec<Ipv4Addr>, DnsError> {
        self.pick(name, RecordType::A, |data| if let Data::A(ip) = data { Some(ip) } else { None }).await
    }

    /// IPv6 addresses.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub async fn aaaa(&self, name: &DnsName) -> Result<Vec<Ipv6Addr>, DnsError> {
        self.pick(name, RecordType::Aaaa, |data| if let Data::Aaaa(ip) = data { Some(ip) } else { None })
            .await
    }

    /// Names of an address, asked at [`DnsName::reverse`].
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub async fn ptr(&self, name: &DnsName) -> Result<Vec<DnsName>, DnsError> {
        self.pick(name, RecordType::Ptr, |data| if let Data::Ptr(name) = data { Some(name) } else { None })
            .await
    }

    async fn pick<T>(
        &self,
        name: &DnsName,
        kind: RecordType,
        choose: impl Fn(Data) -> Option<T> + Send,
    ) -> Result<Vec<T>, DnsError> {
        let answer = self.lookup(name, kind).await?;
        Ok(answer.records.into_iter().filter_map(|record| choose(record.data)).collect())
    }
}
