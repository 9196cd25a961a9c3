//! Zone text: what it may look like, and what it answers.

use expect_test::{Expect, expect};
use tegami_dns::{Data, DnsName, RecordType, Security, Zone, ZoneResolver};

/// Asks `name type` of the text, one question a line.
fn check(text: &str, questions: &str, expect: Expect) {
    let resolver = ZoneResolver::from_text(text).unwrap_or_else(|error| panic!("{error}"));
    let mut told = String::new();
    for question in questions.lines() {
        let (name, kind) = question.trim().split_once(' ').unwrap();
        let answer = resolver.answer(&DnsName::parse(name).unwrap(), kind.parse::<RecordType>().unwrap());
        let line = match answer {
            Ok(answer) => {
                let records: Vec<String> = answer
                    .records
                    .iter()
                    .map(|record| format!("{} {} {:?}", record.name, record.ttl.as_secs(), record.data))
                    .collect();
                let aliases: Vec<String> = answer.aliases.iter().map(|name| format!("{name} > ")).collect();
                let secure = if answer.security == Security::Secure { " secure" } else { "" };
                format!("{}{}{secure}", aliases.concat(), records.join(" | "))
            }
            Err(error) => error.to_string(),
        };
        told.push_str(&line);
        told.push('\n');
    }
    expect.assert_eq(&told);
}

fn refused(text: &str, expect: Expect) {
    expect.assert_eq(&format!("{}\n", Zone::parse(text).expect_err("this text is wrong")));
}

