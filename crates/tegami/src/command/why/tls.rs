//! What was negotiated with a host, and why its certificate was trusted or not.

use std::fmt::Write as _;

use tegami_mail::note;
use tegami_outbound::{Certificate, TlsRecord};

use super::tell::say;
use crate::command::Context;
use crate::command::context::moment;
use crate::command::table::plain;

/// The lines about TLS of one connection.
pub(super) fn tell(context: &Context, text: &mut String, tls: &TlsRecord) {
    let trust = if tls.trusted { "cli-why-tls-trusted" } else { "cli-why-tls-untrusted" };
    let reason = tls.reason.as_ref().map(|reason| say(context, reason)).unwrap_or_default();
    let line = format!("      {} {}: {} {reason}", tls.version, tls.cipher, context.word(trust));
    let _ = writeln!(text, "{}", line.trim_end());
    if let Some(record) = tls.verified_by.as_deref().filter(|by| *by != "web-pki") {
        let _ = writeln!(text, "        {}", context.say(&note!("cli-why-tls-fits", record = record)));
    }
    if let Some(certificate) = &tls.certificate {
        let _ = writeln!(text, "        {}", shown(context, certificate));
    }
}

fn shown(context: &Context, certificate: &Certificate) -> String {
    let until = certificate.not_after.map(moment).unwrap_or_default();
    context.say(&note!(
        "cli-why-tls-certificate",
        subject = plain(&certificate.subject),
        issuer = plain(&certificate.issuer),
        until = until,
        fingerprint = certificate.sha256
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;
    use tegami_words::Language;

    use super::*;

    fn check(language: Language, tls: &serde_json::Value, expect: &Expect) {
        let mut context = Context::for_sendmail(None);
        context.language = language;
        let mut text = String::new();
        tell(&context, &mut text, &serde_json::from_value(tls.clone()).unwrap());
        // An expectation knows no indentation that all of its lines have.
        let plain = |line: &str| format!("{}\n", line.strip_prefix("      ").unwrap_or(line));
        expect.assert_eq(&text.lines().map(plain).collect::<String>());
    }

    #[test]
    fn what_was_negotiated() {
        let fits = json!({
            "version": "TLSv1.3", "cipher": "TLS13_AES_256_GCM_SHA384", "trusted": true, "verified_by": "3 1 1 00", "reason": null,
            "certificate": {
                "subject": "CN=mx1.example.org", "issuer": "CN=Example CA", "names": ["mx1.example.org"],
                "not_before": "2026-01-01T00:00:00Z", "not_after": "2026-12-31T00:00:00Z", "sha256": "abcd",
            },
        });
        check(
            Language::English,
            &fits,
            &expect![[r#"
                      TLSv1.3 TLS13_AES_256_GCM_SHA384: trusted.
                        Its certificate fits the TLSA record 3 1 1 00.
                        Certificate of CN=mx1.example.org, issued by CN=Example CA, valid until 2026-12-31 00:00:00Z, SHA-256 abcd.
            "#]],
        );
        check(
            Language::Japanese,
            &fits,
            &expect![[r#"
                      TLSv1.3 TLS13_AES_256_GCM_SHA384: 信頼できる証明書です。
                        証明書は TLSA レコード 3 1 1 00 と一致しています。
                        証明書：CN=mx1.example.org、発行者：CN=Example CA、有効期限：2026-12-31 00:00:00Z、SHA-256：abcd
            "#]],
        );
        // As older records have it.
        let old = json!({
            "version": "TLSv1.2", "cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "trusted": false,
            "reason": { "id": "outbound-tls-no-certificate", "args": [] }, "certificate": null,
        });
        check(
            Language::English,
            &old,
            &expect![[r#"
                      TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: encrypted, but not trusted. The server showed no certificate.
            "#]],
        );
    }
}
