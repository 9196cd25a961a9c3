//! The sets of a message, and what must be true of them before any signature is looked at.

use aws_lc_rs::digest::{Context, Digest, SHA256};
use tegami_mail::{HeaderField, Note, note};

use crate::dkim::Canonicalization;
use crate::dkim::hash::{Message, with_empty_signature, without_line_end};
use crate::dkim::tag::TagList;

use super::field::{self, MessageSignature, Seal, Validation};
use super::{MAX_SETS, RESULTS, SEAL, SIGNATURE, term};

/// Why a chain fails before its signatures are verified.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) term: String,
    pub(super) instance: u8,
    pub(super) note: Note,
    pub(super) source: &'static str,
}

/// The three fields of one instance.
#[derive(Debug)]
pub(super) struct Set<'a> {
    pub(super) instance: u8,
    results_field: HeaderField<'a>,
    pub(super) signature_field: HeaderField<'a>,
    pub(super) signature: MessageSignature,
    seal_field: HeaderField<'a>,
    pub(super) seal: Seal,
}

impl Set<'_> {
    /// What the handler says it found, for people.
    pub(super) fn results_text(&self) -> String {
        let text = self.results_field.text();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let joined = words.join(" ");
        let found = joined.split_once(';').map_or("", |(_, found)| found);
        found.trim().chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
    }
}

/// All sets of a message, from instance 1 without a gap.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    older: Vec<Set<'a>>,
    newest: Set<'a>,
}

/// What has been found of an instance so far.
#[derive(Debug, Default)]
struct Parts<'a> {
    results: Option<HeaderField<'a>>,
    signature: Option<(HeaderField<'a>, MessageSignature)>,
    seal: Option<(HeaderField<'a>, Seal)>,
}

/// More ARC fields than this are no chain, whatever they say.
const MAX_FIELDS: usize = 3 * MAX_SETS as usize;

impl<'a> Chain<'a> {
    /// Reads every ARC field of a message; `None` where it has none. Exactly one field of each kind for each instance, and
    /// no instance missing (RFC 8617 section 5.2, steps 1 and 3).
    pub(super) fn collect(message: &Message<'a>) -> Result<Option<Self>, Fault> {
        let count: usize = [RESULTS, SIGNATURE, SEAL].iter().map(|name| message.count(name)).sum();
        if count == 0 {
            return Ok(None);
        }
        if count > MAX_FIELDS {
            let note = note!("arc-too-many", limit = MAX_SETS);
            return Err(structure(SEAL.to_owned(), 0, note));
        }
        let mut parts: Vec<Parts<'a>> = Vec::new();
        for found in message.named(RESULTS) {
            let (instance, _) = field::results(found.value_raw).map_err(|fault| unread(RESULTS, fault))?;
            once(&mut part(&mut parts, instance).results, *found, RESULTS, instance)?;
        }
        for found in message.named(SIGNATURE) {
            let (instance, read) = read(found, SIGNATURE, MessageSignature::read)?;
            once(&mut part(&mut parts, instance).signature, (*found, read), SIGNATURE, instance)?;
        }
        for found in message.named(SEAL) {
            let (instance, read) = read(found, SEAL, Seal::read)?;
            once(&mut part(&mut parts, instance).seal, (*found, read), SEAL, instance)?;
        }
        let mut sets = Vec::with_capacity(parts.len());
        for (instance, parts) in (1..).zip(parts) {
            sets.push(parts.complete(instance)?);
        }
        Ok(sets.pop().map(|newest| Self { older: sets, newest }))
    }

    pub(super) fn newest(&self) -> &Set<'a> {
        &self.newest
    }

    pub(super) fn highest(&self) -> u8 {
        self.newest.instance
    }

    /// From instance 1 upwards.
    pub(super) fn sets(&self) -> impl DoubleEndedIterator<Item = &Set<'a>> {
        self.older.iter().chain(std::iter::once(&self.newest))
    }

    /// What the seals say of the chain below them: `none` in the first set, `pass` in every other; a `fail` is final
    /// (RFC 8617 section 5.2, steps 2 and 3).
    pub(super) fn check_validation(&self) -> Result<(), Fault> {
        let fault = |set: &Set<'_>, note| Fault {
            term: term(SEAL, set.instance),
            instance: self.highest(),
            note,
            source: "RFC 8617 section 5.2",
        };
        if self.newest.seal.validation == Validation::Fail {
            let Set { instance, seal, .. } = &self.newest;
            let note = note!("arc-sealed-as-failed", instance = instance, domain = seal.origin.domain);
            return Err(fault(&self.newest, note));
        }
        for set in self.sets() {
            let wanted = if set.instance == 1 { Validation::None } else { Validation::Pass };
            let said = set.seal.validation;
            if said != wanted {
                let (said, wanted) = (said.as_str(), wanted.as_str());
                let note = note!("arc-cv-wrong", instance = set.instance, said = said, wanted = wanted);
                return Err(fault(set, note));
            }
        }
        Ok(())
    }

    /// What each seal signs: the fields of its own and all earlier sets, in order, its own last and without its
    /// signature (RFC 8617 section 5.1.1).
    pub(super) fn seal_hashes(&self) -> Vec<(&Set<'a>, Digest)> {
        let mut so_far = Context::new(&SHA256);
        let mut hashes = Vec::with_capacity(self.older.len() + 1);
        for set in self.sets() {
            for field in [&set.results_field, &set.signature_field] {
                so_far.update(&canonical(without_line_end(field.raw), true));
            }
            let mut context = so_far.clone();
            context.update(&canonical(&with_empty_signature(&set.seal_field, &set.seal.origin.span), false));
            hashes.push((set, context.finish()));
            so_far.update(&canonical(without_line_end(set.seal_field.raw), true));
        }
        hashes
    }
}

