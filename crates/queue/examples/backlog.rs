//! Measures a long queue: `backlog fill FOLDER [MESSAGES]`, then `backlog measure FOLDER`.
//!
//! All rows are due. Of a million, 400,000 go to one provider, 300,000 to nine others and were tried once, 300,000 to 30,000 small domains, and the very last one to a domain
//! of its own. Every lane but the last one's is closed. Printed are the time from opening the folder to that one attempt and until all rows are
//! known, the memory that they take, and how long lists with filters take.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement ends where it fails, and its figures are for people"
)]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Address, Clock, Domain, EnhancedStatusCode, ForwardPath, Reply, ReversePath, note};
use tegami_queue::gate::{Admission, Gate, GateFacts, Scope};
use tegami_queue::{
    Act, Control, Deliver, Intake, IntakeSettings, Job, KeyRing, NoMailboxes, Operator, Order, Outcome,
    Postman, RecipientOutcome, RecipientResult, RetryPolicy, RunSettings, Settler, SystemClock,
};
use tegami_store::{
    BoxFuture, Embedded, EnvelopeParameters, IdSource, NewMessage, NewRecipient, NodeId, Options, Origin,
    Priority, QueueColumn, QueueFilter, RecipientState, RowId, SettleOp, Settlement, Store, Summary,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = Path::new(&arguments[1]);
    match arguments[0].as_str() {
        "fill" => {
            let messages = arguments.get(2).map_or(1_000_000, |text| text.parse().unwrap());
            runtime.block_on(fill(folder, messages));
        }
        _ => runtime.block_on(measure(folder)),
    }
}

async fn fill(folder: &Path, messages: u64) {
    let began = Instant::now();
    let store = Embedded::open(folder, Options::default()).unwrap();
    let ids = IdSource::default();
    let start = Timestamp::now();
    for first in (0..messages).step_by(2000) {
        let batch = (first..messages.min(first + 2000)).map(|n| message(&ids, n, messages, start)).collect();
        store.accept(batch).await.unwrap();
    }
    println!("{messages} messages accepted in {:.1} s", began.elapsed().as_secs_f64());
    let tried = try_once(&store).await;
    println!("{tried} rows tried once after {:.1} s", began.elapsed().as_secs_f64());
}

/// What goes to the nine lesser providers has been deferred once, by a reply with a number of its own as many receivers give.
async fn try_once(store: &Embedded) -> usize {
    let now = Timestamp::now();
    let leases = store.claim(&NodeId("a".into()), now, Duration::from_secs(1)).await.unwrap();
    let mut tried = 0;
    for domain in (0..9).map(|n| format!("provider{n}.test")) {
        let filter = QueueFilter { domains: vec![domain.clone()], ..QueueFilter::default() };
        let rows = store.queue_ids(filter).await.unwrap();
        tried += rows.len();
        for page in rows.chunks(1000) {
            let defer = |row: &RowId| SettleOp::Defer {
                row: *row,
                next_hop: domain.clone(),
                due: now,
                status: format!("451 4.7.1 {row:?}: greylisted, please try again later"),
            };
            let settlement =
                Settlement { at: Some(now), ops: page.iter().map(defer).collect(), ..Settlement::default() };
            store.settle(&leases[0], settlement).await.unwrap();
        }
    }
    tried
}

const LAST: &str = "last.test";

fn message(ids: &IdSource, n: u64, messages: u64, start: Timestamp) -> NewMessage {
    let domain = match n % 10 {
        _ if n + 1 == messages => LAST.to_owned(),
        0..4 => "provider.test".to_owned(),
        4..7 => format!("provider{}.test", n / 10 % 9),
        _ => format!("d{}.test", n % 100_000),
    };
    let now = start.checked_add(Duration::from_micros(n)).unwrap();
    let id = ids.next(now);
    let address = Address::parse(&format!("user{n}@{domain}")).unwrap();
    let account = format!("account{}", n % 20);
    NewMessage {
        id,
        accepted_at: now,
        domain: format!("{account}.example.org"),
        origin: Origin::Submission { account },
        reverse_path: ReversePath::Address(Address::parse("bounces@example.org").unwrap()),
        envelope_parameters: EnvelopeParameters::default(),
        content: Bytes::from_static(b"From: a@example.org\r\nSubject: a campaign\r\n\r\nHello\r\n"),
        summary: Summary {
            from: "a@example.org".into(),
            to: address.to_string(),
            subject: "a campaign".into(),
            message_id: format!("{id}@example.org"),
            size: 60,
            tags: if n % 20 == 7 { vec!["spring".into()] } else { Vec::new() },
            ..Summary::default()
        },
        priority: if n.is_multiple_of(50) { Priority::Normal } else { Priority::Bulk },
        recipients: vec![NewRecipient {
            path: ForwardPath::from(address),
            next_hop: domain,
            due: now,
            expires: now.checked_add(Duration::from_secs(432_000)).unwrap(),
        }],
        mailboxes: Vec::new(),
        verdicts: None,
        tables: Vec::new(),
        events: Vec::new(),
    }
}

