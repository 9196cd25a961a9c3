//! Providers: what waits for each, how fast mail goes there, and why it goes slower at times.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use tegami_queue::HoldSubject;
use tegami_queue::gate::Gate as _;
use tegami_queue::shaping::{Change, Limits, PathView};
use tegami_store::{QueueColumn, QueueFilter, RecipientState, StoreError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::Usual;
use super::hold::Rule;
use crate::error::{ApiError, good};
use crate::house::{House, Shared};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(providers))
}

/// A provider, or a domain that is nobody's: mail for all its domains is shaped together.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Provider {
    /// Its name here: what filters and holds ask for.
    pub(crate) place: String,
    /// What people call it.
    pub(crate) title: String,
    /// Recipients that wait for their next attempt.
    pub(crate) waiting: u64,
    /// Recipients that wait for a person.
    pub(crate) held: u64,
    /// When the oldest of them was accepted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) oldest: Option<Timestamp>,
    /// When the first of them is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) due: Option<Timestamp>,
    /// The standing rule that holds all its mail.
    pub(crate) hold: Option<Rule>,
    /// From each of our addresses.
    pub(crate) paths: Vec<Path>,
}

/// How mail goes from one of our addresses to a provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Path {
    /// Our address, by its name.
    pub(crate) source: String,
    /// The limits in force: `connections`, `messages_per_connection`, `recipients`, `per_minute`, `per_hour`.
    #[schema(value_type = Object)]
    pub(crate) limits: Limits,
    /// The share of the usual limits in use, in thousandths.
    pub(crate) share: u16,
    /// Nothing goes before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) paused_until: Option<Timestamp>,
    /// What led to the present pace: `at`, `share`, `until`, `evidence` with `host` and `reply`.
    #[schema(value_type = Option<Object>)]
    pub(crate) reason: Option<Change>,
    /// The last changes, like `reason`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) changes: Vec<Change>,
    /// Messages under way.
    pub(crate) under_way: u32,
    /// Connections open.
    pub(crate) open: u32,
    /// Messages in the last minute.
    pub(crate) last_minute: u32,
    /// Messages today (UTC).
    pub(crate) today: u32,
    /// Where our address becomes known: the day of the plan, and the room of that day.
    pub(crate) warm_up: Option<(usize, u32)>,
}

impl From<PathView> for Path {
    fn from(view: PathView) -> Self {
        Self {
            source: view.source,
            limits: view.limits,
            share: view.share,
            paused_until: view.paused_until,
            reason: view.reason,
            changes: view.changes,
            under_way: view.under_way,
            open: view.open,
            last_minute: view.last_minute,
            today: view.today,
            warm_up: view.warm_up,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Providers {
    /// Those with most mail first.
    providers: Vec<Provider>,
}

impl House {
    /// Every provider that mail waits for, that something is known of, or whose mail is held.
    pub(crate) async fn providers(&self) -> Result<Vec<Provider>, StoreError> {
        let mut providers: BTreeMap<String, Provider> = BTreeMap::new();
        let rooms = &self.rooms;
        for path in rooms.shaping.view(rooms.clock.now()) {
            providers.entry(path.place.clone()).or_default().paths.push(path.into());
        }
        for state in [RecipientState::Queued, RecipientState::Held] {
            let filter = QueueFilter { state: Some(state), ..QueueFilter::default() };
            for count in rooms.store.queue_counts(filter, QueueColumn::NextHop).await? {
                let provider = providers.entry(rooms.shaping.place(&count.value).to_string()).or_default();
                match state {
                    RecipientState::Held => provider.held += count.rows,
                    _ => {
                        provider.waiting += count.rows;
                        provider.due = provider.due.into_iter().chain([count.due]).min();
                    }
                }
                provider.oldest = provider.oldest.into_iter().chain([count.oldest]).min();
            }
        }
        for rule in rooms.holds.rules().iter() {
            if let HoldSubject::Provider(place) = &rule.subject {
                providers.entry(place.clone()).or_default().hold = Some(Rule::new(rule));
            }
        }
        for (place, provider) in &mut providers {
            provider.title = rooms.shaping.terms(place).0;
            provider.place.clone_from(place);
        }
        let mut providers: Vec<_> = providers.into_values().collect();
        providers.sort_by_key(|provider| std::cmp::Reverse(provider.waiting + provider.held));
        Ok(providers)
    }

    /// The next hops that wait for a provider at present.
    pub(crate) async fn next_hops(&self, place: &str) -> Result<Vec<String>, StoreError> {
        let counts = self.rooms.store.queue_counts(QueueFilter::default(), QueueColumn::NextHop).await?;
        let hops = counts.into_iter().map(|count| count.value);
        Ok(hops.filter(|hop| *self.rooms.shaping.place(hop) == *place).collect())
    }
}

/// Providers that mail waits for or that something is known of.
#[utoipa::path(get, path = "/api/providers", tag = "queue", responses((status = 200, body = Providers), Usual))]
async fn providers(State(house): State<Shared>) -> Result<Response, ApiError> {
    Ok(good(&Providers { providers: house.providers().await? }))
}
