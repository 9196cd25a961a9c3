//! Verification (RFC 6376 section 6.1).

use jiff::Timestamp;
use tegami_dns::DnsError;
use tegami_mail::{HeaderError, HeaderField, Note, ParameterizedValue, Text, note};

use super::answers::KeyAnswers;
use super::diagnosis::{Examiner, Failure, survivor};
use super::hash::{BodyHashes, Message, with_empty_signature};
use super::key::{KeyRecord, KeyType, MAX_KEYS, PublicKey, PublishedKey, PublishedKeys};
use super::signature::Signature;
use super::tag::{TagList, excerpt};
use super::{DkimResult, Verdict, record_name};
use crate::{Records, Step};

/// Signatures that are looked at, from the top (RFC 6376 section 6.1 lets verifiers limit them).
const MAX_SIGNATURES: usize = 10;

/// Judges every signature of a content, in the order of the fields; where there is none, the one verdict is `none`.
///
/// The content is the message as it travels, with CRLF at line ends. Keys are asked for side by side, each name once.
pub async fn verify(content: &[u8], records: impl Into<Records<'_>>, now: Timestamp) -> Vec<Verdict> {
    let records = records.into();
    match Message::new(content) {
        Ok(message) => verify_message(&message, &mut BodyHashes::new(message.body), records, now).await,
        Err(error) => vec![unread(&error)],
    }
}

/// Judges every signature of a message that was read; its body is hashed at most once for all who ask.
pub(crate) async fn verify_message(
    message: &Message<'_>,
    bodies: &mut BodyHashes<'_>,
    records: Records<'_>,
    now: Timestamp,
) -> Vec<Verdict> {
    let found = message.count(FIELD);
    let candidates: Vec<Candidate<'_>> =
        message.named(FIELD).take(MAX_SIGNATURES).map(|field| Candidate::read(field, now)).collect();
    if candidates.is_empty() {
        return vec![unsigned()];
    }
    for open in candidates.iter().filter_map(Candidate::open) {
        bodies.announce(open.signature.body, open.signature.length);
    }
    let names = candidates.iter().filter_map(Candidate::open).map(|open| &open.key_name);
    let keys = KeyAnswers::ask(names, records).await;
    let mut examiner = Examiner::new(message);
    let mut verdicts: Vec<Verdict> = candidates
        .into_iter()
        .map(|candidate| candidate.judge(message, &keys, bodies, &mut examiner))
        .collect();
    survivor::tell_signatures(&mut verdicts);
    if found > MAX_SIGNATURES {
        verdicts.push(too_many(found));
    }
    verdicts
}

/// The verdict on a message whose header section is beyond all measure.
pub(crate) fn unread(error: &HeaderError) -> Verdict {
    Draft::default().reject(FIELD, note!("dkim-header-section", error = error))
}

fn unsigned() -> Verdict {
    let mut draft = Draft::default();
    draft.step(FIELD, "none", note!("dkim-none"), "RFC 6376 section 6.1");
    draft.conclude(DkimResult::None, note!("dkim-none"))
}

fn too_many(found: usize) -> Verdict {
    let reason = note!("dkim-too-many-signatures", found = found, limit = MAX_SIGNATURES);
    let mut draft = Draft::default();
    draft.step(FIELD, "ignored", reason.clone(), "RFC 6376 section 6.1");
    draft.conclude(DkimResult::Policy, reason)
}

/// Room for the steps of most signatures.
const USUAL_STEPS: usize = 8;

const FIELD: &str = "DKIM-Signature";
pub(super) const BODY: &str = "body hash";
pub(super) const HEADER: &str = "header hash";

/// The rule behind a fault, by the note that tells it.
fn rule(fault: &Note) -> &'static str {
    match fault.id {
        "dkim-algorithm-historic" => "RFC 8301 section 3.1",
        "dkim-key-weak" | "dkim-key-too-long" => "RFC 8301 section 3.2",
        "dkim-tag-malformed" | "dkim-tag-duplicate" | "dkim-tag-too-many" => "RFC 6376 section 3.2",
        "dkim-value-malformed"
        | "dkim-algorithm-unknown"
        | "dkim-canonicalization-unknown"
        | "dkim-query-unknown" => "RFC 6376 section 3.5",
        "dkim-key-revoked"
        | "dkim-key-identity-strict"
        | "dkim-key-version-unknown"
        | "dkim-key-version-not-first"
        | "dkim-key-without-p"
        | "dkim-key-not-base64"
        | "dkim-key-not-for-email" => "RFC 6376 section 3.6.1",
        id if id.starts_with("dkim-key-") => "RFC 6376 section 6.1.2",
        _ => "RFC 6376 section 6.1.1",
    }
}

