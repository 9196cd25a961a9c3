//! The HTTP API and pages of a server.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tegami_dns::Resolver;
use tegami_mail::Domain;
use tegami_queue::shaping::SourceTerms;
use tegami_store::NodeId;
use tegami_web::SubmissionControls;
use tegami_web::pages::{PageSettings, Stage};
use tegami_web::{DomainDesk, Offers, Settings, Sources};
use tokio::sync::watch;
use tower_service::Service;

use super::Rooms;
use super::practice::Practice;
use super::tls::{association, shown_certificate};
use crate::config::{Config, Dns};

/// Everything that `tegami serve` serves over HTTP; the pages ask who looks.
pub(crate) fn pages(
    rooms: &Arc<Rooms>,
    config: &Config,
    practice: &Practice,
    closing: watch::Receiver<bool>,
) -> axum::Router {
    let pages = PageSettings { stage: None, owners: Vec::new(), closing };
    whole((rooms, practice), config, settings(config), pages)
}

/// The same in the lab, where nobody has to sign in, with the story.
pub(crate) fn lab_pages(
    rooms: &Arc<Rooms>,
    config: &Config,
    practice: &Practice,
    closing: watch::Receiver<bool>,
    stage: Arc<dyn Stage>,
) -> axum::Router {
    let settings = Settings { open_on_loopback: true, asks_zones: false, ..settings(config) };
    let pages = PageSettings { stage: Some(stage), owners: Vec::new(), closing };
    whole((rooms, practice), config, settings, pages)
}

pub(super) fn settings(config: &Config) -> Settings {
    let public_url = config.public_url.clone();
    let (sources, forms) = (sources(config), config.forms.clone());
    let (retention, proxies) = (config.limits.retention, config.trusted_proxies.clone());
    let asks_zones = !matches!(config.dns, Dns::Zone(_));
    let usual = Settings::new(config.hostname.clone());
    let offers = offers(config);
    Settings { public_url, sources, forms, retention, proxies, offers, asks_zones, ..usual }
}

/// What the server has for every domain whose mail it takes.
pub(crate) fn offers(config: &Config) -> Offers {
    let port = |addresses: &[SocketAddr]| addresses.first().map(|at| at.port()).filter(|port| *port != 0);
    Offers {
        sts: config.reception.sts,
        tlsa: shown_certificate(config).first().and_then(association).into_iter().collect(),
        submission: (port(&config.listen.submissions), port(&config.listen.submission)),
    }
}

/// Where mail leaves from, and under which names.
pub(crate) fn sources(config: &Config) -> Sources {
    let name_of = |ip: &IpAddr| {
        let has = |source: &&Arc<SourceTerms>| {
            source.v4.map(IpAddr::V4) == Some(*ip) || source.v6.map(IpAddr::V6) == Some(*ip)
        };
        let ehlo = config.shaping.sources.iter().find(has).and_then(|source| source.ehlo.clone());
        ehlo.and_then(|name| Domain::parse(&name).ok()).unwrap_or_else(|| config.hostname.clone())
    };
    let addresses = config.delivery.sources.iter().map(|ip| (name_of(ip), *ip)).collect();
    Sources { hostname: config.hostname.clone(), addresses }
}

fn whole(
    (rooms, practice): (&Arc<Rooms>, &Practice),
    config: &Config,
    settings: Settings,
    pages: PageSettings,
) -> axum::Router {
    tegami_web::router_with_pages(settings, web_rooms(rooms, practice, config), pages)
}

/// Who administers domains.
pub(super) fn domain_desk(rooms: &Rooms, config: &Config, resolver: &Arc<dyn Resolver>) -> DomainDesk {
    DomainDesk {
        domains: Arc::clone(&rooms.domains),
        keys: Arc::clone(&rooms.dkim),
        accounts: Arc::clone(&rooms.accounts),
        links: rooms.intake.links().cloned(),
        calls: Arc::clone(&rooms.calls),
        resolver: Arc::clone(resolver),
        sources: sources(config),
        clock: Arc::clone(&rooms.clock),
    }
}

/// What the HTTP door stands on; the reader of control fields of submitted messages stands on the same.
fn web_rooms(rooms: &Rooms, practice: &Practice, config: &Config) -> tegami_web::Rooms {
    tegami_web::Rooms {
        store: Arc::clone(&rooms.store),
        domains: Arc::clone(&rooms.domains),
        keys: Arc::clone(&rooms.dkim),
        accounts: Arc::clone(&rooms.accounts),
        intake: Arc::clone(&rooms.intake),
        resolver: Arc::clone(&practice.resolver),
        throttle: Arc::clone(&rooms.throttle),
        clock: Arc::clone(&rooms.clock),
        people: Arc::clone(&rooms.people),
        control: Arc::clone(&rooms.control),
        holds: Arc::clone(&rooms.holds),
        shaping: Arc::clone(&rooms.shaping),
        calls: Arc::clone(&rooms.calls),
        checkups: Arc::new(practice.checkups(rooms, config)),
        node: NodeId(config.hostname.to_string()),
    }
}

/// Who reads the control fields of messages that are submitted by SMTP.
pub(crate) fn controls(rooms: &Rooms, practice: &Practice, config: &Config) -> SubmissionControls {
    SubmissionControls::new(settings(config), web_rooms(rooms, practice, config))
}

/// A router that has each request answered by the one that is current then.
pub(super) fn current(routers: &watch::Sender<axum::Router>) -> axum::Router {
    let routers = routers.subscribe();
    axum::Router::new().fallback(move |request: axum::extract::Request| {
        let mut router = routers.borrow().clone();
        async move {
            match Service::call(&mut router, request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    })
}
