//! Sending: from a next hop to its hosts, and from a host to a result for every recipient.
//!
//! ```text
//!   Job ─► Outbound ─► Courier ─► destination ─► terms ─► visit (connect, drive, pool) ─► ledger ─► AttemptReport
//! ```
//!
//! [`Outbound`] is what the queue calls. [`Courier`] does the same without queue and store, and tells by [`Courier::preview`] where a message
//! would go without sending it. A [`Route`] names other ways than the recipient's MX hosts, and their order. Every attempt leaves an [`AttemptRecord`] with each choice, connection and reply.

mod attempt;
mod connect;
mod courier;
mod destination;
mod drive;
mod failover;
mod failure;
mod http_call;
mod https;
mod ledger;
mod memory;
mod metrics;
mod moment;
mod mta_sts;
mod outbound;
mod place;
mod policy;
mod pool;
mod preview;
mod record;
mod roots;
mod route;
mod shape;
mod terms;
mod tls;
mod tls_policy;
pub mod tls_report;
mod via;

pub use attempt::{AttemptReport, Parcel, RecipientReport};
pub use connect::{Connection, Dial, Stream};
pub use courier::{Courier, OutboundError};
pub use destination::{Destination, MailHost, Way};
pub use http_call::{ApiAnswer, ApiRequest, HttpCaller, MAX_ANSWER, call_api};
pub use https::{Https, HttpsDocument, HttpsError};
pub use hyper::Method;
pub use hyper::header::HeaderName;
pub use memory::Remembered;
pub use metrics::Metrics;
pub use mta_sts::{Fetch, FetchError, HttpsFetch, MtaSts};
pub use outbound::Outbound;
pub use policy::{IpOrder, Limits, Own, Reach, Settings, Source, TlsDemand};
pub use preview::{PlannedWay, Preview};
pub use record::{
    AttemptRecord, FailureRecord, HostResult, HostTry, RecipientRecord, ResultWord, RouteRecord, TlsRecord,
    Turn,
};
pub use roots::{add_pem, machine_roots};
pub use route::{Match, Order, Route, Smarthost, SmarthostTls};
pub use tegami_auth::Certificate;
pub use tls_policy::{Observation, Observe, PolicyRecord, PolicySource, TlsPolicies, TlsPolicy, TlsScope};
pub use via::Via;
