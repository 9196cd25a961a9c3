//! What every engine must do. Each function takes an engine over an empty store.

mod waiting;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::{Body, Dsn, Notify, Ret, ReversePath};
use tegami_store::{
    Alteration, Attempt, DueRow, EnvelopeParameters, EventFilter, EventKind, Evidence, HopTls, Json,
    MailboxFlags, NodeId, Origin, QueueFilter, QueueId, RecipientState, RowId, SettleOp, Settlement,
    SourceWish, Store, StoreError, Suppression, SuppressionList, SuppressionSource, Table, TableChange,
    suppression_key,
};

use crate::support::{address, content, event, lease, mailbox, message, second};

pub(crate) use self::waiting::*;

type Engine = Arc<dyn Store>;

fn row(message: QueueId, recipient: u32) -> RowId {
    RowId { message, recipient }
}

fn delivered(row: RowId) -> SettleOp {
    SettleOp::Delivered { row, status: "250 2.0.0 OK".into() }
}

/// Another attempt at the hop of all these tests.
fn deferred(row: RowId, due: i64, status: &str) -> SettleOp {
    SettleOp::Defer { row, next_hop: "example.net".into(), due: second(due), status: status.into() }
}

fn failed(row: RowId) -> SettleOp {
    SettleOp::Fail { row, status: "550 5.1.1 no such mailbox".into() }
}

/// Holds what waits of a message, and tells how many rows that were.
async fn hold(store: &Engine, message: QueueId) -> usize {
    let filter = QueueFilter { message: Some(message), ..QueueFilter::default() };
    let hold = Alteration::Hold { reason: "asked to".into() };
    alter(store, filter, hold, second(30)).await
}

/// Does something to what passes a filter, without an event, and tells to how many rows.
async fn alter(store: &Engine, filter: QueueFilter, alteration: Alteration, now: Timestamp) -> usize {
    let rows = store.queue_ids(filter).await.unwrap();
    store.alter(rows, alteration, serde_json::Value::Null, now).await.unwrap().len()
}

fn at(seconds: i64, ops: Vec<SettleOp>) -> Settlement {
    Settlement { at: Some(second(seconds)), ops, ..Settlement::default() }
}

pub(crate) async fn an_accepted_message_comes_back_whole(store: Engine) {
    let mut new = message(10, &["a@example.net", "B.b@example.com"]);
    new.reverse_path = ReversePath::Null;
    new.origin = Origin::Reception { ip: "2001:db8::1".parse().unwrap() };
    new.envelope_parameters = EnvelopeParameters {
        body: Body::EightBitMime,
        smtputf8: true,
        require_tls: true,
        hop_tls: HopTls::Verified,
        dsn: Dsn { ret: Some(Ret::Headers), envelope_id: Some("env 1".into()) },
        release_at: Some(second(3600)),
        archive_to: Some("https://archive.example.org/".to_owned()),
        leaves_from: Some(SourceWish::Address("2001:db8::25".parse().unwrap())),
    };
    new.recipients[1].path.notify = Some(Notify { success: true, failure: false, delay: true });
    new.recipients[1].path.original_recipient = Some("rfc822;x@example.net".into());
    new.verdicts = Some(serde_json::json!({ "spf": "pass" }));
    new.summary.tags = vec!["welcome".into()];
    new.accepted_at = "2026-11-21T19:42:10.123456789Z".parse().unwrap();
    store.accept(vec![new.clone()]).await.unwrap();

    let found = store.message(new.id).await.unwrap();
    assert_eq!((found.id, found.accepted_at), (new.id, new.accepted_at));
    assert_eq!((&found.origin, &found.domain), (&new.origin, &new.domain));
    assert_eq!(found.reverse_path, new.reverse_path);
    assert_eq!(found.envelope_parameters, new.envelope_parameters);
    assert_eq!(found.summary, new.summary);
    assert_eq!(found.verdicts, new.verdicts);
    assert_eq!(store.content(new.id, None).await.unwrap(), new.content);

    let rows = store.recipients(new.id).await.unwrap();
    assert_eq!(rows.len(), 2);
    for (place, (row, wanted)) in (0..).zip(rows.iter().zip(&new.recipients)) {
        assert_eq!(row.id, RowId { message: new.id, recipient: place });
        assert_eq!(row.path, wanted.path);
        assert_eq!(row.next_hop, wanted.next_hop);
        assert_eq!((row.state, row.attempts), (RecipientState::Queued, 0));
        assert_eq!((row.due, row.expires), (wanted.due, wanted.expires));
        assert_eq!((row.accepted_at, &row.last_status), (new.accepted_at, &None));
        assert_eq!(*row.facts, new.facts());
    }
}

fn is_unknown<T>(result: Result<T, StoreError>) -> bool {
    matches!(result.err(), Some(StoreError::NotFound(_)))
}

