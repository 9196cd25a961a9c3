//! Composing: a message from its pieces (RFC 5322, RFC 2045 to 2049).

use jiff::Timestamp;

use crate::encoded_word::encode_unstructured;
use crate::entity::Entity;
use crate::mailbox_list::{parse_list, write_list};
use crate::{Domain, HeaderError, NameAddr, ParameterizedValue, date, header};

/// What a message is made of. Nobody is asked for `Bcc`: who else gets the message is said in the envelope and nowhere
/// in the content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageBuilder {
    /// The authors (RFC 5322 section 3.6.2); at least one.
    pub from: Vec<NameAddr>,
    /// Who sends for the authors; where there are several authors and nothing here, the first one.
    pub sender: Option<NameAddr>,
    /// Where answers go.
    pub reply_to: Vec<NameAddr>,
    /// To.
    pub to: Vec<NameAddr>,
    /// Cc.
    pub cc: Vec<NameAddr>,
    /// Subject.
    pub subject: Option<String>,
    /// Date; written in UTC.
    pub date: Option<Timestamp>,
    /// Message-ID without its angle brackets, as [`message_id`] makes it.
    pub message_id: Option<String>,
    /// More header fields: name and value, in order.
    pub fields: Vec<(String, String)>,
    /// The body in plain text.
    pub text: Option<String>,
    /// The body in HTML.
    pub html: Option<String>,
    /// The body in AMP for Email (`text/x-amp-html`).
    pub amp_html: Option<String>,
    /// Files that go with the message.
    pub attachments: Vec<Attachment>,
    /// Files that the HTML shows by `cid:` URLs.
    pub inline: Vec<Attachment>,
}

/// A file in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub filename: Option<String>,
    /// Its type, with parameters where it has some: `text/csv; charset=utf-8`. Empty: `application/octet-stream`.
    pub content_type: String,
    /// Its octets.
    pub content: Vec<u8>,
    /// The Content-ID without angle brackets by which HTML names it; an inline file without one is named by its
    /// filename.
    pub content_id: Option<String>,
}

/// Why no message is made. The fault is with whoever gave the pieces; trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// RFC 5322 section 3.6.
    #[error("the message has no author: the From field is missing")]
    NoAuthor,
    /// A name or value that cannot be written.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A header field that is written by nobody (Bcc) or by the composer alone (MIME-Version, Content-…).
    #[error("the header field `{name}` cannot be set")]
    Reserved {
        /// Name of the header field.
        name: String,
    },
    /// RFC 5322 section 3.6: this field stands once.
    #[error("the header field `{name}` is given more than once")]
    Twice {
        /// Name of the header field.
        name: String,
    },
    /// Not `left@right` in printable ASCII.
    #[error("`{given}` is not a Message-ID")]
    BadMessageId {
        /// What was given.
        given: String,
    },
    /// Not `type/subtype`.
    #[error("`{given}` is not a content type such as `application/pdf`")]
    BadContentType {
        /// What was given.
        given: String,
    },
}

/// A Message-ID without its angle brackets (RFC 5322 section 3.6.4): `unique` is text that nobody uses twice; what
/// cannot stand there becomes a hyphen.
pub fn message_id(unique: &str, domain: &Domain) -> String {
    let plain: String = unique
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._+=".contains(c) { c } else { '-' })
        .collect();
    let left: Vec<&str> = plain.split('.').filter(|part| !part.is_empty()).collect();
    let left = if left.is_empty() { "-".to_owned() } else { left.join(".") };
    format!("{left}@{domain}")
}

impl MessageBuilder {
    /// The content: CRLF line ends, no line above 998 octets, ASCII except for local-parts outside ASCII. `seed` is
    /// text of this message alone, such as its Message-ID: the boundaries are made of it.
    ///
    /// # Errors
    /// [`ComposeError`]; in particular, no value can end its header field and begin another.
    pub fn build(&self, seed: &str) -> Result<Vec<u8>, ComposeError> {
        self.build_around(self.entity(seed)?)
    }

    /// The content with a body of the caller's own making, such as a `multipart/report`; text, HTML and files of the
    /// builder do not count.
    ///
    /// # Errors
    /// As [`MessageBuilder::build`].
    pub fn build_around(&self, entity: Entity) -> Result<Vec<u8>, ComposeError> {
        Ok(entity.into_content(&self.header_fields()?))
    }

