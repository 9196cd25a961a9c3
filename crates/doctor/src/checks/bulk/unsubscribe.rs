//! How somebody gets off the list, and how the list names itself.

use tegami_auth::finding::Severity;
use tegami_mail::{HeaderField, note};

use super::number::Endpoint;
use crate::case::MessageCase;
use crate::checks::ct::url::Place;
use crate::checks::msg::excerpt;
use crate::probe::Unprobed;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const HEADER: Check =
    Check::new("bulk.unsub-header", About::Message, Severity::S3, "RFC 8058 section 3.1")
        .who(&[Who::Gmail, Who::Yahoo]);
pub(super) const ENDPOINT: Check =
    Check::new("bulk.unsub-endpoint", About::Message, Severity::S3, "RFC 8058 section 3.2")
        .who(&[Who::Gmail, Who::Yahoo])
        .after(&["bulk.unsub-header"]);
pub(super) const SIGNED: Check =
    Check::new("bulk.unsub-signed", About::Message, Severity::S3, "RFC 8058 section 4")
        .who(&[Who::Gmail, Who::Yahoo])
        .after(&[
            "bulk.unsub-header",
            "msg.dkim-coverage",
            "msg.dkim-present",
            "msg.dkim",
            "msg.dkim-bh-only",
        ]);
pub(super) const LIST_ID: Check =
    Check::new("bulk.list-id", About::Message, Severity::S1, "RFC 2919 section 3");
pub(super) const FEEDBACK_ID: Check =
    Check::new("bulk.feedback-id", About::Message, Severity::S1, "Gmail Feedback-ID").who(&[Who::Gmail]);

pub(super) const CHECKS: [&Check; 5] = [&HEADER, &ENDPOINT, &SIGNED, &LIST_ID, &FEEDBACK_ID];

pub(super) async fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    vec![header(case), endpoint(case).await, signed(case), list_id(case), feedback_id(case)]
}

/// The URIs of List-Unsubscribe, in angle brackets (RFC 2369 section 2).
fn uris(field: &HeaderField<'_>) -> Vec<String> {
    let text: String = field.text().chars().filter(|c| !c.is_whitespace()).collect();
    text.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(uri, _)| uri.to_owned()).collect()
}

fn one_click(case: &MessageCase<'_>) -> Option<String> {
    let uris = case.section.first("List-Unsubscribe").map(uris).unwrap_or_default();
    uris.into_iter().find(|uri| Place::read(uri).is_some_and(|place| place.secure))
}

fn header(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let fix = || Fix::new(note!("bulk-unsub-header-fix"));
    let shown = ["List-Unsubscribe", "List-Unsubscribe-Post"]
        .iter()
        .filter_map(|name| case.section.first(name))
        .map(|field| excerpt(&format!("{}: {}", field.name, field.text())));
    let Some(field) = case.section.first("List-Unsubscribe") else {
        return HEADER.fail(subject, note!("bulk-unsub-header-none")).fix(fix());
    };
    let uris = uris(field);
    let https = one_click(case).is_some();
    let mail = uris.iter().any(|uri| uri.to_ascii_lowercase().starts_with("mailto:"));
    let post = case.section.first("List-Unsubscribe-Post").map(|field| field.text());
    let exact = post.as_deref().is_some_and(|text| text.trim() == "List-Unsubscribe=One-Click");
    let found = match (https, exact, mail) {
        (true, true, _) => HEADER.pass(subject, note!("bulk-unsub-header")),
        (true, false, _) if post.is_some() => {
            HEADER.fail(subject, note!("bulk-unsub-header-post-wrong")).fix(fix())
        }
        (true, false, _) => HEADER.fail(subject, note!("bulk-unsub-header-no-post")).fix(fix()),
        // Yahoo takes it, Gmail does not.
        (false, _, true) => {
            HEADER.warn(subject, note!("bulk-unsub-header-mail")).severity(Severity::S2).fix(fix())
        }
        (false, _, false) if uris.is_empty() => {
            HEADER.fail(subject, note!("bulk-unsub-header-brackets")).fix(fix())
        }
        (false, _, false) => HEADER.fail(subject, note!("bulk-unsub-header-http")).fix(fix()),
    };
    found.evidences(shown)
}

/// Only our own endpoint is known by a test of its own; a stranger's is asked with the message's own token where the operator wishes it,
/// which unsubscribes its recipient.
async fn endpoint(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let known = case.known.numbers.as_ref().and_then(|numbers| numbers.endpoint);
    let seen = match (known, one_click(case)) {
        (Some(endpoint), _) => endpoint,
        (None, None) => return ENDPOINT.not_applicable(subject, note!("bulk-unsub-endpoint-none")),
        (None, Some(url)) => match case.probes.request(&url, Some("List-Unsubscribe=One-Click")).await {
            Err(Unprobed::Off) => return ENDPOINT.not_applicable(subject, note!("bulk-unsub-endpoint-off")),
            Err(error) => {
                let found = ENDPOINT.fail(subject, note!("bulk-unsub-endpoint-dead", reason = error));
                return found.evidence(excerpt(&url)).fix(Fix::new(note!("bulk-unsub-endpoint-fix")));
            }
            Ok(document) => Endpoint { post_status: document.status, get_unsubscribes: false },
        },
    };
    let status = seen.post_status;
    let note = match status {
        _ if seen.get_unsubscribes => note!("bulk-unsub-endpoint-get"),
        200..300 => return ENDPOINT.pass(subject, note!("bulk-unsub-endpoint", status = status)),
        300..400 => note!("bulk-unsub-endpoint-redirect", status = status),
        _ => note!("bulk-unsub-endpoint-status", status = status),
    };
    ENDPOINT.fail(subject, note).fix(Fix::new(note!("bulk-unsub-endpoint-fix")))
}

