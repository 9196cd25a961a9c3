//! A message that is sent to be judged: by any client, over SMTP, with the score in hand for CI.

use std::net::IpAddr;

use crate::domain::request;
use crate::hook::Hook;
use crate::site::{Plan, Site};
use crate::wire::Wire;

const SHOP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 43, 33, 1));

const ZONE: &str = "
shop.test.             MX 10 mx.shop.test.
shop.test.             TXT \"v=spf1 ip4:127.43.33.1 -all\"
mx.shop.test.          A 127.43.33.1
1.33.43.127.in-addr.arpa. PTR mx.shop.test.
_dmarc.shop.test.      TXT \"v=DMARC1; p=reject\"
";

fn send(site: &Site, to: &str, author: &str, subject: &str) -> String {
    let text = "text/plain; charset=utf-8\r\n\r\nThank you for your order. We have packed it today.\r\n";
    send_text(site, to, author, subject, text)
}

/// `text` is a Content-Type and what follows it.
fn send_text(site: &Site, to: &str, author: &str, subject: &str, text: &str) -> String {
    let mut wire = Wire::connect_from(SHOP, site.smtp()).unwrap();
    wire.command("EHLO mx.shop.test").unwrap();
    let content = format!(
        "From: Shop <{author}>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <1@shop.test>\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: {text}"
    );
    wire.send("bounce@shop.test", &[to], &content).unwrap()
}

#[test]
fn a_message_is_sent_judged_and_waited_for() {
    let site = Site::start(&Plan { zone: ZONE.to_owned(), ..Plan::default() });
    let made = site.json(&["score"]);
    let address = made["address"].as_str().unwrap().to_owned();
    assert!(send(&site, &address, "orders@shop.test", "Your order").starts_with("250 "));
    let told = site.json(&["score", "--wait", &address]);
    assert_eq!(
        (told["message"]["subject"].as_str(), told["enough"].as_bool()),
        (Some("Your order"), Some(true))
    );
    let findings = told["report"]["examination"]["findings"].as_array().unwrap();
    let state = |id: &str| {
        findings.iter().find(|finding| finding["id"] == id).and_then(|finding| finding["state"].as_str())
    };
    assert_eq!((state("msg.spf"), state("msg.dmarc")), (Some("pass"), Some("pass")), "{told:#}");
    assert_eq!(state("msg.dkim-present"), Some("fail"), "{told:#}");
    let points = told["report"]["score"]["points"].as_f64().unwrap();
    assert!(points > 0.0 && points < 10.0, "{points}");
    // The same message twice has the same score; one that is forged is refused for nothing here, and has less.
    assert!(send(&site, &address, "orders@shop.test", "Your order").starts_with("250 "));
    let again = site.json(&["score", "--wait", &address])["report"]["score"]["points"].as_f64().unwrap();
    assert_eq!(points, again);
    let other = site.json(&["score"])["address"].as_str().unwrap().to_owned();
    assert!(send(&site, &other, "boss@sender.test", "Your order").starts_with("250 "));
    let forged = site.json(&["score", "--wait", &other])["report"]["score"]["points"].as_f64().unwrap();
    assert!(forged < points, "{forged} {points}");
    // CI asks for more than it has.
    let ended = site.tegami(&["score", "--wait", &address, "--min", "10"]);
    assert_eq!(ended.status, Some(1), "{}", ended.all());
    assert!(ended.output.contains("msg.dkim-present"), "{}", ended.output);
    assert_eq!(site.tegami(&["score", "--wait", &address, "--min", "0"]).status, Some(0));
    // The page is for whoever knows the name.
    let (status, seen) = request(&site, "", "GET", &format!("{}/json", made["page"].as_str().unwrap()), "");
    assert_eq!((status, seen["messages"][0]["subject"].as_str()), (200, Some("Your order")), "{seen}");
}

#[test]
fn links_are_followed_where_the_operator_wishes_it() {
    let hook = Hook::start(|path, _| if path == "/gone" { 404 } else { 200 });
    let html = format!(
        "text/html; charset=utf-8\r\n\r\n<html><body><p>Thank you. <a href='{}'>Your order</a> and <a href='{}'>the shop</a></p></body></html>\r\n",
        hook.url("/gone"),
        hook.url("/shop"),
    );
    let judged = |tables: &str| {
        let site = Site::start(&Plan { zone: ZONE.to_owned(), tables: tables.to_owned(), ..Plan::default() });
        let address = site.json(&["score"])["address"].as_str().unwrap().to_owned();
        assert!(send_text(&site, &address, "orders@shop.test", "Your order", &html).starts_with("250 "));
        let told = site.json(&["score", "--wait", &address]);
        let findings = told["report"]["examination"]["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|finding| finding["id"] == "ct.link-broken").unwrap()
    };
    assert_eq!(judged("")["state"], "na");
    let followed = judged("[inboxes]\nlinks = true\n");
    assert_eq!(followed["state"], "warn", "{followed:#}");
    let evidence = followed["evidence"].to_string();
    assert!(
        evidence.contains("404") && evidence.contains("/gone") && !evidence.contains("/shop"),
        "{evidence}"
    );
    // Once each, and not at all before it was wished for.
    assert_eq!(hook.posted("/shop", 1).len(), 1);
    assert_eq!(hook.posted("/gone", 1).len(), 1);
}

#[test]
fn what_cannot_be_waited_for() {
    let site = Site::start(&Plan::default());
    let address = site.json(&["score"])["address"].as_str().unwrap().to_owned();
    let ended = site.tegami(&["score", "--wait", &address, "--timeout", "0"]);
    assert_eq!(ended.status, Some(1), "{}", ended.all());
    assert!(ended.output.contains("Nothing came"), "{}", ended.output);
    let ended = site.tegami(&["score", "--wait", "test-abcdefghijkmnpqr@mail.sender.test"]);
    assert_eq!(ended.status, Some(2), "{}", ended.all());
    let ended = site.tegami(&["score", "--wait", &address, "--min", "11"]);
    assert_eq!(ended.status, Some(2), "{}", ended.all());
}
