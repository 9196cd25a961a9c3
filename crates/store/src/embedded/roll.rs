//! The roll: what filters ask of the rows that wait, in memory, so that nobody reads a queue of a million to find ten rows of it.
//!
//! Until somebody asks for a list or a count, none is kept. Whoever asks first reads the rows that wait, once; from then on the writer tells the
//! roll what each commit changed, before it tells the producers. It takes 72 octets for each row, and one copy of each name.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Row};

use crate::embedded::code::{moment, nanos, priority_code, state_code, uint};
use crate::embedded::query::damaged;
use crate::{QueueColumn, QueueCount, QueueFilter, QueueId, RowId, StoreError};

/// A finished row, which is forgotten when there are enough of them.
const GONE: i64 = 2;
/// So many finished rows are kept among the others without a second thought.
const FEW: usize = 1024;

/// What a commit changes.
#[derive(Debug)]
pub(super) enum Note {
    /// A recipient of a new message.
    Came(Box<Entry>),
    /// An attempt was made, and there will be another one.
    Deferred { message: i64, place: i64, due: i64 },
    /// A person changed it.
    Altered { message: i64, place: i64, state: i64, due: i64, next_hop: Option<String> },
    /// Delivered or failed.
    Finished { message: i64, place: i64 },
}

/// A row that waits, as the tables have it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) message: i64,
    pub(super) place: i64,
    pub(super) id: [u8; 16],
    pub(super) state: i64,
    pub(super) due: i64,
    pub(super) accepted_at: i64,
    pub(super) attempts: i64,
    pub(super) priority: i64,
    pub(super) next_hop: String,
    pub(super) domain: Option<String>,
    pub(super) account: Option<String>,
    pub(super) sender_domain: String,
    /// A JSON array.
    pub(super) tags: Option<String>,
}

impl Entry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            message: row.get(0)?,
            place: row.get(1)?,
            id: row.get(2)?,
            state: row.get(3)?,
            due: row.get(4)?,
            accepted_at: row.get(5)?,
            attempts: row.get(6)?,
            priority: row.get(7)?,
            next_hop: row.get(8)?,
            domain: row.get(9)?,
            account: row.get(10)?,
            sender_domain: row.get(11)?,
            tags: row.get(12)?,
        })
    }
}

/// The roll of a store.
#[derive(Debug, Default)]
pub(super) struct Roll {
    state: Mutex<State>,
    /// Held by whoever reads the rows.
    opening: Mutex<()>,
}

/// Whether the roll is kept.
#[derive(Debug, Default)]
pub(super) enum State {
    #[default]
    Closed,
    /// The rows are being read; what is committed meanwhile comes on top.
    Opening(Vec<Note>),
    Open(Waiting),
}

impl State {
    /// Whether it wants to know what is committed.
    pub(super) const fn is_kept(&self) -> bool {
        !matches!(self, Self::Closed)
    }

    /// What was committed.
    pub(super) fn note(&mut self, notes: Vec<Note>) {
        match self {
            Self::Closed => {}
            Self::Opening(kept) => kept.extend(notes),
            Self::Open(waiting) => waiting.note(notes),
        }
    }
}

impl Roll {
    /// Held by the writer over each commit, so that a commit is seen either by who reads the rows or in the notes.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the roll. `rows` must have read nothing yet in its transaction: its state of the rows is that from which the notes go on.
    pub(super) fn ask<T>(
        &self,
        rows: &Connection,
        question: impl FnOnce(&Waiting) -> T,
    ) -> Result<T, StoreError> {
        self.open(rows)?;
        match &*self.lock() {
            State::Open(waiting) => Ok(question(waiting)),
            State::Closed | State::Opening(_) => Err(StoreError::Unusable("the roll is closed".into())),
        }
    }

    fn open(&self, rows: &Connection) -> Result<(), StoreError> {
        if let State::Open(_) = &*self.lock() {
            return Ok(());
        }
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.lock();
        if state.is_kept() {
            return Ok(());
        }
        // The first look fixes what this connection sees, while no commit is under way.
        rows.query_row("SELECT count(*) FROM leases", [], |_| Ok(())).map_err(damaged)?;
        *state = State::Opening(Vec::new());
        drop(state);
        let read = Waiting::read(rows);
        let mut state = self.lock();
        match (read, std::mem::take(&mut *state)) {
            (Ok(mut waiting), State::Opening(notes)) => {
                waiting.note(notes);
                *state = State::Open(waiting);
                Ok(())
            }
            (read, _) => read.map(|_| ()).map_err(damaged),
        }
    }
}

