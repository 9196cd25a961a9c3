use expect_test::{Expect, expect};
use tegami_auth::spf::survey::CHECKS;
use tegami_mail::Domain;

use crate::Finding;
use crate::case::Purpose;
use crate::checks::fixture::{Fixture, World};

macro_rules! record {
    ($text:literal) => {
        concat!("- example.com. TXT \"v=spf1\nexample.com. TXT ", $text)
    };
    ($text:literal, $more:literal) => {
        concat!("- example.com. TXT \"v=spf1\nexample.com. TXT ", $text, "\n", $more)
    };
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    [presence(), syntax(), cost(), policy(), sources()].into_iter().flatten().collect()
}

fn presence() -> Vec<Fixture> {
    vec![
        Fixture::pass("spf.exists", ""),
        Fixture::fail("spf.exists", "- example.com. TXT"),
        Fixture::info("spf.exists", "- example.com. TXT")
            .with(|world| world.known.purpose = Purpose::SendsNone),
        Fixture::na("spf.exists", record!("\"v=spf10 a -all\"")),
        Fixture::na("spf.exists", "$SERVFAIL example.com. TXT"),
        Fixture::pass("spf.multiple", ""),
        Fixture::fail("spf.multiple", "example.com. TXT \"v=spf1 include:_spf.example.net ~all\""),
        Fixture::pass("spf.version", ""),
        Fixture::fail("spf.version", record!("\"v=spf10 ip4:192.0.2.10 -all\"")),
        Fixture::fail("spf.version", record!("\"v=spf 1 ip4:192.0.2.10 -all\"")),
        Fixture::fail("spf.version", record!("\"spf1 ip4:192.0.2.10 -all\"")),
        Fixture::fail("spf.version", record!("\"v=spf1; ip4:192.0.2.10 -all\"")),
        Fixture::fail("spf.version", record!("\"“v=spf1 ip4:192.0.2.10 -all”\"")),
        Fixture::fail("spf.version", record!("\"TXTv=spf1 ip4:192.0.2.10 -all\"")),
        Fixture::info("spf.version", "example.com. TXT \"spf2.0/pra ip4:192.0.2.10 -all\""),
        Fixture::pass("spf.wrong-location", ""),
        Fixture::fail("spf.wrong-location", "- example.com. TXT\n_spf TXT \"v=spf1 ip4:192.0.2.10 ~all\""),
        Fixture::fail("spf.wrong-location", "- example.com. TXT\nspf TXT \"v=spf1 ip4:192.0.2.10 ~all\""),
        Fixture::fail("spf.wrong-location", "- example.com. TXT\nwww TXT \"v=spf1 ip4:192.0.2.10 ~all\""),
        Fixture::fail(
            "spf.wrong-location",
            "- example.com. TXT\nexample.com. SPF \"v=spf1 ip4:192.0.2.10 ~all\"",
        ),
        Fixture::pass("spf.type99", ""),
        Fixture::info("spf.type99", "example.com. SPF \"v=spf1 ip4:192.0.2.10 ~all\""),
        Fixture::pass("spf.temperror", ""),
        Fixture::unknown("spf.temperror", "$SERVFAIL example.com. TXT"),
        Fixture::na("spf.nonsending", ""),
        Fixture::info("spf.nonsending", record!("\"v=spf1 -all\"")),
        Fixture::info("spf.nonsending", "").with(|world| world.known.purpose = Purpose::SendsNone),
        Fixture::pass(
            "spf.nonsending",
            "- example.com. TXT
             - _dmarc
             example.com. TXT \"v=spf1 -all\"
             _dmarc TXT \"v=DMARC1; p=reject;\"
             *._domainkey TXT \"v=DKIM1; p=\"",
        ),
    ]
}

