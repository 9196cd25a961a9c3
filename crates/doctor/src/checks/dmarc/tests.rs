use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};
use tegami_auth::dkim::Selector;
use tegami_auth::dmarc::{Policy, Walker, public_suffix};
use tegami_dns::ZoneResolver;
use tegami_mail::Domain;

use super::simulate::{Signature, Stream, simulate};
use crate::case::{DomainCase, Purpose};
use crate::checks::fixture::{Fixture, World};
use crate::checks::spf::tell;
use crate::probe::NoProbes;
use crate::{Asked, Case, Known, Reach};

/// Another record in place of the good one.
macro_rules! dmarc {
    ($text:literal) => {
        concat!("- _dmarc\n_dmarc TXT \"", $text, "\"")
    };
    ($text:literal, $more:literal) => {
        concat!("- _dmarc\n_dmarc TXT \"", $text, "\"\n", $more)
    };
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    [presence(), tags(), organization(), reports(), fates()].into_iter().flatten().collect()
}

fn bulk(world: &mut World) {
    world.known.purpose = Purpose::SendsBulk;
}

fn presence() -> Vec<Fixture> {
    vec![
        Fixture::pass("dmarc.exists", ""),
        Fixture::fail("dmarc.exists", "- _dmarc"),
        Fixture::fail("dmarc.exists", "- _dmarc").with(bulk),
        Fixture::info("dmarc.exists", "- _dmarc").with(|world| world.known.purpose = Purpose::SendsNone),
        Fixture::na("dmarc.exists", dmarc!("v=dmarc1; p=reject")),
        Fixture::unknown("dmarc.exists", "$SERVFAIL _dmarc.example.com. TXT"),
        Fixture::pass("dmarc.multiple", ""),
        Fixture::fail("dmarc.multiple", "_dmarc TXT \"v=DMARC1; p=reject\""),
        Fixture::pass("dmarc.version", ""),
        Fixture::fail("dmarc.version", dmarc!("v=dmarc1; p=reject")),
        Fixture::fail("dmarc.version", dmarc!("p=none; v=DMARC1")),
        Fixture::fail("dmarc.version", dmarc!("“v=DMARC1; p=reject”")),
        Fixture::pass("dmarc.location", ""),
        Fixture::fail("dmarc.location", "- _dmarc\nexample.com. TXT \"v=DMARC1; p=reject\""),
        Fixture::fail("dmarc.location", "- _dmarc\ndmarc TXT \"v=DMARC1; p=reject\""),
        Fixture::fail("dmarc.location", "- _dmarc\n_dmarc.example.com TXT \"v=DMARC1; p=reject\""),
        Fixture::fail("dmarc.location", "- _dmarc\n_dmarc TXT \"v=spf1 -all\""),
        Fixture::info("dmarc.location", "example.com. TXT \"v=DMARC1; p=reject\""),
        Fixture::pass("dmarc.unrelated-txt", ""),
        Fixture::warn("dmarc.unrelated-txt", "_dmarc TXT \"site-verification=abc\""),
    ]
}

fn tags() -> Vec<Fixture> {
    vec![
        Fixture::pass("dmarc.syntax", ""),
        Fixture::info("dmarc.syntax", dmarc!("v=DMARC1; p=none; np=none; x=y; rua=mailto:d@example.com")),
        Fixture::warn("dmarc.syntax", dmarc!("v=DMARC1; p=none; adkim=q; rua=mailto:d@example.com")),
        Fixture::warn("dmarc.syntax", dmarc!("v=DMARC1; rua=mailto:d@example.com")),
        Fixture::na("dmarc.syntax", "- _dmarc"),
        Fixture::pass("dmarc.bad-policy", ""),
        Fixture::fail("dmarc.bad-policy", dmarc!("v=DMARC1; p=rejct")),
        Fixture::fail("dmarc.bad-policy", dmarc!("v=DMARC1; p=rejct; rua=mailto:d@example.com")),
        Fixture::pass("dmarc.removed-tags", ""),
        Fixture::info("dmarc.removed-tags", dmarc!("v=DMARC1; p=reject; pct=0; rua=mailto:d@example.com")),
        Fixture::warn("dmarc.removed-tags", dmarc!("v=DMARC1; p=reject; pct=50; rua=mailto:d@example.com")),
        Fixture::info("dmarc.removed-tags", dmarc!("v=DMARC1; p=reject; pct=100; rf=afrf; ri=86400")),
        Fixture::pass("dmarc.t", ""),
        Fixture::info("dmarc.t", dmarc!("v=DMARC1; p=reject; t=y; rua=mailto:d@example.com")),
        Fixture::pass("dmarc.p-order", ""),
        Fixture::info("dmarc.p-order", dmarc!("v=DMARC1; rua=mailto:d@example.com; p=quarantine")),
        // Never red, and p=none is not scolded.
        Fixture::pass("dmarc.policy-strength", ""),
        Fixture::info("dmarc.policy-strength", dmarc!("v=DMARC1; p=none; rua=mailto:d@example.com")),
        Fixture::info("dmarc.policy-strength", dmarc!("v=DMARC1; p=reject; rua=mailto:d@example.com")),
        Fixture::pass("dmarc.sp-np", ""),
        Fixture::info(
            "dmarc.sp-np",
            dmarc!("v=DMARC1; p=reject; sp=none; np=reject; rua=mailto:d@example.com"),
        ),
        Fixture::info("dmarc.sp-np", dmarc!("v=DMARC1; p=reject; rua=mailto:d@example.com")),
    ]
}