/// Where a row stands in the order of the queue, and its place in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) due: i64,
    pub(super) id: [u8; 16],
    pub(super) place: u32,
    pub(super) message: i64,
}

impl Key {
    pub(super) fn row(&self) -> RowId {
        RowId { message: QueueId::from_bytes(self.id), recipient: self.place }
    }
}

/// Among which rows is looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Among {
    All,
    /// Of these messages.
    Messages(Vec<i64>),
    /// Only these, by message and place.
    Rows(Vec<(i64, u32)>),
}

/// A row in short; names are numbers.
#[derive(Clone, Copy, Debug)]
struct Short {
    message: i64,
    id: [u8; 16],
    due: i64,
    accepted_at: i64,
    place: u32,
    next_hop: u32,
    domain: u32,
    account: u32,
    sender_domain: u32,
    tags: u32,
    attempts: u16,
    priority: u8,
    state: u8,
}

impl Short {
    const fn key(&self) -> Key {
        Key { due: self.due, id: self.id, place: self.place, message: self.message }
    }

    fn is(&self, state: i64) -> bool {
        i64::from(self.state) == state
    }
}

/// Names by number; 0 is no name.
#[derive(Debug)]
struct Names {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Default for Names {
    fn default() -> Self {
        let nothing: Arc<str> = Arc::from("");
        Self { numbers: HashMap::from([(Arc::clone(&nothing), 0)]), texts: vec![nothing] }
    }
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Arc<str> = Arc::from(text);
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    fn known(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }
}

/// The rows that wait, by message and place: new messages have the highest numbers.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    rows: Vec<Short>,
    names: Names,
    gone: usize,
}

impl Waiting {
    fn read(rows: &Connection) -> rusqlite::Result<Self> {
        let mut waiting = Self::default();
        let mut statement = rows.prepare(
            "SELECT message, place, id, state, due, accepted_at, attempts, priority, next_hop, domain, account,
                    sender_domain, tags FROM recipients INDEXED BY recipients_waiting WHERE state < 2",
        )?;
        for entry in statement.query_map([], Entry::read)? {
            waiting.add(&entry?);
        }
        waiting.rows.sort_unstable_by_key(|row| (row.message, row.place));
        Ok(waiting)
    }

    fn add(&mut self, entry: &Entry) {
        let names = &mut self.names;
        let next_hop = names.number(&entry.next_hop);
        let short = Short {
            message: entry.message,
            id: entry.id,
            due: entry.due,
            accepted_at: entry.accepted_at,
            place: uint(entry.place),
            next_hop,
            domain: entry.domain.as_deref().map_or(next_hop, |domain| names.number(domain)),
            account: names.number(entry.account.as_deref().unwrap_or_default()),
            sender_domain: names.number(&entry.sender_domain),
            tags: names.number(entry.tags.as_deref().unwrap_or_default()),
            attempts: u16::try_from(entry.attempts).unwrap_or(u16::MAX),
            priority: uint(entry.priority),
            state: uint(entry.state),
        };
        // Twice as much as is needed would be much for a million.
        if self.rows.len() == self.rows.capacity() {
            self.rows.reserve_exact(self.rows.len() / 8 + FEW);
        }
        self.rows.push(short);
    }

    fn note(&mut self, notes: Vec<Note>) {
        for note in notes {
            match note {
                Note::Came(entry) => self.add(&entry),
                Note::Deferred { message, place, due } => self.change(message, place, |row| {
                    row.due = due;
                    row.attempts = row.attempts.saturating_add(1);
                }),
                Note::Altered { message, place, state, due, next_hop } => {
                    let next_hop = next_hop.map(|name| self.names.number(&name));
                    self.change(message, place, |row| {
                        (row.state, row.due) = (uint(state), due);
                        row.next_hop = next_hop.unwrap_or(row.next_hop);
                    });
                }
                Note::Finished { message, place } => {
                    self.change(message, place, |row| row.state = uint(GONE));
                    self.gone += 1;
                }
            }
        }
        if self.gone > FEW && self.gone > self.rows.len() / 2 {
            self.forget();
        }
    }