pub(crate) async fn what_is_not_there_is_not_found(store: Engine) {
    let id = QueueId::from_bits(7);
    assert!(is_unknown(store.message(id).await));
    assert!(is_unknown(store.content(id, None).await));
    assert!(is_unknown(store.recipients(id).await));
    assert!(is_unknown(store.attempts(id).await));
    assert!(is_unknown(store.queue(QueueFilter::default(), Some(row(id, 0)), 1).await));
    assert!(is_unknown(store.flag(&address("a@example.org"), "INBOX", 1, MailboxFlags::default()).await));
    assert!(store.mailboxes(&address("a@example.org")).await.unwrap().is_empty());
    assert!(store.mailbox(&address("a@example.org"), "INBOX", 0, 9).await.unwrap().is_empty());
    assert!(store.messages_to(&address("a@example.org"), 9).await.unwrap().is_empty());
    assert!(store.by_message_id("x@y").await.unwrap().is_empty());
    let lease = lease(&*store).await;
    assert_eq!(store.next_due(&lease).await.unwrap(), None);
}

pub(crate) async fn accepting_again_changes_nothing(store: Engine) {
    let mut new = message(10, &["a@example.net"]);
    new.mailboxes = vec![mailbox("me@example.org", "INBOX")];
    store.accept(vec![new.clone()]).await.unwrap();
    let mut other = new.clone();
    other.content = content(99, 10);
    // In another commit, and twice in the same one.
    store.accept(vec![other.clone()]).await.unwrap();
    let twice = message(11, &["b@example.net"]);
    store.accept(vec![twice.clone(), twice.clone(), other]).await.unwrap();

    assert_eq!(store.content(new.id, None).await.unwrap(), new.content);
    assert_eq!(store.content(twice.id, None).await.unwrap(), twice.content);
    assert_eq!(store.recipients(new.id).await.unwrap().len(), 1);
    assert_eq!(store.mailboxes(&address("me@example.org")).await.unwrap(), [("INBOX".into(), 1)]);
    let events = store.events(EventFilter { limit: 99, ..EventFilter::default() }).await.unwrap();
    assert_eq!(events.len(), 2);
}

pub(crate) async fn contents_of_all_sizes(store: Engine) {
    let mut all = Vec::new();
    for (n, octets) in [0, 1, 35, 36, 4096, 65_537, 1 << 20].into_iter().enumerate() {
        let mut new = message(n as i64, &["a@example.net"]);
        new.content = content(n as u64, octets);
        all.push(new);
    }
    store.accept(all.clone()).await.unwrap();
    for new in &all {
        let whole = store.content(new.id, None).await.unwrap();
        assert_eq!(whole, new.content);
        let size = whole.len() as u64;
        for range in [0..0, 0..10, 5..size, 0..size, size..size + 9, size + 5..size + 9] {
            let begin = usize::try_from(range.start.min(size)).unwrap();
            let end = usize::try_from(range.end.min(size)).unwrap();
            assert_eq!(
                store.content(new.id, Some(range.clone())).await.unwrap(),
                new.content.slice(begin.min(end)..end),
                "{range:?} of {size}"
            );
        }
    }
}

pub(crate) async fn due_rows_come_by_due_time(store: Engine) {
    let lease = lease(&*store).await;
    let (late, early, future) = (
        message(30, &["late@example.net"]),
        message(10, &["early@example.net"]),
        message(99, &["f@example.net"]),
    );
    store.accept(vec![late.clone(), future.clone(), early.clone()]).await.unwrap();
    let ids = |rows: Vec<DueRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();

    assert_eq!(store.next_due(&lease).await.unwrap(), Some(second(10)));
    assert_eq!(ids(store.due(&lease, None, second(9), 9).await.unwrap()), []);
    assert_eq!(ids(store.due(&lease, None, second(10), 9).await.unwrap()), [row(early.id, 0)]);
    assert_eq!(
        ids(store.due(&lease, None, second(50), 9).await.unwrap()),
        [row(early.id, 0), row(late.id, 0)]
    );
    assert_eq!(ids(store.due(&lease, None, second(50), 1).await.unwrap()), [row(early.id, 0)]);
    assert_eq!(ids(store.due(&lease, None, second(50), 0).await.unwrap()), []);

    // Only queued rows are due.
    store.settle(&lease, at(50, vec![delivered(row(late.id, 0))])).await.unwrap();
    assert_eq!(hold(&store, early.id).await, 1);
    assert_eq!(ids(store.due(&lease, None, second(50), 9).await.unwrap()), []);
    assert_eq!(store.next_due(&lease).await.unwrap(), Some(second(99)));
}

