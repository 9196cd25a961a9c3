//! The checks, a file for each family: what is looked at, its rule, what to do, and its fixtures.

#[cfg(test)]
pub(crate) mod fixture;

pub(crate) mod bimi;
pub(crate) mod bulk;
pub(crate) mod ct;
pub(crate) mod dane;
pub(crate) mod dkim;
pub(crate) mod dmarc;
pub(crate) mod dns;
pub(crate) mod helo;
pub(crate) mod ip;
pub(crate) mod msg;
pub(crate) mod mx;
pub(crate) mod own;
pub(crate) mod path;
pub mod rbl;
pub(crate) mod rep;
pub(crate) mod smtp;
pub(crate) mod spf;
pub(crate) mod srv;
pub(crate) mod sts;
pub(crate) mod tls;
pub(crate) mod tlsrpt;
