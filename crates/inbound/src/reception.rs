//! The desk for mail from other ADMDs: it verifies, asks who the recipients are, and acts on the verdicts.

use std::sync::Arc;

use futures_util::future::try_join;
use tegami_auth::dkim::DkimResult;
use tegami_auth::iprev::IprevResult;
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::{self, Client, Early, Verdicts};
use tegami_auth::{Cache, Records, json};
use tegami_dns::Resolver;
use tegami_mail::{
    Address, Clock, Domain, EnhancedStatusCode, Envelope, ForwardPath, Note, Reply, ReversePath, note,
};
use tegami_proto::smtp::server::{Answer, Facts, Question, Transaction};
use tegami_queue::route::{Fields, Reach};
use tegami_queue::{
    AccessLevel, Fault, Heard, Intake, IntakeError, Link, LocalMailboxes, Locality, Paper,
    Reception as Received, ReturnedSender, Returning, Routed, TestInbox, Tested, Trace, Visit,
};
use tegami_store::{MailboxDelivery, Origin, QueueId, SpamAction, Store};

use crate::BoxFuture;
use crate::desk::{Clerk, Desk, Peer, Refusal};
use crate::disposition::{self, Disposition, Policy};
use crate::refusal::{Record, Refused};
use crate::trial::{Arrival, Judge};
use crate::{author, route, trace};

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
    /// Who judges messages to test inboxes; without one there are none.
    pub judge: Option<Arc<dyn Judge>>,
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
    found: Found,
}

/// Where mail goes.
#[derive(Default)]
struct Found {
    mailboxes: Vec<MailboxDelivery>,
    /// The messages whose return paths are among the recipients.
    about: Vec<QueueId>,
    /// Who reads what comes to the address for complaints, where that is among them.
    complaints: Option<Vec<MailboxDelivery>>,
    /// Senders of mail that we sent on, to whose rewritten addresses it comes.
    returned: Vec<ReturnedSender>,
    /// Recipients that routes may want.
    wanted: Vec<Wanted>,
    /// What their domains, all of them, do with spam.
    spam: SpamAction,
    /// Recipients that are mailing lists.
    lists: Vec<Address>,
    /// What readers say who want no more mail.
    farewells: Vec<Link>,
    /// The test inbox that is the recipient.
    test: Option<TestInbox>,
}

/// A recipient that routes may want.
struct Wanted {
    path: ForwardPath,
    has_mailbox: bool,
    /// Whether it exists depends on the header section.
    perhaps: bool,
}

impl Found {
    /// Whether some recipient takes the message only if its header section pleases a route, or its author a mailing list. It then is the only one:
    /// were there others, the message could be neither refused for it nor taken.
    fn is_perhaps(&self) -> bool {
        !self.lists.is_empty()
            || self.test.is_some()
            || self.wanted.iter().any(|wanted| wanted.perhaps && !wanted.has_mailbox)
    }

    fn is_empty(&self) -> bool {
        self.is_done() && self.farewells.is_empty()
    }

    /// Whether nothing is to be done with a message but to hear farewells.
    fn is_done(&self) -> bool {
        let papers = self.about.is_empty() && self.complaints.is_none() && self.returned.is_empty();
        self.test.is_none()
            && papers
            && self.mailboxes.is_empty()
            && self.wanted.is_empty()
            && self.lists.is_empty()
    }

    fn add(&mut self, other: Self) {
        for delivery in other.mailboxes {
            if !self.mailboxes.contains(&delivery) {
                self.mailboxes.push(delivery);
            }
        }
        // Whoever has a return path may name it in every RCPT; the message it is of is looked up once.
        for id in other.about {
            if !self.about.contains(&id) {
                self.about.push(id);
            }
        }
        for sender in other.returned {
            if !self.returned.contains(&sender) {
                self.returned.push(sender);
            }
        }
        for wanted in other.wanted {
            if self.wanted.iter().all(|known| known.path.address != wanted.path.address) {
                self.wanted.push(wanted);
            }
        }
        self.lists.extend(other.lists);
        for link in other.farewells {
            if !self.farewells.contains(&link) {
                self.farewells.push(link);
            }
        }
        self.complaints = other.complaints.or(self.complaints.take());
        self.test = other.test.or(self.test.take());
    }
}

