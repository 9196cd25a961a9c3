//! What the room was given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use tegami_auth::Network;
use tegami_dns::Resolver;
use tegami_doctor::Reach;
use tegami_doctor::probe::NoProbes;
use tegami_mail::{Clock, Domain};
use tegami_queue::shaping::Shaping;
use tegami_queue::{
    Accounts, Control, DkimKeys, Domains, Holds, Intake, NoCaller, OurDomain, Throttle, ThrottlePolicy,
};
use tegami_store::{NodeId, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::brake::Proven;
use crate::calls::{CallSettings, Calls};
use crate::checkup::{CheckupSettings, Checkups, Registry};
use crate::domain::{DomainDesk, Offers, Sources};
use crate::error::ApiError;
use crate::people::{People, chance};
use crate::public::{FormSettings, Rates, Recent};

/// What the API goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How clients reach this server, such as `https://mail.example.org`, without a slash at its end. Without it the URLs in answers
    /// are made of the request's Host field.
    pub public_url: Option<String>,
    /// Largest message in octets. Intake has the last word on it.
    pub max_size: u64,
    /// Largest request in octets.
    pub max_request: u64,
    /// How long the server keeps messages that are over; a domain may want to keep its own for a shorter time.
    pub retention: Duration,
    /// Clients on loopback that call us by a loopback name need neither key nor sign-in for `/api/` and the pages, and may do everything: the
    /// lab.
    pub open_on_loopback: bool,
    /// Where mail leaves from: what domains have to publish names it.
    pub sources: Sources,
    /// Forms that web sites may send, by name.
    pub forms: BTreeMap<String, FormSettings>,
    /// What this server has for every domain whose mail it takes.
    pub offers: Offers,
    /// Plans ask the servers of a domain's zone themselves; where not, the resolver alone, as where the DNS is a text.
    pub asks_zones: bool,
    /// Proxies that are believed when they say whence a request came.
    pub proxies: Vec<Network>,
}

impl Settings {
    /// The usual limits: messages of 25 MiB, requests of 52.4 MiB, messages for three days, a key for everybody.
    pub fn new(hostname: Domain) -> Self {
        Self {
            public_url: None,
            max_size: 25 << 20,
            max_request: 54_945_383,
            retention: Duration::from_secs(3 * 24 * 3600),
            open_on_loopback: false,
            sources: Sources { hostname, addresses: Vec::new() },
            forms: BTreeMap::new(),
            offers: Offers::default(),
            asks_zones: false,
            proxies: Vec::new(),
        }
    }
}

/// The rooms this one stands on.
#[derive(Clone)]
pub struct Rooms {
    /// Messages, events, suppressions.
    pub store: Arc<dyn Store>,
    /// Which domains messages may be sent for, and whose events are shown.
    pub domains: Arc<Domains>,
    /// What they sign with.
    pub keys: Arc<DkimKeys>,
    /// Who may.
    pub accounts: Arc<Accounts>,
    /// Where messages go.
    pub intake: Arc<Intake>,
    /// Who answers for the DNS.
    pub resolver: Arc<dyn Resolver>,
    /// What is known of failed logins, here and at other doors.
    pub throttle: Arc<Mutex<Throttle>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who may sign in to the pages.
    pub people: Arc<People>,
    /// The loop that delivers; it is told of what people change.
    pub control: Arc<Control>,
    /// Standing rules that hold mail.
    pub holds: Arc<Holds>,
    /// How fast mail goes to whom.
    pub shaping: Arc<Shaping>,
    /// Who makes requests to somebody's URL, and knows what became of them.
    pub calls: Arc<Calls>,
    /// The doctor's practice.
    pub checkups: Arc<Checkups>,
    /// In whose name rows of the queue are changed.
    pub node: NodeId,
}

