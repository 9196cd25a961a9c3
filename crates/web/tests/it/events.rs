//! Asking what happened.

use serde_json::{Value, json};
use tegami_mail::failure::Cause;
use tegami_mail::{EnhancedStatusCode, mime};
use tegami_queue::{EventData, Reason};
use tegami_store::{EventKind, NewEvent, QueueId};

use crate::site::{KEY, SENDING_KEY, Site};

async fn send(site: &Site, to: &str, subject: &str, more: &str) -> String {
    let body = format!("from=me@example.org&to={to}&subject={subject}&text=x{more}");
    let answer = site.post("/v3/example.org/messages", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["id"].as_str().unwrap().trim_matches(['<', '>']).to_owned()
}

fn items(page: &Value) -> Vec<String> {
    let shown = |item: &Value| {
        format!(
            "{} {} {}",
            item["event"].as_str().unwrap(),
            item["recipient"].as_str().unwrap(),
            item["message"]["headers"]["subject"].as_str().unwrap()
        )
    };
    page["items"].as_array().unwrap().iter().map(shown).collect()
}

/// The path and query of a URL of ours.
fn path_of(site: &Site, page: &Value, which: &str) -> String {
    let url = page["paging"][which].as_str().unwrap();
    url.strip_prefix(&format!("http://{}", site.address)).unwrap().to_owned()
}

async fn ask(site: &Site, query: &str) -> Vec<String> {
    let answer = site.get(&format!("/v3/example.org/events?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    items(&answer.json())
}

#[tokio::test]
async fn an_event_has_its_shape() {
    let site = Site::open().await;
    let id = send(
        &site,
        "\"Bob, B\" <bob@example.net>",
        "Hi",
        "&cc=c@example.com&o:tag=a&o:tag=b 2&v:n=2&o:deliverytime=1783414800",
    )
    .await;
    let answer = site.get("/v3/example.org/events?event=accepted&recipient=bob@example.net").await;
    let event = answer.json()["items"][0].clone();
    let key = event["storage"]["key"].as_str().unwrap();
    let expected = json!({
        "event": "accepted",
        "id": event["id"],
        "timestamp": 1_783_328_400.0,
        "log-level": "info",
        "method": "http",
        "api-key-id": "all",
        "tags": ["a", "b 2"],
        "campaigns": [],
        "user-variables": {"n": "2"},
        "flags": {
            "is-authenticated": true, "is-routed": false, "is-system-test": false, "is-test-mode": false,
            "is-delayed-bounce": false,
        },
        "recipient": "bob@example.net",
        "recipient-domain": "example.net",
        "envelope": {"sender": "me@example.org", "targets": "bob@example.net", "transport": "smtp"},
        "message": {
            "headers": {
                "from": "me@example.org", "to": "\"Bob, B\" <bob@example.net>", "subject": "Hi", "message-id": id,
            },
            "attachments": [],
            "recipients": ["bob@example.net", "c@example.com"],
            "size": event["message"]["size"],
            "scheduled-for": 1_783_414_800,
        },
        "storage": {
            "url": format!("http://{}/v3/domains/example.org/messages/{key}", site.address),
            "key": key, "region": "local", "env": "production",
        },
    });
    assert_eq!(event, expected);
    assert!(event["id"].as_str().unwrap().len() >= 16);
}

#[tokio::test]
async fn testmode_delivers_nothing_and_says_so() {
    let site = Site::open().await;
    send(&site, "bob@example.net", "Hi", "&o:testmode=yes").await;
    let (row, _) = site.newest().await;
    assert!(site.recipients(&row).await.is_empty());
    let answer = site.get("/v3/example.org/events?event=delivered OR failed").await;
    assert_eq!(answer.status, 400, "a blank in the request line is no blank in the query");
    let answer = site.get("/v3/example.org/events?event=delivered+OR+failed").await.json();
    assert_eq!(answer["items"][0]["delivery-status"]["code"], 650);
    assert_eq!(answer["items"][0]["flags"]["is-test-mode"], true);
}

#[tokio::test]
async fn pages_to_both_ends() {
    let site = Site::open().await;
    for n in 0..7 {
        send(&site, &format!("a{n}@example.net"), &format!("s{n}"), "").await;
    }
    let names = |range: &mut dyn Iterator<Item = i32>| {
        range.map(|n| format!("accepted a{n}@example.net s{n}")).collect::<Vec<_>>()
    };
    for (direction, expected) in [("no", names(&mut (0..7).rev())), ("yes", names(&mut (0..7)))] {
        let mut page =
            site.get(&format!("/v3/example.org/events?limit=3&ascending={direction}")).await.json();
        let mut found = items(&page);
        let last = site.get(&path_of(&site, &page, "last")).await.json();
        assert_eq!(items(&last), expected[4..], "the last page ends with the last event");
        loop {
            page = site.get(&path_of(&site, &page, "next")).await.json();
            if items(&page).is_empty() {
                break;
            }
            found.extend(items(&page));
        }
        assert_eq!(found, expected);
        let mut back = Vec::new();
        loop {
            page = site.get(&path_of(&site, &page, "previous")).await.json();
            if items(&page).is_empty() {
                break;
            }
            back = [items(&page), back].concat();
        }
        assert_eq!(back, expected);
        let first = site.get(&path_of(&site, &page, "first")).await.json();
        assert_eq!(items(&first), expected[..3]);
        // What one client does: the token as a query parameter.
        let token = path_of(&site, &first, "next").split_once("page=").unwrap().1.to_owned();
        assert_eq!(ask(&site, &format!("page={token}")).await, expected[3..6]);
    }
}

#[tokio::test]
async fn a_walk_upwards_is_open_at_its_end() {
    let site = Site::open().await;
    let mut page = site.get("/v3/example.org/events?ascending=yes").await.json();
    assert!(items(&page).is_empty());
    for n in 0..2 {
        send(&site, &format!("a{n}@example.net"), "s", "").await;
        page = site.get(&path_of(&site, &page, "next")).await.json();
        assert_eq!(items(&page), [format!("accepted a{n}@example.net s")]);
        page = site.get(&path_of(&site, &page, "next")).await.json();
        assert!(items(&page).is_empty());
    }
}

#[tokio::test]
async fn filters() {
    let site = Site::open().await;
    let id = send(&site, "a@example.net", "Invoice 12", "&o:tag=bill&v:n=1").await;
    send(&site, "b@example.com", "Newsletter", "&o:tag=news&o:testmode=yes").await;
    let bill = ["accepted a@example.net Invoice 12"];
    for query in [
        "tags=bill",
        "recipient=A@example.net",
        "subject=invoice",
        "recipient=*@example.net",
        "recipient-domain=example.net",
        "user-variables.n=1",
        "event=accepted&tags=NOT+news",
        "size=%3E10&subject=12",
        &format!("message-id={id}"),
        &format!("message-id=%3C{id}%3E"),
    ] {
        assert_eq!(ask(&site, query).await, bill, "{query}");
    }
    assert!(ask(&site, "message-id=nobody@example.org").await.is_empty());
    assert_eq!(ask(&site, "event=delivered+OR+failed").await, ["delivered b@example.com Newsletter"]);
    assert!(ask(&site, "begin=0&end=1000").await.is_empty());
    assert_eq!(ask(&site, "begin=Mon,%206%20Jul%202026%2008:00:00%20GMT&ascending=yes").await.len(), 3);
    let refused = async |query: &str| {
        let answer = site.get(&format!("/v3/example.org/events?{query}")).await;
        format!("{} {}", answer.status, answer.message())
    };
    assert_eq!(refused("event=(a").await, "400 filter expression `(a`: `(` is not closed");
    assert_eq!(refused("limit=301").await, "400 The 'limit' parameter can't be larger than 300");
    assert_eq!(
        refused("begin=5&end=9&ascending=no").await,
        "400 'ascending' contradicts the order of 'begin' and 'end'"
    );
    assert_eq!(refused("begin=soon").await, "400 soon is not an RFC-2822 compliant date");
    assert_eq!(refused("page=AAAA").await, "400 the page token is not one of ours");
    let by_sending_key = site.request("GET", "/v3/example.org/events", SENDING_KEY, "text/plain", b"").await;
    assert_eq!((by_sending_key.status, by_sending_key.body.as_str()), (401, "Forbidden"));
}

#[tokio::test]
async fn a_kept_message_is_shown_and_sent_again() {
    let site = Site::open().await;
    let body = "--x\r\nContent-Disposition: form-data; name=\"from\"\r\n\r\nme@example.org\r\n\
                --x\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\na@example.net\r\n\
                --x\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\n件名\r\n\
                --x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n本文\r\n\
                --x\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"日本.csv\"\r\n\r\n1,2\r\n--x--\r\n";
    let sent = site
        .request("POST", "/v3/example.org/messages", KEY, "multipart/form-data; boundary=x", body.as_bytes())
        .await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let event = site.get("/v3/example.org/events").await.json()["items"][0].clone();
    assert_eq!(
        event["message"]["attachments"],
        json!([{"filename": "日本.csv", "content-type": "text/csv", "size": 3}])
    );
    let path = event["storage"]["url"].as_str().unwrap().split_once("/v3").unwrap().1.to_owned();
    let path = format!("/v3{path}");
    let shown = site.get(&path).await.json();
    assert_eq!(shown["subject"], "件名");
    assert_eq!(shown["body-plain"].as_str().unwrap().trim_end(), "本文");
    assert_eq!(shown["recipients"], "a@example.net");
    assert_eq!(shown["Message-Id"], sent.json()["id"]);
    let file = shown["attachments"][0]["url"].as_str().unwrap().split_once("/v3").unwrap().1.to_owned();
    let file = site.get(&format!("/v3{file}")).await;
    assert_eq!(file.body, "1,2");
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: message/rfc2822\r\nAuthorization: Basic YXBpOmtleS1hY2NvdW50LTAxMjM0NTY3ODk=\r\n\r\n"
    );
    let raw = site.wire(head.as_bytes()).await.json();
    let parsed = mime::parse(raw["body-mime"].as_str().unwrap().as_bytes());
    assert_eq!(parsed.subject, "件名");
    let again = site.post(&path, "to=b@example.com").await;
    assert_eq!(again.json()["id"], sent.json()["id"]);
    let (row, content) = site.newest().await;
    assert_eq!(site.recipients(&row).await, ["b@example.com"]);
    assert_eq!(content.matches("Received:").count(), 1);
    assert_eq!(site.get("/v3/domains/shop.test/messages/0").await.message(), "Message not found");
    let elsewhere = path.replace("example.org", "shop.test");
    assert_eq!(site.get(&elsewhere).await.message(), "Message not found");
}

#[tokio::test]
async fn a_bounce_that_came_later_says_what_it_means() {
    let site = Site::open().await;
    send(&site, "gone@gmail.test", "hello", "").await;
    let (message, _) = site.newest().await;
    let data = EventData {
        code: 550,
        enhanced: Some(EnhancedStatusCode::new(5, 1, 1)),
        message: "The email account that you tried to reach does not exist. - gsmtp".to_owned(),
        cause: Some(Cause::BadMailbox),
        mx_host: Some("gmail-smtp-in.l.google.com".to_owned()),
        report: Some(QueueId::from_bits(9)),
        ..EventData::default()
    };
    let failed = NewEvent {
        kind: EventKind::Failed,
        at: message.accepted_at,
        domain: message.domain.clone(),
        message: Some(message.id),
        recipient: Some("gone@gmail.test".to_owned()),
        data: data.to_json(),
    };
    site.store.record(vec![failed]).await.unwrap();
    let page = site.get("/v3/example.org/events?event=failed").await.json();
    let event = &page["items"][0];
    assert_eq!(event["flags"]["is-delayed-bounce"], true);
    assert_eq!(event["severity"], "permanent");
    assert_eq!(event.get("envelope"), None);
    let status = &event["delivery-status"];
    assert_eq!((&status["bounce-type"], &status["bounce-code"]), (&json!("hard"), &json!("5.1.1")));
    let description = status["description"].as_str().unwrap();
    assert!(
        description.contains("has no mailbox") && description.contains("Look for a spelling mistake"),
        "{description}"
    );
}

#[tokio::test]
async fn members_that_only_some_events_have() {
    let site = Site::open().await;
    send(&site, "a@gmail.test", "s", &format!("&v:big={}&v:small=1", "x".repeat(5000))).await;
    let (message, _) = site.newest().await;
    let record = async |kind, recipient: Option<&str>, message_id, data: EventData| {
        let event = NewEvent {
            kind,
            at: message.accepted_at,
            domain: "example.org".to_owned(),
            message: message_id,
            recipient: recipient.map(str::to_owned),
            data: data.to_json(),
        };
        site.store.record(vec![event]).await.unwrap();
    };
    let data = EventData {
        code: 250,
        mx_host: Some("gmail-smtp-in.l.google.com".to_owned()),
        sending_ip: Some("192.0.2.1".parse().unwrap()),
        attempt: 1,
        ..EventData::default()
    };
    let to = Some("a@gmail.test");
    record(EventKind::Delivered, to, Some(message.id), data.clone()).await;
    let posted = EventData { code: 200, url: Some("https://app.test/in".to_owned()), ..EventData::default() };
    record(EventKind::Delivered, to, Some(message.id), posted).await;
    let dropped = EventData { code: 608, reason: Some(Reason::Dropped), ..EventData::default() };
    record(EventKind::Failed, to, Some(message.id), dropped).await;
    record(EventKind::Rejected, to, None, EventData::default()).await;
    let page = site.get("/v3/example.org/events?ascending=yes").await.json();
    let [accepted, delivered, posted, dropped, rejected] = &page["items"].as_array().unwrap()[..] else {
        panic!("{page}")
    };
    assert_eq!(accepted["user-variables"], json!({}), "what is too large is cut");
    assert_eq!(delivered["recipient-provider"], "google");
    let envelope = json!({
        "sender": "me@example.org", "targets": "a@gmail.test", "transport": "smtp", "sending-ip": "192.0.2.1",
    });
    assert_eq!(delivered["envelope"], envelope);
    assert_eq!(
        (&posted["envelope"]["targets"], &posted["envelope"]["transport"]),
        (&json!("https://app.test/in"), &json!("http"))
    );
    assert_eq!((posted.get("recipient-provider"), &dropped["reason"]), (None, &json!("generic")));
    let empty = json!({
        "headers": {"to": "", "from": "", "subject": "", "message-id": ""}, "attachments": [], "size": 0,
    });
    assert_eq!(
        (&rejected["message"], &rejected["event"], &rejected["log-level"]),
        (&empty, &json!("rejected"), &json!("error"))
    );
    assert_eq!(rejected["recipient"], "a@gmail.test");
}
