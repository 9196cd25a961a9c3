//! Failures: what the sender is told, who is not written to again.

use jiff::SignedDuration;
use tegami_mail::{Envelope, ForwardPath, Notify, Ret, ReversePath};
use tegami_queue::{Options, SuppressionRules};
use tegami_store::{Allowed, AllowedKind, Origin, Table};

use crate::desk::{Desk, address, refused, start, took_it};

const NO_USER: (u16, &str, &str) = (550, "5.1.1", "<a@a.test>: user unknown, see https://a.test/why");

#[tokio::test]
async fn a_refusal_brings_a_dsn_and_a_suppression() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let accepted = desk.submit("shop@shop.test", &["a@a.test", "b@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, row| match row.path.address.to_string().as_str() {
        "a@a.test" => refused(NO_USER.0, NO_USER.1, NO_USER.2),
        _ => took_it(),
    });
    desk.postman(deliver.clone()).run_due().await.unwrap();
    let mut jobs = deliver.jobs.lock().unwrap().clone();
    jobs.sort();
    assert_eq!(jobs, ["a@a.test b@a.test #1", "shop@shop.test #1"]);

    let dsn = desk.newest_but(accepted.id).await;
    let row = desk.store.message(dsn).await.unwrap();
    assert_eq!((row.reverse_path, row.origin), (ReversePath::Null, Origin::Own));
    let text = desk.content(dsn).await;
    assert!(
        text.contains("\nFinal-Recipient: rfc822; a@a.test\n")
            && !text.contains("Final-Recipient: rfc822; b@a.test"),
        "{text}"
    );

    desk.submit("shop@shop.test", &["A@a.test"]).await.unwrap();
    desk.postman(deliver).run_due().await.unwrap();
    let events = desk.events().await;
    let last: Vec<_> = events.lines().rev().take(2).collect();
    assert_eq!(
        last,
        [
            "Failed A@a.test 605 Not delivering to previously bounced address (SuppressBounce)",
            "Accepted A@a.test"
        ]
    );
}

#[tokio::test]
async fn who_is_allowed_is_never_suppressed() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    for (kind, value) in [(AllowedKind::Address, "A@a.test"), (AllowedKind::Domain, "b.test")] {
        let allowed = Allowed {
            domain: "example.org".to_owned(),
            kind,
            value: value.to_owned(),
            reason: String::new(),
            created_at: "2026-07-06T09:00:00Z".parse().unwrap(),
        };
        desk.store.change(vec![allowed.change()]).await.unwrap();
    }
    desk.submit("shop@shop.test", &["a@a.test", "x@b.test", "x@sub.b.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, _| refused(NO_USER.0, NO_USER.1, NO_USER.2));
    desk.postman(deliver).run_due().await.unwrap();
    let rows = desk.store.scan(Table::Suppressions, "", None, 10).await.unwrap();
    let keys: Vec<_> = rows.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["example.org/bounces/x@sub.b.test"]);
}

#[tokio::test]
async fn policy_refusals_suppress_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    let deliver = desk.deliver_by(|_, row| match row.next_hop.as_str() {
        "a.test" => refused(550, "5.7.1", "your reputation is low"),
        _ => refused(550, "5.1.1", "no such user"),
    });
    desk.postman(deliver.clone()).run_due().await.unwrap();
    let table = Table::Suppressions;
    assert!(desk.store.scan(table, "", None, 10).await.unwrap().is_empty());
    // The DSN was refused too; nobody is told of that (RFC 5321 section 4.5.5).
    assert_eq!(deliver.jobs.lock().unwrap().len(), 2);
    assert_eq!(desk.store.messages(None, 10).await.unwrap().len(), 2);
}

/// Submits for one recipient with a NOTIFY, lets `refuse` decide, and gives back the subjects of the DSNs.
async fn check(notify: Option<Notify>, peer_speaks_dsn: bool, refuse: bool, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let mut envelope = Envelope::new(ReversePath::Address(address("shop@example.org")), []);
    let path = ForwardPath { notify, ..ForwardPath::from(address("a@a.test")) };
    envelope.forward_paths.push(path);
    desk.submit_this(envelope, "From: shop@example.org\r\n\r\n", Options::default()).await.unwrap();
    let deliver = desk
        .deliver_by(move |_, _| if refuse { refused(NO_USER.0, NO_USER.1, NO_USER.2) } else { took_it() });
    let mut deliver = std::sync::Arc::into_inner(deliver).unwrap();
    deliver.dsn = peer_speaks_dsn;
    desk.postman(std::sync::Arc::new(deliver)).run_due().await.unwrap();
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    let subjects: Vec<_> = inbox.iter().map(|entry| entry.message.summary.subject.clone()).collect();
    assert_eq!(subjects, expected);
}