    fn change(&mut self, message: i64, place: i64, change: impl FnOnce(&mut Short)) {
        let place: u32 = uint(place);
        if let Ok(at) = self.rows.binary_search_by_key(&(message, place), |row| (row.message, row.place))
            && let Some(row) = self.rows.get_mut(at)
        {
            change(row);
        }
    }

    /// Keeps only what waits, and the names in use.
    fn forget(&mut self) {
        let old = std::mem::take(self);
        let mut again = |number: u32| self.names.number(old.names.text(number));
        let waiting = old.rows.iter().filter(|row| !row.is(GONE));
        self.rows = waiting
            .map(|row| Short {
                next_hop: again(row.next_hop),
                domain: again(row.domain),
                account: again(row.account),
                sender_domain: again(row.sender_domain),
                tags: again(row.tags),
                ..*row
            })
            .collect();
    }

    /// Of the rows that pass a filter, as far as the roll can tell, those behind `after`, at most `max`, in the order of the queue; all of them in no
    /// order, because commits wait while this is asked.
    pub(super) fn first(
        &self,
        filter: &QueueFilter,
        among: &Among,
        after: Option<(i64, [u8; 16], u32)>,
        max: usize,
    ) -> Vec<Key> {
        let keys = self.passing(filter, among).map(Short::key);
        let keys = keys.filter(|key| after.is_none_or(|after| (key.due, key.id, key.place) > after));
        if max == usize::MAX {
            return keys.collect();
        }
        let mut first = BinaryHeap::with_capacity(max.min(FEW));
        for key in keys {
            if first.len() < max {
                first.push(key);
            } else if let Some(mut last) = first.peek_mut()
                && key.cmp(&last) == Ordering::Less
            {
                *last = key;
            }
        }
        first.into_sorted_vec()
    }

    /// Counts the rows that pass a filter, as far as the roll can tell.
    pub(super) fn counts(&self, filter: &QueueFilter, among: &Among, by: QueueColumn) -> Vec<QueueCount> {
        // By number: names, or the few states and priorities.
        let mut groups = vec![(0_u64, i64::MAX, i64::MAX); self.names.texts.len().max(4)];
        for row in self.passing(filter, among) {
            let value = match by {
                QueueColumn::NextHop => row.next_hop,
                QueueColumn::Domain => row.domain,
                QueueColumn::Account => row.account,
                QueueColumn::SenderDomain => row.sender_domain,
                QueueColumn::State => u32::from(row.state),
                QueueColumn::Priority => u32::from(row.priority),
            };
            if let Some((rows, oldest, due)) = groups.get_mut(value as usize) {
                (*rows, *oldest, *due) = (*rows + 1, row.accepted_at.min(*oldest), row.due.min(*due));
            }
        }
        let word = |value: u32| match (by, value) {
            (QueueColumn::State, 0) => "queued",
            (QueueColumn::State, _) => "held",
            (QueueColumn::Priority, 0) => "transactional",
            (QueueColumn::Priority, 1) => "normal",
            (QueueColumn::Priority, _) => "bulk",
            _ => self.names.text(value),
        };
        let mut counts: Vec<QueueCount> = (0..)
            .zip(groups)
            .filter(|(_, (rows, ..))| *rows > 0)
            .map(|(value, (rows, oldest, due))| QueueCount {
                value: word(value).to_owned(),
                rows,
                oldest: moment(oldest),
                due: moment(due),
            })
            .collect();
        counts.sort_unstable_by(|one, other| {
            other.rows.cmp(&one.rows).then_with(|| one.value.cmp(&other.value))
        });
        counts
    }

