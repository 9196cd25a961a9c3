//! The lists that we know, and those that nobody may ask any more.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::sync::LazyLock;

use serde::Deserialize;
use tegami_auth::finding::Severity;
use tegami_dns::DnsName;
use tegami_mail::{Note, note};

/// What a list has entries for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// IPv4 addresses.
    V4,
    /// IPv6 addresses.
    V6,
    /// Domains.
    Domain,
}

/// How much a list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Tier {
    /// Large receivers refuse by it.
    #[serde(rename = "1")]
    One,
    /// Common filters count it.
    #[serde(rename = "2")]
    Two,
    /// Few look at it.
    #[serde(rename = "3")]
    Three,
    /// Entries there are nobody's fault.
    #[serde(rename = "info")]
    Info,
    /// Entries there are good.
    #[serde(rename = "white")]
    White,
}

impl Tier {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::Info => "info",
            Self::White => "white",
        }
    }
}

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the sentences say it")]
pub enum Means {
    Sbl,
    Css,
    Xbl,
    Drop,
    Pbl,
    Bcl,
    SpamDomain,
    Phishing,
    Malware,
    Botnet,
    Abused,
    Reported,
    Trap,
    Grey,
    Watched,
    Dynamic,
    Nameless,
    Attacks,
    Network,
    Backscatter,
    Named,
    Neutral,
    Good,
}

impl Means {
    /// What it means for a subject that this list names, its usual cause, and what to do first.
    pub fn note(self, subject: impl Display, list: &List) -> Note {
        let title = &list.title;
        match self {
            Self::Sbl => note!("rbl-means-sbl", subject = subject, list = title),
            Self::Css => note!("rbl-means-css", subject = subject, list = title),
            Self::Xbl => note!("rbl-means-xbl", subject = subject, list = title),
            Self::Drop => note!("rbl-means-drop", subject = subject, list = title),
            Self::Pbl => note!("rbl-means-pbl", subject = subject, list = title),
            Self::Bcl => note!("rbl-means-bcl", subject = subject, list = title),
            Self::SpamDomain => note!("rbl-means-spam-domain", subject = subject, list = title),
            Self::Phishing => note!("rbl-means-phishing", subject = subject, list = title),
            Self::Malware => note!("rbl-means-malware", subject = subject, list = title),
            Self::Botnet => note!("rbl-means-botnet", subject = subject, list = title),
            Self::Abused => note!("rbl-means-abused", subject = subject, list = title),
            Self::Reported => note!("rbl-means-reported", subject = subject, list = title),
            Self::Trap => note!("rbl-means-trap", subject = subject, list = title),
            Self::Grey => note!("rbl-means-grey", subject = subject, list = title),
            Self::Watched => note!("rbl-means-watched", subject = subject, list = title),
            Self::Dynamic => note!("rbl-means-dynamic", subject = subject, list = title),
            Self::Nameless => note!("rbl-means-nameless", subject = subject, list = title),
            Self::Attacks => note!("rbl-means-attacks", subject = subject, list = title),
            Self::Network => note!("rbl-means-network", subject = subject, list = title),
            Self::Backscatter => note!("rbl-means-backscatter", subject = subject, list = title),
            Self::Named => note!("rbl-means-named", subject = subject, list = title),
            Self::Neutral => note!("rbl-means-neutral", subject = subject, list = title),
            Self::Good => note!("rbl-means-good", subject = subject, list = title),
        }
    }

    /// Whether it says anything bad.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Neutral | Self::Good)
    }
}

/// Why an answer is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The zone is spelled wrong.
    Typo,
    /// The resolver is one that many use.
    PublicResolver,
    /// Too many questions.
    TooMuch,
    /// The resolver is blocked.
    Blocked,
    /// An address was asked for where domains are listed.
    AddressAsked,
}

/// What its operator asks of those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terms {
    /// Free.
    Free,
    /// Free below limits that a small server keeps.
    Small,
    /// Resolvers must be registered.
    Registered,
    /// With an account.
    Account,
    /// Free for one's own mail, not in products.
    Private,
}

impl Terms {
    /// In words.
    pub fn note(self) -> Note {
        match self {
            Self::Free => note!("rbl-terms-free"),
            Self::Small => note!("rbl-terms-small"),
            Self::Registered => note!("rbl-terms-registered"),
            Self::Account => note!("rbl-terms-account"),
            Self::Private => note!("rbl-terms-private"),
        }
    }
}

