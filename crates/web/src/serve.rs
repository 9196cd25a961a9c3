//! Listening.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// The listener broke. It is the machine's fault; a new listener may work.
#[derive(Debug, thiserror::Error)]
#[error("HTTP cannot be served any longer: {0}")]
pub struct ServeError(#[from] std::io::Error);

/// Serves until `shutdown` is done, then finishes the requests under way.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    listener: TcpListener,
    router: axum::Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).with_graceful_shutdown(shutdown).await?)
}
