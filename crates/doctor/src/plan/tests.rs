use std::sync::Arc;

use expect_test::{Expect, expect};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tegami_auth::dmarc::Policy;
use tegami_auth::finding::Operation;
use tegami_auth::mta_sts::Mode;
use tegami_auth::spf::Qualifier;
use tegami_dns::{Resolver, Tlsa, Zone, ZoneResolver};

use super::export::{Format, Scope, export};
use super::service::Chosen;
use super::*;

fn name(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

fn key(selector: &str, record: &str, state: KeyState) -> Key {
    let (selector, record) = (selector.to_owned(), record.to_owned());
    Key { domain: "example.org".to_owned(), selector, record, state }
}

const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn wishes() -> Wishes {
    let server = Server {
        hostname: name("mail.example.org"),
        addresses: vec![(name("mail.example.org"), "192.0.2.10".parse().unwrap())],
    };
    Wishes::usual(name("example.org"), server, vec![key("t1", ED25519, KeyState::Signs)])
}

fn draw_over(zone: &str, wishes: &Wishes) -> Plan {
    let resolver: Arc<dyn Resolver> = Arc::new(ZoneResolver::from_text(zone).unwrap());
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let plan = draw(wishes, &resolver, now).now_or_never().unwrap();
    // Published, a plan has nothing to change; in the zone may stand more than it knows of.
    let mut after = Zone::parse(zone).unwrap().records().map(|record| record.to_string()).collect::<Vec<_>>();
    for set in plan.changes() {
        let begin = |line: &String| {
            let mut words = line.split(' ');
            words.next().is_some_and(|owner| owner == format!("{}.", set.name))
                && words.nth(2).is_some_and(|kind| kind == set.kind.to_string())
        };
        after.retain(|line| !begin(line));
        after.extend(export::lines(set));
    }
    let marks = zone.lines().map(str::trim).filter(|line| line.starts_with('$')).collect::<Vec<_>>();
    let after = format!("{}\n{}", marks.join("\n"), after.join("\n"));
    let resolver: Arc<dyn Resolver> = Arc::new(ZoneResolver::from_text(&after).unwrap());
    let settled = Wishes { dmarc: wishes.dmarc.filter(|stage| *stage != Stage::Next), ..wishes.clone() };
    let again = draw(&settled, &resolver, now).now_or_never().unwrap();
    let left: Vec<_> =
        again.changes().map(|set| (set.name.to_string(), set.before.clone(), &set.after)).collect();
    assert_eq!(left, [], "{after}");
    plan
}

fn told(plan: &Plan) -> String {
    let mut text = String::new();
    for set in &plan.sets {
        let unknown = if set.before.is_none() { "? " } else { "" };
        for (operation, data) in set.records() {
            let sign = match operation {
                None => "=",
                Some(Operation::Add) => "+",
                Some(_) => "-",
            };
            text += &format!("{unknown}{sign} {} {} {data}\n", set.name, set.kind);
        }
    }
    for note in &plan.notes {
        text += &format!("({})\n", note.id);
    }
    if let Some(cost) = plan.spf {
        text += &format!("lookups: {}\n", cost.lookups);
    }
    text
}

#[allow(clippy::needless_pass_by_value, reason = "an expectation is made where it is needed")]
fn check(zone: &str, wishes: &Wishes, expected: Expect) {
    expected.assert_eq(&told(&draw_over(zone, wishes)));
}

/// The sets of one name alone.
#[allow(clippy::needless_pass_by_value, reason = "an expectation is made where it is needed")]
fn check_at(at: &str, zone: &str, wishes: &Wishes, expected: Expect) {
    let mut plan = draw_over(zone, wishes);
    plan.sets.retain(|set| set.name.as_str() == at);
    expected.assert_eq(&told(&plan));
}

#[test]
fn nothing_is_published() {
    check(
        "example.org. A 192.0.2.80",
        &wishes(),
        expect![[r#"
        + example.org MX 10 mail.example.org.
        + mail.example.org A 192.0.2.10
        + 10.2.0.192.in-addr.arpa PTR mail.example.org.
        + example.org TXT "v=spf1 a:mail.example.org -all"
        + mail.example.org TXT "v=spf1 a -all"
        + t1._domainkey.example.org TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        + _dmarc.example.org TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
}

#[test]
fn everything() {
    let wishes = Wishes {
        sts: Some(Mode::Testing),
        tls_rpt: true,
        tlsa: vec![Tlsa { usage: 3, selector: 1, matching_type: 1, data: vec![7; 32] }],
        submission: (Some(465), Some(587)),
        links: Some("email".to_owned()),
        bounces: Some("bounce.example.org".to_owned()),
        dmarc_reports: Some("mailto:reports@example.net".to_owned()),
        ..wishes()
    };
    check(
        "example.org. A 192.0.2.80\nmail.example.org. A 192.0.2.10\n$SECURE example.org.",
        &wishes,
        expect![[r#"
            + example.org MX 10 mail.example.org.
            = mail.example.org A 192.0.2.10
            + 10.2.0.192.in-addr.arpa PTR mail.example.org.
            + example.org TXT "v=spf1 a:mail.example.org -all"
            + mail.example.org TXT "v=spf1 a -all"
            + t1._domainkey.example.org TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
            + _dmarc.example.org TXT "v=DMARC1; p=none; rua=mailto:reports@example.net"
            + example.org._report._dmarc.example.net TXT "v=DMARC1;"
            + _mta-sts.example.org TXT "v=STSv1; id=53489ece145c54a18e5e1e0b1091f6a8;"
            + mta-sts.example.org CNAME mail.example.org.
            + _smtp._tls.example.org TXT "v=TLSRPTv1; rua=mailto:postmaster@example.org"
            + _25._tcp.mail.example.org TLSA 3 1 1 0707070707070707070707070707070707070707070707070707070707070707
            + _submissions._tcp.example.org SRV 0 1 465 mail.example.org.
            + _submission._tcp.example.org SRV 0 1 587 mail.example.org.
            + bounce.example.org MX 10 mail.example.org.
            + bounce.example.org TXT "v=spf1 a:mail.example.org -all"
            + email.example.org CNAME mail.example.org.
            (plan-dmarc-none)
            lookups: 1
        "#]],
    );
    check_at(
        "_25._tcp.mail.example.org",
        "mail.example.org. A 192.0.2.10",
        &wishes,
        expect![[r#"
        (plan-dmarc-none)
        (plan-tlsa-unsigned)
        lookups: 1
    "#]],
    );
}

#[test]
fn spf_keeps_others_and_their_qualifiers() {
    let at = |records: &str, change: fn(Wishes) -> Wishes, expected: Expect| {
        let zone = format!(
            "mail.example.org. A 192.0.2.10\nspf.example.net. TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n{records}"
        );
        check_at("example.org", &zone, &change(wishes()), expected);
    };
    let same = |wishes| wishes;
    at(
        "example.org. TXT \"v=spf1 include:_spf.example.com ~all\"\nexample.org. TXT \"token=1\"\n_spf.example.com. TXT \"v=spf1 ip4:198.51.100.1 -all\"",
        same,
        expect![[r#"
            + example.org MX 10 mail.example.org.
            - example.org TXT "v=spf1 include:_spf.example.com ~all"
            + example.org TXT "v=spf1 include:_spf.example.com a:mail.example.org ~all"
            = example.org TXT "token=1"
            (plan-dmarc-none)
            lookups: 2
        "#]],
    );
    // An include that covers the address is enough.
    at(
        "example.org. TXT \"v=spf1 include:spf.example.net -all\"",
        same,
        expect![[r#"
        + example.org MX 10 mail.example.org.
        = example.org TXT "v=spf1 include:spf.example.net -all"
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
    at(
        "example.org. TXT \"v=spf1 redirect=_spf.example.com\"\n_spf.example.com. TXT \"v=spf1 ip4:198.51.100.1 ?all\"",
        same,
        expect![[r#"
            + example.org MX 10 mail.example.org.
            - example.org TXT "v=spf1 redirect=_spf.example.com"
            + example.org TXT "v=spf1 a:mail.example.org redirect=_spf.example.com"
            (plan-dmarc-none)
            lookups: 2
        "#]],
    );
    at(
        "example.org. TXT \"v=spf1 ?ip4:198.51.100.1 -ip4:198.51.100.2 -all\"\nexample.org. TXT \"v=spf1 mx ~all\"",
        same,
        expect![[r#"
            + example.org MX 10 mail.example.org.
            - example.org TXT "v=spf1 ?ip4:198.51.100.1 -ip4:198.51.100.2 -all"
            - example.org TXT "v=spf1 mx ~all"
            + example.org TXT "v=spf1 ?ip4:198.51.100.1 -ip4:198.51.100.2 mx ~all"
            (plan-spf-several)
            (plan-dmarc-none)
            lookups: 1
        "#]],
    );
    at(
        "example.org. TXT \"v=spf1 ipv4:198.51.100.1 -all\"",
        same,
        expect![[r#"
        + example.org MX 10 mail.example.org.
        - example.org TXT "v=spf1 ipv4:198.51.100.1 -all"
        + example.org TXT "v=spf1 ip4:198.51.100.1 a:mail.example.org -all"
        (plan-spf-corrected)
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
    at(
        "example.org. TXT \"v=spf1 frobnicate:1 -all\"",
        same,
        expect![[r#"
        + example.org MX 10 mail.example.org.
        = example.org TXT "v=spf1 frobnicate:1 -all"
        (plan-spf-broken)
        (plan-dmarc-none)
    "#]],
    );
    let soft = |wishes| Wishes { spf_end: Some(Qualifier::SoftFail), ..wishes };
    at(
        "example.org. TXT \"v=spf1 a:mail.example.org -all\"",
        soft,
        expect![[r#"
        + example.org MX 10 mail.example.org.
        - example.org TXT "v=spf1 a:mail.example.org -all"
        + example.org TXT "v=spf1 a:mail.example.org ~all"
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
}

#[test]
fn where_lookups_are_short_addresses_are_written() {
    let includes: Vec<String> = (0..10).map(|n| format!("include:s{n}.example.net")).collect();
    let mut zone: String =
        (0..10).map(|n| format!("s{n}.example.net. TXT \"v=spf1 ip4:203.0.113.{n} -all\"\n")).collect();
    zone +=
        &format!("example.org. TXT \"v=spf1 {} -all\"\nmail.example.org. A 192.0.2.10\n", includes.join(" "));
    check_at(
        "example.org",
        &zone,
        &wishes(),
        expect![[r#"
        + example.org MX 10 mail.example.org.
        - example.org TXT "v=spf1 include:s0.example.net include:s1.example.net include:s2.example.net include:s3.example.net include:s4.example.net include:s5.example.net include:s6.example.net include:s7.example.net include:s8.example.net include:s9.example.net -all"
        + example.org TXT "v=spf1 include:s0.example.net include:s1.example.net include:s2.example.net include:s3.example.net include:s4.example.net include:s5.example.net include:s6.example.net include:s7.example.net include:s8.example.net include:s9.example.net ip4:192.0.2.10 " "-all"
        (plan-dmarc-none)
        lookups: 10
    "#]],
    );
    let more = Wishes { services: vec![Chosen::parse("mailgun").unwrap()], ..wishes() };
    check_at(
        "example.org",
        &zone,
        &more,
        expect![[r#"
        + example.org MX 10 mail.example.org.
        - example.org TXT "v=spf1 include:s0.example.net include:s1.example.net include:s2.example.net include:s3.example.net include:s4.example.net include:s5.example.net include:s6.example.net include:s7.example.net include:s8.example.net include:s9.example.net -all"
        + example.org TXT "v=spf1 include:s0.example.net include:s1.example.net include:s2.example.net include:s3.example.net include:s4.example.net include:s5.example.net include:s6.example.net include:s7.example.net include:s8.example.net include:s9.example.net ip4:192.0.2.10 " "include:mailgun.org -all"
        (plan-spf-too-many)
        (plan-dmarc-none)
        (plan-service-keys)
        lookups: 11
    "#]],
    );
}

#[test]
fn dmarc_becomes_no_weaker() {
    let at = |records: &str, stage: Option<Stage>, expected: Expect| {
        let wishes = Wishes { dmarc: stage, ..wishes() };
        check_at("_dmarc.example.org", records, &wishes, expected);
    };
    let least = |policy| Some(Stage::AtLeast(policy));
    let reject = "_dmarc.example.org. TXT \"v=DMARC1;p=reject;rua=mailto:a@example.net;fo=1\"";
    at(
        reject,
        None,
        expect![[r#"
        = _dmarc.example.org TXT "v=DMARC1;p=reject;rua=mailto:a@example.net;fo=1"
        (plan-dmarc-reject)
        lookups: 1
    "#]],
    );
    at(
        reject,
        least(Policy::Quarantine),
        expect![[r#"
        = _dmarc.example.org TXT "v=DMARC1;p=reject;rua=mailto:a@example.net;fo=1"
        (plan-dmarc-reject)
        lookups: 1
    "#]],
    );
    let none = "_dmarc.example.org. TXT \"v=DMARC1; p=none; sp=none; adkim=s\"";
    at(
        none,
        Some(Stage::Next),
        expect![[r#"
        - _dmarc.example.org TXT "v=DMARC1; p=none; sp=none; adkim=s"
        + _dmarc.example.org TXT "v=DMARC1; p=quarantine; sp=quarantine; adkim=s; rua=mailto:postmaster@example.org"
        (plan-dmarc-quarantine)
        lookups: 1
    "#]],
    );
    at(
        none,
        least(Policy::Reject),
        expect![[r#"
        - _dmarc.example.org TXT "v=DMARC1; p=none; sp=none; adkim=s"
        + _dmarc.example.org TXT "v=DMARC1; p=reject; sp=reject; adkim=s; rua=mailto:postmaster@example.org"
        (plan-dmarc-reject)
        lookups: 1
    "#]],
    );
    at(
        "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:a@example.org\"\n_dmarc.example.org. TXT \"v=DMARC1; p=quarantine; rua=mailto:b@example.org\"",
        None,
        expect![[r#"
            - _dmarc.example.org TXT "v=DMARC1; p=none; rua=mailto:a@example.org"
            - _dmarc.example.org TXT "v=DMARC1; p=quarantine; rua=mailto:b@example.org"
            + _dmarc.example.org TXT "v=DMARC1; p=quarantine; rua=mailto:b@example.org,mailto:a@example.org"
            (plan-dmarc-several)
            (plan-dmarc-quarantine)
            lookups: 1
        "#]],
    );
    at(
        "_dmarc.example.org. TXT \"v=DMARC1; p=quarantaine\"",
        None,
        expect![[r#"
        - _dmarc.example.org TXT "v=DMARC1; p=quarantaine"
        + _dmarc.example.org TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
}

#[test]
fn a_domain_below_is_covered_by_the_policy_above() {
    let mut wishes = wishes();
    wishes.domain = name("mg.example.org");
    let zone = "_dmarc.example.org. TXT \"v=DMARC1; p=reject; sp=quarantine\"\nexample.org. A 192.0.2.1";
    check_at(
        "_dmarc.mg.example.org",
        zone,
        &wishes,
        expect![[r#"
        (plan-dmarc-inherited)
        lookups: 1
    "#]],
    );
    wishes.dmarc = Some(Stage::AtLeast(Policy::Reject));
    check_at(
        "_dmarc.mg.example.org",
        zone,
        &wishes,
        expect![[r#"
        + _dmarc.mg.example.org TXT "v=DMARC1; p=reject; rua=mailto:postmaster@mg.example.org"
        (plan-dmarc-reject)
        lookups: 1
    "#]],
    );
}

#[test]
fn split_roles() {
    let wishes = Wishes {
        receive: Receive::Service(Chosen::parse_receiver("sakura:example").unwrap()),
        services: vec![Chosen::parse("mailgun").unwrap(), Chosen::parse("sakura:example").unwrap()],
        ..wishes()
    };
    let zone = "example.org. MX 10 mail.example.org.
        example.org. TXT \"v=spf1 mx ~all\"
        mail.example.org. A 192.0.2.10
        mailgun.org. TXT \"v=spf1 include:_spf.mailgun.org -all\"
        _spf.mailgun.org. TXT \"v=spf1 ip4:203.0.113.0/24 -all\"";
    check(
        zone,
        &wishes,
        expect![[r#"
        - example.org MX 10 mail.example.org.
        + example.org MX 10 example.sakura.ne.jp.
        = mail.example.org A 192.0.2.10
        + 10.2.0.192.in-addr.arpa PTR mail.example.org.
        - example.org TXT "v=spf1 mx ~all"
        + example.org TXT "v=spf1 mx a:mail.example.org include:mailgun.org a:example.sakura.ne.jp ~all"
        + mail.example.org TXT "v=spf1 a -all"
        + t1._domainkey.example.org TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        + _dmarc.example.org TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"
        (plan-mail-moves)
        (plan-dmarc-none)
        (plan-service-keys)
        (plan-service-keys)
        lookups: 5
    "#]],
    );
}

#[test]
fn mail_that_is_received_elsewhere() {
    let elsewhere = "example.org. MX 10 mx.example.net.\nmail.example.org. A 192.0.2.10";
    check_at(
        "example.org",
        elsewhere,
        &wishes(),
        expect![[r#"
        - example.org MX 10 mx.example.net.
        + example.org MX 10 mail.example.org.
        + example.org TXT "v=spf1 a:mail.example.org -all"
        (plan-mail-moves)
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
    let kept = Wishes { receive: Receive::AsItIs, ..wishes() };
    check_at(
        "example.org",
        elsewhere,
        &kept,
        expect![[r#"
        + example.org TXT "v=spf1 a:mail.example.org -all"
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
    let beside = "example.org. MX 5 mail.example.org.\nexample.org. MX 20 mx.example.net.";
    check_at(
        "example.org",
        beside,
        &wishes(),
        expect![[r#"
        = example.org MX 5 mail.example.org.
        = example.org MX 20 mx.example.net.
        + example.org TXT "v=spf1 a:mail.example.org -all"
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
    let alone = Wishes { receive: Receive::Here, ..wishes() };
    check_at(
        "example.org",
        beside,
        &alone,
        expect![[r#"
        - example.org MX 5 mail.example.org.
        - example.org MX 20 mx.example.net.
        + example.org MX 10 mail.example.org.
        + example.org TXT "v=spf1 a:mail.example.org -all"
        (plan-mail-moves)
        (plan-dmarc-none)
        lookups: 1
    "#]],
    );
}

#[test]
fn keys_of_all_states() {
    let rsa = format!("v=DKIM1; k=rsa; p={}", "A".repeat(392));
    let wishes = Wishes {
        keys: vec![
            key("same", ED25519, KeyState::Signs),
            key("long", &rsa, KeyState::Spare),
            key("old", ED25519, KeyState::Revoked),
            key("gone", ED25519, KeyState::Gone),
            key("away", ED25519, KeyState::Signs),
        ],
        ..wishes()
    };
    let zone = format!(
        "same._domainkey.example.org. TXT \"k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=; v=DKIM1\"
        old._domainkey.example.org. TXT \"{ED25519}\"
        gone._domainkey.example.org. TXT \"v=DKIM1; p=\"
        away._domainkey.example.org. CNAME key.example.net.
        key.example.net. TXT \"v=DKIM1; p=\""
    );
    let zone = zone.replace(
        "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=; v=DKIM1",
        "v=DKIM1;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=;k=ed25519",
    );
    let mut plan = draw_over(&zone, &wishes);
    plan.sets.retain(|set| set.name.as_str().contains("_domainkey"));
    expect![[r#"
        = same._domainkey.example.org TXT "v=DKIM1;p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=;k=ed25519"
        + long._domainkey.example.org TXT "v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        - old._domainkey.example.org TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        + old._domainkey.example.org TXT "v=DKIM1; p="
        - gone._domainkey.example.org TXT "v=DKIM1; p="
        - away._domainkey.example.org CNAME key.example.net.
        + away._domainkey.example.org TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        (plan-alias-goes)
        (plan-dmarc-none)
        lookups: 1
    "#]].assert_eq(&told(&plan));
}

#[test]
fn what_the_dns_does_not_say_is_left_alone() {
    check_at(
        "example.org",
        "$SERVFAIL example.org. TXT\nexample.org. MX 10 mail.example.org.",
        &wishes(),
        expect![[r#"
            = example.org MX 10 mail.example.org.
            ? = example.org TXT "v=spf1 a:mail.example.org -all"
            (plan-unknown)
            (plan-dmarc-none)
        "#]],
    );
}

#[test]
fn policies_that_are_there() {
    let wishes = Wishes {
        sts: Some(Mode::Enforce),
        tls_rpt: true,
        tls_reports: Some("mailto:tls@example.org".to_owned()),
        ..wishes()
    };
    let zone = "_mta-sts.example.org. TXT \"v=STSv1; id=1;\"
        mta-sts.example.org. A 192.0.2.99
        mail.example.org. A 192.0.2.10
        _smtp._tls.example.org. TXT \"v=TLSRPTv1; rua=https://reports.example.net/\"";
    let mut plan = draw_over(zone, &wishes);
    plan.sets.retain(|set| set.name.as_str().starts_with("_mta-sts") || set.name.as_str().contains("tls"));
    expect![[r#"
        - _mta-sts.example.org TXT "v=STSv1; id=1;"
        + _mta-sts.example.org TXT "v=STSv1; id=d06fe1c1cd7004a7686cccb397ba414b;"
        - _smtp._tls.example.org TXT "v=TLSRPTv1; rua=https://reports.example.net/"
        + _smtp._tls.example.org TXT "v=TLSRPTv1; rua=https://reports.example.net/,mailto:tls@example.org"
        (plan-dmarc-none)
        (plan-leads-elsewhere)
        lookups: 1
    "#]]
    .assert_eq(&told(&plan));
    assert_eq!(
        wishes.policy().unwrap(),
        "version: STSv1\r\nmode: enforce\r\nmx: mail.example.org\r\nmax_age: 604800\r\n"
    );
    assert_ne!(policy_id(&wishes.policy().unwrap()), policy_id(""));
}

#[test]
fn no_alias_beside_other_data() {
    let wishes = Wishes { sts: Some(Mode::Testing), ..wishes() };
    check_at(
        "mta-sts.example.org",
        "mta-sts.example.org. TXT \"a note\"",
        &wishes,
        expect![[r#"
        (plan-dmarc-none)
        (plan-alias-blocked)
        lookups: 1
    "#]],
    );
}

fn exported(format: Format, scope: Scope) -> String {
    let rsa = format!("v=DKIM1; k=rsa; p={}", "A".repeat(392));
    let wishes =
        Wishes { keys: vec![key("t1", &rsa, KeyState::Signs), key("t0", &rsa, KeyState::Gone)], ..wishes() };
    let zone =
        "example.org. TXT \"v=spf1 a:mail.example.org -all\"\nexample.org. TXT \"a \\\"quoted\\\" ${word}\"
        mail.example.org. A 192.0.2.10
        t0._domainkey.example.org. 300 TXT \"v=DKIM1; p=\"";
    export(&draw_over(zone, &wishes), &DnsName::parse("example.org").unwrap(), format, scope)
}

#[test]
fn as_zone_text() {
    let text = exported(Format::Zone, Scope::Everything);
    expect![[r#"
        example.org. 3600 IN MX 10 mail.example.org.
        mail.example.org. 3600 IN A 192.0.2.10
        example.org. 3600 IN TXT "v=spf1 a:mail.example.org -all"
        example.org. 3600 IN TXT "a \"quoted\" ${word}"
        mail.example.org. 3600 IN TXT "v=spf1 a -all"
        t1._domainkey.example.org. 3600 IN TXT "v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        ; - t0._domainkey.example.org. TXT "v=DKIM1; p="
        _dmarc.example.org. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"
        ; 10.2.0.192.in-addr.arpa. 3600 IN PTR mail.example.org.
    "#]].assert_eq(&text);
    Zone::parse(&text).unwrap();
}

#[test]
fn as_a_change_batch() {
    expect![[r#"
        {
          "Changes": [
            {
              "Action": "UPSERT",
              "ResourceRecordSet": {
                "Name": "example.org.",
                "ResourceRecords": [
                  {
                    "Value": "10 mail.example.org."
                  }
                ],
                "TTL": 3600,
                "Type": "MX"
              }
            },
            {
              "Action": "UPSERT",
              "ResourceRecordSet": {
                "Name": "mail.example.org.",
                "ResourceRecords": [
                  {
                    "Value": "\"v=spf1 a -all\""
                  }
                ],
                "TTL": 3600,
                "Type": "TXT"
              }
            },
            {
              "Action": "UPSERT",
              "ResourceRecordSet": {
                "Name": "t1._domainkey.example.org.",
                "ResourceRecords": [
                  {
                    "Value": "\"v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\" \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""
                  }
                ],
                "TTL": 3600,
                "Type": "TXT"
              }
            },
            {
              "Action": "DELETE",
              "ResourceRecordSet": {
                "Name": "t0._domainkey.example.org.",
                "ResourceRecords": [
                  {
                    "Value": "\"v=DKIM1; p=\""
                  }
                ],
                "TTL": 300,
                "Type": "TXT"
              }
            },
            {
              "Action": "UPSERT",
              "ResourceRecordSet": {
                "Name": "_dmarc.example.org.",
                "ResourceRecords": [
                  {
                    "Value": "\"v=DMARC1; p=none; rua=mailto:postmaster@example.org\""
                  }
                ],
                "TTL": 3600,
                "Type": "TXT"
              }
            }
          ],
          "Comment": "Tegami"
        }
    "#]].assert_eq(&exported(Format::Route53, Scope::Changes));
}

#[test]
fn as_terraform() {
    expect![[r#"
        data "aws_route53_zone" "zone" {
          name = "example.org."
        }

        resource "aws_route53_record" "example_org_mx" {
          zone_id = data.aws_route53_zone.zone.zone_id
          name    = "example.org"
          type    = "MX"
          ttl     = 3600
          records = [
            "10 mail.example.org.",
          ]
          allow_overwrite = true
        }

        resource "aws_route53_record" "mail_example_org_txt" {
          zone_id = data.aws_route53_zone.zone.zone_id
          name    = "mail.example.org"
          type    = "TXT"
          ttl     = 3600
          records = [
            "v=spf1 a -all",
          ]
          allow_overwrite = true
        }

        resource "aws_route53_record" "t1__domainkey_example_org_txt" {
          zone_id = data.aws_route53_zone.zone.zone_id
          name    = "t1._domainkey.example.org"
          type    = "TXT"
          ttl     = 3600
          records = [
            "v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
          ]
          allow_overwrite = true
        }

        resource "aws_route53_record" "_dmarc_example_org_txt" {
          zone_id = data.aws_route53_zone.zone.zone_id
          name    = "_dmarc.example.org"
          type    = "TXT"
          ttl     = 3600
          records = [
            "v=DMARC1; p=none; rua=mailto:postmaster@example.org",
          ]
          allow_overwrite = true
        }
    "#]].assert_eq(&exported(Format::Terraform, Scope::Changes));
    expect![[r#"
        locals {
          tegami_records = {
            example_org_mx = { name = "example.org.", type = "MX", ttl = 3600, records = ["10 mail.example.org."] }
            mail_example_org_a = { name = "mail.example.org.", type = "A", ttl = 3600, records = ["192.0.2.10"] }
            example_org_txt = { name = "example.org.", type = "TXT", ttl = 3600, records = ["v=spf1 a:mail.example.org -all", "a \"quoted\" $${word}"] }
            mail_example_org_txt = { name = "mail.example.org.", type = "TXT", ttl = 3600, records = ["v=spf1 a -all"] }
            t1__domainkey_example_org_txt = { name = "t1._domainkey.example.org.", type = "TXT", ttl = 3600, records = ["v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] }
            _dmarc_example_org_txt = { name = "_dmarc.example.org.", type = "TXT", ttl = 3600, records = ["v=DMARC1; p=none; rua=mailto:postmaster@example.org"] }
          }
        }
    "#]].assert_eq(&exported(Format::TerraformMap, Scope::Everything));
}

#[test]
fn as_a_script_for_nsupdate() {
    expect![[r#"
        zone example.org.
        update delete example.org. IN MX
        update add example.org. 3600 IN MX 10 mail.example.org.
        update delete mail.example.org. IN TXT
        update add mail.example.org. 3600 IN TXT "v=spf1 a -all"
        update delete t1._domainkey.example.org. IN TXT
        update add t1._domainkey.example.org. 3600 IN TXT "v=DKIM1; k=rsa; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        update delete t0._domainkey.example.org. IN TXT
        update delete _dmarc.example.org. IN TXT
        update add _dmarc.example.org. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.org"
        send
    "#]].assert_eq(&exported(Format::Nsupdate, Scope::Changes));
}
