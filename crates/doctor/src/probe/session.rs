//! A polite session: greeting, EHLO, STARTTLS, EHLO, QUIT. What is said when is decided by `tegami_proto`; here are the socket and the
//! notes.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use tegami_mail::{Domain, Reply, Speaker, Transcript, TranscriptLine};
use tegami_proto::smtp::client::{
    Action, Capabilities, Event, FailureCause, Session, SessionFailure, Settings, Stage, StartTls as Wanted,
    Timeouts,
};

use super::line::Wire;
use super::{Network, RelayAccess, RelaySeen, SmtpSeen, StartTls, Unprobed};
use tokio::net::TcpStream;

/// Leads a session with the host at this address.
pub(super) async fn look(network: &Network, host: &Domain, ip: IpAddr) -> Result<SmtpSeen, Unprobed> {
    let began = now();
    let stream = network.connect(ip).await?;
    let connected_after = now().saturating_duration_since(began);
    let patience = network.settings.patience;
    let settings = Settings {
        hostname: network.settings.hostname.clone(),
        starttls: Wanted::IfOffered,
        implicit_tls: false,
        credentials: None,
        auth_in_clear: false,
        timeouts: Timeouts { greeting: patience.greeting, command: patience.command, ..Timeouts::default() },
    };
    let mut talk = Talk::new(network, host, settings, stream);
    talk.run().await;
    talk.tell(ip, connected_after)
}

/// Leads a session with a relay of ours, up to AUTH. Who shows a certificate that is not trusted hears no password.
pub(super) async fn log_in(
    network: &Network,
    host: &Domain,
    ip: IpAddr,
    access: &RelayAccess,
    stream: TcpStream,
) -> Result<RelaySeen, Unprobed> {
    let patience = network.settings.patience;
    let settings = Settings {
        hostname: network.settings.hostname.clone(),
        starttls: Wanted::Required,
        implicit_tls: access.implicit_tls,
        credentials: access.credentials.clone(),
        auth_in_clear: false,
        timeouts: Timeouts { greeting: patience.command, command: patience.command, ..Timeouts::default() },
    };
    let mut talk = Talk::new(network, host, settings, stream);
    talk.only_trusted = true;
    talk.run().await;
    if let Some(tls @ StartTls::Done(_)) = &talk.tls {
        let auth = match talk.failure.as_ref().map(|failure| (failure.stage, &failure.cause)) {
            Some((Stage::Auth, FailureCause::Refused(reply))) => Some(reply.clone()),
            Some((Stage::Auth, FailureCause::AuthNotPossible(why))) => {
                return Err(Unprobed::Failed(why.clone()));
            }
            _ => None,
        };
        return Ok(RelaySeen { ip, tls: tls.clone(), auth });
    }
    match (talk.tls, talk.failure.map(|failure| failure.cause)) {
        (Some(tls), _) => Ok(RelaySeen { ip, tls, auth: None }),
        (None, Some(FailureCause::TlsNotOffered)) => {
            Ok(RelaySeen { ip, tls: StartTls::NotOffered, auth: None })
        }
        (None, Some(FailureCause::Refused(reply))) => Err(Unprobed::Failed(reply.to_string())),
        (None, Some(FailureCause::Timeout | FailureCause::TooSlow)) => {
            Err(Unprobed::Silent(patience.command))
        }
        _ => Err(Unprobed::Failed("the connection was closed".to_owned())),
    }
}

/// What tokio's clock says, so that a test can stop it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

struct Talk<'n> {
    network: &'n Network,
    host: &'n Domain,
    session: Session,
    wire: Wire,
    wake: Option<Instant>,
    limit: Instant,
    offered: Option<Capabilities>,
    offered_under_tls: Option<Capabilities>,
    tls: Option<StartTls>,
    failure: Option<SessionFailure>,
    /// Nothing more is said to a host whose certificate is not trusted.
    only_trusted: bool,
}

impl<'n> Talk<'n> {
    fn new(network: &'n Network, host: &'n Domain, settings: Settings, stream: TcpStream) -> Self {
        Self {
            network,
            host,
            session: Session::new(settings, now()),
            wire: Wire::Clear(stream),
            wake: None,
            limit: now() + network.settings.patience.whole(),
            offered: None,
            offered_under_tls: None,
            tls: None,
            failure: None,
            only_trusted: false,
        }
    }

    async fn run(&mut self) {
        let mut buffer = [0; 4096];
        loop {
            while let Some(action) = self.session.next() {
                match action {
                    Action::Send(octets) => self.send(&octets).await,
                    Action::StartTls => self.start_tls().await,
                    Action::WakeAt(at) => self.wake = Some(at),
                    Action::Report(event) => self.heed(event),
                    Action::Close => return,
                }
            }
            if matches!(self.wire, Wire::Gone) {
                self.session.closed(now());
                continue;
            }
            let until = self.wake.map_or(self.limit, |wake| wake.min(self.limit));
            let reading = self.wire.read(&mut buffer);
            match tokio::time::timeout_at(until.into(), reading).await {
                Ok(0) => self.session.closed(now()),
                Ok(count) => self.session.receive(buffer.get(..count).unwrap_or_default(), now()),
                Err(_) if now() >= self.limit => self.session.exhausted(now()),
                Err(_) => self.session.timeout(now()),
            }
        }
    }