pub(crate) async fn recipients_go_through_their_states(store: Engine) {
    let lease = lease(&*store).await;
    let new = message(10, &["a@example.net", "b@example.net", "c@example.net"]);
    store.accept(vec![new.clone()]).await.unwrap();
    let show = |store: Engine| async move {
        let rows = store.recipients(new.id).await.unwrap();
        rows.iter()
            .map(|row| {
                let due = row.due.as_second() - second(0).as_second();
                format!(
                    "{:?} {} {due} {}",
                    row.state,
                    row.attempts,
                    row.last_status.as_deref().unwrap_or("-")
                )
            })
            .collect::<Vec<_>>()
    };
    let defer = deferred(row(new.id, 1), 900, "451 4.7.1 later");
    store
        .settle(&lease, at(20, vec![delivered(row(new.id, 0)), defer, failed(row(new.id, 2))]))
        .await
        .unwrap();
    let first = "Delivered 1 20 250 2.0.0 OK";
    let last = "Failed 1 20 550 5.1.1 no such mailbox";
    assert_eq!(show(store.clone()).await, [first, "Queued 1 900 451 4.7.1 later", last]);

    // A held row waits; an attempt that was under way may still defer it.
    assert_eq!(hold(&store, new.id).await, 1);
    assert_eq!(show(store.clone()).await[1], "Held 1 900 451 4.7.1 later");
    store.settle(&lease, at(31, vec![deferred(row(new.id, 1), 1000, "452")])).await.unwrap();
    assert_eq!(show(store.clone()).await[1], "Held 2 1000 452");

    // Released, it goes on at once.
    let of_it = QueueFilter { message: Some(new.id), ..QueueFilter::default() };
    assert_eq!(alter(&store, of_it, Alteration::Release, second(40)).await, 1);
    assert_eq!(show(store.clone()).await[1], "Queued 2 40 452");
    store.settle(&lease, at(50, vec![delivered(row(new.id, 1))])).await.unwrap();
    assert_eq!(show(store.clone()).await[1], "Delivered 3 50 250 2.0.0 OK");
    assert_eq!(store.next_due(&lease).await.unwrap(), None);
}

pub(crate) async fn a_settlement_is_one_commit(store: Engine) {
    let lease = lease(&*store).await;
    let new = message(10, &["gone@example.net"]);
    store.accept(vec![new.clone()]).await.unwrap();
    let mut dsn = message(20, &["bounces@example.org"]);
    dsn.reverse_path = ReversePath::Null;
    dsn.origin = Origin::Own;
    let attempt = Attempt {
        message: new.id,
        recipients: vec![0],
        at: second(20),
        record: serde_json::json!({ "hosts": ["mx.example.net"] }).into(),
    };
    let suppression = Suppression {
        domain: "example.org".into(),
        list: SuppressionList::Bounces,
        address: "Gone@example.net".into(),
        code: "550".into(),
        error: "no such mailbox".into(),
        created_at: second(20),
        source: SuppressionSource::Rule,
        evidence: Some(Box::new(Evidence {
            reply: "550 5.1.1 no such mailbox".into(),
            ..Evidence::default()
        })),
        tags: Vec::new(),
    };
    let settlement = Settlement {
        at: Some(second(20)),
        ops: vec![failed(row(new.id, 0))],
        attempts: vec![attempt.clone()],
        events: vec![event(EventKind::Failed, 20, Some(new.id))],
        born: vec![dsn.clone()],
        tables: vec![suppression.change()],
    };
    // One unknown row, and nothing of it happens.
    let unknown = row(QueueId::from_bits(9), 0);
    let mut wrong = settlement.clone();
    wrong.ops.push(delivered(unknown));
    assert_eq!(finished(store.settle(&lease, wrong).await), [unknown]);
    assert_eq!(store.recipients(new.id).await.unwrap()[0].state, RecipientState::Queued);
    assert!(store.attempts(new.id).await.unwrap().is_empty());
    assert!(matches!(store.content(dsn.id, None).await, Err(StoreError::NotFound(_))));

    // Twice is as good as once.
    store.settle(&lease, settlement.clone()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(finished(store.settle(&lease, settlement.clone()).await), [row(new.id, 0)]);
        assert_eq!(store.recipients(new.id).await.unwrap()[0].attempts, 1);
        assert_eq!(store.attempts(new.id).await.unwrap(), std::slice::from_ref(&attempt));
        assert_eq!(store.content(dsn.id, None).await.unwrap(), dsn.content);
        let filter = EventFilter { message: Some(new.id), limit: 9, ..EventFilter::default() };
        let kinds: Vec<_> =
            store.events(filter).await.unwrap().iter().map(|event| event.event.kind).collect();
        assert_eq!(kinds, [EventKind::Accepted, EventKind::Failed]);
        let key = suppression_key("example.org", SuppressionList::Bounces, "gone@EXAMPLE.net");
        let kept = store.get(Table::Suppressions, &key).await.unwrap().unwrap();
        assert_eq!(serde_json::from_value::<Suppression>(kept).unwrap(), suppression);
    }
}

