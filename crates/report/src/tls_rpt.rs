//! Reports about TLS between mail hosts (RFC 8460): counting, reading and writing. Gzip is left to the caller.

mod tally;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::{
    Address, ComposeError, Domain, Entity, MessageBuilder, NameAddr, ParameterizedValue, mime,
};

use crate::field;

pub use tally::{MAX_KINDS, MAX_POLICIES, Tally};

/// The most octets of a report as JSON that are read, after decompression: what RFC 8460 section 5.5 advises receivers to bound.
pub const MAX_JSON: usize = 16 << 20;

/// Why octets are no report. The fault is with whoever wrote them; trying again does not help.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Above [`MAX_JSON`].
    #[error("the report has {0} octets, more than {MAX_JSON}")]
    TooLong(usize),
    /// No JSON, or not that of RFC 8460 section 4.
    #[error("this is no report of RFC 8460 section 4: {0}")]
    Json(#[from] serde_json::Error),
}

/// One report: what one sender saw of one receiver's domain in one day (RFC 8460 section 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Who reports.
    pub organization_name: String,
    /// The time it is about.
    pub date_range: DateRange,
    /// Whom to ask.
    #[serde(default)]
    pub contact_info: String,
    /// Unique among the reporter's reports.
    pub report_id: String,
    /// What was seen, by policy.
    pub policies: Vec<PolicyReport>,
}

/// From and until, both within.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DateRange {
    /// The first moment.
    pub start_datetime: Timestamp,
    /// The last moment.
    pub end_datetime: Timestamp,
}

/// What was seen under one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PolicyReport {
    /// The policy that was applied.
    pub policy: Policy,
    /// Sessions in all.
    #[serde(default)]
    pub summary: Summary,
    /// The failed ones by kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failure_details: Vec<FailureDetail>,
}

/// The policy that a sender applied (RFC 8460 section 4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// Where it comes from.
    pub policy_type: PolicyType,
    /// Its lines (MTA-STS) or records (TLSA), as published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_string: Vec<String>,
    /// The domain that it is about.
    #[serde(default)]
    pub policy_domain: String,
    /// Its patterns of MX hosts. RFC 8460 shows both a text and a list of texts; a list is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub mx_host: Vec<String>,
}

/// Where a policy comes from (RFC 8460 section 4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyType {
    /// DANE records.
    Tlsa,
    /// MTA-STS.
    Sts,
    /// Neither.
    #[default]
    NoPolicyFound,
    /// A word that the standard does not have.
    #[serde(untagged)]
    Other(String),
}

/// Sessions in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Summary {
    /// Sessions that kept to the policy.
    pub total_successful_session_count: u64,
    /// Sessions that did not.
    pub total_failure_session_count: u64,
}

/// Sessions that failed alike (RFC 8460 section 4.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailureDetail {
    /// How, where, between whom.
    #[serde(flatten)]
    pub failure: Failure,
    /// How often.
    #[serde(default)]
    pub failed_session_count: u64,
}

/// One kind of failure: how, where, between whom. Empty texts are not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// What failed.
    pub result_type: ResultType,
    /// The sender's address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sending_mta_ip: String,
    /// The MX host's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receiving_mx_hostname: String,
    /// What it called itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receiving_mx_helo: String,
    /// Its address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receiving_ip: String,
    /// A URI with more, of the reporter's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub additional_information: String,
    /// The code of the TLS library.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failure_reason_code: String,
}

/// What failed (RFC 8460 section 4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultType {
    /// The host does not offer STARTTLS.
    StarttlsNotSupported,
    /// The certificate has another name.
    CertificateHostMismatch,
    /// The certificate's time is over.
    CertificateExpired,
    /// No trusted authority signed the certificate.
    CertificateNotTrusted,
    /// Any other failure of TLS.
    #[default]
    ValidationFailure,
    /// The certificate fits no TLSA record, or a record is malformed.
    TlsaInvalid,
    /// DNSSEC does not validate.
    DnssecInvalid,
    /// The sender demands DANE, and there are no usable records.
    DaneRequired,
    /// The MTA-STS policy cannot be fetched.
    StsPolicyFetchError,
    /// The MTA-STS policy is malformed.
    StsPolicyInvalid,
    /// The policy host's certificate does not validate.
    StsWebpkiInvalid,
    /// A word that the standard does not have.
    #[serde(untagged)]
    Other(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    Ok(match Option::<OneOrMany>::deserialize(source)? {
        Some(OneOrMany::Many(texts)) => texts,
        Some(OneOrMany::One(text)) => vec![text],
        None => Vec::new(),
    })
}

