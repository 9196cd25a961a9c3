//! `tegami lookup mta-sts`: the policy of a domain, and which of its MX hosts it names (RFC 8461).

use std::sync::Arc;

use serde_json::{Value, json};
use tegami_auth::mta_sts::{self, MAX_OCTETS, Mode, Policy, Record};
use tegami_dns::{Data, DnsName, RecordType, Resolver};
use tegami_mail::{Domain, Note, note};
use tegami_outbound::{Fetch, Https, HttpsFetch, Reach, machine_roots};

use super::super::prose::Prose;
use super::super::table::plain;
use super::{Context, Failure, Report, domain, report};
use crate::cli::MtaStsQuestion;

/// Everything about the policy of one domain.
#[derive(Default)]
struct Found {
    /// `enforce`, `testing`, `none` (a policy says so, or there is none), `announced` (not fetched), `invalid`, `unreachable`, `temperror`.
    result: &'static str,
    record: Option<String>,
    id: Option<String>,
    policy: Option<Policy>,
    problem: Option<Note>,
    /// MX hosts, each with the pattern that names it.
    hosts: Vec<(Domain, Option<String>)>,
}

pub(super) async fn run(
    question: &MtaStsQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let domain = domain(&question.domain)?;
    let mut found = announced(&domain, &*resolver).await;
    if found.problem.is_none() {
        match served(question, &domain, &resolver).await? {
            Served::Nothing => {}
            Served::Unreachable(problem) => (found.result, found.problem) = ("unreachable", Some(problem)),
            Served::Text(octets) => judge(&mut found, &octets, &domain, &*resolver).await,
        }
    }
    let unnamed = found.hosts.iter().any(|(_, pattern)| pattern.is_none());
    let good = matches!(found.result, "enforce" | "testing" | "announced") && !unnamed;
    Ok(report(context, good, || as_json(context, &domain, &found), || text(context, &domain, &found)))
}

/// What the DNS says.
async fn announced(domain: &Domain, resolver: &dyn Resolver) -> Found {
    let failed = |result, problem| Found { result, problem: Some(problem), ..Found::default() };
    let Ok(name) = DnsName::from(domain).prepend(mta_sts::RECORD_LABEL) else {
        return failed("none", note!("cli-mta-sts-none", domain = domain));
    };
    let answer = match resolver.lookup(&name, RecordType::Txt).await {
        Ok(answer) => answer,
        Err(error) if error.is_void() => return failed("none", note!("cli-mta-sts-none", domain = domain)),
        Err(error) => return failed("temperror", note!("cli-mta-sts-open", name = name, error = error)),
    };
    let texts: Vec<_> = answer
        .records
        .into_iter()
        .filter_map(|record| if let Data::Txt(text) = record.data { Some(text) } else { None })
        .collect();
    let shown = texts.iter().find(|text| text.starts_with(b"v=STSv1"));
    let record = shown.map(|text| plain(&String::from_utf8_lossy(text)));
    match mta_sts::find(texts.iter().map(|text| text.as_slice())) {
        Ok(found) => {
            Found { result: "announced", record, id: Some(Record::id(&found).to_owned()), ..Found::default() }
        }
        Err(error) => Found {
            record,
            ..failed("invalid", note!("cli-mta-sts-record-bad", name = name, reason = error))
        },
    }
}

enum Served {
    /// Not asked: answers come from zone text alone.
    Nothing,
    Unreachable(Note),
    Text(Vec<u8>),
}

async fn served(
    question: &MtaStsQuestion,
    domain: &Domain,
    resolver: &Arc<dyn Resolver>,
) -> Result<Served, Failure> {
    if let Some(path) = &question.policy {
        let read = std::fs::read(path);
        let read =
            read.map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
        return Ok(Served::Text(read));
    }
    if question.dns.zone.is_some() {
        return Ok(Served::Nothing);
    }
    let Some(host) = mta_sts::policy_host(domain) else { return Ok(Served::Nothing) };
    let https = Https::new(machine_roots(), Arc::clone(resolver), Reach::Network);
    let https = https.map_err(|error| Failure::Text(error.to_string()))?;
    let fetch = HttpsFetch::new(Arc::new(https));
    Ok(match fetch.fetch(&host).await {
        Ok(octets) => Served::Text(octets),
        Err(error) => Served::Unreachable(note!("cli-mta-sts-unreachable", host = host, reason = error)),
    })
}

async fn judge(found: &mut Found, octets: &[u8], domain: &Domain, resolver: &dyn Resolver) {
    let policy = match Policy::parse(octets) {
        Ok(policy) => policy,
        Err(error) => {
            found.result = "invalid";
            found.problem = Some(note!("cli-mta-sts-policy-bad", reason = error, limit = MAX_OCTETS));
            return;
        }
    };
    found.result = policy.mode.as_str();
    if policy.mode != Mode::None {
        for host in resolver.mx(&DnsName::from(domain)).await.unwrap_or_default() {
            let Ok(name) = Domain::parse(host.exchange.as_str()) else { continue };
            let pattern = policy.pattern_for(&name).map(ToString::to_string);
            found.hosts.push((name, pattern));
        }
    }
    found.policy = Some(policy);
}

fn as_json(context: &Context, domain: &Domain, found: &Found) -> Value {
    let policy = found.policy.as_ref().map(|policy| {
        json!({
            "mode": policy.mode.as_str(),
            "mx": policy.mx.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "max_age": policy.max_age.as_secs(),
        })
    });
    let hosts = found.hosts.iter().map(|(host, pattern)| json!({"host": host.as_str(), "named_by": pattern}));
    json!({
        "domain": domain.as_str(),
        "result": found.result,
        "record": found.record,
        "id": found.id,
        "policy_host": mta_sts::policy_host(domain).map(|host| host.to_string()),
        "policy": policy,
        "problem": found.problem.as_ref().map(|note| context.say(note)),
        "hosts": hosts.collect::<Vec<_>>(),
    })
}

fn text(context: &Context, domain: &Domain, found: &Found) -> String {
    let mut prose = Prose::new(context);
    prose.verdict(&format!("MTA-STS {domain}"), found.result);
    let mut pairs = Vec::new();
    let mut pair = |id: &str, value: String| pairs.push((context.word(&format!("cli-mta-sts-{id}")), value));
    if let Some(record) = &found.record {
        pair("record", record.clone());
    }
    if let Some(policy) = &found.policy {
        pair("mode", policy.mode.as_str().to_owned());
        pair("mx", policy.mx.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        pair("max-age", context.say(&note!("cli-mta-sts-seconds", seconds = policy.max_age.as_secs())));
    }
    prose.pairs(&pairs);
    if let Some(problem) = &found.problem {
        prose.sentence(2, problem, "RFC 8461 section 3");
    }
    if let Some(policy) = &found.policy {
        let mode = match policy.mode {
            Mode::Enforce => note!("cli-mta-sts-enforce"),
            Mode::Testing => note!("cli-mta-sts-testing"),
            Mode::None => note!("cli-mta-sts-mode-none"),
        };
        prose.sentence(2, &mode, "RFC 8461 section 5");
    } else if found.result == "announced" {
        prose.sentence(2, &note!("cli-mta-sts-not-fetched"), "");
    }
    for (host, pattern) in &found.hosts {
        let told = match pattern {
            Some(pattern) => note!("cli-mta-sts-named", host = host, pattern = pattern),
            None => note!("cli-mta-sts-not-named", host = host),
        };
        prose.sentence(2, &told, "RFC 8461 section 4.1");
    }
    prose.into_text()
}
