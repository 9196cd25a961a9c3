//! `[providers]`, `[delivery.sources]`, `[delivery.pools]` and `[warmup]`: how much goes to whom, and from which address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

use tegami_mail::provider::{DEFAULT, Limit, Preset};
use tegami_mail::{Domain, note};
use tegami_outbound::Smarthost;
use tegami_queue::shaping::{
    DEFAULT_DAYS, DEFAULT_POOL, Overflow, PoolRule, Providers, ShapingSettings, SourceTerms, Sources, WarmUp,
};
use toml::de::{DeTable, DeValue};

use super::reader::{Section, Value, nearest};

/// Reads everything that shapes traffic, and all addresses that we may send from. `delivery` is the table of that name, where there is
/// one, and `relays` the smarthosts that stand in it.
pub(super) fn read(
    root: &Section<'_>,
    delivery: Option<&Section<'_>>,
    relays: &[Arc<Smarthost>],
    base: &Path,
) -> (ShapingSettings, Vec<IpAddr>) {
    let (sources, addresses) = delivery.map(sources).unwrap_or_default();
    let known: BTreeSet<String> = sources.iter().map(|source| source.name.to_string()).collect();
    let pools: BTreeSet<String> = sources.iter().map(|source| source.pool.to_string()).collect();
    let rules = delivery.map(|delivery| pool_rules(delivery, &pools)).unwrap_or_default();
    let mut own = root.text("providers_file").map_or_else(BTreeMap::new, |(path, span)| {
        from_file(&base.join(path)).unwrap_or_else(|reason| {
            root.problem(span, reason);
            BTreeMap::new()
        })
    });
    if let Some(section) = root.section("providers") {
        for (name, preset) in presets(&section) {
            let whole = own.entry(name).or_default();
            *whole = whole.overlaid(&preset);
        }
    }
    let settings = ShapingSettings {
        providers: Providers::with(&own),
        sources: Sources::new(sources, rules),
        warm_ups: root
            .section("warmup")
            .map(|section| warm_ups(&section, &known, relays))
            .unwrap_or_default(),
    };
    (settings, addresses)
}

/// A file of tables like `crates/mail/data/providers.toml`.
fn from_file(path: &Path) -> Result<BTreeMap<String, Preset>, tegami_mail::Note> {
    let unreadable =
        |reason: String| note!("cli-config-providers-file", path = path.display(), reason = reason);
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    toml::from_str(&text)
        .map_err(|error: toml::de::Error| unreadable(error.to_string().trim_end().to_owned()))
}

fn tables<'a>(section: &Section<'a>, problems: &mut Vec<(std::ops::Range<usize>, String)>) -> Vec<Table<'a>> {
    let mut tables = Vec::new();
    for (name, span, value) in section.entries() {
        match value.get_ref() {
            DeValue::Table(table) => tables.push(Table { name, span, table, at: value.span() }),
            _ => problems.push((value.span(), name.to_owned())),
        }
    }
    tables
}

pub(super) struct Table<'a> {
    pub(super) name: &'a str,
    span: std::ops::Range<usize>,
    pub(super) table: &'a DeTable<'a>,
    pub(super) at: std::ops::Range<usize>,
}

/// The tables below one whose keys are names.
pub(super) fn below<'a>(section: &Section<'a>) -> Vec<Table<'a>> {
    let mut wrong = Vec::new();
    let tables = tables(section, &mut wrong);
    for (span, name) in wrong {
        section.wrong_type(span, &name, "table");
    }
    tables
}

fn presets(section: &Section<'_>) -> BTreeMap<String, Preset> {
    let read = |table: Table<'_>| {
        let one = section.below(table.table, table.at);
        let limit = |key| one.count(key).and_then(|count| u32::try_from(count).ok());
        let list = |key| one.texts(key).into_iter().map(|(text, _)| text).collect();
        let preset = Preset {
            title: one.text("title").map(|(text, _)| text),
            mx: list("mx"),
            domains: list("domains"),
            guidelines: one.text("guidelines").map(|(text, _)| text),
            connections: limit("connections").map(Limit::of_operator),
            messages_per_connection: limit("messages_per_connection").map(Limit::of_operator),
            recipients: limit("recipients").map(Limit::of_operator),
            per_minute: limit("per_minute").map(Limit::of_operator),
            per_hour: limit("per_hour").map(Limit::of_operator),
            first_pause: limit("first_pause"),
            longest_pause: limit("longest_pause"),
            recover: limit("recover"),
        };
        // A name is a word of commands and lanes; one with a dot would be taken for an organization.
        if table.name.contains(['.', '/', ' ']) && table.name != DEFAULT {
            section.problem(table.span, note!("cli-config-bad-name", name = table.name));
        }
        one.finish();
        (table.name.to_owned(), preset)
    };
    below(section).into_iter().map(read).collect()
}

