//! The addresses of one host.

use std::net::IpAddr;

use tegami_dns::{Answer, Data, DnsError, DnsName, RecordType, Resolver};
use tegami_mail::{Note, note};

use crate::policy::IpOrder;

/// What the DNS says of a host.
pub(super) struct Found {
    /// In the order in which they are tried, never empty; void where the host has none.
    pub(super) addresses: Result<Vec<IpAddr>, DnsError>,
    pub(super) steps: Vec<Note>,
}

/// Asks for the addresses of both versions of IP at the same time. One version's failure does not hurt while the other has addresses.
pub(super) async fn addresses(name: &DnsName, ip_order: IpOrder, resolver: &dyn Resolver) -> Found {
    let (v4, v6) = futures_util::future::join(
        ask(ip_order != IpOrder::V6Only, name, RecordType::A, resolver),
        ask(ip_order != IpOrder::V4Only, name, RecordType::Aaaa, resolver),
    )
    .await;
    let mut steps = aliases(name, &v4, &v6);
    let error = worst(&v4, &v6);
    let (v4, v6) = (ips(v4), ips(v6));
    let mut addresses = match ip_order {
        IpOrder::V4First | IpOrder::V4Only => [v4, v6].concat(),
        IpOrder::V6First | IpOrder::V6Only => [v6, v4].concat(),
        IpOrder::Alternate => in_turn(&v6, &v4),
    };
    addresses.dedup();
    if addresses.is_empty() {
        steps.push(match &error {
            error if !error.is_void() => note!("outbound-host-dns-failed", host = shown(name), error = error),
            _ if is_address(name) => note!("outbound-mx-is-address", host = name),
            _ => note!("outbound-host-without-address", host = shown(name)),
        });
        return Found { addresses: Err(error), steps };
    }
    let list: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    steps.push(note!("outbound-host-addresses", host = shown(name), addresses = list.join(", ")));
    Found { addresses: Ok(addresses), steps }
}

/// One of the first, one of the second, until both are used up.
fn in_turn(first: &[IpAddr], second: &[IpAddr]) -> Vec<IpAddr> {
    let most = first.len().max(second.len());
    (0..most).flat_map(|at| [first.get(at), second.get(at)]).flatten().copied().collect()
}

/// The name as people see it; the root is a dot.
pub(super) fn shown(name: &DnsName) -> &str {
    if name.is_root() { "." } else { name.as_str() }
}

async fn ask(
    wanted: bool,
    name: &DnsName,
    kind: RecordType,
    resolver: &dyn Resolver,
) -> Result<Answer, DnsError> {
    if wanted { resolver.lookup(name, kind).await } else { Err(DnsError::NoData) }
}

fn ips(answer: Result<Answer, DnsError>) -> Vec<IpAddr> {
    let records = answer.map(|answer| answer.records).unwrap_or_default();
    records
        .into_iter()
        .filter_map(|record| match record.data {
            Data::A(ip) => Some(IpAddr::V4(ip)),
            Data::Aaaa(ip) => Some(IpAddr::V6(ip)),
            _ => None,
        })
        .collect()
}

/// A failure to find out outweighs an absence: the address may exist after all.
fn worst(v4: &Result<Answer, DnsError>, v6: &Result<Answer, DnsError>) -> DnsError {
    let errors = [v4, v6].into_iter().filter_map(|answer| answer.as_ref().err());
    errors.max_by_key(|error| !error.is_void()).cloned().unwrap_or(DnsError::NoData)
}

/// RFC 2181 section 10.3 forbids an MX record to name an alias; it works nevertheless, so it is followed and told.
fn aliases(name: &DnsName, v4: &Result<Answer, DnsError>, v6: &Result<Answer, DnsError>) -> Vec<Note> {
    let first = [v4, v6].into_iter().find_map(|answer| answer.as_ref().ok()?.aliases.last());
    first.map(|alias| note!("outbound-host-alias", host = shown(name), alias = alias)).into_iter().collect()
}

/// An MX record must name a host; an address in its place is a name that nobody has.
fn is_address(name: &DnsName) -> bool {
    name.as_str().parse::<IpAddr>().is_ok()
}
