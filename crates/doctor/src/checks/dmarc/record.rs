//! What the record says, tag by tag.

use tegami_auth::dmarc::{Discovery, Ignored, Policy, Psd, Record, Why};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_mail::{Domain, Note, note};

use super::edit::{meant_policy, with, without};
use super::{EVERYBODY, REFUSED, check};
use crate::case::DomainCase;
use crate::txt;
use crate::{Check, Finding, Fix};

/// What says nothing where no record applies.
const FOUND: &[&str] = &["dmarc.exists"];

pub(super) const SYNTAX: Check =
    check("dmarc.syntax", Severity::S3, "RFC 9989 section 4.8").who(EVERYBODY).after(FOUND);
pub(super) const BAD_POLICY: Check = check("dmarc.bad-policy", Severity::S4, "RFC 9989 section 4.10.1")
    .who(EVERYBODY)
    .answers(REFUSED)
    .after(FOUND);
pub(super) const REMOVED_TAGS: Check =
    check("dmarc.removed-tags", Severity::S1, "RFC 9989 appendix C.5.2").after(FOUND);
pub(super) const T: Check = check("dmarc.t", Severity::S2, "RFC 9989 section 4.7").after(FOUND);
pub(super) const P_ORDER: Check = check("dmarc.p-order", Severity::S1, "RFC 7489 section 6.3").after(FOUND);
pub(super) const POLICY_STRENGTH: Check =
    check("dmarc.policy-strength", Severity::S1, "RFC 9989 section 7.4").after(FOUND);
pub(super) const SP_NP: Check = check("dmarc.sp-np", Severity::S1, "RFC 9989 section 4.7").after(FOUND);

/// All of the record.
pub(super) const ALL: &[&Check] =
    &[&SYNTAX, &BAD_POLICY, &REMOVED_TAGS, &T, &P_ORDER, &POLICY_STRENGTH, &SP_NP];

/// The record that applies, and where it stands.
struct Judge<'a> {
    case: &'a DomainCase,
    discovery: &'a Discovery,
    record: &'a Record,
    at: &'a Domain,
}

pub(super) async fn judge(
    case: &DomainCase,
    discovery: &Discovery,
    record: &Record,
    at: &Domain,
) -> Vec<Finding> {
    let judge = Judge { case, discovery, record, at };
    let mut findings = judge.syntax();
    findings.extend([judge.bad_policy(), judge.testing(), judge.order(), judge.strength().await]);
    findings.extend(judge.removed());
    findings.extend(judge.subdomains());
    findings
}

