//! Questions to lists, by RFC 5782: a list is believed when its test entries are there, an answer counts when its table knows it.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tegami_auth::finding::Severity;
use tegami_dns::{Data, DnsError, DnsName, RecordType, Resolver};
use tegami_mail::{Domain, Note, note};

use super::table::{self, List, Means, Of, Refusal, Removal};

/// How long a self-test is good.
const FRESH: SignedDuration = SignedDuration::from_hours(6);

/// What stands for a key wherever people read.
const CONCEALED: &str = "key";

/// Lists that are asked at the same time.
const AT_ONCE: usize = 8;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An address.
    Ip(IpAddr),
    /// A domain.
    Domain(Domain),
}

impl Subject {
    fn of(&self) -> Of {
        match self {
            Self::Ip(IpAddr::V4(_)) => Of::V4,
            Self::Ip(IpAddr::V6(_)) => Of::V6,
            Self::Domain(_) => Of::Domain,
        }
    }

    /// What stands before the zone (RFC 5782 sections 2.1 and 2.4).
    fn label(&self) -> String {
        match self {
            Self::Ip(ip) => reversed(*ip),
            Self::Domain(domain) => domain.to_string(),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
        }
    }
}

fn reversed(ip: IpAddr) -> String {
    let reverse = DnsName::reverse(ip);
    let end = if ip.is_ipv4() { ".in-addr.arpa" } else { ".ip6.arpa" };
    reverse.as_str().trim_end_matches(end).to_owned()
}

/// Which lists are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Those of an examination: the first two tiers, as far as they are on.
    Examination,
    /// All for which we have what they need.
    All,
}

/// Why a list said nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// Its test entry is not there: it ended, or it does not talk to our resolver.
    NoTestEntry,
    /// It has an entry for everything.
    ListsEverything,
    /// The resolver makes up answers for names that do not exist.
    Rewritten(Ipv4Addr),
    /// The question was refused.
    Refused(Refusal, Ipv4Addr),
    /// An answer that the table does not know.
    Strange(Ipv4Addr),
    /// The DNS failed.
    Dns(DnsError),
    /// It needs a key.
    NoKey,
}

impl Unsaid {
    /// In words.
    pub fn note(&self, list: &List) -> Note {
        let title = &list.title;
        match self {
            Self::NoTestEntry => note!("rbl-unsaid-test", list = title),
            Self::ListsEverything => note!("rbl-unsaid-everything", list = title),
            Self::Rewritten(ip) => note!("rbl-unsaid-rewritten", list = title, answer = ip),
            Self::Refused(Refusal::PublicResolver, ip) => {
                note!("rbl-unsaid-public", list = title, answer = ip)
            }
            Self::Refused(Refusal::TooMuch, ip) => note!("rbl-unsaid-too-much", list = title, answer = ip),
            Self::Refused(_, ip) => note!("rbl-unsaid-blocked", list = title, answer = ip),
            Self::Strange(ip) => note!("rbl-unsaid-strange", list = title, answer = ip),
            Self::Dns(error) => note!("rbl-unsaid-dns", list = title, error = error),
            Self::NoKey => note!("rbl-unsaid-key", list = title),
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The answer.
    pub code: Ipv4Addr,
    /// What it means.
    pub means: Means,
    /// How bad it is.
    pub severity: Severity,
    /// How it ends.
    pub removal: Removal,
}

/// What a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It has entries.
    Listed(Vec<Hit>),
    /// It has none.
    NotListed,
    /// Nothing.
    Nothing(Unsaid),
}

/// What one list says of one subject: a row of `tegami lookup blacklist`.
#[derive(Clone, Debug)]
pub struct Row {
    /// The list.
    pub list: Arc<List>,
    /// Of whom.
    pub subject: Subject,
    /// What it says.
    pub said: Said,
    /// Why, in the words of the list, where it has an entry.
    pub reason: Option<String>,
    /// How long the answer may be kept.
    pub ttl: Duration,
}

impl Row {
    /// What to do about an entry: fix first, then ask.
    pub fn removal(&self) -> Option<Note> {
        let Said::Listed(hits) = &self.said else { return None };
        let hit = hits.iter().max_by_key(|hit| hit.severity)?;
        let (list, site, days) = (&self.list.title, &self.list.site, self.list.days);
        Some(match (hit.removal, days) {
            _ if !hit.means.is_bad() => return None,
            (Removal::Automatic, Some(days)) => {
                note!("rbl-removal-days", list = list, site = site, days = days)
            }
            (Removal::Automatic, None) => note!("rbl-removal-automatic", list = list, site = site),
            (Removal::Request, _) => note!("rbl-removal-request", list = list, site = site),
            (Removal::Policy, _) => note!("rbl-removal-policy", list = list, site = site),
            (Removal::Paid, _) => note!("rbl-removal-paid", list = list, site = site),
            (Removal::None, _) => return None,
        })
    }

