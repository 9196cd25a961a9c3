//! Routes of incoming mail: `/v3/routes`. They belong to the account, not to a domain.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tegami_mail::Address;
use tegami_queue::route::{NewRoute, Route, RouteChange, RouteError};

use super::asked::{Account, Query};
use super::form::Form;
use super::offset::Offset;
use super::scalar::shown;
use crate::error::{ApiError, ok};
use crate::house::Shared;
use crate::segments::Segments;

/// The routes about routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/routes", get(show_all).post(create))
        .route("/v3/routes/match", get(first_for))
        .route("/v3/routes/{id}", get(show).put(update).delete(remove))
}

async fn show_all(
    State(house): State<Shared>,
    _: Account,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let page = Offset::read(&query)?;
    let table = house.rooms.intake.routes().table(&*house.rooms.store).await?;
    let items: Vec<Value> = page.of(table.routes()).map(object).collect();
    Ok(ok(json!({"total_count": table.routes().len(), "items": items})))
}

async fn create(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let new = NewRoute {
        priority: priority(&form)?.unwrap_or_default(),
        description: form.text("description")?.unwrap_or_default().to_owned(),
        expression: form.text("expression")?.unwrap_or_default().to_owned(),
        actions: actions(&form)?,
    };
    let rooms = &house.rooms;
    let route = rooms.intake.routes().create(&*rooms.store, new, rooms.clock.now()).await?;
    Ok(ok(json!({"message": "Route has been created", "route": object(&route)})))
}

async fn show(
    State(house): State<Shared>,
    _: Account,
    Segments(id): Segments<String>,
) -> Result<Response, ApiError> {
    let table = house.rooms.intake.routes().table(&*house.rooms.store).await?;
    let route = table.route(&id).ok_or(RouteError::NotFound)?;
    Ok(ok(json!({"route": object(route)})))
}

/// Clients read the members of the answer itself; others look for the route in it.
async fn update(
    State(house): State<Shared>,
    _: Account,
    Segments(id): Segments<String>,
    form: Form,
) -> Result<Response, ApiError> {
    let actions = actions(&form)?;
    let change = RouteChange {
        priority: priority(&form)?,
        description: form.text("description")?.map(ToOwned::to_owned),
        expression: form.filled("expression")?.map(ToOwned::to_owned),
        actions: Some(actions).filter(|actions| !actions.is_empty()),
    };
    let route = house.rooms.intake.routes().update(&*house.rooms.store, &id, change).await?;
    let mut answer = object(&route);
    if let Some(members) = answer.as_object_mut() {
        members.insert("message".to_owned(), json!("Route has been updated"));
        members.insert("route".to_owned(), object(&route));
    }
    Ok(ok(answer))
}

async fn remove(
    State(house): State<Shared>,
    _: Account,
    Segments(id): Segments<String>,
) -> Result<Response, ApiError> {
    let route = house.rooms.intake.routes().remove(&*house.rooms.store, &id).await?;
    Ok(ok(json!({"message": "Route has been deleted", "id": route.id})))
}

/// The first route that matches an address, whatever its messages have in their header sections.
async fn first_for(
    State(house): State<Shared>,
    _: Account,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let written = query.filled("address")?.ok_or_else(|| ApiError::bad("address parameter is missing"))?;
    // A blank in an address was a plus once.
    let address = Address::parse(&written.trim().replace(' ', "+"))
        .map_err(|error| ApiError::bad(format!("`{}` is not a valid address: {error}", shown(written))))?;
    let table = house.rooms.intake.routes().table(&*house.rooms.store).await?;
    let route = table.first_for(&address).ok_or(RouteError::NotFound)?;
    Ok(ok(json!({"route": object(route)})))
}

fn priority(form: &Form) -> Result<Option<i64>, ApiError> {
    let Some(text) = form.filled("priority")? else { return Ok(None) };
    let wrong = || ApiError::bad(format!("priority: `{}` is not a whole number", shown(text)));
    text.trim().parse().map(Some).map_err(|_| wrong())
}

fn actions(form: &Form) -> Result<Vec<String>, ApiError> {
    let texts = form.texts("action").chain(form.texts("actions"));
    texts
        .map(|text| text.map(ToOwned::to_owned))
        .filter(|text| text.as_ref().map_or(true, |text| !text.trim().is_empty()))
        .collect()
}

/// A route as the API shows it.
fn object(route: &Route) -> Value {
    let created_at =
        route.created_at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    json!({
        "id": route.id,
        "priority": route.priority,
        "description": route.description,
        "expression": route.expression,
        "actions": route.actions,
        "created_at": created_at,
    })
}

impl From<RouteError> for ApiError {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::NotFound => Self::NotFound(error.to_string()),
            RouteError::Store(error) => error.into(),
            error => Self::bad(error.to_string()),
        }
    }
}
