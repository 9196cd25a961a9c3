//! The place in a list of events, as the last segment of its URL.
//!
//! A token is data and not a right: whoever may ask for a domain's events may ask for any range of them. It is therefore
//! read with care and not signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A query and a place in its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// Not before.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none", default)]
    pub(crate) begin: Option<Timestamp>,
    /// Not after.
    #[serde(rename = "e", skip_serializing_if = "Option::is_none", default)]
    pub(crate) end: Option<Timestamp>,
    /// Newest first.
    #[serde(rename = "d")]
    pub(crate) descending: bool,
    /// Filters: field and expression.
    #[serde(rename = "f", skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) filters: Vec<(String, String)>,
    /// Events on a page.
    #[serde(rename = "l")]
    pub(crate) limit: usize,
    /// The place.
    #[serde(rename = "p")]
    pub(crate) place: Place,
}

/// Where a page begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// At the first event.
    #[serde(rename = "f")]
    First,
    /// With the last event.
    #[serde(rename = "l")]
    Last,
    /// After this one, in the query's direction.
    #[serde(rename = "a")]
    After(u64),
    /// Before this one, in the query's direction.
    #[serde(rename = "b")]
    Before(u64),
}

/// Longest token that is read.
const LONGEST: usize = 16 << 10;

impl Token {
    /// URL-safe text without slashes.
    pub(crate) fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads what [`Token::write`] wrote.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let wrong = || ApiError::bad("the page token is not one of ours");
        if text.len() > LONGEST {
            return Err(wrong());
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        serde_json::from_slice(&json).map_err(|_| wrong())
    }

    /// The same query at another place.
    pub(crate) fn at(&self, place: Place) -> Self {
        Self { place, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_comes_back(
            descending: bool, limit in 1_usize..300, seq: u64, begin in prop::option::of(0_i64..4_000_000_000),
            filters in prop::collection::vec(("[a-z-]{1,9}", any::<String>()), 0..3),
        ) {
            let begin = begin.map(|second| Timestamp::from_second(second).unwrap());
            let token = Token { begin, end: None, descending, filters, limit, place: Place::After(seq) };
            let text = token.write();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(Token::read(&text), Ok(token));
        }

        #[test]
        fn nothing_panics(text: String, bytes: Vec<u8>) {
            let _ = (Token::read(&text), Token::read(&URL_SAFE_NO_PAD.encode(bytes)));
        }
    }
}
