//! Another world: a resolver's answers, but for a few.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Answer, BoxFuture, Data, DnsError, DnsName, Record, RecordType, Resolver, Security};

/// The TTL of records that nobody publishes.
const TTL: Duration = Duration::from_secs(3_600);

/// Aliases that are followed (as many as resolvers commonly do).
const MAX_ALIASES: usize = 8;

/// Answers as another resolver does, but for the questions that were given an answer here: what would be if a record
/// were another one, were there, or were gone. Aliases of the other resolver that lead to a changed name lead to the
/// change.
#[derive(Clone)]
pub struct Overlay {
    beneath: Arc<dyn Resolver>,
    changed: BTreeMap<(DnsName, RecordType), Vec<Data>>,
}

impl Overlay {
    /// Nothing is changed yet.
    pub fn new(beneath: Arc<dyn Resolver>) -> Self {
        Self { beneath, changed: BTreeMap::new() }
    }

    /// From now on, these are all records of this type at this name; no data means that there are none (NODATA).
    pub fn set(&mut self, name: DnsName, kind: RecordType, data: Vec<Data>) {
        self.changed.insert((name, kind), data);
    }

    fn answer(&self, name: &DnsName, kind: RecordType) -> Option<Result<Answer, DnsError>> {
        let data = self.changed.get(&(name.clone(), kind))?;
        let record = |data: &Data| Record { name: name.clone(), ttl: TTL, data: data.clone() };
        Some(match data.as_slice() {
            [] => Err(DnsError::NoData),
            data => Ok(Answer {
                records: data.iter().map(record).collect(),
                aliases: Vec::new(),
                security: Security::Insecure,
            }),
        })
    }

    /// A name at or above one that has a record here exists (RFC 8020 section 2).
    fn exists(&self, name: &DnsName) -> bool {
        self.changed.iter().any(|((owner, _), data)| !data.is_empty() && owner.is_within(name))
    }

    async fn ask(&self, name: &DnsName, kind: RecordType) -> Result<Answer, DnsError> {
        if let Some(answer) = self.answer(name, kind) {
            return answer;
        }
        let found = match self.beneath.lookup(name, kind).await {
            Err(DnsError::NxDomain) if self.exists(name) => Err(DnsError::NoData),
            found => found,
        };
        // Only an alias that has no such record itself can lead elsewhere; where it leads is told only with an answer.
        let aliases = match &found {
            Ok(answer) => answer.aliases.clone(),
            Err(error) if error.is_void() => self.aliases(name).await,
            Err(_) => Vec::new(),
        };
        let changed = aliases.iter().enumerate();
        let changed = changed.filter_map(|(place, alias)| Some((place, self.answer(alias, kind)?))).next();
        match changed {
            Some((place, answer)) => answer
                .map(|answer| Answer { aliases: aliases.into_iter().take(place + 1).collect(), ..answer }),
            None => found,
        }
    }

    /// Where the CNAME records of the resolver beneath lead.
    async fn aliases(&self, name: &DnsName) -> Vec<DnsName> {
        let mut aliases: Vec<DnsName> = Vec::new();
        while aliases.len() < MAX_ALIASES {
            let last = aliases.last().unwrap_or(name);
            let Ok(answer) = self.beneath.lookup(last, RecordType::Cname).await else { break };
            let target = answer.records.into_iter().find_map(|record| match record.data {
                Data::Cname(target) => Some(target),
                _ => None,
            });
            match target {
                Some(target) if target != *name && !aliases.contains(&target) => aliases.push(target),
                _ => break,
            }
        }
        aliases
    }
}

impl Resolver for Overlay {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(self.ask(name, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ZoneResolver;

    const ZONE: &str = r#"
        example.org.        TXT   "old"
        example.org.        MX    10 mx.example.org.
        alias.example.org.  CNAME example.org.
        chain.example.org.  CNAME alias.example.org.
        bare.example.org.   CNAME target.example.net.
        $SERVFAIL broken.example.org
    "#;

    async fn check(changed: &[(&str, &[&str])], name: &str, expected: &str) {
        let mut overlay = Overlay::new(Arc::new(ZoneResolver::from_text(ZONE).unwrap()));
        for (name, texts) in changed {
            let data = texts.iter().map(|text| Data::Txt(text.as_bytes().to_vec().into())).collect();
            overlay.set(DnsName::parse(name).unwrap(), RecordType::Txt, data);
        }
        let name = DnsName::parse(name).unwrap();
        let found = match overlay.lookup(&name, RecordType::Txt).await {
            Err(error) => error.to_string(),
            Ok(answer) => {
                let aliases = answer.aliases.iter().map(|alias| format!("{alias} > ")).collect::<String>();
                let texts = answer.records.into_iter().map(|record| match record.data {
                    Data::Txt(text) => String::from_utf8_lossy(&text).into_owned(),
                    other => format!("{other:?}"),
                });
                format!("{aliases}{}", texts.collect::<Vec<_>>().join(", "))
            }
        };
        assert_eq!(found, expected, "{name} with {changed:?}");
    }

    #[tokio::test]
    async fn what_is_not_changed_is_as_it_was() {
        check(&[], "example.org", "old").await;
        check(&[], "chain.example.org", "alias.example.org > example.org > old").await;
        check(&[], "nowhere.example.org", "NXDOMAIN").await;
        check(&[("broken.example.org", &["new"])], "broken.example.org", "new").await;
        check(&[("other.example.org", &["new"])], "broken.example.org", "SERVFAIL").await;
    }

    #[tokio::test]
    async fn changes_are_seen_also_through_aliases() {
        check(&[("example.org", &["new", "two"])], "example.org", "new, two").await;
        check(&[("example.org", &[])], "example.org", "NODATA").await;
        check(&[("example.org", &["new"])], "chain.example.org", "alias.example.org > example.org > new")
            .await;
        check(&[("alias.example.org", &["new"])], "chain.example.org", "alias.example.org > new").await;
        check(&[("example.org", &[])], "alias.example.org", "NODATA").await;
        check(&[("target.example.net", &["new"])], "bare.example.org", "target.example.net > new").await;
    }

    #[tokio::test]
    async fn a_name_above_a_new_record_exists() {
        check(&[("a.b.example.net", &["new"])], "b.example.net", "NODATA").await;
        check(&[("a.b.example.net", &[])], "b.example.net", "NXDOMAIN").await;
    }
}
