//! Connections to other hosts: over TCP, or over whatever stands behind [`Dial`].

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tegami_store::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpSocket;

/// What a session runs over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that stands.
pub struct Connection {
    /// Its octets, both ways.
    pub stream: Box<dyn Stream>,
    /// Our address, as far as it is known.
    pub source: Option<IpAddr>,
}

/// Whoever makes connections. A simulated network stands behind it as well as the machine's.
pub trait Dial: Send + Sync + 'static {
    /// Connects to `peer`, from `source` where one is given.
    ///
    /// # Errors
    /// What the system says; `TimedOut` after `timeout`.
    fn dial(
        &self,
        peer: SocketAddr,
        source: Option<IpAddr>,
        timeout: Duration,
    ) -> BoxFuture<'_, io::Result<Connection>>;
}

/// TCP, by the machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tcp;

impl Dial for Tcp {
    fn dial(
        &self,
        peer: SocketAddr,
        source: Option<IpAddr>,
        timeout: Duration,
    ) -> BoxFuture<'_, io::Result<Connection>> {
        Box::pin(connect(peer, source, timeout))
    }
}

async fn connect(peer: SocketAddr, source: Option<IpAddr>, timeout: Duration) -> io::Result<Connection> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let stream = tokio::time::timeout(timeout, socket.connect(peer))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    let source = stream.local_addr().ok().map(|address| address.ip());
    Ok(Connection { stream: Box::new(stream), source })
}
