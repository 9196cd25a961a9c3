//! Authentication-Results values that others wrote: every one is read, written and read again the same.

use serde_json::Value;
use tegami_auth::results::AuthenticationResults;

use super::{Outcome, Suite, text};

pub(super) fn values() -> Result<Suite, String> {
    let about = "values from the tests of go-msgauth, mox and others: read, written, and read again the same";
    let (mut suite, text) = (Suite::new("authres", about, &[]), text("authres/authres-values.json")?);
    let cases: Value = serde_json::from_str(&text).unwrap();
    for (at, case) in cases.as_array().unwrap().iter().enumerate() {
        let value = case["value"].as_str().unwrap();
        let value = value.strip_prefix("Authentication-Results:").unwrap_or(value);
        let outcome = match problem(value, case["authserv_id"].as_str()) {
            None => Outcome::Passed,
            Some(problem) => Outcome::Failed(format!("{value:?}: {problem}")),
        };
        suite.outcome(format!("value {}", at + 1), outcome);
    }
    Ok(suite)
}

fn problem(value: &str, authserv_id: Option<&str>) -> Option<String> {
    let found = match AuthenticationResults::parse(value.as_bytes()) {
        // A value without an authserv-id is refused, which the suite shows as the empty id.
        Err(error) => return (authserv_id != Some("")).then(|| error.to_string()),
        Ok(found) => found,
    };
    if authserv_id.is_some_and(|wanted| wanted != found.authserv_id) {
        return Some(format!("authserv-id {:?}", found.authserv_id));
    }
    let field = found.to_field();
    let again = AuthenticationResults::parse(field.trim_start_matches("Authentication-Results:").as_bytes());
    (again.as_ref() != Ok(&found)).then(|| format!("{found:?} became {again:?}"))
}

/// The lines `parse('Authentication-Results: …')` of the Python package's examples.
pub(super) fn python_examples() -> Result<Suite, String> {
    let about = "the examples of the Python package authres: read, written, and read again the same";
    let mut suite = Suite::new("authres/python", about, &[]);
    for line in text("authres/python-authres-doctests.txt")?.lines() {
        let Some((_, rest)) = line.split_once("parse('Authentication-Results:") else { continue };
        let Some((value, _)) = rest.rsplit_once("')") else { continue };
        let outcome = match problem(&value.replace("\\'", "'"), None) {
            None => Outcome::Passed,
            Some(problem) => Outcome::Failed(problem),
        };
        suite.outcome(value, outcome);
    }
    Ok(suite)
}
