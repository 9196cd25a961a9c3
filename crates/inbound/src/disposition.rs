//! What becomes of a verified message: the verdicts say what is known, the policy what follows.

use tegami_auth::dmarc::{DmarcResult, Policy as DmarcPolicy};
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::{Early, Verdicts};
use tegami_mail::{EnhancedStatusCode, Note, Reply, note};

/// What is done with a message that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFail {
    /// It is refused, with the reason in the reply.
    Refuse,
    /// It is accepted and put into Junk.
    Mark,
}

/// How strict reception is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When DMARC fails and the Domain Owner's policy is reject.
    pub dmarc_reject: OnFail,
    /// When SPF of the MAIL FROM identity is `fail`, before DATA.
    pub spf_fail: OnFail,
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Into INBOX.
    Inbox,
    /// Into Junk, and why.
    Junk(Note),
    /// Not accepted: the reply to the peer, and why.
    Refuse(Reply, Note),
}

/// What is decided before DATA: the refusal of a client whose SPF fails hard (RFC 7208 section 8.4).
pub(crate) fn before_data(early: &Early, policy: &Policy) -> Option<(Reply, Note)> {
    let spf = &early.spf_mail_from;
    if policy.spf_fail == OnFail::Mark || spf.result != SpfResult::Fail {
        return None;
    }
    // The explanation is the domain owner's words, and is told as theirs (RFC 7208 section 6.2).
    let theirs = spf
        .explanation
        .as_ref()
        .map(|text| format!("; {} explained: {text}", spf.domain))
        .unwrap_or_default();
    // RFC 7372 section 3.2 registers 5.7.23 for SPF.
    let text = format!("SPF of {} does not permit this client to send its mail{theirs}", spf.domain);
    let reply = Reply::new(550, EnhancedStatusCode::new(5, 7, 23), text);
    Some((reply, note!("inbound-refused-spf", domain = spf.domain)))
}

/// What is decided when all verdicts are known (RFC 9989, policy enforcement).
pub fn dispose(verdicts: &Verdicts, policy: &Policy) -> Disposition {
    let dmarc = &verdicts.dmarc;
    let domain = dmarc.policy_domain.as_deref().unwrap_or(&dmarc.author_domain);
    match (dmarc.result, dmarc.disposition) {
        (DmarcResult::TempError, _) => {
            let text =
                format!("The DMARC policy of {domain} cannot be found out at present, try again later");
            let reply = Reply::new(451, EnhancedStatusCode::new(4, 4, 3), text);
            Disposition::Refuse(reply, note!("inbound-deferred-dmarc", domain = domain))
        }
        (DmarcResult::Fail, DmarcPolicy::Reject) => match policy.dmarc_reject {
            OnFail::Refuse => {
                let text =
                    format!("DMARC of {domain} fails and its policy is reject: {}", unaligned(verdicts));
                let reply = Reply::new(550, EnhancedStatusCode::new(5, 7, 1), text);
                Disposition::Refuse(reply, note!("inbound-refused-dmarc", domain = domain))
            }
            OnFail::Mark => Disposition::Junk(note!("inbound-junk-dmarc-reject", domain = domain)),
        },
        (DmarcResult::Fail, DmarcPolicy::Quarantine) => {
            Disposition::Junk(note!("inbound-junk-dmarc-quarantine", domain = domain))
        }
        _ if verdicts.early.spf_mail_from.result == SpfResult::Fail && dmarc.result != DmarcResult::Pass => {
            Disposition::Junk(note!("inbound-junk-spf", domain = verdicts.early.spf_mail_from.domain))
        }
        _ => Disposition::Inbox,
    }
}

/// What passed for which domain, for the peer's postmaster.
fn unaligned(verdicts: &Verdicts) -> String {
    let spf = &verdicts.early.spf_mail_from;
    let passed = verdicts.dkim.iter().find(|verdict| verdict.result == tegami_auth::dkim::DkimResult::Pass);
    let dkim = passed.or(verdicts.dkim.first()).map_or_else(
        || "no DKIM signature".to_owned(),
        |verdict| {
            format!(
                "DKIM {} for {}",
                verdict.result.as_str(),
                if verdict.domain.is_empty() { "no domain" } else { &verdict.domain }
            )
        },
    );
    format!("author {}, SPF {} for {}, {dkim}", verdicts.dmarc.author_domain, spf.result.as_str(), spf.domain)
}
