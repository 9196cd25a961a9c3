//! Examinations by the doctor: begun here, watched while they run, kept to be compared with later ones.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tegami_dns::Resolver;
use tegami_doctor::memory::{Changed, Memory, rows_of_json};
use tegami_doctor::provider::{self, Provider};
use tegami_doctor::{Asked, Case, Examination, Known, Probes, Purpose, Reach};
use tegami_mail::{Address, Clock, Domain};
use tegami_store::{Store, StoreError, Table};
use tokio::sync::watch;

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
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    resolver: Arc<dyn Resolver>,
    probes: Arc<dyn Probes>,
    settings: CheckupSettings,
    running: Mutex<BTreeMap<Patient, watch::Receiver<Pulse>>>,
}

impl Checkups {
    /// A practice of its own.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolver>,
        probes: Arc<dyn Probes>,
        settings: CheckupSettings,
    ) -> Self {
        Self { store, clock, resolver, probes, settings, running: Mutex::default() }
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
        let now = self.clock.now();
        let mut known = Known::nothing(now, self.settings.reach);
        if ours {
            known.purpose = Purpose::Sends;
            known.sources.clone_from(&self.settings.sources);
            known.helo = self.settings.helo.as_ref().map(Domain::to_string);
        }
        let case = Case {
            asked: Arc::new(Asked::new(Arc::clone(&self.resolver))),
            probes: Arc::clone(&self.probes),
            known,
        };
        let examination = match patient {
            Patient::Domain(domain) => tegami_doctor::domain(domain, case, told).await,
            Patient::Address(ip) => tegami_doctor::address(*ip, case, told).await,
        };
        self.keep(&examination).await
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

    async fn keep(&self, examination: &Examination) -> Result<Checkup, StoreError> {
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
        };
        let row = serde_json::to_value(&checkup).map_err(|error| StoreError::Unusable(error.to_string()))?;
        self.store.put(Table::Checkups, vec![(key(&checkup.subject, checkup.at), row)]).await?;
        let kept = self.keys(&checkup.subject).await?;
        let old: Vec<String> = kept.iter().take(kept.len().saturating_sub(KEPT)).cloned().collect();
        if !old.is_empty() {
            self.store.delete(Table::Checkups, old).await?;
        }
        Ok(checkup)
    }

    async fn keys(&self, subject: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.store.scan(Table::Checkups, &format!("{subject}/"), None, PAGE).await?;
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
        let rows = self.store.scan(Table::Checkups, &format!("{subject}/"), None, PAGE).await?;
        Ok(rows.into_iter().rev().filter_map(|(_, row)| serde_json::from_value(row).ok()).collect())
    }

    /// The newest examination of everybody who was examined, by name; `most` of them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn newest(&self, most: usize) -> Result<Vec<Checkup>, StoreError> {
        let (mut after, mut newest) = (None::<String>, BTreeMap::new());
        loop {
            let rows = self.store.scan(Table::Checkups, "", after.as_deref(), PAGE).await?;
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

/// By subject, then by time: whole seconds and milliseconds have a fixed width until the year 2286.
fn key(subject: &str, at: Timestamp) -> String {
    format!("{subject}/{:013}", at.as_millisecond())
}
