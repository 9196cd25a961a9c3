//! Sending.

use expect_test::expect;
use tegami_mail::mime;
use tegami_queue::shaping::{ShapingSettings, SourceTerms, Sources};

use crate::site::{KEY, SENDING_KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";
const MESSAGES: &str = "/v3/example.org/messages";

#[tokio::test]
async fn urlencoded_with_japanese() {
    let site = Site::open().await;
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("from", "テスト <me@example.org>")
        .append_pair("to", "山田 太郎 <taro@example.net>, b@example.com")
        .append_pair("cc", "c@example.com")
        .append_pair("bcc", "hidden@example.com")
        .append_pair("subject", "お問い合わせ")
        .append_pair("text", "こんにちは")
        .append_pair("o:tag", "tag 1")
        .append_pair("v:order", "17")
        .append_pair("h:X-Shop", "一番")
        .append_pair("o:tracking", "False")
        .finish();
    let answer = site.post(MESSAGES, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    assert_eq!(answer.message(), "Queued. Thank you.");
    let (row, content) = site.newest().await;
    assert_eq!(answer.json()["id"], format!("<{}>", row.summary.message_id));
    assert_eq!(row.reverse_path.to_string(), "me@example.org");
    assert_eq!(
        site.recipients(&row).await,
        ["taro@example.net", "b@example.com", "c@example.com", "hidden@example.com"]
    );
    assert!(!content.contains("hidden"));
    let parsed = mime::parse(content.as_bytes());
    assert_eq!(parsed.subject, "お問い合わせ");
    assert_eq!(parsed.to, "山田 太郎 <taro@example.net>, b@example.com");
    assert_eq!(parsed.text.as_deref().map(str::trim_end), Some("こんにちは"));
    assert_eq!(row.summary.tags, ["tag 1"]);
    let fields: Vec<_> = content
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("X-") || line.starts_with("Received"))
        .collect();
    expect![[r#"
        Received: by mail.example.org with HTTP id ID;
        X-Shop: =?UTF-8?B?5LiA55Wq?=
        X-Mailgun-Tag: tag 1
        X-Mailgun-Variables: {"order":"17"}"#]]
    .assert_eq(&fields.join("\n").replace(&row.id.to_string(), "ID"));
}

/// As mailgun-php writes it: a quoted boundary with dots, lengths in parts.
#[tokio::test]
async fn multipart_with_files() {
    let site = Site::open().await;
    let part = |head: &str, body: &str| {
        format!(
            "--6b01ce1a.91820748\r\nContent-Disposition: form-data; {head}\r\nContent-Length: {}\r\n\r\n{body}\r\n",
            body.len()
        )
    };
    let body = [
        part("name=\"from\"", "me@example.org"),
        part("name=\"to\"", "a@example.net"),
        part("name=\"subject\"", "請求書"),
        part("name=\"html\"", "<img src=\"cid:logo@x\">"),
        part("name=\"o:tracking\"", ""),
        part("name=\"attachment[0]\"; filename=\"日本 %22a%22.png\"", "\u{1}png"),
        part("name=\"attachment[1]\"; filename=\"a b.txt\"", "text"),
        part("name=\"inline[0]\"; filename=\"logo@x\"", "GIF89a"),
        "--6b01ce1a.91820748--\r\n\r\n".to_owned(),
    ]
    .concat();
    let content_type = "multipart/form-data; boundary=\"6b01ce1a.91820748\"";
    let answer = site.request("POST", MESSAGES, KEY, content_type, body.as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let (_, content) = site.newest().await;
    let parsed = mime::parse(content.as_bytes());
    let files: Vec<_> = parsed
        .attachments
        .iter()
        .map(|file| (file.filename.as_deref().unwrap(), file.content_type.as_str(), file.inline))
        .collect();
    assert_eq!(
        files,
        [
            ("logo@x", "image/gif", true),
            ("日本 \"a\".png", "image/png", false),
            ("a b.txt", "text/plain", false)
        ]
    );
    assert_eq!(parsed.attachments[0].content_id.as_deref(), Some("logo@x"));
    assert_eq!(parsed.attachments[1].content, b"\x01png");
}

#[tokio::test]
async fn keys_and_domains() {
    let site = Site::open().await;
    let body = b"from=me@example.org&to=a@example.net&text=x";
    let forbidden = |answer: crate::site::Answer| {
        assert_eq!((answer.status, answer.body.as_str()), (401, "Forbidden"));
        assert!(answer.head.contains("content-type: text/plain"));
    };
    forbidden(site.request("POST", MESSAGES, "key-wrong", FORM, body).await);
    forbidden(site.request("POST", "/v3/elsewhere.test/messages", "key-wrong", FORM, body).await);
    forbidden(site.request("POST", "/v3/shop.test/messages", SENDING_KEY, FORM, body).await);
    forbidden(site.wire(b"POST /v3/example.org/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await);
    let ours = site.request("POST", "/v3/EXAMPLE.ORG/messages", SENDING_KEY, FORM, body).await;
    assert_eq!(ours.status, 200);
    let foreign = site.post("/v3/elsewhere.test/messages", "").await;
    assert_eq!((foreign.status, foreign.message().as_str()), (404, "Domain not found: elsewhere.test"));
    let nowhere = site.get("/v3/inbox/tests").await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(nowhere.message(), "GET /v3/inbox/tests is not served here");
    let greeting = site.get("/").await;
    assert_eq!(greeting.body, "Mailgun Magnificent API");
}

#[tokio::test]
async fn authors() {
    let site = Site::open().await;
    let send = async |key: &str, from: &str| {
        let body = format!("from={from}&to=a@example.net&text=x");
        site.request("POST", MESSAGES, key, FORM, body.as_bytes()).await
    };
    // A stranger's address goes out in the name of the path's domain.
    assert_eq!(send(SENDING_KEY, "x@elsewhere.test").await.status, 200);
    assert_eq!(site.newest().await.0.reverse_path.to_string(), "postmaster@example.org");
    // Another domain of ours needs its key.
    let refused = send(SENDING_KEY, "x@shop.test").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["Error"], "Forbidden");
    assert_eq!(
        refused.message(),
        "Domain example.org is not allowed to send: this key may not write as x@shop.test"
    );
    assert_eq!(send(KEY, "x@shop.test").await.status, 200);
}

#[tokio::test]
async fn bad_requests() {
    let site = Site::open().await;
    let said = async |content_type: &str, body: &str| {
        let answer = site.request("POST", MESSAGES, KEY, content_type, body.as_bytes()).await;
        format!("{} {}", answer.status, answer.message())
    };
    let injected = "from=me@example.org&to=a@example.net&text=x&subject=a%0D%0ABcc:%20b@example.com";
    assert_eq!(said(FORM, injected).await, "400 subject: the value has a line end or NUL");
    assert_eq!(
        said("multipart/form-data; boundary=x", "--x\r\nContent-Disp").await.get(..46),
        Some("400 malformed multipart/form-data request: inc")
    );
    let later = |time: &str| format!("from=me@example.org&to=a@example.net&text=x&o:deliverytime={time}");
    let late = "400 o:deliverytime: 2026-07-09T09:00:01Z is more than 3 days ahead";
    assert_eq!(said(FORM, &later("Thu, 9 Jul 2026 09:00:01 GMT")).await, late);
    assert_eq!(said(FORM, &later("1783587601")).await, late);
    assert!(site.store.messages(None, 1).await.unwrap().is_empty());
    // The last moment is one, and what is past means now.
    for (time, release) in
        [("Thu, 9 Jul 2026 09:00:00 -0000", Some(1_783_587_600)), ("Mon, 6 Jul 2026 08:59:59 GMT", None)]
    {
        assert_eq!(said(FORM, &later(time)).await, "200 Queued. Thank you.");
        let release_at = site.newest().await.0.envelope_parameters.release_at;
        assert_eq!(release_at.map(|moment| moment.as_second()), release);
    }
}

#[tokio::test]
async fn too_large() {
    let site = Site::open_with(|settings| {
        settings.max_request = 2000;
        settings.max_size = 1500;
    })
    .await;
    let said = async |size: usize| {
        let body = format!("from=me@example.org&to=a@example.net&text={}", "あ".repeat(size));
        let answer = site.post(MESSAGES, &body).await;
        format!("{} {}", answer.status, answer.message())
    };
    assert_eq!(said(1000).await, "413 request size exceeds 0.0MiB limit");
    assert!(said(600).await.starts_with("413 the message has "));
    assert!(said(10).await.starts_with("200 Queued"));
    let chunked = "POST /v3/example.org/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic YXBpOmtleS1hY2NvdW50LTAxMjM0NTY3ODk=\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("400\r\n{}\r\n", "a".repeat(1024)).repeat(3);
    assert_eq!(site.wire(format!("{chunked}{chunk}0\r\n\r\n").as_bytes()).await.status, 413);
}

#[tokio::test]
async fn raw_messages() {
    let site = Site::open().await;
    let raw = "From: me@example.org\nTo: a@example.net\nBcc: hidden@example.com\nSubject: x\nMessage-Id: <own@example.org>\n\
               X-Mailgun-Tag: inside\nX-Mailgun-Variables: {\"a\":1}\nX-Mailgun-Drop-Message: yes\n\nHello\n";
    let boundary = "-----------RubyMultipartPost-1f";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"to[]\"\r\n\r\na@example.net\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"message\"; filename=\"m\"\r\nContent-Type: multipart/form-data\r\n\
         Content-Transfer-Encoding: binary\r\n\r\n{raw}\r\n--{boundary}--\r\n\r\n"
    );
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let answer =
        site.request("POST", "/v3/example.org/messages.mime", KEY, &content_type, body.as_bytes()).await;
    assert_eq!(answer.json()["id"], "<own@example.org>", "{answer:?}");
    let (row, content) = site.newest().await;
    assert!(row.summary.test_mode);
    assert_eq!(row.summary.tags, ["inside"]);
    let rest: Vec<_> = content.lines().skip_while(|line| !line.starts_with("MIME")).collect();
    expect![[r#"
        MIME-Version: 1.0
        X-Mailgun-Tag: inside
        X-Mailgun-Variables: {"a":1}
        From: me@example.org
        To: a@example.net
        Subject: x
        Message-Id: <own@example.org>

        Hello
    "#]]
    .assert_eq(&(rest.join("\n") + "\n"));
    let nothing = site.post("/v3/example.org/messages.mime", "to=a@example.net").await;
    assert_eq!(nothing.message(), "message parameter is missing");
}

#[tokio::test]
async fn one_message_for_each_recipient() {
    let site = Site::open().await;
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("from", "me@example.org")
        .append_pair("to", "Alice <alice@example.net>, bob@example.net")
        .append_pair("cc", "boss@example.com")
        .append_pair("subject", "Hi %recipient.name%")
        .append_pair("text", "No. %recipient.n% for %recipient_email%: 100%")
        .append_pair("h:X-Number", "%recipient.n%")
        .append_pair("v:uid", "%recipient.n%")
        .append_pair(
            "recipient-variables",
            r#"{"Alice <ALICE@example.net>":{"name":"アリス","n":1},"bob@example.net":{"name":"a\r\nBcc: x@y","n":2},"me@example.org":{}}"#,
        )
        .finish();
    let answer = site.post(MESSAGES, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = site.store.messages(None, 10).await.unwrap();
    assert_eq!(rows.len(), 2);
    let mut seen = Vec::new();
    for row in rows.iter().rev() {
        assert_eq!(answer.json()["id"], format!("<{}>", row.summary.message_id));
        let content = site.store.content(row.id, None).await.unwrap();
        let parsed = mime::parse(&content);
        seen.push(format!(
            "{:?} {} | {} | {} | {}",
            site.recipients(row).await,
            parsed.to,
            parsed.subject,
            parsed.text.unwrap().trim_end(),
            row.summary.variables["uid"]
        ));
    }
    expect![[r#"
        ["alice@example.net", "boss@example.com"] Alice <alice@example.net> | Hi アリス | No. 1 for alice@example.net: 100% | "1"
        ["bob@example.net"] bob@example.net | Hi aBcc: x@y | No. 2 for bob@example.net: 100% | "2""#]]
    .assert_eq(&seen.join("\n"));
}

#[tokio::test]
async fn a_batch_is_accepted_whole_or_not_at_all() {
    let site = Site::open().await;
    // The second recipient is of ours and nobody has it.
    let body = "from=me@example.org&to=a@example.net, nobody@example.org&text=x&recipient-variables={}";
    let answer = site.post(MESSAGES, body).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(site.store.messages(None, 1).await.unwrap().is_empty());
}

/// Values stand in place of their names in decoded texts and fields.
#[tokio::test]
async fn raw_messages_for_each_recipient() {
    let site = Site::open().await;
    let raw = "From: me@example.org\r\nTo: %recipient%\r\nSubject: =?UTF-8?B?JXJlY2lwaWVudC5uYW1lJeOBleOCkw==?=\r\n\
        X-Mailgun-Tag: %recipient.plan%\r\nX-Mailgun-Variables: {\"uid\": \"%recipient.n%\", \"typed\": 7}\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nTm8uICVyZWNpcGllbnQubiUgMTAwJSAlb3RoZXIl\r\n";
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("to", "Alice <alice@example.net>, bob@example.net")
        .append_pair("message", raw)
        .append_pair(
            "recipient-variables",
            r#"{"alice@example.net":{"name":"アリス","n":1,"plan":"gold"},"bob@example.net":{"name":"ボブ","n":2}}"#,
        )
        .finish();
    let answer = site.post("/v3/example.org/messages.mime", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = site.store.messages(None, 10).await.unwrap();
    let mut seen = Vec::new();
    for row in rows.iter().rev() {
        assert_eq!(answer.json()["id"], format!("<{}>", row.summary.message_id));
        let parsed = mime::parse(&site.store.content(row.id, None).await.unwrap());
        seen.push(format!(
            "{:?} {} | {} | {} | {:?} {}",
            site.recipients(row).await,
            parsed.to,
            parsed.subject,
            parsed.text.unwrap().trim_end(),
            row.summary.tags,
            serde_json::Value::Object(row.summary.variables.clone()),
        ));
    }
    expect![[r#"
        ["alice@example.net"] Alice <alice@example.net> | アリスさん | No. 1 100% %other% | ["gold"] {"typed":7,"uid":"1"}
        ["bob@example.net"] bob@example.net | ボブさん | No. 2 100% %other% | ["%recipient.plan%"] {"typed":7,"uid":"2"}"#]]
    .assert_eq(&seen.join("\n"));
}

#[tokio::test]
async fn stored_messages_without_what_they_answer() {
    let site = Site::open().await;
    let text = "はい。\n\n-- \nTaro\n\n2026年7月6日(月) 9:30 花子 <h@example.net>:\n> お茶?\n";
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("from", "me@example.org")
        .append_pair("to", "a@example.net")
        .append_pair("text", text)
        .append_pair("html", "<p>はい。</p><blockquote>お茶?</blockquote>")
        .finish();
    assert_eq!(site.post(MESSAGES, &body).await.status, 200);
    let (row, _) = site.newest().await;
    let path = format!("/v3/domains/example.org/messages/{}", row.id);
    let stored = site.get(&path).await.json();
    assert_eq!(stored["stripped-text"], "はい。");
    assert_eq!(stored["stripped-signature"], "-- \nTaro");
    assert_eq!(stored["stripped-html"].as_str().map(str::trim_end), Some("<p>はい。</p>"));
    assert!(stored["body-plain"].as_str().unwrap().contains("お茶?"));
}

#[tokio::test]
async fn options_reach_the_queue() {
    let site = Site::open().await;
    let body = "from=me@example.org&to=a@example.net&text=x&o:archive-to=https://archive.example.org/in&o:dkim=no\
        &o:deliverytime-optimize-period=24h&o:time-zone-localize=18:00&o:secondary-dkim=";
    assert_eq!(site.post(MESSAGES, body).await.status, 200);
    let (row, _) = site.newest().await;
    assert_eq!(row.envelope_parameters.archive_to.as_deref(), Some("https://archive.example.org/in"));
    let foreign = "from=me@example.org&to=a@example.net&text=x&o:secondary-dkim=example.org/s1";
    let refused = site.post(MESSAGES, foreign).await;
    assert_eq!(
        (refused.status, refused.message().as_str()),
        (400, "there is no DKIM key example.org/s1 that this account may sign with")
    );
}

#[tokio::test]
async fn what_waits_is_shown_and_taken_out() {
    let site = Site::open().await;
    let queues = "/v3/domains/example.org/sending_queues";
    let open = r#"{"regular":{"disabled":{"reason":"","until":""},"is_disabled":false},"scheduled":{"disabled":{"reason":"","until":""},"is_disabled":false}}"#;
    assert_eq!(site.get(queues).await.body, open);
    site.rooms.control.pause();
    assert_eq!(site.get(queues).await.json()["regular"]["disabled"]["reason"], "delivery is paused");
    site.rooms.control.resume();
    for (domain, more) in [
        ("example.org", ""),
        ("example.org", "&o:deliverytime=Tue, 7 Jul 2026 09:00:00 GMT"),
        ("shop.test", ""),
    ] {
        let body = format!("from=me@{domain}&to=a@example.net&text=x{more}");
        assert_eq!(site.post(&format!("/v3/{domain}/messages"), &body).await.status, 200);
    }
    let waiting = async || site.store.queue_ids(tegami_store::QueueFilter::default()).await.unwrap().len();
    assert_eq!(waiting().await, 3);
    let row = site.store.messages(None, 10).await.unwrap().pop().unwrap();
    let path = format!("/v3/domains/example.org/messages/{}", row.id);
    let early = site.request("DELETE", &path, KEY, FORM, b"").await;
    assert_eq!(early.status, 409, "{early:?}");
    let purged = site.request("DELETE", "/v3/example.org/envelopes", KEY, FORM, b"").await;
    assert_eq!((purged.status, purged.message().as_str()), (200, "done"));
    assert_eq!(waiting().await, 1);
    let deleted = site.request("DELETE", &path, KEY, FORM, b"").await;
    assert_eq!((deleted.status, deleted.message().as_str()), (200, "Message has been deleted"));
    let gone = site.get(&path).await;
    assert_eq!((gone.status, gone.message().as_str()), (404, "Message not found"));
}

#[tokio::test]
async fn a_client_says_from_where_its_mail_leaves() {
    let site = Site::open().await;
    let source = |name: &str, last: u8, pool: &str| SourceTerms {
        name: name.into(),
        v4: Some([192, 0, 2, last].into()),
        pool: pool.into(),
        ..SourceTerms::of_machine()
    };
    let sources = vec![source("one", 1, "default"), source("two", 2, "bulk")];
    let settings =
        ShapingSettings { sources: Sources::new(sources, Vec::new()), ..ShapingSettings::default() };
    site.rooms.shaping.reload(settings, Box::new(|_| None), site.rooms.clock.now());
    let said = async |options: &str| {
        let answer =
            site.post(MESSAGES, &format!("from=me@example.org&to=a@example.net&text=x&{options}")).await;
        if answer.status != 200 {
            return format!("{} {}", answer.status, answer.message());
        }
        let row = site.newest().await.0;
        let facts = site.store.recipients(row.id).await.unwrap().remove(0).facts.clone();
        assert_eq!(facts.leaves_from, row.envelope_parameters.leaves_from);
        facts.leaves_from.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    assert_eq!(said("").await, "");
    assert_eq!(said("o:sending-ip=&o:sending-ip-pool=").await, "");
    assert_eq!(said("o:sending-ip-pool=bulk").await, "pool bulk");
    assert_eq!(said("o:sending-ip=192.0.2.1").await, "address 192.0.2.1");
    assert_eq!(said("h:X-Mailgun-Sending-Ip=192.0.2.2&o:sending-ip-pool=bulk").await, "address 192.0.2.2");
    assert_eq!(
        said("o:sending-ip-pool=gone").await,
        "400 o:sending-ip-pool: no mail leaves from a pool `gone`"
    );
    assert_eq!(said("o:sending-ip=192.0.2.9").await, "400 o:sending-ip: no mail leaves from 192.0.2.9");
    assert_eq!(
        said("o:sending-ip=192.0.2.1&o:sending-ip-pool=bulk").await,
        "400 o:sending-ip: 192.0.2.1 is not in the pool of o:sending-ip-pool"
    );
}

#[tokio::test]
async fn addresses_are_validated() {
    let site = Site::open().await;
    site.world.become_zone(
        "example.net. MX 10 mx.example.net.\nonly-a.test. A 192.0.2.1\nnull.test. MX 0 .\nempty.test. TXT \"x\"\n$SERVFAIL broken.test\n",
    );
    let said = async |address: &str| {
        let answer = site.get(&format!("/v4/address/validate?address={address}")).await;
        let json = answer.json();
        format!(
            "{} {} {} {} {}",
            json["address"], json["is_role_address"], json["reason"], json["result"], json["risk"]
        )
    };
    let mut found = Vec::new();
    for address in [
        "alice%2Bx@example.net",
        "info@only-a.test",
        "a@null.test",
        "a@empty.test",
        "a@nowhere.test",
        "a@broken.test",
        "nonsense",
    ] {
        found.push(said(address).await);
    }
    expect![[r#"
        "alice+x@example.net" false [] "unknown" "unknown"
        "info@only-a.test" true [] "unknown" "medium"
        "a@null.test" false ["no_mx"] "undeliverable" "high"
        "a@empty.test" false ["no_mx"] "undeliverable" "high"
        "a@nowhere.test" false ["no_mx"] "undeliverable" "high"
        "a@broken.test" false [] "unknown" "unknown"
        "nonsense" false ["malformed_address"] "undeliverable" "high""#]]
    .assert_eq(&found.join("\n"));
    let posted = site.post("/v4/address/validate", "address=a@example.net").await;
    assert_eq!(posted.json()["is_disposable_address"], false);
    let missing = site.get("/v4/address/validate").await;
    assert_eq!((missing.status, missing.message().as_str()), (400, "address parameter is missing"));
}
