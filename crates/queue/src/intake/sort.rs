//! Which recipients of a message travel, which are here, and which are not written to.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use tegami_mail::{Address, EnhancedStatusCode, Envelope, ForwardPath};
use tegami_report::dsn::{Action, Told};
use tegami_store::{
    EventKind, Facts, MailboxDelivery, NewEvent, NewRecipient, Origin, QueueId, RowId, StoreError,
    Suppression, SuppressionList, Table, TableChange, suppression_key,
};

use super::Intake;
use crate::call;
use crate::dsn::{self, News};
use crate::event::EventData;
use crate::local::Locality;
use crate::schedule::later;
use crate::submission::{IntakeError, Mode, Options};

/// What becomes of the recipients of one message.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) remote: Vec<NewRecipient>,
    pub(super) mailboxes: Vec<MailboxDelivery>,
    pub(super) events: Vec<NewEvent>,
    pub(super) told: Vec<News>,
    /// Calls to the archive about those that are delivered already.
    pub(super) archived: Vec<TableChange>,
}

impl Intake {
    /// Which recipients travel, which are here, which are not written to. A message whose time has not come waits in the queue for
    /// all of them, local ones included, so that it is early nowhere.
    pub(super) async fn sort(
        &self,
        id: QueueId,
        origin: &Origin,
        domain: &str,
        envelope: &Envelope,
        options: &Options,
        now: Timestamp,
    ) -> Result<Sorted, IntakeError> {
        let mut sorted = Sorted::default();
        let suppressed = match (options.mode, origin) {
            (Mode::Test, _) | (_, Origin::Own) => vec![None; envelope.forward_paths.len()],
            (Mode::Deliver, _) => self.suppressed(domain, &envelope.forward_paths, &options.tags).await?,
        };
        let scheduled_for = options.deliver_at.filter(|moment| *moment > now);
        let due = scheduled_for.unwrap_or(now);
        let facts = Facts {
            priority: options.priority.unwrap_or_default(),
            account: origin.account().map(str::to_owned),
            leaves_from: options.leaves_from.clone(),
            ..Facts::default()
        };
        let expires = |next_hop: &str| {
            let usual = self.settings.retry.expires(next_hop, &facts, self.gate(), due);
            options.give_up_after.map_or(usual, |window| later(due, window).min(usual))
        };
        for (path, suppressed) in envelope.forward_paths.iter().zip(suppressed) {
            let event = |kind, data: &EventData| NewEvent {
                kind,
                at: now,
                domain: domain.to_owned(),
                message: Some(id),
                recipient: Some(path.address.to_string()),
                data: data.to_json(),
            };
            let test_mode = options.mode == Mode::Test;
            sorted.events.push(event(
                EventKind::Accepted,
                &EventData { test_mode, scheduled_for, ..EventData::default() },
            ));
            if test_mode {
                let data = EventData {
                    code: 650,
                    message: "test mode".to_owned(),
                    test_mode,
                    ..EventData::default()
                };
                sorted.events.push(event(EventKind::Delivered, &data));
                continue;
            }
            if let Some(suppressed) = suppressed {
                let data = EventData::suppressed(&suppressed);
                sorted.events.push(event(EventKind::Failed, &data));
                sorted.told.extend(tell_suppressed(id, origin, path, &suppressed, &data));
                continue;
            }
            match self.local.find(&path.address).await? {
                // One member that is gone keeps nothing from the others.
                Locality::Unknown if options.list.is_some() => {
                    let data = EventData::nobody("there is no such mailbox here");
                    sorted.events.push(event(EventKind::Failed, &data));
                }
                Locality::Unknown => return Err(IntakeError::NoSuchMailbox(path.address.clone())),
                Locality::Mailboxes(mailboxes) if scheduled_for.is_none() => {
                    let data = delivered_here();
                    sorted.mailboxes.extend(mailboxes);
                    sorted.events.push(event(EventKind::Delivered, &data));
                    sorted.archived.extend(options.archive_to.as_ref().map(|url| {
                        let place = sorted.events.len();
                        call::archived(url, domain, id, &path.address.to_string(), place, now)
                    }));
                    sorted.told.extend(tell_delivered(id, path, &data));
                }
                Locality::Remote | Locality::Mailboxes(_) => sorted.remote.push(NewRecipient {
                    path: path.clone(),
                    next_hop: path.address.host().to_string(),
                    due,
                    expires: expires(&path.address.host().to_string()),
                }),
            }
        }
        sorted.mailboxes = unique(sorted.mailboxes);
        Ok(sorted)
    }

