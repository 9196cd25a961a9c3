//! The session: greeting, EHLO, STARTTLS, AUTH, and the end of it all. Transactions are next door.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tegami_mail::{Reply, ReplyClass, Speaker, Transcript};

use super::reply::{RawReply, ReplyReader};
use super::transaction::Running;
use super::{
    Action, Capabilities, Event, FailureCause, RecipientResult, SessionFailure, Settings, Stage, StartTls,
    Transaction, TransactionReport,
};
use crate::sasl::{ClientExchange, Mechanism};

/// How long the reply to QUIT is waited for: nothing depends on it.
const FAREWELL: Duration = Duration::from_secs(5);

/// A client's session. See the module for how it is driven.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    phase: Phase,
    /// Commands whose replies have not come, in the order in which they were sent.
    pub(super) waiting: VecDeque<Sent>,
    replies: ReplyReader,
    pub(super) capabilities: Capabilities,
    pub(super) tls: bool,
    exchange: Option<ClientExchange>,
    /// Transactions not begun.
    queue: VecDeque<Transaction>,
    pub(super) running: Option<Running>,
    /// What was decided in the transaction that a failure ended.
    pub(super) decided: Vec<Option<RecipientResult>>,
    /// The server may still hold the transaction before: RSET goes ahead of the next MAIL.
    pub(super) reset_first: bool,
    /// QUIT follows the last transaction.
    quit_when_idle: bool,
    output: Vec<u8>,
    actions: VecDeque<Action>,
    transcript: Transcript,
    started: Instant,
    now: Instant,
    deadline: Option<Instant>,
}

/// What the session is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Greeting to AUTH.
    Opening,
    /// The driver does the TLS handshake.
    Handshake,
    /// Transactions.
    Ready,
    /// QUIT was sent.
    Leaving,
    Closed,
}

/// A command that waits for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Not a command: the server speaks first.
    Connect,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Reset,
    Mail,
    Recipient(usize),
    Data,
    /// The content, whole, by DATA or BDAT.
    Content,
    /// A lone dot: DATA was accepted for nobody (RFC 2920 section 3.1).
    LoneDot,
    Quit,
}

impl Sent {
    fn stage(self) -> Stage {
        match self {
            Self::Connect => Stage::Greeting,
            Self::Ehlo | Self::Helo => Stage::Hello,
            Self::StartTls => Stage::StartTls,
            Self::Auth => Stage::Auth,
            Self::Mail => Stage::Mail,
            Self::Recipient(_) => Stage::Recipient,
            Self::Data | Self::LoneDot => Stage::Data,
            Self::Content => Stage::EndOfData,
            Self::Reset | Self::Quit => Stage::Idle,
        }
    }
}

impl Session {
    /// A session on a connection that has just been made; with `implicit_tls` its handshake is done.
    pub fn new(settings: Settings, now: Instant) -> Self {
        let mut session = Self {
            tls: settings.implicit_tls,
            settings,
            phase: Phase::Opening,
            waiting: VecDeque::from([Sent::Connect]),
            replies: ReplyReader::default(),
            capabilities: Capabilities::default(),
            exchange: None,
            queue: VecDeque::new(),
            running: None,
            decided: Vec::new(),
            reset_first: false,
            quit_when_idle: false,
            output: Vec::new(),
            actions: VecDeque::new(),
            transcript: Transcript::default(),
            started: now,
            now,
            deadline: None,
        };
        session.settle();
        session
    }

