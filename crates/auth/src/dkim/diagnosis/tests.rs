//! Messages as they are signed, changed as lists, gateways and relays change them, and what is told of that.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::{Expect, expect};
use jiff::Timestamp;
use tegami_dns::ZoneResolver;
use tegami_mail::transfer;

use crate::dkim::hash::{BodyHashes, Message};
use crate::dkim::{Canonicalization, PrivateKey, verify};
use crate::step::block_on;
use Canonicalization::{Relaxed, Simple};

const NAMES: &[&str] = &[
    "mime-version",
    "from",
    "date",
    "message-id",
    "subject",
    "to",
    "cc",
    "reply-to",
    "sender",
    "content-type",
    "content-transfer-encoding",
];

fn rsa() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| PrivateKey::generate_rsa_2048().unwrap())
}

/// A content, with LF for CRLF, signed for example.org over [`NAMES`].
fn signed(content: &str, key: &PrivateKey, how: (Canonicalization, Canonicalization), more: &str) -> String {
    let content = content.replace('\n', "\r\n");
    let message = Message::new(content.as_bytes()).unwrap();
    let hash = BodyHashes::new(message.body).get(how.1, None).digest;
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let field = format!(
        "DKIM-Signature: v=1; a={}; c={}/{}; d=example.org; s=k; {more}h={}; bh={}; b=",
        key.algorithm().as_str(),
        how.0.as_str(),
        how.1.as_str(),
        names.join(":"),
        STANDARD.encode(hash.as_ref())
    );
    let signature = key.sign(&message.header_hash(how.0, &names, field.as_bytes())).unwrap();
    format!("{field}{}\r\n{content}", STANDARD.encode(signature))
}

/// The reason and all findings, where `key` is published.
fn told(message: &[u8], key: &PrivateKey) -> String {
    let record = key.dns_record();
    let pieces: Vec<String> = record
        .as_bytes()
        .chunks(200)
        .map(|piece| format!("\"{}\"", String::from_utf8_lossy(piece)))
        .collect();
    let zone = format!("k._domainkey.example.org. TXT {}\n", pieces.join(" "));
    let resolver = ZoneResolver::from_text(&zone).unwrap();
    let verdicts = block_on(verify(message, &resolver, Timestamp::UNIX_EPOCH));
    let verdict = &verdicts[0];
    let note = |note: &tegami_mail::Note| {
        let values: Vec<String> = note.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}", note.id, values.join("; ")).trim_end().to_owned()
    };
    let mut told = format!("{} {}", verdict.result.as_str(), note(&verdict.reason));
    for step in &verdict.steps {
        if matches!(step.outcome, "proven" | "possible") || step.term == *"survivors" {
            told.push_str(&format!("\n{} {}: {}", step.outcome, step.term, note(&step.note)));
        }
    }
    told
}

/// Signs, changes and tells; with RSA keys, where the hash that was signed can be read, and with Ed25519.
fn check_as(
    how: (Canonicalization, Canonicalization),
    content: &str,
    change: impl Fn(String) -> String,
    expect: &Expect,
) {
    let message = change(signed(content, rsa(), how, "").replace('\r', ""));
    expect.assert_eq(&told(message.replace('\n', "\r\n").as_bytes(), rsa()));
}

fn check(content: &str, change: impl Fn(String) -> String, expect: &Expect) {
    check_as((Relaxed, Relaxed), content, change, expect);
}

const PLAIN: &str = "\
MIME-Version: 1.0
Date: Thu, 2 Jul 2026 12:00:00 +0900
Message-ID: <1@mail.example.org>
Subject: Lunch
From: Hanako Yamada <hanako@example.org>
To: tea@lists.example.net
Content-Type: text/plain; charset=\"UTF-8\"

At noon?

-- 
Hanako
";

const ALTERNATIVE: &str = "\
MIME-Version: 1.0
Date: Thu, 2 Jul 2026 12:00:00 +0900
Message-ID: <1@mail.example.org>
Subject: Lunch
From: Hanako Yamada <hanako@example.org>
To: tea@lists.example.net
Content-Type: multipart/alternative; boundary=\"000000000000b3\"

--000000000000b3
Content-Type: text/plain; charset=\"UTF-8\"

At noon?