/// The rows by which a settlement was refused.
fn finished(settled: Result<(), StoreError>) -> Vec<RowId> {
    match settled {
        Err(StoreError::Finished(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn what_others_finished_is_not_settled(store: Engine) {
    let lease = lease(&*store).await;
    let new = message(10, &["a@example.net", "b@example.net", "c@example.net"]);
    store.accept(vec![new.clone()]).await.unwrap();
    let gone = Alteration::Drop { status: "dropped by a person".into() };
    store.alter(vec![row(new.id, 1)], gone, serde_json::Value::Null, second(15)).await.unwrap();
    let mut dsn = message(20, &["bounces@example.org"]);
    dsn.origin = Origin::Own;
    let attempt =
        |message| Attempt { message, recipients: vec![0, 1, 2], at: second(20), record: Json::default() };
    let mut mixed = at(20, vec![delivered(row(new.id, 0)), failed(row(new.id, 1)), failed(row(new.id, 2))]);
    mixed.events = vec![event(EventKind::Delivered, 20, Some(new.id))];
    mixed.attempts = vec![attempt(new.id)];
    mixed.born = vec![dsn.clone()];
    assert_eq!(finished(store.settle(&lease, mixed.clone()).await), [row(new.id, 1)]);
    let states = |store: Engine| async move {
        store.recipients(new.id).await.unwrap().iter().map(|row| row.state).collect::<Vec<_>>()
    };
    use RecipientState::{Delivered, Failed, Queued};
    assert_eq!(states(store.clone()).await, [Queued, Failed, Queued]);
    assert!(is_unknown(store.message(dsn.id).await) && store.attempts(new.id).await.unwrap().is_empty());

    // Without that row it is applied; an attempt for a message that is not there any more is left out.
    mixed.ops.remove(1);
    mixed.attempts.push(attempt(QueueId::from_bits(9)));
    store.settle(&lease, mixed).await.unwrap();
    assert_eq!(states(store.clone()).await, [Delivered, Failed, Failed]);
    assert_eq!(store.attempts(new.id).await.unwrap().len(), 1);
    assert!(store.message(dsn.id).await.is_ok());

    // What is only told needs no row.
    let told = Settlement {
        events: vec![event(EventKind::Delivered, 30, Some(new.id))],
        attempts: vec![attempt(new.id)],
        ..at(30, Vec::new())
    };
    store.settle(&lease, told).await.unwrap();
    let filter = EventFilter { message: Some(new.id), limit: 9, ..EventFilter::default() };
    let kinds: Vec<_> = store.events(filter).await.unwrap().iter().map(|event| event.event.kind).collect();
    assert_eq!(kinds, [EventKind::Accepted, EventKind::Delivered, EventKind::Delivered]);
    assert_eq!(store.attempts(new.id).await.unwrap().len(), 2);
}

pub(crate) async fn what_was_sent_elsewhere_meanwhile_is_deferred_to_now(store: Engine) {
    let lease = lease(&*store).await;
    let new = message(10, &["a@example.net", "b@example.net"]);
    store.accept(vec![new.clone()]).await.unwrap();
    let elsewhere = Alteration::Reroute { next_hop: "relay.example".into() };
    store.alter(vec![row(new.id, 1)], elsewhere, serde_json::Value::Null, second(15)).await.unwrap();
    let both = vec![deferred(row(new.id, 0), 900, "451"), deferred(row(new.id, 1), 900, "451")];
    store.settle(&lease, at(20, both)).await.unwrap();
    let rows = store.recipients(new.id).await.unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (row.next_hop.as_str(), row.due, row.attempts)).collect();
    assert_eq!(shown, [("example.net", second(900), 1), ("relay.example", second(20), 1)]);
}

pub(crate) async fn a_lease_belongs_to_one_node(store: Engine) {
    let (a, b) = (NodeId("a".into()), NodeId("b".into()));
    let minute = Duration::from_secs(60);
    let first = store.claim(&a, second(0), minute).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].until, second(60));
    assert!(store.claim(&b, second(59), minute).await.unwrap().is_empty());
    let renewed = store.claim(&a, second(30), minute).await.unwrap();
    assert_eq!((renewed[0].epoch, renewed[0].until), (first[0].epoch, second(90)));
    assert!(store.claim(&b, second(89), minute).await.unwrap().is_empty());
    let taken = store.claim(&b, second(90), minute).await.unwrap();
    assert!(taken[0].epoch > first[0].epoch);

    // The first node comes back late: nothing of what it says counts.
    let new = message(10, &["a@example.net"]);
    let mut dsn = message(20, &["b@example.net"]);
    dsn.events.clear();
    store.accept(vec![new.clone()]).await.unwrap();
    let mut late = at(91, vec![delivered(row(new.id, 0))]);
    late.born = vec![dsn.clone()];
    let fenced = |result: Result<(), StoreError>| matches!(result, Err(StoreError::Fenced));
    assert!(fenced(store.settle(&first[0], late).await));
    assert!(matches!(store.message(dsn.id).await, Err(StoreError::NotFound(_))));
    assert!(fenced(store.due(&first[0], None, second(99), 9).await.map(|_| ())));
    assert!(fenced(store.next_due(&first[0]).await.map(|_| ())));
    assert_eq!(store.due(&taken[0], None, second(99), 9).await.unwrap().len(), 1);
    store.settle(&taken[0], at(91, vec![delivered(row(new.id, 0))])).await.unwrap();
    assert!(store.due(&taken[0], None, second(99), 9).await.unwrap().is_empty());
}

pub(crate) async fn lists_are_paged(store: Engine) {
    let mut ids: Vec<QueueId> = Vec::new();
    for n in 0..25 {
        // Due times run against the order of acceptance, and two share one.
        let mut new = message(100 + n, &["a@example.net", "b@example.net"]);
        new.recipients[0].due = second(1000 - n);
        new.recipients[1].due = second(1000 - n / 2);
        ids.push(new.id);
        store.accept(vec![new]).await.unwrap();
    }
    let lease = lease(&*store).await;
    assert_eq!(hold(&store, ids[3]).await, 2);
    store.settle(&lease, at(200, vec![delivered(row(ids[4], 0))])).await.unwrap();

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.queue(QueueFilter::default(), after, 7).await.unwrap();
        after = page.last().map(|row| row.id);
        seen.extend(page);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 49);
    assert_eq!(seen.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(), 49);
    assert!(seen.iter().map(|row| row.due).is_sorted());
    assert_eq!(seen.iter().filter(|row| row.state == RecipientState::Held).count(), 2);

    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.messages(before, 4).await.unwrap();
        before = page.last().map(|row| row.id);
        seen.extend(page.iter().map(|row| row.id));
        if before.is_none() {
            break;
        }
    }
    ids.reverse();
    assert_eq!(seen, ids);
}

