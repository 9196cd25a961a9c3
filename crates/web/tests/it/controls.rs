//! Control fields of messages that come by SMTP.

use expect_test::expect;
use tegami_mail::{Address, Domain, Envelope, ReversePath, mime};
use tegami_queue::{Authenticated, Controls, Options, Senders, Submitted};
use tegami_store::{HopTls, Origin, QueueId};
use tegami_web::{Settings, SubmissionControls};

use crate::site::Site;

impl Site {
    async fn submit_as(&self, local: bool, recipients: &[&str], content: &str) -> Result<QueueId, String> {
        let controls =
            SubmissionControls::new(Settings::new("mail.example.org".parse().unwrap()), self.rooms.clone());
        let domain = Domain::parse("example.org").unwrap();
        let account = Authenticated::by_kernel(1000, vec![Senders::Domain(domain.clone())]);
        let address = |text: &str| Address::parse(text).unwrap();
        let sender = ReversePath::Address(address("me@example.org"));
        let submitted = Submitted {
            account,
            local,
            envelope: Envelope::new(sender, recipients.iter().map(|text| address(text))),
            origin: Origin::Submission { account: "me".to_owned() },
            domain,
            content: content.replace('\n', "\r\n").into(),
            options: Options::default(),
        };
        controls.submit(submitted).await.map_err(|declined| declined.reply.to_string())
    }

    async fn submit(&self, recipients: &[&str], content: &str) -> Result<QueueId, String> {
        self.submit_as(false, recipients, content).await
    }
}

