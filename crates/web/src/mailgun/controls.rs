//! `X-Mailgun-…` fields of messages that come by SMTP submission mean the same as the parameters of a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{
    Address, EnhancedStatusCode, Envelope, ForwardPath, NameAddr, Reply, mailbox_list, mime, note,
};
use tegami_queue::{Authenticated, Controls, Declined, Fault, Options, Permit, Submission, Submitted};
use tegami_store::{BoxFuture, Origin, QueueId};

use super::message::work;
use super::mime::{Raw, is_ours};
use super::options::SendOptions;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::ApiError;
use crate::house::{House, Rooms, Settings, Shared};
use crate::idempotency::{self, Before, Fingerprint};

/// Who reads the control fields of submitted messages.
pub struct SubmissionControls {
    house: Shared,
}

impl SubmissionControls {
    /// Over the same rooms as the HTTP API.
    pub fn new(settings: Settings, rooms: Rooms) -> Self {
        Self { house: Arc::new(House::new(settings, rooms)) }
    }
}

impl Controls for SubmissionControls {
    fn submit(&self, submitted: Submitted) -> BoxFuture<'_, Result<QueueId, Declined>> {
        Box::pin(self.house.submit_by_smtp(submitted))
    }
}

/// What the fields of a message say to us.
#[derive(Default)]
struct Read {
    options: SendOptions,
    /// The number of the request.
    key: Option<String>,
}

impl House {
    async fn submit_by_smtp(&self, submitted: Submitted) -> Result<QueueId, Declined> {
        let content = submitted.content.clone();
        let Ok(section) = HeaderSection::parse(&content, HeaderLimits::GENEROUS) else {
            // Intake says what is wrong with it.
            return self.submit_plain(submitted).await;
        };
        check_addresses(&section, submitted.local)?;
        if !section.fields().iter().any(is_ours) {
            return self.submit_plain(submitted).await;
        }
        let Read { options, key } = read(&section).map_err(declined)?;
        let account = submitted.account.account().to_owned();
        self.check_source(&options).map_err(declined)?;
        let ticket = match key {
            None => None,
            Some(key) => {
                let scope = (account.as_str(), submitted.domain.as_str());
                let before =
                    idempotency::look(&self.rooms, scope, &key, fingerprint(&submitted, &section)).await;
                match before.map_err(|clash| declined(clash.into()))? {
                    Before::Answered(id) => return self.first_of(&id).await.map_err(declined),
                    Before::Never(ticket) => ticket,
                }
            }
        };
        let names = names_of(&section);
        let to = submitted.envelope.forward_paths.iter().map(|path| named(&names, &path.address)).collect();
        let filler = self.filler(&submitted.domain, &options.template).await.map_err(declined)?;
        let raw =
            Raw { content: content.clone(), envelope: Parameters { to, options, ..Parameters::default() } };
        let size = if filler.is_some() { usize::MAX } else { raw.size() };
        let (domain, now) = (submitted.domain.clone(), self.rooms.clock.now());
        let parcels = work(size, move || raw.parcels(filler, &domain, now)).await;
        let (message_id, mut parcels) = parcels.map_err(declined)?;
        if let (Some(first), Some(ticket)) = (parcels.first_mut(), &ticket) {
            first.tables.push(ticket.change(&message_id, now));
        }
        self.submit_parcels(&submitted, parcels).await
    }

    async fn submit_plain(&self, submitted: Submitted) -> Result<QueueId, Declined> {
        Ok(self.rooms.intake.accept(submitted.into_submission()?).await?.id)
    }

    async fn submit_parcels(&self, submitted: &Submitted, parcels: Vec<Parcel>) -> Result<QueueId, Declined> {
        let Submitted { account, envelope, origin, domain, options, .. } = submitted;
        let door = Door { account, envelope, origin, options };
        let mut submissions = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            submissions.push(door.submission(domain.clone(), parcel)?);
        }
        let accepted = if submissions.len() == 1
            && let Some(only) = submissions.pop()
        {
            vec![self.rooms.intake.accept(only).await?]
        } else {
            self.rooms.intake.accept_all(submissions).await?
        };
        let first = accepted.first().map(|accepted| accepted.id);
        first.ok_or_else(|| declined(ApiError::bad("the message has no recipient")))
    }

    /// The first message with this Message-ID.
    async fn first_of(&self, message_id: &str) -> Result<QueueId, ApiError> {
        let known = self.rooms.store.by_message_id(message_id).await?;
        let first = known.iter().map(|row| row.id).min();
        first.ok_or_else(|| ApiError::NotFound("Message not found".to_owned()))
    }
}

/// How the message came.
struct Door<'a> {
    account: &'a Authenticated,
    envelope: &'a Envelope,
    origin: &'a Origin,
    options: &'a Options,
}

