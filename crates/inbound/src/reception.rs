//! The desk for mail from other ADMDs: it verifies, asks who the recipients are, and acts on the verdicts.

use std::sync::Arc;

use tegami_auth::verify::{self, Client, Early, Verdicts};
use tegami_auth::{Cache, Records, json};
use tegami_dns::Resolver;
use tegami_mail::{
    Address, Clock, Domain, EnhancedStatusCode, Envelope, ForwardPath, Note, Reply, ReversePath, note,
};
use tegami_proto::smtp::server::{Answer, Facts, Question, Transaction};
use tegami_queue::{Fault, Intake, LocalMailboxes, Locality, Reception as Received, Trace};
use tegami_store::{MailboxDelivery, Origin, Store};

use crate::BoxFuture;
use crate::desk::{Clerk, Desk, Peer, Refusal};
use crate::disposition::{self, Disposition, Policy};
use crate::refusal::{Record, Refused};
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
    /// What the verifications of all sessions have read.
    cache: Arc<Cache>,
}

impl Reception {
    /// A desk with these settings.
    pub fn new(settings: ReceptionSettings) -> Self {
        Self { settings: Arc::new(settings), cache: Arc::default() }
    }
}

impl Desk for Reception {
    fn open(&self, peer: Peer) -> Box<dyn Clerk> {
        Box::new(ReceptionClerk {
            settings: Arc::clone(&self.settings),
            cache: Arc::clone(&self.cache),
            peer,
            tls: None,
            open: None,
            record: Record::default(),
        })
    }
}

struct ReceptionClerk {
    settings: Arc<ReceptionSettings>,
    cache: Arc<Cache>,
    peer: Peer,
    tls: Option<String>,
    open: Option<Open>,
    record: Record,
}

