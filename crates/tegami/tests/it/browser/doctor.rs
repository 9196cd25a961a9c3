//! The doctor's pages as people use them, in both languages.

use std::net::IpAddr;

use serde_json::json;

use super::chrome::Chrome;
use super::{NO_CHROMIUM, Office};
use crate::peer::need;
use crate::wire::Wire;

/// A domain with much to mend, and the way of somebody who sends well.
pub(super) const ZONE: &str = "
sick.test.            MX 10 mx.sick.test.
sick.test.            TXT \"v=spf1 ipv4:192.0.2.10 include:_spf.sick.test -all\"
_spf.sick.test.       TXT \"v=spf1 a:one.sick.test a:two.sick.test ip4:198.51.100.0/24 ~all\"
one.sick.test.        A 192.0.2.11
shop.test.            MX 10 mx.shop.test.
shop.test.            TXT \"v=spf1 ip4:127.43.33.1 -all\"
mx.shop.test.         A 127.43.33.1
1.33.43.127.in-addr.arpa. PTR mx.shop.test.
_dmarc.shop.test.     TXT \"v=DMARC1; p=reject\"
";

/// Where mail of `shop.test` comes from.
const SHOP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 43, 33, 1));

/// What a person pastes.
pub(super) const HEADER: &str = "Received: from mx.shop.test (mx.shop.test [127.43.33.1])\n by mail.sender.test with ESMTPS; Sat, 21 Nov 2026 10:02:30 +0000\n\
Received: from laptop (unknown [192.0.2.44])\n by mx.shop.test with ESMTPSA; Sat, 21 Nov 2026 10:00:00 +0000\n\
Authentication-Results: mail.sender.test; spf=pass smtp.mailfrom=shop.test; dmarc=fail header.from=bank.test\n\
From: Bank <help@bank.test>\nTo: alice@sender.test\nSubject: Your account\nDate: Sat, 21 Nov 2026 09:59:58 +0000\n";

impl Office {
    /// Adds to what the DNS says.
    pub(super) fn publish(&self, zone: &str) {
        let site = &self.world.site;
        let text = std::fs::read_to_string(site.path("zone.txt")).unwrap();
        std::fs::write(site.path("zone.txt"), format!("{text}{zone}")).unwrap();
        site.tegami(&["reload"]).well();
    }

    /// Sends a message to a test address, as somebody outside does.
    pub(super) fn submit(&self, to: &str, subject: &str) {
        let mut wire = Wire::connect_from(SHOP, self.world.site.smtp()).unwrap();
        wire.command("EHLO mx.shop.test").unwrap();
        let content = format!(
            "From: Shop <orders@shop.test>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <1@shop.test>\r\n\
             Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
             <p>Thank you for your order.</p><p><a href=\"http://192.0.2.7/pay\">https://shop.test/pay</a></p>\r\n"
        );
        assert!(wire.send("bounce@shop.test", &[to], &content).unwrap().starts_with("250 "));
    }
}

/// Presses a button that copies: it says so, and then its own name again.
fn copies(chrome: &mut Chrome, within: &str, name: &str, said: &str) {
    let (within, name, said) = (json!(within), json!(name), json!(said));
    let copied = chrome.ask(&format!(
        "new Promise((done) => {{ let was = false; \
         const says = () => [...document.querySelectorAll('button[data-copy]')].some((one) => one.textContent === {said}); \
         new MutationObserver(() => {{ if (says()) was = true; else if (was) done(navigator.clipboard.readText()); }}) \
         .observe(document.body, {{ subtree: true, childList: true }}); person.press({within}, {name}); }})"
    ));
    assert!(within.as_str().is_some_and(|within| copied.as_str().unwrap().contains(within)), "{copied}");
}

