//! Ten thousand requests that nobody should send, through the whole router: real ones, torn in every part by a generator that always
//! does the same. Whatever comes, the answer is no 5xx, says why in its own form, and nothing panics.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::site::{KEY, SENDING_KEY, Site};

const REQUESTS: u32 = 10_000;
/// The same requests in every run.
const SEED: u64 = 0x7E6A_0001_D00D_5EED;
/// No request of this size needs longer, even beside many other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// What clients ask for. `{d}` is a domain of ours, `{a}` an address, `{k}` the name of something.
const PATHS: &[&str] = &[
    "/",
    "/v3/{d}/messages",
    "/v3/{d}/messages.mime",
    "/v3/{d}/events",
    "/v3/{d}/events/{k}",
    "/v3/domains/{d}/messages/{k}",
    "/v3/domains/{d}/messages/{k}/attachments/{k}",
    "/v3/{d}/bounces",
    "/v3/{d}/bounces/{a}",
    "/v3/{d}/bounces/import",
    "/v3/{d}/unsubscribes",
    "/v3/{d}/unsubscribes/{a}",
    "/v3/{d}/complaints",
    "/v3/{d}/complaints/{a}",
    "/v3/{d}/whitelists",
    "/v3/{d}/whitelists/{a}",
    "/v3/{d}/whitelists/import",
    "/v4/domains",
    "/v3/domains/{d}",
    "/v4/domains/{d}/verify",
    "/v3/domains/{d}/credentials",
    "/v3/domains/{d}/credentials/{a}",
    "/v3/domains/{d}/connection",
    "/v3/domains/{d}/tracking",
    "/v3/domains/{d}/tracking/open",
    "/v3/domains/{d}/tracking/unsubscribe",
    "/v3/domains/{d}/dkim_authority",
    "/v3/domains/{d}/dkim_selector",
    "/v3/domains/{d}/web_prefix",
    "/v3/domains/{d}/limits/tag",
    "/v3/domains/{d}/ips",
    "/v4/domains/{d}/keys",
    "/v4/domains/{d}/keys/{k}/activate",
    "/v1/dkim/keys",
    "/v3/domains/{d}/sending_queues",
    "/v3/{d}/envelopes",
    "/v3/{d}/stats/total",
    "/v3/stats/total",
    "/v1/analytics/metrics",
    "/v1/analytics/logs",
    "/v1/analytics/tags",
    "/v1/analytics/tags/limits",
    "/v3/{d}/tags",
    "/v3/{d}/tags/{k}",
    "/v3/{d}/tags/{k}/stats",
    "/v3/{d}/tag",
    "/v3/routes",
    "/v3/routes/{k}",
    "/v3/routes/match",
    "/v3/domains/{d}/webhooks",
    "/v3/domains/{d}/webhooks/{k}",
    "/v3/domains/{d}/webhooks/delivered/test",
    "/v4/domains/{d}/webhooks",
    "/v5/accounts/http_signing_key",
    "/v3/{d}/templates",
    "/v3/{d}/templates/{k}",
    "/v3/{d}/templates/{k}/versions",
    "/v3/{d}/templates/{k}/versions/{k}",
    "/v3/{d}/templates/{k}/versions/{k}/copy/{k}",
    "/v3/lists",
    "/v3/lists/pages",
    "/v3/lists/{a}",
    "/v3/lists/{a}/members",
    "/v3/lists/{a}/members/pages",
    "/v3/lists/{a}/members.json",
    "/v3/lists/{a}/members.csv",
    "/v3/lists/{a}/members/{a}",
    "/v3/ips",
    "/v3/ips/{k}",
    "/v1/keys",
    "/v1/keys/{k}",
    "/v4/address/validate",
    "/v5/accounts/subaccounts",
    "/forms/{k}",
    "/u/{k}",
    "/p/{k}",
    "/c/{k}",
    "/o/{k}",
    "/api/openapi.json",
    "/api/messages",
    "/api/messages/{k}",
    "/api/queue",
    "/api/domains",
    "/api/domains/{d}",
    "/api/suppressions",
    "/api/{k}",
];

