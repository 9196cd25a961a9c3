//! Whether blocklists know where the links lead.

use std::collections::BTreeSet;

use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::Severity;
use tegami_mail::{Domain, note};

use super::Look;
use super::url::Place;
use crate::checks::rbl::{Choice, Said, Subject, Unsaid};
use crate::{About, Check, Finding, Fix, Who};

pub(super) const BLOCKLISTED: Check =
    Check::new("ct.link-blocklisted", About::Message, Severity::S3, "RFC 5782 section 2.4").who(&[
        Who::Gmail,
        Who::Outlook,
        Who::Yahoo,
        Who::ICloud,
    ]);

/// Organizations that are asked about: a message with more links is asked about its first ones.
const MOST: usize = 12;
/// What each listed domain takes, in tenths of a point.
const EACH: u32 = 30;

pub(super) async fn judge(look: &Look<'_>) -> Finding {
    let (case, subject) = (look.case, &look.case.subject);
    let mut domains: Vec<Domain> = Vec::new();
    let mut known = BTreeSet::new();
    for domain in look.links.iter().filter_map(|link| Place::read(&link.url)?.domain()) {
        let domain = organizational_domain(&domain);
        if domains.len() < MOST && known.insert(domain.to_string()) {
            domains.push(domain);
        }
    }
    if domains.is_empty() {
        return BLOCKLISTED.pass(subject, note!("ct-link-blocklisted-none"));
    }
    let (mut listed, mut lines, mut silent, mut answered) = (Vec::new(), Vec::new(), None, 0);
    let mut removal = None;
    for domain in &domains {
        let asked = Subject::Domain(domain.clone());
        let rows = case.known.lists.look(&asked, Choice::Examination, case.resolver(), case.known.now).await;
        for row in rows {
            match &row.said {
                Said::Nothing(Unsaid::NoKey) => {}
                Said::Nothing(why) => silent = silent.or_else(|| Some(why.note(&row.list))),
                Said::NotListed | Said::Listed(_) => answered += 1,
            }
            // Grey entries are no reason to refuse.
            let Some(hit) = row.worst().filter(|hit| hit.severity >= Severity::S2) else { continue };
            lines.push(format!("{domain}: {} {}", row.list.zone, hit.code));
            removal = removal.or_else(|| row.removal());
            if !listed.contains(domain) {
                listed.push(domain.clone());
            }
        }
    }
    if !listed.is_empty() {
        let points = u32::try_from(listed.len()).unwrap_or(u32::MAX).saturating_mul(EACH);
        let names = listed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let found = BLOCKLISTED.fail(subject, note!("ct-link-blocklisted", domains = names));
        return found
            .evidences(lines)
            .points(points)
            .fix(Fix::new(removal.unwrap_or(note!("ct-link-blocklisted-fix"))));
    }
    match silent {
        Some(note) if answered == 0 => BLOCKLISTED.unknown(subject, note),
        _ if answered == 0 => BLOCKLISTED.not_applicable(subject, note!("rbl-not-asked")),
        _ => BLOCKLISTED.pass(subject, note!("ct-link-blocklisted-clean", count = domains.len())),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, letter::Letter};
    fn link(letter: &mut Letter) {
        letter.html("<a href='https://www.example.org/'>here</a>");
    }
    const LISTED: &str = "example.org.dbl.spamhaus.org. A 127.0.1.2";
    const REFUSED: &str = "- test.dbl.spamhaus.org\n- test.multi.surbl.org\n- test.multi.uribl.com";
    vec![
        Fixture::pass("ct.link-blocklisted", ""),
        Fixture::pass("ct.link-blocklisted", "").letter(link),
        Fixture::fail("ct.link-blocklisted", LISTED).letter(link),
        Fixture::unknown("ct.link-blocklisted", REFUSED).letter(link),
    ]
}
