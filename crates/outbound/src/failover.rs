//! Whether a failure belongs to the way that was taken, or would meet us on every way.
//!
//! Another way has other addresses, other names and other passwords; it has the same recipient and the same message. So what a receiver
//! says about a mailbox or about the content is an answer, whoever carried the question, and is never asked again on another way. What
//! it says about our address, and what keeps us from asking at all, may be otherwise there.

use tegami_mail::failure::Cause;
use tegami_queue::{Class, Failure, Stage};

/// Which kind of way failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The recipient's own hosts.
    Direct,
    /// A smarthost.
    Smarthost,
}

/// Whether another way may do better.
pub(crate) fn goes_on(failure: &Failure, host: Option<&str>, kind: Kind) -> bool {
    match failure.stage {
        // That the domain does not exist or takes no mail is true from everywhere; that the DNS does not answer is not.
        Stage::Destination => kind == Kind::Smarthost || failure.class == Class::Transient,
        // Nothing of the message had been said.
        Stage::TlsPolicy
        | Stage::Connect
        | Stage::Greeting
        | Stage::Hello
        | Stage::StartTls
        | Stage::Auth => true,
        Stage::Local => false,
        Stage::Mail | Stage::Recipient | Stage::Data | Stage::EndOfData => {
            by_cause(failure.verdict(host).cause, failure.class, kind)
        }
    }
}

fn by_cause(cause: Cause, class: Class, kind: Kind) -> bool {
    match cause {
        // About the address that sent it, or about the connection.
        Cause::Reputation
        | Cause::ReverseDns
        | Cause::Rate
        | Cause::Authentication
        | Cause::Policy
        | Cause::Tls
        | Cause::Network => true,
        // A smarthost's own limits and rules: the recipient's host has others.
        Cause::Sender
        | Cause::Relaying
        | Cause::Login
        | Cause::Size
        | Cause::Protocol
        | Cause::System
        | Cause::Dns => kind == Kind::Smarthost,
        Cause::Unknown => kind == Kind::Smarthost && class == Class::Transient,
        // About the mailbox or the content; and what only waiting helps against.
        Cause::BadMailbox
        | Cause::BadDomain
        | Cause::Moved
        | Cause::MailboxFull
        | Cause::Inactive
        | Cause::Filtered
        | Cause::Greylisting
        | Cause::Spam
        | Cause::Virus
        | Cause::Content
        | Cause::Expired => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_mail::{Reply, note};

    fn check(stage: Stage, reply: &str, direct: bool, smarthost: bool) {
        let mut words = reply.splitn(3, ' ');
        let code = words.next().unwrap().parse().unwrap();
        let rest: Vec<&str> = words.collect();
        let said = match rest.first().and_then(|word| word.parse().ok()) {
            Some(enhanced) => Reply { enhanced: Some(enhanced), ..Reply::plain(code, rest[1]) },
            None => Reply::plain(code, rest.join(" ")),
        };
        let failure = Failure::by_reply(stage, said, note!("outbound-nothing-tried"));
        let found = [Kind::Direct, Kind::Smarthost].map(|kind| goes_on(&failure, None, kind));
        assert_eq!(found, [direct, smarthost], "{stage:?} {reply} {:?}", failure.verdict(None).cause);
    }

    #[test]
    fn by_what_the_reply_means() {
        for stage in [Stage::Recipient, Stage::EndOfData] {
            check(stage, "550 5.1.1 no such user", false, false);
            check(stage, "552 5.2.2 mailbox full", false, false);
            check(stage, "450 4.2.0 greylisted, come back in 5 minutes", false, false);
            check(stage, "550 5.7.1 your IP 192.0.2.1 is listed at a blocklist", true, true);
            check(stage, "421 4.7.0 too many messages from your IP, rate limited", true, true);
            check(stage, "550 5.7.26 unauthenticated mail is not accepted", true, true);
            check(stage, "554 5.7.1 this message looks like spam", false, false);
            check(stage, "451 4.3.0 internal error", false, true);
            check(stage, "550 who knows", false, false);
            check(stage, "450 who knows", false, true);
        }
        check(Stage::Mail, "550 5.1.8 sender rejected", false, true);
        check(Stage::Auth, "535 5.7.8 wrong", true, true);
        check(Stage::Greeting, "554 no", true, true);
    }
}
