//! The nouns of mail: addresses, envelopes, header sections, MIME reading and composing, reply codes.
//!
//! A pure room: no sockets, no clock, no global state, no `async`. Text is parsed once, at the edge; inside the
//! house [`Domain`], [`LocalPart`], [`ReversePath`] travel, never a `String`.
//!
//! # Examples
//!
//! A message is composed of its pieces and read again.
//!
//! ```
//! use tegami_mail::{Attachment, Domain, MessageBuilder, NameAddr, compose, mime};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let message = MessageBuilder {
//!     from: vec![NameAddr::parse("太郎 <taro@example.org>")?],
//!     to: vec![NameAddr::parse("hanako@example.net")?],
//!     subject: Some("お茶".to_owned()),
//!     date: Some("2026-07-01T12:00:00Z".parse()?),
//!     message_id: Some(compose::message_id("1", &Domain::parse("example.org")?)),
//!     text: Some("四時に。\n".to_owned()),
//!     attachments: vec![Attachment {
//!         filename: Some("tea.csv".to_owned()),
//!         content_type: "text/csv".to_owned(),
//!         content: b"sencha,2\n".to_vec(),
//!         content_id: None,
//!     }],
//!     ..MessageBuilder::default()
//! };
//! let content = message.build("1@example.org")?;
//! assert!(content.is_ascii());
//!
//! let read = mime::parse(&content);
//! assert_eq!(read.subject, "お茶");
//! assert_eq!(read.text.as_deref().map(str::trim_end), Some("四時に。"));
//! # Ok(())
//! # }
//! ```

mod address;
pub mod charset;
mod clock;
pub mod compose;
pub mod csv;
pub mod date;
mod domain;
pub mod encoded_word;
mod entity;
mod envelope;
pub mod failure;
pub mod header;
pub mod html;
pub mod line;
pub mod mailbox_list;
pub mod mime;
mod note;
mod parameter;
pub mod provider;
pub mod quote;
mod reply;
mod text;
mod transcript;
pub mod transfer;

pub use address::{Address, AddressError, Host, LocalPart};
pub use clock::Clock;
pub use compose::{Attachment, ComposeError, MessageBuilder};
pub use domain::{Domain, DomainError};
pub use entity::Entity;
pub use envelope::{Body, Dsn, Envelope, ForwardPath, Notify, Ret, ReversePath};
pub use header::{HeaderError, HeaderField, HeaderLimits, HeaderSection};
pub use line::LineFaults;
pub use mailbox_list::{ListError, ListFault, NameAddr};
pub use note::{Note, NoteArg, NoteArgs, StoredNote};
pub use parameter::ParameterizedValue;
pub use reply::{EnhancedStatusCode, Reply, ReplyClass};
#[doc(hidden)]
pub use text::told;
pub use text::{AsText, Text, hex};
pub use transcript::{Speaker, Transcript, TranscriptLine};
