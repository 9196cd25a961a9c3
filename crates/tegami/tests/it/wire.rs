//! A small SMTP client that says exactly what it is told: for what well-behaved clients do not say.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(60);

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// A connection to a server.
pub(crate) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
}

impl Wire {
    /// Connects and reads the greeting.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::greeted(Box::new(patient(TcpStream::connect(address)?)?))
    }

    /// The same from an address of our choice, such as a spammer's.
    pub(crate) fn connect_from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.bind((source, 0).into())?;
            socket.connect(address).await?.into_std()
        })?;
        stream.set_nonblocking(false)?;
        Self::greeted(Box::new(patient(stream)?))
    }

    /// Connects to a Unix socket.
    pub(crate) fn local(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Self::greeted(Box::new(stream))
    }

    /// TLS from the first octet, whoever the server is.
    pub(crate) fn tls(address: SocketAddr) -> io::Result<Self> {
        Self::greeted(Box::new(handshake(address)?))
    }

    /// The certificate that a server shows under TLS from the first octet.
    pub(crate) fn certificate(address: SocketAddr) -> io::Result<Vec<u8>> {
        let mut stream = handshake(address)?;
        stream.conn.complete_io(&mut stream.sock)?;
        let shown = stream.conn.peer_certificates().and_then(<[_]>::first);
        Ok(shown.map(|certificate| certificate.to_vec()).unwrap_or_default())
    }

    fn greeted(stream: Box<dyn Stream>) -> io::Result<Self> {
        let mut wire = Self { stream: BufReader::new(stream) };
        wire.reply()?;
        Ok(wire)
    }

    /// One reply, its lines joined by line ends.
    pub(crate) fn reply(&mut self) -> io::Result<String> {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let last = line.as_bytes().get(3) != Some(&b'-');
            reply.push_str(line.trim_end());
            if last {
                return Ok(reply);
            }
            reply.push('\n');
        }
    }

    /// Writes octets as they are.
    pub(crate) fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(octets)?;
        stream.flush()
    }

    /// One command and its reply.
    pub(crate) fn command(&mut self, line: &str) -> io::Result<String> {
        self.write(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// AUTH PLAIN.
    pub(crate) fn authenticate(&mut self, user: &str, password: &str) -> io::Result<String> {
        let response = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        self.command(&format!("AUTH PLAIN {response}"))
    }

    /// One transaction: the reply to the final dot, or the first refusal. Content has CRLF line ends and no line of one dot.
    pub(crate) fn send(&mut self, from: &str, to: &[&str], content: &str) -> io::Result<String> {
        let mut commands = vec![format!("MAIL FROM:<{from}>")];
        commands.extend(to.iter().map(|to| format!("RCPT TO:<{to}>")));
        commands.push("DATA".to_owned());
        for command in commands {
            let reply = self.command(&command)?;
            if !reply.starts_with(['2', '3']) {
                self.command("RSET")?;
                return Ok(reply);
            }
        }
        self.write(format!("{content}\r\n.\r\n").as_bytes())?;
        self.reply()
    }
}

fn handshake(address: SocketAddr) -> io::Result<rustls::StreamOwned<rustls::ClientConnection, TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("mail.sender.test").map_err(io::Error::other)?;
    let session = rustls::ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let stream = patient(TcpStream::connect(address)?)?;
    Ok(rustls::StreamOwned::new(session, stream))
}

fn patient(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Trusts any certificate, and still checks that the server has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
