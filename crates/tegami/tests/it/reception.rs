//! Mail from other ADMDs, true and forged, as their domains' records judge it.

use std::net::IpAddr;

use crate::domain::request;
use crate::site::{HOSTNAME, Plan, Site};
use crate::wire::Wire;

/// Where the bank's mail comes from.
const BANK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 43, 30, 1));
/// Where forged mail comes from.
const FORGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 43, 30, 66));

const ZONE: &str = "
bank.test.             TXT \"v=spf1 ip4:127.43.30.1 -all\"
bank.test.             MX 10 mx.bank.test.
mx.bank.test.          A 127.43.30.1
1.30.43.127.in-addr.arpa. PTR mx.bank.test.
_dmarc.bank.test.      TXT \"v=DMARC1; p=reject\"
shop.test.             TXT \"v=spf1 ip4:127.43.30.1 ~all\"
_dmarc.shop.test.      TXT \"v=DMARC1; p=quarantine\"
club.test.             TXT \"v=spf1 ip4:127.43.30.1 ?all\"
_dmarc.club.test.      TXT \"v=DMARC1; p=none\"
forger.test.           TXT \"v=spf1 ip4:127.43.30.66 -all\"
";

fn site(tables: &str) -> Site {
    let site = Site::start(&Plan { zone: ZONE.to_owned(), tables: tables.to_owned(), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    site
}

/// The last reply to a message by `author` with `reverse_path` from `ip`.
fn send(site: &Site, ip: IpAddr, reverse_path: &str, author: &str, fields: &str) -> String {
    let mut wire = Wire::connect_from(ip, site.smtp()).unwrap();
    wire.command("EHLO client.test").unwrap();
    let content = format!(
        "{fields}From: {author}\r\nTo: alice@sender.test\r\nSubject: statement\r\nMessage-ID: <1@client.test>\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    );
    wire.send(reverse_path, &["alice@sender.test"], &content).unwrap()
}

#[test]
fn a_forged_author_is_refused_by_dmarc() {
    let site = site("");
    let reply = send(&site, FORGER, "bounce@forger.test", "service@bank.test", "");
    assert!(reply.starts_with("550 5.7.1 "), "{reply}");
    assert!(reply.contains("DMARC of bank.test") && reply.contains("SPF pass for forger.test"), "{reply}");
    assert_eq!(site.count("alice@sender.test", "INBOX") + site.count("alice@sender.test", "Junk"), 0);
}

#[test]
fn a_forged_reverse_path_is_refused_before_data() {
    let site = site("");
    let mut wire = Wire::connect_from(FORGER, site.smtp()).unwrap();
    wire.command("EHLO client.test").unwrap();
    wire.command("MAIL FROM:<service@bank.test>").unwrap();
    let reply = wire.command("RCPT TO:<alice@sender.test>").unwrap();
    assert!(reply.starts_with("550 5.7.23 ") && reply.contains("bank.test"), "{reply}");
}

#[test]
fn quarantine_is_junk() {
    let site = site("");
    let reply = send(&site, FORGER, "bounce@forger.test", "news@shop.test", "");
    assert!(reply.starts_with("250 "), "{reply}");
    let message = site.mail("alice@sender.test", "Junk");
    assert!(message.contains("dmarc=fail"), "{message}");
    assert_eq!(site.count("alice@sender.test", "INBOX"), 0);
}

/// Each domain says what becomes of spam. One reply speaks for all recipients, so those of a domain that does otherwise come in a transaction of their own.
#[test]
fn spam_goes_by_the_domain_of_each_recipient() {
    let site = site("[domains.\"other.test\"]\n");
    site.add_user("bob@other.test", "correct horse");
    let key = site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    let spam = || send(&site, FORGER, "bounce@forger.test", "news@shop.test", "");
    for (action, reply) in
        [("delete", "250 2.0.0 Ok, but this looks like spam"), ("block", "550 5.7.1 This looks like spam")]
    {
        let (status, told) =
            request(&site, &key, "PUT", "/v4/domains/sender.test", &format!("spam_action={action}"));
        assert_eq!(status, 200, "{told}");
        let said = spam();
        assert!(said.starts_with(reply), "{action}: {said}");
        assert_eq!(site.count("alice@sender.test", "Junk"), 0);
        let mut wire = Wire::connect_from(FORGER, site.smtp()).unwrap();
        wire.command("EHLO client.test").unwrap();
        wire.command("MAIL FROM:<bounce@forger.test>").unwrap();
        let mut replies = |to: &str| wire.command(&format!("RCPT TO:<{to}>")).unwrap()[..9].to_owned();
        assert_eq!(
            (replies("bob@other.test"), replies("alice@sender.test"), replies("bob@other.test")),
            ("250 2.1.5".to_owned(), "452 4.5.3".to_owned(), "250 2.1.5".to_owned()),
            "{action}"
        );
    }
    let (status, _) = request(&site, &key, "PUT", "/v4/domains/sender.test", "spam_action=disabled");
    assert_eq!((status, spam().starts_with("250 ")), (200, true));
    site.mail("alice@sender.test", "Junk");
}

#[test]
fn none_is_inbox_with_results() {
    let site = site("");
    let reply = send(&site, FORGER, "bounce@forger.test", "chair@club.test", "");
    assert!(reply.starts_with("250 "), "{reply}");
    let message = site.mail("alice@sender.test", "INBOX");
    assert!(message.contains(&format!("Authentication-Results: {HOSTNAME};")), "{message}");
    assert!(message.contains("dmarc=fail") && message.contains("spf=pass"), "{message}");
    assert!(message.starts_with("Return-Path: <bounce@forger.test>\r\n"), "{message}");
}

#[test]
fn true_mail_arrives_without_results_forged_in_our_name() {
    let site = site("");
    let forged = format!(
        "Authentication-Results: {HOSTNAME}; dkim=pass header.d=forged.test\r\n\
         Authentication-Results: (a comment) \"MAIL.sender.TEST\" 1; dkim=pass\r\n header.d=forged.test\r\n\
         Authentication-Results: elsewhere.test; dkim=pass header.d=kept.test\r\n"
    );
    let reply = send(&site, BANK, "service@bank.test", "service@bank.test", &forged);
    assert!(reply.starts_with("250 "), "{reply}");
    let message = site.mail("alice@sender.test", "INBOX");
    assert!(message.contains("spf=pass") && message.contains("dmarc=pass"), "{message}");
    assert!(message.contains("iprev=pass"), "{message}");
    assert!(!message.contains("forged.test") && message.contains("kept.test"), "{message}");
}

#[test]
fn marking_instead_of_refusing() {
    let site = site("[reception]\ndmarc_reject = \"mark\"\nspf_fail = \"mark\"\n");
    let reply = send(&site, FORGER, "service@bank.test", "service@bank.test", "");
    assert!(reply.starts_with("250 "), "{reply}");
    assert!(site.mail("alice@sender.test", "Junk").contains("dmarc=fail"));
}
