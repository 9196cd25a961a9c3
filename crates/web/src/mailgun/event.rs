//! One event as the API shows it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use tegami_mail::failure::Cause;
use tegami_mail::{Address, StoredNote};
use tegami_queue::route::Matched;
use tegami_queue::{EventData, Reason};
use tegami_store::{Event, EventKind, Origin, QueueId, Summary};
use tegami_words::Language;

use super::filter::Manner;
use super::scalar::timestamp;
use crate::public::Client;
use crate::statistics;
use tegami_queue::Visit;

/// Recipients of the messages on a page.
pub(crate) type Recipients = BTreeMap<QueueId, Vec<String>>;

/// The API's word for what happened.
pub(crate) fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Accepted => "accepted",
        EventKind::Rejected => "rejected",
        EventKind::Delivered => "delivered",
        EventKind::Deferred | EventKind::Failed => "failed",
        EventKind::Stored => "stored",
        EventKind::Complained => "complained",
        EventKind::Unsubscribed => "unsubscribed",
        EventKind::Opened => "opened",
        EventKind::Clicked => "clicked",
        EventKind::Operated => "operated",
        EventKind::Examined => "examined",
    }
}

/// The values that a filter on this field looks at, and how; `None` for a field that cannot be filtered on.
pub(crate) fn values(event: &Event, field: &str) -> Option<(Vec<String>, Manner)> {
    let recipient = || event.event.recipient.clone();
    let summary = |of: fn(&Summary) -> String| event.summary.as_ref().map(of).into_iter().collect::<Vec<_>>();
    let whole = |values: Vec<String>| Some((values, Manner::Whole));
    let part = |values: Vec<String>| Some((values, Manner::Part));
    match field {
        "event" => whole(vec![word(event.event.kind).to_owned()]),
        "severity" => whole(severity(event.event.kind).map(ToOwned::to_owned).into_iter().collect()),
        "recipient" | "recipients" => whole(recipient().into_iter().collect()),
        "recipient-domain" => whole(recipient().map(|text| domain_of(&text)).into_iter().collect()),
        "message-id" => whole(summary(|summary| summary.message_id.clone())),
        "tags" => whole(event.summary.iter().flat_map(|summary| summary.tags.clone()).collect()),
        "reason" => whole(vec![reason(event)]),
        "size" => whole(summary(|summary| summary.size.to_string())),
        "subject" => part(summary(|summary| summary.subject.clone())),
        "from" => part(summary(|summary| summary.from.clone())),
        "to" => part(summary(|summary| summary.to.clone())),
        "attachment" => {
            let names = event.summary.iter().flat_map(|summary| &summary.attachments);
            part(names.map(|file| file.filename.clone()).collect())
        }
        "list" => whole(list(event).into_iter().flat_map(|list| [list.clone(), list_id(&list)]).collect()),
        field => {
            let name = field.strip_prefix("user-variables.")?;
            let value = event.summary.as_ref().and_then(|summary| summary.variables.get(name));
            whole(value.map(scalar_text).into_iter().collect())
        }
    }
}

/// The mailing list that it has to do with.
fn list(event: &Event) -> Option<String> {
    let summary = event.summary.as_ref().and_then(|summary| summary.list.clone());
    let told = || event.event.data.read::<Visit>().ok()?.mailing_list;
    summary.or_else(|| (event.event.kind == EventKind::Unsubscribed).then(told).flatten())
}

/// As it stands in List-Id fields (RFC 2919).
fn list_id(list: &str) -> String {
    list.replacen('@', ".", 1)
}

fn scalar_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn severity(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Deferred => Some("temporary"),
        EventKind::Failed => Some("permanent"),
        _ => None,
    }
}

fn reason(event: &Event) -> String {
    let data = event.event.data.value();
    let reason = data.get("reason").and_then(Value::as_str).unwrap_or("generic");
    // Clients know a list of reasons, and an operator is not among them.
    if reason == "dropped" { "generic".to_owned() } else { reason.to_owned() }
}

fn domain_of(recipient: &str) -> String {
    recipient.rsplit_once('@').map(|(_, domain)| domain.to_owned()).unwrap_or_default()
}

