//! What operators do, and the preview of what it would touch.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::json;
use tegami_mail::{Host, note};
use tegami_outbound::Via;
use tegami_queue::gate::Gate;
use tegami_queue::{Act, HoldRule, HoldSubject, Operator, Order};
use tegami_store::{NodeId, QueueColumn, QueueRow};

use super::select::{Meant, meant};
use super::{line, row_json};
use crate::cli::{Consent, Selection};
use crate::command::{Context, Failure, Outcome, Report, table};
use crate::config::Config;
use crate::server::Rooms;

/// Rows that a preview shows.
const SAMPLES: usize = 5;
/// Domains and providers that a preview counts.
const GROUPS: usize = 8;

/// Where an act happens.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) context: &'a Context,
    pub(crate) rooms: &'a Rooms,
    pub(crate) config: &'a Config,
    /// Who asks.
    pub(crate) who: &'a str,
}

/// Does something to rows, or (`--dry-run`) shows what it would touch.
pub(super) async fn act(
    act: Act,
    selection: &Selection,
    consent: &Consent,
    site: Site<'_>,
) -> Result<Report, Failure> {
    let mut meant = meant(selection, site.rooms).await?;
    meant.filter = act.among(meant.filter);
    if consent.dry_run {
        return preview(act.as_str(), &meant, site).await;
    }
    let order = Order { act, by: site.who.to_owned(), reason: consent.reason.clone() };
    let changed = perform(&order, &meant, site).await?;
    let context = site.context;
    let mut report = if context.json {
        Report::json(&json!({ "act": order.act.as_str(), "recipients": changed }))
    } else {
        let id = match (order.act, changed) {
            (_, 0) => note!("cli-queue-nothing-fits"),
            (Act::Hold, _) => note!("cli-queue-held", count = changed),
            (Act::Release, _) => note!("cli-queue-released", count = changed),
            (Act::Retry, _) => note!("cli-queue-retried", count = changed),
            (Act::Reroute { next_hop }, _) => note!("cli-queue-rerouted", count = changed, via = next_hop),
            (Act::Drop { bounce: true }, _) => note!("cli-queue-bounced", count = changed),
            (Act::Drop { bounce: false }, _) => note!("cli-queue-dropped", count = changed),
        };
        Report::well(context.say(&id))
    };
    if changed == 0 {
        report.outcome = Outcome::Finding;
    }
    Ok(report)
}

async fn perform(order: &Order, meant: &Meant, site: Site<'_>) -> Result<usize, Failure> {
    if meant.nothing {
        return Ok(0);
    }
    let Site { rooms, config, .. } = site;
    let node = NodeId(config.hostname.to_string());
    let operator =
        Operator { store: &*rooms.store, intake: &rooms.intake, control: &rooms.control, node: &node };
    let now = rooms.clock.now();
    let changed = if meant.cause.is_none() {
        operator.act(&meant.filter, order, now).await?
    } else {
        // What only a reading of the reply tells is named row by row.
        let mut rows = Vec::new();
        let visit = |row: QueueRow| {
            rows.push(row.id);
            ControlFlow::Continue(())
        };
        meant.each(rooms, visit).await?;
        operator.act_on(&rows, order, now).await?
    };
    operator.tell(order, changed);
    Ok(changed)
}

/// How much it is, for whom, and some of it.
async fn preview(act: &str, meant: &Meant, site: Site<'_>) -> Result<Report, Failure> {
    let Site { context, rooms, .. } = site;
    let count = meant.count(rooms).await?;
    let samples = meant.rows(rooms, SAMPLES).await?;
    let hops = if meant.nothing { Vec::new() } else { groups(meant, rooms).await? };
    let providers = by_place(&hops, rooms);
    let mut report = if context.json {
        let group = |(name, rows): &(String, u64)| json!({ "name": name, "recipients": rows });
        Report::json(&json!({
            "act": act,
            "dry_run": true,
            "recipients": count,
            "domains": hops.iter().map(group).collect::<Vec<_>>(),
            "providers": providers.iter().map(group).collect::<Vec<_>>(),
            "samples": samples.iter().map(row_json).collect::<Vec<_>>(),
        }))
    } else if count == 0 {
        Report::well(context.word("cli-queue-nothing-fits"))
    } else {
        Report::well(told(act, count, (&hops, &providers), &samples, context))
    };
    if count == 0 {
        report.outcome = Outcome::Finding;
    }
    Ok(report)
}

/// Rows by what they have in common.
type Groups = [(String, u64)];

fn told(
    act: &str,
    count: u64,
    (hops, providers): (&Groups, &Groups),
    samples: &[QueueRow],
    context: &Context,
) -> String {
    let list = |groups: &Groups| {
        let mut parts: Vec<String> =
            groups.iter().take(GROUPS).map(|(name, rows)| format!("{} {rows}", table::plain(name))).collect();
        if groups.len() > GROUPS {
            parts.push("…".to_owned());
        }
        parts.join(", ")
    };
    let mut text =
        context.say(&note!("cli-queue-would", act = context.word(&format!("cli-act-{act}")), count = count));
    text.push_str(&format!("\n{}: {}\n", context.word("cli-label-domains"), list(hops)));
    if providers != hops {
        text.push_str(&format!("{}: {}\n", context.word("cli-label-providers"), list(providers)));
    }
    let heading = super::heading(context);
    let lines: Vec<Vec<String>> = samples.iter().map(|row| line(context, row, None)).collect();
    text.push('\n');
    text.push_str(&table::render(&heading, &lines));
    if count > samples.len() as u64 {
        let more = note!("cli-queue-more", count = count - samples.len() as u64);
        text.push_str(&format!("{}\n", context.say(&more)));
    }
    text
}

