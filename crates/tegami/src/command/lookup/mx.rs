//! `tegami lookup mx`: the hosts that receive mail for a domain, as a sending host sees them (RFC 5321 section 5.1); and what lists of
//! reputation and a polite session tell of each of their addresses.

mod address;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tegami_dns::{Answer, Data, DnsError, DnsName, MxHost, RecordType, Resolver};
use tegami_doctor::probe::NoProbes;
use tegami_doctor::{Asked, Case, Known};
use tegami_mail::{Clock as _, Note, note};
use tegami_queue::SystemClock;

use super::super::prose::Prose;
use super::{Context, Failure, Report, check, domain, report};
use crate::cli::MxQuestion;
use address::{Address, Listed, Look, MOST, Session};

/// Hosts whose addresses are asked for.
const MAX_HOSTS: usize = 50;

/// One host with its addresses.
struct Row {
    /// `None` for the implicit MX.
    preference: Option<u16>,
    host: String,
    ttl: Duration,
    ipv4: Vec<IpAddr>,
    ipv6: Vec<IpAddr>,
    problem: Option<Note>,
    /// What each of the addresses is like, in the same order.
    addresses: Vec<Address>,
}

impl Row {
    fn new(preference: Option<u16>, host: String, ttl: Duration) -> Self {
        let (ipv4, ipv6, addresses) = (Vec::new(), Vec::new(), Vec::new());
        Self { preference, host, ttl, ipv4, ipv6, problem: None, addresses }
    }
}

/// The answer: a word, why, and the hosts.
struct Found {
    result: &'static str,
    note: Note,
    rows: Vec<Row>,
}

pub(super) async fn run(
    question: &MxQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let domain = domain(&question.domain)?;
    let name = DnsName::from(&domain);
    let mut found = find(&name, &*resolver).await;
    look_at(&mut found.rows, &look(question, context, resolver)?).await;
    let fine = |row: &Row| row.problem.is_none() && row.addresses.iter().all(Address::is_good);
    let good = matches!(found.result, "mx" | "implicit") && found.rows.iter().all(fine);
    let as_json = || {
        let hosts = found.rows.iter().map(|row| {
            json!({
                "preference": row.preference,
                "host": row.host,
                "ipv4": row.ipv4,
                "ipv6": row.ipv6,
                "ttl": row.ttl.as_secs(),
                "problem": row.problem.as_ref().map(|note| context.say(note)),
                "addresses": row.addresses.iter().map(|one| one.to_json(context)).collect::<Vec<_>>(),
            })
        });
        json!({
            "domain": domain.as_str(),
            "result": found.result,
            "reason": context.say(&found.note),
            "hosts": hosts.collect::<Vec<_>>(),
        })
    };
    Ok(report(context, good, as_json, || text(&question.domain, context, &found)))
}

/// Lists by the DNS that is asked anyway; sessions over the network, unless nobody wants them or zone text tells of hosts that nobody has.
fn look(question: &MxQuestion, context: &Context, resolver: Arc<dyn Resolver>) -> Result<Look, Failure> {
    let dns = &question.dns;
    let of_zone = dns.zone.is_some();
    let silent = match (question.no_probes, of_zone && question.port.is_none()) {
        (true, _) => Some(note!("cli-mx-no-probes")),
        (false, true) => Some(note!("cli-mx-of-zone")),
        (false, false) => None,
    };
    let config = context.config().ok();
    let probes = match &silent {
        Some(_) => Arc::new(NoProbes),
        None => check::examine::network(dns, question.port, false, config.as_ref(), &resolver)?,
    };
    let mut known = Known::nothing(SystemClock.now(), check::examine::reach(dns));
    known.lists = check::examine::lists(config.as_ref());
    let case = Case { asked: Arc::new(Asked::new(resolver)), probes, known };
    Ok(Look { case, silent, of_zone })
}

/// Looks at the addresses of all hosts at once; an address that several hosts have is looked at for each, as it has as many names.
async fn look_at(rows: &mut [Row], look: &Look) {
    let mut left = MOST;
    let looked = rows.iter().map(|row| {
        let ips: Vec<IpAddr> = row.ipv4.iter().chain(&row.ipv6).copied().collect();
        let looked = ips.into_iter().map(|ip| {
            let wanted = left > 0;
            left = left.saturating_sub(1);
            let host = row.host.clone();
            async move { if wanted { look.at(&host, ip).await } else { Look::passed_over(ip) } }
        });
        join_all(looked.collect::<Vec<_>>())
    });
    let looked = join_all(looked.collect::<Vec<_>>()).await;
    for (row, addresses) in rows.iter_mut().zip(looked) {
        row.addresses = addresses;
    }
}

async fn find(name: &DnsName, resolver: &dyn Resolver) -> Found {
    let none = |result, note| Found { result, note, rows: Vec::new() };
    match resolver.lookup(name, RecordType::Mx).await {
        Ok(answer) => explicit(name, &answer, resolver).await,
        // RFC 5321 section 5.1: without any MX record the domain itself is the host, where it has an address.
        Err(DnsError::NoData) => {
            let mut row = addresses(None, name.as_str().to_owned(), Duration::ZERO, resolver).await;
            match row.problem.take() {
                Some(note) if note.id == "cli-mx-host-open" => none("temperror", note),
                Some(_) => none("none", note!("cli-mx-none", domain = name)),
                None => Found {
                    result: "implicit",
                    note: note!("cli-mx-implicit", domain = name),
                    rows: vec![row],
                },
            }
        }
        Err(DnsError::NxDomain) => none("none", note!("cli-mx-nxdomain", domain = name)),
        Err(error) => none("temperror", note!("cli-mx-open", domain = name, error = error)),
    }
}

