//! The nouns of mail: addresses, envelopes, header sections, MIME reading and composing, reply codes.
//!
//! A pure room: no sockets, no clock, no global state, no `async`. Text is parsed once, at the edge; inside the
//! house [`Domain`], [`LocalPart`], [`ReversePath`] travel, never a `String`.

mod address;
pub mod charset;
mod clock;
pub mod compose;
pub mod date;
mod domain;
pub mod encoded_word;
mod entity;
mod envelope;
pub mod header;
pub mod line;
pub mod mailbox_list;
pub mod mime;
mod note;
mod parameter;
mod reply;
mod transcript;
mod transfer;

pub use address::{Address, AddressError, Host, LocalPart};
pub use clock::Clock;
pub use compose::{Attachment, ComposeError, MessageBuilder};
pub use domain::{Domain, DomainError};
pub use entity::Entity;
pub use envelope::{Body, Dsn, Envelope, ForwardPath, Notify, Ret, ReversePath};
pub use header::{HeaderError, HeaderField, HeaderLimits, HeaderSection};
pub use line::LineFaults;
pub use mailbox_list::{ListError, ListFault, NameAddr};
pub use note::{Note, StoredNote};
pub use parameter::ParameterizedValue;
pub use reply::{EnhancedStatusCode, Reply, ReplyClass};
pub use transcript::{Speaker, Transcript, TranscriptLine};
