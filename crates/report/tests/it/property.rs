//! What holds for any octets whatever; shared by the fuzz targets and the replay of their corpora.
#![allow(dead_code, reason = "a fuzz target takes one function")]

use tegami_report::dsn;

/// Nobody is told of without an address, and the limits hold.
pub(crate) fn bounce(octets: &[u8]) {
    let Some(notice) = dsn::read(octets) else { return };
    assert!(!notice.recipients.is_empty() && notice.recipients.len() <= dsn::MAX_RECIPIENTS);
    for recipient in &notice.recipients {
        let _ = (recipient.precise_status(), recipient.reply_code());
    }
}
