//! TXT records as several families read them.

use std::fmt::Display;
use std::time::Duration;

use tegami_dns::{Data, DnsError, DnsName, RecordType, Resolver, TxtData};

/// The TXT records of a name; none where there is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) list: Vec<TxtData>,
    /// Where the name leads as an alias.
    pub(crate) aliases: Vec<DnsName>,
    pub(crate) ttl: Duration,
    /// The name itself does not exist, nor anything below it (RFC 8020 section 2).
    pub(crate) no_name: bool,
}

impl Texts {
    /// Asks for them.
    pub(crate) async fn ask(name: &DnsName, resolver: &dyn Resolver) -> Result<Self, DnsError> {
        match resolver.lookup(name, RecordType::Txt).await {
            Ok(answer) => {
                let ttl = answer.ttl();
                let text = |record: tegami_dns::Record| match record.data {
                    Data::Txt(text) => Some(text),
                    _ => None,
                };
                let list = answer.records.into_iter().filter_map(text).collect();
                Ok(Self { list, aliases: answer.aliases, ttl, no_name: false })
            }
            Err(error) if error.is_void() => {
                Ok(Self { no_name: error == DnsError::NxDomain, ..Self::default() })
            }
            Err(error) => Err(error),
        }
    }
}

/// The record as it stands in a zone, for evidence.
pub(crate) fn line(name: impl Display, text: &TxtData) -> String {
    format!("{name} TXT {}", Data::Txt(text.clone()))
}

/// A record without borders between strings, for evidence.
pub(crate) fn joined(name: impl Display, text: &[u8]) -> String {
    line(name, &TxtData::join([text]))
}

/// For sentences: what cannot be read is replaced, and long texts are cut.
pub(crate) fn shown(text: &[u8]) -> String {
    const SHOWN: usize = 200;
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = String::from_utf8_lossy(text).chars().map(plain).take(SHOWN + 1).collect();
    if shown.chars().count() > SHOWN {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Whether a text begins so, in any case.
pub(crate) fn begins(text: &[u8], start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}
