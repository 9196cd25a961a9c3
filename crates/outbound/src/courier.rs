//! Whoever carries messages to other hosts.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_mail::{Clock, Domain, Envelope, Host};
use tegami_report::tls_rpt;

use crate::attempt::{self, AttemptReport, Parcel};
use crate::connect::{Dial, Tcp};
use crate::destination::{self, Destination};
use crate::drive::Link;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::mta_sts::MtaSts;
use crate::place::Places;
use crate::policy::{Settings, TlsDemand};
use crate::pool::Pool;
use crate::route::{Course, Route};
use crate::shape::Shape;
use crate::terms::Terms;
use crate::tls::Tls;
use crate::tls_policy::{Finder, Observation, Observe, PolicyRecord};

/// Why sending cannot begin at all.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// The TLS library refuses the settings; ours is the fault, and trying again does not help.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Carries messages to their next hops, and shares between attempts what is worth sharing: idle sessions, knowledge of dead hosts.
/// It knows no queue and no store: `tegami send --direct` and the library use it as it is.
pub struct Courier {
    pub(crate) settings: Settings,
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dial: Arc<dyn Dial>,
    pub(crate) mta_sts: Option<Arc<MtaSts>>,
    observer: Option<Arc<dyn Observe>>,
    pub(crate) tls: Arc<Tls>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) places: Arc<Places>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) metrics: Metrics,
    rng: Mutex<fastrand::Rng>,
}

impl Courier {
    /// `roots` are the certificates that are trusted; without any every certificate still encrypts, and none is trusted.
    ///
    /// # Errors
    /// [`OutboundError::Tls`] when the TLS library refuses the roots.
    pub fn new(
        settings: Settings,
        roots: RootCertStore,
        resolver: Arc<dyn Resolver>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutboundError> {
        Ok(Self {
            places: Arc::new(Places::new(settings.limits.connections_per_address)),
            tls: Arc::new(Tls::new(roots)?),
            memory: Arc::new(Memory::new(settings.limits.failure_memory)),
            pool: Arc::default(),
            metrics: Metrics::default(),
            rng: Mutex::default(),
            settings,
            resolver,
            clock,
            dial: Arc::new(Tcp),
            mta_sts: None,
            observer: None,
        })
    }

    /// Fixes the order among MX hosts of equal preference: for tests.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { rng: Mutex::new(fastrand::Rng::with_seed(seed)), ..self }
    }

    /// Sends over another network than the machine's.
    #[must_use]
    pub fn over(self, dial: Arc<dyn Dial>) -> Self {
        Self { dial, ..self }
    }

    /// One that goes by other settings and shares with this one all that was learned and all that is open. How many connections one address
    /// gets stays what it was.
    #[must_use]
    pub fn renewed(&self, settings: Settings) -> Self {
        Self {
            settings,
            resolver: Arc::clone(&self.resolver),
            clock: Arc::clone(&self.clock),
            dial: Arc::clone(&self.dial),
            mta_sts: self.mta_sts.clone(),
            observer: self.observer.clone(),
            tls: Arc::clone(&self.tls),
            memory: Arc::clone(&self.memory),
            places: Arc::clone(&self.places),
            pool: Arc::clone(&self.pool),
            metrics: self.metrics.clone(),
            rng: Mutex::new(self.rng.lock().unwrap_or_else(PoisonError::into_inner).fork()),
        }
    }

    /// Trusts these certificates from now on.
    ///
    /// # Errors
    /// [`OutboundError::Tls`] when the TLS library refuses the roots.
    pub fn trusting(self, roots: RootCertStore) -> Result<Self, OutboundError> {
        Ok(Self { tls: Arc::new(Tls::new(roots)?), ..self })
    }

    /// Counts here, beside others that do.
    #[must_use]
    pub fn counting(self, metrics: Metrics) -> Self {
        Self { pool: Arc::new(Pool::counting(metrics.idle.clone())), metrics, ..self }
    }