/// That the fields are covered is seen by `msg.dkim-coverage`; here it is said for those who look for unsubscribing.
fn signed(case: &MessageCase<'_>) -> Finding {
    let passes = |at: usize| {
        case.verdicts()
            .dkim
            .get(at)
            .is_some_and(|verdict| verdict.result == tegami_auth::dkim::DkimResult::Pass)
    };
    let covered = case.claims.iter().enumerate().any(|(at, claim)| {
        claim.as_ref().is_some_and(|claim| {
            passes(at) && claim.signs("list-unsubscribe") > 0 && claim.signs("list-unsubscribe-post") > 0
        })
    });
    if covered {
        SIGNED.pass(&case.subject, note!("bulk-unsub-signed"))
    } else {
        SIGNED.fail(&case.subject, note!("bulk-unsub-unsigned")).fix(Fix::new(note!("bulk-unsub-signed-fix")))
    }
}

fn list_id(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let Some(field) = case.section.first("List-Id") else {
        return LIST_ID.info(subject, note!("bulk-list-id-none"));
    };
    let text = field.text();
    let id = text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(id, _)| id.trim());
    let well = id.is_some_and(|id| id.contains('.') && !id.contains([' ', '@']) && id.len() <= 255);
    if well {
        LIST_ID.pass(subject, note!("bulk-list-id")).evidence(excerpt(&text))
    } else {
        LIST_ID.warn(subject, note!("bulk-list-id-malformed", value = excerpt(&text)))
    }
}

fn feedback_id(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let Some(field) = case.section.first("Feedback-ID") else {
        return FEEDBACK_ID.info(subject, note!("bulk-feedback-id-none"));
    };
    let text = field.text();
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let sender = parts.last().copied().unwrap_or_default();
    let well = parts.len() == 4
        && (5..=15).contains(&sender.len())
        && sender.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !well {
        return FEEDBACK_ID.warn(subject, note!("bulk-feedback-id-malformed", value = excerpt(&text)));
    }
    let signed = case.claims.iter().flatten().any(|claim| claim.signs("feedback-id") > 0);
    if signed {
        FEEDBACK_ID.pass(subject, note!("bulk-feedback-id")).evidence(excerpt(&text))
    } else {
        FEEDBACK_ID.warn(subject, note!("bulk-feedback-id-unsigned"))
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, World, letter::Letter};
    fn list(letter: &mut Letter) {
        letter
            .add("List-Unsubscribe: <https://example.com/u/1>, <mailto:leave@example.com>")
            .add("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
            .add("List-Id: Tea <tea.example.com>")
            .add("Feedback-ID: july:tea:news:example1");
    }
    fn other(letter: &mut Letter, field: &str) {
        list(letter);
        letter.set(field);
    }
    let bulk = |world: &mut World| world.known.purpose = crate::Purpose::SendsBulk;
    vec![
        Fixture::na("bulk.unsub-header", ""),
        Fixture::pass("bulk.unsub-header", "").letter(list),
        Fixture::fail("bulk.unsub-header", "").with(bulk),
        Fixture::fail("bulk.unsub-header", "")
            .letter(|letter| other(letter, "List-Unsubscribe: <http://example.com/u>")),
        Fixture::fail("bulk.unsub-header", "")
            .letter(|letter| other(letter, "List-Unsubscribe: https://example.com/u")),
        Fixture::fail("bulk.unsub-header", "")
            .letter(|letter| other(letter, "List-Unsubscribe-Post: One-Click")),
        Fixture::fail("bulk.unsub-header", "").letter(|letter| {
            list(letter);
            letter.without("List-Unsubscribe-Post");
        }),
        Fixture::warn("bulk.unsub-header", "")
            .letter(|letter| other(letter, "List-Unsubscribe: <mailto:leave@example.com>")),
        Fixture::na("bulk.unsub-endpoint", "").letter(list),
        Fixture::pass("bulk.unsub-endpoint", "").letter(list).with(|world| {
            world.answers("POST https://example.com/u/1", 200, "");
        }),
        Fixture::fail("bulk.unsub-endpoint", "").letter(list).with(|world| {
            world.answers("POST https://example.com/u/1", 302, "");
        }),
        Fixture::fail("bulk.unsub-endpoint", "").letter(list).with(|world| {
            world.answers("POST https://example.com/u/1", 404, "");
        }),
        Fixture::fail("bulk.unsub-endpoint", "").letter(list).with(|world| {
            let endpoint = Endpoint { post_status: 200, get_unsubscribes: true };
            world.known.numbers =
                Some(crate::Numbers { endpoint: Some(endpoint), ..crate::Numbers::default() });
        }),
        Fixture::pass("bulk.unsub-signed", "").letter(list),
        Fixture::na("bulk.unsub-signed", "").letter(|letter| {
            list(letter);
            letter.signing(&["from", "to", "subject", "date", "message-id"]);
        }),
        Fixture::pass("bulk.list-id", "").letter(list),
        Fixture::info("bulk.list-id", "").with(bulk),
        Fixture::warn("bulk.list-id", "").letter(|letter| other(letter, "List-Id: the tea list")),
        Fixture::pass("bulk.feedback-id", "").letter(list),
        Fixture::info("bulk.feedback-id", "").with(bulk),
        Fixture::warn("bulk.feedback-id", "").letter(|letter| other(letter, "Feedback-ID: x")),
        Fixture::warn("bulk.feedback-id", "").letter(|letter| {
            letter.signing(&["from"]).add("Feedback-ID: july:tea:news:example1");
        }),
    ]
}