    fn header_fields(&self) -> Result<Vec<u8>, ComposeError> {
        let mut fields = Fields::default();
        if let Some(moment) = self.date {
            fields.push("Date", &date::write(moment))?;
        }
        if self.from.is_empty() && !self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("From")) {
            return Err(ComposeError::NoAuthor);
        }
        fields.push_list("From", &self.from)?;
        let implied = self.from.first().filter(|_| self.from.len() > 1);
        let sender = self.sender.as_ref().or(implied);
        fields.push_list("Sender", sender.map(std::slice::from_ref).unwrap_or_default())?;
        fields.push_list("Reply-To", &self.reply_to)?;
        fields.push_list("To", &self.to)?;
        fields.push_list("Cc", &self.cc)?;
        if let Some(id) = &self.message_id {
            fields.push_message_id(id)?;
        }
        if let Some(subject) = &self.subject {
            fields.push_unstructured("Subject", subject)?;
        }
        for (name, value) in &self.fields {
            fields.push_extra(name, value)?;
        }
        Ok(fields.bytes)
    }

    /// `mixed` around `related` around `alternative`, and each only where it is needed.
    fn entity(&self, seed: &str) -> Result<Entity, ComposeError> {
        let texts = [("plain", &self.text), ("x-amp-html", &self.amp_html), ("html", &self.html)];
        let mut alternatives: Vec<Entity> = texts
            .into_iter()
            .filter_map(|(subtype, text)| Some(Entity::text(subtype, text.as_deref()?)))
            .collect();
        let has_files = !self.attachments.is_empty() || !self.inline.is_empty();
        let mut body = match alternatives.len() {
            0 if has_files => None,
            0 => Some(Entity::text("plain", "")),
            1 => alternatives.pop(),
            _ => {
                Some(Entity::multipart(ParameterizedValue::new("multipart/alternative"), &alternatives, seed))
            }
        };
        let mut files = Vec::new();
        let inline: Vec<Entity> =
            self.inline.iter().map(|file| file.entity("inline")).collect::<Result<_, _>>()?;
        match body.take() {
            Some(root) if self.html.is_some() && !inline.is_empty() => {
                let related = ParameterizedValue::new("multipart/related").with("type", root.content_type());
                let parts: Vec<Entity> = std::iter::once(root).chain(inline).collect();
                body = Some(Entity::multipart(related, &parts, seed));
            }
            root => {
                body = root;
                files.extend(inline);
            }
        }
        for file in &self.attachments {
            files.push(file.entity("attachment")?);
        }
        match body {
            Some(body) if files.is_empty() => Ok(body),
            body => {
                let parts: Vec<Entity> = body.into_iter().chain(files).collect();
                Ok(Entity::multipart(ParameterizedValue::new("multipart/mixed"), &parts, seed))
            }
        }
    }
}

impl Attachment {
    fn entity(&self, disposition: &str) -> Result<Entity, ComposeError> {
        const OCTETS: &str = "application/octet-stream";
        let bad = || ComposeError::BadContentType { given: self.content_type.clone() };
        let mut content_type = match self.content_type.trim() {
            "" => ParameterizedValue::new(OCTETS),
            given if given.contains(['\r', '\n', '\0']) => return Err(bad()),
            given => ParameterizedValue::parse(given.as_bytes()),
        };
        content_type.parameters.retain(|(name, _)| is_token(name));
        let (kind, subtype) = content_type.value.split_once('/').ok_or_else(bad)?;
        if !is_token(kind) || !is_token(subtype) {
            return Err(bad());
        }
        let is_composite = matches!(kind, "message" | "multipart");
        let mut disposition = ParameterizedValue::new(disposition);
        if let Some(filename) = &self.filename {
            disposition = disposition.with("filename", filename.replace(|c: char| c.is_ascii_control(), " "));
        }
        if kind == "message"
            && let Some(entity) = Entity::seven_bit(&content_type, Some(&disposition), &self.content)
        {
            return Ok(entity);
        }
        if is_composite {
            // RFC 2045 section 6.4: composite types are never encoded, and these octets must be.
            content_type = ParameterizedValue::new(OCTETS);
        }
        let named = self.filename.as_ref().filter(|_| disposition.value == "inline");
        let content_id = self.content_id.as_ref().or(named);
        Ok(Entity::binary(&content_type, &disposition, content_id.map(String::as_str), &self.content))
    }
}

