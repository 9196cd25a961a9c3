//! Who still waits, and what was said about whom: at the end every recipient has exactly one result.

use tegami_mail::{EnhancedStatusCode, ForwardPath, note};
use tegami_queue::{Class, Failure, Peer, RecipientOutcome, Stage};

/// A result with the host that decided it.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: RecipientOutcome,
    pub(crate) peer: Option<Peer>,
    /// Place of the host among those tried.
    pub(crate) host: Option<usize>,
}

/// A failure with the host that brought it.
#[derive(Clone, Debug)]
pub(crate) struct Setback {
    pub(crate) failure: Failure,
    pub(crate) peer: Option<Peer>,
    pub(crate) host: Option<usize>,
}

impl From<Setback> for Verdict {
    fn from(setback: Setback) -> Self {
        let Setback { failure, peer, host } = setback;
        Self { outcome: RecipientOutcome::Failed(failure), peer, host }
    }
}

#[derive(Debug)]
enum Slot {
    /// Waits; with the last transient refusal of its own.
    Open(Option<Setback>),
    Done(Verdict),
}

/// The recipients of one attempt.
#[derive(Debug)]
pub(crate) struct Ledger {
    slots: Vec<Slot>,
    /// What hosts failed of for all recipients.
    hosts: Vec<Setback>,
}

impl Ledger {
    pub(crate) fn new(recipients: &[ForwardPath]) -> Self {
        Self { slots: recipients.iter().map(|_| Slot::Open(None)).collect(), hosts: Vec::new() }
    }

    /// Places of those who wait.
    pub(crate) fn open(&self) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| matches!(slot, Slot::Open(_))).map(|(at, _)| at).collect()
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot, Slot::Done(_)))
    }

    /// This recipient is decided.
    pub(crate) fn settle(&mut self, at: usize, verdict: Verdict) {
        if let Some(slot @ Slot::Open(_)) = self.slots.get_mut(at) {
            *slot = Slot::Done(verdict);
        }
    }

    /// A host refused this recipient: for good, or so that the next host is asked (RFC 5321 section 4.2.1).
    pub(crate) fn refused(&mut self, at: usize, setback: Setback) {
        match setback.failure.class {
            Class::Permanent => self.settle(at, setback.into()),
            Class::Transient => {
                if let Some(Slot::Open(own)) = self.slots.get_mut(at) {
                    *own = Some(setback);
                }
            }
        }
    }

    /// A host failed for all who waited.
    pub(crate) fn host_failed(&mut self, setback: Setback) {
        self.hosts.push(setback);
    }

    /// The results, in the recipients' order. `Exhausted` says whether every host was tried: a host that was not might have
    /// taken the message, so nothing is permanent then.
    pub(crate) fn close(self, tried: Tried) -> Vec<Verdict> {
        let common = decisive(&self.hosts, tried);
        let close = |slot| match slot {
            Slot::Done(verdict) => verdict,
            Slot::Open(Some(own)) => own.into(),
            Slot::Open(None) => common.clone().into(),
        };
        self.slots.into_iter().map(close).collect()
    }
}

/// How many of the hosts were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    All,
    Some,
}

/// Of several hosts' failures the one that decides: permanent only when all are; a reply tells more than silence; the last of equals.
fn decisive(hosts: &[Setback], tried: Tried) -> Setback {
    let telling = |setback: &&Setback| {
        let failure = &setback.failure;
        (failure.class == Class::Transient, failure.reply.is_some(), failure.stage != Stage::Connect)
    };
    let Some(setback) = hosts.iter().max_by_key(telling) else {
        let status = EnhancedStatusCode::new(4, 4, 0);
        let failure = Failure::without_reply(Stage::Local, status, note!("outbound-nothing-tried"));
        return Setback { failure, peer: None, host: None };
    };
    let mut setback = setback.clone();
    if tried == Tried::Some {
        setback.failure.class = Class::Transient;
    }
    setback
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_mail::{Address, Reply};

    fn ledger(count: usize) -> Ledger {
        let address = Address::parse("a@example.org").unwrap();
        Ledger::new(&vec![ForwardPath::from(address); count])
    }

    fn setback(stage: Stage, reply: &str) -> Setback {
        let code = EnhancedStatusCode::new(4, 4, 1);
        let failure = match reply.parse() {
            Ok(code) => Failure::by_reply(stage, Reply::plain(code, "no"), note!("outbound-nothing-tried")),
            Err(_) => Failure::without_reply(stage, code, note!("outbound-nothing-tried")),
        };
        Setback { failure, peer: None, host: None }
    }

    fn words(verdicts: Vec<Verdict>) -> Vec<String> {
        let word = |verdict: Verdict| match verdict.outcome {
            RecipientOutcome::Failed(failure) => {
                let reply = failure.reply.map(|reply| reply.to_string()).unwrap_or_default();
                format!("{:?} {:?} {reply}", failure.class, failure.stage)
            }
            other => format!("{other:?}"),
        };
        verdicts.into_iter().map(word).collect()
    }

    #[test]
    fn permanent_only_when_all_hosts_say_so() {
        let close = |setbacks: &[(Stage, &str)], tried| {
            let mut ledger = ledger(1);
            for (stage, reply) in setbacks {
                ledger.host_failed(setback(*stage, reply));
            }
            words(ledger.close(tried)).join("")
        };
        let both = [(Stage::Greeting, "554"), (Stage::Greeting, "550")];
        assert_eq!(close(&both, Tried::All), "Permanent Greeting 550 no");
        assert_eq!(close(&both, Tried::Some), "Transient Greeting 550 no");
        assert_eq!(
            close(&[(Stage::Greeting, "554"), (Stage::Connect, "-")], Tried::All),
            "Transient Connect "
        );
        assert_eq!(
            close(&[(Stage::Greeting, "421"), (Stage::Connect, "-")], Tried::All),
            "Transient Greeting 421 no"
        );
        assert_eq!(close(&[], Tried::All), "Transient Local ");
    }

    #[test]
    fn a_recipients_own_refusal_outweighs_a_hosts_failure() {
        let mut ledger = ledger(3);
        ledger.refused(0, setback(Stage::Recipient, "451"));
        ledger.refused(1, setback(Stage::Recipient, "550"));
        ledger.refused(1, setback(Stage::Recipient, "451"));
        assert_eq!(ledger.open(), [0, 2]);
        ledger.host_failed(setback(Stage::Connect, "-"));
        assert_eq!(
            words(ledger.close(Tried::All)),
            ["Transient Recipient 451 no", "Permanent Recipient 550 no", "Transient Connect "]
        );
    }
}
