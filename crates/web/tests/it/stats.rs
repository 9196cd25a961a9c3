//! Statistics, tags, metrics and logs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tegami_queue::{EventData, Reason};
use tegami_store::{EventFilter, EventKind, NewEvent, Table};
use tokio::sync::oneshot;

use crate::site::{KEY, SENDING_KEY, Site};

const JSON: &str = "application/json";

async fn send(site: &Site, to: &str, tags: &str) {
    let body = format!("from=me@example.org&to={to}&subject=s&text=x{tags}&v:n=2");
    let answer = site.post("/v3/example.org/messages", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// What became of the newest message.
async fn happen(site: &Site, kind: EventKind, data: EventData) {
    let (message, _) = site.newest().await;
    let event = NewEvent {
        kind,
        at: tegami_mail::Clock::now(&*site.clock),
        domain: message.domain.clone(),
        message: Some(message.id),
        recipient: Some(site.recipients(&message).await.remove(0)),
        data: data.to_json(),
    };
    site.store.record(vec![event]).await.unwrap();
}

/// Has everything counted that has happened.
async fn counted(site: &Site) {
    let newest = EventFilter { descending: true, limit: 1, ..EventFilter::default() };
    let newest = site.store.events(newest).await.unwrap()[0].seq;
    let calls = Arc::clone(&site.calls);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move { calls.run(async { drop(stopped.await) }).await });
    loop {
        let place = site.store.get(Table::Values, "events-told").await.unwrap();
        if place.is_some_and(|place| place["seq"].as_u64() >= Some(newest)) {
            break;
        }
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    task.await.unwrap();
}

fn gmail(code: u16) -> EventData {
    let host = Some("gmail-smtp-in.l.google.com".to_owned());
    EventData { code, attempt: 1, mx_host: host, ..EventData::default() }
}

/// Two days: three messages, one of which is delivered at the second attempt, one bounces.
async fn history(site: &Site) {
    send(site, "a@gmail.test", "&o:tag=News&o:tag=b 2").await;
    happen(site, EventKind::Deferred, EventData { reason: Some(Reason::Espblock), ..gmail(421) }).await;
    site.clock.advance(Duration::from_secs(24 * 3600));
    happen(site, EventKind::Delivered, EventData { attempt: 2, ..gmail(250) }).await;
    for _ in 0..2 {
        happen(site, EventKind::Opened, EventData::default()).await;
    }
    send(site, "b@gmail.test", "&o:tag=news").await;
    happen(site, EventKind::Failed, EventData { reason: Some(Reason::Bounce), ..gmail(550) }).await;
    send(site, "c@example.net", "&o:testmode=yes").await;
    counted(site).await;
}

async fn get(site: &Site, path: &str) -> Value {
    let answer = site.get(path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn totals_by_day_hour_and_month() {
    let site = Site::open().await;
    history(&site).await;
    let events = "event=accepted&event=delivered&event=failed&event=opened";
    let total = get(&site, &format!("/v3/example.org/stats/total?{events}")).await;
    assert_eq!(total["start"], "Tue, 30 Jun 2026 00:00:00 UTC");
    assert_eq!(total["end"], "Tue, 07 Jul 2026 00:00:00 UTC");
    assert_eq!((&total["resolution"], &total["description"]), (&json!("day"), &json!("")));
    let stats = total["stats"].as_array().unwrap();
    assert_eq!(stats.len(), 8);
    let none = json!({
        "suppress-bounce": 0, "suppress-unsubscribe": 0, "suppress-complaint": 0, "bounce": 0,
        "delayed-bounce": 0, "webhook": 0, "optimized": 0, "total": 0,
    });
    let monday = json!({
        "time": "Mon, 06 Jul 2026 00:00:00 UTC",
        "accepted": {"incoming": 0, "outgoing": 1, "total": 1},
        "delivered": {"smtp": 0, "http": 0, "optimized": 0, "total": 0},
        "failed": {"temporary": {"espblock": 1, "total": 1}, "permanent": none},
        "opened": {"total": 0, "unique": 0},
    });
    assert_eq!(stats[6], monday);
    let tuesday = &stats[7];
    assert_eq!(tuesday["accepted"]["outgoing"], 2);
    assert_eq!(tuesday["delivered"]["smtp"], 2, "the test message counts");
    assert_eq!(
        (&tuesday["failed"]["permanent"]["bounce"], &tuesday["failed"]["permanent"]["total"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(tuesday["opened"], json!({"total": 2, "unique": 1}));
    let hours = get(&site, "/v3/stats/total?event=accepted&duration=24h").await;
    assert_eq!(hours["resolution"], "hour");
    assert_eq!(hours["stats"].as_array().unwrap().len(), 25);
    assert_eq!(hours["stats"][0]["accepted"]["total"], 1);
    assert_eq!(hours["stats"][24]["accepted"]["total"], 2);
    assert_eq!(hours["stats"][24].as_object().unwrap().len(), 2, "only what was asked for");
    let month =
        get(&site, "/v3/example.org/stats/total?event=accepted&start=1782864000&resolution=month").await;
    assert_eq!(month["stats"][0]["accepted"]["total"], 3);
    assert_eq!(month["start"], "Wed, 01 Jul 2026 00:00:00 UTC");
    let other = get(&site, "/v3/shop.test/stats/total?event=accepted&duration=7d").await;
    assert!(other["stats"].as_array().unwrap().iter().all(|bucket| bucket["accepted"]["total"] == 0));
    for (query, why) in [
        ("", "event parameter is missing"),
        ("event=guessed", "event: `guessed` is not known"),
        ("event=accepted&duration=7y", "duration: `7y` is not like 24h, 7d or 2m"),
        ("event=accepted&resolution=year", "resolution: `year` is not hour, day or month"),
        ("event=accepted&start=soon", "soon is not an RFC-2822 compliant date"),
        ("event=accepted&start=1783414800&end=1782864000", "start: it is later than the end"),
    ] {
        let answer = site.get(&format!("/v3/example.org/stats/total?{query}")).await;
        assert_eq!((answer.status, answer.message().as_str()), (400, why));
    }
    let by_sending_key = site.request("GET", "/v3/stats/total?event=accepted", SENDING_KEY, JSON, b"").await;
    assert_eq!(by_sending_key.status, 401);
}

#[tokio::test]
async fn tags_are_made_by_their_use() {
    let site = Site::open().await;
    history(&site).await;
    let list = get(&site, "/v3/example.org/tags").await;
    let base = format!("http://{}/v3/example.org/tags", site.address);
    let expected = json!({
        "items": [
            {"tag": "b 2", "description": "", "first-seen": "2026-07-06T09:00:00Z", "last-seen": "2026-07-06T09:00:00Z"},
            {"tag": "News", "description": "", "first-seen": "2026-07-06T09:00:00Z", "last-seen": "2026-07-07T09:00:00Z"},
        ],
        "paging": {
            "first": format!("{base}?page=first&limit=100&prefix="),
            "last": format!("{base}?page=last&limit=100&prefix="),
            "next": format!("{base}?page=next&tag=news&limit=100&prefix="),
            "previous": format!("{base}?page=previous&tag=b+2&limit=100&prefix="),
        },
    });
    assert_eq!(list, expected);
    let names = async |query: &str| {
        let list = get(&site, &format!("/v3/example.org/tags?{query}")).await;
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["tag"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("limit=1").await, ["b 2"]);
    assert_eq!(names("page=next&tag=b+2&limit=1").await, ["News"]);
    assert!(names("page=next&tag=news").await.is_empty());
    assert_eq!(names("page=previous&tag=news").await, ["b 2"]);
    assert_eq!(names("page=last&limit=1").await, ["News"]);
    assert_eq!(names("prefix=ne").await, ["News"]);
    assert_eq!(get(&site, "/v3/example.org/tags/NEWS").await["tag"], "News");
    assert_eq!(get(&site, "/v3/example.org/tags/b+2").await["tag"], "b 2");
    assert_eq!(get(&site, "/v3/example.org/tag?tag=b%202").await["tag"], "b 2");
    let ask = async |method: &str, path: &str, body: &str| {
        let answer =
            site.request(method, path, KEY, "application/x-www-form-urlencoded", body.as_bytes()).await;
        (answer.status, answer.message())
    };
    let updated = (200, "Tag updated".to_owned());
    assert_eq!(ask("PUT", "/v3/example.org/tags/news", "description=all of it").await, updated);
    assert_eq!(ask("PUT", "/v3/example.org/tag?tag=never+used", "description=x").await, updated);
    assert_eq!(get(&site, "/v3/example.org/tags/news").await["description"], "all of it");
    assert_eq!(get(&site, "/v3/example.org/tags/never%20used").await.get("last-seen"), None);
    let stats = get(&site, "/v3/example.org/tags/news/stats?event=accepted&event=failed&duration=2d").await;
    assert_eq!((&stats["tag"], &stats["description"]), (&json!("News"), &json!("all of it")));
    let accepted: Vec<_> =
        stats["stats"].as_array().unwrap().iter().map(|bucket| &bucket["accepted"]["total"]).collect();
    assert_eq!(accepted, [0, 1, 1]);
    assert_eq!(
        get(&site, "/v3/example.org/tag/stats?tag=b+2&event=accepted").await["stats"][6]["accepted"]["total"],
        1
    );
    assert_eq!(ask("DELETE", "/v3/example.org/tags/b%202", "").await, (200, "Tag deleted".to_owned()));
    assert_eq!(ask("GET", "/v3/example.org/tags/b%202", "").await, (404, "Tag not found".to_owned()));
    assert_eq!(ask("DELETE", "/v3/example.org/tag?tag=b+2", "").await, (404, "Tag not found".to_owned()));
}

async fn post(site: &Site, path: &str, body: &Value) -> Value {
    let answer = site.request("POST", path, KEY, JSON, body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn metrics_by_dimension() {
    let site = Site::open().await;
    history(&site).await;
    let path = "/v1/analytics/metrics";
    let by_time = json!({
        "duration": "2d", "end": "", "dimensions": ["time"], "include_aggregates": true,
        "metrics": ["accepted_outgoing_count", "delivered_count", "delivered_rate", "bounced_count"],
        "filter": {"AND": [{"attribute": "domain", "comparator": "=",
            "values": [{"label": "example.org", "value": "example.org"}]}]},
    });
    let answer = post(&site, path, &by_time).await;
    let date = "Tue, 07 Jul 2026 00:00:00 +0000";
    assert_eq!(
        (&answer["end"], &answer["resolution"], &answer["duration"]),
        (&json!(date), &json!("day"), &json!("2d"))
    );
    assert_eq!(answer["pagination"], json!({"sort": "", "skip": 0, "limit": 1000, "total": 3}));
    let metrics = json!({"accepted_outgoing_count": 2, "delivered_count": 2, "delivered_rate": "0.6667", "bounced_count": 1});
    let tuesday = json!({
        "dimensions": [{"dimension": "time", "value": date, "display_value": date}], "metrics": metrics,
    });
    assert_eq!(answer["items"][2], tuesday);
    assert_eq!(answer["items"][0]["metrics"]["delivered_rate"], "0.0000");
    assert_eq!(answer["aggregates"]["metrics"]["accepted_outgoing_count"], 3);
    let count = async |dimensions: Value, more: Value| {
        let mut query = json!({"duration": "7d", "dimensions": dimensions, "metrics": ["accepted_count", "failed_count"]});
        query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = post(&site, path, &query).await;
        let line = |item: &Value| {
            let values =
                item["dimensions"].as_array().unwrap().iter().map(|value| value["value"].as_str().unwrap());
            format!(
                "{} {} {}",
                values.collect::<Vec<_>>().join(" "),
                item["metrics"]["accepted_count"],
                item["metrics"]["failed_count"]
            )
        };
        answer["items"].as_array().unwrap().iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(count(json!(["domain"]), json!({})).await, ["example.org 3 2"]);
    assert_eq!(count(json!(["tag"]), json!({})).await, ["b 2 1 1", "news 2 2"]);
    let sorted = json!({"pagination": {"sort": "accepted_count:desc", "limit": 1}});
    assert_eq!(count(json!(["tag"]), sorted).await, ["news 2 2"]);
    assert_eq!(count(json!(["recipient_provider"]), json!({})).await, ["google 0 2"]);
    let news = json!({"filter": {"AND": [{"attribute": "tag", "comparator": "contains", "values": [{"value": "ew"}]}]}});
    assert_eq!(count(json!([]), news).await, [" 2 2"]);
    let refused = async |query: Value| {
        let answer = site.request("POST", path, KEY, JSON, query.to_string().as_bytes()).await;
        format!("{} {}", answer.status, answer.message())
    };
    // As mailgun-go writes what was not set.
    let unset = json!({
        "filter": {"AND": null}, "resolution": null, "pagination": {"sort": "", "skip": 0, "limit": 0, "total": 0},
    });
    assert_eq!(count(json!(["domain"]), unset).await, ["example.org 3 2"]);
    let by_other = json!({"pagination": {"sort": "time:asc"}});
    assert_eq!(count(json!(["domain"]), by_other).await, ["example.org 3 2"]);
    assert_eq!(refused(json!({"dimensions": ["weather"]})).await, "400 'weather' is not a valid dimension");
    assert_eq!(refused(json!({"metrics": ["rain_count"]})).await, "400 'rain_count' is not a valid metric");
    assert!(refused(json!("x")).await.starts_with("400 unable to parse request: "));
}

#[tokio::test]
async fn logs_are_events_in_another_form() {
    let site = Site::open().await;
    history(&site).await;
    let path = "/v1/analytics/logs";
    let range = json!({"start": "Mon, 06 Jul 2026 00:00:00 +0000", "end": "Wed, 08 Jul 2026 00:00:00 +0000"});
    let ask = async |more: Value| {
        let mut query = range.clone();
        query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(&site, path, &query).await
    };
    let first = ask(json!({"events": ["accepted"], "include_totals": true, "pagination": {"sort": "timestamp:asc", "limit": 2}})).await;
    assert_eq!((&first["start"], &first["pagination"]["total"]), (&range["start"], &json!(3)));
    let event = &first["items"][0];
    assert_eq!((&event["@timestamp"], &event["method"]), (&json!("2026-07-06T09:00:00Z"), &json!("HTTP")));
    assert_eq!(
        (&event["domain"], &event["user-variables"]),
        (&json!({"name": "example.org"}), &json!("{\"n\":\"2\"}"))
    );
    assert!(event["storage"]["url"][0].as_str().unwrap().contains("/v3/domains/example.org/messages/"));
    assert_eq!(event["recipient"], "a@gmail.test");
    let next =
        json!({"events": ["accepted"], "pagination": {"token": first["pagination"]["next"], "limit": 2}});
    let second = ask(next).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    let third =
        ask(json!({"events": ["accepted"], "pagination": {"token": second["pagination"]["next"]}})).await;
    assert_eq!(third["items"], json!([]));
    let unset = ask(json!({"events": null, "filter": {"AND": null}, "pagination": {"limit": 0}})).await;
    assert!(unset["items"].as_array().unwrap().len() > 3, "{unset}");
    let filter = json!({"filter": {"AND": [{"attribute": "tag", "comparator": "=", "values": [{"label": "b", "value": "B 2"}]}]}});
    let tagged = ask(filter).await;
    let words: Vec<_> =
        tagged["items"].as_array().unwrap().iter().map(|item| item["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["opened", "opened", "delivered", "failed", "accepted"], "the newest first");
}

#[tokio::test]
async fn tags_of_all_domains() {
    let site = Site::open().await;
    history(&site).await;
    let path = "/v1/analytics/tags";
    let list = post(&site, path, &json!({"pagination": {"limit": 1, "include_total": true}})).await;
    assert_eq!(list["items"][0]["tag"], "News");
    assert_eq!(list["pagination"], json!({"sort": "lastseen:desc", "skip": 0, "limit": 1, "total": 2}));
    assert_eq!(
        get(&site, "/v1/analytics/tags/limits").await,
        json!({"limit": 5000, "count": 2, "limit_reached": false})
    );
    // A tag that was described and never used has no moments.
    let described = site.request("PUT", "/v3/example.org/tags/fresh", KEY, "", b"description=x").await;
    assert_eq!(described.status, 200);
    let fresh = post(&site, path, &json!({"tag": "fresh", "pagination": {"sort": "", "limit": 0}})).await;
    let expected = json!({"account_id": "", "parent_account_id": "", "account_name": "", "tag": "fresh", "description": "x"});
    assert_eq!(fresh["items"], json!([expected]));
    let ask = async |method: &str, content_type: &str, body: Value| {
        let answer = site.request(method, path, KEY, content_type, body.to_string().as_bytes()).await;
        (answer.status, answer.message())
    };
    let description = json!({"tag": "news", "description": "all"});
    assert_eq!(ask("PUT", JSON, description).await, (200, "Tag updated".to_owned()));
    // Two clients label the JSON of this call as a form.
    let removed = ask("DELETE", "application/x-www-form-urlencoded", json!({"tag": "news"})).await;
    assert_eq!(removed, (200, "Tag deleted".to_owned()));
    assert_eq!(ask("DELETE", JSON, json!({"tag": "news"})).await, (404, "Tag not found".to_owned()));
}

#[tokio::test]
async fn what_just_happened_is_counted() {
    let site = Site::open().await;
    let calls = Arc::clone(&site.calls);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move { calls.run(async { drop(stopped.await) }).await });
    for count in 1..4 {
        send(&site, "a@example.net", "&o:tag=news").await;
        let stats = get(&site, "/v3/example.org/stats/total?event=accepted&duration=1h").await;
        assert_eq!(stats["stats"][1]["accepted"]["total"], count);
    }
    stop.send(()).unwrap();
    task.await.unwrap();
}

/// The overview reads what was counted and no events: a million of them are as quick as three.
#[tokio::test]
async fn the_overview_sums_up_hours() {
    let site = Site::open().await;
    history(&site).await;
    let many =
        json!({"delivered-smtp": 999_000, "temporary": 5_000, "permanent": 1_000, "complained": 4_000});
    let rows = [
        ("a/shop.test/2026-07-07T08", many.clone()),
        ("p/shop.test/google/2026-07-07T08", many.clone()),
        ("p/shop.test/other/2026-07-07T08", json!({"delivered-smtp": 1, "permanent": 99})),
        ("a/shop.test/2026-07-06T09", many.clone()),
        ("p/shop.test/google/2026-07-06T09", many),
    ];
    let rows = rows.map(|(key, row)| (key.to_owned(), row));
    site.store.put(Table::Statistics, rows.into()).await.unwrap();
    let told = get(&site, "/api/overview?lang=en").await;
    let total =
        json!({"accepted": 2, "delivered": 999_002, "deferred": 5_000, "failed": 1_001, "complained": 4_000});
    assert_eq!(told["total"], total, "what is older than a day does not count");
    let hours = told["hours"].as_array().unwrap();
    assert_eq!(
        (hours.len(), &hours[0]["at"], &hours[23]["at"]),
        (24, &json!("2026-07-06T10:00:00Z"), &json!("2026-07-07T09:00:00Z"))
    );
    assert_eq!(
        (&hours[22]["delivered"], &hours[23]["delivered"], &hours[23]["failed"]),
        (&json!(999_000), &json!(2), &json!(1))
    );
    let providers = told["providers"].as_array().unwrap();
    let sums: Vec<_> =
        providers.iter().map(|one| (&one["place"], &one["delivered"], &one["failed"])).collect();
    let google = (&json!("google"), &json!(999_001), &json!(1_001));
    assert_eq!(sums, [google, (&json!("other"), &json!(1), &json!(99))]);
    assert_eq!(providers[1]["title"], "Others");
    let matters: Vec<_> =
        told["attention"].as_array().unwrap().iter().map(|matter| matter["text"].as_str().unwrap()).collect();
    assert!(matters[0].starts_with("99 % of 100 recipients at Others failed"), "{matters:?}");
    assert!(matters[1].starts_with("4000 readers complained in the last day."), "{matters:?}");
}

#[tokio::test]
async fn tags_are_told_with_their_days() {
    let site = Site::open().await;
    history(&site).await;
    let told = get(&site, "/api/tags?domain=example.org").await;
    let names: Vec<_> = told["tags"].as_array().unwrap().iter().map(|tag| &tag["tag"]).collect();
    assert_eq!(names, [&json!("b 2"), &json!("News")]);
    let total = json!({"accepted": 2, "delivered": 1, "deferred": 1, "failed": 1, "complained": 0, "opened": 1, "clicked": 0, "unsubscribed": 0});
    assert_eq!(told["tags"][1]["total"], total);
    assert_eq!(get(&site, "/api/tags?q=NEW").await["tags"].as_array().unwrap().len(), 1);
    let story = get(&site, "/api/tags/example.org/news").await;
    assert_eq!((&story["tag"], &story["total"]), (&json!("News"), &total));
    let days = story["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[29]["at"]), (30, &json!("2026-07-07T00:00:00Z")));
    assert_eq!(
        (&days[28]["deferred"], &days[29]["delivered"], &days[29]["failed"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let words = json!({"description": "letters\nto readers"}).to_string();
    let said = site.request("PUT", "/api/tags/example.org/news", KEY, JSON, words.as_bytes()).await;
    assert_eq!(said.json()["description"], "letters to readers");
    assert_eq!(site.request("DELETE", "/api/tags/example.org/news", KEY, JSON, b"").await.status, 200);
    assert_eq!(site.get("/api/tags/example.org/news").await.status, 404);
}

#[tokio::test]
async fn only_tags_that_a_message_may_have_are_described() {
    let site = Site::open().await;
    let put = async |tag: &str| {
        let path = format!("/v3/example.org/tags/{tag}");
        site.request("PUT", &path, KEY, "application/x-www-form-urlencoded", b"description=x").await.status
    };
    assert_eq!(put("a%2Fb").await, 200);
    assert_eq!(put(&"x".repeat(128)).await, 200);
    assert_eq!(put(&"x".repeat(129)).await, 400);
    assert_eq!(put("%E6%97%A5").await, 400);
    assert_eq!(put("a%0Ab").await, 400);
}
