//! Conversations with both sessions, each by itself and with each other.

mod client;
mod pair;
mod server;
mod smuggling;
