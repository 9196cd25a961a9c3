//! Small pages for people who got mail from us: a few sentences, perhaps a button. They need nothing but themselves, run no script, and work in
//! whatever browser a mail program opens.

use std::sync::OnceLock;

use askama::Template;
use aws_lc_rs::digest;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tegami_words::Language;

pub(crate) const STYLE: &str = "body{font:1.0625rem/1.6 system-ui,sans-serif;margin:0;color:#1b1b1f;background:#f6f6f8}\
main{max-width:34rem;margin:12vh auto 0;padding:2rem;background:#fff;border-radius:.75rem;overflow-wrap:anywhere}\
h1{font-size:1.4rem;margin:0 0 1rem}button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;color:#fff;background:#1f4fbf}\
button:focus-visible,a:focus-visible{outline:3px solid #e08b00;outline-offset:2px}.other{font-size:.9rem;margin:2rem 0 0}\
input,textarea{font:inherit;box-sizing:border-box;width:100%;padding:.5rem;border:1px solid #8a8a94;border-radius:.4rem;color:inherit;background:transparent}\
dt{font-size:.9rem;margin:1rem 0 0}dd{margin:0;white-space:pre-wrap}.trap{position:absolute;left:-200vw}\
@media(prefers-color-scheme:dark){body{color:#ececf1;background:#131316}main{background:#1f1f24}a{color:#9db8ff}}";

/// What a page says.
#[derive(Template)]
#[template(path = "public.html")]
struct Whole<'a> {
    language: &'static str,
    title: &'a str,
    sentences: &'a [String],
    button: Option<&'a str>,
    style: &'static str,
    /// The other language, by its tag and its own name.
    other: (&'static str, &'static str),
}

/// A page that is to be written.
pub(crate) struct Page<'a> {
    pub(crate) status: StatusCode,
    pub(crate) language: Language,
    pub(crate) title: &'a str,
    pub(crate) sentences: &'a [String],
    /// What the button says that sends a POST to the page itself.
    pub(crate) button: Option<&'a str>,
}

/// Nothing from anywhere: the one style sheet is known by its hash. Browsers look at `form-action` also where an answer to a form leads on.
fn policy(leads_to: Option<&str>) -> HeaderValue {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes())));
    // A semicolon or comma would begin another directive or policy.
    let leads_to = leads_to.filter(|url| !url.contains([';', ',', ' '])).unwrap_or_default();
    let text = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self' {leads_to}; frame-ancestors 'none'"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// A page that was written, with what browsers shall keep to.
pub(crate) fn finished(
    status: StatusCode,
    language: Language,
    text: Result<String, askama::Error>,
    leads_to: Option<&str>,
) -> Response {
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let fields = [
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag())),
        (header::CONTENT_SECURITY_POLICY, policy(leads_to)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // With `no-referrer` browsers would not say to us either that our own form was sent from our own page.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Accept-Language")),
        (header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (status, fields, Html(text)).into_response()
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let other = match self.language {
            Language::English => ("ja", "日本語"),
            Language::Japanese => ("en", "English"),
        };
        let whole = Whole {
            language: self.language.tag(),
            title: self.title,
            sentences: self.sentences,
            button: self.button,
            style: STYLE,
            other,
        };
        finished(self.status, self.language, whole.render(), None)
    }
}
