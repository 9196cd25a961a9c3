//! All questions of one examination.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tegami_dns::{Answer, BoxFuture, Data, DnsError, DnsName, Kept, RecordType, Resolver};
use tokio::sync::OnceCell;

/// Questions to the DNS that one examination may ask.
pub const MAX_QUESTIONS: usize = 200;

/// A question that was asked, and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: DnsName,
    /// The type.
    pub kind: RecordType,
    /// The records in presentation form, else why there are none.
    pub answer: Result<Vec<String>, DnsError>,
    /// How long the answer may be kept.
    pub ttl: Duration,
    /// How often it was asked for in this examination.
    pub times: usize,
}

type Key = (DnsName, RecordType);

/// One answer, and how often it was wanted.
#[derive(Default)]
struct Slot {
    kept: OnceCell<Kept>,
    times: AtomicUsize,
}

/// A resolver that asks nothing twice, keeps a list, and stops at a number of questions.
pub struct Asked {
    inner: Arc<dyn Resolver>,
    limit: usize,
    slots: Mutex<Slots>,
}

/// What was asked, and in which order.
#[derive(Default)]
struct Slots {
    known: HashMap<Key, Arc<Slot>>,
    order: Vec<Key>,
}

impl Asked {
    /// Over this resolver, with [`MAX_QUESTIONS`].
    pub fn new(inner: Arc<dyn Resolver>) -> Self {
        Self::with_limit(inner, MAX_QUESTIONS)
    }

    /// With another limit.
    pub fn with_limit(inner: Arc<dyn Resolver>, limit: usize) -> Self {
        Self { inner, limit, slots: Mutex::default() }
    }

    /// The place of a question; `None` where there are too many.
    fn slot(&self, name: &DnsName, kind: RecordType) -> Option<Arc<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Slots { known, order } = &mut *slots;
        let key = (name.clone(), kind);
        if !known.contains_key(&key) {
            if order.len() >= self.limit {
                return None;
            }
            order.push(key.clone());
        }
        let slot = known.entry(key).or_default();
        slot.times.fetch_add(1, Ordering::Relaxed);
        Some(Arc::clone(slot))
    }

    /// The texts at a name, as far as it was asked.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let Ok(name) = DnsName::parse(name) else { return Vec::new() };
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = slots.known.get(&(name, RecordType::Txt)).and_then(|slot| slot.kept.get());
        let answer = kept.and_then(|kept| kept.result.as_ref().ok());
        let texts =
            answer.into_iter().flat_map(|answer| &answer.records).filter_map(|record| match &record.data {
                Data::Txt(text) => Some(String::from_utf8_lossy(text).into_owned()),
                _ => None,
            });
        texts.collect()
    }

    /// What was asked, in the order in which it was asked for the first time.
    pub fn questions(&self) -> Vec<Question> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Slots { known, order } = &*slots;
        let question = |key: &Key| {
            let slot = known.get(key)?;
            let kept = slot.kept.get()?;
            let records =
                |answer: &Answer| answer.records.iter().map(|record| record.data.to_string()).collect();
            Some(Question {
                name: key.0.clone(),
                kind: key.1,
                answer: kept.result.as_ref().map(records).map_err(Clone::clone),
                ttl: kept.ttl,
                times: slot.times.load(Ordering::Relaxed),
            })
        };
        order.iter().filter_map(question).collect()
    }
}

impl Question {
    /// With names and answers as `shown` makes them.
    #[must_use]
    pub(crate) fn concealed(mut self, shown: impl Fn(&str) -> String) -> Self {
        if let Ok(name) = DnsName::parse(&shown(self.name.as_str())) {
            self.name = name;
        }
        match &mut self.answer {
            Ok(records) => records.iter_mut().for_each(|record| *record = shown(record)),
            Err(DnsError::Network(error)) => *error = shown(error),
            Err(_) => {}
        }
        self
    }

    /// One line: the question and what came.
    pub fn line(&self) -> String {
        let mut line = format!("{} {}: ", self.name, self.kind);
        match &self.answer {
            Ok(records) => line.push_str(&records.join(" | ")),
            Err(error) => {
                let _ = write!(line, "{error}");
            }
        }
        line
    }
}

impl Resolver for Asked {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(async move { self.lookup_to_keep(name, kind).await.result })
    }

    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        Box::pin(async move {
            let Some(slot) = self.slot(name, kind) else {
                let result = Err(DnsError::Network(format!("more than {} questions", self.limit)));
                return Kept { result, ttl: Duration::ZERO };
            };
            slot.kept.get_or_init(|| self.inner.lookup_to_keep(name, kind)).await.clone()
        })
    }
}
