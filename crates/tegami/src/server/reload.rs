//! Taking over a changed configuration while everything runs: nothing is changed before all of it is known to be good, and no session is dropped.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::RootCertStore;
use tegami_outbound::OutboundError;
use tegami_queue::Deliver;
use tegami_queue::shaping::ShapingSettings;
use tokio::sync::{mpsc, oneshot};

use super::doors::Doors;
use super::preflight::watch::Guard;
use super::{Practice, Rooms, Server, calls, keys, outbound_settings, returns, settler, shaping, tls};
use crate::command::Failure;
use crate::config::{Config, Delivery};

/// Who waits for the end of a reload: the keys that count after a restart only.
pub(crate) type Answer = oneshot::Sender<Result<Vec<&'static str>, Failure>>;

/// What commands over the control socket work on.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) config: Arc<Config>,
    pub(crate) practice: Practice,
    /// Whom to ask for a reload.
    pub(crate) asks: mpsc::Sender<Answer>,
}

impl Server {
    /// Somebody asks for a reload over the control socket.
    pub(crate) async fn asked(&mut self) -> Option<Answer> {
        self.asked.recv().await
    }

    /// Goes by another configuration from now on. Open sessions end as they began, save that keys count at once. Gives back what counts after a
    /// restart only.
    ///
    /// # Errors
    /// What is wrong; nothing was changed.
    pub(crate) async fn reload(
        &mut self,
        config: Config,
        roots: RootCertStore,
    ) -> Result<Vec<&'static str>, Failure> {
        let before = Arc::clone(&self.house.borrow().config);
        let (config, fixed) = taken_over(&before, config);
        let tls = tls::server_config(&config)?;
        let settings = outbound_settings(&config, self.reach);
        let courier = self.outbound.courier().renewed(settings).trusting(roots.clone());
        let failed = |error: OutboundError| Failure::Text(error.to_string());
        let courier = courier.map_err(failed)?;
        let zone = self.zone.as_ref().map(|zone| zone.read()).transpose()?;
        let given = keys::given(&config)?;
        let rooms = self.rooms.renewed(&config).await?;
        returns::decide(&config, &rooms, &self.resolver).await;
        // No key is made or withdrawn between this and the moment when these count.
        let ring = rooms.dkim.prepare(given, &rooms.domains).await?;
        self.https.trust(roots).map_err(failed)?;
        // From here on nothing fails, and nothing waits.
        ring.put_to_use();
        if let (Some(zone), Some(read)) = (&self.zone, zone) {
            zone.replace(read);
        }
        rooms.shaping.reload(config.shaping.clone(), shaping::relay(&config), rooms.clock.now());
        let courier = Arc::new(courier);
        let _ = rooms.courier.set(Arc::clone(&courier));
        let rooms = Arc::new(rooms);
        rooms.intake.show_to(Guard::new(&rooms, &self.practice, &config, Some(self.watched.clone())));
        super::warn(&config);
        self.doors.replace(Doors::new(&rooms, &config, &tls, &self.practice));
        let router = (self.pages)(&rooms, &config, &self.practice, self.stop.subscribe());
        drop(self.routers.send_replace(router));
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
        rooms.line.allow(&config);
        rooms.calls.replace(calls::settings(&config, self.addresses.http.first().copied()));
        self.rooms = Arc::clone(&rooms);
        let config = Arc::new(config);
        self.house.send_modify(|house| (house.rooms, house.config) = (rooms, config));
        Ok(fixed)
    }
}

