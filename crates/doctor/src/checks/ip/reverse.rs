//! The names of an address.

use std::net::IpAddr;
use std::time::Duration;

use tegami_auth::iprev;
use tegami_dns::{Data, DnsError, DnsName, RecordType, Resolver};

/// What reverse DNS says of an address.
#[derive(Clone, Debug)]
pub(crate) struct Reverse {
    /// Where its PTR records stand.
    pub(crate) at: DnsName,
    /// Its names, or why there are none.
    pub(crate) names: Result<Vec<DnsName>, DnsError>,
    /// Whether one of them points back.
    pub(crate) verdict: iprev::Verdict,
    /// How long the records may be kept.
    pub(crate) ttl: Duration,
}

impl Reverse {
    pub(crate) async fn find(ip: IpAddr, resolver: &dyn Resolver) -> Self {
        let at = DnsName::reverse(ip);
        let kept = resolver.lookup_to_keep(&at, RecordType::Ptr).await;
        let names = kept.result.map(|answer| {
            let name = |data| if let Data::Ptr(name) = data { Some(name) } else { None };
            answer.records.into_iter().filter_map(|record| name(record.data)).collect()
        });
        // The resolver of an examination asks nothing twice.
        let verdict = iprev::check(ip, resolver).await;
        Self { at, names, verdict, ttl: kept.ttl }
    }

    /// The records, as published.
    pub(crate) fn records(&self) -> impl Iterator<Item = String> {
        self.names.iter().flatten().map(|name| format!("{} PTR {name}.", self.at))
    }

    /// The name that counts: the one that points back, else the first.
    pub(crate) fn name(&self) -> Option<&str> {
        self.verdict.name.as_deref()
    }
}
