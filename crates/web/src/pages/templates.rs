//! Templates of mail, with a preview.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::Hall;
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, link, visible};
use crate::api::template::{Template, Trial, Version, Wanted};
use crate::error::ApiError;

struct Line {
    link: String,
    name: String,
    domain: String,
    description: String,
    active: String,
}

#[derive(askama::Template)]
#[template(path = "templates.html", blocks = ["live"])]
struct TemplatesPage<'a> {
    reader: &'a Reader,
    lines: Vec<Line>,
    domains: Vec<String>,
}

/// The list.
pub(crate) async fn list(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let templates = reader.unless_refused(hall.house.templates(None).await)?;
    let line = |template: Template| Line {
        link: link(&["templates", &template.domain, &template.name]),
        name: visible(&template.name),
        description: visible(&template.description),
        active: template.active.as_deref().map(visible).unwrap_or_default(),
        domain: template.domain,
    };
    let page = TemplatesPage {
        reader: &reader,
        lines: templates.into_iter().map(line).collect(),
        domains: hall.domains(&reader).await?,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

struct VersionView {
    tag: String,
    comment: String,
    active: bool,
    shown: bool,
    at: Moment,
}

#[derive(askama::Template)]
#[template(path = "template.html", blocks = ["live"])]
struct TemplatePage<'a> {
    reader: &'a Reader,
    place: String,
    frame: String,
    name: String,
    domain: String,
    description: String,
    versions: Vec<VersionView>,
    tag: String,
    content: String,
    /// The fields of the header section as the form calls them, their labels and what the version has.
    headers: Vec<(&'static str, String, String)>,
    values: String,
    problem: Option<String>,
    /// The header fields of the preview.
    fields: Vec<(String, String)>,
}

fn read(values: &str) -> Result<serde_json::Map<String, serde_json::Value>, ApiError> {
    if values.is_empty() {
        return Ok(serde_json::Map::new());
    }
    serde_json::from_str(values).map_err(|error| ApiError::bad(format!("values: {error}")))
}

/// One template.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((domain, name)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let whole = reader.unless_refused(hall.house.whole_template(&domain, &name).await)?;
    let (tag, values) = (asked.some("tag"), asked.one("values"));
    let wanted = tag.or_else(|| whole.template.active.clone());
    let shown = whole.versions.iter().find(|version| Some(&version.tag) == wanted.as_ref());
    let tried = match read(&values) {
        Ok(values) => hall.house.preview(&domain, &name, &Trial { tag: wanted.clone(), values }).await,
        Err(error) => Err(error),
    };
    let (problem, fields) = match tried {
        Ok(filled) => (None, filled.headers.into_iter().collect()),
        Err(error) => (Some(visible(&error.to_string())), Vec::new()),
    };
    let place = link(&["templates", &whole.template.domain, &whole.template.name]);
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(tag) = &wanted {
        query.append_pair("tag", tag);
    }
    let frame = format!("{place}/html?{}", query.append_pair("values", &values).finish());
    let version = |version: &Version| VersionView {
        tag: visible(&version.tag),
        comment: visible(&version.comment),
        active: whole.template.active.as_ref() == Some(&version.tag),
        shown: Some(&version.tag) == wanted.as_ref(),
        at: Moment::new(version.created_at),
    };
    let page = TemplatePage {
        reader: &reader,
        versions: whole.versions.iter().map(version).collect(),
        place,
        frame,
        name: visible(&whole.template.name),
        description: visible(&whole.template.description),
        tag: wanted.unwrap_or_default(),
        // As it is: the form keeps what it shows.
        content: shown.map(|version| version.content.clone()).unwrap_or_default(),
        headers: HEADERS
            .map(|(field, name, label)| {
                let text = shown.and_then(|version| header(&version.headers, name)).unwrap_or_default();
                (field, reader.say(label), text.to_owned())
            })
            .to_vec(),
        domain: whole.template.domain,
        values,
        problem,
        fields: fields
            .into_iter()
            .map(|(name, text): (String, String)| (visible(&name), visible(&text)))
            .collect(),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// The preview, for the frame.
pub(crate) async fn html(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((domain, name)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let (tag, values) = (asked.some("tag"), asked.one("values"));
    let values = reader.unless_refused(read(&values))?;
    let filled = hall.house.preview(&domain, &name, &Trial { tag, values }).await;
    Ok(crate::api::message::sandboxed(reader.unless_refused(filled)?.html))
}

/// Fields of a header section that a version may have: as forms call them, their names, and what people call them.
const HEADERS: [(&str, &str, &str); 3] = [
    ("subject", "Subject", "web-label-subject"),
    ("from", "From", "web-label-from"),
    ("reply-to", "Reply-To", "web-label-reply-to"),
];

/// The text of a field, however its name is written.
fn header<'a>(headers: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, text)| text.as_str())
}

/// Keeps a version. Fields of its header section that the form does not have stay as they are.
pub(crate) async fn save(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: crate::gate::Visitor,
    fields: Fields,
) -> Result<Response, Trouble> {
    let (domain, name) = (fields.line("domain").to_owned(), fields.line("name").to_lowercase());
    let some = |field: &str| Some(fields.line(field).to_owned()).filter(|text| !text.is_empty());
    let tag = some("tag").unwrap_or_else(|| crate::template::FIRST_TAG.to_owned());
    let versions = match hall.house.whole_template(&domain, &name).await {
        Err(ApiError::NotFound(_)) => Ok(Vec::new()),
        found => found.map(|whole| whole.versions),
    };
    let mut versions = reader.unless_refused(versions)?.into_iter();
    let known = versions.find(|version| version.tag == tag.to_lowercase());
    let mut headers = known.map(|version| version.headers).unwrap_or_default();
    for (field, name, _) in HEADERS.into_iter().filter(|(field, ..)| fields.has(field)) {
        headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
        headers.extend(some(field).map(|text| (name.to_owned(), text)));
    }
    let wanted = Wanted {
        tag,
        content: fields.one("content").to_owned(),
        headers,
        description: some("description"),
        comment: fields.line("comment").to_owned(),
        active: fields.line("active") == "yes",
    };
    reader.unless_refused(hall.house.keep_template((&domain, &name), wanted, &visitor.name).await)?;
    Ok(done(&link(&["templates", &domain, &name]), "changed", 1))
}

/// Takes a template away.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let removed = hall.house.remove_template(fields.line("domain"), fields.line("name")).await;
    reader.unless_refused(removed)?;
    Ok(done("/templates", "removed", 1))
}