pub(crate) async fn messages_are_found_by_recipient_and_message_id(store: Engine) {
    let first = message(10, &["Taro.Yamada@example.net", "x@example.net"]);
    let second_one = message(11, &["taro.yamada@example.net"]);
    let mut third = message(12, &["other@example.net"]);
    third.summary.message_id = first.summary.message_id.clone();
    let mut without = message(13, &["none@example.net"]);
    without.summary.message_id = String::new();
    for new in [&first, &second_one, &third, &without] {
        store.accept(vec![new.clone()]).await.unwrap();
    }
    let ids = |rows: Vec<tegami_store::MessageRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let taro = address("taro.yamada@example.net");
    assert_eq!(ids(store.messages_to(&taro, 9).await.unwrap()), [second_one.id, first.id]);
    assert_eq!(ids(store.messages_to(&taro, 1).await.unwrap()), [second_one.id]);
    assert_eq!(ids(store.by_message_id(&first.summary.message_id).await.unwrap()), [third.id, first.id]);
    assert!(store.by_message_id("").await.unwrap().is_empty());
    assert!(store.messages_to(&address("nobody@example.net"), 9).await.unwrap().is_empty());
}

pub(crate) async fn events_are_filtered_and_paged(store: Engine) {
    let new = message(5, &["a@example.net"]);
    store.accept(vec![new.clone()]).await.unwrap();
    let mut all = Vec::new();
    for n in 0..30 {
        let mut event = event(EventKind::Opened, 100 + n, None);
        event.domain = if n % 3 == 0 { "example.com".into() } else { "example.org".into() };
        event.message = (n % 5 == 0).then_some(new.id);
        event.recipient = Some(format!("r{n}@example.net"));
        all.push(event);
    }
    store.record(all[..10].to_vec()).await.unwrap();
    store.record(all[10..].to_vec()).await.unwrap();
    let ask = |filter: EventFilter| {
        let store = store.clone();
        async move { store.events(filter).await.unwrap() }
    };

    let everything = ask(EventFilter { limit: 99, ..EventFilter::default() }).await;
    assert_eq!(everything.len(), 31);
    assert!(everything.is_sorted_by(|one, other| one.seq < other.seq));
    assert_eq!(everything[1..].iter().map(|event| event.event.clone()).collect::<Vec<_>>(), all);
    let born = &everything[0];
    assert_eq!(born.summary.as_ref(), Some(&new.summary));
    assert_eq!(born.origin.as_ref(), Some(&new.origin));
    assert_eq!(born.reverse_path.as_ref(), Some(&new.reverse_path));
    assert_eq!(everything[2].summary, None);

    let com = EventFilter { domain: Some("example.com".into()), limit: 99, ..EventFilter::default() };
    assert_eq!(ask(com.clone()).await.len(), 10);
    let both = EventFilter { message: Some(new.id), ..com.clone() };
    assert_eq!(ask(both).await.len(), 2);
    let window = EventFilter { begin: Some(second(103)), end: Some(second(112)), ..com.clone() };
    assert_eq!(ask(window).await.len(), 4);

    for descending in [false, true] {
        let mut seen = Vec::new();
        let mut from_seq = None;
        loop {
            let page = ask(EventFilter { from_seq, descending, limit: 4, ..EventFilter::default() }).await;
            from_seq = page.last().map(|event| event.seq);
            seen.extend(page);
            if from_seq.is_none() {
                break;
            }
        }
        if descending {
            seen.reverse();
        }
        assert_eq!(seen, everything);
    }
}

