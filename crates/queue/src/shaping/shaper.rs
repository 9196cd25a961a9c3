//! The state of it all: what has gone where, what was said to it, and whether the next message may go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_mail::Domain;
use tegami_mail::failure::{About, Cause, Verdict};
use tegami_mail::provider;

use super::backoff::{Backoff, Change, Door, Evidence};
use super::hops::{Hops, Learned, Seen};
use super::pace::{Pace, Rate};
use super::source::{SourceTerms, Sources, Wanted};
use super::terms::{Providers, Terms, host_of_operator, smarthost_of, smarthost_place};
use super::warmup::{Gone, Overflow, WarmUp, next_day};

/// More paths than this are not kept.
const MOST_PATHS: usize = 10_000;
/// Of a reply this much is kept, in characters.
const REPLY: usize = 300;

/// What the settings say.
#[derive(Clone, Debug, Default)]
pub struct ShapingSettings {
    /// How each provider is treated.
    pub providers: Providers,
    /// From where we send.
    pub sources: Sources,
    /// Sources that become known, by name.
    pub warm_ups: BTreeMap<String, WarmUp>,
}

/// From a source of ours to a place: a provider (`google`), else the organization of the MX hosts (`example.net`), else the next hop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathKey {
    /// The source's name.
    pub source: Arc<str>,
    /// Where it leads.
    pub place: Arc<str>,
}

impl PathKey {
    /// One word for it: `source/place`. No source has a slash in its name.
    pub fn lane(&self) -> Arc<str> {
        format!("{}/{}", self.source, self.place).into()
    }

    /// The inverse of [`lane`](Self::lane).
    pub fn of_lane(lane: &str) -> Option<Self> {
        let (source, place) = lane.split_once('/')?;
        Some(Self { source: source.into(), place: place.into() })
    }
}

/// That a source had no more room for a message, and whom it goes through instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflowed {
    /// What the settings call the smarthost.
    pub relay: String,
    /// Where the source has no more room: the provider's title, or the place.
    pub place: String,
    /// The day of the source's plan; 0 before it begins.
    pub day: usize,
    /// Messages that the day has room for.
    pub allowance: u32,
}

/// How a message travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The path whose limits it uses.
    pub path: PathKey,
    /// The address and name that it leaves from.
    pub source: Arc<SourceTerms>,
    /// Its own source has no room for it today: it goes through a smarthost.
    pub overflow: Option<Arc<Overflowed>>,
}

/// Why a message waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Because {
    /// The provider said that it was too much, or its door stayed closed.
    BackedOff {
        /** What was said, and what we did. */
        change: Option<Change>,
    },
    /// So many in a minute or an hour are enough.
    Rate {
        /** The limit in force. */
        limit: u32,
        /** `minute` or `hour`. */
        per: &'static str,
    },
    /// So many connections are enough.
    Connections {
        /** The limit in force. */
        limit: u32,
    },
    /// The source is becoming known, and the day has no more room.
    WarmUp {
        /** The day of the plan. */
        day: usize,
        /** Messages that the day has room for. */
        allowance: u32,
    },
}

/// That a message waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// Until when; `None` until a message on the same path has gone.
    pub until: Option<Timestamp>,
    /// The provider's title, or the place.
    pub place: String,
    /// The source.
    pub source: String,
    /// Why.
    #[serde(flatten)]
    pub because: Because,
}

/// What an attempt brought to our ears.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// A message was taken.
    Taken,
    /// A reply that refused something.
    Said {
        /** What it means. */
        verdict: &'a Verdict,
        /** The host that said it. */
        host: &'a str,
        /** The reply. */
        reply: &'a str,
    },
    /// No host opened its door.
    Closed {
        /** How. */
        door: Door,
        /** The last host. */
        host: &'a str,
        /** What the system says. */
        reply: &'a str,
    },
}

