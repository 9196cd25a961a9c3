//! What only a host of our own is asked: whether it relays, tells of its mailboxes, or takes one message for two.
//!
//! Nothing is sent whole: every transaction ends before DATA, or, where the ends of lines are tried, by closing the connection, which
//! makes a server forget what came (RFC 5321 section 4.1.1.10). A server that takes a wrong line end for the end of a message delivers
//! a short note to its postmaster, which says what it is.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tegami_mail::{Domain, Reply};

use super::line::{Lines, Mute};
use super::{Network, Unprobed};

/// Something that was tried, and the reply that ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The commands.
    pub what: String,
    /// The first reply that was not a completion, or the last.
    pub reply: Reply,
}

/// What a wrong end of a message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// It ended the message: what follows would have been read as commands.
    Ended(Reply),
    /// The server refused the message.
    Refused(Reply),
    /// Nothing happened: it is content.
    Content,
}

/// What became of a command that was sent in the clear behind STARTTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injection {
    /// It was thrown away, as it must be.
    Discarded,
    /// The server refused to go on.
    Refused(Reply),
    /// It was obeyed under TLS.
    Obeyed(Reply),
    /// It could not be tried.
    Untried(String),
}

/// What a host of ours does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnSeen {
    /// We asked from the machine itself, which many servers trust more than others.
    pub from_itself: bool,
    /// Ways to have mail sent on to somebody else.
    pub relay: Vec<Tried>,
    /// Mailboxes that nobody has made.
    pub unknown: Option<Tried>,
    /// The postmaster, with the domain and without (RFC 5321 section 4.5.1).
    pub postmaster: Vec<Tried>,
    /// `abuse` (RFC 2142 section 4).
    pub abuse: Option<Tried>,
    /// The null reverse-path (RFC 5321 section 4.5.5).
    pub null_sender: Option<Tried>,
    /// VRFY and EXPN.
    pub vrfy: Vec<Tried>,
    /// Wrong ends of messages, as they are written in programs.
    pub line_ends: Vec<(String, LineEnd)>,
    /// A command behind STARTTLS.
    pub injection: Option<Injection>,
    /// How many sessions were granted at the same time, of how many.
    pub sessions: Option<(usize, usize)>,
    /// Everything that was said.
    pub transcript: Vec<String>,
}

/// A mailbox that nobody has, whom it belongs to being unlikely enough.
const NOBODY: &str = "no-such-mailbox-k3v9x2";

/// Whom mail must not be sent on to: a domain that is reserved (RFC 2606 section 3).
const ELSEWHERE: &str = "example.net";

/// Sessions at the same time.
const SESSIONS: usize = 8;

/// How long a server has to answer what it takes for the end of a message.
const END_OF_DATA: Duration = Duration::from_millis(1500);

/// How long a server has to answer a command that it should have thrown away.
const STRAY: Duration = Duration::from_secs(1);

/// Tries everything.
pub(super) async fn look(
    network: &Network,
    host: &Domain,
    ip: IpAddr,
    domain: &Domain,
) -> Result<OwnSeen, Unprobed> {
    let mut visit = Visit { network, host, ip, domain, seen: OwnSeen::default() };
    // Each in a session of its own: servers count errors.
    visit.relay().await?;
    visit.mailboxes().await?;
    visit.vrfy().await?;
    visit.line_ends().await?;
    visit.injection().await?;
    visit.sessions().await;
    Ok(visit.seen)
}

struct Visit<'n> {
    network: &'n Network,
    host: &'n Domain,
    ip: IpAddr,
    domain: &'n Domain,
    seen: OwnSeen,
}

