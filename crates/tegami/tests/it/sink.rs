//! An MX host that counts: it shares no code with the program, says what its script says, and keeps every octet.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tegami_auth::verify::{self, Client, Verdicts};
use tegami_dns::{Resolver, ZoneResolver};
use tegami_mail::ReversePath;

use crate::peer::eventually;

/// One message that was taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    /// Where it came from.
    pub(crate) peer: Option<IpAddr>,
    /// The argument of EHLO.
    pub(crate) helo: String,
    /// The whole MAIL command.
    pub(crate) mail: String,
    /// The whole RCPT commands.
    pub(crate) recipients: Vec<String>,
    /// What DATA carried, dots unstuffed.
    pub(crate) content: Vec<u8>,
}

impl Taken {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }

    /// The address in the MAIL command.
    pub(crate) fn return_path(&self) -> String {
        self.mail.split(['<', '>']).nth(1).unwrap().to_owned()
    }

    /// What a receiver makes of it, in the Internet of this zone text.
    pub(crate) fn verdicts(&self, zone: &str) -> Verdicts {
        let resolver = ZoneResolver::from_text(&format!("$TTL 60\n{zone}")).unwrap();
        let resolver: &dyn Resolver = &resolver;
        let mail_from = ReversePath::try_from(self.return_path()).unwrap();
        let client = Client {
            ip: self.peer.unwrap(),
            helo: &self.helo,
            mail_from: &mail_from,
            receiver: "mx.dest.test",
            now: jiff::Timestamp::now(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let early = verify::early(&client, resolver).await;
            verify::message(&client, early, &self.content, resolver).await
        })
    }
}

/// What is said to a command (`.` is the end of the content); `None` is consent.
type Script = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The host.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Sink {
    /// A host at an address of loopback, on a port that the system gives.
    pub(crate) fn start(ip: &str) -> Self {
        Self::with(ip, |_| None)
    }

    /// A host that answers as it is told.
    pub(crate) fn with(ip: &str, script: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let ip: IpAddr = ip.parse().unwrap();
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let sink = Self { address: listener.local_addr().unwrap(), taken: Arc::default() };
        let (taken, script): (_, Arc<Script>) = (Arc::clone(&sink.taken), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (taken, script) = (Arc::clone(&taken), Arc::clone(&script));
                // A client that goes away in the middle is killed, or done.
                std::thread::spawn(move || drop(session(stream, &taken, &*script)));
            }
        });
        sink
    }

    /// Everything that was taken.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// The first message, once it is there.
    #[track_caller]
    pub(crate) fn first(&self) -> Taken {
        eventually("a message at the receiver", || self.taken.lock().unwrap().first().cloned())
    }

    /// The message with this text in it, once it is there.
    #[track_caller]
    pub(crate) fn with_text(&self, text: &str) -> Taken {
        eventually(&format!("a message with {text} at the receiver"), || {
            self.taken.lock().unwrap().iter().find(|taken| taken.text().contains(text)).cloned()
        })
    }

    /// MX and address records that lead here.
    pub(crate) fn zone(&self, domain: &str) -> String {
        format!("{domain}. MX 10 mx.{domain}.\nmx.{domain}. A {}\n", self.address.ip())
    }
}

fn session(stream: TcpStream, taken: &Mutex<Vec<Taken>>, script: &Script) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    let peer = stream.peer_addr()?.ip();
    let mut reader = BufReader::new(stream);
    let mut now = Taken { peer: Some(peer), ..Taken::default() };
    say(&mut reader, "220 sink ESMTP")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.get(..4).unwrap_or(line).to_ascii_uppercase();
        if let Some(reply) = script(line) {
            say(&mut reader, &reply)?;
            continue;
        }
        match verb.as_str() {
            "EHLO" => {
                now.helo = line.get(5..).unwrap_or_default().to_owned();
                say(
                    &mut reader,
                    "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 99999999",
                )?;
            }
            "MAIL" => {
                now = Taken { peer: now.peer, helo: now.helo, mail: line.to_owned(), ..Taken::default() };
                say(&mut reader, "250 2.1.0 sender ok")?;
            }
            "RCPT" => {
                now.recipients.push(line.to_owned());
                say(&mut reader, "250 2.1.5 recipient ok")?;
            }
            "DATA" => {
                say(&mut reader, "354 go on")?;
                now.content = content(&mut reader)?;
                if let Some(reply) = script(".") {
                    say(&mut reader, &reply)?;
                } else {
                    taken.lock().unwrap().push(now.clone());
                    say(&mut reader, "250 2.0.0 taken")?;
                }
            }
            "QUIT" => return say(&mut reader, "221 2.0.0 bye"),
            _ => say(&mut reader, "250 2.0.0 ok")?,
        }
    }
}

fn content(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(content);
        }
        content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn say(reader: &mut BufReader<TcpStream>, reply: &str) -> io::Result<()> {
    reader.get_mut().write_all(format!("{reply}\r\n").as_bytes())
}
