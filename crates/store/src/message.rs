//! What is kept of a message.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::{Address, ForwardPath, ReversePath};

use crate::{Json, QueueId, TableChange};

/// By which door a message came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "door")]
pub enum Origin {
    /// The HTTP API, with the account or key that sent it.
    Http {
        /** The account or key's name. */
        account: String,
    },
    /// SMTP submission, the `sendmail` command included.
    Submission {
        /** The account's name. */
        account: String,
    },
    /// Reception from another ADMD.
    Reception {
        /** The SMTP client's address. */
        ip: std::net::IpAddr,
    },
    /// A notification of ours: DSN, report.
    Own,
}

impl Origin {
    /// The account or API key that sent it, where one did.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Http { account } | Self::Submission { account } => Some(account),
            Self::Reception { .. } | Self::Own => None,
        }
    }
}

/// What lists and events show of a message without reading its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The From field, decoded.
    pub from: String,
    /// The To field, decoded.
    pub to: String,
    /// The Subject field, decoded.
    pub subject: String,
    /// The Message-ID without angle brackets.
    pub message_id: String,
    /// Content in octets.
    pub size: u64,
    /// Attachments, inline parts left out.
    pub attachments: Vec<Attachment>,
    /// Tags, in the order given.
    pub tags: Vec<String>,
    /// The application's own variables (a JSON object).
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Accepted for show: nothing is delivered.
    pub test_mode: bool,
    /// The name of the record with the key of our first signature, where we signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_dkim: Option<String>,
    /// The address of the mailing list that it goes by, or came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// One attachment in a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// File name.
    pub filename: String,
    /// Media type without parameters.
    pub content_type: String,
    /// Decoded size in octets.
    pub size: u64,
}

/// A message to be kept, with everything that must become durable in the same moment.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its identifier; a second accept with the same one changes nothing.
    pub id: QueueId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// By which door.
    pub origin: Origin,
    /// The sending domain it belongs to (the API's `{domain}`, or that of the author), or the local domain that received it.
    pub domain: String,
    /// MAIL FROM.
    pub reverse_path: ReversePath,
    /// REQUIRETLS, 8BITMIME, SMTPUTF8, RET and ENVID as the next hop must see them.
    pub envelope_parameters: EnvelopeParameters,
    /// The whole content, signed, CRLF line ends.
    pub content: Bytes,
    /// For lists and events.
    pub summary: Summary,
    /// How urgent it is.
    pub priority: Priority,
    /// Those to whom it has to travel; empty for a message that only lies in mailboxes.
    pub recipients: Vec<NewRecipient>,
    /// Mailboxes it is put into, in the same commit.
    pub mailboxes: Vec<MailboxDelivery>,
    /// Verdicts on reception, as JSON (what `tegami inspect` prints), if any.
    pub verdicts: Option<serde_json::Value>,
    /// Events born with it.
    pub events: Vec<NewEvent>,
    /// What plain tables learn from it.
    pub tables: Vec<TableChange>,
}

impl NewMessage {
    /// What each of its rows will carry.
    pub fn facts(&self) -> Facts {
        Facts {
            priority: self.priority,
            account: self.origin.account().map(str::to_owned),
            sender_domain: self.domain.clone(),
            tags: self.summary.tags.clone(),
            leaves_from: self.envelope_parameters.leaves_from.clone(),
        }
    }
}

/// How urgent a message is. Who waits for a message goes before who will read it some time today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Somebody sits before a screen and waits: a password, a code, a receipt.
    Transactional,
    /// Letters between people, and all that nobody said anything about.
    #[default]
    Normal,
    /// The same to many: newsletters, campaigns, lists.
    Bulk,
}

/// What schedule, gates and filters may know of a queued recipient without its message. The same for all recipients of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Facts {
    /// How urgent it is.
    pub priority: Priority,
    /// The account or API key that sent it, where one did.
    pub account: Option<String>,
    /// See [`NewMessage::domain`].
    pub sender_domain: String,
    /// Tags, in the order given.
    pub tags: Vec<String>,
    /// From where its submitter wants it to leave, where it says so.
    pub leaves_from: Option<SourceWish>,
}

/// From where a submitter wants a message to leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceWish {
    /// From the sources of this pool.
    Pool(String),
    /// From the source that has this address.
    Address(IpAddr),
}

impl fmt::Display for SourceWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(name) => write!(f, "pool {name}"),
            Self::Address(ip) => write!(f, "address {ip}"),
        }
    }
}

impl SourceWish {
    /// Reads what `Display` wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("pool", name) => Some(Self::Pool(name.to_owned())),
            ("address", ip) => Some(Self::Address(ip.parse().ok()?)),
            _ => None,
        }
    }
}

/// What a submitter demands of TLS on our own way to the next hop. Unlike REQUIRETLS it asks nothing of that host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HopTls {
    /// What the policies of the destination say.
    #[default]
    AsPolicy,
    /// No delivery without TLS; a certificate that nobody trusts will do, where no policy says otherwise.
    Encrypted,
    /// No delivery without TLS and a certificate that can be trusted.
    Verified,
}

