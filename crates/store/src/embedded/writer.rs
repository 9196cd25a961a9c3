//! The one thread that writes: it commits for all waiting producers at once.
//!
//! A round takes everything that waits, appends all large contents to the segment file, syncs it once, writes all rows and small contents in one
//! transaction, and answers everybody. While it syncs, the next round gathers.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode, params};
use tokio::sync::{mpsc, oneshot};

use crate::embedded::alter::{self, Alter};
use crate::embedded::change::{self, Flag};
use crate::embedded::code::int;
use crate::embedded::folder::Folder;
use crate::embedded::options::{Fault, Options, Step};
use crate::embedded::prepared::{Event, Message, PlainRow, Settle};
use crate::embedded::purge::{self, Progress, Purge};
use crate::embedded::queue::{self, Refusal, Tally};
use crate::embedded::roll::Roll;
use crate::embedded::segment::{Place, Tail};
use crate::embedded::version::Versions;
use crate::{Lease, QueueRow, StoreError};

/// A round takes at most so many changes …
const ROUND_CHANGES: usize = 1024;
/// … and stops gathering when it has so many octets of contents.
const ROUND_OCTETS: usize = 16 << 20;
/// What a round waits for those who are on their way: a fraction of what a sync takes on a good disk …
const MOMENT: Duration = Duration::from_micros(250);
/// … and so often, as long as somebody comes.
const MOMENTS: usize = 4;

/// What a producer wants.
pub(super) enum Change {
    Accept(Vec<Message>),
    Settle(Box<Settle>),
    Claim { node: String, now: i64, until: i64 },
    Record(Vec<Event>),
    Flag(Flag),
    Put(Vec<PlainRow>),
    Tell(Vec<Event>, Vec<PlainRow>),
    Delete { kind: i64, keys: Vec<String> },
    Alter(Box<Alter>),
    Purge { before: i64 },
    Forget { id: [u8; 16] },
}

impl Change {
    /// Messages whose contents have to be stored first.
    pub(super) fn messages(&self) -> &[Message] {
        match self {
            Self::Accept(messages) => messages,
            Self::Settle(settle) => &settle.born,
            _ => &[],
        }
    }
}

/// What a producer gets.
#[derive(Debug)]
pub(super) enum Reply {
    Done,
    Leases(Vec<Lease>),
    Rows(Vec<QueueRow>),
    Purged(u64),
}

pub(super) type Answer = Result<Reply, StoreError>;

/// A change and who waits for it.
pub(super) struct Request {
    pub(super) change: Change,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What is committed together.
#[derive(Default)]
struct Round {
    requests: Vec<Request>,
    octets: usize,
}

impl Round {
    fn is_full(&self) -> bool {
        self.requests.len() >= ROUND_CHANGES || self.octets >= ROUND_OCTETS
    }
}

/// Why a round did not come to its end.
enum Halt {
    /// A hook stopped the writer.
    Stop,
    Failed(StoreError),
}

pub(super) struct Writer {
    pub(super) folder: Folder,
    pub(super) rows: Connection,
    pub(super) tail: Tail,
    options: Options,
    requests: mpsc::Receiver<Request>,
    /// Set by a failed sync: what is on the disk is not known any more.
    poison: Option<String>,
    purges: VecDeque<(Purge, oneshot::Sender<Answer>)>,
    /// Changes of the last round.
    last: usize,
    versions: Arc<Versions>,
    roll: Arc<Roll>,
}

impl Writer {
    pub(super) fn new(
        folder: Folder,
        rows: Connection,
        tail: Tail,
        options: Options,
        requests: mpsc::Receiver<Request>,
        versions: Arc<Versions>,
        roll: Arc<Roll>,
    ) -> Self {
        Self {
            folder,
            rows,
            tail,
            options,
            requests,
            poison: None,
            purges: VecDeque::new(),
            last: 0,
            versions,
            roll,
        }
    }

    /// Works until the last producer is gone.
    pub(super) fn run(mut self) {
        while let Some(round) = self.gather() {
            if self.round(round).is_break() {
                return;
            }
            self.purge_on();
        }
    }

