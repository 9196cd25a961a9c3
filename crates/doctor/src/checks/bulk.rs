//! Mail to many: what the large providers ask of whoever sends thousands of messages a day.

mod number;
mod unsubscribe;

use futures_util::FutureExt as _;
use tegami_mail::note;

use crate::case::MessageCase;
use crate::catalogue::Family;
use crate::{Check, Finding};

pub use number::{Endpoint, Numbers, Sent};

/// The family.
pub(crate) const FAMILY: Family = Family::new("bulk", CHECKS)
    .of_domain(|case| async move { number::judge(case) }.boxed())
    .of_message(|case| judge(case).boxed());

const CHECKS: &[&Check] = &[
    &number::STATUS,
    &unsubscribe::HEADER,
    &unsubscribe::ENDPOINT,
    &unsubscribe::SIGNED,
    &number::LATENCY,
    &unsubscribe::LIST_ID,
    &unsubscribe::FEEDBACK_ID,
    &number::MIXED,
    &number::COMPLAINTS,
    &number::BOUNCES,
    &number::RATE,
];

async fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    if case.is_bulk() {
        return unsubscribe::judge(case).await;
    }
    unsubscribe::CHECKS.iter().map(|check| check.not_applicable(&case.subject, note!("bulk-not"))).collect()
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    [number::fixtures(), unsubscribe::fixtures()].into_iter().flatten().collect()
}
