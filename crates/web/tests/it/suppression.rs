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
    let many = serde_json::to_vec(&vec![json!({"address": "a@example.net"}); 1001]).unwrap();
    let refused = site.request("POST", "/v3/example.org/bounces", KEY, "application/json", &many).await;
    assert_eq!((refused.status, refused.message().as_str()), (400, "Batch size should be less than 1000"));
}

#[tokio::test]
async fn paging_urls_are_those_of_recordings() {
    let site = Site::open().await;
    site.post("/v3/example.org/complaints", "address=a%2Bb@example.net").await;
    let base = format!("http://{}/v3/example.org/complaints", site.address);
    assert_eq!(
        site.get("/v3/example.org/complaints").await.json(),
        json!({
            "items": [{"address": "a+b@example.net", "created_at": "Mon, 06 Jul 2026 09:00:00 UTC"}],
            "paging": {
                "first": format!("{base}?limit=100&term="),
                "last": format!("{base}?page=last&limit=100&term="),
                "next": format!("{base}?page=next&address=a%2Bb%40example.net&limit=100&term="),
                "previous": format!("{base}?page=previous&address=a%2Bb%40example.net&limit=100&term="),
            },
        })
    );
}

#[tokio::test]
async fn unsubscribing_from_tags() {
    let site = Site::open().await;
    let list = "/v3/example.org/unsubscribes";
    let one = format!("{list}/a@example.net");
    let tags = || async { site.get(&one).await.json()["tags"].clone() };
    assert_eq!(
        site.post(list, "address=a@example.net&tag=news&tags=tag%201").await.json(),
        json!({"message": "Address has been added to the unsubscribes table", "address": "a@example.net"})
    );
    let body = br#"{"address": "A@example.net", "tags": ["News", "offers"]}"#;
    assert_eq!(site.request("POST", list, KEY, "", body).await.status, 200);
    assert_eq!(tags().await, json!(["news", "tag 1", "offers"]));
    // Only messages with such a tag are not sent.
    let send = |tag: &'static str| {
        let body = format!("from=me@example.org&to=a@example.net&text=x&o:tag={tag}");
        let site = &site;
        async move {
            assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
            let (row, _) = site.newest().await;
            site.recipients(&row).await.len()
        }
    };
    assert_eq!(send("OFFERS").await, 0);
    let failed = site.get("/v3/example.org/events?event=failed").await.json()["items"][0].clone();
    assert_eq!(failed["delivery-status"]["code"], 606);
    assert_eq!(send("receipt").await, 1);
    for (tag, left) in [("news", json!(["tag 1", "offers"])), ("tag+1", json!(["offers"]))] {
        let removed = site.request("DELETE", &format!("{one}?tag={tag}"), KEY, "", b"").await;
        let expected = json!({"message": "Unsubscribe event has been removed", "address": "A@example.net"});
        assert_eq!(removed.json(), expected);
        assert_eq!(tags().await, left);
    }
    let missing = site.request("DELETE", &format!("{one}?tag=news"), KEY, "", b"").await;
    assert_eq!(
        (missing.status, missing.message().as_str()),
        (404, "Address not found in unsubscribers table")
    );
    assert_eq!(site.request("DELETE", &format!("{one}?tag=offers"), KEY, "", b"").await.status, 200);
    assert_eq!(site.get(&one).await.status, 404);
    assert_eq!(send("OFFERS").await, 1);
    // Without a tag it is everything.
    site.post(list, "address=a@example.net").await;
    assert_eq!(tags().await, json!(["*"]));
    assert_eq!(send("receipt").await, 0);
}

