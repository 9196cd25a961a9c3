//! Templates of mail, their versions, and what they look like with values in their places.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tegami_mail::Domain;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named, Told};
use super::input::{Asked, Body};
use crate::error::{ApiError, good};
use crate::house::{House, Shared};
use crate::segments::Segments;
use crate::stretch::{Place, Stretch};
use crate::template::{self as desk, Draft, TemplateError};

/// Templates and versions that are shown.
const MOST: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(templates))
        .routes(routes!(one, save, remove))
        .routes(routes!(preview))
}

/// A template.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Template {
    /// The domain.
    pub(crate) domain: String,
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// The tag of the version in use.
    pub(crate) active: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// One version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    pub(crate) tag: String,
    /// The HTML, with `{{places}}`.
    pub(crate) content: String,
    /// Header fields that it sets, such as Subject.
    pub(crate) headers: BTreeMap<String, String>,
    /// What changed.
    pub(crate) comment: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// A template with its versions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Whole {
    pub(crate) template: Template,
    pub(crate) versions: Vec<Version>,
}

#[derive(Serialize, ToSchema)]
struct Templates {
    templates: Vec<Template>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Of {
    /// Of this domain; without it, of all.
    domain: Option<String>,
}

/// A version that shall be kept.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// Its tag; a version of this tag is replaced.
    #[serde(default = "first_tag")]
    pub(crate) tag: String,
    /// The HTML, with `{{places}}`.
    pub(crate) content: String,
    /// Header fields that it sets, such as Subject.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// What the template is for.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// What changed.
    #[serde(default)]
    pub(crate) comment: String,
    /// Whether it is in use from then on; the first version is.
    #[serde(default)]
    pub(crate) active: bool,
}

fn first_tag() -> String {
    desk::FIRST_TAG.to_owned()
}

/// Values to try a template with.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Trial {
    /// The version; the one in use unless another is named.
    #[serde(default)]
    pub(crate) tag: Option<String>,
    /// What stands in the places.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(crate) values: Map<String, Value>,
}

/// A template with values in its places.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Filled {
    pub(crate) html: String,
    pub(crate) headers: BTreeMap<String, String>,
}

fn whole_list() -> Stretch {
    Stretch { place: Place::First, limit: MOST, term: String::new() }
}

fn shown(domain: &Domain, template: desk::Template) -> Template {
    Template {
        domain: domain.to_string(),
        name: template.name,
        description: template.description,
        active: template.active,
        created_at: template.created_at,
    }
}

impl House {
    /// The templates of a domain, or of all.
    pub(crate) async fn templates(&self, domain: Option<&str>) -> Result<Vec<Template>, ApiError> {
        let mut found = Vec::new();
        for ours in self.rooms.domains.roll().await?.iter() {
            if domain.is_some_and(|domain| !domain.eq_ignore_ascii_case(ours.name.as_str())) {
                continue;
            }
            let list = desk::list(&*self.rooms.store, &ours.name, &whole_list()).await?;
            found.extend(list.into_iter().map(|template| shown(&ours.name, template)));
        }
        Ok(found)
    }

    /// One template with its versions.
    pub(crate) async fn whole_template(&self, domain: &str, name: &str) -> Result<Whole, ApiError> {
        let domain = self.our(domain).await?;
        let store = &*self.rooms.store;
        let template = desk::find(store, &domain, name).await?;
        let versions = desk::versions(store, &domain, &template, &whole_list()).await?;
        let version = |version: desk::Version| Version {
            tag: version.tag,
            content: version.content,
            headers: version.headers,
            comment: version.comment,
            created_at: version.created_at,
        };
        Ok(Whole {
            template: shown(&domain, template),
            versions: versions.into_iter().map(version).collect(),
        })
    }

    /// Keeps a version; a template that is not there yet is made for it.
    pub(crate) async fn keep_template(
        &self,
        (domain, name): (&str, &str),
        wanted: Wanted,
        by: &str,
    ) -> Result<Whole, ApiError> {
        let domain = self.our(domain).await?;
        let (store, now) = (&*self.rooms.store, self.rooms.clock.now());
        let Wanted { tag, content, headers, description, comment, active } = wanted;
        let draft = Draft { content: Some(content), comment: Some(comment), headers: Some(headers), active };
        desk::keep(store, &domain, (name, description, by), (&tag, draft), now).await?;
        self.whole_template(domain.as_str(), name).await
    }

