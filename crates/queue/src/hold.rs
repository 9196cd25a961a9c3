//! Standing rules that hold mail: by domain, provider, account, sending domain or tag. They apply to what waits and to what is still to come,
//! until they are lifted; then everything goes on by itself.
//!
//! A rule keeps rows back at the gate and writes nothing into them, so that lifting it needs no search, and a rule on a million rows is as
//! cheap as one on a single row.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::{Note, note};
use tegami_store::{Store, StoreError, Table};

use crate::gate::{Admission, Gate, GateFacts, Open, Scope};
use crate::outcome::Outcome;

/// What a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what", content = "value")]
pub enum HoldSubject {
    /// Mail to this domain.
    Domain(String),
    /// Mail to the domains of this provider.
    Provider(String),
    /// Mail of this account or API key.
    Account(String),
    /// Mail of this sending domain.
    Sender(String),
    /// Mail with this tag.
    Tag(String),
}

impl HoldSubject {
    /// Its word and its value.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Domain(value) => ("domain", value),
            Self::Provider(value) => ("provider", value),
            Self::Account(value) => ("account", value),
            Self::Sender(value) => ("sender", value),
            Self::Tag(value) => ("tag", value),
        }
    }

    fn fits(&self, job: &GateFacts<'_>, gate: &dyn Gate) -> bool {
        match self {
            Self::Domain(domain) => job.next_hop.eq_ignore_ascii_case(domain),
            Self::Provider(provider) => *gate.place(job.next_hop) == **provider,
            Self::Account(account) => job.facts.account.as_deref() == Some(account),
            Self::Sender(domain) => job.facts.sender_domain.eq_ignore_ascii_case(domain),
            Self::Tag(tag) => job.facts.tags.contains(tag),
        }
    }
}

/// A standing rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRule {
    /// What people call it: `domain:example.net`. A second rule of that name replaces the first.
    pub id: String,
    /// What it holds.
    #[serde(flatten)]
    pub subject: HoldSubject,
    /// Why, in the words of whoever made it.
    pub reason: String,
    /// Who made it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

impl HoldRule {
    /// A rule that is named after what it holds.
    pub fn new(subject: HoldSubject, reason: &str, by: &str, since: Timestamp) -> Self {
        let (what, value) = subject.parts();
        let id = format!("{what}:{value}");
        Self { id, subject, reason: reason.to_owned(), by: by.to_owned(), since }
    }

    /// For people.
    pub fn because(&self) -> Note {
        note!(
            "queue-held-by-rule",
            rule = self.id,
            by = self.by,
            since = self.since.strftime("%Y-%m-%d %H:%M:%SZ"),
            reason = if self.reason.is_empty() { "-" } else { &self.reason }
        )
    }
}

/// The rules, and the gate behind them.
#[derive(Debug)]
pub struct Holds {
    rules: RwLock<Arc<[HoldRule]>>,
    gate: RwLock<Arc<dyn Gate>>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { rules: RwLock::new(Arc::from([])), gate: RwLock::new(Arc::new(Open)) }
    }
}

