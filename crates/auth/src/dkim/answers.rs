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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jiff::Timestamp;
    use tegami_dns::{Answer, BoxFuture, RecordType, Resolver, ZoneResolver};

    use super::*;
    use crate::Cache;
    use crate::dkim::PrivateKey;

    struct Counting(ZoneResolver, AtomicUsize);

    impl Resolver for Counting {
        fn lookup<'a>(
            &'a self,
            name: &'a DnsName,
            kind: RecordType,
        ) -> BoxFuture<'a, Result<Answer, DnsError>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.lookup(name, kind)
        }
    }

    #[tokio::test]
    async fn a_key_is_asked_for_and_read_once() {
        let record = PrivateKey::generate_ed25519().unwrap().dns_record().replace(';', "\\;");
        let zone = format!("k._domainkey.example.org. 60 TXT \"{record}\"\n");
        let resolver = Counting(ZoneResolver::from_text(&zone).unwrap(), AtomicUsize::new(0));
        let cache = Cache::default();
        let name = Text::from_static("k._domainkey.example.org");
        let ask = async |second: i64| {
            let records = Records::cached(&resolver, &cache, Timestamp::from_second(second).unwrap());
            let answers = KeyAnswers::ask([&name, &name].into_iter(), records).await;
            answers.answers[0].1.clone().unwrap()
        };
        let first = ask(0).await;
        assert!(first.keys[0].as_ref().unwrap().key.is_ok());
        assert!(Arc::ptr_eq(&first, &ask(59).await));
        assert_eq!(resolver.1.load(Ordering::Relaxed), 1);
        assert!(!Arc::ptr_eq(&first, &ask(60).await));
        assert_eq!(resolver.1.load(Ordering::Relaxed), 2);
    }
}
