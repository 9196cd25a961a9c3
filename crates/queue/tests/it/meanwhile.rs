//! What an operator does to recipients while they are tried, and what is written down afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use tegami_mail::{Address, Clock, Domain, Envelope, ReversePath};
use tegami_queue::{
    Act, Deliver, Directory, Intake, IntakeSettings, Job, Limits, LocalMailboxes, Locality, Options, Outcome,
    RecipientOutcome, RecipientResult, RetryPolicy, Settler,
};
use tegami_store::{
    Alteration, BoxFuture, EventFilter, EventKind, Json, NewEvent, QueueFilter, QueueId, RecipientState,
    Store, StoreError, Table,
};

use crate::desk::{Desk, HandClock, Scripted, address, refused, start, took_it};
use crate::operate::act;

/// Delivers by a script, and has an operator act while the first attempt is under way.
struct Meanwhile {
    scripted: Arc<Scripted>,
    desk: Arc<Desk>,
    acts: Mutex<Vec<(QueueFilter, Act)>>,
    hops: Mutex<Vec<String>>,
}

impl Meanwhile {
    fn new(
        desk: &Arc<Desk>,
        acts: Vec<(QueueFilter, Act)>,
        script: impl Fn(&Job, &tegami_store::QueueRow) -> RecipientOutcome + Send + Sync + 'static,
    ) -> Arc<Self> {
        let scripted = desk.deliver_by(script);
        Arc::new(Self { scripted, desk: desk.clone(), acts: Mutex::new(acts), hops: Mutex::default() })
    }
}

impl Deliver for Meanwhile {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            self.hops.lock().unwrap().push(job.next_hop.clone());
            let acts = std::mem::take(&mut *self.acts.lock().unwrap());
            for (filter, done) in acts {
                act(&self.desk, filter, done).await;
            }
            self.scripted.attempt(job).await
        })
    }
}

fn only(recipient: &str) -> QueueFilter {
    QueueFilter { recipient: Some(recipient.to_owned()), ..QueueFilter::default() }
}

async fn fates(desk: &Desk, message: QueueId, recipient: &str) -> Vec<NewEvent> {
    let filter = EventFilter { message: Some(message), limit: 100, ..EventFilter::default() };
    let events = desk.store.events(filter).await.unwrap().into_iter().map(|event| event.event);
    let ends = [EventKind::Delivered, EventKind::Failed, EventKind::Deferred];
    events
        .filter(|event| ends.contains(&event.kind) && event.recipient.as_deref() == Some(recipient))
        .collect()
}

/// Has `a@example.net` refused and `b@example.net` delivered in one attempt, drops one of them meanwhile, and tells what stands about each, how many
/// notifications the sender got, and how many addresses are suppressed.
async fn check_dropped(dropped: &str, bounce: bool) -> (Vec<String>, Vec<String>, usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let desk = Arc::new(Desk::open(folder.path()));
    let id = desk.submit("shop@example.org", &["a@example.net", "b@example.net"]).await.unwrap().id;
    let acts = vec![(only(dropped), Act::Drop { bounce })];
    let deliver = Meanwhile::new(&desk, acts, |_, row| match row.path.address.to_string().as_str() {
        "a@example.net" => refused(550, "5.1.1", "no such user"),
        _ => took_it(),
    });
    desk.postman(deliver).run_due().await.unwrap();
    assert_eq!(desk.store.attempts(id).await.unwrap().len(), 1, "the attempt is told in any case");
    let rows = desk.store.recipients(id).await.unwrap();
    assert!(rows.iter().all(|row| row.state != RecipientState::Queued));
    let mut stories = Vec::new();
    for recipient in ["a@example.net", "b@example.net"] {
        let fates = fates(&desk, id, recipient).await;
        let word = |event: &NewEvent| {
            let before =
                if event.data.value().get("finished-before").is_some() { " all the same" } else { "" };
            format!("{:?} {}{before}", event.kind, event.data.value()["code"])
        };
        stories.push(fates.iter().map(word).collect::<Vec<_>>());
    }
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    let suppressed = desk.store.scan(Table::Suppressions, "", None, 10).await.unwrap().len();
    let refused = stories.remove(0);
    (refused, stories.remove(0), inbox.len(), suppressed)
}