--000000000000b3
Content-Type: text/html; charset=\"UTF-8\"

<div dir=\"ltr\">At noon?</div>

--000000000000b3--
";

#[test]
fn a_footer() {
    check(
        PLAIN,
        |message| message + "_______________\nThe tea list\nhttps://lists.example.net/tea\n",
        &expect![[r#"
            fail dkim-changed-body domain=example.org; body=footer
            proven body hash: dkim-body-added lines=3; text=The tea list
            noted survivors: dkim-survive-length
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn mailman_2_plain() {
    check(
        PLAIN,
        |message| {
            let message = message.replace("Subject: Lunch", "Subject: [Tea] Lunch");
            let message = message.replace("To: tea", "Sender: tea-bounces@lists.example.net\nTo: tea");
            message
                + "_______________________________________________\nTea mailing list\nTea@lists.example.net\n"
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=footer; header=changed; fields=Subject, Sender
            proven body hash: dkim-body-added lines=3; text=Tea mailing list
            proven header hash: dkim-subject-tagged tag=[Tea]
            proven header hash: dkim-header-added field=Sender; value=tea-bounces@lists.example.net
            noted survivors: dkim-survive-nothing"#]],
    );
}

/// Mailman 3 under a DMARC policy: From is its own, the author stands in Reply-To; a message in HTML gets a footer as a part.
#[test]
fn mailman_3_wraps() {
    check(
        ALTERNATIVE,
        |message| {
            let (header, body) = message.split_once("\n\n").unwrap();
            let header = header
                .replace("Subject: Lunch", "Subject: [Tea] Lunch")
                .replace(
                    "From: Hanako Yamada <hanako@example.org>",
                    "From: Hanako Yamada via Tea <tea@lists.example.net>\nReply-To: Hanako Yamada <hanako@example.org>",
                )
                .replace(
                    "Content-Type: multipart/alternative; boundary=\"000000000000b3\"",
                    "Content-Type: multipart/mixed; boundary=\"===============77==\"",
                );
            format!(
                "{header}\nList-Id: Tea <tea.lists.example.net>\n\n--===============77==\nContent-Type: multipart/alternative; boundary=\"000000000000b3\"\n\n{body}\n--===============77==\nContent-Type: text/plain; charset=\"us-ascii\"\nContent-Disposition: inline\n\n_______________\nTea mailing list\n\n--===============77==--\n"
            )
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=wrapped; header=changed; fields=From, Subject, Reply-To, Content-Type
            proven body hash: dkim-body-wrapped part=multipart/alternative
            proven header hash: dkim-from-rewritten signed=Hanako Yamada <hanako@example.org>; came=Hanako Yamada via Tea <tea@lists.example.net>
            proven header hash: dkim-subject-tagged tag=[Tea]
            proven header hash: dkim-header-added field=Reply-To; value=Hanako Yamada <hanako@example.org>
            proven header hash: dkim-header-wrapped field=Content-Type; signed=multipart/alternative; boundary="000000000000b3"; came=multipart/mixed; boundary="===============77=="
            noted survivors: dkim-survive-nothing"#]],
    );
}

/// A footer in the plain text and another one in the HTML.
#[test]
fn google_groups() {
    check(
        ALTERNATIVE,
        |message| {
            message
                .replace(
                    "At noon?\n\n--000000000000b3\n",
                    "At noon?\n\n-- \nYou received this message because you are subscribed to the group “Tea”.\nTo unsubscribe send an email to tea+unsubscribe@groups.example.net.\n\n--000000000000b3\n",
                )
                .replace(
                    "</div>\n\n--",
                    "</div>\n\n<p></p>\n\n-- <br />\nYou received this message because you are subscribed to the group.<br />\n\n--",
                )
                .replace("Subject: Lunch", "Subject: [tea] Lunch")
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=part-footer; header=changed; fields=Subject
            proven body hash: dkim-body-part-added part=text/plain; lines=4; text=You received this message because you are subscribed to the…
            proven body hash: dkim-body-part-added part=text/html; lines=5; text=You received this message because you are subscribed to the…
            proven header hash: dkim-subject-tagged tag=[tea]
            noted survivors: dkim-survive-nothing"#]],
    );
}

/// Notices that warn of mail from outside.
#[test]
fn exchange_banner() {
    check(
        PLAIN,
        |message| {
            message.replace("Subject: Lunch", "Subject: [EXTERNAL] Lunch").replace(
                "\n\nAt noon",
                "\n\nCAUTION: This email came from outside of the organization.\n\nAt noon",
            )
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=banner; header=changed; fields=Subject
            proven body hash: dkim-body-banner lines=2; text=CAUTION: This email came from outside of the organization.
            proven header hash: dkim-subject-tagged tag=[EXTERNAL]
            noted survivors: dkim-survive-nothing"#]],
    );
    let html = PLAIN.replace("text/plain", "text/html").replace(
        "At noon?\n\n-- \nHanako\n",
        "<html><head></head><body lang=\"en\"><div>At noon?</div></body></html>\n",
    );
    check(
        &html,
        |message| message.replace("<div>At", "<table><tr><td>CAUTION: external</td></tr></table><br><div>At"),
        &expect![[r#"
            fail dkim-changed-body domain=example.org; body=banner
            proven body hash: dkim-body-banner lines=1; text=<table><tr><td>CAUTION: external</td></tr></table><br>
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn an_antivirus_appends_to_html() {
    let html = PLAIN
        .replace("text/plain", "text/html")
        .replace("At noon?\n\n-- \nHanako\n", "<html><body>\n<p>At noon?</p>\n</body></html>\n");
    check(
        &html,
        |message| {
            message.replace(
                "</body>",
                "<hr /><p>Free of viruses. <a href=\"https://av.example.com/\">Scanner</a></p></body>",
            )
        },
        &expect![[r#"
            fail dkim-changed-body domain=example.org; body=part-footer
            proven body hash: dkim-body-part-added part=text/html; lines=1; text=<hr /><p>Free of viruses. <a href="https://av.example.com/">…
            noted survivors: dkim-survive-nothing"#]],
    );
}

/// A relay writes eight-bit text in quoted-printable for a host that takes seven bits.
#[test]
fn postfix_downgrades() {
    let eight_bit = PLAIN
        .replace("charset=\"UTF-8\"", "charset=\"UTF-8\"\nContent-Transfer-Encoding: 8bit")
        .replace("At noon?", "お昼に = 12 o’clock?");
    check(
        &eight_bit,
        |message| {
            let (header, body) = message.split_once("\n\n").unwrap();
            let body = transfer::encode_quoted_printable(body.replace('\n', "\r\n").as_bytes());
            let header = header.replace("Encoding: 8bit", "Encoding: quoted-printable");
            format!("{header}\n\n{}", String::from_utf8(body).unwrap().replace('\r', ""))
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=encoding; header=changed; fields=Content-Transfer-Encoding
            proven body hash: dkim-body-recoded signed=8bit; found=quoted-printable
            proven header hash: dkim-header-encoding signed=8bit; came=quoted-printable
            noted survivors: dkim-survive-nothing"#]],
    );
    let parts = ALTERNATIVE
        .replace("At noon?", "お昼？")
        .replace("charset=\"UTF-8\"\n", "charset=\"UTF-8\"\nContent-Transfer-Encoding: 8bit\n");
    check(
        &parts,
        |message| {
            let quoted = String::from_utf8(transfer::encode_quoted_printable("お昼？".as_bytes())).unwrap();
            message
                .replace("お昼？", &quoted)
                .replace("Encoding: 8bit", "Encoding: quoted-printable")
                .replace("dir=\"ltr\"", "dir=3D\"ltr\"")
        },
        &expect![[r#"
            fail dkim-changed-body domain=example.org; body=encoding
            proven body hash: dkim-body-recoded signed=8bit; found=quoted-printable
            noted survivors: dkim-survive-nothing"#]],
    );
}

/// Programs in Python write UTF-8 in base64, the footer inside.
#[test]
fn mailman_writes_base64() {
    let eight_bit = PLAIN
        .replace("charset=\"UTF-8\"", "charset=\"UTF-8\"\nContent-Transfer-Encoding: 8bit")
        .replace("At noon?", "お昼？");
    check(
        &eight_bit,
        |message| {
            let (header, body) = message.split_once("\n\n").unwrap();
            let body = transfer::encode_base64(format!("{body}_____\nお茶の会\n").as_bytes());
            let header = header
                .replace("Encoding: 8bit", "Encoding: base64")
                .replace("charset=\"UTF-8\"", "charset=\"utf-8\"")
                .replace("Subject: Lunch", "Subject: [Tea] Lunch");
            format!("{header}\n\n{}", String::from_utf8(body).unwrap().replace('\r', ""))
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=several; header=changed; fields=Subject, Content-Type, Content-Transfer-Encoding
            proven body hash: dkim-body-recoded signed=8bit; found=base64
            proven body hash: dkim-body-added lines=2; text=お茶の会
            proven header hash: dkim-subject-tagged tag=[Tea]
            proven header hash: dkim-header-parameters signed=text/plain; charset="UTF-8"; came=text/plain; charset="utf-8"
            proven header hash: dkim-header-encoding signed=8bit; came=base64
            noted survivors: dkim-survive-nothing"#]],
    );
    let base64 = PLAIN
        .replace("charset=\"UTF-8\"", "charset=\"UTF-8\"\nContent-Transfer-Encoding: base64")
        .replace("At noon?\n\n-- \nHanako\n", "44GK5pi877yfDQrjgYrojLbjga7kvJoNCg==\n");
    check(
        &base64,
        |message| {
            message
                .replace("44GK5pi877yfDQrjgYrojLbjga7kvJoNCg==\n", "お昼？\nお茶の会\n")
                .replace("Encoding: base64", "Encoding: 8bit")
        },
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=encoding; header=changed; fields=Content-Transfer-Encoding
            proven body hash: dkim-body-recoded signed=base64; found=8bit
            proven header hash: dkim-header-encoding signed=base64; came=8bit
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn encoded_subjects() {
    let encoded = PLAIN.replace("Subject: Lunch", "Subject: =?UTF-8?B?44GK5pi8?=");
    check(
        &encoded,
        |message| message.replace("=?UTF-8?B?44GK5pi8?=", "=?utf-8?b?W1RlYV0g44GK5pi8?="),
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=changed; fields=Subject
            proven header hash: dkim-subject-tagged-recoded tag=[Tea]
            noted survivors: dkim-survive-nothing"#]],
    );
    check(
        &encoded.replace("Subject: ", "Subject: Re: [Tea] "),
        |message| message.replace("Subject: Re: [Tea] =?UTF-8?B?", "Subject: [Tea] Re: =?utf-8?B?"),
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=changed; fields=Subject
            proven header hash: dkim-subject-tagged-recoded tag=[Tea]
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn lines_are_written_otherwise() {
    let from = PLAIN.replace("At noon?", "From noon on?");
    check(
        &from,
        |message| message.replace("\nFrom noon", "\n>From noon"),
        &expect![[r#"
        fail dkim-changed-body domain=example.org; body=lines
        proven body hash: dkim-body-from-escaped
        noted survivors: dkim-survive-nothing"#]],
    );
    let dots = PLAIN.replace("At noon?", ".At noon?");
    check(
        &dots,
        |message| message.replace("\n.At", "\n..At"),
        &expect![[r#"
        fail dkim-changed-body domain=example.org; body=lines
        proven body hash: dkim-body-dots-doubled
        noted survivors: dkim-survive-nothing"#]],
    );
    check(
        &dots,
        |message| message.replace("\n.At", "\nAt"),
        &expect!["fail dkim-fail-body domain=example.org"],
    );
    let dots = PLAIN.replace("At noon?", "..At noon?");
    check(
        &dots,
        |message| message.replace("\n..At", "\n.At"),
        &expect![[r#"
        fail dkim-changed-body domain=example.org; body=lines
        proven body hash: dkim-body-dots-halved
        noted survivors: dkim-survive-nothing"#]],
    );
    let long = PLAIN.replace("At noon?", &"word ".repeat(300));
    check(
        &long,
        |message| {
            let line = "word ".repeat(300);
            let (start, rest) = line.split_at(998);
            message.replace(&line, &format!("{start}\n {rest}"))
        },
        &expect![[r#"
            fail dkim-changed-body domain=example.org; body=long-lines
            proven body hash: dkim-body-long-lines
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn white_space_where_it_counts() {
    let simple = (Simple, Simple);
    check_as(
        simple,
        PLAIN,
        |message| message.replace("noon?", "noon?  "),
        &expect![[r#"
            fail dkim-changed-body domain=example.org; body=white-space
            proven body hash: dkim-body-blank-ends
            noted survivors: dkim-survive-relaxed"#]],
    );
    check_as(
        simple,
        PLAIN,
        |message| message.replace("\n-- \n", "\n--\n"),
        &expect![[r#"
        fail dkim-changed-body domain=example.org; body=white-space
        proven body hash: dkim-body-signature-blank
        noted survivors: dkim-survive-relaxed"#]],
    );
    check_as(
        simple,
        PLAIN,
        |message| message.replace("Message-ID", "Message-Id"),
        &expect![[r#"
        fail dkim-changed-header domain=example.org; header=form; fields=
        proven header hash: dkim-header-recased field=Message-ID
        noted survivors: dkim-survive-relaxed"#]],
    );
    let folded = PLAIN.replace("Subject: Lunch", "Subject: Lunch in the garden");
    check_as(
        simple,
        &folded,
        |message| message.replace("Lunch in the garden", "Lunch\n in the garden"),
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=form; fields=
            proven header hash: dkim-header-refolded
            noted survivors: dkim-survive-relaxed"#]],
    );
    check_as(
        simple,
        PLAIN,
        |message| message.replace("Subject: Lunch", "Subject:   Lunch").replace("To: tea", "To:tea"),
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=form; fields=
            proven header hash: dkim-header-refolded
            noted survivors: dkim-survive-relaxed"#]],
    );
    check_as(
        simple,
        PLAIN,
        |message| message.replace("Subject: Lunch", "Subject: [Tea] Lunch") + "--\nTea\n",
        &expect![[r#"
            fail dkim-changed-both domain=example.org; body=footer; header=changed; fields=Subject
            proven body hash: dkim-body-added lines=2; text=Tea
            proven header hash: dkim-subject-tagged tag=[Tea]
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn fields_that_came_and_went() {
    check(
        PLAIN,
        |message| message.replace("MIME-Version: 1.0\n", ""),
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=changed; fields=MIME-Version
            proven header hash: dkim-header-removed field=MIME-Version; signed=1.0
            noted survivors: dkim-survive-nothing"#]],
    );
    check(
        PLAIN,
        |message| message.replace("To: tea", "Cc: taro@example.com\nTo: tea"),
        &expect![[r#"
        fail dkim-changed-header domain=example.org; header=changed; fields=Cc
        proven header hash: dkim-header-added field=Cc; value=taro@example.com
        noted survivors: dkim-survive-nothing"#]],
    );
    let copied = PLAIN.replace("To: tea", "Cc: taro@example.com\nTo: tea");
    check(
        &copied,
        |message| {
            message
                .replace("Cc: taro@example.com", "Cc: taro@example.com,\n Hanako Yamada <hanako@example.org>")
        },
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=changed; fields=Cc
            proven header hash: dkim-header-address-added field=Cc; address=Hanako Yamada <hanako@example.org>
            noted survivors: dkim-survive-nothing"#]],
    );
    check(
        PLAIN,
        |message| {
            message
                .replace(
                    "Message-ID: <1@mail.example.org>",
                    "Message-ID: <9@relay.example.net>\nX-Google-Original-Message-ID: <1@mail.example.org>",
                )
                .replace("From: Hanako Yamada <", "From: \"Hanako Yamada\" <")
        },
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=changed; fields=From, Message-ID
            proven header hash: dkim-header-quoted field=From; signed=Hanako Yamada <hanako@example.org>; came="Hanako Yamada" <hanako@example.org>
            proven header hash: dkim-header-replaced field=Message-ID; signed=<1@mail.example.org>; came=<9@relay.example.net>; source=X-Google-Original-Message-ID
            noted survivors: dkim-survive-nothing"#]],
    );
    check(
        PLAIN,
        |message| message.replace("charset=\"UTF-8\"", "charset=utf-8"),
        &expect![[r#"
        fail dkim-changed-header domain=example.org; header=changed; fields=Content-Type
        proven header hash: dkim-header-parameters signed=text/plain; charset="UTF-8"; came=text/plain; charset=utf-8
        noted survivors: dkim-survive-nothing"#]],
    );
    check(
        PLAIN,
        |message| message.replace("Thu, 2 Jul", "Thu, 02 Jul"),
        &expect![[r#"
            fail dkim-changed-header domain=example.org; header=changed; fields=Date
            proven header hash: dkim-header-rewritten field=Date; signed=Thu, 2 Jul 2026 12:00:00 +0900; came=Thu, 02 Jul 2026 12:00:00 +0900
            noted survivors: dkim-survive-nothing"#]],
    );
}

#[test]
fn copies_in_the_signature() {
    let more = "z=Subject:=20Lunch|From:=20Hanako=20Yamada=20<hanako@example.org>; ";
    let message = signed(PLAIN, rsa(), (Relaxed, Relaxed), more).replace("Subject: Lunch", "Subject: Dinner");
    expect![[r#"
        fail dkim-changed-header domain=example.org; header=changed; fields=Subject
        proven header hash: dkim-header-copied field=Subject; signed=Lunch; came=Dinner
        noted survivors: dkim-survive-nothing"#]]
    .assert_eq(&told(message.as_bytes(), rsa()));
}

#[test]
fn what_leaves_only_traces() {
    check(
        PLAIN,
        |message| {
            message
                .replace("At noon?", "At noon? https://eu.safelinks.protection.outlook.com/?url=x \u{fffd}")
                .replace("To: tea", "List-Id: <tea.lists.example.net>\nTo: tea")
        },
        &expect![[r#"
            fail dkim-fail-body domain=example.org
            possible body hash: dkim-possible-list field=List-Id; value=<tea.lists.example.net>
            possible body hash: dkim-possible-links host=safelinks.protection.outlook.com
            possible body hash: dkim-possible-charset"#]],
    );
}

#[test]
fn another_key() {
    let other = PrivateKey::generate_rsa_2048().unwrap();
    let message = signed(PLAIN, &other, (Relaxed, Relaxed), "");
    expect![[r#"
        fail dkim-fail-foreign domain=example.org
        proven header hash: dkim-header-foreign selector=k; domain=example.org"#]]
    .assert_eq(&told(message.as_bytes(), rsa()));
}

/// Where the hash cannot be read out of the signature, fewer combinations are tried, but the common ones are.
#[test]
fn ed25519() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let message = signed(PLAIN, &key, (Relaxed, Relaxed), "").replace('\r', "");
    let message = message.replace("Subject: Lunch", "Subject: [Tea] Lunch").replace(
        "From: Hanako Yamada <hanako@example.org>",
        "From: Hanako Yamada via Tea <tea@lists.example.net>\nReply-To: Hanako Yamada <hanako@example.org>",
    );
    let message = (message + "--\nTea\n").replace('\n', "\r\n");
    expect![[r#"
        fail dkim-changed-both domain=example.org; body=footer; header=changed; fields=From, Subject, Reply-To
        proven body hash: dkim-body-added lines=2; text=Tea
        proven header hash: dkim-from-rewritten signed=Hanako Yamada <hanako@example.org>; came=Hanako Yamada via Tea <tea@lists.example.net>
        proven header hash: dkim-subject-tagged tag=[Tea]
        proven header hash: dkim-header-added field=Reply-To; value=Hanako Yamada <hanako@example.org>
        noted survivors: dkim-survive-nothing"#]]
    .assert_eq(&told(message.as_bytes(), &key));
}

/// A message that is made to cost much costs what one may cost.
#[test]
fn work_is_bounded() {
    let mut content = PLAIN.replace("text/plain; charset=\"UTF-8\"", "multipart/mixed; boundary=b");
    for part in 0..200 {
        content.push_str(&format!(
            "--b\nContent-Type: text/html\n\n<body>{}</body>\n--\n{part}\n",
            "<p>\n".repeat(400)
        ));
    }
    content.push_str("--b--\n");
    let message =
        signed(&content, rsa(), (Relaxed, Relaxed), "").replace("200", "201").replace("Lunch", "Dinner");
    let many = format!("{}{message}", message.split_inclusive("\r\n").next().unwrap().repeat(9));
    let start = std::time::Instant::now();
    let told = told(many.as_bytes(), rsa());
    println!("{:?} for {} octets", start.elapsed(), many.len());
    assert!(told.contains("genuine"), "{told}");
}
