//! The table that DMARC comes down to: which identifier belongs to the author, strictly and relaxedly seen; and what
//! receivers of the older DMARC make of it.

use tegami_auth::dmarc::{Alignment, Record, Walker, public_suffix};
use tegami_auth::verify::{self, Verdicts};
use tegami_dns::Resolver;
use tegami_mail::{Domain, Note};

/// Identifiers that are shown; a message may have many signatures.
const MOST: usize = 12;

/// One authenticated identifier, or one that would be if its check had passed.
pub(super) struct Identifier {
    /// `SPF` or `DKIM`.
    pub(super) method: &'static str,
    pub(super) domain: String,
    pub(super) result: &'static str,
    /// The same domain as the author's (RFC 9989 section 4.4).
    pub(super) strict: bool,
    /// The same Organizational Domain; `None` where that could not be found out.
    pub(super) relaxed: Option<bool>,
    /// What the record demands.
    pub(super) demanded: Alignment,
}

impl Identifier {
    /// Whether it lets the message pass.
    pub(super) fn counts(&self) -> bool {
        let aligned = match self.demanded {
            Alignment::Strict => self.strict,
            Alignment::Relaxed => self.relaxed == Some(true),
        };
        aligned && self.result == "pass"
    }
}

/// What receivers of the older DMARC decide, and where that differs from the verdict.
pub(super) struct Older {
    pub(super) verdict: public_suffix::Verdict,
    pub(super) differences: Vec<Note>,
}

/// The table, and the older method; nothing for a message without an author.
pub(super) async fn alignment(
    verdicts: &Verdicts,
    resolver: &dyn Resolver,
) -> (Vec<Identifier>, Option<Older>) {
    let Ok(author) = Domain::parse(&verdicts.dmarc.author_domain) else { return (Vec::new(), None) };
    let mut walker = Walker::new(resolver);
    let by = verify::Identifiers::of(&verdicts.early, &verdicts.dkim);
    let (verdict, differences) = public_suffix::compare(&author, &by.spf, &by.dkim, &mut walker).await;
    (identifiers(verdicts, &author, &mut walker).await, Some(Older { verdict, differences }))
}

/// SPF of MAIL FROM, then every signature.
async fn identifiers(verdicts: &Verdicts, author: &Domain, walker: &mut Walker<'_>) -> Vec<Identifier> {
    let record = verdicts.dmarc.record.as_ref().and_then(|text| Record::parse(text.as_bytes()));
    let (aspf, adkim) = record.map_or_else(Default::default, |record| (record.aspf, record.adkim));
    let spf = &verdicts.early.spf_mail_from;
    let spf = std::iter::once(("SPF", spf.domain.as_str(), spf.result.as_str(), aspf));
    let dkim =
        verdicts.dkim.iter().map(|verdict| ("DKIM", verdict.domain.as_str(), verdict.result.as_str(), adkim));
    let mut identifiers = Vec::new();
    for (method, domain, result, demanded) in spf.chain(dkim).take(MOST) {
        let Ok(domain) = Domain::parse(domain) else { continue };
        let strict = domain == *author;
        let relaxed = if strict {
            Some(true)
        } else {
            relaxed(&domain, verdicts.dmarc.organizational_domain.as_deref(), walker).await
        };
        let domain = domain.to_string();
        identifiers.push(Identifier { method, domain, result, strict, relaxed, demanded });
    }
    identifiers
}

async fn relaxed(domain: &Domain, organizational: Option<&str>, walker: &mut Walker<'_>) -> Option<bool> {
    let organizational = Domain::parse(organizational?).ok()?;
    if !domain.is_at_or_below(&organizational) {
        return Some(false);
    }
    let found = walker.organizational_domain(domain).await?;
    Some(found == organizational)
}
