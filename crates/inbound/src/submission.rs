//! The desk for our own accounts (RFC 6409): AUTH first, and the sender belongs to the account.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join;
use jiff::Timestamp;
use tegami_mail::{
    Address, Clock, Domain, EnhancedStatusCode, Envelope, ForwardPath, Reply, ReversePath, note,
};
use tegami_proto::smtp::server::{Answer, Credentials, Facts, FutureRelease, Hold, Question, Transaction};
use tegami_queue::route::Reach;
use tegami_queue::{
    Accounts, Admission, AuthError, Authenticated, Controls, Declined, Domains, Fault, Intake,
    LocalMailboxes, Locality, Options, Senders, Submitted, Throttle, Trace, TrustedNetworks,
};
use tegami_store::{EventKind, NewEvent, Origin, Store};

use crate::BoxFuture;
use crate::desk::{Clerk, Desk, Peer, Refusal};
use crate::refusal::{Record, Refused};

/// Octets of the longest user name that is told apart from others: no account has a longer one, yet AUTH has room for thousands.
const LONGEST_NAME: usize = 255;

/// What the desk needs.
pub struct SubmissionSettings {
    /// Our name, and the sending domain where an envelope names none.
    pub hostname: Domain,
    /// Who may submit.
    pub accounts: Arc<Accounts>,
    /// Programs on this machine, which come over the Unix socket, may send as every address of these.
    pub domains: Arc<Domains>,
    /// Whose hosts may submit without AUTH. The listener's [`crate::Service::trusted`] says the same to its sessions.
    pub trusted: TrustedNetworks,
    /// Which addresses are ours.
    pub mailboxes: Arc<dyn LocalMailboxes>,
    /// The one door to the queue.
    pub intake: Arc<Intake>,
    /// Who reads the control fields of messages on their way to it.
    pub controls: Arc<dyn Controls>,
    /// For the record of refusals and bans.
    pub store: Arc<dyn Store>,
    /// How guessing of passwords is slowed down. Desks that share it share what they know of failed logins: one that stands in for
    /// another forgets no ban.
    pub throttle: Arc<Mutex<Throttle>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The desk.
pub struct SubmissionDesk {
    shared: Arc<Shared>,
}

struct Shared {
    settings: SubmissionSettings,
}

impl SubmissionDesk {
    /// A desk with these settings; all its listeners share one memory of failed logins.
    pub fn new(settings: SubmissionSettings) -> Self {
        Self { shared: Arc::new(Shared { settings }) }
    }
}

impl Desk for SubmissionDesk {
    fn open(&self, peer: Peer) -> Box<dyn Clerk> {
        let account = match peer {
            // The kernel vouches for who runs the program.
            Peer::Local { uid } => {
                let configured = self.shared.settings.domains.configured().iter().cloned();
                Some(Authenticated::by_kernel(uid, configured.map(Senders::Domain).collect()))
            }
            Peer::Tcp { .. } => self.shared.settings.trusted.vouch(peer.ip()),
        };
        Box::new(SubmissionClerk {
            shared: Arc::clone(&self.shared),
            peer,
            account,
            tls: None,
            record: Record::default(),
        })
    }

    fn future_release(&self) -> Option<FutureRelease> {
        let settings = &self.shared.settings;
        FutureRelease::new(settings.clock.now(), settings.intake.max_ahead())
    }
}

struct SubmissionClerk {
    shared: Arc<Shared>,
    peer: Peer,
    account: Option<Authenticated>,
    tls: Option<String>,
    record: Record,
}

impl Clerk for SubmissionClerk {
    fn answer<'a>(&'a mut self, question: Question, facts: &'a Facts) -> BoxFuture<'a, Answer> {
        // Each in a box of its own size: that of a message is large.
        match question {
            Question::Connect | Question::Hello(_) => Box::pin(ready(Answer::Accept)),
            Question::Authenticate(credentials) => Box::pin(self.authenticate(credentials)),
            Question::Mail(reverse_path) => Box::pin(self.mail(reverse_path)),
            Question::Recipient(path) => Box::pin(self.recipient(path)),
            Question::Message(transaction) => Box::pin(self.message(transaction, facts)),
        }
    }

