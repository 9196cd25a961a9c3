//! Webhooks: who is told, how often, and by what the receiver knows that it was us.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use tegami_queue::{Call, CallError, CallState, CallSubject};
use tegami_store::Table;
use tegami_web::{CallFilter, Calls};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::phone::SILENT;
use crate::site::{Answer, SENDING_KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";
const HOOK: &str = "https://hook.test/a";

struct Desk {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Desk {
    fn open(calls: &Arc<Calls>) -> Self {
        let calls = Arc::clone(calls);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move { calls.run(async { drop(stopped.await) }).await });
        Self { stop: Some(stop), task }
    }

    async fn close(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.await.unwrap();
    }
}

async fn subscribe(site: &Site, kind: &str, urls: &[&str]) {
    let urls: Vec<String> = urls.iter().map(|url| format!("&url={url}")).collect();
    let answer = site.post("/v3/domains/example.org/webhooks", &format!("id={kind}{}", urls.concat())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn send(site: &Site, to: &str) {
    let body = format!("from=me@example.org&to={to}&subject=s&text=x&o:testmode=yes&o:tag=a&v:n=2");
    assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
}

/// The calls as they stand.
async fn stand(site: &Site) -> Vec<(String, Call)> {
    site.calls.list(&CallFilter::default(), None, 100).await.unwrap()
}

/// Waits until the only call stands so: its row is written after the request was heard.
async fn until(site: &Site, what: impl Fn(&Call) -> bool) -> Call {
    loop {
        if let [(_, call)] = &stand(site).await[..]
            && what(call)
        {
            return call.clone();
        }
        tokio::task::yield_now().await;
    }
}

fn verify(key: &str, body: &Value) {
    let signature = &body["signature"];
    let text = |name: &str| signature[name].as_str().unwrap();
    let digits = text("signature");
    let digit = |digit: &u8| u8::try_from(char::from(*digit).to_digit(16).unwrap()).unwrap();
    let tag: Vec<u8> =
        digits.as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect();
    let signed = format!("{}{}", text("timestamp"), text("token"));
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), signed.as_bytes(), &tag).unwrap();
    assert_eq!(text("token").len(), 50);
}

async fn key(site: &Site) -> String {
    let answer = site.get("/v5/accounts/http_signing_key").await.json();
    answer["http_signing_key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_is_told_with_a_signature() {
    let site = Site::open().await;
    subscribe(&site, "delivered", &[HOOK, HOOK, "https://other.test/b"]).await;
    send(&site, "bob@example.net").await;
    let desk = Desk::open(&site.calls);
    let mut told = [site.phone.next().await, site.phone.next().await];
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(told.each_ref().map(|(url, _)| url.as_str()), [HOOK, "https://other.test/b"]);
    let body = &told[0].1;
    verify(&key(&site).await, body);
    assert_eq!(body["signature"]["timestamp"], "1783328400");
    assert_ne!(body["signature"]["token"], told[1].1["signature"]["token"]);
    let shown = site.get("/v3/example.org/events?event=delivered").await.json();
    let (mut expected, mut event) = (shown["items"][0].clone(), body["event-data"].clone());
    let base = expected["storage"]["url"].take();
    let url = event["storage"]["url"].take();
    assert_eq!(event, expected);
    let path = |url: &Value| url.as_str().unwrap().split_once("/v3/").unwrap().1.to_owned();
    assert_eq!(path(&url), path(&base));
    assert!(url.as_str().unwrap().starts_with("https://mail.example.org/v3/domains/"), "{url}");
    desk.close().await;
    assert!(stand(&site).await.iter().all(|(_, call)| call.state == CallState::Done));
    // What was told is not told again by the next process, and counts once.
    let desk = Desk::open(&site.calls);
    send(&site, "carol@example.net").await;
    site.calls.wake();
    for _ in 0..2 {
        assert_eq!(site.phone.next().await.1["event-data"]["recipient"], "carol@example.net");
    }
    desk.close().await;
    assert!(site.phone.is_quiet().await);
}

#[tokio::test]
async fn what_is_not_answered_well_is_told_again_and_again() {
    let site = Site::open().await;
    subscribe(&site, "accepted", &[HOOK]).await;
    send(&site, "bob@example.net").await;
    let silence = || Err(CallError::Unanswered("no connection".to_owned()));
    site.phone.answer(HOOK, &[silence(), Ok(500), Ok(302), Ok(404), Ok(429), Ok(503), Ok(500)]);
    let desk = Desk::open(&site.calls);
    let mut tokens = Vec::new();
    for (attempt, minutes) in [5, 10, 15, 60, 120, 240, 0].into_iter().enumerate() {
        let (_, body) = site.phone.next().await;
        verify(&key(&site).await, &body);
        tokens.push(body["signature"]["token"].clone());
        let call = until(&site, |call| call.attempts.len() == attempt + 1).await;
        let state = if minutes == 0 { CallState::Failed } else { CallState::Waiting };
        assert_eq!(call.state, state);
        site.clock.advance(Duration::from_secs(minutes * 60 - u64::from(minutes > 0)));
        site.calls.wake();
        tokio::task::yield_now().await;
        assert!(site.phone.is_quiet().await, "too early");
        site.clock.advance(Duration::from_secs(5));
        site.calls.wake();
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 7, "each attempt has a token of its own");
    let (name, call) = stand(&site).await.remove(0);
    let said: Vec<_> = call.attempts.iter().map(|attempt| (attempt.status, attempt.said.as_str())).collect();
    assert_eq!(said[..3], [(None, "no connection"), (Some(500), "said 500"), (Some(302), "said 302")]);
    // A person has it made again, and it goes well.
    site.calls.again(&name).await.unwrap();
    site.phone.next().await;
    let call = until(&site, |call| call.state == CallState::Done).await;
    assert_eq!((call.attempts.len(), call.before), (8, 7));
    assert!(site.calls.again(&name).await.is_err(), "it stands elsewhere now");
    // Three days later it is forgotten.
    desk.close().await;
    site.clock.advance(Duration::from_secs(4 * 24 * 3600));
    let desk = Desk::open(&site.calls);
    while !stand(&site).await.is_empty() {
        tokio::task::yield_now().await;
    }
    desk.close().await;
}

#[tokio::test]
async fn not_acceptable_is_the_end() {
    let site = Site::open().await;
    subscribe(&site, "accepted", &[HOOK]).await;
    send(&site, "bob@example.net").await;
    site.phone.answer(HOOK, &[Ok(406)]);
    let desk = Desk::open(&site.calls);
    site.phone.next().await;
    let call = until(&site, |call| call.state == CallState::Failed).await;
    assert_eq!(call.attempts.len(), 1);
    desk.close().await;
}

#[tokio::test]
async fn a_silent_receiver_holds_nobody_back_and_no_death_loses_a_call() {
    let site = Site::open().await;
    let silent = format!("{SILENT}a");
    subscribe(&site, "accepted", &[&silent]).await;
    subscribe(&site, "delivered", &[HOOK]).await;
    for n in 0..20 {
        send(&site, &format!("a{n}@example.net")).await;
    }
    let desk = Desk::open(&site.calls);
    let (mut told, mut begun) = (0, 0);
    while told < 20 {
        let (url, _) = site.phone.next().await;
        if url == HOOK { told += 1 } else { begun += 1 }
    }
    assert!(begun <= 8, "{begun} requests at once to one host");
    // Cut off in the middle, as by kill -9.
    desk.task.abort();
    let waiting = CallFilter { state: Some(CallState::Waiting), ..CallFilter::default() };
    assert!(site.calls.list(&waiting, None, 100).await.unwrap().len() >= 20);
    let desk = Desk::open(&site.calls);
    // What was under way is made again, the others' requests among it.
    let mut again = 0;
    while again < 8 {
        again += usize::from(site.phone.next().await.0 == silent);
    }
    desk.task.abort();
}

#[tokio::test]
async fn more_than_fits_in_memory_waits_in_the_table() {
    let site = Site::open().await;
    send(&site, "bob@example.net").await;
    let message = site.newest().await.0;
    let row = |url: &str, n: usize| {
        let subject = CallSubject::Archive { message: message.id, recipient: "bob@example.net".to_owned() };
        // In this order, so that those of the silent host are the first.
        let due = message.accepted_at - Duration::from_secs(9000) + Duration::from_millis(n as u64);
        Call::new(format!("archive-{n}"), "example.org", url, subject, due).change()
    };
    let silent = format!("{SILENT}a");
    let silent: Vec<_> = (0..700).map(|n| row(&silent, n)).collect();
    let good: Vec<_> = (700..2_000).map(|n| row("https://archive.test/", n)).collect();
    site.store.change([silent, good].concat()).await.unwrap();
    let desk = Desk::open(&site.calls);
    let mut told = 0;
    while told < 1_300 {
        told += usize::from(site.phone.next().await.0 == "https://archive.test/");
    }
    let mut registry = prometheus_client::registry::Registry::default();
    site.calls.metrics().register(&mut registry);
    let mut figures = String::new();
    prometheus_client::encoding::text::encode(&mut figures, &registry).unwrap();
    let waiting = figures.lines().find_map(|line| line.strip_prefix("calls_waiting ")).unwrap();
    assert!((500..1_020).contains(&waiting.parse::<usize>().unwrap()), "{waiting}");
    desk.task.abort();
    let waiting = CallFilter { state: Some(CallState::Waiting), ..CallFilter::default() };
    assert!(site.calls.list(&waiting, None, 2_000).await.unwrap().len() >= 700);
}

#[tokio::test]
async fn rows_of_others_are_found() {
    let site = Site::open().await;
    let desk = Desk::open(&site.calls);
    send(&site, "bob@example.net").await;
    let (message, content) = site.newest().await;
    let subject = CallSubject::Archive { message: message.id, recipient: "bob@example.net".to_owned() };
    let now = message.accepted_at;
    let call = Call::new("archive-1".to_owned(), "example.org", "https://archive.test/", subject, now);
    site.store.change(vec![call.change()]).await.unwrap();
    assert_eq!(site.phone.next().await.0, "https://archive.test/");
    let gone = CallSubject::Event { seq: 9_999_999, kind: "opened".to_owned() };
    until(&site, |call| call.state == CallState::Done).await;
    let call = Call::new("gone".to_owned(), "example.org", HOOK, gone, now);
    site.store.change(vec![call.change()]).await.unwrap();
    loop {
        let all = stand(&site).await;
        if let Some((_, call)) = all.iter().find(|(_, call)| call.state == CallState::Failed) {
            assert_eq!(call.attempts[0].said, "the event is not kept any more");
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(!content.is_empty());
    desk.close().await;
}

#[tokio::test]
async fn what_is_made_again_while_it_is_under_way_stays_one_request() {
    let site = Site::open().await;
    let silent = format!("{SILENT}a");
    subscribe(&site, "accepted", &[&silent]).await;
    send(&site, "bob@example.net").await;
    let desk = Desk::open(&site.calls);
    site.phone.next().await;
    let (name, _) = stand(&site).await.remove(0);
    site.clock.advance(Duration::from_secs(1));
    let again = site.calls.again(&name).await.unwrap();
    assert_ne!(name, again);
    site.phone.next().await;
    site.phone.wake();
    site.phone.wake();
    let call = until(&site, |call| call.state == CallState::Done).await;
    desk.close().await;
    assert_eq!((stand(&site).await.len(), call.attempts.len()), (1, 1));
}

fn shown(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json())
}

#[tokio::test]
async fn webhooks_are_managed_as_clients_do() {
    let site = Site::open().await;
    let (all, one) = ("/v3/domains/example.org/webhooks", "/v3/domains/example.org/webhooks/clicked");
    let get = async |path: &str| shown(&site.get(path).await);
    assert_eq!(get(all).await, (200, json!({"webhooks": {}})));
    assert_eq!(get(one).await.0, 404);
    let created = site.post(all, "id=clicked&url=https://a.test/&url=https://b.test/").await;
    let urls = json!({"urls": ["https://a.test/", "https://b.test/"]});
    assert_eq!(shown(&created), (200, json!({"message": "Webhook has been created", "webhook": urls})));
    assert_eq!(get(one).await, (200, json!({"webhook": urls})));
    assert_eq!(get(all).await, (200, json!({"webhooks": {"clicked": urls}})));
    let ask = async |method: &str, path: &str, body: &str| {
        shown(&site.request(method, path, crate::site::KEY, FORM, body.as_bytes()).await)
    };
    let urls = json!({"urls": ["https://c.test/"]});
    assert_eq!(
        ask("PUT", one, "id=clicked&url=https://c.test/").await,
        (200, json!({"message": "Webhook has been updated", "webhook": urls}))
    );
    assert_eq!(
        ask("DELETE", one, "").await,
        (200, json!({"message": "Webhook has been deleted", "webhook": urls}))
    );
    assert_eq!(get(one).await, (404, json!({"message": "Webhook not found"})));
    let refused = ask("POST", all, "id=clicked&url=https://x/").await;
    let why = "https://x/ is not a valid url: host not found";
    assert_eq!(refused, (400, json!({"message": why, "Reason": why})));
    assert_eq!(ask("POST", all, "id=clicked").await.1["message"], "url parameter is missing");
    assert_eq!(ask("POST", all, "id=guessed&url=https://a.test/").await.0, 400);
    let four = "id=clicked&url=https://a.test/&url=https://b.test/&url=https://c.test/&url=https://d.test/";
    assert_eq!(ask("POST", all, four).await.1["message"], "a webhook has at most 3 urls");
    let by_sending_key = site.request("GET", all, SENDING_KEY, FORM, b"").await;
    assert_eq!((by_sending_key.status, by_sending_key.body.as_str()), (401, "Forbidden"));
}

#[tokio::test]
async fn one_url_with_its_types() {
    let site = Site::open().await;
    let ask = async |method: &str, path: &str, body: &str| {
        shown(&site.request(method, path, crate::site::KEY, FORM, body.as_bytes()).await)
    };
    let path = "/v4/domains/example.org/webhooks";
    let a = json!({"urls": ["https://a.test/"]});
    let answer = ask("POST", path, "url=https://a.test/&event_types=opened,clicked").await;
    assert_eq!(answer, (200, json!({"webhooks": {"clicked": a, "opened": a}})));
    let answer = ask("PUT", path, "url=https://a.test/&event_types=opened&event_types=delivered").await;
    assert_eq!(answer, (200, json!({"webhooks": {"delivered": a, "opened": a}})));
    ask("POST", "/v3/domains/example.org/webhooks", "url=https://b.test/&event_types=opened").await;
    let answer =
        ask("DELETE", "/v3/domains/example.org/webhooks?url=https://a.test/,https://z.test/", "").await;
    assert_eq!(answer, (200, json!({"webhooks": {"opened": {"urls": ["https://b.test/"]}}})));
    assert!(site.store.get(Table::Webhooks, "example.org/delivered").await.unwrap().is_none());
}

#[tokio::test]
async fn changes_of_webhooks_at_the_same_time_lose_nothing() {
    let site = Site::open().await;
    let path = "/v4/domains/example.org/webhooks";
    let ask =
        async |url: &str| site.post(path, &format!("url={url}&event_types=opened,clicked")).await.status;
    let all = tokio::join!(ask("https://a.test/"), ask("https://b.test/"), ask("https://c.test/"));
    assert_eq!(all, (200, 200, 200));
    let told = site.get(path).await.json();
    for kind in ["opened", "clicked"] {
        assert_eq!(told["webhooks"][kind]["urls"].as_array().unwrap().len(), 3, "{told}");
    }
    // A URL to which nothing may be posted any more keeps nobody from removing another one.
    let urls = json!({"urls": ["https://x/", "https://a.test/"]});
    site.store.put(Table::Webhooks, vec![("example.org/opened".to_owned(), urls)]).await.unwrap();
    let removed = format!("{path}?url=https://a.test/");
    let answer = site.request("DELETE", &removed, crate::site::KEY, FORM, b"").await;
    assert_eq!(
        (answer.status, &answer.json()["webhooks"]["opened"]),
        (200, &json!({"urls": ["https://x/"]}))
    );
}

#[tokio::test]
async fn a_key_that_may_only_look_learns_no_secret() {
    let site = Site::open().await;
    let url = "https://me:secret@hook.test/a";
    subscribe(&site, "opened", &[url]).await;
    let basic =
        site.post("/v1/keys", "role=basic").await.json()["key"]["secret"].as_str().unwrap().to_owned();
    let paths = [
        "/api/webhooks",
        "/v3/domains/example.org/webhooks",
        "/v3/domains/example.org/webhooks/opened",
        "/webhooks",
    ];
    for path in paths {
        let told = site.request("GET", path, &basic, FORM, b"").await;
        assert!(!told.body.contains("secret@"), "{path}: {told:?}");
        let told = site.get(path).await;
        assert!(path == "/webhooks" || told.body.contains("secret@"), "{path}: {told:?}");
    }
    let refused = site.request("GET", "/v5/accounts/http_signing_key", &basic, FORM, b"").await;
    assert_eq!((refused.status, &refused.json()["Error"]), (403, &json!("Forbidden")));
}

#[tokio::test]
async fn a_test_posts_what_never_happened() {
    let site = Site::open().await;
    let path = "/v3/domains/example.org/webhooks/permanent_fail/test";
    let ask =
        async |body: &str| shown(&site.request("PUT", path, crate::site::KEY, FORM, body.as_bytes()).await);
    assert_eq!(ask(&format!("url={HOOK}")).await, (200, json!({"code": 200, "message": "said 200"})));
    let (_, body) = site.phone.next().await;
    verify(&key(&site).await, &body);
    assert_eq!(
        (&body["event-data"]["event"], &body["event-data"]["severity"]),
        (&json!("failed"), &json!("permanent"))
    );
    site.phone.answer(HOOK, &[Err(CallError::Unanswered("no connection".to_owned()))]);
    assert_eq!(ask(&format!("url={HOOK}")).await, (200, json!({"code": 0, "message": "no connection"})));
    assert_eq!(ask("url=https://x/").await.0, 400);
}

#[tokio::test]
async fn the_signing_key_stays_until_it_is_made_anew() {
    let site = Site::open().await;
    let first = key(&site).await;
    assert_eq!((first.len(), &first), (32, &key(&site).await));
    let answer = site.post("/v5/accounts/http_signing_key", "").await.json();
    assert_eq!(answer["message"], "success");
    let second = key(&site).await;
    assert!(second != first && answer["http_signing_key"] == second.as_str());
}

#[tokio::test]
async fn people_see_the_log_and_have_a_request_made_again() {
    let site = Site::open().await;
    let ask = async |method: &str, path: &str, body: Value| {
        shown(
            &site
                .request(method, path, crate::site::KEY, "application/json", body.to_string().as_bytes())
                .await,
        )
    };
    let path = "/api/webhooks/example.org/accepted";
    let url = "https://me:secret@hook.test/a";
    let webhook = json!({"domain": "example.org", "kind": "accepted", "urls": [url]});
    assert_eq!(ask("PUT", path, json!({"urls": [url]})).await, (200, webhook.clone()));
    assert_eq!(ask("GET", "/api/webhooks", json!({})).await, (200, json!({"webhooks": [webhook]})));
    assert_eq!(ask("PUT", "/api/webhooks/example.org/guessed", json!({"urls": [url]})).await.0, 400);
    assert_eq!(ask("PUT", "/api/webhooks/unknown.test/accepted", json!({"urls": [url]})).await.0, 404);
    send(&site, "bob@example.net").await;
    site.phone.answer(url, &[Ok(406)]);
    let desk = Desk::open(&site.calls);
    site.phone.next().await;
    until(&site, |call| call.state == CallState::Failed).await;
    let (_, log) = ask("GET", "/api/calls?state=failed&domain=example.org&lang=en", json!({})).await;
    let call = &log["calls"][0];
    let expected = json!({
        "key": call["key"], "domain": "example.org", "url": "https://hook.test/a", "tells": "event", "kind": "accepted",
        "message": null, "recipient": null, "created_at": "2026-07-06T09:00:00Z", "due": call["due"], "state": "failed",
        "told": "The receiver answered 406, which means that it does not want this now or later. It is not made again, unless you have it made again.",
        "attempts": [{
            "at": "2026-07-06T09:00:00Z", "duration_ms": call["attempts"][0]["duration_ms"], "status": 406,
            "said": "said 406",
        }],
    });
    assert_eq!((call, &log["next"]), (&expected, &Value::Null));
    let again = format!("/api/calls/{}/again", call["key"].as_str().unwrap());
    let (status, made) = ask("POST", &again, json!({})).await;
    assert_eq!(status, 200, "{made}");
    site.phone.next().await;
    until(&site, |call| call.state == CallState::Done).await;
    assert_eq!(ask("POST", &again, json!({})).await.0, 404);
    let (_, log) = ask("GET", "/api/calls?state=waiting", json!({})).await;
    assert_eq!(log, json!({"calls": [], "next": null}));
    assert_eq!(ask("PUT", path, json!({"urls": []})).await.1["urls"], json!([]));
    desk.close().await;
}
