//! Who reads: the language, where on the site, and whether a whole page or only its changing part is asked for.

use std::convert::Infallible;
use std::fmt::Display;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use tegami_mail::StoredNote;
use tegami_store::StoreError;
use tegami_words::Language;

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
                || ["/messages/", "/visits/", "/refusals/"].iter().any(|start| self.path.starts_with(start));
        }
        self.path.starts_with(path)
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
        Trouble { reader: self.clone(), status, id }
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

/// A page that cannot be shown.
#[derive(Debug)]
pub(crate) struct Trouble {
    reader: Reader,
    status: StatusCode,
    id: &'static str,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    reader: &'a Reader,
    sentence: String,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let page = TroublePage { reader: &self.reader, sentence: self.reader.say(self.id) };
        self.reader.rendered(self.status, page.render())
    }
}
