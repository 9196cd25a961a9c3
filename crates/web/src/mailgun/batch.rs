//! Batch mode: every recipient of `to` gets a copy of its own, with its own values in place of `%recipient.NAME%`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tegami_mail::{Address, NameAddr};
use tegami_queue::Person;

use super::filler::{Filler, add_text, each_text};
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
    filler: Option<Filler>,
    /// `None`: all recipients share one copy.
    values: Option<Values>,
    /// Those who still get a copy of their own.
    waiting: std::vec::IntoIter<NameAddr>,
    first: bool,
}

impl Copies {
    /// One copy that all share or, where there are recipient variables, one for each recipient of `to`.
    pub(crate) fn of(mut message: Parameters, filler: Option<Filler>) -> Self {
        let values = message.options.recipient_variables.take().map(Values::of);
        let mut to = if values.is_some() { std::mem::take(&mut message.to) } else { Vec::new() };
        let mut seen = BTreeSet::new();
        to.retain(|recipient| seen.insert(recipient.address.clone()));
        Self { waiting: to.into_iter(), message, filler, values, first: true }
    }

    /// Those of `cc` and `bcc` get the first copy.
    fn others(&self) -> impl Iterator<Item = Address> {
        let others = self.message.cc.iter().chain(&self.message.bcc).filter(|_| self.first);
        others.map(|recipient| recipient.address.clone())
    }

    fn shared(&mut self) -> Result<Copy, ApiError> {
        let mut message = std::mem::take(&mut self.message);
        let recipients: Vec<_> = message.recipients().into_iter().map(|to| to.address.clone()).collect();
        if let Some(filler) = &self.filler {
            filler.fill(&mut message)?;
        }
        add_text(&mut message);
        Ok(Copy { message, recipients })
    }

    fn personal(&self, values: &Values, recipient: &NameAddr) -> Result<Copy, ApiError> {
        let person = values.person(recipient);
        let mut message = self.message.clone();
        let recipients = std::iter::once(recipient.address.clone()).chain(self.others()).collect();
        message.to = vec![recipient.clone()];
        person.fill_options(&mut message.options)?;
        // Values come first into the variables, then with them into the template, and then into what became of it.
        if let Some(filler) = &self.filler {
            filler.fill(&mut message)?;
        }
        person.fill_message(&mut message);
        add_text(&mut message);
        Ok(Copy { message, recipients })
    }
}

impl Iterator for Copies {
    type Item = Result<Copy, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(values) = &self.values else {
            return std::mem::take(&mut self.first).then(|| self.shared());
        };
        let recipient = self.waiting.next()?;
        let copy = self.personal(values, &recipient);
        self.first = false;
        Some(copy)
    }
}

/// The values of all recipients, by address in lower case.
pub(crate) struct Values(BTreeMap<String, Map<String, Value>>);

impl Values {
    /// Keys may be written with a display name; those that are no recipient's do no harm.
    pub(crate) fn of(given: Map<String, Value>) -> Self {
        let values = given.into_iter().map(|(key, value)| {
            let address = NameAddr::parse(&key).map(|parsed| parsed.address.to_string()).unwrap_or(key);
            let members = if let Value::Object(members) = value { members } else { Map::new() };
            (address.to_lowercase(), members)
        });
        Self(values.collect())
    }

    /// A recipient, with the values that are given for the address.
    pub(crate) fn person<'a>(&'a self, recipient: &'a NameAddr) -> Person<'a> {
        Person::new(recipient, self.0.get(&recipient.address.to_string().to_lowercase()))
    }
}

/// What becomes of the parts of a message when a recipient's values are put into them.
pub(crate) trait Fill {
    /// A text for a header field: a value cannot end it.
    fn fill_line(&self, text: &str) -> String;

    /// Variables and tags.
    fn fill_options(&self, options: &mut SendOptions) -> Result<(), ApiError>;

    /// Bodies and header fields.
    fn fill_message(&self, message: &mut Parameters);
}

impl Fill for Person<'_> {
    fn fill_line(&self, text: &str) -> String {
        self.fill(text).replace(['\r', '\n', '\0'], "")
    }

    fn fill_options(&self, options: &mut SendOptions) -> Result<(), ApiError> {
        let fill = |text: &str| self.fill(text);
        options.variables.values_mut().for_each(|value| each_text(value, &fill));
        options.template.variables.values_mut().for_each(|value| each_text(value, &fill));
        let mut checked = SendOptions::default();
        for tag in std::mem::take(&mut options.tags) {
            checked.set("tag", "o:tag", &self.fill_line(&tag))?;
        }
        options.tags = checked.tags;
        Ok(())
    }

    fn fill_message(&self, message: &mut Parameters) {
        for text in [&mut message.text, &mut message.html, &mut message.amp_html].into_iter().flatten() {
            *text = self.fill(text);
        }
        if let Some(subject) = &mut message.subject {
            *subject = self.fill_line(subject);
        }
        for (_, value) in &mut message.fields {
            *value = self.fill_line(value);
        }
    }
}
