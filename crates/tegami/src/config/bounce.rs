//! The keys about what comes back: return paths, notifications, suppressions, complaints.

use std::time::Duration;

use tegami_mail::{Address, note};
use tegami_queue::{Languages, SuppressionRules};
use toml::de::DeValue;

use super::ReturnPath;
use super::reader::Section;
use super::value::parse_delay;

/// `return_path` of a domain.
pub(super) fn return_path(section: &Section<'_>) -> ReturnPath {
    let Some((text, span)) = section.text("return_path") else { return ReturnPath::Auto };
    match text.as_str() {
        "auto" => ReturnPath::Auto,
        "rewrite" => ReturnPath::Rewrite,
        "keep" => ReturnPath::Keep,
        _ => {
            let choices = "auto`, `rewrite`, `keep";
            section.problem(span, note!("cli-config-one-of", key = "return_path", choices = choices));
            ReturnPath::Auto
        }
    }
}

/// `feedback` of reception: the addresses to which receivers send complaints.
pub(super) fn feedback(section: &Section<'_>) -> Vec<Address> {
    let mut addresses = Vec::new();
    for (text, span) in section.texts("feedback") {
        match Address::parse(&text) {
            Ok(address) => addresses.push(address),
            Err(error) => {
                section.problem(span, note!("cli-bad-address", address = text, reason = error));
            }
        }
    }
    addresses
}

/// `warn_after` of delivery: a waiting time, or `false` for never.
pub(super) fn warn_after(section: &Section<'_>, default: Option<Duration>) -> Option<Duration> {
    let Some(value) = section.value("warn_after") else { return default };
    match value.get_ref() {
        DeValue::Boolean(false) => None,
        other => {
            let delay = other.as_str().and_then(parse_delay);
            if delay.is_none() {
                section.problem(value.span(), note!("cli-config-wants-warning", key = "warn_after"));
            }
            delay
        }
    }
}

/// `notifications` of delivery: the languages in which senders are told.
pub(super) fn languages(section: &Section<'_>) -> Languages {
    let (mut english, mut japanese) = (false, false);
    for (text, span) in section.texts("notifications") {
        match text.as_str() {
            "en" => english = true,
            "ja" => japanese = true,
            _ => {
                let choices = "en`, `ja";
                section.problem(span, note!("cli-config-one-of", key = "notifications", choices = choices));
            }
        }
    }
    match (english, japanese) {
        (true, false) => Languages::English,
        (false, true) => Languages::Japanese,
        _ => Languages::Both,
    }
}

/// `[suppressions]`.
pub(super) fn suppressions(root: &Section<'_>) -> SuppressionRules {
    const DAY: u64 = 86_400;
    let default = SuppressionRules::default();
    let Some(section) = root.section("suppressions") else { return default };
    let rules = SuppressionRules {
        hard_bounces: times(&section, "hard_bounces", default.hard_bounces),
        soft_bounces: times(&section, "soft_bounces", default.soft_bounces),
        within: section
            .count("within_days")
            .map_or(default.within, |days| Duration::from_secs(DAY.saturating_mul(days as u64))),
        complaints: section.flag("complaints").unwrap_or(default.complaints),
    };
    section.finish();
    rules
}

/// A count from 1, or `false` for "however many".
fn times(section: &Section<'_>, key: &'static str, default: u32) -> u32 {
    match section.value(key).map(|value| value.get_ref()) {
        Some(DeValue::Boolean(false)) => 0,
        Some(_) => section.count(key).map_or(default, |count| u32::try_from(count).unwrap_or(u32::MAX)),
        None => default,
    }
}