/// Fields of all endpoints.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "text",
    "html",
    "amp-html",
    "attachment",
    "inline",
    "message",
    "template",
    "t:version",
    "t:text",
    "t:variables",
    "o:tag",
    "o:dkim",
    "o:deliverytime",
    "o:deliver-within",
    "o:testmode",
    "o:tracking",
    "o:tracking-clicks",
    "o:require-tls",
    "o:sending-ip",
    "o:archive-to",
    "o:suppress-headers",
    "o:time-zone-localize",
    "h:Reply-To",
    "h:Message-Id",
    "h:X-Mailgun-Variables",
    "h:X-Mailgun-Tag",
    "h:Date",
    "v:x",
    "recipient-variables",
    "address",
    "code",
    "error",
    "created_at",
    "tag",
    "tags",
    "domain",
    "reason",
    "file",
    "name",
    "description",
    "priority",
    "expression",
    "action",
    "id",
    "url",
    "event_types",
    "members",
    "upsert",
    "vars",
    "subscribed",
    "access_level",
    "limit",
    "skip",
    "page",
    "p",
    "term",
    "pivot",
    "event",
    "begin",
    "end",
    "ascending",
    "recipient",
    "start",
    "duration",
    "resolution",
    "smtp_password",
    "spam_action",
    "wildcard",
    "dkim_key_size",
    "login",
    "password",
    "active",
    "html_footer",
    "selector",
    "signing_domain",
    "bits",
    "pem",
    "kind",
    "role",
    "pagination",
    "dimensions",
    "metrics",
    "filter",
    "events",
    "comment",
    "engine",
    "headers",
    "__proto__",
    "",
];

/// Values that tear something somewhere.
const VALUES: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "1e309",
    "99999999999999999999",
    "NaN",
    "null",
    "true",
    "yes",
    "True",
    "[]",
    "{}",
    "{\"a\":",
    "[[[[[[[[",
    "{\"a\":null}",
    "a@b",
    "alice@example.org",
    "Bob, B <b@example.org>",
    "\"\\\"@\"@example.org",
    "@",
    "<>",
    "a@[127.0.0.1]",
    "あ@例え.テスト",
    "a@xn--",
    "a@-.-",
    ",,,,",
    "a@b,c@d;e@f",
    "=?utf-8?q?=00?=",
    "x\r\nBcc: victim@example.net",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "%",
    "%2",
    "%zz",
    "%00",
    "%recipient%",
    "%recipient.%",
    "%recipient.a.b.c%",
    "{{",
    "{{#if a}}",
    "{{/if}}",
    "{{{x}}",
    "{{#each a}}{{this}}{{/each}}",
    "{{> x}}",
    "{{lookup a b}}",
    "match_recipient(\"(((((a+)+)+)+)+)$\")",
    "match_recipient(",
    "catch_all() and",
    "not not not not catch_all()",
    "forward(\"\\\\1\")",
    "forward(\"http://127.0.0.1/\")",
    "stop()",
    "store()",
    "http://",
    "http://[::1",
    "https://example.org:99999/",
    "javascript:alert(1)",
    "ftp://x",
    "Thu, 13 Oct 2011 18:02:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +0000",
    "Thu, 99 Oct 9999 99:99:99 +9999",
    "1529692198.641821",
    "-1e18",
    "9999999999999",
    "24h",
    "0h0m",
    "delivered OR failed",
    "(((",
    "NOT NOT",
    "\"",
    ">",
    "AND OR",
    "first",
    "next",
    "previous",
    "last",
    "-----BEGIN RSA PRIVATE KEY-----",
    "a,b\n\"",
    "2048",
    "1",
    "accepted",
    "day",
    "hour",
    "month",
    "..",
    ".",
    "../../etc/passwd",
    "~",
    "*",
    "example.org",
    "EXAMPLE.ORG.",
];

/// Names in paths, as they stand there.
const NAMES: &[&str] = &[
    "x",
    "delivered",
    "initial",
    "%",
    "%2",
    "%2F",
    "%00",
    "%ff",
    "%C3%28",
    "..",
    ".",
    "%2e%2e",
    "+",
    "a+b",
    "%2B",
    "a%20b",
    "%0d%0a",
    "alice%40example.org",
    "alice@example.org",
    "%E3%81%82",
    "67bcf63306fcfd2fb4b7e056",
    "AAAAAAAA",
    "-",
    "*",
    "'",
    "\"",
    "0",
    "-1",
    "01M81H1NZG09KMAJKCZCDN6YNR",
    "99999999999999999999",
    "import",
    "pages",
    "eyJhIjoxfQ",
    ";",
    "a;b",
    "=",
    "&",
    "::1",
    "[",
    "\\",
];

const TYPES: &[&str] = &[
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=\"x\"",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/mixed; boundary=x",
    "application/json",
    "application/json; charset=shift_jis",
    "text/plain",
    "message/rfc822",
    "*/*",
    ";;;=\"",
    "",
];

/// A generator of numbers that is the same everywhere (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// One request, before it is a type.
#[derive(Clone, Debug)]
struct Torn {
    method: &'static str,
    target: String,
    fields: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
}

