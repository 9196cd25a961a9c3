//! The TXT record that asks for reports about TLS (RFC 8460 section 3). Nothing is asked here: texts come in, addresses go out.

use percent_encoding::percent_decode_str;
use tegami_mail::Address;

/// Where a domain says whom reports go to (RFC 8460 section 3).
pub const RECORD_LABEL: &str = "_smtp._tls";

/// What every record begins with.
const VERSION: &[u8] = b"v=TLSRPTv1";

/// The most addresses of one record that reports go to: a stranger's record names them, and each costs a delivery.
pub const MAX_TARGETS: usize = 10;

/// A record that asks for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where they go, in the record's order; at most [`MAX_TARGETS`].
    pub rua: Vec<Target>,
    /// Addresses of schemes that reports do not know, and those beyond the limit, as written.
    pub passed_over: Vec<String>,
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `mailto:`, decoded.
    Mail(Address),
    /// `https:`, as written.
    Https(String),
}

/// Why TXT records ask for no reports. The domain's owner is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// No record begins with `v=TLSRPTv1;`.
    #[error("no record begins with `v=TLSRPTv1;`")]
    None,
    /// More than one does.
    #[error("{0} records begin with `v=TLSRPTv1;`, and only one may")]
    Several(usize),
    /// A field is not `name=value`.
    #[error("`{0}` is no field: it has to be name=value")]
    Field(String),
    /// There is no `rua=`, or nothing in it.
    #[error("there is no `rua=` field with an address")]
    NoRua,
    /// An address of `rua=` cannot be read.
    #[error("`{0}` is no address for reports: it has to be mailto:USER@DOMAIN or https://HOST/PATH")]
    BadUri(String),
}

impl Record {
    /// Reads one record. Fields of other names are passed over.
    ///
    /// # Errors
    /// A [`RecordError`] where it does not follow the grammar of RFC 8460 section 3.
    pub fn parse(text: &[u8]) -> Result<Self, RecordError> {
        let fields = text.strip_prefix(VERSION).ok_or(RecordError::None)?;
        let fields = fields.trim_ascii_start().strip_prefix(b";").ok_or(RecordError::None)?;
        let fields = std::str::from_utf8(fields).map_err(|_| RecordError::Field(printable(fields)))?;
        let mut fields: Vec<&str> = fields.split(';').map(str::trim).collect();
        // One delimiter may stand at the end.
        if fields.len() > 1 && fields.last().is_some_and(|last| last.is_empty()) {
            fields.pop();
        }
        let mut rua = None;
        for field in fields.into_iter().filter(|field| !field.is_empty()) {
            let (name, value) =
                field.split_once('=').ok_or_else(|| RecordError::Field(printable(field.as_bytes())))?;
            if name.trim_end() == "rua" && rua.is_none() {
                rua = Some(value);
            }
        }
        Self::targets(rua.ok_or(RecordError::NoRua)?)
    }

    fn targets(rua: &str) -> Result<Self, RecordError> {
        let mut record = Self { rua: Vec::new(), passed_over: Vec::new() };
        for uri in rua.split(',').map(str::trim).filter(|uri| !uri.is_empty()) {
            match target(uri)? {
                Some(target) if record.rua.len() < MAX_TARGETS => record.rua.push(target),
                _ => record.passed_over.push(printable(uri.as_bytes())),
            }
        }
        if record.rua.is_empty() { Err(RecordError::NoRua) } else { Ok(record) }
    }
}

/// The record among all TXT records at `_smtp._tls`. Records that do not begin with `v=TLSRPTv1;` are passed over; of the others there must be
/// exactly one.
///
/// # Errors
/// A [`RecordError`]: the domain asks for no reports.
pub fn find<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Result<Record, RecordError> {
    let mut records = records.into_iter().filter(|text| {
        text.strip_prefix(VERSION).is_some_and(|rest| rest.trim_ascii_start().starts_with(b";"))
    });
    let first = records.next().ok_or(RecordError::None)?;
    match records.count() {
        0 => Record::parse(first),
        more => Err(RecordError::Several(more + 1)),
    }
}

