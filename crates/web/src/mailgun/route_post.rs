//! Incoming mail as a route posts it to a URL: parsed, raw, or where it is kept.

use serde_json::{Map, Value, json};
use tegami_mail::header::{self as fields, HeaderLimits, HeaderSection};
use tegami_mail::mime::{self, Attachment, Parsed};
use tegami_mail::{html, quote};
use tegami_store::{MessageRow, Origin};

use super::stored::title_case;
use crate::calls::{Body, Signature};

/// What is known of a message beside its content.
pub(crate) struct Facts<'a> {
    /// The message.
    pub(crate) row: &'a MessageRow,
    /// RCPT TO.
    pub(crate) recipient: &'a str,
    /// Where it goes.
    pub(crate) url: &'a str,
}

/// What `forward("URL")` posts: the message taken apart, or whole where the path ends in `mime`. Without attachments it is urlencoded, which
/// receivers count on.
pub(crate) fn forwarded(facts: &Facts<'_>, content: &[u8], signed: &Signature) -> Body {
    let content = with_our_fields(facts.row, content);
    let mut form = Form::new(facts);
    if wants_mime(facts.url) {
        let summary = &facts.row.summary;
        form.text("from", &summary.from);
        form.text("subject", &summary.subject);
        form.sign(signed);
        // Octets as they are: no charset is known of a whole message.
        form.octets("body-mime", content);
        return form.urlencoded();
    }
    let mut parsed = mime::parse(&content);
    form.parsed(&parsed, &content);
    form.sign(signed);
    parsed.attachments.retain(|file| other_text(file).is_none());
    if parsed.attachments.is_empty() {
        return form.urlencoded();
    }
    form.text("attachment-count", &parsed.attachments.len().to_string());
    let map = by_content_id(&parsed.attachments, |number, _| json!(format!("attachment-{}", number + 1)));
    if !map.is_empty() {
        form.text("content-id-map", &Value::Object(map).to_string());
    }
    form.multipart(parsed.attachments, &signed.token)
}

/// What `store(notify="URL")` posts: the message taken apart, with URLs in place of files.
pub(crate) fn stored(facts: &Facts<'_>, message_url: &str, content: &[u8], signed: &Signature) -> Body {
    let content = with_our_fields(facts.row, content);
    let mut form = Form::new(facts);
    form.text("domain", &facts.row.domain);
    form.text("message-url", message_url);
    let parsed = mime::parse(&content);
    form.parsed(&parsed, &content);
    form.sign(signed);
    let shown = |number: usize, file: &Attachment| {
        json!({
            "url": format!("{message_url}/attachments/{number}"),
            "content-type": file.content_type,
            "name": file.filename.clone().unwrap_or_default(),
            "size": file.content.len(),
        })
    };
    let files = parsed.attachments.iter().enumerate().map(|(number, file)| shown(number, file));
    form.text("attachments", &Value::Array(files.collect()).to_string());
    form.text("content-id-map", &Value::Object(by_content_id(&parsed.attachments, shown)).to_string());
    form.urlencoded()
}

/// The subtype of a text that belongs to the body in a format of its own, such as an invitation: it has no name of a file, and nothing points to it.
fn other_text(file: &Attachment) -> Option<&str> {
    let subtype = file.content_type.strip_prefix("text/")?;
    let belongs =
        file.filename.is_none() && file.content_id.is_none() && !matches!(subtype, "plain" | "html");
    belongs.then_some(subtype)
}

/// Whether the path of a URL ends in `mime`.
fn wants_mime(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    path.trim_end_matches('/').to_ascii_lowercase().ends_with("mime")
}

fn by_content_id(files: &[Attachment], shown: impl Fn(usize, &Attachment) -> Value) -> Map<String, Value> {
    let named = files.iter().enumerate().filter_map(|(number, file)| {
        let id = file.content_id.as_ref()?;
        Some((format!("<{id}>"), shown(number, file)))
    });
    named.collect()
}

/// The content below fields that tell how it came to us; what it brought along under their names goes.
fn with_our_fields(row: &MessageRow, content: &[u8]) -> Vec<u8> {
    const OURS: [&str; 3] = ["X-Envelope-From", "X-Mailgun-Incoming", "X-Originating-Ip"];
    let content = fields::without(content, |field| OURS.iter().any(|name| field.is(name)));
    let mut added = format!("X-Mailgun-Incoming: Yes\r\nX-Envelope-From: <{}>\r\n", row.reverse_path);
    if let Origin::Reception { ip } = &row.origin {
        added.push_str(&format!("X-Originating-Ip: [{ip}]\r\n"));
    }
    fields::prepend(&content, &[added])
}

/// Fields of a form, in their order.
struct Form(Vec<(String, Vec<u8>)>);

impl Form {
    fn new(facts: &Facts<'_>) -> Self {
        let mut form = Self(Vec::new());
        form.text("recipient", facts.recipient);
        form.text("sender", &facts.row.reverse_path.to_string());
        form
    }

