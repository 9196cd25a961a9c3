//! The Fluent bundles, made once.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::langid;

use crate::Language;

/// One catalogue a room: `(name, English, Japanese)`.
macro_rules! catalogues {
    ($($name:literal),+ $(,)?) => {
        const CATALOGUES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../i18n/en/", $name, ".ftl")),
            include_str!(concat!("../i18n/ja/", $name, ".ftl")),
        )),+];
    };
}

catalogues!(
    "auth",
    "mail",
    "failure",
    "queue",
    "outbound",
    "inbound",
    "web",
    "page",
    "api",
    "route",
    "hook",
    "lab",
    "cli",
    "plan",
    "headers",
    "check",
    "check-dns",
    "check-mx",
    "check-ip",
    "check-helo",
    "check-spf",
    "check-dkim",
    "check-dmarc",
    "check-tlsrpt",
    "check-sts",
    "check-dane",
    "check-tls",
    "check-srv",
    "check-smtp",
    "check-rbl",
    "check-rep",
    "check-bimi",
    "check-msg",
    "check-ct",
    "check-bulk",
    "check-path",
    "check-self",
    "provider",
);

type Bundle = FluentBundle<FluentResource>;

fn bundle(language: Language) -> &'static Bundle {
    static ENGLISH: OnceLock<Bundle> = OnceLock::new();
    static JAPANESE: OnceLock<Bundle> = OnceLock::new();
    match language {
        Language::English => ENGLISH.get_or_init(|| build(language)),
        Language::Japanese => JAPANESE.get_or_init(|| build(language)),
    }
}

fn build(language: Language) -> Bundle {
    let tag = match language {
        Language::English => langid!("en"),
        Language::Japanese => langid!("ja"),
    };
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // The isolation marks U+2068 and U+2069 would be copied along with addresses and records.
    bundle.set_use_isolating(false);
    for (_, english, japanese) in CATALOGUES {
        let source = if language == Language::English { english } else { japanese };
        // A file that does not parse whole still gives what parsed; the test below refuses it.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The message with its variables, unless there is no such message.
pub(crate) fn render(language: Language, id: &str, args: &[(&str, impl AsRef<str>)]) -> Option<String> {
    let bundle = bundle(language);
    let pattern = bundle.get_message(id)?.value()?;
    let mut values = FluentArgs::with_capacity(args.len());
    for (name, value) in args {
        values.set(*name, value.as_ref());
    }
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned())
}

/// Every message with the variables it uses, sorted: what both languages must share.
#[cfg(test)]
pub(crate) fn messages(language: Language) -> Vec<(String, Vec<String>)> {
    let mut messages = Vec::new();
    for (name, english, japanese) in CATALOGUES {
        let source = if language == Language::English { english } else { japanese };
        if let Err((_, errors)) = FluentResource::try_new((*source).to_owned()) {
            panic!("{language}/{name}.ftl: {errors:?}");
        }
        let mut current: Option<(String, Vec<String>)> = None;
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((id, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                messages.extend(current.take());
                current = Some((id.to_owned(), Vec::new()));
            }
            if let Some((_, variables)) = &mut current {
                for piece in line.split('{').skip(1) {
                    let variable = piece.trim_start().strip_prefix('$').unwrap_or_default();
                    let variable: String = variable
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
                        .collect();
                    if !variable.is_empty() && !variables.contains(&variable) {
                        variables.push(variable);
                    }
                }
            }
        }
        messages.extend(current);
    }
    for (_, variables) in &mut messages {
        variables.sort();
    }
    messages.sort();
    let mut ids: Vec<_> = messages.iter().map(|(id, _)| id).collect();
    ids.dedup();
    assert_eq!(ids.len(), messages.len(), "{language}: a message stands twice");
    messages
}
