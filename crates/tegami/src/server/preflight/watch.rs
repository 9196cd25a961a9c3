//! Pre-flight on a running server: what is asked before a message is kept, what is looked at afterwards, and who is told.
//!
//! What waits to be looked at is known by its identifier alone and read from the store when its turn comes, one after another: no flood of mail costs memory
//! or holds up intake.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tegami_auth::finding::State;
use tegami_doctor::memory::{Changed, Memory, Row, rows};
use tegami_doctor::preflight::{decides, refusal, status};
use tegami_doctor::{Examination, catalogue};
use tegami_inbound::Shutdown;
use tegami_mail::{Clock, note};
use tegami_queue::{Departure, JUDGEMENT, Kept, Preflight, Unfit};
use tegami_store::{BoxFuture, EventKind, NewEvent, StoreError, Table};
use tegami_web::Checkup;
use tegami_words::Language;
use tokio::sync::{mpsc, watch};

use super::{Desk, Judgement};
use crate::config::Config;
use crate::server::monitor;
use crate::server::practice::Practice;
use crate::server::{House, Rooms};

/// How long a submitter waits for a verdict before the message is let through.
const PATIENCE: Duration = Duration::from_secs(20);
/// Messages that wait to be looked at as samples.
const MOST_SAMPLES: usize = 64;
/// Messages in test mode that wait to be looked at; of a flood, the rest is not judged.
const MOST_TESTS: usize = 4096;
/// Domains whose last sample is remembered.
const MOST_DOMAINS: usize = 10_000;

/// What is counted of pre-flight.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    messages: Family<[(&'static str, &'static str); 2], Counter>,
}

impl Metrics {
    /// Has the counters told under `registry`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let help =
            "Messages of ours that were judged as their receivers see them, by why and by what came out";
        registry.register("preflight_messages", help, self.messages.clone());
    }

    fn count(&self, why: &'static str, examination: &Examination) {
        let open =
            |finding: &tegami_doctor::Finding| finding.state == State::Unknown && decides(finding.check);
        let came = match refusal(&examination.findings) {
            Some(_) => "fails",
            None if examination.findings.iter().any(open) => "open",
            None => "well",
        };
        self.messages.get_or_create(&[("why", why), ("came", came)]).inc();
    }
}

/// When each domain's mail was looked at last.
#[derive(Debug, Default)]
struct Samples(BTreeMap<String, Timestamp>);

impl Samples {
    /// Whether a message of this domain is the first in so long; if so, it is the sample.
    fn take(&mut self, domain: &str, now: Timestamp, every: Duration) -> bool {
        let recent = |last: &Timestamp| {
            Duration::try_from(now.duration_since(*last)).is_ok_and(|passed| passed < every)
        };
        if self.0.get(domain).is_some_and(recent) {
            return false;
        }
        if self.0.len() >= MOST_DOMAINS {
            self.0.retain(|_, last| recent(last));
        }
        let has_room = self.0.len() < MOST_DOMAINS;
        if has_room {
            self.0.insert(domain.to_owned(), now);
        }
        has_room
    }
}

/// Where messages are put that shall be looked at.
#[derive(Clone)]
pub(crate) struct Line {
    samples: mpsc::Sender<Kept>,
    tests: mpsc::Sender<Kept>,
    last: Arc<Mutex<Samples>>,
}

/// What was put there.
pub(crate) struct Waiting {
    samples: mpsc::Receiver<Kept>,
    tests: mpsc::Receiver<Kept>,
}

/// Both ends.
pub(crate) fn line() -> (Line, Waiting) {
    let (samples, of_samples) = mpsc::channel(MOST_SAMPLES);
    let (tests, of_tests) = mpsc::channel(MOST_TESTS);
    let last = Arc::default();
    (Line { samples, tests, last }, Waiting { samples: of_samples, tests: of_tests })
}

/// Who stands at intake.
pub(crate) struct Guard {
    desk: Desk,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    refuses: bool,
    sample: Option<Duration>,
    /// `None` where nobody looks at anything afterwards.
    line: Option<Line>,
}

impl Guard {
    /// As the configuration has it.
    pub(crate) fn new(rooms: &Rooms, practice: &Practice, config: &Config, line: Option<Line>) -> Arc<Self> {
        Arc::new(Self {
            desk: Desk::new(rooms, practice, config),
            clock: Arc::clone(&rooms.clock),
            metrics: rooms.meters.preflight.clone(),
            refuses: config.preflight.refuse,
            sample: config.preflight.sample,
            line,
        })
    }

