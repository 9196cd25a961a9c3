//! What is published for one selector.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tegami_auth::dkim::{KeyRecord, KeyType, slip};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{RecordType, TxtData};
use tegami_mail::{Note, note};

use super::repair::{repaired, with_tag};
use super::selector::{KeyAt, Origin};
use super::weak::{Exponent, exponent, has_roca_fingerprint};
use super::{EVERYBODY, REFUSED};
use crate::case::{DomainCase, OwnKey};
use crate::txt;
use crate::{About, Check, Finding, Fix, Who};

const fn check(id: &'static str, severity: Severity, source: &'static str) -> Check {
    Check::new(id, About::Domain, severity, source).who(EVERYBODY)
}

/// What reads the record says nothing where there is none, or where it cannot be read.
const READ: &[&str] = &["dkim.record-found", "dkim.cname-dangling"];
const UNDERSTOOD: &[&str] =
    &["dkim.record-found", "dkim.cname-dangling", "dkim.version", "dkim.syntax", "dkim.key-type"];

pub(super) const RECORD_FOUND: Check = check("dkim.record-found", Severity::S4, "RFC 6376 section 3.6.2.1")
    .answers(REFUSED)
    .after(&["dkim.cname-dangling"]);
pub(super) const CNAME_DANGLING: Check =
    check("dkim.cname-dangling", Severity::S3, "RFC 6376 section 3.6.2.1").answers(REFUSED);
pub(super) const RECORD_MULTIPLE: Check =
    check("dkim.record-multiple", Severity::S3, "RFC 6376 section 3.6.2.2").after(READ);
pub(super) const VERSION: Check = check("dkim.version", Severity::S2, "RFC 6376 section 3.6.1").after(READ);
pub(super) const SYNTAX: Check =
    check("dkim.syntax", Severity::S4, "RFC 6376 section 3.6.1").answers(REFUSED).after(READ);
pub(super) const KEY_TYPE: Check =
    check("dkim.key-type", Severity::S3, "RFC 8463 section 4").answers(REFUSED).after(READ);
pub(super) const REVOKED: Check =
    check("dkim.revoked", Severity::S4, "RFC 6376 section 3.6.1").answers(REFUSED).after(UNDERSTOOD);
pub(super) const KEY_SIZE: Check =
    check("dkim.key-size", Severity::S4, "RFC 8301 section 3.2").answers(REFUSED).after(UNDERSTOOD);
pub(super) const HASH: Check =
    check("dkim.hash", Severity::S3, "RFC 8301 section 3.1").answers(REFUSED).after(UNDERSTOOD);
pub(super) const SERVICE: Check =
    check("dkim.service", Severity::S3, "RFC 6376 section 3.6.1").answers(REFUSED).after(UNDERSTOOD);
pub(super) const TESTING: Check =
    check("dkim.testing", Severity::S2, "RFC 6376 section 3.6.1").after(UNDERSTOOD);
pub(super) const STRICT_I: Check =
    check("dkim.strict-i", Severity::S2, "RFC 6376 section 3.6.1").after(UNDERSTOOD);
pub(super) const WEAK_EXPONENT: Check =
    check("dkim.weak-exponent", Severity::S3, "RFC 8017 section 3.1").after(UNDERSTOOD);
pub(super) const ROCA: Check = check("dkim.roca", Severity::S3, "CVE-2017-15361").after(UNDERSTOOD);
pub(super) const PRIVATE_KEY_MATCH: Check =
    check("dkim.private-key-match", Severity::S4, "RFC 6376 section 3.6").answers(REFUSED).after(UNDERSTOOD);
pub(super) const ROTATION: Check =
    Check::new("dkim.rotation", About::Domain, Severity::S1, "RFC 6376 section 8.1").who(&[Who::Rfc]);

/// All of one selector.
pub(super) const ALL: &[&Check] = &[
    &RECORD_FOUND,
    &CNAME_DANGLING,
    &RECORD_MULTIPLE,
    &VERSION,
    &SYNTAX,
    &KEY_TYPE,
    &REVOKED,
    &KEY_SIZE,
    &HASH,
    &SERVICE,
    &TESTING,
    &STRICT_I,
    &WEAK_EXPONENT,
    &ROCA,
    &PRIVATE_KEY_MATCH,
    &ROTATION,
];

/// Bits below which no signature counts, and those that are recommended (RFC 8301 section 3.2).
const LEAST_BITS: usize = 1024;
const GOOD_BITS: usize = 2048;
const MOST_BITS: usize = 4096;