    /// Octets from the server.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.now = now;
        if matches!(self.phase, Phase::Handshake | Phase::Closed) {
            return;
        }
        self.replies.push(bytes);
        let mut heard = false;
        while !matches!(self.phase, Phase::Handshake | Phase::Closed) {
            match self.replies.next() {
                Some(Ok(raw)) => self.reply(raw),
                Some(Err(_)) if self.phase == Phase::Leaving => self.close(),
                Some(Err(error)) => self.fail(FailureCause::Malformed(error)),
                None => break,
            }
            heard = true;
        }
        if heard {
            self.settle();
        }
    }

    /// The time of the last [`Action::WakeAt`] has come.
    pub fn timeout(&mut self, now: Instant) {
        self.now = now;
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.phase == Phase::Leaving {
            self.close();
        } else {
            self.fail_closing(FailureCause::Timeout);
        }
        self.settle();
    }

    /// The driver has no more time for this server, whatever the command's own allowance says: RFC 5321 section 4.5.3.2 bounds each command
    /// and not the session, so that a server which is always just in time would be listened to for days.
    pub fn exhausted(&mut self, now: Instant) {
        self.now = now;
        match self.phase {
            Phase::Closed => {}
            Phase::Leaving => self.close(),
            _ => self.fail_closing(FailureCause::TooSlow),
        }
        self.settle();
    }

    /// The handshake is done. `remark` tells the transcript about it, for example the TLS version.
    pub fn tls_established(&mut self, now: Instant, remark: &str) {
        if self.phase != Phase::Handshake {
            return;
        }
        self.now = now;
        self.tls = true;
        self.phase = Phase::Opening;
        self.remark(remark);
        // RFC 3207 section 4.2: what the server said before does not count any more.
        self.capabilities = Capabilities::default();
        self.send_ehlo();
        self.settle();
    }

    /// The handshake failed; the connection is of no use. `reason` is the driver's.
    pub fn tls_failed(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        self.remark(&reason);
        self.fail_closing(FailureCause::TlsFailed(reason));
        self.settle();
    }

    /// The connection is gone.
    pub fn closed(&mut self, now: Instant) {
        self.now = now;
        match self.phase {
            Phase::Closed => {}
            Phase::Leaving => self.close(),
            _ => self.fail_closing(FailureCause::Closed),
        }
        self.settle();
    }

    /// Hands a message over. It goes at once when the session is idle, otherwise after those before it.
    pub fn deliver(&mut self, transaction: Transaction, now: Instant) {
        self.now = now;
        if matches!(self.phase, Phase::Leaving | Phase::Closed) {
            let failure = SessionFailure { stage: Stage::Idle, cause: FailureCause::Closed };
            return self.actions.push_back(Action::Report(Event::Failed(failure)));
        }
        self.queue.push_back(transaction);
        self.idle();
        self.settle();
    }

    /// Ends the session, after the transactions that were handed over.
    pub fn quit(&mut self, now: Instant) {
        self.now = now;
        self.quit_when_idle = true;
        self.idle();
        self.settle();
    }

    /// The next thing to do.
    #[expect(
        clippy::should_implement_trait,
        reason = "a session is not over when nothing is to be done for now"
    )]
    pub fn next(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What was said so far, secrets as `***`, content by its size.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The transcript so far; it begins anew, its times still counted from the start of the session.
    pub fn take_transcript(&mut self) -> Transcript {
        std::mem::take(&mut self.transcript)
    }

    /// What the server offers, by its latest reply to EHLO.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whether a message handed over now would go: the session has reported [`Event::Ready`] and has not ended since. It may
    /// have ended without a word that was asked for, by a 421 to the last command of a transaction for example.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// After [`Event::Failed`]: the forward-paths of the transaction under way that had their result nevertheless, in the envelope's
    /// order; a 550 to RCPT stays a 550 when the connection is lost afterwards.
    pub fn decided(&self) -> &[Option<RecipientResult>] {
        &self.decided
    }

    /// Whether TLS runs.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    fn reply(&mut self, raw: RawReply) {
        let last = raw.lines.len().saturating_sub(1);
        for (at, line) in raw.lines.iter().enumerate() {
            let text = format!("{}{}{line}", raw.code, if at == last { ' ' } else { '-' });
            self.record(Speaker::Server, text);
        }
        let sent = self.waiting.pop_front();
        let is_greeting = matches!(sent, Some(Sent::Connect | Sent::Ehlo)) && raw.code < 400;
        let reply = if is_greeting { raw.plain() } else { raw.understood() };
        match sent {
            Some(Sent::Quit) => self.close(),
            _ if self.phase == Phase::Leaving => {}
            // RFC 5321 section 3.8: 421 may come at any time and the connection ends.
            _ if reply.code == 421 => self.shut_by_server(sent, reply),
            None => self.fail(FailureCause::Malformed(format!("a reply that nobody waits for: {reply}"))),
            Some(sent) => self.reply_to(sent, reply),
        }
    }

    fn reply_to(&mut self, sent: Sent, reply: Reply) {
        let class = reply.class();
        match (sent, class) {
            (Sent::Connect, ReplyClass::Completion) => self.send_ehlo(),
            (Sent::Ehlo, ReplyClass::Completion) => {
                self.capabilities = Capabilities::read(&reply.lines);
                self.greeted();
            }
            // RFC 5321 section 3.2: a server may know HELO only.
            (Sent::Ehlo, ReplyClass::Permanent) => {
                self.command(format!("HELO {}", self.settings.hostname), Sent::Helo);
            }
            (Sent::Helo, ReplyClass::Completion) => self.greeted(),
            (Sent::StartTls, ReplyClass::Completion) => self.begin_handshake(),
            (Sent::StartTls, _) if self.settings.starttls != StartTls::Required => self.authenticate(),
            (Sent::Auth, ReplyClass::Intermediate) => self.auth_challenge(),
            (Sent::Auth, ReplyClass::Completion) => self.ready(),
            (Sent::Reset, ReplyClass::Completion) => self.proceed(),
            (Sent::Mail | Sent::Recipient(_) | Sent::Data | Sent::Content | Sent::LoneDot, _) => {
                self.transaction_reply(sent, reply);
            }
            (_, ReplyClass::Transient | ReplyClass::Permanent) => {
                self.fail_at(sent.stage(), FailureCause::Refused(reply), Farewell::Quit);
            }
            _ => self.fail_at(sent.stage(), unexpected(&reply), Farewell::Quit),
        }
    }

    fn send_ehlo(&mut self) {
        self.command(format!("EHLO {}", self.settings.hostname), Sent::Ehlo);
    }

    /// EHLO or HELO is done.
    fn greeted(&mut self) {
        match self.settings.starttls {
            _ if self.tls => self.authenticate(),
            StartTls::IfOffered | StartTls::Required if self.capabilities.starttls => {
                self.command("STARTTLS".to_owned(), Sent::StartTls);
            }
            StartTls::Required => self.fail_at(Stage::StartTls, FailureCause::TlsNotOffered, Farewell::Quit),
            StartTls::Never | StartTls::IfOffered => self.authenticate(),
        }
    }

    fn begin_handshake(&mut self) {
        // Octets behind the reply were not protected and would be read as if they were.
        let injected = self.replies.clear();
        if injected > 0 {
            self.remark(&format!("{injected} octets behind the reply to STARTTLS discarded"));
        }
        self.phase = Phase::Handshake;
        self.actions.push_back(Action::StartTls);
    }

    fn authenticate(&mut self) {
        let Some(credentials) = &self.settings.credentials else { return self.ready() };
        let offered = &self.capabilities.auth;
        let mechanism = [Mechanism::Plain, Mechanism::Login].into_iter().find(|one| offered.contains(one));
        let impossible = if !self.tls && !self.settings.auth_in_clear {
            "TLS does not run, and the password is not sent in the clear"
        } else if let Some(mechanism) = mechanism {
            let (command, exchange) = ClientExchange::start(mechanism, credentials);
            self.exchange = Some(exchange);
            self.record(Speaker::Client, format!("AUTH {} ***", mechanism.name()));
            return self.write(&command, Sent::Auth);
        } else {
            "the server does not offer PLAIN or LOGIN"
        };
        let cause = FailureCause::AuthNotPossible(impossible.to_owned());
        self.fail_at(Stage::Auth, cause, Farewell::Quit);
    }

    fn auth_challenge(&mut self) {
        match self.exchange.as_mut().and_then(ClientExchange::respond) {
            Some(response) => {
                self.record(Speaker::Client, "***");
                self.write(&response, Sent::Auth);
            }
            None => {
                let cause =
                    FailureCause::Malformed("the server asks for more than AUTH has to say".to_owned());
                self.fail_at(Stage::Auth, cause, Farewell::Close);
            }
        }
    }

    fn ready(&mut self) {
        self.exchange = None;
        self.phase = Phase::Ready;
        self.report(Event::Ready);
        self.idle();
    }

    /// The next transaction, or QUIT, or nothing.
    pub(super) fn idle(&mut self) {
        if self.phase != Phase::Ready || self.running.is_some() {
            return;
        }
        if let Some(transaction) = self.queue.pop_front() {
            self.begin(transaction);
        } else if self.quit_when_idle {
            self.leave();
        }
    }

    fn leave(&mut self) {
        self.command("QUIT".to_owned(), Sent::Quit);
        self.phase = Phase::Leaving;
    }

    /// 421: it decides what was not decided.
    fn shut_by_server(&mut self, sent: Option<Sent>, reply: Reply) {
        let stage = sent.map_or(Stage::Idle, Sent::stage);
        if let Some(running) = &mut self.running {
            running.decide_rest(stage, &reply);
        }
        self.fail_at(stage, FailureCause::Refused(reply), Farewell::Close);
    }

    /// Fails where the session is.
    fn fail(&mut self, cause: FailureCause) {
        self.fail_at(self.stage(), cause, Farewell::Quit);
    }

    fn fail_closing(&mut self, cause: FailureCause) {
        self.fail_at(self.stage(), cause, Farewell::Close);
    }

    pub(super) fn fail_at(&mut self, stage: Stage, cause: FailureCause, farewell: Farewell) {
        if matches!(self.phase, Phase::Leaving | Phase::Closed) {
            return;
        }
        if let Some(running) = self.running.take() {
            self.decided = running.results();
            if let Some(recipients) = self.decided.iter().cloned().collect() {
                self.report(Event::Transaction(TransactionReport { recipients }));
            }
        }
        self.queue.clear();
        self.report(Event::Failed(SessionFailure { stage, cause }));
        // With replies outstanding QUIT might be read as content.
        if farewell == Farewell::Quit && self.waiting.is_empty() { self.leave() } else { self.close() }
    }

    fn stage(&self) -> Stage {
        match (self.phase, self.waiting.front()) {
            (Phase::Handshake, _) => Stage::StartTls,
            (_, Some(sent)) => sent.stage(),
            (_, None) => Stage::Idle,
        }
    }

    fn close(&mut self) {
        self.flush();
        self.phase = Phase::Closed;
        self.waiting.clear();
        self.running = None;
        self.actions.push_back(Action::Close);
    }

    /// Sends a command that may be seen.
    pub(super) fn command(&mut self, command: String, sent: Sent) {
        self.write(&command, sent);
        self.record(Speaker::Client, command);
    }

    fn write(&mut self, line: &str, sent: Sent) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
        self.waiting.push_back(sent);
    }

    /// Sends octets that are not commands, behind the commands before them.
    pub(super) fn octets(&mut self, pieces: impl IntoIterator<Item = Bytes>) {
        self.flush();
        self.actions.extend(pieces.into_iter().filter(|piece| !piece.is_empty()).map(Action::Send));
    }

    fn flush(&mut self) {
        if !self.output.is_empty() {
            let output = std::mem::take(&mut self.output);
            self.actions.push_back(Action::Send(Bytes::from(output)));
        }
    }

    pub(super) fn report(&mut self, event: Event) {
        self.actions.push_back(Action::Report(event));
    }

    pub(super) fn record(&mut self, speaker: Speaker, text: impl Into<String>) {
        self.transcript.push(self.now.saturating_duration_since(self.started), speaker, text);
    }

    fn remark(&mut self, text: &str) {
        self.record(Speaker::Remark, text);
    }

    /// Ends a call: what was written goes out together, and the clock is set for the reply that is due.
    fn settle(&mut self) {
        self.flush();
        let timeouts = self.settings.timeouts;
        let patience = match (self.phase, self.waiting.front()) {
            (Phase::Closed, _) | (Phase::Opening | Phase::Ready, None) => None,
            (Phase::Leaving, _) => Some(FAREWELL),
            (_, Some(Sent::Connect)) => Some(timeouts.greeting),
            (_, Some(Sent::Data)) => Some(timeouts.data),
            (_, Some(Sent::Content | Sent::LoneDot)) => Some(timeouts.end_of_data),
            _ => Some(timeouts.command),
        };
        let deadline = patience.map(|patience| self.now + patience);
        if let Some(at) = deadline.filter(|_| deadline != self.deadline) {
            self.actions.push_back(Action::WakeAt(at));
        }
        self.deadline = deadline;
    }
}

/// How a failed session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// With QUIT.
    Quit,
    /// At once: nobody listens, or the next octets would be misread.
    Close,
}

/// A reply of a class that the command does not have.
pub(super) fn unexpected(reply: &Reply) -> FailureCause {
    FailureCause::Malformed(format!("not a reply to this command: {reply}"))
}