/// The parameters of MAIL that travel on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeParameters {
    /// BODY=.
    pub body: tegami_mail::Body,
    /// SMTPUTF8.
    pub smtputf8: bool,
    /// REQUIRETLS.
    pub require_tls: bool,
    /// What the submitter demands of TLS with the next hop, which hears nothing of it.
    #[serde(default)]
    pub hop_tls: HopTls,
    /// RET= and ENVID=.
    pub dsn: tegami_mail::Dsn,
    /// No attempt before this moment, where the submitter asked for a later one than acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_at: Option<Timestamp>,
    /// The URL to which a copy goes for each recipient it was delivered to; the next hop hears nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_to: Option<String>,
    /// From where its submitter wants it to leave, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_from: Option<SourceWish>,
}

/// One forward-path that waits for delivery.
#[derive(Clone, Debug)]
pub struct NewRecipient {
    /// Who shall get it.
    pub path: ForwardPath,
    /// The key by which the queue groups: the recipient's domain in A-label form, or the literal in brackets.
    pub next_hop: String,
    /// First attempt not before.
    pub due: Timestamp,
    /// After this moment it fails.
    pub expires: Timestamp,
}

/// A queue row's name: message and place among its recipients (the order of [`NewMessage::recipients`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowId {
    /// The message.
    pub message: QueueId,
    /// Place among its recipients, from 0.
    pub recipient: u32,
}

/// Where a recipient stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecipientState {
    /// Waits for its (next) attempt.
    Queued,
    /// Waits for a person.
    Held,
    /// The peer took it.
    Delivered,
    /// It will never arrive.
    Failed,
}

/// One recipient of a message in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// Its name.
    pub id: RowId,
    /// Who shall get it.
    pub path: ForwardPath,
    /// The grouping key.
    pub next_hop: String,
    /// Where it stands.
    pub state: RecipientState,
    /// Next attempt not before; for finished rows the moment they finished.
    pub due: Timestamp,
    /// After this moment it fails.
    pub expires: Timestamp,
    /// When the message was accepted.
    pub accepted_at: Timestamp,
    /// Attempts so far.
    pub attempts: u32,
    /// The last reply or failure, in words.
    pub last_status: Option<String>,
    /// Why a person holds it; `None` where nobody does or nobody said.
    pub hold_reason: Option<String>,
    /// Priority, account, sending domain, tags, wished source.
    pub facts: Arc<Facts>,
}

/// A queued recipient as the schedule needs it: small, and read from an index alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRow {
    /// Its name.
    pub id: RowId,
    /// Next attempt not before.
    pub due: Timestamp,
    /// The grouping key.
    pub next_hop: String,
    /// Priority, account, sending domain, tags, wished source.
    pub facts: Facts,
}

/// Which unfinished rows are meant; what is left open (`None`, empty) restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueFilter {
    /// Queued or held.
    pub state: Option<RecipientState>,
    /// Of this message.
    pub message: Option<QueueId>,
    /// At this place among the recipients of its message.
    pub place: Option<u32>,
    /// This recipient; upper and lower case are the same.
    pub recipient: Option<String>,
    /// The recipient's domain is one of these.
    pub domains: Vec<String>,
    /// The next hop is one of these.
    pub next_hops: Vec<String>,
    /// Of this account or API key.
    pub account: Option<String>,
    /// Of this sending domain.
    pub sender_domain: Option<String>,
    /// With this tag among its tags.
    pub tag: Option<String>,
    /// With this priority.
    pub priority: Option<Priority>,
    /// Accepted not before.
    pub accepted_from: Option<Timestamp>,
    /// Accepted before.
    pub accepted_until: Option<Timestamp>,
    /// Due not before.
    pub due_from: Option<Timestamp>,
    /// Due before.
    pub due_until: Option<Timestamp>,
    /// Tried at least so often.
    pub attempts_from: Option<u32>,
    /// Tried at most so often.
    pub attempts_until: Option<u32>,
    /// The last reply or failure contains these words; upper and lower case are the same. The one question that is not answered from memory: every
    /// row that passes the others and was tried is read for it.
    pub status: Option<String>,
}

/// By what rows of the queue are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueColumn {
    /// The grouping key.
    NextHop,
    /// The recipient's domain.
    Domain,
    /// The account; empty where there is none.
    Account,
    /// The sending domain.
    SenderDomain,
    /// `queued` or `held`.
    State,
    /// `transactional`, `normal` or `bulk`.
    Priority,
}

/// Rows that have one value in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCount {
    /// What they have in common.
    pub value: String,
    /// How many they are.
    pub rows: u64,
    /// When the oldest of them was accepted.
    pub oldest: Timestamp,
    /// When the first of them is due.
    pub due: Timestamp,
}

/// What a person does to rows of the queue. Each leaves alone what it would not change, so doing it again does no harm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "do")]
pub enum Alteration {
    /// Queued rows wait for a person.
    Hold {
        /** Why, for those who ask. */
        reason: String,
    },
    /// Held rows go on, at once.
    Release,
    /// Queued rows whose moment has not come are tried at once.
    Retry,
    /// Rows go to another next hop, and those that are queued at once.
    Reroute {
        /** Which. */
        next_hop: String,
    },
    /// Rows will never arrive.
    Drop {
        /** Why, in one line. */
        status: String,
    },
}