/// What is known of the transaction under way. Every MAIL begins with a new one, so that nothing of a transaction that was
/// refused, reset or overtaken by EHLO reaches the next.
struct Open {
    reverse_path: ReversePath,
    early: Early,
    /// Of the recipients accepted so far.
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
        self.open = None;
        let client = client(&self.settings, self.peer, &reverse_path, facts);
        let records = Records::cached(&*self.settings.resolver, &self.cache, client.now);
        let early = verify::early(&client, records).await;
        self.open = Some(Open { reverse_path, early, mailboxes: Vec::new() });
        Answer::Accept
    }

    async fn recipient(&mut self, path: &ForwardPath) -> Answer {
        let Some(mut open) = self.open.take() else { return Answer::Refuse(Refusal::TryLater.reply()) };
        let answer = match self.find(path, &open).await {
            Ok(found) => {
                for delivery in found {
                    if !open.mailboxes.contains(&delivery) {
                        open.mailboxes.push(delivery);
                    }
                }
                Answer::Accept
            }
            Err((reply, Some(why))) => {
                let verdicts = json::early(&open.early, &json::stored);
                let recipients = [path.address.clone()];
                self.refused(&open.reverse_path, &recipients, &reply, &why, Some(verdicts)).await;
                Answer::Refuse(reply)
            }
            Err((reply, None)) => Answer::Refuse(reply),
        };
        self.open = Some(open);
        answer
    }

    /// Where mail for this recipient goes, or the refusal with what is put on record of it.
    async fn find(
        &self,
        path: &ForwardPath,
        open: &Open,
    ) -> Result<Vec<MailboxDelivery>, (Reply, Option<Note>)> {
        let address = &path.address;
        let found = match self.settings.mailboxes.find(address).await {
            Ok(Locality::Mailboxes(found)) => found,
            Ok(Locality::Unknown) => {
                let why = note!("inbound-refused-mailbox", address = address);
                return Err((Refusal::NoMailbox.reply(), Some(why)));
            }
            Ok(Locality::Remote) => {
                let why = note!("inbound-refused-relay", address = address);
                return Err((Refusal::Relay.reply(), Some(why)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look a mailbox up");
                return Err((Refusal::TryLater.reply(), None));
            }
        };
        // RFC 5321 section 4.5.1: the postmaster hears also of those whose mail is refused.
        let postmaster = address.local_part().as_str().eq_ignore_ascii_case("postmaster");
        match disposition::before_data(&open.early, &self.settings.policy) {
            Some((reply, why)) if !postmaster => Err((reply, Some(why))),
            _ => Ok(found),
        }
    }

    async fn message(&mut self, transaction: Transaction, facts: &Facts) -> Answer {
        let settings = Arc::clone(&self.settings);
        let Some(open) = self.open.take() else { return Answer::Refuse(Refusal::TryLater.reply()) };
        let Open { reverse_path, early, mailboxes } = open;
        let client = client(&settings, self.peer, &reverse_path, facts);
        let records = Records::cached(&*settings.resolver, &self.cache, client.now);
        let verdicts = verify::message(&client, early, &transaction.content, records).await;
        let junk = match disposition::dispose(&verdicts, &settings.policy) {
            Disposition::Inbox => None,
            Disposition::Junk(why) => Some(why),
            Disposition::Refuse(reply, why) => {
                let told = json::verdicts(&verdicts, settings.hostname.as_str(), &json::stored);
                let recipients = addresses(&transaction.envelope);
                self.refused(&reverse_path, &recipients, &reply, &why, Some(told)).await;
                return Answer::Refuse(reply);
            }
        };
        self.keep(transaction, mailboxes, &verdicts, facts, junk).await
    }

    async fn keep(
        &mut self,
        transaction: Transaction,
        mut mailboxes: Vec<MailboxDelivery>,
        verdicts: &Verdicts,
        facts: &Facts,
        junk: Option<Note>,
    ) -> Answer {
        let settings = Arc::clone(&self.settings);
        let hostname = settings.hostname.as_str();
        let Transaction { envelope, content } = transaction;
        let mut fields = verdicts.authentication_results(hostname).into_bytes();
        fields.extend_from_slice(verdicts.received_spf(hostname).as_bytes());
        if junk.is_some() {
            for delivery in &mut mailboxes {
                "Junk".clone_into(&mut delivery.mailbox);
            }
        }
        let mut told = json::verdicts(verdicts, hostname, &json::stored);
        if let (Some(why), Some(told)) = (&junk, told.as_object_mut()) {
            told.insert("junk".to_owned(), serde_json::json!(why));
        }
        let (reverse_path, recipients) = (envelope.reverse_path.clone(), addresses(&envelope));
        let received = Received {
            origin: Origin::Reception { ip: self.peer.ip() },
            domain: self.domain_of(&envelope),
            trace: self.trace(facts, verdicts, envelope.smtputf8),
            envelope,
            content: trace::without_forged(&content, hostname),
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
                let reply = error.reply();
                match error.fault() {
                    Fault::Ours => tracing::error!(%error, "a message was not accepted"),
                    Fault::Submitter => {
                        self.refused(&reverse_path, &recipients, &reply, &error.note(), None).await;
                    }
                }
                Answer::Refuse(reply)
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
            name: iprev.name.clone().filter(|_| confirmed).map(String::from),
            ip: Some(self.peer.ip()),
            protocol: facts.protocol(smtputf8).to_owned(),
            tls: self.tls.clone(),
        }
    }

    async fn refused(
        &mut self,
        reverse_path: &ReversePath,
        recipients: &[Address],
        reply: &Reply,
        why: &Note,
        verdicts: Option<serde_json::Value>,
    ) {
        let ip = self.peer.ip();
        let refused =
            Refused { ip, account: None, domain: None, reverse_path, recipients, reply, why, verdicts };
        self.record.write(refused, &*self.settings.store, &*self.settings.clock).await;
    }
}

fn addresses(envelope: &Envelope) -> Vec<Address> {
    envelope.forward_paths.iter().map(|path| path.address.clone()).collect()
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
