//! Who answers what a session asks.

use std::net::{IpAddr, SocketAddr};

use tegami_mail::Transcript;
use tegami_proto::smtp::server::{Answer, Facts, FutureRelease, Question};

use crate::BoxFuture;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Over TCP: its address, and ours that it reached.
    Tcp {
        /// The SMTP client.
        remote: SocketAddr,
        /// Our address.
        local: SocketAddr,
    },
    /// A program on this machine, over a Unix socket; the kernel says whose.
    Local {
        /// The user that runs it.
        uid: u32,
    },
}

impl Peer {
    /// The client's address; loopback for a local program.
    pub fn ip(&self) -> IpAddr {
        match self {
            Self::Tcp { remote, .. } => remote.ip().to_canonical(),
            Self::Local { .. } => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        }
    }
}

/// Opens one [`Clerk`] for each session.
pub trait Desk: Send + Sync + 'static {
    /// Somebody connected.
    fn open(&self, peer: Peer) -> Box<dyn Clerk>;

    /// What FUTURERELEASE offers to a session that begins now (RFC 4865); usually nothing.
    fn future_release(&self) -> Option<FutureRelease> {
        None
    }
}

/// Answers the questions of one session, and remembers between them.
pub trait Clerk: Send {
    /// What is to be done. The driver waits for the answer and reads nothing meanwhile.
    fn answer<'a>(&'a mut self, question: Question, facts: &'a Facts) -> BoxFuture<'a, Answer>;

    /// TLS runs now: version and cipher suite, in words.
    fn encrypted(&mut self, remark: String) {
        drop(remark);
    }

    /// The session is over; this is what was said. Called once.
    fn ended(&mut self, transcript: Transcript) {
        drop(transcript);
    }
}

/// Words for a refusal that several desks give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The recipient is none of ours, and the client may not relay.
    Relay,
    /// The domain is ours; the mailbox is not.
    NoMailbox,
    /// A return path that is forged, or whose time is over.
    ReturnPath,
    /// What came to a return path or to the address for complaints is neither notification nor complaint, and nobody reads it there.
    Papers,
    /// Whether the recipient takes the message depends on its content, so it gets one of its own.
    Alone,
    /// A mailing list that takes nothing from outside.
    ReadOnlyList,
    /// A test inbox whose time is over, that is full, or that nobody made.
    TestInbox,
    /// A route sent it on from here before.
    Circles,
    /// What looks like spam is not taken for this domain.
    Spam,
    /// The store cannot take it at present.
    TryLater,
}

impl Refusal {
    /// The reply.
    pub fn reply(self) -> tegami_mail::Reply {
        use tegami_mail::{EnhancedStatusCode as Code, Reply};
        match self {
            Self::Relay => Reply::new(
                550,
                Code::new(5, 7, 1),
                "Relaying denied: authenticate, or write to a mailbox of ours",
            ),
            Self::NoMailbox => Reply::new(550, Code::new(5, 1, 1), "No such mailbox here"),
            Self::ReturnPath => {
                let text = "This return path is not of ours, or its time is over";
                Reply::new(550, Code::new(5, 7, 1), text)
            }
            Self::Papers => {
                let text = "Nobody reads here: only notifications and complaints about our mail are taken";
                Reply::new(550, Code::new(5, 7, 1), text)
            }
            Self::Alone => {
                let text = "Whether this recipient takes it depends on the message: send it one of its own";
                Reply::new(452, Code::new(4, 5, 3), text)
            }
            // RFC 3463 section 3.8, X.7.2: not allowed to write to the list.
            Self::ReadOnlyList => {
                let text = "Only authenticated senders of its domain may write to this mailing list";
                Reply::new(550, Code::new(5, 7, 2), text)
            }
            Self::TestInbox => {
                let text = "This test address is not known, its day is over, or it is full: make another one";
                Reply::new(550, Code::new(5, 1, 1), text)
            }
            Self::Circles => Reply::new(554, Code::new(5, 4, 6), "This message was sent on from here before"),
            Self::Spam => Reply::new(
                550,
                Code::new(5, 7, 1),
                "This looks like spam, which is not taken for this domain",
            ),
            Self::TryLater => Reply::new(451, Code::new(4, 3, 0), "Not possible at present, try again later"),
        }
    }
}
