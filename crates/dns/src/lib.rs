//! Questions to the DNS, with typed answers.
//!
//! Every question goes through [`Resolver`]; what fails says how it failed, because mail treats each failure
//! differently: NXDOMAIN and NODATA are answers (a *void lookup* to SPF), SERVFAIL, timeouts and bogus DNSSEC are not.

mod answer;
mod kind;
mod name;
mod presentation;
mod resolver;
mod server;
mod system;
mod wire;
mod zone;

pub use answer::{Answer, Data, DnsError, MxHost, Record, RecordType, Security, Tlsa};
pub use kind::UnknownType;
pub use name::{DnsName, DnsNameError};
pub use resolver::{BoxFuture, Resolver};
pub use server::{Server, Transport, reply};
pub use system::{SystemError, SystemOptions, SystemResolver};
pub use zone::{Problem, Zone, ZoneError, ZoneResolver};

/// Entries for the fuzz targets and their replay.
#[doc(hidden)]
pub mod fuzz {
    /// Reads the octets of an answer.
    ///
    /// # Errors
    /// As [`Resolver::lookup`](crate::Resolver::lookup).
    pub fn answer(octets: &[u8]) -> Result<crate::Answer, crate::DnsError> {
        crate::system::read_message(octets)
    }
}
