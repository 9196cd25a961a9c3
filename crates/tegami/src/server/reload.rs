//! Taking over a changed configuration while everything runs: nothing is changed before all of it is known to be good, and no session is dropped.

use std::sync::Arc;

use rustls::RootCertStore;
use tegami_outbound::OutboundError;
use tegami_queue::Deliver;
use tokio::sync::{mpsc, oneshot};

use super::doors::Doors;
use super::{Rooms, Server, outbound_settings, returns, settler, shaping, tls};
use crate::command::Failure;
use crate::config::Config;

/// Who waits for the end of a reload: the keys that count after a restart only.
pub(crate) type Answer = oneshot::Sender<Result<Vec<&'static str>, Failure>>;

/// What commands over the control socket work on.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) config: Arc<Config>,
    /// Whom to ask for a reload.
    pub(crate) asks: mpsc::Sender<Answer>,
}

impl Server {
    /// Somebody asks for a reload over the control socket.
    pub(crate) async fn asked(&mut self) -> Option<Answer> {
        self.asked.recv().await
    }

    /// Goes by another configuration from now on: certificates, domains, keys, limits, routes, smarthosts, sources, retries. Open sessions end as they
    /// began, save that keys count at once. Gives back what counts after a restart only.
    ///
    /// # Errors
    /// What is wrong; nothing was changed.
    pub(crate) async fn reload(
        &mut self,
        config: Config,
        roots: RootCertStore,
    ) -> Result<Vec<&'static str>, Failure> {
        let before = Arc::clone(&self.house.borrow().config);
        let fixed = fixed(&before, &config);
        let config = Config {
            data: before.data.clone(),
            listen: before.listen.clone(),
            dns: before.dns.clone(),
            dnssec: before.dnssec,
            log: before.log.clone(),
            ..config
        };
        let tls = tls::server_config(&config)?;
        let settings = outbound_settings(&config, self.reach);
        let courier = self.outbound.courier().renewed(settings).trusting(roots.clone());
        let failed = |error: OutboundError| Failure::Text(error.to_string());
        let courier = courier.map_err(failed)?;
        let (rooms, signers) = self.rooms.renewed(&config).await?;
        returns::choose(&config, rooms.intake.returns(), &self.resolver).await;
        self.https.trust(roots).map_err(failed)?;
        // From here on nothing fails.
        rooms.keys.replace(signers);
        rooms.shaping.reload(config.shaping.clone(), shaping::relay(&config), rooms.clock.now());
        let courier = Arc::new(courier);
        let _ = rooms.courier.set(Arc::clone(&courier));
        let rooms = Arc::new(rooms);
        super::warn(&config);
        self.doors.replace(Doors::new(&rooms, &config, &tls, Arc::clone(&self.resolver)));
        drop(self.routers.send_replace((self.pages)(&rooms, &config, self.stop.subscribe())));
        self.outbound = Arc::new(self.outbound.renewed(courier));
        let deliver = Arc::clone(&self.outbound) as Arc<dyn Deliver>;
        let weights = config.delivery.shares.weights.clone();
        rooms.control.replace(settler(&rooms, &config), deliver, weights);
        if config.delivery.paused {
            rooms.control.pause();
        } else {
            rooms.control.resume();
        }
        rooms.control.gate_changed();
        self.rooms = Arc::clone(&rooms);
        let config = Arc::new(config);
        self.house.send_modify(|house| (house.rooms, house.config) = (rooms, config));
        Ok(fixed)
    }
}

/// What a running server cannot change.
fn fixed(before: &Config, now: &Config) -> Vec<&'static str> {
    let differs =
        |one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| format!("{one:?}") != format!("{other:?}");
    let keys = [
        ("data", differs(&before.data, &now.data)),
        ("listen", differs(&before.listen, &now.listen)),
        ("dns", differs(&(&before.dns, before.dnssec), &(&now.dns, now.dnssec))),
        ("log", differs(&before.log, &now.log)),
    ];
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}
