//! What TLS is worth with each host, and what follows from it: every line is a session with a server that has a good or a bad certificate.

mod choice;
mod dane;
pub(crate) mod lab;
mod sts;
