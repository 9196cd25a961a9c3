//! What became of a message, drawn from the attempts' records and the hosts' ledger, and whether it is what had to be.

use serde::Serialize;
use tegami_lab::Visit;
use tegami_mail::{Note, Reply, note};
use tegami_outbound::{AttemptRecord, ResultWord};
use tegami_store::{QueueId, RecipientState};

use super::act::End;
use super::scene::{Expected, Scene};
use super::site::Site;

/// How it ended, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    Delivered,
    Bounced,
    Refused,
    Received,
    Broken,
}

/// What became of a message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fate {
    pub(crate) word: Word,
    pub(crate) as_expected: bool,
    /// The sentence that says it all.
    pub(crate) deciding: Note,
    /// Our identifier.
    pub(crate) id: Option<QueueId>,
    /// Every attempt, oldest first.
    pub(crate) attempts: Vec<AttemptRecord>,
    /// What the receiver saw and verified: the last visit.
    pub(crate) visit: Option<Visit>,
    /// Verdicts of our own reception.
    pub(crate) verdicts: Option<serde_json::Value>,
    /// The reply that decided.
    pub(crate) reply: Option<Reply>,
}

impl Fate {
    /// The scene could not be played to its end.
    pub(crate) fn broken(why: Note) -> Self {
        Self {
            word: Word::Broken,
            as_expected: false,
            deciding: why,
            id: None,
            attempts: Vec::new(),
            visit: None,
            verdicts: None,
            reply: None,
        }
    }

    /// The verdicts of whoever received it.
    pub(crate) fn receiver_verdicts(&self) -> Option<&serde_json::Value> {
        self.verdicts.as_ref().or_else(|| self.visit.as_ref()?.verdicts.as_ref())
    }
}

/// Puts together what is known, and compares.
pub(crate) async fn judge(scene: &Scene, end: &End, site: &Site) -> Fate {
    let mut fate = match end {
        End::Settled { id, row } => {
            let attempts = site.server.rooms.store.attempts(*id).await.unwrap_or_default();
            let attempts = attempts.into_iter().filter_map(|attempt| attempt.record.read().ok()).collect();
            let word = if row.state == RecipientState::Delivered { Word::Delivered } else { Word::Bounced };
            Fate {
                word,
                id: Some(*id),
                attempts,
                visit: visit(scene, site),
                ..Fate::broken(note!("lab-fate-unknown"))
            }
        }
        End::Outside { id, report, message_id } => {
            let verdicts = match id {
                Some(id) => {
                    site.server.rooms.store.message(*id).await.ok().and_then(|message| message.verdicts)
                }
                None => refusal_verdicts(scene, site).await,
            };
            let word = if id.is_some() { Word::Received } else { Word::Refused };
            let seen = visit(scene, site)
                .filter(|visit| visit.message_id.as_deref().is_none_or(|seen| seen == message_id));
            Fate {
                word,
                id: *id,
                attempts: vec![report.record.clone()],
                visit: seen,
                verdicts,
                ..Fate::broken(note!("lab-fate-unknown"))
            }
        }
    };
    fate.reply = fate.attempts.last().and_then(|attempt| attempt.recipients.first()?.reply.clone());
    fate.as_expected = matches(scene.expected, &fate, end);
    fate.deciding = deciding(scene, &fate);
    fate
}

/// The last visit of this sender to this recipient.
fn visit(scene: &Scene, site: &Site) -> Option<Visit> {
    let bare =
        |text: &str| text.rsplit_once('<').map_or(text, |(_, rest)| rest).trim_end_matches('>').to_owned();
    let (from, to) = (bare(scene.from), bare(scene.to));
    site.internet
        .ledger
        .visits()
        .into_iter()
        .rev()
        .find(|visit| visit.reverse_path == from && visit.recipients.contains(&to))
}