    /// Keeps to the policies of MTA-STS; without, domains that have only those are sent to as if they had none.
    #[must_use]
    pub fn with_mta_sts(self, mta_sts: Arc<MtaSts>) -> Self {
        Self { mta_sts: Some(mta_sts), ..self }
    }

    /// The policies of MTA-STS, where they are kept to.
    pub fn mta_sts(&self) -> Option<&Arc<MtaSts>> {
        self.mta_sts.as_ref()
    }

    /// Tells of the TLS of every session.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observe>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// What TLS is worth with each host of a destination, in their order; no host is connected to.
    pub(crate) async fn tls_policies(&self, destination: &Destination, terms: &Terms) -> Vec<PolicyRecord> {
        let finder = Finder::new(self, &[], destination, terms);
        let mut records = Vec::new();
        for host in destination.hosts.iter().flatten() {
            records.push(match finder.find(host).await {
                Ok(policy) => policy.record(),
                Err(refusal) => refusal.record(),
            });
        }
        records
    }

    pub(crate) fn observe(
        &self,
        domain: &Domain,
        policy: &tls_rpt::Policy,
        failure: Option<tls_rpt::Failure>,
    ) {
        if let Some(observer) = &self.observer {
            let (domain, policy) = (domain.clone(), policy.clone());
            observer.observe(Observation { at: self.clock.now(), domain, policy, failure });
        }
    }

    /// How we send.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The hosts of one way.
    pub(crate) async fn find(
        &self,
        course: Course<'_>,
        route: Option<&Route>,
        next_hop: &Host,
    ) -> Destination {
        let search =
            destination::Search::new(&self.settings, route.and_then(|route| route.ip), &*self.resolver);
        match course {
            Course::Through(smarthost) => search.smarthost(next_hop, smarthost).await,
            Course::Direct => {
                let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner).fork();
                search.find(next_hop, &mut rng).await
            }
        }
    }

    /// Tries once to hand over a message to the hosts of one next hop. Never fails: what goes wrong is the report.
    pub async fn attempt(&self, parcel: &Parcel) -> AttemptReport {
        self.attempt_with(parcel, TlsDemand::Never).await
    }

    /// The same, with what TLS must at least be worth for the sender, whatever the destination's policies say.
    pub async fn attempt_with(&self, parcel: &Parcel, least: TlsDemand) -> AttemptReport {
        attempt::attempt(parcel, least, self, None).await
    }

    /// The same, within what the shaper allows.
    pub(crate) async fn attempt_shaped(
        &self,
        parcel: &Parcel,
        least: TlsDemand,
        shape: Option<&Shape>,
    ) -> AttemptReport {
        attempt::attempt(parcel, least, self, shape).await
    }

    /// Tries once to hand over a message to all its recipients, one attempt for each next hop, all at the same time. Reports come in the
    /// order in which the next hops first occur.
    pub async fn send(&self, envelope: &Envelope, content: &Bytes) -> Vec<AttemptReport> {
        let parcels = Parcel::all(envelope, &[], content);
        futures_util::future::join_all(parcels.iter().map(|parcel| self.attempt(parcel))).await
    }

    /// Ends the sessions that wait for further messages, each with QUIT: before the program ends.
    pub async fn close(&self) {
        let mut links = self.pool.drain();
        futures_util::future::join_all(links.iter_mut().map(Link::quit)).await;
    }
}

impl Parcel {
    /// One parcel for each next hop.
    pub fn all(envelope: &Envelope, tags: &[String], content: &Bytes) -> Vec<Self> {
        let mut parcels: Vec<Self> = Vec::new();
        for path in &envelope.forward_paths {
            let next_hop = path.address.host();
            if let Some(parcel) = parcels.iter_mut().find(|parcel| parcel.next_hop == *next_hop) {
                parcel.envelope.forward_paths.push(path.clone());
                continue;
            }
            let envelope = Envelope { forward_paths: vec![path.clone()], ..envelope.clone() };
            let (next_hop, content) = (next_hop.clone(), content.clone());
            parcels.push(Self { envelope, next_hop, tags: tags.to_vec(), content });
        }
        parcels
    }
}
