//! The family `dkim`: key records. What is wrong with the keys that are known is told exactly; that a key is unknown is never told as
//! if it were missing.

mod record;
mod repair;
mod selector;
mod weak;

use futures_util::FutureExt as _;
use tegami_auth::dkim::KeyType;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_mail::note;

pub(crate) use selector::Keys;

use crate::case::{DomainCase, Purpose};
use crate::catalogue::Family;
use crate::{About, Check, Consequence, Finding, Fix, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new("dkim", ALL).of_domain(|case| judge(case).boxed());

const ALL: &[&Check] = &[
    &SELECTOR_KNOWN,
    &record::RECORD_FOUND,
    &record::CNAME_DANGLING,
    &record::RECORD_MULTIPLE,
    &record::VERSION,
    &record::SYNTAX,
    &record::KEY_TYPE,
    &record::REVOKED,
    &record::KEY_SIZE,
    &record::HASH,
    &record::SERVICE,
    &record::TESTING,
    &record::STRICT_I,
    &record::WEAK_EXPONENT,
    &record::ROCA,
    &record::PRIVATE_KEY_MATCH,
    &record::ROTATION,
    &SHARED_KEY,
    &ED25519_ONLY,
    &DKIM2,
];

/// Who asks for signatures.
pub(super) const EVERYBODY: &[Who] = &[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud, Who::Rfc];

/// Where no signature passes.
pub(super) const REFUSED: &[Consequence] = &[
    Consequence { provider: Who::Gmail, code: "550 5.7.26" },
    Consequence { provider: Who::Gmail, code: "550 5.7.30" },
    Consequence { provider: Who::Outlook, code: "550 5.7.515" },
];

const SELECTOR_KNOWN: Check =
    Check::new("dkim.selector-known", About::Domain, Severity::S4, "RFC 8020 section 2")
        .who(EVERYBODY)
        .answers(REFUSED);
const SHARED_KEY: Check =
    Check::new("dkim.shared-key", About::Domain, Severity::S3, "RFC 6376 section 8.1").who(&[Who::Rfc]);
const ED25519_ONLY: Check =
    Check::new("dkim.ed25519-only", About::Domain, Severity::S4, "RFC 8463 section 3")
        .who(&[Who::Gmail, Who::Outlook, Who::Yahoo])
        .answers(REFUSED);
const DKIM2: Check =
    Check::new("dkim.dkim2", About::Domain, Severity::S0, "draft-ietf-dkim-dkim2-dns").who(&[Who::Rfc]);

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let keys = case.dkim().await;
    let mut findings = vec![selector_known(case, keys).await];
    for key in &keys.at {
        findings.extend(record::judge(case, key));
    }
    if keys.at.is_empty() {
        let open = |check: &&'static Check| {
            check.not_applicable(&case.domain, note!("dkim-no-selector", domain = case.domain))
        };
        findings.extend(record::ALL.iter().map(open));
    }
    findings.push(shared_key(case, keys));
    findings.push(ed25519_only(case, keys));
    findings.push(dkim2(case, keys));
    findings
}

async fn selector_known(case: &DomainCase, keys: &Keys) -> Finding {
    let domain = &case.domain;
    let there = keys.at.iter().filter(|key| key.texts.as_ref().is_ok_and(|texts| !texts.list.is_empty()));
    let names: Vec<String> = there.map(|key| key.name.to_string()).collect();
    if !names.is_empty() {
        let note = note!("dkim-selectors", domain = domain, count = names.len());
        return SELECTOR_KNOWN.pass(domain, note).evidences(names);
    }
    if !case.sends().await {
        return SELECTOR_KNOWN.not_applicable(domain, note!("dkim-sends-nothing", domain = domain));
    }
    if keys.withdrawn {
        return SELECTOR_KNOWN.info(domain, note!("dkim-withdrawn", domain = domain));
    }
    if let Some(error) = &keys.error {
        let name = format!("_domainkey.{domain}");
        let note = note!("dns-unanswered", name = name, kind = "TXT", error = error);
        return SELECTOR_KNOWN.unknown(domain, note);
    }
    if keys.at.iter().any(|key| key.texts.is_err()) {
        return SELECTOR_KNOWN
            .unknown(domain, note!("dkim-selector-unknown", domain = domain, tried = keys.tried));
    }
    if !keys.none_can_exist {
        let tried = keys.tried + keys.at.len();
        return SELECTOR_KNOWN
            .unknown(domain, note!("dkim-selector-unknown", domain = domain, tried = tried));
    }
    let own = case.known.keys.iter().map(|key| {
        let name = format!("{}._domainkey.{domain}", key.selector);
        Change::txt(Operation::Add, &name, key.record.clone())
    });
    let changes: Vec<Change> = own.collect();
    let fix = Fix::new(note!("dkim-selector-fix", domain = domain));
    let fix = if changes.is_empty() { fix } else { fix.records(changes) };
    let bulk = case.known.purpose == Purpose::SendsBulk;
    SELECTOR_KNOWN
        .fail(domain, note!("dkim-selector-none", domain = domain))
        // Who sends little gets through with SPF alone.
        .severity(if bulk { Severity::S4 } else { Severity::S2 })
        .fix(fix)
}

/// The same key under two selectors: changing the selector has changed nothing.
fn shared_key(case: &DomainCase, keys: &Keys) -> Finding {
    let domain = &case.domain;
    let usable: Vec<_> = keys.usable().collect();
    for (at, (one, record)) in usable.iter().enumerate() {
        let same = usable.iter().skip(at + 1).find(|(_, other)| other.data == record.data);
        if let Some((other, _)) = same {
            let note = note!("dkim-shared", domain = domain, one = one.selector, other = other.selector);
            return SHARED_KEY.info(domain, note).evidence(&one.name).evidence(&other.name);
        }
    }
    if usable.is_empty() {
        return SHARED_KEY.not_applicable(domain, note!("dkim-no-usable", domain = domain));
    }
    SHARED_KEY.pass(domain, note!("dkim-shared-not", domain = domain))
}

fn ed25519_only(case: &DomainCase, keys: &Keys) -> Finding {
    let domain = &case.domain;
    let usable: Vec<_> = keys.usable().collect();
    if usable.is_empty() {
        return ED25519_ONLY.not_applicable(domain, note!("dkim-no-usable", domain = domain));
    }
    if usable.iter().any(|(_, record)| record.key_type == KeyType::Rsa) {
        return ED25519_ONLY.pass(domain, note!("dkim-has-rsa", domain = domain));
    }
    let names = usable.iter().map(|(key, _)| key.name.to_string());
    // Where nobody told the selectors, there may be others.
    if !usable.iter().any(|(key, _)| key.origin.is_sure()) {
        return ED25519_ONLY.unknown(domain, note!("dkim-ed25519-guessed", domain = domain)).evidences(names);
    }
    ED25519_ONLY
        .fail(domain, note!("dkim-ed25519-only", domain = domain))
        .evidences(names)
        .fix(Fix::new(note!("dkim-ed25519-only-fix", domain = domain)))
}

fn dkim2(case: &DomainCase, keys: &Keys) -> Finding {
    let domain = &case.domain;
    if keys.usable().next().is_none() {
        return DKIM2.not_applicable(domain, note!("dkim-no-usable", domain = domain));
    }
    DKIM2.info(domain, note!("dkim-dkim2", domain = domain))
}

#[cfg(test)]
pub(crate) use tests::fixtures;

#[cfg(test)]
mod tests;
