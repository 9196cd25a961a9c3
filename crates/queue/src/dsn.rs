//! Delivery status notifications (RFC 3461, RFC 3464, RFC 6533), in English and Japanese at once: the reader's language is not known.

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{
    Address, Domain, EnhancedStatusCode, Entity, ForwardPath, MessageBuilder, NameAddr, ParameterizedValue,
    Reply, Ret, date, header,
};
use tegami_store::{MessageRow, RowId};

use crate::submission::IntakeError;

/// What happened to the recipients of a report (RFC 3464 section 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Failed,
    Delayed,
    /// Handed to a host that will not tell of delivery.
    Relayed,
    /// Put into a mailbox here.
    Delivered,
}

/// One recipient in a report.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub row: RowId,
    pub path: ForwardPath,
    pub status: EnhancedStatusCode,
    /// Word for word.
    pub reply: Option<Reply>,
    /// Our words, where there was no reply.
    pub words: String,
    pub remote_mta: Option<String>,
    pub will_retry_until: Option<Timestamp>,
}

/// What of the message goes back.
#[derive(Clone, Debug)]
pub(crate) enum Returned {
    /// The content, of which the header section is taken.
    Headers(Bytes),
    /// The content.
    Full(Bytes),
}

/// A message above this size, in octets, goes back as its header section even with RET=FULL; RFC 3461 section 4.3 leaves it to us.
pub(crate) const MOST_RETURNED: u64 = 1 << 20;

impl Returned {
    /// RET=FULL is for reports of failure alone (RFC 3461 section 4.3); without RET the header section goes back.
    pub(crate) fn choose(message: &MessageRow, action: Action, content: &Bytes) -> Self {
        let full = message.envelope_parameters.dsn.ret == Some(Ret::Full);
        if full && action == Action::Failed && message.summary.size <= MOST_RETURNED {
            Self::Full(content.clone())
        } else {
            Self::Headers(content.clone())
        }
    }
}

/// Everything a DSN tells.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub action: Action,
    pub hostname: &'a Domain,
    pub message: &'a MessageRow,
    pub to: &'a Address,
    pub recipients: &'a [Reported],
    pub returned: Returned,
    pub now: Timestamp,
}

/// The sentences of one action, in both languages. `{host}` is our name.
struct Sentences {
    subject: &'static str,
    english: &'static str,
    japanese: &'static str,
}

const FAILED: Sentences = Sentences {
    subject: "Not delivered / 配信できませんでした",
    english: "This is the mail server {host}. Your message could not be delivered to the following\n\
              recipients, and no further attempt will be made. The answer of the receiving\n\
              server stands below each address, word for word.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージは、次の宛先に\n\
               配信できませんでした。再送は行いません。各宛先の下に、受信側サーバーの応答を\n\
               そのまま記載しています。",
};
const DELAYED: Sentences = Sentences {
    subject: "Delayed, still trying / 配信が遅れています",
    english: "This is the mail server {host}. Your message has not yet been delivered to the following\n\
              recipients. Delivery is tried again by itself: you need not do anything.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージは、次の宛先に\n\
               まだ配信できていません。自動的に再送しますので、お手続きは不要です。",
};
const RELAYED: Sentences = Sentences {
    subject: "Handed on / 次のサーバーに引き渡しました",
    english: "This is the mail server {host}. Your message was handed to the server of the following\n\
              recipients. That server sends no notice of delivery, so this is the last you hear of it.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージを、次の宛先の\n\
               サーバーに引き渡しました。そのサーバーは配信通知に対応していないため、今後の通知はありません。",
};
const DELIVERED: Sentences = Sentences {
    subject: "Delivered / 配信しました",
    english: "This is the mail server {host}. Your message lies in the mailboxes of the following recipients.",
    japanese: "メールサーバー {host} からのお知らせです。お送りになったメッセージを、次の宛先の\n\
               メールボックスに配信しました。",
};

impl Action {
    /// RFC 3464 section 2.3.3.
    fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Relayed => "relayed",
            Self::Delivered => "delivered",
        }
    }

    fn sentences(self) -> &'static Sentences {
        match self {
            Self::Failed => &FAILED,
            Self::Delayed => &DELAYED,
            Self::Relayed => &RELAYED,
            Self::Delivered => &DELIVERED,
        }
    }
}

