//! Requests to URLs that somebody else names.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::RootCertStore;
use tegami_auth::Network;
use tegami_dns::ZoneResolver;
use tegami_outbound::{HttpCaller, Https, Reach};
use tegami_queue::{Answered, CallError, Caller, Post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const ZONE: &str = "
inside.test.  A 127.0.0.1
private.test. A 10.1.2.3
both.test.    A 10.1.2.3
both.test.    A 127.0.0.1
";

fn caller(allowed: &[&str]) -> HttpCaller {
    let resolver = Arc::new(ZoneResolver::from_text(ZONE).unwrap());
    let https = Https::new(RootCertStore::empty(), resolver, Reach::Network).unwrap();
    let caller = HttpCaller::new(Arc::new(https));
    caller.allow(allowed.iter().map(|text| Network::parse(text).unwrap()).collect());
    caller
}

/// A host that says one thing to the first who asks, and gives back what it heard.
async fn host(says: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        // Our bodies end so; a question without a body ends with its header section.
        while !(heard.ends_with(b"{}") || heard.starts_with(b"GET ") && heard.ends_with(b"\r\n\r\n")) {
            let mut chunk = [0; 512];
            let read = stream.read(&mut chunk).await.unwrap();
            heard.extend_from_slice(&chunk[..read]);
        }
        // Whoever has heard enough may be gone.
        let _ = stream.write_all(says.as_bytes()).await;
        String::from_utf8(heard).unwrap()
    });
    (address, heard)
}

fn post(url: &str) -> Post {
    Post { url: url.to_owned(), content_type: "application/json".to_owned(), body: "{}".into() }
}

#[tokio::test]
async fn a_body_is_posted_and_the_beginning_of_the_answer_kept() {
    let says = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", "ä".repeat(2500));
    let (address, heard) = host(says).await;
    let url = format!("http://me:p%40ss@inside.test:{}/hook/mime?x=1#part", address.port());
    let answered = caller(&["127.0.0.0/8"]).post(post(&url)).await.unwrap();
    assert_eq!((answered.status, answered.beginning), (200, "ä".repeat(512)));
    let heard = heard.await.unwrap().to_ascii_lowercase();
    assert!(heard.starts_with("post /hook/mime?x=1 http/1.1\r\n"), "{heard}");
    for field in [
        &format!("host: inside.test:{}\r\n", address.port()),
        "content-type: application/json\r\n",
        "content-length: 2\r\n",
        "authorization: basic bwu6cebzcw==\r\n",
        "user-agent: tegami\r\n",
    ] {
        assert!(heard.contains(field), "{field} {heard}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (address, _heard) =
        host("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n".to_owned())
            .await;
    let answered = caller(&["127.0.0.1"]).post(post(&format!("http://{address}/"))).await;
    assert_eq!(answered, Ok(Answered { status: 302, beginning: String::new() }));
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_asked() {
    let (address, heard) = host("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let port = address.port();
    let strict = caller(&[]);
    for (url, why) in [
        (
            format!("http://inside.test:{port}/"),
            "inside.test has the address 127.0.0.1, which is not on the Internet",
        ),
        (
            "http://private.test/".to_owned(),
            "private.test has the address 10.1.2.3, which is not on the Internet",
        ),
        (
            format!("http://127.0.0.1:{port}/"),
            "127.0.0.1 has the address 127.0.0.1, which is not on the Internet",
        ),
        (
            format!("http://localhost:{port}/"),
            "localhost has the address 127.0.0.1, which is not on the Internet",
        ),
    ] {
        assert_eq!(strict.post(post(&url)).await, Err(CallError::Forbidden(why.to_owned())), "{url}");
    }
    assert!(!heard.is_finished(), "nobody has connected");
    // Of several addresses those are asked that are allowed.
    let answered = caller(&["127.0.0.0/8"]).post(post(&format!("http://both.test:{port}/"))).await;
    assert_eq!(answered.map(|answered| answered.status), Ok(200));
}

#[test]
fn what_no_request_can_be_made_of_is_told_at_once() {
    let caller = caller(&["192.168.7.0/24"]);
    let check = |url: &str, expected: &str| {
        let told = caller.permits(url).map_or_else(|error| error.to_string(), |()| "good".to_owned());
        assert_eq!(told, expected, "{url}");
    };
    for url in [
        "https://example.org/hook?a=b",
        "http://example.org",
        "https://me:secret@example.org:8443/",
        "http://192.0.2.7/",
        "http://192.168.7.9:8080/x",
        "https://[2a00::1]/",
    ] {
        check(url, "good");
    }
    check("https://2130706433/", "host not found");
    // A name of one word is that of a host inside, and some of those are allowed.
    check("http://app:3000/hook", "good");
    check("ftp://example.org/", "only http and https are served");
    check("example.org/hook", "it is no URL");
    check("https://exa mple.org/", "it is no URL");
    for (url, ip) in [
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://localhost/", "127.0.0.1"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254"),
        ("http://192.168.8.9/", "192.168.8.9"),
        ("http://[::1]/", "::1"),
        ("http://[::ffff:10.0.0.1]/", "10.0.0.1"),
        ("http://[64:ff9b::a00:1]/", "64:ff9b::a00:1"),
        ("http://[2002:a00:1::]/", "2002:a00:1::"),
        ("http://[fd00:ec2::254]/", "fd00:ec2::254"),
        ("http://100.100.100.200/", "100.100.100.200"),
        ("http://0.0.0.0/", "0.0.0.0"),
    ] {
        check(url, &format!("the address {ip} is not on the Internet"));
    }
    let alone = self::caller(&[]).permits("http://app:3000/hook").map_err(|error| error.to_string());
    assert_eq!(alone, Err("host not found".to_owned()));
}

#[tokio::test]
async fn a_link_is_followed_by_get_and_a_form_posted() {
    let (address, heard) = host("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone".to_owned()).await;
    let answered = caller(&["127.0.0.1"]).visit(&format!("http://{address}/u?t=1"), Some("a={}")).await;
    assert_eq!(answered, Ok(Answered { status: 404, beginning: "gone".to_owned() }));
    let heard = heard.await.unwrap().to_ascii_lowercase();
    assert!(heard.starts_with("post /u?t=1 http/1.1\r\n") && heard.ends_with("\r\n\r\na={}"), "{heard}");
    assert!(heard.contains("content-type: application/x-www-form-urlencoded\r\n"), "{heard}");
    let (address, heard) = host("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let url = format!("http://{address}/page?x=1");
    let inside = caller(&[]).visit(&url, None).await;
    assert!(matches!(inside, Err(CallError::Forbidden(_))), "{inside:?}");
    let answered = caller(&["127.0.0.1"]).visit(&url, None).await;
    assert_eq!(answered.map(|answered| answered.status), Ok(200));
    assert!(heard.await.unwrap().starts_with("GET /page?x=1 HTTP/1.1\r\n"));
}
