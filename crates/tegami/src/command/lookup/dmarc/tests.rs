//! Results under the names that people know from MxToolbox, drawn from the doctor's checks of the domain.

use std::sync::Arc;

use serde_json::{Value, json};
use tegami_dns::Resolver;
use tegami_doctor::probe::NoProbes;
use tegami_doctor::{Asked, Case, Known, Reach, State};
use tegami_mail::{Clock as _, Domain};
use tegami_queue::SystemClock;

use super::super::super::prose::Prose;
use super::Context;

/// Their names, and the checks behind each: the worst of them counts.
const TESTS: &[(&str, &[&str])] = &[
    ("DMARC Record Published", &["dmarc.exists", "dmarc.version", "dmarc.location"]),
    ("DMARC Syntax Check", &["dmarc.syntax", "dmarc.bad-policy", "dmarc.rua"]),
    ("DMARC Multiple Records", &["dmarc.multiple"]),
    ("DMARC Policy Not Enabled", &["dmarc.policy-strength"]),
    ("DMARC External Validation", &["dmarc.external-auth"]),
];

/// A name, and how it came out.
#[derive(Default)]
pub(super) struct Results(Vec<(&'static str, State)>);

/// Looks at the domain as an examination of it does, without a probe.
pub(super) async fn look(domain: &Domain, reach: Reach, resolver: Arc<dyn Resolver>) -> Results {
    let case = Case {
        asked: Arc::new(Asked::new(resolver)),
        probes: Arc::new(NoProbes),
        known: Known::nothing(SystemClock.now(), reach),
    };
    let examination = tegami_doctor::part(domain, &["dmarc"], case).await;
    let worst = |ids: &[&str]| {
        let found = examination.findings.iter().filter(|finding| ids.contains(&finding.check.id));
        found.map(|finding| finding.state).max().unwrap_or(State::NotApplicable)
    };
    Results(TESTS.iter().map(|(name, ids)| (*name, worst(ids))).collect())
}

impl Results {
    pub(super) fn to_json(&self) -> Value {
        self.0.iter().map(|(name, state)| json!({"test": name, "state": state.as_str()})).collect()
    }

    pub(super) fn tell(&self, prose: &mut Prose<'_>, context: &Context) {
        super::super::tell_tests(prose, context, self.0.iter().map(|(name, state)| (state.as_str(), *name)));
    }
}
