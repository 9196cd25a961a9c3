//! Delivery status notifications (RFC 3461, RFC 3464, RFC 6533), in English and Japanese at once: the reader's language is not known.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Address, EnhancedStatusCode, ForwardPath, Reply, Ret, date, encoded_word, header};
use tegami_store::{MessageRow, RowId};

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
    pub hostname: &'a str,
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

/// Writes the DSN, without Message-ID: intake completes it.
pub(crate) fn compose(report: &Report<'_>) -> Vec<u8> {
    let boundary = format!("dsn-{}-{}", report.message.id, report.action.as_str());
    let mut out = String::new();
    let subject = encoded_word::encode_unstructured(report.action.sentences().subject, "Subject: ".len());
    push_lines(
        &mut out,
        &[
            &format!("From: Mail Delivery System <postmaster@{}>", report.hostname),
            &format!("To: <{}>", report.to),
            &format!("Subject: {subject}"),
            &format!("Date: {}", date::write(report.now)),
            // RFC 3834 section 5: nobody shall answer this by machine.
            "Auto-Submitted: auto-replied",
        ],
    );
    if !report.message.summary.message_id.is_empty() {
        push_lines(&mut out, &[&format!("References: <{}>", report.message.summary.message_id)]);
    }
    push_lines(
        &mut out,
        &[
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status;",
            &format!("\tboundary=\"{boundary}\""),
            "",
            &format!("--{boundary}"),
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
        ],
    );
    push_base64(&mut out, human_part(report).replace('\n', "\r\n").as_bytes());
    push_lines(&mut out, &[&format!("--{boundary}")]);
    push_status_part(&mut out, report);
    push_lines(&mut out, &[&format!("--{boundary}")]);
    let mut out = out.into_bytes();
    push_returned(&mut out, &report.returned);
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    out
}

/// What people read: both languages, the recipients once.
fn human_part(report: &Report<'_>) -> String {
    let sentences = report.action.sentences();
    let mut text =
        format!("{}\n\n{}\n", sentences.english, sentences.japanese).replace("{host}", report.hostname);
    for recipient in report.recipients {
        text.push_str(&format!("\n    <{}>\n", recipient.path.address));
        let host = recipient.remote_mta.as_deref().unwrap_or(report.hostname);
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
fn push_status_part(out: &mut String, report: &Report<'_>) {
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
    if fields.is_ascii() {
        push_lines(out, &["Content-Type: message/delivery-status", ""]);
        out.push_str(&fields);
    } else {
        let headers =
            ["Content-Type: message/global-delivery-status", "Content-Transfer-Encoding: base64", ""];
        push_lines(out, &headers);
        push_base64(out, fields.as_bytes());
    }
    out.push_str("\r\n");
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

/// The third part (RFC 6522 section 3): the message, or its header section.
fn push_returned(out: &mut Vec<u8>, returned: &Returned) {
    match returned {
        Returned::Full(content) => {
            let eight_bit = if content.is_ascii() { "" } else { "Content-Transfer-Encoding: 8bit\r\n" };
            out.extend_from_slice(format!("Content-Type: message/rfc822\r\n{eight_bit}\r\n").as_bytes());
            out.extend_from_slice(content);
        }
        Returned::Headers(content) => {
            let (section, _) = header::split(content);
            if section.is_ascii() {
                out.extend_from_slice(b"Content-Type: text/rfc822-headers\r\n\r\n");
                out.extend_from_slice(section);
            } else {
                let mut text = String::new();
                push_lines(
                    &mut text,
                    &[
                        "Content-Type: text/rfc822-headers; charset=utf-8",
                        "Content-Transfer-Encoding: base64",
                        "",
                    ],
                );
                push_base64(&mut text, section);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
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

/// RFC 2045 section 6.8: lines of 76 characters.
fn push_base64(out: &mut String, bytes: &[u8]) {
    for line in bytes.chunks(57) {
        STANDARD.encode_string(line, out);
        out.push_str("\r\n");
    }
}
