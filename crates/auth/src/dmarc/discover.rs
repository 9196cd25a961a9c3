//! Which record and which policy apply to an Author Domain (RFC 9989 sections 4.10.1 and 4.10.2).

use std::sync::Arc;

use tegami_dns::{DnsError, DnsName, RecordType};
use tegami_mail::{AsText as _, Domain, Note, Text, note};

use super::Policy;
use super::record::{Psd, Record};
use super::walk::{Walk, Walker};
use crate::records::Ipv4Addresses;
use crate::{Records, Step};

const POLICY: &str = "RFC 9989 section 4.10.1";
const TAGS: &str = "RFC 9989 section 4.7";

/// What is published for an Author Domain.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// The domain that was asked about.
    pub author_domain: Domain,
    /// Every record of the tree walk, from the longest name to the shortest.
    pub found: Vec<(Domain, Arc<Record>)>,
    /// By the tree walk; `None` where a failed query leaves it open.
    pub organizational_domain: Option<Domain>,
    /// The policy that applies to this Author Domain: `p`, `sp` or `np`, lowered where the record says `t=y`. `None`
    /// where DMARC does not apply.
    pub policy: Option<Policy>,
    /// A failure of the DNS left the policy open.
    pub temp_error: bool,
    /// DNS queries of the tree walk.
    pub queries: u8,
    /// How it was found.
    pub steps: Vec<Step>,
    /// Which of the records applies.
    applicable: Option<usize>,
}

/// What applies to the domains below one, as long as they have no records of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subdomains {
    /// Whose record it is.
    pub policy_domain: Domain,
    /// For those that exist: `sp`, else `p`.
    pub existing: Policy,
    /// For those that do not: `np`, else `sp`, else `p`.
    pub absent: Policy,
}

/// Finds the policy for an Author Domain (RFC 9989 section 4.10.1) and its Organizational Domain
/// (RFC 9989 section 4.10.2).
pub async fn discover(author_domain: &Domain, records: impl Into<Records<'_>>) -> Discovery {
    discover_with(author_domain, &mut Walker::new(records)).await
}

/// The same with what was found before: a name that the walker knows is neither asked again nor told in the steps.
pub async fn discover_with(author: &Domain, walker: &mut Walker<'_>) -> Discovery {
    let walk = walker.walk(author, 0).await;
    let organizational_domain = walk.organizational_domain();
    let applicable = applicable(&walk, organizational_domain.as_ref());
    let mut discovery = Discovery {
        author_domain: walk.start,
        found: walk.found,
        organizational_domain,
        policy: None,
        temp_error: false,
        queries: walk.queries,
        steps: walk.steps,
        applicable,
    };
    discovery.tell_organizational_domain();
    let Some(record) = discovery.record().cloned() else {
        // Without the Author Domain's own record, a failed query may hide the one that applies.
        discovery.temp_error = walk.failed;
        if !walk.failed {
            discovery.step("policy", "none", note!("dmarc-no-record", domain = author), POLICY);
        }
        return discovery;
    };
    discovery.tell_ignored(&record);
    discovery.choose_policy(&record, walker.records()).await;
    discovery
}

/// The record that applies: that of the Author Domain, else of its Organizational Domain, else of its Public Suffix
/// Domain (RFC 9989 section 4.10.1).
fn applicable(walk: &Walk, organizational: Option<&Domain>) -> Option<usize> {
    let at = |domain: &Domain| walk.found.iter().position(|(found, _)| found == domain);
    at(&walk.start)
        .or_else(|| organizational.and_then(at))
        .or_else(|| walk.found.iter().position(|(_, record)| record.psd == Psd::Yes))
}

impl Discovery {
    /// The record that applies; `None` where there is none, or a failed query leaves it open.
    pub fn record(&self) -> Option<&Arc<Record>> {
        self.applied().map(|(_, record)| record)
    }

    /// Where it was found.
    pub fn policy_domain(&self) -> Option<&Domain> {
        self.applied().map(|(domain, _)| domain)
    }

    fn applied(&self) -> Option<&(Domain, Arc<Record>)> {
        self.found.get(self.applicable?)
    }

    /// What applies below this domain. Of several records that of the Organizational Domain rules, not the nearest
    /// (RFC 9989 section 4.10.1). `None` where DMARC does not apply there, or a failed query leaves it open.
    pub fn subdomains(&self) -> Option<Subdomains> {
        let organizational = self.organizational_domain.as_ref()?;
        let is_own_suffix = |(domain, record): &&(Domain, Arc<Record>)| {
            *domain == self.author_domain && record.psd == Psd::Yes
        };
        let (policy_domain, record) = self
            .found
            .iter()
            .find(is_own_suffix)
            .or_else(|| self.found.iter().find(|(domain, _)| domain == organizational))
            .or_else(|| self.found.iter().find(|(_, record)| record.psd == Psd::Yes))?;
        if !record.applies() {
            return None;
        }
        let applied = |policy: Policy| match record.bad_policy {
            true => Policy::None,
            false if record.testing => policy.lowered(),
            false => policy,
        };
        let existing = record.sp.unwrap_or(record.p);
        Some(Subdomains {
            policy_domain: policy_domain.clone(),
            existing: applied(existing),
            absent: applied(record.np.unwrap_or(existing)),
        })
    }

