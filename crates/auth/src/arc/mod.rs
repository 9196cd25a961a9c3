//! ARC (RFC 8617): whether the chain of seals that a message brings is whole.
//!
//! Each handler that changes a message on its way may add a *set* of three fields: what it found
//! (ARC-Authentication-Results), a signature over the message as it left (ARC-Message-Signature), and a seal over
//! the sets so far (ARC-Seal). [`verify`] tells whether the chain holds. It informs, it decides nothing: whoever seals can
//! write any results into a set, so a whole chain is worth what its sealers are.

mod field;
mod set;

use jiff::Timestamp;
use serde::Serialize;
use tegami_mail::{HeaderError, Note, Text, note};

use crate::dkim::answers::KeyAnswers;
use crate::dkim::hash::{BodyHashes, Message, with_empty_signature};
use crate::dkim::key::{PublicKey, PublishedKey};
use crate::dkim::record_name;
use crate::{Records, Step};

use field::{Origin, Seal};
use set::{Chain, Fault, Set};

/// Most sets of a chain (RFC 8617 section 4.2.1).
pub const MAX_SETS: u8 = 50;

/// The Chain Validation Status (RFC 8617 section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum ArcResult {
    None,
    Pass,
    Fail,
}

impl ArcResult {
    /// The word as it stands in result fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}

/// What became of the chain.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: ArcResult,
    /// The highest instance, which is the number of sets of a whole chain; 0 where there is none.
    pub instance: u8,
    /// The domain that made the newest seal; empty where it could not be read.
    pub domain: String,
    /// The lowest instance from which on nothing that was signed has changed; 0 where that holds from the first set
    /// on (RFC 8617 section 5.2). `None` where the chain does not pass.
    pub oldest_pass: Option<u8>,
    /// Why, for people.
    pub reason: Note,
    /// How it was found.
    pub steps: Vec<Step>,
}

/// Judges the chain of a content (RFC 8617 section 5.2), which has CRLF at its line ends.
pub async fn verify(content: &[u8], records: impl Into<Records<'_>>, now: Timestamp) -> Verdict {
    let records = records.into();
    match Message::new(content) {
        Ok(message) => {
            let mut bodies = BodyHashes::new(message.body);
            Reading::of(&message).judge(&message, &mut bodies, records, now).await
        }
        Err(error) => unread(&error),
    }
}

/// The verdict on a message whose header section is beyond all measure.
pub(crate) fn unread(error: &HeaderError) -> Verdict {
    Draft::default().fail(SEAL, note!("dkim-header-section", error = error), "RFC 8617 section 5.2")
}

/// The chain of a message as it was read, before anything is verified.
pub(crate) struct Reading<'a>(Result<Option<Chain<'a>>, Fault>);

impl<'a> Reading<'a> {
    /// Reads the chain.
    pub(crate) fn of(message: &Message<'a>) -> Self {
        Self(Chain::collect(message))
    }

    /// Says which hash of the body will be asked for first, and perhaps alone.
    pub(crate) fn announce(&self, bodies: &mut BodyHashes<'_>) {
        if let Ok(Some(chain)) = &self.0 {
            let signature = &chain.newest().signature;
            bodies.announce(signature.body, signature.length);
        }
    }

    /// Judges it.
    pub(crate) async fn judge(
        self,
        message: &Message<'_>,
        bodies: &mut BodyHashes<'_>,
        records: Records<'_>,
        now: Timestamp,
    ) -> Verdict {
        let mut draft = Draft::default();
        let chain = match self.0 {
            Ok(None) => return draft.none(),
            Ok(Some(chain)) => chain,
            Err(fault) => {
                draft.instance = fault.instance;
                return draft.fail(fault.term, fault.note, fault.source);
            }
        };
        draft.instance = chain.highest();
        draft.domain = chain.newest().seal.origin.domain.to_string();
        for set in chain.sets() {
            draft.tell_set(set);
        }
        if let Err(fault) = chain.check_validation() {
            return draft.fail(fault.term, fault.note, fault.source);
        }
        draft.judge(&chain, message, bodies, records, now).await
    }
}

const RESULTS: &str = "ARC-Authentication-Results";
const SIGNATURE: &str = "ARC-Message-Signature";
const SEAL: &str = "ARC-Seal";

/// `ARC-Seal i=2`
fn term(field: &str, instance: u8) -> String {
    format!("{field} i={instance}")
}