fn organization() -> Vec<Fixture> {
    vec![
        Fixture::pass("dmarc.psd", ""),
        Fixture::fail("dmarc.psd", dmarc!("v=DMARC1; p=reject; psd=y; rua=mailto:d@example.com")),
        Fixture::warn("dmarc.psd", "_dmarc.com. TXT \"v=DMARC1; p=reject\""),
        Fixture::pass(
            "dmarc.psd",
            dmarc!(
                "v=DMARC1; p=reject; psd=n; rua=mailto:d@example.com",
                "_dmarc.com. TXT \"v=DMARC1; p=reject\""
            ),
        ),
        Fixture::pass("dmarc.parent-record-needed", ""),
        Fixture::fail("dmarc.parent-record-needed", "- _dmarc\n_dmarc.news TXT \"v=DMARC1; p=reject\"")
            .with(|world| world.domain = Domain::parse("news.example.com").unwrap()),
        Fixture::warn(
            "dmarc.parent-record-needed",
            "- _dmarc
             _dmarc.news TXT \"v=DMARC1; p=reject\"
             k._domainkey.news TXT \"v=DKIM1; k=ed25519; p=Oawuhd2W0grIu8Y8lsyFsXlRHNndaqfYXBor0riFILE=\"",
        )
        .with(|world| {
            world.domain = Domain::parse("news.example.com").unwrap();
            world.known.selectors = vec![Selector::parse("k").unwrap()];
        }),
        Fixture::warn("dmarc.sp-np", "_dmarc.news TXT \"v=DMARC1; p=reject; sp=none\"")
            .with(|world| world.domain = Domain::parse("news.example.com").unwrap()),
        Fixture::warn("dmarc.deep-label", "")
            .with(|world| world.domain = Domain::parse("a.b.c.d.e.f.g.example.com").unwrap()),
        Fixture::pass("dmarc.org-domain", ""),
        Fixture::warn("dmarc.org-domain", "_dmarc.com. TXT \"v=DMARC1; p=reject\""),
        Fixture::pass("dmarc.deep-label", ""),
    ]
}

fn reports() -> Vec<Fixture> {
    vec![
        Fixture::pass("dmarc.rua", ""),
        Fixture::info("dmarc.rua", dmarc!("v=DMARC1; p=none")),
        Fixture::warn("dmarc.rua", dmarc!("v=DMARC1; p=none")).with(bulk),
        Fixture::fail("dmarc.rua", dmarc!("v=DMARC1; p=none; rua=d@example.com")),
        Fixture::fail("dmarc.rua", dmarc!("v=DMARC1; p=none; rua=mailto:d@gone.example.com")),
        Fixture::info("dmarc.rua", dmarc!("v=DMARC1; p=none; rua=mailto:d@example.com!10m")),
        Fixture::info(
            "dmarc.rua",
            dmarc!("v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@example.com,mailto:c@example.com"),
        ),
        Fixture::pass("dmarc.ruf", ""),
        Fixture::info(
            "dmarc.ruf",
            dmarc!("v=DMARC1; p=none; rua=mailto:d@example.com; ruf=mailto:f@example.com"),
        ),
        Fixture::info("dmarc.ruf", dmarc!("v=DMARC1; p=none; rua=mailto:d@example.com; fo=1")),
        Fixture::pass("dmarc.external-auth", ""),
        Fixture::fail("dmarc.external-auth", EXTERNAL),
        Fixture::pass(
            "dmarc.external-auth",
            dmarc!(
                "v=DMARC1; p=none; rua=mailto:x@reports.example.net",
                "reports.example.net. MX 10 mx.reports.example.net.
mx.reports.example.net. A 203.0.113.80
example.com._report._dmarc.reports.example.net. TXT \"v=DMARC1;\""
            ),
        ),
        Fixture::warn(
            "dmarc.external-auth",
            dmarc!(
                "v=DMARC1; p=none; rua=mailto:x@reports.example.net",
                "reports.example.net. MX 10 mx.reports.example.net.
mx.reports.example.net. A 203.0.113.80
example.com._report._dmarc.reports.example.net. TXT \"v=DMARC1; rua=mailto:x@example.org\""
            ),
        ),
    ]
}

