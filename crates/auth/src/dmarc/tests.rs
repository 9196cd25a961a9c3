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
fn public_suffix_domains() {
    // The walk stops at a start that says `psd=y`; being the start, it is its own Organizational Domain.
    let suffix = "_dmarc.co.test. TXT \"v=DMARC1; p=reject; sp=quarantine; psd=y\"
                  _dmarc.test. TXT \"v=DMARC1; p=none\"";
    row(suffix, "co.test", ("co.test", "co.test", "reject"));
    row(suffix, "example.co.test", ("co.test", "example.co.test", "quarantine"));
    row(suffix, "a.b.example.co.test", ("co.test", "example.co.test", "quarantine"));
    // Between author and public suffix only the Organizational Domain's record counts (RFC 9989 section 4.10.1).
    let between = "_dmarc.mail.example.test. TXT \"v=DMARC1; p=reject\"
                   _dmarc.test. TXT \"v=DMARC1; p=none; psd=y\"";
    row(between, "a.mail.example.test", ("test", "example.test", "none"));
    row(between, "mail.example.test", ("mail.example.test", "example.test", "reject"));
    // `psd=n` at the start ends the walk there, and says that the start is the Organizational Domain.
    let own = "_dmarc.a.example.test. TXT \"v=DMARC1; p=none; psd=n\"
               _dmarc.example.test. TXT \"v=DMARC1; p=reject\"";
    row(own, "a.example.test", ("a.example.test", "a.example.test", "none"));
    row(own, "b.example.test", ("example.test", "example.test", "reject"));
    // Of three records the shortest name is the Organizational Domain, the author's the policy.
    let three = "_dmarc.a.b.example.test. TXT \"v=DMARC1; p=none; psd=u\"
                 _dmarc.b.example.test. TXT \"v=DMARC1; p=quarantine\"
                 _dmarc.example.test. TXT \"v=DMARC1; p=reject\"";
    row(three, "a.b.example.test", ("a.b.example.test", "example.test", "none"));
    row(three, "x.b.example.test", ("example.test", "example.test", "reject"));
    // One label.
    row("_dmarc.test. TXT \"v=DMARC1; p=reject\"", "test", ("test", "test", "reject"));
    row("", "test", ("-", "test", "-"));
}

#[test]
fn names_in_every_form() {
    let zone = "_DMARC.Xn--Bcher-Kva.Example. TXT \"v=DMARC1; p=reject\"";
    for author in ["bücher.example", "BÜCHER.EXAMPLE.", "xn--bcher-kva.example", "XN--BCHER-KVA.example."] {
        row(zone, author, ("xn--bcher-kva.example", "xn--bcher-kva.example", "reject"));
    }
    row(zone, "post.bücher.example", ("xn--bcher-kva.example", "xn--bcher-kva.example", "reject"));
    row("_dmarc.a_b.test. TXT \"v=DMARC1; p=reject\"", "a_b.test", ("a_b.test", "a_b.test", "reject"));
}

#[test]
fn eight_labels_and_more() {
    let at = |name: &str| format!("_dmarc.{name}. TXT \"v=DMARC1; p=reject\"");
    // With eight labels, none is passed over; with nine, the one at eight is.
    row(&at("b.c.d.e.f.g.test"), "a.b.c.d.e.f.g.test", ("b.c.d.e.f.g.test", "b.c.d.e.f.g.test", "reject"));
    row(&at("b.c.d.e.f.g.h.test"), "a.b.c.d.e.f.g.h.test", ("-", "a.b.c.d.e.f.g.h.test", "-"));
    row(&at("c.d.e.f.g.h.test"), "a.b.c.d.e.f.g.h.test", ("c.d.e.f.g.h.test", "c.d.e.f.g.h.test", "reject"));
    row(
        &at("a.b.c.d.e.f.g.h.test"),
        "a.b.c.d.e.f.g.h.test",
        ("a.b.c.d.e.f.g.h.test", "a.b.c.d.e.f.g.h.test", "reject"),
    );
    // 127 labels, 253 octets: no name fits `_dmarc.` in front.
    let deep = vec!["a"; 127].join(".");
    row(&at("a.a.a.a.a.a.a"), &deep, ("a.a.a.a.a.a.a", "a.a.a.a.a.a.a", "reject"));
    let long = format!("{0}.{0}.{0}.{1}.test", "x".repeat(63), "y".repeat(56));
    row(&at("test"), &long, ("test", "test", "reject"));
}