/// Many events, roughly but not strictly in the order of their times, against a list.
pub(crate) async fn events_of_a_time_are_found_among_many(store: Engine) {
    let time = |n: i64| n * 10 + (n * 7919 % 211) - if n % 501 == 0 { 9000 } else { 0 };
    let domain = |n: i64| if n % 4 == 0 { "example.com" } else { "example.org" };
    let mut model = Vec::new();
    for first in (0..5000).step_by(250) {
        let piece = (first..first + 250).map(|n| {
            let mut event = event(EventKind::Delivered, time(n), None);
            event.domain = domain(n).into();
            event
        });
        store.record(piece.collect()).await.unwrap();
        model.extend((first..first + 250).map(|n| (time(n), domain(n))));
    }
    for round in 0..2 {
        for (begin, end) in
            [(None, Some(9000)), (Some(30_000), Some(30_500)), (Some(49_000), None), (Some(-9000), None)]
        {
            for wanted in [None, Some("example.com")] {
                for descending in [false, true] {
                    let filter = EventFilter {
                        domain: wanted.map(str::to_owned),
                        begin: begin.map(second),
                        end: end.map(second),
                        descending,
                        limit: 120,
                        ..EventFilter::default()
                    };
                    let mut expected: Vec<_> = model
                        .iter()
                        .filter(|(at, domain)| {
                            begin.is_none_or(|begin| *at >= begin)
                                && end.is_none_or(|end| *at <= end)
                                && wanted.is_none_or(|wanted| wanted == *domain)
                        })
                        .map(|(at, _)| second(*at))
                        .collect();
                    if descending {
                        expected.reverse();
                    }
                    expected.truncate(120);
                    let found = store.events(filter.clone()).await.unwrap();
                    let found: Vec<_> = found.iter().map(|event| event.event.at).collect();
                    assert_eq!(found, expected, "round {round} {filter:?}");
                }
            }
        }
        store.purge(second(25_000)).await.unwrap();
        model.retain(|(at, _)| *at >= 25_000);
    }
}

pub(crate) async fn mailboxes_count_uids(store: Engine) {
    let (me, you) = (address("me@example.org"), address("you@example.org"));
    let mut ids = Vec::new();
    for n in 0..5 {
        let mut new = message(n, &[]);
        new.mailboxes = vec![mailbox("me@example.org", if n == 3 { "Junk" } else { "INBOX" })];
        if n == 4 {
            new.mailboxes.push(mailbox("you@example.org", "INBOX"));
        }
        ids.push(new.id);
        store.accept(vec![new]).await.unwrap();
    }
    assert_eq!(store.mailboxes(&me).await.unwrap(), [("INBOX".into(), 4), ("Junk".into(), 1)]);
    assert_eq!(store.mailboxes(&you).await.unwrap(), [("INBOX".into(), 1)]);
    let show = |owner: tegami_mail::Address, name: &'static str, after, max| {
        let store = store.clone();
        async move {
            let entries = store.mailbox(&owner, name, after, max).await.unwrap();
            entries.iter().map(|entry| (entry.uid, entry.message.id, entry.flags.seen)).collect::<Vec<_>>()
        }
    };
    let inbox = [(1, ids[0], false), (2, ids[1], false), (3, ids[2], false), (4, ids[4], false)];
    assert_eq!(show(me.clone(), "INBOX", 0, 9).await, inbox);
    assert_eq!(show(me.clone(), "INBOX", 1, 2).await, inbox[1..3]);
    assert_eq!(show(you, "INBOX", 0, 9).await, [(1, ids[4], false)]);
    store.flag(&me, "INBOX", 2, MailboxFlags { seen: true }).await.unwrap();
    assert_eq!(show(me.clone(), "INBOX", 1, 1).await, [(2, ids[1], true)]);
    store.flag(&me, "INBOX", 2, MailboxFlags { seen: false }).await.unwrap();
    assert_eq!(show(me.clone(), "INBOX", 1, 1).await, [(2, ids[1], false)]);
    let missing = store.flag(&me, "INBOX", 9, MailboxFlags { seen: true }).await;
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
}

