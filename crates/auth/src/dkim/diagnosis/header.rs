//! What was done to the signed fields. Fields change one by one and independently: for each name there are a few things it may
//! have been, and the combinations are tried, the likely ones and those with few changes first.

use std::ops::RangeInclusive;

use aws_lc_rs::digest::{SHA256, digest};
use tegami_mail::{HeaderField, Note, Text, note};

use super::effort::Effort;
use super::opened::{Opened, open};
use super::part::Structure;
use super::{Failure, content, date, original, people, subject};
use crate::dkim::Canonicalization;
use crate::dkim::hash::{Message, without_line_end};
use crate::dkim::key::{KeyType, PublicKey};
use crate::dkim::tag::excerpt;

/// What is known of the header fields of a signature that does not fit them.
#[derive(Clone, Debug)]
pub(super) enum HeaderFinding {
    /// Proven: with these changes undone the signature fits.
    Changed {
        /// Names of the fields.
        fields: Vec<String>,
        /// A sentence for each change.
        notes: Vec<Note>,
        /// The signature is genuine, and only white space or the case of names differs.
        only_form: bool,
    },
    /// Proven: the published key made the signature, over other fields than these.
    Genuine,
    /// Proven: no published key made the signature, or it was damaged.
    Foreign,
    /// Proven: the key made the signature, but over another hash function than `a=` says.
    OtherHash,
    /// The kind of the key tells nothing.
    Unknown,
}

/// What a field, or all fields of one name, may have been.
pub(super) struct Proposal {
    /// How far-fetched it is, from 1.
    pub(super) weight: u8,
    /// The fields of the name without line ends, the lowest first.
    pub(super) fields: Vec<Vec<u8>>,
    /// What happened, if this is it.
    pub(super) note: Note,
}

/// Everything that proposals are drawn from.
pub(super) struct Clues<'a> {
    pub(super) message: &'a Message<'a>,
    /// The domain that signed.
    pub(super) domain: &'a str,
    pub(super) structure: &'a Structure,
    /// Copies of fields in the signature (`z=`).
    pub(super) copies: Vec<(String, Vec<u8>)>,
}

/// Tries what lists, gateways and forgers do to header fields.
pub(super) fn explain(failure: &Failure<'_>, structure: &Structure, effort: &mut Effort) -> HeaderFinding {
    let Failure { message, signature, own, keys, .. } = failure;
    let oracle = match Oracle::of(keys, &signature.signature) {
        Ok(oracle) => oracle,
        Err(finding) => return finding,
    };
    let unexplained =
        if matches!(oracle, Oracle::Hashes(_)) { HeaderFinding::Genuine } else { HeaderFinding::Unknown };
    let how = signature.header;
    let other = how.other();
    let mut search = Search::new(failure, oracle, effort);
    if search.fits(&message.header_hash(other, &signature.fields, own)) {
        let note = note!("dkim-header-other", declared = how.as_str(), canonicalization = other.as_str());
        return HeaderFinding::Changed { fields: Vec::new(), notes: vec![note], only_form: true };
    }
    let clues =
        Clues { message, domain: signature.domain.as_str(), structure, copies: original::copies(own) };
    let forms: &[Form] = match how {
        Canonicalization::Relaxed => &[Form::AsIs],
        Canonicalization::Simple => &[Form::AsIs, Form::Unfolded, Form::Spaced],
    };
    let groups: Vec<Vec<Group>> =
        forms.iter().map(|&form| groups(&clues, &signature.fields, how, form, search.effort)).collect();
    for pass in PASSES {
        for (&form, groups) in forms.iter().zip(&groups).take(if pass.all_forms { 3 } else { 1 }) {
            for weight in pass.weights.clone() {
                let mut chosen = Vec::new();
                if search.combine(groups, pass.heaviest, weight, &mut chosen) {
                    return changed(message, groups, &chosen, form);
                }
            }
        }
    }
    unexplained
}

/// Combinations that are tried one after another: by the sum of their weights, with none heavier than this.
struct Pass {
    weights: RangeInclusive<u8>,
    heaviest: u8,
    all_forms: bool,
}

