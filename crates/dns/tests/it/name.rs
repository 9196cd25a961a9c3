//! Names: escapes, limits, their way to addresses and up the tree.

use std::net::IpAddr;

use tegami_dns::{DnsName, DnsNameError};

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

#[test]
fn presentation_form() {
    assert_eq!(name("Example.ORG.").as_str(), "example.org");
    assert_eq!(name(r"a\.b.example").as_str(), r"a\.b.example");
    assert_eq!(name(r"\065\000.example").as_str(), r"a\000.example");
    assert!(name(".").is_root() && name("").is_root());
    assert_eq!(DnsName::parse("a..b"), Err(DnsNameError::BadLabel));
    assert_eq!(DnsName::parse(r"a\"), Err(DnsNameError::BadEscape));
    assert_eq!(DnsName::parse(r"\256"), Err(DnsNameError::BadEscape));
    assert_eq!(DnsName::parse(&"a".repeat(64)), Err(DnsNameError::BadLabel));
    assert_eq!(DnsName::parse(&"a.".repeat(127)).map(|name| name.as_str().len()), Ok(253));
    assert_eq!(DnsName::parse(&"a.".repeat(128)), Err(DnsNameError::TooLong));
}

#[test]
fn tree() {
    assert_eq!(name(r"a\.b.example.org").parent(), Some(name("example.org")));
    assert_eq!(name("org").parent(), Some(DnsName::root()));
    assert_eq!(DnsName::root().parent(), None);
    assert!(name("a.example.org").is_within(&name("example.org")));
    assert!(name("example.org").is_within(&DnsName::root()));
    assert!(!name("badexample.org").is_within(&name("example.org")));
    assert_eq!(name("org").prepend("_dmarc.example"), Ok(name("_dmarc.example.org")));
}

#[test]
fn addresses() {
    let reverse = |ip: &str| DnsName::reverse(ip.parse::<IpAddr>().unwrap()).to_string();
    assert_eq!(reverse("192.0.2.10"), "10.2.0.192.in-addr.arpa");
    assert_eq!(
        reverse("2001:db8::ab"),
        "b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    );
}
