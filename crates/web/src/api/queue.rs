//! The queue: who waits, and what people do about it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tegami_queue::{Act, Operator, Order};
use tegami_store::{Priority, QueueFilter, QueueId, QueueRow, RecipientState, RowId, StoreError};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Told};
use super::input::{Asked, Body};
use super::limited;
use super::message::{Message, Recipient};
use crate::error::{ApiError, good};
use crate::gate::Visitor;
use crate::house::{House, Shared};

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(queue)).routes(routes!(act))
}

/// Which waiting recipients. What is left out restricts nothing.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// `queued` or `held`.
    #[schema(value_type = Option<String>)]
    #[param(value_type = Option<String>)]
    pub(crate) state: Option<RecipientState>,
    /// Of this message.
    #[schema(value_type = Option<String>)]
    #[param(value_type = Option<String>)]
    pub(crate) message: Option<QueueId>,
    /// This recipient.
    pub(crate) to: Option<String>,
    /// The recipient's domain.
    pub(crate) domain: Option<String>,
    /// The recipients of this provider (the place of `/api/providers`).
    pub(crate) provider: Option<String>,
    /// Of this account or API key.
    pub(crate) account: Option<String>,
    /// Of this sending domain.
    pub(crate) sender_domain: Option<String>,
    /// With this tag.
    pub(crate) tag: Option<String>,
    /// `transactional`, `normal` or `bulk`.
    #[schema(value_type = Option<String>)]
    #[param(value_type = Option<String>)]
    pub(crate) priority: Option<Priority>,
    /// The last reply or failure contains these words.
    pub(crate) status: Option<String>,
}

impl Filter {
    fn is_open(&self) -> bool {
        let texts = [
            &self.to,
            &self.domain,
            &self.provider,
            &self.account,
            &self.sender_domain,
            &self.tag,
            &self.status,
        ];
        texts.iter().all(|text| text.is_none())
            && self.state.is_none()
            && self.message.is_none()
            && self.priority.is_none()
    }
}

/// Where a page begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Page {
    /// After this message's place `recipient` in the queue.
    #[param(value_type = Option<String>)]
    after: Option<QueueId>,
    /// See `after`.
    recipient: Option<u32>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    limit: Option<u32>,
}

/// A recipient who waits, with the message.
#[derive(Serialize, ToSchema)]
struct Waiting {
    #[serde(flatten)]
    recipient: Recipient,
    message: Option<Message>,
}

/// Where the following page begins.
#[derive(Serialize, ToSchema)]
struct Next {
    #[schema(value_type = String)]
    after: QueueId,
    recipient: u32,
}

/// A page of the queue.
#[derive(Serialize, ToSchema)]
struct Queue {
    queue: Vec<Waiting>,
    /// `null` where there is none.
    next: Option<Next>,
}

/// What is done to waiting recipients.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Wish {
    /// `hold` (wait for a person), `release` (held ones go on), `retry` (at once), `reroute` (to `next_hop`), `drop` (never), `bounce` (never, and
    /// the senders are told).
    pub(crate) act: Deed,
    /// To whom; an empty one needs `all`.
    #[serde(default)]
    #[schema(inline)]
    pub(crate) filter: Filter,
    /// That everybody is meant.
    #[serde(default)]
    pub(crate) all: bool,
    /// Why, for the record.
    #[serde(default)]
    pub(crate) reason: String,
    /// Where to, for `reroute`.
    #[serde(default)]
    pub(crate) next_hop: Option<String>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    Hold,
    Release,
    Retry,
    Reroute,
    Drop,
    Bounce,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct Done {
    /// Recipients that were changed.
    changed: usize,
}

impl House {
    /// The filter as the store knows it. A provider is the next hops that wait for it at present; `None`: nobody can fit.
    pub(crate) async fn rows_of(&self, filter: &Filter) -> Result<Option<QueueFilter>, StoreError> {
        let mut wanted = QueueFilter {
            state: filter.state,
            message: filter.message,
            recipient: filter.to.clone(),
            domains: filter.domain.clone().into_iter().collect(),
            account: filter.account.clone(),
            sender_domain: filter.sender_domain.clone(),
            tag: filter.tag.clone(),
            priority: filter.priority,
            status: filter.status.clone(),
            ..QueueFilter::default()
        };
        if let Some(provider) = &filter.provider {
            wanted.next_hops = self.next_hops(provider).await?;
            if wanted.next_hops.is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(wanted))
    }

