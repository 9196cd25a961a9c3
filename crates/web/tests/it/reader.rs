//! Readers of our mail: how they unsubscribe, and what is learnt of them where somebody asked for it.

use serde_json::json;
use tegami_store::{ClickTracking, DomainRow, Table, TrackingSettings};

use crate::site::{Answer, PUBLIC, Site};

const SEND: &str = "from=me@example.org&subject=s&o:tag=news&";

async fn set_tracking(site: &Site, tracking: TrackingSettings) {
    let row =
        DomainRow { name: "example.org".to_owned(), settings_only: true, tracking, ..DomainRow::default() };
    let row = serde_json::to_value(row).unwrap();
    site.store.put(Table::Domains, vec![("example.org".to_owned(), row)]).await.unwrap();
}

/// The paths of all links of ours in a text, in order.
fn paths(text: &str) -> Vec<String> {
    let pieces = text.split(PUBLIC).skip(1);
    let path = |piece: &str| {
        let end = piece.find(|c: char| !(c.is_ascii_alphanumeric() || "-_/".contains(c)));
        piece.split_at(end.unwrap_or(piece.len())).0.to_owned()
    };
    pieces.map(path).collect()
}

async fn ask(site: &Site, method: &str, path: &str, fields: &str, body: &str) -> Answer {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n{fields}\r\n{body}",
        body.len()
    );
    site.wire(request.as_bytes()).await
}

