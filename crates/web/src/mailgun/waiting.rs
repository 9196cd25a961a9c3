//! What waits to be sent: `/v3/domains/{domain}/sending_queues` and `/v3/{domain}/envelopes`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{delete, get};
use serde_json::{Value, json};
use tegami_mail::Domain;
use tegami_queue::{Act, HoldSubject, Operator, Order};
use tegami_store::QueueFilter;

use super::asked::Managed;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/domains/{domain}/sending_queues", get(show))
        .route("/v3/{domain}/envelopes", delete(purge))
}

/// Whether mail of the domain leaves at present. What is sent now and what is sent later waits in one queue, so both are told alike.
async fn show(State(house): State<Shared>, Managed(domain): Managed) -> Result<Response, ApiError> {
    let why = house.why_nothing_leaves(&domain).await?;
    // Nobody knows until when.
    let disabled = json!({"until": "", "reason": why.clone().unwrap_or_default()});
    let queue: Value = json!({"is_disabled": why.is_some(), "disabled": disabled});
    Ok(ok(json!({"regular": queue, "scheduled": queue})))
}

/// Takes everything of the domain out of the queue. Senders are told nothing: they asked for it.
async fn purge(State(house): State<Shared>, Managed(domain): Managed) -> Result<Response, ApiError> {
    let rooms = &house.rooms;
    let operator =
        Operator { store: &*rooms.store, intake: &rooms.intake, control: &rooms.control, node: &rooms.node };
    let filter = QueueFilter { sender_domain: Some(domain.to_string()), ..QueueFilter::default() };
    let order = Order { act: Act::Drop { bounce: false }, by: "the API".to_owned(), reason: String::new() };
    let recipients = operator.act(&filter, &order, rooms.clock.now()).await?;
    operator.tell(&order, recipients);
    Ok(ok(json!({"message": "done"})))
}

impl House {
    async fn why_nothing_leaves(&self, domain: &Domain) -> Result<Option<String>, ApiError> {
        let ours = self.rooms.domains.find(domain).await?;
        if let Some(why) = ours.and_then(|ours| ours.refusal()) {
            return Ok(Some(why.to_owned()));
        }
        if self.rooms.control.is_paused() {
            return Ok(Some("delivery is paused".to_owned()));
        }
        let rules = self.rooms.holds.rules();
        let of_domain = |subject: &HoldSubject| match subject {
            HoldSubject::Sender(held) => held.eq_ignore_ascii_case(domain.as_str()),
            _ => false,
        };
        let held = rules.iter().find(|rule| of_domain(&rule.subject));
        Ok(held.map(|rule| if rule.reason.is_empty() { "held".to_owned() } else { rule.reason.clone() }))
    }
}
