//! The driver: owns the socket, hands octets and the time to the session, asks the clerk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tegami_mail::{EnhancedStatusCode, Reply};
use tegami_proto::smtp::server::{Action, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::desk::{Clerk, Peer};
use crate::listener::{Service, Shutdown};
use crate::stream::{Connection, Wire};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// Octets read at once: a 50 KiB message in one or two reads.
const READ: usize = 64 * 1024;

/// What ended the inner loop.
enum Turn {
    Read,
    Closed,
}

/// One session from greeting to close.
struct Drive<S> {
    connection: Connection<S>,
    session: Session,
    clerk: Box<dyn Clerk>,
    service: Arc<Service>,
    out: Vec<u8>,
    wake: Option<Instant>,
}

/// Leads one session. Errors of the transport end it; there is nobody left to tell.
pub(crate) async fn session<S: Wire>(stream: S, peer: Peer, service: Arc<Service>, mut shutdown: Shutdown) {
    let mut connection = Connection::Clear(stream);
    if service.implicit_tls && handshake(&mut connection, &service).await.is_err() {
        return;
    }
    let session = Session::new(Arc::clone(&service.settings), service.implicit_tls, Instant::now());
    let clerk = service.desk.open(peer);
    let mut drive = Drive { connection, session, clerk, service, out: Vec::new(), wake: None };
    drive.tell_tls();
    let ended = drive.run(&mut shutdown).await;
    if let Err(error) = ended {
        tracing::debug!(peer = %peer.ip(), %error, "the connection broke");
    }
    drive.session.closed();
    let transcript = drive.session.take_transcript();
    drive.clerk.ended(transcript);
}

impl<S: Wire> Drive<S> {
    async fn run(&mut self, shutdown: &mut Shutdown) -> std::io::Result<()> {
        let mut buffer = vec![0_u8; READ];
        loop {
            if let Turn::Closed = self.drain().await? {
                return Ok(());
            }
            self.flush().await?;
            let wake = self.wake.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                read = self.connection.read(&mut buffer) => {
                    let count = read?;
                    if count == 0 {
                        return Ok(());
                    }
                    self.session.receive(buffer.get(..count).unwrap_or_default(), Instant::now());
                }
                () = tokio::time::sleep_until(wake.into()) => self.session.timeout(Instant::now()),
                () = shutdown.requested() => {
                    let reply = Reply::new(421, EnhancedStatusCode::new(4, 3, 2), "Closing for maintenance, try again later");
                    self.out.extend_from_slice(&reply.to_wire());
                    self.flush().await?;
                    return self.connection.shutdown().await;
                }
            }
        }
    }

    /// Does what the session wants until it wants nothing.
    async fn drain(&mut self) -> std::io::Result<Turn> {
        while let Some(action) = self.session.next() {
            match action {
                Action::Send(bytes) => self.out.extend_from_slice(&bytes),
                Action::WakeAt(at) => self.wake = Some(at),
                Action::Ask(question) => {
                    let answer = self.clerk.answer(question, self.session.facts()).await;
                    self.session.answer(answer);
                }
                Action::StartTls => {
                    self.flush().await?;
                    handshake(&mut self.connection, &self.service).await?;
                    self.tell_tls();
                    self.session.tls_established(Instant::now());
                }
                Action::Close => {
                    self.flush().await?;
                    self.connection.shutdown().await?;
                    return Ok(Turn::Closed);
                }
            }
        }
        Ok(Turn::Read)
    }

    fn tell_tls(&mut self) {
        if let Some(remark) = self.connection.tls_remark() {
            self.clerk.encrypted(remark);
        }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        if !self.out.is_empty() {
            self.connection.write_all(&self.out).await?;
            self.out.clear();
            self.connection.flush().await?;
        }
        Ok(())
    }
}

async fn handshake<S: Wire>(connection: &mut Connection<S>, service: &Service) -> std::io::Result<()> {
    let no_tls = || std::io::Error::other("TLS was asked for and there is no certificate");
    let config = service.tls.clone().ok_or_else(no_tls)?;
    let stream = connection.take_clear().ok_or_else(no_tls)?;
    let accept = TlsAcceptor::from(config).accept(stream);
    let tls = tokio::time::timeout(HANDSHAKE, accept).await.map_err(|_| std::io::ErrorKind::TimedOut)??;
    *connection = Connection::Tls(Box::new(tls));
    Ok(())
}