    fn encrypted(&mut self, remark: String) {
        self.tls = Some(remark);
        // Whoever authenticated before TLS has to do it again (RFC 3207 section 4.2); the kernel's word stays good, and so
        // does the trust in a network.
        if matches!(self.peer, Peer::Tcp { .. }) {
            self.account = self.shared.settings.trusted.vouch(self.peer.ip());
        }
    }
}

impl SubmissionClerk {
    async fn authenticate(&mut self, credentials: Credentials) -> Answer {
        let ip = self.peer.ip();
        // What is remembered and logged of a stranger's word has a bound.
        let username = credentials.username.as_str();
        let name = username.get(..username.floor_char_boundary(LONGEST_NAME)).unwrap_or_default();
        if let Admission::Delay(delay) = self.admission(name) {
            tokio::time::sleep(delay).await;
        }
        // While we waited, other sessions of the same client may have gone on guessing.
        if let Admission::Banned(_) = self.admission(name) {
            let text = "Too many failed logins from your network, try again later";
            return Answer::Refuse(Reply::new(421, EnhancedStatusCode::new(4, 7, 0), text));
        }
        match self.shared.settings.accounts.authenticate(username, &credentials.password).await {
            Ok(account) => {
                self.throttle(|throttle| throttle.succeeded(ip, name));
                match self.shared.settings.domains.widened(account).await {
                    Ok(account) => {
                        self.account = Some(account);
                        Answer::Accept
                    }
                    Err(error) => unavailable(&error),
                }
            }
            Err(AuthError::Unavailable(error)) => unavailable(&error),
            Err(_) => {
                let now = self.shared.settings.clock.now();
                if let Some(until) = self.throttle(|throttle| throttle.failed(ip, name, now)) {
                    self.tell_ban(name, until).await;
                }
                let text = "User name or password is wrong";
                Answer::Refuse(Reply::new(535, EnhancedStatusCode::new(5, 7, 8), text))
            }
        }
    }

    fn admission(&self, name: &str) -> Admission {
        let now = self.shared.settings.clock.now();
        self.throttle(|throttle| throttle.admit(self.peer.ip(), name, now))
    }

