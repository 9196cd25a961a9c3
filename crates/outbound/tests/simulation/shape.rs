//! The shaper of a story: how its providers are to be treated, and from which addresses mail leaves.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tegami_mail::provider::{DEFAULT, Limit, Preset};
use tegami_queue::shaping::{DEFAULT_POOL, Overflow, PoolRule, Providers, ShapingSettings};
use tegami_queue::shaping::{SourceTerms, Sources, WarmUp};

use crate::plan::Draw;
use crate::world::beginning;

/// The organization of all MX hosts that are not the named provider's.
const OTHERS: &str = "example.net";
/// The provider that has a table of its own.
pub(crate) const BIG: &str = "big";

/// What the settings of the shaper say.
#[derive(Debug)]
pub(crate) struct ShapePlan {
    providers: BTreeMap<String, Preset>,
    sources: Vec<SourceTerms>,
    rules: Vec<PoolRule>,
    warm_up: Option<WarmUp>,
}

impl ShapePlan {
    pub(crate) fn new(rng: &mut Draw<'_>) -> Self {
        let big = Preset { mx: vec!["mx0.example.net".to_owned()], ..preset(rng) };
        let providers = BTreeMap::from([(DEFAULT.to_owned(), preset(rng)), (BIG.to_owned(), big)]);
        let count = rng.between(1, 3);
        let sources: Vec<SourceTerms> = (1..=count).map(|n| source(rng, u8::try_from(n).unwrap())).collect();
        let rules = match rng.chance(0.5) {
            true => vec![PoolRule {
                pool: "news".to_owned(),
                tags: vec!["news".to_owned()],
                ..PoolRule::default()
            }],
            false => Vec::new(),
        };
        // The first source has a plan: little room on the first day, more than enough on the second.
        let overflow = if rng.chance(0.5) { Overflow::Later } else { Overflow::Source("s2".to_owned()) };
        let warm_up = rng.chance(0.2).then(|| WarmUp {
            start: beginning().to_zoned(jiff::tz::TimeZone::UTC).date(),
            days: vec![u32::try_from(rng.between(1, 5)).unwrap(), 100_000],
            providers: Vec::new(),
            overflow,
        });
        Self { providers, sources, rules, warm_up }
    }

    pub(crate) fn settings(&self) -> ShapingSettings {
        ShapingSettings {
            providers: Providers::with(&self.providers),
            sources: Sources::new(self.sources.clone(), self.rules.clone()),
            warm_ups: self.warm_up.iter().map(|plan| ("s1".to_owned(), plan.clone())).collect(),
        }
    }

    /// Where an MX host belongs.
    pub(crate) fn place_of(host: &str) -> &'static str {
        if host == "mx0.example.net" { BIG } else { OTHERS }
    }

    /// The table of a place; `None` for smarthosts, whose table is Tegami's own.
    pub(crate) fn table(&self, place: &str) -> Option<&Preset> {
        let name = if place == BIG { BIG } else { DEFAULT };
        (!place.starts_with("smarthost:")).then(|| &self.providers[name])
    }

    /// The source that an address is.
    pub(crate) fn source_of(&self, ip: Option<IpAddr>) -> &str {
        let own = |source: &&SourceTerms| match ip {
            Some(IpAddr::V4(ip)) => source.v4 == Some(ip),
            Some(IpAddr::V6(ip)) => source.v6 == Some(ip),
            None => false,
        };
        self.sources.iter().find(own).map_or("", |source| &source.name)
    }

    /// Messages that a source may send to a place on the first day.
    pub(crate) fn first_day(&self, source: &str) -> Option<u32> {
        self.warm_up.as_ref().filter(|_| source == "s1").map(|plan| plan.days[0])
    }
}

fn preset(rng: &mut Draw<'_>) -> Preset {
    let mut limit = |choices: &[u32]| Some(Limit::of_operator(rng.one_of(choices)));
    let (connections, messages, recipients) =
        (limit(&[1, 2, 3, 10]), limit(&[1, 2, 3, 100]), limit(&[1, 2, 100]));
    let (minute, hour) = (limit(&[1, 2, 10, 60]), limit(&[10, 30, 100]));
    Preset {
        connections,
        messages_per_connection: messages,
        recipients,
        per_minute: minute.filter(|_| rng.chance(0.5)),
        per_hour: hour.filter(|_| rng.chance(0.3)),
        first_pause: Some(rng.one_of(&[1, 2, 5])),
        longest_pause: Some(10),
        recover: Some(rng.one_of(&[1, 5])),
        ..Preset::default()
    }
}

fn source(rng: &mut Draw<'_>, number: u8) -> SourceTerms {
    SourceTerms {
        name: format!("s{number}").into(),
        v4: Some(Ipv4Addr::new(198, 51, 100, number)),
        v6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, number.into())),
        ehlo: rng.chance(0.5).then(|| format!("out{number}.example.org")),
        weight: rng.one_of(&[1, 1, 5]),
        pool: if number > 1 && rng.chance(0.3) { "news" } else { DEFAULT_POOL }.into(),
    }
}