/// Rows by recipient domain, most first.
async fn groups(meant: &Meant, rooms: &Rooms) -> Result<Vec<(String, u64)>, Failure> {
    if meant.cause.is_none() {
        let counts = rooms.store.queue_counts(meant.filter.clone(), QueueColumn::Domain).await?;
        return Ok(counts.into_iter().map(|count| (count.value, count.rows)).collect());
    }
    let mut domains: BTreeMap<String, u64> = BTreeMap::new();
    let visit = |row: QueueRow| {
        *domains.entry(row.path.address.host().to_string()).or_default() += 1;
        ControlFlow::Continue(())
    };
    meant.each(rooms, visit).await?;
    Ok(most_first(domains))
}

/// Counts of domains as counts of the providers behind them.
pub(super) fn by_place(domains: &[(String, u64)], rooms: &Rooms) -> Vec<(String, u64)> {
    let mut places: BTreeMap<String, u64> = BTreeMap::new();
    for (domain, rows) in domains {
        *places.entry(rooms.holds.place(domain).to_string()).or_default() += rows;
    }
    most_first(places)
}

fn most_first(groups: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    groups
}

/// A standing rule, made of what was said: one thing, because a rule is lifted by its name.
pub(super) async fn stand(
    selection: &Selection,
    consent: &Consent,
    site: Site<'_>,
) -> Result<Report, Failure> {
    let Some(subject) = subject(selection) else { return Err(note!("cli-queue-standing-one").into()) };
    if consent.dry_run {
        let meant = meant(selection, site.rooms).await?;
        return preview("hold", &meant, site).await.map(|report| Report { outcome: Outcome::Well, ..report });
    }
    let rule = HoldRule::new(subject, &consent.reason, site.who, site.rooms.clock.now());
    site.rooms.holds.add(&*site.rooms.store, &rule).await?;
    site.rooms.control.gate_changed();
    tracing::info!(target: "tegami::operator", by = rule.by, reason = rule.reason, rule = rule.id, "hold");
    if site.context.json {
        return Ok(Report::json(&json!({ "act": "hold", "rule": rule })));
    }
    Ok(Report::well(site.context.say(&note!("cli-queue-rule-stands", rule = rule.id))))
}

fn subject(selection: &Selection) -> Option<HoldSubject> {
    let Selection { id, to, domains, provider, account, sender, tag, .. } = selection;
    let others = id.is_some()
        || to.is_some()
        || selection.state.is_some()
        || selection.older.or(selection.newer).is_some()
        || selection.attempts.is_some()
        || selection.reply.is_some()
        || selection.cause.is_some();
    let named = [
        domains.first().cloned().map(HoldSubject::Domain),
        provider.clone().map(HoldSubject::Provider),
        account.clone().map(HoldSubject::Account),
        sender.clone().map(HoldSubject::Sender),
        tag.clone().map(HoldSubject::Tag),
    ];
    let mut named = named.into_iter().flatten();
    let subject = named.next()?;
    (!others && domains.len() <= 1 && named.next().is_none()).then_some(subject)
}

/// Lifts a standing rule.
pub(super) async fn lift(rule: &str, site: Site<'_>) -> Result<Report, Failure> {
    let Some(lifted) = site.rooms.holds.lift(&*site.rooms.store, rule).await? else {
        return Err(note!("cli-queue-no-such-rule", rule = rule).into());
    };
    site.rooms.control.gate_changed();
    site.rooms.control.ring();
    tracing::info!(target: "tegami::operator", by = site.who, rule = lifted.id, "release");
    if site.context.json {
        return Ok(Report::json(&json!({ "act": "release", "rule": lifted })));
    }
    Ok(Report::well(site.context.say(&note!("cli-queue-rule-lifted", rule = lifted.id))))
}

/// The standing rules.
pub(super) fn rules(context: &Context, rooms: &Rooms) -> Report {
    let rules = rooms.holds.rules();
    if context.json {
        return Report::json(&json!({ "rules": &*rules }));
    }
    if rules.is_empty() {
        return Report::well(context.word("cli-queue-no-rules"));
    }
    let heading =
        ["rule", "since", "by", "reason"].map(|column| context.word(&format!("cli-column-{column}")));
    let cells = |rule: &HoldRule| {
        let since = crate::command::context::moment(rule.since);
        vec![table::cell(&rule.id), since, table::cell(&rule.by), table::cell(&rule.reason)]
    };
    Report::well(table::render(&heading, &rules.iter().map(cells).collect::<Vec<_>>()))
}

/// A next hop as rows have it: a domain whose MX hosts are asked for, an address in brackets, or one of the two with a port, which is gone
/// to directly.
pub(super) fn next_hop(via: &str) -> Result<String, Failure> {
    // `192.0.2.1:25` as people write it.
    if let Ok(address) = via.parse::<std::net::SocketAddr>() {
        return Ok(Via { host: Host::Literal(address.ip()), port: address.port() }.to_string());
    }
    if let Some(via) = Via::read(via) {
        return Ok(via.to_string());
    }
    let literal = via.parse::<std::net::IpAddr>().ok().map(Host::Literal);
    let host = literal.map_or_else(|| Host::parse(via), Ok);
    host.map(|host| host.to_string())
        .map_err(|error| note!("cli-queue-bad-hop", hop = via, reason = error).into())
}
