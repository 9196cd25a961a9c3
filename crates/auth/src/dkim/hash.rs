//! The two hashes of RFC 6376 section 3.7: of the body, and of the signed fields.

use std::cmp::Ordering;
use std::ops::Range;

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};

use tegami_mail::{HeaderError, HeaderField, HeaderLimits, HeaderSection};

use super::Canonicalization;
use super::canonical::part_end;

/// A content, split once for all signatures.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    section: HeaderSection<'a>,
    pub(crate) body: &'a [u8],
    /// Every field that has a name, ordered by it; those of one name from the top.
    by_name: Vec<Place<'a>>,
}

impl<'a> Message<'a> {
    /// # Errors
    /// The header section is beyond all measure.
    pub(crate) fn new(content: &'a [u8]) -> Result<Self, HeaderError> {
        let (section, body) = HeaderSection::parse_content(content, HeaderLimits::GENEROUS)?;
        let named = section.fields().iter().enumerate().filter(|(_, field)| !field.name.is_empty());
        let mut by_name: Vec<Place<'a>> =
            named.map(|(at, field)| Place { name: Name::of(field.name), at }).collect();
        by_name.sort_unstable_by(|one, other| one.name.cmp(&other.name).then(one.at.cmp(&other.at)));
        Ok(Self { section, body, by_name })
    }

    /// The places of this name, in any case, from the top, and where they begin in the order of names.
    fn places(&self, name: &str) -> (usize, &[Place<'a>]) {
        let name = Name::of(name);
        // The first octets decide nearly always.
        let start = self.by_name.partition_point(|place| {
            place.name.start < name.start || place.name.start == name.start && place.name < name
        });
        let from = self.by_name.get(start..).unwrap_or_default();
        // Most names occur once or never.
        let several = from.get(1).is_some_and(|place| place.name == name);
        let count = if several {
            from.partition_point(|place| place.name == name)
        } else {
            usize::from(from.first().is_some_and(|place| place.name == name))
        };
        (start, from.get(..count).unwrap_or_default())
    }

    /// The fields of this name, in any case, from the top.
    pub(crate) fn named<'s>(&'s self, name: &str) -> impl DoubleEndedIterator<Item = &'s HeaderField<'a>> {
        self.places(name).1.iter().filter_map(|place| self.section.fields().get(place.at))
    }

    /// The header section.
    pub(crate) fn section(&self) -> &HeaderSection<'a> {
        &self.section
    }

    /// Whether a field of one of these names occurs more than once.
    pub(crate) fn repeats(&self, names: &[&str]) -> bool {
        let pairs = self.by_name.iter().zip(self.by_name.iter().skip(1));
        let repeated = pairs.filter(|(one, next)| one.name == next.name).map(|(one, _)| one.name);
        repeated.into_iter().any(|repeated| names.iter().any(|name| Name::of(name) == repeated))
    }

    /// How often a field of this name occurs.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.places(name).1.len()
    }

    /// The uppermost field of this name and its place.
    pub(crate) fn uppermost(&self, name: &str) -> Option<(usize, &HeaderField<'a>)> {
        let place = self.places(name).1.first()?.at;
        Some((place, self.section.fields().get(place)?))
    }

    /// The header hash (RFC 6376 section 3.7): the fields that `names` chooses, then the DKIM-Signature field itself with
    /// an empty `b=`. A name that occurs again chooses the next instance upwards; one that chooses nothing adds
    /// nothing (RFC 6376 section 5.4.2).
    pub(crate) fn header_hash(&self, how: Canonicalization, names: &[impl AsRef<str>], own: &[u8]) -> Digest {
        let mut data = Vec::with_capacity(4096);
        // How many of the fields of one name are chosen already, by where the name begins in the order of names.
        let mut chosen = vec![0_usize; self.by_name.len()];
        let mut known: Option<(&str, (usize, &[Place<'_>]))> = None;
        for name in names {
            let name = name.as_ref();
            // A name that stands there again mostly follows itself.
            let (start, places) = known
                .filter(|(before, _)| *before == name)
                .map_or_else(|| self.places(name), |(_, found)| found);
            known = Some((name, (start, places)));
            let Some(chosen) = chosen.get_mut(start).filter(|_| !places.is_empty()) else { continue };
            let place = places.iter().rev().nth(*chosen);
            *chosen += 1;
            let Some(field) = place.and_then(|place| self.section.fields().get(place.at)) else { continue };
            how.field(without_line_end(field.raw), &mut data);
            data.extend_from_slice(b"\r\n");
        }
        how.field(own, &mut data);
        digest(&SHA256, &data)
    }
}

/// Where a field of a name stands in the section.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    name: Name<'a>,
    at: usize,
}

/// A field's name, made to be compared fast and without regard to case (RFC 5322 section 1.2.2).
#[derive(Clone, Copy, Debug)]
struct Name<'a> {
    /// The first octets in lower case, as a number that has their order.
    start: u128,
    /// The other octets.
    rest: &'a [u8],
}

