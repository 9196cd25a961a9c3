//! Who is let in: keys and what they may do, guessing, and every path there is.

use std::collections::BTreeSet;

use serde_json::json;

use crate::sign_in::{Office, basic};
use crate::site::{KEY, SENDING_KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";

/// Paths that answer without credentials on purpose. Whoever adds one says here why.
const PUBLIC: &[(&str, &str)] = &[
    ("/forms/{name}", "visitors of a web site write; the form has brakes of its own"),
    ("/forms/{name}/thanks", "what visitors of a web site are told after they wrote"),
    ("/u/{link}", "readers unsubscribe; the link proves itself"),
    ("/o/{link}", "the picture that tells of an opened message; the link proves itself"),
    ("/p/{host}", "a proof that a name leads here, which proves nothing to anybody but us"),
    ("/.well-known/mta-sts.txt", "what a domain says of its mail hosts, which is for everybody (RFC 8461)"),
    ("/c/{link}", "the way to where a link led; the link proves itself"),
];

/// The paths of a router, as its own description has them: whatever is added is in it.
pub(crate) fn paths(router: &axum::Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let quoted = text.split('"').filter(|part| part.starts_with('/'));
    quoted.filter(|path| !path.contains("__private")).map(str::to_owned).collect()
}

/// A request for it: what stands in braces becomes something.
fn filled(path: &str) -> String {
    let segment = |segment: &str| match segment {
        "{domain}" => "example.org".to_owned(),
        segment if segment.starts_with('{') => "0".to_owned(),
        segment => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn no_path_answers_without_credentials() {
    let site = Site::open().await;
    let paths = paths(&site.router);
    assert!(paths.len() > 40 && paths.contains("/v3/{domain}/messages"), "{paths:?}");
    for (path, why) in PUBLIC {
        assert!(paths.contains(*path) && !why.is_empty(), "{path} stands on the list and is not there");
    }
    let mut open = Vec::new();
    for path in paths.iter().filter(|path| *path != "/" && !PUBLIC.iter().any(|(public, _)| path == public)) {
        let mut decided = false;
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let target = filled(path);
            let head = format!(
                "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
            let answer = site.wire(head.as_bytes()).await;
            match answer.status {
                401 | 403 => decided = true,
                404 if answer.body.contains(&format!("{method} {target} is not served here")) => {}
                _ => open.push(format!("{method} {path}: {}", answer.status)),
            }
        }
        assert!(decided, "no method of {path} asks for a key");
    }
    assert!(open.is_empty(), "these answer without credentials: {open:#?}");
}

/// What browsers get before anybody has signed in.
const FOR_EVERYBODY: &[&str] = &[
    "/sign-in",
    "/assets/style.css",
    "/assets/live.js",
    "/assets/icon.svg",
    // Whoever knows the name of a test inbox sees its reports.
    "/test/{name}",
    "/test/{name}/json",
    "/test/{name}/{id}",
    "/test/{name}/{id}/html",
];

#[tokio::test]
async fn no_page_answers_without_a_session() {
    let office = Office::open().await;
    assert!(office.paths.contains("/queue") && office.paths.contains("/users"), "{:?}", office.paths);
    let public = |path: &str| {
        FOR_EVERYBODY.iter().chain(PUBLIC.iter().map(|(path, _)| path)).any(|open| *open == path)
    };
    let mut open = Vec::new();
    for path in office.paths.iter().filter(|path| !public(path)) {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let told = office.ask(method, &filled(path), "", "").await;
            let to_sign_in = told.field("location").is_some_and(|to| to.starts_with("/sign-in"));
            match told.status {
                401 | 403 | 405 => {}
                303 if to_sign_in => {}
                404 if told.body.contains("is not served here") => {}
                status => open.push(format!("{method} {path}: {status}")),
            }
        }
    }
    assert!(open.is_empty(), "these answer without a session: {open:#?}");
}

/// A browser that keeps a key would send it along with what any page has it post.
#[tokio::test]
async fn browsers_are_asked_for_no_key_and_post_none_for_others() {
    let office = Office::open().await;
    let browser = "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n";
    let told = office.ask("GET", "/v3/domains", browser, "").await;
    assert_eq!((told.status, told.field("www-authenticate")), (401, None));
    assert!(office.ask("GET", "/v3/domains", "", "").await.field("www-authenticate").is_some());
    let post = async |site: &str, mode: &str| {
        let form = format!("Content-Type: {FORM}\r\nSec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\n");
        let fields = basic("key-wide") + &form;
        office.ask("POST", "/v3/routes", &fields, "expression=catch_all()&action=stop()").await.status
    };
    assert_eq!(post("cross-site", "navigate").await, 403);
    assert_eq!(post("same-site", "no-cors").await, 403);
    assert_eq!(post("cross-site", "cors").await, 200);
    assert_eq!(post("same-origin", "navigate").await, 200);
}

/// Keys are guessed at the pages as well as at the API.
#[tokio::test]
async fn guesses_at_pages_count_too() {
    let office = Office::open().await;
    let mut statuses = BTreeSet::new();
    for guess in 0..60 {
        statuses.insert(office.ask("GET", "/messages", &basic(&format!("guess-{guess}")), "").await.status);
    }
    assert_eq!(statuses, BTreeSet::from([401, 429]));
}

#[tokio::test]
async fn a_sending_key_only_sends() {
    let site = Site::open().await;
    for (method, path) in [
        ("GET", "/v3/example.org/events"),
        ("GET", "/v3/domains"),
        ("GET", "/v4/domains/example.org"),
        ("GET", "/v3/domains/example.org/credentials"),
        ("GET", "/v1/keys"),
        ("POST", "/v1/dkim/keys"),
        ("GET", "/v3/ips"),
        ("DELETE", "/v3/example.org/bounces"),
        ("POST", "/v3/shop.test/messages"),
    ] {
        let answer = site.request(method, path, SENDING_KEY, FORM, b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (401, "Forbidden"), "{method} {path}");
    }
    let body = b"from=a@example.org&to=b@example.com&text=x";
    assert_eq!(site.request("POST", "/v3/example.org/messages", SENDING_KEY, FORM, body).await.status, 200);
}

/// Clients compare the whole answer.
#[tokio::test]
async fn a_wrong_key_is_answered_in_one_word() {
    let site = Site::open().await;
    let answer = site.request("GET", "/v3/domains", "wrong", "", b"").await;
    assert_eq!((answer.status, answer.body.as_str()), (401, "Forbidden"));
    assert!(answer.head.contains("content-type: text/plain\r\n"), "{}", answer.head);
}

/// What browsers ask before a script of another site asks the API.
#[tokio::test]
async fn scripts_of_other_sites_may_ask() {
    let site = Site::open().await;
    let preflight = async |path: &str| {
        let head = format!(
            "OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: https://shop.test\r\n\
             Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n"
        );
        site.wire(head.as_bytes()).await
    };
    let allowed = preflight("/v3/example.org/messages").await;
    assert_eq!((allowed.status, allowed.body.as_str()), (200, ""));
    for field in [
        "access-control-allow-origin: *",
        "access-control-allow-headers: Content-Type, x-requested-with, Authorization",
        "access-control-allow-methods: GET, POST, PUT, DELETE, OPTIONS",
        "access-control-max-age: 600",
    ] {
        assert!(allowed.head.contains(field), "{field}: {}", allowed.head);
    }
    // Good and bad answers can be read; our own API and the pages stay with their own site.
    for answer in [site.get("/v3/domains").await, site.request("GET", "/v3/domains", "wrong", "", b"").await]
    {
        assert!(answer.head.contains("access-control-allow-origin: *"), "{}", answer.head);
    }
    for answer in [preflight("/api/messages").await, site.get("/api/messages").await, site.get("/").await] {
        assert!(!answer.head.contains("access-control-"), "{}", answer.head);
    }
}

#[tokio::test]
async fn the_life_of_an_api_key() {
    let site = Site::open().await;
    let body = "role=sending&kind=domain&domain_name=example.org&description=shop&expiration=3600&email=a@example.org";
    let made = site.post("/v1/keys", body).await.json();
    assert_eq!(made["message"], "great success");
    let (id, secret) = (made["key"]["id"].as_str().unwrap(), made["key"]["secret"].as_str().unwrap());
    let mut expected = made["key"].clone();
    expected["id"] = json!("");
    expected["secret"] = json!("");
    assert_eq!(
        expected,
        json!({"id": "", "secret": "", "description": "shop", "kind": "domain", "role": "sending",
            "created_at": "2026-07-06T09:00:00", "updated_at": "2026-07-06T09:00:00",
            "expires_at": "2026-07-06T10:00:00", "is_disabled": false, "domain_name": "example.org",
            "requestor": "a@example.org", "user_name": ""})
    );
    let message = b"from=a@example.org&to=b@example.com&text=x";
    assert_eq!(site.request("POST", "/v3/example.org/messages", secret, FORM, message).await.status, 200);
    let list = site.get("/v1/keys?kind=domain").await.json();
    assert_eq!(list["total_count"], 2);
    let items = list["items"].as_array().unwrap();
    let forever = items.iter().find(|key| key["id"] != id).unwrap();
    assert!(items.iter().all(|key| key.get("secret").is_none()));
    assert!(forever.get("expires_at").is_none(), "an empty moment stops one client");
    let removed = site.request("DELETE", &format!("/v1/keys/{id}"), KEY, "", b"").await;
    assert_eq!(removed.json(), json!({"message": "key deleted"}));
    assert_eq!(site.request("POST", "/v3/example.org/messages", secret, FORM, message).await.status, 401);
    let missing = site.request("DELETE", &format!("/v1/keys/{id}"), KEY, "", b"").await;
    assert_eq!((missing.status, missing.message().as_str()), (404, "key not found"));

    let basic = site.post("/v1/keys", "role=basic").await.json();
    let basic = basic["key"]["secret"].as_str().unwrap();
    assert_eq!(site.request("GET", "/v3/domains", basic, "", b"").await.status, 200);
    assert_eq!(site.request("POST", "/v3/example.org/messages", basic, FORM, message).await.status, 403);
    assert_eq!(site.post("/v1/keys", "role=sending").await.message(), "domain_name parameter is missing");
    let long = "x".repeat(256);
    for wrong in [format!("description={long}"), "user_name=a%0Ab".to_owned(), format!("email={long}")] {
        assert_eq!(site.post("/v1/keys", &wrong).await.status, 400, "{wrong}");
    }
    let wrong = site.post("/v1/keys", "role=king").await;
    assert_eq!(wrong.message(), "role: `king` is not one of admin, basic, sending, developer");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_ends() {
    let site = Site::open().await;
    assert_eq!(site.get("/v3/domains").await.status, 200);
    for number in 0..40 {
        let guess = site.request("GET", "/v3/domains", &format!("key-guess-{number}"), "", b"").await;
        assert_eq!(guess.status, 401);
    }
    let banned = site.request("GET", "/v3/domains", "key-guess-40", "", b"").await;
    assert_eq!((banned.status, banned.json()["retry-seconds"].as_u64()), (429, Some(900)));
    assert!(banned.head.contains("retry-after: 900"), "{}", banned.head);
    // In seconds since 1970: a quarter of an hour after the clock of the tests.
    assert!(banned.head.contains("x-ratelimit-reset: 1783329300"), "{}", banned.head);
    // Even the right key, where it was never shown from there before; the one that was goes on.
    assert_eq!(site.request("POST", "/v3/example.org/messages", SENDING_KEY, FORM, b"").await.status, 429);
    assert_eq!(site.get("/v3/domains").await.status, 200);
}

#[tokio::test]
async fn clients_behind_a_proxy_are_told_apart() {
    let proxy = tegami_auth::Network::parse("127.0.0.1").unwrap();
    let site = Site::open_with(|settings| settings.proxies = vec![proxy]).await;
    use base64::Engine as _;
    let ask = async |said: &str, key: &str| {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
        let head = format!(
            "GET /v3/domains HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\nX-Forwarded-For: {said}\r\n\r\n"
        );
        site.wire(head.as_bytes()).await.status
    };
    for number in 0..40 {
        // Whatever the guesser says itself stands further left.
        let said = format!("203.0.113.{number}, 198.51.100.7");
        assert_eq!(ask(&said, &format!("key-guess-{number}")).await, 401);
    }
    assert_eq!(ask("198.51.100.7", KEY).await, 429);
    assert_eq!(ask("203.0.113.9", KEY).await, 200);
    assert_eq!(site.get("/v3/domains").await.status, 200, "the proxy itself");
}

#[tokio::test]
async fn addresses_and_subaccounts() {
    let site = Site::open().await;
    assert_eq!(
        site.get("/v3/ips").await.json(),
        json!({"items": ["192.0.2.1"], "total_count": 1, "assignable_to_pools": [],
            "details": [{"ip": "192.0.2.1", "is_on_warmup": false}]})
    );
    let one = json!({"ip": "192.0.2.1", "dedicated": true, "rdns": "mail.example.org"});
    assert_eq!(site.get("/v3/ips/192.0.2.1").await.json(), one);
    assert_eq!(site.get("/v3/ips/192.0.2.9").await.status, 404);
    assert_eq!(site.get("/v5/accounts/subaccounts").await.status, 403);
    use base64::Engine;
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("api:{KEY}"));
    let head = format!(
        "GET /v3/domains HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\
         X-Mailgun-On-Behalf-Of: 1234\r\n\r\n"
    );
    let refused = site.wire(head.as_bytes()).await;
    assert_eq!((refused.status, refused.json()["Error"].as_str()), (403, Some("Forbidden")));
}

/// A fixed word in second position is no domain, whatever stands behind it.
#[tokio::test]
async fn fixed_words_win_over_domains() {
    let site = Site::open().await;
    // The same word as a domain's resource: the domain called `messages`, `events`, `bounces`.
    for word in ["messages", "events", "bounces", "tags"] {
        let answer = site.get(&format!("/v3/domains/{word}")).await;
        assert_eq!((answer.status, answer.message().as_str()), (404, "Domain not found"), "{word}");
    }
    let posted = site.post("/v3/domains/messages", "from=a@example.org&to=b@example.com&text=x").await;
    assert_eq!(posted.message(), "POST /v3/domains/messages is not served here");
    assert_eq!(site.get("/v3/ips/events").await.message(), "IP `events` not found");
}
