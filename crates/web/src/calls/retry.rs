//! What follows from an attempt.

use std::time::Duration;

use jiff::Timestamp;
use tegami_queue::{Answered, Call, CallAttempt, CallError, CallState};

/// The receiver will not have it, now or later.
const NEVER: u16 = 406;

/// The call after an attempt that began at `at`.
pub(super) fn after(
    call: &Call,
    at: Timestamp,
    duration: Duration,
    result: Result<Answered, CallError>,
    delays: &[Duration],
) -> Call {
    let (status, said) = match result {
        Ok(answered) => (Some(answered.status), answered.beginning),
        Err(error) => (None, error.to_string()),
    };
    let ended = at.saturating_add(duration).unwrap_or(at);
    let mut next = call.clone();
    let made = next.attempts.len().saturating_sub(next.before as usize);
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    next.attempts.push(CallAttempt { at, duration_ms, status, said });
    (next.state, next.due) = match (status, delays.get(made)) {
        (Some(200..=299), _) => (CallState::Done, ended),
        (Some(NEVER), _) | (_, None) => (CallState::Failed, ended),
        (_, Some(delay)) => (CallState::Waiting, ended.saturating_add(*delay).unwrap_or(ended)),
    };
    next
}

/// The call when there is nothing to tell any more.
pub(super) fn pointless(call: &Call, at: Timestamp, why: &str) -> Call {
    let mut next = call.clone();
    next.attempts.push(CallAttempt { at, duration_ms: 0, status: None, said: why.to_owned() });
    (next.state, next.due) = (CallState::Failed, at);
    next
}

#[cfg(test)]
mod tests {
    use tegami_queue::CallSubject;

    use super::*;
    use crate::calls::CallSettings;

    fn call() -> Call {
        let subject = CallSubject::Event { seq: 1, kind: "delivered".to_owned() };
        Call::new("1".to_owned(), "example.org", "https://example.net/", subject, Timestamp::UNIX_EPOCH)
    }

    fn answered(status: u16) -> Result<Answered, CallError> {
        Ok(Answered { status, beginning: "well".to_owned() })
    }

    #[test]
    fn the_schedule_is_walked_to_its_end() {
        let delays = CallSettings::new(String::new()).retry;
        let (mut call, mut waits) = (call(), Vec::new());
        let second = Duration::from_secs(1);
        while call.state == CallState::Waiting {
            let at = call.due;
            call = after(&call, at, second, Err(CallError::Unanswered("silence".to_owned())), &delays);
            waits.push(call.due.duration_since(at).as_secs() - 1);
        }
        assert_eq!(waits, [300, 600, 900, 3600, 7200, 14_400, 0]);
        assert_eq!((call.state, call.attempts.len()), (CallState::Failed, 7));
        assert_eq!(call.attempts[6].said, "silence");
        // Whoever has it made again begins a round anew.
        let again = Call { state: CallState::Waiting, before: 7, ..call };
        let next = after(&again, again.due, second, answered(500), &delays);
        assert_eq!(next.due.duration_since(again.due).as_secs(), 301);
    }

    #[test]
    fn answers_decide() {
        let delays = [Duration::from_secs(60)];
        for (status, state) in [
            (200, CallState::Done),
            (202, CallState::Done),
            (406, CallState::Failed),
            (302, CallState::Waiting),
            (404, CallState::Waiting),
            (500, CallState::Waiting),
        ] {
            let next = after(&call(), Timestamp::UNIX_EPOCH, Duration::ZERO, answered(status), &delays);
            assert_eq!(next.state, state, "{status}");
            assert_eq!(next.attempts[0].status, Some(status));
        }
    }
}
