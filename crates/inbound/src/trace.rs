//! Fields that a message brings along and that would speak in our name.

use bytes::Bytes;
use tegami_mail::header::{self, HeaderField};

/// The content without Authentication-Results fields that claim to be ours (RFC 8601 section 5) and without Return-Path fields: the
/// one that final delivery writes is to be the only one (RFC 5321 section 4.4). Most contents have neither and are not copied.
pub(crate) fn without_forged(content: &Bytes, authserv_id: &str) -> Bytes {
    let forged = |field: &HeaderField<'_>| {
        field.is("Return-Path")
            || field.is("Authentication-Results")
                && tegami_auth::results::claims(&field.unfolded(), authserv_id)
    };
    let mut found = false;
    let (section, _) = header::split(content);
    header::without(section, |field| {
        found |= forged(field);
        false
    });
    if found { header::without(content, forged).into() } else { content.clone() }
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
        check("Subject: x\nreturn-path: <a@example.net>\n\nbody\n", "Subject: x\n\nbody\n");
    }

    proptest! {
        #[test]
        fn whatever_comes_stays_or_goes_whole(content: Vec<u8>) {
            let content = Bytes::from(content);
            prop_assert!(without_forged(&content, "mx.example.org").len() <= content.len());
        }
    }
}