    fn step(&mut self, term: impl Into<Text>, outcome: &'static str, note: Note, source: &'static str) {
        let (domain, term) = (self.author_domain.as_text().clone(), term.into());
        self.steps.push(Step { depth: 0, domain, term, outcome, note, source, spent: None });
    }

    fn tell_organizational_domain(&mut self) {
        if let Some(organizational) = &self.organizational_domain {
            let note = note!(
                "dmarc-organizational-domain",
                domain = self.author_domain,
                organizational = organizational
            );
            self.step(Text::from_static("organizational domain"), "found", note, "RFC 9989 section 4.10.2");
        }
    }

    fn tell_ignored(&mut self, record: &Record) {
        for ignored in &record.ignored {
            let term = Text::of(format_args!("{}={}", ignored.name, ignored.value));
            self.step(term, "ignored", ignored.note(), TAGS);
        }
        // Nobody inherits from a record that lies below the Organizational Domain's.
        let inherits = self.organizational_domain.as_ref().is_none_or(|domain| *domain == self.author_domain);
        let is_own = self.policy_domain() == Some(&self.author_domain) && record.psd != Psd::Yes;
        let Some(organizational) = self.organizational_domain.clone().filter(|_| is_own && !inherits) else {
            return;
        };
        for (tag, _) in [("sp", record.sp), ("np", record.np)].iter().filter(|(_, policy)| policy.is_some()) {
            let note = note!(
                "dmarc-tag-without-effect",
                name = tag,
                domain = self.author_domain,
                organizational = organizational
            );
            self.step(*tag, "ignored", note, TAGS);
        }
    }

    /// `p`, `sp` or `np`, and `t` (RFC 9989 sections 4.7 and 4.10.1).
    async fn choose_policy(&mut self, record: &Record, records: Records<'_>) {
        let Some(policy_domain) = self.policy_domain() else { return };
        let is_own = *policy_domain == self.author_domain;
        if record.bad_policy {
            let (policy, note) = match record.applies() {
                true => (Some(Policy::None), note!("dmarc-policy-replaced", domain = policy_domain)),
                false => (None, note!("dmarc-policy-unusable", domain = policy_domain)),
            };
            self.policy = policy;
            self.step("p", "none", note, POLICY);
            return;
        }
        let chosen =
            if is_own { Ok(("p", record.p)) } else { Box::pin(self.subdomain_policy(record, records)).await };
        let (tag, policy) = match chosen {
            Ok(chosen) => chosen,
            Err(error) => {
                self.temp_error = true;
                let note = note!("dmarc-existence-unknown", domain = self.author_domain, error = error);
                let term = self.author_domain.as_text().clone();
                self.step(term, "error", note, POLICY);
                return;
            }
        };
        let note = if tag == "p" && record.tag("p").is_none() {
            note!("dmarc-policy-missing", domain = self.author_domain)
        } else {
            note!("dmarc-policy", tag = tag, policy = policy.as_str(), domain = self.author_domain)
        };
        let term = Text::concat(&[tag, "=", policy.as_str()]);
        self.step(term, policy.as_str(), note, POLICY);
        let lowered = if record.testing { policy.lowered() } else { policy };
        if lowered != policy {
            let note = note!("dmarc-testing", policy = policy.as_str(), lowered = lowered.as_str());
            self.step("t=y", lowered.as_str(), note, TAGS);
        }
        self.policy = Some(lowered);
    }

    /// `np` for names that do not exist, `sp` for those that do, each falling back (RFC 9989 section 4.7).
    async fn subdomain_policy(
        &mut self,
        record: &Record,
        records: Records<'_>,
    ) -> Result<(&'static str, Policy), DnsError> {
        let for_existing = record.sp.map_or(("p", record.p), |policy| ("sp", policy));
        let Some(np) = record.np else { return Ok(for_existing) };
        let name = DnsName::from(&self.author_domain);
        let exists = match exists(&name, records).await {
            Ok(exists) => exists,
            // Either way the same is asked for.
            Err(_) if np == for_existing.1 => return Ok(for_existing),
            Err(error) => return Err(error),
        };
        if exists {
            self.step(name.as_text().clone(), "exists", note!("dmarc-exists", domain = name), POLICY);
            return Ok(for_existing);
        }
        self.step(name.as_text().clone(), "absent", note!("dmarc-exists-not", domain = name), POLICY);
        Ok(("np", np))
    }
}

/// Whether a name exists. NXDOMAIN for any type says that it does not, nor anything below it (RFC 8020); but where the name
/// is an alias, it speaks of the name at the end of the chain (RFC 6604 section 3).
async fn exists(name: &DnsName, records: Records<'_>) -> Result<bool, DnsError> {
    match records.get::<Ipv4Addresses>(name).await {
        Ok(_) | Err(DnsError::NoData) => Ok(true),
        Err(DnsError::NxDomain) => {
            let alias = records.resolver().lookup(name, RecordType::Cname).await;
            Ok(matches!(alias, Ok(_) | Err(DnsError::NoData)))
        }
        Err(error) => Err(error),
    }
}
