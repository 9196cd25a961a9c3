//! A large mailbox provider that enforces the sender guidelines Gmail has published, with the codes Gmail documents
//! (support.google.com/a/answer/81126 and /3726730): PTR and forward DNS, TLS, SPF or DKIM, an aligned DMARC pass.

use std::collections::BTreeSet;

use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::{DmarcResult, Policy};
use tegami_auth::iprev::IprevResult;
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::Verdicts;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{EnhancedStatusCode, Reply};

use super::{AtMessage, AtRecipient, Decision, Habit};

/// Enforces sender guidelines.
#[derive(Clone, Debug)]
pub struct BigMail {
    users: BTreeSet<String>,
}

impl BigMail {
    /// With these local-parts as its users.
    pub fn new(users: impl IntoIterator<Item = &'static str>) -> Self {
        Self { users: users.into_iter().map(str::to_owned).collect() }
    }
}

fn refuse(detail: u16, text: impl Into<String>) -> Reply {
    Reply::new(550, EnhancedStatusCode::new(5, 7, detail), text)
}

impl Habit for BigMail {
    fn name(&self) -> &'static str {
        "bigmail"
    }

    fn recipient(&self, at: &AtRecipient<'_>) -> Option<Reply> {
        if !self.users.contains(&at.recipient.local_part().as_str().to_lowercase()) {
            let text = format!("No account has the address {}", at.recipient);
            return Some(Reply::new(550, EnhancedStatusCode::new(5, 1, 1), text));
        }
        match at.early.iprev.result {
            IprevResult::Pass => None,
            IprevResult::TempError => {
                let text = format!("The PTR record of {} cannot be looked up at present", at.client);
                Some(Reply::new(451, EnhancedStatusCode::new(4, 7, 23), text))
            }
            IprevResult::Fail | IprevResult::PermError => Some(refuse(
                25,
                format!(
                    "{} has no PTR record whose name points back to it; this provider wants one",
                    at.client
                ),
            )),
        }
    }

    fn message(&self, at: &AtMessage<'_>) -> Decision {
        if !at.tls {
            return Decision::Refuse(refuse(
                29,
                "The message did not come over TLS; this provider wants TLS",
            ));
        }
        if let Some(reply) = malformed(at.content) {
            return Decision::Refuse(reply);
        }
        let verdicts = at.verdicts;
        let spf = verdicts.early.spf_mail_from.result == SpfResult::Pass;
        let dkim = verdicts.dkim.iter().any(|verdict| verdict.result == DkimResult::Pass);
        let author = &verdicts.dmarc.author_domain;
        if !spf && !dkim {
            let text = format!(
                "The sender {author} is not authenticated: {}; this provider wants SPF or DKIM to pass",
                both(verdicts)
            );
            return Decision::Refuse(refuse(26, text));
        }
        match (verdicts.dmarc.result, verdicts.dmarc.disposition) {
            (DmarcResult::Fail, Policy::Reject) => {
                let text =
                    format!("The DMARC policy of {author} asks to reject this message: {}", both(verdicts));
                Decision::Refuse(refuse(26, text))
            }
            (DmarcResult::Pass, _) => Decision::Take("INBOX"),
            // Without an aligned pass the message is taken, and lies where few people look.
            _ => Decision::Take("Junk"),
        }
    }
}

/// `DKIM none, SPF [example.org] with ip 192.0.2.1 fail`: the provider's habit of naming both.
fn both(verdicts: &Verdicts) -> String {
    let dkim = verdicts.dkim.first().map_or(DkimResult::None, |verdict| verdict.result);
    let spf = &verdicts.early.spf_mail_from;
    format!("DKIM {}, SPF [{}] with ip {} {}", dkim.as_str(), spf.domain, verdicts.ip, spf.result.as_str())
}

/// RFC 5322 section 3.6: exactly one From and one Date; this provider also wants one Message-ID.
fn malformed(content: &[u8]) -> Option<Reply> {
    let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) else {
        return Some(refuse(1, "The header section is not well formed (RFC 5322)"));
    };
    ["From", "Date", "Message-ID"].into_iter().find(|name| section.all(name).count() != 1).map(|name| {
        refuse(1, format!("The message must have exactly one {name} field (RFC 5322 section 3.6)"))
    })
}
