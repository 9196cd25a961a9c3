//! The HTTP API and pages of a server.

use std::sync::Arc;

use super::Rooms;
use crate::config::Config;

/// Everything that is served over HTTP.
pub(crate) fn pages(_rooms: &Arc<Rooms>, _config: &Config) -> axum::Router {
    axum::Router::new()
}