#[tokio::test]
async fn what_is_dropped_while_it_is_tried_is_told_once() {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    // The refusal of what was dropped says nothing that is not said.
    let (refused, delivered, notices, suppressed) = check_dropped("a@example.net", false).await;
    assert_eq!((refused, delivered), (words(&["Failed 608"]), words(&["Delivered 250"])));
    assert_eq!((notices, suppressed), (0, 0));
    let (refused, delivered, notices, suppressed) = check_dropped("a@example.net", true).await;
    assert_eq!((refused, delivered), (words(&["Failed 608"]), words(&["Delivered 250"])));
    assert_eq!((notices, suppressed), (1, 0), "the operator's notification, and no other");

    // Its delivery is news.
    let (refused, delivered, notices, suppressed) = check_dropped("b@example.net", false).await;
    assert_eq!(refused, words(&["Failed 550"]));
    assert_eq!(delivered, words(&["Failed 608", "Delivered 250 all the same"]));
    assert_eq!((notices, suppressed), (1, 1), "the refusal of the other one");
}

#[tokio::test]
async fn what_came_to_its_end_is_not_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let id = desk.submit("shop@example.org", &["a@example.net", "b@example.net"]).await.unwrap().id;
    desk.postman(desk.deliver_by(|_, _| took_it())).run_due().await.unwrap();
    assert_eq!(act(&desk, QueueFilter::default(), Act::Drop { bounce: true }).await, 0);
    assert_eq!(fates(&desk, id, "a@example.net").await.len(), 1);
}

#[tokio::test]
async fn two_operators_drop_the_same_once() {
    for round in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path());
        let id = desk.submit("shop@example.org", &["a@example.net", "b@example.net"]).await.unwrap().id;
        let all = || act(&desk, QueueFilter::default(), Act::Drop { bounce: true });
        let (one, other) = match round % 2 {
            0 => tokio::join!(all(), all()),
            _ => tokio::join!(all(), act(&desk, only("b@example.net"), Act::Drop { bounce: false })),
        };
        assert_eq!(one + other, 2, "{one} and {other}");
        for recipient in ["a@example.net", "b@example.net"] {
            assert_eq!(fates(&desk, id, recipient).await.len(), 1, "{recipient}");
        }
        let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
        assert_eq!(inbox.len(), 1);
    }
}

/// Has somebody drop all recipients at `old@example.org` when it is asked for the first mailbox.
struct Trap {
    directory: Directory,
    store: Arc<dyn Store>,
    set: AtomicBool,
}

impl LocalMailboxes for Trap {
    fn find<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Locality, StoreError>> {
        Box::pin(async move {
            if self.set.swap(false, Ordering::Relaxed) {
                let gone = Alteration::Drop { status: "dropped".to_owned() };
                let record = serde_json::Value::Null;
                let rows = self.store.queue_ids(only("old@example.org")).await?;
                self.store.alter(rows, gone, record, start()).await?;
            }
            self.directory.find(address).await
        })
    }
}

#[tokio::test]
async fn a_copy_for_a_mailbox_here_can_be_dropped_until_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    desk.shop().await;
    for name in ["old", "new"] {
        let addresses = [format!("{name}@example.org")];
        desk.accounts.create(name, "correct horse", &[], &addresses).await.unwrap();
    }
    let ours = Domain::parse("example.org").unwrap();
    let directory = Directory::new(desk.store.clone(), desk.clock.clone(), [ours.clone()], None);
    let trap = Arc::new(Trap { directory, store: desk.store.clone(), set: AtomicBool::new(false) });
    let intake = Arc::new(Intake::new(
        desk.store.clone(),
        IntakeSettings::new(ours),
        desk.keys.clone(),
        trap.clone(),
        desk.clock.clone(),
        Arc::default(),
        desk.control.clone(),
    ));
    let settler = Arc::new(Settler::new(desk.store.clone(), intake, RetryPolicy::default()));

    let ahead = start() + SignedDuration::from_mins(10);
    let sender = ReversePath::Address(address("shop@example.org"));
    let envelope = Envelope::new(sender, [address("old@example.org"), address("new@example.org")]);
    let options = Options { deliver_at: Some(ahead), ..Options::default() };
    let content = "From: shop@example.org\r\n\r\nHello\r\n";
    let id = desk.submit_this(envelope, content, options).await.unwrap().id;
    desk.clock.set(ahead);
    trap.set.store(true, Ordering::Relaxed);
    let deliver = desk.deliver_by(|_, _| took_it());
    desk.control.replace(settler, deliver.clone(), BTreeMap::new());
    desk.postman(deliver).run_due().await.unwrap();
    let in_box = |owner: &'static str| {
        let store = desk.store.clone();
        async move { store.mailbox(&address(owner), "INBOX", 0, 10).await.unwrap().len() }
    };
    assert_eq!((in_box("old@example.org").await, in_box("new@example.org").await), (0, 1));
    assert!(fates(&desk, id, "old@example.org").await.is_empty());
    assert_eq!(fates(&desk, id, "new@example.org").await.len(), 1);
}

