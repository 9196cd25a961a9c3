//! `/v3/{domain}/templates`: stored templates and their versions.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, put};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tegami_mail::Domain;

use super::asked::{Managed, Query};
use super::form::Form;
use super::pivot::{Names, Pivot};
use super::scalar::flag;
use super::url::segment;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;
use crate::template::{self, Draft, FIRST_TAG, Template, TemplateError, Version};

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    let one = "/v3/{domain}/templates/{name}";
    Router::new()
        .route("/v3/{domain}/templates", get(list).post(create).delete(remove_all))
        .route(one, get(show).put(describe).delete(remove))
        .route(&format!("{one}/versions"), get(list_versions).post(add_version))
        .route(
            &format!("{one}/versions/{{tag}}"),
            get(show_version).put(update_version).delete(remove_version),
        )
        .route(&format!("{one}/versions/{{tag}}/copy/{{to}}"), put(copy_version))
}

const PAGES: Names = Names { pivot: "p", term: None, usual: 100 };

type OfTemplate = Segments<(String, String)>;
type OfVersion = Segments<(String, String, String)>;

async fn list(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = Pivot::read(&query, PAGES)?;
    let store = &*house.rooms.store;
    let found = template::list(store, &domain, &page.stretch).await?;
    let with_active = is_asked(&query, "active")?;
    let mut items = Vec::with_capacity(found.len());
    for template in &found {
        let active =
            if with_active { template::active_version(store, &domain, template).await? } else { None };
        items.push(object(template, active.as_ref().map(|version| (version, true))));
    }
    let base = format!("{}/v3/{domain}/templates", house.base_url(&headers));
    let name = |template: Option<&Template>| template.map(|template| template.name.clone());
    let (first, last) = (name(found.first()), name(found.last()));
    Ok(ok(json!({"items": items, "paging": page.paging(&base, first.as_deref(), last.as_deref())})))
}

async fn create(
    State(house): State<Shared>,
    Templated(domain): Templated,
    form: Form,
) -> Result<Response, ApiError> {
    let text = |name: &str| form.text(name).map(|text| text.unwrap_or_default().to_owned());
    let name = form.filled("name")?.ok_or_else(|| ApiError::bad("Missing mandatory parameter: name"))?;
    let tag = form.filled("tag")?.unwrap_or(FIRST_TAG);
    let version = form.filled("template")?.is_some().then(|| draft(&form)).transpose()?;
    let made_by = text("createdBy")?;
    let (template, version) = template::create(
        &*house.rooms.store,
        &domain,
        (name, text("description")?, made_by),
        version.map(|draft| (tag, draft)),
        house.rooms.clock.now(),
    )
    .await?;
    let shown = object(&template, version.as_ref().map(|version| (version, true)));
    Ok(ok(json!({"message": "template has been stored", "template": shown})))
}

async fn remove_all(State(house): State<Shared>, Templated(domain): Templated) -> Result<Response, ApiError> {
    template::remove_all(&*house.rooms.store, &domain).await?;
    Ok(ok(json!({"message": "templates have been deleted"})))
}

async fn show(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name)): OfTemplate,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    let active = match is_asked(&query, "active")? {
        true => template::active_version(&*house.rooms.store, &domain, &template).await?,
        false => None,
    };
    Ok(ok(json!({"template": object(&template, active.as_ref().map(|version| (version, true)))})))
}

async fn describe(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name)): OfTemplate,
    form: Form,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    let description = form.text("description")?.map_or(template.description, ToOwned::to_owned);
    let template = template::describe(&*house.rooms.store, &domain, &template.name, description).await?;
    Ok(ok(json!({"message": "template has been updated", "template": {"name": template.name}})))
}

async fn remove(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name)): OfTemplate,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    template::remove(&*house.rooms.store, &domain, &template.name).await?;
    Ok(ok(json!({"message": "template has been deleted", "template": {"name": template.name}})))
}

async fn list_versions(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name)): OfTemplate,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = Pivot::read(&query, PAGES)?;
    let template = house.template(&domain, &name).await?;
    let found = template::versions(&*house.rooms.store, &domain, &template, &page.stretch).await?;
    let versions: Vec<Value> =
        found.iter().map(|version| version_object(&template, version, false)).collect();
    let mut shown = members(&template);
    shown.insert("versions".to_owned(), Value::Array(versions));
    let path = segment(&template.name);
    let base = format!("{}/v3/{domain}/templates/{path}/versions", house.base_url(&headers));
    let tag = |version: Option<&Version>| version.map(|version| version.tag.clone());
    let (first, last) = (tag(found.first()), tag(found.last()));
    let paging = page.paging(&base, first.as_deref(), last.as_deref());
    Ok(ok(json!({"template": shown, "paging": paging})))
}

async fn add_version(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name)): OfTemplate,
    form: Form,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    if form.filled("template")?.is_none() {
        return Err(ApiError::bad("Missing mandatory parameter: template"));
    }
    let tag = form.filled("tag")?.unwrap_or(FIRST_TAG);
    let (store, now) = (&*house.rooms.store, house.rooms.clock.now());
    let (template, version) =
        template::add_version(store, &domain, &template.name, (tag, draft(&form)?), now).await?;
    let shown = object(&template, Some((&version, true)));
    Ok(ok(json!({"message": "new version of the template has been stored", "template": shown})))
}

