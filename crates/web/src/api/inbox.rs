//! Test inboxes: an address to write to, and what was found of what came.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_queue::{TestInbox, TestReport};
use tegami_words::Language;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named};
use super::input::Asked;
use crate::error::{ApiError, good};
use crate::gate::Tongue;
use crate::house::Shared;
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(inbox))
}

/// A test inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Inbox {
    /// Its name; whoever knows it sees what came.
    pub(crate) name: String,
    /// Where to write.
    pub(crate) address: String,
    /// The page that shows what came; it needs no sign-in.
    pub(crate) page: String,
    /// Until then it takes mail, and what came is kept.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Timestamp,
    /// What came, oldest first.
    pub(crate) messages: Vec<Judged>,
}

/// A message that was judged.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Judged {
    /// The message.
    pub(crate) id: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// Its author.
    pub(crate) from: String,
    /// Its subject.
    pub(crate) subject: String,
    /// What was found: the score, the providers' verdicts, and findings in the form of `tegami check --json`.
    #[schema(value_type = Object)]
    pub(crate) report: serde_json::Value,
}

impl Judged {
    pub(crate) fn new(report: &TestReport, language: Language) -> Self {
        Self {
            id: report.message.to_string(),
            at: report.at,
            from: report.from.clone(),
            subject: report.subject.clone(),
            report: tegami_words::told(language, &report.report),
        }
    }
}

impl Inbox {
    pub(crate) fn new(inbox: TestInbox, reports: &[TestReport], language: Language) -> Self {
        Self {
            page: format!("/test/{}", inbox.name),
            name: inbox.name,
            address: inbox.address,
            expires_at: inbox.expires_at,
            messages: reports.iter().map(|report| Judged::new(report, language)).collect(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Waiting {
    /// Seconds to wait for the first message, at most 5; then ask again.
    #[param(maximum = 5)]
    wait: Option<u64>,
}

/// Makes a test inbox. Write to its address from the program that you want to know about; there is no limit to how many you make.
#[utoipa::path(post, path = "/api/inboxes", tag = "tests", responses((status = 200, body = Inbox), Changing))]
async fn open(State(house): State<Shared>, Tongue(language): Tongue) -> Result<Response, ApiError> {
    let inbox = house.rooms.intake.test_inboxes().open().await?;
    Ok(good(&Inbox::new(inbox, &[], language)))
}

/// What came to a test inbox.
#[utoipa::path(
    get, path = "/api/inboxes/{name}", tag = "tests",
    params(("name" = String, Path, description = "The name of the inbox"), Waiting),
    responses((status = 200, body = Inbox), Named)
)]
async fn inbox(
    State(house): State<Shared>,
    Segments(name): Segments<String>,
    Asked(Waiting { wait }): Asked<Waiting>,
    Tongue(language): Tongue,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::NotFound("There is no such test inbox".to_owned());
    let inboxes = house.rooms.intake.test_inboxes();
    let inbox = inboxes.find(&name).await?.ok_or_else(unknown)?;
    if let Some(seconds) = wait {
        // Nothing may come; what is there then is told.
        let waiting = inboxes.wait(&name, 0);
        let _ = tokio::time::timeout(super::patience(seconds)?, waiting).await;
    }
    let reports = inboxes.reports(&name).await?;
    Ok(good(&Inbox::new(inbox, &reports, language)))
}
