//! Complaints: the abuse reporting format (RFC 5965, with the fields of RFC 6591).

use std::net::IpAddr;

use jiff::Timestamp;
use tegami_mail::mime::Parsed;
use tegami_mail::{
    Address, ComposeError, Entity, HeaderLimits, HeaderSection, MessageBuilder, NameAddr, ParameterizedValue,
    charset, date, header, mime,
};

use crate::dsn::{Original, Typed};
use crate::field;

/// The most values kept of a field that may stand several times.
const MAX_VALUES: usize = 100;

/// A report about one message or several alike (RFC 5965 section 3). As read, everything in it is its author's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    /// `abuse`, `fraud`, `virus`, `not-spam`, `auth-failure`, `opt-out`, `other` …, in lower case.
    pub feedback_type: String,
    /// The program that wrote it.
    pub user_agent: String,
    /// Version of the format; `1`.
    pub version: String,
    /// When the message came to the reporter (Arrival-Date, or its older name Received-Date).
    pub arrival_date: Option<Timestamp>,
    /// Whom the message came from.
    pub source_ip: Option<IpAddr>,
    /// The reverse-path of the message, without angle brackets; empty where it was null.
    pub original_mail_from: Option<String>,
    /// The recipients, without angle brackets.
    pub original_rcpt_to: Vec<String>,
    /// ENVID.
    pub original_envelope_id: Option<String>,
    /// Domains that the reporter believes to be concerned.
    pub reported_domain: Vec<String>,
    /// Likewise URIs.
    pub reported_uri: Vec<String>,
    /// The values of Authentication-Results.
    pub authentication_results: Vec<String>,
    /// Who reports.
    pub reporting_mta: Option<Typed>,
    /// How many messages are meant; one where nothing is said.
    pub incidents: Option<u64>,
    /// The remaining fields, name and value, in order: Auth-Failure, DKIM-Domain and others (RFC 6591).
    pub other: Vec<(String, String)>,
    /// What came back of the message; writing takes its header section.
    pub original: Option<Original>,
}

/// The field that Outlook.com's Junk Mail Reporting Program puts into the message that it sends back.
const JMRP_RECIPIENT: &str = "X-HmXmrOriginalRecipient";

/// Reads a content as a complaint; `None` where it has no part `message/feedback-report` with a Feedback-Type, and is none
/// of Outlook.com's Junk Mail Reporting Program, which keeps to no standard.
pub fn read(content: &[u8]) -> Option<Complaint> {
    let content = field::with_line_feeds(content);
    let parsed = mime::parse(&content);
    let original = field::returned_part(&parsed).and_then(Original::parse);
    let part = parsed.attachments.iter().find(|part| part.content_type == "message/feedback-report");
    let Some(part) = part else { return of_outlook(&parsed, original?) };
    let mut complaint = Complaint::default();
    for (name, value) in field::groups(&charset::guess(&part.content)).into_iter().flatten() {
        set(&mut complaint, name, field::cut(&value));
    }
    complaint.original = original;
    (!complaint.feedback_type.is_empty()).then_some(complaint)
}

/// The subject is `complaint about message from 192.0.2.1`, and the message comes back with its recipient.
fn of_outlook(parsed: &Parsed, original: Original) -> Option<Complaint> {
    let section = HeaderSection::parse(&original.header, HeaderLimits::GENEROUS).ok()?;
    let recipient = field::bare(&section.first(JMRP_RECIPIENT)?.text());
    let source = parsed.subject.to_ascii_lowercase();
    let source = source.trim().strip_prefix("complaint about message from")?.trim().parse().ok();
    Some(Complaint {
        feedback_type: "abuse".to_owned(),
        source_ip: source,
        original_rcpt_to: vec![recipient],
        original: Some(original),
        ..Complaint::default()
    })
}

fn set(complaint: &mut Complaint, name: String, value: String) {
    let push = |values: &mut Vec<String>, value: String| {
        if values.len() < MAX_VALUES {
            values.push(value);
        }
    };
    match name.to_ascii_lowercase().as_str() {
        "feedback-type" => complaint.feedback_type = value.to_ascii_lowercase(),
        "user-agent" => complaint.user_agent = value,
        "version" => complaint.version = value,
        "arrival-date" | "received-date" => complaint.arrival_date = date::parse(&value).ok(),
        "source-ip" => complaint.source_ip = value.parse().ok(),
        "original-mail-from" => complaint.original_mail_from = Some(field::bare(&value)),
        "original-rcpt-to" => push(&mut complaint.original_rcpt_to, field::bare(&value)),
        "original-envelope-id" => complaint.original_envelope_id = Some(value),
        "reported-domain" => push(&mut complaint.reported_domain, value),
        "reported-uri" => push(&mut complaint.reported_uri, value),
        "authentication-results" => push(&mut complaint.authentication_results, value),
        "reporting-mta" => complaint.reporting_mta = Some(Typed::parse(&value)),
        "incidents" => complaint.incidents = value.parse().ok(),
        _ if complaint.other.len() < MAX_VALUES => complaint.other.push((name, value)),
        _ => {}
    }
}

/// Where a written complaint comes from and goes.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The author.
    pub from: NameAddr,
    /// The reader.
    pub to: Address,
    /// Subject.
    pub subject: String,
    /// The part for people.
    pub text: String,
    /// Date.
    pub date: Timestamp,
}

