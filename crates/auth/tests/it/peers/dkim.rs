//! DKIM: dkimpy, OpenDKIM and Mail::DKIM verify what we sign, sign what we verify, and judge messages that were changed.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use tegami_auth::dkim::{Canonicalization, DkimResult, PrivateKey, SignedFields, Signer, sign};

use super::message::{CHANGES, Change, content, split};
use super::{Chance, Suite, ask, native, perl, python};
use crate::conformance::Outcome;
use crate::dkim::{at, judge, zone_of};

/// One implementation.
struct Peer {
    name: &'static str,
    command: fn() -> Result<Command, String>,
    /// The selectors whose keys it can use.
    selectors: &'static [&'static str],
    /// Where it differs, in each of the three comparisons.
    differences: &'static [Difference],
}

/// When it is this difference, and the reason with the RFC's word.
type Difference = (fn(&Case) -> bool, &'static str);

/// One message on which we and a peer may differ.
#[derive(Debug)]
struct Case {
    how: String,
    change: Option<Change>,
    message: Vec<u8>,
    ours: String,
    theirs: String,
}

impl Case {
    /// Whether the peer signed it, not we.
    fn signed_by_peer(&self) -> bool {
        self.theirs == "pass" && self.ours == "fail" && self.change.is_none()
    }

    /// Whether the header section has a line that is neither a field nor the fold of one.
    fn has_line_without_colon(&self) -> bool {
        let (fields, _) = split(&self.message);
        fields.iter().any(|field| !field.contains(&b':'))
    }

    /// Whether the base64 of the uppermost signature lacks an octet of its padding.
    fn has_short_padding(&self) -> bool {
        let (fields, _) = split(&self.message);
        let field = String::from_utf8_lossy(&fields[0]).into_owned();
        let (_, value) = field.split_once(" b=").unwrap_or_default();
        let octets = value.chars().filter(|c| !c.is_ascii_whitespace()).count();
        octets % 4 != 0 && value.trim_end().ends_with('=')
    }
}

const NO_END: Difference = (
    |case| !case.message.ends_with(b"\r\n"),
    "RFC 6376 sections 3.4.3 and 3.4.4: a body that does not end in CRLF gets one; no such body travels by SMTP",
);

const COLON: Difference = (
    |case| matches!(case.change, Some(Change::BlankBeforeColon)),
    "RFC 6376 section 3.4.2: relaxed deletes blanks before the colon too, which RFC 5322 section 4.5 allowed of old; the peer keeps \
     them or refuses the message",
);
const SILENT: Difference = (
    |case| !case.ours.contains("pass") && (case.theirs.is_empty() || case.theirs.starts_with("crash")),
    "RFC 6376 section 6.1.1: a signature or message that cannot be read has failed for good; we say so of each, the peer says nothing",
);

const NO_FIELD: Difference = (
    |case| (case.theirs.is_empty() || case.theirs.starts_with("crash")) && case.has_line_without_colon(),
    "RFC 6376 section 3.8: a verifier should see to it that its input is a valid message; we pass over a line that is no field, which \
     no signature can name, the peer refuses the whole message",
);
const PADDING: Difference = (
    |case| case.ours.contains("pass") && case.has_short_padding(),
    "RFC 6376 section 2.10: the `=` at the end of base64 may be missing",
);

const DKIMPY: Peer = Peer {
    name: "dkimpy 1.1.8",
    command: || python("ask_dkimpy.py"),
    selectors: &["rsa", "ed"],
    differences: &[NO_END, COLON, SILENT, NO_FIELD, PADDING],
};
const OPENDKIM: Peer = Peer {
    name: "OpenDKIM (libopendkim)",
    command: || native("ask_opendkim.c", "opendkim", "opendkim/dkim.h", "libopendkim-dev"),
    selectors: &["rsa", "ed"],
    differences: &[
        NO_END,
        SILENT,
        NO_FIELD,
        (
            |case| case.signed_by_peer() && case.how.contains("ed, c=simple/"),
            "RFC 6376 section 3.7: OpenDKIM hashes its own field otherwise than it writes it, with Ed25519 and a simple header section: \
             neither dkimpy nor OpenDKIM itself verifies it",
        ),
    ],
};
const MAIL_DKIM: Peer = Peer {
    name: "Mail::DKIM (libmail-dkim-perl)",
    command: || perl("ask_mail_dkim.pl", "Mail::DKIM", "libmail-dkim-perl"),
    selectors: &["rsa"],
    differences: &[NO_END, COLON, SILENT, NO_FIELD, PADDING],
};

pub(super) fn dkimpy_verifies() -> Result<Suite, String> {
    they_verify("dkim: dkimpy verifies what we sign", &DKIMPY)
}
pub(super) fn dkimpy_signs() -> Result<Suite, String> {
    they_sign("dkim: we verify what dkimpy signs", &DKIMPY)
}
pub(super) fn dkimpy_judges() -> Result<Suite, String> {
    they_judge("dkim: dkimpy and we judge changed messages", &DKIMPY)
}
pub(super) fn opendkim_verifies() -> Result<Suite, String> {
    they_verify("dkim: OpenDKIM verifies what we sign", &OPENDKIM)
}
pub(super) fn opendkim_signs() -> Result<Suite, String> {
    they_sign("dkim: we verify what OpenDKIM signs", &OPENDKIM)
}
pub(super) fn opendkim_judges() -> Result<Suite, String> {
    they_judge("dkim: OpenDKIM and we judge changed messages", &OPENDKIM)
}
pub(super) fn mail_dkim_verifies() -> Result<Suite, String> {
    they_verify("dkim: Mail::DKIM verifies what we sign", &MAIL_DKIM)
}
pub(super) fn mail_dkim_signs() -> Result<Suite, String> {
    they_sign("dkim: we verify what Mail::DKIM signs", &MAIL_DKIM)
}
pub(super) fn mail_dkim_judges() -> Result<Suite, String> {
    they_judge("dkim: Mail::DKIM and we judge changed messages", &MAIL_DKIM)
}

use Canonicalization::{Relaxed, Simple};

/// When we sign: long ago, since peers go by their own clock and refuse what is signed in the future.
const SIGNED: i64 = 1_700_000_000;

const HOWS: &[(Canonicalization, Canonicalization)] =
    &[(Simple, Simple), (Simple, Relaxed), (Relaxed, Simple), (Relaxed, Relaxed)];

static RSA: LazyLock<Arc<PrivateKey>> = LazyLock::new(|| Arc::new(PrivateKey::generate_rsa_2048().unwrap()));
static ED25519: LazyLock<Arc<PrivateKey>> =
    LazyLock::new(|| Arc::new(PrivateKey::generate_ed25519().unwrap()));
static ZONE: LazyLock<String> =
    LazyLock::new(|| ["rsa", "ed"].map(|s| zone_of(&signer(s, HOWS[0]))).concat());

fn signer(selector: &str, how: (Canonicalization, Canonicalization)) -> Signer {
    let key = if selector == "rsa" { &*RSA } else { &*ED25519 };
    let mut signer = Signer::new("example.org".parse().unwrap(), selector.parse().unwrap(), Arc::clone(key));
    (signer.header, signer.body) = how;
    signer
}

/// Our verdict in the words of the drivers.
fn our_word(message: &[u8]) -> String {
    let verdicts = judge(message, &ZONE, SIGNED);
    let words = verdicts
        .iter()
        .filter(|verdict| verdict.result != DkimResult::None)
        .map(|verdict| if verdict.result == DkimResult::Pass { "pass" } else { "fail" });
    words.collect::<Vec<_>>().join(" ")
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Tells a driver the keys, then asks.
fn ask_with_keys(peer: &Peer, tasks: Vec<String>) -> Result<Vec<String>, String> {
    let pem = |key: &PrivateKey| hex(key.to_pem().unwrap().as_bytes());
    let record = |key: &PrivateKey| hex(key.dns_record().as_bytes());
    let keys = format!("keys\t{}\t{}\t{}\t{}", record(&RSA), record(&ED25519), pem(&RSA), pem(&ED25519));
    let lines: Vec<String> = std::iter::once(keys).chain(tasks).collect();
    let mut answers = ask(&mut (peer.command)()?, &lines);
    assert_eq!(answers.remove(0), "ok");
    Ok(answers)
}

fn about(peer: &Peer, what: &str) -> String {
    let algorithms = if peer.selectors.len() == 2 { "RSA-2048 and Ed25519" } else { "RSA-2048" };
    format!("{}: {what}; {algorithms}, all four canonicalisations", peer.name)
}

fn decide(suite: &mut Suite, peer: &Peer, case: &Case) {
    let outcome = match peer.differences.iter().find(|(applies, _)| applies(case)) {
        _ if case.ours == case.theirs => Outcome::Passed,
        Some((_, reason)) => Outcome::Differs(reason),
        None => Outcome::Failed(format!(
            "we {:?}, they {:?}:\n{}",
            case.ours,
            case.theirs,
            case.message.escape_ascii().to_string().replace("\\r\\n", "\\r\\n\n")
        )),
    };
    suite.outcome(case.how.clone(), outcome);
}

/// Contents, each signed by us in every way that the peer knows.
fn signed_by_us(peer: &Peer, contents: usize, seed: u64) -> Vec<(String, Vec<u8>)> {
    let mut chance = Chance::new(seed);
    let mut messages = Vec::new();
    for number in 0..contents {
        let content = content(&mut chance);
        for &how in HOWS {
            let c = format!("c={}/{}", how.0.as_str(), how.1.as_str());
            let mut signers: Vec<(String, Vec<Signer>)> =
                peer.selectors.iter().map(|s| ((*s).to_owned(), vec![signer(s, how)])).collect();
            if chance.percent(20) {
                signers.push(("all".to_owned(), peer.selectors.iter().map(|s| signer(s, how)).collect()));
            }
            for (name, mut signers) in signers {
                if chance.percent(20) {
                    let these = ["Subject", "To", "X-Absent"].map(str::to_owned).to_vec();
                    signers.iter_mut().for_each(|s| s.fields = SignedFields::These(these.clone()));
                }
                let mut message = sign(&content, &signers, at(SIGNED)).unwrap();
                message.extend_from_slice(&content);
                messages.push((format!("content {number}, {name}, {c}"), message));
            }
        }
    }
    messages
}

/// What we sign, they verify.
fn they_verify(name: &'static str, peer: &Peer) -> Result<Suite, String> {
    let messages = signed_by_us(peer, 40, 6376);
    let tasks = messages.iter().map(|(_, message)| format!("verify\t{}", hex(message))).collect();
    let answers = ask_with_keys(peer, tasks)?;
    let mut suite = Suite::peer(name, about(peer, "random contents that we signed"));
    for ((how, message), theirs) in messages.into_iter().zip(answers) {
        let ours = our_word(&message);
        assert!(!ours.contains("fail") && ours.contains("pass"), "{how}: {}", message.escape_ascii());
        decide(&mut suite, peer, &Case { how, change: None, message, ours, theirs });
    }
    Ok(suite)
}

/// What they sign, we verify.
fn they_sign(name: &'static str, peer: &Peer) -> Result<Suite, String> {
    let mut chance = Chance::new(8463);
    let (mut tasks, mut contents) = (Vec::new(), Vec::new());
    for number in 0..30 {
        let content = content(&mut chance);
        for (how, selector) in HOWS.iter().flat_map(|how| peer.selectors.iter().map(move |s| (how, s))) {
            let (header, body) = (how.0.as_str(), how.1.as_str());
            tasks.push(format!("sign\t{selector}\t{header}\t{body}\t{}", hex(&content)));
            contents.push((format!("content {number}, {selector}, c={header}/{body}"), content.clone()));
        }
    }
    let answers = ask_with_keys(peer, tasks)?;
    let mut suite = Suite::peer(name, about(peer, "random contents that it signed"));
    for ((how, content), answer) in contents.into_iter().zip(answers) {
        let (message, theirs) = match unhex(&answer) {
            Some(field) => ([field, content].concat(), "pass".to_owned()),
            None => (content, answer),
        };
        let ours = our_word(&message);
        decide(&mut suite, peer, &Case { how, change: None, message, ours, theirs });
    }
    Ok(suite)
}

/// What was changed after we signed it, both judge.
fn they_judge(name: &'static str, peer: &Peer) -> Result<Suite, String> {
    let mut chance = Chance::new(8301);
    let messages: Vec<(String, Change, Vec<u8>)> = signed_by_us(peer, 25, 8616)
        .into_iter()
        .flat_map(|signed| [signed.clone(), signed.clone(), signed])
        .map(|(how, message)| {
            let change = CHANGES[chance.below(CHANGES.len())];
            (format!("{how}, {change:?}"), change, change.apply(&message, &mut chance))
        })
        .collect();
    let tasks = messages.iter().map(|(_, _, message)| format!("verify\t{}", hex(message))).collect();
    let answers = ask_with_keys(peer, tasks)?;
    let mut suite = Suite::peer(name, about(peer, "signed messages after random changes"));
    for ((how, change, message), theirs) in messages.into_iter().zip(answers) {
        let ours = our_word(&message);
        decide(&mut suite, peer, &Case { how, change: Some(change), message, ours, theirs });
    }
    Ok(suite)
}
