//! Our own API.

use crate::site::{SENDING_KEY, Site};

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
