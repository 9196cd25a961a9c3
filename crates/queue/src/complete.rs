//! Completing a header section (RFC 6409 section 8, RFC 5322 section 3.6), and the trace fields (RFC 5321 section 4.4). Pure.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::header::{self, HeaderLimits, HeaderSection};
use tegami_mail::{Address, Body, Domain, Envelope, Host, ReversePath, date, line, mailbox_list};
use tegami_store::QueueId;

use crate::priority::{self, Looks};
use crate::submission::{IntakeError, Trace};

/// A content that may travel.
#[derive(Debug)]
pub struct Completed {
    /// Header section and body, with CRLF line ends.
    pub content: Vec<u8>,
    /// The addresses of the From field; at least one.
    pub authors: Vec<Address>,
    /// How urgent it looks.
    pub(crate) looks: Looks,
}

impl Completed {
    /// The domain of the first author.
    pub fn author_domain(&self) -> Option<&Domain> {
        self.authors.first().and_then(Address::domain)
    }
}

/// Adds Date and Message-ID where they are missing, takes out Bcc (RFC 5322 section 3.6.3), Return-Path (RFC 5321 section 4.4) and words to us,
/// and gives bare line ends their other half. Every other octet stays as it came. With the same identifier and moment the same becomes of it.
///
/// # Errors
/// [`IntakeError::BadHeader`], [`IntakeError::NoAuthor`] or [`IntakeError::Loop`]: all the submitter's fault.
pub fn complete(
    content: &[u8],
    id: QueueId,
    hostname: &Domain,
    now: Timestamp,
) -> Result<Completed, IntakeError> {
    let content = line::to_crlf(content);
    if header::begins_with_fold(&content) {
        return Err(IntakeError::BadHeader("its first line begins with a blank".to_owned()));
    }
    let section = HeaderSection::parse(&content, HeaderLimits::GENEROUS)
        .map_err(|error| IntakeError::BadHeader(error.to_string()))?;
    check_section_hops(&section)?;
    let authors = authors(&section)?;
    let mut fields = Vec::new();
    if section.first("Date").is_none() {
        fields.extend_from_slice(format!("Date: {}\r\n", date::write(now)).as_bytes());
    }
    if section.first("Message-ID").is_none() {
        let domain = authors.first().and_then(Address::domain).unwrap_or(hostname);
        let left = id.to_string().to_ascii_lowercase();
        fields.extend_from_slice(format!("Message-ID: <{left}@{domain}>\r\n").as_bytes());
    }
    let looks = Looks::of(&section);
    let unwanted = ["Bcc", "Return-Path", priority::FIELD];
    let content = if unwanted.iter().any(|name| section.first(name).is_some()) {
        Cow::Owned(header::without(&content, |field| unwanted.iter().any(|name| field.is(name))))
    } else {
        content
    };
    Ok(Completed { content: header::prepend(&content, &[fields]), authors, looks })
}

/// What the next hop must be told of a content: BODY and SMTPUTF8, as far as it needs them. Fewer demands reach more hosts.
pub fn needs(envelope: &Envelope, content: &[u8]) -> (Body, bool) {
    let (section, _) = header::split(content);
    let addresses = envelope.reverse_path.address().into_iter();
    let mut addresses = addresses.chain(envelope.forward_paths.iter().map(|path| &path.address));
    let body = match envelope.body {
        Body::BinaryMime => Body::BinaryMime,
        _ if !content.is_ascii() => Body::EightBitMime,
        _ => Body::SevenBit,
    };
    // RFC 6531 section 3.4: a header section or an address outside ASCII needs it.
    (body, !section.is_ascii() || addresses.any(Address::needs_smtputf8))
}

/// Received fields in a message that goes round and round; RFC 5321 section 6.3 wants the threshold at 100 or more.
const MOST_HOPS: usize = 100;

/// Refuses a content that has travelled in a circle.
pub(crate) fn check_hops(content: &[u8]) -> Result<(), IntakeError> {
    let section = HeaderSection::parse(content, HeaderLimits::GENEROUS)
        .map_err(|error| IntakeError::BadHeader(error.to_string()))?;
    check_section_hops(&section)
}

