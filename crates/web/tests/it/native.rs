//! Our own API.

use serde_json::{Value, json};

use crate::sign_in::{Office, basic};
use crate::site::{KEY, SENDING_KEY, Site};

async fn tell(site: &Site, method: &str, path: &str, body: &Value) -> crate::site::Answer {
    site.request(method, path, KEY, "application/json", body.to_string().as_bytes()).await
}

#[tokio::test]
async fn a_message_and_its_story() {
    let site = Site::open().await;
    let here = "from=me@example.org&to=info@example.org&subject=Here&text=x";
    assert_eq!(site.post("/v3/example.org/messages", here).await.status, 200);
    let body = "from=me@example.org&to=a@example.net&subject=Hi&text=x";
    assert_eq!(site.post("/v3/example.org/messages", body).await.status, 200);
    let list = site.get("/api/messages?limit=1").await.json();
    let id = list["messages"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["messages"][0]["summary"]["subject"], "Hi");
    assert_eq!(list["next"], id.as_str());
    let rest = site.get(&format!("/api/messages?before={id}")).await.json();
    assert_eq!(rest["messages"].as_array().unwrap().len(), 1);
    let local = rest["messages"][0]["id"].as_str().unwrap().to_owned();
    let kinds = |story: &serde_json::Value| -> Vec<String> {
        let events = story["events"].as_array().unwrap().iter();
        events.map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    let story = site.get(&format!("/api/messages/{id}?lang=ja")).await.json();
    assert_eq!(story["recipients"][0]["address"], "a@example.net");
    assert_eq!(story["recipients"][0]["state"], "queued");
    assert_eq!(kinds(&story), ["accepted"]);
    let story = site.get(&format!("/api/messages/{local}")).await.json();
    assert_eq!(kinds(&story), ["accepted", "delivered"]);
    let content = site.get(&format!("/api/messages/{id}/content")).await;
    assert!(content.body.contains("Subject: Hi"));
    assert!(content.head.contains("content-type: text/plain"));
    let queue = site.get("/api/queue").await.json();
    assert_eq!(queue["queue"][0]["address"], "a@example.net");
    assert_eq!(queue["queue"][0]["message"]["id"], id.as_str());
    let mailboxes = site.get("/api/mailboxes/info@example.org").await.json();
    assert_eq!(mailboxes["mailboxes"], serde_json::json!([{"name": "INBOX", "messages": 1}]));
    let inbox = site.get("/api/mailboxes/info@example.org/INBOX").await.json();
    assert_eq!(inbox["messages"][0]["message"]["id"], local.as_str());
    assert_eq!(site.get("/api/messages/01M7ZXK2H33MWJPB34TJM4QNRR").await.status, 404);
    assert_eq!(site.get("/api/messages/nonsense").await.status, 400);
    assert_eq!(site.get("/api/messages?limit=x").await.status, 400);
}

#[tokio::test]
async fn who_may_look() {
    let site = Site::open().await;
    let bare = |host: &str| {
        format!("GET /api/queue HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
    };
    assert_eq!(site.wire(&bare("localhost")).await.status, 401);
    assert_eq!(site.request("GET", "/api/queue", SENDING_KEY, "", b"").await.status, 401);
    let lab = Site::open_with(|settings| settings.open_on_loopback = true).await;
    assert_eq!(lab.wire(&bare("localhost:8025")).await.status, 200);
    assert_eq!(lab.wire(&bare("127.0.0.1")).await.status, 200);
    assert_eq!(lab.wire(&bare("rebound.example.com")).await.status, 401);
    let sending = b"POST /v3/example.org/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(lab.wire(sending).await.status, 401, "the Mailgun API always asks for the key");
}

/// The paths and methods of the document, with something put in for every name.
fn operations(document: &Value) -> Vec<(String, String)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            let path =
                path.replace("{id}", "01M7ZXK2H33MWJPB34TJM4QNRR").replace("{owner}", "info@example.org");
            let path = path.replace("{mailbox}", "INBOX").replace("{name}", "alice");
            let path = path.replace("{list}", "dev@example.org").replace("{member}", "a@example.net");
            let path =
                path.replace("{tag}", "news").replace("{domain}", "example.org").replace("{selector}", "s1");
            let path = path
                .replace("{format}", "zone")
                .replace("{subject}", "example.org")
                .replace("{at}", "2026-11-21T12:00:00Z");
            let path =
                path.replace("{template}", "none").replace("{kind}", "opened").replace("{key}", "o.1.x");
            operations.push((method.to_uppercase(), path));
        }
    }
    operations
}

