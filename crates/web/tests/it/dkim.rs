//! DKIM keys.

use base64::Engine as _;
use serde_json::json;
use tegami_auth::dkim::PrivateKey;

use crate::site::{KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn the_life_of_a_key() {
    let site = Site::open().await;
    assert_eq!(site.get("/v4/domains/example.org/keys").await.json(), json!({"items": []}));
    let body = "signing_domain=example.org&selector=s1&bits=2048";
    let first = site.post("/v1/dkim/keys", body).await.json();
    assert_eq!((&first["signing_domain"], &first["selector"]), (&json!("example.org"), &json!("s1")));
    let record = &first["dns_record"];
    assert_eq!(
        (&record["name"], &record["record_type"], &record["valid"], &record["cached"], &record["is_active"]),
        (&json!("s1._domainkey.example.org"), &json!("TXT"), &json!("unknown"), &json!([]), &json!(true))
    );
    let twice = site.post("/v1/dkim/keys", body).await;
    assert_eq!((twice.status, twice.message().as_str()), (400, "failed to create domain key: duplicate key"));
    let delete =
        async |query: &str| site.request("DELETE", &format!("/v1/dkim/keys?{query}"), KEY, "", b"").await;
    let last = delete("signing_domain=example.org&selector=s1").await;
    let message = "cannot delete domain key: must have at least one active domain key";
    assert_eq!((last.status, last.message().as_str()), (400, message));

    // The second one waits until its record is published.
    let second = site.post("/v1/dkim/keys", "signing_domain=example.org&selector=s2&bits=1024").await.json();
    assert_eq!(second["dns_record"]["is_active"], false);
    let path = "/v4/domains/example.org/keys/s2";
    let activated = site.request("PUT", &format!("{path}/activate"), KEY, "", b"").await;
    let expected = json!({"message": "domain key activated", "authority": "example.org", "selector": "s2", "active": true});
    assert_eq!(activated.json(), expected);
    let deactivated =
        site.request("PUT", "/v3/domains/example.org/keys/s1/deactivate", KEY, "", b"").await.json();
    assert_eq!(
        (&deactivated["message"], &deactivated["active"]),
        (&json!("domain key deactivated"), &json!(false))
    );
    assert_eq!(
        site.post("/v3/example.org/messages", "from=a@example.org&to=b@example.com&text=x").await.status,
        200
    );
    let content = site.newest().await.1;
    assert!(content.contains("s=s2;") && !content.contains("s=s1;"), "{content}");
    assert_eq!(delete("signing_domain=example.org&selector=s1").await.json(), json!({"message": "success"}));
    let missing = delete("signing_domain=example.org&selector=s1").await;
    assert_eq!((missing.status, missing.message().as_str()), (404, "domain key not found"));
    assert_eq!(delete("signing_domain=example.com&selector=s1").await.message(), "domain key not found");

    let reselect =
        site.request("PUT", "/v3/domains/example.org/dkim_selector", KEY, FORM, b"dkim_selector=s3").await;
    assert_eq!(reselect.json(), json!({"message": "DKIM selector changed"}));
    let items = site.get("/v3/domains/example.org/keys").await.json()["items"].clone();
    assert_eq!((&items[0]["selector"], &items[0]["dns_record"]["is_active"]), (&json!("s2"), &json!(false)));
    assert_eq!((&items[1]["selector"], &items[1]["dns_record"]["is_active"]), (&json!("s3"), &json!(true)));
    assert_eq!(items[0]["dns_record"]["value"], items[1]["dns_record"]["value"]);
}

/// A key as `openssl genrsa -traditional 2048` writes it: what PKCS#8 wraps, without the wrapping.
fn pkcs1(key: &PrivateKey) -> String {
    use base64::engine::general_purpose::STANDARD;
    const WRAPPING: usize = 26;
    let pem = key.to_pem().unwrap();
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let whole = STANDARD.decode(text).unwrap();
    let bare = STANDARD.encode(&whole[WRAPPING..]);
    let lines: Vec<&str> =
        bare.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n"))
}

/// A key that its owner brings along signs, and its record shows its public half.
#[tokio::test]
async fn a_key_that_is_brought_along_signs() {
    let site = Site::open().await;
    let key = PrivateKey::generate_rsa_2048().unwrap();
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let import = async |selector: &str, pem: &str, file: &str| {
        let body = format!(
            "{}{}{}{}--x--\r\n",
            part("signing_domain", "example.org"),
            part("selector", selector),
            part("bits", "2048"),
            part("pem", pem).replace("\"pem\"", file),
        );
        site.request("POST", "/v1/dkim/keys", KEY, "multipart/form-data; boundary=x", body.as_bytes()).await
    };
    // As a file, with lines as another system ends them, and as a text.
    let as_file = import("s1", &pkcs1(&key).replace('\n', "\r\n"), "\"pem\"; filename=\"server.key\"").await;
    let expected = json!({
        "signing_domain": "example.org", "selector": "s1",
        "dns_record": {
            "is_active": true, "cached": [], "name": "s1._domainkey.example.org", "record_type": "TXT",
            "valid": "unknown", "value": key.dns_record(),
        },
    });
    assert_eq!((as_file.status, as_file.json()), (200, expected));
    let as_text = import("s2", &pkcs1(&key), "\"pem\"").await.json();
    assert_eq!(as_text["dns_record"]["value"], key.dns_record());
    let twice = import("s2", &pkcs1(&key), "\"pem\"").await;
    assert_eq!((twice.status, twice.message().as_str()), (400, "failed to create domain key: duplicate key"));
    assert_eq!(
        site.post("/v3/example.org/messages", "from=a@example.org&to=b@example.com&text=x").await.status,
        200
    );
    let content = site.newest().await.1;
    assert!(content.contains("d=example.org;") && content.contains("s=s1;"), "{content}");
}

/// Both sizes are asked for, and what is made has the larger one.
#[tokio::test]
async fn keys_have_two_thousand_bits() {
    let site = Site::open().await;
    let size = |record: &serde_json::Value| {
        use base64::engine::general_purpose::STANDARD;
        let value = record["value"].as_str().unwrap();
        STANDARD.decode(value.split_once("p=").unwrap().1).unwrap().len()
    };
    for (selector, bits) in [("s1", "&bits=1024"), ("s2", "&bits=2048"), ("s3", "")] {
        let body = format!("signing_domain=example.org&selector={selector}{bits}");
        let made = site.post("/v1/dkim/keys", &body).await.json();
        assert_eq!(size(&made["dns_record"]), 294, "{made}");
    }
    for (name, size_asked) in
        [("a.test", "&dkim_key_size=1024"), ("b.test", "&dkim_key_size=2048"), ("c.test", "")]
    {
        let made = site.post("/v4/domains", &format!("name={name}&dkim_selector=s{size_asked}")).await.json();
        assert_eq!(made["message"], "Domain DNS records have been created");
        assert_eq!(made["sending_dns_records"][0]["name"], format!("s._domainkey.{name}"));
        assert_eq!(size(&made["sending_dns_records"][0]), 294, "{made}");
    }
    let wrong = site.post("/v1/dkim/keys", "signing_domain=example.org&selector=s4&bits=512").await;
    assert_eq!((wrong.status, wrong.message().as_str()), (400, "bits: `512` is not 1024 or 2048"));
    let wrong = site.post("/v4/domains", "name=d.test&dkim_key_size=4096").await;
    assert_eq!((wrong.status, wrong.message().as_str()), (400, "dkim_key_size: `4096` is not 1024 or 2048"));
}

#[tokio::test]
async fn keys_from_elsewhere() {
    let site = Site::open().await;
    let import = async |pem: &str| {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"signing_domain\"\r\n\r\nexample.org\r\n\
             --x\r\nContent-Disposition: form-data; name=\"selector\"\r\n\r\ns1\r\n\
             --x\r\nContent-Disposition: form-data; name=\"pem\"; filename=\"key.pem\"\r\n\r\n{pem}\r\n--x--\r\n"
        );
        let answer =
            site.request("POST", "/v1/dkim/keys", KEY, "multipart/form-data; boundary=x", body.as_bytes());
        let answer = answer.await;
        (answer.status, answer.message())
    };
    let (status, message) = import("lorem ipsum").await;
    assert!(
        status == 400 && message.contains("failed to import domain key: failed to parse PEM"),
        "{message}"
    );
    let pkcs8 = PrivateKey::generate_ed25519().unwrap().to_pem().unwrap();
    let (status, message) = import(&pkcs8).await;
    assert!(
        status == 400 && message.contains("failed to parse private key: key must be PKCS1 format"),
        "{message}"
    );
    let broken = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----";
    let (status, message) = import(broken).await;
    assert!(
        status == 400 && message.starts_with("failed to import domain key: failed to parse private key: ")
    );
}

