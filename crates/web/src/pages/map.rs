//! The picture of the small internet: who is there, and how it went with each so far.

use super::reader::Reader;
use super::show::visible;
use super::stage::{HostView, Role, Visit};

/// Height of one machine in the picture.
const STEP: usize = 58;

/// The picture: our site in the middle, the DNS above it, senders to the left, receivers to the right.
#[derive(Debug)]
pub(crate) struct MapView {
    pub(crate) height: usize,
    pub(crate) site: Option<Machine>,
    pub(crate) dns: Option<Machine>,
    pub(crate) senders: Vec<Machine>,
    pub(crate) receivers: Vec<Machine>,
    /// All of them, for the list.
    pub(crate) all: Vec<Machine>,
}

/// One machine.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) explanation: String,
    pub(crate) role: String,
    /// `good`, `bad`, `mixed`, `silent`, `idle`: how it went with the messages from our site.
    pub(crate) tone: &'static str,
    /// The middle of its box in the picture.
    pub(crate) y: usize,
    pub(crate) taken: usize,
    pub(crate) refused: usize,
}

impl MapView {
    pub(crate) fn new(reader: &Reader, hosts: Vec<HostView>, visits: &[Visit]) -> Self {
        let mut view = Self {
            height: 0,
            site: None,
            dns: None,
            senders: Vec::new(),
            receivers: Vec::new(),
            all: Vec::new(),
        };
        let site = hosts.iter().find(|host| host.role == Role::Site).map(|host| ip(&host.address).to_owned());
        let site = site.unwrap_or_default();
        for host in hosts {
            let role = host.role;
            let machine = Machine::new(reader, host, visits, &site);
            view.all.push(machine.clone());
            match role {
                Role::Site => view.site = Some(machine),
                Role::Dns => view.dns = Some(machine),
                Role::Sender => view.senders.push(machine),
                Role::Receiver | Role::Silent => view.receivers.push(machine),
            }
        }
        let rows = view.receivers.len().max(view.senders.len()).max(4);
        view.height = rows * STEP;
        for list in [&mut view.senders, &mut view.receivers] {
            let start = (rows - list.len()) * STEP / 2 + STEP / 2;
            for (at, machine) in list.iter_mut().enumerate() {
                machine.y = start + at * STEP;
            }
        }
        view
    }

    /// The middle of the picture.
    pub(crate) fn middle(&self) -> usize {
        self.height / 2
    }
}

impl Machine {
    fn new(reader: &Reader, host: HostView, visits: &[Visit], site: &str) -> Self {
        let mine = || visits.iter().filter(|visit| visit.host == host.name);
        let taken = mine().filter(|visit| visit.accepted).count();
        let refused = mine().count() - taken;
        // The wire is the one to our site, whatever strangers did here.
        let ours =
            |accepted| mine().filter(|visit| visit.client == site && visit.accepted == accepted).count();
        let (role, tone) = match (host.role, ours(true), ours(false)) {
            (Role::Site, ..) => ("web-role-site", "site"),
            (Role::Dns, ..) => ("web-role-dns", "idle"),
            (Role::Sender, ..) => ("web-role-sender", "idle"),
            (Role::Silent, ..) => ("web-role-silent", "silent"),
            (Role::Receiver, 0, 0) => ("web-role-receiver", "idle"),
            (Role::Receiver, _, 0) => ("web-role-receiver", "good"),
            (Role::Receiver, 0, _) => ("web-role-receiver", "bad"),
            (Role::Receiver, ..) => ("web-role-receiver", "mixed"),
        };
        Self {
            explanation: visible(&reader.stored(&host.explanation)),
            name: host.name,
            address: host.address,
            role: reader.say(role),
            tone,
            y: 0,
            taken,
            refused,
        }
    }
}

/// An endpoint without its port.
fn ip(endpoint: &str) -> &str {
    match endpoint.parse::<std::net::IpAddr>() {
        Ok(_) => endpoint,
        Err(_) => endpoint.rsplit_once(':').map_or(endpoint, |(ip, _)| ip.trim_matches(['[', ']'])),
    }
}
