//! Pages of lists that are named by how many items lie before them: `limit`, `skip`, `total_count`.

use super::form::Form;
use super::scalar::shown;
use crate::error::ApiError;

/// Items on a page, unless asked for otherwise, and at most.
const USUAL: usize = 100;
const MOST: usize = 1000;

/// Which stretch of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    /// So many items come before it.
    pub(crate) skip: usize,
    /// At most so many belong to it.
    pub(crate) limit: usize,
}

impl Offset {
    /// Reads `limit` and `skip`.
    pub(crate) fn read(query: &Form) -> Result<Self, ApiError> {
        let number = |name: &str| -> Result<Option<usize>, ApiError> {
            let Some(text) = query.filled(name)? else { return Ok(None) };
            let wrong = || ApiError::bad(format!("{name}: `{}` is not a number", shown(text)));
            text.trim().parse().map(Some).map_err(|_| wrong())
        };
        let limit = number("limit")?.unwrap_or(USUAL);
        if limit > MOST {
            return Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {MOST}")));
        }
        Ok(Self { skip: number("skip")?.unwrap_or_default(), limit })
    }

    /// The items of this page.
    pub(crate) fn of<T>(self, items: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        items.into_iter().skip(self.skip).take(self.limit)
    }
}
