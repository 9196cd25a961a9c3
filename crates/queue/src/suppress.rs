//! Who is not written to any more: the rules by which failures and complaints put an address on a list.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::failure::{About, Cause, Verdict};
use tegami_store::{Evidence, FailureCount, Store, StoreError, Suppression, Table, TableChange, allowed_key};

/// How much it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuppressionRules {
    /// So many messages must fail because the address is bad: no such mailbox, no such domain, given up. Zero: however many.
    pub hard_bounces: u32,
    /// So many messages must fail for good for another reason that lies with the recipient: mailbox full, switched off. Zero:
    /// however many.
    pub soft_bounces: u32,
    /// Failures further apart are not counted together.
    pub within: Duration,
    /// Whether a complaint suppresses.
    pub complaints: bool,
}

impl Default for SuppressionRules {
    /// One hard bounce, no soft ones, and every complaint.
    fn default() -> Self {
        Self { hard_bounces: 1, soft_bounces: 0, within: Duration::from_secs(90 * 86_400), complaints: true }
    }
}

/// How much a failure says against an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It is bad for ever.
    Hard,
    /// It does not work now.
    Soft,
}

impl Weight {
    /// Of a failure that was final; `None` where it says nothing about the address, such as a matter of policy or reputation.
    pub(crate) fn of(verdict: &Verdict) -> Option<Self> {
        let soft = matches!(verdict.cause, Cause::MailboxFull | Cause::Inactive);
        if verdict.is_bad_address() {
            Some(Self::Hard)
        } else {
            (soft && verdict.about == About::Recipient).then_some(Self::Soft)
        }
    }
}

/// How often addresses have failed, as far as that is looked at for one commit: what it will write, nobody can read before.
pub(crate) type Counts = BTreeMap<String, FailureCount>;

/// Rows looked at at once.
const PAGE: usize = 1000;

impl SuppressionRules {
    /// What a failure changes: it suppresses, or is counted with those before it, unless the address is one of those that never get on
    /// the list.
    ///
    /// # Errors
    /// The count, or who is allowed, could not be read.
    pub(crate) async fn weigh(
        &self,
        store: &dyn Store,
        counts: &mut Counts,
        weight: Weight,
        draft: Suppression,
        now: Timestamp,
    ) -> Result<Vec<TableChange>, StoreError> {
        let needed = match weight {
            Weight::Hard => self.hard_bounces,
            Weight::Soft => self.soft_bounces,
        };
        match needed {
            0 => return Ok(Vec::new()),
            _ if is_allowed(store, &draft).await? => return Ok(Vec::new()),
            1 => return Ok(vec![draft.change()]),
            _ => {}
        }
        let key = format!("{}/{}", draft.domain, draft.address.to_lowercase());
        let kept = match counts.remove(&key) {
            Some(count) => Some(count),
            None => store.get(Table::FailureCounts, &key).await?.and_then(read),
        };
        let mut count = kept.filter(|count| self.is_fresh(count, now)).unwrap_or_default();
        count.since = count.since.or(Some(now));
        let counted = match weight {
            Weight::Hard => &mut count.hard,
            Weight::Soft => &mut count.soft,
        };
        *counted = counted.saturating_add(1);
        let failures = *counted;
        if failures < needed {
            let value = Some(serde_json::to_value(&count).unwrap_or_default());
            counts.insert(key.clone(), count);
            return Ok(vec![TableChange { table: Table::FailureCounts, key, value }]);
        }
        counts.insert(key.clone(), FailureCount::default());
        let evidence =
            Evidence { failures: Some(failures), ..draft.evidence.map(|kept| *kept).unwrap_or_default() };
        let suppression = Suppression { evidence: Some(Box::new(evidence)), ..draft };
        Ok(vec![TableChange { table: Table::FailureCounts, key, value: None }, suppression.change()])
    }

    /// Forgets counts that are too old to be added to, and tells how many.
    ///
    /// # Errors
    /// The store could not be read or written.
    pub async fn purge(&self, store: &dyn Store, now: Timestamp) -> Result<usize, StoreError> {
        let (mut after, mut forgotten) = (None, 0);
        loop {
            let rows = store.scan(Table::FailureCounts, "", after.as_deref(), PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(forgotten) };
            after = Some(last.clone());
            let is_old = |value| read(value).is_none_or(|count| !self.is_fresh(&count, now));
            let old: Vec<String> =
                rows.into_iter().filter_map(|(key, value)| is_old(value).then_some(key)).collect();
            forgotten += old.len();
            if !old.is_empty() {
                store.delete(Table::FailureCounts, old).await?;
            }
        }
    }

    fn is_fresh(&self, count: &FailureCount, now: Timestamp) -> bool {
        count.since.is_some_and(|since| {
            Duration::try_from(now.duration_since(since)).is_ok_and(|passed| passed <= self.within)
        })
    }
}

/// Whether the sending domain put the address, or its domain, on the list of those whose failures do not count.
async fn is_allowed(store: &dyn Store, draft: &Suppression) -> Result<bool, StoreError> {
    let host = draft.address.rsplit_once('@').map_or("", |(_, host)| host);
    for value in [draft.address.as_str(), host] {
        if store.get(Table::Allowed, &allowed_key(&draft.domain, value)).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(value: serde_json::Value) -> Option<FailureCount> {
    serde_json::from_value(value).ok()
}
