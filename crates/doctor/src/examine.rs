//! A whole examination.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tegami_auth::finding::State;
use tegami_mail::{Domain, note};

use crate::agree::agree;
use crate::case::{AddressCase, Arrival, Case, DomainCase, MessageCase, StsBefore};
use crate::catalogue::{FAMILIES, Family};
use crate::checks::rbl::Lists;
use crate::checks::smtp::Visits;
use crate::own::{OWN, Own, OwnCase};
use crate::probe::{Made, Noted};
use crate::{Asked, Finding, Question, settle};

/// How long an examination may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an examination found.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Of what.
    pub subject: String,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Everything that the DNS was asked.
    pub questions: Vec<Question>,
    /// The MTA-STS policy that was seen, where one was: the next examination compares it with what it finds ([`crate::Known::sts_before`]).
    pub sts: Option<StsBefore>,
    /// Everything else that was asked: mail hosts, web servers, name servers, registries.
    pub probes: Vec<Made>,
}

/// What was asked so far.
struct Log {
    asked: Arc<Asked>,
    probes: Arc<Noted>,
    lists: Arc<Lists>,
}

impl Log {
    /// Of everything that the examination with this case asks from now on.
    fn of(case: &mut Case) -> Self {
        let probes = Arc::new(Noted::new(Arc::clone(&case.probes)));
        case.probes = Arc::<Noted>::clone(&probes);
        Self { asked: Arc::clone(&case.asked), probes, lists: Arc::clone(&case.known.lists) }
    }

    /// Keys of lists stand in the names that are asked, and are nobody's business.
    fn questions(&self) -> Vec<Question> {
        let asked = self.asked.questions().into_iter();
        asked.map(|question| question.concealed(|text| self.lists.conceal(text))).collect()
    }

    /// The whole examination: one cause, one finding; one record, one text.
    fn close(self, subject: &str, findings: Vec<Finding>) -> Examination {
        let mut findings = settle(findings, subject);
        agree(&mut findings, |name| self.asked.texts(name));
        Examination {
            findings,
            subject: subject.to_owned(),
            questions: self.questions(),
            probes: self.probes.made(),
            sts: None,
        }
    }
}

impl Examination {
    /// How many findings came out so.
    pub fn count(&self, state: State) -> usize {
        self.findings.iter().filter(|finding| finding.state == state).count()
    }
}

/// How far an examination is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The family that has ended.
    pub family: &'a str,
    /// What it found, not settled yet.
    pub findings: &'a [Finding],
    /// How many have ended.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// Told after each family.
