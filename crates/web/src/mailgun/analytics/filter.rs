//! Conditions on dimensions, all of which have to hold.

use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::mailgun::scalar::shown;

/// `{"AND": [{"attribute", "comparator", "values": [{"label", "value"}]}]}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    #[serde(rename = "AND")]
    all: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Deserialize)]
pub(super) struct Condition {
    pub(super) attribute: String,
    #[serde(default = "equals")]
    comparator: String,
    #[serde(default)]
    values: Vec<Labelled>,
}

fn equals() -> String {
    "=".to_owned()
}

/// A value, with or without a name for people.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Labelled {
    Both { value: Value },
    Plain(Value),
}

impl Labelled {
    fn text(&self) -> String {
        let (Self::Both { value } | Self::Plain(value)) = self;
        value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned).to_lowercase()
    }
}

const COMPARATORS: [&str; 8] = ["=", "!=", "contains", "not contains", "starts with", "like", "<", ">"];

impl Filter {
    /// Refuses what is not known: counts that leave a condition out would be wrong.
    pub(super) fn check(&self, known: impl Fn(&str) -> bool) -> Result<(), ApiError> {
        for condition in &self.all {
            if !known(&condition.attribute) {
                let why = format!("filter: the attribute `{}` is not known", shown(&condition.attribute));
                return Err(ApiError::bad(why));
            }
            if !COMPARATORS.contains(&condition.comparator.as_str()) {
                let why = format!("filter: the comparator `{}` is not known", shown(&condition.comparator));
                return Err(ApiError::bad(why));
            }
        }
        Ok(())
    }

    /// Whether there is a condition on this attribute.
    pub(super) fn names(&self, attribute: &str) -> bool {
        self.all.iter().any(|condition| condition.attribute == attribute)
    }

    /// The conditions.
    pub(super) fn conditions(&self) -> &[Condition] {
        &self.all
    }

    /// Whether the conditions on this attribute let something with these values pass.
    pub(super) fn pass(&self, attribute: &str, values: &[String]) -> bool {
        self.all
            .iter()
            .filter(|condition| condition.attribute == attribute)
            .all(|condition| condition.holds(values))
    }
}

impl Condition {
    /// Whether one of the values, or none where it says "not", is as it wants.
    pub(super) fn holds(&self, values: &[String]) -> bool {
        let wanted: Vec<String> = self.values.iter().map(Labelled::text).collect();
        if wanted.is_empty() {
            return true;
        }
        let any = |fits: fn(&str, &str) -> bool| {
            values.iter().any(|value| {
                let value = value.to_lowercase();
                wanted.iter().any(|wanted| fits(&value, wanted))
            })
        };
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        match self.comparator.as_str() {
            "!=" => !any(|value, wanted| value == wanted),
            "contains" | "like" => any(|value, wanted| value.contains(wanted.trim_matches('%'))),
            "not contains" => !any(|value, wanted| value.contains(wanted)),
            "starts with" => any(|value, wanted| value.starts_with(wanted)),
            "<" | ">" => {
                let less = self.comparator == "<";
                values.iter().any(|value| {
                    wanted.iter().any(|wanted| {
                        let (value, wanted) = (number(value), number(wanted));
                        if less { value < wanted } else { value > wanted }
                    })
                })
            }
            _ => any(|value, wanted| value == wanted),
        }
    }
}
