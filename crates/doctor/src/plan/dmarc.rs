//! One DMARC record out of what is published and what is wanted (RFC 9989). Nothing becomes weaker.

use tegami_auth::dmarc::{self, Policy, Record};
use tegami_dns::{Data, Resolver};
use tegami_mail::{Domain, Note, note};

use super::want::{Stage, Wishes};

/// What comes of it.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The record; `None` where none is needed.
    pub(super) text: Option<String>,
    /// What has to be known.
    pub(super) notes: Vec<Note>,
}

/// Merges what is wanted into the records that are published for the domain; `fresh` is what stands there where nothing is.
pub(super) async fn merge(there: &[Data], fresh: &str, wishes: &Wishes, resolver: &dyn Resolver) -> Merged {
    let texts: Vec<&[u8]> = there.iter().filter_map(dmarc_text).collect();
    let records: Vec<Record> = texts.iter().filter_map(|text| Record::parse(text)).collect();
    let (text, policy, mut notes) = match records.as_slice() {
        [] => match inherited(wishes, resolver).await {
            // A record of its own would replace the policy of the domain above (RFC 9989 section 4.10).
            Some((owner, policy)) if at_least(wishes, policy) == policy && wishes.dmarc_reports.is_none() => {
                let note = note!("plan-dmarc-inherited", owner = owner, policy = policy.as_str());
                return Merged { text: None, notes: vec![note] };
            }
            Some((_, policy)) => {
                let policy = at_least(wishes, policy);
                (with_policy(fresh, policy), policy, Vec::new())
            }
            None => {
                let policy = at_least(wishes, Policy::None);
                (with_policy(fresh, policy), policy, Vec::new())
            }
        },
        [record] => (raised(record, &record.text, wishes), at_least(wishes, record.p), Vec::new()),
        // RFC 9989 section 4.7: several are none. The strictest was meant by somebody.
        [first, others @ ..] => {
            let strictest = others.iter().fold(first, |one, other| if other.p > one.p { other } else { one });
            let mut text = raised(strictest, &strictest.text, wishes);
            for uri in records.iter().flat_map(|record| &record.rua) {
                text = with_reports(&text, uri);
            }
            let note = note!("plan-dmarc-several", count = records.len());
            (text, at_least(wishes, strictest.p), vec![note])
        }
    };
    notes.push(stage(policy));
    Merged { text: Some(text), notes }
}

/// What comes next.
fn stage(policy: Policy) -> Note {
    match policy {
        Policy::None => note!("plan-dmarc-none"),
        Policy::Quarantine => note!("plan-dmarc-quarantine"),
        Policy::Reject => note!("plan-dmarc-reject"),
    }
}

/// The text of a DMARC record.
pub(super) fn dmarc_text(data: &Data) -> Option<&[u8]> {
    match data {
        Data::Txt(text) if Record::begins(text) => Some(text.as_slice()),
        _ => None,
    }
}

/// The policy of a domain above that applies to this one.
async fn inherited(wishes: &Wishes, resolver: &dyn Resolver) -> Option<(Domain, Policy)> {
    let found = dmarc::discover(&wishes.domain, resolver).await;
    let owner = found.policy_domain().filter(|owner| **owner != wishes.domain)?;
    Some((owner.clone(), found.policy?))
}

fn at_least(wishes: &Wishes, there: Policy) -> Policy {
    match wishes.dmarc {
        None => there,
        Some(Stage::AtLeast(policy)) => policy.max(there),
        Some(Stage::Next) => match there {
            Policy::None => Policy::Quarantine,
            Policy::Quarantine | Policy::Reject => Policy::Reject,
        },
    }
}

/// A record as it is, but at least as strict as wished, with addresses for reports.
fn raised(record: &Record, text: &str, wishes: &Wishes) -> String {
    let policy = at_least(wishes, record.p);
    let mut text = text.to_owned();
    if record.bad_policy || policy != record.p || record.tag("p").is_none() {
        text = with_policy(&text, policy);
    }
    if record.sp.is_some_and(|sp| sp < policy) && wishes.dmarc.is_some() {
        text = with_tag(&text, "sp", policy.as_str());
    }
    match &wishes.dmarc_reports {
        Some(uri) => with_reports(&text, uri),
        None if record.rua.is_empty() => with_reports(&text, &wishes.postmaster()),
        None => text,
    }
}

fn with_policy(text: &str, policy: Policy) -> String {
    with_tag(text, "p", policy.as_str())
}

/// With one more address for reports.
fn with_reports(text: &str, uri: &str) -> String {
    let there = tags(text).find(|(name, _)| name.eq_ignore_ascii_case("rua")).map(|(_, value)| value);
    match there {
        Some(value) if value.split(',').any(|one| one.trim().eq_ignore_ascii_case(uri)) => text.to_owned(),
        Some(value) if !value.is_empty() => with_tag(text, "rua", &format!("{value},{uri}")),
        _ => with_tag(text, "rua", uri),
    }
}

fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(|tag| {
        let (name, value) = tag.split_once('=').unwrap_or((tag, ""));
        (name.trim(), value.trim())
    })
}

/// The record with one tag set: at its place, else `p` after the version and everything else at the end. Everything else stays as it is written.
fn with_tag(text: &str, name: &str, value: &str) -> String {
    let tag = format!("{name}={value}");
    let mut found = false;
    let mut all: Vec<String> = tags(text)
        .map(|(there, old)| match there.eq_ignore_ascii_case(name) {
            true => {
                found = true;
                tag.clone()
            }
            false => format!("{there}={old}"),
        })
        .collect();
    match (found, name) {
        (true, _) => {}
        (false, "p") => all.insert(1.min(all.len()), tag),
        (false, _) => all.push(tag),
    }
    all.join("; ")
}

/// The domain of an address for reports, where it has to agree to them first (RFC 9990 section 4).
pub(super) fn other_domain(wishes: &Wishes, uri: &str) -> Option<Domain> {
    let address = uri.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).and(uri.get(7..))?;
    let domain = Domain::parse(address.rsplit_once('@')?.1).ok()?;
    let organization = tegami_auth::dmarc::public_suffix::organizational_domain;
    (organization(&domain) != organization(&wishes.domain)).then_some(domain)
}
