//! The test inbox: mailboxes of this server, and what lies in them.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tegami_mail::Address;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Told, Usual};
use super::input::Asked;
use super::limited;
use super::message::Message;
use crate::error::{ApiError, good};
use crate::house::Shared;
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(owners)).routes(routes!(mailboxes)).routes(routes!(mailbox))
}

#[derive(Serialize, ToSchema)]
struct Owners {
    /// Whose mailboxes there are.
    #[schema(value_type = Vec<String>)]
    owners: Vec<Address>,
}

#[derive(Serialize, ToSchema)]
struct Mailboxes {
    owner: String,
    mailboxes: Vec<Mailbox>,
}

/// One mailbox.
#[derive(Serialize, ToSchema)]
struct Mailbox {
    /// `INBOX`, `Junk` …
    name: String,
    /// How many messages lie there.
    messages: u64,
}

#[derive(Serialize, ToSchema)]
struct Entries {
    owner: String,
    mailbox: String,
    messages: Vec<Entry>,
    /// `uid` of the following page; `null` where there is none.
    next: Option<u32>,
}

/// A message in a mailbox.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// Grows within its mailbox.
    uid: u32,
    /// Somebody has read it.
    seen: bool,
    message: Message,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Above this UID.
    uid: Option<u32>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    limit: Option<u32>,
}

fn address(text: &str) -> Result<Address, ApiError> {
    Address::parse(text).map_err(|error| ApiError::bad(error.to_string()))
}

/// Whose mailboxes there are.
#[utoipa::path(get, path = "/api/mailboxes", tag = "mailboxes", responses((status = 200, body = Owners), Usual))]
async fn owners(State(house): State<Shared>) -> Result<Response, ApiError> {
    let owners = tegami_queue::mailbox_owners(&*house.rooms.store).await?;
    Ok(good(&Owners { owners: owners.into_iter().collect() }))
}

/// An owner's mailboxes.
#[utoipa::path(get, path = "/api/mailboxes/{owner}", tag = "mailboxes", params(("owner" = String, Path, description = "An address.")), responses((status = 200, body = Mailboxes), Told))]
async fn mailboxes(
    State(house): State<Shared>,
    Segments(owner): Segments<String>,
) -> Result<Response, ApiError> {
    let found = house.rooms.store.mailboxes(&address(&owner)?).await?;
    let mailboxes = found.into_iter().map(|(name, messages)| Mailbox { name, messages }).collect();
    Ok(good(&Mailboxes { owner, mailboxes }))
}

/// Messages of a mailbox, by UID.
#[utoipa::path(get, path = "/api/mailboxes/{owner}/{mailbox}", tag = "mailboxes", params(("owner" = String, Path, description = "An address."), ("mailbox" = String, Path, description = "`INBOX`, `Junk` …"), Page), responses((status = 200, body = Entries), Told))]
async fn mailbox(
    State(house): State<Shared>,
    Segments((owner, mailbox)): Segments<(String, String)>,
    Asked(page): Asked<Page>,
) -> Result<Response, ApiError> {
    let limit = limited(page.limit);
    let after = page.uid.unwrap_or_default();
    let found = house.rooms.store.mailbox(&address(&owner)?, &mailbox, after, limit).await?;
    let next = found.last().filter(|_| found.len() >= limit).map(|entry| entry.uid);
    let mut messages = Vec::with_capacity(found.len());
    for entry in found {
        let recipients = house.rooms.store.recipients(entry.message.id).await?;
        let message = Message::new(entry.message, &recipients);
        messages.push(Entry { uid: entry.uid, seen: entry.flags.seen, message });
    }
    Ok(good(&Entries { owner, mailbox, messages, next }))
}