#[tokio::test]
async fn the_document_tells_what_is_served_and_nothing_else_is() {
    let site = Site::open().await;
    let document = site.get("/api/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let operations = operations(&document);
    assert!(operations.len() > 15, "{operations:?}");
    for (method, path) in &operations {
        assert!(!path.contains('{'), "{path}: a name that this test does not know");
        let answer = tell(&site, method, path, &json!({})).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(answer.status < 500, "{method} {path}: {answer:?}");
        assert!(!answer.body.contains("is not served here"), "{method} {path}: {answer:?}");
        for other in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            if !operations.contains(&(other.to_owned(), path.clone())) {
                assert_eq!(tell(&site, other, path, &json!({})).await.status, 405, "{other} {path}");
            }
        }
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters")
        {
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.contains_key("200") && answers.contains_key("401"), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}: say what it does");
        }
    }
    assert_eq!(site.get("/api/nonsense").await.status, 404);
}

#[tokio::test]
async fn every_operation_asks_who_and_lets_lookers_change_nothing() {
    let office = Office::open().await;
    let document = office.ask("GET", "/api/openapi.json", &basic("key-wide"), "").await;
    let document: Value = serde_json::from_str(&document.body).unwrap();
    let (alice, bob) = (office.sign_in("alice").await, office.sign_in("bob").await);
    for (method, path) in operations(&document) {
        let status = async |fields: String| office.ask(&method, &path, &fields, "{}").await.status;
        assert_eq!(status(String::new()).await, 401, "{method} {path}");
        assert_eq!(status("Cookie: tegami-session=made-up\r\n".to_owned()).await, 401, "{method} {path}");
        assert_eq!(status(basic("key-narrow")).await, 401, "{method} {path}");
        if method == "GET" {
            assert!(status(format!("Cookie: {bob}\r\n")).await < 500, "{path}");
            continue;
        }
        assert_eq!(status(format!("Cookie: {bob}\r\n")).await, 403, "{method} {path}: a looker");
        let asks = method == "POST" && (path == "/api/route-tests" || path.ends_with("/preview"));
        let secret = office.get("/routes", &bob).await.secret();
        let told = status(format!("Cookie: {bob}\r\nTegami-Csrf: {secret}\r\n")).await;
        assert_eq!(told == 403, !asks, "{method} {path}: a looker with the secret: {told}");
        assert_eq!(status(format!("Cookie: {alice}\r\n")).await, 403, "{method} {path}: without the secret");
        let foreign = format!("{}Origin: https://evil.example.com\r\n", basic("key-wide"));
        assert_eq!(status(foreign).await, 403, "{method} {path}: from elsewhere");
    }
    let secret = office.get("/queue", &alice).await.secret();
    let body = r#"{"what": "tag", "value": "news"}"#;
    let fields = format!("Cookie: {alice}\r\nTegami-Csrf: {secret}\r\n");
    assert_eq!(office.ask("POST", "/api/holds", &fields, body).await.status, 200);
}

