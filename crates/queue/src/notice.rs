//! What comes back: notifications that arrive after a receiver took a message (RFC 3464), and complaints (RFC 5965).
//!
//! Anybody can write such a paper, so nothing in it is believed because it stands there. What counts is the address it was
//! sent to, or that it brings along: a return path of ours names one message of ours and cannot be made up. Whoever got
//! that message knows it too; so where a message went to several, a paper about one of them must come from the hosts of that one.
//! A paper that tells nothing new changes nothing, however often it comes, and no paper is ever answered.

use bytes::Bytes;
use jiff::Timestamp;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_mail::failure;
use tegami_mail::{Address, Domain, EnhancedStatusCode, HeaderLimits, HeaderSection, ReversePath};
use tegami_report::arf::{self, Complaint};
use tegami_report::dsn::{self, Action, Notice};
use tegami_store::{
    Event, EventFilter, EventKind, Evidence, MailboxDelivery, MessageRow, NewEvent, Origin, QueueId,
    QueueRow, RecipientState, StoreError, Suppression, SuppressionList, SuppressionSource,
};

use crate::event::EventData;
use crate::fate;
use crate::intake::{Intake, unique};
use crate::link::Link;
use crate::local::Locality;
use crate::outcome::Class;
use crate::returns::{ReturnTo, ReturnedSender};
use crate::settle::reason;
use crate::submission::{Accepted, IntakeError, Reception};
use crate::suppress::{Counts, Weight};

/// What an address is for things that come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returning {
    /// The return path of this message of ours.
    Message(QueueId),
    /// The address for complaints; what no program understands is read in these mailboxes.
    Complaints(Vec<MailboxDelivery>),
    /// The rewritten sender of mail that a route sent on.
    Sender(ReturnedSender),
    /// A return path that nobody made, whose time is over, or whose message is forgotten.
    Nobody,
    /// What a reader writes to who wants no more mail.
    Farewell(Box<Link>),
    /// None of these.
    Elsewhere,
}

/// Something that came to such an address.
#[derive(Clone, Debug)]
pub struct Paper {
    /// As for any reception; its mailboxes are those of ordinary recipients that it has besides.
    pub reception: Reception,
    /// The messages whose return paths it was sent to.
    pub about: Vec<QueueId>,
    /// Who reads what came to the address for complaints and is none.
    pub readers: Vec<MailboxDelivery>,
    /// Copies for people go into Junk.
    pub junk: bool,
    /// Names that the client proved: by reverse DNS, SPF or DKIM.
    pub reporter: Vec<Domain>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was kept.
    Kept(Accepted),
    /// It told what was known already, and was not kept.
    Known,
    /// Nobody understands it and nobody reads it here.
    Nobody,
}

/// Octets of a paper that are looked at; what is told stands at its beginning.
const LOOKED_AT: usize = 1 << 20;
/// Events of one message that are looked at.
const MOST_EVENTS: usize = 10_000;

/// What a paper brings about.
#[derive(Default)]
struct Findings {
    understood: bool,
    events: Vec<NewEvent>,
    /// For the log: those of the events that change a fate.
    lines: Vec<fate::Line>,
    bounces: Vec<(Weight, Suppression)>,
    complaints: Vec<Suppression>,
    copies: Vec<MailboxDelivery>,
}

/// One message of ours, and what is known of it.
struct Sent {
    message: MessageRow,
    rows: Vec<QueueRow>,
    events: Vec<Event>,
}

