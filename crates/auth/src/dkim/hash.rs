//! The two hashes of RFC 6376 section 3.7: of the body, and of the signed fields.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

use super::Canonicalization;
use super::fields::{Field, split};

/// A content, split once for all signatures.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) fields: Vec<Field<'a>>,
    pub(super) body: &'a [u8],
    /// Positions in `fields`, from the top, by name in lower case.
    by_name: HashMap<String, Vec<usize>>,
}

impl<'a> Message<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        let (fields, body) = split(content);
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, field) in fields.iter().enumerate() {
            by_name.entry(lower_name(field)).or_default().push(at);
        }
        Self { fields, body, by_name }
    }

    /// The fields of this name, given in lower case, from the top.
    pub(super) fn named(
        &self,
        name: &str,
    ) -> impl DoubleEndedIterator<Item = &Field<'a>> + ExactSizeIterator {
        let places = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|&at| self.fields.get(at)).collect::<Vec<_>>().into_iter()
    }

    /// How often a field of this name occurs.
    pub(super) fn count(&self, name: &str) -> usize {
        self.by_name.get(name).map_or(0, Vec::len)
    }

    /// The header hash (RFC 6376 section 3.7): the fields that `names` chooses, then the DKIM-Signature field itself with
    /// an empty `b=`. A name that occurs again chooses the next instance upwards; one that chooses nothing adds
    /// nothing (RFC 6376 section 5.4.2).
    pub(super) fn header_hash(&self, how: Canonicalization, names: &[String], own: &[u8]) -> Digest {
        let mut data = Vec::with_capacity(2048);
        let mut taken: HashMap<&str, usize> = HashMap::new();
        for name in names {
            let Some(places) = self.by_name.get(name.as_str()) else { continue };
            let count = taken.entry(name).or_default();
            *count += 1;
            let place = places.len().checked_sub(*count).and_then(|at| places.get(at));
            if let Some(field) = place.and_then(|&at| self.fields.get(at)) {
                how.field(field.raw, &mut data);
                data.extend_from_slice(b"\r\n");
            }
        }
        how.field(own, &mut data);
        digest(&SHA256, &data)
    }
}

fn lower_name(field: &Field<'_>) -> String {
    String::from_utf8_lossy(field.name).trim_end().to_ascii_lowercase()
}

/// The hash of a canonical body, or of its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyHash {
    pub(super) digest: Digest,
    /// Octets of the whole canonical body.
    pub(super) total: u64,
}

/// Body hashes, each computed once: signatures of one message mostly ask for the same.
#[derive(Debug)]
pub(super) struct BodyHashes<'a> {
    body: &'a [u8],
    known: Vec<(Canonicalization, Option<u64>, BodyHash)>,
}

impl<'a> BodyHashes<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, known: Vec::new() }
    }

    /// The hash of the canonical body, or of its first `length` octets (`l=`).
    pub(super) fn get(&mut self, how: Canonicalization, length: Option<u64>) -> BodyHash {
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
