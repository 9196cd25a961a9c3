//! What a domain publishes, read once (RFC 7208 sections 4.4 to 4.6).

use tegami_dns::{Answer, Data, RecordType};
use tegami_mail::Text;

use super::macros::Part;
use super::record::{Record, SyntaxError, Term};
use crate::cache::{Cache, Reading, Shelf};

/// What the TXT records of a name are to SPF.
pub(crate) enum Published {
    /// One record: its text and its terms.
    Record(Text, Record),
    /// One record that cannot be read.
    Malformed(SyntaxError),
    /// So many records where only one may be (RFC 7208 section 4.5).
    Several(usize),
    /// None among so many others.
    Other(usize),
}

impl Reading for Published {
    const KIND: RecordType = RecordType::Txt;

    fn read(answer: Answer) -> Self {
        let texts = || {
            answer.records.iter().filter_map(|record| match &record.data {
                Data::Txt(text) => Some(text.as_slice()),
                _ => None,
            })
        };
        let mut records = texts().filter(|text| Record::is_spf(text));
        match (records.next(), records.count()) {
            (Some(text), 0) => match Record::parse(text) {
                Ok(record) => Self::Record(String::from_utf8_lossy(text).into(), record),
                Err(error) => Self::Malformed(error),
            },
            (Some(_), others) => Self::Several(others + 1),
            (None, _) => Self::Other(texts().count()),
        }
    }

    fn octets(&self) -> usize {
        match self {
            // A term has its own text, and its name again. A macro and the letter behind it are two parts, in a list that has up to twice the
            // room, and the letter is a text of its own.
            Self::Record(text, record) => {
                let macros = memchr::memchr_iter(b'%', text.as_bytes()).count();
                4 * text.len() + record.terms.len() * size_of::<Term>() + 5 * macros * size_of::<Part>()
            }
            Self::Malformed(error) => error.term.len(),
            Self::Several(_) | Self::Other(_) => 0,
        }
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.spf
    }
}
