//! A text that costs nothing to hand on.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, SmolStrBuilder};

/// A text that is not changed any more. A clone costs no allocation: up to 23 octets stand in the value itself, longer texts are shared
/// between clones. Names, steps and the values of notes are made of it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(SmolStr);

impl Text {
    /// A text that stands in the program.
    pub const fn from_static(text: &'static str) -> Self {
        Self(SmolStr::new_static(text))
    }

    /// What a value shows of itself; a short one is written without an allocation.
    pub fn of(value: impl fmt::Display) -> Self {
        use fmt::Write as _;
        let mut builder = SmolStrBuilder::new();
        // Memory takes everything; a value that cannot show itself shows what it has written so far.
        let _ = write!(builder, "{value}");
        Self(builder.finish())
    }

    /// Texts one after the other; a short one is written without an allocation.
    pub fn concat(parts: &[&str]) -> Self {
        let mut line = Line::default();
        if parts.iter().all(|part| line.push(part.as_bytes())) { line.text() } else { parts.concat().into() }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Order, equality and hash are those of the text, so maps can be asked by it.
impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(SmolStr::new(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(SmolStr::from(text))
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        Self(SmolStr::new(text))
    }
}

/// The address as people write it; `Display` would come to the same, slower.
impl From<IpAddr> for Text {
    fn from(ip: IpAddr) -> Self {
        let IpAddr::V4(ip) = ip else { return Self::of(ip) };
        let mut line = Line::default();
        for (place, octet) in ip.octets().into_iter().enumerate() {
            if place > 0 {
                line.push(b".");
            }
            for (least, digit) in [(100, octet / 100), (10, octet / 10 % 10), (0, octet % 10)] {
                if octet >= least {
                    line.push(&[b'0' + digit]);
                }
            }
        }
        line.text()
    }
}

/// Room to put a short text together.
struct Line {
    octets: [u8; 64],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { octets: [0; 64], length: 0 }
    }
}

impl Line {
    /// Whether the octets of a text still fit; only then they are added.
    fn push(&mut self, text: &[u8]) -> bool {
        let end = self.length + text.len();
        let Some(room) = self.octets.get_mut(self.length..end) else { return false };
        room.copy_from_slice(text);
        self.length = end;
        true
    }

    fn text(&self) -> Text {
        // Made of whole texts, so it is one.
        std::str::from_utf8(self.octets.get(..self.length).unwrap_or_default()).unwrap_or_default().into()
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

/// A value that has its text ready: a note takes a clone of it.
pub trait AsText {
    /// The text.
    fn as_text(&self) -> &Text;
}

impl AsText for Text {
    fn as_text(&self) -> &Text {
        self
    }
}

impl<T: AsText + ?Sized> AsText for &T {
    fn as_text(&self) -> &Text {
        (**self).as_text()
    }
}

/// How [`note!`](crate::note) makes a text of a value: a clone where the value has one, else what it shows of itself. Of the
/// two methods Rust takes the first that fits `(&Told(&value)).text()`; the second needs one reference more.
#[doc(hidden)]
pub mod told {
    use super::{AsText, Text};

    pub struct Told<'a, T: ?Sized>(pub &'a T);

    pub trait Shared {
        fn text(&self) -> Text;
    }

    impl<T: AsText + ?Sized> Shared for Told<'_, T> {
        fn text(&self) -> Text {
            self.0.as_text().clone()
        }
    }

    /// What is text already needs no formatting.
    impl Shared for Told<'_, str> {
        fn text(&self) -> Text {
            self.0.into()
        }
    }

    impl Shared for Told<'_, &str> {
        fn text(&self) -> Text {
            (*self.0).into()
        }
    }

    impl Shared for Told<'_, String> {
        fn text(&self) -> Text {
            self.0.as_str().into()
        }
    }

    pub trait Shown {
        fn text(&self) -> Text;
    }

    impl<T: std::fmt::Display + ?Sized> Shown for &Told<'_, T> {
        fn text(&self) -> Text {
            Text::of(self.0)
        }
    }
}

/// Two hexadecimal digits for each octet, in lower case.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_text_that_was_given(text: String) {
            let (start, end) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
            let made =
                [Text::from(text.as_str()), Text::from(text.clone()), Text::of(&text), Text::concat(&[start, end])];
            for made in made {
                prop_assert_eq!(&made, &text);
                prop_assert_eq!(made.clone().to_string(), text.clone());
                prop_assert_eq!(serde_json::to_string(&made).unwrap(), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn an_address_is_written_as_it_shows_itself() {
        for ip in
            ["0.0.0.0", "255.255.255.255", "192.0.2.10", "10.100.99.1", "2001:db8::1", "::ffff:192.0.2.1"]
        {
            assert_eq!(Text::from(ip.parse::<IpAddr>().unwrap()), ip);
        }
    }

    #[test]
    fn a_note_clones_a_text_and_shows_everything_else() {
        let long = Text::from("a text that is longer than twenty-three octets");
        let note = crate::note!(
            "spf-void",
            a = long,
            b = &long,
            c = &&long,
            d = 7_u8,
            e = "word",
            f = Ipv4Addr::LOCALHOST
        );
        let values: Vec<&Text> = note.args.iter().map(|(_, value)| value).collect();
        assert!(values[..3].iter().all(|value| value.as_ptr() == long.as_ptr()));
        assert_eq!(values[3..], ["7", "word", "127.0.0.1"]);
    }
}