impl<'n> Visit<'n> {
    /// A session that stands, under TLS where that is offered.
    async fn open(&mut self) -> Result<Lines<'n>, Unprobed> {
        let (mut lines, greeting) = Lines::open(self.network, self.ip).await?;
        self.seen.from_itself = lines.from_itself;
        if !greeting.is_completion() {
            return Err(Unprobed::Failed(greeting.to_string()));
        }
        if lines.hello().await?.starttls && lines.say("STARTTLS").await?.is_completion() {
            lines.secure(self.host).await.map_err(|failed| Unprobed::Failed(format!("{failed:?}")))?;
            lines.hello().await?;
        }
        Ok(lines)
    }

    async fn close(&mut self, mut lines: Lines<'n>) {
        lines.quit().await;
        self.seen.transcript.append(&mut lines.transcript);
    }

    /// MAIL, RCPT, RSET; the reply to RCPT, or to MAIL where that was refused. A server that has had enough gets a new session.
    async fn attempt(
        &mut self,
        lines: &mut Lines<'n>,
        reverse: &str,
        forward: &str,
    ) -> Result<Tried, Unprobed> {
        let what = format!("MAIL FROM:<{reverse}> RCPT TO:<{forward}>");
        let reply = match transaction(lines, reverse, forward).await {
            Ok(reply) if reply.code != 421 => reply,
            Ok(_) | Err(Mute::Closed) => {
                let mut fresh = self.open().await?;
                std::mem::swap(lines, &mut fresh);
                self.seen.transcript.append(&mut fresh.transcript);
                transaction(lines, reverse, forward).await?
            }
            Err(mute) => return Err(mute.into()),
        };
        Ok(Tried { what, reply })
    }

    async fn relay(&mut self) -> Result<(), Unprobed> {
        let mut lines = self.open().await?;
        let ours = self.domain;
        let stranger = format!("probe@{}", self.network.settings.hostname);
        let plain = format!("probe@{ELSEWHERE}");
        let ways = [
            (stranger.clone(), plain.clone()),
            (String::new(), plain.clone()),
            (format!("postmaster@{ours}"), plain.clone()),
            (stranger.clone(), format!("@{ours}:{plain}")),
            (stranger.clone(), format!("probe%{ELSEWHERE}@{ours}")),
            (stranger.clone(), format!("{ELSEWHERE}!probe@{ours}")),
            (stranger, format!("\"{plain}\"@{ours}")),
        ];
        for (reverse, forward) in ways {
            let tried = self.attempt(&mut lines, &reverse, &forward).await?;
            self.seen.relay.push(tried);
        }
        self.close(lines).await;
        Ok(())
    }

    async fn mailboxes(&mut self) -> Result<(), Unprobed> {
        let mut lines = self.open().await?;
        let ours = self.domain;
        let stranger = format!("probe@{}", self.network.settings.hostname);
        let postmaster = format!("postmaster@{ours}");
        for forward in [postmaster.clone(), "postmaster".to_owned()] {
            let tried = self.attempt(&mut lines, &stranger, &forward).await?;
            self.seen.postmaster.push(tried);
        }
        self.seen.abuse = Some(self.attempt(&mut lines, &stranger, &format!("abuse@{ours}")).await?);
        self.seen.null_sender = Some(self.attempt(&mut lines, "", &postmaster).await?);
        self.seen.unknown = Some(self.attempt(&mut lines, &stranger, &format!("{NOBODY}@{ours}")).await?);
        self.close(lines).await;
        Ok(())
    }

    async fn vrfy(&mut self) -> Result<(), Unprobed> {
        let mut lines = self.open().await?;
        for verb in ["VRFY", "EXPN"] {
            let what = format!("{verb} postmaster");
            let reply = lines.say(&what).await?;
            self.seen.vrfy.push(Tried { what, reply });
        }
        self.close(lines).await;
        Ok(())
    }

    /// RFC 5321 section 4.1.1.4: CRLF, dot, CRLF ends a message, and nothing else does.
    async fn line_ends(&mut self) -> Result<(), Unprobed> {
        for end in ["\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r"] {
            let mut lines = self.open().await?;
            let came = self.line_end(&mut lines, end).await?;
            self.seen.transcript.append(&mut lines.transcript);
            let Some(came) = came else { return Ok(()) };
            self.seen.line_ends.push((end.escape_debug().to_string(), came));
        }
        Ok(())
    }

    /// `None` where the server takes no message from us.
    async fn line_end(&self, lines: &mut Lines<'n>, end: &str) -> Result<Option<LineEnd>, Unprobed> {
        let postmaster = format!("postmaster@{}", self.domain);
        let commands = ["MAIL FROM:<>".to_owned(), format!("RCPT TO:<{postmaster}>"), "DATA".to_owned()];
        for command in commands {
            if lines.say(&command).await?.code >= 400 {
                return Ok(None);
            }
        }
        let text = format!(
            "From: <{postmaster}>\r\nTo: <{postmaster}>\r\nSubject: This server ends messages where it must not\r\n\r\n\
             This message was cut by a test of line ends (RFC 5321 section 4.1.1.4): {}{end}",
            end.escape_debug()
        );
        lines.write(text.as_bytes()).await?;
        Ok(Some(match lines.reply_within(END_OF_DATA).await {
            Ok(reply) if reply.is_completion() => LineEnd::Ended(reply),
            Ok(reply) => LineEnd::Refused(reply),
            Err(Mute::Malformed(text)) => return Err(Unprobed::Failed(text)),
            Err(Mute::Timeout | Mute::Closed) => LineEnd::Content,
        }))
    }

    /// RFC 3207 section 4.2: what came before the handshake does not count.
    async fn injection(&mut self) -> Result<(), Unprobed> {
        let (mut lines, _) = Lines::open(self.network, self.ip).await?;
        self.seen.injection = Some(if lines.hello().await?.starttls {
            inject(&mut lines, self.host).await?
        } else {
            Injection::Untried("there is no STARTTLS".to_owned())
        });
        self.seen.transcript.append(&mut lines.transcript);
        Ok(())
    }

    async fn sessions(&mut self) {
        let all = join_all((0..SESSIONS).map(|_| Lines::open(self.network, self.ip))).await;
        let granted =
            all.iter().filter(|one| one.as_ref().is_ok_and(|(_, greeting)| greeting.is_completion()));
        self.seen.sessions = Some((granted.count(), SESSIONS));
        join_all(all.into_iter().flatten().map(|(mut lines, _)| async move { lines.quit().await })).await;
    }
}

async fn transaction(lines: &mut Lines<'_>, reverse: &str, forward: &str) -> Result<Reply, Mute> {
    let mail = lines.say(&format!("MAIL FROM:<{reverse}>")).await?;
    if !mail.is_completion() {
        return Ok(mail);
    }
    let reply = lines.say(&format!("RCPT TO:<{forward}>")).await?;
    if reply.code != 421 {
        lines.say("RSET").await?;
    }
    Ok(reply)
}

async fn inject(lines: &mut Lines<'_>, host: &Domain) -> Result<Injection, Unprobed> {
    lines.write(b"STARTTLS\r\nNOOP\r\n").await?;
    let reply = lines.reply().await?;
    if !reply.is_completion() {
        return Ok(Injection::Refused(reply));
    }
    if let Err(failed) = lines.secure(host).await {
        return Ok(Injection::Untried(format!("{failed:?}")));
    }
    Ok(match lines.reply_within(STRAY).await {
        Ok(reply) if reply.is_completion() => Injection::Obeyed(reply),
        Ok(reply) => Injection::Refused(reply),
        Err(_) => Injection::Discarded,
    })
}