impl<'a> Name<'a> {
    fn of(name: &'a str) -> Self {
        let mut start = [0; 16];
        let (first, rest) = name.as_bytes().split_at_checked(start.len()).unwrap_or((name.as_bytes(), b""));
        if let Some(room) = start.get_mut(..first.len()) {
            room.copy_from_slice(first);
        }
        start.make_ascii_lowercase();
        Self { start: u128::from_be_bytes(start), rest }
    }
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let rest = |name: &Self| name.rest.iter().map(u8::to_ascii_lowercase);
        self.start.cmp(&other.start).then_with(|| rest(self).cmp(rest(other)))
    }
}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.start == other.start && self.rest.eq_ignore_ascii_case(other.rest)
    }
}

impl Eq for Name<'_> {}

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

/// Body hashes, each computed once: signatures of one message mostly ask for the same. What is announced is computed in
/// one pass over the body, however many signatures ask, and however differently.
#[derive(Debug)]
pub(crate) struct BodyHashes<'a> {
    pub(crate) body: &'a [u8],
    announced: Vec<Wanted>,
    known: Vec<(Wanted, BodyHash)>,
}

/// How a body is to be hashed, and how many octets of its canonical form (`l=`).
type Wanted = (Canonicalization, Option<u64>);

impl<'a> BodyHashes<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, announced: Vec::new(), known: Vec::new() }
    }

    /// Says that this hash will be asked for, so that it is computed together with the others.
    pub(crate) fn announce(&mut self, how: Canonicalization, length: Option<u64>) {
        if !self.announced.contains(&(how, length)) && self.find((how, length)).is_none() {
            self.announced.push((how, length));
        }
    }

    /// The hash of the canonical body, or of its first `length` octets (`l=`).
    pub(crate) fn get(&mut self, how: Canonicalization, length: Option<u64>) -> BodyHash {
        if let Some(hash) = self.find((how, length)) {
            return hash;
        }
        self.announce(how, length);
        hash_body(self.body, &self.announced, &mut self.known);
        self.announced.clear();
        self.find((how, length)).unwrap_or_else(|| BodyHash { digest: digest(&SHA256, b""), total: 0 })
    }

    fn find(&self, wanted: Wanted) -> Option<BodyHash> {
        self.known.iter().find(|(known, _)| *known == wanted).map(|(_, hash)| *hash)
    }
}

/// Octets that are hashed by one course before the next gets them: they stay in the processor's nearest cache.
const PART: usize = 8 << 10;

/// All hashes in one pass. A course for each canonicalisation is enough: the hash of a beginning is the hash of the whole,
/// stopped on its way.
fn hash_body(body: &[u8], wanted: &[Wanted], known: &mut Vec<(Wanted, BodyHash)>) {
    let mut courses =
        [Canonicalization::Simple, Canonicalization::Relaxed].map(|how| Course::new(how, body, wanted));
    let mut at = 0;
    while at < body.len() {
        let end = part_end(body, at.saturating_add(PART).min(body.len()));
        for course in courses.iter_mut().flatten() {
            course.part(at..end);
        }
        at = end;
    }
    for course in courses.into_iter().flatten() {
        course.finish(known);
    }
}

/// One canonicalisation of a body on its way through the hash.
struct Course<'a> {
    how: Canonicalization,
    text: &'a [u8],
    hasher: Hasher,
}

impl<'a> Course<'a> {
    /// `None` where nobody wants this canonicalisation.
    fn new(how: Canonicalization, body: &'a [u8], wanted: &[Wanted]) -> Option<Self> {
        let mut wanted =
            wanted.iter().filter(|(wanted, _)| *wanted == how).map(|(_, length)| *length).peekable();
        wanted.peek()?;
        let (mut whole, mut lengths) = (false, Vec::new());
        for length in wanted {
            match length {
                Some(length) => lengths.push(length),
                None => whole = true,
            }
        }
        // The shortest last, where it is taken from.
        lengths.sort_unstable_by(|one, other| other.cmp(one));
        Some(Self { how, text: how.text(body), hasher: Hasher::new(lengths, whole) })
    }

    /// Hashes what the text has of this part of the body.
    fn part(&mut self, part: Range<usize>) {
        let end = part.end.min(self.text.len());
        let part = self.text.get(part.start..end).unwrap_or_default();
        self.how.part(part, |piece| self.hasher.update(piece));
    }

    fn finish(mut self, known: &mut Vec<(Wanted, BodyHash)>) {
        self.hasher.update(self.how.body_end(self.text));
        let Hasher { mut context, waiting, total, lengths, whole: wants_whole, read } = self.hasher;
        for (length, digest) in read {
            known.push(((self.how, Some(length)), BodyHash { digest, total }));
        }
        if !wants_whole && lengths.is_empty() {
            return;
        }
        context.update(&waiting);
        let whole = BodyHash { digest: context.finish(), total };
        if wants_whole {
            known.push(((self.how, None), whole));
        }
        // A length beyond the end gives the whole body's hash.
        known.extend(lengths.into_iter().map(|length| ((self.how, Some(length)), whole)));
    }
}

