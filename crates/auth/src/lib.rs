//! Who says so: SPF, DKIM, DMARC, ARC, iprev, and the fields that carry their results.
//!
//! Every verdict has its [`Step`]s: what was asked, what came back, what follows, and the section of the standard that
//! says so. A verdict without steps cannot be built. The world is reached only through [`tegami_dns::Resolver`]; time is an argument.

pub mod arc;
pub mod dkim;
pub mod dmarc;
pub mod iprev;
pub mod json;
pub mod received;
pub mod results;
pub mod score;
pub mod spf;
mod step;
pub mod verify;

pub use step::Step;
