//! Who reads: the language, where on the site, and whether a whole page or only its changing part is asked for.

use std::convert::Infallible;
use std::fmt::Display;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use tegami_mail::StoredNote;
use tegami_store::StoreError;
use tegami_words::Language;

use super::show::visible;
use crate::error::ApiError;
use crate::gate::{Proof, Visitor};
use crate::people::Role;

/// A reader of one page.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) language: Language,
    path: String,
    /// The query without `lang`.
    query: String,
    part: bool,
    /// Who was let in; nobody on the page for signing in.
    visitor: Option<Visitor>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let field =
            |name| parts.headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let cookie = field(header::COOKIE).and_then(|cookies| {
            let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(name, _)| *name == "lang").and_then(|(_, value)| value.parse().ok())
        });
        let wished = || field(header::ACCEPT_LANGUAGE).map(Language::from_accept_language);
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs(&parts.uri).filter(|(name, _)| name != "lang") {
            query.append_pair(&name, &value);
        }
        Ok(Self {
            language: Self::chosen(&parts.uri).or(cookie).or_else(wished).unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            query: query.finish(),
            part: parts.headers.contains_key("tegami-part"),
            visitor: parts.extensions.get::<Visitor>().cloned(),
        })
    }
}

fn pairs(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
}

impl Reader {
    /// The language that the query chooses.
    pub(crate) fn chosen(uri: &Uri) -> Option<Language> {
        pairs(uri).find(|(name, _)| name == "lang").and_then(|(_, value)| value.parse().ok())
    }

    /// Whether somebody was let in, so that there is something to go to.
    pub(crate) fn is_let_in(&self) -> bool {
        self.visitor.is_some()
    }

    /// Who signed in.
    pub(crate) fn signed_in(&self) -> Option<&str> {
        let visitor = self.visitor.as_ref().filter(|visitor| visitor.proof == Proof::Session);
        visitor.map(|visitor| &*visitor.name)
    }

