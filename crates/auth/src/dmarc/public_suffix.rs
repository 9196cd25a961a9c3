//! What the older DMARC says (RFC 7489): many receivers still find the Organizational Domain in the Public Suffix List. Its
//! result stands beside ours and never replaces it.
//!
//! The list is compiled in, as the crate `psl` 2.1.247 has it, with its private section.

use std::sync::Arc;

use tegami_dns::DnsError;
use tegami_mail::{Domain, Note, note};

use super::record::{Alignment, Record, Why};
use super::walk::{Found, Walker};
use super::{Aligned, DmarcResult, Policy, evaluate_with};
use crate::dkim::DkimResult;
use crate::spf::SpfResult;

/// What a receiver of RFC 7489 finds for an Author Domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// One label below the longest public suffix.
    pub organizational_domain: Domain,
    /// Where the record was found.
    pub policy_domain: Option<Domain>,
    /// The record.
    pub record: Option<Arc<Record>>,
    /// `p`, or `sp` for a subdomain without a record; `None` where DMARC does not apply.
    pub policy: Option<Policy>,
    /// `pct`: on how many of a hundred failing messages the policy is applied; on the others, the next lower one.
    pub percent: u8,
    /// A failure of the DNS left the policy open.
    pub temp_error: bool,
}

/// What a receiver of RFC 7489 decides on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is published.
    pub discovery: Discovery,
    /// The result.
    pub result: DmarcResult,
    /// What the policy asks for: `none` unless the result is fail. With a `pct` between 1 and 99 it is what happens to
    /// those messages to which the policy is applied.
    pub disposition: Policy,
    /// Which identifiers are aligned.
    pub aligned: Aligned,
}

/// One label below the longest public suffix; a public suffix is its own (RFC 7489 section 3.2).
pub fn organizational_domain(domain: &Domain) -> Domain {
    let found = psl::domain_str(domain.as_str()).and_then(|found| Domain::parse(found).ok());
    found.unwrap_or_else(|| domain.clone())
}

/// Whether a public suffix lies above the domain, as it does for everything but public suffixes themselves.
pub fn is_below_suffix(domain: &Domain) -> bool {
    psl::domain_str(domain.as_str()).is_some()
}

/// Finds the policy: at the Author Domain, else at its Organizational Domain (RFC 7489 section 6.6.3). The walker has
/// asked for most of it before.
pub async fn discover(author: &Domain, walker: &mut Walker<'_>) -> Discovery {
    let mut discovery = Discovery {
        organizational_domain: organizational_domain(author),
        policy_domain: None,
        record: None,
        policy: None,
        percent: 100,
        temp_error: false,
    };
    let mut policy_domain = author.clone();
    let mut found = ask(author, walker).await;
    if matches!(found, Ok(Found::Nothing)) && discovery.organizational_domain != *author {
        policy_domain = discovery.organizational_domain.clone();
        found = ask(&policy_domain, walker).await;
    }
    match found {
        Ok(Found::One(record)) => {
            discovery.policy = policy(&record, policy_domain != *author);
            discovery.percent = percent(&record);
            discovery.policy_domain = Some(policy_domain);
            discovery.record = Some(record);
        }
        Ok(Found::Nothing | Found::Several) => {}
        Err(_) => discovery.temp_error = true,
    }
    discovery
}

