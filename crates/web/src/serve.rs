//! Listening, within limits: a client that is slow on purpose must not keep others out.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::rest::Rest;

/// The listener broke. It is the machine's fault; a new listener may work.
#[derive(Debug, thiserror::Error)]
#[error("HTTP cannot be served any longer: {0}")]
pub struct ServeError(#[from] std::io::Error);

/// How long the accept loop rests when the machine has no more sockets (EMFILE): accepting at once again would spin.
const REST: Duration = Duration::from_millis(200);

/// What one listener bears.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Connections at once. The next one waits in the queue of the kernel.
    connections: usize,
    /// From the first octet of a request, or the end of the one before, to the end of its header section.
    header_section: Duration,
    /// How long a client may be silent within a body.
    body: Duration,
}

const BOUNDS: Bounds =
    Bounds { connections: 1000, header_section: Duration::from_secs(30), body: Duration::from_secs(60) };

/// Serves until `shutdown` is done, then finishes the requests under way.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    serve_within(listener, router, shutdown, BOUNDS).await
}

async fn serve_within(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
    bounds: Bounds,
) -> Result<(), ServeError> {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.header_section);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>((place, listener.accept().await))
        };
        let (place, accepted) = tokio::select! {
            next = next => next?,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Where this fails the client is gone, and the connection will see it.
                let _ = stream.set_nodelay(true);
                let inner = TowerToHyperService::new(router.clone());
                let service = service_fn(move |mut request: hyper::Request<Incoming>| {
                    // Handlers look here for who asks.
                    request.extensions_mut().insert(ConnectInfo(peer));
                    inner.call(request.map(|body| Rest::of(body, bounds.body)))
                });
                let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%peer, %error, "an HTTP connection broke");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "cannot accept an HTTP connection at present");
                tokio::time::sleep(REST).await;
            }
        }
    }
    // The port is free for a successor while our requests end.
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    const SHORT: Bounds = Bounds {
        connections: 1,
        header_section: Duration::from_millis(50),
        body: Duration::from_millis(300),
    };

    async fn start(bounds: Bounds) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let whose = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let read = |body: axum::body::Bytes| async move { body.len().to_string() };
        let router = Router::new().route("/", get(whose).post(read));
        let served = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            serve_within(listener, router, shutdown, bounds).await.unwrap();
        });
        (address, stop, served)
    }

    /// Everything that the server says until it closes.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        // A connection that is cut off ends too.
        let _ = stream.read_to_string(&mut text).await;
        text
    }

    #[tokio::test]
    async fn a_silent_client_gives_its_place_to_the_next() {
        let (address, stop, served) = start(SHORT).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        let mut good = TcpStream::connect(address).await.unwrap();
        good.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let own = good.local_addr().unwrap().to_string();
        assert!(!rest(&mut silent).await.contains(" 200 "));
        assert!(!rest(&mut slow).await.contains(" 200 "));
        let answer = rest(&mut good).await;
        assert!(answer.contains(" 200 ") && answer.ends_with(&own), "{answer}");
        stop.send(()).unwrap();
        served.await.unwrap();
    }

    /// A client that sends an octet now and then would keep its place for ever.
    #[tokio::test]
    async fn a_body_that_hardly_comes_is_given_up() {
        let (address, stop, served) = start(SHORT).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n").await.unwrap();
        while slow.write_all(b"x").await.is_ok() {
            if tokio::time::timeout(Duration::from_millis(20), slow.readable()).await.is_ok() {
                break;
            }
        }
        assert!(!rest(&mut slow).await.contains(" 200 "));
        let mut good = TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";
        good.write_all(head.as_bytes()).await.unwrap();
        assert!(rest(&mut good).await.ends_with("\r\n\r\n3"));
        stop.send(()).unwrap();
        served.await.unwrap();
    }

    /// A refusal before the body has come: the client, who goes on sending, hears it, and the next request is answered too.
    #[tokio::test]
    async fn who_is_refused_early_hears_why() {
        let (address, stop, served) = start(BOUNDS).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let body = vec![b'x'; 3 << 20];
        let head = format!("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        client.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        client.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 404");
        client.write_all(&body).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let answer = rest(&mut client).await;
        assert!(answer.contains(" 200 "), "{answer}");
        stop.send(()).unwrap();
        served.await.unwrap();
    }

    #[tokio::test]
    async fn idle_connections_do_not_hold_up_the_end() {
        let (address, stop, served) = start(BOUNDS).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut first = [0];
        idle.read_exact(&mut first).await.unwrap();
        stop.send(()).unwrap();
        served.await.unwrap();
        rest(&mut idle).await;
    }
}
