//! Why a signature fails. A hash tells nothing of what it was made from; but the things that mailing lists, gateways,
//! scanners and forgers do to a message can be undone and tried. What makes a hash fit is proven; what only leaves traces is
//! told as possible. The body hash and the header hash are independent, so each is searched alone.

mod body;
mod content;
mod date;
mod digest;
mod effort;
mod evidence;
mod gap;
mod header;
mod opened;
mod original;
mod part;
mod people;
mod recoding;
mod subject;
pub(super) mod survivor;
#[cfg(test)]
mod tests;
mod view;

use tegami_mail::{Note, note};

use super::Canonicalization;
use super::hash::Message;
use super::key::{KeyType, PublicKey};
use super::signature::Signature;
use super::verify::{BODY, HEADER};
use body::BodyChange;
use effort::Effort;
use gap::Target;
use header::HeaderFinding;
use part::Structure;

/// A signature that does not fit the message, with all that is known of it.
pub(super) struct Failure<'a> {
    /// The message as it came.
    pub(super) message: &'a Message<'a>,
    /// What the signature claims.
    pub(super) signature: &'a Signature,
    /// The signature's own field with an empty `b=`, as it is hashed.
    pub(super) own: &'a [u8],
    /// The published keys that the signature may use.
    pub(super) keys: &'a [PublicKey],
    /// Whether the body hash is right.
    pub(super) body_holds: bool,
    /// Whether one of the keys verifies the header hash.
    pub(super) header_holds: bool,
}

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    /// In the order in which they are told.
    pub(super) findings: Vec<Finding>,
    /// The verdict's reason, where more is known than which hash fails.
    pub(super) reason: Option<Note>,
}

/// One thing that was found out.
#[derive(Debug)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) term: &'static str,
    /// `proven` by a hash that fits, `possible` by traces, or `noted` beside them.
    pub(super) outcome: &'static str,
    /// What, for people.
    pub(super) note: Note,
    /// The rule.
    pub(super) source: &'static str,
}

/// Looks into the failures of one message, and remembers what it has found.
#[derive(Debug)]
pub(super) struct Examiner {
    effort: Effort,
    structure: Option<Structure>,
    bodies: Vec<Body>,
}

/// What was found of the body by one signature: those of one message mostly ask the same.
#[derive(Debug)]
struct Body {
    how: Canonicalization,
    length: Option<u64>,
    hash: Vec<u8>,
    change: Option<BodyChange>,
}

impl Examiner {
    pub(super) fn new(message: &Message<'_>) -> Self {
        let effort = Effort::for_message(message.body.len());
        Self { effort, structure: None, bodies: Vec::new() }
    }

    /// Tries what may have been done to the message.
    pub(super) fn diagnose(&mut self, failure: &Failure<'_>) -> Diagnosis {
        let message = failure.message;
        let structure = self.structure.take().unwrap_or_else(|| {
            let field = |name| message.uppermost(name).map(|(_, field)| field);
            Structure::read(message.body, field("content-type"), field("content-transfer-encoding"))
        });
        let body = if failure.body_holds { None } else { self.body(failure, &structure) };
        let header = (!failure.header_holds).then(|| header::explain(failure, &structure, &mut self.effort));
        self.structure = Some(structure);
        let mut diagnosis =
            Diagnosis { reason: reason(failure, body.as_ref(), header.as_ref()), ..Diagnosis::default() };
        diagnosis.tell_body(failure, body.as_ref());
        if let Some(header) = &header {
            diagnosis.tell_header(failure, header);
        }
        let open = !failure.body_holds && body.is_none()
            || matches!(header, Some(HeaderFinding::Genuine | HeaderFinding::Unknown));
        if open && self.effort.is_spent() {
            diagnosis.add(BODY, "noted", note!("dkim-search-ended"), RULE);
        }
        diagnosis.tell_survival(failure, body.as_ref(), header.as_ref());
        diagnosis
    }

    fn body(&mut self, failure: &Failure<'_>, structure: &Structure) -> Option<BodyChange> {
        let Signature { body: how, length, body_hash: hash, .. } = failure.signature;
        let known =
            self.bodies.iter().find(|body| (body.how, body.length, &body.hash) == (*how, *length, hash));
        if let Some(known) = known {
            return known.change.clone();
        }
        if hash.len() != BODY_HASH {
            return None;
        }
        let target = Target { how: *how, length: *length, hash };
        let change = body::explain(failure.message.body, structure, target, &mut self.effort);
        let body = Body { how: *how, length: *length, hash: hash.clone(), change: change.clone() };
        self.bodies.push(body);
        change
    }
}

/// Octets of a signature by a key (RFC 8017 section 8.2.1, RFC 8032 section 5.1.6).
fn signature_length(key: &PublicKey) -> usize {
    if key.key_type == KeyType::Ed25519 { 64 } else { key.bits.div_ceil(8) }
}

/// Octets of the hash in `bh=`: both algorithms use SHA-256 (RFC 8301 section 3.1, RFC 8463 section 3).
const BODY_HASH: usize = 32;

const RULE: &str = "RFC 6376 section 6.1.3";

