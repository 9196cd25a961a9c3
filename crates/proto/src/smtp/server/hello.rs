//! HELO, EHLO and STARTTLS.

use tegami_mail::Reply;

use super::command::Fault;
use super::session::{Asked, Session};
use super::{AuthOffer, Hello, Question};

impl Session {
    pub(super) fn hello(&mut self, argument: &str, extended: bool) {
        // RFC 5321 section 4.1.4: EHLO does what RSET does.
        self.transaction = None;
        let hello = Hello { argument: argument.to_owned(), extended };
        self.ask(Asked::Hello(hello.clone()), Question::Hello(hello));
    }

    pub(super) fn hello_accepted(&mut self, hello: Hello) {
        let hostname = self.settings.hostname.clone();
        let mut reply = Reply::plain(250, hostname);
        if hello.extended {
            reply.lines.extend(self.extensions());
        }
        self.facts.hello = Some(hello);
        self.say(&reply);
    }

    fn extensions(&self) -> Vec<String> {
        let tls = self.facts.tls;
        let auth = match self.settings.auth {
            AuthOffer::Never => false,
            AuthOffer::UnderTls => tls,
            AuthOffer::Always => true,
        };
        let size = format!("SIZE {}", self.settings.max_size);
        let future_release = self.settings.future_release.map(|limits| limits.line());
        let lines = [
            (true, "PIPELINING"),
            (true, size.as_str()),
            (true, "8BITMIME"),
            (true, "SMTPUTF8"),
            (true, "ENHANCEDSTATUSCODES"),
            (true, "CHUNKING"),
            (true, "DSN"),
            (future_release.is_some(), future_release.as_deref().unwrap_or_default()),
            (self.settings.starttls && !tls, "STARTTLS"),
            (auth && self.facts.user.is_none(), "AUTH PLAIN LOGIN"),
            // RFC 8689 section 2: only where TLS runs.
            (tls, "REQUIRETLS"),
        ];
        lines.into_iter().filter(|(offered, _)| *offered).map(|(_, line)| line.to_owned()).collect()
    }

    pub(super) fn start_tls(&mut self) {
        if !self.settings.starttls {
            self.refuse(Fault::new(502, (5, 5, 1), "STARTTLS is not offered"));
        } else if self.facts.tls {
            self.refuse(Fault::new(503, (5, 5, 1), "TLS runs already"));
        } else if self.facts.hello.is_none() {
            self.refuse(Fault::new(503, (5, 5, 1), "EHLO comes first"));
        } else {
            self.say(&Fault::new(220, (2, 0, 0), "ready for the handshake").reply());
            self.begin_handshake();
        }
    }
}
