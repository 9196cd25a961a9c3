//! Everything that is not a question to our resolver: sessions with mail hosts, HTTPS, questions to authoritative servers.
//!
//! Who implements [`Probes`] is polite and lets nobody steer it: it connects to public addresses only (or to those that the operator
//! allows), once per host, names itself by its own host name, and tries no mailboxes of strangers.

mod contact;
pub mod hello;
mod line;
mod made;
mod network;
mod old_tls;
mod own;
mod port;
mod servers;
mod session;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use tegami_dns::{BoxFuture, DnsError, DnsName, Kept, RecordType};
use tegami_mail::{Domain, Reply};
use tegami_proto::smtp::client::Capabilities;

use crate::rdap::{Registered, Registration};

pub use contact::{Contacts, RelayAccess};
pub use hello::{Offer, OfferSeen, Picked};
pub(crate) use made::Noted;
pub use made::{Kind, Made};
pub use network::{Extra, Network, OwnPort, OwnPorts, Patience, Servers, Settings, Web};
pub use own::{Injection, LineEnd, OwnSeen, Tried};
pub use port::PortSeen;
pub use servers::NameServers;

/// Why there was no probe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unprobed {
    /// Probes of this kind are switched off, or cannot run here.
    #[error("not asked for")]
    Off,
    /// The address is not one that may be probed.
    #[error("{0} is not an address of the Internet")]
    Forbidden(IpAddr),
    /// Nobody answered in time.
    #[error("timeout")]
    Timeout,
    /// The connection was refused.
    #[error("connection refused")]
    Refused,
    /// The machine knows no way there.
    #[error("unreachable")]
    Unreachable,
    /// The connection stood, and no greeting came for so long.
    #[error("no greeting for {} s", .0.as_secs())]
    Silent(Duration),
    /// The connection stood, and what came is no greeting.
    #[error("{0}")]
    NoSmtp(String),
    /// TLS failed, mostly for want of a certificate that is trusted and has the name.
    #[error("no TLS: {0}")]
    Tls(String),
    /// What was probed failed in another way.
    #[error("{0}")]
    Failed(String),
}

/// How TLS came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSeen {
    /// `TLSv1.3`.
    pub version: String,
    /// The cipher suite, as IANA names it.
    pub cipher: String,
    /// What the host showed, its own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Whether a certification authority that we trust vouches for the name (RFC 9525); else why not.
    pub trusted: Result<(), Distrust>,
    /// The host asked for a certificate of ours.
    pub asked_for_ours: bool,
}

/// Why a certificate is not trusted: what was found first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It, or one above it, is no longer valid.
    #[error("expired")]
    Expired,
    /// It, or one above it, is not valid yet.
    #[error("not valid yet")]
    NotYet,
    /// It has other names.
    #[error("not for this name")]
    Name,
    /// Nobody whom we trust vouches for it: it is self-signed, the chain is not complete, or its authority is not known to us.
    #[error("no trusted authority vouches for it")]
    Issuer,
    /// Another reason, in the words of the TLS library.
    #[error("{0}")]
    Other(String),
}

/// What came of STARTTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// The host does not offer it.
    NotOffered,
    /// It offers it and refuses.
    Refused(Reply),
    /// The handshake failed.
    Failed(String),
    /// The handshake failed because the host speaks nothing newer than TLS 1.1.
    TooOld(String),
    /// The session ended before that.
    Unreached,
    /// It works.
    Done(Box<TlsSeen>),
}

/// A polite session: greeting, EHLO, STARTTLS, EHLO, QUIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpSeen {
    /// The host.
    pub host: String,
    /// Its address.
    pub ip: IpAddr,
    /// Until the connection stood.
    pub connected_after: Duration,
    /// From then until the greeting had come.
    pub greeted_after: Duration,
    /// The greeting.
    pub greeting: Reply,
    /// What EHLO offered before TLS; `None` where it was refused.
    pub offered: Option<Capabilities>,
    /// STARTTLS.
    pub tls: StartTls,
    /// What EHLO offered under TLS.
    pub offered_under_tls: Option<Capabilities>,
    /// Everything that was said, a line each, `>` ours and `<` theirs.
    pub transcript: Vec<String>,
}

/// A document from a web server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The HTTP status.
    pub status: u16,
    /// The media type, as it came.
    pub content_type: String,
    /// Where a redirect leads; it is not followed.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// The server's certificate.
    pub certificate: Option<CertificateDer<'static>>,
}

