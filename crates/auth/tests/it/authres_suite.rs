//! Authentication-Results values that others wrote: every one is read, written and read again the same.

use serde_json::Value;
use tegami_auth::results::AuthenticationResults;

#[test]
fn values_of_other_projects() {
    let Some(text) = super::suite("authres/authres-values.json") else { return };
    let cases: Value = serde_json::from_str(&text).unwrap();
    let cases = cases.as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let value = case["value"].as_str().unwrap();
        let value = value.strip_prefix("Authentication-Results:").unwrap_or(value);
        let expected = case["authserv_id"].as_str();
        match AuthenticationResults::parse(value.as_bytes()) {
            // A value without an authserv-id is refused, which the suite shows as the empty id.
            Err(error) if expected != Some("") => wrong.push(format!("{value:?}: {error}")),
            Err(_) => {}
            Ok(found) => {
                if expected.is_some_and(|expected| expected != found.authserv_id) {
                    wrong.push(format!("{value:?}: authserv-id {:?}", found.authserv_id));
                }
                let field = found.to_field();
                let again = AuthenticationResults::parse(
                    field.trim_start_matches("Authentication-Results:").as_bytes(),
                );
                if again.as_ref() != Ok(&found) {
                    wrong.push(format!("{value:?}: {found:?} became {again:?}"));
                }
            }
        }
    }
    println!("{} values, {} wrong", cases.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lines `parse('Authentication-Results: …')` of the Python package's examples.
#[test]
fn examples_of_python_authres() {
    let Some(text) = super::suite("authres/python-authres-doctests.txt") else { return };
    let mut count = 0;
    for line in text.lines() {
        let Some((_, rest)) = line.split_once("parse('Authentication-Results:") else { continue };
        let Some((value, _)) = rest.rsplit_once("')") else { continue };
        count += 1;
        let found = AuthenticationResults::parse(value.replace("\\'", "'").as_bytes());
        assert!(found.is_ok(), "{value}: {found:?}");
    }
    println!("{count} examples");
    assert!(count > 10);
}
