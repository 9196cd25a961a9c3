//! Mail of others that routes want: what becomes of it for each recipient, and the messages that are kept of it.
//!
//! Everything that one transaction brings about is one commit: the message with its mailboxes and events, what is sent on as rows of the queue, what
//! is posted as calls.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Address, Domain, EnhancedStatusCode, Envelope, ForwardPath, Notify, ReversePath, header};
use tegami_report::dsn::Action;
use tegami_store::{
    EventKind, Facts, MailboxDelivery, MessageRow, NewEvent, NewMessage, NewRecipient, Priority, QueueId,
    StoreError, TableChange,
};

use crate::call::{Call, CallSubject};
use crate::complete;
use crate::dsn::News;
use crate::event::EventData;
use crate::intake::{Intake, Whole, parameters, row_of, told_here, unique};
use crate::local::Locality;
use crate::permit::Permit;
use crate::returns::ReturnedSender;
use crate::route::{Evaluation, Fields, Forward, Matched, Order, Reach, RouteTable};
use crate::submission::{Accepted, Author, IntakeError, Mode, Options, Reception, Trace};
use crate::summary::summarize;

/// Addresses of ours that one message visits for one recipient, where routes send it from one to another.
const MOST_VISITS: usize = 20;

/// Why mail to an address that a route names fails where nobody has it.
const NOBODY: &str = "a route sends mail to this address, and nobody here has it";

/// The field that tells through which address of ours a message went on.
const LOOP_FIELD: &str = "Delivered-To";

/// What the routes do with a message for one recipient.
#[derive(Clone, Debug)]
pub struct Routed {
    path: ForwardPath,
    matched: Vec<Matched>,
    forwards: Vec<Forward>,
    mailboxes: Vec<MailboxDelivery>,
    /// Recipients and URLs.
    posts: Vec<(Address, String)>,
    told: Vec<(Address, String)>,
    stored: bool,
    /// Addresses of ours that a route names and nobody has.
    missing: Vec<Address>,
    /// Mailing lists that a route names.
    lists: Vec<Address>,
    circles: bool,
}

impl Routed {
    /// The recipient.
    pub fn recipient(&self) -> &Address {
        &self.path.address
    }

    /// Whether any route matched.
    pub fn is_matched(&self) -> bool {
        !self.matched.is_empty()
    }

    /// Whether the message went on from this address before, and came back.
    pub fn goes_in_circles(&self) -> bool {
        self.circles
    }

    /// Nobody is told by mail when it cannot be sent on: who wrote it is not known, and somebody else would be told.
    pub fn tell_nobody(&mut self) {
        self.path.notify = Some(Notify { success: false, failure: false, delay: false });
    }

    /// Copies for mailboxes of ours go into this one.
    pub fn put_into(&mut self, mailbox: &str) {
        for copy in &mut self.mailboxes {
            mailbox.clone_into(&mut copy.mailbox);
        }
    }

    /// Whether all that the routes want is to send it to addresses of ours that nobody has.
    pub fn leads_nowhere(&self) -> bool {
        let somewhere = [&self.forwards.is_empty(), &self.mailboxes.is_empty(), &self.posts.is_empty()];
        let kept = self.stored || !self.told.is_empty() || !self.lists.is_empty();
        !self.missing.is_empty() && somewhere.into_iter().all(|is_empty| *is_empty) && !kept
    }

    /// What its sender is told of addresses that nobody has: who took a message answers for it (RFC 5321 section 6.1).
    fn news(&self, id: QueueId) -> impl Iterator<Item = News> {
        let is_told = self.path.notify.is_none_or(|notify| notify.failure);
        self.missing.iter().filter(move |_| is_told).map(move |address| {
            let path = ForwardPath { address: address.clone(), ..self.path.clone() };
            let status = EnhancedStatusCode::new(5, 1, 1);
            told_here(id, Action::Failed, &path, status, &EventData::nobody(NOBODY))
        })
    }

    fn new(path: ForwardPath) -> Self {
        Self {
            path,
            matched: Vec::new(),
            forwards: Vec::new(),
            mailboxes: Vec::new(),
            posts: Vec::new(),
            told: Vec::new(),
            stored: false,
            missing: Vec::new(),
            lists: Vec::new(),
            circles: false,
        }
    }

    /// Takes in what the routes say for `recipient`, and gives back where else it goes.
    fn add(&mut self, evaluation: Evaluation, recipient: &Address) -> Vec<Forward> {
        for matched in evaluation.matched {
            if !self.matched.contains(&matched) {
                self.matched.push(matched);
            }
        }
        let mut forwards = Vec::new();
        for order in evaluation.orders {
            match order {
                Order::Forward(forward) => forwards.push(forward),
                Order::Post(url) => self.posts.push((recipient.clone(), url)),
                Order::Notify(url) => self.told.push((recipient.clone(), url)),
                Order::Store => self.stored = true,
            }
        }
        forwards
    }
}

