//! One host: a connection, a session, and as many transactions as the recipients need.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tegami_mail::{Envelope, Reply};
use tegami_proto::smtp::client::{self, FailureCause, SessionFailure, Transaction, TransactionReport};
use tegami_queue::{Failure, Peer, RecipientOutcome, Stage};

use super::{Approach, Target, Tour};
use crate::drive::{Link, TlsContext};
use crate::failure;
use crate::ledger::{Setback, Verdict};
use crate::moment;
use crate::pool::Key;
use crate::record::{HostResult, HostTry};
use crate::shape::{Shape, bound};
use crate::terms::Terms;
use crate::tls_policy::{Ends, HostPolicy};

/// What became of a session that was to carry the message.
enum Carried {
    /// It went through its recipients; whatever happened stands in the ledger.
    Done,
    /// It had been idle and was dead: nothing was handed over.
    Stale,
    /// It carried as many messages as one session may; somebody still waits.
    Full,
}

impl Tour<'_> {
    /// Hands the message to one host, over a session that waits there or a new one.
    pub(super) async fn visit(&mut self, target: &Target) {
        let _busy = self.courier.metrics.visit();
        let deadline = self.deadline;
        let Some(approach) = moment::before(deadline, self.approach(target)).await.flatten() else { return };
        let Approach { policy, terms } = &*approach;
        let place = self.courier.places.take(target.address.ip());
        let Some(_place) = moment::before(deadline, place).await else { return };
        let source = self.shape.map(|shape| Arc::clone(&shape.source().name));
        let key = Key::new(target.address, &target.host.host, terms, source);
        if let Some(link) = self.courier.pool.take(&key) {
            let mut entry = self.entry(target, policy);
            (entry.reused, entry.connected) = (true, true);
            if matches!(self.carry(link, &key, target, terms, entry).await, Carried::Done) {
                return;
            }
        }
        // A session that has carried enough messages ends, and another one goes on.
        let mut before = self.log.tries.len();
        while let Some((link, entry)) = self.open(target, policy, terms, self.entry(target, policy)).await {
            if !matches!(self.carry(link, &key, target, terms, entry).await, Carried::Full) {
                return;
            }
            before = self.log.tries.len();
        }
        if self.log.put_back.is_some() {
            return;
        }
        let handshake_failed = self.log.tries.get(before).is_some_and(|entry| {
            entry.connected && entry.failure.as_ref().is_some_and(|failure| failure.stage == Stage::StartTls)
        });
        if let Some(terms) = terms.in_clear().filter(|_| handshake_failed) {
            let mut entry = self.entry(target, policy);
            entry.fallback_to_clear = true;
            if let Some((link, entry)) = self.open(target, policy, &terms, entry).await {
                self.carry(link, &key, target, &terms, entry).await;
            }
        }
    }

    /// The terms with the target's host. A host that must not be used is noted at its first address, and passed over at the others.
    async fn approach(&mut self, target: &Target) -> Option<Arc<Approach>> {
        if let Some(known) = target.approach.get() {
            return known.clone();
        }
        let found = match self.policies.find(&target.host).await {
            Ok(policy) => Some(Arc::new(Approach { terms: self.terms.with(&policy), policy })),
            Err(refusal) => {
                refusal.observe(&target.host.host, self.courier);
                let entry = HostTry { policy: Some(refusal.record()), ..self.bare(target) };
                self.host_failed(entry, &Peer::default(), refusal.failure);
                None
            }
        };
        target.approach.get_or_init(|| async { found }).await.clone()
    }

    /// Connects and brings the session to where it can take a message. A failure is noted, and `None` returned.
    async fn open(
        &mut self,
        target: &Target,
        policy: &HostPolicy,
        terms: &Terms,
        mut entry: HostTry,
    ) -> Option<(Link, HostTry)> {
        let courier = self.courier;
        let settings = &courier.settings;

        // Waiting for a place took time too, and a dial without any left would only look like a dead host.
        if moment::passed(self.deadline) {
            return None;
        }
        let began = moment::now();
        if let Err(remembered) = courier.memory.admit(target.address, target.patience, began) {
            self.rests(target, remembered);
            return None;
        }
        let Some(room) = self.room(target) else {
            courier.memory.passed(target.address);
            return None;
        };
        let shaped = self.shape.map(Shape::source);
        let named = shaped.and_then(|source| bound(source, target.address.ip()));
        let source = named.or_else(|| settings.source.toward(target.address.ip()));
        let patience = moment::left(self.deadline, target.patience);
        let connection = match courier.dial.dial(target.address, source, patience).await {
            Ok(connection) => connection,
            Err(error) => {
                let failure = failure::of_connect(&error);
                // Where our own time was up, the host has not failed.
                if moment::passed(self.deadline) {
                    courier.memory.passed(target.address);
                } else {
                    courier.memory.failed(target.address, &failure.detail, moment::now());
                }
                entry.duration_ms = millis(began.elapsed());
                self.host_failed(entry, &Peer::default(), failure);
                return None;
            }
        };
        entry.connected = true;
        let context = TlsContext {
            tls: &courier.tls,
            host: &target.host.host,
            demand: terms.demand,
            trust: &terms.trust,
            clock: &*courier.clock,
            timeout: settings.timeouts.command,
            deadline: self.deadline,
        };
        let ehlo = shaped.and_then(|source| source.ehlo.as_deref());
        let session = terms.session(settings, ehlo, target.address.ip());
        let mut link = Link::begin(connection, session, &context).await;
        link.room = room;
        let ready = link.ready(&context).await;
        // The second connection, in clear, is none that a policy is about.
        if !entry.fallback_to_clear {
            policy.observe(link.tls.as_ref(), ready.as_ref().err(), ends(target, &link), courier);
        }
        match ready {
            Ok(()) => {
                courier.memory.reached(target.address);
                Some((link, entry))
            }
            Err(error) => {
                let mut failure = self.with_setting(failure::of_session(error, terms));
                if let Some(why) = policy.distrust(&link, terms, &entry.host) {
                    failure.detail = why;
                }
                // A host that takes connections and never says a word is as good as dead.
                if failure.stage == Stage::Greeting
                    && failure.reply.is_none()
                    && !moment::passed(self.deadline)
                {
                    courier.memory.failed(target.address, &failure.detail, moment::now());
                } else {
                    courier.memory.reached(target.address);
                }
                self.heard(target, Some(&failure));
                let peer = peer(target, &link, began.elapsed());
                fill(&mut entry, &mut link, began);
                self.host_failed(entry, &peer, failure);
                link.leave();
                None
            }
        }
    }

    /// Transaction after transaction, until nobody waits for this host any more.
    async fn carry(
        &mut self,
        mut link: Link,
        key: &Key,
        target: &Target,
        terms: &Terms,
        mut entry: HostTry,
    ) -> Carried {
        let began = link.began_if_fresh(entry.reused);
        let mut waiting = self.log.ledger.open();
        let (recipients, messages) = self.sizes(target);
        while !waiting.is_empty() {
            if link.messages >= messages {
                self.finish(entry, link, began).end();
                return Carried::Full;
            }
            let rest = waiting.split_off(waiting.len().min(recipients));
            let batch = std::mem::replace(&mut waiting, rest);
            let transaction = self.transaction(&batch);
            let patience = self.courier.settings.limits.patience(transaction.content.len());
            let limit = moment::now().checked_add(patience).into_iter().chain(self.deadline).min();
            match link.deliver(transaction, limit).await {
                Ok(report) if entry.reused && is_farewell(&report) => return Carried::Stale,
                Ok(report) => {
                    let peer = peer(target, &link, began.elapsed());
                    let ends = report.recipients.iter().any(|result| result.reply.code == 421);
                    let again = self.settle(&batch, report.recipients, &peer, &mut entry, target);
                    waiting.splice(0..0, again);
                    if ends {
                        self.finish(entry, link, began).leave();
                        return Carried::Done;
                    }
                }
                Err(error) if entry.reused && is_stale(&error) => return Carried::Stale,
                Err(error) => {
                    let peer = peer(target, &link, began.elapsed());
                    let decided = link.session().decided().to_vec();
                    let undecided = self.settle_decided(&batch, decided, &peer, &mut entry, target);
                    fill(&mut entry, &mut link, began);
                    self.lost(&undecided, (error, link.cut), terms, entry, &peer, target);
                    link.leave();
                    return Carried::Done;
                }
            }
        }
        let link = self.finish(entry, link, began);
        if link.messages >= messages {
            link.end();
            return Carried::Done;
        }
        let limits = &self.courier.settings.limits;
        self.courier.pool.park(key.clone(), link, limits.idle, limits.idle_sessions);
        Carried::Done
    }

    fn finish(&mut self, mut entry: HostTry, mut link: Link, began: Instant) -> Link {
        fill(&mut entry, &mut link, began);
        self.note(entry);
        link
    }

    fn transaction(&self, batch: &[usize]) -> Transaction {
        let whole = &self.parcel.envelope;
        let forward_paths =
            batch.iter().filter_map(|at| whole.forward_paths.get(*at)).cloned().collect::<Vec<_>>();
        let envelope = Envelope {
            reverse_path: whole.reverse_path.clone(),
            forward_paths,
            body: whole.body,
            smtputf8: whole.smtputf8,
            require_tls: whole.require_tls,
            dsn: whole.dsn.clone(),
        };
        Transaction { envelope, content: Bytes::clone(&self.parcel.content) }
    }

    /// Notes what the server said for each recipient, and gives back those who belong into another transaction with the same host.
    fn settle(
        &mut self,
        batch: &[usize],
        results: Vec<client::RecipientResult>,
        peer: &Peer,
        entry: &mut HostTry,
        target: &Target,
    ) -> Vec<usize> {
        let host = Some(self.log.tries.len());
        let progress = results.iter().any(|result| result.reply.is_completion());
        let mut again = Vec::new();
        for (at, result) in batch.iter().zip(results) {
            let stage = failure::stage(result.stage);
            entry.results.push(self.host_result(*at, stage, &result.reply));
            if result.reply.is_completion() && stage == Stage::EndOfData {
                self.heard(target, None);
                let outcome = RecipientOutcome::Delivered { reply: result.reply };
                self.log.ledger.settle(*at, Verdict { outcome, peer: Some(peer.clone()), host });
            } else if progress && is_too_many(stage, &result.reply) {
                again.push(*at);
            } else {
                let failure = failure::of_refusal(stage, result.reply);
                self.heard(target, Some(&failure));
                let setback = Setback { failure, peer: Some(peer.clone()), host };
                let bearing = self.bearing(&setback);
                self.log.ledger.refused(*at, setback, bearing);
            }
        }
        again
    }

    /// Before the session ended the server had refused some: that stands. Gives back the others.
    fn settle_decided(
        &mut self,
        batch: &[usize],
        decided: Vec<Option<client::RecipientResult>>,
        peer: &Peer,
        entry: &mut HostTry,
        target: &Target,
    ) -> Vec<usize> {
        let mut undecided = Vec::new();
        let mut decided = decided.into_iter();
        for at in batch {
            match decided.next().flatten() {
                Some(result) => drop(self.settle(&[*at], vec![result], peer, entry, target)),
                None => undecided.push(*at),
            }
        }
        undecided
    }

    fn host_result(&self, at: usize, stage: Stage, reply: &Reply) -> HostResult {
        let path = self.parcel.envelope.forward_paths.get(at);
        let address = path.map(|path| path.address.to_string()).unwrap_or_default();
        HostResult { address, stage, reply: reply.clone() }
    }

    /// The session ended within a transaction. After the final dot nobody knows whether the server has the message: it is not
    /// offered to another host in the same attempt, which would make a second copy certain where now it is only possible.
    /// Where the end could not even be written, nobody has it.
    fn lost(
        &mut self,
        batch: &[usize],
        (error, cut): (SessionFailure, bool),
        terms: &Terms,
        mut entry: HostTry,
        peer: &Peer,
        target: &Target,
    ) {
        let at_end = error.stage == client::Stage::EndOfData;
        if !at_end || cut || matches!(error.cause, FailureCause::Refused(_)) {
            let stage = if at_end { client::Stage::Data } else { error.stage };
            let error = SessionFailure { stage, ..error };
            let failure = failure::of_session(error, terms);
            self.heard(target, Some(&failure));
            self.host_failed(entry, peer, failure);
            return;
        }
        let failure = failure::of_lost_reply();
        let host = Some(self.log.tries.len());
        for at in batch {
            let outcome = RecipientOutcome::PossiblyDelivered(failure.clone());
            self.log.ledger.settle(*at, Verdict { outcome, peer: Some(peer.clone()), host });
        }
        entry.failure = Some((&failure).into());
        self.note(entry);
    }

    fn host_failed(&mut self, mut entry: HostTry, peer: &Peer, failure: Failure) {
        entry.failure = Some((&failure).into());
        let peer = Peer { host: entry.host.clone(), ip: Some(entry.ip), ..peer.clone() };
        self.log.ledger.host_failed(Setback { failure, peer: Some(peer), host: Some(self.log.tries.len()) });
        self.note(entry);
    }

    /// A failed login is told with the table of the configuration that is to be put right.
    fn with_setting(&self, failure: Failure) -> Failure {
        match self.leg.course.smarthost() {
            Some(smarthost) if failure.stage == Stage::Auth => failure::of_login(failure, smarthost),
            _ => failure,
        }
    }

    fn entry(&self, target: &Target, policy: &HostPolicy) -> HostTry {
        HostTry { policy: Some(policy.record()), ..self.bare(target) }
    }

    /// Nothing has happened yet.
    fn bare(&self, target: &Target) -> HostTry {
        HostTry {
            host: target.host.host.to_string(),
            ip: target.address.ip(),
            port: target.address.port(),
            preference: target.host.preference,
            smarthost: self.leg.course.smarthost().map(|smarthost| smarthost.name.clone()),
            policy: None,
            source: None,
            connected: false,
            reused: false,
            fallback_to_clear: false,
            tls: None,
            transcript: tegami_mail::Transcript::default(),
            results: Vec::new(),
            failure: None,
            duration_ms: 0,
        }
    }

    fn note(&mut self, entry: HostTry) {
        self.courier.metrics.tried(&entry);
        let failure = entry.failure.as_ref().map(|failure| failure.detail.id.as_str());
        tracing::debug!(host = entry.host, ip = %entry.ip, failure, duration_ms = entry.duration_ms, "host tried");
        self.log.tries.push(entry);
    }
}

