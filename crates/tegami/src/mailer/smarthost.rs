//! Another server that carries our mail on.

use std::sync::Arc;

use tegami_mail::{AddressError, Host};
use tegami_outbound::{SmarthostTls, TlsDemand};
use tegami_proto::smtp::client::Credentials;

/// The port of submission with TLS from the first octet (RFC 8314 section 3.3).
const SUBMISSIONS: u16 = 465;

/// A smarthost: a server, a provider's or a `tegami serve`, that carries our mail on and keeps it until it has.
#[derive(Clone, Debug)]
pub struct Smarthost {
    host: String,
    port: u16,
    tls: SmarthostTls,
    credentials: Option<Credentials>,
}

impl Smarthost {
    /// By name or address (`smtp.example.net`, `192.0.2.1`). On port 465 TLS begins with the first octet, on others with STARTTLS; either way it is demanded, with a
    /// certificate that can be trusted.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let tls = if port == SUBMISSIONS { SmarthostTls::Implicit } else { SmarthostTls::StartTls };
        Self { host: host.into(), port, tls: tls(TlsDemand::Verified), credentials: None }
    }

    /// Logs in (AUTH); never in clear text, but on this machine.
    #[must_use]
    pub fn login(self, username: impl Into<String>, password: impl Into<String>) -> Self {
        let credentials = Credentials { username: username.into(), password: password.into() };
        Self { credentials: Some(credentials), ..self }
    }

    /// When TLS begins, and what it must be worth, where that differs.
    #[must_use]
    pub fn tls(self, tls: SmarthostTls) -> Self {
        Self { tls, ..self }
    }

    /// As the courier knows it.
    pub(super) fn lower(self) -> Result<Arc<tegami_outbound::Smarthost>, AddressError> {
        let Self { host, port, tls, credentials } = self;
        let literal = host.parse().ok().map(Host::Literal);
        Ok(Arc::new(tegami_outbound::Smarthost {
            name: format!("{host}:{port}"),
            host: literal.map_or_else(|| Host::parse(&host), Ok)?,
            port,
            tls,
            credentials,
            setting: "Smarthost::login".to_owned(),
        }))
    }
}
