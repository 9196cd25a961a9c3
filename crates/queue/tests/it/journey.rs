//! From submission to the end of delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use expect_test::expect;
use jiff::Timestamp;
use tegami_mail::{EnhancedStatusCode, Envelope, ReversePath, note};
use tegami_queue::{
    Call, CallSubject, Deliver, Failure, Job, Mode, Options, Outcome, Postman, RecipientOutcome, RunError,
    Stage,
};
use tegami_store::{BoxFuture, Fault, NodeId, QueueFilter, RecipientState, Step, Table};

use crate::desk::{Desk, address, refused, start, took_it};

/// Runs until nothing is due any more, moving the clock from one due moment to the next.
async fn run_out(desk: &Desk, postman: &mut Postman) -> usize {
    let mut turns = 0;
    while let Some(next) = postman.run_due().await.unwrap() {
        turns += 1;
        assert!(turns < 1000, "the queue never ends");
        desk.clock.set(next);
    }
    turns
}

#[tokio::test]
async fn a_message_is_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let accepted = desk.submit("shop@shop.test", &["a@a.test", "b@b.test", "c@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, _| took_it());
    let mut postman = desk.postman(deliver.clone());
    assert_eq!(postman.run_due().await.unwrap(), None);
    let mut jobs = deliver.jobs.lock().unwrap().clone();
    jobs.sort();
    assert_eq!(jobs, ["a@a.test c@a.test #1", "b@b.test #1"]);
    let rows = desk.store.recipients(accepted.id).await.unwrap();
    assert!(rows.iter().all(|row| row.state == RecipientState::Delivered));
    assert_eq!(desk.store.attempts(accepted.id).await.unwrap().len(), 2);
    let events = desk.events().await;
    assert_eq!(events.matches("Delivered").count(), 3, "{events}");
    let summary = desk.store.message(accepted.id).await.unwrap().summary;
    assert_eq!((summary.subject.as_str(), summary.from.as_str()), ("こんにちは", "shop@shop.test"));
    assert_eq!(summary.message_id, accepted.message_id);
}

/// One call for each recipient that got it, wherever that is, in the commit of the delivery.
#[tokio::test]
async fn what_is_delivered_goes_to_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let sender = ReversePath::Address(address("shop@shop.test"));
    let to = ["a@a.test", "b@b.test", "shop@example.org"].map(address);
    let options =
        Options { archive_to: Some("https://archive.example.net/".to_owned()), ..Options::default() };
    let content = "From: shop@shop.test\r\n\r\nHello\r\n";
    let accepted = desk.submit_this(Envelope::new(sender, to), content, options).await.unwrap();
    let deliver = desk.deliver_by(|job, _| {
        let fails = job.rows.iter().any(|row| row.path.address == address("b@b.test"));
        if fails { refused(550, "5.1.1", "nobody") } else { took_it() }
    });
    run_out(&desk, &mut desk.postman(deliver)).await;
    let calls = desk.store.scan(Table::Calls, "", None, 9).await.unwrap();
    let mut calls: Vec<Call> =
        calls.into_iter().map(|(_, value)| serde_json::from_value(value).unwrap()).collect();
    calls.retain(
        |call| matches!(&call.subject, CallSubject::Archive { message, .. } if *message == accepted.id),
    );
    let mut told: Vec<_> = calls
        .iter()
        .map(|call| match &call.subject {
            CallSubject::Archive { recipient, .. } => format!("{recipient} {}", call.url),
            other => panic!("{other:?}"),
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        ["a@a.test https://archive.example.net/", "shop@example.org https://archive.example.net/"]
    );
}

#[tokio::test]
async fn greylisting_is_waited_out() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let later = start().checked_add(Duration::from_secs(300)).unwrap();
    let clock = desk.clock.clone();
    let deliver = desk.deliver_by(move |_, _| {
        let early = tegami_mail::Clock::now(clock.as_ref()) < later;
        if early { refused(451, "4.7.1", "greylisted, come back in 5 minutes") } else { took_it() }
    });
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    run_out(&desk, &mut desk.postman(deliver)).await;
    expect![[r#"
        Accepted a@a.test
        Deferred a@a.test 451 greylisted, come back in 5 minutes (Greylisted) retry in 1 min
        Deferred a@a.test 451 greylisted, come back in 5 minutes (Greylisted) retry in 5 min
        Delivered a@a.test 250 queued as 4711
    "#]]
    .assert_eq(&desk.events().await);
}

#[tokio::test]
async fn five_days_of_silence_bring_one_warning_and_one_failure() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let accepted = desk.submit("shop@example.org", &["a@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, _| {
        let status = EnhancedStatusCode::new(4, 4, 1);
        RecipientOutcome::Failed(Failure::without_reply(
            Stage::Connect,
            status,
            note!("outbound-silence", phase = "EHLO"),
        ))
    });
    let turns = run_out(&desk, &mut desk.postman(deliver)).await;
    assert!((30..40).contains(&turns), "{turns}");
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    let subjects: Vec<_> = inbox.iter().map(|entry| entry.message.summary.subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["Delayed, still trying / 配信が遅れています", "Not delivered / 配信できませんでした"]
    );
    let elapsed = inbox[1].message.accepted_at.duration_since(inbox[0].message.accepted_at).as_hours();
    assert!((110..=116).contains(&elapsed), "{elapsed}");
    assert!(desk.content(inbox[1].message.id).await.contains("\nStatus: 4.4.7\n"));
    let row = &desk.store.recipients(accepted.id).await.unwrap()[0];
    assert_eq!(row.state, RecipientState::Failed);
    let told = "The server did not answer EHLO in time. [4.4.1]";
    assert!(desk.events().await.contains(&format!("Failed a@a.test 499 {told} (Old)")));
    assert_eq!(row.last_status.as_deref(), Some(told));
    for notification in &inbox {
        let letter = desk.content(notification.message.id).await;
        assert!(letter.contains(&format!("\nDiagnostic-Code: x-tegami; {told}\n")), "{letter}");
    }
}

#[tokio::test]
async fn what_was_accepted_survives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let accepted = {
        let desk = Desk::open(folder.path());
        desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap()
    };
    let desk = Desk::open(folder.path());
    let deliver = desk.deliver_by(|_, _| took_it());
    desk.postman(deliver.clone()).run_due().await.unwrap();
    assert_eq!(*deliver.jobs.lock().unwrap(), ["a@a.test #1"]);
    let rows = desk.store.recipients(accepted.id).await.unwrap();
    assert_eq!(rows[0].state, RecipientState::Delivered);
}