    async fn send(&mut self, octets: &[u8]) {
        let patience = self.network.settings.patience.command;
        let sent = tokio::time::timeout(patience, self.wire.write(octets)).await;
        if !matches!(sent, Ok(Ok(()))) {
            self.wire = Wire::Gone;
        }
    }

    async fn start_tls(&mut self) {
        self.offered = Some(self.session.capabilities().clone());
        let Wire::Clear(stream) = std::mem::replace(&mut self.wire, Wire::Gone) else { return };
        let moment = self.network.clock.now();
        let handshake = self.network.tls.handshake(stream, self.host, moment);
        let done = tokio::time::timeout(self.network.settings.patience.command, handshake).await;
        match done.unwrap_or_else(|_| Err(StartTls::Failed("timeout".to_owned()))) {
            Ok((_, seen)) if self.only_trusted && seen.trusted.is_err() => {
                self.tls = Some(StartTls::Done(Box::new(seen)));
            }
            Ok((stream, seen)) => {
                self.wire = Wire::Tls(Box::new(stream));
                self.session.tls_established(now(), &format!("{} {}", seen.version, seen.cipher));
                self.tls = Some(StartTls::Done(Box::new(seen)));
            }
            Err(failed) => {
                if let StartTls::Failed(reason) | StartTls::TooOld(reason) = &failed {
                    self.session.tls_failed(reason.clone());
                }
                self.tls = Some(failed);
            }
        }
    }

    fn heed(&mut self, event: Event) {
        match event {
            Event::Ready => {
                let capabilities = self.session.capabilities().clone();
                if self.session.is_tls() {
                    self.offered_under_tls = Some(capabilities);
                } else {
                    self.offered = Some(capabilities);
                }
                self.session.quit(now());
            }
            Event::Failed(failure) => self.failure = Some(failure),
            Event::Transaction(_) => {}
        }
    }

    /// What came of it.
    fn tell(self, ip: IpAddr, connected_after: Duration) -> Result<SmtpSeen, Unprobed> {
        let transcript = self.session.transcript();
        let Some((greeting, greeted_after)) = reply_after(transcript, None) else {
            return Err(match self.failure.map(|failure| failure.cause) {
                Some(FailureCause::Timeout | FailureCause::TooSlow) => {
                    Unprobed::Silent(self.network.settings.patience.greeting)
                }
                Some(FailureCause::Malformed(text)) => Unprobed::NoSmtp(text),
                _ => Unprobed::NoSmtp("the connection was closed before a greeting".to_owned()),
            });
        };
        let tls = self.tls.unwrap_or_else(|| match (&self.offered, &self.failure) {
            (Some(offered), _) if offered.starttls => match reply_after(transcript, Some("STARTTLS")) {
                Some((reply, _)) => StartTls::Refused(reply),
                None => StartTls::Unreached,
            },
            (Some(_), None) => StartTls::NotOffered,
            (Some(_), Some(failure)) if failure.stage != Stage::Hello => StartTls::NotOffered,
            _ => StartTls::Unreached,
        });
        Ok(SmtpSeen {
            host: self.host.to_string(),
            ip,
            connected_after,
            greeted_after,
            greeting,
            offered: self.offered,
            tls,
            offered_under_tls: self.offered_under_tls,
            transcript: transcript.lines.iter().map(line).collect(),
        })
    }
}

/// The reply to a command, or the greeting, and when it came.
fn reply_after(transcript: &Transcript, command: Option<&str>) -> Option<(Reply, Duration)> {
    let lines = transcript.lines.as_slice();
    let start = match command {
        None => 0,
        Some(command) => {
            let said = |line: &TranscriptLine| line.speaker == Speaker::Client && line.text == command;
            lines.iter().position(said)? + 1
        }
    };
    let reply: Vec<&TranscriptLine> =
        lines.get(start..)?.iter().take_while(|line| line.speaker == Speaker::Server).collect();
    let first = reply.first()?;
    let code = first.text.get(..3)?.parse().ok()?;
    let text = |line: &&TranscriptLine| line.text.get(4..).unwrap_or_default().to_owned();
    let reply_lines = reply.iter().map(text).collect();
    Some((Reply { code, enhanced: None, lines: reply_lines }, first.after))
}

/// `>` ours, `<` theirs, `=` a remark.
fn line(line: &TranscriptLine) -> String {
    let sign = match line.speaker {
        Speaker::Client => '>',
        Speaker::Server => '<',
        Speaker::Remark => '=',
    };
    format!("{sign} {}", line.text)
}
