//! `tegami dns apply`: shows what changes, asks, publishes, and waits until every server of the zone shows it.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use tegami_dns::{DnsName, Resolver};
use tegami_doctor::plan::Planned;
use tegami_doctor::plan::look::{Standing, standing};
use tegami_doctor::plan::zones::ZoneServers;
use tegami_mail::note;
use tokio::time::{Instant, sleep};

use super::{Drawn, Way, Zones, show};
use crate::cli::Doing;
use crate::command::{Context, Failure, Outcome, agreed};

/// Between two looks, at first; it doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(200);

/// Between two looks, at most.
const LONGEST: Duration = Duration::from_secs(10);

/// Applies a plan.
pub(super) async fn run(
    mut drawn: Drawn,
    way: &Way,
    doing: &Doing,
    context: &Context,
) -> Result<Outcome, Failure> {
    let changed: Vec<Planned> = drawn.plan.own_changes().cloned().collect();
    for set in drawn.plan.unknown() {
        let note = note!("cli-dns-unknown", name = set.name, kind = set.kind);
        anstream::eprintln!("{}", context.say(&note));
    }
    if changed.is_empty() {
        finish(&drawn, &changed, context);
        return Ok(if drawn.plan.unknown().next().is_some() { Outcome::Finding } else { Outcome::Well });
    }
    if !context.json {
        anstream::print!("{}", show::text_of_sets(&changed, context));
    }
    if doing.dry_run {
        finish(&drawn, &[], context);
        return Ok(Outcome::Finding);
    }
    if !agreed_to(doing, context)? {
        return Ok(Outcome::Finding);
    }
    let zones = Arc::clone(&drawn.zones);
    publish(&changed, way, &zones, &DnsName::from(&drawn.wishes.domain)).await?;
    if !shown_by_all(&changed, &zones, doing.wait, context).await {
        return Ok(Outcome::Finding);
    }
    drawn.again().await;
    // Zone text does not change by itself.
    let left = !zones.are_text() && drawn.plan.own_changes().next().is_some();
    finish(&drawn, &changed, context);
    Ok(if left { Outcome::Finding } else { Outcome::Well })
}

/// What was done, for programs; for people where nothing had to be.
fn finish(drawn: &Drawn, changed: &[Planned], context: &Context) {
    if context.json {
        let left: Vec<&Planned> = drawn.plan.own_changes().collect();
        context.print_json(&show::applied(changed, &left, context));
    } else if drawn.plan.own_changes().next().is_none() {
        anstream::println!("{}", context.say(&note!("cli-dns-nothing", domain = drawn.wishes.domain)));
    }
}

/// Whether the person at the terminal says yes, or said so before.
pub(crate) fn agreed_to(doing: &Doing, context: &Context) -> Result<bool, Failure> {
    if doing.yes {
        return Ok(true);
    }
    if context.json || !std::io::stdin().is_terminal() {
        return Err(note!("cli-dns-say-yes").into());
    }
    let yes = agreed(context)?;
    if !yes {
        anstream::println!("{}", context.word("cli-dns-left-alone"));
    }
    Ok(yes)
}

/// Publishes sets, zone by zone.
pub(crate) async fn publish(
    sets: &[Planned],
    way: &Way,
    zones: &Arc<Zones>,
    domain: &DnsName,
) -> Result<(), Failure> {
    let mut by_zone: BTreeMap<DnsName, (Arc<ZoneServers>, Vec<&Planned>)> = BTreeMap::new();
    for set in sets {
        let zone = match zones.of(&set.name).await {
            Some(zone) => zone,
            None => guessed(set, domain, way).ok_or_else(|| note!("cli-dns-no-zone", name = set.name))?,
        };
        by_zone.entry(zone.apex.clone()).or_insert_with(|| (zone, Vec::new())).1.push(set);
    }
    let resolver = Arc::clone(zones) as Arc<dyn Resolver>;
    for (zone, sets) in by_zone.values() {
        way.publish(zone, sets, &resolver).await?;
    }
    Ok(())
}

/// Where the DNS does not say in which zone a name lies, whoever keeps the zones does.
fn guessed(set: &Planned, domain: &DnsName, way: &Way) -> Option<Arc<ZoneServers>> {
    let apex = if set.name.is_within(domain) { domain } else { &set.name };
    way.zone_without_servers(apex.clone()).map(Arc::new)
}

/// Waits until every server shows these sets; says so where that takes too long.
pub(crate) async fn shown_by_all(
    sets: &[Planned],
    zones: &Arc<Zones>,
    patience: Duration,
    context: &Context,
) -> bool {
    if zones.are_text() || patience.is_zero() {
        return true;
    }
    let end = Instant::now() + patience;
    let mut pause = FIRST;
    loop {
        let mut waiting = Vec::new();
        for set in sets {
            let said = zones.said(&set.name, set.kind).await;
            let stands = standing(&set.after, &said, None);
            if stands != Standing::Fine {
                waiting.push(note!(
                    "cli-dns-not-shown",
                    name = set.name,
                    kind = set.kind,
                    servers = show::who_differs(&stands, &said)
                ));
            }
        }
        if waiting.is_empty() {
            return true;
        }
        if Instant::now() + pause > end {
            for note in &waiting {
                anstream::eprintln!("{}", context.say(note));
            }
            return false;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}
