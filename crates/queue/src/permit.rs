//! The right of an envelope to enter the queue.

use tegami_mail::{Address, Domain, Dsn, Envelope, ForwardPath, ReversePath};

use crate::intake::Post;
use crate::returns::ReturnedSender;
use crate::route::Forward;

/// Proof that an envelope may enter the queue, together with the envelope it was given for. It is made from an [`Authenticated`],
/// for a notification of our own, or from a [`Forward`], a [`ReturnedSender`] or a `Post`, which only a configured route, an address that we made
/// ourselves, and a mailing list that takes a message bring about; the fields are private and there is no other constructor. An open relay is a type error.
#[derive(Debug)]
pub struct Permit {
    envelope: Envelope,
    grant: Grant,
}

/// Who vouches for the envelope.
#[derive(Debug)]
enum Grant {
    /// An account, with the addresses it may send as.
    Account(Authenticated),
    /// A notification of ours, which has the null reverse-path.
    Own,
    /// A configured route, or a sender whose mail one sent on.
    Route,
}

/// Why no permit was given: the reverse-path does not belong to the account (RFC 6409 section 6.1 lets a submission
/// server refuse it). The fault is the submitter's; the same envelope is refused again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account {account} may not send as {sender}")]
pub struct NotPermitted {
    /// The account.
    pub account: String,
    /// The reverse-path it wanted.
    pub sender: Address,
}

impl Permit {
    /// Lets an account submit an envelope whose reverse-path belongs to it. The null reverse-path is allowed: user
    /// agents send disposition notifications with it (RFC 8098 section 3); intake then looks at the author alone.
    ///
    /// # Errors
    /// [`NotPermitted`] when the reverse-path belongs to somebody else.
    pub fn for_account(account: &Authenticated, envelope: Envelope) -> Result<Self, NotPermitted> {
        match &envelope.reverse_path {
            ReversePath::Address(sender) if !account.may(sender) => {
                Err(NotPermitted { account: account.account().to_owned(), sender: sender.clone() })
            }
            _ => Ok(Self { envelope, grant: Grant::Account(account.clone()) }),
        }
    }

    /// A notification of our own: the reverse-path becomes null, so that nothing ever answers it (RFC 5321 section 4.5.5).
    pub(crate) fn own(mut envelope: Envelope) -> Self {
        envelope.reverse_path = ReversePath::Null;
        Self { envelope, grant: Grant::Own }
    }

    /// A stranger's message goes on to where configured routes send it for one of its recipients. The reverse-path stays the stranger's, who is
    /// told when it does not arrive; it leaves with one of ours ([`crate::Returns::reverse_path`]).
    pub(crate) fn for_route(envelope: &Envelope, path: &ForwardPath, forwards: &[Forward]) -> Self {
        let forward_path =
            |forward: &Forward| ForwardPath { address: forward.address().clone(), ..path.clone() };
        let forward_paths = forwards.iter().map(forward_path).collect();
        Self { envelope: Envelope { forward_paths, ..envelope.clone() }, grant: Grant::Route }
    }

    /// What came back to an address that we made goes back to the sender whom it stands for, and to nobody else. Its reverse-path is null: a
    /// second notification about it would go in circles.
    pub(crate) fn for_return(envelope: &Envelope, sender: &ReturnedSender) -> Self {
        let forward_paths = vec![ForwardPath::from(sender.sender().clone())];
        let envelope = Envelope { reverse_path: ReversePath::Null, forward_paths, ..envelope.clone() };
        Self { envelope, grant: Grant::Route }
    }

    /// A member's copy of what came to a mailing list that takes it. It tells the next hop nothing of what the author wanted to be told
    /// (RFC 3461 section 5.2.7).
    pub(crate) fn for_member(_post: &Post, envelope: &Envelope, member: Address) -> Self {
        let envelope =
            Envelope { forward_paths: vec![member.into()], dsn: Dsn::default(), ..envelope.clone() };
        Self { envelope, grant: Grant::Route }
    }

    /// The envelope that may enter.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Whether the one who vouches for the envelope may also write as this author.
    pub(crate) fn may_write_as(&self, author: &Address) -> bool {
        match &self.grant {
            Grant::Account(account) => account.may(author),
            Grant::Own | Grant::Route => true,
        }
    }

    /// Whether the one who vouches for the envelope belongs to this domain, and may sign in its name.
    pub(crate) fn may_sign_for(&self, domain: &Domain) -> bool {
        match &self.grant {
            Grant::Account(account) => {
                account.anybody || account.senders.iter().any(|senders| senders.domain() == Some(domain))
            }
            Grant::Own => true,
            // A stranger's words are not ours to sign.
            Grant::Route => false,
        }
    }

    /// The name for messages about refusals.
    pub(crate) fn holder(&self) -> &str {
        match &self.grant {
            Grant::Account(account) => account.account(),
            Grant::Own => "this server",
            Grant::Route => "a route",
        }
    }

    pub(crate) fn into_envelope(self) -> Envelope {
        self.envelope
    }
}