#[tokio::test]
async fn every_field_of_the_table() {
    let site = Site::open().await;
    let content = "From: me@example.org\nTo: a@example.net\nSubject: x\n\
        X-Mailgun-Tag: one\nx-mailgun-tag: two\nX-MAILGUN-DKIM: no\nX-Mailgun-Secondary-DKIM: example.org,s1\n\
        X-Mailgun-Secondary-DKIM-Public: other.example.org/s2\nX-Mailgun-Deliver-By: Tue, 7 Jul 2026 09:00:00 +0000\n\
        X-Mailgun-Deliver-Within: 1h30m\nX-Mailgun-Delivery-Time-Optimize-Period: 24h\nX-Mailgun-Time-Zone-Localize: 18:00\n\
        X-Mailgun-Track: no\nX-Mailgun-Track-Clicks: htmlonly\nX-Mailgun-Track-Opens: no\nX-Mailgun-Track-Pixel-Location-Top: no\n\
        X-Mailgun-Require-TLS: yes\nX-Mailgun-Skip-Verification: yes\nX-Mailgun-Variables: {\"a\": 1}\n\
        X-Mailgun-Variables: {\"b\":\n  {\"c\": [true]}}\nX-Mailgun-Archive-To: https://archive.example.org/\nX-Mailgun-Whatever: x\n\nHi\n";
    let id = site.submit(&["a@example.net"], content).await.unwrap();
    let row = site.store.message(id).await.unwrap();
    assert_eq!(row.summary.tags, ["one", "two"]);
    assert_eq!(
        serde_json::Value::Object(row.summary.variables.clone()),
        serde_json::json!({"a": 1, "b": {"c": [true]}})
    );
    assert_eq!(row.envelope_parameters.hop_tls, HopTls::Encrypted);
    assert_eq!(row.envelope_parameters.release_at, "2026-07-07T09:00:00Z".parse().ok());
    assert_eq!(row.envelope_parameters.archive_to.as_deref(), Some("https://archive.example.org/"));
    let recipient = site.store.recipients(id).await.unwrap().remove(0);
    assert_eq!(recipient.expires, "2026-07-07T10:30:00Z".parse().unwrap());
    let content = String::from_utf8(site.store.content(id, None).await.unwrap().to_vec()).unwrap();
    let fields: Vec<_> =
        content.lines().take_while(|line| !line.is_empty()).filter(|line| line.starts_with("X-")).collect();
    expect![[r#"
        X-Mailgun-Tag: one
        X-Mailgun-Tag: two
        X-Mailgun-Variables: {"a":1,"b":{"c":[true]}}"#]]
    .assert_eq(&fields.join("\n"));
    let hidden = "From: me@example.org\nX-Mailgun-Tag: one\nX-Mailgun-Variables: {\"a\":1}\nX-Mailgun-Suppress-Headers: X-Mailgun-Tag\n\
        X-Mailgun-Suppress-Headers: x-mailgun-variables\nX-Mailgun-Drop-Message: yes\n\nHi\n";
    let id = site.submit(&["a@example.net"], hidden).await.unwrap();
    let row = site.store.message(id).await.unwrap();
    assert!(row.summary.test_mode && row.summary.tags == ["one"]);
    let content = String::from_utf8(site.store.content(id, None).await.unwrap().to_vec()).unwrap();
    assert!(!content.contains("X-Mailgun"), "{content}");
}

#[tokio::test]
async fn one_message_for_each_recipient() {
    let site = Site::open().await;
    let content = "From: me@example.org\nTo: %recipient%\nSubject: Hi %recipient.name%\n\
        X-Mailgun-Recipient-Variables: {\"a@example.net\": {\"name\": \"A\"},\n \"B <b@example.net>\": {\"name\": \"B\"}}\n\nNo. %recipient.name%\n";
    site.submit(&["a@example.net", "b@example.net"], content).await.unwrap();
    let rows = site.store.messages(None, 10).await.unwrap();
    let mut seen = Vec::new();
    for row in rows.iter().rev() {
        let parsed = mime::parse(&site.store.content(row.id, None).await.unwrap());
        let text = parsed.text.unwrap();
        seen.push(format!(
            "{:?} {} | {} | {}",
            site.recipients(row).await,
            parsed.to,
            parsed.subject,
            text.trim_end()
        ));
    }
    expect![[r#"
        ["a@example.net"] a@example.net | Hi A | No. A
        ["b@example.net"] b@example.net | Hi B | No. B"#]]
    .assert_eq(&seen.join("\n"));
}

#[tokio::test]
async fn what_is_refused() {
    let site = Site::open().await;
    let mut said = Vec::new();
    for content in [
        "From: me@example.org\nX-Mailgun-Variables: {\n\n",
        "From: me@example.org\nX-Mailgun-Recipient-Variables: [1]\n\n",
        "From: me@example.org\nX-Mailgun-Template-Variables: no\nX-Mailgun-Template-Name: t\n\n",
        "From: me@example.org\nX-Mailgun-Template-Name: none\n\n",
        "From: not an address\n\n",
        "From: me@example.org\nTo: not an address\n\n",
        "From: me@example.org\nX-Mailgun-Deliver-By: soon\n\n",
        "From: me@example.org\nX-Mailgun-Deliver-By: Tue, 7 Jul 2027 09:00:00 +0000\n\n",
        "From: me@example.org\nX-Mailgun-Require-TLS: maybe\n\n",
        "From: me@example.org\nX-Mailgun-Secondary-DKIM: example.org/s1\n\n",
        "From: me@example.org\nX-Mailgun-Deliver-Within: 1m\n\n",
    ] {
        said.push(site.submit(&["a@example.net"], content).await.unwrap_err());
    }
    expect![[r#"
        550 5.6.0 X-Mailgun-Variables is not a valid JSON object
        550 5.6.0 'recipient-variables' parameter is not a valid JSON
        550 5.6.0 'X-Mailgun-Template-Variables' parameter is not a valid JSON
        550 5.6.0 template with name 'none' not found
        550 5.6.0 cannot parse from address
        550 5.6.0 cannot parse to address
        550 5.6.0 soon is not an RFC-2822 compliant date
        501 5.5.4 delivery at 2027-07-07T09:00:00Z is too far in the future
        550 5.6.0 X-Mailgun-Require-TLS: `maybe` is neither yes nor no
        550 5.7.7 there is no DKIM key example.org/s1 that this account may sign with
        550 5.6.0 X-Mailgun-Deliver-Within: `1m` is not between 5m and 24h"#]]
    .assert_eq(&said.join("\n"));
    assert!(site.store.messages(None, 1).await.unwrap().is_empty());
    // A program of this machine writes to its users.
    site.submit_as(true, &["a@example.net"], "From: me@example.org\nTo: root\n\nx\n").await.unwrap();
}

/// Who composes a message anew writes another Date, another Message-ID and other boundaries.
#[tokio::test]
async fn numbers_of_submissions() {
    let site = Site::open().await;
    let content = |id: &str, boundary: &str, text: &str| {
        format!(
            "From: me@example.org\nTo: a@example.net\nMessage-ID: <{id}@example.org>\nX-Idempotency-Key: 17\n\
             Content-Type: multipart/alternative; boundary={boundary}\n\n--{boundary}\n\n{text}\n--{boundary}--\n"
        )
    };
    let first = site.submit(&["a@example.net"], &content("1", "x", "Hi")).await.unwrap();
    assert_eq!(site.submit(&["a@example.net"], &content("2", "y", "Hi")).await, Ok(first));
    let other = site.submit(&["a@example.net"], &content("1", "x", "Ho")).await.unwrap_err();
    assert!(other.starts_with("550 5.6.0 this Idempotency-Key was used before"), "{other}");
    assert!(site.submit(&["b@example.net"], &content("1", "x", "Hi")).await.is_err());
    let rows = site.store.messages(None, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    let kept = site.store.content(first, None).await.unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("Idempotency"));
}