pub(crate) async fn one_message_is_forgotten(store: Engine) {
    let lease = lease(&*store).await;
    let done = message(10, &["a@example.net"]);
    let half = message(10, &["a@example.net", "b@example.net"]);
    let mut kept = message(10, &[]);
    kept.mailboxes = vec![mailbox("me@example.org", "INBOX")];
    store.accept(vec![done.clone(), half.clone(), kept.clone()]).await.unwrap();
    assert!(!store.forget(done.id).await.unwrap());
    let ops = vec![delivered(row(done.id, 0)), delivered(row(half.id, 0))];
    store.settle(&lease, at(20, ops)).await.unwrap();
    for (new, goes) in [(&done, true), (&half, false), (&kept, false)] {
        assert_eq!(store.forget(new.id).await.unwrap(), goes);
        assert_eq!(store.message(new.id).await.is_err(), goes);
    }
    assert!(matches!(store.content(done.id, None).await, Err(StoreError::NotFound(_))));
    assert!(!store.forget(done.id).await.unwrap());
}

pub(crate) async fn purge_forgets_what_is_over(store: Engine) {
    let lease = lease(&*store).await;
    let old = message(10, &["a@example.net", "b@example.net"]);
    let half = message(10, &["a@example.net", "b@example.net"]);
    let late = message(10, &["a@example.net"]);
    let mut kept = message(10, &["a@example.net"]);
    kept.mailboxes = vec![mailbox("me@example.org", "INBOX")];
    let show = message(10, &[]);
    let fresh = message(500, &[]);
    let all = [&old, &half, &late, &kept, &show, &fresh];
    store.accept(all.iter().map(|new| (*new).clone()).collect()).await.unwrap();
    let attempt =
        Attempt { message: old.id, recipients: vec![0, 1], at: second(20), record: Json::default() };
    let mut settlement = at(20, vec![delivered(row(old.id, 0)), failed(row(old.id, 1))]);
    settlement.ops.extend([delivered(row(half.id, 0)), delivered(row(kept.id, 0))]);
    settlement.attempts = vec![attempt];
    store.settle(&lease, settlement).await.unwrap();
    store.settle(&lease, at(300, vec![delivered(row(late.id, 0))])).await.unwrap();

    assert_eq!(store.purge(second(200)).await.unwrap(), 2);
    for (new, stays) in all.iter().zip([false, true, true, true, false, true]) {
        assert_eq!(store.message(new.id).await.is_ok(), stays);
        match store.content(new.id, None).await {
            Ok(content) => assert_eq!(content, new.content),
            Err(error) => assert!(!stays && matches!(error, StoreError::NotFound(_)), "{error}"),
        }
    }
    assert!(store.by_message_id(&old.summary.message_id).await.unwrap().is_empty());
    assert_eq!(store.messages_to(&address("b@example.net"), 9).await.unwrap().len(), 1);
    let events = store.events(EventFilter { limit: 99, ..EventFilter::default() }).await.unwrap();
    assert_eq!(events.iter().map(|event| event.event.at).collect::<Vec<_>>(), [second(500)]);
    let seq = events[0].seq;

    // Numbers of events are never used twice, even when the newest one goes.
    assert_eq!(store.purge(second(501)).await.unwrap(), 2);
    store.record(vec![event(EventKind::Stored, 600, None)]).await.unwrap();
    let events = store.events(EventFilter { limit: 99, ..EventFilter::default() }).await.unwrap();
    assert!(events[0].seq > seq);
    assert_eq!(store.mailboxes(&address("me@example.org")).await.unwrap(), [("INBOX".into(), 1)]);
}

