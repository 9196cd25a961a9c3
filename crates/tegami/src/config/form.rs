//! `[forms.NAME]`: contact forms of web sites.

use std::collections::BTreeMap;

use tegami_mail::{Address, Domain, NameAddr, note};
use tegami_web::{FormField, FormSettings};

use super::reader::{Section, Value};

/// Letters from one client in an hour, where nothing is said.
const USUAL_RATE: usize = 5;

/// All forms, by name. Their letters are written by addresses of `domains`.
pub(super) fn forms(root: &Section<'_>, domains: &[Domain]) -> BTreeMap<String, FormSettings> {
    let Some(section) = root.section("forms") else { return BTreeMap::new() };
    let read = |(name, span, value): (&str, _, Value<'_>)| {
        let fine = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !fine {
            section.problem(span, note!("cli-config-bad-form", name = name));
            return None;
        }
        let table = section.table(name, value)?;
        let form = form(&table, domains);
        table.finish();
        Some((name.to_owned(), form?))
    };
    section.entries().filter_map(read).collect()
}

fn form(section: &Section<'_>, domains: &[Domain]) -> Option<FormSettings> {
    let mut to = Vec::new();
    let addresses = section.texts("to");
    for (text, span) in &addresses {
        match Address::parse(text) {
            Ok(address) => to.push(address),
            Err(error) => {
                section.problem(span.clone(), note!("cli-bad-address", address = text, reason = error));
            }
        }
    }
    if addresses.is_empty() {
        section.problem(section.span(), note!("cli-config-form-to"));
    }
    let required = section.texts("required");
    let names = section.texts("fields");
    for (name, span) in &required {
        if !names.iter().any(|(field, _)| field == name) {
            section.problem(span.clone(), note!("cli-config-form-required", field = name));
        }
    }
    let labels = section.section("labels");
    let label = |name: &str| {
        let labels = labels.as_ref()?;
        let (_, _, value) = labels.entries().find(|(known, ..)| *known == name)?;
        value.get_ref().as_str().map(str::to_owned)
    };
    let reply_to = section.text("reply_to").map_or_else(|| "email".to_owned(), |(name, _)| name);
    let fields = names.into_iter().map(|(name, _)| FormField {
        label: label(&name).unwrap_or_else(|| name.clone()),
        required: required.iter().any(|(known, _)| *known == name),
        name,
    });
    let fields = fields.collect();
    let mut origins = Vec::new();
    for (text, span) in section.texts("origins") {
        if is_url(&text) {
            origins.push(text);
        } else {
            section.problem(span, note!("cli-config-wants-url", key = "origins"));
        }
    }
    let thanks = section.text("thanks");
    if let Some((_, span)) = thanks.as_ref().filter(|(url, _)| !is_url(url)) {
        section.problem(span.clone(), note!("cli-config-wants-url", key = "thanks"));
    }
    let subject = section.text("subject").map_or_else(|| "{subject}".to_owned(), |(text, _)| text);
    let per_hour = section.count("per_hour").unwrap_or(USUAL_RATE);
    let from = author(section, domains)?;
    Some(FormSettings {
        to,
        from,
        subject,
        fields,
        reply_to,
        origins,
        thanks: thanks.map(|(url, _)| url),
        per_hour: u32::try_from(per_hour).unwrap_or(u32::MAX),
    })
    .filter(|form| !form.to.is_empty())
}

/// `from`: an address of a domain of ours; the postmaster of the first one where nothing is said.
fn author(section: &Section<'_>, domains: &[Domain]) -> Option<NameAddr> {
    let Some((text, span)) = section.text("from") else {
        let domain = domains.first();
        if domain.is_none() {
            section.problem(section.span(), note!("cli-config-form-from"));
        }
        return NameAddr::parse(&format!("postmaster@{}", domain?)).ok();
    };
    match NameAddr::parse(&text) {
        Ok(author) if author.address.domain().is_some_and(|domain| domains.contains(domain)) => Some(author),
        Ok(_) => {
            section.problem(span, note!("cli-config-form-from"));
            None
        }
        Err(error) => {
            section.problem(span, note!("cli-bad-address", address = text, reason = error));
            None
        }
    }
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
        && !text.contains([';', ',', '@', '"'])
}
