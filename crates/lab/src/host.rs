//! An MX host of the lab: our own listener, with a desk that has a habit and keeps a ledger.

use std::sync::Arc;

use tegami_auth::json;
use tegami_auth::verify::{self, Client, Early, Verdicts};
use tegami_dns::Resolver;
use tegami_inbound::{Clerk, Desk, Peer};
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Clock, EnhancedStatusCode, ForwardPath, Reply, ReversePath, Transcript};
use tegami_proto::smtp::server::{Answer, Facts, Question, Transaction};

use crate::BoxFuture;
use crate::habit::{AtMessage, AtRecipient, Decision, Habit};
use crate::ledger::{Ledger, Visit};

/// What a host is made of.
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) domain: tegami_mail::Domain,
    pub(crate) habit: Box<dyn Habit>,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Ledger,
}

/// The desk of a host.
pub(crate) struct HostDesk(pub(crate) Arc<Host>);

impl Desk for HostDesk {
    fn open(&self, peer: Peer) -> Box<dyn Clerk> {
        Box::new(HostClerk {
            host: Arc::clone(&self.0),
            peer,
            tls: None,
            helo: String::new(),
            reverse_path: ReversePath::Null,
            early: None,
            visits: Vec::new(),
        })
    }
}

struct HostClerk {
    host: Arc<Host>,
    peer: Peer,
    tls: Option<String>,
    helo: String,
    reverse_path: ReversePath,
    early: Option<Early>,
    /// Places of this session's visits in the ledger: the transcript is added when it ends.
    visits: Vec<usize>,
}

impl Clerk for HostClerk {
    fn answer<'a>(&'a mut self, question: Question, facts: &'a Facts) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            self.helo = facts.hello.as_ref().map(|hello| hello.argument.clone()).unwrap_or_default();
            match question {
                Question::Connect | Question::Hello(_) => Answer::Accept,
                Question::Authenticate(_) => {
                    let text = "No authentication here";
                    Answer::Refuse(Reply::new(502, EnhancedStatusCode::new(5, 5, 1), text))
                }
                Question::Mail(reverse_path) => self.mail(reverse_path).await,
                Question::Recipient(path) => self.recipient(&path),
                Question::Message(transaction) => self.message(transaction).await,
            }
        })
    }

    fn encrypted(&mut self, remark: String) {
        self.tls = Some(remark);
    }

    fn ended(&mut self, transcript: Transcript) {
        self.host.ledger.conclude(&self.visits, &transcript);
    }
}

impl HostClerk {
    fn client<'a>(&'a self, host: &'a Host) -> Client<'a> {
        Client {
            ip: self.peer.ip(),
            helo: &self.helo,
            mail_from: &self.reverse_path,
            receiver: &host.name,
            now: host.clock.now(),
        }
    }

    async fn mail(&mut self, reverse_path: ReversePath) -> Answer {
        self.reverse_path = reverse_path;
        let host = Arc::clone(&self.host);
        let early = verify::early(&self.client(&host), &*host.resolver).await;
        self.early = Some(early);
        Answer::Accept
    }

    fn recipient(&mut self, path: &ForwardPath) -> Answer {
        let recipient = &path.address;
        if recipient.domain() != Some(&self.host.domain) {
            return Answer::Refuse(tegami_inbound::Refusal::Relay.reply());
        }
        let Some(early) = &self.early else { return Answer::Accept };
        let at = AtRecipient {
            client: self.peer.ip(),
            reverse_path: &self.reverse_path,
            recipient,
            early,
            now: self.host.clock.now(),
        };
        let Some(reply) = self.host.habit.recipient(&at) else { return Answer::Accept };
        let verdicts = Some(json::stored_early(early));
        let visit = Visit { recipients: vec![recipient.to_string()], verdicts, ..self.visit(&reply) };
        self.visits.push(self.host.ledger.add(visit));
        Answer::Refuse(reply)
    }

    async fn message(&mut self, transaction: Transaction) -> Answer {
        let host = Arc::clone(&self.host);
        let client = self.client(&host);
        let early = match &self.early {
            Some(early) => early.clone(),
            None => verify::early(&client, &*host.resolver).await,
        };
        let verdicts = verify::message(&client, early, &transaction.content, &*host.resolver).await;
        let at = AtMessage {
            client: self.peer.ip(),
            tls: self.tls.is_some(),
            verdicts: &verdicts,
            content: &transaction.content,
        };
        let decision = host.habit.message(&at);
        let reply = match &decision {
            Decision::Take(_) => {
                Reply::new(250, EnhancedStatusCode::new(2, 0, 0), format!("Ok: {} has it", host.name))
            }
            Decision::Refuse(reply) => reply.clone(),
        };
        self.remember(&transaction, &verdicts, &decision, &reply);
        match decision {
            Decision::Take(_) => Answer::AcceptWith(reply),
            Decision::Refuse(reply) => Answer::Refuse(reply),
        }
    }

    fn remember(
        &mut self,
        transaction: &Transaction,
        verdicts: &Verdicts,
        decision: &Decision,
        reply: &Reply,
    ) {
        let mailbox = match decision {
            Decision::Take(mailbox) => Some(*mailbox),
            Decision::Refuse(_) => None,
        };
        let visit = Visit {
            recipients: transaction
                .envelope
                .forward_paths
                .iter()
                .map(|path| path.address.to_string())
                .collect(),
            verdicts: Some(json::stored_verdicts(verdicts, &self.host.name)),
            accepted: mailbox.is_some(),
            mailbox,
            message_id: message_id(&transaction.content),
            content: mailbox.map(|_| transaction.content.clone()),
            ..self.visit(reply)
        };
        self.visits.push(self.host.ledger.add(visit));
    }

    fn visit(&self, reply: &Reply) -> Visit {
        Visit {
            host: self.host.name.clone(),
            habit: self.host.habit.name(),
            at: self.host.clock.now(),
            client: self.peer.ip(),
            helo: self.helo.clone(),
            tls: self.tls.clone(),
            reverse_path: self.reverse_path.to_string(),
            recipients: Vec::new(),
            verdicts: None,
            reply: reply.to_string(),
            accepted: false,
            mailbox: None,
            message_id: None,
            content: None,
            transcript: Transcript::default(),
        }
    }
}

fn message_id(content: &[u8]) -> Option<String> {
    let section = HeaderSection::parse(content, HeaderLimits::GENEROUS).ok()?;
    let text = section.first("Message-ID")?.text();
    Some(text.trim().trim_start_matches('<').trim_end_matches('>').to_owned())
}
