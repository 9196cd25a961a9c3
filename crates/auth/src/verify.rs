//! One message, as a receiver verifies it: iprev, SPF (HELO and MAIL FROM), DKIM, ARC, DMARC, in this order.

use std::net::IpAddr;

use futures_util::future::join3;
use jiff::Timestamp;
use tegami_mail::{Domain, ReversePath};

use crate::arc::ArcResult;
use crate::dkim::hash::{BodyHashes, Message};
use crate::dmarc::Authors;
use crate::results::{AuthenticationResults, MethodResult, received_spf};
use crate::{Records, arc, dkim, dmarc, iprev, spf};

/// What is known of the session before the content comes.
#[derive(Clone, Debug)]
pub struct Client<'a> {
    /// The SMTP client's address.
    pub ip: IpAddr,
    /// The argument of HELO or EHLO.
    pub helo: &'a str,
    /// The reverse-path.
    pub mail_from: &'a ReversePath,
    /// Our authserv-id and the `r` macro of SPF.
    pub receiver: &'a str,
    /// The present.
    pub now: Timestamp,
}

impl<'a> From<&Client<'a>> for spf::Request<'a> {
    fn from(client: &Client<'a>) -> Self {
        let Client { ip, helo, mail_from, receiver, now } = *client;
        Self { ip, helo, mail_from, receiver, now }
    }
}

/// What can be known at MAIL, before DATA.
#[derive(Clone, Debug)]
pub struct Early {
    /// Reverse DNS.
    pub iprev: iprev::Verdict,
    /// SPF of the HELO identity.
    pub spf_helo: spf::Verdict,
    /// SPF of the MAIL FROM identity.
    pub spf_mail_from: spf::Verdict,
}

/// All verdicts on a message.
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The address that was judged.
    pub ip: IpAddr,
    /// The argument of HELO or EHLO.
    pub helo: String,
    /// The reverse-path.
    pub mail_from: ReversePath,
    /// What was known at MAIL.
    pub early: Early,
    /// One for each signature; one `none` verdict where there is none.
    pub dkim: Vec<dkim::Verdict>,
    /// The chain of seals; it informs, DMARC does not see it.
    pub arc: arc::Verdict,
    /// DMARC.
    pub dmarc: dmarc::Verdict,
}

/// What can be decided at MAIL; the three questions are asked side by side.
pub async fn early(client: &Client<'_>, records: impl Into<Records<'_>>) -> Early {
    let records = records.into();
    let request = client.into();
    let (iprev, spf_helo, spf_mail_from) = join3(
        iprev::check(client.ip, records),
        spf::check_helo(&request, records),
        spf::check_mail_from(&request, records),
    )
    .await;
    Early { iprev, spf_helo, spf_mail_from }
}

/// Decides on the content, which has CRLF at its line ends.
pub async fn message(
    client: &Client<'_>,
    early: Early,
    content: &[u8],
    records: impl Into<Records<'_>>,
) -> Verdicts {
    let records = records.into();
    // What stands in the header section is read once for all who ask.
    let (dkim, arc, authors) = match Message::new(content) {
        Ok(message) => {
            let (mut dkim, arc) = signatures(client, &message, records).await;
            dkim::tell_chain(&mut dkim, message.section(), &arc);
            (dkim, arc, Authors::of(message.section()))
        }
        Err(error) => (vec![dkim::unread(&error)], arc::unread(&error), Authors::unread(&error)),
    };
    let Identifiers { spf, dkim: signers } = Identifiers::of(&early, &dkim);
    let dmarc = dmarc::evaluate_message(&authors, &spf, &signers, records).await;
    Verdicts {
        ip: client.ip.to_canonical(),
        helo: client.helo.to_owned(),
        mail_from: client.mail_from.clone(),
        early,
        dkim,
        arc,
        dmarc,
    }
}

/// The signatures of authors and handlers; the body is hashed once for both.
async fn signatures(
    client: &Client<'_>,
    message: &Message<'_>,
    records: Records<'_>,
) -> (Vec<dkim::Verdict>, arc::Verdict) {
    let chain = arc::Reading::of(message);
    let mut bodies = BodyHashes::new(message.body);
    chain.announce(&mut bodies);
    let dkim = dkim::verify_message(message, &mut bodies, records, client.now).await;
    (dkim, chain.judge(message, &mut bodies, records, client.now).await)
}

