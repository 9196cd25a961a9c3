//! Our own mail before it leaves: which checks decide whether its receivers take it.

use tegami_auth::finding::State;
use tegami_mail::EnhancedStatusCode;

use crate::{Check, Finding};

/// The family of checks that decide.
pub const FAMILY: &str = "msg";

/// Whether a failure of the check is one for which a provider is documented to refuse or put off the message.
pub fn decides(check: &Check) -> bool {
    check.id.split('.').next() == Some(FAMILY) && !check.consequences.is_empty()
}

/// The finding for which receivers would refuse the message: the first of the worst. What could not be looked at refuses nothing.
pub fn refusal(findings: &[Finding]) -> Option<&Finding> {
    findings
        .iter()
        .filter(|finding| finding.state == State::Fail && decides(finding.check))
        .max_by_key(|finding| finding.severity)
}

/// What says of a check, in one code, that a message does not pass it (RFC 7372 section 3).
pub fn status(check: &Check) -> EnhancedStatusCode {
    let detail = match check.id {
        "msg.dkim" | "msg.dkim-present" => 20,
        "msg.spf" => 23,
        "msg.ptr-helo-tls" => 25,
        "msg.dmarc" | "msg.both-pass" | "msg.aligned" => 26,
        _ => 1,
    };
    EnhancedStatusCode::new(5, 7, detail)
}

#[cfg(test)]
mod tests {
    use tegami_mail::note;

    use super::*;
    use crate::catalogue;

    /// The manual names every check that decides, and no other.
    #[test]
    fn the_manual_names_them() {
        let text = include_str!("../../../docs/doctor.md");
        let section = text.split("## Pre-flight").nth(1).unwrap().split("\n## ").next().unwrap();
        let told: Vec<&str> = section.split('`').filter(|word| word.starts_with("msg.")).collect();
        let mut named = told.clone();
        named.sort_unstable();
        named.dedup();
        let mut decisive: Vec<&str> =
            catalogue::checks().filter(|check| decides(check)).map(|check| check.id).collect();
        decisive.sort_unstable();
        assert_eq!(named, decisive);
    }

    #[test]
    fn the_worst_failure_that_decides_is_told() {
        let found = |id: &str, state| catalogue::find(id).unwrap().found(state, "m", note!("check-late"));
        let findings = [
            found("ct.gtube", State::Fail),
            found("msg.spf", State::Unknown),
            found("msg.dkim", State::Warn),
            found("msg.dkim-present", State::Fail),
            found("msg.dmarc", State::Fail),
        ];
        let refusal = |findings: &[Finding]| refusal(findings).map(|finding| finding.check.id);
        assert_eq!(refusal(&findings), Some("msg.dmarc"));
        assert_eq!(refusal(findings.get(..3).unwrap()), None);
        let code = |id| status(catalogue::find(id).unwrap()).to_string();
        assert_eq!((code("msg.spf"), code("msg.from-count")), ("5.7.23".to_owned(), "5.7.1".to_owned()));
    }
}
