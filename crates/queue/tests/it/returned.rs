//! What comes back: notifications and complaints, genuine and forged.

use bytes::Bytes;
use expect_test::{Expect, expect};
use tegami_mail::{Address, Domain, Envelope, ReversePath};
use tegami_queue::{Heard, IntakeError, Options, Paper, Reception, Returning, SuppressionRules, Trace};
use tegami_report::return_path::ReturnPaths;
use tegami_store::{Origin, QueueId, Suppression, Table};

use crate::desk::{Desk, address, refused, start, took_it};

fn open(folder: &std::path::Path) -> Desk {
    let desk = Desk::open_as(folder, |settings| settings.feedback = vec![address("fbl@example.org")]);
    desk.intake.returns().rewrite(&Domain::parse("example.org").unwrap(), true);
    desk
}

/// Submits by this door and has it delivered.
async fn send(desk: &Desk, origin: Origin, to: &[&str]) -> QueueId {
    let envelope =
        Envelope::new(ReversePath::Address(address("shop@example.org")), to.iter().map(|text| address(text)));
    let content = "From: shop@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHi\r\n";
    let accepted = desk.submit_from(origin, envelope, content, Options::default()).await.unwrap();
    let deliver = desk.deliver_by(|_, _| took_it());
    desk.postman(deliver.clone()).run_due().await.unwrap();
    accepted.id
}

fn http() -> Origin {
    Origin::Http { account: "shop".to_owned() }
}

fn person() -> Origin {
    Origin::Submission { account: "shop".to_owned() }
}

/// The return path with which a message left.
async fn return_path(desk: &Desk, id: QueueId) -> Address {
    let message = desk.store.message(id).await.unwrap();
    desk.intake.returns().reverse_path(&message).address().unwrap().clone()
}

fn dsn(fields: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.a.test\r\nSubject: failure\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nSorry\r\n\
         --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.a.test\r\n\r\n{fields}\r\n--x--\r\n"
    )
}

fn failed(to: &str) -> String {
    dsn(&format!(
        "Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; inner.a.test\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 <{to}>: user unknown\r\n"
    ))
}

fn arf(feedback_type: &str, fields: &str, header: &str) -> String {
    format!(
        "From: fbl@a.test\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nA complaint\r\n\
         --x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {feedback_type}\r\nUser-Agent: a/1\r\nVersion: 1\r\n{fields}\r\n\
         --x\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: shop@example.org\r\nTo: hidden\r\n{header}\r\n--x--\r\n"
    )
}

/// Hands in what came to `to`, from a host that proved these names.
async fn hear(desk: &Desk, to: &Address, content: &str, reporter: &[&str]) -> Result<Heard, IntakeError> {
    let (about, readers) = match desk.intake.returning(to).await.unwrap() {
        Returning::Message(id) => (vec![id], Vec::new()),
        Returning::Complaints(readers) => (Vec::new(), readers),
        other => panic!("{to} is {other:?}"),
    };
    let reception = Reception {
        origin: Origin::Reception { ip: "192.0.2.25".parse().unwrap() },
        domain: Domain::parse("example.org").unwrap(),
        envelope: Envelope::new(ReversePath::Null, [to.clone()]),
        content: Bytes::from(content.to_owned()),
        fields: Vec::new(),
        trace: Trace { protocol: "ESMTP".to_owned(), ..Trace::default() },
        routed: Vec::new(),
        returned: Vec::new(),
        lists: Vec::new(),
        tested: None,
        author: tegami_queue::Author::default(),
        mailboxes: Vec::new(),
        verdicts: None,
        events: Vec::new(),
    };
    let reporter = reporter.iter().map(|name| Domain::parse(name).unwrap()).collect();
    desk.intake.hear(Paper { reception, about, readers, junk: false, reporter }).await
}

