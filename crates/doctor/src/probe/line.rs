//! SMTP said line by line, for what no session of `tegami_proto` would say.

use std::net::IpAddr;
use std::time::Duration;

use tegami_mail::{Domain, Reply};
use tegami_proto::smtp::client::{Capabilities, ReplyReader};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{Network, StartTls, TlsSeen, Unprobed};

/// A connection, with TLS or without.
pub(super) enum Wire {
    /// Without.
    Clear(TcpStream),
    /// With.
    Tls(Box<TlsStream<TcpStream>>),
    /// It has ended.
    Gone,
}

impl Wire {
    /// Zero where the connection has ended.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> usize {
        let read = match self {
            Self::Clear(stream) => stream.read(buffer).await,
            Self::Tls(stream) => stream.read(buffer).await,
            Self::Gone => Ok(0),
        };
        read.unwrap_or_default()
    }

    pub(super) async fn write(&mut self, octets: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Clear(stream) => stream.write_all(octets).await,
            Self::Tls(stream) => {
                stream.write_all(octets).await?;
                stream.flush().await
            }
            Self::Gone => Err(std::io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mute {
    /// None came in time.
    Timeout,
    /// The connection ended.
    Closed,
    /// What came is no reply.
    Malformed(String),
}

impl From<Mute> for Unprobed {
    fn from(mute: Mute) -> Self {
        match mute {
            Mute::Timeout => Self::Timeout,
            Mute::Closed => Self::Failed("the connection was closed".to_owned()),
            Mute::Malformed(text) => Self::Failed(text),
        }
    }
}

/// A session said line by line.
pub(super) struct Lines<'n> {
    network: &'n Network,
    pub(super) wire: Wire,
    replies: ReplyReader,
    /// Whether the other end is this machine.
    pub(super) from_itself: bool,
    /// Everything that was said.
    pub(super) transcript: Vec<String>,
}

impl<'n> Lines<'n> {
    /// Over a connection that stands.
    pub(super) fn over(network: &'n Network, stream: TcpStream) -> Self {
        let ours = stream.local_addr().map(|address| address.ip());
        let theirs = stream.peer_addr().map(|address| address.ip());
        let from_itself =
            matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours == theirs || theirs.is_loopback());
        Self {
            network,
            wire: Wire::Clear(stream),
            replies: ReplyReader::default(),
            from_itself,
            transcript: Vec::new(),
        }
    }

    /// Connects to the port of mail hosts and waits for the greeting.
    pub(super) async fn open(network: &'n Network, ip: IpAddr) -> Result<(Self, Reply), Unprobed> {
        let mut lines = Self::over(network, network.connect(ip).await?);
        let greeting = lines.reply_within(network.settings.patience.greeting).await?;
        Ok((lines, greeting))
    }

    /// EHLO, and what is offered.
    pub(super) async fn hello(&mut self) -> Result<Capabilities, Mute> {
        let command = format!("EHLO {}", self.network.settings.hostname);
        let reply = self.say(&command).await?;
        Ok(if reply.is_completion() { Capabilities::read(&reply.lines) } else { Capabilities::default() })
    }

    /// Says a line and waits for the reply.
    pub(super) async fn say(&mut self, line: &str) -> Result<Reply, Mute> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Octets as they are; the transcript has them as text.
    pub(super) async fn write(&mut self, octets: &[u8]) -> Result<(), Mute> {
        let text = String::from_utf8_lossy(octets);
        let text = text.strip_suffix("\r\n").unwrap_or(&text);
        self.transcript.push(format!("> {}", text.escape_debug()));
        let patience = self.network.settings.patience.command;
        match tokio::time::timeout(patience, self.wire.write(octets)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Mute::Closed),
            Err(_) => Err(Mute::Timeout),
        }
    }

    /// The next reply.
    pub(super) async fn reply(&mut self) -> Result<Reply, Mute> {
        self.reply_within(self.network.settings.patience.command).await
    }

    /// The next reply, if it comes soon enough.
    pub(super) async fn reply_within(&mut self, patience: Duration) -> Result<Reply, Mute> {
        let reading = async {
            let mut buffer = [0; 4096];
            loop {
                if let Some(read) = self.replies.read() {
                    return read.map_err(Mute::Malformed);
                }
                match self.wire.read(&mut buffer).await {
                    0 => return Err(Mute::Closed),
                    count => self.replies.push(buffer.get(..count).unwrap_or_default()),
                }
            }
        };
        let reply = tokio::time::timeout(patience, reading).await.unwrap_or(Err(Mute::Timeout))?;
        let last = reply.lines.len().saturating_sub(1);
        let lines = reply.lines.iter().enumerate();
        self.transcript.extend(lines.map(|(at, text)| {
            let separator = if at == last { ' ' } else { '-' };
            format!("< {}{separator}{text}", reply.code)
        }));
        Ok(reply)
    }

    /// The handshake, on a connection whose other end waits for it.
    pub(super) async fn secure(&mut self, host: &Domain) -> Result<TlsSeen, StartTls> {
        let Wire::Clear(stream) = std::mem::replace(&mut self.wire, Wire::Gone) else {
            return Err(StartTls::Unreached);
        };
        let handshake = self.network.tls.handshake(stream, host, self.network.clock.now());
        let done = tokio::time::timeout(self.network.settings.patience.command, handshake).await;
        let (stream, seen) = done.unwrap_or_else(|_| Err(StartTls::Failed("timeout".to_owned())))?;
        self.transcript.push(format!("= {} {}", seen.version, seen.cipher));
        self.wire = Wire::Tls(Box::new(stream));
        Ok(seen)
    }

    /// Leaves with good manners.
    pub(super) async fn quit(&mut self) {
        let _ = self.say("QUIT").await;
    }
}