/// RFC 2045 section 5.1.
fn is_token(text: &str) -> bool {
    let is_special = |byte: u8| b"()<>@,;:\\\"/[]?=*'%".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !is_special(byte))
}

/// Header fields under construction.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    names: Vec<String>,
}

impl Fields {
    /// Fields that hold lists of addresses.
    const LISTS: [&'static str; 11] = [
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "resent-from",
        "resent-sender",
        "resent-to",
        "resent-cc",
        "disposition-notification-to",
        "errors-to",
    ];

    /// Adds a field whose value is folded already.
    fn push(&mut self, name: &str, value: &str) -> Result<(), ComposeError> {
        let lower = name.to_ascii_lowercase();
        let once = header::ONCE.iter().any(|single| single.eq_ignore_ascii_case(name));
        if once && self.names.contains(&lower) {
            return Err(ComposeError::Twice { name: name.to_owned() });
        }
        self.names.push(lower);
        self.bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        Ok(())
    }

    fn push_list(&mut self, name: &str, list: &[NameAddr]) -> Result<(), ComposeError> {
        if list.is_empty() { Ok(()) } else { self.push(name, &write_list(list, name.len() + 2)) }
    }

    fn push_unstructured(&mut self, name: &str, value: &str) -> Result<(), ComposeError> {
        header::check(name, value)?;
        self.push(name, &encode_unstructured(value, name.len() + 2))
    }