    fn text(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.as_bytes().to_vec()));
    }

    fn octets(&mut self, name: &str, octets: Vec<u8>) {
        self.0.push((name.to_owned(), octets));
    }

    fn sign(&mut self, signed: &Signature) {
        self.text("timestamp", &signed.timestamp);
        self.text("token", &signed.token);
        self.text("signature", &signed.signature);
    }

    /// Bodies, what people wrote anew in them, and every field of the header section under its own name.
    fn parsed(&mut self, parsed: &Parsed, content: &[u8]) {
        self.text("from", &parsed.from);
        self.text("subject", &parsed.subject);
        if let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) {
            let named = section.fields().iter().filter(|field| !field.name.is_empty());
            let pairs: Vec<(String, String)> =
                named.map(|field| (title_case(field.name), field.decoded())).collect();
            for (name, value) in &pairs {
                self.text(name, value);
            }
            self.text("message-headers", &json!(pairs).to_string());
        }
        let plain = parsed.text.clone();
        let plain = plain.or_else(|| parsed.html.as_deref().map(html::to_text)).unwrap_or_default();
        self.text("body-plain", &plain);
        let stripped = quote::strip(&plain);
        self.text("stripped-text", &stripped.text);
        self.text("stripped-signature", &stripped.signature.unwrap_or_default());
        if let Some(html) = &parsed.html {
            self.text("body-html", html);
            self.text("stripped-html", &quote::strip_html(html));
        }
        if let Some(amp) = &parsed.amp_html {
            self.text("body-x-amp-html", amp);
        }
        for (subtype, file) in parsed.attachments.iter().filter_map(|file| Some((other_text(file)?, file))) {
            self.text(&format!("body-{subtype}"), &String::from_utf8_lossy(&file.content));
        }
    }

    fn urlencoded(self) -> Body {
        let mut out = String::new();
        for (name, value) in &self.0 {
            if !out.is_empty() {
                out.push('&');
            }
            out.extend(form_urlencoded::byte_serialize(name.as_bytes()));
            out.push('=');
            out.extend(form_urlencoded::byte_serialize(value));
        }
        Body { content_type: "application/x-www-form-urlencoded".to_owned(), octets: out.into() }
    }

    /// RFC 7578, with file names as browsers write them. The boundary is a word that nobody could have put into the message.
    fn multipart(self, files: Vec<Attachment>, chance: &str) -> Body {
        let boundary = format!("tegami-{chance}");
        let size = self.0.iter().map(|(_, value)| value.len() + 100).sum::<usize>();
        let mut out =
            Vec::with_capacity(size + files.iter().map(|file| file.content.len() + 200).sum::<usize>());
        for (name, value) in &self.0 {
            let head =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", escaped(name));
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        for (place, file) in files.into_iter().enumerate() {
            let number = place + 1;
            let name = file
                .filename
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| format!("attachment-{number}"));
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"attachment-{number}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                escaped(&name),
                one_line(&file.content_type)
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(&file.content);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Body { content_type: format!("multipart/form-data; boundary=\"{boundary}\""), octets: out.into() }
    }
}