/// Months after which a key is old, and very old.
const OLD: i32 = 12;
const VERY_OLD: i32 = 24;

/// One selector's record, and what was read in it.
struct Looked<'a> {
    case: &'a DomainCase,
    key: &'a KeyAt,
    text: &'a TxtData,
    read: Result<KeyRecord, Note>,
    own: Option<&'a OwnKey>,
}

/// Everything about one selector.
pub(super) fn judge(case: &DomainCase, key: &KeyAt) -> Vec<Finding> {
    let mut findings = vec![dangling(case, key), found(case, key), rotation(case, key)];
    let Some(text) = key.text() else {
        let open = |check: &&'static Check| {
            check.not_applicable(&key.name, note!("check-depends", parent = RECORD_FOUND.id))
        };
        let told = [RECORD_FOUND.id, CNAME_DANGLING.id, ROTATION.id];
        findings.extend(ALL.iter().filter(|check| !told.contains(&check.id)).map(open));
        return findings;
    };
    let looked = Looked { case, key, text, read: KeyRecord::parse(text), own: own(case, key) };
    findings.extend([looked.multiple(), looked.version(), looked.syntax(), looked.key_type()]);
    findings.extend(looked.of_record());
    if let Ok(texts) = &key.texts {
        for finding in &mut findings {
            finding.ttl = Some(texts.ttl);
        }
    }
    findings
}

fn own<'a>(case: &'a DomainCase, key: &KeyAt) -> Option<&'a OwnKey> {
    case.known.keys.iter().find(|own| own.selector == key.selector)
}

/// The record of our own key, to be put there.
fn publish(case: &DomainCase, key: &KeyAt, operation: Operation) -> Option<Change> {
    own(case, key).map(|own| Change::txt(operation, &key.name, own.record.clone()))
}

fn dangling(case: &DomainCase, key: &KeyAt) -> Finding {
    let name = &key.name;
    let Some(target) = &key.dangling else {
        return match &key.texts {
            Ok(texts) if texts.aliases.is_empty() => {
                CNAME_DANGLING.pass(name, note!("dkim-no-alias", name = name))
            }
            Ok(texts) => {
                let target = texts.aliases.last().unwrap_or(name);
                CNAME_DANGLING.pass(name, note!("dkim-alias", name = name, target = target))
            }
            Err(_) => CNAME_DANGLING.not_applicable(name, note!("check-depends", parent = RECORD_FOUND.id)),
        };
    };
    let delete = Change::new(Operation::Delete, name, RecordType::Cname, format!("{target}."));
    let changes = std::iter::once(delete).chain(publish(case, key, Operation::Add)).collect();
    let fix = Fix::new(note!("dkim-dangling-fix", name = name, target = target)).records(changes);
    CNAME_DANGLING
        .fail(name, note!("dkim-dangling", name = name, target = target))
        .evidence(format!("{name} CNAME {target}."))
        .fix(fix)
}

fn found(case: &DomainCase, key: &KeyAt) -> Finding {
    let name = &key.name;
    let texts = match &key.texts {
        Ok(texts) => texts,
        Err(error) => {
            let note = note!("dns-unanswered", name = name, kind = "TXT", error = error);
            return RECORD_FOUND.unknown(name, note);
        }
    };
    if key.dangling.is_some() {
        return RECORD_FOUND.not_applicable(name, note!("check-depends", parent = CNAME_DANGLING.id));
    }
    let lines = texts.list.iter().map(|text| txt::line(name, text));
    let has_key = |text: &TxtData| {
        let other = || slip(text).is_some_and(|slip| slip.id == "dkim-slip-other-record");
        KeyRecord::parse(text).map_or_else(|note| note.id != "dkim-key-without-p" && !other(), |_| true)
    };
    if texts.list.iter().any(has_key) {
        let note = match key.origin {
            Origin::Own | Origin::Told => note!("dkim-found", name = name),
            Origin::Provider | Origin::Usual => note!("dkim-found-guessed", name = name),
        };
        return RECORD_FOUND.pass(name, note).evidences(lines);
    }
    let fix = Fix::new(note!("dkim-publish-fix", name = name));
    let fix = match publish(case, key, Operation::Add) {
        Some(change) => fix.records(vec![change]),
        None => fix,
    };
    let nothing = if texts.no_name { "NXDOMAIN" } else { "NODATA" };
    let note = match texts.list.first().and_then(|text| slip(text)) {
        Some(slip) => slip,
        None if texts.list.is_empty() => note!("dkim-key-none", name = name, answer = nothing),
        None => note!("dkim-not-a-key", name = name),
    };
    RECORD_FOUND.fail(name, note).evidences(lines).fix(fix)
}