/// A hash that is read at several lengths.
struct Hasher {
    context: Context,
    /// Octets that are not hashed yet: the library is called for many at once, not for the few between two blanks.
    waiting: Vec<u8>,
    /// Octets that came.
    total: u64,
    /// Where the hash is still to be read, the shortest last.
    lengths: Vec<u64>,
    /// Whether it goes on behind the last of them.
    whole: bool,
    read: Vec<(u64, Digest)>,
}

const WAITING: usize = 2 << 10;

impl Hasher {
    fn new(lengths: Vec<u64>, whole: bool) -> Self {
        let context = Context::new(&SHA256);
        Self { context, waiting: Vec::with_capacity(WAITING), total: 0, lengths, whole, read: Vec::new() }
    }

    fn update(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(&length) = self.lengths.last() {
            let left = length.saturating_sub(self.total);
            let Some((before, after)) =
                usize::try_from(left).ok().and_then(|left| rest.split_at_checked(left))
            else {
                break;
            };
            self.push(before);
            self.flush();
            self.read.push((length, self.context.clone().finish()));
            self.lengths.pop();
            rest = after;
        }
        if self.whole || !self.lengths.is_empty() {
            self.push(rest);
        } else {
            // Nobody wants the rest; how much it is will be told all the same.
            self.total += rest.len() as u64;
        }
    }

    fn push(&mut self, piece: &[u8]) {
        self.total += piece.len() as u64;
        if self.waiting.len() + piece.len() > WAITING {
            self.flush();
        }
        if piece.len() < WAITING / 4 {
            self.waiting.extend_from_slice(piece);
        } else {
            self.flush();
            self.context.update(piece);
        }
    }

    fn flush(&mut self) {
        if !self.waiting.is_empty() {
            self.context.update(&self.waiting);
            self.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use Canonicalization::{Relaxed, Simple};

    /// What the standard says, with a copy of everything.
    fn plainly(body: &[u8], (how, length): Wanted) -> (Vec<u8>, u64) {
        let mut canonical = Vec::new();
        how.body(body, |piece| canonical.extend_from_slice(piece));
        let end =
            length.map_or(canonical.len(), |length| canonical.len().min(usize::try_from(length).unwrap()));
        (digest(&SHA256, &canonical[..end]).as_ref().to_vec(), canonical.len() as u64)
    }

    fn check(body: &[u8], wanted: &[Wanted]) {
        let mut bodies = BodyHashes::new(body);
        for &(how, length) in wanted {
            bodies.announce(how, length);
        }
        for &(how, length) in wanted {
            let hash = bodies.get(how, length);
            assert_eq!((hash.digest.as_ref().to_vec(), hash.total), plainly(body, (how, length)));
        }
    }

    proptest! {
        #[test]
        fn all_hashes_of_one_pass_are_as_each_alone(
            line in "([a-z]{0,40}( |  |\t|\r\n| \r\n|\r|\n)){0,12}",
            times in 1_usize..400,
            lengths in proptest::collection::vec((any::<bool>(), proptest::option::of(0_u64..20_000)), 1..8),
        ) {
            let wanted: Vec<Wanted> = lengths
                .into_iter()
                .map(|(relaxed, length)| (if relaxed { Relaxed } else { Simple }, length))
                .collect();
            check(line.repeat(times).as_bytes(), &wanted);
        }

        #[test]
        fn names_are_ordered_without_regard_to_case(one in "[!-9;-~]{1,40}", other in "[!-9;-~]{1,40}") {
            let lower = |name: &str| name.to_ascii_lowercase();
            prop_assert_eq!(Name::of(&one).cmp(&Name::of(&other)), lower(&one).cmp(&lower(&other)));
            let upper = one.to_ascii_uppercase();
            prop_assert_eq!(Name::of(&one), Name::of(&upper));
        }
    }

    #[test]
    fn a_body_without_any_line_end_is_one_part() {
        let body = [b" ".repeat(20_000), b"a".repeat(20_000), b"\t ".repeat(9_000)].concat();
        check(&body, &[(Relaxed, None), (Relaxed, Some(1)), (Simple, Some(20_001)), (Simple, None)]);
        check(b"", &[(Relaxed, None), (Simple, None), (Simple, Some(0)), (Relaxed, Some(5))]);
    }

    #[test]
    fn a_name_that_is_absent_chooses_nothing() {
        let message = Message::new(b"Date: x\r\nTo: b\r\nTo: a\r\nFrom: c\r\n\r\n").unwrap();
        let hash = |names: &[&str]| message.header_hash(Relaxed, names, b"own: 1").as_ref().to_vec();
        assert_eq!(hash(&["cc", "to", "subject", "to", "to"]), hash(&["to", "to"]));
        let chosen = digest(&SHA256, b"to:a\r\nto:b\r\nown:1");
        assert_eq!(hash(&["TO", "to"]), chosen.as_ref());
    }
}