/// Each suppressed address with its list, source, and reply.
async fn suppressed(desk: &Desk) -> String {
    let rows = desk.store.scan(Table::Suppressions, "", None, 100).await.unwrap();
    let mut text = String::new();
    for (_, value) in rows {
        let row: Suppression = serde_json::from_value(value).unwrap();
        let evidence = row.evidence.unwrap();
        text.push_str(&format!(
            "{} {} {} {:?} by {:?}: {}\n",
            row.list.as_str(),
            row.address,
            row.source.as_str(),
            row.code,
            evidence.host.unwrap_or_default(),
            evidence.reply
        ));
    }
    text
}

/// The events after those of the delivery.
async fn after(desk: &Desk, expected: &Expect) {
    let events = desk.events().await;
    let news: Vec<_> = events.lines().skip_while(|line| !line.starts_with("Delivered")).collect();
    let news: Vec<_> = news.into_iter().filter(|line| !line.contains("queued as 4711")).collect();
    expected.assert_eq(&news.join("\n"));
}

fn kept(heard: Result<Heard, IntakeError>) -> QueueId {
    match heard.unwrap() {
        Heard::Kept(accepted) => accepted.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_late_bounce_is_matched_recorded_and_suppresses_once() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let id = send(&desk, http(), &["a@a.test"]).await;
    let path = return_path(&desk, id).await;
    let report = kept(hear(&desk, &path, &failed("A@a.test"), &[]).await);
    after(&desk, &expect!["Failed a@a.test 550 <A@a.test>: user unknown (Bounce)"]).await;
    let expected = expect![[r#"
        bounces a@a.test notification "550" by "inner.a.test": 550 5.1.1 <A@a.test>: user unknown
    "#]];
    expected.assert_eq(&suppressed(&desk).await);
    assert!(desk.content(report).await.contains("Diagnostic-Code"), "the paper is kept");

    // Once more, and with another story: nothing happens, and nothing is kept.
    let count = desk.store.messages(None, 100).await.unwrap().len();
    assert_eq!(hear(&desk, &path, &failed("a@a.test"), &[]).await.unwrap(), Heard::Known);
    let delivered = dsn("Final-Recipient: rfc822; a@a.test\r\nAction: delivered\r\nStatus: 2.0.0\r\n");
    assert_eq!(hear(&desk, &path, &delivered, &[]).await.unwrap(), Heard::Known);
    assert_eq!(desk.store.messages(None, 100).await.unwrap().len(), count);

    let again = desk.submit("shop@example.org", &["a@a.test"]).await.unwrap();
    let events = desk.events().await;
    assert!(events.ends_with("(SuppressBounce)\n"), "{events}");
    assert_ne!(again.id, id);
}

#[tokio::test]
async fn delays_and_deliveries_are_told_and_a_forwarder_tells_of_another_address() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let path = return_path(&desk, send(&desk, http(), &["a@a.test"]).await).await;
    let delayed = dsn("Final-Recipient: rfc822; x@inner.test\r\nAction: delayed\r\nStatus: 4.4.1\r\n\
         Diagnostic-Code: smtp; 451 4.4.1 no answer\r\n");
    kept(hear(&desk, &path, &delayed, &[]).await);
    let delivered = dsn("Original-Recipient: rfc822; a@a.test\r\nFinal-Recipient: rfc822; x@inner.test\r\n\
         Action: delivered\r\nStatus: 2.1.5\r\n");
    kept(hear(&desk, &path, &delivered, &[]).await);
    after(
        &desk,
        &expect![[r#"
        Deferred a@a.test 451 no answer (Generic)
        Delivered a@a.test 250 "#]],
    )
    .await;
    assert_eq!(suppressed(&desk).await, "");
}

#[tokio::test]
async fn a_full_mailbox_or_a_matter_of_policy_suppresses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    for text in ["552 5.2.2 mailbox full", "550 5.7.1 blocked for spam"] {
        let path = return_path(&desk, send(&desk, http(), &["a@a.test"]).await).await;
        let content = dsn(&format!(
            "Final-Recipient: rfc822; a@a.test\r\nAction: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; {text}\r\n"
        ));
        kept(hear(&desk, &path, &content, &[]).await);
    }
    assert_eq!(suppressed(&desk).await, "");
}

#[tokio::test]
async fn the_rules_may_ask_for_more_than_one_failure() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open_as(folder.path(), |settings| {
        settings.suppressions =
            SuppressionRules { hard_bounces: 2, soft_bounces: 1, ..SuppressionRules::default() };
    });
    desk.intake.returns().rewrite(&Domain::parse("example.org").unwrap(), true);
    let path = return_path(&desk, send(&desk, http(), &["a@a.test"]).await).await;
    kept(hear(&desk, &path, &failed("a@a.test"), &[]).await);
    assert_eq!(suppressed(&desk).await, "");
    // The second one in our own session.
    desk.submit("shop@example.org", &["a@a.test", "full@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, row| match row.path.address.local_part().as_str() {
        "full" => refused(552, "5.2.2", "mailbox full"),
        _ => refused(550, "5.1.1", "user unknown"),
    });
    desk.postman(deliver).run_due().await.unwrap();
    let expected = expect![[r#"
        bounces a@a.test rule "550" by "mx.a.test": 550 5.1.1 user unknown
        bounces full@a.test rule "552" by "mx.a.test": 552 5.2.2 mailbox full
    "#]];
    expected.assert_eq(&suppressed(&desk).await);
}

#[tokio::test]
async fn a_person_gets_a_copy_and_the_answers_of_machines() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let path = return_path(&desk, send(&desk, person(), &["a@a.test"]).await).await;
    let away = "From: a@a.test\r\nSubject: away\r\n\r\nI am on the sea\r\n";
    kept(hear(&desk, &path, away, &[]).await);
    kept(hear(&desk, &path, &failed("a@a.test"), &[]).await);
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    let subjects: Vec<_> = inbox.iter().map(|entry| entry.message.summary.subject.as_str()).collect();
    assert_eq!(subjects, ["away", "failure"]);
    // An application has nobody who reads.
    let path = return_path(&desk, send(&desk, http(), &["b@a.test"]).await).await;
    assert_eq!(hear(&desk, &path, away, &[]).await.unwrap(), Heard::Nobody);
}

#[tokio::test]
async fn one_of_several_recipients_cannot_speak_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let path = return_path(&desk, send(&desk, http(), &["a@a.test", "b@b.test"]).await).await;
    kept(hear(&desk, &path, &failed("b@b.test"), &["mallory.a.test"]).await);
    assert_eq!(suppressed(&desk).await, "");
    kept(hear(&desk, &path, &failed("a@a.test"), &["out.a.test"]).await);
    assert!(suppressed(&desk).await.starts_with("bounces a@a.test notification"));
    // Somebody whom the message never went to is nobody.
    assert_eq!(hear(&desk, &path, &failed("c@c.test"), &["c.test"]).await.unwrap(), Heard::Nobody);
}

#[tokio::test]
async fn what_is_forged_or_over_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let path = return_path(&desk, send(&desk, http(), &["a@a.test"]).await).await;
    let other = ReturnPaths::new("bounces", Domain::parse("example.org").unwrap(), &[8; 32]).unwrap();
    let forged = other.make("00000000000000000000000007", start()).unwrap();
    assert_eq!(desk.intake.returning(&forged).await.unwrap(), Returning::Nobody);
    let ours = ReturnPaths::new("bounces", Domain::parse("example.org").unwrap(), &[7; 32]).unwrap();
    let forgotten = ours.make("00000000000000000000000007", start()).unwrap();
    assert_eq!(desk.intake.returning(&forgotten).await.unwrap(), Returning::Nobody);
    desk.clock.set(start() + jiff::SignedDuration::from_hours(24 * 31));
    assert_eq!(desk.intake.returning(&path).await.unwrap(), Returning::Nobody);
}

#[tokio::test]
async fn a_complaint_needs_proof_to_suppress() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let fbl = address("fbl@example.org");
    send(&desk, http(), &["a@a.test"]).await;
    // By its Message-ID alone: told, and no more.
    let by_name = arf("abuse", "Original-Rcpt-To: <a@a.test>\r\n", "Message-ID: <1@example.org>\r\n");
    kept(hear(&desk, &fbl, &by_name, &[]).await);
    assert_eq!(suppressed(&desk).await, "");
    after(&desk, &expect!["Complained a@a.test"]).await;
}

