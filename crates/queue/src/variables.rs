//! What stands for a recipient's own values in the text of a message to many: `%recipient.NAME%` and its kin.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tegami_mail::{Address, NameAddr};

use crate::mailing_list::Member;

/// A recipient with values of its own.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    recipient: Cow<'a, NameAddr>,
    own: Option<&'a Map<String, Value>>,
}

impl<'a> Person<'a> {
    /// A recipient as the message names it, and its values by name, where it has some.
    pub fn new(recipient: &'a NameAddr, own: Option<&'a Map<String, Value>>) -> Self {
        Self { recipient: Cow::Borrowed(recipient), own }
    }

    /// A member of a list; `None` where the address is none.
    pub(crate) fn member(member: &'a Member) -> Option<Self> {
        let address = Address::parse(&member.address).ok()?;
        let name = Some(member.name.clone()).filter(|name| !name.is_empty());
        Some(Self { recipient: Cow::Owned(NameAddr { name, address }), own: Some(&member.vars) })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.recipient.address
    }

    /// Puts values in place of their names; names that nobody knows stay as they are.
    pub fn fill(&self, text: &str) -> String {
        self.fill_written(text, &str::to_owned)
    }

    /// The same, each value as `written` has it.
    pub(crate) fn fill_written(&self, text: &str, written: &dyn Fn(&str) -> String) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            let filled = after.split_once('%').and_then(|(name, tail)| Some((self.value_of(name)?, tail)));
            match filled {
                Some((value, tail)) => {
                    out.push_str(&written(&value));
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

    fn value_of(&self, name: &str) -> Option<String> {
        let display = self.recipient.name.as_deref().unwrap_or_default();
        let mut words = display.split_whitespace();
        match name {
            "recipient" => Some(self.recipient.to_string()),
            "recipient_email" => Some(self.recipient.address.to_string()),
            "recipient_name" => Some(display.to_owned()),
            "recipient_fname" => Some(words.next().unwrap_or_default().to_owned()),
            "recipient_lname" => Some(words.skip(1).last().unwrap_or_default().to_owned()),
            name => match self.own?.get(name.strip_prefix("recipient.")?)? {
                Value::String(text) => Some(text.clone()),
                Value::Null => Some(String::new()),
                other => Some(other.to_string()),
            },
        }
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
        Person::new(&recipient, own.as_object()).fill(text)
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

    #[test]
    fn members_of_lists_are_recipients() {
        let member = Member {
            address: "alice@example.net".to_owned(),
            name: "Alice Mary Smith".to_owned(),
            subscribed: true,
            vars: json!({"n": 1, "percent": "50%"}).as_object().unwrap().clone(),
        };
        let filled = Person::member(&member).unwrap().fill("%recipient% %recipient.n%");
        assert_eq!(filled, "Alice Mary Smith <alice@example.net> 1");
        let nameless = Member { name: String::new(), ..member };
        assert_eq!(
            Person::member(&nameless).unwrap().fill("%recipient%%recipient_name%"),
            "alice@example.net"
        );
    }

    proptest! {
        #[test]
        fn text_without_names_stays(text in "[^%]*(%[^%r]*)*") {
            prop_assert_eq!(fill(&text), text);
        }
    }
}
