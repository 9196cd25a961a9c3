//! MAIL, RCPT, DATA and BDAT.

use bytes::Bytes;
use tegami_mail::{Envelope, ForwardPath, Reply, Speaker};

use super::command::Fault;
use super::content::{Content, DotReader};
use super::path::{self, Mail};
use super::session::{Asked, Phase, Session};
use super::{Hold, Question, Transaction};

/// A transaction from MAIL on.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) envelope: Envelope,
    /// SIZE= of MAIL.
    announced: u64,
    /// HOLDFOR= or HOLDUNTIL= of MAIL.
    hold: Option<Hold>,
    /// A RCPT was refused.
    refused: bool,
    /// What BDAT brought so far; present from the first BDAT on.
    chunks: Option<Content>,
}

impl Open {
    fn new(mail: Mail) -> Self {
        let parameters = mail.parameters;
        let envelope = Envelope {
            reverse_path: mail.reverse_path,
            forward_paths: Vec::new(),
            body: parameters.body.unwrap_or_default(),
            smtputf8: parameters.smtputf8,
            require_tls: parameters.require_tls,
            dsn: parameters.dsn,
        };
        let (announced, hold) = (parameters.size.unwrap_or(0), parameters.hold);
        Self { envelope, announced, hold, refused: false, chunks: None }
    }

    /// Why content may not come now: RFC 5321 section 3.3 and RFC 2920 section 3.2 leave 503 and 554 for it.
    fn content_fault(&self) -> Option<Fault> {
        match (self.envelope.forward_paths.is_empty(), self.refused) {
            (false, _) => None,
            (true, true) => Some(Fault::new(554, (5, 5, 1), "no valid recipients")),
            (true, false) => Some(Fault::new(503, (5, 5, 1), "RCPT comes first")),
        }
    }
}

/// A chunk of BDAT that is on its way.
#[derive(Debug)]
pub(super) struct Chunk {
    size: u64,
    left: u64,
    last: bool,
    /// The octets are read and dropped, then this is said (RFC 3030 section 2).
    fault: Option<Fault>,
}

impl Session {
    pub(super) fn mail(&mut self, argument: &str) {
        match self.read_mail(argument) {
            Ok(mail) => {
                let question = Question::Mail(mail.reverse_path.clone());
                self.transaction = Some(Open::new(mail));
                self.ask(Asked::Mail, question);
            }
            Err(fault) => self.refuse(fault),
        }
    }

    fn read_mail(&self, argument: &str) -> Result<Mail, Fault> {
        if self.facts.hello.is_none() {
            return Err(Fault::new(503, (5, 5, 1), "EHLO comes first"));
        }
        if self.settings.auth_required && self.facts.user.is_none() {
            // RFC 4954 section 6.
            return Err(Fault::new(530, (5, 7, 0), "authentication required"));
        }
        if self.transaction.is_some() {
            return Err(Fault::NOT_NOW);
        }
        let mail = path::mail(argument, self.settings.future_release.as_ref())?;
        // RFC 1870 section 6.1.
        let most = u64::try_from(self.settings.max_size).unwrap_or(u64::MAX);
        if mail.parameters.size.is_some_and(|size| size > most) {
            return Err(Fault::TOO_LARGE);
        }
        if mail.parameters.require_tls && !self.facts.tls {
            // RFC 8689 section 2.
            return Err(Fault::new(530, (5, 7, 10), "REQUIRETLS needs TLS"));
        }
        Ok(mail)
    }

    pub(super) fn rcpt(&mut self, argument: &str) {
        match self.read_rcpt(argument) {
            Ok(path) => self.ask(Asked::Recipient(path.clone()), Question::Recipient(path)),
            Err(fault) => {
                self.recipient_refused();
                self.refuse(fault);
            }
        }
    }

    fn read_rcpt(&self, argument: &str) -> Result<ForwardPath, Fault> {
        let Some(open) = self.transaction.as_ref().filter(|open| open.chunks.is_none()) else {
            return Err(Fault::NOT_NOW);
        };
        let path = path::rcpt(argument, &self.settings.hostname, open.envelope.smtputf8)?;
        if open.envelope.forward_paths.len() >= self.settings.max_recipients {
            // RFC 5321 section 4.5.3.1.10.
            return Err(Fault::new(452, (4, 5, 3), "too many recipients"));
        }
        Ok(path)
    }

