use expect_test::{Expect, expect};
use tegami_dns::ZoneResolver;

use tegami_mail::Domain;

use super::*;
use crate::dkim::DkimResult;
use crate::spf::SpfResult;

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

/// Author Domain, then what was discovered, with the steps.
fn check(zone: &str, author: &str, expect: &Expect) {
    let resolver = ZoneResolver::from_text(zone).unwrap();
    let found = crate::step::block_on(discover(&domain(author), &resolver));
    let name = |domain: &Option<Domain>| domain.as_ref().map_or("-".to_owned(), Domain::to_string);
    expect.assert_eq(&format!(
        "record at {}, organizational domain {}, policy {}, {} queries{}\n{}",
        name(&found.policy_domain().cloned()),
        name(&found.organizational_domain),
        found.policy.map_or("-", Policy::as_str),
        found.queries,
        if found.temp_error { ", temperror" } else { "" },
        crate::step::show(&found.steps),
    ));
}

/// One line of the measured table: where the record is, the Organizational Domain, the policy.
fn row(zone: &str, author: &str, expect: (&str, &str, &str)) {
    let resolver = ZoneResolver::from_text(zone).unwrap();
    let found = crate::step::block_on(discover(&domain(author), &resolver));
    let policy_domain = found.policy_domain().map_or("-".to_owned(), Domain::to_string);
    let organizational = found.organizational_domain.map_or("-".to_owned(), |domain| domain.to_string());
    let policy = found.policy.map_or("-", Policy::as_str);
    assert_eq!((policy_domain.as_str(), organizational.as_str(), policy), expect, "{author}");
}

#[test]
fn measured_table() {
    // A: only the organisation has a record.
    let zone = "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine\"\na.example.com. A 192.0.2.1";
    row(zone, "a.example.com", ("example.com", "example.com", "quarantine"));
    // B: records at two levels above the author: the shortest name wins.
    let two = "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject\"
               _dmarc.example.com. TXT \"v=DMARC1; p=none; sp=quarantine\"
               a.mail.example.com. A 192.0.2.1";
    row(two, "a.mail.example.com", ("example.com", "example.com", "quarantine"));
    // C: `psd=n` makes the longer name the Organizational Domain.
    let zone = "_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject; psd=n\"
                _dmarc.example.com. TXT \"v=DMARC1; p=none\"";
    row(zone, "a.mail.example.com", ("mail.example.com", "mail.example.com", "reject"));
    // D: only the public suffix has a record.
    let zone = "_dmarc.test. TXT \"v=DMARC1; p=none; sp=reject; psd=y\"\nwww.example.test. A 192.0.2.1";
    row(zone, "www.example.test", ("test", "example.test", "reject"));
    // E: the organisation below a public suffix with `psd=y`.
    let zone = "_dmarc.test. TXT \"v=DMARC1; p=reject; psd=y\"
                _dmarc.example.test. TXT \"v=DMARC1; p=quarantine\"";
    row(zone, "mail.example.test", ("example.test", "example.test", "quarantine"));
    // F: two records at the author are both discarded, and the walk goes on.
    let zone = "_dmarc.a.example.com. TXT \"v=DMARC1; p=none\"
                _dmarc.a.example.com. TXT \"v=DMARC1; p=reject\"
                _dmarc.example.com. TXT \"v=DMARC1; p=quarantine\"";
    row(zone, "a.example.com", ("example.com", "example.com", "quarantine"));
    // G: the walk jumps from ten labels to seven, past the record at eight.
    let zone = "_dmarc.c.d.e.f.g.h.example.com. TXT \"v=DMARC1; p=reject; psd=n\"
                _dmarc.example.com. TXT \"v=DMARC1; p=quarantine\"";
    row(zone, "a.b.c.d.e.f.g.h.example.com", ("example.com", "example.com", "quarantine"));
    // H: a registry that forgets `psd=y` becomes everybody's Organizational Domain.
    let zone = "_dmarc.test. TXT \"v=DMARC1; p=reject\"";
    row(zone, "example.test", ("test", "test", "reject"));
    // K: a private suffix of the Public Suffix List that publishes a record.
    let zone = "_dmarc.blog.example. TXT \"v=DMARC1; p=reject\"";
    row(zone, "me.blog.example", ("blog.example", "blog.example", "reject"));
    // No record anywhere: the Author Domain is its own Organizational Domain.
    row("example.com. A 192.0.2.1", "a.example.com", ("-", "a.example.com", "-"));
}