    async fn fitness(&self, departure: &Departure) -> Result<(), Unfit> {
        if !departure.leaves {
            return Ok(());
        }
        let Ok(judgement) = tokio::time::timeout(PATIENCE, self.desk.glance(departure)).await else {
            tracing::warn!(target: "tegami::doctor", "a message was not judged in time before it was kept");
            return Ok(());
        };
        self.metrics.count("intake", &judgement.examination);
        let Some(finding) = refusal(&judgement.examination.findings) else { return Ok(()) };
        Err(Unfit {
            check: finding.check.id.to_owned(),
            status: status(finding.check),
            sentence: tegami_words::note(Language::English, &finding.note),
            note: finding.note.clone(),
        })
    }
}

impl Preflight for Guard {
    fn is_strict(&self) -> bool {
        self.refuses
    }

    fn admit(&self, departure: Departure) -> BoxFuture<'_, Result<(), Unfit>> {
        Box::pin(async move { self.fitness(&departure).await })
    }

    fn kept(&self, kept: Kept) {
        let Some(line) = &self.line else { return };
        if kept.test_mode {
            if let Err(error) = line.tests.try_send(kept) {
                tracing::debug!(target: "tegami::doctor", %error, "a message in test mode is not judged");
            }
            return;
        }
        let Some(every) = self.sample else { return };
        let Ok(place) = line.samples.try_reserve() else { return };
        let mut last = line.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.take(&kept.domain, self.clock.now(), every) {
            place.send(kept);
        }
    }
}

/// Looks at what waits until `shutdown`.
pub(crate) async fn look_on(house: watch::Receiver<House>, waiting: Waiting, mut shutdown: Shutdown) {
    let Waiting { mut samples, mut tests } = waiting;
    loop {
        let kept = tokio::select! {
            biased;
            () = shutdown.requested() => return,
            Some(kept) = samples.recv() => kept,
            Some(kept) = tests.recv() => kept,
            else => return,
        };
        let House { rooms, config, practice, .. } = house.borrow().clone();
        let done = tokio::select! {
            () = shutdown.requested() => return,
            done = look_at(&kept, &rooms, &config, &practice) => done,
        };
        if let Err(error) = done {
            tracing::warn!(target: "tegami::doctor", %error, message = %kept.id, "a message of ours could not be judged");
        }
    }
}

