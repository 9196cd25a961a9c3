//! Accepting connections, within limits, until told to stop.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tegami_mail::{EnhancedStatusCode, Reply};
use tegami_proto::smtp::server::Settings;
use tegami_queue::TrustedNetworks;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::desk::{Desk, Peer};
use crate::drive;
use crate::metrics::Metrics;
use crate::stream::Wire;

/// How long the accept loop rests when the machine has no more sockets (EMFILE): accepting at once again would spin.
const REST: Duration = Duration::from_millis(200);

/// Most connections of one listener at once.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// In all.
    pub total: usize,
    /// From one network: an IPv4 address or an IPv6 /64. This machine itself is not limited.
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
    /// Networks whose hosts need no AUTH where the settings demand it; the desk knows them too.
    pub trusted: TrustedNetworks,
    /// Who answers.
    pub desk: Arc<dyn Desk>,
    /// Most connections at once.
    pub limits: ConnectionLimits,
    /// The word for this listener in the log and the metrics.
    pub name: &'static str,
    /// Where its sessions are counted.
    pub metrics: Metrics,
}

impl Service {
    /// A listener whose clients begin in clear text and may ask for STARTTLS, with the usual limits.
    pub fn new(settings: Settings, tls: Arc<rustls::ServerConfig>, desk: Arc<dyn Desk>) -> Self {
        Self {
            settings: Arc::new(settings),
            tls: Some(tls),
            implicit_tls: false,
            trusted: TrustedNetworks::default(),
            desk,
            limits: ConnectionLimits::default(),
            name: "smtp",
            metrics: Metrics::default(),
        }
    }

    /// The settings of a session with this client.
    pub(crate) fn settings_for(&self, peer: &Peer) -> Arc<Settings> {
        let trusted = matches!(peer, Peer::Tcp { .. }) && self.trusted.vouch(peer.ip()).is_some();
        let auth_required = self.settings.auth_required && !trusted;
        let future_release = self.desk.future_release();
        if auth_required == self.settings.auth_required && future_release == self.settings.future_release {
            return Arc::clone(&self.settings);
        }
        Arc::new(Settings { auth_required, future_release, ..(*self.settings).clone() })
    }
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

/// Whom connections are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    /// An IPv4 address, or the first 64 bits of an IPv6 address: what one customer usually holds.
    Ip(IpAddr),
    /// This machine: loopback, and programs over a Unix socket.
    Here,
}

impl Network {
    fn of(peer: &Peer) -> Self {
        match (peer, peer.ip()) {
            (Peer::Local { .. }, _) => Self::Here,
            (_, ip) if ip.is_loopback() => Self::Here,
            (_, IpAddr::V4(ip)) => Self::Ip(IpAddr::V4(ip)),
            (_, IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                Self::Ip(IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into()))
            }
        }
    }
}

/// The connections of one listener.
#[derive(Debug, Default)]
struct Counts {
    total: usize,
    networks: HashMap<Network, usize>,
}

type Shared = Arc<Mutex<Counts>>;

/// One connection's place in the counts; given back when dropped.
#[derive(Debug)]
struct Place {
    counts: Shared,
    network: Network,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(count) = counts.networks.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.networks.remove(&self.network);
            }
        }
    }
}

/// Which limit a connection would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Full {
    Total,
    Network,
}

impl Full {
    const fn word(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Network => "network",
        }
    }

    fn reply(self) -> Reply {
        match self {
            // RFC 3463 section 3.4: the system does not accept messages at present.
            Self::Total => {
                Reply::new(421, EnhancedStatusCode::new(4, 3, 2), "Too many connections, try again later")
            }
            Self::Network => Reply::new(
                421,
                EnhancedStatusCode::new(4, 7, 0),
                "Too many connections from your network, try again later",
            ),
        }
    }
}

/// Accepts connections until `shutdown`, then waits for the sessions that are under way.
pub async fn serve(listener: Listener, service: Arc<Service>, shutdown: Shutdown) {
    let (_keep, services) = watch::channel(service);
    serve_current(listener, services, shutdown).await;
}

