//! Whoever makes requests to URLs of webhooks, routes and archives.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tegami_mail::Clock;
use tegami_outbound::{HttpCaller, Https};
use tegami_queue::{Answered, CallError, Caller, Post};
use tegami_store::{BoxFuture, Store};
use tegami_web::{CallSettings, Calls};

use crate::config::Config;

/// The line to the world, which is connected once the server runs.
#[derive(Default)]
pub(crate) struct Line(OnceLock<HttpCaller>);

impl Line {
    /// Connects it.
    pub(super) fn connect(&self, https: &Arc<Https>, config: &Config) {
        let _ = self.0.set(HttpCaller::new(Arc::clone(https)));
        self.allow(config);
    }

    /// Lets it reach the networks that the configuration names, and no others.
    pub(super) fn allow(&self, config: &Config) {
        if let Some(caller) = self.0.get() {
            caller.allow(config.webhooks.allow.clone());
        }
    }
}

impl Caller for Line {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answered, CallError>> {
        match self.0.get() {
            Some(caller) => caller.post(post),
            None => Box::pin(async { Err(CallError::Unanswered("the server does not run yet".to_owned())) }),
        }
    }

    fn permits(&self, url: &str) -> Result<(), CallError> {
        self.0.get().map_or(Ok(()), |caller| caller.permits(url))
    }
}

/// The desk, and the line that it uses.
pub(super) fn open(
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
) -> (Arc<Calls>, Arc<Line>) {
    let line = Arc::new(Line::default());
    let caller = Arc::clone(&line) as Arc<dyn Caller>;
    let calls = Calls::new(Arc::clone(store), Arc::clone(clock), caller, settings(config, None));
    (Arc::new(calls), line)
}

/// The configuration as `web` wants it, and the address at which the HTTP server listens.
pub(super) fn settings(config: &Config, bound: Option<SocketAddr>) -> CallSettings {
    let mut settings = CallSettings::new(config.base_url(bound));
    if !config.webhooks.retry.is_empty() {
        settings.retry.clone_from(&config.webhooks.retry);
    }
    settings.signing_key = config.webhooks.signing_key.as_ref().map(|key| key.0.clone());
    settings
}
