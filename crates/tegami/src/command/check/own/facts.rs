//! What this installation knows of itself: from its configuration, its files, and the data that the running server has.

use serde_json::Value;
use tegami_auth::dkim::Selector;
use tegami_dns::RecordType;
use tegami_doctor::own::{Mailbox, OwnDomain, QueueSeen, RefusedSeen, Relay, Returns};
use tegami_doctor::probe::RelayAccess;
use tegami_doctor::{Change, Operation, Own, OwnKey};
use tegami_mail::Domain;
use tegami_outbound::{Match, Route, Smarthost, SmarthostTls};

use super::super::super::{Context, told};
use crate::config::{Config, ReturnPath};
use crate::server;

/// Addresses that somebody has to read at every domain.
const WATCHED: [&str; 2] = ["postmaster", "abuse"];

/// Everything that can be told. What cannot be read stays untold.
pub(super) async fn gather(config: &Config, context: &Context) -> Own {
    let mut own = Own {
        hostname: Some(config.hostname.clone()),
        sources: config.delivery.sources.clone(),
        certificate: server::shown_certificate(config),
        relays: relays(config),
        all_relayed: leads_around(config),
        ..Own::nothing()
    };
    let asked = Asker { config, context };
    let list = asked.ask(&["domain", "list"]).await;
    let names = domains_of(config, list.as_ref());
    let addresses = asked.ask(&["user", "list"]).await.map(|users| addresses(&users));
    for name in names {
        let mut domain = OwnDomain::new(name);
        domain.keys = keys(list.as_ref(), &domain.domain);
        domain.mailboxes = addresses.as_ref().map(|addresses| mailboxes(addresses, &domain.domain));
        domain.returns = Some(match config.return_paths.get(&domain.domain) {
            Some(ReturnPath::Rewrite) => Returns::Ours,
            Some(ReturnPath::Keep) | Some(ReturnPath::Auto) | None => Returns::Senders,
        });
        let records = asked.ask(&["domain", "records", domain.domain.as_str()]).await;
        own.planned.extend(planned(records.as_ref()));
        own.domains.push(domain);
    }
    own.queue = asked.ask(&["queue", "summary"]).await.map(|summary| queue(&summary));
    let suppressed = asked.ask(&["suppression", "list"]).await;
    own.refused = suppressed.map(|list| RefusedSeen {
        kept_back: config.suppressions.hard_bounces > 0,
        addresses: list.get("suppressions").and_then(Value::as_array).map_or(0, |rows| rows.len() as u64),
    });
    own
}

/// What signs for a domain; `None` where it is none of ours.
pub(in super::super) async fn keys_of(
    domain: &Domain,
    config: &Config,
    context: &Context,
) -> Option<Vec<OwnKey>> {
    let list = Asker { config, context }.ask(&["domain", "list"]).await;
    if !domains_of(config, list.as_ref()).contains(domain) {
        return None;
    }
    let keys = keys(list.as_ref(), domain).into_iter();
    Some(keys.map(|(selector, record)| OwnKey { selector, record }).collect())
}

/// The domains that the configuration names, and those that were made later.
fn domains_of(config: &Config, list: Option<&Value>) -> Vec<Domain> {
    let mut names = config.domains.clone();
    names.extend(strings(list, "domains").filter_map(|name| Domain::parse(name).ok()));
    names.sort();
    names.dedup();
    names
}

/// Who asks the data of this installation.
struct Asker<'a> {
    config: &'a Config,
    context: &'a Context,
}

impl Asker<'_> {
    /// What a command tells programs; `None` where the data cannot be read.
    async fn ask(&self, words: &[&str]) -> Option<Value> {
        // Looking must not make a data folder.
        if !self.config.data.exists() {
            return None;
        }
        told(words, self.context, self.config).await.ok()
    }
}

fn strings<'v>(value: Option<&'v Value>, member: &'static str) -> impl Iterator<Item = &'v str> {
    value.and_then(move |value| value[member].as_array()).into_iter().flatten().filter_map(Value::as_str)
}

/// The DKIM keys of a domain that sign at present.
fn keys(list: Option<&Value>, domain: &Domain) -> Vec<(Selector, String)> {
    let rows = list.and_then(|list| list["dkim_keys"].as_array()).into_iter().flatten();
    rows.filter(|row| row["domain"] == domain.as_str() && row["active"] == true)
        .filter_map(|row| {
            let selector = Selector::parse(row["selector"].as_str()?).ok()?;
            Some((selector, row["record"].as_str()?.to_owned()))
        })
        .collect()
}

/// Every address that somebody has, lower case.
fn addresses(users: &Value) -> Vec<String> {
    let users = users["users"].as_array().into_iter().flatten();
    let of = |user: &Value| {
        let more = user["addresses"].as_array().into_iter().flatten();
        std::iter::once(&user["user"])
            .chain(more)
            .filter_map(Value::as_str)
            .map(str::to_lowercase)
            .collect::<Vec<_>>()
    };
    users.flat_map(of).collect()
}

