//! The embedded engine when a step of its commit fails, or when the power goes before a step.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tegami_store::{
    Embedded, EventKind, Fault, Hook, NewMessage, Options, RecipientState, RowId, SettleOp, Settlement, Step,
    Store, StoreError,
};

use crate::support::{Presence, check_folder, content, event, lease, mailbox, message, presence, second};

/// Faults to come, each at the next occurrence of its step; and how often each step was reached.
#[derive(Default)]
struct Plan {
    faults: Mutex<VecDeque<(Step, Fault)>>,
    commits: AtomicUsize,
}

impl Hook for Plan {
    fn before(&self, step: Step) -> Option<Fault> {
        if step == Step::Commit {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        let mut faults = self.faults.lock().unwrap();
        let due = faults.front().is_some_and(|(at, _)| *at == step);
        if due { faults.pop_front().map(|(_, fault)| fault) } else { None }
    }
}

impl Plan {
    fn add(&self, step: Step, fault: Fault) {
        self.faults.lock().unwrap().push_back((step, fault));
    }
}

fn open(folder: &Path) -> (Embedded, Arc<Plan>) {
    let plan = Arc::new(Plan::default());
    let options = Options { hook: Some(Arc::<Plan>::clone(&plan)), ..Options::default() };
    (Embedded::open(folder, options).unwrap(), plan)
}

/// A message that leaves traces everywhere.
fn rich(at: i64) -> NewMessage {
    let mut new = message(at, &["a@example.net", "b@example.com"]);
    new.mailboxes = vec![mailbox("me@example.org", "INBOX"), mailbox("you@example.org", "INBOX")];
    new.events.push(event(EventKind::Stored, at, Some(new.id)));
    new.content = content(at.unsigned_abs(), 10_000);
    new
}

/// The power goes at a point of the commit: afterwards everything that was accepted before is there, and the message that was
/// under way is `expected`; trying again leaves it there once.
async fn check_crash(step: Step, fault: Fault, expected: Presence) {
    let folder = tempfile::tempdir().unwrap();
    let (before, under_way, bounced) = (rich(1), rich(2), rich(3));
    let (store, plan) = open(folder.path());
    let held = lease(&store).await;
    store.accept(vec![before.clone(), bounced.clone()]).await.unwrap();
    let size = || std::fs::metadata(folder.path().join("segments/0000000001.seg")).unwrap().len();
    let used = size();

    // A message that comes in …
    plan.add(step, fault);
    assert!(matches!(store.accept(vec![under_way.clone()]).await, Err(StoreError::Unsure(_))));
    assert!(matches!(store.accept(vec![rich(4)]).await, Err(StoreError::Unsure(_))));
    drop(store);
    check_folder(folder.path());
    let (store, plan) = open(folder.path());
    assert_eq!(presence(&store, &before).await, Presence::Whole, "{step:?} {fault:?}");
    assert_eq!(presence(&store, &under_way).await, expected, "{step:?} {fault:?}");
    let grown = if expected == Presence::Whole { 36 + under_way.content.len() as u64 } else { 0 };
    assert_eq!(size(), used + grown, "{step:?} {fault:?}");
    store.accept(vec![under_way.clone()]).await.unwrap();
    assert_eq!(presence(&store, &under_way).await, Presence::Whole);

    // … and a failure with its notification.
    let row = RowId { message: bounced.id, recipient: 1 };
    let dsn = rich(5);
    let settlement = Settlement {
        at: Some(second(6)),
        ops: vec![SettleOp::Fail { row, status: "550 5.1.1".into() }],
        born: vec![dsn.clone()],
        ..Settlement::default()
    };
    plan.add(step, fault);
    assert!(matches!(store.settle(&held, settlement.clone()).await, Err(StoreError::Unsure(_))));
    drop(store);
    let (store, _) = open(folder.path());
    let state = match expected {
        Presence::Whole => RecipientState::Failed,
        Presence::Absent => RecipientState::Queued,
    };
    assert_eq!(store.recipients(bounced.id).await.unwrap()[1].state, state, "{step:?} {fault:?}");
    assert_eq!(presence(&store, &dsn).await, expected, "{step:?} {fault:?}");
    let again = store.settle(&held, settlement).await;
    match expected {
        Presence::Whole => {
            assert!(matches!(again, Err(StoreError::Finished(rows)) if rows == [row]), "{step:?} {fault:?}");
        }
        Presence::Absent => again.unwrap(),
    }
    assert_eq!(store.recipients(bounced.id).await.unwrap()[1].attempts, 1);
    assert_eq!(presence(&store, &dsn).await, Presence::Whole);
    for new in [&before, &under_way, &bounced] {
        assert_eq!(presence(&store, new).await, Presence::Whole);
    }
    drop(store);
    check_folder(folder.path());
}

#[tokio::test]
async fn a_crash_before_the_append_leaves_nothing() {
    check_crash(Step::Append, Fault::Stop, Presence::Absent).await;
}

#[tokio::test]
async fn a_crash_within_the_append_leaves_nothing() {
    for octets in [1, 20, 36, 37, 5000, usize::MAX] {
        check_crash(Step::Append, Fault::Torn(octets), Presence::Absent).await;
    }
}

#[tokio::test]
async fn a_crash_before_the_sync_leaves_nothing() {
    check_crash(Step::Sync, Fault::Stop, Presence::Absent).await;
}

#[tokio::test]
async fn a_crash_before_the_commit_leaves_nothing() {
    check_crash(Step::Commit, Fault::Stop, Presence::Absent).await;
}

/// What is small has no step of its own: it comes and goes with the rows.
#[tokio::test]
async fn a_crash_leaves_small_contents_whole_or_not_at_all() {
    for (step, expected) in [(Step::Commit, Presence::Absent), (Step::Answer, Presence::Whole)] {
        let folder = tempfile::tempdir().unwrap();
        let (store, plan) = open(folder.path());
        let (before, under_way) = (message(1, &["a@example.net"]), message(2, &["b@example.net"]));
        store.accept(vec![before.clone()]).await.unwrap();
        plan.add(step, Fault::Stop);
        assert!(matches!(store.accept(vec![under_way.clone()]).await, Err(StoreError::Unsure(_))));
        drop(store);
        check_folder(folder.path());
        let (store, _) = open(folder.path());
        assert_eq!(presence(&store, &before).await, Presence::Whole);
        assert_eq!(presence(&store, &under_way).await, expected, "{step:?}");
        store.accept(vec![under_way.clone()]).await.unwrap();
        assert_eq!(presence(&store, &under_way).await, Presence::Whole);
    }
}

#[tokio::test]
async fn a_crash_after_the_commit_leaves_everything() {
    check_crash(Step::Answer, Fault::Stop, Presence::Whole).await;
}

/// After an error that leaves the disk in an unknown state nothing is written until the folder is opened anew.
async fn check_poison(step: Step) {
    let folder = tempfile::tempdir().unwrap();
    let (store, plan) = open(folder.path());
    let held = lease(&store).await;
    let (before, failing, after) = (rich(1), rich(2), rich(3));
    store.accept(vec![before.clone()]).await.unwrap();
    plan.add(step, Fault::Fail);
    let unsure = |result| matches!(result, Err(StoreError::Unsure(_)));
    assert!(unsure(store.accept(vec![failing.clone()]).await));
    assert!(unsure(store.accept(vec![failing.clone()]).await));
    assert!(unsure(store.record(vec![event(EventKind::Stored, 1, None)]).await));
    assert!(unsure(store.settle(&held, Settlement::default()).await));
    assert!(unsure(store.purge(second(0)).await.map(|_| ())));
    // What is there can still be read.
    assert_eq!(presence(&store, &before).await, Presence::Whole);
    drop(store);
    check_folder(folder.path());
    let (store, _) = open(folder.path());
    assert_eq!(presence(&store, &before).await, Presence::Whole);
    presence(&store, &failing).await;
    store.accept(vec![failing.clone(), after.clone()]).await.unwrap();
    for new in [&before, &failing, &after] {
        assert_eq!(presence(&store, new).await, Presence::Whole);
    }
}

#[tokio::test]
async fn a_failed_write_or_sync_closes_the_writer() {
    for step in [Step::Append, Step::Sync, Step::Commit] {
        check_poison(step).await;
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers_by_itself() {
    for step in [Step::Append, Step::Commit] {
        let folder = tempfile::tempdir().unwrap();
        let (store, plan) = open(folder.path());
        let size = || std::fs::metadata(folder.path().join("segments/0000000001.seg")).unwrap().len();
        let before = rich(1);
        store.accept(vec![before.clone()]).await.unwrap();
        let used = size();
        let refused = rich(2);
        for _ in 0..3 {
            plan.add(step, Fault::Full);
            assert!(matches!(store.accept(vec![refused.clone()]).await, Err(StoreError::Full(_))));
            assert_eq!(presence(&store, &refused).await, Presence::Absent);
            assert_eq!(size(), used, "{step:?}");
        }
        store.accept(vec![refused.clone()]).await.unwrap();
        assert_eq!(presence(&store, &refused).await, Presence::Whole);
        assert_eq!(presence(&store, &before).await, Presence::Whole);
        drop(store);
        check_folder(folder.path());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_commit_serves_many_producers() {
    let folder = tempfile::tempdir().unwrap();
    let (store, plan) = open(folder.path());
    let store = Arc::new(store);
    let tasks: Vec<_> = (0..64_i64)
        .map(|producer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..10 {
                    store.accept(vec![message(producer * 100 + n, &["a@example.net"])]).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let commits = plan.commits.load(Ordering::Relaxed);
    assert!(commits * 4 < 640, "{commits} commits for 640 messages");
}

/// Fills a real file system, which the environment names: one of a few MiB, for example
/// `mount -t tmpfs -o size=8m tmpfs FOLDER`.
#[tokio::test]
async fn a_really_full_disk_refuses_and_recovers_by_itself() {
    let Some(disk) = std::env::var_os("TEGAMI_SMALL_DISK") else {
        println!("SKIPPED: TEGAMI_SMALL_DISK names no folder on a small file system");
        return;
    };
    let base = tempfile::tempdir_in(disk).unwrap();
    let (folder, ballast) = (base.path().join("data"), base.path().join("ballast"));
    std::fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let (store, _) = open(&folder);
    let held = lease(&store).await;
    let mut accepted = Vec::new();
    for space in [Some(&ballast), None] {
        let mut refused = 0;
        // Large ones first: small ones still find room for a while.
        for n in 0.. {
            let mut new = message(n, &["a@example.net"]);
            new.content = content(n.unsigned_abs(), if refused < 3 { 100_000 } else { 100 });
            match store.accept(vec![new.clone()]).await {
                Ok(()) => accepted.push(new),
                Err(StoreError::Full(_)) => {
                    refused += 1;
                    assert_eq!(presence(&store, &new).await, Presence::Absent);
                }
                Err(error) => panic!("{error}"),
            }
            if refused > 6 {
                break;
            }
        }
        let row = RowId { message: accepted[0].id, recipient: 0 };
        let ops = vec![SettleOp::Defer {
            row,
            next_hop: "example.net".into(),
            due: second(9),
            status: "451".into(),
        }];
        let settled = store.settle(&held, Settlement { ops, ..Settlement::default() }).await;
        println!("accepted {}, then full; settling: {settled:?}", accepted.len());
        assert!(matches!(settled, Ok(()) | Err(StoreError::Full(_))));
        if let Some(space) = space {
            std::fs::remove_file(space).unwrap();
        }
    }
    drop(store);
    let (store, _) = open(&folder);
    for new in &accepted {
        assert_eq!(presence(&store, new).await, Presence::Whole);
    }
    drop(store);
    check_folder(&folder);
}