impl Intake {
    /// What this address is for things that come back.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn returning(&self, address: &Address) -> Result<Returning, StoreError> {
        match self.returns().verify(address, self.clock.now()) {
            ReturnTo::Message(id) => {
                return Ok(match self.store.message(id).await {
                    Ok(_) => Returning::Message(id),
                    Err(StoreError::NotFound(_)) => Returning::Nobody,
                    Err(error) => return Err(error),
                });
            }
            ReturnTo::Nobody => return Ok(Returning::Nobody),
            ReturnTo::Elsewhere => {}
        }
        match self.farewell_at(address).await? {
            Some(Some(link)) => return Ok(Returning::Farewell(Box::new(link))),
            // Somebody may have an address that looks so.
            Some(None) if self.local.find(address).await? == Locality::Unknown => {
                return Ok(Returning::Nobody);
            }
            _ => {}
        }
        if let Some(returned) = self.returns().returned(address, self.clock.now())
            && self.local.find(address).await? == Locality::Unknown
        {
            return Ok(returned.map_or(Returning::Nobody, Returning::Sender));
        }
        let same = |feedback: &&Address| {
            let (ours, theirs) = (feedback.local_part().as_str(), address.local_part().as_str());
            feedback.host() == address.host() && ours.eq_ignore_ascii_case(theirs)
        };
        let Some(feedback) = self.settings().feedback.iter().find(same) else {
            return Ok(Returning::Elsewhere);
        };
        if let Locality::Mailboxes(readers) = self.local.find(feedback).await? {
            return Ok(Returning::Complaints(readers));
        }
        // Providers send letters for people there too, such as a code that confirms the address.
        let postmaster = Address::parse(&format!("postmaster@{}", feedback.host()));
        Ok(match postmaster {
            Ok(postmaster) => match self.local.find(&postmaster).await? {
                Locality::Mailboxes(readers) => Returning::Complaints(readers),
                _ => Returning::Complaints(Vec::new()),
            },
            Err(_) => Returning::Complaints(Vec::new()),
        })
    }

    /// Reads what came back, records what it tells, and keeps it as evidence. Where a person sent the message it is about, a copy goes into
    /// that person's mailbox. `Ok` means that everything is on the disk.
    ///
    /// # Errors
    /// An [`IntakeError`]; nothing was kept.
    pub async fn hear(&self, paper: Paper) -> Result<Heard, IntakeError> {
        let now = self.clock.now();
        let id = self.ids.next(now);
        let mut found = self.findings(&paper, id, now).await?;
        if !found.understood {
            found.copies.extend(self.authors(&paper.about).await?);
            found.copies.extend(paper.readers.clone());
        }
        let mut mailboxes = paper.reception.mailboxes.clone();
        if paper.junk {
            for copy in &mut found.copies {
                "Junk".clone_into(&mut copy.mailbox);
            }
        }
        mailboxes.extend(found.copies);
        let is_routed = !paper.reception.routed.is_empty() || !paper.reception.returned.is_empty();
        if mailboxes.is_empty() && found.events.is_empty() && !is_routed {
            return Ok(if found.understood { Heard::Known } else { Heard::Nobody });
        }
        let is_read = !mailboxes.is_empty();
        let reception = Reception { mailboxes: unique(mailboxes), ..paper.reception };
        let (accepted, mut messages) = self.received(id, &reception, now).await?;
        let Some(message) = messages.first_mut() else { return Ok(Heard::Nobody) };
        if !is_read && !is_routed {
            message.events.clear();
        }
        let mut lines: Vec<_> = messages.iter().flat_map(fate::kept).collect();
        lines.extend(found.lines);
        let Some(message) = messages.first_mut() else { return Ok(Heard::Nobody) };
        message.events.extend(found.events);
        message.tables.extend(found.complaints.iter().map(Suppression::change));
        let mut counts = Counts::new();
        for (weight, draft) in found.bounces {
            let rules = self.settings().suppressions;
            message.tables.extend(rules.weigh(&*self.store, &mut counts, weight, draft, now).await?);
        }
        self.keep_told(messages, &lines).await?;
        Ok(Heard::Kept(accepted))
    }

    async fn findings(&self, paper: &Paper, report: QueueId, now: Timestamp) -> Result<Findings, StoreError> {
        let content: &Bytes = &paper.reception.content;
        let looked_at = content.get(..LOOKED_AT).unwrap_or(content);
        if let Some(complaint) = arf::read(looked_at) {
            return self.complaint(&complaint, paper, report, now).await;
        }
        let Some(notice) = dsn::read(looked_at).filter(|_| !paper.about.is_empty()) else {
            return Ok(Findings::default());
        };
        let mut found = Findings::default();
        for id in &paper.about {
            let Some(sent) = self.sent(*id).await? else { continue };
            let before = found.events.len();
            found.notice(&notice, &sent, paper, report, now);
            if found.events.len() > before {
                let news = found.events.get(before..).unwrap_or_default();
                let failures: Vec<NewEvent> =
                    news.iter().filter(|event| event.kind == EventKind::Failed).cloned().collect();
                found.lines.extend(fate::About::of(&sent.message).fates(&failures));
                found.copies.extend(self.author(&sent.message).await?);
            }
        }
        Ok(found)
    }

    async fn sent(&self, id: QueueId) -> Result<Option<Sent>, StoreError> {
        let message = match self.store.message(id).await {
            Ok(message) => message,
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let filter = EventFilter { message: Some(id), limit: MOST_EVENTS, ..EventFilter::default() };
        Ok(Some(Sent {
            rows: self.store.recipients(id).await?,
            events: self.store.events(filter).await?,
            message,
        }))
    }

    async fn authors(&self, about: &[QueueId]) -> Result<Vec<MailboxDelivery>, StoreError> {
        let mut copies = Vec::new();
        for id in about {
            match self.store.message(*id).await {
                Ok(message) => copies.extend(self.author(&message).await?),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(copies)
    }

    /// The mailboxes of the person who sent it: a person's program shows what came back; an application reads events.
    async fn author(&self, message: &MessageRow) -> Result<Vec<MailboxDelivery>, StoreError> {
        let (Origin::Submission { .. }, ReversePath::Address(address)) =
            (&message.origin, &message.reverse_path)
        else {
            return Ok(Vec::new());
        };
        Ok(match self.local.find(address).await? {
            Locality::Mailboxes(mailboxes) => mailboxes,
            Locality::Unknown | Locality::Remote => Vec::new(),
        })
    }

    async fn complaint(
        &self,
        complaint: &Complaint,
        paper: &Paper,
        report: QueueId,
        now: Timestamp,
    ) -> Result<Findings, StoreError> {
        let mut found = Findings::default();
        let Some((kind, list)) = kind_of(&complaint.feedback_type) else { return Ok(found) };
        let proven = paper.about.first().copied().or_else(|| self.proven(complaint, now));
        let (id, is_proven) = match proven {
            Some(id) => (id, true),
            None => match self.by_message_id(complaint).await? {
                Some(id) => (id, false),
                None => return Ok(found),
            },
        };
        let Some(sent) = self.sent(id).await? else { return Ok(found) };
        let list = list.filter(|_| is_proven && self.settings().suppressions.complaints);
        found.complaint(complaint, (kind, list), &sent, paper, report, now);
        Ok(found)
    }

    /// The message of a return path that stands in the complaint.
    fn proven(&self, complaint: &Complaint, now: Timestamp) -> Option<QueueId> {
        let returned = complaint.original.as_ref();
        let mut texts: Vec<String> = complaint.original_mail_from.iter().cloned().collect();
        texts.extend(returned.and_then(|original| original.return_path.clone()));
        let of_report = complaint.other.iter().filter(|(name, _)| name.eq_ignore_ascii_case(FEEDBACK_ID));
        texts.extend(of_report.map(|(_, value)| value.clone()));
        let section =
            returned.and_then(|original| HeaderSection::parse(&original.header, HeaderLimits::GENEROUS).ok());
        texts.extend(
            section.as_ref().and_then(|section| section.first(FEEDBACK_ID)).map(|field| field.text()),
        );
        texts.iter().find_map(|text| {
            let address = Address::parse(text.trim().trim_matches(['<', '>'])).ok()?;
            match self.returns().verify(&address, now) {
                ReturnTo::Message(id) => Some(id),
                ReturnTo::Nobody | ReturnTo::Elsewhere => None,
            }
        })
    }

    async fn by_message_id(&self, complaint: &Complaint) -> Result<Option<QueueId>, StoreError> {
        let Some(message_id) =
            complaint.original.as_ref().and_then(|original| original.message_id.as_deref())
        else {
            return Ok(None);
        };
        let found = self.store.by_message_id(message_id).await?;
        let ours = |row: &&MessageRow| matches!(row.origin, Origin::Http { .. } | Origin::Submission { .. });
        Ok(found.iter().find(ours).map(|row| row.id))
    }
}

/// RFC 9477 section 3.2.
pub(crate) const FEEDBACK_ID: &str = "CFBL-Feedback-ID";

/// What a type of feedback (RFC 5965 section 7.3) is here; `None` for what is no complaint of a reader.
fn kind_of(feedback_type: &str) -> Option<(EventKind, Option<SuppressionList>)> {
    match feedback_type {
        "abuse" | "fraud" | "other" | "complaint" => {
            Some((EventKind::Complained, Some(SuppressionList::Complaints)))
        }
        // The program of a gateway speaks, no reader.
        "virus" => Some((EventKind::Complained, None)),
        "opt-out" | "opt-out-list" => Some((EventKind::Unsubscribed, Some(SuppressionList::Unsubscribes))),
        _ => None,
    }
}

impl Findings {
    fn notice(&mut self, notice: &Notice, sent: &Sent, paper: &Paper, report: QueueId, now: Timestamp) {
        let only = notice.recipients.len() == 1;
        for recipient in &notice.recipients {
            let named = [&recipient.final_recipient, &recipient.original_recipient];
            let named: Vec<&str> = named.into_iter().flatten().map(String::as_str).collect();
            let Some(row) = sent.row(&named, only) else { continue };
            self.understood = true;
            let kind = kind(recipient);
            if sent.knows(row, kind) || self.tells(row, kind) {
                continue;
            }
            let (data, verdict) = told(notice, recipient, kind, report);
            let weight = verdict.as_ref().filter(|_| kind == EventKind::Failed).and_then(Weight::of);
            if let Some(weight) = weight.filter(|_| sent.may_speak_of(row, &paper.reporter)) {
                let draft = sent.suppression(
                    row,
                    SuppressionList::Bounces,
                    SuppressionSource::Notification,
                    &data,
                    now,
                );
                self.bounces.push((weight, draft));
            }
            self.events.push(sent.event(kind, Some(row), &data, now));
        }
    }

    fn complaint(
        &mut self,
        complaint: &Complaint,
        (kind, list): (EventKind, Option<SuppressionList>),
        sent: &Sent,
        paper: &Paper,
        report: QueueId,
        now: Timestamp,
    ) {
        self.understood = true;
        let reporter = complaint.reporting_mta.as_ref().map(|mta| mta.value.clone());
        let data = EventData {
            message: complaint.feedback_type.clone(),
            reporter: reporter.or_else(|| paper.reporter.first().map(Domain::to_string)),
            report: Some(report),
            ..EventData::default()
        };
        let mut rows: Vec<&QueueRow> = Vec::new();
        for address in &complaint.original_rcpt_to {
            rows.extend(sent.row(&[address.as_str()], false).filter(|row| !rows.contains(row)));
        }
        // Many receivers leave out who complained; where one alone got the message, it is known all the same.
        if rows.is_empty() {
            rows.extend(sent.row(&[], true));
        }
        // Who knows the return path got the message, even if our record of that is still being written.
        rows.retain(|row| list.is_some() || row.state == RecipientState::Delivered || row.attempts > 0);
        if rows.is_empty() && !sent.events.iter().any(|event| event.event.kind == kind) {
            self.events.push(sent.event(kind, None, &data, now));
        }
        for row in rows {
            if sent.knows(row, kind) {
                continue;
            }
            if let Some(list) = list.filter(|_| sent.may_speak_of(row, &paper.reporter)) {
                let mut draft = sent.suppression(row, list, SuppressionSource::Complaint, &data, now);
                draft.code = String::new();
                self.complaints.push(draft);
            }
            self.events.push(sent.event(kind, Some(row), &data, now));
        }
    }

    /// Whether this very paper has told it already.
    fn tells(&self, row: &QueueRow, kind: EventKind) -> bool {
        let address = row.path.address.to_string();
        self.events.iter().any(|event| {
            event.message == Some(row.id.message)
                && event.kind == kind
                && event.recipient.as_deref() == Some(address.as_str())
        })
    }
}

impl Sent {
    /// The recipient of these names, in any case of letters; where nobody is named so and there is `only` one, that one: a forwarder
    /// tells of an address that we never heard of.
    fn row(&self, named: &[&str], only: bool) -> Option<&QueueRow> {
        let meant = |row: &&QueueRow| {
            let address = row.path.address.to_string();
            let original = row.path.original_recipient.as_deref().and_then(|text| text.split_once(';'));
            named.iter().any(|name| {
                name.eq_ignore_ascii_case(&address)
                    || original.is_some_and(|(_, original)| name.eq_ignore_ascii_case(original))
            })
        };
        let alone = match self.rows.as_slice() {
            [alone] if only => Some(alone),
            _ => None,
        };
        self.rows.iter().find(meant).or(alone)
    }

    fn of_recipient<'a>(&'a self, row: &QueueRow) -> impl Iterator<Item = &'a NewEvent> {
        let address = row.path.address.to_string();
        let events = self.events.iter().map(|event| &event.event);
        events.filter(move |event| event.recipient.as_deref() == Some(address.as_str()))
    }

    /// Whether this was told before: by another paper, or by the receiver itself in our session.
    fn knows(&self, row: &QueueRow, kind: EventKind) -> bool {
        let by_paper = |event: &&NewEvent| event.data.value().get("report").is_some();
        let mut told = self.of_recipient(row).filter(by_paper);
        // After the end nothing more is believed.
        told.any(|event| {
            event.kind == kind || event.kind == EventKind::Failed && kind != EventKind::Complained
        }) || kind == EventKind::Failed && row.state == RecipientState::Failed
    }

    /// Whether the reporter may say something of this recipient that has consequences. Where one alone got the message, nobody
    /// else knows its return path. Else it must be somebody of the recipient's domain, or of the host that took the message.
    fn may_speak_of(&self, row: &QueueRow, reporter: &[Domain]) -> bool {
        if self.rows.len() == 1 {
            return true;
        }
        let hosts = self.of_recipient(row).filter_map(|event| EventData::from_json(&event.data)?.mx_host);
        let hosts = hosts.filter_map(|host| Domain::parse(&host).ok());
        let mut theirs: Vec<Domain> = hosts.chain(row.path.address.domain().cloned()).collect();
        theirs = theirs.iter().map(organizational_domain).collect();
        reporter.iter().any(|name| theirs.contains(&organizational_domain(name)))
    }

    fn event(&self, kind: EventKind, row: Option<&QueueRow>, data: &EventData, now: Timestamp) -> NewEvent {
        NewEvent {
            kind,
            at: now,
            domain: self.message.domain.clone(),
            message: Some(self.message.id),
            recipient: row.map(|row| row.path.address.to_string()),
            data: data.to_json(),
        }
    }

    fn suppression(
        &self,
        row: &QueueRow,
        list: SuppressionList,
        source: SuppressionSource,
        data: &EventData,
        now: Timestamp,
    ) -> Suppression {
        Suppression {
            domain: self.message.domain.clone(),
            list,
            address: row.path.address.to_string(),
            code: data.code.to_string(),
            error: data.message.clone(),
            created_at: now,
            source,
            evidence: Some(Box::new(Evidence {
                message: Some(self.message.id),
                report: data.report,
                host: data.mx_host.clone().or_else(|| data.reporter.clone()),
                reply: data.reply_line(),
                cause: data.cause,
                at: Some(now),
                failures: None,
            })),
            tags: Vec::new(),
        }
    }
}

