use std::time::Duration;

use expect_test::{Expect, expect};
use tegami_mail::Reply;
use tegami_proto::smtp::client::Capabilities;

use crate::State;
use crate::checks::fixture::{Fixture, World, answered};
use crate::probe::{Injection, LineEnd, StartTls, Unprobed};

pub(crate) fn fixtures() -> Vec<Fixture> {
    [sessions(), of_ours()].into_iter().flatten().collect()
}

fn sessions() -> Vec<Fixture> {
    let refuse = |world: &mut World| {
        world.table.smtp.insert("mx1.example.com".to_owned(), Err(Unprobed::Refused));
    };
    vec![
        Fixture::pass("smtp.connect", ""),
        Fixture::fail("smtp.connect", "").with(refuse),
        Fixture::fail("smtp.connect", "").with(|world| {
            world.table.smtp.insert("mx1.example.com".to_owned(), Err(Unprobed::Timeout));
        }),
        // Nobody answers: that may be our own network.
        Fixture::unknown("smtp.connect", "").with(|world| world.nobody(&Unprobed::Timeout)),
        Fixture::fail("smtp.connect", "").with(|world| world.nobody(&Unprobed::Refused)),
        Fixture::na("smtp.connect", "").with(|world| world.nobody(&Unprobed::Off)),
        Fixture::na("smtp.connect", "- example.com. MX"),
        Fixture::pass("smtp.banner", ""),
        Fixture::fail("smtp.banner", "").with(|world| world.greets(554, "no SMTP service here")),
        Fixture::warn("smtp.banner", "").with(|world| world.greets(220, "ESMTP ready")),
        Fixture::pass("smtp.banner", "").with(|world| world.greets(220, "[192.0.2.10] ESMTP")),
        Fixture::warn("smtp.banner", "").with(|world| {
            world.mx1().transcript = vec![format!("< 220 mx1.example.com {}", "x".repeat(600))];
        }),
        Fixture::unknown("smtp.banner", "").with(|world| world.greets(421, "too busy")),
        Fixture::unknown("smtp.banner", "").with(|world| {
            world.greets(554, "5.7.1 192.0.2.99 is listed, see https://www.spamhaus.org/query");
        }),
        Fixture::unknown("smtp.banner", "")
            .with(|world| world.nobody(&Unprobed::Silent(Duration::from_secs(60)))),
        Fixture::fail("smtp.banner", "")
            .with(|world| world.nobody(&Unprobed::NoSmtp("not a reply: HTTP".to_owned()))),
        Fixture::pass("smtp.banner-name", ""),
        Fixture::info("smtp.banner-name", "").with(|world| world.greets(220, "other.example.net ESMTP")),
        Fixture::pass("smtp.banner-name", "10.2.0.192.in-addr.arpa. PTR host7.example.net.")
            .with(|world| world.greets(220, "host7.example.net ESMTP")),
        Fixture::pass("smtp.greet-delay", ""),
        Fixture::info("smtp.greet-delay", "")
            .with(|world| world.mx1().greeted_after = Duration::from_secs(32)),
        Fixture::fail("smtp.greet-delay", "")
            .with(|world| world.mx1().greeted_after = Duration::from_secs(301)),
        Fixture::unknown("smtp.greet-delay", "")
            .with(|world| world.nobody(&Unprobed::Silent(Duration::from_secs(60)))),
        Fixture::pass("smtp.early-talker", ""),
        Fixture::fail("smtp.early-talker", "")
            .with(|world| world.mx1().transcript.insert(0, "> EHLO early.example.com".to_owned())),
        Fixture::pass("smtp.ehlo", ""),
        Fixture::warn("smtp.ehlo", "").with(|world| {
            let seen = world.mx1();
            (seen.offered, seen.offered_under_tls) = (Some(Capabilities::default()), None);
            seen.tls = StartTls::NotOffered;
        }),
        Fixture::fail("smtp.ehlo", "").with(|world| {
            let seen = world.mx1();
            (seen.offered, seen.offered_under_tls, seen.tls) = (None, None, StartTls::Unreached);
            seen.transcript.push("< 550 no".to_owned());
        }),
        Fixture::pass("smtp.size", ""),
        Fixture::warn("smtp.size", "").with(|world| world.offers(&["SIZE 5000000", "STARTTLS"])),
        Fixture::info("smtp.size", "").with(|world| world.offers(&["SIZE 0", "STARTTLS"])),
        Fixture::pass("smtp.blocklist-of-us", ""),
        Fixture::info("smtp.blocklist-of-us", "").with(|world| {
            world.greets(554, "5.7.1 Service unavailable; client blocked using zen.spamhaus.org");
        }),
        // A host of that name is no list.
        Fixture::pass("smtp.blocklist-of-us", "")
            .with(|world| world.greets(554, "marble.example.com says no")),
    ]
}

