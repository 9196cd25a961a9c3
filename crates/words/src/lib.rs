//! Two languages: every sentence that people read, in English and Japanese.
//!
//! The sentences are Fluent messages in `i18n/en` and `i18n/ja`, compiled in. Rooms that decide make a [`Note`]; whoever shows it renders it
//! here. `cargo xtask tidy` refuses a message that stands in one language only, and a note whose message stands in none.

mod catalogue;
mod language;

pub use language::{Language, UnknownLanguage};
use tegami_mail::{Note, StoredNote};

/// A note in words.
pub fn note(language: Language, note: &Note) -> String {
    text(language, note.id, &note.args)
}

/// JSON in which every stored note (an object of `id` and `args`) has become its sentence.
pub fn told(language: Language, value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    if let Ok(stored) = serde_json::from_value::<StoredNote>(value.clone()) {
        return Value::String(text(language, &stored.id, &stored.values()));
    }
    match value {
        Value::Array(values) => values.iter().map(|value| told(language, value)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), told(language, value))).collect())
        }
        other => other.clone(),
    }
}

/// The message `id` with its variables filled in. An unknown message shows its identifier and values, so that nothing is ever lost.
pub fn text(language: Language, id: &str, args: &[(&str, impl AsRef<str>)]) -> String {
    catalogue::render(language, id, args).unwrap_or_else(|| {
        args.iter().fold(id.to_owned(), |text, (name, value)| format!("{text} {name}={}", value.as_ref()))
    })
}

/// The message `id`, which has no variables.
pub fn plain(language: Language, id: &str) -> String {
    text(language, id, &[] as &[(&str, &str)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_message_keeps_its_values() {
        let args = [("ip", "192.0.2.1".to_owned())];
        assert_eq!(text(Language::English, "no-such-message", &args), "no-such-message ip=192.0.2.1");
    }

    #[test]
    fn every_sentence_about_refusals_is_there() {
        for id in tegami_mail::failure::sentences() {
            for language in [Language::English, Language::Japanese] {
                assert!(
                    catalogue::render(language, &id, &[] as &[(&str, &str)]).is_some(),
                    "{language}: {id}"
                );
            }
        }
    }

    /// `TEGAMI_WRITE=1` writes the page.
    #[test]
    fn the_page_of_replies_is_what_the_rules_say() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/replies.md");
        let page = tegami_mail::failure::page(&|id| plain(Language::English, id));
        if std::env::var_os("TEGAMI_WRITE").is_some() {
            std::fs::write(&file, &page).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == page,
            "docs/replies.md says something else: TEGAMI_WRITE=1 cargo test -p tegami-words"
        );
    }

    #[test]
    fn both_languages_have_the_same_messages_and_variables() {
        let (english, japanese) =
            (catalogue::messages(Language::English), catalogue::messages(Language::Japanese));
        assert_eq!(english, japanese);
        assert!(!english.is_empty());
    }
}
