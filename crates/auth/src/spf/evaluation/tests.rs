//! Single rules of the evaluation.

use expect_test::{Expect, expect};
use jiff::Timestamp;
use tegami_dns::{Resolver, ZoneResolver};
use tegami_mail::{Address, ReversePath};

use super::super::{check_helo, check_mail_from};
use super::*;

fn show(verdict: &Verdict) -> String {
    let mut shown = format!(
        "{} {} {} lookups={} void={} decided by {:?}\n",
        verdict.result.as_str(),
        verdict.identity.as_str(),
        verdict.domain,
        verdict.lookups,
        verdict.void_lookups,
        verdict.mechanism(),
    );
    if let Some(text) = &verdict.explanation {
        shown.push_str(&format!("explanation: {text}\n"));
    }
    shown + &crate::step::show(&verdict.steps)
}

fn check(zone: &str, ip: &str, mail_from: &str, expect: &Expect) {
    let mail_from = match mail_from {
        "" => ReversePath::Null,
        text => ReversePath::Address(Address::parse(text).unwrap()),
    };
    let request = Request {
        ip: ip.parse().unwrap(),
        helo: "mail.example.org",
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: Timestamp::UNIX_EPOCH,
    };
    let resolver = ZoneResolver::from_text(zone).unwrap();
    expect.assert_eq(&show(&crate::step::block_on(check_mail_from(&request, &resolver))));
}

