//! `tegami.toml`: parsed, checked whole, and lowered to plain values. No other room knows that there is a file.

mod blocklist;
mod bounce;
mod form;
pub(crate) mod preset;
mod problem;
mod reader;
mod route;
mod schedule;
mod schema;
mod shaping;
mod value;
mod webhook;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tegami_auth::Network;
use tegami_auth::dkim::Selector;
use tegami_auth::mta_sts::Mode;
use tegami_dns::Dnssec;
use tegami_doctor::rbl::Lists;
use tegami_mail::{Address, Domain};
use tegami_outbound::{IpOrder, TlsPolicies};
use tegami_queue::shaping::ShapingSettings;
use tegami_queue::{Languages, Retries, SuppressionRules, TrustedNetworks};
use tegami_web::FormSettings;

pub(crate) use problem::ConfigError;
pub(crate) use reader::nearest;
pub(crate) use route::Routing;
pub(crate) use schedule::Shares;

/// What the configuration says, with its defaults filled in.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Our name: EHLO, greeting, authserv-id, Received.
    pub(crate) hostname: Domain,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The domains that are ours.
    pub(crate) domains: Vec<Domain>,
    /// Which of them leave with return paths of ours; [`ReturnPath::Auto`] where nothing is said.
    pub(crate) return_paths: BTreeMap<Domain, ReturnPath>,
    /// Domains whose DKIM key is not made here but given.
    pub(crate) dkim: Vec<DkimKey>,
    /// Where we listen.
    pub(crate) listen: Listen,
    /// Certificate and key; without them a self-signed one is made.
    pub(crate) tls: Tls,
    /// Whom we ask.
    pub(crate) dns: Dns,
    /// Who says whether answers are secure.
    pub(crate) dnssec: Dnssec,
    /// How strict reception is.
    pub(crate) reception: Reception,
    /// Who may submit without AUTH.
    pub(crate) submission: Submission,
    /// How mail leaves.
    pub(crate) delivery: Delivery,
    /// Who is not written to any more.
    pub(crate) suppressions: SuppressionRules,
    /// Reports to other domains.
    pub(crate) reports: Reports,
    /// Rounds of the doctor.
    pub(crate) monitor: Monitor,
    /// The lists of reputation that the doctor asks; what it learned of their health is kept with them.
    pub(crate) blocklists: Arc<Lists>,
    /// Test inboxes.
    pub(crate) inboxes: Inboxes,
    /// What is looked at of our own mail.
    pub(crate) preflight: Preflight,
    /// Limits.
    pub(crate) limits: Limits,
    /// What is logged, and how.
    pub(crate) log: Log,
    /// How others reach our HTTP API, without a slash at its end; `None` where nothing is said.
    pub(crate) public_url: Option<String>,
    /// Proxies that are believed when they say whence a request came.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Requests to URLs of webhooks, routes and archives.
    pub(crate) webhooks: Webhooks,
    /// Contact forms of web sites, by name.
    pub(crate) forms: BTreeMap<String, FormSettings>,
    /// How much goes to whom, and from which address.
    pub(crate) shaping: ShapingSettings,
}

/// Whether the mail of a domain leaves with return paths of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ReturnPath {
    /// Where the domain's MX records name this server, so that what comes back comes here.
    #[default]
    Auto,
    /// In any case.
    Rewrite,
    /// Never.
    Keep,
}

/// Where we listen; an empty list is "not at all".
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    /// Reception.
    pub(crate) smtp: Vec<SocketAddr>,
    /// Submission with STARTTLS.
    pub(crate) submission: Vec<SocketAddr>,
    /// Submission with TLS from the first octet (RFC 8314 section 3.3).
    pub(crate) submissions: Vec<SocketAddr>,
    /// The HTTP API and pages.
    pub(crate) http: Vec<SocketAddr>,
    /// Metrics for Prometheus.
    pub(crate) metrics: Vec<SocketAddr>,
    /// The Unix socket on which programs of this machine hand in mail; the kernel says who they are.
    pub(crate) local: PathBuf,
}

/// Reports to other domains.
#[derive(Clone, Debug)]
pub(crate) struct Reports {
    /// About TLS, each day (RFC 8460).
    pub(crate) tls: bool,
    /// `organization-name`; our first domain otherwise.
    pub(crate) organization: Option<String>,
    /// `contact-info`; postmaster at our first domain otherwise.
    pub(crate) contact: Option<String>,
}

/// Rounds of the doctor: our domains and addresses are looked at again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Monitor {
    /// How often; `None`: never.
    pub(crate) every: Option<Duration>,
    /// Who is told what has changed; postmaster at our first domain otherwise.
    pub(crate) to: Option<Address>,
}

/// Test inboxes: what is done with messages that come to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inboxes {
    /// Links are followed, and the one-click way to unsubscribe is gone.
    pub(crate) links: bool,
}

