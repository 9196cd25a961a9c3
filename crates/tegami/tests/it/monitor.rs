//! Rounds of the doctor: what has become worse or better is told by mail.

use crate::site::{Plan, Site};

const ZONE: &str = "
sender.test. TXT \"v=spf1 ip4:127.43.0.1 ~all\"
_dmarc.sender.test. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@sender.test\"
";

#[test]
fn what_has_become_worse_is_told_and_then_what_is_better() {
    let tables = "[monitor]\nevery = \"1s\"\nto = \"alice@sender.test\"\n".to_owned();
    let site = Site::start(&Plan { zone: ZONE.to_owned(), tables, ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let zone = std::fs::read_to_string(site.path("zone.txt")).unwrap();
    // The first examination is what later ones are compared with.
    crate::peer::eventually("the first examination", || {
        site.log().contains("examined for the first time").then_some(())
    });
    let broken = zone.replace("v=spf1 ip4:127.43.0.1 ~all", "v=spf1 ipv4:127.43.0.1 ~all");
    std::fs::write(site.path("zone.txt"), broken).unwrap();
    site.tegami(&["reload"]).well();
    let letter = site.mail("alice@sender.test", "INBOX");
    let parsed = tegami_mail::mime::parse(letter.as_bytes());
    let text = parsed.text.unwrap();
    assert!(parsed.subject.contains("sender.test"), "{letter}");
    assert!(text.contains("Worse: spf.syntax sender.test") && text.contains("悪化: spf.syntax"), "{text}");
    assert!(text.contains("v=spf1 ip4:127.43.0.1 ~all"), "{text}");
    std::fs::write(site.path("zone.txt"), zone).unwrap();
    site.tegami(&["reload"]).well();
    crate::peer::eventually("the better news", || {
        let newest = site.mail("alice@sender.test", "INBOX");
        let text = tegami_mail::mime::parse(newest.as_bytes()).text.unwrap();
        text.contains("Better: spf.syntax sender.test").then_some(())
    });
}
