//! Sends mail from a Rust application: signed, straight to the recipients' MX hosts or through a smarthost, with the reply for each recipient.
//!
//! [`Mailer`] carries messages as the server `tegami serve` does, by the same code: MX records, DANE and MTA-STS, one session for several messages, and a
//! refusal that says what it means. It keeps nothing on the disk: what is not delivered when [`Mailer::send`] returns is for the application to send
//! again. Mail that must outlive the application goes to a server with a queue, which is a [`Smarthost`]; `docs/library.md` compares the two.
//!
//! Everything lives in the [`Mailer`]: there is no global state, and dropping the last clone ends its sessions. It runs on tokio.
//!
//! # Examples
//!
//! A small DNS in a text stands for the real one here, so that nothing leaves this machine; leave out the line with `dns`.
//!
//! ```
//! use tegami::{Language, Mailer, Message, MessageBuilder, NameAddr, Outcome, ZoneResolver};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let key = tegami::PrivateKey::generate_ed25519()?.to_pem()?;
//! let mailer = Mailer::builder("mail.example.org") // our name, as the PTR record of our address has it
//!     .dkim("example.org", "s1", &key)
//!     .dns(ZoneResolver::from_text("nomail.example. MX 0 .")?)
//!     .build()?;
//!
//! let message = Message::compose(&MessageBuilder {
//!     from: vec![NameAddr::parse("お店 <shop@example.org>")?],
//!     to: vec![NameAddr::parse("hanako@nomail.example")?],
//!     subject: Some("ご注文ありがとうございます".to_owned()),
//!     text: Some("明日お届けします。\n".to_owned()),
//!     ..MessageBuilder::default()
//! })?;
//!
//! let report = mailer.send(&message).await?;
//! for recipient in report.recipients() {
//!     assert_eq!(recipient.outcome, Outcome::Failed);
//!     assert_eq!(recipient.status.map(|status| status.to_string()).as_deref(), Some("5.1.10"));
//!     println!("{}: {}", recipient.address, recipient.explanation(Language::Japanese));
//! }
//! # Ok(())
//! # }
//! ```

mod mailer;

pub use mailer::{
    Mailer, MailerBuilder, Message, Outcome, RecipientReport, SendError, SendReport, SetupError, Smarthost,
};
pub use tegami_auth::dkim::PrivateKey;
pub use tegami_dns::{Resolver, SystemOptions, SystemResolver, ZoneResolver};
pub use tegami_mail::failure::{About, Cause, Verdict};
pub use tegami_mail::{
    Address, Attachment, ComposeError, Domain, EnhancedStatusCode, Envelope, MessageBuilder, NameAddr, Reply,
    ReversePath,
};
pub use tegami_outbound::{AttemptRecord, IpOrder, Order, Reach, SmarthostTls, TlsDemand};
pub use tegami_queue::{Fault, PeerTls};
pub use tegami_words::Language;
