//! The session itself: input in order, one question at a time, replies gathered, time watched.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use memchr::memchr;
use tegami_mail::{EnhancedStatusCode, Envelope, ForwardPath, Reply, ReplyClass, Speaker, Transcript};

use super::command::{self, Command, Fault};
use super::content::DotReader;
use super::transaction::{Chunk, Open};
use super::{Action, Answer, Facts, Hello, Question, Settings};
use crate::sasl::ServerExchange;

/// Longest command line in octets with its CRLF. RFC 5321 section 4.5.3.1.4 asks for 512 and more for every extension.
const MAX_LINE: usize = 2048;
/// Longest line of AUTH (RFC 4954 section 4).
const MAX_AUTH_LINE: usize = 12288;
/// Input kept while a question is open. A driver that reads on in that time fills it; more than this ends the session.
const MAX_INPUT: usize = 1 << 20;
/// Longest line of a reply in octets with its CRLF (RFC 5321 section 4.5.3.1.5); longer texts go on in the next line.
const MAX_REPLY_LINE: usize = 512;
/// Lines of the transcript; beyond this the oldest half goes.
const MAX_TRANSCRIPT: usize = 1024;
/// Octets of the transcript's texts; beyond this the oldest half goes too. There may be thousands of sessions.
const MAX_TRANSCRIPT_OCTETS: usize = 64 * 1024;
/// Octets of a line of the transcript; what a line has beyond this is no evidence of anything.
const MAX_TRANSCRIPT_LINE: usize = 1000;
/// Commands beside one for each recipient that may be given without bringing a message. Every MAIL makes us ask the DNS, and no
/// client needs a thousand NOOP.
const MAX_FRUITLESS: usize = 1000;

/// A server's session. See the module for how it is driven.
#[derive(Debug)]
pub struct Session {
    pub(super) settings: Arc<Settings>,
    pub(super) phase: Phase,
    pub(super) facts: Facts,
    pub(super) transaction: Option<Open>,
    /// The open question.
    asked: Option<Asked>,
    /// The client was refused at [`Question::Connect`].
    turned_away: bool,
    /// Inside a line that is too long.
    skipping: bool,
    errors: usize,
    /// Commands since the last accepted message.
    fruitless: usize,
    /// The last command was AUTH. A client that does not wait for its refusal sends its secrets next, as if they were commands.
    after_auth: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    actions: VecDeque<Action>,
    transcript: Transcript,
    /// Octets of its texts.
    transcribed: usize,
    started: Instant,
    now: Instant,
    /// When the client was last heard, or was last owed an answer.
    heard: Instant,
    /// A question was answered since `heard`: the client could not speak before that.
    answered: bool,
}

/// What the next octets are.
#[derive(Debug)]
pub(super) enum Phase {
    /// A command line.
    Command,
    /// A line of an AUTH exchange.
    Auth(ServerExchange),
    /// Content behind DATA.
    Data(DotReader),
    /// Octets behind BDAT.
    Chunk(Chunk),
    /// Nothing: the TLS handshake is due.
    Handshake,
    /// Nothing any more.
    Closed,
}

/// The open question, and what its answer needs.
#[derive(Debug)]
pub(super) enum Asked {
    Connect,
    Hello(Hello),
    Authenticate { username: String },
    Mail,
    Recipient(ForwardPath),
    Message,
}

impl Session {
    /// A session whose client has just connected and speaks clear text.
    pub fn new(settings: Arc<Settings>, now: Instant) -> Self {
        Self::begin(settings, Facts::default(), now)
    }

    /// A session whose client has just connected and speaks TLS from the first octet (RFC 8314 section 3.3): the driver has done the
    /// handshake before.
    pub fn under_tls(settings: Arc<Settings>, now: Instant) -> Self {
        Self::begin(settings, Facts { tls: true, ..Facts::default() }, now)
    }