    /// Whether the reader may change something; who may not is shown no forms.
    pub(crate) fn may_act(&self) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.role == Role::Admin)
    }

    /// The pages there are, in the order of the navigation.
    pub(crate) fn places(&self) -> Vec<Place> {
        let place =
            |(path, id): (&'static str, &str)| Place { path, name: self.say(id), here: self.is_at(path) };
        PLACES.into_iter().map(place).collect()
    }

    /// What was done by the form that led here.
    pub(crate) fn said(&self) -> Option<String> {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        let (mut done, mut count) = (None, String::new());
        for (name, value) in pairs {
            match &*name {
                "done" => done = DONE.iter().find(|known| **known == value),
                "count" if value.bytes().all(|octet| octet.is_ascii_digit()) => count = value.into_owned(),
                _ => {}
            }
        }
        done.map(|done| self.say_with(&format!("page-done-{done}"), "count", &count))
    }

    /// What every form carries.
    pub(crate) fn csrf(&self) -> &str {
        self.visitor.as_ref().map_or("", |visitor| &visitor.csrf)
    }

    /// `en` or `ja`.
    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// The message `id`, which has no variables.
    pub(crate) fn say(&self, id: &str) -> String {
        tegami_words::plain(self.language, id)
    }

    /// The message `id` with one variable.
    pub(crate) fn say_with(&self, id: &str, name: &str, value: &dyn Display) -> String {
        tegami_words::text(self.language, id, &[(name, value.to_string())])
    }

    /// A stored note in words.
    pub(crate) fn stored(&self, note: &StoredNote) -> String {
        tegami_words::text(self.language, &note.id, &note.values())
    }

    /// The same page in this language.
    pub(crate) fn here_in(&self, tag: &str) -> String {
        if self.query.is_empty() {
            format!("{}?lang={tag}", self.path)
        } else {
            format!("{}?{}&lang={tag}", self.path, self.query)
        }
    }

    /// `page` where the reader is on the page `path` or below it, for `aria-current`.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        if path == "/" {
            return self.path == "/"
                || ["/visits/", "/refusals/"].iter().any(|start| self.path.starts_with(start));
        }
        self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The whole page, or only the part that changes.
    pub(crate) fn answer(&self, whole: &impl Template, part: &impl Template) -> Response {
        self.rendered(StatusCode::OK, if self.part { part.render() } else { whole.render() })
    }

    pub(crate) fn rendered(&self, status: StatusCode, text: Result<String, askama::Error>) -> Response {
        match text {
            Ok(text) => (status, [(header::CONTENT_LANGUAGE, self.tag())], Html(text)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page cannot be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// There is no such thing.
    pub(crate) fn missing(&self) -> Trouble {
        self.trouble(StatusCode::NOT_FOUND, "web-trouble-missing")
    }

    /// A page that says what is wrong.
    pub(crate) fn trouble(&self, status: StatusCode, id: &'static str) -> Trouble {
        Trouble { reader: self.clone(), status, id, detail: String::new() }
    }

    /// What somebody wanted by a form cannot be; the API's own words say why.
    pub(crate) fn unless_refused<T>(&self, result: Result<T, impl Into<ApiError>>) -> Result<T, Trouble> {
        result.map_err(|error| {
            let error: ApiError = error.into();
            match error.status() {
                StatusCode::NOT_FOUND => self.missing(),
                status if status.is_server_error() => self.trouble(status, "web-trouble-store"),
                status => {
                    let detail = visible(&error.to_string());
                    Trouble { reader: self.clone(), status, id: "page-trouble-refused", detail }
                }
            }
        })
    }

    /// What the store gave; what it does not have becomes a page that says so.
    pub(crate) fn unless_missing<T>(&self, result: Result<T, StoreError>) -> Result<T, Trouble> {
        result.map_err(|error| match error {
            StoreError::NotFound(_) => self.missing(),
            error => {
                tracing::error!(%error, "a page cannot be read from the store");
                self.trouble(StatusCode::SERVICE_UNAVAILABLE, "web-trouble-store")
            }
        })
    }
}

/// The pages of the navigation.
const PLACES: [(&str, &str); 14] = [
    ("/", "web-nav-overview"),
    ("/messages", "page-nav-messages"),
    ("/queue", "web-nav-queue"),
    ("/mailboxes", "web-nav-mailboxes"),
    ("/domains", "page-nav-domains"),
    ("/check", "page-nav-check"),
    ("/tags", "page-nav-tags"),
    ("/suppressions", "page-nav-suppressions"),
    ("/lists", "page-nav-lists"),
    ("/routes", "page-nav-routes"),
    ("/webhooks", "page-nav-webhooks"),
    ("/templates", "page-nav-templates"),
    ("/keys", "page-nav-keys"),
    ("/users", "page-nav-users"),
];

/// What forms can have done: the ends of `page-done-…`.
const DONE: [&str; 10] = [
    "changed",
    "held",
    "lifted",
    "suppressed",
    "forgiven",
    "removed",
    "added",
    "password",
    "verified",
    "again",
];

/// A page of the navigation.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: &'static str,
    pub(crate) name: String,
    pub(crate) here: bool,
}

/// After a form: a page that says what was done.
pub(crate) fn done(path: &str, what: &str, count: usize) -> Response {
    Redirect::to(&format!("{path}?done={what}&count={count}")).into_response()
}

/// After a form that begins something: where one sees it.
pub(crate) fn led_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A page that cannot be shown.
#[derive(Debug)]
pub(crate) struct Trouble {
    reader: Reader,
    status: StatusCode,
    id: &'static str,
    /// Words of the API.
    detail: String,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    reader: &'a Reader,
    sentence: String,
    detail: &'a str,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let page =
            TroublePage { reader: &self.reader, sentence: self.reader.say(self.id), detail: &self.detail };
        self.reader.rendered(self.status, page.render())
    }
}