/// A verdict that is being found.
#[derive(Debug, Default)]
struct Draft {
    domain: String,
    /// The same as every step tells it.
    told_domain: Text,
    selector: String,
    algorithm: String,
    identity: String,
    signature_start: String,
    steps: Vec<Step>,
}

impl Draft {
    /// What the signature claims, readable or not.
    fn of(tags: &TagList<'_>) -> Self {
        let mut domain = tags.text("d");
        domain.make_ascii_lowercase();
        let mut algorithm = tags.text("a");
        algorithm.make_ascii_lowercase();
        let identity = if tags.get("i").is_some() { tags.text("i") } else { format!("@{domain}") };
        Self {
            identity,
            told_domain: domain.as_str().into(),
            domain,
            selector: tags.text("s"),
            algorithm,
            // RFC 6008 section 2: eight octets tell the signatures of a message apart.
            signature_start: tags.start("b", 8),
            steps: Vec::with_capacity(USUAL_STEPS),
        }
    }

    fn step(&mut self, term: impl Into<Text>, outcome: &'static str, note: Note, source: &'static str) {
        self.steps.push(Step {
            depth: 0,
            domain: self.told_domain.clone(),
            term: term.into(),
            outcome,
            note,
            source,
            spent: None,
        });
    }

    /// The verdict on a signature or a key that cannot be used.
    fn reject(mut self, term: impl Into<Text>, fault: Note) -> Verdict {
        self.step(term, "error", fault.clone(), rule(&fault));
        self.conclude(DkimResult::PermError, fault)
    }

    fn conclude(self, result: DkimResult, reason: Note) -> Verdict {
        Verdict {
            result,
            domain: self.domain,
            selector: self.selector,
            algorithm: self.algorithm,
            identity: self.identity,
            signature_start: self.signature_start,
            covered: Vec::new(),
            reason,
            steps: self.steps,
        }
    }
}

/// One signature: judged already by its own text, or in need of its key.
enum Candidate<'a> {
    Judged(Verdict),
    Open(Box<Open<'a>>),
}

struct Open<'a> {
    draft: Draft,
    field: HeaderField<'a>,
    signature: Signature,
    /// Where its key is published.
    key_name: Text,
}

impl<'a> Candidate<'a> {
    fn read(field: &HeaderField<'a>, now: Timestamp) -> Self {
        let tags = match TagList::parse(field.value_raw) {
            Ok(tags) => tags,
            Err(fault) => return Self::Judged(Draft::default().reject(FIELD, fault)),
        };
        let mut draft = Draft::of(&tags);
        let signature = match Signature::read(&tags) {
            Ok(signature) => signature,
            Err(fault) => return Self::Judged(draft.reject(FIELD, fault)),
        };
        draft.step(FIELD, "found", found(&signature), "RFC 6376 section 3.5");
        if let Some(expiry) = signature.expiry {
            // RFC 6376 section 6.1.1 lets a verifier refuse what has expired, and we do.
            if is_past(expiry, now) {
                draft.step(
                    "x=",
                    "fail",
                    note!("dkim-expired", expiry = moment(expiry)),
                    "RFC 6376 section 3.5",
                );
                let reason = note!("dkim-expired", expiry = moment(expiry));
                return Self::Judged(draft.conclude(DkimResult::PermError, reason));
            }
            draft.step(
                "x=",
                "pass",
                note!("dkim-not-expired", expiry = moment(expiry)),
                "RFC 6376 section 3.5",
            );
        }
        if let Some(time) = signature.time.filter(|&time| is_to_come(time, now)) {
            draft.step("t=", "noted", note!("dkim-time-future", time = moment(time)), "RFC 6376 section 3.5");
        }
        let key_name = record_name(&signature.selector, &signature.domain).into();
        Self::Open(Box::new(Open { draft, field: *field, signature, key_name }))
    }