    /// Takes a template away with its versions.
    pub(crate) async fn remove_template(&self, domain: &str, name: &str) -> Result<Template, ApiError> {
        let domain = self.our(domain).await?;
        let removed = desk::remove(&*self.rooms.store, &domain, name).await?;
        Ok(shown(&domain, removed))
    }

    /// What a version looks like with values in its places.
    pub(crate) async fn preview(&self, domain: &str, name: &str, trial: &Trial) -> Result<Filled, ApiError> {
        let domain = self.our(domain).await?;
        let store = &*self.rooms.store;
        let template = desk::find(store, &domain, name).await?;
        let version = match &trial.tag {
            Some(tag) => desk::version(store, &domain, &template, tag).await?,
            None => {
                let active = desk::active_version(store, &domain, &template).await?;
                active.ok_or(TemplateError::NoVersion)?
            }
        };
        let refused = |fault: &dyn std::fmt::Display| ApiError::bad(fault.to_string());
        let renderer = version.renderer().map_err(|fault| refused(&fault))?;
        let filled = version.fill(&renderer, &trial.values).map_err(|fault| refused(&fault))?;
        Ok(Filled { html: filled.html, headers: filled.headers })
    }

    async fn our(&self, domain: &str) -> Result<Domain, ApiError> {
        let domain = Domain::parse(domain).map_err(|error| ApiError::bad(format!("domain: {error}")))?;
        match self.rooms.domains.find(&domain).await? {
            Some(_) => Ok(domain),
            None => Err(ApiError::NotFound(format!("Domain not found: {domain}"))),
        }
    }
}

/// The templates of a domain, or of all.
#[utoipa::path(get, path = "/api/templates", tag = "templates", params(Of), responses((status = 200, body = Templates), Told))]
async fn templates(State(house): State<Shared>, Asked(of): Asked<Of>) -> Result<Response, ApiError> {
    Ok(good(&Templates { templates: house.templates(of.domain.as_deref()).await? }))
}

/// One template with its versions.
#[utoipa::path(get, path = "/api/templates/{domain}/{template}", tag = "templates", operation_id = "template", params(("domain" = String, Path, description = "The domain."), ("template" = String, Path, description = "The name.")), responses((status = 200, body = Whole), Named))]
async fn one(
    State(house): State<Shared>,
    Segments((domain, name)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(good(&house.whole_template(&domain, &name).await?))
}

/// Keeps a version; a template that is not there yet is made for it.
#[utoipa::path(put, path = "/api/templates/{domain}/{template}", tag = "templates", operation_id = "keep_template", params(("domain" = String, Path, description = "The domain."), ("template" = String, Path, description = "The name.")), request_body = Wanted, responses((status = 200, body = Whole), Changing))]
async fn save(
    State(house): State<Shared>,
    by: crate::gate::Visitor,
    Segments((domain, name)): Segments<(String, String)>,
    Body(wanted): Body<Wanted>,
) -> Result<Response, ApiError> {
    Ok(good(&house.keep_template((&domain, &name), wanted, &by.name).await?))
}

/// Takes a template away with its versions, and gives it back.
#[utoipa::path(delete, path = "/api/templates/{domain}/{template}", tag = "templates", operation_id = "remove_template", params(("domain" = String, Path, description = "The domain."), ("template" = String, Path, description = "The name.")), responses((status = 200, body = Template), Changing))]
async fn remove(
    State(house): State<Shared>,
    Segments((domain, name)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(good(&house.remove_template(&domain, &name).await?))
}

/// Shows a version with values in its places.
#[utoipa::path(post, path = "/api/templates/{domain}/{template}/preview", tag = "templates", operation_id = "preview_template", params(("domain" = String, Path, description = "The domain."), ("template" = String, Path, description = "The name.")), request_body = Trial, responses((status = 200, body = Filled), Changing))]
async fn preview(
    State(house): State<Shared>,
    Segments((domain, name)): Segments<(String, String)>,
    Body(trial): Body<Trial>,
) -> Result<Response, ApiError> {
    Ok(good(&house.preview(&domain, &name, &trial).await?))
}
