//! The `Received-SPF` field (RFC 7208 section 9.1).

use std::net::IpAddr;

use super::text;
use crate::spf::{Identity, SpfResult, Verdict};

/// Writes the field for one identity, folded, with CRLF at its end. `envelope_from` is the reverse-path without angle
/// brackets, empty for the null one.
pub fn received_spf(
    verdict: &Verdict,
    ip: IpAddr,
    helo: &str,
    envelope_from: &str,
    receiver: &str,
) -> String {
    let result = verdict.result.as_str();
    let said = match verdict.result {
        SpfResult::Pass => "is permitted by",
        SpfResult::Fail => "is not permitted by",
        SpfResult::SoftFail => "is probably not permitted by",
        SpfResult::Neutral => "is neither permitted nor denied by",
        SpfResult::None => "is not spoken of by",
        SpfResult::TempError => "could not be checked for now with",
        SpfResult::PermError => "could not be checked with",
    };
    let comment = format!("{receiver}: {ip} {said} {}", text::ascii(&verdict.domain));
    let identity = match verdict.identity {
        Identity::Helo => "helo",
        Identity::MailFrom => "mailfrom",
    };
    let mut pairs = vec![
        ("receiver", text::dot_atom(receiver)),
        ("client-ip", text::dot_atom(&ip.to_canonical().to_string())),
        ("helo", text::dot_atom(&text::ascii(helo))),
        ("envelope-from", text::quoted(envelope_from)),
        ("identity", identity.to_owned()),
    ];
    if let Some(mechanism) = verdict.mechanism() {
        pairs.push(("mechanism", text::dot_atom(mechanism)));
    }
    let error = verdict.steps.iter().rev().find(|step| step.outcome == "error");
    if let (SpfResult::TempError | SpfResult::PermError, Some(step)) = (verdict.result, error) {
        // Sentences have a language; the identifier of the note reads as English.
        let id = step.note.id;
        let problem = format!("{}: {}", step.term, id.strip_prefix("spf-").unwrap_or(id).replace('-', " "));
        pairs.push(("problem", text::quoted(&text::ascii(&problem))));
    }
    let last = pairs.len() - 1;
    let mut words = vec![result.to_owned(), text::comment(&comment)];
    words.extend(pairs.into_iter().enumerate().map(|(at, (key, value))| {
        let end = if at < last { ";" } else { "" };
        format!("{key}={value}{end}")
    }));
    let name = "Received-SPF: ";
    format!("{name}{}\r\n", text::fold(&words, name.len()))
}