/// `None` for a scheme that is not of RFC 8460 section 3.
fn target(uri: &str) -> Result<Option<Target>, RecordError> {
    let bad = || RecordError::BadUri(printable(uri.as_bytes()));
    let (scheme, rest) = uri.split_once(':').ok_or_else(bad)?;
    if !uri.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(bad());
    }
    if scheme.eq_ignore_ascii_case("mailto") {
        let address = rest.split('?').next().unwrap_or_default();
        let address = percent_decode_str(address).decode_utf8().map_err(|_| bad())?;
        return Address::parse(&address).map(|address| Some(Target::Mail(address))).map_err(|_| bad());
    }
    if scheme.eq_ignore_ascii_case("https") {
        let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
        return match host {
            Some(host) if !host.is_empty() && !host.contains('@') => Ok(Some(Target::Https(uri.to_owned()))),
            _ => Err(bad()),
        };
    }
    Ok(None)
}

/// The octets come from a stranger.
fn printable(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().filter(|c| !c.is_control()).take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let told = match Record::parse(text.as_bytes()) {
            Ok(record) => {
                let of = |target: &Target| match target {
                    Target::Mail(address) => format!("mail {address}"),
                    Target::Https(uri) => format!("post {uri}"),
                };
                record
                    .rua
                    .iter()
                    .map(of)
                    .chain(record.passed_over.iter().map(|uri| format!("not {uri}")))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn reads_records() {
        check("v=TLSRPTv1;rua=mailto:reports@example.com", "mail reports@example.com");
        check(
            "v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt;",
            "post https://reporting.example.com/v1/tlsrpt",
        );
        check(
            "v=TLSRPTv1 ; ext=1; rua = mailto:a%2Bb@example.com?x=y , https://example.com , ftp://example.com",
            "mail a+b@example.com post https://example.com not ftp://example.com",
        );
        check("v=TLSRPTv1; rua=mailto:a@example.com; rua=mailto:b@example.com", "mail a@example.com");
        check("v=TLSRPTv1", "no record begins with `v=TLSRPTv1;`");
        check("v=tlsrptv1; rua=mailto:a@example.com", "no record begins with `v=TLSRPTv1;`");
        check("v=TLSRPTv10; rua=mailto:a@example.com", "no record begins with `v=TLSRPTv1;`");
        check("v=TLSRPTv1;", "there is no `rua=` field with an address");
        check("v=TLSRPTv1; rua=", "there is no `rua=` field with an address");
        check("v=TLSRPTv1; rua=ftp://example.com", "there is no `rua=` field with an address");
        check("v=TLSRPTv1; rua", "`rua` is no field: it has to be name=value");
        for uri in [
            "a@example.com",
            "mailto:a",
            "mailto:%ff@example.com",
            "https:example.com",
            "https://",
            "https://u@example.com/",
        ] {
            check(
                &format!("v=TLSRPTv1; rua={uri}"),
                &format!(
                    "`{uri}` is no address for reports: it has to be mailto:USER@DOMAIN or https://HOST/PATH"
                ),
            );
        }
    }

    #[test]
    fn exactly_one_record_counts() {
        let find =
            |texts: &[&str]| find(texts.iter().map(|text| text.as_bytes())).map(|record| record.rua.len());
        assert_eq!(find(&["v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@example.com"]), Ok(1));
        assert_eq!(
            find(&["v=TLSRPTv1; rua=mailto:a@example.com", "v=TLSRPTv1;"]),
            Err(RecordError::Several(2))
        );
        assert_eq!(find(&[]), Err(RecordError::None));
    }

    #[test]
    fn addresses_have_an_end() {
        let many: Vec<String> = (0..40).map(|at| format!("mailto:r{at}@example.com")).collect();
        let record = Record::parse(format!("v=TLSRPTv1; rua={}", many.join(",")).as_bytes()).unwrap();
        assert_eq!((record.rua.len(), record.passed_over.len()), (MAX_TARGETS, 30));
    }

    proptest! {
        #[test]
        fn never_panics(octets: Vec<u8>) {
            let _ = Record::parse(&octets);
            let _ = Record::parse(&[VERSION, b";rua=".as_slice(), &octets].concat());
        }
    }
}
