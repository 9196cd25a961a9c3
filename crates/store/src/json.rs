//! JSON that is kept as it was written.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A JSON text. What is written into rows as it is, and read by few, is no tree of values on its way there: building, copying and dropping such
/// trees is dearer than all else that is done for a message. Clones share the text.
#[derive(Clone, Debug)]
pub struct Json(Arc<str>);

impl Json {
    /// What a value looks like as JSON; `null` for what has no such form (a map whose keys are no strings).
    pub fn of(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => Self(text.into()),
            Err(error) => {
                tracing::error!(%error, "a value cannot be kept as JSON");
                Self::default()
            }
        }
    }

    /// A text that was kept; [`Json::value`] finds out whether it is JSON.
    pub(crate) fn kept(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value that it stands for; `null` for a text that is no JSON.
    pub fn value(&self) -> Value {
        self.read().unwrap_or_default()
    }

    /// What it says, in a type of its reader's.
    ///
    /// # Errors
    /// It has another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::kept("null")
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

/// Two texts are equal that say the same: members of objects have no order.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.value() == other.value()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_comes_back_as_it_was_meant() {
        let value = json!({"b": [1, "二"], "a": null});
        let written = Json::of(&value);
        assert_eq!(written.value(), value);
        assert_eq!(written, Json::kept(r#"{ "b": [1, "二"], "a": null }"#));
        assert_ne!(written, Json::from(json!({"b": [1, "二"]})));
        let again: Json = serde_json::from_value(serde_json::to_value(&written).unwrap()).unwrap();
        assert_eq!(again, written);
        assert_eq!(again.read::<std::collections::BTreeMap<String, Value>>().unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_json_is_null() {
        assert_eq!(Json::kept("{").value(), Value::Null);
        assert_eq!(Json::default().value(), Value::Null);
    }
}
