//! `tegami check --watch`: the same examination again and again, of which only what changed is told.

use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::json;
use tegami_doctor::{Examination, State};
use tegami_mail::Clock as _;
use tegami_queue::SystemClock;

use super::super::Context;
use super::super::context::moment;
use super::text;
use tegami_doctor::memory::{Changed, Memory, rows};

/// However short a TTL is, nobody is asked more often.
const SHORTEST: Duration = Duration::from_secs(60);
/// However long it is, a day is enough.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Where no answer says how long it may be kept.
const USUAL: Duration = Duration::from_secs(3600);

/// One look.
pub(super) struct Turn<'t> {
    pub(super) examination: &'t Examination,
    /// What is worse or better than before; `None` at the first look.
    pub(super) changes: Option<Vec<Changed>>,
    /// How long until the next look.
    pub(super) next: Duration,
}

/// Looks, tells, rests, until the telling breaks off.
pub(super) async fn watch(
    every: Option<Duration>,
    look: impl AsyncFn() -> Examination,
    rest: impl AsyncFn(Duration),
    mut tell: impl FnMut(&Turn<'_>) -> ControlFlow<()>,
) {
    let mut memory: Option<Memory> = None;
    loop {
        let examination = look().await;
        let next = every.unwrap_or_else(|| pause(&examination));
        let changes = memory.as_ref().map(|memory| memory.changes(&rows(&examination)));
        memory.get_or_insert_default().learn(&rows(&examination));
        if tell(&Turn { examination: &examination, changes, next }).is_break() {
            return;
        }
        rest(next).await;
    }
}

/// Until the records behind what is wrong may have changed in caches; where nothing is wrong, until the first of any.
fn pause(examination: &Examination) -> Duration {
    let wrong = examination.findings.iter().filter(|finding| finding.state >= State::Warn);
    let of_wrong = wrong.filter_map(|finding| finding.ttl).min();
    let of_any = || examination.findings.iter().filter_map(|finding| finding.ttl).min();
    of_wrong.or_else(of_any).unwrap_or(USUAL).clamp(SHORTEST, LONGEST)
}

/// What is printed of a look: everything the first time, then changes alone.
pub(super) fn told(turn: &Turn<'_>, explain: bool, context: &Context) -> String {
    if context.json {
        return as_json(turn, context);
    }
    match &turn.changes {
        None => {
            let text = text::text(turn.examination, None, explain, context);
            format!("{text}{}", text::next_look(turn.next, context))
        }
        Some(changes) => text::changes(turn.examination, changes, &moment(SystemClock.now()), context),
    }
}

/// One line for each look at which something is to be told.
fn as_json(turn: &Turn<'_>, context: &Context) -> String {
    let (at, next) = (SystemClock.now(), turn.next.as_secs());
    let value = match &turn.changes {
        None => {
            let examination = tegami_doctor::json::examination(turn.examination);
            json!({"at": at, "next_seconds": next, "examination": examination})
        }
        Some(changes) if changes.is_empty() => return String::new(),
        Some(changes) => {
            let changes: Vec<_> = changes.iter().map(|change| member(change, turn.examination)).collect();
            json!({"at": at, "next_seconds": next, "changes": changes})
        }
    };
    format!("{}\n", tegami_words::told(context.language, &value))
}

/// A change with the findings behind it.
fn member(change: &Changed, examination: &Examination) -> serde_json::Value {
    let mut value = change.as_json();
    let findings: Vec<_> =
        text::behind(change, examination).into_iter().map(tegami_doctor::json::finding).collect();
    if let Some(members) = value.as_object_mut() {
        members.insert("findings".to_owned(), findings.into());
    }
    value
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::sync::Arc;

    use tegami_dns::ZoneResolver;
    use tegami_doctor::probe::NoProbes;
    use tegami_doctor::{Asked, Case, Known, Reach};
    use tegami_mail::Domain;

    use super::*;

    const GOOD: &str = "example.org. 300 MX 10 mx.example.org.\nmx.example.org. A 192.0.2.1";
    const BAD: &str = "example.org. 300 MX 10 mx.example.org.";
    const OPEN: &str = "$SERVFAIL example.org. MX";

    async fn examined(zone: &str) -> Examination {
        let known = Known::nothing(SystemClock.now(), Reach::Documentation);
        let resolver = Arc::new(ZoneResolver::from_text(zone).unwrap());
        let case = Case { asked: Arc::new(Asked::new(resolver)), probes: Arc::new(NoProbes), known };
        tegami_doctor::domain(&Domain::parse("example.org").unwrap(), case, &|_| {}).await
    }

    /// For each look, whether `mx.resolves` is worse (`true`) or better.
    async fn told_of(every: Option<Duration>, zones: &[&str]) -> (Vec<Vec<bool>>, Vec<Duration>) {
        let (at, rests, told) = (Cell::new(0), RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let look = async || {
            let zone = zones[at.replace(at.get() + 1)];
            examined(zone).await
        };
        let rest = async |time| rests.borrow_mut().push(time);
        watch(every, look, rest, |turn| {
            let of = |change: &&Changed| change.row().is_some_and(|row| row.id == "mx.resolves");
            let changes = turn.changes.iter().flatten().filter(of).map(|change| change.worse).collect();
            told.borrow_mut().push(changes);
            if at.get() == zones.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await;
        (told.into_inner(), rests.into_inner())
    }

    #[tokio::test]
    async fn only_what_changed_is_told() {
        let minutes = Duration::from_secs(600);
        let zones = [GOOD, GOOD, BAD, BAD, OPEN, BAD, GOOD];
        let (told, rests) = told_of(Some(minutes), &zones).await;
        assert_eq!(told, [vec![], vec![], vec![true], vec![], vec![], vec![], vec![false]]);
        assert_eq!(rests, [minutes; 6]);
    }

    #[tokio::test]
    async fn without_a_time_the_records_say_when() {
        let (_, rests) = told_of(None, &[GOOD, OPEN, GOOD]).await;
        assert_eq!(rests.len(), 2);
        assert!(rests.iter().all(|rest| (SHORTEST..=LONGEST).contains(rest)), "{rests:?}");
    }
}
