//! What the DNS says at the names of key records.

use futures_util::future::join_all;
use tegami_dns::{DnsError, DnsName};
use tegami_mail::Text;

use super::key::PublishedKeys;
use crate::Records;
use crate::cache::Known;

/// The answers for the names of all key records.
pub(crate) struct KeyAnswers {
    answers: Vec<(Text, Known<PublishedKeys>)>,
}

impl KeyAnswers {
    /// Asks for all names side by side, each once.
    pub(crate) async fn ask<'n>(wanted: impl Iterator<Item = &'n Text>, records: Records<'_>) -> Self {
        let mut names: Vec<Text> = Vec::new();
        for name in wanted {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        // Most messages have one, and nothing to wait for beside it.
        let answers = match names.as_slice() {
            [name] => vec![ask(name.clone(), records).await],
            _ => join_all(names.into_iter().map(|name| ask(name, records))).await,
        };
        Self { answers }
    }

    /// The answer for one of the names.
    pub(crate) fn answer(&self, name: &str) -> Result<&PublishedKeys, &DnsError> {
        let known = self.answers.iter().find(|(asked, _)| asked == name);
        known.map_or(Err(&DnsError::NxDomain), |(_, answer)| answer.as_deref())
    }
}

async fn ask(name: Text, records: Records<'_>) -> (Text, Known<PublishedKeys>) {
    let answer = match DnsName::parse(&name) {
        Ok(parsed) => records.get(&parsed).await,
        // A name that is too long for the DNS exists nowhere.
        Err(_) => Err(DnsError::NxDomain),
    };
    (name, answer)
}