#[tokio::test]
async fn the_identity_of_a_message_is_the_proof_even_where_the_recipient_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let fbl = address("fbl@example.org");
    let id = send(&desk, http(), &["a@a.test"]).await;
    let text = desk.content(id).await;
    assert!(text.contains("CFBL-Address: fbl@example.org; report=arf\n"), "{text}");
    let field = text.lines().find(|line| line.starts_with("CFBL-Feedback-ID: ")).unwrap();
    let proven = arf("abuse", "", &format!("{field}\r\n"));
    kept(hear(&desk, &fbl, &proven, &[]).await);
    assert_eq!(hear(&desk, &fbl, &proven, &[]).await.unwrap(), Heard::Known);
    let expected = expect![[r#"
        complaints a@a.test complaint "" by "": 0 abuse
    "#]];
    expected.assert_eq(&suppressed(&desk).await);
    desk.submit("shop@example.org", &["a@a.test"]).await.unwrap();
    assert!(desk.events().await.ends_with("(SuppressComplaint)\n"));
}

#[tokio::test]
async fn complaints_come_by_the_return_path_too_and_letters_are_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    let fbl = address("fbl@example.org");
    let path = return_path(&desk, send(&desk, http(), &["a@a.test"]).await).await;
    // A stranger's complaint about a message of somebody else's.
    let forged = format!("Original-Mail-From: <{}>\r\n", path.to_string().replace("bounces+", "bounces+0"));
    assert_eq!(hear(&desk, &fbl, &arf("abuse", &forged, ""), &[]).await.unwrap(), Heard::Nobody);
    assert_eq!(hear(&desk, &path, &arf("not-spam", "", ""), &[]).await.unwrap(), Heard::Nobody);
    assert_eq!(suppressed(&desk).await, "");
    kept(hear(&desk, &fbl, &arf("abuse", &format!("Original-Mail-From: <{path}>\r\n"), ""), &[]).await);
    assert!(suppressed(&desk).await.starts_with("complaints a@a.test complaint"));
    // The account of the mailbox `fbl` reads the rest.
    let own = ["fbl@example.org".to_owned()];
    desk.accounts.create("fbl@example.org", "correct horse", &own, &own).await.unwrap();
    desk.clock.set(start() + jiff::SignedDuration::from_secs(60));
    kept(hear(&desk, &fbl, "From: fbl@a.test\r\nSubject: your code\r\n\r\n4711\r\n", &[]).await);
    let inbox = desk.store.mailbox(&fbl, "INBOX", 0, 10).await.unwrap();
    assert_eq!(inbox.len(), 1);
}

#[tokio::test]
async fn nothing_answers_a_notification() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(folder.path());
    // A DSN of somebody else's for a message with the null reverse-path, submitted by an account.
    let envelope = Envelope::new(ReversePath::Null, [address("a@a.test")]);
    let content = "From: shop@example.org\r\n\r\nread\r\n";
    desk.submit_this(envelope, content, Options::default()).await.unwrap();
    let deliver = desk.deliver_by(|_, _| refused(550, "5.1.1", "user unknown"));
    desk.postman(deliver).run_due().await.unwrap();
    assert_eq!(desk.store.messages(None, 10).await.unwrap().len(), 1);
    assert_eq!(suppressed(&desk).await, "");
}
