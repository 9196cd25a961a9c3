//! What we made against what is published.

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::join_all;
use tegami_auth::dane::{self, Records};
use tegami_auth::dkim::{KeyRecord, Selector, record_name};
use tegami_auth::finding::{Change, Operation};
use tegami_dns::{Data, DnsError, DnsName, RecordType};
use tegami_mail::{Domain, hex, note};

use super::{DKIM_KEYS, DNS_PLAN, STS_POLICY, TLSA};
use crate::own::{OWN, OwnCase, OwnDomain};
use crate::probe::Unprobed;
use crate::{Finding, Fix};

/// Octets of a policy that are read (RFC 8461 section 3.3).
const MAX_POLICY: usize = 64 * 1024;

type Key = (Selector, String);

pub(super) async fn dkim_keys(case: &OwnCase) -> Vec<Finding> {
    let keys: Vec<(&Domain, &Key)> =
        case.own.domains.iter().flat_map(|own| own.keys.iter().map(move |key| (&own.domain, key))).collect();
    if keys.is_empty() {
        return vec![DKIM_KEYS.not_applicable(OWN, note!("self-dkim-keys-none"))];
    }
    join_all(keys.into_iter().map(|(domain, key)| dkim_key(case, domain, key))).await
}

async fn dkim_key(case: &OwnCase, domain: &Domain, key: &Key) -> Finding {
    let name = record_name(&key.0, domain);
    let publish = |operation| {
        Fix::new(note!("self-dkim-keys-fix", name = name)).records(vec![Change::txt(
            operation,
            &name,
            key.1.clone(),
        )])
    };
    match is_published(case, domain, key).await {
        Ok(true) => DKIM_KEYS.pass(&name, note!("self-dkim-keys", name = name)),
        Ok(false) => DKIM_KEYS
            .fail(&name, note!("self-dkim-keys-other", name = name))
            .evidences(texts(case, &name).await.unwrap_or_default())
            .fix(publish(Operation::Replace)),
        Err(error) if error.is_void() => {
            DKIM_KEYS.fail(&name, note!("self-dkim-keys-missing", name = name)).fix(publish(Operation::Add))
        }
        Err(error) => {
            let note = note!("dns-unanswered", name = name, kind = RecordType::Txt, error = error);
            DKIM_KEYS.unknown(&name, note)
        }
    }
}

/// Whether the key that signs is the one that is published.
///
/// # Errors
/// Nothing is published, or the DNS did not say.
pub(super) async fn is_published(case: &OwnCase, domain: &Domain, key: &Key) -> Result<bool, DnsError> {
    let ours = KeyRecord::parse(key.1.as_bytes()).ok();
    let found = texts(case, &record_name(&key.0, domain)).await?;
    let read = |text: &String| KeyRecord::parse(text.as_bytes()).ok();
    Ok(found.iter().filter_map(read).any(|theirs| ours.as_ref().is_some_and(|ours| ours.data == theirs.data)))
}

async fn texts(case: &OwnCase, name: &str) -> Result<Vec<String>, DnsError> {
    let name = DnsName::parse(name).map_err(|_| DnsError::NxDomain)?;
    let texts = case.resolver().txt(&name).await?;
    Ok(texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect())
}

pub(super) async fn sts_policies(case: &OwnCase) -> Vec<Finding> {
    let policies: Vec<(&OwnDomain, &String)> =
        case.own.domains.iter().filter_map(|own| Some((own, own.policy.as_ref()?))).collect();
    if policies.is_empty() {
        return vec![STS_POLICY.not_applicable(OWN, note!("self-sts-policy-none"))];
    }
    join_all(policies.into_iter().map(|(own, policy)| sts_policy(case, &own.domain, policy))).await
}

async fn sts_policy(case: &OwnCase, domain: &Domain, ours: &str) -> Finding {
    let announced = texts(case, &format!("_mta-sts.{domain}")).await;
    match announced {
        Err(error) if !error.is_void() => {
            let name = format!("_mta-sts.{domain}");
            let note = note!("dns-unanswered", name = name, kind = RecordType::Txt, error = error);
            return STS_POLICY.unknown(domain, note);
        }
        Ok(texts) if texts.iter().any(|text| text.starts_with("v=STSv1")) => {}
        _ => return STS_POLICY.info(domain, note!("self-sts-policy-unannounced", domain = domain)),
    }
    let Ok(host) = Domain::parse(&format!("mta-sts.{domain}")) else {
        return STS_POLICY.not_applicable(domain, note!("self-sts-policy-none"));
    };
    match case.probes.https(&host, "/.well-known/mta-sts.txt", MAX_POLICY).await {
        Ok(document) if document.status == 200 => {
            let theirs = String::from_utf8_lossy(&document.body);
            if lines(&theirs).eq(lines(ours)) {
                return STS_POLICY.pass(domain, note!("self-sts-policy", domain = domain));
            }
            STS_POLICY
                .fail(domain, note!("self-sts-policy-other", domain = domain))
                .evidences(lines(&theirs))
                .fix(Fix::new(note!(
                    "self-sts-policy-fix",
                    domain = domain,
                    policy = lines(ours).collect::<Vec<_>>().join(" / ")
                )))
        }
        Ok(document) => STS_POLICY
            .fail(domain, note!("self-sts-policy-status", domain = domain, status = document.status))
            .fix(Fix::new(note!(
                "self-sts-policy-fix",
                domain = domain,
                policy = lines(ours).collect::<Vec<_>>().join(" / ")
            ))),
        Err(Unprobed::Off) => STS_POLICY.unknown(domain, note!("path-not-asked")),
        Err(error) => {
            STS_POLICY.unknown(domain, note!("self-sts-policy-unreached", domain = domain, reason = error))
        }
    }
}

