use expect_test::{Expect, expect};
use tegami_mail::HeaderLimits;
use tegami_mail::line::to_crlf;

use super::*;

fn read(text: &str) -> Headers {
    let content = to_crlf(text.as_bytes());
    Headers::read(&HeaderSection::parse(&content, HeaderLimits::GENEROUS).unwrap(), None)
}

/// The receiver, the results with their trust, and the remarks.
fn check(text: &str, expect: &Expect) {
    let headers = read(text);
    let mut told = format!("receiver {}\n", headers.receiver.as_deref().unwrap_or("–"));
    for results in &headers.results {
        let methods: Vec<_> =
            results.methods.iter().map(|one| format!("{}={}", one.method, one.result)).collect();
        let by = results.by.as_deref().unwrap_or("–");
        told += &format!("{} {by}: {} {}\n", results.field, results.trust.as_str(), methods.join(" "));
    }
    for remark in &headers.remarks {
        told += &format!("{}{}\n", if remark.bad { "! " } else { "" }, remark.id);
    }
    expect.assert_eq(&told);
}

/// As Google's receivers write it: results below the Received field of the border.
const GOOGLE: &str = "Delivered-To: hana@example.com
Received: by 2002:a05:1::1 with SMTP id x; Sat, 21 Nov 2026 03:00:05 -0800 (PST)
ARC-Authentication-Results: i=1; mx.google.com; dkim=pass header.i=@example.org; spf=pass; dmarc=pass
Return-Path: <bounce@mail.example.net>
Received: from out.example.org (out.example.org. [203.0.113.7]) by mx.google.com with ESMTPS id y
 for <hana@example.com> (version=TLS1_3 cipher=X bits=128/128); Sat, 21 Nov 2026 03:00:04 -0800 (PST)
Received-SPF: pass (google.com: domain of bounce@mail.example.net designates 203.0.113.7) client-ip=203.0.113.7;
Authentication-Results: mx.google.com; dkim=pass header.i=@example.org header.s=s1; dmarc=pass header.from=example.org
DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from:to; bh=x; b=y
Received: from app.example.org ([10.0.0.1]) by out.example.org with ESMTPSA; Sat, 21 Nov 2026 10:40:00 +0000
Date: Sat, 21 Nov 2026 10:40:00 +0000
From: Shop <shop@example.org>
Reply-To: help@example.com
To: hana@example.com
";

#[test]
fn results_below_the_border_in_its_name_are_the_receivers() {
    check(
        GOOGLE,
        &expect![[r#"
        receiver mx.google.com
        ARC-Authentication-Results mx.google.com: sealed dkim=pass spf=pass dmarc=pass
        Received-SPF google.com: receiver spf=pass
        Authentication-Results mx.google.com: receiver dkim=pass dmarc=pass
        reply-elsewhere
        return-elsewhere
        slow-hop
    "#]],
    );
    let headers = read(GOOGLE);
    assert_eq!(headers.duration().map(|time| time.as_secs()), Some(1205));
    assert_eq!(headers.signatures[0].domain, "example.org");
    assert!(!headers.is_suspicious());
}

#[test]
fn what_came_along_is_not_believed() {
    check(
        "Authentication-Results: mx.example.com; dmarc=fail header.from=bank.test
Received: from cheap.example.net (cheap.example.net [203.0.113.66]) by mx.example.com; Sat, 21 Nov 2026 10:00:00 +0000
Received: from mail.bank.test (mail.bank.test [203.0.113.9]) by relay.example.net; Sat, 21 Nov 2026 11:00:00 +0000
Authentication-Results: mx.example.com; dmarc=pass header.from=bank.test
Authentication-Results: relay.example.net; spf=pass
From: \"security@bank.test\" <x@cheap.example.net>
From: <security@bank.test>
Subject: locked
",
        &expect![[r#"
            receiver mx.example.com
            Authentication-Results mx.example.com: receiver dmarc=fail
            Authentication-Results mx.example.com: forged dmarc=pass
            Authentication-Results relay.example.net: brought spf=pass
            ! results-forged
            ! field-twice
            ! field-missing
            ! name-is-an-address
            time-goes-back
        "#]],
    );
}

/// Microsoft's receivers give no authserv-id.
#[test]
fn results_without_a_name_go_by_their_place() {
    check(
        "Received: from a.example.com by b.example.com; Sat, 21 Nov 2026 10:00:09 +0000
Authentication-Results: spf=pass (sender IP is 203.0.113.7) smtp.mailfrom=example.org; dkim=none; dmarc=bestguesspass
Received: from out.example.org (203.0.113.7) by a.example.com; Sat, 21 Nov 2026 10:00:00 +0000
From: shop@example.org
Date: Fri, 20 Nov 2026 01:00:00 +0000
",
        &expect![[r#"
            receiver a.example.com
            Authentication-Results –: receiver spf=pass dkim=none dmarc=bestguesspass
            date-is-far
        "#]],
    );
    check(
        "Subject: only a part\n",
        &expect![[r#"
        receiver –
        ! field-missing
        ! field-missing
        no-received
    "#]],
    );
}

#[test]
fn json_has_notes_for_sentences() {
    let value = read(GOOGLE).as_json();
    assert_eq!(value["results"][1]["trust"], "receiver");
    assert_eq!(value["results"][1]["reason"]["id"], "headers-trust-receiver");
    assert_eq!(value["hops"].as_array().unwrap().len(), 3);
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_pasted_panics(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600)) {
        if let Ok(section) = HeaderSection::parse(&octets, HeaderLimits::GENEROUS) {
            let _ = Headers::read(&section, Some("example.org")).as_json();
        }
    }

    #[test]
    fn nothing_that_looks_like_fields_panics(
        fields in proptest::collection::vec("(Received|Authentication-Results|Received-SPF|From|Date|ARC-Authentication-Results|DKIM-Signature): [ -~]{0,80}", 0..12)
    ) {
        let _ = read(&fields.join("\n")).as_json();
    }
}