/// An account, API key or local program that proved itself. Made by [`crate::Accounts`], and by [`Authenticated::by_kernel`],
/// whose caller promises what the compiler cannot see: that the kernel was asked. A host of a [`crate::TrustedNetworks`] counts as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    account: String,
    senders: Vec<Senders>,
    /// As any address: nobody says whose the hosts of a trusted network are.
    anybody: bool,
}

/// Some addresses that an account may send as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Exactly this one.
    One(Address),
    /// Every address of this domain, written `*@example.org`.
    Domain(Domain),
    /// Every address of the names below this domain, but for those at or below the domains that are excepted: they are somebody else's.
    Below {
        /** The domain above. */
        domain: Domain,
        /** Domains of their own below it. */
        except: Vec<Domain>,
    },
}

impl Senders {
    /// Reads `user@example.org` or `*@example.org`.
    ///
    /// # Errors
    /// What is wrong with the address or domain.
    pub fn parse(text: &str) -> Result<Self, tegami_mail::AddressError> {
        match text.strip_prefix("*@") {
            Some(domain) => Ok(Self::Domain(Domain::parse(domain)?)),
            None => Ok(Self::One(Address::parse(text)?)),
        }
    }

    /// Their domain, unless it is an address literal.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::One(address) => address.domain(),
            Self::Domain(domain) | Self::Below { domain, .. } => Some(domain),
        }
    }

    /// Whether `address` is among them. The accounts are our own, so we are the host that may interpret the
    /// local-part (RFC 5321 section 2.4): ASCII letters compare without regard to case.
    pub fn contain(&self, address: &Address) -> bool {
        match self {
            Self::Domain(domain) => address.domain() == Some(domain),
            Self::Below { domain, except } => address.domain().is_some_and(|name| {
                name != domain
                    && name.is_at_or_below(domain)
                    && !except.iter().any(|other| name.is_at_or_below(other))
            }),
            Self::One(one) => {
                one.host() == address.host()
                    && one.local_part().as_str().eq_ignore_ascii_case(address.local_part().as_str())
            }
        }
    }
}

impl Authenticated {
    pub(crate) fn new(account: String, senders: Vec<Senders>) -> Self {
        Self { account, senders, anybody: false }
    }

    /// A host of a network that the configuration trusts.
    pub(crate) fn by_network(network: &tegami_auth::Network) -> Self {
        Self { account: network.to_string(), senders: Vec::new(), anybody: true }
    }

    /// The same account with the rights that it proved twice.
    #[must_use]
    pub fn together_with(mut self, other: Self) -> Self {
        if other.account == self.account {
            self.senders.extend(other.senders);
        }
        self
    }

    /// The same account with these rights besides.
    #[must_use]
    pub(crate) fn and(mut self, senders: Vec<Senders>) -> Self {
        self.senders.extend(senders);
        self
    }

    /// A program on this machine that the kernel vouches for (the peer credentials of a Unix socket), as the user `uid`.
    /// Whoever calls this has asked the kernel.
    pub fn by_kernel(uid: u32, senders: Vec<Senders>) -> Self {
        Self::new(format!("uid {uid}"), senders)
    }

    /// Something that the configuration lets send as these addresses, such as the contact form of a web site. Whoever calls this has read it there.
    pub fn by_configuration(name: String, senders: Vec<Senders>) -> Self {
        Self::new(name, senders)
    }

    /// The account's name, or that of the API key.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Whether it may send as this address.
    pub fn may(&self, address: &Address) -> bool {
        self.anybody || self.senders.iter().any(|senders| senders.contain(address))
    }

    /// The addresses it may send as.
    pub fn senders(&self) -> &[Senders] {
        &self.senders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn check(senders: &[&str], reverse_path: &str, permitted: bool) {
        let senders = senders.iter().map(|text| Senders::parse(text).unwrap()).collect();
        let account = Authenticated::new("shop".to_owned(), senders);
        let reverse_path = ReversePath::try_from(reverse_path.to_owned()).unwrap();
        let envelope = Envelope::new(reverse_path.clone(), [address("someone@example.net")]);
        let permit = Permit::for_account(&account, envelope);
        assert_eq!(permit.is_ok(), permitted, "{reverse_path}");
    }

    #[test]
    fn only_what_belongs_to_the_account() {
        check(&["shop@example.org"], "shop@example.org", true);
        check(&["shop@example.org"], "Shop@EXAMPLE.org", true);
        check(&["shop@example.org"], "boss@example.org", false);
        check(&["*@example.org"], "anyone@example.org", true);
        check(&["*@example.org"], "anyone@sub.example.org", false);
        check(&["*@example.org"], "anyone@notexample.org", false);
        check(&["*@example.org"], "\"x@example.org\"@example.net", false);
        check(&[], "shop@example.org", false);
        check(&[], "", true);
    }

    #[test]
    fn our_own_notifications_have_the_null_reverse_path() {
        let envelope = Envelope::new(ReversePath::Address(address("a@example.org")), []);
        assert_eq!(Permit::own(envelope).envelope().reverse_path, ReversePath::Null);
    }
}
