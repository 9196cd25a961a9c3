//! What this installation tells of itself, and what an examination of it has at hand.

use std::net::IpAddr;
use std::ops::Deref;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use tegami_auth::dkim::Selector;
use tegami_auth::finding::Change;
use tegami_mail::{Domain, Host};
use tokio::sync::OnceCell;

use crate::Case;
use crate::checks::path::Contact;

/// The subject of what concerns the whole installation.
pub const OWN: &str = "self";

/// What an installation tells of itself, as plain values.
#[derive(Clone, Debug)]
pub struct Own {
    /// The name in the greeting, in EHLO and in Received fields; `None` where there is no configuration.
    pub hostname: Option<Domain>,
    /// The addresses that mail leaves from, where the configuration names them.
    pub sources: Vec<IpAddr>,
    /// The domains that are ours.
    pub domains: Vec<OwnDomain>,
    /// The certificate that we show to other mail hosts and those above it; empty where it is not known.
    pub certificate: Vec<CertificateDer<'static>>,
    /// The records that should be published for all of this; empty where nobody has planned them.
    pub planned: Vec<Change>,
    /// What waits; `None` where nobody could tell.
    pub queue: Option<QueueSeen>,
    /// Hosts that mail is sent through.
    pub relays: Vec<Relay>,
    /// All mail leaves through them.
    pub all_relayed: bool,
    /// What becomes of recipients who are refused for good; `None` where nobody could tell.
    pub refused: Option<RefusedSeen>,
    /// Whom to try port 25 with.
    pub contacts: Vec<Contact>,
    /// Web servers whose clocks are believed.
    pub clocks: Vec<Domain>,
}

/// A domain that is ours.
#[derive(Clone, Debug)]
pub struct OwnDomain {
    /// Which.
    pub domain: Domain,
    /// Its DKIM keys in use: the selector, and the text of the record that has to be published.
    pub keys: Vec<(Selector, String)>,
    /// The MTA-STS policy that it should have.
    pub policy: Option<String>,
    /// Who takes mail at `postmaster`, `abuse` and the addresses that receive reports; `None` where nobody could tell.
    pub mailboxes: Option<Vec<Mailbox>>,
    /// The addresses of return paths come here and are understood.
    pub returns: Option<Returns>,
    /// When reports came last; `None` where nobody keeps them.
    pub reports: Option<ReportsSeen>,
}

/// An address of a domain that somebody must read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The part before the at sign.
    pub local_part: String,
    /// Somebody has it.
    pub exists: bool,
}

/// Where bounces of a domain's mail go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// To return paths of ours, which tell by themselves what they are about.
    Ours,
    /// To the sender's own address.
    Senders,
}

/// When reports came last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportsSeen {
    /// Aggregate reports of DMARC (RFC 9990).
    pub dmarc: Option<Timestamp>,
    /// Reports about TLS (RFC 8460).
    pub tls: Option<Timestamp>,
}

/// What waits in the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSeen {
    /// Recipients.
    pub waiting: u64,
    /// Those of them that wait for longer than a day.
    pub old: u64,
    /// For whom: the provider or domain, and how many of both; the most first.
    pub groups: Vec<(String, u64, u64)>,
}

/// A host that mail is sent through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// What the configuration calls it.
    pub name: String,
    /// Its host.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The sending domains whose mail it takes; empty: all of ours.
    pub domains: Vec<Domain>,
}

/// What becomes of recipients who are refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedSeen {
    /// A permanent refusal of a mailbox keeps further mail back.
    pub kept_back: bool,
    /// How many addresses are kept back now.
    pub addresses: u64,
}

impl Own {
    /// Nothing is known.
    pub fn nothing() -> Self {
        Self {
            hostname: None,
            sources: Vec::new(),
            domains: Vec::new(),
            certificate: Vec::new(),
            planned: Vec::new(),
            queue: None,
            relays: Vec::new(),
            all_relayed: false,
            refused: None,
            contacts: Vec::new(),
            clocks: Vec::new(),
        }
    }
}

impl OwnDomain {
    /// A domain of which nothing else is known.
    pub fn new(domain: Domain) -> Self {
        Self { domain, keys: Vec::new(), policy: None, mailboxes: None, returns: None, reports: None }
    }
}

/// The examination of an installation, with what several checks need: looked up once.
pub struct OwnCase {
    case: Case,
    /// What it tells of itself.
    pub own: Own,
    came: OnceCell<Vec<crate::checks::path::Came>>,
}

impl Deref for OwnCase {
    type Target = Case;
    fn deref(&self) -> &Case {
        &self.case
    }
}

impl OwnCase {
    /// The examination of this installation.
    pub fn new(own: Own, case: Case) -> Self {
        Self { case, own, came: OnceCell::new() }
    }

    /// What came of the connections to others: made once, all at the same time.
    pub(crate) async fn came(&self) -> &[crate::checks::path::Came] {
        self.came.get_or_init(|| crate::checks::path::contact(self)).await
    }

    /// The addresses that mail leaves from: those of the configuration, else those that are seen.
    pub(crate) async fn sources(&self) -> Vec<IpAddr> {
        if !self.own.sources.is_empty() {
            return self.own.sources.clone();
        }
        crate::checks::path::seen(self).await
    }
}
