//! The words a refusal is sorted into.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares an enumeration whose variants have a word each.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them, in their order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The word, as JSON and the tables have it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|known| known.as_str() == word).ok_or("no such word")
            }
        }
    };
}
pub(super) use words;

words! {
    /// Why a receiver did not take a message.
    Cause {
        /// The address has no mailbox.
        BadMailbox = "bad-mailbox",
        /// The address's domain does not exist, or takes no mail.
        BadDomain = "bad-domain",
        /// The mailbox was given up, or belongs to somebody else now.
        Moved = "moved",
        /// The mailbox is full.
        MailboxFull = "mailbox-full",
        /// The mailbox is switched off.
        Inactive = "inactive",
        /// The recipient refuses mail like this.
        Filtered = "filtered",
        /// A rule of the receiver.
        Policy = "policy",
        /// The sending address (IP) or the domain is on a list or has a bad name.
        Reputation = "reputation",
        /// SPF, DKIM, DMARC or ARC.
        Authentication = "authentication",
        /// The sending address has no name that points back.
        ReverseDns = "reverse-dns",
        /// MAIL FROM or the author's address is not acceptable.
        Sender = "sender",
        /// Too much in too short a time.
        Rate = "rate",
        /// Come back later, as a test.
        Greylisting = "greylisting",
        /// The message looks like spam.
        Spam = "spam",
        /// The message carries something dangerous.
        Virus = "virus",
        /// The message is malformed, or has a part that is not wanted.
        Content = "content",
        /// The message is too large.
        Size = "size",
        /// TLS is demanded, or failed.
        Tls = "tls",
        /// A command was not understood, or not allowed.
        Protocol = "protocol",
        /// The server does not take mail for this domain from us.
        Relaying = "relaying",
        /// User name and password.
        Login = "login",
        /// The receiver's server has a trouble of its own.
        System = "system",
        /// No connection, a broken one, or a way in a circle.
        Network = "network",
        /// The DNS gave no usable answer.
        Dns = "dns",
        /// Tried until the time was up.
        Expired = "expired",
        /// The reply says nothing that we know.
        Unknown = "unknown",
    }
}

words! {
    /// What a refusal is about.
    About {
        /// The recipient's address or mailbox.
        Recipient = "recipient",
        /// The sender's domain or address.
        Sender = "sender",
        /// The address (IP) that we send from.
        SendingAddress = "sending-address",
        /// This message.
        Message = "message",
        /// The receiver's own trouble.
        Receiver = "receiver",
    }
}

words! {
    /// How sure a verdict is.
    Certainty {
        /// The code alone, or words that many things can mean.
        Guess = "guess",
        /// The words or the enhanced status code say so.
        Likely = "likely",
        /// The provider documents it, or words and code agree.
        Certain = "certain",
    }
}

words! {
    /// Whether trying again can help (RFC 3463 section 2).
    Lasting {
        /// 4.x.x.
        Transient = "transient",
        /// 5.x.x.
        Permanent = "permanent",
    }
}

impl Cause {
    /// Whether the address can never be delivered to.
    pub fn is_bad_address(self) -> bool {
        matches!(self, Self::BadMailbox | Self::BadDomain | Self::Moved)
    }

    /// What it is about, unless a rule knows better.
    pub(super) const fn about(self) -> About {
        match self {
            Self::BadMailbox
            | Self::BadDomain
            | Self::Moved
            | Self::MailboxFull
            | Self::Inactive
            | Self::Filtered => About::Recipient,
            Self::Authentication | Self::Sender | Self::Login | Self::Relaying => About::Sender,
            Self::Reputation | Self::ReverseDns | Self::Rate | Self::Greylisting => About::SendingAddress,
            Self::Spam | Self::Virus | Self::Content | Self::Size | Self::Policy | Self::Unknown => {
                About::Message
            }
            Self::Tls | Self::Protocol | Self::System | Self::Network | Self::Dns | Self::Expired => {
                About::Receiver
            }
        }
    }
}
