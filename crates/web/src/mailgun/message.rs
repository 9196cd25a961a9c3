//! `POST /v3/{domain}/messages`.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use super::auth::Sender;
use super::batch::{Copies, Copy};
use super::compose::{compose, new_message_id};
use super::filler::Filler;
use super::form::Form;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::idempotency::{self, Before, Fingerprint, Ticket};
use crate::segments::Segments;

/// Contents up to this many octets are composed in place.
const QUICK: usize = 64 << 10;
/// All copies of a message together, in octets.
const MOST_OCTETS: usize = 256 << 20;

/// Takes a message in pieces.
pub(crate) async fn send(
    State(house): State<Shared>,
    Segments(domain): Segments<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let sender = house.sender(request.headers(), &domain).await?;
    let _room = house.room_for(request.headers(), house.settings.max_request).await?;
    let key = idempotency::key_of(request.headers())?;
    let form = Form::read(request, house.settings.max_request).await?;
    let message = Parameters::read(&form)?;
    let filler = house.filler(&sender.domain, &message.options.template).await?;
    let ticket = match house.once(&sender, key, "messages", &form).await? {
        Before::Answered(id) => return Ok(queued_before(&id)),
        Before::Never(ticket) => ticket,
    };
    // Attachments were copied out; the request's own memory goes before the content is composed.
    drop(form);
    let id = house.send(&sender, message, filler, ticket.as_ref()).await?;
    Ok(queued(&id))
}

/// What success looks like; some clients know it by the first word.
pub(crate) fn queued(message_id: &str) -> Response {
    ok(json!({"id": format!("<{message_id}>"), "message": "Queued. Thank you."}))
}

/// The same for a request that was made before.
pub(crate) fn queued_before(message_id: &str) -> Response {
    let mut response = queued(message_id);
    let replayed = HeaderName::from_static("idempotency-replayed");
    response.headers_mut().insert(replayed, HeaderValue::from_static("true"));
    response
}

impl House {
    /// Whether a request of this kind was made before, where the client numbers its requests.
    pub(crate) async fn once(
        &self,
        sender: &Sender,
        key: Option<String>,
        kind: &str,
        form: &Form,
    ) -> Result<Before, ApiError> {
        let Some(key) = key else { return Ok(Before::Never(None)) };
        let mut fingerprint = Fingerprint::new(kind);
        for part in form.parts() {
            fingerprint.add(part.name.as_bytes());
            fingerprint.add(part.filename.as_deref().unwrap_or_default().as_bytes());
            fingerprint.add(&part.content);
        }
        let scope = (sender.key(), sender.domain.as_str());
        Ok(idempotency::look(&self.rooms, scope, &key, fingerprint).await?)
    }

    /// Composes and submits. All copies of a message have one Message-ID.
    async fn send(
        &self,
        sender: &Sender,
        message: Parameters,
        filler: Option<Filler>,
        ticket: Option<&Ticket>,
    ) -> Result<String, ApiError> {
        let now = self.rooms.clock.now();
        let message_id = message.message_id.clone().unwrap_or_else(|| new_message_id(&sender.domain, now));
        let id = message_id.clone();
        let size = if filler.is_some() { usize::MAX } else { message.size() };
        let mut parcels = work(size, move || parcels(message, filler, &id, now)).await?;
        if let (Some(first), Some(ticket)) = (parcels.first_mut(), ticket) {
            first.tables.push(ticket.change(&message_id, now));
        }
        self.submit_all(sender, parcels).await?;
        Ok(message_id)
    }
}

/// The copies of a message, ready to be submitted.
pub(crate) fn parcels(
    message: Parameters,
    filler: Option<Filler>,
    message_id: &str,
    now: Timestamp,
) -> Result<Vec<Parcel>, ApiError> {
    let mut parcels = Parcels::default();
    for copy in Copies::of(message, filler) {
        let Copy { message, recipients } = copy?;
        let authors = message.from.iter().map(|author| author.address.clone()).collect();
        let options = message.options.clone();
        let content = compose(message, message_id, now)?;
        parcels.add(Parcel { authors, recipients, content, options, tables: Vec::new() })?;
    }
    Ok(parcels.all)
}

/// Copies that are to be submitted together.
#[derive(Default)]
pub(crate) struct Parcels {
    pub(crate) all: Vec<Parcel>,
    octets: usize,
}

impl Parcels {
    /// Refuses what would fill the memory.
    pub(crate) fn add(&mut self, parcel: Parcel) -> Result<(), ApiError> {
        self.octets += parcel.content.len();
        if self.octets > MOST_OCTETS && !self.all.is_empty() {
            let message = format!(
                "the copies of this message have more than {MOST_OCTETS} octets altogether; send to fewer recipients at once"
            );
            return Err(ApiError::NotAccepted { status: 413, message });
        }
        self.all.push(parcel);
        Ok(())
    }
}

/// Composing is done in place where it is quick, else where it keeps no other request waiting.
pub(crate) async fn work<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if size <= QUICK {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "composing failed");
        ApiError::Internal
    })?
}
