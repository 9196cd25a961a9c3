//! Values that the tests share.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tegami_mail::{Address, ForwardPath, ReversePath};
use tegami_store::{
    EnvelopeParameters, EventFilter, EventKind, IdSource, Lease, MailboxDelivery, NewEvent, NewMessage,
    NewRecipient, NodeId, Origin, Priority, QueueId, Store, StoreError, Summary,
};

pub(crate) static IDS: LazyLock<IdSource> = LazyLock::new(IdSource::default);

/// So many seconds after the beginning of all tests.
pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A content that no other length or seed has, with all kinds of octets.
pub(crate) fn content(seed: u64, octets: usize) -> Bytes {
    let mut state = seed.wrapping_mul(2) | 1;
    (0..octets)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect::<Vec<u8>>()
        .into()
}

/// A message accepted at a second, for these recipients, due at once.
pub(crate) fn message(at: i64, recipients: &[&str]) -> NewMessage {
    let id = IDS.next(second(at));
    NewMessage {
        id,
        accepted_at: second(at),
        origin: Origin::Http { account: "shop".into() },
        domain: "example.org".into(),
        reverse_path: ReversePath::Address(address("bounces@example.org")),
        envelope_parameters: EnvelopeParameters::default(),
        content: content(at.unsigned_abs(), 700),
        summary: Summary {
            from: "Shop <shop@example.org>".into(),
            to: recipients.join(", "),
            subject: "ご登録ありがとうございます".into(),
            message_id: format!("{id}@example.org"),
            size: 700,
            ..Summary::default()
        },
        priority: Priority::Normal,
        recipients: recipients.iter().map(|to| recipient(at, to)).collect(),
        mailboxes: Vec::new(),
        verdicts: None,
        tables: Vec::new(),
        events: vec![event(EventKind::Accepted, at, Some(id))],
    }
}

pub(crate) fn recipient(at: i64, to: &str) -> NewRecipient {
    let address = address(to);
    NewRecipient {
        next_hop: address.host().to_string(),
        path: ForwardPath::from(address),
        due: second(at),
        expires: second(at + 5 * 86_400),
    }
}

pub(crate) fn event(kind: EventKind, at: i64, message: Option<QueueId>) -> NewEvent {
    NewEvent {
        kind,
        at: second(at),
        domain: "example.org".into(),
        message,
        recipient: None,
        data: serde_json::json!({ "at": at }).into(),
    }
}

pub(crate) fn mailbox(owner: &str, mailbox: &str) -> MailboxDelivery {
    MailboxDelivery { owner: address(owner), mailbox: mailbox.into() }
}

/// The lease of a node that holds it from second 0 on, for a long time.
pub(crate) async fn lease(store: &dyn Store) -> Lease {
    let leases = store.claim(&NodeId("a".into()), second(0), Duration::from_secs(1 << 30)).await.unwrap();
    leases.first().unwrap().clone()
}

/// How much of a message the store shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Whole,
    Absent,
}

/// Looks for a message on every way that leads to it; panics where one shows it and another does not.
pub(crate) async fn presence(store: &dyn Store, new: &NewMessage) -> Presence {
    let content = match store.content(new.id, None).await {
        Ok(content) => {
            assert!(content == new.content, "the content of {} is another one", new.id);
            true
        }
        Err(StoreError::NotFound(_)) => false,
        Err(error) => panic!("{}: {error}", new.id),
    };
    let mut shown = vec![content, store.message(new.id).await.is_ok()];
    shown
        .push(store.by_message_id(&new.summary.message_id).await.unwrap().iter().any(|row| row.id == new.id));
    let listed = store.messages(None, 100_000).await.unwrap();
    shown.push(listed.iter().any(|row| row.id == new.id));
    match store.recipients(new.id).await {
        Ok(rows) => shown.push(rows.len() == new.recipients.len()),
        Err(_) => shown.push(false),
    }
    for recipient in &new.recipients {
        let rows = store.messages_to(&recipient.path.address, 100_000).await.unwrap();
        shown.push(rows.iter().any(|row| row.id == new.id));
    }
    let filter = EventFilter { message: Some(new.id), limit: 99, ..EventFilter::default() };
    let events = store.events(filter).await.unwrap();
    assert!(events.len() <= new.events.len());
    shown.extend(new.events.iter().map(|event| events.iter().any(|kept| kept.event == *event)));
    for to in &new.mailboxes {
        let entries = store.mailbox(&to.owner, &to.mailbox, 0, 100_000).await.unwrap();
        shown.push(entries.iter().any(|entry| entry.message.id == new.id));
    }
    match (shown.contains(&true), shown.contains(&false)) {
        (true, false) => Presence::Whole,
        (false, true) => Presence::Absent,
        _ => panic!("{} is there by half: {shown:?}", new.id),
    }
}

/// Holds the rows and files of a closed folder against each other.
pub(crate) fn check_folder(folder: &Path) {
    let rows = rusqlite::Connection::open(folder.join("rows.sqlite")).unwrap();
    let text = |sql: &str| rows.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    let count = |sql: &str| rows.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let none = [
        "SELECT count(*) FROM recipients WHERE message NOT IN (SELECT n FROM messages)",
        "SELECT count(*) FROM attempts WHERE message NOT IN (SELECT n FROM messages)",
        "SELECT count(*) FROM copies WHERE message NOT IN (SELECT n FROM messages)",
        "SELECT count(*) FROM lookup WHERE message NOT IN (SELECT n FROM messages)",
        "SELECT count(*) FROM messages WHERE segment > 0 AND segment NOT IN (SELECT number FROM segments)",
        "SELECT count(*) FROM messages WHERE segment = 0 AND n NOT IN (SELECT message FROM contents)",
        "SELECT count(*) FROM contents WHERE message NOT IN (SELECT n FROM messages WHERE segment = 0)",
        "SELECT count(*) FROM messages m JOIN segments s ON s.number = m.segment WHERE m.start + 36 + m.length > s.bytes",
        "SELECT count(*) FROM segments WHERE live <> (SELECT count(*) FROM messages WHERE segment = number)",
        "SELECT count(*) FROM segments
         WHERE live_bytes <> (SELECT coalesce(sum(length + 36), 0) FROM messages WHERE segment = number)",
        "SELECT count(*) FROM recipients r JOIN messages m ON m.n = r.message
         WHERE r.id <> m.id OR r.accepted_at <> m.accepted_at OR r.sender_domain <> m.domain",
        "SELECT count(*) FROM messages m WHERE recipients <> (SELECT count(*) FROM recipients WHERE message = m.n)",
        "SELECT count(*) FROM messages a JOIN messages b ON a.segment = b.segment AND a.segment > 0 AND a.n < b.n
         AND a.start < b.start + b.length + 36 AND b.start < a.start + a.length + 36",
    ];
    for sql in none {
        assert_eq!(count(sql), 0, "{sql}");
    }
    let mut segments = rows.prepare("SELECT number, bytes FROM segments").unwrap();
    let mut segments = segments.query([]).unwrap();
    while let Some(row) = segments.next().unwrap() {
        let (number, bytes): (i64, u64) = (row.get(0).unwrap(), row.get::<_, i64>(1).unwrap().unsigned_abs());
        let file = std::fs::metadata(folder.join(format!("segments/{number:010}.seg"))).unwrap();
        assert!(file.len() >= bytes, "segment {number}");
    }
}
