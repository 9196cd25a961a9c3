//! A sentence that is not yet written: which one, and what to put in it.

use serde::{Deserialize, Serialize};

/// A sentence for people, as an identifier and its values. The rooms that decide make notes; the room `words`
/// turns them into English or Japanese. The identifier is a Fluent message of `crates/words/i18n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Identifier of the Fluent message, for example `spf-ip-match`.
    pub id: &'static str,
    /// The values of the message's variables, in the order in which they were given.
    pub args: Vec<(&'static str, String)>,
}

/// A [`Note`] that was written down and read again: same form in JSON, owned identifiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredNote {
    /// See [`Note::id`].
    pub id: String,
    /// See [`Note::args`].
    pub args: Vec<(String, String)>,
}

impl StoredNote {
    /// The values as the room `words` takes them.
    pub fn values(&self) -> Vec<(&str, String)> {
        self.args.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()
    }
}

impl From<Note> for StoredNote {
    fn from(note: Note) -> Self {
        let args = note.args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { id: note.id.to_owned(), args }
    }
}

/// Makes a [`Note`]: `note!("spf-ip-match", network = "192.0.2.0/24", ip = ip)`. `cargo xtask tidy` looks for the
/// identifier in the Fluent files of both languages.
#[macro_export]
macro_rules! note {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Note { id: $id, args: vec![$((stringify!($name), ($value).to_string())),*] }
    };
}
