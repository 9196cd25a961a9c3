//! What came of one attempt. Delivery failures are data: the schedule, the DSN, the event and the pages all read them.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::failure::{self, Lasting, Phase, Said, Verdict};
use tegami_mail::{EnhancedStatusCode, Note, Reply, ReplyClass, ReversePath};
use tegami_store::{Json, MessageRow, QueueRow, RowId};

/// One piece of work: recipients of one message that share a next hop.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number at the gate; `None` where it passed none.
    pub number: Option<u64>,
    /// The message.
    pub message: MessageRow,
    /// The key by which the recipients are grouped: a domain in A-label form, or a literal in brackets.
    pub next_hop: String,
    /// What MAIL carries: the message's own reverse-path, or a return path of ours in its place, see [`crate::Returns`].
    pub reverse_path: ReversePath,
    /// The recipients, in their order; never empty.
    pub rows: Vec<QueueRow>,
    /// The content, where it is in memory still; else it lies in the store under the message's identifier.
    pub content: Option<Bytes>,
}

impl Job {
    /// Which attempt this is, counted from 1: that of the recipient who waits longest.
    pub fn attempt(&self) -> u32 {
        self.rows.iter().map(|row| row.attempts).max().unwrap_or_default().saturating_add(1)
    }
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Finding the hosts in the DNS.
    Destination,
    /// Finding out which TLS the recipient's domain demands.
    TlsPolicy,
    /// TCP.
    Connect,
    /// Waiting for 220.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS and its handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Recipient,
    /// DATA or BDAT before the content was complete.
    Data,
    /// The content was sent whole.
    EndOfData,
    /// Something on our side: the content could not be read, the attempt was aborted.
    Local,
}

impl Stage {
    /// How far the session was, for those who say what a reply means.
    pub fn phase(self) -> Option<Phase> {
        match self {
            Self::Destination | Self::TlsPolicy | Self::Local => None,
            Self::Connect | Self::Greeting | Self::Hello | Self::StartTls | Self::Auth => {
                Some(Phase::Session)
            }
            Self::Mail => Some(Phase::Sender),
            Self::Recipient => Some(Phase::Recipient),
            Self::Data | Self::EndOfData => Some(Phase::Content),
        }
    }
}

/// Whether to try again (RFC 3463 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// 4.x.x.
    Transient,
    /// 5.x.x.
    Permanent,
}

/// Why an attempt failed. `class` decides the schedule; `reply` is what the peer said, word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// How far it came.
    pub stage: Stage,
    /// Whether to try again.
    pub class: Class,
    /// The peer's reply, if it gave one.
    pub reply: Option<Reply>,
    /// Our own enhanced status code where the peer gave none: 5.1.10 for a null MX (RFC 7505 section 4.2), 4.4.1 for no answer …
    pub status: Option<EnhancedStatusCode>,
    /// For people.
    pub detail: Note,
}

impl Failure {
    /// A failure that a reply decided; its class is the reply's.
    pub fn by_reply(stage: Stage, reply: Reply, detail: Note) -> Self {
        let class = match reply.class() {
            ReplyClass::Permanent => Class::Permanent,
            _ => Class::Transient,
        };
        Self { stage, class, reply: Some(reply), status: None, detail }
    }

    /// A failure that no reply explains, with our own status code.
    pub fn without_reply(stage: Stage, status: EnhancedStatusCode, detail: Note) -> Self {
        let class = if status.class == 5 { Class::Permanent } else { Class::Transient };
        Self { stage, class, reply: None, status: Some(status), detail }
    }

    /// What it means, as said by this host.
    pub fn verdict(&self, host: Option<&str>) -> Verdict {
        let said = match &self.reply {
            Some(reply) => Said::of(reply),
            None => Said { enhanced: self.status, ..Said::default() },
        };
        failure::classify(&said.at(self.stage.phase()).from_host(host))
    }

    /// The same, with the class that it really has: a receiver's permanent code for a limit that passes is transient. A
    /// transient code stays transient, whatever is known of it.
    #[must_use]
    pub fn in_truth(&self, host: Option<&str>) -> Self {
        let passes = self.class == Class::Permanent
            && self.reply.is_some()
            && self.verdict(host).truth == Some(Lasting::Transient);
        Self { class: if passes { Class::Transient } else { self.class }, ..self.clone() }
    }

    /// The enhanced status code: the peer's, else ours, else the plainest of the class (RFC 3463 section 3.1).
    pub fn enhanced(&self) -> EnhancedStatusCode {
        let peer = self.reply.as_ref().and_then(|reply| reply.enhanced);
        let plain = match self.class {
            Class::Transient => EnhancedStatusCode::new(4, 0, 0),
            Class::Permanent => EnhancedStatusCode::new(5, 0, 0),
        };
        peer.or(self.status).unwrap_or(plain)
    }
}

/// The host at the other end, as far as it was reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Name of the MX host, smarthost or literal.
    pub host: String,
    /// Its address, once one was chosen.
    pub ip: Option<IpAddr>,
    /// Our own address of that connection.
    pub source: Option<IpAddr>,
    /// TLS, if it ran.
    pub tls: Option<PeerTls>,
    /// It offered DSN (RFC 3461) and so took over the duty to tell of success.
    pub dsn: bool,
    /// From the connection to the deciding reply.
    pub session: Duration,
}

/// What is known of the TLS session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerTls {
    /// `TLSv1.3` …
    pub version: String,
    /// The cipher suite's name.
    pub cipher: String,
    /// The certificate was verified by the policy that applied.
    pub verified: bool,
}

/// How it went for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum RecipientOutcome {
    /// The peer took it: a 2yz at the end of data.
    Delivered {
        /** The reply. */
        reply: Reply,
    },
    /// It did not.
    Failed(Failure),
    /// The content went out whole and no reply came: the peer may have it (RFC 1047). It is tried again, which may deliver twice,
    /// because losing it would be worse (RFC 5321 section 6.1).
    PossiblyDelivered(Failure),
}

/// One recipient's result.
#[derive(Clone, Debug)]
pub struct RecipientResult {
    /// Which recipient.
    pub row: RowId,
    /// The host that decided, or was tried last; `None` where no host was found.
    pub peer: Option<Peer>,
    /// How it went.
    pub outcome: RecipientOutcome,
}

/// What came of a [`Job`].
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The work it was.
    pub job: Job,
    /// When the attempt began.
    pub began_at: Timestamp,
    /// What `why` tells: hosts tried, TLS, transcript.
    pub record: Json,
    /// Results; a recipient that is missing here counts as deferred.
    pub recipients: Vec<RecipientResult>,
    /// Nothing was tried: the job is offered to the schedule again at this moment, and this was no attempt.
    pub put_back: Option<Timestamp>,
}

impl Outcome {
    /// The same failure for all recipients of a job: no host found, or no host answered.
    pub fn failed(
        job: Job,
        began_at: Timestamp,
        record: Json,
        failure: &Failure,
        peer: Option<&Peer>,
    ) -> Self {
        let result = |row: &QueueRow| RecipientResult {
            row: row.id,
            peer: peer.cloned(),
            outcome: RecipientOutcome::Failed(failure.clone()),
        };
        let recipients = job.rows.iter().map(result).collect();
        Self { job, began_at, record, recipients, put_back: None }
    }
}