/// Lines without their ends.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

pub(super) async fn tlsa(case: &OwnCase) -> Finding {
    let (Some(hostname), Some(own)) = (&case.own.hostname, case.own.certificate.first()) else {
        return TLSA.not_applicable(OWN, note!("self-tlsa-no-certificate"));
    };
    let Some(name) = dane::record_name(hostname.as_str(), 25) else {
        return TLSA.not_applicable(OWN, note!("self-tlsa-no-certificate"));
    };
    let answer = match case.resolver().lookup(&name, RecordType::Tlsa).await {
        Ok(answer) => answer,
        Err(error) if error.is_void() => {
            return TLSA.not_applicable(OWN, note!("self-tlsa-none", hostname = hostname));
        }
        Err(error) => {
            let note = note!("dns-unanswered", name = name, kind = RecordType::Tlsa, error = error);
            return TLSA.unknown(OWN, note);
        }
    };
    let shown = answer.records.iter().map(|record| format!("{name} TLSA {}", record.data));
    let shown: Vec<String> = shown.collect();
    let ttl = answer.ttl();
    let records = answer.records.iter().filter_map(|record| match &record.data {
        Data::Tlsa(tlsa) => Some(tlsa.clone()),
        _ => None,
    });
    let records = Records::read(records);
    let names = dane::references(hostname, None, None);
    if dane::verify(&case.own.certificate, &records.usable, &names, case.known.now).is_ok() {
        return TLSA.pass(OWN, note!("self-tlsa", hostname = hostname)).evidences(shown).ttl(ttl);
    }
    let key = dane::public_key(own).map(|key| hex(digest(&SHA256, key).as_ref()));
    let fix = Fix::new(note!("self-tlsa-fix", hostname = hostname));
    let fix = match key {
        Some(key) => fix.records(vec![Change::new(
            Operation::Replace,
            &name,
            RecordType::Tlsa,
            format!("3 1 1 {key}"),
        )]),
        None => fix,
    };
    TLSA.fail(OWN, note!("self-tlsa-other", hostname = hostname)).evidences(shown).fix(fix).ttl(ttl)
}

/// How a planned record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Ok,
    Missing,
    Different,
    Extra,
    Unknown,
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Different => "different",
            Self::Extra => "extra",
            Self::Unknown => "unknown",
        }
    }
}

pub(super) async fn plan(case: &OwnCase) -> Finding {
    let planned = &case.own.planned;
    if planned.is_empty() {
        return DNS_PLAN.not_applicable(OWN, note!("self-dns-plan-none"));
    }
    let looked = planned.iter().map(|change| async move { (change, standing(case, change).await) });
    let looked = join_all(looked).await;
    let open: Vec<Change> = looked
        .iter()
        .filter(|(_, standing)| !matches!(standing, Standing::Ok | Standing::Unknown))
        .map(|(change, standing)| match standing {
            Standing::Missing if change.operation == Operation::Replace => {
                Change { operation: Operation::Add, ..(*change).clone() }
            }
            _ => (*change).clone(),
        })
        .collect();
    let lines = looked.iter().filter(|(_, standing)| *standing != Standing::Ok).map(|(change, standing)| {
        format!("{}: {} {} {}", standing.as_str(), change.name, change.kind, change.value)
    });
    let lines: Vec<String> = lines.collect();
    let unknown = looked.iter().filter(|(_, standing)| *standing == Standing::Unknown).count();
    match (open.len(), unknown) {
        (0, 0) => DNS_PLAN.pass(OWN, note!("self-dns-plan", count = planned.len())),
        (0, _) => DNS_PLAN.unknown(OWN, note!("self-dns-plan-unknown", count = unknown)).evidences(lines),
        (count, _) => DNS_PLAN
            .warn(OWN, note!("self-dns-plan-open", count = count, all = planned.len()))
            .evidences(lines)
            .fix(Fix::new(note!("self-dns-plan-fix")).records(open)),
    }
}

async fn standing(case: &OwnCase, change: &Change) -> Standing {
    let Ok(name) = DnsName::parse(&change.name) else { return Standing::Unknown };
    let deleted = change.operation == Operation::Delete;
    let answer = match case.resolver().lookup(&name, change.kind).await {
        Ok(answer) => answer,
        Err(error) if error.is_void() => return if deleted { Standing::Ok } else { Standing::Missing },
        Err(_) => return Standing::Unknown,
    };
    let there = answer.records.iter().any(|record| is_same(&record.data, &change.value));
    match (there, deleted) {
        (true, false) | (false, true) => Standing::Ok,
        (true, true) => Standing::Extra,
        (false, false) if change.operation == Operation::Add => Standing::Missing,
        (false, false) => Standing::Different,
    }
}

/// Whether data is what the plan says; TXT by its text, names without regard to case and the last dot.
fn is_same(data: &Data, value: &str) -> bool {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    match data {
        Data::Txt(text) => text.as_slice() == value.as_bytes(),
        other => plain(&other.to_string()) == plain(value),
    }
}
