//! Pages of a list in the order of its names, each named by the entry beside it. All of that stands in the query, because one client takes the
//! query of a paging URL and puts it behind a path of its own.

use form_urlencoded::Serializer;
use serde_json::{Value, json};

use super::form::Form;
use super::scalar::shown;
use crate::error::ApiError;
use crate::stretch::{Place, Stretch};

/// Entries on a page, at most.
pub(crate) const MOST: usize = 1000;

/// How a list calls the parameters of its pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// The entry beside the page: `address`, `tag`, `p`.
    pub(crate) pivot: &'static str,
    /// What the entries begin with, where that can be asked for: `term`, `prefix`.
    pub(crate) term: Option<&'static str>,
    /// Entries on a page, unless asked for otherwise.
    pub(crate) usual: usize,
}

/// Suppressions.
pub(crate) const ADDRESSES: Names = Names { pivot: "address", term: Some("term"), usual: 100 };

/// A page that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Pivot {
    names: Names,
    pub(crate) stretch: Stretch,
    /// What else was asked for, and is asked for again by the URLs.
    more: Option<(&'static str, &'static str)>,
}

impl Pivot {
    /// Reads the query. Names of entries compare in lower case.
    pub(crate) fn read(query: &Form, names: Names) -> Result<Self, ApiError> {
        let limit = match query.filled("limit")?.map(str::parse::<usize>) {
            None => names.usual,
            Some(Ok(limit @ 1..=MOST)) => limit,
            Some(Ok(0) | Err(_)) => return Err(ApiError::bad("limit: this is not a number above 0")),
            Some(Ok(_)) => {
                return Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {MOST}")));
            }
        };
        let lower = |name: &str| Ok::<_, ApiError>(query.filled(name)?.unwrap_or_default().to_lowercase());
        let pivot = lower(names.pivot)?;
        let place = match query.filled("page")?.unwrap_or("first") {
            "first" => Place::First,
            "last" => Place::Last,
            "next" => Place::After(pivot),
            "previous" | "prev" => Place::Before(pivot),
            other => return Err(ApiError::bad(format!("page: `{}` is not known", shown(other)))),
        };
        let term = names.term.map(lower).transpose()?.unwrap_or_default();
        Ok(Self { names, stretch: Stretch { place, limit, term }, more: None })
    }

    /// The same, of a list that is filtered by one more parameter, where it is.
    pub(crate) fn with(self, name: &'static str, value: Option<&'static str>) -> Self {
        Self { more: value.map(|value| (name, value)), ..self }
    }

    /// The URLs of the pages around one that begins and ends with these entries. All four are always there; one client stumbles over a
    /// missing one.
    pub(crate) fn paging(&self, base: &str, first: Option<&str>, last: Option<&str>) -> Value {
        let url = |page: Option<&str>, pivot: Option<&str>| {
            let mut query = Serializer::new(String::new());
            if let Some(page) = page {
                query.append_pair("page", page);
            }
            if let Some(pivot) = pivot {
                query.append_pair(self.names.pivot, pivot);
            }
            query.append_pair("limit", &self.stretch.limit.to_string());
            if let Some(term) = self.names.term {
                query.append_pair(term, &self.stretch.term);
            }
            if let Some((name, value)) = self.more {
                query.append_pair(name, value);
            }
            format!("{base}?{}", query.finish())
        };
        let here = match &self.stretch.place {
            Place::After(pivot) | Place::Before(pivot) => pivot.as_str(),
            Place::First | Place::Last => "",
        };
        json!({
            "first": url(None, None),
            "last": url(Some("last"), None),
            "next": url(Some("next"), Some(last.unwrap_or(here))),
            "previous": url(Some("previous"), Some(first.unwrap_or(here))),
        })
    }
}
