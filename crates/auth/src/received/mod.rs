//! The chain of Received fields (RFC 5321 section 4.4): which hosts handed a message on, and how long each took.
//!
//! The fields are written by every host as it pleases, so reading is tolerant: what is not found is left out. They are
//! also written by anybody: only what the judging host and those it trusts wrote is true. Everything below the field
//! that tells of the client's own connection is the client's word, and is marked as such.

mod parse;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tegami_mail::{Domain, HeaderSection};

use crate::dmarc::public_suffix::organizational_domain;
use crate::network::is_on_the_internet;

/// Fields that are read, from the top: more are a loop or an attack (RFC 5321 section 6.3 speaks of at least 100).
pub const MAX_HOPS: usize = 200;

/// One Received field. Texts are as they stand in the field, without controls, and not longer than 255 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// What the client called itself.
    pub helo: Option<String>,
    /// The name that the host found for the client's address.
    pub name: Option<String>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The host that wrote the field.
    pub by: Option<String>,
    /// The address at which it was reached.
    pub by_ip: Option<IpAddr>,
    /// The protocol (RFC 3848), or what the host says in its place.
    pub with: Option<String>,
    /// The link, where one is named: `TCP`, `Frontend Transport`.
    pub via: Option<String>,
    /// The host's identifier of the message.
    pub id: Option<String>,
    /// The forward-path, without angle brackets.
    #[serde(rename = "for")]
    pub recipient: Option<String>,
    /// Whether the message came encrypted.
    pub tls: Tls,
    /// The version of TLS as its standards write it: `TLSv1.3`.
    pub tls_version: Option<String>,
    /// The cipher suite, as the host writes it.
    pub cipher: Option<String>,
    /// When.
    #[serde(rename = "date")]
    pub at: Option<Timestamp>,
    /// Since the hop before this one that has a date; negative where clocks disagree.
    #[serde(rename = "delay_seconds", serialize_with = "seconds")]
    pub delay: Option<SignedDuration>,
    /// Here the message left the network of its author: the first hop from one organization to another.
    pub left_network: bool,
    /// The field was written by a host that is trusted here. Where it was not, the client brought it along and may have
    /// made it up.
    pub verified: bool,
}

/// Whether a hop was encrypted, as far as the field tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// The protocol's name ends in S (RFC 3848), or TLS is told of in a comment.
    Used,
    /// The protocol is SMTP or ESMTP by name, and nothing tells of TLS.
    Clear,
    /// Nothing to go by.
    #[default]
    Unknown,
}

fn seconds<S: serde::Serializer>(delay: &Option<SignedDuration>, to: S) -> Result<S::Ok, S::Error> {
    match delay {
        Some(delay) => to.serialize_some(&delay.as_secs()),
        None => to.serialize_none(),
    }
}

/// All hops of a header section in the order of time, which is from the bottom up. `client` is the address of the SMTP
/// client that is being judged: the topmost field that tells of it, and those above, are trusted.
pub fn chain(section: &HeaderSection<'_>, client: Option<IpAddr>) -> Vec<Hop> {
    let fields = section.all("Received").take(MAX_HOPS);
    let mut hops: Vec<Hop> = fields.map(|field| Hop::parse(&field.unfolded())).collect();
    let client = client.map(|ip| ip.to_canonical());
    let trusted = hops.iter().position(|hop| hop.ip.is_some() && hop.ip == client);
    for hop in hops.iter_mut().take(trusted.map_or(0, |place| place + 1)) {
        hop.verified = true;
    }
    hops.reverse();
    let mut before: Option<Timestamp> = None;
    for hop in &mut hops {
        hop.delay = hop.at.zip(before).map(|(at, before)| at.duration_since(before));
        before = hop.at.or(before);
    }
    if let Some(exit) = hops.iter_mut().find(|hop| hop.is_between_organizations()) {
        exit.left_network = true;
    }
    hops
}

/// The hop that most probably tells of the connection over which the message came in from outside: the topmost with a
/// public address, because hosts behind the first relay hand on from private ones; else the topmost with any.
pub fn entrance(hops: &[Hop]) -> Option<&Hop> {
    let from_top = || hops.iter().rev().filter(|hop| hop.ip.is_some());
    from_top().find(|hop| hop.ip.is_some_and(is_on_the_internet)).or_else(|| from_top().next())
}

impl Hop {
    /// Whether the message was handed from one organization to another. Who proves to be a user is at home, wherever
    /// the address is; and an address that cannot be reached from outside is of the same house.
    fn is_between_organizations(&self) -> bool {
        let authenticated =
            [&self.with, &self.via].into_iter().flatten().any(|protocol| is_authenticated(protocol));
        if authenticated || self.ip.is_some_and(|ip| !is_on_the_internet(ip)) {
            return false;
        }
        let organization = |name: &str| {
            let domain = Domain::parse(name).ok().filter(|domain| domain.labels().count() > 1)?;
            Some(organizational_domain(&domain))
        };
        let by = self.by.as_deref().and_then(organization);
        let from = self.name.as_deref().or(self.helo.as_deref()).and_then(organization);
        match (from, by) {
            (Some(from), Some(by)) => from != by,
            // A public address without a name: somebody else's, as far as anybody can tell.
            (None, Some(_)) => self.ip.is_some(),
            (_, None) => false,
        }
    }
}

/// `ESMTPA`, `ESMTPSA`, `LMTPA`, `UTF8SMTPSA` (RFC 3848, RFC 6531 section 4.3), and web mail.
fn is_authenticated(with: &str) -> bool {
    let with = with.to_ascii_uppercase();
    let smtp = with.split_once("SMTP").or_else(|| with.split_once("LMTP"));
    smtp.is_some_and(|(_, after)| matches!(after, "A" | "SA")) || matches!(&*with, "HTTP" | "HTTPS")
}