const EXTERNAL: &str = dmarc!(
    "v=DMARC1; p=none; rua=mailto:x@reports.example.net",
    "reports.example.net. MX 10 mx.reports.example.net.
mx.reports.example.net. A 203.0.113.80"
);

fn fates() -> Vec<Fixture> {
    vec![
        Fixture::na("dmarc.reject-needs-dkim", ""),
        Fixture::pass("dmarc.reject-needs-dkim", dmarc!("v=DMARC1; p=reject; rua=mailto:d@example.com")),
        Fixture::fail("dmarc.reject-needs-dkim", REJECT_WITHOUT_KEYS).with(no_keys),
        Fixture::unknown("dmarc.reject-needs-dkim", dmarc!("v=DMARC1; p=reject; rua=mailto:d@example.com"))
            .with(no_keys),
        Fixture::pass("dmarc.alignment-mode", ""),
        Fixture::info("dmarc.alignment-mode", dmarc!("v=DMARC1; p=none; adkim=s; rua=mailto:d@example.com")),
        Fixture::warn("dmarc.alignment-mode", dmarc!("v=DMARC1; p=none; aspf=s; rua=mailto:d@example.com"))
            .with(|world| world.known.mail_from = vec![Domain::parse("bounce.example.com").unwrap()]),
        Fixture::pass("dmarc.simulate", ""),
        Fixture::pass("dmarc.simulate", "").with(bulk),
        // Nothing vouches, and the policy says so.
        Fixture::fail("dmarc.simulate", REJECT_WITHOUT_KEYS).with(|world| {
            no_keys(world);
            world.known.sources = vec!["203.0.113.9".parse().unwrap()];
        }),
        // Large receivers want both.
        Fixture::fail("dmarc.simulate", "- s2026._domainkey\n- e2026._domainkey").with(|world| {
            no_keys(world);
            bulk(world);
        }),
        Fixture::na("dmarc.simulate", "").with(|world| world.known.purpose = Purpose::SendsNone),
        Fixture::pass("dmarc.single-point", ""),
        // That there is no key at all is told by itself.
        Fixture::na("dmarc.single-point", "- s2026._domainkey\n- e2026._domainkey").with(no_keys),
        Fixture::warn(
            "dmarc.single-point",
            "bounce.example.net. TXT \"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ~all\"",
        )
        .with(|world| world.known.mail_from = vec![Domain::parse("bounce.example.net").unwrap()]),
        // A signature that we do not know is not missing.
        Fixture::na("dmarc.single-point", "").with(no_keys),
    ]
}

fn no_keys(world: &mut World) {
    world.known.keys.clear();
    world.known.selectors.clear();
}

const REJECT_WITHOUT_KEYS: &str = dmarc!(
    "v=DMARC1; p=reject; rua=mailto:d@example.com",
    "- s2026._domainkey
- e2026._domainkey"
);

