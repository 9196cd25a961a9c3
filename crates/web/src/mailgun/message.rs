//! `POST /v3/{domain}/messages`.

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use super::auth::Sender;
use super::batch::{self, Copy};
use super::compose::{compose, new_message_id};
use super::form::Form;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
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
    let _room = house.room_for(request.headers()).await?;
    let form = Form::read(request, house.settings.max_request).await?;
    let message = Parameters::read(&form)?;
    // Attachments were copied out; the request's own memory goes before the content is composed.
    drop(form);
    let id = house.send(&sender, message).await?;
    Ok(queued(&id))
}

/// What success looks like; some clients know it by the first word.
pub(crate) fn queued(message_id: &str) -> Response {
    ok(json!({"id": format!("<{message_id}>"), "message": "Queued. Thank you."}))
}

impl House {
    /// Composes and submits. All copies of a message have one Message-ID.
    async fn send(&self, sender: &Sender, message: Parameters) -> Result<String, ApiError> {
        let now = self.rooms.clock.now();
        let message_id = message.message_id.clone().unwrap_or_else(|| new_message_id(&sender.domain, now));
        let id = message_id.clone();
        let mut parcels = work(message.size(), move || parcels(message, &id, now)).await?;
        match (parcels.len(), parcels.pop()) {
            (1, Some(only)) => self.submit(sender, only).await.map(|_| ())?,
            (_, last) => {
                parcels.extend(last);
                self.submit_all(sender, parcels).await?;
            }
        }
        Ok(message_id)
    }
}

fn parcels(message: Parameters, message_id: &str, now: Timestamp) -> Result<Vec<Parcel>, ApiError> {
    let copies = match message.options.recipient_variables {
        Some(_) => batch::Copies::of(message),
        None => batch::Copies::one(message),
    };
    let (mut parcels, mut total) = (Vec::new(), 0_usize);
    for copy in copies {
        let Copy { message, recipients } = copy?;
        let authors = message.from.iter().map(|author| author.address.clone()).collect();
        let options = message.options.clone();
        let content = compose(message, message_id, now)?;
        total += content.len();
        if total > MOST_OCTETS && !parcels.is_empty() {
            let message = format!(
                "the copies of this message have more than {MOST_OCTETS} octets altogether; send to fewer recipients at once"
            );
            return Err(ApiError::NotAccepted { status: 413, message });
        }
        parcels.push(Parcel { authors, recipients, content, options });
    }
    Ok(parcels)
}

/// Composing is done in place where it is quick, else where it keeps no other request waiting.
async fn work<T: Send + 'static>(
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