/// Writes the DSN. `seed` is text of this DSN alone; the Message-ID is left to intake.
///
/// # Errors
/// [`IntakeError::BadHeader`]: a name or value of the report cannot stand in a header field.
pub(crate) fn compose(report: &Report<'_>, seed: &str) -> Result<Vec<u8>, IntakeError> {
    let unfit = |error: &dyn std::fmt::Display| IntakeError::BadHeader(error.to_string());
    let summary = &report.message.summary;
    let author = Address::parse(&format!("postmaster@{}", report.hostname)).map_err(|error| unfit(&error))?;
    // RFC 3834 section 5: nobody shall answer this by machine.
    let mut fields = vec![("Auto-Submitted".to_owned(), "auto-replied".to_owned())];
    if !summary.message_id.is_empty() {
        fields.push(("References".to_owned(), format!("<{}>", printable(&summary.message_id))));
    }
    let message = MessageBuilder {
        from: vec![NameAddr { name: Some("Mail Delivery System".to_owned()), address: author }],
        to: vec![NameAddr { name: None, address: report.to.clone() }],
        subject: Some(report.action.sentences().subject.to_owned()),
        date: Some(report.now),
        fields,
        ..MessageBuilder::default()
    };
    let kind = ParameterizedValue::new("multipart/report").with("report-type", "delivery-status");
    let parts =
        [Entity::text("plain", &human_part(report)), status_part(report), returned_part(&report.returned)];
    message.build_around(Entity::multipart(kind, &parts, seed)).map_err(|error| unfit(&error))
}

/// What people read: both languages, the recipients once.
fn human_part(report: &Report<'_>) -> String {
    let sentences = report.action.sentences();
    let mut text = format!("{}\n\n{}\n", sentences.english, sentences.japanese)
        .replace("{host}", report.hostname.as_str());
    for recipient in report.recipients {
        text.push_str(&format!("\n    <{}>\n", recipient.path.address));
        let host = recipient.remote_mta.as_deref().unwrap_or(report.hostname.as_str());
        match &recipient.reply {
            Some(reply) => {
                for line in reply_lines(reply) {
                    text.push_str(&format!("        {host}: {line}\n"));
                }
            }
            None => text.push_str(&format!("        {}\n", printable(&recipient.words))),
        }
        if let Some(until) = recipient.will_retry_until {
            text.push_str(&format!("        Tried until / 再送期限: {}\n", date::write(until)));
        }
    }
    let summary = &report.message.summary;
    text.push_str(&format!(
        "\nSubject / 件名: {}\nDate accepted / 受付日時: {}\nMessage-ID: <{}>\nQueue id: {}\n",
        printable(&summary.subject),
        date::write(report.message.accepted_at),
        printable(&summary.message_id),
        report.message.id,
    ));
    text
}

/// What programs read (RFC 3464 section 2); with an internationalised address its UTF-8 form (RFC 6533 section 4).
fn status_part(report: &Report<'_>) -> Entity {
    let mut fields = String::new();
    if let Some(envelope_id) = &report.message.envelope_parameters.dsn.envelope_id {
        push_lines(&mut fields, &[&format!("Original-Envelope-Id: {}", printable(envelope_id))]);
    }
    push_lines(
        &mut fields,
        &[
            &format!("Reporting-MTA: dns; {}", report.hostname),
            &format!("Arrival-Date: {}", date::write(report.message.accepted_at)),
        ],
    );
    for recipient in report.recipients {
        fields.push_str("\r\n");
        push_recipient(&mut fields, report, recipient);
    }
    let kind = ParameterizedValue::new("message/delivery-status");
    Entity::seven_bit(&kind, None, fields.as_bytes()).unwrap_or_else(|| {
        let kind = ParameterizedValue::new("message/global-delivery-status");
        Entity::binary(&kind, &ParameterizedValue::new("inline"), None, fields.as_bytes())
    })
}

