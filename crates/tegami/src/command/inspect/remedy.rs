//! Which record a finding speaks of: where the domain owner has to write something else.

use std::net::IpAddr;

use tegami_auth::verify::Verdicts;
use tegami_dns::DnsName;

/// Type and name of the record behind a finding of the score; `None` where it is not a record that is to be changed.
pub(super) fn record(id: &str, verdicts: &Verdicts) -> Option<String> {
    let early = &verdicts.early;
    match id {
        "ptr.none" => Some(format!("PTR {}", DnsName::reverse(verdicts.ip))),
        "ptr.unconfirmed" => {
            let kind = if matches!(verdicts.ip, IpAddr::V4(_)) { "A" } else { "AAAA" };
            early.iprev.name.as_ref().map(|name| format!("{kind} {name}"))
        }
        "spf.fail" | "spf.softfail" | "spf.neutral" | "spf.none" | "spf.permerror" => {
            let verdict = &early.spf_mail_from;
            // The term that went wrong may stand in the record of an include.
            let domain = verdict.deciding_step().map(|step| step.domain.to_string());
            let domain = domain.filter(|domain| !domain.is_empty() && id == "spf.permerror");
            let domain = domain.unwrap_or_else(|| verdict.domain.to_string());
            (!domain.is_empty()).then(|| format!("TXT {domain}"))
        }
        "dkim.fail" => {
            let broken = verdicts.dkim.iter().find(|verdict| verdict.reason.id.starts_with("dkim-key"));
            broken.map(|verdict| format!("TXT {}._domainkey.{}", verdict.selector, verdict.domain))
        }
        "dmarc.none" => Some(format!("TXT _dmarc.{}", verdicts.dmarc.author_domain)),
        "dmarc.permerror" => {
            verdicts.dmarc.policy_domain.as_ref().map(|domain| format!("TXT _dmarc.{domain}"))
        }
        _ => None,
    }
}
