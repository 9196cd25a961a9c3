//! Stored templates of mail, by domain and name, each in versions of which one is in use.

mod render;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tegami_mail::Domain;
use tegami_store::{Store, StoreError, Table, TableChange};
use tokio::sync::Mutex;

pub(crate) use render::{RenderFault, Renderer, check};

use crate::stretch::{Place, Stretch, remove_all as remove_rows};

/// A template, without its texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template {
    /// Its name, in lower case.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// Who made it.
    pub(crate) created_by: String,
    /// When.
    pub(crate) created_at: Timestamp,
    /// A UUID.
    pub(crate) id: String,
    /// The tag of the version in use.
    pub(crate) active: Option<String>,
}

/// One version of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Its name within the template, in lower case.
    pub(crate) tag: String,
    /// The HTML, in the language of [`Renderer`].
    pub(crate) content: String,
    /// What changed.
    pub(crate) comment: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// A UUID.
    pub(crate) id: String,
    /// Header fields: From, Subject, Reply-To.
    pub(crate) headers: BTreeMap<String, String>,
}

/// A version that is to be made, or what shall change of one; `None` leaves things as they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) content: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) headers: Option<BTreeMap<String, String>>,
    /// Whether it is in use from then on.
    pub(crate) active: bool,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("template not found")]
    NotFound,
    #[error("template version not found")]
    NoVersion,
    #[error("template with name '{0}' already exists")]
    Exists(String),
    #[error("template version with tag '{0}' already exists")]
    VersionExists(String),
    #[error("{0}: a name has 1 to 255 characters and no control characters")]
    BadName(&'static str),
    #[error("a template has at most {MOST_VERSIONS} versions")]
    TooMany,
    #[error("template: at most {} KiB are kept", LONGEST >> 10)]
    TooLarge,
    #[error("headers: only From, Subject and Reply-To may be given, each in one line")]
    BadHeaders,
    #[error(transparent)]
    Fault(#[from] RenderFault),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Versions of one template.
const MOST_VERSIONS: usize = 40;
/// Octets of one text.
const LONGEST: usize = 512 << 10;
/// The tag of a version that was given none.
pub(crate) const FIRST_TAG: &str = "initial";

/// Rows are read and written again: nobody may write between the two.
static WRITING: Mutex<()> = Mutex::const_new(());

/// Makes a template, with its first version where there is a text.
pub(crate) async fn create(
    store: &dyn Store,
    domain: &Domain,
    template: (&str, String, String),
    version: Option<(&str, Draft)>,
    now: Timestamp,
) -> Result<(Template, Option<Version>), TemplateError> {
    let _alone = WRITING.lock().await;
    created(store, domain, template, version, now).await
}

/// Keeps a version under its tag, whether one stands there or not, and with it what the template is for. A template that is not there yet is made.
pub(crate) async fn keep(
    store: &dyn Store,
    domain: &Domain,
    (name, description, by): (&str, Option<String>, &str),
    (tag, draft): (&str, Draft),
    now: Timestamp,
) -> Result<(), TemplateError> {
    let _alone = WRITING.lock().await;
    let mut template = match find(store, domain, name).await {
        Err(TemplateError::NotFound) => {
            let about = (name, description.unwrap_or_default(), by.to_owned());
            return created(store, domain, about, Some((tag, draft)), now).await.map(drop);
        }
        found => found?,
    };
    template.description = description.unwrap_or(template.description);
    match version(store, domain, &template, tag).await {
        Err(TemplateError::NoVersion) => added(store, domain, template, (tag, draft), now).await,
        old => updated(store, domain, template, (old?, draft)).await,
    }
    .map(drop)
}

async fn created(
    store: &dyn Store,
    domain: &Domain,
    template: (&str, String, String),
    version: Option<(&str, Draft)>,
    now: Timestamp,
) -> Result<(Template, Option<Version>), TemplateError> {
    let (name, description, created_by) = template;
    let name = named("name", name)?;
    if store.get(Table::Templates, &key_of(domain, &name)).await?.is_some() {
        return Err(TemplateError::Exists(name));
    }
    let version = version.map(|(tag, draft)| fresh_version(tag, draft, now)).transpose()?;
    let active = version.as_ref().map(|version| version.tag.clone());
    let template = Template { name, description, created_by, created_at: now, id: uuid(), active };
    // What was left of another one of this name is none of this one's.
    remove_rows(store, Table::Templates, &versions_of(domain, &template.name)).await?;
    let mut changes = vec![template.change(domain)];
    changes.extend(version.as_ref().map(|version| version.change(domain, &template.name)));
    store.change(changes).await?;
    Ok((template, version))
}

/// A stretch of a domain's templates, by name.
pub(crate) async fn list(
    store: &dyn Store,
    domain: &Domain,
    stretch: &Stretch,
) -> Result<Vec<Template>, TemplateError> {
    let rows = in_keys(stretch).rows(store, Table::Templates, &format!("{domain}/")).await?;
    rows.into_iter().map(|(key, value)| read(&key, value)).collect()
}

/// The template of this name.
pub(crate) async fn find(store: &dyn Store, domain: &Domain, name: &str) -> Result<Template, TemplateError> {
    let key = key_of(domain, &name.to_lowercase());
    let value = store.get(Table::Templates, &key).await?.ok_or(TemplateError::NotFound)?;
    read(&key, value)
}

/// Says what it is for.
pub(crate) async fn describe(
    store: &dyn Store,
    domain: &Domain,
    name: &str,
    description: String,
) -> Result<Template, TemplateError> {
    let _alone = WRITING.lock().await;
    let template = Template { description, ..find(store, domain, name).await? };
    store.change(vec![template.change(domain)]).await?;
    Ok(template)
}

/// Removes a template with its versions.
pub(crate) async fn remove(
    store: &dyn Store,
    domain: &Domain,
    name: &str,
) -> Result<Template, TemplateError> {
    let _alone = WRITING.lock().await;
    let template = find(store, domain, name).await?;
    store.delete(Table::Templates, vec![key_of(domain, &template.name)]).await?;
    remove_rows(store, Table::Templates, &versions_of(domain, &template.name)).await?;
    Ok(template)
}

/// Removes all templates of a domain.
pub(crate) async fn remove_all(store: &dyn Store, domain: &Domain) -> Result<(), TemplateError> {
    let _alone = WRITING.lock().await;
    for prefix in [format!("{domain}/"), format!("{domain}:")] {
        remove_rows(store, Table::Templates, &prefix).await?;
    }
    Ok(())
}

/// Adds a version; the first one is in use at once.
pub(crate) async fn add_version(
    store: &dyn Store,
    domain: &Domain,
    name: &str,
    (tag, draft): (&str, Draft),
    now: Timestamp,
) -> Result<(Template, Version), TemplateError> {
    let _alone = WRITING.lock().await;
    let template = find(store, domain, name).await?;
    added(store, domain, template, (tag, draft), now).await
}

async fn added(
    store: &dyn Store,
    domain: &Domain,
    mut template: Template,
    (tag, draft): (&str, Draft),
    now: Timestamp,
) -> Result<(Template, Version), TemplateError> {
    let active = draft.active || template.active.is_none();
    let version = fresh_version(tag, draft, now)?;
    if store.get(Table::Templates, &version_key(domain, &template.name, &version.tag)).await?.is_some() {
        return Err(TemplateError::VersionExists(version.tag));
    }
    let known =
        store.scan(Table::Templates, &versions_of(domain, &template.name), None, MOST_VERSIONS).await?;
    if known.len() >= MOST_VERSIONS {
        return Err(TemplateError::TooMany);
    }
    if active {
        template.active = Some(version.tag.clone());
    }
    store.change(vec![template.change(domain), version.change(domain, &template.name)]).await?;
    Ok((template, version))
}

/// A stretch of a template's versions, by tag.
pub(crate) async fn versions(
    store: &dyn Store,
    domain: &Domain,
    template: &Template,
    stretch: &Stretch,
) -> Result<Vec<Version>, TemplateError> {
    let prefix = versions_of(domain, &template.name);
    let rows = in_keys(stretch).rows(store, Table::Templates, &prefix).await?;
    rows.into_iter().map(|(key, value)| read(&key, value)).collect()
}

/// The version of this tag.
pub(crate) async fn version(
    store: &dyn Store,
    domain: &Domain,
    template: &Template,
    tag: &str,
) -> Result<Version, TemplateError> {
    let key = version_key(domain, &template.name, &tag.to_lowercase());
    let value = store.get(Table::Templates, &key).await?.ok_or(TemplateError::NoVersion)?;
    read(&key, value)
}

/// The version in use, if one is.
pub(crate) async fn active_version(
    store: &dyn Store,
    domain: &Domain,
    template: &Template,
) -> Result<Option<Version>, TemplateError> {
    let Some(tag) = &template.active else { return Ok(None) };
    match version(store, domain, template, tag).await {
        Ok(version) => Ok(Some(version)),
        Err(TemplateError::NoVersion) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Changes a version.
pub(crate) async fn update_version(
    store: &dyn Store,
    domain: &Domain,
    name: &str,
    (tag, draft): (&str, Draft),
) -> Result<(Template, Version), TemplateError> {
    let _alone = WRITING.lock().await;
    let template = find(store, domain, name).await?;
    let old = version(store, domain, &template, tag).await?;
    updated(store, domain, template, (old, draft)).await
}

async fn updated(
    store: &dyn Store,
    domain: &Domain,
    mut template: Template,
    (old, draft): (Version, Draft),
) -> Result<(Template, Version), TemplateError> {
    let version = Version {
        content: draft.content.unwrap_or(old.content),
        comment: draft.comment.unwrap_or(old.comment),
        headers: draft.headers.unwrap_or(old.headers),
        ..old
    };
    version.check()?;
    if draft.active {
        template.active = Some(version.tag.clone());
    }
    store.change(vec![template.change(domain), version.change(domain, &template.name)]).await?;
    Ok((template, version))
}

/// Removes a version. Where it was in use, none is from then on.
pub(crate) async fn remove_version(
    store: &dyn Store,
    domain: &Domain,
    name: &str,
    tag: &str,
) -> Result<(Template, Version), TemplateError> {
    let _alone = WRITING.lock().await;
    let mut template = find(store, domain, name).await?;
    let version = version(store, domain, &template, tag).await?;
    if template.active.as_ref() == Some(&version.tag) {
        template.active = None;
    }
    let gone = TableChange { value: None, ..version.change(domain, &template.name) };
    store.change(vec![template.change(domain), gone]).await?;
    Ok((template, version))
}

/// Copies a version under another tag; what stood under that one is replaced.
pub(crate) async fn copy_version(
    store: &dyn Store,
    domain: &Domain,
    name: &str,
    (tag, to): (&str, &str),
    comment: Option<String>,
    now: Timestamp,
) -> Result<(Template, Version), TemplateError> {
    let _alone = WRITING.lock().await;
    let template = find(store, domain, name).await?;
    let old = version(store, domain, &template, tag).await?;
    let comment = comment.unwrap_or(old.comment);
    let copy = Version { tag: named("tag", to)?, comment, created_at: now, id: uuid(), ..old };
    let known =
        store.scan(Table::Templates, &versions_of(domain, &template.name), None, MOST_VERSIONS).await?;
    let replaces = known.iter().any(|(key, _)| *key == version_key(domain, &template.name, &copy.tag));
    if known.len() >= MOST_VERSIONS && !replaces {
        return Err(TemplateError::TooMany);
    }
    store.change(vec![copy.change(domain, &template.name)]).await?;
    Ok((template, copy))
}

/// A version, with values in their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filled {
    /// The body.
    pub(crate) html: String,
    /// The header fields that the version has.
    pub(crate) headers: BTreeMap<String, String>,
}

impl Version {
    /// Reads its texts once, so that they can be filled often.
    pub(crate) fn renderer(&self) -> Result<Renderer, RenderFault> {
        let mut renderer = Renderer::new();
        renderer.add_html("", &self.content)?;
        for (name, text) in &self.headers {
            renderer.add_plain(name, text)?;
        }
        Ok(renderer)
    }

    /// Fills its texts by the renderer that [`Version::renderer`] made.
    pub(crate) fn fill(
        &self,
        renderer: &Renderer,
        variables: &Map<String, Value>,
    ) -> Result<Filled, RenderFault> {
        let html = renderer.render("", variables)?.unwrap_or_default();
        let mut headers = BTreeMap::new();
        for name in self.headers.keys() {
            let text = renderer.render(name, variables)?.unwrap_or_default();
            // A value cannot end its field.
            headers.insert(name.clone(), text.replace(['\r', '\n', '\0'], " "));
        }
        Ok(Filled { html, headers })
    }

    fn check(&self) -> Result<(), TemplateError> {
        let lengths = self.headers.values().map(String::len).sum::<usize>() + self.content.len();
        if lengths > LONGEST {
            return Err(TemplateError::TooLarge);
        }
        check(&self.content)?;
        for (name, text) in &self.headers {
            let known = ["from", "subject", "reply-to"].iter().any(|known| name.eq_ignore_ascii_case(known));
            if !known || text.contains(['\r', '\n', '\0']) {
                return Err(TemplateError::BadHeaders);
            }
            check(text)?;
        }
        Ok(())
    }

    fn change(&self, domain: &Domain, name: &str) -> TableChange {
        change(version_key(domain, name, &self.tag), self)
    }
}

impl Template {
    fn change(&self, domain: &Domain) -> TableChange {
        change(key_of(domain, &self.name), self)
    }
}

fn fresh_version(tag: &str, draft: Draft, now: Timestamp) -> Result<Version, TemplateError> {
    let version = Version {
        tag: named("tag", tag)?,
        content: draft.content.unwrap_or_default(),
        comment: draft.comment.unwrap_or_default(),
        created_at: now,
        id: uuid(),
        headers: draft.headers.unwrap_or_default(),
    };
    version.check()?;
    Ok(version)
}

fn named(what: &'static str, name: &str) -> Result<String, TemplateError> {
    let fine = !name.is_empty() && name.chars().count() <= 255 && !name.chars().any(char::is_control);
    if fine { Ok(name.to_lowercase()) } else { Err(TemplateError::BadName(what)) }
}

fn change<T: Serialize>(key: String, row: &T) -> TableChange {
    TableChange { table: Table::Templates, key, value: Some(serde_json::to_value(row).unwrap_or_default()) }
}

fn read<T: serde::de::DeserializeOwned>(key: &str, value: Value) -> Result<T, TemplateError> {
    let unusable = |error| TemplateError::Store(StoreError::Unusable(format!("{key}: {error}")));
    serde_json::from_value(value).map_err(unusable)
}

fn key_of(domain: &Domain, name: &str) -> String {
    format!("{domain}/{}", encoded(name))
}

fn versions_of(domain: &Domain, name: &str) -> String {
    format!("{domain}:{}/", encoded(name))
}

fn version_key(domain: &Domain, name: &str, tag: &str) -> String {
    format!("{}{}", versions_of(domain, name), encoded(tag))
}

/// A stretch by the keys of the names in it.
fn in_keys(stretch: &Stretch) -> Stretch {
    let place = match &stretch.place {
        Place::After(name) => Place::After(encoded(name)),
        Place::Before(name) => Place::Before(encoded(name)),
        other => other.clone(),
    };
    Stretch { place, limit: stretch.limit, term: encoded(&stretch.term) }
}

/// A name as a part of a key.
fn encoded(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

/// RFC 9562 section 5.4.
fn uuid() -> String {
    let mut octets = [0_u8; 16];
    // Without chance all are alike; nobody is told apart by them.
    let _ = aws_lc_rs::rand::fill(&mut octets);
    let bits = u128::from_be_bytes(octets) & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_form_of_uuids() {
        let id = uuid();
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "{id}");
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
        assert_ne!(id, uuid());
    }
}
