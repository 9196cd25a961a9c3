//! SMTP (RFC 5321) and its extensions.

pub mod client;
mod line_end;
pub mod server;
mod xtext;
