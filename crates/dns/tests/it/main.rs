//! What the room promises, through its public door.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test may fail loudly, in its helping functions too, and `expect![…]` reads best by value"
)]

mod direct;
mod fuzz_corpus;
mod name;
mod property;
mod server;
mod system;
mod zone;
