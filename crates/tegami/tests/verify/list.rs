//! A message that went through a mailing list: which signature broke, at what, and what has survived.

use std::sync::Arc;

use expect_test::{expect, expect_file};
use tegami_auth::dkim::{PrivateKey, Signer, record_name};

use super::{NOW, Scene, signed};

/// As a large webmail service writes it.
const CONTENT: &str = "MIME-Version: 1.0
Date: Mon, 6 Jul 2026 09:29:50 +0900
Message-ID: <CAKx7yQ=1@mail.example.org>
Subject: =?UTF-8?B?44GK5ZWP44GE5ZCI44KP44Gb?=
From: Hanako Yamada <hanako@example.org>
To: tea@lists.example.com
Content-Type: multipart/alternative; boundary=\"000000000000e1b2c3\"

--000000000000e1b2c3
Content-Type: text/plain; charset=\"UTF-8\"

Shall we meet at noon?

-- 
Hanako

--000000000000e1b2c3
Content-Type: text/html; charset=\"UTF-8\"

<div dir=\"ltr\">Shall we meet at noon?<br></div>

--000000000000e1b2c3--
";

const FOOTER: &str = "-- 
You received this message because you are subscribed to the list \"Tea\".
To unsubscribe from it, send an email to tea+unsubscribe@lists.example.com.
";

/// What the list's host and ours wrote.
const TRACE: &str = "Return-Path: <tea+bounces@lists.example.com>
Received: from mx.lists.example.com (mx.lists.example.com [198.51.100.7])
\tby mx.example.net with ESMTPS id 4AB for <taro@example.net>;
\tMon, 06 Jul 2026 00:30:05 +0000
";

/// A signer with an RSA key, and the zone line that publishes it.
fn signer(domain: &str) -> (Signer, String) {
    let key = Arc::new(PrivateKey::generate_rsa_2048().unwrap());
    let signer = Signer::new(domain.parse().unwrap(), "s2026".parse().unwrap(), key);
    let record = signer.key.dns_record();
    let (start, rest) = record.split_at(200);
    let name = record_name(&signer.selector, &signer.domain);
    (signer, format!("{name}. TXT \"{start}\" \"{rest}\"\n"))
}

fn scene() -> Scene {
    let (author, author_line) = signer("example.org");
    let (list, list_line) = signer("lists.example.com");
    let more = "lists.example.com. TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n\
                mx.lists.example.com. A 198.51.100.7\n\
                7.100.51.198.in-addr.arpa. PTR mx.lists.example.com.\n";
    let scene = Scene::new(&format!("{author_line}{list_line}{more}"));
    let sent = String::from_utf8(signed(CONTENT, &author)).unwrap().replace('\r', "");
    let passed = sent
        .replace("Subject: =?UTF-8?B?", "Subject: [Tea] =?utf-8?b?")
        .replace("To: tea@", "Reply-To: tea@lists.example.com\nSender: tea@lists.example.com\nList-Id: <tea.lists.example.com>\nTo: tea@")
        .replace("Hanako\n\n--", &format!("Hanako\n\n{FOOTER}\n--"))
        .replace("</div>\n\n--", &format!("</div>\n\n<p></p>\n\n{}\n--", FOOTER.replace('\n', "<br />\n")));
    let resigned = String::from_utf8(signed(&passed, &list)).unwrap().replace('\r', "");
    scene.file("message", format!("{TRACE}{resigned}").as_bytes());
    scene
}

#[test]
fn the_author_s_signature_is_explained() {
    let scene = scene();
    scene.check_file(
        &format!("inspect message --zone zone --now {NOW}"),
        &expect_file!["expected/list-1.txt"],
    );
    scene.check_file(
        &format!("inspect message --zone zone --now {NOW} --lang ja"),
        &expect_file!["expected/list-2.txt"],
    );
}

#[test]
fn programs_read_the_same() {
    let (status, json) = scene().json(&format!("inspect message --zone zone --now {NOW}"));
    let mut told = format!("exit status {status}");
    for signature in json["dkim"].as_array().unwrap() {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        told.push_str(&format!(
            "\n{} {}: {}",
            text(&signature["result"]),
            text(&signature["domain"]),
            text(&signature["reason"])
        ));
        for step in signature["steps"].as_array().unwrap() {
            if step["outcome"] == "proven" || step["term"] == "survivors" {
                told.push_str(&format!(
                    "\n  {} {}: {}",
                    text(&step["outcome"]),
                    text(&step["term"]),
                    text(&step["detail"])
                ));
            }
        }
    }
    expect![[r#"
        exit status 1
        pass lists.example.com: lists.example.com signed this message (selector s2026), and the signed fields and the body are exactly what was signed.
        fail example.org: The signature of example.org is genuine, but the message was changed after signing: text was added at the end of a part of the body, and these signed header fields were changed: Reply-To, Subject.
          proven body hash: Proven: without “You received this message because you are subscribed to the…” and what follows it at the end of the text/plain part, the body hash is right. A mailing list or a gateway has added a footer inside of the message.
          proven body hash: Proven: without “You received this message because you are subscribed to the…” and what follows it at the end of the text/html part, the body hash is right. A mailing list or a gateway has added a footer inside of the message.
          proven header hash: Proven: without the field `Reply-To: tea@lists.example.com` the signature fits. Somebody added it after signing.
          proven header hash: Proven: without `[Tea]` in the Subject, and with its encoded-words written as before, the signature fits. A mailing list or a filter put the tag there and wrote the Subject anew.
          noted survivors: No choice of canonicalisation survives this: both forms cover the text that was changed. What helps is a list or gateway that leaves signed fields and the body alone, or that signs anew with its own domain and puts that domain into From.
          noted survivors: What has survived: the signature of lists.example.com (s2026) passes. It covers the message as it is now."#]].assert_eq(&told);
}
