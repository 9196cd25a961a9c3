//! Shaping in the loop: a provider that has had enough, over the real store and with a clock of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use expect_test::expect;
use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_mail::failure::{Phase, Said, classify};
use tegami_mail::provider::{Limit, Preset};
use tegami_queue::gate::{Admission, Gate, GateFacts};
use tegami_queue::shaping::{Heard, Providers, Shaping, ShapingSettings};
use tegami_queue::{Deliver, Job, Outcome, Postman, RecipientOutcome, RecipientResult};
use tegami_store::{BoxFuture, Json, QueueFilter, RecipientState};

use crate::desk::{Desk, HandClock, refused, start, took_it};

/// Takes so many in a minute, and answers what Google answers to the rest.
struct Gmail {
    shaping: Arc<Shaping>,
    clock: Arc<HandClock>,
    room: u32,
    taken: Mutex<BTreeMap<i64, (u32, u32)>>,
}

impl Gmail {
    fn answer(&self, job: &Job) -> RecipientOutcome {
        if job.next_hop != "gmail.test" {
            return took_it();
        }
        let (now, mut minutes) = (self.clock.now(), self.taken.lock().unwrap());
        let (taken, refused_now) = minutes.entry(now.as_second() / 60).or_default();
        let (number, message) = (job.number, job.message.id);
        let facts = GateFacts { number, message, next_hop: &job.next_hop, facts: &job.rows[0].facts };
        let path = self.shaping.course(&facts, now).path;
        if *taken < self.room {
            *taken += 1;
            self.shaping.hear(&path, Heard::Taken, now, now);
            return took_it();
        }
        *refused_now += 1;
        let reply = "421 4.7.28 Gmail has detected an unusual rate of mail";
        let verdict = classify(&Said::parse(reply).at(Some(Phase::Sender)));
        self.shaping.hear(&path, Heard::Said { verdict: &verdict, host: "mx.google.com", reply }, now, now);
        refused(421, "4.7.28", "Gmail has detected an unusual rate of mail")
    }
}

impl Deliver for Gmail {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        let outcome = self.answer(&job);
        let recipients = job.rows.iter();
        let recipients =
            recipients.map(|row| RecipientResult { row: row.id, peer: None, outcome: outcome.clone() });
        let recipients = recipients.collect();
        let (began_at, record) = (self.clock.now(), Json::default());
        Box::pin(std::future::ready(Outcome { job, began_at, record, recipients, put_back: None }))
    }
}

fn settings() -> ShapingSettings {
    let preset = Preset {
        connections: Some(Limit::of_operator(4)),
        first_pause: Some(2),
        recover: Some(1),
        ..Preset::default()
    };
    let providers = Providers::with(&BTreeMap::from([("google".to_owned(), preset)]));
    ShapingSettings { providers, ..ShapingSettings::default() }
}

fn at(seconds: u64) -> Timestamp {
    start().checked_add(Duration::from_secs(seconds)).unwrap()
}

async fn run_to(desk: &Desk, postman: &mut Postman, from: u64, to: u64) {
    for second in (from..to).step_by(5) {
        desk.clock.set(at(second));
        postman.run_due().await.unwrap();
    }
}

async fn waiting(desk: &Desk) -> usize {
    desk.store.queue(QueueFilter::default(), None, 1000).await.unwrap().len()
}

#[tokio::test]
async fn a_provider_that_has_had_enough_is_left_alone_and_costs_no_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let shaping = Arc::new(Shaping::new(settings()));
    shaping.learn("gmail.test", "alt1.aspmx.l.google.com", at(0));
    let gmail = Arc::new(Gmail {
        shaping: Arc::clone(&shaping),
        clock: desk.clock.clone(),
        room: 20,
        taken: Mutex::default(),
    });
    let mut accepted = Vec::new();
    for n in 0..120 {
        accepted.push(desk.submit("shop@shop.test", &[&format!("r{n}@gmail.test")]).await.unwrap().id);
    }
    let other = desk.submit("shop@shop.test", &["a@other.test"]).await.unwrap().id;
    let mut postman = desk.postman_with(gmail.clone(), Arc::clone(&shaping) as Arc<dyn Gate>);

    run_to(&desk, &mut postman, 0, 30).await;
    let rows = desk.store.recipients(other).await.unwrap();
    assert_eq!(rows[0].state, RecipientState::Delivered, "another provider's mail is not concerned");
    assert!(waiting(&desk).await > 90);
    let row = &desk.store.recipients(accepted[110]).await.unwrap()[0];
    assert_eq!(row.attempts, 0, "what waits at the gate was not tried");
    let facts =
        GateFacts { number: None, message: row.id.message, next_hop: &row.next_hop, facts: &row.facts };
    let Admission::NotBefore { until, because, .. } = shaping.look("", &facts, at(30)) else { panic!() };
    assert_eq!((until, because.id), (at(120), "queue-wait-backed-off"));
    expect![[r#"More([("place", "Gmail and Google Workspace"), ("until", "2026-07-06 09:02:00Z"), ("reply", "421 4.7.28 Gmail has detected an unusual rate of mail"), ("host", "mx.google.com")])"#]].assert_eq(&format!("{:?}", because.args));

    // The process ends, and another one goes on where it was.
    shaping.write(desk.store.as_ref()).await.unwrap();
    let next = Arc::new(Shaping::new(settings()));
    next.restore(desk.store.as_ref(), at(30)).await.unwrap();
    assert_eq!(next.wait(&facts, at(30)), shaping.wait(&facts, at(30)));

    run_to(&desk, &mut postman, 30, 1_800).await;
    assert_eq!(waiting(&desk).await, 0);
    let minutes = gmail.taken.lock().unwrap();
    let (taken, refused) = minutes.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(taken, 120);
    // Those that were under way when the first one was refused may be refused too, and a minute passes without any.
    let first = at(0).as_second() / 60;
    assert!(minutes.get(&first).is_some_and(|(taken, refused)| *taken == 20 && *refused <= 4), "{minutes:?}");
    assert_eq!(minutes.get(&(first + 1)), None);
    assert!(refused <= 8, "{refused} were refused");
}
