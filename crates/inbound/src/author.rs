//! What the verdicts say of a message's author, for mailing lists.

use tegami_auth::dkim::DkimResult;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::dmarc::{Alignment, DmarcResult, Policy, Record};
use tegami_auth::spf::SpfResult;
use tegami_auth::verify::Verdicts;
use tegami_mail::Domain;
use tegami_queue::Author;

/// Whether the author is proven, and by what.
pub(crate) fn found(verdicts: &Verdicts, suspect: bool) -> Author {
    let dmarc = &verdicts.dmarc;
    let Ok(author) = Domain::parse(&dmarc.author_domain) else {
        return Author { suspect, ..Author::default() };
    };
    let record = dmarc.record.as_ref().and_then(|text| Record::parse(text.as_bytes()));
    let strict = record.is_some_and(|record| record.adkim == Alignment::Strict);
    let organization = organizational_domain(&author);
    let aligned = |domain: &str, strict: bool| {
        let same =
            |domain: Domain| domain == author || !strict && organizational_domain(&domain) == organization;
        Domain::parse(domain).is_ok_and(same)
    };
    let signatures = verdicts.dkim.iter().filter(|verdict| verdict.result == DkimResult::Pass);
    let signatures = signatures.filter(|verdict| aligned(&verdict.domain, strict));
    let signatures: Vec<_> = signatures.map(|verdict| verdict.covered.clone()).collect();
    let spf = &verdicts.early.spf_mail_from;
    let proven = match dmarc.result {
        DmarcResult::Pass => true,
        DmarcResult::None => {
            !signatures.is_empty() || spf.result == SpfResult::Pass && aligned(&spf.domain, false)
        }
        DmarcResult::Fail | DmarcResult::TempError | DmarcResult::PermError => false,
    };
    Author { proven, protected: dmarc.policy != Policy::None, signatures, suspect }
}
