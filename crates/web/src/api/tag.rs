//! Tags of messages, with what became of the messages that carry them.

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tegami_store::{StoreError, Table};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Named, Told};
use super::input::{Asked, Body};
use super::limited;
use super::overview::Counts;
use super::queue::one_line;
use super::search::search;
use crate::error::{ApiError, good};
use crate::house::{House, Shared};
use crate::segments::Segments;
use crate::span::{Resolution, Stretch};
use crate::statistics::{self, Counts as Counted, Whose};
use crate::tag::{self as desk, Tag as Kept};

/// Days that are told, the present one among them.
pub(crate) const DAYS: i64 = 30;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(tags)).routes(routes!(one, describe, remove))
}

/// Which tags.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// Of messages of this domain.
    pub(crate) domain: Option<String>,
    /// The tag, or a part of it.
    pub(crate) q: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    pub(crate) limit: Option<u32>,
}

/// What became of messages, counted by recipients.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct TagCounts {
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// Readers who opened it, where that is looked at.
    pub(crate) opened: u64,
    /// Readers who followed a link, where that is looked at.
    pub(crate) clicked: u64,
    /// Readers who want no more.
    pub(crate) unsubscribed: u64,
}

impl TagCounts {
    fn add(&mut self, counted: &Counted) {
        self.counts.add(counted);
        self.opened += counted.of("opened-unique");
        self.clicked += counted.of("clicked-unique");
        self.unsubscribed += counted.of("unsubscribed");
    }
}

/// A tag.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Tag {
    /// Of messages of this domain.
    pub(crate) domain: String,
    /// As it was written first.
    pub(crate) tag: String,
    /// What people say of it.
    pub(crate) description: String,
    /// Its first use, where it was used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) first_seen: Option<Timestamp>,
    /// Its last use.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_seen: Option<Timestamp>,
    /// What became of its messages in the last 30 days.
    pub(crate) total: TagCounts,
}

/// One day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    /// When it began (UTC).
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) counts: TagCounts,
}

/// A tag, and its days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TagStory {
    #[serde(flatten)]
    pub(crate) tag: Tag,
    /// The last 30 days, oldest first.
    pub(crate) days: Vec<Day>,
}

/// A page of tags.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tags {
    /// By domain and tag.
    pub(crate) tags: Vec<Tag>,
    /// `after` of the following page; `null` where there is none.
    pub(crate) next: Option<String>,
}

/// What people say of a tag.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Words {
    /// What it is for.
    pub(crate) description: String,
}

impl House {
    /// Tags that fit, with what was counted of each.
    pub(crate) async fn tags(&self, asked: &Search) -> Result<Tags, StoreError> {
        self.rooms.calls.catch_up().await?;
        let prefix = asked.domain.as_ref().map(|domain| desk::key(&domain.to_lowercase(), ""));
        let wanted = asked.q.as_deref().map(str::to_lowercase);
        let fits = |key: &str, row: Kept| {
            let (domain, name) = key.split_once('/')?;
            let fits = wanted.as_ref().is_none_or(|wanted| name.contains(wanted));
            fits.then(|| (domain.to_owned(), row))
        };
        let place = (Table::Tags, prefix.as_deref().unwrap_or_default());
        let limit = limited(asked.limit);
        let found = search(&*self.rooms.store, place, asked.after.as_deref(), limit, fits).await?;
        let mut tags = Vec::new();
        for (domain, row) in found.0 {
            tags.push(self.counted_tag(domain, row).await?.tag);
        }
        Ok(Tags { tags, next: found.1 })
    }

    /// A tag with its days.
    pub(crate) async fn tag_story(&self, domain: &str, name: &str) -> Result<TagStory, ApiError> {
        self.rooms.calls.catch_up().await?;
        let domain = domain.to_lowercase();
        let found = desk::find(&*self.rooms.store, &domain, name).await?;
        Ok(self.counted_tag(domain, found.ok_or_else(missing)?).await?)
    }

    /// Says what a tag is for.
    pub(crate) async fn say_of_tag(
        &self,
        domain: &str,
        name: &str,
        words: &Words,
    ) -> Result<TagStory, ApiError> {
        let tag = self.tag_story(domain, name).await?.tag;
        let description = one_line(&words.description);
        desk::describe(&*self.rooms.store, &tag.domain, &tag.tag, &description).await?;
        self.tag_story(domain, name).await
    }

    /// Forgets a tag until a message has it again; what was counted stays until its time.
    pub(crate) async fn drop_tag(&self, domain: &str, name: &str) -> Result<TagStory, ApiError> {
        let story = self.tag_story(domain, name).await?;
        desk::remove(&*self.rooms.store, &story.tag.domain, &story.tag.tag).await?;
        Ok(story)
    }

    async fn counted_tag(&self, domain: String, row: Kept) -> Result<TagStory, StoreError> {
        let now = self.rooms.clock.now();
        let begin = now.checked_sub(SignedDuration::from_hours(24 * (DAYS - 1))).unwrap_or(now);
        let stretch = Stretch::new(begin, now, Resolution::Day);
        let whose = Whose::Tag(domain.clone(), row.tag.to_lowercase());
        let hours = statistics::hours(&*self.rooms.store, &whose, stretch.start, stretch.over()).await?;
        let mut total = TagCounts::default();
        let days = stretch.buckets(&hours).into_iter().map(|(at, counted)| {
            let mut counts = TagCounts::default();
            counts.add(&counted);
            total.add(&counted);
            Day { at, counts }
        });
        let days = days.collect();
        let Kept { tag, description, first_seen, last_seen } = row;
        Ok(TagStory { tag: Tag { domain, tag, description, first_seen, last_seen, total }, days })
    }
}

fn missing() -> ApiError {
    ApiError::NotFound("There is no such tag".to_owned())
}

/// Tags, with what became of the messages that carry them.
#[utoipa::path(get, path = "/api/tags", tag = "tags", params(Search), responses((status = 200, body = Tags), Told))]
async fn tags(State(house): State<Shared>, Asked(asked): Asked<Search>) -> Result<Response, ApiError> {
    Ok(good(&house.tags(&asked).await?))
}

/// A tag, with what became of the messages that carry it, day by day.
#[utoipa::path(get, path = "/api/tags/{domain}/{tag}", tag = "tags", operation_id = "tag", params(("domain" = String, Path, description = "The domain."), ("tag" = String, Path, description = "The tag.")), responses((status = 200, body = TagStory), Named))]
async fn one(
    State(house): State<Shared>,
    Segments((domain, tag)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(good(&house.tag_story(&domain, &tag).await?))
}

/// Says what a tag is for.
#[utoipa::path(put, path = "/api/tags/{domain}/{tag}", tag = "tags", operation_id = "describe_tag", params(("domain" = String, Path, description = "The domain."), ("tag" = String, Path, description = "The tag.")), request_body = Words, responses((status = 200, body = TagStory), Changing))]
async fn describe(
    State(house): State<Shared>,
    Segments((domain, tag)): Segments<(String, String)>,
    Body(words): Body<Words>,
) -> Result<Response, ApiError> {
    Ok(good(&house.say_of_tag(&domain, &tag, &words).await?))
}

/// Forgets a tag until a message has it again, and gives back what was known.
#[utoipa::path(delete, path = "/api/tags/{domain}/{tag}", tag = "tags", operation_id = "remove_tag", params(("domain" = String, Path, description = "The domain."), ("tag" = String, Path, description = "The tag.")), responses((status = 200, body = TagStory), Changing))]
async fn remove(
    State(house): State<Shared>,
    Segments((domain, tag)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(good(&house.drop_tag(&domain, &tag).await?))
}
