//! What the OpenAPI document says beside what the handlers say.

use serde::Serialize;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

/// The document, without paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tegami",
        description = "What happens to the mail, and what people do about it. Programs authenticate by HTTP Basic with the user name `api` and an API key of \
                       account scope; people by the cookie of their session, together with the header field `Tegami-Csrf` where they change something. \
                       Sentences come in the language of `?lang=` (`en`, `ja`), else of Accept-Language."
    ),
    modifiers(&Security),
    security(("key" = []), ("session" = [])),
    components(schemas(Problem)),
)]
pub(super) struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(gate_cookie())));
        components.add_security_scheme("key", basic);
        components.add_security_scheme("session", cookie);
    }
}

fn gate_cookie() -> &'static str {
    crate::gate::COOKIE
}

/// Why a request was not answered as it wished.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// In English, for whoever reads logs.
    message: String,
}

/// What every endpoint may answer.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it is read by the document alone")]
pub(super) enum Usual {
    /// No key or session, an unknown one, or one without rights here. The body is plain text.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// The store cannot be read or written at present, or the disk is full.
    #[response(status = 500)]
    Ours(Problem),
}

/// What every endpoint may answer that is told something.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it is read by the document alone")]
pub(super) enum Told {
    /// The request cannot be understood.
    #[response(status = 400)]
    BadRequest(Problem),
    /// No key or session, an unknown one, or one without rights here. The body is plain text.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// The store cannot be read or written at present.
    #[response(status = 500)]
    Ours(Problem),
}

/// What every endpoint may answer that names one thing.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it is read by the document alone")]
pub(super) enum Named {
    /// The request cannot be understood.
    #[response(status = 400)]
    BadRequest(Problem),
    /// No key or session, an unknown one, or one without rights here. The body is plain text.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(Problem),
    /// The store cannot be read or written at present.
    #[response(status = 500)]
    Ours(Problem),
}

/// What every endpoint may answer that changes something.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "it is read by the document alone")]
pub(super) enum Changing {
    /// The request cannot be understood, or asks for something that cannot be.
    #[response(status = 400)]
    BadRequest(Problem),
    /// No key or session, an unknown one, or one without rights here. The body is plain text.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// The role may only look, or the request does not come from a page of this server.
    #[response(status = 403)]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(Problem),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(Problem),
    /// The store cannot be read or written at present.
    #[response(status = 500)]
    Ours(Problem),
    /// The disk is full; nothing was changed.
    #[response(status = 507)]
    Full(Problem),
}
