//! `tegami queue summary`: how much waits for whom, and for how long.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tegami_queue::gate::Gate;
use tegami_store::{QueueColumn, QueueFilter, QueueRow};

use super::select::meant;
use crate::cli::{By, Summary};
use crate::command::{Context, Failure, Report, table};
use crate::server::Rooms;

/// Where ages end, with the words for it. What is older stands in a last column.
const AGES: [(&str, u64); 6] =
    [("5m", 300), ("15m", 900), ("1h", 3600), ("4h", 14_400), ("1d", 86_400), ("3d", 259_200)];

/// One line: how many in each age, the youngest first.
type Ages = [u64; AGES.len() + 1];

pub(super) async fn run(wanted: &Summary, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let meant = meant(&wanted.selection, rooms).await?;
    let now = rooms.clock.now();
    let mut groups: BTreeMap<String, Ages> = BTreeMap::new();
    if meant.cause.is_some() {
        let visit = |row: QueueRow| {
            let name = match wanted.by {
                By::Provider => rooms.holds.place(&row.next_hop).to_string(),
                By::Domain => row.path.address.host().to_string(),
                By::Account => row.facts.account.clone().unwrap_or_default(),
                By::Sender => row.facts.sender_domain.clone(),
                By::Priority => format!("{:?}", row.facts.priority).to_lowercase(),
                By::State => format!("{:?}", row.state).to_lowercase(),
            };
            let age = Duration::try_from(now.duration_since(row.accepted_at)).unwrap_or_default();
            let at = AGES.iter().position(|(_, end)| age.as_secs() < *end).unwrap_or(AGES.len());
            groups.entry(name).or_default().iter_mut().skip(at).take(1).for_each(|count| *count += 1);
            ControlFlow::Continue(())
        };
        meant.each(rooms, visit).await?;
    } else if !meant.nothing {
        for at in 0..=AGES.len() {
            count(&mut groups, at, &meant.filter, wanted.by, now, rooms).await?;
        }
    }
    let mut lines: Vec<(String, u64, Ages)> =
        groups.into_iter().map(|(name, ages)| (name, ages.iter().sum(), ages)).collect();
    lines.sort_by_key(|(_, total, _)| std::cmp::Reverse(*total));
    Ok(tell(wanted.by, &lines, context))
}

/// Adds what is of one age.
async fn count(
    groups: &mut BTreeMap<String, Ages>,
    at: usize,
    filter: &QueueFilter,
    by: By,
    now: Timestamp,
    rooms: &Rooms,
) -> Result<(), Failure> {
    let ago = |seconds: u64| now.checked_sub(Duration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
    let younger = AGES.get(at).map(|(_, end)| ago(*end));
    let older = at.checked_sub(1).and_then(|before| AGES.get(before)).map(|(_, end)| ago(*end));
    let mut filter = filter.clone();
    filter.accepted_from = [filter.accepted_from, younger].into_iter().flatten().max();
    filter.accepted_until = [filter.accepted_until, older].into_iter().flatten().min();
    let column = match by {
        By::Provider => QueueColumn::NextHop,
        By::Domain => QueueColumn::Domain,
        By::Account => QueueColumn::Account,
        By::Sender => QueueColumn::SenderDomain,
        By::Priority => QueueColumn::Priority,
        By::State => QueueColumn::State,
    };
    for counted in rooms.store.queue_counts(filter, column).await? {
        let name = match by {
            By::Provider => rooms.holds.place(&counted.value).to_string(),
            _ => counted.value,
        };
        groups.entry(name).or_default().iter_mut().skip(at).take(1).for_each(|count| *count += counted.rows);
    }
    Ok(())
}

fn tell(by: By, lines: &[(String, u64, Ages)], context: &Context) -> Report {
    if context.json {
        let groups: Vec<_> = lines
            .iter()
            .map(|(name, total, ages)| {
                let names = AGES.iter().map(|(name, _)| *name).chain(["older"]);
                let ages: BTreeMap<_, _> = names.zip(ages).collect();
                json!({ "name": name, "recipients": total, "ages": ages })
            })
            .collect();
        return Report::json(&json!({ "groups": groups }));
    }
    if lines.is_empty() {
        return Report::well(context.word("cli-queue-empty"));
    }
    let column = match by {
        By::Provider => "provider",
        By::Domain => "domain",
        By::Account => "account",
        By::Sender => "sender",
        By::Priority => "priority",
        By::State => "state",
    };
    let mut heading = vec![context.word(&format!("cli-column-{column}")), context.word("cli-column-total")];
    heading.extend(AGES.iter().map(|(name, _)| format!("<{name}")));
    heading.push(context.word("cli-column-older"));
    let shown = |count: &u64| if *count == 0 { "·".to_owned() } else { count.to_string() };
    let mut cells: Vec<Vec<String>> = Vec::new();
    let mut sum: (u64, Ages) = (0, Ages::default());
    for (name, total, ages) in lines {
        let name = if name.is_empty() { "–".to_owned() } else { table::cell(name) };
        cells.push([name, total.to_string()].into_iter().chain(ages.iter().map(shown)).collect());
        sum.0 += total;
        sum.1.iter_mut().zip(ages).for_each(|(sum, count)| *sum += count);
    }
    let last = [context.word("cli-column-total"), sum.0.to_string()];
    cells.push(last.into_iter().chain(sum.1.iter().map(shown)).collect());
    Report::well(table::render(&heading, &cells))
}
