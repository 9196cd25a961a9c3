//! Domains: taken in, published, verified, used, taken away.

use serde_json::{Value, json};

use crate::site::{KEY, SENDING_KEY, Site};

const FORM: &str = "application/x-www-form-urlencoded";

/// The records that an answer asks for, as zone text.
fn zone_of(answer: &Value) -> String {
    let mut zone = String::new();
    for list in ["receiving_dns_records", "sending_dns_records"] {
        for record in answer[list].as_array().unwrap() {
            let (name, kind) = (record["name"].as_str().unwrap(), record["record_type"].as_str().unwrap());
            let value = record["value"].as_str().unwrap();
            let data = match kind {
                "MX" => format!("{} {value}.", record["priority"].as_str().unwrap()),
                "CNAME" => format!("{value}."),
                _ => tegami_dns::Data::Txt(value.to_owned().into_bytes().into()).to_string(),
            };
            zone.push_str(&format!("{name}. {kind} {data}\n"));
        }
    }
    zone
}

fn found(answer: &Value) -> Vec<(String, String)> {
    let records =
        ["receiving_dns_records", "sending_dns_records"].map(|list| answer[list].as_array().unwrap());
    let word = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    records.into_iter().flatten().map(|record| (word(record, "record_type"), word(record, "valid"))).collect()
}

