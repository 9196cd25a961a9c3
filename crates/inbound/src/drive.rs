//! The driver: owns the socket, hands octets and the time to the session, asks the clerk.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tegami_mail::{EnhancedStatusCode, Reply};
use tegami_proto::smtp::server::{Action, Answer, Question, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::asked::Asked;
use crate::desk::{Clerk, Peer};
use crate::listener::{Service, Shutdown};
use crate::stream::{Connection, Wire};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How long we wait for the client to close after we did. Closing at once would throw away what the client has not read
/// yet, wherever it had sent more than we took.
const LINGER: Duration = Duration::from_secs(1);
/// Octets read at once from a client that speaks in commands: most sessions are idle most of the time, and there are thousands.
const SMALL: usize = 4 * 1024;
/// Octets read at once from a client that fills its reads: content.
const LARGE: usize = 64 * 1024;

/// The present moment, by the clock of the timers that wake us: a test may stop both.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What follows when the session wants nothing more for now.
enum Turn {
    Read,
    Shutdown,
    Closed,
}

/// One session from greeting to close.
struct Drive<S> {
    connection: Connection<S>,
    session: Session,
    clerk: Box<dyn Clerk>,
    service: Arc<Service>,
    peer: Peer,
    shutdown: Shutdown,
    out: Vec<u8>,
    wake: Option<Instant>,
}

/// Leads one session over a connection that is there already, to its end; [`crate::serve`] does so with each that it accepts. Errors of the
/// transport end it: there is nobody left to tell.
pub async fn session<S: Wire>(stream: S, peer: Peer, service: Arc<Service>, mut shutdown: Shutdown) {
    let _open = service.metrics.begin(service.name);
    let mut connection = Connection::Clear(stream);
    if service.implicit_tls && handshake(&mut connection, &service, peer, &mut shutdown).await.is_err() {
        return;
    }
    let begin = if service.implicit_tls { Session::under_tls } else { Session::new };
    let session = begin(service.settings_for(&peer), now());
    let clerk = service.desk.open(peer);
    let mut drive =
        Drive { connection, session, clerk, service, peer, shutdown, out: Vec::new(), wake: None };
    drive.tell_tls();
    if let Err(error) = drive.run().await {
        tracing::debug!(peer = %peer.ip(), %error, "the connection broke");
    }
    drive.session.closed();
    let transcript = drive.session.take_transcript();
    drive.clerk.ended(transcript);
}

impl<S: Wire> Drive<S> {
    async fn run(&mut self) -> io::Result<()> {
        let mut buffer = vec![0_u8; SMALL];
        loop {
            match self.drain().await? {
                Turn::Read => self.flush().await?,
                Turn::Shutdown => return self.farewell().await,
                Turn::Closed => return Ok(()),
            }
            let wake = self.wake.unwrap_or_else(|| now() + self.service.settings.idle_timeout);
            tokio::select! {
                biased;
                () = self.shutdown.requested() => return self.farewell().await,
                read = self.connection.read(&mut buffer) => {
                    let count = read?;
                    if count == 0 {
                        return Ok(());
                    }
                    self.session.receive(buffer.get(..count).unwrap_or_default(), now());
                    fit(&mut buffer, count);
                }
                () = tokio::time::sleep_until(wake.into()) => self.session.timeout(now()),
            }
        }
    }

    /// Does what the session wants until it wants nothing.
    async fn drain(&mut self) -> io::Result<Turn> {
        while let Some(action) = self.session.next() {
            match action {
                Action::Send(bytes) => self.out.extend_from_slice(&bytes),
                Action::WakeAt(at) => self.wake = Some(at),
                Action::Ask(question) => {
                    // What the session has let go does not wait for the answer.
                    self.flush().await?;
                    let Some(answer) = self.ask(question).await else { return Ok(Turn::Shutdown) };
                    self.session.answer(answer);
                }
                Action::StartTls => {
                    self.flush().await?;
                    handshake(&mut self.connection, &self.service, self.peer, &mut self.shutdown).await?;
                    self.tell_tls();
                    self.session.tls_established(now());
                }
                Action::Close => {
                    self.flush().await?;
                    self.close().await?;
                    return Ok(Turn::Closed);
                }
            }
        }
        Ok(Turn::Read)
    }

    /// The clerk's answer; `None` when the server stops meanwhile. A message is always answered: it may be on the disk already,
    /// and a client that is not told so sends it again.
    async fn ask(&mut self, question: Question) -> Option<Answer> {
        let patient = matches!(question, Question::Message(_));
        let asked = Asked::of(&question);
        let (clerk, facts) = (&mut self.clerk, self.session.facts());
        let answer = AssertUnwindSafe(async move { clerk.answer(question, facts).await }).catch_unwind();
        let answer = if patient {
            answer.await
        } else {
            tokio::select! {
                biased;
                answer = answer => answer,
                () = self.shutdown.requested() => return None,
            }
        };
        let answer = answer.unwrap_or_else(|_| {
            // The panic itself was reported where it happened. Whatever the clerk knew may be wrong now: the session ends.
            tracing::error!(peer = %self.peer.ip(), "a session ends because its clerk panicked");
            let text = "Something went wrong here, try again later";
            Answer::Refuse(Reply::new(421, EnhancedStatusCode::new(4, 3, 0), text))
        });
        asked.tell(&answer, &self.service, self.peer, self.session.facts());
        Some(answer)
    }

    /// Tells the client that the server stops.
    async fn farewell(&mut self) -> io::Result<()> {
        self.session.shut_down(now());
        while let Some(action) = self.session.next() {
            if let Action::Send(bytes) = action {
                self.out.extend_from_slice(&bytes);
            }
        }
        timeout(LINGER, self.flush()).await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.close().await
    }

    fn tell_tls(&mut self) {
        if let Some(remark) = self.connection.tls_remark() {
            let version = remark.split(' ').next().unwrap_or_default();
            self.service.metrics.handshake(self.service.name, version);
            self.clerk.encrypted(remark);
        }
    }

    /// Writes what has gathered. A client that does not read is silent in its way, and has as long (RFC 5321 section 4.5.3.2.7).
    async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let write = async {
            self.connection.write_all(&self.out).await?;
            self.connection.flush().await
        };
        timeout(self.service.settings.idle_timeout, write).await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.out.clear();
        Ok(())
    }

    /// Closes our side, then takes what the client still sends, for a moment.
    async fn close(&mut self) -> io::Result<()> {
        let close = async {
            self.connection.shutdown().await?;
            let mut rest = [0_u8; 1024];
            while self.connection.read(&mut rest).await? > 0 {}
            Ok(())
        };
        timeout(LINGER, close).await.unwrap_or(Ok(()))
    }
}