fn check_section_hops(section: &HeaderSection<'_>) -> Result<(), IntakeError> {
    let hops = section.all("Received").count();
    if hops > MOST_HOPS { Err(IntakeError::Loop { hops }) } else { Ok(()) }
}

/// The one From field's addresses.
pub(crate) fn authors(section: &HeaderSection<'_>) -> Result<Vec<Address>, IntakeError> {
    let mut fields = section.all("From");
    let from = fields.next().ok_or(IntakeError::NoAuthor)?;
    if fields.next().is_some() {
        return Err(IntakeError::BadHeader("there is more than one From field".to_owned()));
    }
    let authors = mailbox_list::authors(&from.unfolded())
        .map_err(|error| IntakeError::BadHeader(format!("the From field: {error}")))?;
    if authors.is_empty() { Err(IntakeError::NoAuthor) } else { Ok(authors) }
}

/// The Message-ID without its angle brackets; empty where there is none.
pub fn message_id(section: &HeaderSection<'_>) -> String {
    let text = section.first("Message-ID").map(tegami_mail::HeaderField::text).unwrap_or_default();
    text.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// A Received field (RFC 5321 section 4.4). The recipient is named only where there is one: a second one might be a
/// blind copy.
pub(crate) fn received(
    trace: &Trace,
    envelope: &Envelope,
    hostname: &Domain,
    id: QueueId,
    now: Timestamp,
) -> Vec<u8> {
    let mut lines = Vec::new();
    let literal = trace.ip.map(|ip| Host::Literal(ip.to_canonical()).to_string());
    let tcp_info: Vec<String> =
        trace.name.as_deref().map(harmless).into_iter().chain(literal.clone()).collect();
    let helo = trace.helo.as_deref().map(harmless).filter(|helo| !helo.is_empty());
    match (helo.or(literal), tcp_info.is_empty()) {
        (Some(from), false) => lines.push(format!("from {from} ({})", tcp_info.join(" "))),
        (Some(from), true) => lines.push(format!("from {from}")),
        (None, _) => {}
    }
    lines.push(format!("by {hostname} with {} id {id}", harmless(&trace.protocol)));
    if let Some(tls) = &trace.tls {
        let words: Vec<String> = tls.split_whitespace().map(harmless).collect();
        lines.push(format!("({})", words.join(" ")));
    }
    match envelope.forward_paths.as_slice() {
        [only] => lines.push(format!("for <{}>; {}", only.address, date::write(now))),
        _ => {
            if let Some(last) = lines.last_mut() {
                last.push(';');
            }
            lines.push(date::write(now));
        }
    }
    format!("Received: {}\r\n", lines.join("\r\n\t")).into_bytes()
}

/// The content as it lies in a mailbox.
pub(crate) fn delivered(content: &[u8], reverse_path: &ReversePath) -> Bytes {
    Bytes::from(header::prepend(content, &[return_path(reverse_path)]))
}

/// The Return-Path field of final delivery (RFC 5321 section 4.4).
pub(crate) fn return_path(reverse_path: &ReversePath) -> Vec<u8> {
    format!("Return-Path: <{reverse_path}>\r\n").into_bytes()
}

/// What a stranger wrote, made fit for a field: nothing that could end a comment, a field or a line, and not too long.
fn harmless(text: &str) -> String {
    let fit = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    text.chars().take(255).map(|c| if fit(c) { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(content: &str, expected: &Expect) {
        let id = QueueId::from_bits(7);
        let host = Domain::parse("mail.example.org").unwrap();
        let text = match complete(content.as_bytes(), id, &host, Timestamp::UNIX_EPOCH) {
            Ok(done) => String::from_utf8(done.content).unwrap().replace('\r', ""),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn what_is_missing_is_added_and_what_is_private_goes() {
        check(
            "From: a@example.org\r\nBcc: x@example.net,\r\n\ty@example.net\r\nTo:  b@example.net\r\n\r\nHi\r\n",
            &expect![[r#"
                Date: Thu, 01 Jan 1970 00:00:00 +0000
                Message-ID: <00000000000000000000000007@example.org>
                From: a@example.org
                To:  b@example.net

                Hi
            "#]],
        );
        check(
            "Return-Path: <x@example.net>\nfrom: a@example.org\nMESSAGE-id: <1@x>\ndate: whenever\n\nHi",
            &expect![[r#"
                from: a@example.org
                MESSAGE-id: <1@x>
                date: whenever

                Hi"#]],
        );
    }

    #[test]
    fn an_author_there_must_be() {
        check("To: b@example.net\r\n\r\n", &expect!["the message has no From field"]);
        check(
            "From: a@example.org\r\nFrom: b@example.org\r\n\r\n",
            &expect!["the header section is not acceptable: there is more than one From field"],
        );
        check(
            " x\r\nFrom: a@example.org\r\n\r\n",
            &expect!["the header section is not acceptable: its first line begins with a blank"],
        );
    }

    #[test]
    fn received_says_who_by_whom_and_when() {
        let to = |addresses: &[&str]| {
            Envelope::new(ReversePath::Null, addresses.iter().map(|text| Address::parse(text).unwrap()))
        };
        let host = Domain::parse("mail.example.org").unwrap();
        let trace = Trace {
            helo: Some("evil\r\nX: (y)".to_owned()),
            name: Some("client.example.net".to_owned()),
            ip: Some("2001:db8::1".parse().unwrap()),
            protocol: "ESMTPSA".to_owned(),
            tls: Some("TLSv1.3 TLS13_AES_256_GCM_SHA384".to_owned()),
        };
        let id = QueueId::from_bits(7);
        let field = |trace: &Trace, envelope: &Envelope| {
            let field = received(trace, envelope, &host, id, Timestamp::UNIX_EPOCH);
            String::from_utf8(field).unwrap().replace('\r', "")
        };
        expect![[r#"
            Received: from evil??X:??y? (client.example.net [IPv6:2001:db8::1])
            	by mail.example.org with ESMTPSA id 00000000000000000000000007
            	(TLSv1.3 TLS13_AES_256_GCM_SHA384)
            	for <b@example.net>; Thu, 01 Jan 1970 00:00:00 +0000
        "#]]
        .assert_eq(&field(&trace, &to(&["b@example.net"])));
        let http = Trace { protocol: "HTTP".to_owned(), ..Trace::default() };
        expect![[r#"
            Received: by mail.example.org with HTTP id 00000000000000000000000007;
            	Thu, 01 Jan 1970 00:00:00 +0000
        "#]]
        .assert_eq(&field(&http, &to(&["b@example.net", "c@example.net"])));
    }

    #[test]
    fn a_message_that_goes_in_circles_is_stopped() {
        let content = format!("{}From: a@example.org\r\n\r\n", "Received: x\r\n".repeat(101));
        check(&content, &expect!["the message has passed 101 hosts: it goes in a circle"]);
    }

    proptest! {
        #[test]
        fn every_other_octet_stays(head in "([A-Z][a-z-]{0,9}: [ -~]{0,40}\r\n){0,4}", body in "([^\r\n]{0,20}\r\n){0,5}") {
            let content = format!("From: a@example.org\r\n{head}\r\n{body}");
            let host = Domain::parse("mail.example.org").unwrap();
            if let Ok(done) = complete(content.as_bytes(), QueueId::from_bits(7), &host, Timestamp::UNIX_EPOCH) {
                let text = String::from_utf8(done.content).unwrap();
                prop_assert!(head.contains("Bcc") || text.ends_with(&content));
            }
        }

        #[test]
        fn no_content_breaks_it(content: Vec<u8>, text in "[\r\nFrom:,<>@a. ]{0,80}") {
            let host = Domain::parse("mail.example.org").unwrap();
            for content in [content.as_slice(), text.as_bytes()] {
                let _ = complete(content, QueueId::from_bits(7), &host, Timestamp::UNIX_EPOCH);
            }
        }
    }
}
