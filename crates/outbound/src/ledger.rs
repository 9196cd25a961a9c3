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

/// Where a recipient stands.
#[derive(Debug)]
enum State {
    /// Waits for a host of this way.
    Open,
    /// Refused for good on this way; another way may do better.
    Shut,
    Done(Verdict),
}

#[derive(Debug)]
struct Slot {
    state: State,
    /// The last refusal of its own on this way.
    own: Option<Setback>,
    /// What decided on the ways before.
    earlier: Vec<Setback>,
}

impl Slot {
    fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }
}

/// The recipients of one attempt.
#[derive(Debug)]
pub(crate) struct Ledger {
    slots: Vec<Slot>,
    /// What hosts of this way failed of for all recipients.
    hosts: Vec<Setback>,
}

/// Whether a refusal is about the way or about the recipient and the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// Another way may do better.
    Way,
    /// Another way would hear the same, or there is none.
    Mail,
}

impl Ledger {
    pub(crate) fn new(recipients: &[ForwardPath]) -> Self {
        let slot = |_| Slot { state: State::Open, own: None, earlier: Vec::new() };
        Self { slots: recipients.iter().map(slot).collect(), hosts: Vec::new() }
    }

    /// Places of those who wait.
    pub(crate) fn open(&self) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| matches!(slot.state, State::Open)).map(|(at, _)| at).collect()
    }

    /// Whether nobody waits for another host of this way.
    pub(crate) fn is_settled(&self) -> bool {
        !self.slots.iter().any(|slot| matches!(slot.state, State::Open))
    }

    /// This recipient is decided.
    pub(crate) fn settle(&mut self, at: usize, verdict: Verdict) {
        if let Some(slot) = self.slots.get_mut(at)
            && matches!(slot.state, State::Open)
        {
            slot.state = State::Done(verdict);
        }
    }

    /// A host refused this recipient: for good, or so that the next host is asked (RFC 5321 section 4.2.1).
    pub(crate) fn refused(&mut self, at: usize, setback: Setback, bearing: Bearing) {
        if setback.failure.class == Class::Permanent && bearing == Bearing::Mail {
            return self.settle(at, setback.into());
        }
        let Some(slot) = self.slots.get_mut(at) else { return };
        if matches!(slot.state, State::Open) {
            if setback.failure.class == Class::Permanent {
                slot.state = State::Shut;
            }
            slot.own = Some(setback);
        }
    }

    /// A host failed for all who waited.
    pub(crate) fn host_failed(&mut self, setback: Setback) {
        self.hosts.push(setback);
    }

    /// All hosts of a way were tried, and there is another way: who may take it waits again, the others have their result. Gives back what
    /// moved the first of those who go on; `Err` with what keeps the first of those who stay, where nobody goes on.
    pub(crate) fn turn(
        &mut self,
        tried: Tried,
        goes_on: impl Fn(&Setback) -> Bearing,
    ) -> Result<Setback, Option<Box<Setback>>> {
        let common = decisive(&self.hosts, tried);
        self.hosts.clear();
        let (mut moved, mut stays) = (None, None);
        for slot in self.slots.iter_mut().filter(|slot| !slot.is_done()) {
            let setback = slot.own.take().unwrap_or_else(|| common.clone());
            match goes_on(&setback) {
                Bearing::Way => {
                    slot.state = State::Open;
                    slot.earlier.push(setback.clone());
                    moved = moved.or(Some(setback));
                }
                Bearing::Mail => {
                    slot.state = State::Done(setback.clone().into());
                    stays = stays.or(Some(setback));
                }
            }
        }
        moved.ok_or_else(|| stays.map(Box::new))
    }

    /// The results, in the recipients' order. `tried` says whether every host was tried: a host that was not might have
    /// taken the message, so nothing is permanent then.
    pub(crate) fn close(self, tried: Tried) -> Vec<Verdict> {
        let common = decisive(&self.hosts, tried);
        let close = |slot: Slot| match slot.state {
            State::Done(verdict) => verdict,
            State::Open | State::Shut => {
                let mut setbacks = slot.earlier;
                setbacks.push(slot.own.unwrap_or_else(|| common.clone()));
                decisive(&setbacks, Tried::All).into()
            }
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

/// Of the failures of several hosts or ways the one that decides: permanent only when all are; a reply tells more than silence; the last of equals.
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
        ledger.refused(0, setback(Stage::Recipient, "451"), Bearing::Mail);
        ledger.refused(1, setback(Stage::Recipient, "550"), Bearing::Mail);
        ledger.refused(1, setback(Stage::Recipient, "451"), Bearing::Mail);
        assert_eq!(ledger.open(), [0, 2]);
        ledger.host_failed(setback(Stage::Connect, "-"));
        assert_eq!(
            words(ledger.close(Tried::All)),
            ["Transient Recipient 451 no", "Permanent Recipient 550 no", "Transient Connect "]
        );
    }

    #[test]
    fn on_the_next_way_only_those_whom_it_may_help() {
        let mut ledger = ledger(4);
        let bearing = |setback: &Setback| match setback.failure.reply.as_ref().map(|reply| reply.code) {
            Some(550 | 450) => Bearing::Mail,
            _ => Bearing::Way,
        };
        for (at, reply) in [(0, "550"), (1, "450"), (2, "554")] {
            let setback = setback(Stage::Recipient, reply);
            let kind = bearing(&setback);
            ledger.refused(at, setback, kind);
        }
        assert_eq!(ledger.open(), [1, 3]);
        ledger.host_failed(setback(Stage::Connect, "-"));
        let moved = ledger.turn(Tried::All, bearing).unwrap();
        assert_eq!(moved.failure.reply.unwrap().code, 554);
        assert_eq!(ledger.open(), [2, 3]);
        ledger.refused(2, setback(Stage::Recipient, "553"), Bearing::Way);
        ledger.refused(3, setback(Stage::Recipient, "553"), Bearing::Way);
        assert_eq!(
            words(ledger.close(Tried::All)),
            [
                "Permanent Recipient 550 no",
                "Transient Recipient 450 no",
                // Both ways say never, …
                "Permanent Recipient 553 no",
                // … or one of them may be open again.
                "Transient Connect ",
            ]
        );
    }
}
