//! Return paths of our own: with what reverse-path a message leaves, and what an address proves to which something came back.
//!
//! The return path of a message is computed, never kept: of its identifier, the day it was accepted and the key of its domain. So
//! every attempt says the same, which greylisting wants, and nothing has to be looked up to know a forgery.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tegami_mail::{Address, Domain, ReversePath};
use tegami_report::return_path::{Proof, ReturnPaths};
use tegami_report::srs::{Srs, SrsProof};
use tegami_store::{MessageRow, Origin, QueueId};

/// The return paths of our domains. Empty, it changes nothing.
#[derive(Debug, Default)]
pub struct Returns {
    domains: RwLock<BTreeMap<Domain, Arc<OfDomain>>>,
    /// Domains whose messages leave with a return path of another host, and that host.
    hosts: RwLock<BTreeMap<Domain, Domain>>,
    /// For senders of mail that we send on: the first makes addresses, the others are believed.
    srs: Vec<[u8; 32]>,
}

/// An address that looks like a rewritten sender is forged, or its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotReturned;

/// A sender whose mail we sent on, named by an address that we made ourselves: only verifying one makes this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedSender {
    sender: Address,
    path: Address,
}

impl ReturnedSender {
    /// Who sent it first.
    pub fn sender(&self) -> &Address {
        &self.sender
    }

    /// The address that stands for that sender.
    pub fn path(&self) -> &Address {
        &self.path
    }
}

#[derive(Debug)]
struct OfDomain {
    paths: ReturnPaths,
    rewrites: AtomicBool,
}

/// What an address proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnTo {
    /// The return path of this message, made by us, and in time.
    Message(QueueId),
    /// It looks like a return path of ours, but is forged, or its time is over.
    Nobody,
    /// No return path.
    Elsewhere,
}

impl Returns {
    /// For these domains. None of their messages leaves with a return path of ours before [`Returns::rewrite`] says so; what comes
    /// back to one is known in any case.
    pub fn new(paths: impl IntoIterator<Item = ReturnPaths>) -> Self {
        let returns = Self::default();
        paths.into_iter().for_each(|paths| returns.add(paths));
        returns
    }

    /// One more domain, of whose messages the same is true.
    pub fn add(&self, paths: ReturnPaths) {
        let domain = paths.domain().clone();
        let of_domain = Arc::new(OfDomain { paths, rewrites: AtomicBool::new(false) });
        self.domains.write().unwrap_or_else(PoisonError::into_inner).insert(domain, of_domain);
    }

    /// Whether there are return paths of this domain.
    pub fn knows(&self, domain: &Domain) -> bool {
        self.of(domain).is_some()
    }

    fn of(&self, domain: &Domain) -> Option<Arc<OfDomain>> {
        self.domains.read().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }

    /// With keys for the senders of mail that we send on.
    #[must_use]
    pub fn with_srs(self, keys: Vec<[u8; 32]>) -> Self {
        Self { srs: keys, ..self }
    }

    fn srs(&self, domain: &Domain) -> Option<Srs> {
        let (newest, older) = self.srs.split_first()?;
        let srs = Srs::new(domain.clone(), newest);
        Some(older.iter().fold(srs, |srs, key| srs.with_older_key(key)))
    }

    /// What an address of one of our domains proves that looks like the rewritten sender of mail that we sent on.
    /// `None` where it does not look so.
    pub(crate) fn returned(
        &self,
        address: &Address,
        now: Timestamp,
    ) -> Option<Result<ReturnedSender, NotReturned>> {
        match self.srs(address.domain()?)?.reverse(address, now) {
            SrsProof::Genuine(sender) => Some(Ok(ReturnedSender { sender, path: address.clone() })),
            SrsProof::Old | SrsProof::Forged => Some(Err(NotReturned)),
            SrsProof::Foreign => None,
        }
    }

