//! What is told of an answer that was no: one line of the log, and a counter.

use tegami_proto::smtp::server::{Answer, Facts, Question};

use crate::desk::Peer;
use crate::listener::Service;

/// Octets of a stranger's word that a line shows.
const LONGEST: usize = 320;

/// What a session asked, as far as a line of the log tells it: no password, no content.
pub(crate) struct Asked {
    command: &'static str,
    user: Option<String>,
    from: Option<String>,
    to: Option<String>,
    recipients: Option<usize>,
}

impl Asked {
    pub(crate) fn of(question: &Question) -> Self {
        let nothing = Self { command: "connect", user: None, from: None, to: None, recipients: None };
        match question {
            Question::Connect => nothing,
            Question::Hello(_) => Self { command: "ehlo", ..nothing },
            Question::Authenticate(credentials) => {
                Self { command: "auth", user: Some(bounded(&credentials.username)), ..nothing }
            }
            Question::Mail(path) => Self { command: "mail", from: Some(bounded(&shown(path))), ..nothing },
            Question::Recipient(path) => {
                Self { command: "rcpt", to: Some(bounded(&path.address.to_string())), ..nothing }
            }
            Question::Message(transaction) => {
                let envelope = &transaction.envelope;
                Self {
                    command: "data",
                    from: Some(bounded(&shown(&envelope.reverse_path))),
                    to: envelope.forward_paths.first().map(|path| bounded(&path.address.to_string())),
                    recipients: Some(envelope.forward_paths.len()),
                    ..nothing
                }
            }
        }
    }

    /// Tells of a refusal, and counts logins.
    pub(crate) fn tell(self, answer: &Answer, service: &Service, peer: Peer, facts: &Facts) {
        let Answer::Refuse(reply) = answer else {
            if self.command == "auth" {
                service.metrics.login(service.name, "accepted");
            }
            return;
        };
        if self.command == "auth" {
            service.metrics.login(service.name, "refused");
        }
        service.metrics.refused(service.name, self.command, reply.code);
        tracing::info!(
            target: "tegami::door",
            door = service.name,
            command = self.command,
            ip = peer.ip().to_string(),
            helo = facts.hello.as_ref().map(|hello| bounded(&hello.argument)),
            account = self.user.or_else(|| facts.user.clone()),
            from = self.from,
            to = self.to,
            recipients = self.recipients,
            reply = bounded(&reply.to_string()),
            "refused"
        );
    }
}

fn shown(path: &tegami_mail::ReversePath) -> String {
    path.address().map_or_else(|| "<>".to_owned(), ToString::to_string)
}

fn bounded(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned()
}
