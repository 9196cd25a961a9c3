//! An SMTP server that does what its script says: written for these tests alone, so that our client meets a server that is not ours.

use std::sync::{Arc, Mutex};

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How a server answers.
#[derive(Clone)]
pub(crate) struct Script {
    /// What it says first.
    pub(crate) greeting: &'static str,
    /// Keywords behind the first line of the EHLO reply.
    pub(crate) ehlo: Vec<&'static str>,
    /// Replies to commands that begin with these words; the first that matches, else 250.
    pub(crate) replies: Vec<(&'static str, &'static str)>,
    /// Reply to the final dot; `None` closes the connection without one.
    pub(crate) end_of_data: Option<&'static str>,
    /// What happens at STARTTLS.
    pub(crate) tls: Tls,
    /// TLS from the first octet.
    pub(crate) implicit: bool,
    /// The connection ends after so many messages, without a word.
    pub(crate) messages: usize,
}

#[derive(Clone)]
pub(crate) enum Tls {
    None,
    With(Identity),
    /// The command is accepted and something else than TLS follows.
    Broken,
}

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: rcgen::Certificate,
    pub(crate) key: Arc<rcgen::KeyPair>,
    /// What is shown as the certificate: it, unless somebody else's.
    pub(crate) shown: rustls_pki_types::CertificateDer<'static>,
    /// Certificates that are shown behind it.
    pub(crate) issuers: Vec<rustls_pki_types::CertificateDer<'static>>,
}

impl Identity {
    /// A certificate that nobody but itself vouches for.
    pub(crate) fn self_signed(name: &str) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        Self::new(parameters.self_signed(&key).unwrap(), key)
    }

    pub(crate) fn new(certificate: rcgen::Certificate, key: rcgen::KeyPair) -> Self {
        let shown = certificate.der().clone();
        Self { certificate, key: Arc::new(key), shown, issuers: Vec::new() }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
        let chain = std::iter::once(&self.shown).chain(&self.issuers).cloned().collect();
        let certified = rustls::sign::CertifiedKey::new(chain, key);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: "220 ready",
            ehlo: vec!["PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"],
            replies: Vec::new(),
            end_of_data: Some("250 2.0.0 taken"),
            tls: Tls::None,
            implicit: false,
            messages: usize::MAX,
        }
    }
}

impl Script {
    /// A server that answers one command otherwise.
    pub(crate) fn answering(command: &'static str, reply: &'static str) -> Self {
        Self { replies: vec![(command, reply)], ..Self::default() }
    }

    /// A server with STARTTLS.
    pub(crate) fn with_tls(tls: Tls) -> Self {
        let mut script = Self { tls, ..Self::default() };
        script.ehlo.push("STARTTLS");
        script
    }
}

/// What a server saw, over all its connections.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|seen| seen.starts_with(line)).count()
    }

    fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }
}

/// Serves connections until the test ends.
pub(crate) fn serve(listener: TcpListener, script: Script) -> Seen {
    let seen = Seen::default();
    let shared = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Replies to pipelined commands are small and many: without this each would wait for the one before.
            stream.set_nodelay(true).unwrap();
            shared.add("(connection)");
            let (script, seen) = (script.clone(), shared.clone());
            tokio::spawn(async move { connection(stream, script, seen).await });
        }
    });
    seen
}

async fn connection(stream: TcpStream, script: Script, seen: Seen) {
    if script.implicit {
        let Tls::With(identity) = &script.tls else { return };
        let Ok(stream) = identity.acceptor().accept(stream).await else { return };
        seen.add("(tls)");
        session(BufReader::new(stream), &script, &seen, Greets::Yes).await;
        return;
    }
    let Some(stream) = session(BufReader::new(stream), &script, &seen, Greets::Yes).await else { return };
    match &script.tls {
        Tls::With(identity) => {
            let Ok(stream) = identity.acceptor().accept(stream.into_inner()).await else { return };
            seen.add("(tls)");
            session(BufReader::new(stream), &script, &seen, Greets::No).await;
        }
        _ => {
            let _ = stream.into_inner().write_all(b"this is not TLS, and never will be\r\n").await;
        }
    }
}

#[derive(PartialEq)]
enum Greets {
    Yes,
    No,
}

/// Gives the stream back at STARTTLS.
async fn session<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    script: &Script,
    seen: &Seen,
    greets: Greets,
) -> Option<BufReader<S>> {
    if greets == Greets::Yes {
        say(&mut stream, script.greeting).await?;
    }
    let mut messages = 0;
    // RCPT commands that were accepted, once MAIL was.
    let mut accepted: Option<Vec<String>> = None;
    loop {
        let command = line(&mut stream).await?;
        seen.add(command.clone());
        let scripted =
            script.replies.iter().find(|(word, _)| command.starts_with(word)).map(|(_, reply)| *reply);
        match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if scripted.is_none() => {
                let keywords: Vec<_> =
                    script.ehlo.iter().filter(|word| greets == Greets::Yes || **word != "STARTTLS").collect();
                let mut reply = String::from("250-mx.example.test");
                for word in keywords {
                    reply.push_str("\r\n250-");
                    reply.push_str(word);
                }
                let at = reply.rfind("250-").unwrap();
                reply.replace_range(at..at + 4, "250 ");
                say(&mut stream, &reply).await?;
            }
            "STARTTLS" if scripted.is_none() => {
                say(&mut stream, "220 go on").await?;
                return Some(stream);
            }
            "RCPT" if accepted.is_none() => say(&mut stream, "503 5.5.1 MAIL first").await?,
            "DATA" if accepted.as_ref().is_none_or(Vec::is_empty) => {
                say(&mut stream, "554 5.5.1 for nobody").await?;
            }
            "DATA" if scripted.is_none_or(|reply| reply.starts_with('3')) => {
                say(&mut stream, "354 go on").await?;
                loop {
                    let line = line(&mut stream).await?;
                    if line == "." {
                        break;
                    }
                    seen.add(format!("| {line}"));
                }
                let word = match script.end_of_data {
                    None => "lost",
                    Some(reply) if reply.starts_with('2') => "took",
                    Some(_) => "refused",
                };
                seen.add(format!("({word}) {}", accepted.take().unwrap_or_default().join(" ")));
                say(&mut stream, script.end_of_data?).await?;
                messages += 1;
                if messages >= script.messages {
                    return None;
                }
            }
            "QUIT" => {
                say(&mut stream, "221 bye").await?;
                return None;
            }
            verb => {
                let reply = scripted.unwrap_or("250 ok");
                match verb {
                    "MAIL" => accepted = reply.starts_with('2').then(Vec::new),
                    "RCPT" if reply.starts_with('2') => {
                        accepted.iter_mut().for_each(|list| list.push(command.clone()));
                    }
                    _ => {}
                }
                say(&mut stream, reply).await?;
                if scripted.is_some_and(|reply| reply.starts_with("421")) {
                    return None;
                }
            }
        }
    }
}

async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    (stream.read_line(&mut line).await.ok()? > 0).then(|| line.trim_end().to_owned())
}

/// An empty reply is silence, for ever.
async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, reply: &str) -> Option<()> {
    if reply.is_empty() {
        std::future::pending::<()>().await;
    }
    stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}
