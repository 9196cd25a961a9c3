//! Contact forms: `/forms/{name}`. What a visitor of a web site writes becomes a letter to the people whom the configuration names, and to nobody
//! else: no field of the form says to whom, from whom or with which header fields.
//!
//! ```text
//!   POST ─► page of ours? ─► rate ─► fields ─► robot? ─► stamp? ── no ──► a page that shows what was written and asks once more
//!                                                          └── yes ──► letter ─► intake ─► thanks
//! ```

mod answer;
mod gate;
mod given;
mod letter;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tegami_mail::{Address, NameAddr};
use tegami_words::plain;

use self::answer::Answer;
pub(crate) use self::gate::Rates;
use self::gate::{Origin, Stamp};
use self::given::Given;
use super::stranger::Stranger;
use crate::error::ApiError;
use crate::house::{House, Shared};
use crate::mailgun::form::Form;

/// A form that a web site may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormSettings {
    /// Who gets the letters.
    pub to: Vec<Address>,
    /// Who writes them: an address of ours, never the visitor's (a letter in the visitor's name would fail DMARC).
    pub from: NameAddr,
    /// The subject; `{name}` stands for the field `name`.
    pub subject: String,
    /// The fields that are taken, in their order; empty: all that come, in the order in which they come.
    pub fields: Vec<FormField>,
    /// The field with the visitor's address, where answers go.
    pub reply_to: String,
    /// Where pages may lie that send this form, such as `https://www.example.org`. Those of this server may in any case.
    pub origins: Vec<String>,
    /// Where a visitor goes who has sent it; without one a page of ours says thanks.
    pub thanks: Option<String>,
    /// Letters from one client in an hour.
    pub per_hour: u32,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its name in the form.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// It must be filled.
    pub required: bool,
}

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/forms/{name}", get(show).post(send).options(preflight))
        .route("/forms/{name}/thanks", get(thanks))
}

/// Largest request, in octets. Files are not taken.
const MOST: u64 = 256 << 10;

/// One request about a form.
struct Desk<'a> {
    house: &'a House,
    name: &'a str,
    settings: &'a FormSettings,
    stranger: &'a Stranger,
    origin: Origin,
    answer: Answer<'a>,
}

impl<'a> Desk<'a> {
    fn new(house: &'a House, name: &'a str, headers: &HeaderMap, stranger: &'a Stranger) -> Option<Self> {
        let settings = house.settings.forms.get(name)?;
        let origin = Origin::of(headers, settings, house.settings.public_url.as_deref());
        let answer = Answer { name, settings, stranger, json: wants_json(headers), origin: origin.clone() };
        Some(Self { house, name, settings, stranger, origin, answer })
    }
}

/// The form as a page of ours, or what a page elsewhere needs to send it at once.
async fn show(
    State(house): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    stranger: Stranger,
) -> Response {
    let Some(desk) = Desk::new(&house, &name, &headers, &stranger) else { return missing(&stranger) };
    let Some(stamp) = Stamp::new(&house, &name) else { return desk.answer.unavailable() };
    desk.answer.blank(&stamp)
}

async fn thanks(
    State(house): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    stranger: Stranger,
) -> Response {
    match Desk::new(&house, &name, &headers, &stranger) {
        Some(desk) => desk.answer.thanks_page(),
        None => missing(&stranger),
    }
}

/// What browsers ask before a script of another site sends JSON (Fetch, CORS protocol).
async fn preflight(
    State(house): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    stranger: Stranger,
) -> Response {
    let Some(desk) = Desk::new(&house, &name, &headers, &stranger) else { return missing(&stranger) };
    let mut response = StatusCode::NO_CONTENT.into_response();
    let fields = response.headers_mut();
    fields.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type"));
    fields.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    desk.answer.shared(response)
}

async fn send(
    State(house): State<Shared>,
    Path(name): Path<String>,
    stranger: Stranger,
    request: Request<Body>,
) -> Response {
    let headers = request.headers().clone();
    let Some(desk) = Desk::new(&house, &name, &headers, &stranger) else { return missing(&stranger) };
    match desk.take(request).await {
        Ok(response) | Err(response) => response,
    }
}

impl Desk<'_> {
    async fn take(&self, request: Request<Body>) -> Result<Response, Response> {
        let answer = &self.answer;
        if self.origin == Origin::Foreign {
            return Err(answer.refused(StatusCode::FORBIDDEN, "api-form-foreign", &[]));
        }
        let _room =
            self.house.room_for(request.headers(), MOST).await.map_err(IntoResponse::into_response)?;
        let form = Form::read(request, MOST).await.map_err(|error| match error {
            ApiError::TooLarge(_) => answer.refused(StatusCode::PAYLOAD_TOO_LARGE, "api-form-large", &[]),
            _ => answer.refused(StatusCode::BAD_REQUEST, "api-form-unreadable", &[]),
        })?;
        let given = Given::read(&form, self.settings)
            .map_err(|id| answer.refused(StatusCode::BAD_REQUEST, id, &[]))?;
        if given.is_robot {
            // It learns nothing from the answer.
            tracing::info!(form = self.name, ip = %self.stranger.ip, "a robot filled a form in");
            return Ok(answer.thanks());
        }
        let wrong = given.problems(self.settings, self.stranger.language);
        if !wrong.is_empty() {
            return Err(answer.refused(StatusCode::BAD_REQUEST, "api-form-incomplete", &wrong));
        }
        let now = self.house.rooms.clock.now();
        if !Stamp::is_good(self.house, self.name, given.stamp.as_deref(), now) {
            // Whose page has no script, whoever was too quick or too slow: a person reads it over and sends it.
            let stamp = Stamp::new(self.house, self.name).ok_or_else(|| answer.unavailable())?;
            return Ok(answer.confirm(&given, &stamp));
        }
        let rates = &self.house.rates;
        if given.stamp.as_deref().is_some_and(|stamp| !rates.is_first(stamp, now)) {
            // Somebody pressed the button twice.
            return Ok(answer.thanks());
        }
        if let Err(seconds) = rates.admit(self.name, self.stranger.ip, self.settings.per_hour, now) {
            return Err(answer.too_many(seconds));
        }
        match self.house.write_letter(self.name, self.settings, &given, self.stranger, &self.origin).await {
            Ok(()) => Ok(answer.thanks()),
            Err(error) => {
                tracing::error!(form = self.name, %error, "a form's letter could not be sent");
                if let Some(stamp) = given.stamp.as_deref() {
                    rates.forget(stamp);
                }
                Err(answer.unavailable())
            }
        }
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts.flat_map(|value| value.split(',')).any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    })
}

fn missing(stranger: &Stranger) -> Response {
    let (title, sentence) =
        (plain(stranger.language, "api-form-missing-title"), plain(stranger.language, "api-form-missing"));
    super::page::Page {
        status: StatusCode::NOT_FOUND,
        language: stranger.language,
        title: &title,
        sentences: &[sentence],
        button: None,
    }
    .into_response()
}
