//! Routes: which mail goes by the recipient's MX hosts, which through a smarthost, and in which order where both are allowed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tegami_mail::{Domain, Envelope, Host, Note, ReversePath, note};
use tegami_proto::smtp::server::Credentials;
use tegami_queue::gate::GateFacts;
use tegami_queue::shaping::{self, Overflowed};

use crate::policy::{IpOrder, Settings, TlsDemand};

/// Which mail goes which ways.
#[derive(Clone, Debug)]
pub struct Route {
    /// What the configuration calls it.
    pub name: String,
    /// Whose mail, by the domain of the reverse-path: any of these; all where the list is empty.
    pub senders: Vec<Match>,
    /// Mail to whom, by domain: any of these; all where the list is empty.
    pub recipients: Vec<Match>,
    /// Mail with one of these tags; whatever its tags where the list is empty.
    pub tags: Vec<String>,
    /// In which order the ways are tried.
    pub order: Order,
    /// The smarthosts, in the order in which they are tried; none for [`Order::Direct`].
    pub smarthosts: Vec<Arc<Smarthost>>,
    /// Which version of IP goes first, where it differs from the rest.
    pub ip: Option<IpOrder>,
}

/// In which order the ways of a route are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The MX hosts only.
    Direct,
    /// The smarthosts only.
    Always,
    /// The smarthosts, then the MX hosts.
    RelayFirst,
    /// The MX hosts, then the smarthosts.
    DirectFirst,
    /// Everything to the first smarthost, and never to anybody else: for the desk of a developer.
    Development,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Direct, Self::Always, Self::RelayFirst, Self::DirectFirst, Self::Development];

    /// The word of the configuration and of records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Always => "always",
            Self::RelayFirst => "relay-first",
            Self::DirectFirst => "direct-first",
            Self::Development => "development",
        }
    }
}

/// Which domains a [`Route`] is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// This one.
    Domain(Domain),
    /// All below this one, and not the domain itself.
    Below(Domain),
    /// The null reverse-path: notifications.
    NullReversePath,
}

impl Match {
    fn matches(&self, domain: Option<&Domain>) -> bool {
        match (self, domain) {
            (Self::Domain(wanted), Some(domain)) => domain == wanted,
            (Self::Below(wanted), Some(domain)) => domain != wanted && domain.is_at_or_below(wanted),
            (Self::NullReversePath, _) | (_, None) => false,
        }
    }
}

/// A smarthost: our route through another provider. Its name is asked for addresses, never for MX records.
#[derive(Clone, Debug)]
pub struct Smarthost {
    /// What the configuration calls it.
    pub name: String,
    /// Name or literal.
    pub host: Host,
    /// Its port: 587, 465, 2525, 25.
    pub port: u16,
    /// When TLS begins.
    pub tls: SmarthostTls,
    /// Name and password for AUTH.
    pub credentials: Option<Credentials>,
    /// The table of the configuration that its name and password stand in, for those who must put them right.
    pub setting: String,
}

/// When TLS begins on the way to a smarthost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmarthostTls {
    /// With STARTTLS, of this worth.
    StartTls(TlsDemand),
    /// With the first octet (RFC 8314 section 3.3), of this worth.
    Implicit(TlsDemand),
}

impl SmarthostTls {
    /// What TLS is worth.
    pub fn demand(self) -> TlsDemand {
        match self {
            Self::StartTls(demand) | Self::Implicit(demand) => demand,
        }
    }
}

/// One way that an attempt may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course<'a> {
    /// The MX hosts of the recipient's domain.
    Direct,
    /// A smarthost of ours.
    Through(&'a Smarthost),
}

impl<'a> Course<'a> {
    /// The smarthost, if it is one.
    pub(crate) fn smarthost(self) -> Option<&'a Smarthost> {
        match self {
            Self::Direct => None,
            Self::Through(smarthost) => Some(smarthost),
        }
    }
}

impl Settings {
    /// The route of this mail; without one it goes to the MX hosts.
    pub fn route(&self, envelope: &Envelope, next_hop: &Host, tags: &[String]) -> Option<&Route> {
        let reverse_path = &envelope.reverse_path;
        let sender = reverse_path.address().and_then(|address| address.domain());
        let from = |wanted: &Match| match wanted {
            Match::NullReversePath => *reverse_path == ReversePath::Null,
            wanted => wanted.matches(sender),
        };
        self.routes.iter().find(|route| route.is_for(from, next_hop, tags))
    }

    /// The route of mail whose reverse-path is of this domain, or of none.
    pub fn route_from(&self, sender: Option<&Domain>, next_hop: &Host, tags: &[String]) -> Option<&Route> {
        let from = |wanted: &Match| wanted.matches(sender);
        self.routes.iter().find(|route| route.is_for(from, next_hop, tags))
    }

    /// Through which smarthost a job is sent first, where that is one.
    pub fn first_smarthost(&self, job: &GateFacts<'_>) -> Option<String> {
        // Where an operator sent it, past the routes, its next hop is no host, and leads to that smarthost by itself.
        let next_hop = Host::parse(job.next_hop).ok()?;
        let sender = Domain::parse(&job.facts.sender_domain).ok();
        let route = self.route_from(sender.as_ref(), &next_hop, &job.facts.tags)?;
        Some(route.first_smarthost()?.host.to_string())
    }

    /// The way of mail for which its source has no more room today, and why.
    pub(crate) fn overflow(&self, course: &shaping::Course) -> Option<(Route, Note)> {
        let overflow = course.overflow.as_deref()?;
        let relay = self.relays.iter().find(|relay| relay.name == overflow.relay)?;
        let route = Route::for_all(&relay.name, Order::Always, vec![Arc::clone(relay)]);
        Some((route, overflow_step(&course.source.name, overflow)))
    }
}