#[test]
fn texts_beside_the_record() {
    let beside = |texts: &str| format!("{texts}\n_dmarc.example.test. TXT \"v=DMARC1; p=reject\"");
    let found = ("example.test", "example.test", "reject");
    row(&beside("_dmarc.example.test. TXT \"v=spf1 -all\""), "example.test", found);
    row(&beside("_dmarc.example.test. TXT \"v=dmarc1; p=none\""), "example.test", found);
    row(&beside("_dmarc.example.test. TXT \"\""), "example.test", found);
    let many: String = (0..5_000).map(|n| format!("_dmarc.example.test. TXT \"{n}\"\n")).collect();
    row(&beside(&many), "example.test", found);
    // The strings of one record are joined (RFC 9989 section 4.5).
    row("_dmarc.example.test. TXT \"v=DMA\" \"RC1; p=re\" \"ject\"", "example.test", found);
    // More than one: none of them (RFC 9989 section 4.10).
    row(&beside("_dmarc.example.test. TXT \"v=DMARC1; p=bad\""), "example.test", ("-", "example.test", "-"));
    let many: String = (0..5_000).map(|n| format!("_dmarc.example.test. TXT \"v=DMARC1;{n}\"\n")).collect();
    row(&many, "example.test", ("-", "example.test", "-"));
    // Aliases are followed.
    let alias = "_dmarc.example.test. CNAME dmarc.example.net.
                 dmarc.example.net. TXT \"v=DMARC1; p=reject\"";
    row(alias, "example.test", found);
    row("_dmarc.example.test. CNAME nowhere.example.net.", "example.test", ("-", "example.test", "-"));
    // A wildcard answers for `_dmarc`, too.
    row("*.example.test. TXT \"v=DMARC1; p=reject\"", "example.test", found);
}

#[test]
fn whether_a_name_exists() {
    let zone = |more: &str| format!("_dmarc.example.test. TXT \"v=DMARC1; p=none; np=reject\"\n{more}");
    let check = |more: &str, author: &str, policy: &str| {
        row(&zone(more), author, ("example.test", "example.test", policy));
    };
    check("", "a.example.test", "reject");
    check("a.example.test. MX 10 mx.example.test.", "a.example.test", "none");
    // Something lies below it.
    check("b.a.example.test. A 192.0.2.1", "a.example.test", "none");
    check("*.example.test. A 192.0.2.1", "a.example.test", "none");
    // An alias exists, wherever it leads.
    check("a.example.test. CNAME nowhere.test.", "a.example.test", "none");
    check("a.example.test. CNAME a.example.test.", "a.example.test", "-");
    check("$SERVFAIL a.example.test A", "a.example.test", "-");
    // The record's own domain is never asked about.
    row(&zone("$SERVFAIL example.test A"), "example.test", ("example.test", "example.test", "none"));
    // Where both ask for the same, nothing is left open.
    let same =
        "_dmarc.example.test. TXT \"v=DMARC1; p=reject; sp=none; np=none\"\n$SERVFAIL a.example.test A";
    row(same, "a.example.test", ("example.test", "example.test", "none"));
}

#[test]
fn what_subdomains_get() {
    let check = |zone: &str, author: &str, expect: Option<(&str, &str, &str)>| {
        let resolver = ZoneResolver::from_text(zone).unwrap();
        let found = crate::step::block_on(discover(&domain(author), &resolver)).subdomains();
        let found = found
            .map(|below| (below.policy_domain.to_string(), below.existing.as_str(), below.absent.as_str()));
        let found = found.as_ref().map(|(domain, existing, absent)| (domain.as_str(), *existing, *absent));
        assert_eq!(found, expect, "{author}");
    };
    let two = "_dmarc.mail.example.test. TXT \"v=DMARC1; p=reject; sp=none\"
               _dmarc.example.test. TXT \"v=DMARC1; p=none; sp=quarantine; np=reject\"";
    check(two, "example.test", Some(("example.test", "quarantine", "reject")));
    // The nearer record is not inherited.
    check(two, "mail.example.test", Some(("example.test", "quarantine", "reject")));
    let suffix = "_dmarc.test. TXT \"v=DMARC1; p=reject; np=none; t=y; psd=y\"";
    check(suffix, "test", Some(("test", "quarantine", "none")));
    check(suffix, "example.test", Some(("test", "quarantine", "none")));
    check("", "example.test", None);
    check("_dmarc.example.test. TXT \"v=DMARC1; p=x\"", "example.test", None);
    check("$SERVFAIL _dmarc.test", "example.test", None);
    let replaced = "_dmarc.example.test. TXT \"v=DMARC1; p=x; sp=reject; rua=mailto:d@example.test\"";
    check(replaced, "example.test", Some(("example.test", "none", "none")));
}

