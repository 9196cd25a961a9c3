//! The policies of MTA-STS that are in force: announced in the DNS, fetched over HTTPS, remembered in the store (RFC 8461 sections 3 and 5.1).

mod fetch;
mod keep;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tegami_auth::mta_sts::{self, CachedPolicy, Mode, Next, Policy, Record};
use tegami_dns::{Data, DnsName, RecordType, Resolver};
use tegami_mail::Domain;
use tegami_report::tls_rpt::{self, PolicyType, ResultType};
use tegami_store::Store;

use crate::Courier;
use keep::Keep;

pub use fetch::{Fetch, FetchError, HttpsFetch};

/// For how long the announcement of a domain is not asked for again.
const RECHECK: Duration = Duration::from_secs(60);

/// For how long a policy that could not be fetched is not fetched again while its identifier stays (RFC 8461 section 3.3: five minutes or longer).
const RETRY: Duration = Duration::from_secs(5 * 60);

/// Domains that are known at the same time; beyond, those without a policy are forgotten.
const MOST: usize = 20_000;

/// A policy in force.
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    pub(crate) id: String,
    pub(crate) policy: Policy,
}

impl Sts {
    /// In the words of reports (RFC 8460 section 4.4).
    pub(crate) fn report_policy(&self, domain: &Domain) -> tls_rpt::Policy {
        tls_rpt::Policy {
            policy_type: PolicyType::Sts,
            policy_string: self.policy.lines(),
            policy_domain: domain.to_string(),
            mx_host: self.policy.mx.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The policies of all domains.
pub struct MtaSts {
    fetch: Arc<dyn Fetch>,
    keep: Keep,
    domains: Mutex<HashMap<Domain, Arc<tokio::sync::Mutex<Known>>>>,
}

/// What is known of one domain.
#[derive(Default)]
struct Known {
    /// The store was asked.
    loaded: bool,
    cached: Option<CachedPolicy>,
    sts: Option<Arc<Sts>>,
    checked: Option<Timestamp>,
    /// The identifier whose policy could not be fetched, and when it is worth another try.
    failed: Option<(String, Timestamp)>,
}

/// Why an announced policy is not in force.
#[derive(Clone, Debug)]
struct Fault {
    result: ResultType,
    reason: String,
}

impl MtaSts {
    /// Policies come through `fetch`; with a store they are remembered beyond the end of the program.
    pub fn new(fetch: Arc<dyn Fetch>, store: Option<Arc<dyn Store>>) -> Self {
        Self { fetch, keep: Keep::new(store), domains: Mutex::default() }
    }

    /// The policy of a domain that is in force, whatever its mode. Reads the announcement at most once a minute, and tells whoever observes where a policy
    /// cannot be fetched.
    pub(crate) async fn find(&self, domain: &Domain, courier: &Courier) -> Option<Arc<Sts>> {
        let now = courier.clock.now();
        let known = self.known(domain);
        let mut known = known.lock().await;
        if known.is_fresh(now) {
            return known.in_force(now);
        }
        if !known.loaded {
            known.loaded = true;
            known.take(self.keep.load(domain).await);
        }
        let announced = announced(domain, &*courier.resolver).await;
        known.checked = Some(now);
        if mta_sts::next(announced.as_ref(), known.cached.as_ref(), now) == Next::Fetch
            && let Some(record) = announced
            && !known.has_failed(&record, now)
            && let Err(fault) = self.renew(domain, record.id(), &mut known, now).await
        {
            tracing::info!(%domain, id = record.id(), reason = fault.reason, "MTA-STS policy not fetched");
            known.failed = Some((record.id().to_owned(), now + RETRY));
            observe(domain, &known, &fault, courier);
        }
        known.in_force(now)
    }

    /// Fetches again what was fetched a day or longer ago, so that a policy never ends while its host serves it, and forgets what has ended. Called now and
    /// then; returns how many policies were renewed.
    pub async fn refresh(&self, now: Timestamp) -> usize {
        let mut renewed = 0;
        for (domain, cached) in self.keep.all().await {
            if !cached.is_valid(now) {
                self.keep.forget(&domain).await;
            } else if cached.is_stale(now) {
                let known = self.known(&domain);
                let mut known = known.lock().await;
                if !known.loaded {
                    known.loaded = true;
                    known.take(Some(cached.clone()));
                }
                match self.renew(&domain, &cached.id, &mut known, now).await {
                    Ok(()) => renewed += 1,
                    // What was fetched before still holds.
                    Err(fault) => {
                        tracing::info!(%domain, reason = fault.reason, "MTA-STS policy not renewed");
                    }
                }
            }
        }
        renewed
    }

    /// Fetches the policy and remembers it. Where that fails, what was known stays.
    async fn renew(&self, domain: &Domain, id: &str, known: &mut Known, now: Timestamp) -> Result<(), Fault> {
        let octets = self.text(domain).await?;
        let invalid = |reason: String| Fault { result: ResultType::StsPolicyInvalid, reason };
        let policy = Policy::parse(&octets).map_err(|error| invalid(error.to_string()))?;
        let text = String::from_utf8(octets).map_err(|error| invalid(error.to_string()))?;
        let cached = CachedPolicy { id: id.to_owned(), text, fetched_at: now };
        match policy.mode {
            // The domain takes its policy back: nothing of it outlives the program.
            Mode::None => self.keep.forget(domain).await,
            Mode::Enforce | Mode::Testing => self.keep.put(domain, &cached).await,
        }
        known.failed = None;
        known.take(Some(cached));
        Ok(())
    }

    async fn text(&self, domain: &Domain) -> Result<Vec<u8>, Fault> {
        let long = || Fault { result: ResultType::StsPolicyFetchError, reason: "name too long".to_owned() };
        let host = mta_sts::policy_host(domain).ok_or_else(long)?;
        let fetched = self.fetch.fetch(&host).await;
        fetched.map_err(|error| Fault { result: error.result_type(), reason: error.to_string() })
    }

    fn known(&self, domain: &Domain) -> Arc<tokio::sync::Mutex<Known>> {
        let mut domains = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        if domains.len() >= MOST && !domains.contains_key(domain) {
            let worth = |known: &Arc<tokio::sync::Mutex<Known>>| {
                known.try_lock().map_or(true, |known| known.cached.is_some() || known.failed.is_some())
            };
            domains.retain(|_, known| worth(known));
            if domains.len() >= MOST {
                domains.clear();
            }
        }
        Arc::clone(domains.entry(domain.clone()).or_default())
    }
}

impl Known {
    fn take(&mut self, cached: Option<CachedPolicy>) {
        self.sts = cached.as_ref().and_then(|cached| {
            let policy = cached.policy().ok()?;
            Some(Arc::new(Sts { id: cached.id.clone(), policy }))
        });
        self.cached = cached;
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.checked.is_some_and(|checked| now >= checked && now < checked + RECHECK)
    }

    fn in_force(&self, now: Timestamp) -> Option<Arc<Sts>> {
        self.sts.clone().filter(|_| self.cached.as_ref().is_some_and(|cached| cached.is_valid(now)))
    }

    fn has_failed(&self, record: &Record, now: Timestamp) -> bool {
        self.failed.as_ref().is_some_and(|(id, until)| id == record.id() && now < *until)
    }
}

/// The announcement of a domain. A DNS that does not answer announces nothing, which takes nothing away either.
async fn announced(domain: &Domain, resolver: &dyn Resolver) -> Option<Record> {
    let name = DnsName::from(domain).prepend(mta_sts::RECORD_LABEL).ok()?;
    let answer = resolver.lookup(&name, RecordType::Txt).await.ok()?;
    let texts: Vec<_> = answer
        .records
        .into_iter()
        .filter_map(|record| if let Data::Txt(text) = record.data { Some(text) } else { None })
        .collect();
    let found = mta_sts::find(texts.iter().map(|text| text.as_slice()));
    found.inspect_err(|error| tracing::debug!(%domain, %error, "no MTA-STS record")).ok()
}

/// A policy that could not be fetched is a failure to report (RFC 8460 section 4.3.2.2), under the policy that was known before if there is one.
fn observe(domain: &Domain, known: &Known, fault: &Fault, courier: &Courier) {
    let policy = match &known.sts {
        Some(sts) => sts.report_policy(domain),
        None => tls_rpt::Policy {
            policy_type: PolicyType::Sts,
            policy_domain: domain.to_string(),
            ..tls_rpt::Policy::default()
        },
    };
    let failure = tls_rpt::Failure {
        result_type: fault.result.clone(),
        failure_reason_code: fault.reason.clone(),
        ..tls_rpt::Failure::default()
    };
    courier.observe(domain, &policy, Some(failure));
}
