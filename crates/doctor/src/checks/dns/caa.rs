//! Which certification authorities may vouch for the hosts of mail (RFC 8659), and whether the one in use is among them.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tegami_auth::Certificate;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{Data, DnsError, DnsName, RecordType};
use tegami_mail::{Domain, note};

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::{About, Check, Finding, Fix};

/// What needs the certificates of hosts, and waits for them.
pub(crate) const VISITED: Family =
    Family::new("dns", &[&CAA]).of_domain(|case| judge(case).boxed()).patient();

const CAA: Check =
    Check::new("dns.caa", About::Host, Severity::S1, "RFC 8659 section 3").after(&["dns.exists"]);

/// Labels that are climbed (RFC 8659 section 3).
const MAX_CLIMB: usize = 6;

/// Hosts that are looked at.
const MAX_HOSTS: usize = 6;

/// Authorities: what their certificates call them, and by which names they are allowed.
const AUTHORITIES: [(&str, &[&str]); 18] = [
    ("Let's Encrypt", &["letsencrypt.org"]),
    ("Google Trust Services", &["pki.goog"]),
    ("ZeroSSL", &["sectigo.com", "zerossl.com"]),
    ("Sectigo", &["sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "trust-provider.com"]),
    (
        "DigiCert",
        &["digicert.com", "digicert.ne.jp", "geotrust.com", "rapidssl.com", "thawte.com", "symantec.com"],
    ),
    ("GlobalSign", &["globalsign.com"]),
    ("Amazon", &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"]),
    ("GoDaddy", &["godaddy.com", "starfieldtech.com"]),
    ("Starfield", &["starfieldtech.com", "godaddy.com"]),
    ("Entrust", &["entrust.net", "affirmtrust.com"]),
    ("Buypass", &["buypass.com", "buypass.no"]),
    ("SSL Corporation", &["ssl.com"]),
    ("Actalis", &["actalis.it"]),
    ("Certum", &["certum.pl", "certum.eu"]),
    ("Asseco", &["certum.pl", "certum.eu"]),
    ("SECOM", &["secomtrust.net"]),
    ("Cybertrust Japan", &["cybertrust.ne.jp"]),
    ("Japan Registry Services", &["jprs.jp"]),
];

/// The CAA records that hold for a host, and where they stand.
struct Published {
    owner: DnsName,
    /// Flags, tag, value.
    records: Vec<(u8, String, Vec<u8>)>,
}

impl Published {
    /// Climbs from the host's name to the top.
    async fn find(case: &DomainCase, host: &DnsName) -> Result<Option<Self>, DnsError> {
        let mut at = Some(host.clone());
        for _ in 0..MAX_CLIMB {
            let Some(owner) = at.filter(|name| !name.is_root()) else { break };
            match case.resolver().lookup(&owner, RecordType::Caa).await {
                Ok(answer) => {
                    let data = |record: tegami_dns::Record| match record.data {
                        Data::Caa(flags, tag, value) => Some((flags, tag, value)),
                        _ => None,
                    };
                    let records = answer.records.into_iter().filter_map(data).collect();
                    return Ok(Some(Self { owner, records }));
                }
                Err(error) if error.is_void() => at = owner.parent(),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The authorities that may issue, where the records limit that at all (RFC 8659 section 4.2).
    fn issuers(&self) -> Option<Vec<String>> {
        let issue = self.records.iter().filter(|(_, tag, _)| tag.eq_ignore_ascii_case("issue"));
        let name = |value: &[u8]| {
            let value = String::from_utf8_lossy(value);
            value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
        };
        let names: Vec<String> = issue.map(|(_, _, value)| name(value)).collect();
        (!names.is_empty()).then_some(names)
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        self.records.iter().map(|(flags, tag, value)| {
            format!("{} CAA {}", self.owner, Data::Caa(*flags, tag.clone(), value.clone()))
        })
    }
}

/// The authority that issued a certificate, as it calls itself, with the names by which it is allowed.
fn authority(certificate: &[u8]) -> Option<(&'static str, &'static [&'static str])> {
    let issuer = Certificate::read(certificate).issuer;
    AUTHORITIES.iter().find(|(name, _)| issuer.contains(name)).copied()
}

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let domain = &case.domain;
    let own = organizational_domain(domain);
    let visits = case.visits().await;
    let mut hosts: Vec<(DnsName, Option<Vec<u8>>)> = Vec::new();
    for host in case.hosts().await.real() {
        let ours = Domain::parse(host.name.as_str()).is_ok_and(|name| organizational_domain(&name) == own);
        if ours && !host.addresses.is_empty() {
            let tls = visits.of(&host.name).and_then(|visit| visit.tls());
            let shown = tls.and_then(|tls| tls.chain.first()).map(|own| own.to_vec());
            hosts.push((host.name.clone(), shown));
        }
    }
    let sts = case.sts().await;
    if let (Some(host), Ok(document)) = (&sts.host, &sts.fetched) {
        hosts.push((DnsName::from(host), document.certificate.as_ref().map(|own| own.to_vec())));
    }
    if hosts.is_empty() {
        return vec![CAA.not_applicable(domain, note!("dns-caa-no-hosts", domain = domain))];
    }
    hosts.truncate(MAX_HOSTS);
    join_all(hosts.iter().map(|(name, shown)| one(case, name, shown.as_deref()))).await
}

async fn one(case: &DomainCase, host: &DnsName, shown: Option<&[u8]>) -> Finding {
    let used = shown.and_then(authority);
    let published = match Published::find(case, host).await {
        Ok(published) => published,
        Err(error) => {
            return CAA
                .unknown(host, note!("dns-unanswered", name = host, kind = RecordType::Caa, error = error));
        }
    };
    let allow = |owner: &str, name: &str| {
        Change::new(Operation::Add, owner, RecordType::Caa, format!("0 issue \"{name}\""))
    };
    let first = used.and_then(|(_, names)| names.first());
    let Some(published) = published else {
        let finding = CAA.info(host, note!("dns-caa-none", host = host));
        let fix = Fix::new(note!("dns-caa-none-fix"));
        return finding.fix(match first {
            Some(name) => fix.records(vec![allow(case.domain.as_str(), name)]),
            None => fix,
        });
    };
    let issuers = published.issuers();
    let forbidden = used.filter(|(_, names)| {
        issuers.as_ref().is_some_and(|issuers| !issuers.iter().any(|issuer| names.contains(&issuer.as_str())))
    });
    let finding = match (forbidden, used) {
        (Some((title, _)), _) => {
            let fix = Fix::new(note!("dns-caa-forbidden-fix", authority = title));
            let records = first.map(|name| allow(published.owner.as_str(), name));
            CAA.warn(host, note!("dns-caa-forbidden", host = host, authority = title))
                .fix(fix.records(records.into_iter().collect()))
        }
        (None, Some((title, _))) => CAA.pass(host, note!("dns-caa", host = host, authority = title)),
        (None, None) => CAA.pass(host, note!("dns-caa-there", host = host)),
    };
    finding.evidences(published.lines())
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, World};
    /// The first host shows a certificate of this authority.
    fn issued(world: &mut World, authority: &str) {
        let mut params = rcgen::CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, authority);
        let key = rcgen::KeyPair::generate().unwrap();
        world.tls1().chain = vec![params.self_signed(&key).unwrap().der().clone()];
    }
    const OTHER: &str = "- example.com. CAA\nexample.com. CAA 0 issue \"digicert.com; policy=ev\"";
    vec![
        Fixture::pass("dns.caa", ""),
        Fixture::pass("dns.caa", "").with(|world| issued(world, "Let's Encrypt")),
        Fixture::warn("dns.caa", OTHER).with(|world| issued(world, "Let's Encrypt")),
        Fixture::pass("dns.caa", OTHER).with(|world| issued(world, "DigiCert Inc")),
        Fixture::warn("dns.caa", "- example.com. CAA\nexample.com. CAA 0 issue \";\"")
            .with(|world| issued(world, "Let's Encrypt")),
        // Only wildcards and reports are spoken of: everybody may issue.
        Fixture::pass("dns.caa", "- example.com. CAA\nexample.com. CAA 0 iodef \"mailto:ca@example.com\"")
            .with(|world| issued(world, "Let's Encrypt")),
        Fixture::info("dns.caa", "- example.com. CAA"),
        Fixture::unknown("dns.caa", "$SERVFAIL mx1 CAA"),
        Fixture::na("dns.caa", "- example.com. MX\n- _mta-sts\n- mta-sts")
            .with(|world| world.table.https.clear()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::checks::fixture::World;

    /// What is to be added stands where the records are that hold for the host.
    #[tokio::test]
    async fn the_authority_in_use_is_added_where_the_others_stand() {
        let mut world = World::base();
        let mut params = rcgen::CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "Let's Encrypt");
        let key = rcgen::KeyPair::generate().unwrap();
        world.tls1().chain = vec![params.self_signed(&key).unwrap().der().clone()];
        let findings = world.examine("mx1 CAA 0 issue \"pki.goog\"").await;
        let found = findings
            .iter()
            .find(|finding| finding.check.id == "dns.caa" && finding.subject == "mx1.example.com")
            .unwrap();
        assert_eq!(found.evidence, ["mx1.example.com CAA 0 issue \"pki.goog\""]);
        let change = &found.fix.as_ref().unwrap().choices[0][0];
        assert_eq!(
            (change.name.as_str(), change.value.as_str()),
            ("mx1.example.com", "0 issue \"letsencrypt.org\"")
        );
    }
}
