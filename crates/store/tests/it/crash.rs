//! `kill -9` at random moments: what was acknowledged is there afterwards, with its exact content.
//!
//! The test program starts itself again with a folder in its environment; that process accepts, settles and purges until it is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_store::{
    Embedded, IdSource, NodeId, Options, QueueId, RowId, SettleOp, Settlement, Store, StoreError,
};

use crate::support::{address, check_folder, content, mailbox, message};

const FOLDER: &str = "TEGAMI_STORE_CRASH_FOLDER";
const ROUNDS: u64 = 25;

fn options() -> Options {
    Options { segment_bytes: 256 << 10, ..Options::default() }
}

/// The content of a message is drawn from its identifier, so that the parent knows it.
fn content_of(id: QueueId) -> bytes::Bytes {
    let seed = u64::from_be_bytes(id.to_bytes()[8..].try_into().unwrap());
    let octets = [200, 3000, 40_000, 0][usize::try_from(seed % 4).unwrap()];
    content(seed, octets + usize::try_from(seed % 1000).unwrap())
}

fn say(word: &str, id: QueueId) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{word} {id}").unwrap();
    out.flush().unwrap();
}

async fn produce(store: Arc<Embedded>, ids: Arc<IdSource>, producer: u64) {
    let node = NodeId("only".into());
    for n in 0_u64.. {
        let now = Timestamp::now();
        let mut new = message(1, &["a@example.net", "b@example.com"]);
        new.id = ids.next(now);
        new.content = content_of(new.id);
        new.events.clear();
        if (n + producer).is_multiple_of(5) {
            new.mailboxes = vec![mailbox("me@example.org", "INBOX")];
        }
        let id = new.id;
        store.accept(vec![new]).await.unwrap();
        say("accepted", id);
        if !(n + producer).is_multiple_of(3) {
            let lease = store.claim(&node, now, Duration::from_secs(9)).await.unwrap().remove(0);
            say("settling", id);
            let op = |recipient| SettleOp::Delivered {
                row: RowId { message: id, recipient },
                status: "250 2.0.0 OK".into(),
            };
            let settlement = Settlement { at: Some(now), ops: vec![op(0), op(1)], ..Settlement::default() };
            store.settle(&lease, settlement).await.unwrap();
            say("settled", id);
        }
        if producer == 0 && n % 2 == 1 {
            store.purge(Timestamp::now()).await.unwrap();
        }
    }
}

/// Not a test by itself: what the killed process does.
#[test]
fn process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(Embedded::open(Path::new(&folder), options()).unwrap());
        let ids = Arc::new(IdSource::default());
        let tasks: Vec<_> =
            (0..12).map(|n| tokio::spawn(produce(Arc::clone(&store), Arc::clone(&ids), n))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// What the killed processes said about each message.
#[derive(Default)]
struct Said {
    accepted: BTreeSet<QueueId>,
    settling: BTreeSet<QueueId>,
    settled: BTreeSet<QueueId>,
}

fn run_and_kill(folder: &Path, after_lines: u64, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::process_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = 0;
    for line in out.lines() {
        let line = line.unwrap();
        let Some((word, id)) = line.split_once(' ') else { continue };
        // A line that the kill cut short says nothing.
        let Ok(id) = id.parse::<QueueId>() else { continue };
        match word {
            "accepted" => said.accepted.insert(id),
            "settling" => said.settling.insert(id),
            "settled" => said.settled.insert(id),
            _ => continue,
        };
        lines += 1;
        if lines == after_lines {
            // SIGKILL; what is still in the pipe was said before it.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(lines >= after_lines, "the process ended by itself after {lines} lines");
}

/// Gives the number of messages that are there.
async fn check(folder: &Path, said: &Said) -> usize {
    let store = Embedded::open(folder, options()).unwrap();
    let mut there = BTreeMap::new();
    let mut before = None;
    loop {
        let page = store.messages(before, 500).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        there.extend(page.iter().map(|row| (row.id, ())));
    }
    for id in &said.accepted {
        assert!(there.contains_key(id) || said.settling.contains(id), "{id} was accepted and is lost");
    }
    for id in there.keys() {
        // Also those that were not acknowledged any more are whole.
        assert!(store.content(*id, None).await.unwrap() == content_of(*id), "{id}");
        let rows = store.recipients(*id).await.unwrap();
        let states: BTreeSet<_> = rows.iter().map(|row| format!("{:?}", row.state)).collect();
        assert_eq!((rows.len(), states.len()), (2, 1), "{id} was settled by half");
        let delivered = states.contains("Delivered");
        assert!(delivered || !said.settled.contains(id), "{id} was settled and is queued again");
        assert!(!delivered || said.settling.contains(id), "{id} was never settled");
    }
    let inbox = store.mailbox(&address("me@example.org"), "INBOX", 0, usize::MAX).await.unwrap();
    assert!(inbox.iter().all(|entry| there.contains_key(&entry.message.id)));
    assert!(!matches!(store.purge(Timestamp::UNIX_EPOCH).await, Err(StoreError::Unsure(_))));
    there.len()
}

#[tokio::test]
async fn kill_9_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = Said::default();
    let mut there = 0;
    for round in 0..ROUNDS {
        let mut chance = [0; 2];
        aws_lc_rs::rand::fill(&mut chance).unwrap();
        run_and_kill(folder.path(), 1 + u64::from(u16::from_be_bytes(chance)) % (40 + round * 20), &mut said);
        there = check(folder.path(), &said).await;
        check_folder(folder.path());
    }
    println!(
        "killed {ROUNDS} times: accepted {}, settled {}, there {there}, lost 0",
        said.accepted.len(),
        said.settled.len()
    );
}