async fn explicit(name: &DnsName, answer: &Answer, resolver: &dyn Resolver) -> Found {
    let mut hosts: Vec<(MxHost, Duration)> = answer
        .records
        .iter()
        .filter_map(|record| match &record.data {
            Data::Mx(host) => Some((host.clone(), record.ttl)),
            _ => None,
        })
        .collect();
    hosts.sort();
    let null = hosts.iter().filter(|(host, _)| host.exchange.is_root()).count();
    if null == hosts.len() {
        return Found { result: "null", note: note!("cli-mx-null", domain = name), rows: Vec::new() };
    }
    let rows = hosts.into_iter().take(MAX_HOSTS).map(|(host, ttl)| async move {
        if host.exchange.is_root() {
            let problem = Some(note!("cli-mx-null-among-others"));
            let (preference, host) = (Some(host.preference), ".".to_owned());
            return Row { problem, ..Row::new(preference, host, ttl) };
        }
        addresses(Some(host.preference), host.exchange.to_string(), ttl, resolver).await
    });
    let rows = join_all(rows).await;
    Found { result: "mx", note: note!("cli-mx-found", domain = name, count = rows.len()), rows }
}

async fn addresses(preference: Option<u16>, host: String, ttl: Duration, resolver: &dyn Resolver) -> Row {
    let mut row = Row::new(preference, host, ttl);
    let Ok(name) = DnsName::parse(&row.host) else {
        row.problem = Some(note!("cli-mx-host-none", host = row.host));
        return row;
    };
    let mut open = None;
    for kind in [RecordType::A, RecordType::Aaaa] {
        match resolver.lookup(&name, kind).await {
            Ok(answer) => {
                row.ttl = if preference.is_none() { answer.ttl() } else { row.ttl };
                if let (Some(_), Some(target)) = (preference, answer.aliases.last()) {
                    // RFC 5321 section 5.1 and RFC 2181 section 10.3: an exchange must not be an alias.
                    row.problem = Some(note!("cli-mx-host-alias", host = row.host, target = target));
                }
                for record in answer.records {
                    match record.data {
                        Data::A(ip) => row.ipv4.push(ip.into()),
                        Data::Aaaa(ip) => row.ipv6.push(ip.into()),
                        _ => {}
                    }
                }
            }
            Err(error) if error.is_void() => {}
            Err(error) => open = Some(note!("cli-mx-host-open", host = row.host, error = error)),
        }
    }
    row.ipv4.sort();
    row.ipv6.sort();
    if row.ipv4.is_empty() && row.ipv6.is_empty() {
        row.problem = open.or_else(|| Some(note!("cli-mx-host-none", host = row.host)));
    }
    row
}

fn text(domain: &str, context: &Context, found: &Found) -> String {
    let mut prose = Prose::new(context);
    prose.verdict(&format!("MX {domain}"), found.result);
    prose.sentence(2, &found.note, "");
    if found.rows.is_empty() {
        return prose.into_text();
    }
    prose.gap();
    let heading = ["preference", "host", "address", "ttl", "blacklist", "smtp"];
    let heading = heading.map(|id| context.word(&format!("cli-column-{id}")));
    prose.table(2, &heading, &found.rows.iter().flat_map(|row| cells(row, context)).collect::<Vec<_>>());
    for problem in found.rows.iter().filter_map(|row| row.problem.as_ref()) {
        prose.gap();
        prose.sentence(2, problem, "");
    }
    remarks(&mut prose, found, context);
    prose.into_text()
}

/// One line for each address of a host; preference, name and TTL stand at the first.
fn cells(row: &Row, context: &Context) -> Vec<Vec<String>> {
    let preference = row.preference.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let head = |first: bool| match first {
        true => [preference.clone(), row.host.clone(), format!("{} s", row.ttl.as_secs())],
        false => [const { String::new() }; 3],
    };
    let line = |first: bool, rest: [String; 3]| {
        let ([preference, host, ttl], [address, listed, session]) = (head(first), rest);
        vec![preference, host, address, ttl, listed, session]
    };
    if row.addresses.is_empty() {
        return vec![line(true, ["–"; 3].map(str::to_owned))];
    }
    let word = |word: &str| context.word(&format!("cli-mx-{word}"));
    let of = |(number, one): (usize, &Address)| {
        let listed = match one.listed.entries().count() {
            0 => word(one.listed.word()),
            count => format!("{} ({count})", word("listed")),
        };
        line(number == 0, [one.ip.to_string(), listed, word(one.session.word())])
    };
    row.addresses.iter().enumerate().map(of).collect()
}

/// What stands behind the words of the table: entries, what was wrong in a session, and why somebody was not asked; each once.
fn remarks(prose: &mut Prose<'_>, found: &Found, context: &Context) {
    let mut told = BTreeSet::new();
    let mut tell = |prose: &mut Prose<'_>, text: String| {
        if told.insert(text.clone()) {
            prose.gap();
            prose.paragraph(2, &text);
        }
    };
    let titled = |id: &str, text: &str| format!("{}: {text}", context.word(&format!("cli-column-{id}")));
    for address in found.rows.iter().flat_map(|row| &row.addresses) {
        address.listed.entries().for_each(|note| tell(prose, titled("blacklist", &context.say(&note))));
        if let Listed::Not(_, why) = &address.listed {
            tell(prose, titled("blacklist", &context.say(why)));
        }
        match &address.session {
            Session::Not(_, why) => tell(prose, titled("smtp", &context.say(why))),
            Session::Had(_, rows) => {
                for (test, state, seen) in rows.iter().filter(|row| matches!(row.1, "fail" | "warn")) {
                    let seen = super::super::table::plain(seen);
                    tell(prose, titled("smtp", &format!("{} {test}: {state} ({seen})", address.ip)));
                }
            }
        }
    }
}
