//! Whether the mail hosts can be reached over IPv6.

use std::net::IpAddr;

use futures_util::FutureExt as _;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_mail::note;

use super::{MailHost, Receiving};
use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::probe::{SmtpSeen, Unprobed};
use crate::{About, Check, Finding, Fix};

/// What needs sessions with the hosts, and waits for them.
pub(crate) const VISITED: Family =
    Family::new("mx", &[&IPV6]).of_domain(|case| async { vec![ipv6(case).await] }.boxed()).patient();

const IPV6: Check = Check::new("mx.ipv6", About::Domain, Severity::S1, "RFC 5321 section 5.2")
    .after(&["dns.exists", "mx.exists"]);

async fn ipv6(case: &DomainCase) -> Finding {
    let (domain, hosts) = (&case.domain, case.hosts().await);
    if !matches!(hosts.receiving, Receiving::Explicit | Receiving::Implicit) {
        return IPV6.not_applicable(domain, note!("mx-no-hosts", domain = domain));
    }
    if hosts.real().all(|host| host.addresses.is_empty()) {
        return IPV6.not_applicable(domain, note!("mx-no-addresses", domain = domain));
    }
    let with: Vec<&MailHost> =
        hosts.real().filter(|host| host.addresses.iter().any(IpAddr::is_ipv6)).collect();
    let Some(first) = with.first() else {
        return IPV6.info(domain, note!("mx-ipv6-none", domain = domain)).ttl(hosts.ttl);
    };
    for visit in case.visits().await.iter() {
        if let Some((ip, error)) = dead(&visit.tries) {
            let delete = Change::address(Operation::Delete, &visit.name, ip);
            return IPV6
                .warn(domain, note!("mx-ipv6-dead", host = visit.name, ip = ip, error = error))
                .evidences(visit.tries.iter().map(|(ip, seen)| match seen {
                    Ok(seen) => format!("{ip}: {}", seen.greeting.code),
                    Err(error) => format!("{ip}: {error}"),
                }))
                .fix(Fix::new(note!("mx-ipv6-fix", ip = ip)).records(vec![delete]));
        }
    }
    let six = with.iter().flat_map(|host| {
        host.addresses.iter().filter(|ip| ip.is_ipv6()).map(|ip| format!("{} AAAA {ip}", host.name))
    });
    IPV6.pass(domain, note!("mx-ipv6", host = first.name)).evidences(six).ttl(hosts.ttl)
}

/// An IPv6 address that does not answer where an IPv4 address does. That there is no way to it from here says nothing of the host.
fn dead(tries: &[(IpAddr, Result<SmtpSeen, Unprobed>)]) -> Option<(IpAddr, &Unprobed)> {
    let four = tries.iter().any(|(ip, seen)| ip.is_ipv4() && seen.is_ok());
    tries.iter().filter(|(ip, _)| four && ip.is_ipv6()).find_map(|(ip, seen)| match seen {
        Err(error @ (Unprobed::Refused | Unprobed::Timeout | Unprobed::Silent(_))) => Some((*ip, error)),
        _ => None,
    })
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    vec![
        Fixture::pass("mx.ipv6", ""),
        Fixture::info("mx.ipv6", "- mx1 AAAA"),
        Fixture::na("mx.ipv6", "- example.com. MX"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::World;

    #[test]
    fn only_a_closed_door_beside_an_open_one_is_dead() {
        let seen = World::base().smtp("mx1.example.com").clone();
        let six: IpAddr = "2001:db8::10".parse().unwrap();
        let four = |seen| ("192.0.2.10".parse().unwrap(), seen);
        let check = |of_four, of_six: Result<SmtpSeen, Unprobed>, expected: bool| {
            assert_eq!(dead(&[four(of_four), (six, of_six)]).map(|(ip, _)| ip), expected.then_some(six));
        };
        check(Ok(seen.clone()), Err(Unprobed::Refused), true);
        check(Ok(seen.clone()), Err(Unprobed::Timeout), true);
        check(Ok(seen.clone()), Err(Unprobed::Unreachable), false);
        check(Ok(seen.clone()), Err(Unprobed::Off), false);
        check(Ok(seen.clone()), Ok(seen), false);
        check(Err(Unprobed::Refused), Err(Unprobed::Refused), false);
    }
}