    /// With what reverse-path a stranger's message goes on: one of the domain that it came to, so that SPF speaks of us. A sender that leaves no
    /// room in it gets a return path of ours; what comes back to that is recorded here and goes no further.
    fn sent_on(&self, message: &MessageRow) -> ReversePath {
        let kept = || message.reverse_path.clone();
        let Some(sender) = message.reverse_path.address() else { return kept() };
        let Ok(domain) = Domain::parse(&message.domain) else { return kept() };
        if sender.domain().is_some_and(|sender| *sender == domain || self.knows(sender)) {
            return kept();
        }
        let Some(srs) = self.srs(&domain) else { return kept() };
        let rewritten = srs.forward(sender, message.accepted_at);
        let rewritten = rewritten.or_else(|| self.identity(&domain, message.id, message.accepted_at));
        rewritten.map_or_else(kept, ReversePath::Address)
    }

    /// What came from outside to a mailing list goes to its members with a return path of the list's domain (RFC 5321 section 3.9.2): what comes back
    /// tells of one member's copy, and is nothing to its author.
    fn of_list(&self, message: &MessageRow) -> Option<ReversePath> {
        let domain = Domain::parse(&message.domain).ok().filter(|_| message.summary.list.is_some())?;
        self.identity(&domain, message.id, message.accepted_at).map(ReversePath::Address)
    }

    /// What was decided for the domains of `before` holds for those that are here too.
    pub fn take_over(&self, before: &Self) {
        let before = before.domains.read().unwrap_or_else(PoisonError::into_inner);
        for (domain, of_domain) in &*before {
            self.rewrite(domain, of_domain.rewrites.load(Ordering::Relaxed));
        }
    }

    /// Whether messages of this domain leave with a return path of ours.
    pub fn rewrite(&self, domain: &Domain, rewrites: bool) {
        if let Some(of_domain) = self.of(domain) {
            of_domain.rewrites.store(rewrites, Ordering::Relaxed);
        }
    }

    /// Messages of this domain leave with return paths of a host below it, whose paths were added too; or no longer.
    pub fn lead_over(&self, domain: &Domain, host: Option<Domain>) {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        match host {
            Some(host) => hosts.insert(domain.clone(), host),
            None => hosts.remove(domain),
        };
    }

    fn host_of(&self, domain: &Domain) -> Option<Arc<OfDomain>> {
        let host = self.hosts.read().unwrap_or_else(PoisonError::into_inner).get(domain).cloned();
        self.of(&host?)
    }

    /// Whether what is written to this domain comes here, as far as is known.
    pub(crate) fn takes_mail(&self, domain: &Domain) -> bool {
        self.of(domain).is_some_and(|of_domain| of_domain.rewrites.load(Ordering::Relaxed))
    }

    /// What MAIL carries for this message: messages of our accounts leave with a return path of ours where their domain has one. It is of
    /// the same domain, so SPF finds what it would have found.
    pub fn reverse_path(&self, message: &MessageRow) -> ReversePath {
        if matches!(message.origin, Origin::Reception { .. }) {
            return self.of_list(message).unwrap_or_else(|| self.sent_on(message));
        }
        let kept = || message.reverse_path.clone();
        let ours = matches!(message.origin, Origin::Http { .. } | Origin::Submission { .. });
        let Some(domain) = message.reverse_path.address().and_then(Address::domain).filter(|_| ours) else {
            return kept();
        };
        let rewrites = |of_domain: &Arc<OfDomain>| of_domain.rewrites.load(Ordering::Relaxed);
        // What names below a domain send belongs to it, and comes back to it.
        let above = || Domain::parse(&message.domain).ok().filter(|above| domain.is_at_or_below(above));
        let of_domain = self.of(domain).or_else(|| self.of(&above()?));
        let elsewhere = self.host_of(domain).or_else(|| self.host_of(&above()?));
        let Some(of_domain) = elsewhere.or_else(|| of_domain.filter(rewrites)) else { return kept() };
        match of_domain.paths.make(&message.id.to_string(), message.accepted_at) {
            Ok(address) => ReversePath::Address(address),
            Err(error) => {
                tracing::error!(%error, message = %message.id, "no return path was made");
                kept()
            }
        }
    }

    /// What this address proves, to which something came at `now`.
    pub fn verify(&self, address: &Address, now: Timestamp) -> ReturnTo {
        let Some(of_domain) = address.domain().and_then(|domain| self.of(domain)) else {
            return ReturnTo::Elsewhere;
        };
        match of_domain.paths.verify(address, now) {
            Proof::Genuine { id } => id.parse().map_or(ReturnTo::Nobody, ReturnTo::Message),
            Proof::Old { .. } | Proof::Forged => ReturnTo::Nobody,
            Proof::Foreign => ReturnTo::Elsewhere,
        }
    }

