//! Addresses that are not written to.

use serde_json::json;

use crate::site::{KEY, Site};

#[tokio::test]
async fn the_life_of_a_bounce() {
    let site = Site::open().await;
    let added =
        site.post("/v3/example.org/bounces", "address=Alice%2Bx@example.net&error=no+such+user").await;
    assert_eq!(
        added.json(),
        json!({"message": "Address has been added to the bounces table", "address": "Alice+x@example.net"})
    );
    let expected = json!({
        "address": "Alice+x@example.net", "code": "550", "error": "no such user",
        "created_at": "Mon, 06 Jul 2026 09:00:00 UTC",
    });
    for path in ["alice+x@example.net", "alice%2Bx%40example.net", "alice%20x@example.net"] {
        assert_eq!(site.get(&format!("/v3/example.org/bounces/{path}")).await.json(), expected);
    }
    let sent = "from=me@example.org&to=alice%2Bx@example.net&subject=s&text=x";
    assert_eq!(site.post("/v3/example.org/messages", sent).await.status, 200);
    let failed = site.get("/v3/example.org/events?event=failed").await.json()["items"][0].clone();
    assert_eq!(failed["severity"], "permanent");
    assert_eq!(failed["reason"], "suppress-bounce");
    assert_eq!(failed["delivery-status"]["code"], 605);
    // As mailgun-php removes: a body without parts.
    let removed = site
        .request(
            "DELETE",
            "/v3/example.org/bounces/alice+x@example.net",
            KEY,
            "multipart/form-data; boundary=\"a.b\"",
            b"--a.b--\r\n",
        )
        .await;
    assert_eq!(
        removed.json(),
        json!({"message": "Bounced address has been removed", "address": "Alice+x@example.net"})
    );
    let missing = site.get("/v3/example.org/bounces/alice+x@example.net").await;
    assert_eq!((missing.status, missing.message().as_str()), (404, "Address not found in bounces table"));
}

#[tokio::test]
async fn many_at_once_and_in_pages() {
    let site = Site::open().await;
    let all: Vec<_> = (0..7).map(|n| json!({"address": format!("a{n}@example.net"), "code": 550})).collect();
    let body = serde_json::to_vec(&all).unwrap();
    for (list, text) in [
        ("bounces", "7 addresses have been added to the bounces table"),
        ("complaints", "7 complaint addresses have been added to the complaints table"),
        ("unsubscribes", "7 addresses have been added to the unsubscribes table"),
    ] {
        let path = format!("/v3/example.org/{list}");
        assert_eq!(site.request("POST", &path, KEY, "", &body).await.message(), text);
        let mut page = site.get(&format!("{path}?limit=3")).await.json();
        let mut found = Vec::new();
        while !page["items"].as_array().unwrap().is_empty() {
            let addresses = page["items"].as_array().unwrap().iter();
            found.extend(addresses.map(|item| item["address"].as_str().unwrap().to_owned()));
            let next = page["paging"]["next"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
            page = site.get(&format!("{path}?{next}")).await.json();
        }
        assert_eq!(found, (0..7).map(|n| format!("a{n}@example.net")).collect::<Vec<_>>());
        let previous = page["paging"]["previous"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
        let back = site.get(&format!("{path}?{previous}")).await.json();
        assert_eq!(back["items"][2]["address"], "a5@example.net");
        let last = site.get(&format!("{path}?page=last&limit=2")).await.json();
        assert_eq!(last["items"][0]["address"], "a5@example.net");
        let some = site.get(&format!("{path}?term=a3")).await.json();
        assert_eq!(some["items"].as_array().unwrap().len(), 1);
        let removed = site.request("DELETE", &path, KEY, "", b"").await;
        assert!(removed.message().ends_with(" addresses for this domain have been removed"));
        assert!(site.get(&path).await.json()["items"].as_array().unwrap().is_empty());
    }
    let refused = site.post("/v3/example.org/bounces", "code=550").await;
    assert_eq!(refused.message(), "Missing mandatory parameter: address");
    let refused = site.post("/v3/example.org/unsubscribes", "address=a@example.net&tag=news").await;
    assert_eq!(refused.status, 400);
}
