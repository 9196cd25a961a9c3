//! `tegami lookup`

use expect_test::{expect, expect_file};

use super::Scene;

const TLS: &str = r#"
_mta-sts.example.org. TXT "v=STSv1; id=20261121T1;"
_mta-sts.bad.example. TXT "v=STSv1; id=2026-11-21;"
_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=mailto:tls@example.org,https://reports.example.net/v1"
_smtp._tls.bad.example. TXT "v=TLSRPTv1; rua=tls@example.org"
_25._tcp.mx1.example.org. TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_25._tcp.mx1.example.org. TLSA 1 0 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_25._tcp.mx2.example.org. TLSA 3 1 1 0123
$SECURE example.org.
_25._tcp.mx.bad.example. TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
mx.bad.example. A 192.0.2.1
$BOGUS _25._tcp.forged.example.
"#;

#[test]
fn mta_sts() {
    let scene = Scene::new(TLS);
    scene.file("policy", b"version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmax_age: 86400\r\n");
    transcript(
        &scene,
        &expect_file!["expected/mta-sts.txt"],
        &[
            "lookup mta-sts example.org --zone zone --policy policy",
            "lookup mta-sts example.org --zone zone --policy policy --lang ja",
            "lookup mta-sts example.org --zone zone --policy policy --json",
            "lookup mta-sts example.org --zone zone",
            "lookup mta-sts bad.example --zone zone",
            "lookup mta-sts nobody.example --zone zone",
        ],
    );
}

#[test]
fn tls_rpt_and_tlsa() {
    let scene = Scene::new(TLS);
    transcript(
        &scene,
        &expect_file!["expected/tls-rpt.txt"],
        &[
            "lookup tls-rpt example.org --zone zone",
            "lookup tls-rpt example.org --zone zone --json",
            "lookup tls-rpt bad.example --zone zone --lang ja",
            "lookup tls-rpt nobody.example --zone zone",
        ],
    );
    transcript(
        &scene,
        &expect_file!["expected/tlsa.txt"],
        &[
            "lookup tlsa mx1.example.org --zone zone",
            "lookup tlsa mx1.example.org --zone zone --lang ja",
            "lookup tlsa mx1.example.org --zone zone --json",
            "lookup tlsa mx2.example.org:25 --zone zone",
            "lookup tlsa mx1.example.org:587 --zone zone",
            "lookup tlsa mx.bad.example --zone zone",
            "lookup tlsa forged.example --zone zone",
            "lookup tlsa mx.example.org:smtp --zone zone",
        ],
    );
}

/// Several commands, one after another.
pub(super) fn transcript(scene: &Scene, expect: &expect_test::ExpectFile, commands: &[&str]) {
    let mut text = String::new();
    for words in commands {
        let answer = scene.run(words);
        let (output, errors, status) = (answer.output, answer.errors, answer.status);
        text.push_str(&format!(
            "$ tegami {words}
{output}{errors}exit status {status}

"
        ));
    }
    expect.assert_eq(&text);
}

