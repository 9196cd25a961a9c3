//! What routes are told of a message beside its own fields, and whether its sender may be told what becomes of it.

use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::DmarcResult;
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::Verdicts;
use tegami_mail::Note;

/// The names under which conditions of routes, and applications, look for what was found out about a message. Nobody else speaks under them.
pub(crate) const NAMES: [&str; 5] = [
    "X-Mailgun-Sflag",
    "X-Mailgun-Sscore",
    "X-Mailgun-Spf",
    "X-Mailgun-Dkim-Check-Result",
    "X-Mailgun-Spam-Rules",
];

/// The fields, with their values.
pub(crate) fn fields(verdicts: &Verdicts, junk: Option<&Note>) -> Vec<(&'static str, String)> {
    let [flag, score, spf, dkim, rules] = NAMES;
    let mut fields = vec![
        (flag, if junk.is_some() { "Yes" } else { "No" }.to_owned()),
        (score, if junk.is_some() { "5.0" } else { "0.0" }.to_owned()),
        (spf, spf_word(verdicts.early.spf_mail_from.result).to_owned()),
    ];
    let signed = verdicts.dkim.iter().any(|verdict| verdict.result != DkimResult::None);
    if signed {
        let passed = verdicts.dkim.iter().any(|verdict| verdict.result == DkimResult::Pass);
        fields.push((dkim, if passed { "Pass" } else { "Fail" }.to_owned()));
    }
    if let Some(junk) = junk {
        let rule = junk.id.trim_start_matches("inbound-junk-").replace('-', "_");
        fields.push((rules, rule.to_ascii_uppercase()));
    }
    fields
}

fn spf_word(result: SpfResult) -> &'static str {
    match result {
        SpfResult::Pass => "Pass",
        SpfResult::Fail => "Fail",
        SpfResult::SoftFail => "SoftFail",
        _ => "Neutral",
    }
}

/// As they are put before a content.
pub(crate) fn written(fields: &[(&'static str, String)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| format!("{name}: {value}\r\n").into_bytes()).collect()
}

/// Whether it looks as if somebody else stood in the reverse-path, who never wrote this and is not to be told that it did not arrive.
pub(crate) fn looks_forged(verdicts: &Verdicts, junk: Option<&Note>) -> bool {
    let spf = verdicts.early.spf_mail_from.result;
    let denied = matches!(spf, SpfResult::Fail | SpfResult::SoftFail);
    junk.is_some() || denied && verdicts.dmarc.result != DmarcResult::Pass
}
