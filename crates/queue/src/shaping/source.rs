//! From which of our addresses a message leaves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tegami_store::{QueueId, SourceWish};

/// An address of ours with the name that it says in EHLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTerms {
    /// What the settings call it.
    pub name: Arc<str>,
    /// For IPv4; the machine chooses where there is none.
    pub v4: Option<Ipv4Addr>,
    /// For IPv6.
    pub v6: Option<Ipv6Addr>,
    /// The name in EHLO, whose address record leads to the address; ours where there is none.
    pub ehlo: Option<String>,
    /// Its part of the pool's mail beside the others' weights.
    pub weight: u32,
    /// The pool that it belongs to.
    pub pool: Arc<str>,
}

impl SourceTerms {
    /// The machine chooses the address, and our own name stands in EHLO.
    pub fn of_machine() -> Self {
        Self {
            name: DEFAULT_POOL.into(),
            v4: None,
            v6: None,
            ehlo: None,
            weight: 1,
            pool: DEFAULT_POOL.into(),
        }
    }

    /// Whether it is one that the submitter wants.
    pub fn is_wished(&self, wish: &SourceWish) -> bool {
        match wish {
            SourceWish::Pool(name) => *self.pool == **name,
            SourceWish::Address(IpAddr::V4(ip)) => self.v4 == Some(*ip),
            SourceWish::Address(IpAddr::V6(ip)) => self.v6 == Some(*ip),
        }
    }
}

/// The pool of sources that name none, and of mail that no rule sends elsewhere.
pub const DEFAULT_POOL: &str = "default";

/// Whose mail leaves from a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolRule {
    /// The pool.
    pub pool: String,
    /// Mail with one of these tags.
    pub tags: Vec<String>,
    /// Mail of these accounts.
    pub accounts: Vec<String>,
    /// Mail of these sending domains.
    pub domains: Vec<String>,
}

/// What decides about a message's source.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The message: it keeps its source through all attempts.
    pub message: QueueId,
    /// The account that submitted it, where one did.
    pub account: Option<&'a str>,
    /// The sending domain.
    pub domain: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// What its submitter wants, which goes before all rules.
    pub leaves_from: Option<&'a SourceWish>,
}

/// All sources, never none.
#[derive(Clone, Debug)]
pub struct Sources {
    all: Vec<Arc<SourceTerms>>,
    rules: Vec<PoolRule>,
}

impl Default for Sources {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl Sources {
    /// Without any source there is one for which the machine chooses.
    pub fn new(all: Vec<SourceTerms>, rules: Vec<PoolRule>) -> Self {
        let all = if all.is_empty() { vec![SourceTerms::of_machine()] } else { all };
        Self { all: all.into_iter().map(Arc::new).collect(), rules }
    }

    /// Every source.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SourceTerms>> {
        self.all.iter()
    }

    /// By its name.
    pub fn named(&self, name: &str) -> Option<&Arc<SourceTerms>> {
        self.all.iter().find(|source| &*source.name == name)
    }

    /// Whether some source is as the submitter wants it.
    pub fn has(&self, wish: &SourceWish) -> bool {
        self.all.iter().any(|source| source.is_wished(wish))
    }

    /// The pool of a message: by its submitter's wish, its tag, its account, else by its domain.
    pub fn pool(&self, wanted: &Wanted<'_>) -> &str {
        let wish = wanted.leaves_from;
        if let Some(source) = wish.and_then(|wish| self.all.iter().find(|source| source.is_wished(wish))) {
            return &source.pool;
        }
        let by = |fits: &dyn Fn(&PoolRule) -> bool| self.rules.iter().find(|rule| fits(rule));
        let rule = by(&|rule| wanted.tags.iter().any(|tag| rule.tags.contains(tag)))
            .or_else(|| {
                by(&|rule| rule.accounts.iter().any(|account| Some(account.as_str()) == wanted.account))
            })
            .or_else(|| by(&|rule| rule.domains.iter().any(|domain| domain == wanted.domain)));
        rule.map_or(DEFAULT_POOL, |rule| rule.pool.as_str())
    }

    /// The sources for a message, the one it belongs to first. By weight, and always the same for the same message: a source that
    /// is added or taken away moves only the mail that it gets or had (rendezvous hashing).
    pub fn for_message(&self, wanted: &Wanted<'_>) -> Vec<&Arc<SourceTerms>> {
        let pool = self.pool(wanted);
        let mut fitting: Vec<_> = self.all.iter().filter(|source| &*source.pool == pool).collect();
        if let Some(wish) = wanted.leaves_from.filter(|wish| self.has(wish)) {
            fitting.retain(|source| source.is_wished(wish));
        }
        if fitting.is_empty() {
            // A rule for a pool without sources: better any source than none.
            fitting = self.all.iter().collect();
        }
        if fitting.len() > 1 {
            fitting.sort_by(|a, b| distance(a, wanted.message).total_cmp(&distance(b, wanted.message)));
        }
        fitting
    }
}