    pub(super) fn recipient_accepted(&mut self, path: ForwardPath) {
        if let Some(open) = &mut self.transaction {
            open.envelope.forward_paths.push(path);
        }
    }

    pub(super) fn recipient_refused(&mut self) {
        if let Some(open) = &mut self.transaction {
            open.refused = true;
        }
    }

    pub(super) fn data(&mut self) {
        let fault = match &self.transaction {
            None => Some(Fault::NOT_NOW),
            // RFC 3030 section 2: DATA and BDAT do not mix.
            Some(open) if open.chunks.is_some() => Some(Fault::NOT_NOW),
            Some(open) => open.content_fault(),
        };
        if let Some(fault) = fault {
            return self.refuse(fault);
        }
        let announced = self.transaction.as_ref().map_or(0, |open| open.announced);
        self.phase = Phase::Data(DotReader::new(Content::new(self.settings.max_size, announced)));
        self.say(&Reply::plain(354, "go on, and end with CRLF . CRLF"));
        self.flush();
    }

    /// The final dot has come.
    pub(super) fn data_complete(&mut self) {
        if let Phase::Data(reader) = std::mem::replace(&mut self.phase, Phase::Command) {
            self.record(Speaker::Client, format!("({} octets)", reader.content.received()));
            self.complete(reader.content.finish());
        }
    }

    pub(super) fn bdat(&mut self, size: u64, last: bool) {
        let limit = self.settings.max_size;
        let fault = match &mut self.transaction {
            None => Some(Fault::NOT_NOW),
            Some(open) => {
                let fault = open.content_fault();
                if fault.is_none() {
                    let announced = open.announced.max(size);
                    open.chunks.get_or_insert_with(|| Content::new(limit, announced));
                }
                fault
            }
        };
        self.phase = Phase::Chunk(Chunk { size, left: size, last, fault });
        if size == 0 {
            self.chunk_complete();
        }
    }

    /// Takes octets of the chunk; says how many were its.
    pub(super) fn chunk_octets(&mut self, rest: &[u8]) -> usize {
        let Phase::Chunk(chunk) = &mut self.phase else { return 0 };
        let used = usize::try_from(chunk.left).unwrap_or(usize::MAX).min(rest.len());
        chunk.left -= used as u64;
        let complete = chunk.left == 0;
        let dropped = chunk.fault.is_some();
        let content = self.transaction.as_mut().and_then(|open| open.chunks.as_mut()).filter(|_| !dropped);
        if let Some(content) = content {
            content.push(rest.get(..used).unwrap_or_default());
        }
        if complete {
            self.chunk_complete();
        }
        used
    }

    fn chunk_complete(&mut self) {
        let Phase::Chunk(chunk) = std::mem::replace(&mut self.phase, Phase::Command) else { return };
        self.record(Speaker::Client, format!("({} octets)", chunk.size));
        if let Some(fault) = chunk.fault {
            // Chunks sent ahead of the first refusal are one mistake, not many.
            return if self.transaction.is_none() { self.say(&fault.reply()) } else { self.refuse(fault) };
        }
        let content = self.transaction.as_mut().and_then(|open| open.chunks.as_mut());
        if let Some(fault) = content.and_then(|content| content.fault()) {
            // RFC 3030 section 2: a refused chunk ends the transaction.
            self.transaction = None;
            self.refuse(fault);
        } else if chunk.last {
            let content = self.transaction.as_mut().and_then(|open| open.chunks.take());
            self.complete(content.map_or(Err(Fault::NOT_NOW), Content::finish_chunks));
        } else {
            let text = format!("{} octets received", chunk.size);
            self.say(&Reply { lines: vec![text], ..Fault::new(250, (2, 0, 0), "").reply() });
        }
    }

    /// The content is whole: the transaction ends here, and what becomes of it is asked.
    fn complete(&mut self, content: Result<Bytes, Fault>) {
        let Some(open) = self.transaction.take() else { return };
        match content {
            Ok(content) => {
                let transaction = Transaction { envelope: open.envelope, content, hold: open.hold };
                self.ask(Asked::Message, Question::Message(transaction));
            }
            Err(fault) => self.refuse(fault),
        }
    }
}