impl Clerk for ReceptionClerk {
    fn answer<'a>(&'a mut self, question: Question, facts: &'a Facts) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match question {
                Question::Connect | Question::Hello(_) => Answer::Accept,
                Question::Authenticate(_) => Answer::Refuse(no_auth()),
                Question::Mail(reverse_path) => self.mail(reverse_path, facts).await,
                Question::Recipient(path) => self.recipient(&path).await,
                Question::Message(transaction) => Box::pin(self.message(transaction, facts)).await,
            }
        })
    }

    fn encrypted(&mut self, remark: String) {
        self.tls = Some(remark);
    }
}

/// Whether fields tell what was found out about a message for this domain; the refusal where it wants no mail that looks like `spam`.
fn tags(action: SpamAction, domain: &Domain, spam: bool) -> Result<bool, (Reply, Option<Note>)> {
    match action {
        SpamAction::Block if spam => {
            Err((Refusal::Spam.reply(), Some(note!("inbound-refused-spam", domain = domain))))
        }
        SpamAction::Delete if spam => {
            let text = "Ok, but this looks like spam, which is thrown away here";
            let reply = Reply::new(250, EnhancedStatusCode::new(2, 0, 0), text);
            Err((reply, Some(note!("inbound-thrown-away-spam", domain = domain))))
        }
        action => Ok(action == SpamAction::Tag),
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
        self.open = Some(Open { reverse_path, early, found: Found::default() });
        Answer::Accept
    }

    async fn recipient(&mut self, path: &ForwardPath) -> Answer {
        let Some(mut open) = self.open.take() else { return Answer::Refuse(Refusal::TryLater.reply()) };
        let found = match self.find(path, &open).await {
            Ok(found) => self.with_spam_action(found, path).await,
            refused => refused,
        };
        let answer = match found {
            Ok(found) if (found.is_perhaps() || open.found.is_perhaps()) && !open.found.is_empty() => {
                Answer::Refuse(Refusal::Alone.reply())
            }
            // One reply to the content speaks for all recipients.
            Ok(found) if !open.found.is_empty() && found.spam != open.found.spam => {
                Answer::Refuse(Refusal::Alone.reply())
            }
            Ok(found) => {
                open.found.spam = found.spam;
                open.found.add(found);
                Answer::Accept
            }
            Err((reply, Some(why))) => {
                let verdicts = json::stored_early(&open.early);
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
    async fn find(&self, path: &ForwardPath, open: &Open) -> Result<Found, (Reply, Option<Note>)> {
        let address = &path.address;
        if let Some(test) = self.test_at(address).await? {
            return Ok(Found { test: Some(test), ..Found::default() });
        }
        let complaints = match self.settings.intake.returning(address).await {
            // What a host has to say about our message is heard whatever SPF says of that host: the address proves enough.
            Ok(Returning::Message(id)) => return Ok(Found { about: vec![id], ..Found::default() }),
            // Only notifications: whoever has the address could else write to its sender through us.
            Ok(Returning::Sender(sender)) if open.reverse_path == ReversePath::Null => {
                return match self.settings.mailboxes.find(sender.sender()).await {
                    Ok(Locality::Remote) => Ok(Found { returned: vec![sender], ..Found::default() }),
                    _ => {
                        Ok(Found { mailboxes: self.mailboxes_of(sender.sender()).await?, ..Found::default() })
                    }
                };
            }
            Ok(Returning::Sender(_)) => {
                return Err((Refusal::Papers.reply(), Some(note!("inbound-refused-paper"))));
            }
            Ok(Returning::Farewell(link)) => {
                return Ok(Found { farewells: vec![*link], ..Found::default() });
            }
            Ok(Returning::Nobody) => {
                let why = note!("inbound-refused-return-path", address = address);
                return Err((Refusal::ReturnPath.reply(), Some(why)));
            }
            Ok(Returning::Complaints(readers)) => Some(readers),
            Ok(Returning::Elsewhere) => None,
            Err(error) => {
                tracing::warn!(%error, "cannot look a return path up");
                return Err((Refusal::TryLater.reply(), None));
            }
        };
        let ways = match complaints {
            Some(_) => Found::default(),
            None => self.ways_of(path).await?,
        };
        // RFC 5321 section 4.5.1: the postmaster hears also of those whose mail is refused.
        let postmaster = address.local_part().as_str().eq_ignore_ascii_case("postmaster");
        match disposition::before_data(&open.early, &self.settings.policy) {
            Some((reply, why)) if !postmaster => Err((reply, Some(why))),
            _ => Ok(Found { complaints, ..ways }),
        }
    }

    /// The test inbox of this address; the refusal where it looks like one that is none any more.
    async fn test_at(&self, address: &Address) -> Result<Option<TestInbox>, (Reply, Option<Note>)> {
        if self.settings.judge.is_none() {
            return Ok(None);
        }
        match self.settings.intake.test_inboxes().at(address).await {
            Ok(None) => Ok(None),
            Ok(Some(Some(inbox))) => Ok(Some(inbox)),
            Ok(Some(None)) => Err((Refusal::TestInbox.reply(), None)),
            Err(error) => {
                tracing::warn!(%error, "cannot look a test inbox up");
                Err((Refusal::TryLater.reply(), None))
            }
        }
    }

    /// Mailboxes or a mailing list, and whether routes may want it. An address that is nobody's is taken where some route may match: where that depends on the header
    /// section, nobody can know before the message is there. So a route that looks at the header section alone makes every address of our domains
    /// possible; those that it does not want after all are refused then, and no notification is ever sent for them.
    async fn ways_of(&self, path: &ForwardPath) -> Result<Found, (Reply, Option<Note>)> {
        let address = &path.address;
        let intake = &self.settings.intake;
        let (reach, list) = match try_join(intake.reach(address), intake.lists().of(address)).await {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "cannot read the routes and mailing lists");
                return Err((Refusal::TryLater.reply(), None));
            }
        };
        let wanted = |has_mailbox| match reach {
            Reach::No => Vec::new(),
            _ => vec![Wanted { path: path.clone(), has_mailbox, perhaps: reach == Reach::Perhaps }],
        };
        match (list.map(|list| list.access_level), reach) {
            (Some(AccessLevel::ReadOnly), Reach::No) => {
                let why = note!("inbound-refused-list", list = address);
                return Err((Refusal::ReadOnlyList.reply(), Some(why)));
            }
            // Routes serve the address all the same.
            (Some(AccessLevel::ReadOnly), _) => {
                return Ok(Found { wanted: wanted(false), ..Found::default() });
            }
            (Some(AccessLevel::Members | AccessLevel::Everyone), _) => {
                let lists = vec![address.clone()];
                return Ok(Found { lists, wanted: wanted(true), ..Found::default() });
            }
            (None, _) => {}
        }
        let (mailboxes, wanted) = match (self.settings.mailboxes.find(address).await, reach) {
            (Ok(Locality::Unknown), Reach::Perhaps | Reach::Surely) => (Vec::new(), wanted(false)),
            _ => (self.mailboxes_of(address).await?, wanted(true)),
        };
        Ok(Found { mailboxes, wanted, ..Found::default() })
    }

    async fn mailboxes_of(&self, address: &Address) -> Result<Vec<MailboxDelivery>, (Reply, Option<Note>)> {
        match self.settings.mailboxes.find(address).await {
            Ok(Locality::Mailboxes(found)) => Ok(found),
            Ok(Locality::Unknown) => {
                let why = note!("inbound-refused-mailbox", address = address);
                Err((Refusal::NoMailbox.reply(), Some(why)))
            }
            Ok(Locality::Remote) => {
                let why = note!("inbound-refused-relay", address = address);
                Err((Refusal::Relay.reply(), Some(why)))
            }
            Err(error) => {
                tracing::warn!(%error, "cannot look a mailbox up");
                Err((Refusal::TryLater.reply(), None))
            }
        }
    }

    async fn message(&mut self, transaction: Transaction, facts: &Facts) -> Answer {
        let settings = Arc::clone(&self.settings);
        let Some(open) = self.open.take() else { return Answer::Refuse(Refusal::TryLater.reply()) };
        let Open { reverse_path, early, mut found } = open;
        // The address proves enough, whatever the message says, and nothing of it is kept.
        for link in std::mem::take(&mut found.farewells) {
            if let Err(error) = settings.intake.say_farewell(&link, Visit::default()).await {
                tracing::error!(%error, "a farewell could not be kept");
                return Answer::Refuse(Refusal::TryLater.reply());
            }
        }
        if found.is_done() {
            let reply = Reply::new(250, EnhancedStatusCode::new(2, 0, 0), "Ok: unsubscribed");
            return Answer::AcceptWith(reply);
        }
        // Notifications seldom pass DMARC; the return path that they come to says more about them than their author.
        let papers = !found.about.is_empty() || !found.returned.is_empty();
        let only_returns = papers && found.mailboxes.is_empty() && found.wanted.is_empty();
        let client = client(&settings, self.peer, &reverse_path, facts);
        let records = Records::cached(&*settings.resolver, &self.cache, client.now);
        let verdicts = verify::message(&client, early, &transaction.content, records).await;
        let junk = match disposition::dispose(&verdicts, &settings.policy) {
            // A message that is judged is refused for nothing: its sender wants to know.
            _ if found.test.is_some() => None,
            Disposition::Inbox => None,
            Disposition::Junk(why) => Some(why),
            Disposition::Refuse(_, why) if only_returns => Some(why),
            Disposition::Refuse(reply, why) => {
                let told = json::stored_verdicts(&verdicts, settings.hostname.as_str());
                let recipients = addresses(&transaction.envelope);
                self.refused(&reverse_path, &recipients, &reply, &why, Some(told)).await;
                return Answer::Refuse(reply);
            }
        };
        self.keep(transaction, found, &verdicts, facts, (junk, only_returns)).await
    }

    /// What is found of a recipient, with what its domain does with spam.
    async fn with_spam_action(
        &self,
        mut found: Found,
        path: &ForwardPath,
    ) -> Result<Found, (Reply, Option<Note>)> {
        if let Some(domain) = path.address.domain() {
            found.spam = self.settings.intake.spam_action(domain).await.map_err(|error| {
                tracing::warn!(%error, "cannot look a domain up");
                (Refusal::TryLater.reply(), None)
            })?;
        }
        Ok(found)
    }

    /// What routes do with it, for each recipient that they may want; the refusal where some recipient exists neither for them nor as a mailbox.
    async fn routed(&self, found: &Found, known: &Known<'_>) -> Result<Vec<Routed>, (Reply, Option<Note>)> {
        let mut all = Vec::new();
        if found.wanted.is_empty() {
            return Ok(all);
        }
        let fields = Fields::of(known.content, known.findings);
        for wanted in &found.wanted {
            let mut routed = match self.settings.intake.route(&wanted.path, &fields).await {
                Ok(routed) => routed,
                Err(error) => {
                    tracing::warn!(%error, "cannot read the routes");
                    return Err((Refusal::TryLater.reply(), None));
                }
            };
            if known.forged {
                routed.tell_nobody();
            }
            if known.junk {
                routed.put_into("Junk");
            }
            if known.alone && !wanted.has_mailbox && routed.leads_nowhere() {
                let why = note!("inbound-refused-nowhere", address = wanted.path.address);
                return Err((Refusal::NoMailbox.reply(), Some(why)));
            }
            if !wanted.has_mailbox && !routed.is_matched() {
                let address = &wanted.path.address;
                return Err(match (routed.goes_in_circles(), wanted.perhaps) {
                    (true, _) => {
                        (Refusal::Circles.reply(), Some(note!("inbound-refused-circles", address = address)))
                    }
                    (false, true) => (
                        Refusal::NoMailbox.reply(),
                        Some(note!("inbound-refused-mailbox", address = address)),
                    ),
                    // The routes were changed since RCPT.
                    (false, false) => (Refusal::TryLater.reply(), None),
                });
            }
            all.push(routed);
        }
        Ok(all)
    }

    async fn keep(
        &mut self,
        transaction: Transaction,
        mut found: Found,
        verdicts: &Verdicts,
        facts: &Facts,
        (junk, only_returns): (Option<Note>, bool),
    ) -> Answer {
        let settings = Arc::clone(&self.settings);
        let hostname = settings.hostname.as_str();
        let Transaction { envelope, content, hold: _ } = transaction;
        let content = trace::without_forged(&content, hostname);
        let mut fields = verdicts.authentication_results(hostname).into_bytes();
        fields.extend_from_slice(verdicts.received_spf(hostname).as_bytes());
        let domain = self.domain_of(&envelope);
        let findings = route::fields(verdicts, junk.as_ref());
        let known = Known {
            content: &content,
            findings: &findings,
            forged: route::looks_forged(verdicts, junk.as_ref()),
            junk: junk.is_some(),
            alone: envelope.forward_paths.len() == 1,
        };
        let judged = async {
            if tags(found.spam, &domain, junk.is_some() && !only_returns)? {
                fields.extend(route::written(&findings));
            }
            self.routed(&found, &known).await
        };
        let routed = match judged.await {
            Ok(routed) => routed,
            Err((reply, why)) => {
                if let Some(why) = why {
                    let told = json::stored_verdicts(verdicts, hostname);
                    let recipients = addresses(&envelope);
                    self.refused(&envelope.reverse_path, &recipients, &reply, &why, Some(told)).await;
                }
                return if reply.code < 400 { Answer::AcceptWith(reply) } else { Answer::Refuse(reply) };
            }
        };
        if junk.is_some() {
            for delivery in &mut found.mailboxes {
                "Junk".clone_into(&mut delivery.mailbox);
            }
        }
        let mut told = json::stored_verdicts(verdicts, hostname);
        if let (Some(why), Some(told)) = (&junk, told.as_object_mut()) {
            told.insert("junk".to_owned(), serde_json::json!(why));
        }
        let (reverse_path, recipients) = (envelope.reverse_path.clone(), addresses(&envelope));
        let tested = self.tested(found.test, verdicts, (&envelope, &content), facts).await;
        let received = Received {
            origin: Origin::Reception { ip: self.peer.ip() },
            domain,
            trace: self.trace(facts, verdicts, envelope.smtputf8),
            envelope,
            content,
            fields,
            mailboxes: found.mailboxes,
            routed,
            returned: found.returned,
            lists: found.lists,
            author: author::found(verdicts, junk.is_some()),
            tested,
            verdicts: Some(told),
            events: Vec::new(),
        };
        let kept = if found.about.is_empty() && found.complaints.is_none() {
            settings.intake.receive(received).await.map(Heard::Kept)
        } else {
            let paper = Paper {
                reception: received,
                about: found.about,
                readers: found.complaints.unwrap_or_default(),
                junk: junk.is_some(),
                reporter: proven_names(verdicts),
            };
            settings.intake.hear(paper).await
        };
        self.answer(kept, &reverse_path, &recipients).await
    }

    /// What a message to a test inbox is worth.
    async fn tested(
        &self,
        test: Option<TestInbox>,
        verdicts: &Verdicts,
        (envelope, content): (&Envelope, &[u8]),
        facts: &Facts,
    ) -> Option<Tested> {
        let (inbox, judge) = (test?, self.settings.judge.as_ref()?);
        let arrival = Arrival {
            verdicts,
            content,
            envelope,
            protocol: facts.protocol(envelope.smtputf8),
            tls: self.tls.as_deref(),
            address: &inbox.address,
        };
        let report = judge.judge(arrival).await;
        Some(Tested { inbox, report })
    }

    async fn answer(
        &mut self,
        kept: Result<Heard, IntakeError>,
        reverse_path: &ReversePath,
        recipients: &[Address],
    ) -> Answer {
        let ok = |text| Answer::AcceptWith(Reply::new(250, EnhancedStatusCode::new(2, 0, 0), text));
        match kept {
            Ok(Heard::Kept(accepted)) => ok(format!("Ok: queued as {}", accepted.id)),
            Ok(Heard::Known) => ok("Ok: this was known already".to_owned()),
            Ok(Heard::Nobody) => {
                let reply = Refusal::Papers.reply();
                let why = note!("inbound-refused-paper");
                self.refused(reverse_path, recipients, &reply, &why, None).await;
                Answer::Refuse(reply)
            }
            Err(error) => {
                let reply = error.reply();
                match error.fault() {
                    Fault::Ours => tracing::error!(%error, "a message was not accepted"),
                    Fault::Submitter => {
                        self.refused(reverse_path, recipients, &reply, &error.note(), None).await;
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

/// The names that the client proved to be its own.
fn proven_names(verdicts: &Verdicts) -> Vec<Domain> {
    let early = &verdicts.early;
    let iprev = early.iprev.name.as_deref().filter(|_| early.iprev.result == IprevResult::Pass);
    let spf = [&early.spf_helo, &early.spf_mail_from];
    let spf = spf.into_iter().filter(|verdict| verdict.result == SpfResult::Pass);
    let dkim = verdicts.dkim.iter().filter(|verdict| verdict.result == DkimResult::Pass);
    let names = iprev.into_iter().chain(spf.map(|verdict| verdict.domain.as_str()));
    let names = names.chain(dkim.map(|verdict| verdict.domain.as_str()));
    names.filter_map(|name| Domain::parse(name.trim_end_matches('.')).ok()).collect()
}

/// What routes are asked with.
struct Known<'a> {
    content: &'a [u8],
    findings: &'a [(&'static str, String)],
    /// The reverse-path looks forged.
    forged: bool,
    /// It looks like spam.
    junk: bool,
    /// It has one recipient.
    alone: bool,
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
