//! The driver: it owns the socket, and does what the session wants. It decides nothing.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tegami_mail::{Clock, Host, Transcript};
use tegami_proto::smtp::client::{
    Action, Event, FailureCause, Session, SessionFailure, Settings, Stage, Transaction, TransactionReport,
};
use tegami_queue::shaping::Open;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::client::TlsStream;

use crate::connect::{Connection, Stream};
use crate::moment;
use crate::policy::TlsDemand;
use crate::record::TlsRecord;
use crate::tls::Tls;
use crate::tls_policy::Trust;

/// RFC 5321 section 4.5.3.2.5: the longest that one piece of the content may take to leave.
const DATA_BLOCK: Duration = Duration::from_secs(3 * 60);

/// How much is handed to the socket at a time.
const BLOCK: usize = 64 * 1024;

/// A session and its socket.
pub(crate) struct Link {
    session: Session,
    wire: Wire,
    wake: Option<Instant>,
    /// When what is under way must have ended: the opening, or a transaction.
    limit: Option<Instant>,
    buffer: Vec<u8>,
    began: Instant,
    pub(crate) tls: Option<TlsRecord>,
    pub(crate) source: Option<IpAddr>,
    /// Something could not be written: the server cannot have the end of it.
    pub(crate) cut: bool,
    /// Messages handed over so far.
    pub(crate) messages: usize,
    /// The room that it takes among the connections to a provider.
    pub(crate) room: Option<Open>,
}

/// What TLS needs to know.
pub(crate) struct TlsContext<'a> {
    pub(crate) tls: &'a Tls,
    pub(crate) host: &'a Host,
    pub(crate) demand: TlsDemand,
    pub(crate) trust: &'a Trust,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) timeout: Duration,
    /// When the session has to be open.
    pub(crate) deadline: Option<Instant>,
}

enum Wire {
    Clear(Box<dyn Stream>),
    Tls(Box<TlsStream<Box<dyn Stream>>>),
    Gone,
}

/// What a session came to.
enum Progress {
    Ready,
    Transaction(TransactionReport),
    Failed(SessionFailure),
}

impl Link {
    /// Begins a session on a fresh connection. With implicit TLS the handshake comes first.
    pub(crate) async fn begin(
        Connection { stream, source }: Connection,
        settings: Settings,
        context: &TlsContext<'_>,
    ) -> Self {
        let implicit = settings.implicit_tls;
        let session = Session::new(settings, moment::now());
        let mut link = Self {
            session,
            wire: Wire::Clear(stream),
            wake: None,
            limit: context.deadline,
            buffer: vec![0; 16 * 1024],
            began: moment::now(),
            tls: None,
            source,
            cut: false,
            messages: 0,
            room: None,
        };
        if implicit {
            link.start_tls(context).await;
        }
        link
    }

    /// Goes on until the server has greeted us, TLS runs and we are known to it.
    pub(crate) async fn ready(&mut self, context: &TlsContext<'_>) -> Result<(), SessionFailure> {
        let progress = self.advance(Some(context)).await;
        self.limit = None;
        match progress {
            Progress::Ready => Ok(()),
            Progress::Failed(failure) => Err(failure),
            Progress::Transaction(_) => Err(out_of_turn()),
        }
    }

    /// Hands over one message, until `limit` at the latest.
    pub(crate) async fn deliver(
        &mut self,
        transaction: Transaction,
        limit: Option<Instant>,
    ) -> Result<TransactionReport, SessionFailure> {
        self.messages += 1;
        self.limit = limit;
        self.session.deliver(transaction, moment::now());
        let progress = self.advance(None).await;
        self.limit = None;
        match progress {
            Progress::Transaction(report) => Ok(report),
            Progress::Failed(failure) => Err(failure),
            Progress::Ready => Err(out_of_turn()),
        }
    }

    /// Says QUIT and waits a moment for the answer (RFC 5321 section 4.1.1.10).
    pub(crate) async fn quit(&mut self) {
        self.session.quit(moment::now());
        let _ = tokio::time::timeout(Duration::from_secs(5), self.advance(None)).await;
    }

    /// When the work for the present message began: with the connection, or now where that stood already.
    pub(crate) fn began_if_fresh(&self, reused: bool) -> Instant {
        if reused { moment::now() } else { self.began }
    }

    /// Makes room for another connection and says QUIT.
    pub(crate) fn end(mut self) {
        self.room = None;
        self.leave();
    }

    /// Says QUIT without keeping anybody waiting.
    pub(crate) fn leave(mut self) {
        if self.is_open() {
            tokio::spawn(async move { self.quit().await });
        }
    }

    /// The session, for its transcript and what the server offered.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// What was said since the last time, so that the next message's record does not show this one's.
    pub(crate) fn take_transcript(&mut self) -> Transcript {
        self.session.take_transcript()
    }