    fn throttle<T>(&self, act: impl FnOnce(&mut Throttle) -> T) -> T {
        act(&mut self.shared.settings.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A ban is told in an event, once: somebody guesses, or somebody's program has an old password.
    async fn tell_ban(&self, name: &str, until: Timestamp) {
        let (settings, ip) = (&self.shared.settings, self.peer.ip());
        tracing::warn!(%ip, user = name, %until, "too many failed logins: a ban");
        let domain = Address::parse(name).ok().and_then(|address| address.domain().cloned());
        let event = NewEvent {
            kind: EventKind::Rejected,
            at: settings.clock.now(),
            domain: domain.unwrap_or_else(|| settings.hostname.clone()).to_string(),
            message: None,
            recipient: None,
            data: serde_json::json!({
                "ip": ip,
                "account": name,
                "why": note!("inbound-banned", ip = ip, account = name, until = until),
            })
            .into(),
        };
        if let Err(error) = settings.store.record(vec![event]).await {
            tracing::warn!(%error, "cannot record a ban");
        }
    }

    /// Told at MAIL already, where it can be: a person sees it at once.
    async fn mail(&mut self, reverse_path: ReversePath) -> Answer {
        if let Peer::Local { uid } = self.peer {
            // Domains have come or gone since the program connected.
            match self.shared.settings.domains.senders().await {
                Ok(senders) => self.account = Some(Authenticated::by_kernel(uid, senders)),
                Err(error) => tracing::warn!(%error, "cannot look our domains up"),
            }
        }
        let (Some(account), Some(address)) = (&self.account, reverse_path.address()) else {
            return Answer::Accept;
        };
        if account.may(address) {
            return Answer::Accept;
        }
        tracing::info!(account = account.account(), %address, "an account wanted to send as somebody else");
        let text = format!("The account {} may not send as {address}", account.account());
        Answer::Refuse(Reply::new(553, EnhancedStatusCode::new(5, 7, 1), text))
    }

    /// A mailbox that does not exist here is refused at RCPT, where it costs one recipient; intake could only refuse the message.
    async fn recipient(&self, path: ForwardPath) -> Answer {
        let Shared { settings } = &*self.shared;
        let found = match settings.mailboxes.find(&path.address).await {
            // Whether the list takes the message, and whether a route that looks at its fields wants it, is for intake to say.
            Ok(Locality::Unknown) => {
                let known =
                    try_join(settings.intake.lists().of(&path.address), settings.intake.reach(&path.address));
                known.await.map(|(list, reach)| list.is_some() || reach != Reach::No)
            }
            Ok(_) => Ok(true),
            Err(error) => Err(error),
        };
        match found {
            Ok(true) => Answer::Accept,
            Ok(false) => Answer::Refuse(Refusal::NoMailbox.reply()),
            Err(error) => {
                tracing::warn!(%error, "cannot look a mailbox up");
                Answer::Refuse(Refusal::TryLater.reply())
            }
        }
    }

    async fn message(&mut self, transaction: Transaction, facts: &Facts) -> Answer {
        let Some(account) = self.account.clone() else { return Answer::Refuse(Refusal::Relay.reply()) };
        let Transaction { envelope, content, hold } = transaction;
        let domain = self.domain_of(&envelope, &account).await;
        let trace = self.trace(facts, envelope.smtputf8);
        let reverse_path = envelope.reverse_path.clone();
        let recipients: Vec<_> = envelope.forward_paths.iter().map(|path| path.address.clone()).collect();
        let submitted = Submitted {
            local: matches!(self.peer, Peer::Local { .. }),
            envelope,
            origin: Origin::Submission { account: account.account().to_owned() },
            domain: domain.clone(),
            content,
            options: Options { trace: Some(trace), deliver_at: self.release(hold), ..Options::default() },
            account: account.clone(),
        };
        let settings = &self.shared.settings;
        let Declined { reply, why, fault } = match settings.controls.submit(submitted).await {
            Ok(id) => {
                return Answer::AcceptWith(Reply::new(
                    250,
                    EnhancedStatusCode::new(2, 0, 0),
                    format!("Ok: queued as {id}"),
                ));
            }
            Err(declined) => declined,
        };
        match fault {
            Fault::Ours => {
                tracing::error!(%reply, ?why, account = account.account(), "a submission was not accepted");
            }
            Fault::Submitter => {
                let refused = Refused {
                    ip: self.peer.ip(),
                    account: Some(account.account()),
                    domain: Some(&domain),
                    reverse_path: &reverse_path,
                    recipients: &recipients,
                    reply: &reply,
                    why: &why,
                    verdicts: None,
                };
                self.record.write(refused, &*settings.store, &*settings.clock).await;
            }
        }
        Answer::Refuse(reply)
    }

    /// When a message that is held is released. HOLDFOR counts from now, when the message has come.
    fn release(&self, hold: Option<Hold>) -> Option<Timestamp> {
        match hold? {
            // What FUTURERELEASE allows lies within the calendar, so that a sum beyond its end cannot be meant.
            Hold::For(interval) => {
                Some(self.shared.settings.clock.now().checked_add(interval).unwrap_or(Timestamp::MAX))
            }
            Hold::Until(moment) => Some(moment),
        }
    }

    /// The reverse-path's domain, or the one above it that sends for it; for a notification that of the account.
    async fn domain_of(&self, envelope: &Envelope, account: &Authenticated) -> Domain {
        let named = envelope.reverse_path.address().and_then(|address| address.domain()).cloned();
        let own = || account.senders().iter().find_map(|senders| senders.domain().cloned());
        let domain = named.or_else(own).unwrap_or_else(|| self.shared.settings.hostname.clone());
        match self.shared.settings.domains.roll().await {
            Ok(roll) => roll.sending(&domain).map_or(domain, |ours| ours.name.clone()),
            Err(_) => domain,
        }
    }

    /// The author's address stays out of the Received field: it is nobody's business where a person writes from.
    fn trace(&self, facts: &Facts, smtputf8: bool) -> Trace {
        Trace {
            helo: None,
            name: None,
            ip: None,
            protocol: facts.protocol(smtputf8).to_owned(),
            tls: self.tls.clone(),
        }
    }
}

/// RFC 4954 section 6.
fn unavailable(error: &dyn std::fmt::Display) -> Answer {
    tracing::warn!(%error, "cannot check a password");
    let text = "Authentication is not possible at present, try again later";
    Answer::Refuse(Reply::new(454, EnhancedStatusCode::new(4, 7, 0), text))
}
