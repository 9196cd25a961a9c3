use expect_test::{Expect, expect};
use proptest::prelude::*;
use tegami_mail::HeaderLimits;

use super::*;

/// Everything that was found in a field.
fn shown(hop: &Hop) -> String {
    let texts = [
        ("helo", &hop.helo),
        ("name", &hop.name),
        ("by", &hop.by),
        ("with", &hop.with),
        ("via", &hop.via),
        ("id", &hop.id),
        ("for", &hop.recipient),
        ("version", &hop.tls_version),
        ("cipher", &hop.cipher),
    ];
    let mut shown: Vec<String> = texts
        .into_iter()
        .filter_map(|(name, text)| text.as_ref().map(|text| format!("{name}={text}")))
        .collect();
    shown.extend(hop.ip.map(|ip| format!("ip={ip}")));
    shown.extend(hop.by_ip.map(|ip| format!("by_ip={ip}")));
    shown.push(format!("{:?}", hop.tls));
    shown.push(hop.at.map_or_else(|| "no date".to_owned(), |at| at.to_string()));
    shown.join(" ")
}

/// The field with a date after it.
fn check(value: &str, expect: &Expect) {
    expect
        .assert_eq(&shown(&Hop::parse(format!("{value}; Mon, 6 Jul 2026 09:30:00 +0900 (JST)").as_bytes())));
}

