//! The overview: how much goes through, what providers make of it, and what wants somebody's attention.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tegami_mail::{Note, note};
use tegami_queue::CallState;
use tegami_store::StoreError;
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
use crate::statistics::{self, Counts as Counted, Whose};

/// Hours that are told.
const HOURS: i64 = 24;
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
    /// With what was counted in an hour.
    pub(crate) fn add(&mut self, counted: &Counted) {
        self.accepted += counted.of("accepted-incoming") + counted.of("accepted-outgoing");
        self.delivered += counted.of("delivered-smtp") + counted.of("delivered-http");
        self.deferred += counted.of("temporary");
        self.failed += counted.of("permanent");
        self.complained += counted.of("complained");
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

/// What a provider made of our mail, as far as a host of theirs has spoken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Deliverability {
    /// The provider; `other` for all whom we know no better.
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
}

/// What was counted, and when.
pub(crate) type Memory = tokio::sync::Mutex<Option<(Instant, Arc<Day>)>>;

/// What happened in the last day, counted.
#[derive(Debug)]
pub(crate) struct Day {
    hours: Vec<Hour>,
    total: Counts,
    /// By their names.
    providers: BTreeMap<String, Counts>,
}

impl House {
    /// Counts the last day; those who look at the same time wait for one count.
    async fn counted(&self) -> Result<Arc<Day>, StoreError> {
        let mut memory = self.counted.lock().await;
        if let Some((at, day)) = &*memory
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(day));
        }
        let day = Arc::new(self.count_anew().await?);
        *memory = Some((Instant::now(), Arc::clone(&day)));
        Ok(day)
    }

    /// What people want to know first.
    pub(crate) async fn overview(&self, language: Language) -> Result<Overview, StoreError> {
        let day = self.counted().await?;
        let title = |place: &str| match place {
            statistics::OTHER => tegami_words::note(language, &note!("api-provider-other")),
            place => self.rooms.shaping.terms(place).0,
        };
        let told = day.providers.iter();
        let told = told.map(|(place, counts)| Deliverability {
            place: place.clone(),
            title: title(place),
            counts: *counts,
        });
        let mut providers: Vec<_> = told.collect();
        providers.sort_by_key(|told| std::cmp::Reverse(told.counts.delivered + told.counts.failed));
        let places = self.providers().await?;
        let attention = self.attention(language, &places, &providers, &day.total).await?;
        Ok(Overview {
            hours: day.hours.clone(),
            total: day.total,
            providers,
            waiting: places.iter().map(|place| place.waiting).sum(),
            held: places.iter().map(|place| place.held).sum(),
            attention,
        })
    }

    /// Sums up what is counted by the hour: no event is read, however many there were.
    async fn count_anew(&self) -> Result<Day, StoreError> {
        self.rooms.calls.catch_up().await?;
        let store = &*self.rooms.store;
        let hours = hours_until(self.rooms.clock.now());
        let mut day = Day { hours, total: Counts::default(), providers: BTreeMap::new() };
        let (Some(first), Some(last)) = (day.hours.first(), day.hours.last()) else { return Ok(day) };
        let begin = first.at;
        let end = last.at.checked_add(SignedDuration::from_hours(1)).unwrap_or(last.at);
        for domain in statistics::domains(store).await? {
            for provider in statistics::values(store, 'p', &domain).await? {
                let whose = Whose::Provider(domain.clone(), provider.clone());
                for (_, counted) in statistics::hours(store, &whose, begin, end).await? {
                    day.providers.entry(provider.clone()).or_default().add(&counted);
                }
            }
            for (at, counted) in statistics::hours(store, &Whose::Domain(domain), begin, end).await? {
                day.total.add(&counted);
                if let Some(hour) = day.hours.iter_mut().find(|hour| hour.at == at) {
                    hour.counts.add(&counted);
                }
            }
        }
        Ok(day)
    }

    async fn attention(
        &self,
        language: Language,
        places: &[Provider],
        providers: &[Deliverability],
        total: &Counts,
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
        }
        let finished = total.delivered + total.failed;
        // Gmail and Yahoo ask for less than 0.3 %.
        if finished >= ENOUGH && total.complained * 1000 > finished * 3 {
            let text = note!("api-attention-complaints", count = total.complained);
            let page = "/suppressions?list=complaints".to_owned();
            say("complaints", text, note!("api-attention-complaints-fix"), page);
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