#[test]
fn the_policy_for_names_that_do_not_exist() {
    let zone = "
        _dmarc.example.org. TXT \"v=DMARC1; p=none; sp=quarantine; np=reject; pct=20; x=1\"
        www.example.org. A 192.0.2.1
        $SERVFAIL broken.example.org A
    ";
    check(
        zone,
        "www.example.org",
        &expect![[r#"
        record at example.org, organizational domain example.org, policy quarantine, 3 queries
        _dmarc.www.example.org [www.example.org] none | dmarc-record-absent domain=www.example.org error=NXDOMAIN | RFC 9989 section 4.10
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=none; sp=quarantine; np=reject; pct=20; x=1 | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [www.example.org] found | dmarc-organizational-domain domain=www.example.org organizational=example.org | RFC 9989 section 4.10.2
        pct=20 [www.example.org] ignored | dmarc-tag-removed name=pct value=20 | RFC 9989 section 4.7
        x=1 [www.example.org] ignored | dmarc-tag-unknown name=x value=1 | RFC 9989 section 4.7
        www.example.org [www.example.org] exists | dmarc-exists domain=www.example.org | RFC 9989 section 4.10.1
        sp=quarantine [www.example.org] quarantine | dmarc-policy tag=sp policy=quarantine domain=www.example.org | RFC 9989 section 4.10.1
    "#]],
    );
    check(
        zone,
        "nothing.example.org",
        &expect![[r#"
        record at example.org, organizational domain example.org, policy reject, 3 queries
        _dmarc.nothing.example.org [nothing.example.org] none | dmarc-record-absent domain=nothing.example.org error=NXDOMAIN | RFC 9989 section 4.10
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=none; sp=quarantine; np=reject; pct=20; x=1 | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [nothing.example.org] found | dmarc-organizational-domain domain=nothing.example.org organizational=example.org | RFC 9989 section 4.10.2
        pct=20 [nothing.example.org] ignored | dmarc-tag-removed name=pct value=20 | RFC 9989 section 4.7
        x=1 [nothing.example.org] ignored | dmarc-tag-unknown name=x value=1 | RFC 9989 section 4.7
        nothing.example.org [nothing.example.org] absent | dmarc-exists-not domain=nothing.example.org | RFC 9989 section 4.10.1
        np=reject [nothing.example.org] reject | dmarc-policy tag=np policy=reject domain=nothing.example.org | RFC 9989 section 4.10.1
    "#]],
    );
    check(
        zone,
        "broken.example.org",
        &expect![[r#"
        record at example.org, organizational domain example.org, policy -, 3 queries, temperror
        _dmarc.broken.example.org [broken.example.org] none | dmarc-record-absent domain=broken.example.org error=NXDOMAIN | RFC 9989 section 4.10
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=none; sp=quarantine; np=reject; pct=20; x=1 | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [broken.example.org] found | dmarc-organizational-domain domain=broken.example.org organizational=example.org | RFC 9989 section 4.10.2
        pct=20 [broken.example.org] ignored | dmarc-tag-removed name=pct value=20 | RFC 9989 section 4.7
        x=1 [broken.example.org] ignored | dmarc-tag-unknown name=x value=1 | RFC 9989 section 4.7
        broken.example.org [broken.example.org] error | dmarc-existence-unknown domain=broken.example.org error=SERVFAIL | RFC 9989 section 4.10.1
    "#]],
    );
    check(
        zone,
        "example.org",
        &expect![[r#"
        record at example.org, organizational domain example.org, policy none, 2 queries
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=none; sp=quarantine; np=reject; pct=20; x=1 | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
        pct=20 [example.org] ignored | dmarc-tag-removed name=pct value=20 | RFC 9989 section 4.7
        x=1 [example.org] ignored | dmarc-tag-unknown name=x value=1 | RFC 9989 section 4.7
        p=none [example.org] none | dmarc-policy tag=p policy=none domain=example.org | RFC 9989 section 4.10.1
    "#]],
    );
}

#[test]
fn test_mode_and_bad_policies() {
    let zone = "
        _dmarc.example.org. TXT \"v=DMARC1; p=reject; t=y\"
        _dmarc.example.net. TXT \"v=DMARC1; p=rejct\"
        _dmarc.example.com. TXT \"v=DMARC1; p=rejct; rua=mailto:d@example.com\"
    ";
    check(
        zone,
        "example.org",
        &expect![[r#"
        record at example.org, organizational domain example.org, policy quarantine, 2 queries
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject; t=y | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
        p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
        t=y [example.org] quarantine | dmarc-testing policy=reject lowered=quarantine | RFC 9989 section 4.7
    "#]],
    );
    check(
        zone,
        "example.net",
        &expect![[r#"
        record at example.net, organizational domain example.net, policy -, 2 queries
        _dmarc.example.net [example.net] found | dmarc-record-found record=v=DMARC1; p=rejct | RFC 9989 section 4.10
        _dmarc.net [net] none | dmarc-record-absent domain=net error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.net] found | dmarc-organizational-domain domain=example.net organizational=example.net | RFC 9989 section 4.10.2
        p=rejct [example.net] ignored | dmarc-tag-invalid name=p value=rejct | RFC 9989 section 4.7
        p [example.net] none | dmarc-policy-unusable domain=example.net | RFC 9989 section 4.10.1
    "#]],
    );
    check(
        zone,
        "example.com",
        &expect![[r#"
        record at example.com, organizational domain example.com, policy none, 2 queries
        _dmarc.example.com [example.com] found | dmarc-record-found record=v=DMARC1; p=rejct; rua=mailto:d@example.com | RFC 9989 section 4.10
        _dmarc.com [com] none | dmarc-record-absent domain=com error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.com] found | dmarc-organizational-domain domain=example.com organizational=example.com | RFC 9989 section 4.10.2
        p=rejct [example.com] ignored | dmarc-tag-invalid name=p value=rejct | RFC 9989 section 4.7
        p [example.com] none | dmarc-policy-replaced domain=example.com | RFC 9989 section 4.10.1
    "#]],
    );
}

#[test]
fn failures_of_the_dns() {
    let zone = "
        _dmarc.a.example.org. TXT \"v=DMARC1; p=reject\"
        $TIMEOUT _dmarc.example.org
    ";
    check(
        zone,
        "b.example.org",
        &expect![[r#"
        record at -, organizational domain -, policy -, 2 queries, temperror
        _dmarc.b.example.org [b.example.org] none | dmarc-record-absent domain=b.example.org error=NXDOMAIN | RFC 9989 section 4.10
        _dmarc.example.org [example.org] error | dmarc-dns-error domain=example.org error=timeout | RFC 9989 section 4.10
    "#]],
    );
    check(
        zone,
        "a.example.org",
        &expect![[r#"
        record at a.example.org, organizational domain -, policy reject, 2 queries
        _dmarc.a.example.org [a.example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
        _dmarc.example.org [example.org] error | dmarc-dns-error domain=example.org error=timeout | RFC 9989 section 4.10
        p=reject [a.example.org] reject | dmarc-policy tag=p policy=reject domain=a.example.org | RFC 9989 section 4.10.1
    "#]],
    );
}

#[test]
fn ten_thousand_author_domains() {
    let resolver = ZoneResolver::from_text("a.example.org. A 192.0.2.1").unwrap();
    let authors: Vec<Domain> = (0..10_000).map(|n| domain(&format!("x{n}.example.org"))).collect();
    let found = crate::step::block_on(evaluate(&authors, &[], &[], &resolver));
    assert_eq!(found.result, DmarcResult::PermError);
    assert!(found.steps.len() < 60);
}

/// Author Domains, `spf RESULT DOMAIN` and `dkim RESULT DOMAIN` lines, then the verdict.
fn judge(zone: &str, authors: &[&str], identifiers: &[(&str, &str, &str)], expect: &Expect) {
    let resolver = ZoneResolver::from_text(zone).unwrap();
    let authors: Vec<Domain> = authors.iter().map(|author| domain(author)).collect();
    let (mut spf, mut dkim) = (Vec::new(), Vec::new());
    for (method, result, name) in identifiers {
        match *method {
            "spf" => spf.push((SpfResult::from_word(result).unwrap(), domain(name))),
            _ if *result == "temperror" => dkim.push((DkimResult::TempError, domain(name))),
            _ => {
                let result = if *result == "pass" { DkimResult::Pass } else { DkimResult::Fail };
                dkim.push((result, domain(name)));
            }
        }
    }
    let found = crate::step::block_on(evaluate(&authors, &spf, &dkim, &resolver));
    expect.assert_eq(&format!(
        "{} for {:?}, policy {}, disposition {}, aligned spf={} dkim={}\n{}",
        found.result.as_str(),
        found.author_domain,
        found.policy.as_str(),
        found.disposition.as_str(),
        found.aligned.spf,
        found.aligned.dkim,
        crate::step::show(&found.steps),
    ));
}

const ZONE: &str = "
    _dmarc.example.org. TXT \"v=DMARC1; p=reject\"
    _dmarc.example.net. TXT \"v=DMARC1; p=quarantine; adkim=s; aspf=s\"
    _dmarc.own.example.org. TXT \"v=DMARC1; p=none; psd=n\"
    $SERVFAIL _dmarc.broken.example.org
";

#[test]
fn alignment() {
    judge(
        ZONE,
        &["example.org"],
        &[("spf", "fail", "example.org"), ("dkim", "pass", "mail.example.org")],
        &expect![[r#"
        pass for "example.org", policy reject, disposition none, aligned spf=false dkim=true
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
        p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
        spf example.org [example.org] not-pass | dmarc-identifier-not-pass method=spf domain=example.org result=fail | RFC 9989 section 4.4
        dkim mail.example.org [example.org] aligned | dmarc-aligned-relaxed domain=mail.example.org author=example.org organizational=example.org | RFC 9989 section 4.4
          _dmarc.mail.example.org [mail.example.org] none | dmarc-record-absent domain=mail.example.org error=NXDOMAIN | RFC 9989 section 4.10
        dmarc [example.org] pass | dmarc-pass domain=example.org | RFC 9989 section 5.3.5
    "#]],
    );
    judge(
        ZONE,
        &["example.org"],
        &[("spf", "pass", "own.example.org"), ("dkim", "pass", "example.com")],
        &expect![[r#"
        fail for "example.org", policy reject, disposition reject, aligned spf=false dkim=false
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
        p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
        spf own.example.org [example.org] not-aligned | dmarc-not-aligned-relaxed domain=own.example.org author=example.org found=own.example.org organizational=example.org | RFC 9989 section 4.4
          _dmarc.own.example.org [own.example.org] found | dmarc-record-found record=v=DMARC1; p=none; psd=n | RFC 9989 section 4.10
        dkim example.com [example.org] not-aligned | dmarc-not-aligned-elsewhere domain=example.com author=example.org organizational=example.org | RFC 9989 section 4.4
        dmarc [example.org] fail | dmarc-fail domain=example.org policy=reject | RFC 9989 section 5.3.5
    "#]],
    );
    judge(
        ZONE,
        &["example.net"],
        &[("spf", "pass", "mail.example.net")],
        &expect![[r#"
        fail for "example.net", policy quarantine, disposition quarantine, aligned spf=false dkim=false
        _dmarc.example.net [example.net] found | dmarc-record-found record=v=DMARC1; p=quarantine; adkim=s; aspf=s | RFC 9989 section 4.10
        _dmarc.net [net] none | dmarc-record-absent domain=net error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.net] found | dmarc-organizational-domain domain=example.net organizational=example.net | RFC 9989 section 4.10.2
        p=quarantine [example.net] quarantine | dmarc-policy tag=p policy=quarantine domain=example.net | RFC 9989 section 4.10.1
        spf mail.example.net [example.net] not-aligned | dmarc-not-aligned-strict domain=mail.example.net author=example.net | RFC 9989 section 4.4
        dmarc [example.net] fail | dmarc-fail domain=example.net policy=quarantine | RFC 9989 section 5.3.5
    "#]],
    );
    judge(
        ZONE,
        &["example.org"],
        &[("dkim", "pass", "broken.example.org")],
        &expect![[r#"
        temperror for "example.org", policy reject, disposition none, aligned spf=false dkim=false
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
        p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
        dkim broken.example.org [example.org] error | dmarc-alignment-open domain=broken.example.org author=example.org | RFC 9989 section 4.4
          _dmarc.broken.example.org [broken.example.org] error | dmarc-dns-error domain=broken.example.org error=SERVFAIL | RFC 9989 section 4.10
        dmarc [example.org] temperror | dmarc-temperror domain=example.org | RFC 9989 section 5.3.6
    "#]],
    );
}

#[test]
fn what_could_not_be_checked_leaves_the_message_open() {
    judge(
        ZONE,
        &["example.org"],
        &[("spf", "temperror", "example.org"), ("dkim", "fail", "example.org")],
        &expect![[r#"
            temperror for "example.org", policy reject, disposition none, aligned spf=false dkim=false
            _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
            _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
            organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
            p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
            spf example.org [example.org] error | dmarc-identifier-open method=spf domain=example.org | RFC 9989 section 4.4
            dkim example.org [example.org] not-pass | dmarc-identifier-not-pass method=dkim domain=example.org result=fail | RFC 9989 section 4.4
            dmarc [example.org] temperror | dmarc-temperror domain=example.org | RFC 9989 section 5.3.6
        "#]],
    );
    judge(
        ZONE,
        &["example.org"],
        &[("dkim", "temperror", "example.com")],
        &expect![[r#"
        fail for "example.org", policy reject, disposition reject, aligned spf=false dkim=false
        _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
        _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
        p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
        dkim example.com [example.org] not-aligned | dmarc-not-aligned-elsewhere domain=example.com author=example.org organizational=example.org | RFC 9989 section 4.4
        dmarc [example.org] fail | dmarc-fail domain=example.org policy=reject | RFC 9989 section 5.3.5
    "#]],
    );
    judge(
        ZONE,
        &["example.org"],
        &[("spf", "temperror", "example.org"), ("dkim", "pass", "example.org")],
        &expect![[r#"
            pass for "example.org", policy reject, disposition none, aligned spf=false dkim=true
            _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
            _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
            organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
            p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
            spf example.org [example.org] error | dmarc-identifier-open method=spf domain=example.org | RFC 9989 section 4.4
            dkim example.org [example.org] aligned | dmarc-aligned-same domain=example.org | RFC 9989 section 4.4
            dmarc [example.org] pass | dmarc-pass domain=example.org | RFC 9989 section 5.3.5
        "#]],
    );
}

#[test]
fn author_domains() {
    judge(
        ZONE,
        &[],
        &[("spf", "pass", "example.org")],
        &expect![[r#"
        none for "", policy none, disposition none, aligned spf=false dkim=false
        From [] none | dmarc-no-author  | RFC 9989 section 5.3.1
    "#]],
    );
    judge(
        ZONE,
        &["example.com"],
        &[("spf", "pass", "example.com")],
        &expect![[r#"
        none for "example.com", policy none, disposition none, aligned spf=false dkim=false
        _dmarc.example.com [example.com] none | dmarc-record-absent domain=example.com error=NXDOMAIN | RFC 9989 section 4.10
        _dmarc.com [com] none | dmarc-record-absent domain=com error=NXDOMAIN | RFC 9989 section 4.10
        organizational domain [example.com] found | dmarc-organizational-domain domain=example.com organizational=example.com | RFC 9989 section 4.10.2
        policy [example.com] none | dmarc-no-record domain=example.com | RFC 9989 section 4.10.1
        dmarc [example.com] none | dmarc-not-applied domain=example.com | RFC 9989 section 5.3.2
    "#]],
    );
    judge(
        ZONE,
        &["example.net", "example.com", "example.org", "example.org"],
        &[("spf", "pass", "example.net")],
        &expect![[r#"
            fail for "example.org", policy reject, disposition reject, aligned spf=false dkim=false
            From [] several | dmarc-several-authors count=3 | RFC 9989 section 11.5
            _dmarc.example.net [example.net] found | dmarc-record-found record=v=DMARC1; p=quarantine; adkim=s; aspf=s | RFC 9989 section 4.10
            _dmarc.net [net] none | dmarc-record-absent domain=net error=NXDOMAIN | RFC 9989 section 4.10
            organizational domain [example.net] found | dmarc-organizational-domain domain=example.net organizational=example.net | RFC 9989 section 4.10.2
            p=quarantine [example.net] quarantine | dmarc-policy tag=p policy=quarantine domain=example.net | RFC 9989 section 4.10.1
            spf example.net [example.net] aligned | dmarc-aligned-same domain=example.net | RFC 9989 section 4.4
            dmarc [example.net] pass | dmarc-pass domain=example.net | RFC 9989 section 5.3.5
            _dmarc.example.com [example.com] none | dmarc-record-absent domain=example.com error=NXDOMAIN | RFC 9989 section 4.10
            _dmarc.com [com] none | dmarc-record-absent domain=com error=NXDOMAIN | RFC 9989 section 4.10
            organizational domain [example.com] found | dmarc-organizational-domain domain=example.com organizational=example.com | RFC 9989 section 4.10.2
            policy [example.com] none | dmarc-no-record domain=example.com | RFC 9989 section 4.10.1
            dmarc [example.com] none | dmarc-not-applied domain=example.com | RFC 9989 section 5.3.2
            _dmarc.example.org [example.org] found | dmarc-record-found record=v=DMARC1; p=reject | RFC 9989 section 4.10
            _dmarc.org [org] none | dmarc-record-absent domain=org error=NXDOMAIN | RFC 9989 section 4.10
            organizational domain [example.org] found | dmarc-organizational-domain domain=example.org organizational=example.org | RFC 9989 section 4.10.2
            p=reject [example.org] reject | dmarc-policy tag=p policy=reject domain=example.org | RFC 9989 section 4.10.1
            spf example.net [example.org] not-aligned | dmarc-not-aligned-elsewhere domain=example.net author=example.org organizational=example.org | RFC 9989 section 4.4
            dmarc [example.org] fail | dmarc-fail domain=example.org policy=reject | RFC 9989 section 5.3.5
        "#]],
    );
}
