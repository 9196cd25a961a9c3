use aws_lc_rs::digest::{SHA256, digest};
use expect_test::{Expect, expect};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tegami_auth::dane::public_key;
use tegami_mail::hex;

use crate::State;
use crate::checks::fixture::{Fixture, World};
use crate::probe::{StartTls, Unprobed};

/// A TLSA record of a key that nobody shows.
const OLD_KEY: &str = "- _25._tcp.mx1 TLSA
    _25._tcp.mx1 TLSA 3 1 1 0101010101010101010101010101010101010101010101010101010101010101";

const TWO_KEYS: &str =
    "_25._tcp.mx1 TLSA 3 1 1 0202020202020202020202020202020202020202020202020202020202020202";

/// Nothing is signed.
const UNSIGNED: &str = "- $SECURE";

pub(crate) fn fixtures() -> Vec<Fixture> {
    vec![
        Fixture::pass("dane.tlsa", ""),
        Fixture::info("dane.tlsa", "- _25._tcp"),
        Fixture::fail("dane.tlsa", OLD_KEY),
        Fixture::pass("dane.tlsa", TWO_KEYS),
        Fixture::warn(
            "dane.tlsa",
            "- _25._tcp.mx1 TLSA\n_25._tcp.mx1 TLSA 1 1 1 0101010101010101010101010101010101010101010101010101010101010101",
        ),
        Fixture::na("dane.tlsa", UNSIGNED),
        // One cause, one finding: where there is no session, another check tells of it.
        Fixture::na("dane.tlsa", "").with(|world| world.nobody(&Unprobed::Timeout)),
        Fixture::na("dane.insecure", "- _25._tcp"),
        Fixture::pass("dane.insecure", ""),
        Fixture::warn("dane.insecure", UNSIGNED),
        Fixture::info("dane.rollover", ""),
        Fixture::pass(
            "dane.rollover",
            "- _25._tcp.mx2 TLSA\n_25._tcp.mx1 TLSA 3 1 1 0202020202020202020202020202020202020202020202020202020202020202",
        ),
        Fixture::na("dane.rollover", "- _25._tcp"),
        Fixture::pass("dane.ta-letsencrypt", ""),
        Fixture::warn("dane.ta-letsencrypt", MANY),
        Fixture::pass("dane.denial", ""),
        Fixture::pass("dane.denial", "- _25._tcp"),
        Fixture::fail("dane.denial", "- _25._tcp\n$SERVFAIL _25._tcp.mx1.example.com. TLSA"),
        Fixture::fail("dane.denial", "- _25._tcp\n$TIMEOUT _25._tcp.mx1.example.com. TLSA"),
        // Nobody asks where the addresses are not signed.
        Fixture::info("dane.denial", "- _25._tcp\n- $SECURE\n$SERVFAIL _25._tcp.mx1.example.com. TLSA"),
    ]
}

const MANY: &str = "\
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000001
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000002
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000003
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000004
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000005
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000006
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000007
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000008
_25._tcp.mx1 TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000009
_25._tcp.mx1 TLSA 3 1 1 000000000000000000000000000000000000000000000000000000000000000a
_25._tcp.mx1 TLSA 3 1 1 000000000000000000000000000000000000000000000000000000000000000b
_25._tcp.mx1 TLSA 3 1 1 000000000000000000000000000000000000000000000000000000000000000c
";

async fn check(fixture: Fixture, expected: &Expect) {
    let (id, state) = (fixture.check, fixture.state);
    let findings = fixture.findings().await;
    let found = findings.iter().find(|finding| finding.check.id == id && finding.state == state);
    told(found.unwrap(), expected);
}

/// The sentence, and the records to change.
fn told(found: &crate::Finding, expected: &Expect) {
    let mut told = format!("{} {:?}\n", found.note.id, found.severity);
    let fix = found.fix.as_ref().unwrap();
    for change in &fix.choices[0] {
        // The key is another in each run; what matters is whether it stands there.
        let value = change.value.rsplit_once(' ').unwrap();
        let data = if value.1.starts_with("01") { value.1 } else { "<the key shown>" };
        told.push_str(&format!(
            "{:?} {} {} {} {data}\n",
            change.operation, change.name, change.kind, value.0
        ));
    }
    expected.assert_eq(&told);
}

#[tokio::test]
async fn a_record_of_an_old_key_comes_with_the_present_one() {
    check(Fixture::fail("dane.tlsa", OLD_KEY), &expect![[r#"
        dane-mismatch S4
        Add _25._tcp.mx1.example.com TLSA 3 1 1 <the key shown>
        Delete _25._tcp.mx1.example.com TLSA 3 1 1 0101010101010101010101010101010101010101010101010101010101010101
    "#]]).await;
}

#[tokio::test]
async fn an_authority_that_changes_its_intermediates_is_no_anchor() {
    let (root, own) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::OrganizationName, "Let's Encrypt");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&root).unwrap().der().clone();
    let issuer = Issuer::new(params, root);
    let own = CertificateParams::new(vec!["mx1.example.com".to_owned()]).unwrap().signed_by(&own, &issuer);
    let key = digest(&SHA256, public_key(&authority).unwrap());
    let mut world = World::base();
    world.tls1().chain = vec![own.unwrap().der().clone(), authority];
    let delta = format!("- _25._tcp.mx1 TLSA\n_25._tcp.mx1 TLSA 2 1 1 {}", hex(key.as_ref()));
    let findings = world.examine(&delta).await;
    let found = findings.iter().find(|finding| finding.check.id == "dane.ta-letsencrypt");
    told(
        found.unwrap(),
        &expect![[r#"
        dane-ta-letsencrypt-only S2
        Add _25._tcp.mx1.example.com TLSA 3 1 1 <the key shown>
    "#]],
    );
}

#[tokio::test]
async fn a_certificate_that_dane_names_needs_no_authority() {
    let zone = "- _mta-sts TXT\n- mta-sts A";
    let findings = Fixture::pass("tls.cert-chain", zone)
        .with(|world| world.tls1().trusted = Err(crate::probe::Distrust::Issuer))
        .findings()
        .await;
    let found = findings
        .iter()
        .find(|finding| finding.check.id == "tls.cert-chain" && finding.subject.contains("mx1"));
    assert_eq!(found.unwrap().note.id, "tls-cert-chain-dane");
}

#[tokio::test]
async fn tls_that_dane_demands_and_nobody_offers_is_told_once() {
    let zone = "- _mta-sts TXT\n- mta-sts A";
    let findings = Fixture::fail("tls.starttls", zone)
        .with(|world| world.mx1().tls = StartTls::NotOffered)
        .findings()
        .await;
    let failed: Vec<_> = findings
        .iter()
        .filter(|finding| finding.state == State::Fail)
        .map(|finding| finding.check.id)
        .collect();
    assert_eq!(failed, ["tls.starttls"]);
}
