//! `tegami dns`: what a domain shall publish, how that stands with what its servers say, and publishing it.
//!
//! The commands run where they are typed: rights to change a zone lie in the operator's environment, and a question is asked at his terminal. What they
//! have to know of the domain (its keys, its settings) they ask of the running server, or read from the data folder where none runs.

mod apply;
mod facts;
mod route53;
mod show;
mod way;

use std::sync::Arc;

use tegami_dns::{DnsName, Resolver};
use tegami_doctor::plan::{self, Plan, Wishes, export};
use tegami_mail::{Clock as _, note};
use tegami_queue::SystemClock;

pub(super) use apply::{agreed_to, publish, shown_by_all};
pub(super) use show::text_of_sets;
pub(super) use tegami_doctor::plan::zones::Zones;
pub(super) use way::Way;

use super::{Context, Failure, Outcome, Report, dns, serve};
use crate::cli::{Dns, Format, Servers, Subject};
use crate::config::Config;

/// Carries out a verb of `tegami dns`.
pub(super) async fn run(verb: &Dns, context: &Context) -> Result<Outcome, Failure> {
    let report = match verb {
        Dns::Plan(subject) => {
            let drawn = Drawn::of(subject, context).await?;
            show::plan(&drawn, subject, context)?
        }
        Dns::Diff(subject) => show::diff(&Drawn::of(subject, context).await?, context).await,
        Dns::Export { subject, format, changes } => {
            let drawn = Drawn::of(subject, context).await?;
            let scope = if *changes { export::Scope::Changes } else { export::Scope::Everything };
            let zone = drawn.zone().await;
            Report::well(export::export(&drawn.plan, &zone, (*format).into(), scope))
        }
        Dns::Apply { subject, publisher, consent } => {
            let drawn = Drawn::of(subject, context).await?;
            let way = Way::new(publisher.by, &publisher.access)?;
            return apply::run(drawn, &way, consent, context).await;
        }
    };
    anstream::print!("{}", report.text);
    Ok(report.outcome)
}

/// A plan, and whom it was asked of.
pub(super) struct Drawn {
    pub(super) wishes: Wishes,
    pub(super) plan: Plan,
    pub(super) zones: Arc<Zones>,
}

impl Drawn {
    async fn of(subject: &Subject, context: &Context) -> Result<Self, Failure> {
        let config = match context.config() {
            Ok(config) => Some(config),
            // A domain whose mail others carry needs no server.
            Err(Failure::Config(crate::config::ConfigError::Missing)) => None,
            Err(failure) => return Err(failure),
        };
        let wishes = facts::wishes(subject, config.as_ref(), context).await?;
        let zones = zones(&subject.at, config.as_ref(), &wishes)?;
        Ok(Self { plan: draw(&wishes, &zones).await, wishes, zones })
    }

    /// The same once more, after something was published.
    pub(super) async fn again(&mut self) {
        self.plan = draw(&self.wishes, &self.zones).await;
    }

    /// The zone that the domain lies in; the domain itself where the DNS does not say.
    pub(super) async fn zone(&self) -> DnsName {
        let name = DnsName::from(&self.wishes.domain);
        self.zones.of(&name).await.map_or(name, |zone| zone.apex.clone())
    }
}

pub(super) async fn draw(wishes: &Wishes, zones: &Arc<Zones>) -> Plan {
    let resolver = Arc::clone(zones) as Arc<dyn Resolver>;
    plan::draw(wishes, &resolver, SystemClock.now()).await
}

/// Whom is asked: the servers of the zones themselves, as far as they are known.
pub(super) fn zones(at: &Servers, config: Option<&Config>, wishes: &Wishes) -> Result<Arc<Zones>, Failure> {
    let beneath = match (config, &at.dns) {
        (Some(config), options) if options.zone.is_none() && options.resolver.is_none() => {
            serve::resolver(config)?
        }
        (_, options) => dns::resolver(options)?,
    };
    let by_text = at.dns.zone.is_some()
        || (at.dns.resolver.is_none()
            && config.is_some_and(|config| matches!(config.dns, crate::config::Dns::Zone(_))));
    let mut own = vec![DnsName::from(&wishes.domain)];
    own.extend(wishes.server.iter().map(|server| DnsName::from(&server.hostname)));
    Ok(Arc::new(Zones::new(beneath, at.server.clone(), own, by_text && at.server.is_empty())))
}

impl From<Format> for export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Zone => Self::Zone,
            Format::Route53 => Self::Route53,
            Format::Terraform => Self::Terraform,
            Format::TerraformMap => Self::TerraformMap,
            Format::Nsupdate => Self::Nsupdate,
        }
    }
}

/// A name as commands take it.
pub(super) fn domain(text: &str) -> Result<tegami_mail::Domain, Failure> {
    let parsed = tegami_mail::Domain::parse(text);
    Ok(parsed.map_err(|error| note!("cli-bad-domain", domain = text, reason = error))?)
}
