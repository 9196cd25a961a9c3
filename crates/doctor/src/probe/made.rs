//! The list of probes that an examination made: whom it visited, how long that took, and what came.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tegami_dns::{BoxFuture, DnsName, RecordType};
use tegami_mail::Domain;
use tokio::time::Instant;

use super::{
    Document, HelloSeen, OfferSeen, OwnSeen, PortSeen, Probes, RelaySeen, ServerAnswer, SmtpSeen, StartTls,
    Unprobed,
};
use crate::rdap::{Registered, Registration};

/// What kind of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A session with a mail host.
    Smtp,
    /// Handshakes with old versions and weak ciphers of TLS.
    Tls,
    /// What only hosts of our own are asked.
    Own,
    /// A document over HTTPS.
    Https,
    /// A request to a link of a message.
    Link,
    /// A question to one name server.
    Dns,
    /// A question to a registry.
    Rdap,
    /// A greeting or EHLO at one port.
    Port,
    /// The hour of a web server.
    Clock,
}

impl Kind {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Tls => "tls",
            Self::Own => "own",
            Self::Https => "https",
            Self::Link => "link",
            Self::Dns => "dns",
            Self::Rdap => "rdap",
            Self::Port => "port",
            Self::Clock => "clock",
        }
    }
}

/// One probe that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Of which kind.
    pub kind: Kind,
    /// Who was visited, and what was asked.
    pub target: String,
    /// How long it took.
    pub took: Duration,
    /// What came, in a few words; else why nothing did.
    pub came: Result<String, Unprobed>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, target) = (self.kind.as_str(), &self.target);
        write!(f, "{kind} {target}: ")?;
        match &self.came {
            Ok(came) => f.write_str(came)?,
            Err(error) => error.fmt(f)?,
        }
        write!(f, " ({:.3} s)", self.took.as_secs_f64())
    }
}

/// Probes that keep a list of themselves. What is switched off is none.
pub(crate) struct Noted {
    inner: Arc<dyn Probes>,
    made: Mutex<Vec<Made>>,
}

impl Noted {
    pub(crate) fn new(inner: Arc<dyn Probes>) -> Self {
        Self { inner, made: Mutex::default() }
    }

    /// Those that have ended, in the order in which they did.
    pub(crate) fn made(&self) -> Vec<Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note<'a, T: Send + 'a>(
        &'a self,
        kind: Kind,
        target: impl fmt::Display,
        probe: BoxFuture<'a, Result<T, Unprobed>>,
        tell: fn(&T) -> String,
    ) -> BoxFuture<'a, Result<T, Unprobed>> {
        let target = target.to_string();
        Box::pin(async move {
            let begun = Instant::now();
            let seen = probe.await;
            if !matches!(seen, Err(Unprobed::Off)) {
                let came = seen.as_ref().map(tell).map_err(Clone::clone);
                let made = Made { kind, target, took: begun.elapsed(), came };
                self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made);
            }
            seen
        })
    }
}

/// The greeting, and what became of TLS.
fn session(seen: &SmtpSeen) -> String {
    let greeting = seen.greeting.to_string();
    match &seen.tls {
        StartTls::Done(tls) => format!("{greeting}, {}", tls.version),
        StartTls::Refused(reply) => format!("{greeting}, STARTTLS {reply}"),
        StartTls::Failed(error) | StartTls::TooOld(error) => format!("{greeting}, {error}"),
        StartTls::NotOffered | StartTls::Unreached => greeting,
    }
}

fn document(seen: &Document) -> String {
    format!("{}, {} octets", seen.status, seen.body.len())
}

/// What came is told by findings.
fn answered() -> String {
    "answered".to_owned()
}

impl Probes for Noted {
    fn patience(&self) -> Duration {
        self.inner.patience()
    }

    fn smtp<'a>(&'a self, host: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>> {
        self.note(Kind::Smtp, format_args!("{host} [{ip}]"), self.inner.smtp(host, ip), session)
    }

    fn offers<'a>(&'a self, host: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<Vec<OfferSeen>, Unprobed>> {
        let told = |seen: &Vec<OfferSeen>| format!("{} offers", seen.len());
        self.note(Kind::Tls, format_args!("{host} [{ip}]"), self.inner.offers(host, ip), told)
    }