/// A message without its content.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Its identifier.
    pub id: QueueId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// By which door.
    pub origin: Origin,
    /// See [`NewMessage::domain`].
    pub domain: String,
    /// MAIL FROM.
    pub reverse_path: ReversePath,
    /// The parameters of MAIL.
    pub envelope_parameters: EnvelopeParameters,
    /// For lists and events.
    pub summary: Summary,
    /// Verdicts on reception.
    pub verdicts: Option<serde_json::Value>,
}

impl MessageRow {
    /// When its first attempt was due: on acceptance, or at the later moment that the submitter asked for.
    pub fn released_at(&self) -> Timestamp {
        self.envelope_parameters.release_at.unwrap_or(self.accepted_at)
    }
}

/// One attempt to hand a message to a host, for one or more of its recipients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The message.
    pub message: QueueId,
    /// Places of the recipients it was for.
    pub recipients: Vec<u32>,
    /// When it began.
    pub at: Timestamp,
    /// Everything that `why` tells, as JSON: hosts tried, TLS, transcript, result for each recipient. `outbound` gives it its shape.
    pub record: Json,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are those of the API's event list")]
pub enum EventKind {
    Accepted,
    Rejected,
    Delivered,
    /// A transient failure; the message stays in the queue.
    Deferred,
    Failed,
    Stored,
    Complained,
    Unsubscribed,
    Opened,
    Clicked,
    /// An operator, or a rule of one, changed its way: held, released, rerouted, tried now. The API tells nothing of it.
    Operated,
    /// A domain or an address of ours is worse or better than when the doctor looked before. The API of Mailgun tells nothing of it.
    Examined,
}

/// An event that is to be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// The sending (or receiving) domain.
    pub domain: String,
    /// The message, where there is one.
    pub message: Option<QueueId>,
    /// The recipient, where it is about one.
    pub recipient: Option<String>,
    /// Reason, reply, host, TLS …: the writer's own JSON object.
    pub data: Json,
}

/// An event that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order of all events; grows, never used twice.
    pub seq: u64,
    /// The event.
    #[serde(flatten)]
    pub event: NewEvent,
    /// Summary of its message, where there is one.
    pub summary: Option<Summary>,
    /// The door of its message.
    pub origin: Option<Origin>,
    /// MAIL FROM of its message.
    pub reverse_path: Option<ReversePath>,
}

/// Which events are asked for. Finer filters are the asker's.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Of this domain.
    pub domain: Option<String>,
    /// Of this message.
    pub message: Option<QueueId>,
    /// Not before.
    pub begin: Option<Timestamp>,
    /// Not after.
    pub end: Option<Timestamp>,
    /// Only with a `seq` greater than this (ascending) or less (descending).
    pub from_seq: Option<u64>,
    /// Newest first.
    pub descending: bool,
    /// At most so many.
    pub limit: usize,
}

/// A copy for a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxDelivery {
    /// Whose mailbox, as `local-part@domain` with the local-part as configured.
    pub owner: Address,
    /// `INBOX`, `Junk` …
    pub mailbox: String,
}

/// Flags of a message in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxFlags {
    /// Seen.
    pub seen: bool,
}

/// One message in a mailbox.
#[derive(Clone, Debug)]
pub struct MailboxEntry {
    /// Grows within its mailbox, never used twice (RFC 9051 section 2.3.1.1).
    pub uid: u32,
    /// The message.
    pub message: MessageRow,
    /// Its flags.
    pub flags: MailboxFlags,
}

/// What becomes of one queue row.
#[derive(Clone, Debug, PartialEq)]
pub enum SettleOp {
    /// The peer took it.
    Delivered {
        /** Which. */
        row: RowId,
        /** The reply. */
        status: String,
    },
    /// Try again at `due`; where it was sent elsewhere meanwhile, at the moment of the settlement.
    Defer {
        /** Which. */
        row: RowId,
        /** The next hop that was tried. */
        next_hop: String,
        /** When. */
        due: Timestamp,
        /** Why. */
        status: String,
    },
    /// It will never arrive.
    Fail {
        /** Which. */
        row: RowId,
        /** Why. */
        status: String,
    },
}

impl SettleOp {
    /// The row it is about.
    pub const fn row(&self) -> RowId {
        match self {
            Self::Delivered { row, .. } | Self::Defer { row, .. } | Self::Fail { row, .. } => *row,
        }
    }
}

/// Everything that one attempt changes; one commit.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    /// The moment of it all.
    pub at: Option<Timestamp>,
    /// Rows.
    pub ops: Vec<SettleOp>,
    /// The attempt's record.
    pub attempts: Vec<Attempt>,
    /// Events.
    pub events: Vec<NewEvent>,
    /// A DSN is born in the same commit as the failure it tells.
    pub born: Vec<NewMessage>,
    /// What plain tables learn from it, in this order: addresses that are not written to again, or how often they failed.
    pub tables: Vec<TableChange>,
}