/// Lets one lane pass.
#[derive(Debug)]
struct OnlyLast;

impl Gate for OnlyLast {
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str> {
        Arc::from(job.next_hop)
    }

    fn admit(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        self.look(lane, job, now)
    }

    fn look(&self, lane: &str, _: &GateFacts<'_>, _: Timestamp) -> Admission {
        match lane {
            LAST => Admission::Go,
            _ => Admission::Held { scope: Scope::Lane, because: note!("queue-no-result") },
        }
    }

    fn finished(&self, _: &str, _: &GateFacts<'_>, _: Option<&Outcome>, _: Timestamp) {}
}

/// Takes everything, and notes when the first attempt came.
struct Takes {
    began: Instant,
    first: Mutex<Option<Duration>>,
}

impl Deliver for Takes {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        self.first.lock().unwrap().get_or_insert(self.began.elapsed());
        let reply = Reply::new(250, EnhancedStatusCode::new(2, 0, 0), "OK".to_owned());
        let delivered = RecipientOutcome::Delivered { reply };
        let recipients = job.rows.iter();
        let recipients =
            recipients.map(|row| RecipientResult { row: row.id, peer: None, outcome: delivered.clone() });
        let recipients = recipients.collect();
        let (began_at, record) = (Timestamp::now(), tegami_store::Json::default());
        Box::pin(std::future::ready(Outcome { job, began_at, record, recipients, put_back: None }))
    }
}

/// Between two looks at the loop, which they disturb a little.
const BETWEEN: Duration = Duration::from_millis(500);

async fn measure(folder: &Path) {
    let began = Instant::now();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder, Options::default()).unwrap());
    println!("opened after {:.2} s", began.elapsed().as_secs_f64());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let control = Arc::new(Control::default());
    let intake = Arc::new(Intake::new(
        Arc::clone(&store),
        IntakeSettings::new(Domain::parse("mail.example.org").unwrap()),
        Arc::new(KeyRing::default()),
        Arc::new(NoMailboxes),
        Arc::clone(&clock),
        Arc::new(IdSource::default()),
        Arc::clone(&control),
    ));
    let told = Arc::clone(&intake);
    let settler = Arc::new(Settler::new(Arc::clone(&store), intake, RetryPolicy::default()));
    let takes = Arc::new(Takes { began, first: Mutex::default() });
    // The store's cache and the runtime are there before memory is compared.
    store.messages(None, 1).await.unwrap();
    let (octets, cpu) = (resident(), processor());
    let waiting: u64 = rows(&store, QueueFilter::default()).await;
    let each = (resident() - octets) as f64 / waiting as f64;
    let cpu = processor() - cpu;
    println!("the first question: {cpu:.2} s of processor time, {each:.0} octets for each row from then on");
    let last = rows(&store, QueueFilter { domains: vec![LAST.into()], ..QueueFilter::default() }).await;
    let before = resident();
    let settings = RunSettings { gate: Arc::new(OnlyLast), ..RunSettings::new(NodeId("a".into())) };
    let deliver: Arc<dyn Deliver> = takes.clone();
    let (start, cpu) = (Instant::now(), processor());
    let postman = Postman::new(Arc::clone(&store), settler, deliver, clock, Arc::clone(&control), settings);
    let running = tokio::spawn(postman.run());
    let survey = loop {
        tokio::time::sleep(BETWEEN).await;
        let survey = control.survey().await.unwrap();
        // Where the last one is gone already, a second measurement goes without it.
        if survey.rows as u64 >= waiting - last && takes.first.lock().unwrap().is_some() == (last > 0) {
            break survey;
        }
    };
    let known = start.elapsed().as_secs_f64();
    let (cpu, lanes) = (processor() - cpu, survey.lanes.len());
    println!("{} rows in {lanes} lanes known after {known:.2} s, {cpu:.2} s of processor time", survey.rows);
    if let Some(first) = *takes.first.lock().unwrap() {
        let first = (first - (start - began)).as_secs_f64();
        println!("the row behind them all was attempted after {first:.2} s");
    }
    let octets = (resident() - before) as f64;
    let each = octets / survey.rows as f64;
    println!("{:.0} MiB of memory, {each:.0} octets for each row", octets / 1_048_576.0);
    drop(survey);
    lists(&store).await;
    let node = NodeId("a".into());
    acts(&Operator { store: &*store, intake: &told, control: &control, node: &node }).await;
    control.close();
    running.await.unwrap().unwrap();
}