impl Looked<'_> {
    /// A finding with the record behind it.
    fn with(&self, finding: Finding) -> Finding {
        finding.evidence(txt::line(&self.key.name, self.text))
    }

    /// What to publish instead: the record of our own key, else what was meant.
    fn fix(&self, note: Note, meant: Option<String>) -> Fix {
        let record = self.own.map(|own| own.record.clone()).or(meant);
        let fix = Fix::new(note);
        let fix = match record {
            Some(record) => fix.records(vec![Change::txt(Operation::Replace, &self.key.name, record)]),
            None => fix,
        };
        match self.key.publisher(self.case) {
            Some(publisher) => fix.by(publisher),
            None => fix,
        }
    }

    fn multiple(&self) -> Finding {
        let name = &self.key.name;
        let list = self.key.texts.as_ref().map(|texts| texts.list.as_slice()).unwrap_or_default();
        if list.len() < 2 {
            return RECORD_MULTIPLE.pass(name, note!("dkim-one-record", name = name));
        }
        let note = note!("dkim-several-records", name = name, count = list.len());
        let mut fix = Fix::new(note!("dkim-several-fix", name = name));
        let keep = match self.own {
            Some(own) => vec![own.record.clone()],
            None => {
                let good =
                    list.iter().filter(|text| KeyRecord::parse(text).is_ok_and(|key| key.fault().is_none()));
                good.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
            }
        };
        for record in keep {
            fix = fix.records(vec![Change::txt(Operation::Replace, name, record)]);
        }
        RECORD_MULTIPLE.fail(name, note).evidences(list.iter().map(|text| txt::line(name, text))).fix(fix)
    }

    fn is_about_version(note: &Note) -> bool {
        ["dkim-key-version-unknown", "dkim-key-version-not-first"].contains(&note.id)
    }

    fn version(&self) -> Finding {
        let name = &self.key.name;
        match &self.read {
            Err(note) if Self::is_about_version(note) && slip(self.text).is_none() => {
                let fix = self.fix(note!("dkim-version-fix", name = name), repaired(self.text));
                self.with(VERSION.fail(name, note.clone())).fix(fix)
            }
            _ => VERSION.pass(name, note!("dkim-version", name = name)),
        }
    }

    /// What is wrong with the text, and what is wrong with the kind of key, are two things.
    fn broken(&self) -> Option<Note> {
        match &self.read {
            Err(note) if Self::is_about_version(note) && slip(self.text).is_none() => None,
            Err(note) => Some(slip(self.text).unwrap_or_else(|| note.clone())),
            Ok(record) if record.is_revoked() || record.bits().is_some() => None,
            Ok(record) => {
                let unreadable = || record.fault().filter(|note| note.id != "dkim-key-type-unknown");
                slip(self.text).or_else(unreadable)
            }
        }
    }

    fn is_about_kind(note: &Note) -> bool {
        note.id.starts_with("dkim-slip-ed25519") || note.id == "dkim-slip-rsa-typed-ed25519"
    }

    fn syntax(&self) -> Finding {
        let name = &self.key.name;
        match self.broken().filter(|note| !Self::is_about_kind(note)) {
            Some(note) => {
                let fix = self.fix(note!("dkim-syntax-fix", name = name), repaired(self.text));
                self.with(SYNTAX.fail(name, note)).fix(fix)
            }
            None => SYNTAX.pass(name, note!("dkim-syntax", name = name)),
        }
    }

    fn key_type(&self) -> Finding {
        let name = &self.key.name;
        if let Some(note) = self.broken().filter(Self::is_about_kind) {
            let fix = self.fix(note!("dkim-syntax-fix", name = name), repaired(self.text));
            return self.with(KEY_TYPE.fail(name, note)).fix(fix);
        }
        match &self.read {
            Ok(KeyRecord { key_type: KeyType::Unknown(kind), .. }) => {
                let fix = self.fix(note!("dkim-syntax-fix", name = name), repaired(self.text));
                self.with(KEY_TYPE.fail(name, note!("dkim-key-type-unknown", type = kind))).fix(fix)
            }
            Ok(record) => KEY_TYPE.pass(name, note!("dkim-type", name = name, type = record.key_type)),
            Err(_) => KEY_TYPE.not_applicable(name, note!("check-depends", parent = SYNTAX.id)),
        }
    }

    /// What needs the record to be read.
    fn of_record(&self) -> Vec<Finding> {
        let name = &self.key.name;
        let rest: [&'static Check; 9] = [
            &REVOKED,
            &KEY_SIZE,
            &HASH,
            &SERVICE,
            &TESTING,
            &STRICT_I,
            &WEAK_EXPONENT,
            &ROCA,
            &PRIVATE_KEY_MATCH,
        ];
        let open = |parent: &'static str| {
            let open =
                |check: &'static Check| check.not_applicable(name, note!("check-depends", parent = parent));
            rest.into_iter().map(open).collect::<Vec<_>>()
        };
        let record = match &self.read {
            Ok(record) => record,
            Err(note) if Self::is_about_version(note) => return open(VERSION.id),
            Err(_) => return open(SYNTAX.id),
        };
        if record.is_revoked() {
            let mut findings = open(REVOKED.id);
            if let Some(first) = findings.first_mut() {
                *first = self.revoked();
            }
            return findings;
        }
        vec![
            REVOKED.pass(name, note!("dkim-not-revoked", name = name)),
            self.key_size(record),
            self.hash(record),
            self.service(record),
            self.testing(record),
            self.strict(record),
            self.exponent(record),
            self.roca(record),
            self.private_key(record),
        ]
    }

    fn revoked(&self) -> Finding {
        let name = &self.key.name;
        if self.own.is_none() {
            return self.with(REVOKED.info(name, note!("dkim-key-revoked")));
        }
        let fix = self.fix(note!("dkim-publish-fix", name = name), None);
        self.with(REVOKED.fail(name, note!("dkim-revoked-in-use", name = name))).fix(fix)
    }

    fn key_size(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        let Some(bits) = record.bits() else {
            return KEY_SIZE.not_applicable(name, note!("check-depends", parent = SYNTAX.id));
        };
        if record.key_type == KeyType::Ed25519 {
            return KEY_SIZE.pass(name, note!("dkim-size-ed25519", name = name));
        }
        let fix = || Fix::new(note!("dkim-size-fix", name = name));
        if bits < LEAST_BITS {
            let note = note!("dkim-key-weak", bits = bits, least = LEAST_BITS);
            return self.with(KEY_SIZE.fail(name, note)).fix(fix());
        }
        if bits < GOOD_BITS {
            let note = note!("dkim-size-short", name = name, bits = bits);
            return self.with(KEY_SIZE.warn(name, note)).severity(Severity::S2).fix(fix());
        }
        if bits > MOST_BITS {
            let note = note!("dkim-size-long", name = name, bits = bits, most = MOST_BITS);
            return self.with(KEY_SIZE.info(name, note)).severity(Severity::S1);
        }
        KEY_SIZE.pass(name, note!("dkim-size", name = name, bits = bits))
    }

    fn hash(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        match &record.hashes {
            Some(hashes) if !hashes.iter().any(|hash| hash == "sha256") => {
                let fix = self.fix(note!("dkim-tag-fix", name = name), with_tag(self.text, "h", None));
                let note = note!("dkim-key-hash-mismatch", hashes = hashes.join(", "));
                self.with(HASH.fail(name, note)).fix(fix)
            }
            _ => HASH.pass(name, note!("dkim-hash", name = name)),
        }
    }

    fn service(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        if record.for_email {
            return SERVICE.pass(name, note!("dkim-service", name = name));
        }
        let fix = self.fix(note!("dkim-tag-fix", name = name), with_tag(self.text, "s", None));
        self.with(SERVICE.fail(name, note!("dkim-key-not-for-email"))).fix(fix)
    }

    fn testing(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        if !record.testing {
            return TESTING.pass(name, note!("dkim-not-testing", name = name));
        }
        let flags = record.strict.then_some("s");
        let fix = self.fix(note!("dkim-tag-fix", name = name), with_tag(self.text, "t", flags));
        self.with(TESTING.warn(name, note!("dkim-testing", name = name))).fix(fix)
    }

    fn strict(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        if record.strict {
            return self
                .with(STRICT_I.info(name, note!("dkim-strict", name = name, domain = self.case.domain)));
        }
        STRICT_I.pass(name, note!("dkim-not-strict", name = name))
    }

    fn exponent(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        let Some((_, public)) = record.rsa_numbers() else {
            return WEAK_EXPONENT.not_applicable(name, note!("dkim-no-rsa", name = name));
        };
        let fix = || Fix::new(note!("dkim-new-key-fix", name = name));
        match exponent(public) {
            Exponent::Good => WEAK_EXPONENT.pass(name, note!("dkim-exponent", name = name)),
            Exponent::Small => {
                self.with(WEAK_EXPONENT.warn(name, note!("dkim-exponent-small", name = name))).fix(fix())
            }
            Exponent::Broken => {
                self.with(WEAK_EXPONENT.fail(name, note!("dkim-exponent-broken", name = name))).fix(fix())
            }
        }
    }

    fn roca(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        let Some((modulus, _)) = record.rsa_numbers() else {
            return ROCA.not_applicable(name, note!("dkim-no-rsa", name = name));
        };
        if !has_roca_fingerprint(modulus) {
            return ROCA.pass(name, note!("dkim-roca-not", name = name));
        }
        let fix = Fix::new(note!("dkim-new-key-fix", name = name));
        self.with(ROCA.fail(name, note!("dkim-roca", name = name))).likely().fix(fix)
    }

    /// What is published is the public half of the key that signs.
    fn private_key(&self, record: &KeyRecord) -> Finding {
        let name = &self.key.name;
        let Some(own) = self.own else {
            return PRIVATE_KEY_MATCH.not_applicable(name, note!("dkim-not-ours", name = name));
        };
        let ours = KeyRecord::parse(own.record.as_bytes()).ok();
        let same = ours.is_some_and(|ours| {
            let numbers = ours.rsa_numbers().is_some() && ours.rsa_numbers() == record.rsa_numbers();
            ours.key_type == record.key_type && (numbers || ours.data == record.data)
        });
        if same {
            return PRIVATE_KEY_MATCH.pass(name, note!("dkim-ours", name = name));
        }
        let fix = self.fix(note!("dkim-ours-fix", name = name), None);
        self.with(PRIVATE_KEY_MATCH.fail(name, note!("dkim-ours-not", name = name))).fix(fix)
    }
}