#[tokio::test]
async fn who_is_allowed() {
    let site = Site::open().await;
    let list = "/v3/example.org/whitelists";
    assert_eq!(
        site.post(list, "domain=Example.COM&reason=ours").await.json(),
        json!({
            "message": "Address/Domain has been added to the allowlists table",
            "type": "domain", "value": "example.com",
        })
    );
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"address\"\r\n\r\nA+b@example.net\r\n--x--\r\n";
    let added =
        site.request("POST", list, KEY, "multipart/form-data; boundary=x", multipart.as_bytes()).await;
    assert_eq!(added.json()["type"], "address");
    assert_eq!(added.json()["value"], "A+b@example.net");
    let created = "Mon, 06 Jul 2026 09:00:00 UTC";
    let address = json!({"type": "address", "value": "A+b@example.net", "reason": "", "createdAt": created});
    let domain = json!({"type": "domain", "value": "example.com", "reason": "ours", "createdAt": created});
    let page = site.get(list).await.json();
    assert_eq!(page["items"], json!([address, domain]));
    assert!(page["paging"]["previous"].as_str().unwrap().contains("address=A%2Bb%40example.net"));
    assert_eq!(site.get(&format!("{list}/a+b@example.net")).await.json(), address);
    assert_eq!(site.get(&format!("{list}/EXAMPLE.com")).await.json(), domain);
    assert_eq!(
        site.request("DELETE", &format!("{list}/example.com"), KEY, "", b"").await.json(),
        json!({"message": "Whitelist address/domain has been removed", "value": "example.com"})
    );
    let missing = site.get(&format!("{list}/example.com")).await;
    let text = "Address/Domain not found in allowlist table";
    assert_eq!((missing.status, missing.message().as_str()), (404, text));
    let refused = site.post(list, "reason=x").await;
    let text = "Missing mandatory parameter: address/domain";
    assert_eq!((refused.status, refused.message().as_str()), (400, text));
    let removed = site.request("DELETE", list, KEY, "", b"").await;
    assert_eq!(removed.message(), "Allowlist addresses/domains for this domain have been removed");
    assert_eq!(site.get(list).await.json()["items"], json!([]));
}

#[tokio::test]
async fn files_are_imported() {
    let site = Site::open().await;
    let import = |list: &'static str, field: &'static str, text: &'static str| {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n--x--\r\n"
        );
        let site = &site;
        async move {
            let path = format!("/v3/example.org/{list}/import");
            let answer =
                site.request("POST", &path, KEY, "multipart/form-data; boundary=x", body.as_bytes()).await;
            let items = site.get(&format!("/v3/example.org/{list}")).await.json()["items"].clone();
            (answer.status, answer.message(), items)
        }
    };
    let done = "file uploaded successfully for processing. standby...";
    let (status, message, items) = import(
        "bounces",
        "file",
        "\u{feff}address,code,error,created_at\na@example.net,550,\"no \"\"x\"\", ever\",\"Tue, 15 Nov 2022 12:23:45 UTC\"\r\nb@example.net,,,\n",
    )
    .await;
    assert_eq!((status, message.as_str()), (200, done));
    assert_eq!(
        items,
        json!([
            {"address": "a@example.net", "code": "550", "error": "no \"x\", ever", "created_at": "Tue, 15 Nov 2022 12:23:45 UTC"},
            {"address": "b@example.net", "code": "550", "error": "", "created_at": "Mon, 06 Jul 2026 09:00:00 UTC"},
        ])
    );
    // The Python client calls the field by the name of the list.
    let (_, message, items) = import(
        "unsubscribes",
        "unsubscribe2_csv",
        "address,tags\na@example.net,\"[\"\"a\"\", \"\"b c\"\"]\"\nb@example.net,*",
    )
    .await;
    assert_eq!(message, done);
    assert_eq!((&items[0]["tags"], &items[1]["tags"]), (&json!(["a", "b c"]), &json!(["*"])));
    let (_, message, items) = import("complaints", "file", "a@example.net\n").await;
    assert_eq!((message.as_str(), &items[0]["address"]), (done, &json!("a@example.net")));
    let (_, message, items) =
        import("whitelists", "file", "address,domain\na@example.net,\n,example.com").await;
    assert_eq!((message.as_str(), items.as_array().unwrap().len()), (done, 2));
    // A mistake changes nothing.
    let (status, message, items) = import("complaints", "file", "address\nc@example.net\nnobody\n").await;
    assert_eq!((status, items.as_array().unwrap().len()), (400, 1));
    assert_eq!(message, "line 3: `nobody` is not a valid address: the address has no @");
}

#[tokio::test]
async fn tags_of_one_address_come_together_from_one_list() {
    let site = Site::open().await;
    let list = "/v3/example.org/unsubscribes";
    let tags = async |address: &str| site.get(&format!("{list}/{address}")).await.json()["tags"].clone();
    let body = br#"[{"address": "a@example.net", "tag": "one"}, {"address": "A@example.net", "tag": "two"}]"#;
    assert_eq!(site.request("POST", list, KEY, "", body).await.status, 200);
    assert_eq!(tags("a@example.net").await, json!(["one", "two"]));
    let file = "--b\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n\
        address,tags\r\nb@example.net,one\r\nb@example.net,two\r\na@example.net,three\r\n--b--\r\n";
    let path = format!("{list}/import");
    let sent = site.request("POST", &path, KEY, "multipart/form-data; boundary=b", file.as_bytes()).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!(tags("b@example.net").await, json!(["one", "two"]));
    assert_eq!(tags("a@example.net").await, json!(["one", "two", "three"]));
}