    /// The worst that the list says, if it is bad.
    pub fn worst(&self) -> Option<&Hit> {
        let Said::Listed(hits) = &self.said else { return None };
        hits.iter().filter(|hit| hit.means.is_bad()).max_by_key(|hit| hit.severity)
    }
}

/// A list that the settings name may not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It ended.
    #[error("{0} has ended and must not be asked")]
    Dead(String),
    /// It is not in the table.
    #[error("{0} is not a list that is known")]
    Unknown(String),
    /// It is in the table already.
    #[error("{0} is a list that is known already")]
    Known(String),
}

/// A list of one's own, or one that the table does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// Where questions go.
    pub zone: String,
    /// What people call it.
    pub title: String,
    /// What it has entries for.
    pub lists: Vec<Of>,
}

/// What the settings say of lists.
#[derive(Clone, Default)]
pub struct ListSettings {
    /// Keys by the name that the table gives them: `spamhaus`, `abusix`.
    pub keys: BTreeMap<String, String>,
    /// Zones that are asked in examinations though the table leaves them out.
    pub on: Vec<String>,
    /// Zones that are never asked.
    pub off: Vec<String>,
    /// Lists besides those of the table; they are asked in examinations.
    pub extra: Vec<Extra>,
}

/// When a list was tested, and why it cannot be believed.
type Tested = (Timestamp, Option<Unsaid>);

/// The lists that may be asked, and what is known of their health.
pub struct Lists {
    lists: Vec<Arc<List>>,
    keys: BTreeMap<String, String>,
    on: Vec<String>,
    health: Mutex<HashMap<(String, Of), Tested>>,
}

/// Keys stay out of the log.
impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lists")
            .field("lists", &self.lists.len())
            .field("on", &self.on)
            .finish_non_exhaustive()
    }
}

impl Default for Lists {
    fn default() -> Self {
        Self::of(ListSettings::default())
    }
}

impl Lists {
    /// By these settings.
    ///
    /// # Errors
    /// [`Refused`], where they name a list that has ended or that nobody knows.
    pub fn new(settings: ListSettings) -> Result<Self, Refused> {
        for zone in settings.on.iter().chain(&settings.off) {
            let name = DnsName::parse(zone).map_err(|_| Refused::Unknown(zone.clone()))?;
            if table::is_dead(&name) {
                return Err(Refused::Dead(zone.clone()));
            }
            if !table::known().iter().any(|list| list.zone == name.as_str()) {
                return Err(Refused::Unknown(zone.clone()));
            }
        }
        for Extra { zone, .. } in &settings.extra {
            let name = DnsName::parse(zone).map_err(|_| Refused::Unknown(zone.clone()))?;
            if table::is_dead(&name) {
                return Err(Refused::Dead(zone.clone()));
            }
            if table::known().iter().any(|list| list.zone == name.as_str()) {
                return Err(Refused::Known(zone.clone()));
            }
        }
        Ok(Self::of(settings))
    }