/// What a host says before anything is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloSeen {
    /// The first line of its greeting, control characters left out.
    pub greeting: String,
    /// Its whole answer to EHLO, a line each; `None` where there was none.
    pub answer: Option<Vec<String>>,
    /// The local address of the connection.
    pub local: IpAddr,
}

/// What a relay of ours does before the first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelaySeen {
    /// Its address.
    pub ip: IpAddr,
    /// TLS, by STARTTLS or from the first octet.
    pub tls: StartTls,
    /// The reply to AUTH, where we have a name and a password.
    pub auth: Option<Reply>,
}

/// What an authoritative server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAnswer {
    /// The answer.
    pub kept: Kept,
    /// It speaks for the zone (the AA bit, RFC 1035 section 4.1.1).
    pub authoritative: bool,
    /// It did not fit into a datagram.
    pub truncated: bool,
}

/// The world beside the resolver.
pub trait Probes: Send + Sync {
    /// How long a session with a host may take: who waits for one has this much more patience.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// A session with the host at this address, on port 25.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn smtp<'a>(&'a self, host: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>>;

    /// What the host picks when it is offered old versions or weak ciphers of TLS alone, each on a connection of its own.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn offers<'a>(&'a self, _: &'a Domain, _: IpAddr) -> BoxFuture<'a, Result<Vec<OfferSeen>, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// What would be impolite towards a stranger: relaying, mailboxes, line ends. Only a host of our own is tried, as one that takes
    /// mail for `domain`; no message is ever sent whole to a host that reads messages as it should.
    ///
    /// # Errors
    /// An [`Unprobed`]; [`Unprobed::Off`] for hosts that are not ours.
    fn own<'a>(
        &'a self,
        _: &'a Domain,
        _: IpAddr,
        _domain: &'a Domain,
    ) -> BoxFuture<'a, Result<OwnSeen, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// The ports at which people's programs reach a host of our own: submission, IMAP, POP3.
    ///
    /// # Errors
    /// An [`Unprobed`]; [`Unprobed::Off`] for hosts that are not ours.
    fn own_ports<'a>(&'a self, _: &'a Domain, _: IpAddr) -> BoxFuture<'a, Result<Vec<PortSeen>, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// A document over HTTPS, at most `limit` octets; redirects are not followed, the certificate has to be good.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn https<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>>;

    /// A question to one server, without recursion.
    ///
    /// # Errors
    /// An [`Unprobed`]; what the server answers is no error of the probe.
    fn ask_server<'a>(
        &'a self,
        server: IpAddr,
        name: &'a DnsName,
        kind: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>>;

    /// A request to the URL of a link: GET, or POST of a form. Requests to strangers' links change things there, so this is off
    /// unless the operator asks for it.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn request<'a>(
        &'a self,
        url: &'a str,
        form: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        let _ = (url, form);
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// What the registry of a domain or of an address says. It learns who is asked about: only where the operator allows it.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn rdap<'a>(&'a self, _: Registered<'a>) -> BoxFuture<'a, Result<Registration, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// Connects, reads the greeting, and hangs up.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn greet<'a>(&'a self, _to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// Connects to a submission port, reads the greeting, says EHLO, and ends.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn hello<'a>(&'a self, _to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// Opens a session with the relay of ours that has this name, up to AUTH; nothing is sent.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn relay<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Result<RelaySeen, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// The hour as a web server tells it (the Date field, RFC 9110 section 6.6.1), and the hour here at that moment.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn clock<'a>(&'a self, _host: &'a Domain) -> BoxFuture<'a, Result<(Timestamp, Timestamp), Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    /// The local address from which packets to this address leave. Nothing is sent.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn source(&self, _towards: IpAddr) -> Result<IpAddr, Unprobed> {
        Err(Unprobed::Off)
    }
}

/// No probes at all: the DNS alone is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbes;

impl Probes for NoProbes {
    fn smtp<'a>(&'a self, _: &'a Domain, _: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    fn https<'a>(&'a self, _: &'a Domain, _: &'a str, _: usize) -> BoxFuture<'a, Result<Document, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    fn ask_server<'a>(
        &'a self,
        _: IpAddr,
        _: &'a DnsName,
        _: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }
}

/// What a question to the DNS itself came to, for those who have an answer to read.
impl ServerAnswer {
    /// The records, or why there are none.
    ///
    /// # Errors
    /// As [`tegami_dns::Resolver::lookup`].
    pub fn records(&self) -> Result<&[tegami_dns::Record], &DnsError> {
        self.kept.result.as_ref().map(|answer| answer.records.as_slice())
    }
}

#[cfg(test)]
mod tests;
