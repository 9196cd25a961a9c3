//! Counting sessions by policy and result.

use std::collections::BTreeMap;

use super::{Failure, FailureDetail, Policy, PolicyReport, Summary};

/// The most kinds of failure of one policy; beyond them failures are counted without their details, so that a hostile host with many names
/// fills no memory.
pub const MAX_KINDS: usize = 1_000;

/// The most policies of one tally; sessions under further ones are not counted. Each may have tens of kilobytes, and a hostile domain another
/// one every minute.
pub const MAX_POLICIES: usize = 100;

/// Sessions of one day with one domain, counted by policy and result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    policies: BTreeMap<Policy, Counts>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    summary: Summary,
    failures: BTreeMap<Failure, u64>,
}

impl Tally {
    /// A session that kept to the policy.
    pub fn add_success(&mut self, policy: &Policy) {
        if let Some(counts) = self.counts(policy) {
            let count = &mut counts.summary.total_successful_session_count;
            *count = count.saturating_add(1);
        }
    }

    /// A session that failed in this way.
    pub fn add_failure(&mut self, policy: &Policy, failure: &Failure) {
        let Some(counts) = self.counts(policy) else { return };
        let total = &mut counts.summary.total_failure_session_count;
        *total = total.saturating_add(1);
        counts.add_detail(failure, 1);
    }

    /// What was counted before, read back.
    pub fn of(policies: &[PolicyReport]) -> Self {
        let mut tally = Self::default();
        tally.merge(policies);
        tally
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, policies: &[PolicyReport]) {
        for PolicyReport { policy, summary, failure_details } in policies {
            let Some(counts) = self.counts(policy) else { continue };
            let add = |to: &mut u64, more: u64| *to = to.saturating_add(more);
            add(&mut counts.summary.total_successful_session_count, summary.total_successful_session_count);
            add(&mut counts.summary.total_failure_session_count, summary.total_failure_session_count);
            for FailureDetail { failure, failed_session_count } in failure_details {
                counts.add_detail(failure, *failed_session_count);
            }
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// What was counted, in the form of a report.
    pub fn policies(&self) -> Vec<PolicyReport> {
        let one = |(policy, counts): (&Policy, &Counts)| PolicyReport {
            policy: policy.clone(),
            summary: counts.summary,
            failure_details: counts
                .failures
                .iter()
                .map(|(failure, count)| FailureDetail {
                    failure: failure.clone(),
                    failed_session_count: *count,
                })
                .collect(),
        };
        self.policies.iter().map(one).collect()
    }

    fn counts(&mut self, policy: &Policy) -> Option<&mut Counts> {
        if !self.policies.contains_key(policy) {
            if self.policies.len() >= MAX_POLICIES {
                return None;
            }
            self.policies.insert(policy.clone(), Counts::default());
        }
        self.policies.get_mut(policy)
    }
}

impl Counts {
    fn add_detail(&mut self, failure: &Failure, sessions: u64) {
        let full = self.failures.len() >= MAX_KINDS && !self.failures.contains_key(failure);
        let bare = Failure { result_type: failure.result_type.clone(), ..Failure::default() };
        let count = self.failures.entry(if full { bare } else { failure.clone() }).or_default();
        *count = count.saturating_add(sessions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls_rpt::ResultType;

    #[test]
    fn what_is_read_back_goes_on() {
        let (policy, failure) = (Policy::default(), Failure::default());
        let mut tally = Tally::default();
        tally.add_success(&policy);
        tally.add_failure(&policy, &failure);
        let mut again = Tally::of(&tally.policies());
        assert_eq!(again, tally);
        again.add_failure(&policy, &failure);
        tally.merge(&again.policies());
        let report = &tally.policies()[0];
        let sessions =
            (report.summary.total_successful_session_count, report.summary.total_failure_session_count);
        assert_eq!((sessions, report.failure_details[0].failed_session_count), ((2, 3), 3));
    }

    #[test]
    fn many_policies_are_not_all_counted() {
        let mut tally = Tally::default();
        for number in 0..MAX_POLICIES + 50 {
            let policy = Policy { policy_string: vec![format!("max_age: {number}")], ..Policy::default() };
            tally.add_success(&policy);
            tally.add_success(&policy);
        }
        let counted: u64 =
            tally.policies().iter().map(|report| report.summary.total_successful_session_count).sum();
        assert_eq!(counted, 2 * MAX_POLICIES as u64);
    }

    #[test]
    fn many_kinds_lose_their_details_but_are_counted() {
        let (mut tally, policy) = (Tally::default(), Policy::default());
        for number in 0..MAX_KINDS + 50 {
            let failure =
                Failure { receiving_mx_hostname: format!("mx{number}.example.net"), ..Failure::default() };
            tally.add_failure(&policy, &failure);
        }
        let policies = tally.policies();
        let details = &policies[0].failure_details;
        assert_eq!(policies[0].summary.total_failure_session_count, 1_050);
        assert_eq!(details.iter().map(|detail| detail.failed_session_count).sum::<u64>(), 1_050);
        assert_eq!(details.len(), MAX_KINDS + 1);
        let bare = details.iter().find(|detail| detail.failure.receiving_mx_hostname.is_empty()).unwrap();
        assert_eq!(
            (bare.failed_session_count, &bare.failure.result_type),
            (50, &ResultType::ValidationFailure)
        );
    }
}
