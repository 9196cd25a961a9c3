//! Requests that come twice and act once.

use crate::site::{Answer, KEY, SENDING_KEY, Site};

impl Site {
    async fn numbered(&self, path: &str, key: &str, field: &str, body: &str) -> Answer {
        use base64::Engine;
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n{field}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.wire(request.as_bytes()).await
    }

    async fn count(&self) -> usize {
        self.store.messages(None, 100).await.unwrap().len()
    }
}

const PATH: &str = "/v3/example.org/messages";
const BODY: &str = "from=me@example.org&to=a@example.net&text=x";

#[tokio::test]
async fn the_second_is_answered_as_the_first() {
    let site = Site::open().await;
    let first = site.numbered(PATH, KEY, "Idempotency-Key: order-17", BODY).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert!(!first.head.contains("idempotency-replayed"));
    let second = site.numbered(PATH, KEY, "X-Idempotency-Key: order-17", BODY).await;
    assert_eq!((second.status, &second.body), (200, &first.body));
    assert!(second.head.contains("idempotency-replayed: true"));
    assert_eq!(site.count().await, 1);
    // Another key, another domain, another way of sending: another request.
    let other = site.numbered(PATH, SENDING_KEY, "Idempotency-Key: order-17", BODY).await;
    assert_ne!(other.body, first.body);
    let other = site.numbered(PATH, KEY, "Idempotency-Key: order-18", BODY).await;
    assert_ne!(other.body, first.body);
    let there = site.numbered("/v3/shop.test/messages", KEY, "Idempotency-Key: order-17", BODY).await;
    assert_eq!(there.status, 200, "{there:?}");
    assert_eq!(site.count().await, 4);
}

#[tokio::test]
async fn another_request_of_the_same_number_is_refused() {
    let site = Site::open().await;
    assert_eq!(site.numbered(PATH, KEY, "Idempotency-Key: 1", BODY).await.status, 200);
    let changed = site.numbered(PATH, KEY, "Idempotency-Key: 1", &format!("{BODY}y")).await;
    assert_eq!(changed.status, 422);
    assert_eq!(
        changed.message(),
        "this Idempotency-Key was used before with another request: every new request needs a new key"
    );
    let long = format!("Idempotency-Key: {}", "x".repeat(256));
    let long = site.numbered(PATH, KEY, &long, BODY).await;
    assert_eq!(long.message(), "Idempotency-Key: a key has 1 to 255 printable ASCII characters");
    // What was refused was not made.
    let refused = site
        .numbered(PATH, KEY, "Idempotency-Key: 2", "from=me@example.org&to=nobody@example.org&text=x")
        .await;
    assert_eq!(refused.status, 400);
    assert_eq!(site.numbered(PATH, KEY, "Idempotency-Key: 2", BODY).await.status, 200);
    assert_eq!(site.count().await, 2);
}

#[tokio::test]
async fn whole_messages_copies_and_resending() {
    let site = Site::open().await;
    let raw = "to=a@example.net&message=From: me@example.org%0A%0Ahi";
    let path = "/v3/example.org/messages.mime";
    let first = site.numbered(path, KEY, "Idempotency-Key: 1", raw).await;
    assert_eq!(site.numbered(path, KEY, "Idempotency-Key: 1", raw).await.body, first.body);
    let many = "from=me@example.org&to=a@example.net,b@example.net&text=x&recipient-variables={}";
    let first = site.numbered(PATH, KEY, "Idempotency-Key: 2", many).await;
    assert_eq!(site.numbered(PATH, KEY, "Idempotency-Key: 2", many).await.body, first.body);
    assert_eq!(site.count().await, 3);
    let (row, _) = site.newest().await;
    let path = format!("/v3/domains/example.org/messages/{}", row.id);
    for _ in 0..2 {
        assert_eq!(site.numbered(&path, KEY, "Idempotency-Key: 3", "to=c@example.net").await.status, 200);
    }
    assert_eq!(site.count().await, 4);
}

#[tokio::test]
async fn many_at_once_send_once() {
    let site = Site::open().await;
    let field = "Idempotency-Key: race";
    let requests = (0..8).map(|_| site.numbered(PATH, KEY, field, BODY));
    let answers = futures_util::future::join_all(requests).await;
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.status == 200));
    assert_eq!(site.count().await, 1);
}

#[tokio::test]
async fn a_day_later_it_is_forgotten() {
    let site = Site::open().await;
    assert_eq!(site.numbered(PATH, KEY, "Idempotency-Key: 1", BODY).await.status, 200);
    let now = site.rooms.clock.now();
    let hours = |hours: i64| now + jiff::SignedDuration::from_hours(hours);
    assert_eq!(tegami_web::forget_requests(&*site.store, hours(23)).await.unwrap(), 0);
    assert_eq!(tegami_web::forget_requests(&*site.store, hours(24)).await.unwrap(), 1);
    assert_eq!(site.numbered(PATH, KEY, "Idempotency-Key: 1", BODY).await.status, 200);
    assert_eq!(site.count().await, 2);
}

#[tokio::test]
async fn keys_without_a_description_number_their_own_requests() {
    let site = Site::open().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = site.post("/v1/keys", "kind=domain&domain_name=example.org").await.json();
        let key = made["key"]["secret"].as_str().unwrap().to_owned();
        let sent = site.numbered(PATH, &key, "Idempotency-Key: order-17", BODY).await;
        assert_eq!(sent.status, 200, "{sent:?}");
        ids.push(sent.body);
    }
    assert_ne!(ids[0], ids[1]);
}
