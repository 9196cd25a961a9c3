//! Greylisting (RFC 6647): a stranger is asked to come again, and most who send junk never do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::{EnhancedStatusCode, Reply};

use super::{AtMessage, AtRecipient, Decision, Habit};

/// Who wrote to whom, from where.
type Triplet = (IpAddr, String, String);

/// Asks strangers to come again after a while.
#[derive(Debug)]
pub struct Greylist {
    wait: Duration,
    seen: Mutex<HashMap<Triplet, Timestamp>>,
}

impl Greylist {
    /// Strangers wait so long.
    pub fn new(wait: Duration) -> Self {
        Self { wait, seen: Mutex::default() }
    }
}

impl Habit for Greylist {
    fn name(&self) -> &'static str {
        "greylist"
    }

    fn recipient(&self, at: &AtRecipient<'_>) -> Option<Reply> {
        let triplet = (at.client, at.reverse_path.to_string(), at.recipient.to_string());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *seen.entry(triplet).or_insert(at.now);
        let waited = Duration::try_from(at.now.duration_since(first)).unwrap_or_default();
        (waited < self.wait).then(|| {
            // RFC 6647 section 2.1 and RFC 3463 section 3.8: a policy that time lifts.
            let text = format!("Greylisted: come again in {} s", self.wait.as_secs().max(1));
            Reply::new(451, EnhancedStatusCode::new(4, 7, 1), text)
        })
    }

    fn message(&self, _at: &AtMessage<'_>) -> Decision {
        Decision::Take("INBOX")
    }
}
