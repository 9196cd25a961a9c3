//! A sentence that is not yet written: which one, and what to put in it.

use serde::Serialize;

/// A sentence for people, as an identifier and its values. The rooms that decide make notes; the room `words`
/// turns them into English or Japanese. The identifier is a Fluent message of `crates/words/i18n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Identifier of the Fluent message, for example `spf-ip-match`.
    pub id: &'static str,
    /// The values of the message's variables, in the order in which they were given.
    pub args: Vec<(&'static str, String)>,
}

/// Makes a [`Note`]: `note!("spf-ip-match", network = "192.0.2.0/24", ip = ip)`. `cargo xtask tidy` looks for the
/// identifier in the Fluent files of both languages.
#[macro_export]
macro_rules! note {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Note { id: $id, args: vec![$((stringify!($name), ($value).to_string())),*] }
    };
}
