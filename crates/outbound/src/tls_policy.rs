//! What TLS is worth on the way to each MX host, and who says so.

mod observation;

pub use observation::{Observation, Observe};