#[test]
fn a_record_that_nobody_inherits_from() {
    let zone = "_dmarc.mail.example.test. TXT \"v=DMARC1; p=reject; sp=none\"
                _dmarc.example.test. TXT \"v=DMARC1; p=none\"";
    let resolver = ZoneResolver::from_text(zone).unwrap();
    let told = |author: &str| {
        let steps = crate::step::block_on(discover(&domain(author), &resolver)).steps;
        steps.iter().any(|step| step.note.id == "dmarc-tag-without-effect")
    };
    assert!(told("mail.example.test"));
    assert!(!told("example.test") && !told("a.mail.example.test"));
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

/// Wherever a query fails and however, the policy is open unless the author's own record was found before
/// (RFC 9989 section 4.10.1).
#[test]
fn a_failure_at_each_level() {
    let levels = ["a.b.example.test", "b.example.test", "example.test", "test"];
    for fault in ["SERVFAIL", "TIMEOUT", "BOGUS"] {
        for (at, level) in levels.iter().enumerate() {
            for own in [true, false] {
                let record = if own { levels[0] } else { "b.example.test" };
                if record == *level {
                    continue;
                }
                let zone = format!("_dmarc.{record}. TXT \"v=DMARC1; p=reject\"\n${fault} _dmarc.{level}");
                let resolver = ZoneResolver::from_text(&zone).unwrap();
                let found = crate::step::block_on(discover(&domain(levels[0]), &resolver));
                let expect = (usize::from(found.queries), found.temp_error, found.policy.is_some());
                assert_eq!(expect, (at + 1, !own, own), "{zone}");
                let step = &found.steps[at];
                assert_eq!((step.outcome, step.term.as_str()), ("error", format!("_dmarc.{level}").as_str()));
                // The message itself: an exact match needs no Organizational Domain, any other does.
                let judge = |signer: &str| {
                    let dkim = [(DkimResult::Pass, domain(signer))];
                    crate::step::block_on(evaluate(&[domain(levels[0])], &[], &dkim, &resolver)).result
                };
                let exact = if own { DmarcResult::Pass } else { DmarcResult::TempError };
                assert_eq!(judge(levels[0]), exact, "{zone}");
                assert_eq!(judge("b.example.test"), DmarcResult::TempError, "{zone}");
            }
        }
    }
    // A chain of aliases without an end is such a failure.
    row("_dmarc.example.test. CNAME _dmarc.example.test.", "example.test", ("-", "-", "-"));
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

/// Author Domains with nothing that speaks for them; result, disposition, the domain that decided.
#[test]
fn which_author_decides() {
    let zone = "_dmarc.none.test. TXT \"v=DMARC1; p=none\"
                _dmarc.quarantine.test. TXT \"v=DMARC1; p=quarantine\"
                _dmarc.reject.test. TXT \"v=DMARC1; p=reject\"
                _dmarc.testing.test. TXT \"v=DMARC1; p=reject; t=y\"
                _dmarc.bad.test. TXT \"v=DMARC1; p=bad\"
                $SERVFAIL _dmarc.broken.test";
    let check = |authors: &[&str], expect: (&str, &str, &str)| {
        let resolver = ZoneResolver::from_text(zone).unwrap();
        let authors: Vec<Domain> = authors.iter().map(|author| domain(author)).collect();
        let dkim = [(DkimResult::Pass, domain("none.test"))];
        let found = crate::step::block_on(evaluate(&authors, &[], &dkim, &resolver));
        let seen = (found.result.as_str(), found.disposition.as_str(), found.author_domain.as_str());
        assert_eq!(seen, expect, "{authors:?}");
    };
    check(&["none.test"], ("pass", "none", "none.test"));
    check(&["none.test", "NONE.test."], ("pass", "none", "none.test"));
    check(&["none.test", "reject.test"], ("fail", "reject", "reject.test"));
    check(&["reject.test", "none.test"], ("fail", "reject", "reject.test"));
    check(&["quarantine.test", "reject.test", "testing.test"], ("fail", "reject", "reject.test"));
    check(&["testing.test", "none.test"], ("fail", "quarantine", "testing.test"));
    check(&["broken.test", "reject.test"], ("fail", "reject", "reject.test"));
    check(&["none.test", "broken.test"], ("temperror", "none", "broken.test"));
    check(&["none.test", "nowhere.test"], ("none", "none", "nowhere.test"));
    check(&["bad.test", "none.test"], ("none", "none", "bad.test"));
    // Nine, the last of which is not looked at.
    let mut nine = vec!["a.test", "b.test", "c.test", "d.test", "e.test", "f.test", "g.test", "h.test"];
    nine.push("reject.test");
    check(&nine, ("permerror", "none", "a.test"));
    nine.swap(0, 8);
    check(&nine, ("fail", "reject", "reject.test"));
}

#[test]
fn a_strict_record_needs_no_other_walk() {
    let zone = "_dmarc.example.test. TXT \"v=DMARC1; p=reject; adkim=s\"\n$SERVFAIL _dmarc.a.example.test";
    let resolver = ZoneResolver::from_text(zone).unwrap();
    let judge = |method: &str, name: &str| {
        let (mut spf, mut dkim) = (Vec::new(), Vec::new());
        match method {
            "spf" => spf.push((SpfResult::Pass, domain(name))),
            _ => dkim.push((DkimResult::Pass, domain(name))),
        }
        crate::step::block_on(evaluate(&[domain("example.test")], &spf, &dkim, &resolver)).result
    };
    assert_eq!(judge("dkim", "a.example.test"), DmarcResult::Fail);
    assert_eq!(judge("dkim", "EXAMPLE.test"), DmarcResult::Pass);
    assert_eq!(judge("spf", "a.example.test"), DmarcResult::TempError);
    assert_eq!(judge("spf", "b.example.test"), DmarcResult::Pass);
    // A suffix of the name is no parent.
    assert_eq!(judge("spf", "badexample.test"), DmarcResult::Fail);
    // Nobody is aligned with a public suffix (RFC 9989 section 4.4.1).
    assert_eq!(judge("spf", "test"), DmarcResult::Fail);
}
