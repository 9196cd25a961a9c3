//! The store and the rooms that work on it, opened once and shared.

use std::fs::{OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use tegami_mail::{Address, Clock, note};
use tegami_outbound::Courier;
use tegami_queue::gate::Gate;
use tegami_queue::route::Routes;
use tegami_queue::shaping::Shaping;
use tegami_queue::{
    Accounts, Control, Directory, DkimKeys, Domains, Holds, Intake, IntakeSettings, KeyRing, Links,
    LocalMailboxes, Returns, SignerSource, Throttle, ThrottlePolicy,
};
use tegami_store::{Embedded, IdSource, Options, Store, StoreError};
use tegami_web::Calls;
use tegami_web::people::People;

use super::calls::Line;
use super::metrics::Meters;
use super::{calls, keys, returns, shaping};
use crate::command::Failure;
use crate::config::Config;

/// What listeners, pages and commands share.
pub(crate) struct Rooms {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) local: Arc<dyn LocalMailboxes>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) control: Arc<Control>,
    pub(crate) meters: Meters,
    pub(crate) shaping: Arc<Shaping>,
    pub(crate) keys: Arc<KeyRing>,
    /// Who makes and changes what is on that ring.
    pub(crate) dkim: Arc<DkimKeys>,
    /// Which domains are ours.
    pub(crate) domains: Arc<Domains>,
    /// Who may sign in to the pages.
    pub(crate) people: Arc<People>,
    /// Requests to URLs of webhooks, routes and archives.
    pub(crate) calls: Arc<Calls>,
    /// What they go over.
    pub(super) line: Arc<Line>,
    ids: Arc<IdSource>,
    /// What is known of failed logins.
    pub(crate) throttle: Arc<Mutex<Throttle>>,
    /// The standing rules, and the gate behind them.
    pub(crate) holds: Arc<Holds>,
    /// Who delivers, once the server runs: it remembers hosts and policies.
    pub(crate) courier: OnceLock<Arc<Courier>>,
}

impl Rooms {
    /// Opens the data folder, reads the keys (and makes those that are missing), and puts the post desk together.
    ///
    /// # Errors
    /// The data folder or a key cannot be used; the sentence names it.
    pub(crate) async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let meters = Meters::default();
        let options = Options { metrics: meters.store.clone(), ..Options::default() };
        let store =
            Embedded::open(&config.data, options).map_err(|error| cannot_open(&config.data, &error))?;
        let store: Arc<dyn Store> = Arc::new(store);
        let ring = Arc::new(KeyRing::default());
        let domains = config.domains.iter().cloned();
        let domains = Arc::new(Domains::new(Arc::clone(&store), Arc::clone(&clock), domains));
        let folder = keys::folder(config)?;
        let dkim =
            DkimKeys::new(Arc::clone(&store), folder, Arc::clone(&clock), Arc::clone(&ring), Vec::new());
        let dkim = Arc::new(dkim);
        dkim.prepare(keys::given(config)?, &domains).await?.put_to_use();
        let ids = Arc::new(IdSource::default());
        let holds = Arc::new(Holds::load(store.as_ref()).await?);
        let accounts = Accounts::new(Arc::clone(&store), Arc::clone(&clock));
        let accounts = Arc::new(accounts.map_err(|error| Failure::Text(error.to_string()))?);
        let control = Arc::new(Control::default());
        let local = local(config, &store, &clock, &domains);
        let door = Door {
            store: &store,
            domains: &domains,
            keys: &ring,
            local: &local,
            clock: &clock,
            ids: &ids,
            control: &control,
            holds: &holds,
            routes: &Arc::default(),
        };
        let links = links(config, &store).await?;
        let intake = door.intake(config, Arc::new(returns::open(config)?), links);
        let shaping = shaping::open(config, store.as_ref(), clock.now()).await?;
        holds.before(Arc::clone(&shaping) as Arc<dyn Gate>);
        let courier = OnceLock::new();
        let throttle = Arc::new(Mutex::new(Throttle::new(ThrottlePolicy::default())));
        let people =
            People::new(Arc::clone(&store), Arc::clone(&accounts), Arc::clone(&clock), Arc::clone(&throttle));
        let (calls, line) = calls::open(config, &store, &clock);
        Ok(Self {
            people: Arc::new(people),
            store,
            accounts,
            intake,
            local,
            clock,
            control,
            meters,
            shaping,
            keys: ring,
            dkim,
            domains,
            calls,
            line,
            ids,
            throttle,
            holds,
            courier,
        })
    }

    /// The same rooms as another configuration wants them. Nothing is changed yet.
    ///
    /// # Errors
    /// A key of return paths cannot be used.
    pub(crate) async fn renewed(&self, config: &Config) -> Result<Self, Failure> {
        let Self { store, clock, control, keys, ids, holds, .. } = self;
        let domains = Arc::new(self.domains.renewed(config.domains.iter().cloned()));
        let local = local(config, store, clock, &domains);
        let returns = returns::open(config)?;
        returns.take_over(self.intake.returns());
        Ok(Self {
            intake: Door {
                store,
                domains: &domains,
                keys,
                local: &local,
                clock,
                ids,
                control,
                holds,
                routes: self.intake.routes(),
            }
            .intake(config, Arc::new(returns), links(config, store).await?),
            local,
            domains,
            store: Arc::clone(store),
            accounts: Arc::clone(&self.accounts),
            clock: Arc::clone(clock),
            control: Arc::clone(control),
            meters: self.meters.clone(),
            shaping: Arc::clone(&self.shaping),
            keys: Arc::clone(keys),
            dkim: Arc::clone(&self.dkim),
            calls: Arc::clone(&self.calls),
            line: Arc::clone(&self.line),
            ids: Arc::clone(ids),
            throttle: Arc::clone(&self.throttle),
            people: Arc::clone(&self.people),
            holds: Arc::clone(&self.holds),
            courier: OnceLock::new(),
        })
    }
}

