//! What every engine must do with the rows that wait, for the schedule and for people.

use tegami_store::{
    Alteration, DueRow, EventFilter, EventKind, Origin, Priority, QueueColumn, QueueFilter, QueueId,
    RecipientState,
};

use crate::conformance::{Engine, at, deferred, delivered, hold, row};
use crate::support::{lease, message, second};

/// Twelve messages of two accounts to two hosts, with all that a filter asks for.
async fn a_mixed_queue(store: &Engine) -> Vec<QueueId> {
    let mut ids = Vec::new();
    for n in 0..12_i64 {
        let mut new = message(100 + n, &["a@example.net", "B@example.com"]);
        let account = if n % 2 == 0 { "shop" } else { "news" };
        new.origin = Origin::Submission { account: account.into() };
        new.domain = format!("{account}.example.org");
        new.priority =
            [Priority::Transactional, Priority::Normal, Priority::Bulk][usize::try_from(n % 3).unwrap()];
        if n % 4 == 1 {
            new.summary.tags = vec!["spring".into(), "\"quoted\"".into()];
        }
        ids.push(new.id);
        store.accept(vec![new]).await.unwrap();
    }
    let lease = lease(&**store).await;
    let defer = deferred(row(ids[0], 0), 900, "451 4.7.1 Try Later");
    store.settle(&lease, at(150, vec![defer, delivered(row(ids[1], 0))])).await.unwrap();
    assert_eq!(hold(store, ids[2]).await, 2);
    ids
}

pub(crate) async fn rows_know_their_message(store: Engine) {
    let ids = a_mixed_queue(&store).await;
    let rows = store.rows(vec![row(ids[5], 1), row(QueueId::from_bits(9), 0), row(ids[1], 0)]).await.unwrap();
    let [waiting, finished] = &*rows else { panic!("{rows:?}") };
    assert_eq!((waiting.id, finished.id), (row(ids[5], 1), row(ids[1], 0)));
    assert_eq!((waiting.state, finished.state), (RecipientState::Queued, RecipientState::Delivered));
    assert_eq!(waiting.facts.account.as_deref(), Some("news"));
    assert_eq!(waiting.facts.sender_domain, "news.example.org");
    assert_eq!(waiting.facts.priority, Priority::Bulk);
    assert_eq!(waiting.facts.tags, ["spring", "\"quoted\""]);
    let held = store.recipients(ids[2]).await.unwrap();
    assert_eq!(held[0].hold_reason.as_deref(), Some("asked to"));
    let lease = lease(&*store).await;
    let due = store.due(&lease, None, second(999), 99).await.unwrap();
    let due = due.iter().find(|due| due.id == waiting.id).unwrap();
    assert_eq!((&due.facts, &due.next_hop, due.due), (&*waiting.facts, &waiting.next_hop, waiting.due));
}

pub(crate) async fn due_rows_are_paged(store: Engine) {
    a_mixed_queue(&store).await;
    let lease = lease(&*store).await;
    let whole = store.due(&lease, None, second(999), 99).await.unwrap();
    assert_eq!(whole.len(), 21);
    let mut paged: Vec<DueRow> = Vec::new();
    loop {
        let after = paged.last().map(|row| (row.due, row.id));
        let page = store.due(&lease, after, second(999), 4).await.unwrap();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, whole);
}

