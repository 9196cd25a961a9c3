//! Our own numbers: how much goes where, what comes back, and how fast wishes are honoured.

use std::time::Duration;

use tegami_auth::finding::Severity;
use tegami_mail::{Note, note};

use crate::case::{DomainCase, Purpose};
use crate::{About, Check, Consequence, Finding, Fix, Who};

const LARGE: &[Who] = &[Who::Gmail, Who::Yahoo, Who::Outlook, Who::ICloud];

pub(super) const STATUS: Check =
    Check::new("bulk.status", About::Domain, Severity::S0, "Gmail email sender guidelines FAQ").who(LARGE);
pub(super) const LATENCY: Check =
    Check::new("bulk.unsub-latency", About::Domain, Severity::S3, "Gmail email sender guidelines")
        .who(&[Who::Gmail, Who::Yahoo]);
pub(super) const MIXED: Check =
    Check::new("bulk.mixed-streams", About::Domain, Severity::S1, "Gmail email sender guidelines")
        .who(&[Who::Gmail]);
pub(super) const COMPLAINTS: Check =
    Check::new("bulk.complaint-rate", About::Domain, Severity::S4, "Gmail email sender guidelines")
        .who(LARGE)
        .answers(&[
            Consequence { provider: Who::Gmail, code: "421 4.7.28" },
            Consequence { provider: Who::Yahoo, code: "421 TSS04" },
        ]);
pub(super) const BOUNCES: Check =
    Check::new("bulk.bounce-rate", About::Domain, Severity::S2, "Outlook.com postmaster policies")
        .who(&[Who::Outlook]);
pub(super) const RATE: Check =
    Check::new("bulk.rate", About::Domain, Severity::S2, "Gmail SMTP errors and codes").who(LARGE).answers(
        &[
            Consequence { provider: Who::Gmail, code: "421 4.7.28" },
            Consequence { provider: Who::Yahoo, code: "421 TSS04" },
            Consequence { provider: Who::Outlook, code: "421 RP-001" },
        ],
    );

/// What our own log says of a domain's mail. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// The most messages in 24 hours to each family of mailboxes, all sub-domains of the domain together.
    pub sent: Vec<Sent>,
    /// Complaints among the messages that were delivered to inboxes, 0 to 1.
    pub complaint_rate: Option<f64>,
    /// Messages that were refused for good among all, 0 to 1.
    pub bounce_rate: Option<f64>,
    /// Messages that were tried again after a permanent refusal.
    pub retried_refusals: Option<u64>,
    /// Replies that ask to slow down (such as 421 4.7.28) in the last 24 hours, and how many of them were not followed by a pause of at
    /// least ten minutes.
    pub slow_downs: Option<(u64, u64)>,
    /// The longest that anybody who unsubscribed went on getting mail.
    pub unsubscribe_latency: Option<Duration>,
    /// Promotional and transactional mail go out by the same author domain and address.
    pub mixed_streams: Option<bool>,
    /// What our own endpoint for one-click unsubscribing did with a token made for the test.
    pub endpoint: Option<Endpoint>,
}

/// How many messages went to the mailboxes of one provider in 24 hours, at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Whose.
    pub provider: Who,
    /// How many.
    pub most_per_day: u64,
}

/// What an endpoint for one-click unsubscribing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The HTTP status of a POST of `List-Unsubscribe=One-Click`.
    pub post_status: u16,
    /// A GET unsubscribed.
    pub get_unsubscribes: bool,
}

/// Messages a day near which a sender becomes one in bulk for ever, and those that are told before.
const BULK: u64 = 4_500;
const NEAR: u64 = 3_000;
/// Shares, in hundredths of a percent.
const COMPLAINTS_TARGET: u64 = 10;
const COMPLAINTS_MOST: u64 = 30;
const BOUNCES_MANY: u64 = 200;
const BOUNCES_MOST: u64 = 500;
/// How long somebody who unsubscribed may still get mail.
const TWO_DAYS: Duration = Duration::from_hours(48);

pub(super) fn judge(case: &DomainCase) -> Vec<Finding> {
    let none = Numbers::default();
    let numbers = case.known.numbers.as_ref().unwrap_or(&none);
    vec![
        status(case, numbers),
        latency(case, numbers),
        mixed(case, numbers),
        complaints(case, numbers),
        bounces(case, numbers),
        rate(case, numbers),
    ]
}

fn unsaid(check: &'static Check, case: &DomainCase) -> Finding {
    check.not_applicable(&case.domain, note!("bulk-no-numbers"))
}

fn status(case: &DomainCase, numbers: &Numbers) -> Finding {
    let shown = numbers.sent.iter().map(|sent| format!("{}: {}", sent.provider.as_str(), sent.most_per_day));
    let Some(most) = numbers.sent.iter().max_by_key(|sent| sent.most_per_day) else {
        let told = case.known.purpose == Purpose::SendsBulk;
        return if told {
            STATUS.info(&case.domain, note!("bulk-status-told"))
        } else {
            unsaid(&STATUS, case)
        };
    };
    let (provider, count) = (most.provider.as_str(), most.most_per_day);
    let found = match count {
        BULK.. => STATUS.warn(&case.domain, note!("bulk-status-bulk", provider = provider, count = count)),
        NEAR.. => STATUS.warn(&case.domain, note!("bulk-status-near", provider = provider, count = count)),
        _ => STATUS.pass(&case.domain, note!("bulk-status", provider = provider, count = count)),
    };
    found.evidences(shown)
}