/// Who reads what has to be read. Mail to postmaster finds somebody wherever there is anybody at all.
fn mailboxes(addresses: &[String], domain: &Domain) -> Vec<Mailbox> {
    WATCHED
        .iter()
        .map(|local_part| {
            let exists = addresses.contains(&format!("{local_part}@{domain}"))
                || (*local_part == "postmaster" && !addresses.is_empty());
            Mailbox { local_part: (*local_part).to_owned(), exists }
        })
        .collect()
}

/// The records that a domain should have.
fn planned(records: Option<&Value>) -> Vec<Change> {
    let rows = records.and_then(|records| records["records"].as_array()).into_iter().flatten();
    rows.filter_map(|row| {
        let kind = RecordType::all().find(|kind| row["type"] == kind.to_string())?;
        Some(Change::new(Operation::Add, row["name"].as_str()?, kind, row["value"].as_str()?))
    })
    .collect()
}

/// What waits, and how much of it for longer than a day.
fn queue(summary: &Value) -> QueueSeen {
    let mut queue = QueueSeen::default();
    for group in summary["groups"].as_array().into_iter().flatten() {
        let count =
            |age: &str| group.pointer(&format!("/ages/{age}")).and_then(Value::as_u64).unwrap_or_default();
        let (waiting, old) = (group["recipients"].as_u64().unwrap_or_default(), count("3d") + count("older"));
        queue.waiting += waiting;
        queue.old += old;
        queue.groups.push((group["name"].as_str().unwrap_or_default().to_owned(), waiting, old));
    }
    queue.groups.sort_by_key(|(_, waiting, _)| std::cmp::Reverse(*waiting));
    queue
}

/// The smarthosts, each once, with the domains whose mail goes there by itself.
fn relays(config: &Config) -> Vec<Relay> {
    let mut relays: Vec<Relay> = Vec::new();
    for route in &config.delivery.routing.routes {
        for smarthost in &route.smarthosts {
            let domains = domains(route);
            match relays.iter_mut().find(|relay| relay.name == smarthost.name) {
                Some(relay) if domains.is_empty() => relay.domains.clear(),
                Some(relay) if !relay.domains.is_empty() => relay.domains.extend(domains),
                Some(_) => {}
                None => relays.push(Relay {
                    name: smarthost.name.clone(),
                    host: smarthost.host.clone(),
                    port: smarthost.port,
                    domains,
                }),
            }
        }
    }
    relays
}

fn domains(route: &Route) -> Vec<Domain> {
    let named = route.senders.iter().filter_map(|sender| match sender {
        Match::Domain(domain) => Some(domain.clone()),
        Match::Below(_) | Match::NullReversePath => None,
    });
    named.collect()
}

/// How one comes in at the smarthosts.
pub(super) fn access(config: &Config) -> Vec<RelayAccess> {
    let mut access: Vec<RelayAccess> = Vec::new();
    for smarthost in config.delivery.routing.routes.iter().flat_map(|route| &route.smarthosts) {
        let Smarthost { name, host, port, tls, credentials, .. } = &**smarthost;
        if access.iter().any(|known| known.name == *name) {
            continue;
        }
        access.push(RelayAccess {
            name: name.clone(),
            host: host.clone(),
            port: *port,
            implicit_tls: matches!(tls, SmarthostTls::Implicit(_)),
            credentials: credentials.clone(),
        });
    }
    access
}

/// All mail goes, or can go, through a smarthost.
fn leads_around(config: &Config) -> bool {
    let all =
        |route: &&Route| route.senders.is_empty() && route.recipients.is_empty() && route.tags.is_empty();
    let for_all = config.delivery.routing.routes.iter().find(all);
    for_all.is_some_and(|route| !route.smarthosts.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_commands_tell_becomes_facts() {
        let domain = Domain::parse("example.org").unwrap();
        let list = json!({"domains": ["example.org"], "dkim_keys": [
            {"domain": "example.org", "selector": "s1", "record": "v=DKIM1; p=AA==", "active": true},
            {"domain": "example.org", "selector": "s0", "record": "v=DKIM1; p=AB==", "active": false},
            {"domain": "example.net", "selector": "s1", "record": "v=DKIM1; p=AC==", "active": true},
        ]});
        let keys = keys(Some(&list), &domain);
        assert_eq!(keys, [(Selector::parse("s1").unwrap(), "v=DKIM1; p=AA==".to_owned())]);
        let users = json!({"users": [{"user": "Alice@example.org", "addresses": ["abuse@example.org"]}]});
        let mailboxes = mailboxes(&addresses(&users), &domain);
        assert!(mailboxes.iter().all(|mailbox| mailbox.exists), "{mailboxes:?}");
        let records =
            json!({"records": [{"name": "example.org", "type": "MX", "value": "10 mail.example.org."}]});
        assert_eq!(planned(Some(&records)).len(), 1);
        let summary = json!({"groups": [
            {"name": "google", "recipients": 3, "ages": {"5m": 1, "3d": 1, "older": 1}},
            {"name": "yahoo", "recipients": 9, "ages": {"5m": 9}},
        ]});
        let queue = queue(&summary);
        assert_eq!((queue.waiting, queue.old), (12, 2));
        assert_eq!(queue.groups[0].0, "yahoo");
    }
}