fn syntax() -> Vec<Fixture> {
    vec![
        Fixture::pass("spf.syntax", ""),
        Fixture::fail("spf.syntax", record!("\"v=spf1 ip4: 192.0.2.10 -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 ipv4:192.0.2.10 -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 ip4:192.0.2.10/33 -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 ip6:2001:db8::/129 -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 a:192.0.2.10 -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 include: -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 mx/33 -all\"")),
        Fixture::fail("spf.syntax", record!("\"v=spf1 redirect=mx1.example.com redirect=mx2.example.com\"")),
        Fixture::info("spf.syntax", record!("\"v=spf1 ip4:192.0.2.10 foo=bar -all\"")),
        Fixture::pass("spf.string-split", record!("\"v=spf1 ip4:192.0.2.10\" \" -all\"")),
        Fixture::fail("spf.string-split", record!("\"v=spf1 ip4:192.0.2.10\" \"-all\"")),
        Fixture::pass("spf.macros", ""),
        Fixture::info("spf.macros", record!("\"v=spf1 exists:%{ir}.%{v}._spf.%{d} ip4:192.0.2.10 ~all\"")),
        Fixture::warn("spf.macros", record!("\"v=spf1 exists:%{h}._spf.example.com ip4:192.0.2.10 ~all\"")),
        Fixture::warn("spf.macros", record!("\"v=spf1 exists:%{p}._spf.example.com ip4:192.0.2.10 ~all\"")),
        Fixture::fail("spf.macros", record!("\"v=spf1 exists:%{x}._spf.example.com ~all\"")),
        Fixture::pass("spf.length", ""),
        Fixture::warn("spf.length", LONG),
        Fixture::pass("spf.case-and-dots", record!("\"V=SPF1 IP4:192.0.2.10 ~ALL\"")),
        Fixture::info(
            "spf.case-and-dots",
            record!("\"v=spf1 include:i1.example.net. ~all\"", "i1.example.net. TXT \"v=spf1 -all\""),
        ),
        Fixture::pass("spf.exp", ""),
        Fixture::warn("spf.exp", record!("\"v=spf1 ip4:192.0.2.10 -all exp=why.example.com\"")),
    ]
}

/// More than fits in a datagram, in strings of lawful length.
const LONG: &str = record!(
    "\"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 ip4:203.0.113.1 ip4:203.0.113.3 ip4:203.0.113.5 ip4:203.0.113.7 ip4:203.0.113.9 ip4:203.0.113.11 ip4:203.0.113.13\" \" ip4:203.0.113.15 ip4:203.0.113.17 ip4:203.0.113.19 ip4:203.0.113.21 ip4:203.0.113.23 ip4:203.0.113.25 ip4:203.0.113.27 ip4:203.0.113.29 ip4:203.0.113.31 ip4:203.0.113.33 ip4:203.0.113.35\" \" ip4:203.0.113.37 ip4:203.0.113.39 ip4:203.0.113.41 ip4:203.0.113.43 ip4:203.0.113.45 ip4:203.0.113.47 ip4:203.0.113.49 ip4:203.0.113.51 ip4:203.0.113.53 ~all\""
);

fn cost() -> Vec<Fixture> {
    vec![
        Fixture::pass("spf.lookup-limit", ""),
        Fixture::warn("spf.lookup-limit", TEN),
        Fixture::fail("spf.lookup-limit", ELEVEN),
        Fixture::pass("spf.void-lookups", ""),
        Fixture::warn(
            "spf.void-lookups",
            record!("\"v=spf1 a:v1.example.net a:v2.example.net ip4:192.0.2.10 ~all\""),
        ),
        Fixture::fail(
            "spf.void-lookups",
            record!("\"v=spf1 a:v1.example.net a:v2.example.net a:v3.example.net ip4:192.0.2.10 ~all\""),
        ),
        Fixture::pass("spf.include-missing", ""),
        Fixture::fail("spf.include-missing", record!("\"v=spf1 include:gone.example.net ~all\"")),
        Fixture::pass("spf.include-permerror", ""),
        Fixture::fail(
            "spf.include-permerror",
            record!("\"v=spf1 include:bad.example.net ~all\"", "bad.example.net. TXT \"v=spf1 ipx:1 -all\""),
        ),
        Fixture::pass("spf.include-loop", ""),
        Fixture::fail("spf.include-loop", record!("\"v=spf1 include:example.com ~all\"")),
        Fixture::pass("spf.redirect-loop", ""),
        Fixture::fail("spf.redirect-loop", record!("\"v=spf1 redirect=example.com\"")),
        Fixture::pass("spf.redirect", ""),
        Fixture::warn("spf.redirect", record!("\"v=spf1 ip4:192.0.2.10 ~all redirect=_spf.example.com\"")),
        Fixture::fail("spf.redirect", record!("\"v=spf1 ip4:192.0.2.10 redirect=_spf.example.com\"")),
        Fixture::pass("spf.mx-count", record!("\"v=spf1 mx ~all\"")),
        Fixture::fail("spf.mx-count", MANY_HOSTS),
        Fixture::pass("spf.ptr-count", record!("\"v=spf1 mx ptr ~all\"")),
        Fixture::warn("spf.ptr-count", MANY_NAMES),
        Fixture::pass("spf.redundant", ""),
        Fixture::info("spf.redundant", record!("\"v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.10 ~all\"")),
    ]
}