#[tokio::test]
async fn the_life_of_a_domain() {
    let site = Site::open().await;
    let body = "name=MG.example.net&smtp_password=supersecret&wildcard=yes&web_prefix=links&dkim_selector=S1";
    let created = site.post("/v4/domains", body).await;
    assert_eq!(created.status, 200);
    let created = created.json();
    assert_eq!(created["message"], "Domain DNS records have been created");
    let mut domain = created["domain"].clone();
    let id = domain["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 24 && id.bytes().all(|octet| octet.is_ascii_hexdigit()));
    domain["id"] = json!("");
    assert_eq!(
        domain,
        json!({
            "created_at": "Mon, 06 Jul 2026 09:00:00 GMT", "id": "", "is_disabled": false, "name": "mg.example.net",
            "require_tls": false, "skip_verification": false, "smtp_login": "postmaster@mg.example.net",
            "smtp_password": "supersecret", "spam_action": "disabled", "state": "unverified", "type": "custom",
            "use_automatic_sender_security": false, "web_prefix": "links", "web_scheme": "http", "wildcard": true,
            "encrypt_incoming_message": false, "message_ttl": 259200, "tracking_host": "links.mg.example.net",
        })
    );
    assert_eq!(
        created["receiving_dns_records"],
        json!([{"is_active": true, "cached": [], "name": "mg.example.net", "priority": "10", "record_type": "MX",
            "valid": "unknown", "value": "mail.example.org"}])
    );
    let sending = created["sending_dns_records"].as_array().unwrap();
    let named: Vec<_> = sending.iter().map(|record| record["name"].as_str().unwrap()).collect();
    let keys = ["s1._domainkey.mg.example.net", "s1e._domainkey.mg.example.net"];
    assert_eq!(named, [keys[0], keys[1], "mg.example.net", "links.mg.example.net"]);
    assert!(sending[0]["value"].as_str().unwrap().starts_with("v=DKIM1; k=rsa; p="));
    assert_eq!(sending[2]["value"], "v=spf1 a:mail.example.org -all");
    assert_eq!(
        (&sending[3]["record_type"], &sending[3]["value"]),
        (&json!("CNAME"), &json!("mail.example.org"))
    );

    let again = site.post("/v3/domains", "name=mg.example.net").await;
    assert_eq!((again.status, again.message().as_str()), (400, "This domain name is already taken"));
    let early =
        site.post("/v3/mg.example.net/messages", "from=a@mg.example.net&to=b@example.com&text=x").await;
    assert_eq!(early.status, 403);
    let why = "Domain mg.example.net is not allowed to send: The domain is unverified and requires DNS configuration.";
    assert!(early.message().starts_with(why), "{}", early.message());
    assert_eq!(early.json()["Error"], "Forbidden");

    // Nothing is published: one client sends no body at all, another a multipart without parts.
    let path = "/v3/domains/mg.example.net/verify";
    let unpublished =
        site.request("PUT", path, KEY, "multipart/form-data; boundary=x", b"--x--\r\n").await.json();
    assert_eq!(unpublished["message"], "Domain DNS records have been updated");
    assert_eq!(unpublished["domain"]["state"], "unverified");
    assert!(unpublished["domain"].get("smtp_password").is_none());

    site.world.become_zone(&zone_of(&created));
    let verified = site.request("PUT", "/v4/domains/mg.example.net/verify", KEY, "", b"").await.json();
    assert_eq!(verified["domain"]["state"], "active");
    assert!(found(&verified).iter().all(|(_, valid)| valid == "valid"), "{verified}");
    assert_eq!(verified["receiving_dns_records"][0]["cached"], json!(["10 mail.example.org"]));
    let shown = site.get("/v4/domains/Mg.Example.NET?h%3Aextended=true").await.json();
    assert_eq!((&shown["domain"], shown.get("message")), (&verified["domain"], None));

    let sent =
        site.post("/v3/mg.example.net/messages", "from=a@mg.example.net&to=b@example.com&text=x").await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let unfolded = site.newest().await.1.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    for signature in ["d=mg.example.net; s=s1;", "d=mg.example.net; s=s1e;"] {
        assert!(unfolded.contains(signature), "{unfolded}");
    }

    // Mail to it is ours now, since its MX is.
    let here = "from=me@example.org&to=nobody@mg.example.net&text=x";
    assert_eq!(site.post("/v3/example.org/messages", here).await.status, 400);

    site.world.become_zone("mg.example.net. MX 10 mx.example.com.\nmg.example.net. TXT \"v=spf1 -all\"\n");
    let lost = site.request("PUT", path, KEY, FORM, b"").await.json();
    assert_eq!(lost["domain"]["state"], "unverified");
    let pairs = found(&lost);
    assert_eq!(pairs[0], ("MX".to_owned(), "invalid".to_owned()));
    assert_eq!(pairs[1], ("TXT".to_owned(), "unknown".to_owned()));
    assert_eq!(pairs[3], ("TXT".to_owned(), "invalid".to_owned()));
    assert_eq!(lost["sending_dns_records"][2]["cached"], json!(["v=spf1 -all"]));

    let removed = site.request("DELETE", "/v3/domains/mg.example.net", KEY, "", b"").await;
    assert_eq!(removed.json(), json!({"message": "Domain will be deleted in the background"}));
    let missing = site.get("/v4/domains/mg.example.net").await;
    assert_eq!((missing.status, missing.message().as_str()), (404, "Domain not found"));
    assert_eq!(site.get("/v3/domains/mg.example.net/keys").await.status, 404);
}

#[tokio::test]
async fn what_serves_a_domain_alone_goes_with_it() {
    let site = Site::open().await;
    let path = "/v3/domains/mg.example.net";
    let make = async || {
        let created = site.post("/v4/domains", "name=mg.example.net").await;
        assert_eq!(created.status, 200, "{}", created.body);
        site.world.become_zone(&zone_of(&created.json()));
        let verified = site.request("PUT", &format!("{path}/verify"), KEY, "", b"").await.json();
        assert_eq!(verified["domain"]["state"], "active");
    };
    make().await;
    for (path, body) in [
        (format!("{path}/webhooks"), "id=delivered&url=https://hook.test/a"),
        (format!("{path}/credentials"), "login=alice&password=correct horse"),
        ("/v3/mg.example.net/templates".to_owned(), "name=hello&template=x"),
        ("/v3/mg.example.net/unsubscribes".to_owned(), "address=b@example.com"),
    ] {
        let answer = site.post(&path, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    let made = site.post("/v1/keys", "kind=domain&role=sending&domain_name=mg.example.net").await.json();
    let sending = made["key"]["secret"].as_str().unwrap().to_owned();
    let letter = b"from=a@mg.example.net&to=c@example.com&text=x&o:tag=news";
    let send = async || site.request("POST", "/v3/mg.example.net/messages", &sending, FORM, letter).await;
    assert_eq!(send().await.status, 200);
    assert_eq!(site.request("DELETE", path, KEY, "", b"").await.status, 200);
    assert_eq!(send().await.status, 401);

    make().await;
    assert_eq!(site.get(&format!("{path}/webhooks")).await.json(), json!({"webhooks": {}}));
    assert_eq!(site.get(&format!("{path}/credentials")).await.json()["total_count"], 0);
    assert_eq!(site.get("/v3/mg.example.net/templates").await.json()["items"], json!([]));
    assert_eq!(site.get("/v3/mg.example.net/templates/hello/versions").await.status, 404);
    assert_eq!(site.get("/v3/mg.example.net/tags").await.json()["items"], json!([]));
    assert_eq!(send().await.status, 401);
    // What a recipient said still counts.
    assert_eq!(site.get("/v3/mg.example.net/unsubscribes/b@example.com").await.status, 200);
}

fn desk(site: &Site) -> tegami_web::DomainDesk {
    let rooms = site.rooms.clone();
    let hostname = "mail.example.org".parse().unwrap();
    tegami_web::DomainDesk {
        domains: rooms.domains,
        keys: rooms.keys,
        accounts: rooms.accounts,
        links: rooms.intake.links().cloned(),
        calls: rooms.calls,
        resolver: rooms.resolver,
        sources: tegami_web::Sources { hostname, addresses: Vec::new() },
        clock: rooms.clock,
    }
}

#[tokio::test]
async fn links_and_return_paths_have_names_of_the_domain_once_they_lead_here() {
    let site = Site::open().await;
    let path = "/v4/domains/example.org";
    let set = async |body: &str| site.request("PUT", path, KEY, FORM, body.as_bytes()).await;
    let verify = async || site.request("PUT", &format!("{path}/verify"), KEY, "", b"").await.json();
    let letter = "from=a@example.org&to=b@example.com&text=x&o:tracking-unsubscribe=yes";
    let link = async || {
        assert_eq!(site.post("/v3/example.org/messages", letter).await.status, 200);
        let content = site.newest().await.1;
        let field = content.split("List-Unsubscribe:\r\n <").nth(1).unwrap();
        field.split("/u/").next().unwrap().to_owned()
    };
    let wrong = set("mailfrom_host=bounce.example.net").await;
    let why = "mailfrom_host: `bounce.example.net` is not a host: it is not below example.org";
    assert_eq!((wrong.status, wrong.message().as_str()), (400, why));
    let planned = set("web_scheme=https&web_prefix=links&mailfrom_host=bounce.example.org").await.json();
    assert_eq!(planned["domain"]["mailfrom_host"], "bounce.example.org");
    site.world.become_zone(&zone_of(&planned));

    // The CNAME is there, but whoever answers is somebody else.
    let base = "https://links.example.org";
    let found = verify().await;
    assert!(found.to_string().contains("links.example.org"), "{found}");
    assert_eq!(link().await, crate::site::PUBLIC);
    let ours = async || {
        let name = "example.org".parse().unwrap();
        site.rooms.domains.find(&name).await.unwrap().unwrap()
    };
    assert_eq!(ours().await.bounce_host().unwrap().as_str(), "bounce.example.org");
    let proof = site.request("POST", "/p/links.example.org", "", "text/plain", b"").await;
    assert_eq!(proof.status, 200);
    site.phone.say(&format!("{base}/p/links.example.org"), &proof.body);
    verify().await;
    assert_eq!(link().await, base);
    // Another label leads nowhere yet, and what is less safe than the server's own links is never used.
    assert_eq!(set("web_prefix=other").await.status, 200);
    assert_eq!(link().await, crate::site::PUBLIC);
    assert_eq!(set("web_prefix=links&web_scheme=http").await.status, 200);
    site.phone.say("http://links.example.org/p/links.example.org", &proof.body);
    verify().await;
    assert_eq!(link().await, crate::site::PUBLIC);
    assert_eq!(set("web_scheme=https").await.status, 200);
    verify().await;
    assert_eq!(link().await, base);
    // Where the names lead elsewhere, that is seen without anybody asking.
    site.world.become_zone("");
    desk(&site).verify_waiting().await.unwrap();
    assert_eq!(link().await, crate::site::PUBLIC);
    assert_eq!(ours().await.bounce_host(), None);
}

#[tokio::test]
async fn domains_that_wait_are_looked_at_without_being_asked_for() {
    let site = Site::open().await;
    let created = site.post("/v4/domains", "name=mg.example.net").await.json();
    assert_eq!(site.post("/v4/domains", "name=late.example.net").await.status, 200);
    let desk = desk(&site);
    assert_eq!(desk.verify_waiting().await.unwrap(), 0);
    site.world.become_zone(&zone_of(&created));
    assert_eq!(desk.verify_waiting().await.unwrap(), 1);
    assert_eq!(site.get("/v4/domains/mg.example.net").await.json()["domain"]["state"], "active");
    // What may send goes on doing so when its DNS fails.
    site.world.become_zone("");
    assert_eq!(desk.verify_waiting().await.unwrap(), 0);
    assert_eq!(site.get("/v4/domains/mg.example.net").await.json()["domain"]["state"], "active");
    assert_eq!(site.get("/v4/domains/late.example.net").await.json()["domain"]["state"], "unverified");
}

#[tokio::test]
async fn spf_counts_whichever_way_it_lets_us_pass() {
    let site = Site::open().await;
    let created = site.post("/v4/domains", "name=mg.example.net").await.json();
    let zone = zone_of(&created);
    let judge = async |spf: &str| {
        site.world.become_zone(&format!(
            "{}spf.example.com. TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n",
            zone.replace("v=spf1 a:mail.example.org -all", spf)
        ));
        let seen = site.request("PUT", "/v4/domains/mg.example.net/verify", KEY, "", b"").await.json();
        let valid = seen["sending_dns_records"][2]["valid"].as_str().unwrap().to_owned();
        (valid, seen["domain"]["state"].as_str().unwrap().to_owned())
    };
    let good = ("valid".to_owned(), "active".to_owned());
    let bad = ("invalid".to_owned(), "unverified".to_owned());
    assert_eq!(judge("v=spf1 include:_spf.example.org +A:mail.example.org ~all").await, good);
    assert_eq!(judge("v=spf1 include:spf.example.com -all").await, good);
    assert_eq!(judge("v=spf1 ip4:198.51.100.1 -all").await, bad);
}

#[tokio::test]
async fn domains_of_the_configuration_stay() {
    let site = Site::open().await;
    let list = site.get("/v3/domains").await.json();
    assert_eq!(list["total_count"], 2);
    assert_eq!(list["items"][0]["state"], "active");
    let removed = site.request("DELETE", "/v3/domains/example.org", KEY, "", b"").await;
    assert_eq!(removed.status, 403);
    assert!(removed.message().contains("stands in the configuration"), "{}", removed.message());
    // Its settings are its own all the same, and nothing in the DNS takes its right to send away.
    let changed =
        site.request("PUT", "/v4/domains/example.org", KEY, FORM, b"spam_action=tag&message_ttl=60").await;
    assert_eq!(changed.json()["message"], "Domain has been updated");
    let verified = site.request("PUT", "/v4/domains/example.org/verify", KEY, "", b"").await.json();
    let domain = &verified["domain"];
    assert_eq!((&domain["state"], &domain["spam_action"]), (&json!("active"), &json!("tag")));
    assert_eq!(domain["message_ttl"], 60);
    assert_eq!(
        site.post("/v3/example.org/messages", "from=a@example.org&to=b@example.com&text=x").await.status,
        200
    );
}

#[tokio::test]
async fn what_is_set_for_a_domain_acts_on_its_mail() {
    let site = Site::open().await;
    let set = async |body: &str| {
        let answer = site.request("PUT", "/v4/domains/example.org", KEY, FORM, body.as_bytes()).await;
        (answer.status, answer.json())
    };
    let letter = "from=a@news.example.org&to=b@example.com&text=x";

    let below = site.post("/v3/news.example.org/messages", letter).await;
    assert_eq!((below.status, below.message().as_str()), (404, "Domain not found: news.example.org"));
    assert_eq!(set("wildcard=yes").await.1["domain"]["wildcard"], true);
    for key in [KEY, SENDING_KEY] {
        let sent = site.request("POST", "/v3/News.example.org/messages", key, FORM, letter.as_bytes()).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
    }
    let (row, content) = site.newest().await;
    assert_eq!(
        (row.domain.as_str(), row.reverse_path.to_string().as_str()),
        ("example.org", "postmaster@example.org")
    );
    assert!(content.contains("From: a@news.example.org"), "{content}");
    // A domain of its own sends for itself.
    assert_eq!(site.post("/v4/domains", "name=news.example.org").await.status, 200);
    assert_eq!(site.post("/v3/news.example.org/messages", letter).await.status, 403);

    let (status, wrong) = set("archive_to=ftp://a").await;
    let why = "archive_to: `ftp://a` is not a URL that begins with https:// or http://";
    assert_eq!((status, &wrong["message"]), (400, &json!(why)));
    assert_eq!(
        set("archive_to=https://archive.example.org/").await.1["domain"]["archive_to"],
        "https://archive.example.org/"
    );
    let archived = async |more: &str| {
        let body = format!("from=a@example.org&to=b@example.com&text=x{more}");
        assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
        site.newest().await.0.envelope_parameters.archive_to
    };
    assert_eq!(archived("").await.as_deref(), Some("https://archive.example.org/"));
    let other = archived("&o:archive-to=https://other.example.org/").await;
    assert_eq!(other.as_deref(), Some("https://other.example.org/"));
    assert!(set("archive_to=").await.1["domain"].get("archive_to").is_none());
    assert_eq!(archived("").await, None);

    // No longer than the server keeps everything.
    assert_eq!(set("message_ttl=9999999").await.1["domain"]["message_ttl"], 259_200);
}

#[tokio::test]
async fn a_domain_above_signs_for_one_that_says_so() {
    let site = Site::open().await;
    let above = site.post("/v4/domains", "name=example.net").await.json();
    site.world.become_zone(&zone_of(&above));
    let stranger = site.post("/v4/domains", "name=mg.example.net&dkim_host_name=example.com").await;
    let why = "dkim_host_name: only mg.example.net itself, or a domain above it with keys on this server, can sign for it";
    assert_eq!((stranger.status, stranger.message().as_str()), (400, why));
    let made = site.post("/v4/domains", "name=mg.example.net&dkim_host_name=example.net").await.json();
    assert_eq!(made["domain"]["dkim_host"], "example.net");
    let key_of = |answer: &Value| answer["sending_dns_records"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(key_of(&made), key_of(&above));
    let put =
        async |body: &[u8]| site.request("PUT", "/v4/domains/mg.example.net", KEY, FORM, body).await.json();
    let own = put(b"dkim_host=mg.example.net").await;
    assert_eq!(own["domain"].get("dkim_host"), None);
    assert!(key_of(&own).ends_with("._domainkey.mg.example.net"), "{own}");
    assert_eq!(put(b"dkim_host=example.net").await["domain"]["dkim_host"], "example.net");
}

#[tokio::test]
async fn lists_and_what_is_wrong() {
    let site = Site::open().await;
    for name in ["b.example.net", "a.example.net", "c.example.com"] {
        assert_eq!(site.post("/v4/domains", &format!("name={name}")).await.status, 200);
    }
    let names = async |query: &str| {
        let list = site.get(&format!("/v4/domains?{query}")).await.json();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("search=example.net&sort=name").await, ["a.example.net", "b.example.net"]);
    assert_eq!(names("state=unverified&sort=name:desc&limit=1&skip=1").await, ["b.example.net"]);
    assert_eq!(names("state=active&sort=name").await, ["example.org", "shop.test"]);
    assert!(names("skip=100").await.is_empty());
    let check = async |method: &str, path: &str, body: &str, status: u16, message: &str| {
        let answer = site.request(method, path, KEY, FORM, body.as_bytes()).await;
        assert_eq!((answer.status, answer.message().as_str()), (status, message), "{method} {path} {body}");
    };
    check("GET", "/v4/domains?limit=1001", "", 400, "The 'limit' parameter can't be larger than 1000").await;
    check("POST", "/v4/domains", "", 400, "name parameter is missing").await;
    check(
        "POST",
        "/v4/domains",
        "name=localhost",
        400,
        "`localhost` is not a valid domain name: it has no dot",
    )
    .await;
    let short = "Password is too short. It must be between 5 and 32 characters.";
    check("POST", "/v4/domains", "name=d.example.net&smtp_password=1234", 400, short).await;
    let short = "Password is too short. This server wants at least 8 characters.";
    check("POST", "/v4/domains", "name=d.example.net&smtp_password=12345", 400, short).await;
    let action = "spam_action: `maybe` is not one of disabled, block, tag, delete";
    check("PUT", "/v4/domains/a.example.net", "spam_action=maybe", 400, action).await;
    check("GET", "/v4/domains/d.example.net", "", 404, "Domain not found").await;
    let refused = site.request("POST", "/v4/domains", SENDING_KEY, FORM, b"name=d.example.net").await;
    assert_eq!((refused.status, refused.body.as_str()), (401, "Forbidden"));
}

#[tokio::test]
async fn what_is_set_one_by_one() {
    let site = Site::open().await;
    let put = async |path: &str, body: &str| {
        site.request("PUT", &format!("/v3/domains/example.org/{path}"), KEY, FORM, body.as_bytes())
            .await
            .json()
    };
    let get = async |path: &str| site.get(&format!("/v4/domains/example.org/{path}")).await.json();

    let flat = |require: bool, skip: bool| json!({"require_tls": require, "skip_verification": skip});
    let mut expected = flat(false, false);
    expected["connection"] = flat(false, false);
    assert_eq!(get("connection").await, expected);
    assert_eq!(
        put("connection", "require_tls=true&skip_verification=true").await,
        json!({"message": "Domain connection settings have been updated, may take 10 minutes to fully propagate",
            "require_tls": true, "skip_verification": true, "require-tls": true, "skip-verification": true})
    );
    assert_eq!(get("connection").await["connection"], flat(true, true));
    let sent = async |more: &str| {
        let body = format!("from=a@example.org&to=b@example.com&text=x{more}");
        assert_eq!(site.post("/v3/example.org/messages", &body).await.status, 200);
        site.newest().await.0.envelope_parameters.hop_tls
    };
    use tegami_store::HopTls;
    assert_eq!(sent("").await, HopTls::Encrypted);
    assert_eq!(sent("&o:require-tls=no").await, HopTls::AsPolicy);
    assert_eq!(sent("&o:skip-verification=no").await, HopTls::Verified);

    let tracking = json!({"tracking": {
        "open": {"active": false, "place_at_the_top": false},
        "click": {"active": false},
        "unsubscribe": {"active": false,
            "html_footer": "\n<br>\n<p><a href=\"%unsubscribe_url%\">unsubscribe</a></p>\n",
            "text_footer": "\n\nTo unsubscribe click: <%unsubscribe_url%>\n\n"},
        "web_scheme": "http"}});
    assert_eq!(get("tracking").await, tracking);
    let message = "Domain tracking settings have been updated";
    assert_eq!(
        put("tracking/open", "active=yes&place_at_the_top=true").await,
        json!({"message": message, "open": {"active": true, "place_at_the_top": true}})
    );
    assert_eq!(
        put("tracking/click", "active=htmlonly").await,
        json!({"message": message, "click": {"active": true}})
    );
    assert_eq!(
        put("tracking/unsubscribe", "active=true&html_footer=h&text_footer=t").await,
        json!({"message": message, "unsubscribe": {"active": true, "html_footer": "h", "text_footer": "t"}})
    );
    assert_eq!(get("tracking").await["tracking"]["open"]["active"], true);
    // One client says no by an empty field, and each kind knows `htmlonly`.
    for kind in ["open", "click", "unsubscribe"] {
        let path = format!("tracking/{kind}");
        assert_eq!(put(&path, "active=").await[kind]["active"], false, "{kind}");
        assert_eq!(put(&path, "active=htmlonly").await[kind]["active"], true, "{kind}");
    }
    let connection = put("connection", "require_tls=&skip_verification=").await;
    assert_eq!(
        (&connection["require_tls"], &connection["skip_verification"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(put("web_prefix", "web_prefix=links").await, json!({"message": "Domain web prefix updated"}));
    assert_eq!(get("limits/tag").await, json!({"id": "", "limit": 5000, "count": 0}));
    assert_eq!(get("ips").await, json!({"items": ["192.0.2.1"], "total_count": 1}));
    assert_eq!(
        site.post("/v3/domains/example.org/ips", "ip=192.0.2.1").await.json(),
        json!({"message": "success"})
    );
    assert_eq!(site.post("/v3/domains/example.org/ips", "ip=192.0.2.9").await.status, 404);
}

#[tokio::test]
async fn a_login_of_somebody_else_is_told_before_anything_is_done() {
    let site = Site::open().await;
    site.accounts.create("postmaster@new.example", "correct horse", &[], &[]).await.unwrap();
    let answer = site.post("/v4/domains", "name=new.example&smtp_password=correct+horse").await;
    assert_eq!(
        (answer.status, answer.message().as_str()),
        (400, "there is a login postmaster@new.example already")
    );
    assert_eq!(site.get("/v4/domains/new.example").await.status, 404);
}