/// A list of addresses is one source, a table of tables several.
fn sources(delivery: &Section<'_>) -> (Vec<SourceTerms>, Vec<IpAddr>) {
    let Some(value) = delivery.value("sources") else { return (Vec::new(), Vec::new()) };
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        let listed = delivery.texts("sources").into_iter();
        let addresses: Vec<IpAddr> =
            listed.filter_map(|(text, span)| parsed(delivery, &text, span)).collect();
        let v4 = addresses.iter().find_map(|ip| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None });
        let v6 = addresses.iter().find_map(|ip| if let IpAddr::V6(ip) = ip { Some(*ip) } else { None });
        return (vec![SourceTerms { v4, v6, ..SourceTerms::of_machine() }], addresses);
    }
    let Some(section) = delivery.section("sources") else { return (Vec::new(), Vec::new()) };
    let sources: Vec<SourceTerms> =
        below(&section).into_iter().map(|table| source(&section, table)).collect();
    let of = |source: &SourceTerms| [source.v4.map(IpAddr::V4), source.v6.map(IpAddr::V6)];
    let addresses = sources.iter().flat_map(of).flatten().collect();
    (sources, addresses)
}

fn source(section: &Section<'_>, table: Table<'_>) -> SourceTerms {
    let one = section.below(table.table, table.at);
    let v4 = one.text("v4").and_then(|(text, span)| parsed::<Ipv4Addr>(&one, &text, span));
    let v6 = one.text("v6").and_then(|(text, span)| parsed::<Ipv6Addr>(&one, &text, span));
    let ehlo = one.text("ehlo").and_then(|(text, span)| match Domain::parse(&text) {
        Ok(domain) => Some(domain.to_string()),
        Err(error) => {
            one.problem(span, note!("cli-config-bad-domain", domain = text, reason = error));
            None
        }
    });
    if table.name.contains(['/', ' ']) || table.name.is_empty() {
        section.problem(table.span, note!("cli-config-bad-name", name = table.name));
    }
    let source = SourceTerms {
        name: table.name.into(),
        v4,
        v6,
        ehlo,
        weight: one.count("weight").and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        pool: one.text("pool").map_or_else(|| DEFAULT_POOL.into(), |(text, _)| text.into()),
    };
    one.finish();
    source
}

fn parsed<T: std::str::FromStr>(
    section: &Section<'_>,
    text: &str,
    span: std::ops::Range<usize>,
) -> Option<T> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        section.problem(span, note!("cli-config-bad-ip", text = text));
    }
    parsed
}

fn pool_rules(delivery: &Section<'_>, pools: &BTreeSet<String>) -> Vec<PoolRule> {
    let Some(section) = delivery.section("pools") else { return Vec::new() };
    let read = |table: Table<'_>| {
        let one = section.below(table.table, table.at);
        let list = |key| one.texts(key).into_iter().map(|(text, _)| text).collect::<Vec<String>>();
        if !pools.contains(table.name) {
            section.problem(table.span, note!("cli-config-empty-pool", name = table.name));
        }
        let domains = list("domains").iter().map(|name| name.to_ascii_lowercase()).collect();
        let rule =
            PoolRule { pool: table.name.to_owned(), tags: list("tags"), accounts: list("accounts"), domains };
        one.finish();
        rule
    };
    below(&section).into_iter().map(read).collect()
}

fn warm_ups(
    section: &Section<'_>,
    sources: &BTreeSet<String>,
    relays: &[Arc<Smarthost>],
) -> BTreeMap<String, WarmUp> {
    let mut plans = BTreeMap::new();
    for table in below(section) {
        if !sources.contains(table.name) {
            section.problem(table.span.clone(), note!("cli-config-no-such-source", name = table.name));
        }
        let one = section.below(table.table, table.at);
        if let Some(plan) = warm_up(&one, table.name, sources, relays) {
            plans.insert(table.name.to_owned(), plan);
        }
        one.finish();
    }
    plans
}

