//! What a domain shall publish, what it publishes, and what has to change.
//!
//! [`Wishes`] say what the domain is for: where its mail comes in, who sends for it, which keys sign. They come to [`Want`]s, records as a zone
//! without any would need them. [`draw`] lays them over what is published: records of others stay (other senders in SPF, other texts at the
//! same name, addresses for reports), nothing becomes weaker, and of everything that may stand once only, one stands there in the end.
//! What comes out is a [`Plan`]: whole sets of records (RRsets, RFC 2181 section 5), before and after, because sets are what every way of
//! publishing takes. Drawn again after it was published, a plan has nothing to change.

mod dmarc;
mod draw;
pub mod export;
pub mod look;
pub mod pointer;
pub mod service;
mod spf;
mod text;
mod want;
pub mod zones;

use std::time::Duration;

use tegami_auth::finding::{Change, Operation};
use tegami_auth::spf::survey::Cost;
use tegami_dns::{Data, DnsName, RecordType};
use tegami_mail::{Domain, Note};

pub use draw::draw;
pub use text::{policy_id, policy_text};
pub use want::{Key, KeyState, Receive, Server, Stage, Want, Wishes, want};

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Mail to the domain comes here.
    Mail,
    /// A name and an address of this server belong together.
    Host,
    /// These may send for the domain (RFC 7208).
    Spf,
    /// This server may say its name (RFC 7208 section 2.3).
    HostSpf,
    /// A key that signs.
    Key,
    /// A key that does not sign, or not yet.
    SpareKey,
    /// A key that signs no more.
    OldKey,
    /// Where the key of somebody who sends for the domain lies.
    ServiceKey,
    /// What receivers shall do with mail that proves nothing (RFC 9989).
    Dmarc,
    /// Another domain takes reports about this one (RFC 9990 section 4).
    Reports,
    /// There is a policy about TLS (RFC 8461).
    Sts,
    /// Where that policy is served.
    StsHost,
    /// Where reports about TLS go (RFC 8460).
    TlsReports,
    /// Which key the mail host shows (RFC 7672).
    Tlsa,
    /// Where mail programs submit (RFC 6186, RFC 8314).
    Submission,
    /// Links in messages lead to us.
    Links,
    /// What comes back to the host of return paths comes to us.
    Bounces,
    /// This server may send in the name of that host.
    BounceSpf,
    /// Wished for by name.
    Wished,
}

impl Purpose {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Host => "host",
            Self::Spf => "spf",
            Self::HostSpf => "host-spf",
            Self::Key => "key",
            Self::SpareKey => "spare-key",
            Self::OldKey => "old-key",
            Self::ServiceKey => "service-key",
            Self::Dmarc => "dmarc",
            Self::Reports => "reports",
            Self::Sts => "mta-sts",
            Self::StsHost => "mta-sts-host",
            Self::TlsReports => "tls-rpt",
            Self::Tlsa => "tlsa",
            Self::Submission => "submission",
            Self::Links => "links",
            Self::Bounces => "bounces",
            Self::BounceSpf => "bounce-spf",
            Self::Wished => "wished",
        }
    }

    /// The sentence that says what it is for.
    pub fn title(self) -> String {
        format!("plan-purpose-{}", self.as_str())
    }
}

/// Who can publish a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The owner of the domain.
    Owner,
    /// Whoever gave out the address: a provider of servers or of connections.
    Provider,
    /// The owner of another domain.
    Other(Domain),
}

/// All records of one type at one name: as they are, and as they shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The owner name.
    pub name: DnsName,
    /// The type.
    pub kind: RecordType,
    /// What they are for.
    pub purposes: Vec<Purpose>,
    /// As they are; `None` where the DNS did not say, and then nothing is changed.
    pub before: Option<Vec<Data>>,
    /// As they shall be; empty where there shall be none.
    pub after: Vec<Data>,
    /// How long they may be kept.
    pub ttl: Duration,
    /// Who can publish them.
    pub by: By,
}

impl Planned {
    /// Whether something has to change.
    pub fn changes(&self) -> bool {
        self.before.as_ref().is_some_and(|before| !same(before, &self.after))
    }

    /// Record by record; [`Operation`] is `None` for what stays.
    pub fn records(&self) -> Vec<(Option<Operation>, &Data)> {
        let before = self.before.as_deref().unwrap_or(&self.after);
        let gone = before.iter().filter(|data| !contains(&self.after, data));
        let there = self.after.iter().map(|data| match contains(before, data) {
            true => (None, data),
            false => (Some(Operation::Add), data),
        });
        gone.map(|data| (Some(Operation::Delete), data)).chain(there).collect()
    }

    /// The changes, as findings tell them.
    pub fn as_changes(&self) -> Vec<Change> {
        let records = self.records().into_iter();
        let changed = records.filter_map(|(operation, data)| operation.map(|operation| (operation, data)));
        changed
            .map(|(operation, data)| {
                Change::new(operation, self.name.as_str(), self.kind, export::plain(data))
            })
            .collect()
    }
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose.
    pub domain: Domain,
    /// The sets, in the order of their purposes. Those that go come before those that come at the same name.
    pub sets: Vec<Planned>,
    /// What has to be known about it.
    pub notes: Vec<Note>,
    /// What an evaluation of the planned SPF record costs (RFC 7208 section 4.6.4).
    pub spf: Option<Cost>,
    /// The policy that has to be served at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`.
    pub policy: Option<String>,
}

impl Plan {
    /// The sets in which something changes.
    pub fn changes(&self) -> impl Iterator<Item = &Planned> {
        self.sets.iter().filter(|set| set.changes())
    }

    /// The changes that the owner of the domain can make.
    pub fn own_changes(&self) -> impl Iterator<Item = &Planned> {
        self.changes().filter(|set| set.by == By::Owner)
    }

    /// The owner's sets about which the DNS did not say what there is.
    pub fn unknown(&self) -> impl Iterator<Item = &Planned> {
        self.sets.iter().filter(|set| set.before.is_none() && set.by == By::Owner)
    }
}

/// Whether two sets hold the same records, in whatever order.
pub fn same(one: &[Data], other: &[Data]) -> bool {
    one.iter().all(|data| contains(other, data)) && other.iter().all(|data| contains(one, data))
}

/// Whether a set holds a record. Where a text is cut into strings means nothing (RFC 7208 section 3.3).
pub fn contains(set: &[Data], data: &Data) -> bool {
    set.iter().any(|other| match (other, data) {
        (Data::Txt(one), Data::Txt(other)) => one.as_slice() == other.as_slice(),
        (one, other) => one == other,
    })
}

#[cfg(test)]
mod tests;
