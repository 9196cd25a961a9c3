//! Contact forms of web sites.

use serde_json::{Value, json};
use tegami_auth::Network;
use tegami_mail::{Address, NameAddr};
use tegami_queue::Links;
use tegami_web::{FormField, FormSettings};

use crate::site::{Answer, Site};

const SITE: &str = "https://www.example.org";

async fn open(change: impl FnOnce(&mut FormSettings)) -> Site {
    let field = |name: &str, label: &str, required| FormField {
        name: name.to_owned(),
        label: label.to_owned(),
        required,
    };
    let mut form = FormSettings {
        to: vec![Address::parse("owner@example.net").unwrap()],
        from: NameAddr::parse("お問い合わせ <web@example.org>").unwrap(),
        subject: "お問い合わせ（{name} 様）{other}".to_owned(),
        fields: vec![
            field("name", "お名前", false),
            field("email", "メールアドレス", true),
            field("message", "内容", true),
        ],
        reply_to: "email".to_owned(),
        origins: vec![SITE.to_owned()],
        thanks: Some("https://www.example.org/thanks".to_owned()),
        per_hour: 3,
    };
    change(&mut form);
    Site::open_with(|settings| {
        settings.forms.insert("contact".to_owned(), form);
        settings.proxies = vec![Network::parse("127.0.0.1").unwrap()];
    })
    .await
}

/// A stamp that was given so many seconds ago.
async fn stamp(site: &Site, seconds: i64, number: u8) -> String {
    let links = Links::load(&*site.store, None).await.unwrap();
    let now: jiff::Timestamp = "2026-07-06T09:00:00Z".parse().unwrap();
    let said = format!("{}.{number}", now.as_second() - seconds);
    let seal = links.seal("form", &format!("contact/{said}"));
    format!("{said}.{seal}")
}

async fn post(site: &Site, fields: &str, body: &str) -> Answer {
    let request = format!(
        "POST /forms/contact HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n{fields}\r\n{body}",
        body.len()
    );
    site.wire(request.as_bytes()).await
}

const FROM_SITE: &str = "Origin: https://www.example.org\r\n";
const GOOD: &str = "name=%E5%B1%B1%E7%94%B0&email=visitor@example.com&message=%E3%81%93%E3%82%93%0D%0A%E3%81%AB%E3%81%A1%E3%81%AF";

async fn letters(site: &Site) -> usize {
    site.store.messages(None, 100).await.unwrap().len()
}

#[tokio::test]
async fn a_form_becomes_a_letter() {
    let site = open(|_| {}).await;
    let body = format!("{GOOD}&to=evil@example.com&form-stamp={}", stamp(&site, 60, 1).await);
    let answer = post(&site, FROM_SITE, &body).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(answer.head.contains("\r\nlocation: https://www.example.org/thanks\r\n"));
    let (row, content) = site.newest().await;
    assert_eq!(site.recipients(&row).await, ["owner@example.net"]);
    assert_eq!(row.reverse_path.to_string(), "web@example.org");
    assert_eq!(row.summary.from, "お問い合わせ <web@example.org>");
    assert_eq!(row.summary.subject, "お問い合わせ（山田 様）{other}");
    assert!(content.contains("\r\nReply-To: visitor@example.com\r\n"), "{content}");
    let parsed = tegami_mail::mime::parse(content.as_bytes());
    let text = parsed.text.unwrap().replace("\r\n", "\n");
    assert_eq!(
        text,
        "お名前: 山田\nメールアドレス: visitor@example.com\n内容:\n\nこん\nにちは\n\n\n-- \nhttps://www.example.org, 127.0.0.1\n"
    );
    // The button was pressed twice.
    assert_eq!(post(&site, FROM_SITE, &body).await.status, 303);
    assert_eq!(letters(&site).await, 1);
}

#[tokio::test]
async fn without_a_stamp_a_person_is_asked() {
    let site = open(|_| {}).await;
    for body in [
        GOOD.to_owned(),
        format!("{GOOD}&form-stamp={}", stamp(&site, 1, 1).await),
        format!("{GOOD}&form-stamp={}", stamp(&site, 13 * 3600, 2).await),
        format!("{GOOD}&form-stamp=1.2.3"),
    ] {
        let page = post(&site, "Origin: https://www.example.org\r\nAccept-Language: ja\r\n", &body).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("<h1>入力内容の確認</h1>"), "{page:?}");
        assert!(page.body.contains("<input type=\"hidden\" name=\"name\" value=\"山田\">"));
        assert!(page.body.contains("name=\"form-stamp\" value=\""));
        assert!(page.head.contains("form-action 'self' https://www.example.org/thanks;"), "{page:?}");
        assert!(page.head.contains("referrer-policy: same-origin"));
    }
    assert_eq!(letters(&site).await, 0);
    // Our own page may send it.
    let body = format!("{GOOD}&form-stamp={}", stamp(&site, 5, 3).await);
    assert_eq!(post(&site, "Origin: http://x\r\n", &body).await.status, 303);
    assert_eq!(letters(&site).await, 1);
}