#[tokio::test]
async fn all_keys_in_pages() {
    let site = Site::open().await;
    for number in 0..5 {
        let body = format!("signing_domain=example.org&selector=s{number}");
        assert_eq!(site.post("/v1/dkim/keys", &body).await.status, 200);
    }
    assert_eq!(site.post("/v1/dkim/keys", "signing_domain=shop.test&selector=s0").await.status, 200);
    let selectors = |page: &serde_json::Value| {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["selector"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut page = site.get("/v1/dkim/keys?limit=2&signing_domain=example.org").await.json();
    let mut found = Vec::new();
    while !page["items"].as_array().unwrap().is_empty() {
        found.extend(selectors(&page));
        for name in ["first", "last", "next", "previous"] {
            assert!(page["paging"][name].as_str().unwrap().starts_with("http://"), "{page}");
        }
        let next = page["paging"]["next"].as_str().unwrap().split_once("/v1/").unwrap().1.to_owned();
        page = site.get(&format!("/v1/{next}")).await.json();
    }
    assert_eq!(found, ["s0", "s1", "s2", "s3", "s4"]);
    let back = page["paging"]["previous"].as_str().unwrap().split_once("/v1/").unwrap().1.to_owned();
    assert_eq!(selectors(&site.get(&format!("/v1/{back}")).await.json()), ["s2", "s3"]);
    // As one client asks: the query is the body.
    let body =
        b"--x\r\nContent-Disposition: form-data; name=\"signing_domain\"\r\n\r\nshop.test\r\n--x--\r\n";
    let some =
        site.request("GET", "/v1/dkim/keys", KEY, "multipart/form-data; boundary=x", body).await.json();
    assert_eq!(
        (selectors(&some), &some["items"][0]["signing_domain"]),
        (vec!["s0".to_owned()], &json!("shop.test"))
    );
}

#[tokio::test]
async fn whose_keys_sign() {
    let site = Site::open().await;
    assert_eq!(site.post("/v1/dkim/keys", "signing_domain=example.org&selector=top").await.status, 200);
    assert_eq!(site.post("/v4/domains", "name=mg.example.org&dkim_selector=sub").await.status, 200);
    let authority = async |own: &str| {
        let body = format!("self={own}");
        let path = "/v3/domains/mg.example.org/dkim_authority";
        site.request("PUT", path, KEY, FORM, body.as_bytes()).await.json()
    };
    let same = authority("true").await;
    assert_eq!(
        (&same["message"], &same["changed"]),
        (&json!("Domain DKIM authority has not been changed"), &json!(false))
    );
    let above = authority("false").await;
    assert_eq!(
        (&above["message"], &above["changed"]),
        (&json!("Domain DKIM authority has been changed"), &json!(true))
    );
    assert_eq!(above["sending_dns_records"][0]["name"], "top._domainkey.example.org");
    let own = authority("yes").await;
    assert_eq!(own["sending_dns_records"][0]["name"], "sub._domainkey.mg.example.org");
    // A key that was retired stays so.
    site.clock.advance(std::time::Duration::from_secs(60));
    let path = "/v3/domains/mg.example.org/dkim_selector";
    assert_eq!(site.request("PUT", path, KEY, FORM, b"dkim_selector=new").await.status, 200);
    authority("false").await;
    authority("true").await;
    let name: tegami_mail::Domain = "mg.example.org".parse().unwrap();
    let signing = site.rooms.keys.of(&name).await.unwrap().into_iter().filter(|key| key.active);
    let signing: Vec<_> = signing.map(|key| key.selector).collect();
    assert!(signing.contains(&"new".to_owned()) && !signing.contains(&"sub".to_owned()), "{signing:?}");
}