pub type Told<'t> = &'t (dyn Fn(Progress<'_>) + Send + Sync);

type Look<'c> = (&'static Family, String, BoxFuture<'c, Vec<Finding>>);

/// Examines a domain, and the addresses that are known to send for it.
pub async fn domain(domain: &Domain, mut case: Case, told: Told<'_>) -> Examination {
    let log = Log::of(&mut case);
    let domain_case = DomainCase::new(domain.clone(), case.clone());
    // Who sends is asked of the DNS; a zone that does not answer must not hold up the rest for long.
    let sources = tokio::time::timeout(PATIENCE / 2, domain_case.sources()).await.unwrap_or_default();
    let sources: Vec<AddressCase> =
        sources.iter().map(|ip| AddressCase::new(*ip, vec![domain.clone()], case.clone())).collect();
    let mut looks: Vec<Look<'_>> = Vec::new();
    for family in FAMILIES {
        if let Some(look) = family.of_domain {
            looks.push((family, domain.to_string(), look(&domain_case)));
        }
        if let Some(look) = family.of_address {
            looks
                .extend(sources.iter().map(|case| -> Look<'_> { (family, case.ip.to_string(), look(case)) }));
        }
    }
    let patience = PATIENCE + Visits::patience(&domain_case);
    let findings = run(looks, patience, told).await;
    Examination { sts: domain_case.sts_seen(), ..log.close(domain.as_str(), findings) }
}

/// Looks at a domain with some families alone, by their names.
pub async fn part(domain: &Domain, families: &[&str], mut case: Case) -> Examination {
    let log = Log::of(&mut case);
    let domain_case = DomainCase::new(domain.clone(), case);
    let wanted = FAMILIES.iter().filter(|family| families.contains(&family.name));
    let looks = wanted
        .filter_map(|family| family.of_domain.map(|look| (*family, domain.to_string(), look(&domain_case))))
        .collect();
    let findings = run(looks, PATIENCE + Visits::patience(&domain_case), &|_| {}).await;
    Examination { sts: domain_case.sts_seen(), ..log.close(domain.as_str(), findings) }
}

/// Examines an address that sends mail.
pub async fn address(ip: IpAddr, mut case: Case, told: Told<'_>) -> Examination {
    let log = Log::of(&mut case);
    let case = AddressCase::new(ip, Vec::new(), case);
    let looks = FAMILIES
        .iter()
        .filter_map(|family| family.of_address.map(|look| (*family, ip.to_string(), look(&case))))
        .collect();
    let findings = run(looks, PATIENCE, told).await;
    log.close(&ip.to_string(), findings)
}

/// Examines a message that arrived.
pub async fn message(arrival: &Arrival, case: Case, told: Told<'_>) -> Examination {
    message_by(arrival, |_| true, case, told).await
}

/// Looks at a message with some families alone, by their names.
pub async fn part_of_message(arrival: &Arrival, families: &[&str], case: Case) -> Examination {
    message_by(arrival, |family| families.contains(&family.name), case, &|_| {}).await
}

async fn message_by(
    arrival: &Arrival,
    wanted: impl Fn(&Family) -> bool,
    mut case: Case,
    told: Told<'_>,
) -> Examination {
    let log = Log::of(&mut case);
    let case = MessageCase::new(arrival, case);
    let looks = FAMILIES
        .iter()
        .filter(|family| wanted(family))
        .filter_map(|family| family.of_message.map(|look| (*family, case.subject.clone(), look(&case))))
        .collect();
    let findings = run(looks, PATIENCE, told).await;
    log.close(&case.subject, findings)
}

/// Examines this installation: itself, the network around it, and the addresses that its mail leaves from.
pub async fn installation(own: Own, mut case: Case, told: Told<'_>) -> Examination {
    let log = Log::of(&mut case);
    let domains: Vec<Domain> = own.domains.iter().map(|own| own.domain.clone()).collect();
    let mut known = case.known.clone();
    known.helo = own.hostname.as_ref().map(ToString::to_string);
    let of_address = Case { known, ..case.clone() };
    let own = OwnCase::new(own, case);
    let sources = tokio::time::timeout(PATIENCE / 2, own.sources()).await.unwrap_or_default();
    // What goes through a relay is judged by the relay's address.
    let sources = if own.own.all_relayed { Vec::new() } else { sources };
    let sources: Vec<AddressCase> =
        sources.into_iter().map(|ip| AddressCase::new(ip, domains.clone(), of_address.clone())).collect();
    let mut looks: Vec<Look<'_>> = Vec::new();
    for family in FAMILIES {
        if let Some(look) = family.of_own {
            looks.push((family, OWN.to_owned(), look(&own)));
        }
        if let Some(look) = family.of_address {
            looks
                .extend(sources.iter().map(|case| -> Look<'_> { (family, case.ip.to_string(), look(case)) }));
        }
    }
    let patience = PATIENCE + Visits::patience(&own);
    let findings = run(looks, patience, told).await;
    log.close(OWN, findings)
}

/// Looks at everything at once; what has not ended in time is unknown. Families that wait for sessions have this much patience, the
/// others [`PATIENCE`].
async fn run(looks: Vec<Look<'_>>, patience: Duration, told: Told<'_>) -> Vec<Finding> {
    let of = looks.len();
    let mut running: FuturesUnordered<_> = looks
        .into_iter()
        .map(|(family, subject, look)| async move {
            let late = |_| {
                let unknown = |check: &&'static crate::Check| check.unknown(&subject, note!("check-late"));
                family.checks.iter().map(unknown).collect()
            };
            let patience = if family.patient { patience } else { PATIENCE };
            (family, tokio::time::timeout(patience, look).await.unwrap_or_else(late))
        })
        .collect();
    let (mut all, mut done) = (Vec::new(), 0);
    while let Some((family, findings)) = running.next().await {
        done += 1;
        told(Progress { family: family.name, findings: &findings, done, of });
        all.extend(findings);
    }
    // The order must not depend on who answered first.
    let place = |finding: &Finding| {
        let at = crate::catalogue::checks().position(|check| check.id == finding.check.id);
        (at, finding.subject.clone())
    };
    all.sort_by_cached_key(place);
    all
}
