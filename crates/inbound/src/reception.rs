//! The desk for mail from other ADMDs: it verifies, asks who the recipients are, and acts on the verdicts.

use std::sync::Arc;

use tegami_auth::json;
use tegami_auth::verify::{self, Client, Early, Verdicts};
use tegami_dns::Resolver;
use tegami_mail::{Clock, Domain, EnhancedStatusCode, Envelope, ForwardPath, Note, Reply, ReversePath};
use tegami_proto::smtp::server::{Answer, Facts, Question, Transaction};
use tegami_queue::{Intake, LocalMailboxes, Locality, Reception as Received, Trace};
use tegami_store::{EventKind, MailboxDelivery, NewEvent, Origin, Store};

use crate::BoxFuture;
use crate::desk::{Clerk, Desk, Peer, Refusal};
use crate::disposition::{self, Disposition, Policy};
use crate::trace;

/// What the desk needs; plain values and the rooms it works with.
pub struct ReceptionSettings {
    /// Our name: authserv-id, Received, the `r` macro of SPF.
    pub hostname: Domain,
    /// How strict we are.
    pub policy: Policy,
    /// Whom verification asks.
    pub resolver: Arc<dyn Resolver>,
    /// Which addresses are ours.
    pub mailboxes: Arc<dyn LocalMailboxes>,
    /// The one door to the store for messages.
    pub intake: Arc<Intake>,
    /// For the record of refusals.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The desk.
pub struct Reception {
    settings: Arc<ReceptionSettings>,
}

impl Reception {
    /// A desk with these settings.
    pub fn new(settings: ReceptionSettings) -> Self {
        Self { settings: Arc::new(settings) }
    }
}

impl Desk for Reception {
    fn open(&self, peer: Peer) -> Box<dyn Clerk> {
        Box::new(ReceptionClerk {
            settings: Arc::clone(&self.settings),
            peer,
            tls: None,
            early: None,
            reverse_path: ReversePath::Null,
            mailboxes: Vec::new(),
        })
    }
}

struct ReceptionClerk {
    settings: Arc<ReceptionSettings>,
    peer: Peer,
    tls: Option<String>,
    early: Option<Early>,
    reverse_path: ReversePath,
    /// Of the recipients accepted so far in this transaction.
    mailboxes: Vec<MailboxDelivery>,
}

impl Clerk for ReceptionClerk {
    fn answer<'a>(&'a mut self, question: Question, facts: &'a Facts) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match question {
                Question::Connect | Question::Hello(_) => Answer::Accept,
                Question::Authenticate(_) => Answer::Refuse(no_auth()),
                Question::Mail(reverse_path) => self.mail(reverse_path, facts).await,
                Question::Recipient(path) => self.recipient(&path).await,
                Question::Message(transaction) => self.message(transaction, facts).await,
            }
        })
    }

    fn encrypted(&mut self, remark: String) {
        self.tls = Some(remark);
    }
}

fn no_auth() -> Reply {
    Reply::new(502, EnhancedStatusCode::new(5, 5, 1), "No authentication here: submit on port 587 or 465")
}

impl ReceptionClerk {
    async fn mail(&mut self, reverse_path: ReversePath, facts: &Facts) -> Answer {
        self.mailboxes.clear();
        self.reverse_path = reverse_path;
        let client = client(&self.settings, self.peer, &self.reverse_path, facts);
        let early = verify::early(&client, &*self.settings.resolver).await;
        self.early = Some(early);
        Answer::Accept
    }

    async fn recipient(&mut self, path: &ForwardPath) -> Answer {
        let found = match self.settings.mailboxes.find(&path.address).await {
            Ok(Locality::Mailboxes(found)) => found,
            Ok(Locality::Unknown) => return Answer::Refuse(Refusal::NoMailbox.reply()),
            Ok(Locality::Remote) => return Answer::Refuse(Refusal::Relay.reply()),
            Err(error) => {
                tracing::warn!(%error, "cannot look a mailbox up");
                return Answer::Refuse(Refusal::TryLater.reply());
            }
        };
        let early = self.early.as_ref();
        if let Some((reply, why)) =
            early.and_then(|early| disposition::before_data(early, &self.settings.policy))
        {
            let recipient = path.address.to_string();
            let spf = early.map(|early| json::early(early, &json::stored));
            self.record_refusal(&[recipient], &reply, &why, spf).await;
            return Answer::Refuse(reply);
        }
        for delivery in found {
            if !self.mailboxes.contains(&delivery) {
                self.mailboxes.push(delivery);
            }
        }
        Answer::Accept
    }

