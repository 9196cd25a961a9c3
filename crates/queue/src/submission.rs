//! What comes to the door of the queue, and what is answered.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_auth::dkim::Selector;
use tegami_mail::{Address, Domain, EnhancedStatusCode, Envelope, Note, Reply, Text, note};
use tegami_store::{
    DomainRow, HopTls, MailboxDelivery, NewEvent, Origin, Priority, QueueId, SourceWish, StoreError,
    TableChange,
};

use crate::forward::Routed;
use crate::permit::Permit;
use crate::preflight::Unfit;
use crate::returns::ReturnedSender;
use crate::test_inbox::Tested;
use crate::track::TrackingWish;

/// A message that somebody with a permit wants to send.
#[derive(Debug)]
pub struct Submission {
    /// The right to enter, with the envelope.
    pub permit: Permit,
    /// By which door it came.
    pub origin: Origin,
    /// The sending domain it belongs to: the API's `{domain}`, or that of the author. Suppressions, events and, where the
    /// author's domain has none, DKIM keys are looked up under it.
    pub domain: Domain,
    /// Header section and body. Lines that end with a bare LF are given their CR; everything else stays as it came.
    pub content: Bytes,
    /// The rest.
    pub options: Options,
}

/// What a submitter may ask for besides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Tags, in the order given.
    pub tags: Vec<String>,
    /// The application's own variables.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Whether it is delivered.
    pub mode: Mode,
    /// What the submitter says of TLS with the next hop.
    pub hop_tls: TlsWish,
    /// How urgent it is, where the submitter says so.
    pub priority: Option<Priority>,
    /// First attempt not before; a moment that is past means now.
    pub deliver_at: Option<Timestamp>,
    /// Given up so long after it was due, if that is sooner than usual.
    pub give_up_after: Option<Duration>,
    /// Ways to unsubscribe, and what is learnt of readers.
    pub tracking: TrackingWish,
    /// Where it came from, for the Received field; without it none is written.
    pub trace: Option<Trace>,
    /// Whether the From field is looked at.
    pub author: AuthorRule,
    /// By which keys it is signed, where the submitter says so.
    pub signatures: Signatures,
    /// The URL to which a copy goes for each recipient it was delivered to.
    pub archive_to: Option<String>,
    /// From where it leaves, where the submitter says so.
    pub leaves_from: Option<SourceWish>,
    /// What plain tables learn from its acceptance, in the same commit.
    pub tables: Vec<TableChange>,
    /// The mailing list by which it goes; intake says so of what it sends to members.
    pub list: Option<String>,
}

/// By which keys a message is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    /// By none.
    pub withheld: bool,
    /// By one more than usual.
    pub second: Option<SecondSignature>,
}

/// A signature beside the usual ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondSignature {
    /// By this key of ours.
    pub key: KeyName,
    /// The name under which its public half is found, where that is another one.
    pub shown_as: Option<KeyName>,
}

/// Which key (RFC 6376 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// `d=`.
    pub domain: Domain,
    /// `s=`.
    pub selector: Selector,
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.domain, self.selector.as_str())
    }
}

/// What a submitter says of TLS with the next hop. What it leaves open, its domain decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsWish {
    /// No delivery without TLS.
    pub require: Option<bool>,
    /// With `require`: any certificate will do.
    pub skip_verification: Option<bool>,
}

impl TlsWish {
    /// What both mean together, for a message of this domain. `skip_verification` alone takes nothing away from what recipients' domains demand by
    /// DANE or MTA-STS: without a demand of ours any certificate will do anyway.
    pub fn hop_tls(self, domain: Option<&DomainRow>) -> HopTls {
        let require = self.require.or(domain.map(|row| row.require_tls)).unwrap_or_default();
        let skip = self.skip_verification.or(domain.map(|row| row.skip_verification)).unwrap_or_default();
        match (require, skip) {
            (false, _) => HopTls::AsPolicy,
            (true, true) => HopTls::Encrypted,
            (true, false) => HopTls::Verified,
        }
    }
}

/// Whether a message is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    #[default]
    Deliver,
    /// It is accepted, signed and kept, and its events say that it was delivered (code 650), but nothing leaves.
    Test,
}

/// Whether the From field must belong to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthorRule {
    /// Every author belongs to the account (RFC 6409 section 8.1 lets a submission server see to it).
    #[default]
    Belongs,
    /// Any author; the reverse-path still belongs to the account.
    Any,
}

/// What a Received field tells (RFC 5321 section 4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The argument of HELO or EHLO as it was written.
    pub helo: Option<String>,
    /// The name that reverse DNS gave, where it points back.
    pub name: Option<String>,
    /// The SMTP client's address; left out, an author's whereabouts stay private.
    pub ip: Option<IpAddr>,
    /// `ESMTP`, `ESMTPSA`, `HTTP` …
    pub protocol: String,
    /// TLS version and cipher suite, in words.
    pub tls: Option<String>,
}

