//! The terms on which we speak with the hosts of one attempt: TLS, AUTH.

use std::net::IpAddr;

use tegami_mail::Envelope;
use tegami_proto::smtp::client::{Settings as SessionSettings, StartTls};
use tegami_proto::smtp::server::Credentials;

use crate::policy::{Settings, TlsDemand};
use crate::route::{Smarthost, SmarthostTls};
use crate::tls_policy::{HostPolicy, Trust};

/// What holds for every host of one attempt, until [`Terms::with`] makes them the terms with one.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) port: u16,
    /// TLS begins with the first octet.
    pub(crate) implicit_tls: bool,
    pub(crate) demand: TlsDemand,
    /// What a certificate has to fit, where it has to.
    pub(crate) trust: Trust,
    /// The least that the sender demands, whatever policies say.
    pub(crate) least: TlsDemand,
    /// The message carries REQUIRETLS (RFC 8689).
    pub(crate) require_tls: bool,
    pub(crate) credentials: Option<Credentials>,
}

impl Terms {
    /// REQUIRETLS raises the demand to the highest, whatever the settings say (RFC 8689 section 4.2.1).
    pub(crate) fn new(settings: &Settings, smarthost: Option<&Smarthost>, envelope: &Envelope) -> Self {
        let configured = smarthost.map_or(settings.tls, |smarthost| smarthost.tls.demand());
        Self {
            port: smarthost.map_or(settings.port, |smarthost| smarthost.port),
            implicit_tls: smarthost.is_some_and(|host| matches!(host.tls, SmarthostTls::Implicit(_))),
            demand: if envelope.require_tls { TlsDemand::Verified } else { configured },
            trust: Trust::WebPki,
            least: TlsDemand::Never,
            require_tls: envelope.require_tls,
            credentials: smarthost.and_then(|smarthost| smarthost.credentials.clone()),
        }
    }

    /// These terms for a sender who demands so much.
    pub(crate) fn at_least(self, least: TlsDemand) -> Self {
        Self { demand: self.demand.max(least), least, ..self }
    }

    /// These terms with one host.
    pub(crate) fn with(&self, policy: &HostPolicy) -> Self {
        Self { demand: policy.demand, trust: policy.trust.clone(), ..self.clone() }
    }

    /// The same terms after a failed handshake, where clear text is allowed: never with a password that would be sent along.
    pub(crate) fn in_clear(&self) -> Option<Self> {
        let permitted = self.demand == TlsDemand::Opportunistic && self.credentials.is_none();
        permitted.then(|| Self { demand: TlsDemand::Never, implicit_tls: false, ..self.clone() })
    }

    /// How the session with `peer` is led.
    pub(crate) fn session(&self, settings: &Settings, ehlo: Option<&str>, peer: IpAddr) -> SessionSettings {
        SessionSettings {
            hostname: ehlo.map_or_else(|| settings.hostname.to_string(), str::to_owned),
            starttls: match self.demand {
                _ if self.implicit_tls => StartTls::Never,
                TlsDemand::Never => StartTls::Never,
                TlsDemand::Opportunistic => StartTls::IfOffered,
                TlsDemand::Encrypted | TlsDemand::Verified => StartTls::Required,
            },
            implicit_tls: self.implicit_tls,
            credentials: self.credentials.clone(),
            auth_in_clear: peer.is_loopback(),
            timeouts: settings.timeouts,
        }
    }
}