/// The fields of one recipient (RFC 3464 section 2.3).
fn push_recipient(fields: &mut String, report: &Report<'_>, recipient: &Reported) {
    if let Some(original) = &recipient.path.original_recipient {
        let (kind, address) = original.split_once(';').unwrap_or(("rfc822", original));
        push_lines(fields, &[&format!("Original-Recipient: {}; {}", printable(kind), printable(address))]);
    }
    let address = &recipient.path.address;
    let kind = if address.needs_smtputf8() { "utf-8" } else { "rfc822" };
    push_lines(
        fields,
        &[
            &format!("Final-Recipient: {kind}; {address}"),
            &format!("Action: {}", report.action.as_str()),
            &format!("Status: {}", recipient.status),
        ],
    );
    if let Some(host) = recipient.remote_mta.as_ref().filter(|host| !host.is_empty()) {
        push_lines(fields, &[&format!("Remote-MTA: dns; {}", printable(host))]);
    }
    let diagnostic = match &recipient.reply {
        // Folded, one line of the reply on each (RFC 3464 section 2.3.6).
        Some(reply) => format!("smtp; {}", ascii(&reply_lines(reply).join("\r\n\t"))),
        None => format!("x-tegami; {}", ascii(&printable(&recipient.words))),
    };
    push_lines(
        fields,
        &[
            &format!("Diagnostic-Code: {diagnostic}"),
            &format!("Last-Attempt-Date: {}", date::write(report.now)),
        ],
    );
    if let Some(until) = recipient.will_retry_until {
        push_lines(fields, &[&format!("Will-Retry-Until: {}", date::write(until))]);
    }
}

/// The third part (RFC 6522 section 3): the message, or its header section. A message that is not all ASCII goes back as its
/// header section: `message/rfc822` must not be encoded (RFC 2046 section 5.2.1), and the way back may not take eight bits.
fn returned_part(returned: &Returned) -> Entity {
    let (Returned::Full(content) | Returned::Headers(content)) = returned;
    let whole = match returned {
        Returned::Full(content) => {
            Entity::seven_bit(&ParameterizedValue::new("message/rfc822"), None, content)
        }
        Returned::Headers(_) => None,
    };
    whole.unwrap_or_else(|| {
        let (section, _) = header::split(content);
        Entity::text("rfc822-headers", &String::from_utf8_lossy(section))
    })
}

/// The lines of a reply as they came, each with its code.
fn reply_lines(reply: &Reply) -> Vec<String> {
    let wire = String::from_utf8_lossy(&reply.to_wire()).into_owned();
    wire.split("\r\n").filter(|line| !line.is_empty()).map(printable).collect()
}

/// Without control characters, which could begin another field.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// For fields that must be ASCII; the human part has the whole text.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

