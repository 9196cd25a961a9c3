//! What became of a message, recipient by recipient.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use tegami_mail::failure::{Cause, Lasting, Verdict};
use tegami_mail::{Address, EnhancedStatusCode, Note, Reply, StoredNote, note};
use tegami_outbound::{AttemptRecord, AttemptReport, Parcel};
use tegami_queue::{Class, Failure, PeerTls, RecipientOutcome};
use tegami_words::Language;

/// What became of a message.
#[derive(Clone, Debug)]
pub struct SendReport {
    message_id: String,
    recipients: Vec<RecipientReport>,
    records: Vec<AttemptRecord>,
}

/// How it went for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A host took the message: a 2yz at the end of data.
    Delivered,
    /// Not now: the same message may be taken later.
    Deferred,
    /// Never: sending the same message again ends the same.
    Failed,
    /// A host got the whole message, and the connection ended before its reply (RFC 1047): it may have arrived. Sent again, it may arrive twice.
    PossiblyDelivered,
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RecipientReport {
    /// Who.
    pub address: Address,
    /// How it went. What receivers call permanent although it passes counts as deferred.
    pub outcome: Outcome,
    /// The reply that decided, word for word; `None` where no host gave one.
    pub reply: Option<Reply>,
    /// The enhanced status code: the reply's, else ours for what went wrong before any reply.
    pub status: Option<EnhancedStatusCode>,
    /// The host that decided.
    pub host: Option<String>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// TLS with it, if it ran.
    pub tls: Option<PeerTls>,
    /// What the refusal means: its cause in a word, whom it is about, what to change.
    pub verdict: Option<Verdict>,
    /// How long to wait before the next try, where one may help: somebody who greylists wants minutes, a full mailbox hours.
    pub retry_after: Option<Duration>,
    /// What was seen.
    #[serde(skip)]
    detail: StoredNote,
}

impl SendReport {
    pub(super) fn new(
        message_id: String,
        recipients: Vec<RecipientReport>,
        records: Vec<AttemptRecord>,
    ) -> Self {
        Self { message_id, recipients, records }
    }

    /// The Message-ID, without angle brackets.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Every recipient, in the envelope's order.
    pub fn recipients(&self) -> &[RecipientReport] {
        &self.recipients
    }

    /// Whether hosts took the message for all.
    pub fn is_delivered(&self) -> bool {
        self.recipients.iter().all(|recipient| recipient.outcome == Outcome::Delivered)
    }

    /// Those for whom another try may help, for [`Message::to`](super::Message::to).
    pub fn deferred(&self) -> impl Iterator<Item = Address> {
        let deferred = self.recipients.iter().filter(|recipient| recipient.outcome == Outcome::Deferred);
        deferred.map(|recipient| recipient.address.clone())
    }

    /// The evidence, one record for each domain: every host that was asked, in order, with its TLS policy, certificate and transcript. It can be kept as
    /// JSON, and read again.
    pub fn records(&self) -> &[AttemptRecord] {
        &self.records
    }
}

impl RecipientReport {
    /// What happened, what it means and what to do, in sentences.
    pub fn explanation(&self, language: Language) -> String {
        let mut told = Vec::new();
        if self.reply.is_none() || self.outcome == Outcome::Delivered {
            told.push(&self.detail);
        }
        let minutes = self.retry_after.map(|span| span.as_secs().div_ceil(60));
        let again = minutes.map(|minutes| stored(note!("outbound-mailer-deferred", minutes = minutes)));
        if let Some(verdict) = self.verdict.as_ref().filter(|_| self.outcome != Outcome::PossiblyDelivered) {
            told.push(&verdict.meaning);
            // What passes by itself needs no change, only another try.
            if verdict.truth != Some(Lasting::Transient) {
                told.push(&verdict.advice);
            }
        }
        told.extend(&again);
        let sentence = |note: &StoredNote| tegami_words::text(language, &note.id, &note.values());
        let between = match language {
            Language::English => " ",
            Language::Japanese => "",
        };
        told.into_iter().map(sentence).collect::<Vec<_>>().join(between)
    }
}

/// What one attempt came to for the recipients of its parcel.
pub(super) fn of(parcel: &Parcel, attempt: &AttemptReport) -> Vec<RecipientReport> {
    let paths = parcel.envelope.forward_paths.iter();
    paths.zip(&attempt.recipients).map(|(path, told)| one(&path.address, told)).collect()
}

fn one(address: &Address, told: &tegami_outbound::RecipientReport) -> RecipientReport {
    let peer = told.peer.clone().unwrap_or_default();
    let host = Some(peer.host).filter(|host| !host.is_empty());
    let name = host.as_deref().unwrap_or_default();
    let bare = RecipientReport {
        address: address.clone(),
        outcome: Outcome::Delivered,
        reply: None,
        status: None,
        ip: peer.ip,
        tls: peer.tls,
        verdict: None,
        retry_after: None,
        detail: stored(note!("outbound-mailer-possibly-delivered", host = name)),
        host: host.clone(),
    };
    match &told.outcome {
        RecipientOutcome::Delivered { reply } => RecipientReport {
            status: reply.enhanced,
            detail: stored(note!("outbound-mailer-delivered", host = name, reply = reply)),
            reply: Some(reply.clone()),
            ..bare
        },
        RecipientOutcome::Failed(failure) => failed(bare, failure, host.as_deref()),
        RecipientOutcome::PossiblyDelivered(failure) => RecipientReport {
            outcome: Outcome::PossiblyDelivered,
            status: Some(failure.enhanced()),
            verdict: Some(failure.verdict(host.as_deref())),
            ..bare
        },
    }
}

fn failed(bare: RecipientReport, failure: &Failure, host: Option<&str>) -> RecipientReport {
    let verdict = failure.verdict(host);
    let outcome = match failure.in_truth(host).class {
        Class::Transient => Outcome::Deferred,
        Class::Permanent => Outcome::Failed,
    };
    RecipientReport {
        outcome,
        reply: failure.reply.clone(),
        status: Some(failure.enhanced()),
        retry_after: (outcome == Outcome::Deferred).then(|| patience(verdict.cause)),
        verdict: Some(verdict),
        detail: failure.detail.clone().into(),
        ..bare
    }
}

/// How long a cause usually lasts. RFC 5321 section 4.5.4.1 asks for half an hour between tries, and for less after the first.
fn patience(cause: Cause) -> Duration {
    let minutes = match cause {
        Cause::MailboxFull | Cause::Inactive => 4 * 60,
        Cause::Rate | Cause::Reputation | Cause::Policy | Cause::Spam => 30,
        _ => 5,
    };
    Duration::from_secs(60 * minutes)
}

fn stored(note: Note) -> StoredNote {
    note.into()
}
