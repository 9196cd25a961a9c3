//! Examinations by the doctor.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tegami_words::Language;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named, Usual};
use super::input::{Asked, Body};
use crate::checkup::{Checkup, Patient, Pulse};
use crate::error::{ApiError, good};
use crate::gate::Tongue;
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Subjects on the list.
const MOST: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(checks, begin)).routes(routes!(check)).routes(routes!(kept))
}

/// Whom to examine.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// A domain, an IP address, or a mail address, of which its domain alone is used.
    #[schema(min_length = 1, max_length = 320)]
    pub(crate) subject: String,
}

/// An examination without its findings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Head {
    /// Of whom.
    pub(crate) subject: String,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// How many findings came out how: `fail`, `warn`, `info`, `pass`, `unknown`, `na`.
    pub(crate) summary: BTreeMap<String, u64>,
}

impl Head {
    fn new(checkup: &Checkup) -> Self {
        Self { subject: checkup.subject.clone(), at: checkup.at, summary: checkup.summary.clone() }
    }
}

/// An examination that runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Running {
    /// Families of checks that have ended.
    pub(crate) done: usize,
    /// Of how many; 0 before the first has.
    pub(crate) of: usize,
    /// Findings so far that want something changed.
    pub(crate) bad: usize,
}

/// What is known of a subject.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Chart {
    /// Of whom.
    pub(crate) subject: String,
    /// The examination that runs at present.
    pub(crate) running: Option<Running>,
    /// The newest examination, in the form of `tegami check --json`.
    #[schema(value_type = Option<Object>)]
    pub(crate) latest: Option<Value>,
    /// All that are kept, newest first.
    pub(crate) history: Vec<Head>,
}

#[derive(Serialize, ToSchema)]
struct Charts {
    checks: Vec<Head>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Waiting {
    /// Seconds to wait for the end of an examination that runs, at most 5; then ask again.
    #[param(maximum = 5)]
    wait: Option<u64>,
}

fn told(checkup: &Checkup, language: Language) -> Value {
    let mut value = tegami_words::told(language, &checkup.examination);
    if let Some(members) = value.as_object_mut() {
        members.insert("at".to_owned(), checkup.at.to_string().into());
    }
    value
}

impl From<Pulse> for Running {
    fn from(pulse: Pulse) -> Self {
        Self { done: pulse.families.len(), of: pulse.of, bad: pulse.bad }
    }
}

impl House {
    /// Whom a text names.
    pub(crate) fn patient(&self, text: &str) -> Result<Patient, ApiError> {
        text.parse().map_err(|error: crate::checkup::NoPatient| ApiError::bad(error.to_string()))
    }

    /// Begins an examination.
    pub(crate) async fn begin_check(&self, patient: &Patient) -> Result<(), ApiError> {
        let ours = match patient {
            Patient::Domain(domain) => self.rooms.domains.find(domain).await?.is_some(),
            Patient::Address(_) => false,
        };
        if self.rooms.checkups.begin(patient.clone(), ours) {
            return Ok(());
        }
        Err(ApiError::bad("Several examinations run already: wait until one has ended"))
    }
}

/// The newest examination of everybody who was examined.
#[utoipa::path(get, path = "/api/checks", tag = "checks", responses((status = 200, body = Charts), Usual))]
async fn checks(State(house): State<Shared>) -> Result<Response, ApiError> {
    let newest = house.rooms.checkups.newest(MOST).await?;
    Ok(good(&Charts { checks: newest.iter().map(Head::new).collect() }))
}

/// Begins an examination of a domain or an address. It goes on by itself; ask for it to see what was found.
#[utoipa::path(post, path = "/api/checks", tag = "checks", request_body = Wanted, responses((status = 200, body = Chart), Changing))]
async fn begin(
    State(house): State<Shared>,
    Tongue(language): Tongue,
    Body(wanted): Body<Wanted>,
) -> Result<Response, ApiError> {
    let patient = house.patient(&wanted.subject)?;
    house.begin_check(&patient).await?;
    Ok(good(&chart(&house, &patient, language).await?))
}

/// What is known of a domain or an address: the examination that runs, the newest one whole, and when the others were.
#[utoipa::path(
    get, path = "/api/checks/{subject}", tag = "checks",
    params(("subject" = String, Path, description = "A domain or an address"), Waiting),
    responses((status = 200, body = Chart), Named)
)]
async fn check(
    State(house): State<Shared>,
    Segments(subject): Segments<String>,
    Asked(Waiting { wait }): Asked<Waiting>,
    Tongue(language): Tongue,
) -> Result<Response, ApiError> {
    let patient = house.patient(&subject)?;
    if let Some(seconds) = wait {
        // Whatever there is then is told.
        let ended = house.rooms.checkups.ended(&patient);
        let _ = tokio::time::timeout(super::patience(seconds)?, ended).await;
    }
    let chart = chart(&house, &patient, language).await?;
    if chart.running.is_none() && chart.history.is_empty() {
        return Err(ApiError::NotFound(format!("{patient} was not examined yet")));
    }
    Ok(good(&chart))
}

/// One examination of a domain or an address.
#[utoipa::path(
    get, path = "/api/checks/{subject}/{at}", tag = "checks",
    params(
        ("subject" = String, Path, description = "A domain or an address"),
        ("at" = String, Path, description = "When it ended, as the list has it")
    ),
    responses((status = 200, body = Object), Named)
)]
async fn kept(
    State(house): State<Shared>,
    Segments((subject, at)): Segments<(String, String)>,
    Tongue(language): Tongue,
) -> Result<Response, ApiError> {
    let patient = house.patient(&subject)?;
    let at: Timestamp = at.parse().map_err(|_| ApiError::bad("`at` is a moment (RFC 3339)"))?;
    let history = house.rooms.checkups.history(&patient.to_string()).await?;
    let found = history.iter().find(|checkup| checkup.at == at);
    let found = found.ok_or_else(|| ApiError::NotFound("There is no such examination".to_owned()))?;
    Ok(good(&told(found, language)))
}

async fn chart(house: &House, patient: &Patient, language: Language) -> Result<Chart, ApiError> {
    let subject = patient.to_string();
    let history = house.rooms.checkups.history(&subject).await?;
    Ok(Chart {
        running: house.rooms.checkups.pulse(patient).map(Running::from),
        latest: history.first().map(|checkup| told(checkup, language)),
        history: history.iter().map(Head::new).collect(),
        subject,
    })
}
