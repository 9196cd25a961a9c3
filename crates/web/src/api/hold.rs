//! Standing rules that hold mail, until they are lifted.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_queue::{HoldRule, HoldSubject};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Usual};
use super::input::Body;
use super::queue::one_line;
use crate::error::{ApiError, good};
use crate::gate::Visitor;
use crate::house::{House, Shared};
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(holds, hold)).routes(routes!(lift))
}

/// What a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// Mail to a domain.
    Domain,
    /// Mail to a provider.
    Provider,
    /// Mail of an account or API key.
    Account,
    /// Mail of a sending domain.
    Sender,
    /// Mail with a tag.
    Tag,
}

/// A standing rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    /// What it is lifted by.
    pub(crate) id: String,
    /// `domain`, `provider`, `account`, `sender` or `tag`.
    pub(crate) what: &'static str,
    /// Which.
    pub(crate) value: String,
    /// Why.
    pub(crate) reason: String,
    /// Who made it.
    pub(crate) by: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) since: Timestamp,
}

impl Rule {
    pub(super) fn new(rule: &HoldRule) -> Self {
        let (what, value) = rule.subject.parts();
        Self {
            id: rule.id.clone(),
            what,
            value: value.to_owned(),
            reason: rule.reason.clone(),
            by: rule.by.clone(),
            since: rule.since,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Rules {
    holds: Vec<Rule>,
}

/// A rule that somebody wants.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// What it holds.
    pub(crate) what: What,
    /// Which; of a provider its `place`.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) value: String,
    /// Why, for the record.
    #[serde(default)]
    pub(crate) reason: String,
}

impl House {
    /// The rules in force, by name.
    pub(crate) fn holds(&self) -> Vec<Rule> {
        self.rooms.holds.rules().iter().map(Rule::new).collect()
    }

    /// Keeps a rule; one that held the same goes.
    pub(crate) async fn hold(&self, wanted: &Wanted, by: &Visitor) -> Result<Rule, ApiError> {
        let value = one_line(&wanted.value);
        if value.is_empty() || value.len() > 255 {
            return Err(ApiError::bad("`value` has 1 to 255 characters"));
        }
        let subject = match wanted.what {
            What::Domain => HoldSubject::Domain(value.to_lowercase()),
            What::Provider => HoldSubject::Provider(value),
            What::Account => HoldSubject::Account(value),
            What::Sender => HoldSubject::Sender(value.to_lowercase()),
            What::Tag => HoldSubject::Tag(value),
        };
        let rooms = &self.rooms;
        let rule = HoldRule::new(subject, &one_line(&wanted.reason), &by.name, rooms.clock.now());
        rooms.holds.add(&*rooms.store, &rule).await?;
        rooms.control.gate_changed();
        tracing::info!(target: "tegami::operator", by = &*by.name, reason = rule.reason, rule = rule.id, "hold");
        Ok(Rule::new(&rule))
    }

    /// Lifts a rule: what it held goes on by itself.
    pub(crate) async fn lift(&self, id: &str, by: &Visitor) -> Result<Rule, ApiError> {
        let rooms = &self.rooms;
        let lifted = rooms.holds.lift(&*rooms.store, id).await?;
        let rule = lifted.ok_or_else(|| ApiError::NotFound("There is no such rule".to_owned()))?;
        rooms.control.gate_changed();
        tracing::info!(target: "tegami::operator", by = &*by.name, rule = rule.id, "release");
        Ok(Rule::new(&rule))
    }
}

/// The rules in force.
#[utoipa::path(get, path = "/api/holds", tag = "queue", responses((status = 200, body = Rules), Usual))]
async fn holds(State(house): State<Shared>) -> Result<Response, ApiError> {
    Ok(good(&Rules { holds: house.holds() }))
}

/// Holds what waits and what is still to come.
#[utoipa::path(post, path = "/api/holds", tag = "queue", request_body = Wanted, responses((status = 200, body = Rule), Changing))]
async fn hold(
    State(house): State<Shared>,
    by: Visitor,
    Body(wanted): Body<Wanted>,
) -> Result<Response, ApiError> {
    Ok(good(&house.hold(&wanted, &by).await?))
}

/// Lifts a rule, and gives it back.
#[utoipa::path(delete, path = "/api/holds/{id}", tag = "queue", params(("id" = String, Path, description = "The rule's `id`.")), responses((status = 200, body = Rule), Changing))]
async fn lift(
    State(house): State<Shared>,
    by: Visitor,
    Segments(id): Segments<String>,
) -> Result<Response, ApiError> {
    Ok(good(&house.lift(&id, &by).await?))
}
