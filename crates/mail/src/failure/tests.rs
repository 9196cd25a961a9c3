use expect_test::{Expect, expect};

use super::*;
use crate::{EnhancedStatusCode, Reply};

/// Cause, what it is about, what the code says and what is so, how sure, and by which rule.
fn check(text: &str, expected: &Expect) {
    let verdict = classify(&Said::parse(text));
    expected.assert_eq(&told(&verdict));
}

fn told(verdict: &Verdict) -> String {
    let lasting = |lasting: Option<Lasting>| lasting.map_or("?", Lasting::as_str);
    let Verdict { cause, about, said, truth, certainty, rule, .. } = verdict;
    format!("{cause}, {about}, {} in truth {}, {certainty}, {rule}", lasting(*said), lasting(*truth))
}

#[test]
fn gmail_names_the_record_that_is_missing() {
    let said = Said::parse(
        "550-5.7.26 The MAIL FROM domain [shop.example.org] has an SPF record with a\r\n550-5.7.26 hard fail policy (-all) but \
         it fails to pass SPF checks with the ip:\r\n550-5.7.26 [192.0.2.24]. To best protect our users, the message has been \
         blocked. Go to\r\n550 5.7.26 https://support.google.com/mail/answer/81126#authentication - gsmtp",
    );
    let verdict = classify(&said);
    assert_eq!(
        told(&verdict),
        "authentication, sender, permanent in truth permanent, certain, gmail-spf-hard-fail"
    );
    let args: Vec<_> = verdict.advice.values();
    assert_eq!(args, [("ip", "192.0.2.24"), ("domain", "shop.example.org"), ("mechanism", "ip4:192.0.2.24")]);
    assert_eq!(verdict.link.as_deref(), Some("https://support.google.com/mail/answer/81126#authentication"));
    assert_eq!(verdict.provider, Some(Provider::Google));
}

#[test]
fn a_permanent_code_for_what_passes_is_tried_again() {
    check(
        "550-5.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail - gsmtp",
        &expect!["rate, sending-address, permanent in truth transient, certain, gmail-rate"],
    );
    check(
        "550 Ip frequency limited [abc Blocked IP 192.0.2.22]. http://service.mail.qq.com/cgi-bin/help?id=20022",
        &expect!["rate, sending-address, permanent in truth transient, likely, rate"],
    );
    check(
        "550 5.7.1 too busy with you (S775) https://postmaster.live.com",
        &expect!["rate, sending-address, permanent in truth transient, certain, outlook-limit"],
    );
    check(
        "550 5.1.1 <a@me.com>: user lookup success but no user record found",
        &expect!["system, receiver, permanent in truth transient, certain, icloud-lookup-trouble"],
    );
    for host in ["mfsmax.docomo.ne.jp", "lsean.ezweb.ne.jp", "mx.softbank.ne.jp"] {
        let said = Said::of(&Reply::plain(554, "go away")).from_host(Some(host)).at(Some(Phase::Session));
        assert!(classify(&said).retry(), "{host}");
        let said = said.at(Some(Phase::Recipient));
        assert!(!classify(&said).retry(), "{host}");
    }
}

#[test]
fn a_transient_code_for_what_never_passes_is_only_told() {
    let verdict = classify(&Said::parse(
        "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.",
    ));
    assert_eq!(
        told(&verdict),
        "reputation, sending-address, transient in truth permanent, certain, yahoo-permanently-deferred"
    );
    assert!(verdict.retry() && verdict.contradicts_code());
}

#[test]
fn words_of_a_policy_say_nothing_about_the_address() {
    let bad = |text: &str| classify(&Said::parse(text)).is_bad_address();
    assert!(bad("550 5.1.1 <a@example.org>: Recipient address rejected: User unknown"));
    assert!(bad("550 unknown user"));
    assert!(bad("550 5.1.2 no such domain"));
    assert!(!bad("450 4.1.1 unknown user"));
    assert!(!bad("553 5.1.3 http://www.spamhaus.org/query/bl?ip=192.0.2.222"));
    assert!(!bad("550 5.1.0 sender rejected. AUP#CDRBL"));
    assert!(!bad("550 5.7.1 denied"));
    assert!(!bad("550 no"));
    let said = Said::of(&Reply::plain(550, "Unknown user a@docomo.ne.jp")).at(Some(Phase::Content));
    assert_eq!(classify(&said).cause, Cause::Filtered);
}