const TEN: &str = concat!(
    "- example.com. TXT \"v=spf1\nexample.com. TXT \"v=spf1 include:i1.example.net include:i2.example.net include:i3.example.net include:i4.example.net include:i5.example.net \" \"include:i6.example.net include:i7.example.net include:i8.example.net include:i9.example.net include:i10.example.net ~all\"\n",
    r#"i1.example.net. TXT "v=spf1 ip4:203.0.113.101 -all"
i2.example.net. TXT "v=spf1 ip4:203.0.113.102 -all"
i3.example.net. TXT "v=spf1 ip4:203.0.113.103 -all"
i4.example.net. TXT "v=spf1 ip4:203.0.113.104 -all"
i5.example.net. TXT "v=spf1 ip4:203.0.113.105 -all"
i6.example.net. TXT "v=spf1 ip4:203.0.113.106 -all"
i7.example.net. TXT "v=spf1 ip4:203.0.113.107 -all"
i8.example.net. TXT "v=spf1 ip4:203.0.113.108 -all"
i9.example.net. TXT "v=spf1 ip4:203.0.113.109 -all"
i10.example.net. TXT "v=spf1 ip4:203.0.113.110 -all""#
);

/// The address that stands first passes without a lookup; every other one ends in an error.
const ELEVEN: &str = concat!(
    "- example.com. TXT \"v=spf1\nexample.com. TXT \"v=spf1 ip4:192.0.2.10 include:i1.example.net include:i2.example.net include:i3.example.net include:i4.example.net include:i5.example.net \" \"include:i6.example.net include:i7.example.net include:i8.example.net include:i9.example.net include:i10.example.net include:i11.example.net -all\"\n",
    r#"i1.example.net. TXT "v=spf1 ip4:203.0.113.101 -all"
i2.example.net. TXT "v=spf1 ip4:203.0.113.102 -all"
i3.example.net. TXT "v=spf1 ip4:203.0.113.103 -all"
i4.example.net. TXT "v=spf1 ip4:203.0.113.104 -all"
i5.example.net. TXT "v=spf1 ip4:203.0.113.105 -all"
i6.example.net. TXT "v=spf1 ip4:203.0.113.106 -all"
i7.example.net. TXT "v=spf1 ip4:203.0.113.107 -all"
i8.example.net. TXT "v=spf1 ip4:203.0.113.108 -all"
i9.example.net. TXT "v=spf1 ip4:203.0.113.109 -all"
i10.example.net. TXT "v=spf1 ip4:203.0.113.110 -all"
i11.example.net. TXT "v=spf1 ip4:203.0.113.111 -all""#
);

const MANY_HOSTS: &str = record!(
    "\"v=spf1 mx:many.example.net ~all\"",
    "many.example.net. MX 1 h1.example.net.
many.example.net. MX 2 h2.example.net.
many.example.net. MX 3 h3.example.net.
many.example.net. MX 4 h4.example.net.
many.example.net. MX 5 h5.example.net.
many.example.net. MX 6 h6.example.net.
many.example.net. MX 7 h7.example.net.
many.example.net. MX 8 h8.example.net.
many.example.net. MX 9 h9.example.net.
many.example.net. MX 10 h10.example.net.
many.example.net. MX 11 h11.example.net."
);

const MANY_NAMES: &str = record!(
    "\"v=spf1 ip4:192.0.2.10 ptr ~all\"",
    "10.2.0.192.in-addr.arpa. PTR n1.example.com.
10.2.0.192.in-addr.arpa. PTR n2.example.com.
10.2.0.192.in-addr.arpa. PTR n3.example.com.
10.2.0.192.in-addr.arpa. PTR n4.example.com.
10.2.0.192.in-addr.arpa. PTR n5.example.com.
10.2.0.192.in-addr.arpa. PTR n6.example.com.
10.2.0.192.in-addr.arpa. PTR n7.example.com.
10.2.0.192.in-addr.arpa. PTR n8.example.com.
10.2.0.192.in-addr.arpa. PTR n9.example.com.
10.2.0.192.in-addr.arpa. PTR n10.example.com."
);