fn warm_up(
    one: &Section<'_>,
    name: &str,
    sources: &BTreeSet<String>,
    relays: &[Arc<Smarthost>],
) -> Option<WarmUp> {
    let start = one.value("start").and_then(|value| {
        let text = match value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        text.parse().ok()
    });
    if start.is_none() {
        let span = one.value("start").map_or_else(|| one.span(), toml::Spanned::span);
        one.problem(span, note!("cli-config-wants-date", key = "start"));
    }
    let days = one.value("days").map_or_else(|| DEFAULT_DAYS.to_vec(), |value| numbers(one, "days", value));
    let providers = one.section("providers").map(|section| {
        section.entries().map(|(name, _, value)| (name.to_owned(), numbers(one, name, value))).collect()
    });
    let overflow = overflow(one, name, sources, relays);
    Some(WarmUp { start: start?, days, providers: providers.unwrap_or_default(), overflow })
}

/// What happens to mail for which the day of a source has no room.
fn overflow(one: &Section<'_>, own: &str, sources: &BTreeSet<String>, relays: &[Arc<Smarthost>]) -> Overflow {
    let Some((name, span)) = one.text("overflow").filter(|(name, _)| name != "later") else {
        return Overflow::Later;
    };
    let relay = relays.iter().find(|relay| relay.name == name);
    match (sources.contains(&name), relay) {
        (true, Some(_)) => one.problem(span, note!("cli-config-overflow-both", name = name)),
        (true, None) if name == own => one.problem(span, note!("cli-config-overflow-itself", name = name)),
        (true, None) => {}
        (false, Some(relay)) => return Overflow::Relay { host: relay.host.to_string(), name },
        (false, None) => {
            let known = sources.iter().filter(|source| *source != own).map(String::as_str);
            let known: Vec<&str> = ["later"]
                .into_iter()
                .chain(known)
                .chain(relays.iter().map(|relay| relay.name.as_str()))
                .collect();
            let help = nearest(&name, known.iter().copied());
            let help = help.map(|known| note!("cli-config-did-you-mean", key = known));
            let choices = known.join("`, `");
            one.problem_with_help(
                span,
                note!("cli-config-one-of", key = "overflow", choices = choices),
                help,
            );
        }
    }
    Overflow::Source(name)
}

fn numbers(section: &Section<'_>, key: &str, value: Value<'_>) -> Vec<u32> {
    let number = |value: &DeValue<'_>| value.as_integer()?.as_str().replace('_', "").parse::<u32>().ok();
    let all: Option<Vec<u32>> = match value.get_ref() {
        DeValue::Array(array) => array.iter().map(|entry| number(entry.get_ref())).collect(),
        _ => None,
    };
    if all.is_none() {
        section.problem(value.span(), note!("cli-config-wants-counts", key = key));
    }
    all.unwrap_or_default()
}

#[cfg(test)]
mod unit {
    use super::super::route::{routing, tell_unused};
    use super::*;

    /// Everything that stands alone in a text, for tests of this module.
    fn of_text(text: &str) -> Result<(ShapingSettings, Vec<IpAddr>), Vec<String>> {
        let problems = super::super::reader::Problems::default();
        let table = DeTable::parse(text).unwrap();
        let root = Section::new(table.get_ref(), 0..0, &problems);
        let delivery = root.section("delivery");
        let routing = delivery.as_ref().map(|section| routing(section, Path::new(""))).unwrap_or_default();
        let settings = read(&root, delivery.as_ref(), &routing.relays, Path::new(""));
        if let Some(delivery) = delivery {
            tell_unused(&delivery, &routing, &settings.0);
            delivery.finish();
        }
        root.finish();
        let found = problems.into_sorted();
        let told = |problem: &super::super::problem::Problem| {
            tegami_words::note(tegami_words::Language::English, &problem.message)
        };
        if found.is_empty() { Ok(settings) } else { Err(found.iter().map(told).collect()) }
    }