/// The links in our mail, with the key that is kept with it.
async fn links(config: &Config, store: &Arc<dyn Store>) -> Result<Arc<Links>, Failure> {
    Ok(Arc::new(Links::load(store.as_ref(), config.public_url.clone()).await?))
}

/// Which addresses are here.
fn local(
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    domains: &Arc<Domains>,
) -> Arc<dyn LocalMailboxes> {
    // `<postmaster>` without a domain lives at the host itself (RFC 5321 section 4.5.1), and so does the author of notifications.
    let local = Directory::new(
        Arc::clone(store),
        Arc::clone(clock),
        [config.hostname.clone()],
        config.domains.first().and_then(|domain| Address::parse(&format!("postmaster@{domain}")).ok()),
    );
    Arc::new(local.with_domains(Arc::clone(domains)).with_hostname(config.hostname.clone()))
}

/// What the one door stands on.
struct Door<'a> {
    store: &'a Arc<dyn Store>,
    domains: &'a Arc<Domains>,
    keys: &'a Arc<KeyRing>,
    local: &'a Arc<dyn LocalMailboxes>,
    clock: &'a Arc<dyn Clock>,
    ids: &'a Arc<IdSource>,
    control: &'a Arc<Control>,
    holds: &'a Arc<Holds>,
    routes: &'a Arc<Routes>,
}

impl Door<'_> {
    fn intake(&self, config: &Config, returns: Arc<Returns>, links: Arc<Links>) -> Arc<Intake> {
        let Self { store, domains, keys, local, clock, ids, control, holds, routes } = *self;
        let settings = IntakeSettings {
            max_size: config.limits.message_size as u64,
            max_recipients: config.limits.recipients,
            max_ahead: config.limits.ahead,
            retry: config.delivery.retry.clone(),
            priorities: config.delivery.shares.priorities.clone(),
            languages: config.delivery.languages,
            suppressions: config.suppressions,
            feedback: config.reception.feedback.clone(),
            ..IntakeSettings::new(config.hostname.clone())
        };
        let intake = Intake::new(
            Arc::clone(store),
            settings,
            Arc::clone(keys) as Arc<dyn SignerSource>,
            Arc::clone(local),
            Arc::clone(clock),
            Arc::clone(ids),
            Arc::clone(control),
        )
        .with_returns(returns)
        .with_routes(Arc::clone(routes))
        .with_links(links)
        .with_domains(Arc::clone(domains))
        .with_gate(Arc::clone(holds) as Arc<dyn Gate>);
        Arc::new(intake)
    }
}

/// Says what to do about the two things that happen to everybody: no right, and a server that runs already.
fn cannot_open(data: &Path, error: &StoreError) -> Failure {
    let lock =
        std::fs::create_dir_all(data).and_then(|()| OpenOptions::new().write(true).open(data.join("lock")));
    match lock {
        Err(refused) if refused.kind() == ErrorKind::PermissionDenied => {
            note!("cli-data-denied", folder = data.display()).into()
        }
        Ok(file) if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) => {
            note!("cli-data-in-use", folder = data.display()).into()
        }
        _ => Failure::Text(error.to_string()),
    }
}