    fn own<'a>(
        &'a self,
        host: &'a Domain,
        ip: IpAddr,
        domain: &'a Domain,
    ) -> BoxFuture<'a, Result<OwnSeen, Unprobed>> {
        let probe = self.inner.own(host, ip, domain);
        self.note(Kind::Own, format_args!("{host} [{ip}]"), probe, |_| answered())
    }

    fn own_ports<'a>(
        &'a self,
        host: &'a Domain,
        ip: IpAddr,
    ) -> BoxFuture<'a, Result<Vec<PortSeen>, Unprobed>> {
        let told = |seen: &Vec<PortSeen>| format!("{} ports", seen.len());
        self.note(Kind::Port, format_args!("{host} [{ip}]"), self.inner.own_ports(host, ip), told)
    }

    fn https<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        let probe = self.inner.https(host, path, limit);
        self.note(Kind::Https, format_args!("{host}{path}"), probe, document)
    }

    fn ask_server<'a>(
        &'a self,
        server: IpAddr,
        name: &'a DnsName,
        kind: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
        let probe = self.inner.ask_server(server, name, kind);
        self.note(Kind::Dns, format_args!("[{server}] {name} {kind}"), probe, |_| answered())
    }

    fn request<'a>(
        &'a self,
        url: &'a str,
        form: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        self.note(Kind::Link, url, self.inner.request(url, form), document)
    }

    fn rdap<'a>(&'a self, whose: Registered<'a>) -> BoxFuture<'a, Result<Registration, Unprobed>> {
        let target = match whose {
            Registered::Domain(domain) => domain.to_string(),
            Registered::Address(ip) => ip.to_string(),
        };
        self.note(Kind::Rdap, target, self.inner.rdap(whose), |_| answered())
    }

    fn greet<'a>(&'a self, to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        self.note(Kind::Port, to, self.inner.greet(to), |_| answered())
    }

    fn hello<'a>(&'a self, to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        self.note(Kind::Port, to, self.inner.hello(to), |_| answered())
    }

    fn relay<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<RelaySeen, Unprobed>> {
        self.note(Kind::Smtp, name, self.inner.relay(name), |_| answered())
    }

    fn clock<'a>(&'a self, host: &'a Domain) -> BoxFuture<'a, Result<(Timestamp, Timestamp), Unprobed>> {
        self.note(Kind::Clock, host, self.inner.clock(host), |(theirs, _)| theirs.to_string())
    }

    fn source(&self, towards: IpAddr) -> Result<IpAddr, Unprobed> {
        self.inner.source(towards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A web server that has one document, and no mail host.
    struct Web;

    impl Probes for Web {
        fn smtp<'a>(&'a self, _: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>> {
            Box::pin(async move { Err(if ip.is_loopback() { Unprobed::Off } else { Unprobed::Refused }) })
        }

        fn https<'a>(
            &'a self,
            _: &'a Domain,
            _: &'a str,
            _: usize,
        ) -> BoxFuture<'a, Result<Document, Unprobed>> {
            Box::pin(async {
                let (status, content_type) = (200, "text/plain".to_owned());
                Ok(Document { status, content_type, location: None, body: vec![0; 12], certificate: None })
            })
        }

        fn ask_server<'a>(
            &'a self,
            _: IpAddr,
            _: &'a DnsName,
            _: RecordType,
        ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
            Box::pin(async { Err(Unprobed::Off) })
        }
    }

    /// What was made stands in the list with its time; what is switched off was never made.
    #[tokio::test]
    async fn what_was_made_is_noted() {
        let noted = Noted::new(Arc::new(Web));
        let host = Domain::parse("mx.example.org").unwrap();
        noted.smtp(&host, "192.0.2.1".parse().unwrap()).await.unwrap_err();
        noted.smtp(&host, "127.0.0.1".parse().unwrap()).await.unwrap_err();
        noted.https(&host, "/policy.txt", 100).await.unwrap();
        let told: Vec<String> = noted.made().iter().map(Made::to_string).collect();
        let told: Vec<_> = told.iter().filter_map(|line| line.rsplit_once(" (")).collect();
        assert_eq!(
            told.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [
                "smtp mx.example.org [192.0.2.1]: connection refused",
                "https mx.example.org/policy.txt: 200, 12 octets"
            ]
        );
        assert!(told.iter().all(|(_, time)| time.ends_with(" s)")));
    }
}