    /// The identity of a message for complaints: its return path, whether or not it leaves with it. `None` for a domain that is not ours.
    pub fn identity(&self, domain: &Domain, id: QueueId, accepted_at: Timestamp) -> Option<Address> {
        self.of(domain)?.paths.make(&id.to_string(), accepted_at).ok()
    }
}

#[cfg(test)]
mod tests {
    use tegami_store::{EnvelopeParameters, Summary};

    use super::*;

    fn now() -> Timestamp {
        "2026-07-06T09:00:00Z".parse().unwrap()
    }

    fn returns() -> Returns {
        let domain = Domain::parse("example.org").unwrap();
        Returns::new([ReturnPaths::new("bounces", domain, &[7; 32]).unwrap()])
    }

    fn message(origin: Origin, reverse_path: &str) -> MessageRow {
        MessageRow {
            id: QueueId::from_bits(7),
            accepted_at: now(),
            origin,
            domain: "example.org".to_owned(),
            reverse_path: ReversePath::try_from(reverse_path.to_owned()).unwrap(),
            envelope_parameters: EnvelopeParameters::default(),
            summary: Summary::default(),
            verdicts: None,
        }
    }

    #[test]
    fn only_mail_of_our_accounts_from_our_domain_leaves_with_another_one() {
        let returns = returns();
        let http = || Origin::Http { account: "shop".to_owned() };
        let of = |origin, path| returns.reverse_path(&message(origin, path)).to_string();
        assert_eq!(of(http(), "a@example.org"), "a@example.org");
        returns.rewrite(&Domain::parse("example.org").unwrap(), true);
        let path = of(http(), "a@example.org");
        assert!(path.starts_with("bounces+") && path.ends_with("@example.org"), "{path}");
        assert_eq!(path, of(Origin::Submission { account: "a".to_owned() }, "b@example.org"));
        assert_eq!(of(http(), ""), "");
        assert_eq!(of(http(), "a@example.net"), "a@example.net");
        assert_eq!(of(http(), "a@sub.example.org"), path);
        let host = Domain::parse("bounce.example.org").unwrap();
        returns.add(ReturnPaths::new("bounces", host.clone(), &[8; 32]).unwrap());
        returns.lead_over(&Domain::parse("example.org").unwrap(), Some(host));
        let led = of(http(), "a@example.org");
        assert!(led.ends_with("@bounce.example.org"), "{led}");
        let id = ReturnTo::Message(QueueId::from_bits(7));
        assert_eq!(returns.verify(&Address::parse(&led).unwrap(), now()), id);
        returns.lead_over(&Domain::parse("example.org").unwrap(), None);
        assert_eq!(of(http(), "a@example.org"), path);
        assert_eq!(of(Origin::Own, "a@example.org"), "a@example.org");
        assert_eq!(
            of(Origin::Reception { ip: "192.0.2.1".parse().unwrap() }, "a@example.org"),
            "a@example.org"
        );
        let path = Address::parse(&path).unwrap();
        assert_eq!(returns.verify(&path, now()), ReturnTo::Message(QueueId::from_bits(7)));
    }

    #[test]
    fn what_nobody_made_and_what_is_over_is_nobodys() {
        let returns = returns();
        let id = QueueId::from_bits(7);
        let path = returns.identity(&Domain::parse("example.org").unwrap(), id, now()).unwrap();
        let check = |text: &str, at: Timestamp| returns.verify(&Address::parse(text).unwrap(), at);
        assert_eq!(check(&path.to_string(), now()), ReturnTo::Message(id));
        assert_eq!(check(&path.to_string(), "2026-08-10T09:00:00Z".parse().unwrap()), ReturnTo::Nobody);
        assert_eq!(check(&path.to_string().replace("bounces+", "bounces+0"), now()), ReturnTo::Nobody);
        assert_eq!(check("bounces+x@example.org", now()), ReturnTo::Nobody);
        assert_eq!(check("a@example.org", now()), ReturnTo::Elsewhere);
        assert_eq!(
            check(&path.to_string().replace("example.org", "example.net"), now()),
            ReturnTo::Elsewhere
        );
    }
}
