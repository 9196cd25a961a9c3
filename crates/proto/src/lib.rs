//! Conversations as values: SMTP client and server, SASL.
//!
//! A pure room: no socket, no clock, no `async`. Whoever owns the socket hands bytes and the time in and drains actions; see
//! [`smtp::server::Session`] and [`smtp::client::Session`].

pub mod sasl;
pub mod smtp;
