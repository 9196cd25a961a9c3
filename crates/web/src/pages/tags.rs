//! Tags of messages: what became of the messages that carry each.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::Hall;
use super::form::{Asked, Fields};
use super::numbers::{Chart, Share};
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, link, visible};
use crate::api::tag::{Search, Tag, TagCounts, Words};

struct TagView {
    tag: String,
    domain: String,
    link: String,
    /// The search for its messages.
    messages: String,
    description: String,
    seen: Option<(Moment, Moment)>,
    total: TagCounts,
    share: Share,
}

impl TagView {
    fn new(tag: &Tag) -> Self {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("tag", &tag.tag).finish();
        Self {
            link: link(&["tags", &tag.domain, &tag.tag]),
            messages: format!("/messages?{query}"),
            tag: visible(&tag.tag),
            domain: visible(&tag.domain),
            description: visible(&tag.description),
            seen: tag
                .first_seen
                .zip(tag.last_seen)
                .map(|(first, last)| (Moment::new(first), Moment::new(last))),
            share: Share::new(visible(&tag.tag), tag.total.counts),
            total: tag.total,
        }
    }
}

#[derive(Template)]
#[template(path = "tags.html", blocks = ["live"])]
struct TagsPage<'a> {
    reader: &'a Reader,
    rows: Vec<TagView>,
    q: String,
    domain: String,
    domains: Vec<String>,
    searched: bool,
    next: Option<String>,
}

/// All tags.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    asked: Asked,
) -> Result<Response, Trouble> {
    let search =
        Search { domain: asked.some("domain"), q: asked.some("q"), after: asked.some("after"), limit: None };
    let found = reader.unless_missing(hall.house.tags(&search).await)?;
    let page = TagsPage {
        reader: &reader,
        rows: found.tags.iter().map(TagView::new).collect(),
        q: asked.one("q"),
        domain: asked.one("domain"),
        domains: hall.domains(&reader).await?,
        searched: search.domain.is_some() || search.q.is_some(),
        next: asked.next("/tags", found.next.as_deref()),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

#[derive(Template)]
#[template(path = "tag.html", blocks = ["live"])]
struct TagPage<'a> {
    reader: &'a Reader,
    tag: TagView,
    chart: Chart,
}

/// One tag with its days.
pub(crate) async fn one(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((domain, tag)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let story = reader.unless_refused(hall.house.tag_story(&domain, &tag).await)?;
    let days = story.days.iter().map(|day| (day.at.strftime("%m-%d").to_string(), day.counts.counts));
    let chart = Chart::new(&reader, "page-chart-days", days.collect(), 7);
    let page = TagPage { reader: &reader, tag: TagView::new(&story.tag), chart };
    Ok(reader.answer(&page, &page.as_live()))
}

/// Says what a tag is for.
pub(crate) async fn describe(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((domain, tag)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Trouble> {
    let words = Words { description: fields.line("description").to_owned() };
    reader.unless_refused(hall.house.say_of_tag(&domain, &tag, &words).await)?;
    Ok(done(&link(&["tags", &domain, &tag]), "changed", 1))
}

/// Forgets a tag.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((domain, tag)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.drop_tag(&domain, &tag).await)?;
    Ok(done("/tags", "removed", 1))
}