    /// For each recipient the list it stands on, if any.
    async fn suppressed(
        &self,
        domain: &str,
        paths: &[ForwardPath],
        tags: &[String],
    ) -> Result<Vec<Option<Suppression>>, StoreError> {
        let version = self.store.version(Table::Suppressions);
        if version.is_some_and(|version| self.unsuppressed.knows(version, domain)) {
            return Ok(vec![None; paths.len()]);
        }
        // Most domains have no suppressions: one question then answers for all recipients, and for all messages that follow.
        let any = self.store.scan(Table::Suppressions, &format!("{domain}/"), None, 1).await?;
        if any.is_empty() {
            if let Some(version) = version {
                self.unsuppressed.learn(version, domain);
            }
            return Ok(vec![None; paths.len()]);
        }
        try_join_all(paths.iter().map(|path| self.suppression_of(domain, &path.address, tags))).await
    }

    async fn suppression_of(
        &self,
        domain: &str,
        address: &Address,
        tags: &[String],
    ) -> Result<Option<Suppression>, StoreError> {
        for list in SuppressionList::ALL {
            let key = suppression_key(domain, list, &address.to_string());
            if let Some(value) = self.store.get(Table::Suppressions, &key).await? {
                let read: Suppression = serde_json::from_value(value)
                    .map_err(|error| StoreError::Unusable(format!("{key}: {error}")))?;
                if read.holds_for(tags) {
                    return Ok(Some(read));
                }
            }
        }
        Ok(None)
    }
}

pub(crate) fn unique(mailboxes: Vec<MailboxDelivery>) -> Vec<MailboxDelivery> {
    let mut seen = BTreeSet::new();
    mailboxes.into_iter().filter(|copy| seen.insert((copy.owner.clone(), copy.mailbox.clone()))).collect()
}

fn delivered_here() -> EventData {
    EventData {
        code: 250,
        enhanced: Some(EnhancedStatusCode::new(2, 0, 0)),
        message: "delivered to the mailbox".to_owned(),
        local: true,
        ..EventData::default()
    }
}

/// An application that sends by HTTP reads events; somebody who sends by SMTP is told by a DSN that a message was not sent on.
fn tell_suppressed(
    id: QueueId,
    origin: &Origin,
    path: &ForwardPath,
    suppression: &Suppression,
    data: &EventData,
) -> Option<News> {
    let wanted =
        path.notify.is_none_or(|notify| notify.failure) && matches!(origin, Origin::Submission { .. });
    // RFC 3463 section 3.8, X.7.1: a decision of policy.
    wanted.then(|| {
        let mut news = told_here(id, Action::Failed, path, EnhancedStatusCode::new(5, 7, 1), data);
        news.told.explanation = Some(dsn::explain_suppressed(suppression.list));
        news
    })
}

fn tell_delivered(id: QueueId, path: &ForwardPath, data: &EventData) -> Option<News> {
    let wanted = path.notify.is_some_and(|notify| notify.success);
    wanted.then(|| told_here(id, Action::Delivered, path, EnhancedStatusCode::new(2, 0, 0), data))
}

pub(crate) fn told_here(
    id: QueueId,
    action: Action,
    path: &ForwardPath,
    status: EnhancedStatusCode,
    data: &EventData,
) -> News {
    let told = Told {
        path: path.clone(),
        status,
        reply: None,
        words: data.message.clone(),
        words_japanese: None,
        remote_mta: None,
        will_retry_until: None,
        explanation: None,
    };
    News { action, row: RowId { message: id, recipient: 0 }, told }
}
