//! The queue's jobs, carried out.

use std::sync::Arc;

use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_mail::{Clock, EnhancedStatusCode, Envelope, ForwardPath, Host, Note, note};
use tegami_queue::gate::GateFacts;
use tegami_queue::shaping::Shaping;
use tegami_queue::{Deliver, Failure, Job, Outcome, RecipientResult, Stage};
use tegami_store::{BoxFuture, HopTls, Json, Store};

use crate::attempt::{AttemptReport, Parcel};
use crate::courier::{Courier, OutboundError};
use crate::policy::{Settings, TlsDemand};
use crate::shape::Shape;
use crate::via::Via;

/// RFC 3463 section 3.4: other or undefined mail system status, ours.
const OWN_SYSTEM: EnhancedStatusCode = EnhancedStatusCode::new(4, 3, 0);

/// Reads a job's content from the store and has the [`Courier`] carry it.
pub struct Outbound {
    courier: Arc<Courier>,
    store: Arc<dyn Store>,
    shaping: Option<Arc<Shaping>>,
}

impl Outbound {
    /// As [`Courier::new`], with the store that holds the content of queued messages.
    ///
    /// # Errors
    /// As [`Courier::new`].
    pub fn new(
        settings: Settings,
        roots: RootCertStore,
        resolver: Arc<dyn Resolver>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutboundError> {
        Ok(Self::with(Arc::new(Courier::new(settings, roots, resolver, clock)?), store))
    }

    /// With a courier that others use too.
    pub fn with(courier: Arc<Courier>, store: Arc<dyn Store>) -> Self {
        Self { courier, store, shaping: None }
    }

    /// Leaves as this shaper says, which stands at the gate of the schedule too, and tells it what it hears.
    #[must_use]
    pub fn shaped_by(self, shaping: Arc<Shaping>) -> Self {
        Self { shaping: Some(shaping), ..self }
    }

    /// The same with another courier.
    #[must_use]
    pub fn renewed(&self, courier: Arc<Courier>) -> Self {
        Self { courier, store: Arc::clone(&self.store), shaping: self.shaping.clone() }
    }

    /// The courier.
    pub fn courier(&self) -> &Arc<Courier> {
        &self.courier
    }

    async fn carry(&self, job: Job) -> Outcome {
        let mut job = job;
        match self.parcel(&mut job).await {
            Ok(parcel) => {
                let shape = self.shape(&job);
                let least = demand(job.message.envelope_parameters.hop_tls);
                // An operator may have sent it another way than the routes do.
                let report = match Via::read(&job.next_hop) {
                    Some(via) => {
                        via.courier(&self.courier).attempt_shaped(&parcel, least, shape.as_ref()).await
                    }
                    None => self.courier.attempt_shaped(&parcel, least, shape.as_ref()).await,
                };
                outcome(job, report)
            }
            Err(detail) => {
                let failure = Failure::without_reply(Stage::Local, OWN_SYSTEM, detail);
                let now = self.courier.clock.now();
                Outcome::failed(job, now, Json::default(), &failure, None)
            }
        }
    }

    fn shape(&self, job: &Job) -> Option<Shape> {
        let (shaping, row) = (self.shaping.as_ref()?, job.rows.first()?);
        let Job { number, message, next_hop, .. } = job;
        let facts = GateFacts { number: *number, message: message.id, next_hop, facts: &row.facts };
        let course = shaping.course(&facts, self.courier.clock.now());
        Some(Shape::new(Arc::clone(shaping), Arc::clone(&self.courier.clock), course))
    }

    async fn parcel(&self, job: &mut Job) -> Result<Parcel, Note> {
        let unreadable = |error: String| note!("outbound-content-unreadable", error = error);
        // On a way of an operator's, the hop is told as the host that the mail goes to.
        let hop = Via::read(&job.next_hop).map_or_else(|| Host::parse(&job.next_hop), |via| Ok(via.host));
        let next_hop = hop.map_err(|error| unreadable(error.to_string()))?;
        let content = match job.content.take() {
            Some(content) => content,
            None => {
                let content = self.store.content(job.message.id, None);
                content.await.map_err(|error| unreadable(error.to_string()))?
            }
        };
        let parameters = &job.message.envelope_parameters;
        let envelope = Envelope {
            reverse_path: job.reverse_path.clone(),
            forward_paths: job.rows.iter().map(|row| forward_path(job, &row.path)).collect(),
            body: parameters.body,
            smtputf8: parameters.smtputf8,
            require_tls: parameters.require_tls,
            dsn: parameters.dsn.clone(),
        };
        Ok(Parcel { envelope, next_hop, tags: job.message.summary.tags.clone(), content })
    }
}

impl Deliver for Outbound {
    fn attempt(&self, job: Job) -> BoxFuture<'_, Outcome> {
        Box::pin(self.carry(job))
    }
}

/// To a return path of ours come notifications that we match ourselves: ORCPT (which RFC 3461 section 5.2.1 lets a relay add) names
/// the recipient even after it was forwarded.
fn forward_path(job: &Job, path: &ForwardPath) -> ForwardPath {
    let rewritten = job.reverse_path != job.message.reverse_path;
    let added = || {
        let plain = rewritten && !path.address.needs_smtputf8();
        plain.then(|| format!("rfc822;{}", path.address))
    };
    ForwardPath { original_recipient: path.original_recipient.clone().or_else(added), ..path.clone() }
}

/// The least that TLS must be worth for the submitter.
fn demand(hop_tls: HopTls) -> TlsDemand {
    match hop_tls {
        HopTls::AsPolicy => TlsDemand::Never,
        HopTls::Encrypted => TlsDemand::Encrypted,
        HopTls::Verified => TlsDemand::Verified,
    }
}

fn outcome(job: Job, report: AttemptReport) -> Outcome {
    let record = Json::of(&report.record);
    let rows = job.rows.iter().map(|row| row.id);
    let recipients = rows
        .zip(report.recipients)
        .map(|(row, recipient)| RecipientResult { row, peer: recipient.peer, outcome: recipient.outcome })
        .collect();
    Outcome { job, began_at: report.began_at, record, recipients, put_back: report.put_back }
}