/// Writes a complaint. Control characters in a value become blanks, so that none begins another field; the
/// Message-ID is left to intake. `seed` is text of this message alone.
///
/// # Errors
/// [`ComposeError`]: a name or value cannot stand in a header field.
pub fn write(complaint: &Complaint, letter: &Letter, seed: &str) -> Result<Vec<u8>, ComposeError> {
    let message = MessageBuilder {
        from: vec![letter.from.clone()],
        to: vec![NameAddr { name: None, address: letter.to.clone() }],
        subject: Some(letter.subject.clone()),
        date: Some(letter.date),
        // RFC 3834 section 5: nobody shall answer this by machine.
        fields: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
        ..MessageBuilder::default()
    };
    let fields = fields(complaint);
    let kind = ParameterizedValue::new("message/feedback-report");
    let report = Entity::seven_bit(&kind, None, fields.as_bytes()).unwrap_or_else(|| {
        Entity::binary(&kind, &ParameterizedValue::new("inline"), None, fields.as_bytes())
    });
    let section = complaint.original.as_ref().map(|original| header::split(&original.header).0);
    // RFC 6522 section 3: the header section alone may come back as `text/rfc822-headers`.
    let returned = Entity::text("rfc822-headers", &String::from_utf8_lossy(section.unwrap_or_default()));
    let parts = [Entity::text("plain", &letter.text), report, returned];
    let kind = ParameterizedValue::new("multipart/report").with("report-type", "feedback-report");
    message.build_around(Entity::multipart(kind, &parts, seed))
}

/// The fields of the part for programs, in the order of RFC 5965 section 3.
fn fields(complaint: &Complaint) -> String {
    let mut text = String::new();
    let mut push = |name: &str, value: &str| {
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        text.push_str(&format!("{name}: {}\r\n", value.trim()));
    };
    push("Feedback-Type", &complaint.feedback_type);
    push("User-Agent", &complaint.user_agent);
    push("Version", if complaint.version.is_empty() { "1" } else { &complaint.version });
    if let Some(path) = &complaint.original_mail_from {
        push("Original-Mail-From", &format!("<{path}>"));
    }
    if let Some(id) = &complaint.original_envelope_id {
        push("Original-Envelope-Id", id);
    }
    if let Some(moment) = complaint.arrival_date {
        push("Arrival-Date", &date::write(moment));
    }
    if let Some(mta) = &complaint.reporting_mta {
        push("Reporting-MTA", &mta.to_string());
    }
    if let Some(address) = complaint.source_ip {
        push("Source-IP", &address.to_string());
    }
    if let Some(incidents) = complaint.incidents {
        push("Incidents", &incidents.to_string());
    }
    for value in &complaint.authentication_results {
        push("Authentication-Results", value);
    }
    for value in &complaint.original_rcpt_to {
        push("Original-Rcpt-To", &format!("<{value}>"));
    }
    for value in &complaint.reported_domain {
        push("Reported-Domain", value);
    }
    for value in &complaint.reported_uri {
        push("Reported-URI", value);
    }
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    for (name, value) in complaint.other.iter().filter(|(name, _)| is_name(name)) {
        push(name, value);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn letter() -> Letter {
        Letter {
            from: NameAddr::parse("postmaster@mail.example.org").unwrap(),
            to: Address::parse("abuse@example.net").unwrap(),
            subject: "Complaint".to_owned(),
            text: "A reader of ours calls this message unwanted.\n".to_owned(),
            date: Timestamp::UNIX_EPOCH,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            agent in "[a-zA-Z/][ -~]{0,30}[a-z]", from in proptest::option::of("[a-z]{1,9}@example[.]net"),
            to in proptest::collection::vec("[a-z]{1,9}@example[.]org", 0..4),
            uris in proptest::collection::vec("https://example[.]net/[a-z]{0,9}", 0..3),
            incidents in proptest::option::of(any::<u64>()), ip in proptest::option::of(any::<IpAddr>()),
            seconds in proptest::option::of(0_i64..4_000_000_000),
        ) {
            let header = b"Return-Path: <a@example.net>\r\nMessage-ID: <1@example.net>\r\n";
            let complaint = Complaint {
                feedback_type: "abuse".to_owned(), user_agent: agent, version: "1".to_owned(),
                arrival_date: seconds.map(|seconds| Timestamp::from_second(seconds).unwrap()),
                source_ip: ip, original_mail_from: from, original_rcpt_to: to, reported_uri: uris, incidents,
                other: vec![("Auth-Failure".to_owned(), "dmarc".to_owned())],
                original: Original::parse(header), ..Complaint::default()
            };
            let content = write(&complaint, &letter(), "seed").unwrap();
            prop_assert_eq!(read(&content), Some(complaint));
        }
    }

    #[test]
    fn a_value_begins_no_field() {
        let complaint = Complaint {
            feedback_type: "abuse".to_owned(),
            user_agent: "x\r\nSource-IP: 192.0.2.1".to_owned(),
            ..Complaint::default()
        };
        let read = read(&write(&complaint, &letter(), "seed").unwrap()).unwrap();
        assert_eq!(read.source_ip, None);
    }
}
