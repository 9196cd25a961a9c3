//! Shaping: how much goes to whom, from which address, and how fast; slower when a provider says that it is too much.
//!
//! ```text
//!   message ─► source (pool, weight) ─┐
//!   next hop ─► place (provider) ─────┴─► path: limits, pace, back-off, warm-up ─► goes, or waits until … because …
//! ```
//!
//! [`Shaper`] is a value: every call is told the time, and nothing in it sleeps, connects or writes.

mod backoff;
mod hops;
mod pace;
mod shaper;
mod source;
mod terms;
mod warmup;

pub use backoff::{Backoff, Change, Door, Evidence, Manners};
pub use shaper::{Because, Course, Heard, Limits, Line, PathKey, PathView, Shaper, ShapingSettings, Wait};
pub use source::{DEFAULT_POOL, PoolRule, SourceTerms, Sources, Wanted};
pub use terms::{Providers, Terms};
pub use warmup::{DEFAULT_DAYS, Overflow, WarmUp};

#[cfg(test)]
mod tests;
