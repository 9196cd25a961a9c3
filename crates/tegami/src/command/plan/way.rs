//! The two ways of publishing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tegami_dns::{DnsName, Resolver, SetChange, UpdateKey, update};
use tegami_doctor::plan::Planned;
use tegami_doctor::plan::zones::ZoneServers;
use tegami_mail::note;

use super::route53::Route53;
use crate::cli::{self, Access};
use crate::command::Failure;

/// For one update.
const PATIENCE: Duration = Duration::from_secs(30);

/// The variable that holds a key for updates, where no file does.
const KEY: &str = "TEGAMI_TSIG";

/// A way of publishing, with the rights to it.
pub(crate) enum Way {
    /// Updates (RFC 2136), to the zone's primary server or to this one.
    Update {
        /// The secret that signs them.
        key: Option<UpdateKey>,
        /// The server.
        primary: Option<SocketAddr>,
    },
    /// The API of Route 53.
    Route53(Box<Route53>),
}

impl Way {
    /// With the rights that the options, the environment and files name.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn new(by: cli::Way, access: &Access) -> Result<Self, Failure> {
        match by {
            cli::Way::Nsupdate => Ok(Self::Update { key: key(access)?, primary: access.primary }),
            cli::Way::Route53 => Ok(Self::Route53(Box::new(Route53::new(access)?))),
        }
    }

    /// Publishes sets of one zone: all of them or none.
    ///
    /// # Errors
    /// They were not published, or it is not known whether they were.
    pub(crate) async fn publish(
        &self,
        zone: &ZoneServers,
        sets: &[&Planned],
        resolver: &Arc<dyn Resolver>,
    ) -> Result<(), Failure> {
        match self {
            Self::Update { key, primary } => {
                let server = primary.or_else(|| zone.servers.first().map(|(_, server)| *server));
                let server = server.ok_or_else(|| note!("cli-dns-no-zone", name = zone.apex))?;
                let changes: Vec<SetChange> = sets.iter().map(|set| change(set)).collect();
                let now = SystemTime::now();
                let updated = update(server, &zone.apex, &changes, key.as_ref(), now, PATIENCE).await;
                Ok(updated.map_err(|error| {
                    note!("cli-dns-update-failed", zone = zone.apex, server = server, reason = error)
                })?)
            }
            Self::Route53(route53) => route53.publish(&zone.apex, sets, resolver).await,
        }
    }

    /// Whether the way needs to know a zone's servers.
    pub(crate) fn zone_without_servers(&self, apex: DnsName) -> Option<ZoneServers> {
        match self {
            Self::Update { primary: None, .. } => None,
            _ => Some(ZoneServers { apex, servers: Vec::new() }),
        }
    }
}

fn change(set: &Planned) -> SetChange {
    SetChange {
        name: set.name.clone(),
        kind: set.kind,
        ttl: set.ttl,
        before: set.before.clone().unwrap_or_default(),
        after: set.after.clone(),
    }
}

fn key(access: &Access) -> Result<Option<UpdateKey>, Failure> {
    let (text, from) = match &access.tsig {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
            (text, path.display().to_string())
        }
        None => match std::env::var(KEY) {
            Ok(text) => (text, format!("${KEY}")),
            Err(_) => return Ok(None),
        },
    };
    let key = UpdateKey::parse(&text);
    Ok(Some(key.map_err(|error| note!("cli-dns-bad-key", file = from, reason = error))?))
}
