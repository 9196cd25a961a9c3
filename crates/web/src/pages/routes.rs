//! Routes of incoming mail, with a tester.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Hall;
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble, done};
use super::show::{echoed, visible};
use crate::api::route::{Route, Step, Trial, Tried, Wanted};

struct StepView {
    tone: &'static str,
    word: String,
    priority: i64,
    expression: String,
    why: Vec<String>,
    does: Vec<String>,
}

/// What was tried, and what came of it.
#[derive(Default)]
struct TrialView {
    recipient: String,
    message: String,
    tried: bool,
    matched: bool,
    steps: Vec<StepView>,
}

#[derive(Template)]
#[template(path = "routes.html", blocks = ["live"])]
struct RoutesPage<'a> {
    reader: &'a Reader,
    routes: Vec<RouteView>,
    /// The route that is being changed, or an empty one.
    form: RouteView,
    trial: TrialView,
}

#[derive(Default)]
struct RouteView {
    id: String,
    priority: i64,
    description: String,
    expression: String,
    actions: Vec<String>,
}

impl From<Route> for RouteView {
    fn from(route: Route) -> Self {
        Self {
            id: route.id,
            priority: route.priority,
            description: visible(&route.description),
            expression: visible(&route.expression),
            actions: route.actions.iter().map(|action| visible(action)).collect(),
        }
    }
}

impl StepView {
    fn new(reader: &Reader, step: &Step) -> Self {
        let tone = match step.outcome {
            "matched" => "good",
            _ => "dim",
        };
        Self {
            tone,
            word: reader.say(&format!("page-route-{}", step.outcome)),
            priority: step.priority,
            expression: visible(&step.expression),
            why: step.why.iter().map(|text| visible(text)).collect(),
            does: step.does.iter().map(|text| visible(text)).collect(),
        }
    }
}

/// The list.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    asked: Asked,
) -> Result<Response, Trouble> {
    show(&hall, &reader, asked.some("change").as_deref(), TrialView::default()).await
}

/// Tells what the routes would do with a message; nothing is changed.
pub(crate) async fn test(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let trial =
        Trial { recipient: fields.line("recipient").to_owned(), message: fields.one("message").to_owned() };
    let Tried { matched, steps } =
        reader.unless_refused(hall.house.try_routes(&trial, reader.language).await)?;
    let steps = steps.iter().map(|step| StepView::new(&reader, step)).collect();
    let trial = TrialView {
        recipient: echoed(&trial.recipient),
        message: echoed(&trial.message),
        tried: true,
        matched,
        steps,
    };
    show(&hall, &reader, None, trial).await
}

async fn show(
    hall: &Hall,
    reader: &Reader,
    change: Option<&str>,
    trial: TrialView,
) -> Result<Response, Trouble> {
    let routes = reader.unless_refused(hall.house.routes().await)?;
    let form = routes.iter().find(|route| change == Some(&route.id)).cloned();
    let page = RoutesPage {
        reader,
        form: form.map(RouteView::from).unwrap_or_default(),
        routes: routes.into_iter().map(RouteView::from).collect(),
        trial,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// Makes or changes a route.
pub(crate) async fn keep(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let priority = fields.line("priority").parse().unwrap_or_default();
    let actions = fields.one("actions").lines().map(str::trim).filter(|line| !line.is_empty());
    let wanted = Wanted {
        priority,
        description: fields.line("description").to_owned(),
        expression: fields.line("expression").to_owned(),
        actions: actions.map(str::to_owned).collect(),
    };
    let id = Some(fields.line("id")).filter(|id| !id.is_empty());
    reader.unless_refused(hall.house.keep_route(id, wanted).await)?;
    Ok(done("/routes", if id.is_some() { "changed" } else { "added" }, 1))
}

/// Takes a route away.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.remove_route(fields.line("id")).await)?;
    Ok(done("/routes", "removed", 1))
}
