//! Receiving: listeners, the driver that owns a socket, and the two desks that answer its questions.
//!
//! [`serve`] accepts connections and leads each session by [`tegami_proto::smtp::server::Session`]. What the session asks, a
//! [`Clerk`] answers: [`Reception`] for mail from other ADMDs, [`SubmissionDesk`] for our own accounts. The lab's hosts are other
//! desks behind the same listener.

mod asked;
mod author;
mod desk;
mod disposition;
mod drive;
mod listener;
mod metrics;
mod reception;
mod refusal;
mod route;
mod stream;
mod submission;
mod trace;
mod trial;

pub use desk::{Clerk, Desk, Peer, Refusal};
pub use disposition::{Disposition, OnFail, Policy, dispose};
pub use drive::session;
pub use listener::{ConnectionLimits, Listener, Service, Shutdown, serve, serve_current};
pub use metrics::Metrics;
pub use reception::{Reception, ReceptionSettings};
pub use stream::Wire;
pub use submission::{SubmissionDesk, SubmissionSettings};
pub use trial::{Arrival, Judge};

/// A boxed future, so that desks can stand behind `dyn`.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
