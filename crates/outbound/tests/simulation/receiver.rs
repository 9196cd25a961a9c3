//! A receiving host: written for the simulation alone, so that our client does not talk with our own server.

use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tegami_outbound::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::network::{Theirs, Wire};
use crate::plan::{Habits, TlsHabit};
use crate::time::pass;
use crate::world::World;

/// Serves one connection to its end.
pub(crate) async fn serve(world: Arc<World>, host: usize, end: Theirs, wire: Arc<Wire>) {
    let mut session = Session {
        world,
        host,
        stream: Box::new(end),
        wire,
        buffer: Vec::new(),
        encrypted: false,
        sender: None,
        recipients: Vec::new(),
        offered: 0,
        messages: 0,
    };
    let _ = session.run().await;
}

/// What a receiver is minded to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Fine,
    Later,
    Never,
    Farewell,
    Garbage,
    Gone,
    Silent,
}

const MOODS: [Mood; 6] = [Mood::Later, Mood::Never, Mood::Farewell, Mood::Garbage, Mood::Gone, Mood::Silent];

/// What no server should say at any point.
const GARBAGE: [&str; 6] =
    ["hello\r\n", "999 what\r\n", "354 go on\r\n", "2\r\n", "\0\0\0\0\r\n", "250-but\r\n550 different\r\n"];

/// That it was too much.
const WEARY: &str = "450 4.7.1 Too many messages from your IP address, slow down";
/// That nobody of that name lives here: an answer, whoever asked.
const NOBODY: &str = "550 5.1.1 no such user";

