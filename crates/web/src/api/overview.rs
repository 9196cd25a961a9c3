//! The overview: how much goes through, what providers make of it, and what wants somebody's attention.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tegami_mail::{Address, Note, note};
use tegami_queue::CallState;
use tegami_queue::gate::Gate as _;
use tegami_store::{Event, EventFilter, EventKind, StoreError};
use tegami_words::Language;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::Usual;
use super::provider::Provider;
use crate::calls::{CallFilter, without_credentials};
use crate::error::{ApiError, good};
use crate::gate::Tongue;
use crate::house::{House, Shared};

/// Hours that are told.
const HOURS: i64 = 24;
/// Events that are counted at most; on a server with more, the newest ones.
const LOOKED_AT: usize = 20_000;
/// Events read at once.
const PAGE: usize = 2_000;
/// So long what was counted is good for others who look.
const FRESH: Duration = Duration::from_secs(5);
/// Of so many finished recipients at least, a share of failures means something.
const ENOUGH: u64 = 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(overview))
}

/// What happened, counted by recipients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Taken in, by whatever door.
    pub(crate) accepted: u64,
    /// The receiver has it.
    pub(crate) delivered: u64,
    /// It has to be tried again.
    pub(crate) deferred: u64,
    /// It will never arrive.
    pub(crate) failed: u64,
    /// Somebody complained.
    pub(crate) complained: u64,
}

impl Counts {
    fn add(&mut self, kind: EventKind) {
        match kind {
            EventKind::Accepted => self.accepted += 1,
            EventKind::Delivered => self.delivered += 1,
            EventKind::Deferred => self.deferred += 1,
            EventKind::Failed => self.failed += 1,
            EventKind::Complained => self.complained += 1,
            _ => {}
        }
    }
}

/// One hour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Hour {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// What a provider made of our mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Deliverability {
    /// The provider.
    pub(crate) place: String,
    /// What people call it.
    pub(crate) title: String,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// Something that wants somebody's attention.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Matter {
    /// What it is, in one word.
    pub(crate) id: &'static str,
    /// What we saw, and why it matters.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) fix: String,
    /// The page where it is done.
    pub(crate) page: String,
}

/// Everything of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// The last 24 hours, oldest first.
    pub(crate) hours: Vec<Hour>,
    /// The sum of them.
    pub(crate) total: Counts,
    /// Providers, those with most mail first.
    pub(crate) providers: Vec<Deliverability>,
    /// Recipients that wait for their next attempt.
    pub(crate) waiting: u64,
    /// Recipients that wait for a person.
    pub(crate) held: u64,
    /// What wants somebody's attention.
    pub(crate) attention: Vec<Matter>,
    /// Not everything was counted, because so much happened: only the newest.
    pub(crate) partial: bool,
}

/// What was counted, and when.
pub(crate) type Memory = tokio::sync::Mutex<Option<(Instant, Arc<Counted>)>>;

/// What happened in the last day, counted.
#[derive(Debug)]
pub(crate) struct Counted {
    hours: Vec<Hour>,
    total: Counts,
    providers: Vec<Deliverability>,
    partial: bool,
}

