//! Zone text as a [`Resolver`].

use std::future::ready;
use std::sync::Arc;

use super::{End, Fault, Walk, Zone, ZoneError};
use crate::{Answer, BoxFuture, DnsError, DnsName, Kept, Record, RecordType, Resolver, Security};

/// Answers from zone text and never from the network. Clones share the zone; reading takes no lock.
#[derive(Clone, Debug)]
pub struct ZoneResolver {
    zone: Arc<Zone>,
}

impl ZoneResolver {
    /// Answers from this zone.
    pub fn new(zone: impl Into<Arc<Zone>>) -> Self {
        Self { zone: zone.into() }
    }

    /// Reads zone text and answers from it.
    ///
    /// # Errors
    /// A [`ZoneError`] with every line that could not be read.
    pub fn from_text(text: &str) -> Result<Self, ZoneError> {
        Zone::parse(text).map(Self::new)
    }

    /// The zone that answers.
    pub fn zone(&self) -> &Arc<Zone> {
        &self.zone
    }

    /// Answers at once.
    ///
    /// # Errors
    /// As [`Resolver::lookup`].
    pub fn answer(&self, name: &DnsName, kind: RecordType) -> Result<Answer, DnsError> {
        self.kept(name, kind).result
    }

    fn kept(&self, name: &DnsName, kind: RecordType) -> Kept {
        let walk = self.zone.walk(name, kind.code());
        let aliases = walk.chain.iter().map(|(_, entry)| entry.ttl);
        let end = match &walk.end {
            End::Records(entries) => entries.iter().map(|entry| entry.ttl).min(),
            End::NoData | End::NxDomain => Some(self.zone.negative_ttl(walk.name)),
            End::Fault(_) | End::Loop => None,
        };
        let ttl = aliases.chain(end).min().filter(|_| end.is_some()).unwrap_or_default();
        Kept { result: answer(walk), ttl }
    }
}

/// The walk as those see it who asked.
fn answer(walk: Walk<'_>) -> Result<Answer, DnsError> {
    match walk.end {
        End::Records(entries) => Ok(Answer {
            records: entries.into_iter().filter_map(|entry| entry.record(walk.name)).collect::<Vec<Record>>(),
            aliases: walk
                .chain
                .iter()
                .skip(1)
                .map(|(owner, _)| *owner)
                .chain((!walk.chain.is_empty()).then_some(walk.name))
                .cloned()
                .collect(),
            security: if walk.secure { Security::Secure } else { Security::Insecure },
        }),
        End::NoData => Err(DnsError::NoData),
        End::NxDomain => Err(DnsError::NxDomain),
        End::Fault(Fault::ServFail) => Err(DnsError::ServFail),
        End::Fault(Fault::Timeout) => Err(DnsError::Timeout),
        End::Fault(Fault::Bogus) => Err(DnsError::Bogus),
        End::Loop => {
            let name = walk.chain.first().map_or(walk.name, |(owner, _)| owner);
            Err(DnsError::Malformed(format!("the CNAME chain of {name} has no end")))
        }
    }
}

impl Resolver for ZoneResolver {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(ready(self.answer(name, kind)))
    }

    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(ready(self.kept(name, kind)))
    }
}

impl From<Zone> for ZoneResolver {
    fn from(zone: Zone) -> Self {
        Self::new(zone)
    }
}
