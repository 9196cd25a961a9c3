//! Queued recipients whose mailboxes are here: their hour had not come when the message was accepted, or their domain became ours
//! since. They are delivered without asking the DNS.

use jiff::Timestamp;
use tegami_mail::{EnhancedStatusCode, Reply, note};
use tegami_store::{MailboxDelivery, NewMessage, Priority, StoreError};

use crate::complete;
use crate::intake::{Intake, unique};
use crate::local::Locality;
use crate::outcome::{Failure, Job, Outcome, RecipientOutcome, RecipientResult, Stage};

/// What became of a job whose recipients may be here.
pub(crate) enum Here {
    /// They are not: somebody else has to deliver it.
    Elsewhere(Box<Job>),
    /// They are; the copy for the mailboxes, if any, is born with the settlement.
    Done(Box<(Outcome, Option<NewMessage>)>),
}

impl Intake {
    /// Delivers a job into mailboxes here. Its recipients share a domain, so the first one tells whether that is ours.
    pub(crate) async fn deliver_here(&self, job: Job, now: Timestamp) -> Result<Here, StoreError> {
        let mut recipients = Vec::new();
        let mut mailboxes = Vec::new();
        for row in &job.rows {
            let outcome = match self.local.find(&row.path.address).await? {
                Locality::Remote => return Ok(Here::Elsewhere(Box::new(job))),
                Locality::Unknown => RecipientOutcome::Failed(unknown()),
                Locality::Mailboxes(here) => {
                    mailboxes.extend(here);
                    let status = EnhancedStatusCode::new(2, 0, 0);
                    RecipientOutcome::Delivered { reply: Reply::new(250, status, "delivered to the mailbox") }
                }
            };
            recipients.push(RecipientResult { row: row.id, peer: None, outcome });
        }
        let copy = match mailboxes.is_empty() {
            true => None,
            false => Some(self.copy(&job, unique(mailboxes), now).await?),
        };
        let record = serde_json::json!({ "local": true }).into();
        Ok(Here::Done(Box::new((Outcome { job, began_at: now, record, recipients, put_back: None }, copy))))
    }

    /// The message once more, for mailboxes alone.
    async fn copy(
        &self,
        job: &Job,
        mailboxes: Vec<MailboxDelivery>,
        now: Timestamp,
    ) -> Result<NewMessage, StoreError> {
        let message = job.message.clone();
        let content = self.store.content(message.id, None).await?;
        Ok(NewMessage {
            id: self.ids.next(now),
            accepted_at: now,
            origin: message.origin,
            domain: message.domain,
            envelope_parameters: message.envelope_parameters,
            content: complete::delivered(&content, &message.reverse_path),
            reverse_path: message.reverse_path,
            summary: message.summary,
            priority: Priority::default(),
            recipients: Vec::new(),
            mailboxes,
            verdicts: message.verdicts,
            events: Vec::new(),
            tables: Vec::new(),
        })
    }
}

/// RFC 3463 section 3.2, X.1.1.
fn unknown() -> Failure {
    let status = EnhancedStatusCode::new(5, 1, 1);
    Failure::without_reply(Stage::Local, status, note!("queue-no-mailbox-here"))
}