impl House {
    /// Counts the last day; those who look at the same time wait for one count.
    async fn counted(&self) -> Result<Arc<Counted>, StoreError> {
        let mut memory = self.counted.lock().await;
        if let Some((at, counted)) = &*memory
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(counted));
        }
        let counted = Arc::new(self.count_anew().await?);
        *memory = Some((Instant::now(), Arc::clone(&counted)));
        Ok(counted)
    }

    /// What people want to know first.
    pub(crate) async fn overview(&self, language: Language) -> Result<Overview, StoreError> {
        let counted = self.counted().await?;
        let places = self.providers().await?;
        let attention = self.attention(language, &places, &counted.providers).await?;
        Ok(Overview {
            hours: counted.hours.clone(),
            total: counted.total,
            providers: counted.providers.clone(),
            waiting: places.iter().map(|place| place.waiting).sum(),
            held: places.iter().map(|place| place.held).sum(),
            attention,
            partial: counted.partial,
        })
    }

    async fn count_anew(&self) -> Result<Counted, StoreError> {
        let now = self.rooms.clock.now();
        let (events, partial) = self.of_last_day(now).await?;
        let mut hours = hours_until(now);
        let mut total = Counts::default();
        let mut providers: BTreeMap<String, Counts> = BTreeMap::new();
        for event in &events {
            let kind = event.event.kind;
            total.add(kind);
            if let Some(hour) = hours.iter_mut().rev().find(|hour| hour.at <= event.event.at) {
                hour.counts.add(kind);
            }
            let domain = event.event.recipient.as_deref().and_then(|text| Address::parse(text).ok());
            if let Some(address) = domain
                && matches!(
                    kind,
                    EventKind::Delivered | EventKind::Deferred | EventKind::Failed | EventKind::Complained
                )
            {
                let place = self.rooms.shaping.place(&address.host().to_string()).to_string();
                providers.entry(place).or_default().add(kind);
            }
        }
        let mut providers: Vec<Deliverability> = providers
            .into_iter()
            .map(|(place, counts)| Deliverability {
                title: self.rooms.shaping.terms(&place).0,
                place,
                counts,
            })
            .collect();
        providers
            .sort_by_key(|provider| std::cmp::Reverse(provider.counts.delivered + provider.counts.failed));
        Ok(Counted { hours, total, providers, partial })
    }

    /// Events of the last day, newest first, and whether there are more than are looked at.
    async fn of_last_day(&self, now: Timestamp) -> Result<(Vec<Event>, bool), StoreError> {
        let begin = hours_until(now).first().map(|hour| hour.at);
        let mut events: Vec<Event> = Vec::new();
        loop {
            let from_seq = events.last().map(|event| event.seq);
            let filter =
                EventFilter { begin, from_seq, descending: true, limit: PAGE, ..EventFilter::default() };
            let page = self.rooms.store.events(filter).await?;
            let count = page.len();
            events.extend(page);
            if count < PAGE {
                return Ok((events, false));
            }
            if events.len() >= LOOKED_AT {
                return Ok((events, true));
            }
        }
    }

    async fn attention(
        &self,
        language: Language,
        places: &[Provider],
        providers: &[Deliverability],
    ) -> Result<Vec<Matter>, StoreError> {
        let mut matters = Vec::new();
        let mut say = |id: &'static str, text: Note, fix: Note, page: String| {
            let told = |note: &Note| tegami_words::note(language, note);
            matters.push(Matter { id, text: told(&text), fix: told(&fix), page });
        };
        if self.rooms.control.is_paused() {
            say(
                "paused",
                note!("api-attention-paused"),
                note!("api-attention-paused-fix"),
                "/queue".to_owned(),
            );
        }
        for place in places {
            let title = &place.title;
            if let Some(path) = place.paths.iter().find(|path| path.paused_until.is_some()) {
                let evidence = path.reason.as_ref().and_then(|change| change.evidence.as_ref());
                let reply = evidence.map_or("–", |evidence| evidence.reply.as_str());
                let text = note!(
                    "api-attention-backed-off",
                    provider = title,
                    reply = reply,
                    waiting = place.waiting
                );
                say("backed-off", text, note!("api-attention-backed-off-fix"), "/queue".to_owned());
            }
            if place.held > 0 {
                let text = note!("api-attention-held", provider = title, count = place.held);
                say("held", text, note!("api-attention-held-fix"), "/queue".to_owned());
            }
        }
        let rules = self.rooms.holds.rules().len();
        if rules > 0 {
            let text = note!("api-attention-rules", count = rules);
            say("rules", text, note!("api-attention-rules-fix"), "/queue#holds".to_owned());
        }
        for Deliverability { title, counts, .. } in providers {
            let finished = counts.delivered + counts.failed;
            if finished >= ENOUGH && counts.failed * 20 > finished {
                let share = counts.failed * 100 / finished;
                let text =
                    note!("api-attention-failing", provider = title, share = share, finished = finished);
                say("failing", text, note!("api-attention-failing-fix"), "/messages?fate=failed".to_owned());
            }
            // Gmail and Yahoo ask for less than 0.3 %.
            if finished >= ENOUGH && counts.complained * 1000 > finished * 3 {
                let text = note!("api-attention-complaints", provider = title, count = counts.complained);
                let page = "/suppressions?list=complaints".to_owned();
                say("complaints", text, note!("api-attention-complaints-fix"), page);
            }
        }
        let failed = CallFilter { state: Some(CallState::Failed), ..CallFilter::default() };
        let last = self.rooms.calls.list(&failed, None, 1).await?;
        let day = self.rooms.clock.now().checked_sub(SignedDuration::from_hours(HOURS));
        if let Some((_, call)) = last.first().filter(|(_, call)| day.is_ok_and(|day| call.due > day)) {
            let said = call.attempts.last().map_or("–", |attempt| attempt.said.as_str());
            let text = note!("api-attention-calls", url = without_credentials(&call.url), said = said);
            say("calls", text, note!("api-attention-calls-fix"), "/webhooks?state=failed#log".to_owned());
        }
        for ours in self.rooms.domains.roll().await?.iter().filter(|ours| ours.refusal().is_some()) {
            let text = note!("api-attention-unverified", domain = ours.name);
            say("unverified", text, note!("api-attention-unverified-fix"), format!("/domains/{}", ours.name));
        }
        Ok(matters)
    }
}

/// The last hours, oldest first; the present one counts.
fn hours_until(now: Timestamp) -> Vec<Hour> {
    let this = now.as_second() - now.as_second().rem_euclid(3600);
    let this = Timestamp::from_second(this).unwrap_or(now);
    let hour = |back: i64| this.checked_sub(SignedDuration::from_hours(back)).unwrap_or(this);
    (0..HOURS).rev().map(|back| Hour { at: hour(back), counts: Counts::default() }).collect()
}

/// The last 24 hours, what providers made of our mail, and what wants somebody's attention, with what to do about it.
#[utoipa::path(get, path = "/api/overview", tag = "overview", responses((status = 200, body = Overview), Usual))]
async fn overview(State(house): State<Shared>, Tongue(language): Tongue) -> Result<Response, ApiError> {
    Ok(good(&house.overview(language).await?))
}