/// The limits of one path at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: u32,
    /// Messages in one connection.
    pub messages_per_connection: u32,
    /// Recipients in one transaction.
    pub recipients: u32,
    /// Messages in a minute.
    pub per_minute: Option<u32>,
    /// Messages in an hour.
    pub per_hour: Option<u32>,
}

/// One path as people see it.
#[derive(Clone, Debug, Serialize)]
pub struct PathView {
    /// The source.
    pub source: String,
    /// The place.
    pub place: String,
    /// The name of the provider's table.
    pub provider: String,
    /// The limits in force.
    pub limits: Limits,
    /// The share of the table's limits in use, in thousandths.
    pub share: u16,
    /// Nothing goes before this moment.
    pub paused_until: Option<Timestamp>,
    /// The complaint that the present pace goes back to.
    pub reason: Option<Change>,
    /// The last changes.
    pub changes: Vec<Change>,
    /// Messages under way.
    pub under_way: u32,
    /// Connections open.
    pub open: u32,
    /// Messages in the last minute.
    pub last_minute: u32,
    /// Messages today (UTC).
    pub today: u32,
    /// Where the source becomes known: the day of the plan and the room of that day.
    pub warm_up: Option<(usize, u32)>,
    /// Where the source becomes known: what happens to the rest. `later`, or the name of a source or smarthost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Path {
    under_way: u32,
    open: u32,
    minute: Pace,
    hour: Pace,
    backoff: Backoff,
    gone: Option<Gone>,
    recent: Recent,
    used_at: Option<Timestamp>,
}

/// What of a path is kept on the disk.
#[derive(Serialize, Deserialize)]
struct Kept {
    source: String,
    place: String,
    backoff: Backoff,
    gone: Option<Gone>,
}

/// A line for the disk: what stands under a key, or (`None`) that nothing stands there any more.
pub type Line = (String, Option<serde_json::Value>);

/// The shaper: no clock, no sockets, no disk.
#[derive(Debug, Default)]
pub struct Shaper {
    settings: Arc<ShapingSettings>,
    hops: Hops,
    paths: BTreeMap<PathKey, Path>,
    /// Paths and next hops whose lines on the disk are old.
    changed_paths: BTreeSet<PathKey>,
    changed_hops: BTreeSet<String>,
    /// Next hops that turned out to lead elsewhere.
    moved: BTreeSet<String>,
}

impl Shaper {
    /// Without any history.
    pub fn new(settings: ShapingSettings) -> Self {
        Self { settings: Arc::new(settings), ..Self::default() }
    }

