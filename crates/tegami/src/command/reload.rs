//! `tegami reload`, and SIGHUP: the configuration is read and checked anew, and taken over while everything runs.

use serde_json::json;
use tegami_mail::note;
use tokio::sync::oneshot;

use super::{Context, Failure, Report};
use crate::server::{House, Server, trusted_roots};

/// Asks the server for it, from a command over the control socket.
pub(super) async fn ask(context: &Context, house: &House) -> Result<Report, Failure> {
    let (answer, answered) = oneshot::channel();
    let gone = || Failure::from(note!("cli-reload-impossible"));
    house.asks.send(answer).await.map_err(|_| gone())?;
    let fixed = answered.await.map_err(|_| gone())??;
    if context.json {
        return Ok(Report::json(&json!({ "reloaded": true, "after_restart": fixed })));
    }
    let mut text = context.word("cli-reloaded");
    for key in fixed {
        text.push_str(&format!("\n{}", context.say(&note!("cli-reload-fixed", key = key))));
    }
    Ok(Report::well(text))
}

/// Does it.
pub(super) async fn run(context: &Context, server: &mut Server) -> Result<Vec<&'static str>, Failure> {
    let config = context.config()?;
    let roots = trusted_roots(&config)?;
    server.reload(config, roots).await
}
