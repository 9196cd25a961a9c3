//! What was probably done to a message whose signature fails. A hash tells nothing of what it was made from; but the few
//! things that mailing lists, scanners and forgers do can be undone and tried. Each attempt has a bound, because a
//! stranger decides how often we come here.

use aws_lc_rs::digest::{Context, SHA256};
use tegami_mail::{Note, note};

use super::Canonicalization;
use super::hash::{BodyHashes, Edit, Message, without_line_end};
use super::key::PublicKey;
use super::signature::Signature;
use super::tag::excerpt;
use super::verify::{BODY, HEADER};

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
    /// `noted`: proven by a hash that fits.
    pub(super) outcome: &'static str,
    /// What, for people.
    pub(super) note: Note,
    /// The rule.
    pub(super) source: &'static str,
}

/// What may still be spent on the signatures of one message.
#[derive(Debug)]
pub(super) struct Effort {
    /// Signatures that are still looked into.
    signatures: u8,
}

impl Effort {
    /// What one message may cost.
    pub(super) fn for_message() -> Self {
        Self { signatures: 4 }
    }
}

/// Tries what may have been done to the message.
pub(super) fn diagnose(failure: &Failure<'_>, bodies: &mut BodyHashes<'_>, effort: &mut Effort) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    let Some(left) = effort.signatures.checked_sub(1) else { return diagnosis };
    effort.signatures = left;
    if !failure.body_holds {
        diagnose_body(failure, bodies, &mut diagnosis);
    }
    if !failure.header_holds {
        diagnose_header(failure, &mut diagnosis);
    }
    diagnosis
}

fn diagnose_body(failure: &Failure<'_>, bodies: &mut BodyHashes<'_>, diagnosis: &mut Diagnosis) {
    let Signature { body: how, length, body_hash, .. } = failure.signature;
    if bodies.get(how.other(), *length).digest.as_ref() == body_hash {
        let note = note!("dkim-body-other", declared = how.as_str(), canonicalization = how.other().as_str());
        diagnosis.tell(BODY, note, "RFC 6376 section 3.4");
    } else if length.is_none()
        && let Some(lines) = lines_added(bodies.body, *how, body_hash)
    {
        diagnosis.tell(BODY, note!("dkim-body-added", lines = lines), "RFC 6376 section 6.1.3");
    }
}

fn diagnose_header(failure: &Failure<'_>, diagnosis: &mut Diagnosis) {
    let Failure { message, signature, own, keys, .. } = failure;
    let how = signature.header;
    let digest = message.header_hash(how.other(), &signature.fields, own);
    if keys.iter().any(|key| key.verifies(&digest, &signature.signature)) {
        let note =
            note!("dkim-header-other", declared = how.as_str(), canonicalization = how.other().as_str());
        diagnosis.tell(HEADER, note, "RFC 6376 section 3.4");
    } else if let Some(note) = header_change(message, signature, own, keys) {
        diagnosis.tell(HEADER, note, "RFC 6376 section 6.1.3");
    }
}

impl Diagnosis {
    fn tell(&mut self, term: &'static str, note: Note, source: &'static str) {
        self.findings.push(Finding { term, outcome: "noted", note, source });
    }
}

/// What was done to the signed header fields: a field was added, or the subject got a tag. `None` where neither is it.
fn header_change(
    message: &Message<'_>,
    signature: &Signature,
    own: &[u8],
    keys: &[PublicKey],
) -> Option<Note> {
    let fits = |edit| {
        let digest = message.header_hash_if(signature.header, &signature.fields, own, edit);
        keys.iter().any(|key| key.verifies(&digest, &signature.signature))
    };
    let mut names: Vec<&str> = signature.fields.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    for name in names.into_iter().filter(|name| message.count(name) > 0).take(MOST_NAMES) {
        let (place, field) = message.uppermost(name)?;
        if fits(Edit::Without(place)) {
            return Some(note!("dkim-header-added", field = field.name, value = excerpt(&field.unfolded())));
        }
    }
    let (place, subject) = message.uppermost("subject")?;
    let raw = without_line_end(subject.raw);
    let (start, value) = raw.split_at_checked(raw.len() - without_line_end(subject.value_raw).len())?;
    let tag_end =
        value.trim_ascii_start().starts_with(b"[").then(|| memchr::memchr(b']', value)).flatten()?;
    let (tag, rest) = value.split_at_checked(tag_end + 1)?;
    let untagged = [start, b" ", rest.trim_ascii_start()].concat();
    fits(Edit::Instead(place, &untagged)).then(|| note!("dkim-subject-tagged", tag = excerpt(tag)))
}

/// Names whose uppermost field is tried as an addition.
const MOST_NAMES: usize = 24;

/// How many lines stand at the end of the body that were not there when it was hashed: mailing lists and scanners
/// append. `None` where something else has changed. Looks at the last [`MOST_ADDED`] lines.
fn lines_added(body: &[u8], how: Canonicalization, claimed: &[u8]) -> Option<usize> {
    let mut canonical = Vec::with_capacity(body.len());
    how.body(body, |piece| canonical.extend_from_slice(piece));
    let mut ends: Vec<usize> =
        memchr::memrchr_iter(b'\n', &canonical).skip(1).take(MOST_ADDED).map(|at| at + 1).collect();
    ends.reverse();
    let mut context = Context::new(&SHA256);
    let mut from = 0;
    for (index, &end) in ends.iter().enumerate() {
        context.update(canonical.get(from..end).unwrap_or_default());
        from = end;
        if context.clone().finish().as_ref() == claimed {
            return Some(ends.len() - index);
        }
    }
    None
}

/// Lines that a footer may have to be recognised.
const MOST_ADDED: usize = 64;
