//! A stored template as the body of a message.

use serde_json::Value;
use tegami_mail::{Domain, NameAddr, html, mailbox_list};

use super::options::{TemplateWish, no_template};
use super::parameters::Parameters;
use super::scalar::shown;
use crate::error::ApiError;
use crate::house::House;
use crate::template::{self, Renderer, TemplateError, Version};

/// A version of a template, read and ready to be filled.
pub(crate) struct Filler {
    version: Version,
    renderer: Renderer,
    domain: Domain,
}

impl House {
    /// The template that is asked for, if one is.
    pub(crate) async fn filler(
        &self,
        domain: &Domain,
        wish: &TemplateWish,
    ) -> Result<Option<Filler>, ApiError> {
        let Some(name) = &wish.name else { return Ok(None) };
        let store = &*self.rooms.store;
        let template = template::find(store, domain, name).await.map_err(|error| match error {
            TemplateError::NotFound => no_template(name),
            error => error.into(),
        })?;
        let version = match &wish.version {
            Some(tag) => template::version(store, domain, &template, tag).await.map(Some),
            None => template::active_version(store, domain, &template).await,
        };
        let version = match version {
            Ok(Some(version)) => version,
            Ok(None) => {
                let why = format!("template with name '{}' has no active version", shown(name));
                return Err(ApiError::bad(why));
            }
            Err(TemplateError::NoVersion) => {
                let tag = shown(wish.version.as_deref().unwrap_or_default());
                let why = format!("template with name '{}' has no version with tag '{tag}'", shown(name));
                return Err(ApiError::bad(why));
            }
            Err(error) => return Err(error.into()),
        };
        let renderer = version.renderer().map_err(|fault| ApiError::bad(fault.to_string()))?;
        Ok(Some(Filler { version, renderer, domain: domain.clone() }))
    }
}

impl Filler {
    /// Makes the template the body of a message, and its fields those that the message does not have.
    pub(crate) fn fill(&self, message: &mut Parameters) -> Result<(), ApiError> {
        let mut variables = message.options.variables.clone();
        variables.extend(message.options.template.variables.clone());
        let filled = self.version.fill(&self.renderer, &variables);
        let filled = filled.map_err(|fault| ApiError::bad(fault.to_string()))?;
        message.html = Some(filled.html);
        for (name, text) in filled.headers {
            let given = message.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name));
            match name.to_ascii_lowercase().as_str() {
                "from" if message.from.is_empty() => message.from = author(&text)?,
                "subject" if message.subject.is_none() => message.subject = Some(text),
                "reply-to" if !given && !text.trim().is_empty() => message.fields.push((name, text)),
                _ => {}
            }
        }
        if message.from.is_empty() {
            message.from = author(&format!("postmaster@{}", self.domain))?;
        }
        Ok(())
    }
}

fn author(text: &str) -> Result<Vec<NameAddr>, ApiError> {
    let wrong = "from parameter is not a valid address. please check documentation";
    mailbox_list::parse_list(text).map_err(|_| ApiError::bad(wrong))
}

/// Makes a plain text of the HTML, where the client asked for one and gave none.
pub(crate) fn add_text(message: &mut Parameters) {
    if message.options.template.text && message.text.is_none() {
        message.text = message.html.as_deref().map(html::to_text);
    }
}

/// Changes every text within a JSON value.
pub(crate) fn each_text(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| each_text(value, change)),
        Value::Object(members) => members.values_mut().for_each(|value| each_text(value, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
