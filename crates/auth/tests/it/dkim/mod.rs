//! DKIM: the steps of its verdicts, the public suites, and what must always hold.

mod always;
mod change;
mod example;
mod fuzz_corpus;
mod signing;
mod steps;

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use tegami_auth::dkim::{PrivateKey, Signer, Verdict, record_name, sign, verify};
use tegami_dns::ZoneResolver;

use crate::block_on;

/// The moment at which the tests sign.
pub(crate) const NOW: i64 = 1_789_000_000;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn ed25519() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate_ed25519().unwrap())
}

pub(crate) fn signer(key: &Arc<PrivateKey>) -> Signer {
    Signer::new("example.org".parse().unwrap(), "mail".parse().unwrap(), Arc::clone(key))
}

/// The zone line of a TXT record, its text cut into character-strings.
pub(crate) fn txt(name: &str, text: &str) -> String {
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(250).collect();
    let mut line = format!("{name}. TXT");
    for piece in pieces {
        let text = String::from_utf8_lossy(piece).replace('\\', "\\\\").replace('"', "\\\"");
        write!(line, " \"{text}\"").unwrap();
    }
    if text.is_empty() {
        line.push_str(" \"\"");
    }
    line + "\n"
}

/// The zone that publishes a signer's key.
pub(crate) fn zone_of(signer: &Signer) -> String {
    txt(&record_name(&signer.selector, &signer.domain), &signer.key.dns_record())
}

pub(crate) fn signed(content: &[u8], signer: &Signer) -> Vec<u8> {
    let mut message = sign(content, std::slice::from_ref(signer), at(NOW)).unwrap();
    message.extend_from_slice(content);
    message
}

pub(crate) fn judge(message: &[u8], zone: &str, second: i64) -> Vec<Verdict> {
    let resolver = ZoneResolver::from_text(zone).unwrap();
    block_on(verify(message, &resolver, at(second)))
}

/// The words that `crates/words` gives, without the room: identifiers and values.
fn told(note: &tegami_mail::Note) -> String {
    let args: Vec<String> = note.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if args.is_empty() { note.id.to_owned() } else { format!("{} ({})", note.id, args.join("; ")) }
}

fn describe(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        writeln!(text, "{}: {}", verdict.result.as_str(), told(&verdict.reason)).unwrap();
        for step in &verdict.steps {
            writeln!(text, "  {} {}: {} [{}]", step.outcome, step.term, told(&step.note), step.source)
                .unwrap();
        }
    }
    text
}