/// How an entry ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// By itself, when its cause is gone.
    Automatic,
    /// When somebody asks.
    Request,
    /// When the owner of the network says that mail may come from there.
    Policy,
    /// Sooner for money, which nobody should pay.
    Paid,
    /// There is nothing to remove.
    None,
}

/// One list, as the table has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Where questions go, and the name of the list.
    pub zone: String,
    /// What people call it.
    pub title: String,
    /// The last word of the check that tells of it.
    pub check: String,
    /// What it has entries for.
    pub lists: Vec<Of>,
    /// How much it counts.
    pub tier: Tier,
    /// Asked in the examination of a domain or an address.
    #[serde(default)]
    pub default: bool,
    /// The key in the settings that it needs, or that raises its limits.
    #[serde(default)]
    pub key: Option<String>,
    /// Where questions go with a key.
    #[serde(default)]
    pub(crate) keyed: Option<String>,
    /// Not asked without a key.
    #[serde(default)]
    pub needs_key: bool,
    /// What its operator asks of those who ask.
    pub terms: Terms,
    /// How an entry ends.
    pub removal: Removal,
    /// Days that an entry stays after its last cause.
    #[serde(default)]
    pub days: Option<u32>,
    /// Where its operator tells of an address or a domain.
    pub site: String,
    #[serde(default)]
    pub(crate) points: Vec<String>,
    pub(crate) codes: Vec<Code>,
    #[serde(default)]
    pub(crate) errors: Vec<ErrorCode>,
}

impl List {
    /// A list that the settings name: whatever it answers is an entry, but for what refuses a question (RFC 5782 section 2.1). Those of
    /// addresses and those of domains belong to different checks.
    pub(crate) fn extra(zone: &str, title: &str, lists: &[Of]) -> Vec<Self> {
        let (domains, addresses): (Vec<Of>, Vec<Of>) = lists.iter().partition(|of| **of == Of::Domain);
        let code = |answer| Code {
            answer: Some(Pattern(answer)),
            bit: None,
            means: Means::Named,
            severity: Grade::S2,
            removal: None,
        };
        let all = (0, u8::MAX);
        let local = (127, 127);
        let of = |(check, lists): (&str, Vec<Of>)| Self {
            zone: zone.trim_end_matches('.').to_ascii_lowercase(),
            title: title.to_owned(),
            check: check.to_owned(),
            lists,
            tier: Tier::Two,
            default: true,
            key: None,
            keyed: None,
            needs_key: false,
            terms: Terms::Private,
            removal: Removal::None,
            days: None,
            site: String::new(),
            points: Vec::new(),
            codes: vec![code([local, all, (1, u8::MAX), all]), code([local, all, (0, 0), (2, u8::MAX)])],
            errors: Vec::new(),
        };
        [("others", addresses), ("others-domain", domains)]
            .into_iter()
            .filter(|(_, lists)| !lists.is_empty())
            .map(of)
            .collect()
    }
}

/// An answer that is an entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    #[serde(default)]
    pub(crate) answer: Option<Pattern>,
    #[serde(default)]
    pub(crate) bit: Option<u8>,
    pub(crate) means: Means,
    pub(crate) severity: Grade,
    #[serde(default)]
    pub(crate) removal: Option<Removal>,
}

/// An answer that is none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorCode {
    pub(crate) answer: Pattern,
    pub(crate) why: Refusal,
}

/// How bad an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Grade {
    S0,
    S1,
    S2,
    S3,
    S4,
}

impl From<Grade> for Severity {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::S0 => Self::S0,
            Grade::S1 => Self::S1,
            Grade::S2 => Self::S2,
            Grade::S3 => Self::S3,
            Grade::S4 => Self::S4,
        }
    }
}

/// Answers: `127.0.0.4-7`, `127.0.*.0-3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pattern([(u8, u8); 4]);

impl TryFrom<String> for Pattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text} is no pattern of answers");
        let parts: Vec<(u8, u8)> = text
            .split('.')
            .map(|part| {
                let (first, last) = match part.split_once('-') {
                    Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
                    None if part == "*" => (0, u8::MAX),
                    None => (part.parse().ok()?, part.parse().ok()?),
                };
                Some((first, last))
            })
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        <[(u8, u8); 4]>::try_from(parts).map(Self).map_err(|_| wrong())
    }
}