/// Sends, and gives back the whole contents, newest first.
async fn send(site: &Site, rest: &str) -> Vec<String> {
    let before = site.store.messages(None, 100).await.unwrap().len();
    let answer = site.post("/v3/example.org/messages", &format!("{SEND}{rest}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = site.store.messages(None, 100).await.unwrap();
    let mut contents = Vec::new();
    for row in &rows[..rows.len() - before] {
        let content = site.store.content(row.id, None).await.unwrap();
        contents.push(String::from_utf8(content.to_vec()).unwrap().replace("=\r\n", "").replace("=3D", "="));
    }
    contents
}

async fn events(site: &Site, kind: &str) -> Vec<serde_json::Value> {
    let page = site.get(&format!("/v3/example.org/events?event={kind}")).await.json();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn one_click_unsubscribes() {
    let site = Site::open().await;
    set_tracking(&site, TrackingSettings { unsubscribe: true, ..TrackingSettings::default() }).await;
    let content = send(&site, "to=a@example.net&text=Hello").await.remove(0);
    assert!(content.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{content}");
    let links = paths(&content);
    assert_eq!((links.len(), &links[0]), (2, &links[1]));
    let link = &links[0];
    // Whoever looks changes nothing.
    let page = ask(&site, "GET", link, "Accept-Language: ja\r\n", "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("example.org から a@example.net へのメールをすべて停止します"), "{page:?}");
    assert!(page.body.contains("<form method=\"post\"><button>") && !page.body.contains("<script"));
    assert!(page.head.contains("content-security-policy: default-src 'none'; style-src 'sha256-"));
    let english = ask(&site, "GET", &format!("{link}?lang=en"), "Accept-Language: ja\r\n", "").await;
    assert!(english.body.contains("example.org will send no more mail to a@example.net."));
    assert_eq!(ask(&site, "HEAD", link, "", "").await.status, 200);
    assert!(events(&site, "unsubscribed").await.is_empty());
    // The program of a receiver posts, twice, in either encoding.
    let one_click = "List-Unsubscribe=One-Click";
    let form = "Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: Receiver/1\r\n";
    let answer = ask(&site, "POST", link, form, one_click).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!answer.head.contains("location:") && !answer.head.contains("set-cookie:"));
    let part =
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let multipart = "Content-Type: multipart/form-data; boundary=x\r\n";
    assert_eq!(ask(&site, "POST", link, multipart, part).await.status, 200);
    let all = events(&site, "unsubscribed").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["recipient"], "a@example.net");
    assert_eq!(all[0]["ip"], "127.0.0.1");
    assert_eq!(all[0]["tags"], json!(["news"]));
    assert_eq!(all[0]["client-info"]["user-agent"], "Receiver/1");
    let item = site.get("/v3/example.org/unsubscribes/a@example.net").await.json();
    assert_eq!(item["tags"], json!(["*"]));
    send(&site, "to=a@example.net&text=Hello").await;
    assert_eq!(events(&site, "failed").await[0]["delivery-status"]["code"], 606);
}

#[tokio::test]
async fn everybody_gets_links_of_their_own() {
    let site = Site::open().await;
    let contents =
        send(&site, "to=a@example.net,b@example.net&cc=c@example.net&text=%25tag_unsubscribe_url%25").await;
    assert_eq!(contents.len(), 3);
    let mut links: Vec<String> = contents.iter().flat_map(|content| paths(content)).collect();
    assert!(contents.iter().all(|content| content.contains("\r\nTo: a@example.net, b@example.net\r\n")));
    links.sort();
    links.dedup();
    assert_eq!(links.len(), 3);
    let ids: std::collections::BTreeSet<_> = contents
        .iter()
        .map(|content| content.split_once("Message-ID: ").unwrap().1.split_once('\r').unwrap().0)
        .collect();
    assert_eq!(ids.len(), 1);
    for link in &links {
        assert_eq!(ask(&site, "POST", link, "", "").await.status, 200);
    }
    let list = site.get("/v3/example.org/unsubscribes").await.json();
    let tags: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["tags"].clone()).collect();
    assert_eq!(tags, [json!(["news"]), json!(["news"]), json!(["news"])]);
    assert_eq!(events(&site, "accepted").await.len(), 3);
}

#[tokio::test]
async fn opens_and_clicks_where_somebody_asked() {
    let proxy = tegami_auth::Network::parse("127.0.0.1").unwrap();
    let site = Site::open_with(|settings| settings.proxies = vec![proxy]).await;
    let html = "html=<p><a href=\"https://shop.test/?a=1%26amp;b=2\">x</a></p>&text=https://shop.test/plain";
    assert_eq!(send(&site, &format!("to=a@example.net&{html}")).await.concat().matches(PUBLIC).count(), 0);
    let on = format!("to=a@example.net&{html}&o:tracking-clicks=htmlonly&o:tracking-opens=yes");
    let content = send(&site, &on).await.remove(0);
    let links = paths(&content);
    assert_eq!(links.len(), 2, "{content}");
    let (click, open) = (&links[0], &links[1]);
    assert!(click.starts_with("/c/") && open.starts_with("/o/"), "{links:?}");
    let agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nX-Forwarded-For: 203.0.113.9\r\n";
    let went = ask(&site, "GET", click, agent, "").await;
    assert_eq!(went.status, 302);
    assert!(went.head.contains("\r\nlocation: https://shop.test/?a=1&b=2\r\n"), "{went:?}");
    let clicked = events(&site, "clicked").await;
    assert_eq!(clicked.len(), 1);
    assert_eq!(clicked[0]["url"], "https://shop.test/?a=1&b=2");
    assert_eq!(clicked[0]["ip"], "203.0.113.9");
    assert_eq!(clicked[0]["geolocation"]["country"], "Unknown");
    assert_eq!(clicked[0]["client-info"]["client-name"], "Firefox");
    assert_eq!(clicked[0]["client-info"]["client-type"], "browser");
    assert_eq!(clicked[0]["client-info"]["bot"], "");
    assert!(clicked[0]["message"]["headers"]["message-id"].as_str().unwrap().ends_with("@example.org"));
    // Fetched ahead, asked for the head alone, or once more at the same moment: nobody opened anything.
    for (method, fields) in [("HEAD", ""), ("GET", "Sec-Purpose: prefetch\r\n"), ("GET", ""), ("GET", "")] {
        let picture = ask(&site, method, open, fields, "").await;
        assert_eq!(picture.status, 200);
        assert!(picture.head.contains("content-type: image/gif"));
    }
    assert_eq!(events(&site, "opened").await.len(), 1);
    // A domain that tracks, and a message that does not want it.
    let tracking = TrackingSettings { opens: true, clicks: ClickTracking::On, ..TrackingSettings::default() };
    set_tracking(&site, tracking).await;
    let content = send(&site, &format!("to=a@example.net&{html}")).await.remove(0);
    assert_eq!(paths(&content).len(), 3);
    let content = send(&site, &format!("to=a@example.net&{html}&o:tracking=False")).await.remove(0);
    assert_eq!(paths(&content).len(), 0);
}

#[tokio::test]
async fn nobody_makes_links_up() {
    let site = Site::open().await;
    let content =
        send(&site, "to=a@example.net&html=<a href=https://shop.test/>x</a>&o:tracking=yes").await.remove(0);
    let click = paths(&content).remove(0);
    let token = click.strip_prefix("/c/").unwrap();
    let changed = format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, token.split_at(1).1);
    for path in [
        format!("/c/{changed}"),
        format!("/u/{token}"),
        format!("/o/{token}"),
        "/c/https:%2F%2Fevil.test".to_owned(),
        "/u/x".to_owned(),
    ] {
        let answer = ask(&site, "GET", &path, "", "").await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(!answer.head.contains("location:"));
        let answer = ask(&site, "POST", &path, "", "").await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn without_a_public_url_nothing_is_promised() {
    let site = Site::open_without_links().await;
    let refused = site
        .post("/v3/example.org/messages", &format!("{SEND}to=a@example.net&text=%25unsubscribe_url%25"))
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.message().contains("set `public_url` in its configuration"), "{refused:?}");
    let content =
        send(&site, "to=a@example.net&text=x&o:tracking=yes&o:tracking-unsubscribe=yes").await.remove(0);
    assert!(!content.contains("List-Unsubscribe"), "{content}");
}
