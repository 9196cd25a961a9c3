//! Notifications of our own: from the rows of the store to what [`tegami_report::dsn`] writes.

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Address, Domain, EnhancedStatusCode, ForwardPath, Reply};
use tegami_report::dsn;
use tegami_store::{MessageRow, RowId};

use crate::submission::IntakeError;

pub(crate) use tegami_report::dsn::{Action, MOST_RETURNED};

/// One recipient in a report.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub row: RowId,
    pub path: ForwardPath,
    pub status: EnhancedStatusCode,
    /// Word for word.
    pub reply: Option<Reply>,
    /// Our words, where there was no reply.
    pub words: String,
    pub remote_mta: Option<String>,
    pub will_retry_until: Option<Timestamp>,
}

impl Reported {
    fn told(&self) -> dsn::Told {
        dsn::Told {
            path: self.path.clone(),
            status: self.status,
            reply: self.reply.clone(),
            words: self.words.clone(),
            remote_mta: self.remote_mta.clone(),
            will_retry_until: self.will_retry_until,
        }
    }
}

/// Everything a DSN tells.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub action: Action,
    pub hostname: &'a Domain,
    pub message: &'a MessageRow,
    pub to: &'a Address,
    pub recipients: &'a [Reported],
    /// The content of the message, of which what the sender asked for goes back.
    pub content: &'a Bytes,
    pub now: Timestamp,
}

/// Writes the DSN. `seed` is text of this DSN alone; the Message-ID is left to intake.
///
/// # Errors
/// [`IntakeError::BadHeader`]: a name or value of the report cannot stand in a header field.
pub(crate) fn compose(report: &Report<'_>, seed: &str) -> Result<Vec<u8>, IntakeError> {
    let unfit = |error: &dyn std::fmt::Display| IntakeError::BadHeader(error.to_string());
    let author = Address::parse(&format!("postmaster@{}", report.hostname)).map_err(|error| unfit(&error))?;
    let recipients: Vec<dsn::Told> = report.recipients.iter().map(Reported::told).collect();
    let (message, summary) = (report.message, &report.message.summary);
    let asked = &message.envelope_parameters.dsn;
    let paper = dsn::Report {
        action: report.action,
        hostname: report.hostname,
        from: &author,
        to: report.to,
        recipients: &recipients,
        envelope_id: asked.envelope_id.as_deref(),
        accepted_at: message.accepted_at,
        subject: &summary.subject,
        message_id: &summary.message_id,
        queue_id: &message.id.to_string(),
        returned: dsn::Returned::choose(asked.ret, summary.size, report.action, report.content),
        now: report.now,
    };
    dsn::write(&paper, seed).map_err(|error| unfit(&error))
}
