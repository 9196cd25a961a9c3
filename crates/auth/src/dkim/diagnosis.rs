//! What was probably done to a message whose signature fails. A hash tells nothing of what it was made from; but the few
//! things that mailing lists, scanners and forgers do can be undone and tried. Each attempt has a bound, because a
//! stranger decides how often we come here.

use aws_lc_rs::digest::{Context, SHA256};
use tegami_mail::{Note, note};

use super::Canonicalization;
use super::hash::{Edit, Message, without_line_end};
use super::key::PublicKey;
use super::signature::Signature;
use super::tag::excerpt;

/// What was done to the signed header fields: a field was added, or the subject got a tag. `None` where neither is it.
pub(super) fn header_change(
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
pub(super) fn lines_added(body: &[u8], how: Canonicalization, claimed: &[u8]) -> Option<usize> {
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
