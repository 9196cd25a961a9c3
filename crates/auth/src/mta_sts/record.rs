//! The TXT record at `_mta-sts` (RFC 8461 section 3.1).

use super::is_field_name;

/// What every record begins with.
const VERSION: &[u8] = b"v=STSv1;";

/// The longest identifier (RFC 8461 section 3.1).
const MAX_ID: usize = 32;

/// An announcement: there is a policy, and this is its identifier. Another identifier means another policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    id: String,
}

/// Why TXT records announce no policy. The domain's owner is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// No record begins with `v=STSv1;`.
    #[error("no record begins with `v=STSv1;`")]
    None,
    /// More than one does.
    #[error("{0} records begin with `v=STSv1;`, and only one may")]
    Several(usize),
    /// A field is not `name=value`.
    #[error("`{0}` is no field: it has to be name=value")]
    Field(String),
    /// The identifier is missing.
    #[error("there is no `id=` field")]
    NoId,
    /// The identifier is not made of 1 to 32 letters and digits.
    #[error("`{0}` is no identifier: it has to be made of 1 to 32 letters and digits")]
    BadId(String),
}

impl Record {
    /// The identifier: 1 to 32 letters and digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Reads one record. Fields of other names are passed over, and of fields with one name the first counts (RFC 8461 section 3.2).
    ///
    /// # Errors
    /// A [`RecordError`] where it does not follow the grammar of RFC 8461 section 3.1.
    pub fn parse(text: &[u8]) -> Result<Self, RecordError> {
        let fields = text.strip_prefix(VERSION).ok_or(RecordError::None)?;
        let mut fields: Vec<&[u8]> = fields.split(|octet| *octet == b';').map(trim).collect();
        // One delimiter may stand at the end.
        if fields.len() > 1 && fields.last().is_some_and(|last| last.is_empty()) {
            fields.pop();
        }
        let mut id = None;
        for field in fields {
            let (name, value) = split(field).ok_or_else(|| match field {
                b"" if id.is_none() => RecordError::NoId,
                _ => RecordError::Field(printable(field)),
            })?;
            if name == b"id" && id.is_none() {
                id = Some(read_id(value)?);
            }
        }
        id.map(|id| Self { id }).ok_or(RecordError::NoId)
    }
}

/// The announcement among all TXT records at `_mta-sts`. Records that do not begin with `v=STSv1;` are passed over; of the others there must be
/// exactly one.
///
/// # Errors
/// A [`RecordError`]: the domain announces no policy that could be used. A policy that was fetched before stays in force (RFC 8461 section 3.1).
pub fn find<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Result<Record, RecordError> {
    let mut records = records.into_iter().filter(|text| text.starts_with(VERSION));
    let first = records.next().ok_or(RecordError::None)?;
    match records.count() {
        0 => Record::parse(first),
        more => Err(RecordError::Several(more + 1)),
    }
}

fn read_id(value: &[u8]) -> Result<String, RecordError> {
    let good = (1..=MAX_ID).contains(&value.len()) && value.iter().all(u8::is_ascii_alphanumeric);
    if good { Ok(printable(value)) } else { Err(RecordError::BadId(printable(value))) }
}

/// Name and value; values have no `=`, no blank and no control character.
fn split(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = field.iter().position(|octet| *octet == b'=')?;
    let (name, value) = (field.get(..at)?, field.get(at + 1..)?);
    // An empty identifier is told as such.
    let empty = value.is_empty() && name != b"id";
    let good = value.iter().all(|octet| octet.is_ascii_graphic() && *octet != b'=');
    (is_field_name(name) && good && !empty).then_some((name, value))
}

fn trim(mut field: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = field {
        field = rest;
    }
    field
}

/// The octets come from a stranger.
fn printable(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let found = Record::parse(text.as_bytes());
        let found = found.map_or_else(|error| error.to_string(), |record| record.id().to_owned());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn reads_records() {
        check("v=STSv1; id=20160831085700Z;", "20160831085700Z");
        check("v=STSv1;id=a", "a");
        check("v=STSv1; \t id=a  \t;", "a");
        check("v=STSv1; ext=%; id=a; id=b", "a");
        check("v=STSv1", "no record begins with `v=STSv1;`");
        check("v=stsv1; id=a", "no record begins with `v=STSv1;`");
        check("v=STSv1;", "there is no `id=` field");
        check("v=STSv1; ext=1", "there is no `id=` field");
        check("v=STSv1; id=", "`` is no identifier: it has to be made of 1 to 32 letters and digits");
        check("v=STSv1; id=a-1", "`a-1` is no identifier: it has to be made of 1 to 32 letters and digits");
        check("v=STSv1; id=a; more", "`more` is no field: it has to be name=value");
        check("v=STSv1; id=a; more=", "`more=` is no field: it has to be name=value");
    }

    #[test]
    fn exactly_one_record_counts() {
        let find = |texts: &[&str]| find(texts.iter().map(|text| text.as_bytes())).map(|record| record.id);
        assert_eq!(find(&["v=spf1 -all", "v=STSv1; id=a", "other"]), Ok("a".to_owned()));
        assert_eq!(find(&["v=STSv1; id=a", "v=STSv1; id=a"]), Err(RecordError::Several(2)));
        assert_eq!(find(&["v=STSv10; id=a"]), Err(RecordError::None));
        assert_eq!(find(&[]), Err(RecordError::None));
    }

    proptest! {
        #[test]
        fn what_is_read_is_an_identifier(tail in r"[ \t;=a-zA-Z0-9_.\-]{0,80}") {
            if let Ok(record) = Record::parse(format!("v=STSv1;{tail}").as_bytes()) {
                prop_assert!((1..=32).contains(&record.id().len()));
                prop_assert!(record.id().bytes().all(|octet| octet.is_ascii_alphanumeric()));
                prop_assert_eq!(Record::parse(format!("v=STSv1; id={}", record.id()).as_bytes()), Ok(record));
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            let _ = Record::parse(&octets);
            let _ = Record::parse(&[VERSION, &octets].concat());
        }
    }
}
