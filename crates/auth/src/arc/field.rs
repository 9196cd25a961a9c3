//! The three fields of a set (RFC 8617 section 4.1).

use std::ops::Range;

use tegami_mail::{Domain, Note, Text, note};

use crate::dkim::signature::{
    MAX_FIELDS, algorithm, base64_of, canonicalizations, domain, length, lower, malformed, required,
    selector, timestamp,
};
use crate::dkim::tag::{TagList, excerpt, items, number};
use crate::dkim::{Algorithm, Canonicalization, Selector};

use super::MAX_SETS;

/// What ARC-Message-Signature and ARC-Seal share.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// `a=`
    pub(super) algorithm: Algorithm,
    /// `b=`
    pub(super) signature: Vec<u8>,
    /// Where the value of `b=` stands in the field's value.
    pub(super) span: Range<usize>,
    /// `d=`
    pub(super) domain: Domain,
    /// `s=`
    pub(super) selector: Selector,
}

impl Origin {
    fn read(tags: &TagList<'_>) -> Result<Self, Note> {
        let signature = required(tags, "b")?;
        Ok(Self {
            algorithm: algorithm(required(tags, "a")?.value)?,
            signature: base64_of(signature)?,
            span: signature.span.clone(),
            domain: domain(required(tags, "d")?.value)?,
            selector: selector(required(tags, "s")?.value)?,
        })
    }
}

/// ARC-Message-Signature: a DKIM signature with an instance and without a version, in which From need not be signed
/// (RFC 8617 section 4.1.2).
#[derive(Clone, Debug)]
pub(super) struct MessageSignature {
    pub(super) origin: Origin,
    /// `bh=`
    pub(super) body_hash: Vec<u8>,
    /// `c=`, its first half. Where there is no `c=`, DKIM's default is simple (RFC 8617 section 4.1.2), but there are
    /// sealers, and a case of the public suite, that mean relaxed: either is tried.
    pub(super) header: &'static [Canonicalization],
    /// `c=`, its second half.
    pub(super) body: Canonicalization,
    /// `h=`, in lower case.
    pub(super) fields: Vec<Text>,
    /// `l=`
    pub(super) length: Option<u64>,
}

impl MessageSignature {
    pub(super) fn read(tags: &TagList<'_>) -> Result<Self, Note> {
        let (header, body) = match tags.get("c").map(|tag| canonicalizations(tag.value)).transpose()? {
            Some((Canonicalization::Simple, body)) => (SIMPLE, body),
            Some((Canonicalization::Relaxed, body)) => (RELAXED, body),
            None => (EITHER, Canonicalization::Simple),
        };
        timestamp(tags, "t")?;
        Ok(Self {
            origin: Origin::read(tags)?,
            body_hash: base64_of(required(tags, "bh")?)?,
            header,
            body,
            fields: fields(required(tags, "h")?.value)?,
            length: length(tags)?,
        })
    }
}

const SIMPLE: &[Canonicalization] = &[Canonicalization::Simple];
const RELAXED: &[Canonicalization] = &[Canonicalization::Relaxed];
const EITHER: &[Canonicalization] = &[Canonicalization::Simple, Canonicalization::Relaxed];

/// `h=`: any names, even none, but never a seal (RFC 8617 section 4.1.2).
fn fields(value: &[u8]) -> Result<Vec<Text>, Note> {
    let mut names = Vec::new();
    for item in items(value).filter(|item| !item.is_empty()) {
        let name = std::str::from_utf8(item).ok().filter(|name| name.bytes().all(|b| b.is_ascii_graphic()));
        let name = name.filter(|_| names.len() < MAX_FIELDS).ok_or_else(|| malformed("h", value))?;
        if name.eq_ignore_ascii_case(super::SEAL) {
            return Err(note!("arc-signature-covers-seal"));
        }
        names.push(lower(name));
    }
    Ok(names)
}

/// `cv=` (RFC 8617 section 4.1.3); its words have a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    None,
    Pass,
    Fail,
}

impl Validation {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}

/// ARC-Seal (RFC 8617 section 4.1.3).
#[derive(Clone, Debug)]
pub(super) struct Seal {
    pub(super) origin: Origin,
    /// `cv=`
    pub(super) validation: Validation,
    /// `t=`, seconds since 1970.
    pub(super) time: Option<u64>,
}

impl Seal {
    pub(super) fn read(tags: &TagList<'_>) -> Result<Self, Note> {
        // RFC 8617 section 4.1.3: what a seal covers is fixed; `h=` makes the chain fail.
        if tags.get("h").is_some() {
            return Err(note!("arc-seal-with-h"));
        }
        let word = required(tags, "cv")?.value;
        let validation = match word {
            b"none" => Validation::None,
            b"pass" => Validation::Pass,
            b"fail" => Validation::Fail,
            _ => return Err(malformed("cv", word)),
        };
        Ok(Self { origin: Origin::read(tags)?, validation, time: timestamp(tags, "t")? })
    }
}

/// `i=` of a tag list.
pub(super) fn instance(tags: &TagList<'_>) -> Result<u8, Note> {
    let value = required(tags, "i")?.value;
    position(value).ok_or_else(|| malformed("i", value))
}

/// The instance that an ARC-Authentication-Results field begins with, and what follows it (RFC 8617 section 4.1.1).
pub(super) fn results(value: &[u8]) -> Result<(u8, &[u8]), Note> {
    let fault = || note!("arc-results-without-instance", text = excerpt(value));
    let end = memchr::memchr(b';', value).ok_or_else(fault)?;
    let (first, rest) = value.split_at_checked(end).ok_or_else(fault)?;
    let digits = first.trim_ascii().strip_prefix(b"i").map(<[u8]>::trim_ascii_start);
    let digits = digits.and_then(|rest| rest.strip_prefix(b"=")).map(<[u8]>::trim_ascii_start);
    let instance = digits.and_then(position).ok_or_else(fault)?;
    Ok((instance, rest.get(1..).unwrap_or_default()))
}

/// `position = 1*2DIGIT`, from 1 to 50 (RFC 8617 section 4.2.1).
fn position(digits: &[u8]) -> Option<u8> {
    let position = u8::try_from(number(digits, 2)?).ok()?;
    (1..=MAX_SETS).contains(&position).then_some(position)
}
