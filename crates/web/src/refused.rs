//! One line of the log for each request of the API that is refused.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Octets of a stranger's words that a line shows.
const LONGEST: usize = 320;

/// What the client was told, kept beside the answer for whoever writes the log.
#[derive(Clone, Debug)]
pub(crate) struct Said(pub(crate) String);

/// Tells of a refusal; keys travel in a header field and are not told.
pub(crate) async fn tell(request: Request, next: Next) -> Response {
    let command = bounded(&format!("{} {}", request.method(), request.uri().path()));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let ip = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string());
    let response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        let said = response.extensions().get::<Said>().map(|Said(said)| said.as_str()).unwrap_or_default();
        let reply = bounded(&format!("{} {said}", response.status().as_u16()));
        tracing::info!(target: "tegami::door", door = "http", command, ip, reply, "refused");
    }
    response
}

fn bounded(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default().trim_end().to_owned()
}