fn of_ours() -> Vec<Fixture> {
    let ours = |world: &mut World| {
        world.ours();
    };
    vec![
        Fixture::na("smtp.open-relay", ""),
        Fixture::pass("smtp.open-relay", "").with(ours),
        Fixture::fail("smtp.open-relay", "").with(|world| world.ours().relay[0].reply.code = 250),
        Fixture::fail("smtp.open-relay", "").with(|world| world.ours().relay[1].reply.code = 250),
        Fixture::fail("smtp.open-relay", "").with(|world| world.ours().relay[2].reply.code = 250),
        // A domain that takes every local-part relays nothing.
        Fixture::pass("smtp.open-relay", "").with(|world| {
            world.ours().relay[1].reply.code = 250;
            answered(&mut world.ours().unknown, 250);
        }),
        Fixture::warn("smtp.open-relay", "").with(|world| {
            world.ours().relay[0].reply.code = 250;
            world.ours().from_itself = true;
        }),
        Fixture::pass("smtp.vrfy-expn", "").with(ours),
        Fixture::warn("smtp.vrfy-expn", "")
            .with(|world| world.ours().vrfy[0].reply = Reply::plain(250, "<postmaster@example.com>")),
        Fixture::pass("smtp.bare-lf", "").with(ours),
        Fixture::pass("smtp.bare-lf", "")
            .with(|world| world.ours().line_ends[0].1 = LineEnd::Refused(Reply::plain(550, "bare LF"))),
        Fixture::fail("smtp.bare-lf", "")
            .with(|world| world.ours().line_ends[0].1 = LineEnd::Ended(Reply::plain(250, "queued"))),
        Fixture::unknown("smtp.bare-lf", "").with(|world| world.ours().line_ends.clear()),
        Fixture::pass("smtp.starttls-injection", "").with(ours),
        Fixture::fail("smtp.starttls-injection", "")
            .with(|world| world.ours().injection = Some(Injection::Obeyed(Reply::plain(250, "ok")))),
        Fixture::pass("smtp.starttls-injection", "")
            .with(|world| world.ours().injection = Some(Injection::Refused(Reply::plain(523, "no")))),
        Fixture::pass("smtp.postmaster", "").with(ours),
        Fixture::fail("smtp.postmaster", "").with(|world| world.ours().postmaster[1].reply.code = 550),
        Fixture::unknown("smtp.postmaster", "").with(|world| world.ours().postmaster[0].reply.code = 450),
        Fixture::pass("smtp.abuse", "").with(ours),
        Fixture::warn("smtp.abuse", "").with(|world| answered(&mut world.ours().abuse, 550)),
        Fixture::pass("smtp.null-sender", "").with(ours),
        Fixture::fail("smtp.null-sender", "").with(|world| answered(&mut world.ours().null_sender, 550)),
        // One cause, one finding: the postmaster refuses everybody.
        Fixture::na("smtp.null-sender", "").with(|world| {
            world.ours().postmaster[0].reply.code = 550;
            answered(&mut world.ours().null_sender, 550);
        }),
        Fixture::pass("smtp.backscatter", "").with(ours),
        Fixture::warn("smtp.backscatter", "").with(|world| answered(&mut world.ours().unknown, 250)),
        Fixture::unknown("smtp.backscatter", "").with(|world| answered(&mut world.ours().unknown, 450)),
        Fixture::pass("smtp.auth-on-25", "").with(ours),
        Fixture::fail("smtp.auth-on-25", "").with(|world| {
            world.ours();
            world.offers(&["STARTTLS", "AUTH PLAIN LOGIN"]);
        }),
        Fixture::info("smtp.auth-on-25", "").with(|world| {
            world.ours();
            let lines = ["mx1.example.com", "AUTH PLAIN"].map(str::to_owned);
            world.mx1().offered_under_tls = Some(Capabilities::read(&lines));
        }),
        Fixture::na("smtp.auth-on-25", "").with(|world| world.offers(&["STARTTLS", "AUTH PLAIN LOGIN"])),
        Fixture::pass("smtp.limits", "").with(ours),
        Fixture::info("smtp.limits", "").with(|world| world.ours().sessions = Some((3, 8))),
    ]
}

/// What is found at the first host, apart from what is well.
async fn check(change: fn(&mut World), expected: &Expect) {
    let findings = Fixture::pass("smtp.connect", "- _25._tcp").with(change).findings().await;
    let families = ["smtp", "tls", "sts", "dane"];
    let told = findings.iter().filter(|finding| {
        let family = finding.check.id.split('.').next().unwrap();
        families.contains(&family) && finding.state >= State::Info && finding.subject.contains("mx1")
    });
    let told: Vec<String> = told
        .map(|finding| {
            format!("{} {:?} {:?} {}\n", finding.check.id, finding.state, finding.severity, finding.note.id)
        })
        .collect();
    expected.assert_eq(&told.concat());
}

/// Today's tools make three red rows of a host that lets strangers wait.
#[tokio::test]
async fn a_late_greeting_is_told_once_and_not_in_red() {
    check(
        |world| world.mx1().greeted_after = Duration::from_secs(32),
        &expect![[r#"
        dane.tlsa Info S4 dane-none
        smtp.greet-delay Info S0 smtp-greet-delay-meant
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_host_that_lists_us_is_not_at_fault() {
    check(
        |world| world.greets(554, "5.7.1 blocked using zen.spamhaus.org"),
        &expect![[r#"
        smtp.banner Unknown S2 smtp-banner-listed
        smtp.blocklist-of-us Info S0 smtp-blocklist-of-us-named
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_host_without_tls_is_told_once() {
    check(
        |world| {
            world.offers(&["SIZE 52428800"]);
            world.mx1().tls = StartTls::NotOffered;
            world.mx1().offered_under_tls = None;
        },
        &expect![[r#"
            tls.starttls Fail S4 tls-starttls-none
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_expired_certificate_under_mta_sts_is_told_once() {
    check(
        |world| {
            let old =
                crate::checks::fixture::certificate_of(&["mx1.example.com"], (2025, 1, 1), (2026, 1, 1));
            world.shows(old, Some(crate::probe::Distrust::Expired));
        },
        &expect![[r#"
            sts.mx-cert Fail S4 sts-mx-cert-expired
            dane.tlsa Info S4 dane-none
        "#]],
    )
    .await;
}
