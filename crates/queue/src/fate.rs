//! What became of messages, told once: one line of the log for each acceptance and for each fate of a recipient, and the counters beside it.
//!
//! Lines are drawn from the events of a commit, and told when it is durable: what stands in the log stands in the store. Fields are fixed
//! and documented (`docs/logs.md`); no content, no subject, no secret is among them.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tegami_mail::ReversePath;
use tegami_mail::failure::Provider;
use tegami_store::{EventKind, MessageRow, NewEvent, NewMessage, Origin, QueueId};

/// Octets of a reply that a line shows: all of an ordinary one, and no flood.
const LONGEST: usize = 400;

/// A line that waits for its commit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    /// A message was accepted.
    Accepted(Acceptance),
    /// A recipient's fate.
    Fate(Box<Fate>),
}

/// A message that was accepted, in the words of the log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Acceptance {
    id: QueueId,
    origin: Origin,
    from: String,
    recipients: usize,
    size: u64,
    message_id: String,
}

/// What became of one recipient, in the words of the log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fate {
    word: FateWord,
    id: QueueId,
    from: String,
    to: String,
    host: Option<String>,
    ip: Option<String>,
    source: Option<String>,
    tls: Option<&'static str>,
    reply: Option<String>,
    cause: Option<String>,
    attempts: u64,
    delay: f64,
}

/// The fates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FateWord {
    /// A host took it, or it lies in a mailbox here.
    Delivered,
    /// It came from elsewhere and lies in a mailbox here.
    Stored,
    /// It is tried again.
    Deferred,
    /// The receiver refused it for good.
    Bounced,
    /// It cannot be delivered, and no receiver had to say so: no such domain, a suppressed address.
    Failed,
    /// Tried until the end of its lifetime.
    Expired,
    /// Taken out of the queue by an operator.
    Dropped,
    /// It waits for a person.
    Held,
}

impl FateWord {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Stored => "stored",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
            Self::Held => "held",
        }
    }

    fn of(kind: EventKind, data: &Data) -> Option<Self> {
        Some(match (kind, data.reason.as_deref()) {
            (EventKind::Delivered, _) => Self::Delivered,
            (EventKind::Stored, _) => Self::Stored,
            (EventKind::Deferred, _) => Self::Deferred,
            (EventKind::Failed, Some("old")) => Self::Expired,
            (EventKind::Failed, Some("dropped")) => Self::Dropped,
            (EventKind::Failed, _) if data.mx_host.is_some() => Self::Bounced,
            (EventKind::Failed, _) => Self::Failed,
            (EventKind::Operated, _) if data.act.as_deref() == Some("hold") => Self::Held,
            _ => return None,
        })
    }
}

/// What lines show of an event's data, as the JSON has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Data {
    code: u64,
    enhanced: Option<String>,
    message: String,
    reason: Option<String>,
    cause: Option<String>,
    mx_host: Option<String>,
    ip: Option<String>,
    sending_ip: Option<String>,
    tls: bool,
    certificate_verified: bool,
    attempt: u64,
    act: Option<String>,
}

/// What all lines about one message repeat.
pub(crate) struct About {
    id: QueueId,
    from: String,
    accepted_at: Timestamp,
}

impl About {
    /// Of a message that was kept before.
    pub(crate) fn of(message: &MessageRow) -> Self {
        Self::new(message.id, &message.reverse_path, message.accepted_at)
    }

    /// Of a message of which no more is known.
    pub(crate) fn new(id: QueueId, reverse_path: &ReversePath, accepted_at: Timestamp) -> Self {
        Self { id, from: shown(reverse_path), accepted_at }
    }

    /// The lines of events that are about to be kept.
    pub(crate) fn fates(&self, events: &[NewEvent]) -> impl Iterator<Item = Line> {
        events.iter().filter_map(|event| Some(Line::Fate(Box::new(self.fate(event)?))))
    }