#[tokio::test]
async fn test_mode_delivers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let envelope = Envelope::new(ReversePath::Address(address("shop@shop.test")), [address("a@a.test")]);
    let options = Options { mode: Mode::Test, ..Options::default() };
    desk.submit_this(envelope, "From: shop@shop.test\r\n\r\n", options).await.unwrap();
    let deliver = desk.deliver_by(|_, _| took_it());
    desk.postman(deliver.clone()).run_due().await.unwrap();
    assert!(deliver.jobs.lock().unwrap().is_empty());
    expect![[r#"
        Accepted a@a.test
        Delivered a@a.test 650 test mode
    "#]]
    .assert_eq(&desk.events().await);
}

#[tokio::test]
async fn delivery_waits_for_its_hour() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let hour = start().checked_add(Duration::from_secs(3600)).unwrap();
    let to = [address("a@a.test"), address("shop@example.org")];
    let envelope = Envelope::new(ReversePath::Address(address("shop@shop.test")), to);
    let options = Options { deliver_at: Some(hour), ..Options::default() };
    desk.submit_this(envelope, "From: shop@shop.test\r\n\r\n", options).await.unwrap();
    let deliver = desk.deliver_by(|_, _| took_it());
    let mut postman = desk.postman(deliver.clone());
    assert_eq!(postman.run_due().await.unwrap(), Some(hour));
    assert!(deliver.jobs.lock().unwrap().is_empty());
    desk.clock.set(hour);
    assert_eq!(postman.run_due().await.unwrap(), None);
    assert_eq!(*deliver.jobs.lock().unwrap(), ["a@a.test #1"]);
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    assert_eq!(inbox.len(), 1, "local recipients wait for the hour as well");
}

