//! A small authoritative server made of zone text, over UDP and TCP: the lab's DNS, which `dig` can ask.

mod reply;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Zone;

pub use reply::{Transport, reply};

/// TCP connections at one time; more wait to be accepted.
const MAX_CLIENTS: usize = 64;

/// For one message over TCP to come or go (RFC 7766 section 6.2.3 wants a few seconds).
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);

/// Tries to find a port that is free for UDP and TCP alike.
const PORT_ATTEMPTS: usize = 32;

/// A running server. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct Server {
    zone: Arc<RwLock<Arc<Zone>>>,
    address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Server {
    /// Binds UDP and TCP on the same port and starts to answer; port 0 takes a free one. Must be called inside a
    /// tokio runtime.
    ///
    /// # Errors
    /// What binding the address says.
    pub async fn bind(address: SocketAddr, zone: impl Into<Arc<Zone>>) -> io::Result<Self> {
        let (tcp, udp) = bind_both(address).await?;
        let address = tcp.local_addr()?;
        let zone = Arc::new(RwLock::new(zone.into()));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_udp(udp, Arc::clone(&zone)));
        tasks.spawn(serve_tcp(tcp, Arc::clone(&zone)));
        Ok(Self { zone, address, tasks })
    }

    /// Where it answers, by UDP and by TCP.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers from another zone from now on.
    pub fn replace(&self, zone: impl Into<Arc<Zone>>) {
        *self.zone.write().unwrap_or_else(PoisonError::into_inner) = zone.into();
    }

    /// The zone that answers now.
    pub fn zone(&self) -> Arc<Zone> {
        current(&self.zone)
    }

    /// Serves until a listener fails for good, which in practice is until the future is dropped.
    pub async fn run(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

fn current(zone: &RwLock<Arc<Zone>>) -> Arc<Zone> {
    Arc::clone(&zone.read().unwrap_or_else(PoisonError::into_inner))
}

async fn bind_both(address: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let mut attempt = 1;
    loop {
        let tcp = TcpListener::bind(address).await?;
        match UdpSocket::bind(tcp.local_addr()?).await {
            Ok(udp) => return Ok((tcp, udp)),
            Err(error) if address.port() != 0 || attempt == PORT_ATTEMPTS => return Err(error),
            Err(_) => attempt += 1,
        }
    }
}

async fn serve_udp(socket: UdpSocket, zone: Arc<RwLock<Arc<Zone>>>) {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        let (length, peer) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let request = buffer.get(..length).unwrap_or_default();
        let answer = reply(&current(&zone), request, Transport::Udp);
        if let Some(answer) = answer
            && let Err(error) = socket.send_to(&answer, peer).await
        {
            tracing::debug!(%error, %peer, "DNS answer not sent");
        }
    }
}

async fn serve_tcp(listener: TcpListener, zone: Arc<RwLock<Arc<Zone>>>) {
    let room = Arc::new(Semaphore::new(MAX_CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let zone = Arc::clone(&zone);
                clients.spawn(async move {
                    if let Err(error) = serve_client(stream, &zone).await {
                        tracing::debug!(%error, %peer, "DNS connection ended");
                    }
                    drop(place);
                });
            }
            Err(error) => pause_after(&error).await,
        }
        while clients.try_join_next().is_some() {}
    }
}

/// Messages one after another, each behind its length (RFC 1035 section 4.2.2), until the peer ends or is silent.
async fn serve_client(mut stream: TcpStream, zone: &RwLock<Arc<Zone>>) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        match timeout(CLIENT_PATIENCE, receive(&mut stream, &mut request)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(()),
        }
        let answer = reply(&current(zone), &request, Transport::Tcp);
        let Some(answer) = answer else { continue };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        let framed = [length.to_be_bytes().as_slice(), &answer].concat();
        timeout(CLIENT_PATIENCE, stream.write_all(&framed)).await??;
    }
}

async fn receive(stream: &mut TcpStream, request: &mut Vec<u8>) -> io::Result<()> {
    let length = stream.read_u16().await?;
    request.resize(usize::from(length), 0);
    stream.read_exact(request).await.map(drop)
}

/// Keeps a listener that fails again and again (no file descriptors left) from taking a whole core.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "DNS listener");
    tokio::time::sleep(Duration::from_millis(50)).await;
}
