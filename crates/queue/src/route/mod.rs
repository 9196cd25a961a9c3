//! Routes of incoming mail: for which mail they are, and what they do with it.
//!
//! ```text
//!   RCPT ─► RouteTable::reach (may a route want it?)
//!   message ─► RouteTable::evaluate ─► Evaluation: orders, and the steps why
//! ```
//! A route is a text that somebody wrote; it is parsed once. Evaluating is pure. Only an evaluation makes a [`Forward`], and only of one a
//! [`crate::Permit`] can be made: nobody but a configured route sends a stranger's mail on.

mod action;
mod evaluate;
mod expression;
mod pattern;
mod table;
mod text;

pub use evaluate::{Evaluation, Fields, Forward, Matched, Order, Reach, RouteOutcome, RouteSteps};
pub use table::{NewRoute, Route, RouteChange, RouteError, RouteTable, Routes};

/// Reads an expression and an action, for those who try to break the parsers.
#[doc(hidden)]
pub fn read(text: &str) {
    let _ = expression::Expression::parse(text);
    let _ = action::Action::parse_all(text);
}