    fn passing<'a>(&'a self, filter: &'a QueueFilter, among: &'a Among) -> impl Iterator<Item = &'a Short> {
        let wanted = Wanted::of(filter, &self.names);
        wanted
            .into_iter()
            .flat_map(move |wanted| self.rows_of(among).filter(move |row| !row.is(GONE) && wanted.fits(row)))
    }

    fn rows_of<'a>(&'a self, among: &'a Among) -> Box<dyn Iterator<Item = &'a Short> + 'a> {
        match among {
            Among::All => Box::new(self.rows.iter()),
            Among::Messages(messages) => Box::new(messages.iter().flat_map(|message| {
                let start = self.rows.partition_point(|row| row.message < *message);
                self.rows.iter().skip(start).take_while(move |row| row.message == *message)
            })),
            Among::Rows(keys) => Box::new(keys.iter().filter_map(|key| {
                let at = self.rows.binary_search_by_key(key, |row| (row.message, row.place)).ok()?;
                self.rows.get(at)
            })),
        }
    }
}

/// For each name whether it is wanted.
type Marks = Vec<bool>;

/// A filter in numbers.
#[derive(Debug)]
struct Wanted {
    state: Option<i64>,
    place: Option<u32>,
    next_hops: Option<Marks>,
    domains: Option<Marks>,
    domain: Option<u32>,
    account: Option<u32>,
    sender_domain: Option<u32>,
    /// Those texts of tags that have the tag among them.
    tags: Option<Marks>,
    priority: Option<i64>,
    accepted: (i64, i64),
    due: (i64, i64),
    attempts: (u32, u32),
}

impl Wanted {
    /// `None` where nothing that waits has such a name.
    fn of(filter: &QueueFilter, names: &Names) -> Option<Self> {
        let marked = |texts: &[String]| {
            let mut marks = vec![false; names.texts.len()];
            for number in texts.iter().filter_map(|text| names.known(text)) {
                marks.iter_mut().skip(number as usize).take(1).for_each(|mark| *mark = true);
            }
            (!texts.is_empty()).then_some(marks)
        };
        let name = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => names.known(text).map(Some),
        };
        let of_recipient = filter.recipient.as_deref().and_then(|address| address.rsplit_once('@'));
        let domain = of_recipient.map(|(_, domain)| domain.to_lowercase());
        // From the first on, before the second.
        let span = |from: Option<jiff::Timestamp>, until: Option<jiff::Timestamp>| {
            (from.map_or(i64::MIN, nanos), until.map_or(i64::MAX, nanos))
        };
        Some(Self {
            state: filter.state.map(state_code),
            place: filter.place,
            next_hops: marked(&filter.next_hops),
            domains: marked(&filter.domains),
            domain: name(&domain)?,
            account: name(&filter.account)?,
            sender_domain: name(&filter.sender_domain)?,
            tags: filter.tag.as_deref().map(|tag| with_tag(tag, names)),
            priority: filter.priority.map(priority_code),
            accepted: span(filter.accepted_from, filter.accepted_until),
            due: span(filter.due_from, filter.due_until),
            attempts: (
                // Only what was tried has a reply.
                filter.attempts_from.unwrap_or_default().max(u32::from(filter.status.is_some())),
                filter.attempts_until.unwrap_or(u32::MAX),
            ),
        })
    }

    fn fits(&self, row: &Short) -> bool {
        fn one<T: PartialEq + Copy>(wanted: Option<T>, own: T) -> bool {
            wanted.is_none_or(|wanted| wanted == own)
        }
        let marked = |marks: &Option<Marks>, own: u32| {
            marks.as_ref().is_none_or(|marks| marks.get(own as usize).is_some_and(|mark| *mark))
        };
        let within = |(from, until): (i64, i64), own| from <= own && (own < until || until == i64::MAX);
        let attempts = u32::from(row.attempts);
        one(self.account, row.account)
            && one(self.sender_domain, row.sender_domain)
            && one(self.domain, row.domain)
            && one(self.state, i64::from(row.state))
            && one(self.place, row.place)
            && one(self.priority, i64::from(row.priority))
            && self.attempts.0 <= attempts
            && attempts <= self.attempts.1
            && within(self.accepted, row.accepted_at)
            && within(self.due, row.due)
            && marked(&self.next_hops, row.next_hop)
            && marked(&self.domains, row.domain)
            && marked(&self.tags, row.tags)
    }
}

fn with_tag(tag: &str, names: &Names) -> Marks {
    let has = |text: &Arc<str>| {
        text.starts_with('[')
            && serde_json::from_str::<Vec<String>>(text).is_ok_and(|tags| tags.iter().any(|own| own == tag))
    };
    names.texts.iter().map(has).collect()
}