    async fn message(&mut self, transaction: Transaction, facts: &Facts) -> Answer {
        let settings = Arc::clone(&self.settings);
        let Transaction { envelope, content } = transaction;
        if trace::received_by_chain(&content) > trace::MAX_HOPS {
            let text = "The message has been going round in a circle: too many Received fields";
            return Answer::Refuse(Reply::new(554, EnhancedStatusCode::new(5, 4, 6), text));
        }
        let reverse_path = envelope.reverse_path.clone();
        let client = client(&settings, self.peer, &reverse_path, facts);
        let early = match self.early.take() {
            Some(early) => early,
            None => verify::early(&client, &*settings.resolver).await,
        };
        let verdicts = verify::message(&client, early, &content, &*settings.resolver).await;
        match disposition::dispose(&verdicts, &settings.policy) {
            Disposition::Refuse(reply, why) => {
                let recipients: Vec<_> =
                    envelope.forward_paths.iter().map(|path| path.address.to_string()).collect();
                let verdicts = json::verdicts(&verdicts, settings.hostname.as_str(), &json::stored);
                self.record_refusal(&recipients, &reply, &why, Some(verdicts)).await;
                Answer::Refuse(reply)
            }
            Disposition::Junk(why) => self.keep(envelope, &content, &verdicts, facts, Some(why)).await,
            Disposition::Inbox => self.keep(envelope, &content, &verdicts, facts, None).await,
        }
    }

    async fn keep(
        &mut self,
        envelope: Envelope,
        content: &[u8],
        verdicts: &Verdicts,
        facts: &Facts,
        junk: Option<Note>,
    ) -> Answer {
        let settings = Arc::clone(&self.settings);
        let hostname = settings.hostname.as_str();
        let mut fields = verdicts.authentication_results(hostname).into_bytes();
        fields.extend_from_slice(verdicts.received_spf(hostname).as_bytes());
        let mut mailboxes = std::mem::take(&mut self.mailboxes);
        if junk.is_some() {
            for delivery in &mut mailboxes {
                "Junk".clone_into(&mut delivery.mailbox);
            }
        }
        let mut told = json::verdicts(verdicts, hostname, &json::stored);
        if let (Some(why), Some(told)) = (&junk, told.as_object_mut()) {
            told.insert("junk".to_owned(), serde_json::json!(why));
        }
        let received = Received {
            origin: Origin::Reception { ip: self.peer.ip() },
            domain: self.domain_of(&envelope),
            trace: self.trace(facts, verdicts, envelope.smtputf8),
            envelope,
            content: trace::strip_forged_results(content, hostname).into(),
            fields,
            mailboxes,
            verdicts: Some(told),
            events: Vec::new(),
        };
        match settings.intake.receive(received).await {
            Ok(accepted) => Answer::AcceptWith(Reply::new(
                250,
                EnhancedStatusCode::new(2, 0, 0),
                format!("Ok: queued as {}", accepted.id),
            )),
            Err(error) => {
                tracing::warn!(%error, "a message was not accepted");
                Answer::Refuse(error.reply())
            }
        }
    }

    fn domain_of(&self, envelope: &Envelope) -> Domain {
        let first = envelope.forward_paths.iter().find_map(|path| path.address.domain());
        first.cloned().unwrap_or_else(|| self.settings.hostname.clone())
    }

    fn trace(&self, facts: &Facts, verdicts: &Verdicts, smtputf8: bool) -> Trace {
        let iprev = &verdicts.early.iprev;
        let confirmed = iprev.result == tegami_auth::iprev::IprevResult::Pass;
        Trace {
            helo: facts.hello.as_ref().map(|hello| hello.argument.clone()),
            name: iprev.name.clone().filter(|_| confirmed),
            ip: Some(self.peer.ip()),
            protocol: facts.protocol(smtputf8).to_owned(),
            tls: self.tls.clone(),
        }
    }

    /// Refusals are remembered, so that "your server refused my mail" has an answer.
    async fn record_refusal(
        &self,
        recipients: &[String],
        reply: &Reply,
        why: &Note,
        verdicts: Option<serde_json::Value>,
    ) {
        let at = self.settings.clock.now();
        let events = recipients.iter().map(|recipient| NewEvent {
            kind: EventKind::Rejected,
            at,
            domain: recipient.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default(),
            message: None,
            recipient: Some(recipient.clone()),
            data: serde_json::json!({
                "ip": self.peer.ip(),
                "reverse_path": self.reverse_path.to_string(),
                "reply": reply.to_string(),
                "why": why,
                "verdicts": verdicts,
            }),
        });
        if let Err(error) = self.settings.store.record(events.collect()).await {
            tracing::warn!(%error, "cannot record a refusal");
        }
    }
}

fn client<'a>(
    settings: &'a ReceptionSettings,
    peer: Peer,
    reverse_path: &'a ReversePath,
    facts: &'a Facts,
) -> Client<'a> {
    Client {
        ip: peer.ip(),
        helo: facts.hello.as_ref().map_or("", |hello| hello.argument.as_str()),
        mail_from: reverse_path,
        receiver: settings.hostname.as_str(),
        now: settings.clock.now(),
    }
}
