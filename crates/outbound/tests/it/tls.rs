//! STARTTLS by opportunity, and where it is demanded.

use expect_test::expect;
use rustls::RootCertStore;
use tegami_outbound::TlsDemand;

use crate::peer::{Identity, Script, Tls};
use crate::world::{envelope, story, trusting, world};

const ZONE: &str = "example.test. MX 5 mx1.example.test.
    example.test. MX 10 mx2.example.test.
    mx1.example.test. A 127.0.0.2
    mx2.example.test. A 127.0.0.3";

fn roots(identity: &Identity) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(identity.certificate.der().clone()).unwrap();
    roots
}

/// Somebody else's root, so that there is something to trust.
fn other_roots() -> RootCertStore {
    roots(&Identity::self_signed("root.example.net"))
}

#[tokio::test]
async fn untrusted_still_encrypts() {
    let identity = Identity::self_signed("mx1.example.test");
    let script = Script::with_tls(Tls::With(identity));
    let world = trusting(ZONE, vec![script], other_roots(), |_| {}).await;
    let report = world.send(&["b@example.test"]).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&report));
    let tls = report.record.hosts[0].tls.as_ref().unwrap();
    let certificate = tls.certificate.as_ref().unwrap();
    assert_eq!(
        (certificate.subject.as_str(), certificate.names.join(" ")),
        ("CN=mx1.example.test", "mx1.example.test".to_owned())
    );
    assert!(report.recipients[0].peer.as_ref().unwrap().tls.as_ref().is_some_and(|tls| !tls.verified));
    let seen = world.seen[0].lines();
    let (tls, mail) =
        (seen.iter().position(|line| line == "(tls)"), seen.iter().position(|line| line.starts_with("MAIL")));
    assert!(tls.is_some() && tls < mail, "{seen:?}");
}

#[tokio::test]
async fn trusted() {
    let identity = Identity::self_signed("mx1.example.test");
    let roots = roots(&identity);
    let world = trusting(ZONE, vec![Script::with_tls(Tls::With(identity))], roots, |_| {}).await;
    let report = world.send(&["b@example.test"]).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&report));
    assert!(report.recipients[0].peer.as_ref().unwrap().tls.as_ref().is_some_and(|tls| tls.verified));
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let identity = Identity::self_signed("other.example.net");
    let roots = roots(&identity);
    let world = trusting(ZONE, vec![Script::with_tls(Tls::With(identity))], roots, |_| {}).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-other-name
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}

#[tokio::test]
async fn a_failed_handshake_falls_back_to_clear_text() {
    let world = world(ZONE, vec![Script::with_tls(Tls::Broken)], |_| {}).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2 StartTls outbound-tls-failed
        mx1.example.test 5 127.0.0.2 in clear
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}

#[tokio::test]
async fn a_demand_for_tls_forbids_clear_text() {
    let mut stories = String::new();
    for demand in [TlsDemand::Encrypted, TlsDemand::Verified] {
        let scripts = vec![Script::with_tls(Tls::Broken), Script::default()];
        let world = world(ZONE, scripts, |settings| settings.tls = demand).await;
        stories.push_str(&story(&world.send(&["b@example.test"]).await));
        assert_eq!(world.seen.iter().map(|seen| seen.count("MAIL")).sum::<usize>(), 0);
    }
    expect![[r#"
        mx1.example.test 5 127.0.0.2 StartTls outbound-tls-failed
        mx2.example.test 10 127.0.0.3 StartTls outbound-tls-not-offered
        b@example.test failed Transient StartTls 4.7.4 outbound-tls-not-offered [mx2.example.test]
        mx1.example.test 5 127.0.0.2 StartTls outbound-tls-failed
        mx2.example.test 10 127.0.0.3 StartTls outbound-tls-not-offered
        b@example.test failed Transient StartTls 4.7.4 outbound-tls-not-offered [mx2.example.test]
    "#]]
    .assert_eq(&stories);
}

#[tokio::test]
async fn a_demand_for_trust_refuses_strangers() {
    let identity = Identity::self_signed("mx1.example.test");
    let world = trusting(ZONE, vec![Script::with_tls(Tls::With(identity))], other_roots(), |settings| {
        settings.tls = TlsDemand::Verified;
    })
    .await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
        b@example.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}

async fn require_tls(
    zone: &str,
    keyword: Option<&'static str>,
    roots: impl FnOnce(&Identity) -> RootCertStore,
) -> String {
    let identity = Identity::self_signed("mx1.example.test");
    let roots = roots(&identity);
    let mut script = Script::with_tls(Tls::With(identity));
    script.ehlo.extend(keyword);
    let world = trusting(zone, vec![script, Script::default()], roots, |_| {}).await;
    let mut envelope = envelope(&["b@example.test"]);
    envelope.require_tls = true;
    story(&world.attempt(envelope).await)
}

#[tokio::test]
async fn requiretls() {
    let secure = format!("{ZONE}\n$SECURE example.test.");
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&require_tls(&secure, Some("REQUIRETLS"), roots).await);
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted Mail outbound-extension-missing
        mx2.example.test 10 127.0.0.3 StartTls outbound-tls-not-offered
        b@example.test failed Permanent Mail 5.7.30 outbound-extension-missing [mx1.example.test]
    "#]]
    .assert_eq(&require_tls(&secure, None, roots).await);
    expect![[r#"
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 StartTls outbound-tls-not-offered
        b@example.test failed Permanent StartTls 5.7.10 outbound-tls-not-offered [mx2.example.test]
    "#]]
    .assert_eq(&require_tls(&secure, Some("REQUIRETLS"), |_| other_roots()).await);
    expect![[r#"
        b@example.test failed Permanent TlsPolicy 5.7.10 outbound-requiretls-insecure-mx []
    "#]]
    .assert_eq(&require_tls(ZONE, Some("REQUIRETLS"), roots).await);
}

#[tokio::test]
async fn requiretls_forbids_the_fallback() {
    let zone = format!("{ZONE}\n$SECURE example.test.");
    let world = world(&zone, vec![Script::with_tls(Tls::Broken), Script::default()], |_| {}).await;
    let mut envelope = envelope(&["b@example.test"]);
    envelope.require_tls = true;
    expect![[r#"
        mx1.example.test 5 127.0.0.2 StartTls outbound-tls-failed
        mx2.example.test 10 127.0.0.3 StartTls outbound-tls-not-offered
        b@example.test failed Permanent StartTls 5.7.10 outbound-tls-not-offered [mx2.example.test]
    "#]]
    .assert_eq(&story(&world.attempt(envelope).await));
    assert_eq!(world.seen.iter().map(|seen| seen.count("MAIL")).sum::<usize>(), 0);
}