#[tokio::test]
async fn what_is_refused() {
    let site = open(|_| {}).await;
    let stamp = stamp(&site, 60, 1).await;
    let with = |more: &str| format!("{GOOD}{more}&form-stamp={stamp}");
    let check = |fields: &'static str, body: String, status: u16, says: &'static str| {
        let site = &site;
        async move {
            let answer = post(site, &format!("{fields}Accept: application/json\r\n"), &body).await;
            assert_eq!(answer.status, status, "{answer:?}");
            assert!(answer.message().contains(says), "{answer:?}");
            assert_eq!(letters(site).await, 0);
            answer
        }
    };
    check("", with(""), 403, "one of those that may").await;
    check("Origin: https://evil.test\r\n", with(""), 403, "one of those that may").await;
    check("Origin: null\r\nReferer: https://www.example.org/\r\n", with(""), 403, "one of those that may")
        .await;
    let injected =
        format!("name=a%0D%0ABcc: victim@example.com&email=v@example.com&message=x&form-stamp={stamp}");
    check(FROM_SITE, injected, 400, "a line break or a control character").await;
    let injected = format!("email=v@example.com%0ABcc: victim@example.com&message=x&form-stamp={stamp}");
    check(FROM_SITE, injected, 400, "a line break or a control character").await;
    let wrong = format!("email=nobody&message=&form-stamp={stamp}");
    let answer = check(FROM_SITE, wrong, 400, "Something is missing").await;
    assert_eq!(
        answer.json()["fields"],
        json!({
            "email": "This e-mail address cannot be right. Please check it: an answer goes there.",
            "message": "内容: please fill this in.",
        })
    );
    check(FROM_SITE, format!("message={}", "x".repeat(300 << 10)), 413, "too long").await;
    let answer = check(FROM_SITE, GOOD.to_owned(), 400, "sooner than a person can").await;
    assert!(answer.json()["hidden"]["form-stamp"].is_string());
    assert!(answer.head.contains("access-control-allow-origin: https://www.example.org\r\n"), "{answer:?}");
    // A robot hears that all is well.
    let answer = post(&site, FROM_SITE, &with("&form-website=https://spam.test")).await;
    assert_eq!((answer.status, letters(&site).await), (303, 0));
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"message\"; filename=\"a\"\r\n\r\nfile\r\n--x--\r\n";
    let request = format!(
        "POST /forms/contact HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{FROM_SITE}Accept-Language: ja\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{multipart}",
        multipart.len()
    );
    let answer = site.wire(request.as_bytes()).await;
    assert!(
        answer.status == 400 && answer.body.contains("このフォームではファイルは送れません"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_hour_has_so_many_letters() {
    let site = open(|form| form.per_hour = 1).await;
    for (number, status) in [(1, 200), (2, 429)] {
        let body = format!("{GOOD}&form-stamp={}", stamp(&site, 60, number).await);
        let answer = post(&site, &format!("{FROM_SITE}Accept: application/json\r\n"), &body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.head.contains("retry-after: 3600"), status == 429);
    }
    let body = format!("{GOOD}&form-stamp={}", stamp(&site, 60, 3).await);
    // Another visitor behind the proxy.
    let other = format!("{FROM_SITE}X-Forwarded-For: 203.0.113.9\r\n");
    assert_eq!(post(&site, &other, &body).await.status, 303);
}

#[tokio::test]
async fn a_page_and_a_description() {
    let site = open(|form| form.thanks = None).await;
    let get = |path: &'static str, fields: &'static str| {
        let site = &site;
        async move {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
            site.wire(request.as_bytes()).await
        }
    };
    let page = get("/forms/contact", "Accept: text/html\r\nAccept-Language: ja\r\n").await;
    assert!(page.body.contains("<label>メールアドレス<br><input name=\"email\" type=\"email\""), "{page:?}");
    assert!(page.body.contains("<textarea name=\"message\""));
    let described: Value =
        get("/forms/contact", "Accept: application/json\r\nOrigin: https://www.example.org\r\n").await.json();
    assert_eq!(described["fields"][1], json!({"name": "email", "label": "メールアドレス", "required": true}));
    assert_eq!(described["hidden"]["form-website"], "");
    let body = format!("{GOOD}&form-stamp={}", stamp(&site, 60, 1).await);
    let sent = post(&site, FROM_SITE, &body).await;
    assert!(sent.head.contains("\r\nlocation: /forms/contact/thanks\r\n"), "{sent:?}");
    let thanks = get("/forms/contact/thanks", "Accept-Language: ja\r\n").await;
    assert!(thanks.body.contains("メッセージを送信しました。"));
    assert_eq!(get("/forms/other", "").await.status, 404);
}

#[tokio::test]
async fn old_pages_in_shift_jis() {
    let site = open(|form| form.fields.clear()).await;
    // 山田 in Shift_JIS, and a field that is named twice.
    let body = format!(
        "_charset_=Shift_JIS&name=%8ER%93c&email=v@example.com&interest%5B%5D=a&interest%5B%5D=b&form-stamp={}",
        stamp(&site, 60, 1).await
    );
    assert_eq!(post(&site, FROM_SITE, &body).await.status, 303);
    let (row, content) = site.newest().await;
    assert_eq!(row.summary.subject, "お問い合わせ（山田 様）{other}");
    let text = tegami_mail::mime::parse(content.as_bytes()).text.unwrap();
    assert!(text.starts_with("name: 山田\r\nemail: v@example.com\r\ninterest: a, b\r\n"), "{text}");
}
