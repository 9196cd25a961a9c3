//! `tegami lookup blacklist`: what every list of reputation says of an address or a domain, as far as it can be believed (RFC 5782).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tegami_dns::Resolver;
use tegami_doctor::probe::NoProbes;
use tegami_doctor::rbl::{self, Row, Said};
use tegami_doctor::{Asked, Case, Known};
use tegami_mail::{Clock as _, note};
use tegami_queue::SystemClock;

use super::super::prose::{DIM, Prose, paint, style};
use super::super::table;
use super::{Context, Failure, Report, check, domain, report};
use crate::cli::BlacklistQuestion;

/// All lists are asked here, each with its test entries.
const MAX_QUESTIONS: usize = 1_000;

pub(super) async fn run(
    question: &BlacklistQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let mut known = Known::nothing(SystemClock.now(), check::examine::reach(&question.dns));
    known.lists = check::examine::lists(context.config().ok().as_ref());
    let asked = Arc::new(Asked::with_limit(resolver, MAX_QUESTIONS));
    let case = Case { asked, probes: Arc::new(NoProbes), known };
    let subject = &question.subject;
    let (subject, rows) = match subject.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => (ip.to_string(), rbl::look_up_address(ip, &case).await),
        Err(_) => {
            let domain = domain(subject)?;
            (domain.to_string(), rbl::look_up_domain(&domain, &case).await)
        }
    };
    let as_json = || {
        let lists = rows.iter().map(|row| member(row, context)).collect::<Vec<_>>();
        json!({"subject": subject, "result": result(&rows), "lists": lists})
    };
    let good = result(&rows) == "clean";
    Ok(report(context, good, as_json, || text(&subject, &rows, context)))
}

/// `listed`, `clean`, or `unknown` where no list could be believed.
fn result(rows: &[Row]) -> &'static str {
    if rows.iter().any(|row| row.worst().is_some()) {
        "listed"
    } else if rows.iter().any(|row| !matches!(row.said, Said::Nothing(_))) {
        "clean"
    } else {
        "unknown"
    }
}

fn state(row: &Row) -> &'static str {
    match &row.said {
        Said::Listed(_) => "listed",
        Said::NotListed => "not-listed",
        Said::Nothing(_) => "unknown",
    }
}

pub(super) fn member(row: &Row, context: &Context) -> Value {
    let hits = match &row.said {
        Said::Listed(hits) => hits.as_slice(),
        _ => &[],
    };
    let hits = hits.iter().map(|hit| {
        json!({
            "code": hit.code,
            "severity": hit.severity,
            "bad": hit.means.is_bad(),
            "detail": context.say(&hit.means.note(&row.subject, &row.list)),
        })
    });
    let why = match &row.said {
        Said::Nothing(why) => Some(context.say(&why.note(&row.list))),
        _ => None,
    };
    json!({
        "list": row.list.zone,
        "title": row.list.title,
        "tier": row.list.tier.as_str(),
        "state": state(row),
        "entries": hits.collect::<Vec<_>>(),
        "unknown_because": why,
        "reason": row.reason,
        "removal": row.removal().map(|note| context.say(&note)),
        "ttl": row.ttl.as_secs(),
    })
}

fn text(subject: &str, rows: &[Row], context: &Context) -> String {
    let mut prose = Prose::new(context);
    let word = match result(rows) {
        "listed" => "fail",
        "clean" => "pass",
        _ => "unknown",
    };
    prose.verdict(&format!("{} {subject}", context.word("cli-blacklist-title")), word);
    let count = |wanted: &str| rows.iter().filter(|row| state(row) == wanted).count();
    let (listed, clean, open) = (count("listed"), count("not-listed"), count("unknown"));
    prose.sentence(2, &note!("cli-blacklist-counts", listed = listed, clean = clean, open = open), "");
    for row in rows {
        let Said::Listed(hits) = &row.said else { continue };
        prose.gap();
        let (title, zone) = (table::plain(&row.list.title), paint(DIM, &row.list.zone));
        let word = if row.worst().is_some() { "fail" } else { "info" };
        prose.line(&format!("{} {title}  {zone}", paint(style(word).bold(), word)));
        for hit in hits {
            prose.sentence(4, &hit.means.note(&row.subject, &row.list), "");
            prose.line(&format!("      {}", paint(DIM, &hit.code.to_string())));
        }
        if let Some(reason) = &row.reason {
            prose.line(&format!("      {}", paint(DIM, &table::cut(&table::plain(reason), 72))));
        }
        if let Some(removal) = row.removal() {
            prose.hanging("    → ", &context.say(&removal));
        }
    }
    let clean: Vec<&str> =
        rows.iter().filter(|row| state(row) == "not-listed").map(|row| row.list.title.as_str()).collect();
    if !clean.is_empty() {
        prose.heading(&context.word("cli-blacklist-clean"));
        prose.paragraph(2, &clean.join(", "));
    }
    let mut open: BTreeMap<String, ()> = BTreeMap::new();
    for row in rows {
        if let Said::Nothing(why) = &row.said {
            open.insert(context.say(&why.note(&row.list)), ());
        }
    }
    if !open.is_empty() {
        prose.heading(&context.word("cli-check-group-open"));
        open.keys().for_each(|why| prose.hanging("  ? ", why));
    }
    prose.into_text()
}
