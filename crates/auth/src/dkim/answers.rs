//! What the DNS says at the names of key records.

use futures_util::future::join_all;
use tegami_dns::{Answer, Data, DnsError, DnsName, RecordType, Resolver};

/// Records of one name that are tried: with several, a verifier may cycle through them (RFC 6376 section 6.1.2).
pub(crate) const MAX_KEYS: usize = 4;

/// The answers for the names of all key records.
pub(crate) struct KeyAnswers {
    answers: Vec<(String, Result<Answer, DnsError>)>,
}

impl KeyAnswers {
    /// Asks for all names side by side, each once.
    pub(crate) async fn ask(wanted: impl Iterator<Item = String>, resolver: &dyn Resolver) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in wanted {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let answers = join_all(names.into_iter().map(|name| async move {
            let answer = match DnsName::parse(&name) {
                Ok(parsed) => resolver.lookup(&parsed, RecordType::Txt).await,
                // A name that is too long for the DNS exists nowhere.
                Err(_) => Err(DnsError::NxDomain),
            };
            (name, answer)
        }))
        .await;
        Self { answers }
    }

    /// The answer for one of the names.
    pub(crate) fn answer(&self, name: &str) -> Result<&Answer, &DnsError> {
        let known = self.answers.iter().find(|(asked, _)| asked == name);
        known.map_or(Err(&DnsError::NxDomain), |(_, answer)| answer.as_ref())
    }
}

/// The texts of an answer.
pub(crate) fn texts(answer: &Answer) -> impl Iterator<Item = &[u8]> {
    answer.records.iter().filter_map(|record| match &record.data {
        Data::Txt(text) => Some(text.as_slice()),
        _ => None,
    })
}
