//! The HTTP API and pages of a server.

use std::sync::Arc;

use tegami_store::NodeId;
use tegami_web::pages::{PageSettings, Stage};
use tokio::sync::watch;
use tower_service::Service;

use super::Rooms;
use crate::config::Config;

/// Everything that `tegami serve` serves over HTTP; the pages ask who looks.
pub(crate) fn pages(rooms: &Arc<Rooms>, config: &Config, closing: watch::Receiver<bool>) -> axum::Router {
    whole(rooms, config, settings(config), PageSettings { stage: None, owners: Vec::new(), closing })
}

/// The same in the lab, where nobody has to sign in, with the story.
pub(crate) fn lab_pages(
    rooms: &Arc<Rooms>,
    config: &Config,
    closing: watch::Receiver<bool>,
    stage: Arc<dyn Stage>,
) -> axum::Router {
    let settings = tegami_web::Settings { open_on_loopback: true, ..settings(config) };
    whole(rooms, config, settings, PageSettings { stage: Some(stage), owners: Vec::new(), closing })
}

fn settings(config: &Config) -> tegami_web::Settings {
    tegami_web::Settings { public_url: config.public_url.clone(), ..tegami_web::Settings::new() }
}

fn whole(
    rooms: &Arc<Rooms>,
    config: &Config,
    settings: tegami_web::Settings,
    pages: PageSettings,
) -> axum::Router {
    tegami_web::router_with_pages(settings, web_rooms(rooms, config), pages)
}

/// What the HTTP door stands on; the reader of control fields of submitted messages stands on the same.
pub(super) fn web_rooms(rooms: &Rooms, config: &Config) -> tegami_web::Rooms {
    tegami_web::Rooms {
        store: Arc::clone(&rooms.store),
        domains: Arc::clone(&rooms.domains),
        accounts: Arc::clone(&rooms.accounts),
        intake: Arc::clone(&rooms.intake),
        clock: Arc::clone(&rooms.clock),
        people: Arc::clone(&rooms.people),
        control: Arc::clone(&rooms.control),
        holds: Arc::clone(&rooms.holds),
        shaping: Arc::clone(&rooms.shaping),
        calls: Arc::clone(&rooms.calls),
        node: NodeId(config.hostname.to_string()),
    }
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
