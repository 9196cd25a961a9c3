//! Values made ready for their rows by the producer, so that the writer only writes.

use bytes::Bytes;

use crate::embedded::code::{
    address_hash, event_code, int, message_id_hash, nanos, priority_code, table_code, to_json,
};
use crate::embedded::segment;
use crate::{
    Attempt, EnvelopeParameters, Json, Lease, NewEvent, NewMessage, NewRecipient, SettleOp, Settlement,
    StoreError, Table, TableChange,
};

/// A message with its record.
pub(super) struct Message {
    pub(super) id: [u8; 16],
    /// What stands before its content in the segment file.
    pub(super) header: Vec<u8>,
    pub(super) content: Bytes,
    pub(super) accepted_at: i64,
    pub(super) origin: String,
    pub(super) domain: String,
    pub(super) reverse_path: String,
    pub(super) parameters: Option<String>,
    pub(super) summary: String,
    pub(super) verdicts: Option<String>,
    pub(super) message_id: Option<i64>,
    pub(super) priority: i64,
    pub(super) account: Option<String>,
    /// A JSON array.
    pub(super) tags: Option<String>,
    pub(super) leaves_from: Option<String>,
    pub(super) recipients: Vec<Recipient>,
    /// Owner and mailbox.
    pub(super) mailboxes: Vec<(String, String)>,
    pub(super) events: Vec<Event>,
    pub(super) plain: Vec<PlainRow>,
}

pub(super) struct Recipient {
    pub(super) address: String,
    pub(super) hash: i64,
    /// Only when the forward-path is more than its address.
    pub(super) path: Option<String>,
    /// Only when it is not the next hop.
    pub(super) domain: Option<String>,
    pub(super) next_hop: String,
    pub(super) due: i64,
    pub(super) expires: i64,
}

pub(super) struct Event {
    pub(super) kind: i64,
    pub(super) at: i64,
    pub(super) domain: String,
    pub(super) message: Option<[u8; 16]>,
    pub(super) recipient: Option<String>,
    pub(super) data: Json,
}

pub(super) struct AttemptRow {
    pub(super) message: [u8; 16],
    pub(super) at: i64,
    pub(super) recipients: String,
    pub(super) record: Json,
}

pub(super) struct Settle {
    pub(super) shard: i64,
    pub(super) epoch: i64,
    pub(super) at: Option<i64>,
    pub(super) ops: Vec<SettleOp>,
    pub(super) attempts: Vec<AttemptRow>,
    pub(super) events: Vec<Event>,
    pub(super) born: Vec<Message>,
    pub(super) plain: Vec<PlainRow>,
}

pub(super) struct PlainRow {
    pub(super) kind: i64,
    pub(super) key: String,
    /// `None` where it goes.
    pub(super) value: Option<String>,
}

pub(super) fn messages(messages: Vec<NewMessage>) -> Result<Vec<Message>, StoreError> {
    messages.into_iter().map(message).collect()
}

fn message(new: NewMessage) -> Result<Message, StoreError> {
    let id = new.id.to_bytes();
    let account = new.origin.account().map(str::to_owned);
    let tags = &new.summary.tags;
    let tags = if tags.is_empty() { None } else { Some(to_json(tags)?) };
    Ok(Message {
        priority: priority_code(new.priority),
        account,
        tags,
        leaves_from: new.envelope_parameters.leaves_from.as_ref().map(ToString::to_string),
        id,
        header: segment::record_header(id, &new.content),
        content: new.content,
        accepted_at: nanos(new.accepted_at),
        origin: to_json(&new.origin)?,
        domain: new.domain,
        reverse_path: new.reverse_path.to_string(),
        parameters: if new.envelope_parameters == EnvelopeParameters::default() {
            None
        } else {
            Some(to_json(&new.envelope_parameters)?)
        },
        message_id: (!new.summary.message_id.is_empty()).then(|| message_id_hash(&new.summary.message_id)),
        summary: to_json(&new.summary)?,
        verdicts: new.verdicts.as_ref().map(to_json).transpose()?,
        recipients: new.recipients.into_iter().map(recipient).collect::<Result<_, _>>()?,
        mailboxes: new.mailboxes.into_iter().map(|to| (to.owner.to_string(), to.mailbox)).collect(),
        events: events(new.events),
        plain: changes(&new.tables)?,
    })
}

fn recipient(new: NewRecipient) -> Result<Recipient, StoreError> {
    let address = new.path.address.to_string();
    let domain = new.path.address.host().to_string();
    let plain = new.path.notify.is_none() && new.path.original_recipient.is_none();
    Ok(Recipient {
        hash: address_hash(&address),
        address,
        path: if plain { None } else { Some(to_json(&new.path)?) },
        domain: (domain != new.next_hop).then_some(domain),
        next_hop: new.next_hop,
        due: nanos(new.due),
        expires: nanos(new.expires),
    })
}

pub(super) fn events(events: Vec<NewEvent>) -> Vec<Event> {
    let event = |new: NewEvent| Event {
        kind: event_code(new.kind),
        at: nanos(new.at),
        domain: new.domain,
        message: new.message.map(crate::QueueId::to_bytes),
        recipient: new.recipient,
        data: new.data,
    };
    events.into_iter().map(event).collect()
}

pub(super) fn settle(lease: &Lease, settlement: Settlement) -> Result<Settle, StoreError> {
    let latest = settlement
        .attempts
        .iter()
        .map(|attempt| attempt.at)
        .chain(settlement.events.iter().map(|event| event.at))
        .max();
    Ok(Settle {
        shard: i64::from(lease.shard),
        epoch: int(lease.epoch),
        at: settlement.at.or(latest).map(nanos),
        ops: settlement.ops,
        attempts: settlement.attempts.into_iter().map(attempt).collect::<Result<_, _>>()?,
        events: events(settlement.events),
        born: messages(settlement.born)?,
        plain: changes(&settlement.tables)?,
    })
}

#[allow(clippy::needless_pass_by_value, reason = "the attempt ends here")]
fn attempt(attempt: Attempt) -> Result<AttemptRow, StoreError> {
    Ok(AttemptRow {
        message: attempt.message.to_bytes(),
        at: nanos(attempt.at),
        recipients: to_json(&attempt.recipients)?,
        record: attempt.record,
    })
}

pub(super) fn plain(
    table: Table,
    rows: Vec<(String, serde_json::Value)>,
) -> Result<Vec<PlainRow>, StoreError> {
    let row = |(key, value)| Ok(PlainRow { kind: table_code(table), key, value: Some(to_json(&value)?) });
    rows.into_iter().map(row).collect()
}

pub(super) fn changes(changes: &[TableChange]) -> Result<Vec<PlainRow>, StoreError> {
    let row = |TableChange { table, key, value }: &TableChange| {
        let value = value.as_ref().map(to_json).transpose()?;
        Ok(PlainRow { kind: table_code(*table), key: key.clone(), value })
    };
    changes.iter().map(row).collect()
}