/// The configuration that a running server goes by when `now` is read after `before`, and the keys of `now` that it cannot take over.
fn taken_over(before: &Config, now: Config) -> (Config, Vec<&'static str>) {
    let differs =
        |one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug| format!("{one:?}") != format!("{other:?}");
    let loopback = |config: &Config| config.delivery.sources.iter().any(IpAddr::is_loopback);
    // Sources on loopback make a server of this machine alone.
    let moved = loopback(before) != loopback(&now);
    let delivery_sources = if moved { &before.delivery.sources } else { &now.delivery.sources }.clone();
    let shaping_sources = if moved { &before.shaping.sources } else { &now.shaping.sources }.clone();
    let fixed = [
        ("data", differs(&before.data, &now.data)),
        ("listen", differs(&before.listen, &now.listen)),
        ("dns", differs(&(&before.dns, before.dnssec), &(&now.dns, now.dnssec))),
        ("log", differs(&before.log, &now.log)),
        ("delivery.sources", moved),
    ];
    let config = Config {
        data: before.data.clone(),
        listen: before.listen.clone(),
        dns: before.dns.clone(),
        dnssec: before.dnssec,
        log: before.log.clone(),
        // One by one, so that who adds a field has to say here whether it is taken over, and then to see in `Server::reload` that it is.
        hostname: now.hostname,
        domains: now.domains,
        return_paths: now.return_paths,
        dkim: now.dkim,
        tls: now.tls,
        reception: now.reception,
        submission: now.submission,
        delivery: Delivery { sources: delivery_sources, ..now.delivery },
        suppressions: now.suppressions,
        reports: now.reports,
        monitor: now.monitor,
        blocklists: now.blocklists,
        inboxes: now.inboxes,
        preflight: now.preflight,
        limits: now.limits,
        public_url: now.public_url,
        trusted_proxies: now.trusted_proxies,
        webhooks: now.webhooks,
        forms: now.forms,
        shaping: ShapingSettings { sources: shaping_sources, ..now.shaping },
    };
    (config, fixed.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each key at the top level another value than none, and what is named then.
    const CHANGES: &[(&str, &str, &[&str])] = &[
        ("hostname", "", &[]),
        // The socket for programs of this machine lies in the data folder where nothing else is said.
        ("data", "data = \"/elsewhere\"", &["data", "listen"]),
        ("domains", "[domains.\"example.org\"]\nreturn_path = \"rewrite\"", &[]),
        ("listen", "listen.smtp = 2525", &["listen"]),
        ("tls", "tls.extra_roots = \"roots.pem\"", &[]),
        ("dns", "dns.dnssec = \"validate\"", &["dns"]),
        ("reception", "reception.spf_fail = \"mark\"", &[]),
        ("submission", "submission.trusted = \"192.0.2.0/24\"", &[]),
        ("delivery", "delivery.port = 2525", &[]),
        ("delivery", "delivery.sources = [\"127.0.0.5\"]", &["delivery.sources"]),
        ("providers", "providers.google.connections = 1", &[]),
        ("providers_file", "providers_file = \"providers.toml\"", &[]),
        ("warmup", "[delivery.sources.slow]\nv4 = \"192.0.2.1\"\n[warmup.slow]\nstart = \"2026-11-20\"", &[]),
        ("suppressions", "suppressions.within_days = 9", &[]),
        ("reports", "reports.tls = false", &[]),
        ("inboxes", "inboxes.links = true", &[]),
        ("blocklists", "blocklists.off = \"multi.surbl.org\"", &[]),
        ("monitor", "monitor.every = \"never\"", &[]),
        ("preflight", "preflight.refuse = true", &[]),
        ("limits", "limits.recipients = 7", &[]),
        ("public_url", "public_url = \"https://mail.example.org/\"", &[]),
        ("trusted_proxies", "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]", &[]),
        ("webhooks", "webhooks.allow = \"10.0.0.0/8\"", &[]),
        ("forms", "[domains.\"example.org\"]\n[forms.contact]\nto = \"info@example.org\"", &[]),
        ("log", "log.level = \"debug\"", &["log"]),
    ];

    #[test]
    fn every_section_is_taken_over_or_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("providers.toml"), "[google]\nconnections = 1\n").unwrap();
        let read = |hostname: &str, change: &str| {
            let file = folder.path().join("tegami.toml");
            std::fs::write(&file, format!("hostname = \"{hostname}\"\n{change}\n")).unwrap();
            Config::load(&file).unwrap_or_else(|error| panic!("{change}: {error:?}"))
        };
        let told: Vec<&str> = CHANGES.iter().map(|(key, ..)| *key).collect();
        let sections = Config::sections();
        assert!(sections.iter().all(|key| told.contains(key)), "a section is missing here: {sections:?}");
        let text = |config: &Config| format!("{config:?}");
        for (key, change, named) in CHANGES {
            let hostname = if *key == "hostname" { "mx.example.org" } else { "mail.example.org" };
            let (before, now) = (read("mail.example.org", ""), read(hostname, change));
            assert!(text(&before) != text(&now), "{key}");
            let (config, fixed) = taken_over(&before, now.clone());
            assert_eq!(fixed, *named, "{key}");
            assert!(text(&config) == text(if named.is_empty() { &now } else { &before }), "{key}");
        }
    }
}
