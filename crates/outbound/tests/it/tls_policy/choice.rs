//! Who decides: our configuration, the author, the other domains of the same host.

use std::time::Duration;

use expect_test::expect;
use tegami_outbound::{Parcel, Settings, TlsDemand, TlsPolicies, TlsPolicy, TlsScope};

use super::lab::{Lab, Plan, ZONE, dane_ee, host, policy};
use crate::world::envelope;

fn configured(word: &str) -> impl FnOnce(&mut Settings) {
    let policies: TlsPolicies =
        [(TlsScope::parse("example.test").unwrap(), TlsPolicy::from_word(word).unwrap())]
            .into_iter()
            .collect();
    move |settings| settings.tls_policies = policies
}

/// A host with a certificate that nobody trusts, under a DANE record that it does not fit.
async fn bad(word: &str) -> Lab {
    let (script, _) = host("mx1.example.test");
    let zone =
        format!("{ZONE}$SECURE example.test.\n_PORT._tcp.mx1.example.test. TLSA 3 1 1 {}\n", "00".repeat(32));
    Plan::new(zone, vec![script]).start(configured(word)).await
}

#[tokio::test]
async fn the_configuration_stands_before_everything() {
    let mut told = String::new();
    for word in ["none", "may", "encrypt", "verify", "dane"] {
        told.push_str(&format!("[{word}]\n{}", bad(word).await.told().await));
    }
    expect![[r#"
        [none]
        (configured) Never outbound-policy-configured
        mx1.example.test 5 127.0.0.2
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        [may]
        (configured) Opportunistic outbound-policy-configured
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * no-policy-found example.test success
        [encrypt]
        (configured) Encrypted outbound-policy-configured
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * no-policy-found example.test success
        [verify]
        (configured) Verified outbound-policy-configured
        (configured) Verified outbound-policy-configured
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
        b@example.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
        * no-policy-found example.test certificate-not-trusted mx1.example.test outbound-tls-self-signed
        [dane]
        (dane) Verified outbound-dane-found
        (configured) refused 
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-dane-no-match StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 TlsPolicy outbound-dane-required
        b@example.test failed Transient TlsPolicy 4.7.5 outbound-dane-required [mx2.example.test]
        * tlsa mx1.example.test tlsa-invalid mx1.example.test outbound-dane-no-match
        * no-policy-found example.test dane-required mx2.example.test outbound-dane-required
    "#]]
    .assert_eq(&told);
}

#[tokio::test]
async fn the_configuration_with_a_good_certificate() {
    let mut told = String::new();
    for word in ["verify", "dane"] {
        let (script, identity) = host("mx1.example.test");
        let zone = format!(
            "{ZONE}$SECURE example.test.\n_PORT._tcp.mx1.example.test. TLSA {}\n",
            dane_ee(&identity)
        );
        let lab = Plan::new(zone, vec![script]).trusting(&identity).start(configured(word)).await;
        told.push_str(&format!("[{word}]\n{}", lab.told().await));
    }
    expect![[r#"
        [verify]
        (configured) Verified outbound-policy-configured
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * no-policy-found example.test success
        [dane]
        (dane) Verified outbound-dane-found
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * tlsa mx1.example.test success
    "#]]
    .assert_eq(&told);
}

const RELAXED: &[u8] = b"From: a@example.org\r\nTLS-Required: No\r\n\r\nurgent\r\n";

#[tokio::test]
async fn the_author_would_rather_have_it_arrive() {
    let (script, _) = host("mx1.example.test");
    let dane =
        format!("{ZONE}$SECURE example.test.\n_PORT._tcp.mx1.example.test. TLSA 3 1 1 {}\n", "00".repeat(32));
    let sts = format!("{ZONE}_mta-sts.example.test. TXT \"v=STSv1; id=one;\"\n");
    for zone in [dane, sts] {
        let plan = Plan::new(zone, vec![script.clone()]);
        plan.host.say(policy("enforce", "mx9.example.test"));
        let lab = plan.start(|_| {}).await;
        let report = lab.carry(envelope(&["b@example.test"]), RELAXED).await;
        expect![[r#"
            (may) Opportunistic outbound-policy-relaxed
            mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
            b@example.test delivered 250 2.0.0 taken [mx1.example.test]
            * no-policy-found example.test success
        "#]]
        .assert_eq(&lab.tell(&report));
        // REQUIRETLS outweighs it.
        let mut required = envelope(&["b@example.test"]);
        required.require_tls = true;
        let told = lab.tell(&lab.carry(required, RELAXED).await);
        assert!(told.contains("b@example.test failed"), "{told}");
        assert_eq!(lab.mail(), 1);
    }
}

#[tokio::test]
async fn the_sender_may_demand_more() {
    let mut told = String::new();
    for (trusted, least) in
        [(true, TlsDemand::Verified), (false, TlsDemand::Verified), (false, TlsDemand::Encrypted)]
    {
        let (script, identity) = host("mx1.example.test");
        let plan = Plan::new(ZONE, vec![script]);
        let plan = if trusted { plan.trusting(&identity) } else { plan };
        let lab = plan.start(configured("none")).await;
        let envelope = envelope(&["b@example.test"]);
        let next_hop = envelope.forward_paths[0].address.host().clone();
        let content = bytes::Bytes::from_static(RELAXED);
        let report =
            lab.courier.attempt_with(&Parcel { envelope, next_hop, tags: Vec::new(), content }, least).await;
        told.push_str(&format!("[{least:?}]\n{}", lab.tell(&report)));
    }
    expect![[r#"
        [Verified]
        (configured) Verified outbound-policy-configured outbound-policy-sender
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        [Verified]
        (configured) Verified outbound-policy-configured outbound-policy-sender
        (configured) Verified outbound-policy-configured outbound-policy-sender
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 Connect outbound-connect-refused
        b@example.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
        [Encrypted]
        (configured) Encrypted outbound-policy-configured outbound-policy-sender
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&told);
}

#[tokio::test]
async fn requiretls_believes_a_policy_of_mta_sts() {
    let (mut script, identity) = host("mx1.example.test");
    script.ehlo.push("REQUIRETLS");
    let zone = format!("{ZONE}_mta-sts.example.test. TXT \"v=STSv1; id=one;\"\n");
    let plan = Plan::new(zone, vec![script]).trusting(&identity);
    plan.host.say(policy("testing", "mx1.example.test"));
    let lab = plan.start(|_| {}).await;
    let mut required = envelope(&["b@example.test"]);
    required.require_tls = true;
    let report = lab.carry(required, RELAXED).await;
    expect![[r#"
        (mta-sts) Verified outbound-sts-found outbound-sts-host-named outbound-sts-testing
        mx1.example.test 5 127.0.0.2 TLSv1.3 trusted
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        * sts example.test success
    "#]]
    .assert_eq(&lab.tell(&report));
}

#[tokio::test]
async fn a_domains_policy_touches_no_other_domain_of_the_same_host() {
    let (script, _) = host("mx1.example.test");
    let zone = format!(
        "{ZONE}_mta-sts.example.test. TXT \"v=STSv1; id=one;\"\nother.test. MX 5 mx1.example.test.\n\
         third.test. MX 5 mx1.example.test.\n$SECURE third.test.\n$SECURE mx1.example.test.\n\
         _PORT._tcp.mx1.example.test. TLSA 3 1 1 {}\n",
        "00".repeat(32)
    );
    let plan = Plan::new(zone, vec![script]);
    plan.host.say(policy("enforce", "mx1.example.test"));
    let lab = plan.start(|settings| settings.limits.idle = Duration::from_secs(60)).await;
    // A session is open that authenticated nobody: the others do not get it.
    let mut told = String::new();
    for recipient in ["b@other.test", "b@other.test", "b@example.test", "b@third.test", "b@other.test"] {
        let report = lab.send(recipient).await;
        told.push_str(&lab.tell(&report));
    }
    expect![[r#"
        (may) Opportunistic 
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed
        b@other.test delivered 250 2.0.0 taken [mx1.example.test]
        * no-policy-found other.test success
        (may) Opportunistic 
        mx1.example.test 5 127.0.0.2 reused TLSv1.3 outbound-tls-self-signed
        b@other.test delivered 250 2.0.0 taken [mx1.example.test]
        (mta-sts) Verified outbound-sts-found outbound-sts-host-named
        (mta-sts) refused outbound-sts-found
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-tls-self-signed StartTls outbound-tls-distrusted
        mx2.example.test 10 127.0.0.3 TlsPolicy outbound-sts-host-not-named
        b@example.test failed Transient TlsPolicy 4.7.5 outbound-sts-host-not-named [mx2.example.test]
        * sts example.test certificate-not-trusted mx1.example.test outbound-tls-self-signed
        * sts example.test validation-failure mx2.example.test outbound-sts-host-not-named
        (dane) Verified outbound-dane-found
        mx1.example.test 5 127.0.0.2 TLSv1.3 outbound-dane-no-match StartTls outbound-tls-distrusted
        b@third.test failed Transient StartTls 4.7.5 outbound-tls-distrusted [mx1.example.test]
        * tlsa mx1.example.test tlsa-invalid mx1.example.test outbound-dane-no-match
        (may) Opportunistic 
        mx1.example.test 5 127.0.0.2 reused TLSv1.3 outbound-tls-self-signed
        b@other.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&told);
}

#[tokio::test]
async fn a_plan_tells_the_policies_and_connects_to_nobody() {
    let lab = bad("dane").await;
    let envelope = envelope(&["b@example.test"]);
    let next_hop = envelope.forward_paths[0].address.host();
    let policies = lab.courier.preview(&envelope, next_hop, &[]).await.ways.remove(0).policies;
    let sources: Vec<_> = policies.iter().map(|policy| (policy.source, policy.demand)).collect();
    assert_eq!(format!("{sources:?}"), "[(Dane, Some(Verified)), (Configured, None)]");
    assert_eq!(lab.seen[0].lines(), Vec::<String>::new());
}