    /// Goes by other settings from now on; what was heard and counted stays.
    pub fn reload(&mut self, settings: ShapingSettings, now: Timestamp) {
        self.settings = Arc::new(settings);
        for key in self.paths.keys().cloned().collect::<Vec<_>>() {
            self.path(&key, now);
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Arc<ShapingSettings> {
        &self.settings
    }

    /// Where a next hop leads, as far as that is known.
    pub fn place(&self, next_hop: &str, now: Timestamp) -> Arc<str> {
        if smarthost_of(next_hop).is_some() {
            return next_hop.into();
        }
        if let Some(host) = host_of_operator(next_hop) {
            return smarthost_place(host).into();
        }
        if let Some(terms) = self.settings.providers.of_domain(next_hop) {
            return Arc::clone(&terms.name);
        }
        self.hops.find(next_hop, now).unwrap_or(next_hop).into()
    }

    /// The place of an MX host.
    pub fn place_of_host(&self, host: &str) -> Arc<str> {
        if let Some(terms) = self.settings.providers.of_host(host) {
            return Arc::clone(&terms.name);
        }
        match Domain::parse(host) {
            Ok(domain) => organizational_domain(&domain).as_str().into(),
            Err(_) => host.into(),
        }
    }

    /// The MX records of a next hop lead to this host.
    pub fn learn(&mut self, next_hop: &str, host: &str, now: Timestamp) {
        let (before, place) = (self.place(next_hop, now), self.place_of_host(host));
        if let Learned::Written(forgotten) = self.hops.learn(next_hop, &place, now) {
            self.changed_hops.insert(next_hop.to_owned());
            self.changed_hops.extend(forgotten);
        }
        // Where too many are named, the others' mail finds its lane when its turn comes.
        if self.place(next_hop, now) != before && self.moved.len() < MOST_PATHS {
            self.moved.insert(next_hop.to_owned());
        }
    }

    /// The next hops that turned out to lead elsewhere since the last time.
    pub fn take_moved(&mut self) -> Vec<String> {
        std::mem::take(&mut self.moved).into_iter().collect()
    }

    /// How a message would travel now.
    pub fn course(&self, wanted: &Wanted<'_>, next_hop: &str, now: Timestamp) -> Course {
        let place = self.place(next_hop, now);
        let own = self.own_source(wanted);
        let path = PathKey { source: Arc::clone(&own.name), place: Arc::clone(&place) };
        let course = Course { path, source: own, overflow: None };
        let Some((plan, allowance)) = self.full_day(&course.path, now) else { return course };
        // What has to leave from somewhere does not leave from elsewhere, and waits.
        let wish = wanted.leaves_from.filter(|wish| self.settings.sources.has(wish));
        match &plan.overflow {
            Overflow::Later => course,
            Overflow::Relay { .. } if wish.is_some() => course,
            Overflow::Relay { name, host } => {
                let (relay, place) = (name.clone(), self.title(&place));
                let day = plan.day(now).unwrap_or_default();
                let path = PathKey { place: smarthost_place(host).into(), ..course.path };
                let overflow = Some(Arc::new(Overflowed { relay, place, day, allowance }));
                Course { path, overflow, ..course }
            }
            Overflow::Source(name) => match self.settings.sources.named(name) {
                Some(source) if wish.is_none_or(|wish| source.is_wished(wish)) => {
                    let path = PathKey { source: Arc::clone(&source.name), place };
                    Course { path, source: Arc::clone(source), overflow: None }
                }
                _ => course,
            },
        }
    }

    /// The path on which a message queues: that of its own source.
    pub fn queue_of(&self, wanted: &Wanted<'_>, next_hop: &str, now: Timestamp) -> PathKey {
        PathKey { source: Arc::clone(&self.own_source(wanted).name), place: self.place(next_hop, now) }
    }

    fn own_source(&self, wanted: &Wanted<'_>) -> Arc<SourceTerms> {
        let first = self.settings.sources.for_message(wanted).first().map(|source| Arc::clone(source));
        // There is always one; a plain one stands in for what cannot be.
        first.unwrap_or_else(|| Arc::new(SourceTerms::of_machine()))
    }

    /// The plan of a source that has no more room today, and that room.
    fn full_day(&self, path: &PathKey, now: Timestamp) -> Option<(&WarmUp, u32)> {
        let plan =
            self.settings.warm_ups.get(&*path.source).filter(|_| smarthost_of(&path.place).is_none())?;
        let allowance = plan.allowance(&path.place, now)?;
        let gone = self.paths.get(path).and_then(|path| path.gone);
        (Gone::today(gone, now) >= allowance).then_some((plan, allowance))
    }

    /// Whether a message may go now, and if so counts it as under way.
    ///
    /// # Errors
    /// The reason to wait.
    pub fn begin(&mut self, wanted: &Wanted<'_>, next_hop: &str, now: Timestamp) -> Result<Course, Wait> {
        let course = self.course(wanted, next_hop, now);
        if let Some(wait) = self.wait_on(&course.path, now) {
            return Err(wait);
        }
        let path = self.path(&course.path, now);
        path.under_way = path.under_way.saturating_add(1);
        path.minute.take(now);
        path.hour.take(now);
        path.recent.add(now);
        path.gone = Some(Gone::add(path.gone, now));
        path.used_at = Some(now);
        if self.settings.warm_ups.contains_key(&*course.path.source) {
            self.changed_paths.insert(course.path.clone());
        }
        Ok(course)
    }

    /// A message that [`begin`](Self::begin) let go was not tried after all: it does not count for the day.
    pub fn take_back(&mut self, course: &Course, now: Timestamp) {
        if let Some(path) = self.paths.get_mut(&course.path) {
            path.gone = Gone::take_back(path.gone, now);
        }
        self.end(course, now);
    }

    /// A message that [`begin`](Self::begin) let go is not under way any more.
    pub fn end(&mut self, course: &Course, now: Timestamp) {
        if let Some(path) = self.paths.get_mut(&course.path) {
            path.under_way = path.under_way.saturating_sub(1);
            path.used_at = Some(now);
        }
    }

    /// Why a message would wait now; nothing is counted.
    pub fn wait(&self, wanted: &Wanted<'_>, next_hop: &str, now: Timestamp) -> Option<Wait> {
        self.wait_on(&self.course(wanted, next_hop, now).path, now)
    }

    fn wait_on(&self, key: &PathKey, now: Timestamp) -> Option<Wait> {
        let terms = self.terms(&key.place);
        let wait = |until, because| {
            let place = self.title(&key.place);
            Some(Wait { until, place, source: key.source.to_string(), because })
        };
        if let Some((plan, allowance)) = self.full_day(key, now) {
            let day = plan.day(now).unwrap_or_default();
            return wait(Some(next_day(now)), Because::WarmUp { day, allowance });
        }
        let path = self.paths.get(key)?;
        if let Some(until) = path.backoff.paused_until(now) {
            let change = path.backoff.reason().cloned();
            return wait(Some(until), Because::BackedOff { change });
        }
        let limits = limits(terms, &path.backoff);
        if path.under_way >= limits.connections {
            return wait(None, Because::Connections { limit: limits.connections });
        }
        let mut paces = (path.minute.clone(), path.hour.clone());
        retune(&mut paces.0, &mut paces.1, &limits, now);
        let minute = paces.0.waits_until(now).map(|until| (until, limits.per_minute, "minute"));
        let hour = paces.1.waits_until(now).map(|until| (until, limits.per_hour, "hour"));
        let (until, limit, per) = [minute, hour].into_iter().flatten().max_by_key(|(until, ..)| *until)?;
        wait(Some(until), Because::Rate { limit: limit.unwrap_or_default(), per })
    }

    /// The limits of a path now.
    pub fn limits(&self, key: &PathKey) -> Limits {
        let terms = self.terms(&key.place);
        let quiet = Backoff::default();
        limits(terms, self.paths.get(key).map_or(&quiet, |path| &path.backoff))
    }

    /// Recipients of one transaction to a place.
    pub fn recipients(&self, place: &str) -> u32 {
        self.terms(place).recipients.limit
    }

    /// Counts one more connection, where there is room for it.
    pub fn connect(&mut self, key: &PathKey, now: Timestamp) -> bool {
        let room = self.limits(key).connections;
        let path = self.path(key, now);
        let fits = path.open < room;
        path.open += u32::from(fits);
        fits
    }

    /// A connection is closed.
    pub fn disconnect(&mut self, key: &PathKey) {
        if let Some(path) = self.paths.get_mut(key) {
            path.open = path.open.saturating_sub(1);
        }
    }

    /// Something was heard in an attempt begun at `began_at`. Tells whether the pace changed.
    pub fn hear(&mut self, key: &PathKey, heard: Heard<'_>, began_at: Timestamp, now: Timestamp) -> bool {
        let manners = self.terms(&key.place).manners;
        let path = self.path(key, now);
        let pace = path.recent.per_minute(now);
        let changed = match heard {
            Heard::Taken => path.backoff.taken(pace, &manners, began_at, now),
            Heard::Said { verdict, host, reply } if says_too_much(verdict) => {
                let evidence = evidence(verdict.cause, host, reply);
                path.backoff.too_much(evidence, pace, &manners, began_at, now)
            }
            Heard::Said { .. } => {
                path.backoff.answered(began_at);
                false
            }
            Heard::Closed { door, host, reply } => {
                path.backoff.closed(evidence(Cause::Network, host, reply), door, pace, began_at, now)
            }
        };
        if changed {
            let (mut minute, mut hour) = (path.minute.clone(), path.hour.clone());
            let limits = self.limits(key);
            retune(&mut minute, &mut hour, &limits, now);
            let path = self.path(key, now);
            (path.minute, path.hour) = (minute, hour);
            self.changed_paths.insert(key.clone());
        }
        changed
    }

    /// What people call a place.
    pub fn title(&self, place: &str) -> String {
        let terms = self.terms(place);
        match smarthost_of(place) {
            Some(host) => host.to_owned(),
            None if &*terms.name == provider::DEFAULT => place.to_owned(),
            None => terms.title.clone(),
        }
    }

    /// The terms of a place.
    pub fn terms(&self, place: &str) -> &Arc<Terms> {
        self.settings.providers.named(place)
    }

    /// Every path that something is known of.
    pub fn view(&self, now: Timestamp) -> Vec<PathView> {
        self.paths.iter().map(|(key, path)| self.view_of(key, path, now)).collect()
    }

    /// One path.
    pub fn view_of_path(&self, key: &PathKey, now: Timestamp) -> Option<PathView> {
        self.paths.get(key).map(|path| self.view_of(key, path, now))
    }

    fn view_of(&self, key: &PathKey, path: &Path, now: Timestamp) -> PathView {
        let plan = self.settings.warm_ups.get(&*key.source).filter(|_| smarthost_of(&key.place).is_none());
        let warm_up = plan.and_then(|plan| Some((plan.day(now)?, plan.allowance(&key.place, now)?)));
        PathView {
            source: key.source.to_string(),
            place: key.place.to_string(),
            provider: self.terms(&key.place).name.to_string(),
            limits: self.limits(key),
            share: path.backoff.share(),
            paused_until: path.backoff.paused_until(now),
            reason: path.backoff.reason().filter(|_| !path.backoff.is_quiet(now)).cloned(),
            changes: path.backoff.changes().cloned().collect(),
            under_way: path.under_way,
            open: path.open,
            last_minute: path.recent.per_minute(now),
            today: Gone::today(path.gone, now),
            warm_up,
            overflow: plan.filter(|_| warm_up.is_some()).map(|plan| plan.overflow.as_str().to_owned()),
        }
    }

    /// What has to be written since the last time.
    pub fn take_changes(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        for key in std::mem::take(&mut self.changed_paths) {
            let kept = self.paths.get(&key).map(|path| Kept {
                source: key.source.to_string(),
                place: key.place.to_string(),
                backoff: path.backoff.clone(),
                gone: path.gone,
            });
            let name = format!("path/{}/{}", key.source, key.place);
            lines.push((name, kept.and_then(|kept| serde_json::to_value(kept).ok())));
        }
        for hop in std::mem::take(&mut self.changed_hops) {
            let seen = self.hops.get(&hop).and_then(|seen| serde_json::to_value(seen).ok());
            lines.push((format!("hop/{hop}"), seen));
        }
        lines
    }

    /// Takes up what was written once. Lines of an older form are passed over: all they cost is a memory.
    pub fn restore(&mut self, lines: impl IntoIterator<Item = (String, serde_json::Value)>, now: Timestamp) {
        for (key, value) in lines {
            if let Some(hop) = key.strip_prefix("hop/") {
                if let Ok(seen) = serde_json::from_value::<Seen>(value) {
                    self.hops.restore(hop.to_owned(), seen);
                }
            } else if let Ok(Kept { source, place, backoff, gone }) = serde_json::from_value(value)
                && self.paths.len() < MOST_PATHS
            {
                let key = PathKey { source: source.into(), place: place.into() };
                self.paths.insert(key.clone(), Path { backoff, gone, ..Path::default() });
                self.path(&key, now);
            }
        }
    }

    fn path(&mut self, key: &PathKey, now: Timestamp) -> &mut Path {
        if !self.paths.contains_key(key) {
            self.make_room(now);
        }
        let limits = self.limits(key);
        let path = self.paths.entry(key.clone()).or_default();
        if path.backoff.forgive(now) {
            self.changed_paths.insert(key.clone());
        }
        retune(&mut path.minute, &mut path.hour, &limits, now);
        path
    }

    /// Forgets paths that have nothing to tell, and where that is not enough, those used longest ago.
    fn make_room(&mut self, now: Timestamp) {
        if self.paths.len() < MOST_PATHS {
            return;
        }
        let idle = |path: &Path| path.under_way == 0 && path.open == 0;
        let mut times: Vec<_> =
            self.paths.values().filter(|path| idle(path)).map(|path| path.used_at).collect();
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().flatten();
        let quiet = |path: &Path| path.backoff.is_quiet(now) && Gone::today(path.gone, now) == 0;
        let old: BTreeSet<PathKey> = self
            .paths
            .iter()
            .filter(|(_, path)| idle(path) && (quiet(path) || path.used_at <= middle))
            .map(|(key, _)| key.clone())
            .collect();
        self.paths.retain(|key, _| !old.contains(key));
        self.changed_paths.extend(old);
    }
}

/// What of the table's limits is in use.
fn limits(terms: &Terms, backoff: &Backoff) -> Limits {
    let share = |limit: u32| {
        let part = u64::from(limit) * u64::from(backoff.share()) / u64::from(super::backoff::FULL);
        u32::try_from(part).unwrap_or(limit).max(1)
    };
    let set = |limit: &Option<provider::Limit>| limit.as_ref().map(|limit| limit.limit);
    let per_minute = match (set(&terms.per_minute), backoff.base()) {
        (Some(limit), Some(base)) => Some(limit.min(base)),
        (limit, base) => limit.or(base),
    };
    Limits {
        connections: if backoff.is_probing() { 1 } else { share(terms.connections.limit) },
        messages_per_connection: terms.messages_per_connection.limit,
        recipients: terms.recipients.limit,
        per_minute: per_minute.map(share),
        per_hour: set(&terms.per_hour).map(share),
    }
}

fn retune(minute: &mut Pace, hour: &mut Pace, limits: &Limits, now: Timestamp) {
    minute.retune(limits.per_minute.map(Rate::per_minute), now);
    hour.retune(limits.per_hour.map(Rate::per_hour), now);
}

/// Whether a refusal is about how much or who we are, and passes: not one about a message, a mailbox, or a test with greylisting.
fn says_too_much(verdict: &Verdict) -> bool {
    matches!(verdict.cause, Cause::Rate | Cause::Reputation)
        && verdict.about != About::Recipient
        && verdict.retry()
}

fn evidence(cause: Cause, host: &str, reply: &str) -> Evidence {
    Evidence { cause, host: host.to_owned(), reply: reply.chars().take(REPLY).collect() }
}

/// How many went in the last minutes.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    minute: i64,
    now: u32,
    before: u32,
}

impl Recent {
    fn add(&mut self, now: Timestamp) {
        let minute = now.as_second().div_euclid(60);
        if minute != self.minute {
            self.before = if minute == self.minute + 1 { self.now } else { 0 };
            (self.minute, self.now) = (minute, 0);
        }
        self.now = self.now.saturating_add(1);
    }

    /// The larger of this minute and the one before it.
    fn per_minute(self, now: Timestamp) -> u32 {
        match now.as_second().div_euclid(60) - self.minute {
            0 => self.now.max(self.before),
            1 => self.now,
            _ => 0,
        }
    }
}
