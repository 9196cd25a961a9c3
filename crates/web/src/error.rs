//! Why a request is not answered as it wished.

use axum::Json;
use axum::extract::OriginalUri;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;
use tegami_queue::{AuthError, Fault, IntakeError};
use tegami_store::StoreError;

use crate::refused::Said;

/// What the client is told; the text is English, as programs read it. 4xx is the client's fault and the same request fails again; 5xx is
/// ours, and the same request may succeed later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// No key, an unknown one, or one without rights here: clients know it by this one word.
    #[error("Forbidden")]
    Unauthorized,
    /// A parameter is missing or wrong.
    #[error("{0}")]
    BadRequest(String),
    /// The key is right, but this is not allowed.
    #[error("{0}")]
    NotAllowed(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The request is larger than this many octets.
    #[error("request size exceeds {} limit", mebibytes(*.0))]
    TooLarge(u64),
    /// Too much came from there.
    #[error("{message}")]
    TooManyRequests {
        /// Of what.
        message: String,
        /// When to come again.
        until: Timestamp,
        /// The same, in seconds from now.
        seconds: u64,
    },
    /// The message is not accepted.
    #[error("{message}")]
    NotAccepted {
        /// HTTP status.
        status: u16,
        /// Why.
        message: String,
    },
    /// Our fault; the cause went to the log.
    #[error("Internal Server Error")]
    Internal,
}

impl ApiError {
    /// A wrong parameter.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::BadRequest(message.into())
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotAllowed(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotAccepted { status, .. } => {
                StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let message = self.to_string();
        let said = Said(message.clone());
        let mut response = match self {
            Self::Unauthorized => {
                let fields = [
                    (header::CONTENT_TYPE, "text/plain"),
                    (header::WWW_AUTHENTICATE, "Basic realm=\"Tegami\", charset=\"UTF-8\""),
                ];
                (status, fields, message).into_response()
            }
            // One client reads `Error`, the others `message`.
            _ if status == StatusCode::FORBIDDEN => {
                answer(status, &json!({"message": message, "Error": "Forbidden"}))
            }
            Self::TooManyRequests { seconds, until, .. } => {
                let body = answer(status, &json!({"message": message, "retry-seconds": seconds}));
                let fields = [
                    (header::RETRY_AFTER, seconds.to_string()),
                    (HeaderName::from_static("x-ratelimit-reset"), until.as_second().to_string()),
                ];
                (fields, body).into_response()
            }
            _ => answer(status, &json!({"message": message})),
        };
        response.extensions_mut().insert(said);
        response
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        let status = error.http_status();
        let message = match (error.fault(), &error) {
            (Fault::Submitter, _) => error.to_string(),
            (Fault::Ours, IntakeError::Store(StoreError::Full(_))) => {
                "the disk is full, nothing was accepted, try again later".to_owned()
            }
            (Fault::Ours, _) => {
                tracing::error!(%error, "a message was not accepted");
                "the message could not be kept, nothing was accepted, try again later".to_owned()
            }
        };
        Self::NotAccepted { status, message }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Refused | AuthError::OutOfScope => Self::Unauthorized,
            AuthError::Unavailable(error) => {
                tracing::error!(error, "authentication is not possible");
                Self::Internal
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::NotFound("Message not found".to_owned()),
            StoreError::Full(_) => {
                let message = "the disk is full, nothing was changed, try again later".to_owned();
                Self::NotAccepted { status: 507, message }
            }
            error => {
                tracing::error!(%error, "the store failed");
                Self::Internal
            }
        }
    }
}

/// A JSON answer. It is for this client and this moment alone.
pub(crate) fn answer(status: StatusCode, value: &serde_json::Value) -> Response {
    let fields = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, fields, Json(value).into_response().into_body()).into_response()
}

/// A JSON answer that all is well.
#[allow(clippy::needless_pass_by_value, reason = "callers make the value in place")]
pub(crate) fn ok(value: serde_json::Value) -> Response {
    answer(StatusCode::OK, &value)
}

/// A JSON answer that all is well.
pub(crate) fn good(value: &impl serde::Serialize) -> Response {
    match serde_json::to_value(value) {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            ApiError::Internal.into_response()
        }
    }
}

/// For paths of our own API that know other methods (RFC 9110 section 15.5.6); axum adds the field Allow.
pub(crate) async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let message = format!("{method} is not among the methods of {}", uri.path());
    answer(StatusCode::METHOD_NOT_ALLOWED, &json!({"message": message}))
}

/// For every path and method that nobody serves.
pub(crate) async fn not_served(method: Method, OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::NotFound(format!("{method} {} is not served here", uri.path()))
}

/// `52.4MiB`.
fn mebibytes(octets: u64) -> String {
    let tenths = octets.saturating_mul(10) / (1 << 20);
    format!("{}.{}MiB", tenths / 10, tenths % 10)
}