/// Why mail goes through a smarthost that no route names.
fn overflow_step(source: &str, overflow: &Overflowed) -> Note {
    let Overflowed { relay, place, day, allowance } = overflow;
    note!(
        "outbound-route-overflow",
        source = source,
        place = place,
        relay = relay,
        day = day,
        allowance = allowance
    )
}

impl Route {
    /// Everything through these smarthosts, in this order.
    pub fn for_all(name: &str, order: Order, smarthosts: Vec<Arc<Smarthost>>) -> Self {
        let (senders, recipients, tags) = (Vec::new(), Vec::new(), Vec::new());
        Self { name: name.to_owned(), senders, recipients, tags, order, smarthosts, ip: None }
    }

    fn is_for(&self, from: impl Fn(&Match) -> bool, next_hop: &Host, tags: &[String]) -> bool {
        (self.senders.is_empty() || self.senders.iter().any(from))
            && (self.recipients.is_empty()
                || self.recipients.iter().any(|wanted| wanted.matches(next_hop.domain())))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag)))
    }

    /// The smarthost that mail of this route goes through first; `None` where it goes to the recipient's own hosts first.
    pub fn first_smarthost(&self) -> Option<&Smarthost> {
        match self.order {
            Order::Direct | Order::DirectFirst => None,
            Order::Always | Order::Development | Order::RelayFirst => {
                self.smarthosts.first().map(Arc::as_ref)
            }
        }
    }

    /// The ways in the order in which they are tried.
    pub(crate) fn courses(&self) -> Vec<Course<'_>> {
        let through = self.smarthosts.iter().map(|smarthost| Course::Through(smarthost));
        match self.order {
            Order::Direct => vec![Course::Direct],
            Order::Always => through.collect(),
            Order::Development => through.take(1).collect(),
            Order::RelayFirst => through.chain([Course::Direct]).collect(),
            Order::DirectFirst => std::iter::once(Course::Direct).chain(through).collect(),
        }
    }

    /// Why mail goes the ways it goes.
    pub(crate) fn step(&self) -> Note {
        let (route, first) = (&self.name, self.smarthosts.first());
        match (self.order, first) {
            (Order::Direct, _) | (_, None) => note!("outbound-route-direct", route = route),
            (Order::Always, _) => note!("outbound-route-always", route = route, relays = self.names()),
            (Order::RelayFirst, _) => {
                note!("outbound-route-relay-first", route = route, relays = self.names())
            }
            (Order::DirectFirst, _) => {
                note!("outbound-route-direct-first", route = route, relays = self.names())
            }
            (Order::Development, Some(first)) => {
                note!("outbound-route-development", route = route, host = first.host, port = first.port)
            }
        }
    }

    fn names(&self) -> String {
        self.smarthosts.iter().map(|smarthost| smarthost.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    fn smarthost(name: &str) -> Arc<Smarthost> {
        Arc::new(Smarthost {
            name: name.to_owned(),
            host: Host::parse("smart.example").unwrap(),
            port: 587,
            tls: SmarthostTls::StartTls(TlsDemand::Verified),
            credentials: None,
            setting: String::new(),
        })
    }

    #[test]
    fn the_first_route_that_is_for_the_mail_decides() {
        let route = |name: &str| Route::for_all(name, Order::Always, vec![smarthost("one")]);
        let mut settings = Settings::new(domain("mail.example.org"));
        let example = || vec![Match::Domain(domain("example.org"))];
        settings.routes = vec![
            Route { senders: example(), tags: vec!["news".to_owned()], ..route("tagged") },
            Route {
                senders: example(),
                recipients: vec![Match::Below(domain("example.net"))],
                ..route("below")
            },
            Route {
                senders: example(),
                recipients: vec![Match::Domain(domain("example.net"))],
                ..route("itself")
            },
            Route { senders: example(), ..route("sender") },
            Route { senders: vec![Match::NullReversePath], ..route("notifications") },
        ];
        let via = |from: &str, to: &str, tags: &[&str]| {
            let envelope = Envelope::new(ReversePath::try_from(from.to_owned()).unwrap(), []);
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            let route = settings.route(&envelope, &Host::parse(to).unwrap(), &tags);
            route.map_or("", |route| route.name.as_str()).to_owned()
        };
        assert_eq!(via("a@example.org", "mx.example.net", &[]), "below");
        assert_eq!(via("a@example.org", "mx.example.net", &["news", "other"]), "tagged");
        assert_eq!(via("a@example.org", "example.net", &["other"]), "itself");
        assert_eq!(via("a@example.org", "notexample.net", &[]), "sender");
        assert_eq!(via("a@example.org", "[192.0.2.1]", &[]), "sender");
        assert_eq!(via("a@sub.example.org", "example.net", &[]), "");
        assert_eq!(via("", "example.net", &[]), "notifications");
    }

    #[test]
    fn orders() {
        let ways = |order| {
            let route = Route::for_all("r", order, vec![smarthost("one"), smarthost("two")]);
            let name = |course: Course<'_>| course.smarthost().map_or("direct", |host| &host.name).to_owned();
            route.courses().into_iter().map(name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ways(Order::Direct), "direct");
        assert_eq!(ways(Order::Always), "one two");
        assert_eq!(ways(Order::RelayFirst), "one two direct");
        assert_eq!(ways(Order::DirectFirst), "direct one two");
        assert_eq!(ways(Order::Development), "one");
    }
}
