//! Zone text as a [`Resolver`].

use std::future::ready;
use std::sync::Arc;

use super::{End, Fault, Zone, ZoneError};
use crate::{Answer, BoxFuture, DnsError, DnsName, Record, RecordType, Resolver, Security};

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
        let walk = self.zone.walk(name, kind.code());
        match walk.end {
            End::Records(entries) => Ok(Answer {
                records: entries
                    .into_iter()
                    .filter_map(|entry| entry.record(walk.name))
                    .collect::<Vec<Record>>(),
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
            End::Loop => Err(DnsError::Malformed(format!("the CNAME chain of {name} has no end"))),
        }
    }
}

impl Resolver for ZoneResolver {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(ready(self.answer(name, kind)))
    }
}

impl From<Zone> for ZoneResolver {
    fn from(zone: Zone) -> Self {
        Self::new(zone)
    }
}
