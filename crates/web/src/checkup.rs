//! Examinations by the doctor: begun here, watched while they run, kept to be compared with later ones.

mod ours;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tegami_dns::Resolver;
use tegami_doctor::memory::{Changed, Memory, rows_of_json};
use tegami_doctor::provider::{self, Provider};
use tegami_doctor::rbl::Lists;
use tegami_doctor::{Asked, Case, Examination, Known, Probes, Reach, StsBefore};
use tegami_mail::{Address, Clock, Domain};
use tegami_store::{StoreError, Table};
use tokio::sync::watch;

pub use ours::Registry;

/// Examinations at the same time.
const MOST_AT_ONCE: usize = 4;
/// Examinations of one subject that are kept.
const KEPT: usize = 50;
/// Rows that are read at once.
const PAGE: usize = 500;

/// Of whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Patient {
    /// A domain.
    Domain(Domain),
    /// An address that sends mail.
    Address(IpAddr),
}

/// A text that names nobody who could be examined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a domain nor an address")]
pub struct NoPatient(pub String);

impl std::str::FromStr for Patient {
    type Err = NoPatient;

    /// A domain, an IP address, or a mail address, of which its domain alone is used.
    fn from_str(text: &str) -> Result<Self, NoPatient> {
        let text = text.trim();
        if let Ok(ip) = text.parse() {
            return Ok(Self::Address(ip));
        }
        let of_mail = Address::parse(text).ok().and_then(|address| address.domain().cloned());
        let domain = of_mail.or_else(|| Domain::parse(text).ok());
        domain.map(Self::Domain).ok_or_else(|| NoPatient(text.to_owned()))
    }
}

impl std::fmt::Display for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Address(ip) => ip.fmt(f),
        }
    }
}

/// What the doctor goes by.
#[derive(Clone, Debug)]
pub struct CheckupSettings {
    /// Which addresses count as somebody's.
    pub reach: Reach,
    /// The addresses that our mail leaves from; they are looked at with every domain of ours.
    pub sources: Vec<IpAddr>,
    /// The name under which they introduce themselves.
    pub helo: Option<Domain>,
    /// The lists of reputation that are asked.
    pub lists: Arc<Lists>,
}

/// An examination that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkup {
    /// When it ended, which names it among those of its subject.
    pub at: Timestamp,
    /// Of whom.
    pub subject: String,
    /// How many findings came out how.
    pub summary: BTreeMap<String, u64>,
    /// Everything, as [`tegami_doctor::json`] writes it, with notes for sentences.
    pub examination: Value,
    /// What the DNS was asked, a line each.
    pub questions: Vec<String>,
    /// The MTA-STS policy that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts: Option<StsBefore>,
}

/// An examination beside those before it.
#[derive(Clone, Debug)]
pub struct Watched {
    /// What was found.
    pub checkup: Checkup,
    /// What is worse or better; nothing at the first time.
    pub changes: Vec<Changed>,
    /// Nobody looked before.
    pub first: bool,
}

/// How far an examination is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Families of checks that have ended, in the order in which they did.
    pub families: Vec<String>,
    /// How many there are.
    pub of: usize,
    /// Findings so far that want something changed.
    pub bad: usize,
}

/// The doctor's practice.
pub struct Checkups {
    registry: Registry,
    clock: Arc<dyn Clock>,
    resolver: Arc<dyn Resolver>,
    probes: Arc<dyn Probes>,
    settings: CheckupSettings,
    running: Mutex<BTreeMap<Patient, watch::Receiver<Pulse>>>,
}

impl Checkups {
    /// A practice of its own.
    pub fn new(
        registry: Registry,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolver>,
        probes: Arc<dyn Probes>,
        settings: CheckupSettings,
    ) -> Self {
        Self { registry, clock, resolver, probes, settings, running: Mutex::default() }
    }

