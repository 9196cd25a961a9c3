//! Suppressions as a file: comma-separated values with a heading (RFC 4180), as we and the providers of mail export them, one address a
//! line, or JSON.

use jiff::Timestamp;
use serde_json::Value;
use tegami_mail::{Address, Domain, csv, date};
use tegami_store::{Suppression, SuppressionList, SuppressionSource};

/// The columns that are written. What is read may have any of them, in any order, and others, which are passed over.
const COLUMNS: [&str; 8] = ["address", "list", "domain", "code", "error", "created_at", "source", "tags"];

/// A line that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// From 1.
    pub(super) line: usize,
    pub(super) reason: String,
}

/// All rows as comma-separated values.
pub(super) fn write(rows: &[Suppression]) -> String {
    let mut text = csv::line(&COLUMNS);
    for row in rows {
        let (created_at, tags) = (row.created_at.to_string(), row.tags.join(","));
        let cells = [
            row.address.as_str(),
            row.list.as_str(),
            &row.domain,
            &row.code,
            &row.error,
            &created_at,
            row.source.as_str(),
            &tags,
        ];
        text.push_str(&csv::line(&cells));
    }
    text
}

/// What can be read, for each of `domains` unless a line names one of them, and what cannot.
pub(super) fn read(
    text: &str,
    domains: &[Domain],
    usual: SuppressionList,
    now: Timestamp,
) -> (Vec<Suppression>, Vec<Wrong>) {
    let text = text.trim_start_matches('\u{feff}');
    let records = if text.trim_start().starts_with(['[', '{']) { of_json(text) } else { of_csv(text) };
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for (line, record) in records {
        match record.and_then(|record| suppressions(&record, domains, usual, now)) {
            Ok(found) => rows.extend(found),
            Err(reason) => wrong.push(Wrong { line, reason }),
        }
    }
    (rows, wrong)
}

type Record = Vec<(String, String)>;
type Records = Vec<(usize, Result<Record, String>)>;

fn suppressions(
    record: &Record,
    domains: &[Domain],
    usual: SuppressionList,
    now: Timestamp,
) -> Result<Vec<Suppression>, String> {
    let cell = |name: &str| {
        let found = record.iter().find(|(known, _)| known == name).map(|(_, cell)| cell.trim());
        found.filter(|cell| !cell.is_empty())
    };
    let written = cell("address").ok_or("no address")?;
    let address = Address::parse(written).map_err(|error| format!("{written}: {error}"))?;
    let list = match cell("list") {
        None => usual,
        Some(word) => SuppressionList::ALL
            .into_iter()
            .find(|list| list.as_str() == word)
            .ok_or_else(|| format!("list: {word}"))?,
    };
    let created_at = match cell("created_at") {
        None => now,
        Some(text) => moment(text).ok_or_else(|| format!("created_at: {text}"))?,
    };
    let of_domains: Vec<&Domain> = match cell("domain") {
        None => domains.iter().collect(),
        Some(name) => {
            let ours = domains.iter().find(|domain| domain.as_str() == name);
            vec![ours.ok_or_else(|| format!("domain: {name}"))?]
        }
    };
    let source = cell("source")
        .and_then(|word| SuppressionSource::ALL.into_iter().find(|source| source.as_str() == word));
    Ok(of_domains
        .into_iter()
        .map(|domain| Suppression {
            domain: domain.to_string(),
            list,
            address: address.to_string(),
            code: cell("code").unwrap_or_default().to_owned(),
            error: cell("error").unwrap_or_default().to_owned(),
            created_at,
            source: source.unwrap_or(SuppressionSource::Person),
            evidence: None,
            tags: cell("tags").map(tags_of).unwrap_or_default(),
        })
        .collect())
}

/// As providers write them: `a,b` or `["a", "b"]`.
fn tags_of(cell: &str) -> Vec<String> {
    let tags = cell.split([',', '[', ']', '"', '\'']).map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

/// RFC 3339, or as in a Date field with a name for the zone.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| date::parse(&text.replace("UTC", "+0000")).ok())
}