fn policy() -> Vec<Fixture> {
    vec![
        Fixture::pass("spf.ptr", ""),
        Fixture::warn("spf.ptr", record!("\"v=spf1 ip4:192.0.2.10 ptr ~all\"")),
        Fixture::pass("spf.all-plus", ""),
        Fixture::fail("spf.all-plus", record!("\"v=spf1 +all\"")),
        Fixture::fail("spf.all-plus", record!("\"v=spf1 all\"")),
        Fixture::fail("spf.all-plus", record!("\"v=spf1 ip4:0.0.0.0/0 -all\"")),
        Fixture::fail("spf.all-plus", record!("\"v=spf1 ip6:::/0 -all\"")),
        Fixture::warn("spf.all-plus", record!("\"v=spf1 ip4:192.0.2.10 ?all\"")),
        Fixture::pass("spf.wide-range", ""),
        Fixture::fail("spf.wide-range", record!("\"v=spf1 ip4:192.0.0.0/8 ~all\"")),
        Fixture::pass("spf.private-range", ""),
        Fixture::warn("spf.private-range", record!("\"v=spf1 ip4:192.0.2.10 ip4:10.0.0.0/24 ~all\"")),
        Fixture::pass("spf.all-missing", ""),
        Fixture::warn("spf.all-missing", record!("\"v=spf1 ip4:192.0.2.10\"")),
        Fixture::pass("spf.after-all", ""),
        Fixture::fail("spf.after-all", record!("\"v=spf1 -all ip4:192.0.2.10\"")),
        // `~all` is never called unsafe, and `-all` is not wrong.
        Fixture::pass("spf.qualifier", ""),
        Fixture::info("spf.qualifier", record!("\"v=spf1 ip4:192.0.2.10 -all\"")),
        Fixture::info("spf.qualifier", record!("\"v=spf1 ~all\"")),
    ]
}

fn sources() -> Vec<Fixture> {
    vec![
        Fixture::pass("spf.ip-covered", ""),
        Fixture::fail("spf.ip-covered", "")
            .with(|world| world.known.sources = vec!["203.0.113.9".parse().unwrap()]),
        Fixture::fail("spf.ip-covered", "")
            .with(|world| world.known.sources = vec!["2001:db8::99".parse().unwrap()]),
        Fixture::pass("spf.ip-covered", ELEVEN)
            .with(|world| world.known.sources = vec!["192.0.2.10".parse().unwrap()]),
        // One cause is told once: the eleventh lookup.
        Fixture::na("spf.ip-covered", ELEVEN)
            .with(|world| world.known.sources = vec!["192.0.2.11".parse().unwrap()]),
        Fixture::fail("spf.ip-covered", record!("\"v=spf1 -all ip4:192.0.2.10\"")),
        Fixture::na("spf.ip-covered", "- example.com. TXT"),
        Fixture::pass("spf.ip-covered", "").with(|world| world.known.sources.clear()),
        Fixture::na("spf.ip-covered", record!("\"v=spf1 ip4:203.0.113.9 -all\""))
            .with(|world| world.known.sources.clear()),
        Fixture::unknown(
            "spf.ip-covered",
            record!("\"v=spf1 include:i1.example.net ~all\"\n$SERVFAIL i1.example.net. TXT"),
        ),
        Fixture::na("spf.envelope-domain", ""),
        Fixture::pass("spf.envelope-domain", "bounce TXT \"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ~all\"")
            .with(|world| world.known.mail_from = domains(&["bounce.example.com"])),
        Fixture::info(
            "spf.envelope-domain",
            "bounce.example.net. TXT \"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ~all\"",
        )
        .with(|world| world.known.mail_from = domains(&["bounce.example.net"])),
        Fixture::fail("spf.envelope-domain", "bounce.example.net. TXT \"v=spf1 ip4:192.0.2.10 ~all\"")
            .with(|world| world.known.mail_from = domains(&["bounce.example.net"])),
        Fixture::pass("spf.subdomain", ""),
        Fixture::fail("spf.subdomain", "")
            .with(|world| world.known.mail_from = domains(&["news.example.com"])),
        Fixture::info("spf.subdomain", "- mx2 TXT"),
    ]
}

fn domains(names: &[&str]) -> Vec<Domain> {
    names.iter().map(|name| Domain::parse(name).unwrap()).collect()
}

#[test]
fn every_check_of_the_survey_is_one_of_the_family() {
    for known in CHECKS {
        assert!(super::ALL.iter().any(|check| check.id == known.id), "{}", known.id);
    }
}

/// What is told of one check, with evidence and fixes.
async fn check(id: &str, zone: &str, change: fn(&mut World), expect: &Expect) {
    let mut world = World::base();
    change(&mut world);
    let findings = world.examine(zone).await;
    let told: Vec<String> = findings.iter().filter(|one| one.check.id == id).map(tell).collect();
    expect.assert_eq(&told.join("\n"));
}

