//! What the providers themselves tell of a sender, for those who ask there.

use futures_util::FutureExt as _;
use tegami_auth::finding::Severity;
use tegami_mail::note;

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::{About, Check, Finding, Fix, Who};

/// The family.
pub(crate) const FAMILY: Family =
    Family::new("rep", &[&POSTMASTER, &SAFE_BROWSING]).of_domain(|case| judge(case).boxed());

const POSTMASTER: Check =
    Check::new("rep.postmaster", About::Domain, Severity::S0, "Gmail sender guidelines").who(&[
        Who::Gmail,
        Who::Yahoo,
        Who::Outlook,
    ]);
const SAFE_BROWSING: Check =
    Check::new("rep.safebrowsing", About::Domain, Severity::S0, "Gmail sender guidelines").who(&[Who::Gmail]);

/// Beginnings of TXT records by which owners prove themselves to those who tell them of their reputation.
const PROOFS: &[&str] = &["google-site-verification=", "yahoo-verification-key="];

async fn judge(case: &DomainCase) -> Vec<Finding> {
    if !case.sends().await {
        let note = || note!("rep-sends-none", domain = case.domain);
        return [&POSTMASTER, &SAFE_BROWSING]
            .map(|check| check.not_applicable(&case.domain, note()))
            .to_vec();
    }
    vec![postmaster(case).await, safe_browsing(case)]
}

async fn postmaster(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    let pages = [
        "Google Postmaster Tools: https://postmaster.google.com/".to_owned(),
        "Yahoo Sender Hub: https://senders.yahooinc.com/".to_owned(),
        "Microsoft SNDS, JMRP: https://substrate.office.com/ip-domain-management-snds/".to_owned(),
    ];
    let fix = Fix::new(note!("rep-postmaster-fix", domain = domain));
    match case.resolver().txt(&case.name).await {
        Ok(texts) => {
            let texts = texts.iter().map(|text| String::from_utf8_lossy(text).into_owned());
            let proofs: Vec<String> =
                texts.filter(|text| PROOFS.iter().any(|proof| text.starts_with(proof))).collect();
            if proofs.is_empty() {
                POSTMASTER
                    .info(domain, note!("rep-postmaster-none", domain = domain))
                    .evidences(pages)
                    .fix(fix)
            } else {
                POSTMASTER
                    .pass(domain, note!("rep-postmaster", domain = domain))
                    .evidences(proofs)
                    .evidences(pages)
            }
        }
        Err(error) if error.is_void() => {
            POSTMASTER.info(domain, note!("rep-postmaster-none", domain = domain)).evidences(pages).fix(fix)
        }
        Err(error) => {
            POSTMASTER.unknown(domain, note!("dns-unanswered", name = domain, kind = "TXT", error = error))
        }
    }
}

fn safe_browsing(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    let parent = domain.parent().is_some_and(|parent| parent.as_str().contains('.'));
    let pages = std::iter::once(domain.to_string())
        .chain(parent.then(|| tegami_auth::dmarc::public_suffix::organizational_domain(domain).to_string()));
    let pages =
        pages.map(|name| format!("https://transparencyreport.google.com/safe-browsing/search?url={name}"));
    SAFE_BROWSING.info(domain, note!("rep-safebrowsing", domain = domain)).evidences(pages)
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::Purpose;
    use crate::checks::fixture::Fixture;

    vec![
        Fixture::info("rep.postmaster", ""),
        Fixture::pass("rep.postmaster", "example.com. TXT \"google-site-verification=abc\""),
        Fixture::na("rep.postmaster", "").with(|world| world.known.purpose = Purpose::SendsNone),
        Fixture::unknown("rep.postmaster", "$SERVFAIL example.com. TXT"),
        Fixture::info("rep.safebrowsing", ""),
        Fixture::na("rep.safebrowsing", "").with(|world| world.known.purpose = Purpose::SendsNone),
    ]
}