fn txt(text: &str) -> Vec<u8> {
    let resolver = ZoneResolver::from_text(text).unwrap_or_else(|error| panic!("{error}"));
    let answer = resolver.answer(&DnsName::parse("example.org").unwrap(), RecordType::Txt).unwrap();
    match answer.records.into_iter().next().unwrap().data {
        Data::Txt(text) => text.into_octets(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn character_strings_keep_their_borders() {
    let resolver = ZoneResolver::from_text("example.org. TXT \"v=spf1 a\" \" -all\"").unwrap();
    let answer = resolver.answer(&DnsName::parse("example.org").unwrap(), RecordType::Txt).unwrap();
    let Data::Txt(text) = &answer.records[0].data else { panic!("{answer:?}") };
    assert_eq!(&text[..], b"v=spf1 a -all");
    assert_eq!(text.borders(), [8]);
    assert_eq!(text.strings().collect::<Vec<_>>(), [b"v=spf1 a".as_slice(), b" -all"]);
    assert_eq!(tegami_dns::TxtData::from(vec![b'x'; 511]).borders(), [255, 510]);
    assert_eq!(tegami_dns::TxtData::from(vec![b'x'; 255]).borders(), []);
}

#[test]
fn records_of_every_type() {
    check(
        r#"
$ORIGIN example.org.
$TTL 1h
@   IN SOA ns1 hostmaster (
        2026010101 ; serial
        2h 15m 2w 300 )
    IN 60 NS ns1
    60 IN NS ns2.example.net.
    MX 10 mx
    MX 20 mx2.example.net.
    TXT "v=spf1 mx" " -all"
    SPF "v=spf1 -all"
    CAA 0 issue "ca.example.net; policy=ev"
mx  A 192.0.2.1
    AAAA 2001:db8::1
_25._tcp.mx TLSA 3 1 1 0123456789abcdef 0123
1.2.0.192.in-addr.arpa. PTR mx
www CNAME mx
null.example.org. MX 0 .
"#,
        "example.org SOA
         example.org NS
         example.org MX
         example.org TXT
         example.org SPF
         example.org CAA
         mx.example.org A
         MX.Example.ORG AAAA
         _25._tcp.mx.example.org TLSA
         1.2.0.192.in-addr.arpa PTR
         www.example.org CNAME
         www.example.org A
         null.example.org MX",
        expect![[r#"
            example.org 3600 Soa(DnsName { text: "ns1.example.org" }, DnsName { text: "hostmaster.example.org" }, [2026010101, 7200, 900, 1209600, 300])
            example.org 60 Ns(DnsName { text: "ns1.example.org" }) | example.org 60 Ns(DnsName { text: "ns2.example.net" })
            example.org 3600 Mx(MxHost { preference: 10, exchange: DnsName { text: "mx.example.org" } }) | example.org 3600 Mx(MxHost { preference: 20, exchange: DnsName { text: "mx2.example.net" } })
            example.org 3600 Txt(TxtData { octets: [118, 61, 115, 112, 102, 49, 32, 109, 120, 32, 45, 97, 108, 108], borders: [9] })
            example.org 3600 Spf(TxtData { octets: [118, 61, 115, 112, 102, 49, 32, 45, 97, 108, 108], borders: [] })
            example.org 3600 Caa(0, "issue", [99, 97, 46, 101, 120, 97, 109, 112, 108, 101, 46, 110, 101, 116, 59, 32, 112, 111, 108, 105, 99, 121, 61, 101, 118])
            mx.example.org 3600 A(192.0.2.1)
            mx.example.org 3600 Aaaa(2001:db8::1)
            _25._tcp.mx.example.org 3600 Tlsa(Tlsa { usage: 3, selector: 1, matching_type: 1, data: [1, 35, 69, 103, 137, 171, 205, 239, 1, 35] })
            1.2.0.192.in-addr.arpa 3600 Ptr(DnsName { text: "mx.example.org" })
            www.example.org 3600 Cname(DnsName { text: "mx.example.org" })
            mx.example.org > mx.example.org 3600 A(192.0.2.1)
            null.example.org 3600 Mx(MxHost { preference: 0, exchange: DnsName { text: "" } })
        "#]],
    );
}

#[test]
fn absence_says_whether_the_name_exists() {
    check(
        "a.b.example.org. A 192.0.2.1",
        "a.b.example.org MX
         b.example.org A
         org A
         c.example.org A
         x.a.b.example.org A",
        expect![[r#"
            NODATA
            NODATA
            NODATA
            NXDOMAIN
            NXDOMAIN
        "#]],
    );
}

#[test]
fn marks_fail_or_secure_the_answer() {
    check(
        "$ORIGIN example.org.
         $SECURE @
         $SERVFAIL broken
         $SERVFAIL half TXT
         $TIMEOUT silent.example.org. A
         $BOGUS forged
         half A 192.0.2.2
         out CNAME host.example.net.
         host.example.net. A 192.0.2.3
         to-broken CNAME broken",
        "broken.example.org A
         broken.example.org TYPE99
         half.example.org TXT
         half.example.org A
         silent.example.org A
         silent.example.org AAAA
         forged.example.org MX
         out.example.org A
         to-broken.example.org A",
        expect![[r#"
            SERVFAIL
            SERVFAIL
            SERVFAIL
            half.example.org 3600 A(192.0.2.2) secure
            timeout
            NODATA
            bogus (DNSSEC validation failed)
            host.example.net > host.example.net 3600 A(192.0.2.3)
            SERVFAIL
        "#]],
    );
}

#[test]
fn aliases_end_loop_or_lead_nowhere() {
    check(
        "a CNAME b\nb CNAME c\nc A 192.0.2.1\nloop CNAME loop\nx CNAME y\ny CNAME x\nlost CNAME gone.example",
        "a A
         a AAAA
         loop A
         x A
         lost A",
        expect![[r#"
            b > c > c 3600 A(192.0.2.1)
            NODATA
            malformed answer: the CNAME chain of loop has no end
            malformed answer: the CNAME chain of x has no end
            NXDOMAIN
        "#]],
    );
}

/// The zone of RFC 4592 section 2.2.1, without its delegation.
#[test]
fn wildcards() {
    check(
        r#"$ORIGIN example.
           *               3600  TXT   "this is a wildcard"
           *               3600  MX    10 host1.example.
           sub.*.example.        TXT   "this is not a wildcard"
           host1           3600  A     192.0.2.1
           _ssh._tcp.host1       TXT   "stands for the SRV record"
           $SERVFAIL       *.broken"#,
        "host3.example MX
         host3.example A
         foo.bar.example TXT
         host1.example MX
         sub.*.example MX
         _telnet._tcp.host1.example TXT
         host.*.example MX
         any.broken.example A",
        expect![[r#"
            host3.example 3600 Mx(MxHost { preference: 10, exchange: DnsName { text: "host1.example" } })
            NODATA
            foo.bar.example 3600 Txt(TxtData { octets: [116, 104, 105, 115, 32, 105, 115, 32, 97, 32, 119, 105, 108, 100, 99, 97, 114, 100], borders: [] })
            NODATA
            NODATA
            NXDOMAIN
            NXDOMAIN
            SERVFAIL
        "#]],
    );
}

#[test]
fn character_strings() {
    assert_eq!(txt(r#"example.org. TXT "a\"b\\c\065\;" d;e"#), br#"a"b\cA;d"#);
    assert_eq!(txt("example.org. TXT ( \"one\" ; comment )\n \"two\"\n ) "), b"onetwo");
    assert_eq!(txt("example.org. TXT \"\""), b"");
    assert_eq!(txt("example.org. TXT \"手紙\""), "手紙".as_bytes());
    assert_eq!(txt("example.org. TXT v=spf1\\ -all"), b"v=spf1 -all");
    assert_eq!(txt("example.org. TXT \\# 4 03 61 62 63\r\n"), b"abc");
    assert_eq!(txt("example.org. TYPE16 abc"), b"abc");
    assert_eq!(txt("\u{feff}$ORIGIN org.\nexample TXT abc"), b"abc");
}

#[test]
fn time_to_live() {
    check(
        "a A 192.0.2.1\nb 60 A 192.0.2.1\nc A 192.0.2.1\n$TTL 1d\nd A 192.0.2.1\ne 5 IN A 192.0.2.1\nf IN 1h30m A 192.0.2.1",
        "a A
         b A
         c A
         d A
         e A
         f A",
        expect![[r#"
            a 3600 A(192.0.2.1)
            b 60 A(192.0.2.1)
            c 60 A(192.0.2.1)
            d 86400 A(192.0.2.1)
            e 5 A(192.0.2.1)
            f 5400 A(192.0.2.1)
        "#]],
    );
}

/// Zone text stands indented inside programs, and hosts are called `mx` and `a`.
#[test]
fn indentation_is_forgiven_where_it_can_mean_nothing() {
    let questions = "mx.example.org A
         mx.example.org AAAA
         a.example.org A
         other.example.org A";
    let indented = "
        ; a comment
            $ORIGIN example.org.
            mx    A    192.0.2.1
                  AAAA 2001:db8::1
            a     A    192.0.2.2

            other A    192.0.2.3";
    let hanging = "$ORIGIN example.org.
            mx    A    192.0.2.1
                  AAAA 2001:db8::1
            a     A    192.0.2.2
            other A    192.0.2.3";
    for text in [indented, hanging] {
        check(
            text,
            questions,
            expect![[r#"
                mx.example.org 3600 A(192.0.2.1)
                mx.example.org 3600 Aaaa(2001:db8::1)
                a.example.org 3600 A(192.0.2.2)
                other.example.org 3600 A(192.0.2.3)
            "#]],
        );
    }
    refused(
        "  A 192.0.2.1",
        expect![[r#"
            line 1: `192.0.2.1` is not a type that is known here (A, AAAA, CNAME, CAA, DNSKEY, DS, MX, NS, NSEC3PARAM, PTR, SOA, SPF, SRV, TLSA, TXT); every other can be written as `TYPEnumber \# length hex`
        "#]],
    );
    refused(
        "a A 192.0.2.1\n  AAAA 192.0.2.1\n  MX 10",
        expect![[r#"
        line 2: `192.0.2.1` is not an IPv6 address
        line 3: the MX record lacks the name of a host
    "#]],
    );
}

#[test]
fn generic_form_of_types_that_are_not_ours() {
    check(
        "example.org. TYPE99 \\# 12 0b 76 3d 73706631202d616c6c\nexample.org. TYPE65280 \\# 0\nother.example. TYPE1 \\# 4 c0000201",
        "example.org SPF
         example.org TXT
         other.example A",
        expect![[r#"
            example.org 3600 Spf(TxtData { octets: [118, 61, 115, 112, 102, 49, 32, 45, 97, 108, 108], borders: [] })
            NODATA
            other.example 3600 A(192.0.2.1)
        "#]],
    );
}

#[test]
fn equal_records_are_kept_and_texts_merge() {
    let mut zone = Zone::parse("example.org. TXT \"v=spf1 -all\"\nexample.org. TXT \"v=spf1 -all\"").unwrap();
    zone.merge(Zone::parse("example.org. TXT other\n$SECURE example.org.").unwrap());
    let answer =
        ZoneResolver::new(zone).answer(&DnsName::parse("example.org").unwrap(), RecordType::Txt).unwrap();
    assert_eq!((answer.records.len(), answer.security), (3, Security::Secure));
}

#[test]
fn every_problem_is_told_with_its_line() {
    refused(
        r#"
example.org. A 192.0.2.256
example.org. A 192.0.2.1 192.0.2.2
example.org. HINFO 0 0 25 mx
example.org. TXT "open
$INCLUDE other.zone
$MAGIC
example.org. TYPE99 \# 3 00
example.org. CH TXT x
..example A 192.0.2.1
example.org. MX mx
example.org. 99999999999 A 192.0.2.1
example.org. 4000000000 A 192.0.2.1
example.org.
example.org. A )
example.org. TLSA 3 1 1 abc
example.org. TXT "bad \999"
example.org. (
A"#,
        expect![[r#"
            line 2: `192.0.2.256` is not an IPv4 address
            line 3: `192.0.2.2` is too much: the A record ends before it
            line 4: `HINFO` is not a type that is known here (A, AAAA, CNAME, CAA, DNSKEY, DS, MX, NS, NSEC3PARAM, PTR, SOA, SPF, SRV, TLSA, TXT); every other can be written as `TYPEnumber \# length hex`
            line 5: the quoted string is not closed on its line
            line 6: $INCLUDE is refused: zone text reads no other files
            line 7: $MAGIC is unknown: there are $ORIGIN, $TTL, $SERVFAIL, $TIMEOUT, $BOGUS and $SECURE
            line 8: `\#` promises 3 octets, but 1 follow
            line 9: class CH is not served, only IN is
            line 10: `..example` is not a name: a label of the name is empty or longer than 63 octets
            line 11: `mx` is not a preference from 0 to 65535
            line 12: `99999999999` is not a type that is known here (A, AAAA, CNAME, CAA, DNSKEY, DS, MX, NS, NSEC3PARAM, PTR, SOA, SPF, SRV, TLSA, TXT); every other can be written as `TYPEnumber \# length hex`
            line 13: the TTL `4000000000` is longer than 2147483647 seconds
            line 14: the record has no type
            line 15: this `)` closes nothing
            line 16: the data is not an even number of hexadecimal digits
            line 17: `bad \999` has a backslash that is followed by neither a character nor three digits up to 255
            line 18: this `(` is never closed
        "#]],
    );
}

#[test]
fn a_long_string_is_refused_with_advice() {
    let long = "a".repeat(256);
    refused(
        &format!("example.org. TXT \"{long}\""),
        expect![[r#"
            line 1: the character-string has 256 octets, and at most 255 fit (RFC 1035 section 3.3): split it into several strings, such as "first part" "second part"
        "#]],
    );
    let strings = format!("\"{}\" ", "a".repeat(255)).repeat(257);
    refused(
        &format!("example.org. TXT {strings}"),
        expect![[r#"
        line 1: the data of the TXT record has 65792 octets, and at most 65535 fit
    "#]],
    );
    assert_eq!(txt(&format!("example.org. TXT \"{}\" a", "a".repeat(255))).len(), 256);
}

/// The example of RFC 4034 section 5.4.
#[test]
fn a_key_has_the_tag_by_which_the_zone_above_names_it() {
    let zone = Zone::parse(
        "dskey.example.com. 86400 IN DNSKEY 256 3 5 ( AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ DRD99WYwYqUSdjMmmAphXdvx egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw== ) ; key id = 60485
         dskey.example.com. 86400 IN DS 60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )
         example.com. NSEC3PARAM 1 0 0 -",
    )
    .unwrap();
    let mut records = zone.records().map(|record| record.data);
    let (Some(Data::Dnskey(key)), Some(Data::Ds(ds))) = (records.next(), records.next()) else { panic!() };
    assert_eq!((key.tag(), ds.tag, key.key.len()), (60485, 60485, 130));
    assert_eq!(records.next().map(|data| data.to_string()).as_deref(), Some("1 0 0 -"));
}
