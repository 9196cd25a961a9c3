//! Mail hosts with certificates, a host that serves policies, and a courier that is told of both.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rustls::RootCertStore;
use tegami_auth::dane::public_key;
use tegami_dns::ZoneResolver;
use tegami_mail::{Clock, Domain, Envelope};
use tegami_outbound::{
    AttemptReport, Courier, Https, HttpsFetch, MtaSts, Observation, Observe, Parcel, Reach, Settings,
};
use tegami_store::Store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::peer::{Identity, Script, Seen, Tls, serve};
use crate::world::{self, envelope, story};

/// Two hosts, and where a policy is served.
pub(crate) const ZONE: &str = "example.test. MX 5 mx1.example.test.
    example.test. MX 10 mx2.example.test.
    mx1.example.test. A 127.0.0.2
    mx2.example.test. A 127.0.0.3
    mta-sts.example.test. A 127.0.0.9
";

#[derive(Default)]
pub(crate) struct Observations(Mutex<Vec<Observation>>);

impl Observe for Observations {
    fn observe(&self, observation: Observation) {
        self.0.lock().unwrap().push(observation);
    }
}

#[derive(Clone)]
pub(crate) struct Hands(Arc<Mutex<Timestamp>>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hands {
    pub(crate) fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

/// What the policy host answers, one answer after another; the last one stays.
#[derive(Clone, Default)]
pub(crate) struct PolicyHost {
    answers: Arc<Mutex<VecDeque<String>>>,
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn answer(policy: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{policy}",
        policy.len()
    )
}

pub(crate) fn policy(mode: &str, mx: &str) -> String {
    answer(&format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 604800\r\n"))
}

impl PolicyHost {
    pub(crate) fn say(&self, answer: impl Into<String>) {
        *self.answers.lock().unwrap() = VecDeque::from([answer.into()]);
    }

    /// Closes connections without a word.
    pub(crate) fn be_silent(&self) {
        self.answers.lock().unwrap().clear();
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    async fn serve(self, listener: TcpListener, identity: Identity) {
        while let Ok((stream, _)) = listener.accept().await {
            self.seen.lock().unwrap().push(String::new());
            let Ok(mut stream) = identity.acceptor().accept(stream).await else { continue };
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let Ok(octet) = stream.read_u8().await else { break };
                request.push(octet);
            }
            *self.seen.lock().unwrap().last_mut().unwrap() = String::from_utf8(request).unwrap();
            let answer = self.answers.lock().unwrap().front().cloned();
            if let Some(answer) = answer {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    }
}

/// A world with policies.
pub(crate) struct Lab {
    pub(crate) courier: Courier,
    /// Who fetches policies.
    pub(crate) https: Arc<Https>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) clock: Hands,
    pub(crate) host: PolicyHost,
    observations: Arc<Observations>,
}

/// How a world is made.
pub(crate) struct Plan {
    /// `PORT` stands for the port of the mail hosts.
    pub(crate) zone: String,
    pub(crate) scripts: Vec<Script>,
    pub(crate) roots: RootCertStore,
    pub(crate) policy_host: Identity,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) host: PolicyHost,
}

impl Plan {
    /// Mail hosts on `127.0.0.2` and on; nobody trusts anybody.
    pub(crate) fn new(zone: impl Into<String>, scripts: Vec<Script>) -> Self {
        let policy_host = Identity::self_signed("mta-sts.example.test");
        let mut roots = RootCertStore::empty();
        roots.add(policy_host.certificate.der().clone()).unwrap();
        let host = PolicyHost::default();
        Self { zone: zone.into(), scripts, roots, policy_host, store: None, host }
    }

    /// The certificate is trusted.
    pub(crate) fn trusting(mut self, identity: &Identity) -> Self {
        self.roots.add(identity.certificate.der().clone()).unwrap();
        self
    }

    pub(crate) async fn start(self, change: impl FnOnce(&mut Settings)) -> Lab {
        let listeners = world::listeners(self.scripts.len()).await;
        let mut settings = Settings::new(Domain::parse("sender.example.org").unwrap());
        settings.port = listeners[0].local_addr().unwrap().port();
        settings.reach = Reach::Loopback;
        settings.limits.idle = Duration::ZERO;
        change(&mut settings);
        let zone = self.zone.replace("PORT", &settings.port.to_string());
        let resolver = Arc::new(ZoneResolver::from_text(&zone).unwrap());
        let policies = TcpListener::bind(SocketAddr::from(([127, 0, 0, 9], 0))).await.unwrap();
        let port = policies.local_addr().unwrap().port();
        let https = Https::new(self.roots.clone(), resolver.clone(), Reach::Loopback).unwrap();
        let https = Arc::new(https);
        let fetch = HttpsFetch::new(https.clone()).on_port(port);
        tokio::spawn(self.host.clone().serve(policies, self.policy_host));
        let clock = Hands(Arc::new(Mutex::new("2026-07-01T12:00:00Z".parse().unwrap())));
        let observations = Arc::new(Observations::default());
        let courier =
            Courier::new(settings, self.roots, resolver, Arc::new(clock.clone())).unwrap().seeded(7);
        let courier = courier
            .with_mta_sts(Arc::new(MtaSts::new(Arc::new(fetch), self.store)))
            .observed_by(observations.clone());
        let seen = listeners.into_iter().zip(self.scripts).map(|(listener, script)| serve(listener, script));
        Lab { courier, https, seen: seen.collect(), clock, host: self.host, observations }
    }
}

impl Lab {
    pub(crate) async fn send(&self, recipient: &str) -> AttemptReport {
        self.carry(envelope(&[recipient]), world::CONTENT).await
    }

    pub(crate) async fn carry(&self, envelope: Envelope, content: &'static [u8]) -> AttemptReport {
        let next_hop = envelope.forward_paths[0].address.host().clone();
        let (tags, content) = (Vec::new(), Bytes::from_static(content));
        self.courier.attempt(&Parcel { envelope, next_hop, tags, content }).await
    }

    /// Sends to `b@example.test` and tells the policies, the story and what was observed.
    pub(crate) async fn told(&self) -> String {
        let report = self.send("b@example.test").await;
        self.tell(&report)
    }

    pub(crate) fn tell(&self, report: &AttemptReport) -> String {
        let mut text = String::new();
        for entry in &report.record.hosts {
            let Some(policy) = &entry.policy else { continue };
            let demand = policy.demand.map_or_else(|| "refused".to_owned(), |demand| format!("{demand:?}"));
            let source = serde_json::to_value(policy.source).unwrap();
            let steps: Vec<_> = policy.steps.iter().map(|step| step.id.as_str()).collect();
            writeln!(text, "({}) {demand} {}", source.as_str().unwrap(), steps.join(" ")).unwrap();
        }
        text.push_str(&story(report));
        for one in self.observed() {
            let (kind, policy) = (serde_json::to_value(&one.policy.policy_type).unwrap(), one.policy);
            write!(text, "* {} {}", kind.as_str().unwrap(), policy.policy_domain).unwrap();
            match one.failure {
                None => text.push_str(" success"),
                Some(failure) => {
                    let result = serde_json::to_value(&failure.result_type).unwrap();
                    let (host, mut reason) = (failure.receiving_mx_hostname, failure.failure_reason_code);
                    // What reaches us first of a server that speaks no TLS is a matter of chance.
                    if reason.contains("handshake") || reason.contains("corrupt") {
                        reason = "(handshake)".to_owned();
                    }
                    write!(text, " {} {host} {reason}", result.as_str().unwrap()).unwrap();
                }
            }
            text.push('\n');
        }
        text
    }

    /// What was observed since the last time.
    pub(crate) fn observed(&self) -> Vec<tegami_outbound::Observation> {
        self.observations.0.lock().unwrap().drain(..).collect()
    }

    /// Messages that any of the mail hosts was begun with.
    pub(crate) fn mail(&self) -> usize {
        self.seen.iter().map(|seen| seen.count("MAIL")).sum()
    }
}

/// A mail host with STARTTLS and a certificate for this name; its certificate.
pub(crate) fn host(name: &str) -> (Script, Identity) {
    let identity = Identity::self_signed(name);
    (Script::with_tls(Tls::With(identity.clone())), identity)
}

/// `3 1 1` and the digest of the identity's key.
pub(crate) fn dane_ee(identity: &Identity) -> String {
    let key = public_key(identity.certificate.der()).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key);
    format!("3 1 1 {}", hex(digest.as_ref()))
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
