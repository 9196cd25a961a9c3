//! What is sent, and to whom.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{
    Address, Clock as _, ComposeError, Domain, Envelope, ForwardPath, MessageBuilder, NameAddr, ReversePath,
};
use tegami_queue::{Completed, IntakeError, SystemClock, complete, needs};
use tegami_store::{IdSource, QueueId};

/// A message with its envelope. It keeps what makes it this message, so that sending it again sends the same one.
#[derive(Clone, Debug)]
pub struct Message {
    id: QueueId,
    made_at: Timestamp,
    envelope: Envelope,
    content: Bytes,
}

impl Message {
    /// From its pieces: text, HTML, files, and header fields that nothing given can break out of. It goes to those of To and Cc, and is
    /// returned to the Sender or the first author; [`Message::bcc`], [`Message::to`] and [`Message::returned_to`] say otherwise.
    ///
    /// # Errors
    /// [`ComposeError`]; the pieces are at fault.
    pub fn compose(builder: &MessageBuilder) -> Result<Self, ComposeError> {
        let sender = builder.sender.as_ref().or(builder.from.first()).ok_or(ComposeError::NoAuthor)?;
        let reverse_path = ReversePath::Address(sender.address.clone());
        let recipients = builder.to.iter().chain(&builder.cc).map(|NameAddr { address, .. }| address.clone());
        let message = Self::raw(Envelope::new(reverse_path, recipients), Bytes::new());
        let content = builder.build(&message.id.to_string())?;
        Ok(Self { content: content.into(), ..message })
    }

    /// From a content (RFC 5322) that exists already. REQUIRETLS and what the envelope asks of notifications is passed on where hosts
    /// understand it.
    pub fn raw(envelope: Envelope, content: impl Into<Bytes>) -> Self {
        let made_at = SystemClock.now();
        let message =
            Self { id: IdSource::default().next(made_at), made_at, envelope, content: content.into() };
        message.without_repeated()
    }

    /// One more recipient, who is named nowhere in the content.
    #[must_use]
    pub fn bcc(mut self, address: Address) -> Self {
        self.envelope.forward_paths.push(ForwardPath::from(address));
        self.without_repeated()
    }

    /// The same message to these recipients alone: to those who were deferred, say.
    #[must_use]
    pub fn to(mut self, recipients: impl IntoIterator<Item = Address>) -> Self {
        // What the envelope asks about a recipient (NOTIFY, ORCPT) still holds.
        let known = std::mem::take(&mut self.envelope.forward_paths);
        let path = |address: Address| {
            known.iter().find(|path| path.address == address).cloned().unwrap_or_else(|| address.into())
        };
        self.envelope.forward_paths = recipients.into_iter().map(path).collect();
        self.without_repeated()
    }

    /// Where hosts that took the message tell of failure later; SPF is checked for its domain.
    #[must_use]
    pub fn returned_to(mut self, reverse_path: ReversePath) -> Self {
        self.envelope.reverse_path = reverse_path;
        self
    }

    /// Its envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The content that travels, but for signatures.
    pub(super) fn completed(&self, hostname: &Domain) -> Result<Completed, IntakeError> {
        complete(&self.content, self.id, hostname, self.made_at)
    }

    /// The envelope that this content travels in.
    pub(super) fn fitted(&self, content: &[u8]) -> Envelope {
        let (body, smtputf8) = needs(&self.envelope, content);
        Envelope { body, smtputf8, ..self.envelope.clone() }
    }

    /// A recipient that is named twice gets one copy.
    fn without_repeated(mut self) -> Self {
        let mut seen = BTreeSet::new();
        self.envelope.forward_paths.retain(|path| seen.insert(path.address.clone()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compose(subject: &str) -> Result<Message, ComposeError> {
        Message::compose(&MessageBuilder {
            from: vec![NameAddr::parse("A <a@example.org>").unwrap()],
            to: vec![NameAddr::parse("b@example.net").unwrap()],
            cc: vec![NameAddr::parse("c@example.net").unwrap(), NameAddr::parse("b@example.net").unwrap()],
            subject: Some(subject.to_owned()),
            ..MessageBuilder::default()
        })
    }

    fn recipients(message: &Message) -> String {
        let paths = message.envelope.forward_paths.iter().map(|path| path.address.to_string());
        paths.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_envelope_follows_from_the_fields() {
        let message = compose("Hello").unwrap();
        assert_eq!(message.envelope.reverse_path.to_string(), "a@example.org");
        assert_eq!(recipients(&message), "b@example.net c@example.net");
        let message = message.bcc(Address::parse("d@example.com").unwrap());
        assert_eq!(recipients(&message), "b@example.net c@example.net d@example.com");
        assert!(!String::from_utf8_lossy(&message.content).contains("d@example.com"));
        assert_eq!(recipients(&message.to([Address::parse("e@example.com").unwrap()])), "e@example.com");
    }

    #[test]
    fn sent_again_it_asks_for_the_same_notifications() {
        let address = |text| Address::parse(text).unwrap();
        let notify = Some(tegami_mail::Notify { success: false, failure: false, delay: false });
        let quiet = ForwardPath { notify, ..ForwardPath::from(address("b@example.net")) };
        let mut envelope = Envelope::new(ReversePath::Null, [address("c@example.net")]);
        envelope.forward_paths.push(quiet.clone());
        let again = Message::raw(envelope, "Subject: Hello\r\n\r\n").to([address("b@example.net")]);
        assert_eq!(again.envelope.forward_paths, [quiet]);
    }

    #[test]
    fn no_field_is_broken_out_of() {
        assert!(compose("Hello\r\nBcc: x@example.com").is_err());
        assert_eq!(Message::compose(&MessageBuilder::default()).err(), Some(ComposeError::NoAuthor));
    }

    #[test]
    fn sent_again_it_is_the_same_message() {
        let hostname = Domain::parse("mail.example.org").unwrap();
        let completed = |message: &Message| message.completed(&hostname).unwrap().content;
        let message = compose("Hello").unwrap();
        assert_eq!(completed(&message), completed(&message.clone()));
        assert_ne!(completed(&message), completed(&compose("Hello").unwrap()));
    }

    #[test]
    fn what_the_next_hop_must_be_told() {
        let message = compose("Hello").unwrap();
        let needs = |content: &str| {
            let envelope = message.fitted(content.as_bytes());
            (envelope.body, envelope.smtputf8)
        };
        use tegami_mail::Body::{EightBitMime, SevenBit};
        assert_eq!(needs("Subject: a\r\n\r\na"), (SevenBit, false));
        assert_eq!(needs("Subject: a\r\n\r\nあ"), (EightBitMime, false));
        assert_eq!(needs("Subject: あ\r\n\r\na"), (EightBitMime, true));
    }
}
