//! Who is not written to any more: the rules by which failures and complaints put an address on a list.

use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::failure::{About, Cause, Verdict};
use tegami_store::{Evidence, FailureCount, Store, StoreError, Suppression, Table};

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

impl SuppressionRules {
    /// Whether this failure suppresses, counting those before it. Where one is enough, or none, the store is not asked.
    ///
    /// # Errors
    /// The count could not be read or written.
    pub(crate) async fn weigh(
        &self,
        store: &dyn Store,
        weight: Weight,
        draft: Suppression,
        now: Timestamp,
    ) -> Result<Option<Suppression>, StoreError> {
        let needed = match weight {
            Weight::Hard => self.hard_bounces,
            Weight::Soft => self.soft_bounces,
        };
        match needed {
            0 => return Ok(None),
            1 => return Ok(Some(draft)),
            _ => {}
        }
        let key = format!("{}/{}", draft.domain, draft.address.to_lowercase());
        let kept = store.get(Table::FailureCounts, &key).await?;
        let kept = kept.and_then(|value| serde_json::from_value::<FailureCount>(value).ok());
        let mut count = kept.filter(|count| self.is_fresh(count, now)).unwrap_or_default();
        count.since = count.since.or(Some(now));
        let counted = match weight {
            Weight::Hard => &mut count.hard,
            Weight::Soft => &mut count.soft,
        };
        *counted = counted.saturating_add(1);
        let failures = *counted;
        if failures < needed {
            let value = serde_json::to_value(&count).unwrap_or_default();
            store.put(Table::FailureCounts, vec![(key, value)]).await?;
            return Ok(None);
        }
        store.delete(Table::FailureCounts, vec![key]).await?;
        let evidence =
            Evidence { failures: Some(failures), ..draft.evidence.map(|kept| *kept).unwrap_or_default() };
        Ok(Some(Suppression { evidence: Some(Box::new(evidence)), ..draft }))
    }

    fn is_fresh(&self, count: &FailureCount, now: Timestamp) -> bool {
        count.since.is_some_and(|since| {
            Duration::try_from(now.duration_since(since)).is_ok_and(|passed| passed <= self.within)
        })
    }
}
