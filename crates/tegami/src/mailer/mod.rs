//! The library: what the queue does with a message, without the queue.

mod builder;
mod message;
mod report;
mod smarthost;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Address, Clock, Domain, Note};
use tegami_outbound::{AttemptReport, Courier, Parcel, TlsDemand};
use tegami_queue::{Fault, IntakeError, KeyRing, SignerSource, Signing, message_id};
use tegami_words::Language;

pub use builder::{MailerBuilder, SetupError};
pub use message::Message;
pub use report::{Outcome, RecipientReport, SendReport};
pub use smarthost::Smarthost;

/// Domains that one message goes to at the same time.
const AT_ONCE: usize = 20;

/// Sends messages. Clones share sessions, what was learned of hosts and domains, and keys: make one and keep it.
#[derive(Clone)]
pub struct Mailer {
    inner: Arc<Inner>,
}

struct Inner {
    hostname: Domain,
    courier: Courier,
    keys: KeyRing,
    signing: Signing,
    clock: Arc<dyn Clock>,
    least: TlsDemand,
}

/// Why nothing was sent: the message cannot be completed or signed.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct SendError(#[from] IntakeError);

impl SendError {
    /// Whose fault it is: the same message of a submitter at fault is refused again; what is ours may be tried again.
    pub fn fault(&self) -> Fault {
        self.0.fault()
    }

    /// Why, in a sentence.
    pub fn explanation(&self, language: Language) -> String {
        let note: Note = self.0.note();
        tegami_words::note(language, &note)
    }
}

impl Mailer {
    /// Begins with our name: what we say in EHLO, and what the PTR record of our address should be.
    pub fn builder(hostname: impl Into<String>) -> MailerBuilder {
        MailerBuilder::new(hostname.into())
    }

    /// Completes and signs a message, tries once to hand it over to each recipient's hosts, all domains at the same time, and tells what
    /// they said. That a recipient is not reached is no error but the report's news.
    ///
    /// Date and Message-ID are added where they are missing, and Bcc is taken out. The same [`Message`] sent again has the same Message-ID, so that a
    /// copy is known as one. A future that is dropped ends its sessions where they are: nobody knows then who has the message.
    ///
    /// # Errors
    /// A [`SendError`] when the message has no recipient or no author, or cannot be signed; then nobody was written to.
    pub async fn send(&self, message: &Message) -> Result<SendReport, SendError> {
        let Inner { hostname, courier, keys, signing, clock, least } = &*self.inner;
        if message.envelope().forward_paths.is_empty() {
            return Err(IntakeError::NoRecipients.into());
        }
        let completed = message.completed(hostname)?;
        let signers = completed.author_domain().map(|domain| keys.signers(domain)).unwrap_or_default();
        let content = signing.sign(Bytes::from(completed.content), signers, clock.now()).await?;
        let envelope = message.fitted(&content);
        let parcels = Parcel::all(&envelope, &[], &content);
        let attempts = parcels.iter().map(|parcel| courier.attempt_with(parcel, *least));
        let attempts: Vec<AttemptReport> = stream::iter(attempts).buffered(AT_ONCE).collect().await;
        let told = parcels.iter().zip(&attempts).flat_map(|(parcel, attempt)| report::of(parcel, attempt));
        let mut recipients: Vec<RecipientReport> = told.collect();
        let places: BTreeMap<&Address, usize> =
            envelope.forward_paths.iter().map(|path| &path.address).zip(0..).collect();
        recipients.sort_by_key(|recipient| places.get(&recipient.address).copied());
        let records = attempts.into_iter().map(|attempt| attempt.record).collect();
        Ok(SendReport::new(id_of(&content), recipients, records))
    }

    /// Ends the sessions that wait for the next message, each with QUIT: before the application ends.
    pub async fn close(&self) {
        self.inner.courier.close().await;
    }
}

fn id_of(content: &[u8]) -> String {
    HeaderSection::parse(content, HeaderLimits::GENEROUS)
        .map(|section| message_id(&section))
        .unwrap_or_default()
}
