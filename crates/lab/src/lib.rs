//! A small internet on one machine: DNS, and MX hosts with habits, on loopback addresses.
//!
//! Everything is made of the ordinary rooms: the hosts are listeners of `inbound` with another desk, verification is `auth`, strangers
//! send by `outbound`. Nothing in those rooms knows of the lab.

mod certificate;
pub mod habit;
mod host;
mod internet;
mod ledger;
mod world;

pub use certificate::Authority;
pub use internet::{Internet, LabError, Sockets};
pub use ledger::{Ledger, Visit};
pub use world::{HostPlan, World};

/// A boxed future.
pub(crate) type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
