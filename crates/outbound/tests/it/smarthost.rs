//! Mail that takes another way than the recipient's MX hosts.

use std::sync::Arc;

use expect_test::expect;
use rustls::RootCertStore;
use tegami_mail::Host;
use tegami_outbound::{Order, Route, Settings, Smarthost, SmarthostTls, TlsDemand};
use tegami_proto::smtp::server::Credentials;

use crate::peer::{Identity, Script, Tls};
use crate::world::{World, story, trusting};

const ZONE: &str = "example.test. MX 0 .\nsmart.example.net. A 127.0.0.2";

fn route(settings: &mut Settings, tls: SmarthostTls) {
    let credentials = Credentials { username: "user".to_owned(), password: "secret".to_owned() };
    let smarthost = Smarthost {
        name: "smart".to_owned(),
        host: Host::parse("smart.example.net").unwrap(),
        port: settings.port,
        tls,
        credentials: Some(credentials),
        setting: "delivery.relays.smart".to_owned(),
    };
    settings.routes = vec![Route::for_all("all", Order::Always, vec![Arc::new(smarthost)])];
}

async fn world(change: impl FnOnce(&mut Script), tls: SmarthostTls) -> World {
    let identity = Identity::self_signed("smart.example.net");
    let mut roots = RootCertStore::empty();
    roots.add(identity.certificate.der().clone()).unwrap();
    let mut script = Script::with_tls(Tls::With(identity));
    script.ehlo.push("AUTH PLAIN LOGIN");
    script.replies.push(("AUTH", "235 2.7.0 welcome"));
    change(&mut script);
    trusting(ZONE, vec![script], roots, |settings| route(settings, tls)).await
}

#[tokio::test]
async fn with_starttls_and_auth() {
    let world = world(|_| {}, SmarthostTls::StartTls(TlsDemand::Verified)).await;
    let report = world.send(&["b@example.test"]).await;
    expect![[r#"
        smart.example.net 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [smart.example.net]
    "#]]
    .assert_eq(&story(&report));
    assert_eq!(world.seen[0].count("AUTH PLAIN AHVzZXIAc2VjcmV0"), 1);
    assert!(!format!("{:?}", report.record).contains("AHVzZXIAc2VjcmV0"));
}

#[tokio::test]
async fn with_implicit_tls() {
    let world = world(|script| script.implicit = true, SmarthostTls::Implicit(TlsDemand::Verified)).await;
    expect![[r#"
        smart.example.net 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [smart.example.net]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
    assert_eq!(world.seen[0].count("STARTTLS"), 0);
}

#[tokio::test]
async fn a_wrong_password_keeps_mail_waiting() {
    let world = world(
        |script| script.replies = vec![("AUTH", "535 5.7.8 wrong")],
        SmarthostTls::StartTls(TlsDemand::Verified),
    )
    .await;
    expect![[r#"
        smart.example.net 127.0.0.2 TLSv1.3 trusted Auth outbound-refused-login
        b@example.test failed Transient Auth 5.7.8 outbound-refused-login [smart.example.net]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}

#[tokio::test]
async fn a_smarthost_that_is_not_in_the_dns_keeps_mail_waiting() {
    let world =
        trusting("example.test. MX 0 .", vec![Script::default()], RootCertStore::empty(), |settings| {
            route(settings, SmarthostTls::StartTls(TlsDemand::Verified));
        })
        .await;
    expect![[r#"
        b@example.test failed Transient Destination 4.4.3 outbound-dns-failed []
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}
