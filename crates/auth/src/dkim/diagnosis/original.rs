//! Fields whose old value still stands somewhere: in the signature itself (`z=`), or in a field that the one who changed it
//! left behind, such as X-Original-From.

use tegami_mail::note;

use super::header::{Clues, Proposal, instances, written};
use crate::dkim::tag::{TagList, compact, excerpt};

/// Copies that are read of a signature.
const MOST_COPIES: usize = 40;

/// The fields that `z=` copies (RFC 6376 section 3.5), names in lower case. `own` is the signature's field.
pub(super) fn copies(own: &[u8]) -> Vec<(String, Vec<u8>)> {
    let colon = memchr::memchr(b':', own).map_or(own.len(), |colon| colon + 1);
    let Ok(tags) = TagList::parse(own.get(colon..).unwrap_or_default()) else { return Vec::new() };
    let Some(tag) = tags.get("z") else { return Vec::new() };
    let value = compact(tag.value);
    let copy = |copy: &[u8]| {
        let colon = memchr::memchr(b':', copy)?;
        let (name, value) = copy.split_at_checked(colon)?;
        let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
        Some((name, unquoted(value.get(1..)?)))
    };
    value.split(|&octet| octet == b'|').take(MOST_COPIES).filter_map(copy).collect()
}

/// dkim-quoted-printable (RFC 6376 section 2.11).
fn unquoted(text: &[u8]) -> Vec<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let quoted = match (first, after) {
            (b'=', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        octets.push(quoted.map_or(first, |(high, low)| high << 4 | low));
        if quoted.is_some() {
            rest = after.get(2..).unwrap_or_default();
        }
    }
    octets
}

/// What these places say that a field was.
pub(super) fn proposals(clues: &Clues<'_>, name: &str) -> Vec<Proposal> {
    let message = clues.message;
    let came: Vec<String> = message.named(name).map(|field| excerpt(&field.unfolded())).collect();
    let came = came.join(" / ");
    let proper = message.uppermost(name).map_or(name, |(_, field)| field.name).to_owned();
    let mut proposals = Vec::new();
    let copies: Vec<&Vec<u8>> =
        clues.copies.iter().filter(|(copied, _)| copied == name).map(|(_, value)| value).collect();
    if !copies.is_empty() {
        // A copy has its white space as it was; what the name looked like is not told.
        let fields = copies.iter().map(|value| [proper.as_bytes(), b":", value].concat()).rev().collect();
        let signed: Vec<String> = copies.iter().map(|value| excerpt(value)).collect();
        let signed = signed.join(" / ");
        let note = note!("dkim-header-copied", field = proper, signed = signed, came = came);
        proposals.push(Proposal { weight: 1, fields, note });
    }
    let left = ["x-original-", "original-", "x-google-original-", "x-microsoft-original-", "old-", "x-old-"];
    for prefix in left {
        let Some((_, kept)) = message.uppermost(&format!("{prefix}{name}")) else { continue };
        let mut fields = instances(message, name);
        if let Some(lowest) = fields.first_mut() {
            *lowest = written(&proper, &kept.unfolded());
        } else {
            fields.push(written(&proper, &kept.unfolded()));
        }
        let signed = excerpt(&kept.unfolded());
        let note =
            note!("dkim-header-replaced", field = proper, signed = signed, came = came, source = kept.name);
        proposals.push(Proposal { weight: 1, fields, note });
    }
    proposals
}
