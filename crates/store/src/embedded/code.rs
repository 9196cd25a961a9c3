//! Small values and the numbers or texts that stand for them in rows.

use jiff::Timestamp;

use crate::{EventKind, Priority, RecipientState, StoreError, Table};

/// Neighbouring messages that share a bucket of the lookup table: 2 to this power. A commit writes to nearly every page of the newest bucket, and a
/// search looks into every bucket: with 256 messages it is three pages, and some hundredths of a second among a million messages.
const BUCKET_BITS: u32 = 8;

/// Neighbouring events that share a row of `event_spans`: 2 to this power.
const BLOCK_BITS: u32 = 10;

/// Nanoseconds since 1970, at the ends of the range for moments outside the years 1678 to 2261.
pub(super) fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

pub(super) fn moment(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Counts and sizes; nothing that is kept comes near the limit.
pub(super) fn int(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// The inverse of [`int`] for what is never negative.
pub(super) fn uint<T: TryFrom<i64> + Default>(value: i64) -> T {
    T::try_from(value).unwrap_or_default()
}

pub(super) const QUEUED: i64 = 0;
pub(super) const HELD: i64 = 1;
pub(super) const DELIVERED: i64 = 2;
pub(super) const FAILED: i64 = 3;

pub(super) fn state(code: i64) -> Option<RecipientState> {
    Some(match code {
        QUEUED => RecipientState::Queued,
        HELD => RecipientState::Held,
        DELIVERED => RecipientState::Delivered,
        FAILED => RecipientState::Failed,
        _ => return None,
    })
}

pub(super) const fn state_code(state: RecipientState) -> i64 {
    match state {
        RecipientState::Queued => QUEUED,
        RecipientState::Held => HELD,
        RecipientState::Delivered => DELIVERED,
        RecipientState::Failed => FAILED,
    }
}

pub(super) const fn priority_code(priority: Priority) -> i64 {
    match priority {
        Priority::Transactional => 0,
        Priority::Normal => 1,
        Priority::Bulk => 2,
    }
}

pub(super) const fn priority(code: i64) -> Option<Priority> {
    match code {
        0 => Some(Priority::Transactional),
        1 => Some(Priority::Normal),
        2 => Some(Priority::Bulk),
        _ => None,
    }
}

const EVENT_KINDS: [EventKind; 12] = [
    EventKind::Accepted,
    EventKind::Rejected,
    EventKind::Delivered,
    EventKind::Deferred,
    EventKind::Failed,
    EventKind::Stored,
    EventKind::Complained,
    EventKind::Unsubscribed,
    EventKind::Opened,
    EventKind::Clicked,
    EventKind::Operated,
    EventKind::Examined,
];

pub(super) fn event_code(kind: EventKind) -> i64 {
    int(EVENT_KINDS.iter().position(|known| *known == kind).unwrap_or(usize::MAX))
}

pub(super) fn event_kind(code: i64) -> Option<EventKind> {
    EVENT_KINDS.get(usize::try_from(code).ok()?).copied()
}

pub(super) const fn table_code(table: Table) -> i64 {
    match table {
        Table::Accounts => 0,
        Table::ApiKeys => 1,
        Table::Domains => 2,
        Table::DkimKeys => 3,
        Table::MtaStsPolicies => 12,
        Table::Suppressions => 4,
        Table::FailureCounts => 9,
        Table::Shaping => 15,
        Table::Holds => 16,
        Table::TlsReports => 20,
        Table::Allowed => 21,
        Table::Routes => 22,
        Table::Webhooks => 23,
        Table::Calls => 24,
        Table::Templates => 25,
        Table::Tags => 26,
        Table::Statistics => 27,
        Table::Lists => 28,
        Table::ListMembers => 29,
        Table::Users => 30,
        Table::Sessions => 31,
        Table::Idempotency => 32,
        Table::Values => 33,
        Table::TestInboxes => 34,
        Table::Checkups => 35,
    }
}

/// The bucket of the lookup table for a message's row.
pub(super) const fn bucket(message: i64) -> i64 {
    message >> BUCKET_BITS
}

/// The row of `event_spans` for an event.
pub(super) const fn block(seq: i64) -> i64 {
    seq >> BLOCK_BITS
}

/// The first event of a block.
pub(super) const fn block_start(block: i64) -> i64 {
    block << BLOCK_BITS
}

/// What a Message-ID is found by.
pub(super) fn message_id_hash(message_id: &str) -> i64 {
    hash("m", message_id)
}

/// What a recipient is found by, however its letters are written.
pub(super) fn address_hash(address: &str) -> i64 {
    hash("a", &address.to_lowercase())
}

/// 48 bits of SHA-256: nobody can make many of them meet, and SQLite keeps them in six octets.
fn hash(kind: &str, text: &str) -> i64 {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(kind.as_bytes());
    context.update(text.as_bytes());
    let digest = context.finish();
    let bits = digest.as_ref().iter().take(6).fold(0_i64, |bits, octet| (bits << 8) | i64::from(*octet));
    bits - (1 << 47)
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Unusable(format!("a value cannot be kept as JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_kind_has_its_number() {
        for (code, kind) in (0..).zip(EVENT_KINDS) {
            assert_eq!(event_code(kind), code);
            assert_eq!(event_kind(code), Some(kind));
        }
        assert_eq!(event_kind(12), None);
        assert_eq!(event_kind(-1), None);
    }

    #[test]
    fn moments_come_back() {
        for text in ["1970-01-01T00:00:00Z", "2026-11-21T19:42:10.123456789Z", "1900-01-01T00:00:00.5Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(moment(nanos(at)), at);
        }
        assert_eq!(nanos(Timestamp::MAX), i64::MAX);
    }
}
