//! AUTH (RFC 4954).

use tegami_mail::{Reply, Speaker};

use super::command::Fault;
use super::session::{Asked, Phase, Session};
use super::{AuthOffer, Question};
use crate::sasl::{Mechanism, SaslError, ServerExchange, ServerStep};

impl Session {
    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&str>) {
        if let Some(fault) = self.auth_fault() {
            return self.refuse(fault);
        }
        let Some(mechanism) = Mechanism::parse(mechanism) else {
            return self.refuse(Fault::new(504, (5, 5, 4), "the mechanism is not offered"));
        };
        match ServerExchange::start(mechanism, initial) {
            Ok((exchange, step)) => self.auth_step(exchange, step),
            Err(error) => self.auth_broken(error),
        }
    }

    /// Why AUTH may not come now (RFC 4954 section 4).
    fn auth_fault(&self) -> Option<Fault> {
        match self.settings.auth {
            AuthOffer::Never => Some(Fault::new(502, (5, 5, 1), "AUTH is not offered")),
            AuthOffer::UnderTls if !self.facts.tls => {
                Some(Fault::new(538, (5, 7, 11), "AUTH needs TLS: send STARTTLS first"))
            }
            _ if self.facts.hello.is_none() => Some(Fault::new(503, (5, 5, 1), "EHLO comes first")),
            _ if self.facts.user.is_some() => Some(Fault::new(503, (5, 5, 1), "already authenticated")),
            _ if self.transaction.is_some() => {
                Some(Fault::new(503, (5, 5, 1), "AUTH is not permitted in a transaction"))
            }
            _ => None,
        }
    }

    /// A line of the exchange.
    pub(super) fn auth_line(&mut self, line: &[u8]) {
        self.record(Speaker::Client, if line == b"*" { "*" } else { "***" });
        let Phase::Auth(mut exchange) = std::mem::replace(&mut self.phase, Phase::Command) else { return };
        let step = std::str::from_utf8(line)
            .map_err(|_| SaslError::Malformed)
            .and_then(|line| exchange.respond(line));
        match step {
            Ok(step) => self.auth_step(exchange, step),
            Err(error) => self.auth_broken(error),
        }
    }

    fn auth_step(&mut self, exchange: ServerExchange, step: ServerStep) {
        match step {
            ServerStep::Challenge(challenge) => {
                self.say(&Reply::plain(334, challenge));
                self.phase = Phase::Auth(exchange);
            }
            ServerStep::Complete(credentials) => {
                let username = credentials.username.clone();
                self.ask(Asked::Authenticate { username }, Question::Authenticate(credentials));
            }
        }
    }

    fn auth_broken(&mut self, error: SaslError) {
        self.refuse(match error {
            SaslError::Cancelled => Fault::new(501, (5, 7, 0), "the exchange is cancelled"),
            SaslError::Malformed => Fault::new(501, (5, 5, 2), "the response is not well formed"),
            SaslError::Authorization => {
                Fault::new(535, (5, 7, 8), "acting for another identity is not permitted")
            }
        });
    }

    pub(super) fn authenticated(&mut self, username: String) {
        self.facts.user = Some(username);
        self.say(&Fault::new(235, (2, 7, 0), "authenticated").reply());
    }
}
