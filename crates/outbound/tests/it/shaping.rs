//! The shaper in attempts: limits on connections and messages that hold, sources with their names, and replies that are heard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::provider::{Limit, Preset};
use tegami_mail::{Clock, Host};
use tegami_outbound::{Outbound, Smarthost, SmarthostTls, TlsDemand};
use tegami_queue::gate::{Admission, Gate, GateFacts};
use tegami_queue::shaping::{
    Because, Overflow, Providers, Shaping, ShapingSettings, SourceTerms, Sources, WarmUp,
};
use tegami_queue::{Deliver, Job, Outcome, RecipientOutcome, SystemClock};
use tegami_store::{Embedded, Options, QueueId, Store};

use crate::peer::{Script, Seen};
use crate::queue::message;
use crate::world::world;

struct Office {
    _folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    outbound: Outbound,
    shaping: Arc<Shaping>,
    seen: Vec<Seen>,
    sent: u128,
}

const ZONE: &str = "one.test. MX 10 mx1.prov.test.\ntwo.test. MX 10 mx2.prov.test.\n\
                    mx1.prov.test. A 127.0.0.2\nmx2.prov.test. A 127.0.0.3\n";

/// A provider with hosts at 127.0.0.2 and 127.0.0.3, that takes few connections with few messages.
async fn office(scripts: Vec<Script>, preset: Preset, sources: Vec<SourceTerms>) -> Office {
    office_with(scripts, preset, sources, BTreeMap::new()).await
}

/// The same with sources that become known; `smart`, at 127.0.0.3, may take what they have no room for.
async fn office_with(
    scripts: Vec<Script>,
    preset: Preset,
    sources: Vec<SourceTerms>,
    warm_ups: BTreeMap<String, WarmUp>,
) -> Office {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let world = world(ZONE, scripts, |settings| {
        settings.limits.idle = Duration::from_secs(60);
        // Every attempt asks again: what a shaper hears is the matter here, not how long dead hosts rest.
        settings.limits.failure_memory = Duration::ZERO;
        settings.relays = vec![Arc::new(Smarthost {
            name: "smart".to_owned(),
            host: Host::parse("mx2.prov.test").unwrap(),
            port: settings.port,
            tls: SmarthostTls::StartTls(TlsDemand::Opportunistic),
            credentials: None,
            setting: "delivery.relays.smart".to_owned(),
        })];
    })
    .await;
    let preset = Preset { mx: vec!["prov.test".to_owned()], ..preset };
    let settings = ShapingSettings {
        providers: Providers::with(&BTreeMap::from([("prov".to_owned(), preset)])),
        sources: Sources::new(sources, Vec::new()),
        warm_ups,
    };
    let shaping = Arc::new(Shaping::new(settings));
    let outbound =
        Outbound::with(Arc::new(world.courier), Arc::clone(&store)).shaped_by(Arc::clone(&shaping));
    Office { _folder: folder, store, outbound, shaping, seen: world.seen, sent: 0 }
}

impl Office {
    async fn job(&mut self, recipients: &[&str]) -> Job {
        self.sent += 1;
        let mut new = message(recipients);
        new.id = QueueId::from_bits(self.sent);
        let (id, next_hop) = (new.id, new.recipients[0].next_hop.clone());
        self.store.accept(vec![new]).await.unwrap();
        let message = self.store.message(id).await.unwrap();
        let reverse_path = message.reverse_path.clone();
        let (number, rows) = (Some(self.sent.try_into().unwrap()), self.store.recipients(id).await.unwrap());
        Job { number, message, next_hop, reverse_path, rows, content: None }
    }

    /// As the schedule does it: the gate, the attempt, the end.
    async fn send(&mut self, recipients: &[&str]) -> Outcome {
        let job = self.job(recipients).await;
        let row = job.rows[0].clone();
        let (number, message) = (job.number, job.message.id);
        let facts = GateFacts { number, message, next_hop: &row.next_hop, facts: &row.facts };
        let lane = self.shaping.lane(&facts);
        assert_eq!(self.shaping.admit(&lane, &facts, now()), Admission::Go);
        let outcome = self.outbound.attempt(job).await;
        self.shaping.finished(&lane, &facts, Some(&outcome), now());
        outcome
    }

