//! Where a message would go: the ways of an attempt with their hosts, without a connection.

use std::net::{IpAddr, SocketAddr};

use tegami_mail::{Envelope, Host, Note, StoredNote};
use tegami_queue::shaping;

use crate::Courier;
use crate::destination::Destination;
use crate::memory::Remembered;
use crate::moment;
use crate::record::RouteRecord;
use crate::route::{Course, Route};
use crate::terms::Terms;
use crate::tls_policy::PolicyRecord;

/// Where a message would go.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The route that is for it.
    pub route: Option<RouteRecord>,
    /// What that route does.
    pub step: Option<StoredNote>,
    /// The ways in the order in which they are tried.
    pub ways: Vec<PlannedWay>,
}

/// One way.
#[derive(Clone, Debug)]
pub struct PlannedWay {
    /// What the configuration calls the smarthost; `None` for the recipient's own hosts.
    pub smarthost: Option<String>,
    /// Its hosts, and how they were found.
    pub destination: Destination,
    /// Their port.
    pub port: u16,
    /// TLS begins with the first octet.
    pub implicit_tls: bool,
    /// What TLS is worth with each host, and why.
    pub policies: Vec<PolicyRecord>,
    /// The user name for AUTH.
    pub user: Option<String>,
    /// Addresses that failed a moment ago, with what is remembered of them.
    pub remembered: Vec<(IpAddr, Remembered)>,
}

impl PlannedWay {
    /// What is remembered of an address.
    pub fn remembered(&self, ip: IpAddr) -> Option<&Remembered> {
        self.remembered.iter().find(|(known, _)| *known == ip).map(|(_, remembered)| remembered)
    }

    /// The addresses that would be connected to, in order.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let hosts = self.destination.hosts.iter().flatten();
        hosts.flat_map(|host| host.addresses.iter().copied())
    }
}

impl Courier {
    /// Where a message of this envelope and these tags would go for this next hop. The DNS is asked; nothing is connected to.
    pub async fn preview(&self, envelope: &Envelope, next_hop: &Host, tags: &[String]) -> Preview {
        let route = self.settings.route(envelope, next_hop, tags);
        self.ways(envelope, next_hop, route, route.map(Route::step)).await
    }

    /// The same for a message on the course that the shaper gives it.
    pub async fn preview_on(
        &self,
        course: &shaping::Course,
        envelope: &Envelope,
        next_hop: &Host,
        tags: &[String],
    ) -> Preview {
        match self.settings.overflow(course) {
            Some((route, step)) => self.ways(envelope, next_hop, Some(&route), Some(step)).await,
            None => self.preview(envelope, next_hop, tags).await,
        }
    }

    async fn ways(
        &self,
        envelope: &Envelope,
        next_hop: &Host,
        route: Option<&Route>,
        step: Option<Note>,
    ) -> Preview {
        let mut ways = Vec::new();
        for course in route.map_or_else(|| vec![Course::Direct], Route::courses) {
            ways.push(self.planned(course, route, envelope, next_hop).await);
        }
        Preview {
            route: route.map(|route| RouteRecord { name: route.name.clone(), order: route.order }),
            step: step.map(StoredNote::from),
            ways,
        }
    }

    async fn planned(
        &self,
        course: Course<'_>,
        route: Option<&Route>,
        envelope: &Envelope,
        next_hop: &Host,
    ) -> PlannedWay {
        let terms = Terms::new(&self.settings, course.smarthost(), envelope);
        let destination = self.find(course, route, next_hop).await;
        let policies = self.tls_policies(&destination, &terms).await;
        let mut way = PlannedWay {
            smarthost: course.smarthost().map(|smarthost| smarthost.name.clone()),
            destination,
            port: terms.port,
            implicit_tls: terms.implicit_tls,
            policies,
            user: terms.credentials.map(|credentials| credentials.username),
            remembered: Vec::new(),
        };
        let now = moment::now();
        let known = |ip| Some((ip, self.memory.of(SocketAddr::new(ip, terms.port), now)?));
        way.remembered = way.addresses().filter_map(known).collect();
        way
    }
}
