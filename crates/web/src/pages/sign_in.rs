//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::Hall;
use super::form::Fields;
use super::reader::{Reader, Trouble};
use super::show::Moment;
use crate::gate::{COOKIE, client, cookie};
use crate::people::{SignInError, chance, is_same};

/// The cookie that says that the form of signing in is ours.
const FORM: &str = "tegami-form";

#[derive(Template)]
#[template(path = "sign_in.html", blocks = ["live"])]
struct SignInPage<'a> {
    reader: &'a Reader,
    /// What the form carries.
    secret: String,
    /// Where to go afterwards.
    to: String,
    name: String,
    problem: Option<String>,
    /// Until when nobody may try from there.
    until: Option<Moment>,
    /// Nobody can sign in yet.
    nobody: bool,
}

/// Where people who want to see this page sign in first.
pub(crate) fn link(uri: &Uri) -> String {
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", wanted).finish();
    if wanted == "/" { "/sign-in".to_owned() } else { format!("/sign-in?{query}") }
}

/// The form.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    request: Request,
) -> Result<Response, Trouble> {
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to");
    let to = ours(to.as_ref().map_or("/", |(_, to)| to));
    if hall.house.admit(&parts).await.is_ok() {
        return Ok(Redirect::to(&to).into_response());
    }
    let nobody = reader.unless_missing(hall.house.rooms.people.list().await)?.is_empty();
    let page = SignInPage {
        reader: &reader,
        secret: String::new(),
        to,
        name: String::new(),
        problem: None,
        until: None,
        nobody,
    };
    hall.with_secret(&parts.headers, page, StatusCode::OK)
}

/// Looks at name and password.
pub(crate) async fn enter(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    request: Request,
) -> Result<Response, Trouble> {
    let (parts, body) = request.into_parts();
    let Ok(fields) = Fields::read(body).await else {
        return Err(reader.trouble(StatusCode::PAYLOAD_TOO_LARGE, "page-trouble-foreign"));
    };
    let secret = cookie(&parts.headers, FORM).unwrap_or_default();
    if !hall.house.is_from_here(&parts.headers) || !is_same(fields.one("csrf"), secret) {
        return Err(reader.trouble(StatusCode::FORBIDDEN, "page-trouble-foreign"));
    }
    let (name, to) = (fields.line("name"), ours(fields.one("to")));
    let found = hall.house.rooms.people.sign_in(client(&parts), name, fields.one("password")).await;
    let (status, problem, until) = match found {
        Ok(token) => {
            // The session ends on its own; the browser keeps the cookie as long as one may last.
            let cookie = hall.cookie(&parts.headers, COOKIE, &token, 14 * 24 * 3600);
            let forget = hall.cookie(&parts.headers, FORM, "", 0);
            return Ok((cookies(&[cookie, forget]), Redirect::to(&to)).into_response());
        }
        Err(SignInError::Refused) => (StatusCode::FORBIDDEN, "page-sign-in-refused", None),
        Err(SignInError::Banned(until)) => {
            (StatusCode::TOO_MANY_REQUESTS, "page-sign-in-banned", Some(Moment::new(until)))
        }
        Err(SignInError::Unavailable(error)) => {
            tracing::error!(error, "nobody can sign in");
            return Err(reader.trouble(StatusCode::SERVICE_UNAVAILABLE, "web-trouble-store"));
        }
    };
    let page = SignInPage {
        reader: &reader,
        secret: String::new(),
        to,
        name: name.to_owned(),
        problem: Some(reader.say(problem)),
        until,
        nobody: false,
    };
    hall.with_secret(&parts.headers, page, status)
}

/// Ends the session.
pub(crate) async fn leave(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    request: Request,
) -> Result<Response, Trouble> {
    let (parts, body) = request.into_parts();
    let fields = Fields::read(body).await.unwrap_or_default();
    let token = cookie(&parts.headers, COOKIE).unwrap_or_default();
    let people = &hall.house.rooms.people;
    if let Some((_, session)) = reader.unless_missing(people.whose(token).await)? {
        if !hall.house.is_from_here(&parts.headers) || !is_same(fields.one("csrf"), &session.csrf) {
            return Err(reader.trouble(StatusCode::FORBIDDEN, "page-trouble-foreign"));
        }
        reader.unless_missing(people.sign_out(token).await)?;
    }
    let forget = hall.cookie(&parts.headers, COOKIE, "", 0);
    Ok((cookies(&[forget]), Redirect::to("/sign-in")).into_response())
}

impl Hall {
    /// The page with a secret that a cookie has too (double submit): a form of a stranger has neither.
    fn with_secret(
        &self,
        headers: &HeaderMap,
        mut page: SignInPage<'_>,
        status: StatusCode,
    ) -> Result<Response, Trouble> {
        let reader = page.reader;
        page.secret = reader.unless_missing(chance())?;
        let cookie = self.cookie(headers, FORM, &page.secret, 3600);
        Ok((cookies(&[cookie]), reader.rendered(status, page.render())).into_response())
    }

    fn cookie(&self, headers: &HeaderMap, name: &str, value: &str, seconds: u32) -> String {
        let secure = if self.house.is_https(headers) { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

fn cookies(cookies: &[String]) -> HeaderMap {
    let values = cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok());
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::SET_COOKIE, value);
    }
    headers
}

/// A path of this server; everything else becomes the first page. A second slash or a backslash would lead to another host.
fn ours(to: &str) -> String {
    let leads_away = to.chars().nth(1).is_some_and(|second| matches!(second, '/' | '\\'));
    let plain = to.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    if to.starts_with('/') && !leads_away && plain { to.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for (to, expected) in [
            ("/messages?q=a%20b", "/messages?q=a%20b"),
            ("//evil.example.com/", "/"),
            ("/\\evil.example.com/", "/"),
            ("https://evil.example.com/", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("/\t/evil.example.com", "/"),
            ("", "/"),
        ] {
            assert_eq!(ours(to), expected, "{to}");
        }
        assert_eq!(link(&"/queue?a=b".parse().unwrap()), "/sign-in?to=%2Fqueue%3Fa%3Db");
        assert_eq!(link(&"/".parse().unwrap()), "/sign-in");
    }
}
