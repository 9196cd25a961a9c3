//! The two hashes of RFC 6376 section 3.7: of the body, and of the signed fields.

use std::collections::HashMap;
use std::ops::Range;

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

use tegami_mail::header::split;
use tegami_mail::{HeaderError, HeaderField, HeaderLimits, HeaderSection};

use super::Canonicalization;

/// A content, split once for all signatures.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    section: HeaderSection<'a>,
    pub(crate) body: &'a [u8],
    /// Positions in the section, from the top, by name in lower case.
    by_name: HashMap<String, Vec<usize>>,
}

impl<'a> Message<'a> {
    /// # Errors
    /// The header section is beyond all measure.
    pub(crate) fn new(content: &'a [u8]) -> Result<Self, HeaderError> {
        let (header, body) = split(content);
        let section = HeaderSection::parse(header, HeaderLimits::GENEROUS)?;
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, field) in section.fields().iter().enumerate() {
            if !field.name.is_empty() {
                by_name.entry(field.name.to_ascii_lowercase()).or_default().push(at);
            }
        }
        Ok(Self { section, body, by_name })
    }

    /// The fields of this name, given in lower case, from the top.
    pub(crate) fn named<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s HeaderField<'a>> {
        let places = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|&at| self.section.fields().get(at))
    }

    /// How often a field of this name occurs.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.by_name.get(name).map_or(0, Vec::len)
    }

    /// The uppermost field of this name, given in lower case, and its place.
    pub(crate) fn uppermost(&self, name: &str) -> Option<(usize, &HeaderField<'a>)> {
        let place = *self.by_name.get(name)?.first()?;
        Some((place, self.section.fields().get(place)?))
    }

    /// The header hash (RFC 6376 section 3.7): the fields that `names` chooses, then the DKIM-Signature field itself with
    /// an empty `b=`. A name that occurs again chooses the next instance upwards; one that chooses nothing adds
    /// nothing (RFC 6376 section 5.4.2).
    pub(crate) fn header_hash(&self, how: Canonicalization, names: &[String], own: &[u8]) -> Digest {
        let mut data = Vec::with_capacity(2048);
        let mut left: HashMap<&str, &[usize]> = HashMap::new();
        for name in names {
            let Some(places) = self.by_name.get(name.as_str()) else { continue };
            let places = left.entry(name).or_insert(places);
            let Some(field) = pop(places).and_then(|at| self.section.fields().get(at)) else { continue };
            how.field(without_line_end(field.raw), &mut data);
            data.extend_from_slice(b"\r\n");
        }
        how.field(own, &mut data);
        digest(&SHA256, &data)
    }
}

fn pop(places: &mut &[usize]) -> Option<usize> {
    let (last, rest) = places.split_last()?;
    *places = rest;
    Some(*last)
}

/// A signature's own field with an empty `b=` (RFC 6376 section 3.7), without line end. `span` is where the value of `b=`
/// stands in the field's value.
pub(crate) fn with_empty_signature(field: &HeaderField<'_>, span: &Range<usize>) -> Vec<u8> {
    let HeaderField { raw, value_raw, .. } = field;
    let before = raw.len() - value_raw.len();
    let mut own = Vec::with_capacity(raw.len());
    own.extend_from_slice(raw.get(..before + span.start).unwrap_or_default());
    own.extend_from_slice(without_line_end(raw.get(before + span.end..).unwrap_or_default()));
    own
}

/// A field without the line end that is not part of what is canonicalised.
pub(crate) fn without_line_end(raw: &[u8]) -> &[u8] {
    raw.strip_suffix(b"\r\n").or_else(|| raw.strip_suffix(b"\n")).unwrap_or(raw)
}

/// The hash of a canonical body, or of its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyHash {
    pub(crate) digest: Digest,
    /// Octets of the whole canonical body.
    pub(crate) total: u64,
}

/// Body hashes, each computed once: signatures of one message mostly ask for the same.
#[derive(Debug)]
pub(crate) struct BodyHashes<'a> {
    pub(crate) body: &'a [u8],
    known: Vec<(Canonicalization, Option<u64>, BodyHash)>,
}

impl<'a> BodyHashes<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, known: Vec::new() }
    }

    /// The hash of the canonical body, or of its first `length` octets (`l=`).
    pub(crate) fn get(&mut self, how: Canonicalization, length: Option<u64>) -> BodyHash {
        let known = self.known.iter().find(|(h, l, _)| (*h, *l) == (how, length));
        if let Some((_, _, hash)) = known {
            return *hash;
        }
        let hash = body_hash(self.body, how, length);
        self.known.push((how, length, hash));
        hash
    }
}

fn body_hash(body: &[u8], how: Canonicalization, length: Option<u64>) -> BodyHash {
    let mut context = Context::new(&SHA256);
    let mut total: u64 = 0;
    let mut left = length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(usize::MAX));
    how.body(body, |piece| {
        total += piece.len() as u64;
        let covered = piece.get(..left.min(piece.len())).unwrap_or_default();
        context.update(covered);
        left -= covered.len();
    });
    BodyHash { digest: context.finish(), total }
}
