//! The DKIM-Signature field (RFC 6376 section 3.5).

use std::ops::Range;

use tegami_mail::{Domain, Note, Text, note};

use super::tag::{Tag, TagList, base64, compact, excerpt, lists, number};
use super::{Algorithm, Canonicalization, Selector};

/// A signature that can be verified.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    /// `a=`
    pub(crate) algorithm: Algorithm,
    /// `b=`
    pub(crate) signature: Vec<u8>,
    /// Where the value of `b=` stands in the field's value.
    pub(crate) signature_span: Range<usize>,
    /// `bh=`
    pub(crate) body_hash: Vec<u8>,
    /// `c=`, its first half.
    pub(crate) header: Canonicalization,
    /// `c=`, its second half.
    pub(crate) body: Canonicalization,
    /// `d=`, the SDID.
    pub(crate) domain: Domain,
    /// The domain of `i=`, the AUID.
    pub(crate) identity_domain: Domain,
    /// `h=`, in lower case.
    pub(crate) fields: Vec<Text>,
    /// `l=`, octets of the canonical body.
    pub(crate) length: Option<u64>,
    /// `s=`
    pub(crate) selector: Selector,
    /// `t=`, seconds since 1970.
    pub(crate) time: Option<u64>,
    /// `x=`, seconds since 1970.
    pub(crate) expiry: Option<u64>,
}

/// More names in `h=` than any signer has a use for.
pub(crate) const MAX_FIELDS: usize = 1000;

/// Room for the names that most signers sign.
const USUAL_FIELDS: usize = 24;

impl Signature {
    /// Reads the tags of a field's value.
    pub(crate) fn read(tags: &TagList<'_>) -> Result<Self, Note> {
        // RFC 6376 section 6.1.1: a version that we do not know says nothing we could read.
        let version = required(tags, "v")?.value;
        if version != b"1" {
            return Err(note!("dkim-version-unknown", version = excerpt(version)));
        }
        let algorithm = algorithm(required(tags, "a")?.value)?;
        let signature = required(tags, "b")?;
        let domain = domain(required(tags, "d")?.value)?;
        let (header, body) = match tags.get("c") {
            Some(tag) => canonicalizations(tag.value)?,
            None => (Canonicalization::Simple, Canonicalization::Simple),
        };
        let (time, expiry) = (timestamp(tags, "t")?, timestamp(tags, "x")?);
        if let (Some(time), Some(expiry)) = (time, expiry)
            && expiry <= time
        {
            return Err(note!("dkim-expiry-before-time", time = time, expiry = expiry));
        }
        if let Some(tag) = tags.get("q")
            && !lists(tag.value, "dns/txt")
        {
            return Err(note!("dkim-query-unknown", query = excerpt(tag.value)));
        }
        Ok(Self {
            algorithm,
            signature: base64_of(signature)?,
            signature_span: signature.span.clone(),
            body_hash: base64_of(required(tags, "bh")?)?,
            header,
            body,
            identity_domain: identity_domain(tags, &domain)?,
            domain,
            fields: fields(required(tags, "h")?.value)?,
            length: length(tags)?,
            selector: selector(required(tags, "s")?.value)?,
            time,
            expiry,
        })
    }
}

pub(crate) fn required<'t, 'a>(tags: &'t TagList<'a>, name: &'static str) -> Result<&'t Tag<'a>, Note> {
    tags.get(name).ok_or_else(|| note!("dkim-tag-missing", tag = name))
}

pub(crate) fn malformed(name: &str, value: &[u8]) -> Note {
    note!("dkim-value-malformed", tag = name, value = excerpt(value))
}

pub(crate) fn base64_of(tag: &Tag<'_>) -> Result<Vec<u8>, Note> {
    base64(tag.value).filter(|octets| !octets.is_empty()).ok_or_else(|| malformed(tag.name, tag.value))
}

pub(crate) fn algorithm(value: &[u8]) -> Result<Algorithm, Note> {
    let is = |word: &str| value.eq_ignore_ascii_case(word.as_bytes());
    if is("rsa-sha256") {
        return Ok(Algorithm::RsaSha256);
    }
    if is("ed25519-sha256") {
        return Ok(Algorithm::Ed25519Sha256);
    }
    if is("rsa-sha1") {
        return Err(note!("dkim-algorithm-historic"));
    }
    Err(note!("dkim-algorithm-unknown", algorithm = excerpt(value)))
}

