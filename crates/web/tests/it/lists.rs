//! Mailing lists.

use serde_json::{Value, json};

use crate::site::{Answer, KEY, PUBLIC, Site};

const LIST: &str = "/v3/lists/dev@example.org";

async fn put(site: &Site, path: &str, body: &str) -> Answer {
    site.request("PUT", path, KEY, "application/x-www-form-urlencoded", body.as_bytes()).await
}

async fn delete(site: &Site, path: &str) -> Answer {
    site.request("DELETE", path, KEY, "", b"").await
}

fn list(members: usize) -> Value {
    json!({
        "access_level": "readonly", "address": "dev@example.org", "created_at": "Mon, 06 Jul 2026 09:00:00 -0000",
        "description": "", "members_count": members, "name": "", "reply_preference": "list",
    })
}

#[tokio::test]
async fn the_life_of_a_list() {
    let site = Site::open().await;
    let created = site.post("/v3/lists", "address=Dev@example.org").await;
    let mut upper = list(0);
    upper["address"] = json!("Dev@example.org");
    assert_eq!(created.json(), json!({"message": "Mailing list has been created", "list": upper}));
    let again = site.post("/v3/lists", "address=dev@example.org").await;
    assert_eq!((again.status, again.message().as_str()), (400, "Duplicate object"));
    let wrong = site.post("/v3/lists", "address=x@example.org&access_level=all").await;
    assert_eq!(
        (wrong.status, wrong.message().as_str()),
        (400, "Invalid access level 'all'. It can be any of: 'readonly', 'members', 'everyone'.")
    );
    assert_eq!(site.post("/v3/lists", "address=x@elsewhere.test").await.status, 404);
    // As mailgun-go writes it.
    let shown = site.get("/v3/lists/dev%40example.org").await.json();
    assert_eq!(shown["list"]["address"], "Dev@example.org");
    let body = "address=dev@example.org&name=Developers&access_level=Everyone&reply_preference=sender";
    let updated = put(&site, LIST, body).await.json();
    assert_eq!(updated["message"], "Mailing list has been updated");
    assert_eq!(updated["list"]["name"], "Developers");
    assert_eq!(updated["list"]["access_level"], "everyone");
    assert_eq!(updated["list"]["reply_preference"], "sender");
    site.post("/v3/lists", "address=a@shop.test").await;
    let all = site.get("/v3/lists?limit=1").await.json();
    assert_eq!((all["total_count"].as_u64(), &all["items"][0]["address"]), (Some(2), &json!("a@shop.test")));
    let page = site.get("/v3/lists/pages?limit=1").await.json();
    let base = format!("http://{}/v3/lists/pages", site.address);
    assert_eq!(page["paging"]["next"], format!("{base}?page=next&address=a%40shop.test&limit=1"));
    let next = page["paging"]["next"].as_str().unwrap().split_once("/v3").unwrap().1.to_owned();
    assert_eq!(site.get(&format!("/v3{next}")).await.json()["items"][0]["address"], "dev@example.org");
    assert_eq!(
        delete(&site, LIST).await.json(),
        json!({"address": "dev@example.org", "message": "Mailing list has been removed"})
    );
    let missing = site.get(LIST).await;
    assert_eq!((missing.status, missing.message().as_str()), (404, "Mailing list dev@example.org not found"));
}

