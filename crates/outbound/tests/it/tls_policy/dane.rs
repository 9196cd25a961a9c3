//! TLSA records of mail hosts.

use expect_test::{Expect, expect};

use super::lab::{Plan, ZONE, dane_ee, hex, host};
use crate::peer::{Identity, Script, Tls};

const SECURE: &str = "$SECURE example.test.\n";

async fn check(zone: &str, scripts: Vec<Script>, expect: Expect) -> usize {
    let lab = Plan::new(zone, scripts).start(|_| {}).await;
    expect.assert_eq(&lab.told().await);
    lab.mail()
}

fn zone(record: &str) -> String {
    format!("{ZONE}{SECURE}_PORT._tcp.mx1.example.test. TLSA {record}\n")
}

#[tokio::test]
async fn a_certificate_that_fits() {
    // Nobody else vouches for it, and it has another name: neither matters to DANE-EE.
    let (script, identity) = host("elsewhere.example.net");
    let lab = Plan::new(zone(&dane_ee(&identity)), vec![script]).start(|_| {}).await;
    let report = lab.send("b@example.test").await;
    expect![[r#"
        (dane) Verified outbound-dane-found
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * tlsa mx1.example.test success
    "#]]
    .assert_eq(&lab.tell(&report));
    let tls = report.record.hosts[0].tls.as_ref().unwrap();
    assert_eq!(tls.verified_by, Some(dane_ee(&identity)));
    assert_eq!(report.record.hosts[0].policy.as_ref().unwrap().policy, [dane_ee(&identity)]);
}

#[tokio::test]
async fn a_certificate_that_does_not() {
    let (script, _) = host("mx1.example.test");
    let (_, other) = host("mx1.example.test");
    let mail = check(
        &zone(&dane_ee(&other)),
        vec![script],
        expect![[r#"
            (dane) Verified outbound-dane-found
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-dane-no-match StartTls outbound-tls-distrusted
            mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
            b@example.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
            * tlsa mx1.example.test tlsa-invalid mx1.example.test outbound-dane-no-match
        "#]],
    )
    .await;
    assert_eq!(mail, 0);
}

/// Everybody can show a certificate with the host's key in it; only the host can sign with that key.
#[tokio::test]
async fn a_certificate_that_is_shown_without_its_key() {
    let (_, genuine) = host("mx1.example.test");
    // Of X.509 version 1, which the TLS library does not read; the key stands where it always does.
    let mut shown = genuine.certificate.der().to_vec();
    let version = shown.windows(5).position(|window| window == b"\xa0\x03\x02\x01\x02").unwrap();
    shown[version + 4] = 0;
    let impostor = Identity { shown: shown.into(), ..Identity::self_signed("mx1.example.test") };
    let script = Script::with_tls(Tls::With(impostor));
    let mail = check(
        &zone(&dane_ee(&genuine)),
        vec![script.clone()],
        expect![[r#"
            (dane) Verified outbound-dane-found
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 StartTls outbound-tls-failed
            mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
            b@example.test failed Transient StartTls 4.7.5 outbound-tls-failed [mx1.example.test]
            * tlsa mx1.example.test validation-failure mx1.example.test invalid peer certificate: Other(OtherError(UnsupportedCertVersion))
        "#]],
    )
    .await;
    assert_eq!(mail, 0);
    // Where nobody is to be known, it is encrypted all the same.
    check(
        ZONE,
        vec![script],
        expect![[r#"
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * no-policy-found example.test success
        "#]],
    )
    .await;
}

#[tokio::test]
async fn starttls_stripped_or_broken_is_no_way_down() {
    let (_, identity) = host("mx1.example.test");
    for (script, expect) in [
        (
            Script::default(),
            expect![[r#"
                (dane) Verified outbound-dane-found
                (may) Opportunistic 
                mx1.example.test 5 127.0.0.2 StartTls outbound-tls-not-offered
                mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
                b@example.test failed Transient StartTls 4.7.4 outbound-tls-not-offered [mx1.example.test]
                * tlsa mx1.example.test starttls-not-supported mx1.example.test 
            "#]],
        ),
        (
            Script::with_tls(Tls::Broken),
            expect![[r#"
                (dane) Verified outbound-dane-found
                (may) Opportunistic 
                mx1.example.test 5 127.0.0.2 StartTls outbound-tls-failed
                mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
                b@example.test failed Transient StartTls 4.7.5 outbound-tls-failed [mx1.example.test]
                * tlsa mx1.example.test validation-failure mx1.example.test (handshake)
            "#]],
        ),
    ] {
        assert_eq!(check(&zone(&dane_ee(&identity)), vec![script], expect).await, 0);
    }
}

#[tokio::test]
async fn records_of_which_none_can_be_used_demand_encryption() {
    let unusable = zone(&format!("1 1 1 {}", "00".repeat(32)));
    let (script, _) = host("elsewhere.example.net");
    check(
        &unusable,
        vec![script],
        expect![[r#"
            (dane) Encrypted outbound-dane-found auth-dane-unusable-pkix outbound-dane-none-usable
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * tlsa mx1.example.test success
        "#]],
    )
    .await;
    let mail = check(
        &unusable,
        vec![Script::default()],
        expect![[r#"
            (dane) Encrypted outbound-dane-found auth-dane-unusable-pkix outbound-dane-none-usable
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 StartTls outbound-tls-not-offered
            mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
            b@example.test failed Transient StartTls 4.7.4 outbound-tls-not-offered [mx1.example.test]
            * tlsa mx1.example.test starttls-not-supported mx1.example.test 
        "#]],
    )
    .await;
    assert_eq!(mail, 0);
}

#[tokio::test]
async fn records_that_nobody_vouches_for_do_not_count() {
    let (script, _) = host("mx1.example.test");
    let zone = zone(&format!("3 1 1 {}", "00".repeat(32))).replace(SECURE, "");
    check(
        &zone,
        vec![script],
        expect![[r#"
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * no-policy-found example.test success
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_host_whose_records_cannot_be_found_out_is_passed_over() {
    let bogus = format!("{ZONE}{SECURE}$BOGUS _PORT._tcp.mx1.example.test. TLSA\n");
    let (script, _) = host("mx1.example.test");
    let scripts = vec![script.clone(), Script::default()];
    check(
        &bogus,
        scripts.clone(),
        expect![[r#"
            (dane) refused 
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 TlsPolicy outbound-dane-lookup-failed
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
            * tlsa mx1.example.test dnssec-invalid mx1.example.test outbound-dane-lookup-failed
            * no-policy-found example.test starttls-not-supported mx2.example.test 
        "#]],
    )
    .await;
    let mail = check(
        &format!("{bogus}$SERVFAIL _PORT._tcp.mx2.example.test. TLSA\n"),
        scripts,
        expect![[r#"
            (dane) refused 
            (dane) refused 
            mx1.example.test 5 127.0.0.2 TlsPolicy outbound-dane-lookup-failed
            mx2.example.test 10 127.0.0.3 TlsPolicy outbound-dane-lookup-failed
            b@example.test failed Transient TlsPolicy 4.7.5 outbound-dane-lookup-failed [mx2.example.test]
            * tlsa mx1.example.test dnssec-invalid mx1.example.test outbound-dane-lookup-failed
            * tlsa mx2.example.test dnssec-invalid mx2.example.test outbound-dane-lookup-failed
        "#]],
    )
    .await;
    assert_eq!(mail, 0);
}

#[tokio::test]
async fn a_bogus_domain_waits() {
    let mail = check(
        &format!("{ZONE}$BOGUS example.test. MX\n"),
        vec![Script::default()],
        expect![[r#"
            b@example.test failed Transient Destination 4.4.3 outbound-dns-failed []
        "#]],
    )
    .await;
    assert_eq!(mail, 0);
}

/// The mail host is an alias.
async fn alias(zone: &str, expect: &Expect) {
    let (script, identity) = host("any.example.net");
    let zone =
        zone.replace("GOOD", &dane_ee(&identity)).replace("BAD", &format!("3 1 1 {}", "00".repeat(32)));
    let zone = format!("example.test. MX 5 mx.example.test.\n{SECURE}{zone}");
    expect.assert_eq(&Plan::new(zone, vec![script]).start(|_| {}).await.told().await);
}

#[tokio::test]
async fn the_end_of_a_secure_alias_comes_first() {
    let delivered = expect![[r#"
        (dane) Verified outbound-dane-found
        mx.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx.example.test]
        * tlsa mx.example.test success
    "#]];
    let secure = "mx.example.test. CNAME host.example.net.
        host.example.net. A 127.0.0.2
        $SECURE example.net.\n";
    let at_end = "_PORT._tcp.host.example.net. TLSA GOOD\n_PORT._tcp.mx.example.test. TLSA BAD\n";
    alias(&format!("{secure}{at_end}"), &delivered).await;
    // Nothing there: the host's own name.
    alias(&format!("{secure}_PORT._tcp.mx.example.test. TLSA GOOD\n"), &delivered).await;
    // The alias leads out of what DNSSEC protects: the records at its end are no longer the domain's word, those at its beginning are.
    let out = secure.replace("$SECURE example.net.", "");
    alias(
        &format!("{out}{}", at_end.replace("GOOD", "MIX").replace("BAD", "GOOD").replace("MIX", "BAD")),
        &delivered,
    )
    .await;
    alias(
        &format!("{out}_PORT._tcp.host.example.net. TLSA BAD\n"),
        &expect![[r#"
            (may) Opportunistic 
            mx.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx.example.test]
            * no-policy-found example.test success
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_domain_without_mx_records_has_its_own() {
    let (script, identity) = host("any.example.net");
    let zone =
        format!("example.test. A 127.0.0.2\n{SECURE}_PORT._tcp.example.test. TLSA {}\n", dane_ee(&identity));
    check(
        &zone,
        vec![script],
        expect![[r#"
            (dane) Verified outbound-dane-found
            example.test 127.0.0.2 TLSv1.3 trusted
            b@example.test delivered 250 2.0.0 taken [example.test]
            * tlsa example.test success
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_authority_of_the_domains_own() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(authority, key);
    let issue = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &issuer).unwrap();
        let identity = Identity { issuers: vec![root.der().clone()], ..Identity::new(certificate, key) };
        Script::with_tls(Tls::With(identity))
    };
    let zone = zone(&format!("2 0 0 {}", hex(root.der())));
    // The host's name, and the recipient's domain.
    for name in ["mx1.example.test", "example.test"] {
        check(
            &zone,
            vec![issue(name)],
            expect![[r#"
                (dane) Verified outbound-dane-found
                mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
                b@example.test delivered 250 2.0.0 taken [mx1.example.test]
                * tlsa mx1.example.test success
            "#]],
        )
        .await;
    }
    check(
        &zone,
        vec![issue("mx2.example.test")],
        expect![[r#"
            (dane) Verified outbound-dane-found
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-other-name StartTls outbound-tls-distrusted
            mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
            b@example.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
            * tlsa mx1.example.test certificate-host-mismatch mx1.example.test outbound-tls-other-name
        "#]],
    )
    .await;
}