fn torn(dice: &mut Dice) -> Torn {
    let method =
        dice.of(&["GET", "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"]);
    let content_type = dice.of(TYPES);
    let mut body = match content_type {
        kind if kind.starts_with("multipart") => multipart(dice),
        kind if kind.starts_with("application/json") => json(dice, 0).into_bytes(),
        _ if dice.one_in(4) => multipart(dice),
        _ if dice.one_in(4) => json(dice, 0).into_bytes(),
        _ => pairs(dice).into_bytes(),
    };
    tear(dice, &mut body);
    let mut fields = vec![("content-type", content_type.as_bytes().to_vec())];
    let key = match dice.below(20) {
        0 => None,
        1 => Some(SENDING_KEY.to_owned()),
        // Another one each time: whoever insists on one is kept waiting, which is tried elsewhere.
        2 => Some(format!("wrong-{:x}", dice.0)),
        _ => Some(KEY.to_owned()),
    };
    if let Some(key) = key {
        let user = if dice.one_in(30) { "admin" } else { "api" };
        let code = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{key}"));
        fields.push(("authorization", format!("Basic {code}").into_bytes()));
    }
    for _ in 0..dice.below(3) {
        fields.push(field(dice));
    }
    Torn { method, target: target(dice), fields, body }
}

fn field(dice: &mut Dice) -> (&'static str, Vec<u8>) {
    let name = dice.of(&[
        "host",
        "accept",
        "accept-language",
        "authorization",
        "content-length",
        "content-encoding",
        "cookie",
        "expect",
        "forwarded",
        "idempotency-key",
        "if-none-match",
        "last-event-id",
        "origin",
        "range",
        "referer",
        "transfer-encoding",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-mailgun-on-behalf-of",
    ]);
    let value = match dice.below(4) {
        0 => (0..dice.below(40)).map(|_| u8::try_from(0x20 + dice.below(0xE0)).unwrap()).collect(),
        1 => "x".repeat(dice.below(9000)).into_bytes(),
        _ => dice.of(VALUES).replace(|letter: char| letter.is_control(), " ").into_bytes(),
    };
    (name, value)
}

fn target(dice: &mut Dice) -> String {
    let mut path = String::new();
    let mut rest = dice.of(PATHS);
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (kind, after) = after.split_once('}').unwrap();
        let name = match kind {
            "d" if !dice.one_in(8) => "example.org",
            "a" if !dice.one_in(3) => "alice%2Bx@example.org",
            _ => dice.of(NAMES),
        };
        path.push_str(name);
        rest = after;
    }
    path.push_str(rest);
    match dice.below(40) {
        0 => path.push('/'),
        1 => path.insert(0, '/'),
        2 => path = path.replace("/v3", "/v4"),
        3 => path.push_str(&"/x".repeat(dice.below(500))),
        4 => path.push_str(&"%41".repeat(dice.below(2000))),
        _ => {}
    }
    if dice.one_in(3) {
        path.push('?');
        path.push_str(&pairs(dice));
    }
    // What no client can write at all is refused before the router: only what passes as a target is of interest here.
    path.chars()
        .filter(|letter| letter.is_ascii_graphic() && !"\"<>\\^`{|}#".contains(*letter))
        .take(60_000)
        .collect()
}

fn pairs(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(7) {
        let (name, value) = (dice.of(FIELDS), dice.of(VALUES));
        let index = dice.of(&["", "", "", "[]", "[0]", "[99999999999]", "[", "]"]);
        if dice.one_in(5) {
            text.push_str(&format!("{name}{index}={value}&"));
        } else {
            let mut form = form_urlencoded::Serializer::new(String::new());
            text.push_str(&form.append_pair(&format!("{name}{index}"), value).finish());
            text.push('&');
        }
    }
    text
}

/// A whole message, or something like one.
const MESSAGES: &[&str] = &[
    "From: a@example.org\r\nTo: b@example.net\r\nSubject: x\r\n\r\nx\r\n",
    "From: a@example.org\r\nX-Mailgun-Variables: {\r\nX-Mailgun-Tag: \0\r\n\r\n",
    "Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--",
    "Content-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=iso-2022-jp\r\n\r\n\u{1b}$B",
    ": \r\n\r\n",
    "\r\n",
    "",
];