/// `c=`: the second half is `simple` where it is left out (RFC 6376 section 3.5).
pub(crate) fn canonicalizations(value: &[u8]) -> Result<(Canonicalization, Canonicalization), Note> {
    let one = |word: &[u8]| {
        [Canonicalization::Simple, Canonicalization::Relaxed]
            .into_iter()
            .find(|how| word.eq_ignore_ascii_case(how.as_str().as_bytes()))
    };
    let (header, body) = match memchr::memchr(b'/', value).and_then(|at| value.split_at_checked(at)) {
        Some((header, body)) => (one(header), one(body.get(1..).unwrap_or_default())),
        None => (one(value), Some(Canonicalization::Simple)),
    };
    header.zip(body).ok_or_else(|| note!("dkim-canonicalization-unknown", value = excerpt(value)))
}

/// `d=`: at least two labels (RFC 6376 section 3.5, `domain-name`).
pub(crate) fn domain(value: &[u8]) -> Result<Domain, Note> {
    parse_domain(value).filter(|domain| domain.parent().is_some()).ok_or_else(|| malformed("d", value))
}

fn parse_domain(value: &[u8]) -> Option<Domain> {
    let text = std::str::from_utf8(value).ok()?;
    Domain::parse(text).ok().filter(|_| !text.ends_with('.'))
}

pub(crate) fn selector(value: &[u8]) -> Result<Selector, Note> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| Selector::parse(text).ok())
        .ok_or_else(|| malformed("s", value))
}

/// The domain of `i=` must be `d=` or below it (RFC 6376 section 6.1.1).
fn identity_domain(tags: &TagList<'_>, domain: &Domain) -> Result<Domain, Note> {
    let Some(tag) = tags.get("i") else { return Ok(domain.clone()) };
    let value = compact(tag.value);
    let identity = memchr::memrchr(b'@', &value)
        .and_then(|at| value.get(at + 1..))
        .and_then(parse_domain)
        .ok_or_else(|| malformed("i", tag.value))?;
    if identity.is_at_or_below(domain) {
        Ok(identity)
    } else {
        Err(note!("dkim-identity-outside", identity = identity, domain = domain))
    }
}

/// `h=`: names of fields, From among them (RFC 6376 section 6.1.1).
fn fields(value: &[u8]) -> Result<Vec<Text>, Note> {
    let all = std::str::from_utf8(value).map_err(|_| malformed("h", value))?.to_ascii_lowercase();
    let mut names: Vec<Text> = Vec::with_capacity(USUAL_FIELDS);
    let ends = memchr::memchr_iter(b':', all.as_bytes()).chain(std::iter::once(all.len()));
    let mut start = 0;
    for end in ends {
        let name = all.get(start..end).unwrap_or_default().trim_ascii();
        start = end + 1;
        let well_named =
            !name.is_empty() && name.bytes().fold(true, |well, byte| well & byte.is_ascii_graphic());
        if !well_named || names.len() == MAX_FIELDS {
            return Err(malformed("h", value));
        }
        names.push(name.into());
    }
    if names.iter().any(|name| name == "from") { Ok(names) } else { Err(note!("dkim-from-not-signed")) }
}

/// A field's name in lower case.
pub(crate) fn lower(name: &str) -> Text {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}

pub(crate) fn length(tags: &TagList<'_>) -> Result<Option<u64>, Note> {
    let Some(tag) = tags.get("l") else { return Ok(None) };
    number(tag.value, 76).map(Some).ok_or_else(|| malformed("l", tag.value))
}

/// The ABNF has twelve digits; the text asks for room beyond them (RFC 6376 section 3.5, `t=` and `x=`).
pub(crate) fn timestamp(tags: &TagList<'_>, name: &'static str) -> Result<Option<u64>, Note> {
    let Some(tag) = tags.get(name) else { return Ok(None) };
    number(tag.value, 20).map(Some).ok_or_else(|| malformed(name, tag.value))
}