impl Report {
    /// Reads a report as JSON, decompressed.
    ///
    /// # Errors
    /// [`ReportError`]: too long, or no report.
    pub fn read(json: &[u8]) -> Result<Self, ReportError> {
        if json.len() > MAX_JSON {
            return Err(ReportError::TooLong(json.len()));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// Writes the report as JSON.
    ///
    /// # Errors
    /// [`ReportError::Json`]: it cannot be written, which no value of this type is known to cause.
    pub fn write(&self) -> Result<Vec<u8>, ReportError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// The name of the file (RFC 8460 section 5.1): `sender!domain!from!until!id.json`, with `.gz` where it is compressed.
    pub fn file_name(&self, submitter: &Domain, about: &Domain, coding: Coding) -> String {
        let (from, until) = (self.date_range.start_datetime, self.date_range.end_datetime);
        let id: String = self.report_id.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let ending = if coding == Coding::Gzip { ".gz" } else { "" };
        format!("{submitter}!{about}!{}!{}!{id}.json{ending}", from.as_second(), until.as_second())
    }
}

/// How the octets of a report are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `application/tlsrpt+json`.
    Json,
    /// `application/tlsrpt+gzip`.
    Gzip,
}

/// The report in a message: its octets, maybe compressed. `None` where the message has none (RFC 8460 section 5.3).
pub fn attached(content: &[u8]) -> Option<(Coding, Vec<u8>)> {
    let parsed = mime::parse(&field::with_line_feeds(content));
    parsed.attachments.into_iter().find_map(|part| {
        let coding = match part.content_type.as_str() {
            // Without a suffix in drafts of the standard, and in the field.
            "application/tlsrpt+json" | "application/tlsrpt" => Coding::Json,
            "application/tlsrpt+gzip" => Coding::Gzip,
            _ => return None,
        };
        // Some say one and send the other; the first octets of gzip tell (RFC 1952 section 2.3.1).
        let gzip = part.content.starts_with(&[0x1f, 0x8b]);
        Some((
            if gzip {
                Coding::Gzip
            } else if coding == Coding::Gzip {
                Coding::Json
            } else {
                coding
            },
            part.content,
        ))
    })
}

/// A report by mail, as it goes to an address of `rua=mailto:` (RFC 8460 section 5.3).
#[derive(Debug)]
pub struct Letter<'a> {
    /// The report.
    pub report: &'a Report,
    /// The domain that it is about.
    pub about: &'a Domain,
    /// The domain that reports; the message must be signed by it (RFC 8460 section 3).
    pub submitter: &'a Domain,
    /// The author.
    pub from: NameAddr,
    /// The reader.
    pub to: Address,
    /// Date.
    pub date: Timestamp,
    /// How `octets` are packed.
    pub coding: Coding,
    /// What [`Report::write`] gave, maybe compressed.
    pub octets: &'a [u8],
}

impl Letter<'_> {
    /// Writes the message; the Message-ID is left to intake. `seed` is text of this message alone.
    ///
    /// # Errors
    /// [`ComposeError`]: a name or value cannot stand in a header field.
    pub fn write(&self, seed: &str) -> Result<Vec<u8>, ComposeError> {
        let (about, submitter) = (self.about, self.submitter);
        let id: String = self.report.report_id.chars().filter(|c| !c.is_control() && *c != '>').collect();
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let message = MessageBuilder {
            from: vec![self.from.clone()],
            to: vec![NameAddr { name: None, address: self.to.clone() }],
            subject: Some(format!("Report Domain: {about} Submitter: {submitter} Report-ID: <{id}>")),
            date: Some(self.date),
            fields: vec![
                named("TLS-Report-Domain", about.as_str()),
                named("TLS-Report-Submitter", submitter.as_str()),
                named("Auto-Submitted", "auto-generated"),
                // A report about broken TLS arrives where TLS is broken (RFC 8689 section 3).
                named("TLS-Required", "No"),
            ],
            ..MessageBuilder::default()
        };
        let text = format!(
            "A report about TLS with the mail hosts of {about}, from {submitter} (RFC 8460).\n\
             {about} のメールサーバーとの TLS 接続に関する {submitter} からのレポートです (RFC 8460)。\n"
        );
        let kind = match self.coding {
            Coding::Json => "application/tlsrpt+json",
            Coding::Gzip => "application/tlsrpt+gzip",
        };
        let name = self.report.file_name(submitter, about, self.coding);
        let disposition = ParameterizedValue::new("attachment").with("filename", name);
        let file = Entity::binary(&ParameterizedValue::new(kind), &disposition, None, self.octets);
        let kind = ParameterizedValue::new("multipart/report").with("report-type", "tlsrpt");
        message.build_around(Entity::multipart(kind, &[Entity::text("plain", &text), file], seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_carries_the_report() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let domain = |text| Domain::parse(text).unwrap();
        let mut tally = Tally::default();
        let policy = Policy { policy_domain: "example.net".to_owned(), ..Policy::default() };
        tally.add_success(&policy);
        let failure = Failure { result_type: ResultType::CertificateExpired, ..Failure::default() };
        tally.add_failure(&policy, &failure);
        tally.add_failure(&policy, &failure);
        let report = Report {
            organization_name: "Example".to_owned(),
            date_range: DateRange {
                start_datetime: at("2026-07-01T00:00:00Z"),
                end_datetime: at("2026-07-01T23:59:59Z"),
            },
            contact_info: "postmaster@example.org".to_owned(),
            report_id: "2026-07-01_example.net".to_owned(),
            policies: tally.policies(),
        };
        let json = report.write().unwrap();
        let letter = Letter {
            report: &report,
            about: &domain("example.net"),
            submitter: &domain("example.org"),
            from: NameAddr::parse("tls@example.org").unwrap(),
            to: Address::parse("tlsrpt@example.net").unwrap(),
            date: at("2026-07-02T00:00:00Z"),
            coding: Coding::Json,
            octets: &json,
        };
        let (coding, octets) = attached(&letter.write("seed").unwrap()).unwrap();
        assert_eq!((coding, Report::read(&octets).unwrap()), (Coding::Json, report));
        expect_test::expect![[r#"{"organization-name":"Example","date-range":{"start-datetime":"2026-07-01T00:00:00Z","end-datetime":"2026-07-01T23:59:59Z"},"contact-info":"postmaster@example.org","report-id":"2026-07-01_example.net","policies":[{"policy":{"policy-type":"no-policy-found","policy-domain":"example.net"},"summary":{"total-successful-session-count":1,"total-failure-session-count":2},"failure-details":[{"result-type":"certificate-expired","failed-session-count":2}]}]}"#]]
        .assert_eq(&String::from_utf8(octets).unwrap());
    }
}
