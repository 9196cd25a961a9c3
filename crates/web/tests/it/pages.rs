//! The pages over a real store: both languages, parts, hostile text, what is missing, who is let in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_web::pages::PageSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::theatre::{HOSTILE, Theatre};

struct House {
    theatre: Arc<Theatre>,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        Self::open_with(|_, settings| settings).await
    }

    async fn open_with(change: impl FnOnce(&Arc<Theatre>, PageSettings) -> PageSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let theatre = Theatre::open(folder.path()).await;
        let settings = change(&theatre, theatre.settings());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = theatre.router(settings);
        tokio::spawn(tegami_web::serve(listener, router, std::future::pending()));
        Self { theatre, address, _folder: folder }
    }

    /// Head and body of the answer to a GET with these further fields.
    async fn get_with(&self, path: &str, fields: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nConnection: close\r\nAccept: text/html\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// The body of a page that is there.
    async fn get(&self, path: &str) -> String {
        let (head, body) = self.get_with(path, "Host: localhost\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        assert!(head.contains("default-src 'none'"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
        body
    }

    /// Every page, as paths.
    fn pages(&self) -> Vec<String> {
        let theatre = &self.theatre;
        let ids =
            [theatre.delivered, theatre.bounced, theatre.notification, theatre.waiting, theatre.hostile];
        let mut paths: Vec<String> = ids.iter().map(|id| format!("/messages/{id}")).collect();
        for path in [
            "/",
            "/messages",
            "/messages?q=order&fate=failed&recipient=somebody",
            "/queue",
            "/queue?state=held&to=example.net",
            "/suppressions",
            "/suppressions/allowed",
            "/lists",
            "/tags",
            "/tags?q=none",
            "/domains",
            "/domains/shop.test",
            "/routes",
            "/webhooks",
            "/webhooks?state=failed",
            "/templates",
            "/keys",
            "/users",
            "/mailboxes",
            "/mailboxes/info%40shop.test/INBOX",
            "/mailboxes/info%40shop.test/INBOX/1",
            "/visits/0",
            "/visits/2",
        ] {
            paths.push(path.to_owned());
        }
        paths
    }
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages_and_has_no_identifier_for_a_sentence() {
    let house = House::open().await;
    for path in house.pages() {
        for language in ["en", "ja"] {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = house.get(&format!("{path}{joint}lang={language}")).await;
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{path}");
            assert!(page.trim_end().ends_with("</html>"), "{path}");
            let words = page.split(|letter: char| letter.is_whitespace() || "<>\"".contains(letter));
            let unsaid: Vec<&str> =
                words.filter(|word| word.starts_with("web-") || word.starts_with("page-")).collect();
            assert!(unsaid.is_empty(), "{path} {language}: {unsaid:?}");
        }
    }
}

#[tokio::test]
async fn hostile_text_is_shown_and_never_becomes_markup() {
    let house = House::open().await;
    for path in house.pages() {
        let page = house.get(&path).await;
        assert!(!page.contains("<script>"), "{path}");
        assert!(!page.contains("<img"), "{path}");
        assert!(!page.contains("<b>no"), "{path}");
        assert!(!page.contains('\u{202e}'), "{path}");
        assert!(!page.contains("style=\""), "{path}: a style attribute, which the policy forbids");
    }
    let page = house.get(&format!("/messages/{}", house.theatre.hostile)).await;
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62; ‹U+202E›"), "{page}");
    assert!(HOSTILE.contains("<script>"));
}

#[tokio::test]
async fn the_html_of_a_letter_stands_in_a_sandbox() {
    let house = House::open().await;
    let letter = house.get("/mailboxes/info%40shop.test/INBOX/1").await;
    let frame = "/mailboxes/info%40shop%2Etest/INBOX/1/html";
    assert!(letter.contains(&format!("<iframe class=\"html\" sandbox src=\"{frame}\"")), "{letter}");
    let (head, body) = house.get_with(frame, "Host: localhost\r\n").await;
    let policy = head.lines().find(|line| line.starts_with("content-security-policy")).unwrap();
    assert!(policy.contains("default-src 'none'") && policy.ends_with("sandbox"), "{policy}");
    assert!(!policy.contains("script-src"));
    assert!(body.contains("A letter in HTML."));
}

#[tokio::test]
async fn a_part_is_the_changing_part_alone() {
    let house = House::open().await;
    for path in house.pages() {
        let fields = "Host: 127.0.0.1:1\r\nTegami-Part: live\r\nAccept-Language: ja\r\n";
        let (_, part) = house.get_with(&path, fields).await;
        assert!(!part.contains("<html") && !part.contains("<header"), "{path}");
        let (_, whole) = house.get_with(&path, "Host: 127.0.0.1:1\r\nAccept-Language: ja\r\n").await;
        assert!(whole.contains(part.trim()), "{path}");
    }
}

#[tokio::test]
async fn the_language_is_chosen_by_query_then_cookie_then_browser() {
    let house = House::open().await;
    let check = async |path: &str, fields: &str, expected: &str| {
        let (head, body) = house.get_with(path, &format!("Host: localhost\r\n{fields}")).await;
        assert!(body.contains(&format!("<html lang=\"{expected}\">")), "{path} {fields}");
        head
    };
    check("/queue", "", "en").await;
    check("/queue", "Accept-Language: ja\r\n", "ja").await;
    check("/queue", "Accept-Language: ja\r\nCookie: a=b; lang=en\r\n", "en").await;
    let head = check("/queue?lang=ja", "Cookie: lang=en\r\n", "ja").await;
    assert!(head.contains("set-cookie: lang=ja;"), "{head}");
    check("/queue?lang=xx", "", "en").await;
    let page = house.get("/queue?a=%22%3E&lang=ja").await;
    assert!(page.contains("href=\"/queue?a=%22%3E&#38;lang=en\""), "{page}");
}

#[tokio::test]
async fn the_journey_tells_hosts_verdicts_and_notification() {
    let house = House::open().await;
    let page = house.get(&format!("/messages/{}", house.theatre.delivered)).await;
    for shown in [
        "mx1.deadmx.test",
        "The host refused the connection",
        "TLS13_AES_256_GCM_SHA384",
        "What the receiver saw",
        "RFC 7208 section 5.2",
        "class=\"depth-1\"",
        "250 2.0.0 Ok: mx1.bigmail.test has it",
        "こんにちは。",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let page = house.get(&format!("/messages/{}", house.theatre.waiting)).await;
    assert!(page.contains("trying again later may succeed") && page.contains("signed by itself"));
    let notification = format!("/messages/{}", house.theatre.notification);
    let page = house.get(&format!("/messages/{}", house.theatre.bounced)).await;
    assert!(page.contains(&notification) && page.contains("null MX record"));
    let page = house.get(&notification).await;
    assert!(page.contains(&format!("/messages/{}", house.theatre.bounced)));
}

#[tokio::test]
async fn what_came_back_later_stands_on_the_page_with_its_meaning() {
    let house = House::open().await;
    let id = house.theatre.delivered;
    let message = house.theatre.store.message(id).await.unwrap();
    let data = serde_json::json!({
        "code": 550, "enhanced": "5.1.1", "message": "<b>no such user</b>", "cause": "bad-mailbox",
        "report": house.theatre.notification, "reporter": "mx1.bigmail.test",
    });
    let failed = tegami_store::NewEvent {
        kind: tegami_store::EventKind::Failed,
        at: message.accepted_at,
        domain: message.domain,
        message: Some(id),
        recipient: Some("gone@bigmail.test".to_owned()),
        data: data.into(),
    };
    house.theatre.store.record(vec![failed]).await.unwrap();
    let page = house.get(&format!("/messages/{id}")).await;
    let report = format!("href=\"/messages/{}\"", house.theatre.notification);
    for shown in ["It came back:", "mx1.bigmail.test", "has no mailbox", "What to do:", &report] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("<b>no such"));
    assert!(house.get(&format!("/messages/{id}?lang=ja")).await.contains("戻ってきました。"));
}

#[tokio::test]
async fn strangers_and_refusals_are_told_apart_from_the_story() {
    let house = House::open().await;
    let page = house.get("/").await;
    assert!(page.contains("href=\"/visits/3\""), "a stranger's visit");
    assert!(page.contains("href=\"/visits/2\""), "the visit of a scene without a message");
    assert!(!page.contains("href=\"/visits/0\"") && !page.contains("href=\"/visits/1\""), "our own visits");
    let refusal = page.split("href=\"").find(|piece| piece.starts_with("/refusals/")).unwrap();
    let page = house.get(refusal.split('"').next().unwrap()).await;
    assert!(page.contains("550 5.7.1 SPF fail") && page.contains("alerts@bank.test"));
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let house = House::open().await;
    for path in [
        "/messages/nonsense",
        "/messages/00000000000000000000000000",
        "/messages/00000000000000000000000000/source",
        "/visits/99",
        "/visits/-1",
        "/refusals/0",
        "/refusals/999999",
        "/mailboxes/info%40shop.test/INBOX/0",
        "/mailboxes/info%40shop.test/INBOX/99/html",
        "/mailboxes/%FF/INBOX",
    ] {
        let (head, _) = house.get_with(path, "Host: localhost\r\n").await;
        let status = head.split(' ').nth(1).unwrap();
        assert!(["404", "400"].contains(&status), "{path}: {head}");
    }
    let (_, body) = house.get_with("/messages/nonsense?lang=ja", "Host: localhost\r\n").await;
    assert!(body.contains("ここには何もありません"));
}

#[tokio::test]
async fn an_open_server_answers_only_to_loopback_names() {
    let house = House::open().await;
    for (host, status) in
        [("localhost:8025", "200"), ("127.0.0.1", "200"), ("[::1]:1", "200"), ("rebound.example.org", "421")]
    {
        let (head, _) = house.get_with("/", &format!("Host: {host}\r\n")).await;
        assert_eq!(head.split(' ').nth(1), Some(status), "{host}");
    }
}

#[tokio::test]
async fn the_stream_ticks_with_the_stage_and_ends_with_the_server() {
    let (closing, closed) = tokio::sync::watch::channel(false);
    let house = House::open_with(|_, settings| PageSettings { closing: closed, ..settings }).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut seen = String::new();
    let patience = Timestamp::now();
    while !seen.contains("event: change") {
        house.theatre.tick();
        let mut octets = [0; 1024];
        if let Ok(count) = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut octets)).await {
            seen.push_str(&String::from_utf8_lossy(&octets[..count.unwrap()]));
        }
        assert!(Timestamp::now().duration_since(patience).as_secs() < 20, "{seen}");
    }
    assert!(seen.contains("text/event-stream"), "{seen}");
    closing.send_replace(true);
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
}