    /// Everything that waits; only while a purge is going on may that be nothing. Where many came in the last round, as many are on their way
    /// now, having just been answered: they are given a moment, because a sync costs the same for one as for all.
    fn gather(&mut self) -> Option<Vec<Request>> {
        let mut round = Round::default();
        let first =
            if self.purges.is_empty() { Some(self.requests.blocking_recv()?) } else { self.next_waiting()? };
        if let Some(first) = first {
            self.take(first, &mut round);
            self.take_waiting(&mut round);
            for _ in 0..MOMENTS {
                let before = round.requests.len();
                if before >= self.last {
                    break;
                }
                std::thread::sleep(MOMENT);
                self.take_waiting(&mut round);
                if round.requests.len() == before {
                    break;
                }
            }
        }
        self.last = round.requests.len();
        Some(round.requests)
    }

    fn take_waiting(&mut self, round: &mut Round) {
        while !round.is_full()
            && let Ok(request) = self.requests.try_recv()
        {
            self.take(request, round);
        }
    }

    fn take(&mut self, request: Request, round: &mut Round) {
        if let Change::Purge { before } = request.change {
            self.purges.push_back((Purge::new(before), request.answer));
            return;
        }
        round.octets += request.change.messages().iter().map(|message| message.content.len()).sum::<usize>();
        round.requests.push(request);
    }

    /// `None` when no producer is left.
    #[allow(clippy::option_option, reason = "nobody is left, nobody waits, somebody waits")]
    fn next_waiting(&mut self) -> Option<Option<Request>> {
        match self.requests.try_recv() {
            Ok(request) => Some(Some(request)),
            Err(mpsc::error::TryRecvError::Empty) => Some(None),
            Err(mpsc::error::TryRecvError::Disconnected) => None,
        }
    }

    /// One group commit.
    fn round(&mut self, round: Vec<Request>) -> ControlFlow<()> {
        if let Some(reason) = &self.poison {
            for request in round {
                let _ = request.answer.send(Err(StoreError::Unsure(reason.clone())));
            }
            return ControlFlow::Continue(());
        }
        let (began, changes) = (Instant::now(), round.len());
        let stored = match self.store(&round) {
            Err(Halt::Stop) => return ControlFlow::Break(()),
            Err(Halt::Failed(error)) => Err(self.note(error)),
            Ok(places) => Ok(places),
        };
        let answers = match self.commit(&round, &stored) {
            Err(Halt::Stop) => return ControlFlow::Break(()),
            Err(Halt::Failed(error)) => {
                let error = self.note(error);
                self.take_back();
                round.iter().map(|_| Err(error.clone())).collect()
            }
            Ok(answers) => answers,
        };
        if changes > 0 {
            self.options.metrics.committed(began.elapsed(), changes, self.poison.is_some());
        }
        if matches!(self.step(Step::Answer), Err(Halt::Stop)) {
            return ControlFlow::Break(());
        }
        for (request, answer) in round.into_iter().zip(answers) {
            self.versions.note(&request.change);
            // A producer that has gone away needs no answer.
            let _ = request.answer.send(answer);
        }
        ControlFlow::Continue(())
    }

    /// Appends the contents of a round, but for small ones, and makes them durable.
    fn store(&mut self, round: &[Request]) -> Result<Vec<Place>, Halt> {
        let small = self.options.small;
        let messages = || round.iter().flat_map(|request| request.change.messages());
        if messages().all(|message| message.content.len() <= small) {
            return Ok(messages().map(|message| Place::in_rows(message.content.len() as u64)).collect());
        }
        if self.tail.end >= self.options.segment_bytes {
            self.tail.rotate().map_err(failed_write)?;
        }
        let mut start = self.tail.end;
        let mut places = Vec::new();
        let mut slices = Vec::new();
        for message in messages() {
            let length = message.content.len() as u64;
            if message.content.len() <= small {
                places.push(Place::in_rows(length));
                continue;
            }
            places.push(Place { segment: self.tail.number, start, length });
            start += message.header.len() as u64 + length;
            slices.push(IoSlice::new(&message.header));
            slices.push(IoSlice::new(&message.content));
        }
        let written = self.append(&mut slices);
        if let Err(Halt::Failed(_)) = written {
            self.take_back();
        }
        written?;
        self.step(Step::Sync)?;
        self.tail.sync().map_err(|error| failed_sync(&error))?;
        Ok(places)
    }

