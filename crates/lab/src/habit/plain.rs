//! A host that takes everything for its domain: the way mail was.

use tegami_mail::Reply;

use super::{AtMessage, AtRecipient, Decision, Habit};

/// Takes everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Habit for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn recipient(&self, _at: &AtRecipient<'_>) -> Option<Reply> {
        None
    }

    fn message(&self, _at: &AtMessage<'_>) -> Decision {
        Decision::Take("INBOX")
    }
}
