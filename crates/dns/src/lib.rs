//! Questions to the DNS, with typed answers.
//!
//! Every question goes through [`Resolver`]; what fails says how it failed, because mail treats each failure
//! differently: NXDOMAIN and NODATA are answers (a *void lookup* to SPF), SERVFAIL, timeouts and bogus DNSSEC are not.
//!
//! # Examples
//!
//! A resolver that answers from zone text: what the text does not name does not exist.
//!
//! ```
//! use tegami_dns::{DnsError, DnsName, Resolver, ZoneResolver};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let zone = ZoneResolver::from_text(
//!     "example.org.     MX  20 mx2.example.org.
//!      example.org.     MX  10 mx.example.org.
//!      mx.example.org.  A   192.0.2.1",
//! )?;
//! let resolver: &dyn Resolver = &zone;
//!
//! let hosts = resolver.mx(&DnsName::parse("example.org")?).await?;
//! assert_eq!(hosts[0].exchange.as_str(), "mx.example.org");
//! assert_eq!(resolver.a(&hosts[0].exchange).await?, ["192.0.2.1".parse::<std::net::Ipv4Addr>()?]);
//!
//! let nobody = resolver.mx(&DnsName::parse("example.net")?).await;
//! assert_eq!(nobody, Err(DnsError::NxDomain));
//! # Ok(())
//! # }
//! ```
//!
//! A resolver of one's own writes one function; the typed questions come with it. This one counts.
//!
//! ```
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! use tegami_dns::{Answer, BoxFuture, DnsError, DnsName, RecordType, Resolver};
//!
//! struct Counted<R> {
//!     inner: R,
//!     questions: AtomicUsize,
//! }
//!
//! impl<R: Resolver> Resolver for Counted<R> {
//!     fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
//!         self.questions.fetch_add(1, Ordering::Relaxed);
//!         self.inner.lookup(name, kind)
//!     }
//! }
//! ```

mod answer;
mod direct;
mod kind;
mod name;
mod overlay;
mod presentation;
mod resolver;
mod server;
mod system;
mod update;
mod wire;
mod zone;

pub use answer::{
    Answer, Data, DnsError, Dnskey, Ds, MxHost, Nsec3Param, Record, RecordType, Security, Service, Tlsa,
    TxtData,
};
pub use direct::{Direct, ask_server};
pub use kind::UnknownType;
pub use name::{DnsName, DnsNameError};
pub use overlay::Overlay;
pub use resolver::{BoxFuture, Kept, Resolver};
pub use server::{Server, Transport, reply};
pub use system::{Dnssec, SystemError, SystemOptions, SystemResolver};
pub use update::{SetChange, UpdateError, UpdateKey, UpdateKeyError, update};
pub use zone::{Problem, Zone, ZoneError, ZoneResolver};

/// Entries for the fuzz targets and their replay.
#[doc(hidden)]
pub mod fuzz {
    /// Reads the octets of an answer.
    ///
    /// # Errors
    /// As [`Resolver::lookup`](crate::Resolver::lookup).
    pub fn answer(octets: &[u8]) -> Result<crate::Answer, crate::DnsError> {
        let _ = crate::direct::read_octets(octets);
        crate::update::read_octets(octets);
        crate::system::read_message(octets)
    }
}
