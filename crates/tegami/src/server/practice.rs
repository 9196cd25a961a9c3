//! The doctor on a running server: whom it asks, and how it judges what comes to test inboxes.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::RootCertStore;
use serde_json::Value;
use tegami_auth::received::Tls;
use tegami_dns::Resolver;
use tegami_doctor::probe::NoProbes;
use tegami_doctor::rbl::Lists;
use tegami_doctor::{Arrival, Asked, Case, Known, Probes, Reach};
use tegami_inbound::{BoxFuture, Judge};
use tegami_mail::Clock;
use tegami_web::{CheckupSettings, Checkups, Registry};

use super::Rooms;
use super::probes::{Outside, probes};
use crate::command::{Failure, reach};
use crate::config::Config;

/// The world as the doctor sees it.
#[derive(Clone)]
pub(crate) struct Practice {
    /// The DNS.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// Everything else.
    pub(crate) probes: Arc<dyn Probes>,
    /// The same, and the links of messages are followed too.
    curious: Arc<dyn Probes>,
    /// Which addresses count.
    pub(crate) reach: Reach,
}

impl Practice {
    /// Of a server that delivers to hosts within this reach.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn open(
        config: &Config,
        resolver: &Arc<dyn Resolver>,
        (roots, near, dns_port): (RootCertStore, tegami_outbound::Reach, u16),
    ) -> Result<Self, Failure> {
        let reach = far(near);
        let outside = |links| Outside {
            hostname: config.hostname.to_string(),
            port: config.delivery.port,
            sources: config.delivery.sources.clone(),
            reach,
            roots: roots.clone(),
            registries: false,
            relays: Vec::new(),
            links,
            dns_port,
        };
        let probes = |links| probes(outside(links), Arc::clone(resolver)).map_err(Failure::Text);
        Ok(Self { resolver: Arc::clone(resolver), probes: probes(false)?, curious: probes(true)?, reach })
    }

    /// Of a program that asks nobody but the DNS.
    pub(crate) fn of(config: &Config, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, probes: Arc::new(NoProbes), curious: Arc::new(NoProbes), reach: far(reach(config)) }
    }

    /// What an examination of a message at that hour has at hand, where these lists may be asked.
    pub(super) fn case(&self, now: Timestamp, lists: &Arc<Lists>) -> Case {
        Case {
            asked: Arc::new(Asked::new(Arc::clone(&self.resolver))),
            probes: Arc::clone(&self.probes),
            known: Known { lists: Arc::clone(lists), ..Known::nothing(now, self.reach) },
        }
    }

    /// Examinations that are kept.
    pub(super) fn checkups(&self, rooms: &Rooms, config: &Config) -> Checkups {
        let public = |ip: &&IpAddr| self.reach.has(**ip);
        let settings = CheckupSettings {
            reach: self.reach,
            sources: config.delivery.sources.iter().filter(public).copied().collect(),
            helo: Some(config.hostname.clone()),
            lists: Arc::clone(&config.blocklists),
        };
        Checkups::new(
            Registry {
                store: Arc::clone(&rooms.store),
                domains: Arc::clone(&rooms.domains),
                keys: Arc::clone(&rooms.dkim),
            },
            Arc::clone(&rooms.clock),
            Arc::clone(&self.resolver),
            Arc::clone(&self.probes),
            settings,
        )
    }

    /// Who judges messages to test inboxes.
    pub(super) fn judge(&self, rooms: &Rooms, config: &Config) -> Arc<dyn Judge> {
        let mut practice = self.clone();
        if config.inboxes.links {
            practice.probes = Arc::clone(&self.curious);
        }
        let lists = Arc::clone(&config.blocklists);
        Arc::new(Bench { practice, clock: Arc::clone(&rooms.clock), lists })
    }
}

/// A server that delivers on loopback lives in a world of its own.
fn far(near: tegami_outbound::Reach) -> Reach {
    match near {
        tegami_outbound::Reach::Loopback => Reach::Everywhere,
        tegami_outbound::Reach::Network => Reach::Internet,
    }
}

struct Bench {
    practice: Practice,
    clock: Arc<dyn Clock>,
    lists: Arc<Lists>,
}

impl Judge for Bench {
    fn judge<'a>(&'a self, came: tegami_inbound::Arrival<'a>) -> BoxFuture<'a, Value> {
        Box::pin(async move {
            let arrival = Arrival {
                content: came.content.to_vec(),
                verdicts: came.verdicts.clone(),
                mail_from_told: true,
                tls: if came.tls.is_some() { Tls::Used } else { Tls::Clear },
                recipients: came.envelope.forward_paths.iter().map(|path| path.address.clone()).collect(),
                body: Some(came.envelope.body),
                smtputf8: Some(came.envelope.smtputf8),
                keys: Vec::new(),
            };
            // The doctor knows when to stop, and tells what could not be found out in time.
            let case = self.practice.case(self.clock.now(), &self.lists);
            tegami_doctor::json::report(&tegami_doctor::message(&arrival, case, &|_| {}).await)
        })
    }
}