pub(crate) async fn lists_have_filters(store: Engine) {
    let ids = a_mixed_queue(&store).await;
    let any = QueueFilter::default;
    let check = |filter: QueueFilter, wanted: usize| {
        let store = store.clone();
        async move {
            let whole = store.queue(filter.clone(), None, 99).await.unwrap();
            assert_eq!(whole.len(), wanted, "{filter:?}");
            assert!(whole.iter().map(|row| (row.due, row.id)).is_sorted());
            let counted = store.queue_counts(filter.clone(), QueueColumn::State).await.unwrap();
            assert_eq!(counted.iter().map(|count| count.rows).sum::<u64>(), wanted as u64, "{filter:?}");
            let mut paged: Vec<tegami_store::QueueRow> = Vec::new();
            while let page = store.queue(filter.clone(), paged.last().map(|row| row.id), 2).await.unwrap()
                && !page.is_empty()
            {
                paged.extend(page);
            }
            assert_eq!(paged, whole, "{filter:?}");
            let ids: Vec<_> = whole.iter().map(|row| row.id).collect();
            assert_eq!(store.queue_ids(filter.clone()).await.unwrap(), ids, "{filter:?}");
        }
    };
    check(any(), 23).await;
    check(QueueFilter { state: Some(RecipientState::Queued), ..any() }, 21).await;
    check(QueueFilter { state: Some(RecipientState::Held), ..any() }, 2).await;
    check(QueueFilter { state: Some(RecipientState::Failed), ..any() }, 0).await;
    check(QueueFilter { message: Some(ids[1]), ..any() }, 1).await;
    check(QueueFilter { recipient: Some("b@EXAMPLE.com".into()), ..any() }, 12).await;
    check(QueueFilter { recipient: Some("c@example.com".into()), ..any() }, 0).await;
    check(QueueFilter { domains: vec!["example.net".into()], ..any() }, 11).await;
    check(QueueFilter { next_hops: vec!["example.net".into(), "example.com".into()], ..any() }, 23).await;
    check(QueueFilter { account: Some("news".into()), ..any() }, 11).await;
    check(QueueFilter { sender_domain: Some("shop.example.org".into()), ..any() }, 12).await;
    check(QueueFilter { tag: Some("spring".into()), ..any() }, 5).await;
    check(QueueFilter { tag: Some("\"quoted\"".into()), ..any() }, 5).await;
    check(QueueFilter { tag: Some("quoted".into()), ..any() }, 0).await;
    check(QueueFilter { priority: Some(Priority::Transactional), ..any() }, 8).await;
    check(QueueFilter { accepted_from: Some(second(103)), accepted_until: Some(second(105)), ..any() }, 4)
        .await;
    check(QueueFilter { due_from: Some(second(112)), ..any() }, 1).await;
    check(QueueFilter { due_until: Some(second(101)), ..any() }, 1).await;
    check(QueueFilter { attempts_from: Some(1), ..any() }, 1).await;
    check(QueueFilter { attempts_until: Some(0), ..any() }, 22).await;
    check(QueueFilter { status: Some("try later".into()), ..any() }, 1).await;
    let both = QueueFilter { account: Some("shop".into()), domains: vec!["example.com".into()], ..any() };
    check(QueueFilter { status: Some("4.7.1".into()), ..both.clone() }, 0).await;
    check(both, 6).await;

    let counts = store.queue_counts(any(), QueueColumn::NextHop).await.unwrap();
    let shown: Vec<_> = counts.iter().map(|count| (count.value.as_str(), count.rows)).collect();
    assert_eq!(shown, [("example.com", 12), ("example.net", 11)]);
    assert_eq!((counts[0].oldest, counts[0].due), (second(100), second(100)));
    for (by, wanted) in [
        (QueueColumn::Domain, "example.com 12, example.net 11"),
        (QueueColumn::Account, "shop 12, news 11"),
        (QueueColumn::SenderDomain, "shop.example.org 12, news.example.org 11"),
        (QueueColumn::State, "queued 21, held 2"),
        (QueueColumn::Priority, "bulk 8, transactional 8, normal 7"),
    ] {
        let counts = store.queue_counts(any(), by).await.unwrap();
        let shown: Vec<_> = counts.iter().map(|count| format!("{} {}", count.value, count.rows)).collect();
        assert_eq!(shown.join(", "), wanted);
    }
}

pub(crate) async fn people_alter_the_queue(store: Engine) {
    let ids = a_mixed_queue(&store).await;
    let of = |account: &str| QueueFilter { account: Some(account.into()), ..QueueFilter::default() };
    let count = |filter: QueueFilter, alteration: Alteration, max| {
        let (store, record) = (store.clone(), serde_json::json!({ "code": 550 }));
        async move {
            let mut rows = store.queue_ids(filter).await.unwrap();
            rows.truncate(max);
            store.alter(rows, alteration, record, second(200)).await.unwrap().len()
        }
    };
    // In pieces, each one commit, and again without harm; what is finished or unknown stays what it is.
    let others = vec![row(ids[1], 0), row(QueueId::from_bits(9), 0)];
    let none = store.alter(others, Alteration::Release, serde_json::Value::Null, second(200)).await.unwrap();
    assert_eq!(none, []);
    let hold = || Alteration::Hold { reason: "complaints".into() };
    assert_eq!(count(of("news"), hold(), 7).await, 7);
    assert_eq!(count(of("news"), hold(), 99).await, 4);
    assert_eq!(count(of("news"), hold(), 99).await, 0);
    assert_eq!(store.recipients(ids[3]).await.unwrap()[1].hold_reason.as_deref(), Some("complaints"));
    assert_eq!(count(of("shop"), Alteration::Release, 99).await, 2);
    assert_eq!(count(of("news"), Alteration::Retry, 99).await, 0);
    assert_eq!(count(of("shop"), Alteration::Retry, 99).await, 1);
    assert_eq!(store.recipients(ids[0]).await.unwrap()[0].due, second(200));

    let elsewhere = || Alteration::Reroute { next_hop: "relay.example".into() };
    let to = QueueFilter { domains: vec!["example.net".into()], ..of("news") };
    assert_eq!(count(to.clone(), elsewhere(), 99).await, 5);
    assert_eq!(count(to.clone(), elsewhere(), 99).await, 0);
    let rerouted = store.queue(to, None, 99).await.unwrap();
    assert!(rerouted.iter().all(|row| row.next_hop == "relay.example"));
    assert_eq!(rerouted.len(), 5, "the recipient's domain is still what it was");

    let gone = Alteration::Drop { status: "dropped by a person".into() };
    assert_eq!(count(of("news"), gone.clone(), 99).await, 11);
    assert_eq!(count(of("news"), gone, 99).await, 0);
    let dropped = store.recipients(ids[3]).await.unwrap();
    assert!(dropped.iter().all(|row| row.state == RecipientState::Failed && row.due == second(200)));
    let filter = EventFilter { message: Some(ids[3]), limit: 9, ..EventFilter::default() };
    let events = store.events(filter).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.event.kind == EventKind::Failed).count(), 2);
    assert_eq!(store.queue(QueueFilter::default(), None, 99).await.unwrap().len(), 12);
}
