//! Routes of incoming mail, and what they would do with a message.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::Address;
use tegami_queue::route::{Fields, NewRoute, Route as Kept, RouteChange, RouteError, RouteOutcome};
use tegami_words::Language;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named, Usual};
use super::input::Body;
use crate::error::{ApiError, good};
use crate::gate::Tongue;
use crate::house::{House, Shared};
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(all, create))
        .routes(routes!(test))
        .routes(routes!(one, change, remove))
}

/// A route.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Route {
    pub(crate) id: String,
    /// Lower ones are asked first.
    pub(crate) priority: i64,
    /// For people.
    pub(crate) description: String,
    /// For which mail it is: `match_recipient("info@.*")`, `match_header("subject", ".*")`, `catch_all()`, joined by `and`, `or`, `not`.
    pub(crate) expression: String,
    /// What it does: `forward("…")`, `store()`, `stop()`.
    pub(crate) actions: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl From<&Kept> for Route {
    fn from(route: &Kept) -> Self {
        Self {
            id: route.id.clone(),
            priority: route.priority,
            description: route.description.clone(),
            expression: route.expression.clone(),
            actions: route.actions.clone(),
            created_at: route.created_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Routes {
    /// In the order in which they are asked.
    routes: Vec<Route>,
}

/// What a route shall be.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// Lower ones are asked first.
    #[serde(default)]
    pub(crate) priority: i64,
    /// For people.
    #[serde(default)]
    pub(crate) description: String,
    /// For which mail it is.
    pub(crate) expression: String,
    /// What it does.
    pub(crate) actions: Vec<String>,
}

/// A message to try the routes with.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Trial {
    /// To whom it would come.
    pub(crate) recipient: String,
    /// The message, or its header section, as it would come; empty for none.
    #[serde(default)]
    pub(crate) message: String,
}

/// What one route would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) priority: i64,
    pub(crate) expression: String,
    /// `matched`, `unmatched`, or `unasked` after a `stop()`.
    pub(crate) outcome: &'static str,
    /// The conditions that decided, in sentences.
    pub(crate) why: Vec<String>,
    /// What would be done, in sentences.
    pub(crate) does: Vec<String>,
}

/// What the routes would do with a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Tried {
    /// Somebody here or elsewhere would get it because of a route.
    pub(crate) matched: bool,
    /// Every route, in the order in which it is asked.
    pub(crate) steps: Vec<Step>,
}

impl House {
    /// The routes, in the order in which they are asked.
    pub(crate) async fn routes(&self) -> Result<Vec<Route>, ApiError> {
        let table = self.rooms.intake.routes().table(&*self.rooms.store).await?;
        Ok(table.routes().map(Route::from).collect())
    }

    /// Keeps a new route, or changes one.
    pub(crate) async fn keep_route(&self, id: Option<&str>, wanted: Wanted) -> Result<Route, ApiError> {
        let Wanted { priority, description, expression, actions } = wanted;
        let (rooms, routes) = (&self.rooms, self.rooms.intake.routes());
        let kept = match id {
            None => {
                let new = NewRoute { priority, description, expression, actions };
                routes.create(&*rooms.store, new, rooms.clock.now()).await?
            }
            Some(id) => {
                let change = RouteChange {
                    priority: Some(priority),
                    description: Some(description),
                    expression: Some(expression),
                    actions: Some(actions),
                };
                routes.update(&*rooms.store, id, change).await?
            }
        };
        Ok(Route::from(&kept))
    }

    /// Takes a route away.
    pub(crate) async fn remove_route(&self, id: &str) -> Result<Route, ApiError> {
        let removed = self.rooms.intake.routes().remove(&*self.rooms.store, id).await?;
        Ok(Route::from(&removed))
    }

    /// What the routes would do with a message; nothing is done.
    pub(crate) async fn try_routes(&self, trial: &Trial, language: Language) -> Result<Tried, ApiError> {
        let recipient = Address::parse(trial.recipient.trim())
            .map_err(|error| ApiError::bad(format!("recipient: {error}")))?;
        // People paste with the line ends of their machine, and often the header section alone.
        let message = trial.message.replace("\r\n", "\n").replace('\n', "\r\n");
        let content = format!("{}\r\n\r\n", message.trim_start().trim_end_matches(['\r', '\n']));
        let table = self.rooms.intake.routes().table(&*self.rooms.store).await?;
        let evaluation = table.evaluate(&recipient, &Fields::of(content.as_bytes(), &[]));
        let say = |notes: &[tegami_mail::Note]| -> Vec<String> {
            notes.iter().map(|note| tegami_words::note(language, note)).collect()
        };
        let steps = evaluation.steps.iter().map(|step| Step {
            id: step.id.clone(),
            priority: step.priority,
            expression: step.expression.clone(),
            outcome: match step.outcome {
                RouteOutcome::Matched => "matched",
                RouteOutcome::Unmatched => "unmatched",
                RouteOutcome::Unasked => "unasked",
            },
            why: say(&step.why),
            does: say(&step.does),
        });
        Ok(Tried { matched: !evaluation.matched.is_empty(), steps: steps.collect() })
    }
}

/// The routes of incoming mail, in the order in which they are asked.
#[utoipa::path(get, path = "/api/routes", tag = "routes", operation_id = "routes", responses((status = 200, body = Routes), Usual))]
async fn all(State(house): State<Shared>) -> Result<Response, ApiError> {
    Ok(good(&Routes { routes: house.routes().await? }))
}

/// Makes a route.
#[utoipa::path(post, path = "/api/routes", tag = "routes", operation_id = "create_route", request_body = Wanted, responses((status = 200, body = Route), Changing))]
async fn create(State(house): State<Shared>, Body(wanted): Body<Wanted>) -> Result<Response, ApiError> {
    Ok(good(&house.keep_route(None, wanted).await?))
}

/// One route.
#[utoipa::path(get, path = "/api/routes/{id}", tag = "routes", operation_id = "route", params(("id" = String, Path, description = "The route's `id`.")), responses((status = 200, body = Route), Named))]
async fn one(State(house): State<Shared>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    let table = house.rooms.intake.routes().table(&*house.rooms.store).await?;
    Ok(good(&Route::from(table.route(&id).ok_or(RouteError::NotFound)?)))
}

/// Changes a route.
#[utoipa::path(put, path = "/api/routes/{id}", tag = "routes", operation_id = "change_route", params(("id" = String, Path, description = "The route's `id`.")), request_body = Wanted, responses((status = 200, body = Route), Changing))]
async fn change(
    State(house): State<Shared>,
    Segments(id): Segments<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Response, ApiError> {
    Ok(good(&house.keep_route(Some(&id), wanted).await?))
}

/// Takes a route away, and gives it back.
#[utoipa::path(delete, path = "/api/routes/{id}", tag = "routes", operation_id = "remove_route", params(("id" = String, Path, description = "The route's `id`.")), responses((status = 200, body = Route), Changing))]
async fn remove(State(house): State<Shared>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    Ok(good(&house.remove_route(&id).await?))
}

/// Tells what the routes would do with a message, and why. Nothing is done.
#[utoipa::path(post, path = "/api/route-tests", tag = "routes", operation_id = "test_routes", request_body = Trial, responses((status = 200, body = Tried), Changing))]
async fn test(
    State(house): State<Shared>,
    Tongue(language): Tongue,
    Body(trial): Body<Trial>,
) -> Result<Response, ApiError> {
    Ok(good(&house.try_routes(&trial, language).await?))
}
