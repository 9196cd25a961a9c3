//! A sentence that is not yet written: which one, and what to put in it.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::Text;

/// A value, by the name of the message's variable.
pub type NoteArg = (&'static str, Text);

/// The values of a note, a slice of [`NoteArg`]; up to two stand in the note itself.
#[derive(Clone, Debug)]
pub enum NoteArgs {
    /// None.
    None,
    /// One.
    One([NoteArg; 1]),
    /// Two.
    Two([NoteArg; 2]),
    /// More.
    More(Box<[NoteArg]>),
}

impl Deref for NoteArgs {
    type Target = [NoteArg];
    fn deref(&self) -> &[NoteArg] {
        match self {
            Self::None => &[],
            Self::One(args) => args,
            Self::Two(args) => args,
            Self::More(args) => args,
        }
    }
}

impl PartialEq for NoteArgs {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for NoteArgs {}

impl Serialize for NoteArgs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// A sentence for people, as an identifier and its values. The rooms that decide make notes; the room `words`
/// turns them into English or Japanese. The identifier is a Fluent message of `crates/words/i18n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Identifier of the Fluent message, for example `spf-ip-match`.
    pub id: &'static str,
    /// The values of the message's variables, in the order in which they were given.
    pub args: NoteArgs,
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
    pub fn values(&self) -> Vec<(&str, &str)> {
        self.args.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl From<Note> for StoredNote {
    fn from(note: Note) -> Self {
        let args = note.args.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        Self { id: note.id.to_owned(), args }
    }
}

/// Makes a [`Note`]: `note!("spf-ip-match", network = "192.0.2.0/24", ip = ip)`. A value is anything that is shown by
/// [`Display`](std::fmt::Display); of a [`Text`] and what has one ([`AsText`](crate::AsText)) the note takes a clone. `cargo
/// xtask tidy` looks for the identifier in the Fluent files of both languages.
#[macro_export]
macro_rules! note {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::Note { id: $id, args: $crate::note!(@args $($name = $value),*) }
    };
    (@args) => { $crate::NoteArgs::None };
    (@args $name:ident = $value:expr) => { $crate::NoteArgs::One([$crate::note!(@arg $name = $value)]) };
    (@args $name:ident = $value:expr, $second:ident = $other:expr) => {
        $crate::NoteArgs::Two([$crate::note!(@arg $name = $value), $crate::note!(@arg $second = $other)])
    };
    (@args $($name:ident = $value:expr),+) => {
        $crate::NoteArgs::More(Box::new([$($crate::note!(@arg $name = $value)),+]))
    };
    (@arg $name:ident = $value:expr) => {{
        #[allow(unused_imports, reason = "a value needs one of the two")]
        use $crate::told::{Shared as _, Shown as _, Told};
        (stringify!($name), (&Told(&$value)).text())
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_stored_as_an_identifier_and_pairs() {
        let name = Text::from("mail.example.org");
        let note = note!("spf-void", name = name, count = 2_usize, error = String::from("NXDOMAIN"));
        let stored =
            r#"{"id":"spf-void","args":[["name","mail.example.org"],["count","2"],["error","NXDOMAIN"]]}"#;
        assert_eq!(serde_json::to_string(&note).unwrap(), stored);
        let read: StoredNote = serde_json::from_str(stored).unwrap();
        assert_eq!(read, StoredNote::from(note));
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        assert_eq!(serde_json::to_string(&note!("spf-all")).unwrap(), r#"{"id":"spf-all","args":[]}"#);
    }
}