impl Pattern {
    pub(crate) fn matches(self, ip: Ipv4Addr) -> bool {
        self.0.iter().zip(ip.octets()).all(|((first, last), octet)| (*first..=*last).contains(&octet))
    }
}

impl Code {
    pub(crate) fn matches(&self, ip: Ipv4Addr) -> bool {
        let [first, _, _, last] = ip.octets();
        let bit = self.bit.is_some_and(|bit| first == 127 && last & bit != 0);
        bit || self.answer.is_some_and(|pattern| pattern.matches(ip))
    }
}

/// Zones that ended, with everything below them: who asks them learns that everything is listed, or tells a stranger whom he writes to.
const DEAD: &[&str] = &[
    "sorbs.net",
    "ix.dnsbl.manitu.net",
    "db.wpbl.info",
    "dnsbl.njabl.org",
    "ahbl.org",
    "bl.spamcannibal.org",
    "cbl.abuseat.org",
    "dnsbl.inps.de",
    "virbl.bit.nl",
    "virbl.dnsbl.bit.nl",
    "dnsbl.cyberlogic.net",
    "bl.emailbasura.org",
    "dnsbl.burnt-tech.com",
    "wormrbl.imp.ch",
    "spamrbl.imp.ch",
    "msrbl.net",
    "ubl.unsubscore.com",
    "bl.nszones.com",
    "dnsbl.justspam.org",
    "relays.ordb.org",
];

/// Whether a zone is one that nobody may ask any more.
pub fn is_dead(zone: &DnsName) -> bool {
    DEAD.iter().any(|dead| DnsName::parse(dead).is_ok_and(|dead| zone.is_within(&dead)))
}

#[derive(Deserialize)]
struct File {
    list: Vec<List>,
}

static TABLE: LazyLock<Vec<List>> = LazyLock::new(|| {
    // The table is compiled in and a test reads it: it is never wrong in a program that runs.
    toml::from_str::<File>(include_str!("../../../data/lists.toml")).map(|file| file.list).unwrap_or_default()
});

/// The lists that are compiled in.
pub fn known() -> &'static [List] {
    &TABLE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_names_nobody_dead() {
        let file: File = toml::from_str(include_str!("../../../data/lists.toml")).unwrap();
        assert!(file.list.len() > 30);
        let mut zones = BTreeSet::new();
        for list in &file.list {
            assert!(zones.insert(&list.zone), "{} stands twice", list.zone);
            assert!(!is_dead(&list.zone.parse().unwrap()), "{} is dead", list.zone);
            assert!(!list.codes.is_empty() && list.site.starts_with("https://"), "{}", list.zone);
            assert!(
                list.codes.iter().all(|code| code.answer.is_some() != code.bit.is_some()),
                "{}",
                list.zone
            );
            assert!(!list.needs_key || list.key.is_some(), "{}", list.zone);
            assert_eq!(list.key.is_some(), list.keyed.as_ref().is_some_and(|zone| zone.contains("{key}")));
        }
    }

    #[test]
    fn dead_zones_are_known_with_what_is_below_them() {
        for zone in [
            "dnsbl.sorbs.net",
            "spam.dnsbl.sorbs.net",
            "SORBS.net.",
            "cbl.abuseat.org",
            "images.rbl.msrbl.net",
        ] {
            assert!(is_dead(&zone.parse().unwrap()), "{zone}");
        }
        for zone in ["zen.spamhaus.org", "notsorbs.net", "abuseat.org"] {
            assert!(!is_dead(&zone.parse().unwrap()), "{zone}");
        }
    }

    #[test]
    fn patterns_of_answers() {
        let pattern = |text: &str| Pattern::try_from(text.to_owned());
        let matches = |text: &str, ip: &str| pattern(text).unwrap().matches(ip.parse().unwrap());
        assert!(matches("127.0.0.4-7", "127.0.0.7") && !matches("127.0.0.4-7", "127.0.0.8"));
        assert!(matches("127.0.*.0-3", "127.0.9.2") && !matches("127.0.*.0-3", "127.1.9.2"));
        for wrong in ["", "127.0.0", "127.0.0.256", "127.0.0.x", "127.0.0.2.1"] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }
}