/// The reason of the verdict, where the cause is known.
fn reason(failure: &Failure<'_>, body: Option<&BodyChange>, header: Option<&HeaderFinding>) -> Option<Note> {
    let domain = &failure.signature.domain;
    let cause = body.map(|change| change.cause);
    let (state, fields) = match header {
        None => ("same", String::new()),
        Some(HeaderFinding::Foreign) => return Some(note!("dkim-fail-foreign", domain = domain)),
        Some(HeaderFinding::OtherHash) => return Some(note!("dkim-fail-other-hash", domain = domain)),
        Some(HeaderFinding::Unknown) => ("unknown", String::new()),
        Some(HeaderFinding::Genuine) => ("genuine", String::new()),
        Some(HeaderFinding::Changed { only_form: true, .. }) => ("form", String::new()),
        Some(HeaderFinding::Changed { fields, .. }) => ("changed", fields.join(", ")),
    };
    match (failure.body_holds, cause, state) {
        (true, _, "unknown") | (false, None, "same" | "unknown") => None,
        (true, ..) => Some(note!("dkim-changed-header", domain = domain, header = state, fields = fields)),
        (false, Some(cause), "same") => Some(note!("dkim-changed-body", domain = domain, body = cause)),
        (false, cause, state) => Some(note!(
            "dkim-changed-both",
            domain = domain,
            body = cause.unwrap_or("unknown"),
            header = state,
            fields = fields
        )),
    }
}

impl Diagnosis {
    fn add(&mut self, term: &'static str, outcome: &'static str, note: Note, source: &'static str) {
        self.findings.push(Finding { term, outcome, note, source });
    }

    fn tell_body(&mut self, failure: &Failure<'_>, change: Option<&BodyChange>) {
        match change {
            Some(change) => {
                for note in &change.notes {
                    self.add(BODY, "proven", note.clone(), RULE);
                }
            }
            None if failure.signature.body_hash.len() != BODY_HASH => {
                let found = failure.signature.body_hash.len();
                let note = note!("dkim-body-hash-length", found = found, wanted = BODY_HASH);
                self.add(BODY, "proven", note, "RFC 6376 section 3.5");
            }
            None if !failure.body_holds => {
                for note in evidence::of_body(failure.message) {
                    self.add(BODY, "possible", note, RULE);
                }
            }
            None => {}
        }
    }

    fn tell_header(&mut self, failure: &Failure<'_>, header: &HeaderFinding) {
        let domain = &failure.signature.domain;
        match header {
            HeaderFinding::Changed { notes, .. } => {
                for note in notes {
                    self.add(HEADER, "proven", note.clone(), RULE);
                }
                return;
            }
            HeaderFinding::Genuine => {
                self.add(
                    HEADER,
                    "proven",
                    note!("dkim-header-genuine", domain = domain),
                    "RFC 8017 section 8.2.2",
                );
            }
            HeaderFinding::Foreign => {
                let found = failure.signature.signature.len();
                let wanted = failure.keys.first().map_or(found, signature_length);
                let note = if found == wanted {
                    note!("dkim-header-foreign", selector = failure.signature.selector, domain = domain)
                } else {
                    note!("dkim-header-signature-length", found = found, wanted = wanted)
                };
                return self.add(HEADER, "proven", note, "RFC 8017 section 8.2.2");
            }
            HeaderFinding::OtherHash => {
                return self.add(HEADER, "proven", note!("dkim-header-other-hash"), "RFC 8017 section 9.2");
            }
            HeaderFinding::Unknown => {}
        }
        for note in evidence::of_header(failure.message, &failure.signature.fields) {
            if self.findings.iter().all(|told| told.note != note) {
                self.add(HEADER, "possible", note, RULE);
            }
        }
    }

    /// What would have survived, as far as it is proven what happened.
    fn tell_survival(
        &mut self,
        failure: &Failure<'_>,
        body: Option<&BodyChange>,
        header: Option<&HeaderFinding>,
    ) {
        const TERM: &str = "survivors";
        let Signature { header: header_how, body: body_how, .. } = failure.signature;
        let is_form = matches!(header, Some(HeaderFinding::Changed { only_form: true, .. }));
        let is_space = body.is_some_and(|change| change.cause == "white-space");
        let simple_header = *header_how == Canonicalization::Simple;
        let simple_body = *body_how == Canonicalization::Simple;
        let header_recovers = failure.header_holds || is_form && simple_header;
        let body_recovers = failure.body_holds || is_space && simple_body;
        if header_recovers && body_recovers {
            return self.add(TERM, "noted", note!("dkim-survive-relaxed"), "RFC 6376 section 3.4");
        }
        if failure.header_holds && body.is_some_and(|change| change.cause == "footer") {
            self.add(TERM, "noted", note!("dkim-survive-length"), "RFC 6376 section 8.2");
        }
        let changed = matches!(header, Some(HeaderFinding::Changed { only_form: false, .. }))
            || body.is_some_and(|change| change.cause != "white-space");
        if changed {
            self.add(TERM, "noted", note!("dkim-survive-nothing"), "RFC 6377 section 3.3");
        }
    }
}
