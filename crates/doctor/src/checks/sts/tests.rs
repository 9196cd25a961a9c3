use expect_test::expect;

use crate::checks::fixture::{Fixture, World, certificate_of};
use crate::probe::{Distrust, StartTls, Unprobed};
use crate::{State, StsBefore};

const NO_RECORD: &str = "- _mta-sts TXT";

pub(crate) fn fixtures() -> Vec<Fixture> {
    [of_domain(), of_hosts()].into_iter().flatten().collect()
}

fn of_domain() -> Vec<Fixture> {
    let redirect = |world: &mut World| {
        let document = world.document();
        document.status = 301;
        document.location = Some("https://www.example.com/mta-sts.txt".to_owned());
    };
    vec![
        Fixture::pass("sts.record", ""),
        Fixture::info("sts.record", "- _mta-sts TXT\n- mta-sts A"),
        Fixture::fail("sts.record", "- _mta-sts TXT\n_mta-sts TXT \"v=STSv1; id=2026-11-21;\""),
        Fixture::fail("sts.record", "_mta-sts TXT \"v=STSv1; id=2;\""),
        Fixture::fail("sts.record", "- _mta-sts TXT\n_mta-sts TXT \"v=stsv1; id=2;\""),
        Fixture::unknown("sts.record", "$SERVFAIL _mta-sts.example.com. TXT"),
        Fixture::pass("sts.policy-fetch", ""),
        Fixture::fail("sts.policy-fetch", "").with(redirect),
        Fixture::fail("sts.policy-fetch", "").with(|world| world.document().status = 404),
        Fixture::fail("sts.policy-fetch", "").with(|world| world.no_policy(Unprobed::Refused)),
        Fixture::fail("sts.policy-fetch", "")
            .with(|world| world.no_policy(Unprobed::Tls("invalid peer certificate".to_owned()))),
        Fixture::fail("sts.policy-fetch", "").with(|world| {
            world.no_policy(Unprobed::Failed("the answer has more than 65536 octets".to_owned()));
        }),
        Fixture::warn("sts.policy-fetch", "")
            .with(|world| world.document().content_type = "text/html; charset=utf-8".to_owned()),
        Fixture::pass("sts.policy-fetch", "")
            .with(|world| world.document().content_type = "text/plain; charset=utf-8".to_owned()),
        Fixture::unknown("sts.policy-fetch", "").with(|world| world.no_policy(Unprobed::Timeout)),
        Fixture::na("sts.policy-fetch", "").with(|world| world.no_policy(Unprobed::Off)),
        Fixture::unknown("sts.policy-fetch", "- mta-sts A\n$SERVFAIL mta-sts.example.com."),
        Fixture::pass("sts.policy-syntax", ""),
        Fixture::pass("sts.policy-syntax", "").with(|world| {
            world.policy("version: STSv1\nmode: enforce\nmode: none\nmx: *.example.com\nmax_age: 1296000\n");
        }),
        Fixture::pass("sts.policy-syntax", "")
            .with(|world| world.policy("version: STSv1\nmode: none\nmax_age: 86400\n")),
        Fixture::fail("sts.policy-syntax", "").with(|world| {
            world.policy("version: STSv1\nmode: enforced\nmx: *.example.com\nmax_age: 1296000\n");
        }),
        Fixture::fail("sts.policy-syntax", "")
            .with(|world| world.policy("mode: enforce\nmx: *.example.com\nmax_age: 1296000\n")),
        Fixture::fail("sts.policy-syntax", "")
            .with(|world| world.policy("version: STSv1\nmode: enforce\nmax_age: 1296000\n")),
        Fixture::fail("sts.policy-syntax", "")
            .with(|world| world.policy("version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: -1\n")),
        Fixture::pass("sts.max-age", ""),
        Fixture::warn("sts.max-age", "")
            .with(|world| world.policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 3600\n")),
        Fixture::info("sts.max-age", "").with(|world| {
            world.policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 172800\n");
        }),
        Fixture::info("sts.max-age", "").with(|world| {
            world.policy("version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 8640000\n");
        }),
        Fixture::warn("sts.max-age", "").with(|world| {
            world.policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 99999999\n");
        }),
        Fixture::na("sts.id-changed", ""),
        Fixture::pass("sts.id-changed", "")
            .with(|world| before(world, "20261101000000", "mx: old.example.com")),
        Fixture::pass("sts.id-changed", "").with(|world| {
            let policy = world.document().body.clone();
            world.known.sts_before = Some(StsBefore { id: "20261121000000".to_owned(), policy });
        }),
        Fixture::fail("sts.id-changed", "")
            .with(|world| before(world, "20261121000000", "mx: old.example.com")),
        Fixture::pass("sts.orphan", ""),
        Fixture::warn("sts.orphan", "- mta-sts A"),
        Fixture::warn("sts.orphan", NO_RECORD),
        Fixture::na("sts.orphan", "- _mta-sts TXT\n- mta-sts A"),
        Fixture::na("sts.orphan", NO_RECORD).with(|world| world.document().status = 404),
    ]
}

fn before(world: &mut World, id: &str, line: &str) {
    let policy = format!("version: STSv1\nmode: enforce\n{line}\nmax_age: 1296000\n").into_bytes();
    world.known.sts_before = Some(StsBefore { id: id.to_owned(), policy });
}

const ONLY_MX1: &str = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 1296000\n";

fn of_hosts() -> Vec<Fixture> {
    vec![
        Fixture::pass("sts.mx-match", ""),
        Fixture::pass("sts.mx-match", "").with(|world| {
            world.policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 1296000\n");
        }),
        Fixture::fail("sts.mx-match", "").with(|world| world.policy(ONLY_MX1)),
        Fixture::fail("sts.mx-match", "example.com. MX 30 mx.eu.example.com.\nmx.eu A 198.51.100.21").with(
            |world| world.policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 1296000\n"),
        ),
        Fixture::warn("sts.mx-match", "").with(|world| world.policy(&ONLY_MX1.replace("enforce", "testing"))),
        Fixture::na("sts.mx-match", "")
            .with(|world| world.policy("version: STSv1\nmode: none\nmax_age: 86400\n")),
        Fixture::na("sts.mx-match", NO_RECORD),
        Fixture::pass("sts.mx-cert", ""),
        Fixture::fail("sts.mx-cert", "").with(|world| world.tls1().trusted = Err(Distrust::Name)),
        Fixture::fail("sts.mx-cert", "").with(|world| world.tls1().trusted = Err(Distrust::Issuer)),
        Fixture::fail("sts.mx-cert", "").with(|world| {
            let old = certificate_of(&["mx1.example.com"], (2025, 1, 1), (2026, 1, 1));
            world.shows(old, Some(Distrust::Expired));
        }),
        Fixture::warn("sts.mx-cert", "").with(|world| {
            world.policy("version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 86400\n");
            world.tls1().trusted = Err(Distrust::Name);
        }),
        // One cause, one finding: `tls.starttls` fails.
        Fixture::pass("sts.mx-cert", "").with(|world| world.mx1().tls = StartTls::NotOffered),
    ]
}

#[tokio::test]
async fn a_forgotten_host_comes_with_the_policy_to_serve_and_the_record_to_publish() {
    let findings = Fixture::fail("sts.mx-match", "").with(|world| world.policy(ONLY_MX1)).findings().await;
    let found =
        findings.iter().find(|finding| finding.check.id == "sts.mx-match" && finding.state == State::Fail);
    let fix = found.unwrap().fix.as_ref().unwrap();
    expect![[r#"
        version: STSv1
        mode: enforce
        mx: mx1.example.com
        mx: mx2.example.com
        max_age: 1296000
    "#]]
    .assert_eq(fix.settings.as_ref().unwrap());
    let change = &fix.choices[0][0];
    assert_eq!(
        (change.name.as_str(), change.value.as_str()),
        ("_mta-sts.example.com", "v=STSv1; id=20261121120000;")
    );
}