#[tokio::test]
async fn the_life_of_a_member() {
    let site = Site::open().await;
    site.post("/v3/lists", "address=dev@example.org").await;
    let members = format!("{LIST}/members");
    let added =
        site.post(&members, "address=Bob <b%2Bx@example.net>&name=Bob&vars={\"age\":7}&subscribed=yes").await;
    let bob = json!({"address": "b+x@example.net", "name": "Bob", "subscribed": true, "vars": {"age": 7}});
    assert_eq!(added.json(), json!({"message": "Mailing list member has been created", "member": bob}));
    let again = site.post(&members, "address=b%2Bx@example.net").await;
    assert_eq!((again.status, again.message().as_str()), (400, "Address already exists 'b+x@example.net'"));
    assert_eq!(
        site.post(&members, "address=b%2Bx@example.net&name=Bob&vars={\"age\":7}&upsert=yes").await.status,
        200
    );
    let one = format!("{members}/b+x@example.net");
    assert_eq!(site.get(&one).await.json(), json!({"member": bob}));
    let updated = put(&site, &one, "subscribed=False&name=Robert").await.json();
    assert_eq!(updated["message"], "Mailing list member has been updated");
    assert_eq!(
        (&updated["member"]["subscribed"], &updated["member"]["vars"]["age"]),
        (&json!(false), &json!(7))
    );
    let broken = site
        .post(&format!("{members}.json"), "members=[{\"address\":\"d@example.net\",\"vars\":\"no\"}]")
        .await;
    assert_eq!((broken.status, broken.message().as_str()), (400, "vars: this is not a JSON object"));
    let body = "upsert=yes&members=[\"Alice <a@example.net>\", {\"address\": \"c@example.net\", \"subscribed\": false, \"vars\": {\"x\": \"y\"}}]";
    let bulk = site.post(&format!("{members}.json"), body).await.json();
    assert_eq!(bulk, json!({"message": "Mailing list has been updated", "list": list(3)}));
    let json_body = br#"{"members": [{"address": "d@example.net"}, "e@example.net"], "upsert": true}"#;
    let bulk = site.request("POST", &format!("{members}.json"), KEY, "application/json", json_body).await;
    assert_eq!(bulk.json()["list"]["members_count"], 5);
    let csv = "--x\r\nContent-Disposition: form-data; name=\"members\"; filename=\"m.csv\"\r\n\r\naddress,name,city\nf@example.net,\"F, G\",Kyoto\n\r\n--x--\r\n";
    let bulk = site
        .request("POST", &format!("{members}.csv"), KEY, "multipart/form-data; boundary=x", csv.as_bytes())
        .await;
    assert_eq!(bulk.json()["list"]["members_count"], 6);
    let shown = site.get(&format!("{members}/f@example.net")).await.json();
    assert_eq!(
        (&shown["member"]["name"], &shown["member"]["vars"]["city"]),
        (&json!("F, G"), &json!("Kyoto"))
    );
    let subscribed = site.get(&format!("{members}?subscribed=yes&limit=2&skip=1")).await.json();
    assert_eq!(subscribed["total_count"], 4);
    assert_eq!(subscribed["items"][0]["address"], "d@example.net");
    let page = site.get(&format!("{members}/pages?limit=2&page=last")).await.json();
    assert_eq!(page["items"][1]["address"], "f@example.net");
    assert!(page["paging"]["previous"].as_str().unwrap().contains("page=previous&address=e%40example.net"));
    // Two have left: pages of the others are full, and lead to each other.
    let page = site.get(&format!("{members}/pages?limit=1&subscribed=no")).await.json();
    assert_eq!(page["items"][0]["address"], "b+x@example.net");
    let base = format!("http://{}{LIST}/members/pages", site.address);
    let next = format!("{base}?page=next&address=b%2Bx%40example.net&limit=1&subscribed=no");
    assert_eq!(page["paging"]["next"], next);
    let page = site.get(next.split_once(&site.address.to_string()).unwrap().1).await.json();
    assert_eq!(page["items"][0]["address"], "c@example.net");
    let page = site.get(&format!("{members}/pages?limit=1&subscribed=no&page=last")).await.json();
    assert_eq!(page["items"][0]["address"], "c@example.net");
    let page =
        site.get(&format!("{members}/pages?subscribed=no&page=previous&address=c@example.net")).await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    // An empty yes or no is a no.
    let left = put(&site, &format!("{members}/d@example.net"), "subscribed=").await.json();
    assert_eq!(left["member"]["subscribed"], false);
    assert_eq!(
        delete(&site, &one).await.json(),
        json!({"message": "Mailing list member has been deleted", "member": {"address": "b+x@example.net"}})
    );
    let missing = site.get(&one).await;
    assert_eq!(
        (missing.status, missing.message().as_str()),
        (404, "Member b+x@example.net of mailing list dev@example.org not found")
    );
}