/// Makes the buffer as large as the client's reads want it.
fn fit(buffer: &mut Vec<u8>, count: usize) {
    if count == buffer.len() && count < LARGE {
        buffer.resize((count * 4).min(LARGE), 0);
    } else if count <= SMALL && buffer.len() > SMALL {
        *buffer = vec![0; SMALL];
    }
}

async fn handshake<S: Wire>(
    connection: &mut Connection<S>,
    service: &Service,
    peer: Peer,
    shutdown: &mut Shutdown,
) -> io::Result<()> {
    let no_tls = || io::Error::other("TLS was asked for and there is no certificate");
    let accept = async {
        let config = service.tls.clone().ok_or_else(no_tls)?;
        let stream = connection.take_clear().ok_or_else(no_tls)?;
        TlsAcceptor::from(config).accept(stream).await
    };
    let accepted = tokio::select! {
        accepted = timeout(HANDSHAKE, accept) => accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        () = shutdown.requested() => return Err(io::Error::other("the server stops")),
    };
    match accepted {
        Ok(tls) => {
            *connection = Connection::Tls(Box::new(tls));
            Ok(())
        }
        Err(error) => {
            // Worth a line of the log: a client that cannot agree with us on TLS is often an old one whose mail is missed.
            tracing::info!(peer = %peer.ip(), %error, "a TLS handshake failed");
            service.metrics.handshake(service.name, "failed");
            Err(error)
        }
    }
}