impl Intake {
    /// Whether a route may want mail to this address, before its content is known.
    ///
    /// # Errors
    /// The routes could not be read.
    pub async fn reach(&self, address: &Address) -> Result<Reach, StoreError> {
        Ok(self.routes().table(&*self.store).await?.reach(address))
    }

    /// What the routes do with a message of this header section for one recipient. A forward to an address of ours is followed at once, to its
    /// mailboxes and its routes; one that leads back to an address where the message was is cut.
    ///
    /// # Errors
    /// Routes or mailboxes could not be read.
    pub async fn route(&self, path: &ForwardPath, fields: &Fields) -> Result<Routed, StoreError> {
        let table = self.routes().table(&*self.store).await?;
        let mut routed = Routed::new(path.clone());
        if fields.all(LOOP_FIELD).any(|value| same_address(value, &path.address)) {
            routed.circles = true;
            return Ok(routed);
        }
        let mut visited = BTreeSet::from([lower(&path.address)]);
        let mut next = routed.add(table.evaluate(&path.address, fields), &path.address);
        while let Some(forward) = next.pop() {
            if !visited.insert(lower(forward.address())) {
                continue;
            }
            if self.lists().of(forward.address()).await?.is_some() {
                routed.lists.push(forward.address().clone());
                continue;
            }
            let found = self.local.find(forward.address()).await?;
            if found == Locality::Remote {
                routed.forwards.push(forward);
                continue;
            }
            if visited.len() <= MOST_VISITS {
                next.extend(self.visit(&table, forward.address(), found, fields, &mut routed));
            }
        }
        // They were taken from the end.
        routed.forwards.reverse();
        Ok(routed)
    }

    /// Takes out of the envelope of a message of our own those recipients here whom routes want: for them it is received.
    /// What shall leave later is nobody's yet, and a copy of a mailing list goes to its member and no further.
    pub(crate) async fn wanted_by_routes(
        &self,
        whole: &Whole,
        envelope: Envelope,
        content: &Bytes,
        now: Timestamp,
    ) -> Result<(Envelope, Option<Reception>), StoreError> {
        let Whole { origin, domain, options, .. } = whole;
        let waits = options.deliver_at.is_some_and(|moment| moment > now);
        if options.mode == Mode::Test || options.list.is_some() || waits {
            return Ok((envelope, None));
        }
        let (mut others, mut ours) = (envelope.clone(), envelope.clone());
        (others.forward_paths, ours.forward_paths) = (Vec::new(), Vec::new());
        let (mut routed, mut mailboxes) = (Vec::new(), Vec::new());
        let mut fields = None;
        for path in envelope.forward_paths {
            let local = match self.reach(&path.address).await? {
                Reach::No => Locality::Remote,
                Reach::Perhaps | Reach::Surely => self.local.find(&path.address).await?,
            };
            if local == Locality::Remote {
                others.forward_paths.push(path);
                continue;
            }
            let wanted = self.route(&path, fields.get_or_insert_with(|| Fields::of(content, &[]))).await?;
            if !wanted.is_matched() {
                others.forward_paths.push(path);
                continue;
            }
            if let Locality::Mailboxes(found) = local {
                mailboxes.extend(found);
            }
            routed.push(wanted);
            ours.forward_paths.push(path);
        }
        let reception = Reception {
            origin: origin.clone(),
            domain: domain.clone(),
            envelope: ours,
            content: content.clone(),
            fields: Vec::new(),
            trace: options.trace.clone().unwrap_or_else(Trace::by_http),
            mailboxes,
            routed,
            returned: Vec::new(),
            lists: Vec::new(),
            author: Author { proven: true, ..Author::default() },
            tested: None,
            verdicts: None,
            events: Vec::new(),
        };
        Ok((others, Some(reception).filter(|reception| !reception.routed.is_empty())))
    }

    /// A forward to an address of ours: its mailboxes and its routes.
    fn visit(
        &self,
        table: &RouteTable,
        address: &Address,
        found: Locality,
        fields: &Fields,
        routed: &mut Routed,
    ) -> Vec<Forward> {
        let evaluation = table.evaluate(address, fields);
        match found {
            Locality::Mailboxes(mailboxes) => routed.mailboxes.extend(mailboxes),
            _ if evaluation.matched.is_empty() => routed.missing.push(address.clone()),
            _ => {}
        }
        routed.add(evaluation, address)
    }

