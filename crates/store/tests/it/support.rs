//! Values that the tests share.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tegami_mail::{Address, ForwardPath, ReversePath};
use tegami_store::{
    EnvelopeParameters, EventKind, IdSource, Lease, MailboxDelivery, NewEvent, NewMessage, NewRecipient,
    NodeId, Origin, QueueId, Store, Summary,
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
        recipients: recipients.iter().map(|to| recipient(at, to)).collect(),
        mailboxes: Vec::new(),
        verdicts: None,
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
        data: serde_json::json!({ "at": at }),
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
