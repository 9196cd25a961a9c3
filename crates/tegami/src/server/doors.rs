//! What is served at each SMTP listener, as the configuration has it; made anew when the configuration is read again.

use std::sync::Arc;

use tegami_inbound::{
    Desk, Policy, Reception, ReceptionSettings, Service, SubmissionDesk, SubmissionSettings,
};
use tegami_proto::smtp::server::AuthOffer;
use tokio::sync::watch;

use super::practice::Practice;
use super::{Rooms, listen, pages};
use crate::config::{Config, OnFail};

/// One service for each kind of listener.
pub(super) struct Doors {
    pub(super) smtp: Arc<Service>,
    pub(super) submission: Arc<Service>,
    pub(super) submissions: Arc<Service>,
    pub(super) local: Arc<Service>,
}

/// The services that listeners look at when somebody connects.
pub(super) struct OpenDoors {
    pub(super) smtp: watch::Sender<Arc<Service>>,
    pub(super) submission: watch::Sender<Arc<Service>>,
    pub(super) submissions: watch::Sender<Arc<Service>>,
    pub(super) local: watch::Sender<Arc<Service>>,
}

impl OpenDoors {
    pub(super) fn new(doors: Doors) -> Self {
        let open = |service| watch::Sender::new(service);
        Self {
            smtp: open(doors.smtp),
            submission: open(doors.submission),
            submissions: open(doors.submissions),
            local: open(doors.local),
        }
    }

    /// Who connects from now on meets these.
    pub(super) fn replace(&self, doors: Doors) {
        self.smtp.send_replace(doors.smtp);
        self.submission.send_replace(doors.submission);
        self.submissions.send_replace(doors.submissions);
        self.local.send_replace(doors.local);
    }
}

impl Doors {
    pub(super) fn new(
        rooms: &Rooms,
        config: &Config,
        tls: &Arc<rustls::ServerConfig>,
        practice: &Practice,
    ) -> Self {
        let metrics = rooms.meters.inbound.clone();
        let service = |name, settings, desk: &Arc<dyn Desk>| {
            let metrics = metrics.clone();
            Service { name, metrics, ..Service::new(settings, Arc::clone(tls), Arc::clone(desk)) }
        };
        let submission = submission(rooms, practice, config);
        let reception = reception(rooms, config, practice);
        let under_tls = listen::session(config, AuthOffer::UnderTls);
        let trusting = |name, settings| {
            let trusted = config.submission.trusted.clone();
            Service { trusted, ..service(name, settings, &submission) }
        };
        let implicit = trusting("submissions", under_tls.clone());
        Self {
            smtp: Arc::new(service("smtp", listen::session(config, AuthOffer::Never), &reception)),
            submission: Arc::new(trusting("submission", under_tls)),
            submissions: Arc::new(Service { implicit_tls: true, ..implicit }),
            local: Arc::new(trusting("local", listen::local_session(config))),
        }
    }
}

fn reception(rooms: &Rooms, config: &Config, practice: &Practice) -> Arc<dyn Desk> {
    Arc::new(Reception::new(ReceptionSettings {
        hostname: config.hostname.clone(),
        policy: Policy {
            dmarc_reject: lower(config.reception.dmarc_reject),
            spf_fail: lower(config.reception.spf_fail),
        },
        resolver: Arc::clone(&practice.resolver),
        mailboxes: Arc::clone(&rooms.local),
        intake: Arc::clone(&rooms.intake),
        judge: Some(practice.judge(rooms, config)),
        store: Arc::clone(&rooms.store),
        clock: Arc::clone(&rooms.clock),
    }))
}

fn submission(rooms: &Rooms, practice: &Practice, config: &Config) -> Arc<dyn Desk> {
    Arc::new(SubmissionDesk::new(SubmissionSettings {
        hostname: config.hostname.clone(),
        accounts: Arc::clone(&rooms.accounts),
        domains: Arc::clone(&rooms.domains),
        trusted: config.submission.trusted.clone(),
        mailboxes: Arc::clone(&rooms.local),
        controls: Arc::new(pages::controls(rooms, practice, config)),
        intake: Arc::clone(&rooms.intake),
        store: Arc::clone(&rooms.store),
        throttle: Arc::clone(&rooms.throttle),
        clock: Arc::clone(&rooms.clock),
    }))
}

fn lower(on_fail: OnFail) -> tegami_inbound::OnFail {
    match on_fail {
        OnFail::Refuse => tegami_inbound::OnFail::Refuse,
        OnFail::Mark => tegami_inbound::OnFail::Mark,
    }
}
