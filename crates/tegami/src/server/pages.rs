//! The HTTP API and pages of a server.

use std::sync::Arc;

use tegami_web::pages::{Access, PageSettings, Stage};
use tokio::sync::watch;
use tower_service::Service;

use super::Rooms;
use crate::config::Config;

/// Everything that `tegami serve` serves over HTTP; the pages ask for an API key.
pub(crate) fn pages(rooms: &Arc<Rooms>, _config: &Config, closing: watch::Receiver<bool>) -> axum::Router {
    let access = Access::Keys(Arc::clone(&rooms.accounts));
    whole(
        rooms,
        tegami_web::Settings::new(),
        PageSettings { stage: None, access, ..page_settings(rooms, closing) },
    )
}

/// The same in the lab, where nobody has to sign in, with the story.
pub(crate) fn lab_pages(
    rooms: &Arc<Rooms>,
    _config: &Config,
    closing: watch::Receiver<bool>,
    stage: Arc<dyn Stage>,
) -> axum::Router {
    let settings = tegami_web::Settings { open_on_loopback: true, ..tegami_web::Settings::new() };
    whole(rooms, settings, PageSettings { stage: Some(stage), ..page_settings(rooms, closing) })
}

fn page_settings(rooms: &Arc<Rooms>, closing: watch::Receiver<bool>) -> PageSettings {
    PageSettings {
        store: Arc::clone(&rooms.store),
        stage: None,
        owners: Vec::new(),
        access: Access::Loopback,
        closing,
    }
}

fn whole(rooms: &Arc<Rooms>, settings: tegami_web::Settings, pages: PageSettings) -> axum::Router {
    let rooms = tegami_web::Rooms {
        store: Arc::clone(&rooms.store),
        domains: Arc::clone(&rooms.domains),
        accounts: Arc::clone(&rooms.accounts),
        intake: Arc::clone(&rooms.intake),
        clock: Arc::clone(&rooms.clock),
    };
    tegami_web::router_with_pages(settings, rooms, pages)
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