#[tokio::test]
async fn notify_is_respected() {
    let notify = |success, failure| Some(Notify { success, failure, delay: false });
    check(None, false, true, &["Not delivered / 配信できませんでした"]).await;
    check(notify(false, false), false, true, &[]).await;
    check(notify(true, true), false, false, &["Handed on / 次のサーバーに引き渡しました"]).await;
    check(notify(true, true), true, false, &[]).await;
    check(None, false, false, &[]).await;
}

#[tokio::test]
async fn the_whole_message_goes_back_where_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let mut envelope = Envelope::new(ReversePath::Address(address("shop@example.org")), []);
    let original = Some("rfc822;first@old.test".to_owned());
    envelope.forward_paths.push(ForwardPath { original_recipient: original, ..address("a@a.test").into() });
    envelope.dsn.ret = Some(Ret::Full);
    envelope.dsn.envelope_id = Some("order 4711".to_owned());
    let content = "From: shop@example.org\r\n\r\nThe body\r\n";
    desk.submit_this(envelope, content, Options::default()).await.unwrap();
    let deliver = desk.deliver_by(|_, _| refused(554, "5.6.0", "bad content"));
    desk.postman(deliver).run_due().await.unwrap();
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    let text = desk.content(inbox[0].message.id).await;
    for wanted in [
        "Content-Type: message/rfc822\n",
        "\n\nThe body\n",
        "Original-Envelope-Id: order 4711\n",
        "Original-Recipient: rfc822; first@old.test\n",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
}

#[tokio::test]
async fn a_permanent_code_for_a_limit_that_passes_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    let deliver =
        desk.deliver_by(|_, _| refused(550, "5.7.1", "too many messages in a short time, slow down"));
    desk.postman(deliver).run_due().await.unwrap();
    let events = desk.events().await;
    assert!(events.lines().last().unwrap().starts_with("Deferred a@a.test 550"), "{events}");
}

#[tokio::test]
async fn what_was_to_wait_is_late_by_the_hour_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let release = start() + SignedDuration::from_hours(10);
    let envelope = Envelope::new(ReversePath::Address(address("shop@example.org")), [address("a@a.test")]);
    let options = Options { deliver_at: Some(release), ..Options::default() };
    let id = desk.submit_this(envelope, "From: shop@example.org\r\n\r\n", options).await.unwrap().id;
    let mut postman = desk.postman(desk.deliver_by(|_, _| refused(451, "4.7.1", "later")));
    let mut next = postman.run_due().await.unwrap();
    assert_eq!(next, Some(release));
    let (mut warned, mut given_up) = (None, None);
    while let Some(due) = next {
        desk.clock.set(due);
        next = postman.run_due().await.unwrap();
        let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
        let after = Some(due.duration_since(release));
        match inbox.len() {
            0 => {}
            1 => warned = warned.or(after),
            _ => given_up = given_up.or(after),
        }
    }
    let (warned, given_up) = (warned.unwrap().as_hours(), given_up.unwrap().as_hours());
    // At the first attempt after the fourth hour; waits of that length are up to four hours, and vary by chance.
    assert!((4..=8).contains(&warned), "{warned}");
    assert_eq!(given_up, 5 * 24);
    assert_eq!(desk.store.message(id).await.unwrap().released_at(), release);
}

#[tokio::test]
async fn failures_are_counted_and_old_counts_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let rules = SuppressionRules { hard_bounces: 3, ..SuppressionRules::default() };
    let desk = Desk::open_as(folder.path(), |settings| settings.suppressions = rules);
    let deliver = desk.deliver_by(|_, _| refused(NO_USER.0, NO_USER.1, NO_USER.2));
    let mut postman = desk.postman(deliver);
    let rows = |table| {
        let store = desk.store.clone();
        async move { store.scan(table, "", None, 10).await.unwrap() }
    };
    // Two of them come to their end in one commit.
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    desk.submit("shop@shop.test", &["A@a.test"]).await.unwrap();
    postman.run_due().await.unwrap();
    let counts = rows(Table::FailureCounts).await;
    assert_eq!((counts.len(), &counts[0].1["hard"]), (1, &serde_json::json!(2)));
    assert!(rows(Table::Suppressions).await.is_empty());
    assert_eq!(rules.purge(&*desk.store, start() + rules.within).await.unwrap(), 0);
    desk.submit("shop@shop.test", &["a@a.test"]).await.unwrap();
    postman.run_due().await.unwrap();
    assert!(rows(Table::FailureCounts).await.is_empty());
    assert_eq!(rows(Table::Suppressions).await[0].1["evidence"]["failures"], 3);

    desk.submit("shop@shop.test", &["b@a.test"]).await.unwrap();
    postman.run_due().await.unwrap();
    let later = start() + rules.within + SignedDuration::from_secs(1);
    assert_eq!(rules.purge(&*desk.store, later).await.unwrap(), 1);
    assert!(rows(Table::FailureCounts).await.is_empty());
}
