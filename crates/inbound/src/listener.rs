//! Accepting connections, within limits, until told to stop.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tegami_mail::{EnhancedStatusCode, Reply};
use tegami_proto::smtp::server::Settings;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::desk::{Desk, Peer};
use crate::drive;

/// How long the accept loop rests when the machine has no more sockets (EMFILE): accepting at once again would spin.
const REST: Duration = Duration::from_millis(200);

/// Most connections at once.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// In all.
    pub total: usize,
    /// From one network: an IPv4 address or an IPv6 /64. Loopback is not limited.
    pub per_network: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { total: 2000, per_network: 50 }
    }
}

/// What is served on a listener.
pub struct Service {
    /// The session's settings.
    pub settings: Arc<Settings>,
    /// For STARTTLS or implicit TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// TLS from the first octet (RFC 8314 section 3.3).
    pub implicit_tls: bool,
    /// Who answers.
    pub desk: Arc<dyn Desk>,
    /// Most connections at once.
    pub limits: ConnectionLimits,
}

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket, for programs on this machine.
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Tells sessions and listeners to end.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// The switch and its listeners' end.
    pub fn pair() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Waits until the switch is thrown, or its owner is gone.
    pub async fn requested(&mut self) {
        // An error means that the sender is gone, which is a shutdown too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// One connection's place in the counts; given back when dropped.
struct Place {
    counts: Counts,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

/// Accepts connections until `shutdown`, then waits for the sessions that are under way.
pub async fn serve(listener: Listener, service: Arc<Service>, mut shutdown: Shutdown) {
    let counts = Counts::default();
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = shutdown.requested() => break,
            Some(_) = sessions.join_next() => continue,
        };
        match accepted {
            Ok(Accepted::Tcp(stream, peer)) => {
                let Some(place) = admit(&counts, &service.limits, peer.ip()) else {
                    sessions.spawn(turn_away(stream));
                    continue;
                };
                let session = drive::session(stream, peer, Arc::clone(&service), shutdown.clone());
                sessions.spawn(async move {
                    session.await;
                    drop(place);
                });
            }
            #[cfg(unix)]
            Ok(Accepted::Unix(stream, peer)) => {
                sessions.spawn(drive::session(stream, peer, Arc::clone(&service), shutdown.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(REST).await;
            }
        }
    }
    while sessions.join_next().await.is_some() {}
}

enum Accepted {
    Tcp(TcpStream, Peer),
    #[cfg(unix)]
    Unix(UnixStream, Peer),
}

async fn accept(listener: &Listener) -> std::io::Result<Accepted> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, remote) = listener.accept().await?;
            // Replies are small and somebody waits for each.
            stream.set_nodelay(true)?;
            let local = stream.local_addr()?;
            Ok(Accepted::Tcp(stream, Peer::Tcp { remote, local }))
        }
        #[cfg(unix)]
        Listener::Unix(listener) => {
            let (stream, _) = listener.accept().await?;
            let uid = stream.peer_cred()?.uid();
            Ok(Accepted::Unix(stream, Peer::Local { uid }))
        }
    }
}

fn admit(counts: &Counts, limits: &ConnectionLimits, ip: IpAddr) -> Option<Place> {
    let network = network(ip);
    let mut open = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let mine = open.get(&network).copied().unwrap_or_default();
    let total: usize = open.values().sum();
    let full = total >= limits.total || (mine >= limits.per_network && !ip.is_loopback());
    if full {
        return None;
    }
    *open.entry(network).or_default() += 1;
    Some(Place { counts: Arc::clone(counts), network })
}

/// An IPv4 address, or the first 64 bits of an IPv6 address: what one customer usually holds.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}

async fn turn_away(mut stream: TcpStream) {
    let reply =
        Reply::new(421, EnhancedStatusCode::new(4, 7, 0), "Too many connections from you, try again later");
    // The peer may be gone already; there is nobody else to tell.
    let _ = stream.write_all(&reply.to_wire()).await;
    let _ = stream.shutdown().await;
}