#[test]
fn a_domain_is_examined_and_its_history_kept() {
    let mut office = need!("the doctor", Office::open(), NO_CHROMIUM);
    office.publish(ZONE);
    let chrome = office.enter("alice", "/check?lang=en");
    chrome.sees(&["Doctor", "Nobody has been examined yet."]);
    chrome.fill("", "Domain or IP address", "someone@sick.test");
    chrome.send("", "Examine");
    assert_eq!(chrome.path(), "/check/sick.test");
    chrome.awaits("/check/sick.test", "Do this first");
    chrome.sees(&["sick.test", "to mend", "Do this first", "fails", "What to do:", "All well"]);
    // The record to paste stands in the finding.
    chrome.sees(&["v=spf1 ip4:192.0.2.10"]);
    copies(chrome, "v=spf1 ip4:192.0.2.10", "Copy", "Copied");
    chrome.sees_none(&["Earlier examinations"]);
    chrome.send("", "Examine again");
    chrome.awaits("/check/sick.test", "Earlier examinations");
    chrome.go("/check?lang=ja");
    chrome.sees(&["診断", "sick.test", "要修正"]);
    chrome.send("", "sick.test");
    chrome.sees(&["まず行うこと", "対処", "問題のないもの", "これまでの診断"]);
    chrome.send("", "SPF ツリー");
    chrome.sees(&["sick.test", "include:_spf.sick.test", "a:two.sick.test"]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn the_spf_tree_shows_its_costs_and_answers_for_an_address() {
    let mut office = need!("the SPF tree", Office::open(), NO_CHROMIUM);
    office.publish(ZONE);
    let chrome = office.enter("bob", "/check/sick.test/spf?lang=en");
    chrome.sees(&[
        "DNS lookups",
        "3 / 10",
        "SPF tree",
        "include:_spf.sick.test",
        "a:one.sick.test",
        "a:two.sick.test",
    ]);
    chrome.sees(&["v=spf1 ip4:192.0.2.10"]);
    chrome.go("/check/shop.test/spf");
    chrome.fill("", "Does it permit this address?", "127.43.33.1");
    chrome.send("", "Ask");
    chrome.sees(&["pass"]);
    chrome.fill("", "Does it permit this address?", "192.0.2.99");
    chrome.send("", "Ask");
    chrome.sees(&["fail"]);
    assert_eq!(chrome.complaints(), [""; 0]);
}

#[test]
fn a_message_is_sent_to_a_test_inbox_and_scored() {
    let mut office = need!("the test inbox", Office::open(), NO_CHROMIUM);
    office.publish(ZONE);
    let words = [
        ("en", "Make a test address", ["Waiting for your message", "/ 10", "Do this first", "The message"]),
        ("ja", "テスト用アドレスを作る", ["メールを待っています", "/ 10", "まず行うこと", "メールの内容"]),
    ];
    office.enter("alice", "/test");
    for (language, make, [waiting, of, first, message]) in words {
        let chrome = &mut office.chrome;
        chrome.go(&format!("/test?lang={language}"));
        chrome.send("", make);
        chrome.sees(&[waiting, "@"]);
        let path = chrome.path();
        let address = chrome.ask("document.getElementById('address').textContent.trim()");
        office.submit(address.as_str().unwrap(), "Your order 2026-0117");
        let chrome = &mut office.chrome;
        chrome.awaits(&path, of);
        chrome.sees(&["Your order 2026-0117", "orders@shop.test", of, first, message]);
        let deductions = chrome.ask("document.querySelectorAll('.finding .figure.bad').length");
        assert!(deductions.as_u64().unwrap() > 0, "{}", chrome.text());
    }
    assert_eq!(office.chrome.complaints(), [""; 0]);
}

#[test]
fn a_header_section_is_pasted_and_read() {
    let mut office = need!("the header analyser", Office::open(), NO_CHROMIUM);
    for (language, name, read, seen) in
        [("en", "Header section", "Read it", "The way"), ("ja", "ヘッダー", "読み取る", "経路")]
    {
        let chrome = match language {
            "en" => office.enter("bob", "/headers?lang=en"),
            _ => {
                office.chrome.go("/headers?lang=ja");
                &mut office.chrome
            }
        };
        let label = chrome.ask("person.label(document.querySelector('main textarea'))");
        assert!(label.as_str().unwrap().contains(name), "{label}");
        chrome.fill("", label.as_str().unwrap(), HEADER);
        chrome.send("", read);
        chrome.sees(&[seen, "mx.shop.test", "laptop"]);
        chrome.sees(&["Authentication-Results", "spf", "pass", "dmarc", "fail"]);
    }
    assert_eq!(office.chrome.complaints(), [""; 0]);
}

#[test]
fn the_dns_plan_is_read_copied_and_taken_along() {
    let mut office = need!("the DNS plan", Office::open(), NO_CHROMIUM);
    let chrome = office.enter("bob", "/domains/sender.test?lang=en");
    chrome.send("", "The whole DNS plan");
    assert_eq!(chrome.path(), "/domains/sender.test/plan");
    chrome.sees(&[
        "DNS plan",
        "to publish",
        "To publish",
        "missing",
        "TXT",
        "sender.test.",
        "v=spf1",
        "shows nothing",
    ]);
    chrome.sees(&[
        "Take it with you",
        "Zone file",
        "Let Tegami publish it",
        "tegami dns apply sender.test --by nsupdate",
    ]);
    copies(chrome, "v=DMARC1", "Copy", "Copied");
    // A key does not fit in one string of a zone file, and stands whole where it is copied from.
    chrome.press("k=rsa", "As lines of a zone file");
    chrome.sees(&["here it stands in 2 strings"]);
    chrome.fill("", "DMARC, at least", "reject");
    chrome.send("", "Draw the plan");
    chrome.sees(&["p=reject", "--dmarc reject"]);
    let file =
        chrome.ask("fetch(document.querySelector('a[download]').href).then((answer) => answer.text())");
    assert!(file.as_str().unwrap().contains("p=reject"), "{file}");
    // What is published is in place the next time.
    let zone = office.world.get("/api/domains/sender.test/plan");
    let lines = zone["sets"].as_array().unwrap().iter().filter(|set| set["by"] == "owner");
    let lines =
        lines.flat_map(|set| set["records"].as_array().unwrap()).filter(|record| record["op"] == "add");
    let lines: String = lines.map(|record| format!("{}\n", record["line"].as_str().unwrap())).collect();
    office.publish(&lines);
    let chrome = &mut office.chrome;
    chrome.go("/domains/sender.test/plan?lang=ja");
    chrome.sees(&["DNS の計画", "公開済み", "公開済みのもの"]);
    chrome.sees_none(&["公開するもの", "未公開"]);
    chrome.press("", "公開済みのもの");
    chrome.sees(&["v=spf1", "計画どおり"]);
    assert_eq!(chrome.complaints(), [""; 0]);
}