#[tokio::test]
async fn a_message_to_a_list() {
    let site = Site::open().await;
    site.post("/v3/lists", "address=dev@example.org&name=Developers").await;
    let body = "members=[{\"address\":\"a@example.net\",\"name\":\"山田\",\"vars\":{\"city\":\"京都\"}},{\"address\":\"b@example.net\",\"vars\":{\"city\":\"Kyoto\"}},{\"address\":\"c@example.net\",\"subscribed\":false}]";
    assert_eq!(site.post(&format!("{LIST}/members.json"), body).await.status, 200);
    let message = "from=me@example.org&to=dev@example.org,other@example.net&subject=お知らせ %25recipient.city%25&text=%25recipient_name%25 %25mailing_list_unsubscribe_url%25&html=<p>%25recipient.city%25</p>";
    let sent = site.post("/v3/example.org/messages", message).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let rows = site.store.messages(None, 10).await.unwrap();
    assert_eq!(rows.len(), 3);
    let mut links = Vec::new();
    for row in &rows {
        let content = site.store.content(row.id, None).await.unwrap();
        let parsed = tegami_mail::mime::parse(&content);
        assert_eq!(parsed.to, "dev@example.org, other@example.net");
        assert_eq!(Some(&parsed.message_id.unwrap()), Some(&row.summary.message_id));
        let head = String::from_utf8(tegami_mail::header::split(&content).0.to_vec()).unwrap();
        let (city, text) =
            (parsed.subject.strip_prefix("お知らせ ").unwrap().to_owned(), parsed.text.unwrap());
        match site.recipients(row).await[0].as_str() {
            "other@example.net" => {
                assert!(!head.contains("List-Id"));
                assert_eq!(city, "%recipient.city%");
                continue;
            }
            "a@example.net" => assert!(city == "京都" && text.starts_with("山田 https://"), "{city} {text}"),
            "b@example.net" => assert!(city == "Kyoto" && text.starts_with(" https://"), "{city} {text}"),
            other => panic!("{other}"),
        }
        assert!(head.contains("\r\nList-Id: Developers <dev.example.org>\r\n"), "{head}");
        assert!(head.contains("\r\nList-Post: NO\r\n") && head.contains("\r\nReply-To: dev@example.org\r\n"));
        assert!(head.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{head}");
        let link = text.split_once(PUBLIC).unwrap().1.trim().to_owned();
        assert!(head.contains(&link), "{head}");
        assert_eq!(parsed.html.unwrap(), format!("<p>{city}</p>"));
        links.push(link);
    }
    links.sort();
    links.dedup();
    assert_eq!(links.len(), 2);
    // One of them leaves.
    for _ in 0..2 {
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            links[0]
        );
        let page = site.wire(request.as_bytes()).await;
        assert!(page.status == 200 && page.body.contains("the mailing list dev@example.org"), "{page:?}");
    }
    let events = site.get("/v3/example.org/events?event=unsubscribed").await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    assert_eq!(events["items"][0]["mailing-list"]["list-id"], "dev.example.org");
    let members = site.get(&format!("{LIST}/members?subscribed=yes")).await.json();
    assert_eq!(members["total_count"], 1);
    // What came from the list does not go to it again, and a list of nobody takes nothing.
    let looped = format!("{message}&h:List-Id=<dev.example.org>");
    let refused = site.post("/v3/example.org/messages", &looped).await;
    assert!(refused.status == 400 && refused.message().contains("came from the list itself"), "{refused:?}");
    site.post("/v3/lists", "address=empty@example.org").await;
    let refused =
        site.post("/v3/example.org/messages", "from=me@example.org&to=empty@example.org&text=x").await;
    assert!(refused.message().contains("no subscribed members"), "{refused:?}");
    // Who may not write as the list's domain writes to open lists alone.
    let foreign = "from=me@shop.test&to=dev@example.org&text=x";
    let refused = site.post("/v3/shop.test/messages", foreign).await;
    assert!(refused.status == 400 && refused.message().contains("may not write to it"), "{refused:?}");
    put(&site, LIST, "access_level=everyone").await;
    assert_eq!(site.post("/v3/shop.test/messages", foreign).await.status, 200);
}