#[test]
fn mx() {
    let scene = Scene::new("");
    scene.check(
        "lookup mx example.org --zone zone",
        &expect![[r#"
            MX example.org: mx
              Mail for example.org goes to the host with the lowest preference that can be
              reached.

              preference  host             address      TTL     block lists  SMTP test
              10          mx1.example.org  192.0.2.1    3600 s  not asked    not asked
                                           2001:db8::1          not asked    not asked
              20          mx2.example.org  192.0.2.2    3600 s  not asked    not asked
                                           192.0.2.3            not asked    not asked

              block lists: Not asked, because the zone text has no list in it, and nothing
              is asked of the network.

              SMTP test: Not asked, because hosts of a zone text are nobody's. With --port
              they are taken for a laboratory's and visited.
            exit status 0
        "#]],
    );
    scene.check(
        "lookup mx example.org --zone zone --lang ja",
        &expect![[r#"
            MX example.org: mx
              example.org 宛てのメールは、つながるホストのうち優先度の値が最も小さいものに届
              けられます。

              優先度  ホスト           アドレス     TTL     ブロックリスト  SMTP テスト
              10      mx1.example.org  192.0.2.1    3600 s  未確認          未確認
                                       2001:db8::1          未確認          未確認
              20      mx2.example.org  192.0.2.2    3600 s  未確認          未確認
                                       192.0.2.3            未確認          未確認

              ブロックリスト: ゾーンファイルにリストがなく、ネットワークにも問い合わせないた
              め、確認していません。

              SMTP テスト: ゾーンファイルのホストは実在しないため、確認していません。--port
              を指定すると、実験環境のホストとして接続します。
            exit status 0
        "#]],
    );
    scene.check(
        "lookup mx nomail.example.org --zone zone",
        &expect![[r#"
        MX nomail.example.org: null
          nomail.example.org publishes a null MX: it accepts no mail at all, and senders
          must give up at once (RFC 7505).
        exit status 1
    "#]],
    );
    scene.check(
        "lookup mx bare.example.org --zone zone",
        &expect![[r#"
            MX bare.example.org: implicit
              bare.example.org has no MX record. Its own addresses receive its mail (the
              implicit MX of RFC 5321 section 5.1); publish an MX record to say so clearly.

              preference  host              address     TTL     block lists  SMTP test
              –           bare.example.org  192.0.2.20  3600 s  not asked    not asked

              block lists: Not asked, because the zone text has no list in it, and nothing
              is asked of the network.

              SMTP test: Not asked, because hosts of a zone text are nobody's. With --port
              they are taken for a laboratory's and visited.
            exit status 0
        "#]],
    );
    scene.check(
        "lookup mx nowhere.example --zone zone",
        &expect![[r#"
        MX nowhere.example: none
          nowhere.example does not exist in the DNS.
        exit status 1
    "#]],
    );
    scene.check(
        "lookup mx broken.example.org --zone zone",
        &expect![[r#"
        MX broken.example.org: temperror
          Asking for the MX records of broken.example.org failed (timeout); the answer
          may be different later.
        exit status 1
    "#]],
    );
}

#[test]
fn mx_json() {
    let (status, found) = Scene::new("").json("lookup mx example.org --zone zone");
    assert_eq!(status, 0);
    assert_eq!(found["hosts"][0]["host"], "mx1.example.org");
    assert_eq!(found["hosts"][0]["ipv6"][0], "2001:db8::1");
    assert_eq!(found["hosts"][1]["preference"], 20);
    assert_eq!(found["result"], "mx");
}

#[test]
fn dkim_without_a_selector() {
    let (_, line) = super::key();
    let line = line.replace("mail._domainkey", "google._domainkey");
    let scene = Scene::new(&line);
    let (status, found) = scene.json("lookup dkim example.org --zone zone");
    assert_eq!(status, 0, "{found:#}");
    let state = |id: &str| {
        let findings = found["findings"].as_array().unwrap();
        findings.iter().find(|one| one["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!(state("dkim.record-found"), "pass");
    // No key that can be known is no missing key.
    let hidden = Scene::new(&line.replace("google._domainkey", "z8k2q._domainkey"));
    let (status, found) = hidden.json("lookup dkim example.org --zone zone");
    assert_eq!((status, found["summary"]["fail"].as_u64()), (1, Some(0)), "{found:#}");
    // Where nothing stands below `_domainkey`, there is none at all (RFC 8020 section 2).
    let (status, found) = Scene::new("").json("lookup dkim example.org --zone zone");
    assert_eq!((status, found["summary"]["fail"].as_u64()), (1, Some(1)));
    let told = |lang: &str| scene.run(&format!("lookup dkim example.org --zone zone --lang {lang}")).output;
    for language in ["en", "ja"] {
        assert!(told(language).contains("google._domainkey.example.org"), "{}", told(language));
    }
    assert_ne!(told("en"), told("ja"));
}

#[test]
fn spf() {
    let scene = Scene::new("");
    scene.check(
        "lookup spf example.org --ip 192.0.2.1 --zone zone",
        &expect![[r#"
            SPF MAIL FROM example.org 192.0.2.1: pass
               `include:spf.example.net` in the record of example.org decides.
               The record of spf.example.net lets the address pass, so this term matches.
               [RFC 7208 section 5.2]

            Steps
               TXT → found
                   The domain publishes the record `v=spf1 include:spf.example.net -all`.
                   [RFC 7208 section 4.5]
               include:spf.example.net → match  terms that asked so far: 1, empty answers: 0
                   The record of spf.example.net lets the address pass, so this term
                   matches. [RFC 7208 section 5.2]
                 TXT → found
                     The domain publishes the record `v=spf1 ip4:192.0.2.0/28 ~all`.
                     [RFC 7208 section 4.5]
                 ip4:192.0.2.0/28 → match
                     The address 192.0.2.1 is in 192.0.2.0/28. [RFC 7208 section 5.6]

               Terms that asked the DNS: 1 of 10. Empty answers: 0 of 2.
               [RFC 7208 section 4.6.4]

            Survey of the record of example.org
               What an address costs that no term but `all` matches: 1 of 10 terms that ask
               the DNS, and 0 of 2 empty answers. [RFC 7208 section 4.6.4]
               `tegami lookup spf example.org` without `--ip` shows the whole survey.

            Results
               pass      SPF Authentication
               pass      SPF Record Published
               pass      SPF Record Deprecated
               pass      SPF Multiple Records
               pass      SPF Contains characters after ALL
               pass      SPF Syntax Check
               pass      SPF Included Lookups
               pass      SPF Recursive Loop
               pass      SPF Duplicate Include
               pass      SPF Type PTR Check
               pass      SPF Void Lookups
               pass      SPF MX Resource Records
               pass      SPF Redirect Evaluation
               pass      SPF Exceeds Maximum Character Limit
            exit status 0
        "#]],
    );
}

#[test]
fn spf_in_japanese() {
    let scene = Scene::new("");
    scene.check(
        "lookup spf --ip 192.0.2.99 --mail-from a@example.org --zone zone --lang ja",
        &expect![[r#"
            SPF MAIL FROM example.org 192.0.2.99: fail
               example.org のレコードの `-all` で決まりました。
               `all` はすべてのアドレスに一致します。 [RFC 7208 section 5.1]

            手順
               TXT → found
                   このドメインはレコード `v=spf1 include:spf.example.net -all` を公開してい
                   ます。 [RFC 7208 section 4.5]
               include:spf.example.net → no-match  ここまでの問い合わせ 1、空の応答 0
                   spf.example.net のレコードの結果は softfail です。include は結果が pass
                   のときだけ一致します。 [RFC 7208 section 5.2]
                 TXT → found
                     このドメインはレコード `v=spf1 ip4:192.0.2.0/28 ~all` を公開していま
                     す。 [RFC 7208 section 4.5]
                 ip4:192.0.2.0/28 → no-match
                     アドレス 192.0.2.99 は 192.0.2.0/28 に含まれません。
                     [RFC 7208 section 5.6]
                 ~all → match
                     `all` はすべてのアドレスに一致します。 [RFC 7208 section 5.1]
               -all → match
                   `all` はすべてのアドレスに一致します。 [RFC 7208 section 5.1]

               DNS に問い合わせた項目：10 個までのうち 1 個。空の応答：2 回までのうち 0 回。
               [RFC 7208 section 4.6.4]

            example.org のレコードの調査
               `all` 以外のどの項目にも一致しないアドレスの場合：DNS に問い合わせる項目は 10
               個までのところ 1 個、空の応答は 2 回までのところ 0 回です。
               [RFC 7208 section 4.6.4]
               `--ip` を付けずに `tegami lookup spf example.org` を実行すると、調査のすべて
               を表示します。

            検査結果
               fail      SPF Authentication
               pass      SPF Record Published
               pass      SPF Record Deprecated
               pass      SPF Multiple Records
               pass      SPF Contains characters after ALL
               pass      SPF Syntax Check
               pass      SPF Included Lookups
               pass      SPF Recursive Loop
               pass      SPF Duplicate Include
               pass      SPF Type PTR Check
               pass      SPF Void Lookups
               pass      SPF MX Resource Records
               pass      SPF Redirect Evaluation
               pass      SPF Exceeds Maximum Character Limit
            exit status 1
        "#]],
    );
}

#[test]
fn spf_in_other_words() {
    let scene = Scene::new("");
    scene.check(
        "lookup spf explains.example.org --ip 192.0.2.99 --zone zone",
        &expect![[r#"
            SPF MAIL FROM explains.example.org 192.0.2.99: fail
               `-all` in the record of explains.example.org decides.
               `all` matches every address. [RFC 7208 section 5.1]
               The domain explains its refusal in its own words: “192.0.2.99 is not ours”
               [RFC 7208 section 6.2]

            Steps
               TXT → found
                   The domain publishes the record `v=spf1 -all exp=why.example.org`.
                   [RFC 7208 section 4.5]
               -all → match
                   `all` matches every address. [RFC 7208 section 5.1]
               exp=why.example.org → found
                   The domain explains its refusal in its own words: “192.0.2.99 is not
                   ours” [RFC 7208 section 6.2]

               Terms that asked the DNS: 0 of 10. Empty answers: 0 of 2.
               [RFC 7208 section 4.6.4]

            Survey of the record of explains.example.org
               What an address costs that no term but `all` matches: 0 of 10 terms that ask
               the DNS, and 0 of 2 empty answers. [RFC 7208 section 4.6.4]

            Results
               fail      SPF Authentication
               pass      SPF Record Published
               pass      SPF Record Deprecated
               pass      SPF Multiple Records
               pass      SPF Contains characters after ALL
               pass      SPF Syntax Check
               pass      SPF Included Lookups
               pass      SPF Recursive Loop
               pass      SPF Duplicate Include
               pass      SPF Type PTR Check
               pass      SPF Void Lookups
               pass      SPF MX Resource Records
               pass      SPF Redirect Evaluation
               pass      SPF Exceeds Maximum Character Limit
            exit status 1
        "#]],
    );
    scene.check(
        "lookup spf --ip 192.0.2.99 --zone zone",
        &expect![[r#"
        tegami: Nothing to check: name a domain, --mail-from or --helo
        exit status 2
    "#]],
    );
}

/// A record with mistakes, too many lookups and a service that is gone.
const CROWDED: &str = r#"
crowded.example.org.   TXT "v=spf1 ipv4:192.0.2.10 ip4: 198.51.100.20 include:a.example.net include:b.example.net include:gone.example.net mx \226\128\147all"
crowded.example.org.   MX  10 mx1.example.org.
a.example.net.         TXT "v=spf1 include:shared.example.net a:x.example.net ~all"
b.example.net.         TXT "v=spf1 include:shared.example.net exists:%{i}.example.net a:y.example.net ~all"
shared.example.net.    TXT "v=spf1 a:x.example.net mx:x.example.net -all ptr"
x.example.net.         A   203.0.113.1
x.example.net.         MX  10 x.example.net.
twice.example.org.     TXT "v=spf1 ip4:192.0.2.10 ~all"
twice.example.org.     TXT "v=spf1 include:spf.example.net -all"
"#;

#[test]
fn spf_survey() {
    let scene = Scene::new(CROWDED);
    let crowded = "lookup spf crowded.example.org --zone zone";
    scene.check_file(crowded, &expect_file!["expected/spf-survey-1.txt"]);
    scene.check_file(&format!("{crowded} --lang ja"), &expect_file!["expected/spf-survey-2.txt"]);
    scene.check_file("lookup spf twice.example.org --zone zone", &expect_file!["expected/spf-survey-3.txt"]);
    scene.check_file(
        "lookup spf --ip 192.0.2.10 --helo mx1.example.org --mail-from a@crowded.example.org --zone zone",
        &expect_file!["expected/spf-survey-4.txt"],
    );
    let (status, found) = scene.json(crowded);
    let survey = &found["survey"];
    assert_eq!(
        (status, &found["domain"], &survey["lookups"]),
        (1, &"crowded.example.org".into(), &13.into())
    );
    assert_eq!(survey["findings"][0]["id"], "spf.syntax");
    assert_eq!(survey["findings"][0]["suggestion"]["text"], "ip4:192.0.2.10");
    assert_eq!(survey["tree"]["terms"][2]["error"], true);
}

#[test]
fn both_identities() {
    let scene = Scene::new("");
    let words = "lookup spf --ip 192.0.2.1 --helo mx1.example.org --zone zone --mail-from";
    let (_, found) = scene.json(&format!("{words} a@explains.example.org"));
    assert_eq!((&found["identity"], &found["result"]), (&"mailfrom".into(), &"fail".into()));
    assert_eq!((&found["helo"]["identity"], &found["helo"]["result"]), (&"helo".into(), &"pass".into()));
    assert_eq!(found["helo"]["domain"], "mx1.example.org");
    assert_eq!(found["survey"]["domain"], "explains.example.org");
    let (_, found) = scene.json(&format!("{words} ''"));
    assert_eq!((&found["identity"], found.get("helo")), (&"helo".into(), None));
}

#[test]
fn spf_json() {
    let scene = Scene::new("");
    let check = |words: &str, expected: (i32, &str, &str, &str)| {
        let (status, found) = scene.json(&format!("lookup spf --zone zone {words}"));
        let text = |name: &str| found[name].as_str().unwrap();
        assert_eq!((status, text("result"), text("identity"), text("domain")), expected, "{words}");
        for member in ["explanation", "lookups", "void_lookups", "steps"] {
            assert!(found.get(member).is_some(), "{member}");
        }
        for member in ["depth", "domain", "term", "outcome", "detail", "source"] {
            assert!(found["steps"][0].get(member).is_some(), "{member}");
        }
    };
    check("--ip 192.0.2.1 --mail-from a@example.org --helo x", (0, "pass", "mailfrom", "example.org"));
    check("--ip 192.0.2.1 --mail-from '' --helo mx1.example.org", (0, "pass", "helo", "mx1.example.org"));
    check("--ip 192.0.2.1 --helo mx1.example.org", (0, "pass", "helo", "mx1.example.org"));
    check("--ip 192.0.2.1 example.org", (0, "pass", "mailfrom", "example.org"));
    check("--ip 192.0.2.99 --mail-from a@b@example.org", (1, "fail", "mailfrom", "example.org"));
    check(
        "--ip 192.0.2.99 --mail-from a@explains.example.org",
        (1, "fail", "mailfrom", "explains.example.org"),
    );
    check(
        "--ip 192.0.2.99 --mail-from a@broken.example.org",
        (1, "temperror", "mailfrom", "broken.example.org"),
    );
}

#[test]
fn dkim() {
    let scene = Scene::new(
        "ed._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n\
         gone._domainkey.example.org. TXT \"v=DKIM1; p=\"\n",
    );
    scene.check(
        "lookup dkim example.org ed --zone zone",
        &expect![[r#"
        DKIM ed._domainkey.example.org: pass
          ed._domainkey.example.org has a key: ed25519, 256 bits.
          [RFC 6376 section 3.6.1]
          The domain says that it is only testing DKIM (`t=y`): a failure must not count
          against the message.

        Record
          v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=

          v=DKIM1                                      version of the record
          k=ed25519                                    type of the key
          t=y                                          flags: y is testing, s demands
                                                       the domain itself
          p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcH…  the public key; empty where it is
                                                       revoked
        exit status 0
    "#]],
    );
    scene.check(
        "lookup dkim example.org ed --zone zone --lang ja",
        &expect![[r#"
            DKIM ed._domainkey.example.org: pass
              ed._domainkey.example.org に鍵があります：ed25519、256 ビット
              [RFC 6376 section 3.6.1]
              このドメインは DKIM を試験中です（`t=y`）。失敗しても、それを理由にメールを不
              利に扱ってはいけません。

            レコード
              v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=

              v=DKIM1                                      レコードのバージョン
              k=ed25519                                    鍵の種類
              t=y                                          フラグ：y は試験中、s はドメイン
                                                           の完全一致
              p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcH…  公開鍵。空なら取り消し
            exit status 0
        "#]],
    );
    scene.check(
        "lookup dkim example.org gone --zone zone",
        &expect![[r#"
        DKIM gone._domainkey.example.org: fail
          The key was withdrawn: its record has an empty `p=`.

        Record
          v=DKIM1; p=

          v=DKIM1  version of the record
          p=       the public key; empty where it is revoked
        exit status 1
    "#]],
    );
    scene.check(
        "lookup dkim example.org none --zone zone",
        &expect![[r#"
        DKIM none._domainkey.example.org: fail
          There is no key at none._domainkey.example.org (NXDOMAIN). Publish the key
          there, or sign with a selector whose key is published.
        exit status 1
    "#]],
    );
    let (status, found) = scene.json("lookup dkim example.org ed --zone zone");
    assert_eq!((status, &found["bits"], &found["testing"]), (0, &256.into(), &true.into()));
}

#[test]
fn dmarc() {
    let scene = Scene::new("");
    scene.check_file("lookup dmarc news.example.org --zone zone", &expect_file!["expected/dmarc-1.txt"]);
    scene.check_file(
        "lookup dmarc news.example.org --zone zone --lang ja",
        &expect_file!["expected/dmarc-2.txt"],
    );
    scene.check_file("lookup dmarc example.com --zone zone", &expect_file!["expected/dmarc-3.txt"]);
    scene.check_file(
        "lookup dmarc a@example.org --spf pass:bounce.example.net --dkim pass:news.example.org --zone zone",
        &expect_file!["expected/dmarc-4.txt"],
    );
}

/// Whatever a record may have, and what older receivers make of it.
const HARDER: &str = r#"
_dmarc.example.com.      TXT  "v=DMARC1; p=none; sp=reject; np=quarantine; t=y; pct=20; fo=1; adkim=s; x=1; rua=mailto:d@example.com!10m, reports@example.com"
_dmarc.mail.example.com. TXT  "v=DMARC1; p=reject; sp=none; psd=n"
a.mail.example.com.      A    192.0.2.1
_dmarc.cased.test.       TXT  "v=dmarc1; p=none"
"#;

#[test]
fn dmarc_of_another_kind() {
    let scene = Scene::new(HARDER);
    scene.check_file("lookup dmarc nowhere.example.com --zone zone", &expect_file!["expected/dmarc-5.txt"]);
    scene.check_file(
        "lookup dmarc nowhere.example.com --zone zone --lang ja",
        &expect_file!["expected/dmarc-6.txt"],
    );
    scene.check_file(
        "lookup dmarc a@a.mail.example.com b@example.com --dkim pass:example.com --zone zone --lang ja",
        &expect_file!["expected/dmarc-7.txt"],
    );
    scene.check_file("lookup dmarc cased.test --zone zone", &expect_file!["expected/dmarc-8.txt"]);
}

#[test]
fn dmarc_json_tells_both_methods() {
    let scene = Scene::new(HARDER);
    let (_, found) = scene.json("lookup dmarc a.mail.example.com --zone zone");
    let older = &found["public_suffix"];
    assert_eq!(found["organizational_domain"], "mail.example.com");
    assert_eq!(
        (&older["organizational_domain"], &older["policy"]),
        (&"example.com".into(), &"reject".into())
    );
    assert_eq!((&older["policy_domain"], &older["percent"]), (&"example.com".into(), &20.into()));
    assert_eq!(older["differences"].as_array().unwrap().len(), 4);
    assert!(older.get("result").is_none());
    assert_eq!(found["subdomains"]["existing"], "none");
    let (status, found) = scene.json(
        "lookup dmarc a@a.mail.example.com --dkim pass:b.example.com --spf pass:example.com --zone zone",
    );
    let older = &found["public_suffix"];
    assert_eq!((status, &found["result"], &older["result"]), (1, &"fail".into(), &"pass".into()));
    assert_eq!((&older["aligned"]["dkim"], &older["aligned"]["spf"]), (&false.into(), &true.into()));
    assert_eq!(older["disposition"], "none");
}

#[test]
fn dmarc_json() {
    let scene = Scene::new("");
    let (status, found) = scene.json("lookup dmarc news.example.org --zone zone");
    assert_eq!(status, 0);
    assert_eq!(found["policy"], "quarantine");
    assert_eq!(found["policy_domain"], "example.org");
    assert_eq!(found["organizational_domain"], "example.org");
    assert_eq!(found["tags"]["p"], "reject");
    assert!(found.get("disposition").is_none());
    let (status, found) = scene.json(
        "lookup dmarc a@example.org b@news.example.org --dkim pass:example.org --spf fail:x.test --zone zone",
    );
    assert_eq!((status, &found["result"], &found["aligned"]["dkim"]), (0, &"pass".into(), &true.into()));
    let (status, found) =
        scene.json("lookup dmarc a@example.org a@news.example.org --dkim fail:example.org --zone zone");
    assert_eq!((status, &found["result"], &found["disposition"]), (1, &"fail".into(), &"reject".into()));
    assert_eq!(found["policy"], "reject");
}

#[test]
fn ptr() {
    let scene = Scene::new("");
    scene.check(
        "lookup ptr 192.0.2.1 --zone zone",
        &expect![[r#"
        PTR 192.0.2.1: pass
           PTR 1.2.0.192.in-addr.arpa → found
               192.0.2.1 is called mx1.example.org in the reverse DNS.
               [RFC 8601 section 3]
           A mx1.example.org → match
               mx1.example.org points back to 192.0.2.1: the name is confirmed.
               [RFC 8601 section 3]
        exit status 0
    "#]],
    );
    scene.check(
        "lookup ptr 198.51.100.9 --zone zone --lang ja",
        &expect![[r#"
        PTR 198.51.100.9: fail
           PTR 9.100.51.198.in-addr.arpa → found
               198.51.100.9 の逆引き名は liar.example.org です。 [RFC 8601 section 3]
           A liar.example.org → no-match
               liar.example.org の正引きは 198.51.100.9 ではなく 198.51.100.10 を指して
               います。 [RFC 8601 section 3]
        exit status 1
    "#]],
    );
    scene.check(
        "lookup ptr 203.0.113.1 --zone zone",
        &expect![[r#"
        PTR 203.0.113.1: permerror
           PTR 1.113.0.203.in-addr.arpa → error
               203.0.113.1 has no name in the reverse DNS (NXDOMAIN). Many receivers
               refuse mail from such addresses; whoever owns the address can publish a
               PTR record. [RFC 8601 section 3]
        exit status 1
    "#]],
    );
}

#[test]
fn wrong_use() {
    let scene = Scene::new("");
    scene.file("bad", b"example.org. A 192.0.2.1\nexample.org. MX ten mx.example.org.\n");
    scene.check(
        "lookup mx example.org --zone nowhere",
        &expect![[r#"
        tegami: nowhere cannot be read: No such file or directory (os error 2)
        exit status 2
    "#]],
    );
    scene.check(
        "lookup mx example.org --zone bad",
        &expect![[r#"
        tegami: bad is not zone text: line 2: `ten` is not a preference from 0 to 65535
        exit status 2
    "#]],
    );
    scene.check("lookup mx a..b --zone zone", &expect![[r#"
        tegami: `a..b` is not a domain name: a label of the domain is empty, too long, or begins or ends with a hyphen
        exit status 2
    "#]]);
    scene.check(
        "lookup dmarc a@example.org --spf maybe:example.org --zone zone",
        &expect![[r#"
        tegami: `maybe:example.org` is not RESULT:DOMAIN, such as pass:example.org
        exit status 2
    "#]],
    );
    scene.check(
        "lookup dmarc a@[192.0.2.1] --zone zone",
        &expect![[r#"
        tegami: `a@[192.0.2.1]` has no domain that DMARC could protect
        exit status 2
    "#]],
    );
}

#[test]
fn a_reply_is_explained() {
    let scene = Scene::new("");
    let reply = "550-5.7.26 The MAIL FROM domain [shop.example.org] has an SPF record with a hard fail policy (-all) but it \
                 fails to pass SPF checks with the ip: 550-5.7.26 [192.0.2.24]. - gsmtp";
    let answer = scene.run_words(&["lookup", "reply", reply, "--json"], b"");
    assert_eq!(answer.status, 0, "{}{}", answer.output, answer.errors);
    let told: serde_json::Value = serde_json::from_str(&answer.output).unwrap();
    let one = &told["replies"][0];
    assert_eq!((&one["code"], &one["enhanced"]), (&550.into(), &"5.7.26".into()));
    let verdict = &one["verdict"];
    assert_eq!((&verdict["cause"], &verdict["provider"]), (&"authentication".into(), &"google".into()));
    let advice = verdict["advice"].as_str().unwrap();
    assert!(advice.contains("ip4:192.0.2.24") && advice.contains("shop.example.org"), "{advice}");

    let answer = scene.run_words(&["lookup", "reply", "550 what a day", "--lang", "ja"], b"");
    assert_eq!(answer.status, 1, "{}{}", answer.output, answer.errors);
}

#[test]
fn every_reply_of_a_bounce_is_explained() {
    let bounce = b"From: a@example.org\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
        Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example.org\r\n\r\n\
        Final-Recipient: rfc822; a@example.net\r\nStatus: 5.1.1\r\n\
        Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n\
        Final-Recipient: rfc822; b@example.net\r\nStatus: 4.2.2\r\n\
        Diagnostic-Code: smtp; 452 4.2.2 over quota\r\n\r\n--b--\r\n";
    let answer = Scene::new("").run_with("lookup reply --json", bounce);
    let told: serde_json::Value = serde_json::from_str(&answer.output).unwrap();
    let replies = told["replies"].as_array().unwrap();
    let causes: Vec<_> = replies.iter().map(|one| one["verdict"]["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["bad-mailbox", "mailbox-full"]);
    assert_eq!((&replies[0]["bad_address"], &replies[1]["retry"]), (&true.into(), &true.into()));
}