    fn append(&mut self, slices: &mut [IoSlice<'_>]) -> Result<(), Halt> {
        let total: usize = slices.iter().map(|slice| slice.len()).sum();
        let (part, halt) = match self.fault(Step::Append) {
            None => return self.tail.append(slices).map_err(failed_write),
            Some(Fault::Stop) => return Err(Halt::Stop),
            Some(Fault::Fail) => return Err(failed_write(io::ErrorKind::Other.into())),
            Some(Fault::Full) => (total / 2, failed_write(io::ErrorKind::StorageFull.into())),
            Some(Fault::Torn(octets)) => (octets.min(total), Halt::Stop),
        };
        let mut octets: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        octets.truncate(part);
        self.tail.append(&mut [IoSlice::new(&octets)]).map_err(failed_write)?;
        Err(halt)
    }

    /// Writes the rows of a round; a change whose contents could not be stored gets that error.
    fn commit(
        &mut self,
        round: &[Request],
        stored: &Result<Vec<Place>, StoreError>,
    ) -> Result<Vec<Answer>, Halt> {
        if let Err(error) = stored
            && round.iter().all(|request| !request.change.messages().is_empty())
        {
            return Ok(round.iter().map(|_| Err(error.clone())).collect());
        }
        if round.is_empty() {
            return Ok(Vec::new());
        }
        let mut roll = self.roll.lock();
        let transaction = self.rows.unchecked_transaction().map_err(failed_rows)?;
        let mut places: &[Place] = stored.as_deref().unwrap_or_default();
        let mut tally = Tally::new(&roll);
        let mut answers = Vec::with_capacity(round.len());
        for request in round {
            let messages = request.change.messages().len();
            match stored {
                Err(error) if messages > 0 => answers.push(Err(error.clone())),
                _ => {
                    let (own, others) = places.split_at_checked(messages).unwrap_or_default();
                    places = others;
                    answers.push(write_change(&transaction, &request.change, own, &mut tally)?);
                }
            }
        }
        if self.tail.written > self.tail.end {
            write_end(&transaction, &self.tail).map_err(failed_rows)?;
        }
        tally.write(&transaction).map_err(failed_rows)?;
        self.step(Step::Commit)?;
        transaction.commit().map_err(failed_commit)?;
        roll.note(tally.notes());
        drop(roll);
        self.tail.keep();
        Ok(answers)
    }

    /// Goes on with the oldest purge, a small piece at a time, so that producers do not wait for it.
    fn purge_on(&mut self) {
        let Some((mut purge, answer)) = self.purges.pop_front() else { return };
        if let Some(reason) = &self.poison {
            let _ = answer.send(Err(StoreError::Unsure(reason.clone())));
            return;
        }
        match purge.step(self) {
            Ok(Progress::More) => self.purges.push_front((purge, answer)),
            Ok(Progress::Finished(messages)) => {
                let _ = answer.send(Ok(Reply::Purged(messages)));
            }
            Err(error) => {
                let error = self.note(error);
                self.take_back();
                let _ = answer.send(Err(error));
            }
        }
    }

    /// Remembers an error after which nothing may be written any more.
    fn note(&mut self, error: StoreError) -> StoreError {
        if let StoreError::Unsure(reason) = &error {
            tracing::error!(reason, "the writer is closed until the process starts anew");
            self.poison = Some(reason.clone());
        }
        error
    }

    /// Drops what a failed round has written.
    fn take_back(&mut self) {
        if self.poison.is_none()
            && self.tail.written != self.tail.end
            && let Err(error) = self.tail.take_back()
        {
            self.note(StoreError::Unsure(format!("a segment file cannot be cut back: {error}")));
        }
    }

    fn fault(&self, step: Step) -> Option<Fault> {
        self.options.hook.as_ref().and_then(|hook| hook.before(step))
    }

    fn step(&self, step: Step) -> Result<(), Halt> {
        match self.fault(step) {
            None => Ok(()),
            Some(Fault::Full) => Err(Halt::Failed(StoreError::Full("a test says so".into()))),
            Some(Fault::Fail) => Err(failed_sync(&io::Error::from(io::ErrorKind::Other))),
            Some(Fault::Stop | Fault::Torn(_)) => Err(Halt::Stop),
        }
    }
}

/// The inner error is that of one change, the outer one that of the round.
fn write_change(
    rows: &Connection,
    change: &Change,
    places: &[Place],
    tally: &mut Tally,
) -> Result<Answer, Halt> {
    let written = match change {
        Change::Accept(messages) => messages
            .iter()
            .zip(places)
            .try_for_each(|(message, place)| queue::accept(rows, message, *place, tally))
            .map_err(Refusal::from),
        Change::Settle(settle) => write_settle(rows, settle, places, tally),
        Change::Claim { node, now, until } => {
            let leases = queue::claim(rows, node, *now, *until).map_err(failed_rows)?;
            return Ok(Ok(Reply::Leases(leases)));
        }
        Change::Alter(alter) => {
            let altered = alter::alter(rows, alter, tally).map_err(failed_rows)?;
            return Ok(Ok(Reply::Rows(altered)));
        }
        Change::Record(events) => change::record(rows, events, tally).map_err(Refusal::from),
        Change::Flag(flag) => change::flag(rows, flag),
        Change::Put(plain) => change::put(rows, plain).map_err(Refusal::from),
        Change::Tell(events, plain) => {
            change::record(rows, events, tally).and_then(|()| change::put(rows, plain)).map_err(Refusal::from)
        }
        Change::Delete { kind, keys } => change::delete(rows, *kind, keys).map_err(Refusal::from),
        Change::Forget { id } => {
            let forgotten = purge::forget(rows, *id, tally).map_err(failed_rows)?;
            return Ok(Ok(Reply::Purged(u64::from(forgotten))));
        }
        Change::Purge { .. } => Ok(()),
    };
    match written {
        Ok(()) => Ok(Ok(Reply::Done)),
        Err(Refusal::One(error)) => Ok(Err(error)),
        Err(Refusal::Sql(error)) => Err(failed_rows(error)),
    }
}

/// A settlement is applied whole or not at all, whatever becomes of the others in its round.
fn write_settle(
    rows: &Connection,
    settle: &Settle,
    places: &[Place],
    tally: &mut Tally,
) -> Result<(), Refusal> {
    rows.prepare_cached("SAVEPOINT settlement")?.execute([])?;
    let mut own = tally.part();
    let settled = queue::settle(rows, settle, places, &mut own);
    match settled {
        Ok(()) => tally.merge(own),
        Err(_) => {
            rows.prepare_cached("ROLLBACK TO settlement")?.execute([])?;
        }
    }
    rows.prepare_cached("RELEASE settlement")?.execute([])?;
    settled
}

/// Says in the rows how far the segment file is in use.
pub(super) fn write_end(rows: &Connection, tail: &Tail) -> rusqlite::Result<()> {
    rows.prepare_cached(
        "INSERT INTO segments (number, bytes, live, live_bytes) VALUES (?1, ?2, 0, 0)
         ON CONFLICT (number) DO UPDATE SET bytes = excluded.bytes",
    )?
    .execute(params![int(tail.number), int(tail.written)])?;
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "stands in map_err")]
fn failed_write(error: io::Error) -> Halt {
    Halt::Failed(write_error(&error))
}

/// Only a full disk leaves a known state; it is the peer's turn to come back later.
pub(super) fn write_error(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::Full(error.to_string())
        }
        _ => StoreError::Unsure(format!("a segment file cannot be written: {error}")),
    }
}

fn failed_sync(error: &io::Error) -> Halt {
    Halt::Failed(sync_error(error))
}

/// After a failed sync the system may have thrown the octets away and still say that all is well the next time.
pub(super) fn sync_error(error: &io::Error) -> StoreError {
    StoreError::Unsure(format!("a segment file cannot be synced: {error}"))
}

#[allow(clippy::needless_pass_by_value, reason = "stands in map_err")]
fn failed_rows(error: rusqlite::Error) -> Halt {
    Halt::Failed(rows_error(&error))
}

/// An error before the commit: the transaction is rolled back, nothing was written.
pub(super) fn rows_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(error.to_string()),
        Some(ErrorCode::SystemIoFailure) => StoreError::Unsure(format!("rows cannot be written: {error}")),
        _ => StoreError::Unusable(format!("rows cannot be written: {error}")),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "stands in map_err")]
fn failed_commit(error: rusqlite::Error) -> Halt {
    Halt::Failed(commit_error(&error))
}

/// An error of the commit itself: only a full disk is known to have kept everything out.
pub(super) fn commit_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(error.to_string()),
        _ => StoreError::Unsure(format!("rows cannot be committed: {error}")),
    }
}