fn canonical(field: &[u8], ended: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len() + 2);
    Canonicalization::Relaxed.field(field, &mut out);
    if ended {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn read<'a, T>(
    found: &HeaderField<'a>,
    name: &str,
    read: impl FnOnce(&TagList<'a>) -> Result<T, Note>,
) -> Result<(u8, T), Fault> {
    let tags = TagList::parse(found.value_raw).map_err(|fault| unread(name, fault))?;
    let instance = field::instance(&tags).map_err(|fault| unread(name, fault))?;
    match read(&tags) {
        Ok(read) => Ok((instance, read)),
        Err(note) => Err(structure(term(name, instance), instance, note)),
    }
}

fn part<'p, 'a>(parts: &'p mut Vec<Parts<'a>>, instance: u8) -> &'p mut Parts<'a> {
    let wanted = usize::from(instance);
    if parts.len() < wanted {
        parts.resize_with(wanted, Parts::default);
    }
    let place = wanted - 1;
    // The line above made room for it.
    #[allow(clippy::indexing_slicing, reason = "the vector has at least `wanted` elements")]
    &mut parts[place]
}

fn once<T>(place: &mut Option<T>, found: T, name: &str, instance: u8) -> Result<(), Fault> {
    if place.replace(found).is_some() {
        let note = note!("arc-field-repeated", field = name, instance = instance);
        return Err(structure(term(name, instance), instance, note));
    }
    Ok(())
}

/// A field of which not even the instance could be read.
fn unread(name: &str, fault: Note) -> Fault {
    structure(name.to_owned(), 0, fault)
}

fn structure(term: String, instance: u8, note: Note) -> Fault {
    Fault { term, instance, note, source: "RFC 8617 section 4.1" }
}

impl<'a> Parts<'a> {
    fn complete(self, instance: u8) -> Result<Set<'a>, Fault> {
        let missing = |name: &str| {
            structure(
                term(name, instance),
                instance,
                note!("arc-field-missing", field = name, instance = instance),
            )
        };
        let results_field = self.results.ok_or_else(|| missing(RESULTS))?;
        let (signature_field, signature) = self.signature.ok_or_else(|| missing(SIGNATURE))?;
        let (seal_field, seal) = self.seal.ok_or_else(|| missing(SEAL))?;
        Ok(Set { instance, results_field, signature_field, signature, seal_field, seal })
    }
}