#[tokio::test]
async fn messages_are_found() {
    let site = Site::open().await;
    for (to, subject, tag) in [
        ("taro@example.net", "Your order", "shop"),
        ("hanako@example.net", "請求書", "bill"),
        ("info@example.org", "To ourselves", "shop"),
    ] {
        let body = format!("from=me@example.org&to={to}&subject={subject}&text=x&o:tag={tag}");
        assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
    }
    let found = async |query: &str| -> Vec<String> {
        let answer = site.get(&format!("/api/messages?{query}")).await;
        assert_eq!(answer.status, 200, "{query} {answer:?}");
        let messages = answer.json()["messages"].as_array().unwrap().clone();
        messages.iter().map(|message| message["summary"]["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("").await, ["To ourselves", "請求書", "Your order"]);
    assert_eq!(found("recipient=hanako@example.net").await, ["請求書"]);
    assert_eq!(found("recipient=TARO").await, ["Your order"]);
    assert_eq!(found("subject=order").await, ["Your order"]);
    assert_eq!(found("q=%E8%AB%8B%E6%B1%82").await, ["請求書"]);
    assert_eq!(found("tag=SHOP").await, ["To ourselves", "Your order"]);
    assert_eq!(found("tag=shop&fate=waiting").await, ["Your order"]);
    assert_eq!(found("fate=received").await, ["To ourselves"]);
    assert_eq!(found("domain=shop.test").await, [""; 0]);
    assert_eq!(found("end=2026-07-06T09:00:00Z").await, [""; 0]);
    assert_eq!(found("begin=2026-07-06T09:00:00Z&limit=1").await, ["To ourselves"]);
    let newest = site.get("/api/messages?limit=1").await.json();
    let id = newest["messages"][0]["id"].as_str().unwrap().to_owned();
    let message_id = newest["messages"][0]["summary"]["message_id"].as_str().unwrap().to_owned();
    assert_eq!(found(&format!("id={id}")).await, ["To ourselves"]);
    assert_eq!(found(&format!("q={id}")).await, ["To ourselves"]);
    assert_eq!(found(&format!("id={}", message_id.replace('+', "%2B"))).await, ["To ourselves"]);
    assert_eq!(found("id=nonsense").await, [""; 0]);
    assert_eq!(found(&format!("before={id}&limit=1")).await, ["請求書"]);
    for wrong in ["fate=lost", "begin=yesterday", "limit=-1", "before=x"] {
        assert_eq!(site.get(&format!("/api/messages?{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(site.get(&format!("/api/messages/{id}/html")).await.status, 404);
}

#[tokio::test]
async fn waiting_mail_is_held_released_and_dropped() {
    let site = Site::open().await;
    for to in ["a@example.net", "b@example.com"] {
        let body = format!("from=me@example.org&to={to}&subject=x&text=x");
        assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
    }
    let act = async |wish: Value| {
        let answer = tell(&site, "POST", "/api/queue/act", &wish).await;
        (answer.status, answer.json()["changed"].as_u64())
    };
    assert_eq!(act(json!({"act": "hold"})).await, (400, None), "nobody is meant");
    assert_eq!(act(json!({"act": "burn", "all": true})).await.0, 400);
    let one = json!({"act": "hold", "filter": {"domain": "example.net"}, "reason": "a\nlook"});
    assert_eq!(act(one.clone()).await, (200, Some(1)));
    assert_eq!(act(one).await, (200, Some(0)), "again");
    let held = site.get("/api/queue?state=held").await.json();
    assert_eq!(held["queue"][0]["address"], "a@example.net");
    assert_eq!(held["queue"][0]["hold_reason"], "all: a look");
    let providers = site.get("/api/providers").await.json();
    let places: Vec<_> = providers["providers"].as_array().unwrap().iter().collect();
    assert_eq!(places.len(), 2, "{providers}");
    let of = |place: &str| places.iter().find(|found| found["place"] == place).unwrap();
    assert_eq!((&of("example.net")["held"], &of("example.com")["waiting"]), (&json!(1), &json!(1)));
    assert_eq!(act(json!({"act": "release", "filter": {"provider": "example.net"}})).await, (200, Some(1)));
    assert_eq!(
        act(json!({"act": "release", "filter": {"provider": "nobody.example"}})).await,
        (200, Some(0))
    );
    assert_eq!(act(json!({"act": "reroute", "all": true})).await.0, 400);
    assert_eq!(act(json!({"act": "drop", "all": true})).await, (200, Some(2)));
    assert_eq!(site.get("/api/queue").await.json()["queue"], json!([]));
}

#[tokio::test]
async fn standing_rules_come_and_go() {
    let site = Site::open().await;
    let rule = json!({"what": "provider", "value": "gmail", "reason": "they asked"});
    let made = tell(&site, "POST", "/api/holds", &rule).await.json();
    assert_eq!((made["id"].as_str(), made["by"].as_str()), (Some("provider:gmail"), Some("all")));
    assert_eq!(site.get("/api/providers").await.json()["providers"][0]["hold"]["id"], "provider:gmail");
    let told = site.get("/api/overview?lang=ja").await.json();
    assert_eq!(told["attention"][0]["id"], "rules");
    assert!(told["attention"][0]["fix"].as_str().unwrap().contains("解除"));
    assert_eq!(tell(&site, "DELETE", "/api/holds/provider%3Agmail", &json!({})).await.status, 200);
    assert_eq!(tell(&site, "DELETE", "/api/holds/provider%3Agmail", &json!({})).await.status, 404);
    assert_eq!(site.get("/api/holds").await.json(), json!({"holds": []}));
    assert_eq!(tell(&site, "POST", "/api/holds", &json!({"what": "moon", "value": "x"})).await.status, 400);
}

#[tokio::test]
async fn suppressions_keys_and_users_are_administered() {
    let site = Site::open().await;
    let place = json!({"domain": "example.org", "list": "bounces", "address": "Gone@example.net", "reason": "by hand"});
    assert_eq!(tell(&site, "POST", "/api/suppressions", &place).await.status, 200);
    let found = site.get("/api/suppressions?address=GONE&list=bounces").await.json();
    assert_eq!(found["suppressions"][0]["error"], "by hand");
    let elsewhere = json!({"domain": "nobody.example", "list": "bounces", "address": "a@example.net"});
    assert_eq!(tell(&site, "POST", "/api/suppressions", &elsewhere).await.status, 404);
    let path = "/api/suppressions?domain=example.org&list=bounces&address=gone@example.net";
    assert_eq!(tell(&site, "DELETE", path, &json!({})).await.status, 200);
    assert_eq!(tell(&site, "DELETE", path, &json!({})).await.status, 404);

    let made =
        tell(&site, "POST", "/api/keys", &json!({"name": "website", "domain": "example.org"})).await.json();
    let (secret, id) = (made["secret"].as_str().unwrap(), made["key"]["id"].as_str().unwrap());
    let send = "from=me@example.org&to=a@example.net&subject=Hi&text=x";
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        site.request("POST", "/v3/example.org/messages", secret, form, send.as_bytes()).await.status,
        200
    );
    let keys = site.get("/api/keys").await;
    assert!(keys.body.contains(id) && !keys.body.contains(secret));
    assert_eq!(
        tell(&site, "DELETE", &format!("/api/keys/{}", id.get(..8).unwrap()), &json!({})).await.status,
        404
    );
    assert_eq!(tell(&site, "DELETE", &format!("/api/keys/{id}"), &json!({})).await.status, 200);
    assert_eq!(
        site.request("POST", "/v3/example.org/messages", secret, form, send.as_bytes()).await.status,
        401
    );

    let user = json!({"name": "carol", "password": "correct horse", "role": "admin"});
    assert_eq!(tell(&site, "POST", "/api/users", &user).await.json()["role"], "admin");
    assert_eq!(tell(&site, "POST", "/api/users", &user).await.status, 400);
    assert_eq!(
        tell(&site, "PUT", "/api/users/carol", &json!({"role": "read-only"})).await.status,
        400,
        "the last"
    );
    assert_eq!(tell(&site, "PUT", "/api/users/dave", &json!({"role": "admin"})).await.status, 404);
    assert!(!site.get("/api/users").await.body.contains("argon2"));
}

#[tokio::test]
async fn lists_and_their_members_are_administered() {
    let site = Site::open().await;
    let wanted = json!({"address": "Dev@example.org", "name": "Developers", "access_level": "members"});
    let made = tell(&site, "POST", "/api/lists", &wanted).await;
    assert_eq!((made.status, &made.json()["address"]), (200, &json!("Dev@example.org")), "{made:?}");
    assert_eq!(tell(&site, "POST", "/api/lists", &wanted).await.status, 400, "it is there");
    let elsewhere = json!({"address": "dev@nobody.example"});
    assert_eq!(tell(&site, "POST", "/api/lists", &elsewhere).await.status, 404);
    let people = json!({"members": ["Hanako <hanako@example.net>", "taro@example.net"]});
    let path = "/api/lists/dev@example.org/members";
    assert_eq!(tell(&site, "POST", path, &people).await.json()["members"], 2);
    assert_eq!(tell(&site, "POST", path, &json!({"members": ["nonsense"]})).await.status, 400);
    assert_eq!(tell(&site, "POST", path, &json!({"members": []})).await.status, 400);
    let found = site.get(&format!("{path}?q=HANA")).await.json();
    let hanako = json!({"address": "hanako@example.net", "name": "Hanako", "subscribed": true, "vars": {}});
    assert_eq!(found, json!({"members": [hanako], "next": null}));
    let page = site.get(&format!("{path}?limit=1")).await.json();
    let rest = site.get(&format!("{path}?after={}", page["next"].as_str().unwrap())).await.json();
    assert_eq!(rest["members"][0]["address"], "taro@example.net");
    let gone = tell(&site, "DELETE", &format!("{path}/taro@example.net"), &json!({})).await;
    assert_eq!((gone.status, &gone.json()["address"]), (200, &json!("taro@example.net")));
    let terms = json!({"name": "All", "access_level": "everyone", "reply_preference": "sender"});
    let changed = tell(&site, "PUT", "/api/lists/dev@example.org", &terms).await.json();
    assert_eq!(
        (&changed["name"], &changed["access_level"], &changed["members"]),
        (&json!("All"), &json!("everyone"), &json!(1))
    );
    assert_eq!(tell(&site, "DELETE", "/api/lists/dev@example.org", &json!({})).await.status, 200);
    assert_eq!(site.get(path).await.status, 404);
    assert_eq!(site.get("/api/lists").await.json(), json!({"lists": []}));
}

#[tokio::test]
async fn the_allow_list_and_the_signing_key_are_administered() {
    let site = Site::open().await;
    for (value, kind) in [("Full@example.net", "address"), ("example.com", "domain")] {
        let place = json!({"domain": "example.org", "value": value, "reason": "known"});
        let made = tell(&site, "POST", "/api/allowed", &place).await.json();
        assert_eq!((&made["kind"], &made["value"]), (&json!(kind), &json!(value)));
    }
    let wrong = json!({"domain": "example.org", "value": "a b"});
    assert_eq!(tell(&site, "POST", "/api/allowed", &wrong).await.status, 400);
    let found = site.get("/api/allowed?value=FULL").await.json();
    assert_eq!(
        (found["allowed"].as_array().unwrap().len(), &found["allowed"][0]["reason"]),
        (1, &json!("known"))
    );
    assert!(site.get("/v3/example.org/whitelists/example.com").await.status == 200, "the same list");
    let path = "/api/allowed?domain=example.org&value=full@example.net";
    assert_eq!(tell(&site, "DELETE", path, &json!({})).await.status, 200);
    assert_eq!(tell(&site, "DELETE", path, &json!({})).await.status, 404);

    let key = site.get("/api/signing-key").await.json();
    assert_eq!(site.get("/v5/accounts/http_signing_key").await.json()["http_signing_key"], key["key"]);
    let renewed = tell(&site, "POST", "/api/signing-key", &json!({})).await.json();
    assert!(renewed["key"] != key["key"] && renewed["configured"] == false, "{renewed}");
    let office = Office::open().await;
    let bob = office.sign_in("bob").await;
    let told = office.get("/api/signing-key", &bob).await;
    assert_eq!(
        (told.status, told.body.contains("\"key\"")),
        (403, false),
        "who only looks could pass for us"
    );
}

/// The store is read in pages of 250 messages: a page of the answer may end where one of those does.
#[tokio::test]
async fn pages_as_long_as_those_of_the_store_lose_nothing() {
    let site = Site::open().await;
    let to: Vec<String> = (0..260).map(|n| format!("a{n}@example.net")).collect();
    let each: serde_json::Map<_, _> = to.iter().map(|to| (to.clone(), json!({}))).collect();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("from", "me@example.org"), ("subject", "s"), ("text", "x")])
        .append_pair("to", &to.join(","))
        .append_pair("recipient-variables", &Value::Object(each).to_string())
        .finish();
    assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
    let first = site.get("/api/messages?limit=250").await.json();
    assert_eq!(first["messages"].as_array().unwrap().len(), 250);
    assert_eq!(first["next"], first["messages"][249]["id"]);
    let path = format!("/api/messages?limit=250&before={}", first["next"].as_str().unwrap());
    let rest = site.get(&path).await.json();
    assert_eq!((rest["messages"].as_array().unwrap().len(), &rest["next"]), (10, &Value::Null));
}