    fn open(&self) -> Option<&Open<'a>> {
        if let Self::Open(open) = self { Some(open) } else { None }
    }

    fn judge(
        self,
        message: &Message<'_>,
        keys: &KeyAnswers,
        bodies: &mut BodyHashes<'_>,
        examiner: &mut Examiner,
    ) -> Verdict {
        match self {
            Self::Judged(verdict) => verdict,
            Self::Open(open) => open.judge(message, keys, bodies, examiner),
        }
    }
}

fn found(signature: &Signature) -> Note {
    note!(
        "dkim-signature-found",
        domain = signature.domain,
        selector = signature.selector,
        algorithm = signature.algorithm.as_str(),
        header = signature.header.as_str(),
        body = signature.body.as_str(),
        fields = Text::from(signature.fields.join(", ")),
    )
}

fn is_past(seconds: u64, now: Timestamp) -> bool {
    i64::try_from(seconds).is_ok_and(|seconds| seconds < now.as_second())
}

fn is_to_come(seconds: u64, now: Timestamp) -> bool {
    i64::try_from(seconds).map_or(true, |seconds| seconds > now.as_second())
}

/// A moment for people; its number of seconds where it lies beyond the calendar.
fn moment(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp.map_or_else(|| seconds.to_string(), |timestamp| timestamp.to_string())
}