impl Judge<'_> {
    fn name(&self) -> String {
        format!("_dmarc.{}", self.at)
    }

    fn with(&self, finding: Finding) -> Finding {
        finding.evidence(txt::joined(self.name(), self.record.text.as_bytes()))
    }

    /// This record instead, and whose it is.
    fn fix(&self, note: Note, record: String) -> Fix {
        let fix = Fix::new(note).records(vec![Change::txt(Operation::Replace, &self.name(), record)]);
        if self.at.is_at_or_below(&self.case.domain) { fix } else { fix.by(self.at) }
    }

    fn replace(&self, record: String) -> Fix {
        self.fix(note!("dmarc-fix", name = self.name()), record)
    }

    /// What was not used; policies, removed tags and addresses have checks of their own.
    fn syntax(&self) -> Vec<Finding> {
        let at = self.at;
        let is_mine = |one: &&Ignored| {
            let elsewhere = ["p", "sp", "np", "rua", "ruf"].contains(&one.name.as_str());
            !elsewhere && !matches!(one.why, Why::Removed | Why::WithoutRuf)
        };
        let mut findings = Vec::new();
        for ignored in self.record.ignored.iter().filter(is_mine) {
            let found = match ignored.why {
                Why::Unknown => SYNTAX.info(at, ignored.note()),
                _ => SYNTAX
                    .warn(at, ignored.note())
                    .fix(self.replace(without(self.record, &[ignored.name.as_str()]))),
            };
            findings.push(self.with(found));
        }
        if self.record.tag("p").is_none() {
            let found = SYNTAX.warn(at, note!("dmarc-policy-missing", domain = at));
            findings.push(self.with(found).fix(self.replace(with(self.record, "p", "none"))));
        }
        if findings.is_empty() {
            findings.push(SYNTAX.pass(at, note!("dmarc-syntax", name = self.name())));
        }
        findings
    }

    fn bad_policy(&self) -> Finding {
        let at = self.at;
        if !self.record.bad_policy {
            return BAD_POLICY.pass(at, note!("dmarc-policy-readable", name = self.name()));
        }
        let note = if self.record.applies() {
            note!("dmarc-policy-replaced", domain = at)
        } else {
            note!("dmarc-policy-unusable", domain = at)
        };
        let found = self.with(BAD_POLICY.fail(at, note));
        let wrong =
            |name: &str| self.record.tag(name).is_some_and(|value| Policy::from_word(value).is_none());
        let mut changed = self.record.clone();
        for name in ["p", "sp", "np"].into_iter().filter(|name| wrong(name)) {
            let meant = self.record.tag(name).and_then(meant_policy).unwrap_or(Policy::None);
            let text = with(&changed, name, meant.as_str());
            let Some(read) = Record::parse(text.as_bytes()) else { return found };
            changed = read;
        }
        let text = changed.text.to_string();
        if changed.bad_policy { found } else { found.fix(self.replace(text)) }
    }

    fn testing(&self) -> Finding {
        let at = self.at;
        if !self.record.testing {
            return T.pass(at, note!("dmarc-not-testing", name = self.name()));
        }
        let (policy, lowered) = (self.record.p.as_str(), self.record.p.lowered().as_str());
        let found = T.info(at, note!("dmarc-testing-now", policy = policy, lowered = lowered));
        self.with(found).fix(self.fix(note!("dmarc-testing-fix"), without(self.record, &["t"])))
    }

    /// `p` stood right behind the version in the older grammar.
    fn order(&self) -> Finding {
        let at = self.at;
        let place = self.record.tags.iter().position(|(name, _)| name == "p");
        match place {
            Some(1) | None => P_ORDER.pass(at, note!("dmarc-order", name = self.name())),
            Some(_) => {
                let mut tags = self.record.clone();
                if let Some(at) = place {
                    let tag = tags.tags.remove(at);
                    tags.tags.insert(1, tag);
                }
                let found = P_ORDER.info(at, note!("dmarc-order-other", name = self.name()));
                self.with(found).fix(self.replace(without(&tags, &[])))
            }
        }
    }

    /// Tags of the past.
    fn removed(&self) -> Vec<Finding> {
        let at = self.at;
        let removed: Vec<&Ignored> =
            self.record.ignored.iter().filter(|one| one.why == Why::Removed).collect();
        if removed.is_empty() {
            return vec![REMOVED_TAGS.pass(at, note!("dmarc-no-removed", name = self.name()))];
        }
        let names: Vec<&str> = removed.iter().map(|one| one.name.as_str()).collect();
        let percent =
            removed.iter().find(|one| one.name == "pct").and_then(|one| one.value.parse::<u8>().ok());
        let rest = without(self.record, &names);
        let told = names.join(", ");
        let found = match percent {
            Some(0) => {
                let record = Record::parse(rest.as_bytes()).map_or(rest, |record| with(&record, "t", "y"));
                REMOVED_TAGS.info(at, note!("dmarc-percent-none")).fix(self.replace(record))
            }
            Some(percent @ 1..=99) if self.record.p != Policy::None => {
                REMOVED_TAGS.warn(at, note!("dmarc-percent", percent = percent)).fix(self.replace(rest))
            }
            _ => REMOVED_TAGS.info(at, note!("dmarc-removed", names = told)).fix(self.replace(rest)),
        };
        vec![self.with(found)]
    }

    /// Never red: which policy is right depends on how far a domain is, and on who writes in its name.
    async fn strength(&self) -> Finding {
        let domain = &self.case.domain;
        let policy = self.discovery.policy.unwrap_or(Policy::None);
        let found = match policy {
            Policy::None => POLICY_STRENGTH.info(domain, note!("dmarc-monitoring", domain = domain)),
            Policy::Reject if self.case.receives().await => {
                POLICY_STRENGTH.info(domain, note!("dmarc-rejecting", domain = domain))
            }
            policy => POLICY_STRENGTH
                .pass(domain, note!("dmarc-enforced", domain = domain, policy = policy.as_str())),
        };
        self.with(found)
    }

    /// What applies to sub-domains.
    fn subdomains(&self) -> Vec<Finding> {
        let (record, at) = (self.record, self.at);
        let organizational = self.discovery.organizational_domain.as_ref();
        let below = organizational.filter(|organization| *organization != at && record.psd != Psd::Yes);
        let told: Vec<&str> = [("sp", record.sp), ("np", record.np)]
            .into_iter()
            .filter(|(_, policy)| policy.is_some())
            .map(|(name, _)| name)
            .collect();
        if let Some(organization) = below {
            if told.is_empty() {
                return vec![
                    SP_NP.pass(at, note!("dmarc-below", domain = at, organizational = organization)),
                ];
            }
            let note = note!(
                "dmarc-tag-without-effect",
                name = told.join(", "),
                domain = at,
                organizational = organization
            );
            return vec![self.with(SP_NP.warn(at, note)).fix(self.replace(without(record, &told)))];
        }
        let existing = record.sp.unwrap_or(record.p);
        let mut findings = Vec::new();
        if existing < record.p {
            let note = note!("dmarc-sp-weaker", p = record.p.as_str(), sp = existing.as_str());
            findings.push(self.with(SP_NP.info(at, note)));
        }
        if record.np.is_none() {
            let note = note!("dmarc-np-absent", policy = existing.as_str(), domain = at);
            let fix = self.replace(with(record, "np", "reject"));
            findings.push(self.with(SP_NP.info(at, note)).fix(fix));
        }
        if findings.is_empty() {
            let absent = record.np.unwrap_or(existing).as_str();
            let note = note!("dmarc-sp-np", domain = at, existing = existing.as_str(), absent = absent);
            findings.push(SP_NP.pass(at, note));
        }
        findings
    }
}