async fn check(id: &str, zone: &str, expect: &Expect) {
    let findings = World::base().examine(zone).await;
    let told: Vec<String> = findings.iter().filter(|one| one.check.id == id).map(tell).collect();
    expect.assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn the_record_to_paste() {
    check(
        "dmarc.exists",
        "- _dmarc",
        &expect![[r#"
        example.com fail dmarc-no-record
          dmarc-exists-fix
          1 Add _dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:dmarc@example.com"#]],
    )
    .await;
    check("dmarc.multiple", "_dmarc TXT \"v=DMARC1; p=reject\"", &expect![[r#"
        example.com fail dmarc-record-multiple
          | _dmarc.example.com TXT "v=DMARC1; p=quarantine; sp=quarantine; np=reject; rua=mailto:dmarc@example.com"
          | _dmarc.example.com TXT "v=DMARC1; p=reject"
          dmarc-multiple-fix
          1 Replace _dmarc.example.com TXT v=DMARC1; p=quarantine; sp=quarantine; np=reject; rua=mailto:dmarc@example.com
          2 Replace _dmarc.example.com TXT v=DMARC1; p=reject"#]]).await;
    check(
        "dmarc.version",
        dmarc!("“v=dmarc1; p=reject”"),
        &expect![[r#"
        example.com fail dmarc-near-quoted
          | _dmarc.example.com TXT "\226\128\156v=dmarc1; p=reject\226\128\157"
          dmarc-version-fix
          1 Delete _dmarc.example.com TXT “v=dmarc1; p=reject”
          1 Add _dmarc.example.com TXT v=DMARC1; p=reject"#]],
    )
    .await;
    check(
        "dmarc.bad-policy",
        dmarc!("v=DMARC1; p=rejct; rua=mailto:d@example.com"),
        &expect![[r#"
        example.com fail dmarc-policy-replaced
          | _dmarc.example.com TXT "v=DMARC1; p=rejct; rua=mailto:d@example.com"
          dmarc-fix
          1 Replace _dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:d@example.com"#]],
    )
    .await;
    check(
        "dmarc.removed-tags",
        dmarc!("v=DMARC1; p=reject; pct=0; ri=1"),
        &expect![[r#"
        example.com info dmarc-percent-none
          | _dmarc.example.com TXT "v=DMARC1; p=reject; pct=0; ri=1"
          dmarc-fix
          1 Replace _dmarc.example.com TXT v=DMARC1; p=reject; t=y"#]],
    )
    .await;
    check("dmarc.rua", dmarc!("v=DMARC1; p=none; rua=d@example.com, e@example.com"), &expect![[r#"
        example.com fail dmarc-tag-invalid
          | _dmarc.example.com TXT "v=DMARC1; p=none; rua=d@example.com, e@example.com"
          dmarc-fix
          1 Replace _dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:d@example.com,mailto:e@example.com"#]]).await;
    check(
        "dmarc.external-auth",
        EXTERNAL,
        &expect![[r#"
        example.com fail dmarc-external
          | mailto:x@reports.example.net
          dmarc-external-fix by reports.example.net
          1 Add example.com._report._dmarc.reports.example.net TXT v=DMARC1;"#]],
    )
    .await;
}

fn case(zone: &str, author: &str) -> DomainCase {
    let resolver = ZoneResolver::from_text(zone).unwrap();
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let case = Case {
        asked: Arc::new(Asked::new(Arc::new(resolver))),
        probes: Arc::new(NoProbes),
        known: Known::nothing(now, Reach::Documentation),
    };
    DomainCase::new(Domain::parse(author).unwrap(), case)
}

/// What both methods find for an author, and what is told about it.
async fn both(zone: &str, author: &str, expect: &Expect) {
    let case = case(zone, author);
    let ours = case.dmarc().await;
    let theirs = public_suffix::discover(&case.domain, &mut Walker::new(case.resolver())).await;
    let name = |found: Option<&Domain>| found.map_or("-".to_owned(), Domain::to_string);
    let word = |policy: Option<Policy>| policy.map_or("-", Policy::as_str);
    let mut told = format!(
        "RFC 9989: record {}, organization {}, policy {}\nRFC 7489: record {}, organization {}, policy {}\n",
        name(ours.policy_domain()),
        name(ours.organizational_domain.as_ref()),
        word(ours.policy),
        name(theirs.policy_domain.as_ref()),
        theirs.organizational_domain,
        word(theirs.policy),
    );
    for finding in super::organization::judge(&case, ours).await {
        let _ = writeln!(told, "{} {} {}", finding.check.id, finding.state.as_str(), finding.note.id);
    }
    expect.assert_eq(&told);
}

/// The cases of the two methods.
#[tokio::test]
async fn tree_walk_and_public_suffix_list() {
    let org =
        "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine\"\na.mail.example.com. A 192.0.2.1";
    both(
        org,
        "a.mail.example.com",
        &expect![[r#"
        RFC 9989: record example.com, organization example.com, policy quarantine
        RFC 7489: record example.com, organization example.com, policy quarantine
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain pass dmarc-organization
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    let two = "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine\"
               _dmarc.mail.example.com. TXT \"v=DMARC1; p=none\"
               a.mail.example.com. A 192.0.2.1";
    both(
        two,
        "a.mail.example.com",
        &expect![[r#"
        RFC 9989: record example.com, organization example.com, policy quarantine
        RFC 7489: record example.com, organization example.com, policy quarantine
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain pass dmarc-organization
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    let own = "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine\"
               _dmarc.mail.example.com. TXT \"v=DMARC1; p=none; psd=n\"
               a.mail.example.com. A 192.0.2.1";
    both(
        own,
        "a.mail.example.com",
        &expect![[r#"
        RFC 9989: record mail.example.com, organization mail.example.com, policy none
        RFC 7489: record example.com, organization example.com, policy quarantine
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain warn dmarc-differs-organizational-domain
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    both(
        "_dmarc.bank. TXT \"v=DMARC1; p=reject; psd=y\"",
        "example.bank",
        &expect![[r#"
        RFC 9989: record bank, organization example.bank, policy reject
        RFC 7489: record -, organization example.bank, policy -
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain warn dmarc-differs-only-ours
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    let gov = "_dmarc.cisa.gov. TXT \"v=DMARC1; p=reject\"\n_dmarc.gov. TXT \"v=DMARC1; p=reject; psd=y\"";
    both(
        gov,
        "example.cisa.gov",
        &expect![[r#"
        RFC 9989: record cisa.gov, organization cisa.gov, policy reject
        RFC 7489: record cisa.gov, organization cisa.gov, policy reject
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain pass dmarc-organization
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    let several = "_dmarc.a.example.com. TXT \"v=DMARC1; p=none\"
                   _dmarc.a.example.com. TXT \"v=DMARC1; p=reject\"
                   _dmarc.example.com. TXT \"v=DMARC1; p=quarantine\"";
    both(
        several,
        "a.example.com",
        &expect![[r#"
        RFC 9989: record example.com, organization example.com, policy quarantine
        RFC 7489: record -, organization example.com, policy -
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain warn dmarc-differs-only-ours
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
}

#[tokio::test]
async fn long_names_registries_and_lonely_subdomains() {
    let deep = "_dmarc.c.d.e.f.g.h.example.com. TXT \"v=DMARC1; p=reject; psd=n\"
                _dmarc.example.com. TXT \"v=DMARC1; p=none\"";
    both(
        deep,
        "a.b.c.d.e.f.g.h.example.com",
        &expect![[r#"
        RFC 9989: record example.com, organization example.com, policy none
        RFC 7489: record example.com, organization example.com, policy none
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain pass dmarc-organization
        dmarc.deep-label warn dmarc-depth-deep
    "#]],
    )
    .await;
    let registry = "_dmarc.com. TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com. TXT \"v=DMARC1; p=none\"";
    both(
        registry,
        "example.com",
        &expect![[r#"
        RFC 9989: record example.com, organization com, policy none
        RFC 7489: record example.com, organization example.com, policy none
        dmarc.psd warn dmarc-psd-above
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain warn dmarc-differs-organizational-domain
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    both(
        "_dmarc.blogspot.com. TXT \"v=DMARC1; p=reject\"",
        "me.blogspot.com",
        &expect![[r#"
        RFC 9989: record blogspot.com, organization blogspot.com, policy reject
        RFC 7489: record -, organization me.blogspot.com, policy -
        dmarc.psd warn dmarc-psd-above
        dmarc.parent-record-needed pass dmarc-parent
        dmarc.org-domain warn dmarc-differs-organizational-domain
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
    both(
        "_dmarc.news.example.com. TXT \"v=DMARC1; p=reject\"",
        "news.example.com",
        &expect![[r#"
        RFC 9989: record news.example.com, organization news.example.com, policy reject
        RFC 7489: record news.example.com, organization example.com, policy reject
        dmarc.psd pass dmarc-psd
        dmarc.parent-record-needed fail dmarc-parent-needed
        dmarc.org-domain warn dmarc-differs-organizational-domain
        dmarc.deep-label pass dmarc-depth
    "#]],
    )
    .await;
}

/// A signature of the parent's no longer counts where only the sub-domain has a record.
#[tokio::test]
async fn what_becomes_of_a_stream() {
    let zone = "example.com. TXT \"v=spf1 ip4:192.0.2.10 -all\"
                _dmarc.news.example.com. TXT \"v=DMARC1; p=reject\"
                $ORIGIN example.com.";
    let case = case(zone, "news.example.com");
    let parent = Domain::parse("example.com").unwrap();
    let stream = Stream {
        author: case.domain.clone(),
        mail_from: Some(parent.clone()),
        helo: "mx1.example.com".to_owned(),
        ip: "192.0.2.10".parse().unwrap(),
        signatures: vec![Signature { domain: parent, selector: None }],
    };
    let found = simulate(&stream, Purpose::SendsBulk, case.known.now, case.resolver()).await;
    let mut told = found.lines().join("\n");
    let _ = write!(told, "\nolder: {}", found.older.0.result.as_str());
    expect![[r#"
        SPF example.com pass not aligned
        DKIM example.com - pass
        DMARC news.example.com fail reject
        gmail: rejected 550 5.7.26
        outlook: rejected
        yahoo: rejected 550 5.7.9
        icloud: rejected
        jp-carriers: rejected
        rfc: rejected
        older: pass"#]]
    .assert_eq(&told);
}