    fn of(settings: ListSettings) -> Self {
        let named =
            |list: &&List, zones: &[String]| zones.iter().any(|zone| zone.eq_ignore_ascii_case(&list.zone));
        let lists = table::known().iter().filter(|list| !named(list, &settings.off)).cloned();
        let extra =
            settings.extra.iter().flat_map(|extra| List::extra(&extra.zone, &extra.title, &extra.lists));
        Self {
            lists: lists.chain(extra).map(Arc::new).collect(),
            keys: settings.keys,
            on: settings.on,
            health: Mutex::default(),
        }
    }

    /// Those that are asked for a subject.
    fn chosen(&self, of: Of, choice: Choice) -> impl Iterator<Item = &Arc<List>> {
        self.lists.iter().filter(move |list| {
            let on = list.default
                || self.on.iter().any(|zone| zone.eq_ignore_ascii_case(&list.zone))
                || (list.needs_key && self.key(list).is_some());
            list.lists.contains(&of) && (choice == Choice::All || on)
        })
    }

    fn key(&self, list: &List) -> Option<&str> {
        list.key.as_ref().and_then(|key| self.keys.get(key)).map(String::as_str)
    }

    /// Where questions to a list go.
    fn zone(&self, list: &List) -> String {
        match (self.key(list), &list.keyed) {
            (Some(key), Some(keyed)) => keyed.replace("{key}", key),
            _ => list.zone.clone(),
        }
    }

    /// What the lists say of a subject, in the order of the table.
    pub async fn look(
        &self,
        subject: &Subject,
        choice: Choice,
        resolver: &dyn Resolver,
        now: Timestamp,
    ) -> Vec<Row> {
        let asked = self.chosen(subject.of(), choice).map(|list| self.row(list, subject, resolver, now));
        let asked: Vec<_> = asked.collect();
        futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await
    }

    async fn row(&self, list: &Arc<List>, subject: &Subject, resolver: &dyn Resolver, now: Timestamp) -> Row {
        let (mut said, ttl) = self.said(list, subject, resolver, now).await;
        if let Said::Nothing(Unsaid::Dns(DnsError::Network(error))) = &mut said {
            *error = self.conceal(error);
        }
        let reason = match &said {
            Said::Listed(_) => self.reason(list, subject, resolver).await,
            _ => None,
        };
        Row { list: Arc::clone(list), subject: subject.clone(), said, reason, ttl }
    }

    async fn said(
        &self,
        list: &List,
        subject: &Subject,
        resolver: &dyn Resolver,
        now: Timestamp,
    ) -> (Said, Duration) {
        let nothing = |why| (Said::Nothing(why), Duration::ZERO);
        if list.needs_key && self.key(list).is_none() {
            return nothing(Unsaid::NoKey);
        }
        if let Some(why) = self.health(list, subject.of(), resolver, now).await {
            return nothing(why);
        }
        match ask(&subject.label(), &self.zone(list), resolver).await {
            (Ok(answers), ttl) => (read(list, &answers), ttl),
            (Err(error), ttl) if error.is_void() => (Said::NotListed, ttl),
            (Err(error), _) => nothing(Unsaid::Dns(error)),
        }
    }

    /// Why a list cannot be believed, by its test entries (RFC 5782 section 5).
    pub(super) async fn health(
        &self,
        list: &List,
        of: Of,
        resolver: &dyn Resolver,
        now: Timestamp,
    ) -> Option<Unsaid> {
        let zone = self.zone(list);
        let key = (zone.clone(), of);
        let known = self.health.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((at, health)) = known
            && now.duration_since(at).abs() < FRESH
        {
            return health;
        }
        let health = test(list, of, &zone, resolver).await;
        self.health.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, health.clone()));
        health
    }

    /// The text with no key in it: keys stand in the names that are asked.
    pub fn conceal(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for key in self.keys.values().filter(|key| !key.is_empty()) {
            for written in [key.clone(), key.to_ascii_lowercase()] {
                shown = shown.replace(&format!("{written}."), &format!("{CONCEALED}."));
            }
        }
        shown
    }

    /// The list with this zone.
    pub(super) fn find(&self, zone: &str) -> Option<&Arc<List>> {
        self.lists.iter().find(|list| list.zone == zone)
    }

    async fn reason(&self, list: &List, subject: &Subject, resolver: &dyn Resolver) -> Option<String> {
        let name = DnsName::parse(&format!("{}.{}", subject.label(), self.zone(list))).ok()?;
        let texts = resolver.txt(&name).await.ok()?;
        let text = String::from_utf8_lossy(texts.first()?).into_owned();
        Some(self.conceal(&text).chars().filter(|c| !c.is_control()).take(200).collect())
    }
}

