//! How a [`Mailer`] is made.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use tegami_auth::dkim::{PrivateKey, Selector, Signer};
use tegami_dns::{Resolver, SystemError, SystemOptions, SystemResolver};
use tegami_mail::{AddressError, Clock, Domain, DomainError};
use tegami_outbound::{
    Courier, Https, HttpsFetch, IpOrder, MtaSts, Order, OutboundError, Reach, Route, Settings, Source,
    TlsDemand, add_pem, machine_roots,
};
use tegami_queue::{KeyRing, Signing, SystemClock};

use super::{Inner, Mailer, Smarthost};

/// How long one domain may take, where nobody says otherwise: somebody usually waits for the answer.
const TIME_LIMIT: Duration = Duration::from_secs(5 * 60);

/// How long a session waits for the next message.
const IDLE: Duration = Duration::from_secs(10);

/// Why there is no [`Mailer`]. The fault lies with what was given; trying again does not help.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Our name is no domain.
    #[error("the host name `{given}` is not a domain: {reason}")]
    Hostname {
        /// What was given.
        given: String,
        /// Why it is none.
        reason: DomainError,
    },
    /// Domain, selector or key of a signature.
    #[error("DKIM for `{domain}`: {reason}")]
    Dkim {
        /// The domain as it was given.
        domain: String,
        /// What is wrong.
        reason: String,
    },
    /// The smarthost's name.
    #[error("the smarthost's name: {0}")]
    Smarthost(AddressError),
    /// An order of ways without a smarthost to go by.
    #[error("the order `{}` needs a smarthost", .0.as_str())]
    NoSmarthost(Order),
    /// A certificate to be trusted.
    #[error("a certificate to be trusted cannot be read: {0}")]
    Certificate(String),
    /// The machine's resolver.
    #[error(transparent)]
    Dns(#[from] SystemError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] OutboundError),
}

/// Makes a [`Mailer`]. What is wrong with the pieces is told by [`MailerBuilder::build`].
#[must_use]
pub struct MailerBuilder {
    hostname: String,
    keys: Vec<(String, String, String)>,
    smarthosts: Vec<Smarthost>,
    order: Option<Order>,
    resolver: Option<Arc<dyn Resolver>>,
    trusted: Vec<String>,
    least: TlsDemand,
    source: Source,
    ip: Option<IpOrder>,
    port: Option<u16>,
    reach: Reach,
    time_limit: Duration,
    idle: Duration,
}

impl MailerBuilder {
    pub(super) fn new(hostname: String) -> Self {
        Self {
            hostname,
            keys: Vec::new(),
            smarthosts: Vec::new(),
            order: None,
            resolver: None,
            trusted: Vec::new(),
            least: TlsDemand::Never,
            source: Source::default(),
            ip: None,
            port: None,
            reach: Reach::Network,
            time_limit: TIME_LIMIT,
            idle: IDLE,
        }
    }

    /// Signs what authors at and below `domain` write, with a private RSA or Ed25519 key (PEM: PKCS#8 or PKCS#1) whose public half stands at
    /// `selector._domainkey.domain`. Several keys sign side by side.
    pub fn dkim(
        mut self,
        domain: impl Into<String>,
        selector: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        self.keys.push((domain.into(), selector.into(), key.into()));
        self
    }

    /// Sends through another server; where there are several, through the next one where the first does not do.
    pub fn smarthost(mut self, smarthost: Smarthost) -> Self {
        self.smarthosts.push(smarthost);
        self
    }

    /// Whether the MX hosts are asked before or after the smarthosts. Without smarthosts [`Order::Direct`], with them [`Order::Always`].
    pub fn order(self, order: Order) -> Self {
        Self { order: Some(order), ..self }
    }

    /// Asks this resolver; else the machine's, whose answers are believed to be secure (DANE) where it is on this machine.
    pub fn dns(self, resolver: impl Resolver + 'static) -> Self {
        Self { resolver: Some(Arc::new(resolver)), ..self }
    }

    /// Trusts these certification authorities (PEM) beside the machine's.
    pub fn trust(mut self, pem: impl Into<String>) -> Self {
        self.trusted.push(pem.into());
        self
    }

    /// The least that TLS must be worth everywhere. Without, TLS is used where it is offered, and is worth what the smarthost's settings and
    /// the recipient's domain (DANE, MTA-STS) demand.
    pub fn require_tls(self, least: TlsDemand) -> Self {
        Self { least, ..self }
    }

