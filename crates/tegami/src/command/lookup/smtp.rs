//! `tegami lookup smtp`: a polite session with a mail host at each of its addresses: greeting, EHLO, STARTTLS, QUIT. No mailbox is tried,
//! and nobody is asked to relay.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tegami_dns::{DnsName, Resolver};
use tegami_doctor::probe::{Probes, SmtpSeen, StartTls, Unprobed};
use tegami_mail::{Domain, note};

use super::super::prose::{DIM, Prose, paint, style};
use super::super::table;
use super::{Context, Failure, Report, check, domain, report};
use crate::cli::SmtpQuestion;

/// Addresses of a host that are connected to.
const MAX_ADDRESSES: usize = 4;

/// What came of one address.
pub(super) struct Visit {
    pub(super) ip: IpAddr,
    /// The names that the address has.
    names: Vec<DnsName>,
    pub(super) seen: Result<SmtpSeen, Unprobed>,
}

impl Visit {
    /// One polite session.
    pub(super) async fn make(
        host: &Domain,
        ip: IpAddr,
        probes: &dyn Probes,
        resolver: &dyn Resolver,
    ) -> Self {
        let names = resolver.ptr(&DnsName::reverse(ip)).await.unwrap_or_default();
        Self { ip, names, seen: probes.smtp(host, ip).await }
    }
}

/// A row as MxToolbox has it: a name, how it came out, and what was seen.
pub(super) type Row = (&'static str, &'static str, String);

pub(super) async fn run(
    question: &SmtpQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let host = domain(&question.host)?;
    let config = context.config().ok();
    let probes = check::examine::network(&question.dns, question.port, false, config.as_ref(), &resolver)?;
    let name = DnsName::from(&host);
    let (v4, v6) = futures_util::future::join(resolver.a(&name), resolver.aaaa(&name)).await;
    let failed = v4.as_ref().err().or(v6.as_ref().err()).map(ToString::to_string);
    let v4 = v4.unwrap_or_default().into_iter().map(IpAddr::V4);
    let addresses: Vec<IpAddr> = v4.chain(v6.unwrap_or_default().into_iter().map(IpAddr::V6)).collect();
    if addresses.is_empty() {
        let error = failed.unwrap_or_default();
        return Err(note!("cli-smtp-no-address", host = host, error = error).into());
    }
    let visits =
        addresses.into_iter().take(MAX_ADDRESSES).map(|ip| Visit::make(&host, ip, &*probes, &*resolver));
    let visits = futures_util::future::join_all(visits).await;
    let good = visits.iter().all(|visit| rows(visit).iter().all(|(_, word, _)| *word != "fail"));
    let as_json = || json!({"host": host.as_str(), "visits": visits.iter().map(member).collect::<Vec<_>>()});
    Ok(report(context, good, as_json, || text(&host, &visits, context)))
}

/// The tests, under the names that people know from MxToolbox.
pub(super) fn rows(visit: &Visit) -> Vec<Row> {
    let names: Vec<String> = visit.names.iter().map(ToString::to_string).collect();
    let reverse: Row = match names.is_empty() {
        false => ("SMTP Reverse DNS", "pass", names.join(", ")),
        true => ("SMTP Reverse DNS", "warn", "–".to_owned()),
    };
    let seen = match &visit.seen {
        Ok(seen) => seen,
        Err(error @ Unprobed::Off) => return vec![reverse, ("SMTP Connect", "unknown", error.to_string())],
        Err(error) => return vec![reverse, ("SMTP Connect", "fail", error.to_string())],
    };
    let greeting = seen.greeting.to_string();
    let banner = greeting.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let word = |good| if good { "pass" } else { "warn" };
    let named = Domain::parse(&banner).is_ok_and(|name| name.labels().count() > 1);
    let ready = seen.greeting.code == 220;
    let tls = match &seen.tls {
        StartTls::Done(tls) => match &tls.trusted {
            Ok(()) => ("pass", format!("{}, {}", tls.version, tls.cipher)),
            Err(why) => ("warn", format!("{}, {}: {why}", tls.version, tls.cipher)),
        },
        StartTls::NotOffered => ("warn", "STARTTLS is not offered".to_owned()),
        StartTls::Refused(reply) => ("fail", reply.to_string()),
        StartTls::Failed(error) | StartTls::TooOld(error) => ("fail", error.clone()),
        StartTls::Unreached => ("unknown", "–".to_owned()),
    };
    let time = seen.connected_after + seen.greeted_after;
    vec![
        reverse,
        ("SMTP Connect", if ready { "pass" } else { "fail" }, table::cut(&table::plain(&greeting), 60)),
        ("SMTP Banner Check", word(named), banner),
        ("SMTP TLS", tls.0, tls.1),
        ("SMTP Connection Time", "info", format!("{:.3} s", time.as_secs_f64())),
        ("SMTP Open Relay", "na", "–".to_owned()),
    ]
}

/// The worst that the tests came to.
pub(super) fn worst(rows: &[Row]) -> &'static str {
    let found = ["fail", "warn", "unknown"].into_iter().find(|word| rows.iter().any(|row| row.1 == *word));
    found.unwrap_or("pass")
}

/// The tests of the JSON.
pub(super) fn tests(rows: Vec<Row>) -> Value {
    rows.into_iter().map(|(test, state, seen)| json!({"test": test, "state": state, "seen": seen})).collect()
}

fn member(visit: &Visit) -> Value {
    let tests = tests(rows(visit));
    let seen = visit.seen.as_ref().ok();
    json!({
        "ip": visit.ip,
        "names": visit.names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "error": visit.seen.as_ref().err().map(ToString::to_string),
        "tests": tests,
        "transcript": seen.map(|seen| &seen.transcript),
    })
}

fn text(host: &Domain, visits: &[Visit], context: &Context) -> String {
    let mut prose = Prose::new(context);
    for visit in visits {
        let rows = rows(visit);
        prose.verdict(&format!("SMTP {host} [{}]", visit.ip), worst(&rows));
        for (test, word, seen) in &rows {
            let pad = " ".repeat(8_usize.saturating_sub(word.len()));
            let seen = table::cut(&table::plain(seen), 46);
            prose.line(&format!("  {}{pad} {test:21} {seen}", paint(style(word), word)));
        }
        if let Ok(seen) = &visit.seen {
            prose.gap();
            for line in &seen.transcript {
                prose.line(&format!("    {}", paint(DIM, &table::cut(&table::plain(line), 74))));
            }
        }
    }
    prose.gap();
    prose.sentence(0, &note!("cli-smtp-no-relay"), "");
    prose.into_text()
}