impl Holds {
    /// The rules of a store.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let holds = Self::default();
        holds.read(store).await?;
        Ok(holds)
    }

    /// Asks this gate about everything that no rule holds.
    pub fn before(&self, gate: Arc<dyn Gate>) {
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = gate;
    }

    /// All rules, by name.
    pub fn rules(&self) -> Arc<[HoldRule]> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a rule. Who calls this rings [`crate::Control::gate_changed`] afterwards.
    ///
    /// # Errors
    /// The store failed; nothing was changed.
    pub async fn add(&self, store: &dyn Store, rule: &HoldRule) -> Result<(), StoreError> {
        let value = serde_json::to_value(rule).map_err(|error| StoreError::Unusable(error.to_string()))?;
        store.put(Table::Holds, vec![(rule.id.clone(), value)]).await?;
        self.read(store).await
    }

    /// Lifts a rule; `None` where there is none of that name. Who calls this rings [`crate::Control::gate_changed`] afterwards.
    ///
    /// # Errors
    /// The store failed; nothing was changed.
    pub async fn lift(&self, store: &dyn Store, id: &str) -> Result<Option<HoldRule>, StoreError> {
        let Some(rule) = self.rules().iter().find(|rule| rule.id == id).cloned() else { return Ok(None) };
        store.delete(Table::Holds, vec![rule.id.clone()]).await?;
        self.read(store).await?;
        Ok(Some(rule))
    }

    async fn read(&self, store: &dyn Store) -> Result<(), StoreError> {
        let kept = store.scan(Table::Holds, "", None, usize::MAX).await?;
        let rules = kept.into_iter().filter_map(|(_, value)| serde_json::from_value(value).ok()).collect();
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// The rule that holds a job, if one does.
    pub fn rule_for(&self, job: &GateFacts<'_>) -> Option<HoldRule> {
        let rules = self.rules();
        if rules.is_empty() {
            return None;
        }
        let gate = self.gate();
        rules.iter().find(|rule| rule.subject.fits(job, &*gate)).cloned()
    }

    fn gate(&self) -> Arc<dyn Gate> {
        Arc::clone(&self.gate.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn held(&self, job: &GateFacts<'_>) -> Option<Admission> {
        // All that a rule looks at is the next hop and the facts.
        self.rule_for(job).map(|rule| Admission::Held { scope: Scope::Flow, because: rule.because() })
    }
}

impl Gate for Holds {
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str> {
        self.gate().lane(job)
    }

    fn place(&self, next_hop: &str) -> Arc<str> {
        self.gate().place(next_hop)
    }

    fn moved(&self) -> Vec<String> {
        self.gate().moved()
    }

    fn room(&self, lane: &str) -> Option<usize> {
        self.gate().room(lane)
    }

    fn recipients(&self, lane: &str) -> Option<usize> {
        self.gate().recipients(lane)
    }

    fn admit(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        self.held(job).unwrap_or_else(|| self.gate().admit(lane, job, now))
    }

    fn look(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission {
        self.held(job).unwrap_or_else(|| self.gate().look(lane, job, now))
    }

    fn finished(&self, lane: &str, job: &GateFacts<'_>, outcome: Option<&Outcome>, now: Timestamp) {
        self.gate().finished(lane, job, outcome, now);
    }
}

#[cfg(test)]
mod tests {
    use tegami_store::{Facts, Priority, QueueId};

    use super::*;

    #[test]
    fn a_rule_holds_what_it_names() {
        let facts = Facts {
            priority: Priority::Normal,
            account: Some("shop".to_owned()),
            sender_domain: "example.org".to_owned(),
            tags: vec!["spring".to_owned(), "news".to_owned()],
            ..Facts::default()
        };
        let job = GateFacts {
            number: None,
            message: QueueId::from_bits(1),
            next_hop: "example.net",
            facts: &facts,
        };
        let held = |subject| subject_holds(subject, &job);
        assert!(held(HoldSubject::Domain("Example.NET".to_owned())));
        assert!(!held(HoldSubject::Domain("net".to_owned())));
        assert!(held(HoldSubject::Provider("example.net".to_owned())), "who is no provider's is its own");
        assert!(held(HoldSubject::Account("shop".to_owned())));
        assert!(!held(HoldSubject::Account("Shop".to_owned())));
        assert!(held(HoldSubject::Sender("example.org".to_owned())));
        assert!(held(HoldSubject::Tag("news".to_owned())));
        assert!(!held(HoldSubject::Tag("new".to_owned())));
    }

    fn subject_holds(subject: HoldSubject, job: &GateFacts<'_>) -> bool {
        let holds = Holds::default();
        *holds.rules.write().unwrap() = [HoldRule::new(subject, "", "", Timestamp::UNIX_EPOCH)].into();
        let lane = holds.lane(job);
        matches!(holds.admit(&lane, job, Timestamp::UNIX_EPOCH), Admission::Held { .. })
    }
}
