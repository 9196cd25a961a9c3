//! What holds for any octets whatever; shared by the fuzz targets and the replay of their corpora.
#![allow(dead_code, reason = "a fuzz target takes one function")]

use tegami_report::{arf, dsn, tls_rpt};

/// Nobody is told of without an address, and the limits hold.
pub(crate) fn bounce(octets: &[u8]) {
    let Some(notice) = dsn::read(octets) else { return };
    assert!(!notice.recipients.is_empty() && notice.recipients.len() <= dsn::MAX_RECIPIENTS);
    for recipient in &notice.recipients {
        let _ = (recipient.precise_status(), recipient.reply_code());
    }
}

/// A complaint has a type.
pub(crate) fn complaint(octets: &[u8]) {
    if let Some(complaint) = arf::read(octets) {
        assert!(!complaint.feedback_type.is_empty());
    }
}

/// What is read and written is read again.
pub(crate) fn tls_report(octets: &[u8]) {
    let _ = tls_rpt::attached(octets);
    if let Ok(report) = tls_rpt::Report::read(octets)
        && let Ok(json) = report.write()
    {
        assert_eq!(tls_rpt::Report::read(&json).ok(), Some(report));
    }
}
