//! `tegami inspect`

use expect_test::expect;

use super::{NOW, Scene, key, signed};

const CONTENT: &str = "From: =?UTF-8?B?5bGx55Sw6Iqx5a2Q?= <hanako@example.org>
To: taro@example.net
Subject: =?UTF-8?B?44GK5ZWP44GE5ZCI44KP44Gb44GC44KK44GM44Go44GG44GU44GW44GE44G+44GZ?=
Date: Mon, 06 Jul 2026 09:29:50 +0900
Message-ID: <1@example.org>

Hello.
";

/// What the receiving host and the relay before it wrote.
const TRACE: &str = "Return-Path: <hanako@example.org>
Received: from mx1.example.org (mx1.example.org [192.0.2.1])
\tby mx.example.net with ESMTPS id 4AB for <taro@example.net>;
\tMon, 06 Jul 2026 00:30:05 +0000
Received: from pc ([10.0.0.7]) by mx1.example.org with ESMTPSA id 3CD;
\tMon, 06 Jul 2026 00:29:55 +0000
";

/// A scene with one signed message, `name`, changed on its way by `change`.
fn scene(change: impl Fn(String) -> String) -> Scene {
    let (signer, line) = key();
    let scene = Scene::new(&line);
    let message = String::from_utf8(signed(CONTENT, &signer)).unwrap();
    let message = format!("{}{}", TRACE.replace('\n', "\r\n"), change(message));
    scene.file("message", message.as_bytes());
    scene.file("unix", message.replace('\r', "").as_bytes());
    scene
}