    /// Whether the connection still stands, as far as can be seen without asking the server.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.wire, Wire::Gone)
    }

    /// Does what the session wants until it has something to tell.
    async fn advance(&mut self, context: Option<&TlsContext<'_>>) -> Progress {
        loop {
            while let Some(action) = self.session.next() {
                match action {
                    Action::Send(octets) => self.send(&octets).await,
                    Action::StartTls => match context {
                        Some(context) => self.start_tls(context).await,
                        None => self.session.tls_failed("TLS is not started within a transaction"),
                    },
                    Action::WakeAt(moment) => self.wake = Some(moment),
                    Action::Close => self.close().await,
                    Action::Report(Event::Ready) => return Progress::Ready,
                    Action::Report(Event::Transaction(report)) => return Progress::Transaction(report),
                    Action::Report(Event::Failed(failure)) => return Progress::Failed(failure),
                }
            }
            if !self.is_open() {
                let (stage, cause) = (Stage::Idle, FailureCause::Closed);
                return Progress::Failed(SessionFailure { stage, cause });
            }
            self.read().await;
        }
    }

    /// Writes piece by piece. Time spent writing is not the server's silence, so the alarm moves along. Where writing fails, the
    /// server may have said why before it closed: reading finds out.
    async fn send(&mut self, octets: &Bytes) {
        let began = moment::now();
        for block in octets.chunks(BLOCK) {
            let until = self.no_later(moment::now() + DATA_BLOCK);
            let written = tokio::time::timeout_at(until, self.wire.write(block)).await;
            match written {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    self.cut = true;
                    return;
                }
                Err(_) => return self.give_up(),
            }
        }
        match tokio::time::timeout_at(self.no_later(moment::now() + DATA_BLOCK), self.wire.flush()).await {
            Ok(flushed) => self.cut |= flushed.is_err(),
            Err(_) => return self.give_up(),
        }
        self.wake = self.wake.map(|wake| wake + began.elapsed());
    }

    /// The server takes nothing more, or too slowly.
    fn give_up(&mut self) {
        self.cut = true;
        self.wire = Wire::Gone;
        self.session.exhausted(moment::now());
    }

    fn is_exhausted(&self) -> bool {
        self.limit.is_some_and(|limit| limit <= moment::now())
    }

    /// This moment, or the end of the transaction's time where that comes first.
    fn no_later(&self, than: Instant) -> tokio::time::Instant {
        self.limit.map_or(than, |limit| limit.min(than)).into()
    }

    async fn read(&mut self) {
        let read = self.wire.read(&mut self.buffer);
        let until = [self.wake, self.limit].into_iter().flatten().min();
        let read = match until {
            Some(until) => tokio::time::timeout_at(until.into(), read).await,
            None => Ok(read.await),
        };
        let now = moment::now();
        match read {
            Err(_) if self.is_exhausted() => self.session.exhausted(now),
            Err(_) => {
                self.wake = None;
                self.session.timeout(now);
            }
            Ok(Ok(count @ 1..)) => self.session.receive(self.buffer.get(..count).unwrap_or_default(), now),
            Ok(Ok(0) | Err(_)) => {
                self.wire = Wire::Gone;
                self.session.closed(now);
            }
        }
    }

    async fn start_tls(&mut self, context: &TlsContext<'_>) {
        let Wire::Clear(stream) = std::mem::replace(&mut self.wire, Wire::Gone) else {
            self.session.tls_failed("TLS runs already");
            return;
        };
        let handshake = context.tls.handshake(stream, context.host, context.trust, context.clock.now());
        match tokio::time::timeout_at(self.no_later(moment::now() + context.timeout), handshake).await {
            Ok(Ok((stream, record))) => {
                let refused = context.demand == TlsDemand::Verified && !record.trusted;
                let remark = remark(&record);
                self.tls = Some(record);
                if refused {
                    self.session.tls_failed("the certificate is not trusted, and trust is demanded");
                } else {
                    self.wire = Wire::Tls(stream);
                    self.session.tls_established(moment::now(), &remark);
                }
            }
            Ok(Err(error)) => self.session.tls_failed(&error),
            Err(_) => self.session.tls_failed("the handshake took too long"),
        }
    }

    async fn close(&mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.wire.shutdown()).await;
        self.wire = Wire::Gone;
    }
}

fn remark(record: &TlsRecord) -> String {
    let trust = if record.trusted { "trusted" } else { "not trusted" };
    format!("{} {}, certificate {trust}", record.version, record.cipher)
}

/// The session reports in another order than its contract says: taken as a broken connection, so that the message waits.
fn out_of_turn() -> SessionFailure {
    SessionFailure { stage: Stage::Idle, cause: FailureCause::Malformed("out of turn".to_owned()) }
}

impl Wire {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream() {
            Some(stream) => stream.read(buffer).await,
            None => Ok(0),
        }
    }

    async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        match self.stream() {
            Some(stream) => stream.write_all(octets).await,
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        match self.stream() {
            Some(stream) => stream.flush().await,
            None => Ok(()),
        }
    }

    async fn shutdown(&mut self) -> io::Result<()> {
        match self.stream() {
            Some(stream) => stream.shutdown().await,
            None => Ok(()),
        }
    }

    fn stream(&mut self) -> Option<&mut dyn Stream> {
        match self {
            Self::Clear(stream) => Some(stream),
            Self::Tls(stream) => Some(stream.as_mut()),
            Self::Gone => None,
        }
    }
}