impl Rooms {
    /// Where nothing delivers and nobody is asked: no loop to be told, no rules, no history, and nobody who guessed passwords before.
    pub fn new(
        store: Arc<dyn Store>,
        domains: Arc<Domains>,
        keys: Arc<DkimKeys>,
        accounts: Arc<Accounts>,
        intake: Arc<Intake>,
        resolver: Arc<dyn Resolver>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let throttle = Arc::new(Mutex::new(Throttle::new(ThrottlePolicy::default())));
        let guard = Arc::clone(&throttle);
        let people = People::new(Arc::clone(&store), Arc::clone(&accounts), Arc::clone(&clock), guard);
        let calls = CallSettings::new("http://localhost".to_owned());
        let calls = Calls::new(Arc::clone(&store), Arc::clone(&clock), Arc::new(NoCaller), calls);
        let checkups = Checkups::new(
            Registry { store: Arc::clone(&store), domains: Arc::clone(&domains), keys: Arc::clone(&keys) },
            Arc::clone(&clock),
            Arc::clone(&resolver),
            Arc::new(NoProbes),
            CheckupSettings {
                reach: Reach::Documentation,
                sources: Vec::new(),
                helo: None,
                lists: Arc::default(),
            },
        );
        Self {
            calls: Arc::new(calls),
            checkups: Arc::new(checkups),
            store,
            domains,
            keys,
            accounts,
            intake,
            resolver,
            throttle,
            clock,
            people: Arc::new(people),
            control: Arc::default(),
            holds: Arc::default(),
            shaping: Arc::default(),
            node: NodeId("web".to_owned()),
        }
    }
}

/// Settings and rooms, shared by all requests.
pub(crate) struct House {
    pub(crate) settings: Settings,
    pub(crate) rooms: Rooms,
    /// What forms carry of visitors who have no session.
    pub(crate) csrf: Arc<str>,
    /// What was counted a moment ago.
    pub(crate) counted: crate::api::overview::Memory,
    /// Readers of our mail who were counted a moment ago.
    pub(crate) recent: Recent,
    /// Who administers domains.
    pub(crate) desk: DomainDesk,
    /// Which API keys were proven from which addresses.
    pub(crate) proven: Proven,
    /// How often forms were sent lately.
    pub(crate) rates: Rates,
    /// Room for bodies under way, in KiB.
    bodies: Arc<Semaphore>,
}

/// Bodies of all requests together, in KiB: senders of large files wait for each other rather than for the memory to run out.
const ROOM: usize = 512 << 10;

/// As handlers get it.
pub(crate) type Shared = Arc<House>;

impl House {
    pub(crate) fn new(settings: Settings, rooms: Rooms) -> Self {
        // Without chance no form is accepted: nothing is the same as nothing.
        let csrf = chance().unwrap_or_default().into();
        let recent = Recent::default();
        let desk = DomainDesk {
            domains: Arc::clone(&rooms.domains),
            keys: Arc::clone(&rooms.keys),
            accounts: Arc::clone(&rooms.accounts),
            links: rooms.intake.links().cloned(),
            calls: Arc::clone(&rooms.calls),
            resolver: Arc::clone(&rooms.resolver),
            sources: settings.sources.clone(),
            clock: Arc::clone(&rooms.clock),
        };
        Self {
            settings,
            rooms,
            csrf,
            counted: crate::api::overview::Memory::default(),
            recent,
            desk,
            proven: Proven::default(),
            rates: Rates::default(),
            bodies: Arc::new(Semaphore::new(ROOM)),
        }
    }

    /// Waits until there is room for the body of a request, at most `limit` octets long; it is given back when the request is done. A body that
    /// does not say how long it is counts as the longest one.
    pub(crate) async fn room_for(
        &self,
        headers: &HeaderMap,
        limit: u64,
    ) -> Result<OwnedSemaphorePermit, ApiError> {
        let declared =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let octets = declared.unwrap_or(u64::MAX).min(limit);
        let kibibytes = usize::try_from(octets >> 10).unwrap_or(ROOM).clamp(1, ROOM);
        let permits = u32::try_from(kibibytes).unwrap_or(u32::MAX);
        Arc::clone(&self.bodies).acquire_many_owned(permits).await.map_err(|_| ApiError::Internal)
    }

    /// A domain of ours, as somebody wrote it.
    pub(crate) async fn known_domain(&self, written: &str) -> Result<Domain, ApiError> {
        let domain =
            Domain::parse(written.trim()).map_err(|error| ApiError::bad(format!("domain: {error}")))?;
        match self.rooms.domains.find(&domain).await? {
            Some(_) => Ok(domain),
            None => Err(ApiError::NotFound(format!("Domain not found: {domain}"))),
        }
    }

    /// The domain of ours that this one is, or lies below; the longest where several fit.
    pub(crate) async fn domain_above(&self, domain: &Domain) -> Result<Option<Arc<OurDomain>>, ApiError> {
        Ok(self.rooms.domains.roll().await?.above(domain).cloned())
    }
}
