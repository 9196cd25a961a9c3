//! The nouns of mail: addresses, envelopes, header sections, MIME reading and composing, reply codes.
//!
//! A pure room: no sockets, no clock, no global state, no `async`. Text is parsed once, at the edge; inside the
//! house [`Domain`], [`LocalPart`], [`ReversePath`] travel, never a `String`.

mod address;
mod clock;
mod domain;
mod envelope;
mod note;
mod reply;
mod transcript;

pub use address::{Address, AddressError, Host, LocalPart};
pub use clock::{Clock, SystemClock};
pub use domain::{Domain, DomainError};
pub use envelope::{Body, Dsn, Envelope, ForwardPath, Notify, Ret, ReversePath};
pub use note::Note;
pub use reply::{EnhancedStatusCode, Reply, ReplyClass};
pub use transcript::{Speaker, Transcript, TranscriptLine};
