//! Fields that a message brings along and that would speak in our name.

use bytes::Bytes;
use tegami_auth::results::{self, ReceivedSpf};
use tegami_mail::header::{self, HeaderField};

use crate::route;

/// The content without Authentication-Results fields that claim to be ours (RFC 8601 section 5), without Received-SPF fields
/// that claim to be (RFC 7208 section 9.1), without those of what we found out about a message, and without Return-Path fields: the one that final delivery writes is to be the
/// only one (RFC 5321 section 4.4). Most contents have none of them and are not copied.
pub(crate) fn without_forged(content: &Bytes, authserv_id: &str) -> Bytes {
    let forged = |field: &HeaderField<'_>| match Named::of(field) {
        Some((Named::ReturnPath | Named::Findings, _)) => true,
        Some((Named::Results, value)) => results::claims(value, authserv_id),
        Some((Named::Spf, value)) => {
            // What cannot be read may be read as ours by others.
            ReceivedSpf::parse(value).map_or(true, |found| found.is_by(authserv_id))
        }
        None => false,
    };
    let mut found = false;
    let (section, _) = header::split(content);
    header::without(section, |field| {
        found |= forged(field);
        false
    });
    if found { header::without(content, forged).into() } else { content.clone() }
}

/// The fields that could speak in our name.
#[derive(Clone, Copy)]
enum Named {
    ReturnPath,
    Results,
    Spf,
    Findings,
}

const NAMES: [(&str, Named); 8] = [
    ("Return-Path", Named::ReturnPath),
    ("Authentication-Results", Named::Results),
    ("Received-SPF", Named::Spf),
    (route::NAMES[0], Named::Findings),
    (route::NAMES[1], Named::Findings),
    (route::NAMES[2], Named::Findings),
    (route::NAMES[3], Named::Findings),
    (route::NAMES[4], Named::Findings),
];

impl Named {
    /// The field's kind and its value. A line whose name has characters that no name may have is no field; but readers
    /// that drop what they cannot show would take it for one.
    fn of<'c>(field: &HeaderField<'c>) -> Option<(Self, &'c [u8])> {
        if !field.name.is_empty() {
            return NAMES.iter().find(|(name, _)| field.is(name)).map(|(_, named)| (*named, field.value_raw));
        }
        let mut parts = field.raw.splitn(2, |octet| *octet == b':');
        let (name, value) = (parts.next()?, parts.next()?);
        let is = |known: &str| {
            let seen = name.iter().filter(|octet| octet.is_ascii_graphic());
            seen.map(u8::to_ascii_lowercase).eq(known.bytes().map(|octet| octet.to_ascii_lowercase()))
        };
        NAMES.iter().find(|(known, _)| is(known)).map(|(_, named)| (*named, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(content: &str, expected: &str) {
        let content = Bytes::from(content.replace('\n', "\r\n"));
        let cleaned = without_forged(&content, "mx.example.org");
        assert_eq!(String::from_utf8_lossy(&cleaned).replace('\r', ""), expected);
    }

    #[test]
    fn only_what_speaks_in_our_name_goes() {
        check(
            "Subject: x\n\nAuthentication-Results: mx.example.org\n",
            "Subject: x\n\nAuthentication-Results: mx.example.org\n",
        );
        check("Authentication-Results: mx.example.org; spf=pass\nSubject: x\n\n", "Subject: x\n\n");
        check("AUTHENTICATION-results :\n MX.Example.ORG\n 1; none\nSubject: x\n\n", "Subject: x\n\n");
        check(
            "Authentication-Results: mx.example.net; spf=pass\n\n",
            "Authentication-Results: mx.example.net; spf=pass\n\n",
        );
        check(
            "Received-SPF: pass (x) client-ip=192.0.2.1; receiver=MX.example.org\nReceived-SPF: pass receiver=mx.example.net\nReceived-SPF: pass (\n\n",
            "Received-SPF: pass receiver=mx.example.net\n\n",
        );
        check("Subject: x\nreturn-path: <a@example.net>\n\nbody\n", "Subject: x\n\nbody\n");
    }

    #[test]
    fn disguises_do_not_help() {
        for line in [
            "Authentication-Results: mx.example.org; spf=pass",
            "Authentication-Results\t: mx.example.org; spf=pass",
            "Authentication-Results\u{b}: mx.example.org; spf=pass",
            "Authentication-\0Results: mx.example.org; spf=pass",
            "\u{feff}Authentication-Results: mx.example.org; spf=pass",
            "Authentication-Results:\n (mx.example.net)\n\tmx.example.org\n 1;\n spf=pass",
            "aUTHENTICATION-rESULTS:mx.example.org/2; spf=pass",
            "Authentication-Results: mx\u{3002}example\u{3002}org; spf=pass",
            "Authentication-Results: \"mx.example.org\" (\\)) 1; spf=pass",
            "Return-\u{200b}Path: <a@example.net>",
        ] {
            check(&format!("Subject: x\n{line}\nTo: y\n\nbody\n"), "Subject: x\nTo: y\n\nbody\n");
        }
        let kept = "Authentication-Results: mx.example.net; spf=pass\nnot a field: mx.example.org\nX-Authentication-Results: mx.example.org\n\n";
        check(kept, kept);
    }

    proptest! {
        #[test]
        fn whatever_comes_stays_or_goes_whole(content: Vec<u8>) {
            let content = Bytes::from(content);
            prop_assert!(without_forged(&content, "mx.example.org").len() <= content.len());
        }
    }
}