    /// What came from another ADMD, as it will be kept: the first message is the one that the others, and all requests, belong to.
    pub(crate) async fn received(
        &self,
        id: QueueId,
        reception: &Reception,
        now: Timestamp,
    ) -> Result<(Accepted, Vec<NewMessage>), IntakeError> {
        self.check_size(&reception.content)?;
        complete::check_hops(&reception.content)?;
        let kept = Kept { intake: self, reception, now };
        let mut mailboxes = reception.mailboxes.clone();
        mailboxes.extend(reception.routed.iter().flat_map(|routed| routed.mailboxes.clone()));
        let mut messages = Vec::new();
        if !mailboxes.is_empty() {
            messages.push(kept.here(id, unique(mailboxes)));
        }
        let next = |messages: &[NewMessage]| if messages.is_empty() { id } else { self.ids.next(now) };
        for routed in reception.routed.iter().filter(|routed| !routed.forwards.is_empty()) {
            messages.push(kept.sent_on(next(&messages), routed));
        }
        for sender in &reception.returned {
            messages.push(kept.sent_back(next(&messages), sender));
        }
        if messages.is_empty() {
            messages.push(kept.here(id, Vec::new()));
        }
        let Some(base) = messages.first_mut() else { return Err(IntakeError::NoRecipients) };
        if base.recipients.is_empty() {
            base.summary.list = reception.lists.first().map(Address::to_string);
        }
        kept.add_events(base);
        base.tables = kept.calls(base);
        base.tables.extend(reception.tested.as_ref().map(|tested| tested.change(base)));
        let accepted = Accepted { id, message_id: base.summary.message_id.clone() };
        let row = MessageRow { reverse_path: reception.envelope.reverse_path.clone(), ..row_of(base) };
        let told: Vec<_> = reception.routed.iter().flat_map(|routed| routed.news(id)).collect();
        messages.append(&mut self.notifications(&row, &told, &reception.content, now).await?);
        let lists = reception.routed.iter().flat_map(|routed| &routed.lists).chain(&reception.lists);
        let lists = unique_addresses(lists);
        messages.append(&mut self.received_posts(&lists, reception, (id, now)).await?);
        Ok((accepted, messages))
    }
}

/// One reception on its way to the disk.
struct Kept<'a> {
    intake: &'a Intake,
    reception: &'a Reception,
    now: Timestamp,
}

