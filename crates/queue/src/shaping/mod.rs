//! Shaping: how much goes to whom, from which address, and how fast; slower when a provider says that it is too much.
//!
//! ```text
//!   message ─► source (pool, weight) ─┐
//!   next hop ─► place (provider) ─────┴─► path: limits, pace, back-off, warm-up ─► goes, or waits until … because …
//! ```
//!
//! [`Shaper`] is a value: every call is told the time, and nothing in it sleeps, connects or writes. [`Shaping`] shares it: it is the gate of the
//! schedule, counts connections for whoever makes them, and keeps on the disk what a restart must not forget.

mod backoff;
mod desk;
mod hops;
mod pace;
mod shaper;
mod source;
mod terms;
mod warmup;

pub use backoff::{Backoff, Change, Door, Evidence, Manners};
pub use desk::{Open, Relay, Shaping, WRITTEN_EVERY};
pub use shaper::{
    Because, Course, Heard, Limits, Line, Overflowed, PathKey, PathView, Shaper, ShapingSettings, Wait,
};
pub use source::{DEFAULT_POOL, PoolRule, SourceTerms, Sources, Wanted};
pub use terms::{Providers, Terms};
pub use warmup::{DEFAULT_DAYS, Overflow, WarmUp};

#[cfg(test)]
mod tests;
