//! Writing notifications (RFC 3461, RFC 3464, RFC 6533).

use jiff::Timestamp;
use tegami_mail::{
    Address, ComposeError, Domain, EnhancedStatusCode, Entity, ForwardPath, MessageBuilder, NameAddr,
    ParameterizedValue, Reply, Ret, date, header,
};

use super::{Action, prose};

/// One recipient in a report.
#[derive(Clone, Debug)]
pub struct Told {
    /// The recipient, with ORCPT where the sender gave it.
    pub path: ForwardPath,
    /// What Status says.
    pub status: EnhancedStatusCode,
    /// Word for word.
    pub reply: Option<Reply>,
    /// Our words, where there was no reply.
    pub words: String,
    /// The same in Japanese, where there are such words.
    pub words_japanese: Option<String>,
    /// The host that replied.
    pub remote_mta: Option<String>,
    /// Until when it is tried, of a delay.
    pub will_retry_until: Option<Timestamp>,
    /// What the failure means, where that is known.
    pub explanation: Option<Explanation>,
}

/// What a failure means and what to do about it, in sentences of either language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Meaning and advice in English.
    pub english: (String, String),
    /// Meaning and advice in Japanese.
    pub japanese: (String, String),
}

/// The languages of the part for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Languages {
    /// One after the other: which one the reader knows is not known.
    #[default]
    Both,
    /// English alone.
    English,
    /// Japanese alone.
    Japanese,
}

/// What of the message goes back: its content, whole.
#[derive(Clone, Copy, Debug)]
pub enum Returned<'a> {
    /// Its header section is taken.
    Headers(&'a [u8]),
    /// All of it is taken.
    Full(&'a [u8]),
}

/// A message above this size, in octets, goes back as its header section even with RET=FULL; RFC 3461 section 4.3 leaves it to us.
pub const MOST_RETURNED: u64 = 1 << 20;

impl<'a> Returned<'a> {
    /// RET=FULL is for reports of failure alone (RFC 3461 section 4.3); without RET the header section goes back. `size` is
    /// that of the whole message.
    pub fn choose(ret: Option<Ret>, size: u64, action: Action, content: &'a [u8]) -> Self {
        if ret == Some(Ret::Full) && action == Action::Failed && size <= MOST_RETURNED {
            Self::Full(content)
        } else {
            Self::Headers(content)
        }
    }
}

/// Everything a notification tells.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// What happened to all of the recipients.
    pub action: Action,
    /// The languages of the part for people.
    pub languages: Languages,
    /// Who reports.
    pub hostname: &'a Domain,
    /// The author of the report: the postmaster of `hostname`.
    pub from: &'a Address,
    /// The sender of the message.
    pub to: &'a Address,
    /// Those told of.
    pub recipients: &'a [Told],
    /// ENVID.
    pub envelope_id: Option<&'a str>,
    /// When the message was accepted.
    pub accepted_at: Timestamp,
    /// Its subject, decoded.
    pub subject: &'a str,
    /// Its Message-ID without angle brackets; empty where it has none.
    pub message_id: &'a str,
    /// Its id in the queue.
    pub queue_id: &'a str,
    /// What goes back.
    pub returned: Returned<'a>,
    /// The moment of the last attempt and of this report.
    pub now: Timestamp,
}

/// Writes the DSN. `seed` is text of this DSN alone; the Message-ID is left to intake.
///
/// # Errors
/// [`ComposeError`]: a name or value of the report cannot stand in a header field.
pub fn write(report: &Report<'_>, seed: &str) -> Result<Vec<u8>, ComposeError> {
    // RFC 3834 section 5: nobody shall answer this by machine.
    let mut fields = vec![("Auto-Submitted".to_owned(), "auto-replied".to_owned())];
    if !report.message_id.is_empty() {
        fields.push(("References".to_owned(), format!("<{}>", printable(report.message_id))));
    }
    let message = MessageBuilder {
        from: vec![NameAddr { name: Some("Mail Delivery System".to_owned()), address: report.from.clone() }],
        to: vec![NameAddr { name: None, address: report.to.clone() }],
        subject: Some(prose::subject(report)),
        date: Some(report.now),
        fields,
        ..MessageBuilder::default()
    };
    let kind = ParameterizedValue::new("multipart/report").with("report-type", "delivery-status");
    let parts =
        [Entity::text("plain", &prose::text(report)), status_part(report), returned_part(report.returned)];
    message.build_around(Entity::multipart(kind, &parts, seed))
}