    /// Examines somebody and keeps what was found; `ours` where it is a domain of ours.
    ///
    /// # Errors
    /// It could not be kept.
    pub async fn examine(
        &self,
        patient: &Patient,
        ours: bool,
        told: tegami_doctor::Told<'_>,
    ) -> Result<Checkup, StoreError> {
        let known = self.known(patient, ours).await?;
        let sts_before = known.sts_before.clone();
        let case = Case {
            asked: Arc::new(Asked::new(Arc::clone(&self.resolver))),
            probes: Arc::clone(&self.probes),
            known,
        };
        let examination = match patient {
            Patient::Domain(domain) => tegami_doctor::domain(domain, case, told).await,
            Patient::Address(ip) => tegami_doctor::address(*ip, case, told).await,
        };
        self.keep(&examination, sts_before).await
    }

    /// What is known of somebody before anybody looks.
    async fn known(&self, patient: &Patient, ours: bool) -> Result<Known, StoreError> {
        let mut known = Known::nothing(self.clock.now(), self.settings.reach);
        known.lists = Arc::clone(&self.settings.lists);
        known.sts_before = self.newest_of(&patient.to_string()).await?.and_then(|checkup| checkup.sts);
        if ours {
            known.sources.clone_from(&self.settings.sources);
            known.helo = self.settings.helo.as_ref().map(Domain::to_string);
        }
        if let (Patient::Domain(domain), true) = (patient, ours) {
            self.registry.tell(domain, &mut known).await;
        }
        Ok(known)
    }

    /// Examines a domain or an address of ours, keeps what was found, and compares it with all that is remembered.
    ///
    /// # Errors
    /// The store failed.
    pub async fn watch(&self, patient: &Patient) -> Result<Watched, StoreError> {
        let mut memory = Memory::default();
        let history = self.history(&patient.to_string()).await?;
        for checkup in history.iter().rev() {
            memory.learn(&rows_of_json(&checkup.examination));
        }
        let checkup = self.examine(patient, true, &|_| {}).await?;
        let first = history.is_empty();
        let rows = rows_of_json(&checkup.examination);
        let changes = if first { Vec::new() } else { memory.changes(&rows) };
        Ok(Watched { checkup, changes, first })
    }

    async fn keep(
        &self,
        examination: &Examination,
        sts_before: Option<StsBefore>,
    ) -> Result<Checkup, StoreError> {
        let mut value = tegami_doctor::json::examination(examination);
        if let Some(members) = value.as_object_mut() {
            let verdict = |one| provider::verdict(one, &examination.findings).to_json();
            members.insert("providers".to_owned(), Provider::ALL.map(verdict).to_vec().into());
        }
        let summary = value.get("summary").cloned().unwrap_or_default();
        let checkup = Checkup {
            at: self.clock.now(),
            subject: examination.subject.clone(),
            summary: serde_json::from_value(summary).unwrap_or_default(),
            examination: value,
            questions: examination.questions.iter().map(tegami_doctor::Question::line).collect(),
            sts: remembered(sts_before, examination.sts.clone()),
        };
        let row = serde_json::to_value(&checkup).map_err(|error| StoreError::Unusable(error.to_string()))?;
        self.registry.store.put(Table::Checkups, vec![(key(&checkup.subject, checkup.at), row)]).await?;
        let kept = self.keys(&checkup.subject).await?;
        let old: Vec<String> = kept.iter().take(kept.len().saturating_sub(KEPT)).cloned().collect();
        if !old.is_empty() {
            self.registry.store.delete(Table::Checkups, old).await?;
        }
        Ok(checkup)
    }

    async fn keys(&self, subject: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.registry.store.scan(Table::Checkups, &format!("{subject}/"), None, PAGE).await?;
        Ok(rows.into_iter().map(|(key, _)| key).collect())
    }