/// White space alone and with one change; all that is likely; then everything.
const PASSES: [Pass; 3] = [
    Pass { weights: 0..=1, heaviest: 1, all_forms: true },
    Pass { weights: 2..=6, heaviest: 1, all_forms: false },
    Pass { weights: 2..=8, heaviest: u8::MAX, all_forms: false },
];

/// Names of `h=` that are looked at.
const MOST_NAMES: usize = 32;

/// How all fields may have been written, where white space counts (RFC 6376 section 3.4.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    AsIs,
    /// Each field on one line.
    Unfolded,
    /// One blank after the colon and between words.
    Spaced,
}

impl Form {
    fn write(self, raw: &[u8]) -> Vec<u8> {
        match self {
            Self::AsIs => raw.to_vec(),
            Self::Unfolded => raw.iter().copied().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect(),
            Self::Spaced => {
                let mut relaxed = Vec::new();
                Canonicalization::Relaxed.field(raw, &mut relaxed);
                let colon = memchr::memchr(b':', raw).unwrap_or(raw.len());
                let name = raw.get(..colon).unwrap_or_default().trim_ascii_end();
                let value = relaxed.get(name.len() + 1..).unwrap_or_default();
                [name, b": ", value].concat()
            }
        }
    }
}

/// The fields of one name: as they came, and what else they may have been.
struct Group {
    name: String,
    choices: Vec<Choice>,
}

struct Choice {
    weight: u8,
    /// In canonical form, with CRLF, the lowest first.
    canonical: Vec<Vec<u8>>,
    note: Option<Note>,
}

fn groups(
    clues: &Clues<'_>,
    signed: &[Text],
    how: Canonicalization,
    form: Form,
    effort: &mut Effort,
) -> Vec<Group> {
    let mut names: Vec<&Text> = Vec::new();
    for name in signed {
        if !names.contains(&name) && names.len() < MOST_NAMES {
            names.push(name);
        }
    }
    let canonical = |fields: &[Vec<u8>]| {
        let write = |raw: &Vec<u8>| {
            let mut out = Vec::with_capacity(raw.len() + 2);
            how.field(&form.write(raw), &mut out);
            out.extend_from_slice(b"\r\n");
            out
        };
        fields.iter().map(write).collect::<Vec<_>>()
    };
    let group = |name: &Text| {
        let came = instances(clues.message, name);
        let may = effort.may_write_header(came.iter().map(Vec::len).sum());
        let mut choices = vec![Choice { weight: 0, canonical: canonical(&came), note: None }];
        let proposals = if may { proposals(clues, name) } else { Vec::new() };
        for Proposal { weight, fields, note } in proposals {
            if !effort.may_write_header(fields.iter().map(Vec::len).sum()) {
                break;
            }
            let canonical = canonical(&fields);
            if choices.iter().all(|known| known.canonical != canonical) {
                choices.push(Choice { weight, canonical, note: Some(note) });
            }
        }
        Group { name: name.to_string(), choices }
    };
    names.into_iter().map(group).collect()
}

/// The fields of a name without line ends, the lowest first.
pub(super) fn instances(message: &Message<'_>, name: &str) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> =
        message.named(name).map(|field| without_line_end(field.raw).to_vec()).collect();
    fields.reverse();
    fields
}

/// A field written anew.
pub(super) fn written(name: &str, value: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b": ", value].concat()
}

/// Octets of the fields of one name. Each proposal has a copy of those that it does not change, and there are hundreds.
const MOST_OCTETS: usize = 16 << 10;

fn proposals(clues: &Clues<'_>, name: &str) -> Vec<Proposal> {
    if clues.message.named(name).map(|field| field.raw.len()).sum::<usize>() > MOST_OCTETS {
        return Vec::new();
    }
    let mut proposals = original::proposals(clues, name);
    match name {
        "subject" => proposals.extend(subject::proposals(clues)),
        "from" | "reply-to" | "to" | "cc" | "sender" => proposals.extend(people::proposals(clues, name)),
        "content-type" | "content-transfer-encoding" | "mime-version" => {
            proposals.extend(content::proposals(clues, name));
        }
        "date" => proposals.extend(date::proposals(clues)),
        _ => {}
    }
    proposals.extend(additions(clues.message, name));
    proposals.extend(recased(clues.message, name));
    proposals
}

