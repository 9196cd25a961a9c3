//! What the hosts of the lab saw: the receiver's side of every story.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use tegami_mail::Transcript;
use tokio::sync::watch;

/// One transaction as a host saw it.
#[derive(Clone, Debug, Serialize)]
pub struct Visit {
    /// The host's name.
    pub host: String,
    /// Its habit.
    pub habit: &'static str,
    /// When it ended.
    pub at: Timestamp,
    /// The SMTP client.
    pub client: IpAddr,
    /// The argument of HELO or EHLO.
    pub helo: String,
    /// TLS version and cipher suite; `None` in clear text.
    pub tls: Option<String>,
    /// MAIL FROM.
    pub reverse_path: String,
    /// RCPT TO, those that were refused included.
    pub recipients: Vec<String>,
    /// The verdicts, as far as they were formed.
    pub verdicts: Option<serde_json::Value>,
    /// The reply that decided.
    pub reply: String,
    /// Whether the message was taken.
    pub accepted: bool,
    /// `INBOX` or `Junk`, where it was taken.
    pub mailbox: Option<&'static str>,
    /// Its Message-ID without angle brackets, where the content came.
    pub message_id: Option<String>,
    /// The content, where it was taken.
    #[serde(skip)]
    pub content: Option<Bytes>,
    /// What was said; empty until the session ends.
    pub transcript: Transcript,
}

/// All visits of all hosts.
#[derive(Clone, Debug)]
pub struct Ledger {
    visits: Arc<Mutex<Vec<Visit>>>,
    changed: watch::Sender<usize>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { visits: Arc::default(), changed: watch::Sender::new(0) }
    }
}

impl Ledger {
    /// Everything so far, oldest first.
    pub fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notices new visits.
    pub fn watch(&self) -> watch::Receiver<usize> {
        self.changed.subscribe()
    }

    /// Adds a visit and says its place.
    pub(crate) fn add(&self, visit: Visit) -> usize {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        visits.push(visit);
        let count = visits.len();
        drop(visits);
        self.changed.send_replace(count);
        count - 1
    }

    /// The session of these visits has ended: this is what was said in it.
    pub(crate) fn conclude(&self, places: &[usize], transcript: &Transcript) {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            if let Some(visit) = visits.get_mut(*place) {
                visit.transcript = transcript.clone();
            }
        }
        let count = visits.len();
        drop(visits);
        self.changed.send_replace(count);
    }
}