/// A finding on lines.
pub(crate) fn tell(finding: &Finding) -> String {
    let mut told = format!("{} {} {}", finding.subject, finding.state.as_str(), finding.note.id);
    for line in &finding.evidence {
        told.push_str(&format!("\n  | {line}"));
    }
    if let Some(fix) = &finding.fix {
        let by = fix.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        told.push_str(&format!("\n  {}{by}", fix.note.id));
        for (number, changes) in fix.choices.iter().enumerate() {
            for change in changes {
                told.push_str(&format!(
                    "\n  {} {:?} {} {} {}",
                    number + 1,
                    change.operation,
                    change.name,
                    change.kind,
                    change.value
                ));
            }
        }
    }
    told
}

#[tokio::test]
async fn the_record_to_paste() {
    check(
        "spf.syntax",
        record!("\"v=spf1 ip4: 192.0.2.10 -all\""),
        |_| {},
        &expect![[r#"
        example.com fail spf-syntax-missing-argument
          | example.com TXT "v=spf1 ip4: 192.0.2.10 -all"
          | 11: ip4: 192.0.2.10
          spf-fix
          1 Replace example.com TXT v=spf1 ip4:192.0.2.10 -all"#]],
    )
    .await;
    check(
        "spf.version",
        record!("\"“v=spf1 ip4:192.0.2.10 -all”\""),
        |_| {},
        &expect![[r#"
            example.com fail dns-txt-hygiene-curly
              | example.com TXT "\226\128\156v=spf1 ip4:192.0.2.10 -all\226\128\157"
              | 1: “v=spf1
              spf-fix
              1 Delete example.com TXT “v=spf1 ip4:192.0.2.10 -all”
              1 Add example.com TXT v=spf1 ip4:192.0.2.10 -all"#]],
    )
    .await;
    check(
        "spf.multiple",
        "example.com. TXT \"v=spf1 include:_spf.example.net -all\"",
        |_| {},
        &expect![[r#"
            example.com fail spf-survey-multiple
              | example.com TXT "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 ~all"
              | example.com TXT "v=spf1 include:_spf.example.net -all"
              spf-fix-choice
              1 Replace example.com TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 include:_spf.example.net ~all
              2 Replace example.com TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 include:_spf.example.net -all"#]],
    )
    .await;
    check(
        "spf.after-all",
        record!("\"v=spf1 -all ip4:192.0.2.10\""),
        |_| {},
        &expect![[r#"
        example.com fail spf-survey-after-all
          | example.com TXT "v=spf1 -all ip4:192.0.2.10"
          | 13: ip4:192.0.2.10
          spf-fix
          1 Replace example.com TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"#]],
    )
    .await;
    check(
        "spf.ip-covered",
        "",
        |world| world.known.sources = vec!["203.0.113.9".parse().unwrap()],
        &expect![[r#"
            203.0.113.9 fail spf-source-fail
              | example.com 203.0.113.9: softfail (~all), 0/10
              spf-source-fix
              1 Replace example.com TXT v=spf1 ip4:203.0.113.9 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 ~all"#]],
    )
    .await;
    check(
        "spf.subdomain",
        "",
        |world| world.known.mail_from = domains(&["news.example.com"]),
        &expect![[r#"
            news.example.com fail spf-subdomain-none
              spf-subdomain-fix
              1 Add news.example.com TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ~all
            example.com pass spf-subdomain-well"#]],
    )
    .await;
}

#[tokio::test]
async fn both_numbers_are_told() {
    check("spf.lookup-limit", ELEVEN, |_| {}, &expect![[r#"
        example.com fail spf-survey-lookups-over
          | example.com TXT "v=spf1 ip4:192.0.2.10 include:i1.example.net include:i2.example.net include:i3.example.net include:i4.example.net include:i5.example.net include:i6.example.net include:i7.example.net include:i8.example.net include:i9.example.net include:i10.example.net include:i11.example.net -all"
          | 254: include:i11.example.net
          | 1 include:i1.example.net
          | 1 include:i2.example.net
          | 1 include:i3.example.net
          | 1 include:i4.example.net
          | 1 include:i5.example.net
          | 1 include:i6.example.net
          | 1 include:i7.example.net
          | 1 include:i8.example.net
          | 1 include:i9.example.net
          | 1 include:i10.example.net
          | 1 include:i11.example.net
          spf-lookups-fix"#]]).await;
    check(
        "spf.ip-covered",
        ELEVEN,
        |_| {},
        &expect![[r#"
        192.0.2.10 pass spf-source-pass
          | example.com 192.0.2.10: pass (ip4:192.0.2.10), 0/10
        2001:db8::10 na check-depends"#]],
    )
    .await;
}
