//! Every real bounce of the suite: whom it tells of, and with which status.

use std::collections::BTreeMap;

use serde_json::Value;
use tegami_report::dsn;

/// How a bounce was read, beside what is expected.
#[derive(Default)]
struct Tally {
    equal: usize,
    /// Where the suite's authors made a status of their own (`5.0.9xx`), as the message has none.
    without_status: usize,
    different: BTreeMap<String, Vec<String>>,
}

fn codes(expected: &Value) -> Vec<String> {
    let recipients = expected.as_array().into_iter().flatten();
    let mut codes: Vec<String> =
        recipients.map(|one| one["status"].as_str().unwrap_or_default().to_owned()).collect();
    codes.sort();
    codes
}

fn is_made(code: &str) -> bool {
    code.rsplit('.').next().and_then(|detail| detail.parse::<u16>().ok()).is_some_and(|detail| detail >= 900)
}

fn compare(tally: &mut Tally, name: &str, expected: &Value, content: &[u8]) {
    let notice = dsn::read(content);
    let mut read: Vec<String> = notice
        .iter()
        .flat_map(|notice| &notice.recipients)
        .map(|recipient| recipient.precise_status().map(|status| status.to_string()).unwrap_or_default())
        .collect();
    read.sort();
    let expected = codes(expected);
    let reason = if read == expected {
        tally.equal += 1;
        return;
    } else if read.len() == expected.len() && expected.iter().all(|code| is_made(code)) {
        tally.without_status += 1;
        return;
    } else if read.is_empty() {
        "not read"
    } else if read.len() != expected.len() {
        "another number of recipients"
    } else {
        "another status"
    };
    let line = format!("{name}: expected {expected:?}, read {read:?}");
    tally.different.entry(reason.to_owned()).or_default().push(line);
}

#[test]
fn real_bounces() {
    let Some(folder) = crate::suites("bounce") else { return };
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&std::fs::read(folder.join("sisimai-expected.json")).unwrap()).unwrap();
    let (mut tally, mut complaints) = (Tally::default(), 0);
    for (name, expected) in &expected {
        let content = std::fs::read(folder.join("sisimai").join(name)).unwrap();
        if expected[0]["reason"] == "feedback" {
            complaints += 1;
            assert!(dsn::read(&content).is_none(), "{name} is a complaint, no bounce");
            continue;
        }
        compare(&mut tally, name, expected, &content);
    }
    for (reason, lines) in &tally.different {
        eprintln!("{reason}: {}", lines.len());
        for line in lines {
            eprintln!("    {line}");
        }
    }
    let agreed = tally.equal + tally.without_status;
    let bounces = expected.len() - complaints;
    eprintln!(
        "{bounces} bounces: {} with recipients and status equal, {} without a status in the message, {} different; {complaints} complaints",
        tally.equal,
        tally.without_status,
        bounces - agreed,
    );
    assert!(agreed * 100 >= bounces * 95, "{agreed} of {bounces}");
}
