//! `tegami lookup dkim`: a key record and what it means (RFC 6376 section 3.6.1).

use std::sync::Arc;

use serde_json::json;
use tegami_auth::dkim::{KeyRecord, Selector, record_name, slip};
use tegami_dns::{DnsError, DnsName, Resolver};
use tegami_doctor::probe::NoProbes;
use tegami_doctor::{Asked, Case, Known, State};
use tegami_mail::{Clock as _, Domain, Note, note};
use tegami_queue::SystemClock;

use super::super::prose::Prose;
use super::super::table;
use super::{Context, Failure, Report, check, domain, report};
use crate::cli::DkimQuestion;

/// RFC 8301 section 3.2: signers should have keys of at least this length.
const GOOD_RSA_BITS: usize = 2048;

/// What stands at the record's name.
struct Found {
    name: String,
    /// Every TXT record as published.
    texts: Vec<String>,
    /// The first that can be read.
    record: Option<KeyRecord>,
    /// Whether a signature by this key can pass.
    serves: bool,
    problems: Vec<Note>,
}

pub(super) async fn run(
    question: &DkimQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let domain = domain(&question.domain)?;
    let Some(selector) = &question.selector else {
        return Ok(known_keys(&domain, question, context, resolver).await);
    };
    let selector = Selector::parse(selector)
        .map_err(|error| note!("cli-bad-selector", selector = selector, reason = error))?;
    let found = find(record_name(&selector, &domain), &*resolver).await;
    Ok(report(context, found.serves, || as_json(context, &found), || text(context, &found)))
}

/// The keys under selectors that can be known: those of the domain's providers, and a few usual ones. Where none is found, that is
/// unknown and no failure.
async fn known_keys(
    domain: &Domain,
    question: &DkimQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Report {
    let case = Case {
        asked: Arc::new(Asked::new(resolver)),
        probes: Arc::new(NoProbes),
        known: Known::nothing(SystemClock.now(), check::examine::reach(&question.dns)),
    };
    let examination = tegami_doctor::part(domain, &["dkim"], case).await;
    let found = |id| examination.findings.iter().any(|one| one.check.id == id && one.state == State::Pass);
    let good = found("dkim.record-found") && examination.count(State::Fail) == 0;
    let as_json = || tegami_words::told(context.language, &tegami_doctor::json::examination(&examination));
    report(context, good, as_json, || check::text::explained(&examination, context))
}

async fn find(name: String, resolver: &dyn Resolver) -> Found {
    let mut found = Found { name, texts: Vec::new(), record: None, serves: false, problems: Vec::new() };
    let answer = match DnsName::parse(&found.name) {
        Ok(name) => resolver.txt(&name).await,
        Err(_) => Err(DnsError::NxDomain),
    };
    let texts = match answer {
        Ok(texts) => texts,
        Err(error) if error.is_void() => {
            found.problems.push(note!("dkim-key-none", name = found.name, answer = error));
            return found;
        }
        Err(error) => {
            found.problems.push(note!("dkim-key-unavailable", name = found.name, error = error));
            return found;
        }
    };
    found.texts = texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    if texts.len() > 1 {
        let count = texts.len();
        found.problems.push(note!("dkim-key-several", name = found.name, count = count, limit = count));
    }
    let mut faults = Vec::new();
    for text in &texts {
        match KeyRecord::parse(text) {
            Ok(record) if found.record.is_none() => found.record = Some(record),
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
    }
    match &found.record {
        None => found.problems.append(&mut faults),
        Some(record) => {
            let fault = record.fault();
            found.serves = fault.is_none();
            found.problems.extend(fault);
            if found.serves
                && let Some(bits) = record.bits()
                && (1024..GOOD_RSA_BITS).contains(&bits)
            {
                found.problems.push(note!("cli-dkim-short", bits = bits, good = GOOD_RSA_BITS));
            }
            if record.testing {
                found.problems.push(note!("dkim-key-testing"));
            }
            if let Some(value) = &record.granularity {
                found.problems.push(note!("dkim-key-granularity", value = value));
            }
        }
    }
    if !found.serves {
        found.problems.extend(texts.iter().find_map(|text| slip(text)));
    }
    found
}

/// The tags as they stand, for people; the key itself has decided already what they mean.
fn tags(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(';').filter_map(|tag| tag.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

fn as_json(context: &Context, found: &Found) -> serde_json::Value {
    let tags: serde_json::Map<_, _> = found
        .texts
        .first()
        .map(|text| tags(text))
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let record = found.record.as_ref();
    json!({
        "name": found.name,
        "result": if found.serves { "pass" } else { "fail" },
        "record": found.texts.first(),
        "records": found.texts.len(),
        "tags": tags,
        "key_type": record.map(|record| record.key_type.to_string()),
        "bits": record.and_then(KeyRecord::bits),
        "testing": record.is_some_and(|record| record.testing),
        "strict": record.is_some_and(|record| record.strict),
        "revoked": record.is_some_and(KeyRecord::is_revoked),
        "problems": found.problems.iter().map(|note| context.say(note)).collect::<Vec<_>>(),
    })
}

fn text(context: &Context, found: &Found) -> String {
    let mut prose = Prose::new(context);
    prose.verdict(&format!("DKIM {}", found.name), if found.serves { "pass" } else { "fail" });
    if let (Some(record), true) = (&found.record, found.serves) {
        let bits = record.bits().unwrap_or_default();
        let key = note!("dkim-key-found", name = found.name, type = record.key_type, bits = bits);
        prose.sentence(2, &key, "RFC 6376 section 3.6.1");
    }
    for problem in &found.problems {
        prose.sentence(2, problem, "");
    }
    for text in &found.texts {
        prose.heading(&context.word("cli-record"));
        prose.line(&format!("  {}", table::plain(text)));
        let pairs: Vec<(String, String)> = tags(text)
            .into_iter()
            .map(|(name, value)| {
                let shown: String = value.chars().take(40).collect();
                let shown = if shown.len() < value.len() { format!("{shown}…") } else { shown };
                let meaning = meaning(&name).map(|id| context.word(id)).unwrap_or_default();
                (format!("{name}={shown}"), meaning)
            })
            .collect();
        prose.gap();
        prose.pairs(&pairs);
    }
    prose.into_text()
}

fn meaning(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "v" => "cli-dkim-tag-v",
        "k" => "cli-dkim-tag-k",
        "p" => "cli-dkim-tag-p",
        "h" => "cli-dkim-tag-h",
        "s" => "cli-dkim-tag-s",
        "t" => "cli-dkim-tag-t",
        "n" => "cli-dkim-tag-n",
        _ => return None,
    })
}
