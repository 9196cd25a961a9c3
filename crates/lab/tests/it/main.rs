//! The small internet as a client of its hosts sees it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, in its helping functions too"
)]

mod habit;
mod town;