impl Open<'_> {
    fn judge(
        mut self,
        message: &Message<'_>,
        keys: &KeyAnswers,
        bodies: &mut BodyHashes<'_>,
        examiner: &mut Examiner,
    ) -> Verdict {
        let name = self.key_name.clone();
        let usable = match self.usable_keys(&name, keys.answer(&name)) {
            Ok(usable) => usable,
            Err((DkimResult::TempError, reason)) => {
                return self.draft.conclude(DkimResult::TempError, reason);
            }
            Err((_, fault)) => return self.draft.reject(name, fault),
        };
        let body_holds = self.compare_body(message, bodies);
        let own = with_empty_signature(&self.field, &self.signature.signature_span);
        let header_holds = self.verify_header(message, &own, &usable);
        let (domain, selector) = (&self.signature.domain, &self.signature.selector);
        let (result, reason) = match (body_holds, header_holds) {
            (true, true) => (DkimResult::Pass, note!("dkim-pass", domain = domain, selector = selector)),
            (false, true) => (DkimResult::Fail, note!("dkim-fail-body", domain = domain)),
            (true, false) => (DkimResult::Fail, note!("dkim-fail-header", domain = domain)),
            (false, false) => (DkimResult::Fail, note!("dkim-fail-both", domain = domain)),
        };
        if result == DkimResult::Pass {
            let covered = self.signature.fields;
            return Verdict { covered, ..self.draft.conclude(result, reason) };
        }
        let signature = &self.signature;
        let failure = Failure { message, signature, own: &own, keys: &usable, body_holds, header_holds };
        let diagnosis = examiner.diagnose(&failure);
        for finding in diagnosis.findings {
            self.draft.step(finding.term, finding.outcome, finding.note, finding.source);
        }
        self.draft.conclude(result, diagnosis.reason.unwrap_or(reason))
    }

    /// The keys of the record's name that this signature may use.
    fn usable_keys(
        &mut self,
        name: &Text,
        answer: Result<&PublishedKeys, &DnsError>,
    ) -> Result<Vec<PublicKey>, (DkimResult, Note)> {
        let published = match answer {
            Ok(published) => published,
            Err(error) if error.is_void() => {
                return Err((DkimResult::PermError, note!("dkim-key-none", name = name, answer = error)));
            }
            Err(error) => {
                let reason = note!("dkim-key-unavailable", name = name, error = error);
                self.draft.step(name, "error", reason.clone(), "RFC 6376 section 6.1.2");
                return Err((DkimResult::TempError, reason));
            }
        };
        if let Some(target) = &published.alias {
            let reason = note!("dkim-key-alias", name = name, target = target);
            self.draft.step(name, "noted", reason, "RFC 6376 section 3.6.2.2");
        }
        if published.count > 1 {
            let reason = note!("dkim-key-several", name = name, count = published.count, limit = MAX_KEYS);
            self.draft.step(name, "noted", reason, "RFC 6376 section 6.1.2");
        }
        for slip in &published.slips {
            self.draft.step(name, "noted", slip.clone(), "RFC 6376 section 3.6.1");
        }
        let mut usable = Vec::new();
        let mut first_fault = None;
        for key in &published.keys {
            match self.usable_key(key) {
                Ok((record, key)) => {
                    self.tell_key(name, record, key);
                    usable.push(key.clone());
                }
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        if usable.is_empty() {
            let fault = first_fault.unwrap_or_else(|| note!("dkim-key-none", name = name, answer = "NODATA"));
            return Err((DkimResult::PermError, fault));
        }
        Ok(usable)
    }

    /// Whether one record serves this signature (RFC 6376 section 6.1.2).
    fn usable_key<'k>(
        &self,
        published: &'k Result<PublishedKey, Note>,
    ) -> Result<(&'k KeyRecord, &'k PublicKey), Note> {
        let PublishedKey { record, key } = published.as_ref().map_err(Note::clone)?;
        record.serves(self.signature.algorithm)?;
        if record.strict && self.signature.identity_domain != self.signature.domain {
            let identity = &self.signature.identity_domain;
            return Err(note!(
                "dkim-key-identity-strict",
                identity = identity,
                domain = self.signature.domain
            ));
        }
        Ok((record, key.as_ref().map_err(Note::clone)?))
    }

    fn tell_key(&mut self, name: &Text, record: &KeyRecord, key: &PublicKey) {
        let found = note!("dkim-key-found", name = name, type = key.key_type, bits = key.bits);
        self.draft.step(name, "found", found, "RFC 6376 section 6.1.2");
        if key.key_type == KeyType::Rsa && key.bits < RECOMMENDED_BITS {
            let note = note!("dkim-key-short", bits = key.bits, recommended = RECOMMENDED_BITS);
            self.draft.step(name, "noted", note, "RFC 8301 section 3.2");
        }
        if record.testing {
            self.draft.step("t=y", "noted", note!("dkim-key-testing"), "RFC 6376 section 3.6.1");
        }
        if let Some(value) = &record.granularity {
            let note = note!("dkim-key-granularity", value = value);
            self.draft.step("g=", "noted", note, "RFC 6376 section 3.6.1");
        }
    }

    /// What `l=` leaves open, which is the worse the less of the signed part need be shown.
    fn tell_length(&mut self, message: &Message<'_>, length: u64, total: u64) {
        const SOURCE: &str = "RFC 6376 section 8.2";
        let unsigned = total - length;
        if unsigned == 0 {
            return self.draft.step("l=", "noted", note!("dkim-body-length-whole", length = length), SOURCE);
        }
        let note = note!("dkim-body-length", length = length, total = total, unsigned = unsigned);
        self.draft.step("l=", "noted", note, SOURCE);
        let field = message.uppermost("content-type").map(|(_, field)| field.unfolded());
        let kind = field.map(|value| ParameterizedValue::parse(&value).value).unwrap_or_default();
        if kind.starts_with("multipart/") || kind == "text/html" {
            self.draft.step(
                "l=",
                "noted",
                note!("dkim-body-length-replaces", type = excerpt(kind.as_bytes())),
                SOURCE,
            );
        } else if self.signature.fields.iter().all(|name| name != "content-type") {
            self.draft.step("l=", "noted", note!("dkim-body-length-type-unsigned"), SOURCE);
        }
    }

    fn compare_body(&mut self, message: &Message<'_>, bodies: &mut BodyHashes<'_>) -> bool {
        const SOURCE: &str = "RFC 6376 section 6.1.3";
        let (how, length) = (self.signature.body, self.signature.length);
        let hash = bodies.get(how, length);
        let matches = hash.digest.as_ref() == self.signature.body_hash;
        if let Some(length) = length
            && length > hash.total
        {
            let note = note!("dkim-body-shorter", length = length, total = hash.total);
            self.draft.step(BODY, "fail", note, "RFC 6376 section 3.5");
            return false;
        }
        if matches {
            let note = note!(
                "dkim-body-match",
                canonicalization = how.as_str(),
                hash = Text::from(base64(&self.signature.body_hash))
            );
            self.draft.step(BODY, "pass", note, SOURCE);
            if let Some(length) = length {
                self.tell_length(message, length, hash.total);
            }
            return true;
        }
        let note = note!(
            "dkim-body-mismatch",
            canonicalization = how.as_str(),
            claimed = base64(&self.signature.body_hash),
            computed = base64(hash.digest.as_ref())
        );
        self.draft.step(BODY, "fail", note, SOURCE);
        false
    }

    fn verify_header(&mut self, message: &Message<'_>, own: &[u8], keys: &[PublicKey]) -> bool {
        let digest = message.header_hash(self.signature.header, &self.signature.fields, own);
        let holds = keys.iter().any(|key| key.verifies(&digest, &self.signature.signature));
        let (outcome, note) = if holds {
            ("pass", note!("dkim-header-match", count = self.signature.fields.len()))
        } else {
            ("fail", note!("dkim-header-mismatch", fields = self.signature.fields.join(", ")))
        };
        self.draft.step(HEADER, outcome, note, "RFC 6376 section 6.1.3");
        if holds {
            self.tell_unsigned(message);
        }
        holds
    }

    /// A second From or Subject above the signed one is what the reader may be shown (RFC 6376 section 8.15).
    fn tell_unsigned(&mut self, message: &Message<'_>) {
        if !message.repeats(ONCE) {
            return;
        }
        for name in ONCE {
            let signed = self.signature.fields.iter().filter(|field| field == name).count();
            let present = message.count(name);
            if signed > 0 && present > signed {
                let note = note!("dkim-field-unsigned", field = name, present = present, signed = signed);
                self.draft.step(HEADER, "noted", note, "RFC 6376 section 8.15");
            }
        }
    }
}

