//! MTA-STS records that others wrote.

use serde_json::Value;
use tegami_auth::mta_sts::Record;

use super::{Outcome, Suite, text};

pub(super) fn records() -> Result<Suite, String> {
    let about = "TXT records of MTA-STS from the tests of mox: good ones are read, bad ones refused";
    let (mut suite, text) = (Suite::new("mta-sts-records", about, &[]), text("mtasts/record-parse.json")?);
    let cases: Value = serde_json::from_str(&text).unwrap();
    for (word, good) in [("good", true), ("bad", false)] {
        for (at, case) in cases["record"][word].as_array().unwrap().iter().enumerate() {
            let found = Record::parse(case.as_str().unwrap().as_bytes());
            let outcome = match found.is_ok() == good {
                true => Outcome::Passed,
                false => Outcome::Failed(format!("{case}: {found:?}")),
            };
            suite.outcome(format!("{word} {}", at + 1), outcome);
        }
    }
    Ok(suite)
}