    /// Recipients that wait and fit, the next one first, each with its message where that is still known.
    pub(crate) async fn waiting(
        &self,
        filter: &Filter,
        after: Option<RowId>,
        limit: usize,
    ) -> Result<Vec<(QueueRow, Option<tegami_store::MessageRow>)>, StoreError> {
        let Some(filter) = self.rows_of(filter).await? else { return Ok(Vec::new()) };
        let rows = self.rooms.store.queue(filter, after, limit).await?;
        let mut messages = BTreeMap::new();
        for row in &rows {
            if let Entry::Vacant(place) = messages.entry(row.id.message) {
                place.insert(match self.rooms.store.message(row.id.message).await {
                    Ok(message) => Some(message),
                    Err(StoreError::NotFound(_)) => None,
                    Err(error) => return Err(error),
                });
            }
        }
        let with_message = |row: QueueRow| {
            let message = messages.get(&row.id.message).cloned().flatten();
            (row, message)
        };
        Ok(rows.into_iter().map(with_message).collect())
    }

    /// Does what somebody wishes, and tells how many recipients it changed.
    pub(crate) async fn operate(&self, wish: &Wish, by: &Visitor) -> Result<usize, ApiError> {
        if wish.filter.is_open() && !wish.all {
            return Err(ApiError::bad("the filter is empty: say `\"all\": true` where everybody is meant"));
        }
        let next_hop = wish.next_hop.as_deref().map(str::trim).filter(|hop| !hop.is_empty());
        let act = match wish.act {
            Deed::Hold => Act::Hold,
            Deed::Release => Act::Release,
            Deed::Retry => Act::Retry,
            Deed::Drop => Act::Drop { bounce: false },
            Deed::Bounce => Act::Drop { bounce: true },
            Deed::Reroute => {
                let next_hop = next_hop.ok_or_else(|| ApiError::bad("`reroute` needs `next_hop`"))?;
                let domain = tegami_mail::Domain::parse(next_hop);
                let domain = domain.map_err(|error| ApiError::bad(format!("next_hop: {error}")))?;
                Act::Reroute { next_hop: domain.to_string() }
            }
        };
        let order = Order { act, by: by.name.to_string(), reason: one_line(&wish.reason) };
        let Some(filter) = self.rows_of(&wish.filter).await? else { return Ok(0) };
        let rooms = &self.rooms;
        let operator = Operator {
            store: &*rooms.store,
            intake: &rooms.intake,
            control: &rooms.control,
            node: &rooms.node,
        };
        let changed = operator.act(&filter, &order, rooms.clock.now()).await?;
        operator.tell(&order, changed);
        Ok(changed)
    }
}

/// A reason as it stands in a line of the log.
pub(super) fn one_line(reason: &str) -> String {
    let parts = reason.split(|letter: char| letter.is_control() || letter == ' ' || turns(letter));
    let line = parts.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.get(..line.floor_char_boundary(500)).unwrap_or_default().to_owned()
}

/// Whether a character turns the direction of writing (Unicode UAX 9 section 2): in a line that others read it only deceives.
pub(crate) fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// Recipients that wait, the next one first.
#[utoipa::path(get, path = "/api/queue", tag = "queue", params(Filter, Page), responses((status = 200, body = Queue), Told))]
async fn queue(
    State(house): State<Shared>,
    Asked(filter): Asked<Filter>,
    Asked(page): Asked<Page>,
) -> Result<Response, ApiError> {
    let after = page.after.map(|message| RowId { message, recipient: page.recipient.unwrap_or_default() });
    let limit = limited(page.limit);
    let found = house.waiting(&filter, after, limit).await?;
    let next = found.last().filter(|_| found.len() >= limit);
    let next = next.map(|(row, _)| Next { after: row.id.message, recipient: row.id.recipient });
    let queue = found.into_iter().map(|(row, message)| Waiting {
        recipient: Recipient::new(&row),
        message: message.map(|message| Message::new(message, &[row])),
    });
    Ok(good(&Queue { queue: queue.collect(), next }))
}

/// Does something to all waiting recipients that fit; doing it again does no harm.
#[utoipa::path(post, path = "/api/queue/act", tag = "queue", request_body = Wish, responses((status = 200, body = Done), Changing))]
async fn act(State(house): State<Shared>, by: Visitor, Body(wish): Body<Wish>) -> Result<Response, ApiError> {
    Ok(good(&Done { changed: house.operate(&wish, &by).await? }))
}
