//! The nouns of mail: addresses, envelopes, header sections, MIME reading and composing, reply codes.
//!
//! A pure room: no sockets, no clock, no global state, no `async`. Text is parsed once, at the edge; inside the
//! house [`Domain`], [`LocalPart`], [`ReversePath`] travel, never a `String`.

mod address;
pub mod charset;
mod clock;
pub mod date;
mod domain;
pub mod encoded_word;
mod envelope;
pub mod header;
pub mod line;
pub mod mailbox_list;
mod note;
mod reply;
mod transcript;
mod transfer;

pub use address::{Address, AddressError, Host, LocalPart};
pub use clock::{Clock, SystemClock};
pub use domain::{Domain, DomainError};
pub use envelope::{Body, Dsn, Envelope, ForwardPath, Notify, Ret, ReversePath};
pub use header::{HeaderError, HeaderField, HeaderLimits, HeaderSection};
pub use mailbox_list::{ListError, ListFault, NameAddr};
pub use note::Note;
pub use reply::{EnhancedStatusCode, Reply, ReplyClass};
pub use transcript::{Speaker, Transcript, TranscriptLine};
