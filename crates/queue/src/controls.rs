//! What a submitted message says to us beside what it says to its readers, and who understands it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tegami_mail::{Domain, EnhancedStatusCode, Envelope, Note, Reply, note};
use tegami_store::{BoxFuture, Origin, QueueId};

use crate::intake::Intake;
use crate::permit::{Authenticated, NotPermitted, Permit};
use crate::submission::{Fault, IntakeError, Options, Submission};

/// A message as an account handed it over by SMTP.
#[derive(Debug)]
pub struct Submitted {
    /// Who.
    pub account: Authenticated,
    /// Whether it is a program on this machine.
    pub local: bool,
    /// What MAIL and RCPT carried.
    pub envelope: Envelope,
    /// By which door it came.
    pub origin: Origin,
    /// The sending domain it belongs to.
    pub domain: Domain,
    /// Header section and body.
    pub content: Bytes,
    /// What MAIL asked for besides.
    pub options: Options,
}

impl Submitted {
    /// For intake, as it stands.
    ///
    /// # Errors
    /// The reverse-path does not belong to the account.
    pub fn into_submission(self) -> Result<Submission, NotPermitted> {
        let Self { account, envelope, origin, domain, content, options, .. } = self;
        let permit = Permit::for_account(&account, envelope)?;
        Ok(Submission { permit, origin, domain, content, options })
    }
}

/// A submitted message was not accepted.
#[derive(Clone, Debug)]
pub struct Declined {
    /// What the SMTP client is told.
    pub reply: Reply,
    /// Why, for people.
    pub why: Note,
    /// Whose fault it is.
    pub fault: Fault,
}

impl From<IntakeError> for Declined {
    fn from(error: IntakeError) -> Self {
        Self { reply: error.reply(), why: error.note(), fault: error.fault() }
    }
}

impl From<NotPermitted> for Declined {
    fn from(error: NotPermitted) -> Self {
        Self {
            reply: Reply::new(553, EnhancedStatusCode::new(5, 7, 1), error.to_string()),
            why: note!("queue-intake-author-not-permitted", account = error.account, author = error.sender),
            fault: Fault::Submitter,
        }
    }
}

/// Who reads the control fields of a submitted message, does what they say, and gives the message, or what becomes of it, to intake.
pub trait Controls: Send + Sync + 'static {
    /// Gives a message to intake; the answer names it, or the first of those that it became.
    fn submit(&self, submitted: Submitted) -> BoxFuture<'_, Result<QueueId, Declined>>;
}

/// Nobody: every field is for the readers.
pub struct NoControls(pub Arc<Intake>);

impl Controls for NoControls {
    fn submit(&self, submitted: Submitted) -> BoxFuture<'_, Result<QueueId, Declined>> {
        Box::pin(async move { Ok(self.0.accept(submitted.into_submission()?).await?.id) })
    }
}

/// Names of submissions under way that must not be made twice at the same time.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<Mutex<BTreeSet<String>>>);

/// While this is held, nobody else gets one of the same name.
#[derive(Debug)]
pub struct Turn {
    names: UnderWay,
    name: String,
}

impl UnderWay {
    pub(crate) fn begin(&self, name: &str) -> Option<Turn> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        fresh.then(|| Turn { names: self.clone(), name: name.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.names.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