impl Trace {
    /// Of a message that came over the HTTP API, which tells nothing of its author's machine.
    pub(crate) fn by_http() -> Self {
        Self { protocol: "HTTP".to_owned(), ..Self::default() }
    }
}

/// A message from another ADMD that the disposition let in.
#[derive(Clone, Debug)]
pub struct Reception {
    /// By which door it came.
    pub origin: Origin,
    /// The local domain that receives it.
    pub domain: Domain,
    /// What MAIL and RCPT carried.
    pub envelope: Envelope,
    /// Header section and body as they came.
    pub content: Bytes,
    /// Fields of ours that stand above the Received field: Authentication-Results, Received-SPF. Each ends with CRLF.
    pub fields: Vec<u8>,
    /// For the Received field.
    pub trace: Trace,
    /// The mailboxes it goes into.
    pub mailboxes: Vec<MailboxDelivery>,
    /// What routes do with it, for each recipient that they know.
    pub routed: Vec<Routed>,
    /// The senders of mail that we sent on, to whose rewritten addresses it came.
    pub returned: Vec<ReturnedSender>,
    /// The mailing lists among its recipients.
    pub lists: Vec<Address>,
    /// Who wrote it, which such lists go by.
    pub author: Author,
    /// The test inbox that it came to, with what was found of it.
    pub tested: Option<Tested>,
    /// Verdicts, as JSON.
    pub verdicts: Option<serde_json::Value>,
    /// Events of the caller, beside the one Stored event that intake writes; `message` is filled in.
    pub events: Vec<NewEvent>,
}

/// What reception found out about the author of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The From field is true: DMARC passes, or, where its domain publishes nothing, SPF or a signature that is aligned with it.
    pub proven: bool,
    /// Its domain asks receivers to keep back what does not pass DMARC (`p=quarantine`, `p=reject`).
    pub protected: bool,
    /// For each signature that proves it the names of the fields that it covers, in lower case.
    pub signatures: Vec<Vec<Text>>,
    /// The message looks like spam, or forged.
    pub suspect: bool,
}

impl Author {
    /// Whether a receiver would still find it proven by a signature when the fields of these names are others.
    pub(crate) fn survives(&self, touched: &[String]) -> bool {
        let keeps =
            |covered: &Vec<Text>| touched.iter().all(|name| covered.iter().all(|text| *text != **name));
        self.signatures.iter().any(keeps)
    }
}

/// The message is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Our identifier.
    pub id: QueueId,
    /// The Message-ID, without angle brackets.
    pub message_id: String,
}

/// Whose fault it is that a message was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The submitter's: the same submission is refused again.
    Submitter,
    /// Ours: the same submission may be accepted later.
    Ours,
}

/// Why a message was not accepted. Nothing of it was kept.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// The envelope has no recipient.
    #[error("the message has no recipient")]
    NoRecipients,
    /// More recipients than one message may have.
    #[error("the message has {count} recipients; at most {limit} are accepted")]
    TooManyRecipients {
        /// How many.
        count: usize,
        /// How many are accepted.
        limit: usize,
    },
    /// Larger than accepted.
    #[error("the message has {size} octets; at most {limit} are accepted")]
    TooLarge {
        /// Its size in octets.
        size: u64,
        /// The limit in octets.
        limit: u64,
    },
    /// The header section breaks RFC 5322 so that nobody can say who wrote the message.
    #[error("the header section is not acceptable: {0}")]
    BadHeader(String),
    /// It has passed so many hosts that it must go in a circle (RFC 5321 section 6.3).
    #[error("the message has passed {hops} hosts: it goes in a circle")]
    Loop {
        /// Received fields.
        hops: usize,
    },
    /// No From field (RFC 5322 section 3.6 demands one).
    #[error("the message has no From field")]
    NoAuthor,
    /// An author who does not belong to the account.
    #[error("{account} may not write as {author}")]
    AuthorNotPermitted {
        /// The account.
        account: String,
        /// The author.
        author: String,
    },
    /// A domain of ours that may not send.
    #[error("Domain {domain} is not allowed to send: {why}")]
    DomainNotAllowed {
        /// The domain.
        domain: Domain,
        /// Why not.
        why: &'static str,
    },
    /// It names links that lead to us, and nobody said how readers reach us.
    #[error(
        "the message asks for links to unsubscribe, and this server does not know how readers reach it: set `public_url` in its configuration"
    )]
    NoPublicUrl,
    /// A mailing list that does not take it.
    #[error("the mailing list {list} does not take this message: {why}")]
    ListRefuses {
        /// Its address.
        list: String,
        /// Why not.
        why: &'static str,
    },
    /// A recipient in a domain of ours that nobody has.
    #[error("there is no mailbox {0} here")]
    NoSuchMailbox(Address),
    /// Further in the future than accepted.
    #[error("delivery at {0} is too far in the future")]
    TooLate(Timestamp),
    /// A key that is asked for and is not there, or not the account's.
    #[error("there is no DKIM key {0} that this account may sign with")]
    NoSuchKey(String),
    /// Its receivers would refuse it, and the configuration says that it shall not leave then.
    #[error("the message would be refused by its receivers: {}: {}", .0.check, .0.sentence)]
    Unfit(Box<Unfit>),
    /// A key of ours does not sign.
    #[error("the message could not be signed: {0}")]
    Signing(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unfit> for IntakeError {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(Box::new(unfit))
    }
}