    #[test]
    fn sources_pools_and_plans() {
        let (settings, addresses) = of_text(
            "[delivery.sources.old]\nv4 = \"192.0.2.1\"\nehlo = \"a.example.org\"\nweight = 3\n\
             [delivery.sources.new]\nv4 = \"192.0.2.2\"\nv6 = \"2001:db8::2\"\npool = \"bulk\"\n\
             [delivery.pools.bulk]\ntags = [\"news\"]\naccounts = \"shop\"\n\
             [warmup.new]\nstart = 2026-11-20\noverflow = \"old\"\n[warmup.new.providers]\ngoogle = [5, 1_000]\n\
             [providers.google]\nconnections = 3\n[providers.mine]\nmx = \"mx.example.org\"\nper_hour = 9\n",
        )
        .unwrap();
        let names: Vec<_> = settings.sources.iter().map(|source| (&*source.name, &*source.pool)).collect();
        assert_eq!(names, [("new", "bulk"), ("old", "default")]);
        assert_eq!(settings.sources.named("old").unwrap().weight, 3);
        assert_eq!(addresses.len(), 3);
        let plan = &settings.warm_ups["new"];
        assert_eq!((plan.overflow.clone(), plan.days.len()), (Overflow::Source("old".into()), 28));
        assert_eq!(plan.providers, [("google".to_owned(), vec![5, 1000])]);
        assert_eq!(settings.providers.of_host("aspmx.l.google.com").unwrap().connections.limit, 3);
        assert_eq!(
            settings.providers.of_host("mx.example.org").unwrap().per_hour,
            Some(Limit::of_operator(9))
        );
    }

    #[test]
    fn what_a_day_has_no_room_for_goes_through_a_smarthost() {
        let sources =
            "[delivery.sources.new]\nv4 = \"192.0.2.1\"\n[delivery.sources.ses]\nv4 = \"192.0.2.2\"\n";
        let plan = |overflow: &str, relay: &str| {
            of_text(&format!(
                "{sources}[warmup.new]\nstart = \"2026-11-20\"\noverflow = \"{overflow}\"\n\
                 [delivery.relays.{relay}]\nhost = \"relay.example.com\"\n"
            ))
        };
        let (settings, _) = plan("brevo", "brevo").unwrap();
        let expect = Overflow::Relay { name: "brevo".into(), host: "relay.example.com".into() };
        assert_eq!(settings.warm_ups["new"].overflow, expect);
        let told = [("brevvo", "brevo"), ("new", "brevo"), ("ses", "ses")]
            .map(|(overflow, relay)| plan(overflow, relay).unwrap_err().join("\n"))
            .join("\n");
        expect_test::expect![[r#"
            `overflow` wants one of `later`, `ses`, `brevo`
            No route leads to the smarthost `brevo`: name it as the `relay` of a [[delivery.routes]] table, or as the `overflow` of a source under [warmup]
            `overflow` cannot be `new` itself: what its day has no room for goes from another source, through a smarthost, or `later`
            No route leads to the smarthost `brevo`: name it as the `relay` of a [[delivery.routes]] table, or as the `overflow` of a source under [warmup]
            `ses` is the name of a source and of a smarthost: give one of them another name"#]]
        .assert_eq(&told);
    }

    #[test]
    fn a_list_of_addresses_is_one_source() {
        let (settings, addresses) =
            of_text("[delivery]\nsources = [\"2001:db8::1\", \"192.0.2.1\", \"192.0.2.9\"]\n").unwrap();
        assert_eq!(addresses.len(), 3);
        let source = settings.sources.iter().next().unwrap();
        assert_eq!((source.v4, source.v6), ("192.0.2.1".parse().ok(), "2001:db8::1".parse().ok()));
    }

    #[test]
    fn mistakes_are_told() {
        let problems = of_text(
            "[delivery.sources.a]\nv4 = \"192.0.2.999\"\nehol = \"x\"\n[delivery.pools.bulk]\n\
             [warmup.b]\nstart = \"soon\"\ndays = [1, -1]\noverflow = \"sideways\"\n[providers.google]\nconections = 3\n",
        )
        .unwrap_err();
        expect_test::expect![[r#"
            `192.0.2.999` is not an IP address
            Unknown key `ehol`
            no source belongs to the pool `bulk`: write `pool = "bulk"` into the table of one
            there is no `[delivery.sources.b]`, so nothing could become known
            `start` wants a day, such as "2026-11-20"
            `days` wants a list of whole numbers, such as [50, 100, 200]
            `overflow` wants one of `later`, `a`
            Unknown key `conections`"#]]
        .assert_eq(&problems.join("\n"));
    }
}