/// Our own server remembers whom it refused, and why.
async fn refusal_verdicts(scene: &Scene, site: &Site) -> Option<serde_json::Value> {
    let filter =
        tegami_store::EventFilter { descending: true, limit: 100, ..tegami_store::EventFilter::default() };
    let events = site.server.rooms.store.events(filter).await.ok()?;
    let refused = events.into_iter().find(|event| {
        event.event.kind == tegami_store::EventKind::Rejected
            && event.event.recipient.as_deref() == Some(scene.to)
    })?;
    refused.event.data.value().get("verdicts").cloned()
}

fn matches(expected: Expected, fate: &Fate, end: &End) -> bool {
    let inbox = match fate.word {
        Word::Received => true,
        Word::Delivered => fate.visit.as_ref().is_some_and(|visit| visit.mailbox == Some("INBOX")),
        Word::Bounced | Word::Refused | Word::Broken => false,
    };
    let tls = last_tls(fate);
    let code = fate.attempts.last().and_then(|attempt| {
        let recipient = attempt.recipients.first()?;
        let replied = recipient.reply.as_ref().and_then(|reply| reply.enhanced);
        replied.or(recipient.failure.as_ref().and_then(|failure| failure.status)).map(|code| code.to_string())
    });
    match expected {
        Expected::Inbox => inbox && (fate.word == Word::Received || tls == Some(true)),
        Expected::InboxAfterWaiting => {
            let deferred = fate
                .attempts
                .first()
                .and_then(|attempt| attempt.recipients.first())
                .map(|first| first.result);
            inbox && fate.attempts.len() > 1 && deferred == Some(ResultWord::Failed)
        }
        Expected::InboxOfSecondHost => {
            let hosts = fate.attempts.last().map(|attempt| &attempt.hosts);
            inbox
                && hosts.is_some_and(|hosts| {
                    hosts.first().is_some_and(|first| !first.connected) && hosts.len() > 1
                })
        }
        Expected::InboxUntrusted => inbox && tls == Some(false),
        Expected::Bounced(wanted) => fate.word == Word::Bounced && code.as_deref() == Some(wanted),
        Expected::Refused(wanted) => {
            matches!(end, End::Outside { id: None, .. })
                && fate.word == Word::Refused
                && code.as_deref() == Some(wanted)
        }
    }
}

/// Whether the certificate of the deciding host was trusted; `None` in clear text.
fn last_tls(fate: &Fate) -> Option<bool> {
    let attempt = fate.attempts.last()?;
    let host = attempt.hosts.get(attempt.recipients.first()?.host?)?;
    host.tls.as_ref().map(|tls| tls.trusted)
}

fn deciding(scene: &Scene, fate: &Fate) -> Note {
    let reply = fate.reply.as_ref().map(ToString::to_string);
    let host = fate.visit.as_ref().map_or_else(|| "mail.shop.test".to_owned(), |visit| visit.host.clone());
    match (fate.word, scene.expected) {
        (Word::Delivered, Expected::InboxAfterWaiting) => {
            note!("lab-fate-after-waiting", attempts = fate.attempts.len(), host = host)
        }
        (Word::Delivered, Expected::InboxOfSecondHost) => note!("lab-fate-second-host", host = host),
        (Word::Delivered, _) => {
            let mailbox = fate.visit.as_ref().and_then(|visit| visit.mailbox).unwrap_or("INBOX");
            note!("lab-fate-delivered", host = host, mailbox = mailbox)
        }
        (Word::Received, _) => note!("lab-fate-received"),
        (Word::Bounced, _) => match (&reply, failure(fate)) {
            (Some(reply), _) => note!("lab-fate-bounced", reply = reply),
            (None, Some(status)) => note!("lab-fate-no-host", code = status),
            (None, None) => note!("lab-fate-unknown"),
        },
        (Word::Refused, _) => note!("lab-fate-refused", host = host, reply = reply.unwrap_or_default()),
        (Word::Broken, _) => note!("lab-fate-unknown"),
    }
}

/// Our own status code, where no host was asked.
fn failure(fate: &Fate) -> Option<String> {
    let failure = fate.attempts.last()?.recipients.first()?.failure.as_ref()?;
    failure.status.map(|status| status.to_string())
}