    fn fate(&self, event: &NewEvent) -> Option<Fate> {
        // An acceptance is no fate: most events are not read at all.
        if event.kind == EventKind::Accepted {
            return None;
        }
        let data: Data = event.data.read().unwrap_or_default();
        let word = FateWord::of(event.kind, &data)?;
        let waited = Duration::try_from(event.at.duration_since(self.accepted_at)).unwrap_or_default();
        Some(Fate {
            word,
            id: self.id,
            from: self.from.clone(),
            to: event.recipient.clone().unwrap_or_default(),
            tls: data.tls(),
            reply: data.reply(),
            host: data.mx_host,
            ip: data.ip,
            source: data.sending_ip,
            cause: data.cause,
            attempts: data.attempt,
            delay: waited.as_secs_f64(),
        })
    }
}

/// The lines of a message that is being kept.
pub(crate) fn kept(message: &NewMessage) -> Vec<Line> {
    let named = message.events.iter().filter(|event| event.kind == EventKind::Accepted).count();
    let acceptance = Acceptance {
        id: message.id,
        origin: message.origin.clone(),
        from: shown(&message.reverse_path),
        recipients: named.max(message.recipients.len()).max(usize::from(!message.mailboxes.is_empty())),
        size: message.summary.size,
        message_id: message.summary.message_id.clone(),
    };
    // The second copy of a message that goes here and elsewhere has no events: the first one has told all.
    let told = !message.events.is_empty() || message.mailboxes.is_empty();
    let about = About { id: message.id, from: acceptance.from.clone(), accepted_at: message.accepted_at };
    let accepted = told.then_some(Line::Accepted(acceptance));
    accepted.into_iter().chain(about.fates(&message.events)).collect()
}

/// The null reverse-path as it is written in SMTP.
fn shown(path: &ReversePath) -> String {
    path.address().map_or_else(|| "<>".to_owned(), ToString::to_string)
}

impl Data {
    /// Only of a connection: where no host was reached there is nothing to tell.
    fn tls(&self) -> Option<&'static str> {
        self.sending_ip.as_ref()?;
        Some(match (self.tls, self.certificate_verified) {
            (false, _) => "none",
            (true, false) => "unverified",
            (true, true) => "verified",
        })
    }

    /// The reply with its codes, or our words where no host spoke.
    fn reply(&self) -> Option<String> {
        if self.message.is_empty() {
            return None;
        }
        let words = self.message.replace('\n', " ");
        let enhanced = self.enhanced.as_ref().map(|enhanced| format!("{enhanced} ")).unwrap_or_default();
        // 498 and 499, and from 600, are ours: no host said them.
        let mut line = match self.code {
            0 | 498 | 499 | 600.. => words,
            code => format!("{code} {enhanced}{words}"),
        };
        line.truncate(line.floor_char_boundary(LONGEST));
        Some(line)
    }
}

impl Line {
    /// Writes the line into the log.
    pub(crate) fn tell(&self) {
        match self {
            Self::Accepted(accepted) => accepted.tell(),
            Self::Fate(fate) => fate.tell(),
        }
    }
}

impl Acceptance {
    /// By which door it came.
    pub(crate) const fn door(&self) -> &'static str {
        match &self.origin {
            Origin::Http { .. } => "http",
            Origin::Submission { .. } => "submission",
            Origin::Reception { .. } => "reception",
            Origin::Own => "own",
        }
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    fn tell(&self) {
        let (account, ip) = match &self.origin {
            Origin::Http { account } | Origin::Submission { account } => (Some(account.as_str()), None),
            Origin::Reception { ip } => (None, Some(ip.to_string())),
            Origin::Own => (None, None),
        };
        tracing::info!(
            target: "tegami::door",
            id = self.id.to_string(),
            door = self.door(),
            account,
            ip,
            from = self.from,
            recipients = self.recipients,
            size = self.size,
            message_id = self.message_id,
            "accepted"
        );
    }
}