/// What signers should use at least (RFC 8301 section 3.2).
const RECOMMENDED_BITS: usize = 2048;

/// Fields that a message has once at most (RFC 5322 section 3.6) and that people are shown.
const ONCE: &[&str] = &["from", "sender", "reply-to", "to", "cc", "subject", "date", "content-type"];

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tegami_dns::ZoneResolver;

    use super::*;
    use crate::dkim::{Canonicalization, PrivateKey};

    const CONTENT: &str = "From: a@example.org\r\nSubject:  Hi\r\n\r\nOne \r\nTwo\r\n";

    /// Signs by hand what our signer never writes: `tags`, hashed as `how` says, with the beginning of the body.
    async fn check(
        tags: &str,
        how: (Canonicalization, Canonicalization),
        length: Option<u64>,
        after: &str,
        expect: Expect,
    ) {
        check_content(CONTENT, tags, how, length, after, expect).await;
    }

    async fn check_content(
        content: &str,
        tags: &str,
        how: (Canonicalization, Canonicalization),
        length: Option<u64>,
        after: &str,
        expect: Expect,
    ) {
        let key = PrivateKey::generate_ed25519().unwrap();
        let message = Message::new(content.as_bytes()).unwrap();
        let hash = BodyHashes::new(message.body).get(how.1, length).digest;
        let field = format!(
            "DKIM-Signature: v=1; a=ed25519-sha256; d=example.org; s=k; h=From:Subject; {tags} bh={}; b=",
            base64(hash.as_ref())
        );
        let names = ["from".to_owned(), "subject".to_owned()];
        let signature = key.sign(&message.header_hash(how.0, &names, field.as_bytes())).unwrap();
        let signed = format!("{field}{}\r\n{content}{after}", base64(&signature));
        let granularity = if content == CONTENT { "" } else { "; g=hana" };
        let record = format!("{}{granularity}", key.dns_record()).replace(';', "\\;");
        let zone = format!("k._domainkey.example.org. TXT \"{record}\"\n");
        let resolver = ZoneResolver::from_text(&zone).unwrap();
        let verdicts = verify(signed.as_bytes(), &resolver, Timestamp::UNIX_EPOCH).await;
        let [verdict] = verdicts.as_slice() else { panic!("{verdicts:?}") };
        let mut seen = verdict.result.as_str().to_owned();
        for step in &verdict.steps {
            let values: Vec<&str> = step.note.args.iter().map(|(_, value)| value.as_str()).collect();
            let values = if step.term == FIELD || values.concat().len() > 60 {
                String::new()
            } else {
                values.join(" ")
            };
            seen.push_str(&format!("\n{} {} {} {values}", step.outcome, step.term, step.note.id));
        }
        expect.assert_eq(&seen.replace(" \n", "\n"));
    }

    use Canonicalization::{Relaxed, Simple};

    #[tokio::test]
    async fn part_of_the_body() {
        check(
            "l=5;",
            (Simple, Simple),
            Some(5),
            "",
            expect![[r#"
                pass
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                pass body hash dkim-body-match simple Dgz+LFSWVRmAWyLamcLxy5WgDnj/Tk4kJ/4NqaxXfNU=
                noted l= dkim-body-length 5 11 6
                noted l= dkim-body-length-type-unsigned
                pass header hash dkim-header-match 2"#]],
        )
        .await;
        check(
            "l=11;",
            (Simple, Simple),
            Some(11),
            "more\r\n",
            expect![[r#"
                pass
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                pass body hash dkim-body-match simple FZAEA2vW6as3rVzlvKDl/Zwd+Dux9tL6Re3b/c92dIE=
                noted l= dkim-body-length 11 17 6
                noted l= dkim-body-length-type-unsigned
                pass header hash dkim-header-match 2"#]],
        )
        .await;
        check(
            "l=11;",
            (Simple, Simple),
            Some(11),
            "",
            expect![[r#"
                pass
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                pass body hash dkim-body-match simple FZAEA2vW6as3rVzlvKDl/Zwd+Dux9tL6Re3b/c92dIE=
                noted l= dkim-body-length-whole 11
                pass header hash dkim-header-match 2"#]],
        )
        .await;
        check(
            "l=999;",
            (Simple, Simple),
            None,
            "",
            expect![[r#"
                fail
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                fail body hash dkim-body-shorter 999 11
                pass header hash dkim-header-match 2"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn what_stands_behind_a_part_may_hide_it() {
        check_content(
            "From: a@example.org\r\nSubject: Hi\r\nContent-Type: TEXT/html\r\n\r\nOne \r\n",
            "l=6;",
            (Simple, Simple),
            Some(6),
            "<style>",
            expect![[r#"
                pass
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                noted g= dkim-key-granularity hana
                pass body hash dkim-body-match simple T15tVOD2Db0mOUGFxs6q05/pH/EXJhhs8OoYzndfJvc=
                noted l= dkim-body-length 6 15 9
                noted l= dkim-body-length-replaces text/html
                pass header hash dkim-header-match 2"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn simple_by_default() {
        check(
            "",
            (Simple, Simple),
            None,
            "",
            expect![[r#"
                pass
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                pass body hash dkim-body-match simple FZAEA2vW6as3rVzlvKDl/Zwd+Dux9tL6Re3b/c92dIE=
                pass header hash dkim-header-match 2"#]],
        )
        .await;
        check(
            "c=relaxed;",
            (Relaxed, Simple),
            None,
            "",
            expect![[r#"
                pass
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                pass body hash dkim-body-match simple FZAEA2vW6as3rVzlvKDl/Zwd+Dux9tL6Re3b/c92dIE=
                pass header hash dkim-header-match 2"#]],
        )
        .await;
    }

    #[tokio::test]
    async fn hashed_otherwise_than_declared() {
        check(
            "c=simple/relaxed;",
            (Simple, Simple),
            None,
            "",
            expect![[r#"
                fail
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                fail body hash dkim-body-mismatch
                pass header hash dkim-header-match 2
                proven body hash dkim-body-other relaxed simple"#]],
        )
        .await;
        check(
            "c=simple/simple;",
            (Relaxed, Simple),
            None,
            "",
            expect![[r#"
                fail
                found DKIM-Signature dkim-signature-found
                found k._domainkey.example.org dkim-key-found k._domainkey.example.org ed25519 256
                pass body hash dkim-body-match simple FZAEA2vW6as3rVzlvKDl/Zwd+Dux9tL6Re3b/c92dIE=
                fail header hash dkim-header-mismatch from, subject
                proven header hash dkim-header-other simple relaxed
                noted survivors dkim-survive-relaxed "#]],
        )
        .await;
    }
}
