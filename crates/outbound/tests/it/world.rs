//! A DNS, some servers, and a courier between them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::RootCertStore;
use tegami_dns::ZoneResolver;
use tegami_mail::{Address, Domain, Envelope, Host, ReversePath};
use tegami_outbound::{AttemptReport, Courier, Destination, Parcel, Reach, Settings};
use tegami_queue::{Failure, RecipientOutcome, SystemClock};
use tokio::net::TcpListener;

use crate::peer::{Script, Seen, serve};

pub(crate) struct World {
    pub(crate) courier: Courier,
    pub(crate) seen: Vec<Seen>,
}

/// Servers on `127.0.0.2`, `127.0.0.3` … which all have the same port; nobody listens on other addresses.
pub(crate) async fn world(zone: &str, scripts: Vec<Script>, change: impl FnOnce(&mut Settings)) -> World {
    trusting(zone, scripts, RootCertStore::empty(), change).await
}

pub(crate) async fn trusting(
    zone: &str,
    scripts: Vec<Script>,
    roots: RootCertStore,
    change: impl FnOnce(&mut Settings),
) -> World {
    let listeners = listeners(scripts.len()).await;
    let mut settings = Settings::new(Domain::parse("sender.example.org").unwrap());
    settings.port = listeners[0].local_addr().unwrap().port();
    settings.reach = Reach::Loopback;
    settings.limits.idle = Duration::ZERO;
    change(&mut settings);
    let seen = listeners.into_iter().zip(scripts).map(|(listener, script)| serve(listener, script)).collect();
    let resolver = Arc::new(ZoneResolver::from_text(zone).unwrap());
    let courier = Courier::new(settings, roots, resolver, Arc::new(SystemClock)).unwrap().seeded(7);
    World { courier, seen }
}

pub(crate) async fn listeners(count: usize) -> Vec<TcpListener> {
    'again: loop {
        let mut listeners = vec![TcpListener::bind("127.0.0.2:0").await.unwrap()];
        let port = listeners[0].local_addr().unwrap().port();
        for at in 1..count {
            match TcpListener::bind(format!("127.0.0.{}:{port}", at + 2)).await {
                Ok(listener) => listeners.push(listener),
                Err(_) => continue 'again,
            }
        }
        return listeners;
    }
}

pub(crate) const CONTENT: &[u8] = b"From: a@example.org\r\nSubject: hello\r\n\r\nhello\r\n.dot\r\n";

impl World {
    /// Sends to recipients of one domain.
    pub(crate) async fn send(&self, recipients: &[&str]) -> AttemptReport {
        self.attempt(envelope(recipients)).await
    }

    pub(crate) async fn attempt(&self, envelope: Envelope) -> AttemptReport {
        let next_hop = envelope.forward_paths[0].address.host().clone();
        let (tags, content) = (Vec::new(), Bytes::from_static(CONTENT));
        self.courier.attempt(&Parcel { envelope, next_hop, tags, content }).await
    }
}

pub(crate) fn envelope(recipients: &[&str]) -> Envelope {
    let sender = ReversePath::Address(Address::parse("a@example.org").unwrap());
    Envelope::new(sender, recipients.iter().map(|address| Address::parse(address).unwrap()))
}

pub(crate) async fn plan(zone: &str, next_hop: &str, change: impl FnOnce(&mut Settings)) -> Destination {
    let mut settings = Settings::new(Domain::parse("sender.example.org").unwrap());
    change(&mut settings);
    let resolver = Arc::new(ZoneResolver::from_text(zone).unwrap());
    let courier =
        Courier::new(settings, RootCertStore::empty(), resolver, Arc::new(SystemClock)).unwrap().seeded(7);
    let next_hop = Host::parse(next_hop).unwrap();
    courier.preview(&envelope(&["b@example.test"]), &next_hop, &[]).await.ways.remove(0).destination
}

/// Hosts tried and results, a line each.
pub(crate) fn story(report: &AttemptReport) -> String {
    let mut text = String::new();
    for entry in &report.record.hosts {
        let preference = entry.preference.map(|preference| format!(" {preference}")).unwrap_or_default();
        write!(text, "{}{preference} {}", entry.host, entry.ip).unwrap();
        for (word, told) in [(" reused", entry.reused), (" in clear", entry.fallback_to_clear)] {
            text.push_str(if told { word } else { "" });
        }
        if let Some(tls) = &entry.tls {
            let reason = tls.reason.as_ref().map_or("trusted", |reason| reason.id.as_str());
            write!(text, " {} {reason}", tls.version).unwrap();
        }
        if let Some(failure) = &entry.failure {
            write!(text, " {:?} {}", failure.stage, failure.detail.id).unwrap();
        }
        text.push('\n');
        for result in entry.results.iter().filter(|result| !result.reply.is_completion()) {
            writeln!(text, "  {} {:?} {}", result.address, result.stage, result.reply).unwrap();
        }
    }
    for (record, recipient) in report.record.recipients.iter().zip(&report.recipients) {
        let host = recipient.peer.as_ref().map(|peer| peer.host.clone()).unwrap_or_default();
        let outcome = match &recipient.outcome {
            RecipientOutcome::Delivered { reply } => format!("delivered {reply}"),
            RecipientOutcome::Failed(failure) => format!("failed {}", failed(failure)),
            RecipientOutcome::PossiblyDelivered(failure) => format!("possibly delivered {}", failed(failure)),
        };
        writeln!(text, "{} {outcome} [{host}]", record.address).unwrap();
    }
    text
}

pub(crate) fn failed(failure: &Failure) -> String {
    format!("{:?} {:?} {} {}", failure.class, failure.stage, failure.enhanced(), failure.detail.id)
}
