//! The gate of a story: the real holds over the real shaper, with somebody beside it who keeps count.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_queue::gate::{Admission, Gate, GateFacts};
use tegami_queue::shaping::{PathKey, Shaping};
use tegami_queue::{HoldSubject, Holds, Outcome};

use crate::world::{World, beginning};

/// A rule of an operator's, as they know it.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) subject: HoldSubject,
    /// In force since then for certain; `None` where nobody can say.
    pub(crate) since: Option<Timestamp>,
}

/// A job that may begin.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    pub(crate) lane: Arc<str>,
    /// From where to where, in shaped worlds.
    pub(crate) path: Option<PathKey>,
}

/// The gate, and who looks at what it says.
pub(crate) struct WatchedGate {
    pub(crate) world: Arc<World>,
    pub(crate) inner: Arc<Holds>,
    pub(crate) shaping: Option<Arc<Shaping>>,
}

impl std::fmt::Debug for WatchedGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchedGate").finish_non_exhaustive()
    }
}

impl Gate for WatchedGate {
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str> {
        self.inner.lane(job)
    }

    fn place(&self, next_hop: &str) -> Arc<str> {
        self.inner.place(next_hop)
    }

    fn moved(&self) -> Vec<String> {
        let (moved, now) = (self.inner.moved(), self.world.now());
        let mut watch = self.world.watch();
        for next_hop in moved.iter().map(String::as_str) {
            // Until now its mail waited where it was thought to belong.
            watch.stop(next_hop, next_hop, now);
        }
        moved
    }

    fn room(&self, lane: &str) -> Option<usize> {
        self.inner.room(lane)
    }

    fn recipients(&self, lane: &str) -> Option<usize> {
        self.inner.recipients(lane)
    }

    fn admit(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        let answer = self.inner.admit(lane, job, now);
        match &answer {
            Admission::Go => self.goes(lane, job, now),
            Admission::NotBefore { until, because, .. } => {
                self.world.tell(|| format!("gate: {} not before {until}: {}", job.next_hop, because.id));
                self.world.watch().stop(lane, job.next_hop, *until);
            }
            Admission::Held { because, .. } => {
                self.world.tell(|| format!("gate: {} held: {}", job.next_hop, because.id));
                self.world.watch().stop(lane, job.next_hop, now);
            }
        }
        answer
    }

    fn look(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        self.inner.look(lane, job, now)
    }

    fn finished(&self, lane: &str, job: &GateFacts<'_>, outcome: Option<&Outcome>, now: Timestamp) {
        self.inner.finished(lane, job, outcome, now);
        let mut watch = self.world.watch();
        if outcome.is_none() {
            // It never came to an attempt, or it broke off.
            watch.admitted(job.number);
        }
        watch.freed.insert(lane.to_owned(), now);
        if let Some(until) = outcome.and_then(|outcome| outcome.put_back) {
            watch.stop(lane, job.next_hop, until);
        }
    }
}

impl WatchedGate {
    fn goes(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) {
        let mut broken = Vec::new();
        let mut watch = self.world.watch();
        for (id, standing) in &watch.rules {
            if standing.since.is_some_and(|since| since < now) && self.is_about(&standing.subject, job) {
                broken.push(format!("mail to {} goes though {id} holds it", job.next_hop));
            }
        }
        let path = self.shaping.as_ref().map(|shaping| shaping.course(job, now).path);
        let admitted = Admitted { lane: lane.into(), path: path.clone() };
        watch.admissions.extend(job.number.map(|number| (number, admitted)));
        if let Some(path) = path {
            watch.gone.entry(path.clone()).or_default().push(now);
            let gone = watch.gone[&path].clone();
            let quiet = watch.quiet.get(&path).copied();
            let back = watch.put_back.get(&path).copied().unwrap_or_default();
            broken.extend(self.faults_of(&path, (&gone, back), quiet, now));
        }
        drop(watch);
        broken.into_iter().for_each(|what| self.world.broken(what));
    }

    /// What is wrong with one more going on this path now.
    fn faults_of(
        &self,
        path: &PathKey,
        (gone, back): (&[Timestamp], usize),
        quiet: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<String> {
        let Some(plan) = &self.world.plan.shape else { return Vec::new() };
        let lane = path.lane();
        let mut faults = Vec::new();
        if let Some(table) = plan.table(&path.place) {
            let minute = (&table.per_minute, 60, "minute");
            let hour = (&table.per_hour, 3600, "hour");
            for (limit, seconds, word) in [minute, hour] {
                let begin = now - Duration::from_secs(seconds);
                let count = gone.iter().filter(|moment| **moment > begin).count();
                if let Some(limit) = limit.as_ref().filter(|limit| count > limit.limit as usize) {
                    faults.push(format!("{count} in a {word} on {lane}, and {} are allowed", limit.limit));
                }
            }
        }
        let back = back.min(gone.len());
        if let Some(allowance) =
            plan.first_day(&path.source).filter(|_| !path.place.starts_with("smarthost:"))
            && now < tomorrow()
            && gone.len() - back > allowance as usize
        {
            faults.push(format!(
                "{} on the first day of {lane}, and {allowance} are allowed",
                gone.len() - back
            ));
        }
        if let Some(until) = quiet.filter(|until| now < *until) {
            faults.push(format!("mail goes on {lane} before {until}, though it was too much"));
        }
        faults
    }

    fn is_about(&self, subject: &HoldSubject, job: &GateFacts<'_>) -> bool {
        match subject {
            HoldSubject::Domain(domain) => job.next_hop == domain,
            HoldSubject::Provider(place) => *self.inner.place(job.next_hop) == **place,
            HoldSubject::Account(account) => job.facts.account.as_ref() == Some(account),
            HoldSubject::Sender(domain) => job.facts.sender_domain == *domain,
            HoldSubject::Tag(tag) => job.facts.tags.contains(tag),
        }
    }
}

/// When the second day of every story begins.
fn tomorrow() -> Timestamp {
    let today = beginning().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.tomorrow().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
}
