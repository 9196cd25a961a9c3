//! `tegami score`: an address to write to, and what a message to it is worth; for people and for CI.
//!
//! Exit status 0 where the message has at least the points that are asked for, 1 where it has less or none came in time.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use tegami_mail::{Address, note};
use tegami_queue::TestReport;

use super::prose::Prose;
use super::{Context, Failure, Outcome, Report, table};
use crate::cli::Score;
use crate::server::Rooms;

/// Makes an inbox, or waits for mail to one.
pub(super) async fn run(score: &Score, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    match &score.wait {
        Some(address) => wait(score, address, context, rooms).await,
        None => open(context, rooms).await,
    }
}

async fn open(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let inbox = rooms.intake.test_inboxes().open().await?;
    if context.json {
        let page = format!("/test/{}", inbox.name);
        return Ok(Report::json(&json!({
            "name": inbox.name,
            "address": inbox.address,
            "page": page,
            "expires_at": inbox.expires_at,
        })));
    }
    let mut prose = Prose::new(context);
    prose.line(&inbox.address);
    prose.gap();
    prose.sentence(0, &note!("cli-score-opened", address = inbox.address), "");
    Ok(Report::well(prose.into_text()))
}

async fn wait(score: &Score, address: &str, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let inboxes = rooms.intake.test_inboxes();
    let parsed = Address::parse(address)
        .map_err(|error| note!("cli-bad-address", address = address, reason = error))?;
    let unknown = || Failure::from(note!("cli-score-unknown", address = address));
    let inbox = inboxes.at(&parsed).await?.flatten().ok_or_else(unknown)?;
    let waiting = inboxes.wait(&inbox.name, 0);
    let Ok(came) = tokio::time::timeout(Duration::from_secs(score.timeout), waiting).await else {
        let told = note!("cli-score-nothing-came", address = address, seconds = score.timeout);
        let report = if context.json {
            Report::json(&json!({"address": address, "message": null}))
        } else {
            Report::well(context.say(&told))
        };
        return Ok(Report { outcome: Outcome::Finding, ..report });
    };
    let came = came?;
    let Some(newest) = came.last() else { return Err(unknown()) };
    let told = tegami_words::told(context.language, &newest.report);
    let points = told.pointer("/score/points").and_then(Value::as_f64);
    let enough = score.min.is_none_or(|least| points.is_some_and(|points| points >= least));
    let report = if context.json {
        Report::json(&json!({
            "address": address,
            "message": {"id": newest.message, "at": newest.at, "from": newest.from, "subject": newest.subject},
            "enough": enough,
            "report": told,
        }))
    } else {
        Report::well(text(newest, &told, context))
    };
    Ok(Report { outcome: if enough { Outcome::Well } else { Outcome::Finding }, ..report })
}

/// For people.
fn text(report: &TestReport, told: &Value, context: &Context) -> String {
    let mut prose = Prose::new(context);
    tell(&mut prose, (&report.from, &report.subject), told, context);
    prose.into_text()
}

/// The points, what every provider would do, and what took points or wants something changed. `about` is author and subject.
pub(super) fn tell(prose: &mut Prose<'_>, about: (&str, &str), told: &Value, context: &Context) {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    if let Some(points) = told.pointer("/score/points").and_then(Value::as_f64) {
        let of = told.pointer("/score/of").and_then(Value::as_f64).unwrap_or(10.0);
        prose.heading(&format!("{points:.1} / {of:.0}"));
    }
    prose.line(&format!("{}: {}", table::plain(about.0), table::plain(about.1)));
    let list = |pointer: &str| told.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    for provider in list("/providers") {
        let outcome = context.word(&format!("provider-{}", text(&provider, "outcome")));
        let mut line = format!("{}: {outcome}", text(&provider, "title"));
        let code = text(&provider, "code");
        if !code.is_empty() {
            let _ = write!(line, " ({code})");
        }
        prose.paragraph(2, &line);
    }
    let taken_by = list("/score/findings");
    for finding in list("/examination/findings") {
        if !matches!(text(&finding, "state").as_str(), "fail" | "warn") {
            continue;
        }
        prose.gap();
        let same = |taken: &&Value| {
            text(taken, "id") == text(&finding, "id") && text(taken, "subject") == text(&finding, "subject")
        };
        let points = taken_by.iter().find(same).and_then(|taken| taken.get("points")).and_then(Value::as_f64);
        let points = points.filter(|points| *points > 0.0);
        let taken = points.map(|points| format!("−{points:.1} ")).unwrap_or_default();
        prose.verdict(
            &format!("{taken}{} ({})", text(&finding, "title"), text(&finding, "id")),
            &text(&finding, "state"),
        );
        prose.paragraph(2, &text(&finding, "detail"));
        if let Some(fix) = finding.get("fix").filter(|fix| fix.is_object()) {
            prose.paragraph(2, &text(fix, "text"));
            for record in fix["records"].as_array().into_iter().flatten() {
                let (op, name) = (text(record, "op"), text(record, "name"));
                prose.line(&format!("    {op}: {name}. {} {}", text(record, "type"), text(record, "value")));
            }
        }
    }
}