/// The domains for which SPF and DKIM came to a result, as DMARC takes them.
#[derive(Clone, Debug, Default)]
pub struct Identifiers {
    /// Only the MAIL FROM identity counts, which for the null reverse-path is `postmaster@HELO`
    /// (RFC 9989 section 4.4.2).
    pub spf: Vec<(spf::SpfResult, Domain)>,
    /// The domains of all signatures.
    pub dkim: Vec<(dkim::DkimResult, Domain)>,
}

impl Identifiers {
    /// Takes them from the verdicts.
    pub fn of(early: &Early, dkim: &[dkim::Verdict]) -> Self {
        let spf =
            Domain::parse(&early.spf_mail_from.domain).map(|domain| (early.spf_mail_from.result, domain));
        let dkim = dkim
            .iter()
            .filter_map(|verdict| Domain::parse(&verdict.domain).ok().map(|domain| (verdict.result, domain)));
        Self { spf: spf.into_iter().collect(), dkim: dkim.collect() }
    }
}

impl Verdicts {
    /// The `Authentication-Results` field with all verdicts, folded, with CRLF at its end (RFC 8601 section 2.2).
    pub fn authentication_results(&self, authserv_id: &str) -> String {
        let mut results = vec![self.iprev_result()];
        results.extend(self.spf_results());
        results.extend(self.dkim.iter().map(dkim_result));
        results.extend(self.arc_result());
        results.push(self.dmarc_result());
        AuthenticationResults { authserv_id: authserv_id.to_owned(), version: None, results }.to_field()
    }

    /// The `Received-SPF` field of the MAIL FROM identity, folded, with CRLF at its end (RFC 7208 section 9.1).
    pub fn received_spf(&self, receiver: &str) -> String {
        let mail_from = self.mail_from.to_string();
        received_spf(&self.early.spf_mail_from, self.ip, &self.helo, &mail_from, receiver)
    }

    fn iprev_result(&self) -> MethodResult {
        let iprev = &self.early.iprev;
        MethodResult::new("iprev", iprev.result.as_str())
            .comment(iprev.name.as_deref().unwrap_or_default())
            .property("policy", "iprev", &self.ip.to_string())
    }

    /// Both identities; for the null reverse-path they are the same, and HELO alone is named.
    fn spf_results(&self) -> Vec<MethodResult> {
        let write = |verdict: &spf::Verdict, name: &str, value: &str| {
            MethodResult::new("spf", verdict.result.as_str())
                .comment(verdict.mechanism().unwrap_or_default())
                .property("smtp", name, value)
        };
        let helo: String = self.helo.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        let by_helo = write(&self.early.spf_helo, "helo", &helo);
        match self.mail_from.address() {
            Some(address) => {
                vec![write(&self.early.spf_mail_from, "mailfrom", &address.to_string()), by_helo]
            }
            None => vec![by_helo],
        }
    }

    /// Only where there is a chain: most messages have none (RFC 8617 section 10.1).
    fn arc_result(&self) -> Option<MethodResult> {
        let arc = &self.arc;
        let oldest_pass = arc.oldest_pass.map(|instance| instance.to_string()).unwrap_or_default();
        (arc.result != ArcResult::None).then(|| {
            MethodResult::new("arc", arc.result.as_str())
                .comment(&format!("i={} d={}", arc.instance, arc.domain))
                .property("smtp", "remote-ip", &self.ip.to_string())
                .property("header", "oldest-pass", &oldest_pass)
        })
    }

    fn dmarc_result(&self) -> MethodResult {
        let dmarc = &self.dmarc;
        let written = MethodResult::new("dmarc", dmarc.result.as_str());
        let written = match dmarc.record {
            Some(_) => {
                written.comment(&format!("p={} dis={}", dmarc.policy.as_str(), dmarc.disposition.as_str()))
            }
            None => written,
        };
        let written = written.property("header", "from", &dmarc.author_domain);
        match dmarc.record {
            Some(_) => written.property("policy", "dmarc", dmarc.policy.as_str()),
            None => written,
        }
    }
}

/// One signature; its comment is the identifier of the reason, which reads as English.
fn dkim_result(verdict: &dkim::Verdict) -> MethodResult {
    let id = verdict.reason.id;
    let reason = match verdict.result {
        dkim::DkimResult::Pass | dkim::DkimResult::None => String::new(),
        _ => id.strip_prefix("dkim-").unwrap_or(id).replace('-', " "),
    };
    MethodResult::new("dkim", verdict.result.as_str())
        .comment(&reason)
        .property("header", "d", &verdict.domain)
        .property("header", "i", &verdict.identity)
        .property("header", "s", &verdict.selector)
        .property("header", "a", &verdict.algorithm)
        .property("header", "b", &verdict.signature_start)
}