impl Kept<'_> {
    /// The copy for mailboxes, or for whoever asks for it.
    fn here(&self, id: QueueId, mailboxes: Vec<MailboxDelivery>) -> NewMessage {
        let envelope = self.reception.envelope.clone();
        let field = complete::return_path(&envelope.reverse_path);
        let message = self.message(id, &field, envelope, &self.reception.envelope, &self.reception.domain);
        NewMessage { mailboxes, ..message }
    }

    /// What goes on to others. The content stays as it came, so that the signature of its author stays good; only trace fields are put before it.
    fn sent_on(&self, id: QueueId, routed: &Routed) -> NewMessage {
        let permit = Permit::for_route(&self.reception.envelope, &routed.path, &routed.forwards);
        let address = &routed.path.address;
        let field = format!("{LOOP_FIELD}: {address}\r\n");
        // Another recipient may be a blind copy.
        let came = Envelope::new(ReversePath::Null, [address.clone()]);
        let domain = address.domain().unwrap_or(&self.reception.domain);
        let mut message = self.travelling(id, field.as_bytes(), permit, &came, domain);
        message.events.push(self.accepted(&message, address, &routed.matched));
        message
    }

    /// What came back to a sender that was rewritten goes back to that sender.
    fn sent_back(&self, id: QueueId, sender: &ReturnedSender) -> NewMessage {
        let permit = Permit::for_return(&self.reception.envelope, sender);
        let reception = self.reception;
        let mut message = self.travelling(id, &[], permit, &reception.envelope, &reception.domain);
        message.events.push(self.accepted(&message, sender.path(), &[]));
        message
    }

    fn travelling(
        &self,
        id: QueueId,
        field: &[u8],
        permit: Permit,
        came: &Envelope,
        domain: &Domain,
    ) -> NewMessage {
        let envelope = permit.into_envelope();
        let facts = Facts { sender_domain: domain.to_string(), ..Facts::default() };
        let recipient = |path: &ForwardPath| {
            let next_hop = path.address.host().to_string();
            let retry = &self.intake.settings().retry;
            let expires = retry.expires(&next_hop, &facts, self.intake.gate(), self.now);
            NewRecipient { path: path.clone(), next_hop, due: self.now, expires }
        };
        let recipients = envelope.forward_paths.iter().map(recipient).collect();
        NewMessage { recipients, ..self.message(id, field, envelope, came, domain) }
    }

    /// A message of this envelope, below one more field; `came` is what the Received field tells.
    fn message(
        &self,
        id: QueueId,
        field: &[u8],
        envelope: Envelope,
        came: &Envelope,
        domain: &Domain,
    ) -> NewMessage {
        let reception = self.reception;
        let hostname = &self.intake.settings().hostname;
        let trace = complete::received(&reception.trace, came, hostname, id, self.now);
        let content = header::prepend(&reception.content, &[field, &reception.fields, &trace]);
        NewMessage {
            id,
            accepted_at: self.now,
            origin: reception.origin.clone(),
            domain: domain.as_str().to_owned(),
            envelope_parameters: parameters(&envelope, &content),
            reverse_path: envelope.reverse_path,
            summary: summarize(&content, &Options::default()),
            content: Bytes::from(content),
            priority: Priority::default(),
            recipients: Vec::new(),
            mailboxes: Vec::new(),
            verdicts: reception.verdicts.clone(),
            events: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// What is told of all of it, beside what each message tells of itself.
    fn add_events(&self, base: &mut NewMessage) {
        let reception = self.reception;
        let more = reception.events.iter().cloned();
        let mut events: Vec<_> = more.map(|event| NewEvent { message: Some(base.id), ..event }).collect();
        for routed in &reception.routed {
            if routed.forwards.is_empty() && routed.is_matched() {
                events.push(self.accepted(base, &routed.path.address, &routed.matched));
            }
            events.extend(routed.missing.iter().map(|address| self.missing(base, address)));
        }
        // One for the message, whoever wanted it kept.
        let wanted = reception.routed.iter().any(|routed| routed.stored);
        events.extend(reception.lists.iter().map(|list| self.accepted(base, list, &[])));
        let alone = [reception.routed.is_empty(), reception.returned.is_empty(), reception.lists.is_empty()];
        let alone = alone == [true; 3];
        if wanted || alone || !base.mailboxes.is_empty() {
            let recipient = reception.envelope.forward_paths.first().map(|path| path.address.to_string());
            let local = alone || !base.mailboxes.is_empty();
            let data = EventData { code: 250, local, ..EventData::default() };
            events.push(self.event(base, EventKind::Stored, recipient, &data));
        }
        base.events.splice(0..0, events);
    }

    fn accepted(&self, message: &NewMessage, recipient: &Address, routes: &[Matched]) -> NewEvent {
        let data = EventData { routes: routes.to_vec(), ..EventData::default() };
        self.event(message, EventKind::Accepted, Some(recipient.to_string()), &data)
    }

    /// A route sends mail to an address of ours that nobody has.
    fn missing(&self, message: &NewMessage, address: &Address) -> NewEvent {
        let data = EventData::nobody(NOBODY);
        self.event(message, EventKind::Failed, Some(address.to_string()), &data)
    }

    fn event(
        &self,
        message: &NewMessage,
        kind: EventKind,
        recipient: Option<String>,
        data: &EventData,
    ) -> NewEvent {
        NewEvent {
            kind,
            at: self.now,
            domain: message.domain.clone(),
            message: Some(message.id),
            recipient,
            data: data.to_json(),
        }
    }

    /// The requests that routes want, about the message that all belongs to.
    fn calls(&self, base: &NewMessage) -> Vec<TableChange> {
        let forward = |message, recipient| CallSubject::Forward { message, recipient };
        let stored = |message, recipient| CallSubject::Stored { message, recipient };
        let wanted = self.reception.routed.iter().flat_map(|routed| {
            let posts = routed.posts.iter().map(|post| (post, true));
            posts.chain(routed.told.iter().map(|told| (told, false)))
        });
        let call = |(place, ((recipient, url), is_post)): (usize, (&(Address, String), bool))| {
            let subject = if is_post { forward } else { stored };
            let domain = recipient.domain().unwrap_or(&self.reception.domain);
            let subject = subject(base.id, recipient.to_string());
            Call::new(format!("route-{}-{place}", base.id), domain.as_str(), url, subject, self.now).change()
        };
        wanted.enumerate().map(call).collect()
    }
}

fn unique_addresses<'a>(addresses: impl Iterator<Item = &'a Address>) -> Vec<Address> {
    let mut seen = BTreeSet::new();
    addresses.filter(|address| seen.insert(lower(address))).cloned().collect()
}

fn lower(address: &Address) -> String {
    address.to_string().to_lowercase()
}

/// Whether a field names this address; upper and lower case are the same here.
fn same_address(value: &str, address: &Address) -> bool {
    value.trim().trim_matches(['<', '>']).to_lowercase() == lower(address)
}
