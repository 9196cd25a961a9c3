use expect_test::{Expect, expect};
use tegami_dns::ZoneResolver;

use super::set::provider;
use super::*;
use crate::checks::fixture::World;
use crate::probe::NoProbes;
use crate::{Asked, Case, Known, Reach};

/// The findings of one check of `domain`: state, subject, evidence and the records of each choice.
fn told(findings: &[Finding], check: &str) -> String {
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| finding.check.id == check) {
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        line(format!("{} {} {}", finding.state.as_str(), finding.subject, finding.note.id));
        finding.evidence.iter().for_each(|evidence| line(format!("  {evidence}")));
        for choice in finding.fix.iter().flat_map(|fix| &fix.choices) {
            line("  fix".to_owned());
            for change in choice {
                line(format!("    {:?} {} {} {}", change.operation, change.name, change.kind, change.value));
            }
        }
    }
    text
}

async fn check(delta: &str, id: &str, expect: Expect) {
    expect.assert_eq(&told(&World::base().examine(delta).await, id));
}

#[tokio::test]
async fn fixes_are_whole_records() {
    check(
        "example.com. MX 10 192.0.2.77",
        "mx.not-ip",
        expect![[r#"
        fail 192.0.2.77.example.com mx-not-ip-address
          example.com MX 10 192.0.2.77.example.com.
          fix
            Delete example.com MX 10 192.0.2.77.example.com.
            Add mail.example.com A 192.0.2.77
            Add example.com MX 10 mail.example.com.
        pass mx1.example.com mx-not-ip
        pass mx2.example.com mx-not-ip
    "#]],
    )
    .await;
    check(
        "- mx2 A\nmx2 CNAME a.example.net.\na.example.net. CNAME b.example.net.\nb.example.net. A 198.51.100.20",
        "mx.no-cname",
        expect![[r#"
            fail mx2.example.com mx-no-cname-alias
              mx2.example.com CNAME a.example.net.
              a.example.net CNAME b.example.net.
              fix
                Delete example.com MX 20 mx2.example.com.
                Add example.com MX 20 b.example.net.
              fix
                Delete mx2.example.com CNAME a.example.net.
                Add mx2.example.com A 198.51.100.20
            pass mx1.example.com mx-no-cname
        "#]],
    )
    .await;
    check(
        "example.com. MX 30 mx9.example.com.",
        "mx.resolves",
        expect![[r#"
        fail mx9.example.com mx-resolves-none
          example.com MX 30 mx9.example.com.
          fix
            Delete example.com MX 30 mx9.example.com.
        pass mx1.example.com mx-resolves
          192.0.2.10
          2001:db8::10
        pass mx2.example.com mx-resolves
          198.51.100.20
    "#]],
    )
    .await;
    check(
        "example.com. MX 30 mx1.example.com.example.com.",
        "mx.syntax",
        expect![[r#"
        fail mx1.example.com.example.com mx-syntax-doubled
          example.com MX 30 mx1.example.com.example.com.
          fix
            Delete example.com MX 30 mx1.example.com.example.com.
            Add example.com MX 30 mx1.example.com.
        pass mx1.example.com mx-syntax
        pass mx2.example.com mx-syntax
    "#]],
    )
    .await;
}

#[tokio::test]
async fn fixes_of_sets_are_whole_records() {
    check(
        "example.com. MX 0 .",
        "mx.null",
        expect![[r#"
        fail example.com mx-null-mixed
          example.com MX 0 .
          example.com MX 10 mx1.example.com.
          example.com MX 20 mx2.example.com.
          fix
            Delete example.com MX 0 .
          fix
            Delete example.com MX 10 mx1.example.com.
            Delete example.com MX 20 mx2.example.com.
    "#]],
    )
    .await;
    check(
        "example.com. MX 5 backup.example.com.\nbackup A 203.0.113.7",
        "mx.prefs-order",
        expect![[r#"
            warn example.com mx-prefs-order-backup
              example.com MX 5 backup.example.com.
              example.com MX 10 mx1.example.com.
              example.com MX 20 mx2.example.com.
              fix
                Delete example.com MX 5 backup.example.com.
                Add example.com MX 30 backup.example.com.
        "#]],
    )
    .await;
    check(
        "example.com. MX 10 backup.example.com.\nbackup A 203.0.113.7",
        "mx.prefs-order",
        expect![[r#"
            warn example.com mx-prefs-order-backup
              example.com MX 10 backup.example.com.
              example.com MX 10 mx1.example.com.
              example.com MX 20 mx2.example.com.
              fix
                Delete example.com MX 10 backup.example.com.
                Add example.com MX 30 backup.example.com.
        "#]],
    )
    .await;
    check(
        "- example.com. MX\nexample.com. MX 10 aspmx.l.google.com.\nexample.com. MX 10 mx1.example.com.\naspmx.l.google.com. A 203.0.113.5",
        "mx.provider",
        expect![[r#"
            warn example.com mx-provider-split
              example.com MX 10 aspmx.l.google.com.
              example.com MX 10 mx1.example.com.
              fix
                Delete example.com MX 10 mx1.example.com.
              fix
                Delete example.com MX 10 aspmx.l.google.com.
        "#]],
    )
    .await;
}

/// A subdomain that sends may have the MX records of the domain above.
#[tokio::test]
async fn a_subdomain_may_share_the_hosts_above() {
    let zone = "
        example.com. MX 10 mx1.example.com.
        example.com. MX 20 mx2.example.com.
        news.example.com. A 192.0.2.80
        news.example.com. TXT \"v=spf1 a ~all\"";
    let case = Case {
        asked: std::sync::Arc::new(Asked::new(std::sync::Arc::new(ZoneResolver::from_text(zone).unwrap()))),
        probes: std::sync::Arc::new(NoProbes),
        known: Known::nothing("2026-11-21T12:00:00Z".parse().unwrap(), Reach::Documentation),
    };
    let news = Domain::parse("news.example.com").unwrap();
    let findings = crate::domain(&news, case, &|_| {}).await.findings;
    expect![[r#"
        warn news.example.com mx-from-domain-implicit
          news.example.com 192.0.2.80
          fix
            Add news.example.com MX 10 mx1.example.com.
            Add news.example.com MX 20 mx2.example.com.
          fix
            Add news.example.com MX 10 news.example.com.
    "#]]
    .assert_eq(&told(&findings, "mx.from-domain"));
}

#[test]
fn providers_are_known_by_the_ends_of_names() {
    let title = |host: &str| provider(&DnsName::parse(host).unwrap()).map(|(_, title)| title);
    assert_eq!(title("aspmx.l.google.com"), Some("Gmail and Google Workspace"));
    assert_eq!(title("mxa.eu.mailgun.org"), Some("Mailgun"));
    assert_eq!(title("www1234.sakura.ne.jp"), Some("さくらインターネット"));
    assert_eq!(title("inbound-smtp.eu-west-1.amazonaws.com"), Some("Amazon SES"));
    assert_eq!(title("ec2-192-0-2-1.compute-1.amazonaws.com"), None);
    assert_eq!(title("mx.example.org"), None);
}
