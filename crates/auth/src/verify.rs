//! One message, as a receiver verifies it: iprev, SPF (HELO and MAIL FROM), DKIM, DMARC, in this order.

use std::net::IpAddr;

use jiff::Timestamp;
use tegami_mail::ReversePath;

use crate::{dkim, dmarc, iprev, spf};

/// What is known of the session before the content comes.
#[derive(Clone, Debug)]
pub struct Client<'a> {
    /// The SMTP client's address.
    pub ip: IpAddr,
    /// The argument of HELO or EHLO.
    pub helo: &'a str,
    /// The reverse-path.
    pub mail_from: &'a ReversePath,
    /// Our authserv-id and the `r` macro of SPF.
    pub receiver: &'a str,
    /// The present.
    pub now: Timestamp,
}

/// What can be known at MAIL, before DATA.
#[derive(Clone, Debug)]
pub struct Early {
    /// Reverse DNS.
    pub iprev: iprev::Verdict,
    /// SPF of the HELO identity.
    pub spf_helo: spf::Verdict,
    /// SPF of the MAIL FROM identity.
    pub spf_mail_from: spf::Verdict,
}

/// All verdicts on a message.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The address that was judged.
    pub ip: IpAddr,
    /// What was known at MAIL.
    pub early: Early,
    /// One for each signature; one `none` verdict where there is none.
    pub dkim: Vec<dkim::Verdict>,
    /// DMARC.
    pub dmarc: dmarc::Verdict,
}
// pub async fn early(client: &Client<'_>, resolver: &dyn Resolver) -> Early
// pub async fn message(client: &Client<'_>, early: Early, content: &[u8], resolver: &dyn Resolver) -> Verdicts
