//! An event as it is posted to those who asked for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tegami_queue::EventData;
use tegami_store::{Event, EventKind, NewEvent, Origin, Summary};

use super::event;
use crate::calls::{Body, Calls, NoBody, Signature};

/// The event, signed.
pub(crate) async fn body(calls: &Calls, event: &Event) -> Result<Body, NoBody> {
    let mut recipients = BTreeMap::new();
    if let Some(message) = event.event.message {
        let all = match event.event.kind {
            EventKind::Accepted => calls.accepted_for(message).await?.to_vec(),
            EventKind::Stored => event.event.recipient.iter().cloned().collect(),
            _ => Vec::new(),
        };
        recipients.insert(message, all);
    }
    let object = event::object(event, &calls.settings().base_url, &recipients);
    Ok(signed(&calls.sign().await?, &object))
}

/// An event that never happened, for somebody who wants to see one.
pub(crate) async fn sample(calls: &Calls, domain: &str, kind: EventKind) -> Result<Body, NoBody> {
    let data = match kind {
        EventKind::Failed | EventKind::Deferred => {
            EventData { code: 550, message: "No such mailbox".to_owned(), attempt: 1, ..EventData::default() }
        }
        _ => EventData { code: 250, message: "OK".to_owned(), attempt: 1, ..EventData::default() },
    };
    let event = Event {
        seq: 0,
        event: NewEvent {
            kind,
            at: calls.clock.now(),
            domain: domain.to_owned(),
            message: None,
            recipient: Some("alice@example.com".to_owned()),
            data: data.to_json(),
        },
        summary: Some(Summary {
            from: format!("Bob <bob@{domain}>"),
            to: "Alice <alice@example.com>".to_owned(),
            subject: "Test".to_owned(),
            message_id: format!("20130503182626.18666.16540@{domain}"),
            tags: vec!["my_tag_1".to_owned()],
            test_mode: true,
            ..Summary::default()
        }),
        origin: Some(Origin::Http { account: "test".to_owned() }),
        reverse_path: None,
    };
    let object = event::object(&event, &calls.settings().base_url, &BTreeMap::new());
    Ok(signed(&calls.sign().await?, &object))
}

fn signed(signature: &Signature, object: &Value) -> Body {
    let octets = json!({"signature": signature, "event-data": object}).to_string().into();
    Body { content_type: "application/json".to_owned(), octets }
}