/// One of the fields was put there; or they stand in another order.
fn additions(message: &Message<'_>, name: &str) -> Vec<Proposal> {
    let fields = instances(message, name);
    let mut proposals = Vec::new();
    let places: Vec<usize> = (0..fields.len()).rev().collect();
    for &place in places.iter().take(2).chain(places.iter().skip(2).last()) {
        let mut left = fields.clone();
        let gone = left.remove(place);
        let colon = memchr::memchr(b':', &gone).map_or(gone.len(), |colon| colon + 1);
        let value = excerpt(gone.get(colon..).unwrap_or_default());
        let written = gone.get(..colon.saturating_sub(1)).map(excerpt).unwrap_or_default();
        let weight = match name {
            "reply-to" | "sender" => 1,
            // A message has one of these: without it there would be none.
            "from" | "subject" | "date" | "message-id" | "to" if fields.len() == 1 => 4,
            _ => 2,
        };
        let note = note!("dkim-header-added", field = written, value = value);
        proposals.push(Proposal { weight, fields: left, note });
    }
    if fields.len() > 1 {
        let mut other_way = fields;
        other_way.reverse();
        let note = note!("dkim-header-reordered", field = name);
        proposals.push(Proposal { weight: 2, fields: other_way, note });
    }
    proposals
}

/// Names that are written in several ways; only `simple` minds (RFC 6376 section 3.4.1).
fn recased(message: &Message<'_>, name: &str) -> Vec<Proposal> {
    let ways: &[&str] = match name {
        "message-id" => &["Message-ID", "Message-Id"],
        "mime-version" => &["MIME-Version", "Mime-Version"],
        "cc" => &["Cc", "CC"],
        _ => return Vec::new(),
    };
    let fields = instances(message, name);
    let rename = |way: &&str| {
        let again = |raw: &Vec<u8>| {
            let rest = raw.get(name.len()..).unwrap_or_default();
            [way.as_bytes(), rest].concat()
        };
        let note = note!("dkim-header-recased", field = way);
        Proposal { weight: 2, fields: fields.iter().map(again).collect(), note }
    };
    if fields.is_empty() { Vec::new() } else { ways.iter().map(rename).collect() }
}

/// Who knows whether a header hash is the one that was signed.
enum Oracle<'a> {
    /// The signature says itself which hash it was made from.
    Hashes(Vec<[u8; 32]>),
    /// Only a verification can tell.
    Keys(&'a [PublicKey]),
}

impl<'a> Oracle<'a> {
    fn of(keys: &'a [PublicKey], signature: &[u8]) -> Result<Self, HeaderFinding> {
        if !keys.iter().all(|key| key.key_type == KeyType::Rsa) {
            let possible = signature.len() == ED25519_SIGNATURE;
            return if possible { Ok(Self::Keys(keys)) } else { Err(HeaderFinding::Foreign) };
        }
        let opened: Vec<Option<Opened>> = keys.iter().map(|key| open(key.data(), signature)).collect();
        let hashes: Vec<[u8; 32]> = opened
            .iter()
            .filter_map(|opened| match opened {
                Some(Opened::Sha256(hash)) => Some(*hash),
                _ => None,
            })
            .collect();
        if !hashes.is_empty() {
            Ok(Self::Hashes(hashes))
        } else if opened.contains(&Some(Opened::OtherHash)) {
            Err(HeaderFinding::OtherHash)
        } else if opened.is_empty() || opened.contains(&None) {
            Ok(Self::Keys(keys))
        } else {
            Err(HeaderFinding::Foreign)
        }
    }
}

/// RFC 8032 section 5.1.6.
const ED25519_SIGNATURE: usize = 64;

struct Search<'a, 'e> {
    failure: &'a Failure<'a>,
    oracle: Oracle<'a>,
    effort: &'e mut Effort,
    /// The signature's own field in canonical form.
    own: Vec<u8>,
    data: Vec<u8>,
    /// The effort has ended.
    stopped: bool,
}