/// What is looked at of our own mail with the eyes of its receivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preflight {
    /// Of each sending domain one message in so long is judged after it was accepted; `None`: none is.
    pub(crate) sample: Option<Duration>,
    /// What receivers would refuse is not accepted.
    pub(crate) refuse: bool,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// How a line is written.
    pub(crate) format: LogFormat,
    /// Which lines: a level, or levels by room, as `RUST_LOG` has them.
    pub(crate) level: String,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Certificate files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    /// PEM files: certificate chain, private key.
    pub(crate) files: Option<(PathBuf, PathBuf)>,
    /// A PEM file of certification authorities that are trusted besides the machine's.
    pub(crate) extra_roots: Option<PathBuf>,
}

/// Whom we ask.
#[derive(Clone, Debug)]
pub(crate) enum Dns {
    /// The machine's resolver.
    System,
    /// This one.
    Server(SocketAddr),
    /// Zone text, never the network.
    Zone(PathBuf),
}

/// What is done with mail that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnFail {
    /// 550.
    #[default]
    Refuse,
    /// Accept, and put it into Junk.
    Mark,
}

/// How strict reception is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reception {
    /// Where receivers send complaints.
    pub(crate) feedback: Vec<Address>,
    /// When DMARC fails and the policy is reject.
    pub(crate) dmarc_reject: OnFail,
    /// When SPF of the MAIL FROM identity is `fail`, before DATA.
    pub(crate) spf_fail: OnFail,
    /// How senders shall treat our TLS (RFC 8461); `None` where no policy is served.
    pub(crate) sts: Option<Mode>,
}

/// Requests to URLs of webhooks, routes and archives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Webhooks {
    /// Networks that are not on the Internet, and whose hosts may be asked all the same.
    pub(crate) allow: Vec<Network>,
    /// How long after each attempt the next one is made; the usual waiting times where nothing is said.
    pub(crate) retry: Vec<Duration>,
    /// What signatures are made with; one of our own where nothing is said.
    pub(crate) signing_key: Option<Secret>,
}

/// Who may submit without AUTH.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submission {
    /// Hosts of these networks.
    pub(crate) trusted: TrustedNetworks,
}

/// A DKIM key that somebody has already.
#[derive(Clone, Debug)]
pub(crate) struct DkimKey {
    /// Whose.
    pub(crate) domain: Domain,
    /// Where its record stands.
    pub(crate) selector: Selector,
    /// A PEM file.
    pub(crate) file: PathBuf,
}

/// How mail leaves.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// Nothing leaves: what is accepted waits.
    pub(crate) paused: bool,
    /// The port of MX hosts.
    pub(crate) port: u16,
    /// Local addresses to connect from.
    pub(crate) sources: Vec<IpAddr>,
    /// Which version of IP goes first.
    pub(crate) ip: IpOrder,
    /// Which mail goes through whom.
    pub(crate) routing: Routing,
    /// Policies of TLS for single domains.
    pub(crate) tls: TlsPolicies,
    /// When delivery is tried again, and for how long.
    pub(crate) retry: Retries,
    /// Which accounts go first.
    pub(crate) shares: Shares,
    /// The languages in which senders are told what became of their mail.
    pub(crate) languages: Languages,
}

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Limits on what peers may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Largest content, octets.
    pub(crate) message_size: usize,
    /// Most recipients of one message.
    pub(crate) recipients: usize,
    /// How long finished messages and events are kept.
    pub(crate) retention: Duration,
    /// How far in the future delivery may be asked for.
    pub(crate) ahead: Duration,
}

/// Where the configuration is looked for when `--config` names none.
pub(crate) const DEFAULT_PATHS: [&str; 2] = ["tegami.toml", "/etc/tegami/tegami.toml"];

impl Config {
    /// What URLs of ours begin with: as the configuration says, else the address at which we listen, as far as that tells. `bound` is what became
    /// of a port that is left to the system.
    pub(crate) fn base_url(&self, bound: Option<SocketAddr>) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        match bound.or(self.listen.http.first().copied()) {
            Some(address) if !address.ip().is_unspecified() => format!("http://{address}"),
            Some(address) => format!("http://{}:{}", self.hostname, address.port()),
            None => format!("https://{}", self.hostname),
        }
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// All problems at once, each with its place.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        let base = path.parent().unwrap_or(Path::new(""));
        schema::read(&text, base).map_err(|problems| ConfigError::Wrong {
            path: path.to_owned(),
            text,
            problems,
        })
    }

    /// The keys at the top level.
    #[cfg(test)]
    pub(crate) fn sections() -> std::collections::BTreeSet<&'static str> {
        schema::sections()
    }

    /// The file that is used: the one named, else the first default that exists.
    pub(crate) fn find(named: Option<&Path>) -> PathBuf {
        let first = || DEFAULT_PATHS.iter().map(PathBuf::from).find(|path| path.exists());
        named.map(Path::to_owned).or_else(first).unwrap_or_else(|| PathBuf::from(DEFAULT_PATHS[0]))
    }
}

#[cfg(test)]
mod tests;