/// RFC 5280: a certificate that nobody vouches for. Ed25519, because its signatures all have one length.
static TLS: LazyLock<TlsAcceptor> = LazyLock::new(|| {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["mx.example.net".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
});

struct Session {
    world: Arc<World>,
    host: usize,
    stream: Box<dyn Stream>,
    wire: Arc<Wire>,
    buffer: Vec<u8>,
    encrypted: bool,
    sender: Option<String>,
    recipients: Vec<String>,
    /// How many recipients were offered in this transaction.
    offered: usize,
    messages: usize,
}

/// `None` ends the session.
type Goes<T> = Option<T>;

impl Session {
    fn habits(&self) -> &Habits {
        &self.world.plan.hosts[self.host]
    }

    async fn run(&mut self) -> Goes<()> {
        let greeting = format!("220 {} ESMTP", self.habits().name);
        self.reply(&greeting).await?;
        loop {
            self.wire.set_waits(self.buffer.is_empty());
            let line = self.line().await?;
            self.wire.set_waits(false);
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb {
                "EHLO" => self.hello().await?,
                "STARTTLS" => self.start_tls().await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.recipient(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.clear();
                    self.reply("250 2.0.0 forgotten").await?;
                }
                "QUIT" => {
                    self.wire.set_over();
                    self.say("221 2.0.0 bye").await?;
                    return None;
                }
                "HELO" | "NOOP" => {
                    self.reply("250 2.0.0 fine").await?;
                }
                _ => self.say("500 5.5.2 what").await?,
            }
        }
    }

    fn clear(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    async fn hello(&mut self) -> Goes<()> {
        self.clear();
        let habits = self.habits();
        let mut lines = vec![habits.name.as_str(), "8BITMIME", "ENHANCEDSTATUSCODES"];
        lines.extend(habits.pipelining.then_some("PIPELINING"));
        lines.extend(habits.dsn.then_some("DSN"));
        lines.extend((habits.tls != TlsHabit::NotOffered && !self.encrypted).then_some("STARTTLS"));
        let last = lines.len() - 1;
        let line = |(at, word): (usize, &&str)| format!("250{}{word}", if at < last { "-" } else { " " });
        let text: Vec<String> = lines.iter().enumerate().map(line).collect();
        self.reply(&text.join("\r\n")).await.map(drop)
    }

    async fn start_tls(&mut self) -> Goes<()> {
        match self.habits().tls {
            _ if self.encrypted => self.say("503 5.5.1 again").await,
            TlsHabit::NotOffered | TlsHabit::Refused => self.say("454 4.7.0 no TLS today").await,
            TlsHabit::Broken => {
                self.say("220 2.0.0 go").await?;
                self.say("this is no handshake").await?;
                None
            }
            TlsHabit::Works => {
                self.wire.unseen.store(true, Ordering::Relaxed);
                self.say("220 2.0.0 go").await?;
                self.buffer.clear();
                let stream = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
                self.stream = Box::new(TLS.accept(stream).await.ok()?);
                self.encrypted = true;
                Some(())
            }
        }
    }

    async fn mail(&mut self, rest: &str) -> Goes<()> {
        if self.messages >= self.habits().messages {
            self.say("421 4.7.0 enough for this session").await?;
            return None;
        }
        let sender = path(rest);
        if self.world.chance(self.habits().weary) {
            self.wait().await;
            self.say(WEARY).await?;
            self.world.said_too_much(&sender, &self.wire);
            return Some(());
        }
        if self.reply("250 2.1.0 go on").await? {
            (self.sender, self.offered) = (Some(sender), 0);
            self.recipients.clear();
        }
        Some(())
    }

    async fn recipient(&mut self, rest: &str) -> Goes<()> {
        let recipient = path(rest);
        self.offered += 1;
        let (habits, hour) = (self.habits(), self.world.since_beginning());
        let sender = self.sender.clone().unwrap_or_default();
        if self.sender.is_some() {
            self.world.offered(self.host, &self.wire, &sender, &recipient, self.offered);
        }
        let key = (self.host, sender.clone(), recipient.clone());
        let refusal = if self.sender.is_none() {
            Some("503 5.5.1 MAIL first")
        } else if recipient.starts_with("nobody") {
            Some(NOBODY)
        } else if self.recipients.len() >= habits.recipients {
            Some("452 4.5.3 too many recipients")
        } else {
            let first = *self.world.watch().greeted.entry(key).or_insert(hour);
            let early = habits.greylist.is_some_and(|wait| hour < first + wait);
            early.then_some("451 4.7.1 greylisted, come back later")
        };
        match refusal {
            Some(refusal) => {
                if self.reply(refusal).await? && refusal == NOBODY {
                    self.world.answered(&self.wire, &sender, &recipient);
                }
            }
            None => {
                if self.reply("250 2.1.5 welcome").await? {
                    self.recipients.push(recipient);
                }
            }
        }
        Some(())
    }

    async fn data(&mut self) -> Goes<()> {
        if self.recipients.is_empty() {
            self.clear();
            return self.say("503 5.5.1 RCPT first").await;
        }
        if !self.reply("354 send it").await? {
            self.clear();
            return Some(());
        }
        let content = self.content().await?;
        self.messages += 1;
        self.world.carried(&self.wire, self.messages);
        let recipients = std::mem::take(&mut self.recipients);
        self.sender = None;
        self.end_of_data(&content, recipients).await
    }

    /// From here on the whole message lies with us. Whether we keep it, and whether the client learns so, are two things.
    async fn end_of_data(&mut self, content: &[u8], recipients: Vec<String>) -> Goes<()> {
        let message_id = &message_id(content);
        let world = Arc::clone(&self.world);
        let mut mood = self.mood();
        if mood == Mood::Fine && world.chance(self.habits().forgets) {
            mood = [Mood::Garbage, Mood::Gone, Mood::Silent][world.below(3)];
        }
        let kept = match mood {
            Mood::Fine => true,
            Mood::Later | Mood::Never | Mood::Farewell => false,
            Mood::Garbage | Mood::Gone | Mood::Silent => world.chance(0.5),
        };
        let mut takes = Vec::new();
        if kept {
            world.check_content(message_id, content);
            let take = |to: &String| world.take(message_id, to, Arc::clone(&self.wire));
            takes = recipients.iter().map(take).collect();
        }
        self.wait().await;
        self.utter(mood, "250 2.0.0 taken", "554 5.7.1 we do not like it").await?;
        if mood == Mood::Fine {
            world.acknowledge(&takes, self.wire.written());
        }
        Some(())
    }

    /// Says this, or what the mood of the moment brings; `true` when it was this.
    async fn reply(&mut self, normal: &str) -> Goes<bool> {
        self.wait().await;
        let mood = self.mood();
        self.utter(mood, normal, "550 5.7.1 not from you").await?;
        Some(mood == Mood::Fine)
    }

    async fn utter(&mut self, mood: Mood, normal: &str, never: &str) -> Goes<()> {
        match mood {
            Mood::Fine => self.say(normal).await,
            Mood::Later => self.say("451 4.3.0 not now").await,
            Mood::Never => self.say(never).await,
            Mood::Farewell => {
                self.say("421 4.3.2 closing").await?;
                None
            }
            Mood::Garbage => {
                let garbage = GARBAGE[self.world.below(GARBAGE.len())];
                self.write(garbage.as_bytes()).await
            }
            Mood::Gone => None,
            Mood::Silent => {
                pass(Duration::from_secs(7200)).await;
                None
            }
        }
    }

    async fn wait(&mut self) {
        let world = &self.world;
        let most = if world.chance(self.habits().slow) { 120_000 } else { 20 };
        pass(world.span(Duration::from_millis(most))).await;
    }

    fn mood(&self) -> Mood {
        let moody = self.world.chance(self.habits().moody);
        let mood = if moody { MOODS[self.world.below(MOODS.len())] } else { Mood::Fine };
        let word = match mood {
            Mood::Fine => return mood,
            Mood::Later => "later",
            Mood::Never => "never",
            Mood::Farewell => "421",
            Mood::Garbage => "garbage",
            Mood::Gone => "closes",
            Mood::Silent => "falls silent",
        };
        self.world.tell(|| format!("{}: connection {} {word}", self.wire.peer, self.wire.number));
        mood
    }

    async fn say(&mut self, text: &str) -> Goes<()> {
        self.world.tell(|| format!("{}: connection {} S: {text}", self.wire.peer, self.wire.number));
        self.write(format!("{text}\r\n").as_bytes()).await
    }

    /// Now and then in two pieces.
    async fn write(&mut self, octets: &[u8]) -> Goes<()> {
        let (first, second) = octets.split_at(match self.world.chance(0.05) {
            true => self.world.below(octets.len()),
            false => octets.len(),
        });
        self.stream.write_all(first).await.ok()?;
        self.stream.flush().await.ok()?;
        if !second.is_empty() {
            pass(Duration::from_millis(3)).await;
            self.stream.write_all(second).await.ok()?;
            self.stream.flush().await.ok()?;
        }
        Some(())
    }

    async fn line(&mut self) -> Goes<String> {
        let line = self.up_to(b"\r\n").await?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        self.world.tell(|| format!("{}: connection {} C: {line}", self.wire.peer, self.wire.number));
        Some(line)
    }

    async fn content(&mut self) -> Goes<Vec<u8>> {
        self.up_to(b"\r\n.\r\n").await
    }

    async fn up_to(&mut self, end: &[u8]) -> Goes<Vec<u8>> {
        let mut from = 0;
        loop {
            let found = self.buffer.get(from..)?.windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                let rest = self.buffer.split_off(from + at + end.len());
                return Some(std::mem::replace(&mut self.buffer, rest));
            }
            from = self.buffer.len().saturating_sub(end.len() - 1);
            if self.stream.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// What stands between `<` and `>`.
fn path(text: &str) -> String {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(inner, _)| inner.to_owned()).unwrap_or_default()
}

/// The Message-ID of a content, without its angle brackets.
pub(crate) fn message_id(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let section = text.split("\r\n\r\n").next().unwrap_or_default();
    let field = section.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
    field.map(path).unwrap_or_default()
}