/// The event object. `base` is the URL of this server; of `recipients` those of the event's message are shown.
pub(crate) fn object(event: &Event, base: &str, recipients: &Recipients) -> Value {
    let kind = event.event.kind;
    let data = EventData::from_json(&event.event.data).unwrap_or_default();
    let summary = event.summary.clone().unwrap_or_default();
    let mut object = Map::new();
    let mut add = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    add("event", json!(word(kind)));
    add("id", json!(id_of(event)));
    add("timestamp", json!(timestamp(event.event.at)));
    add("log-level", json!(log_level(kind)));
    add("tags", json!(summary.tags));
    add("campaigns", json!([]));
    add("user-variables", Value::Object(within_bounds(summary.variables.clone())));
    add("flags", flags(&summary, event));
    if let Some(list) = list(event) {
        add("mailing-list", json!({"address": list, "list-id": list_id(&list), "sid": ""}));
    }
    if let Some(recipient) = &event.event.recipient {
        add("recipient", json!(recipient));
        add("recipient-domain", json!(domain_of(recipient)));
        if let Some(provider) = provider(kind, &data) {
            add("recipient-provider", json!(provider));
        }
    }
    if event.event.message.is_none() && kind == EventKind::Rejected {
        // It was refused before there was a message.
        add("message", message_of(&summary, kind, &data, &[]));
    }
    if let Some(message) = event.event.message {
        let all = recipients.get(&message).map(Vec::as_slice).unwrap_or_default();
        add("message", message_of(&summary, kind, &data, all));
        add("storage", storage(event, message, base));
        // A notification that came later has none of its own.
        if data.report.is_none() {
            add("envelope", envelope(event, &data));
        }
    }
    match kind {
        EventKind::Accepted => {
            add("method", json!(method(event)));
            if !data.routes.is_empty() {
                add("routes", routes(event, &data));
            }
            match &event.origin {
                Some(Origin::Http { account }) => add("api-key-id", json!(account)),
                Some(Origin::Reception { ip }) => add("originating-ip", json!(ip)),
                _ => {}
            }
        }
        EventKind::Delivered => {
            add("delivery-status", delivery_status(event, &data));
            if let Some(record) = &summary.primary_dkim {
                add("primary-dkim", json!(record));
            }
        }
        EventKind::Deferred | EventKind::Failed => {
            add("severity", json!(severity(kind)));
            add("reason", json!(reason(event)));
            add("delivery-status", delivery_status(event, &data));
        }
        EventKind::Rejected => add("reject", reject(event)),
        EventKind::Opened | EventKind::Clicked | EventKind::Unsubscribed => of_reader(event, &mut add),
        _ => {}
    }
    Value::Object(object)
}

/// Unique, and the same whenever it is asked for: place and moment.
fn id_of(event: &Event) -> String {
    let moment = event.event.at.as_microsecond();
    URL_SAFE_NO_PAD.encode([event.seq.to_be_bytes(), moment.to_be_bytes()].concat())
}

/// Who takes this recipient's mail, where a host of theirs has spoken.
fn provider(kind: EventKind, data: &EventData) -> Option<&'static str> {
    let spoken = matches!(kind, EventKind::Delivered | EventKind::Deferred | EventKind::Failed);
    statistics::provider(data).filter(|provider| spoken && *provider != "other")
}

/// Octets of variables that an event shows.
const VARIABLES: usize = 4096;

/// The variables up to 4 KiB, whole ones only.
fn within_bounds(variables: Map<String, Value>) -> Map<String, Value> {
    let mut room = VARIABLES;
    let fits = |(name, value): &(String, Value)| {
        let octets = name.len() + value.to_string().len() + 4;
        let fits = octets <= room;
        room = room.saturating_sub(octets);
        fits
    };
    variables.into_iter().take_while(fits).collect()
}

fn log_level(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Deferred => "warn",
        EventKind::Failed | EventKind::Rejected => "error",
        _ => "info",
    }
}

fn method(event: &Event) -> &'static str {
    if matches!(event.origin, Some(Origin::Http { .. })) { "http" } else { "smtp" }
}

fn flags(summary: &Summary, event: &Event) -> Value {
    json!({
        "is-authenticated": matches!(event.origin, Some(Origin::Http { .. } | Origin::Submission { .. })),
        "is-routed": is_routed(event),
        "is-system-test": false,
        "is-test-mode": summary.test_mode,
        "is-delayed-bounce": event.event.kind == EventKind::Failed && event.event.data.value().get("report").is_some(),
    })
}

/// Whether a route has or had to do with it.
fn is_routed(event: &Event) -> bool {
    let sent_on = matches!(event.event.kind, EventKind::Delivered | EventKind::Deferred | EventKind::Failed);
    let came = matches!(event.origin, Some(Origin::Reception { .. })) && list(event).is_none();
    came && sent_on || event.event.data.value().get("routes").is_some()
}

/// The routes that wanted it.
fn routes(event: &Event, data: &EventData) -> Value {
    let recipient = event.event.recipient.as_deref().unwrap_or_default();
    let route = |route: &Matched| json!({"expression": route.expression, "id": route.id, "match": {"recipient": recipient}});
    data.routes.iter().map(route).collect()
}

