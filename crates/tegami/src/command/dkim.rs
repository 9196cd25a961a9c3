//! `tegami dkim`: the keys of a domain, and their rotation.
//!
//! The stages of a rotation stand in the store ([`tegami_queue::rotation`]), so that this command only looks where it stands, does what is next, and
//! may be stopped anywhere: run again, it goes on. What changes the store is done by the running server; what looks at the DNS and changes it is done
//! here, with the operator's rights.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tegami_auth::dkim::Selector;
use tegami_dns::DnsName;
use tegami_doctor::plan::look::{Standing, standing};
use tegami_doctor::plan::{Planned, Purpose, Server, Wishes};
use tegami_mail::{Clock as _, Domain, Note, note};
use tegami_queue::SystemClock;
use tegami_queue::rotation::{Pace, Step, next};
use tegami_store::{DkimKeyRow, KeyTurn};
use tegami_web::planned_key;

use super::plan::{self, Way, Zones, agreed_to, publish, shown_by_all, text_of_sets};
use super::{Context, Failure, Outcome, Report, remote, table};
use crate::cli::{Dkim, Rotate, StepWord};
use crate::config::Config;
use crate::server::Rooms;

/// How long caches may keep a key's record at most: longer TTLs are rare, and resolvers cut them.
const CACHES: Duration = Duration::from_secs(86_400);

/// What a running server, or the data folder, is asked.
pub(super) async fn on_rooms(verb: &Dkim, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let (text, step, selectors) = match verb {
        Dkim::List { domain } => (domain, None, &[][..]),
        Dkim::Step { domain, step, selectors } => (domain, Some(*step), selectors.as_slice()),
        Dkim::Rotate(rotate) => (&rotate.domain, None, &[][..]),
    };
    let domain = plan::domain(text)?;
    if rooms.domains.find(&domain).await?.is_none() {
        return Err(note!("cli-not-our-domain", domain = domain).into());
    }
    if let Some(step) = step {
        change(&domain, step, selectors, rooms).await?;
    }
    let keys = rooms.dkim.of(&domain).await?;
    if context.json {
        return Ok(Report::json(&json!({ "keys": keys })));
    }
    let heading = ["selector", "algorithm", "state", "since"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = keys.iter().map(|key| row(key, context)).collect();
    Ok(Report::well(table::render(&heading, &rows)))
}

fn row(key: &DkimKeyRow, context: &Context) -> Vec<String> {
    let (state, since) = match key.turn {
        None if key.active => ("signs", None),
        None => ("spare", None),
        Some(KeyTurn::Coming) => ("coming", None),
        Some(KeyTurn::Retired { since }) => ("retired", Some(since)),
        Some(KeyTurn::Revoking) => ("revoking", None),
        Some(KeyTurn::Revoked { since }) => ("revoked", Some(since)),
        Some(KeyTurn::Leaving) => ("leaving", None),
    };
    let since = super::context::moment(since.unwrap_or(key.created_at));
    vec![key.selector.clone(), key.algorithm.clone(), context.word(&format!("cli-dkim-{state}")), since]
}

async fn change(domain: &Domain, step: StepWord, selectors: &[String], rooms: &Rooms) -> Result<(), Failure> {
    let parsed: Result<Vec<_>, _> = selectors.iter().map(|text| Selector::parse(text)).collect();
    let selectors = parsed.map_err(|error| Failure::Text(error.to_string()))?;
    let dkim = &rooms.dkim;
    let turn = match step {
        StepWord::Begin => return Ok(dkim.begin_rotation(domain, selectors.first()).await.map(drop)?),
        StepWord::Switch => return Ok(dkim.switch_rotation(domain).await.map(drop)?),
        StepWord::Forget => {
            for selector in &selectors {
                dkim.delete(domain, selector).await?;
            }
            return Ok(());
        }
        StepWord::Revoke => KeyTurn::Revoking,
        StepWord::Revoked => KeyTurn::Revoked { since: rooms.clock.now() },
        StepWord::Leave => KeyTurn::Leaving,
    };
    Ok(dkim.turn(domain, &selectors, turn).await.map(drop)?)
}

/// Goes on with a rotation, or begins one, as far as it gets.
pub(super) async fn rotate(rotate: &Rotate, context: &Context) -> Result<Outcome, Failure> {
    let config = context.config()?;
    let domain = plan::domain(&rotate.domain)?;
    let way = match rotate.publisher.by {
        Some(by) => Some(Way::new(by, &rotate.publisher.access)?),
        None => None,
    };
    let pace = pace(rotate, &config);
    let turn = Turn { rotate, context, config: &config, domain, way };
    let mut may_begin = !turn.rows(&[]).await?.iter().any(|row| row.turn.is_some());
    loop {
        let seen = turn.look().await?;
        let step = next(&seen.rows, |row| seen.shown.contains(&row.selector), pace, SystemClock.now());
        if rotate.consent.dry_run {
            turn.say(&turn.told(&step));
            return Ok(Outcome::Well);
        }
        match step {
            Step::Begin if !may_begin => {
                turn.say(&note!("cli-dkim-done", domain = turn.domain));
                return Ok(Outcome::Well);
            }
            Step::Wait { .. } => {
                turn.say(&turn.told(&step));
                return Ok(Outcome::Well);
            }
            Step::Publish(_) => {
                if !turn.publish(&seen).await? {
                    return Ok(Outcome::Finding);
                }
            }
            step => {
                may_begin &= step != Step::Begin;
                turn.store(&step).await?;
            }
        }
    }
}

fn pace(rotate: &Rotate, config: &Config) -> Pace {
    let retry = &config.delivery.retry;
    let rules = retry.rules.iter().filter_map(|rule| rule.lifetime);
    let longest = rules.chain([retry.usual.lifetime]).max().unwrap_or_default();
    let retired = rotate.keep.unwrap_or(longest + CACHES);
    Pace { retired, revoked: retired.min(CACHES) }
}

/// One run of the command.
struct Turn<'r> {
    rotate: &'r Rotate,
    context: &'r Context,
    config: &'r Config,
    domain: Domain,
    way: Option<Way>,
}

