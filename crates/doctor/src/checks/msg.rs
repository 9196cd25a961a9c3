//! One message, as a receiver sees it: who vouches for it, which way it came, and how it is written.

mod auth;
mod field;
mod form;
mod identity;
mod part;
mod path;
mod signature;
#[cfg(test)]
mod tests;

use futures_util::FutureExt as _;

use crate::case::MessageCase;
use crate::catalogue::Family;
use crate::{Check, Consequence, Finding, Who};

use identity::FREE_MAIL;
pub(crate) use identity::has_mixed_scripts;

/// The family.
pub(crate) const FAMILY: Family = Family::new("msg", CHECKS).of_message(|case| judge(case).boxed());

const CHECKS: &[&Check] = &[
    &auth::SPF,
    &auth::DKIM,
    &auth::DMARC,
    &auth::BOTH_PASS,
    &auth::ALIGNED,
    &signature::PRESENT,
    &signature::FROM_SIGNED,
    &signature::COVERAGE,
    &signature::OVERSIGN,
    &signature::LENGTH,
    &signature::CANON,
    &signature::TIME,
    &signature::CHANGED,
    &auth::THIRD_PARTY,
    &auth::ARC,
    &path::ENVELOPE_FROM,
    &path::DELIVERABLE,
    &path::CONNECTION,
    &path::RECEIVED,
    &identity::FROM_COUNT,
    &identity::FROM_VALID,
    &field::EIGHT_BIT_FIELDS,
    &field::ENCODED_WORD,
    &field::SINGLE,
    &field::MESSAGE_ID,
    &field::DATE,
    &field::TO,
    &field::BCC,
    &field::SUBJECT,
    &identity::DISPLAY_NAME,
    &identity::REPLY_TO,
    &form::HEADER_SIZE,
    &form::INJECTION,
    &form::LINE_LENGTH,
    &form::EOL,
    &form::EIGHT_BIT,
    &form::MIME_VERSION,
    &form::STRUCTURE,
    &part::BASE64_TEXT,
    &part::MULTIPART,
    &part::PARITY,
    &part::ATTACHMENTS,
    &part::SIZE,
    &field::AUTO,
];

async fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    let mut findings = auth::judge(case).await;
    findings.extend(signature::judge(case));
    findings.extend(path::judge(case).await);
    findings.extend(identity::judge(case));
    findings.extend(field::judge(case));
    findings.extend(form::judge(case));
    findings.extend(part::judge(case));
    findings
}

/// Gmail answers so.
pub(super) const fn gmail(code: &'static str) -> Consequence {
    Consequence { provider: Who::Gmail, code }
}

/// Outlook answers so.
pub(super) const fn outlook(code: &'static str) -> Consequence {
    Consequence { provider: Who::Outlook, code }
}

/// Yahoo answers so.
pub(super) const fn yahoo(code: &'static str) -> Consequence {
    Consequence { provider: Who::Yahoo, code }
}

/// The first characters of what a stranger wrote, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 160;
    let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    [
        auth::fixtures(),
        signature::fixtures(),
        path::fixtures(),
        identity::fixtures(),
        field::fixtures(),
        form::fixtures(),
        part::fixtures(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