async fn look_at(kept: &Kept, rooms: &Rooms, config: &Config, practice: &Practice) -> Result<(), StoreError> {
    let departure = match rooms.intake.departed(kept.id).await {
        Ok(departure) => departure,
        // It was delivered and forgotten meanwhile.
        Err(StoreError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let desk = Desk::new(rooms, practice, config);
    if kept.test_mode {
        let judgement = desk.judge(&departure).await;
        rooms.meters.preflight.count("test", &judgement.examination);
        let data = json!({"subject": kept.domain, JUDGEMENT: judgement.to_json()});
        return rooms.store.record(vec![event(kept, rooms.clock.now(), data)]).await;
    }
    let judgement = desk.glance(&departure).await;
    rooms.meters.preflight.count("sample", &judgement.examination);
    remember(kept, judgement, rooms, config).await
}

fn event(kept: &Kept, at: Timestamp, data: Value) -> NewEvent {
    NewEvent {
        kind: EventKind::Examined,
        at,
        domain: kept.domain.clone(),
        message: Some(kept.id),
        recipient: None,
        data: data.into(),
    }
}

/// Compares a sample with what is remembered of its domain, and tells what is worse or better.
async fn remember(
    kept: &Kept,
    judgement: Judgement,
    rooms: &Rooms,
    config: &Config,
) -> Result<(), StoreError> {
    let domain = &kept.domain;
    let key = format!("preflight/{domain}");
    let before = rooms.store.get(Table::Values, &key).await?;
    let before: Vec<Row> = before.and_then(|rows| serde_json::from_value(rows).ok()).unwrap_or_default();
    let examination = of_domain(judgement.examination, domain);
    let (changes, known) = compared(&before, &rows(&examination));
    let at = rooms.clock.now();
    if !changes.is_empty() {
        let failing = examination.findings.iter();
        let failing = failing.filter(|one| one.state == State::Fail && decides(one.check));
        let data = json!({
            "subject": domain,
            "sampled": true,
            "changes": changes.iter().map(Changed::as_json).collect::<Vec<_>>(),
            "findings": failing.map(tegami_doctor::json::finding).collect::<Vec<_>>(),
        });
        rooms.store.record(vec![event(kept, at, data)]).await?;
    }
    if known != before {
        rooms.store.put(Table::Values, vec![(key, json!(known))]).await?;
    }
    if !changes.is_empty() {
        log(kept, &changes);
        tell(kept, &examination, &changes, (rooms, config), at).await;
    }
    Ok(())
}

/// The same findings, of the domain and no longer of one of its messages.
fn of_domain(mut examination: Examination, domain: &str) -> Examination {
    domain.clone_into(&mut examination.subject);
    examination.findings.iter_mut().for_each(|finding| domain.clone_into(&mut finding.subject));
    examination
}

/// Which of the failures that decide have come or gone, and what is to be remembered. What could not be looked at this time stays as it was.
fn compared(before: &[Row], now: &[Row]) -> (Vec<Changed>, Vec<Row>) {
    let decisive = |row: &Row| catalogue::find(&row.id).is_some_and(decides);
    let fails = |row: &Option<Row>| row.as_ref().is_some_and(|row| row.state == "fail");
    let mut memory = Memory::of(before);
    let mut changes = memory.changes(now);
    changes
        .retain(|change| change.row().is_some_and(decisive) && (fails(&change.before) || fails(&change.now)));
    memory.learn(now);
    (changes, memory.known().filter(|row| decisive(row)).cloned().collect())
}

fn log(kept: &Kept, changes: &[Changed]) {
    let checks = |worse: bool| {
        let of = changes.iter().filter(|change| change.worse == worse).filter_map(Changed::row);
        of.map(|row| row.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    let (worse, better) = (checks(true), checks(false));
    let (domain, message) = (&kept.domain, kept.id.to_string());
    if !worse.is_empty() {
        tracing::warn!(target: "tegami::doctor", domain, message, checks = worse, "receivers may refuse mail of this domain");
    }
    if !better.is_empty() {
        tracing::info!(target: "tegami::doctor", domain, message, checks = better, "mended for mail of this domain");
    }
}

/// Writes to whoever looks after the server.
async fn tell(
    kept: &Kept,
    examination: &Examination,
    changes: &[Changed],
    (rooms, config): (&Rooms, &Config),
    at: Timestamp,
) {
    let checkup = Checkup {
        at,
        subject: kept.domain.clone(),
        summary: BTreeMap::new(),
        examination: tegami_doctor::json::examination(examination),
        questions: Vec::new(),
        sts: None,
    };
    let lead = note!("cli-preflight-mail", domain = kept.domain, message = kept.id);
    monitor::tell(&checkup, changes, &lead, rooms, config).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_of_each_domain_is_a_sample() {
        const HOUR: Duration = Duration::from_secs(3600);
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut samples = Samples::default();
        assert!(samples.take("a.test", at(0), HOUR));
        assert!(!samples.take("a.test", at(3599), HOUR));
        assert!(samples.take("b.test", at(3599), HOUR));
        assert!(samples.take("a.test", at(3600), HOUR));
        for domain in 0..MOST_DOMAINS {
            samples.take(&format!("{domain}.test"), at(3600), HOUR);
        }
        assert!(!samples.take("c.test", at(3600), HOUR), "there is no room for more");
        assert!(samples.take("c.test", at(7200), HOUR), "old ones make room");
    }

    fn row(id: &str, state: &str) -> Row {
        Row {
            id: id.to_owned(),
            subject: "a.test".to_owned(),
            state: state.to_owned(),
            severity: "S4".to_owned(),
        }
    }

    fn told(changes: &[Changed]) -> Vec<(bool, &str)> {
        changes.iter().map(|change| (change.worse, change.row().unwrap().id.as_str())).collect()
    }

    #[test]
    fn a_failure_is_told_when_it_comes_and_when_it_goes() {
        let failing = [row("msg.dkim", "fail"), row("msg.spf", "warn"), row("msg.date", "fail")];
        let (changes, known) = compared(&[], &failing);
        assert_eq!(told(&changes), [(true, "msg.dkim")]);
        let (changes, known) = compared(&known, &failing);
        assert!(changes.is_empty());
        // The DNS is down: nothing is worse, and nothing is better.
        let (changes, known) = compared(&known, &[row("msg.dkim", "unknown")]);
        assert!(changes.is_empty());
        let (changes, known) = compared(&known, &[row("msg.dkim", "pass"), row("msg.spf", "pass")]);
        assert_eq!(told(&changes), [(false, "msg.dkim")]);
        assert!(compared(&known, &[row("msg.dkim", "pass")]).0.is_empty());
    }
}
