//! Batch mode: every recipient of `to` gets a copy of its own, with its own values in place of `%recipient.NAME%`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tegami_mail::{Address, NameAddr};

use super::options::SendOptions;
use super::parameters::Parameters;
use crate::error::ApiError;

/// One copy, and who gets it.
pub(crate) struct Copy {
    /// The message with this recipient's values.
    pub(crate) message: Parameters,
    /// The envelope's recipients.
    pub(crate) recipients: Vec<Address>,
}

/// The copies of a message, made one after another, so that only one lies in memory.
pub(crate) struct Copies {
    message: Parameters,
    /// Values by address in lower case; `None`: all recipients share one copy.
    values: Option<BTreeMap<String, Map<String, Value>>>,
    /// Those who still get a copy of their own.
    waiting: std::vec::IntoIter<NameAddr>,
    first: bool,
}

impl Copies {
    /// One copy that all share.
    pub(crate) fn one(message: Parameters) -> Self {
        Self { waiting: Vec::new().into_iter(), message, values: None, first: true }
    }

    /// One for each recipient of `to`.
    pub(crate) fn of(mut message: Parameters) -> Self {
        let given = message.options.recipient_variables.take().unwrap_or_default();
        let values = given.into_iter().map(|(key, value)| {
            // Keys may be written with a display name.
            let address = NameAddr::parse(&key).map(|parsed| parsed.address.to_string()).unwrap_or(key);
            let members = if let Value::Object(members) = value { members } else { Map::new() };
            (address.to_lowercase(), members)
        });
        let values = Some(values.collect());
        let mut seen = BTreeSet::new();
        let mut to = std::mem::take(&mut message.to);
        to.retain(|recipient| seen.insert(recipient.address.clone()));
        Self { waiting: to.into_iter(), message, values, first: true }
    }

    /// Those of `cc` and `bcc` get the first copy.
    fn others(&self) -> impl Iterator<Item = Address> {
        let others = self.message.cc.iter().chain(&self.message.bcc).filter(|_| self.first);
        others.map(|recipient| recipient.address.clone())
    }
}

impl Iterator for Copies {
    type Item = Result<Copy, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(values) = &self.values else {
            let message = std::mem::take(&mut self.message);
            let recipients: Vec<_> = message.recipients().into_iter().map(|to| to.address.clone()).collect();
            return std::mem::take(&mut self.first).then_some(Ok(Copy { message, recipients }));
        };
        let recipient = self.waiting.next()?;
        let nothing = Map::new();
        let own = values.get(&recipient.address.to_string().to_lowercase()).unwrap_or(&nothing);
        let recipients = std::iter::once(recipient.address.clone()).chain(self.others()).collect();
        let message = personal(self.message.clone(), &recipient, own);
        self.first = false;
        Some(message.map(|message| Copy { message, recipients }))
    }
}

/// The message as this recipient gets it.
fn personal(
    mut message: Parameters,
    recipient: &NameAddr,
    own: &Map<String, Value>,
) -> Result<Parameters, ApiError> {
    let fill = |text: &str| substitute(text, recipient, own);
    // A value that is put into a header field cannot end it.
    let fill_line = |text: &str| fill(text).replace(['\r', '\n', '\0'], "");
    message.to = vec![recipient.clone()];
    for text in [&mut message.text, &mut message.html, &mut message.amp_html].into_iter().flatten() {
        *text = fill(text);
    }
    if let Some(subject) = &mut message.subject {
        *subject = fill_line(subject);
    }
    for (_, value) in &mut message.fields {
        *value = fill_line(value);
    }
    for value in message.options.variables.values_mut() {
        if let Value::String(text) = value {
            *text = fill(text);
        }
    }
    let mut checked = SendOptions::default();
    for tag in std::mem::take(&mut message.options.tags) {
        checked.set("tag", "o:tag", &fill_line(&tag))?;
    }
    message.options.tags = checked.tags;
    Ok(message)
}

/// Puts values in place of their names; names that nobody knows stay as they are.
fn substitute(text: &str, recipient: &NameAddr, own: &Map<String, Value>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let filled =
            after.split_once('%').and_then(|(name, tail)| Some((value_of(name, recipient, own)?, tail)));
        match filled {
            Some((value, tail)) => {
                out.push_str(&value);
                rest = tail;
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn value_of(name: &str, recipient: &NameAddr, own: &Map<String, Value>) -> Option<String> {
    let display = || recipient.name.clone().unwrap_or_default();
    let words = |display: String| {
        let words: Vec<String> = display.split_whitespace().map(ToOwned::to_owned).collect();
        words
    };
    match name {
        "recipient" => Some(recipient.to_string()),
        "recipient_email" => Some(recipient.address.to_string()),
        "recipient_name" => Some(display()),
        "recipient_fname" => Some(words(display()).into_iter().next().unwrap_or_default()),
        "recipient_lname" => Some(words(display()).into_iter().skip(1).next_back().unwrap_or_default()),
        name => match own.get(name.strip_prefix("recipient.")?)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => Some(String::new()),
            other => Some(other.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fill(text: &str) -> String {
        let recipient = NameAddr::parse("Alice Mary Smith <alice@example.net>").unwrap();
        let own = json!({"n": 1, "yes": true, "v:uid": "x", "percent": "50%"});
        substitute(text, &recipient, own.as_object().unwrap())
    }

    #[test]
    fn names_become_values() {
        assert_eq!(fill("%recipient.n% %recipient.yes% %recipient.v:uid%"), "1 true x");
        assert_eq!(fill("100%%recipient.n%%"), "100%1%");
        assert_eq!(fill("%recipient.other% %unknown% 5 % 6"), "%recipient.other% %unknown% 5 % 6");
        assert_eq!(fill("%recipient.percent%recipient.n%"), "50%recipient.n%");
        assert_eq!(
            fill("%recipient_fname%/%recipient_lname%/%recipient_name%"),
            "Alice/Smith/Alice Mary Smith"
        );
        assert_eq!(
            fill("%recipient% %recipient_email%"),
            "Alice Mary Smith <alice@example.net> alice@example.net"
        );
    }

    proptest! {
        #[test]
        fn text_without_names_stays(text in "[^%]*(%[^%r]*)*") {
            prop_assert_eq!(fill(&text), text);
        }
    }
}