#[test]
fn include_redirect_and_explanation() {
    let zone = "
            example.org.      TXT \"v=spf1 include:spf.example.net redirect=%{d2}.example.net\"
            spf.example.net.  TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"
            example.org.example.net.  TXT \"v=spf1 mx a:absent.example.net -all exp=why.example.net\"
            example.org.example.net.  MX 10 mx.example.net.
            mx.example.net.   A 198.51.100.1
            why.example.net.  TXT \"%{c} may not send for %{o}\"
        ";
    check(
        zone,
        "192.0.2.7",
        "someone@example.org",
        &expect![[r#"
            pass mailfrom example.org lookups=1 void=0 decided by Some("include:spf.example.net")
            TXT [example.org] found | spf-record-found record=v=spf1 include:spf.example.net redirect=%{d2}.example.net | RFC 7208 section 4.5
            include:spf.example.net [example.org] match | spf-include-pass target=spf.example.net | RFC 7208 section 5.2
              TXT [spf.example.net] found | spf-record-found record=v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all | RFC 7208 section 4.5
              ip4:192.0.2.0/24 [spf.example.net] match | spf-network-match ip=192.0.2.7 network=192.0.2.0/24 | RFC 7208 section 5.6
        "#]],
    );
    check(
        zone,
        "203.0.113.9",
        "someone@example.org",
        &expect![[r#"
                fail mailfrom example.org lookups=4 void=1 decided by Some("-all")
                explanation: 203.0.113.9 may not send for example.org
                TXT [example.org] found | spf-record-found record=v=spf1 include:spf.example.net redirect=%{d2}.example.net | RFC 7208 section 4.5
                include:spf.example.net [example.org] no-match | spf-include-no-pass target=spf.example.net result=fail | RFC 7208 section 5.2
                  TXT [spf.example.net] found | spf-record-found record=v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all | RFC 7208 section 4.5
                  ip4:192.0.2.0/24 [spf.example.net] no-match | spf-network-no-match ip=203.0.113.9 network=192.0.2.0/24 | RFC 7208 section 5.6
                  ip6:2001:db8::/32 [spf.example.net] no-match | spf-network-other-family ip=203.0.113.9 network=2001:db8::/32 | RFC 7208 section 5.6
                  -all [spf.example.net] match | spf-all  | RFC 7208 section 5.1
                redirect=%{d2}.example.net [example.org] fail | spf-redirect target=example.org.example.net result=fail | RFC 7208 section 6.1
                  TXT [example.org.example.net] found | spf-record-found record=v=spf1 mx a:absent.example.net -all exp=why.example.net | RFC 7208 section 4.5
                  mx [example.org.example.net] no-match | spf-mx-no-match name=example.org.example.net hosts=mx.example.net ip=203.0.113.9 addresses=198.51.100.1 | RFC 7208 section 5.4
                  a:absent.example.net [example.org.example.net] no-match | spf-void name=absent.example.net error=NXDOMAIN | RFC 7208 section 5.3
                  -all [example.org.example.net] match | spf-all  | RFC 7208 section 5.1
                exp=why.example.net [example.org.example.net] found | spf-explanation text=203.0.113.9 may not send for example.org | RFC 7208 section 6.2
            "#]],
    );
    check(
        zone,
        "::ffff:198.51.100.1",
        "someone@example.org",
        &expect![[r#"
                pass mailfrom example.org lookups=3 void=0 decided by Some("mx")
                TXT [example.org] found | spf-record-found record=v=spf1 include:spf.example.net redirect=%{d2}.example.net | RFC 7208 section 4.5
                include:spf.example.net [example.org] no-match | spf-include-no-pass target=spf.example.net result=fail | RFC 7208 section 5.2
                  TXT [spf.example.net] found | spf-record-found record=v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all | RFC 7208 section 4.5
                  ip4:192.0.2.0/24 [spf.example.net] no-match | spf-network-no-match ip=198.51.100.1 network=192.0.2.0/24 | RFC 7208 section 5.6
                  ip6:2001:db8::/32 [spf.example.net] no-match | spf-network-other-family ip=198.51.100.1 network=2001:db8::/32 | RFC 7208 section 5.6
                  -all [spf.example.net] match | spf-all  | RFC 7208 section 5.1
                redirect=%{d2}.example.net [example.org] pass | spf-redirect target=example.org.example.net result=pass | RFC 7208 section 6.1
                  TXT [example.org.example.net] found | spf-record-found record=v=spf1 mx a:absent.example.net -all exp=why.example.net | RFC 7208 section 4.5
                  mx [example.org.example.net] match | spf-mx-match name=example.org.example.net host=mx.example.net ip=198.51.100.1 network=198.51.100.1/32 | RFC 7208 section 5.4
            "#]],
    );
}

#[test]
fn failures_of_the_dns() {
    let zone = "
            example.org.      TXT \"v=spf1 a:broken.example.net -all\"
            mail.example.org. TXT \"v=spf1 ptr exists:%{i}.example.net -all\"
            $SERVFAIL broken.example.net
            $BOGUS example.net TXT
            $TIMEOUT 7.2.0.192.in-addr.arpa
        ";
    check(
        zone,
        "192.0.2.7",
        "someone@example.org",
        &expect![[r#"
            temperror mailfrom example.org lookups=1 void=0 decided by None
            TXT [example.org] found | spf-record-found record=v=spf1 a:broken.example.net -all | RFC 7208 section 4.5
            a:broken.example.net [example.org] error | spf-dns-error name=broken.example.net error=SERVFAIL | RFC 7208 section 5.3
        "#]],
    );
    check(
        zone,
        "192.0.2.7",
        "someone@example.net",
        &expect![[r#"
            temperror mailfrom example.net lookups=0 void=0 decided by None
            TXT [example.net] error | spf-dns-error name=example.net error=bogus (DNSSEC validation failed) | RFC 7208 section 4.4
        "#]],
    );
    check(
        zone,
        "192.0.2.7",
        "",
        &expect![[r#"
            fail mailfrom mail.example.org lookups=2 void=1 decided by Some("-all")
            TXT [mail.example.org] found | spf-record-found record=v=spf1 ptr exists:%{i}.example.net -all | RFC 7208 section 4.5
            ptr [mail.example.org] no-match | spf-ptr-void ip=192.0.2.7 error=timeout | RFC 7208 section 5.5
            exists:%{i}.example.net [mail.example.org] no-match | spf-void name=192.0.2.7.example.net error=NXDOMAIN | RFC 7208 section 5.7
            -all [mail.example.org] match | spf-all  | RFC 7208 section 5.1
        "#]],
    );
}

#[test]
fn broken_records() {
    let zone = "
            example.org. TXT \"v=spf1 ip4:192.0.2.1 a:192.0.2.7 -all\"
            example.net. TXT \"v=spf1 -all\"
            example.net. TXT \"v=spf1 mx -all\"
            example.com. TXT \"v=spf1 a a a a a a a a a a a -all\"
            example.com. A 198.51.100.1
        ";
    check(
        zone,
        "192.0.2.1",
        "someone@example.org",
        &expect![[r#"
            permerror mailfrom example.org lookups=0 void=0 decided by None
            a:192.0.2.7 [example.org] error | spf-syntax-address-as-domain column=24 term=a:192.0.2.7 | RFC 7208 section 4.6
        "#]],
    );
    check(
        zone,
        "192.0.2.1",
        "someone@example.net",
        &expect![[r#"
            permerror mailfrom example.net lookups=0 void=0 decided by None
            TXT [example.net] error | spf-record-multiple domain=example.net count=2 | RFC 7208 section 4.5
        "#]],
    );
    check(
        zone,
        "192.0.2.1",
        "someone@example.com",
        &expect![[r#"
            permerror mailfrom example.com lookups=11 void=0 decided by None
            TXT [example.com] found | spf-record-found record=v=spf1 a a a a a a a a a a a -all | RFC 7208 section 4.5
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] no-match | spf-address-no-match name=example.com ip=192.0.2.1 addresses=198.51.100.1 | RFC 7208 section 5.3
            a [example.com] error | spf-lookup-limit limit=10 | RFC 7208 section 4.6.4
        "#]],
    );
    check(
        zone,
        "192.0.2.1",
        "someone@[192.0.2.1]",
        &expect![[r#"
            none mailfrom [192.0.2.1] lookups=0 void=0 decided by None
            [192.0.2.1] [[192.0.2.1]] none | spf-domain-malformed domain=[192.0.2.1] | RFC 7208 section 4.3
        "#]],
    );
}

#[test]
fn helo_is_an_identity_of_its_own() {
    let mail_from = ReversePath::Address(Address::parse("a@example.net").unwrap());
    let request = Request {
        ip: "192.0.2.1".parse().unwrap(),
        helo: "mail.example.org",
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: Timestamp::UNIX_EPOCH,
    };
    let zone =
        "mail.example.org. TXT \"v=spf1 exists:%{l}.%{h} -all\"\npostmaster.mail.example.org. A 127.0.0.2";
    let resolver = ZoneResolver::from_text(zone).unwrap();
    expect![[r#"
            pass helo mail.example.org lookups=1 void=0 decided by Some("exists:%{l}.%{h}")
            TXT [mail.example.org] found | spf-record-found record=v=spf1 exists:%{l}.%{h} -all | RFC 7208 section 4.5
            exists:%{l}.%{h} [mail.example.org] match | spf-exists-match name=postmaster.mail.example.org addresses=127.0.0.2 | RFC 7208 section 5.7
        "#]].assert_eq(&show(&crate::step::block_on(check_helo(&request, &resolver))));
}

/// Has every record that is asked for, at every name.
struct Everywhere {
    text: Vec<u8>,
}

impl Resolver for Everywhere {
    fn lookup<'a>(
        &'a self,
        name: &'a DnsName,
        kind: tegami_dns::RecordType,
    ) -> tegami_dns::BoxFuture<'a, Result<tegami_dns::Answer, DnsError>> {
        use tegami_dns::{Answer, Data, MxHost, Record, RecordType, Security};
        let data = match kind {
            RecordType::Txt => Data::Txt(self.text.clone().into()),
            RecordType::A => Data::A([198, 51, 100, 1].into()),
            RecordType::Mx => Data::Mx(MxHost { preference: 10, exchange: name.clone() }),
            RecordType::Ptr => Data::Ptr(name.clone()),
            _ => return Box::pin(std::future::ready(Err(DnsError::NoData))),
        };
        let record = Record { name: name.clone(), ttl: std::time::Duration::ZERO, data };
        let answer = Answer { records: vec![record], aliases: Vec::new(), security: Security::Insecure };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

proptest::proptest! {
    #[test]
    fn every_record_comes_to_an_end(
        terms in "( [-~?]?(a|mx|ptr|include:|redirect=|exists:|exp=|x=)(:?(%[{][sldipvhR][1-9]?r?[-.]?[}]|[a-z]{1,3}){1,4}[.]org)?(//?[0-9]{1,2})?){0,14}",
        helo in ".{0,20}",
    ) {
        let resolver = Everywhere { text: format!("v=spf1{terms}").into_bytes() };
        let mail_from = ReversePath::Address(Address::parse("\"a b\"@example.org").unwrap());
        let (ip, now) = ("192.0.2.1".parse().unwrap(), Timestamp::UNIX_EPOCH);
        let request = Request { ip, helo: &helo, mail_from: &mail_from, receiver: "mx.example.com", now };
        let found = crate::step::block_on(check_mail_from(&request, &resolver));
        proptest::prop_assert!(!found.steps.is_empty());
        proptest::prop_assert!(found.lookups <= MAX_LOOKUPS + 1);
    }
}

#[test]
fn prefixes() {
    let within =
        |ip: &str, network: &str, length| in_network(ip.parse().unwrap(), network.parse().unwrap(), length);
    assert!(within("192.0.2.1", "198.51.100.1", 0));
    assert!(within("192.0.2.1", "192.0.2.254", 24));
    assert!(!within("192.0.2.1", "192.0.2.2", 32));
    assert!(within("2001:db8::1", "::", 0));
    assert!(within("2001:db8::1", "2001:db8::ffff", 112));
    assert!(!within("2001:db8::1", "2001:db8::2", 128));
    assert!(!within("192.0.2.1", "::", 0));
}