/// Exponentially distributed with the weight as its rate, so that the smallest of several is each one's in proportion to its weight.
fn distance(source: &SourceTerms, message: QueueId) -> f64 {
    let mut bits = 0xcbf2_9ce4_8422_2325_u64;
    for octet in source.name.bytes().chain(message.to_bytes()) {
        bits = (bits ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    }
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let high = u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap_or_default();
    let chance = (f64::from(high) + 1.0) / (f64::from(u32::MAX) + 2.0);
    -chance.ln() / f64::from(source.weight.max(1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn source(name: &str, weight: u32, pool: &str) -> SourceTerms {
        SourceTerms { name: name.into(), v4: None, v6: None, ehlo: None, weight, pool: pool.into() }
    }

    fn wanted(message: u128, tags: &[String]) -> Wanted<'_> {
        Wanted {
            message: QueueId::from_bits(message),
            account: Some("shop"),
            domain: "example.org",
            tags,
            leaves_from: None,
        }
    }

    #[test]
    fn weights_are_kept_and_a_new_source_moves_only_its_own() {
        let three = vec![source("a", 1, "default"), source("b", 2, "default"), source("c", 1, "default")];
        let two = Sources::new(three[..2].to_vec(), Vec::new());
        let three = Sources::new(three, Vec::new());
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for message in 0..8_000_u128 {
            let first = |sources: &Sources| sources.for_message(&wanted(message, &[]))[0].name.to_string();
            let (with, without) = (first(&three), first(&two));
            assert!(with == "c" || with == without, "message {message} moved from {without} to {with}");
            *counts.entry(with).or_default() += 1;
        }
        let near = |name: &str, expect: u32| counts[name].abs_diff(expect) < 250;
        assert!(near("a", 2_000) && near("b", 4_000) && near("c", 2_000), "{counts:?}");
    }

    #[test]
    fn a_wish_goes_before_all_rules_as_long_as_it_can_be_granted() {
        let at = |name: &str, last: u8, pool: &str| SourceTerms {
            v4: Some(Ipv4Addr::new(192, 0, 2, last)),
            ..source(name, 1, pool)
        };
        let all = vec![at("a", 1, "default"), at("b", 2, "bulk"), at("c", 3, "bulk")];
        let rules = vec![PoolRule { pool: "bulk".into(), tags: vec!["news".into()], ..PoolRule::default() }];
        let sources = Sources::new(all, rules);
        let tags = ["news".to_owned()];
        let check = |wish: Option<SourceWish>, expect: &str| {
            let wanted = Wanted { leaves_from: wish.as_ref(), ..wanted(7, &tags) };
            let mut names: Vec<_> = sources.for_message(&wanted).into_iter().map(|one| &*one.name).collect();
            names.sort_unstable();
            assert_eq!(names.join(" "), expect, "{wish:?}");
        };
        let address = |text: &str| Some(SourceWish::Address(text.parse().unwrap()));
        check(None, "b c");
        check(Some(SourceWish::Pool("default".into())), "a");
        check(address("192.0.2.1"), "a");
        check(address("192.0.2.3"), "c");
        check(Some(SourceWish::Pool("gone".into())), "b c");
        check(address("192.0.2.9"), "b c");
    }

    #[test]
    fn a_tag_goes_before_an_account_before_a_domain() {
        let rule = |pool: &str| PoolRule { pool: pool.into(), ..PoolRule::default() };
        let rules = vec![
            PoolRule { domains: vec!["example.org".into()], ..rule("by-domain") },
            PoolRule { accounts: vec!["shop".into()], ..rule("by-account") },
            PoolRule { tags: vec!["news".into()], ..rule("by-tag") },
        ];
        let pool = |rules: &[PoolRule], tags: &[&str]| {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            Sources::new(Vec::new(), rules.to_vec()).pool(&wanted(1, &tags)).to_owned()
        };
        assert_eq!(pool(&rules, &["other", "news"]), "by-tag");
        assert_eq!(pool(&rules, &["other"]), "by-account");
        assert_eq!(pool(&rules[..1], &[]), "by-domain");
        assert_eq!(pool(&[], &[]), DEFAULT_POOL);
    }
}