async fn rows(store: &Arc<dyn Store>, filter: QueueFilter) -> u64 {
    store.queue_counts(filter, QueueColumn::State).await.unwrap().iter().map(|count| count.rows).sum()
}

async fn lists(store: &Arc<dyn Store>) {
    let any = QueueFilter::default;
    let of_account = QueueFilter { account: Some("account7".into()), ..any() };
    let filters = [
        ("no filter", any()),
        ("one domain", QueueFilter { domains: vec!["d99999.test".into()], ..any() }),
        ("the last domain", QueueFilter { domains: vec![LAST.into()], ..any() }),
        ("an account", of_account.clone()),
        ("an account that has nothing", QueueFilter { account: Some("nobody".into()), ..any() }),
        ("one account and tag", QueueFilter { tag: Some("spring".into()), ..of_account }),
        ("a tag that nothing has", QueueFilter { tag: Some("autumn".into()), ..any() }),
        ("a sender", QueueFilter { sender_domain: Some("account3.example.org".into()), ..any() }),
        ("a thousand next hops", QueueFilter { next_hops: (0..1000).map(hop).collect(), ..any() }),
        ("held", QueueFilter { state: Some(RecipientState::Held), ..any() }),
        ("tried at least once", QueueFilter { attempts_from: Some(1), ..any() }),
        ("one recipient", QueueFilter { recipient: Some("user999998@d99998.test".into()), ..any() }),
        ("words of the last reply", QueueFilter { status: Some("greylisted".into()), ..any() }),
        ("words that no reply has", QueueFilter { status: Some("no such words".into()), ..any() }),
    ];
    for (name, filter) in filters {
        let (cpu, mut found) = (processor(), 0);
        let mut times = Vec::new();
        for _ in 0..10 {
            let began = Instant::now();
            found = store.queue(filter.clone(), None, 100).await.unwrap().len();
            times.push(began.elapsed());
        }
        let cpu = (processor() - cpu) * 100.0;
        times.sort();
        let median = times[5].as_secs_f64() * 1000.0;
        println!("list, {name}: {found} rows in {median:.1} ms, {cpu:.0} ms of processor time");
    }
    for by in [QueueColumn::NextHop, QueueColumn::Account, QueueColumn::State] {
        let (cpu, mut groups) = (processor(), 0);
        for _ in 0..10 {
            groups = store.queue_counts(any(), by).await.unwrap().len();
        }
        let cpu = (processor() - cpu) * 100.0;
        println!("count by {by:?}: {groups} groups in {cpu:.0} ms of processor time");
    }
}

fn hop(n: u64) -> String {
    format!("d{}.test", 10 * n + 7)
}

/// What operators do to the rows of one of 20 accounts, events and log lines included.
async fn acts(operator: &Operator<'_>) {
    let filter = QueueFilter { account: Some("account3".into()), ..QueueFilter::default() };
    for act in [Act::Hold, Act::Release, Act::Drop { bounce: false }] {
        let order = Order { act, by: "a measurement".into(), reason: String::new() };
        let (began, cpu) = (Instant::now(), processor());
        let altered = operator.act(&filter, &order, Timestamp::now()).await.unwrap();
        let (took, cpu) = (began.elapsed().as_secs_f64(), processor() - cpu);
        println!("{}: {altered} rows in {took:.1} s, {cpu:.1} s of processor time", order.act.as_str());
    }
}

/// Seconds of processor time used so far: fields 14 and 15 of proc_pid_stat(5), counted after the name in parentheses.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// Octets of memory in use.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
