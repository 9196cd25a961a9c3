use std::collections::BTreeMap;

use proptest::prelude::*;
use tegami_dns::{BoxFuture, DnsName, RecordType};

use super::*;
use crate::probe::{ServerAnswer, SmtpSeen};

const DIRECTORY: &str = r#"{
  "description": "RDAP bootstrap file", "publication": "2026-11-19T20:00:01Z", "version": "1.0",
  "services": [
    [["net", "com"], ["https://rdap.example.net/com/v1/"]],
    [["example.com"], ["http://plain.example.net/", "https://nearer.example.net/rdap"]],
    [["jp"], ["ftp://rdap.example.net/", "https://rdap.example.net:8443/", "https://user@rdap.example.net/"]],
    [["org"], "no list"], "nothing", [], [["dev"]]
  ]
}"#;

const ADDRESSES: &str = r#"{"services": [
    [["192.0.0.0/8"], ["https://rdap.example.net/"]],
    [["192.0.2.0/24", "198.51.100.0/24"], ["https://rdap.example.org/registry/"]],
    [["2001:db8::/32"], ["https://rdap.example.org/six/"]]
]}"#;

const DOMAIN: &str = r#"{
  "objectClassName": "domain", "handle": "2336799_DOMAIN", "ldhName": "EXAMPLE.COM.",
  "status": ["client transfer prohibited", "Client Hold"],
  "entities": [
    {"objectClassName": "entity", "roles": ["registrant"],
     "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "A person"]]]},
    {"objectClassName": "entity", "roles": ["registrar"],
     "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Registrar \u001b[31mLtd"]]]}
  ],
  "events": [
    {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
    {"eventAction": "expiration", "eventDate": "2027-08-13T04:00:00+09:00"},
    {"eventAction": "last changed", "eventDate": "2026-08-14"}
  ]
}"#;

fn domain(text: &str) -> Domain {
    Domain::parse(text).unwrap()
}

#[test]
fn the_longest_entry_names_the_registry() {
    let check = |text: &str, expected: Option<&str>| {
        let found = registry(DIRECTORY.as_bytes(), &domain(text));
        let found = found.map(|place| format!("https://{}{}", place.host, place.path));
        assert_eq!(found.as_deref(), expected, "{text}");
    };
    check("example.net", Some("https://rdap.example.net/com/v1/"));
    check("www.example.com", Some("https://nearer.example.net/rdap/"));
    check("other.com", Some("https://rdap.example.net/com/v1/"));
    for nowhere in ["example.jp", "example.org", "example.dev", "example.test"] {
        check(nowhere, None);
    }
    let address = |ip: &str| registry_of_address(ADDRESSES.as_bytes(), ip.parse().unwrap()).map(|at| at.path);
    assert_eq!(address("192.0.2.1").as_deref(), Some("/registry/"));
    assert_eq!(address("192.0.3.1").as_deref(), Some("/"));
    assert_eq!(address("2001:db8::1").as_deref(), Some("/six/"));
    assert_eq!(address("203.0.113.1"), None);
}

#[test]
fn a_registration_is_read_without_its_people() {
    let read = read_domain(DOMAIN.as_bytes(), &domain("example.com")).unwrap();
    let expected = Registration {
        name: "example.com".to_owned(),
        registered: Some("1995-08-14T04:00:00Z".parse().unwrap()),
        expires: Some("2027-08-12T19:00:00Z".parse().unwrap()),
        status: vec!["client transfer prohibited".to_owned(), "client hold".to_owned()],
        by: Some("Registrar [31mLtd".to_owned()),
    };
    assert_eq!(read, expected);
    assert_eq!(read_domain(DOMAIN.as_bytes(), &domain("example.org")), None, "another domain");
    assert_eq!(read_network(DOMAIN.as_bytes()), None);
    assert_eq!(moment("2026-08-14"), Some("2026-08-14T00:00:00Z".parse().unwrap()));
}

#[test]
fn a_network_has_a_holder() {
    let card = |kind: &str| {
        format!(
            r#"{{"objectClassName": "ip network", "name": "EXAMPLE-NET", "entities": [{{"roles": ["registrant"],
            "vcardArray": ["vcard", [["fn", {{}}, "text", "Example Hosting"], ["kind", {{}}, "text", "{kind}"]]]}}]}}"#
        )
    };
    let read = |kind: &str| read_network(card(kind).as_bytes()).unwrap();
    assert_eq!((read("org").name, read("org").by), ("EXAMPLE-NET".into(), Some("Example Hosting".into())));
    assert_eq!(read("individual").by, None);
}