#[test]
fn postfix() {
    check(
        "from mx.example.org (mail.example.org [192.0.2.1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256) (No client certificate requested) by in.example.net (Postfix) with ESMTPS id 4AB3cd for <b@example.net>",
        &expect![[
            r#"helo=mx.example.org name=mail.example.org by=in.example.net with=ESMTPS id=4AB3cd for=b@example.net version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 ip=192.0.2.1 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from laptop.local (unknown [IPv6:2001:db8::9]) (using TLSv1.3 with cipher TLS_AES_128_GCM_SHA256 (128/128 bits)) (Authenticated sender: alice@example.org) by mx.example.org (Postfix) with ESMTPSA id 4CD",
        &expect![[
            r#"helo=laptop.local by=mx.example.org with=ESMTPSA id=4CD version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 ip=2001:db8::9 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "by mx.example.org (Postfix, from userid 1000) id 4EF",
        &expect![[r#"by=mx.example.org id=4EF Unknown 2026-07-06T00:30:00Z"#]],
    );
}

#[test]
fn exim() {
    check(
        "from mail.example.org ([2001:db8::1]:49152 helo=mx.example.org) by in.example.net with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.96) (envelope-from <a@example.org>) id 1xyz-000-AB for b@example.net",
        &expect![[
            r#"helo=mx.example.org name=mail.example.org by=in.example.net with=esmtps id=1xyz-000-AB for=b@example.net version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 ip=2001:db8::1 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from [192.0.2.1] (port=40000 helo=pc) by mx.example.org with esmtpsa (TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384:256) (Exim 4.92) (envelope-from <a@example.org>) id 1abc",
        &expect![[
            r#"helo=pc by=mx.example.org with=esmtpsa id=1abc version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 ip=192.0.2.1 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from alice by mx.example.org with local (Exim 4.96) (envelope-from <alice@mx.example.org>) id 1def",
        &expect![[r#"helo=alice by=mx.example.org with=local id=1def Unknown 2026-07-06T00:30:00Z"#]],
    );
}

#[test]
fn sendmail() {
    check(
        "from [192.0.2.9] (root@host.example.org [192.0.2.9] (may be forged)) (authenticated bits=0) by mx.example.net (8.17.1/8.17.1) with ESMTPSA id 4660U0ab (version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO) for <b@example.net>",
        &expect![[
            r#"helo=[192.0.2.9] name=host.example.org by=mx.example.net with=ESMTPSA id=4660U0ab for=b@example.net version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 ip=192.0.2.9 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "(from alice@localhost) by mx.example.org (8.17.1/8.17.1/Submit) id 4660U0cd",
        &expect![[r#"by=mx.example.org id=4660U0cd Unknown 2026-07-06T00:30:00Z"#]],
    );
}

#[test]
fn qmail() {
    check(
        "from unknown (HELO mx.example.org) (192.0.2.1) by 0 with SMTP",
        &expect![[r#"helo=mx.example.org by=0 with=SMTP ip=192.0.2.1 Clear 2026-07-06T00:30:00Z"#]],
    );
    check(
        "from mail.example.org (HELO mx.example.org) (alice@example.org@192.0.2.1) by mx.example.net with ESMTPA",
        &expect![[
            r#"helo=mx.example.org name=mail.example.org by=mx.example.net with=ESMTPA ip=192.0.2.1 Clear 2026-07-06T00:30:00Z"#
        ]],
    );
    check("(qmail 12345 invoked by uid 0)", &expect![[r#"Unknown 2026-07-06T00:30:00Z"#]]);
}

#[test]
fn exchange() {
    check(
        "from AM0PR01MB1234.eurprd01.prod.example.com (2001:db8:10a6:20b::21) by VI1PR01MB5678.eurprd01.prod.example.com (2001:db8:10a6:800::5) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.7741.25",
        &expect![[
            r#"helo=AM0PR01MB1234.eurprd01.prod.example.com by=VI1PR01MB5678.eurprd01.prod.example.com with=Microsoft SMTP Server id=15.20.7741.25 version=TLSv1.2 cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 ip=2001:db8:10a6:20b::21 by_ip=2001:db8:10a6:800::5 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from EUR05-VI1-obe.outbound.example.com (192.0.2.40) by AM6EUR05FT012.mail.example.com (10.233.241.1) with Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.7741.25 via Frontend Transport",
        &expect![[
            r#"helo=EUR05-VI1-obe.outbound.example.com by=AM6EUR05FT012.mail.example.com with=Microsoft SMTP Server via=Frontend Transport id=15.20.7741.25 version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 ip=192.0.2.40 by_ip=10.233.241.1 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from AM0PR01MB1234.eurprd01.prod.example.com ([fe80::1:2%4]) by AM0PR01MB1234.eurprd01.prod.example.com ([fe80::1:2%4]) with mapi id 15.20.7741.025",
        &expect![[
            r#"helo=AM0PR01MB1234.eurprd01.prod.example.com by=AM0PR01MB1234.eurprd01.prod.example.com with=mapi id=15.20.7741.025 ip=fe80::1:2 by_ip=fe80::1:2 Unknown 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from EXCH.corp.local (10.0.0.5) by EXCH.corp.local (10.0.0.5) with Microsoft SMTP Server (TLS) id 14.3.123.3",
        &expect![[
            r#"helo=EXCH.corp.local by=EXCH.corp.local with=Microsoft SMTP Server id=14.3.123.3 ip=10.0.0.5 by_ip=10.0.0.5 Used 2026-07-06T00:30:00Z"#
        ]],
    );
}

#[test]
fn large_providers() {
    // As Gmail writes them.
    check(
        "by 2002:a05:6a10:1234:0:0:0:0 with SMTP id ab12csp1234567pxb",
        &expect![[
            r#"by=2002:a05:6a10:1234:0:0:0:0 with=SMTP id=ab12csp1234567pxb by_ip=2002:a05:6a10:1234:: Clear 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from mail-sor-f41.example.org (mail-sor-f41.example.org. [192.0.2.41]) by mx.example.com with SMTPS id a640c23a62f3a-1.2.3 for <b@example.com> (Google Transport Security)",
        &expect![[
            r#"helo=mail-sor-f41.example.org name=mail-sor-f41.example.org by=mx.example.com with=SMTPS id=a640c23a62f3a-1.2.3 for=b@example.com ip=192.0.2.41 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from mail.example.org (mail.example.org. [2001:db8::1]) by mx.example.com with ESMTPS id x1-2.3 for <b@example.com> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)",
        &expect![[
            r#"helo=mail.example.org name=mail.example.org by=mx.example.com with=ESMTPS id=x1-2.3 for=b@example.com version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 ip=2001:db8::1 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    // As Yahoo writes them.
    check(
        "from sonic.gate.mail.example.com by sonic301.consmr.mail.example.com with HTTP",
        &expect![[
            r#"helo=sonic.gate.mail.example.com by=sonic301.consmr.mail.example.com with=HTTP Unknown 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "by hermes--production-1-abc (Yahoo Inc. Hermes SMTP Server) with ESMTPA ID 5f8b2d",
        &expect![[r#"by=hermes--production-1-abc with=ESMTPA id=5f8b2d Clear 2026-07-06T00:30:00Z"#]],
    );
    check(
        "from [192.0.2.77] by web101.mail.example.com via HTTP",
        &expect![[
            r#"helo=[192.0.2.77] by=web101.mail.example.com via=HTTP ip=192.0.2.77 Unknown 2026-07-06T00:30:00Z"#
        ]],
    );
    // As Amazon SES is told of by the next host.
    check(
        "from a8-31.smtp-out.example.com (a8-31.smtp-out.example.com [192.0.2.31]) (using TLSv1.2 with cipher ECDHE-RSA-AES128-GCM-SHA256 (128/128 bits)) by mx.example.net (Postfix) with ESMTPS id 5GH",
        &expect![[
            r#"helo=a8-31.smtp-out.example.com name=a8-31.smtp-out.example.com by=mx.example.net with=ESMTPS id=5GH version=TLSv1.2 cipher=ECDHE-RSA-AES128-GCM-SHA256 ip=192.0.2.31 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    // As Apple writes them.
    check(
        "from smtpclient.example.com (p00-icloudmta-asmtp-us-east-1a-60-percent-8 [10.1.2.3]) by p00-icloudmta-asmtp-us-east-1a.example.com (Postfix) with ESMTPSA id 3EB1800ABC",
        &expect![[
            r#"helo=smtpclient.example.com by=p00-icloudmta-asmtp-us-east-1a.example.com with=ESMTPSA id=3EB1800ABC ip=10.1.2.3 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from mr21p30im-asmtp004.example.com (Oracle Communications Messaging Server 7.0.5.33.0 64bit (built Aug 27 2014)) id <0NFC0035VKOVHW00@mr21p30im-asmtp004.example.com>",
        &expect![[
            r#"helo=mr21p30im-asmtp004.example.com id=<0NFC0035VKOVHW00@mr21p30im-asmtp004.example.com> Unknown 2026-07-06T00:30:00Z"#
        ]],
    );
    // As the mail of Japanese mobile telephones has them.
    check(
        "from mail.docomo.example.jp (mail.docomo.example.jp [192.0.2.65]) by in.example.jp (8.14.4/3.7W) with ESMTP id r1AB",
        &expect![[
            r#"helo=mail.docomo.example.jp name=mail.docomo.example.jp by=in.example.jp with=ESMTP id=r1AB ip=192.0.2.65 Clear 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from mfsmax.docomo.example.jp(192.0.2.66) by mx.example.jp via smap (V2.1) id xma001234",
        &expect![[
            r#"helo=mfsmax.docomo.example.jp by=mx.example.jp via=smap id=xma001234 ip=192.0.2.66 Unknown 2026-07-06T00:30:00Z"#
        ]],
    );
}

#[test]
fn other_servers() {
    // Haraka
    check(
        "from mx.example.org (mx.example.org [192.0.2.1]) by in.example.net (Haraka/3.0.3) with ESMTPS id 0A1B-2C3D.1 envelope-from <a@example.org> tls TLS_AES_256_GCM_SHA384 (authenticated bits=0)",
        &expect![[
            r#"helo=mx.example.org name=mx.example.org by=in.example.net with=ESMTPS id=0A1B-2C3D.1 cipher=TLS_AES_256_GCM_SHA384 ip=192.0.2.1 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check("(Haraka outbound)", &expect![[r#"Unknown 2026-07-06T00:30:00Z"#]]);
    // mox
    check(
        "from mx.example.org ([192.0.2.1]) by in.example.net ([203.0.113.4]) via tcp with ESMTPS id 7Hq (TLS1.3 TLS_AES_128_GCM_SHA256) for <b@example.net>",
        &expect![[
            r#"helo=mx.example.org by=in.example.net with=ESMTPS via=tcp id=7Hq for=b@example.net version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 ip=192.0.2.1 by_ip=203.0.113.4 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    // OpenSMTPD
    check(
        "from mx.example.org (mx.example.org [192.0.2.1]) by in.example.net (OpenSMTPD) with ESMTPS id 1a2b3c4d (TLSv1.3:TLS_CHACHA20_POLY1305_SHA256:256:NO) for <b@example.net>",
        &expect![
            "helo=mx.example.org name=mx.example.org by=in.example.net with=ESMTPS id=1a2b3c4d for=b@example.net version=TLSv1.3 cipher=TLS_CHACHA20_POLY1305_SHA256 ip=192.0.2.1 Used 2026-07-06T00:30:00Z"
        ],
    );
    // CommuniGate, MDaemon, and a gateway that writes what it likes
    check(
        "from [192.0.2.8] (account alice@example.org HELO pc.example.org) by mx.example.org (CommuniGate Pro SMTP 6.3) with ESMTPSA id 1234",
        &expect![[
            r#"helo=pc.example.org by=mx.example.org with=ESMTPSA id=1234 ip=192.0.2.8 Used 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from mx.example.org by in.example.net ([203.0.113.4] running MDaemon) with SMTP id md50001.msg for <b@example.net>",
        &expect![[
            r#"helo=mx.example.org by=in.example.net with=SMTP id=md50001.msg for=b@example.net by_ip=203.0.113.4 Clear 2026-07-06T00:30:00Z"#
        ]],
    );
    check(
        "from tls.example.org (ssl.tls.example.org [192.0.2.1]) (no TLS) by in.example.net with ESMTP; (no date here)",
        &expect![[
            r#"helo=tls.example.org name=ssl.tls.example.org by=in.example.net with=ESMTP ip=192.0.2.1 Clear 2026-07-06T00:30:00Z"#
        ]],
    );
}

#[test]
fn what_makes_no_sense() {
    let check = |value: &str, expect: &Expect| expect.assert_eq(&shown(&Hop::parse(value.as_bytes())));
    check("nonsense", &expect![[r#"Unknown no date"#]]);
    check("from a (b (c [192.0.2.1", &expect![[r#"helo=a Unknown no date"#]]);
    check("from by with id for", &expect![[r#"Unknown no date"#]]);
    check(
        "from 192.0.2.1 by x; sometime; Tue, 3 Jan 2017 12:22:54 -0800 (PST); later",
        &expect![[r#"helo=192.0.2.1 by=x ip=192.0.2.1 Unknown 2017-01-03T20:22:54Z"#]],
    );
}

const CHAIN: &[u8] = b"Received: by store.example.net with LMTP; Mon, 6 Jul 2026 00:00:30 +0000\r\n\
    Received: from mx.example.org (mx.example.org [192.0.2.1]) by in.example.net with ESMTPS;\r\n\tMon, 6 Jul 2026 00:00:20 +0000\r\n\
    Received: from forged ([198.51.100.1]) by nobody; sometime\r\n\
    Received: from pc ([10.0.0.1]) by mx.example.org; Mon, 6 Jul 2026 00:00:00 +0000\r\n";

#[test]
fn hops_come_in_the_order_of_time() {
    let section = HeaderSection::parse(CHAIN, HeaderLimits::GENEROUS).unwrap();
    let hops = chain(&section, "192.0.2.1".parse().ok());
    let seen: Vec<_> = hops
        .iter()
        .map(|hop| (hop.delay.map(|delay| delay.as_secs()), hop.verified, hop.left_network))
        .collect();
    assert_eq!(
        seen,
        [(None, false, false), (None, false, false), (Some(20), true, true), (Some(10), true, false)]
    );
    assert_eq!(entrance(&hops).unwrap().helo.as_deref(), Some("mx.example.org"));
    assert!(chain(&section, None).iter().all(|hop| !hop.verified));
    assert_eq!(entrance(&hops[3..]), None);
}

#[test]
fn where_a_message_leaves_its_authors_network() {
    let check = |fields: &[&str], expected: Option<usize>| {
        let text: String = fields.iter().map(|field| format!("Received: {field}\r\n")).collect();
        let section = HeaderSection::parse(text.as_bytes(), HeaderLimits::GENEROUS).unwrap();
        let mut hops = chain(&section, None);
        hops.reverse();
        assert_eq!(hops.iter().position(|hop| hop.left_network), expected, "{fields:?}");
    };
    // The uppermost first. An authenticated user is at home at any address.
    check(
        &[
            "from out.example.co.jp (out.example.co.jp [192.0.2.1]) by mx.other.co.jp with ESMTPS",
            "from in.example.co.jp (in.example.co.jp [192.0.2.2]) by out.example.co.jp with ESMTP",
            "from pc (dsl-7.provider.example.net [203.0.113.7]) by in.example.co.jp with ESMTPSA",
        ],
        Some(0),
    );
    // A forwarder behind it is another organization, but not the first.
    check(
        &[
            "from fwd.example.net (fwd.example.net [192.0.2.9]) by mx.example.com with ESMTPS",
            "from out.example.org (out.example.org [192.0.2.1]) by fwd.example.net with ESMTPS",
            "from localhost (localhost [127.0.0.1]) by out.example.org with ESMTP",
        ],
        Some(1),
    );
    check(&["from unknown (HELO x) (203.0.113.9) by mx.example.org with SMTP"], Some(0));
    check(&["by mx.example.org with SMTP", "from web.example.net by mx.example.org with HTTP"], None);
    check(&["from a.example.org by 0 with SMTP", "nonsense"], None);
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, words in "((from|by|with|id|for|via|tls|helo=)? ?[(;)\\[\\]<>a1.: \\\\あ]{0,6}){0,12}") {
        for value in [bytes.as_slice(), words.as_bytes()] {
            let hop = Hop::parse(value);
            let texts = [
                &hop.helo, &hop.name, &hop.by, &hop.with, &hop.via, &hop.id, &hop.recipient, &hop.tls_version,
                &hop.cipher,
            ];
            prop_assert!(texts.into_iter().flatten().all(|text| !text.contains(char::is_control)));
        }
    }
}