/// The same with a service that may be changed for another one: each session is led to its end by the one with which it began.
pub async fn serve_current(
    listener: Listener,
    services: watch::Receiver<Arc<Service>>,
    mut shutdown: Shutdown,
) {
    let counts = Shared::default();
    let mut sessions = tokio::task::JoinSet::new();
    let mut short = false;
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = shutdown.requested() => break,
            Some(ended) = sessions.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a session ended in a panic");
                }
                continue;
            }
        };
        match accepted {
            Ok((stream, peer)) => {
                short = false;
                let service = Arc::clone(&services.borrow());
                match admit(&counts, &service.limits, Network::of(&peer)) {
                    Ok(place) => {
                        let shutdown = shutdown.clone();
                        sessions.spawn(stream.lead(peer, service, shutdown, place));
                    }
                    Err(full) => {
                        service.metrics.turned_away(service.name, full.word());
                        tracing::info!(peer = %peer.ip(), limit = full.word(), "a connection was turned away");
                        // Before TLS there are no words that the client would understand.
                        if !service.implicit_tls {
                            sessions.spawn(stream.turn_away(full.reply()));
                        }
                    }
                }
            }
            Err(error) if of_one_connection(&error) => {}
            Err(error) => {
                if !std::mem::replace(&mut short, true) {
                    tracing::warn!(%error, "cannot accept connections at present");
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
    // The port is free for a successor while our sessions end.
    drop(listener);
    while sessions.join_next().await.is_some() {}
}

/// Whether an error of accept concerns only the connection that would have been accepted: its client has gone already. The others
/// would come again at once (EMFILE).
fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    async fn lead(self, peer: Peer, service: Arc<Service>, shutdown: Shutdown, place: Place) {
        match self {
            Self::Tcp(stream) => drive::session(stream, peer, service, shutdown).await,
            #[cfg(unix)]
            Self::Unix(stream) => drive::session(stream, peer, service, shutdown).await,
        }
        drop(place);
    }

    async fn turn_away(self, reply: Reply) {
        async fn tell<S: Wire>(mut stream: S, reply: Reply) {
            // The peer may be gone already; there is nobody else to tell.
            let _ = stream.write_all(&reply.to_wire()).await;
            let _ = stream.shutdown().await;
        }
        match self {
            Self::Tcp(stream) => tell(stream, reply).await,
            #[cfg(unix)]
            Self::Unix(stream) => tell(stream, reply).await,
        }
    }
}

async fn accept(listener: &Listener) -> io::Result<(Stream, Peer)> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, remote) = listener.accept().await?;
            // Replies are small and somebody waits for each. Where this fails the client is gone, and the session will see it.
            let _ = stream.set_nodelay(true);
            let local = stream.local_addr().map_err(|_| io::ErrorKind::ConnectionAborted)?;
            Ok((Stream::Tcp(stream), Peer::Tcp { remote, local }))
        }
        #[cfg(unix)]
        Listener::Unix(listener) => {
            let (stream, _) = listener.accept().await?;
            let uid = stream.peer_cred().map_err(|_| io::ErrorKind::ConnectionAborted)?.uid();
            Ok((Stream::Unix(stream), Peer::Local { uid }))
        }
    }
}

fn admit(shared: &Shared, limits: &ConnectionLimits, network: Network) -> Result<Place, Full> {
    let mut counts = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if counts.total >= limits.total {
        return Err(Full::Total);
    }
    let mine = counts.networks.get(&network).copied().unwrap_or_default();
    if mine >= limits.per_network && network != Network::Here {
        return Err(Full::Network);
    }
    *counts.networks.entry(network).or_default() += 1;
    counts.total += 1;
    drop(counts);
    Ok(Place { counts: Arc::clone(shared), network })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn network(ip: &str) -> Network {
        let address = SocketAddr::new(ip.parse().unwrap(), 25);
        Network::of(&Peer::Tcp { remote: address, local: address })
    }

    #[test]
    fn a_network_is_what_one_customer_holds() {
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("127.0.0.9"), Network::Here);
        assert_eq!(Network::of(&Peer::Local { uid: 1000 }), Network::Here);
    }

    #[test]
    fn places_are_limited_and_given_back() {
        let shared = Shared::default();
        let limits = ConnectionLimits { total: 4, per_network: 2 };
        let admit = |ip| admit(&shared, &limits, network(ip));
        let first = admit("192.0.2.1").unwrap();
        let _second = admit("192.0.2.1").unwrap();
        assert_eq!(admit("192.0.2.1").unwrap_err(), Full::Network);
        drop(first);
        let _third = admit("192.0.2.1").unwrap();
        let here: Vec<_> = (0..2).map(|_| admit("127.0.0.1").unwrap()).collect();
        assert_eq!(admit("127.0.0.1").unwrap_err(), Full::Total);
        assert_eq!(admit("198.51.100.1").unwrap_err(), Full::Total);
        drop(here);
        drop(admit("198.51.100.1").unwrap());
        assert_eq!(shared.lock().unwrap().networks.len(), 1);
    }

    #[test]
    fn only_errors_of_the_machine_make_the_listener_rest() {
        assert!(of_one_connection(&io::ErrorKind::ConnectionAborted.into()));
        // EMFILE.
        assert!(!of_one_connection(&io::Error::from_raw_os_error(24)));
    }
}
