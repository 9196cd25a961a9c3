//! `[delivery.accounts]` and `[delivery.retries]`: who goes first, and how some mail is tried.

use std::collections::BTreeMap;

use tegami_mail::note;
use tegami_queue::shaping::Providers;
use tegami_queue::{Retries, RetryPolicy, RetryRule, named_priority};
use tegami_store::Priority;

use super::reader::{Section, nearest};
use super::shaping::below;
use super::value::{delays, parse_delay};

/// The largest share of an account.
const MOST_WEIGHT: usize = 100;

/// What accounts are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shares {
    /// How urgent the mail of an account is, where nothing else tells.
    pub(crate) priorities: BTreeMap<String, Priority>,
    /// Jobs for each job of an account that is not named.
    pub(crate) weights: BTreeMap<String, u32>,
}

pub(super) fn shares(delivery: &Section<'_>) -> Shares {
    let mut shares = Shares::default();
    let Some(section) = delivery.section("accounts") else { return shares };
    for table in below(&section) {
        let one = section.below(table.table, table.at);
        if let Some(priority) = priorities(&one).first() {
            shares.priorities.insert(table.name.to_owned(), *priority);
        }
        if let Some(weight) = one.count("weight") {
            let weight = u32::try_from(weight.clamp(1, MOST_WEIGHT)).unwrap_or(1);
            shares.weights.insert(table.name.to_owned(), weight);
        }
        one.finish();
    }
    shares
}

/// The retry policies; `usual` has what stands in `[delivery]` itself.
pub(super) fn retries(delivery: &Section<'_>, usual: RetryPolicy, known: &Providers) -> Retries {
    let usual = RetryPolicy { lifetime: lifetime(delivery).unwrap_or(usual.lifetime), ..usual };
    let mut rules = Vec::new();
    if let Some(section) = delivery.section("retries") {
        for table in below(&section) {
            let one = section.below(table.table, table.at);
            let list = |key| one.texts(key).into_iter().map(|(text, _)| text).collect::<Vec<String>>();
            let delays = delays(&one, "retry", Vec::new());
            rules.push(RetryRule {
                domains: list("domains").iter().map(|name| name.to_ascii_lowercase()).collect(),
                providers: providers(&one, known),
                accounts: list("accounts"),
                priorities: priorities(&one),
                delays: Some(delays).filter(|delays| !delays.is_empty()),
                lifetime: lifetime(&one),
            });
            one.finish();
        }
    }
    Retries { usual, rules }
}

/// Names of providers, and (with a dot) of organizations whose hosts take the mail of many domains.
fn providers(section: &Section<'_>, known: &Providers) -> Vec<String> {
    let mut found = Vec::new();
    for (name, span) in section.texts("providers") {
        let names = || known.iter().map(|terms| &*terms.name);
        if !name.contains('.') && !names().any(|known| known == name) {
            let help = nearest(&name, names()).map(|known| note!("cli-config-did-you-mean", key = known));
            section.problem_with_help(span, note!("cli-config-no-such-provider", name = name), help);
        }
        // Tables of providers are named as they are written, domains in any case.
        found.push(if name.contains('.') { name.to_ascii_lowercase() } else { name });
    }
    found
}

fn lifetime(section: &Section<'_>) -> Option<std::time::Duration> {
    let (text, span) = section.text("give_up_after")?;
    let delay = parse_delay(&text);
    if delay.is_none() {
        section.problem(span, note!("cli-config-wants-delay", key = "give_up_after"));
    }
    delay
}

fn priorities(section: &Section<'_>) -> Vec<Priority> {
    let mut found = Vec::new();
    for (text, span) in section.texts("priority") {
        match named_priority(&text) {
            Some(priority) => found.push(priority),
            None => {
                let choices = "transactional`, `normal`, `bulk";
                section.problem(span, note!("cli-config-one-of", key = "priority", choices = choices));
            }
        }
    }
    found
}
