//! A question that one command has for another: to the running server, or to the data folder where none runs.

use std::ffi::OsString;
use std::sync::Arc;

use tegami_queue::SystemClock;

use super::{Context, Failure, on_rooms, queue, who};
use crate::cli;
use crate::config::Config;
use crate::server::Rooms;
use crate::server::control::{self, Request};

/// What an administrative command prints as JSON.
///
/// # Errors
/// What it says.
pub(super) async fn ask(words: &[&str], context: &Context, config: &Config) -> Result<String, Failure> {
    let words = std::iter::once("tegami").chain(words.iter().copied()).chain(["--json"]);
    let arguments: Vec<String> = words.map(str::to_owned).collect();
    let language = context.language.tag().to_owned();
    let request = Request { arguments: arguments.clone(), language, input: None, who: who() };
    if let Some(response) = control::ask(&config.data, &request).await? {
        let errors = response.errors.trim();
        return match response.status {
            0 | 1 => Ok(response.output),
            _ => Err(Failure::Text(errors.strip_prefix("tegami: ").unwrap_or(errors).to_owned())),
        };
    }
    let cli = cli::parse(arguments.into_iter().map(OsString::from));
    let cli = cli.map_err(|error| Failure::Text(error.to_string()))?;
    let context = context.for_programs();
    let rooms = Rooms::open(config, Arc::new(SystemClock)).await?;
    let site = queue::Site { context: &context, rooms: &rooms, config, who: &request.who };
    Ok(on_rooms(&cli.verb, None, site).await?.text)
}
