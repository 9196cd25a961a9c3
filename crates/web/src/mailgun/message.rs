//! `POST /v3/{domain}/messages`.

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::json;

use super::auth::Sender;
use super::compose::{compose, new_message_id};
use super::form::Form;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Takes a message in pieces.
pub(crate) async fn send(
    State(house): State<Shared>,
    Segments(domain): Segments<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let sender = house.sender(request.headers(), &domain).await?;
    let form = Form::read(request, house.settings.max_request).await?;
    let message = Parameters::read(&form)?;
    // Attachments were copied out; the request's own memory goes before the content is composed.
    drop(form);
    if message.options.recipient_variables.is_some() {
        return Err(no_batch());
    }
    let id = house.send(&sender, message).await?;
    Ok(queued(&id))
}

/// What success looks like; some clients know it by the first word.
pub(crate) fn queued(message_id: &str) -> Response {
    ok(json!({"id": format!("<{message_id}>"), "message": "Queued. Thank you."}))
}

pub(crate) fn no_batch() -> ApiError {
    ApiError::bad("recipient-variables: sending one message to each recipient is not served here")
}

impl House {
    async fn send(&self, sender: &Sender, message: Parameters) -> Result<String, ApiError> {
        let now = self.rooms.clock.now();
        let message_id = message.message_id.clone().unwrap_or_else(|| new_message_id(&sender.domain, now));
        let authors = message.from.iter().map(|author| author.address.clone()).collect();
        let recipients = message.recipients().into_iter().map(|to| to.address.clone()).collect();
        let options = message.options.clone();
        let content = compose(message, &message_id, now)?;
        self.submit(sender, Parcel { authors, recipients, content, options }).await?;
        Ok(message_id)
    }
}