#[test]
fn japanese_is_understood() {
    check(
        "550 メールボックスの容量を超えています",
        &expect!["mailbox-full, recipient, permanent in truth permanent, likely, quota"],
    );
    check(
        "550 宛先のユーザーは存在しません",
        &expect!["bad-mailbox, recipient, permanent in truth permanent, likely, unknown-user"],
    );
    check(
        "550 迷惑メールと判定されました",
        &expect!["spam, message, permanent in truth permanent, likely, spam"],
    );
    check(
        "451 短時間に大量のメールが送信されました",
        &expect!["rate, sending-address, transient in truth transient, likely, rate"],
    );
}

#[test]
fn addresses_and_links_are_no_words() {
    check(
        "550 5.1.1 <spam-virus-blacklist@example.org>: unknown user, see https://example.org/greylisting",
        &expect!["bad-mailbox, recipient, permanent in truth permanent, certain, unknown-user"],
    );
}

#[test]
fn codes_are_found_wherever_they_stand() {
    let read = |text: &str| {
        let said = Said::parse(text);
        let enhanced = said.enhanced.map(|code| code.to_string()).unwrap_or_default();
        format!("{} {enhanced} {}", said.code.unwrap_or_default(), said.text)
    };
    assert_eq!(read("smtp; 550-5.1.1 one 550-5.1.1 two 550 5.1.1 three"), "550 5.1.1 one two three");
    assert_eq!(
        read("host mx.example.org[192.0.2.1] said: 450 4.2.1 later (in reply to RCPT TO command)"),
        "450 4.2.1 later (in reply to RCPT TO command)"
    );
    assert_eq!(
        read("554 4.4.7 expired after 840 minutes.<421 4.4.2 timed out>"),
        "554 4.4.7 expired after 840 minutes.<421 timed out>"
    );
    assert_eq!(read("we tried 500 times"), "0  we tried 500 times");
    assert_eq!(read(""), "0  ");
    let said =
        Said::parse("host mx.example.org[192.0.2.1] said: 450 4.2.1 later (in reply to RCPT TO command)");
    assert_eq!((said.host.as_deref(), said.phase), (Some("mx.example.org"), Some(Phase::Recipient)));
    let reply = Reply {
        code: 550,
        enhanced: Some(EnhancedStatusCode::new(5, 1, 1)),
        lines: vec!["a".into(), "b".into()],
    };
    assert_eq!(Said::of(&reply).text, "a b");
}

#[test]
fn every_rule_has_a_name_of_its_own_and_every_provider_rule_a_source() {
    let mut ids: Vec<_> = rules::all().map(|rule| rule.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let documented = rules::TABLES.iter().find(|table| table.certainty == Certainty::Certain).unwrap();
    assert!(documented.rules.iter().all(|rule| rule.source.is_some()));
    for rule in rules::all() {
        let words = || rule.says.iter().chain(rule.marks);
        assert!(words().all(|words| *words == words.to_lowercase()), "{}", rule.id);
        let asks = !(rule.codes.is_empty()
            && rule.status.is_empty()
            && words().next().is_none()
            && rule.phase.is_none());
        assert!(asks, "{}", rule.id);
    }
}

#[test]
fn a_verdict_is_stored_and_read_again() {
    let verdict = classify(&Said::parse("421-4.7.28 Gmail has detected an unusual rate - gsmtp"));
    let stored = serde_json::to_value(&verdict).unwrap();
    assert_eq!(serde_json::from_value::<Verdict>(stored).unwrap(), verdict);
}