proptest! {
    /// Whatever a registry sends.
    #[test]
    fn no_answer_makes_the_reader_panic(text in r#"([\[\]{},:"]|services|vcardArray|events|status|null|1|"[a-z/:.]{0,9}"|\PC){0,60}"#) {
        let _ = (
            read_domain(text.as_bytes(), &domain("example.com")),
            read_network(text.as_bytes()),
            registry(text.as_bytes(), &domain("example.com")),
            registry_of_address(text.as_bytes(), "192.0.2.1".parse().unwrap()),
            Place::parse(&text),
        );
    }
}

#[test]
fn deep_and_wrong_types_are_no_registration() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        deep.as_str(),
        "",
        "null",
        r#"{"objectClassName": "domain"}"#,
        r#"{"objectClassName": "domain", "ldhName": 5}"#,
        r#"{"objectClassName": ["domain"], "ldhName": "example.com"}"#,
    ] {
        assert_eq!(read_domain(text.as_bytes(), &domain("example.com")), None);
    }
    let odd = r#"{"objectClassName": "domain", "ldhName": "example.com", "status": "ok", "entities": {"roles": 1},
        "events": [{"eventAction": "expiration", "eventDate": 5}, {"eventAction": "registration", "eventDate": "soon"}]}"#;
    let expected = Registration { name: "example.com".into(), ..Registration::default() };
    assert_eq!(read_domain(odd.as_bytes(), &domain("example.com")), Some(expected));
}

/// A web of few documents: by `host/path`, a body or where it hands on to.
struct Web(BTreeMap<&'static str, Result<&'static str, &'static str>>, std::sync::atomic::AtomicUsize);

impl Probes for Web {
    fn smtp<'a>(&'a self, _: &'a Domain, _: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }

    fn https<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        _: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (status, body, location) = match self.0.get(format!("{host}{path}").as_str()) {
            Some(Ok(body)) => (200, *body, None),
            Some(Err(to)) => (302, "", Some((*to).to_owned())),
            None => (404, "", None),
        };
        let document = Document {
            status,
            content_type: "application/rdap+json".to_owned(),
            location,
            body: body.as_bytes().to_vec(),
            certificate: None,
        };
        Box::pin(async { Ok(document) })
    }

    fn ask_server<'a>(
        &'a self,
        _: IpAddr,
        _: &'a DnsName,
        _: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
        Box::pin(async { Err(Unprobed::Off) })
    }
}

#[tokio::test]
async fn the_registry_is_found_and_asked() {
    let web = Web(
        BTreeMap::from([
            ("data.iana.org/rdap/dns.json", Ok(DIRECTORY)),
            ("nearer.example.net/rdap/domain/example.com", Err("/there")),
            ("nearer.example.net/there", Err("https://last.example.net/example")),
            ("last.example.net/example", Ok(DOMAIN)),
            (
                "rdap.example.net/com/v1/domain/loop.com",
                Err("https://rdap.example.net/com/v1/domain/loop.com"),
            ),
            ("rdap.example.net/com/v1/domain/evil.com", Err("https://127.0.0.1/")),
            ("rdap.example.net/com/v1/domain/odd.com", Ok("<html>")),
        ]),
        std::sync::atomic::AtomicUsize::new(0),
    );
    let directory = Directory::default();
    let check = async |text: &str, expected: Result<&str, &str>| {
        let found = ask(&web, &directory, Registered::Domain(&domain(text))).await;
        let found = found.map(|found| found.name).map_err(|error| error.to_string());
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
    };
    check("example.com", Ok("example.com")).await;
    check("gone.com", Err("HTTP 404")).await;
    check("loop.com", Err("handed on too often")).await;
    check("evil.com", Err("handed on to \"https://127.0.0.1/\"")).await;
    check("odd.com", Err("the registry's answer cannot be read")).await;
    check("example.jp", Err("no registry with RDAP is known")).await;
    // The directory was asked for once.
    assert_eq!(web.1.load(std::sync::atomic::Ordering::Relaxed), 1 + 3 + 1 + 4 + 1 + 1);
}
