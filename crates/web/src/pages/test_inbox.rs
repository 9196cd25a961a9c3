//! Test inboxes: an address to write to, and what receivers would make of what came. Whoever knows the name of an inbox sees it without signing in, so that
//! a report can be shown to others.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use tegami_queue::{TestInbox, TestReport};
use tegami_store::QueueId;

use super::Hall;
use super::finding::{Group, ProviderView, Taken, Verdict, groups};
use super::reader::{Reader, Trouble, led_to};
use super::show::{Moment, link, visible};
use super::source::SourceView;
use super::verdict::VerdictsView;
use crate::api::inbox::Inbox;

#[derive(Template)]
#[template(path = "tests.html", blocks = ["live"])]
struct TestsPage<'a> {
    reader: &'a Reader,
}

/// What a test inbox is, and the button that makes one.
pub(crate) async fn list(reader: Reader) -> Result<Response, Trouble> {
    let page = TestsPage { reader: &reader };
    Ok(reader.answer(&page, &page.as_live()))
}

/// Makes one.
pub(crate) async fn open(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let inbox = reader.unless_missing(hall.house.rooms.intake.test_inboxes().open().await)?;
    Ok(led_to(&link(&["test", &inbox.name])))
}

/// A line of the list of what came.
struct Line {
    link: String,
    subject: String,
    from: String,
    at: Moment,
    score: Option<ScoreView>,
    here: bool,
}

/// A score.
#[derive(Debug)]
pub(crate) struct ScoreView {
    pub(crate) points: String,
    pub(crate) of: String,
    pub(crate) tone: &'static str,
}

/// What receivers would make of a message.
pub(crate) struct JudgementView {
    pub(crate) score: Option<ScoreView>,
    pub(crate) providers: Vec<ProviderView>,
    pub(crate) groups: Vec<Group>,
}

/// A report, whole.
struct ReportView {
    subject: String,
    from: String,
    at: Moment,
    score: Option<ScoreView>,
    providers: Vec<ProviderView>,
    groups: Vec<Group>,
    verdicts: Option<VerdictsView>,
    source: Option<SourceView>,
    html: String,
}

#[derive(Template)]
#[template(path = "test.html", blocks = ["live"])]
struct TestPage<'a> {
    reader: &'a Reader,
    name: String,
    address: String,
    until: Moment,
    lines: Vec<Line>,
    report: Option<ReportView>,
}

/// What reception wrote down, as far as the page shows it.
#[derive(Deserialize)]
struct Report {
    score: Option<Score>,
    #[serde(default)]
    providers: Vec<Verdict>,
    #[serde(default)]
    examination: Value,
}

#[derive(Deserialize)]
struct Score {
    points: f64,
    of: f64,
    #[serde(default)]
    findings: Vec<Taken>,
}

impl ScoreView {
    fn new(score: &Score) -> Self {
        let share = if score.of > 0.0 { score.points / score.of } else { 0.0 };
        let tone = match () {
            () if share >= 0.9 => "good",
            () if share >= 0.6 => "wait",
            () => "bad",
        };
        Self { points: format!("{:.1}", score.points), of: format!("{:.0}", score.of), tone }
    }
}

/// The report in words, read again.
fn read(reader: &Reader, report: &Value) -> Option<Report> {
    serde_json::from_value(tegami_words::told(reader.language, report)).ok()
}

impl JudgementView {
    /// As it was written down.
    pub(crate) fn new(reader: &Reader, report: &Value) -> Self {
        let (score, providers, examination) = match read(reader, report) {
            Some(read) => (read.score, read.providers, read.examination),
            None => (None, Vec::new(), Value::Null),
        };
        Self {
            score: score.as_ref().map(ScoreView::new),
            providers: providers.into_iter().map(|told| ProviderView::new(reader, told)).collect(),
            groups: groups(reader, &examination, score.as_ref().map_or(&[], |score| &score.findings)),
        }
    }
}

impl ReportView {
    async fn new(hall: &Hall, reader: &Reader, inbox: &TestInbox, report: &TestReport) -> Self {
        let JudgementView { score, providers, groups } = JudgementView::new(reader, &report.report);
        // The message may be forgotten earlier than the report.
        let content = hall.store.content(report.message, None).await.ok();
        let message = hall.store.message(report.message).await.ok();
        let verdicts = message.as_ref().and_then(|message| message.verdicts.as_ref());
        let id = report.message.to_string();
        Self {
            subject: visible(&report.subject),
            from: visible(&report.from),
            at: Moment::new(report.at),
            score,
            providers,
            groups,
            verdicts: verdicts.map(|value| VerdictsView::new(reader, value, "test")),
            source: content.map(|content| SourceView::new(&content)),
            html: link(&["test", &inbox.name, &id, "html"]),
        }
    }
}

impl Line {
    fn new(reader: &Reader, inbox: &TestInbox, report: &TestReport, shown: QueueId) -> Self {
        Self {
            link: link(&["test", &inbox.name, &report.message.to_string()]),
            subject: visible(&report.subject),
            from: visible(&report.from),
            at: Moment::new(report.at),
            score: read(reader, &report.report).and_then(|read| read.score).as_ref().map(ScoreView::new),
            here: report.message == shown,
        }
    }
}

async fn inbox(hall: &Hall, reader: &Reader, name: &str) -> Result<(TestInbox, Vec<TestReport>), Trouble> {
    let inboxes = hall.house.rooms.intake.test_inboxes();
    let inbox = reader.unless_missing(inboxes.find(name).await)?.ok_or_else(|| reader.missing())?;
    let reports = reader.unless_missing(inboxes.reports(&inbox.name).await)?;
    Ok((inbox, reports))
}

async fn show(hall: &Hall, reader: &Reader, name: &str, wanted: Option<&str>) -> Result<Response, Trouble> {
    let (inbox, reports) = inbox(hall, reader, name).await?;
    let report = match wanted {
        Some(wanted) => {
            let found = reports.iter().find(|report| report.message.to_string() == wanted);
            Some(found.ok_or_else(|| reader.missing())?)
        }
        None => reports.last(),
    };
    let lines = match report {
        Some(shown) => {
            reports.iter().rev().map(|report| Line::new(reader, &inbox, report, shown.message)).collect()
        }
        None => Vec::new(),
    };
    let report = match report {
        Some(report) => Some(ReportView::new(hall, reader, &inbox, report).await),
        None => None,
    };
    let page = TestPage {
        reader,
        until: Moment::new(inbox.expires_at),
        name: inbox.name,
        address: inbox.address,
        lines,
        report,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// An inbox, with what came last.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    show(&hall, &reader, &name, None).await
}

/// One of the messages that came.
pub(crate) async fn one(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    show(&hall, &reader, &name, Some(&id)).await
}

/// All of it for programs.
pub(crate) async fn json(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let (inbox, reports) = inbox(&hall, &reader, &name).await?;
    Ok(Json(Inbox::new(inbox, &reports, reader.language)).into_response())
}

/// The HTML of a message, for the frame.
pub(crate) async fn html(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (_, reports) = inbox(&hall, &reader, &name).await?;
    let report = reports.iter().find(|report| report.message.to_string() == id);
    let report = report.ok_or_else(|| reader.missing())?;
    let content = reader.unless_missing(hall.store.content(report.message, None).await)?;
    let html = tegami_mail::mime::parse(&content).html.ok_or_else(|| reader.missing())?;
    Ok(crate::api::message::sandboxed(html))
}