impl Fate {
    pub(crate) const fn word(&self) -> FateWord {
        self.word
    }

    /// The provider that answered; few words, so that they may label a counter.
    pub(crate) fn provider(&self) -> &'static str {
        match &self.host {
            Some(host) => Provider::of_host(host).map_or("other", Provider::as_str),
            None => "none",
        }
    }

    /// The word for why it failed.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The first digit of the reply code.
    pub(crate) fn reply_class(&self) -> &'static str {
        match self.reply.as_deref().and_then(|reply| reply.bytes().next()) {
            Some(b'2') => "2",
            Some(b'4') => "4",
            Some(b'5') => "5",
            _ => "none",
        }
    }

    /// Seconds since the message was accepted.
    pub(crate) const fn delay(&self) -> f64 {
        self.delay
    }

    fn tell(&self) {
        tracing::info!(
            target: "tegami::fate",
            id = self.id.to_string(),
            from = self.from,
            to = self.to,
            host = self.host,
            ip = self.ip,
            source = self.source,
            tls = self.tls,
            reply = self.reply,
            cause = self.cause,
            attempts = self.attempts,
            delay = (self.delay * 1000.0).round() / 1000.0,
            "{}",
            self.word.as_str()
        );
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::*;

    fn check(kind: EventKind, data: Value, expected: &Expect) {
        let event = NewEvent {
            kind,
            at: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_millis(1500),
            domain: "example.org".to_owned(),
            message: None,
            recipient: Some("b@example.net".to_owned()),
            data: data.into(),
        };
        let about =
            About { id: QueueId::from_bits(1), from: "<>".to_owned(), accepted_at: Timestamp::UNIX_EPOCH };
        let told: Vec<_> = about
            .fates(&[event])
            .map(|line| match line {
                Line::Fate(fate) => format!(
                    "{} {} {} {:?} {:?} {:?} {} {} {}",
                    fate.word.as_str(),
                    fate.from,
                    fate.to,
                    fate.tls,
                    fate.reply,
                    fate.cause,
                    fate.attempts,
                    fate.delay,
                    fate.provider()
                ),
                Line::Accepted(_) => "accepted".to_owned(),
            })
            .collect();
        expected.assert_eq(&told.join("\n"));
    }

    #[test]
    fn fates_have_their_words() {
        let refused = json!({"code": 550, "enhanced": "5.1.1", "message": "no such user\nhere", "cause": "bad-mailbox",
            "mx-host": "mx.google.com", "ip": "192.0.2.1", "sending-ip": "192.0.2.9", "tls": true, "certificate-verified": false, "attempt": 2});
        check(
            EventKind::Failed,
            refused,
            &expect![[
                r#"bounced <> b@example.net Some("unverified") Some("550 5.1.1 no such user here") Some("bad-mailbox") 2 1.5 google"#
            ]],
        );
        let nowhere =
            json!({"code": 498, "enhanced": "5.1.10", "message": "no host was found", "attempt": 1});
        check(
            EventKind::Failed,
            nowhere,
            &expect![[r#"failed <> b@example.net None Some("no host was found") None 1 1.5 none"#]],
        );
        let old = json!({"code": 451, "message": "later", "reason": "old", "mx-host": "mx.example.net", "ip": "192.0.2.1", "sending-ip": "192.0.2.9", "attempt": 35});
        check(
            EventKind::Failed,
            old,
            &expect![[r#"expired <> b@example.net Some("none") Some("451 later") None 35 1.5 other"#]],
        );
        check(
            EventKind::Delivered,
            json!({"local": true}),
            &expect!["delivered <> b@example.net None None None 0 1.5 none"],
        );
        check(EventKind::Accepted, json!({}), &expect![""]);
    }

    #[test]
    fn a_flood_of_words_is_cut() {
        let data = Data { code: 550, message: "あ".repeat(10_000), ..Data::default() };
        assert!(data.reply().unwrap().len() <= LONGEST);
    }
}
