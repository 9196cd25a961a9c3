//! What the DNS says of the records that a domain needs.

use futures_util::future::join_all;
use jiff::Timestamp;
use tegami_auth::dkim::KeyRecord;
use tegami_auth::spf::{self, Identity, Request, SpfResult, check_host};
use tegami_dns::{Data, DnsError, DnsName, RecordType, Resolver};
use tegami_mail::ReversePath;
use tegami_store::{RecordCheck, RecordFinding};

use super::plan::{PlannedRecord, Purpose, Sources};

/// Asks for every record whose owner is the domain, all at the same time. A question that the DNS did not answer keeps what was `known` before.
pub(super) async fn look(
    plan: &[PlannedRecord],
    sources: &Sources,
    known: &[RecordCheck],
    resolver: &dyn Resolver,
    now: Timestamp,
) -> Vec<RecordCheck> {
    let asked = plan.iter().filter(|record| !matches!(record.purpose, Purpose::Host | Purpose::HostSpf));
    let checks = asked.map(|record| async move {
        let before = known.iter().find(|check| is_of(check, record));
        let answer = ask(record, resolver).await;
        let (found, answer) = match answer {
            Ok(answer) => {
                let found = match record.purpose {
                    Purpose::Spf | Purpose::BounceSpf => {
                        judge_spf(record, &answer, sources, resolver, now).await
                    }
                    _ => judge(record, &answer),
                };
                (found, answer)
            }
            Err(error) if error.is_void() => (RecordFinding::Unknown, Vec::new()),
            Err(error) => {
                tracing::info!(%error, name = record.name, "the DNS did not answer about a record of a domain");
                before.map(|before| (before.found, before.answer.clone())).unwrap_or_default()
            }
        };
        RecordCheck { name: record.bare_name().to_owned(), kind: record.kind.to_string(), found, answer }
    });
    join_all(checks).await
}

/// Whether a check was about this record.
pub(super) fn is_of(check: &RecordCheck, record: &PlannedRecord) -> bool {
    check.name == record.bare_name() && check.kind == record.kind.to_string()
}

/// The data of all records of this name and type; of TXT records those that serve the same purpose.
async fn ask(record: &PlannedRecord, resolver: &dyn Resolver) -> Result<Vec<String>, DnsError> {
    let name = DnsName::parse(&record.name).map_err(|error| DnsError::Malformed(error.to_string()))?;
    let answer = resolver.lookup(&name, record.kind).await?;
    let mut found: Vec<String> = answer.records.into_iter().map(|record| text(record.data)).collect();
    let about = |text: &String| match record.purpose {
        Purpose::Spf | Purpose::BounceSpf => spf::Record::is_spf(text.as_bytes()),
        Purpose::Dmarc => text.trim_start().get(..8).is_some_and(|tag| tag.eq_ignore_ascii_case("v=DMARC1")),
        _ => true,
    };
    found.retain(about);
    found.sort();
    if found.is_empty() { Err(DnsError::NoData) } else { Ok(found) }
}

fn text(data: Data) -> String {
    match data {
        Data::Txt(text) => String::from_utf8_lossy(&text.into_octets()).into_owned(),
        Data::Mx(host) => format!("{} {}", host.preference, host.exchange),
        Data::Cname(name) => name.to_string(),
        other => other.to_string(),
    }
}

fn judge(record: &PlannedRecord, answer: &[String]) -> RecordFinding {
    let is = |wanted: &str, found: &str| {
        found.trim_end_matches('.').eq_ignore_ascii_case(wanted.trim_end_matches('.'))
    };
    let host = |text: &str| text.split_once(' ').map_or_else(String::new, |(_, host)| host.to_owned());
    let fits = match record.kind {
        RecordType::Mx => answer.iter().any(|found| is(&host(&record.value), &host(found))),
        RecordType::Cname => answer.iter().any(|found| is(&record.value, found)),
        _ if record.purpose == Purpose::Dmarc => answer.len() == 1,
        // RFC 6376 section 3.6.2.2: what several records at one name mean is not defined.
        _ => answer.len() == 1 && answer.iter().all(|found| is_same_key(&record.value, found)),
    };
    if fits { RecordFinding::Valid } else { RecordFinding::Invalid }
}

/// Providers fold and reorder; the key is what counts.
fn is_same_key(wanted: &str, found: &str) -> bool {
    let read = |text: &str| KeyRecord::parse(text.as_bytes()).ok();
    match (read(wanted), read(found)) {
        (Some(wanted), Some(found)) => wanted.data == found.data && found.key_type == wanted.key_type,
        _ => false,
    }
}

/// Good is a record that has our mechanisms among its own, and one that lets all of our addresses pass in another way, such as an `include`.
async fn judge_spf(
    record: &PlannedRecord,
    answer: &[String],
    sources: &Sources,
    resolver: &dyn Resolver,
    now: Timestamp,
) -> RecordFinding {
    // RFC 7208 section 4.5: two records are an error.
    let [found] = answer else { return RecordFinding::Invalid };
    let published: Vec<String> = found
        .split_ascii_whitespace()
        .map(|term| term.trim_start_matches('+').to_ascii_lowercase())
        .collect();
    let mut wanted = record.value.split_ascii_whitespace().filter(|term| term.starts_with("a:"));
    if wanted.all(|term| published.iter().any(|there| there == term)) {
        return RecordFinding::Valid;
    }
    let reverse_path = ReversePath::Null;
    let mut passes = !sources.addresses.is_empty();
    for (name, ip) in &sources.addresses {
        let request = Request {
            ip: *ip,
            helo: name.as_str(),
            mail_from: &reverse_path,
            receiver: sources.hostname.as_str(),
            now,
        };
        let verdict =
            check_host(&request, Identity::MailFrom, "postmaster", record.bare_name(), resolver).await;
        passes = passes && verdict.result == SpfResult::Pass;
    }
    if passes { RecordFinding::Valid } else { RecordFinding::Invalid }
}