/// How old a key is, where its selector tells.
fn rotation(case: &DomainCase, key: &KeyAt) -> Finding {
    let name = &key.name;
    let Some(born) = born(key.selector.as_str()) else {
        return ROTATION.not_applicable(name, note!("dkim-age-unknown", name = name));
    };
    let today = case.known.now.to_zoned(TimeZone::UTC).date();
    let months = (i32::from(today.year()) - i32::from(born.year())) * 12
        + (i32::from(today.month()) - i32::from(born.month()));
    let selector = &key.selector;
    match months {
        _ if months > VERY_OLD => {
            let note = note!("dkim-age-great", selector = selector, months = months);
            ROTATION.info(name, note).fix(Fix::new(note!("dkim-new-key-fix", name = name))).likely()
        }
        _ if months > OLD => {
            ROTATION.info(name, note!("dkim-age", selector = selector, months = months)).likely()
        }
        _ => ROTATION.pass(name, note!("dkim-age-fine", selector = selector)),
    }
}

/// The last day that a selector's name can mean: `s2026`, `202604`, `20260401`, `mail-2026-04`.
fn born(selector: &str) -> Option<Date> {
    let digits: Vec<&str> =
        selector.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let year = |text: &str| text.parse::<i16>().ok().filter(|year| (2005..2100).contains(year));
    for (at, part) in digits.iter().enumerate() {
        let (Some(head), Some(tail)) = (part.get(..4), part.get(4..)) else { continue };
        let Some(year) = year(head) else { continue };
        let month = |text: &str| text.parse::<i8>().ok().filter(|month| (1..=12).contains(month));
        let after = digits.get(at + 1).copied().filter(|next| next.len() == 2).unwrap_or_default();
        let (month, exact) = match tail.len() {
            0 => (month(after).unwrap_or(12), None),
            2 => (month(tail)?, None),
            4 => (month(tail.get(..2)?)?, tail.get(2..)?.parse::<i8>().ok()),
            _ => continue,
        };
        let first = Date::new(year, month, 1).ok()?;
        return exact.and_then(|day| Date::new(year, month, day).ok()).or(Some(first.last_of_month()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::born;

    #[test]
    fn dates_of_selectors() {
        let check = |selector: &str, expected: Option<&str>| {
            assert_eq!(born(selector).map(|date| date.to_string()).as_deref(), expected, "{selector}");
        };
        check("s2026", Some("2026-12-31"));
        check("20230601", Some("2023-06-01"));
        check("k202404", Some("2024-04-30"));
        check("mail-2024-05", Some("2024-05-31"));
        check("selector1", None);
        check("scph0115", None);
        check("12345678901", None);
        check("s202613", None);
    }
}
