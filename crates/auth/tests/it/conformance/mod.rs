//! What others wrote, run against this room: the public suites here, other implementations in [`crate::peers`].
//!
//! A suite is one function that yields outcomes. An ordinary test runs it and fails with everything that is neither as
//! expected nor a difference with a reason; the line it prints is what `cargo xtask conformance` makes its tables of.

mod arc;
mod authres;
mod dkim;
mod dmarc;
mod mta_sts;
mod received;
mod spf;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

/// What one case came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// As the suite or the peer says.
    Passed,
    /// Otherwise, for this reason, with the RFC's word.
    Differs(&'static str),
    /// Otherwise, and nobody has said why.
    Failed(String),
}

/// A case whose result is known to differ: its name, what we find, and the reason with the RFC's word.
pub(crate) type Known = (&'static str, &'static str, &'static str);

/// Where a suite stands in the tables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// Data that others wrote.
    Suites,
    /// Cases of our own, decided by another implementation too.
    Peers,
}

/// The outcomes of one suite.
#[derive(Debug)]
pub(crate) struct Suite {
    part: Part,
    name: &'static str,
    /// From whom it is, and what is compared.
    about: String,
    known: &'static [Known],
    cases: Vec<(String, Outcome)>,
}

impl Suite {
    /// A suite of data that others wrote.
    pub(crate) fn new(name: &'static str, about: &'static str, known: &'static [Known]) -> Self {
        Self { part: Part::Suites, name, about: about.to_owned(), known, cases: Vec::new() }
    }

    /// A comparison with another implementation.
    pub(crate) fn peer(name: &'static str, about: String) -> Self {
        Self { part: Part::Peers, name, about, known: &[], cases: Vec::new() }
    }

    /// Compares what we find with what is wanted; a known difference must be exactly the known one.
    pub(crate) fn compare(&mut self, case: &str, seen: &str, wanted: &str) {
        let known = self.known.iter().find(|(name, _, _)| *name == case);
        let outcome = match known {
            None if seen == wanted => Outcome::Passed,
            Some((_, found, reason)) if seen == *found && seen != wanted => Outcome::Differs(reason),
            Some((_, found, _)) => {
                Outcome::Failed(format!("found {seen}, wanted {wanted}, known to differ by {found}"))
            }
            None => Outcome::Failed(format!("found {seen}, wanted {wanted}")),
        };
        self.outcome(case, outcome);
    }

    /// Adds an outcome.
    pub(crate) fn outcome(&mut self, case: impl Into<String>, outcome: Outcome) {
        self.cases.push((case.into(), outcome));
    }
}

/// What a suite is run by: its outcomes, or why it is not there.
pub(crate) type Run = fn() -> Result<Suite, String>;

/// Runs a suite, prints its line, and fails with every case that nobody explains.
pub(crate) fn report(name: &str, run: Run) {
    let suite = match run() {
        Ok(suite) => suite,
        Err(why) => {
            println!("SKIPPED: {name}: {why}");
            return;
        }
    };
    let (mut passed, mut failed) = (0, Vec::new());
    let mut differs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (case, outcome) in &suite.cases {
        match outcome {
            Outcome::Passed => passed += 1,
            Outcome::Differs(reason) => differs.entry(reason).or_default().push(case),
            Outcome::Failed(what) => failed.push(format!("{case}: {what}")),
        }
    }
    let absent = suite.known.iter().filter(|(case, _, _)| !suite.cases.iter().any(|(name, _)| name == case));
    failed.extend(absent.map(|(case, _, _)| format!("{case}: known to differ, but there is no such case")));
    let part = match suite.part {
        Part::Suites => "suites",
        Part::Peers => "peers",
    };
    let line = json!({
        "part": part,
        "name": suite.name,
        "about": suite.about,
        "cases": suite.cases.len(),
        "passed": passed,
        "failed": failed.len(),
        "differs": differs,
    });
    println!("CONFORMANCE {line}");
    assert!(!suite.cases.is_empty(), "{name} has no cases");
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), suite.cases.len(), failed.join("\n"));
}

/// One ordinary test for each suite.
macro_rules! tests {
    ($($name:ident: $run:path,)*) => {
        $(#[test]
        fn $name() {
            $crate::conformance::report(stringify!($name), $run);
        })*
    };
}
pub(crate) use tests;

tests! {
    spf_official: spf::official,
    dkim_chasquid: dkim::chasquid,
    dkim_dkimpy: dkim::dkimpy,
    dkim_dkimpy_keys: dkim::dkimpy_keys,
    dkim_mimekit: dkim::mimekit,
    dkim_mailauth_node: dkim::mailauth_node,
    dkim_mox_keys: dkim::mox_keys,
    dkim_flanker_canonicalisation: dkim::flanker,
    arc_validation: arc::validation,
    dmarc_mox_records: dmarc::mox_records,
    dmarc_public_suffixes: dmarc::public_suffixes,
    received_fields: received::fields,
    authres_values: authres::values,
    authres_python_examples: authres::python_examples,
    mta_sts_records: mta_sts::records,
}

/// Where data written by others lies: `TEGAMI_SUITES`, else beside the repository.
pub(crate) fn suites() -> PathBuf {
    std::env::var_os("TEGAMI_SUITES")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites").into(), PathBuf::from)
}

/// A file or folder of it, where it is there.
fn place(name: &str) -> Result<PathBuf, String> {
    let path = suites().join(name);
    if path.exists() { Ok(path) } else { Err(format!("{} is not there", path.display())) }
}

/// A text file of it.
fn text(name: &str) -> Result<String, String> {
    let path = place(name)?;
    Ok(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