/// The answers, and how long they may be kept.
async fn ask(
    label: &str,
    zone: &str,
    resolver: &dyn Resolver,
) -> (Result<Vec<Ipv4Addr>, DnsError>, Duration) {
    let Ok(name) = DnsName::parse(&format!("{label}.{zone}")) else {
        // Nothing as long as that can be listed.
        return (Err(DnsError::NxDomain), Duration::ZERO);
    };
    let kept = resolver.lookup_to_keep(&name, RecordType::A).await;
    let answers = kept.result.map(|answer| {
        let address = |data| if let Data::A(ip) = data { Some(ip) } else { None };
        answer.records.into_iter().filter_map(|record| address(record.data)).collect()
    });
    (answers, kept.ttl)
}

/// Why answers are no entries, whichever list they come from.
fn error(list: &List, answers: &[Ipv4Addr]) -> Option<Unsaid> {
    let of_list = answers.iter().find_map(|ip| {
        let code = list.errors.iter().find(|code| code.answer.matches(*ip))?;
        Some(Unsaid::Refused(code.why, *ip))
    });
    let general = || {
        answers.iter().find_map(|ip| match ip.octets() {
            [127, 255, 255, _] => Some(Unsaid::Refused(Refusal::Blocked, *ip)),
            [127, ..] => None,
            _ => Some(Unsaid::Rewritten(*ip)),
        })
    };
    of_list.or_else(general)
}

fn read(list: &List, answers: &[Ipv4Addr]) -> Said {
    if let Some(why) = error(list, answers) {
        return Said::Nothing(why);
    }
    let mut hits = Vec::new();
    for ip in answers {
        hits.extend(list.codes.iter().filter(|code| code.matches(*ip)).map(|code| Hit {
            code: *ip,
            means: code.means,
            severity: code.severity.into(),
            removal: code.removal.unwrap_or(list.removal),
        }));
    }
    match answers.first() {
        _ if !hits.is_empty() => Said::Listed(hits),
        // 127.0.0.1 is no entry anywhere that does not say so (RFC 5782 section 2.1: entries are 127.0.0.2 and above).
        Some(ip) if *ip != Ipv4Addr::LOCALHOST => Said::Nothing(Unsaid::Strange(*ip)),
        Some(ip) => Said::Nothing(Unsaid::Refused(Refusal::Blocked, *ip)),
        None => Said::NotListed,
    }
}

async fn test(list: &List, of: Of, zone: &str, resolver: &dyn Resolver) -> Option<Unsaid> {
    let (there, not_there) = match of {
        Of::V4 => ("2.0.0.127".to_owned(), "1.0.0.127".to_owned()),
        Of::V6 => {
            let mapped = |last: u16| reversed(IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x7f00, last]));
            (mapped(2), mapped(1))
        }
        Of::Domain => ("test".to_owned(), "invalid".to_owned()),
    };
    let mut listed = Err(Unsaid::NoTestEntry);
    for point in std::iter::once(&there).chain(&list.points) {
        listed = match ask(point, zone, resolver).await.0 {
            Ok(answers) => match error(list, &answers) {
                Some(why) => return Some(why),
                None => Ok(()),
            },
            Err(error) if error.is_void() => Err(Unsaid::NoTestEntry),
            Err(error) => return Some(Unsaid::Dns(error)),
        };
        if listed.is_ok() {
            break;
        }
    }
    if let Err(why) = listed {
        return Some(why);
    }
    match ask(&not_there, zone, resolver).await.0 {
        Ok(answers) => Some(error(list, &answers).unwrap_or(Unsaid::ListsEverything)),
        Err(error) if error.is_void() => None,
        Err(error) => Some(Unsaid::Dns(error)),
    }
}
