//! Measures the embedded engine: `accept [MESSAGES [OCTETS [PRODUCERS [FOLDER]]]]`.
//!
//! Many producers accept messages, then every message is settled and purged. Printed are rates, percentiles of the time
//! until an accept is durable, CPU seconds for each 1,000 messages, and octets written for each octet of content.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement ends where it fails, and its figures are for people"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Address, ForwardPath, ReversePath};
use tegami_store::{
    Embedded, EnvelopeParameters, EventKind, Fault, IdSource, NewEvent, NewMessage, NewRecipient, NodeId,
    Options, Origin, Priority, RowId, SettleOp, Settlement, Step, Store, Summary,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (messages, octets, producers) = (number(10_000), number(4096), number(64));
    let base = tempfile::tempdir().unwrap();
    let folder = arguments.next().map_or_else(|| base.path().to_owned(), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure(messages, octets, producers, folder));
}

async fn measure(messages: u64, octets: u64, producers: u64, folder: PathBuf) {
    let syncs = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&syncs);
    let hook = move |step: Step| -> Option<Fault> {
        if step == Step::Sync {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        None
    };
    let options = Options { hook: Some(Arc::new(hook)), ..Options::default() };
    let store = Arc::new(Embedded::open(&folder, options).unwrap());
    let ids = Arc::new(IdSource::default());
    let content = Bytes::from(vec![b'x'; octets as usize]);

    let start = Usage::now();
    let tasks: Vec<_> = (0..producers)
        .map(|producer| {
            let (store, ids, content) = (Arc::clone(&store), Arc::clone(&ids), content.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                let mut accepted = Vec::new();
                for n in (producer..messages).step_by(producers as usize) {
                    let new = message(&ids, n, content.clone());
                    accepted.push(new.id);
                    let begin = Instant::now();
                    store.accept(vec![new]).await.unwrap();
                    times.push(begin.elapsed());
                }
                (times, accepted)
            })
        })
        .collect();
    let mut times: Vec<Duration> = Vec::new();
    let mut accepted = Vec::new();
    for task in tasks {
        let (some, ids) = task.await.unwrap();
        times.extend(some);
        accepted.push(ids);
    }
    times.sort();
    let used = Usage::now().since(&start);
    let percentile = |part: usize| times[(times.len() * part / 1000).min(times.len() - 1)];
    println!("accept  {}", used.line(messages, octets));
    println!(
        "        p50 {:?}, p99 {:?}, max {:?}; {} syncs of contents",
        percentile(500),
        percentile(990),
        percentile(1000),
        syncs.load(Ordering::Relaxed)
    );

    let start = Usage::now();
    let tasks: Vec<_> = accepted
        .into_iter()
        .map(|ids| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let ttl = Duration::from_secs(3600);
                let lease = store.claim(&NodeId("n".into()), Timestamp::now(), ttl).await.unwrap().remove(0);
                for id in ids {
                    assert_eq!(store.content(id, None).await.unwrap().len() as u64, octets);
                    let row = RowId { message: id, recipient: 0 };
                    let settlement = Settlement {
                        at: Some(Timestamp::now()),
                        ops: vec![SettleOp::Delivered { row, status: "250 2.0.0 OK".into() }],
                        events: vec![event(EventKind::Delivered, id)],
                        ..Settlement::default()
                    };
                    store.settle(&lease, settlement).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    println!("settle  {}", Usage::now().since(&start).line(messages, octets));

    let start = Usage::now();
    let gone = store.purge(Timestamp::now()).await.unwrap();
    println!("purge   {}", Usage::now().since(&start).line(gone, octets));
}

fn event(kind: EventKind, id: tegami_store::QueueId) -> NewEvent {
    NewEvent {
        kind,
        at: Timestamp::now(),
        domain: "example.org".into(),
        message: Some(id),
        recipient: Some("someone@example.net".into()),
        data: serde_json::json!({}).into(),
    }
}

fn message(ids: &IdSource, n: u64, content: Bytes) -> NewMessage {
    let now = Timestamp::now();
    let id = ids.next(now);
    let address = Address::parse(&format!("user{n}@example.net")).unwrap();
    NewMessage {
        id,
        accepted_at: now,
        origin: Origin::Http { account: "shop".into() },
        domain: "example.org".into(),
        reverse_path: ReversePath::Address(Address::parse("bounces@example.org").unwrap()),
        envelope_parameters: EnvelopeParameters::default(),
        summary: Summary {
            from: "Shop <shop@example.org>".into(),
            to: address.to_string(),
            subject: format!("Your order {n}"),
            message_id: format!("{id}@example.org"),
            size: content.len() as u64,
            ..Summary::default()
        },
        content,
        priority: Priority::default(),
        recipients: vec![NewRecipient {
            path: ForwardPath::from(address),
            next_hop: "example.net".into(),
            due: now,
            expires: now,
        }],
        mailboxes: Vec::new(),
        verdicts: None,
        tables: Vec::new(),
        events: vec![event(EventKind::Accepted, id)],
    }
}

/// What this process has used so far.
struct Usage {
    at: Instant,
    cpu: f64,
    written: u64,
}

impl Usage {
    fn now() -> Self {
        // Fields 14 and 15 of proc_pid_stat(5), counted after the name in parentheses, in hundredths of a second.
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 =
            fields.iter().skip(11).take(2).map(|field| field.parse::<f64>().unwrap_or_default()).sum();
        let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap_or("0");
        Self { at: Instant::now(), cpu: ticks / 100.0, written: written.parse().unwrap_or_default() }
    }

    fn since(&self, start: &Self) -> (f64, f64, u64) {
        ((self.at - start.at).as_secs_f64(), self.cpu - start.cpu, self.written - start.written)
    }
}

/// Figures of a span.
trait Line {
    fn line(&self, messages: u64, octets: u64) -> String;
}

impl Line for (f64, f64, u64) {
    fn line(&self, messages: u64, octets: u64) -> String {
        let (seconds, cpu, written) = *self;
        let count = messages as f64;
        format!(
            "{messages} messages: {:.0}/s, CPU {:.4} s per 1,000, {:.2} octets written per octet of content",
            count / seconds,
            cpu * 1000.0 / count,
            written as f64 / (count * octets as f64)
        )
    }
}
