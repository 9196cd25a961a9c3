//! Examinations and test inboxes, as programs and people see them.

use serde_json::{Value, json};

use crate::sign_in::Office;
use crate::site::{KEY, Site};

const ZONE: &str = r#"
    sick.test. MX 10 mx.sick.test.
    sick.test. TXT "v=spf1 ipv4:192.0.2.10 include:spf.sick.test -all"
    spf.sick.test. TXT "v=spf1 ip4:198.51.100.0/24 a:web.sick.test -all"
"#;

async fn tell(site: &Site, method: &str, path: &str, body: &Value) -> crate::site::Answer {
    site.request(method, path, KEY, "application/json", body.to_string().as_bytes()).await
}

#[tokio::test]
async fn an_examination_is_begun_watched_and_kept() {
    let site = Site::open().await;
    site.world.become_zone(ZONE);
    assert_eq!(site.get("/api/checks/sick.test").await.status, 404);
    let refused = tell(&site, "POST", "/api/checks", &json!({"subject": "no domain"})).await;
    assert_eq!((refused.status, refused.message().contains("no domain")), (400, true));
    // Of a mail address only the domain is used.
    let begun = tell(&site, "POST", "/api/checks", &json!({"subject": "someone@sick.test"})).await;
    assert_eq!((begun.status, begun.json()["subject"].as_str()), (200, Some("sick.test")));
    let chart = site.get("/api/checks/sick.test?wait=5&lang=ja").await.json();
    assert_eq!(site.get("/api/checks/sick.test?wait=6").await.status, 400);
    assert_eq!(chart["running"], Value::Null);
    let findings = chart["latest"]["findings"].as_array().unwrap();
    let of =
        |id: &str| findings.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("{chart:#}"));
    let host = of("mx.resolves");
    assert_eq!((host["state"].as_str(), host["subject"].as_str()), (Some("fail"), Some("mx.sick.test")));
    assert_eq!(host["title"], "すべてのメールホストにアドレスがある");
    let fails = findings.iter().filter(|finding| finding["state"] == "fail").count();
    assert_eq!(chart["latest"]["summary"]["fail"], fails);
    let list = site.get("/api/checks").await.json();
    assert_eq!(list["checks"][0]["subject"], "sick.test");
    let at = chart["history"][0]["at"].as_str().unwrap();
    assert_eq!(site.get(&format!("/api/checks/sick.test/{at}")).await.json()["at"], at);
    assert_eq!(site.get("/api/checks/sick.test/2020-01-01T00:00:00Z").await.status, 404);
    // Nothing of the address was kept.
    let kept = site.store.scan(tegami_store::Table::Checkups, "", None, 10).await.unwrap();
    assert!(kept.iter().all(|(key, row)| !key.contains("someone") && !row.to_string().contains("someone")));
}