fn message_of(summary: &Summary, kind: EventKind, data: &EventData, recipients: &[String]) -> Value {
    let headers = json!({
        "to": summary.to, "from": summary.from, "subject": summary.subject, "message-id": summary.message_id,
    });
    let file = |file: &tegami_store::Attachment| json!({"filename": file.filename, "content-type": file.content_type, "size": file.size});
    let attachments: Vec<Value> = summary.attachments.iter().map(file).collect();
    let mut message = json!({"headers": headers, "attachments": attachments, "size": summary.size});
    if let Some(members) = message.as_object_mut() {
        if matches!(kind, EventKind::Accepted | EventKind::Stored) {
            members.insert("recipients".to_owned(), json!(recipients));
        }
        if let Some(moment) = data.scheduled_for {
            members.insert("scheduled-for".to_owned(), json!(moment.as_second()));
        }
    }
    message
}

/// Where the content can be had. `key` is ours.
fn storage(event: &Event, message: QueueId, base: &str) -> Value {
    json!({
        "url": message_url(base, &event.event.domain, message),
        "key": message.to_string(),
        "region": "local",
        "env": "production",
    })
}

/// The URL of a stored message.
pub(crate) fn message_url(base: &str, domain: &str, message: QueueId) -> String {
    format!("{base}/v3/domains/{domain}/messages/{message}")
}

fn envelope(event: &Event, data: &EventData) -> Value {
    let sender = event.reverse_path.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut envelope = json!({
        "sender": sender, "targets": event.event.recipient.clone().unwrap_or_default(), "transport": "smtp",
    });
    if let Some(members) = envelope.as_object_mut() {
        if let Some(ip) = data.sending_ip {
            members.insert("sending-ip".to_owned(), json!(ip));
        }
        // Of a click it is where the reader went.
        let posted = matches!(event.event.kind, EventKind::Delivered | EventKind::Failed);
        if let Some(url) = data.url.as_ref().filter(|_| posted) {
            members.insert("targets".to_owned(), json!(url));
            members.insert("transport".to_owned(), json!("http"));
        }
    }
    envelope
}

fn delivery_status(event: &Event, data: &EventData) -> Value {
    let utf8 = event.event.recipient.as_deref().and_then(|text| Address::parse(text).ok());
    let mut status = json!({
        "code": data.code,
        "message": data.message,
        "description": description(data),
        "attempt-no": data.attempt,
        "session-seconds": data.session_seconds,
        "tls": data.tls,
        "certificate-verified": data.certificate_verified,
        "utf8": utf8.is_some_and(|address| address.needs_smtputf8()),
    });
    if let Some(members) = status.as_object_mut() {
        let mut add = |name: &str, value: Option<Value>| {
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        add("mx-host", data.mx_host.as_ref().map(|host| json!(host)));
        add("enhanced-code", data.enhanced.map(|code| json!(code.to_string())));
        add("retry-seconds", data.retry_seconds.map(|seconds| json!(seconds)));
        let bounce = event.event.kind == EventKind::Failed && data.code < 600;
        // Time that was up, and what ends by itself, says nothing for ever.
        let soft = data.reason == Some(Reason::Old) || data.verdict().is_some_and(|verdict| verdict.retry());
        add("bounce-type", bounce.then(|| json!(if soft { "soft" } else { "hard" })));
        let later = data.report.is_some() && bounce;
        add("bounce-code", data.enhanced.filter(|_| later).map(|code| json!(code.to_string())));
    }
    status
}

/// What the refusal means and what to do about it, with the page on which the provider documents it; without a refusal what we have to say.
fn description(data: &EventData) -> String {
    let say = |note: &StoredNote| tegami_words::text(Language::English, &note.id, &note.values());
    match data.verdict().filter(|verdict| verdict.cause != Cause::Unknown) {
        Some(verdict) => {
            let source = verdict.source.as_ref().map(|source| format!(" {source}")).unwrap_or_default();
            format!("{} {}{source}", say(&verdict.meaning), say(&verdict.advice))
        }
        None => {
            let note = data.note.as_ref().map(|note| tegami_words::told(Language::English, note));
            let told = note.as_ref().and_then(Value::as_str).unwrap_or_default();
            // Our own codes: nobody refused, and the reason stands where clients look for it.
            if told.is_empty() && data.code >= 600 { data.message.clone() } else { told.to_owned() }
        }
    }
}

/// Who read, as far as the link and its client told. Where they are is not asked of anybody.
fn of_reader(event: &Event, add: &mut impl FnMut(&str, Value)) {
    let visit: Visit = event.event.data.read().unwrap_or_default();
    add("ip", json!(visit.ip.map(|ip| ip.to_string()).unwrap_or_default()));
    add("geolocation", json!({"country": "Unknown", "region": "Unknown", "city": "Unknown"}));
    add("client-info", Client::of(&visit.user_agent).info(&visit.user_agent));
    if let Some(url) = visit.url {
        add("url", json!(url));
    }
}

/// Refusals at reception write their own words.
fn reject(event: &Event) -> Value {
    let told = tegami_words::told(Language::English, &event.event.data.value());
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    json!({"reason": text("reply"), "description": text("why")})
}