/// Decides on a message with one Author Domain (RFC 7489 section 6.6.2).
pub async fn evaluate(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> Verdict {
    let discovery = discover(author, walker).await;
    let mut verdict = Verdict {
        result: if discovery.temp_error { DmarcResult::TempError } else { DmarcResult::None },
        discovery,
        disposition: Policy::None,
        aligned: Aligned::default(),
    };
    let (Some(record), Some(policy)) = (&verdict.discovery.record, verdict.discovery.policy) else {
        return verdict;
    };
    let organizational = &verdict.discovery.organizational_domain;
    let aligned = |domain: &Domain, mode: Alignment| {
        domain == author || (mode == Alignment::Relaxed && organizational_domain(domain) == *organizational)
    };
    let spf_aligned =
        |wanted| spf.iter().any(|(found, domain)| *found == wanted && aligned(domain, record.aspf));
    let dkim_aligned =
        |wanted| dkim.iter().any(|(found, domain)| *found == wanted && aligned(domain, record.adkim));
    let by = Aligned { spf: spf_aligned(SpfResult::Pass), dkim: dkim_aligned(DkimResult::Pass) };
    let open = spf_aligned(SpfResult::TempError) || dkim_aligned(DkimResult::TempError);
    verdict.aligned = by;
    (verdict.result, verdict.disposition) = match (by.spf || by.dkim, open) {
        (true, _) => (DmarcResult::Pass, Policy::None),
        (false, true) => (DmarcResult::TempError, Policy::None),
        (false, false) if verdict.discovery.percent == 0 => (DmarcResult::Fail, policy.lowered()),
        (false, false) => (DmarcResult::Fail, policy),
    };
    verdict
}

/// Where the two differ for an Author Domain, and what follows. Nothing, where neither finds a policy: then it does not
/// matter.
pub fn differences(ours: &super::Discovery, theirs: &Discovery) -> Vec<Note> {
    let mut notes = Vec::new();
    let author = &ours.author_domain;
    if ours.found.is_empty() && theirs.record.is_none() {
        return notes;
    }
    if let Some(found) = &ours.organizational_domain
        && *found != theirs.organizational_domain
    {
        notes.push(note!(
            "dmarc-differs-organizational-domain",
            domain = author,
            ours = found,
            theirs = theirs.organizational_domain
        ));
    }
    if ours.temp_error || theirs.temp_error {
        return notes;
    }
    match (ours.policy_domain(), &theirs.policy_domain) {
        (Some(found), Some(other)) if found != other => {
            notes.push(note!("dmarc-differs-record", domain = author, ours = found, theirs = other));
        }
        (Some(found), None) => {
            notes.push(note!("dmarc-differs-only-ours", domain = author, ours = found));
        }
        _ => {}
    }
    if let (Some(policy), Some(other)) = (ours.policy, theirs.policy)
        && policy != other
    {
        let (ours, theirs) = (policy.as_str(), other.as_str());
        notes.push(note!("dmarc-differs-policy", domain = author, ours = ours, theirs = theirs));
    }
    if ours.policy.is_some() != theirs.policy.is_some()
        && ours.policy_domain() == theirs.policy_domain.as_ref()
    {
        notes.push(match ours.policy {
            Some(_) => note!("dmarc-differs-unreadable-theirs", domain = author),
            None => note!("dmarc-differs-unreadable-ours", domain = author),
        });
    }
    if theirs.percent < 100 && theirs.policy.is_some_and(|policy| policy != Policy::None) {
        notes.push(note!("dmarc-differs-percent", percent = theirs.percent));
    }
    notes
}

/// Both methods on one message with one Author Domain: what the older one decides, and where it differs; a differing
/// result comes first.
pub async fn compare(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> (Verdict, Vec<Note>) {
    let (ours, discovery) = evaluate_with(std::slice::from_ref(author), spf, dkim, walker).await;
    let theirs = evaluate(author, spf, dkim, walker).await;
    let mut notes = discovery.map(|discovery| differences(&discovery, &theirs.discovery)).unwrap_or_default();
    if ours.result != theirs.result {
        let (ours, theirs) = (ours.result.as_str(), theirs.result.as_str());
        notes.insert(0, note!("dmarc-differs-result", ours = ours, theirs = theirs));
    }
    (theirs, notes)
}

async fn ask(domain: &Domain, walker: &mut Walker<'_>) -> Result<Found, DnsError> {
    // Our own steps tell of the walk alone.
    walker.ask(domain, 0, &mut Vec::new()).await
}

/// `p` must be there, and `sp` must be readable; otherwise the record counts as `p=none` where reports are asked for
/// (RFC 7489 section 6.6.3 step 6). `np` and `t` are not yet known.
fn policy(record: &Record, below: bool) -> Option<Policy> {
    let readable = |tag: &str| {
        let repeated = record.ignored.iter().any(|one| one.name == tag && one.why == Why::Repeated);
        record.tag(tag).filter(|_| !repeated).and_then(Policy::from_word)
    };
    let sp = readable("sp");
    match readable("p") {
        Some(p) if sp.is_some() || record.tag("sp").is_none() => {
            Some(if below { sp.unwrap_or(p) } else { p })
        }
        _ => (!record.rua.is_empty()).then_some(Policy::None),
    }
}

/// `pct`, 100 by default (RFC 7489 section 6.3).
fn percent(record: &Record) -> u8 {
    let repeated = record.ignored.iter().any(|one| one.name == "pct" && one.why == Why::Repeated);
    let value =
        record.tag("pct").filter(|value| !repeated && value.bytes().all(|byte| byte.is_ascii_digit()));
    value.and_then(|value| value.parse().ok()).filter(|percent| *percent <= 100).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tegami_dns::ZoneResolver;

    use super::*;
    use crate::dmarc::discover_with;
    use crate::step::block_on;

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    /// What both methods find for an Author Domain, then where they differ.
    fn check(zone: &str, author: &str, expect: &Expect) {
        let resolver = ZoneResolver::from_text(zone).unwrap();
        let walker = &mut Walker::new(&resolver);
        let author = domain(author);
        let (ours, theirs) =
            block_on(async { (discover_with(&author, walker).await, discover(&author, walker).await) });
        let name = |found: Option<&Domain>| found.map_or("-".to_owned(), Domain::to_string);
        let word = |policy: Option<Policy>| policy.map_or("-", Policy::as_str);
        let mut shown = format!(
            "ours: record {}, organization {}, policy {}\ntheirs: record {}, organization {}, policy {} {}%{}\n",
            name(ours.policy_domain()),
            name(ours.organizational_domain.as_ref()),
            word(ours.policy),
            name(theirs.policy_domain.as_ref()),
            theirs.organizational_domain,
            word(theirs.policy),
            theirs.percent,
            if theirs.temp_error { " temperror" } else { "" },
        );
        for note in differences(&ours, &theirs) {
            let values: Vec<String> =
                note.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
            shown.push_str(&format!("{} {}\n", note.id, values.join(" ")));
        }
        expect.assert_eq(&shown);
    }

    #[test]
    fn the_same() {
        let zone =
            "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine\"\na.example.com. A 192.0.2.1";
        check(
            zone,
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy reject
            theirs: record example.com, organization example.com, policy reject 100%
        "#]],
        );
        check(
            zone,
            "a.example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy quarantine
            theirs: record example.com, organization example.com, policy quarantine 100%
        "#]],
        );
        check(
            "",
            "a.example.com",
            &expect![[r#"
            ours: record -, organization a.example.com, policy -
            theirs: record -, organization example.com, policy - 100%
        "#]],
        );
        check(
            "",
            "com",
            &expect![[r#"
            ours: record -, organization com, policy -
            theirs: record -, organization com, policy - 100%
        "#]],
        );
    }

    #[test]
    fn another_record() {
        let two = "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject; psd=n\"
                   _dmarc.example.com. TXT \"v=DMARC1; p=none\"";
        check(
            two,
            "a.mail.example.com",
            &expect![[r#"
            ours: record mail.example.com, organization mail.example.com, policy reject
            theirs: record example.com, organization example.com, policy none 100%
            dmarc-differs-organizational-domain domain=a.mail.example.com ours=mail.example.com theirs=example.com
            dmarc-differs-record domain=a.mail.example.com ours=mail.example.com theirs=example.com
            dmarc-differs-policy domain=a.mail.example.com ours=reject theirs=none
        "#]],
        );
        // Only between the author and the organisation.
        check(
            "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject\"",
            "a.mail.example.com",
            &expect![[r#"
            ours: record mail.example.com, organization mail.example.com, policy reject
            theirs: record -, organization example.com, policy - 100%
            dmarc-differs-organizational-domain domain=a.mail.example.com ours=mail.example.com theirs=example.com
            dmarc-differs-only-ours domain=a.mail.example.com ours=mail.example.com
        "#]],
        );
        // The subdomain's own record, and none above: the parent's signatures no longer align.
        check(
            "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject\"",
            "mail.example.com",
            &expect![[r#"
            ours: record mail.example.com, organization mail.example.com, policy reject
            theirs: record mail.example.com, organization example.com, policy reject 100%
            dmarc-differs-organizational-domain domain=mail.example.com ours=mail.example.com theirs=example.com
        "#]],
        );
        // Public suffixes that publish.
        check(
            "_dmarc.test. TXT \"v=DMARC1; p=none; sp=reject; psd=y\"",
            "www.example.test",
            &expect![[r#"
            ours: record test, organization example.test, policy reject
            theirs: record -, organization example.test, policy - 100%
            dmarc-differs-only-ours domain=www.example.test ours=test
        "#]],
        );
        check(
            "_dmarc.blogspot.com. TXT \"v=DMARC1; p=reject\"",
            "me.blogspot.com",
            &expect![[r#"
            ours: record blogspot.com, organization blogspot.com, policy reject
            theirs: record -, organization me.blogspot.com, policy - 100%
            dmarc-differs-organizational-domain domain=me.blogspot.com ours=blogspot.com theirs=me.blogspot.com
            dmarc-differs-only-ours domain=me.blogspot.com ours=blogspot.com
        "#]],
        );
        check(
            "_dmarc.com. TXT \"v=DMARC1; p=reject\"",
            "example.com",
            &expect![[r#"
            ours: record com, organization com, policy reject
            theirs: record -, organization example.com, policy - 100%
            dmarc-differs-organizational-domain domain=example.com ours=com theirs=example.com
            dmarc-differs-only-ours domain=example.com ours=com
        "#]],
        );
        // Two records at the author: the walk goes on, the older discovery ends.
        let zone = "_dmarc.a.example.com. TXT \"v=DMARC1; p=none\"
                    _dmarc.a.example.com. TXT \"v=DMARC1; p=reject\"
                    _dmarc.example.com. TXT \"v=DMARC1; p=quarantine\"";
        check(
            zone,
            "a.example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy quarantine
            theirs: record -, organization example.com, policy - 100%
            dmarc-differs-only-ours domain=a.example.com ours=example.com
        "#]],
        );
        // A public suffix above the public suffix says `psd=y`: the organisation lies one label below it.
        let zone = "_dmarc.uk. TXT \"v=DMARC1; p=reject; psd=y\"
                    _dmarc.example.co.uk. TXT \"v=DMARC1; p=none\"";
        check(
            zone,
            "a.example.co.uk",
            &expect![[r#"
            ours: record uk, organization co.uk, policy reject
            theirs: record example.co.uk, organization example.co.uk, policy none 100%
            dmarc-differs-organizational-domain domain=a.example.co.uk ours=co.uk theirs=example.co.uk
            dmarc-differs-record domain=a.example.co.uk ours=uk theirs=example.co.uk
            dmarc-differs-policy domain=a.example.co.uk ours=reject theirs=none
        "#]],
        );
    }

    #[test]
    fn another_policy() {
        let check = |record: &str, author: &str, expect: &Expect| {
            check(&format!("_dmarc.example.com. TXT \"v=DMARC1; {record}\""), author, expect);
        };
        check(
            "p=reject; t=y",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy quarantine
            theirs: record example.com, organization example.com, policy reject 100%
            dmarc-differs-policy domain=example.com ours=quarantine theirs=reject
        "#]],
        );
        check(
            "p=none; np=reject",
            "nowhere.example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy reject
            theirs: record example.com, organization example.com, policy none 100%
            dmarc-differs-policy domain=nowhere.example.com ours=reject theirs=none
        "#]],
        );
        check(
            "p=reject; pct=20",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy reject
            theirs: record example.com, organization example.com, policy reject 20%
            dmarc-differs-percent percent=20
        "#]],
        );
        check(
            "p=none; pct=20",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy none
            theirs: record example.com, organization example.com, policy none 20%
        "#]],
        );
        check(
            "p=reject; pct=101",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy reject
            theirs: record example.com, organization example.com, policy reject 100%
        "#]],
        );
        check(
            "p=reject; pct=0",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy reject
            theirs: record example.com, organization example.com, policy reject 0%
            dmarc-differs-percent percent=0
        "#]],
        );
    }

    #[test]
    fn another_reading() {
        let check = |record: &str, author: &str, expect: &Expect| {
            check(&format!("_dmarc.example.com. TXT \"v=DMARC1; {record}\""), author, expect);
        };
        check(
            "rua=mailto:d@example.com",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy none
            theirs: record example.com, organization example.com, policy none 100%
        "#]],
        );
        check(
            "sp=reject",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy none
            theirs: record example.com, organization example.com, policy - 100%
            dmarc-differs-unreadable-theirs domain=example.com
        "#]],
        );
        check(
            "p=reject; np=bad",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy -
            theirs: record example.com, organization example.com, policy reject 100%
            dmarc-differs-unreadable-ours domain=example.com
        "#]],
        );
        check(
            "p=reject; np=bad; rua=mailto:d@example.com",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy none
            theirs: record example.com, organization example.com, policy reject 100%
            dmarc-differs-policy domain=example.com ours=none theirs=reject
        "#]],
        );
        check(
            "p=bad",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy -
            theirs: record example.com, organization example.com, policy - 100%
        "#]],
        );
        check(
            "p=reject; p=none",
            "example.com",
            &expect![[r#"
            ours: record example.com, organization example.com, policy -
            theirs: record example.com, organization example.com, policy - 100%
        "#]],
        );
    }

    #[test]
    fn failures_of_the_dns() {
        check(
            "$SERVFAIL _dmarc.com\n_dmarc.example.com. TXT \"v=DMARC1; p=reject\"",
            "a.example.com",
            &expect![[r#"
                ours: record -, organization -, policy -
                theirs: record example.com, organization example.com, policy reject 100%
            "#]],
        );
        check(
            "$TIMEOUT _dmarc.example.com",
            "a.example.com",
            &expect![[r#"
            ours: record -, organization -, policy -
            theirs: record -, organization example.com, policy - 100% temperror
        "#]],
        );
        check(
            "$BOGUS _dmarc.a.example.com",
            "a.example.com",
            &expect![[r#"
            ours: record -, organization -, policy -
            theirs: record -, organization example.com, policy - 100% temperror
        "#]],
        );
    }

    /// Results of SPF and DKIM, then what the older method decides and where it differs.
    fn judge(zone: &str, author: &str, spf: (SpfResult, &str), dkim: (DkimResult, &str), expect: &Expect) {
        let resolver = ZoneResolver::from_text(zone).unwrap();
        let walker = &mut Walker::new(&resolver);
        let (spf, dkim) = ([(spf.0, domain(spf.1))], [(dkim.0, domain(dkim.1))]);
        let (verdict, notes) = block_on(compare(&domain(author), &spf, &dkim, walker));
        let notes: Vec<&str> = notes.iter().map(|note| note.id).collect();
        expect.assert_eq(&format!(
            "{} {} spf={} dkim={} {notes:?}",
            verdict.result.as_str(),
            verdict.disposition.as_str(),
            verdict.aligned.spf,
            verdict.aligned.dkim,
        ));
    }

    #[test]
    fn messages() {
        use DkimResult::{Fail as DkimFail, Pass as DkimPass, TempError as DkimTempError};
        use SpfResult::{Fail, Pass};
        let zone = "_dmarc.example.com. TXT \"v=DMARC1; p=reject; aspf=s; pct=0\"";
        judge(
            zone,
            "a.example.com",
            (Pass, "example.com"),
            (DkimFail, "example.com"),
            &expect![[r#"fail quarantine spf=false dkim=false ["dmarc-differs-percent"]"#]],
        );
        judge(
            zone,
            "a.example.com",
            (Pass, "a.example.com"),
            (DkimFail, "x.test"),
            &expect![[r#"pass none spf=true dkim=false ["dmarc-differs-percent"]"#]],
        );
        judge(
            zone,
            "a.example.com",
            (Fail, "example.com"),
            (DkimPass, "b.example.com"),
            &expect![[r#"pass none spf=false dkim=true ["dmarc-differs-percent"]"#]],
        );
        judge(
            zone,
            "a.example.com",
            (Fail, "example.com"),
            (DkimTempError, "b.example.com"),
            &expect![[r#"temperror none spf=false dkim=false ["dmarc-differs-percent"]"#]],
        );
        judge(
            "",
            "a.example.com",
            (Pass, "example.com"),
            (DkimPass, "example.com"),
            &expect!["none none spf=false dkim=false []"],
        );
        judge(
            "$SERVFAIL _dmarc.a.example.com",
            "a.example.com",
            (Pass, "a.example.com"),
            (DkimPass, "example.com"),
            &expect!["temperror none spf=false dkim=false []"],
        );
        // No record above: by the tree walk the two are two organisations.
        let zone = "_dmarc.a.example.com. TXT \"v=DMARC1; p=reject\"";
        judge(
            zone,
            "a.example.com",
            (Fail, "example.com"),
            (DkimPass, "example.com"),
            &expect![[
                r#"pass none spf=false dkim=true ["dmarc-differs-result", "dmarc-differs-organizational-domain"]"#
            ]],
        );
        // Customers of one provider, which publishes for all of them.
        let zone = "_dmarc.blogspot.com. TXT \"v=DMARC1; p=reject\"";
        judge(
            zone,
            "a.blogspot.com",
            (Fail, "x.test"),
            (DkimPass, "b.blogspot.com"),
            &expect![[
                r#"none none spf=false dkim=false ["dmarc-differs-result", "dmarc-differs-organizational-domain", "dmarc-differs-only-ours"]"#
            ]],
        );
    }
}