/// A verdict that is being found.
#[derive(Debug, Default)]
struct Draft {
    instance: u8,
    domain: String,
    steps: Vec<Step>,
}

impl Draft {
    fn step(
        &mut self,
        term: impl Into<Text>,
        domain: &str,
        outcome: &'static str,
        note: Note,
        source: &'static str,
    ) {
        let (domain, term) = (domain.into(), term.into());
        self.steps.push(Step { depth: 0, domain, term, outcome, note, source, spent: None });
    }

    fn tell_set(&mut self, set: &Set<'_>) {
        let found = note!(
            "arc-set-found",
            instance = set.instance,
            domain = set.seal.origin.domain,
            results = set.results_text()
        );
        let domain = set.seal.origin.domain.to_string();
        self.step(term(RESULTS, set.instance), &domain, "found", found, "RFC 8617 section 4.1.1");
    }

    fn none(mut self) -> Verdict {
        self.step(SEAL, "", "none", note!("arc-none"), "RFC 8617 section 5.2");
        self.conclude(ArcResult::None, None, note!("arc-none"))
    }

    fn fail(mut self, term: impl Into<Text>, fault: Note, source: &'static str) -> Verdict {
        let domain = self.domain.clone();
        self.step(term, &domain, "fail", fault.clone(), source);
        self.conclude(ArcResult::Fail, None, fault)
    }

    fn conclude(self, result: ArcResult, oldest_pass: Option<u8>, reason: Note) -> Verdict {
        let Self { instance, domain, steps } = self;
        Verdict { result, instance, domain, oldest_pass, reason, steps }
    }

    /// The signatures: the newest of the message, the older ones as far as they hold, then all seals (RFC 8617 section
    /// 5.2, steps 4 to 6).
    async fn judge(
        mut self,
        chain: &Chain<'_>,
        message: &Message<'_>,
        bodies: &mut BodyHashes<'_>,
        records: Records<'_>,
        now: Timestamp,
    ) -> Verdict {
        let newest = chain.newest();
        // One key decides whether the others are asked for at all: a stranger chooses how many there are.
        let keys = KeyAnswers::ask(std::iter::once(&key_name(&newest.signature.origin)), records).await;
        self.tell_future(newest, now);
        if let Err(fault) = verify_signature(newest, message, &keys, bodies) {
            return self.fail(term(SIGNATURE, newest.instance), fault, "RFC 8617 section 5.2");
        }
        let domain = &newest.signature.origin.domain;
        let pass = note!("arc-signature-pass", instance = newest.instance, domain = domain);
        self.step(term(SIGNATURE, newest.instance), domain.as_str(), "pass", pass, "RFC 8617 section 5.2");
        let origins = chain.sets().flat_map(|set| [&set.signature.origin, &set.seal.origin]);
        let names: Vec<Text> = origins.map(key_name).collect();
        let keys = KeyAnswers::ask(names.iter(), records).await;
        for set in chain.sets() {
            bodies.announce(set.signature.body, set.signature.length);
        }
        let oldest_pass = self.oldest_pass(chain, message, &keys, bodies);
        for (set, digest) in chain.seal_hashes() {
            let Seal { origin, .. } = &set.seal;
            if let Err(fault) = verify_seal(set, &digest, &keys) {
                return self.fail(term(SEAL, set.instance), fault, "RFC 8617 section 5.2");
            }
            let pass = note!("arc-seal-pass", instance = set.instance, domain = origin.domain);
            self.step(term(SEAL, set.instance), origin.domain.as_str(), "pass", pass, "RFC 8617 section 5.2");
        }
        let reason = note!("arc-pass", count = self.instance, domain = self.domain);
        self.conclude(ArcResult::Pass, Some(oldest_pass), reason)
    }

    /// How far back the message is as it was signed (RFC 8617 section 5.2, step 5).
    fn oldest_pass(
        &mut self,
        chain: &Chain<'_>,
        message: &Message<'_>,
        keys: &KeyAnswers,
        bodies: &mut BodyHashes<'_>,
    ) -> u8 {
        for set in chain.sets().rev().skip(1) {
            let domain = set.signature.origin.domain.to_string();
            if let Err(fault) = verify_signature(set, message, keys, bodies) {
                let place = term(SIGNATURE, set.instance);
                self.step(place.clone(), &domain, "noted", fault, "RFC 8617 section 5.2");
                let changed = note!(
                    "arc-changed-since",
                    instance = set.instance,
                    domain = domain,
                    next = set.instance + 1
                );
                self.step(place, &domain, "noted", changed, "RFC 8617 section 5.2");
                return set.instance + 1;
            }
            let pass = note!("arc-signature-pass", instance = set.instance, domain = domain);
            self.step(term(SIGNATURE, set.instance), &domain, "pass", pass, "RFC 8617 section 5.2");
        }
        0
    }

