//! Test inboxes: an address that nobody can guess, to which somebody writes to be told what receivers make of the message.
//!
//! A message to such an address is refused for nothing that it is or lacks. It is kept with what was found of it, both in one commit, and forgotten
//! with its inbox.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tegami_mail::{Address, Clock, Domain};
use tegami_store::{QueueId, Store, StoreError, Table, TableChange};
use tokio::sync::watch;

use crate::schedule::later;

/// What stands before the name in the local-part.
const MAILBOX: &str = "test-";
/// Letters and digits of a name: 32 of them, none taken for another. 16 of them are 80 bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const NAME: usize = 16;
/// How long an inbox lives, and what came to it.
pub const TEST_INBOX_LIVES: Duration = Duration::from_secs(24 * 3600);
/// Messages that one inbox takes.
const MOST_MESSAGES: usize = 200;
/// Rows that are read at once.
const PAGE: usize = 500;

/// A test inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestInbox {
    /// Its name; whoever knows it sees what came.
    pub name: String,
    /// Where to write.
    pub address: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it takes no mail, and all that came is forgotten.
    pub expires_at: Timestamp,
}

/// What was found of one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// The message; it may be forgotten earlier than the report.
    pub message: QueueId,
    /// When it came.
    pub at: Timestamp,
    /// The From field, for lists.
    pub from: String,
    /// The Subject field, for lists.
    pub subject: String,
    /// What was found, as whoever judged it wrote it down.
    pub report: Value,
}

/// The inboxes of a host.
pub struct TestInboxes {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    host: Domain,
    arrivals: watch::Sender<u64>,
}

impl TestInboxes {
    /// Inboxes at this host, whose mail comes here.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, host: Domain) -> Self {
        Self { store, clock, host, arrivals: watch::Sender::new(0) }
    }

    /// Makes one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn open(&self) -> Result<TestInbox, StoreError> {
        let now = self.clock.now();
        let name = new_name()?;
        let inbox = TestInbox {
            address: format!("{MAILBOX}{name}@{}", self.host),
            created_at: now,
            expires_at: later(now, TEST_INBOX_LIVES),
            name,
        };
        let row = serde_json::to_value(&inbox).map_err(|error| StoreError::Unusable(error.to_string()))?;
        self.store.put(Table::TestInboxes, vec![(inbox.name.clone(), row)]).await?;
        Ok(inbox)
    }

    /// The inbox of this name, while it lives.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, name: &str) -> Result<Option<TestInbox>, StoreError> {
        if !is_name(name) {
            return Ok(None);
        }
        let row = self.store.get(Table::TestInboxes, name).await?;
        let inbox: Option<TestInbox> = row.and_then(|row| serde_json::from_value(row).ok());
        Ok(inbox.filter(|inbox| self.clock.now() < inbox.expires_at))
    }

    /// What an address is: `None` where it does not look like a test inbox, else the inbox, if there is one that takes more mail.
    ///
    /// # Errors
    /// The store failed.
    pub async fn at(&self, address: &Address) -> Result<Option<Option<TestInbox>>, StoreError> {
        let Some(name) = self.name_in(address) else { return Ok(None) };
        let Some(inbox) = self.find(&name).await? else { return Ok(Some(None)) };
        let came = self.reports(&inbox.name).await?.len();
        Ok(Some(Some(inbox).filter(|_| came < MOST_MESSAGES)))
    }

    /// The name in an address, in any case of its letters.
    fn name_in(&self, address: &Address) -> Option<String> {
        let local_part = address.local_part().as_str().to_ascii_lowercase();
        let name = local_part.strip_prefix(MAILBOX)?;
        (address.domain() == Some(&self.host) && is_name(name)).then(|| name.to_owned())
    }

    /// What came to an inbox, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reports(&self, name: &str) -> Result<Vec<TestReport>, StoreError> {
        let rows = self.store.scan(Table::TestInboxes, &format!("{name}/"), None, MOST_MESSAGES).await?;
        Ok(rows.into_iter().filter_map(|(_, row)| serde_json::from_value(row).ok()).collect())
    }

    /// What came to an inbox after the first `known` reports; waits until something is there.
    ///
    /// # Errors
    /// The store failed.
    pub async fn wait(&self, name: &str, known: usize) -> Result<Vec<TestReport>, StoreError> {
        let mut arrivals = self.arrivals.subscribe();
        loop {
            arrivals.mark_unchanged();
            let mut reports = self.reports(name).await?;
            if reports.len() > known {
                return Ok(reports.split_off(known));
            }
            // The sender lives as long as we do.
            let _ = arrivals.changed().await;
        }
    }

    /// Something came, and is on the disk.
    pub(crate) fn arrived(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Forgets inboxes whose time is over, with what came; tells how many rows went.
    ///
    /// # Errors
    /// The store failed; some are forgotten then.
    pub async fn forget(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let (mut after, mut living, mut forgotten) = (None::<String>, None::<String>, 0);
        loop {
            // By key: what came to an inbox follows it.
            let rows = self.store.scan(Table::TestInboxes, "", after.as_deref(), PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(forgotten) };
            after = Some(last.clone());
            let mut over = Vec::new();
            for (key, row) in rows {
                let of_inbox = key.split('/').next().unwrap_or_default().to_owned();
                if !key.contains('/') {
                    let inbox = serde_json::from_value::<TestInbox>(row);
                    living = inbox.is_ok_and(|inbox| now < inbox.expires_at).then_some(of_inbox.clone());
                }
                if living.as_ref() != Some(&of_inbox) {
                    over.push(key);
                }
            }
            forgotten += over.len();
            if !over.is_empty() {
                self.store.delete(Table::TestInboxes, over).await?;
            }
        }
    }
}

/// What reception found of a message to a test inbox.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The inbox.
    pub inbox: TestInbox,
    /// What was found.
    pub report: Value,
}

impl Tested {
    /// The row that is kept in the commit of its message.
    pub(crate) fn change(&self, message: &tegami_store::NewMessage) -> TableChange {
        let summary = &message.summary;
        let report = TestReport {
            message: message.id,
            at: message.accepted_at,
            from: summary.from.clone(),
            subject: summary.subject.clone(),
            report: self.report.clone(),
        };
        TableChange {
            table: Table::TestInboxes,
            key: format!("{}/{}", self.inbox.name, message.id),
            value: serde_json::to_value(&report).ok(),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() == NAME && text.bytes().all(|octet| ALPHABET.contains(&octet))
}

fn new_name() -> Result<String, StoreError> {
    let mut octets = [0; NAME];
    rand::fill(&mut octets)
        .map_err(|_| StoreError::Unusable("the machine gives no random numbers".to_owned()))?;
    let letter = |octet: u8| ALPHABET.get(usize::from(octet % 32)).copied().map_or('a', char::from);
    Ok(octets.into_iter().map(letter).collect())
}