#[test]
fn a_good_message() {
    let scene = scene(|message| message);
    scene.check(
        &format!("inspect message --zone zone --now {NOW}"),
        &expect![[r#"
            A receiver will: accept
               A domain that belongs to example.org vouches for the message.
               [RFC 9989 section 5.3.5]

            Envelope
              Client        192.0.2.1 (from a Received field)
              HELO          mx1.example.org (from a Received field)
              MAIL FROM     <hanako@example.org> (from Return-Path)
              From          山田花子 <hanako@example.org>
              Subject       お問い合わせありがとうございます
              Judged as of  2026-07-06 00:31:00Z

            1. Reverse DNS of 192.0.2.1: pass
               mx1.example.org points back to 192.0.2.1: the name is confirmed.
               [RFC 8601 section 3]

            2. SPF HELO mx1.example.org: pass
               `a` in the record of mx1.example.org decides.
               mx1.example.org has an address that covers 192.0.2.1: 192.0.2.1/32.
               [RFC 7208 section 5.3]

            3. SPF MAIL FROM example.org: pass
               `include:spf.example.net` in the record of example.org decides.
               The record of spf.example.net lets the address pass, so this term matches.
               [RFC 7208 section 5.2]

            4. DKIM example.org (mail, ed25519-sha256): pass
               example.org signed this message (selector mail), and the signed fields and
               the body are exactly what was signed. [RFC 6376 section 6.1.3]

            5. ARC: none
               The message brings no ARC seals: no handler on its way vouches for what it
               looked like before. [RFC 8617 section 5.2]

            6. DMARC example.org: pass
               The policy is reject, by the record of example.org: `v=DMARC1; p=reject;
               sp=quarantine`. The Organizational Domain is example.org.
               [RFC 9989 section 4.10.1]

               identifier  domain       result  strict  relaxed  demanded  counts
               SPF         example.org  pass    yes     yes      relaxed   yes
               DKIM        example.org  pass    yes     yes      relaxed   yes

               A domain that belongs to example.org vouches for the message.
               [RFC 9989 section 5.3.5]

            Therefore a receiver will: accept

            The way of the message: hops: 2, time: 10 s
              1. 2026-07-06 00:29:55Z  (the client's word)
                 pc ([10.0.0.7]) → mx1.example.org, ESMTPSA, encrypted
              2. 2026-07-06 00:30:05Z  +10 s
                 mx1.example.org (mx1.example.org [192.0.2.1]) → mx.example.net, ESMTPS,
                 encrypted, → <taro@example.net>

            Score: 10.0 of 10
            exit status 0
        "#]],
    );
    scene.check(
        &format!("inspect unix --zone zone --now {NOW} --lang ja"),
        &expect![[r#"
            受信側の扱い: 受け入れる
               example.org に属するドメインが、このメールを証明しています。
               [RFC 9989 section 5.3.5]

            エンベロープ
              クライアント  192.0.2.1 （Received フィールドから）
              HELO          mx1.example.org （Received フィールドから）
              MAIL FROM     <hanako@example.org> （Return-Path から）
              From          山田花子 <hanako@example.org>
              Subject       お問い合わせありがとうございます
              判定の時点    2026-07-06 00:31:00Z

            1. 逆引き DNS 192.0.2.1: pass
               mx1.example.org の正引きが 192.0.2.1 を指しており、逆引き名を確認できました。
               [RFC 8601 section 3]

            2. SPF HELO mx1.example.org: pass
               mx1.example.org のレコードの `a` で決まりました。
               mx1.example.org のアドレスが 192.0.2.1 に一致します（192.0.2.1/32）。
               [RFC 7208 section 5.3]

            3. SPF MAIL FROM example.org: pass
               example.org のレコードの `include:spf.example.net` で決まりました。
               spf.example.net のレコードがこのアドレスを許可しているため、一致します。
               [RFC 7208 section 5.2]

            4. DKIM example.org (mail, ed25519-sha256): pass
               example.org がこのメールに署名しています（セレクター mail）。署名されたヘッ
               ダーフィールドと本文は、署名時のままです。 [RFC 6376 section 6.1.3]

            5. ARC: none
               ARC の封印（ARC-Seal）がありません。配送の途中で、変更前の状態を保証したサー
               バーはありません。 [RFC 8617 section 5.2]

            6. DMARC example.org: pass
               ポリシーは reject です。example.org のレコード `v=DMARC1; p=reject;
               sp=quarantine` によります。組織ドメインは example.org です。
               [RFC 9989 section 4.10.1]

               識別子  ドメイン     結果  完全一致  同じ組織  条件      有効
               SPF     example.org  pass  はい      はい      同じ組織  はい
               DKIM    example.org  pass  はい      はい      同じ組織  はい

               example.org に属するドメインが、このメールを証明しています。
               [RFC 9989 section 5.3.5]

            したがって、受信側の扱い: 受け入れる

            メールの経路：2 区間、所要時間 10 秒
              1. 2026-07-06 00:29:55Z  （クライアントの申告）
                 pc ([10.0.0.7]) → mx1.example.org, ESMTPSA, 暗号化あり
              2. 2026-07-06 00:30:05Z  +10 秒
                 mx1.example.org (mx1.example.org [192.0.2.1]) → mx.example.net, ESMTPS, 暗
                 号化あり, → <taro@example.net>

            スコア：10 点中 10.0 点
            exit status 0
        "#]],
    );
    let unix = scene.run(&format!("inspect unix --zone zone --now {NOW}"));
    assert_eq!(unix.output, scene.run(&format!("inspect message --zone zone --now {NOW}")).output);
    let content = std::fs::read(scene.folder.path().join("message")).unwrap();
    let piped = scene.run_with(&format!("inspect - --zone zone --now {NOW}"), &content);
    assert_eq!(piped.output, unix.output);
}

#[test]
fn every_step() {
    let scene = scene(|message| message);
    scene.check(
        &format!("inspect message --zone zone --now {NOW} --explain"),
        &expect![[r#"
            A receiver will: accept
               A domain that belongs to example.org vouches for the message.
               [RFC 9989 section 5.3.5]

            Envelope
              Client        192.0.2.1 (from a Received field)
              HELO          mx1.example.org (from a Received field)
              MAIL FROM     <hanako@example.org> (from Return-Path)
              From          山田花子 <hanako@example.org>
              Subject       お問い合わせありがとうございます
              Judged as of  2026-07-06 00:31:00Z

            1. Reverse DNS of 192.0.2.1: pass
               mx1.example.org points back to 192.0.2.1: the name is confirmed.
               [RFC 8601 section 3]

               PTR 1.2.0.192.in-addr.arpa → found
                   192.0.2.1 is called mx1.example.org in the reverse DNS.
                   [RFC 8601 section 3]
               A mx1.example.org → match
                   mx1.example.org points back to 192.0.2.1: the name is confirmed.
                   [RFC 8601 section 3]

            2. SPF HELO mx1.example.org: pass
               `a` in the record of mx1.example.org decides.
               mx1.example.org has an address that covers 192.0.2.1: 192.0.2.1/32.
               [RFC 7208 section 5.3]

               TXT → found
                   The domain publishes the record `v=spf1 a -all`. [RFC 7208 section 4.5]
               a → match
                   mx1.example.org has an address that covers 192.0.2.1: 192.0.2.1/32.
                   [RFC 7208 section 5.3]
               Terms that asked the DNS: 1 of 10. Empty answers: 0 of 2.
               [RFC 7208 section 4.6.4]

            3. SPF MAIL FROM example.org: pass
               `include:spf.example.net` in the record of example.org decides.
               The record of spf.example.net lets the address pass, so this term matches.
               [RFC 7208 section 5.2]

               TXT → found
                   The domain publishes the record `v=spf1 include:spf.example.net -all`.
                   [RFC 7208 section 4.5]
               include:spf.example.net → match
                   The record of spf.example.net lets the address pass, so this term
                   matches. [RFC 7208 section 5.2]
                 TXT → found
                     The domain publishes the record `v=spf1 ip4:192.0.2.0/28 ~all`.
                     [RFC 7208 section 4.5]
                 ip4:192.0.2.0/28 → match
                     The address 192.0.2.1 is in 192.0.2.0/28. [RFC 7208 section 5.6]
               Terms that asked the DNS: 1 of 10. Empty answers: 0 of 2.
               [RFC 7208 section 4.6.4]

            4. DKIM example.org (mail, ed25519-sha256): pass
               example.org signed this message (selector mail), and the signed fields and
               the body are exactly what was signed. [RFC 6376 section 6.1.3]

               DKIM-Signature → found
                   example.org claims to have signed with selector mail, ed25519-sha256,
                   canonicalisation relaxed/relaxed. Signed fields: from, from, reply-to,
                   to, to, cc, subject, subject, date, date, message-id, message-id.
                   [RFC 6376 section 3.5]
               mail._domainkey.example.org → found
                   mail._domainkey.example.org has a key: ed25519, 256 bits.
                   [RFC 6376 section 6.1.2]
               body hash → pass
                   The body has the hash that the signature claims (relaxed):
                   yZQq1c8wjBl0fZ4Wc/oraMCAG1mZJv5v/hlvyFy+t6A=. [RFC 6376 section 6.1.3]
               header hash → pass
                   The signature fits the header fields that it names (12 names).
                   [RFC 6376 section 6.1.3]

            5. ARC: none
               The message brings no ARC seals: no handler on its way vouches for what it
               looked like before. [RFC 8617 section 5.2]

            6. DMARC example.org: pass
               The policy is reject, by the record of example.org: `v=DMARC1; p=reject;
               sp=quarantine`. The Organizational Domain is example.org.
               [RFC 9989 section 4.10.1]

               identifier  domain       result  strict  relaxed  demanded  counts
               SPF         example.org  pass    yes     yes      relaxed   yes
               DKIM        example.org  pass    yes     yes      relaxed   yes

               _dmarc.example.org → found
                   The record is `v=DMARC1; p=reject; sp=quarantine`.
                   [RFC 9989 section 4.10]
               _dmarc.org → none
                   org publishes no DMARC record (NXDOMAIN). [RFC 9989 section 4.10]
               organizational domain → found
                   The Organizational Domain of example.org is example.org.
                   [RFC 9989 section 4.10.2]
               p=reject → reject
                   The policy for example.org comes from `p`: reject.
                   [RFC 9989 section 4.10.1]
               spf example.org → aligned
                   example.org is the Author Domain itself. [RFC 9989 section 4.4]
               dkim example.org → aligned
                   example.org is the Author Domain itself. [RFC 9989 section 4.4]
               dmarc → pass
                   A domain that belongs to example.org vouches for the message.
                   [RFC 9989 section 5.3.5]

            Therefore a receiver will: accept

            The way of the message: hops: 2, time: 10 s
              1. 2026-07-06 00:29:55Z  (the client's word)
                 pc ([10.0.0.7]) → mx1.example.org, ESMTPSA, encrypted
              2. 2026-07-06 00:30:05Z  +10 s
                 mx1.example.org (mx1.example.org [192.0.2.1]) → mx.example.net, ESMTPS,
                 encrypted, → <taro@example.net>

            Score: 10.0 of 10
            exit status 0
        "#]],
    );
}

#[test]
fn a_forged_message() {
    let scene = scene(|message| message.replace("Hello.", "Pay 192.0.2.1 EUR now."));
    let words = format!(
        "inspect message --zone zone --now {NOW} --ip 198.51.100.9 --helo liar.example.org --mail-from a@explains.example.org"
    );
    scene.check(
        &words,
        &expect![[r#"
            A receiver will: reject
               Nothing that passed belongs to example.org. Its owner asks for: reject.
               [RFC 9989 section 5.3.5]

            Envelope
              Client        198.51.100.9
              HELO          liar.example.org
              MAIL FROM     <a@explains.example.org>
              From          山田花子 <hanako@example.org>
              Subject       お問い合わせありがとうございます
              Judged as of  2026-07-06 00:31:00Z

            1. Reverse DNS of 198.51.100.9: fail
               liar.example.org does not point back to 198.51.100.9; its addresses are
               198.51.100.10. [RFC 8601 section 3]

            2. SPF HELO liar.example.org: none
               liar.example.org has no TXT record (NODATA): the domain says nothing about
               who may send for it. [RFC 7208 section 4.5]

            3. SPF MAIL FROM explains.example.org: fail
               `-all` in the record of explains.example.org decides.
               `all` matches every address. [RFC 7208 section 5.1]
               The domain explains its refusal in its own words: “198.51.100.9 is not ours”
               [RFC 7208 section 6.2]

            4. DKIM example.org (mail, ed25519-sha256): fail
               The signature of example.org is genuine, but the body is not the one that was
               signed: somebody changed it on the way, for example a mailing list that added
               a footer. [RFC 6376 section 6.1.3]

            5. ARC: none
               The message brings no ARC seals: no handler on its way vouches for what it
               looked like before. [RFC 8617 section 5.2]

            6. DMARC example.org: fail
               The policy is reject, by the record of example.org: `v=DMARC1; p=reject;
               sp=quarantine`. The Organizational Domain is example.org.
               [RFC 9989 section 4.10.1]

               identifier  domain                result  strict  relaxed  demanded  counts
               SPF         explains.example.org  fail    no      yes      relaxed   no
               DKIM        example.org           fail    yes     yes      relaxed   no

               Nothing that passed belongs to example.org. Its owner asks for: reject.
               [RFC 9989 section 5.3.5]

            Therefore a receiver will: reject

            The way of the message: hops: 2, time: 10 s
              1. 2026-07-06 00:29:55Z  (the client's word)
                 pc ([10.0.0.7]) → mx1.example.org, ESMTPSA, encrypted
              2. 2026-07-06 00:30:05Z  +10 s  (the client's word)
                 mx1.example.org (mx1.example.org [192.0.2.1]) → mx.example.net, ESMTPS,
                 encrypted, → <taro@example.net>

            Score: 1.5 of 10
              −1.0 198.51.100.9 is called liar.example.org, but that name does not point
                   back to it. Publish an A or AAAA record that does.
              −2.5 The SPF record of explains.example.org forbids 198.51.100.9 to send. Add
                   the address, or send from one that is listed.
              −2.0 None of the DKIM signatures passes (1), so they count for nothing.
              −3.0 Neither SPF nor DKIM speaks for example.org, the domain that the reader
                   sees.
            exit status 1
        "#]],
    );
    scene.check(
        &format!("{words} --lang ja"),
        &expect![[r#"
            受信側の扱い: 拒否する
               合格したものの中に example.org に属するドメインがありません。所有者が求める扱
               いは reject です。 [RFC 9989 section 5.3.5]

            エンベロープ
              クライアント  198.51.100.9
              HELO          liar.example.org
              MAIL FROM     <a@explains.example.org>
              From          山田花子 <hanako@example.org>
              Subject       お問い合わせありがとうございます
              判定の時点    2026-07-06 00:31:00Z

            1. 逆引き DNS 198.51.100.9: fail
               liar.example.org の正引きは 198.51.100.9 ではなく 198.51.100.10 を指していま
               す。 [RFC 8601 section 3]

            2. SPF HELO liar.example.org: none
               liar.example.org に TXT レコードがありません（NODATA）。このドメインは、どこ
               から送信してよいかを示していません。 [RFC 7208 section 4.5]

            3. SPF MAIL FROM explains.example.org: fail
               explains.example.org のレコードの `-all` で決まりました。
               `all` はすべてのアドレスに一致します。 [RFC 7208 section 5.1]
               ドメイン側による拒否理由の説明：「198.51.100.9 is not ours」
               [RFC 7208 section 6.2]

            4. DKIM example.org (mail, ed25519-sha256): fail
               example.org の署名は本物ですが、本文が署名時のものと違います。配送の途中で変
               更されています。たとえば、メーリングリストがフッターを付け加えるとこうなりま
               す。 [RFC 6376 section 6.1.3]

            5. ARC: none
               ARC の封印（ARC-Seal）がありません。配送の途中で、変更前の状態を保証したサー
               バーはありません。 [RFC 8617 section 5.2]

            6. DMARC example.org: fail
               ポリシーは reject です。example.org のレコード `v=DMARC1; p=reject;
               sp=quarantine` によります。組織ドメインは example.org です。
               [RFC 9989 section 4.10.1]

               識別子  ドメイン              結果  完全一致  同じ組織  条件      有効
               SPF     explains.example.org  fail  いいえ    はい      同じ組織  いいえ
               DKIM    example.org           fail  はい      はい      同じ組織  いいえ

               合格したものの中に example.org に属するドメインがありません。所有者が求める扱
               いは reject です。 [RFC 9989 section 5.3.5]

            したがって、受信側の扱い: 拒否する

            メールの経路：2 区間、所要時間 10 秒
              1. 2026-07-06 00:29:55Z  （クライアントの申告）
                 pc ([10.0.0.7]) → mx1.example.org, ESMTPSA, 暗号化あり
              2. 2026-07-06 00:30:05Z  +10 秒  （クライアントの申告）
                 mx1.example.org (mx1.example.org [192.0.2.1]) → mx.example.net, ESMTPS, 暗
                 号化あり, → <taro@example.net>

            スコア：10 点中 1.5 点
              −1.0 198.51.100.9 の逆引き名は liar.example.org ですが、その名前は
                   198.51.100.9 を指していません。正しい A または AAAA レコードを公開してく
                   ださい。
              −2.5 explains.example.org の SPF レコードは、198.51.100.9 からの送信を禁じてい
                   ます。アドレスを追加するか、登録済みのアドレスから送信してください。
              −2.0 DKIM 署名 1 個のうち、一つも合格していません。署名がないのと同じです。
              −3.0 読み手に見えるドメイン example.org を、SPF も DKIM も証明していません。
            exit status 1
        "#]],
    );
}

#[test]
fn json_of_the_contract() {
    let scene = scene(|message| message);
    let (status, found) = scene.json(&format!(
        "inspect message --zone zone --now {NOW} --ip 192.0.2.1 --helo mx1.example.org --mail-from '' --authserv-id mx.example.com"
    ));
    assert_eq!(status, 0);
    let expected = [
        ("/iprev/result", "pass"),
        ("/iprev/name", "mx1.example.org"),
        ("/spf/helo/result", "pass"),
        ("/spf/mailfrom/result", "pass"),
        ("/spf/mailfrom/domain", "mx1.example.org"),
        ("/dkim/0/result", "pass"),
        ("/dkim/0/domain", "example.org"),
        ("/dkim/0/selector", "mail"),
        ("/dkim/0/algorithm", "ed25519-sha256"),
        ("/arc/result", "none"),
        ("/dmarc/result", "pass"),
        ("/dmarc/policy_domain", "example.org"),
        ("/dmarc/organizational_domain", "example.org"),
        ("/dmarc/policy", "reject"),
        ("/dmarc/disposition", "none"),
        ("/received/0/helo", "pc"),
        ("/received/1/tls", "used"),
        ("/decision", "accept"),
    ];
    for (pointer, value) in expected {
        assert_eq!(found.pointer(pointer).and_then(|found| found.as_str()), Some(value), "{pointer}");
    }
    assert_eq!(found["dmarc"]["aligned"], serde_json::json!({"spf": true, "dkim": true}));
    assert_eq!(found["score"], serde_json::json!({"points": 10.0, "of": 10, "findings": []}));
    assert_eq!(found["received"][1]["delay_seconds"], 10);
    assert_eq!(found["arc"]["instance"], 0);
    let results = found["authentication_results"].as_str().unwrap();
    assert!(results.starts_with("Authentication-Results: mx.example.com;\r\n"), "{results}");
}

#[test]
fn exit_status() {
    let scene = scene(|message| message);
    scene.file("bare", b"From: a@example.com\n\nHello\n");
    let status = |words: &str| scene.run(&format!("{words} --zone zone --now {NOW}")).status;
    assert_eq!(status("inspect message"), 0);
    // Nobody vouches, nobody objects.
    assert_eq!(status("inspect bare --ip 203.0.113.1"), 0);
    // Without a policy, SPF alone fails.
    assert_eq!(status("inspect bare --ip 203.0.113.1 --mail-from a@explains.example.org"), 1);
    assert_eq!(status("inspect bare --ip 192.0.2.1 --mail-from a@example.org"), 0);
    scene.check("inspect bare --zone zone", &expect![[r#"
        tegami: Nothing says from which address the message came: it has no Received field with one. Name it with --ip.
        exit status 2
    "#]]);
    scene.check(
        "inspect nowhere --zone zone",
        &expect![[r#"
        tegami: nowhere cannot be read: No such file or directory (os error 2)
        exit status 2
    "#]],
    );
    scene.check(
        "inspect bare --ip 192.0.2.1 --mail-from a@@b --zone zone",
        &expect![[r#"
        tegami: `a@@b` is not an address: the local-part has a character that needs quotes
        exit status 2
    "#]],
    );
}