#[tokio::test]
async fn a_node_that_lost_its_lease_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let deliver = desk.deliver_by(|_, _| took_it());
    let mut first = desk.postman(deliver.clone());
    first.run_due().await.unwrap();
    let minutes = start().checked_add(Duration::from_secs(120)).unwrap();
    desk.clock.set(minutes);
    let other = NodeId("other".to_owned());
    assert_eq!(desk.store.claim(&other, minutes, Duration::from_secs(60)).await.unwrap().len(), 1);
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    assert!(matches!(first.run_due().await, Err(RunError::LeaseLost)));
    assert!(deliver.jobs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_crash_before_the_outcome_is_written_delivers_again() {
    let folder = tempfile::tempdir().unwrap();
    let commits = Arc::new(AtomicUsize::new(0));
    {
        let counted = commits.clone();
        let hook = move |step| {
            // The account, the message, the lease, and then the outcome.
            let stop = step == Step::Commit && counted.fetch_add(1, Ordering::SeqCst) == 3;
            stop.then_some(Fault::Stop)
        };
        let options = tegami_store::Options { hook: Some(Arc::new(hook)), ..Default::default() };
        let desk = Desk::open_with(folder.path(), options);
        desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
        let deliver = desk.deliver_by(|_, _| took_it());
        assert!(matches!(desk.postman(deliver.clone()).run_due().await, Err(RunError::Store(_))));
        assert_eq!(deliver.jobs.lock().unwrap().len(), 1);
    }
    let desk = Desk::open(folder.path());
    let deliver = desk.deliver_by(|_, _| took_it());
    desk.postman(deliver.clone()).run_due().await.unwrap();
    assert_eq!(*deliver.jobs.lock().unwrap(), ["a@a.test #1"]);
    assert_eq!(desk.events().await.matches("Delivered").count(), 1);
}

#[tokio::test]
async fn a_paused_desk_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, _| took_it());
    let mut postman = desk.postman(deliver.clone());
    desk.control.pause();
    assert_eq!(postman.run_due().await.unwrap(), Some(start()));
    desk.control.resume();
    assert_eq!(postman.run_due().await.unwrap(), None);
}

/// Panics at the first attempt.
struct Clumsy(std::sync::atomic::AtomicBool, Arc<dyn Deliver>);

impl Deliver for Clumsy {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        assert!(self.0.swap(true, std::sync::atomic::Ordering::SeqCst), "a slip");
        self.1.attempt(job)
    }
}

#[tokio::test]
async fn a_bug_in_delivery_costs_an_attempt_and_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, _| took_it());
    let mut postman = desk.postman(Arc::new(Clumsy(false.into(), deliver.clone())));
    let next: Timestamp = postman.run_due().await.unwrap().unwrap();
    assert_eq!(next.duration_since(start()).as_secs(), 300);
    desk.clock.set(next);
    assert_eq!(postman.run_due().await.unwrap(), None);
    assert_eq!(*deliver.jobs.lock().unwrap(), ["a@a.test #2"]);
}

/// Tells when it was given something.
struct Telling(tokio::sync::Notify, Arc<dyn Deliver>);

impl Deliver for Telling {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        self.0.notify_one();
        self.1.attempt(job)
    }
}

#[tokio::test]
async fn the_loop_wakes_up_for_new_mail_and_closes_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let deliver = desk.deliver_by(|_, _| took_it());
    let telling = Arc::new(Telling(tokio::sync::Notify::new(), deliver));
    let running = tokio::spawn(desk.postman(telling.clone()).run());
    for _ in 0..3 {
        desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
        telling.0.notified().await;
    }
    desk.control.close();
    running.await.unwrap().unwrap();
    assert_eq!(desk.events().await.matches("Delivered").count(), 3);
    assert!(desk.store.queue(QueueFilter::default(), None, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_of_submitters_and_a_running_loop_deliver_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Arc::new(Desk::open(folder.path()));
    desk.shop().await;
    // Every third message is refused once with 4yz, every tenth for ever.
    let deliver = desk.deliver_by(|job, row| match row.path.address.local_part().as_str() {
        name if name.ends_with('0') => refused(550, "5.7.1", "no"),
        name if name.ends_with('3') && job.attempt() == 1 => refused(451, "4.3.0", "later"),
        _ => took_it(),
    });
    let running = tokio::spawn(desk.postman(deliver.clone()).run());
    let submitters = (0..8).map(|submitter| {
        let desk = desk.clone();
        tokio::spawn(async move {
            for n in 0..50 {
                let to = [format!("s{submitter}n{n}@a{}.test", n % 7)];
                desk.submit("shop@example.org", &to.each_ref().map(String::as_str)).await.unwrap();
            }
        })
    });
    for submitter in submitters.collect::<Vec<_>>() {
        submitter.await.unwrap();
    }
    desk.control.close();
    running.await.unwrap().unwrap();
    drop(desk);
    let desk = Desk::open(folder.path());
    let mut postman = desk.postman(deliver.clone());
    run_out(&desk, &mut postman).await;
    let jobs = deliver.jobs.lock().unwrap().clone();
    let distinct: std::collections::BTreeSet<_> = jobs.iter().cloned().collect();
    assert_eq!(
        (jobs.len(), distinct.len()),
        (440, 440),
        "400 first attempts and 40 second ones, none of them twice"
    );
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 1000).await.unwrap();
    assert_eq!(inbox.len(), 40, "a DSN for each refusal");
    assert!(desk.store.queue(QueueFilter::default(), None, 10).await.unwrap().is_empty());
}