fn of_csv(text: &str) -> Records {
    let mut lines = csv::read(text);
    let is_heading = |cells: &[String]| cells.iter().any(|cell| cell.trim().eq_ignore_ascii_case("address"));
    let heading: Vec<String> = match lines.first() {
        Some((_, first)) if is_heading(first) => {
            let heading = first.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
            lines.remove(0);
            heading
        }
        _ => ["address", "code", "error", "created_at"].map(str::to_owned).to_vec(),
    };
    let record = |cells: Vec<String>| heading.iter().cloned().zip(cells).collect();
    lines.into_iter().map(|(line, cells)| (line, Ok(record(cells)))).collect()
}

/// An array, or an object with one under `suppressions` or `items`; the line is then the place in the array.
fn of_json(text: &str) -> Records {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return vec![(error.line(), Err(error.to_string()))],
    };
    let listed = ["suppressions", "items"].iter().find_map(|name| value.get(name)?.as_array());
    let Some(listed) = listed.or(value.as_array()) else { return vec![(1, Err("no array".to_owned()))] };
    let record = |value: &Value| {
        let members = value.as_object().ok_or("no object")?;
        let cell = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Ok(members.iter().filter_map(|(name, value)| Some((name.clone(), cell(value)?))).collect())
    };
    listed.iter().enumerate().map(|(place, value)| (place + 1, record(value))).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn domains() -> Vec<Domain> {
        ["a.test", "b.test"].map(|name| Domain::parse(name).unwrap()).to_vec()
    }

    fn check(text: &str, expected: &Expect) {
        let (rows, wrong) = read(text, &domains(), SuppressionList::Bounces, Timestamp::UNIX_EPOCH);
        let mut told = String::new();
        for row in rows {
            let at = row.created_at;
            told.push_str(&format!(
                "{} {} {:?} {:?} {at}\n",
                row.key(),
                row.source.as_str(),
                row.code,
                row.error
            ));
        }
        for wrong in wrong {
            told.push_str(&format!("line {}: {}\n", wrong.line, wrong.reason));
        }
        expected.assert_eq(&told);
    }

    #[test]
    fn lists_of_every_kind() {
        check(
            "x@example.net\r\n\r\ny@example.net\n",
            &expect![[r#"
                a.test/bounces/x@example.net person "" "" 1970-01-01T00:00:00Z
                b.test/bounces/x@example.net person "" "" 1970-01-01T00:00:00Z
                a.test/bounces/y@example.net person "" "" 1970-01-01T00:00:00Z
                b.test/bounces/y@example.net person "" "" 1970-01-01T00:00:00Z
            "#]],
        );
        check(
            "\u{feff}created_at,Address,code,error,domain\n\"Tue, 15 Nov 2022 12:23:45 UTC\",x@example.net,550,\"no \"\"x\"\", never\nhere\",a.test\nnow,y@example.net,,,a.test\n,z,,,\n,w@example.net,,,c.test",
            &expect![[r#"
                a.test/bounces/x@example.net person "550" "no \"x\", never\nhere" 2022-11-15T12:23:45Z
                line 4: created_at: now
                line 5: z: the address has no @
                line 6: domain: c.test
            "#]],
        );
        check(
            r#"{"items":[{"address":"x@example.net","code":550,"list":"complaints","domain":"b.test"},7]}"#,
            &expect![[r#"
                b.test/complaints/x@example.net person "550" "" 1970-01-01T00:00:00Z
                line 2: no object
            "#]],
        );
        check("[", &expect!["line 1: EOF while parsing a list at line 1 column 1\n"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tags in proptest::collection::vec("[a-z]{1,5}", 0..3), errors in proptest::collection::vec("\\PC{0,20}|[\",\r\n =a-z]{0,20}", 0..5)) {
            let row = |(number, error): (usize, &String)| Suppression {
                domain: "a.test".to_owned(), list: SuppressionList::Complaints, address: format!("{number}@example.net"),
                code: "550".to_owned(), error: error.trim().to_owned(), created_at: Timestamp::UNIX_EPOCH,
                source: SuppressionSource::Rule, evidence: None, tags: tags.clone(),
            };
            let rows: Vec<_> = errors.iter().enumerate().map(row).collect();
            let read = read(&write(&rows), &domains(), SuppressionList::Bounces, Timestamp::UNIX_EPOCH);
            prop_assert_eq!(read, (rows, Vec::new()));
        }

        #[test]
        fn no_file_breaks_it(text in "[\\[{\",\r\n@a-z]{0,60}") {
            read(&text, &domains(), SuppressionList::Bounces, Timestamp::UNIX_EPOCH);
        }
    }
}
