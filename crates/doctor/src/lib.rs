//! The deliverability doctor: checks of domains, hosts, addresses and messages.
//!
//! A [`Check`] is one thing that is looked at, with its rule, what it depends on and how bad a failure is; all of them stand in
//! [`catalogue`], from which the manual, the JSON and the pages are drawn. Looking gives [`Finding`]s: what was seen and why it
//! matters, and where something has to change, the exact records. What could not be looked at is *unknown* and what does not apply
//! is *na*; neither is ever told as a failure, and where one cause has many effects only the cause is told ([`settle`]).
//!
//! The world is reached through [`tegami_dns::Resolver`] and through [`Probes`] alone, so that everything runs in a test. All
//! questions of one examination go through [`Asked`], which asks nothing twice, keeps a list of them, and knows when to stop.

mod agree;
mod asked;
mod case;
pub mod catalogue;
mod check;
mod checks;
mod examine;
mod finding;
pub mod headers;
pub mod json;
pub mod memory;
pub mod own;
pub mod plan;
pub mod preflight;
pub mod probe;
pub mod provider;
pub mod rdap;
pub mod score;
mod settle;
mod txt;

/// What becomes of mail, before it is sent.
pub mod dmarc {
    pub use crate::checks::dmarc::simulate::{
        Fate, Outcome, Signature, Signed, Simulation, Stream, simulate,
    };
}

pub use asked::{Asked, MAX_QUESTIONS, Question};
pub use case::{
    AddressCase, Arrival, Case, DomainCase, Known, MAX_SOURCES, MessageCase, OwnKey, Purpose, Reach,
    StsBefore, Volume,
};
pub use check::{About, Check, Consequence, Who};
pub use checks::bimi::{Brand, brand};
pub use checks::bulk::{Endpoint, Numbers, Sent};
pub use checks::dane::{TlsaOfHost, TlsaRecords};
pub use checks::mx::{MailHost, MailHosts, Receiving};
pub use checks::path::Contact;
pub use checks::rbl;
pub use checks::smtp::{Visit, Visits};
pub use checks::sts::{Announced, Sts, Unfetched};
pub use examine::{
    Examination, Progress, Told, address, domain, installation, message, part, part_of_message,
};
pub use finding::{Confidence, Finding, Fix};
pub use own::{Own, OwnCase};
pub use probe::Probes;
pub use settle::settle;
pub use tegami_auth::finding::{Change, Operation, Severity, State};

/// Entries for the fuzz target and its replay: any bytes in, no panic.
#[doc(hidden)]
pub mod fuzz {
    /// Reads a message's HTML.
    pub fn page(octets: &[u8]) {
        crate::checks::ct::read_all(octets);
    }
}
