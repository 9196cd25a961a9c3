//! A running lab, and clients that connect from its machines.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tegami_lab::{Authority, HostPlan, Internet, Sockets, Visit, World};
use tegami_mail::Clock;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpSocket;

/// How long strangers wait at the greylisting host.
pub(crate) const WAIT: Duration = Duration::from_secs(60);

/// A clock that stands still until it is moved.
pub(crate) struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct Town {
    pub(crate) internet: Internet,
    pub(crate) clock: Arc<HandClock>,
    authority: Authority,
}

impl Town {
    pub(crate) async fn open() -> Self {
        let clock = Arc::new(HandClock(Mutex::new("2026-07-06T09:00:00Z".parse().unwrap())));
        let authority = Authority::new().unwrap();
        let sockets = Sockets::bind().await.unwrap();
        let world = World::new(Vec::new());
        let started = Internet::start(&world, sockets, &authority, clock.clone(), WAIT).await;
        Self { internet: started.unwrap().0, clock, authority }
    }

    pub(crate) fn wait(&self, time: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(time).unwrap();
    }

    /// Somebody at `from` connects to `host` and says EHLO with its name.
    pub(crate) async fn connect(&self, from: HostPlan, host: HostPlan) -> io::Result<Client> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from.ip, 0).into())?;
        let stream = socket.connect((host.ip, self.internet.smtp_port).into()).await?;
        let mut client = Client { stream: BufStream::new(Box::new(stream)), helo: from.name, host };
        client.reply().await;
        client.greet().await;
        Ok(client)
    }

    /// As [`Town::connect`], then STARTTLS; an error where the certificate is not the authority's.
    pub(crate) async fn connect_securely(&self, from: HostPlan, host: HostPlan) -> io::Result<Client> {
        let mut client = self.connect(from, host).await?;
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.certificate().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        assert_eq!(client.say("STARTTLS").await, "220 2.0.0 ready for the handshake");
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from(host.name).unwrap();
        let tls = connector.connect(name, client.stream.into_inner()).await?;
        let mut client = Client { stream: BufStream::new(Box::new(tls)), ..client };
        client.greet().await;
        Ok(client)
    }

    /// The newest visit, once its session has ended.
    pub(crate) async fn last_visit(&self) -> Visit {
        let mut changed = self.internet.ledger.watch();
        loop {
            let visits = self.internet.ledger.visits();
            match visits.last() {
                Some(visit) if !visit.transcript.lines.is_empty() => return visit.clone(),
                _ => changed.changed().await.unwrap(),
            }
        }
    }
}

/// A machine that is on no map: no name, no records.
pub(crate) const NOWHERE: HostPlan = HostPlan { name: "nowhere.invalid", ip: Ipv4Addr::new(127, 42, 0, 99) };

pub(crate) trait Both: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

pub(crate) struct Client {
    stream: BufStream<Box<dyn Both>>,
    helo: &'static str,
    host: HostPlan,
}

impl Client {
    async fn greet(&mut self) {
        let said = self.say(&format!("EHLO {}", self.helo)).await;
        assert!(said.starts_with("250"), "{} {said}", self.host.name);
    }

    /// The last line of a reply.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
        self.reply().await
    }

    /// A whole transaction and QUIT: the first refusal, or the reply to the final dot.
    pub(crate) async fn mail(mut self, from: &str, to: &str, content: &str) -> String {
        let mut said = String::new();
        for line in [&format!("MAIL FROM:<{from}>"), &format!("RCPT TO:<{to}>"), "DATA"] {
            said = self.say(line).await;
            if !said.starts_with(['2', '3']) {
                break;
            }
        }
        if said.starts_with('3') {
            said = self.say(&format!("{}.", content.replace('\n', "\r\n"))).await;
        }
        self.say("QUIT").await;
        said
    }
}

/// A message that is in order.
pub(crate) fn content(author: &str) -> String {
    format!(
        "From: {author}\nTo: hanako@bigmail.test\nDate: Mon, 06 Jul 2026 09:00:00 +0000\nMessage-ID: <1@partner.test>\nSubject: Hello\n\nHi\n"
    )
}