pub(crate) async fn plain_tables(store: Engine) {
    let value = |n: i32| serde_json::json!({ "n": n });
    let rows = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), value(1))).collect::<Vec<_>>();
    let keys = ["a", "example.org/bounces/a", "example.org/bounces/あ", "example.org/unsubscribes/a", "例"];
    let versions = || (store.version(Table::Suppressions), store.version(Table::Accounts));
    let before = versions();
    store.put(Table::Suppressions, rows(&keys)).await.unwrap();
    // An engine that cannot tell says so always.
    assert!(before.0.is_none() || versions().0 != before.0 && versions().1 == before.1);
    store.put(Table::Accounts, rows(&["a"])).await.unwrap();
    let before = versions();
    store.put(Table::Accounts, vec![("a".into(), value(2))]).await.unwrap();
    assert_eq!(store.get(Table::Accounts, "a").await.unwrap(), Some(value(2)));
    assert_eq!(store.get(Table::Suppressions, "a").await.unwrap(), Some(value(1)));
    assert_eq!(store.get(Table::Domains, "a").await.unwrap(), None);

    let scan = |prefix: &'static str, after: Option<&'static str>, max| {
        let store = store.clone();
        async move {
            let rows = store.scan(Table::Suppressions, prefix, after, max).await.unwrap();
            rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        }
    };
    assert_eq!(scan("", None, 9).await, keys);
    assert_eq!(scan("example.org/", None, 9).await, keys[1..4]);
    assert_eq!(scan("example.org/bounces/", Some(keys[1]), 9).await, keys[2..3]);
    assert_eq!(scan("example.org/", Some(keys[3]), 9).await, [""; 0]);
    assert_eq!(scan("example.org/", Some("a"), 2).await, keys[1..3]);
    assert_eq!(scan("例", None, 9).await, ["例"]);
    assert_eq!(scan("x", None, 9).await, [""; 0]);

    let before_all = versions();
    let change = |table, key: &str, value| TableChange { table, key: key.to_owned(), value };
    let both = vec![
        change(Table::Accounts, "b", Some(value(1))),
        change(Table::Suppressions, "b", Some(value(1))),
        change(Table::Accounts, "b", Some(value(3))),
        change(Table::Suppressions, "b", None),
    ];
    store.change(both).await.unwrap();
    assert!(before_all.0.is_none() || versions().0 != before_all.0 && versions().1 != before_all.1);
    assert_eq!(store.get(Table::Accounts, "b").await.unwrap(), Some(value(3)));
    assert_eq!(store.get(Table::Suppressions, "b").await.unwrap(), None);

    let told = vec![event(EventKind::Unsubscribed, 700, None)];
    let written = vec![change(Table::Suppressions, "told", Some(value(4)))];
    store.tell(told.clone(), written).await.unwrap();
    assert_eq!(store.get(Table::Suppressions, "told").await.unwrap(), Some(value(4)));
    let newest = EventFilter { descending: true, limit: 1, ..EventFilter::default() };
    let newest: Vec<_> = store.events(newest).await.unwrap().into_iter().map(|event| event.event).collect();
    assert_eq!(newest, told);

    let gone = vec!["a".to_owned(), "never there".to_owned(), "told".to_owned()];
    store.delete(Table::Suppressions, gone.clone()).await.unwrap();
    assert!(before.0.is_none() || versions().0 != before.0);
    store.delete(Table::Suppressions, gone).await.unwrap();
    assert_eq!(scan("", None, 9).await, keys[1..]);
    assert_eq!(store.get(Table::Accounts, "a").await.unwrap(), Some(value(2)));
}

pub(crate) async fn many_producers(store: Engine) {
    let mut tasks = Vec::new();
    for producer in 0..64_i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut accepted = Vec::new();
            for n in 0..20 {
                let mut new = message(producer * 100 + n, &["a@example.net"]);
                new.content = content((producer * 100 + n) as u64, 2000);
                store.accept(vec![new.clone()]).await.unwrap();
                accepted.push(new);
            }
            accepted
        }));
    }
    let mut count = 0;
    for task in tasks {
        for new in task.await.unwrap() {
            assert_eq!(store.content(new.id, None).await.unwrap(), new.content);
            count += 1;
        }
    }
    assert_eq!(count, 64 * 20);
    let lease = lease(&*store).await;
    assert_eq!(store.due(&lease, None, Timestamp::MAX, 9999).await.unwrap().len(), count);
}

pub(crate) async fn plain_tables_learn_from_messages(store: Engine) {
    let lease = lease(&*store).await;
    let change = |key: &str, value: Option<i64>| TableChange {
        table: Table::FailureCounts,
        key: key.into(),
        value: value.map(serde_json::Value::from),
    };
    let kept = |store: Engine| async move {
        let rows = store.scan(Table::FailureCounts, "", None, 9).await.unwrap();
        rows.into_iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
    };
    let before = store.version(Table::FailureCounts);
    let mut new = message(10, &["a@example.net"]);
    new.tables = vec![change("a", Some(1)), change("b", Some(1)), change("b", Some(2))];
    store.accept(vec![new.clone()]).await.unwrap();
    assert_eq!(kept(store.clone()).await, "a 1, b 2");
    assert!(before.is_none() || store.version(Table::FailureCounts) != before);
    // Neither a message that is there already nor a settlement that does not count changes anything.
    new.tables = vec![change("c", Some(1))];
    store.accept(vec![new.clone()]).await.unwrap();
    let settlement = Settlement {
        tables: vec![change("a", None), change("d", Some(4))],
        ..at(20, vec![delivered(row(new.id, 0))])
    };
    let mut wrong = settlement.clone();
    wrong.ops.push(delivered(row(new.id, 1)));
    assert_eq!(finished(store.settle(&lease, wrong).await), [row(new.id, 1)]);
    assert_eq!(kept(store.clone()).await, "a 1, b 2");
    store.settle(&lease, settlement).await.unwrap();
    assert_eq!(kept(store.clone()).await, "b 2, d 4");
}