fn push_lines(out: &mut String, lines: &[&str]) {
    for line in lines {
        out.push_str(line);
        out.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use tegami_mail::{Dsn, ReversePath};
    use tegami_store::{EnvelopeParameters, Origin, QueueId, Summary};

    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn message() -> MessageRow {
        MessageRow {
            id: QueueId::from_bits(7),
            accepted_at: Timestamp::UNIX_EPOCH,
            origin: Origin::Own,
            domain: "example.org".to_owned(),
            reverse_path: ReversePath::Address(address("shop@example.org")),
            envelope_parameters: EnvelopeParameters {
                dsn: Dsn { ret: None, envelope_id: Some("order\r\n4711".to_owned()) },
                ..EnvelopeParameters::default()
            },
            summary: Summary {
                subject: "ご注文".to_owned(),
                message_id: "1@example.org".to_owned(),
                ..Summary::default()
            },
            verdicts: None,
        }
    }

    fn refused(to: &str, lines: &[&str]) -> Reported {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Reported {
            row: RowId { message: QueueId::from_bits(7), recipient: 0 },
            path: ForwardPath::from(address(to)),
            status: EnhancedStatusCode::new(5, 1, 1),
            reply: Some(Reply { code: 550, enhanced: Some(EnhancedStatusCode::new(5, 1, 1)), lines }),
            words: String::new(),
            remote_mta: Some("mx.example.net".to_owned()),
            will_retry_until: None,
        }
    }

    fn unreachable(to: &str) -> Reported {
        Reported {
            status: EnhancedStatusCode::new(4, 4, 1),
            reply: None,
            words: "no connection could be made [4.4.1]".to_owned(),
            remote_mta: None,
            will_retry_until: Some("1970-01-06T00:00:00Z".parse().unwrap()),
            ..refused(to, &[])
        }
    }

    /// The part for people, then the part for programs.
    fn check(action: Action, recipients: &[Reported], expected: &Expect) {
        let message = message();
        let content = Bytes::from_static(b"From: shop@example.org\r\nSubject: \xe3\x81\x82\r\n\r\nbody");
        let report = Report {
            action,
            hostname: &Domain::parse("mail.example.org").unwrap(),
            message: &message,
            to: &address("shop@example.org"),
            recipients,
            returned: Returned::choose(&message, action, &content),
            now: Timestamp::UNIX_EPOCH,
        };
        let status = String::from_utf8(status_part(&report).into_content(b"")).unwrap();
        expected.assert_eq(&format!("{}\n{}", human_part(&report), status.replace('\r', "")));
        let whole = compose(&report, "seed").unwrap();
        assert!(whole.is_ascii(), "the way back may not take eight bits");
    }

    #[test]
    fn a_failure_is_told_word_for_word() {
        check(
            Action::Failed,
            &[refused("a@example.net", &["no such user", "see https://example.net/why", "申し訳ありません"])],
            &expect![[r#"
                This is the mail server mail.example.org. Your message could not be delivered to the following
                recipients, and no further attempt will be made. The answer of the receiving
                server stands below each address, word for word.

                メールサーバー mail.example.org からのお知らせです。お送りになったメッセージは、次の宛先に
                配信できませんでした。再送は行いません。各宛先の下に、受信側サーバーの応答を
                そのまま記載しています。

                    <a@example.net>
                        mx.example.net: 550-5.1.1 no such user
                        mx.example.net: 550-5.1.1 see https://example.net/why
                        mx.example.net: 550 5.1.1 申し訳ありません

                Subject / 件名: ご注文
                Date accepted / 受付日時: Thu, 01 Jan 1970 00:00:00 +0000
                Message-ID: <1@example.org>
                Queue id: 00000000000000000000000007

                MIME-Version: 1.0
                Content-Type: message/delivery-status
                Content-Transfer-Encoding: 7bit

                Original-Envelope-Id: order  4711
                Reporting-MTA: dns; mail.example.org
                Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000

                Final-Recipient: rfc822; a@example.net
                Action: failed
                Status: 5.1.1
                Remote-MTA: dns; mx.example.net
                Diagnostic-Code: smtp; 550-5.1.1 no such user
                	550-5.1.1 see https://example.net/why
                	550 5.1.1 ????????
                Last-Attempt-Date: Thu, 01 Jan 1970 00:00:00 +0000
            "#]],
        );
    }

    #[test]
    fn a_delay_says_until_when_it_is_tried() {
        check(
            Action::Delayed,
            &[unreachable("a@example.net")],
            &expect![[r#"
            This is the mail server mail.example.org. Your message has not yet been delivered to the following
            recipients. Delivery is tried again by itself: you need not do anything.

            メールサーバー mail.example.org からのお知らせです。お送りになったメッセージは、次の宛先に
            まだ配信できていません。自動的に再送しますので、お手続きは不要です。

                <a@example.net>
                    no connection could be made [4.4.1]
                    Tried until / 再送期限: Tue, 06 Jan 1970 00:00:00 +0000

            Subject / 件名: ご注文
            Date accepted / 受付日時: Thu, 01 Jan 1970 00:00:00 +0000
            Message-ID: <1@example.org>
            Queue id: 00000000000000000000000007

            MIME-Version: 1.0
            Content-Type: message/delivery-status
            Content-Transfer-Encoding: 7bit

            Original-Envelope-Id: order  4711
            Reporting-MTA: dns; mail.example.org
            Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000

            Final-Recipient: rfc822; a@example.net
            Action: delayed
            Status: 4.4.1
            Diagnostic-Code: x-tegami; no connection could be made [4.4.1]
            Last-Attempt-Date: Thu, 01 Jan 1970 00:00:00 +0000
            Will-Retry-Until: Tue, 06 Jan 1970 00:00:00 +0000
        "#]],
        );
    }

    #[test]
    fn an_address_outside_ascii_is_told_in_utf8() {
        let message = message();
        let report = Report {
            action: Action::Failed,
            hostname: &Domain::parse("mail.example.org").unwrap(),
            message: &message,
            to: &address("shop@example.org"),
            recipients: &[refused("用户@example.net", &["no"])],
            returned: Returned::Headers(Bytes::new()),
            now: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(status_part(&report).content_type(), "message/global-delivery-status");
    }
}
