//! The store's integration tests.

mod conformance;
mod embedded;
mod support;