/// RFC 5321 section 4.5.3.1.10: too many recipients for one transaction; the rest goes in another.
fn is_too_many(stage: Stage, reply: &Reply) -> bool {
    let enhanced = reply.enhanced.is_none_or(|code| (code.subject, code.detail) == (5, 3));
    stage == Stage::Recipient && reply.code == 452 && enhanced
}

/// The server ends an idle session with 421 instead of an answer to MAIL.
fn is_farewell(report: &TransactionReport) -> bool {
    let mut results = report.recipients.iter();
    results.all(|result| {
        result.reply.code == 421 && matches!(result.stage, client::Stage::Mail | client::Stage::Idle)
    })
}

/// An idle session that its server ended meanwhile, or ends now with 421, before it had the message.
fn is_stale(error: &SessionFailure) -> bool {
    let ended = match &error.cause {
        FailureCause::Closed | FailureCause::Timeout => true,
        FailureCause::Refused(reply) => reply.code == 421,
        _ => false,
    };
    ended && matches!(error.stage, client::Stage::Idle | client::Stage::Mail)
}

/// Completes an entry with what the session knows.
fn fill(entry: &mut HostTry, link: &mut Link, began: Instant) {
    entry.source = link.source;
    entry.tls.clone_from(&link.tls);
    entry.transcript = link.take_transcript();
    entry.duration_ms = millis(began.elapsed());
}

fn peer(target: &Target, link: &Link, session: Duration) -> Peer {
    Peer {
        host: target.host.host.to_string(),
        ip: Some(target.address.ip()),
        source: link.source,
        tls: link.tls.as_ref().map(Into::into),
        dsn: link.session().capabilities().dsn,
        session,
    }
}

fn ends(target: &Target, link: &Link) -> Ends {
    Ends {
        host: target.host.host.to_string(),
        ip: target.address.ip().to_string(),
        source: link.source.map(|ip| ip.to_string()).unwrap_or_default(),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