/// A name between quotes: the three characters that would end it are written by their numbers.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    let fit: String = text.chars().filter(|c| !c.is_control()).collect();
    if fit.is_empty() { "application/octet-stream".to_owned() } else { fit }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use tegami_mail::ReversePath;
    use tegami_store::{EnvelopeParameters, QueueId, Summary};

    use super::*;

    const PLAIN: &[u8] = "From: =?utf-8?q?J=C3=BCrgen?= <j@example.net>\r\nto: info@example.org\r\nSubject: =?utf-8?b?44GT44KT44Gr44Gh44Gv?=\r\n\
        Message-ID: <1@example.net>\r\nX-Envelope-From: <forged@example.com>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
        Yes & no = 好\r\n\r\nOn Mon, Jul 6, 2026 at 9:00 AM Anna <anna@example.org> wrote:\r\n> what?\r\n".as_bytes();

    const MIXED: &[u8] = b"From: j@example.net\r\nSubject: files\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/html\r\n\r\n<p>Hi <img src=\"cid:pic\"></p>\r\n\
        --b\r\nContent-Type: image/png\r\nContent-ID: <pic>\r\nContent-Disposition: inline; filename=\"a \\\"b\\\".png\"\r\n\r\nPNG\r\n\
        --b\r\nContent-Type: application/pdf; name=x\r\nContent-Disposition: attachment; filename*=utf-8''%E6%97%A5.pdf\r\n\r\n\x00PDF\r\n--b--\r\n";

    fn row() -> MessageRow {
        MessageRow {
            id: QueueId::from_bits(7),
            accepted_at: Timestamp::UNIX_EPOCH,
            origin: Origin::Reception { ip: "192.0.2.7".parse().unwrap() },
            domain: "example.org".to_owned(),
            reverse_path: ReversePath::try_from("j@example.net".to_owned()).unwrap(),
            envelope_parameters: EnvelopeParameters::default(),
            summary: Summary { from: "Jürgen <j@example.net>".to_owned(), ..Summary::default() },
            verdicts: None,
        }
    }

    fn signed() -> Signature {
        let text = |text: &str| text.to_owned();
        Signature { timestamp: text("1529006854"), token: text("abc"), signature: text("def") }
    }

    fn facts<'a>(row: &'a MessageRow, url: &'a str) -> Facts<'a> {
        Facts { row, recipient: "info@example.org", url }
    }

    fn read(body: &Body) -> BTreeMap<String, String> {
        assert_eq!(body.content_type, "application/x-www-form-urlencoded");
        form_urlencoded::parse(&body.octets).into_owned().collect()
    }

    #[test]
    fn a_message_without_files_is_urlencoded() {
        let row = row();
        let form = read(&forwarded(&facts(&row, "http://h/messages"), PLAIN, &signed()));
        for (name, value) in [
            ("recipient", "info@example.org"),
            ("sender", "j@example.net"),
            ("from", "Jürgen <j@example.net>"),
            ("subject", "こんにちは"),
            ("Subject", "こんにちは"),
            ("To", "info@example.org"),
            ("Message-Id", "<1@example.net>"),
            ("X-Envelope-From", "<j@example.net>"),
            ("X-Mailgun-Incoming", "Yes"),
            ("X-Originating-Ip", "[192.0.2.7]"),
            ("timestamp", "1529006854"),
            ("token", "abc"),
            ("signature", "def"),
        ] {
            assert_eq!(form.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(form["body-plain"].contains("Yes & no = 好") && form["body-plain"].contains("> what?"));
        assert_eq!(form["stripped-text"].trim(), "Yes & no = 好");
        let headers: Vec<(String, String)> = serde_json::from_str(&form["message-headers"]).unwrap();
        assert_eq!(headers.last().unwrap().0, "Content-Type");
        for absent in ["attachments", "attachment-count", "body-html", "body-mime"] {
            assert!(!form.contains_key(absent), "{absent}");
        }
    }

    #[tokio::test]
    async fn files_are_parts() {
        let row = row();
        let Body { content_type, octets } = forwarded(&facts(&row, "http://h/messages"), MIXED, &signed());
        let form = super::super::form::Form::of_bytes(Some(content_type.as_bytes()), octets).await.unwrap();
        assert_eq!(form.text("attachment-count").unwrap(), Some("2"));
        assert_eq!(form.text("content-id-map").unwrap(), Some("{\"<pic>\":\"attachment-1\"}"));
        assert_eq!(form.text("body-html").unwrap(), Some("<p>Hi <img src=\"cid:pic\"></p>"));
        assert!(form.text("body-plain").unwrap().unwrap().starts_with("Hi"));
        let file = |name: &str| form.all(name).next().unwrap().clone();
        assert_eq!(file("attachment-1").filename.as_deref(), Some("a \"b\".png"));
        assert_eq!(file("attachment-2").filename.as_deref(), Some("日.pdf"));
        assert_eq!(file("attachment-2").content_type.as_deref(), Some("application/pdf"));
        assert_eq!(&file("attachment-2").content[..], b"\x00PDF");
        assert!(!form.has("attachments"));
    }

    #[test]
    fn texts_in_other_formats_belong_to_the_body() {
        let row = row();
        let invitation = "From: j@example.net\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
            --b\r\nContent-Type: text/plain\r\n\r\nCome\r\n\
            --b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n";
        let form = read(&forwarded(&facts(&row, "http://h/messages"), invitation.as_bytes(), &signed()));
        assert_eq!((form["body-plain"].trim(), form["body-calendar"].trim()), ("Come", "BEGIN:VCALENDAR"));
        assert!(!form.contains_key("attachment-count"));
    }

    #[test]
    fn a_path_that_ends_in_mime_gets_it_whole() {
        let row = row();
        for url in ["http://h/raw-mime", "http://h/MIME?x=1", "http://h/mime/"] {
            let form = read(&forwarded(&facts(&row, url), PLAIN, &signed()));
            assert!(form["body-mime"].ends_with("> what?\r\n"));
            assert!(form["body-mime"].contains("X-Mailgun-Incoming: Yes\r\n"));
            assert!(!form.contains_key("body-plain") && !form.contains_key("message-headers"));
            assert_eq!(form["signature"], "def");
        }
        assert!(!wants_mime("http://mime/"));
    }

    #[test]
    fn what_is_stored_is_told_by_urls() {
        let row = row();
        let form = read(&stored(&facts(&row, "http://h/mime"), "http://h/m/7", MIXED, &signed()));
        assert_eq!(form["message-url"], "http://h/m/7");
        assert_eq!(form["domain"], "example.org");
        let files: Value = serde_json::from_str(&form["attachments"]).unwrap();
        assert_eq!(
            files[0],
            json!({"url": "http://h/m/7/attachments/0", "content-type": "image/png", "name": "a \"b\".png", "size": 3})
        );
        let map: Value = serde_json::from_str(&form["content-id-map"]).unwrap();
        assert_eq!(map["<pic>"], files[0]);
        assert!(!form.contains_key("attachment-1") && !form.contains_key("attachment-count"));
    }
}
