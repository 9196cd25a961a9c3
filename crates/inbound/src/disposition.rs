//! What becomes of a verified message: the verdicts say what is known, the policy what follows.

use tegami_auth::dkim::DkimResult;
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
        // No policy can protect whom such a From field may seem to name: programs show what they make of it.
        (DmarcResult::PermError, _) if dmarc.author_domain.is_empty() => {
            Disposition::Junk(note!("inbound-junk-author"))
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
    let passed = verdicts.dkim.iter().find(|verdict| verdict.result == DkimResult::Pass);
    let shown = passed.or(verdicts.dkim.first()).filter(|verdict| verdict.result != DkimResult::None);
    let dkim = shown.map_or_else(
        || "no DKIM signature".to_owned(),
        |verdict| match verdict.domain.as_str() {
            "" => format!("DKIM {}", verdict.result.as_str()),
            domain => format!("DKIM {} for {domain}", verdict.result.as_str()),
        },
    );
    format!("author {}, SPF {} for {}, {dkim}", verdicts.dmarc.author_domain, spf.result.as_str(), spf.domain)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tegami_auth::dmarc;
    use tegami_auth::iprev::{self, IprevResult};
    use tegami_auth::spf::{self, Identity};
    use tegami_auth::verify::{Client, message};
    use tegami_dns::ZoneResolver;
    use tegami_mail::{ReversePath, Text};

    use super::*;

    const STRICT: Policy = Policy { dmarc_reject: OnFail::Refuse, spf_fail: OnFail::Refuse };
    const LENIENT: Policy = Policy { dmarc_reject: OnFail::Mark, spf_fail: OnFail::Mark };

    fn spf(identity: Identity, result: SpfResult, explanation: Option<&str>) -> spf::Verdict {
        spf::Verdict {
            result,
            identity,
            domain: "example.net".into(),
            explanation: explanation.map(str::to_owned),
            lookups: 0,
            void_lookups: 0,
            steps: Vec::new(),
        }
    }

    fn early(result: SpfResult, explanation: Option<&str>) -> Early {
        Early {
            iprev: iprev::Verdict { result: IprevResult::Pass, name: None, steps: Vec::new() },
            // What HELO says decides nothing.
            spf_helo: spf(Identity::Helo, SpfResult::Fail, None),
            spf_mail_from: spf(Identity::MailFrom, result, explanation),
        }
    }

    /// Of an empty content, in a world without records, but for what is given.
    fn verdicts(spf: SpfResult, dmarc: DmarcResult, disposition: DmarcPolicy) -> Verdicts {
        let client = Client {
            ip: "192.0.2.1".parse().unwrap(),
            helo: "client.example.net",
            mail_from: &ReversePath::Null,
            receiver: "mx.example.org",
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let nothing = ZoneResolver::from_text("").unwrap();
        let found = message(&client, early(spf, None), b"", &nothing).now_or_never().unwrap();
        let dmarc = dmarc::Verdict {
            result: dmarc,
            author_domain: "sub.example.org".into(),
            policy_domain: Some("example.org".into()),
            disposition,
            ..found.dmarc
        };
        Verdicts { dmarc, ..found }
    }

    /// Reply code or mailbox, and the reason.
    fn told(disposition: Disposition) -> String {
        match disposition {
            Disposition::Inbox => "INBOX".to_owned(),
            Disposition::Junk(why) => format!("Junk {}", why.id),
            Disposition::Refuse(reply, why) => {
                format!("{} {} {}", reply.code, reply.enhanced.unwrap(), why.id)
            }
        }
    }

    #[test]
    fn the_table() {
        use DmarcPolicy::{None as NoPolicy, Quarantine, Reject};
        use DmarcResult::{Fail, None, Pass, PermError, TempError};
        let spf_junk = "Junk inbound-junk-spf";
        let table = [
            (STRICT, SpfResult::Pass, Pass, NoPolicy, "INBOX"),
            (STRICT, SpfResult::Fail, Pass, NoPolicy, "INBOX"),
            (STRICT, SpfResult::None, None, NoPolicy, "INBOX"),
            (STRICT, SpfResult::SoftFail, None, NoPolicy, "INBOX"),
            (STRICT, SpfResult::TempError, Fail, NoPolicy, "INBOX"),
            (STRICT, SpfResult::Pass, PermError, NoPolicy, "INBOX"),
            (STRICT, SpfResult::Pass, Fail, Quarantine, "Junk inbound-junk-dmarc-quarantine"),
            (STRICT, SpfResult::Pass, Fail, Reject, "550 5.7.1 inbound-refused-dmarc"),
            (LENIENT, SpfResult::Pass, Fail, Reject, "Junk inbound-junk-dmarc-reject"),
            (LENIENT, SpfResult::Pass, TempError, NoPolicy, "451 4.4.3 inbound-deferred-dmarc"),
            (LENIENT, SpfResult::Fail, None, NoPolicy, spf_junk),
            (LENIENT, SpfResult::Fail, Fail, NoPolicy, spf_junk),
            (LENIENT, SpfResult::Fail, PermError, NoPolicy, spf_junk),
        ];
        for (policy, spf, dmarc, disposition, expected) in table {
            let disposed = dispose(&verdicts(spf, dmarc, disposition), &policy);
            assert_eq!(told(disposed), expected, "{spf:?} {dmarc:?} {disposition:?}");
        }
    }

    #[test]
    fn a_from_field_that_names_nobody_is_junk() {
        let mut verdicts = verdicts(SpfResult::Pass, DmarcResult::PermError, DmarcPolicy::None);
        verdicts.dmarc.author_domain = Text::default();
        assert_eq!(told(dispose(&verdicts, &STRICT)), "Junk inbound-junk-author");
    }

    #[test]
    fn before_data_only_a_hard_fail_counts() {
        for result in SpfResult::ALL {
            assert_eq!(before_data(&early(result, None), &STRICT).is_some(), result == SpfResult::Fail);
            assert!(before_data(&early(result, None), &LENIENT).is_none());
        }
        let (reply, _) = before_data(&early(SpfResult::Fail, Some("see example.net")), &STRICT).unwrap();
        assert_eq!(
            reply.to_string(),
            "550 5.7.23 SPF of example.net does not permit this client to send its mail; example.net explained: see example.net"
        );
    }

    #[test]
    fn a_refusal_names_the_policy_domain_and_what_was_found() {
        let verdicts = verdicts(SpfResult::Pass, DmarcResult::Fail, DmarcPolicy::Reject);
        let Disposition::Refuse(reply, _) = dispose(&verdicts, &STRICT) else { panic!("it is refused") };
        assert_eq!(
            reply.lines,
            [
                "DMARC of example.org fails and its policy is reject: author sub.example.org, SPF pass for example.net, no DKIM signature"
            ]
        );
    }
}