/// What happened, by the action, else by the class of the status.
fn kind(recipient: &dsn::Recipient) -> EventKind {
    match recipient.action {
        Some(Action::Failed) => EventKind::Failed,
        Some(Action::Delayed) => EventKind::Deferred,
        Some(Action::Delivered | Action::Relayed | Action::Expanded) => EventKind::Delivered,
        None => match recipient.status.map(|status| status.class) {
            Some(2) => EventKind::Delivered,
            Some(4) => EventKind::Deferred,
            _ => EventKind::Failed,
        },
    }
}

/// The event's data, and what the refusal means, if it is one.
fn told(
    notice: &Notice,
    recipient: &dsn::Recipient,
    kind: EventKind,
    report: QueueId,
) -> (EventData, Option<failure::Verdict>) {
    let mut said = recipient.said();
    said.enhanced = recipient.precise_status().or(said.enhanced);
    said.code = recipient.reply_code().or(said.code);
    let class = match kind {
        EventKind::Delivered => 2,
        EventKind::Deferred => 4,
        _ => 5,
    };
    let mut data = EventData {
        code: said.code.unwrap_or(class * 100 + 50),
        enhanced: said.enhanced,
        message: said.text.clone(),
        mx_host: said.host.clone(),
        reporter: notice.reporting_mta.as_ref().map(|mta| mta.value.clone()),
        report: Some(report),
        ..EventData::default()
    };
    if kind == EventKind::Delivered {
        return (data, None);
    }
    let verdict = failure::classify(&said);
    let class = if kind == EventKind::Failed { Class::Permanent } else { Class::Transient };
    let enhanced = said.enhanced.unwrap_or(EnhancedStatusCode::new(5, 0, 0));
    data.cause = Some(verdict.cause);
    data.reason = Some(reason(class, enhanced, &verdict));
    (data, Some(verdict))
}
