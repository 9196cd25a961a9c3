//! `tegami send --direct`: to the MX hosts, now, with no server of ours.

use std::time::Duration;

use tegami::{AttemptRecord, Mailer, Message, Reach};
use tegami_mail::{Address, Domain, Envelope, ReversePath, note};

use super::reverse_path;
use crate::cli::Send;
use crate::command::{Context, Failure, Outcome, dns, table};

/// Somebody waits, and sees that they do: long enough for the ten minutes that a host may take to confirm (RFC 5321 section 4.5.3.2.6).
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

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
    let mailer = Mailer::builder(hostname.as_str()).dns(dns::resolver(&send.dns)?);
    let mailer = mailer.port(send.port).reach(reach).time_limit(TIME_LIMIT).build();
    let mailer = mailer.map_err(|error| Failure::Text(error.to_string()))?;
    let report = mailer.send(&Message::raw(envelope, content)).await;
    let report = report.map_err(|error| Failure::Text(error.explanation(context.language)))?;
    mailer.close().await;
    if context.json {
        let told = |record: &AttemptRecord| tegami_words::told(context.language, &serde_json::json!(record));
        let records: Vec<_> = report.records().iter().map(told).collect();
        context.print_json(&serde_json::json!({ "attempts": records }));
    } else {
        report.records().iter().for_each(|record| tell(context, record));
    }
    Ok(if report.is_delivered() { Outcome::Well } else { Outcome::Finding })
}

fn tell(context: &Context, record: &AttemptRecord) {
    for recipient in &record.recipients {
        let host = recipient.host.and_then(|place| record.hosts.get(place));
        let reply = recipient.reply.as_ref().map(ToString::to_string);
        let failure = recipient.failure.as_ref().map(|failure| {
            tegami_words::text(context.language, &failure.detail.id, &failure.detail.values())
        });
        let tls =
            host.and_then(|host| host.tls.as_ref()).map(|tls| format!(" ({} {})", tls.version, tls.cipher));
        let place = host
            .map(|host| format!("{} [{}]{}: ", host.host, host.ip, tls.unwrap_or_default()))
            .unwrap_or_default();
        let said = reply.or(failure).unwrap_or_default();
        anstream::println!("{}", table::plain(&format!("{}  {place}{said}", recipient.address)));
    }
}

/// The machine's own name, for EHLO.
fn hostname() -> Result<Domain, Failure> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    let name = Domain::parse(text.trim())
        .map_err(|error| note!("cli-bad-domain", domain = text.trim(), reason = error))?;
    Ok(name)
}