/// The keys, and what the servers of the zone show of them.
struct Seen {
    rows: Vec<DkimKeyRow>,
    zones: Arc<Zones>,
    /// Sets of keys that are not shown as they shall be.
    hidden: Vec<Planned>,
    shown: HashSet<String>,
}

impl Turn<'_> {
    async fn rows(&self, step: &[&str]) -> Result<Vec<DkimKeyRow>, Failure> {
        let words = match step {
            [] => vec!["dkim", "list", self.domain.as_str()],
            [step, selectors @ ..] => [&["dkim", "step", self.domain.as_str(), step][..], selectors].concat(),
        };
        let told = remote::ask(&words, self.context, self.config).await?;
        let mut told: serde_json::Value =
            serde_json::from_str(&told).map_err(|error| Failure::Text(error.to_string()))?;
        let keys = told.get_mut("keys").map(serde_json::Value::take).unwrap_or_default();
        serde_json::from_value(keys).map_err(|error| Failure::Text(error.to_string()))
    }

    async fn look(&self) -> Result<Seen, Failure> {
        let rows = self.rows(&[]).await?;
        let server = Server { hostname: self.config.hostname.clone(), addresses: Vec::new() };
        let keys = rows.iter().map(planned_key).collect();
        let wishes = Wishes::usual(self.domain.clone(), server, keys);
        let zones = plan::zones(&self.rotate.at, Some(self.config), &wishes)?;
        let drawn = plan::draw(&wishes, &zones).await;
        let is_key = |set: &Planned| {
            set.purposes
                .iter()
                .any(|purpose| matches!(purpose, Purpose::Key | Purpose::SpareKey | Purpose::OldKey))
        };
        let sets: Vec<Planned> = drawn.sets.into_iter().filter(is_key).collect();
        let (mut hidden, mut shown) = (Vec::new(), HashSet::new());
        for row in &rows {
            let name = DnsName::parse(&format!("{}._domainkey.{}", row.selector, row.domain));
            let name = name.map_err(|error| Failure::Text(error.to_string()))?;
            let mut fine = true;
            // Where an alias leads to the key, there is no set.
            for set in sets.iter().filter(|set| set.name == name) {
                let said = zones.said(&set.name, set.kind).await;
                if standing(&set.after, &said, None) != Standing::Fine {
                    fine = false;
                    hidden.push(set.clone());
                }
            }
            if fine {
                shown.insert(row.selector.clone());
            }
        }
        Ok(Seen { rows, zones, hidden, shown })
    }

    /// Publishes what is hidden, or shows what is to be published. Whether all servers show it.
    async fn publish(&self, seen: &Seen) -> Result<bool, Failure> {
        // What waits for a slow server is published already.
        let changed: Vec<Planned> = seen.hidden.iter().filter(|set| set.changes()).cloned().collect();
        if !changed.is_empty() && !self.context.json {
            anstream::print!("{}", text_of_sets(&changed, self.context));
        }
        let Some(way) = &self.way else {
            self.say(&note!("cli-dkim-publish", domain = self.domain));
            return Ok(false);
        };
        if !changed.is_empty() {
            if !agreed_to(&self.rotate.consent, self.context)? {
                return Ok(false);
            }
            publish(&changed, way, &seen.zones, &DnsName::from(&self.domain)).await?;
        }
        Ok(shown_by_all(&seen.hidden, &seen.zones, self.rotate.consent.wait, self.context).await)
    }

    async fn store(&self, step: &Step) -> Result<(), Failure> {
        let selector = self.rotate.selector.as_deref();
        let words: Vec<&str> = match step {
            Step::Begin => std::iter::once("begin").chain(selector).collect(),
            Step::Switch => vec!["switch"],
            Step::Turn(selectors, turn) => {
                let word = match turn {
                    KeyTurn::Revoked { .. } => "revoked",
                    KeyTurn::Leaving => "leave",
                    _ => "revoke",
                };
                std::iter::once(word).chain(selectors.iter().map(String::as_str)).collect()
            }
            Step::Forget(selectors) => {
                std::iter::once("forget").chain(selectors.iter().map(String::as_str)).collect()
            }
            Step::Publish(_) | Step::Wait { .. } => return Ok(()),
        };
        self.rows(&words).await?;
        self.say(&self.told(step));
        Ok(())
    }

    fn told(&self, step: &Step) -> Note {
        let domain = &self.domain;
        match step {
            Step::Begin => note!("cli-dkim-begins", domain = domain),
            Step::Publish(selectors) => {
                note!("cli-dkim-publishes", domain = domain, selectors = selectors.join(", "))
            }
            Step::Switch => note!("cli-dkim-switches", domain = domain),
            Step::Wait { until, selectors } => {
                let until = super::context::moment(*until);
                note!("cli-dkim-waits", domain = domain, selectors = selectors.join(", "), until = until)
            }
            Step::Turn(selectors, KeyTurn::Revoked { .. }) => {
                note!("cli-dkim-is-revoked", domain = domain, selectors = selectors.join(", "))
            }
            Step::Turn(selectors, KeyTurn::Leaving) => {
                note!("cli-dkim-leaves", domain = domain, selectors = selectors.join(", "))
            }
            Step::Turn(selectors, _) => {
                note!("cli-dkim-revokes", domain = domain, selectors = selectors.join(", "))
            }
            Step::Forget(selectors) => {
                note!("cli-dkim-forgets", domain = domain, selectors = selectors.join(", "))
            }
        }
    }

    fn say(&self, note: &Note) {
        if self.context.json {
            self.context
                .print_json(&json!({"domain": self.domain, "id": note.id, "text": self.context.say(note)}));
        } else {
            anstream::println!("{}", self.context.say(note));
        }
    }
}
