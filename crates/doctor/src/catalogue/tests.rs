//! What holds for every check: its words, its fixtures, its place in the list.

use std::collections::{BTreeMap, BTreeSet};

use super::{FAMILIES, checks};
use crate::checks::fixture;
use crate::{About, State};

#[test]
fn ids_are_unique_and_belong_to_their_family() {
    let mut seen = BTreeSet::new();
    for family in FAMILIES {
        for check in family.checks {
            assert!(seen.insert(check.id), "{} stands twice", check.id);
            assert!(check.id.starts_with(&format!("{}.", family.name)), "{} in {}", check.id, family.name);
            assert!(!check.source.is_empty(), "{} has no rule", check.id);
        }
    }
}

#[test]
fn what_a_check_depends_on_exists() {
    for check in checks() {
        for parent in check.depends {
            assert!(super::find(parent).is_some(), "{} depends on {parent}, which does not exist", check.id);
        }
    }
}

/// Each check is told in both languages: a title, and what is looked at and why.
#[test]
fn every_check_is_documented_in_both_languages() {
    for language in ["en", "ja"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../words/i18n");
        let mut told = String::new();
        for file in std::fs::read_dir(format!("{folder}/{language}")).unwrap() {
            told.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
        let told: BTreeSet<&str> =
            told.lines().filter_map(|line| line.split_once(" = ")).map(|(id, _)| id).collect();
        for check in checks() {
            for id in [check.title(), check.documentation()] {
                assert!(told.contains(id.as_str()), "{language}: {id} is missing");
            }
        }
    }
}

/// Each check has a fixture in which all is well, and one in which it is not.
#[test]
fn every_check_has_a_good_and_a_bad_fixture() {
    let mut states: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fixture in fixture::all() {
        states.entry(fixture.check).or_default().insert(fixture.state.as_str());
    }
    for check in checks() {
        let states = states.get(check.id).cloned().unwrap_or_default();
        let good = states.iter().any(|state| ["pass", "info", "na"].contains(state));
        assert!(good && states.len() > 1, "{}: fixtures only of {states:?}", check.id);
    }
}

/// Every fixture comes out as it says.
#[tokio::test]
async fn every_fixture_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    for fixture in fixture::all() {
        let findings = fixture.findings().await;
        let of_check: Vec<_> = findings.iter().filter(|finding| finding.check.id == fixture.check).collect();
        let worst = of_check.iter().map(|finding| finding.state).max();
        if worst != Some(fixture.state) {
            wrong.push(format!(
                "{} in {:?}: {worst:?}, not {:?}\n{:#?}",
                fixture.check, fixture.zone, fixture.state, of_check
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A message that is made right has nothing to warn of, and every check of a message says something about it.
#[tokio::test]
async fn the_base_message_is_well() {
    let findings = fixture::World::base().examine_message("").await;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state >= State::Unknown).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for check in checks().filter(|check| check.about == About::Message) {
        assert!(
            findings.iter().any(|finding| finding.check.id == check.id),
            "{} says nothing about a good message",
            check.id
        );
    }
}

/// A domain that is made right has nothing to warn of, and every check of a domain says something about it.
#[tokio::test]
async fn the_base_zone_is_well() {
    let findings = fixture::Fixture::pass("mx.exists", "").findings().await;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state >= State::Unknown).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for family in FAMILIES.iter().filter(|family| family.of_domain.is_some()) {
        for check in family.checks.iter().filter(|check| check.about != About::Message) {
            assert!(
                findings.iter().any(|finding| finding.check.id == check.id),
                "{} says nothing about a good domain",
                check.id
            );
        }
    }
}