fn latency(case: &DomainCase, numbers: &Numbers) -> Finding {
    let Some(latency) = numbers.unsubscribe_latency else { return unsaid(&LATENCY, case) };
    let hours = latency.as_secs().div_ceil(3_600);
    if latency <= TWO_DAYS {
        return LATENCY.pass(&case.domain, note!("bulk-unsub-latency", hours = hours));
    }
    let fix = Fix::new(note!("bulk-unsub-latency-fix"));
    LATENCY.fail(&case.domain, note!("bulk-unsub-latency-long", hours = hours)).fix(fix)
}

fn mixed(case: &DomainCase, numbers: &Numbers) -> Finding {
    match numbers.mixed_streams {
        None => unsaid(&MIXED, case),
        Some(false) => MIXED.pass(&case.domain, note!("bulk-mixed-streams-none")),
        Some(true) => MIXED.info(&case.domain, note!("bulk-mixed-streams")),
    }
}

/// A share in hundredths of a percent, and as people write it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn share(rate: f64) -> (u64, String) {
    let hundredths = (rate.clamp(0.0, 1.0) * 10_000.0).round() as u64;
    (hundredths, format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

fn complaints(case: &DomainCase, numbers: &Numbers) -> Finding {
    let Some((rate, percent)) = numbers.complaint_rate.map(share) else { return unsaid(&COMPLAINTS, case) };
    let fix = || Fix::new(note!("bulk-complaint-rate-fix"));
    let domain = &case.domain;
    match rate {
        COMPLAINTS_MOST.. => {
            COMPLAINTS.fail(domain, note!("bulk-complaint-rate-high", percent = percent)).fix(fix())
        }
        COMPLAINTS_TARGET.. => COMPLAINTS
            .warn(domain, note!("bulk-complaint-rate-near", percent = percent))
            .severity(Severity::S2)
            .fix(fix()),
        _ => COMPLAINTS.pass(domain, note!("bulk-complaint-rate", percent = percent)),
    }
}

fn bounces(case: &DomainCase, numbers: &Numbers) -> Finding {
    let (domain, fix) = (&case.domain, || Fix::new(note!("bulk-bounce-rate-fix")));
    if let Some(count) = numbers.retried_refusals.filter(|count| *count > 0) {
        return BOUNCES.fail(domain, note!("bulk-bounce-rate-retried", count = count)).fix(fix());
    }
    let Some((rate, percent)) = numbers.bounce_rate.map(share) else { return unsaid(&BOUNCES, case) };
    let high: fn(String) -> Note = |percent| note!("bulk-bounce-rate-high", percent = percent);
    match rate {
        rate if rate > BOUNCES_MOST => BOUNCES.fail(domain, high(percent)).fix(fix()),
        rate if rate > BOUNCES_MANY => BOUNCES.warn(domain, high(percent)).fix(fix()),
        _ => BOUNCES.pass(domain, note!("bulk-bounce-rate", percent = percent)),
    }
}

fn rate(case: &DomainCase, numbers: &Numbers) -> Finding {
    let Some((count, ignored)) = numbers.slow_downs else { return unsaid(&RATE, case) };
    let domain = &case.domain;
    match (count, ignored) {
        (0, _) => RATE.pass(domain, note!("bulk-rate")),
        (count, 0) => RATE.info(domain, note!("bulk-rate-heeded", count = count)),
        (count, ignored) => RATE
            .warn(domain, note!("bulk-rate-ignored", count = count, ignored = ignored))
            .fix(Fix::new(note!("bulk-rate-fix"))),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    macro_rules! numbers {
        ($make:ident $id:literal, $($field:ident: $value:expr),+) => {
            Fixture::$make($id, "").with(|world| {
                world.known.numbers = Some(Numbers { $($field: $value,)+ ..Numbers::default() });
            })
        };
    }
    const fn gmail(most_per_day: u64) -> Sent {
        Sent { provider: Who::Gmail, most_per_day }
    }
    vec![
        Fixture::na("bulk.status", ""),
        numbers!(pass "bulk.status", sent: vec![gmail(120)]),
        numbers!(warn "bulk.status", sent: vec![gmail(3_100)]),
        numbers!(warn "bulk.status", sent: vec![gmail(4_600)]),
        Fixture::info("bulk.status", "").with(|world| world.known.purpose = Purpose::SendsBulk),
        Fixture::na("bulk.unsub-latency", ""),
        numbers!(pass "bulk.unsub-latency", unsubscribe_latency: Some(Duration::from_mins(1))),
        numbers!(fail "bulk.unsub-latency", unsubscribe_latency: Some(Duration::from_hours(72))),
        Fixture::na("bulk.mixed-streams", ""),
        numbers!(pass "bulk.mixed-streams", mixed_streams: Some(false)),
        numbers!(info "bulk.mixed-streams", mixed_streams: Some(true)),
        Fixture::na("bulk.complaint-rate", ""),
        numbers!(pass "bulk.complaint-rate", complaint_rate: Some(0.0005)),
        numbers!(warn "bulk.complaint-rate", complaint_rate: Some(0.001)),
        numbers!(fail "bulk.complaint-rate", complaint_rate: Some(0.003)),
        Fixture::na("bulk.bounce-rate", ""),
        numbers!(pass "bulk.bounce-rate", bounce_rate: Some(0.01)),
        numbers!(warn "bulk.bounce-rate", bounce_rate: Some(0.03)),
        numbers!(fail "bulk.bounce-rate", bounce_rate: Some(0.06)),
        numbers!(fail "bulk.bounce-rate", bounce_rate: Some(0.01), retried_refusals: Some(2)),
        Fixture::na("bulk.rate", ""),
        numbers!(pass "bulk.rate", slow_downs: Some((0, 0))),
        numbers!(info "bulk.rate", slow_downs: Some((2, 0))),
        numbers!(warn "bulk.rate", slow_downs: Some((2, 1))),
    ]
}
