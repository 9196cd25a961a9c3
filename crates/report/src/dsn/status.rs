//! The part for programs: `message/delivery-status` (RFC 3464 section 2).

use tegami_mail::{charset, date};

use super::{Action, MAX_RECIPIENTS, Notice, Recipient, Typed};
use crate::field::{bare, cut, groups};

/// Reads the fields of a message and of its recipients into the notice; what is malformed is passed over.
pub(super) fn read(content: &[u8], notice: &mut Notice) {
    for group in groups(&charset::guess(content)) {
        let has = |name: &str| group.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let of_recipient = has("Final-Recipient") || has("Original-Recipient") || has("X-Actual-Recipient");
        if of_recipient {
            if notice.recipients.len() >= MAX_RECIPIENTS {
                return;
            }
            notice.recipients.push(Recipient::default());
        }
        for (name, value) in &group {
            // A blank line too many may part the fields of one recipient.
            match notice.recipients.last_mut() {
                Some(recipient) => set_recipient(recipient, name, value),
                None => set_message(notice, name, value),
            }
        }
    }
}

fn set_message(notice: &mut Notice, name: &str, value: &str) {
    let typed = || Some(Typed::parse(&cut(value)));
    match name.to_ascii_lowercase().as_str() {
        "original-envelope-id" => notice.envelope_id = Some(cut(value)),
        "reporting-mta" => notice.reporting_mta = typed(),
        "arrival-date" => notice.arrival_date = date::parse(value).ok(),
        _ => {}
    }
}

fn set_recipient(recipient: &mut Recipient, name: &str, value: &str) {
    match name.to_ascii_lowercase().as_str() {
        "final-recipient" => recipient.final_recipient = address(value),
        "original-recipient" => recipient.original_recipient = address(value),
        "x-actual-recipient" if recipient.final_recipient.is_none() => {
            recipient.final_recipient = address(value);
        }
        "action" => recipient.action = Action::parse(value),
        "status" => {
            recipient.status = value.split([' ', '(', '\t']).next().and_then(|code| code.parse().ok());
        }
        "diagnostic-code" => recipient.diagnostic = Some(Typed::parse(&cut(value))),
        "remote-mta" => recipient.remote_mta = Some(Typed::parse(&cut(value))),
        "last-attempt-date" => recipient.last_attempt = date::parse(value).ok(),
        "will-retry-until" => recipient.will_retry_until = date::parse(value).ok(),
        _ => {}
    }
}

fn address(value: &str) -> Option<String> {
    let typed = Typed::parse(&cut(value));
    let address = bare(&typed.value);
    (!address.is_empty()).then_some(address)
}