    fn open(&self) -> u32 {
        self.shaping.view(now()).iter().filter(|path| path.place == "prov").map(|path| path.open).sum()
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn taken(outcome: &Outcome) -> bool {
    outcome.recipients.iter().all(|one| matches!(one.outcome, RecipientOutcome::Delivered { .. }))
}

fn limits(connections: u32, messages: u32, recipients: u32) -> Preset {
    let limit = |number| Some(Limit::of_operator(number));
    Preset {
        connections: limit(connections),
        messages_per_connection: limit(messages),
        recipients: limit(recipients),
        ..Preset::default()
    }
}

/// Waits until a server has seen something: sessions end behind the back of who sends.
async fn until(what: impl Fn() -> bool) {
    let seen = async {
        while !what() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
}

#[tokio::test]
async fn a_domain_nobody_knew_comes_back_by_the_gate_of_its_provider() {
    let mut office = office(vec![Script::default()], limits(1, 10, 10), Vec::new()).await;
    let first = office.send(&["a@one.test"]).await;
    let today: Vec<_> = office.shaping.view(now()).iter().map(|path| path.today).collect();
    assert_eq!(today, [0], "what was put back did not go");
    assert!(first.put_back.is_some() && office.seen[0].lines().is_empty(), "nobody was connected to");
    let second = office.send(&["a@one.test"]).await;
    assert!(second.put_back.is_none() && taken(&second));
}

#[tokio::test]
async fn a_session_ends_after_its_messages_and_idle_ones_make_room() {
    let scripts = vec![Script::default(), Script::default()];
    let mut office = office(scripts, limits(1, 2, 3), Vec::new()).await;
    for domain in ["one.test", "two.test"] {
        office.shaping.learn(domain, "mx1.prov.test", now());
    }
    for _ in 0..2 {
        assert!(taken(&office.send(&["a@one.test"]).await));
    }
    until(|| office.seen[0].count("QUIT") == 1).await;
    assert!(taken(&office.send(&["a@one.test"]).await));
    assert_eq!((office.seen[0].count("EHLO"), office.open()), (2, 1));
    // The other host of the provider: the idle session to the first one makes room.
    assert!(taken(&office.send(&["a@two.test"]).await));
    until(|| office.seen[0].count("QUIT") == 2).await;
    assert_eq!((office.seen[1].count("EHLO"), office.open()), (1, 1));
    // Seven recipients, three in a transaction, two transactions in a session; one has gone already.
    let many: Vec<String> = (0..7).map(|n| format!("r{n}@two.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(taken(&office.send(&many).await));
    assert_eq!((office.seen[1].count("MAIL"), office.seen[1].count("EHLO")), (4, 2));
    assert_eq!(office.open(), 0, "the second session is full too");
}

#[tokio::test]
async fn a_busy_provider_takes_no_further_connection_and_the_job_comes_back() {
    let mut office = office(vec![Script::default()], limits(1, 10, 10), Vec::new()).await;
    office.shaping.learn("one.test", "mx1.prov.test", now());
    let path = office.shaping.path_to(&"default".into(), "mx1.prov.test");
    let busy = office.shaping.connect(&path, now()).unwrap();
    assert!(office.send(&["a@one.test"]).await.put_back.is_some());
    assert!(office.seen[0].lines().is_empty());
    drop(busy);
    assert!(taken(&office.send(&["a@one.test"]).await));
}

#[tokio::test]
async fn a_source_has_its_address_and_its_name() {
    let source = SourceTerms {
        name: "news".into(),
        v4: Some("127.0.0.9".parse().unwrap()),
        ehlo: Some("news.example.org".to_owned()),
        ..SourceTerms::of_machine()
    };
    let mut office = office(vec![Script::default()], limits(1, 10, 10), vec![source]).await;
    office.shaping.learn("one.test", "mx1.prov.test", now());
    let outcome = office.send(&["a@one.test"]).await;
    assert!(taken(&outcome));
    assert_eq!(office.seen[0].count("EHLO news.example.org"), 1);
    assert_eq!(outcome.record.value()["hosts"][0]["source"], "127.0.0.9");
}

#[tokio::test]
async fn what_the_day_of_a_source_has_no_room_for_goes_through_a_smarthost() {
    let plan = WarmUp {
        start: now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        // Whatever the hour: the second day has no more room than the first.
        days: vec![1, 1],
        providers: Vec::new(),
        overflow: Overflow::Relay { name: "smart".to_owned(), host: "mx2.prov.test".to_owned() },
    };
    let scripts = vec![Script::default(), Script::default()];
    let plans = BTreeMap::from([("default".to_owned(), plan)]);
    let mut office = office_with(scripts, limits(5, 10, 10), Vec::new(), plans).await;
    office.shaping.learn("one.test", "mx1.prov.test", now());
    let outcomes = [office.send(&["a@one.test"]).await, office.send(&["b@one.test"]).await];
    assert!(outcomes.iter().all(taken));
    assert_eq!((office.seen[0].count("RCPT TO:<a@"), office.seen[1].count("RCPT TO:<b@")), (1, 1));
    let [first, second] = outcomes.map(|outcome| outcome.record.value());
    assert!(first.get("route").is_none() && first["way"] == "mx", "{first}");
    assert_eq!((&second["route"]["name"], &second["way"]), (&"smart".into(), &"smarthost".into()));
    assert_eq!(second["steps"][0]["id"], "outbound-route-overflow");
    assert_eq!(second["hosts"][0]["smarthost"], "smart");
    let gone = |place: &str| {
        let view = office.shaping.view(now());
        view.iter().find(|path| path.place == place).map(|path| (path.today, path.overflow.clone()))
    };
    assert_eq!(gone("prov"), Some((1, Some("smart".to_owned()))));
    assert_eq!(gone("smarthost:mx2.prov.test"), Some((1, None)));
}

#[tokio::test]
async fn too_much_is_heard_and_one_bad_mailbox_is_not() {
    let script = Script {
        replies: vec![
            ("RCPT TO:<nobody", "550 5.1.1 no such user"),
            ("RCPT TO:<full", "452 4.2.2 mailbox full"),
            ("RCPT TO:<fast", "421 4.7.0 Too many messages from your address, rate limited"),
        ],
        ..Script::default()
    };
    let mut office = office(vec![script], limits(4, 10, 10), Vec::new()).await;
    office.shaping.learn("one.test", "mx1.prov.test", now());
    for who in ["nobody@one.test", "full@one.test", "a@one.test"] {
        office.send(&[who]).await;
    }
    assert_eq!(office.shaping.view(now())[0].share, 1000);
    office.send(&["fast@one.test"]).await;
    let job = office.job(&["a@one.test"]).await;
    let facts =
        GateFacts { number: None, message: job.message.id, next_hop: "one.test", facts: &job.rows[0].facts };
    let Some(wait) = office.shaping.wait(&facts, now()) else { panic!("nothing was heard") };
    let Because::BackedOff { change: Some(change) } = wait.because else { panic!("{wait:?}") };
    let evidence = change.evidence.unwrap();
    assert_eq!((change.share, evidence.host.as_str()), (500, "mx1.prov.test"));
    assert_eq!(evidence.reply, "421 4.7.0 Too many messages from your address, rate limited");
}

#[tokio::test]
async fn a_door_that_stays_closed_is_heard() {
    let mut office = office(vec![Script::default()], limits(4, 10, 10), Vec::new()).await;
    // Nobody listens at 127.0.0.3.
    office.shaping.learn("two.test", "mx2.prov.test", now());
    for _ in 0..3 {
        office.send(&["a@two.test"]).await;
    }
    let view = office.shaping.view(now()).remove(0);
    assert!(view.paused_until.is_some());
    assert_eq!(view.changes[0].evidence.as_ref().unwrap().reply, "connection refused");
}

#[tokio::test]
async fn a_domain_without_mx_is_its_own_place() {
    let script = Script::answering("MAIL", "421 4.7.0 Too many messages from your address, rate limited");
    let mut office = office(vec![script], limits(4, 10, 10), Vec::new()).await;
    assert!(office.send(&["a@mx1.prov.test"]).await.put_back.is_none());
    let view = office.shaping.view(now()).remove(0);
    assert_eq!((view.place.as_str(), view.share), ("mx1.prov.test", 500));
}
