//! What came back by mail about a message, later: notifications and complaints, as `why` tells them.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tegami_mail::note;
use tegami_queue::EventData;
use tegami_store::{EventKind, NewEvent};

use super::context::moment;
use super::lookup::reply;
use super::{Context, table};

/// Whether an event was told by a notification or a complaint.
pub(super) fn is_told_later(event: &NewEvent) -> bool {
    event.data.value().get("report").is_some()
}

/// Whether it says that the message did not arrive, or is not wanted.
pub(super) fn is_bad(event: &NewEvent) -> bool {
    matches!(event.kind, EventKind::Failed | EventKind::Complained | EventKind::Unsubscribed)
}

/// The paragraph about one of them.
pub(super) fn tell(context: &Context, text: &mut String, event: &NewEvent) {
    let Some(data) = EventData::from_json(&event.data) else { return };
    let reporter = data.reporter.as_deref().or(data.mx_host.as_deref()).unwrap_or("?");
    let (at, reporter) = (moment(event.at), table::plain(reporter));
    let said = match event.kind {
        EventKind::Failed => note!("cli-why-came-back", at = at, reporter = reporter),
        EventKind::Deferred => note!("cli-why-delayed-later", at = at, reporter = reporter),
        EventKind::Complained => {
            note!("cli-why-complained", at = at, reporter = reporter, kind = table::plain(&data.message))
        }
        EventKind::Unsubscribed => note!("cli-why-unsubscribed", at = at, reporter = reporter),
        _ => note!("cli-why-delivered-later", at = at, reporter = reporter),
    };
    let _ = writeln!(text, "  {}", context.say(&said));
    if matches!(event.kind, EventKind::Failed | EventKind::Deferred) {
        let host =
            data.mx_host.as_deref().map(|host| format!("{}: ", table::plain(host))).unwrap_or_default();
        let _ = writeln!(text, "    {host}{}", table::plain(&data.reply_line()));
        for line in data.verdict().iter().flat_map(|verdict| reply::explanation(verdict, context)) {
            let _ = writeln!(text, "    {line}");
        }
    }
    if let Some(report) = data.report {
        let _ = writeln!(text, "    {}", context.say(&note!("cli-why-report", id = report)));
    }
}

/// The same for programs.
pub(super) fn member(context: &Context, event: &NewEvent) -> Value {
    let data = EventData::from_json(&event.data).unwrap_or_default();
    let verdict = data.verdict().and_then(|verdict| serde_json::to_value(verdict).ok());
    json!({
        "event": event.kind,
        "at": event.at,
        "recipient": event.recipient,
        "reporter": data.reporter,
        "host": data.mx_host,
        "code": (data.code > 0).then_some(data.code),
        "enhanced": data.enhanced,
        "text": data.message,
        "report": data.report,
        "verdict": verdict.map(|verdict| tegami_words::told(context.language, &verdict)),
    })
}