async fn show_version(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name, tag)): OfVersion,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    let version = house.version(&domain, &template, &tag).await?;
    Ok(ok(json!({"template": object(&template, Some((&version, true)))})))
}

async fn update_version(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name, tag)): OfVersion,
    form: Form,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    let version = house.version(&domain, &template, &tag).await?;
    let changes = (version.tag.as_str(), draft(&form)?);
    let (template, version) =
        template::update_version(&*house.rooms.store, &domain, &template.name, changes).await?;
    Ok(ok(json!({"message": "version has been updated", "template": named(&template, &version)})))
}

async fn remove_version(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name, tag)): OfVersion,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    let version = house.version(&domain, &template, &tag).await?;
    let store = &*house.rooms.store;
    let (template, version) = template::remove_version(store, &domain, &template.name, &version.tag).await?;
    Ok(ok(json!({"message": "version has been deleted", "template": named(&template, &version)})))
}

async fn copy_version(
    State(house): State<Shared>,
    Templated(domain): Templated,
    Segments((_, name, tag, to)): Segments<(String, String, String, String)>,
    form: Form,
) -> Result<Response, ApiError> {
    let template = house.template(&domain, &name).await?;
    let version = house.version(&domain, &template, &tag).await?;
    let comment = form.text("comment")?.map(ToOwned::to_owned);
    let (store, now) = (&*house.rooms.store, house.rooms.clock.now());
    let tags = (version.tag.as_str(), to.as_str());
    let (template, copy) = template::copy_version(store, &domain, &template.name, tags, comment, now).await?;
    Ok(ok(json!({
        "message": "version has been copied",
        "version": version_object(&template, &copy, true),
        "template": object(&template, None),
    })))
}

/// As for everything else of a domain, but told in other words.
struct Templated(Domain);

impl FromRequestParts<Shared> for Templated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, ApiError> {
        let managed = Managed::from_request_parts(parts, house).await;
        managed.map(|Managed(domain)| Self(domain)).map_err(|error| match error {
            ApiError::NotFound(_) => ApiError::NotFound("domain not found".to_owned()),
            error => error,
        })
    }
}

impl House {
    /// The template of this name; one client writes a plus for a blank.
    async fn template(&self, domain: &Domain, name: &str) -> Result<Template, ApiError> {
        let store = &*self.rooms.store;
        match template::find(store, domain, name).await {
            Err(TemplateError::NotFound) if name.contains('+') => {
                Ok(template::find(store, domain, &name.replace('+', " ")).await?)
            }
            found => Ok(found?),
        }
    }

    async fn version(&self, domain: &Domain, template: &Template, tag: &str) -> Result<Version, ApiError> {
        let store = &*self.rooms.store;
        match template::version(store, domain, template, tag).await {
            Err(TemplateError::NoVersion) if tag.contains('+') => {
                Ok(template::version(store, domain, template, &tag.replace('+', " ")).await?)
            }
            found => Ok(found?),
        }
    }
}

impl From<TemplateError> for ApiError {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::NotFound | TemplateError::NoVersion => Self::NotFound(error.to_string()),
            TemplateError::Exists(_) | TemplateError::VersionExists(_) => {
                Self::NotAccepted { status: 409, message: error.to_string() }
            }
            TemplateError::Store(error) => error.into(),
            error => Self::BadRequest(error.to_string()),
        }
    }
}

/// What a form says of a version.
fn draft(form: &Form) -> Result<Draft, ApiError> {
    let text = |name: &str| form.text(name).map(|text| text.map(ToOwned::to_owned));
    let headers = form.filled("headers")?.map(headers_of).transpose()?;
    Ok(Draft {
        content: text("template")?,
        comment: text("comment")?,
        headers,
        active: is_asked(form, "active")?,
    })
}

fn headers_of(json: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let wrong = || ApiError::bad("headers: this is not a JSON object of texts");
    let members: BTreeMap<String, Option<String>> = serde_json::from_str(json).map_err(|_| wrong())?;
    Ok(members
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)))
        .collect())
}

fn is_asked(form: &Form, name: &str) -> Result<bool, ApiError> {
    form.text(name)?.map_or(Ok(false), |text| flag(name, text))
}

fn members(template: &Template) -> Map<String, Value> {
    let members = json!({
        "name": template.name,
        "description": template.description,
        "createdAt": moment(template.created_at),
        "createdBy": template.created_by,
        "id": template.id,
    });
    if let Value::Object(members) = members { members } else { Map::new() }
}

/// A template, with one of its versions where one is shown, and whether its text is.
fn object(template: &Template, version: Option<(&Version, bool)>) -> Value {
    let mut members = members(template);
    if let Some((version, whole)) = version {
        members.insert("version".to_owned(), version_object(template, version, whole));
    }
    Value::Object(members)
}

fn version_object(template: &Template, version: &Version, whole: bool) -> Value {
    let mut object = json!({
        "tag": version.tag,
        "engine": "handlebars",
        "mjml": "",
        "createdAt": moment(version.created_at),
        "comment": version.comment,
        "active": template.active.as_ref() == Some(&version.tag),
        "id": version.id,
        "headers": version.headers,
    });
    if whole && let Some(members) = object.as_object_mut() {
        members.insert("template".to_owned(), json!(version.content));
    }
    object
}

fn named(template: &Template, version: &Version) -> Value {
    json!({"name": template.name, "version": {"tag": version.tag}})
}

fn moment(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}