impl<'a, 'e> Search<'a, 'e> {
    fn new(failure: &'a Failure<'a>, oracle: Oracle<'a>, effort: &'e mut Effort) -> Self {
        let mut own = Vec::new();
        failure.signature.header.field(failure.own, &mut own);
        Self { failure, oracle, effort, own, data: Vec::new(), stopped: false }
    }

    /// Tries all choices whose weights make this sum.
    fn combine(&mut self, groups: &[Group], heaviest: u8, left: u8, chosen: &mut Vec<usize>) -> bool {
        if left == 0 {
            return self.try_choice(groups, chosen);
        }
        let at = chosen.len();
        let Some(group) = groups.get(at) else { return false };
        for (index, choice) in group.choices.iter().enumerate().filter(|(_, one)| one.weight <= heaviest) {
            let Some(rest) = left.checked_sub(choice.weight) else { continue };
            chosen.push(index);
            if self.combine(groups, heaviest, rest, chosen) {
                return true;
            }
            chosen.truncate(at);
            if self.stopped {
                return false;
            }
        }
        false
    }

    /// Names beyond the end of `chosen` are as they came.
    fn try_choice(&mut self, groups: &[Group], chosen: &[usize]) -> bool {
        self.data.clear();
        let mut used = vec![0_usize; groups.len()];
        for name in &self.failure.signature.fields {
            let known = groups.iter().zip(used.iter_mut()).zip(chosen.iter().chain(std::iter::repeat(&0)));
            let named = known.into_iter().find(|((group, _), _)| group.name == name.as_str());
            let Some(((group, used), choice)) = named else { continue };
            let choice = group.choices.get(*choice);
            if let Some(field) = choice.and_then(|choice| choice.canonical.get(*used)) {
                self.data.extend_from_slice(field);
                *used += 1;
            }
        }
        self.data.extend_from_slice(&self.own);
        if !self.effort.may_hash_header(self.data.len()) {
            self.stopped = true;
            return false;
        }
        let hash = digest(&SHA256, &self.data);
        self.fits(&hash)
    }

    fn fits(&mut self, hash: &aws_lc_rs::digest::Digest) -> bool {
        match &self.oracle {
            Oracle::Hashes(hashes) => hashes.iter().any(|signed| signed == hash.as_ref()),
            Oracle::Keys(keys) => {
                let signature = &self.failure.signature.signature;
                keys.iter().any(|key| {
                    let may = self.effort.may_verify();
                    self.stopped |= !may;
                    may && key.verifies(hash, signature)
                })
            }
        }
    }
}

fn changed(message: &Message<'_>, groups: &[Group], chosen: &[usize], form: Form) -> HeaderFinding {
    let (mut fields, mut notes) = (Vec::new(), Vec::new());
    if form != Form::AsIs {
        notes.push(note!("dkim-header-refolded"));
    }
    for (group, &index) in groups.iter().zip(chosen) {
        let Some(note) = group.choices.get(index).and_then(|choice| choice.note.clone()) else { continue };
        fields.push(proper(message, &group.name));
        notes.push(note);
    }
    let recased = |note: &Note| matches!(note.id, "dkim-header-recased" | "dkim-header-refolded");
    HeaderFinding::Changed { only_form: notes.iter().all(recased), fields, notes }
}

/// The name as the message writes it, or as it is commonly written.
fn proper(message: &Message<'_>, name: &str) -> String {
    let Some(field) = field(message, name) else {
        let known = ["MIME-Version", "Message-ID", "List-ID"];
        let known = known.iter().find(|known| known.eq_ignore_ascii_case(name));
        return known.map_or_else(|| capitalized(name), |known| (*known).to_owned());
    };
    field.name.to_owned()
}

fn capitalized(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        if std::mem::replace(&mut start, c == '-') { c.to_ascii_uppercase() } else { c }
    };
    name.chars().map(letter).collect()
}

/// The uppermost field of a name.
pub(super) fn field<'m, 'a>(message: &'m Message<'a>, name: &str) -> Option<&'m HeaderField<'a>> {
    message.uppermost(name).map(|(_, field)| field)
}