/// What programs read (RFC 3464 section 2); with an internationalised address its UTF-8 form (RFC 6533 section 4).
fn status_part(report: &Report<'_>) -> Entity {
    let mut fields = String::new();
    if let Some(envelope_id) = report.envelope_id {
        push_lines(&mut fields, &[&format!("Original-Envelope-Id: {}", printable(envelope_id))]);
    }
    push_lines(
        &mut fields,
        &[
            &format!("Reporting-MTA: dns; {}", report.hostname),
            &format!("Arrival-Date: {}", date::write(report.accepted_at)),
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
fn push_recipient(fields: &mut String, report: &Report<'_>, recipient: &Told) {
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
fn returned_part(returned: Returned<'_>) -> Entity {
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
pub(super) fn reply_lines(reply: &Reply) -> Vec<String> {
    let wire = String::from_utf8_lossy(&reply.to_wire()).into_owned();
    wire.split("\r\n").filter(|line| !line.is_empty()).map(printable).collect()
}

/// Without control characters, which could begin another field.
pub(super) fn printable(text: &str) -> String {
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
    use proptest::prelude::*;

    use super::*;
    use crate::dsn::{self, Form};

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    /// A report to the author of a message about tea.
    fn with_report<T>(action: Action, recipients: &[Told], then: impl FnOnce(&Report<'_>) -> T) -> T {
        let content = b"Return-Path: <shop@example.org>\r\nMessage-ID: <1@example.org>\r\nSubject: \xe3\x81\x82\r\n\r\nbody";
        then(&Report {
            action,
            languages: Languages::Both,
            hostname: &Domain::parse("mail.example.org").unwrap(),
            from: &address("postmaster@mail.example.org"),
            to: &address("shop@example.org"),
            recipients,
            envelope_id: Some("order\r\n4711"),
            accepted_at: Timestamp::UNIX_EPOCH,
            subject: "ご注文",
            message_id: "1@example.org",
            queue_id: "00000000000000000000000007",
            returned: Returned::choose(None, 7, action, content),
            now: Timestamp::UNIX_EPOCH,
        })
    }

    fn refused(to: &str, lines: &[&str]) -> Told {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Told {
            path: ForwardPath::from(address(to)),
            status: EnhancedStatusCode::new(5, 1, 1),
            reply: Some(Reply { code: 550, enhanced: Some(EnhancedStatusCode::new(5, 1, 1)), lines }),
            words: String::new(),
            words_japanese: None,
            remote_mta: Some("mx.example.net".to_owned()),
            will_retry_until: None,
            explanation: Some(Explanation {
                english: ("There is no such mailbox.".to_owned(), "Check the address.".to_owned()),
                japanese: (
                    "メールボックスがありません。".to_owned(),
                    "アドレスを確かめてください。".to_owned(),
                ),
            }),
        }
    }

    fn unreachable(to: &str) -> Told {
        Told {
            status: EnhancedStatusCode::new(4, 4, 1),
            reply: None,
            words: "The host did not answer in time. It is down, or a firewall drops our connection. [4.4.1]".to_owned(),
            words_japanese: Some("ホストが時間内に応答しませんでした。停止しているか、ファイアウォールが接続を捨てています。 [4.4.1]".to_owned()),
            remote_mta: None,
            explanation: None,
            will_retry_until: Some("1970-01-06T00:00:00Z".parse().unwrap()),
            ..refused(to, &[])
        }
    }

    /// The part for people, then the part for programs.
    fn check(action: Action, recipients: &[Told], expected: &Expect) {
        with_report(action, recipients, |report| {
            let status = String::from_utf8(status_part(report).into_content(b"")).unwrap();
            expected.assert_eq(&format!("{}\n{}", prose::text(report), status.replace('\r', "")));
            assert!(write(report, "seed").unwrap().is_ascii(), "the way back may not take eight bits");
        });
    }

    #[test]
    fn a_failure_is_told_word_for_word() {
        check(
            Action::Failed,
            &[refused("a@example.net", &["no such user", "see https://example.net/why", "申し訳ありません"])],
            &expect![[r#"
                This is the mail server mail.example.org. Your message could not be
                delivered to the following recipients, and no further attempt will be made.
                The answer of the receiving server stands below each address, word for word.

                メールサーバー mail.example.org からのお知らせです。お送りになったメッセージ
                は、次の宛先に配信できませんでした。再送は行いません。各宛先の下に、受信側サー
                バーの応答をそのまま記載しています。

                    <a@example.net>
                        mx.example.net: 550-5.1.1 no such user
                        mx.example.net: 550-5.1.1 see https://example.net/why
                        mx.example.net: 550 5.1.1 申し訳ありません
                        What it means: There is no such mailbox.
                        What to do: Check the address.
                        意味：メールボックスがありません。
                        対処：アドレスを確かめてください。

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
                This is the mail server mail.example.org. Your message has not yet been
                delivered to the following recipients. Delivery is tried again by itself:
                you need not do anything.

                メールサーバー mail.example.org からのお知らせです。お送りになったメッセージ
                は、次の宛先にまだ配信できていません。自動的に再送しますので、お手続きは不要
                です。

                    <a@example.net>
                        The host did not answer in time. It is down, or a firewall drops our
                        connection. [4.4.1]
                        ホストが時間内に応答しませんでした。停止しているか、ファイアウォール
                        が接続を捨てています。 [4.4.1]
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
                Diagnostic-Code: x-tegami; The host did not answer in time. It is down, or a firewall drops our connection. [4.4.1]
                Last-Attempt-Date: Thu, 01 Jan 1970 00:00:00 +0000
                Will-Retry-Until: Tue, 06 Jan 1970 00:00:00 +0000
            "#]],
        );
    }

    #[test]
    fn an_address_outside_ascii_is_told_in_utf8() {
        with_report(Action::Failed, &[refused("用户@example.net", &["no"])], |report| {
            assert_eq!(status_part(report).content_type(), "message/global-delivery-status");
            let read = dsn::read(&write(report, "seed").unwrap()).unwrap();
            assert_eq!(read.recipients[0].address(), Some("用户@example.net"));
        });
    }

    #[test]
    fn the_whole_goes_back_only_where_it_is_asked_for_small_and_lost() {
        let full = |ret, size, action| matches!(Returned::choose(ret, size, action, b""), Returned::Full(_));
        assert!(full(Some(Ret::Full), MOST_RETURNED, Action::Failed));
        assert!(!full(Some(Ret::Full), MOST_RETURNED + 1, Action::Failed));
        assert!(!full(Some(Ret::Full), 1, Action::Delayed));
        assert!(!full(Some(Ret::Headers), 1, Action::Failed));
        assert!(!full(None, 1, Action::Failed));
    }

    fn told() -> impl Strategy<Value = Told> {
        let reply = proptest::option::of(("[!-~][ -~]{0,60}", 1_u16..8, 0_u16..20));
        let until = proptest::option::of(0_i64..4_000_000_000);
        ("[a-z]{1,12}@example[.]net", "[a-z]{1,12}@example[.]com", reply, until).prop_map(
            |(to, original, reply, until)| {
                let (_, subject, detail) = reply.clone().unwrap_or_default();
                let status = EnhancedStatusCode::new(5, subject, detail);
                let mut path = ForwardPath::from(address(&to));
                path.original_recipient = Some(format!("rfc822;{original}"));
                Told {
                    path,
                    status,
                    reply: reply.map(|(text, ..)| Reply::new(550, status, text)),
                    words: "no connection".to_owned(),
                    words_japanese: None,
                    remote_mta: Some("mx.example.net".to_owned()),
                    will_retry_until: until.map(|until| Timestamp::from_second(until).unwrap()),
                    explanation: None,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            recipients in proptest::collection::vec(told(), 1..5),
            action in prop_oneof![Just(Action::Failed), Just(Action::Delayed), Just(Action::Relayed), Just(Action::Delivered)],
        ) {
            let content = with_report(action, &recipients, |report| write(report, "seed").unwrap());
            let read = dsn::read(&content).unwrap();
            prop_assert_eq!(read.form, Form::Standard);
            prop_assert_eq!(read.envelope_id.as_deref(), Some("order  4711"));
            prop_assert_eq!(read.arrival_date, Some(Timestamp::UNIX_EPOCH));
            prop_assert_eq!(read.reporting_mta.unwrap().to_string(), "dns; mail.example.org");
            let original = read.original.unwrap();
            prop_assert_eq!(original.message_id.as_deref(), Some("1@example.org"));
            prop_assert_eq!(original.return_path.as_deref(), Some("shop@example.org"));
            prop_assert_eq!(read.recipients.len(), recipients.len());
            for (read, told) in read.recipients.iter().zip(&recipients) {
                let address = told.path.address.to_string();
                prop_assert_eq!(read.final_recipient.as_deref(), Some(address.as_str()));
                let original = told.path.original_recipient.as_deref().unwrap();
                prop_assert_eq!(read.original_recipient.as_deref(), original.strip_prefix("rfc822;"));
                prop_assert_eq!(read.action, Some(action));
                prop_assert_eq!(read.last_attempt, Some(Timestamp::UNIX_EPOCH));
                prop_assert_eq!(read.will_retry_until, told.will_retry_until);
                if told.reply.is_some() {
                    prop_assert_eq!(read.status, Some(told.status));
                    prop_assert_eq!(read.reply_code(), Some(550));
                }
            }
        }
    }
}