fn multipart(dice: &mut Dice) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..dice.below(7) {
        let name = dice.of(FIELDS);
        let index = dice.of(&["", "", "", "[]", "[1]"]);
        body.extend_from_slice(b"--x\r\n");
        let file = match dice.below(5) {
            0 => "; filename=\"a.txt\"",
            1 => "; filename*=UTF-8''%E6%97%A5%zz",
            2 => "; filename=\"\u{65e5}%22%0D\"",
            _ => "",
        };
        body.extend_from_slice(
            format!("Content-Disposition: form-data; name=\"{name}{index}\"{file}\r\n").as_bytes(),
        );
        if dice.one_in(3) {
            let kind = dice.of(TYPES);
            body.extend_from_slice(
                format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", dice.below(99)).as_bytes(),
            );
        }
        body.extend_from_slice(b"\r\n");
        let value = if name == "message" { dice.of(MESSAGES) } else { dice.of(VALUES) };
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

fn json(dice: &mut Dice, depth: usize) -> String {
    match dice.below(if depth > 3 { 4 } else { 8 }) {
        0 => dice
            .of(&["null", "true", "0", "-1", "1e400", "1.5", "18446744073709551616", "\"\\ud800\""])
            .to_owned(),
        1..=3 => serde_json::to_string(dice.of(VALUES)).unwrap(),
        4 => {
            let items: Vec<_> = (0..dice.below(5)).map(|_| json(dice, depth + 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let members: Vec<_> = (0..dice.below(6))
                .map(|_| {
                    format!("{}:{}", serde_json::to_string(dice.of(FIELDS)).unwrap(), json(dice, depth + 1))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

/// Octets are lost, doubled, flipped and moved; one body in three stays whole.
fn tear(dice: &mut Dice, body: &mut Vec<u8>) {
    for _ in 0..dice.below(3) {
        let at = dice.below(body.len() + 1);
        match dice.below(6) {
            0 => body.truncate(at),
            1 if at < body.len() => body[at] ^= 1 << dice.below(8),
            2 => body.insert(at, u8::try_from(dice.below(256)).unwrap()),
            3 => {
                let copy = body[at..].to_vec();
                body.extend(copy);
            }
            4 => {
                let deep = [b'[', b'{', b'-', b'%', b'('][dice.below(5)];
                let many = vec![deep; dice.below(20_000)];
                body.splice(at..at, many);
            }
            _ => {
                body.drain(..at);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_requests() {
    let site = Site::open().await;
    let mut dice = Dice(SEED);
    let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
    for number in 0..REQUESTS {
        let torn = torn(&mut dice);
        let Some(request) = built(&torn) else { continue };
        let service = TowerToHyperService::new(site.router.clone());
        let asked = tokio::spawn(async move {
            let response = service.call(request).await.unwrap();
            let (parts, body) = response.into_parts();
            // What streams for ever is looked at by its head alone.
            let streams =
                parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
            let body = if streams {
                Vec::new()
            } else {
                axum::body::to_bytes(body, 64 << 20).await.unwrap().to_vec()
            };
            (parts, body)
        });
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        let answered = asked.unwrap_or_else(|_| panic!("no answer to request {number}: {torn:#?}"));
        let (head, body) = answered.unwrap_or_else(|error| panic!("{error} by request {number}: {torn:#?}"));
        check(&torn, &head, &body);
        *statuses.entry(head.status.as_u16()).or_default() += 1;
    }
    // The requests reach what they are made for, and are refused for more than one reason.
    for status in [200, 400, 401, 404] {
        assert!(statuses.get(&status).is_some_and(|count| *count > 100), "{statuses:?}");
    }
    // And the server is as well as before.
    assert_eq!(site.get("/v3/example.org/events").await.status, 200);
}

fn built(torn: &Torn) -> Option<Request<Body>> {
    let mut request = Request::builder().method(torn.method).uri(torn.target.as_str());
    for (name, value) in &torn.fields {
        request = request.header(*name, value.as_slice());
    }
    request.body(Body::from(torn.body.clone())).ok()
}

#[track_caller]
fn check(torn: &Torn, head: &axum::http::response::Parts, body: &[u8]) {
    let status = head.status.as_u16();
    let text = String::from_utf8_lossy(body);
    assert!(status < 500, "{status} {text}\n{torn:#?}");
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") && torn.method != "HEAD" {
        let answer: serde_json::Value =
            serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {text}\n{torn:#?}"));
        let told =
            !(400..500).contains(&status) || answer["message"].is_string() || answer["error"].is_string();
        assert!(told, "a refusal says why: {text}\n{torn:#?}");
    }
    if status == 401 && torn.method != "HEAD" && torn.target.starts_with("/v") {
        assert_eq!(text, "Forbidden", "{torn:#?}");
    }
}

/// The same before the parser of HTTP: whole requests with torn heads, on connections that end in the middle.
#[tokio::test]
async fn torn_heads_on_the_wire() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let site = Site::open().await;
    let mut dice = Dice(SEED ^ 0xFF);
    for _ in 0..500 {
        let torn = torn(&mut dice);
        let mut octets = format!("{} {} HTTP/1.1\r\nHost: x\r\n", torn.method, torn.target).into_bytes();
        for (name, value) in &torn.fields {
            octets.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        octets.extend(format!("Content-Length: {}\r\n\r\n", torn.body.len()).into_bytes());
        octets.extend(&torn.body);
        tear(&mut dice, &mut octets);
        let mut stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
        // The server may have heard enough before everything is said.
        let _ = stream.write_all(&octets).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the connection stays open after {}", String::from_utf8_lossy(&octets));
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(site.get("/v3/example.org/events").await.status, 200);
}
