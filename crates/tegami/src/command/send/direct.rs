//! `tegami send --direct`: to the MX hosts, now, with no server of ours.

use std::sync::Arc;

use bytes::Bytes;
use tegami_mail::{Address, Domain, Envelope, ReversePath, note};
use tegami_outbound::{AttemptReport, Courier, Https, HttpsFetch, MtaSts, Reach, Settings};
use tegami_queue::{RecipientOutcome, SystemClock};

use super::reverse_path;
use crate::cli::Send;
use crate::command::{Context, Failure, Outcome, dns};

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// One line a recipient: what its host said.
pub(super) async fn run(
    send: &Send,
    context: &Context,
    recipients: Vec<Address>,
    content: Vec<u8>,
) -> Result<Outcome, Failure> {
    let hostname = hostname()?;
    let envelope = Envelope::new(reverse_path(send.from.as_deref(), &content, &hostname)?, recipients);
    if envelope.reverse_path == ReversePath::Null && send.from.is_none() {
        return Err(note!("cli-send-no-recipient").into());
    }
    let reach =
        if send.dns.zone.is_some() || send.dns.resolver.is_some_and(|server| server.ip().is_loopback()) {
            Reach::Loopback
        } else {
            Reach::Network
        };
    let settings = Settings { port: send.port, reach, ..Settings::new(hostname) };
    let roots = crate::server::machine_roots();
    let resolver = dns::resolver(&send.dns)?;
    let failed = |error: tegami_outbound::OutboundError| Failure::Text(error.to_string());
    let https = Https::new(roots.clone(), Arc::clone(&resolver), reach).map_err(failed)?;
    let mta_sts = MtaSts::new(Arc::new(HttpsFetch::new(Arc::new(https), HTTPS)), None);
    let courier = Courier::new(settings, roots, resolver, Arc::new(SystemClock)).map_err(failed)?;
    let courier = courier.with_mta_sts(Arc::new(mta_sts));
    let reports = courier.send(&envelope, &Bytes::from(content)).await;
    let delivered = |report: &AttemptReport| {
        report
            .recipients
            .iter()
            .all(|recipient| matches!(recipient.outcome, RecipientOutcome::Delivered { .. }))
    };
    let well = reports.iter().all(delivered);
    if context.json {
        let records: Vec<_> = reports
            .iter()
            .map(|report| tegami_words::told(context.language, &serde_json::json!(report.record)))
            .collect();
        context.print_json(&serde_json::json!({ "attempts": records }));
    } else {
        reports.iter().for_each(|report| tell(context, report));
    }
    Ok(if well { Outcome::Well } else { Outcome::Finding })
}

fn tell(context: &Context, report: &AttemptReport) {
    for recipient in &report.record.recipients {
        let host = recipient.host.and_then(|place| report.record.hosts.get(place));
        let reply = recipient.reply.as_ref().map(ToString::to_string);
        let failure = recipient.failure.as_ref().map(|failure| {
            tegami_words::text(context.language, &failure.detail.id, &failure.detail.values())
        });
        let tls =
            host.and_then(|host| host.tls.as_ref()).map(|tls| format!(" ({} {})", tls.version, tls.cipher));
        let place = host
            .map(|host| format!("{} [{}]{}: ", host.host, host.ip, tls.unwrap_or_default()))
            .unwrap_or_default();
        anstream::println!("{}  {place}{}", recipient.address, reply.or(failure).unwrap_or_default());
    }
}

/// The machine's own name, for EHLO.
fn hostname() -> Result<Domain, Failure> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    let name = Domain::parse(text.trim())
        .map_err(|error| note!("cli-bad-domain", domain = text.trim(), reason = error))?;
    Ok(name)
}