impl IntakeError {
    /// Whose fault it is; what is ours may be tried again.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Signing(_) | Self::Store(_) => Fault::Ours,
            _ => Fault::Submitter,
        }
    }

    /// What the SMTP client is told.
    pub fn reply(&self) -> Reply {
        let (code, subject, detail) = match self {
            Self::NoRecipients => (554, 5, 1),
            Self::TooManyRecipients { .. } => (550, 5, 3),
            Self::TooLarge { .. } => (552, 3, 4),
            Self::BadHeader(_) | Self::NoAuthor => (550, 6, 0),
            // RFC 3463 section 3.4, X.3.5: the system is not configured for it.
            Self::NoPublicUrl => (554, 3, 5),
            Self::Loop { .. } => (554, 4, 6),
            Self::AuthorNotPermitted { .. } | Self::DomainNotAllowed { .. } => (550, 7, 1),
            // RFC 3463 section 3.8, X.7.2: not allowed to write to the list.
            Self::ListRefuses { .. } => (550, 7, 2),
            Self::NoSuchMailbox(_) => (550, 1, 1),
            Self::Unfit(unfit) => (550, unfit.status.subject, unfit.status.detail),
            Self::NoSuchKey(_) => (550, 7, 7),
            Self::TooLate(_) => (501, 5, 4),
            Self::Store(StoreError::Full(_)) => (452, 3, 1),
            Self::Signing(_) | Self::Store(_) => (451, 3, 0),
        };
        let class = if code >= 500 { 5 } else { 4 };
        // What is our own fault is told to the log, not to the peer.
        let text = match (self.fault(), self) {
            (Fault::Submitter, _) => self.to_string(),
            (Fault::Ours, Self::Store(StoreError::Full(_))) => "the disk is full, try again later".to_owned(),
            (Fault::Ours, _) => "the message could not be kept, try again later".to_owned(),
        };
        Reply::new(code, EnhancedStatusCode::new(class, subject, detail), text)
    }

    /// What the HTTP client is told.
    pub fn http_status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } => 413,
            Self::AuthorNotPermitted { .. } | Self::DomainNotAllowed { .. } => 403,
            Self::Store(StoreError::Full(_)) => 507,
            Self::Signing(_) | Self::Store(_) => 503,
            _ => 400,
        }
    }

    /// For people.
    pub fn note(&self) -> Note {
        match self {
            Self::NoRecipients => note!("queue-intake-no-recipients"),
            Self::TooManyRecipients { count, limit } => {
                note!("queue-intake-too-many-recipients", count = count, limit = limit)
            }
            Self::TooLarge { size, limit } => note!("queue-intake-too-large", size = size, limit = limit),
            Self::BadHeader(why) => note!("queue-intake-bad-header", why = why),
            Self::Loop { hops } => note!("queue-intake-loop", hops = hops),
            Self::NoAuthor => note!("queue-intake-no-author"),
            Self::ListRefuses { list, .. } => note!("queue-intake-list-refuses", list = list),
            Self::NoPublicUrl => note!("queue-intake-no-public-url"),
            Self::AuthorNotPermitted { account, author } => {
                note!("queue-intake-author-not-permitted", account = account, author = author)
            }
            Self::DomainNotAllowed { domain, .. } => {
                note!("queue-intake-domain-not-allowed", domain = domain)
            }
            Self::NoSuchMailbox(address) => note!("queue-intake-no-such-mailbox", address = address),
            Self::NoSuchKey(key) => note!("queue-intake-no-such-key", key = key),
            Self::TooLate(moment) => note!("queue-intake-too-late", moment = moment),
            Self::Unfit(unfit) => unfit.note.clone(),
            Self::Signing(why) => note!("queue-intake-signing", why = why),
            Self::Store(why) => note!("queue-intake-store", why = why),
        }
    }
}