    /// Begins an examination that goes on by itself, unless one of the same subject runs already; `false` where there are too many.
    pub fn begin(self: &Arc<Self>, patient: Patient, ours: bool) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(&patient) {
            return true;
        }
        if running.len() >= MOST_AT_ONCE {
            return false;
        }
        let (pulse, watched) = watch::channel(Pulse::default());
        running.insert(patient.clone(), watched);
        let practice = Arc::clone(self);
        tokio::spawn(async move {
            // However it ends, also by a panic, the place is given back.
            let _place = Place { practice: &practice, patient: &patient };
            let told = |progress: tegami_doctor::Progress<'_>| {
                pulse.send_modify(|pulse| {
                    pulse.families.push(progress.family.to_owned());
                    pulse.of = progress.of;
                    let bad = |finding: &&tegami_doctor::Finding| finding.state >= tegami_doctor::State::Warn;
                    pulse.bad += progress.findings.iter().filter(bad).count();
                });
            };
            if let Err(error) = practice.examine(&patient, ours, &told).await {
                tracing::error!(%error, %patient, "an examination could not be kept");
            }
        });
        true
    }

    /// How far the examination of a subject is, while one runs.
    pub fn pulse(&self, patient: &Patient) -> Option<Pulse> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(patient).map(|watched| watched.borrow().clone())
    }

    /// Waits until the examination of a subject that runs has ended.
    pub async fn ended(&self, patient: &Patient) {
        let watched = {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.get(patient).cloned()
        };
        if let Some(mut watched) = watched {
            while watched.changed().await.is_ok() {}
        }
    }

    /// The examinations of a subject, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn history(&self, subject: &str) -> Result<Vec<Checkup>, StoreError> {
        let rows = self.registry.store.scan(Table::Checkups, &format!("{subject}/"), None, PAGE).await?;
        Ok(rows.into_iter().rev().filter_map(|(_, row)| serde_json::from_value(row).ok()).collect())
    }

    async fn newest_of(&self, subject: &str) -> Result<Option<Checkup>, StoreError> {
        let Some(key) = self.keys(subject).await?.pop() else { return Ok(None) };
        let row = self.registry.store.get(Table::Checkups, &key).await?;
        Ok(row.and_then(|row| serde_json::from_value(row).ok()))
    }

    /// The newest examination of everybody who was examined, by name; `most` of them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn newest(&self, most: usize) -> Result<Vec<Checkup>, StoreError> {
        let (mut after, mut newest) = (None::<String>, BTreeMap::new());
        loop {
            let rows = self.registry.store.scan(Table::Checkups, "", after.as_deref(), PAGE).await?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (key, row) in rows {
                let subject = key.rsplit_once('/').map(|(subject, _)| subject.to_owned()).unwrap_or_default();
                if newest.len() < most || newest.contains_key(&subject) {
                    newest.insert(subject, row);
                }
            }
        }
        Ok(newest.into_values().filter_map(|row| serde_json::from_value(row).ok()).collect())
    }
}

/// The place of an examination among those that run.
struct Place<'p> {
    practice: &'p Checkups,
    patient: &'p Patient,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.practice.running.lock().unwrap_or_else(PoisonError::into_inner).remove(self.patient);
    }
}

/// Under one identifier the first policy counts: a file that changed without it stays wrong however often somebody looks.
fn remembered(before: Option<StsBefore>, seen: Option<StsBefore>) -> Option<StsBefore> {
    let same = |before: &StsBefore| seen.as_ref().is_none_or(|seen| seen.id == before.id);
    before.filter(same).or(seen)
}

/// By subject, then by time: whole seconds and milliseconds have a fixed width until the year 2286.
fn key(subject: &str, at: Timestamp) -> String {
    format!("{subject}/{:013}", at.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_changed_under_its_identifier_is_not_forgotten() {
        let policy = |id: &str, text: &str| Some(StsBefore { id: id.to_owned(), policy: text.into() });
        assert_eq!(remembered(None, policy("1", "a")), policy("1", "a"));
        assert_eq!(remembered(policy("1", "a"), policy("1", "b")), policy("1", "a"));
        assert_eq!(remembered(policy("1", "a"), policy("2", "b")), policy("2", "b"));
        // Nobody could fetch it this time.
        assert_eq!(remembered(policy("1", "a"), None), policy("1", "a"));
        assert_eq!(remembered(None, None), None);
    }
}