    /// A seal of the future tells of a wrong clock; it breaks nothing.
    fn tell_future(&mut self, set: &Set<'_>, now: Timestamp) {
        let now = u64::try_from(now.as_second()).unwrap_or_default();
        if let Some(time) = set.seal.time.filter(|&time| time > now) {
            let moment = i64::try_from(time).ok().and_then(|time| Timestamp::from_second(time).ok());
            let time = moment.map_or_else(|| time.to_string(), |moment| moment.to_string());
            let domain = set.seal.origin.domain.to_string();
            let note = note!("dkim-time-future", time = time);
            self.step(term(SEAL, set.instance), &domain, "noted", note, "RFC 8617 section 4.1.3");
        }
    }
}

fn key_name(origin: &Origin) -> Text {
    record_name(&origin.selector, &origin.domain).into()
}

/// The first usable key of the name, or why there is none.
fn usable_keys(origin: &Origin, keys: &KeyAnswers) -> Result<Vec<PublicKey>, Note> {
    let name = key_name(origin);
    let published = keys.answer(&name).map_err(|error| {
        if error.is_void() {
            note!("dkim-key-none", name = name, answer = error)
        } else {
            note!("dkim-key-unavailable", name = name, error = error)
        }
    })?;
    let usable = |published: &Result<PublishedKey, Note>| {
        let PublishedKey { record, key } = published.as_ref().map_err(Note::clone)?;
        record.serves(origin.algorithm)?;
        key.clone()
    };
    let mut found = Vec::new();
    let mut first_fault = None;
    for key in &published.keys {
        match usable(key) {
            Ok(key) => found.push(key),
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    if found.is_empty() {
        return Err(first_fault.unwrap_or_else(|| note!("dkim-key-none", name = name, answer = "NODATA")));
    }
    Ok(found)
}

/// The ARC-Message-Signature of a set, as DKIM verifies its own (RFC 8617 section 4.1.2).
fn verify_signature(
    set: &Set<'_>,
    message: &Message<'_>,
    keys: &KeyAnswers,
    bodies: &mut BodyHashes<'_>,
) -> Result<(), Note> {
    let signature = &set.signature;
    let Origin { domain, signature: octets, span, .. } = &signature.origin;
    let usable = usable_keys(&signature.origin, keys)?;
    let hash = bodies.get(signature.body, signature.length);
    let short = signature.length.is_some_and(|length| length > hash.total);
    if short || hash.digest.as_ref() != signature.body_hash {
        return Err(note!("arc-signature-body", instance = set.instance, domain = domain));
    }
    let own = with_empty_signature(&set.signature_field, span);
    let holds = signature.header.iter().any(|how| {
        let digest = message.header_hash(*how, &signature.fields, &own);
        usable.iter().any(|key| key.verifies(&digest, octets))
    });
    if holds {
        return Ok(());
    }
    let fields = signature.fields.join(", ");
    Err(note!("arc-signature-header", instance = set.instance, domain = domain, fields = fields))
}

fn verify_seal(set: &Set<'_>, digest: &aws_lc_rs::digest::Digest, keys: &KeyAnswers) -> Result<(), Note> {
    let Origin { domain, signature, .. } = &set.seal.origin;
    let usable = usable_keys(&set.seal.origin, keys)?;
    if usable.iter().any(|key| key.verifies(digest, signature)) {
        return Ok(());
    }
    Err(note!("arc-seal-fail", instance = set.instance, domain = domain))
}

/// Entry for the fuzz target and its replay: bytes in, nothing out, no panic.
#[doc(hidden)]
pub mod fuzz {
    /// Collects the sets of a content and hashes what their seals cover.
    pub fn chain(content: &[u8]) {
        let Ok(message) = super::Message::new(content) else { return };
        if let Ok(Some(chain)) = super::Chain::collect(&message) {
            let _ = (chain.check_validation(), chain.seal_hashes().len());
        }
    }
}

#[cfg(test)]
mod tests;
