//! The DNS as verifications see it: records that were read, from the cache or just asked for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use jiff::Timestamp;
use tegami_dns::{Answer, Data, DnsError, DnsName, MxHost, RecordType, Resolver};

use crate::cache::{Cache, Known, Reading, Shelf};

/// Whom the functions of this crate ask. A reference to a [`Resolver`] becomes one, and then every question goes to the
/// resolver; with a [`Cache`], what was read before is not asked and not read again. The verdicts are the same.
///
/// # Examples
///
/// ```
/// use tegami_auth::{Cache, Records, spf};
/// use tegami_dns::ZoneResolver;
/// use tegami_mail::ReversePath;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let resolver = ZoneResolver::from_text(r#"mail.example.org. TXT "v=spf1 ip4:192.0.2.7 -all""#)?;
/// let cache = Cache::default(); // one for all threads, as long as the process lives
/// let request = spf::Request {
///     ip: "192.0.2.7".parse()?,
///     helo: "mail.example.org",
///     mail_from: &ReversePath::Null,
///     receiver: "mx.example.com",
///     now: "2026-07-01T12:00:00Z".parse()?,
/// };
///
/// let asked = spf::check_helo(&request, &resolver).await;
/// let cached = spf::check_helo(&request, Records::cached(&resolver, &cache, request.now)).await;
/// assert_eq!(asked.steps, cached.steps);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Records<'a> {
    resolver: &'a dyn Resolver,
    cache: Option<(&'a Cache, Timestamp)>,
}

impl<'a> Records<'a> {
    /// Asks the cache for what is known at this moment, and the resolver for the rest.
    pub fn cached(resolver: &'a dyn Resolver, cache: &'a Cache, now: Timestamp) -> Self {
        Self { resolver, cache: Some((cache, now)) }
    }

    /// The resolver alone.
    pub fn resolver(&self) -> &'a dyn Resolver {
        self.resolver
    }

    /// The addresses of a name, of the family of `ip`.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub(crate) async fn addresses(&self, ip: IpAddr, name: &DnsName) -> Result<Addresses, DnsError> {
        Ok(match ip {
            IpAddr::V4(_) => Addresses::V4(self.get(name).await?),
            IpAddr::V6(_) => Addresses::V6(self.get(name).await?),
        })
    }

    /// What stands at a name.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub(crate) async fn get<T: Reading>(&self, name: &DnsName) -> Known<T> {
        let Some((cache, now)) = self.cache else {
            return self.resolver.lookup(name, T::KIND).await.map(|answer| Arc::new(T::read(answer)));
        };
        let shelf = T::shelf(cache);
        if let Some(known) = shelf.get(name, now) {
            return known;
        }
        let kept = self.resolver.lookup_to_keep(name, T::KIND).await;
        shelf.learn(name, now, kept)
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("cached", &self.cache.is_some()).finish_non_exhaustive()
    }
}

impl<'a> From<&'a dyn Resolver> for Records<'a> {
    fn from(resolver: &'a dyn Resolver) -> Self {
        Self { resolver, cache: None }
    }
}

impl<'a, R: Resolver> From<&'a R> for Records<'a> {
    fn from(resolver: &'a R) -> Self {
        Self { resolver, cache: None }
    }
}

/// The A records of a name.
pub(crate) struct Ipv4Addresses(pub(crate) Vec<Ipv4Addr>);

/// The AAAA records of a name.
pub(crate) struct Ipv6Addresses(pub(crate) Vec<Ipv6Addr>);

/// The addresses of a name, of one family.
pub(crate) enum Addresses {
    V4(Arc<Ipv4Addresses>),
    V6(Arc<Ipv6Addresses>),
}

impl Addresses {
    pub(crate) fn iter(&self) -> impl Iterator<Item = IpAddr> {
        let (v4, v6): (&[Ipv4Addr], &[Ipv6Addr]) = match self {
            Self::V4(addresses) => (&addresses.0, &[]),
            Self::V6(addresses) => (&[], &addresses.0),
        };
        v4.iter().copied().map(IpAddr::V4).chain(v6.iter().copied().map(IpAddr::V6))
    }
}

/// The MX records of a name, by ascending preference.
pub(crate) struct MxHosts(pub(crate) Vec<MxHost>);

/// The PTR records of a name.
pub(crate) struct PtrNames(pub(crate) Vec<DnsName>);

fn pick<T>(answer: Answer, choose: impl Fn(Data) -> Option<T>) -> Vec<T> {
    answer.records.into_iter().filter_map(|record| choose(record.data)).collect()
}

impl Reading for Ipv4Addresses {
    const KIND: RecordType = RecordType::A;

    fn read(answer: Answer) -> Self {
        Self(pick(answer, |data| if let Data::A(ip) = data { Some(ip) } else { None }))
    }

    fn octets(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.a
    }
}

impl Reading for Ipv6Addresses {
    const KIND: RecordType = RecordType::Aaaa;

    fn read(answer: Answer) -> Self {
        Self(pick(answer, |data| if let Data::Aaaa(ip) = data { Some(ip) } else { None }))
    }

    fn octets(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.aaaa
    }
}

impl Reading for MxHosts {
    const KIND: RecordType = RecordType::Mx;

    fn read(answer: Answer) -> Self {
        let mut hosts = pick(answer, |data| if let Data::Mx(host) = data { Some(host) } else { None });
        hosts.sort();
        Self(hosts)
    }

    fn octets(&self) -> usize {
        self.0.iter().map(|host| size_of::<MxHost>() + host.exchange.as_str().len()).sum()
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.mx
    }
}

impl Reading for PtrNames {
    const KIND: RecordType = RecordType::Ptr;

    fn read(answer: Answer) -> Self {
        Self(pick(answer, |data| if let Data::Ptr(name) = data { Some(name) } else { None }))
    }

    fn octets(&self) -> usize {
        self.0.iter().map(|name| size_of::<DnsName>() + name.as_str().len()).sum()
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.ptr
    }
}