    /// Leaves from this address of the machine: one for IPv4, one for IPv6.
    pub fn source(mut self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.source.v4 = Some(address),
            IpAddr::V6(address) => self.source.v6 = Some(address),
        }
        self
    }

    /// Which version of IP goes first; else IPv4.
    pub fn ip(self, order: IpOrder) -> Self {
        Self { ip: Some(order), ..self }
    }

    /// Another port of MX hosts than 25: for tests.
    pub fn port(self, port: u16) -> Self {
        Self { port: Some(port), ..self }
    }

    /// Which addresses MX records may lead to. [`Reach::Loopback`] lets them lead into this machine: for tests.
    pub fn reach(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// How long one domain may take with all its hosts; else five minutes. Up to twenty domains of a message go side by side. Where the time
    /// is up after a host had the whole message, its recipients are *possibly delivered*: such a host may need ten minutes (RFC 5321 section 4.5.3.2.6).
    pub fn time_limit(self, limit: Duration) -> Self {
        Self { time_limit: limit, ..self }
    }

    /// How long a session waits for the next message to the same host; else ten seconds. Zero ends it at once.
    pub fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// The mailer.
    ///
    /// # Errors
    /// The first piece that cannot be used.
    pub fn build(self) -> Result<Mailer, SetupError> {
        let hostname = Domain::parse(&self.hostname)
            .map_err(|reason| SetupError::Hostname { given: self.hostname.clone(), reason })?;
        let keys = self.keys.iter().map(signer).collect::<Result<Vec<_>, _>>()?;
        let settings = Settings {
            port: self.port.unwrap_or(25),
            source: self.source,
            reach: self.reach,
            routes: routes(self.smarthosts, self.order)?,
            ..Settings::new(hostname.clone())
        };
        let mut settings = Settings { ip_order: self.ip.unwrap_or(settings.ip_order), ..settings };
        (settings.limits.attempt, settings.limits.idle) = (Some(self.time_limit), self.idle);
        let roots = roots(&self.trusted)?;
        let resolver = match self.resolver {
            Some(resolver) => resolver,
            None => Arc::new(SystemResolver::from_system(&SystemOptions::default())?),
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let https = Https::new(roots.clone(), Arc::clone(&resolver), self.reach)?;
        let mta_sts = MtaSts::new(Arc::new(HttpsFetch::new(Arc::new(https))), None);
        let courier = Courier::new(settings, roots, resolver, Arc::clone(&clock))?;
        let inner = Inner {
            hostname,
            courier: courier.with_mta_sts(Arc::new(mta_sts)),
            keys: KeyRing::new(keys),
            signing: Signing::default(),
            clock,
            least: self.least,
        };
        Ok(Mailer { inner: Arc::new(inner) })
    }
}

fn signer((domain, selector, key): &(String, String, String)) -> Result<Signer, SetupError> {
    let failed = |reason: &dyn std::fmt::Display| SetupError::Dkim {
        domain: domain.clone(),
        reason: reason.to_string(),
    };
    let signing = Domain::parse(domain).map_err(|error| failed(&error))?;
    let selector = Selector::parse(selector).map_err(|error| failed(&error))?;
    let key = PrivateKey::from_pem(key).map_err(|error| failed(&error))?;
    Ok(Signer::new(signing, selector, Arc::new(key)))
}

fn routes(smarthosts: Vec<Smarthost>, order: Option<Order>) -> Result<Vec<Route>, SetupError> {
    match (smarthosts.is_empty(), order) {
        (true, None | Some(Order::Direct)) => return Ok(Vec::new()),
        (true, Some(order)) => return Err(SetupError::NoSmarthost(order)),
        (false, _) => {}
    }
    let smarthosts = smarthosts.into_iter().map(Smarthost::lower).collect::<Result<Vec<_>, _>>();
    let smarthosts = smarthosts.map_err(SetupError::Smarthost)?;
    Ok(vec![Route::for_all("mailer", order.unwrap_or(Order::Always), smarthosts)])
}

fn roots(trusted: &[String]) -> Result<RootCertStore, SetupError> {
    let mut roots = machine_roots();
    for pem in trusted {
        add_pem(&mut roots, pem).map_err(SetupError::Certificate)?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(builder: MailerBuilder, expected: &str) {
        let told = match builder.dns(tegami_dns::ZoneResolver::from_text("").unwrap()).build() {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{told}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let builder = || Mailer::builder("mail.example.org");
        check(builder(), "");
        check(builder().smarthost(Smarthost::new("192.0.2.1", 587)).order(Order::DirectFirst), "");
        check(builder().smarthost(Smarthost::new("2001:db8::1", 465).login("user", "secret")), "");
        check(Mailer::builder("not a name"), "the host name `not a name` is not a domain: ");
        check(builder().dkim("example.org", "s1", "secret"), "DKIM for `example.org`: no PEM private key");
        check(builder().dkim("example.org", "", "secret"), "DKIM for `example.org`: ");
        check(builder().smarthost(Smarthost::new("not a name", 587)), "the smarthost's name: ");
        check(builder().order(Order::RelayFirst), "the order `relay-first` needs a smarthost");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        check(builder().trust(broken), "a certificate to be trusted cannot be read: ");
    }
}