#[tokio::test]
async fn what_is_rerouted_while_it_is_tried_goes_there_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Arc::new(Desk::open(folder.path()));
    let id = desk.submit("shop@shop.test", &["a@example.net", "b@example.net"]).await.unwrap().id;
    let elsewhere = Act::Reroute { next_hop: "relay.test".to_owned() };
    let deliver = Meanwhile::new(&desk, vec![(only("a@example.net"), elsewhere)], |job, _| {
        match job.next_hop.as_str() {
            "relay.test" => took_it(),
            _ => refused(451, "4.7.1", "later"),
        }
    });
    let next = desk.postman(deliver.clone()).run_due().await.unwrap();
    assert_eq!(*deliver.hops.lock().unwrap(), ["example.net", "relay.test"]);
    let rows = desk.store.recipients(id).await.unwrap();
    assert_eq!((rows[0].state, rows[0].attempts), (RecipientState::Delivered, 2));
    assert_eq!((rows[1].state, Some(rows[1].due)), (RecipientState::Queued, next));
}

#[tokio::test]
async fn what_is_held_while_it_is_tried_is_held_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Arc::new(Desk::open(folder.path()));
    desk.submit("shop@shop.test", &["a@example.net"]).await.unwrap();
    let acts = vec![(QueueFilter::default(), Act::Hold)];
    let deliver = Meanwhile::new(&desk, acts, |job, _| match job.attempt() {
        1 => refused(451, "4.7.1", "later"),
        _ => took_it(),
    });
    let mut postman = desk.postman(deliver.clone());
    assert_eq!(postman.run_due().await.unwrap(), None);
    desk.clock.set(start() + SignedDuration::from_hours(1));
    assert_eq!(postman.run_due().await.unwrap(), None);
    assert_eq!(act(&desk, QueueFilter::default(), Act::Release).await, 1);
    assert_eq!(postman.run_due().await.unwrap(), None);
    assert_eq!(deliver.hops.lock().unwrap().len(), 2);
}

/// Puts the first job back, and counts how many are under way at once.
struct Counting {
    store: Arc<dyn Store>,
    clock: Arc<HandClock>,
    jobs: AtomicUsize,
    beside: AtomicUsize,
    most: AtomicUsize,
}

impl Deliver for Counting {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let first = self.jobs.fetch_add(1, Ordering::Relaxed) == 0;
            let beside = self.beside.fetch_add(1, Ordering::Relaxed) + 1;
            self.most.fetch_max(beside, Ordering::Relaxed);
            // The others take longer.
            for _ in 0..if first { 0 } else { 20 } {
                self.store.rows(vec![job.rows[0].id]).await.unwrap();
            }
            self.beside.fetch_sub(1, Ordering::Relaxed);
            let result = |row: &tegami_store::QueueRow| RecipientResult {
                row: row.id,
                peer: None,
                outcome: took_it(),
            };
            let (recipients, put_back) = match first {
                true => (Vec::new(), Some(self.clock.now())),
                false => (job.rows.iter().map(result).collect(), None),
            };
            let record = Json::default();
            Outcome { began_at: self.clock.now(), record, recipients, put_back, job }
        })
    }
}

#[tokio::test]
async fn what_is_put_back_frees_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    for n in 0..6 {
        desk.submit("shop@shop.test", &[&format!("a@d{n}.test")]).await.unwrap();
    }
    let counting = Arc::new(Counting {
        store: desk.store.clone(),
        clock: desk.clock.clone(),
        jobs: AtomicUsize::new(0),
        beside: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let limits = Limits { jobs: 2, ..Limits::default() };
    assert_eq!(desk.postman_within(counting.clone(), limits).run_due().await.unwrap(), None);
    assert_eq!(counting.jobs.load(Ordering::Relaxed), 7);
    assert_eq!(counting.most.load(Ordering::Relaxed), 2);
}