#[tokio::test]
async fn of_a_domain_of_ours_the_doctor_knows_the_keys_and_the_numbers() {
    let site = Site::open().await;
    let domain = tegami_mail::Domain::parse("example.org").unwrap();
    let keys = site.rooms.keys.make_usual(&domain, Some(&"s1".parse().unwrap())).await.unwrap();
    // A string of a TXT record holds 255 octets (RFC 1035 section 3.3).
    let (one, two) = keys[0].record.split_at(200);
    let (published, other) =
        (format!("{one}\" \"{two}"), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    site.world.become_zone(&format!(
        "s1._domainkey.example.org. TXT \"{published}\"\ns1e._domainkey.example.org. TXT \"{other}\"\n\
         example.org. MX 10 mx.example.org.\nmx.example.org. A 192.0.2.10\n"
    ));
    let hour = |ago: i64| {
        let at = tegami_mail::Clock::now(&*site.clock) - jiff::SignedDuration::from_hours(ago);
        at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H").to_string()
    };
    let rows = vec![
        (format!("a/example.org/{}", hour(2)), json!({"delivered-smtp": 900, "hard-bounce": 100})),
        (format!("a/example.org/{}", hour(3)), json!({"delivered-smtp": 100, "complained": 4})),
        // Long ago: shares are those of a week.
        (format!("a/example.org/{}", hour(24 * 20)), json!({"delivered-smtp": 90_000})),
        (format!("p/example.org/google/{}", hour(24 * 20)), json!({"delivered-smtp": 3_300})),
    ];
    site.store.put(tegami_store::Table::Statistics, rows).await.unwrap();
    tell(&site, "POST", "/api/checks", &json!({"subject": "example.org"})).await;
    let chart = site.get("/api/checks/example.org?wait=5").await.json();
    let findings = chart["latest"]["findings"].as_array().unwrap();
    let states = |id: &str| {
        let of = findings.iter().filter(|finding| finding["id"] == id);
        of.map(|one| (one["subject"].as_str().unwrap(), one["state"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(
        states("dkim.private-key-match"),
        [("s1e._domainkey.example.org", "fail"), ("s1._domainkey.example.org", "pass")]
    );
    assert_eq!(states("bulk.complaint-rate"), [("example.org", "fail")]);
    assert_eq!(states("bulk.bounce-rate"), [("example.org", "fail")]);
    assert_eq!(states("bulk.status"), [("example.org", "warn")]);
}

#[tokio::test]
async fn the_pages_of_the_doctor() {
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let page = office.get("/check", &alice).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let form = format!("csrf={}&subject=example.test", page.secret());
    let begun = office.post("/check", &alice, &form).await;
    assert_eq!((begun.status, begun.field("location")), (303, Some("/check/example.test")));
    let patient = "example.test".parse().unwrap();
    office.rooms.checkups.ended(&patient).await;
    let page = office.get("/check/example.test?lang=en", &alice).await;
    assert!(
        page.body.contains("Do this first") && page.body.contains("Questions to the DNS"),
        "{}",
        page.body
    );
    let tree = office.get("/check/example.test/spf?lang=en", &alice).await;
    assert!(tree.body.contains("no SPF record"), "{}", tree.body);
    assert_eq!(office.get("/check/nobody.test", &alice).await.status, 404);
    // Who may only look examines nobody: that asks other people's servers.
    let bob = office.sign_in("bob").await;
    let looker = office.get("/check", &bob).await;
    assert!(!looker.body.contains("action=\"/check\""));
    let form = format!("csrf={}&subject=example.test", office.get("/routes", &bob).await.secret());
    assert_eq!(office.post("/check", &bob, &form).await.status, 403);
}

#[tokio::test]
async fn a_test_inbox_is_seen_by_whoever_knows_its_name() {
    let site = Site::open().await;
    let made = tell(&site, "POST", "/api/inboxes", &Value::Null).await.json();
    let (name, address) = (made["name"].as_str().unwrap(), made["address"].as_str().unwrap());
    assert!(address.starts_with(&format!("test-{name}@")), "{made}");
    let seen = site.get(&format!("/api/inboxes/{name}?wait=0")).await.json();
    assert_eq!(
        (seen["address"].as_str(), seen["messages"].as_array().map(Vec::len)),
        (Some(address), Some(0))
    );
    assert_eq!(site.get("/api/inboxes/abcdefghijkmnpqr").await.status, 404);
    let office = Office::open().await;
    let alice = office.sign_in("alice").await;
    let page = office.get("/test", &alice).await;
    let begun = office.post("/test", &alice, &format!("csrf={}", page.secret())).await;
    let place = begun.field("location").unwrap();
    assert!(place.starts_with("/test/"), "{place}");
    for path in [place.to_owned(), format!("{place}/json")] {
        let open = office.get(&path, "").await;
        assert_eq!(open.status, 200, "{path}");
        assert!(open.body.contains("@mail.shop.test"), "{}", open.body);
    }
    assert_eq!(office.get("/test/abcdefghijkmnpqr", "").await.status, 404);
    // Making one needs a name.
    assert_ne!(office.get("/test", "").await.status, 200);
}

#[tokio::test]
async fn a_pasted_header_section_is_read() {
    let office = Office::open().await;
    // Who may only look may read headers: that changes nothing.
    let bob = office.sign_in("bob").await;
    let page = office.get("/headers", &bob).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let secret = page.secret();
    let header = "Received:+from+mx.example.net+(mx.example.net+[192.0.2.7])%0D%0A+by+mail.example.org+with+ESMTPS%3B+Sat,+21+Nov+2026+10:00:30+%2B0000%0D%0A\
        Authentication-Results:+mail.example.org%3B+spf=pass+smtp.mailfrom=example.net%0D%0A\
        From:+%3Cscript%3E@example.net%0D%0ASubject:+Hi%0D%0A";
    let read = office.post("/headers?lang=en", &bob, &format!("csrf={secret}&header={header}")).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert!(
        read.body.contains("mx.example.net [192.0.2.7]") && read.body.contains("smtp.mailfrom=example.net")
    );
    assert!(!read.body.contains("<script>@"), "{}", read.body);
    let none = office.post("/headers", &bob, &format!("csrf={secret}&header=%0D%0A")).await;
    assert_eq!(none.status, 400);
}

const HALF: &str = r#"
    example.org. MX 10 mail.example.org.
    example.org. TXT "v=spf1 include:spf.elsewhere.test -all"
    spf.elsewhere.test. TXT "v=spf1 ip4:198.51.100.0/24 -all"
    _dmarc.example.org. TXT "v=DMARC1; p=none; rua=mailto:reports@example.org"
    mail.example.org. A 192.0.2.1
"#;

#[tokio::test]
async fn a_plan_tells_what_stands_and_what_has_to() {
    let site = Site::open().await;
    site.world.become_zone(HALF);
    let answer = site.get("/api/domains/example.org/plan?dmarc=next&ptr_at=ec2&lang=ja").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let plan = answer.json();
    assert_eq!((plan["domain"].as_str(), plan["changes"].as_bool()), (Some("example.org"), Some(true)));
    let of = |name: &str, kind: &str| {
        let is = |set: &&Value| set["name"] == name && set["type"] == kind;
        plan["sets"].as_array().unwrap().iter().find(is).unwrap_or_else(|| panic!("{name} {kind}\n{plan:#}"))
    };
    assert_eq!(of("example.org.", "MX")["standing"], "ok");
    // Who else sends stays.
    let spf = of("example.org.", "TXT");
    assert_eq!(spf["standing"], "different");
    let comes = spf["records"].as_array().unwrap().iter().find(|record| record["op"] == "add").unwrap();
    assert_eq!(comes["value"], "v=spf1 include:spf.elsewhere.test a:mail.example.org -all");
    let said = &spf["servers"][0];
    assert_eq!((said["server"].as_str(), said["fits"].as_bool()), (Some("resolver"), Some(false)));
    assert_eq!(said["records"], json!(["v=spf1 include:spf.elsewhere.test -all"]));
    let dmarc = of("_dmarc.example.org.", "TXT")["records"].to_string();
    assert!(dmarc.contains("p=quarantine") && dmarc.contains("reports@example.org"), "{dmarc}");
    assert_eq!(of("1.2.0.192.in-addr.arpa.", "PTR")["by"], "provider");
    let request = plan["requests"][0]["text"].as_str().unwrap();
    assert!(request.contains("modify-address-attribute"), "{request}");
    let bad = site.get("/api/domains/example.org/plan?dmarc=harsh").await;
    assert_eq!((bad.status, bad.message().contains("quarantine")), (400, true));
    assert_eq!(site.get("/api/domains/example.org/plan?ptr_at=nobody").await.status, 400);
    assert_eq!(site.get("/api/domains/elsewhere.test/plan").await.status, 404);
}

#[tokio::test]
async fn a_plan_is_written_in_the_words_of_those_who_publish_it() {
    let site = Site::open().await;
    site.world.become_zone(HALF);
    let file = |format: &'static str| {
        let site = &site;
        async move {
            let answer = site.get(&format!("/api/domains/example.org/plan/{format}")).await;
            assert_eq!(answer.status, 200, "{format}: {}", answer.body);
            answer
        }
    };
    let zone = file("zone").await;
    assert!(zone.head.to_lowercase().contains("filename=\"example.org-zone.zone\""), "{}", zone.head);
    assert!(zone.body.contains("example.org. 3600 IN MX 10 mail.example.org."), "{}", zone.body);
    let changes = file("zone?changes=true").await.body;
    assert!(changes.contains("a:mail.example.org -all") && !changes.contains(" IN MX "), "{changes}");
    let batch = file("route53").await.json();
    assert_eq!(batch["Changes"][0]["Action"], "UPSERT");
    assert!(file("terraform").await.body.contains("aws_route53_record"));
    assert!(file("terraform-map").await.body.contains("tegami_records"));
    assert!(file("nsupdate").await.body.starts_with("zone example.org.\n"));
    assert_eq!(site.get("/api/domains/example.org/plan/paper").await.status, 404);
}

#[tokio::test]
async fn the_page_of_a_plan() {
    let office = Office::open().await;
    // Who may only look sees what has to be published.
    let bob = office.sign_in("bob").await;
    let domain = office.get("/domains", &bob).await;
    let name = domain.body.split("href=\"/domains/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let one = office.get(&format!("/domains/{name}"), &bob).await;
    assert!(one.body.contains(&format!("href=\"/domains/{name}/plan\"")), "{}", one.body);
    for (language, words) in [
        ("en", ["DNS plan", "To publish", "shows nothing"]),
        ("ja", ["DNS の計画", "公開するもの", "何もない"]),
    ] {
        let page = office.get(&format!("/domains/{name}/plan?lang={language}"), &bob).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for word in words {
            assert!(page.body.contains(word), "{word} is missing:\n{}", page.body);
        }
        assert!(page.body.contains("v=spf1 a:mail.shop.test"), "{}", page.body);
        assert!(page.body.contains(&format!("tegami dns apply {name} --by nsupdate")), "{}", page.body);
    }
    let file = office.get(&format!("/domains/{name}/plan/zone?changes=true"), &bob).await;
    assert!(file.body.contains(" IN MX 10 "), "{}", file.body);
    assert_eq!(office.get("/domains/nobody.test/plan", &bob).await.status, 404);
    assert_ne!(office.get(&format!("/domains/{name}/plan"), "").await.status, 200);
}
