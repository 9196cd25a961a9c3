//! `[blocklists]`: which lists of reputation the doctor asks, with which keys.

use std::path::Path;
use std::sync::Arc;

use tegami_doctor::rbl::{self, Extra, ListSettings, Lists, Of, Refused};
use tegami_mail::note;

use super::reader::{Section, Value, nearest};
use super::value::key_of;

/// The lists, as the section says; those that are usual where it says nothing.
pub(super) fn blocklists(root: &Section<'_>, base: &Path) -> Arc<Lists> {
    let Some(section) = root.section("blocklists") else { return Arc::default() };
    let mut settings = ListSettings { on: zones(&section, "on"), ..ListSettings::default() };
    settings.off = zones(&section, "off");
    if let Some(keys) = section.section("keys") {
        for (name, span, value) in keys.entries() {
            let known = || rbl::known().iter().filter_map(|list| list.key.as_deref());
            if !known().any(|key| key == name) {
                let help = nearest(name, known()).map(|key| note!("cli-config-did-you-mean", key = key));
                keys.problem_with_help(span, note!("cli-config-blocklist-no-key", name = name), help);
            } else if let Some(table) = keys.table(name, value) {
                settings.keys.extend(key_of(&table, base).map(|key| (name.to_owned(), key.0)));
                table.finish();
            }
        }
    }
    if let Some(extra) = section.section("extra") {
        settings.extra =
            extra.entries().filter_map(|(zone, span, value)| own(&extra, zone, span, value)).collect();
    }
    section.finish();
    // Each zone was looked at where it stands.
    Arc::new(Lists::new(settings).unwrap_or_default())
}

/// Zones of lists that are known here.
fn zones(section: &Section<'_>, key: &'static str) -> Vec<String> {
    let mut zones = Vec::new();
    for (zone, span) in section.texts(key) {
        let alone = ListSettings { on: vec![zone.clone()], ..ListSettings::default() };
        match Lists::new(alone) {
            Ok(_) => zones.push(zone),
            Err(refused) => tell(section, span, &refused),
        }
    }
    zones
}

/// A list besides those that are known here.
fn own(section: &Section<'_>, zone: &str, span: std::ops::Range<usize>, value: Value<'_>) -> Option<Extra> {
    let table = section.table(zone, value)?;
    let title = table.text("title").map_or_else(|| zone.to_owned(), |(title, _)| title);
    let mut lists = Vec::new();
    for (word, span) in table.texts("lists") {
        match word.as_str() {
            "v4" => lists.push(Of::V4),
            "v6" => lists.push(Of::V6),
            "domain" => lists.push(Of::Domain),
            _ => {
                let choices = "v4`, `v6`, `domain";
                table.problem(span, note!("cli-config-one-of", key = "lists", choices = choices));
            }
        }
    }
    if lists.is_empty() {
        lists.push(Of::V4);
    }
    table.finish();
    let extra = Extra { zone: zone.to_owned(), title, lists };
    match Lists::new(ListSettings { extra: vec![extra.clone()], ..ListSettings::default() }) {
        Ok(_) => Some(extra),
        Err(refused) => {
            tell(section, span, &refused);
            None
        }
    }
}

fn tell(section: &Section<'_>, span: std::ops::Range<usize>, refused: &Refused) {
    let (note, help) = match refused {
        Refused::Dead(zone) => (note!("cli-config-blocklist-dead", zone = zone), None),
        Refused::Known(zone) => (note!("cli-config-blocklist-known", zone = zone), None),
        Refused::Unknown(zone) => {
            let known = rbl::known().iter().map(|list| list.zone.as_str());
            let help = nearest(zone, known).map(|zone| note!("cli-config-did-you-mean", key = zone));
            (note!("cli-config-blocklist-unknown", zone = zone), help)
        }
    };
    section.problem_with_help(span, note, help);
}
