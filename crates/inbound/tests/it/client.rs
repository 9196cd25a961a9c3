//! A client that says what it is told, and writes down what it hears.

use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tegami_inbound::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// What every session of the tests is offered.
const EXTENSIONS: &str = "\
250-PIPELINING
250-SIZE 10000
250-8BITMIME
250-SMTPUTF8
250-ENHANCEDSTATUSCODES
250-CHUNKING
250-DSN
";

pub(crate) struct Client {
    stream: Option<Box<dyn Both>>,
    heard: Vec<u8>,
}

pub(crate) trait Both: Wire {}

impl<T: Wire> Both for T {}

impl Client {
    /// Connects, and reads the greeting.
    pub(crate) async fn connect(address: std::net::SocketAddr) -> (Self, String) {
        let mut client = Self::new(TcpStream::connect(address).await.unwrap());
        let greeting = client.reply().await;
        (client, greeting)
    }

    pub(crate) async fn unix(path: &Path) -> Self {
        let mut client = Self::new(UnixStream::connect(path).await.unwrap());
        client.reply().await;
        client
    }

    pub(crate) fn new(stream: impl Wire) -> Self {
        Self { stream: Some(Box::new(stream)), heard: Vec::new() }
    }

    fn stream(&mut self) -> &mut Box<dyn Both> {
        self.stream.as_mut().unwrap()
    }

    /// One reply, its lines joined; empty when the server has closed.
    pub(crate) async fn reply(&mut self) -> String {
        let mut lines: Vec<String> = Vec::new();
        loop {
            let Some(end) = self.heard.iter().position(|octet| *octet == b'\n') else {
                let mut part = [0; 4096];
                match self.stream().read(&mut part).await.unwrap_or_default() {
                    0 => return lines.join("\n"),
                    count => self.heard.extend_from_slice(&part[..count]),
                }
                continue;
            };
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let line = String::from_utf8(line).unwrap().trim_end().to_owned();
            let more = line.as_bytes().get(3) == Some(&b'-');
            lines.push(line);
            if !more {
                return lines.join("\n");
            }
        }
    }

    /// As [`Self::send`], again and again, until the server has gone.
    pub(crate) async fn send_on(&mut self, octets: &[u8]) {
        while self.stream().write_all(octets).await.is_ok() {}
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) {
        self.stream().write_all(octets).await.unwrap();
        self.stream().flush().await.unwrap();
    }

    /// One line, and its reply.
    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// Each line and its reply, one below the other; the extensions that are always offered are `250-…`.
    pub(crate) async fn talk(&mut self, lines: &[&str]) -> String {
        let mut said = String::new();
        for line in lines {
            said += &format!("{line}\n  {}\n", self.say(line).await);
        }
        said.replace(EXTENSIONS, "250-…\n")
    }

    /// DATA with this content, whose lines end with `\n` here; the reply to the final dot.
    pub(crate) async fn data(&mut self, content: &str) -> String {
        let go = self.say("DATA").await;
        assert!(go.starts_with("354"), "{go}");
        self.say(&format!("{}.", content.replace('\n', "\r\n"))).await
    }

    /// A whole transaction; the first refusal, or the reply to the final dot.
    pub(crate) async fn mail(&mut self, from: &str, to: &[&str], content: &str) -> String {
        let mut commands = vec![format!("MAIL FROM:<{from}>")];
        commands.extend(to.iter().map(|to| format!("RCPT TO:<{to}>")));
        for command in commands {
            let reply = self.say(&command).await;
            if !reply.starts_with("250") {
                return reply;
            }
        }
        self.data(content).await
    }

    /// The server has closed and said nothing more.
    pub(crate) async fn closed(&mut self) -> bool {
        self.reply().await.is_empty()
    }

    /// The handshake behind STARTTLS, or from the start.
    pub(crate) async fn handshake(&mut self, trusted: &CertificateDer<'static>) {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("mx.example.org").unwrap();
        let stream = self.stream.take().unwrap();
        let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        self.stream = Some(Box::new(tls));
    }

    pub(crate) async fn starttls(&mut self, trusted: &CertificateDer<'static>) {
        assert_eq!(self.say("STARTTLS").await, "220 2.0.0 ready for the handshake");
        self.handshake(trusted).await;
    }
}
