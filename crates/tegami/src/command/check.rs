//! `tegami check`: the doctor; and `tegami check self`, whether mail can leave this machine at all.

mod baseline;
pub(super) mod examine;
mod list;
#[cfg(test)]
mod manual;
mod own;
mod provider;
pub(super) mod text;
mod watch;

pub(crate) use self::provider::word as provider_word;
use super::{Context, Failure, Report};
use crate::cli::Check;

/// Checks a domain, an address or this installation. Exit status 1 where something is wrong.
pub(crate) async fn run(check: &Check, context: &Context) -> Result<Report, Failure> {
    if check.list {
        return Ok(list::run(context));
    }
    if check.subject.as_deref() != Some("self") {
        return examine::run(check, context).await;
    }
    own::run(check, context).await
}