impl Door<'_> {
    fn submission(&self, domain: tegami_mail::Domain, parcel: Parcel) -> Result<Submission, Declined> {
        let gets_it = |path: &&ForwardPath| parcel.recipients.contains(&path.address);
        let paths = self.envelope.forward_paths.iter().filter(gets_it).cloned().collect();
        let envelope = Envelope { forward_paths: paths, ..self.envelope.clone() };
        let door = Options { tables: parcel.tables, ..self.options.clone() };
        Ok(Submission {
            permit: Permit::for_account(self.account, envelope)?,
            origin: self.origin.clone(),
            domain,
            content: parcel.content.into(),
            options: parcel.options.into_queue(door),
        })
    }
}

fn read(section: &HeaderSection<'_>) -> Result<Read, ApiError> {
    let mut read = Read::default();
    for field in section.fields().iter().filter(|field| is_ours(field)) {
        let value = field.decoded();
        if field.is("X-Idempotency-Key") {
            read.key = Some(idempotency::checked(&value)?);
        } else {
            read.options.take_field(field.name, value.trim())?;
        }
    }
    Ok(read)
}

/// Fields that name people must name them. What programs of this machine write to is left to them: `To: root` is usual there.
fn check_addresses(section: &HeaderSection<'_>, local: bool) -> Result<(), Declined> {
    let refused = |text: &str| Err(declined(ApiError::bad(text)));
    if let Some(from) = section.first("From")
        && mailbox_list::authors(&from.unfolded()).is_err()
    {
        return refused("cannot parse from address");
    }
    for field in section.all("To").chain(section.all("Cc")).filter(|_| !local) {
        let text = field.text();
        // What stands in for a recipient becomes an address later.
        if !text.trim().is_empty() && !text.contains('%') && mailbox_list::parse_list(&text).is_err() {
            return refused("cannot parse to address");
        }
    }
    Ok(())
}

/// The names that the message gives its recipients.
fn names_of(section: &HeaderSection<'_>) -> BTreeMap<Address, NameAddr> {
    let lists = section
        .all("To")
        .chain(section.all("Cc"))
        .filter_map(|field| mailbox_list::parse_list(&field.text()).ok());
    lists.flatten().map(|named| (named.address.clone(), named)).collect()
}

fn named(names: &BTreeMap<Address, NameAddr>, address: &Address) -> NameAddr {
    let unnamed = || NameAddr { name: None, address: address.clone() };
    names.get(address).cloned().unwrap_or_else(unnamed)
}

/// What makes a message the same although a program composed it anew: whom it goes to and what people see of it, not its Date, its Message-ID or
/// its boundaries.
fn fingerprint(submitted: &Submitted, section: &HeaderSection<'_>) -> Fingerprint {
    let mut fingerprint = Fingerprint::new("smtp");
    let paths = &submitted.envelope.forward_paths;
    let mut recipients: Vec<String> = paths.iter().map(|path| path.address.to_string()).collect();
    recipients.sort();
    recipients.iter().for_each(|recipient| fingerprint.add(recipient.as_bytes()));
    let rebuilt =
        ["Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Received"];
    for field in section.fields().iter().filter(|field| !rebuilt.iter().any(|name| field.is(name))) {
        fingerprint.add(field.name.to_ascii_lowercase().as_bytes());
        fingerprint.add(field.decoded().as_bytes());
    }
    let parsed = mime::parse(&submitted.content);
    for text in [parsed.text, parsed.html, parsed.amp_html] {
        fingerprint.add(text.unwrap_or_default().trim_end().as_bytes());
    }
    for file in parsed.attachments {
        fingerprint.add(file.filename.unwrap_or_default().as_bytes());
        fingerprint.add(&file.content);
    }
    fingerprint
}

/// In the words of SMTP.
#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn declined(error: ApiError) -> Declined {
    let text = error.to_string();
    let code = EnhancedStatusCode::new;
    let (fault, reply) = match &error {
        ApiError::Internal => {
            (Fault::Ours, Reply::new(451, code(4, 3, 0), "Not possible at present, try again later"))
        }
        ApiError::NotAccepted { status: 409, .. } => {
            (Fault::Submitter, Reply::new(451, code(4, 7, 1), &text))
        }
        ApiError::NotAccepted { status: 413, .. } => {
            (Fault::Submitter, Reply::new(552, code(5, 3, 4), &text))
        }
        ApiError::NotAccepted { status: 500.., .. } => (Fault::Ours, Reply::new(451, code(4, 3, 0), &text)),
        _ => (Fault::Submitter, Reply::new(550, code(5, 6, 0), &text)),
    };
    Declined { reply, why: note!("web-control-fields", why = text), fault }
}
