//! What stands for a recipient's own values in the text of a message to many: `%recipient.NAME%` and its kin.

use serde_json::Value;
use tegami_mail::{Address, NameAddr};

use crate::mailing_list::Member;

/// Puts a member's values in place of their names, each as `written` has it; names that nobody knows stay as they are.
pub(crate) fn fill(text: &str, member: &Member, written: &dyn Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let filled = after.split_once('%').and_then(|(name, tail)| Some((value_of(name, member)?, tail)));
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

fn value_of(name: &str, member: &Member) -> Option<String> {
    let words = || member.name.split_whitespace();
    match name {
        "recipient" => {
            let address = Address::parse(&member.address).ok()?;
            let name = Some(member.name.clone()).filter(|name| !name.is_empty());
            Some(NameAddr { name, address }.to_string())
        }
        "recipient_email" => Some(member.address.clone()),
        "recipient_name" => Some(member.name.clone()),
        "recipient_fname" => Some(words().next().unwrap_or_default().to_owned()),
        "recipient_lname" => Some(words().skip(1).last().unwrap_or_default().to_owned()),
        name => match member.vars.get(name.strip_prefix("recipient.")?)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => Some(String::new()),
            other => Some(other.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_become_values() {
        let member = Member {
            address: "alice@example.net".to_owned(),
            name: "Alice Mary Smith".to_owned(),
            subscribed: true,
            vars: json!({"n": 1, "percent": "50%"}).as_object().unwrap().clone(),
        };
        let fill = |text: &str| fill(text, &member, &str::to_owned);
        assert_eq!(
            fill("100%%recipient.n%% %recipient.other% %unknown% 5 %"),
            "100%1% %recipient.other% %unknown% 5 %"
        );
        assert_eq!(fill("%recipient_fname%/%recipient_lname%/%recipient.percent%"), "Alice/Smith/50%");
        assert_eq!(
            fill("%recipient% %recipient_email%"),
            "Alice Mary Smith <alice@example.net> alice@example.net"
        );
    }
}