    fn push_message_id(&mut self, given: &str) -> Result<(), ComposeError> {
        let bad = || ComposeError::BadMessageId { given: given.to_owned() };
        let (left, right) = given.split_once('@').ok_or_else(bad)?;
        let is_plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>@(),;\\\"".contains(&byte))
        };
        if !is_plain(left) || !is_plain(right) || given.len() > crate::line::MAX_LINE - 20 {
            return Err(bad());
        }
        self.push("Message-ID", &format!("<{given}>"))
    }

    /// A field of the caller's: lists of addresses are written as such, everything else is unstructured.
    fn push_extra(&mut self, name: &str, value: &str) -> Result<(), ComposeError> {
        header::check(name, value)?;
        let lower = name.to_ascii_lowercase();
        if lower == "bcc" || lower == "resent-bcc" || lower == "mime-version" || lower.starts_with("content-")
        {
            return Err(ComposeError::Reserved { name: name.to_owned() });
        }
        match parse_list(value) {
            Ok(list) if Self::LISTS.contains(&lower.as_str()) && !list.is_empty() => {
                self.push_list(name, &list)
            }
            _ => self.push(name, &encode_unstructured(value, name.len() + 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::line::{LineFaults, MAX_LINE};
    use crate::mime;

    fn someone(text: &str) -> NameAddr {
        NameAddr::parse(text).unwrap()
    }

    fn minimal() -> MessageBuilder {
        MessageBuilder { from: vec![someone("a@example.org")], ..MessageBuilder::default() }
    }

    fn file(filename: &str, content_type: &str, content: &[u8]) -> Attachment {
        Attachment {
            filename: Some(filename.to_owned()),
            content_type: content_type.to_owned(),
            content: content.to_vec(),
            content_id: None,
        }
    }

    #[test]
    fn a_simple_message_is_simple() {
        let builder = MessageBuilder {
            from: vec![someone("山田 太郎 <taro@example.jp>")],
            to: vec![someone("\"B, C\" <b@example.org>"), someone("d@example.net")],
            subject: Some("お問い合わせ [1]".to_owned()),
            date: "2026-07-06T00:30:00Z".parse().ok(),
            message_id: Some("1.x@example.jp".to_owned()),
            fields: vec![("X-Tag".to_owned(), "form".to_owned())],
            text: Some("Hello,\nworld".to_owned()),
            ..MessageBuilder::default()
        };
        let content = String::from_utf8(builder.build("seed").unwrap()).unwrap();
        expect![[r#"
            Date: Mon, 06 Jul 2026 00:30:00 +0000
            From: =?UTF-8?B?5bGx55SwIOWkqumDjg==?= <taro@example.jp>
            To: "B, C" <b@example.org>, d@example.net
            Message-ID: <1.x@example.jp>
            Subject: =?UTF-8?B?44GK5ZWP44GE5ZCI44KP44Gb?= [1]
            X-Tag: form
            MIME-Version: 1.0
            Content-Type: text/plain; charset=us-ascii
            Content-Transfer-Encoding: 7bit

            Hello,
            world
        "#]]
        .assert_eq(&content.replace("\r\n", "\n"));
    }

    #[test]
    fn multiparts_nest_only_as_needed() {
        let check = |text: bool, html: bool, inline: bool, attached: bool, expected: &str| {
            let builder = MessageBuilder {
                text: text.then(|| "t".to_owned()),
                html: html.then(|| "<p>h</p>".to_owned()),
                inline: if inline { vec![file("i.png", "image/png", b"i")] } else { Vec::new() },
                attachments: if attached { vec![file("a.pdf", "application/pdf", b"a")] } else { Vec::new() },
                ..minimal()
            };
            let content = String::from_utf8(builder.build("s").unwrap()).unwrap();
            let kinds = content.lines().filter_map(|line| line.strip_prefix("Content-Type: "));
            let kinds: Vec<_> = kinds.map(|value| value.split(';').next().unwrap()).collect();
            assert_eq!(kinds.join(" "), expected);
        };
        check(false, false, false, false, "text/plain");
        check(false, true, false, false, "text/html");
        check(true, true, false, false, "multipart/alternative text/plain text/html");
        check(false, true, true, false, "multipart/related text/html image/png");
        check(true, false, true, false, "multipart/mixed text/plain image/png");
        check(false, false, false, true, "multipart/mixed application/pdf");
        check(
            true,
            true,
            true,
            true,
            "multipart/mixed multipart/related multipart/alternative text/plain text/html image/png application/pdf",
        );
    }

    #[test]
    fn nothing_breaks_out_of_its_field() {
        let refuse = |builder: MessageBuilder, expected: &str| {
            assert_eq!(builder.build("s").unwrap_err().to_string(), expected);
        };
        let with = |name: &str, value: &str| MessageBuilder {
            fields: vec![(name.to_owned(), value.to_owned())],
            ..minimal()
        };
        refuse(with("X-A", "b\r\nBcc: c"), "the value of the header field `X-A` has a CR, LF or NUL");
        refuse(
            with("X-A: b\r\nX", "c"),
            "`X-A: b\r\nX` is not a header field name: only printable ASCII without blanks and colon",
        );
        refuse(with("bcc", "c@example.org"), "the header field `bcc` cannot be set");
        refuse(with("Content-Type", "a/b"), "the header field `Content-Type` cannot be set");
        refuse(with("From", "c@example.org"), "the header field `From` is given more than once");
        refuse(
            MessageBuilder { subject: Some("a\nb".to_owned()), ..minimal() },
            "the value of the header field `Subject` has a CR, LF or NUL",
        );
        refuse(
            MessageBuilder { message_id: Some("a>\r\nX: @b".to_owned()), ..minimal() },
            "`a>\r\nX: @b` is not a Message-ID",
        );
        refuse(MessageBuilder::default(), "the message has no author: the From field is missing");
        let odd = MessageBuilder { attachments: vec![file("a", "a/b\r\nX: y", b"")], ..minimal() };
        assert!(matches!(odd.build("s"), Err(ComposeError::BadContentType { .. })));
        let mut odd = file("a\r\nX: y", "text/plain; x=\"a b\"; y*z=1", b"c");
        odd.content_id = Some("c>\r\nX: y".to_owned());
        let from = NameAddr { name: Some("a\r\nX: y".to_owned()), ..someone("a@example.org") };
        let content = MessageBuilder { from: vec![from], inline: vec![odd], ..minimal() }.build("s").unwrap();
        assert!(!String::from_utf8(content).unwrap().contains("\nX: y"));
    }

    #[test]
    fn address_fields_of_the_caller_are_written_as_addresses() {
        let builder = MessageBuilder {
            fields: vec![("Reply-To".to_owned(), "\"山田, 太郎\" <a@example.org>".to_owned())],
            ..minimal()
        };
        let content = String::from_utf8(builder.build("s").unwrap()).unwrap();
        assert!(
            content.contains("Reply-To: =?UTF-8?B?5bGx55SwLCDlpKrpg44=?= <a@example.org>\r\n"),
            "{content}"
        );
    }

    #[test]
    fn several_authors_have_a_sender() {
        let from = vec![someone("a@example.org"), someone("b@example.org")];
        let content = MessageBuilder { from, ..MessageBuilder::default() }.build("s").unwrap();
        assert!(content.starts_with(b"From: a@example.org, b@example.org\r\nSender: a@example.org\r\n"));
    }

    #[test]
    fn a_message_within_is_not_encoded_where_it_need_not() {
        let with = |octets: &[u8]| {
            let builder =
                MessageBuilder { attachments: vec![file("m.eml", "message/rfc822", octets)], ..minimal() };
            mime::parse(&builder.build("s").unwrap()).attachments.remove(0)
        };
        let plain = with(b"Subject: x\r\n\r\nbody");
        assert_eq!(
            (plain.content_type.as_str(), plain.content.as_slice()),
            ("message/rfc822", b"Subject: x\r\n\r\nbody".as_slice())
        );
        let eight_bit = with("Subject: é\r\n\r\n".as_bytes());
        assert_eq!(
            (eight_bit.content_type.as_str(), eight_bit.content.as_slice()),
            ("application/octet-stream", "Subject: é\r\n\r\n".as_bytes())
        );
    }

    #[test]
    fn a_boundary_occurs_in_no_part() {
        let first = MessageBuilder { text: Some("x".to_owned()), html: Some("y".to_owned()), ..minimal() };
        let boundary = |content: &[u8]| {
            let text = String::from_utf8_lossy(content);
            text.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let taken = boundary(&first.build("s").unwrap());
        let second = MessageBuilder { text: Some(format!("--{taken}\n--{taken}--")), ..first };
        let content = second.build("s").unwrap();
        assert_ne!(boundary(&content), taken);
        assert_eq!(mime::parse(&content).text, Some(format!("--{taken}\r\n--{taken}--")));
    }

    #[test]
    fn a_message_id_is_always_one() {
        let domain = Domain::parse("example.org").unwrap();
        assert_eq!(message_id("20260706.1a", &domain), "20260706.1a@example.org");
        assert_eq!(message_id("..a b..<c>\r\n", &domain), "a-b.-c---@example.org");
        assert_eq!(message_id("", &domain), "-@example.org");
    }

    proptest! {
        #[test]
        fn what_is_composed_is_read_again(
            subject in "([ -~]|[あ-ん]){0,120}",
            name in "([ -~]|[あ-ん]){0,60}",
            text in "(([ -~]|[あ-ん]){0,200}\r\n){0,5}",
            html in proptest::option::of("([ -~é]{0,200}\r\n){0,5}"),
            filename in "([!-~]|[あ-ん]){1,90}",
            octets: Vec<u8>,
            files in 0_usize..3,
            inline in 0_usize..2,
        ) {
            let attachment = file(&filename, "application/x-test; a=\"b c\"", &octets);
            let builder = MessageBuilder {
                from: vec![NameAddr { name: (!name.is_empty()).then_some(name), ..someone("a@example.org") }],
                subject: Some(subject.clone()),
                text: Some(text.clone()),
                html: html.clone(),
                attachments: vec![attachment.clone(); files],
                inline: vec![attachment; inline],
                ..MessageBuilder::default()
            };
            let content = builder.build("seed").unwrap();
            prop_assert!(content.is_ascii());
            prop_assert_eq!(LineFaults::find(&content), LineFaults::default());
            prop_assert!(content.split(|byte| *byte == b'\n').all(|line| line.len() <= MAX_LINE));
            let parsed = mime::parse(&content);
            prop_assert!(parsed.complete);
            prop_assert_eq!(parsed.subject, subject);
            // A body of ASCII alone ends with a line end, as every message does.
            let (found_text, found_html) = (parsed.text.unwrap_or_default(), parsed.html.unwrap_or_default());
            prop_assert_eq!(found_text.trim_end(), text.trim_end());
            prop_assert_eq!(found_html.trim_end(), html.unwrap_or_default().trim_end().to_owned());
            prop_assert_eq!(parsed.attachments.len(), files + inline);
            for found in parsed.attachments {
                prop_assert_eq!(found.filename.as_deref(), Some(filename.as_str()));
                prop_assert_eq!(&found.content, &octets);
            }
        }
    }
}
