//! Policies of MTA-STS, served over HTTPS.

use std::sync::Arc;

use expect_test::{Expect, expect};
use tegami_store::{Embedded, Options, Store, Table};

use super::lab::{Lab, Plan, ZONE, answer, dane_ee, host, policy};
use crate::peer::{Identity, Script};

const RECORD: &str = "_mta-sts.example.test. TXT \"v=STSv1; id=one;\"\n";

fn zone() -> String {
    format!("{ZONE}{RECORD}")
}

/// A mail host whose certificate is trusted or not, under this policy.
async fn lab(trusted: bool, served: &str) -> Lab {
    let (script, identity) = host("mx1.example.test");
    let plan = Plan::new(zone(), vec![script]);
    let plan = if trusted { plan.trusting(&identity) } else { plan };
    plan.host.say(served);
    plan.start(|_| {}).await
}

async fn check(trusted: bool, served: &str, expect: Expect) -> usize {
    let lab = lab(trusted, served).await;
    expect.assert_eq(&lab.told().await);
    lab.mail()
}

#[tokio::test]
async fn enforce_with_a_good_certificate() {
    let lab = lab(true, &policy("enforce", "mx1.example.test")).await;
    expect![[r#"
        (mta-sts) Verified outbound-sts-found outbound-sts-host-named
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * sts example.test success
    "#]]
    .assert_eq(&lab.told().await);
    let requests = lab.host.seen.lock().unwrap().clone();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    let expected = "GET /.well-known/mta-sts.txt HTTP/1.1\r\nhost: mta-sts.example.test:PORT\r\nuser-agent: Tegami\r\n\r\n";
    let (before, after) = expected.split_once("PORT").unwrap();
    assert!(request.starts_with(before) && request.ends_with(after), "{request}");
}

#[tokio::test]
async fn enforce_with_a_bad_certificate() {
    let expect = expect![[r#"
        (mta-sts) Verified outbound-sts-found outbound-sts-host-named
        (mta-sts) Verified outbound-sts-found outbound-sts-host-named
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
        b@example.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
        * sts example.test certificate-not-trusted mx1.example.test outbound-tls-self-signed
    "#]];
    assert_eq!(check(false, &policy("enforce", "*.example.test"), expect).await, 0);
}

#[tokio::test]
async fn who_is_trusted_can_change() {
    let (script, identity) = host("mx1.example.test");
    let plan = Plan::new(zone(), vec![script]).trusting(&identity);
    plan.host.say(policy("enforce", "mx1.example.test"));
    let roots = plan.roots.clone();
    let lab = plan.start(|_| {}).await;
    lab.https.trust(rustls::RootCertStore::empty()).unwrap();
    let told = lab.told().await;
    assert!(!told.contains("outbound-sts-found"), "{told}");
    lab.https.trust(roots).unwrap();
    lab.clock.advance(86_400);
    let told = lab.told().await;
    assert!(told.contains("(mta-sts) Verified outbound-sts-found"), "{told}");
}

#[tokio::test]
async fn enforce_leaves_no_way_down() {
    let plan = Plan::new(zone(), vec![Script::default()]);
    plan.host.say(policy("enforce", "mx1.example.test"));
    let lab = plan.start(|_| {}).await;
    expect![[r#"
        (mta-sts) Verified outbound-sts-found outbound-sts-host-named
        (mta-sts) refused outbound-sts-found
        mx1.example.test 5 127.0.0.2 StartTls outbound-tls-not-offered
        mx2.example.test 10 127.0.0.3 TlsPolicy outbound-sts-host-not-named
        b@example.test failed Transient TlsPolicy 4.7.5 outbound-sts-host-not-named [mx2.example.test]
        * sts example.test starttls-not-supported mx1.example.test 
        * sts example.test validation-failure mx2.example.test outbound-sts-host-not-named
    "#]]
    .assert_eq(&lab.told().await);
    assert_eq!(lab.mail(), 0);
}

#[tokio::test]
async fn testing_delivers_and_tells() {
    let served = policy("testing", "mx9.example.test");
    check(
        true,
        &served,
        expect![[r#"
            (mta-sts) Opportunistic outbound-sts-found outbound-sts-host-not-named outbound-sts-testing
            mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * sts example.test validation-failure mx1.example.test mx-mismatch
        "#]],
    )
    .await;
    check(
        false,
        &policy("testing", "mx1.example.test"),
        expect![[r#"
            (mta-sts) Opportunistic outbound-sts-found outbound-sts-host-named outbound-sts-testing
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * sts example.test certificate-not-trusted mx1.example.test outbound-tls-self-signed
        "#]],
    )
    .await;
}

#[tokio::test]
async fn the_mode_none_asks_for_nothing() {
    check(
        false,
        &policy("none", "mx1.example.test"),
        expect![[r#"
            (may) Opportunistic 
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * no-policy-found example.test success
        "#]],
    )
    .await;
}

/// What stands in the place of a policy is none: delivered by opportunity, and told.
#[tokio::test]
async fn what_is_no_policy_enforces_nothing() {
    let mut told = String::new();
    let moved = "HTTP/1.1 301 Moved\r\nLocation: https://www.example.test/\r\nContent-Length: 0\r\n\r\n";
    let page = answer("<html></html>").replace("text/plain", "text/html");
    for served in
        [moved, &page, &answer("version: STSv2"), &answer(&" ".repeat(70_000)), "SSH-2.0-Other\r\n\r\n"]
    {
        let lab = lab(false, served).await;
        let story = lab.told().await;
        assert!(story.contains("b@example.test delivered"), "{story}");
        told.push_str(story.lines().find(|line| line.starts_with("* sts")).unwrap_or(&story));
        told.push('\n');
    }
    expect![[r#"
        * sts example.test sts-policy-fetch-error  the answer is 301, not 200
        * sts example.test sts-policy-fetch-error  the answer is `text/html; charset=utf-8`, not text/plain
        * sts example.test sts-policy-invalid  there is no `version: STSv1`
        * sts example.test sts-policy-fetch-error  the answer has more than 65536 octets
        * sts example.test sts-policy-fetch-error  no answer: invalid HTTP version parsed
    "#]]
    .assert_eq(&told);
}

#[tokio::test]
async fn the_policy_host_needs_a_certificate_of_its_name() {
    let (script, _) = host("mx1.example.test");
    let other = Identity::self_signed("www.example.test");
    let plan = Plan { policy_host: other.clone(), ..Plan::new(zone(), vec![script]) }.trusting(&other);
    plan.host.say(policy("enforce", "mx9.example.test"));
    let lab = plan.start(|_| {}).await;
    let told = lab.told().await;
    assert!(
        told.contains("b@example.test delivered") && told.contains("* sts example.test sts-webpki-invalid"),
        "{told}"
    );
}

#[tokio::test]
async fn a_broken_policy_host_is_not_asked_for_every_message() {
    let lab = lab(false, "").await;
    lab.host.be_silent();
    for minutes in [0, 0, 2, 2] {
        lab.clock.advance(minutes * 60);
        lab.told().await;
    }
    assert_eq!(lab.host.requests(), 1);
    lab.clock.advance(120);
    lab.host.say(policy("enforce", "mx9.example.test"));
    assert!(lab.told().await.contains("outbound-sts-host-not-named"));
    assert_eq!(lab.host.requests(), 2);
}

#[tokio::test]
async fn a_policy_outlives_its_host_and_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
    let start = |zone: String| {
        let (script, _) = host("mx1.example.test");
        Plan { store: Some(Arc::clone(&store)), ..Plan::new(zone, vec![script]) }
    };
    let plan = start(zone());
    plan.host.say(policy("enforce", "mx1.example.test"));
    let lab = plan.start(|_| {}).await;
    lab.told().await;
    assert_eq!(lab.host.requests(), 1);
    drop(lab);
    // Another run: neither record nor policy can be had any more, or another is announced that cannot be fetched.
    for zone in
        [ZONE.to_owned(), format!("{ZONE}$SERVFAIL _mta-sts.example.test.\n"), zone().replace("one", "two")]
    {
        let lab = start(zone).start(|_| {}).await;
        let told = lab.told().await;
        assert!(told.starts_with("(mta-sts) Verified"), "{told}");
        assert_eq!(lab.mail(), 0);
        // Until it is too old.
        lab.clock.advance(604_800);
        let told = lab.told().await;
        assert!(told.starts_with("(may) Opportunistic"), "{told}");
    }
    // A day later it is fetched again, which makes it younger.
    let plan = start(zone());
    plan.host.say(policy("testing", "mx1.example.test"));
    let lab = plan.start(|_| {}).await;
    lab.clock.advance(86_400);
    let now = tegami_mail::Clock::now(&lab.clock);
    assert_eq!(lab.courier.mta_sts().unwrap().refresh(now).await, 1);
    assert_eq!(lab.courier.mta_sts().unwrap().refresh(now).await, 0);
    lab.clock.advance(604_000);
    assert!(lab.told().await.contains("outbound-sts-testing"));
    // The domain takes it back.
    let plan = start(zone().replace("one", "three"));
    plan.host.say(policy("none", "mx1.example.test"));
    let lab = plan.start(|_| {}).await;
    assert!(lab.told().await.starts_with("(may)"));
    assert_eq!(store.get(Table::MtaStsPolicies, "example.test").await.unwrap(), None);
}

#[tokio::test]
async fn another_identifier_means_another_policy() {
    let lab = lab(true, &policy("enforce", "mx1.example.test")).await;
    lab.told().await;
    lab.clock.advance(3_600);
    lab.told().await;
    assert_eq!(lab.host.requests(), 1, "the identifier is the same");
}

#[tokio::test]
async fn dane_comes_before_mta_sts() {
    let (script, identity) = host("mx1.example.test");
    let plan = Plan::new(
        format!(
            "{}$SECURE example.test.\n_PORT._tcp.mx1.example.test. TLSA {}\n",
            zone(),
            dane_ee(&identity)
        ),
        vec![script],
    );
    plan.host.say(policy("enforce", "mx9.example.test"));
    let lab = plan.start(|_| {}).await;
    expect![[r#"
        (dane) Verified outbound-dane-found
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * tlsa mx1.example.test success
    "#]]
    .assert_eq(&lab.told().await);
    assert_eq!(lab.host.requests(), 0);
}