    fn begin(settings: Arc<Settings>, facts: Facts, now: Instant) -> Self {
        let mut session = Self {
            settings,
            phase: Phase::Command,
            facts,
            transaction: None,
            asked: None,
            turned_away: false,
            skipping: false,
            errors: 0,
            fruitless: 0,
            after_auth: false,
            input: Vec::new(),
            output: Vec::new(),
            actions: VecDeque::new(),
            transcript: Transcript::default(),
            transcribed: 0,
            started: now,
            now,
            heard: now,
            answered: false,
        };
        session.wake();
        session.ask(Asked::Connect, Question::Connect);
        session
    }

    /// Octets from the client. While a question is open they are kept; a driver does well to read no further then.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.now = now;
        self.heard = now;
        self.answered = false;
        if matches!(self.asked, Some(Asked::Connect)) && !bytes.is_empty() {
            self.facts.early_talker = true;
        }
        if self.input.is_empty() {
            let used = self.advance(bytes);
            self.input.extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            self.input.extend_from_slice(bytes);
            self.advance_input();
        }
        if self.input.len() > MAX_INPUT {
            self.shut(Fault::new(421, (4, 7, 0), "too much input ahead of the replies"));
        }
        self.settle();
    }

    /// The time of the last [`Action::WakeAt`] has come.
    pub fn timeout(&mut self, now: Instant) {
        self.now = now;
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        if self.asked.is_some() || self.answered {
            self.heard = now;
            self.answered = false;
        }
        let idle = now >= self.heard + self.settings.idle_timeout;
        let over = now >= self.started + self.settings.session_timeout;
        if self.asked.is_none() && (idle || over) {
            let text = if idle { "silent for too long" } else { "the session takes too long" };
            // RFC 5321 section 3.8.
            self.shut(Fault::new(421, (4, 4, 2), text));
            self.flush();
        } else {
            self.wake();
        }
    }

    /// The policy's answer to the open question; without one it is ignored.
    pub fn answer(&mut self, answer: Answer) {
        let Some(asked) = self.asked.take() else { return };
        self.answered = true;
        match verdict(answer) {
            Ok(reply) => self.accepted(asked, reply),
            Err(reply) => self.refused(&asked, &reply),
        }
        self.advance_input();
        self.settle();
    }

    /// The handshake is done. Nothing that the client said before it counts any more, neither EHLO nor octets that came along
    /// with STARTTLS (RFC 3207 section 4.2).
    pub fn tls_established(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Handshake) {
            return;
        }
        self.now = now;
        self.heard = now;
        self.phase = Phase::Command;
        self.input.clear();
        self.transaction = None;
        self.facts.hello = None;
        self.facts.user = None;
        self.facts.tls = true;
        self.record(Speaker::Remark, "TLS is established");
    }

    /// The server stops: 421, whatever was going on (RFC 5321 section 3.8). An open question needs no answer any more.
    pub fn shut_down(&mut self, now: Instant) {
        self.now = now;
        self.actions.retain(|action| matches!(action, Action::Send(_)));
        self.shut(Fault::new(421, (4, 3, 2), "is shutting down, try again later"));
    }

    /// The connection is gone, whoever ended it. Nothing follows.
    pub fn closed(&mut self) {
        self.phase = Phase::Closed;
        self.asked = None;
        self.transaction = None;
        self.input = Vec::new();
        self.output = Vec::new();
        self.actions.clear();
    }

    /// The next thing to do.
    #[expect(
        clippy::should_implement_trait,
        reason = "a session is not over when nothing is to be done for now"
    )]
    pub fn next(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What is known of the client.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The transaction under way: MAIL with its parameters, and the forward-paths accepted so far.
    pub fn envelope(&self) -> Option<&Envelope> {
        self.transaction.as_ref().map(|open| &open.envelope)
    }

    /// What was said so far, secrets as `***`, content by its size. Long sessions keep the latest lines.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The transcript so far; it begins anew, its times still counted from the start of the session.
    pub fn take_transcript(&mut self) -> Transcript {
        self.transcribed = 0;
        std::mem::take(&mut self.transcript)
    }

    fn advance_input(&mut self) {
        if self.input.is_empty() {
            return;
        }
        let mut input = std::mem::take(&mut self.input);
        let used = self.advance(&input);
        input.drain(..used.min(input.len()));
        self.input = input;
    }

    /// Works through `input` until more is needed or a question is open; says how much was used.
    fn advance(&mut self, input: &[u8]) -> usize {
        let mut rest = input;
        while self.asked.is_none() && !rest.is_empty() {
            let used = match &mut self.phase {
                Phase::Closed => rest.len(),
                Phase::Handshake => {
                    self.record(Speaker::Remark, format!("{} octets behind STARTTLS discarded", rest.len()));
                    rest.len()
                }
                Phase::Data(reader) => match reader.read(rest) {
                    Some(used) => {
                        self.data_complete();
                        used
                    }
                    None => rest.len(),
                },
                Phase::Chunk(_) => self.chunk_octets(rest),
                Phase::Command | Phase::Auth(_) => match self.line(rest) {
                    Some(used) => used,
                    None => break,
                },
            };
            rest = rest.get(used..).unwrap_or_default();
        }
        input.len() - rest.len()
    }

    /// Takes one line off `rest`; `None` where it is not complete.
    fn line(&mut self, rest: &[u8]) -> Option<usize> {
        let end = memchr(b'\n', rest);
        let in_auth = matches!(self.phase, Phase::Auth(_));
        let is_auth = rest.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
        let limit = if in_auth || is_auth { MAX_AUTH_LINE } else { MAX_LINE };
        let length = end.map_or(rest.len(), |at| at + 1);
        let Some(at) = end else {
            self.skipping |= length >= limit;
            return self.skipping.then_some(length);
        };
        let line = rest.get(..at).unwrap_or_default();
        if std::mem::take(&mut self.skipping) || length > limit {
            self.record(Speaker::Client, "(a line that is too long)");
            self.phase = Phase::Command;
            // RFC 4954 section 4 has its own code for lines of an exchange.
            let too_long = Fault::new(500, (5, 5, 6), "the line of the exchange is too long");
            self.refuse(if in_auth { too_long } else { Fault::LINE_TOO_LONG });
        } else if let Some(line) = line.strip_suffix(b"\r") {
            if in_auth { self.auth_line(line) } else { self.command(line) }
        } else {
            self.record(Speaker::Client, "(a line without CR before its LF)");
            self.phase = Phase::Command;
            self.refuse(Fault::BARE_LINE_END);
        }
        Some(length)
    }

    fn command(&mut self, line: &[u8]) {
        let command = command::parse(line);
        // Whatever is said to AUTH may be a secret, even where it is said wrongly.
        let seen = match command {
            Ok(Command::Auth { mechanism, .. }) => format!("AUTH {mechanism} ***"),
            _ if line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH")) => {
                "AUTH ***".to_owned()
            }
            Err(_) if self.after_auth => "***".to_owned(),
            _ => String::from_utf8_lossy(line).into_owned(),
        };
        self.after_auth = seen.ends_with("***");
        self.record(Speaker::Client, seen);
        self.fruitless += 1;
        if self.fruitless > self.settings.max_recipients.saturating_add(MAX_FRUITLESS) {
            return self.shut(Fault::new(421, (4, 7, 0), "too many commands without a message"));
        }
        match command {
            Ok(Command::Quit) => {
                self.say(&Fault::new(221, (2, 0, 0), "goodbye").reply());
                self.close();
            }
            // RFC 5321 section 3.1.
            _ if self.turned_away => self.refuse(Fault::NOT_NOW),
            Ok(command) => self.obey(command),
            Err(fault) => self.refuse(fault),
        }
    }

    fn obey(&mut self, command: Command<'_>) {
        match command {
            Command::Helo(argument) => self.hello(argument, false),
            Command::Ehlo(argument) => self.hello(argument, true),
            Command::StartTls => self.start_tls(),
            Command::Auth { mechanism, initial } => self.auth(mechanism, initial),
            Command::Mail(argument) => self.mail(argument),
            Command::Rcpt(argument) => self.rcpt(argument),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.bdat(size, last),
            Command::Rset => {
                self.transaction = None;
                self.confirm("reset");
            }
            Command::Noop => self.confirm("ok"),
            // RFC 5321 section 7.3: whether an address exists is told to those only who send to it.
            Command::Vrfy => self.say(&Fault::new(252, (2, 0, 0), "send some mail and see").reply()),
            Command::Expn => self.refuse(Fault::new(502, (5, 5, 1), "EXPN is not offered")),
            Command::Help => self.say(&Fault::new(214, (2, 0, 0), "see RFC 5321").reply()),
            Command::Quit => {}
        }
    }

    fn accepted(&mut self, asked: Asked, reply: Option<Reply>) {
        match asked {
            Asked::Connect => {
                let hostname = &self.settings.hostname;
                let greeting = reply.unwrap_or_else(|| Reply::plain(220, format!("{hostname} ESMTP Tegami")));
                self.say(&greeting);
            }
            Asked::Hello(hello) => self.hello_accepted(hello),
            Asked::Authenticate { username } => self.authenticated(username),
            Asked::Mail => {
                self.say(
                    &reply.unwrap_or_else(|| Fault::new(250, (2, 1, 0), "the reverse-path is ok").reply()),
                );
            }
            Asked::Recipient(path) => {
                let standard = || Fault::new(250, (2, 1, 5), "the forward-path is ok").reply();
                self.recipient_accepted(path);
                self.say(&reply.unwrap_or_else(standard));
            }
            Asked::Message => {
                // A client that brings good mail may bring a dead address now and then.
                self.errors = 0;
                self.fruitless = 0;
                self.say(
                    &reply.unwrap_or_else(|| Fault::new(250, (2, 6, 0), "the message is accepted").reply()),
                );
            }
        }
    }

    fn refused(&mut self, asked: &Asked, reply: &Reply) {
        match asked {
            Asked::Connect => self.turned_away = true,
            Asked::Mail => self.transaction = None,
            Asked::Recipient(_) => self.recipient_refused(),
            Asked::Authenticate { .. } => self.facts.failed_auths += 1,
            Asked::Hello(_) | Asked::Message => {}
        }
        self.refuse_with(reply);
    }

    /// Asks the driver. Replies that are ready do not wait for the long work behind a message.
    pub(super) fn ask(&mut self, asked: Asked, question: Question) {
        if matches!(asked, Asked::Message) {
            self.flush();
        }
        self.asked = Some(asked);
        self.actions.push_back(Action::Ask(question));
    }

    pub(super) fn confirm(&mut self, text: &'static str) {
        self.say(&Fault::new(250, (2, 0, 0), text).reply());
    }

    pub(super) fn refuse(&mut self, fault: Fault) {
        self.refuse_with(&fault.reply());
    }

    fn refuse_with(&mut self, reply: &Reply) {
        self.say(reply);
        if reply.code == 421 {
            return self.close();
        }
        if reply.class() == ReplyClass::Permanent {
            self.errors += 1;
            if self.errors >= self.settings.max_errors {
                self.shut(Fault::new(421, (4, 7, 0), "too many errors"));
            }
        }
    }

    /// Puts a reply behind the others, its text made harmless: it may quote what strangers wrote.
    pub(super) fn say(&mut self, reply: &Reply) {
        let utf8 = self.transaction.as_ref().is_some_and(|open| open.envelope.smtputf8);
        let mut prefix = format!("{}-", reply.code);
        if let Some(code) = reply.enhanced {
            // Writing into a String cannot fail.
            let _ = write!(prefix, "{code} ");
        }
        // RFC 6531 section 3.7.4.2: text outside ASCII is for clients that asked for SMTPUTF8.
        let harmless = |c: char| if c.is_control() || !(utf8 || c.is_ascii()) { '?' } else { c };
        let mut lines = Vec::new();
        for line in &reply.lines {
            let plain = line.bytes().all(|octet| matches!(octet, b' '..=b'~'));
            let text: Cow<'_, str> =
                if plain { line.into() } else { line.chars().map(harmless).collect::<String>().into() };
            lines.extend(
                pieces(&text, MAX_REPLY_LINE - 2 - prefix.len()).map(|piece| format!("{prefix}{piece}")),
            );
        }
        if lines.is_empty() {
            lines.push(prefix);
        }
        if let Some(last) = lines.last_mut() {
            // Of the lines of a reply, the last has a blank behind its code (RFC 5321 section 4.2.1).
            last.replace_range(3..4, " ");
        }
        for line in lines {
            self.output.extend_from_slice(line.as_bytes());
            self.output.extend_from_slice(b"\r\n");
            self.record(Speaker::Server, line);
        }
    }

    /// Ends a call. Replies to commands that came together go out together (RFC 2920 section 3.2), so they wait for a question
    /// about the next one.
    fn settle(&mut self) {
        if self.asked.is_none() {
            self.flush();
        }
    }

    /// Hands out the replies gathered so far in one piece.
    pub(super) fn flush(&mut self) {
        if !self.output.is_empty() {
            let output = std::mem::take(&mut self.output);
            self.send(Bytes::from(output));
        }
    }

    fn send(&mut self, octets: Bytes) {
        self.actions.push_back(Action::Send(octets));
    }

    /// Everything said so far goes out, then the driver does the handshake.
    pub(super) fn begin_handshake(&mut self) {
        self.flush();
        self.phase = Phase::Handshake;
        self.actions.push_back(Action::StartTls);
    }

    /// Says 421 and closes (RFC 5321 section 3.8).
    fn shut(&mut self, fault: Fault) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        let (class, subject, detail) = fault.enhanced;
        let code = EnhancedStatusCode::new(class, subject, detail);
        self.say(&Reply::new(fault.code, code, format!("{} {}", self.settings.hostname, fault.text)));
        self.close();
    }

    fn close(&mut self) {
        self.flush();
        self.actions.push_back(Action::Close);
        self.phase = Phase::Closed;
        self.transaction = None;
        self.asked = None;
        self.input = Vec::new();
    }

    fn wake(&mut self) {
        let idle = self.heard + self.settings.idle_timeout;
        let whole = self.started + self.settings.session_timeout;
        // While a question is open the whole session's time may be over; it is looked at again after an idle time.
        let at = if whole <= self.now { idle } else { idle.min(whole) };
        self.actions.push_back(Action::WakeAt(at));
    }

    pub(super) fn record(&mut self, speaker: Speaker, text: impl Into<String>) {
        let mut text = text.into();
        text.truncate(text.floor_char_boundary(MAX_TRANSCRIPT_LINE));
        let lines = &mut self.transcript.lines;
        if lines.len() >= MAX_TRANSCRIPT || self.transcribed + text.len() > MAX_TRANSCRIPT_OCTETS {
            lines.drain(..lines.len() / 2);
            self.transcribed = lines.iter().map(|line| line.text.len()).sum();
        }
        self.transcribed += text.len();
        self.transcript.push(self.now.saturating_duration_since(self.started), speaker, text);
    }
}

/// A yes must be 2yz and a no 4yz or 5yz; whatever contradicts itself is a no.
fn verdict(answer: Answer) -> Result<Option<Reply>, Reply> {
    match answer {
        Answer::Accept => Ok(None),
        Answer::AcceptWith(reply) if reply.is_completion() => Ok(Some(reply)),
        Answer::AcceptWith(reply) | Answer::Refuse(reply) => match reply.class() {
            ReplyClass::Transient | ReplyClass::Permanent => Err(reply),
            _ => Err(Fault::new(451, (4, 3, 0), "local error").reply()),
        },
    }
}

/// A text in pieces of at most `most` octets, divided at blanks where there are some. One empty piece for no text.
fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, after) = text.split_at(text.floor_char_boundary(most));
        if after.is_empty() {
            rest = None;
            return Some(piece);
        }
        match piece.rsplit_once(' ') {
            Some((piece, part)) if !piece.is_empty() => {
                rest = text.get(text.len() - after.len() - part.len()..);
                Some(piece)
            }
            _ => {
                rest = Some(after);
                Some(piece)
            }
        }
    })
}
