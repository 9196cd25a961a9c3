//! How the hosts behave.

use expect_test::{Expect, expect};
use tegami_dns::{DnsName, Resolver};
use tegami_lab::{HostPlan, World};

use crate::town::{NOWHERE, Town, WAIT, content};

/// A message to `to` at the large provider over TLS: its reply, and the mailbox where it lies.
async fn check(town: &Town, from: HostPlan, reverse_path: &str, to: &str, content: &str, expected: &Expect) {
    let client = town.connect_securely(from, World::BIGMAIL).await.unwrap();
    let said = client.mail(reverse_path, &format!("{to}@bigmail.test"), content).await;
    let visit = town.last_visit().await;
    assert_eq!(visit.reply, said);
    assert_eq!(visit.accepted, visit.mailbox.is_some());
    let mailbox = visit.mailbox.unwrap_or("nowhere");
    expected.assert_eq(&format!("{said} -> {mailbox}"));
}

#[tokio::test]
async fn a_large_provider() {
    let town = Town::open().await;
    let partner = content("a@partner.test");
    check(&town, NOWHERE, "a@partner.test", "hanako", &partner, &expect!["550 5.7.25 127.42.0.99 has no PTR record whose name points back to it; this provider wants one -> nowhere"]).await;
    check(
        &town,
        World::PARTNER,
        "a@partner.test",
        "nobody",
        &partner,
        &expect!["550 5.1.1 No account has the address nobody@bigmail.test -> nowhere"],
    )
    .await;
    check(
        &town,
        World::PARTNER,
        "a@partner.test",
        "Hanako",
        &partner,
        &expect!["250 2.0.0 Ok: mx1.bigmail.test has it -> INBOX"],
    )
    .await;
    let unauthenticated = content("x@newshop.test");
    check(&town, World::SPOOFER, "x@newshop.test", "hanako", &unauthenticated, &expect!["550 5.7.26 The sender newshop.test is not authenticated: DKIM none, SPF [newshop.test] with ip 127.42.0.66 none; this provider wants SPF or DKIM to pass -> nowhere"]).await;
    let spoofed = content("service@bank.test");
    check(&town, World::SPOOFER, "x@spoofer.test", "hanako", &spoofed, &expect!["550 5.7.26 The DMARC policy of bank.test asks to reject this message: DKIM none, SPF [spoofer.test] with ip 127.42.0.66 pass -> nowhere"]).await;
    // SPF passes for a domain that is not the author's: the owner of one asks for nothing, that of the other has not published anything.
    let unaligned = content("x@bigmail.test");
    check(
        &town,
        World::SPOOFER,
        "x@spoofer.test",
        "hanako",
        &unaligned,
        &expect!["250 2.0.0 Ok: mx1.bigmail.test has it -> Junk"],
    )
    .await;
    check(
        &town,
        World::SPOOFER,
        "x@spoofer.test",
        "hanako",
        &unauthenticated,
        &expect!["250 2.0.0 Ok: mx1.bigmail.test has it -> Junk"],
    )
    .await;
    let malformed = format!("From: b@partner.test\n{partner}");
    check(
        &town,
        World::PARTNER,
        "a@partner.test",
        "hanako",
        &malformed,
        &expect!["550 5.7.1 The message must have exactly one From field (RFC 5322 section 3.6) -> nowhere"],
    )
    .await;
    town.internet.stop().await;
}

#[tokio::test]
async fn a_large_provider_wants_tls() {
    let town = Town::open().await;
    let client = town.connect(World::PARTNER, World::BIGMAIL).await.unwrap();
    let said = client.mail("a@partner.test", "hanako@bigmail.test", &content("a@partner.test")).await;
    assert!(said.starts_with("550 5.7.29"), "{said}");
    let visit = town.last_visit().await;
    assert_eq!((visit.tls, visit.accepted), (None, false));
    assert_eq!(visit.message_id.as_deref(), Some("1@partner.test"));
    let client = town.connect(World::PARTNER, World::BIGMAIL).await.unwrap();
    let said = client.mail("a@partner.test", "b@example.org", "").await;
    assert!(said.starts_with("550 5.7.1 Relaying denied"), "{said}");
}

#[tokio::test]
async fn a_host_that_greylists() {
    let town = Town::open().await;
    let mut said = Vec::new();
    for _ in 0..3 {
        let client = town.connect_securely(World::PARTNER, World::GREY).await.unwrap();
        said.push(client.mail("a@partner.test", "b@grey.test", &content("a@partner.test")).await);
        town.wait(WAIT / 2);
    }
    expect![[r#"
        451 4.7.1 Greylisted: come again in 60 s
        451 4.7.1 Greylisted: come again in 60 s
        250 2.0.0 Ok: mx.grey.test has it"#]]
    .assert_eq(&said.join("\n"));
    // Somebody else is a stranger again.
    let client = town.connect_securely(World::SPOOFER, World::GREY).await.unwrap();
    let said = client.mail("a@partner.test", "b@grey.test", &content("a@partner.test")).await;
    assert!(said.starts_with("451"), "{said}");
}

#[tokio::test]
async fn hosts_that_take_everything_and_one_that_is_dead() {
    let town = Town::open().await;
    for (host, domain) in [(World::PARTNER, "partner.test"), (World::ALIVE, "deadmx.test")] {
        let client = town.connect_securely(World::SPOOFER, host).await.unwrap();
        let said = client.mail("", &format!("b@{domain}"), &content("x@bank.test")).await;
        assert!(said.starts_with("250"), "{said}");
        assert_eq!(town.last_visit().await.mailbox, Some("INBOX"));
    }
    let refused = town.connect(World::SITE, World::DEAD).await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn only_what_the_authority_signed_is_trusted() {
    let town = Town::open().await;
    for host in [World::BIGMAIL, World::GREY, World::ALIVE, World::PARTNER] {
        assert!(town.connect_securely(World::SITE, host).await.is_ok(), "{}", host.name);
    }
    let refused = town.connect_securely(World::SITE, World::SELFSIGNED).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
}

#[tokio::test]
async fn the_dns_answers_as_the_map_says() {
    let town = Town::open().await;
    let ask: &dyn Resolver = &*town.internet.resolver;
    let name = |text: &str| DnsName::parse(text).unwrap();
    let mut told = String::new();
    for domain in ["deadmx.test", "nullmx.test", "spoofer.test", "nowhere.test"] {
        let answer = match ask.mx(&name(domain)).await {
            Ok(hosts) => hosts.iter().map(|host| format!("{} {}", host.preference, host.exchange)).collect(),
            Err(error) => vec![error.to_string()],
        };
        told += &format!("{domain}: {}\n", answer.join(", "));
    }
    expect![[r#"
        deadmx.test: 10 mx1.deadmx.test, 20 mx2.deadmx.test
        nullmx.test: 0 
        spoofer.test: NODATA
        nowhere.test: NXDOMAIN
    "#]]
    .assert_eq(&told);
    let site = ask.a(&name(World::SITE.name)).await.unwrap();
    assert_eq!(site, [World::SITE.ip]);
}
